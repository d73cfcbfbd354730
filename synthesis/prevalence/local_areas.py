"""England's local authorities: which there are, finding one by code or name, and those that are like it by size and region."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.areas import area_series

#: The five factors of a local picture, in its order, with the words for them in running text.
FACTORS = {
    "parent_mental_health": "mental health",
    "parent_domestic_abuse": "domestic abuse",
    "parent_alcohol_misuse": "alcohol misuse",
    "parent_drug_misuse": "drug misuse",
    "parent_learning_disability": "learning disability",
}
#: A similar authority has at most so many times the assessed episodes, and at least one part of so many.
SIZE_APART = 2.0
#: How many similar authorities are taken, the nearest in size first.
SIMILAR = 5
#: What "similar" means here, for whoever reads a figure that rests on it.
SIMILAR_MEANS = (
    f"Similar authorities are our definition: up to {SIMILAR} of the region, nearest in assessed episodes of that year and between "
    "half and twice its number; not the statutory neighbours, which are not in the data."
)
#: From this likeness on, of 1, a name that is spelt otherwise is suggested.
_ALIKE = 0.8
#: What is held, for whoever looks for an area elsewhere.
_ENGLAND = "Only authorities of England are held."
#: How areas are listed, for the message about an unknown one.
_LIST = "All are listed by area_list(evidence), and by `synthesis brief --list`."


def area_list(evidence: Evidence, region: str | None = None) -> pd.DataFrame:
    """Every local authority of the official statistics, also those that have been abolished since.

    `region` is the name of a region, such as "North East".

    Columns ``area_code, area_name, region, first_year, last_year, n_years, n_with_figure, of_years`` (years with a row;
    years with a figure on parental mental health, of these), ``episodes_assessed`` (the latest known), ordered by name and
    then by year. Raises CallError for a region that is not there.
    """
    series = area_series(evidence, "parent_mental_health", "local_authority").sort_values("year", kind="stable")
    series["episodes_assessed"] = series.groupby("area_code")["episodes_assessed"].ffill()
    table = (
        series.groupby("area_code")
        .agg(
            area_name=("area_name", "last"), region=("region", "last"), first_year=("year", "min"), last_year=("year", "max"),
            n_years=("year", "size"), n_with_figure=("percent", "count"), episodes_assessed=("episodes_assessed", "last"),
        )
        .reset_index()
    )  # fmt: skip
    table["of_years"] = table["n_years"]
    if region is not None:
        if region not in set(table["region"]):
            raise CallError(f"There is no region {region!r}; there are {', '.join(sorted(set(table['region'])))}.")
        table = table[table["region"] == region]
    columns = "area_code area_name region first_year last_year n_years n_with_figure of_years episodes_assessed"
    return table.sort_values(["area_name", "first_year"], ignore_index=True)[columns.split()]


def find_area(evidence: Evidence, area: str, known: pd.DataFrame | None = None) -> pd.Series:
    """The row of `area_list` of one authority, named by its official code or its exact name, capitals aside.

    `known` is `area_list`, where it is there already. Where two authorities bear the name one after the other, it is the
    later one. Raises CallError for an area that is not there, with the nearest names and how to list them all, and for a
    region or the country.
    """
    known, wanted = area_list(evidence) if known is None else known, area.strip().casefold()
    found = known[(known["area_code"].str.casefold() == wanted) | (known["area_name"].str.casefold() == wanted)]
    if len(found):
        return found.loc[found["last_year"].idxmax()]
    official = evidence.official_statistics
    above = official[official["area_level"] != "local_authority"]
    above = above[(above["area_code"].str.casefold() == wanted) | (above["area_name"].str.casefold() == wanted)]
    if len(above):
        name = above["area_name"].iloc[0]
        raise CallError(f"{name} is no local authority, and a local picture is of one. {_LIST}")
    near = _nearest(known["area_name"], wanted)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise CallError(f"There is no local authority with the code or name {area!r}.{hint} {_ENGLAND} {_LIST}")


def _nearest(names: pd.Series, wanted: str) -> list[str]:
    """Up to five names that hold the words looked for, or else are spelt much like them."""
    by_lower = {name.casefold(): name for name in names}
    holding = [name for lower, name in by_lower.items() if len(wanted) > 2 and (wanted in lower or lower in wanted)]
    alike = difflib.get_close_matches(wanted, by_lower, n=5, cutoff=_ALIKE)
    return list(dict.fromkeys([*holding, *(by_lower[each] for each in alike)]))[:5]


def similar_areas(evidence: Evidence, area: str) -> pd.DataFrame:
    """Authorities like one: same region, nearest in assessed episodes, at most five, between half and twice its number.

    The definition is ours (`SIMILAR_MEANS`) and knows nothing of deprivation, population or need; the statutory neighbours
    are not in the data. The year is the authority's last one with a known number.

    Columns ``area_code, area_name, region, year, episodes_assessed, ratio`` (its episodes to those of the authority), the
    nearest first; no row where none is within the limits. Raises CallError for an unknown area.
    """
    own = find_area(evidence, area)
    series = area_series(evidence, "parent_mental_health", "local_authority")
    return like(series, own["area_code"])


def like(series: pd.DataFrame, code: str) -> pd.DataFrame:
    """`similar_areas` of an authority from a series of authorities that is already there."""
    known = series[series["episodes_assessed"].notna() & (series["episodes_assessed"] > 0)]
    own = known[known["area_code"] == code].sort_values("year").tail(1)
    columns = ["area_code", "area_name", "region", "year", "episodes_assessed", "ratio"]
    if own.empty:
        return known.head(0).assign(ratio=pd.Series(dtype="float64"))[columns]
    year, region, size = (own[name].iloc[0] for name in ("year", "region", "episodes_assessed"))
    others = known[(known["year"] == year) & (known["region"] == region) & (known["area_code"] != code)]
    others = others.assign(ratio=others["episodes_assessed"].astype("float64") / float(size))
    away = np.log(others["ratio"]).abs()
    near = others.assign(away=away)[away <= np.log(SIZE_APART)].sort_values(["away", "area_code"], ignore_index=True)
    return near.head(SIMILAR)[columns]
