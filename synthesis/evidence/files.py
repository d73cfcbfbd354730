"""CSV files in and out: bytes to text cells with every file fault named, and text written so that nothing is half-done.

A file that was saved the wrong way (another delimiter, another encoding) is reported and then read as it was meant, so
that one such fault hides no other. A column is kept as its distinct texts and, for each row, the position of its text
among them: a table of a million codings has a few thousand distinct texts a column, and every later check looks at those.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from synthesis.evidence.basis import ABSENT, fingerprint
from synthesis.evidence.schema import FAULTS, CallError, Problem, Severity, SynthesisError, Table, evidence_tables

#: Derived tables are written with 12 significant digits: enough for any reader, and the same on every processor.
FLOAT_FORMAT = "%.12g"
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SHOWN = 200  # characters of a value that a problem shows


Distinct = tuple[np.ndarray, np.ndarray]  # distinct texts of a column, and the position of each row's text among them


@dataclass
class RawTable:
    """A table as text: ``cells`` holds each column's distinct texts and codes, ``rows`` each row's spreadsheet number.

    ``readable`` is False where the rows could not be told: what rests on the table cannot be judged then. ``unsure``
    holds rows whose cells may stand under the wrong columns: beyond that, nothing is said of them. ``state`` is the
    fingerprint of the file's bytes.
    """

    table: Table
    cells: dict[str, Distinct]
    rows: np.ndarray
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True
    unsure: set[int] = field(default_factory=set)
    state: str = ABSENT

    def text(self, column: str) -> np.ndarray:
        """The column's texts, one a row."""
        values, codes = self.cells[column]
        return values[codes]

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
        if row in self.unsure:
            return
        self.problems.append(
            Problem(
                severity or FAULTS[code][0],
                code,
                self.table.name,
                None if row is None else int(row),
                column,
                _short(str(value)),
                _one_line(message),
            )
        )

    def report_values(
        self, code: str, column: str, message: Callable[[str], str], bad: np.ndarray, severity: Severity | None = None
    ) -> None:
        """Add a fault for every row whose text is one of the distinct values marked in `bad`."""
        values, codes = self.cells[column]
        for position in np.flatnonzero(bad[codes]):
            value = values[codes[position]]
            self.report(code, message(value), self.rows[position], column, value, severity)


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"


def _one_line(message: str) -> str:
    # A problem is one line of output, whatever the cell holds; unprintable characters would also upset a terminal.
    return "".join(c if c.isprintable() else " " for c in message)


def read_raw(path: Path, table: Table, any_columns: bool = False) -> RawTable:
    """Read one CSV file as text. File and header faults are in the result's ``problems``; nothing is raised for them.

    Where the rows cannot be told at all, the result has none and is not ``readable``. With `any_columns` (a user's own
    file) all columns are kept, and those that the table names may be missing.
    """
    raw = RawTable(table, {}, np.empty(0, dtype=int), readable=False)
    content = _content(path, raw)
    content = None if content is None else _without_mark(content, raw)
    if content is None:
        return raw
    if not content.strip():
        raw.report("file-empty", "the file is empty; restore it from the last good copy")
        return raw
    _take_header(_split(content, raw), raw)
    if raw.readable:
        _drop_blank_rows(raw)
        if not any_columns:
            match_columns(raw)
    if raw.readable and not len(raw.rows) and not table.may_be_empty:
        raw.report(
            "file-empty",
            "the file has a header and no rows; restore it from the last good copy",
            severity="error" if table.required else "warning",
        )
        raw.readable = False
    return raw


def _content(path: Path, raw: RawTable) -> bytes | None:
    """The bytes of the file, or None with the fault reported."""
    content = b""
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        raw.report("file-unreadable", f"{raw.table.file} is a folder; a CSV file of that name belongs here")
        return None
    except OSError as error:
        raw.report("file-unreadable", f"{raw.table.file} cannot be opened ({error.strerror}); make it readable")
        return None
    raw.state = fingerprint(content)
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raw.report(
            "file-format",
            "this is a workbook that was renamed to .csv; open it in a spreadsheet program and save it as 'CSV UTF-8'",
        )
        return None
    return content


