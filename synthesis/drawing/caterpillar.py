"""Caterpillar plot: every authority of a year by name, in order, with its partially pooled share and interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from synthesis.drawing.areas import missing_returns
from synthesis.drawing.canvas import (
    INK,
    NAVY,
    ORANGE,
    QUIET,
    RULE,
    SMALL,
    footnotes,
    nothing_to_show,
    panel,
    place,
    remember,
    room,
    shown_percent,
    styled,
    text_height,
    text_width,
    wrap,
)
from synthesis.evidence.schema import vocabularies

#: Rows of names below each other at most; height of a row and space between columns, in points.
_ROWS, _ROW, _GAP = 78, 12.5, 18.0
#: A reported share is drawn beside the estimate where it lies this many percentage points away.
APART = 0.5


@styled
def caterpillar_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Every authority by name from highest to lowest, in columns side by side, each with its estimate and interval.

    Parameters
    ----------
    table : from `area_estimates`.
    ax : axes to draw in, about 9 by 15 inches for 150 authorities; default a new figure.

    Dot and bar are the partially pooled share with its 95 % interval, a cross the reported one where it lies half a
    point away or more; the orange line is the median authority they are drawn towards (a short line: of the region).
    `plotted` gives the numbers drawn, names in full.
    """
    seen = table[table["estimate"].notna()] if len(table) else table
    if seen.empty:
        return nothing_to_show(ax, "There are no local authorities to show.", table)
    seen = seen.sort_values(["estimate", "area_name"], ascending=[False, True], ignore_index=True)
    notes = footnotes(_notes(table, seen), room(ax) - 20)
    columns = -(-len(seen) // _ROWS)
    rows = -(-len(seen) // columns)
    ax = panel(ax, rows * _ROW, left=8, right=14, top=40, bottom=36 + text_height(notes, SMALL))
    _columns(ax, seen, columns, rows)
    ax.set_axis_off()
    place(ax, wrap(_heading(seen), room(ax), weight="bold"), (0, 0), (1, 16), va="bottom", weight="bold")
    place(ax, notes, (0, 0), (0, -28), va="top", size=SMALL)
    shown = ["area_code", "area_name", "region", "episodes_assessed", "state", "percent", "estimate", "estimate_low"]
    return remember(ax, _with_missing(table, seen)[[*shown, "estimate_high", "mean", "own_weight"]])


def _with_missing(table: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([seen, table[table["estimate"].isna()].sort_values("area_name")], ignore_index=True)


def _heading(seen: pd.DataFrame) -> str:
    factor, year = seen["factor"].iloc[0], seen["year"].iloc[0]
    return f"{vocabularies()['factor'].get(factor, factor)}: percent of assessed episodes of need, {year}"


def _notes(table: pd.DataFrame, seen: pd.DataFrame) -> list[str]:
    region = seen["towards"].iloc[0] == "region"
    mean = "of its region" if region else f"({shown_percent(seen['mean'].iloc[0])}%)"
    line = "Upright stroke" if region else "Dashed line"
    notes = [
        f"Dot and bar: partially pooled share of each of {len(seen)} authorities with 95% interval; cross: as reported, where "
        f"{APART} points or more away. "
        f"{line}: the median authority {mean}. Intervals speak of chance alone; recording differs more."
    ]
    if len(seen) < len(table):
        names = "; ".join(table.loc[table["estimate"].isna(), "area_name"].sort_values())
        notes.append(f"Not drawn: {missing_returns(table)} ({names}).")
    return notes


def _columns(ax: Axes, seen: pd.DataFrame, columns: int, rows: int) -> None:
    """Panels side by side with one scale; names stand left of each."""
    whole = room(ax)
    wide = (whole - _GAP * (columns - 1)) / columns
    low, high = seen[["estimate_low", "percent"]].min().min(), seen[["estimate_high", "percent"]].max().max()
    margin = 0.03 * (high - low) or 1.0
    for column in range(columns):
        own = seen.iloc[column * rows : (column + 1) * rows]
        names = min(max(text_width(name, SMALL) for name in own["area_name"]) + 9, 0.66 * wide)
        left = (column * (wide + _GAP) + names) / whole
        inner = ax.inset_axes((left, 0, (wide - names) / whole, 1))
        inner.set(xlim=(max(0, low - margin), min(100, high + margin)), ylim=(rows - 0.3, -0.7))
        _rows(inner, own, names)


def _rows(inner: Axes, own: pd.DataFrame, names: float) -> None:
    at = np.arange(len(own))
    for side in ("left", "top"):
        inner.spines[side].set_visible(False)
    inner.set_yticks([])
    inner.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    inner.hlines(at, *inner.get_xlim(), color=RULE, linewidth=0.4, zorder=0.2)
    _means(inner, own, at)
    inner.hlines(at, own["estimate_low"], own["estimate_high"], color=NAVY, linewidth=1.6)
    inner.plot(own["estimate"], at, marker="o", markersize=3.6, color=NAVY, linestyle="none")
    apart = ((own["percent"] - own["estimate"]).abs() > APART).to_numpy()
    inner.plot(own["percent"][apart], at[apart], marker="x", markersize=4.5, color=INK, linestyle="none")
    for row, name in zip(at, own["area_name"], strict=True):
        short = wrap(str(name), names - 8, SMALL).split("\n")
        said = short[0] if len(short) == 1 else f"{short[0]}…"
        inner.annotate(
            said, (0, row), (-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center", size=SMALL, annotation_clip=False, color=INK,
        )  # fmt: skip


def _means(inner: Axes, own: pd.DataFrame, at: np.ndarray) -> None:
    if own["towards"].iloc[0] == "country":
        inner.axvline(own["mean"].iloc[0], color=ORANGE, linewidth=1.2, linestyle=(0, (5, 3)), zorder=0.5)
    else:
        inner.vlines(own["mean"], at - 0.4, at + 0.4, color=ORANGE, linewidth=1.4)
    inner.tick_params(axis="x", color=QUIET)


def caterpillar_alt(table: pd.DataFrame) -> str:
    """Alternative text of `caterpillar_plot`: the ends, the mean, and how many intervals leave it on either side."""
    seen = table[table["estimate"].notna()].sort_values(["estimate", "area_name"]) if len(table) else table
    if seen.empty:
        return "Caterpillar plot: there are no local authorities to show."
    least, most = seen.iloc[0], seen.iloc[-1]
    above, below = (seen["estimate_low"] > seen["mean"]).sum(), (seen["estimate_high"] < seen["mean"]).sum()
    middle = f"the median ({shown_percent(seen['mean'].iloc[0])}%)"
    mean = "their region's median" if seen["towards"].iloc[0] == "region" else middle
    return (
        f"{len(seen)} local authorities in {seen['year'].iloc[0]}, partially pooled, from {least['area_name']} "
        f"{shown_percent(least['estimate'])}% to {most['area_name']} {shown_percent(most['estimate'])}%: {above} lie above "
        f"{mean} beyond chance, {below} below; {len(table) - len(seen)} without a figure."
    )
