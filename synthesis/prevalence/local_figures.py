"""The local picture: one authority's figures for five factors, beside similar authorities, its region and England."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from synthesis.evidence.tables import Evidence
from synthesis.numbers.intervals import newcombe
from synthesis.prevalence.area_change import area_breaks, area_totals
from synthesis.prevalence.areas import area_series
from synthesis.prevalence.local_areas import FACTORS, area_list, find_area, like
from synthesis.prevalence.rank_change import area_standing

#: The places of a local picture, in its order.
PLACES = ("own", "similar", "region", "country")


@dataclass(frozen=True)
class Official:
    """The official tables of the five factors that every local picture reads, made once for many areas.

    ``areas`` (`area_list`), ``series`` (`area_series`), ``breaks`` (`area_breaks`) and ``totals`` (`area_totals`), the
    factors below each other.
    """

    evidence: Evidence
    areas: pd.DataFrame
    series: pd.DataFrame
    breaks: pd.DataFrame
    totals: pd.DataFrame
    _standing: dict[int, pd.DataFrame] = field(default_factory=dict, repr=False)

    def standing(self, year: int) -> pd.DataFrame:
        """`area_standing` of the five factors in one year, drawn once a year."""
        if year not in self._standing:
            parts = [area_standing(self.evidence, factor, year) for factor in FACTORS]
            self._standing[year] = pd.concat(parts, ignore_index=True)
        return self._standing[year]

    def own(self, code: str) -> pd.DataFrame:
        """The series of one authority, all factors and years."""
        return self.series[self.series["area_code"] == code]


def official_tables(evidence: Evidence) -> Official:
    """The tables that `local_picture` and `local_notes` take, for whoever asks for many areas."""
    made = [pd.concat([table(evidence, factor) for factor in FACTORS], ignore_index=True) for table in (area_series, area_breaks, area_totals)]  # fmt: skip
    return Official(evidence, area_list(evidence), *made)


def local_picture(evidence: Evidence, area: str, official: Official | None = None) -> pd.DataFrame:
    """One authority's latest figures for five factors, beside similar authorities, its region and England.

    Parameters
    ----------
    area : official code or exact name of a local authority, see `area_list`.
    official : `official_tables`, where many areas are asked for.

    Returns a row a factor and place (``own``, ``similar``, ``region``, ``country``), all of the authority's last year:

    - ``factor, place, area_code, area_name, year``;
    - ``episodes_with_factor, episodes_assessed, percent, ci_low, ci_high`` (Wilson, percent scale), ``state`` and
      ``remark``, as in `area_series`: a figure that is not there has its state, and is never zero;
    - for ``similar`` (see `similar_areas`): sums over those with a figure, ``n_areas, of_areas`` (with a figure, of those
      taken) and ``range_low, range_high`` (lowest and highest of them) instead of an interval: authorities differ more than
      chance makes them;
    - ``since_year, percent_since, change, change_low, change_high``: the earliest year that can be compared (after the last step
      in the authority's recording, `area_breaks`), and the change since then in percentage points (Newcombe; of chance
      alone), for region and England over the same years; missing where no two years can be compared;
    - for ``own``: ``estimate, estimate_low, estimate_high`` (percent scale; partially pooled, `area_estimates`), and ``rank, rank_low,
      rank_high`` (`area_standing`; never a rank without its interval) and ``n_ranked``, the authorities ranked.

    Raises CallError for an unknown area, with the nearest names.
    """
    own = find_area(evidence, area, official.areas if official else None)  # an unknown area is refused before any work
    official = official or official_tables(evidence)
    code, year = str(own["area_code"]), int(own["last_year"])
    series = official.series
    above = series[(series["area_level"] == "country") | ((series["area_level"] == "region") & (series["area_name"] == own["region"]))]  # fmt: skip
    lines = pd.concat([official.own(code).assign(place="own"), above.assign(place=above["area_level"])])
    now = lines[lines["year"] == year].merge(comparable_since(official, code, year), on="factor", how="left")
    then = lines.set_index(["factor", "place", "year"])
    now = pd.concat([_changed(now, then), _similar(series, code, year)], ignore_index=True)
    standing = official.standing(year)
    mine = standing[standing["area_code"] == code].rename(columns={"of": "n_ranked"})
    columns = ["estimate", "estimate_low", "estimate_high", "rank", "rank_low", "rank_high", "n_ranked"]
    now = now.merge(mine.assign(place="own")[["factor", "place", *columns]], on=["factor", "place"], how="left")
    order = {"factor": {name: at for at, name in enumerate(FACTORS)}, "place": {name: at for at, name in enumerate(PLACES)}}  # fmt: skip
    now = now.sort_values(
        ["factor", "place"], key=lambda column: column.map(order[str(column.name)]), ignore_index=True
    )
    return now.astype(dict.fromkeys(_WHOLE, "Int64"))[list(_PICTURE)]


_PICTURE = (
    "factor", "place", "area_code", "area_name", "year", "episodes_with_factor", "episodes_assessed", "percent", "ci_low",
    "ci_high", "state", "n_areas", "of_areas", "range_low", "range_high", "since_year", "percent_since", "change",
    "change_low", "change_high", "estimate", "estimate_low", "estimate_high", "rank", "rank_low", "rank_high",
    "n_ranked", "remark",
)  # fmt: skip
_WHOLE = ("n_areas", "of_areas", "since_year", "rank", "rank_low", "rank_high", "n_ranked")


def comparable_since(official: Official, code: str, year: int) -> pd.DataFrame:
    """By factor, the earliest year with a figure that no step in recording parts from `year`; none where it is that year.

    A figure that the table of discrepancies doubts is no year to compare with.
    """
    own = official.own(code)
    sound = own[own["percent"].notna() & own["remark"].isna()]
    steps = official.breaks[official.breaks["area_code"] == code]
    last_step = steps.groupby("factor")["year"].max()
    sound = sound[sound["year"] >= sound["factor"].map(last_step).fillna(0)]
    now = set(own.loc[(own["year"] == year) & own["percent"].notna(), "factor"])
    first = sound[(sound["year"] < year) & sound["factor"].isin(now)].groupby("factor")["year"].min()
    return first.rename("since_year").reset_index()


def _changed(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """Add the figure of the year ``since_year`` and the difference from it to the rows of the last year."""
    keys = pd.MultiIndex.from_frame(now[["factor", "place", "since_year"]])
    before = then.reindex(keys)
    counts = [before[name].set_axis(now.index) for name in ("episodes_with_factor", "episodes_assessed")]
    known = now["percent"].notna() & before["percent"].notna().to_numpy()
    here = [now[name].where(known) for name in ("episodes_with_factor", "episodes_assessed")]
    difference = 100 * newcombe(*here, *counts)
    return now.assign(
        percent_since=before["percent"].to_numpy(), change=difference["difference"].where(known),
        change_low=difference["low"].where(known), change_high=difference["high"].where(known),
    )  # fmt: skip


def _similar(series: pd.DataFrame, code: str, year: int) -> pd.DataFrame:
    """The line of similar authorities for each factor: their sums, and how far their shares reach."""
    authorities = series[series["area_level"] == "local_authority"]
    near = like(authorities[authorities["factor"] == "parent_mental_health"], code)
    theirs = authorities[authorities["area_code"].isin(near["area_code"]) & (authorities["year"] == year)]
    rows = []
    for factor in FACTORS:
        each = theirs[theirs["factor"] == factor]
        seen = each[each["percent"].notna()]
        x, n = seen["episodes_with_factor"].sum(), seen["episodes_assessed"].sum()
        rows.append(
            {
                "factor": factor, "place": "similar", "area_name": "; ".join(near["area_name"]) or "none", "year": year,
                "area_code": ";".join(near["area_code"]) or None,
                "episodes_with_factor": x if len(seen) else None, "episodes_assessed": n if len(seen) else None,
                "percent": 100 * x / n if n else np.nan, "n_areas": len(seen), "of_areas": len(near),
                "range_low": seen["percent"].min(), "range_high": seen["percent"].max(),
                "state": "reported" if len(seen) else "none_similar" if near.empty else "missing",
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    return table.astype({"episodes_with_factor": "Int64", "episodes_assessed": "Int64", "area_code": "str"})
