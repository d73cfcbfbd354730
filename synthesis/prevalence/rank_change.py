"""What changed in the ranks of England's authorities between two years, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import logit, ndtri

from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.area_change import area_breaks, listed, usual_change
from synthesis.prevalence.area_comparison import area_estimates
from synthesis.prevalence.areas import area_series

#: What makes a figure uncertain: chance alone, or also the usual movement of an authority's figure from year to year.
MOVEMENTS = ("usual", "chance")


def area_ranks(
    evidence: Evidence,
    factor: str = "parent_mental_health",
    years: tuple[int, int] | None = None,
    movement: str = "usual",
    draws: int = 4000,
    seed: int = 20180331,
) -> pd.DataFrame:
    """Ranks of the authorities in two years with their uncertainty: whose rank changed, and whose did not.

    Parameters
    ----------
    factor : a word of the vocabulary ``factor``.
    years : the two years, the earlier one first; default the first and the last of the series.
    movement : ``usual``, a figure could also have been another one by the usual movement from year to year
        (`area_change.usual_change`); ``chance``, by chance alone, which in returns of thousands is little.
    draws : simulations, at least 100.
    seed : of the simulations, so that the table is the same on every run.

    Each simulation draws every authority's share from its distribution in `area_estimates` and ranks them, 1 the
    highest. Only authorities with a figure in both years are ranked, as otherwise a rank would change with who else is
    there. ``change`` is the later rank less the earlier one: below 0 is up. The intervals hold 95 % of the simulations.
    A rank also moves where recording changed: ``breaks`` names the steps in between (`area_breaks`).

    Returns a row an authority: ``area_code, area_name, region, factor, first_year, last_year, of, first_percent,
    last_percent, first_rank, first_rank_low, first_rank_high, last_rank, last_rank_low, last_rank_high, change,
    change_low, change_high, moved`` (``up``, ``down``, ``not_told`` where the interval holds 0), ``breaks, movement``,
    ordered by the later rank; no row where there are no two years to compare. Raises CallError for an unknown
    factor, year or word, years out of order, or fewer than 100 draws.
    """
    _simulated_by(movement, draws)
    first, last = _both(evidence, factor, years)
    early, late = (_with_figure(area_estimates(evidence, factor, year)) for year in (first, last))
    # Without two years there is nothing to compare, and so no authority of both.
    both = early.index.intersection(late.index).sort_values() if first != last else early.index[:0]
    usual = _of_one_year(evidence, factor, movement)
    table = late.loc[both, ["area_name", "region", "factor"]].rename_axis("area_code").reset_index()
    table = table.assign(first_year=early.loc[both, "year"].to_numpy(), last_year=late.loc[both, "year"].to_numpy())
    table = table.join(_rank_columns(early.loc[both], late.loc[both], usual, draws, seed))
    table["breaks"] = table["area_code"].map(_steps_between(evidence, factor, first, last)).astype("str")
    table = table.assign(of=len(table), movement=movement).astype(dict.fromkeys(_WHOLE, "Int64"))
    return table.sort_values(["last_rank", "area_code"], ignore_index=True)[list(_RANKS)]


_RANKS = (
    "area_code", "area_name", "region", "factor", "first_year", "last_year", "of", "first_percent", "last_percent",
    "first_rank", "first_rank_low", "first_rank_high", "last_rank", "last_rank_low", "last_rank_high", "change",
    "change_low", "change_high", "moved", "breaks", "movement",
)  # fmt: skip


def area_standing(
    evidence: Evidence,
    factor: str = "parent_mental_health",
    year: int | None = None,
    movement: str = "usual",
    draws: int = 4000,
    seed: int = 20180331,
) -> pd.DataFrame:
    """Where each authority stands in one year, with the uncertainty of its rank: `area_ranks` without a second year.

    Parameters are those of `area_ranks`; `year` is a year of the series, default its last.

    Returns a row an authority with a figure: ``year, area_code, area_name, region, factor, percent, ci_low, ci_high,
    estimate, estimate_low, estimate_high, own_weight`` (as in `area_estimates`), ``rank, rank_low, rank_high`` (1 the
    highest; the interval holds 95 % of the simulations), ``of`` and ``movement``, ordered by rank. Raises CallError as
    `area_ranks` does.
    """
    _simulated_by(movement, draws)
    table = _with_figure(area_estimates(evidence, factor, year)).sort_index()
    rng = np.random.default_rng(seed)
    ranks = _ranks(_drawn(table, _of_one_year(evidence, factor, movement), rng, draws))
    table["rank"] = table["estimate"].rank(ascending=False, method="min")
    table["rank_low"], table["rank_high"] = _middle(ranks) if len(table) else (np.nan, np.nan)
    table = table.reset_index().assign(of=len(table), movement=movement)
    table = table.astype(dict.fromkeys(("rank", "rank_low", "rank_high", "of"), "Int64"))
    return table.sort_values(["rank", "area_code"], ignore_index=True)[list(_STANDING)]


_STANDING = (
    "year", "area_code", "area_name", "region", "factor", "percent", "ci_low", "ci_high", "estimate", "estimate_low",
    "estimate_high", "own_weight", "rank", "rank_low", "rank_high", "of", "movement",
)  # fmt: skip


def _simulated_by(movement: str, draws: int) -> None:
    if movement not in MOVEMENTS:
        raise CallError(f"The movement is {' or '.join(MOVEMENTS)}; it is {movement!r}.")
    if draws < 100:
        raise CallError(f"Ranks need at least 100 simulations; {draws} were asked for.")


def _of_one_year(evidence: Evidence, factor: str, movement: str) -> float:
    """Usual movement of a figure, on the logit scale; a change holds that of two years, so one has half its variance."""
    return usual_change(evidence, factor) / float(np.sqrt(2)) if movement == "usual" else 0.0


_WHOLE = [name for name in _RANKS if name.endswith(("_year", "_rank", "_low", "_high"))] + ["of", "change"]


def _rank_columns(early: pd.DataFrame, late: pd.DataFrame, usual: float, draws: int, seed: int) -> pd.DataFrame:
    """Percent, rank and its interval in both years, and the change of rank, a row an authority in the order given."""
    rng, table = np.random.default_rng(seed), {}
    simulated = [_ranks(_drawn(own, usual, rng, draws)) for own in (early, late)]
    for when, own, ranks in zip(("first", "last"), (early, late), simulated, strict=True):
        table[f"{when}_percent"] = own["percent"].to_numpy()
        table[f"{when}_rank"] = own["estimate"].rank(ascending=False, method="min").to_numpy()
        table[f"{when}_rank_low"], table[f"{when}_rank_high"] = _middle(ranks)
    table["change"] = table["last_rank"] - table["first_rank"]
    table["change_low"], table["change_high"] = _middle(simulated[1] - simulated[0])
    told = [table["change_high"] < 0, table["change_low"] > 0]
    return pd.DataFrame({**table, "moved": np.select(told, ["up", "down"], "not_told")}).astype({"moved": "str"})


def _both(evidence: Evidence, factor: str, years: tuple[int, int] | None) -> tuple[int | None, int | None]:
    if years is None:
        known = area_series(evidence, factor, "local_authority")["year"]
        return (int(known.min()), int(known.max())) if len(known) else (None, None)
    if len(years) != 2 or not years[0] < years[1]:
        raise CallError(f"Ranks are compared between two years, the earlier one first; they are {years}.")
    return years


def _with_figure(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["estimate"].notna()].set_index("area_code")


def _steps_between(evidence: Evidence, factor: str, first: int | None, last: int | None) -> pd.Series:
    """The steps after the first year and up to the last, as text, by authority."""
    steps = area_breaks(evidence, factor)
    if first is None or last is None:
        return listed(steps.head(0))
    return listed(steps[(steps["year"] > first) & (steps["year"] <= last)])


def _drawn(own: pd.DataFrame, usual: float, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Simulated logits, shape (draws, authorities), from the estimates, their intervals and the usual movement."""
    low, middle, high = (logit(own[name].to_numpy() / 100) for name in ("estimate_low", "estimate", "estimate_high"))
    sd = np.sqrt(((high - low) / (2 * ndtri(0.975))) ** 2 + usual**2)
    return np.asarray(middle + sd * rng.standard_normal((draws, len(own))))


def _ranks(drawn: np.ndarray) -> np.ndarray:
    """Ranks within each simulation, 1 the highest."""
    return np.argsort(np.argsort(-drawn, axis=1, kind="stable"), axis=1, kind="stable") + 1


def _middle(simulated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the middle 95 percent of each column, as whole numbers."""
    low, high = np.quantile(simulated, [0.025, 0.975], axis=0, method="inverted_cdf")
    return low.astype(int), high.astype(int)
