"""Appraising and judging in a spreadsheet: blind sheets out, every problem listed on the way back, settlements recorded.

The judgements and answers below are INVENTED for these tests: they say nothing of the studies.
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from small import small_base
from test_coding_sheet import libreoffice

from synthesis import check, read_evidence
from synthesis.cli import main
from synthesis.coding.settlement import SHEET as DISAGREEMENT
from synthesis.coding.settlement import disagreement_sheet
from synthesis.evidence.schema import CallError, EvidenceError, SynthesisError, table
from synthesis.evidence.tables import Evidence, write_tables
from synthesis.office.table_sheets import Imported, filled_rows, read_table_sheet
from synthesis.reports.sheets import SHEETS, export_sheet, import_sheet
from synthesis.review import appraisal_sheets
from synthesis.review.appraisal import settled_answers
from synthesis.review.appraisal_sheets import (
    appraisal_settlement,
    appraisal_sheet,
    appraisal_workbook,
    record_appraisals,
    settle_appraisals,
)
from synthesis.themes import confidence_sheets
from synthesis.themes.confidence import LEVELS, judgements
from synthesis.themes.confidence_sheets import (
    confidence_settlement,
    confidence_sheet,
    confidence_workbook,
    record_confidence,
    settle_confidence,
)

DAY = dt.date(2026, 11, 22)
CASP = "casp_qualitative"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Path:
    """A small evidence base with three people, who have judged nothing yet."""
    made = small_base(tmp_path_factory.mktemp("sheets") / "data")
    coders = made / table("coders").file
    people = "".join(f"{name},person,Judges,coder-1,2,yes,\n" for name in ("anna", "ben", "meeting"))
    coders.write_text(coders.read_text(encoding="utf-8") + people, encoding="utf-8")
    return made


@pytest.fixture
def folder(shipped, tmp_path) -> Path:
    return shutil.copytree(shipped, tmp_path / "data")


@pytest.fixture(scope="module")
def base(shipped) -> Evidence:
    return read_evidence(shipped)


def places(error: EvidenceError) -> list[tuple[str, int | None, str]]:
    return [(problem.code, problem.row, problem.column) for problem in error.problems if problem.severity == "error"]


_BLANK: dict[Path, pd.DataFrame] = {}


def judged(evidence: Evidence, assessor: str, **levels: str) -> pd.DataFrame:
    """An assessor's sheet with the first statement judged; everything else is left empty."""
    if evidence.folder not in _BLANK:  # what the data suggest is the same in every sheet, and takes a while
        _BLANK[evidence.folder] = confidence_sheet(evidence, "anna")
    sheet = _BLANK[evidence.folder].assign(assessed_by=assessor)
    whole = dict.fromkeys(LEVELS, "minor") | {"overall": "moderate"} | levels
    for name, level in whole.items():
        sheet[name] = sheet[name].astype(object)
        sheet.loc[0, name] = level
        sheet.loc[0, f"{name}_reason"] = f"{assessor} on {name.replace('_', ' ')}."
    return sheet


def brought(evidence: Evidence, *sheets: pd.DataFrame) -> Evidence:
    for sheet in sheets:
        evidence = record_confidence(evidence, sheet, DAY).evidence
    return evidence


@pytest.fixture(scope="module")
def apart(base) -> Evidence:
    """Two assessors who differ on the adequacy of the first statement, and so on the overall level."""
    two = judged(base, "ben", adequacy="serious", overall="low")
    return brought(base, judged(base, "anna"), two)


