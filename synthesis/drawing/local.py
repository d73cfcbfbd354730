"""The small picture of a local authority: five factors, each beside similar authorities, the region and England."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    ORANGE,
    PLUM,
    QUIET,
    SIZE,
    nothing_to_show,
    panel,
    remember,
    shown_percent,
    styled,
    wrap,
)
from synthesis.prevalence.local_areas import FACTORS

#: Width of the picture and size of its words in points: on a phone they stay readable, in print it is shown smaller.
LOCAL_WIDTH, LOCAL_SIZE = 290.0, 12.0
_LABEL, _MARKS, _GAP, _MARGIN, _AXIS, _LEGEND = 15.0, 13.0, 5.0, 6.0, 36.0, 38.0
_GREY, _EDGE = "#d9d9d9", "#6b6b6b"
_REGION: dict[str, Any] = {"marker": "s", "markersize": 8, "markerfacecolor": "white", "markeredgecolor": PLUM, "markeredgewidth": 2}  # fmt: skip
_COUNTRY: dict[str, Any] = {"marker": "D", "markersize": 7, "markerfacecolor": ORANGE, "markeredgecolor": INK, "markeredgewidth": 0.8}  # fmt: skip
_OWN: dict[str, Any] = {"marker": "o", "markersize": 8.5, "markerfacecolor": NAVY, "markeredgecolor": "white", "markeredgewidth": 0.8}  # fmt: skip


@styled
def local_plot(picture: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Five factors of one authority as dots with their intervals, beside similar authorities, the region and England.

    Parameters
    ----------
    picture : from `local_picture`.
    ax : axes to draw in, about 4 by 4 inches; default a new figure.

    A factor without a figure says so in words and has no dot. `plotted` gives the rows drawn.
    """
    if picture.empty:
        return nothing_to_show(ax, "There is no authority to show.", picture)
    step = _LABEL + _MARKS + _GAP
    height = step * picture["factor"].nunique()
    ax = panel(ax, height, _MARGIN, _MARGIN + 4, _MARGIN, _AXIS + _LEGEND, width=LOCAL_WIDTH)
    most = float(np.nanmax(picture[["percent", "ci_high", "range_high"]].to_numpy(dtype=float)))
    ax.set(xlim=(0, 1.04 * max(most, 1.0)), ylim=(height, 0))
    for at, (factor, lines) in enumerate(picture.groupby("factor", sort=False)):
        _row(ax, FACTORS[str(factor)].capitalize(), lines.set_index("place"), at * step)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    ax.tick_params(axis="x", labelsize=LOCAL_SIZE - 1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Percent of assessed episodes", size=LOCAL_SIZE - 0.5)
    handles = [
        Line2D([], [], color=NAVY, linewidth=2, label="here, 95% interval", **_OWN),
        Patch(facecolor=_GREY, edgecolor=_EDGE, linewidth=0.8, label="similar, low to high"),
        Line2D([], [], linestyle="none", label="region", **_REGION),
        Line2D([], [], linestyle="none", label="England", **_COUNTRY),
    ]
    shown = handles if picture["range_low"].notna().any() else [handles[0], *handles[2:]]
    ax.legend(
        handles=shown, loc="upper center", bbox_to_anchor=(0.5, -(_AXIS + 1) / height), ncols=2, frameon=False,
        fontsize=LOCAL_SIZE - 0.5, handletextpad=0.5, columnspacing=1.2, borderaxespad=0, labelspacing=0.35,
    )  # fmt: skip
    columns = [
        "factor",
        "place",
        "area_name",
        "year",
        "percent",
        "ci_low",
        "ci_high",
        "range_low",
        "range_high",
        "state",
    ]
    return remember(ax, picture[columns])


def _row(ax: Axes, name: str, lines: pd.DataFrame, top: float) -> None:
    """One factor: its name with the figure, and below the marks of all places, the authority's own on top."""
    own, middle = lines.loc["own"], top + _LABEL + _MARKS / 2
    said = f"{shown_percent(own['percent'])} %" if pd.notna(own["percent"]) else "no figure here"
    ax.text(0, top, wrap(f"{name}: {said}", LOCAL_WIDTH - 20, LOCAL_SIZE), size=LOCAL_SIZE, va="top", linespacing=LINE / SIZE)  # fmt: skip
    ax.axhline(middle, color=QUIET, linewidth=0.5, linestyle=":", zorder=0.5)
    near = lines.loc["similar"]
    if pd.notna(near["range_low"]):
        width = max(near["range_high"] - near["range_low"], 0.01)
        ax.add_patch(Rectangle((near["range_low"], middle - 4.5), width, 9, facecolor=_GREY, edgecolor=_EDGE, linewidth=0.8, zorder=1))  # fmt: skip
    for place, look in (("region", _REGION), ("country", _COUNTRY), ("own", _OWN)):
        row = lines.loc[place]
        if pd.isna(row["percent"]):
            continue
        if place == "own":
            ax.plot(
                [row["ci_low"], row["ci_high"]], [middle, middle], color=NAVY, linewidth=2.2, zorder=3, clip_on=False
            )
        ax.plot(
            [row["percent"]], [middle], linestyle="none", zorder=4 if place == "own" else 2.5, clip_on=False, **look
        )


def local_alt(picture: pd.DataFrame) -> str:
    """Alternative text of `local_plot`: each factor here and in England, or that there is no figure."""
    own = picture[picture["place"] == "own"]
    if own.empty:
        return "Dot plot of a local authority: there is none to show."
    england = picture[picture["place"] == "country"].set_index("factor")["percent"]
    said = [
        f"{FACTORS[row.factor]} {f'{shown_percent(row.percent)}%' if pd.notna(row.percent) else 'no figure here'}, "
        f"England {shown_percent(england[row.factor])}%"
        for row in own.itertuples()
    ]
    first = own.iloc[0]
    return (
        f"Dot plot, percent of assessed episodes in {first['area_name']}, year ending March {first['year']}, beside similar "
        f"authorities, the region and England: {'; '.join(said)}."
    )
