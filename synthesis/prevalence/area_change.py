"""What changed over the years in England's official statistics: steps in recording, trends that steps do not make, totals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.numbers.slopes import median_slope
from synthesis.prevalence.areas import area_series

#: A change is a step where it is this many times as large as usual changes and chance make it. Of a thousand changes of
#: a normal series none would be; a step says that two years are not comparable, not why.
STEP_FROM = 4.0


def area_totals(evidence: Evidence, factor: str = "parent_mental_health") -> pd.DataFrame:
    """Published totals of England and its regions beside the sums of the authorities' returns that have a figure.

    The published totals keep the episodes of authorities whose own count is missing or unreliable, so that their share
    falls where such a return fails: two kinds of total that differ say so.

    Returns a row an area and year (London once, its halves left out): ``year, area_level, area_code, area_name, factor,
    percent`` (published), ``n_authorities, n_with_figure, episodes_with_factor, episodes_assessed`` (sums over the
    authorities with a figure), ``percent_of_returns`` (their share), ``difference`` (published less that, percentage
    points), ``episodes_without_figure`` (published episodes that no return with a figure holds; rounding of published
    totals leaves a few). Raises CallError for an unknown factor.
    """
    series = area_series(evidence, factor)
    above = series[(series["area_level"] == "country") | (series["region"] == "England")]
    own = series[series["area_level"] == "local_authority"]
    held = pd.concat([own.assign(whole=own["region"]), own.assign(whole="England")])
    sums = _sums(held, ["whole", "year"]).rename(columns={"percent": "percent_of_returns"})
    published = above[
        ["year", "area_level", "area_code", "area_name", "factor", "percent", "episodes_assessed"]
    ].rename(columns={"episodes_assessed": "published"})
    table = published.merge(sums, left_on=["area_name", "year"], right_on=["whole", "year"], how="left")
    table["difference"] = table["percent"] - table["percent_of_returns"]
    table["episodes_without_figure"] = (table["published"] - table["episodes_assessed"]).clip(lower=0)
    return table.drop(columns=["published", "whole"])[list(_TOTALS)]


_TOTALS = (
    "year", "area_level", "area_code", "area_name", "factor", "percent", "n_authorities", "n_with_figure",
    "episodes_with_factor", "episodes_assessed", "percent_of_returns", "difference", "episodes_without_figure",
)  # fmt: skip


def _sums(returns: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Counts and share over the returns that have a figure."""
    counts = ["episodes_with_factor", "episodes_assessed"]
    counted = returns.assign(**{name: returns[name].where(returns["percent"].notna()) for name in counts})
    sums = counted.groupby(by, sort=False).agg(
        n_authorities=("area_code", "nunique"), n_with_figure=("percent", "count"),
        episodes_with_factor=(counts[0], "sum"), episodes_assessed=(counts[1], "sum"),
    )  # fmt: skip
    share = 100 * sums["episodes_with_factor"] / sums["episodes_assessed"].where(sums["episodes_assessed"] > 0)
    return sums.assign(percent=share.astype("float64")).reset_index()


def area_breaks(evidence: Evidence, factor: str = "parent_mental_health", threshold: float = STEP_FROM) -> pd.DataFrame:
    """Years in which an authority's figure steps further than chance and the usual changes from year to year allow.

    Parameters
    ----------
    factor : a word of the vocabulary ``factor``.
    threshold : how many times the usual size a change must reach, above 0.

    The change of the log odds since the last figure (a half added to both counts), less that of the median authority
    in the same year, is divided by its standard error: sampling, and the usual change, which is the median absolute
    deviation over all authorities and years. A step may be a new system or form, a new threshold or a real change: the
    figures before and after are not comparable, and this does not say why.

    Returns a row a step, largest first: ``area_code, area_name, region, factor, year, previous_year, percent_before,
    percent, change`` (percentage points), ``deviation`` (in standard errors), ``remark``. Raises SynthesisError for an
    unknown factor or a threshold that is not above 0.
    """
    if not threshold > 0:
        raise CallError(f"The threshold lies above 0, such as {STEP_FROM:g}; it is {threshold}.")
    changes = _changes(area_series(evidence, factor, "local_authority"))
    steps = changes[changes["deviation"].abs() > threshold]
    by_size = steps.assign(size=-steps["deviation"].abs()).sort_values(["size", "area_code"], ignore_index=True)
    return by_size[list(_BREAKS)]


