"""Figures of change: the trend of England and its regions with and without steps, and the ranks of authorities in two years."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator

from synthesis.drawing.areas import name_points
from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    ORANGE,
    QUIET,
    RULE,
    SMALL,
    beside,
    footnotes,
    nothing_to_show,
    panel,
    place,
    remember,
    room,
    shortened,
    shown_percent,
    styled,
    text_height,
    wrap,
)
from synthesis.evidence.schema import vocabularies

#: How each basis is drawn, with its place above or below the middle of the row, and what it is called.
_BASES: dict[str, tuple[dict[str, Any], float, str]] = {
    "as_reported": ({"marker": "o", "color": NAVY, "markersize": 6}, -0.17, "all returns as published"),
    "steady_authorities": (
        {"marker": "D", "color": ORANGE, "markersize": 5, "markeredgecolor": INK, "markeredgewidth": 0.6},
        0.17,
        "only authorities with a figure in every year and no step",
    ),
}
#: Height of a row in points; authorities named on each side of the ranks; height of the plot of ranks.
_ROW, _NAMED, _SQUARE = 34.0, 7, 460.0


@styled
def trend_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Change a year in England and its regions, of all returns and of steady authorities, with intervals.

    Parameters
    ----------
    table : from `area_trend`; authorities in it are counted below the plot.
    ax : axes to draw in, about 9 by 7 inches; default a new figure.

    A row an area: slope in percentage points a year with its 95 % interval, on both bases; at the right the first and
    last percent of all returns and how many authorities are steady. `plotted` gives the numbers drawn.
    """
    drawn = table[table["area_level"].isin(["country", "region"]) & table["slope"].notna()] if len(table) else table
    if drawn.empty:
        return nothing_to_show(ax, "There is no trend of England or a region to show.", table)
    names = list(dict.fromkeys(drawn["area_name"]))
    notes = footnotes(_trend_notes(table), room(ax) - 20)
    below = 46 + text_height(notes, SMALL)
    ax = panel(ax, _ROW * len(names), left=158, right=172, top=2 * LINE + 26, bottom=below)
    ends = drawn[["slope", "slope_low", "slope_high"]]
    low, high = min(0.0, ends.min().min()), max(0.0, ends.max().max())
    margin = 0.05 * (high - low) or 0.1
    ax.set(xlim=(low - margin, high + margin), ylim=(len(names) - 0.4, -0.6), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.axvline(0, color=QUIET, linewidth=0.9, zorder=0.5)
    ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    for row, name in enumerate(names):
        _trend_row(ax, row, drawn[drawn["area_name"] == name])
    years = f"{drawn['first_year'].min()} to {drawn['last_year'].max()}"
    head = f"{_factor(table)}: change a year, {years}"
    place(ax, wrap(head, room(ax) + 300, weight="bold"), (0, -150), (1, LINE + 16), va="bottom", weight="bold")
    place(ax, "All returns, %", (1, 12), (1, 4), va="bottom", size=SMALL)
    place(ax, "Steady", (1, 112), (1, 4), va="bottom", size=SMALL)
    place(ax, "Percentage points a year", (0.5, 0), (0, -20), ha="center", va="top")
    place(ax, notes, (0, -150), (0, -40), va="top", size=SMALL)
    shown = ["area_name", "basis", "n_authorities", "first_year", "last_year", "first_percent", "last_percent", "slope"]
    return remember(ax, drawn[[*shown, "slope_low", "slope_high", "direction"]])


def _factor(table: pd.DataFrame) -> str:
    factor = table["factor"].iloc[0]
    return str(vocabularies()["factor"].get(factor, factor))


def _trend_row(ax: Axes, row: int, own: pd.DataFrame) -> None:
    """Both slopes of one area, its name at the left, its percents and steady authorities at the right."""
    strong = {"weight": "bold"} if own["area_level"].iloc[0] == "country" else {}
    ax.axhline(row + 0.5, color=RULE, linewidth=0.6, zorder=0.2)
    beside(ax, shortened(str(own["area_name"].iloc[0]), 146), (0, -150), row, ha="left", **strong)
    for line in own.itertuples():
        look, away, _ = _BASES[line.basis]
        if pd.notna(line.slope_low):
            ax.hlines(row + away, line.slope_low, line.slope_high, color=look["color"], linewidth=1.8)
        ax.plot([line.slope], [row + away], linestyle="none", **look)
        if line.basis == "as_reported":
            said = f"{shown_percent(line.first_percent)} to {shown_percent(line.last_percent)}"
            beside(ax, said, (1, 12), row, ha="left", size=SMALL)
        else:
            beside(ax, str(line.n_authorities), (1, 112), row, ha="left", size=SMALL)


def _trend_notes(table: pd.DataFrame) -> list[str]:
    own = table[(table["area_level"] == "local_authority") & (table["basis"] == "as_reported")]
    circle, diamond = (what for _, _, what in _BASES.values())
    notes = [
        f"Circle: {circle}; diamond: {diamond} (their number: Steady). Median of the slopes between any two years, with the "
        "95% interval of Kendall's test. A slow change of recording looks like a trend."
    ]
    if len(own):
        counts = own["direction"].value_counts()
        notes.append(
            f"Of {len(own)} authorities (a new code is a new one) {counts.get('rising', 0)} rise, {counts.get('falling', 0)} fall, and of "
            f"{counts.get('not_told', 0)} it cannot be told; {own['breaks'].notna().sum()} have a step."
        )
    return notes


def trend_alt(table: pd.DataFrame) -> str:
    """Alternative text of `trend_plot`: England's slope on both bases, and how many regions rise."""
    drawn = table[table["slope"].notna()] if len(table) else table
    england = drawn[drawn["area_level"] == "country"].set_index("basis") if len(drawn) else drawn
    if england.empty:
        return "Plot of trends: there is no trend of England to show."
    said = []
    for basis, what in (("as_reported", "as published"), ("steady_authorities", "in authorities without steps")):
        if basis in england.index:
            line = england.loc[basis]
            within = "" if pd.isna(line["slope_low"]) else f" ({line['slope_low']:.2f} to {line['slope_high']:.2f})"
            said.append(f"{line['slope']:+.2f} points a year{within} {what}")
    counts = drawn[(drawn["area_level"] == "region") & (drawn["basis"] == "as_reported")]["direction"].value_counts()
    first = england.iloc[0]
    return (
        f"Trends {first['first_year']} to {first['last_year']}: England {', '.join(said)}; of {counts.sum()} regions "
        f"{counts.get('rising', 0)} rise, {counts.get('falling', 0)} fall, {counts.get('not_told', 0)} cannot be told."
    )


@styled
def rank_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Rank of every authority in the first year against that in the last one, with intervals; the largest moves named.

    Parameters
    ----------
    table : from `area_ranks`.
    ax : axes to draw in, about 9 by 9 inches; default a new figure.

    Rank 1, the highest share, is left and at the top; on the diagonal nothing changed. Diamonds moved further than their
    uncertainty, with intervals in both years; open ones had a step in recording in between. Grey dots: not told.
    `plotted` gives the numbers drawn.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no ranks to show.", table)
    moved = table[table["moved"] != "not_told"]
    named = _largest(moved)
    notes = footnotes(_rank_notes(table, moved, len(named)), room(ax) - 20)
    ax = panel(ax, _SQUARE, left=52, right=172, top=LINE + 22, bottom=50 + text_height(notes, SMALL))
    n, first, last = int(table["of"].iloc[0]), table["first_year"].iloc[0], table["last_year"].iloc[0]
    ax.set(xlim=(1 - 0.03 * n, n * 1.03), ylim=(n * 1.03, 1 - 0.03 * n))
    ticks = [1, *range(20, n + 1, 20)] if n > 30 else list(range(1, n + 1, 5))
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.plot([1, n], [1, n], color=QUIET, linewidth=0.9, linestyle=(0, (5, 3)), zorder=0.5)
    _points(ax, table, moved)
    says = [f"{row.area_name} {row.first_rank}\N{RIGHTWARDS ARROW}{row.last_rank}" for row in named.itertuples()]
    name_points(ax, named["first_rank"].astype(float), named["last_rank"].astype(float), says)
    head = f"{_factor(table)}: rank of local authorities in {first} and {last}"
    place(ax, wrap(head, room(ax) + 200, weight="bold"), (0, -42), (1, 14), va="bottom", weight="bold")
    place(ax, f"Rank in {first} (1: highest percent)", (0.5, 0), (0, -22), ha="center", va="top")
    place(ax, f"Rank in {last}", (0, -36), (0.5, 0), rotation=90, ha="center", va="center")
    place(ax, notes, (0, -42), (0, -44), va="top", size=SMALL)
    return remember(ax, table)


def _largest(moved: pd.DataFrame) -> pd.DataFrame:
    """The largest moves up and the largest down, of those that moved; of equal ones all or none, so that no code decides."""
    sides = []
    for side in ("up", "down"):
        size = moved.loc[moved["moved"] == side, "change"].abs()
        if len(size) > _NAMED:
            next_one = size.nlargest(_NAMED + 1).iloc[-1]
            size = size[size > next_one] if (size >= next_one).sum() > _NAMED else size
        sides.append(moved.loc[size.sort_values(ascending=False, kind="stable").index])
    return pd.concat(sides)


def _points(ax: Axes, table: pd.DataFrame, moved: pd.DataFrame) -> None:
    still = table.drop(moved.index)
    ax.plot(still["first_rank"].astype(float), still["last_rank"].astype(float), "o", markersize=4, color="#a0a0a0")
    x, y = (moved[name].astype(float).to_numpy() for name in ("first_rank", "last_rank"))
    ax.hlines(y, moved["first_rank_low"], moved["first_rank_high"], color=NAVY, linewidth=0.7, alpha=0.55)
    ax.vlines(x, moved["last_rank_low"], moved["last_rank_high"], color=NAVY, linewidth=0.7, alpha=0.55)
    stepped = moved["breaks"].notna().to_numpy()
    for which, fill in ((~stepped, NAVY), (stepped, "white")):
        ax.plot(
            x[which], y[which], marker="D", markersize=5.5, linestyle="none", color=fill, markeredgecolor=NAVY,
            markeredgewidth=1.1, zorder=3,
        )  # fmt: skip


def _rank_notes(table: pd.DataFrame, moved: pd.DataFrame, named: int) -> list[str]:
    up, down, stepped = (
        (moved["moved"] == "up").sum(),
        (moved["moved"] == "down").sum(),
        moved["breaks"].notna().sum(),
    )
    usual = table["movement"].iloc[0] == "usual"
    because = "chance and the usual movement from year to year allow" if usual else "chance alone allows"
    return [
        f"Diamonds: rank moved further than {because} (95% intervals drawn): {up} up, {down} down of {len(table)} "
        f"authorities with a figure in both years; open diamonds ({stepped}) had a step in recording in between. Grey: "
        f"{len(table) - len(moved)} whose move cannot be told. Dashed: no change.",
        *_named_of(moved, named),
    ]


def _named_of(moved: pd.DataFrame, named: int) -> list[str]:
    """Which of the authorities that moved are named, and where the others stand."""
    if not len(moved):
        return []
    rule = "" if named == len(moved) else f", the largest moves, at most {_NAMED} up and {_NAMED} down"
    return [f"{named} of the {len(moved)} that moved are named{rule}; all stand in the table england_ranks."]


def rank_alt(table: pd.DataFrame) -> str:
    """Alternative text of `rank_plot`: how many moved and how many did not, the largest moves, and how alike the orders are."""
    if table.empty:
        return "Plot of ranks: there are no ranks to show."
    counts = table["moved"].value_counts()
    alike = np.corrcoef(table["first_rank"].astype(float), table["last_rank"].astype(float))[0, 1]
    up, down = table.loc[table["change"].idxmin()], table.loc[table["change"].idxmax()]
    return (
        f"Ranks of {len(table)} local authorities in {up['first_year']} and {up['last_year']}: {counts.get('up', 0)} moved up and "
        f"{counts.get('down', 0)} down beyond their uncertainty (rank correlation {alike:.2f}), furthest {up['area_name']} from "
        f"{up['first_rank']} to {up['last_rank']} and {down['area_name']} from {down['first_rank']} to {down['last_rank']}."
    )