class Opened:
    """A workbook as somebody has it before them; cells are named by row number and heading."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.book = path, openpyxl.load_workbook(path)
        self.sheet = self.book[name]
        self.at = {cell.value: cell.column for cell in self.sheet[1]}

    def put(self, row: int, **cells: object) -> Opened:
        for heading, value in cells.items():
            self.sheet.cell(row, self.at[heading]).value = value
        return self

    def saved(self) -> Path:
        self.book.save(self.path)
        return self.path


# ---------------------------------------------------------------- confidence: one assessor


def test_a_confidence_workbook_has_lists_locked_text_and_nothing_of_anybody_else(evidence, tmp_path):
    people = evidence.coders.replace({"kind": {"language_model": "person"}})
    shown = Evidence(evidence.folder, {**evidence.frames, "coders": people}, [])
    content = confidence_workbook(shown, "coder-2")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        text = "".join(packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml"))
    assert evidence.review_findings.loc[0, "plain_language"] not in text
    assert evidence.confidence["overall_reason"].map(lambda reason: reason in text).sum() == 0
    (tmp_path / "c.xlsx").write_bytes(content)
    opened = Opened(tmp_path / "c.xlsx", confidence_sheets.SHEET)
    assert [row[0] for row in opened.sheet.iter_rows(min_row=2, values_only=True)] == list(evidence.review_findings["review_finding_id"])  # fmt: skip
    lists = [rule.formula1 for rule in opened.sheet.data_validations.dataValidation]
    assert lists.count('"no_or_very_minor,minor,moderate,serious"') == 4
    assert '"high,moderate,low,very_low"' in lists
    assert opened.sheet.protection.sheet
    locked = {name for name, column in opened.at.items() if opened.sheet.cell(2, column).protection.locked}
    assert locked == set(opened.at) - set(confidence_sheets.TO_FILL)
    assert confidence_workbook(shown, "coder-2") == content


def test_a_judgement_comes_back_with_the_day_and_the_findings_it_saw(base, folder):
    got = record_confidence(base, judged(base, "anna"), DAY)
    assert (got.person, got.n_read, got.n_changed) == ("anna", 1, 1)
    assert any("1 row without a date took the day of this import, 2026-11-22" in remark for remark in got.remarks)
    write_tables(got.tables, folder)
    assert check(folder).ok
    after = read_evidence(folder)
    mine = after.confidence[after.confidence["assessed_by"] == "anna"].iloc[0]
    assert (mine["overall"], mine["status"], mine["date"]) == ("moderate", "provisional", pd.Timestamp(DAY))
    assert mine["findings_seen"] == confidence_sheet(base, "anna").loc[0, "findings_seen"]
    others = [
        each.confidence[each.confidence["assessed_by"] != "anna"].reset_index(drop=True) for each in (base, after)
    ]
    pd.testing.assert_frame_equal(*others)


def test_a_judgement_that_says_what_it_said_keeps_its_day_unless_it_is_given_a_new_one(base):
    once = brought(base, judged(base, "anna"))
    sheet = confidence_sheet(once, "anna")
    again = record_confidence(once, sheet, dt.date(2027, 1, 1))
    assert (again.n_read, again.n_changed) == (1, 0)
    assert again.evidence.confidence is once.confidence or again.evidence.confidence.equals(once.confidence)
    looked = record_confidence(once, sheet.assign(date="2027-02-03"))
    assert looked.evidence.confidence.query("assessed_by == 'anna'")["date"].item() == pd.Timestamp("2027-02-03")


def test_words_may_be_typed_with_capitals_and_spaces(base):
    got = record_confidence(base, judged(base, "anna", adequacy="No or very minor", overall="Very low"), DAY)
    row = got.evidence.confidence.query("assessed_by == 'anna'").iloc[0]
    assert (row["adequacy"], row["overall"]) == ("no_or_very_minor", "very_low")


def test_every_problem_of_a_confidence_sheet_is_named_with_its_row(base):
    columns = list(confidence_sheet(base, "anna"))
    one = judged(base, "anna").astype(object).iloc[[0]]
    rows = pd.concat([one] * 9, ignore_index=True)
    ids = list(base.review_findings["review_finding_id"])
    rows["review_finding_id"] = [ids[n % len(ids)] for n in range(9)]
    rows["statement"] = [base.review_findings["statement"].iloc[n % len(ids)] for n in range(9)]
    wrong = [
        ("relevance_reason", None), ("coherence", None), ("overall_reason", None), ("adequacy", "severe"), ("date", "22/11/2026"),
        ("statement", "Another statement altogether."), ("review_finding_id", "T1"), ("status", "final"), ("findings_seen", "a b"),
    ]  # fmt: skip
    assert len(ids) >= len(wrong) - 1
    for row, (column, value) in enumerate(wrong):
        rows.loc[row, column] = value
    with pytest.raises(EvidenceError) as caught:
        record_confidence(base, rows[columns])
    assert places(caught.value) == [
        ("component-missing", 2, "relevance_reason"), ("component-missing", 3, "coherence"), ("required", 3, "coherence"),
        ("explanation-missing", 4, "overall_reason"), ("vocabulary", 5, "adequacy"), ("type", 6, "date"),
        ("link-broken", 7, "statement"), ("link-broken", 8, "review_finding_id"), ("vocabulary", 9, "status"), ("identifier", 10, "findings_seen"),
    ]  # fmt: skip


def test_an_emptied_judgement_and_a_repeated_row_are_refused(base):
    once = brought(base, judged(base, "anna"))
    bare = confidence_sheet(once, "anna").astype(object)
    bare.loc[0, list(confidence_sheets.TO_FILL)] = None
    with pytest.raises(EvidenceError, match="your judgement stands in the data, and the row is empty now"):
        record_confidence(once, bare)
    assert record_confidence(once, bare.iloc[1:]).n_changed == 0
    twice = judged(base, "anna")
    with pytest.raises(EvidenceError) as caught:
        record_confidence(base, pd.concat([twice, twice.iloc[[0]]]))
    assert ("key-repeated", len(twice) + 2, "review_finding_id") in places(caught.value)


def test_wording_worth_a_second_look_is_a_remark_and_no_refusal(base):
    sheet = judged(base, "anna")
    sheet.loc[0, "methodological_limitations_reason"] = "7 of 10 items were answered yes."
    got = record_confidence(base, sheet, DAY)
    assert any(
        remark.startswith("Row 2, methodological_limitations_reason: this counts answers") for remark in got.remarks
    )


def test_a_sheet_of_several_or_without_its_columns_is_refused_as_a_whole(base):
    both = pd.concat([judged(base, "anna"), judged(base, "ben")])
    with pytest.raises(SynthesisError, match="belongs to one assessor; this one names anna, ben"):
        record_confidence(base, both)
    with pytest.raises(SynthesisError, match="'carla' is not an assessor in the table coders"):
        record_confidence(base, judged(base, "anna").assign(assessed_by="carla"))
    with pytest.raises(SynthesisError, match="lost the columns relevance, date"):
        record_confidence(base, judged(base, "anna").drop(columns=["relevance", "date"]))
    got = record_confidence(base, judged(base, "anna").assign(score=3), DAY)
    assert "passed over: score" in " ".join(got.remarks)


# ---------------------------------------------------------------- confidence: settlement


def test_only_statements_that_two_have_judged_are_opened_to_be_settled(base, apart):
    assert confidence_settlement(brought(base, judged(base, "anna"))).query("assessors.str.contains('ben')").empty
    (row,) = confidence_settlement(apart).query("assessors.str.contains('ben')").to_dict("records")
    assert row["adequacy_said"].splitlines()[-2:] == [
        "anna: minor – anna on adequacy.",
        "ben: serious – ben on adequacy.",
    ]
    assert (row["adequacy"], row["overall"], row["decided_by"]) == ("", "", "")


def settlement(evidence: Evidence, **cells: str) -> pd.DataFrame:
    sheet = confidence_settlement(evidence)
    given = {
        **dict.fromkeys(LEVELS, "moderate"),
        **{f"{name}_reason": "Talked over." for name in LEVELS},
        "settlement_reason": "Ben had read one study twice.",
        "decided_by": "meeting",
    }
    for name, text in (given | cells).items():
        sheet.loc[0, name] = text
    return sheet


def test_a_settlement_records_who_and_why_and_leaves_both_judgements(apart, folder):
    got = settle_confidence(apart, settlement(apart), DAY)
    assert (got.n_read, got.n_changed) == (1, 1)
    which = confidence_settlement(apart).loc[0, "review_finding_id"]
    row = judgements(got.evidence).set_index("review_finding_id").loc[which]
    assert (row["judged"], row["overall"], row["settlement_reason"]) == (
        "settled",
        "moderate",
        "Ben had read one study twice.",
    )
    final = got.evidence.confidence.query("assessed_by == 'meeting'").iloc[0]
    assert (final["settled"], final["date"]) == (True, pd.Timestamp(DAY))
    left = got.evidence.confidence.query("assessed_by != 'meeting'").reset_index(drop=True)
    pd.testing.assert_frame_equal(left, apart.confidence)
    write_tables(got.tables, folder)
    assert check(folder).ok
    again = settle_confidence(got.evidence, confidence_settlement(got.evidence))
    assert (again.n_read, again.n_changed) == (1, 0)
    anew = settlement(got.evidence, overall="low", decided_by="coder-2")
    changed = settle_confidence(got.evidence, anew, DAY).evidence.confidence
    assert changed.loc[changed["settled"].fillna(False).astype(bool), ["assessed_by", "overall"]].to_numpy().tolist() == [["coder-2", "low"]]  # fmt: skip


def test_a_component_on_which_all_agree_need_not_be_typed_again(apart):
    alike = confidence_settlement(apart).loc[0, "coherence_said"].splitlines()
    assert len({line.split(": ")[1].split(" – ")[0] for line in alike}) == 1, "all agree on coherence"
    got = settle_confidence(apart, settlement(apart, coherence="", coherence_reason=""), DAY)
    final = got.evidence.confidence.query("assessed_by == 'meeting'").iloc[0]
    assert final["coherence"] == "minor"
    assert "anna: anna on coherence." in final["coherence_reason"]
    assert "ben: ben on coherence." in final["coherence_reason"]
    with pytest.raises(EvidenceError) as caught:
        settle_confidence(apart, settlement(apart, adequacy="", adequacy_reason=""))
    assert ("component-missing", 2, "adequacy") in places(caught.value)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"settlement_reason": ""}, ("required", 2, "settlement_reason")),
        ({"decided_by": ""}, ("required", 2, "decided_by")),
        ({"decided_by": "nobody"}, ("link-broken", 2, "decided_by")),
        ({"decided_by": "agreed"}, ("link-broken", 2, "decided_by")),
        ({"decided_by": "anna"}, ("key-repeated", 2, "decided_by")),
        ({"overall": "", "overall_reason": ""}, ("required", 2, "overall")),
        ({"overall_reason": ""}, ("explanation-missing", 2, "overall_reason")),
        ({"adequacy_said": "anna: minor – something else"}, ("link-broken", 2, "overall_said")),
        ({"statement": "Something else was said here."}, ("link-broken", 2, "statement")),
    ],
)
def test_what_is_wrong_with_a_settlement_is_named(apart, cells, problem):
    with pytest.raises(EvidenceError) as caught:
        settle_confidence(apart, settlement(apart, **cells))
    assert places(caught.value) == [problem]


def test_a_settlement_is_not_changed_in_the_sheet_of_who_settled(apart):
    settled = settle_confidence(apart, settlement(apart), DAY).evidence
    assert confidence_sheet(settled, "meeting")[list(LEVELS)].isna().all(axis=None)
    with pytest.raises(EvidenceError, match="meeting settled this one; change that in the settlement sheet"):
        record_confidence(settled, judged(settled, "meeting"))


# ---------------------------------------------------------------- appraisal


def answered(evidence: Evidence, who: str, **answers: str) -> pd.DataFrame:
    """The first study appraised: yes to every item but those named (without the tool's prefix)."""
    sheet = appraisal_sheet(evidence, CASP, who, [evidence.studies.loc[0, "study_id"]]).astype(object)
    sheet["answer"] = [answers.get("q" + item.split("-")[1], "yes") for item in sheet["item"]]
    return sheet.assign(reason=f"Invented by {who}.")


@pytest.fixture(scope="module")
def differing(base) -> Evidence:
    evidence = base
    for sheet in (answered(base, "anna"), answered(base, "ben", q2="no")):
        evidence = record_appraisals(evidence, sheet, DAY).evidence
    return evidence


def test_answers_come_back_and_the_rest_stays(base, differing, folder):
    assert len(differing.appraisals) == 20
    assert set(differing.appraisals["date"]) == {pd.Timestamp(DAY)}
    write_tables({"appraisals": differing.appraisals}, folder)
    assert check(folder).ok
    again = record_appraisals(differing, appraisal_sheet(differing, CASP, "anna"), dt.date(2027, 1, 1))
    assert (again.n_read, again.n_changed) == (10, 0)
    one = record_appraisals(differing, answered(differing, "anna", q1="Can’t tell").head(1), DAY)
    assert one.n_changed == 1
    assert one.evidence.appraisals["answer"].value_counts().to_dict() == {"yes": 18, "no": 1, "cant_tell": 1}
    half = record_appraisals(base, answered(base, "anna").head(4), DAY)
    assert half.remarks[-1] == "Finished studies: 0 of the 1 that the sheet answers for."


def test_an_appraisal_workbook_offers_the_words_of_its_tool_and_is_blind(differing, tmp_path):
    content = appraisal_workbook(differing, CASP, "ben", ["ackerson2003", "barbour2002"])
    (tmp_path / "a.xlsx").write_bytes(content)
    opened = Opened(tmp_path / "a.xlsx", appraisal_sheets.SHEET)
    assert opened.sheet.max_row == 21
    assert [rule.formula1 for rule in opened.sheet.data_validations.dataValidation] == ['"yes,cant_tell,no"']
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        text = "".join(packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml"))
    assert "Invented by ben." in text
    assert "anna" not in text


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"reason": ""}, [("required", 3, "reason")]),
        ({"answer": ""}, [("required", 3, "answer")]),
        ({"answer": "unclear"}, [("appraisal-answer", 3, "answer")]),
        ({"answer": "perhaps"}, [("vocabulary", 3, "answer")]),
        ({"date": "soon"}, [("type", 3, "date")]),
        ({"study_id": "nobody1999"}, [("link-broken", 3, "study_id")]),
        ({"item": "casp-11"}, [("appraisal-item", 3, "item")]),
        ({"title": "Another study"}, [("link-broken", 3, "title")]),
        ({"question": "Another question?"}, [("link-broken", 3, "question")]),
        ({"item": "casp-1"}, [("key-repeated", 3, "study_id"), ("link-broken", 3, "question")]),
    ],
)
def test_what_is_wrong_with_an_appraisal_is_named(base, cells, found):
    sheet = answered(base, "anna")
    sheet.loc[1, list(cells)] = list(cells.values())
    with pytest.raises(EvidenceError) as caught:
        record_appraisals(base, sheet)
    assert places(caught.value) == found


