"""Partial pooling of authorities against lme4, control limits against the file, and what must hold of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from scipy.stats import binom, norm

from synthesis.evidence.schema import SynthesisError, vocabularies
from synthesis.prevalence.area_comparison import area_estimates, area_funnel
from synthesis.prevalence.areas import area_series

REFERENCE = Path(__file__).parent / "reference"
ORIGIN = {row["case"]: row for row in pd.read_csv(REFERENCE / "areas_origin.csv").to_dict("records")}
LME4 = pd.read_csv(REFERENCE / "areas.csv").set_index(["case", "area_code"])


@pytest.fixture(scope="module")
def estimates(evidence) -> pd.DataFrame:
    return area_estimates(evidence)


@pytest.fixture(scope="module")
def funnel(evidence) -> pd.DataFrame:
    return area_funnel(evidence)


# ---------------------------------------------------------------- partial pooling


def test_every_pinned_case_is_there_with_its_origin():
    assert set(ORIGIN) == set(LME4.index.get_level_values("case"))
    assert len(ORIGIN) == 5
    assert all("lme4" in row["program"] and "glmer" in row["call"] for row in ORIGIN.values())


@pytest.mark.parametrize("case", list(ORIGIN))
def test_estimates_are_those_of_lme4(evidence, case):
    about, pinned = ORIGIN[case], LME4.loc[case]
    found = area_estimates(evidence, about["factor"], int(about["year"]), about["towards"]).set_index("area_code")
    found = found[found["estimate"].notna()]
    assert set(found.index) == set(pinned.index)
    pinned = pinned.loc[found.index]
    assert (found["episodes_with_factor"] == pinned["events"]).all()
    assert found["tau"].iloc[0] ** 2 == pytest.approx(pinned["tau2"].iloc[0], rel=1e-4)
    np.testing.assert_allclose(logit(found["mean"] / 100), pinned["mean"], atol=1e-4)
    np.testing.assert_allclose(logit(found["estimate"] / 100), pinned["mode"], atol=1e-5)
    # lme4's conditional variance is the part of the interval that the mean does not bring in.
    weight = found["own_weight"]
    np.testing.assert_allclose(np.sqrt(1 - weight) * found["tau"], pinned["condsd"], rtol=1e-4)
    half = (logit(found["estimate_high"] / 100) - logit(found["estimate_low"] / 100)) / 2 / norm.ppf(0.975)
    np.testing.assert_allclose(
        half, np.sqrt(pinned["condsd"] ** 2 + ((1 - weight) * pinned["mean_se"]) ** 2), rtol=2e-4
    )


def test_estimates_lie_between_their_figure_and_the_mean(estimates):
    seen = estimates.dropna(subset=["estimate"])
    low, high = seen[["percent", "mean"]].min(axis=1), seen[["percent", "mean"]].max(axis=1)
    assert ((seen["estimate"] >= low - 1e-9) & (seen["estimate"] <= high + 1e-9)).all()
    assert ((seen["estimate_low"] < seen["estimate"]) & (seen["estimate"] < seen["estimate_high"])).all()
    assert seen["own_weight"].between(0, 1).all()


def test_small_returns_lean_on_the_others_and_large_ones_do_not(evidence):
    """City of London with 38 episodes, against Birmingham with more than ten thousand."""
    seen = area_estimates(evidence, year=2023).set_index("area_name")
    assert seen.loc["City of London", "own_weight"] < 0.9 < 0.995 < seen.loc["Birmingham", "own_weight"]
    pulled = (seen["percent"] - seen["estimate"]).abs()
    assert pulled["City of London"] > 0.1 > pulled["Birmingham"]


def test_authorities_without_a_figure_are_listed_and_not_estimated(estimates, evidence):
    series = area_series(evidence, level="local_authority")
    assert len(estimates) == (series["year"] == 2025).sum() == 153
    without = estimates[estimates["percent"].isna()]
    assert set(without["area_name"]) == {"City of London", "Isles of Scilly"}
    assert without[["estimate", "estimate_low", "own_weight"]].isna().all(axis=None)
    failed = area_estimates(evidence, year=2023).set_index("area_name").loc["West Sussex"]
    assert failed["state"] == "failed_return" and pd.isna(failed["estimate"])


def test_a_region_draws_its_authorities_towards_its_own_mean(evidence, estimates):
    by_region = area_estimates(evidence, towards="region")
    means = by_region.dropna(subset=["estimate"]).groupby("region")["mean"]
    assert means.nunique().eq(1).all() and means.first().nunique() == 9
    assert by_region["tau"].iloc[0] < estimates["tau"].iloc[0], "regions take up a part of the spread"


def test_authorities_that_differ_by_chance_alone_share_one_estimate(evidence, altered):
    official = evidence.official_statistics.copy()
    own = (official["factor"] == "parent_mental_health") & (official["area_level"] == "local_authority")
    official.loc[own & official["episodes_with_factor"].notna(), "episodes_with_factor"] = (
        official["episodes_assessed"] * 3 // 10
    )
    table = area_estimates(altered(official_statistics=official)).dropna(subset=["estimate"])
    assert (table["tau"] == 0).all() and (table["own_weight"] == 0).all()
    assert table["estimate"].std() < 1e-9
    assert table["estimate_low"].iloc[0] < table["estimate"].iloc[0] < table["estimate_high"].iloc[0]


# ---------------------------------------------------------------- control limits


def test_the_target_is_the_share_of_all_returns_with_a_figure(funnel):
    seen = funnel.dropna(subset=["percent"])
    assert funnel["target"].iloc[0] == pytest.approx(
        100 * seen["episodes_with_factor"].sum() / seen["episodes_assessed"].sum()
    )


def test_most_authorities_lie_beyond_chance_and_few_beyond_the_usual_spread(funnel):
    assert funnel["phi"].iloc[0] > 100
    assert (funnel["position"].isin(["above_998", "below_998"])).sum() == 129
    outside = funnel[~funnel["adjusted_position"].isin(["within"]) & funnel["percent"].notna()]
    assert len(outside) == 19
    assert list(outside.loc[outside["adjusted_position"] == "below_998", "area_name"]) == ["Swindon"]


def test_positions_say_outside_of_which_limits(funnel):
    for word in ("", "adjusted_"):
        for row in funnel.dropna(subset=["percent"]).to_dict("records"):
            limits = [row[f"{word}{end}"] for end in ("low_998", "low_95", "high_95", "high_998")]
            assert limits == sorted(limits)
            place = sum(row["percent"] > limit for limit in limits)
            assert row[f"{word}position"] == ("below_998", "below_95", "within", "above_95", "above_998")[place]
    nothing = funnel[funnel["percent"].isna()]
    assert nothing[["position", "adjusted_position", "low_95", "deviation"]].isna().all(axis=None) and len(nothing) == 2


def test_limits_of_chance_hold_what_they_promise(funnel):
    """Outside the exact 95 % limits lies at most one count in twenty, given the target."""
    for row in funnel.dropna(subset=["percent"]).head(20).to_dict("records"):
        n, p = row["episodes_assessed"], row["target"] / 100
        low, high = np.ceil(row["low_95"] / 100 * n), np.floor(row["high_95"] / 100 * n)
        assert binom.cdf(high, n, p) - binom.cdf(low - 1, n, p) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("factor", list(vocabularies()["factor"]))
@pytest.mark.parametrize("year", [2018, 2024])
def test_every_factor_and_year_can_be_compared(evidence, factor, year):
    for table in (area_estimates(evidence, factor, year), area_funnel(evidence, factor, year)):
        assert table["area_code"].is_unique
        assert table["tau"].iloc[0] > 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"factor": "mental_health"}, "no factor 'mental_health'"), ({"year": 1999}, "no figures of 1999; there are those of 2018 to 2025"), ({"towards": "county"}, "towards country or region; it is 'county'")],
)  # fmt: skip
def test_unknown_words_are_refused(evidence, wrong, said):
    with pytest.raises(SynthesisError, match=said):
        area_estimates(evidence, **wrong)


def test_too_little_to_compare_is_not_compared_and_says_so(evidence, altered, estimates, funnel):
    official = evidence.official_statistics
    for function, full in ((area_estimates, estimates), (area_funnel, funnel)):
        nothing = function(altered(official_statistics=official.head(0)))
        assert nothing.empty and list(nothing.columns) == list(full.columns)
        few = official[(official["area_level"] == "local_authority") & (official["year"] == 2025)]
        few = function(altered(official_statistics=few[few["area_code"].isin(few["area_code"].unique()[:4])]))
        assert len(few) == 4 and few["tau"].isna().all() and few["percent"].notna().all()
        assert (few["remark"] == "Not compared: only 4 authorities have a figure, at least 5 are needed.").all()
        counts = official["episodes_with_factor"].mask(official["factor"] == "child_mental_health", 0)
        none = function(altered(official_statistics=official.assign(episodes_with_factor=counts)), "child_mental_health")  # fmt: skip
        assert none["remark"].str.contains("none or all of the episodes").all() and none["tau"].isna().all()
