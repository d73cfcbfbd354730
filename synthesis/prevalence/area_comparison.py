"""England's authorities beside each other in a year: partial pooling and control limits.

All of it speaks of chance. Between authorities, recording differs more than chance does, and nothing here can tell the
two apart: what lies far off is a reason to ask how it was recorded, not a finding about families.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.numbers.control_limits import binomial_limits, deviations, overdispersed_limits, overdispersion
from synthesis.pooling.glmm import conditional_modes, fit_glmm
from synthesis.prevalence.areas import area_series

#: What an authority is drawn towards.
TOWARDS = ("country", "region")
#: Control limits, as the level between them and the end of their columns' names.
LEVELS = {0.95: "95", 0.998: "998"}
#: Fewer authorities say too little about how much authorities differ.
COMPARE_FROM = 5


def area_estimates(
    evidence: Evidence,
    factor: str = "parent_mental_health",
    year: int | None = None,
    towards: str = "country",
) -> pd.DataFrame:
    """Partially pooled share of each authority: small returns lean on the others, large ones stand for themselves.

    Parameters
    ----------
    factor : a word of the vocabulary ``factor``.
    year : a year of the series; default its last.
    towards : ``country``, all authorities around one mean; ``region``, around the mean of their region (a fixed effect a
        region, one spread within regions).

    Logistic regression with a random intercept an authority (`glmm.fit_glmm`, adaptive Gauss-Hermite quadrature). The
    estimate is the conditional mode; its 95 % interval adds the uncertainty of the mean to the conditional variance
    (normal on the logit scale) and leaves that of the spread out, which many authorities make small.

    Returns a row an authority, with a figure or not: ``year, area_code, area_name, region, factor,
    episodes_with_factor, episodes_assessed, state, percent, ci_low, ci_high`` (as in `area_series`), ``estimate,
    estimate_low, estimate_high, mean`` (percent scale; the mean is that of the median authority it is drawn towards),
    ``own_weight`` (0 to 1: how far its own figure decides), ``tau`` (between authorities, logit scale), ``towards``
    and ``remark``. Authorities without a figure have no estimate: nothing is known of them. Where fewer than five have
    a figure, or none or all episodes the factor, nothing is estimated and the remark says so. Raises CallError for
    an unknown factor, year or word.
    """
    if towards not in TOWARDS:
        raise CallError(f"Authorities are drawn towards {' or '.join(TOWARDS)}; it is {towards!r}.")
    table, seen, x, n = _authorities(evidence, factor, year)
    table = table.assign(**dict.fromkeys(_ESTIMATED, np.nan), towards=towards)
    if not len(x):
        return table[list(_ESTIMATES)]
    mu, variance, tau = _means(x, n, table.loc[seen, "region"], towards)
    mode, sd = conditional_modes(x, n, mu, np.array(tau**2))
    # Where tau is 0 all share the mean; the weight of the own figure is how far the conditional variance falls below tau's.
    weight = 1 - (sd / tau) ** 2 if tau > 0 else np.zeros(len(x))
    half = ndtri(0.975) * np.sqrt(sd**2 + (1 - weight) ** 2 * variance)
    for name, value in {
        "estimate": mode, "estimate_low": mode - half, "estimate_high": mode + half, "mean": mu,
    }.items():  # fmt: skip
        table.loc[seen, name] = 100 * expit(value)
    table.loc[seen, "own_weight"] = weight
    return table.assign(tau=tau)[list(_ESTIMATES)]


_ESTIMATED = ("estimate", "estimate_low", "estimate_high", "mean", "own_weight", "tau")
_ESTIMATES = (
    "year", "area_code", "area_name", "region", "factor", "episodes_with_factor", "episodes_assessed", "state", "percent",
    "ci_low", "ci_high", "estimate", "estimate_low", "estimate_high", "mean", "own_weight", "tau", "towards", "remark",
)  # fmt: skip


def _authorities(
    evidence: Evidence, factor: str, year: int | None
) -> tuple[pd.DataFrame, pd.Series, np.ndarray, np.ndarray]:
    """Authorities of one year, which of them have a figure, and their counts: none where they cannot be compared."""
    series = area_series(evidence, factor, "local_authority")
    if len(series):
        year = int(series["year"].max()) if year is None else year
        if year not in set(series["year"]):
            first, last = series["year"].min(), series["year"].max()
            raise CallError(f"There are no figures of {year}; there are those of {first} to {last}.")
    table = series[series["year"] == year].reset_index(drop=True)
    seen = table["percent"].notna()
    x, n = (table.loc[seen, name].to_numpy(dtype=float) for name in ("episodes_with_factor", "episodes_assessed"))
    why = ""
    if len(x) < COMPARE_FROM:
        why = f"Not compared: only {len(x)} authorities have a figure, at least {COMPARE_FROM} are needed."
    elif x.sum() in (0, n.sum()):
        why = "Not compared: none or all of the episodes have the factor."
    if why:
        table["remark"] = (table["remark"].astype("str").fillna("") + " " + why).str.strip()
        return table, seen & False, x[:0], n[:0]
    return table, seen, x, n


def _means(x: np.ndarray, n: np.ndarray, regions: pd.Series, towards: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Logit that each authority is drawn towards, its variance, and the standard deviation between authorities."""
    design = np.ones((len(x), 1))
    if towards == "region":
        # The first column of ones stays, as the model asks; the other regions are differences from the first one.
        dummies = pd.get_dummies(regions, drop_first=True, dtype=float).to_numpy()
        design = np.column_stack([design, dummies])
    fit = fit_glmm(x, n, design=design)
    mu = design @ fit.coefficients[0]
    variance = np.einsum("kp,pq,kq->k", design, fit.covariance[0], design)
    return mu, variance, float(np.sqrt(fit.tau2[0]))


