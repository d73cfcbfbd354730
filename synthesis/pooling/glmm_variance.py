"""Profile-likelihood bounds of the binomial-normal model's tau squared, for many groups at once and at little cost.

A bound is where the profile, the likelihood with its best mean, lies a given drop below the top. Mean and variance are
moved together: one evaluation gives the mean's Newton step, what the likelihood gains by it, and the profile's slope, so
that no mean has to be settled on the way (after Venzon and Moolgavkar 1988, Appl Stat 37:87-94). The first guess takes the
profile for that of a chi-squared variance, and only the last steps take many quadrature nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from synthesis.pooling.binomial_normal import log_coefficient
from synthesis.pooling.glmm import LADDER, GlmmFit, at_nodes
from synthesis.pooling.maxima import Groups, Point

#: Nodes of the rungs. At a bound tau2 can be a hundred times what it is at the fit, and one-sided integrands (studies with
#: none or all) have an edge that many nodes must resolve.
RUNGS = (*LADDER, 1201, 4001)
#: Above this tau2 two rungs of few nodes can agree by chance.
LARGE = 50.0
#: A bound is looked for up to this tau2, and up to this many times the estimate; whatever lies beyond counts as no bound.
FURTHEST, FURTHEST_RATIO = 1e6, 1e4
#: How near its goal the root of the likelihood ratio has to lie before one more Newton step ends a rung: a step leaves
#: about the square of it. On the first rung, whose few nodes are not to be trusted further, a wider one does. Rows that
#: more nodes moved by less than this are done: the error left is far below their last move.
NEAR_FIRST, NEAR = 1e-2, 1e-4


@dataclass
class _Search:
    """A row a bound: its group and side (-1 or 1), where it stands (mean; ``s`` is log(tau2 + scale)) and its bracket.

    ``inner`` lies above the drop, ``outer`` below it (or is infinite as long as no such place is known).
    """

    group: np.ndarray
    side: np.ndarray
    mu: np.ndarray
    s: np.ndarray
    inner: np.ndarray
    outer: np.ndarray
    end: np.ndarray

    def take(self, rows: np.ndarray) -> _Search:
        return _Search(*(getattr(self, each.name)[rows] for each in fields(self)))

    def put(self, rows: np.ndarray, other: _Search) -> None:
        for each in fields(self):
            getattr(self, each.name)[rows] = getattr(other, each.name)


def variance_bounds(x: np.ndarray, n: np.ndarray, fit: GlmmFit, drop: float) -> np.ndarray:
    """Lower and upper bounds (2, G) of tau2 where the profile lies `drop` below its top; nan without a fit.

    Takes checked counts (G, k) and their fit without moderators. 0 below and infinity above where the profile never falls
    so far. Of several places the one that is found first, going from the estimate.
    """
    bounds = np.full((2, len(x)), np.nan)
    single = fit.converged & (n <= 1).all(axis=1)  # trials of one person say nothing about tau2
    bounds[:, single] = np.array([[0.0], [np.inf]])
    rows = np.flatnonzero(fit.converged & ~single)
    if not len(rows):
        return bounds
    data = Groups(x[rows], n[rows], np.ones((len(rows), x.shape[1], 1)), typical_variance(x[rows], n[rows]))
    top = fit.log_likelihood[rows] - log_coefficient(data.x, data.n).sum(axis=1)
    fall = fit.log_likelihood[rows] - fit.log_likelihood_common[rows]
    search = _started(data, fit, rows, np.flatnonzero(fall > drop), drop)
    found = np.exp(_climbed_down(data, top, drop, search)) - data.scale[search.group]
    bounds[0, rows] = 0.0
    lower = search.side < 0
    bounds[0, rows[search.group[lower]]] = np.maximum(found[lower], 0.0)
    bounds[1, rows[search.group[~lower]]] = found[~lower]
    return bounds


def typical_variance(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Mean sampling variance of a study's logit, were there one proportion behind all; (G, k) in, (G,) out."""
    total, events = n.sum(axis=1), x.sum(axis=1)
    return (n > 0).sum(axis=1) * total / (events * (total - events))


def _started(data: Groups, fit: GlmmFit, rows: np.ndarray, with_lower: np.ndarray, drop: float) -> _Search:
    """First guesses of every upper bound and of the lower bounds that are not 0."""
    group = np.concatenate([with_lower, np.arange(len(rows))])
    side = np.where(np.arange(len(group)) < len(with_lower), -1.0, 1.0)
    tau2, scale = fit.tau2[rows][group], data.scale[group]
    error = np.where(tau2 > 0, fit.tau2_se[rows][group], np.nan) / (tau2 + scale)
    error = np.where(error > 0, error, np.sqrt(2 / np.maximum((data.n > 0).sum(axis=1)[group], 1)))
    at, floor = np.log(tau2 + scale), np.log(scale)
    s = at + _chi_squared_reach(drop * error**2, side)
    s = np.where(s > floor, s, floor + (at - floor) / 8)
    outer = np.where(side < 0, floor, np.inf)
    return _Search(
        group, side, fit.mu[rows][group], s, at.copy(), outer, np.maximum(at + np.log(FURTHEST_RATIO), np.log(FURTHEST))
    )


