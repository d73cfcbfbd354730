"""A local brief as a PDF of one A4 page, tagged (PDF/UA-1), set by Typst from ``brief.typ``."""

from __future__ import annotations

import re
from dataclasses import asdict

from synthesis.briefs.contents import Brief
from synthesis.briefs.paper import paper
from synthesis.evidence.schema import SynthesisError
from synthesis.office.typeset import typeset

#: Points of the letters, largest first: the first with which everything fits on one page is taken.
SIZES = (9.8, 9.6, 9.4, 9.2, 9.0)
#: Points of captions, identifiers and sources.
SMALL = 7.8
_PAGE = re.compile(rb"/Type\s*/Page\b")


def brief_pdf(brief: Brief) -> bytes:
    """The brief as the bytes of a tagged PDF of one page. The same brief gives the same bytes.

    Raises SynthesisError where it does not fit on one page even in the smallest letters.
    """
    return fitted(brief)[0]


def fitted(brief: Brief) -> tuple[bytes, float]:
    """`brief_pdf`, and the size of its letters in points."""
    page = paper(brief)
    words = {name: text for name, text in brief.words.texts.items() if isinstance(text, str) and "{" not in text}
    for size in SIZES:
        made = typeset("brief", asdict(page) | {"words": words, "size": size, "small": SMALL})
        if len(_PAGE.findall(made)) == 1:
            return made, size
    raise SynthesisError(
        f"The brief of {brief.area_name} does not fit on one page in letters of {SIZES[-1]:g} points: shorten "
        "synthesis/briefs/words.toml, or show fewer reservations there."
    )
