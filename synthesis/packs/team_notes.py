"""Notes for the team beside a review pack: what is not ready, which comments wait, which sentences are too hard."""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import counted
from synthesis.evidence.tables import Evidence
from synthesis.packs.contents import Pack
from synthesis.packs.lines import version_line
from synthesis.packs.reading_level import readability_summary, readability_table
from synthesis.packs.responses import waiting
from synthesis.reports.display import as_markup, html_table, show, templates


def not_ready(evidence: Evidence, pack: Pack) -> list[str]:
    """What the team should do before anybody is sent this pack, in sentences; nothing where all is done."""
    asked = {theme.id for theme in pack.themes} | {each.id for theme in pack.themes for each in theme.statements}
    notes = evidence.content_notes[evidence.content_notes["theme_id"].isin(asked)]
    lines = evidence.easy_read[evidence.easy_read["target_id"].isin(asked)]
    bare = [theme.id for theme in pack.themes if not theme.content_note]
    without = sorted(asked - set(lines["target_id"]))
    said = [
        "Places to turn to are not filled in: put those of your area into judgements/support.csv."
        if pack.support.empty
        else "",
        f"Themes without a content note: {', '.join(bare)}." if bare else "",
        _provisional(notes, "content note", "judgements/content_notes.csv"),
        f"Without easy-read lines, so that the easy-read pack shows the standard words: {', '.join(without)}." if without else "",
        _provisional(lines, "easy-read line", "judgements/easy_read.csv"),
        f"{counted(pack.n_waiting, 'comment')} of an earlier round {'waits' if pack.n_waiting == 1 else 'wait'} for a response."
        if pack.n_waiting
        else "",
        "" if pack.round_id else "The pack belongs to no round: synthesis pack --round ID records it as one.",
        "Easy read is more than short lines: its signs were drawn by the team, and readers must test it, signs and words.",
    ]  # fmt: skip
    return [each for each in said if each]


def _provisional(rows: pd.DataFrame, what: str, where: str) -> str:
    n = int((rows["status"] == "provisional").sum())
    if not n:
        return ""
    return (
        f"{n} of {counted(len(rows), what)} were drafted by the team and agreed by nobody they are meant for ({where})."
    )


def team_page(evidence: Evidence, standard: Pack, easy: Pack) -> str:
    """The notes as the text of one HTML page: what to do, how the packs read, sentences too hard, comments that wait."""
    packs = (standard, easy)
    how = pd.concat([readability_summary(pack) for pack in packs], ignore_index=True)
    hard = pd.concat([readability_table(pack) for pack in packs], ignore_index=True)
    left = waiting(evidence)[["comment_id", "round_id", "target_id", "question", "comment"]]
    how = how.round({"words_a_sentence": 1, "readability_index": 1})
    hard = hard.round({"readability_index": 1})
    headings = {"n_hard": "Sentences too hard", "words_a_sentence": "Words a sentence", "readability_index": "Index"}
    headings |= {"n_words": "Words", "target_id": "About"}
    parts = [
        ("How the packs read", how, "Readability by part of the pack; the index is about the years of schooling"),
        ("Sentences that are too hard", hard, "Sentences over a limit, hardest first"),
        ("Comments that wait", left, "Comments without a response"),
    ]
    tables = [
        (heading, as_markup(html_table(show(evidence, table, caption, headings=headings))) if len(table) else "")
        for heading, table, caption in parts
    ]
    return (
        templates()
        .get_template("team_notes.html")
        .render(
            title="Notes for the team", line=version_line(standard), todo=not_ready(evidence, standard), parts=tables
        )
    )
