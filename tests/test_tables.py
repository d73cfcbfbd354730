"""Evidence in and out: what is written is what is read, a bad table is refused whole, and no content stops a check."""

from __future__ import annotations

import csv
import os
import re
import shutil
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from small import as_csv, read, small_base

from synthesis import check, read_evidence, write_table
from synthesis.evidence.checks import _garbled, plain
from synthesis.evidence.schema import Column, EvidenceError, SynthesisError, evidence_tables, table

DATA = Path(__file__).parent.parent / "data"
FEW = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking a folder of tables takes minutes and explains little
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def usual(base):
    """Where the small evidence base always reports something: the contradictions of its sources."""
    return {(p.code, p.table, p.row, p.column) for p in check(base).problems}


@pytest.fixture
def folder(base, tmp_path):
    return shutil.copytree(base, tmp_path / "data")


@pytest.fixture(scope="module")
def shipped():
    return read_evidence(DATA)


# ------------------------------------------------------------------ reading


def test_every_table_comes_back_typed(shipped):
    kinds = {"integer": "Int64", "year": "Int64", "number": "float64", "yes_no": "boolean", "date": "datetime64[us]"}
    for name, spec in evidence_tables().items():
        assert list(shipped[name].columns) == list(spec.columns)
        for column in spec.columns.values():
            assert str(shipped[name][column.name].dtype) == kinds.get(column.type, "str"), (name, column.name)


def test_an_absent_optional_table_is_there_without_rows(folder):
    (folder / "judgements" / "memos.csv").unlink()
    evidence = read_evidence(folder)
    assert len(evidence.memos) == 0
    assert list(evidence.memos.columns) == list(table("memos").columns)


def test_reading_lists_every_error_at_once(folder):
    for name, old, new in (("studies", "parent", "parnt"), ("codings", "agreed", "argeed"), ("themes", "T1a", "T1 a")):
        path = folder / table(name).file
        path.write_text(path.read_text(encoding="utf-8").replace(f",{old},", f",{new},", 1), encoding="utf-8")
    with pytest.raises(EvidenceError) as caught:
        read_evidence(folder)
    assert {p.table for p in caught.value.problems if p.severity == "error"} >= {"studies", "codings"}
    assert str(caught.value).startswith(f"{sum(p.severity == 'error' for p in caught.value.problems)} errors")


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.write_text("x"), lambda p: p.mkdir()])
def test_a_folder_that_holds_no_evidence_is_refused_in_one_line(tmp_path, make):
    make(tmp_path / "evidence")
    for function in (check, read_evidence):
        with pytest.raises(SynthesisError, match="sources/"):
            function(tmp_path / "evidence")


def test_the_folder_that_was_meant_is_named(folder):
    with pytest.raises(SynthesisError, match=f"Did you mean {folder}"):
        check(folder / "sources")
    with pytest.raises(SynthesisError, match=f"Did you mean {folder}"):
        check(folder.parent)


def test_a_table_that_the_schema_does_not_hold_is_named(shipped):
    with pytest.raises(SynthesisError, match="no table 'study'"):
        shipped["study"]
    with pytest.raises(AttributeError, match="no table 'study'"):
        shipped.study  # noqa: B018


# ------------------------------------------------------------------ no content stops a check


@FEW
@given(data=st.data())
def test_random_bytes_in_any_table_are_problems_and_never_an_exception(base, tmp_path, data):
    folder = tmp_path / "data"
    shutil.copytree(base, folder, dirs_exist_ok=True)
    path = folder / table(data.draw(st.sampled_from(list(evidence_tables())))).file
    old = path.read_bytes()
    at = data.draw(st.integers(0, len(old)))
    new = data.draw(st.binary(min_size=1, max_size=40))
    path.write_bytes(
        data.draw(st.sampled_from([new, old[:at] + new + old[at:], old[:at], old[:at] + new + old[at + 40 :]]))
    )
    report = check(folder)
    assert all(p.code and p.message and "\n" not in str(p) for p in report.problems)
    assert report.ok == (not [p for p in report.problems if p.severity == "error"])


_WRONG = {
    "integer": st.sampled_from(["1,304", "12.5", "about 13", "1e3", "٣", "9" * 30, "15-Oct"]),
    "number": st.sampled_from(["12,5", "36 %", "n/a", "1e999", "NaN", "inf", "12.5.1"]),
    "year": st.sampled_from(["21", "2026-11-21", "20205", "１９９９", "in press"]),
    "yes_no": st.sampled_from(["TRUE", "Yes", "1", "maybe"]),
    "date": st.sampled_from(["21/11/2026", "2026-13-01", "2026-02-30", "today"]),
    "id": st.sampled_from(["a b", "a;b", "a\u200bb", "a\u00a0b", "a\u2013b", "Mar-98", "1.23E+15"]),
    "ids": st.sampled_from(["a b", "a; b", "a;;b", "a\u200bb", "15-Oct"]),
    "word": st.text(min_size=1, max_size=8).filter(lambda text: text.strip() and text.isprintable()),
    "words": st.text(min_size=1, max_size=8).filter(lambda text: text.strip(" ;") and text.isprintable()),
}


