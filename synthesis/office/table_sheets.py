"""Any table as a workbook to fill in, and back: some columns open, the others locked, with lists to choose from."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from synthesis.evidence.schema import CallError, EvidenceError, Problem, SynthesisError
from synthesis.evidence.tables import Evidence, as_text, codebook_version
from synthesis.office.workbooks import read_workbook

ABOUT = "Instructions"
LONGEST_CELL = 32_767  # what a spreadsheet program keeps of a text
#: Characters with which a spreadsheet program takes a text for a formula, in their wide forms, too.
_FORMULA = tuple("=+-@＝＋－＠|%\t")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LONGEST_LIST = 255  # characters of a drop-down list that is written into its cell
_WIDEST = 44  # characters of a column


@dataclass(frozen=True)
class Imported:
    """What a sheet brought: whose it is, the evidence with it, and remarks for the reader.

    ``n_read`` counts what is filled in (findings, judgements or answers), ``n_changed`` those that differ from what was
    stored. Nothing is written yet: `write_tables` writes ``tables``, the tables that a sheet of this kind may change.
    """

    person: str
    evidence: Evidence
    n_read: int
    n_changed: int
    remarks: list[str]
    changes: tuple[str, ...] = ("codings", "readings")

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables to write."""
        return {name: self.evidence[name] for name in self.changes}


def check_person(evidence: Evidence, who: str, role: str, error: type[SynthesisError] = CallError) -> None:
    """A workbook is filled in by a person: raises `error`, with what to do, for anybody else and for a program's pass.

    `role` is the field's word, such as coder, appraiser or assessor.
    """
    kinds = evidence.coders.set_index("coder_id")["kind"]
    if who in kinds and kinds[who] == "person":
        return
    if who not in kinds:
        said = f"There is no {role} {who!r} in the table coders, which holds {', '.join(kinds.index)}."
    elif kinds[who] == "agreed_set":
        said = f"{who!r} is the settled set, not a person; it comes from settling disagreements."
    else:
        said = f"{who} is a pass of a program; what it gave is a record and is not changed by hand, so there is no workbook of it."
    people = ", ".join(kinds.index[kinds == "person"])
    others = ";".join(kinds.index[kinds != "agreed_set"])
    raise error(
        f"{said} {'People listed: ' + people if people else 'No person is listed there yet'}. Add a row for yourself to "
        "judgements/coders.csv, under a name that does not identify you, for example: "
        f"{role}-3,person,What you do,{others},{codebook_version(evidence)},yes,"
    )


def newest_day(evidence: Evidence) -> dt.datetime:
    """The date written into a file: the same evidence gives the same bytes."""
    newest = evidence.studies["date_read"].max()
    return dt.datetime(2000, 1, 1) if pd.isna(newest) else newest.to_pydatetime()