def area_funnel(
    evidence: Evidence, factor: str = "parent_mental_health", year: int | None = None, winsorise: float = 0.1
) -> pd.DataFrame:
    """Each authority against control limits around the common share, of chance alone and widened for overdispersion.

    Parameters
    ----------
    factor : a word of the vocabulary ``factor``.
    year : a year of the series; default its last.
    winsorise : share of authorities at each end whose deviation is set to the next one's when the spread is estimated.

    The target is the share over all returns with a figure. Limits of chance are exact binomial ones; the adjusted limits
    add the spread between authorities (additive random effects on the arcsine scale, winsorised, Spiegelhalter 2005; see
    `control_limits`). Where ``phi`` is far above 1, most authorities lie outside the limits of chance: then chance is no
    explanation of their differences, and only the adjusted limits set single ones apart.

    Returns a row an authority, with a figure or not: ``year, area_code, area_name, region, factor,
    episodes_with_factor, episodes_assessed, state, percent, target, low_95, high_95, low_998, high_998`` (percent),
    ``adjusted_low_95`` to ``adjusted_high_998``, ``deviation`` (in standard errors with the spread), ``position`` and
    ``adjusted_position`` (``within``, ``above_95``, ``above_998``, ``below_95``, ``below_998``; missing without a
    figure), ``phi``, ``tau`` (arcsine scale), ``remark``. What cannot be compared and what is refused: as in
    `area_estimates`.
    """
    table, seen, x, n = _authorities(evidence, factor, year)
    table = table.assign(**dict.fromkeys(_LIMITS, np.nan), position=pd.NA, adjusted_position=pd.NA)
    table = table.astype({"position": "str", "adjusted_position": "str"})
    if not len(x):
        return table[list(_FUNNEL)]
    target = float(x.sum() / n.sum())
    spread = overdispersion(x, n, target, winsorise)
    table.loc[seen, "deviation"] = deviations(x, n, target, spread.tau)
    for level, name in LEVELS.items():
        for word, limits in {
            "": binomial_limits(target, n, level), "adjusted_": overdispersed_limits(target, n, level, spread.tau),
        }.items():  # fmt: skip
            for side, limit in zip(("low", "high"), limits, strict=True):
                table.loc[seen, f"{word}{side}_{name}"] = 100 * limit
    for word in ("", "adjusted_"):
        table[f"{word}position"] = _position(table, word).where(seen).astype("str")
    return table.assign(target=100 * target, phi=spread.phi, tau=spread.tau)[list(_FUNNEL)]


_LIMITS = (
    "target", "low_95", "high_95", "low_998", "high_998", "adjusted_low_95", "adjusted_high_95", "adjusted_low_998",
    "adjusted_high_998", "deviation", "phi", "tau",
)  # fmt: skip
_FUNNEL = (
    "year", "area_code", "area_name", "region", "factor", "episodes_with_factor", "episodes_assessed", "state", "percent",
    "target", "low_95", "high_95", "low_998", "high_998", "adjusted_low_95", "adjusted_high_95", "adjusted_low_998",
    "adjusted_high_998", "deviation", "position", "adjusted_position", "phi", "tau", "remark",
)  # fmt: skip


def _position(table: pd.DataFrame, word: str) -> pd.Series:
    """Which limits each authority lies outside of, the furthest ones counting."""
    share = table["percent"]
    outside = {
        f"{side}_{name}": share > table[f"{word}high_{name}"] if side == "above" else share < table[f"{word}low_{name}"]
        for name in ("998", "95")
        for side in ("above", "below")
    }
    return pd.Series(np.select(list(outside.values()), list(outside), "within"), index=table.index)
