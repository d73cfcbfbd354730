"""Highest maxima of many likelihoods at once, each in a mean on the logit scale (or several coefficients) and a variance of 0 or more.

Shared by the models that take counts: the binomial-normal, whose variance is tau squared, and the beta-binomial, whose
variance is its overdispersion. Rows are groups (meta-analyses); a model hands in the function that evaluates its
likelihood. Batches shrink as rows settle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

#: Variances at which the slope of the likelihood is looked at for further maxima.
GRID = 8


@dataclass
class Groups:
    """R groups of k studies: events and totals (R, k), design (R, k, p); `scale` (R,) is a typical size of the variance."""

    x: np.ndarray
    n: np.ndarray
    design: np.ndarray
    scale: np.ndarray

    def take(self, rows: np.ndarray) -> Groups:
        return Groups(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass
class Point:
    """Where each row stands: beta (R, p), variance (R,), and there log likelihood, score and Hessian by (beta, variance)."""

    beta: np.ndarray
    v: np.ndarray
    log: np.ndarray
    score: np.ndarray
    hessian: np.ndarray

    def put(self, rows: np.ndarray, other: Point) -> None:
        for each in fields(self):
            getattr(self, each.name)[rows] = getattr(other, each.name)

    def take(self, rows: np.ndarray) -> Point:
        return Point(*(getattr(self, each.name)[rows] for each in fields(self)))


#: Takes groups, betas (R, p) and variances (R,).
Evaluate = Callable[[Groups, np.ndarray, np.ndarray], Point]


def inverse(matrices: np.ndarray) -> np.ndarray:
    """Inverses of symmetric matrices (R, p, p); one number each is divided by, which is many times faster."""
    if matrices.shape[-1] > 1:
        return np.linalg.pinv(matrices, hermitian=True)
    return np.divide(1.0, matrices, out=np.zeros_like(matrices), where=matrices != 0)


def weighted_fit(design: np.ndarray, w: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (R, p) and fitted values (R, k) of weighted least squares."""
    weighted = design * w[:, :, None]
    right = np.einsum("rkp,rk->rp", weighted, y)
    beta = np.einsum("rpq,rq->rp", inverse(np.swapaxes(weighted, 1, 2) @ design), right)
    return beta, np.einsum("rkp,rp->rk", design, beta)


def logits(data: Groups) -> tuple[np.ndarray, np.ndarray]:
    """Logits and their variances with a half added where a study has none or all; an absent study has infinite variance."""
    half = np.where((data.x == 0) | (data.x == data.n), 0.5, 0.0)
    x, rest = data.x + half, data.n - data.x + half
    return np.log(x / rest), np.where(data.n > 0, 1 / x + 1 / rest, np.inf)


def gathered(
    data: Groups, beta: np.ndarray, v: np.ndarray, log: np.ndarray, derivatives: tuple[np.ndarray, ...]
) -> Point:
    """Point from the studies' parts: log likelihood and derivatives (d1, d11, dv, d1v, dvv), each (R, k).

    ``d1`` and ``d11`` are by the study's logit, ``dv, dvv`` by the variance, ``d1v`` by both.
    """
    d1, d11, dv, d1v, dvv = derivatives
    rows, p = beta.shape
    hessian = np.empty((rows, p + 1, p + 1))
    hessian[:, :p, :p] = np.swapaxes(data.design, 1, 2) @ (data.design * d11[:, :, None])
    hessian[:, :p, p] = hessian[:, p, :p] = np.einsum("rkp,rk->rp", data.design, d1v)
    hessian[:, p, p] = dvv.sum(1)
    score = np.concatenate([np.einsum("rkp,rk->rp", data.design, d1), dv.sum(1)[:, None]], axis=1)
    return Point(beta, v, log.sum(1), score, hessian)


