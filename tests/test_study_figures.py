"""Figures of studies, from any counts: legible from few studies to eighty, and the numbers of their tables in picture and text."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from test_figures import LONG, assert_legible, words_of

from synthesis import baujat_table, doi_table, funnel_table, meta_regression, pool, pool_estimates, subgroups
from synthesis.drawing.canvas import NAVY, shown_percent
from synthesis.evidence.schema import SynthesisError
from synthesis.numbers.intervals import wilson
from synthesis.prevalence.by_indicator import pooled_table
from synthesis.reports import figures

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
    result = pool(frame["events"], frame["totals"], labels=frame["label"], tau2="reml")
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


def test_a_model_without_weights_has_no_column_of_weights():
    frame = made(12)
    ax = figures.forest_plot(pool(frame["events"], frame["totals"], model="beta-binomial"))
    assert_legible(ax.figure)
    said = words_of(ax.figure)
    assert "Weight" not in said and "This model gives the studies no weights." in said


def test_weights_of_the_glmm_are_shown_and_said_to_be_parts_of_the_information():
    frame = made(12)
    result = pool(frame["events"], frame["totals"], model="glmm")
    ax = figures.forest_plot(result)
    assert_legible(ax.figure)
    said = words_of(ax.figure)
    assert f"{result.studies['weight'].iloc[1]:.1f}" in said and "100.0" in said
    assert "Area of a square: the study's part of the information on the mean" in " ".join(said.split())


@pytest.mark.parametrize("k", [5, 20, 80])
def test_subgroups_have_their_own_diamonds_and_the_test_between_them(k):
    frame = made(k)
    result = subgroups(frame.assign(events=frame["events"].clip(lower=1)), "setting", "events", "totals")
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
    tested = f"χ² {test['statistic']:.2f}, df {test['df']}, p" if pd.notna(test["p"]) else "not tested"
    assert pd.isna(test["p"]) == (k == 5), "with five studies one group has a single one"
    assert f"Between groups: {tested}" in words_of(ax.figure)
    assert "inverse variance, logit scale, tau² by REML; interval Hartung and Knapp." in words_of(ax.figure)
    alt = figures.forest_alt(result)
    assert f"{k} studies in 3 groups by setting" in alt and 80 <= len(alt) <= 220
    assert ("do not clearly differ" in alt) == bool(test["p"] >= 0.05) and ("were not tested" in alt) == (k == 5)


def test_a_group_of_one_study_and_one_tau2_for_all_are_drawn():
    frame = made(9).assign(setting=["alone", *["many"] * 8])
    for how in ("separate", "common"):
        result = subgroups(frame, "setting", "events", "totals", tau2=how)
        ax = figures.forest_plot(result)
        assert_legible(ax.figure)
        assert "Mean of 1 study" in words_of(ax.figure)


def test_the_forest_of_pooled_estimates_shows_what_its_table_shows(evidence):
    result = pool_estimates(evidence, "parents_among_adults_with_psychosis_or_smi")
    one, other = (figures.plotted(figures.forest_plot(each)) for each in (result, pooled_table(evidence, "parents_among_adults_with_psychosis_or_smi")))  # fmt: skip
    numbers = ["line", "numerator", "denominator", "percent", "ci_low", "ci_high", "weight"]
    keys = ["line", "percent"]
    pd.testing.assert_frame_equal(
        one[numbers].sort_values(keys, ignore_index=True),
        other[numbers].sort_values(keys, ignore_index=True),
        check_dtype=False,
    )
    weighed = figures.plotted(
        figures.forest_plot(pool_estimates(evidence, "parents_among_adults_with_psychosis_or_smi", tau2="reml"))
    )
    for shown in (one, weighed):
        assert shown["weight"].notna().sum() == result.pooled.k + 1, "each study that is pooled, and their mean"
    assert figures.forest_alt(result).split("; pooled")[1] == figures.forest_alt(pooled_table(evidence, "parents_among_adults_with_psychosis_or_smi")).split("; pooled")[1]  # fmt: skip


def test_the_text_of_a_pooled_forest_says_reach_mean_and_a_further_study():
    frame = made(20)
    result = pool(frame["events"], frame["totals"])
    alt = figures.forest_alt(result)
    for number in (result.estimate, result.ci_low, result.ci_high, result.pi_low, result.pi_high):
        assert f"{100 * number:.1f}" in alt
    assert alt.startswith("Forest plot of 20 studies") and "read this range first" in alt
    assert figures.forest_alt(pool([3], [40])) == "Forest plot of 1 study, 7.5 to 7.5%."
    assert_legible(figures.forest_plot(pool([3], [40])).figure)


# ---------------------------------------------------------------- funnel and Doi plot


def points(ax) -> set[tuple[float, float]]:
    """Places of all markers."""
    marked = [line for line in ax.lines if line.get_marker() in ("o", "D")]
    return {(round(float(x), 9), round(float(y), 9)) for line in marked for x, y in zip(*line.get_data(), strict=True)}


def places(table: pd.DataFrame, x: str, y: str) -> set[tuple[float, float]]:
    return {(round(float(a), 9), round(float(b), 9)) for a, b in zip(table[x], table[y], strict=True)}


@pytest.mark.parametrize("k", [5, 20, 80])
@pytest.mark.parametrize("transform", ["logit", "arcsine"])
def test_a_funnel_shows_every_study_and_marks_those_outside_the_limits(k, transform):
    table = funnel_table(made(k), "events", "totals", transform=transform)
    ax = figures.funnel_plot(table)
    assert_legible(ax.figure)
    assert points(ax) == places(table, "effect", "se")
    outside = next(line for line in ax.lines if line.get_marker() == "D")
    assert len(outside.get_xdata()) == table["outside"].sum()
    low, high = (line.get_data() for line in ax.lines if line.get_linestyle() == "--")
    for x, y in (low, high):
        slope = abs(x[1] - x[0]) / y[1]
        np.testing.assert_allclose(slope, ((table["high"] - table["centre"]) / table["se"]), rtol=1e-9)
    said = words_of(ax.figure)
    tied = "function of the proportion itself" if transform == "logit" else "depends on the size alone"
    assert f"{table['outside'].sum()} of {k} lie outside" in said and tied in said
    alt = figures.funnel_alt(table)
    assert 80 <= len(alt) <= 220 and f"{table['outside'].sum()} outside the limits of sampling error" in alt


def test_percents_below_a_funnel_stand_where_the_scale_has_them():
    table = funnel_table(made(20), "events", "totals")
    ax = figures.funnel_plot(table)
    shown = [(at, float(text.get_text().rstrip("%")) / 100) for at, text in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)]  # fmt: skip
    assert len(shown) >= 4
    for at, share in shown:
        assert at == pytest.approx(np.log(share / (1 - share)), abs=1e-6)


@pytest.mark.parametrize("k", [5, 20, 80])
def test_a_doi_plot_shows_the_ranks_and_its_index_in_words(k):
    table = doi_table(made(k), "events", "totals")
    ax = figures.doi_plot(table)
    assert_legible(ax.figure)
    assert points(ax) == places(table, "effect", "abs_z")
    index = table["lfk"].iloc[0]
    word = "no" if abs(index) <= 1 else "minor" if abs(index) <= 2 else "major"
    for said in (words_of(ax.figure), figures.doi_alt(table)):
        assert f"LFK index {index:.2f}, {word} asymmetry" in said
    assert 80 <= len(figures.doi_alt(table)) <= 220


def test_studies_that_report_the_same_have_no_index():
    table = doi_table(pd.DataFrame({"events": [5, 5, 5], "totals": [50, 50, 50]}), "events", "totals")
    ax = figures.doi_plot(table)
    assert_legible(ax.figure)
    assert "no LFK index" in figures.doi_alt(table)


# ---------------------------------------------------------------- Baujat and bubble plot


@pytest.mark.parametrize("k", [5, 20, 80])
def test_a_baujat_plot_names_the_study_behind_most_of_the_heterogeneity(k):
    table = baujat_table(made(k), "events", "totals")
    ax = figures.baujat_plot(table)
    assert_legible(ax.figure)
    assert points(ax) == places(table, "heterogeneity", "influence")
    most = table.loc[table["heterogeneity"].idxmax()]
    share = 100 * most["heterogeneity"] / table["heterogeneity"].sum()
    assert f"{most['label']} makes {share:.0f}% of the sum across" in words_of(ax.figure)
    alt = figures.baujat_alt(table)
    assert f"makes {share:.0f}% of the heterogeneity" in alt and 60 <= len(alt) <= 220


@pytest.mark.parametrize("k", [5, 20, 80])
def test_a_bubble_plot_draws_the_line_that_the_regression_predicts(k):
    result = meta_regression(made(k), "events", "totals", ["year"])
    ax = figures.bubble_plot(result)
    assert_legible(ax.figure)
    studies = result.bubbles()
    circles = ax.collections[-1]
    np.testing.assert_allclose(circles.get_offsets(), np.column_stack([studies["year"], 100 * studies["proportion"]]))
    assert np.argmax(circles.get_sizes()) == studies["weight"].argmax()
    line = next(line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 80)
    expected = result.predict(pd.DataFrame({"year": line.get_xdata()}))
    np.testing.assert_allclose(line.get_ydata(), 100 * expected["estimate"])
    alt, ends = figures.bubble_alt(result), 100 * expected["estimate"].iloc[[0, -1]]
    assert all(f"{shown_percent(end)}%" in alt for end in ends) and 80 <= len(alt) <= 220
    assert ("no clear difference" in alt) == (result.tests().iloc[0]["p"] >= 0.05)


def test_a_bubble_plot_of_words_has_a_place_for_each_and_holds_the_others():
    result = meta_regression(made(40), "events", "totals", ["setting", "share"])
    ax = figures.bubble_plot(result)
    assert_legible(ax.figure)
    said = words_of(ax.figure)
    for word, n in made(40)["setting"].value_counts().items():
        assert f"{word} ({n})" in said
    assert f"Held: share {made(40)['share'].mean():.4g}." in said
    other = figures.bubble_plot(result, "share")
    assert_legible(other.figure)
    assert "Held: setting community." in words_of(other.figure)
    with pytest.raises(SynthesisError, match="no moderator 'age'; it has setting, share"):
        figures.bubble_plot(result, "age")


def test_given_axes_are_used_and_tables_without_rows_say_so():
    figure = Figure(figsize=(11, 8))
    ax = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    assert figures.funnel_plot(funnel_table(made(9), "events", "totals"), ax) is ax
    assert_legible(figure)
    for plot, alt in (("funnel_plot", "funnel_alt"), ("doi_plot", "doi_alt"), ("baujat_plot", "baujat_alt")):
        assert "There are no studies to show." in words_of(getattr(figures, plot)(pd.DataFrame()).figure)
        assert "no studies to show" in getattr(figures, alt)(pd.DataFrame())


def test_studies_stay_apart_in_grey():
    """Far studies differ by their marker too, groups' diamonds and the mean of all by lightness."""
    ax = figures.funnel_plot(funnel_table(made(20), "events", "totals"))
    assert {line.get_marker() for line in ax.lines} >= {"o", "D"}
    grey = [float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114))) for colour in (PALE, NAVY)]
    assert abs(grey[0] - grey[1]) > 0.4


