"""The shipped data without the library: rows as the csv module reads them, for counts made independently of it."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of a table of data/sources or data/judgements, every cell as the text that stands there."""
    (path,) = [folder / f"{name}.csv" for folder in (DATA / "sources", DATA / "judgements") if (folder / f"{name}.csv").is_file()]  # fmt: skip
    with path.open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


@cache
def column(name: str, key: str, value: str) -> dict[str, str]:
    """One column of a table by another: ``{row[key]: row[value]}``."""
    return {row[key]: row[value] for row in rows(name)}


def sample_by_study() -> dict[str, str]:
    """Sample of each study: the shared one where its people are counted once, else the study itself."""
    once = {row["sample_id"] for row in rows("samples") if row["counted_once"] == "yes"}
    return {r["study_id"]: r["sample_id"] if r["sample_id"] in once else r["study_id"] for r in rows("studies")}


def people(studies: set[str]) -> dict[tuple[str, str], int]:
    """People of some studies by group and way of counting; of a shared sample the largest number reported."""
    sample = sample_by_study()
    largest: dict[tuple[str, str, str], int] = {}
    for row in rows("studies"):
        for group, column, way in (
            ("parents", "n_parents", row["n_parents_counts"]),
            ("practitioners", "n_practitioners", row["n_practitioners_counts"]),
            ("others", "n_other", "unclear"),
        ):
            if row["study_id"] in studies and row[column]:
                place = group, way or "unclear", sample[row["study_id"]]
                largest[place] = max(largest.get(place, 0), int(row[column]))
    total: dict[tuple[str, str], int] = {}
    for (group, way, _), n in largest.items():
        total[group, way] = total.get((group, way), 0) + n
    return total
