"""Intervals of proportions (four) and of their differences. Knows numbers, not topics."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtri

from synthesis.evidence.schema import CallError


def wilson(events: pd.Series, totals: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Wilson score interval of proportions.

    Parameters
    ----------
    events, totals : counts, 0 <= events <= totals. Where one is missing or they are impossible there is no interval.
    level : confidence level between 0 and 1.

    Returns columns ``low`` and ``high`` as proportions between 0 and 1, index as the input.
    Source: Wilson 1927, J Am Stat Assoc 22:209-212. Raises CallError for a level outside 0 to 1.
    """
    if not 0 < level < 1:
        raise CallError(f"The level lies between 0 and 1, such as 0.95; it is {level}.")
    x, n = np.asarray(events.astype("float64")), np.asarray(totals.astype("float64"))
    z = ndtri(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = x / n
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        low, high = np.where(x == 0, 0.0, centre - half), np.where(x == n, 1.0, centre + half)
    nothing = np.isnan(x) | (n == 0) | np.isnan(n)
    return pd.DataFrame(
        {"low": np.where(nothing, np.nan, low), "high": np.where(nothing, np.nan, high)}, index=events.index
    )


def newcombe(
    events: pd.Series, totals: pd.Series, other_events: pd.Series, other_totals: pd.Series, level: float = 0.95
) -> pd.DataFrame:
    """Difference of two independent proportions with Newcombe's hybrid score interval.

    Parameters
    ----------
    events, totals : counts of the first group; `other_events`, `other_totals`: of the second, with the same index.
    level : confidence level between 0 and 1.

    Returns columns ``difference`` (first less second), ``low``, ``high``, between -1 and 1, missing where either share
    is. The interval joins the two Wilson intervals and supposes that no one is in both groups.
    Source: method 10 of Newcombe 1998, Stat Med 17:873-890. Raises CallError for a level outside 0 to 1.
    """
    one, two = wilson(events, totals, level), wilson(other_events, other_totals, level)
    p = events.astype("float64") / totals.astype("float64").where(totals > 0)
    q = other_events.astype("float64") / other_totals.astype("float64").where(other_totals > 0)
    below = np.sqrt((p - one["low"]) ** 2 + (two["high"] - q) ** 2)
    above = np.sqrt((one["high"] - p) ** 2 + (q - two["low"]) ** 2)
    return pd.DataFrame({"difference": p - q, "low": p - q - below, "high": p - q + above})


def clopper_pearson(events: pd.Series, totals: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Exact interval of proportions, which covers at least as often as it says; parameters and columns as `wilson`.

    Source: Clopper and Pearson 1934, Biometrika 26:404-413, as quantiles of beta distributions.
    """
    return _from_beta(events, totals, level, (0.0, 1.0))


def jeffreys(events: pd.Series, totals: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Equal-tailed interval under Jeffreys' prior, with 0 and 1 as bounds for none and all; parameters as `wilson`.

    Source: Brown, Cai and DasGupta 2001, doi 10.1214/ss/1009213286.
    """
    return _from_beta(events, totals, level, (0.5, 0.5))


def _from_beta(events: pd.Series, totals: pd.Series, level: float, shift: tuple[float, float]) -> pd.DataFrame:
    """Bounds from two beta distributions: events plus `shift` for the lower and the upper bound."""
    x, n, possible = _counts(events, totals, level)
    low_shift, high_shift = shift
    with np.errstate(invalid="ignore"):
        low = betaincinv(x + low_shift, n - x + 1 - low_shift, 0.5 - level / 2)
        high = betaincinv(x + high_shift, n - x + 1 - high_shift, 0.5 + level / 2)
    low, high = np.where(x == 0, 0.0, low), np.where(x == n, 1.0, high)
    return pd.DataFrame(
        {"low": np.where(possible, low, np.nan), "high": np.where(possible, high, np.nan)}, index=events.index
    )


def agresti_coull(events: pd.Series, totals: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Adjusted Wald interval around Wilson's centre, cut off at 0 and 1; parameters and columns as `wilson`.

    Source: Agresti and Coull 1998, doi 10.1080/00031305.1998.10480550.
    """
    x, n, possible = _counts(events, totals, level)
    z = ndtri(0.5 + level / 2)
    p = (x + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(p * (1 - p) / (n + z**2))
    low, high = np.maximum(p - half, 0), np.minimum(p + half, 1)
    return pd.DataFrame(
        {"low": np.where(possible, low, np.nan), "high": np.where(possible, high, np.nan)}, index=events.index
    )


def _counts(events: pd.Series, totals: pd.Series, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts as numbers, 0 of 1 where they are missing or impossible, and where they are neither."""
    if not 0 < level < 1:
        raise CallError(f"The level lies between 0 and 1, such as 0.95; it is {level}.")
    x, n = np.asarray(events.astype("float64")), np.asarray(totals.astype("float64"))
    possible = (x >= 0) & (x <= n) & (n > 0)
    return np.where(possible, x, 0.0), np.where(possible, n, 1.0), possible
