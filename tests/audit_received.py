"""Proof that data/ holds what was handed over: every row, every cell, and every difference with its reason.

`expected` rebuilds the tables from `tests/received` and `tests/received/changes.csv`; `audit` compares them with `data/`.
Run as a script it prints rows in, rows out and what changed, and ends with status 1 where something is unexplained.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

RECEIVED = Path(__file__).parent / "received"
DATA = Path(__file__).parent.parent / "data"
READ_ON = "2026-11-21"  # the day the evidence README gives for all pages

Row = dict[str, str]
Tables = dict[str, list[Row]]

#: Columns that carry another name now.
RENAMED = {
    "associations": {"id": "association_id", "measure": "measure_as_reported"},
    "risk_factors": {"id": "risk_factor_id", "direction": "direction_as_reported"},
    "recommendations": {"id": "recommendation_id"},
    "planning_elements": {"id": "planning_element_id"},
    "estimates": {
        "indicator": "indicator_id",
        "country": "country_as_reported",
        "design": "design_as_reported",
        "derived": "derived_as_reported",
    },
    "published_results": {
        "indicator": "indicator_id",
        "model": "model_as_reported",
        "transform": "transform_as_reported",
    },
    "studies": {
        "country": "country_as_reported",
        "data_collection": "data_collection_as_reported",
        "analysis": "analysis_as_reported",
    },
    "themes": {"origin": "origin_as_stated"},
    "measures": {"free_to_use": "free_to_use_as_reported"},
    "interventions": {"level_of_need": "level_of_need_as_reported", "cost_rating": "cost_rating_as_reported"},
}
#: List columns whose parts were separated by a semicolon and a space.
TIGHT_LISTS = {("adjudications", c) for c in ("coder_1_codes", "coder_2_codes", "agreed_codes")}
#: Tables to which the day of reading was added as a column; the evidence README gives it for all rows.
DATED = ("studies", "estimates", "associations", "published_results")


@dataclass
class Outcome:
    """What became of one table."""

    table: str
    rows_in: int
    rows_out: int
    same: int = 0
    reasons: Counter = field(default_factory=Counter)
    added_rows: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def keys(table: str) -> tuple[str, ...]:
    from synthesis.evidence.schema import table as schema_table

    return schema_table(table).key


def identity(table: str, row: Row) -> str:
    return "/".join(row[column] for column in keys(table))


def expected() -> tuple[Tables, dict[tuple[str, str, str], str]]:
    """Tables as they should stand in data/, and the reason for each cell that differs from what was received.

    Reasons are keyed by table, row key and column.
    """
    changes = read(RECEIVED / "changes.csv")
    by_row = {(c["table"], c["column"], c["key"], c["received"]): c for c in changes if c["key"]}
    by_value = {(c["table"], c["column"], c["received"]): c for c in changes if not c["key"]}
    source_of = {(c["table"], c["column"]): c["from"] for c in changes}
    tables: Tables = {}
    reasons: dict[tuple[str, str, str], str] = {}
    for path in sorted(RECEIVED.glob("*.csv")):
        if path.stem == "changes":
            continue
        table, renamed = path.stem, RENAMED.get(path.stem, {})
        tables[table] = []
        for received in read(path):
            row = {renamed.get(column, column): value for column, value in received.items()}
            at = identity(table, row)
            for column, value in list(row.items()):
                if value != value.strip():
                    row[column], reasons[table, at, column] = value.strip(), "space at the end of the cell"
                if (table, column) in TIGHT_LISTS and "; " in value:
                    row[column], reasons[table, at, column] = value.replace("; ", ";"), "list without spaces"
            for (name, column), source in source_of.items():
                if name != table:
                    continue
                value = received.get(source, "")
                change = by_row.get((table, column, at, value)) or by_value.get((table, column, value))
                if change:
                    row[column], reasons[table, at, column] = change["now"], change["reason"]
                elif column not in row:
                    row[column] = ""
            if table in DATED:
                row["date_read"], reasons[table, at, "date_read"] = READ_ON, "day of reading, stated once for all rows"
            tables[table].append(row)
    return tables, reasons


def audit(data: Path = DATA) -> list[Outcome]:
    """Compare a data folder with what was received, table by table."""
    from synthesis.evidence.schema import table as schema_table

    tables, reasons = expected()
    outcomes = []
    for table, rows in tables.items():
        here = read(data / schema_table(table).file)
        now = {identity(table, row): row for row in here}
        outcome = Outcome(table, len(rows), len(here))
        outcome.added_rows = sorted(set(now) - {identity(table, row) for row in rows})
        outcome.unexplained += [f"{table} {at}: stands {n} times" for at, n in repeated(table, here)]
        for row in rows:
            compare(row, now.get(identity(table, row)), outcome, reasons)
        outcomes.append(outcome)
    return outcomes


def repeated(table: str, rows: list[Row]) -> list[tuple[str, int]]:
    return [(at, n) for at, n in Counter(identity(table, row) for row in rows).items() if n > 1]


def compare(row: Row, now: Row | None, outcome: Outcome, reasons: dict[tuple[str, str, str], str]) -> None:
    """Add to the outcome what became of one row: every cell of it, and every cell that it did not bring along."""
    table, at = outcome.table, identity(outcome.table, row)
    if now is None:
        outcome.unexplained.append(f"{table} {at}: the row is gone")
        return
    for column in {**row, **now}:
        found, value = now.get(column), row.get(column, "")
        if found is None or not same(found, value):
            outcome.unexplained.append(f"{table} {at} {column}: {value!r} was expected, {found!r} is there")
        elif (table, at, column) in reasons:
            outcome.reasons[f"{column}: {reasons[table, at, column]}"] += 1
        else:
            outcome.same += 1


def same(found: str, value: str) -> bool:
    """Equal as text, or as numbers (a spreadsheet may write 14 for 14.0)."""
    if found == value:
        return True
    try:
        return float(found) == float(value)
    except ValueError:
        return False


def main() -> int:
    outcomes = audit()
    for o in outcomes:
        print(
            f"{o.table}: {o.rows_in} rows in, {o.rows_out} rows out, {len(o.added_rows)} added since; {o.same} cells unchanged"
        )
        for reason, n in sorted(o.reasons.items(), key=lambda pair: -pair[1]):
            print(f"    {n:6} {reason}")
        for line in o.unexplained:
            print(f"    UNEXPLAINED {line}")
    return int(any(o.unexplained for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
