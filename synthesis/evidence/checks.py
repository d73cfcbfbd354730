"""Checks that need the schema alone: cells, keys and links. They look at distinct values and name every row at fault."""

from __future__ import annotations

import datetime
import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from synthesis.evidence.files import RawTable
from synthesis.evidence.identifiers import MOST_LETTERS, wrong_with
from synthesis.evidence.schema import NONE_WORD, Column, Severity

Test = Callable[[str], str | None]  # a cell's text -> what is wrong with it

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)"
_MANGLED = re.compile(  # what a spreadsheet program alone writes: 15-Oct, Mar-98, 1.23E+15, 2019-03-01 00:00:00
    rf"\d{{1,2}}-{_MONTH}(-\d{{2,4}})?|{_MONTH}-\d{{2,4}}|\d([.,]\d+)?E[+-]?\d+|\d{{4}}-\d\d-\d\d \d\d:\d\d(:\d\d)?",
    re.IGNORECASE | re.ASCII,
)
_DATE = re.compile(r"\d{1,2}([/.])\d{1,2}\1(\d\d|\d{4})|\d{4}([-/])\d\d?\3\d\d?", re.ASCII)
_WRITTEN = {  # type -> (pattern, what is allowed)
    "integer": (re.compile(r"[+-]?[0-9]{1,18}"), "a whole number in digits alone, such as 1250"),
    "number": (re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"), "a number with a decimal point and no sign for percent or thousands, such as 12.5"),
    "year": (re.compile(r"(1[89]|20)[0-9]{2}"), "a year of four digits, such as 2023"),
    "yes_no": (re.compile(r"yes|no"), "yes or no"),
    "url": (re.compile(r"https?://\S+"), "an address that begins with http:// or https://"),
    "doi": (re.compile(r"10\.[0-9]{4,9}/\S+"), "a bare doi, such as 10.1155/2023/6953134"),
    "date": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date as YYYY-MM-DD, such as 2026-11-21"),
}  # fmt: skip
_YES_NO = {"true": "yes", "y": "yes", "1": "yes", "yes": "yes", "false": "no", "n": "no", "0": "no", "no": "no"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
# “é” and “–” as they look when UTF-8 is read as Windows-1252 and saved again: “Ã©”, “â€“”.
_TWICE_ENCODED = re.compile(r"[\u00c2-\u00f4][\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]{1,3}")
# An identifier that needs no second look: not long, no dot, and nothing that could be a date or a device.
_SURE_ID = rf"(?!{_MONTH}-|con|prn|aux|nul|com[0-9]|lpt[0-9])[A-Za-z][A-Za-z0-9_-]{{0,{MOST_LETTERS - 1}}}"
# Nearly all cells pass one of these at once; only the others meet the rules one by one.
_SURE = {
    "id": re.compile(_SURE_ID, re.IGNORECASE | re.ASCII).fullmatch,
    "ids": re.compile(_SURE_ID, re.IGNORECASE | re.ASCII).fullmatch,
    "url": _WRITTEN["url"][0].fullmatch,
    "doi": _WRITTEN["doi"][0].fullmatch,
}
#: What makes some of many identifiers, joined by line breaks, worth a look.
_ODD_ID = re.compile(rf"^(?!{_SURE_ID}$|$)", re.IGNORECASE | re.MULTILINE | re.ASCII)
#: Names in use for countries beside those of ISO 3166-1.
_OTHER_NAMES = {"uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US", "el": "GR"}
#: Types of identifiers, and what stands between the parts of one cell.
_ID_TYPES = {"id": "", "ids": ";", "key": "/"}
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
            values, codes = raw.cells[name]
            typed[name] = _typed(_check_values(raw, column, values), column, codes)
        else:
            typed[name] = _typed(np.array([""], dtype=object), column, np.zeros(len(raw.rows), dtype=np.intp))
    return pd.DataFrame(typed)


def _check_values(raw: RawTable, column: Column, values: np.ndarray) -> np.ndarray:
    """Report faults of a column's distinct values; return them stripped, with the unusable ones emptied."""
    clean = np.array([value.strip() for value in values], dtype=object)
    spaced = clean != values
    if "\r" in "".join(values):
        clean = np.array([tidy(value) for value in values], dtype=object)
    if column.required:
        words = f" with {_allowed(column)}" if column.allowed else ""
        message = f"the cell is empty and must be filled in{words}"
        raw.report_values("required", column.name, lambda _: message, clean == "")
    if spaced.any():
        severity: Severity | None = "warning" if column.type == "text" else None
        raw.report_values(
            "spaces", column.name, _spaced, spaced & ((clean != "") | ~np.bool_(column.required)), severity
        )
    suspects = _suspects(column, clean)
    if column.is_list:
        suspects = sorted({*suspects, *(i for i, text in enumerate(clean) if ";" in text and _part_twice(text))})
    for code, fault, severity in _faults(column) if suspects else ():
        messages = {values[i]: said for i in suspects if clean[i] and (said := fault(clean[i]))}
        if messages:
            found = np.array([value in messages for value in values], dtype=bool)
            raw.report_values(code, column.name, messages.__getitem__, found, severity)
            clean[found & (severity != "warning")] = ""
    return clean


def _suspects(column: Column, clean: np.ndarray) -> list[int]:
    """Positions of the texts that are not plainly good."""
    if column.type == "text":  # no longer text can be a date, and printable ASCII is not garbled
        together = "".join(clean)
        if together.isascii() and together.isprintable():
            return [i for i, text in enumerate(clean) if 0 < len(text) <= 20]
        return [i for i, t in enumerate(clean) if t and not (len(t) > 20 and t.isascii() and t.isprintable())]
    if column.type in _ID_TYPES:
        together = "\n".join(clean)
        if together.count("\n") < len(clean) and not _ODD_ID.search(together):
            return []
    sure = _SURE.get(column.type)
    return [i for i, text in enumerate(clean) if text and not (sure and sure(text))]


def tidy(value: str) -> str:
    """A cell as it is read: without spaces round it, and with one kind of line break inside."""
    value = value.strip()
    return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value


def _spaced(value: str) -> str:
    return (
        f"“{_cut(value)}” begins or ends with a space; delete it"
        if value.strip()
        else "the cell holds a space alone; empty it"
    )


def _cut(value: str) -> str:
    return value if len(value) <= 60 else value[:59] + "…"


def _faults(column: Column) -> list[tuple[str, Test, Severity | None]]:
    """Fault code, test and severity (None: the usual) of each rule; a test returns the message, None for a good value."""
    if column.type == "text":
        # A date may be the source's own words, so in free text it is only pointed out.
        return [
            ("date-mangled", _mangled, None),
            ("date-mangled", _date_in_text, "warning"),
            ("garbled", _garbled, None),
        ]
    tests: list[tuple[str, Test, Severity | None]] = []
    if column.type not in {"date", "number"}:
        tests.append(("date-mangled", _mangled, None))
    if column.type in {*_ID_TYPES, "word", "words"}:
        tests.append(("date-mangled", _date_for_name, None))
    if column.type in _WRITTEN:
        tests.append(("type", lambda value: _wrongly_written(value, column), None))
    if column.minimum is not None or column.maximum is not None:
        tests.append(("range", lambda value: _out_of_range(value, column), None))
    if column.is_list:
        tests.append(("part-repeated", _part_twice, None))
    if column.type in _ID_TYPES:
        tests.append(("identifier", lambda value: _bad_identifier(value, column), None))
    if column.allowed:
        tests.append(("vocabulary", lambda value: _unknown_word(value, column), None))
    return tests


def _mangled(value: str) -> str | None:
    return _looks_mangled(value) if len(value) <= 20 and _MANGLED.fullmatch(value) else None


def _date_for_name(value: str) -> str | None:
    return _looks_mangled(value) if len(value) <= 10 and _DATE.fullmatch(value) else None


def _date_in_text(value: str) -> str | None:
    return None if "-" in value else _date_for_name(value)


def _looks_mangled(value: str) -> str:
    return f"“{value}” looks like a value that a spreadsheet program turned into a date or a power of ten; restore it and format the column as text"


def _garbled(value: str) -> str | None:
    """Letters that were lost or taken for others when the file was opened or saved under the wrong encoding."""
    if value.isascii() and value.isprintable():
        return None
    if found := _CONTROL.search(value):
        name = "the mark for a lost letter" if found[0] == "\ufffd" else "a control character"
        return f"“{_cut(value)}” holds {name}; type the text anew"
    for found in _TWICE_ENCODED.finditer(value):
        try:
            meant = found[0].encode("cp1252").decode("utf-8")
        except UnicodeError:
            continue
        if meant[0] > "\u024f" and not "\u2000" <= meant[0] <= "\u20cf":
            continue  # no European letter and no punctuation: the two characters may well be meant as they stand
        return f"“{found[0]}” stands where “{meant}” is meant: the file was opened as Windows-1252; open a good copy as UTF-8"
    return None


def _wrongly_written(value: str, column: Column) -> str | None:
    pattern, allowed = _WRITTEN[column.type]
    if pattern.fullmatch(value) and _is_possible(value, column.type):
        return None
    meant = _as_meant(value, column.type)
    hint = f"; write {meant}" if meant and pattern.fullmatch(meant) and _is_possible(meant, column.type) else ""
    return f"“{_cut(value)}” is not {allowed}{hint}"


def _is_possible(value: str, kind: str) -> bool:
    if kind == "number":
        return math.isfinite(float(value))
    if kind == "date":
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return False
    return True


def _as_meant(value: str, kind: str) -> str:
    """How a value of another country's or program's habit is written here; empty where that is not plain."""
    if kind == "yes_no":
        return _YES_NO.get(value.lower(), "")
    if kind == "doi":
        return re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", value, flags=re.IGNORECASE)
    if kind == "url":
        return "https://" + value if re.match(r"www\.\S+", value) else ""
    if kind == "date":
        return _iso_date(value)
    number = re.sub(r"[\s%]", "", value)
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", number):
        number = number.replace(",", "")
    elif kind == "number":
        number = number.replace(",", ".")
    return number if kind == "number" else re.sub(r"\.0+$", "", number)


def _iso_date(value: str) -> str:
    value = re.sub(r"[ T]00:00(:00)?$", "", value)
    if found := re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", value):
        day, month, year = map(int, found.groups())
        # 03/04/2026 is two days, by country; nothing is suggested for it.
        return f"{year}-{month:02}-{day:02}" if day > 12 else f"{year}-{day:02}-{month:02}" if month > 12 else ""
    return value.replace("/", "-")


def _out_of_range(value: str, column: Column) -> str | None:
    low, high = column.minimum, column.maximum
    number = float(value)
    if (low is None or number >= low) and (high is None or number <= high):
        return None
    limits = [f"{low:g} or more" if low is not None else "", f"at most {high:g}" if high is not None else ""]
    return f"{_cut(value)} lies outside the possible range ({', '.join(filter(None, limits))})"


def _bad_identifier(value: str, column: Column) -> str | None:
    between = _ID_TYPES[column.type]
    for part in value.split(between) if between else [value]:
        if not part:
            return f"“{_cut(value)}” holds an empty part; put one {between} between two, without spaces"
        if wrong := wrong_with(part):
            return f"“{_cut(part)}” {wrong}" + (f"; several are separated by {between}" if between else "")
    return None


def _part_twice(value: str) -> str | None:
    parts = value.split(";")
    if len(set(parts)) == len(parts):
        return None
    twice = next((part for at, part in enumerate(parts) if part and part in parts[:at]), "")
    return f"“{_cut(twice)}” stands twice in the cell; delete one" if twice else None


def _unknown_word(value: str, column: Column) -> str | None:
    words = column.vocabulary
    parts = value.split(";") if column.is_list else [value]
    unknown = next((part for part in parts if part not in words), None)
    if unknown is None:
        return None
    meant = _meant_word(unknown, words)
    said = f"; did you mean “{meant}”?" if meant else "."
    several = " (several are separated by ; without spaces)" if column.is_list and unknown != unknown.strip() else ""
    return f"“{_cut(unknown)}” is not allowed{several}{said} Allowed: {_allowed(column)}"


def _meant_word(unknown: str, words: Mapping[str, str]) -> str | None:
    """The word that was probably meant: the same but for case and hyphens, its meaning written out, or a near spelling."""
    tidied = unknown.strip().lower().replace(" ", "_").replace("-", "_")
    lowered = {word.lower(): word for word in words}
    others = {name: word for name, word in _OTHER_NAMES.items() if word in words}
    meanings = {meaning.lower(): word for word, meaning in words.items()} | others
    if tidied in lowered:
        return lowered[tidied]
    if unknown.strip().lower() in meanings:
        return meanings[unknown.strip().lower()]
    if len(tidied) <= 2:  # two letters are near to too much
        return None
    near = difflib.get_close_matches(tidied, lowered, n=1, cutoff=0.5)
    return lowered[near[0]] if near else None


def _allowed(column: Column) -> str:
    words = column.vocabulary
    if len(words) <= _SHOWN_WORDS:
        return ", ".join(words)
    return f"the {len(words)} words of the vocabulary {column.allowed} (data/README.md)"


def _typed(values: np.ndarray, column: Column, codes: np.ndarray) -> pd.api.extensions.ExtensionArray | np.ndarray:
    """Distinct texts made into the column's dtype and spread over the rows."""
    if column.type in {"integer", "year"}:
        return pd.array([int(v) if v else None for v in values], dtype="Int64").take(codes)
    if column.type == "number":
        return np.array([float(v) if v else np.nan for v in values], dtype=float).take(codes)
    if column.type == "yes_no":
        return pd.array([v == "yes" if v else None for v in values], dtype="boolean").take(codes)
    if column.type == "date":
        days = pd.to_datetime(pd.Series([v or None for v in values], dtype="str"), format="%Y-%m-%d")
        return days.dt.as_unit("us").array.take(codes)  # one unit, also where every cell is empty
    return pd.array([value or None for value in values], dtype="str").take(codes)


def check_key(raw: RawTable) -> None:
    """Report rows whose key stands before, and identifiers that a reader would take for the same."""
    key = raw.table.key
    if not set(key) <= set(raw.cells) or not len(raw.rows):
        return
    combined = np.zeros(len(raw.rows), dtype=np.int64)
    for column in key:
        values, codes = raw.cells[column]
        same, _ = pd.factorize(np.array([tidy(value) for value in values], dtype=object))
        combined = combined * (len(values) + 1) + same[codes]
    rows = pd.Series(raw.rows)
    repeated = pd.Series(combined).duplicated().to_numpy()
    first = rows.groupby(combined).transform("first") if repeated.any() else rows
    texts = [raw.text(column) for column in key] if repeated.any() else []
    for position in np.flatnonzero(repeated):
        value = "/".join(tidy(text[position]) for text in texts)
        if value.strip("/"):
            said = f"“{value}” stands in row {first[position]} already; delete one row, or give it a key of its own"
            raw.report("key-repeated", said, raw.rows[position], key[-1], value)
    for name, spec in raw.table.columns.items():
        if spec.type == "id" and not spec.links and name in raw.cells:
            _check_lookalikes(raw, name)


def plain(value: str) -> str:
    """An identifier without what the eye passes over: case, kinds of hyphen and space, invisible characters."""
    if value.isascii():
        return value.lower().replace(" ", "")
    kept = (c for c in unicodedata.normalize("NFKC", value) if unicodedata.category(c) != "Cf" and not c.isspace())
    return "".join("-" if unicodedata.category(c) == "Pd" else c for c in kept).casefold()


def _check_lookalikes(raw: RawTable, column: str) -> None:
    values, _ = raw.cells[column]
    together = "\n".join(values).lower()
    if together.isascii() and " " not in together and len(set(together.split("\n"))) == len(values):
        return  # the common case, at once
    alike: dict[str, set[str]] = {}
    for value in values:
        alike.setdefault(plain(value), set()).add(tidy(value))
    twins = {v: sorted(alike[plain(v)] - {tidy(v)}) for v in values if tidy(v)}
    bad = np.array([bool(twins.get(value)) for value in values], dtype=bool)
    if bad.any():
        said = "which stands in this column too; make them one, or clearly two"
        raw.report_values(
            "key-lookalike", column, lambda v: f"“{_cut(v)}” looks like “{_cut(twins[v][0])}”, {said}", bad
        )


def check_links(tables: Mapping[str, RawTable]) -> None:
    """Report values that point to a row that is not there. `tables` holds those that could be read."""
    for raw in tables.values():
        for column in raw.table.columns.values():
            if column.links and column.name in raw.cells:
                target, key = column.links.split(".")
                if target in tables and key in tables[target].cells:
                    _check_link(raw, column, target, tables[target].cells[key][0])


def _check_link(raw: RawTable, column: Column, target: str, there: np.ndarray) -> None:
    values, _ = raw.cells[column.name]
    known = {*there, "", *([NONE_WORD] if column.none else [])}
    if known.issuperset(values):
        return
    known.update(tidy(value) for value in there)
    broken = {value: parts for value in values if (parts := _absent(tidy(value), known, column.is_list))}
    if not broken:
        return
    code = "coder-unknown" if (raw.table.name, target) == ("codings", "coders") else "link-broken"
    if not len(there):
        raw.report(code, f"values of this column point to the table {target}, which has no rows", None, column.name)
        return
    twins = {plain(value): tidy(value) for value in there} if len(broken) <= _SUGGEST_FOR else {}

    def message(value: str) -> str:
        absent = ", ".join(f"“{_cut(part)}”{_meant(part, twins)}" for part in broken[value])
        return f"{absent} {'is' if len(broken[value]) == 1 else 'are'} not in the table {target}; restore the row there or correct the value"

    raw.report_values(code, column.name, message, np.array([value in broken for value in values], dtype=bool))


def _absent(value: str, known: set[str], is_list: bool) -> list[str]:
    return [part for part in (value.split(";") if is_list else [value]) if part not in known]


def _meant(value: str, twins: Mapping[str, str]) -> str:
    near = twins.get(plain(value))
    if near is None and len(twins) <= _SUGGEST_FROM:
        # strand2017 is no misspelling of strand2018: only names with the same digits are suggested.
        close = difflib.get_close_matches(plain(value), _with_digits(value, twins), n=1, cutoff=0.8)
        near = twins[close[0]] if close else None
    return f" (did you mean “{near}”?)" if near else ""


def _with_digits(value: str, names: Iterable[str]) -> list[str]:
    digits = re.sub(r"\D", "", value)
    return [name for name in names if re.sub(r"\D", "", name) == digits]
