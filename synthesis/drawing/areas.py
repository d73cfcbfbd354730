"""Figures of areas: England's series with its regions and local authorities, and the authorities in one year."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    ORANGE,
    PLUM,
    QUIET,
    SMALL,
    TEAL,
    axes_height,
    beside,
    footnotes,
    nothing_to_show,
    one_line,
    panel,
    place,
    remember,
    room,
    shortened,
    shown_percent,
    spread,
    styled,
    text_height,
    wrap,
)
from synthesis.drawing.series import draw_line, end_labels, last, span, year_panel
from synthesis.evidence.schema import CallError, vocabularies

#: Parts of a region that the official statistics list beside the regions.
_PARTS = frozenset({"Inner London", "Outer London"})
#: Statistics of the local authorities of a year, by quantile.
#: A percent of very few episodes says little; such authorities do not set the ends of the band.
SPREAD_FROM = 100
_SPREAD = {
    0.0: "Lowest authority",
    0.25: "Lower quartile of authorities",
    0.75: "Upper quartile of authorities",
    1.0: "Highest authority",
}
_HIGHLIGHTS = ({"color": PLUM, "marker": "s"}, {"color": TEAL, "marker": "^"}, {"color": ORANGE, "marker": "D"})
#: Why a return has no figure, in few words.
_WHY = {
    "withheld": "withheld to protect people",
    "failed_return": "returned without a single parental factor",
    "not_applicable": "not applicable",
}
#: Local authorities named at each end of `authority_plot`.
_NAMED = 6


@styled
def area_series_plot(table: pd.DataFrame, ax: Axes | None = None, highlight: Collection[str] = ()) -> Axes:
    """England, its regions and the spread of its local authorities over the years, for one factor.

    Parameters
    ----------
    table : from `area_series`, all levels.
    ax : axes to draw in, about 9 by 7 inches; default a new figure.
    highlight : names of up to three local authorities to draw as lines of their own.

    England is the strong line, regions are thin ones; of the authorities the middle half and the whole range are shaded.
    A year without a figure is a gap, marked with a cross at the foot and never a zero. `plotted` gives the numbers drawn.

    Raises CallError for a name that the table does not hold, or more than three.
    """
    if table.empty:
        return nothing_to_show(ax, "There is no series of areas to show.", table)
    authorities = table[table["area_level"] == "local_authority"]
    regions = table[(table["area_level"] == "region") & ~table["area_name"].isin(_PARTS)]
    chosen = _chosen(authorities, highlight)
    drawn = pd.concat([table[table["area_level"] == "country"], chosen, regions, _spread_of(authorities)])
    notes = footnotes(_gap_notes(authorities, chosen), room(ax) - 20)
    names = drawn["area_name"].nunique()
    bottom = 58 + text_height(notes, SMALL)
    ax = year_panel(ax, table["year"], drawn[["percent", "ci_high"]], names, LINE + 8, bottom)
    _bands(ax, drawn[drawn["area_level"] == "local_authority"])
    _area_lines(ax, drawn, span(table["year"]))
    _mark_gaps(ax, authorities, chosen)
    place(ax, wrap(_factor(table), room(ax) + 200, weight="bold"), (0, -36), (1, 10), va="bottom", weight="bold")
    place(ax, notes, (0, -36), (0, -48), va="top", size=SMALL)
    return remember(ax, drawn[["year", "area_level", "area_name", "percent", "ci_low", "ci_high", "state"]])


def _factor(table: pd.DataFrame) -> str:
    factor = table["factor"].iloc[0]
    return f"{vocabularies()['factor'].get(factor, factor)}: percent of assessed episodes of need"


def _chosen(authorities: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    unknown = [name for name in names if name not in set(authorities["area_name"])]
    if unknown:
        raise CallError(f"The table holds no local authority called {unknown[0]!r}.")
    if len(names) > len(_HIGHLIGHTS):
        raise CallError(f"At most {len(_HIGHLIGHTS)} authorities can be told apart; {len(names)} were asked for.")
    own = authorities[authorities["area_name"].isin(list(names))]
    return own.assign(area_level="highlighted")


def _spread_of(authorities: pd.DataFrame) -> pd.DataFrame:
    """Lowest, quartiles and highest of the authorities' percents, a row a statistic and year."""
    large = authorities[authorities["episodes_assessed"] >= SPREAD_FROM]
    by_year = large.groupby("year")["percent"].quantile(list(_SPREAD)).rename_axis(["year", "at"])
    long = by_year.rename("percent").reset_index().sort_values(["at", "year"])
    return long.assign(area_level="local_authority", area_name=long["at"].map(_SPREAD), state="reported")


