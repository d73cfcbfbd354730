"""Workbooks in: the cells of an .xlsx file as plain text, with everything refused that could run, swell or mislead.

Nothing in a file is executed: formulas are read as formulas and reported, macros and password-protected files are
refused, and a file that would unpack to more than a coding sheet can need is refused before it is unpacked.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from synthesis.evidence.schema import SynthesisError
from synthesis.office.office_files import WORKBOOK, Kind, check_office_file

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
    check_office_file(path, WORKBOOK)
    return list(_read(path, lambda sheet: None))


def read_workbook(path: Path, kind: Kind = WORKBOOK, most_rows: int = MOST_ROWS) -> dict[str, Rows]:
    """The sheets of a workbook by name. Raises SynthesisError, in words, for a file that is none or must not be opened."""
    check_office_file(path, kind)
    return _read(path, lambda sheet: _rows(sheet, path, kind, most_rows))


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


def _rows(sheet, path: Path, kind: Kind, most_rows: int) -> Rows:
    sheet.reset_dimensions()  # what a file says of its own size may be wrong
    return list(_filled(sheet, path, kind, most_rows))


def _filled(sheet, path: Path, kind: Kind, most_rows: int) -> Iterator[tuple[int, list[Cell]]]:
    held = 0
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        cells = [_cell(cell) for cell in row]
        while cells and not cells[-1].text and not cells[-1].fault:
            cells.pop()
        if cells:
            held += 1
            if held > most_rows:
                raise SynthesisError(f"The sheet {sheet.title!r} of {path} has more than {most_rows:,} filled rows; it is no {kind.purpose.split(maxsplit=1)[1]}.")  # fmt: skip
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
