"""What a workbook holds beside its cells: notes in the margin, merged areas, text boxes and pictures, sheet by sheet."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from synthesis.evidence.schema import SynthesisError
from synthesis.office.office_files import parts_of

_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: What Excel puts into the old kind of note for programs that do not know the new one.
_STAND_IN = "[Threaded comment]"
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z0-9:$]+)"')


@dataclass(frozen=True)
class Note:
    """A note in the margin: the row and column (from 0) of its cell, and its text; never who wrote it."""

    row: int
    column: int
    text: str


@dataclass
class SheetNotes:
    """What a sheet holds beside its cells. A merged area is first row, first column, last row, last column."""

    margin: list[Note] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    floating: list[str] = field(default_factory=list)
    pictures: int = 0

    def covers(self, row: int, column: int) -> bool:
        """Whether a cell lies under a merged one without being its first."""
        return any(top <= row <= end and left <= column <= right and (row, column) != (top, left) for top, left, end, right in self.merged)  # fmt: skip

    def below(self, row: int) -> str:
        """The rows that an area merged over this one and others reaches; empty where there is none."""
        ends = [end for top, _, end, _ in self.merged if top == row and end > row]
        return f"rows {row + 1} to {max(ends)}" if ends else ""


def notes_of(path: Path) -> dict[str, SheetNotes]:
    """What each sheet of a workbook, already checked and read, holds beside its cells. No author of a note is taken."""
    wanted = ("xl/workbook.xml", "xl/_rels/", "xl/worksheets/", "xl/comments", "xl/threadedComments", "xl/drawings/")
    parts = {name: content for name, content in parts_of(path, wanted).items() if name.endswith((".xml", ".rels"))}
    try:
        return dict(_sheets(parts))
    except ElementTree.ParseError as error:
        raise SynthesisError(f"{path} is damaged and cannot be read; save it again as .xlsx.") from error


def _sheets(parts: Mapping[str, bytes]) -> Iterator[tuple[str, SheetNotes]]:
    targets = _targets(parts, "xl/workbook.xml")
    for sheet in _all(parts["xl/workbook.xml"], "sheet"):
        part = targets.get(sheet.get(_REL, ""), ("", ""))[1]
        if part in parts:
            yield sheet.get("name", ""), _notes(parts, part)


def _all(content: bytes, tag: str) -> list[ElementTree.Element]:
    """Elements of this name, whatever their namespace."""
    return [each for each in ElementTree.fromstring(content).iter() if _plain(each.tag) == tag]


def _plain(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _targets(parts: Mapping[str, bytes], part: str) -> dict[str, tuple[str, str]]:
    """What a part points to: identifier -> kind and part."""
    folder, name = posixpath.split(part)
    content = parts.get(f"{folder}/_rels/{name}.rels")
    if content is None:
        return {}
    return {
        each.get("Id", ""): (each.get("Type", "").rpartition("/")[2], _joined(folder, each.get("Target", "")))
        for each in _all(content, "Relationship")
        if each.get("TargetMode") != "External"
    }


def _joined(folder: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))


def _notes(parts: Mapping[str, bytes], part: str) -> SheetNotes:
    found = SheetNotes(merged=[_area(ref.decode()) for ref in _MERGED.findall(parts[part])])
    for kind, target in _targets(parts, part).values():
        if target not in parts:
            continue
        if kind == "comments":
            found.margin += _old_notes(parts[target])
        elif kind == "threadedComment":
            found.margin += [Note(*_place(each.get("ref", "A1")), text) for each in _all(parts[target], "threadedComment") if (text := _joined_text(each, "text"))]  # fmt: skip
        elif kind == "drawing":
            paragraphs = (_joined_text(each, "t") for each in _all(parts[target], "txBody"))
            found.floating += [text for text in paragraphs if text]
            found.pictures += len(_all(parts[target], "pic"))
    return found


def _old_notes(content: bytes) -> Iterator[Note]:
    """Notes of the kind that every program knows; Excel begins one with its author's name, which is left out."""
    authors = [each.text or "" for each in _all(content, "author")]
    for each in _all(content, "comment"):
        text = _joined_text(each, "t")
        for author in authors:
            text = text.removeprefix(f"{author}:").strip() if author else text
        if text and not text.startswith(_STAND_IN):
            yield Note(*_place(each.get("ref", "A1")), text)


def _joined_text(element: ElementTree.Element, tag: str) -> str:
    return "".join(each.text or "" for each in element.iter() if _plain(each.tag) == tag).strip()


def _place(ref: str) -> tuple[int, int]:
    """Row (from 1) and column (from 0) of a cell's name such as C7."""
    found = re.match(r"\$?([A-Z]+)\$?(\d+)", ref)
    if not found:
        return 1, 0
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column - 1


def _area(ref: str) -> tuple[int, int, int, int]:
    first, _, last = ref.partition(":")
    return (*_place(first), *_place(last or first))
