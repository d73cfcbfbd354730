"""Appraisal: tools as METHODS describes them, blind sheets, differences, settlement, and the state that is told.

The shipped evidence has no appraisal. The answers below are INVENTED for these tests: they say nothing of the studies.
"""

from __future__ import annotations

import pandas as pd
import pytest

from synthesis.evidence.appraisal_tools import appraisal_tools
from synthesis.evidence.schema import SynthesisError, table, vocabularies
from synthesis.evidence.tables import write_table
from synthesis.review.appraisal import (
    SYMBOLS,
    appraisal_differences,
    appraisal_items,
    appraisal_scores,
    appraisal_state,
    appraisal_table,
    appraised_studies,
    settled_answers,
)
from synthesis.review.appraisal_sheets import appraisal_sheet, record_appraisals
from synthesis.review.provenance import status, status_line

ONE, TWO, THREE = "ackerson2003", "barbour2002", "barnicot2023"
CASP, JBI, MMAT = "casp_qualitative", "jbi_qualitative", "mmat_2018"


def invented(evidence, tool, appraiser, studies, answers, sets=()):
    """A sheet filled in with invented answers, cycled over its rows."""
    sheet = appraisal_sheet(evidence, tool, appraiser, studies, sets)
    words = [answers[n % len(answers)] for n in range(len(sheet))]
    return sheet.assign(answer=words, reason=f"invented by {appraiser}", date=pd.Timestamp("2026-11-21"))


def taken(evidence, sheet) -> pd.DataFrame:
    """The table of appraisals with a sheet in it."""
    return record_appraisals(evidence, sheet).evidence.appraisals


@pytest.fixture
def appraised(evidence, altered):
    """Two studies appraised by two, one by one of them; they differ on item 2 of the first study."""
    now = evidence
    for appraiser, studies, answers in (
        ("coder-1", [ONE, TWO], ["yes"]),
        ("coder-2", [ONE], ["yes", "no", *["yes"] * 8]),
        ("coder-2", [TWO], ["yes"]),
        ("coder-1", [THREE], ["cant_tell"]),
    ):
        now = altered(appraisals=taken(now, invented(now, CASP, appraiser, studies, answers)))
    return now


# ---------------------------------------------------------------- the tools


@pytest.mark.parametrize(
    ("tool", "n_items", "answers", "score"),
    [
        (CASP, 10, ["yes", "cant_tell", "no"], "refused"),  # METHODS 1c
        (JBI, 10, ["yes", "no", "unclear", "not_applicable"], "own_cut_off"),  # METHODS 1d
        ("jbi_prevalence", 9, ["yes", "no", "unclear", "not_applicable"], "own_cut_off"),  # PMC10877523, table 4
        (MMAT, 27, ["yes", "no", "cant_tell"], "discouraged"),  # METHODS 1e
    ],
)
def test_each_tool_has_the_items_and_answers_of_its_publication(tool, n_items, answers, score):
    described = appraisal_tools()[tool]
    assert (len(described.items), list(described.answers), described.score) == (n_items, answers, score)
    assert described.licence
    assert all(source.startswith("https://") for source in described.sources)


def test_the_numbers_run_as_printed():
    numbers = appraisal_items().groupby("tool")["number"].agg(list)
    assert numbers[CASP] == numbers[JBI] == [str(n) for n in range(1, 11)]
    assert numbers["jbi_prevalence"] == [str(n) for n in range(1, 10)]
    assert numbers[MMAT] == ["S1", "S2", *(f"{part}.{n}" for part in range(1, 6) for n in range(1, 6))]
    assert appraisal_tools()[MMAT].sets == ("qualitative", "randomised", "non_randomised", "descriptive", "mixed")
    screening = appraisal_items().loc[lambda t: t["set"] == "screening"].groupby("tool")["number"].agg(list)
    assert screening.to_dict() == {CASP: ["1", "2"], MMAT: ["S1", "S2"]}


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ("casp-1", "find"), ("casp-2", "qualitative"), ("casp-3", "design"), ("casp-4", "recruited"), ("casp-5", "data"),
        ("casp-6", "relation"), ("casp-7", "ethical"), ("casp-8", "analysis"), ("casp-9", "findings"), ("casp-10", "worth"),
        ("jbi-1", "philosophical"), ("jbi-2", "question"), ("jbi-3", "collected"), ("jbi-4", "analysed"), ("jbi-5", "interpreted"),
        ("jbi-6", "culturally"), ("jbi-7", "influence"), ("jbi-8", "voices"), ("jbi-9", "ethical"), ("jbi-10", "conclusions"),
        ("jbip-1", "drawn"), ("jbip-2", "suitable"), ("jbip-3", "large"), ("jbip-4", "described"), ("jbip-5", "covered"),
        ("jbip-6", "valid"), ("jbip-7", "reliable"), ("jbip-8", "statistical"), ("jbip-9", "response rate"),
        ("mmat-S1", "questions"), ("mmat-1.3", "derived"), ("mmat-1.4", "borne out"), ("mmat-2.4", "blind"),
        ("mmat-3.4", "confounders"), ("mmat-4.4", "non-response"), ("mmat-5.4", "differences"),
    ],
)  # fmt: skip
def test_each_item_asks_what_the_printed_one_asks(item, word):
    assert word in appraisal_items().set_index("item")["question"][item]


