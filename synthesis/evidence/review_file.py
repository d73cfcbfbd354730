"""What is said of a review as a whole – its title, licences, contributors and sources – read from ``review.toml``.

The file lies in the data folder. The toolkit knows no review: what stands in no such file is said nowhere.
"""

from __future__ import annotations

import datetime as dt
import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthesis.evidence.schema import EvidenceError, Problem, derived_tables, evidence_tables

FILE = "review.toml"

_TEXT, _TEXTS = "a text in quotation marks", "a list of texts"
_NAME, _DAY = (
    "small letters a to z, digits, . _ or -, in quotation marks",
    "a day, as 2026-11-21 without quotation marks",
)
#: Keys of the file, and of each entry of its lists of entries: what may stand there, and whether it must.
_KEYS: dict[str, tuple[str, bool]] = {
    "title": (_TEXT, False), "short_title": (_TEXT, False), "name": (_NAME, False), "created": (_DAY, False), "notes": (_TEXTS, False),
}  # fmt: skip
_ENTRIES: dict[str, dict[str, tuple[str, bool]]] = {
    "contributors": {"title": (_TEXT, True), "roles": (_TEXTS, False)},
    "licences": {
        "name": (_TEXT, True), "title": (_TEXT, True), "path": (_TEXT, True), "attribution": (_TEXT, False), "tables": (_TEXTS, False),
    },
    "sources": {"title": (_TEXT, True), "path": (_TEXT, False), "tables": (_TEXTS, False)},
}  # fmt: skip


@dataclass(frozen=True)
class Review:
    """What the file says; empty where it says nothing, or is not there.

    ``contributors``, ``licences`` and ``sources`` hold a dict an entry, with the keys of the file (``title``, ``path``,
    ``roles``, ``name``, ``attribution``, ``tables``).
    """

    title: str = ""
    short_title: str = ""
    name: str = ""
    created: str = ""
    notes: tuple[str, ...] = ()
    contributors: tuple[dict[str, Any], ...] = ()
    licences: tuple[dict[str, Any], ...] = ()
    sources: tuple[dict[str, Any], ...] = ()

    def of_table(self, what: str, table: str) -> list[dict[str, Any]]:
        """The ``licences`` or ``sources`` that name a table, as its own."""
        return [each for each in getattr(self, what) if table in each.get("tables", ())]

    def of_all(self, what: str) -> list[dict[str, Any]]:
        """The ``licences`` or ``sources`` that name no table."""
        return [each for each in getattr(self, what) if not each.get("tables")]


def read_review(folder: str | Path) -> Review:
    """What ``review.toml`` in a data folder says of the review; all of it empty where there is no such file.

    Raises `EvidenceError` with every fault of the file.

    >>> read_review("data").licences[0]["name"]
    'CC-BY-4.0'
    """
    said, problems = _read(Path(folder) / FILE)
    if problems:
        raise EvidenceError(problems)
    if created := said.get("created"):
        said["created"] = created.isoformat()
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    return Review(**fields)


def check_review(folder: str | Path) -> list[Problem]:
    """Every fault of ``review.toml`` in a data folder; none where there is no such file."""
    return _read(Path(folder) / FILE)[1]


def _read(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    if not os.path.lexists(path):  # a link that leads nowhere is no file that is not there
        return {}, []
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {}, [_problem("", f"it cannot be read as TOML: {error}. Correct it, or restore the last good copy")]
    return said, list(_faults(said))


def _faults(said: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _faults_of(
        {key: value for key, value in said.items() if key not in _ENTRIES}, _KEYS, "", [*_KEYS, *_ENTRIES]
    )
    for name in (name for name in _ENTRIES if name in said):
        if not isinstance(said[name], list) or not all(isinstance(each, dict) for each in said[name]):
            yield _problem("", f"{name} must be a list of entries; write each below a line [[{name}]]")
            continue
        for at, entry in enumerate(said[name], 1):
            yield from _faults_of(entry, _ENTRIES[name], f"{name} {at}: ", list(_ENTRIES[name]))


def _faults_of(said: Mapping[str, Any], keys: Mapping[str, tuple[str, bool]], where: str, known: list[str]) -> Iterator[Problem]:  # fmt: skip
    for key, value in said.items():
        if key not in keys:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            yield _problem(value, f"{where}{key} is no key of this file; {hint}")
        elif not _fits(value, keys[key][0]):
            yield _problem(value, f"{where}{key} must be {keys[key][0]}")
        elif key == "tables" and (strange := [each for each in value if each not in _tables()]):
            yield _problem(value, f"{where}there is no table {', '.join(strange)}")
    for key in (key for key, (_, needed) in keys.items() if needed and not said.get(key)):
        yield _problem("", f"{where}{key} is missing; add it")


def _fits(value: object, what: str) -> bool:
    if what == _DAY:
        return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    if what == _TEXTS:
        return isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    return isinstance(value, str) and (what != _NAME or bool(re.fullmatch(r"[a-z0-9._-]+", value)))


def _tables() -> set[str]:
    return {*evidence_tables(), *derived_tables()}


def _problem(value: object, message: str) -> Problem:
    """A fault of the file; its message begins with the key, since a file of keys has neither rows nor columns."""
    return Problem("error", "review-file", FILE, None, "", str(value), message)
