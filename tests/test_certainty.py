"""GRADE for prevalence: prompts hold the data's numbers and no level; judgements are shown, and those not made are empty.

The judgements below are INVENTED for these tests.
"""

from __future__ import annotations

import pandas as pd
import pytest
from plain import rows

from synthesis.evidence.judgement_rules import DOMAINS
from synthesis.evidence.schema import SynthesisError, table, vocabularies
from synthesis.evidence.tables import write_table
from synthesis.prevalence.certainty import ASKS, certainty_prompts, certainty_sheet, certainty_table
from synthesis.prevalence.combining import pool_estimates
from synthesis.prevalence.estimate_appraisal import estimate_appraisal_sheet, with_estimate_sheet

SERVICES, SINGLE = "parents_among_adults_with_psychosis_or_smi", "parental_mh_care_proceedings"


def prompts(evidence, indicator: str) -> pd.Series:
    return certainty_prompts(evidence, indicator).set_index("domain")["prompt"]


def test_the_domains_are_those_of_the_table():
    assert tuple(ASKS) == DOMAINS
    assert {f"{name}_reason" for name in DOMAINS} <= set(table("certainty").columns)


def test_prompts_hold_the_numbers_and_no_level(evidence):
    said = prompts(evidence, SERVICES)
    used = [row for row in rows("estimates") if row["estimate_id"] in {"Radley2022-01", "Havelkova2024-01", "Hearle1999-01"}]  # fmt: skip
    people = sum(int(row["denominator"]) for row in used)
    assert said["risk_of_bias"].startswith("0 of 3 estimates are appraised")
    assert all(row["risk_of_bias_hint"] in said["risk_of_bias"] for row in used)
    assert said["inconsistency"] == pool_estimates(evidence, SERVICES).headline.text
    assert all(row["case_definition"] in said["indirectness"] for row in used)
    assert said["imprecision"].startswith(f"{people:,} counted in 3 of 3 estimates")
    assert said["publication_bias"].startswith("2 of 5 estimates held are not in the pool.")
    words = {*vocabularies()["certainty_level"], *vocabularies()["grade_concern"]} - {"none", "high", "low"}
    assert not any(word in text for word in words for text in said)


def test_appraisals_come_into_the_prompt(evidence, altered):
    sheet = estimate_appraisal_sheet(evidence, "coder-1", SERVICES)
    sheet = sheet.assign(answer="yes", reason="invented", date=pd.Timestamp("2026-11-22"))
    sheet.loc[sheet["item"] == "jbip-9", "answer"] = "no"
    changed = altered(estimate_appraisals=with_estimate_sheet(evidence, sheet))
    assert prompts(changed, SERVICES)["risk_of_bias"].startswith(
        "3 of 3 estimates are appraised with the JBI checklist. Answered no or unclear, or differently: jbip-9 (3)."
    )


def test_an_indicator_that_is_not_pooled_is_prompted_by_its_range(evidence):
    said = prompts(evidence, SINGLE)
    own = [
        row for row in rows("estimates") if row["indicator_id"] == SINGLE and row["numerator"] and row["denominator"]
    ]
    highest = max(100 * int(row["numerator"]) / int(row["denominator"]) for row in own)
    assert f"to {highest:.1f} %" in said["inconsistency"] and said["inconsistency"].startswith("Not pooled.")
    assert "95 % interval" not in said["imprecision"]


@pytest.mark.parametrize(
    ("indicator", "said"), [("depression", "no indicator"), ("child_depression_in_care", "nothing to judge")]
)
def test_nothing_is_prompted_where_nothing_is_held(evidence, indicator, said):
    with pytest.raises(SynthesisError, match=said):
        certainty_prompts(evidence, indicator)


def test_nothing_is_judged_until_somebody_has(evidence):
    shown = certainty_table(evidence)
    poolable = {row["indicator_id"] for row in rows("indicators") if row["combine"] == "poolable"}
    assert set(shown["indicator_id"]) == poolable | {row["indicator_id"] for row in rows("pooling_overrides")}
    assert shown[[*DOMAINS, "overall", "assessed_by"]].isna().all(axis=None)
    assert shown.set_index("indicator_id").loc[SERVICES, ["k", "lead"]].to_list() == [3, "mean"]
    assert shown.set_index("indicator_id").loc["mbu_separation_at_discharge", ["k", "lead"]].isna().all()


def test_a_sheet_filled_in_is_written_and_shown(evidence, altered, tmp_path):
    sheet = certainty_sheet(evidence, SERVICES, "coder-1")
    assert len(sheet) == 1 and sheet["inconsistency_prompt"].iloc[0] == prompts(evidence, SERVICES)["inconsistency"]
    filled = sheet[list(evidence.certainty)].assign(
        **dict.fromkeys(DOMAINS, "serious"), **{f"{name}_reason": "invented" for name in DOMAINS},
        overall="very_low", overall_reason="invented", date=pd.Timestamp("2026-11-22"), status="provisional",
    )  # fmt: skip
    write_table(filled, "certainty", tmp_path)
    changed = altered(certainty=filled)
    assert certainty_table(changed).set_index("indicator_id").loc[SERVICES, "overall"] == "very_low"
    assert certainty_sheet(changed, SERVICES, "coder-1")["overall"].to_list() == ["very_low"]
    assert certainty_sheet(changed, SERVICES, "coder-2")["overall"].isna().all()
    with pytest.raises(SynthesisError, match="no assessor 'nobody'"):
        certainty_sheet(evidence, SERVICES, "nobody")
