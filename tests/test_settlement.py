"""Disagreements: both sets side by side, decisions read back with every problem listed, and nothing lost."""

from __future__ import annotations

import shutil
from collections import Counter

import openpyxl
import pandas as pd
import pytest
from plain import rows

from synthesis import check, read_evidence
from synthesis.cli import main
from synthesis.coding.settlement import SHEET, TO_FILL, disagreement_sheet, settle
from synthesis.evidence.schema import EvidenceError, SynthesisError
from synthesis.evidence.tables import Evidence, write_tables

PAIR = ("coder-1", "coder-2")


@pytest.fixture(scope="module")
def sheet(evidence) -> pd.DataFrame:
    return disagreement_sheet(evidence, *PAIR)


@pytest.fixture(scope="module")
def unsettled(evidence) -> Evidence:
    """The shipped evidence as it was before anything was settled."""
    frames = {
        "codings": evidence.codings[evidence.codings["coder"] != "agreed"].reset_index(drop=True),
        "adjudications": evidence.adjudications.head(0),
        "uncoded": evidence.uncoded.head(0),
    }
    return Evidence(evidence.folder, {**evidence.frames, **frames}, [])


def sets(evidence: Evidence, coder: str) -> dict[str, frozenset[str]]:
    own = evidence.codings[evidence.codings["coder"] == coder]
    return own.groupby("finding_id")["code_id"].agg(frozenset).to_dict()


def places(error: EvidenceError) -> list[tuple[str, int | None, str]]:
    return [(problem.code, problem.row, problem.column) for problem in error.problems]


def test_the_sheet_holds_the_156_findings_that_differ_with_both_sets_and_their_study(evidence, sheet):
    one, two = (sets(evidence, coder) for coder in PAIR)
    differ = [f for f in evidence.findings["finding_id"] if one.get(f, frozenset()) != two.get(f, frozenset())]
    assert list(sheet["finding_id"]) == differ
    assert len(differ) == 156
    for row in sheet.to_dict("records"):
        a, b = (set(filter(None, row[f"codes_{side}"].replace("none", "").split(";"))) for side in "ab")
        assert (a, b) == (one.get(row["finding_id"], set()), two.get(row["finding_id"], set()))
        assert set(filter(None, row["in_common"].split(";"))) == a & b
        assert set(filter(None, row["only_a"].split(";"))) == a - b
        assert row["finding"]
        assert row["study"]
        assert row["population"]


def test_the_decisions_are_those_that_the_coding_notes_count(sheet):
    kinds: Counter[str] = Counter()  # none is a value of its own in that count
    for row in sheet.to_dict("records"):
        a, b, agreed = ({*row[name].split(";")} for name in ("codes_a", "codes_b", "agreed_codes"))
        kinds["overlap"] += agreed == a & b
        kinds["union"] += agreed == a | b
        kinds["first"] += agreed == a
        kinds["second"] += agreed == b
        kinds["neither"] += agreed not in (a, b)
    assert kinds == {"overlap": 76, "union": 25, "first": 39, "second": 81, "neither": 36}


def test_a_sheet_of_an_unsettled_review_has_empty_columns_to_fill(unsettled):
    sheet = disagreement_sheet(unsettled, *PAIR)
    assert len(sheet) == 156
    assert (sheet[[name for name in TO_FILL if name != "negative_cases"]] == "").all().all()
    marked = unsettled.codings.loc[unsettled.codings["negative_case"], ["finding_id", "code_id"]]
    shown = {(row.finding_id, code) for row in sheet.itertuples() for code in row.negative_cases.split(";") if code}
    assert shown == set(map(tuple, marked[marked["finding_id"].isin(sheet["finding_id"])].to_numpy()))


def test_reading_back_what_is_settled_already_changes_nothing(evidence, sheet):
    after = settle(evidence, sheet)
    for name in evidence:
        pd.testing.assert_frame_equal(after[name], evidence[name])


def test_settling_everything_makes_the_agreed_set_anew(evidence, unsettled, sheet, tmp_path):
    after = settle(unsettled, sheet.sample(frac=1, random_state=1))
    decided = {row["finding_id"] for row in rows("adjudications")}
    ours, shipped = sets(after, "agreed"), sets(evidence, "agreed")
    for finding in evidence.findings["finding_id"]:
        if finding in set(sheet["finding_id"]) or finding not in decided:
            assert ours.get(finding) == shipped.get(finding), finding
    assert len(after.adjudications) == 156
    settled = after.codings[
        (after.codings["coder"] == "agreed") & after.codings["finding_id"].isin(sheet["finding_id"])
    ]
    before = evidence.codings[(evidence.codings["coder"] == "agreed") & evidence.codings["finding_id"].isin(sheet["finding_id"])]  # fmt: skip
    assert settled["negative_case"].sum() == before["negative_case"].sum()
    for coder in PAIR:
        mine = [base.codings[base.codings["coder"] == coder].reset_index(drop=True) for base in (unsettled, after)]
        pd.testing.assert_frame_equal(*mine)
    shutil.copytree(evidence.folder, tmp_path / "data")
    write_tables({name: after[name] for name in ("codings", "adjudications", "uncoded")}, tmp_path / "data")
    assert [str(p) for p in check(tmp_path / "data").problems if p.severity == "error"] == []


