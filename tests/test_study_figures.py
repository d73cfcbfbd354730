"""Figures of studies, from any counts: legible from few studies to eighty, and the numbers of their tables in picture and text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_figures import LONG, assert_legible, words_of

from synthesis import figures, pool, pool_estimates, subgroups
from synthesis.prevalence import pooled_table

PALE = "#a9bdd1"


def made(k: int, seed: int = 1) -> pd.DataFrame:
    """k studies as they come: small and large, one with none, long names, three settings, a year and a share."""
    random = np.random.default_rng(seed)
    totals = np.round(np.exp(random.uniform(3.5, 9, k))).astype(int)
    share = 1 / (1 + np.exp(2 - 0.7 * random.standard_normal(k)))
    events = random.binomial(totals, share)
    events[0] = 0
    names = [f"Study {n}" if n % 4 else f"{LONG[: 30 + n]} {n}" for n in range(k)]
    settings = np.array(["community", "hospital", "primary care"])[np.arange(k) % 3]
    year = random.integers(1995, 2024, k)
    return pd.DataFrame({"label": names, "events": events, "totals": totals, "setting": settings, "year": year, "share": random.random(k)})  # fmt: skip


def diamonds(ax) -> list[tuple[float, float]]:
    polygons = [patch for patch in ax.patches if type(patch).__name__ == "Polygon"]
    return [(each.get_xy()[:, 0].min(), each.get_xy()[:, 0].max()) for each in polygons]


# ---------------------------------------------------------------- forest


@pytest.mark.parametrize("k", [5, 20, 80])
def test_a_forest_of_any_pooled_counts_shows_their_numbers_and_stays_legible(k):
    frame = made(k)
    result = pool(frame["events"], frame["totals"], labels=frame["label"])
    ax = figures.forest_plot(result, measure="Depressive symptoms: percent")
    assert_legible(ax.figure)
    shown, studies = figures.plotted(ax), result.studies
    rows = shown[shown["line"] == "estimate"].reset_index(drop=True)
    for column, own in (("numerator", "events"), ("denominator", "totals"), ("weight", "weight")):
        assert rows[column].tolist() == studies[own].tolist()
    for column, own in (("percent", "proportion"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
        np.testing.assert_allclose(rows[column], 100 * studies[own])
    assert diamonds(ax) == [pytest.approx((100 * result.ci_low, 100 * result.ci_high))]
    bar = next(patch for patch in ax.patches if patch.get_hatch())
    assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx((100 * result.pi_low, 100 * result.pi_high))
    sizes = [line.get_markersize() for line in ax.lines if line.get_marker() == "s"]
    assert np.argmax(sizes) == studies["weight"].argmax() and len(sizes) == k
    said = words_of(ax.figure)
    for words in ("Depressive symptoms: percent", f"{studies['weight'].iloc[1]:.1f}", f"Q {result.q:.1f}, df {k - 1}"):
        assert words in said


def test_eighty_studies_stand_closer_than_five():
    heights = {k: figures.forest_plot(pool(*made(k)[["events", "totals"]].to_numpy().T)).figure.get_figheight() for k in (5, 80)}  # fmt: skip
    assert heights[80] < 80 / 5 * 0.5 * heights[5] and heights[80] < 18


@pytest.mark.parametrize("model", ["glmm", "beta-binomial"])
def test_a_model_without_weights_has_no_column_of_weights(model):
    frame = made(12)
    ax = figures.forest_plot(pool(frame["events"], frame["totals"], model=model))
    assert_legible(ax.figure)
    said = words_of(ax.figure)
    assert "Weight" not in said and "This model gives the studies no weights." in said


@pytest.mark.parametrize("k", [5, 20, 80])
def test_subgroups_have_their_own_diamonds_and_the_test_between_them(k):
    result = subgroups(made(k), "setting", "events", "totals")
    ax = figures.forest_plot(result)
    assert_legible(ax.figure)
    shown = figures.plotted(ax)
    assert list(shown.loc[shown["line"] == "heading", "group"]) == list(result.groups["group"])
    estimates = shown[shown["line"] == "estimate"]
    assert len(estimates) == k and estimates["weight"].sum() == pytest.approx(100)
    expected = 100 * result.table()[["ci_low", "ci_high"]].dropna()
    np.testing.assert_allclose(diamonds(ax), expected)
    pale = [patch.get_facecolor() for patch in ax.patches if type(patch).__name__ == "Polygon"]
    assert len(set(pale[:-1])) == 1 and pale[-1] != pale[0], "the mean of all looks different"
    test = result.test().iloc[0]
    assert f"Between groups: χ² {test['statistic']:.2f}, df {test['df']}, p" in words_of(ax.figure)
    alt = figures.forest_alt(result)
    assert f"{k} studies in 3 groups by setting" in alt and 80 <= len(alt) <= 220
    assert ("do not clearly differ" in alt) == (test["p"] >= 0.05)


def test_a_group_of_one_study_and_one_tau2_for_all_are_drawn():
    frame = made(9).assign(setting=["alone", *["many"] * 8])
    for how in ("separate", "common"):
        result = subgroups(frame, "setting", "events", "totals", tau2=how)
        ax = figures.forest_plot(result)
        assert_legible(ax.figure)
        assert "Mean of 1 study" in words_of(ax.figure)


def test_the_forest_of_pooled_estimates_shows_what_its_table_shows(evidence):
    result = pool_estimates(evidence, "mbu_separation_at_discharge")
    one, other = (figures.plotted(figures.forest_plot(each)) for each in (result, pooled_table(evidence, "mbu_separation_at_discharge")))  # fmt: skip
    numbers = ["line", "numerator", "denominator", "percent", "ci_low", "ci_high", "weight"]
    keys = ["line", "percent"]
    pd.testing.assert_frame_equal(
        one[numbers].sort_values(keys, ignore_index=True),
        other[numbers].sort_values(keys, ignore_index=True),
        check_dtype=False,
    )
    assert one["weight"].notna().sum() == result.pooled.k + 1
    assert figures.forest_alt(result).split("; pooled")[1] == figures.forest_alt(pooled_table(evidence, "mbu_separation_at_discharge")).split("; pooled")[1]  # fmt: skip


def test_the_text_of_a_pooled_forest_says_reach_mean_and_a_further_study():
    frame = made(20)
    result = pool(frame["events"], frame["totals"])
    alt = figures.forest_alt(result)
    for number in (result.estimate, result.ci_low, result.ci_high, result.pi_low, result.pi_high):
        assert f"{100 * number:.1f}" in alt
    assert alt.startswith("Forest plot of 20 studies") and "read this range first" in alt
    assert figures.forest_alt(pool([3], [40])) == "Forest plot of 1 study, 7.5 to 7.5%."
    assert_legible(figures.forest_plot(pool([3], [40])).figure)