def _without_mark(content: bytes, raw: RawTable) -> bytes | None:
    """The content without a byte-order mark; UTF-16 is reported and turned into UTF-8, and what is no text into None."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw.report("encoding", "the file is UTF-16 ('Unicode text'); save it as 'CSV UTF-8'")
        return content.decode("utf-16", "replace").encode("utf-8")
    if content[:4096].count(0) > len(content[:4096]) // 4:
        raw.report("encoding", "the file is not text, or UTF-16 without its mark; save it as 'CSV UTF-8'")
        return None
    if content.startswith(b"\xef\xbb\xbf"):
        raw.report("byte-order-mark", "the file begins with a byte-order mark; it was read all the same")
        content = content[3:]
    return content


def _split(content: bytes, raw: RawTable) -> list[np.ndarray]:
    """Columns of texts, the header first. What is not UTF-8 is reported and read as Windows-1252."""
    try:  # reading decodes each cell, so that the whole need not be decoded first
        return _split_utf8(content, raw)
    except UnicodeDecodeError:
        return _split_utf8(_utf8(content, raw), raw)


def _split_utf8(content: bytes, raw: RawTable) -> list[np.ndarray]:
    delimiter = _delimiter(content, raw.table.columns)
    columns = _split_fast(content, delimiter) or _split_slowly(content.decode("utf-8"), delimiter, raw)
    if delimiter != ",":
        said = f"columns are separated by {_DELIMITERS[delimiter]}; save the file with commas"
        raw.report("delimiter", said, 1, value=delimiter)
    return columns


def _utf8(content: bytes, raw: RawTable) -> bytes:
    """The content as UTF-8, with the first place that is not reported."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        near = content[max(0, error.start - 20) : error.start + 20].decode("cp1252", "replace")
        raw.report(
            "encoding",
            f"not UTF-8 from here on (probably Windows-1252 or Latin-1), near “{near}”; save the file as 'CSV UTF-8'",
            max(1, sum(1 for _ in csv.reader(io.StringIO(before, newline="")))),
        )
        return content.decode("cp1252", "replace").encode("utf-8")
    return content


def _delimiter(content: bytes, expected: Collection[str]) -> str:
    """The delimiter under which the header shows most of the columns expected."""
    start = content[:65536].decode("utf-8", "ignore").lstrip("\r\n \t,;|")
    line = re.split(r"[\r\n]", start, maxsplit=1)[0]
    known = {mark: len({cell.strip(' "') for cell in line.split(mark)} & set(expected)) for mark in _DELIMITERS}
    best = max(known, key=lambda mark: known[mark])
    return best if known[best] > 1 else ","