def test_a_row_without_agreed_codes_is_left_open_and_nothing_else_with_it(unsettled):
    sheet = disagreement_sheet(unsettled, *PAIR)
    first = sheet.loc[0, "finding_id"]
    sheet.loc[0, ["agreed_codes", "reason", "decided_by", "rule", "date"]] = ["none", "Nothing fits.", "adjudicator", "only what is stated", "2026-11-22"]  # fmt: skip
    after = settle(unsettled, sheet)
    (row,) = after.adjudications.to_dict("records")
    assert (row["finding_id"], row["agreed_codes"], row["coder_1"], row["coder_2"]) == (first, "none", *PAIR)
    assert row["date"] == pd.Timestamp("2026-11-22")
    assert first in set(after.uncoded["finding_id"])
    assert not set(sheet["finding_id"]) & set(sets(after, "agreed"))
    assert len(sets(after, "agreed")) == 475 - 11


def test_a_decision_that_is_changed_replaces_the_agreed_codes_and_keeps_the_rest(evidence, sheet):
    changed = sheet.copy()
    changed.loc[0, ["agreed_codes", "reason"]] = ["stigma;hardship", "Seen again."]
    after = settle(evidence, changed)
    finding = sheet.loc[0, "finding_id"]
    now = after.codings[(after.codings["coder"] == "agreed") & (after.codings["finding_id"] == finding)]
    assert now[["code_id", "rank"]].to_numpy().tolist() == [["stigma", 1], ["hardship", 2]]
    others = [base.codings[(base.codings["finding_id"] != finding) | (base.codings["coder"] != "agreed")].reset_index(drop=True) for base in (evidence, after)]  # fmt: skip
    pd.testing.assert_frame_equal(*others)
    assert len(after.adjudications) == len(evidence.adjudications)


def test_every_problem_is_listed_and_nothing_is_taken(evidence, sheet):
    wrong = sheet.head(8).copy()
    wrong.loc[0, "agreed_codes"] = "stigmaa"
    wrong.loc[1, ["reason", "rule"]] = ""
    wrong.loc[2, "decided_by"] = "nobody"
    wrong.loc[3, "date"] = "22/11/2026"
    wrong.loc[4, "agreed_codes"] = ""
    wrong.loc[5, "finding_id"] = "elsewhere-f1"
    wrong.loc[6, "codes_a"] = "stigma"
    wrong.loc[7, "agreed_codes"] = "none;stigma"
    wrong = pd.concat([wrong, sheet.iloc[[1]]], ignore_index=True)
    with pytest.raises(EvidenceError) as caught:
        settle(evidence, wrong)
    assert places(caught.value) == [
        ("link-broken", 2, "agreed_codes"), ("required", 3, "reason"), ("required", 3, "rule"), ("link-broken", 4, "decided_by"),
        ("type", 5, "date"), ("required", 6, "agreed_codes"), ("link-broken", 7, "finding_id"), ("link-broken", 8, "codes_a"),
        ("link-broken", 9, "agreed_codes"), ("key-repeated", 10, "finding_id"),
    ]  # fmt: skip
    assert "did you mean stigma?" in str(caught.value)
    with pytest.raises(SynthesisError, match="lost the columns reason"):
        settle(evidence, sheet.drop(columns="reason"))


def test_a_workbook_is_settled_on_the_command_line(evidence, tmp_path, capsys):
    data, out = tmp_path / "data", tmp_path / "differ.xlsx"
    shutil.copytree(evidence.folder, data)
    before = (data / "judgements" / "codings.csv").read_bytes()
    assert main(["export", "disagreement-sheet", "--coders", *PAIR, "--out", str(out), "--data", str(data)]) == 0
    assert main(["import", str(out), "--data", str(data)]) == 0
    assert "200 findings settled, 0 more than before." in capsys.readouterr().out
    assert (data / "judgements" / "codings.csv").read_bytes() == before
    book = openpyxl.load_workbook(out)
    head = {cell.value: cell.column for cell in book[SHEET][1]}
    book[SHEET].cell(2, head["agreed_codes"]).value = "stigma"
    book.save(out)
    assert main(["import", str(out), "--data", str(data)]) == 0
    finding = book[SHEET].cell(2, head["finding_id"]).value
    assert sets(read_evidence(data), "agreed")[finding] == {"stigma"}
    book[SHEET].cell(2, head["reason"]).value = "=1+1"
    book.save(out)
    assert main(["import", str(out), "--data", str(data)]) == 1
    assert "row 2, column reason: the cell holds a formula" in capsys.readouterr().err
    assert main(["export", "disagreement-sheet", "--out", str(out), "--data", str(data)]) == 2
