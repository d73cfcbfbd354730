"""Maxima of the binomial-normal likelihood of many groups at once: where to start, Newton's method, enough nodes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from synthesis.binomial_normal import Marginal, marginal

#: Nodes to climb with, then to check and mend with: a group goes on as long as more nodes still move it.
LADDER = (9, 21, 63, 401)
#: Variances at which the slope of the likelihood is looked at for further maxima, and the nodes used there.
GRID, GRID_NODES = 8, 5
#: A rung is the last if it changed a group's log likelihood by less than this: the error falls at least with the square
#: from rung to rung, so what is left is below 1e-10.
ALIKE = 1e-5


@dataclass
class Groups:
    """Groups as rows: events and totals (R, k), design (R, k, p); `scale` (R,) is a typical variance of a logit."""

    x: np.ndarray
    n: np.ndarray
    design: np.ndarray
    scale: np.ndarray

    def take(self, rows: np.ndarray) -> Groups:
        return Groups(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass
class Point:
    """Where each row stands: beta (R, p), tau2 (R,), with log likelihood, score and Hessian by (beta, tau2) there."""

    beta: np.ndarray
    v: np.ndarray
    log: np.ndarray
    score: np.ndarray
    hessian: np.ndarray
    studies: Marginal | None = None

    def put(self, rows: np.ndarray, other: Point) -> None:
        for name in ("beta", "v", "log", "score", "hessian"):
            getattr(self, name)[rows] = getattr(other, name)

    def take(self, rows: np.ndarray) -> Point:
        return Point(self.beta[rows], self.v[rows], self.log[rows], self.score[rows], self.hessian[rows])


def weighted_fit(design: np.ndarray, w: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weighted = design * w[:, :, None]
    beta = np.einsum("rpq,rq->rp", inverse(np.swapaxes(weighted, 1, 2) @ design), np.einsum("rkp,rk->rp", weighted, y))
    return beta, np.einsum("rkp,rp->rk", design, beta)


def inverse(matrices: np.ndarray) -> np.ndarray:
    """Inverses of symmetric matrices (R, p, p); one number each is divided by, which is many times faster."""
    if matrices.shape[-1] > 1:
        return np.linalg.pinv(matrices, hermitian=True)
    return np.divide(1.0, matrices, out=np.zeros_like(matrices), where=matrices != 0)


def logits(data: Groups) -> tuple[np.ndarray, np.ndarray]:
    """Logits and their variances with a half added where a study has none or all; an absent study has infinite variance."""
    half = np.where((data.x == 0) | (data.x == data.n), 0.5, 0.0)
    x, rest = data.x + half, data.n - data.x + half
    return np.log(x / rest), np.where(data.n > 0, 1 / x + 1 / rest, np.inf)


def evaluate(data: Groups, beta: np.ndarray, v: np.ndarray, nodes: int, around=None) -> Point:
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
    return Point(beta, v, flat.log.reshape(rows, k).sum(1), score, hessian, flat)


def fit_groups(data: Groups, rungs: tuple[int, ...]) -> tuple[Point, Point, np.ndarray, np.ndarray]:
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


def _common(data: Groups) -> tuple[Point, np.ndarray]:
    """Maximum with tau2 = 0: logistic regression by Newton's method, exact at once for the intercept alone."""
    y, variance = logits(data)
    beta, _ = weighted_fit(data.design, 1 / variance, y)
    if data.design.shape[2] == 1 and np.all(data.design == 1):
        share = data.x.sum(1) / data.n.sum(1)
        beta = np.log(share / (1 - share))[:, None]
    zero = np.zeros(len(beta))
    point = evaluate(data, beta, zero, 1)
    settled = np.zeros(len(beta), dtype=bool)
    for _ in range(60):
        step = np.einsum("rpq,rq->rp", inverse(-point.hessian[:, :-1, :-1]), point.score[:, :-1])
        gain = np.einsum("rp,rp->r", step, point.score[:, :-1])
        settled = gain < 1e-14 * (1 + np.abs(point.log))
        if settled.all():
            break
        shorter = 1 / np.maximum(np.abs(np.einsum("rkp,rp->rk", data.design, step)).max(1), 1.0)
        point = evaluate(data, point.beta + step * np.where(settled, 0, shorter)[:, None], zero, 1)
    return point, settled


