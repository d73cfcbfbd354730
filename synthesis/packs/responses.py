"""What was decided about comments, what changed because of them, and what still waits."""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.privacy import blacked_out
from synthesis.evidence.schema import SynthesisError, counted
from synthesis.evidence.tables import Evidence


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


#: What a reader is told of a change that is no change of words.
_DONE = {
    "statement_added": "This was added.",
    "code_split": "What people said was sorted anew.",
    "code_changed": "What people said was sorted anew.",
    "confidence_lowered": "We are less sure of this now.",
    "confidence_raised": "We are surer of this now.",
    "theme_reworded": "The words were changed.",
    "statement_reworded": "The words were changed.",
}


def history(evidence: Evidence, target: str) -> tuple[str, ...]:
    """Changes to a theme or statement, oldest first, each as a line that a reader understands.

    Its words (``wording_changes``), and what comments led to beside words (``responses``): sorted anew, added, more or less sure.
    Words that were changed before any pack was given out are left out: no reader has seen the earlier ones.
    """
    words = evidence.wording_changes[evidence.wording_changes["target_id"] == target]
    words = words[words["comment_ids"].notna() | (words["date"] >= _first_given_out(evidence))]
    made = evidence.responses[evidence.responses["change"].isin(list(_DONE))]
    lines = [
        (row.date, f"“{row.was}” became “{row.is_now}”. {row.reason}", isinstance(row.comment_ids, str) or row.change_id in set(made["changed_id"]))
        for row in words.itertuples()
    ]  # fmt: skip
    told = {each for ids in words["comment_ids"].dropna() for each in ids.split(";")}
    others, themes = made[~made["comment_id"].isin(told)], _theme_of(evidence)
    for row in others.drop_duplicates(["change", "changed_id", "date"]).itertuples():
        if target in (row.changed_id, themes.get(row.changed_id)):
            lines.append((row.date, _DONE[row.change], True))
    lines.sort(key=lambda line: line[0])
    return tuple(
        f"{day.day} {day:%B %Y}: {said}" + (" This came from a comment." if asked else "") for day, said, asked in lines
    )


def _first_given_out(evidence: Evidence) -> pd.Timestamp:
    """The day from which on readers may know the words: that of the first round given out, the last of all days without one."""
    given = evidence.rounds[evidence.rounds["status"] != "draft"]
    if given.empty:
        return pd.Timestamp.max
    # A round whose day was not recorded may have been given out on any day.
    return pd.Timestamp.min if given["sent_on"].isna().any() else given["sent_on"].min()


def _theme_of(evidence: Evidence) -> dict[str, str]:
    """The theme at the top of every code, and of every change to the codebook."""
    above = evidence.themes.set_index("theme_id")["parent_theme_id"].dropna()
    theme = evidence.codebook.set_index("code_id")["theme_id"].map(lambda own: above.get(own, own))
    changes = evidence.codebook_changes.set_index("change_id")["code_id"].map(theme).dropna()
    return {**theme, **changes}
