"""Half an event is never silent: who adds one says to how many studies, tests that it would decide are left out, and
counts without any event say so, with the exact bound."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta
from test_figures import assert_legible, words_of

from synthesis.evidence.tables import Evidence
from synthesis.numbers.leading import headline
from synthesis.pooling.clusters import cluster_robust
from synthesis.pooling.grouping import subgroups
from synthesis.pooling.influence import baujat_table, cumulative, influence_table, leave_one_out
from synthesis.pooling.moderators import meta_regression
from synthesis.pooling.multilevel import three_level
from synthesis.pooling.outliers import outlier_robust
from synthesis.pooling.pooled import pool, pool_groups
from synthesis.pooling.sensitivity import sensitivity_table
from synthesis.pooling.small_studies import doi_table, funnel_table, small_study_checks
from synthesis.prevalence.by_indicator import pooled_table, prevalence_table
from synthesis.prevalence.combining import pool_estimates
from synthesis.reports import figures

#: Eight studies, of which one has none and one has all.
SOME = pd.DataFrame(
    {
        "study": list("ABCDEFGH"),
        "x": [0, 30, 8, 41, 20, 19, 7, 9],
        "n": [150, 210, 95, 600, 20, 130, 60, 88],
        "c": list("ppqqrrss"),
        "g": ["low"] * 4 + ["high"] * 4,
        "year": range(2001, 2009),
    }
)
NONE = SOME.assign(x=0)
ALL = SOME.assign(x=SOME["n"])
USUAL = SOME.assign(x=[2, 30, 8, 41, 12, 19, 7, 9])
ADDED = "Half an event and half a non-event were added to 2 of 8 studies, which pulls these towards 50 %."
IV = {"model": "inverse-variance"}
#: Every result that can hold half an event.
RESULTS = {
    "pool": lambda frame: pool(frame["x"], frame["n"], **IV),
    "pool_groups": lambda frame: pool_groups(frame, events="x", totals="n", **IV),
    "subgroups": lambda frame: subgroups(frame, "g", "x", "n"),
    "subgroups, common tau2": lambda frame: subgroups(frame, "g", "x", "n", tau2="common"),
    "meta_regression": lambda frame: meta_regression(frame, "x", "n", "year"),
    "cluster_robust": lambda frame: cluster_robust(frame, "x", "n", "c"),
    "three_level": lambda frame: three_level(frame, "x", "n", "c"),
    "leave_one_out": lambda frame: leave_one_out(frame, "x", "n", **IV),
    "cumulative": lambda frame: cumulative(frame, "x", "n", by="year", **IV),
    "influence_table": lambda frame: influence_table(frame, "x", "n"),
    "baujat_table": lambda frame: baujat_table(frame, "x", "n"),
    "small_study_checks": lambda frame: small_study_checks(frame, "x", "n"),
    "funnel_table": lambda frame: funnel_table(frame, "x", "n"),
    "doi_table": lambda frame: doi_table(frame, "x", "n"),
    "outlier_robust": lambda frame: outlier_robust(frame, "x", "n"),
    "sensitivity_table": lambda frame: sensitivity_table(frame, "x", "n"),
}
results = pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)


def texts(result: object) -> list[str]:
    """Everything that a result says, one text each: what it prints, and its tables."""
    tables = [getattr(result, name)() for name in ("table", "summary", "test", "tests") if hasattr(result, name)]
    if isinstance(result, pd.DataFrame):
        return [" ".join(result.to_string().split())]
    return [" ".join(str(result).split()), *(" ".join(each.to_string().split()) for each in tables)]


@results
def test_who_adds_half_an_event_says_to_how_many_of_how_many_studies(result):
    printed, *tables = texts(result(SOME))
    said = "to 2 of 8 studies, which pulls these towards 50 %"
    assert said in printed
    assert not tables or any(said in table for table in tables)
    assert "half" not in " ".join(texts(result(USUAL))).lower()


@results
def test_counts_without_any_event_say_so_with_the_exact_bound(result):
    high = 100 * beta.ppf(0.975, 1, NONE["n"].sum())
    for frame, what, bound in ((NONE, "No events in any of 8 studies", f"0 to {high:.2g} %"), (ALL, "Nothing but events in each of 8 studies", f"{100 - high:.2f} % to 100 %")):  # fmt: skip
        said = " ".join(texts(result(frame)))
        assert what in said and f"it would be {bound} (Clopper-Pearson interval, 95 %)" in said


@pytest.mark.parametrize("transform", ["logit", "log", "raw", "arcsine", "double-arcsine"])
def test_the_number_of_studies_added_to_is_counted_by_scale(transform):
    added = 0 if transform.endswith("arcsine") else 2
    for table in (
        pool(SOME["x"], SOME["n"], **IV, transform=transform).table(),
        pool_groups(SOME, events="x", totals="n", **IV, transform=transform),
        three_level(SOME, "x", "n", "c", transform=transform).table(),
        meta_regression(SOME, "x", "n", "year", transform=transform).summary(),
        outlier_robust(SOME, "x", "n", transform=transform).table(),
        cluster_robust(SOME, "x", "n", "c", transform=transform),
    ):
        assert table["corrected"].to_list() == [added] * len(table)
        assert table["remark"].fillna("").str.contains("Half an event").to_list() == [added > 0] * len(table)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "Half an event and half a non-event were added to 2 of 8 studies"),
        ({"continuity": 0.25}, "0.25 events and 0.25 non-events were added to 2 of 8 studies"),
        ({"continuity_to": "all"}, "were added to 8 of 8 studies"),
        ({"continuity_to": "if-any-zero"}, "were added to 8 of 8 studies"),
        ({"continuity_to": "none"}, "2 of 8 studies left out"),
        ({"continuity": 0}, "2 of 8 studies left out"),
    ],
    ids=str,
)
def test_whatever_was_added_to_whom_is_said(words, said):
    for result in (pool(SOME["x"], SOME["n"], **IV, **words), pool_groups(SOME, events="x", totals="n", **IV, **words)):
        remark = result.remark if isinstance(result.remark, str) else result["remark"][0]
        assert said in remark
        assert remark.count("added") == ("added" in said)


def test_studies_left_out_for_want_of_a_correction_still_say_that_they_have_no_event():
    remark = pool([0, 0], [10, 12], **IV, continuity_to="none").remark
    assert "2 of 2 studies left out" in remark and "No events in any of 2 studies. Were one proportion" in remark


def test_models_of_the_counts_add_nothing():
    for model in ("glmm", "beta-binomial"):
        assert pool(SOME["x"], SOME["n"], model=model).corrected == 0
    result = subgroups(SOME, "g", "x", "n", model="glmm")
    assert result.test()["p"].notna().all() and "alf an event" not in str(result)


def test_a_single_study_does_not_stand_for_itself_where_half_an_event_was_added():
    alone, usual = pool([0], [40], **IV), pool([3], [40], **IV)
    assert alone.corrected == 1 and "stands for itself" not in alone.remark
    assert "added to 1 of 1 study" in alone.remark and "0 to 8.8 %" in alone.remark  # Clopper-Pearson of 0 of 40
    assert "stands for itself" in usual.remark
    assert "stands for itself" not in cumulative(SOME, "x", "n", by="year", **IV)["remark"][0]


# ------------------------------------------------------------------------------------------------ tests left out
@pytest.mark.parametrize("tau2", ["separate", "common"])
@pytest.mark.parametrize(("frame", "why"), [(SOME, "half an event was added to 2 of 8 studies"), (NONE, "no events in any of 8 studies")])  # fmt: skip
def test_half_events_decide_no_test_between_groups(frame, why, tau2):
    result = subgroups(frame, "g", "x", "n", tau2=tau2)
    row = result.test().iloc[0]
    assert np.isnan([row["statistic"], row["p"]]).all()
    assert row["remark"].startswith(f"No test between subgroups: {why}")
    assert "Between subgroups: not tested" in str(result) and row["remark"] in str(result)
    assert subgroups(USUAL, "g", "x", "n", tau2=tau2).test()["p"].notna().all()


@pytest.mark.parametrize("transform", ["arcsine", "double-arcsine", "logit", "raw"])
def test_no_scale_finds_a_difference_between_sizes_where_nobody_has_an_event(transform):
    """Small and large studies, none with an event: the double arcsine alone sets them apart with p below 0.0001."""
    frame = pd.DataFrame({"x": 0, "n": [40, 50, 45, 42, 900, 1000, 950, 1100], "g": ["s"] * 4 + ["l"] * 4, "size": range(8)})  # fmt: skip
    assert np.isnan(subgroups(frame, "g", "x", "n", transform=transform).test()["p"][0])
    assert meta_regression(frame, "x", "n", "size", transform=transform).tests()["p"].isna().all()
    checks = small_study_checks(frame, "x", "n", transform=transform)
    assert checks[["statistic", "p"]].isna().all(axis=None)
    assert not checks["result"].str.contains("higher|lower|asymmetry").any()


def test_a_rare_condition_is_no_difference_between_small_and_large_studies():
    random, tested = np.random.default_rng(3), 0
    for _ in range(20):
        n = np.r_[random.integers(50, 150, 6), random.integers(800, 1200, 6)]
        frame = pd.DataFrame({"x": random.binomial(n, 0.002), "n": n, "g": ["s"] * 6 + ["l"] * 6})
        row = subgroups(frame, "g", "x", "n").test().iloc[0]
        tested += pd.notna(row["p"])
        assert pd.notna(row["p"]) or "half an event was added to" in row["remark"]
    assert tested == 0


def test_half_events_decide_no_test_of_a_moderator():
    result = meta_regression(SOME, "x", "n", ["year", "g"])
    table, tests, one = result.table(), result.tests(), result.summary().iloc[0]
    assert table["p"].isna().to_list() == table["statistic"].isna().to_list() == [False, True, True, True][: len(table)]
    assert table[["estimate", "se", "ci_low", "ci_high"]].notna().all(axis=None)
    assert tests[["statistic", "p"]].isna().all(axis=None) and np.isnan([one["test"], one["test_p"]]).all()
    why = "No test of moderators: half an event was added to 2 of 8 studies"
    assert tests["remark"].str.startswith(why).all() and why in one["remark"] and why in table["remark"].iloc[-1]
    assert "All moderators together: not tested" in str(result)
    robust = cluster_robust(SOME, "x", "n", "study", moderators=["year"])
    assert robust["p"].isna().to_list() == [False, True] and why in robust["remark"][0]
    usual = meta_regression(USUAL, "x", "n", ["year", "g"])
    assert usual.table()["p"].notna().all() and usual.tests()["p"].notna().all() and (usual.tests()["remark"] == "").all()  # fmt: skip


def test_half_events_decide_no_check_of_small_studies():
    checks = small_study_checks(SOME, "x", "n").set_index("check")
    assert checks["p"].isna().all() and checks.drop(index="lfk")["statistic"].isna().all()
    assert checks.drop(index="lfk")["result"].str.startswith("No test by size: half an event was added to 2 of 8").all()
    assert "half events are part of it" in checks.loc["lfk", "result"]
    assert small_study_checks(USUAL, "x", "n")["p"].notna().sum() == 3


# -------------------------------------------------------------------------------------------- figures, headlines, tables
def test_figures_say_what_was_added_and_that_there_is_no_test():
    drawn = {
        "forest": figures.forest_plot(pool(SOME["x"], SOME["n"], **IV)),
        "groups": figures.forest_plot(subgroups(SOME, "g", "x", "n")),
        "funnel": figures.funnel_plot(funnel_table(SOME, "x", "n")),
        "doi": figures.doi_plot(doi_table(SOME, "x", "n")),
        "baujat": figures.baujat_plot(baujat_table(SOME, "x", "n")),
        "bubble": figures.bubble_plot(meta_regression(SOME, "x", "n", "year")),
    }
    for name, ax in drawn.items():
        assert_legible(ax.figure)
        assert ADDED in " ".join(words_of(ax.figure).split()), name
    assert "Between groups: not tested" in words_of(drawn["groups"].figure)
    assert "Test of year: none." in words_of(drawn["bubble"].figure)
    assert ", not tested; " in figures.bubble_alt(meta_regression(SOME, "x", "n", "year"))
    assert "were not tested" in figures.forest_alt(subgroups(SOME, "g", "x", "n"))


def test_the_text_of_a_figure_doubts_a_difference_that_few_studies_show():
    apart = USUAL.assign(x=[2, 4, 2, 9, 12, 90, 40, 60])
    alt = figures.forest_alt(subgroups(apart, "g", "x", "n"))
    assert "differ (p < 0.001, by a test too ready to say so)" in alt and len(alt) <= 220


def test_a_mean_that_no_study_comes_near_does_not_lead():
    result = pool(NONE["x"], NONE["n"], **IV)
    assert result.headline.lead == "range" and "lies beyond all of them" in result.headline.text
    assert headline(5, 0.1, 0.09, 0.12, 10, 0.1 + 1e-12, 0.2).lead == "mean", "rounding is no difference"
    assert pool(NONE["x"], NONE["n"]).headline.text == "There is no mean. The proportions run from 0.0 % to 0.0 % in 8 estimates."  # fmt: skip


def test_an_indicator_without_any_event_is_shown_without_a_mean(evidence, altered):
    """`prevalence` ended in an error where no estimate of a pooled indicator had an event."""
    indicator = "parents_among_adults_with_psychosis_or_smi"
    used = pool_estimates(evidence, indicator).estimates.query("in_pool == 'yes'")["estimate_id"]
    estimates = evidence.estimates
    numerator = estimates["numerator"].mask(estimates["estimate_id"].isin(used), 0)
    empty: Evidence = altered(estimates=estimates.assign(numerator=numerator))
    assert "No events in any of 3 studies" in str(pool_estimates(empty, indicator))
    table = prevalence_table(empty, indicator)
    line = table[table["line"] == "pooled"].iloc[0]
    assert pd.isna(line["percent"]) and "No events in any of 3 studies" in line["remark"]
    ax = figures.forest_plot(pooled_table(empty, indicator))
    assert_legible(ax.figure)
    assert "No events in any of 3 studies" in " ".join(words_of(ax.figure).split()) and "nan" not in words_of(ax.figure)
    assert figures.forest_alt(pooled_table(empty, indicator)).endswith("; no mean.")


def test_a_pool_of_estimates_by_inverse_variance_says_what_it_added(evidence, altered):
    indicator = "parents_among_adults_with_psychosis_or_smi"
    first = pool_estimates(evidence, indicator).estimates.query("in_pool == 'yes'")["estimate_id"].iloc[0]
    estimates = evidence.estimates
    rare: Evidence = altered(estimates=estimates.assign(numerator=estimates["numerator"].mask(estimates["estimate_id"] == first, 0)))  # fmt: skip
    result = pool_estimates(rare, indicator, tau2="reml")
    for said in (" ".join(str(result).split()), result.table()["remark"][0]):
        assert "Half an event and half a non-event were added to 1 of 3 studies" in said
