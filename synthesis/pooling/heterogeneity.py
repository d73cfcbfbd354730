"""How far studies differ beyond chance: between-study variance, its interval, Q, I2 and H2, for many meta-analyses at once.

All functions take arrays of shape (G, k): G meta-analyses of k studies each. `x` is a design of shape (G, k, p), or
None for the intercept alone (p = 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize.elementwise import find_root
from scipy.special import chdtrc, chdtri

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.options import TAU2_METHODS, one_of

#: Neighbours on the grid of the search differ by this factor, in tau2 plus the smallest sampling variance.
_STEP = 1.5
#: Steps of the secant before another search takes over.
_STEPS = 40
#: Numbers held at once; a batch is taken in parts of this size, which stay in the processor's cache.
_AT_ONCE = 200_000


@dataclass(frozen=True)
class Heterogeneity:
    """Arrays of shape (G,). I2 is in percent; `typical` is the typical sampling variance that I2 and H2 rest on."""

    q: np.ndarray
    q_df: int
    q_p: np.ndarray
    i2: np.ndarray
    h2: np.ndarray
    typical: np.ndarray


def estimate_tau2(y: np.ndarray, v: np.ndarray, method: str = "reml", x: np.ndarray | None = None) -> np.ndarray:
    """Between-study variance of each meta-analysis, shape (G,), never below 0.

    Parameters
    ----------
    y, v : effects and their sampling variances (all above 0), shape (G, k).
    method : ``reml``, ``ml`` (restricted and full maximum likelihood), ``dl`` (DerSimonian and Laird), ``pm`` (Paule
        and Mandel), ``hs`` (Hunter and Schmidt), ``he`` (Hedges), ``sj`` (Sidik and Jonkman, from the crude variance),
        ``eb`` (empirical Bayes, whose equation has the same root as Paule and Mandel's).
    x : design, shape (G, k, p); None for the intercept alone.

    The likelihoods can have several maxima: all are looked for, 0 included, and the highest is taken. Everything is
    solved to the last digits and goes with the scale of y. For the estimators see Veroniki and others 2016, doi
    10.1002/jrsm.1164. One study more than p is needed.

    Raises SynthesisError for an unknown method or too few studies.
    """
    one_of("tau2", method, TAU2_METHODS)
    problem = _Problem.of(y, v, x)
    if problem.k <= problem.p:
        raise SynthesisError(
            f"A between-study variance with {problem.p} coefficients needs more studies than that; there are {problem.k}."
        )
    if method in ("reml", "ml"):
        return problem.in_parts(lambda part: _most_likely(part, method == "reml"))
    if method in ("pm", "eb"):
        return problem.in_parts(lambda part: _where_q_is(part, float(part.k - part.p)))
    return np.maximum(_moment_estimate(problem, method), 0)


def q_profile(
    y: np.ndarray, v: np.ndarray, level: float = 0.95, x: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of the between-study variance by the Q-profile method, two arrays of shape (G,).

    Both bounds are 0 where Q at 0 lies below the lower quantile: the interval is empty then, and the studies differ less
    than chance lets them. Source: Viechtbauer 2007, doi 10.1002/sim.2514; the same as metafor's ``confint``.
    """
    problem = _Problem.of(y, v, x)
    df = problem.k - problem.p
    if df < 1:
        return np.full(len(problem.y), np.nan), np.full(len(problem.y), np.nan)
    outer = (1 - level) / 2
    high_q, low_q = float(chdtri(df, outer)), float(chdtri(df, 1 - outer))
    return (
        problem.in_parts(lambda part: _where_q_is(part, high_q)),
        problem.in_parts(lambda part: _where_q_is(part, low_q)),
    )


def tau2_where_q_is(y: np.ndarray, v: np.ndarray, wanted: np.ndarray, x: np.ndarray | None = None) -> np.ndarray:
    """The tau2 at which the generalised Q of each meta-analysis has the value `wanted`, shape (G,); 0 where it is lower."""
    return _where_q_is(_Problem.of(y, v, x), wanted)


def heterogeneity(y: np.ndarray, v: np.ndarray, tau2: np.ndarray, x: np.ndarray | None = None) -> Heterogeneity:
    """Cochran's Q with its test, and I2 and H2 from the general formula: tau2 against the typical sampling variance.

    I2 here is tau2 over tau2 plus typical variance, so it goes with any estimator; it equals the one from Q only for
    DerSimonian and Laird's. Source: Higgins and Thompson 2002, doi 10.1002/sim.1186. With as many coefficients as
    studies Q is 0 and its p-value 1.
    """
    problem = _Problem.of(y, v, x)
    fit = problem.at(np.zeros(len(problem.y)))
    df = problem.k - problem.p
    q = fit.q if df else np.zeros(len(problem.y))
    typical = df / fit.trace if df else np.full(len(problem.y), np.nan)
    i2, h2 = (100 * tau2 / (tau2 + typical), tau2 / typical + 1) if df else (0 * q, 0 * q + 1)
    return Heterogeneity(q, df, chdtrc(df, q) if df else np.ones_like(q), i2, h2, typical)


@dataclass(frozen=True)
class _Fit:
    """Weighted least squares at one tau2 each: weights, weighted residuals Py, and the trace of P."""

    w: np.ndarray
    py: np.ndarray
    residual: np.ndarray
    trace: np.ndarray

    @property
    def q(self) -> np.ndarray:
        return np.sum(self.py * self.residual, axis=-1)


@dataclass(frozen=True)
class _Problem:
    """Effects, variances and an orthonormal design; effects are centred, which no result here depends on."""

    y: np.ndarray
    v: np.ndarray
    x: np.ndarray | None

    @classmethod
    def of(cls, y: np.ndarray, v: np.ndarray, x: np.ndarray | None) -> _Problem:
        y, v = np.atleast_2d(np.asarray(y, dtype=float)), np.atleast_2d(np.asarray(v, dtype=float))
        if x is not None:
            x = np.asarray(x, dtype=float)
            x = np.linalg.qr(x if x.ndim == 3 else x[None])[0]
        return cls(y - y.mean(axis=-1, keepdims=True), v, x)

    @property
    def k(self) -> int:
        return self.y.shape[-1]

    @property
    def p(self) -> int:
        return 1 if self.x is None else self.x.shape[-1]

    def part(self, which: slice | np.ndarray) -> _Problem:
        return _Problem(self.y[which], self.v[which], None if self.x is None else self.x[which])

    def in_parts(self, solve: Callable[[_Problem], np.ndarray]) -> np.ndarray:
        size = max(1, _AT_ONCE // (20 * self.k))
        return np.concatenate([solve(self.part(slice(i, i + size))) for i in range(0, len(self.y), size)])

    def at(self, tau2: np.ndarray) -> _Fit:
        """Fit at `tau2`, shape (G,) or (G, m) for m values each; arrays of the fit have k as last axis."""
        y, v, x = self.y, self.v, self.x
        if tau2.ndim == 2:
            y, v, x = y[:, None], v[:, None], None if x is None else x[:, None]
        w = 1 / (v + tau2[..., None])
        if x is None:
            total = w.sum(axis=-1)
            residual = y - (np.einsum("...k,...k->...", w, y) / total)[..., None]
            return _Fit(w, w * residual, residual, total - np.einsum("...k,...k->...", w, w) / total)
        wx = w[..., None] * x
        normal = np.linalg.inv(np.swapaxes(x, -1, -2) @ wx)
        coefficients = normal @ (np.swapaxes(wx, -1, -2) @ y[..., None])
        residual = y - (x @ coefficients)[..., 0]
        trace = w.sum(axis=-1) - np.einsum("...pq,...kp,...kq->...", normal, wx, wx)
        return _Fit(w, w * residual, residual, trace)

    def crude(self) -> np.ndarray:
        """Residual sum of squares without weights, shape (G,)."""
        return np.sum(self.unweighted() ** 2, axis=-1)

    def unweighted(self) -> np.ndarray:
        if self.x is None:
            return self.y
        return self.y - (self.x @ (np.swapaxes(self.x, -1, -2) @ self.y[..., None]))[..., 0]


def _moment_estimate(problem: _Problem, method: str) -> np.ndarray:
    """Estimators in closed form; they may come out below 0."""
    y, v, k, p = problem.y, problem.v, problem.k, problem.p
    if method == "he":
        hat = 1 / k if problem.x is None else np.sum(problem.x**2, axis=-1)
        return (problem.crude() - np.sum(v * (1 - hat), axis=-1)) / (k - p)
    if method == "sj":
        crude = np.mean(y**2, axis=-1)  # of the effects themselves, also with moderators, as metafor starts
        return crude * problem.at(crude).q / (k - p)
    fit = problem.at(np.zeros(len(y)))
    return (fit.q - k) / fit.w.sum(axis=-1) if method == "hs" else (fit.q - (k - p)) / fit.trace


def _where_q_is(problem: _Problem, wanted: float | np.ndarray) -> np.ndarray:
    """The tau2 at which the generalised Q has a value; 0 where it is below that value already."""
    least, most, crude = problem.v.min(axis=-1), problem.v.max(axis=-1), problem.crude()
    # Q falls with tau2 and lies between crude/(most + tau2) and crude/(least + tau2).
    # A little is added for rounding: with equal variances both bounds are the root itself.
    low, high = np.maximum(crude / wanted - (1 + 1e-9) * most, 0), crude / wanted - least + 1e-9 * most
    above = problem.at(np.zeros(len(crude))).q > wanted
    level = np.broadcast_to(wanted, crude.shape)
    return _solved(
        problem, lambda part, tau2, number: 1 - level[number] / part.at(tau2).q, np.flatnonzero(above), low, high
    )


def _most_likely(problem: _Problem, restricted: bool) -> np.ndarray:
    """The tau2 of the highest maximum of the likelihood: every fall of its slope through 0, and 0 itself, are compared."""
    grid = _grid(problem, restricted)
    slopes = _slope(problem, grid, restricted)
    group, place = np.nonzero((slopes[:, :-1] > 0) & (slopes[:, 1:] <= 0))
    maxima = _solved(
        problem.part(group),
        lambda part, tau2, _: 1 - 1 / (1 + _slope(part, tau2, restricted)),
        np.arange(len(group)),
        grid[group, place],
        grid[group, place + 1],
    )
    best = np.zeros(len(grid))
    # Nearly always the likelihood rises from 0 to its only maximum, or falls from the start.
    single = (slopes[group, 0] > 0) & (np.bincount(group, minlength=len(grid))[group] == 1)
    best[group[single]] = maxima[single]
    reached = _likelihood(problem, best, restricted) if not single.all() else best
    for one, tau2 in zip(group[~single], maxima[~single], strict=True):
        likelihood = _likelihood(problem.part(slice(one, one + 1)), np.array([tau2]), restricted)[0]
        if likelihood > reached[one]:
            best[one], reached[one] = tau2, likelihood
    return best


def _grid(problem: _Problem, restricted: bool) -> np.ndarray:
    """Values of tau2 from 0 to beyond every maximum, shape (G, m), denser near 0."""
    least, most = problem.v.min(axis=-1), problem.v.max(axis=-1)
    crude = problem.crude() / (problem.k - problem.p * restricted)
    # A slope of 0 asks for (least + tau2)^2 <= crude (most + tau2): nothing lies beyond the root of this.
    top = (crude + np.sqrt(crude**2 + 4 * crude * (most - least))) / 2
    ratio = np.maximum(1.001 * top / least, 1.001)
    m = int(np.ceil(np.log(ratio.max()) / np.log(_STEP))) + 2
    grid = least[:, None] * (ratio[:, None] ** np.linspace(0, 1, m) - 1)
    grid[:, 0] = 0
    return grid


def _slope(problem: _Problem, tau2: np.ndarray, restricted: bool) -> np.ndarray:
    """Derivative of the log-likelihood by tau2, times 2 and in units of the trace of P, so that it has no scale."""
    fit = problem.at(tau2)
    expected = fit.trace if restricted else fit.w.sum(axis=-1)
    return np.einsum("...k,...k->...", fit.py, fit.py) / expected - 1


def _likelihood(problem: _Problem, tau2: np.ndarray, restricted: bool) -> np.ndarray:
    """Log-likelihood but for a constant."""
    fit = problem.at(tau2)
    value = np.log(fit.w).sum(axis=-1) - fit.q
    if restricted:
        x = np.ones((1, problem.k, 1)) if problem.x is None else problem.x
        value -= np.linalg.slogdet(np.swapaxes(x, -1, -2) @ (fit.w[..., None] * x))[1]
    return value / 2


def _solved(
    problem: _Problem,
    function: Callable[[_Problem, np.ndarray, np.ndarray], np.ndarray],
    wanted: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Roots between `low` and `high` of the meta-analyses numbered in `wanted`; 0 for the others.

    `function` takes the meta-analyses, a tau2 each, and their numbers; it falls from above 0 to below, nearly along a
    line, for which Anderson and Bjoerck's secant (1973, doi 10.1007/BF01951936) takes a few steps; scipy's bracketing
    search takes over where it does not.
    """
    solution = np.zeros(len(low))
    number, old, new, part = wanted, low[wanted], high[wanted], problem.part(wanted)
    at_old, at_new = function(part, old, number), function(part, new, number)
    for _ in range(_STEPS):
        if not len(number):
            return solution
        # Where a bound is the root but for rounding, the signs may agree: then that bound is taken.
        between = (at_old > 0) != (at_new > 0)
        step = np.where(between, at_new * (new - old) / np.where(between, at_new - at_old, 1), 0)
        step = np.where(~between & (np.abs(at_old) < np.abs(at_new)), new - old, step)
        done = ~between | (np.abs(step) <= 4e-16 * np.abs(new))
        solution[number[done]] = (new - step)[done]
        number, old, new, step = number[~done], old[~done], new[~done], step[~done]
        at_old, at_new, part = at_old[~done], at_new[~done], part.part(~done)
        tried = new - step
        at_tried = function(part, tried, number)
        crossed = (at_tried > 0) != (at_new > 0)
        shrink = 1 - at_tried / at_new
        old = np.where(crossed, new, old)
        at_old = np.where(crossed, at_new, at_old * np.where(shrink > 0, shrink, 0.5))
        new, at_new = tried, at_tried
    bounds = np.minimum(old, new), np.maximum(old, new)
    solution[number] = find_root(
        lambda tau2, which: function(problem.part(which), tau2, which), bounds, args=(number,)
    ).x
    return solution
