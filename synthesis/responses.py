"""What was decided about comments, what changed because of them, and what still waits."""

from __future__ import annotations

import pandas as pd

from synthesis.schema import SynthesisError
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
        raise SynthesisError(
            f"{len(left)} comments wait for a response ({', '.join(left['comment_id'].head(5))}"
            f"{', ...' if len(left) > 5 else ''}). Answer them in judgements/responses.csv, or make a draft."
        )
    return left


def replies(evidence: Evidence) -> pd.DataFrame:
    """You said, we did: ``round_id, target_kind, target_id, comment, decision, plain_reply, change, changed_id`` a comment answered."""
    table = answered(evidence)
    columns = ["round_id", "target_kind", "target_id", "comment", "decision", "plain_reply", "change", "changed_id"]
    return table.loc[table["comment"].notna() & table["decision"].notna(), columns].reset_index(drop=True)


def history(evidence: Evidence, target: str) -> tuple[str, ...]:
    """Changes to the words of a theme or statement, oldest first, each as a line that a reader understands."""
    mine = evidence.wording_changes
    mine = mine[mine["target_id"] == target].sort_values("date", kind="stable")
    return tuple(
        f"{row.date.day} {row.date:%B %Y}: “{row.was}” became “{row.is_now}”. {row.reason}"
        + (" This came from a comment." if isinstance(row.comment_ids, str) else "")
        for row in mine.itertuples()
    )
