"""The binomial-normal model: its likelihood against plain integration, its fits against what must hold, and edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from synthesis.binomial_normal import binomial_log, marginal
from synthesis.glmm import fit_glmm
from synthesis.schema import SynthesisError

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
