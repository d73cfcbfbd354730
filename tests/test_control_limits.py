"""Control limits: the exact distribution, published formulas worked by hand, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from synthesis.evidence.schema import SynthesisError
from synthesis.numbers.control_limits import binomial_limits, deviations, overdispersed_limits, overdispersion


@pytest.mark.parametrize("target", [0.02, 0.3, 0.97])
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_limits_interpolate_the_binomial_distribution(target, level):
    """Spiegelhalter's appendix A.1.1, written out with scipy's quantiles."""
    totals = np.array([1, 2, 7, 30, 509, 20_000])
    tail = (1 - level) / 2
    for found, p in zip(binomial_limits(target, totals, level), (tail, 1 - tail), strict=True):
        for limit, n in zip(found, totals, strict=True):
            r = binom.ppf(p, n, target)
            share = (binom.cdf(r, n, target) - p) / (binom.cdf(r, n, target) - binom.cdf(r - 1, n, target))
            assert limit == pytest.approx(np.clip((r - share) / n, 0, 1), abs=1e-12)


def test_limits_of_a_large_unit_are_the_normal_ones():
    low, high = binomial_limits(0.3, np.array([10_000_000]), 0.95)
    half = norm.ppf(0.975) * np.sqrt(0.3 * 0.7 / 10_000_000)
    # The interpolated limit of a variable of whole counts lies about half a count below the normal one.
    assert low[0] == pytest.approx(0.3 - half, abs=1.1e-7)
    assert high[0] == pytest.approx(0.3 + half, abs=1.1e-7)


def test_the_promised_share_lies_within_by_chance():
    rng, totals = np.random.default_rng(4), np.full(200_000, 400)
    shares = rng.binomial(totals, 0.3) / totals
    low, high = binomial_limits(0.3, totals[:1], 0.95)
    assert np.mean((shares >= low) & (shares <= high)) == pytest.approx(0.95, abs=0.01)


def test_overdispersion_worked_by_hand():
    """Four units of 100 at 10, 20, 30 and 40 percent against 25: every step written out."""
    z = [(np.arcsin(np.sqrt(p)) - np.arcsin(np.sqrt(0.25))) / np.sqrt(1 / 400) for p in (0.1, 0.2, 0.3, 0.4)]
    phi = sum(each**2 for each in z) / 4
    tau2 = (4 * phi - 3) / (1600 - 4 * 400**2 / 1600)
    found = overdispersion(np.array([10, 20, 30, 40]), np.full(4, 100), 0.25, winsorise=0)
    assert (found.k, found.phi, found.tau**2) == (4, pytest.approx(phi), pytest.approx(tau2))


def test_winsorising_takes_the_weight_of_single_units_away():
    events, totals = np.array([*range(25, 35), 95]), np.full(11, 100)
    plain, wins = overdispersion(events, totals, 0.3, 0), overdispersion(events, totals, 0.3, 0.1)
    assert plain.tau > 0.1 > wins.tau


def test_units_that_differ_by_chance_alone_widen_nothing():
    same = overdispersion(np.full(20, 30), np.full(20, 100), 0.3)
    assert (same.phi, same.tau) == (0, 0)
    totals = np.array([50, 5000])
    narrow, wide = overdispersed_limits(0.3, totals, 0.95, 0.0), overdispersed_limits(0.3, totals, 0.95, 0.1)
    assert np.all(wide[0] < narrow[0]) and np.all(wide[1] > narrow[1])


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 500)), min_size=2, max_size=30), st.floats(0.01, 0.99))
def test_a_unit_is_outside_where_its_deviation_is_large(pairs, target):
    totals = np.array([max(pair) for pair in pairs])
    events = np.array([min(pair) for pair in pairs])
    tau = overdispersion(events, totals, target).tau
    low, high = overdispersed_limits(target, totals, 0.95, tau)
    assert np.all((low >= 0) & (high <= 1) & (low <= target + 1e-12) & (high >= target - 1e-12))
    z, share = deviations(events, totals, target, tau), events / totals
    clear = np.abs(np.abs(z) - norm.ppf(0.975)) > 1e-6
    inside = (low < high) & (share > low - 1e-12) & (share < high + 1e-12)
    within = (np.abs(z) < norm.ppf(0.975)) | ((low == 0) & (share == 0)) | ((high == 1) & (share == 1))
    assert np.array_equal(inside[clear], within[clear])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: binomial_limits(0, np.array([5]), 0.95), "target lies between 0 and 1; it is 0"),
        (lambda: binomial_limits(0.5, np.array([5]), 1), "level lies between 0 and 1; it is 1"),
        (lambda: overdispersion(np.array([1]), np.array([5]), 0.5), "at least two units; there are 1"),
        (lambda: overdispersion(np.array([1, 2]), np.array([5, 5]), 0.5, 0.5), "from 0 to below 0.5; it is 0.5"),
    ],
)
def test_impossible_words_are_refused(call, said):
    with pytest.raises(SynthesisError, match=said):
        call()