def test_an_emptied_answer_is_refused(differing):
    bare = appraisal_sheet(differing, CASP, "anna").astype(object)
    bare.loc[0, ["answer", "reason", "date"]] = None
    with pytest.raises(EvidenceError, match="row 2, column answer: your answer stands in the data"):
        record_appraisals(differing, bare)


def decided(evidence: Evidence, **cells: str) -> pd.DataFrame:
    given = {"answer": "no", "reason": "The method does not suit.", "settled_by": "meeting"}
    return appraisal_settlement(evidence).assign(**(given | cells))


def test_an_item_on_which_appraisers_differ_is_settled_by_name_and_reason(differing, folder):
    sheet = appraisal_settlement(differing)
    study = sheet["study_id"].iloc[0]
    pd.testing.assert_frame_equal(appraisal_settlement(differing, study_ids=[study]), sheet[sheet["study_id"] == study])
    assert appraisal_settlement(differing, study_ids=["barbour2002"]).empty
    assert sheet[["item", "answers", "answer"]].to_numpy().tolist() == [["casp-2", "anna: yes; ben: no", ""]]
    assert settle_appraisals(differing, sheet).n_read == 0
    got = settle_appraisals(differing, decided(differing), DAY)
    write_tables({**got.tables, "appraisals": got.evidence.appraisals}, folder)
    assert check(folder).ok
    (row,) = read_evidence(folder).appraisal_settlements.to_dict("records")
    assert (row["answer"], row["settled_by"], row["date"]) == ("no", "meeting", pd.Timestamp(DAY))
    assert settled_answers(got.evidence).query("item == 'casp-2'")["answer"].item() == "no"
    pd.testing.assert_frame_equal(got.evidence.appraisals, differing.appraisals)
    assert settle_appraisals(got.evidence, appraisal_settlement(got.evidence)).n_changed == 0
    emptied = appraisal_settlement(got.evidence).assign(answer="", reason="", settled_by="")
    with pytest.raises(EvidenceError, match="a settlement stands in the data, and the row is empty now"):
        settle_appraisals(got.evidence, emptied)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"reason": ""}, ("required", 2, "reason")),
        ({"settled_by": ""}, ("required", 2, "settled_by")),
        ({"settled_by": "nobody"}, ("link-broken", 2, "settled_by")),
        ({"answer": "unclear"}, ("appraisal-answer", 2, "answer")),
        ({"answers": "anna: yes; ben: yes"}, ("link-broken", 2, "answers")),
    ],
)
def test_what_is_wrong_with_the_settlement_of_an_item_is_named(differing, cells, problem):
    with pytest.raises(EvidenceError) as caught:
        settle_appraisals(differing, decided(differing, **cells))
    assert places(caught.value) == [problem]


