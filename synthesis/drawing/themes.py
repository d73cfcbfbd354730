"""Figures of themes: support from parents and practitioners, and counts of a theme matrix."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import matplotlib
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
    WIDTH,
    beside,
    is_dark,
    nothing_to_show,
    panel,
    place,
    remember,
    room,
    styled,
    text_height,
    text_width,
    wrap,
)

#: Columns of a theme table that the support figure shows, perspective by perspective.
_SUPPORT = {
    "Parents": ("n_studies_parent", "of_studies_parent"),
    "Practitioners": ("n_studies_practitioner", "of_studies_practitioner"),
    "All studies": ("n_studies", "of_studies"),
}


@styled
def theme_support_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How many studies support each theme, with findings of parents and of practitioners on one line.

    Parameters
    ----------
    table : from `theme_table`.
    ax : axes to draw in, about 9 by 8 inches for twenty themes; default a new figure.

    Analytical themes are bold and hold what the themes below them hold. `plotted` gives the numbers drawn.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no themes to show.", table)
    shown = [column for columns in _SUPPORT.values() for column in columns]
    drawn = table[["theme_id", "name", "level", *shown]].reset_index(drop=True)
    bold = [level == "analytical" for level in drawn["level"]]
    names = [wrap(name, 200, weight=_weight(top)) for name, top in zip(drawn["name"], bold, strict=True)]
    y, total = _rows(names, bold)
    ax = panel(ax, total, left=232, right=246, top=3 * LINE, bottom=46)
    for name, top, at in zip(names, bold, y, strict=True):
        beside(ax, name, (0, -222 if top else -210), at, weight=_weight(top), ha="left")
    _support_dots(ax, drawn, y)
    _support_columns(ax, drawn, y, bold)
    ax.set_ylim(total, 0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(wrap("Studies with at least one finding of that perspective", room(ax)))
    return remember(ax, drawn)


def _weight(bold: bool) -> str:
    return "bold" if bold else "normal"


def _rows(names: Sequence[str], bold: Sequence[bool]) -> tuple[np.ndarray, float]:
    """Heights of rows of wrapped names, counted downwards in points, more space before each bold one; and the sum."""
    tall = np.array([max(text_height(name), LINE) + 6 for name in names])
    before = np.array([10.0 if top and place else 0.0 for place, top in enumerate(bold)])
    ends = np.cumsum(tall + before)
    return ends - tall / 2, float(ends[-1])


def _support_dots(ax: Axes, drawn: pd.DataFrame, y: np.ndarray) -> None:
    parents, practitioners = drawn["n_studies_parent"], drawn["n_studies_practitioner"]
    ax.hlines(y, np.minimum(parents, practitioners), np.maximum(parents, practitioners), color=RULE, linewidth=2)
    ax.plot(parents, y, linestyle="none", clip_on=False, label="Parents", **PARENTS)
    ax.plot(
        practitioners, y, linestyle="none", clip_on=False, markeredgecolor="white", label="Practitioners", **PRACTITIONERS
    )  # fmt: skip
    ax.set_xlim(0, max(1.0, 1.03 * max(parents.max(), practitioners.max())))
    ax.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5, integer=True))
    ax.grid(axis="x")


def _support_columns(ax: Axes, drawn: pd.DataFrame, y: np.ndarray, bold: Sequence[bool]) -> None:
    """The numbers in columns; their headings are the legend."""
    for (heading, (n, of)), style, right in zip(
        _SUPPORT.items(), (PARENTS, PRACTITIONERS, None), (70, 170, 240), strict=True
    ):
        place(ax, f"{heading}\nof {drawn[of].max()}", (1, right), (1, 6), ha="right", va="bottom", weight="bold")
        if style:
            _mark(ax, right - text_width(heading, weight="bold") - 8, 6 + 1.5 * LINE, style)
        for number, top, at in zip(drawn[n], bold, y, strict=True):
            beside(ax, str(number), (1, right), at, ha="right", weight=_weight(top))


def _mark(ax: Axes, right: float, up: float, style: dict[str, Any]) -> None:
    """One marker, so many points from the top right corner of the plotting area."""
    away = matplotlib.transforms.ScaledTranslation(right / 72, up / 72, ax.figure.dpi_scale_trans)
    ax.plot([1], [1], transform=ax.transAxes + away, clip_on=False, **style)


def theme_support_alt(table: pd.DataFrame) -> str:
    """Alternative text of `theme_support_plot`: the theme that each side supports most."""
    tops = table[table["level"] == "analytical"] if (table["level"] == "analytical").any() else table
    if tops.empty:
        return "Dot plot of theme support: there are no themes to show."

    def most(n: str, of: str) -> str:
        row = tops.loc[tops[n].idxmax()]
        return f"“{row['name']}” ({row[n]} of {row[of]} studies)"

    return (
        f"Dot plot of {len(table)} themes: parents' findings most often support {most(*_SUPPORT['Parents'])}, "
        f"practitioners' {most(*_SUPPORT['Practitioners'])}."
    )


@styled
def matrix_plot(
    matrix: pd.DataFrame,
    ax: Axes | None = None,
    rows: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    bold: Collection[str] = (),
    unit: str = "Studies",
) -> Axes:
    """A matrix of counts, the number printed in each cell and darker cells for more.

    Parameters
    ----------
    matrix : counts, such as from `theme_matrix`; up to about 20 columns read well.
    ax : axes to draw in; default a new figure.
    rows, columns : what to print instead of a label.
    bold : row labels to print bold (analytical themes).
    unit : what is counted, for the caption below.

    `plotted` gives the counts, a row a cell.
    """
    if matrix.empty:
        return nothing_to_show(ax, "There are no counts to show.", _cells(matrix))
    labels = [(rows or {}).get(label, label) for label in matrix.index.astype(str)]
    strong = [label in bold for label in matrix.index]
    names = [wrap(name, 200, weight=_weight(top)) for name, top in zip(labels, strong, strict=True)]
    heads = [(columns or {}).get(label, label) for label in matrix.columns.astype(str)]
    cell = max(text_width(f"{n:,}", SMALL) for n in matrix.to_numpy().ravel()) + 6
    heads, upright, cell = _headings(heads, cell, (room(ax) - 242) / len(heads))
    whole = room(ax, max(WIDTH, 242 + cell * len(heads)))
    top = 12 + max(text_width(line) if upright else text_height(head) for head in heads for line in head.split("\n"))
    y, total = _rows(names, strong)
    ax = panel(ax, total, left=232, right=10, top=top, bottom=34, width=whole)
    tall = [max(text_height(name), LINE) + 5 for name in names]
    _shade(ax, matrix.to_numpy(), y, tall)
    for name, strength, at in zip(names, strong, y, strict=True):
        beside(ax, name, (0, -222 if strength or not bold else -210), at, weight=_weight(strength), ha="left")
    for at, head in enumerate(heads):
        ax.annotate(
            head, (at + 0.5, 1), (0, 6), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", va="bottom", rotation=90 if upright else 0,
        )  # fmt: skip
    ax.set(xlim=(0, len(heads)), ylim=(total, 0))
    ax.set_axis_off()
    place(ax, wrap(f"{unit}; a darker cell holds more.", room(ax)), (0, 0), (0, -8), va="top", size=SMALL, color=QUIET)
    return remember(ax, _cells(matrix))


def _headings(heads: list[str], cell: float, usual: float) -> tuple[list[str], bool, float]:
    """Column headings wrapped, whether they must stand upright, and how wide a cell must be at least.

    `cell` is the width that the numbers need, `usual` the width of a cell in a figure of the usual width.
    """
    width = max(cell, usual) - 4
    if all(text_width(word) <= width for head in heads for word in head.split(" ")):
        return [wrap(head, width) for head in heads], False, cell
    tall = [wrap(head, 150) for head in heads]
    return tall, True, max(cell, *(text_height(head) + 4 for head in tall))


def _cells(matrix: pd.DataFrame) -> pd.DataFrame:
    """A matrix as a row a cell: its row label, column label and ``n``."""
    names = str(matrix.index.name or "row"), str(matrix.columns.name or "column")
    long = matrix.rename_axis(index=names[0], columns=names[1]).stack()
    return long.rename("n").reset_index()


def _shade(ax: Axes, counts: np.ndarray, y: np.ndarray, tall: Sequence[float]) -> None:
    """Cells from white for none to dark for the most; the number stands out from its cell in grey, too."""
    shades = matplotlib.colormaps["cividis_r"](0.05 + 0.95 * counts / max(1, counts.max()))
    for (row, column), n in np.ndenumerate(counts):
        corner, colour = (column, float(y[row] - tall[row] / 2)), shades[row, column] if n else "#f4f4f4"
        ax.add_patch(matplotlib.patches.Rectangle(corner, 0.97, tall[row], linewidth=0, facecolor=colour))
        ink = ("white" if is_dark(shades[row, column]) else "black") if n else QUIET
        ax.text(column + 0.485, float(y[row]), f"{n:,}", ha="center", va="center_baseline", size=SMALL, color=ink)


def matrix_alt(
    matrix: pd.DataFrame, rows: Mapping[str, str] | None = None, columns: Mapping[str, str] | None = None
) -> str:
    """Alternative text of `matrix_plot`: its size, its largest cell and how many cells are empty."""
    if matrix.empty:
        return "Table of counts: there are none to show."
    row, column = matrix.stack().idxmax()
    name, head = (rows or {}).get(row, row), (columns or {}).get(column, column).replace("\N{NO-BREAK SPACE}", " ")
    return (
        f"Shaded table of {len(matrix)} rows and {matrix.shape[1]} columns: the most are {matrix.loc[row, column]:,}, "
        f"in “{name}”, {head}; {int((matrix == 0).to_numpy().sum())} of {matrix.size} cells hold none."
    )
