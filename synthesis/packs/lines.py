"""Lines that every form of a pack shows alike: headings, notes, how sure and why, replies, places to turn to."""

from __future__ import annotations

from typing import Any

from synthesis.evidence.readability import sentences
from synthesis.evidence.schema import vocabularies
from synthesis.packs.contents import Pack, PackTheme, Statement


def version_line(pack: Pack) -> str:
    """The line that says which pack this is, on every form of it."""
    name = "version_line" if pack.round_id else "version_line_alone"
    return pack.words.said(name, version=pack.version, round=pack.round_id)


def theme_heading(pack: Pack, theme: PackTheme) -> str:
    """The heading of a theme: its plain sentence, in easy read its first line. The review's own name stands below it."""
    easy = pack.variant == "easy_read" and theme.easy
    return (theme.easy[0] if easy else theme.plain).rstrip(".")


def theme_lead(pack: Pack, theme: PackTheme) -> tuple[str, ...]:
    """What follows the heading of a theme: in easy read, its other lines."""
    return theme.easy[1:] if pack.variant == "easy_read" else ()


def note_lines(pack: Pack, theme: PackTheme) -> tuple[str, ...]:
    """The note before a hard part as paragraphs: in easy read, one sentence a line."""
    return _by_line(pack, (theme.content_note,) if theme.content_note else ())


def skip_line(pack: Pack, theme: PackTheme) -> str:
    """In print, that a hard part can be skipped, with the heading at which to read on."""
    ids = [each.id for each in pack.themes]
    after = pack.themes[ids.index(theme.id) + 1 :]
    heading = theme_heading(pack, after[0]) if after else pack.words.texts["replies_heading"]
    return pack.words.said("hard_skip_to", next=heading)


def sure_lines(pack: Pack, statement: Statement) -> tuple[str, ...]:
    """How sure and why as paragraphs: in easy read, one sentence a line."""
    return _by_line(pack, (" ".join([statement.how_sure, *statement.why]),))


def _by_line(pack: Pack, texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line for text in texts for line in sentences(text)) if pack.variant == "easy_read" else texts


def support_rows(pack: Pack) -> list[dict[str, Any]]:
    """Places to turn to, as rows with None for what is not known and the day checked as text."""
    rows = pack.support.assign(checked_on=pack.support["checked_on"].dt.strftime("%Y-%m-%d"))
    return rows.astype(object).where(rows.notna(), None).to_dict("records")


def reply_rows(pack: Pack) -> list[dict[str, Any]]:
    """Comments with their reply: ``about`` (the theme's heading, the statement or the whole pack), ``asked``, ``you_said``.

    ``we_did`` is the reply with the decision in words; ``you_said`` is empty where the comment's words are not shown.
    """
    words, headings = pack.words.texts, {theme.id: theme_heading(pack, theme) for theme in pack.themes}
    rows = []
    for row in pack.replies.itertuples():
        plain = row.about if isinstance(row.about, str) else words["whole_pack"]
        rows.append(
            {
                "about": headings.get(row.target_id, plain.rstrip(".")),
                "asked": words["questions"].get(row.question) or vocabularies()["feedback_question"][row.question],
                "you_said": row.comment if isinstance(row.comment, str) else words["not_shown"],
                "we_did": f"{row.plain_reply} ({vocabularies()['response_decision'][row.decision]})",
            }
        )
    return rows
