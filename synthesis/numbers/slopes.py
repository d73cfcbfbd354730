"""Slopes that a few odd values do not move: Theil and Sen, also within stretches between breaks. Knows numbers, not topics."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from synthesis.evidence.schema import SynthesisError


@dataclass(frozen=True)
class Slope:
    """Change per unit of time with its interval; the interval is missing where too few pairs of times can be compared."""

    slope: float
    low: float
    high: float
    pairs: int


def median_slope(
    times: np.ndarray, values: np.ndarray, stretch: np.ndarray | None = None, level: float = 0.95
) -> Slope:
    """Median of the slopes between any two points (Theil-Sen), with the interval that Kendall's test gives.

    Parameters
    ----------
    times, values : shape (n,), each time once; a missing value is left out.
    stretch : shape (n,): only points with the same mark are compared with each other; default all with all.
    level : confidence level between 0 and 1.

    A single odd value moves the slope little, and a step between two stretches not at all. The interval turns round
    Kendall's test (of the sum over stretches), with its exact distribution, so that its level is at least `level`; it
    needs five points in one stretch, or as many comparisons over several. It takes the points around the line to be
    independent and alike. Without any pair all is missing.
    Sources: Sen 1968, J Am Stat Assoc 63:1379-1389; Hirsch, Slack and Smith 1982, Water Resour Res 18:107-121.
    Raises SynthesisError for a level outside 0 to 1 or times that are given twice.
    """
    if not 0 < level < 1:
        raise SynthesisError(f"The level lies between 0 and 1, such as 0.95; it is {level}.")
    t, y = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    mark = np.zeros(len(t)) if stretch is None else np.asarray(stretch)
    known = ~np.isnan(y)
    t, y, mark = t[known], y[known], mark[known]
    if len(np.unique(t)) < len(t):
        raise SynthesisError("Each time is given once; some are there twice.")
    first, second = np.triu_indices(len(t), 1)
    alike = mark[first] == mark[second]
    first, second = first[alike], second[alike]
    slopes = np.sort((y[second] - y[first]) / (t[second] - t[first]))
    if not len(slopes):
        return Slope(np.nan, np.nan, np.nan, 0)
    sizes = tuple(sorted(int(size) for size in np.unique(mark, return_counts=True)[1] if size > 1))
    outside = _pairs_outside(sizes, level)
    low, high = (slopes[outside], slopes[-1 - outside]) if outside >= 0 else (np.nan, np.nan)
    return Slope(float(np.median(slopes)), float(low), float(high), len(slopes))


@functools.lru_cache(maxsize=1000)
def _pairs_outside(sizes: tuple[int, ...], level: float) -> int:
    """How many slopes lie beyond each end of the interval; -1 where even all of them hold too little."""
    counts = np.ones(1)
    for size in sizes:
        for length in range(2, size + 1):
            counts = np.convolve(counts, np.ones(length))  # pairs in falling order, over all orders of the points
    return int(np.sum(np.cumsum(counts) / counts.sum() <= (1 - level) / 2)) - 1
