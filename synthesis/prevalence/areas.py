"""England's official statistics by area and year: every figure with its state, so that a gap is never a zero."""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.numbers.intervals import wilson

#: Inner and Outer London stand beside London among the regions: parts of it, never to be added to it.
LONDON, PARTS_OF_LONDON = "E12000007", "E13"
#: A return of at least this many episodes without a single parental factor is a failed return, not an absence of need.
FAILED_RETURN_FROM = 100


def area_series(evidence: Evidence, factor: str = "parent_mental_health", level: str | None = None) -> pd.DataFrame:
    """England's official series for one factor: share of assessed episodes by area and year. Never pooled as studies.

    Parameters
    ----------
    factor : a word of the vocabulary ``factor``.
    level : ``country``, ``region`` or ``local_authority``; default all three.

    Returns a row an area and year: ``year, area_level, area_code, area_name, region, factor, episodes_with_factor,
    episodes_assessed, percent, ci_low, ci_high`` (Wilson, percent scale), ``state, remark`` (what is recorded against
    the figure). The state is ``reported``,
    ``failed_return`` (a large return without a single parental factor: shown, but without a percent), or the reason
    for which a count is not there (``withheld``, ``unreliable``, ``missing``, ``not_applicable``). ``region`` is the
    region in which an authority lies, and England for a region; Inner and Outer London, which stand beside London,
    carry London there, so that the regions of England are counted once. The interval speaks of chance alone; recording
    practice varies more.
    """
    known = vocabularies()
    if factor not in known["factor"]:
        raise CallError(f"There is no factor {factor!r}; there are {', '.join(known['factor'])}.")
    everything = evidence.official_statistics
    table = everything[everything["factor"] == factor].copy()
    if level is not None:
        if level not in known["area_level"]:
            raise CallError(f"There is no level {level!r}; there are {', '.join(known['area_level'])}.")
        table = table[table["area_level"] == level]
    table["state"] = _states(table, _failed_returns(everything))
    table["region"] = _regions(table, everything)
    table["remark"] = _keys(table).map(evidence.discrepancies_of("official_statistics"))
    counted = table[["episodes_with_factor", "episodes_assessed"]].where(table["state"] == "reported")
    interval = wilson(counted["episodes_with_factor"], counted["episodes_assessed"])
    table["percent"] = (100 * counted["episodes_with_factor"] / counted["episodes_assessed"]).astype("float64")
    table["ci_low"], table["ci_high"] = 100 * interval["low"], 100 * interval["high"]
    table["place"] = table["area_level"].map({name: i for i, name in enumerate(known["area_level"])})
    ordered = table.sort_values(["place", "area_name", "area_code", "year"], kind="stable", ignore_index=True)
    return ordered[list(_AREA_COLUMNS)]


_AREA_COLUMNS = (
    "year", "area_level", "area_code", "area_name", "region", "factor", "episodes_with_factor", "episodes_assessed",
    "percent", "ci_low", "ci_high", "state", "remark",
)  # fmt: skip


def _keys(table: pd.DataFrame) -> pd.Series:
    return table["year"].astype("str") + "/" + table["area_code"] + "/" + table["factor"]


def _states(table: pd.DataFrame, failed: pd.MultiIndex) -> pd.Series:
    """Whether the count of each row is there, and why not."""
    states = {"c": "withheld", "u": "unreliable", "x": "missing", "z": "not_applicable"}
    state = table["suppression"].map(states).fillna("reported")
    return state.mask(pd.MultiIndex.from_frame(table[["year", "area_code"]]).isin(failed), "failed_return")


def _regions(table: pd.DataFrame, everything: pd.DataFrame) -> pd.Series:
    """Name of what contains each area; London for the two halves of London."""
    names = everything.drop_duplicates("area_code").set_index("area_code")
    container = table["part_of"].where(~table["area_code"].str.startswith(PARTS_OF_LONDON), LONDON)
    return container.map(_region_of(names))


def _failed_returns(official: pd.DataFrame) -> pd.MultiIndex:
    """Year and area of returns with many episodes and no parental factor at all."""
    parental = official[official["factor"].str.startswith("parent_") & official["episodes_with_factor"].notna()]
    returns = parental.groupby(["year", "area_code"]).agg(
        most=("episodes_with_factor", "max"), assessed=("episodes_assessed", "max")
    )
    return returns.index[(returns["most"] == 0) & (returns["assessed"] >= FAILED_RETURN_FROM)]


def _region_of(areas: pd.DataFrame) -> dict[str, str]:
    """Name under which each container code is shown: its own, and London for the two halves of London."""
    names = areas["area_name"]
    return {code: names.get(LONDON if code.startswith(PARTS_OF_LONDON) else code, names[code]) for code in areas.index}
