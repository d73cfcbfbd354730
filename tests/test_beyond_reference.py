"""Meta-regression, subgroups, influence, small studies, three levels, robust variance and the outlier mixture against R.

`tests/reference/beyond_reference.R` made the values (metafor, clubSandwich; programs and calls in `beyond_origin.csv`).
"""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtrc

from synthesis.pooling.clusters import cluster_robust
from synthesis.pooling.effects import effect_sizes
from synthesis.pooling.grouping import cochran_between, subgroups
from synthesis.pooling.influence import baujat_measures, cumulative, influence_measures, leave_one_out
from synthesis.pooling.moderators import meta_regression
from synthesis.pooling.multilevel import Nested, best_variances, fit_nested, profile_interval, three_level
from synthesis.pooling.outliers import fit_mixture, mixture_interval
from synthesis.pooling.regression import omnibus, two_sided
from synthesis.pooling.small_studies import lfk_index, small_study_checks

REFERENCE = Path(__file__).parent / "reference"
TRANSFORM = {"PLO": "logit", "PAS": "arcsine"}
INTERVAL = {"knha": "hartung-knapp", "adhoc": "hartung-knapp-adhoc", "z": "wald", "t": "t"}
CLOSE = 1e-6
#: Where metafor's optimiser or R's root finder stops: the likelihood is compared besides.
OPTIMISED = 1e-4


