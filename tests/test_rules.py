"""Rules of the field that need more than one look: rounding, recorded contradictions, and what may not be hidden."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small import as_csv, read, small_base

from synthesis.evidence.rules import Checked, _and_above, printed_step
from synthesis.evidence.tables import check


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("small"))


@pytest.fixture
def folder(base, tmp_path):
    return shutil.copytree(base, tmp_path / "data")


def edit(path, key: str, **cells: str) -> None:
    grid = read(path)
    row = next(row for row in grid if row[0] == key)
    for column, value in cells.items():
        row[grid[0].index(column)] = value
    path.write_bytes(as_csv(grid))


def found(folder) -> list[tuple[str, str]]:
    return [(p.code, p.column) for p in check(folder).problems if p.code != "discrepancy"]


def test_one_unit_of_the_last_printed_digit():
    texts = np.array(["36", "36.0", "36.25", " 4.1 ", "", "n/a", "4E1", "NaN"], dtype=object)
    assert printed_step(texts) == pytest.approx([1, 0.1, 0.01, 0.1, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("printed", "agrees"),
    [("27.19", True), ("27.2", True), ("27", True), ("27.18", False), ("27.3", False), ("28", False), ("27.188", True)],
)
def test_a_percent_may_differ_from_its_counts_by_rounding_alone(folder, printed, agrees):
    edit(folder / "sources/estimates.csv", "MBUpsychosis2018-01", percent_as_reported=printed)  # 87 of 320 is 27.1875
    assert found(folder) == ([] if agrees else [("percent-disagrees", "percent_as_reported")])


@pytest.mark.parametrize(
    ("estimate", "low", "high", "fits"),
    [
        ("12.6", "10.8", "13.46", True),
        ("11", "11.4", "13.46", True),  # 11 may stand for 11.4
        ("11.0", "11.4", "13.46", False),
        ("11", "11.6", "13.46", False),
        ("14", "11.4", "13.6", True),
    ],
)
def test_an_interval_may_miss_its_estimate_by_rounding_alone(folder, estimate, low, high, fits):
    edit(folder / "sources/associations.csv", "Simoila2019-a01", estimate=estimate, ci_low=low, ci_high=high)
    # The row's recorded doubt concerns ci_low; without it the interval is judged.
    edit(folder / "judgements/discrepancies.csv", "D35", column="note")
    expected = [("link-broken", "column")] + ([] if fits else [("interval-excludes-estimate", "estimate")])
    assert sorted(found(folder)) == sorted(expected)


def test_a_recorded_contradiction_is_a_warning_and_its_removal_makes_it_an_error(folder):
    assert check(folder).ok
    grid = read(folder / "judgements/discrepancies.csv")
    (folder / "judgements/discrepancies.csv").write_bytes(as_csv([row for row in grid if row[0] != "D05"]))
    assert found(folder) == [("percent-disagrees", "percent_as_reported")]


def test_where_the_remarks_cannot_be_read_no_contradiction_is_called_an_error(folder):
    (folder / "judgements/discrepancies.csv").write_bytes(b"")
    assert found(folder) == [("file-empty", "")]


@pytest.mark.parametrize(
    "broken",
    ["studies", "findings", "codings", "codebook", "themes", "coders", "records", "indicators", "uncoded", "samples",
     "estimate_choices", "estimates", "review_findings", "retractions"],
)  # fmt: skip
def test_an_unreadable_table_is_one_fault_and_not_one_a_row(folder, broken):
    path = next(folder.rglob(f"{broken}.csv"))
    path.write_bytes(b"PK\x03\x04 not a table")
    assert found(folder) == [("file-format", "")]


@pytest.mark.parametrize(
    ("table", "column"),
    [("studies", "study_id"), ("findings", "finding_id"), ("codings", "coder"), ("records", "decision"),
     ("estimates", "numerator"), ("estimates", "source_id"), ("estimate_choices", "sample"), ("themes", "parent_theme_id"),
     ("official_statistics", "episodes_assessed"), ("uncoded", "finding_id"), ("indicators", "combine"),
     ("discrepancies", "table"), ("retractions", "doi")],
)  # fmt: skip
def test_a_missing_column_is_one_fault_and_not_one_a_row(folder, table, column):
    path = next(folder.rglob(f"{table}.csv"))
    grid = read(path)
    at = grid[0].index(column)
    path.write_bytes(as_csv([row[:at] + row[at + 1 :] for row in grid]))
    assert found(folder) == [("column-missing", column)]


def test_going_up_ends_where_a_circle_closes():
    assert _and_above("a", {"a": {"b"}, "b": {"c"}, "c": {"b"}}) == {"a", "b", "c"}
    assert _and_above("a", {"a": {""}}) == {"a"}


def test_a_key_of_several_columns_with_an_empty_part_is_missing():
    frame = pd.DataFrame({"one": ["a", None, "c"], "two": pd.array([1, 2, None], dtype="Int64")})
    raw = SimpleNamespace(table=SimpleNamespace(key=("one", "two")))
    keys = Checked({"pairs": frame}, {"pairs": raw}).keys("pairs")
    assert keys[0] == "a/1"
    assert keys.isna().tolist() == [False, True, True]