def _bands(ax: Axes, marks: pd.DataFrame) -> None:
    """The whole range pale, the middle half darker; both are named at their ends."""
    by_name = marks.pivot(index="year", columns="area_name", values="percent")
    if by_name.empty:
        return
    lowest, lower, upper, highest = (by_name[name] for name in _SPREAD.values())
    ax.fill_between(by_name.index, lowest, highest, facecolor="#f2f2f2", edgecolor="#bdbdbd", linewidth=0.8, zorder=0.4)
    ax.fill_between(by_name.index, lower, upper, facecolor="#dcdcdc", linewidth=0, zorder=0.5)


def _area_lines(ax: Axes, drawn: pd.DataFrame, years: Sequence[int]) -> None:
    """Lines of England, highlighted areas and regions, and the names of all at the right."""
    names, ends, colours = [], [], []
    highlights = iter(_HIGHLIGHTS)
    for (level, name), own in drawn.groupby(["area_level", "area_name"], sort=False):
        own = own.set_index("year").reindex(years)
        colour = QUIET
        if level == "country":
            colour = NAVY
            draw_line(ax, own, color=NAVY, marker="o")
        elif level == "highlighted":
            look = next(highlights)
            colour = look["color"]
            draw_line(ax, own, **look)
        elif level == "region":
            ax.plot(own.index, own["percent"], color=QUIET, linewidth=0.9)
        names.append(name)
        ends.append(last(own))
        colours.append(colour)
    end_labels(ax, names, ends, colours)


def _mark_gaps(ax: Axes, authorities: pd.DataFrame, chosen: pd.DataFrame) -> None:
    """Below each year how many authorities have no figure; a cross at the foot where a highlighted one has none."""
    without = authorities[authorities["percent"].isna()].groupby("year").size()
    for year, n in without.items():
        ax.annotate(
            f"× {n}", (year, 0), (0, -20), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", va="top", size=SMALL,
        )  # fmt: skip
    for look, (_, own) in zip(_HIGHLIGHTS, chosen.groupby("area_name", sort=False), strict=False):
        years = own.loc[own["percent"].isna(), "year"]
        if len(years):
            feet = [0.0] * len(years)
            ax.plot(years, feet, marker="x", markersize=8, linestyle="none", color=look["color"], clip_on=False)


def _gap_notes(authorities: pd.DataFrame, chosen: pd.DataFrame) -> list[str]:
    """What the greys mean; how many returns have no figure, and why; the gaps of highlighted authorities."""
    notes = [
        "Grey: thin lines are regions; the bands hold all local authorities (pale) and their middle half (darker), "
        f"those with fewer than {SPREAD_FROM} episodes left out."
    ]
    doubtful = authorities[authorities["remark"].notna() & authorities["percent"].notna()]
    if len(doubtful):
        named = "; ".join(f"{row.area_name} {row.year}" for row in doubtful.itertuples())
        notes.append(f"Shown as reported, though the returns look like failures of recording: {named}.")
    if authorities["percent"].isna().any():
        notes.append(
            f"× Returns without a figure in that year. {missing_returns(authorities)}. They are gaps, not zeros."
        )
    for name, own in chosen[chosen["percent"].isna()].groupby("area_name", sort=False):
        years = ", ".join(f"{row.year} ({_WHY.get(row.state, row.state)})" for row in own.itertuples())
        notes.append(f"× {name}: no figure in {years}.")
    return notes


