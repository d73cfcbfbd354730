"""Cases as data: `faults.csv` says what is broken in the small evidence base and which problem must be reported.

Columns of `faults.csv`:

id          name of the case; lines with the same id belong together (edits are made in order)
why         why the case exists, told on its first line
table       table that is edited
edit        what is done, one of the verbs below
row         key of the row (parts joined with /), or a row number as a spreadsheet shows it
column      column, where the edit needs one
value       value, where the edit needs one; {NUL}, {TAB}, {BREAK}, {CR}, {LONG}, {LONGID} and Unicode names in braces stand for themselves
code        code of the problem that must be reported; empty on lines that only edit
severity    error or warning
in_table    table of the problem; empty: the table edited
at_row      its row number; empty: the row edited; none: the table as a whole
at_column   its column; empty: the column edited; none: no column
says        words that the message must hold
also        codes (joined with ;) that may be reported besides, because they follow from the same edit

Nothing else may be reported. Verbs: set, swap, copy_row, add_row (value: column=text|column=text), delete_row, rename_column, add_column, drop_column, blank_line,
blank_cells, add_cell, drop_cell, trailing_commas, unclosed_quote, quote_in_cell, save_as, delete_file, rename_file,
make_folder, dangling_link, add_file.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from small import Grid, as_csv, read

from synthesis.evidence.schema import evidence_tables, table

CASES = Path(__file__).with_name("faults.csv")
_MARKS = {
    "NUL": "\0",
    "TAB": "\t",
    "BREAK": "\n",
    "CR": "\r",
    "LONG": "long " * 40_000,
    "LONGID": "a" * 101,
    "BELL": "\a",
}
_DELIMITERS = {"semicolons": ";", "tabs": "\t", "bars": "|"}
_ENCODINGS = {"windows-1252": "cp1252", "latin-1": "latin-1", "utf-16": "utf-16", "byte-order mark": "utf-8-sig"}


@dataclass
class Case:
    """One case: its edits and the problems that must follow."""

    id: str
    why: str
    edits: list[dict[str, str]] = field(default_factory=list)

    @property
    def expected(self) -> list[dict[str, str]]:
        return [edit for edit in self.edits if edit["code"]]

    @property
    def also(self) -> set[str]:
        return {code for edit in self.edits for code in edit["also"].split(";") if code}


def cases() -> list[Case]:
    found: dict[str, Case] = {}
    with CASES.open(encoding="utf-8", newline="") as handle:
        for line in csv.DictReader(handle):
            line["value"] = re.sub(r"\{([A-Z -]+)\}", _mark, line["value"])
            found.setdefault(line["id"], Case(line["id"], line["why"])).edits.append(line)
    return list(found.values())


def _mark(found: re.Match) -> str:
    return _MARKS[found[1]] if found[1] in _MARKS else unicodedata.lookup(found[1])


def apply(case: Case, folder: Path) -> None:
    """Make the edits of a case in `folder`, and fill in the row number of each expected problem."""
    for edit in case.edits:
        path = folder / evidence_tables()[edit["table"]].file
        if edit["edit"]:
            number = row_number(path, edit) if edit["row"] else 0
            _VERBS[edit["edit"]](path, edit, number)
            if not edit["at_row"] and number:
                edit["at_row"] = str(number if edit["edit"] != "copy_row" else len(read(path)))


def row_number(path: Path, edit: dict[str, str]) -> int:
    """Row number, as a spreadsheet shows it, of the row that an edit names."""
    if edit["row"].isdigit():
        return int(edit["row"])
    header, *rows = read(path)
    places = [header.index(column) for column in table(edit["table"]).key]
    keys = ["/".join(row[at] for at in places) for row in rows]
    return keys.index(edit["row"]) + 2


def _grid(change: Callable[[Grid, dict[str, str], int], None]) -> Callable[[Path, dict[str, str], int], None]:
    def edit_file(path: Path, edit: dict[str, str], number: int) -> None:
        grid = read(path)
        change(grid, edit, number)
        path.write_bytes(as_csv(grid))

    return edit_file


def _set(grid: Grid, edit: dict[str, str], number: int) -> None:
    grid[number - 1][grid[0].index(edit["column"])] = edit["value"]


def _swap(grid: Grid, edit: dict[str, str], number: int) -> None:
    row, (one, two) = grid[number - 1], (grid[0].index(c) for c in edit["value"].split(";"))
    row[one], row[two] = row[two], row[one]


def _copy_row(grid: Grid, edit: dict[str, str], number: int) -> None:
    grid.append(list(grid[number - 1]))
    if edit["value"]:
        grid[-1][grid[0].index(edit["column"])] = edit["value"]


def _add_row(grid: Grid, edit: dict[str, str], number: int) -> None:
    cells = dict(part.split("=", 1) for part in edit["value"].split("|"))
    grid.append([cells.get(column, "") for column in grid[0]])


def _delete_row(grid: Grid, edit: dict[str, str], number: int) -> None:
    del grid[number - 1]


def _rename_column(grid: Grid, edit: dict[str, str], number: int) -> None:
    grid[0][grid[0].index(edit["column"])] = edit["value"]


def _add_column(grid: Grid, edit: dict[str, str], number: int) -> None:
    for row in grid:
        row.append(edit["value"])
    grid[0][-1] = edit["column"]


def _drop_column(grid: Grid, edit: dict[str, str], number: int) -> None:
    at = grid[0].index(edit["column"])
    for row in grid:
        del row[at]


def _blank_line(grid: Grid, edit: dict[str, str], number: int) -> None:
    grid.insert(number - 1, [])


def _blank_cells(grid: Grid, edit: dict[str, str], number: int) -> None:
    grid.insert(number - 1, [""] * len(grid[0]))


def _add_cell(grid: Grid, edit: dict[str, str], number: int) -> None:
    grid[number - 1].insert(2, "a part after an unquoted comma")


def _drop_cell(grid: Grid, edit: dict[str, str], number: int) -> None:
    del grid[number - 1][2]


def _trailing_commas(grid: Grid, edit: dict[str, str], number: int) -> None:
    for row in grid[1:]:
        row += ["", ""]


def _unclosed_quote(path: Path, edit: dict[str, str], number: int) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[number - 1] = lines[number - 1].replace(",", ',"', 1)
    path.write_text("\n".join(lines), encoding="utf-8")


def _quote_in_cell(path: Path, edit: dict[str, str], number: int) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[number - 1] = lines[number - 1].replace(",", ',"a "word" inside",', 1)
    path.write_text("\n".join(lines), encoding="utf-8")


def _save_as(path: Path, edit: dict[str, str], number: int) -> None:
    grid, how = read(path), edit["value"]
    text = as_csv(grid).decode()
    if how in _ENCODINGS:
        path.write_bytes(text.encode(_ENCODINGS[how]))
    elif how in _DELIMITERS:
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, delimiter=_DELIMITERS[how]).writerows(grid)
    else:
        path.write_bytes(
            {
                "workbook": b"PK\x03\x04\x14\0\6\0\x08\0" + text.encode(),
                "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + text.encode(),
                "nothing": b"",
                "blanks": b"\n \r\n",
                "header": text.split("\n")[0].encode() + b"\n",
                "rows": text.split("\n", 1)[1].encode(),
                "every cell quoted": _quoted(grid),
                "line ends of Windows": text.replace("\n", "\r\n").encode(),
                "line ends of old Macs": text.replace("\n", "\r").encode(),
                "garbled letters": text.encode().decode("cp1252", "replace").encode(),
                "utf-16 without mark": text.encode("utf-16-le"),
            }[how]
        )


def _quoted(grid: Grid) -> bytes:
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in grid).encode()


def _delete_file(path: Path, edit: dict[str, str], number: int) -> None:
    path.unlink()


def _rename_file(path: Path, edit: dict[str, str], number: int) -> None:
    path.rename(path.with_name(edit["value"]))


def _make_folder(path: Path, edit: dict[str, str], number: int) -> None:
    path.unlink()
    path.mkdir()


def _dangling_link(path: Path, edit: dict[str, str], number: int) -> None:
    path.unlink()
    path.symlink_to("nowhere.csv")


def _add_file(path: Path, edit: dict[str, str], number: int) -> None:
    (path.parent / edit["value"]).write_text("something,else\n1,2\n", encoding="utf-8")


_VERBS: dict[str, Callable[[Path, dict[str, str], int], None]] = {
    "set": _grid(_set),
    "swap": _grid(_swap),
    "copy_row": _grid(_copy_row),
    "add_row": _grid(_add_row),
    "delete_row": _grid(_delete_row),
    "rename_column": _grid(_rename_column),
    "add_column": _grid(_add_column),
    "drop_column": _grid(_drop_column),
    "blank_line": _grid(_blank_line),
    "blank_cells": _grid(_blank_cells),
    "add_cell": _grid(_add_cell),
    "drop_cell": _grid(_drop_cell),
    "trailing_commas": _grid(_trailing_commas),
    "unclosed_quote": _unclosed_quote,
    "quote_in_cell": _quote_in_cell,
    "save_as": _save_as,
    "delete_file": _delete_file,
    "rename_file": _rename_file,
    "make_folder": _make_folder,
    "dangling_link": _dangling_link,
    "add_file": _add_file,
}
