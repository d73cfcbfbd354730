"""Slopes between any two points: scipy's, all orders of the points counted, and what a step does to them."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import theilslopes

from synthesis.evidence.schema import SynthesisError
from synthesis.numbers.slopes import median_slope

ENGLAND = np.array([26.77, 27.13, 29.86, 31.77, 31.12, 31.72, 32.68, 33.47])


def test_the_slope_and_interval_of_one_stretch_are_scipys():
    """scipy takes the normal approximation, which at eight points leads to the same slopes."""
    found, scipys = median_slope(np.arange(8), ENGLAND), theilslopes(ENGLAND, np.arange(8), 0.95)
    assert (found.slope, found.low, found.high) == pytest.approx((scipys.slope, scipys.low_slope, scipys.high_slope))
    assert found.pairs == 28


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=9))
def test_the_slope_is_scipys(values):
    times = np.arange(len(values)) ** 1.5
    assert median_slope(times, np.array(values)).slope == pytest.approx(theilslopes(values, times).slope, abs=1e-9)


@pytest.mark.parametrize("sizes", [(5,), (6,), (3, 4), (2, 2, 4), (3, 3, 3)])
def test_the_interval_holds_its_level_over_all_orders_of_the_points(sizes):
    """Without a trend every order within a stretch is as likely as any other: all of them are tried."""
    stretch = np.repeat(np.arange(len(sizes)), sizes)
    times = np.arange(len(stretch), dtype=float)
    orders = list(product(*(list(permutations(range(size))) for size in sizes)))
    if len(orders) > 800:
        orders = [orders[at] for at in np.random.default_rng(1).choice(len(orders), 800, replace=False)]
    levels = 1 + 0.01 * np.random.default_rng(2).normal(size=max(sizes))  # no two differences alike
    steps = np.repeat(50.0 * np.arange(len(sizes)), sizes)
    found = [median_slope(times, levels.cumsum()[np.concatenate(order)] + steps, stretch) for order in orders]
    assert np.mean([each.low <= 0 <= each.high for each in found]) >= 0.95 - 0.01 * (len(orders) == 800)


@pytest.mark.parametrize(("sizes", "enough"), [((4,), False), ((5,), True), ((3, 3), False), ((3, 4), True)])
def test_an_interval_is_given_only_where_there_are_comparisons_enough(sizes, enough):
    stretch = np.repeat(np.arange(len(sizes)), sizes)
    found = median_slope(np.arange(len(stretch)), np.arange(len(stretch)) * 1.5, stretch)
    assert found.slope == 1.5
    assert np.isnan(found.low) != enough and np.isnan(found.high) != enough


def test_a_step_moves_the_slope_of_all_points_and_not_that_between_steps():
    times, after = np.arange(10.0), np.arange(10) >= 5
    values = 0.5 * times + 30 * after
    assert median_slope(times, values).slope > 2
    found = median_slope(times, values, after)
    assert (found.slope, found.low, found.high, found.pairs) == (0.5, 0.5, 0.5, 20)


def test_one_odd_value_hardly_moves_the_slope():
    values = 0.5 * np.arange(8.0)
    values[3] = 90
    assert median_slope(np.arange(8), values).slope == pytest.approx(0.5)


def test_missing_values_are_left_out_and_nothing_gives_nothing():
    values = np.array([1, np.nan, 3, 4, np.nan, 6.5])
    left = median_slope(np.array([0.0, 2, 3, 5]), values[[0, 2, 3, 5]])
    found = median_slope(np.arange(6.0), values)
    assert (found.slope, found.pairs) == (left.slope, 6)
    for few in (np.full(3, np.nan), np.array([1.0, np.nan, np.nan])):
        nothing = median_slope(np.arange(3), few)
        assert np.isnan([nothing.slope, nothing.low, nothing.high]).all() and nothing.pairs == 0


@pytest.mark.parametrize(
    ("times", "level", "said"), [([1, 1, 2], 0.95, "Each time is given once"), ([1, 2, 3], 95, "it is 95")]
)
def test_impossible_words_are_refused(times, level, said):
    with pytest.raises(SynthesisError, match=said):
        median_slope(np.array(times), np.array([1.0, 2.0, 3.0]), level=level)
