"""OpenDocument spreadsheets in: the cells of an .ods file as plain text, with the same refusals as for a workbook.

LibreOffice, and some phones, save sheets in this form unless told otherwise. Formulas are read as formulas and reported.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from synthesis.evidence.schema import SynthesisError
from synthesis.office.office_files import Kind, check_office_file, parts_of
from synthesis.office.sheet_notes import Note, SheetNotes
from synthesis.office.workbooks import MOST_COLUMNS, Cell, Rows

_FORM = b"application/vnd.oasis.opendocument.spreadsheet"
_NS = {
    "office": "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}",
    "table": "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}",
    "text": "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}",
    "draw": "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}",
}
#: Rows with content that may follow one another as a single repeated row.
_MOST_ALIKE = 1_000


def is_ods(path: Path) -> bool:
    """Whether a file is an OpenDocument file, by what it holds and not by its name."""
    try:
        with zipfile.ZipFile(path) as packed:
            return "content.xml" in packed.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def read_ods(path: Path, kind: Kind, most_rows: int) -> tuple[dict[str, Rows], dict[str, SheetNotes]]:
    """The sheets of an .ods file by name, and what each holds beside its cells.

    Raises SynthesisError, in words, for a file that is none, holds macros, is locked, or must not be opened.
    """
    check_office_file(path, kind)
    parts = parts_of(path, ("mimetype", "content.xml", "META-INF/manifest.xml", "Basic/", "Scripts/"))
    if parts.get("mimetype", _FORM).strip() != _FORM:
        raise SynthesisError(f"{path} is no OpenDocument spreadsheet; save it as .ods or .xlsx.")
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise SynthesisError(f"{path} is protected by a password; save it without one.")
    if any(name.startswith(("Basic/", "Scripts/")) for name in parts):
        raise SynthesisError(f"{path} holds macros; save it as .xlsx (without macros) and read that.")
    try:
        root = ElementTree.fromstring(parts["content.xml"])
    except ElementTree.ParseError as error:
        raise SynthesisError(f"{path} is damaged and cannot be read; save it again as .ods or .xlsx.") from error
    sheets: dict[str, Rows] = {}
    notes: dict[str, SheetNotes] = {}
    for sheet in root.iter(_tag("table", "table")):
        name = _get(sheet, "table", "name")
        sheets[name], notes[name] = _sheet(sheet, path, name, kind, most_rows)
    return sheets, notes


def _tag(space: str, name: str) -> str:
    return _NS[space] + name


def _get(element: ElementTree.Element, space: str, name: str) -> str:
    return element.get(_tag(space, name), "")


def _times(element: ElementTree.Element, name: str) -> int:
    return max(1, _number(_get(element, "table", name)))


def _number(said: str) -> int:
    """A whole number as a spreadsheet program writes it; 1 for anything else, such as digits without end."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 1


def _sheet(sheet: ElementTree.Element, path: Path, name: str, kind: Kind, most_rows: int) -> tuple[Rows, SheetNotes]:
    rows: Rows = []
    notes, number = SheetNotes(), 1
    for row in _rows_of(sheet):
        times, cells = _times(row, "number-rows-repeated"), _cells(row, number, notes)
        if cells:  # rows without content fill a sheet up to its last row, and are counted only
            if times > _MOST_ALIKE or len(rows) + times > most_rows:
                raise SynthesisError(f"The sheet {name!r} of {path} has more than {most_rows:,} filled rows; it is no {kind.purpose.split(maxsplit=1)[1]}.")  # fmt: skip
            rows += [(number + more, cells) for more in range(times)]
        number += times
    notes.floating += [text for box in sheet.iter(_tag("draw", "text-box")) if (text := _words(box))]
    notes.pictures += sum(1 for _ in sheet.iter(_tag("draw", "image")))
    return rows, notes


def _rows_of(sheet: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Rows in their order, those inside groups and headings as well."""
    inside = {_tag("table", each) for each in ("table-header-rows", "table-rows", "table-row-group")}
    for part in sheet:
        if part.tag == _tag("table", "table-row"):
            yield part
        elif part.tag in inside:
            yield from _rows_of(part)


def _cells(row: ElementTree.Element, number: int, notes: SheetNotes) -> list[Cell]:
    kinds = (_tag("table", "table-cell"), _tag("table", "covered-table-cell"))
    cells: list[Cell] = []
    for element in row:
        if element.tag not in kinds:
            continue
        cell = Cell("") if element.tag == kinds[1] else _cell(element)
        for note in element.iter(_tag("office", "annotation")):
            if text := _words(note):
                notes.margin.append(Note(number, len(cells), text))
        down, right = _times(element, "number-rows-spanned"), _times(element, "number-columns-spanned")
        if down > 1 or right > 1:
            notes.merged.append((number, len(cells), number + down - 1, len(cells) + right - 1))
        cells += [cell] * min(_times(element, "number-columns-repeated"), MOST_COLUMNS - len(cells))
    while cells and not cells[-1].text and not cells[-1].fault:
        cells.pop()
    return cells


def _cell(element: ElementTree.Element) -> Cell:
    if _get(element, "table", "formula"):
        return Cell("", "holds a formula; a formula is not carried out: type the text itself")
    kind = _get(element, "office", "value-type")
    if kind == "date":
        return Cell(_get(element, "office", "date-value").removesuffix("T00:00:00"))
    if kind == "boolean":
        return Cell("yes" if _get(element, "office", "boolean-value") == "true" else "no")
    if kind in ("float", "percentage", "currency"):
        return Cell(_get(element, "office", "value").removesuffix(".0"))
    return Cell(_words(element))


def _words(element: ElementTree.Element) -> str:
    """The paragraphs of a cell or note, one below the other; a note that hangs on the cell is not its text."""
    lines = [_line(part) for part in element if part.tag == _tag("text", "p")]
    return "\n".join(lines).replace("\xa0", " ").strip()


def _line(part: ElementTree.Element) -> str:
    said = part.text or ""
    for inner in part:
        if inner.tag == _tag("text", "s"):
            said += " " * min(_number(_get(inner, "text", "c")), 100)
        elif inner.tag == _tag("text", "line-break"):
            said += "\n"
        elif inner.tag == _tag("text", "tab"):
            said += " "
        elif inner.tag != _tag("office", "annotation"):
            said += _line(inner)
        said += inner.tail or ""
    return said
