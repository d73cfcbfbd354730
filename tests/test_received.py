"""Nothing that was handed over is missing from data/, nothing was invented, and every difference has its reason."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import audit_received
import pytest
from audit_received import DATA, RECEIVED, audit
from small import as_csv, read

from synthesis.evidence.schema import table


@pytest.fixture(scope="module")
def outcomes():
    return {outcome.table: outcome for outcome in audit()}


@pytest.fixture
def data(tmp_path):
    return shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("derived", "official_statistics.csv"))


def unexplained(data: Path, monkeypatch) -> list[str]:
    """What the audit cannot explain in a copy without the one large table, which has a test of its own."""
    received = data.parent / "received"
    shutil.copytree(RECEIVED, received, ignore=shutil.ignore_patterns("official_statistics.csv"))
    monkeypatch.setattr(audit_received, "RECEIVED", received)
    return [line for outcome in audit(data) for line in outcome.unexplained]


def edit(data: Path, name: str, key: str, column: str = "", value: str = "") -> None:
    """Set a cell of the row, or take the row out where no column is named."""
    path = data / table(name).file
    grid = read(path)
    row = next(row for row in grid if row[0] == key)
    if column:
        row[grid[0].index(column)] = value
    else:
        grid.remove(row)
    path.write_bytes(as_csv(grid))


def test_nothing_is_unexplained(outcomes):
    assert [line for outcome in outcomes.values() for line in outcome.unexplained] == []


def test_every_table_that_was_handed_over_is_looked_at(outcomes):
    assert set(outcomes) == {path.stem for path in RECEIVED.glob("*.csv")} - {"changes"}


def test_rows_in_are_rows_out(outcomes):
    more = {name: (o.rows_in, o.rows_out) for name, o in outcomes.items() if o.rows_in != o.rows_out}
    # The recommendations name seven sources that the list of guides did not hold.
    assert more == {"guide_sources": (5, 12)}
    assert len(outcomes["guide_sources"].added_rows) == 7


def test_every_change_that_is_listed_is_a_change_that_was_made(outcomes):
    changed = {(line["table"], line["column"]) for line in audit_received.read(RECEIVED / "changes.csv")}
    made = {(name, reason.partition(":")[0]) for name, o in outcomes.items() for reason in o.reasons}
    assert changed <= made


def test_every_listed_change_has_a_reason():
    assert all(line["reason"].strip() for line in audit_received.read(RECEIVED / "changes.csv"))


@pytest.mark.parametrize(
    ("name", "key", "column", "value", "found"),
    [
        ("studies", "barbour2002", "", "", "studies barbour2002: the row is gone"),
        ("findings", "ackerson2003-f1", "", "", "findings ackerson2003-f1: the row is gone"),
        ("studies", "ackerson2003", "n_parents", "14", "studies ackerson2003 n_parents: '13' was expected, '14' is there"),
        ("findings", "ackerson2003-f1", "finding", "Something else.", "findings ackerson2003-f1 finding: "),
        ("studies", "ackerson2003", "participants_as_reported", "13 or so", "studies ackerson2003 participants_as_reported: "),
        ("estimates", "Poinso2002-01", "percent_as_reported", "", "estimates Poinso2002-01 percent_as_reported: '23'"),
        ("themes", "T1", "name", "A spiral", "themes T1 name: "),
    ],
)  # fmt: skip
def test_a_row_taken_out_and_a_cell_changed_are_found(data, monkeypatch, name, key, column, value, found):
    edit(data, name, key, column, value)
    lines = unexplained(data, monkeypatch)
    assert len(lines) == 1
    assert lines[0].startswith(found)


def test_a_row_that_stands_twice_is_found(data, monkeypatch):
    path = data / table("memos").file
    grid = read(path)
    path.write_bytes(as_csv([*grid, grid[1]]))
    assert unexplained(data, monkeypatch) == [f"memos {grid[1][0]}: stands 2 times"]


def test_a_column_with_contents_of_its_own_is_found(data, monkeypatch):
    path = data / table("memos").file
    header, *rows = read(path)
    path.write_bytes(as_csv([[*header, "opinion"], *([*row, "mine"] for row in rows)]))
    lines = unexplained(data, monkeypatch)
    assert len(lines) == len(rows)
    assert all(" opinion: " in line for line in lines)


def test_the_script_prints_rows_in_and_rows_out():
    script = Path(audit_received.__file__)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "studies: 144 rows in, 144 rows out, 0 added since" in done.stdout
    assert "UNEXPLAINED" not in done.stdout
