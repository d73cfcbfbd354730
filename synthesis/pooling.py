"""Models that combine proportions. It knows numbers, not topics: what may be pooled is decided in `prevalence`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import chdtrc, expit, stdtrit  # scipy.stats gives the same and takes twice as long to load

from synthesis.schema import CallError, SynthesisError


@dataclass(frozen=True)
class Pooled:
    """Random-effects summary of proportions. Estimates and intervals are proportions between 0 and 1; tau2 is on the logit scale."""

    k: int
    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    tau2: float
    i2: float
    q: float
    q_p: float
    model: str = "inverse-variance"
    transform: str = "logit"
    tau2_method: str = "reml"
    interval: str = "hartung-knapp"

    def table(self) -> pd.DataFrame:
        """The result as a table of one row."""
        return pd.DataFrame([asdict(self)])


def pool(events: Sequence[float], totals: Sequence[float], level: float = 0.95) -> Pooled:
    """Pool proportions on the logit scale: inverse variance, REML, Hartung-Knapp, and a prediction interval.

    Parameters
    ----------
    events, totals : counts of at least two independent studies, 0 <= events <= totals.
    level : level of both intervals.

    A half is added to events and non-events of studies with none or all only. The interval is Hartung and Knapp's, with
    t and k-1 degrees of freedom; the prediction interval uses the same quantile. I2 comes from the general formula (tau2
    over tau2 plus typical variance). The same as metafor's ``rma(measure="PLO", method="REML", test="knha")``; for the
    methods see Viechtbauer 2010, doi 10.18637/jss.v036.i03, and Knapp and Hartung 2003, doi 10.1002/sim.1482.

    Raises SynthesisError for fewer than two studies or impossible counts, CallError for an impossible level.
    """
    x, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    if len(x) != len(n):
        raise SynthesisError(f"Each study has events and a total; there are {len(x)} events and {len(n)} totals.")
    if len(x) < 2:
        raise SynthesisError(f"Pooling needs at least two studies with both counts; there are {len(x)}.")
    if not 0 < level < 1:
        raise CallError(f"The level lies between 0 and 1, such as 0.95; it is {level}.")
    if not (np.all(x >= 0) and np.all(x <= n) and np.all(n > 0)):
        raise SynthesisError("Events lie between 0 and their totals, and totals above 0.")
    half = np.where((x == 0) | (x == n), 0.5, 0.0)
    x, n = x + half, n + 2 * half
    y, v, k = np.log(x / (n - x)), 1 / x + 1 / (n - x), len(x)
    tau2 = _reml(y, v)
    w = 1 / (v + tau2)
    mean = np.sum(w * y) / np.sum(w)
    variance = np.sum(w * (y - mean) ** 2) / ((k - 1) * np.sum(w))
    quantile = stdtrit(k - 1, 0.5 + level / 2)
    fixed = 1 / v
    q = float(np.sum(fixed * (y - np.sum(fixed * y) / fixed.sum()) ** 2))
    typical = (k - 1) * fixed.sum() / (fixed.sum() ** 2 - np.sum(fixed**2))
    ci, pi = quantile * np.sqrt(variance), quantile * np.sqrt(variance + tau2)
    estimate, ci_low, ci_high, pi_low, pi_high = (
        float(p) for p in expit([mean, mean - ci, mean + ci, mean - pi, mean + pi])
    )
    i2 = 100 * tau2 / (tau2 + typical)
    return Pooled(k, estimate, ci_low, ci_high, pi_low, pi_high, tau2, i2, q, float(chdtrc(k - 1, q)))


def _reml(y: np.ndarray, v: np.ndarray) -> float:
    """Between-study variance that maximises the restricted likelihood (the highest of its maxima, 0 included)."""

    def score(tau2: float) -> float:
        w = 1 / (v + tau2)
        residual = y - np.sum(w * y) / w.sum()
        return float(np.sum(w**2 * residual**2) - w.sum() + np.sum(w**2) / w.sum())

    def likelihood(tau2: float) -> float:
        w = 1 / (v + tau2)
        residual = y - np.sum(w * y) / w.sum()
        return float(np.sum(np.log(w)) - np.log(w.sum()) - np.sum(w * residual**2)) / 2

    top = 10 * max(np.var(y), float(v.max()), 1e-12)
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, 60)])
    slopes = np.array([score(each) for each in grid])
    falls = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    # The absolute tolerance goes with the scale: with millions of people a study, tau2 itself is near 1e-6.
    maxima = [0.0] + [float(brentq(score, grid[i], grid[i + 1], xtol=1e-16 * top, rtol=1e-13)) for i in falls]
    return max(maxima, key=likelihood)
