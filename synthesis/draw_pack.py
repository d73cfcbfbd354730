"""The picture of a theme in a review pack: a square a study, filled where the study speaks of the theme.

Squares can be counted and need no scale, so nobody has to know what a percentage or an interval is to read them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from synthesis.drawing import INK, LINE, PARENTS, PRACTITIONERS, panel, remember, styled, wrap
from synthesis.intervals import newcombe
from synthesis.packs import PackTheme, Words

_COLUMNS, _STEP, _SIDE = 20, 18.0, 13.0
_SIDES = (("parents", PARENTS["color"]), ("practitioners", PRACTITIONERS["color"]))


@styled
def studies_picture(theme: PackTheme, words: Words, ax: Axes | None = None) -> Axes:
    """Squares for the studies with parents and with practitioners, filled where they support the theme.

    `drawing.plotted` gives ``side, n, of``.
    """
    counts = [(side, *getattr(theme, side)) for side, _ in _SIDES]
    rows = [max(1, int(np.ceil(of / _COLUMNS))) for _, _, of in counts]
    height = sum(rows) * _STEP + len(rows) * 2.4 * LINE + 2 * LINE
    width = _COLUMNS * _STEP + 20
    ax = panel(ax, height, 10, 10, 6, 6, width=width)
    ax.set(xlim=(0, _COLUMNS * _STEP), ylim=(height, 0))
    ax.set_axis_off()
    top = 0.0
    for (side, n, of), count, (_, colour) in zip(counts, rows, _SIDES, strict=True):
        ax.text(0, top + LINE, words.said(f"picture_{side}", n=n, of=of), size=12, weight="bold", va="center")
        _squares(ax, top + 1.8 * LINE, n, of, colour)
        top += 2.4 * LINE + count * _STEP
    ax.text(0, top + LINE, wrap(words.said("picture_note"), width - 20), color=INK, va="center")
    return remember(ax, pd.DataFrame(counts, columns=["side", "n", "of"]))


def _squares(ax: Axes, top: float, n: int, of: int, colour: str) -> None:
    for at in range(of):
        corner = (at % _COLUMNS) * _STEP, top + (at // _COLUMNS) * _STEP
        ax.add_patch(
            Rectangle(corner, _SIDE, _SIDE, facecolor=colour if at < n else "white", edgecolor=INK, linewidth=0.9)
        )


def studies_picture_alt(theme: PackTheme, words: Words) -> str:
    """Alternative text: which side speaks of the theme more often, or that the two hardly differ.

    "More often" is said only where the interval of the difference (Newcombe) leaves out zero.
    """
    (a, b), (c, d) = theme.parents, theme.practitioners
    apart = newcombe(*(pd.Series([each]) for each in (a, b, c, d))).iloc[0]
    kind = "more_parents" if apart["low"] > 0 else "more_practitioners" if apart["high"] < 0 else "alike"
    return words.said(f"picture_{kind}", a=a, b=b, c=c, d=d)
