"""Profile-likelihood intervals of the binomial-normal model: of the mean logit and of tau squared, for many groups at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.glmm import GlmmFit, at_nodes, check_counts
from synthesis.pooling.glmm_variance import typical_variance, variance_bounds
from synthesis.pooling.maxima import Evaluate, Groups, Point

#: A bound is looked for up to this far from mu on the logit scale.
FURTHEST_LOGIT = 60.0


@dataclass(frozen=True)
class ProfileIntervals:
    """Bounds, each (G,). A bound of tau2 is 0 or infinite where no likelihood ratio excludes the values below or above."""

    mu_low: np.ndarray
    mu_high: np.ndarray
    tau2_low: np.ndarray
    tau2_high: np.ndarray


def profile_intervals(
    events: np.ndarray, totals: np.ndarray, fit: GlmmFit, level: float = 0.95, *, mean: bool = True
) -> ProfileIntervals:
    """Intervals of all values that a likelihood-ratio test (chi-squared, 1 degree of freedom) does not reject.

    Parameters
    ----------
    events, totals : the counts that were fitted, shape (G, k) or (k,).
    fit : their fit without moderators, by quadrature.
    level : level of the intervals, between 0 and 1.
    mean : without it the bounds of mu are left out (nan), which take far longer than those of tau2.

    Groups without a fit get nan. Unlike Wald intervals these keep their shape on every scale and never leave the
    possible values; Hardy and Thompson 1996, Stat Med 15:619-629. Raises SynthesisError for a level outside 0 to 1 and for
    fits with moderators.
    """
    if not 0 < level < 1:
        raise SynthesisError(f"The level lies between 0 and 1, such as 0.95; it is {level}.")
    if fit.coefficients.shape[1] != 1:
        raise SynthesisError("Profile intervals are for models without moderators.")
    x, n = check_counts(events, totals)
    drop = ndtri(0.5 + level / 2) ** 2 / 2
    mu = np.full((2, len(x)), np.nan)
    # Far from the fit the integrands can be wider than at it: more nodes than the fit took.
    for nodes, used in ((31, fit.nodes <= 21), (127, fit.nodes == 63), (401, fit.nodes > 63)) if mean else ():
        rows = np.flatnonzero(fit.converged & used)
        if len(rows):
            mu[:, rows] = _mean_bounds(x[rows], n[rows], fit, rows, nodes, drop)
    return ProfileIntervals(*mu, *variance_bounds(x, n, fit, drop))


def _mean_bounds(x: np.ndarray, n: np.ndarray, fit: GlmmFit, rows: np.ndarray, nodes: int, drop: float) -> np.ndarray:
    evaluate = at_nodes(nodes)
    mu, tau2 = fit.coefficients[rows], fit.tau2[rows]
    data = Groups(x, n, np.ones((*x.shape, 1)), typical_variance(x, n))
    top = evaluate(data, mu, tau2)

    def given_mu(part: Groups, value: np.ndarray, near: Point) -> Point:
        return _best_variance(part, evaluate(part, value[:, None], near.v), evaluate)

    def by_mu(part: Groups, point: Point) -> np.ndarray:
        return point.score[:, 0]

    centre, width = mu[:, 0], np.maximum(np.sqrt(fit.covariance[rows, 0, 0]), 1e-9)
    low = _search(data, top, drop, centre, -2 * width, centre - FURTHEST_LOGIT, given_mu, by_mu)
    high = _search(data, top, drop, centre, 2 * width, centre + FURTHEST_LOGIT, given_mu, by_mu)
    return np.stack([low, high])


def _search(
    data: Groups, top: Point, drop: float, start: np.ndarray, step: np.ndarray, end: np.ndarray, profile, slope
) -> np.ndarray:
    """Where the profile lies `drop` below its top, going from `start` by `step` to `end`; infinite where it never does."""
    found = np.copysign(np.full(len(start), np.inf), step)
    rows, part, here = np.arange(len(start)), data, top.take(np.arange(len(start)))
    inner, outer = start, start + step
    for _ in range(60):  # outwards until the profile lies below the target
        outer = np.where(step > 0, np.minimum(outer, end[rows]), np.maximum(outer, end[rows]))
        trial = profile(part, outer, here)
        below = trial.log < top.log[rows] - drop
        if below.any():
            at = rows[below]
            found[at] = _close_in(
                part.take(below), trial.take(below), top.log[at], drop, inner[below], outer[below], profile, slope
            )
        keep = ~below & (outer != end[rows])
        if not keep.any():
            break
        rows, part, here, step = rows[keep], part.take(keep), trial.take(keep), 2 * step[keep]
        inner, outer = outer[keep], outer[keep] + step
    return found


def _close_in(data: Groups, here: Point, top, drop: float, inner, outer, profile, slope) -> np.ndarray:
    """Root between `inner` (above the target) and `outer` (below, where the points are).

    Newton's method on the signed root of the likelihood ratio, which is near a straight line; bisection where it leaves
    the bracket.
    """
    found, rows, at, goal = outer.copy(), np.arange(len(outer)), outer, np.sqrt(2 * drop)
    for _ in range(80):
        depth = np.sqrt(np.maximum(2 * (top - here.log), 0.0))
        above = depth < goal
        inner, outer = np.where(above, at, inner), np.where(above, outer, at)
        found[rows] = at
        open_ = (np.abs(depth - goal) > 1e-8) & (np.abs(outer - inner) > 1e-13 * (1 + np.abs(outer)))
        if not open_.any():
            break
        data, here, rows, top = data.take(open_), here.take(open_), rows[open_], top[open_]
        inner, outer, at, depth = inner[open_], outer[open_], at[open_], depth[open_]
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = at + (depth - goal) * depth / slope(data, here)
        inside = (newton - inner) * (newton - outer) < 0
        at = np.where(inside, newton, (inner + outer) / 2)
        here = profile(data, at, here)
    return found


def _best_variance(data: Groups, point: Point, evaluate: Evaluate) -> Point:
    """Best variance (0 included) at the means of the points, by log(variance + scale)."""

    def step(part: Groups, here: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        factor = here.v + part.scale
        score = here.score[:, 1] * factor
        bend = here.hessian[:, 1, 1] * factor**2 + score
        step = np.clip(score / np.maximum(np.abs(bend), 1e-300), -2, 2)
        v = np.maximum(factor * np.exp(step) - part.scale, 0.0)
        far = (np.abs(step * score) > 1e-10) & ((v > 0) | (here.v > 0))
        return far, here.beta, v

    return _settle(data, point, evaluate, step)


def _settle(data: Groups, point: Point, evaluate: Evaluate, step) -> Point:
    """Take steps until none is far any more; rows that have settled are not evaluated again."""
    rows, part, here = np.arange(len(point.v)), data, point
    for _ in range(50):
        far, beta, v = step(part, here)
        if not far.any():
            break
        rows, part = rows[far], part.take(far)
        here = evaluate(part, beta[far], v[far])
        point.put(rows, here)
    return point
