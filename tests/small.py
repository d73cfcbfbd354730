"""A small evidence base cut out of data/: three studies with everything that hangs on them, in a few milliseconds.

Rows are whole and unchanged, except that a list column keeps only the parts whose rows are kept, and that the number of
studies beside such a list is theirs.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from synthesis.evidence.schema import NONE_WORD, Table, evidence_tables

DATA = Path(__file__).parent.parent / "data"
STUDIES = ("ackerson2003", "barbour2002", "barnicot2023")
#: Rows that start each table; tables that are not named start with all of their rows, or with the first ten.
START = {
    "studies": STUDIES,
    "estimates": (
        "Poinso2002-01",
        "GlangeaudFreudenthal2013-01",
        "MBUpsychosis2018-01",
        "Pearson2021-01",
        "Pearson2022-01",
        "Zerihun2021-life",
        "Hollingsworth2004-01",
    ),
    "published_results": ("Leiferman2021",),
    "associations": ("Simoila2019-a01",),
    "indicators": None,
    "themes": None,
    "codebook": None,
    "coders": None,
    "samples": None,
    "guide_sources": None,
    "planning_elements": None,
    "wording_changes": ("",),  # none: many name statements that are not kept
}

Grid = list[list[str]]


def read(path: Path) -> Grid:
    with path.open(encoding="utf-8", newline="") as handle:
        limit = csv.field_size_limit(10_000_000)
        try:
            return list(csv.reader(handle))
        finally:
            csv.field_size_limit(limit)


def as_csv(grid: Grid) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(grid)
    return text.getvalue().encode()


def small_base(folder: Path) -> Path:
    """Write the small evidence base into `folder`."""
    kept: dict[str, Grid] = {}
    for name, spec in evidence_tables().items():
        header, *rows = read(DATA / spec.file)
        start = START.get(name, ())
        if start:
            rows = [row for row in rows if row[0] in start]
        kept[name] = [header, *rows]
    while sum(_drop_unlinked(kept, spec) for spec in evidence_tables().values()):
        pass
    for name, grid in kept.items():
        limit = (
            None
            if name in START
            or name
            in {
                "findings",
                "codings",
                "records",
                "uncoded",
                "adjudications",
                "estimate_choices",
                "estimate_units",
                "discrepancies",
            }
            else 10
        )
        if name == "review_findings":
            _recount_studies(grid)
        path = folder / evidence_tables()[name].file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_csv(grid[: limit and limit + 1]))
    return folder


def _drop_unlinked(kept: dict[str, Grid], spec: Table) -> int:
    """Drop rows that point to a row that is not kept; returns how many."""
    header, *rows = kept[spec.name]
    before = len(rows)
    for name, column in spec.columns.items():
        if not column.links:
            continue
        target, key = column.links.split(".")
        there = (
            {row[kept[target][0].index(key)] for row in kept[target][1:]}
            | {""}
            | ({NONE_WORD} if column.none else set())
        )
        at, left = header.index(name), []
        for row in rows:
            parts = [part for part in row[at].split(";") if part in there]
            if column.is_list and not column.required:
                left.append([*row[:at], ";".join(filter(None, parts)), *row[at + 1 :]])
            elif parts and (column.is_list or row[at] in there):
                left.append([*row[:at], ";".join(parts), *row[at + 1 :]])
        rows = left
    if spec.name == "records":
        rows = [row for row in rows if row[header.index("decision")] != "included" or row[header.index("study_id")]]
    if spec.name == "crosswalk":
        rows = [row for row in rows if _linked(kept, dict(zip(header, row, strict=True)))]
    if spec.name == "discrepancies":
        rows = [row for row in rows if _stands(kept, row[header.index("table")], row[header.index("row_id")])]
    kept[spec.name] = [header, *rows]
    return before - len(rows)


def _linked(kept: dict[str, Grid], link: dict[str, str]) -> bool:
    """Whether both ends of a link of the crosswalk are kept; an end that is left open stands for none."""
    tables = {
        "review_finding": "review_findings",
        "theme": "themes",
        "code": "codebook",
        "intervention": "interventions",
    }
    tables |= {"recommendation": "recommendations", "step": "guide_items"}
    ends = ((link["from_kind"], link["from_id"]), (link["to_kind"], link["to_id"]))
    return all(not which or _stands(kept, tables[kind], which) for kind, which in ends)


def _recount_studies(grid: Grid) -> None:
    number, listed = grid[0].index("n_studies"), grid[0].index("contributing_study_ids")
    for row in grid[1:]:
        row[number] = str(len(row[listed].split(";")))


def _stands(kept: dict[str, Grid], table: str, key: str) -> bool:
    header, *rows = kept[table]
    places = [header.index(column) for column in evidence_tables()[table].key]
    limited = rows if table in START else rows[:10]
    return any("/".join(row[at] for at in places) == key for row in limited)