def height(texts: Mapping[str, int]) -> float:
    """Height in points of a row that shows these texts in columns so many characters wide: not every program finds it."""
    lines = [sum(-(-max(len(line), 1) // max(width - 4, 1)) for line in text.split("\n")) for text, width in texts.items()]  # fmt: skip
    return 15.0 * max([1, *lines])


def same_text(one: str, two: str) -> bool:
    """Whether two texts are one, whatever a spreadsheet program did to spaces, quotation marks and very long cells."""

    def plain(text: str) -> str:
        return re.sub(r"\W+", "", re.sub(r"_x[0-9A-Fa-f]{4}_", "", text[: LONGEST_CELL - 10]))

    return plain(one) == plain(two)


def plain_text(text: str) -> str:
    """A text as it is stored: without control characters, and in quotation marks where it could pass for a formula."""
    text = _CONTROL.sub("", text.replace("\ufffd", "?")).strip()
    return f"“{text}”" if text.startswith(_FORMULA) else text


# ---------------------------------------------------------------- going out


def table_sheet(frame: pd.DataFrame, name: str, about: str, to_fill: Collection[str], lists: Mapping[str, Collection[str]], created: dt.datetime, hidden: Collection[str] = ()) -> bytes:  # fmt: skip
    """Any table as a workbook to fill in: `to_fill` columns are open, the others locked; `lists` offers words for a column.

    `hidden` columns are carried along unseen. Text never becomes a formula or a link. `read_table_sheet` reads it back.
    Raises SynthesisError for an open or hidden text that is longer than a spreadsheet cell.
    """
    import xlsxwriter

    frame = as_text(frame)
    _check_length(frame, [*to_fill, *hidden])
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": name, "comments": about, "created": created})
        sheet = book.add_worksheet(name)
        locked, free = _formats(book)
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 2})
        widths = {column: _width(str(column), frame[column], column in to_fill, lists.get(column, ())) for column in frame}  # fmt: skip
        for at, column in enumerate(frame):
            sheet.write_string(0, at, column, head)
            kind = free if column in to_fill else locked
            sheet.set_column(at, at, widths[column] + 2, kind, {"hidden": column in hidden})
            for row, text in enumerate(frame[column], 1):
                sheet.write_string(row, at, text[:LONGEST_CELL], kind)
            if len(",".join(lists.get(column, ()))) in range(1, _LONGEST_LIST + 1) and len(frame):
                sheet.data_validation(1, at, len(frame), at, {"validate": "list", "source": list(lists[column]), "ignore_blank": True})  # fmt: skip
        shown = [column for column in frame if column not in hidden]
        for row, texts in enumerate(frame[shown].to_dict("records"), 1):
            sheet.set_row(row, min(max(height({text: widths[column]}) for column, text in texts.items()), 400.0))
        _finish(sheet)
        _write_notes(book, about)
    return target.getvalue()


def _check_length(frame: pd.DataFrame, columns: Collection[str]) -> None:
    for column in columns:
        if (frame[column].str.len() > LONGEST_CELL).any():
            raise SynthesisError(f"A text of the column {column} is longer than a spreadsheet cell ({LONGEST_CELL:,} characters); it would be cut.")  # fmt: skip


def _formats(book):
    plain = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
    return book.add_format({**plain, "bg_color": "#F2F2F2"}), book.add_format({**plain, "locked": False, "num_format": "@"})  # fmt: skip


def _width(column: str, texts: pd.Series, is_open: bool, words: Collection[str]) -> int:
    """Width of a column in characters; where reasons are written or words chosen there is room for them."""
    least = max(36 if is_open and column.endswith("reason") else 8, *map(len, words), len(column))
    return max(least, min(max(0, *texts.head(50).str.len()) if len(texts) else 0, _WIDEST))


def _finish(sheet) -> None:
    sheet.freeze_panes(1, 2)  # what a row is about stays in sight
    # No password: the lock keeps from slips, and whoever fills the sheet in may lift it.
    sheet.protect("", {"sort": True, "autofilter": True, "format_columns": True, "format_rows": True})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write_notes(book, about: str) -> None:
    sheet, wrap = book.add_worksheet(ABOUT), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 90, wrap)
    for row, line in enumerate(about.splitlines()):
        sheet.write_string(row, 0, line, wrap)
        sheet.set_row(row, height({line: 90}))
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


# ---------------------------------------------------------------- coming back


def read_table_sheet(path: str | Path, name: str) -> pd.DataFrame | None:
    """The table of a workbook's sheet `name` as text, indexed by spreadsheet row; None where there is no such sheet.

    Blank rows are left in place. Raises EvidenceError with every formula, error value and heading that stands twice,
    SynthesisError for what is no workbook.
    """
    sheets = read_workbook(Path(path))
    if name not in sheets:
        return None
    if not sheets[name]:
        raise SynthesisError(f"The sheet {name} of {path} is empty.")
    (top, headings), *rows = sheets[name]
    columns = [cell.text for cell in headings]
    faults = [problem(name, row, "type", columns[at] if at < len(columns) else "", "", f"the cell {cell.fault}") for row, cells in rows for at, cell in enumerate(cells) if cell.fault]  # fmt: skip
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    faults += [problem(name, top, "column-repeated", column, column, f"the heading {column!r} stands twice; rename or delete one") for column in twice]  # fmt: skip
    if faults:
        raise EvidenceError(faults)
    numbers = pd.RangeIndex(top + 1, max([top, *(row for row, _ in rows)]) + 1, name="row")
    cells_of = dict(rows)
    texts = [[cell.text for cell in cells_of.get(number, [])][: len(columns)] for number in numbers]
    filled = [[*row, *[""] * (len(columns) - len(row))] for row in texts]
    table = pd.DataFrame(filled, index=numbers, columns=columns, dtype="str")
    return table.loc[:, [bool(column) for column in columns]]


def problem(sheet: str, row: int | None, code: str, column: str, value: str, message: str) -> Problem:
    """A problem of a sheet, placed as a spreadsheet program shows it."""
    value = value if len(value) <= 80 else value[:79] + "…"
    return Problem("error", code, f"{sheet.lower()} sheet", row, column, value, message)


def filled_rows(sheet: pd.DataFrame) -> pd.DataFrame:
    """The rows of a sheet that hold anything, as text; the index is the row that a spreadsheet shows (the header is row 1).

    A table made in Python, and not read from a workbook, is numbered as it would stand in one.
    """
    text = as_text(sheet)
    if text.index.name != "row":
        text.index = pd.RangeIndex(2, len(text) + 2, name="row")
    return text[(text != "").any(axis=1)]
