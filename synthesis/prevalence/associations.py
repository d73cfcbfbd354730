"""Reported ratios by exposure and outcome: shown side by side, and what speaks against averaging them."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.estimates import source_label
from synthesis.prevalence.guard_rails import POOL_FROM, some, withdrawn

_COLUMNS = (
    "association_id", "outcome_group", "exposure_group", "outcome", "exposure", "source", "population", "measure", "adjusted",
    "adjusted_for", "pooled", "estimate", "ci_low", "ci_high", "n", "remark", "source_url",
)  # fmt: skip


def association_table(evidence: Evidence, outcome: str | None = None, exposure: str | None = None) -> pd.DataFrame:
    """Reported odds, risk, hazard, rate and prevalence ratios, grouped by outcome and exposure; none is averaged.

    Parameters
    ----------
    outcome, exposure : words of the vocabularies ``outcome_group`` and ``exposure_group``; default all.

    Returns a row an association, in the order of the vocabularies and, within a group, from the largest ratio down:
    the columns of the derived table ``association_table``. Ratios and intervals are as printed. Raises SynthesisError for
    an unknown group.
    """
    known = vocabularies()
    for word, name in ((outcome, "outcome_group"), (exposure, "exposure_group")):
        if word is not None and word not in known[name]:
            raise CallError(f"There is no {name} {word!r}; there are {', '.join(known[name])}.")
    groups = evidence.association_groups
    table = evidence.associations.merge(groups, on="association_id", how="left")
    against = table["association_id"].map(evidence.discrepancies_of("associations"))
    both = against.str.cat(table["note"], sep=" ", na_rep="").str.strip()
    pooled = table["pooled"].map({True: "yes", False: "no"})
    table = table.assign(source=source_label(table), remark=both.mask(both == ""), pooled=pooled)
    for word, name in ((outcome, "outcome_group"), (exposure, "exposure_group")):
        table = table if word is None else table[table[name] == word]
    keys = pd.DataFrame(
        {
            **{name: _places(table[name], known[name]) for name in ("outcome_group", "exposure_group")},
            "estimate": -table["estimate"].fillna(0),
            "id": table["association_id"],
        }
    )
    ordered = table.loc[keys.sort_values(list(keys), kind="stable").index]
    return ordered[list(_COLUMNS)].reset_index(drop=True)


def _places(column: pd.Series, words: Collection[str]) -> pd.Series:
    """Place of each word in its vocabulary; what is not grouped yet stands last."""
    return column.map({word: place for place, word in enumerate(words)}).fillna(len(words))


def association_refusals(evidence: Evidence, associations: Collection[str]) -> pd.DataFrame:
    """Everything that speaks against averaging some ratios; no row where nothing does.

    The guard rails of `guard_rails.pooling_refusals`, for ratios: withdrawn sources, no interval, several ratios of one
    source (the same people), several exposures, outcomes or populations, several kinds of ratio or of adjustment, values
    that are themselves pooled, and fewer than three sources.

    Returns columns ``refusal`` (a word of the vocabulary ``pooling_refusal``), ``association_ids``, ``said``. Raises
    SynthesisError for an unknown association.
    """
    table = evidence.associations
    if unknown := sorted(set(associations) - set(table["association_id"])):
        raise CallError(f"The table associations does not hold {', '.join(unknown)}.")
    rows = table[table["association_id"].isin(set(associations))]
    everyone = rows["association_id"].to_list()
    found: list[tuple[str, list[str], str]] = []
    for word, at, said in (
        ("retracted", withdrawn(evidence, rows), "the publication was withdrawn (see retractions)"),
        ("no_interval", rows[["estimate", "ci_low", "ci_high"]].isna().any(axis=1), "estimate or interval are not printed"),
        ("already_pooled", rows["pooled"], "already the pooled value of a review"),
    ):  # fmt: skip
        if ids := rows.loc[at.astype(bool), "association_id"].to_list():
            found.append((word, ids, f"{some(ids)}: {said}"))
    for source, same in rows.groupby("source_id"):
        if len(same) > 1:
            ids = same["association_id"].to_list()
            found.append(("same_people", ids, f"{some(ids)} rest on the same people ({source})"))
    for word, columns in (("definitions_differ", ("exposure", "outcome", "population")), ("measures_differ", ("measure", "adjusted"))):  # fmt: skip
        kinds = [f"{rows[c].nunique()} kinds of {c} ({some(rows[c].drop_duplicates().to_list(), '; ')})" for c in columns if rows[c].nunique() > 1]  # fmt: skip
        if kinds:
            found.append((word, everyone, "; ".join(kinds)))
    if rows["source_id"].nunique() < POOL_FROM:
        found.append(("too_few", everyone, f"an average needs at least {POOL_FROM} sources; there are {rows['source_id'].nunique()}"))  # fmt: skip
    order = list(vocabularies()["pooling_refusal"])
    listed = sorted(found, key=lambda each: order.index(each[0]))
    return pd.DataFrame(
        [(word, ";".join(ids), said) for word, ids, said in listed],
        columns=["refusal", "association_ids", "said"],
        dtype="str",
    )


def grouped_refusals(evidence: Evidence) -> pd.DataFrame:
    """Why no average is shown: a row a group of outcome and exposure with more than one ratio.

    Returns ``outcome_group, exposure_group, n_associations, n_sources, refusals`` (joined with ``;``, empty where the
    guard rails would let them through), ``said``.
    """
    table = association_table(evidence)
    rows = []
    for (outcome, exposure), same in table.groupby(["outcome_group", "exposure_group"], sort=False):
        if len(same) > 1:
            found = association_refusals(evidence, same["association_id"])
            sources = evidence.associations.set_index("association_id").loc[same["association_id"], "source_id"]
            words = ";".join(dict.fromkeys(found["refusal"]))
            rows.append((outcome, exposure, len(same), sources.nunique(), words, "; ".join(found["said"])))
    columns = ["outcome_group", "exposure_group", "n_associations", "n_sources", "refusals", "said"]
    return pd.DataFrame(rows, columns=columns)
