"""Quantities as honest ranges: how far their estimates reach, and why there is no mean where there is none."""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.by_indicator import prevalence_table
from synthesis.prevalence.combining import considered, recorded_override
from synthesis.prevalence.guard_rails import pooling_refusals

#: Before the reason of an indicator with a mean that only a recorded decision lets through.
BY_DECISION = "Mean by decision all the same: "
_RANGES = (
    "topic", "indicator_id", "name", "n_estimates", "n_with_percent", "n_sources", "range_low", "range_high", "lowest", "highest",
    "percent", "ci_low", "ci_high", "pi_low", "pi_high", "lead", "reason", "n_of_one",
)  # fmt: skip


def estimate_ranges(evidence: Evidence, topic: str | None = None) -> pd.DataFrame:
    """How far the estimates of each indicator reach, with the mean only where one passed the guard rails.

    Parameters
    ----------
    topic : a word of the vocabulary ``topic``; default all.

    Returns a row an indicator that has an estimate, in the order of `prevalence_table`: ``topic, indicator_id, name,
    n_estimates, n_with_percent, n_sources``; ``range_low, range_high`` (percents; missing where none is visible) with
    ``lowest, highest``, the sources at the ends; ``percent, ci_low, ci_high, pi_low, pi_high, lead`` of a pooled line
    (missing where there is none; ``lead`` says whether the mean or the range is to be read first), and ``reason``, why it
    is or is not pooled (a mean by a recorded decision says so first). ``n_of_one``: of a single
    estimate, of how many it is, or "not printed"; missing where there are several. Rows of one source may be of the same people. Raises
    SynthesisError for an unknown topic.
    """
    if topic is not None and topic not in vocabularies()["topic"]:
        raise CallError(f"There is no topic {topic!r}; there are {', '.join(vocabularies()['topic'])}.")
    table = prevalence_table(evidence)
    table = table if topic is None else table[table["topic"] == topic]
    estimates = table[table["line"] == "estimate"]
    ordered = estimates.sort_values("percent", kind="stable")  # those without a percent stand last
    ends = ordered[ordered["percent"].notna()].groupby("indicator_id")
    grouped = estimates.groupby("indicator_id", sort=False)
    out = grouped[["topic", "name"]].first()
    out["n_estimates"], out["n_with_percent"] = grouped.size(), grouped["percent"].count()
    out["n_sources"] = grouped["source"].nunique()
    out["range_low"], out["range_high"] = ends["percent"].min(), ends["percent"].max()
    out["lowest"], out["highest"] = ends["source"].first(), ends["source"].last()
    pooled = table[table["line"] == "pooled"].set_index("indicator_id")
    out = out.join(pooled[["percent", "ci_low", "ci_high", "pi_low", "pi_high", "lead", "override"]])
    out["reason"] = evidence.indicators.set_index("indicator_id")["reason"]
    # The reason says why the indicator is not pooled; where a decision pools it all the same, the two would contradict.
    out["reason"] = out["reason"].where(out["override"].isna(), BY_DECISION + out["reason"].fillna(""))
    number = grouped["denominator"].first().map("{:,.0f}".format, na_action="ignore").fillna("not printed")
    out["n_of_one"] = number.astype("str").where(out["n_estimates"] == 1)
    return out.reset_index()[list(_RANGES)]


def refusal_table(evidence: Evidence, indicator: str | None = None) -> pd.DataFrame:
    """What the guard rails say against pooling each indicator that has more than one estimate.

    Parameters
    ----------
    indicator : one indicator_id, whatever the number of its estimates; default all.

    Returns a row an indicator and refusal: ``indicator_id, name, refusal`` (a word of the vocabulary ``pooling_refusal``),
    ``estimate_ids`` (joined with ``;``), ``said``, ``set_aside`` (yes where a recorded decision pools in spite of it).
    An indicator that passes has no row. Raises SynthesisError for an unknown indicator.
    """
    held = evidence.estimates["indicator_id"].value_counts()
    named = evidence.indicators["indicator_id"]
    wanted = named[named.map(held).fillna(0) > 1].to_list() if indicator is None else [indicator]
    parts = [_refused(evidence, each) for each in wanted]
    columns = ["indicator_id", "name", "refusal", "estimate_ids", "said", "set_aside"]
    return pd.concat([*parts, pd.DataFrame(columns=columns, dtype="str")], ignore_index=True)[columns]


def _refused(evidence: Evidence, indicator: str) -> pd.DataFrame:
    recorded = recorded_override(evidence, indicator)
    rows = considered(evidence, indicator)
    taken = rows.loc[rows["in_pool"] == "yes", "estimate_id"].to_list()
    aside = set(recorded[0].refusals) if recorded else set()
    name = evidence.indicators.set_index("indicator_id").loc[indicator, "name"]
    found = pooling_refusals(evidence, taken)
    yes = found["refusal"].isin(aside).map({True: "yes", False: "no"})
    return found.assign(indicator_id=indicator, name=name, set_aside=yes.astype("str"))
