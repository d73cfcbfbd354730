"""Pictures in a returned document that are not the pack's own: photographs, drawn circles, handwriting. Nobody reads them here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from docx.oxml.ns import qn

from synthesis.evidence.schema import counted
from synthesis.office.word_text import FALLBACK, paragraphs
from synthesis.packs.forms import code, codes_in, fingerprint


def foreign_pictures(roots: Iterable[Any], prints: Collection[str], n_own: int) -> list[str]:
    """A remark on pictures, drawings and handwriting that the pack did not hold when it went out; none where there are none.

    The pack's own are known by their alternative text; where a program dropped these texts, the first `n_own` count as own.
    """
    held = [each for root in roots for each in root.iter(qn("w:drawing"), qn("w:pict"), qn("w:object")) if not _fallback(each)]  # fmt: skip
    own = [each for each in held if fingerprint(_described(each)) in prints]
    foreign = [each for each in held if each not in own] if own else held[n_own:]
    if not foreign:
        return []
    rows = dict.fromkeys(where for each in foreign if (where := _row_of(each)))
    places = f" ({len(foreign)} in all, some of them beside {', '.join(rows)})" if rows else ""
    return [f"It holds {counted(len(foreign), 'picture or drawing', 'pictures or drawings')} beside the pack's own{places}; what they show, handwriting too, is not read: look at them, and type what they say into feedback.xlsx."]  # fmt: skip


def _fallback(element: Any) -> bool:
    """Whether an element repeats another one for older programs, or stands inside a drawing that is counted."""
    return any(each.tag in (FALLBACK, qn("w:drawing"), qn("w:pict"), qn("w:object")) for each in element.iterancestors())  # fmt: skip


def _described(drawing: Any) -> str:
    found = next((each for each in drawing.iter() if str(each.tag).endswith("}docPr")), None)
    return "" if found is None else str(found.get("descr") or "")


def _row_of(drawing: Any) -> str:
    row = next((each for each in drawing.iterancestors() if each.tag == qn("w:tr")), None)
    codes = [] if row is None else [found for each in paragraphs(row) for found in codes_in(each.text)]
    return code(*codes[0]) if codes else ""
