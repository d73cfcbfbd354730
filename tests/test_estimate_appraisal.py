"""The JBI prevalence checklist on estimates. The answers are INVENTED: they say nothing of the sources."""

from __future__ import annotations

import pandas as pd
import pytest
from plain import rows

from synthesis.evidence.schema import SynthesisError
from synthesis.evidence.tables import read_table, write_table
from synthesis.prevalence.estimate_appraisal import (
    answers_of_estimates,
    appraised_estimates,
    estimate_appraisal_differences,
    estimate_appraisal_sheet,
    estimate_appraisal_table,
    with_estimate_sheet,
)
from synthesis.review.appraisal import SYMBOLS, appraisal_state

UNITS = "mbu_separation_at_discharge"
HELD = [row["estimate_id"] for row in rows("estimates") if row["indicator_id"] == UNITS]


def filled(evidence, appraiser: str, answer: str, doubt: str | None = None) -> pd.DataFrame:
    sheet = estimate_appraisal_sheet(evidence, appraiser, UNITS)
    sheet = sheet.assign(answer=answer, reason=f"invented by {appraiser}", date=pd.Timestamp("2026-11-22"))
    sheet.loc[sheet["item"] == doubt, "answer"] = "unclear"
    return sheet


@pytest.fixture
def twice(evidence, altered):
    one = altered(estimate_appraisals=with_estimate_sheet(evidence, filled(evidence, "coder-1", "yes")))
    sheet = filled(evidence, "coder-2", "yes", "jbip-9")
    frames = {**one.frames, "estimate_appraisals": with_estimate_sheet(one, sheet)}
    return altered(**frames)


def test_a_sheet_asks_nine_questions_of_every_estimate(evidence):
    sheet = estimate_appraisal_sheet(evidence, "coder-1", UNITS)
    assert len(sheet) == 9 * len(HELD) and set(sheet["estimate_id"]) == set(HELD)
    assert sheet["answer"].isna().all() and sheet["title"].notna().all()


def test_appraisers_stay_blind_and_their_differences_are_opened_together(evidence, altered, twice):
    own = estimate_appraisal_sheet(twice, "coder-2", UNITS)
    assert set(own["reason"]) == {"invented by coder-2"}
    apart = estimate_appraisal_differences(twice)
    assert apart["estimate_id"].to_list() == sorted(HELD) and set(apart["item"]) == {"jbip-9"}
    assert apart["answers"].iloc[0] == "coder-1: yes; coder-2: unclear" and apart["settled"].isna().all()
    alone = altered(estimate_appraisals=with_estimate_sheet(evidence, filled(evidence, "coder-1", "no")))
    assert estimate_appraisal_differences(alone).empty


def test_the_table_lists_every_estimate_and_says_who_finished(evidence, twice):
    nothing, done = estimate_appraisal_table(evidence, UNITS), estimate_appraisal_table(twice, UNITS)
    assert list(done) == ["estimate_id", "n_appraisers", *"123456789"]
    assert set(nothing["1"]) == {SYMBOLS["open"]} and set(nothing["n_appraisers"]) == {0}
    assert set(done["1"]) == {SYMBOLS["yes"]} and set(done["9"]) == {SYMBOLS["differs"]}
    assert appraised_estimates(evidence) == set() and appraised_estimates(twice) == set(HELD)
    answers = answers_of_estimates(twice, HELD[:1])
    assert len(answers) == 9 and set(answers["n_appraisers"]) == {2}


def test_studies_of_the_review_are_counted_apart(evidence, twice):
    pd.testing.assert_frame_equal(appraisal_state(twice), appraisal_state(evidence))


def test_what_was_answered_is_written_and_read_again(twice, tmp_path):
    write_table(twice.estimate_appraisals, "estimate_appraisals", tmp_path)
    assert len(read_table("estimate_appraisals", tmp_path)) == 2 * 9 * len(HELD)


def test_unknown_names_are_refused(evidence):
    with pytest.raises(SynthesisError, match="no indicator 'depression'"):
        estimate_appraisal_table(evidence, "depression")
    with pytest.raises(SynthesisError, match="no appraiser 'nobody'"):
        estimate_appraisal_sheet(evidence, "nobody", UNITS)