@FEW
@given(data=st.data())
def test_a_wrong_cell_is_reported_at_its_row_and_column(base, tmp_path, data):
    filled = [name for name in evidence_tables() if len(read(base / table(name).file)) > 1]
    name = data.draw(st.sampled_from(filled))
    columns = [column for column in table(name).columns.values() if column.type in _WRONG]
    column: Column = data.draw(st.sampled_from(columns))
    value = data.draw(_WRONG[column.type])
    if column.allowed and set(value.split(";")) <= set(column.vocabulary):
        return
    folder = tmp_path / "data"
    shutil.copytree(base, folder, dirs_exist_ok=True)
    grid = read(folder / table(name).file)
    row = data.draw(st.integers(2, len(grid)))
    grid[row - 1][grid[0].index(column.name)] = value
    (folder / table(name).file).write_bytes(as_csv(grid))
    places = {(p.table, p.row, p.column) for p in check(folder).problems if p.severity == "error"}
    assert (name, row, column.name) in places


@FEW
@given(data=st.data())
def test_a_new_number_is_valid_or_reported_at_its_row(base, usual, tmp_path, data):
    folder = tmp_path / "data"
    shutil.copytree(base, folder, dirs_exist_ok=True)
    path = folder / table("estimates").file
    grid = read(path)
    row = data.draw(st.integers(2, len(grid)))
    column = data.draw(st.sampled_from(["numerator", "denominator", "percent_as_reported", "ci_low", "ci_high"]))
    grid[row - 1][grid[0].index(column)] = str(data.draw(st.integers(-5, 5000)))
    path.write_bytes(as_csv(grid))
    new = {(p.code, p.table, p.row, p.column) for p in check(folder).problems} - usual
    assert {(at, number) for _, at, number, _ in new} <= {("estimates", row)}


@settings(FEW, max_examples=8)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_changes_no_problem(base, tmp_path, seed):
    folder = tmp_path / "data"
    shutil.copytree(base, folder, dirs_exist_ok=True)
    shuffle = np.random.default_rng(seed)
    for name, (row, column, value) in {
        "studies": (2, "study_id", "Ackerson2003"),
        "findings": (3, "perspective", "parnet"),
        "estimates": (4, "numerator", "400"),
        "themes": (3, "parent_theme_id", "T1a"),
    }.items():
        grid = read(folder / table(name).file)
        grid.append(list(grid[row - 1]))
        grid[row - 1][grid[0].index(column)] = value
        (folder / table(name).file).write_bytes(as_csv(grid))
    found = []
    for _ in range(2):
        found.append(sorted((p.code, p.table, p.column, p.value) for p in check(folder).problems))
        for name in evidence_tables():
            header, *rows = read(folder / table(name).file)
            (folder / table(name).file).write_bytes(
                as_csv([header, *(rows[i] for i in shuffle.permutation(len(rows)))])
            )
    assert found[0] == found[1]


def test_a_round_trip_through_a_spreadsheet_program_is_no_fault(tmp_path):
    """What LibreOffice 7 does to these files on opening and saving: 36.0 becomes 36, lines end anew, quoting changes."""
    for spec in evidence_tables().values():
        path = tmp_path / spec.file
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [[re.sub(r"^(-?\d+)\.0$", r"\1", cell) for cell in row] for row in read(DATA / spec.file)]
        with path.open("w", encoding="utf-8-sig", newline="") as handle:
            csv.writer(handle, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    before = [(p.code, p.table, p.row, p.column) for p in check(DATA).problems]
    after = [(p.code, p.table, p.row, p.column) for p in check(tmp_path).problems if p.code != "byte-order-mark"]
    assert after == before


# ------------------------------------------------------------------ writing


def test_every_shipped_table_is_written_as_it_was_read(shipped, tmp_path):
    shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("derived"))
    for name, spec in evidence_tables().items():
        write_table(shipped[name], name, tmp_path / "data")
        assert (tmp_path / "data" / spec.file).read_bytes() == (DATA / spec.file).read_bytes(), name