def test_tools_and_answers_are_the_words_of_the_schema():
    assert list(appraisal_tools()) == list(vocabularies()["appraisal_tool"])
    assert {a for t in appraisal_tools().values() for a in t.answers} == set(vocabularies()["appraisal_answer"])
    assert set(vocabularies()["appraisal_answer"]) < set(SYMBOLS)
    items = appraisal_items()["item"]
    assert items.is_unique


def test_an_unknown_tool_is_named_with_those_there_are():
    with pytest.raises(
        SynthesisError, match=r"'grade_cerqual'; there are casp_qualitative, jbi_qualitative, jbi_prevalence, mmat_2018"
    ):
        appraisal_items("grade_cerqual")


# ---------------------------------------------------------------- blind sheets


def test_a_sheet_holds_every_study_and_item_and_nothing_else(evidence):
    sheet = appraisal_sheet(evidence, CASP, "coder-1")
    assert len(sheet) == 144 * 10
    assert sheet[["answer", "reason", "date"]].isna().all(axis=None)
    part = appraisal_sheet(evidence, MMAT, "coder-1", [ONE], ["qualitative", "mixed"])
    assert list(part["item"]) == ["mmat-S1", "mmat-S2", *(f"mmat-{p}.{n}" for p in (1, 5) for n in range(1, 6))]


def test_a_sheet_never_holds_what_another_answered(appraised):
    sheet = appraisal_sheet(appraised, CASP, "coder-2")
    assert set(sheet["reason"].dropna()) == {"invented by coder-2"}
    assert sheet.loc[sheet["study_id"] == THREE, "answer"].isna().all()
    assert "coder-1" not in sheet.astype("str").to_csv()
    empty = appraisal_sheet(appraised, CASP, "adjudicator")
    assert empty["answer"].isna().all()


def test_a_sheet_that_comes_back_replaces_the_appraisers_own_answers_alone(appraised):
    changed = appraisal_sheet(appraised, CASP, "coder-1", [THREE]).assign(answer="no", reason="invented again")
    after = taken(appraised, changed)
    assert len(after) == len(appraised.appraisals)
    mine = (after["appraiser"] == "coder-1") & (after["study_id"] == THREE)
    assert set(after.loc[mine, "answer"]) == {"no"}
    others = after[~mine].reset_index(drop=True)
    before = appraised.appraisals[~((appraised.appraisals["appraiser"] == "coder-1") & (appraised.appraisals["study_id"] == THREE))]  # fmt: skip
    pd.testing.assert_frame_equal(others, before.reset_index(drop=True))


def test_a_half_filled_sheet_brings_its_answers_alone(evidence):
    sheet = invented(evidence, CASP, "coder-1", [ONE], ["yes"])
    sheet.loc[3:, ["answer", "reason", "date"]] = None
    assert list(taken(evidence, sheet)["item"]) == ["casp-1", "casp-2", "casp-3"]


def test_answers_can_be_written_and_read_back(appraised, tmp_path):
    path = write_table(appraised.appraisals, "appraisals", tmp_path)
    assert path.read_text(encoding="utf-8").splitlines()[1] == "ackerson2003,casp_qualitative,casp-1,coder-1,yes,invented by coder-1,2026-11-21"  # fmt: skip
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1 + len(appraised.appraisals)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"appraiser": "agreed"}, "no appraiser 'agreed'"),
        ({"appraiser": "coder-9"}, "it holds coder-1, coder-2, adjudicator"),
        ({"study_ids": ["nobody1999"]}, "does not hold nobody1999"),
        ({"sets": ["qualitative"]}, "has no part qualitative; it has no parts"),
    ],
)
def test_a_sheet_for_what_is_not_there_is_refused(evidence, wrong, said):
    with pytest.raises(SynthesisError, match=said):
        appraisal_sheet(evidence, **{"tool": CASP, "appraiser": "coder-1", **wrong})


def test_a_sheet_of_two_appraisers_is_refused(appraised):
    both = pd.concat([appraisal_sheet(appraised, CASP, who, [ONE]) for who in ("coder-1", "coder-2")])
    with pytest.raises(SynthesisError, match="belongs to one appraiser; this one names coder-1, coder-2"):
        taken(appraised, both)


# ---------------------------------------------------------------- differences and settlement


def test_a_difference_is_shown_with_both_answers_and_reasons(appraised):
    apart = appraisal_differences(appraised, CASP)
    assert apart[["study_id", "item"]].to_numpy().tolist() == [[ONE, "casp-2"]]
    assert apart["answers"].item() == "coder-1: yes; coder-2: no"
    assert apart["reasons"].item() == "coder-1: invented by coder-1; coder-2: invented by coder-2"
    assert apart["settled"].isna().all()


def test_nothing_is_opened_before_both_have_finished(appraised, altered):
    answers = appraised.appraisals
    unfinished = answers[~((answers["appraiser"] == "coder-1") & (answers["item"] == "casp-10"))]
    assert appraisal_differences(altered(appraisals=unfinished)).empty


