"""What may be pooled: guard rails between the evidence and the models, and the decisions that set one of them aside.

A pool of proportions is refused, with every reason at once, where its rows hold the same people twice, follow one system
over years, count cases or units differently, rest on a withdrawn source or have no counts, or where nobody has judged that
they belong together. Somebody may override named refusals with a reason; the decision is written beside the result.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from synthesis.evidence.schema import CallError, SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.numbers.leading import Headline
from synthesis.pooling.pooled import Pooled, pool
from synthesis.pooling.text import pooled_text
from synthesis.prevalence.estimates import counted_units, source_label, with_counts
from synthesis.prevalence.guard_rails import NEVER, pooling_refusals


class PoolingRefused(SynthesisError):
    """A pool that the guard rails do not let through; ``refusals`` is the table of reasons."""

    def __init__(self, message: str, refusals: pd.DataFrame) -> None:
        self.refusals = refusals
        super().__init__(message)


@dataclass(frozen=True)
class Override:
    """A decision to pool in spite of named refusals: words of the vocabulary ``pooling_refusal``, the reason, and who decided.

    A recorded one (table ``pooling_overrides``) also says how the estimates were chosen, when, and whether it is provisional.
    """

    refusals: tuple[str, ...]
    reason: str
    decided_by: str
    date: str = ""
    status: str = ""
    selection: str = ""

    def __post_init__(self) -> None:
        known = vocabularies()["pooling_refusal"]
        faults = [f"there is no refusal {word!r}; there are {', '.join(known)}" for word in self.refusals if word not in known]  # fmt: skip
        faults += [f"{known[word]}: this cannot be set aside" for word in self.refusals if word in NEVER]
        faults += [
            f"{what} is empty"
            for what, said in (("reason", self.reason), ("decided_by", self.decided_by))
            if not said.strip()
        ]
        if faults or not self.refusals:
            raise SynthesisError(
                "An override names the refusals that it sets aside, a reason and who decided: "
                + ("; ".join(faults) or "no refusal is named")
                + "."
            )

    def __str__(self) -> str:
        known = vocabularies()["pooling_refusal"]
        aside = "; ".join(known[word] for word in self.refusals)
        about = ", ".join(part for part in (self.decided_by, self.date, self.status) if part)
        return f"Pooled by decision although {aside}. Why: {self.reason.rstrip('.')}. Decided by {about}."


@dataclass(frozen=True)
class PooledEstimates:
    """Estimates pooled through the guard rails: the result, the rows behind it, what was left out and why, the override used.

    ``estimates`` has a row an estimate considered: ``estimate_id, source, case_definition, numerator, denominator, percent,
    in_pool`` (yes or no), ``unit`` (what the row counts), ``reason`` (why left out, or why chosen), ``derived`` (how a
    count was made), ``weight`` (percent, as in `Pooled.studies`; missing where left out and for the beta-binomial
    model).
    """

    indicator: str
    name: str
    pooled: Pooled
    estimates: pd.DataFrame
    refusals: pd.DataFrame
    override: Override | None

    @property
    def headline(self) -> Headline:
        """What a reader must see first, the mean or the range, in words."""
        return self.pooled.headline

    def _used(self) -> pd.DataFrame:
        return self.estimates[self.estimates["in_pool"] == "yes"]

    @property
    def left_out(self) -> pd.DataFrame:
        """Rows that were considered and not pooled, with the reason."""
        return self.estimates[self.estimates["in_pool"] == "no"].reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        """The result as one row: that of `Pooled.table`, with ``indicator_id, lead, range_low, range_high`` (proportions),
        ``override`` and ``remark``."""
        used, lead = self._used(), self.headline
        share = used["numerator"].astype(float) / used["denominator"].astype(float)
        row = self.pooled.table()
        row.insert(0, "indicator_id", self.indicator)
        remarks = [lead.text, *row["remark"].dropna()] if "remark" in row else [lead.text]
        return row.assign(
            lead=lead.lead, range_low=share.min(), range_high=share.max(),
            override=None if self.override is None else str(self.override), remark=" ".join(filter(None, remarks)),
        )  # fmt: skip

    def __str__(self) -> str:
        parts = [self.name, self.headline.text]
        if self.override is not None:
            parts += [str(self.override), *([self.override.selection] if self.override.selection else [])]
        parts += [pooled_text(self.pooled)]
        parts += [f"Left out: {row.source} ({row.estimate_id}): {row.reason}" for row in self.left_out.itertuples()]
        return "\n".join(parts)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook shows: the same as print, long lines broken."""
        lines = [textwrap.fill(line, 110, break_on_hyphens=False) for line in str(self).split("\n")]
        printer.text("\n".join(lines))


def recorded_override(evidence: Evidence, indicator: str) -> tuple[Override, list[str]] | None:
    """The override that ``pooling_overrides`` holds for an indicator, with its estimates; None where there is none."""
    held = evidence.pooling_overrides
    rows = held[held["indicator_id"] == indicator]
    if rows.empty:
        return None
    row = rows.iloc[0]
    date = row["date"].strftime("%Y-%m-%d")
    made = Override(tuple(row["refusals"].split(";")), row["reason"], row["decided_by"], date, row["status"], row["selection"])  # fmt: skip
    return made, row["estimate_ids"].split(";")


