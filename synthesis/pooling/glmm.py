"""Binomial-normal model (random-intercept logistic regression) of many meta-analyses at once, by maximum likelihood.

The events of a study are binomial; the logits of the studies' proportions are normal with mean mu and variance tau squared.
Stijnen, Hamza and Ozdemir 2010, doi 10.1002/sim.4040. Only counts go in: no continuity correction, no study variances.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import chdtrc, xlogy

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.binomial_normal import conditional_mode, log_coefficient, marginal
from synthesis.pooling.maxima import (
    Evaluate,
    Groups,
    Point,
    climb,
    common_maximum,
    covariance,
    gathered,
    highest,
    inverse,
    logits,
    starts,
    weighted_fit,
)

#: Nodes to climb with, then to check and mend with: a group goes on as long as more nodes still move it.
LADDER = (9, 21, 63, 401)
#: A rung is the last if it changed a group's log likelihood by less than this: the error falls by orders of magnitude from
#: rung to rung (largest found left over the 192 reference cases: 4e-9 in log likelihood, 2e-7 of tau2).
ALIKE = 1e-6
#: Nodes for the search for places to start from.
SEARCH = 5
#: Studies that are fitted at a time, so that memory does not grow with the number of groups.
BATCH = 200_000
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
        variance = self.covariance[:, 0, 0]
        return np.sqrt(np.where(variance > 0, variance, np.nan))

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
    nodes : nodes a study. Without it, as many as it takes until more nodes no longer move the estimates. With few, and
        rare events under a large variance, score and likelihood disagree, and the state may be "not converged".

    Newton's method on the exact score and Hessian, from every rise-to-fall of the likelihood's slope over a grid of
    variances; the highest maximum wins, and tau2 is exactly 0 where the likelihood is highest there. Standard errors come
    from the observed information. I2 and H2 set tau2 against the typical variance of the logits, as metafor's do.

    Groups that have no estimate get nan and a `state` that says why: "no study", "no events", "events only", "none or all
    in every study" (tau2 grows without limit), "not converged". Raises SynthesisError for impossible counts or words.
    """
    x, n, a = _arrays(events, totals, design, method, nodes)
    groups, _, p = a.shape
    state = states(x, n)
    good = np.flatnonzero(state == "fitted")
    data = Groups(x[good], n[good], a[good], np.ones(len(good)))
    rungs = (1,) if method == "laplace" else (LADDER if nodes is None else (int(nodes),))
    out = _empty(groups, p)
    out["state"] = state
    out["log_likelihood_saturated"] = (log_coefficient(x, n) + _saturated(x, n)).sum(1)
    out["q_df"] = np.maximum((n > 0).sum(1) - p, 0)
    for start in range(0, len(good), width := max(1, BATCH // x.shape[1])):
        part = np.arange(start, min(start + width, len(good)))
        _fill(out, good[part], data.take(part), rungs)
    for word, value in {"no events": 0.0, "events only": 1.0}.items():
        out["marginal_mean"][state == word] = value
    return GlmmFit(**out)


def _fill(out: dict[str, np.ndarray], at: np.ndarray, data: Groups, rungs: tuple[int, ...]) -> None:
    """Fit a batch and write it into the result's arrays at these groups."""
    common, best, used, settled = _fit(data, rungs)
    coefficient = log_coefficient(data.x, data.n).sum(1)
    out["state"][at[~settled]] = "not converged"
    out["coefficients"][at], out["tau2"][at] = best.beta, best.v
    out["covariance"][at], out["tau2_se"][at] = covariance(best)
    out["log_likelihood"][at] = best.log + coefficient
    out["log_likelihood_common"][at] = common.log + coefficient
    out["q_wald"][at] = _wald(data)
    out["i2"][at], out["h2"][at] = inconsistency(data, best.v)
    out["nodes"][at] = used
    out["marginal_mean"][at] = marginal_mean(best.beta[:, 0], best.v)


def _fit(data: Groups, rungs: tuple[int, ...]) -> tuple[Point, Point, np.ndarray, np.ndarray]:
    """Common-effect fit, best fit, nodes used and whether it settled, a row a group."""
    common, settled = common_maximum(data, at_nodes(1))
    data.scale = (data.n > 0).sum(1) / np.maximum(-common.hessian[:, 0, 0], 1e-300)
    y, _ = logits(data)
    mean = weighted_fit(data.design, 1.0 * (data.n > 0), y)[1]
    spread = np.where(data.n > 0, (y - mean) ** 2, 0.0).max(1)
    rows, beta, v = starts(data, common, 4 * np.maximum(spread, data.scale), at_nodes(SEARCH))
    point, nodes, fine = _ladder(data.take(rows), beta, v, rungs)
    best, origin = highest(common, rows, point)
    inside = origin >= 0
    used = np.full(len(settled), rungs[0])
    used[inside] = nodes[origin[inside]]
    settled[inside] &= fine[origin[inside]]
    return common, best, used, settled


def _ladder(
    data: Groups, beta: np.ndarray, v: np.ndarray, rungs: tuple[int, ...]
) -> tuple[Point, np.ndarray, np.ndarray]:
    """Climb every row with the first rung's nodes, then with more for the rows that more nodes still move."""
    rows, used, fine = np.arange(len(v)), np.full(len(v), rungs[0]), np.zeros(len(v), dtype=bool)
    done = at_nodes(rungs[0])(data, beta, v)
    for nodes in rungs:
        if not len(rows):
            break
        part, evaluate = data.take(rows), at_nodes(nodes)
        here = done.take(rows) if nodes == rungs[0] else evaluate(part, done.beta[rows], done.v[rows])
        moved = np.abs(here.log - done.log[rows]) > ALIKE
        more_to_come = nodes == rungs[0] and len(rungs) > 1
        point, fine[rows], gain = climb(part, here, evaluate, 1e-8 if more_to_come else 1e-14)
        done.put(rows, point)
        used[rows] = nodes
        rows = rows[more_to_come | moved | (gain > ALIKE / 10)]
    return done, used, fine


def at_nodes(nodes: int) -> Evaluate:
    """The likelihood of groups with this many nodes a study (1: Laplace), as `maxima` takes it."""

    def evaluate(data: Groups, beta: np.ndarray, v: np.ndarray) -> Point:
        centre = np.einsum("rkp,rp->rk", data.design, beta)
        flat = marginal(data.x.ravel(), data.n.ravel(), centre.ravel(), np.repeat(v, data.x.shape[1]), nodes)
        parts = (each.reshape(data.x.shape) for each in (flat.d1, flat.d11, flat.dv, flat.d1v, flat.dvv))
        return gathered(data, beta, v, flat.log.reshape(data.x.shape), tuple(parts))

    return evaluate


def marginal_mean(mu: np.ndarray, tau2: np.ndarray) -> np.ndarray:
    """Mean of expit(mu + tau z) over standard normal z: the average proportion over the population of studies.

    The trapezoid rule on a smooth integrand: with steps of 0.55 / tau its error is below 1e-15, since the nearest pole of
    expit lies pi / tau from the real line.
    """
    mu, tau = np.broadcast_arrays(np.asarray(mu, dtype=float), np.sqrt(np.asarray(tau2, dtype=float)))
    widest = float(np.max(tau, where=np.isfinite(tau), initial=1.0))
    z = np.linspace(-9, 9, 2 * int(np.ceil(9 * max(1 / 0.3, min(widest, 100.0) / 0.55))) + 1)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    out = np.zeros(mu.shape)
    for point, share in zip(z, weight, strict=True):
        out += share / (1 + np.exp(-np.clip(mu + tau * point, -700, 700)))
    return out


def study_weights(events: np.ndarray, totals: np.ndarray, fit: GlmmFit) -> np.ndarray:
    """How much each study says about the mean logit, in percent of what all say; groups without a fit get nan.

    Takes the counts that were fitted, (G, k) or (k,), and their fit without moderators; returns (G, k). Riley and others
    2018, doi 10.1177/0962280216688033, split Fisher's information into the studies' parts. Here it is the observed
    information on mu with tau2 held at its estimate. Held, because each study's likelihood is log-concave in mu (a
    logistic likelihood convolved with a normal one), so that no part is negative, which with tau2 free they can be; and at
    a tau2 of 0 the parts are n p (1 - p), the weights of the common-effect model.
    """
    if fit.coefficients.shape[1] != 1:
        raise SynthesisError("Weights of studies are for models without moderators.")
    x, n = check_counts(events, totals)
    weight = np.full(x.shape, np.nan)
    for nodes in np.unique(fit.nodes[fit.converged]):
        rows = np.flatnonzero(fit.converged & (fit.nodes == nodes))
        mu, tau2 = (np.repeat(each[rows], x.shape[1]) for each in (fit.mu, fit.tau2))
        part = -marginal(x[rows].ravel(), n[rows].ravel(), mu, tau2, int(nodes)).d11.reshape(len(rows), -1)
        weight[rows] = 100 * part / part.sum(axis=1, keepdims=True)
    return weight


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


def check_counts(events: np.ndarray, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts as two float arrays (G, k); raises SynthesisError where they are impossible."""
    x, n = np.atleast_2d(np.asarray(events, dtype=float)), np.atleast_2d(np.asarray(totals, dtype=float))
    if x.shape != n.shape or x.ndim != 2:
        raise SynthesisError(f"Each study has events and a total; events have shape {x.shape} and totals {n.shape}.")
    if not (np.all(x >= 0) and np.all(x <= n) and np.all(np.isfinite(n))):
        raise SynthesisError("Events lie between 0 and their totals.")
    return x, n


def _arrays(events, totals, design, method, nodes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, n = check_counts(events, totals)
    if method not in METHODS:
        raise SynthesisError(f"The method is one of {', '.join(METHODS)}; it is {method!r}.")
    if nodes is not None and not 1 <= nodes <= 1000:
        raise SynthesisError(f"The number of nodes lies between 1 and 1000; it is {nodes}.")
    a = np.ones((*x.shape, 1)) if design is None else np.asarray(design, dtype=float)
    a = np.broadcast_to(a, (*x.shape, a.shape[-1]))
    if not np.all(np.isfinite(a)):
        raise SynthesisError("Moderators are numbers, one for each study; at least one is missing.")
    return x, n, a


def states(x: np.ndarray, n: np.ndarray) -> np.ndarray:
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


def _wald(data: Groups) -> np.ndarray:
    """Wald test of equal logits. Studies with none or all have no finite logit and so no weight in it (as in metafor)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(data.n > 0, data.x * (data.n - data.x) / data.n, 0.0)
        y = np.where(w > 0, np.log(data.x / (data.n - data.x)), 0.0)
    residual = y - weighted_fit(data.design, w, y)[1]
    return (w * residual**2).sum(1)


def inconsistency(data: Groups, tau2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """I2 (percent) and H2 at a tau2 (R,): tau2 against the typical variance of the logits."""
    _, variance = logits(data)
    w = 1 / variance
    weighted = data.design * w[:, :, None]
    middle = inverse(np.swapaxes(weighted, 1, 2) @ data.design)
    trace = w.sum(1) - np.einsum("rpq,rkq,rkp->r", middle, weighted, weighted)
    df = (data.n > 0).sum(1) - data.design.shape[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = np.where(df > 0, df / trace, np.nan)
    return 100 * tau2 / (tau2 + typical), tau2 / typical + 1