def settlement(answer: str) -> pd.DataFrame:
    row = [ONE, CASP, "casp-2", answer, "invented", "adjudicator", pd.Timestamp("2026-11-21")]
    return pd.DataFrame([row], columns=list(table("appraisal_settlements").columns))


def test_a_settlement_closes_the_difference(appraised, altered):
    settled = altered(appraisals=appraised.appraisals, appraisal_settlements=settlement("no"))
    assert appraisal_differences(settled)["settled"].to_list() == ["no"]
    assert appraisal_state(settled)["n_open"].to_list() == [0, 0]
    assert appraisal_table(settled).set_index("study_id").loc[ONE, "2"] == "✗ no"
    answer = settled_answers(settled).set_index(["study_id", "item"])["answer"]
    assert answer[ONE, "casp-2"] == "no"


# ---------------------------------------------------------------- the table and the state


def test_the_table_has_a_word_in_every_cell_and_lists_the_study_nobody_appraised(appraised):
    lights = appraisal_table(appraised).set_index("study_id")
    assert len(lights) == 144
    assert list(lights) == ["n_appraisers", *(str(n) for n in range(1, 11))]
    assert lights["n_appraisers"].value_counts().to_dict() == {0: 141, 2: 2, 1: 1}
    assert lights.loc[ONE].to_list() == [2, "✓ yes", "≠ appraisers differ", *["✓ yes"] * 8]
    assert set(lights.loc[THREE].iloc[1:]) == {"? can’t tell"}
    assert set(lights.loc["mason2020"].iloc[1:]) == {"· not appraised"}
    words = [cell.partition(" ")[2] for cell in SYMBOLS.values()]
    assert all(words) and len(set(SYMBOLS.values())) == len(SYMBOLS)


def test_a_part_of_the_mmat_that_does_not_suit_the_study_is_not_asked(evidence, altered):
    sheet = invented(evidence, MMAT, "coder-1", [ONE], ["yes"], ["qualitative"])
    lights = appraisal_table(altered(appraisals=taken(evidence, sheet)), MMAT).set_index("study_id")
    assert set(lights.loc[ONE, ["S1", "S2", "1.1", "1.5"]]) == {"✓ yes"}
    assert set(lights.loc[ONE, ["2.1", "5.5"]]) == {"– not asked"}
    assert lights.loc[TWO, "2.1"] == "· not appraised"


@pytest.mark.parametrize(("screening", "finished"), [("yes", 0), ("no", 1), ("cant_tell", 1)])
def test_a_no_in_the_screening_of_the_mmat_may_end_it(evidence, altered, screening, finished):
    sheet = invented(evidence, MMAT, "coder-1", [ONE], ["yes", screening], ["qualitative"]).iloc[:2]
    assert len(appraised_studies(altered(appraisals=taken(evidence, sheet)))) == finished


def test_the_state_of_the_shipped_evidence_is_that_nothing_was_appraised(evidence):
    (row,) = appraisal_state(evidence).to_dict("records")
    assert row == {"tool": "any", "n_studies": 0, "of_studies": 144, "n_studies_two": 0, "of_studies_two": 144, "n_appraisers": 0, "n_open": 0}  # fmt: skip
    assert appraised_studies(evidence) == set()


def test_the_state_counts_studies_and_appraisers(appraised):
    state = appraisal_state(appraised).set_index("tool")
    for row in (CASP, "any"):
        assert state.loc[row].to_list() == [3, 144, 2, 144, 2, 1]


def test_two_appraisers_with_a_tool_each_have_not_appraised_twice(evidence, altered):
    now = altered(appraisals=taken(evidence, invented(evidence, CASP, "coder-1", [ONE], ["yes"])))
    now = altered(appraisals=taken(now, invented(now, JBI, "coder-2", [ONE], ["yes"])))
    state = appraisal_state(now).set_index("tool")
    assert state.loc["any", ["n_studies", "n_studies_two", "n_appraisers"]].to_list() == [1, 0, 2]


def test_the_state_stands_in_the_status_and_on_every_page(evidence, appraised):
    row = status(evidence).set_index("item").loc["studies_appraised"]
    assert (row["n"], row["of"]) == (0, 144)
    assert "0 of 144 studies are appraised" in status_line(evidence)
    assert "3 of 144 studies are appraised" in status_line(appraised)


# ---------------------------------------------------------------- no scores


@pytest.mark.parametrize(("tool", "said"), [(CASP, "authors propose no score"), (MMAT, "advises against")])
def test_no_score_where_the_authors_want_none(appraised, tool, said):
    with pytest.raises(SynthesisError, match=said):
        appraisal_scores(appraised, tool)


def test_where_a_cut_off_is_allowed_yes_is_counted_of_what_applies(evidence, altered):
    answers = ["yes"] * 6 + ["not_applicable", "no", "unclear", "yes"]
    now = altered(appraisals=taken(evidence, invented(evidence, JBI, "coder-1", [ONE], answers)))
    assert appraisal_scores(now, JBI).to_dict("records") == [{"study_id": ONE, "n_yes": 7, "of_yes": 9}]
