"""Reported proportions made comparable: one percent and one interval an estimate, and which kind of interval it is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.intervals import wilson
from synthesis.tables import Evidence


def proportions(evidence: Evidence) -> pd.DataFrame:
    """Every estimate with one percent and, where possible, one 95 % interval.

    Counts come first: percent and Wilson interval are computed from numerator and denominator. Without counts the
    printed percent stands, with the printed interval where there is one. ``interval`` says which: ``wilson``,
    ``printed`` or ``none``. A percent that is printed beside counts stays visible in ``percent_as_reported``, and what
    a source says against itself in ``remark``.

    Returns a row an estimate: ``estimate_id, indicator_id, source, period, population, setting, country_as_reported,
    case_definition, design, numerator, denominator, percent, ci_low, ci_high`` (percent scale), ``interval,
    percent_as_reported, derived, remark, source_url``.
    """
    table = evidence.estimates
    counted = wilson(table["numerator"], table["denominator"])
    from_counts = counted["low"].notna()
    percent = (
        (100 * table["numerator"] / table["denominator"])
        .astype("float64")
        .where(from_counts, table["percent_as_reported"])
    )
    printed = ~from_counts & table["ci_low"].notna() & table["ci_high"].notna()
    return pd.DataFrame(
        {
            "estimate_id": table["estimate_id"],
            "indicator_id": table["indicator_id"],
            "source": source_label(table),
            "period": table["period"],
            "population": table["population"],
            "setting": table["setting"],
            "country_as_reported": table["country_as_reported"],
            "case_definition": table["case_definition"],
            "design": table["design"],
            "numerator": table["numerator"],
            "denominator": table["denominator"],
            "percent": percent,
            "ci_low": (100 * counted["low"]).where(from_counts, table["ci_low"]),
            "ci_high": (100 * counted["high"]).where(from_counts, table["ci_high"]),
            "interval": np.select([from_counts, printed], ["wilson", "printed"], "none"),
            "percent_as_reported": table["percent_as_reported"],
            "derived": table["derived"],
            "remark": table["estimate_id"].map(evidence.discrepancies_of("estimates")),
            "source_url": table["source_url"],
        }
    )


def source_label(table: pd.DataFrame) -> pd.Series:
    """First author's surname and year for a reader, such as “Howard 2018”; the source's id where no author was visible."""
    surname = (
        table["authors"].str.split(";").str[0].str.split(",").str[0].str.replace(r"\s+[A-Z][A-Z-]*$", "", regex=True)
    )
    year = table["year"].astype("str").fillna("year not seen")
    return (surname + " " + year).fillna(table["source_id"])