# ---------------------------------------------------------------- files and commands


def export(folder: Path, sheet: str, out: Path, *more: str) -> int:
    return main(["export", sheet, *more, "--out", str(out), "--data", str(folder)])


def bring(folder: Path, path: Path, *more: str) -> int:
    return main(["import", str(path), *more, "--data", str(folder)])


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "judgements").glob("*.csv")}


def test_two_assessors_judge_and_a_meeting_settles_on_the_command_line(folder, tmp_path, capsys):
    before = held(folder)
    for who, overall in (("anna", "moderate"), ("ben", "low")):
        out = tmp_path / f"{who}.xlsx"
        assert export(folder, "confidence-sheet", out, "--assessor", who) == 0
        opened = Opened(out, confidence_sheets.SHEET).put(2, overall=overall, overall_reason="Invented, too.")
        opened.put(2, **dict.fromkeys(LEVELS[:4], "minor"), **{f"{name}_reason": "Invented." for name in LEVELS[:4]})
        assert bring(folder, opened.saved()) == 0
        assert f"{who}: 1 judgement in the sheet, 1 of them changed.\n" in capsys.readouterr().out
    stored = held(folder)
    opened.put(2, overall="very_low").saved()
    assert bring(folder, out, "--check-only") == 0
    assert "ben: 1 judgement in the sheet, 1 of them changed. Nothing was stored." in capsys.readouterr().out
    opened.put(2, overall_reason=None).saved()
    assert bring(folder, out) == 1
    assert "row 2, column overall_reason: the overall level has no explanation" in capsys.readouterr().err
    assert held(folder) == stored
    out = tmp_path / "settle.xlsx"
    assert export(folder, "confidence-settlement", out) == 0
    opened = Opened(out, confidence_sheets.SETTLEMENT)
    said = {f"{name}_reason": "Read again." for name in LEVELS}
    opened.put(
        2,
        **dict.fromkeys(LEVELS[:4], "minor"),
        overall="low",
        **said,
        settlement_reason="Read again.",
        decided_by="meeting",
    )
    assert bring(folder, opened.saved()) == 0
    assert "1 settlement in the sheet, 1 of them changed." in capsys.readouterr().out
    settled = judgements(read_evidence(folder)).query("judged == 'settled'")
    assert settled[["overall", "settlement_reason"]].to_numpy().tolist() == [["low", "Read again."]]
    after = {name for name, content in held(folder).items() if content != before[name]}
    assert after == {"confidence.csv"}


