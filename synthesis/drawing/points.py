"""What plots of studies as points share: an axis of percents on the scale of the effects, and names of the far ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.areas import name_points
from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    ORANGE,
    SMALL,
    footnotes,
    panel,
    place,
    room,
    shown_percent,
    text_height,
    text_width,
    wrap,
)
from synthesis.pooling.effects import back_transform, effect_sizes

#: Studies named at most; height of the plots in points; look of ordinary studies and of those that stand out.
NAMED, HEIGHT = 10, 330.0
USUAL: dict[str, Any] = {
    "marker": "o",
    "markersize": 6,
    "color": NAVY,
    "markeredgecolor": "white",
    "markeredgewidth": 0.6,
}
FAR: dict[str, Any] = {"marker": "D", "markersize": 6, "color": ORANGE, "markeredgecolor": INK, "markeredgewidth": 0.6}
#: Percents for an axis, the plainest first.
_TICKS = (
    10, 50, 90, 1, 99, 20, 5, 80, 2, 30, 70, 95, 98, 0.1, 40, 60, 99.9, 0.5, 0.2, 0.01, 15, 25, 35, 45, 75, 85, 3, 97, 0, 100,
    8, 12, 6, 7, 4, 0.05, 0.02, 99.5, 18, 22, 28, 32, 55, 65, 9, 11, 13, 14, 16, 17,
)  # fmt: skip


def point_panel(ax: Axes | None, notes: list[str], left: float = 52, right: float = 172) -> tuple[Axes, str]:
    """The plotting area of a plot of points, and the small print as it will be placed by `finish`."""
    small = footnotes(notes, room(ax) - 20)
    return panel(ax, HEIGHT, left, right, top=LINE + 24, bottom=50 + text_height(small, SMALL)), small


def finish(ax: Axes, head: str, across: str, small: str, left: float = 42) -> None:
    """What the height shows (above), what the width shows (below), and the small print."""
    wide = room(ax)
    place(ax, wrap(head, wide + left + 150, weight="bold"), (0, -left), (1, 14), va="bottom", weight="bold")
    place(ax, wrap(across, wide + 60), (0.5, 0), (0, -22), ha="center", va="top")
    place(ax, small, (0, -left), (0, -42), va="top", size=SMALL)


def percent_axis(ax: Axes, transform: str) -> None:
    """Percents below an axis of effects, as many of the plainest ones as fit."""
    low, high = ax.get_xlim()
    wide = room(ax)
    chosen: dict[float, float] = {}
    for tick in _TICKS:
        if tick in (0, 100) and transform in ("logit", "log"):
            continue
        at = float(effect_sizes(tick * 1e8, 1e10, transform, continuity_to="none")[0]) if tick else _at_none(transform)
        need = 10 + text_width(f"{tick:g}%", SMALL)
        if low <= at <= high and all(abs(at - other) / (high - low) * wide > need for other in chosen):
            chosen[at] = tick
    ticks = sorted(chosen)
    ax.set_xticks(ticks, [f"{chosen[at]:g}%" for at in ticks])


def _at_none(transform: str) -> float:
    return float(effect_sizes(0, 1e10, transform, continuity_to="none")[0])


def shown_effect(effect: float, transform: str) -> str:
    """An effect as percent."""
    return shown_percent(100 * float(back_transform(effect, transform, method="plain")))


def name_far(ax: Axes, studies: pd.DataFrame, x: str, y: str, far: pd.Series, says: list[str]) -> None:
    """Names beside the plot of the studies with the largest `far` (missing: not named), at most NAMED of them."""
    ranked = far.fillna(-np.inf).to_numpy().argsort(kind="stable")[::-1]
    order = ranked[: min(NAMED, int(far.notna().sum()))]
    rows = studies.iloc[order]
    name_points(ax, rows[x], rows[y], [says[at] for at in order])


def remark_of(table: pd.DataFrame) -> list[str]:
    """What a table of studies says of itself in every row (rows left out, half events added), for the small print."""
    return [str(said) for said in table["remark"].head(1) if said] if "remark" in table else []


def study_words(n: int) -> str:
    return f"{n} {'study' if n == 1 else 'studies'}"