_BREAKS = (
    "area_code", "area_name", "region", "factor", "year", "previous_year", "percent_before", "percent", "change",
    "deviation", "remark",
)  # fmt: skip


def _changes(series: pd.DataFrame) -> pd.DataFrame:
    """Every change from a figure to the next one of the same authority, with its size in standard errors."""
    known = series[series["percent"].notna()].sort_values(["area_code", "year"])
    x = known["episodes_with_factor"].astype("float64") + 0.5
    y = known["episodes_assessed"].astype("float64") - x + 1
    known = known.assign(log_odds=np.log(x / y), variance=1 / x + 1 / y)
    before = known.groupby("area_code")[["year", "percent", "log_odds", "variance"]].shift()
    changes = known.assign(
        previous_year=before["year"], percent_before=before["percent"],
        change=known["percent"] - before["percent"], moved=known["log_odds"] - before["log_odds"],
        chance=known["variance"] + before["variance"], years=(known["year"] - before["year"]).astype("float64"),
    ).dropna(subset=["moved"])  # fmt: skip
    beyond = changes["moved"] - changes.groupby("year")["moved"].transform("median")
    # A median absolute deviation times this is the standard deviation, if deviations are normal; steps hardly move it.
    usual = 1.4826 * beyond.abs().median()
    # A change over a gap has had more years to grow in.
    error = np.sqrt(usual**2 * changes["years"] + changes["chance"])
    return changes.assign(deviation=(beyond / error.where(error > 0)).fillna(0.0), usual=usual)


def usual_change(evidence: Evidence, factor: str = "parent_mental_health") -> float:
    """Standard deviation of authorities' usual changes from one figure to the next, on the logit scale, as in `area_breaks`.

    It is robust (median absolute deviation), net of the median authority's change, and holds chance too; 0 without changes.
    """
    changes = _changes(area_series(evidence, factor, "local_authority"))
    return float(changes["usual"].iloc[0]) if len(changes) else 0.0


def area_trend(
    evidence: Evidence,
    factor: str = "parent_mental_health",
    level: str | None = None,
    threshold: float = STEP_FROM,
) -> pd.DataFrame:
    """Change a year of every area's figure, as reported and without the steps that recording makes.

    Parameters
    ----------
    factor : a word of the vocabulary ``factor``.
    level : ``country``, ``region`` or ``local_authority``; default all three (London once, its halves left out).
    threshold : what counts as a step, see `area_breaks`.

    The slope is the median of the slopes between any two years (Theil-Sen), with the exact interval of Kendall's test:
    see `slopes.median_slope`. It needs five figures; with fewer there is a slope without an interval. It holds the
    scatter from year to year, not only chance, but a slow change of recording looks like a trend.

    ``basis`` says which figures a row rests on: ``as_reported``; for authorities with a step also ``between_breaks``
    (only years on the same side of every step are compared); for England and regions also ``steady_authorities`` (the
    sum over authorities that have a figure in every year and no step).

    Returns ``area_level, area_code, area_name, region, factor, basis, n_authorities, n_years, first_year, last_year,
    first_percent, last_percent, slope, slope_low, slope_high`` (percentage points a year), ``direction`` (``rising``,
    ``falling``, ``not_told`` where the interval holds 0 or there is none), ``breaks`` (years and sizes), ``remark``.
    Raises CallError for an unknown factor or level, or a threshold that is not above 0.
    """
    wanted = set(area_series(evidence, factor, level)["area_level"])  # an unknown level is refused here
    series, steps = area_series(evidence, factor), area_breaks(evidence, factor, threshold)
    authorities = series[series["area_level"] == "local_authority"]
    above = series[(series["area_level"] == "country") | (series["region"] == "England")]
    stepped = authorities[authorities["area_code"].isin(steps["area_code"])]
    lines = pd.concat(
        [
            pd.concat([above, authorities]).assign(basis="as_reported", stretch=0),
            _steady(authorities, above, steps).assign(stretch=0),
            stepped.assign(basis="between_breaks", stretch=_stretch(stepped, steps)),
        ]
    ).sort_values("year", kind="stable")
    table = _slopes(lines[lines["area_level"].isin(wanted)])
    table["breaks"] = table["area_code"].map(listed(steps)).astype("str")
    places = {"country": 0, "region": 1, "local_authority": 2}
    order = table.assign(place=table["area_level"].map(places)).sort_values(
        ["place", "area_name", "area_code", "basis"], ignore_index=True
    )
    return order[list(_TREND)]