def test_an_appraisal_goes_out_and_comes_back_on_the_command_line(folder, tmp_path, capsys):
    out = tmp_path / "anna.xlsx"
    assert export(folder, "appraisal-sheet", out, "--appraiser", "anna", "--tool", "mmat_2018", "--studies", "ackerson2003", "--parts", "qualitative") == 0  # fmt: skip
    opened = Opened(out, appraisal_sheets.SHEET)
    for row in range(2, 9):
        opened.put(row, answer="yes", reason="Invented.", date=dt.datetime(2026, 11, 20))
    assert bring(folder, opened.saved()) == 0
    printed = capsys.readouterr()
    assert "anna: 7 answers in the sheet, 7 of them changed." in printed.out
    assert "Finished studies: 1 of the 1 that the sheet answers for." in printed.err
    assert set(read_evidence(folder).appraisals["date"]) == {pd.Timestamp("2026-11-20")}
    before = held(folder)
    opened.put(2, answer="=1+1").put(3, answer="maybe").saved()
    assert bring(folder, out) == 1
    assert "row 2, column answer: the cell holds a formula" in capsys.readouterr().err
    assert held(folder) == before


def test_settlements_of_some_studies_hold_their_rows_alone(evidence, tmp_path):
    sheet = disagreement_sheet(evidence, "coder-1", "coder-2")
    some = sorted(sheet["study_id"].unique())[:3]
    few = disagreement_sheet(evidence, "coder-1", "coder-2", some)
    pd.testing.assert_frame_equal(few, sheet[sheet["study_id"].isin(some)].reset_index(drop=True))
    assert 0 < len(few) < len(sheet)
    with pytest.raises(CallError, match="does not hold nobody1999"):
        disagreement_sheet(evidence, "coder-1", "coder-2", ["nobody1999"])
    path = export_sheet(evidence, "disagreement-sheet", tmp_path / "few.xlsx", coders=["coder-1", "coder-2"], studies=some)  # fmt: skip
    assert list(read_table_sheet(path, DISAGREEMENT)["finding_id"]) == list(few["finding_id"])


