"""A local brief as a PDF of one A4 page, tagged (PDF/UA-1), set by Typst from ``brief.typ``."""

from __future__ import annotations

import re
from typing import Any

from synthesis.briefs.contents import FIGURE_COLUMNS, MEASURE_COLUMNS, Brief
from synthesis.briefs.parts import Said
from synthesis.drawing.local import LOCAL_SIZE, LOCAL_WIDTH
from synthesis.evidence.schema import SynthesisError
from synthesis.office.typeset import typeset

#: Points of the letters, largest first: the first with which everything fits on one page is taken.
SIZES = (8.0, 7.8, 7.6, 7.4, 7.3, 7.2, 7.1, 7.0, 6.9, 6.8)
_PAGE = re.compile(rb"/Type\s*/Page\b")


def brief_pdf(brief: Brief) -> bytes:
    """The brief as the bytes of a tagged PDF of one page. The same brief gives the same bytes.

    Raises SynthesisError where it does not fit on one page even in the smallest letters.
    """
    return fitted(brief)[0]


def fitted(brief: Brief) -> tuple[bytes, float]:
    """`brief_pdf`, and the size of its letters in points."""
    content = _printed(brief)
    for size in SIZES:
        made = typeset("brief", content | {"size": size, "picture_width": LOCAL_WIDTH * size / LOCAL_SIZE})
        if len(_PAGE.findall(made)) == 1:
            return made, size
    raise SynthesisError(
        f"The brief of {brief.area_name} does not fit on one page in letters of {SIZES[-1]:g} points: shorten synthesis/briefs/words.toml."
    )


def _printed(brief: Brief) -> dict[str, Any]:
    words = brief.words.texts
    names = [name for name in words if isinstance(words[name], str) and "{" not in words[name]]
    return {
        "words": {name: words[name] for name in names} | {
            name: brief.said(name) for name in ("title", "subtitle", "figures_heading", "picture_title")
        },
        "status": brief.status,
        "figures_caption": brief.figures_caption,
        "figures": {"heads": brief.figure_heads, "rows": brief.figures[list(FIGURE_COLUMNS)].to_numpy().tolist()},
        "picture": brief.image.svg,
        "alt": brief.image.alt,
        "notes": [each.text for each in brief.notes],
        "prevalence": [_said(each) for each in brief.prevalence],
        "prevalence_rule": brief.prevalence_rule,
        "national": [_said(each) for each in brief.national],
        "themes_rule": brief.themes_rule,
        "themes": [
            {
                "id": each.id, "plain": each.plain, "levels": each.levels, "steps": [_said(step) for step in each.steps],
                "partly": brief.partly(each), "recommendation": _said(each.recommendation) if each.recommendation else None,
            }
            for each in brief.shown_themes
        ],
        "measures_caption": brief.measures_caption,
        "measures": {"heads": brief.measure_heads, "rows": brief.measures[[*MEASURE_COLUMNS, "measure_id"]].to_numpy().tolist()},
        "limits": words["limits"],
        "sources": [{"text": text, "links": links} for text, links in brief.sources],
    }  # fmt: skip


def _said(line: Said) -> dict[str, str]:
    return {"text": line.text, "ids": ", ".join(line.ids)}
