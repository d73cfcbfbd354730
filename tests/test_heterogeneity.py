"""Between-study variance against plain definitions: dense search, matrices written out, defining equations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import chdtri

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.heterogeneity import TAU2_METHODS, estimate_tau2, heterogeneity, q_profile, tau2_where_q_is

RANDOM = np.random.default_rng(7)


def studies(groups: int, k: int, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Effects with variances over `spread` decades, heterogeneity from none to large."""
    v = 10 ** RANDOM.uniform(-spread, 0, (groups, k))
    tau = RANDOM.choice([0, 0.2, 1, 5], (groups, 1))
    return RANDOM.normal(0.3, np.sqrt(v + tau**2)), v


def projection(y, v, x, tau2) -> np.ndarray:
    w = np.diag(1 / (v + tau2))
    return w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w


def likelihood(y, v, x, tau2, restricted) -> float:
    w, p = np.diag(1 / (v + tau2)), projection(y, v, x, tau2)
    value = np.linalg.slogdet(w)[1] - y @ p @ y
    return (value - np.linalg.slogdet(x.T @ w @ x)[1] * restricted) / 2


def q(y, v, x, tau2) -> float:
    return y @ projection(y, v, x, tau2) @ y


CASES = [(6, 3, 1.0, 0), (6, 10, 3.0, 0), (6, 10, 6.0, 0), (6, 12, 1.0, 2), (4, 30, 2.0, 1)]


@pytest.mark.parametrize(("groups", "k", "spread", "moderators"), CASES)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_no_other_value_has_a_higher_likelihood(method, groups, k, spread, moderators):
    y, v = studies(groups, k, spread)
    x = np.concatenate([np.ones((groups, k, 1)), RANDOM.normal(size=(groups, k, moderators))], axis=2)
    found = estimate_tau2(y, v, method, x if moderators else None)
    for i in range(groups):
        best = likelihood(y[i], v[i], x[i], found[i], method == "reml")
        others = np.concatenate([[0], np.geomspace(1e-9, 100, 400), found[i] * np.array([1 - 1e-4, 1 + 1e-4])])
        assert max(likelihood(y[i], v[i], x[i], t, method == "reml") for t in others) <= best + 1e-10


def test_the_higher_of_two_maxima_is_taken_also_where_one_is_0():
    # The slope at 0 falls, and rises later: two precise studies agree, the others differ.
    y = np.array([[0.0, 0.001, 3.0, -3.2, 2.5], [0.0, 0.001, 0.9, -0.9, 0.1]])
    v = np.array([[1e-5, 1e-5, 0.4, 0.4, 0.4], [1e-5, 1e-5, 0.4, 0.4, 0.4]])
    found = estimate_tau2(y, v, "reml")
    x = np.ones((5, 1))
    for i in range(2):
        values = [likelihood(y[i], v[i], x, t, True) for t in np.concatenate([[0], np.geomspace(1e-8, 50, 2000)])]
        assert likelihood(y[i], v[i], x, found[i], True) >= max(values) - 1e-12
    assert found[0] > 1
    assert found[1] == 0


@pytest.mark.parametrize(("groups", "k", "spread", "moderators"), CASES)
def test_moment_estimators_are_their_definitions(groups, k, spread, moderators):
    y, v = studies(groups, k, spread)
    x = np.concatenate([np.ones((groups, k, 1)), RANDOM.normal(size=(groups, k, moderators))], axis=2)
    found = {method: estimate_tau2(y, v, method, x) for method in TAU2_METHODS}
    for i in range(groups):
        p0, plain = projection(y[i], v[i], x[i], 0), projection(y[i], np.ones(k), x[i], 0)
        free = k - 1 - moderators
        crude = np.mean((y[i] - y[i].mean()) ** 2)
        expected = {
            "dl": (q(y[i], v[i], x[i], 0) - free) / np.trace(p0),
            "hs": (q(y[i], v[i], x[i], 0) - k) / np.sum(1 / v[i]),
            "he": (y[i] @ plain @ y[i] - np.sum(np.diag(plain) * v[i])) / free,
            "sj": crude * q(y[i], v[i], x[i], crude) / free,
        }
        for method, value in expected.items():
            assert found[method][i] == pytest.approx(max(value, 0), rel=1e-9, abs=1e-14), method
        for method in ("pm", "eb"):
            if found[method][i] > 0:
                assert q(y[i], v[i], x[i], found[method][i]) == pytest.approx(free, rel=1e-9)
            else:
                assert q(y[i], v[i], x[i], 0) <= free


