"""What was decided about comments, what changed because of them, and what still waits."""

from __future__ import annotations

import pandas as pd

from synthesis.privacy import blacked_out
from synthesis.schema import SynthesisError, counted
from synthesis.tables import Evidence


def answered(evidence: Evidence) -> pd.DataFrame:
    """Every comment with its latest response: the columns of ``feedback``, then those of ``responses`` (empty where it waits)."""
    latest = evidence.responses.sort_values(["date", "response_id"], kind="stable").drop_duplicates(
        "comment_id", keep="last"
    )
    return evidence.feedback.merge(latest, on="comment_id", how="left")


def waiting(evidence: Evidence, final: bool = False) -> pd.DataFrame:
    """Comments without a response: ``comment_id, round_id, group, target_kind, target_id, question, answer, comment``.

    A ticked answer without words is counted, not answered one by one. Raises SynthesisError where ``final`` is asked and
    any comment waits.
    """
    table = answered(evidence)
    open_ = table["comment"].notna() & table["decision"].isna()
    columns = ["comment_id", "round_id", "group", "target_kind", "target_id", "question", "answer", "comment"]
    left = table.loc[open_, columns].reset_index(drop=True)
    if final and len(left):
        listed = "".join(
            f"\n  {row.comment_id} ({row.round_id}, {row.group}, {row.target_id if isinstance(row.target_id, str) else 'pack'}): {row.comment}"
            for row in left.itertuples()
        )
        raise SynthesisError(
            f"{counted(len(left), 'comment')} {'waits' if len(left) == 1 else 'wait'} for a response, so the pack cannot be final; "
            f"nothing was made. Answer in judgements/responses.csv, or make a draft.{listed}"
        )
    return left


def replies(evidence: Evidence) -> pd.DataFrame:
    """You said, we did: a row a comment answered, for other readers' eyes.

    Columns ``round_id, target_kind, target_id, about, question, comment, decision, plain_reply, change, changed_id``. ``about``
    is the theme or statement in plain words (empty: the whole pack). What may show who somebody is is blacked out in
    ``comment``; where the team kept a flagged detail for itself, the comment's words are left out (empty).
    """
    table = answered(evidence)
    table = table[table["comment"].notna() & table["decision"].notna()].reset_index(drop=True)
    table["about"] = table["target_id"].map(_plain_words(evidence)).astype(object)
    table["comment"] = [
        None if _kept(check) else blacked_out(comment)
        for comment, check in zip(table["comment"], table["privacy_check"], strict=True)
    ]
    columns = ["round_id", "target_kind", "target_id", "about", "question", "comment", "decision", "plain_reply", "change", "changed_id"]  # fmt: skip
    return table[columns]


def _plain_words(evidence: Evidence) -> dict[str, str]:
    themes = evidence.themes.set_index("theme_id")["plain_language"]
    return {**evidence.review_findings.set_index("review_finding_id")["plain_language"], **themes}


def _kept(check: object) -> bool:
    """Whether a note of the privacy check leaves anything in the text: every note but that it was replaced does."""
    return isinstance(check, str) and not check.rstrip(". ").endswith(("blacked out", "removed", "replaced"))


def history(evidence: Evidence, target: str) -> tuple[str, ...]:
    """Changes to the words of a theme or statement, oldest first, each as a line that a reader understands."""
    mine = evidence.wording_changes
    mine = mine[mine["target_id"] == target].sort_values("date", kind="stable")
    return tuple(
        f"{row.date.day} {row.date:%B %Y}: “{row.was}” became “{row.is_now}”. {row.reason}"
        + (" This came from a comment." if isinstance(row.comment_ids, str) else "")
        for row in mine.itertuples()
    )
