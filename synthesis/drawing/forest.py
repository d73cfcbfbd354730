"""The forest plot: every study with its interval, and the means with their diamonds where there are any."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import MaxNLocator

from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    QUIET,
    SMALL,
    WIDTH,
    beside,
    footnotes,
    nothing_to_show,
    panel,
    place,
    remember,
    room,
    shown_percent,
    styled,
    text_height,
    wrap,
)
from synthesis.drawing.forest_lines import Forest, as_forest_table, forest_lines, groups_alt, pooled_alt
from synthesis.pooling.grouping import Subgroups
from synthesis.pooling.pooled import Pooled
from synthesis.prevalence.combining import PooledEstimates

#: Widths of the columns of labels, counts, weights and results, in points.
_LABEL, _COUNTS, _WEIGHT, _RESULT = 196.0, 88.0, 50.0, 130.0
#: Fill of a group's diamond: in grey it stays apart from the mean of all.
_PALE = "#a9bdd1"
_MEANS = ("pooled", "subgroup")


@styled
def forest_plot(result: Forest, ax: Axes | None = None, measure: str | None = None) -> Axes:
    """Studies with their intervals, counts, weights and percents beside them, and the means below.

    Parameters
    ----------
    result : rows of one indicator from `prevalence_table` or `pooled_table`, or what `pool_estimates`, `pool` or
        `subgroups` gave.
    ax : axes to draw in, about 10 inches wide and a quarter of an inch a row high; default a new figure.
    measure : what the percent is of, below the axis; default what the indicator says, or "Percent".

    Filled squares are studies, their area the weight in the mean where there are weights; hollow ones are left out of it.
    A dark diamond is the mean with its interval, a pale one that of a group, a hatched bar of its own a prediction
    interval. Signs beside a name are explained below the plot: * left out, and why; † the source contradicts itself;
    ‡ interval as the source prints it; ≈ before a count: worked out from a printed percent. Rows without an
    interval show the estimate alone. Rows stand closer from 30 and from 50 on. `plotted` gives the rows drawn (percents).

    Raises SynthesisError where the axes given are too small.
    """
    if isinstance(result, pd.DataFrame) and result.empty:
        return nothing_to_show(ax, "There are no estimates to show.", result)
    said = forest_lines(result, measure)
    rows, weighted = said.rows, bool(said.rows["weight"].notna().any())
    across = room(ax, WIDTH + (_WEIGHT if weighted else 0))
    names = [wrap(label, _LABEL + wide, weight=weight) for label, wide, weight in _labels(rows)]
    tall = np.array([max(text_height(name), LINE) + _gap(len(rows)) for name in names]) + 4 * _opens(rows)
    y, total = np.cumsum(tall) - tall / 2, float(tall.sum())
    notes = footnotes(said.notes, across - 20)
    below = wrap(said.measure, across - 20, weight="bold")
    right = _RESULT + 20 + (_WEIGHT if weighted else 0)
    bottom = 36 + text_height(below) + text_height(notes, SMALL)
    ax = panel(ax, total, left=_LABEL + _COUNTS + 24, right=right, top=2 * LINE + 14, bottom=bottom, width=across)
    _estimates(ax, rows, y)
    _columns(ax, rows, names, y, said.level)
    ax.set(xlim=(0, _right_end(rows)), ylim=(total, 0), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    ax.grid(axis="x")
    left = -(_LABEL + _COUNTS + 14)
    place(ax, below, (0, left), (0, -22), va="top", weight="bold")
    place(ax, notes, (0, left), (0, -28 - text_height(below)), va="top", size=SMALL)
    return remember(ax, rows.drop(columns=["pooled", "count_mark"]))


def _gap(n: int) -> float:
    """Points between rows: a page holds eighty studies, and a few are not crowded."""
    return 7.0 if n <= 30 else 3.5 if n <= 50 else 0.5


def _opens(rows: pd.DataFrame) -> np.ndarray:
    """Rows that stand a little apart: headings of groups, and the mean of all below groups."""
    grouped = bool((rows["line"] == "heading").any())
    return (rows["line"].eq("heading") | (grouped & rows["line"].isin(["pooled", "test"]))).to_numpy()


def _labels(rows: pd.DataFrame) -> list[tuple[str, float, str]]:
    """Text, room beyond the column of labels, and weight of each row's name."""
    signed = rows["label"] + np.where(rows["sign"] == "", "", "\N{NO-BREAK SPACE}" + rows["sign"])
    wide = np.where(rows["line"].isin(["heading", "test"]), _COUNTS, 0.0)
    bold = np.where(rows["line"].isin([*_MEANS, "heading"]), "bold", "normal")
    return list(zip(signed, wide.tolist(), bold.tolist(), strict=True))


