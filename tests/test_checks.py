"""Every fault that a user can make is reported once, at its row and column, and hides no other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cases import Case, apply, cases
from small import small_base

from synthesis.evidence.tables import check

CASES = cases()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def usual(base):
    """What the small evidence base always reports: the contradictions of its sources."""
    return list(check(base).problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_fault_is_reported_at_its_place_and_nothing_else_is(case: Case, base: Path, usual, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(base, folder)
    apply(case, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*.csv") if path.is_file()}
    report = check(folder)
    # A recorded contradiction may stand at another row, or beside an edited cell; it is the same remark.
    remarks = {p.message for p in usual}
    new = [p for p in report.problems if p.message not in remarks]
    listing = "\n".join(map(str, new)) or "nothing"
    for line in case.expected:
        wanted = (
            line["severity"],
            line["code"],
            line["in_table"] or line["table"],
            None if line["at_row"] == "none" else int(line["at_row"]),
            "" if line["at_column"] == "none" else line["at_column"] or line["column"],
        )
        found = [p for p in new if (p.severity, p.code, p.table, p.row, p.column) == wanted]
        assert found, f"{wanted} was expected; there is\n{listing}"
        assert any(line["says"] in p.message for p in found), f"{line['says']!r} was expected in\n{listing}"
        new = [p for p in new if p not in found]
    assert not [p for p in new if p.code not in case.also], f"more was reported than the fault explains:\n{listing}"
    assert report.ok == (not any(p.severity == "error" for p in report.problems))
    assert {path: path.read_bytes() for path in folder.rglob("*.csv") if path.is_file()} == before