def _beta_step(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Newton step in beta alone and the gain it promises."""
    step = np.einsum("rpq,rq->rp", inverse(-point.hessian[:, :-1, :-1]), point.score[:, :-1])
    return step, np.einsum("rp,rp->r", step, point.score[:, :-1])


def common_maximum(data: Groups, evaluate: Evaluate) -> tuple[Point, np.ndarray]:
    """Maximum with a variance of 0 and whether it was reached: logistic regression, exact at once for the intercept alone."""
    y, variance = logits(data)
    beta, _ = weighted_fit(data.design, 1 / variance, y)
    if data.design.shape[2] == 1 and np.all(data.design == 1):
        share = data.x.sum(1) / data.n.sum(1)
        beta = np.log(share / (1 - share))[:, None]
    zero = np.zeros(len(beta))
    point = evaluate(data, beta, zero)
    settled = np.zeros(len(beta), dtype=bool)
    for _ in range(60):
        step, gain = _beta_step(point)
        settled = np.abs(gain) < 1e-18 * (1 + np.abs(point.log))
        if settled.all():
            break
        shorter = 1 / np.maximum(np.abs(np.einsum("rkp,rp->rk", data.design, step)).max(1), 1.0)
        point = evaluate(data, point.beta + step * np.where(settled, 0, shorter)[:, None], zero)
    return point, settled


def starts(
    data: Groups, common: Point, high: np.ndarray, evaluate: Evaluate
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, betas and variances to climb from: wherever the profile's slope by the variance turns from up to down.

    Looked for between 0 and `high` (R,), in steps of equal ratio. A row that never turns down starts from `high`; one that
    never goes up has its maximum at 0 and does not appear.
    """
    grid = np.exp(np.linspace(np.log(data.scale / 30), np.log(high), GRID))
    old_v, old_beta, old_slope = np.zeros(len(high)), common.beta, common.score[:, -1] * data.scale
    found = []
    for level, v in enumerate(grid):
        beta, slope = _profile_slope(data, old_beta, v, evaluate)
        at = np.flatnonzero((old_slope > 0) & ((slope <= 0) | (level == GRID - 1)))
        part = np.where(slope[at] < 0, old_slope[at] / (old_slope[at] - slope[at]), 1.0)
        low, top = np.log(old_v[at] + data.scale[at]), np.log(v[at] + data.scale[at])
        start = np.maximum(np.exp(low + part * (top - low)) - data.scale[at], v[at] * 1e-3)
        found.append((at, old_beta[at] + part[:, None] * (beta[at] - old_beta[at]), start))
        old_v, old_beta, old_slope = v, beta, slope
    rows, betas, variances = (np.concatenate(each) for each in zip(*found, strict=True))
    return rows, betas, variances


def _profile_slope(data: Groups, beta: np.ndarray, v: np.ndarray, evaluate: Evaluate) -> tuple[np.ndarray, np.ndarray]:
    """Beta that is best at these variances, from one close by, and the slope there by log(variance + scale).

    At a given variance both models have one best beta (their likelihoods are log-concave in the logit or the proportion),
    so that one path leads over all variances.
    """
    beta, slope, rows, part = beta.copy(), np.empty(len(v)), np.arange(len(v)), data
    factor = v + data.scale
    for _ in range(12):
        point = evaluate(part, beta[rows], v[rows])
        step, gain = _beta_step(point)
        along = point.score[:, -1] + np.einsum("rp,rp->r", step, point.hessian[:, :-1, -1])
        slope[rows] = along * factor[rows]
        step = np.where((gain < 0)[:, None], -step, step)  # away from the top the likelihood can bend up
        beta[rows] += np.clip(step, -1, 1)
        far = ~(np.abs(gain) < 0.01)
        if not far.any():
            break
        rows, part = rows[far], part.take(far)
    return beta, slope


def climb(data: Groups, point: Point, evaluate: Evaluate, enough: float) -> tuple[Point, np.ndarray, np.ndarray]:
    """Newton's method by (beta, log(variance + scale)) until the promised gain of a step falls below `enough`.

    Returns the points, whether each settled, and the gain that its first step promised. The log keeps the likelihood near
    a parabola for large variances, and the added scale down to variances of 0.
    """
    result = point.take(np.arange(len(point.v)))
    settled, rows = np.zeros(len(point.v), dtype=bool), np.arange(len(point.v))
    step, gain = _step(data, point)
    first, length = gain.copy(), np.ones(len(rows))
    part, here = data, point
    for _ in range(80):
        small = gain < enough
        settled[rows[small]] = True
        keep = ~small & (length > 1e-10)
        if not keep.any():
            break
        if not keep.all():
            rows, part, here = rows[keep], part.take(keep), here.take(keep)
            step, gain, length = step[keep], gain[keep], length[keep]
        trial = evaluate(part, *_moved(part, here, step * length[:, None]))
        # Close to the top the score is surer than the likelihood, whose last digits are rounding and (with few nodes) error.
        better = (gain < 0.02) | (trial.log >= here.log - 1e-13 * np.abs(here.log))
        length = np.where(better, 1.0, length / 4)
        here.put(better, trial.take(better))
        result.put(rows[better], trial.take(better))
        if better.any():
            step[better], gain[better] = _step(part.take(better), here.take(better))
    return result, settled, first


def _moved(data: Groups, here: Point, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    v = (here.v + data.scale) * np.exp(step[:, -1]) - data.scale
    return here.beta + step[:, :-1], np.maximum(v, here.v / 16)


def _step(data: Groups, here: Point) -> tuple[np.ndarray, np.ndarray]:
    """Newton step by (beta, log(variance + scale)), turned uphill where the likelihood bends up, and the gain it promises."""
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
    # Shortened as a whole: cut off coordinate by coordinate it could lead downhill.
    length = np.maximum(np.abs(step).max(1, keepdims=True) / 2, 1.0)
    return step / length, (along**2 / value).sum(1)


def highest(common: Point, rows: np.ndarray, point: Point) -> tuple[Point, np.ndarray]:
    """The highest point of each group, and which start it came from (-1: the common maximum, with a variance of 0).

    A variance above 0 has to be more likely than 0 by more than rounding.
    """
    best, origin = common.take(np.arange(len(common.v))), np.full(len(common.v), -1)
    for start in np.argsort(point.log, kind="stable"):  # the last to be written is the highest
        origin[rows[start]] = start
    at = np.flatnonzero(origin >= 0)
    lower = point.log[origin[at]] <= common.log[at] + 1e-11 * np.abs(common.log[at])
    origin[at[lower]] = -1
    at = np.flatnonzero(origin >= 0)
    best.put(at, point.take(origin[at]))
    return best, origin


def covariance(best: Point) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of beta and standard error of the variance, from the inverse of the observed information.

    Where the variance is 0 the information is that of beta alone and the variance has no standard error (nan).
    """
    p = best.beta.shape[1]
    inside = best.v > 0
    found, error = inverse(-best.hessian[:, :p, :p]), np.full(len(best.v), np.nan)
    whole = inverse(-best.hessian[inside])
    found[inside] = whole[:, :p, :p]
    error[inside] = np.sqrt(np.maximum(whole[:, p, p], 0))
    return found, error
