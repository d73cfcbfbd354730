"""Workbooks in: the cells of an .xlsx file as plain text, with everything refused that could run, swell or mislead.

Nothing in a file is executed: formulas are read as formulas and reported, macros and password-protected files are
refused, and a file that would unpack to more than a coding sheet can need is refused before it is unpacked.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar
from xml.parsers import expat

from synthesis.schema import CallError, SynthesisError

#: Bytes that a workbook may have, packed and unpacked, and how many parts; a sheet of 10,000 findings needs a tenth.
MOST_PACKED, MOST_UNPACKED, MOST_PARTS = 50_000_000, 300_000_000, 500
#: Rows with content that a sheet may have, and columns.
MOST_ROWS, MOST_COLUMNS = 50_000, 200


@dataclass(frozen=True)
class Cell:
    """A cell as text, empty where nothing stands; ``fault`` says why its content cannot be taken as it is."""

    text: str
    fault: str = ""


Taken = TypeVar("Taken")
Rows = list[tuple[int, list[Cell]]]  # spreadsheet row number, its cells; rows without content are left out


def sheet_names(path: Path) -> list[str]:
    """The names of a workbook's sheets, without reading them. Raises SynthesisError as `read_workbook` does."""
    _check_file(path)
    return list(_read(path, lambda sheet: None))


def read_workbook(path: Path) -> dict[str, Rows]:
    """The sheets of a workbook by name. Raises SynthesisError, in words, for a file that is none or must not be opened."""
    _check_file(path)
    return _read(path, lambda sheet: _rows(sheet, path))


def _read(path: Path, take: Callable[[Any], Taken]) -> dict[str, Taken]:
    """Something of each sheet, by name."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl remarks on styles and lists that it does not keep; none are needed
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
            sheets = {sheet.title: take(sheet) for sheet in book.worksheets}
            book.close()
        except SynthesisError:
            raise
        except Exception as error:  # whatever a damaged file makes the reader stumble over
            raise SynthesisError(f"{path} is damaged and cannot be read as a workbook ({type(error).__name__}); save it again as .xlsx.") from error  # fmt: skip
    return sheets


def _check_file(path: Path) -> None:
    """Refuse what is no plain workbook, before anything of it is unpacked."""
    try:
        with path.open("rb") as handle:
            start = handle.read(8)
        size = path.stat().st_size
    except OSError as error:
        absent = isinstance(error, FileNotFoundError | IsADirectoryError)
        raise (CallError if absent else SynthesisError)(f"{path} cannot be opened ({error.strerror}).") from error
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise SynthesisError(f"{path} is protected by a password or in the old .xls format; save it as .xlsx without a password.")  # fmt: skip
    if not start.startswith(b"PK"):
        raise SynthesisError(f"{path} is not an .xlsx workbook; open it in a spreadsheet program and save it as .xlsx.")
    if size > MOST_PACKED:
        raise SynthesisError(
            f"{path} has {size:,} bytes; a coding sheet has a few million at most. Is it the right file?"
        )
    try:
        with zipfile.ZipFile(path) as packed:
            _check_parts(packed, path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise SynthesisError(f"{path} is damaged and cannot be unpacked; save it again as .xlsx.") from error


def _check_parts(packed: zipfile.ZipFile, path: Path) -> None:
    parts = packed.infolist()
    names = [part.filename for part in parts]
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise SynthesisError(f"{path} would unpack to far more than a coding sheet holds; it was not opened.")
    if any(Path(name).name.lower() == "vbaproject.bin" or "macrosheets/" in name.lower() for name in names):
        raise SynthesisError(f"{path} holds macros; save it as .xlsx (without macros) and import that.")
    if "xl/workbook.xml" not in names:
        kind = "an OpenDocument file" if "content.xml" in names else "no workbook"
        raise SynthesisError(f"{path} is {kind}; save it as .xlsx.")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with packed.open(part) as handle:
                if _declares_type(handle):
                    raise SynthesisError(f"{path} holds XML that no spreadsheet program writes; it was not opened.")


class _Begun(Exception):
    """The first element of an XML file was reached."""


def _declares_type(handle: IO[bytes]) -> bool:
    """Whether an XML part has a document type: its entities can make a small file swell without end."""
    found: list[str] = []

    def stop(*_: object) -> None:
        raise _Begun

    def note(*_: object) -> None:
        found.append("type")
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = stop, note
    try:
        while chunk := handle.read(65_536):
            parser.Parse(chunk)
    except (_Begun, expat.ExpatError):  # what is no XML at all is met again, and named, on reading
        pass
    return bool(found)


def _rows(sheet, path: Path) -> Rows:
    sheet.reset_dimensions()  # what a file says of its own size may be wrong
    return list(_filled(sheet, path))


def _filled(sheet, path: Path) -> Iterator[tuple[int, list[Cell]]]:
    held = 0
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        cells = [_cell(cell) for cell in row]
        while cells and not cells[-1].text and not cells[-1].fault:
            cells.pop()
        if cells:
            held += 1
            if held > MOST_ROWS:
                raise SynthesisError(f"The sheet {sheet.title!r} of {path} has more than {MOST_ROWS:,} filled rows; it is no coding sheet.")  # fmt: skip
            yield number, cells


def _cell(cell) -> Cell:
    value = cell.value
    if value is None:
        return Cell("")
    if cell.data_type == "f":
        return Cell("", "holds a formula; a formula is not carried out: type the text itself")
    if cell.data_type == "e":
        return Cell("", f"shows the error {value}; type the text itself")
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, dt.datetime):
        return Cell(value.date().isoformat() if value.time() == dt.time() else value.isoformat(" "))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return Cell(str(value).replace("\r\n", "\n").replace("\r", "\n").strip())