def _split_fast(content: bytes, delimiter: str) -> list[np.ndarray] | None:
    """Columns of texts, the header first, or None where anything is unusual and must be looked at row by row."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # the first row has more cells than the header
            texts = pd.read_csv(
                io.BytesIO(content),
                sep=delimiter,
                header=None,
                dtype=object,
                na_filter=False,
                skip_blank_lines=False,
                low_memory=False,
                index_col=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError):
        return None
    columns = [texts[name].to_numpy() for name in texts]
    # The parser fills short rows with empty cells without a word, so the delimiters outside quotation marks are counted.
    found = _delimiters_outside_quotes(content, delimiter.encode())
    if found != (len(columns) - 1) * len(texts) or not any(column[0] for column in columns):
        return None
    return columns


def _delimiters_outside_quotes(content: bytes, mark: bytes) -> int:
    """How many delimiters separate cells; -1 where a quotation mark stands inside a cell that is not quoted."""
    if b'"' not in content:
        return content.count(mark)
    letters = np.frombuffer(content, dtype=np.uint8)
    quotes = np.flatnonzero(letters == ord('"'))
    opening, closing = quotes[::2], quotes[1::2]
    if len(opening) != len(closing):
        return -1
    round_about = np.concatenate([opening[opening > 0] - 1, closing[closing + 1 < len(letters)] + 1])
    if not np.isin(letters[round_about], list(mark + b'\r\n"')).all():
        return -1
    return content.count(mark) - b"".join(content.split(b'"')[1::2]).count(mark)


def _split_slowly(text: str, delimiter: str, raw: RawTable) -> list[np.ndarray]:
    """Columns of texts, the header first; every row that is not as wide as the header is reported and made to fit."""
    records = _records(text, delimiter, raw)
    top = next((i for i, cells in enumerate(records) if any(cells)), 0)
    width, beyond = len(records[top]), 0
    for row, cells in enumerate(records, 1):
        if len(cells) > width and not any(cells[width:]):
            beyond += 1
        elif cells and len(cells) != width and row > top + 1:
            _report_width(cells, width, row, raw)
        records[row - 1] = (cells + [""] * width)[:width]
    if beyond:
        said = (
            f"{beyond} row{'s end' if beyond > 1 else ' ends'} in empty cells beyond the header; they were passed over"
        )
        raw.report("row-width", said, severity="warning")
    return [np.array(column, dtype=object) for column in zip(*records, strict=True)]


def _records(text: str, delimiter: str, raw: RawTable) -> list[list[str]]:
    """Rows of cells. A row with a faulty quotation mark is reported; reading goes on at the line below it."""
    lines = list(io.StringIO(text, newline=""))
    records: list[list[str]] = []
    start = 0
    with _any_cell_size():
        while start < len(lines):
            rest = (lines[i] for i in range(start, len(lines)))
            reader, read = csv.reader(rest, delimiter=delimiter, strict=True), 0
            try:
                for cells in reader:
                    records.append(cells)
                    read = reader.line_num
                break
            except csv.Error:
                records.append(next(csv.reader([lines[start + read]], delimiter=delimiter)))
                raw.report(
                    "quote",
                    "a quotation mark is opened and not closed, or text follows a closed one; write a quotation mark inside a cell twice",
                    len(records),
                    value=lines[start + read].strip(),
                )
                raw.unsure.add(len(records))
                start += read + 1
    return records


@contextmanager
def _any_cell_size() -> Iterator[None]:
    # The csv module refuses cells of more than 131,072 characters; the limit is the user's, so it is put back.
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _report_width(cells: list[str], width: int, row: int, raw: RawTable) -> None:
    found = f"{len(cells)} cell{'s' * (len(cells) != 1)} where the header has {width}"
    long = "put quotation marks round text that holds a comma"
    raw.report(
        "row-width",
        f"{found}; {long if len(cells) > width else 'are commas missing?'}",
        row,
        value=",".join(cells),
    )
    raw.unsure.add(row)


def _take_header(columns: list[np.ndarray], raw: RawTable) -> None:
    """Split the header off, pass over columns without a name, and report names that stand twice."""
    top = next((i for i in range(len(columns[0]) if columns else 0) if any(column[i] for column in columns)), None)
    if top is None:
        raw.report("file-empty", "the file holds blank rows alone; restore it from the last good copy")
        return
    for row in range(1, top + 1):
        raw.report("row-blank", "the row above the header is blank and was passed over; delete it", row)
    names = [str(column[top]) for column in columns]
    for position, (name, texts) in enumerate(zip(names, columns, strict=True), 1):
        if not name.strip():
            held = "holds cells but has no name" if any(texts[top + 1 :]) else "is blank"
            raw.report("column-unknown", f"column {position} {held} and was passed over; name or delete it", top + 1)
        elif name not in raw.cells:
            raw.cells[name] = distinct(texts[top + 1 :])
    for name in sorted({n for n in names if n.strip() and names.count(n) > 1}):
        said = f"the column name {name!r} stands {names.count(name)} times (the first was read); rename or delete the others"
        raw.report("column-repeated", said, top + 1, name, name)
    raw.rows = np.arange(top + 2, len(columns[0]) + 1)
    raw.readable = True


def distinct(texts: np.ndarray) -> Distinct:
    """A column's distinct texts, in order of appearance, and the position of each row's text among them."""
    # Not dtype="category" while parsing: that turns “36.0” into a number, and the printed digits are evidence.
    # The parser makes one object of equal texts, so objects are counted first, by address, and only those by text.
    by_object, addresses = pd.factorize(np.frombuffer(texts.tobytes(), dtype=np.uintp))
    first = np.empty(len(addresses), dtype=np.intp)
    first[by_object[::-1]] = np.arange(len(texts))[::-1]
    codes, values = pd.factorize(texts[first])
    return values, codes[by_object]


def _drop_blank_rows(raw: RawTable) -> None:
    blank = np.ones(len(raw.rows), dtype=bool)
    for values, codes in raw.cells.values():
        blank &= (values == "")[codes]
        if not blank.any():
            return
    for row in raw.rows[blank]:
        raw.report("row-blank", "the row is blank and was passed over; delete it", row)
    raw.cells = {name: (values, codes[~blank]) for name, (values, codes) in raw.cells.items()}
    raw.rows = raw.rows[~blank]


def match_columns(raw: RawTable) -> None:
    """Report columns that are missing, misspelt or unknown; keep the known ones, in the schema's order.

    A misspelt column is judged under the name that is meant. A header without the table's columns is one fault.
    """
    found, expected = list(raw.cells), list(raw.table.columns)
    meant = _meant_columns(found, expected)
    if 4 * (len(set(found) & set(expected)) + len(meant)) < len(expected):
        _report_header(found, raw)
        return
    for name in (c for c in found if c not in expected):
        if name in meant:
            said = f"the column {name!r} is not in the schema; did you mean {meant[name]!r}? Rename it"
            raw.report("column-misspelt", said, 1, meant[name], name)
        else:
            raw.report("column-unknown", f"the column {name!r} is not in the schema and was passed over", 1, name, name)
    held = {meant.get(name, name): column for name, column in raw.cells.items()}
    for name in (c for c in expected if c not in held):
        column = raw.table.columns[name]
        empty = "no cell of it may be empty" if column.required else f"an empty cell means: {column.empty}"
        said = f"the column {name!r} is not there; add it ({empty})"
        raw.report("column-missing", said, 1, name)
    raw.cells = {name: held[name] for name in expected if name in held}


def _meant_columns(found: list[str], expected: list[str]) -> dict[str, str]:
    """Names that are not in the schema -> the missing column that each looks like."""
    missing, meant = [c for c in expected if c not in found], {}
    for name in (c for c in found if c not in expected):
        tidy = re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")
        near = difflib.get_close_matches(tidy, missing, n=1, cutoff=0.75)
        if near:
            missing.remove(near[0])
            meant[name] = near[0]
    return meant


def _report_header(found: list[str], raw: RawTable) -> None:
    other = next(
        (t.name for t in evidence_tables().values() if t is not raw.table and set(t.columns) <= set(found)), ""
    )
    hint = f"these are the columns of the table {other}; was it saved under the wrong name?" if other else ""
    if found and found[0].startswith(f"{raw.table.name}: one row is"):
        hint = "this is a workbook of the build folder saved as CSV; delete the three rows above the header"
    said = hint or f"put the header back: {', '.join(list(raw.table.columns)[:4])}, ..."
    # What was said of single columns follows from this one fault.
    raw.problems = [p for p in raw.problems if not p.code.startswith("column-")]
    raw.report("header", f"the first row is not the header of this table; {said}", 1, value=",".join(found))
    raw.readable = False
    raw.cells, raw.rows = {}, np.empty(0, dtype=int)


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The table as CSV: UTF-8, commas, LF, empty where nothing is known, numbers with at most 12 significant digits."""
    return frame.to_csv(index=False, lineterminator="\n", float_format=FLOAT_FORMAT, date_format="%Y-%m-%d").encode(
        "utf-8"
    )


def free_path(path: Path, suffix: str, what: str, force: bool) -> Path:
    """The path, where a file may be written without losing or making anything that was not asked for.

    Raises CallError for another suffix, a folder that is not there, and a file that is there already (unless `force`).
    """
    if path.suffix.lower() != suffix:
        raise CallError(f"{path} is no name for {what}: end it in {suffix}.")
    if not path.parent.is_dir():
        raise CallError(f"The folder {path.parent} is not there; make it first, or write somewhere else.")
    if path.is_dir() or (path.exists() and not force):
        filled = ", perhaps filled in" if suffix == ".xlsx" else ""
        raise CallError(f"{path} is there already{filled}; name another file, or replace it with --force.")
    return path


def write_bytes(content: bytes, path: Path) -> Path:
    """Write a file whole or not at all: to a temporary file beside it, then in its place."""
    try:
        with replacing(path) as handle:
            handle.write(content)
    except OSError as error:
        raise SynthesisError(f"{path} could not be written ({error.strerror}); the old file is untouched.") from error
    return path


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the place of `path` when the block ends well, and vanishes when it does not."""
    path = path.resolve()  # a link stays a link: the file it leads to is replaced
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
