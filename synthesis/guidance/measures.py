"""Module 5 of the guide: measures, their reliability in the sample in which it was found, and what is not known of them."""

from __future__ import annotations

import re

import pandas as pd

from synthesis.evidence.tables import Evidence
from synthesis.guidance.guides import fitting, mentions

#: What a team asks of a measure before it chooses one: column and what it is called.
PROPERTIES = {
    "n_items": "number of items",
    "score_range": "range of scores",
    "alpha_as_reported": "internal consistency",
    "test_retest": "test-retest reliability",
    "free_to_use": "conditions of use",
    "minutes": "time to complete",
}
#: A reliability that was told in words, without the value.
_WORDS_ALONE = re.compile(r"^[^\d]*$|no value|insufficient evidence")

#: Words that say about whom a parent answers, not who answers.
_ABOUT = r"\s+of a child\b[^,;]*"
#: Where a remark speaks of a cut-off.
_CUT_OFF = re.compile(r"cut-off|cut point|best point|sensitivity")


def measure_table(
    evidence: Evidence,
    construct: str | None = None,
    respondent: str | None = None,
    max_items: int | None = None,
    max_minutes: float | None = None,
    free: bool | None = None,
) -> pd.DataFrame:
    """Measures, or reports of one in one sample, that fit; below them those that do not say (``not_stated`` names what).

    Parameters
    ----------
    construct, respondent : words that these columns hold, such as "conflict" or "child"; a parent who answers about a child
        is no child who answers.
    max_items, max_minutes : the longest that is wanted.
    free : True for measures that are free in some way, False for licensed ones.

    Columns ``measure_id, name, abbreviation, construct, respondent, n_items, minutes, score_range, alpha_as_reported,
    test_retest, free_to_use, note`` (the sample stands there), ``source_url, not_stated``. Reliability belongs to the sample
    of its row. Raises CallError where no construct or respondent holds the words.
    """
    table = evidence.measures
    wanted = {}
    if construct is not None:
        wanted["construct"] = mentions(table["construct"], construct, "construct")
    if respondent is not None:
        who = table["respondent"].str.replace(_ABOUT, "", regex=True)
        wanted["respondent"] = mentions(who, respondent, "respondent")
    if max_items is not None:
        wanted["number of items"] = table["n_items"].le(max_items)
    if max_minutes is not None:
        longest = table["minutes"].str.findall(r"\d+").str[-1].astype("Float64")
        wanted["time to complete"] = longest.le(max_minutes)
    if free is not None:
        licensed = table["free_to_use"].eq("licensed").astype("boolean").where(table["free_to_use"].notna())
        wanted["conditions of use"] = ~licensed if free else licensed
    columns = (
        "measure_id name abbreviation construct respondent n_items minutes score_range alpha_as_reported test_retest "
        "free_to_use note source_url"
    )
    return fitting(table[columns.split()], wanted)


def which_measure(evidence: Evidence, construct: str | None = None) -> pd.DataFrame:
    """What is known of each measure when a team has to choose one, and how much is not.

    `construct` is part of what is measured. Columns ``measure_id, name, construct, respondent``, the six `PROPERTIES` (a
    reliability told in words keeps them), ``n_not_stated, of_not_stated`` (properties without any statement, of six),
    ``n_words_alone`` (reliabilities told without a value), ``not_stated`` (which), ``source_url``; by construct, the best
    known first.
    """
    table = measure_table(evidence, construct=construct).drop(columns="not_stated")
    missing = table[list(PROPERTIES)].isna()
    told = pd.DataFrame({c: table[c].str.contains(_WORDS_ALONE).fillna(False) for c in ("alpha_as_reported", "test_retest")})  # fmt: skip
    table["n_not_stated"], table["of_not_stated"] = missing.sum(axis=1), len(PROPERTIES)
    table["n_words_alone"] = told.astype(bool).sum(axis=1)
    named = [", ".join(PROPERTIES[c] for c in PROPERTIES if missing.at[row, c]) for row in table.index]
    table["not_stated"] = pd.Series(named, index=table.index, dtype="str").where(missing.any(axis=1))
    columns = ["measure_id", "name", "construct", "respondent", *PROPERTIES, "n_not_stated", "of_not_stated", "n_words_alone", "not_stated", "source_url"]  # fmt: skip
    return table.sort_values(["construct", "n_not_stated"], kind="stable")[columns].reset_index(drop=True)


def _cut_off(note: object) -> str | None:
    """The parts of a remark that speak of a cut-off or of what it finds."""
    parts = str(note).split("; ") if isinstance(note, str) else []
    return "; ".join(part for part in parts if _CUT_OFF.search(part)) or None


def measure_differences(evidence: Evidence) -> pd.DataFrame:
    """Reports of one instrument that give different values, side by side, each with its sample.

    Columns ``abbreviation, property, measure_id, name, value, sample`` (the extractor's remark, where the sample stands),
    ``source_url``; an instrument and property stand here where two reports print different values.
    """
    known = evidence.measures.dropna(subset="abbreviation")
    parts = [
        known.assign(property=label, value=known[column].astype("str")).dropna(subset=column)
        for column, label in PROPERTIES.items()
    ]
    parts.append(known.assign(property="cut-off", value=known["note"].map(_cut_off)).dropna(subset="value"))
    table = pd.concat(parts, ignore_index=True)
    several = table.groupby(["abbreviation", "property"])["value"].transform("nunique") > 1
    table = table[several].rename(columns={"note": "sample"})
    columns = ["abbreviation", "property", "measure_id", "name", "value", "sample", "source_url"]
    return table.sort_values(["abbreviation", "property", "measure_id"])[columns].reset_index(drop=True)
