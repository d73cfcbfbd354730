"""Paragraphs of a Word document as text, with what was put in, struck out and commented on; no author is taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

#: Symbols that programs write as a character of a picture font: boxes ticked and empty, ticks.
_SYMBOLS = {"F0FE": "☒", "F0FD": "☒", "F078": "☒", "F0A8": "☐", "F06F": "☐", "F071": "☐", "F0FC": "✓", "F0FB": "✗"}
#: Spaces that do not break a line are spaces.
_SPACES = dict.fromkeys(map(ord, "\xa0\u202f\u2007"), " ")
_COUNTED = re.compile(r"\s*\\?\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.I)
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


@dataclass
class Paragraph:
    """A paragraph. ``was`` is its text before tracked changes; ``row`` is the table row that it stands in, or None.

    ``marks`` are stretches of ``text`` that look apart: where they begin and end, and how (``highlighted``, ``struck out``, ...).
    """

    text: str = ""
    was: str = ""
    put_in: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    row: Any = None
    marks: list[tuple[int, int, str]] = field(default_factory=list)


def paragraphs(root: Any) -> Iterator[Paragraph]:
    """Paragraphs of a part, in reading order; those of a text box stand after the paragraph that holds it."""
    for element in root.iter(qn("w:p")):
        if not any(each.tag == FALLBACK for each in element.iterancestors()):
            yield _Reader().read(element)


class _Reader:
    """Reads one paragraph: what stands in it now, and what stood there before tracked changes."""

    def __init__(self) -> None:
        self.found, self.fields = Paragraph(), []  # type: ignore[var-annotated]
        self.looks: tuple[str, ...] = ()
        self.handlers: dict[str, Callable[[Any], None]] = {
            qn("w:fldChar"): self._field,
            qn("w:instrText"): self._instruction,
            qn("w:commentReference"): lambda each: self.found.notes.append(each.get(qn("w:id"), "")),
        }

    def read(self, paragraph: Any) -> Paragraph:
        row = next((each for each in paragraph.iterancestors() if each.tag == qn("w:tr")), None)
        self.found.row = row
        for child in paragraph:
            self._walk(child, "")
        before = len(self.found.text.translate(_SPACES)) - len(self.found.text.translate(_SPACES).lstrip())
        self.found.marks = [(start - before, end - before, look) for start, end, look in self.found.marks]
        self.found.text, self.found.was = (
            each.translate(_SPACES).strip() for each in (self.found.text, self.found.was)
        )
        return self.found

    def _walk(self, element: Any, change: str) -> None:
        tag = element.tag
        if tag in (qn("w:p"), FALLBACK) or not isinstance(tag, str):
            return
        if tag in (qn("w:t"), qn("w:delText")):
            self._add(element.text or "", change)
        elif tag in (qn("w:tab"), qn("w:br"), qn("w:cr")) and element.getparent().tag == qn("w:r"):
            self._add(" " if tag == qn("w:tab") else "\n", change)
        elif tag == qn("w:noBreakHyphen"):
            self._add("-", change)
        elif tag == qn("w:sym"):
            self._add(_SYMBOLS.get(element.get(qn("w:char"), "").upper(), ""), change)
        elif tag in self.handlers:
            self.handlers[tag](element)
        elif tag == qn("w:fldSimple") and _COUNTED.match(element.get(qn("w:instr"), "")):
            return
        elif tag == qn("w:r"):
            self.looks = looks_of(element)
            for child in element:
                self._walk(child, change)
            self.looks = ()
        else:
            changes = {qn("w:ins"): "in", qn("w:moveTo"): "in", qn("w:del"): "out", qn("w:moveFrom"): "moved"}
            for child in element:
                self._walk(child, changes.get(tag, change))

    def _add(self, text: str, change: str) -> None:
        if any(self.fields):  # a page number is nobody's text
            return
        if change in ("", "in"):
            start = len(self.found.text)
            self.found.text += text
            self.found.marks += [(start, start + len(text), look) for look in self.looks if text.strip()]
        if change in ("", "out", "moved"):
            self.found.was += text
        if text.strip() and change in ("in", "out"):
            (self.found.put_in if change == "in" else self.found.struck).append(text.strip())

    def _field(self, element: Any) -> None:
        kind = element.get(qn("w:fldCharType"))
        if kind == "begin":
            self.fields.append(False)
        elif kind == "end" and self.fields:
            self.fields.pop()

    def _instruction(self, element: Any) -> None:
        if self.fields and _COUNTED.match(element.text or ""):
            self.fields[-1] = True


#: How a run may look apart from the text around it: its tag, and values that mean that it does not.
_LOOKS: dict[str, tuple[str, set[str]]] = {
    "highlight": ("highlighted", {"none"}),
    "shd": ("highlighted", {"auto", "ffffff", "none", ""}),
    "u": ("underlined", {"none"}),
    "b": ("bold", {"0", "false", "off"}),
    "bdr": ("framed", {"none", "nil"}),
    "strike": ("struck out", {"0", "false", "off"}),
    "dstrike": ("struck out", {"0", "false", "off"}),
    "color": ("in another colour", {"auto", "000000", "595959"}),
}


def looks_of(run: Any) -> tuple[str, ...]:
    """How a run looks apart, told from its own properties."""
    found = []
    for each in run.iterfind(f"{qn('w:rPr')}/*"):
        look, plain = _LOOKS.get(str(each.tag).rpartition("}")[2], ("", set[str]()))
        value = each.get(qn("w:fill")) if each.tag == qn("w:shd") else each.get(qn("w:val"), "1")
        if look and str(value or "").lower() not in plain:
            found.append(look)
    return tuple(dict.fromkeys(found))


def texts(roots: Iterable[Any]) -> list[str]:
    """The texts of all paragraphs of some parts."""
    return [each.text for root in roots for each in paragraphs(root) if each.text]
