"""Likelihood of binomial counts whose logits vary normally: one integral a study, by adaptive Gauss-Hermite quadrature.

A study's events are binomial with logit ``centre + tau * z``, z standard normal. Its likelihood m is the integral over z.
The normal density solves the heat equation, so every derivative of m by tau squared is a derivative by the centre, and
those have two forms as means over the study's conditional distribution: of the binomial's own derivatives (sound down to
tau squared of 0) and of Hermite polynomials of z over powers of tau (sound for samples of millions). Each study takes
the form that loses no digits, so that Newton's method needs no numerical differences anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import gammaln, roots_hermite

#: Studies a block: all nodes of a block stay in the processor's cache, and memory does not grow with the number of studies.
BLOCK = 1024
#: Above this many nodes they are equally spaced (trapezoid rule over 12 conditional sds each side). A study with no events
#: under a large variance has a one-sided integrand, on which Gauss-Hermite converges slowly and equal spacing fast.
MOST_HERMITE = 127


@dataclass
class Marginal:
    """Log likelihood a study (without the binomial coefficient), its derivatives, and the conditional mean and sd of z.

    ``d1, d11`` are by the centre of the logits, ``dv, dvv`` by tau squared, ``d1v`` by both.
    """

    log: np.ndarray
    d1: np.ndarray
    d11: np.ndarray
    dv: np.ndarray
    d1v: np.ndarray
    dvv: np.ndarray
    z: np.ndarray
    sd: np.ndarray


@cache
def _rule(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes on the scale of a standard normal, and their log weights with the kernel divided out."""
    if nodes > MOST_HERMITE:
        t, step = np.linspace(-12, 12, nodes, retstep=True)
        return t[:, None], np.full((nodes, 1), np.log(step) - np.log(2 * np.pi) / 2)
    t, weight = roots_hermite(nodes)
    return (np.sqrt(2) * t)[:, None], (np.log(weight) + t**2 - np.log(np.pi) / 2)[:, None]


