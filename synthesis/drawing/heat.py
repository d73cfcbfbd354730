"""Every study by every subtheme on one page: which findings lie where, and where there are none."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.canvas import (
    QUIET,
    RULE,
    SMALL,
    WIDTH,
    footnotes,
    is_dark,
    nothing_to_show,
    panel,
    place,
    remember,
    room,
    shortened,
    styled,
    text_height,
    text_width,
    wrap,
)

_ROW, _GAP, _HEAD = 12.2, 22.0, 30.0


@styled
def heat_plot(
    matrix: pd.DataFrame,
    groups: pd.Series,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    parents: Mapping[str, str] | None = None,
) -> Axes:
    """Findings of each study under each subtheme, studies in groups, in two columns on a tall page.

    Parameters
    ----------
    matrix : counts, a row a subtheme, a column a study, such as from `theme_matrix` of descriptive themes by study.
    groups : the group of each study (index its id), such as its perspective; groups stand in order of size.
    ax : axes to draw in, about 9 by 16 inches for 140 studies; default a new figure.
    names : what each subtheme is called in the key below.
    headings : what to print instead of a group's word.
    parents : the theme above each subtheme; a rule parts subthemes of different themes.

    Within a group studies stand by the subtheme under which they have most findings. `plotted` gives every count.
    """
    cells = matrix.rename_axis(index="theme_id", columns="study_id").stack().rename("n").reset_index()
    if matrix.empty:
        return nothing_to_show(ax, "There are no studies to show.", cells)
    lines = _lines(matrix, groups.reindex(matrix.columns), headings or {})
    half = -(-len(lines) // 2)
    key = footnotes([_key(matrix.index, names or {})], WIDTH - 20)
    ax = panel(ax, _HEAD + half * _ROW, left=10, right=10, top=6, bottom=text_height(key, SMALL) + 30)
    width = room(ax)
    ax.set(xlim=(0, width), ylim=(_HEAD + half * _ROW, 0))
    ax.set_axis_off()
    half_page = (width - _GAP) / 2
    label = min(max(text_width(str(study), SMALL) for study in matrix.columns) + 6, half_page / 2)
    cell = (half_page - label) / len(matrix)
    most = max(1, int(matrix.to_numpy().max()))
    for column in range(2):
        left = column * (half_page + _GAP)
        own = lines[column * half : (column + 1) * half]
        _heads(ax, matrix.index, left + label, cell, len(own), parents or {})
        for place_, (word, study) in enumerate(own):
            _line(ax, matrix, word, study, left, label, cell, _HEAD + (place_ + 0.5) * _ROW, most)
    place(ax, key, (0, 0), (0, -8), va="top", ha="left", size=SMALL, color=QUIET)
    return remember(ax, cells)


def _lines(matrix: pd.DataFrame, groups: pd.Series, headings: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """What stands on each line: a group's heading (no study), or a study."""
    most = pd.Series(matrix.to_numpy().argmax(axis=0), matrix.columns)
    lines: list[tuple[str, str | None]] = []
    for group in groups.value_counts().index:
        own = sorted(groups.index[groups == group], key=lambda study: (most[study], -matrix[study].max(), study))
        lines.append((f"{headings.get(group, group)} ({len(own)})", None))
        lines += [(str(study), study) for study in own]
    return lines


def _key(themes: pd.Index, names: Mapping[str, str]) -> str:
    said = "; ".join(f"{theme} {names.get(theme, '')}".strip() for theme in themes)
    return f"Number: findings of the study under the subtheme; a darker cell holds more. {said}."


def _heads(ax: Axes, themes: pd.Index, left: float, cell: float, rows: int, parents: Mapping[str, str]) -> None:
    for at, theme in enumerate(themes):
        x = left + (at + 0.5) * cell
        word = shortened(str(theme), _HEAD - 2, SMALL, "bold")
        ax.text(x, _HEAD - 4, word, rotation=90, ha="center", va="bottom", size=SMALL, weight="bold")
        if at and parents.get(theme) != parents.get(themes[at - 1]):
            ax.plot([left + at * cell] * 2, [4, _HEAD + rows * _ROW], color=QUIET, linewidth=0.6)


def _line(
    ax: Axes, matrix: pd.DataFrame, word: str, study: str | None, left: float, label: float, cell: float, y: float, most: int
) -> None:  # fmt: skip
    if study is None:
        ax.text(left, y, wrap(word, label + 200, SMALL, "bold"), va="center", size=SMALL, weight="bold")
        return
    ax.text(left, y, shortened(word, label - 6, SMALL), va="center", size=SMALL)
    end = left + label + cell * len(matrix)
    ax.plot([left, end], [y + _ROW / 2] * 2, color=RULE, linewidth=0.4, zorder=0)
    counts = matrix[study].to_numpy()
    shades = matplotlib.colormaps["cividis_r"](0.1 + 0.9 * np.minimum(counts, most) / most)
    for at in np.flatnonzero(counts):
        corner = (left + label + at * cell + 0.5, y - _ROW / 2 + 0.5)
        ax.add_patch(matplotlib.patches.Rectangle(corner, cell - 1, _ROW - 1, linewidth=0, facecolor=shades[at]))
        ink = "white" if is_dark(shades[at]) else "black"
        ax.text(
            corner[0] + cell / 2 - 0.5, y, str(counts[at]), ha="center", va="center_baseline", size=SMALL, color=ink
        )


def heat_alt(matrix: pd.DataFrame, names: Mapping[str, str] | None = None) -> str:
    """Alternative text of `heat_plot`: how full the page is, and the subtheme with most studies."""
    if matrix.empty:
        return "Table of studies by subtheme: there are no studies to show."
    reach = (matrix > 0).sum(axis=1)
    return (
        f"Shaded table of {matrix.shape[1]} studies by {len(matrix)} subthemes: {int(reach.sum())} of {matrix.size:,} cells hold "
        f"findings; most studies ({reach.max()}) speak to “{(names or {}).get(reach.idxmax(), reach.idxmax())}”."
    )
