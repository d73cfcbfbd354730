"""Pooled values here beside those that published reviews print, with what may explain the difference."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.by_indicator import prevalence_table
from synthesis.prevalence.estimates import source_label

_HERE = ("k", "percent", "ci_low", "ci_high", "pi_low", "pi_high", "range_low", "range_high", "lead", "override")
_COLUMNS = (
    "indicator_id", "review_id", "name", "source", "published_k", "published_percent", "published_low", "published_high", "here_k",
    "here_percent", "here_low", "here_high", "pi_low", "pi_high", "range_low", "range_high", "lead", "difference", "published_lies",
    "explanation", "remark", "source_url",
)  # fmt: skip


def published_prevalence(evidence: Evidence) -> pd.DataFrame:
    """Every published summary of a quantity that is pooled here, beside the pooled value here.

    A published value is compared with the pool of its own indicator, and with those that name the indicator in
    ``compare_with`` of the recorded decision. Returns a row a published value and indicator pooled here: the columns of
    the derived table ``published_prevalence``; percents unrounded, ``difference`` here less published in percentage points,
    ``published_lies`` (inside the interval of the mean here, inside the prediction interval only, outside both, or no
    value to compare), ``explanation``: what differs, in words made from the rows. Whether studies held here are among those
    of a review is not known, so agreement is no independent confirmation.
    """
    pooled = prevalence_table(evidence)
    pooled = pooled.loc[(pooled["line"] == "pooled") & pooled["percent"].notna(), ["indicator_id", "name", *_HERE]]
    pooled = pooled.rename(columns={"k": "here_k", "percent": "here_percent", "ci_low": "here_low", "ci_high": "here_high"})  # fmt: skip
    published = evidence.published_results.assign(source=source_label(_with_source(evidence)))
    published = published.rename(columns={"k": "published_k", "pooled_percent": "published_percent", "ci_low": "published_low", "ci_high": "published_high"})  # fmt: skip
    published["remark"] = published["review_id"].map(evidence.discrepancies_of("published_results"))
    pairs = _pairs(evidence)
    table = pairs.merge(pooled, on="indicator_id").merge(published, left_on="stated_for", right_on="indicator_id", suffixes=("", "_there"))  # fmt: skip
    table["difference"] = table["here_percent"] - table["published_percent"]
    table["published_lies"] = _lies(table)
    table["explanation"] = [_explained(row) for row in table.itertuples()]
    place = {indicator: at for at, indicator in enumerate(pooled["indicator_id"])}
    order = table["indicator_id"].map(place)
    return table.loc[order.sort_values(kind="stable").index, list(_COLUMNS)].reset_index(drop=True)


def _with_source(evidence: Evidence) -> pd.DataFrame:
    return evidence.published_results.rename(columns={"review_id": "source_id"})


def _pairs(evidence: Evidence) -> pd.DataFrame:
    """Indicators pooled here (``indicator_id``) and those whose published values speak of the same quantity."""
    own = pd.DataFrame({"indicator_id": evidence.indicators["indicator_id"], "stated_for": evidence.indicators["indicator_id"]})  # fmt: skip
    named = evidence.pooling_overrides.set_index("indicator_id")["compare_with"].dropna().str.split(";").explode()
    return pd.concat([own, named.rename("stated_for").reset_index()], ignore_index=True)


def _lies(table: pd.DataFrame) -> np.ndarray:
    value = table["published_percent"]
    return np.select(
        [
            value.isna(),
            value.between(table["here_low"], table["here_high"]),
            value.between(table["pi_low"], table["pi_high"]),
        ],
        ["no_value", "inside_interval", "inside_prediction"],
        "outside",
    )


def _explained(row) -> str:
    """What a reader must know before taking the difference for one: numbers of studies, models, definitions, the note."""
    models, scales, lies = (vocabularies()[name] for name in ("published_model", "published_transform", "published_lies"))  # fmt: skip
    parts = []
    if pd.notna(row.difference):
        parts.append(f"Here {abs(row.difference):.1f} points {'higher' if row.difference > 0 else 'lower'}")
    parts.append(lies[row.published_lies])
    parts.append(f"the interval of the mean here runs from {row.here_low:.1f} to {row.here_high:.1f} %")
    there = "an unstated number of" if pd.isna(row.published_k) else f"{row.published_k:.0f}"
    parts.append(f"{row.here_k} estimates here, {there} studies there")
    parts.append(
        f"there {models[row.model]}, scale {scales[row.transform]}; here binomial-normal model (glmm), scale logit"
    )
    if pd.notna(row.override):
        parts.append("here pooled by decision over scales, cut-offs and times")
    if row.lead == "range":
        parts.append(f"here the range is to be read first ({row.range_low:.1f} to {row.range_high:.1f} %)")
    if pd.notna(row.note):
        parts.append(f"the extractor notes: {row.note.rstrip('.')}")
    return ". ".join(part[0].upper() + part[1:] for part in parts) + "."
