"""Which estimates belong together: by indicator, as pooled line, series or single figures; and the England series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.estimates import proportions, wilson
from synthesis.pooling import pool
from synthesis.schema import CallError, vocabularies
from synthesis.tables import Evidence

#: A pooled line needs at least this many samples.
POOL_FROM = 3
#: Inner and Outer London stand beside London among the regions: parts of it, never to be added to it.
LONDON, PARTS_OF_LONDON = "E12000007", "E13"
#: A return of at least this many episodes without a single parental factor is a failed return, not an absence of need.
FAILED_RETURN_FROM = 100


def prevalence_table(evidence: Evidence, indicator: str | None = None) -> pd.DataFrame:
    """Every estimate by indicator, with a pooled line only where the indicator is poolable.

    Parameters
    ----------
    indicator : one indicator_id; default all.

    ``line`` says what a row is: ``estimate`` (with a Wilson interval where counts are known, the printed interval
    otherwise) or ``pooled`` (random effects, `pooling.pool`, with prediction interval). ``in_pool`` is yes, no or empty
    (the indicator is not pooled); ``reason`` says why a row is left out, or why the indicator is not pooled. Percent,
    interval and prediction interval are on the percent scale, unrounded. Columns are those of the derived table
    ``prevalence``.

    Raises CallError for an unknown indicator.
    """
    indicators = evidence.indicators
    if indicator is not None and indicator not in set(indicators["indicator_id"]):
        raise CallError(f"There is no indicator {indicator!r}; see data/judgements/indicators.csv.")
    rows = proportions(evidence).merge(
        indicators[["indicator_id", "name", "topic", "unit", "combine"]], on="indicator_id", how="left"
    )
    # By indicator too: a choice made while the estimate stood under another indicator says nothing about this one.
    choices = evidence.estimate_choices[["estimate_id", "indicator_id", "use", "reason"]]
    rows = rows.merge(choices, on=["estimate_id", "indicator_id"], how="left")
    poolable = rows["combine"] == "poolable"
    usable = rows["use"].fillna(False).astype(bool) & rows["numerator"].notna() & rows["denominator"].notna()
    rows["in_pool"] = np.select([poolable & usable, poolable], ["yes", "no"], "")
    rows.loc[poolable & ~usable & rows["reason"].isna(), "reason"] = "not yet judged, or without counts"
    not_pooled = rows["indicator_id"].map(indicators.set_index("indicator_id")["reason"])
    rows["reason"] = rows["reason"].where(poolable, not_pooled)
    rows["line"], rows["k"] = "estimate", pd.array([pd.NA] * len(rows), dtype="Int64")
    for column in ("pi_low", "pi_high", "tau2", "i2"):
        rows[column] = np.nan
    rows["in_pool"] = rows["in_pool"].replace("", np.nan).astype("str")
    table = pd.concat([rows, _pooled_lines(rows, indicators)], ignore_index=True)
    if indicator is not None:
        table = table[table["indicator_id"] == indicator]
    return _in_order(table, indicators)[list(_COLUMNS)].reset_index(drop=True)


_COLUMNS = (
    "indicator_id", "name", "topic", "unit", "combine", "line", "estimate_id", "source", "period", "country_as_reported", "population",
    "case_definition", "numerator", "denominator", "percent", "ci_low", "ci_high", "interval", "percent_as_reported", "derived", "in_pool",
    "k", "pi_low", "pi_high", "tau2", "i2", "reason", "remark", "source_url",
)  # fmt: skip


def _pooled_lines(rows: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """One pooled line an indicator that has enough usable estimates."""
    lines = []
    for indicator, group in rows[rows["in_pool"] == "yes"].groupby("indicator_id"):
        if len(group) < POOL_FROM:
            continue
        result = pool(group["numerator"].astype(float).to_list(), group["denominator"].astype(float).to_list())
        about = indicators.set_index("indicator_id").loc[indicator]
        lines.append(
            {
                "indicator_id": indicator, "name": about["name"], "topic": about["topic"], "unit": about["unit"],
                "combine": about["combine"], "line": "pooled",
                "source": f"Random-effects mean of {result.k} estimates", "population": about["population"],
                "numerator": group["numerator"].sum(), "denominator": group["denominator"].sum(),
                "percent": 100 * result.estimate, "ci_low": 100 * result.ci_low, "ci_high": 100 * result.ci_high,
                "interval": result.interval, "k": result.k, "pi_low": 100 * result.pi_low, "pi_high": 100 * result.pi_high,
                "tau2": result.tau2, "i2": result.i2, "reason": about["reason"],
            }
        )  # fmt: skip
    return pd.DataFrame(lines, columns=rows.columns).astype(
        {"numerator": "Int64", "denominator": "Int64", "k": "Int64"}
    )


def _in_order(table: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """By topic, indicator and, within an indicator, series by period and others by size, the pooled line last."""
    topics = {topic: place for place, topic in enumerate(vocabularies()["topic"])}
    places = {indicator: place for place, indicator in enumerate(indicators["indicator_id"])}
    keys = pd.DataFrame(
        {
            "topic": table["topic"].map(topics),
            "indicator": table["indicator_id"].map(places),
            "line": table["line"] == "pooled",
            "period": table["period"].where(table["combine"] == "series", "").fillna(""),
            "percent": table["percent"].fillna(np.inf),
            "id": table["estimate_id"].fillna(""),
        }
    )
    return table.loc[keys.sort_values(list(keys), kind="stable").index]


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
