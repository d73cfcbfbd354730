"""Beta-binomial model of many meta-analyses at once, by maximum likelihood.

The proportions of the studies follow a beta distribution with mean p and intraclass correlation rho, so that p is the
average over studies itself (not the median study, as in the binomial-normal model) and no integral is left to compute.
Skellam 1948, J R Stat Soc B 10:257-261; Griffiths 1973, Biometrics 29:637-648.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, digamma, expit, gammaln, polygamma

from synthesis.pooling.binomial_normal import binomial_log, log_coefficient
from synthesis.pooling.glmm import check_counts, states
from synthesis.pooling.maxima import Groups, Point, climb, common_maximum, covariance, gathered, highest, starts


@dataclass(frozen=True)
class BetaBinomialFit:
    """Fits of G groups; all arrays (G,), `covariance` (G, 1, 1).

    ``mu, se``: logit of the mean proportion and its standard error; ``mean``: expit(mu); ``rho``: correlation between two
    people of one study, 0 to 1; ``theta``: rho / (1 - rho), with its standard error. The variance of a study's proportion
    is mean (1 - mean) rho. ``log_likelihood`` and ``log_likelihood_common`` (rho = 0) count the binomial coefficients in;
    ``lrt, lrt_p``: rho against 0 (p halved: rho lies on the boundary under 0). ``state``: "fitted", or why not.
    """

    mu: np.ndarray
    covariance: np.ndarray
    theta: np.ndarray
    theta_se: np.ndarray
    log_likelihood: np.ndarray
    log_likelihood_common: np.ndarray
    state: np.ndarray

    @property
    def se(self) -> np.ndarray:
        variance = self.covariance[:, 0, 0]
        return np.sqrt(np.where(variance > 0, variance, np.nan))

    @property
    def mean(self) -> np.ndarray:
        fixed = np.where(self.state == "no events", 0.0, np.where(self.state == "events only", 1.0, np.nan))
        return np.where(np.isnan(self.mu), fixed, expit(self.mu))

    @property
    def rho(self) -> np.ndarray:
        return self.theta / (1 + self.theta)

    @property
    def converged(self) -> np.ndarray:
        return self.state == "fitted"

    @property
    def lrt(self) -> np.ndarray:
        return np.maximum(2 * (self.log_likelihood - self.log_likelihood_common), 0.0)

    @property
    def lrt_p(self) -> np.ndarray:
        return np.where(self.lrt > 0, chdtrc(1, self.lrt) / 2, np.where(np.isnan(self.lrt), np.nan, 1.0))


def fit_beta_binomial(events: np.ndarray, totals: np.ndarray) -> BetaBinomialFit:
    """Fit the beta-binomial model to G groups of k studies by maximum likelihood.

    Parameters
    ----------
    events, totals : counts of shape (G, k), or (k,) for one group, 0 <= events <= totals. A study with a total of 0 counts
        as absent, so that groups of unequal size can be filled up with zeros.

    Found as in `glmm.fit_glmm`: Newton's method on exact derivatives from every maximum in sight; rho is exactly 0 where
    the likelihood is highest there. Groups that have no estimate get nan and a `state` that says why, with the words of
    `fit_glmm`. Raises SynthesisError for impossible counts.
    """
    x, n = check_counts(events, totals)
    groups = len(x)
    state = states(x, n)
    good = np.flatnonzero(state == "fitted")
    mu, theta, error, log, none = (np.full(groups, np.nan) for _ in range(5))
    spread = np.full((groups, 1, 1), np.nan)
    if len(good):
        data = Groups(x[good], n[good], np.ones((len(good), x.shape[1], 1)), np.ones(len(good)))
        common, best, settled = _fit(data)
        coefficient = log_coefficient(data.x, data.n).sum(1)
        mu[good], theta[good] = best.beta[:, 0], best.v
        spread[good], error[good] = covariance(best)
        log[good], none[good] = best.log + coefficient, common.log + coefficient
        state[good[~settled]] = "not converged"
    return BetaBinomialFit(mu, spread, theta, error, log, none, state)


def _fit(data: Groups) -> tuple[Point, Point, np.ndarray]:
    common, settled = common_maximum(data, _evaluate)
    data.scale = 1 / data.n.max(1)
    rows, beta, theta = starts(data, common, np.full(len(data.scale), 100.0), _evaluate)
    part = data.take(rows)
    point, fine, _ = climb(part, _evaluate(part, beta, theta), _evaluate, 1e-14)
    best, origin = highest(common, rows, point)
    inside = origin >= 0
    settled[inside] &= fine[origin[inside]]
    return common, best, settled


def _evaluate(data: Groups, beta: np.ndarray, theta: np.ndarray) -> Point:
    """Log likelihood with its derivatives by the logit of the mean and by theta = rho / (1 - rho)."""
    logit = np.einsum("rkp,rp->rk", data.design, beta)
    p = 1 / (1 + np.exp(-np.clip(logit, -700, 700)))
    wide = theta * data.n.max(1) > 1e-6
    log, by_p, by_pp, dv, by_pv, dvv = (np.empty(data.x.shape) for _ in range(6))
    for rows, parts in ((wide, _gamma_parts), (~wide, _small_parts)):
        if rows.any():
            found = parts(data.x[rows], data.n[rows], p[rows], theta[rows][:, None])
            for whole, each in zip((log, by_p, by_pp, dv, by_pv, dvv), found, strict=True):
                whole[rows] = each
    slope, bend = p * (1 - p), p * (1 - p) * (1 - 2 * p)
    derivatives = (by_p * slope, by_pp * slope**2 + by_p * bend, dv, by_pv * slope, dvv)
    return gathered(data, beta, theta, log, derivatives)


def _rising(start: np.ndarray, count: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, ...]:
    """Sum of log(start + j theta) over j from 0 to count - 1, and its derivatives by start and theta up to the second."""
    a, count, start, theta = np.broadcast_arrays(start / theta, count, start, theta)
    log, one, two = np.empty(a.shape), np.empty(a.shape), np.empty(a.shape)
    big = a > 30
    for where, sums in ((big, _differences), (~big, _gammas)):
        log[where], one[where], two[where] = sums(a[where], count[where])
    log = log + count * np.log(theta)
    one, two = one / theta, two / theta**2  # sum of 1 / (start + j theta), and of its square
    return (
        log,
        one,
        -two,
        (count - start * one) / theta,
        -(one - start * two) / theta,
        -(count - 2 * start * one + start**2 * two) / theta**2,
    )


def _gammas(a: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of log(a + j), 1 / (a + j) and 1 / (a + j) squared over j below count."""
    b = a + count
    return gammaln(b) - gammaln(a), digamma(b) - digamma(a), polygamma(1, a) - polygamma(1, b)


