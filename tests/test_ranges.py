"""Honest ranges, and what speaks against a mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthesis.evidence.schema import SynthesisError
from synthesis.prevalence.by_indicator import prevalence_table
from synthesis.prevalence.combining import PoolingRefused, considered, pool_estimates
from synthesis.prevalence.ranges import estimate_ranges, refusal_table


@pytest.fixture(scope="module")
def ranges(evidence) -> pd.DataFrame:
    return estimate_ranges(evidence).set_index("indicator_id")


def test_every_indicator_with_an_estimate_has_one_row_whose_ends_are_its_estimates(evidence, ranges):
    table = prevalence_table(evidence)
    estimates = table[table["line"] == "estimate"]
    assert ranges.index.is_unique and set(ranges.index) == set(estimates["indicator_id"])
    assert ranges["n_estimates"].sum() == len(evidence.estimates)
    for indicator, own in estimates.groupby("indicator_id"):
        row, seen = ranges.loc[indicator], own.dropna(subset=["percent"])
        assert row["n_with_percent"] == len(seen)
        np.testing.assert_equal((row["range_low"], row["range_high"]), (seen["percent"].min(), seen["percent"].max()))
        if len(seen):
            assert row["lowest"] == seen.loc[seen["percent"].idxmin(), "source"]


def test_a_mean_stands_only_where_one_passed_the_guard_rails_and_every_row_says_why(evidence, ranges):
    table = prevalence_table(evidence)
    pooled = table[table["line"] == "pooled"].set_index("indicator_id")["percent"]
    assert set(ranges.index[ranges["percent"].notna()]) == set(pooled.index) & set(ranges.index)
    assert ranges["reason"].notna().all()
    courts = ranges.loc["parental_mh_care_proceedings"]
    assert pd.isna(courts["percent"]) and (round(courts["range_low"]), round(courts["range_high"])) == (22, 66)


def test_a_mean_by_decision_says_so_before_the_reason_against_it_and_no_other_row_does(evidence, ranges):
    table = prevalence_table(evidence)
    decided = set(table.loc[table["override"].notna(), "indicator_id"]) & set(ranges.index)
    assert "paternal_postnatal_depression" in decided and "mbu_separation_at_discharge" not in decided
    marked = ranges["reason"].str.startswith("Mean by decision all the same: ")
    assert set(ranges.index[marked]) == decided


def test_ranges_of_one_topic_and_of_an_unknown_one(evidence, ranges):
    own = estimate_ranges(evidence, "child_protection_and_separation")
    assert list(own["indicator_id"]) == list(ranges.index[ranges["topic"] == "child_protection_and_separation"])
    with pytest.raises(SynthesisError, match="There is no topic 'weather'"):
        estimate_ranges(evidence, "weather")


def test_refusals_are_those_of_the_pool_itself(evidence):
    with pytest.raises(PoolingRefused) as refused:
        pool_estimates(evidence, "parental_mh_care_proceedings")
    own = refusal_table(evidence, "parental_mh_care_proceedings")
    assert list(own["said"]) == list(refused.value.refusals["said"])
    assert set(own["set_aside"]) == {"no"}


def test_refusals_that_a_recorded_decision_sets_aside_are_marked(evidence):
    own = refusal_table(evidence, "paternal_perinatal_depression")
    assert len(own) and set(own["set_aside"]) == {"yes"}
    assert refusal_table(evidence, "parents_among_adults_with_psychosis_or_smi").empty
    assert set(refusal_table(evidence, "mbu_separation_at_discharge")["refusal"]) == {"too_few"}


def test_an_indicator_whose_sources_name_no_author_is_refused_in_words_too(evidence):
    """`source_label` once failed on rows none of which has an author."""
    silent = evidence.estimates.groupby("indicator_id")["authors"].agg(lambda authors: authors.isna().all())
    indicator = silent.index[silent][0]
    rows = considered(evidence, indicator)
    assert rows["source"].notna().all()
    with pytest.raises(PoolingRefused):
        pool_estimates(evidence, indicator)


def test_a_single_estimate_says_of_how_many_it_is(ranges, evidence):
    held = evidence.estimates.set_index("indicator_id")["denominator"]
    single = ranges[ranges["n_estimates"] == 1]
    assert {"not printed"} < set(single["n_of_one"])
    for indicator, said in single["n_of_one"].items():
        assert said == ("not printed" if pd.isna(held[indicator]) else f"{held[indicator]:,.0f}")
    assert ranges.loc[ranges["n_estimates"] > 1, "n_of_one"].isna().all()
