"""Rows of a filled-in sheet on their way into a table of judgements: checked as a whole, dated, and put in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from synthesis.evidence.schema import EvidenceError, Problem, SynthesisError, counted, evidence_tables
from synthesis.evidence.tables import Evidence, as_text, check_rows
from synthesis.office.table_sheets import problem


def word(text: str) -> str:
    """A word of a vocabulary as it may be typed: without capitals, spaces, hyphens and apostrophes."""
    return "_".join(text.lower().replace("’", "").replace("'", "").replace("-", " ").split())


def settling_people(evidence: Evidence) -> list[str]:
    """Rows of the table ``coders`` that may be named as having settled something."""
    return list(evidence.coders.loc[evidence.coders["kind"] != "agreed_set", "coder_id"])


def need_columns(rows: pd.DataFrame, sheet: str, needed: Collection[str]) -> None:
    """Raises SynthesisError where a sheet has lost columns."""
    if lost := [name for name in needed if name not in rows]:
        raise SynthesisError(f"The sheet {sheet} has lost the columns {', '.join(lost)}; put their headings back, or export it anew.")  # fmt: skip


def one_person(evidence: Evidence, rows: pd.DataFrame, column: str, role: str) -> str:
    """The one person whose sheet this is. Raises SynthesisError for several, for nobody, and for an unknown one."""
    named = sorted(set(rows[column]) - {""})
    article = "an" if role[0] in "aeiou" else "a"
    if len(named) != 1:
        raise SynthesisError(f"A sheet belongs to one {role}; this one names {', '.join(named) or 'nobody'}.")
    if named[0] not in settling_people(evidence):
        raise SynthesisError(f"{named[0]!r} is not {article} {role} in the table coders; it holds {', '.join(settling_people(evidence))}.")  # fmt: skip
    return named[0]


def checked(
    evidence: Evidence, table: str, sheet: str, rows: pd.DataFrame, heading: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows typed, with the problems that `check` would find, placed in the sheet; `heading` gives columns' names there."""
    typed, found = check_rows(evidence, table, rows)
    place, key = f"{sheet.lower()} sheet", evidence_tables()[table].key
    said = []
    for each in found:
        column = key[0] if each.code == "key-repeated" else each.column
        row = None if each.row is None else int(each.row)
        said.append(replace(each, table=place, row=row, column=(heading or {}).get(column, column)))
    return typed, said


def emptied(sheet: str, rows: pd.DataFrame, keys: Sequence[str], known: pd.DataFrame, column: str, what: str) -> list[Problem]:  # fmt: skip
    """Rows left empty for which something is stored: it may be a slip, so nothing is taken back without a word."""
    held = set(map(tuple, known[list(keys)].astype("str").to_numpy()))
    said = f"{what} stands in the data, and the row is empty now; put it back, or delete the whole row to leave it as it is"
    return [
        problem(sheet, int(number), "required", column, "/".join(key), said)
        for number, key in zip(rows.index, map(tuple, rows[list(keys)].to_numpy()), strict=True)
        if key in held
    ]


def refuse(problems: Sequence[Problem], rows: pd.DataFrame) -> list[str]:
    """Raise EvidenceError where there is an error, problems in the order of the sheet; else warnings as remarks."""
    place = {str(column): at for at, column in enumerate(rows)}
    problems = sorted(problems, key=lambda p: (p.row or 0, place.get(p.column, len(place))))
    if any(p.severity == "error" for p in problems):
        raise EvidenceError(problems)
    return [f"Row {p.row}, {p.column}: {p.message}" if p.row else f"{p.column}: {p.message}" for p in problems]


def strange_columns(rows: pd.DataFrame, known: Collection[str]) -> list[str]:
    """A remark on columns that the sheet did not have when it went out; none where there are none."""
    strange = [str(name) for name in rows if name not in known]
    return [f"Columns that the sheet did not have when it went out were passed over: {', '.join(strange)}."] if strange else []  # fmt: skip


def changed(typed: pd.DataFrame, old: pd.DataFrame, facts: Sequence[str]) -> pd.Series:
    """Which rows say something else than the stored ones beside them; a date counts where the sheet gives one."""
    new, was = as_text(typed).reset_index(drop=True), as_text(old).reset_index(drop=True)
    differs = (new[list(facts)] != was[list(facts)]).any(axis=1)
    return differs | ((new["date"] != "") & (new["date"] != was["date"]))


def dated(rows: pd.DataFrame, today: dt.date | None, remarks: list[str]) -> pd.DataFrame:
    """Rows with the day filled in where it was left empty; a remark says so."""
    bare = rows["date"].isna()
    if not bare.any():
        return rows
    day = pd.Timestamp(today or dt.date.today())
    remarks.append(f"{counted(int(bare.sum()), 'row')} without a date took the day of this import, {day:%Y-%m-%d}.")
    return rows.assign(date=rows["date"].fillna(day))


def merged(table: pd.DataFrame, rows: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """A table with rows added, in place of those of the same key."""
    if rows.empty:
        return table
    more = rows.reindex(columns=list(table.columns)).astype(table.dtypes.to_dict())
    both = pd.concat([table, more], ignore_index=True) if len(table) else more
    return both.drop_duplicates(list(key), keep="last", ignore_index=True)
