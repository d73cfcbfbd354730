"""Binomial-normal model (random-intercept logistic regression) of many meta-analyses at once, by maximum likelihood.

The events of a study are binomial; the logits of the studies' proportions are normal with mean mu and variance tau squared.
Stijnen, Hamza and Ozdemir 2010, doi 10.1002/sim.4040. Only counts go in: no continuity correction, no study variances.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import chdtrc, xlogy

from synthesis.binomial_normal import Marginal, conditional_mode, log_coefficient, marginal
from synthesis.schema import SynthesisError

#: Nodes to climb with, then to check and mend with: a group goes on as long as more nodes still move it.
LADDER = (9, 21, 63, 401)
#: Variances at which the slope of the likelihood is looked at for further maxima, and the nodes used there.
GRID, GRID_NODES = 10, 5
METHODS = ("aghq", "laplace")


@dataclass(frozen=True)
class GlmmFit:
    """Fits of G groups; all arrays (G,), `coefficients` (G, p) and `covariance` (G, p, p), on the logit scale.

    ``mu, se`` are the first coefficient. ``log_likelihood``, ``log_likelihood_common`` (tau2 = 0) and
    ``log_likelihood_saturated`` count the binomial coefficients in. ``lrt, lrt_p``: tau2 against 0 (p halved, since tau2
    lies on the boundary under 0; Self and Liang 1987). ``q_lrt, q_lrt_p``: saturated against common, ``q_wald,
    q_wald_p``: the same by Wald, both with ``q_df``. ``marginal_mean``: mean proportion of the population of studies,
    where expit(mu) is the proportion of the median study. ``state``: "fitted", or why there is no estimate.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    tau2: np.ndarray
    tau2_se: np.ndarray
    log_likelihood: np.ndarray
    log_likelihood_common: np.ndarray
    log_likelihood_saturated: np.ndarray
    q_wald: np.ndarray
    q_df: np.ndarray
    i2: np.ndarray
    h2: np.ndarray
    marginal_mean: np.ndarray
    nodes: np.ndarray
    state: np.ndarray

    @property
    def mu(self) -> np.ndarray:
        return self.coefficients[:, 0]

    @property
    def se(self) -> np.ndarray:
        return np.sqrt(self.covariance[:, 0, 0])

    @property
    def converged(self) -> np.ndarray:
        return self.state == "fitted"

    @property
    def lrt(self) -> np.ndarray:
        return np.maximum(2 * (self.log_likelihood - self.log_likelihood_common), 0.0)

    @property
    def lrt_p(self) -> np.ndarray:
        return np.where(self.lrt > 0, chdtrc(1, self.lrt) / 2, np.where(np.isnan(self.lrt), np.nan, 1.0))

    @property
    def q_lrt(self) -> np.ndarray:
        return np.maximum(2 * (self.log_likelihood_saturated - self.log_likelihood_common), 0.0)

    @property
    def q_lrt_p(self) -> np.ndarray:
        return np.where(self.q_df > 0, chdtrc(np.maximum(self.q_df, 1), self.q_lrt), 1.0)

    @property
    def q_wald_p(self) -> np.ndarray:
        return np.where(self.q_df > 0, chdtrc(np.maximum(self.q_df, 1), self.q_wald), 1.0)