def _differences(a: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `_gammas` for large a, by Stirling's series: its differences keep the digits that those of the functions lose."""
    b, growth = a + count, np.log1p(count / a)
    i, j = 1 / a, 1 / b
    log = (
        (a - 0.5) * growth
        - count
        + count * np.log(b)
        + _tail(j, 1 / 12, -1 / 360, 1 / 1260, 1)
        - _tail(i, 1 / 12, -1 / 360, 1 / 1260, 1)
    )
    one = growth + (i - j) / 2 + _tail(i, 1 / 12, -1 / 120, 1 / 252, 2) - _tail(j, 1 / 12, -1 / 120, 1 / 252, 2)
    two = (i - j) + (i**2 - j**2) / 2 + _tail(i, 1 / 6, -1 / 30, 1 / 42, 3) - _tail(j, 1 / 6, -1 / 30, 1 / 42, 3)
    return log, one, two


def _tail(i: np.ndarray, first: float, second: float, third: float, power: int) -> np.ndarray:
    square = i * i
    return i**power * (first + square * (second + square * third))


def _gamma_parts(x: np.ndarray, n: np.ndarray, p: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, ...]:
    with_, without = _rising(p, x, theta), _rising(1 - p, n - x, theta)
    whole = _rising(np.ones_like(p), n, theta)
    signs = (1, -1, 1, 1, -1, 1)  # `without` starts from 1 - p
    parts = [w + sign * o for w, o, sign in zip(with_, without, signs, strict=True)]
    for i in (0, 3, 5):
        parts[i] = parts[i] - whole[i]
    return tuple(parts)


def _small_parts(x: np.ndarray, n: np.ndarray, p: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, ...]:
    """The first terms of the series in theta, for a theta of 0 and so close to it that gamma functions lose their digits."""
    q, y = 1 - p, n - x

    def first(count):  # sum of j below count
        return count * (count - 1) / 2

    def second(count):  # sum of j squared
        return count * (count - 1) * (2 * count - 1) / 6

    dv0 = first(x) / p + first(y) / q - first(n)
    dvv = -(second(x) / p**2 + second(y) / q**2 - second(n))
    by_pv0 = -first(x) / p**2 + first(y) / q**2
    logit = np.log(p) - np.log1p(-p)
    return (
        binomial_log(x, n, logit) + dv0 * theta + dvv * theta**2 / 2,
        x / p - y / q + by_pv0 * theta,
        -x / p**2 - y / q**2 + 2 * theta * (first(x) / p**3 + first(y) / q**3),
        dv0 + dvv * theta,
        by_pv0 + 2 * theta * (second(x) / p**3 - second(y) / q**3),
        dvv + np.zeros_like(p),
    )
