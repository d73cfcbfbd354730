"""Funnel plot of authorities: share against size, with control limits of chance and of the usual spread."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from synthesis.drawing.areas import missing_returns, name_points
from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    ORANGE,
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
    wrap,
)
from synthesis.evidence.schema import vocabularies
from synthesis.numbers.control_limits import binomial_limits, overdispersed_limits

#: Limits drawn: level and line.
_CHANCE = ((0.95, (0, (1, 1.5))), (0.998, "-"))
_SPREAD = ((0.95, (0, (5, 3))), (0.998, "-"))
_GREY = "#8c8c8c"
#: From this many times the dispersion of chance on, chance does not explain it.
MUCH = 2.0
#: Authorities named on each side at most; height of the plot in points.
_NAMED, _HEIGHT = 9, 400.0


@styled
def control_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Each authority's share by its number of episodes, with control limits around the common share.

    Parameters
    ----------
    table : from `area_funnel`.
    ax : axes to draw in, about 9 by 7.5 inches; default a new figure.

    Pale lines are limits of chance (exact binomial, 95 and 99.8 %), dark ones are widened by the usual spread between
    authorities; those outside the widened 95 % limits are diamonds and are named, the furthest first where there are
    many. The scale of episodes is logarithmic. `plotted` gives the numbers drawn.
    """
    seen = table[table["percent"].notna()] if len(table) else table
    if seen.empty:
        return nothing_to_show(ax, "There are no local authorities to show.", table)
    outside = seen[seen["adjusted_position"] != "within"]
    notes = footnotes(_notes(table, seen), room(ax) - 20)
    ax = panel(ax, _HEIGHT, left=46, right=200, top=LINE + 22, bottom=48 + text_height(notes, SMALL))
    size = seen["episodes_assessed"].to_numpy(dtype=float)
    _scales(ax, seen, size)
    _limits(ax, seen)
    inside = seen.drop(outside.index)
    ax.plot(
        inside["episodes_assessed"].astype(float), inside["percent"], marker="o", markersize=3.5, color=NAVY,
        linestyle="none", alpha=0.75,
    )  # fmt: skip
    ax.plot(
        outside["episodes_assessed"].astype(float), outside["percent"], marker="D", markersize=5.5, color=ORANGE,
        markeredgecolor=INK, markeredgewidth=0.6, linestyle="none",
    )  # fmt: skip
    named = _named_ones(outside)
    says = [f"{row.area_name} {shown_percent(row.percent)}" for row in named.itertuples()]
    name_points(ax, named["episodes_assessed"].astype(float), named["percent"], says, width=190)
    head = f"{vocabularies()['factor'].get(seen['factor'].iloc[0], '')}: percent of assessed episodes of need, {seen['year'].iloc[0]}"
    place(ax, wrap(head, room(ax) + 200, weight="bold"), (0, -36), (1, 14), va="bottom", weight="bold")
    place(ax, "Episodes assessed (logarithmic scale)", (0.5, 0), (0, -22), ha="center", va="top")
    place(ax, notes, (0, -36), (0, -42), va="top", size=SMALL)
    return remember(ax, table)


def _notes(table: pd.DataFrame, seen: pd.DataFrame) -> list[str]:
    beyond = seen["position"].isin(["above_998", "below_998"]).sum()
    far = seen[seen["adjusted_position"] != "within"]
    outside, n_named = len(far), len(_named_ones(far))
    named = "" if n_named == outside else f"; {n_named} of them are named, the furthest, at most {_NAMED} a side; all stand in the table england_funnel"  # fmt: skip
    first = seen.iloc[0]
    so = ", so that chance is no explanation" if first["phi"] > MUCH else ""
    notes = [
        f"Middle line: all returns with a figure taken together, {shown_percent(first['target'])}%, so that large authorities count "
        f"for more (partial pooling has the median authority instead). Pale lines: limits of chance alone, 95% "
        f"(dotted) and 99.8%; {beyond} of {len(seen)} authorities lie outside the latter (dispersion {first['phi']:.0f} times "
        f"that of chance){so}.",
        f"Dark lines: limits that allow for the usual spread between authorities, 95% (dashed) and 99.8%; diamonds: the {outside} "
        f"authorities outside the former{named}. How a factor is recorded differs between authorities and is part of the spread.",
    ]
    if len(seen) < len(table):
        names = "; ".join(table.loc[table["percent"].isna(), "area_name"].sort_values())
        notes.append(f"Not drawn: {missing_returns(table)} ({names}).")
    return notes


def _scales(ax: Axes, seen: pd.DataFrame, size: np.ndarray) -> None:
    ax.set_xscale("log")
    ax.set_xlim(size.min() / 1.25, size.max() * 1.15)
    ticks = [10**power * step for power in range(8) for step in (1, 2, 5)]
    shown = [tick for tick in ticks if size.min() / 1.25 <= tick <= size.max() * 1.15]
    ax.set_xticks(shown, [f"{tick:,}" for tick in shown])
    ax.set_xticks([], minor=True)
    # Limits of the smallest returns may go far up: they do not set the scale.
    top = max(seen["percent"].max(), seen["adjusted_high_998"].quantile(0.75))
    ax.set_ylim(0, min(100.0, 1.05 * max(top, 1.0)))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))


def _limits(ax: Axes, seen: pd.DataFrame) -> None:
    """Both pairs of limits over the whole width, and the common share."""
    low, high = ax.get_xlim()
    sizes = np.unique(np.round(np.geomspace(max(1, low), high, 240)))
    target, tau = seen["target"].iloc[0] / 100, seen["tau"].iloc[0]
    for level, line in _CHANCE:
        for limit in binomial_limits(target, sizes, level):
            ax.plot(sizes, 100 * limit, color=_GREY, linewidth=1.1, linestyle=line, zorder=1)
    for level, line in _SPREAD:
        for limit in overdispersed_limits(target, sizes, level, tau):
            ax.plot(sizes, 100 * limit, color=NAVY, linewidth=1.3, linestyle=line, zorder=1)
    ax.axhline(100 * target, color=INK, linewidth=0.9, zorder=0.8)


def _named_ones(outside: pd.DataFrame) -> pd.DataFrame:
    """The furthest on either side."""
    far = outside.reindex(outside["deviation"].abs().sort_values(ascending=False, kind="stable").index)
    return pd.concat([far[far["deviation"] > 0].head(_NAMED), far[far["deviation"] < 0].head(_NAMED)])


def control_alt(table: pd.DataFrame) -> str:
    """Alternative text of `control_plot`: how many lie outside of which limits, and the furthest."""
    seen = table[table["percent"].notna()] if len(table) else table
    if seen.empty:
        return "Funnel plot: there are no local authorities to show."
    beyond = seen["position"].isin(["above_998", "below_998"]).sum()
    high, low = (seen["adjusted_position"].str.startswith(word).sum() for word in ("above", "below"))
    far = seen.loc[seen["deviation"].abs().idxmax()]
    return (
        f"Funnel plot of {len(seen)} local authorities around {shown_percent(seen['target'].iloc[0])}%: {beyond} outside the 99.8% "
        f"limits of chance; outside limits that allow for the usual spread {high} above and {low} below, furthest "
        f"{far['area_name']} at {shown_percent(far['percent'])}%."
    )