def _chi_squared_reach(depth: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Where d + exp(-d) - 1 is `depth`, on this side of 0: the profile of a log variance, in units of its degrees."""
    d = np.where(side > 0, depth + np.sqrt(2 * depth), -np.log1p(np.sqrt(2 * depth)))
    for _ in range(6):
        d = d - (d + np.expm1(-d) - depth) / -np.expm1(-d)
    return d


def _climbed_down(data: Groups, top: np.ndarray, drop: float, search: _Search) -> np.ndarray:
    """The bounds on the log scale: nodes are added for the rows that more nodes still move."""
    goal, rows = np.sqrt(2 * drop), np.arange(len(search.s))
    inner, outer = search.inner.copy(), search.outer.copy()
    for rung, nodes in enumerate(RUNGS):
        part = search.take(rows)
        part.inner, part.outer = inner[rows], outer[rows]  # fewer nodes may have put the bound on the wrong side
        moved = _rung(data, top, goal, part, nodes, NEAR if rung else NEAR_FIRST)
        search.put(rows, part)
        suspect = (part.s > np.log(LARGE)) & (nodes < LADDER[-1])
        rows = rows[np.isfinite(part.s) & (moved | suspect | (rung == 0))]
        if not len(rows):
            break
    return search.s


def _rung(data: Groups, top: np.ndarray, goal: float, search: _Search, nodes: int, near: float) -> np.ndarray:
    """Newton's method on the root of the likelihood ratio with this many nodes; True for rows that started off their goal.

    Near the bound that root is almost a straight line in s. A step that leaves the bracket is replaced by its middle or,
    as long as nothing lies outside, by a longer one.
    """
    evaluate, off = at_nodes(nodes), np.zeros(len(search.s), dtype=bool)
    rows = np.arange(len(search.s))
    for attempt in range(60):
        here = search.take(rows)
        part = data.take(here.group)
        point = evaluate(part, here.mu[:, None], np.maximum(np.exp(here.s) - part.scale, 0.0))
        step, profile, slope, path, gain = _concentrated(point, part.scale)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.sqrt(np.maximum(2 * (top[here.group] - profile), 0.0))
            s = here.s + (depth - goal) * depth / slope
        gap, far = depth - goal, gain > 0.1  # far from the best mean the profile is not known yet: first the mean
        done = (np.abs(gap) < near) & (gain < near)
        if attempt == 0:
            off = ~done
        here.inner = np.where((gap < 0) & ~far, here.s, here.inner)
        here.outer = np.where((gap >= 0) & ~far, here.s, here.outer)
        s = np.where(far, here.s, np.where(done & np.isfinite(s), s, _inside(s, here)))
        never = (gap < 0) & ~far & (here.s >= here.end)
        along = path * (np.exp(s) - np.exp(here.s))
        here.mu = here.mu + step + np.clip(along, -1, 1)
        done |= never | (np.abs(here.outer - here.inner) < 1e-13 * (1 + np.abs(here.inner)))
        here.s = np.where(never, np.inf, s)
        search.put(rows, here)
        rows = rows[~done]
        if not len(rows):
            break
    return off


def _concentrated(point: Point, scale: np.ndarray) -> tuple[np.ndarray, ...]:
    """What the best mean at these variances makes of a point: Newton's step to it, log likelihood and slope by s there.

    And how the best mean moves with the variance, and the gain of the step.
    """
    bend = np.maximum(-point.hessian[:, 0, 0], 1e-300)
    wide = np.maximum(np.sqrt(point.v) / 2, 1.0)
    step = np.clip(point.score[:, 0] / bend, -wide, wide)
    gain = step * point.score[:, 0] - bend * step**2 / 2
    slope = (point.score[:, 1] + point.hessian[:, 0, 1] * step) * (point.v + scale)
    return step, point.log + gain, slope, point.hessian[:, 0, 1] / bend, gain


def _inside(s: np.ndarray, here: _Search) -> np.ndarray:
    """The step, or what stands in for it: the middle of the bracket, or further out while nothing lies outside."""
    closed = np.isfinite(here.outer)
    low, high = np.minimum(here.inner, here.outer), np.maximum(here.inner, here.outer)
    with np.errstate(invalid="ignore"):
        middle = np.where(closed, (here.inner + here.outer) / 2, here.inner + 1.0)
        further = np.where(closed, high, np.minimum(here.inner + 3.0, here.end))
        wanted = np.where(closed, s, np.where(s > here.inner, np.minimum(s, further), middle))
    good = np.isfinite(wanted) & np.where(closed, (wanted > low) & (wanted < high), wanted > here.inner)
    return np.where(good, wanted, np.minimum(middle, here.end))
