"""Transformed proportions and the way back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.effects import BACK_TRANSFORMATIONS, TRANSFORMS, back_transform, effect_sizes, miller

QUICK = settings(max_examples=100, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("transform", "y", "v"),
    [
        ("logit", math.log(3 / 7), 1 / 3 + 1 / 7),
        ("log", math.log(0.3), 1 / 3 - 1 / 10),
        ("raw", 0.3, 0.3 * 0.7 / 10),
        ("arcsine", math.asin(math.sqrt(0.3)), 1 / 40),
        ("double-arcsine", (math.asin(math.sqrt(3 / 11)) + math.asin(math.sqrt(4 / 11))) / 2, 1 / 42),
    ],
)
def test_three_of_ten_by_hand(transform, y, v):
    found = effect_sizes([3], [10], transform)
    assert found[0][0] == pytest.approx(y, rel=1e-14)
    assert found[1][0] == pytest.approx(v, rel=1e-14)


@pytest.mark.parametrize(
    ("to", "corrected"),
    [("only-zero", [1, 0, 0, 1]), ("all", [1, 1, 1, 1]), ("if-any-zero", [1, 1, 0, 1]), ("none", [0, 0, 0, 0])],
)
def test_the_continuity_correction_goes_where_it_is_sent(to, corrected):
    # Two meta-analyses of two studies: none of 10 and 3 of 10; 4 of 9 and all of 9 (in the third, nothing is extreme).
    x, n = np.array([[0, 3], [4, 5], [9, 4]]), np.array([[10, 10], [9, 9], [9, 9]])
    y, _ = effect_sizes(x, n, continuity_to=to)
    added = np.array([corrected[:2], [corrected[2]] * 2, [corrected[3], int(to in ("all", "if-any-zero"))]]) / 2
    with np.errstate(divide="ignore"):
        expected = np.log((x + added) / (n - x + added))
    np.testing.assert_allclose(y, np.where(np.isfinite(expected), expected, np.nan), rtol=1e-14)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_without_a_correction_what_cannot_be_transformed_is_missing(transform):
    y, v = effect_sizes([0, 10], [10, 10], transform, continuity_to="none")
    kept = {"logit": (0, 0), "log": (0, 1)}.get(transform, (1, 1))
    assert tuple(np.isfinite(y).astype(int)) == kept
    assert np.isnan(v).tolist() == np.isnan(y).tolist()


def test_missing_counts_give_missing_effects_without_a_warning():
    y, v = effect_sizes([np.nan, 3, 0], [10, np.nan, 0])
    assert np.isnan(y).all() and np.isnan(v).all()


@QUICK
@given(st.integers(1, 10_000_000), st.floats(0, 1), st.sampled_from(TRANSFORMS))
def test_the_way_back_is_the_way_there(total, share, transform):
    events = round(share * total)
    added = 0.5 if transform in ("logit", "log", "raw") and events in (0, total) else 0
    y, _ = effect_sizes(events, total, transform)
    found = back_transform(y, transform, totals=np.array([total]), method="harmonic-mean")
    assert found == pytest.approx((events + added) / (total + 2 * added), rel=1e-6, abs=1e-12)


@QUICK
@given(st.floats(-1, 3), st.floats(-1, 3), st.floats(1, 1e7))
def test_millers_inverse_never_falls(one, other, size):
    low, high = sorted([one, other])
    assert 0 <= miller(low, size) <= miller(high, size) + 1e-12 <= 1 + 1e-12


def test_the_three_ways_back_agree_for_equal_large_samples_and_not_for_unequal_ones():
    equal, unequal = np.full(5, 1e6), np.array([20, 30, 40, 1e5, 1e6])
    ways = [back_transform(0.1, "double-arcsine", equal, 1 / (4e6 + 2) / 5, each) for each in BACK_TRANSFORMATIONS]
    assert np.ptp(ways) < 1e-5
    ways = [back_transform(0.1, "double-arcsine", unequal, 1 / (4e6 + 2) / 5, each) for each in BACK_TRANSFORMATIONS]
    assert np.ptp(ways) > 0.002


def test_a_mean_without_variance_goes_back_as_from_an_endless_sample():
    found = back_transform([0.0, 0.3], "double-arcsine", variance=[0.0, 0.0], method="inverse-variance")
    np.testing.assert_allclose(found, np.sin([0.0, 0.3]) ** 2, rtol=1e-14)


@pytest.mark.parametrize(("transform", "ends"), [("raw", (-0.2, 1.3)), ("log", (-800, 0.4)), ("arcsine", (-0.1, 2.0))])
def test_what_lies_beyond_0_or_1_is_0_or_1(transform, ends):
    low, high = back_transform(ends, transform)
    assert (low, high) == (0, 1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: effect_sizes([1], [2], "probit"), "transform is one of logit"),
        (lambda: effect_sizes([1], [2], continuity_to="some"), "continuity_to is one of only-zero"),
        (lambda: effect_sizes([1], [2], continuity=-1), "0 or more"),
        (lambda: back_transform(0.1, "double-arcsine"), "needs the totals"),
        (lambda: back_transform(0.1, "double-arcsine", method="inverse-variance"), "needs the variance"),
        (lambda: back_transform(0.1, "double-arcsine", method="miller"), "back_transformation is one of"),
    ],
)
def test_what_is_not_known_or_not_given_is_named(call, said):
    with pytest.raises(SynthesisError, match=said):
        call()
