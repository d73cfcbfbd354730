"""A review pack as one HTML page: no script, nothing fetched from elsewhere, readable on a phone, aloud and on paper."""

from __future__ import annotations

import base64
from typing import Any

from synthesis.packs.contents import Pack, PackTheme
from synthesis.packs.lines import (
    note_lines,
    reply_rows,
    support_rows,
    sure_lines,
    theme_heading,
    theme_lead,
    version_line,
)
from synthesis.packs.picture import theme_picture
from synthesis.packs.signs import sign_alt, sign_files
from synthesis.reports.display import templates


def pack_page(pack: Pack) -> str:
    """The pack as the text of one HTML file."""
    return (
        templates()
        .get_template("pack.html")
        .render(
            pack=pack,
            words=pack.words.texts,
            said=pack.words.said,
            themes=[_theme(pack, each) for each in pack.themes],
            support=support_rows(pack),
            replies=reply_rows(pack),
            version_line=version_line(pack),
            sign_alt=sign_alt,
            sign_svg=lambda name: _base64(sign_files(name)[0]),
            sure=lambda statement: sure_lines(pack, statement),
        )
    )


def _theme(pack: Pack, theme: PackTheme) -> dict[str, Any]:
    picture = theme_picture(theme, pack.words)
    return {
        "theme": theme,
        "heading": theme_heading(pack, theme),
        "lead": theme_lead(pack, theme),
        "note": note_lines(pack, theme),
        "alt": picture.alt,
        "picture": _base64(picture.svg),
    }


def _base64(svg: str) -> str:
    return base64.b64encode(svg.encode("utf-8")).decode("ascii")