def missing_returns(authorities: pd.DataFrame) -> str:
    """How many returns have no figure, by reason, as a clause."""
    missing = authorities[authorities["percent"].isna()]
    counts = missing["state"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    why = "; ".join(f"{n} {_WHY.get(str(state), state)}" for state, n in counts.items())
    return f"{len(missing)} of {len(authorities):,} local authority returns have no figure: {why}"


def area_series_alt(table: pd.DataFrame) -> str:
    """Alternative text of `area_series_plot`: England's first and last figure and the spread of authorities at the end."""
    england = table[(table["area_level"] == "country") & table["percent"].notna()].sort_values("year")
    if england.empty:
        return "Line chart of areas: there is no figure for England."
    first, final = england.iloc[0], england.iloc[-1]
    said = (
        f"Line chart, {_factor(table)}: England {shown_percent(first['percent'])}% in {first['year']}, "
        f"{shown_percent(final['percent'])}% in {final['year']}"
    )
    own = table[(table["area_level"] == "local_authority") & (table["year"] == final["year"])]["percent"].dropna()
    if own.empty:
        return said + "."
    return f"{said}; local authorities then from {shown_percent(own.min())}% to {shown_percent(own.max())}%."


@styled
def authority_plot(table: pd.DataFrame, year: int | None = None, ax: Axes | None = None) -> Axes:
    """Local authorities in one year, from lowest to highest, each with its interval, and England's line.

    Parameters
    ----------
    table : from `area_series`.
    year : a year that the table holds; default its last.
    ax : axes to draw in, about 9 by 6 inches; default a new figure.

    The lowest and highest authorities are named; those without a figure are counted, with the reason, below the plot and
    stand in `plotted` with their state. Raises CallError for a year that the table does not hold.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no local authorities to show.", table)
    year = int(table["year"].max()) if year is None else year
    if year not in set(table["year"]):
        raise CallError(
            f"The table holds no figures of {year}; it holds {table['year'].min()} to {table['year'].max()}."
        )
    now = table[table["year"] == year]
    drawn = now[now["area_level"] == "local_authority"].sort_values(["percent", "area_name"], ignore_index=True)
    seen = drawn.dropna(subset=["percent"])
    notes = footnotes(_authority_notes(drawn), room(ax) - 20)
    ax = panel(ax, 360, left=46, right=70, top=LINE + 18, bottom=38 + text_height(notes, SMALL))
    ax.set(xlim=(0, max(2, len(seen) + 1)), ylim=(0, 1), xticks=[])
    if len(seen):
        ax.vlines(seen.index + 1, seen["ci_low"], seen["ci_high"], color=NAVY, alpha=0.45, linewidth=1.2)
        ax.plot(
            seen.index + 1, seen["percent"], marker="o", markersize=2.8, color=NAVY, linestyle="none", clip_on=False
        )
        _name_ends(ax, seen)
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    _england_line(ax, now[now["area_level"] == "country"])
    head = f"{_factor(table)}, {year}"
    place(ax, wrap(head, room(ax) + 100, weight="bold"), (0, -36), (1, 14), va="bottom", weight="bold")
    place(ax, "Local authorities, lowest to highest", (0.5, 0), (0, -8), ha="center", va="top")
    place(ax, notes, (0, -36), (0, -30), va="top", size=SMALL)
    shown = ["year", "area_code", "area_name", "episodes_assessed", "percent", "ci_low", "ci_high", "state"]
    return remember(ax, drawn[shown])


def _authority_notes(drawn: pd.DataFrame) -> list[str]:
    notes = [f"Dots: {drawn['percent'].notna().sum()} authorities; bars: 95% intervals, which speak of chance alone."]
    if drawn["percent"].isna().any():
        names = "; ".join(drawn.loc[drawn["percent"].isna(), "area_name"])
        notes.append(f"Not drawn: {missing_returns(drawn)} ({names}).")
    return notes


def _name_ends(ax: Axes, seen: pd.DataFrame) -> None:
    """Name the lowest authorities to their right and the highest to their left, clear of the other bars; set the scale."""
    n, top = min(_NAMED, len(seen) // 2), seen[["percent", "ci_high"]].max().max()
    lowest, highest = seen.iloc[:n], seen.iloc[max(n, len(seen) - _NAMED) :]
    line, away = SMALL * 1.3 / axes_height(ax), 0.07 * len(seen)
    left, right = n + away, len(seen) + 1 - len(highest) - away
    floor = seen.loc[seen.index + 1 <= right, "ci_high"].max()
    high = np.nanmax([1.0, min(100.0, 1.05 * top), floor / (1 - line * (len(highest) + 1))])
    ceiling = seen.loc[seen.index + 1 >= left, "ci_low"].min() - line * high
    low_names = spread(lowest["percent"], line * high, line * high, np.nanmax([ceiling, n * line * high]))
    floor = np.nanmax([floor, *low_names, 0.0]) + line * high
    ax.set_ylim(0, max(high, floor + line * high * len(highest)))
    _names(ax, lowest, left, "left", low_names)
    _names(ax, highest, right, "right", spread(highest["percent"], line * high, floor, ax.get_ylim()[1]))


def _names(ax: Axes, some: pd.DataFrame, x: float, side: str, heights: np.ndarray) -> None:
    for (rank, row), at in zip(some.iterrows(), heights, strict=True):
        ax.plot([rank + 1, x], [row["percent"], at], color=QUIET, linewidth=0.6)
        ax.annotate(
            one_line(f"{row['area_name']} {shown_percent(row['percent'])}"), (x, at), (3 if side == "left" else -3, 0),
            textcoords="offset points", ha=side, va="center", size=SMALL, annotation_clip=False,
        )  # fmt: skip


#: A name, and what ends its label: a number, before it perhaps a year.
_ENDS = re.compile(r"(.*?)((?: \(?(?:19|20)\d\d[a-z]?\)?)? \S+)")


def name_points(ax: Axes, x: pd.Series, y: pd.Series, says: Sequence[str], width: float = 164) -> None:
    """Names right of the plot, each with a thin line to its point, moved apart in the order of the points' heights.

    `says` are the texts of the points at `x`, `y` in data units; of what is wider than `width` points the name is cut
    short, and the year and number at its end stay.
    """
    order = np.argsort(y.to_numpy(dtype=float), kind="stable")
    low, high = sorted(ax.get_ylim())
    line = SMALL * 1.4 * (high - low) / axes_height(ax)
    heights = spread(y.to_numpy(dtype=float)[order], line, low + line / 2, high)
    for which, at in zip(order, heights, strict=True):
        said = _cut(says[which], width)
        ax.plot(
            [x.iloc[which], ax.get_xlim()[1]], [y.iloc[which], at], color=QUIET, linewidth=0.7, linestyle=":", clip_on=False
        )  # fmt: skip
        beside(ax, said, (1, 5), float(at), size=SMALL, ha="left")


def _cut(said: str, width: float) -> str:
    """A name that fits, with the year and the number that end it: without its year a study could be another one."""
    said = one_line(said)
    parts = _ENDS.fullmatch(said)
    return shortened(said, width, SMALL, end=parts[2] if parts else "")


def _england_line(ax: Axes, england: pd.DataFrame) -> None:
    for percent in england["percent"].dropna():
        ax.axhline(percent, color=ORANGE, linewidth=1.4, linestyle=(0, (6, 3)), zorder=0.6)
        ax.annotate(
            f"England\n{shown_percent(percent)}", (1, percent), (6, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", size=SMALL, color=INK,
        )  # fmt: skip


def authority_alt(table: pd.DataFrame, year: int | None = None) -> str:
    """Alternative text of `authority_plot`: the lowest, the highest, England, and how many have no figure."""
    year = int(table["year"].max()) if year is None and len(table) else year
    now = table[table["year"] == year]
    own = now[now["area_level"] == "local_authority"].sort_values(["percent", "area_name"])
    seen = own.dropna(subset=["percent"])
    if seen.empty:
        return "Chart of local authorities: there are no figures to show."
    least, most = seen.iloc[0], seen.iloc[-1]
    england = now.loc[now["area_level"] == "country", "percent"].dropna()
    middle = f"; England {shown_percent(england.iloc[0])}%" if len(england) else ""
    return (
        f"{len(seen)} local authorities in {year} in order, from {least['area_name']} {shown_percent(least['percent'])}% to "
        f"{most['area_name']} {shown_percent(most['percent'])}%{middle}; {len(own) - len(seen)} without a figure."
    )
