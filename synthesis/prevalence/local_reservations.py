"""What must be said beside the figures of an authority: years without one, steps in recording, contradictions, size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from synthesis.evidence.schema import counted
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.local_areas import FACTORS, SIMILAR_MEANS, find_area, like
from synthesis.prevalence.local_figures import Official, comparable_since, official_tables

#: Why a figure is not there, in the words of the vocabulary ``suppression``; a failed return is found by us.
WHY = {
    "withheld": "withheld to protect people",
    "unreliable": "unreliable, as the publisher marks it",
    "missing": "missing",
    "not_applicable": "not applicable",
    "failed_return": "a failed return",
}
#: Below so many assessed episodes the interval is said to be wide.
FEW = 100
#: A published total is said to differ from its returns where it does so by more than this, in percentage points.
TOTALS_APART = 1.0


def local_notes(evidence: Evidence, area: str, official: Official | None = None) -> pd.DataFrame:
    """What must be known of one authority's figures, in sentences made from the rows: a row a reservation.

    Parameters are those of `local_picture`.

    Columns ``kind, factors`` (of the five, joined with ``;``), ``years`` (joined with ``;``), ``note`` and ``row_ids`` (rows
    of ``official_statistics`` as year/area/factor, or identifiers of ``discrepancies``, joined with ``;``). Kinds, in this
    order: ``returns`` (which years there are, and of what area), ``no_figure`` (of how many years, and why), ``latest``
    (the last figure, where this year has none), ``break`` (`area_breaks`), ``discrepancy`` (what contradicts a figure),
    ``few`` (a small return), ``total`` (a published total that leaves returns out), ``similar`` (what that means). Raises
    CallError for an unknown area.
    """
    own = find_area(evidence, area, official.areas if official else None)  # an unknown area is refused before any work
    official = official or official_tables(evidence)
    series = official.own(str(own["area_code"]))
    rows = [
        *_returns(official, own),
        *_no_figure(series),
        *_latest(series, int(own["last_year"])),
        *_breaks(official, own),
        *_discrepancies(evidence, series),
        *_few(series, own),
        *_totals(official, own),
        *_similar(official, own),
    ]
    return pd.DataFrame(rows, columns=["kind", "factors", "years", "note", "row_ids"])


_Row = tuple[str, str, str, str, str]


def _row(kind: str, rows: pd.DataFrame, note: str, ids: Iterable[str] | None = None) -> _Row:
    factors, years = _joined(rows["factor"], list(FACTORS)), _joined(rows["year"].astype(int))
    keys = rows["year"].astype("str") + "/" + rows["area_code"] + "/" + rows["factor"]
    return kind, factors, years, note, ";".join(keys if ids is None else ids)


def _joined(values: Iterable[object], order: list[str] | None = None) -> str:
    found = set(map(str, values))
    return ";".join(each for each in order or sorted(found) if each in found)


def _listed(words: Iterable[object]) -> str:
    """Words as a list in a sentence."""
    *most, last = map(str, words)
    return f"{', '.join(most)} and {last}" if most else last


def named(factors: Iterable[str]) -> str:
    """Factors in running text: "all five factors", or their short words in order."""
    found = set(factors)
    return f"all {len(FACTORS)} factors" if found == set(FACTORS) else _listed(FACTORS[each] for each in FACTORS if each in found)  # fmt: skip


def _returns(official: Official, own: pd.Series) -> Iterator[_Row]:
    """Where the series of this code begins late or ends early: another area was there before, or came after."""
    series = official.series
    first, last = int(series["year"].min()), int(series["year"].max())
    begin, end = int(own["first_year"]), int(own["last_year"])
    rows = official.own(own["area_code"])
    if begin > first:
        note = f"Returns under this code begin with {begin}; {counted(end - begin + 1, 'year')} of {last - first + 1} can be shown."
        others = series[(series["area_name"] == own["area_name"]) & (series["area_code"] != own["area_code"])]
        if len(others):
            note += f" Until {others['year'].max()} another code with this name ({others['area_code'].iloc[0]}) reported; its area may not be the same, so the two are not joined."
        yield _row("returns", rows[rows["year"] == begin], note)
    if end < last:
        note = f"The last return under this code is that of {end}: all figures here are of that year, and the area is now part of another authority or has another code."
        yield _row("returns", rows[rows["year"] == end], note)


def _no_figure(series: pd.DataFrame) -> Iterator[_Row]:
    """Years without a figure in one sentence, factors that share them together."""
    gaps = series[series["state"] != "reported"].sort_values("year")
    if gaps.empty:
        return
    by_factor = {factor: tuple(zip(own["year"], own["state"], strict=True)) for factor, own in gaps.groupby("factor")}
    states = set(gaps["state"])
    only = WHY[states.pop()] if len(states) == 1 else ""
    said = []
    for pattern in dict.fromkeys(by_factor[factor] for factor in FACTORS if factor in by_factor):
        factors = [factor for factor, each in by_factor.items() if each == pattern]
        years = pd.Series([year for year, _ in pattern], index=[state for _, state in pattern])
        why = "; ".join(f"{year_runs(own)}{'' if only else ' ' + WHY[str(state)]}" for state, own in years.groupby(level=0, sort=False))  # fmt: skip
        n = series[series["factor"] == factors[0]]["year"].nunique()
        said.append(f"{named(factors)} in {len(pattern)} of {counted(n, 'year')} ({why})")
    reason = f"No figure ({only}) for " if only else "No figure for "
    failed = (
        " A failed return holds many episodes and not a single parental factor."
        if "failed_return" in set(gaps["state"])
        else ""
    )
    yield _row("no_figure", gaps, f"{reason}{'; '.join(said)}. A gap is not a zero.{failed}")


def year_runs(years: Iterable[int]) -> str:
    """Years in a list, three or more in a row as a span."""
    runs: list[list[int]] = []
    for year in sorted(map(int, years)):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    spans = ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run) for run in runs)
    return ", ".join(each for span in spans for each in span)


def _latest(series: pd.DataFrame, year: int) -> Iterator[_Row]:
    """The last figure of each factor that has none in the year shown."""
    without = set(series.loc[(series["year"] == year) & series["percent"].isna(), "factor"])
    known = series[series["factor"].isin(without) & series["percent"].notna()].sort_values("year")
    last = known.groupby("factor").tail(1).set_index("factor", drop=False)
    said = [
        f"{FACTORS[factor]} {row['year']}: {row['episodes_with_factor']:,} of {row['episodes_assessed']:,} "
        f"({row['percent']:.1f} %, {row['ci_low']:.1f} to {row['ci_high']:.1f})"
        for factor, row in ((each, last.loc[each]) for each in FACTORS if each in last.index)
    ]
    if said:
        yield _row("latest", last, f"The last figures, where {year} has none: {'; '.join(said)}.")
    if never := without - set(last.index):
        rows = series[series["factor"].isin(never)]
        yield _row("latest", rows, f"No year has a figure for {named(never)}.")


def _breaks(official: Official, own: pd.Series) -> Iterator[_Row]:
    """Steps in recording in one sentence: with their sizes for the first factor that has one, by year alone for others."""
    steps = official.breaks[official.breaks["area_code"] == own["area_code"]].sort_values("year")
    if steps.empty:
        return
    first, *others = [factor for factor in FACTORS if factor in set(steps["factor"])]
    jumps = [f"{row.year} (from {row.percent_before:.1f} to {row.percent:.1f} %)" for row in steps[steps["factor"] == first].itertuples()]  # fmt: skip
    said = [f"{FACTORS[first]} in {_listed(jumps)}"]
    said += [f"{FACTORS[factor]} in {_listed(steps.loc[steps['factor'] == factor, 'year'])}" for factor in others]
    note = (
        f"Figures step further than chance and usual change allow: {'; '.join(said)}. Years on either side are not "
        "comparable, and the data do not say why."
    )
    yield _row("break", steps, note)


def _discrepancies(evidence: Evidence, series: pd.DataFrame) -> Iterator[_Row]:
    """What the table of discrepancies holds against figures of the authority; the like of other factors by its row only."""
    known = evidence.discrepancies[evidence.discrepancies["table"] == "official_statistics"]
    keyed = series.assign(row_id=series["year"].astype("str") + "/" + series["area_code"] + "/" + series["factor"])
    found = keyed.merge(known.drop(columns="column"), on="row_id")
    found["place"] = found["factor"].map({factor: at for at, factor in enumerate(FACTORS)})
    found = found.sort_values(["place", "year"])
    # What is held against several years in the same words is said once, and the like of other factors by their names.
    by_factor = [(factor, also, same) for (factor, also), same in found.groupby(["factor", "also_stated"], sort=False)]
    while by_factor:
        factor, also, same = by_factor.pop(0)
        alike = [each for each in by_factor if list(each[2]["year"]) == list(same["year"]) and each[0] != factor]
        by_factor = [each for each in by_factor if not any(each is other for other in alike)]
        note = f"{FACTORS[factor].capitalize()}: {' '.join(same['stated'])} Also stated: {also}"
        note += f" The like is held against {named(each[0] for each in alike)}." if alike else ""
        rows = pd.concat([same, *(each[2] for each in alike)])
        yield _row("discrepancy", rows, note, rows["discrepancy_id"])


def _few(series: pd.DataFrame, own: pd.Series) -> Iterator[_Row]:
    now = series[(series["year"] == own["last_year"]) & (series["episodes_assessed"] < FEW)]
    if len(now):
        n = now["episodes_assessed"].max()
        note = f"Only {counted(n, 'episode')} {'was' if n == 1 else 'were'} assessed: single families move a percent, and intervals are wide."
        yield _row("few", now, note)


def _totals(official: Official, own: pd.Series) -> Iterator[_Row]:
    """Years shown in which the published total of the region or of England differs from what its authorities returned."""
    totals, year = official.totals, int(own["last_year"])
    shown = {year, *comparable_since(official, str(own["area_code"]), year)["since_year"]}
    places = totals[totals["area_name"].isin([own["region"], "England"]) & totals["year"].isin(shown)]
    apart = places[places["difference"].abs() > TOTALS_APART]
    for (name, when), rows in apart.groupby(["area_name", "year"]):
        by = "; ".join(f"{FACTORS[row.factor]} by {abs(row.difference):.1f}" for row in rows.itertuples())
        side = "below" if rows["difference"].max() < 0 else "above" if rows["difference"].min() > 0 else "beside"
        note = (
            f"{name} {when}: the published percent lies {side} that of the returns with a figure ({rows['n_with_figure'].min()} of "
            f"{counted(rows['n_authorities'].iloc[0], 'authority', 'authorities')}), in points: {by}. It keeps the episodes of the others."
        )
        yield _row("total", rows, note)


def _similar(official: Official, own: pd.Series) -> Iterator[_Row]:
    series = official.series
    near = like(series[(series["area_level"] == "local_authority") & (series["factor"] == "parent_mental_health")], own["area_code"])  # fmt: skip
    taken = f" Here: {'; '.join(near['area_name'])}." if len(near) else " Here there is none."
    rows = near.assign(factor="parent_mental_health")
    yield _row("similar", rows, SIMILAR_MEANS + taken)
