"""The evidence base in and out: read a folder of tables, list everything wrong with it, write a table safely."""

from __future__ import annotations

import datetime as dt
import difflib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from synthesis.evidence import files
from synthesis.evidence.basis import ABSENT, add_state, file_fingerprint, fingerprint, known_states, made_from
from synthesis.evidence.checks import check_cells, check_key, check_links, tidy
from synthesis.evidence.guide_rules import check_guides
from synthesis.evidence.judgement_rules import check_judgements
from synthesis.evidence.review_file import check_review
from synthesis.evidence.round_rules import check_rounds
from synthesis.evidence.rules import Checked, check_rules
from synthesis.evidence.schema import (
    CallError,
    EvidenceError,
    Problem,
    Severity,
    SynthesisError,
    Table,
    counted,
    evidence_tables,
    table,
)

#: Subfolders that people fill in; ``derived/`` is written by code and not checked.
FOLDERS = ("sources", "judgements")


@dataclass(frozen=True)
class Evidence:
    """An evidence base: one typed DataFrame a table, as ``evidence.studies`` or ``evidence["studies"]``.

    A table whose file is absent is there with its columns and no rows. ``problems`` holds the warnings met on reading.
    Each frame knows the state of the file that it was read from (see `basis`), so that `write_tables` does not write over
    what was saved since.
    """

    folder: Path
    frames: dict[str, pd.DataFrame] = field(repr=False)
    problems: list[Problem] = field(default_factory=list, repr=False)

    def __getitem__(self, name: str) -> pd.DataFrame:
        table(name)
        return self.frames[name]

    def __getattr__(self, name: str) -> pd.DataFrame:
        frames = self.__dict__.get("frames", {})
        if name in frames:
            return frames[name]
        raise AttributeError(f"an evidence base has no table {name!r}; it has {', '.join(frames)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __repr__(self) -> str:
        held = ", ".join(f"{name} {len(frame):,}" for name, frame in self.frames.items() if len(frame))
        return f"Evidence({self.folder}: {held})"

    def with_tables(self, **frames: pd.DataFrame) -> Evidence:
        """The evidence with other frames in the place of some tables, as a later state of these; nothing is written."""
        later = {name: made_from(frame, self[name], name) for name, frame in frames.items()}
        return replace(self, frames={**self.frames, **later})

    def discrepancies_of(self, name: str) -> pd.Series:
        """Remarks to show beside rows of a table: index the row's key, value what the sources say against it."""
        known = self.frames["discrepancies"]
        known = known[known["table"] == name]
        said = "Stated: " + known["stated"] + " Also stated: " + known["also_stated"]
        return said.groupby(known["row_id"]).agg(" ".join)


@dataclass(frozen=True)
class Report:
    """What a check found: ``ok`` when there is no error, the ``problems``, and how many rows each table holds."""

    ok: bool
    problems: list[Problem]
    tables: dict[str, int]


def data_folder() -> Path:
    """The data folder of this session: $SYNTHESIS_DATA, else ``data`` here or, as seen from a notebook, one level up."""
    named = os.environ.get("SYNTHESIS_DATA")
    return Path(named) if named else next((p for p in (Path("data"), Path("../data")) if p.is_dir()), Path("data"))


def read_evidence(folder: str | Path | None = None) -> Evidence:
    """Read every table of an evidence base, typed and checked.

    Parameters
    ----------
    folder : the data folder, with ``sources/`` and ``judgements/`` in it; default `data_folder`.

    Returns an `Evidence`; raises `EvidenceError` with every fault where there is an error.
    """
    folder = data_folder() if folder is None else Path(folder)
    checked, raws, problems = _read(folder)
    if any(problem.severity == "error" for problem in problems):
        raise EvidenceError(problems)
    frames = {
        name: checked.frames[name] if name in checked.frames else _no_rows(spec)
        for name, spec in evidence_tables().items()
    }
    for name, frame in frames.items():
        add_state(frame, name, raws[name].state if name in raws else ABSENT)
    return Evidence(folder, frames, problems)


def check(folder: str | Path = "data") -> Report:
    """List every problem of an evidence base without raising; changes no file. See `schema.FAULTS` for the codes."""
    _, raws, problems = _read(Path(folder))
    rows = {name: len(raw.rows) for name, raw in raws.items()}
    return Report(not any(problem.severity == "error" for problem in problems), problems, rows)


def _read(folder: Path) -> tuple[Checked, dict[str, files.RawTable], list[Problem]]:
    """The tables that could be read, checked; every file as text; every problem, errors first."""
    _check_folder(folder)
    found = [spec for spec in evidence_tables().values() if os.path.lexists(folder / spec.file)]
    raws = {spec.name: files.read_raw(folder / spec.file, spec) for spec in found}
    readable = {name: raw for name, raw in raws.items() if raw.readable}
    frames = {name: check_cells(raw) for name, raw in readable.items()}
    for raw in readable.values():
        check_key(raw)
    check_links(readable)
    checked = Checked(frames, readable, set(raws) - set(readable))
    check_rules(checked)
    check_judgements(checked)
    check_rounds(checked)
    check_guides(checked)
    problems = [
        *check_review(folder),
        *_missing(raws, readable),
        *_strangers(folder, set(evidence_tables()) - set(raws)),
    ]
    problems += [p for raw in raws.values() for p in sorted(raw.problems, key=lambda p: (p.severity, p.row or 0))]
    return checked, raws, sorted(problems, key=lambda p: p.severity)


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is no data folder: thirty missing tables would hide that the wrong one was named."""
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "is not there"
        raise CallError(f"{folder} {what}. Name the data folder: it holds sources/ and judgements/.")
    if not any((folder / sub).is_dir() for sub in FOLDERS):
        near = next((p for p in (folder / "data", folder.parent) if any((p / sub).is_dir() for sub in FOLDERS)), None)
        hint = f" Did you mean {near}?" if near else ""
        raise CallError(f"{folder} is not a data folder: it holds neither sources/ nor judgements/.{hint}")


def _missing(raws: Mapping[str, files.RawTable], readable: Mapping[str, files.RawTable]) -> Iterator[Problem]:
    """Tables without a file: an error where the synthesis needs them or a value of another table points there."""
    pointing = {
        column.links.partition(".")[0]: f"{raw.table.name}.{name}"
        for raw in readable.values()
        for name, column in raw.table.columns.items()
        if column.links and name in raw.cells and any(raw.cells[name][0])
    }
    for name, spec in evidence_tables().items():
        if name in raws:
            continue
        need = "is needed; restore it" if spec.required else "is not there: what rests on it will be empty"
        if not spec.required and name in pointing:
            need = f"is not there, but {pointing[name]} points to it; restore it"
        severity: Severity = "error" if spec.required or name in pointing else "warning"
        yield Problem(severity, "file-missing", name, None, "", spec.file, f"the file {spec.file} {need}")


def _strangers(folder: Path, missing: Collection[str]) -> Iterator[Problem]:
    """Files that belong to no table; one that looks like a table that is missing is said to."""
    known = {spec.file: name for name, spec in evidence_tables().items()}
    for path in (path for sub in FOLDERS for path in sorted((folder / sub).glob("*"))):
        where = path.relative_to(folder).as_posix()
        if where in known or path.name.startswith("."):
            continue
        stem = path.name.partition(".")[0].strip().lower()
        near = difflib.get_close_matches(stem, missing, n=1, cutoff=0.75)
        mend = "Rename it" if path.suffix.lower() == ".csv" else "Save it as CSV UTF-8 under that name"
        hint = f"; did you mean {table(near[0]).file}? {mend}" if near else ""
        message = f"{where} belongs to no table of the schema and was not read{hint}"
        yield Problem("warning", "file-unknown", path.stem, None, "", where, message)


def _no_rows(spec: Table) -> pd.DataFrame:
    return check_cells(files.RawTable(spec, {}, np.empty(0, dtype=int)))


def read_table(name: str, folder: str | Path = "data") -> pd.DataFrame:
    """One table of the evidence base, read alone, for whoever adds rows to it and writes it back with `write_table`.

    Returns the typed rows, none where the file is not there. Raises `EvidenceError` where a cell, a key or a column is
    at fault, an unknown column included, which writing would lose. Links to other tables are left to `check`.
    """
    spec = table(name)
    if not os.path.lexists(Path(folder) / spec.file):
        return add_state(_no_rows(spec), name, ABSENT)
    raw = files.read_raw(Path(folder) / spec.file, spec)
    frame = check_cells(raw)
    if raw.readable:
        check_key(raw)
    _refuse(_stricter(raw.problems))
    return add_state(frame, name, raw.state)


def _stricter(problems: list[Problem]) -> list[Problem]:
    # A column that reading passes over would be lost by writing, so here it is an error.
    return [replace(p, severity="error") if p.code == "column-unknown" else p for p in problems]


def _refuse(problems: list[Problem]) -> None:
    if any(p.severity == "error" for p in problems):
        raise EvidenceError(problems)


def codebook_version(evidence: Evidence) -> int:
    """The present version of the codebook: the highest that a code or a change names."""
    book, changes = evidence.codebook, evidence.codebook_changes
    numbers = pd.concat([book["version_added"], book["changed_in"], changes["version"]]).dropna()
    return int(numbers.max()) if len(numbers) else 0


def write_table(frame: pd.DataFrame, name: str, folder: str | Path = "data", base: Evidence | None = None) -> Path:
    """Write one table of the evidence base, whole or not at all: `write_tables` for a single table.

    Returns the path written.
    """
    return write_tables({name: frame}, folder, base)[0]


def write_tables(
    frames: Mapping[str, pd.DataFrame], folder: str | Path = "data", base: Evidence | None = None
) -> list[Path]:
    """Write tables of the evidence base; all are checked before the first is written.

    Parameters
    ----------
    frames : the rows of each table by its name in the schema; columns as in the schema, in any order.
    folder : the data folder.
    base : the evidence from which the tables were made. Needed only for a frame that was put together in a way that lost
        track of it, such as ``pd.concat`` or ``merge``.

    Returns the paths written. Raises, with no file touched, `EvidenceError` where a cell, a key or a column is at fault or
    a file holds a column outside the schema that would be lost, and `SynthesisError` where a file has changed since its
    table was read, so that what somebody else saved would be lost. A frame of unknown origin is written only where it holds
    every row that the file holds now. Links to other tables are left to `check`, so that tables can be written one after
    another.

    >>> after = rename_code(evidence, "hardship", new_name="Poverty", reason="Easier to find.", proposed_by="adjudicator")
    >>> write_tables({name: after[name] for name in after if after[name] is not evidence[name]}, "data")
    """
    later = {name: frame if base is None else made_from(frame, base[name], name) for name, frame in frames.items()}
    raws = _without_faults(later)
    held = {raw.table.name: files.read_raw(Path(folder) / raw.table.file, raw.table) for raw in raws}
    _refuse(_stricter([p for old in held.values() for p in old.problems if p.code == "column-unknown"]))
    for raw in raws:
        _keep_printed_digits(raw, held[raw.table.name])
    _refuse_older(raws, later, held, Path(folder))
    return [_write_raw(raw, Path(folder), frames[raw.table.name]) for raw in raws]


def _refuse_older(
    raws: list[files.RawTable], frames: Mapping[str, pd.DataFrame], held: Mapping[str, files.RawTable], folder: Path
) -> None:
    """Refuse tables that would take away what their files hold now and their frames do not know of."""
    older, lost_track = [], []
    for raw in raws:
        name, path = raw.table.name, folder / raw.table.file
        known, now = known_states(frames[name], name), file_fingerprint(path)
        if now == ABSENT or now in known:
            continue
        missing = _missing_rows(raw, held[name])
        if known:
            older.append(f"{path} has changed since it was read{missing}.")
        elif missing or now != held[name].state:
            lost_track.append(f"{path}: it is not known which state of the file the new table was made from{missing}.")
    if older or lost_track:
        say = "Read the evidence again (read_evidence), make the change on what it holds now, and write that."
        if lost_track:
            say += " A table from pd.concat or merge does not know what it was made from: name it with base=evidence."
        raise SynthesisError("\n".join(["Nothing was written.", *older, *lost_track, say]))


def _missing_rows(raw: files.RawTable, old: files.RawTable) -> str:
    """How many rows of the file the new table does not hold word for word, as part of a sentence; empty where it holds all."""
    if not old.readable:
        return "" if all(p.code == "file-empty" for p in old.problems) else ", and the file cannot be read as it is"
    new, was = (set(zip(*(_tidy_text(each, name) for name in raw.table.columns), strict=True)) for each in (raw, old))
    n = len(was - new)
    return f"; {counted(n, 'row')} of it {'is' if n == 1 else 'are'} not in the new table" if n else ""


def _tidy_text(raw: files.RawTable, column: str) -> np.ndarray:
    """A column's texts as reading gives them, one per row; empty where the file lacks the column."""
    if column not in raw.cells:
        return np.full(len(raw.rows), "", dtype=object)
    values, codes = raw.cells[column]
    return np.array([tidy(value) for value in values], dtype=object)[codes]


def table_text(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of a table as the text of their cells, in the schema's order of columns; checked as `write_table` does."""
    (raw,) = _without_faults({name: frame})
    return pd.DataFrame({column: raw.text(column) for column in raw.table.columns})


def _without_faults(frames: Mapping[str, pd.DataFrame]) -> list[files.RawTable]:
    """Tables as text; raises EvidenceError with every fault of all of them."""
    raws = [_as_raw(frame, table(name)) for name, frame in frames.items()]
    for raw in raws:
        files.match_columns(raw)
        check_cells(raw)
        check_key(raw)
    _refuse(_stricter([p for raw in raws for p in raw.problems]))
    return raws


def _write_raw(raw: files.RawTable, folder: Path, frame: pd.DataFrame) -> Path:
    """Write a table; its frame knows from then on the file as it is now."""
    content = files.csv_bytes(pd.DataFrame({column: raw.text(column) for column in raw.table.columns}))
    path = files.write_bytes(content, folder / raw.table.file)
    add_state(frame, raw.table.name, fingerprint(content))
    return path


def _as_raw(frame: pd.DataFrame, spec: Table) -> files.RawTable:
    """The frame as text, with a column name that stands twice reported."""
    raw = files.RawTable(spec, {}, np.arange(len(frame)) + 2)
    for name in frame.columns[frame.columns.duplicated()].unique():
        raw.report("column-repeated", f"the column name {name!r} stands twice; rename or drop one", 1, name, name)
    once = frame.loc[:, ~frame.columns.duplicated()]
    raw.cells = {str(name): files.distinct(_texts(once[name])) for name in once.columns}
    return raw


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with every cell as the text that a file would hold: empty where nothing is known, days as YYYY-MM-DD."""
    return pd.DataFrame({name: _texts(frame[name]) for name in frame}, index=frame.index, dtype="str")


def check_rows(evidence: Evidence, name: str, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Check rows that are to become part of a table, before they do.

    Parameters
    ----------
    rows : the table's columns; the index holds the row numbers that problems shall name.

    Returns the rows typed, in the same order, and every problem of their cells, keys and links, and of the rules for
    judgements; problems name the table.
    """
    raw = _as_raw(rows, table(name))
    raw.rows = rows.index.to_numpy()
    typed = check_cells(raw)
    check_key(raw)
    targets = {column.links for column in raw.table.columns.values() if column.links}
    pairs = [tuple(link.split(".")) for link in sorted(targets)]
    check_links({name: raw, **{other: _as_raw(evidence[other][[key]], table(other)) for other, key in pairs}})
    check_judgements(Checked({name: typed}, {name: raw}))
    return typed, raw.problems


def _texts(column: pd.Series) -> np.ndarray:
    """A column as the text of its cells, empty where nothing is known; numbers keep every digit."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.dt.strftime("%Y-%m-%d")
    return np.array([_cell(value) for value in column.astype(object)], dtype=object)


def _cell(value: object) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return tidy(str(value))


def _keep_printed_digits(raw: files.RawTable, old: files.RawTable) -> None:
    """Let a number that the file holds already keep its printed form: 36.0 is read as 36, and stays 36.0 on paper."""
    key = raw.table.key
    numbers = [name for name, column in raw.table.columns.items() if column.type == "number" and name in old.cells]
    if not old.readable or not numbers or not set(key) <= set(old.cells):
        return
    printed = pd.DataFrame({name: old.text(name) for name in {*key, *numbers}}).drop_duplicates(list(key))
    rows = pd.DataFrame({name: raw.text(name) for name in key})
    before = rows.merge(printed, on=list(key), how="left")
    for name in numbers:
        new, was = raw.text(name), before[name].to_numpy()
        same = pd.to_numeric(pd.Series(new), errors="coerce") == pd.to_numeric(pd.Series(was), errors="coerce")
        raw.cells[name] = files.distinct(np.where(same, was, new))


def split_list(column: pd.Series) -> pd.Series:
    """A list column as one value a row: the index repeats, empty cells vanish."""
    return column.dropna().str.split(";").explode()
