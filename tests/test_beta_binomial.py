"""The beta-binomial model: its likelihood against scipy's, its fits against what must hold, and edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from synthesis.pooling.beta_binomial import fit_beta_binomial

EVENTS, TOTALS = [3.0, 0, 5, 12, 1], [40.0, 25, 30, 80, 22]


def likelihood(mean, theta):
    return betabinom.logpmf(EVENTS, TOTALS, mean / theta, (1 - mean) / theta).sum()


def test_the_likelihood_is_that_of_the_distribution_and_nothing_near_is_higher():
    fit = fit_beta_binomial(EVENTS, TOTALS)
    mean, theta = fit.mean[0], fit.theta[0]
    assert fit.log_likelihood[0] == pytest.approx(likelihood(mean, theta), rel=1e-12)
    for by in (0.999, 1.001):
        assert likelihood(mean * by, theta) < fit.log_likelihood[0]
        assert likelihood(mean, theta * by) < fit.log_likelihood[0]


def test_the_variance_of_the_proportions_is_the_mean_share_times_rho():
    fit = fit_beta_binomial(EVENTS, TOTALS)
    mean, theta = fit.mean[0], fit.theta[0]
    people = betabinom(2, mean / theta, (1 - mean) / theta)  # two people of one study
    both = people.pmf(2)
    assert (both - mean**2) / (mean * (1 - mean)) == pytest.approx(fit.rho[0])


def test_no_variance_beyond_chance_gives_a_correlation_of_exactly_zero():
    fit = fit_beta_binomial([3, 2, 2], [6, 4, 4])
    assert fit.rho[0] == 0
    assert fit.mean[0] == 0.5
    assert fit.se[0] == pytest.approx(np.sqrt(4 / 14))
    assert fit.lrt_p[0] == 1


def test_groups_without_an_estimate_say_why():
    fit = fit_beta_binomial([[0, 0], [4, 5], [0, 5], [0, 0], [1, 5]], [[4, 5], [4, 5], [4, 5], [0, 0], [4, 5]])
    assert fit.state.tolist() == ["no events", "events only", "none or all in every study", "no study", "fitted"]
    assert fit.mean[:2].tolist() == [0, 1]


def test_an_absent_study_changes_nothing_and_groups_do_not_touch_each_other():
    alone = fit_beta_binomial(EVENTS, TOTALS)
    beside = fit_beta_binomial([[*EVENTS, 0], [9, 8, 1, 2, 3, 40]], [[*TOTALS, 0], [10, 10, 10, 10, 10, 50]])
    for name in ("mu", "theta", "log_likelihood", "se"):
        assert getattr(beside, name)[0] == pytest.approx(getattr(alone, name)[0], rel=1e-9)


def test_samples_of_millions_keep_their_digits():
    share = np.array([0.1717, 0.1729, 0.1736, 0.1741])
    fit = fit_beta_binomial(share * 1e7, np.full(4, 1e7))
    assert fit.mean[0] == pytest.approx(share.mean(), rel=1e-6)
    assert fit.rho[0] == pytest.approx(np.var(share) / (share.mean() * (1 - share.mean())), rel=0.02)
