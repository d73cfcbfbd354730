"""The binomial-normal model: its likelihood against plain integration, its fits against what must hold, and edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import chi2

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.binomial_normal import binomial_log, marginal
from synthesis.pooling.glmm import conditional_modes, fit_glmm, marginal_mean, study_weights
from synthesis.pooling.glmm_intervals import profile_intervals

#: events, total, mean logit, tau2: ordinary, none, rare under a large variance, millions, a single trial, tiny variance
STUDIES = [
    (3.0, 40.0, -2.0, 0.2),
    (0.0, 25.0, -2.0, 0.5),
    (0.0, 1000.0, -6.0, 4.0),
    (4e6, 1e7, -0.3, 0.04),
    (1.0, 1.0, 0.0, 1.0),
    (12.0, 80.0, -2.0, 1e-4),
]


def at(study, nodes):
    return marginal(*(np.array([each]) for each in study), nodes)


@pytest.mark.parametrize("study", STUDIES)
def test_the_likelihood_of_a_study_is_the_integral(study):
    x, n, centre, tau2 = study
    found = at(study, 401)
    z, sd = found.z[0], found.sd[0]
    top = binomial_log(x, n, centre + np.sqrt(tau2) * z) - z**2 / 2
    value, _ = quad(
        lambda u: np.exp(binomial_log(x, n, centre + np.sqrt(tau2) * u) - u**2 / 2 - top),
        z - 9 * sd, z + 9 * sd, epsabs=0, epsrel=1e-10, limit=500,
    )  # fmt: skip
    assert found.log[0] == pytest.approx(top + np.log(value / np.sqrt(2 * np.pi)), rel=1e-9)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("nodes", [1, 63], ids=["laplace", "quadrature"])
def test_derivatives_are_those_of_the_likelihood(study, nodes):
    x, n, centre, tau2 = study
    here = at(study, nodes)
    h, scale = 1e-4 * min(1, tau2), np.sqrt(n)
    for (up, down), pairs in {
        ((centre + h, tau2), (centre - h, tau2)): [("log", "d1"), ("d1", "d11"), ("dv", "d1v")],
        ((centre, tau2 + h), (centre, tau2 - h)): [("log", "dv"), ("d1", "d1v"), ("dv", "dvv")],
    }.items():
        above, below = at((x, n, *up), nodes), at((x, n, *down), nodes)
        for value, slope in pairs:
            difference = (getattr(above, value) - getattr(below, value)) / (2 * h)
            assert getattr(here, slope) == pytest.approx(difference, rel=1e-4, abs=1e-6 * scale), (value, slope)


def test_no_variance_beyond_chance_gives_a_variance_of_exactly_zero():
    fit = fit_glmm([3, 2, 2], [6, 4, 4])
    assert fit.tau2[0] == 0
    assert fit.mu[0] == pytest.approx(0, abs=1e-12)
    assert fit.se[0] == pytest.approx(np.sqrt(4 / 14))
    assert fit.lrt_p[0] == 1


def test_groups_without_an_estimate_say_why():
    fit = fit_glmm([[0, 0], [4, 5], [0, 5], [0, 0], [1, 5]], [[4, 5], [4, 5], [4, 5], [0, 0], [4, 5]])
    assert fit.state.tolist() == ["no events", "events only", "none or all in every study", "no study", "fitted"]
    assert np.isnan(fit.mu).tolist() == [True, True, True, True, False]


def test_impossible_counts_and_words_are_refused():
    with pytest.raises(SynthesisError, match="between 0 and their totals"):
        fit_glmm([5], [4])
    with pytest.raises(SynthesisError, match="one of aghq, laplace"):
        fit_glmm([1], [4], method="pql")


def test_an_absent_study_changes_nothing_and_groups_do_not_touch_each_other():
    x, n = [3, 0, 5, 12, 1], [40, 25, 30, 80, 22]
    alone = fit_glmm(x, n)
    beside = fit_glmm([[*x, 0], [9, 8, 1, 2, 3, 40]], [[*n, 0], [10, 10, 10, 10, 10, 50]])
    for name in ("mu", "tau2", "log_likelihood", "se", "q_lrt", "q_wald", "i2"):
        assert getattr(beside, name)[0] == pytest.approx(getattr(alone, name)[0], rel=1e-9), name


def test_of_several_maxima_the_highest_is_taken():
    fit = fit_glmm([2, 1, 0], [1754, 12, 127])  # a local maximum at a variance of 0, a higher one near 3
    assert fit.tau2[0] > 2
    assert fit.log_likelihood[0] > fit.log_likelihood_common[0] + 0.05


def test_the_marginal_mean_is_the_average_over_studies():
    mu, tau = -2.0, 1.5
    z = np.random.default_rng(1).standard_normal(400_000)
    drawn = 1 / (1 + np.exp(-(mu + tau * z)))
    assert marginal_mean(np.array([mu]), np.array([tau**2]))[0] == pytest.approx(
        drawn.mean(), abs=4 * drawn.std() / 632
    )


def test_partial_pooling_draws_small_studies_to_the_mean_and_leaves_large_ones():
    modes, sd = conditional_modes([2, 200_000, 0], [4, 400_000, 0], -2.0, 0.25)
    assert -2 < modes[0] < -1 < 0 == pytest.approx(modes[1], abs=1e-3)
    assert modes[2] == -2
    assert sd[2] == pytest.approx(0.5)
    assert sd[1] < sd[0] < sd[2]


def test_moderators_that_explain_all_variance_leave_none():
    x, n = np.array([10, 20, 40, 60]), np.array([100, 100, 100, 100])
    line = np.array([[1, 0], [1, 1], [1, 2], [1, 3]], dtype=float)
    plain, moderated = fit_glmm(x, n), fit_glmm(x, n, design=line)
    assert moderated.tau2[0] == 0 < plain.tau2[0]
    expected = n / (1 + np.exp(-line @ moderated.coefficients[0]))
    assert line.T @ (x - expected) == pytest.approx(0, abs=1e-6)  # the equations of ordinary logistic regression
    assert moderated.q_df[0] == 2


def profile(x, n, mu=None, tau2=None):
    """Highest log likelihood with mu or tau2 held, by scipy's bounded search: none of the library's own steps."""
    x, n = np.asarray(x, dtype=float), np.asarray(n, dtype=float)

    def at(mu, tau2):
        return marginal(x, n, np.full(len(x), mu), np.full(len(x), tau2), 63).log.sum()

    if mu is None:
        return -minimize_scalar(lambda m: -at(m, tau2), bounds=(-12, 12), method="bounded", options={"xatol": 1e-9}).fun
    inside = -minimize_scalar(lambda t: -at(mu, np.exp(t)), bounds=(-12, 4), method="bounded").fun
    return max(inside, at(mu, 0.0))


@pytest.mark.parametrize(
    ("x", "n"), [([3, 0, 5, 12, 1], [40, 25, 30, 80, 22]), ([30, 11, 50, 12, 9], [40, 25, 300, 80, 22])]
)
def test_the_profile_interval_ends_where_the_likelihood_ratio_does(x, n):
    fit = fit_glmm(x, n)
    found = profile_intervals(x, n, fit)
    coefficient = gammaln(np.add(n, 1)) - gammaln(np.add(x, 1)) - gammaln(np.subtract(n, x) + 1)
    target = fit.log_likelihood[0] - coefficient.sum() - chi2.ppf(0.95, 1) / 2
    assert found.mu_low[0] < fit.mu[0] < found.mu_high[0]
    assert profile(x, n, mu=found.mu_low[0]) == pytest.approx(target, abs=1e-5)
    assert profile(x, n, mu=found.mu_high[0]) == pytest.approx(target, abs=1e-5)
    assert profile(x, n, tau2=found.tau2_high[0]) == pytest.approx(target, abs=1e-5)
    if found.tau2_low[0] == 0:
        assert profile(x, n, tau2=0.0) >= target
    else:
        assert profile(x, n, tau2=found.tau2_low[0]) == pytest.approx(target, abs=1e-5)


def test_a_profile_interval_says_what_it_is_not_for():
    fit = fit_glmm([3, 0], [40, 25])
    with pytest.raises(SynthesisError, match="between 0 and 1"):
        profile_intervals([3, 0], [40, 25], fit, level=95)
    moderated = fit_glmm([3, 2, 9], [40, 25, 30], design=np.array([[1.0, 0], [1, 1], [1, 2]]))
    with pytest.raises(SynthesisError, match="without moderators"):
        profile_intervals([3, 2, 9], [40, 25, 30], moderated)


def test_without_variance_the_weights_are_those_of_the_common_effect():
    x, n = np.array([10, 12, 3]), np.array([100, 115, 33])
    fit = fit_glmm(x, n)
    assert fit.tau2[0] == 0
    p = x.sum() / n.sum()
    assert study_weights(x, n, fit)[0] == pytest.approx(100 * n * p * (1 - p) / np.sum(n * p * (1 - p)))


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ([3, 0, 5, 12, 1], [40, 25, 30, 80, 22]),
        ([30, 11, 50, 0, 9], [40, 25, 300, 8, 2200]),
        ([0, 0, 0, 2], [90, 5, 400, 7]),
    ],
)
def test_a_weight_is_how_far_the_likelihood_of_a_study_bends(x, n):
    """By scipy's quad and differences: none of the library's own nodes and derivatives."""
    fit = fit_glmm(x, n)
    mu, tau = fit.mu[0], np.sqrt(fit.tau2[0])

    def log(x, n, mu):
        at = lambda z: np.exp(x * (mu + tau * z) - n * np.logaddexp(0, mu + tau * z) - z**2 / 2 - top)  # noqa: E731
        grid = np.linspace(-12, 12, 2001)
        top = np.max(x * (mu + tau * grid) - n * np.logaddexp(0, mu + tau * grid) - grid**2 / 2)
        return top + np.log(quad(at, -12, 12, points=[-4, -1, 0, 1, 4], epsabs=0, epsrel=1e-12, limit=500)[0])

    step = 3e-3
    bend = np.array(
        [
            -(log(a, b, mu + step) - 2 * log(a, b, mu) + log(a, b, mu - step)) / step**2
            for a, b in zip(x, n, strict=True)
        ]
    )
    weight = study_weights(x, n, fit)[0]
    assert (weight > 0).all()
    assert weight == pytest.approx(100 * bend / bend.sum(), rel=2e-3, abs=1e-4)