_TREND = (
    "area_level", "area_code", "area_name", "region", "factor", "basis", "n_authorities", "n_years", "first_year",
    "last_year", "first_percent", "last_percent", "slope", "slope_low", "slope_high", "direction", "breaks", "remark",
)  # fmt: skip


def _stretch(stepped: pd.DataFrame, steps: pd.DataFrame) -> pd.Series:
    """How many steps of the same authority lie at or before each year."""
    at = pd.MultiIndex.from_frame(stepped[["area_code", "year"]]).isin(
        pd.MultiIndex.from_frame(steps[["area_code", "year"]])
    )
    by_year = stepped.assign(step=at).sort_values("year")
    return by_year.groupby("area_code")["step"].cumsum()


def listed(steps: pd.DataFrame) -> pd.Series:
    """The steps of each authority from `area_breaks` as text, year and size, by area_code."""
    in_order = steps.sort_values("year")
    said = in_order["year"].astype("str") + " (" + in_order["change"].map("{:+.1f} points".format) + ")"
    return said.groupby(in_order["area_code"]).agg("; ".join)


def _steady(authorities: pd.DataFrame, above: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """England and the regions as sums of the authorities with a figure in every year and no step."""
    years = authorities["year"].nunique()
    figures = authorities.groupby("area_code")["percent"].count()
    steady = figures.index[figures == years].difference(pd.Index(steps["area_code"]))
    own = authorities[authorities["area_code"].isin(steady)]
    held = pd.concat([own.assign(area_name=own["region"]), own.assign(area_name="England")])
    sums = _sums(held, ["area_name", "year"])
    about = above.drop_duplicates("area_code")[["area_level", "area_code", "area_name", "region", "factor"]]
    return about.merge(sums, on="area_name").assign(basis="steady_authorities", state="reported")


def _slopes(lines: pd.DataFrame) -> pd.DataFrame:
    """One row an area and basis, from its figures in order of year."""
    key = ["area_code", "basis"]
    table = lines.drop_duplicates(key)[[*key, "area_level", "area_name", "region", "factor", "n_authorities"]]
    known = lines[lines["percent"].notna()]
    ends = known.groupby(key).agg(
        n_years=("year", "size"), first_year=("year", "first"), last_year=("year", "last"),
        first_percent=("percent", "first"), last_percent=("percent", "last"),
    )  # fmt: skip
    table = table.join(ends, on=key).fillna({"n_years": 0}).astype({"n_years": "Int64", "n_authorities": "Int64"})
    numbers = known.assign(year=known["year"].astype("float64"))
    found = {
        name: median_slope(*(own[column].to_numpy() for column in ("year", "percent", "stretch")))
        for name, own in numbers.groupby(key)
    }
    slopes = pd.DataFrame(
        [(*name, each.slope, each.low, each.high) for name, each in found.items()],
        columns=[*key, "slope", "slope_low", "slope_high"],
    )
    table = table.merge(slopes, on=key, how="left")
    told = [table["slope_low"] > 0, table["slope_high"] < 0]
    table["direction"] = np.select(told, ["rising", "falling"], "not_told")
    gaps = lines[lines["percent"].isna()]
    said = gaps["year"].astype("str") + " " + gaps["state"].str.replace("_", " ")
    missing = said.groupby([gaps[name] for name in key]).agg(", ".join).rename("missing")
    return _remarked(table.join(missing, on=key))


def _remarked(table: pd.DataFrame) -> pd.DataFrame:
    """Years without a figure and why; why there is no interval."""
    gaps = ("No figure: " + table["missing"].astype("str") + ". ").where(table["missing"].notna(), "")
    few = np.select(
        [table["slope"].isna(), table["slope_low"].isna()],
        ["No trend: no two years can be compared.", "No interval: too few years can be compared."],
        "",
    )
    said = (gaps + few).str.strip().astype("str")
    return table.assign(remark=said.where(said != ""))