def _starts(data: Groups, common: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, betas and variances to climb from: wherever the profile's slope by tau2 turns from up to down."""
    y, _ = logits(data)
    spread = np.where(data.n > 0, (y - weighted_fit(data.design, 1.0 * (data.n > 0), y)[1]) ** 2, 0.0).max(1)
    high = np.maximum(4 * spread, 4 * data.scale)
    grid = np.exp(np.linspace(np.log(data.scale / 30), np.log(high), GRID))
    old_v, old_beta, old_slope = np.zeros(len(high)), common.beta, common.score[:, -1] * data.scale
    found = []
    for level, v in enumerate(grid):
        beta, slope = _profile_slope(data, old_beta, v)
        turns = (old_slope > 0) & ((slope <= 0) | (level == GRID - 1))
        at = np.flatnonzero(turns)
        part = np.where(slope[at] < 0, old_slope[at] / (old_slope[at] - slope[at]), 1.0)
        low, top = np.log(old_v[at] + data.scale[at]), np.log(v[at] + data.scale[at])
        start = np.maximum(np.exp(low + part * (top - low)) - data.scale[at], v[at] * 1e-3)
        found.append((at, old_beta[at] + part[:, None] * (beta[at] - old_beta[at]), start))
        old_v, old_beta, old_slope = v, beta, slope
    rows, betas, starts = (np.concatenate(each) for each in zip(*found, strict=True))
    return rows, betas, starts


def _profile_slope(data: Groups, beta: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Beta that is best at these variances, from one close by, and the slope there by log(tau2 + scale).

    At a given tau2 the likelihood is log-concave in beta, so that one path of best betas leads over all variances.
    """
    beta, slope, rows, part = beta.copy(), np.empty(len(v)), np.arange(len(v)), data
    for _ in range(12):
        point = evaluate(part, beta[rows], v[rows], GRID_NODES)
        step = np.einsum("rpq,rq->rp", inverse(-point.hessian[:, :-1, :-1]), point.score[:, :-1])
        gain = np.einsum("rp,rp->r", step, point.score[:, :-1])
        slope[rows] = (point.score[:, -1] + np.einsum("rp,rp->r", step, point.hessian[:, :-1, -1])) * (v + data.scale)[
            rows
        ]
        beta[rows] += np.clip(step, -1, 1)
        far = ~(gain < 0.01)
        if not far.any():
            break
        rows, part = rows[far], part.take(far)
    return beta, slope


def _climb(data: Groups, beta, v, rungs) -> tuple[Point, np.ndarray, np.ndarray]:
    """Newton's method on every row with the first rung's nodes, then with more for the rows that more still move."""
    done = Point(beta.copy(), v.copy(), *_blank(beta))
    used, fine = np.full(len(v), rungs[0]), np.zeros(len(v), dtype=bool)
    rows, around = np.arange(len(v)), None
    for nodes in rungs:
        part = data.take(rows)
        before = done.log[rows]
        first = evaluate(part, done.beta[rows], done.v[rows], nodes, around)
        point, settled, moved = _newton(part, first, nodes, 1e-14 if nodes == rungs[-1] or nodes > rungs[0] else 1e-8)
        done.put(rows, point)
        used[rows], fine[rows] = nodes, settled
        alike = np.abs(point.log - before) < ALIKE + 1e-14 * np.abs(point.log)
        rows = rows[moved | ~alike]
        if not len(rows):
            break
    return done, used, fine


def _blank(beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, p = beta.shape
    return np.full(rows, -np.inf), np.zeros((rows, p + 1)), np.zeros((rows, p + 1, p + 1))


def _newton(data: Groups, point: Point, nodes: int, enough: float) -> tuple[Point, np.ndarray, np.ndarray]:
    """Climb to a maximum by (beta, log(tau2 + scale)); returns the point, whether it settled, whether it had to move.

    The log keeps the likelihood near a parabola for large variances, and the added scale down to variances of 0.
    """
    result = point.take(np.arange(len(point.v)))
    settled, moved = np.zeros(len(point.v), dtype=bool), np.zeros(len(point.v), dtype=bool)
    rows, step, gain = np.arange(len(point.v)), *_step(data, point)
    length = np.ones(len(rows))
    moved[:] = gain > ALIKE / 10
    part, here = data, point
    for _ in range(80):
        small = gain < enough
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
        trial = evaluate(part, beta, v, nodes)
        better = (gain < 1e-6) | (trial.log >= here.log - 1e-13 * np.abs(here.log))  # close by, the score is surer
        length = np.where(better, 1.0, length / 4)
        here.put(better, trial.take(better))
        result.put(rows[better], trial.take(better))
        if better.any():
            step[better], gain[better] = _step(part.take(better), here.take(better))
    return result, settled, moved


def _moved(data: Groups, here: Point, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    v = (here.v + data.scale) * np.exp(step[:, -1]) - data.scale
    return here.beta + step[:, :-1], np.maximum(v, here.v / 16)


def _step(data: Groups, here: Point) -> tuple[np.ndarray, np.ndarray]:
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
