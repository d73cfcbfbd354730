"""Reported proportions made comparable: one percent and one interval an estimate, and which kind of interval it is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.evidence.tables import Evidence
from synthesis.numbers.intervals import wilson


def proportions(evidence: Evidence) -> pd.DataFrame:
    """Every estimate with one percent and, where possible, one 95 % interval.

    Counts come first: percent and Wilson interval are computed from numerator and denominator (cases that only a percent
    and its denominator give are worked out and marked in ``derived``, see `with_counts`). Without counts the
    printed percent stands, with the printed interval where there is one. ``interval`` says which: ``wilson``,
    ``printed`` or ``none``. A percent that is printed beside counts stays visible in ``percent_as_reported``, and what
    a source says against itself in ``remark``.

    Returns a row an estimate: ``estimate_id, indicator_id, source, period, population, setting, country_as_reported,
    case_definition, design, numerator, denominator, percent, ci_low, ci_high`` (percent scale), ``interval,
    percent_as_reported, derived, remark, source_url``.
    """
    table = with_counts(evidence)
    interval = wilson(table["numerator"], table["denominator"])
    from_counts = interval["low"].notna()
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
            "ci_low": (100 * interval["low"]).where(from_counts, table["ci_low"]),
            "ci_high": (100 * interval["high"]).where(from_counts, table["ci_high"]),
            "interval": np.select([from_counts, printed], ["wilson", "printed"], "none"),
            "percent_as_reported": table["percent_as_reported"],
            "derived": table["derived"],
            "remark": table["estimate_id"].map(evidence.discrepancies_of("estimates")),
            "source_url": table["source_url"],
        }
    )


def with_counts(evidence: Evidence) -> pd.DataFrame:
    """The table ``estimates`` in which a percent with its denominator also has cases, marked in ``derived``.

    The cases are those of `derived_counts`; what the source or the extractor gave is never changed.
    """
    table = evidence.estimates
    if not (table["numerator"].isna() & table["percent_as_reported"].notna() & table["denominator"].notna()).any():
        return table
    made = derived_counts(evidence)
    made = made[made["made_by"] == "toolkit"].set_index("estimate_id")
    found = table["estimate_id"].map(made["numerator"]).astype("Int64")
    exact = table["estimate_id"].map(made["exact"])
    words = exact.map({True: "numerator_from_percent", False: "numerator_from_percent_inexact"})
    return table.assign(
        numerator=table["numerator"].fillna(found), derived=words.astype("str").where(found.notna(), table["derived"])
    )


def derived_counts(evidence: Evidence) -> pd.DataFrame:
    """Counts that no source printed: worked out from a percent and its denominator, by the extractor or here.

    Rows whose cases the extractor derived (column ``derived``), and rows with a percent and a denominator and no cases.
    The latter are counted only here: a row against which `discrepancies` records another count is left as it is.

    Returns a row an estimate: ``estimate_id, source, percent_as_reported, denominator, numerator`` (the nearest whole
    number), ``numerator_low, numerator_high`` (whole numbers that the printed digits allow; read as printed to whole
    percents where no decimals are kept), ``exact`` (whether any whole number gives the printed percent), ``made_by``
    (extractor or toolkit).
    """
    table = evidence.estimates
    counted = table["derived"].isin(["numerator_from_percent", "numerator_from_percent_inexact"])
    against = evidence.discrepancies[evidence.discrepancies["table"] == "estimates"]
    open_ = table["numerator"].isna() & ~table["estimate_id"].isin(against["row_id"])
    known = table["percent_as_reported"].notna() & table["denominator"].notna()
    rows = table[known & (counted | open_)]
    percent, n = rows["percent_as_reported"].astype("float64"), rows["denominator"].astype("float64")
    half = percent.map(_last_digit) / 2
    # A bound that lies on a whole number but for rounding is that whole number.
    low = np.ceil((percent - half).clip(lower=0) * n / 100 - 1e-9)
    high = np.floor((percent + half).clip(upper=100) * n / 100 + 1e-9)
    nearest = rows["numerator"].astype("Int64").fillna(pd.Series(np.floor(percent * n / 100 + 0.5), rows.index).astype("Int64"))  # fmt: skip
    # The extractor saw a zero printed after the point, as in 62.0, which the number does not keep.
    exact = (low <= high) & (rows["derived"] != "numerator_from_percent_inexact")
    return pd.DataFrame(
        {
            "estimate_id": rows["estimate_id"],
            "source": source_label(rows),
            "percent_as_reported": percent,
            "denominator": rows["denominator"],
            "numerator": nearest,
            "numerator_low": low.where(exact).astype("Int64"),
            "numerator_high": high.where(exact).astype("Int64"),
            "exact": exact,
            "made_by": np.where(rows["numerator"].notna(), "extractor", "toolkit"),
        }
    ).reset_index(drop=True)


def counted_units(evidence: Evidence) -> pd.Series:
    """What each estimate counts, by estimate_id: a word of the vocabulary ``unit``.

    As ``estimate_units`` says of the row, otherwise as its indicator does (``mixed`` where that says only that rows differ).
    """
    table = evidence.estimates
    said = table["estimate_id"].map(evidence.estimate_units.set_index("estimate_id")["unit"])
    of_indicator = table["indicator_id"].map(evidence.indicators.set_index("indicator_id")["unit"])
    return pd.Series(said.fillna(of_indicator).to_numpy(), index=table["estimate_id"].to_numpy(), dtype="str")


def both_ways(evidence: Evidence) -> pd.DataFrame:
    """Estimates whose printed percent is not what their counts give, both ways side by side.

    Returns a row an estimate that differs by more than rounding, the largest difference first: ``estimate_id, source,
    numerator, denominator, percent, ci_low, ci_high`` (from the counts, Wilson), ``percent_as_reported, difference``
    (percentage points), ``derived, remark``.
    """
    table = proportions(evidence)
    printed = table["percent_as_reported"]
    apart = (table["percent"] - printed).abs()
    # Of a percent printed as 36.0 only 36 is kept; whether whole percents differ is then for the extractor to say.
    more = (apart > printed.fillna(0).map(_last_digit) / 2 + 1e-9) | (
        table["derived"] == "numerator_from_percent_inexact"
    )
    differs = (table["interval"] == "wilson") & printed.notna() & more
    shown = table[differs].assign(difference=table["percent"] - printed, apart=apart)
    columns = (
        "estimate_id source numerator denominator percent ci_low ci_high percent_as_reported difference derived remark"
    )
    return shown.sort_values(["apart", "estimate_id"], ascending=[False, True])[columns.split()].reset_index(drop=True)


def _last_digit(percent: float) -> float:
    """One unit of the last digit of a percent as it is kept: 1 for 36.0, 0.1 for 36.2, 0.01 for 2.55."""
    return 10.0 ** -len(f"{percent:.6f}".rstrip("0").partition(".")[2])


def source_label(table: pd.DataFrame) -> pd.Series:
    """First author's surname and year for a reader, such as “Howard 2018”; the source's id where no author was visible."""
    first = table["authors"].str.replace("[;,].*", "", regex=True)
    surname = first.str.replace(r"\s+[A-Z][A-Z-]*$", "", regex=True)
    year = table["year"].astype("str").fillna("year not seen")
    return (surname + " " + year).fillna(table["source_id"])