@pytest.mark.parametrize(("groups", "k", "spread", "moderators"), CASES)
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bounds_of_the_q_profile_put_q_on_its_quantiles(groups, k, spread, moderators, level):
    y, v = studies(groups, k, spread)
    x = np.concatenate([np.ones((groups, k, 1)), RANDOM.normal(size=(groups, k, moderators))], axis=2)
    low, high = q_profile(y, v, level, x)
    free = k - 1 - moderators
    for bound, upper in ((low, (1 - level) / 2), (high, (1 + level) / 2)):
        wanted = chdtri(free, upper)
        for i in range(groups):
            reached = q(y[i], v[i], x[i], bound[i])
            assert reached == pytest.approx(wanted, rel=1e-9) if bound[i] > 0 else reached <= wanted
    assert (low <= high).all()


@pytest.mark.parametrize("method", TAU2_METHODS)
def test_tau2_goes_with_the_scale_and_not_with_the_place(method):
    y, v = studies(40, 8, 3.0)
    one = estimate_tau2(y, v, method)
    np.testing.assert_allclose(estimate_tau2(1e-4 * y + 5e-4, 1e-8 * v, method), 1e-8 * one, rtol=1e-8)
    np.testing.assert_allclose(estimate_tau2(1e3 * y, 1e6 * v, method), 1e6 * one, rtol=1e-9)


@pytest.mark.parametrize("method", TAU2_METHODS)
def test_many_at_once_give_what_each_gives_and_a_column_of_ones_changes_nothing(method):
    y, v = studies(30, 7, 2.0)
    together = estimate_tau2(y, v, method)
    alone = np.concatenate([estimate_tau2(y[i], v[i], method) for i in range(30)])
    np.testing.assert_allclose(alone, together, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(estimate_tau2(y, v, method, np.full((30, 7, 1), 3.0)), together, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("method", TAU2_METHODS)
def test_equal_effects_and_equal_variances_are_no_trouble(method):
    v = np.array([[0.2, 0.2, 0.2], [0.2, 0.2, 0.2], [1e-7, 1e-7, 1e-7]])
    y = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 3.0], [0.1, 0.2, 0.3]])
    found = estimate_tau2(y, v, method)
    assert found[0] == 0
    if method in ("reml", "pm", "eb", "dl", "he"):  # with equal variances all of these are variance less variance
        np.testing.assert_allclose(found[1:], np.var(y[1:], axis=1, ddof=1) - v[1:, 0], rtol=1e-12)


def test_i2_and_h2_set_tau2_against_the_typical_variance():
    y, v = studies(5, 9)
    tau2 = estimate_tau2(y, v, "dl")
    about = heterogeneity(y, v, tau2)
    from_q = np.maximum(1 - about.q_df / about.q, 0)  # with DerSimonian and Laird's tau2 both are one
    np.testing.assert_allclose(about.i2, 100 * from_q, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(about.h2, 1 + tau2 / about.typical, rtol=1e-12)
    assert about.q_df == 8


def test_q_can_be_asked_for_any_value():
    y, v = studies(6, 5)
    found = tau2_where_q_is(y, v, np.array([0.01, 0.1, 1.0, 2.0, 3.0, 1e6]))
    assert found[-1] == 0
    for i, wanted in enumerate([0.01, 0.1, 1.0, 2.0, 3.0]):
        reached = q(y[i], v[i], np.ones((5, 1)), found[i])
        assert reached == pytest.approx(wanted, rel=1e-9) if found[i] > 0 else reached <= wanted


def test_too_few_studies_and_unknown_words_are_refused():
    with pytest.raises(SynthesisError, match="needs more studies"):
        estimate_tau2(np.zeros((2, 1)), np.ones((2, 1)))
    with pytest.raises(SynthesisError, match="tau2 is one of reml"):
        estimate_tau2(np.zeros((2, 3)), np.ones((2, 3)), "mle")
    assert np.isnan(q_profile(np.zeros((2, 1)), np.ones((2, 1)))).all()
