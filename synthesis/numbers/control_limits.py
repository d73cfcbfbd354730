"""Control limits of proportions: how far a share may lie from a target by chance, and beyond chance. Knows numbers, not topics.

Source: Spiegelhalter 2005, Stat Med 24:1185-1202, doi 10.1002/sim.1970; for overdispersion also Spiegelhalter 2005,
Qual Saf Health Care 14:347-351, doi 10.1136/qshc.2005.013755, which prefers the additive form that is used here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, ndtri

from synthesis.evidence.schema import SynthesisError


@dataclass(frozen=True)
class Overdispersion:
    """How much more units differ than chance allows: ``phi`` (1 = as chance) and ``tau``, on the arcsine scale, of k units."""

    k: int
    phi: float
    tau: float
    winsorised: float


def binomial_limits(target: float, totals: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact binomial limits around a target proportion, as proportions between 0 and 1.

    Parameters
    ----------
    target : the proportion that every unit is compared with, between 0 and 1.
    totals : sizes of the units, above 0; the limits have its shape.
    level : share of units between the limits where only chance is at work, such as 0.95 or 0.998.

    Between two counts the limit is interpolated by their cumulative probabilities, so that the line is smooth
    (Spiegelhalter 2005, appendix A.1.1). Raises SynthesisError for a target or level that does not lie between 0 and 1.
    """
    _check(target, level)
    n = np.asarray(totals, dtype=float)
    tail = (1 - level) / 2
    low, high = (_interpolated(target, n, p) for p in (tail, 1 - tail))
    return np.clip(low / n, 0, 1), np.clip(high / n, 0, 1)


def _interpolated(target: float, n: np.ndarray, p: float) -> np.ndarray:
    """Count below which a binomial variable lies with probability p, interpolated between whole counts."""
    below, above = np.full(n.shape, -1.0), n.copy()
    # Bisection for the smallest count whose cumulative probability exceeds p: the same for one unit and for a million.
    while np.any(above - below > 1):
        middle = np.floor((below + above) / 2)
        open_ = above - below > 1
        over = bdtr(np.maximum(middle, 0), n.astype(int), target) > p
        above, below = np.where(open_ & over, middle, above), np.where(open_ & ~over, middle, below)
    at = bdtr(above, n.astype(int), target)
    before = np.where(above > 0, bdtr(np.maximum(above - 1, 0), n.astype(int), target), 0.0)
    return above - (at - p) / (at - before)


def overdispersion(events: np.ndarray, totals: np.ndarray, target: float, winsorise: float = 0.1) -> Overdispersion:
    """How much the proportions differ from the target beyond chance, whatever single units do.

    Parameters
    ----------
    events, totals : counts of the units, shape (k,), totals above 0.
    target : the proportion they are compared with, between 0 and 1.
    winsorise : share of the units at each end whose deviation is set to that of the next, from 0 to below a half.

    Deviations are taken on the arcsine scale, where their variance does not depend on the target. ``tau`` is the method
    of moments (DerSimonian and Laird) on the winsorised deviations, 0 where they are no larger than chance makes them.
    Raises SynthesisError for fewer than two units or a share out of range.
    """
    _check(target, 0.5)
    if not 0 <= winsorise < 0.5:
        raise SynthesisError(f"The share set to the next unit's lies from 0 to below 0.5; it is {winsorise}.")
    x, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    if len(x) < 2:
        raise SynthesisError(f"Overdispersion needs at least two units; there are {len(x)}.")
    z = deviations(x, n, target)
    z = np.clip(z, *np.quantile(z, [winsorise, 1 - winsorise]))
    k, phi, weights = len(z), float(np.mean(z**2)), 4 * n
    tau2 = (k * phi - (k - 1)) / (weights.sum() - np.sum(weights**2) / weights.sum())
    return Overdispersion(k, phi, float(np.sqrt(max(0.0, tau2))), winsorise)


def deviations(events: np.ndarray, totals: np.ndarray, target: float, tau: float = 0.0) -> np.ndarray:
    """Distance of each proportion from the target in standard errors, on the arcsine scale; `tau` widens them."""
    n = np.asarray(totals, dtype=float)
    away = np.arcsin(np.sqrt(np.asarray(events, dtype=float) / n)) - np.arcsin(np.sqrt(target))
    return np.asarray(away / np.sqrt(1 / (4 * n) + tau**2))


def overdispersed_limits(target: float, totals: np.ndarray, level: float, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits widened by the spread between units that is usual beyond chance, as proportions between 0 and 1.

    Parameters
    ----------
    target, totals, level : as in `binomial_limits`.
    tau : standard deviation between units on the arcsine scale, from `overdispersion`; 0 gives limits of chance alone.
    """
    _check(target, level)
    half = ndtri(0.5 + level / 2) * np.sqrt(1 / (4 * np.asarray(totals, dtype=float)) + tau**2)
    centre = np.arcsin(np.sqrt(target))
    low, high = np.clip(centre - half, 0, np.pi / 2), np.clip(centre + half, 0, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def _check(target: float, level: float) -> None:
    for name, value in (("target", target), ("level", level)):
        if not 0 < value < 1:
            raise SynthesisError(f"The {name} lies between 0 and 1; it is {value}.")
