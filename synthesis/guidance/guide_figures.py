"""The figures of the family-hubs sheet, each with what has to be said beside it: age, geography, later official figures."""

from __future__ import annotations

import re

import pandas as pd

from synthesis.evidence.tables import Evidence
from synthesis.guidance.guides import guide_item_table

#: The sheet whose figures these are.
SHEET = "family_hubs_sheet"
#: Rows of `estimates` in which the same figures were entered, with geography and remarks on how they were made.
ESTIMATES = {"SI062": "EIFhubs-01", "SI063": "EIFhubs-sep", "SI064": "EIFhubs-sep"}
_COLUMNS = [
    "figure_id",
    "statement",
    "figure",
    "year",
    "geography",
    "caveat",
    "source_id",
    "source",
    "address",
    "caveat_ids",
    "caveat_addresses",
]


def family_hub_figures(evidence: Evidence) -> pd.DataFrame:
    """Every figure of the family-hubs sheet as it states it, and what is recorded against it.

    Columns ``figure_id`` (row of `guide_items`), ``statement, figure`` (value and unit as stated), ``year, geography`` (as
    stated; missing where it is not), ``caveat`` (other accounts of the figure, its geography among them, then how it
    was made; missing where nothing is recorded), ``source_id, source, address`` (of the sheet's public page),
    ``caveat_ids`` (rows that the caveat rests on, joined with ``;``), ``caveat_addresses`` (where those were read).
    """
    items = guide_item_table(evidence, "figure", source=SHEET)
    table = items.rename(columns={"item_id": "figure_id", "source_url": "address"})
    unit = table["figure_unit"].fillna("").astype("str")
    table["figure"] = (table["figure_value"] + " " + unit).str.strip()
    estimates = evidence.estimates.set_index("estimate_id")
    same = table["figure_id"].map(ESTIMATES)
    same = same.where(same.isin(estimates.index))
    table["geography"] = same.map(estimates["country_as_reported"])
    said = [_caveat(evidence, *pair) for pair in zip(table["figure_id"], same, strict=True)]
    table["caveat"] = pd.Series([text for text, _ in said], index=table.index, dtype="str")
    table["caveat_ids"] = pd.Series([";".join(ids) or None for _, ids in said], index=table.index, dtype="str")
    read_at = [dict.fromkeys(estimates["source_url"].reindex([i for i in ids if i in estimates.index]).dropna()) for _, ids in said]  # fmt: skip
    table["caveat_addresses"] = pd.Series([" ".join(urls) or None for urls in read_at], index=table.index, dtype="str")
    return table[_COLUMNS]


def _caveat(evidence: Evidence, figure: str, estimate: object) -> tuple[str | None, list[str]]:
    """What is recorded against a figure, and the rows it comes from: contradictions first, then how it was made."""
    known = evidence.discrepancies
    against = known[(known["table"] == "guide_items") & (known["row_id"] == figure)]
    parts, ids = list(against["also_stated"]), list(against["discrepancy_id"])
    estimates = evidence.estimates.set_index("estimate_id")
    for text in against["also_stated"]:
        ids += [word for word in re.findall(r"[\w.-]*\w", text) if word in estimates.index]
    if isinstance(estimate, str):
        made = estimates.at[estimate, "risk_of_bias_hint"]
        if isinstance(made, str):
            parts.append(made + ".")
            ids.append(estimate)
    return " ".join(parts) or None, list(dict.fromkeys(ids))
