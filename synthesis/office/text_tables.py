"""A sheet saved as a text table: rows and cells whatever the encoding and the mark between cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from synthesis.evidence.schema import CallError, SynthesisError

#: Bytes that a text table of a form may have; a form needs a hundredth.
MOST_BYTES = 5_000_000

TextRows = list[tuple[int, list[str]]]  # spreadsheet row number, its cells; rows without content are left out


def read_text_rows(path: Path, heads: Callable[[list[str]], bool], most_rows: int, what: str) -> TextRows:
    """The filled rows of a CSV file, with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.

    Parameters
    ----------
    heads : whether a row holds the headings looked for; by it the mark between cells is found.
    most_rows : filled rows that such a form may have.
    what : what the file should be, with its article, such as "a feedback sheet".

    Raises CallError for a file that is not there, SynthesisError for one that is no text table or too large.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SynthesisError(f"it has {path.stat().st_size:,} bytes; {what} has a few thousand.")
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise CallError(f"{path} cannot be opened ({error.strerror}).") from error
    if "\0" in text:
        raise SynthesisError("it is no text table; save it as .xlsx, .docx or .csv.")
    rows = _parted(text, heads, most_rows)
    if len(rows) > most_rows:
        raise SynthesisError(f"it has more than {most_rows:,} filled rows; it is no {what.split(maxsplit=1)[1]}.")
    return rows


def _decoded(content: bytes) -> str:
    """Text in the encodings that spreadsheet programs save."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _parted(text: str, heads: Callable[[list[str]], bool], most_rows: int) -> TextRows:
    """Rows and cells, by the mark between cells that finds the headings."""
    best: TextRows = []
    limit = csv.field_size_limit(MOST_BYTES)
    try:
        for delimiter in ",;\t":
            cells = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), most_rows + 1))
            rows = [(n, [tidy_cell(cell) for cell in row]) for n, row in enumerate(cells, 1) if any(map(str.strip, row))]  # fmt: skip
            if any(heads(row) for _, row in rows):
                return rows
            best = best or rows
    except csv.Error as error:
        raise SynthesisError(f"it cannot be read as a text table ({error}).") from error
    finally:
        csv.field_size_limit(limit)
    return best


def tidy_cell(cell: str) -> str:
    """A cell's text with plain line ends and spaces, and none of either at its ends."""
    return cell.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").strip()
