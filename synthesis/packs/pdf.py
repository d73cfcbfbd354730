"""A review pack as a PDF to print: A4, tagged (PDF/UA-1), in ordinary or large print. Set by Typst from ``pack.typ``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from synthesis.office.typeset import typeset
from synthesis.packs.contents import Pack, PackTheme, Statement
from synthesis.packs.lines import (
    note_lines,
    reply_rows,
    skip_line,
    support_rows,
    sure_lines,
    theme_heading,
    theme_lead,
    version_line,
)
from synthesis.packs.picture import PICTURE_SIZE, PICTURE_WIDTH, theme_picture
from synthesis.packs.signs import sign_alt, sign_files

#: Points of the text: ordinary print, easy read, and large print (16 points or more, as readers' organisations ask).
_SIZES = {"standard": 12, "easy_read": 15}
_LARGE = 18
#: The widest picture, in points: in large print its words come to 15 points, and it still stands beside its heading.
_WIDEST = 328.0


def pack_pdf(pack: Pack, large: bool = False) -> bytes:
    """The pack as the bytes of a tagged PDF; ``large`` sets it in 18 points. The same pack gives the same bytes."""
    return typeset("pack", _printed(pack, large))


def _printed(pack: Pack, large: bool) -> dict[str, Any]:
    said = pack.words.said
    size = _LARGE if large else _SIZES[pack.variant]
    return {
        "variant": pack.variant,
        "state": pack.state,
        "size": size,
        "picture_width": min(PICTURE_WIDTH * size / PICTURE_SIZE, _WIDEST),
        "words": dict(pack.words.texts),
        "version_line": version_line(pack),
        "made": pack.made,
        "about": pack.about,
        "rests": pack.rests,
        "themes": [_theme(pack, each) for each in pack.themes],
        "questions": [asdict(each) for each in pack.questions],
        "pack_questions": [asdict(each) for each in pack.pack_questions],
        "support": support_rows(pack),
        "replies": reply_rows(pack),
        "n_waiting": pack.n_waiting,
        "waiting_line": said("replies_waiting", n=pack.n_waiting),
    }


def _theme(pack: Pack, theme: PackTheme) -> dict[str, Any]:
    picture = theme_picture(theme, pack.words)
    return {
        **asdict(theme),
        "heading": theme_heading(pack, theme),
        "called": pack.words.said("theme_called", theme=theme.name),
        "lead": theme_lead(pack, theme),
        "note": note_lines(pack, theme),
        "skip": skip_line(pack, theme),
        "statements": [
            _statement(pack, each, at, len(theme.statements)) for at, each in enumerate(theme.statements, 1)
        ],
        "alt": picture.alt,
        "picture": picture.svg,
        "sign": _sign(theme.picture),
    }


def _statement(pack: Pack, statement: Statement, at: int, n: int) -> dict[str, Any]:
    said = pack.words.said
    studies = said("studies_behind", n=statement.n_studies, of=statement.of_studies)
    return {
        **asdict(statement),
        "heading": said("statement_heading", at=at, n=n),
        "studies": studies,
        "sign": _sign(statement.picture),
        "sure": sure_lines(pack, statement),
        "listed": [asdict(each) for each in statement.listed],
        "listed_heading": pack.words.texts["against_heading" if statement.against else "adds_heading"],
        "bare": (bare := sum(not each.easy for each in statement.listed)),
        "against_easy": said("against_easy", n=bare),
    }


def _sign(name: str) -> dict[str, str] | None:
    return {"svg": sign_files(name)[0], "alt": sign_alt(name)} if name else None
