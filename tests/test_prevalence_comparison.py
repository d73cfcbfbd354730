"""Published pooled values beside those made here: every one that speaks of a quantity pooled here, with what differs."""

from __future__ import annotations

import pandas as pd
import pytest
from plain import rows

from synthesis.evidence.schema import vocabularies
from synthesis.prevalence.by_indicator import prevalence_table
from synthesis.reports.prevalence_comparison import published_prevalence

FATHERS = "paternal_perinatal_depression"


@pytest.fixture(scope="module")
def table(evidence) -> pd.DataFrame:
    return published_prevalence(evidence)


@pytest.fixture(scope="module")
def pooled(evidence) -> pd.DataFrame:
    shown = prevalence_table(evidence)
    return shown[shown["line"] == "pooled"].set_index("indicator_id")


def test_every_published_value_of_a_pooled_quantity_is_a_row(table, pooled):
    same = {row["indicator_id"]: [row["indicator_id"], *filter(None, row["compare_with"].split(";"))] for row in rows("pooling_overrides")}  # fmt: skip
    expected = {
        (indicator, row["review_id"])
        for indicator in pooled.index
        for row in rows("published_results")
        if row["indicator_id"] in same.get(indicator, [indicator])
    }
    assert set(zip(table["indicator_id"], table["review_id"], strict=True)) == expected
    assert len(table) == len(expected)
    assert ("paternal_antenatal_depression", "Rao2020-prenatal") in expected, "the same quantity in another's words"
    assert {(FATHERS, "PaulsonBazemore2010"), (FATHERS, "Cameron2016"), ("maternal_perinatal_depression", "Woody2017")} < expected  # fmt: skip


def test_the_numbers_are_the_published_and_the_pooled_ones(table, pooled):
    printed = {row["review_id"]: row for row in rows("published_results")}
    for row in table.itertuples():
        said = printed[row.review_id]["pooled_percent"]
        assert pd.isna(row.published_percent) if not said else row.published_percent == float(said)
        here = pooled.loc[row.indicator_id]
        assert (row.here_percent, row.here_low, row.pi_high, row.here_k) == (here["percent"], here["ci_low"], here["pi_high"], here["k"])  # fmt: skip
        if said:
            assert row.difference == pytest.approx(here["percent"] - float(said))


def test_where_the_published_value_lies_is_told(table):
    for row in table.itertuples():
        value = row.published_percent
        expected = (
            "no_value" if pd.isna(value)
            else "inside_interval" if row.here_low <= value <= row.here_high
            else "inside_prediction" if row.pi_low <= value <= row.pi_high
            else "outside"
        )  # fmt: skip
        assert row.published_lies == expected
    assert {"inside_interval", "no_value"} <= set(table["published_lies"])
    assert set(table["published_lies"]) <= set(vocabularies()["published_lies"])


def test_a_difference_is_explained_by_what_differs(table):
    row = table[(table["indicator_id"] == FATHERS) & (table["review_id"] == "PaulsonBazemore2010")].iloc[0]
    for said in ("points higher", "11 estimates here, 43 studies there", "random-effects mean", "pooled by decision", "read first (2.5 to 31.8 %)", "United States 14.1%"):  # fmt: skip
        assert said in row["explanation"]
    table = table.set_index("review_id")
    silent = table.loc["Atuhaire2020"]
    assert pd.isna(silent["difference"]) and "No pooled value is published" in silent["explanation"]
    assert "by decision" not in silent["explanation"], "that indicator is poolable"


def test_a_published_value_far_away_is_said_to_be_outside(evidence, altered):
    changed = evidence.published_results.copy()
    changed.loc[changed["review_id"] == "Cameron2016", "pooled_percent"] = 90.0
    found = published_prevalence(altered(published_results=changed)).set_index("review_id").loc["Cameron2016"]
    assert found["published_lies"] == "outside" and "points lower" in found["explanation"]


def test_without_the_decision_nothing_is_compared(evidence, altered):
    none = published_prevalence(altered(pooling_overrides=evidence.pooling_overrides.head(0)))
    assert set(none["review_id"]) == {"Atuhaire2020"}
