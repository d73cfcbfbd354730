"""Reported proportions made comparable: one percent and one interval an estimate, and which kind of interval it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthesis.schema import SynthesisError
from synthesis.tables import Evidence


def wilson(events: pd.Series, totals: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Wilson score interval of proportions.

    Parameters
    ----------
    events, totals : counts, 0 <= events <= totals. Where one is missing or they are impossible there is no interval.
    level : confidence level between 0 and 1.

    Returns columns ``low`` and ``high`` as proportions between 0 and 1, index as the input.
    Source: Wilson 1927, J Am Stat Assoc 22:209-212. Raises SynthesisError for a level outside 0 to 1.
    """
    if not 0 < level < 1:
        raise SynthesisError(f"The level lies between 0 and 1, such as 0.95; it is {level}.")
    x, n = np.asarray(events.astype("float64")), np.asarray(totals.astype("float64"))
    z = ndtri(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = x / n
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        low, high = np.where(x == 0, 0.0, centre - half), np.where(x == n, 1.0, centre + half)
    nothing = np.isnan(x) | (n == 0) | np.isnan(n)
    return pd.DataFrame(
        {"low": np.where(nothing, np.nan, low), "high": np.where(nothing, np.nan, high)}, index=events.index
    )


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
