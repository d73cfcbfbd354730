"""Which estimates belong together: by indicator, as pooled line, series or single figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.estimates import proportions
from synthesis.pooling import pool
from synthesis.schema import SynthesisError, vocabularies
from synthesis.tables import Evidence

#: A pooled line needs at least this many samples.
POOL_FROM = 3


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

    Raises SynthesisError for an unknown indicator.
    """
    indicators = evidence.indicators
    if indicator is not None and indicator not in set(indicators["indicator_id"]):
        raise SynthesisError(f"There is no indicator {indicator!r}; see data/judgements/indicators.csv.")
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