def log_coefficient(events: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Logarithm of the binomial coefficient, which the programs count into the log likelihood."""
    return gammaln(totals + 1) - gammaln(events + 1) - gammaln(totals - events + 1)


def binomial_log(events: np.ndarray, totals: np.ndarray, logit: np.ndarray) -> np.ndarray:
    """Log likelihood of counts at a logit, without the coefficient, with no overflow at any logit."""
    return events * logit - totals * (np.maximum(logit, 0) + np.log1p(np.exp(-np.abs(logit))))


def conditional_mode(
    events: np.ndarray, totals: np.ndarray, centre: np.ndarray, tau: np.ndarray, tolerance: float = 1e-9
) -> tuple[np.ndarray, np.ndarray]:
    """Most likely z of each study and the curvature there (1 where tau is 0), to `tolerance` conditional sds.

    Newton's method with the step shortened to log(1 + step) on the logit scale, which for logistic likelihoods can never
    overshoot into a cycle (their third derivative is at most the second).
    """
    half = events + 0.5
    rest = totals - events + 0.5
    z = tau * (np.log(half / rest) - centre) / (tau**2 + 1 / half + 1 / rest)
    floor = np.where(tau > 0, tau, 1.0)
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(centre + tau * z, -700, 700)))
        curvature = 1 + tau**2 * totals * p * (1 - p)
        step = (tau * (events - totals * p) - z) / curvature
        logit_step = np.abs(tau * step)
        z = z + np.where(logit_step > 1e-8, np.sign(step) * np.log1p(logit_step) / floor, step)
        if np.max(np.abs(step) * np.sqrt(curvature), initial=0.0) < tolerance:
            break
    p = 1 / (1 + np.exp(-np.clip(centre + tau * z, -700, 700)))
    return z, 1 + tau**2 * totals * p * (1 - p)


def marginal(
    events: np.ndarray,
    totals: np.ndarray,
    centre: np.ndarray,
    tau2: np.ndarray,
    nodes: int,
    around: tuple[np.ndarray, np.ndarray] | None = None,
) -> Marginal:
    """Log likelihood of every study and its derivatives.

    Parameters
    ----------
    events, totals, centre, tau2 : one-dimensional arrays of one length, a study an element.
    nodes : quadrature nodes a study; 1 is the Laplace approximation, with the exact derivatives of the approximation.
    around : centre and spread of the nodes in z, from an earlier call close by; without it, mode and curvature.
    """
    parts, width = [], max(1, BLOCK * 401 // max(nodes, 401))
    for start in range(0, max(len(events), 1), width):
        at = slice(start, start + width)
        near = None if around is None else (around[0][at], around[1][at])
        block = (events[at], totals[at], centre[at], tau2[at])
        parts.append(_laplace(*block) if nodes == 1 else _block(*block, nodes, near))
    return Marginal(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _block(events, totals, centre, tau2, nodes, around) -> tuple[np.ndarray, ...]:
    tau = np.sqrt(tau2)
    if around is None and nodes > MOST_HERMITE:
        middle, spread = _block(events, totals, centre, tau2, 63, None)[-2:]
    elif around is None:
        middle, curvature = conditional_mode(events, totals, centre, tau, 0.01)  # the nodes need no more
        spread = 1 / np.sqrt(curvature)
    else:
        middle, spread = around
    t, log_weight = _rule(nodes)
    z = middle + spread * t
    logit = centre + tau * z
    shrink = np.exp(-np.abs(logit))
    log = events * logit - totals * (np.maximum(logit, 0) + np.log1p(shrink)) - z**2 / 2 + log_weight
    top = log.max(axis=0)
    weight = np.exp(log - top)
    total = weight.sum(axis=0)
    weight /= total
    p = np.where(logit >= 0, 1.0, shrink) / (1 + shrink)
    first = np.einsum("qn,qn->n", weight, z)
    second = np.einsum("qn,qn->n", weight, (z - first) ** 2)
    ratios = np.empty((4, len(events)))  # m', m'', m''', m'''' over m
    wide = tau2 * np.einsum("qn,qn->n", weight, p * (1 - p)) * totals > 1
    ratios[:, wide] = _by_position(z[:, wide], weight[:, wide], tau[wide])
    near = ~wide
    ratios[:, near] = _by_residual(events[near], totals[near], p[:, near], weight[:, near])
    r1, r2, r3, r4 = ratios
    return (
        top + np.log(total) + np.log(spread),
        r1,
        r2 - r1**2,
        r2 / 2,
        (r3 - r2 * r1) / 2,
        (r4 - r2**2) / 4,
        first,
        np.sqrt(second),
    )


def _by_position(z: np.ndarray, weight: np.ndarray, tau: np.ndarray) -> np.ndarray:
    square = z * z
    polynomials = (z, square - 1, z * (square - 3), square * (square - 6) + 3)
    return np.stack([np.einsum("qn,qn->n", weight, h) / tau**j for j, h in enumerate(polynomials, 1)])


def _by_residual(events: np.ndarray, totals: np.ndarray, p: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r = events - totals * p
    pq = p * (1 - p)
    w = totals * pq
    w1 = w * (1 - 2 * p)
    w2 = w * (1 - 6 * pq)
    square = r * r
    ratios = (
        r,
        square - w,
        r * (square - 3 * w) - w1,
        square * (square - 6 * w) + 3 * w * w - 4 * r * w1 - w2,
    )
    return np.stack([np.einsum("qn,qn->n", weight, each) for each in ratios])


def _laplace(events, totals, centre, tau2) -> tuple[np.ndarray, ...]:
    """As `_block` for the Laplace approximation: h(mode) - log(H)/2, with the mode and H moving with the parameters."""
    tau = np.sqrt(tau2)
    z, h = conditional_mode(events, totals, centre, tau)
    logit = centre + tau * z
    p = 1 / (1 + np.exp(-np.clip(logit, -700, 700)))
    pq = p * (1 - p)
    r, w, w1, w2 = events - totals * p, totals * pq, totals * pq * (1 - 2 * p), totals * pq * (1 - 6 * pq)
    by_c, by_v = 1 / h, r / h  # of the mode's logit
    h_c, h_v = tau2 * w1 * by_c, w + tau2 * w1 * by_v
    d11 = -w * by_c - tau2 * (w2 * by_c / h**2 - 2 * w1 * h_c / h**3) / 2
    d1v = -w * by_v - (w1 / h**2 + tau2 * w2 * by_v / h**2 - 2 * tau2 * w1 * h_v / h**3) / 2
    bend = w1 * by_v / h - w * h_v / h**2 + w1 * r / h**2 - 2 * tau2 * w1 * r * h_v / h**3
    bend += tau2 * (w2 * r - w1 * w) * by_v / h**2
    return (
        binomial_log(events, totals, logit) - z**2 / 2 - np.log(h) / 2,
        r - tau2 * w1 / h**2 / 2,
        d11,
        (r**2 - w / h - tau2 * w1 * r / h**2) / 2,
        d1v,
        -r * w * by_v - bend / 2,
        z,
        1 / np.sqrt(h),
    )
