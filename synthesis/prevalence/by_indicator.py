"""Which estimates belong together: by indicator, as pooled line, series or single figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.combining import (
    PooledEstimates,
    PoolingRefused,
    considered,
    pool_estimates,
    recorded_override,
)
from synthesis.prevalence.estimates import counted_units, proportions

#: Before a numerator that no source prints, and what it means.
WORKED_OUT = "≈"
WORKED_OUT_NOTE = f"{WORKED_OUT} worked out from the printed percent"


def prevalence_table(evidence: Evidence, indicator: str | None = None) -> pd.DataFrame:
    """Every estimate by indicator, with a pooled line only where the guard rails let one through.

    Parameters
    ----------
    indicator : one indicator_id; default all.

    ``line`` says what a row is: ``estimate`` (with a Wilson interval where counts are known, the printed interval
    otherwise) or ``pooled`` (`combining.pool_estimates`, with prediction interval): of a poolable indicator, or of one
    for which ``pooling_overrides`` records a decision, which then stands in ``override``. ``in_pool`` is yes, no or empty
    (the indicator is not pooled); ``weight`` is the row's percent of the mean; ``reason`` says why a row is left out, or
    why the indicator is not pooled. ``lead`` says whether the mean of a pooled line means anything or its range (``range_low, range_high``) goes first, and ``remark``
    says it in words. Percent, intervals and range are on the percent scale, unrounded. Columns are those of the derived
    table ``prevalence``. The rows of a decision that pools estimates of other indicators stand under their own; see
    `pooled_table`.

    Raises CallError for an unknown indicator.
    """
    indicators = evidence.indicators
    if indicator is not None and indicator not in set(indicators["indicator_id"]):
        raise CallError(f"There is no indicator {indicator!r}; see data/judgements/indicators.csv.")
    rows = _estimates(evidence)
    lines = []
    wanted = _to_pool(evidence)
    for each in wanted if indicator is None else [name for name in wanted if name == indicator]:
        taken, line = _pool(evidence, each)
        own = rows["indicator_id"] == each
        marks = taken.set_index("estimate_id")
        for column in ("in_pool", "reason", "weight"):
            rows.loc[own, column] = rows.loc[own, "estimate_id"].map(marks[column]).astype(rows[column].dtype)
        lines += line
    table = pd.concat([rows, _typed(lines, rows)], ignore_index=True)
    if indicator is not None:
        table = table[table["indicator_id"] == indicator]
    return _in_order(table, indicators)[list(_COLUMNS)].reset_index(drop=True)


def pooled_table(evidence: Evidence, indicator: str) -> pd.DataFrame:
    """The rows behind one pooled line and the line itself, in the columns of `prevalence_table`.

    The same as ``prevalence_table(evidence, indicator)``, but estimates that a recorded decision takes from other
    indicators stand here too, under the name of the one that they are pooled for. Raises SynthesisError for an unknown
    indicator.
    """
    table = prevalence_table(evidence, indicator)
    recorded = recorded_override(evidence, indicator)
    lent = set(recorded[1]) - set(table["estimate_id"].dropna()) if recorded else set()
    if not lent:
        return table
    rows = _estimates(evidence)
    rows = rows[rows["estimate_id"].isin(lent)]
    about = evidence.indicators.set_index("indicator_id").loc[indicator]
    names = {column: about[column] for column in ("name", "topic", "combine")}
    taken = _pool(evidence, indicator)[0].set_index("estimate_id")
    marks = {column: rows["estimate_id"].map(taken[column]) for column in ("in_pool", "weight")}
    rows = rows.assign(**names, **marks, indicator_id=indicator, reason=None)
    return _in_order(pd.concat([rows, table], ignore_index=True), evidence.indicators)[list(_COLUMNS)].reset_index(
        drop=True
    )


def pooled_words(table: pd.DataFrame) -> list[str]:
    """What a reader must be told of each pooled line of a `prevalence_table`: mean or range first, and by whose decision."""
    pooled = table[table["line"] == "pooled"]
    return [
        f"{row.name_}: {row.remark}" + (f"\n{row.override}" if pd.notna(row.override) else "")
        for row in pooled.rename(columns={"name": "name_"}).itertuples()
    ]


def count_marks(table: pd.DataFrame) -> pd.Series:
    """WORKED_OUT for each row of a `prevalence_table` whose numerator was worked out from a percent, else an empty text."""
    derived = table["derived"].str.startswith("numerator_from_percent").eq(True).fillna(False).astype(bool)
    return (derived & table["numerator"].notna()).map({True: WORKED_OUT, False: ""}).astype("str")


def _estimates(evidence: Evidence) -> pd.DataFrame:
    """Every estimate with what its indicator says, and the columns of a pooled line empty."""
    about = evidence.indicators[["indicator_id", "name", "topic", "unit", "combine", "reason"]]
    rows = proportions(evidence).merge(about, on="indicator_id", how="left")
    rows["unit"] = rows["estimate_id"].map(counted_units(evidence)).astype(rows["unit"].dtype)
    for column in ("weight", "pi_low", "pi_high", "tau2", "i2", "range_low", "range_high"):
        rows[column] = np.nan
    for column in ("in_pool", "lead", "override"):
        rows[column] = pd.Series(None, index=rows.index, dtype="str")
    return rows.assign(line="estimate", k=pd.array([pd.NA] * len(rows), dtype="Int64"))


def _to_pool(evidence: Evidence) -> list[str]:
    """Indicators that are poolable or for which an override is recorded, in the order of their table."""
    indicators = evidence.indicators
    named = (indicators["combine"] == "poolable") | indicators["indicator_id"].isin(
        evidence.pooling_overrides["indicator_id"]
    )
    return indicators.loc[named, "indicator_id"].to_list()


def _pool(evidence: Evidence, indicator: str) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """The estimates that a pool of the indicator considers, and its pooled line; no line where it is refused."""
    try:
        result = pool_estimates(evidence, indicator)
    except PoolingRefused as refused:
        rows = considered(evidence, indicator)
        why = "not pooled: " + "; ".join(refused.refusals["said"])
        taken = rows["in_pool"] == "yes"
        return rows.assign(in_pool="no", weight=np.nan, reason=rows["reason"].mask(taken, why)), []
    return result.estimates, [_pooled_line(evidence, result)]


def _pooled_line(evidence: Evidence, result: PooledEstimates) -> dict[str, object]:
    about = evidence.indicators.set_index("indicator_id").loc[result.indicator]
    used, line = result.estimates[result.estimates["in_pool"] == "yes"], result.table().iloc[0]
    percent = {"percent": "estimate", **{c: c for c in ("ci_low", "ci_high", "pi_low", "pi_high", "range_low", "range_high")}}  # fmt: skip
    selection = f" {result.override.selection}" if result.override else ""
    units = counted_units(evidence)[used["estimate_id"]].unique()
    return {
        "indicator_id": result.indicator, "line": "pooled", "source": f"Random-effects mean of {line['k']} estimates",
        **{column: about[column] for column in ("name", "topic", "combine", "population", "reason")},
        "unit": units[0] if len(units) == 1 else "mixed",
        "numerator": used["numerator"].sum(), "denominator": used["denominator"].sum(),
        **{column: 100 * line[name] for column, name in percent.items()},
        **{column: line[column] for column in ("interval", "k", "tau2", "i2", "lead", "remark")},
        "override": f"{result.override}{selection}" if result.override else None,
    }  # fmt: skip


def _typed(lines: list[dict[str, object]], rows: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(("numerator", "denominator", "k"), "Int64")
    kinds |= dict.fromkeys(("in_pool", "lead", "override", "reason", "remark"), "str")
    return pd.DataFrame(lines, columns=rows.columns).astype(kinds)


_COLUMNS = (
    "indicator_id", "name", "topic", "unit", "combine", "line", "estimate_id", "source", "period", "country_as_reported", "population",
    "case_definition", "numerator", "denominator", "percent", "ci_low", "ci_high", "interval", "percent_as_reported", "derived", "in_pool",
    "weight", "k", "pi_low", "pi_high", "tau2", "i2", "lead", "range_low", "range_high", "override", "reason", "remark", "source_url",
)  # fmt: skip


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
