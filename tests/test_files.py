"""Files: whatever the bytes, every fault is a line in the list; and a file is written whole or not at all."""

from __future__ import annotations

import csv
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesis.evidence import files
from synthesis.evidence.schema import SynthesisError, table

HEADER = "finding_id,reason"


def raw_of(content: bytes, tmp_path: Path, name: str = "uncoded") -> files.RawTable:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    return files.read_raw(path, table(name))


def codes(raw: files.RawTable) -> list[tuple[str, int | None]]:
    return [(p.code, p.row) for p in raw.problems]


@pytest.mark.parametrize(
    ("content", "rows", "expected"),
    [
        pytest.param("a,r\nb,s\n", [2, 3], [], id="plain"),
        pytest.param("a,r\r\nb,s\r\n", [2, 3], [], id="line ends of Windows"),
        pytest.param('a,"two\nlines"\nb,s\n', [2, 3], [], id="a break inside a cell makes no row"),
        pytest.param("a,r\n\nb,s\n", [2, 4], [("row-blank", 3)], id="a blank line keeps its number"),
        pytest.param("a,r\n,\nb,s\n", [2, 4], [("row-blank", 3)], id="a row of commas is blank"),
        pytest.param("a,r", [2], [], id="no line end at the end"),
        pytest.param("a,r,x\nb\n", [2, 3], [("row-width", 2), ("row-width", 3)], id="widths that balance out"),
        pytest.param('a,"r\nb,s\n', [2, 3], [("quote", 2)], id="an open quotation mark swallows nothing"),
        pytest.param('a,"r" x\nb,s\n', [2, 3], [("quote", 2)], id="text after a quotation mark"),
        pytest.param('a,6" tall\nb,s\n', [2, 3], [], id="an inch mark inside a cell"),
        pytest.param('a,"say ""so"""\nb,s\n', [2, 3], [], id="quotation marks written twice"),
        pytest.param("a,r,,\nb,s\n", [2, 3], [("row-width", None)], id="empty cells beyond the header"),
    ],
)
def test_rows_carry_the_number_that_a_spreadsheet_shows(content, rows, expected, tmp_path):
    raw = raw_of(f"{HEADER}\n{content}".encode(), tmp_path)
    assert list(raw.rows) == rows
    assert codes(raw) == expected


def test_the_fast_and_the_careful_way_read_the_same_cells(tmp_path):
    text = f'{HEADER}\na,"one, ""two"""\nb,"x\ny"\nc,\n'
    fast = files._split_fast(text.encode(), ",")
    careful = files._split_slowly(text, ",", files.RawTable(table("uncoded"), {}, np.empty(0, dtype=int)))
    assert fast is not None
    assert [list(column) for column in fast] == [list(column) for column in careful]


def test_printed_digits_are_kept_as_text(tmp_path):
    raw = raw_of(b"finding_id,reason\na,36.0\nb,36\nc,036\n", tmp_path)
    assert list(raw.text("reason")) == ["36.0", "36", "036"]


def test_a_file_that_may_not_be_read_is_one_fault(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    raw = raw_of(b"x", tmp_path)
    assert codes(raw) == [("file-unreadable", None)]
    assert "Permission denied" in raw.problems[0].message
    assert not raw.readable


def test_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "elsewhere.csv").write_text(f"{HEADER}\na,r\n", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to("elsewhere.csv")
    assert list(files.read_raw(tmp_path / "link.csv", table("uncoded")).text("finding_id")) == ["a"]


def test_the_limit_of_the_csv_module_stays_as_the_user_set_it(tmp_path):
    before = csv.field_size_limit()
    raw = raw_of(f"{HEADER}\n\na,{'x' * 200_000}\n".encode(), tmp_path)
    assert len(raw.text("reason")[0]) == 200_000
    assert csv.field_size_limit() == before


def test_a_problem_is_one_line_and_shows_little_of_a_huge_cell(tmp_path):
    raw = raw_of(f'{HEADER}\n"a\n\x1b{"b" * 5000}",r\n'.encode(), tmp_path)
    raw.report("type", "a message\nwith a break\x1b", 2, "reason", "v" * 5000)
    assert "\n" not in str(raw.problems[-1])
    assert "\x1b" not in str(raw.problems[-1])
    assert len(raw.problems[-1].value) == 200


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=300) | st.text(alphabet='a,;"\n\r\t é\0', max_size=80).map(str.encode))
def test_no_bytes_make_reading_fail(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("bytes")
    for start in (b"", b"finding_id,reason\n"):
        raw = raw_of(start + content, folder)
        assert all(len(codes) == len(raw.rows) for _, codes in raw.cells.values())
        assert raw.readable or raw.problems


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError), files.replacing(path) as handle:
        handle.write(b"half of the ne")
        raise RuntimeError("the power went")
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_full_disk_is_told_without_a_traceback(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("old", encoding="utf-8")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SynthesisError, match="No space left on device"):
        files.write_bytes(b"new", path)
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_permissions_stay_as_they_were(tmp_path):
    path = files.write_bytes(b"x", tmp_path / "t.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o640)
    files.write_bytes(b"y", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link_when_its_file_is_written(tmp_path):
    (tmp_path / "real.csv").write_bytes(b"old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    files.write_bytes(b"new", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"new"


def test_computed_numbers_are_written_with_twelve_digits():
    assert files.csv_bytes(pd.DataFrame({"x": [1 / 3, 2.0, np.nan]})) == b'x\n0.333333333333\n2\n""\n'
