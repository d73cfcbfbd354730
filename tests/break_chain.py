"""Breaks the chain from statement to address on purpose, and looks whether `check` fails and names the place each time.

python tests/break_chain.py [--breaks 20] [--seed 1] [--data data]

The same seed breaks the same places. Every column that links one table of the chain to another has a break, and so have
the addresses, the tree of themes and the record behind a study; of more breaks than that, several fall on one column.
Breaks are made in a copy, one at a time. Ends with status 1 where one goes unseen, or where the clean data fail.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from small import DATA, Grid, as_csv, read

from synthesis.evidence.schema import NONE_WORD, Problem, evidence_tables, table
from synthesis.evidence.tables import check
from synthesis.reports.chain import LEVELS

#: Tables whose links hold the chain together: its levels, and what is said beside them.
TABLES = (*(name for name, _ in LEVELS.values()), "adjudications", "uncoded", "codebook_changes")
#: Links of those tables: table and column -> table and column pointed to.
LINKS = {
    (name, each.name): tuple(each.links.split("."))
    for name in TABLES
    for each in table(name).columns.values()
    if each.links
}
#: Tables whose rows must name the address at which they were read.
ADDRESSES = ("findings", "studies")


@dataclass(frozen=True)
class Break:
    """One break: a row deleted (``value`` None) or a cell changed, and where it must be named. Rows as a spreadsheet counts."""

    said: str
    table: str
    row: int
    column: str
    value: str | None
    code: str
    named_in: str
    named_row: int
    named_column: str

    def names(self, problem: Problem) -> bool:
        """Whether a problem names this break at its place."""
        there = (problem.severity, problem.code, problem.table, problem.row, problem.column)
        return there == ("error", self.code, self.named_in, self.named_row, self.named_column)


def seeded_breaks(folder: Path, n: int = 20, seed: int = 1) -> list[Break]:
    """`n` different breaks of the evidence base in `folder`, drawn from all ways in turn; the same for the same seed."""
    grids = {
        name: read(folder / spec.file) for name, spec in evidence_tables().items() if (folder / spec.file).exists()
    }
    rng = random.Random(seed)
    ways: list[Callable[[], Break | None]] = [partial(_broken_link, grids, *link, rng) for link in LINKS]
    ways += [partial(_broken_address, grids, name, rng) for name in ADDRESSES]
    ways += [partial(_own_parent, grids, rng), partial(_record_gone, grids, rng)]
    drawn: dict[Break, None] = {}
    while len(drawn) < n:
        for way in rng.sample(ways, len(ways)):
            made = way()
            if made and len(drawn) < n:
                drawn[made] = None
    return list(drawn)


def _broken_link(grids: dict[str, Grid], name: str, column: str, rng: random.Random) -> Break | None:
    """A link misspelt, sent to a row of another kind, or left without its target; None where no cell holds one."""
    target, key = LINKS[name, column]
    filled = [(row, value) for row, value in _cells(grids, name, column) if value not in ("", NONE_WORD)]
    if not filled:
        return None
    row, value = rng.choice(filled)
    part = rng.choice(value.split(";"))
    there = {value: row for row, value in _cells(grids, target, key)}
    code = "coder-unknown" if (name, column) == ("codings", "coder") else "link-broken"
    how = rng.choice(("misspelt", "another kind", "deleted"))
    if how == "deleted":
        # Rows move up when one above them in the same table is deleted; the first that points there is looked for.
        gone = there[part]
        first = next(r for r, held in filled if part in held.split(";") and (name, r) != (target, gone))
        first -= (name == target) and first > gone
        return Break(
            f"{part} deleted, to which {name}.{column} points", target, gone, "", None, code, name, first, column
        )
    new = _misspelt(part, there, rng) if how == "misspelt" else _of_another_kind(grids, target, there, rng)
    value = ";".join(new if each == part else each for each in value.split(";"))
    return Break(f"{part} became {new} ({how})", name, row, column, value, code, name, row, column)


def _misspelt(part: str, there: dict[str, int], rng: random.Random) -> str:
    """A letter more, a letter less, or two letters changed about, so that no other row is hit by chance."""
    at = rng.randrange(len(part))
    ways = [part + "x", part[:at] + part[at + 1 :], part[:at] + part[at : at + 2][::-1] + part[at + 2 :]]
    return rng.choice([each for each in ways if each and each not in there])


def _of_another_kind(grids: dict[str, Grid], target: str, there: dict[str, int], rng: random.Random) -> str:
    others = [level for level, (name, key) in LEVELS.items() if name != target and len(key) == 1]
    name, (key,) = LEVELS[rng.choice(others)]
    return rng.choice([value for _, value in _cells(grids, name, key) if value not in there])


def _broken_address(grids: dict[str, Grid], name: str, rng: random.Random) -> Break:
    row, address = rng.choice(_cells(grids, name, "source_url"))
    value, code = rng.choice([("", "required"), (address.partition("//")[2], "type")])
    return Break(f"address {address} became {value!r}", name, row, "source_url", value, code, name, row, "source_url")


def _own_parent(grids: dict[str, Grid], rng: random.Random) -> Break:
    row, theme = rng.choice(_cells(grids, "themes", "theme_id"))
    place = ("themes", row, "parent_theme_id")
    return Break(f"{theme} made its own parent", *place, theme, "theme-cycle", *place)


def _record_gone(grids: dict[str, Grid], rng: random.Random) -> Break:
    included = [(row, study) for row, study in _cells(grids, "records", "study_id") if study]
    row, study = rng.choice(included)
    there = next(at for at, each in _cells(grids, "studies", "study_id") if each == study)
    named = ("record-and-study", "studies", there, "study_id")
    return Break(f"the record of {study} deleted", "records", row, "", None, *named)


def _cells(grids: dict[str, Grid], name: str, column: str) -> list[tuple[int, str]]:
    """The cells of a column with their row numbers."""
    header, *rows = grids[name]
    at = header.index(column)
    return [(number, row[at]) for number, row in enumerate(rows, 2)]


@contextmanager
def broken(folder: Path, one: Break) -> Iterator[None]:
    """The evidence base with one break in it; whole again afterwards."""
    path = folder / table(one.table).file
    whole, grid = path.read_bytes(), read(path)
    if one.value is None:
        del grid[one.row - 1]
    else:
        grid[one.row - 1][grid[0].index(one.column)] = one.value
    path.write_bytes(as_csv(grid))
    try:
        yield
    finally:
        path.write_bytes(whole)


def named_by_check(folder: Path, one: Break) -> Problem | None:
    """The problem by which `check` names a break; None where the check passes, or fails without naming it."""
    with broken(folder, one):
        report = check(folder)
    return None if report.ok else next(filter(one.names, report.problems), None)


def copied(data: Path, to: Path) -> Path:
    """A copy to break, without the one large table, to which nothing of the chain points."""
    return shutil.copytree(data, to / "data", ignore=shutil.ignore_patterns("derived", "official_statistics.csv"))


def main() -> int:
    parser = argparse.ArgumentParser(description="Break the chain on purpose and see whether each break is named.")
    parser.add_argument("--breaks", type=int, default=20, help="how many (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="the evidence base, which stays as it is"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = copied(asked.data, Path(name))
        clean = check(folder).ok
        found = [(one, named_by_check(folder, one)) for one in seeded_breaks(folder, asked.breaks, asked.seed)]
    for number, (one, problem) in enumerate(found, 1):
        print(f"{number:3} {one.table}: {one.said}\n    {problem or 'NOT NAMED'}")
    caught = sum(problem is not None for _, problem in found)
    print(f"{caught} of {len(found)} breaks caught and named; the clean data {'pass' if clean else 'FAIL'}.")
    return int(not clean or caught < len(found))


if __name__ == "__main__":
    sys.exit(main())