def test_nothing_is_overwritten_no_folder_made_and_no_program_served(base, folder, tmp_path, capsys):
    out = tmp_path / "sheet.xlsx"
    out.write_bytes(b"filled in already")
    assert export(folder, "confidence-sheet", out, "--assessor", "anna") == 2
    assert (
        "is there already, perhaps filled in; name another file, or replace it with --force" in capsys.readouterr().err
    )
    assert out.read_bytes() == b"filled in already"
    assert export(folder, "confidence-sheet", out, "--assessor", "anna", "--force") == 0
    assert read_table_sheet(out, confidence_sheets.SHEET) is not None
    assert export(folder, "confidence-sheet", tmp_path / "new" / "s.xlsx", "--assessor", "anna") == 2
    assert "is not there; make it first" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert export(folder, "coding-sheet", tmp_path / "s.xlsx", "--coder", "coder-1") == 2
    assert "coder-1 is a pass of a program" in capsys.readouterr().err
    assert export(folder, "appraisal-sheet", tmp_path / "s.xlsx", "--appraiser", "anna") == 2
    assert "An appraisal-sheet needs --tool." in capsys.readouterr().err
    assert export(folder, "appraisal-settlement", tmp_path / "s.xlsx") == 1
    assert "There is nothing to settle" in capsys.readouterr().err
    assert export(folder, "coding-sheet", tmp_path / "s.csv", "--coder", "anna") == 2
    assert list(tmp_path.glob("s.*")) == []
    with pytest.raises(CallError, match="no sheet 'codes'; there are coding-sheet"):
        export_sheet(base, "codes", tmp_path / "s.xlsx")


