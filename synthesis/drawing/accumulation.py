"""Accumulation curves: how many codes or themes have been seen after so many studies."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.canvas import (
    LINE,
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
    shifted,
    styled,
    text_height,
)


@styled
def accumulation_plot(table: pd.DataFrame, ax: Axes | None = None, unit: str = "Codes") -> Axes:
    """The curve over random orders with its band, and the one in order of publication.

    Parameters
    ----------
    table : from `accumulation`.
    unit : what is counted, for the axis.

    `plotted` gives the numbers drawn.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no studies to show.", table)
    notes = [_unknown(table)]
    below = 46 + text_height(footnotes(notes, 580), SMALL)
    ax = panel(ax, 300, left=52, right=24, top=18, bottom=below)
    x, total = table["n_studies"], int(table["of"].max())
    ax.fill_between(x, table["low"], table["high"], color=RULE, linewidth=0)
    ax.plot(x, table["median"], color=NAVY, linewidth=2)
    ax.plot(x, table["by_publication"], color=ORANGE, linewidth=1.8, linestyle=(0, (4, 2)))
    ax.axhline(total, color=QUIET, linewidth=0.8, linestyle=":")
    ax.set(xlim=(0, x.max() * 1.01), ylim=(0, total * 1.08 + 1), xlabel="Studies", ylabel=f"{unit} seen so far")
    _legend(ax, total, unit)
    place(ax, footnotes(notes, room(ax)), (0, 0), (0, -36), va="top", ha="left", size=SMALL, color=QUIET)
    return remember(ax, table)


def _unknown(table: pd.DataFrame) -> str:
    unknown, of = int(table["year"].isna().sum()), len(table)
    said = (
        "Studies of one year by name."
        if not unknown
        else f"{unknown} of {of} studies, whose year is not known, stand last."
    )
    return f"Every order ends at the same number. Order of publication: {said}"


def _legend(ax: Axes, total: int, unit: str) -> None:
    """What each line is, in the empty corner below the curves."""
    rows = (
        ("Median of random orders", {"color": NAVY, "linewidth": 2}),
        ("95 of 100 random orders", {"color": RULE, "linewidth": 9}),
        ("In order of publication", {"color": ORANGE, "linewidth": 1.8, "linestyle": (0, (4, 2))}),
        (f"All {total} {unit.lower()}", {"color": QUIET, "linewidth": 0.8, "linestyle": ":"}),
    )
    for at, (text, style) in enumerate(rows):
        up = 16 + (len(rows) - 1 - at) * (LINE + 5)
        _line(ax, up, style)
        place(ax, text, (1, -150), (0, up), ha="left", va="center")


def _line(ax: Axes, up: float, style: dict[str, Any]) -> None:
    # Placed by points and drawn in data, because a line has one transform for both of its ends.
    ends = [ax.transAxes + shifted(ax, x, up) for x in (-186, -158)]
    points = [ax.transData.inverted().transform(end.transform((1, 0))) for end in ends]
    ax.plot([points[0][0], points[1][0]], [points[0][1], points[1][1]], solid_capstyle="butt", **style)


def accumulation_alt(table: pd.DataFrame, unit: str = "codes") -> str:
    """Alternative text of `accumulation_plot`: where half, nine tenths and all of the codes have been seen."""
    if table.empty:
        return "Accumulation curve: there are no studies to show."
    total = int(table["of"].max())

    def reached(share: float) -> int:
        return int(table.loc[table["median"] >= share * total, "n_studies"].min())

    return (
        f"Curve of {total} {unit} over {len(table)} studies: in the median of random orders half are seen after {reached(0.5)} studies, "
        f"nine tenths after {reached(0.9)} and all after {reached(1.0)}."
    )
