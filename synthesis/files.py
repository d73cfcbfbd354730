"""CSV files in and out: bytes to text cells with every file fault named, and text written so that nothing is half-done.

Cells are kept as pandas categories of text. A table of a million codings then has a few thousand distinct values a
column, and every later check looks at distinct values instead of cells.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from synthesis.schema import FAULTS, Problem, Severity, Table

#: Derived tables are written with 12 significant digits: enough for any reader, and the same on every processor.
FLOAT_FORMAT = "%.12g"
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass
class RawTable:
    """A table as text: ``cells`` holds categories, ``rows`` the spreadsheet row number of each line of ``cells``.

    ``columns_ok`` is False where a column of the schema is not there, so that later checks know what they cannot judge.
    """

    table: Table
    cells: pd.DataFrame
    rows: np.ndarray
    problems: list[Problem] = field(default_factory=list)

    def distinct(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Distinct texts of a column, and for each row the position of its text among them."""
        values = self.cells[column].array
        return np.asarray(values.categories, dtype=object), values.codes

    def text(self, column: str) -> np.ndarray:
        """The column's texts, one a row."""
        values, codes = self.distinct(column)
        return values[codes] if len(values) else np.empty(len(codes), dtype=object)

    def report(
        self,
        code: str,
        message: str,
        row: int | None = None,
        column: str = "",
        value: object = "",
        severity: Severity | None = None,
    ) -> None:
        """Add a fault. `row` is a spreadsheet row; the severity is the fault's usual one unless given."""
        self.problems.append(
            Problem(
                severity or FAULTS[code][0],
                code,
                self.table.name,
                None if row is None else int(row),
                column,
                str(value),
                message,
            )
        )

    def report_values(
        self, code: str, column: str, message: Callable[[str], str], bad: np.ndarray, severity: Severity | None = None
    ) -> None:
        """Add a fault for every row whose text is one of the distinct values marked in `bad`."""
        values, codes = self.distinct(column)
        for position in np.flatnonzero(bad[codes]):
            value = values[codes[position]]
            self.report(code, message(value), self.rows[position], column, value, severity)


def read_raw(path: Path, table: Table) -> RawTable:
    """Read one CSV file as text. File and header faults are in the result's ``problems``; nothing is raised for them.

    Where the file cannot be read at all the result has no rows and lacks the columns that could not be read.
    """
    raw = RawTable(table, pd.DataFrame(), np.empty(0, dtype=int))
    content = _decode(path.read_bytes(), raw)
    if content is None:
        return raw
    header = _header(content, raw)
    if header is None:
        return raw
    cells = _parse(content, header, raw)
    if cells is None:
        return raw
    raw.cells = cells
    raw.rows = np.arange(len(cells)) + 2
    _drop_blank_rows(raw)
    match_columns(raw)
    if not len(raw.cells) and not table.may_be_empty:
        raw.report("file-empty", "the file has a header and no rows; restore it from the last good copy")
    return raw


def _decode(content: bytes, raw: RawTable) -> bytes | None:
    """The content as UTF-8 bytes without a byte-order mark, or None with the fault reported."""
    if not content.strip():
        raw.report("file-empty", "the file is empty; restore it from the last good copy")
    elif content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raw.report(
            "file-format",
            "this is a workbook that was renamed to .csv; open it in a spreadsheet program and save it as 'CSV UTF-8'",
        )
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4096]:
        raw.report("encoding", "the file is UTF-16 ('Unicode text'); save it as 'CSV UTF-8'")
    else:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            row = content.count(b"\n", 0, error.start) + 1
            near = content[max(0, error.start - 20) : error.start + 20].decode("cp1252", "replace").replace("\n", " ")
            raw.report(
                "encoding",
                f"not UTF-8 from here on (probably Latin-1 or Windows-1252), near “{near}”; save the file as 'CSV UTF-8'",
                row,
            )
            return None
        if content.startswith(b"\xef\xbb\xbf"):
            raw.report("byte-order-mark", "the file begins with a byte-order mark; it was read all the same")
            content = content[3:]
        return content
    return None