def pool_estimates(
    evidence: Evidence,
    indicator: str,
    estimates: Sequence[str] | None = None,
    override: Override | Literal[False] | None = None,
    **how: Any,
) -> PooledEstimates:
    """Pool the estimates of an indicator, if the guard rails let them through.

    Parameters
    ----------
    indicator : the indicator that the pooled value answers to.
    estimates : estimate_ids to pool, also of other indicators; default those of a recorded override, else those that
        ``estimate_choices`` marks for use, else all with counts.
    override : a decision that sets named refusals aside. Default: the one recorded in ``pooling_overrides`` for this
        indicator, if there is one and no `estimates` are named. False: none, not even the recorded one.
    how : keywords of `pool`, such as ``model`` or ``tau2``.

    Returns a `PooledEstimates`. Raises `PoolingRefused` with every refusal that no override sets aside, and
    SynthesisError for an unknown indicator or estimate.
    """
    rows = considered(evidence, indicator, estimates, override)
    used = rows.loc[rows["in_pool"] == "yes", "estimate_id"].to_list()
    decision = _decision(evidence, indicator, estimates, override)
    refused = pooling_refusals(evidence, used)
    aside = set(decision.refusals) if decision else set()
    standing = refused[~refused["refusal"].isin(aside)]
    if len(standing):
        raise PoolingRefused(_refusal(indicator, standing), standing.reset_index(drop=True))
    some = rows[rows["in_pool"] == "yes"]
    how = {"labels": some["source"].to_list(), **how}
    result = pool(some["numerator"].astype(float).to_list(), some["denominator"].astype(float).to_list(), **how)
    rows["weight"] = pd.Series(result.studies["weight"].to_numpy(), index=some.index)  # missing for rows left out
    name = evidence.indicators.set_index("indicator_id").loc[indicator, "name"]
    # An override that sets nothing aside has decided nothing here, and is not shown.
    return PooledEstimates(indicator, name, result, rows, refused, decision if len(refused) else None)


def _decision(
    evidence: Evidence, indicator: str, estimates: Sequence[str] | None, override: Override | Literal[False] | None
) -> Override | None:
    if isinstance(override, Override):
        return override
    recorded = recorded_override(evidence, indicator) if override is None and estimates is None else None
    return recorded[0] if recorded else None


def _refusal(indicator: str, standing: pd.DataFrame) -> str:
    words = "\n".join(f"- {row.refusal}: {row.said}" for row in standing.itertuples())
    left = [word for word in standing["refusal"].unique() if word not in NEVER]
    mend = (
        f"Show the estimates one by one, or name in an Override({left}, reason, decided_by) why they may be pooled all the same."
        if left
        else "Show the estimates one by one."
    )
    return f"The estimates of {indicator} are not pooled:\n{words}\n{mend}"


def considered(
    evidence: Evidence,
    indicator: str,
    estimates: Sequence[str] | None = None,
    override: Override | Literal[False] | None = None,
) -> pd.DataFrame:
    """The estimates that a pool of the indicator considers, and which of them it takes; parameters as in `pool_estimates`.

    Returns the columns of `PooledEstimates.estimates`. Raises SynthesisError for an unknown indicator or estimate.
    """
    if indicator not in set(evidence.indicators["indicator_id"]):
        raise CallError(f"There is no indicator {indicator!r}; see data/judgements/indicators.csv.")
    recorded = recorded_override(evidence, indicator) if override is None and estimates is None else None
    named = recorded[1] if recorded else None if estimates is None else list(estimates)
    table = with_counts(evidence)
    if unknown := sorted(set(named or ()) - set(table["estimate_id"])):
        raise CallError(f"The table estimates does not hold {', '.join(unknown)}.")
    # A recorded decision chose among all rows of the indicators that it takes rows from; those not taken are told too.
    lenders = set(table.loc[table["estimate_id"].isin(named), "indicator_id"]) if recorded and named else set()
    rows = table[table["indicator_id"].isin(lenders | {indicator}) | table["estimate_id"].isin(named or [])]
    choices = evidence.estimate_choices
    # By indicator too: a choice made while the estimate stood under another indicator says nothing about this one.
    choices = choices[choices["indicator_id"] == indicator].set_index("estimate_id")
    counted = rows["numerator"].notna() & rows["denominator"].notna()
    use, why = rows["estimate_id"].map(choices["use"]), rows["estimate_id"].map(choices["reason"])
    if named is not None:
        taken = rows["estimate_id"].isin(named)
        said = "not taken by the decision that pools this indicator" if recorded else "not among the estimates named"
        why = why.where(taken, said).where(taken | counted, "without counts")
    elif evidence.indicators.set_index("indicator_id").loc[indicator, "combine"] == "poolable":
        taken = use.fillna(False).astype(bool) & counted
        why = why.where(taken | why.notna(), "not yet judged, or without counts")
    else:
        taken, why = counted, why.astype(object).where(counted, "without counts")
    percent = 100 * rows["numerator"].astype("Float64") / rows["denominator"].astype("Float64")
    frame = rows[["estimate_id", "case_definition", "numerator", "denominator"]].assign(
        percent=percent.astype("float64").fillna(rows["percent_as_reported"]), reason=why.astype("str")
    )
    frame.insert(1, "source", source_label(rows))
    frame.insert(6, "in_pool", taken.map({True: "yes", False: "no"}))
    frame["derived"], frame["unit"] = rows["derived"], rows["estimate_id"].map(counted_units(evidence))
    return frame.reset_index(drop=True)