# ---------------------------------------------------------------- what a reader is told beside the marks


def test_a_funnel_around_the_common_effect_says_why_the_mean_to_quote_lies_elsewhere():
    table = funnel_table(made(20), "events", "totals")
    said = words_of(figures.funnel_plot(table).figure)
    assert "Middle line: common-effect mean, " in said and "follows the largest studies" in said
    assert f"{table['outside'].sum()} of 20 lie outside (diamonds; the 10 furthest are named)" in said
    said = words_of(figures.funnel_plot(funnel_table(made(20), "events", "totals", effects="random")).figure)
    assert "Middle line: random-effects mean, " in said and "follows the largest studies" not in said


def test_a_name_that_is_too_long_loses_letters_and_not_its_year():
    long = made(12).assign(label=[f"Van den Bergh and Johannsen-Petersen et al. {1990 + n}" for n in range(12)])
    said = words_of(figures.funnel_plot(funnel_table(long, "events", "totals", label="label")).figure)
    assert len(set(re.findall(r"Van den Bergh and J\S*… (\d{4}) \d", said))) == 10


def test_a_dashed_line_above_the_plot_is_told_and_one_that_fits_is_shown():
    """Only the lower line was to be seen, and nothing said where the upper one went."""
    frame = made(20).assign(year=range(20))
    near = figures.bubble_plot(meta_regression(frame, "events", "totals", "year"))
    highest = max(max(line.get_ydata()) for line in near.lines if len(line.get_xdata()) == 80)
    said = words_of(near.figure)
    assert (highest <= near.get_ylim()[1]) == ("above the plot" not in said)
    apart = pd.DataFrame({"events": [1, 9] * 4, "totals": [100] * 8, "year": range(8)})
    ax = figures.bubble_plot(meta_regression(apart, "events", "totals", ["year"]))
    highest = max(max(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == 80)
    assert highest > ax.get_ylim()[1] and f"(up to {highest:.1f}%, above the plot)" in words_of(ax.figure)


def test_a_forest_says_which_rows_count_what(evidence):
    table = pooled_table(evidence, "mbu_separation_at_discharge")
    said = words_of(figures.forest_plot(table).figure)
    assert "(rows differ in what they count)" in said and "Hollow: there is no pooled line." in said
    assert "What is counted: an admission in Poinso 2002; a mother or pregnant woman in " in said
    said = words_of(figures.forest_plot(pooled_table(evidence, "parents_among_adults_with_psychosis_or_smi")).figure)
    assert "What is counted" not in said and "(unit: an adult)" in said


def test_a_forest_of_another_level_names_that_level_everywhere(evidence):
    """It once said 95 % above intervals of 90 %, and drew those of the estimates at 95 %."""
    result = pool_estimates(evidence, "parents_among_adults_with_psychosis_or_smi", level=0.9)
    ax = figures.forest_plot(result)
    said = words_of(ax.figure)
    assert "(90% interval)" in said and "90% prediction interval" in said and "95%" not in said and "95 %" not in said
    shown = figures.plotted(ax)
    estimates = shown[shown["line"] == "estimate"]
    own = wilson(estimates["numerator"], estimates["denominator"], 0.9)
    np.testing.assert_allclose(estimates["ci_low"], 100 * own["low"])