def test_a_judgement_under_a_programs_name_is_not_read_from_a_workbook(base, tmp_path):
    path = export_sheet(base, "confidence-sheet", tmp_path / "c.xlsx", assessor="anna")
    opened = Opened(path, confidence_sheets.SHEET)
    for row in range(2, opened.sheet.max_row + 1):
        opened.put(row, assessed_by="coder-1")
    with pytest.raises(SynthesisError, match="coder-1 is a pass of a program"):
        import_sheet(base, opened.saved())


def test_a_workbook_of_something_else_is_named(base, tmp_path):
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    with pytest.raises(
        SynthesisError, match=r"none of the workbooks that `synthesis export` writes: it has the sheets Sheet"
    ):
        import_sheet(base, tmp_path / "other.xlsx")


def test_a_file_that_is_not_there_is_a_wrong_call(folder, tmp_path, capsys):
    assert bring(folder, tmp_path / "nowhere.xlsx") == 2
    assert "nowhere.xlsx cannot be opened (No such file or directory)" in capsys.readouterr().err


def test_a_heading_that_stands_twice_is_named(base, tmp_path):
    path = export_sheet(base, "confidence-sheet", tmp_path / "c.xlsx", assessor="anna")
    opened = Opened(path, confidence_sheets.SHEET).put(1, adequacy="coherence")
    with pytest.raises(EvidenceError) as caught:
        import_sheet(base, opened.saved())
    assert places(caught.value) == [("column-repeated", 1, "coherence")]


def test_a_title_put_above_the_headings_does_not_shift_the_rows_that_are_named(base):
    sheet = judged(base, "anna")
    sheet.loc[0, "overall_reason"] = None
    rows = filled_rows(sheet)
    rows.index = pd.RangeIndex(5, len(rows) + 5, name="row")
    with pytest.raises(EvidenceError) as caught:
        record_confidence(base, rows)
    assert places(caught.value) == [("explanation-missing", 5, "overall_reason")]


@pytest.mark.office
def test_a_sheet_that_libreoffice_saved_comes_back_whole(apart, tmp_path):
    """Hidden columns, dates and line breaks survive."""
    path = export_sheet(apart, "confidence-sheet", tmp_path / "ben.xlsx", assessor="ben")
    got: Imported = import_sheet(apart, libreoffice(path, tmp_path))
    assert (got.person, got.n_read, got.n_changed) == ("ben", 1, 0)


def test_the_command_offers_every_sheet_and_names_none_else():
    from synthesis import cli

    assert tuple(SHEETS) == cli._SHEETS