def test_a_number_that_changes_is_written_anew_and_the_others_keep_their_printed_digits(folder):
    frame = read_evidence(folder).estimates
    at = frame["estimate_id"] == "MBUpsychosis2018-01"
    frame.loc[at, "percent_as_reported"] = 27.0
    path = write_table(frame, "estimates", folder)
    percents = {row[0]: row[read(path)[0].index("percent_as_reported")] for row in read(path)}
    assert percents["MBUpsychosis2018-01"] == "27"
    assert percents["Zerihun2021-life"] == "62.0"


_TEXT = (
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)
    .filter(lambda text: _garbled(text) is None)
    .map(lambda text: f'{text}"x", y\nz and enough words')
)
_ID = st.text("abcXYZ09-_.é主", min_size=1, max_size=8).map("id-{}".format).filter(lambda text: ".." not in text)


@FEW
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "association_id": _ID, "source_id": st.just("s"), "exposure": _TEXT, "outcome": _TEXT, "population": _TEXT,
                "year": st.none() | st.integers(1800, 2099), "estimate": st.none() | st.floats(0, 1e12),
                "n": st.none() | st.integers(1, 10**17), "pooled": st.booleans(),
                "date_read": st.datetimes(min_value=pd.Timestamp("1800-01-01"), max_value=pd.Timestamp("2200-01-01")).map(lambda t: pd.Timestamp(t).normalize()),
            }
        ),
        min_size=1, max_size=6, unique_by=lambda row: plain(row["association_id"]),
    )
)  # fmt: skip
def test_what_is_written_is_what_is_read(base, tmp_path, rows):
    folder = tmp_path / "data"
    shutil.copytree(base, folder, dirs_exist_ok=True)
    frame = pd.DataFrame(rows).assign(
        measure="OR", adjusted="yes", measure_as_reported="OR", source_url="https://x.org", locator="Table 1"
    )
    for column in table("associations").columns:
        if column not in frame:
            frame[column] = None
    for name in ("discrepancies", "associations"):
        (folder / table(name).file).unlink()
    write_table(frame, "associations", folder)
    back = check_only(folder)
    frame = frame[list(table("associations").columns)].astype(back.dtypes)
    pd.testing.assert_frame_equal(back, frame)


def check_only(folder: Path) -> pd.DataFrame:
    """The associations of a folder, whatever the other tables lack."""
    from synthesis.evidence import tables

    checked, _, problems = tables._read(folder)
    assert not [p for p in problems if p.table == "associations"]
    return checked.frames["associations"]


def test_a_bad_table_is_refused_with_every_fault_and_the_file_stays(folder):
    frame = read_evidence(folder).studies
    path = folder / table("studies").file
    before = path.read_bytes()
    frame.loc[0, "perspective"] = "parnet"
    frame.loc[1, "population"] = None
    frame.loc[2, "study_id"] = frame.loc[0, "study_id"]
    with pytest.raises(EvidenceError) as caught:
        write_table(frame.assign(my_thoughts="?"), "studies", folder)
    assert {(p.code, p.row) for p in caught.value.problems if p.severity == "error"} == {
        ("vocabulary", 2), ("required", 3), ("key-repeated", 4), ("column-unknown", 1),
    }  # fmt: skip
    assert path.read_bytes() == before


def test_a_column_name_that_stands_twice_is_refused(folder):
    frame = read_evidence(folder).uncoded
    with pytest.raises(EvidenceError, match="stands twice"):
        write_table(pd.concat([frame, frame[["reason"]]], axis=1), "uncoded", folder)


def test_a_cell_that_holds_a_list_is_refused_in_words(folder):
    frame = read_evidence(folder).studies.astype({"country": object})
    frame.at[0, "country"] = ["GB", "US"]
    with pytest.raises(EvidenceError, match="is not allowed"):
        write_table(frame, "studies", folder)


def test_a_failed_write_leaves_the_old_table_whole(folder, monkeypatch):
    frame = read_evidence(folder).uncoded
    path = folder / table("uncoded").file
    before, there = path.read_bytes(), sorted(os.listdir(path.parent))

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(SynthesisError, match="untouched"):
        write_table(frame.head(1), "uncoded", folder)
    assert path.read_bytes() == before
    assert sorted(os.listdir(path.parent)) == there


def test_writing_keeps_the_permissions_of_the_file(folder):
    path = folder / table("uncoded").file
    path.chmod(0o660)
    write_table(read_evidence(folder).uncoded, "uncoded", folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_line_break_inside_a_cell_is_one_kind_of_line_break(folder):
    frame = read_evidence(folder).uncoded
    frame.loc[0, "reason"] = "one\r\ntwo\rthree"
    write_table(frame, "uncoded", folder)
    assert read_evidence(folder).uncoded.loc[0, "reason"] == "one\ntwo\nthree"
