"""A review pack as a PDF to print: A4, tagged (PDF/UA-1), in ordinary or large print. Set by Typst from ``pack.typ``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib
import typst

from synthesis.draw_pack import studies_picture, studies_picture_alt
from synthesis.drawing import figure_svg
from synthesis.packs import Pack, PackTheme, Statement, reply_rows, support_rows, version_line

#: Points of the text: ordinary print, easy read, and large print (16 points or more, as readers' organisations ask).
_SIZES = {"standard": 12, "easy_read": 15}
_LARGE = 18


def pack_pdf(pack: Pack, large: bool = False) -> bytes:
    """The pack as the bytes of a tagged PDF; ``large`` sets it in 18 points. The same pack gives the same bytes."""
    template = Path(__file__).parent / "templates" / "pack.typ"
    return typst.compile(
        str(template),
        sys_inputs={"pack": json.dumps(_printed(pack, large), ensure_ascii=False)},
        font_paths=[str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")],
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        timestamp=0,
    )


def _printed(pack: Pack, large: bool) -> dict[str, Any]:
    said = pack.words.said
    return {
        "variant": pack.variant,
        "state": pack.state,
        "size": _LARGE if large else _SIZES[pack.variant],
        "words": dict(pack.words.texts),
        "version_line": version_line(pack),
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
    alt = studies_picture_alt(theme, pack.words)
    figure = studies_picture(theme, pack.words).get_figure(root=True)
    assert figure is not None
    return {
        **asdict(theme),
        "statements": [_statement(pack, each) for each in theme.statements],
        "alt": alt,
        "picture": figure_svg(figure, f"picture-{theme.id}", alt, theme.name),
    }


def _statement(pack: Pack, statement: Statement) -> dict[str, Any]:
    said = pack.words.said
    studies = said("studies_behind", n=statement.n_studies, of=statement.of_studies)
    return {**asdict(statement), "studies": studies, "against_easy": said("against_easy", n=len(statement.against))}
