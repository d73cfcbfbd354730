"""Totals, steps and trends of England's series, against the CSV file and worked by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from plain import rows

from synthesis.evidence.schema import SynthesisError, vocabularies
from synthesis.numbers.slopes import median_slope
from synthesis.prevalence.area_change import STEP_FROM, area_breaks, area_totals, area_trend

OFFICIAL = [row for row in rows("official_statistics") if row["factor"] == "parent_mental_health"]


def percents(name: str) -> dict[int, float]:
    """Percent a year of one area, as the CSV file has it."""
    return {
        int(row["year"]): 100 * int(row["episodes_with_factor"]) / int(row["episodes_assessed"])
        for row in OFFICIAL
        if row["area_name"] == name and row["episodes_with_factor"]
    }


@pytest.fixture(scope="module")
def trend(evidence) -> pd.DataFrame:
    return area_trend(evidence)


@pytest.fixture(scope="module")
def totals(evidence) -> pd.DataFrame:
    return area_totals(evidence)


@pytest.fixture(scope="module")
def breaks(evidence) -> pd.DataFrame:
    return area_breaks(evidence)


def line_of(trend: pd.DataFrame, name: str, basis: str = "as_reported") -> pd.Series:
    return trend[(trend["area_name"] == name) & (trend["basis"] == basis)].iloc[0]


# ---------------------------------------------------------------- totals


def test_totals_are_sums_of_the_returns_with_a_figure(totals):
    year = totals[(totals["area_level"] == "country") & (totals["year"] == 2024)].iloc[0]
    own = [row for row in OFFICIAL if row["area_level"] == "local_authority" and row["year"] == "2024"]
    counted = [row for row in own if row["episodes_with_factor"]]
    assert (year["n_authorities"], year["n_with_figure"]) == (len(own), len(counted)) == (153, 150)
    assert year["episodes_with_factor"] == sum(int(row["episodes_with_factor"]) for row in counted)
    assert year["episodes_assessed"] == sum(int(row["episodes_assessed"]) for row in counted)


def test_the_published_share_of_2024_is_that_of_failed_returns_too(totals):
    """Two returns of 2024 are unreliable; England's published total keeps their 26,000 episodes and hardly a case."""
    england = totals[totals["area_level"] == "country"].set_index("year")
    assert round(england.loc[2024, "percent"], 1) == 32.7
    assert round(england.loc[2024, "percent_of_returns"], 1) == 34.1
    assert england.loc[2024, "episodes_without_figure"] == 506_370 - england.loc[2024, "episodes_assessed"] == 26_423
    close = england.drop([2019, 2024])
    assert close["difference"].abs().max() < 0.15
    assert set(england.index) == set(range(2018, 2026))


def test_regions_add_up_to_england_with_london_once(totals):
    counts = ["n_authorities", "n_with_figure", "episodes_with_factor", "episodes_assessed"]
    assert totals["area_name"].nunique() == 10
    whole = totals[totals["area_level"] == "country"].set_index("year")[counts]
    parts = totals[totals["area_level"] == "region"].groupby("year")[counts].sum()
    pd.testing.assert_frame_equal(parts, whole, check_dtype=False)


# ---------------------------------------------------------------- steps


def test_steps_are_worked_by_hand(breaks):
    """The change of North Tyneside in 2019, from the counts in the file; usual changes from all authorities."""
    changes: dict[tuple[str, int], tuple[float, float, int]] = {}
    by_area: dict[str, list[tuple[int, int, int]]] = {}
    for row in OFFICIAL:
        failed = row["episodes_with_factor"] == "0" and int(row["episodes_assessed"]) > 100
        if row["area_level"] == "local_authority" and row["episodes_with_factor"] and not failed:
            by_area.setdefault(row["area_code"], []).append(
                (int(row["year"]), int(row["episodes_with_factor"]), int(row["episodes_assessed"]))
            )
    for code, points in by_area.items():
        points.sort()
        for (year, x, n), (later, x2, n2) in pairwise(points):
            moved = np.log((x2 + 0.5) / (n2 - x2 + 0.5)) - np.log((x + 0.5) / (n - x + 0.5))
            chance = 1 / (x + 0.5) + 1 / (n - x + 0.5) + 1 / (x2 + 0.5) + 1 / (n2 - x2 + 0.5)
            changes[code, later] = moved, chance, later - year
    centre = {
        year: np.median([moved for (_, at), (moved, _, _) in changes.items() if at == year])
        for year in range(2019, 2026)
    }
    beyond = {key: moved - centre[key[1]] for key, (moved, _, _) in changes.items()}
    usual = 1.4826 * np.median(np.abs(list(beyond.values())))
    sizes = {key: beyond[key] / np.sqrt(usual**2 * changes[key][2] + changes[key][1]) for key in beyond}
    expected = {key: size for key, size in sizes.items() if abs(size) > STEP_FROM}
    found = {(row.area_code, row.year): row.deviation for row in breaks.itertuples()}
    assert found == pytest.approx(expected)
    assert len(found) == 23


def test_known_failures_of_recording_are_steps(breaks):
    known = {("Derbyshire", 2021), ("Derbyshire", 2022), ("Derbyshire", 2023), ("North Tyneside", 2019), ("North Yorkshire", 2019), ("Hampshire", 2025)}  # fmt: skip
    assert known <= {(row.area_name, row.year) for row in breaks.itertuples()}
    hampshire = breaks[breaks["area_name"] == "Hampshire"].iloc[0]
    assert hampshire["previous_year"] == 2023, "the figure of 2024 is unreliable, so the step is over two years"
    assert breaks.loc[breaks["area_name"] == "Derbyshire", "remark"].notna().any()


def test_chance_in_small_authorities_is_no_step(breaks):
    assert not {"City of London", "Isles of Scilly"} & set(breaks["area_name"])