def _estimates(ax: Axes, rows: pd.DataFrame, y: np.ndarray) -> None:
    heaviest = rows.loc[rows["line"] == "estimate", "weight"].max()
    for row, at in zip(rows.itertuples(), y, strict=True):
        has_interval = pd.notna(row.ci_low) and pd.notna(row.ci_high)
        if row.line in _MEANS and has_interval:
            ends = [(row.ci_low, at), (row.percent, at - 6), (row.ci_high, at), (row.percent, at + 6)]
            fill = NAVY if row.line == "pooled" else _PALE
            ax.add_patch(Polygon(ends, closed=True, facecolor=fill, edgecolor=NAVY))
            if row.line == "pooled":
                ax.axvline(row.percent, color=NAVY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.5)
        elif row.line == "prediction interval":
            size = row.ci_high - row.ci_low
            ax.add_patch(Rectangle((row.ci_low, at - 4), size, 8, facecolor="white", edgecolor=NAVY, hatch="////"))
        elif row.line not in ("heading", "test"):
            if has_interval:
                style = "-" if row.interval != "printed" else (0, (2, 1.5))
                ax.plot([row.ci_low, row.ci_high], [at, at], color=NAVY, linewidth=1.4, linestyle=style)
            fill = "white" if row.line == "left out" else NAVY
            size = 3.5 + 5.0 * np.sqrt(row.weight / heaviest) if pd.notna(row.weight) else 6
            ax.plot(
                [row.percent], [at], marker="s", markersize=size, color=NAVY, markerfacecolor=fill, linestyle="none"
            )


def _columns(ax: Axes, rows: pd.DataFrame, names: list[str], y: np.ndarray, level: float) -> None:
    weighted = rows["weight"].notna().any()
    counts, heavy, result = (0, -12), (1, _WEIGHT), (1, _RESULT + 10 + (_WEIGHT if weighted else 0))
    heads = [("Cases / all", counts), (f"Percent\n({100 * level:g}% interval)", result)]
    for heading, x in [*heads, ("Weight\n(%)", heavy)] if weighted else heads:
        place(ax, heading, x, (1, 8), ha="right", va="bottom", weight="bold")
    for row, name, at, (_, _, bold) in zip(rows.itertuples(), names, y, _labels(rows), strict=True):
        beside(ax, name, (0, -(_LABEL + _COUNTS + 14)), at, ha="left", weight=bold)
        if row.line in ("heading", "test"):
            continue
        if pd.notna(row.denominator):
            mark = row.count_mark if isinstance(row.count_mark, str) else ""
            number = f"{mark}{_count(row.numerator)} / {_count(row.denominator)}"
            beside(ax, number, counts, at, ha="right", weight=bold, size=SMALL)
        if pd.notna(row.weight):
            beside(ax, f"{row.weight:.1f}", heavy, at, ha="right", weight=bold, size=SMALL)
        beside(ax, _result(row), result, at, ha="right", weight=bold, color=INK if pd.notna(row.ci_low) else QUIET)


def _count(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _result(row) -> str:
    interval = f"({shown_percent(row.ci_low)} to {shown_percent(row.ci_high)})" if pd.notna(row.ci_low) else ""
    if row.line == "prediction interval":
        return interval
    if pd.isna(row.percent):
        return "not estimated" if row.line in _MEANS else "no figure seen"
    return f"{shown_percent(row.percent)} {interval or '(no interval)'}"


def _right_end(rows: pd.DataFrame) -> float:
    top = rows[["percent", "ci_high"]].max().max()
    return 100.0 if pd.isna(top) else float(min(101.5, max(1.0, 1.08 * top)))


def forest_alt(result: Forest) -> str:
    """Alternative text of `forest_plot`: how far the estimates reach, and the mean or that there is none."""
    if isinstance(result, Pooled):
        return pooled_alt(result)
    if isinstance(result, Subgroups):
        return groups_alt(result)
    return _table_alt(as_forest_table(result) if isinstance(result, PooledEstimates) else result)


def _table_alt(table: pd.DataFrame) -> str:
    if table.empty:
        return "Forest plot: there are no estimates to show."
    estimates, pooled = table[table["line"] == "estimate"], table[table["line"] == "pooled"]
    seen = estimates["percent"].dropna()
    reach = f"{shown_percent(seen.min())}% to {shown_percent(seen.max())}%" if len(seen) else "no percent visible"
    said = f"Forest plot, {table['name'].iloc[0]}: {len(estimates)} estimate{'s' * (len(estimates) != 1)}, {reach}"
    for row in pooled.itertuples():
        if row.lead == "range":
            said += f"; read first the range of the {row.k} pooled, {shown_percent(row.range_low)}% to {shown_percent(row.range_high)}%"
        if pd.isna(row.percent):
            said += "; no mean"
            continue
        of = "" if row.lead == "range" else f" from {row.k} of them"
        said += (
            f"; pooled{of} {shown_percent(row.percent)}% ({shown_percent(row.ci_low)} to {shown_percent(row.ci_high)})"
        )
        if pd.notna(row.pi_low):
            said += f", a new setting {shown_percent(row.pi_low)} to {shown_percent(row.pi_high)}%"
        said += ", by decision" if pd.notna(row.override) else ""
    return said + ("." if len(pooled) else "; not pooled.")