@dataclass
class _Data:
    """Groups as rows: events and totals (R, k), design (R, k, p); `scale` (R,) is a typical variance of a logit."""

    x: np.ndarray
    n: np.ndarray
    design: np.ndarray
    scale: np.ndarray

    def take(self, rows: np.ndarray) -> _Data:
        return _Data(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass
class _Point:
    """Where each row stands: beta (R, p), tau2 (R,), with log likelihood, score and Hessian by (beta, tau2) there."""

    beta: np.ndarray
    v: np.ndarray
    log: np.ndarray
    score: np.ndarray
    hessian: np.ndarray
    studies: Marginal | None = None

    def put(self, rows: np.ndarray, other: _Point) -> None:
        for name in ("beta", "v", "log", "score", "hessian"):
            getattr(self, name)[rows] = getattr(other, name)

    def take(self, rows: np.ndarray) -> _Point:
        return _Point(self.beta[rows], self.v[rows], self.log[rows], self.score[rows], self.hessian[rows])


def fit_glmm(
    events: np.ndarray,
    totals: np.ndarray,
    *,
    design: np.ndarray | None = None,
    method: str = "aghq",
    nodes: int | None = None,
) -> GlmmFit:
    """Fit the binomial-normal model to G groups of k studies by maximum likelihood.

    Parameters
    ----------
    events, totals : counts of shape (G, k), or (k,) for one group, 0 <= events <= totals. A study with a total of 0 counts
        as absent, so that groups of unequal size can be filled up with zeros.
    design : moderators with the column of ones first, shape (G, k, p) or (k, p); without it, the intercept alone.
    method : "aghq" (adaptive Gauss-Hermite quadrature) or "laplace".
    nodes : nodes a study. Without it, as many as it takes until more nodes no longer move the estimates.

    Newton's method on the exact score and Hessian, from every rise-to-fall of the likelihood's slope over a grid of
    variances; the highest maximum wins, and tau2 is exactly 0 where the likelihood is highest there. Standard errors come
    from the observed information. I2 and H2 set tau2 against the typical variance of the logits, as metafor's do.

    Groups that have no estimate get nan and a `state` that says why: "no study", "no events", "events only", "none or all
    in every study" (tau2 grows without limit), "not converged". Raises SynthesisError for impossible counts or words.
    """
    x, n, a = _arrays(events, totals, design, method, nodes)
    groups, _, p = a.shape
    state = _states(x, n)
    good = np.flatnonzero(state == "fitted")
    data = _Data(x[good], n[good], a[good], np.ones(len(good)))
    rungs = (1,) if method == "laplace" else (LADDER if nodes is None else (int(nodes),))
    common, best, used, settled = _fit(data, rungs)
    out = _empty(groups, p)
    out["state"] = state
    state[good[~settled]] = "not converged"
    out["log_likelihood_saturated"] = (log_coefficient(x, n) + _saturated(x, n)).sum(1)
    out["q_df"] = np.maximum((n > 0).sum(1) - p, 0)
    coefficient = log_coefficient(data.x, data.n).sum(1)
    out["coefficients"][good], out["tau2"][good] = best.beta, best.v
    out["covariance"][good], out["tau2_se"][good] = _covariance(best)
    out["log_likelihood"][good] = best.log + coefficient
    out["log_likelihood_common"][good] = common.log + coefficient
    out["q_wald"][good] = _wald(data)
    out["i2"][good], out["h2"][good] = _inconsistency(data, best.v)
    out["nodes"][good] = used
    out["marginal_mean"][good] = marginal_mean(best.beta[:, 0], best.v)
    fixed = {"no events": 0.0, "events only": 1.0}
    for word, value in fixed.items():
        out["marginal_mean"][state == word] = value
    return GlmmFit(**out)


def marginal_mean(mu: np.ndarray, tau2: np.ndarray) -> np.ndarray:
    """Mean of expit(mu + tau z) over standard normal z: the average proportion over the population of studies.

    The integrand is smooth and the trapezoid rule with 401 points is exact to rounding for tau up to 20.
    """
    z = np.linspace(-9, 9, 401)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    mu, tau = np.broadcast_arrays(np.asarray(mu, dtype=float), np.sqrt(np.asarray(tau2, dtype=float)))
    out = np.zeros(mu.shape)
    for point, share in zip(z, weight, strict=True):
        out += share / (1 + np.exp(-np.clip(mu + tau * point, -700, 700)))
    return out


def conditional_modes(
    events: np.ndarray, totals: np.ndarray, mu: np.ndarray, tau2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Partial pooling: the most likely logit of each study given the model, and its conditional standard deviation.

    Takes counts (any shape) with mu and tau2 that broadcast against them; returns two arrays of that shape (logit scale).
    The same as lme4's ``coef`` and the square root of its ``condVar``.
    """
    x, n, mu, tau2 = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in (events, totals, mu, tau2)))
    tau = np.sqrt(tau2)
    z, curvature = conditional_mode(x, n, mu, tau)
    return mu + tau * z, tau / np.sqrt(curvature)


def _arrays(events, totals, design, method, nodes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, n = np.atleast_2d(np.asarray(events, dtype=float)), np.atleast_2d(np.asarray(totals, dtype=float))
    if x.shape != n.shape or x.ndim != 2:
        raise SynthesisError(f"Each study has events and a total; events have shape {x.shape} and totals {n.shape}.")
    if not (np.all(x >= 0) and np.all(x <= n) and np.all(np.isfinite(n))):
        raise SynthesisError("Events lie between 0 and their totals.")
    if method not in METHODS:
        raise SynthesisError(f"The method is one of {', '.join(METHODS)}; it is {method!r}.")
    if nodes is not None and not 1 <= nodes <= 1000:
        raise SynthesisError(f"The number of nodes lies between 1 and 1000; it is {nodes}.")
    a = np.ones((*x.shape, 1)) if design is None else np.asarray(design, dtype=float)
    a = np.broadcast_to(a, (*x.shape, a.shape[-1]))
    if not np.all(np.isfinite(a)):
        raise SynthesisError("Moderators are numbers, one for each study; at least one is missing.")
    return x, n, a


def _states(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """ "fitted" where there is a finite maximum, or why there is none. Single trials (n = 1) say nothing about tau2."""
    real = n > 0
    inside = ((x > 0) & (x < n)).any(1)
    state = np.where(inside | ~((n > 1) & real).any(1), "fitted", "none or all in every study").astype("<U32")
    state[(x == n).all(1)] = "events only"
    state[(x == 0).all(1)] = "no events"
    state[~real.any(1)] = "no study"
    return state


def _empty(groups: int, p: int) -> dict[str, np.ndarray]:
    out = {each.name: np.full(groups, np.nan) for each in fields(GlmmFit)}
    out["coefficients"], out["covariance"] = np.full((groups, p), np.nan), np.full((groups, p, p), np.nan)
    out["nodes"] = np.zeros(groups, dtype=int)
    return out


def _saturated(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    p = x / np.maximum(n, 1)
    return xlogy(x, p) + xlogy(n - x, 1 - p)


def _wald(data: _Data) -> np.ndarray:
    """Wald test of equal logits. Studies with none or all have no finite logit and so no weight in it (as in metafor)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(data.n > 0, data.x * (data.n - data.x) / data.n, 0.0)
        y = np.where(w > 0, np.log(data.x / (data.n - data.x)), 0.0)
    residual = y - _weighted_fit(data.design, w, y)[1]
    return (w * residual**2).sum(1)


def _weighted_fit(design: np.ndarray, w: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weighted = design * w[:, :, None]
    beta = np.einsum(
        "rpq,rq->rp", np.linalg.pinv(np.swapaxes(weighted, 1, 2) @ design), np.einsum("rkp,rk->rp", weighted, y)
    )
    return beta, np.einsum("rkp,rp->rk", design, beta)


def _logits(data: _Data) -> tuple[np.ndarray, np.ndarray]:
    """Logits and their variances with a half added where a study has none or all; an absent study has infinite variance."""
    half = np.where((data.x == 0) | (data.x == data.n), 0.5, 0.0)
    x, rest = data.x + half, data.n - data.x + half
    return np.log(x / rest), np.where(data.n > 0, 1 / x + 1 / rest, np.inf)


def _inconsistency(data: _Data, tau2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _, variance = _logits(data)
    w = 1 / variance
    weighted = data.design * w[:, :, None]
    inverse = np.linalg.pinv(np.swapaxes(weighted, 1, 2) @ data.design)
    trace = w.sum(1) - np.einsum("rpq,rkq,rkp->r", inverse, weighted, weighted)
    df = (data.n > 0).sum(1) - data.design.shape[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = np.where(df > 0, df / trace, np.nan)
    return 100 * tau2 / (tau2 + typical), tau2 / typical + 1


def _evaluate(data: _Data, beta: np.ndarray, v: np.ndarray, nodes: int, around=None) -> _Point:
    rows, k = data.x.shape
    centre = np.einsum("rkp,rp->rk", data.design, beta)
    flat = marginal(data.x.ravel(), data.n.ravel(), centre.ravel(), np.repeat(v, k), nodes, around)
    d1, d11, dv, d1v, dvv = (getattr(flat, name).reshape(rows, k) for name in ("d1", "d11", "dv", "d1v", "dvv"))
    p = beta.shape[1]
    hessian = np.empty((rows, p + 1, p + 1))
    hessian[:, :p, :p] = np.swapaxes(data.design, 1, 2) @ (data.design * d11[:, :, None])
    hessian[:, :p, p] = hessian[:, p, :p] = np.einsum("rkp,rk->rp", data.design, d1v)
    hessian[:, p, p] = dvv.sum(1)
    score = np.concatenate([np.einsum("rkp,rk->rp", data.design, d1), dv.sum(1)[:, None]], axis=1)
    return _Point(beta, v, flat.log.reshape(rows, k).sum(1), score, hessian, flat)


def _fit(data: _Data, rungs: tuple[int, ...]) -> tuple[_Point, _Point, np.ndarray, np.ndarray]:
    """Common-effect fit, best fit, nodes used and whether it settled, a row a group."""
    common, settled = _common(data)
    information = -common.hessian[:, 0, 0]
    present = (data.n > 0).sum(1)
    data.scale = present / np.maximum(information, 1e-300)
    rows, beta, v = _starts(data, common)
    used, good = np.full(len(settled), rungs[0]), settled.copy()
    best = common.take(np.arange(len(settled)))
    if len(rows):
        point, nodes, fine = _climb(data.take(rows), beta, v, rungs)
        order = np.argsort(point.log, kind="stable")  # the last to be written is the highest
        for each in (order,):
            higher = point.log[each] > best.log[rows[each]] + 1e-11 * np.abs(best.log[rows[each]])
            each = each[higher]
            last = {int(rows[i]): int(i) for i in each}
            target, source = np.array(list(last), dtype=int), np.array(list(last.values()), dtype=int)
            best.put(target, point.take(source))
            used[target], good[target] = nodes[source], fine[source] & settled[target]
    return common, best, used, good


def _common(data: _Data) -> tuple[_Point, np.ndarray]:
    """Maximum with tau2 = 0: logistic regression by Newton's method, exact at once for the intercept alone."""
    y, variance = _logits(data)
    beta, _ = _weighted_fit(data.design, 1 / variance, y)
    if data.design.shape[2] == 1 and np.all(data.design == 1):
        share = data.x.sum(1) / data.n.sum(1)
        beta = np.log(share / (1 - share))[:, None]
    zero = np.zeros(len(beta))
    point = _evaluate(data, beta, zero, 1)
    settled = np.zeros(len(beta), dtype=bool)
    for _ in range(60):
        step = np.einsum("rpq,rq->rp", np.linalg.pinv(-point.hessian[:, :-1, :-1]), point.score[:, :-1])
        gain = np.einsum("rp,rp->r", step, point.score[:, :-1])
        settled = gain < 1e-14 * (1 + np.abs(point.log))
        if settled.all():
            break
        shorter = 1 / np.maximum(np.abs(np.einsum("rkp,rp->rk", data.design, step)).max(1), 1.0)
        point = _evaluate(data, point.beta + step * np.where(settled, 0, shorter)[:, None], zero, 1)
    return point, settled


def _starts(data: _Data, common: _Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, betas and variances to climb from: wherever the profile's slope by tau2 turns from up to down."""
    y, variance = _logits(data)
    spread = np.where(data.n > 0, (y - _weighted_fit(data.design, 1.0 * (data.n > 0), y)[1]) ** 2, 0.0).max(1)
    high = np.maximum(4 * spread, 4 * data.scale)
    grid = np.exp(np.linspace(np.log(data.scale / 30), np.log(high), GRID))
    old_v, old_beta, old_slope = np.zeros(len(high)), common.beta, common.score[:, -1] * data.scale
    found = []
    for level, v in enumerate(grid):
        beta, _ = _weighted_fit(data.design, 1 / (variance + v[:, None]), y)
        point = _evaluate(data, beta, v, GRID_NODES)
        step = np.einsum("rpq,rq->rp", np.linalg.pinv(-point.hessian[:, :-1, :-1]), point.score[:, :-1])
        slope = (point.score[:, -1] + np.einsum("rp,rp->r", step, point.hessian[:, :-1, -1])) * (v + data.scale)
        beta = beta + np.clip(step, -1, 1)
        turns = (old_slope > 0) & ((slope <= 0) | (level == GRID - 1))
        at = np.flatnonzero(turns)
        part = np.where(slope[at] < 0, old_slope[at] / (old_slope[at] - slope[at]), 1.0)
        low, top = np.log(old_v[at] + data.scale[at]), np.log(v[at] + data.scale[at])
        start = np.maximum(np.exp(low + part * (top - low)) - data.scale[at], v[at] * 1e-3)
        found.append((at, old_beta[at] + part[:, None] * (beta[at] - old_beta[at]), start))
        old_v, old_beta, old_slope = v, beta, slope
    rows, betas, starts = (np.concatenate(each) for each in zip(*found, strict=True))
    return rows, betas, starts


def _climb(data: _Data, beta, v, rungs) -> tuple[_Point, np.ndarray, np.ndarray]:
    """Newton's method on every row with the first rung's nodes, then with more for the rows that more still move."""
    done = _Point(beta.copy(), v.copy(), *_blank(beta))
    used, fine = np.full(len(v), rungs[0]), np.zeros(len(v), dtype=bool)
    rows, around = np.arange(len(v)), None
    for nodes in rungs:
        part = data.take(rows)
        before = done.log[rows]
        first = _evaluate(part, done.beta[rows], done.v[rows], nodes, around)
        point, settled, moved = _newton(part, first, nodes)
        done.put(rows, point)
        used[rows], fine[rows] = nodes, settled
        scale = 1 + 1e-3 * np.abs(point.log)
        rows = rows[moved | ~(np.abs(point.log - before) < 1e-8 * scale)] if nodes != rungs[-1] else rows[:0]
        if not len(rows):
            break
    return done, used, fine


def _blank(beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, p = beta.shape
    return np.full(rows, -np.inf), np.zeros((rows, p + 1)), np.zeros((rows, p + 1, p + 1))


def _newton(data: _Data, point: _Point, nodes: int) -> tuple[_Point, np.ndarray, np.ndarray]:
    """Climb to a maximum by (beta, log(tau2 + scale)); returns the point, whether it settled, whether it had to move.

    The log keeps the likelihood near a parabola for large variances, and the added scale down to variances of 0.
    """
    result = point.take(np.arange(len(point.v)))
    settled, moved = np.zeros(len(point.v), dtype=bool), np.zeros(len(point.v), dtype=bool)
    rows, step, gain = np.arange(len(point.v)), *_step(data, point)
    length = np.ones(len(rows))
    moved[:] = gain > 1e-10
    part, here = data, point
    for _ in range(80):
        small = gain < 1e-13 * (1 + np.abs(here.log))
        settled[rows[small]] = True
        keep = ~small & (length > 1e-10)
        if not keep.any():
            break
        if not keep.all():
            rows, part, here, step, gain, length = (
                rows[keep],
                part.take(keep),
                here.take(keep),
                step[keep],
                gain[keep],
                length[keep],
            )
        beta, v = _moved(part, here, step * length[:, None])
        trial = _evaluate(part, beta, v, nodes)
        better = trial.log >= here.log - 1e-13 * np.abs(here.log) - 1e-13
        length = np.where(better, 1.0, length / 4)
        here.put(better, trial.take(better))
        result.put(rows[better], trial.take(better))
        if better.any():
            step[better], gain[better] = _step(part.take(better), here.take(better))
    return result, settled, moved


def _moved(data: _Data, here: _Point, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    v = (here.v + data.scale) * np.exp(step[:, -1]) - data.scale
    return here.beta + step[:, :-1], np.maximum(v, here.v / 16)


def _step(data: _Data, here: _Point) -> tuple[np.ndarray, np.ndarray]:
    """Newton step by (beta, log(tau2 + scale)), turned uphill where the likelihood bends up, and the gain it promises."""
    factor = here.v + data.scale
    score, hessian = here.score.copy(), here.hessian.copy()
    hessian[:, -1, :] *= factor[:, None]
    hessian[:, :, -1] *= factor[:, None]
    score[:, -1] *= factor
    hessian[:, -1, -1] += score[:, -1]
    value, vector = np.linalg.eigh(-hessian)
    value = np.maximum(np.abs(value), 1e-9 * np.abs(value).max(1, keepdims=True) + 1e-300)
    along = np.einsum("rpq,rp->rq", vector, score)
    step = np.einsum("rpq,rq->rp", vector, along / value)
    gain = (along**2 / value).sum(1)
    return np.clip(step, -2, 2), gain


def _covariance(best: _Point) -> tuple[np.ndarray, np.ndarray]:
    """Inverse of the observed information: over beta and tau2 inside, over beta alone where tau2 is 0."""
    p = best.beta.shape[1]
    inside = best.v > 0
    covariance, tau2_se = np.linalg.pinv(-best.hessian[:, :p, :p]), np.full(len(best.v), np.nan)
    whole = np.linalg.pinv(-best.hessian[inside])
    covariance[inside] = whole[:, :p, :p]
    tau2_se[inside] = np.sqrt(np.maximum(whole[:, p, p], 0))
    return covariance, tau2_se
