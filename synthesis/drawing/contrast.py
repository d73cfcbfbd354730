"""Parents beside practitioners: the share of studies of each side that supports each theme, with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.canvas import (
    LINE,
    PARENTS,
    PRACTITIONERS,
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
    shifted,
    styled,
    text_height,
    wrap,
)

_LEFT, _RIGHT = 232, 150
_SIDES = (("parent", "Parents", PARENTS, -5.0), ("practitioner", "Practitioners", PRACTITIONERS, 5.0))


@styled
def contrast_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Shares of parents' and of practitioners' studies under each theme, and how far apart they are.

    Parameters
    ----------
    table : from `perspective_contrast` by theme.
    ax : axes to draw in, about 9 by 10 inches for twenty themes; default a new figure.

    `plotted` gives the numbers drawn, in percent and percentage points.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no themes to show.", table)
    drawn = table.reset_index(drop=True)
    bold = (drawn["level"] == "analytical").tolist()
    names = [wrap(name, 200, weight="bold" if top else "normal") for name, top in zip(drawn["name"], bold, strict=True)]
    tall = np.array([max(text_height(name) + 6, 27.0) for name in names])
    before = np.array([10.0 if top and at else 0.0 for at, top in enumerate(bold)])
    ends = np.cumsum(tall + before)
    y = ends - tall / 2
    notes = _notes(drawn)
    below = text_height(footnotes(notes, 640), SMALL) + 44
    ax = panel(ax, float(ends[-1]), left=_LEFT, right=_RIGHT, top=3.4 * LINE, bottom=below)
    for name, top, at in zip(names, bold, y, strict=True):
        beside(ax, name, (0, -222 if top else -210), at, weight="bold" if top else "normal", ha="left")
    _shares(ax, drawn, y)
    _differences(ax, drawn, bold, y)
    ax.set(xlim=(0, 100), ylim=(ends[-1], 0), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlabel("Percent of the studies of that side")
    place(
        ax, footnotes(notes, room(ax) + _LEFT + _RIGHT - 20), (0, -222), (0, -36), va="top", ha="left", size=SMALL, color=QUIET
    )  # fmt: skip
    return remember(ax, drawn)


def _shares(ax: Axes, drawn: pd.DataFrame, y: np.ndarray) -> None:
    for side, word, style, shift in _SIDES:
        at = y + shift
        ax.hlines(at, drawn[f"low_{side}"], drawn[f"high_{side}"], color=style["color"], linewidth=1.6, zorder=2)
        ax.plot(
            drawn[f"percent_{side}"], at, linestyle="none", clip_on=False, markeredgecolor="white", zorder=3, **style
        )
        first = 0.02 if side == "parent" else 0.5
        of = drawn[f"of_studies_{side}"].max()
        place(ax, f"{word}\nof {of} studies", (first, 14), (1, 6), ha="left", va="bottom", weight="bold")
        ax.plot([first], [1], transform=ax.transAxes + shifted(ax, 4, 6 + 1.5 * LINE), clip_on=False, **style)
    ax.hlines(y[:-1] + np.diff(y) / 2, 0, 100, color=RULE, linewidth=0.4)


def _differences(ax: Axes, drawn: pd.DataFrame, bold: list[bool], y: np.ndarray) -> None:
    place(ax, "Difference, points\n(95 % interval)", (1, 142), (1, 6), ha="right", va="bottom", weight="bold")
    for row, top, at in zip(drawn.itertuples(), bold, y, strict=True):
        text = "–"
        if pd.notna(row.difference):
            text = f"{row.difference:+.0f} ({row.difference_low:.0f} to {row.difference_high:.0f})"
        beside(ax, text.replace("-", "−"), (1, 142), at, ha="right", weight="bold" if top else "normal")


def _notes(drawn: pd.DataFrame) -> list[str]:
    both = int(drawn["n_studies_both_sides"].max())
    return [
        "Bars: Wilson 95 % intervals. Difference: parents less practitioners in percentage points, with Newcombe's hybrid score "
        f"interval. {both} studies report both sides and stand in both shares; without them the difference changes by "
        f"{(drawn['apart_difference'] - drawn['difference']).abs().max():.1f} points at most."
    ]


def contrast_alt(table: pd.DataFrame) -> str:
    """Alternative text of `contrast_plot`: the themes that lie furthest apart in either direction."""
    tops = table[table["level"] == "analytical"] if (table["level"] == "analytical").any() else table
    if tops["difference"].isna().all():
        return "Dot plot of shares: there is no theme with studies of both sides to show."

    def far(row: pd.Series) -> str:
        return f"“{row['name']}” ({row['percent_parent']:.0f} against {row['percent_practitioner']:.0f} percent)"

    more, less = tops.loc[tops["difference"].idxmax()], tops.loc[tops["difference"].idxmin()]
    return f"Dot plot of {len(table)} themes: most ahead with parents {far(more)}, with practitioners ahead most {far(less)}."
