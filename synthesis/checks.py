"""Checks that need the schema alone: cells, keys and links. They look at distinct values and name every row at fault."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from synthesis.files import RawTable
from synthesis.schema import NONE_WORD, Column

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)"
_MANGLED = re.compile(
    rf"\d{{1,2}}[-/ ]{_MONTH}(?:[-/ ]\d{{2,4}})?|{_MONTH}[-/ ]\d{{1,4}}|\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|\d(?:[.,]\d+)?E[+-]?\d+"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?",
    re.IGNORECASE,
)
_WRITTEN = {  # type -> (pattern, what is allowed)
    "integer": (re.compile(r"[+-]?\d+"), "a whole number in digits alone, such as 1250"),
    "number": (re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"), "a number with a decimal point and no sign for percent or thousands, such as 12.5"),
    "year": (re.compile(r"(1[89]|20)\d\d"), "a year of four digits, such as 2023"),
    "yes_no": (re.compile(r"yes|no"), "yes or no"),
    "url": (re.compile(r"https?://[^\s]+"), "an address that begins with http:// or https://"),
    "doi": (re.compile(r"10\.\d{4,9}/\S+"), "a bare doi, such as 10.1155/2023/6953134"),
    "date": (re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"), "a date as YYYY-MM-DD"),
}  # fmt: skip
_PLAIN_ID = re.compile(r"[!-:<-~]+")  # printable ASCII without the semicolon: nearly every identifier
_SHOWN_WORDS = 14
_SUGGEST_FROM = 5_000
_SUGGEST_FOR = 50


def check_cells(raw: RawTable) -> pd.DataFrame:
    """Check every cell against its column and return the table typed, with unreadable cells left empty.

    Dtypes: ``str`` for text, ids, words and lists; ``Int64`` for integers and years; ``float64`` for numbers;
    ``boolean`` for yes and no; ``datetime64`` for dates. Faults go into ``raw.problems``.
    """
    typed = {}
    for name, column in raw.table.columns.items():
        if name in raw.cells:
            values, codes = raw.distinct(name)
            typed[name] = _typed(_check_values(raw, column, values), column, codes)
        else:
            typed[name] = _typed(np.array([""], dtype=object), column, np.zeros(len(raw.cells), dtype=np.intp))
    return pd.DataFrame(typed)


def _check_values(raw: RawTable, column: Column, values: np.ndarray) -> np.ndarray:
    """Report faults of a column's distinct values; return them stripped, with the unusable ones emptied."""
    if column.required:
        raw.report_values("required", column.name, lambda _: "the cell is empty and must be filled in", values == "")
    clean = np.array([value.strip() for value in values], dtype=object)
    spaced = clean != values
    if spaced.any():
        raw.report_values(
            "spaces",
            column.name,
            lambda v: f"“{v}” begins or ends with a space; delete it",
            spaced,
            "warning" if column.type == "text" else None,
        )
    bad = np.zeros(len(values), dtype=bool)
    for code, fault in _faults(column):
        messages = {
            value: message
            for value, stripped in zip(values, clean, strict=True)
            if stripped and (message := fault(stripped))
        }
        found = np.array([value in messages for value in values], dtype=bool) & ~bad
        if found.any():
            raw.report_values(code, column.name, messages.__getitem__, found)
            bad |= found
    clean[bad] = ""
    return clean


def _faults(column: Column) -> list[tuple[str, Callable[[str], str | None]]]:
    """Fault code and test for each rule of the column; a test returns the message, or None for a good value."""
    tests: list[tuple[str, Callable[[str], str | None]]] = []
    if column.type not in {"date", "number"}:
        tests.append(("date-mangled", _mangled))
    if column.type in _WRITTEN:
        tests.append(("type", lambda value: _wrongly_written(value, column)))
    if column.minimum is not None or column.maximum is not None:
        tests.append(("range", lambda value: _out_of_range(value, column)))
    if column.type in {"id", "ids"}:
        tests.append(("identifier", lambda value: _bad_identifier(value, column)))
    if column.allowed:
        tests.append(("vocabulary", lambda value: _unknown_word(value, column)))
    return tests


def _mangled(value: str) -> str | None:
    if len(value) > 20 or not _MANGLED.fullmatch(value):
        return None
    return f"“{value}” looks like a value that a spreadsheet program turned into a date or a power of ten; restore it and format the column as text"


def _wrongly_written(value: str, column: Column) -> str | None:
    pattern, allowed = _WRITTEN[column.type]
    return None if pattern.fullmatch(value) else f"“{value[:60]}” is not {allowed}"


def _out_of_range(value: str, column: Column) -> str | None:
    low, high = column.minimum, column.maximum
    number = float(value)
    if (low is None or number >= low) and (high is None or number <= high):
        return None
    return f"{value} lies outside the possible range ({'' if low is None else f'{low:g} or more'}{'' if high is None else f', at most {high:g}'})"


def _bad_identifier(value: str, column: Column) -> str | None:
    if _PLAIN_ID.fullmatch(value):
        return None
    for part in value.split(";") if column.is_list else [value]:
        odd = [c for c in part if c.isspace() or c == ";" or unicodedata.category(c) in {"Cf", "Cc"}]
        if odd or not part:
            what = "an empty part" if not part else f"{unicodedata.name(odd[0], 'a control character').lower()}"
            rule = (
                "separate several by ; without spaces"
                if column.is_list
                else "an identifier has no spaces, no semicolons and no invisible characters"
            )
            return f"“{value[:60]}” holds {what}; {rule}"
    return None


