"""The evidence base in and out: read a folder of tables, list everything wrong with it, write a table safely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from synthesis import files
from synthesis.checks import check_cells, check_key, check_links
from synthesis.rules import Checked, check_rules
from synthesis.schema import EvidenceError, Problem, Severity, SynthesisError, Table, evidence_tables, table


@dataclass(frozen=True)
class Evidence:
    """An evidence base: one typed DataFrame a table, as ``evidence.studies`` or ``evidence["studies"]``.

    A table whose file is absent is there with its columns and no rows. ``problems`` holds the warnings met on reading.
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


def read_evidence(folder: str | Path = "data") -> Evidence:
    """Read every table of an evidence base, typed and checked.

    Parameters
    ----------
    folder : the data folder, with ``sources/`` and ``judgements/`` in it.

    Returns an `Evidence`; raises `EvidenceError` with every fault where there is an error.
    """
    checked, problems = _read(Path(folder))
    if any(problem.severity == "error" for problem in problems):
        raise EvidenceError(problems)
    frames = {
        name: checked.frames[name] if name in checked.frames else _no_rows(spec)
        for name, spec in evidence_tables().items()
    }
    return Evidence(Path(folder), frames, problems)


def check(folder: str | Path = "data") -> Report:
    """List every problem of an evidence base without raising; changes no file. See `schema.FAULTS` for the codes."""
    checked, problems = _read(Path(folder))
    return Report(
        not any(problem.severity == "error" for problem in problems),
        problems,
        {name: len(raw.cells) for name, raw in checked.raw.items()},
    )


def _read(folder: Path) -> tuple[Checked, list[Problem]]:
    if not folder.is_dir():
        raise SynthesisError(f"There is no folder {folder}. Name the data folder: it holds sources/ and judgements/.")
    paths = {name: folder / spec.file for name, spec in evidence_tables().items()}
    raws = {name: files.read_raw(path, table(name)) for name, path in paths.items() if path.is_file()}
    frames = {name: check_cells(raw) for name, raw in raws.items()}
    for raw in raws.values():
        check_key(raw)
    check_links(raws)
    checked = Checked(frames, raws)
    check_rules(checked)
    problems = _file_problems(folder, set(raws))
    problems += [p for raw in raws.values() for p in sorted(raw.problems, key=lambda p: (p.severity, p.row or 0))]
    return checked, sorted(problems, key=lambda p: p.severity)


def _file_problems(folder: Path, found: set[str]) -> list[Problem]:
    """Files that are missing, and files that belong to no table."""
    problems = []
    for name, spec in evidence_tables().items():
        if name not in found:
            need = "is needed; restore it" if spec.required else "is not there: what rests on it will be empty"
            severity: Severity = "error" if spec.required else "warning"
            problems.append(
                Problem(severity, "file-missing", name, None, "", spec.file, f"the file {spec.file} {need}")
            )
    known = {spec.file for spec in evidence_tables().values()}
    for path in sorted(
        p for sub in ("sources", "judgements") for p in (folder / sub).glob("*") if not p.name.startswith(".")
    ):
        where = path.relative_to(folder).as_posix()
        if where not in known:
            message = f"the file {where} belongs to no table of the schema and was not read"
            problems.append(Problem("warning", "file-unknown", path.stem, None, "", where, message))
    return problems


def _no_rows(spec: Table) -> pd.DataFrame:
    columns = list(spec.columns)
    cells = pd.DataFrame({c: pd.Categorical(np.empty(0, dtype=object), categories=[]) for c in columns})
    return check_cells(files.RawTable(spec, cells, np.empty(0, dtype=int)))


def write_table(frame: pd.DataFrame, name: str, folder: str | Path = "data") -> Path:
    """Write one table of the evidence base, whole or not at all.

    Parameters
    ----------
    frame : the rows; columns as in the schema, in any order.
    name : the table's name in the schema.
    folder : the data folder.

    Returns the path written. Raises `EvidenceError`, with the file untouched, where a cell, a key or a column is at
    fault. Links to other tables are left to `check`, so that tables can be written one after another.
    """
    spec = table(name)
    raw = files.RawTable(spec, pd.DataFrame(), np.arange(len(frame)) + 2)
    texts = {str(c): _as_text(frame[c]) for c in frame.columns}
    raw.cells = pd.DataFrame({c: pd.Categorical(text) for c, text in texts.items()})
    files.match_columns(raw)
    check_cells(raw)
    check_key(raw)
    unknown = [p for p in raw.problems if p.code == "column-unknown"]
    if unknown or any(p.severity == "error" for p in raw.problems):
        raise EvidenceError(raw.problems)
    ordered = pd.DataFrame({c: texts[c] for c in spec.columns})
    return files.write_bytes(files.csv_bytes(ordered), Path(folder) / spec.file)


def _as_text(column: pd.Series) -> np.ndarray:
    """A column as the text of its cells, empty where nothing is known; numbers keep every digit."""
    values = column.astype(object)
    if pd.api.types.is_bool_dtype(column.dtype):
        values = values.map({True: "yes", False: "no"})
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        values = column.dt.strftime("%Y-%m-%d").astype(object)
    elif pd.api.types.is_float_dtype(column.dtype):
        values = values.map(lambda v: "" if pd.isna(v) else repr(int(v)) if float(v).is_integer() else repr(float(v)))
    return np.array(["" if pd.isna(v) else str(v) for v in values], dtype=object)


def split_list(column: pd.Series) -> pd.Series:
    """A list column as one value a row: the index repeats, empty cells vanish."""
    return column.dropna().str.split(";").explode()