def _pinned() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """analysis → case → item → quantity → value."""
    found: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    with (REFERENCE / "beyond.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            item = found.setdefault(row["analysis"], {}).setdefault(row["case"], {}).setdefault(row["item"], {})
            item[row["quantity"]] = float(row["value"]) if row["value"] else np.nan
    return found


PINNED = _pinned()
CASES = pd.read_csv(REFERENCE / "beyond_cases.csv", dtype={"cluster": "str", "word": "str"})
NESTED = pd.read_csv(REFERENCE / "beyond_nested.csv")


@cache
def studies(case: str) -> pd.DataFrame:
    return CASES[CASES["case"] == case].reset_index(drop=True)


def effects(case: str) -> tuple[np.ndarray, np.ndarray]:
    return effect_sizes(studies(case)["events"], studies(case)["totals"])


def same(
    ours: object, pinned: dict[str, float], rel: float = CLOSE, abs: float = 1e-12, but: tuple[str, ...] = ()
) -> None:
    for name in pinned.keys() - set(but):
        assert ours[name] == pytest.approx(pinned[name], rel=rel, abs=abs, nan_ok=True), name


def half_added(case: str, measure: str = "PLO") -> bool:
    """Whether half an event is added to a study: then no test is given, as metafor gives it all the same."""
    extreme = studies(case)["events"].isin([0]) | (studies(case)["events"] == studies(case)["totals"])
    return measure == "PLO" and bool(extreme.any())


def with_tests(table: pd.DataFrame, effect: str, kept_back: bool) -> pd.DataFrame:
    """The table with the statistics and p-values that it keeps back, made of what it gives."""
    assert table["p"].isna().any() == kept_back
    statistic = table[effect] / table["se"]
    return table.assign(statistic=statistic, p=two_sided(statistic.to_numpy(), table["df"].to_numpy()))


def test_no_analysis_and_no_case_went_missing():
    expected = {
        "metareg": 77, "subgroups": 12, "influence": 15, "leave_one_out": 14, "cumulative": 14, "baujat": 14,
        "small_studies": 16, "lfk": 1, "three_level": 9, "robust": 51, "outliers": 4,
    }  # fmt: skip
    assert {analysis: len(cases) for analysis, cases in PINNED.items()} == expected
    assert CASES["case"].nunique() == 9
    with (REFERENCE / "beyond_origin.csv").open(encoding="utf-8", newline="") as handle:
        assert {row["analysis"] for row in csv.DictReader(handle)} == set(expected)


@pytest.mark.parametrize("key", PINNED["metareg"])
def test_meta_regression_gives_what_metafor_gives(key):
    case, measure, moderators, method, test = key.split("|")
    result = meta_regression(
        studies(case), "events", "totals", moderators.split(","), transform=TRANSFORM[measure], tau2=method.lower(), interval=INTERVAL[test],
    )  # fmt: skip
    pinned = PINNED["metareg"][key]
    kept_back, predicted = half_added(case, measure), result.predict()
    table = with_tests(result.table(), "estimate", kept_back)
    summary = result.summary().iloc[0]
    assert np.isnan(summary["test_p"]) == np.isnan(summary["test"]) == kept_back
    statistic, _, _, p = omnibus(result.fit, list(range(1, len(table))))
    same({**summary, "test": statistic, "test_p": p}, pinned["summary"])
    for item, values in pinned.items():
        if item.startswith("study"):
            same(predicted.iloc[int(item.removeprefix("study")) - 1], values)
        elif item != "summary":
            same(table.iloc[int(item) - 1], values)
    assert len(table) == sum(item.isdigit() for item in pinned)


@pytest.mark.parametrize("key", PINNED["subgroups"])
def test_subgroups_give_what_metafor_gives(key):
    case, how = key.split("|")
    result = subgroups(studies(case), "word", "events", "totals", tau2=how)
    pinned = PINNED["subgroups"][key]
    rows = result.table().set_index("group")
    assert list(rows.index) == [*sorted(pinned.keys() - {"between"}), "all"]
    for group in pinned.keys() - {"between"}:
        same(rows.loc[group], pinned[group])
    test = result.test().iloc[0]
    statistic, p = test["statistic"], test["p"]
    if half_added(case):  # no test is given; what it would be follows from what is given
        assert np.isnan([statistic, p]).all()
        if how == "separate":
            statistic = cochran_between(*(result.groups[name].to_numpy() for name in ("estimate_transformed", "se")))
            p = chdtrc(len(result.groups) - 1, statistic)
        else:
            fit = meta_regression(studies(case), "events", "totals", "word").fit
            statistic, _, _, p = omnibus(fit, list(range(1, len(result.groups))))
    assert statistic == pytest.approx(pinned["between"]["q"], rel=CLOSE, abs=1e-12)
    assert p == pytest.approx(pinned["between"]["p"], rel=CLOSE)


@pytest.mark.parametrize("key", PINNED["influence"])
def test_influence_gives_what_metafor_gives(key):
    case, how = key.split("|")
    y, v = effects(case)
    x = np.ones((len(y), 1))
    if how == "number":
        x = np.column_stack([x, studies(case)["number"]])
    ours = influence_measures(y, v, x, interval="wald" if how == "z" else "hartung-knapp")
    assert len(ours) == len(PINNED["influence"][key])
    for item, values in PINNED["influence"][key].items():
        same(ours.iloc[int(item) - 1], values)


@pytest.mark.parametrize("key", PINNED["leave_one_out"])
def test_leaving_one_out_gives_what_metafor_gives(key):
    case, test = key.split("|")
    ours = leave_one_out(studies(case), "events", "totals", tau2="reml", interval=INTERVAL[test])
    assert len(ours) == len(PINNED["leave_one_out"][key]) + 1
    for item, values in PINNED["leave_one_out"][key].items():
        same(ours.iloc[int(item)], values)


@pytest.mark.parametrize("key", PINNED["cumulative"])
def test_cumulating_gives_what_metafor_gives(key):
    case, test = key.split("|")
    ours = cumulative(studies(case), "events", "totals", by="number", tau2="reml", interval=INTERVAL[test])
    assert len(ours) == len(PINNED["cumulative"][key]) + 1  # metafor's first step, one study, has no tau2
    for item, values in PINNED["cumulative"][key].items():
        same(ours.iloc[int(item) - 1], values)


@pytest.mark.parametrize("key", PINNED["baujat"])
def test_baujat_gives_what_metafor_gives(key):
    case, model = key.split("|")
    y, v = effects(case)
    ours = baujat_measures(y, v, np.ones((len(y), 1)), 0.0 if model == "EE" else "reml")
    for item, values in PINNED["baujat"][key].items():
        same(ours.iloc[int(item) - 1], values)


@pytest.mark.parametrize("key", PINNED["small_studies"])
def test_small_study_checks_give_what_metafor_gives(key):
    case, measure = key.split("|")
    ours = small_study_checks(studies(case), "events", "totals", transform=TRANSFORM[measure]).set_index("check")
    regressions = with_tests(ours.drop(index="lfk"), "slope", half_added(case, measure))
    ours = pd.concat([regressions, ours.loc[["lfk"]]])
    for check, values in PINNED["small_studies"][key].items():
        same(ours.loc[check], values)


def test_the_lfk_index_follows_the_published_formula():
    # The data of the paper's example; no printed value of the index was found to compare with.
    y, v = np.array([-4.270, -1.710, -0.580, -0.190, 0.000]), np.array([0.158, 0.076, 0.018, 0.022, 0.040])
    assert lfk_index(y, v) == pytest.approx(PINNED["lfk"]["pain"]["index"]["value"], rel=1e-12)


@pytest.mark.parametrize("key", PINNED["three_level"])
def test_three_levels_give_what_metafor_gives_and_are_at_least_as_likely(key):
    if key in set(NESTED["case"]):
        frame = NESTED[NESTED["case"] == key]
        y, v, cluster = frame["y"].to_numpy(), frame["v"].to_numpy(), frame["cluster"]
    else:
        (y, v), cluster = effects(key), studies(key)["cluster"]
    data = Nested(y, v, pd.factorize(cluster)[0], np.ones((len(y), 1)))
    between, within = best_variances(data)
    fit, pinned = fit_nested(data, between, within), PINNED["three_level"][key]["fit"]
    assert fit.log_likelihood >= pinned["log_likelihood"] - 1e-9
    assert fit.log_likelihood == pytest.approx(pinned["log_likelihood"], rel=1e-7, abs=1e-7)
    assert fit.beta[0] == pytest.approx(pinned["effect"], rel=OPTIMISED)
    assert np.sqrt(fit.cov[0, 0]) == pytest.approx(pinned["se"], rel=OPTIMISED)
    # Flat tops: metafor stops up to 1.5e-4 away (relative) where the likelihood is 1e-11 lower.
    assert (between, within) == pytest.approx((pinned["between"], pinned["within"]), rel=5e-4, abs=1e-7)
    assert max(abs(fit.slope_between) * (between > 0), abs(fit.slope_within) * (within > 0)) < 1e-6
    for part in ("between", "within"):
        found = profile_interval(data, part, best=(between, within))
        assert found == pytest.approx(
            (pinned[f"{part}_low"], pinned[f"{part}_high"]), rel=OPTIMISED, abs=1e-6, nan_ok=True
        )


@pytest.mark.parametrize("key", sorted(PINNED["three_level"].keys() - set(NESTED["case"])))
def test_the_three_level_table_gives_metafors_intervals(key):
    fitted, pinned = three_level(studies(key), "events", "totals", "cluster"), PINNED["three_level"][key]
    for interval in ("wald", "t", "t-clusters"):
        row = replace(fitted, interval=interval).table().iloc[0]
        same(row, pinned[interval], rel=OPTIMISED)
        assert row["q"] == pytest.approx(pinned["fit"]["q"], rel=CLOSE)


@pytest.mark.parametrize("key", PINNED["robust"])
def test_robust_variance_gives_what_metafor_and_clubsandwich_give(key):
    case, working, what, correction = key.split("|")
    ours = cluster_robust(
        studies(case), "events", "totals", "cluster", working=working, correction=correction, moderators=None if what == "mean" else ["number"],
    )  # fmt: skip
    assert len(ours) == len(PINNED["robust"][key])
    ours = with_tests(ours, "effect", what != "mean" and half_added(case))
    for item, values in PINNED["robust"][key].items():
        same(ours.iloc[int(item) - 1], values, rel=OPTIMISED, abs=1e-9)


@pytest.mark.parametrize("case", PINNED["outliers"])
def test_the_outlier_mixture_is_at_least_as_likely_as_where_r_stops(case):
    y, v = effects(case)
    pinned, fit = PINNED["outliers"][case]["fit"], fit_mixture(y, v)
    assert fit.log_likelihood >= pinned["log_likelihood"] - 1e-7
    assert fit.mean == pytest.approx(pinned["mean"], rel=OPTIMISED)
    assert mixture_interval(y, v, fit) == pytest.approx((pinned["low"], pinned["high"]), rel=OPTIMISED)


def test_the_magnesium_trials_give_what_metaplus_prints():
    # Vignette of R's metaplus (Beath 2016, R Journal 8(1):5-16), summary(mag.mix): no outliers, so the ordinary model.
    frame = pd.read_csv(REFERENCE / "beyond_magnesium.csv")
    y, v = frame["y"].to_numpy(), frame["v"].to_numpy()
    fit = fit_mixture(y, v)
    assert round(fit.mean, 4) == -0.7463
    assert round(fit.log_likelihood, 5) == -19.68459
    assert [round(each, 2) for each in mixture_interval(y, v, fit)] == [-1.26, -0.34]
