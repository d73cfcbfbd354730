"""Pairs of codes that occur together most often, beside what chance alone would give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from synthesis.drawing.canvas import (
    LINE,
    NAVY,
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
    styled,
    text_height,
    wrap,
)

_LEFT, _RIGHT = 326, 120


@styled
def pairs_plot(
    table: pd.DataFrame, ax: Axes | None = None, names: Mapping[str, str] | None = None, most: int = 20, unit: str = "studies"
) -> Axes:  # fmt: skip
    """The pairs of codes that meet most often: a dot for how often, a stroke for how often by chance.

    Parameters
    ----------
    table : from `cooccurrence`.
    ax : axes to draw in, about 9 by 9 inches for twenty pairs; default a new figure.
    names : what to print instead of a code's id.
    most : how many pairs to show; sixty codes make almost two thousand, most of which never meet.
    unit : within what they meet, for the axis.

    `plotted` gives the numbers drawn.
    """
    drawn = table[table["n"] > 0].head(most).reset_index(drop=True)
    if drawn.empty:
        return nothing_to_show(ax, "No two codes occur together.", table)
    said = [
        wrap(f"{(names or {}).get(row.code_a, row.code_a)} + {(names or {}).get(row.code_b, row.code_b)}", _LEFT - 20, SMALL)
        for row in drawn.itertuples()
    ]  # fmt: skip
    tall = np.array([text_height(each, SMALL) + 8 for each in said])
    ends = np.cumsum(tall)
    y = ends - tall / 2
    notes = _notes(table, len(drawn), unit)
    below = 44 + text_height(footnotes(notes, 640), SMALL)
    ax = panel(ax, float(ends[-1]), left=_LEFT, right=_RIGHT, top=3 * LINE, bottom=below)
    ax.hlines(y, np.minimum(drawn["n"], drawn["expected"]), drawn["n"], color=RULE, linewidth=2, zorder=1)
    ax.plot(drawn["expected"], y, linestyle="none", marker="|", markersize=11, markeredgewidth=2, color=QUIET)
    ax.plot(drawn["n"], y, linestyle="none", marker="o", markersize=8, color=NAVY, clip_on=False)
    for text, row, at in zip(said, drawn.itertuples(), y, strict=True):
        beside(ax, text, (0, -_LEFT + 10), at, ha="left", size=SMALL)
        beside(ax, f"{row.n}", (1, 44), at, ha="right")
        beside(ax, f"{100 * row.jaccard:.0f} %", (1, 110), at, ha="right")
    for heading, right in (("Both", 44), ("of either", 110)):
        place(ax, heading, (1, right), (1, 6), ha="right", va="bottom", weight="bold")
    place(ax, "● occur together    | expected by chance", (0, 0), (1, 6), ha="left", va="bottom", size=SMALL)
    ax.set(xlim=(0, 1.05 * drawn[["n", "expected"]].to_numpy().max()), ylim=(ends[-1], 0), yticks=[])
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlabel(f"{unit.capitalize()} with both codes")
    notes_at = footnotes(notes, room(ax) + _LEFT + _RIGHT - 20)
    place(ax, notes_at, (0, -_LEFT + 10), (0, -38), va="top", ha="left", size=SMALL, color=QUIET)
    return remember(ax, drawn)


def _notes(table: pd.DataFrame, shown: int, unit: str) -> list[str]:
    met = int((table["n"] > 0).sum())
    return [
        f"The {shown} most frequent of {len(table):,} pairs, of which {met:,} occur together in any of {table['of'].max():,} {unit}. "
        f"Expected: if codes were given to {unit} without regard to each other. Of either: share of the {unit} with one of the two."
    ]


def pairs_alt(table: pd.DataFrame, names: Mapping[str, str] | None = None, unit: str = "studies") -> str:
    """Alternative text of `pairs_plot`: the pair that meets most often, and how many pairs meet at all."""
    if table.empty or table["n"].max() == 0:
        return "Dot plot of pairs of codes: no two occur together."
    row = table.iloc[0]
    one, other = ((names or {}).get(row[each], row[each]) for each in ("code_a", "code_b"))
    return (
        f"Dot plot of pairs of codes: most often together are “{one}” and “{other}”, in {row['n']} of {row['of']} {unit}; "
        f"{int((table['n'] > 0).sum()):,} of {len(table):,} pairs occur together."
    )