def _header(content: bytes, raw: RawTable) -> list[str] | None:
    first = content.lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8").rstrip("\r")
    expected = set(raw.table.columns)
    for delimiter, name in _DELIMITERS.items():
        if len(expected & {cell.strip().strip('"') for cell in first.split(delimiter)}) > max(
            1, len(expected & set(first.split(",")))
        ):
            raw.report("delimiter", f"columns are separated by {name}; save the file with commas", 1, value=delimiter)
            return None
    header = next(csv.reader([first]), [])
    for name in sorted({h for h in header if header.count(h) > 1}):
        raw.report(
            "column-repeated",
            f"the column name {name!r} stands {header.count(name)} times; rename or delete the others",
            1,
            name,
            name,
        )
    return None if len(set(header)) < len(header) else header


def _parse(content: bytes, header: list[str], raw: RawTable) -> pd.DataFrame | None:
    """Cells as categories of text, blank lines kept so that row numbers stay those of a spreadsheet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)  # too many cells: found and reported below
            texts = pd.read_csv(
                io.BytesIO(content),
                dtype=object,
                na_filter=False,
                skip_blank_lines=False,
                low_memory=False,
                index_col=False,
            )
        cells = pd.DataFrame({name: _distinct(texts[name].to_numpy()) for name in texts})
    except pd.errors.ParserError:
        cells = None
    # The parser fills short rows with empty cells without a word, so the commas outside quotation marks are counted.
    commas = sum(part.count(b",") for part in content.split(b'"')[::2])
    if cells is not None and commas == (len(header) - 1) * (len(cells) + 1):
        return cells
    return cells if _row_widths(content, len(header), raw) and cells is not None else None


def _distinct(texts: np.ndarray) -> pd.Categorical:
    # Not dtype="category" while parsing: that turns “36.0” into a number, and the printed digits are evidence.
    codes, values = pd.factorize(texts)
    return pd.Categorical.from_codes(codes, values)


def _row_widths(content: bytes, width: int, raw: RawTable) -> bool:
    """Report every row that is not `width` cells wide; True where there is none."""
    before, row = len(raw.problems), 1
    try:
        for row, cells in enumerate(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True), 1):
            if cells and len(cells) != width:
                found = f"{len(cells)} cell{'s' * (len(cells) != 1)} where the header has {width}"
                hint = (
                    "; put quotation marks round text that holds a comma"
                    if len(cells) > width
                    else "; are commas missing at the end?"
                )
                raw.report("row-width", found + hint, row, value=",".join(cells)[:60])
    except csv.Error as error:
        raw.report(
            "quote", f"a quotation mark is opened and not closed, or text follows a closed one ({error})", row + 1
        )
    return len(raw.problems) == before


def _drop_blank_rows(raw: RawTable) -> None:
    blank = np.ones(len(raw.cells), dtype=bool)
    for column in raw.cells:
        values, codes = raw.distinct(str(column))
        blank &= (values == "")[codes] if len(values) else True
        if not blank.any():
            return
    for row in raw.rows[blank]:
        raw.report("row-blank", "the row is blank and was passed over", row)
    raw.cells, raw.rows = raw.cells.loc[~blank].reset_index(drop=True), raw.rows[~blank]


def match_columns(raw: RawTable) -> None:
    """Report columns that are missing, misspelt or unknown; keep the known ones, in the schema's order."""
    found, expected = list(map(str, raw.cells.columns)), list(raw.table.columns)
    missing, unknown = [c for c in expected if c not in found], [c for c in found if c not in expected]
    for name in unknown:
        tidy = re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")
        near = difflib.get_close_matches(tidy, missing, n=1, cutoff=0.75)
        if near:
            missing.remove(near[0])
            raw.report(
                "column-misspelt",
                f"the column {name!r} is not in the schema; did you mean {near[0]!r}? Rename it",
                1,
                near[0],
                name,
            )
        else:
            raw.report("column-unknown", f"the column {name!r} is not in the schema and was passed over", 1, name, name)
    for name in missing:
        raw.report(
            "column-missing",
            f"the column {name!r} is not there; add it (an empty cell means: {raw.table.columns[name].empty})",
            1,
            name,
        )
    raw.cells = raw.cells[[c for c in expected if c in found]]


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The table as CSV: UTF-8, commas, LF, empty where nothing is known, numbers with at most 12 significant digits."""
    return frame.to_csv(index=False, lineterminator="\n", float_format=FLOAT_FORMAT, date_format="%Y-%m-%d").encode(
        "utf-8"
    )


def write_bytes(content: bytes, path: Path) -> Path:
    """Write a file whole or not at all: to a temporary file beside it, then in its place."""
    with replacing(path) as handle:
        handle.write(content)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the place of `path` when the block ends well, and vanishes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as handle:
            yield handle
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
