"""Stability of themes: how the rank of each theme moves when something is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.canvas import (
    LINE,
    NAVY,
    ORANGE,
    PLUM,
    QUIET,
    RULE,
    SMALL,
    TEAL,
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

_LEFT, _RIGHT = 232, 158
_BARS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "Without one country": (("without_country",), {"color": RULE, "linewidth": 11}),
    "Without one study or shared sample": (("without_study", "without_sample"), {"color": QUIET, "linewidth": 5}),
}
_MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "Core studies only": ("core_only", {"marker": "s", "markerfacecolor": "white", "color": PLUM, "markersize": 8}),
    "Confirmed members only": ("confirmed_only", {"marker": "^", "color": ORANGE, "markersize": 7}),
    "One coder's codings": ("by_coder", {"marker": "x", "color": TEAL, "markersize": 7, "markeredgewidth": 2}),
}
_ALL: dict[str, Any] = {"marker": "o", "color": NAVY, "markersize": 6.5}


@styled
def stability_plot(table: pd.DataFrame, ax: Axes | None = None, names: Mapping[str, str] | None = None) -> Axes:
    """Where each theme stands by number of studies, and how far that moves.

    Parameters
    ----------
    table : from `stability_ranges`.
    ax : axes to draw in, about 9 by 9 inches for twenty themes; default a new figure.
    names : what to print instead of a theme's id.

    `plotted` gives the ranks and counts drawn.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no themes to show.", table)
    themes = table.drop_duplicates("theme_id")[["theme_id", "level", "n_studies", "rank"]]
    themes = themes.sort_values(["level", "rank"], kind="stable", ignore_index=True)
    bold = (themes["level"] == "analytical").tolist()
    said = [
        wrap((names or {}).get(each, each), 210, weight="bold" if top else "normal")
        for each, top in zip(themes["theme_id"], bold, strict=True)
    ]
    tall = np.array([max(text_height(each), LINE) + 7 for each in said])
    before = np.where(np.diff(bold, prepend=bold[0]), 14.0, 0.0)
    ends = np.cumsum(tall + before)
    y = ends - tall / 2
    note = [_note(table)]
    below = 44 + text_height(footnotes(note, 640), SMALL)
    ax = panel(ax, float(ends[-1]), left=_LEFT, right=_RIGHT, top=6.4 * LINE, bottom=below)
    for text, top, at in zip(said, bold, y, strict=True):
        beside(ax, text, (0, -222), at, ha="left", weight="bold" if top else "normal")
    _ranges(ax, table, dict(zip(themes["theme_id"], y, strict=True)))
    ax.plot(themes["rank"].astype(int), y, linestyle="none", zorder=4, **_ALL)
    _columns(ax, table, themes, bold, y)
    _legend(ax)
    last = int(table["worst_rank"].max())
    ax.set(xlim=(0.4, last + 0.6), ylim=(ends[-1], 0), yticks=[], xticks=[1, *range(5, last + 1, 5)])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlabel("Rank among themes (bold) or subthemes; 1: most studies")
    text = footnotes(note, room(ax) + _LEFT + _RIGHT - 20)
    place(ax, text, (0, -222), (0, -38), va="top", ha="left", size=SMALL, color=QUIET)
    return remember(ax, table)


def _ranges(ax: Axes, table: pd.DataFrame, y: dict[str, float]) -> None:
    for kinds, style in _BARS.values():
        own = table[table["kind"].isin(kinds)].groupby("theme_id")[["best_rank", "worst_rank"]]
        best, worst = own.min()["best_rank"].astype(float), own.max()["worst_rank"].astype(float)
        at = best.index.map(y)
        ax.hlines(at, best - 0.12, worst + 0.12, zorder=2, capstyle="butt", **style)
    for kind, style in _MARKS.values():
        own = table[(table["kind"] == kind) & (table["n_cases"] > 0)]
        for ranks in ("best_rank", "worst_rank"):
            ax.plot(own[ranks].astype(float), own["theme_id"].map(y), linestyle="none", zorder=3, **style)


def _columns(ax: Axes, table: pd.DataFrame, themes: pd.DataFrame, bold: list[bool], y: np.ndarray) -> None:
    """Numbers of studies in all, in core studies and in confirmed members."""
    lowest = table.pivot(index="theme_id", columns="kind", values="lowest")
    for heading, right, kind in (("All", 40, ""), ("Core", 76, "core_only"), ("Confirmed", 148, "confirmed_only")):
        place(ax, heading, (1, right), (1, 6), ha="right", va="bottom", weight="bold")
        for theme, n, top, at in zip(themes["theme_id"], themes["n_studies"], bold, y, strict=True):
            shown = n if not kind else lowest.loc[theme, kind] if kind in lowest else None
            text = "–" if pd.isna(shown) else f"{shown:g}"
            beside(ax, text, (1, right), at, ha="right", weight="bold" if top else "normal")
    place(ax, "Studies", (1, 40), (1, 6 + LINE), ha="right", va="bottom", weight="bold")


def _legend(ax: Axes) -> None:
    """What each sign is, in two columns above the plot."""
    signs: list[tuple[str, dict[str, Any], bool]] = [("All studies, agreed codings", _ALL, False)]
    signs += [(text, style, True) for text, (_, style) in _BARS.items()]
    signs += [(text, style, False) for text, (_, style) in _MARKS.items()]
    for place_, (text, style, is_bar) in enumerate(signs):
        x, up = -222.0 + 250 * (place_ // 3), 20 + LINE * 1.4 * (2 - place_ % 3)
        where = ax.transAxes + shifted(ax, x + 8, up)
        if is_bar:
            ax.plot(
                [0],
                [1],
                transform=where,
                clip_on=False,
                marker="s",
                markersize=style["linewidth"],
                color=style["color"],
            )
        else:
            ax.plot([0], [1], transform=where, clip_on=False, **style)
        place(ax, text, (0, x + 22), (1, up), ha="left", va="center", size=SMALL)


def _note(table: pd.DataFrame) -> str:
    lowest = table.loc[table["kind"] == "without_country", "lowest_tau"].min()
    said = (
        ""
        if pd.isna(lowest)
        else f"Ranks without one country agree with those of all studies to Kendall's tau {lowest:.2f} at least. "
    )
    appraised = table[table["kind"] == "appraised_only"]
    if len(appraised) and not appraised["n_cases"].any():
        said += "No study is appraised: support by quality is not known. "
    return said + "Equal numbers share the better rank."


def stability_alt(table: pd.DataFrame, names: Mapping[str, str] | None = None) -> str:
    """Alternative text of `stability_plot`: how many ranks stay, and which theme moves most."""
    single = table[table["kind"].isin(["without_study", "without_country", "without_sample"])].groupby("theme_id")
    if table.empty or not len(single):
        return "Plot of ranks of themes: there are none to show."
    best, worst = single["best_rank"].min(), single["worst_rank"].max()
    moves = (worst - best).astype(int)
    top = moves.idxmax()
    return (
        f"Plot of the ranks of {table['theme_id'].nunique()} themes: when one study, country or shared sample is left out "
        f"{int((moves == 0).sum())} keep theirs and “{(names or {}).get(top, top)}” moves most, between {best[top]} and {worst[top]}."
    )
