"""The theme map: themes, subthemes and codes as one tree, with the studies of each side that support each code."""

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
    SIZE,
    SMALL,
    beside,
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

#: Where the columns of the tree begin, in points left of the bars.
_TOP, _SUB, _CODE, _LEFT = 446, 326, 174, 456


@styled
def theme_map_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Analytical themes, the descriptive themes below them and their codes; bars to the left are parents' studies.

    Parameters
    ----------
    table : from `theme_map`.
    ax : axes to draw in, about 9 by 15 inches for sixty codes; default a new figure.

    `plotted` gives the numbers drawn.
    """
    codes = table[table["level"] == "code"].reset_index(drop=True)
    if codes.empty:
        return nothing_to_show(ax, "There are no codes to show.", table)
    subs = table[table["level"] == "descriptive"].set_index("id")
    names = [wrap(name, _CODE - 12, SMALL) for name in codes["name"]]
    said = {theme: _with_counts(row, _SUB - _CODE - 12, SMALL) for theme, row in subs.iterrows()}
    above = subs["parent"].to_dict()
    y, span, ends = _layout(codes, names, said, above)
    ax = panel(ax, ends[-1], left=_LEFT, right=16, top=2.6 * LINE, bottom=50)
    for name, at in zip(names, y, strict=True):
        beside(ax, name, (0, -_CODE), at, ha="left", size=SMALL)
    _branches(ax, table, codes, subs, said, span)
    _bars(ax, codes, y)
    ax.set_ylim(ends[-1], 0)
    ax.set_axis_off()
    notes = (
        "Bars and numbers: studies with a finding of that side; a study may stand under several codes. Numbers below a theme: "
        f"parents | practitioners, of {codes['of_studies_parent'].max()} and {codes['of_studies_practitioner'].max()} studies."
    )
    place(ax, wrap(notes, room(ax) + _LEFT, SMALL), (0, -_TOP), (0, -10), va="top", ha="left", size=SMALL, color=QUIET)
    return remember(ax, table)


def _with_counts(row: pd.Series, width: float, size: float, weight: str = "normal") -> str:
    return f"{wrap(row['name'], width, size, weight)}\n{row['n_studies_parent']} | {row['n_studies_practitioner']}"


def _layout(
    codes: pd.DataFrame, names: list[str], said: dict[str, str], above: dict[str, str]
) -> tuple[np.ndarray, dict[str, tuple[float, float]], list[float]]:
    """Heights of the codes, top and bottom of each subtheme, and where each ends, in points downwards."""
    y, span, ends, down = np.zeros(len(codes)), {}, [0.0], 0.0
    top = ""
    for theme, own in codes.groupby("parent", sort=False):
        key = str(theme)
        down += 12 if top and above.get(key, key) != top else 0
        top = above.get(key, key)
        rows = np.array([text_height(names[at], SMALL) + 4 for at in own.index])
        needed = text_height(said.get(key, ""), SMALL) + 8
        rows = rows * max(1.0, needed / rows.sum())
        y[own.index] = down + np.cumsum(rows) - rows / 2
        span[key] = (down, down + float(rows.sum()))
        down += float(rows.sum()) + 4
        ends.append(down)
    return y, span, ends


def _branches(
    ax: Axes, table: pd.DataFrame, codes: pd.DataFrame, subs: pd.DataFrame, said: dict[str, str],
    span: dict[str, tuple[float, float]],
) -> None:  # fmt: skip
    """Names of subthemes and themes, each beside a rule as long as what belongs to it."""
    for theme, (start, end) in span.items():
        if theme in said:
            beside(ax, said[theme], (0, -_SUB), (start + end) / 2, ha="left", size=SMALL)
            _rule(ax, -_CODE - 7, start + 2, end - 2, RULE)
    tops = table[table["level"] == "analytical"].set_index("id")
    for theme, row in tops.iterrows():
        below = [span[each] for each in subs.index[subs["parent"] == theme] if each in span]
        if below:
            start, end = below[0][0], below[-1][1]
            name = _with_counts(row, _TOP - _SUB - 14, SIZE, "bold")
            beside(ax, name, (0, -_TOP), (start + end) / 2, ha="left", weight="bold")
            _rule(ax, -_SUB - 7, start + 2, end - 2, QUIET)


def _rule(ax: Axes, x: float, start: float, end: float, colour: str) -> None:
    """An upright line so many points from the left edge of the bars."""
    ax.plot(
        [0, 0],
        [start, end],
        transform=ax.get_yaxis_transform() + shifted(ax, x, 0),
        clip_on=False,
        color=colour,
        linewidth=1.4,
    )


def _bars(ax: Axes, codes: pd.DataFrame, y: np.ndarray) -> None:
    """Parents' studies to the left, practitioners' to the right, the number at the end of each bar."""
    most = max(1, codes[["n_studies_parent", "n_studies_practitioner"]].to_numpy().max())
    for column, style, sign, word in (
        ("n_studies_parent", PARENTS, -1, "Parents"),
        ("n_studies_practitioner", PRACTITIONERS, 1, "Practitioners"),
    ):
        ax.barh(
            y, sign * codes[column], height=8, color=style["color"], hatch="" if sign < 0 else "////", edgecolor="white"
        )
        for n, at in zip(codes[column], y, strict=True):
            ax.annotate(
                str(n), (sign * n, at), (sign * 4, 0), textcoords="offset points", size=SMALL,
                ha="right" if sign < 0 else "left", va="center_baseline", color=QUIET if n == 0 else "black",
            )  # fmt: skip
        place(ax, word, (0.5, sign * 8), (1, 10), ha="right" if sign < 0 else "left", weight="bold")
    ax.axvline(0, color=QUIET, linewidth=0.8)
    ax.set_xlim(-1.3 * most, 1.3 * most)


def theme_map_alt(table: pd.DataFrame) -> str:
    """Alternative text of `theme_map_plot`: its size, and the code that each side supports most."""
    codes = table[table["level"] == "code"]
    if codes.empty:
        return "Map of themes: there are no codes to show."

    def most(side: str) -> str:
        row = codes.loc[codes[f"n_studies_{side}"].idxmax()]
        return f"“{row['name']}” ({row[f'n_studies_{side}']} of {row[f'of_studies_{side}']} studies)"

    levels = table["level"].value_counts()
    return (
        f"Map of {levels.get('analytical', 0)} themes, {levels.get('descriptive', 0)} subthemes and {len(codes)} codes: parents "
        f"most often speak of {most('parent')}, practitioners of {most('practitioner')}."
    )