def _unknown_word(value: str, column: Column) -> str | None:
    words = column.vocabulary
    for part in value.split(";") if column.is_list else [value]:
        if part not in words:
            near = difflib.get_close_matches(
                part.strip().lower().replace(" ", "_"), [w.lower() for w in words], n=1, cutoff=0.5
            )
            meant = next((w for w in words if near and w.lower() == near[0]), None)
            allowed = (
                ", ".join(words)
                if len(words) <= _SHOWN_WORDS
                else f"the {len(words)} words of the vocabulary {column.allowed} (data/README.md)"
            )
            return f"“{part}” is not allowed{f'; did you mean “{meant}”?' if meant else ''} Allowed: {allowed}"
    return None


def _typed(values: np.ndarray, column: Column, codes: np.ndarray) -> pd.api.extensions.ExtensionArray | np.ndarray:
    """Distinct texts made into the column's dtype and spread over the rows."""
    if column.type in {"integer", "year"}:
        return pd.array([int(v) if v else None for v in values], dtype="Int64").take(codes)
    if column.type == "number":
        return np.array([float(v) if v else np.nan for v in values], dtype=float).take(codes)
    if column.type == "yes_no":
        return pd.array([v == "yes" if v else None for v in values], dtype="boolean").take(codes)
    if column.type == "date":
        return pd.to_datetime(
            pd.Series([value or None for value in values]), format="%Y-%m-%d", errors="coerce"
        ).array.take(codes)
    return pd.array([value or None for value in values], dtype="str").take(codes)


def check_key(raw: RawTable) -> None:
    """Report rows whose key stands before, and identifiers that a reader would take for the same."""
    key = raw.table.key
    if not set(key) <= set(raw.cells.columns) or not len(raw.cells):
        return
    combined = np.zeros(len(raw.cells), dtype=np.int64)
    for column in key:
        values, codes = raw.distinct(column)
        combined = combined * (len(values) + 1) + codes
    first = pd.Series(raw.rows).groupby(combined).transform("first").to_numpy() if _repeats(combined) else raw.rows
    for position in np.flatnonzero(first != raw.rows):
        value = "/".join(raw.text(column)[position] for column in key)
        raw.report(
            "key-repeated", f"“{value}” stands in row {first[position]} already", raw.rows[position], key[-1], value
        )
    if len(key) == 1:
        _check_lookalikes(raw, key[0])


def _repeats(combined: np.ndarray) -> bool:
    return bool(pd.Series(combined).duplicated().any())


def plain(value: str) -> str:
    """An identifier without what the eye passes over: case, kinds of hyphen and space, invisible characters."""
    if value.isascii():
        return value.lower().replace(" ", "")
    kept = (c for c in unicodedata.normalize("NFKC", value) if unicodedata.category(c) != "Cf" and not c.isspace())
    return "".join("-" if unicodedata.category(c) == "Pd" else c for c in kept).casefold()


def _check_lookalikes(raw: RawTable, column: str) -> None:
    values, _ = raw.distinct(column)
    seen: dict[str, str] = {}
    twins = {value: seen.setdefault(plain(value), value) for value in values if value}
    bad = np.array([bool(value) and twins[value] != value for value in values], dtype=bool)
    if bad.any():
        raw.report_values(
            "key-lookalike", column, lambda v: f"“{v}” looks like “{twins[v]}”, which stands in this table too", bad
        )


def check_links(tables: Mapping[str, RawTable]) -> None:
    """Report values that point to a row that is not there. Links into a table that could not be read are not judged."""
    for raw in tables.values():
        for column in raw.table.columns.values():
            if column.links and column.name in raw.cells:
                target, key = column.links.split(".")
                if target in tables and key in tables[target].cells:
                    _check_link(raw, column, target, tables[target].distinct(key)[0])


def _check_link(raw: RawTable, column: Column, target: str, there: np.ndarray) -> None:
    values, _ = raw.distinct(column.name)
    known = set(there) | {""} | ({NONE_WORD} if column.none else set())
    broken = {value: parts for value in values if (parts := _absent(value.strip(), known, column.is_list))}
    if not broken:
        return
    code = "coder-unknown" if (raw.table.name, target) == ("codings", "coders") else "link-broken"
    twins = {plain(value): value for value in there} if len(broken) <= _SUGGEST_FOR else {}

    def message(value: str) -> str:
        return f"{', '.join(f'“{part}”' + _meant(part, twins) for part in broken[value])} is not in the table {target}"

    raw.report_values(code, column.name, message, np.array([value in broken for value in values], dtype=bool))


def _absent(value: str, known: set[str], is_list: bool) -> list[str]:
    return [part for part in (value.split(";") if is_list else [value]) if part not in known]


def _meant(value: str, twins: Mapping[str, str]) -> str:
    near = twins.get(plain(value))
    if near is None and len(twins) <= _SUGGEST_FROM:
        close = difflib.get_close_matches(plain(value), twins, n=1, cutoff=0.8)
        near = twins[close[0]] if close else None
    return f" (did you mean “{near}”?)" if near else ""
