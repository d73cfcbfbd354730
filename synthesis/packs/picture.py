"""The picture of a theme in a review pack: a square a study, filled where the study speaks of the theme.

Squares can be counted and need no scale, so nobody has to know what a percentage or an interval is to read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from synthesis.drawing.canvas import (
    INK,
    LINE,
    PARENTS,
    PRACTITIONERS,
    SIZE,
    figure_png,
    figure_svg,
    panel,
    remember,
    styled,
    text_height,
    wrap,
)
from synthesis.numbers.intervals import newcombe
from synthesis.packs.contents import PackTheme, Words

#: Width of the picture and size of its words in points. Shown at the width of a phone the words stay as large as small print.
PICTURE_WIDTH, PICTURE_SIZE = 262.0, 12.0
_COLUMNS, _STEP, _SIDE, _GAP, _MARGIN = 16, 16.0, 12.0, 5.0, 3.0
_WORDS = ("picture_parents", "picture_practitioners")
_COLOURS = (PARENTS["color"], PRACTITIONERS["color"])


@dataclass(frozen=True)
class Picture:
    """The picture of a theme in both forms, with the text that stands for it."""

    svg: str
    png: bytes
    alt: str


def theme_picture(theme: PackTheme, words: Words) -> Picture:
    """The picture as SVG and PNG; drawn once, although a pack shows it in several files."""
    texts = tuple(words.texts[name] for name in _WORDS)
    return _drawn(theme.id, theme.name, theme.parents, theme.practitioners, texts, studies_picture_alt(theme, words))


@lru_cache(maxsize=64)
def _drawn(
    which: str, name: str, parents: tuple[int, int], practitioners: tuple[int, int], texts: tuple[str, ...], alt: str
) -> Picture:
    figure = _squared(parents, practitioners, Words(dict(zip(_WORDS, texts, strict=True)))).get_figure(root=True)
    assert figure is not None
    return Picture(figure_svg(figure, f"picture-{which}", alt, name), figure_png(figure, alt, name), alt)


def studies_picture(theme: PackTheme, words: Words, ax: Axes | None = None) -> Axes:
    """Squares for the studies with parents and with practitioners, filled where they support the theme.

    `plotted` gives ``side, n, of``.
    """
    return _squared(theme.parents, theme.practitioners, words, ax)


@styled
def _squared(parents: tuple[int, int], practitioners: tuple[int, int], words: Words, ax: Axes | None = None) -> Axes:
    counts = [("parents", *parents), ("practitioners", *practitioners)]
    across = _COLUMNS * _STEP
    labels = [wrap(words.said(f"picture_{side}", n=n, of=of), across, PICTURE_SIZE, "bold") for side, n, of in counts]
    rows = [max(1, int(np.ceil(of / _COLUMNS))) for _, _, of in counts]
    over = [text_height(label, PICTURE_SIZE) + _GAP for label in labels]
    height = sum(over) + sum(rows) * _STEP + 2 * _GAP
    ax = panel(ax, height, _MARGIN, _MARGIN, _MARGIN, _MARGIN, width=PICTURE_WIDTH)
    ax.set(xlim=(0, across), ylim=(height, 0))
    ax.set_axis_off()
    top = 0.0
    for (_, n, of), label, above, count, colour in zip(counts, labels, over, rows, _COLOURS, strict=True):
        ax.text(0, top, label, size=PICTURE_SIZE, weight="bold", va="top", linespacing=LINE / SIZE)
        _squares(ax, top + above, n, of, colour)
        top += above + count * _STEP + 2 * _GAP
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