def test_a_step_that_is_put_in_is_found_and_the_whole_nation_moving_is_none(evidence, altered):
    official = evidence.official_statistics.copy()
    own = (official["area_name"] == "Surrey") & (official["factor"] == "parent_mental_health")
    later = own & (official["year"] >= 2022)
    official.loc[later, "episodes_with_factor"] = (official.loc[later, "episodes_with_factor"] // 4).astype("Int64")
    before, after = area_breaks(evidence), area_breaks(altered(official_statistics=official))
    assert set(after["area_name"]) - set(before["area_name"]) == {"Surrey"}
    assert after.loc[after["area_name"] == "Surrey", "year"].tolist() == [2022]
    everywhere = evidence.official_statistics.copy()
    late = (everywhere["year"] >= 2022) & (everywhere["area_level"] == "local_authority")
    everywhere.loc[late, "episodes_with_factor"] = (everywhere.loc[late, "episodes_with_factor"] // 2).astype("Int64")
    assert len(area_breaks(altered(official_statistics=everywhere))) <= len(before) + 2


# ---------------------------------------------------------------- trends


def test_the_trend_of_england_is_the_median_slope_of_its_percents(trend):
    england, own = line_of(trend, "England"), percents("England")
    found = median_slope(np.array(list(own)), np.array(list(own.values())))
    assert (england["slope"], england["slope_low"], england["slope_high"]) == pytest.approx((found.slope, found.low, found.high))  # fmt: skip
    assert (england["first_year"], england["last_year"], england["direction"]) == (2018, 2025, "rising")
    assert round(england["slope"], 2) == 0.92


def test_steady_authorities_have_every_year_and_no_step(trend, breaks):
    steady = line_of(trend, "England", "steady_authorities")
    years = {}
    for row in OFFICIAL:
        if row["area_level"] == "local_authority" and row["episodes_with_factor"]:
            years.setdefault(row["area_code"], {})[row["year"]] = row
    names = {row["area_name"]: row["area_code"] for row in OFFICIAL}
    years.pop(names["West Sussex"])  # the failed return
    chosen = [own for code, own in years.items() if len(own) == 8 and code not in set(breaks["area_code"])]
    assert steady["n_authorities"] == len(chosen) == 122
    for year, percent in (("2018", steady["first_percent"]), ("2025", steady["last_percent"])):
        x, n = (sum(int(own[year][column]) for own in chosen) for column in ("episodes_with_factor", "episodes_assessed"))  # fmt: skip
        assert percent == pytest.approx(100 * x / n)
    regions = trend[(trend["area_level"] == "region") & (trend["basis"] == "steady_authorities")]
    assert (regions["n_authorities"].sum(), len(regions)) == (122, 9)


def test_a_step_makes_no_trend(trend):
    """North Tyneside rose from 10 to 47 percent, nearly all of it in one year; since then it fell a little."""
    plain, between = (line_of(trend, "North Tyneside", basis) for basis in ("as_reported", "between_breaks"))
    assert plain["breaks"] == between["breaks"] == "2019 (+33.2 points)"
    assert between["slope"] < plain["slope"] < 1
    own = percents("North Tyneside")
    found = median_slope(np.array(list(own)[1:]), np.array(list(own.values())[1:]))
    assert between["slope"] == pytest.approx(found.slope)


def test_too_few_years_give_no_interval_and_say_so(trend):
    few = line_of(trend, "Cumberland")
    assert (few["n_years"], few["direction"]) == (2, "not_told")
    assert np.isnan(few["slope_low"]) and "too few years" in few["remark"]
    scilly = line_of(trend, "Isles of Scilly")
    assert np.isnan(scilly["slope"]) and "2018 withheld" in scilly["remark"] and "No trend" in scilly["remark"]
    assert (scilly["first_year"], scilly["n_years"]) == (2024, 1)


def test_every_area_is_a_line_a_basis_once(trend):
    assert not trend.duplicated(["area_code", "basis"]).any()
    reported = trend[trend["basis"] == "as_reported"]
    codes = {row["area_code"] for row in OFFICIAL if not row["area_code"].startswith("E13")}
    assert set(reported["area_code"]) == codes
    told = trend[trend["direction"] != "not_told"]
    assert ((told["slope_low"] > 0) | (told["slope_high"] < 0)).all()


@pytest.mark.parametrize("level", ["country", "region", "local_authority"])
def test_a_level_is_its_part_of_the_whole(evidence, trend, level):
    part = trend[trend["area_level"] == level].reset_index(drop=True)
    pd.testing.assert_frame_equal(area_trend(evidence, level=level), part)


@pytest.mark.parametrize("factor", list(vocabularies()["factor"]))
def test_every_factor_has_totals_steps_and_trends(evidence, factor):
    trend = area_trend(evidence, factor, "country")
    assert trend["slope"].notna().all() and set(trend["factor"]) == {factor}
    assert (area_totals(evidence, factor)["n_with_figure"] > 0).all()


def test_a_base_without_official_statistics_gives_empty_tables(evidence, altered):
    nothing = altered(official_statistics=evidence.official_statistics.head(0))
    for table, full in ((area_trend(nothing), area_trend), (area_totals(nothing), area_totals), (area_breaks(nothing), area_breaks)):  # fmt: skip
        assert table.empty and list(table.columns) == list(full(evidence).columns)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"factor": "mental_health"}, "no factor 'mental_health'"), ({"level": "county"}, "no level 'county'"), ({"threshold": 0}, "threshold lies above 0")],
)  # fmt: skip
def test_unknown_words_are_refused(evidence, wrong, said):
    with pytest.raises(SynthesisError, match=said):
        area_trend(evidence, **wrong)
