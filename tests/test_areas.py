"""England's official series by area and year, against the CSV file."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import rows

from synthesis.evidence.schema import SynthesisError
from synthesis.prevalence.areas import area_series


@pytest.fixture(scope="module")
def series(evidence) -> pd.DataFrame:
    return area_series(evidence)


def official(factor: str = "parent_mental_health") -> list[dict[str, str]]:
    return [row for row in rows("official_statistics") if row["factor"] == factor]


def state_of(series: pd.DataFrame, area: str, year: int) -> pd.Series:
    (row,) = (row for _, row in series[(series["area_name"] == area) & (series["year"] == year)].iterrows())
    return row


def test_every_area_and_year_is_a_row_once(series):
    assert len(series) == len(official()) == 1312
    assert not series.duplicated(["year", "area_code"]).any()


def test_a_failed_return_is_no_zero(series):
    row = state_of(series, "West Sussex", 2023)
    assert (row["state"], row["episodes_with_factor"], row["episodes_assessed"]) == ("failed_return", 0, 509)
    assert pd.isna(row["percent"]) and pd.isna(row["ci_high"])
    assert (series["state"] == "failed_return").sum() == 1


def test_a_failed_return_is_one_for_parental_factors_only(evidence):
    """The same return holds the mental health of the child: 164 of 509."""
    failed = area_series(evidence, "parent_alcohol_misuse")
    assert state_of(failed, "West Sussex", 2023)["state"] == "failed_return"
    assert (failed["state"] == "failed_return").sum() == 1


def test_true_zeros_stay_zeros(series, evidence):
    row = state_of(series, "Isles of Scilly", 2024)
    assert (row["state"], row["percent"], row["ci_low"]) == ("reported", 0, 0)
    assert row["ci_high"] == pytest.approx(24.2494, abs=1e-4)  # 0 of 12
    # A large authority with no case of one factor, but with cases of others, has reported a zero.
    brent = state_of(area_series(evidence, next(row["factor"] for row in rows("official_statistics") if row["area_name"] == "Brent" and row["year"] == "2022" and row["episodes_with_factor"] == "0")), "Brent", 2022)  # fmt: skip
    assert (brent["state"], brent["percent"]) == ("reported", 0)
    assert brent["episodes_assessed"] > 100


def test_withheld_figures_are_neither_zeros_nor_numbers(series):
    states = {"c": "withheld", "u": "unreliable", "x": "missing", "z": "not_applicable"}
    marked = {(int(row["year"]), row["area_code"]): states[row["suppression"]] for row in official() if row["suppression"]}  # fmt: skip
    found = series[~series["state"].isin(["reported", "failed_return"])]
    assert {(row.year, row.area_code): row.state for row in found.itertuples()} == marked
    assert len(marked) == 16
    assert found[["episodes_with_factor", "percent", "ci_low", "ci_high"]].isna().all(axis=None)
    reported = series[series["state"] == "reported"]
    assert reported[["episodes_with_factor", "episodes_assessed", "percent", "ci_low"]].notna().all(axis=None)


def test_england_and_the_range_of_authorities_are_the_published_ones(series):
    assert round(state_of(series, "England", 2025)["percent"], 1) == 33.5
    authorities = series[(series["area_level"] == "local_authority") & (series["year"] == 2025)]["percent"]
    assert (round(authorities.min(), 1), round(authorities.max(), 1)) == (7.6, 58.8)  # the evidence README


def test_london_is_not_counted_twice_among_the_regions(series):
    """Counts above authorities are rounded to 10, so nine regions may miss England by 45 and two halves London by 10."""
    regions = series[series["area_level"] == "region"]
    of_england = regions[regions["region"] == "England"]
    assert of_england["area_name"].nunique() == 9
    england = series[series["area_level"] == "country"].set_index("year")
    for count in ("episodes_with_factor", "episodes_assessed"):
        assert (of_england.groupby("year")[count].sum() - england[count]).abs().max() <= 50
        halves = regions[regions["region"] == "London"].groupby("year")[count].sum()
        london = regions[regions["area_name"] == "London"].set_index("year")[count]
        assert (halves - london).abs().max() <= 15
    assert (regions.groupby("year")["episodes_assessed"].sum() > england["episodes_assessed"] * 1.1).all(), "all eleven overlap"  # fmt: skip


def test_every_authority_lies_in_one_of_nine_regions_that_hold_its_count(series):
    authorities = series[series["area_level"] == "local_authority"]
    assert authorities.groupby("area_code")["region"].nunique().max() == 1
    regions = series[(series["area_level"] == "region") & (series["region"] == "England")]
    assert set(authorities["region"]) == set(regions["area_name"])
    held = authorities.groupby(["region", "year"])["episodes_with_factor"].sum()
    whole = regions.set_index(["area_name", "year"])["episodes_with_factor"]
    whole.index.names = ["region", "year"]
    assert (held <= whole + 5).all(), "an authority stands in the wrong region"


@pytest.mark.parametrize("level", ["country", "region", "local_authority"])
def test_a_level_is_its_part_of_the_whole(evidence, series, level):
    part = series[series["area_level"] == level].reset_index(drop=True)
    pd.testing.assert_frame_equal(area_series(evidence, level=level), part)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"factor": "mental_health"}, "no factor 'mental_health'; there are parent_mental_health"), ({"level": "county"}, "no level 'county'; there are country, region")],
)  # fmt: skip
def test_unknown_names_are_refused_with_those_there_are(evidence, wrong, said):
    with pytest.raises(SynthesisError, match=said):
        area_series(evidence, **wrong)


@settings(max_examples=5, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31))
def test_the_order_of_rows_changes_nothing(evidence, altered, series, seed):
    mixed = altered(official_statistics=evidence.official_statistics.sample(frac=1, random_state=seed))
    pd.testing.assert_frame_equal(area_series(mixed), series)
