"""Figures of authorities beside each other and over the years: legible, and the numbers of their tables in picture and text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_figures import LONG, assert_legible, words_of

from synthesis.drawing.caterpillar import APART
from synthesis.evidence.schema import SynthesisError
from synthesis.prevalence.area_change import area_trend
from synthesis.prevalence.area_comparison import area_estimates, area_funnel
from synthesis.prevalence.rank_change import area_ranks
from synthesis.reports import figures


@pytest.fixture(scope="module")
def estimates(evidence) -> pd.DataFrame:
    return area_estimates(evidence)


@pytest.fixture(scope="module")
def funnel(evidence) -> pd.DataFrame:
    return area_funnel(evidence)


@pytest.fixture(scope="module")
def trend(evidence) -> pd.DataFrame:
    return area_trend(evidence)


@pytest.fixture(scope="module")
def ranks(evidence) -> pd.DataFrame:
    return area_ranks(evidence)


# ---------------------------------------------------------------- caterpillar


def test_every_authority_is_named_in_order_with_its_interval(estimates):
    ax = figures.caterpillar_plot(estimates)
    shown, said = figures.plotted(ax), words_of(ax.figure)
    seen = shown.dropna(subset=["estimate"])
    assert seen["estimate"].is_monotonic_decreasing and len(seen) == 151 and len(shown) == 153
    for name in shown["area_name"]:
        assert name in said or (name.startswith("Bournemouth") and "Bournemouth, Christchurch and…" in said)
    bars = [segment for inner in ax.child_axes for lines in inner.collections for segment in lines.get_segments()]
    drawn = {(round(bar[0, 0], 6), round(bar[1, 0], 6)) for bar in bars}
    assert {(round(row.estimate_low, 6), round(row.estimate_high, 6)) for row in seen.itertuples()} <= drawn
    crosses = [x for inner in ax.child_axes for line in inner.lines if line.get_marker() == "x" for x in line.get_xdata()]  # fmt: skip
    assert len(crosses) == ((seen["percent"] - seen["estimate"]).abs() > APART).sum()


def test_the_caterpillar_of_regions_and_of_few_authorities_stays_legible(evidence, estimates):
    for table in (area_estimates(evidence, year=2023, towards="region"), estimates.head(1), estimates.head(7)):
        assert_legible(figures.caterpillar_plot(table).figure)
    long = estimates.head(60).assign(area_name=[f"{n} {LONG}" for n in range(60)])
    assert_legible(figures.caterpillar_plot(long).figure)


def test_the_caterpillars_text_counts_both_sides(estimates):
    alt, seen = figures.caterpillar_alt(estimates), estimates.dropna(subset=["estimate"])
    above = (seen["estimate_low"] > seen["mean"]).sum()
    below = (seen["estimate_high"] < seen["mean"]).sum()
    for words in (f"{above} lie above the median (33.6%)", f"{below} below", "Swindon 7.9%", "2 without a figure"):
        assert words in alt


# ---------------------------------------------------------------- funnel


def test_the_funnel_names_those_outside_the_widened_limits(funnel):
    ax = figures.control_plot(funnel)
    said = words_of(ax.figure)
    outside = funnel[funnel["percent"].notna() & (funnel["adjusted_position"] != "within")]
    above = outside[outside["deviation"] > 0]
    for name in [*above["area_name"], "Swindon", "Leeds", "York"]:
        assert name[:20] in said
    marks = [line for line in ax.lines if line.get_marker() == "D"]
    assert [len(line.get_xdata()) for line in marks] == [len(outside)]
    assert sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "o") == 151 - len(outside)
    assert f"diamonds: the {len(outside)} authorities" in said and "129 of 151" in said
    pd.testing.assert_frame_equal(figures.plotted(ax), funnel)


def test_the_limits_drawn_are_those_of_the_table(funnel):
    ax = figures.control_plot(funnel)
    curves = [line for line in ax.lines if len(line.get_xdata()) > 100 and line.get_marker() == "None"]
    assert len(curves) == 8
    row = funnel[funnel["area_name"] == "Leeds"].iloc[0]
    at = sorted(float(np.interp(row["episodes_assessed"], *line.get_data())) for line in curves)
    limits = [row[f"{word}{side}_{level}"] for word in ("", "adjusted_") for side in ("low", "high") for level in ("95", "998")]  # fmt: skip
    assert at == pytest.approx(sorted(limits), abs=0.05)


@pytest.mark.parametrize(("factor", "year"), [("parent_learning_disability", 2023), ("parent_domestic_abuse", 2018)])
def test_funnels_of_rare_and_common_factors_stay_legible(evidence, factor, year):
    assert_legible(figures.control_plot(area_funnel(evidence, factor, year)).figure)


def test_the_funnel_blames_chance_only_where_it_may(funnel):
    assert "chance is no explanation" in words_of(figures.control_plot(funnel).figure)
    assert "chance is no explanation" not in words_of(figures.control_plot(funnel.assign(phi=1.2)).figure)


# ---------------------------------------------------------------- trend


def test_england_and_nine_regions_stand_with_both_slopes(trend):
    ax = figures.trend_plot(trend)
    shown, said = figures.plotted(ax), words_of(ax.figure)
    assert len(shown) == 20 and shown["area_name"].nunique() == 10
    assert shown["area_name"].iloc[0] == "England"
    for row in shown[shown["basis"] == "as_reported"].itertuples():
        assert row.area_name in said and f"{row.first_percent:.1f} to {row.last_percent:.1f}" in said
    own = trend[(trend["area_level"] == "local_authority") & (trend["basis"] == "as_reported")][
        "direction"
    ].value_counts()
    assert f"{own['rising']} rise, {own['falling']} fall" in said
    alt = figures.trend_alt(trend)
    assert "England +0.92 points a year (0.60 to 1.33) as published" in alt and "of 9 regions 5 rise" in alt


def test_a_trend_without_intervals_or_of_england_alone_stays_legible(evidence, altered, trend):
    official = evidence.official_statistics
    few = area_trend(altered(official_statistics=official[official["year"] >= 2023]))
    ax = figures.trend_plot(few)
    assert_legible(ax.figure)
    assert figures.plotted(ax)["slope_low"].isna().all() and "(" not in figures.trend_alt(few)  # fmt: skip
    assert_legible(figures.trend_plot(trend[trend["area_level"] == "country"]).figure)


# ---------------------------------------------------------------- ranks


def test_ranks_show_who_moved_and_name_the_furthest(ranks):
    ax = figures.rank_plot(ranks)
    said = words_of(ax.figure)
    moved = ranks[ranks["moved"] != "not_told"]
    diamonds = sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "D")
    dots = sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "o")
    assert (diamonds, dots) == (len(moved), len(ranks) - len(moved))
    assert "North Tyneside 134\N{RIGHTWARDS ARROW}19" in said and "Gateshead 24\N{RIGHTWARDS ARROW}104" in said
    alt = figures.rank_alt(ranks)
    up, down = (ranks["moved"] == "up").sum(), (ranks["moved"] == "down").sum()
    assert f"{up} moved up and {down} down" in alt and "rank correlation 0.62" in alt
    pd.testing.assert_frame_equal(figures.plotted(ax), ranks)


def test_the_ranks_say_how_many_of_those_that_moved_are_named_and_by_which_rule(ranks):
    moved = ranks[ranks["moved"] != "not_told"]
    said = words_of(figures.rank_plot(ranks).figure)
    named = moved[[f"{row.area_name} {row.first_rank}→{row.last_rank}" in said for row in moved.itertuples()]]
    assert f"{len(named)} of the {len(moved)} that moved are named, the largest moves, at most 7 up and 7 down; all stand in the table england_ranks." in said  # fmt: skip
    for side, own in moved.groupby("moved"):
        size, shown = own["change"].abs(), named.loc[named["moved"] == side, "change"].abs()
        others = size[~size.index.isin(shown.index)]
        assert shown.min() > others.max(), "of equal moves all are named or none"
    few = ranks.assign(moved="not_told").astype({"moved": "str"})
    few.loc[few.index[:2], "moved"] = "up"
    assert "2 of the 2 that moved are named; all stand" in words_of(figures.rank_plot(few).figure)


def test_ranks_of_few_authorities_and_by_chance_alone_stay_legible(evidence, ranks):
    chance = area_ranks(evidence, movement="chance")
    ax = figures.rank_plot(chance)
    assert_legible(ax.figure)
    assert "further than chance alone allows" in words_of(ax.figure)
    assert_legible(figures.rank_plot(area_ranks(evidence, "parent_physical_disability", (2024, 2025))).figure)


# ---------------------------------------------------------------- all of them


def test_tables_without_rows_give_a_figure_that_says_so(estimates, funnel, trend, ranks):
    for plot, alt, table in (
        (figures.caterpillar_plot, figures.caterpillar_alt, estimates),
        (figures.control_plot, figures.control_alt, funnel),
        (figures.trend_plot, figures.trend_alt, trend),
        (figures.rank_plot, figures.rank_alt, ranks),
    ):
        ax = plot(table.head(0))
        assert_legible(ax.figure)
        assert "to show" in words_of(ax.figure) and "to show" in alt(table.head(0))


def test_axes_given_are_drawn_in_and_too_small_ones_refused(estimates, funnel, trend, ranks):
    from matplotlib.figure import Figure

    for plot, table, size in (
        (figures.caterpillar_plot, estimates, (10, 16)),
        (figures.control_plot, funnel, (10, 8)),
        (figures.trend_plot, trend, (10, 8)),
        (figures.rank_plot, ranks, (10, 9)),
    ):
        ax = Figure(figsize=size).add_axes((0, 0, 1, 1))
        assert plot(table, ax=ax) is ax
        assert_legible(ax.figure)
        with pytest.raises(SynthesisError, match="too small"):
            plot(table, ax=Figure(figsize=(2, 1)).add_axes((0, 0, 1, 1)))
