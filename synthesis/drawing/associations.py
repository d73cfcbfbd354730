"""Ratios by outcome and exposure on a logarithmic axis, each with its interval as printed; nothing is averaged."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from synthesis.drawing.canvas import (
    INK,
    LINE,
    MARKERS,
    PALETTE,
    QUIET,
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
from synthesis.evidence.schema import vocabularies

_LABEL, _RESULT, _HEAD = 282.0, 150.0, 16.0
_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
CONTRADICTED = "†"
#: Kinds of ratio keep their colour and marker in every figure.
_LOOK = {word: (PALETTE[at % len(PALETTE)], MARKERS[at]) for at, word in enumerate(("OR", "RR", "HR", "IRR", "PR"))}


@styled
def association_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Ratios with their printed 95 % intervals on a logarithmic axis, grouped by outcome and exposure.

    Parameters
    ----------
    table : rows of `association_table`; one group of outcomes is legible, all of them fill several pages.
    ax : axes to draw in, about 9 inches wide and a third of an inch a row high; default a new figure.

    The kind of ratio is told by marker, colour and words. A hollow marker is a ratio without an interval, a bar without
    a marker an interval without a ratio. † marks rows with a remark, told below. `plotted` gives the rows drawn.

    Raises SynthesisError where the axes given are too small.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no associations to show.", table)
    lines = _lines(table)
    names = [wrap(text, _LABEL - indent, weight="bold" if row is None else "normal") for text, indent, row in lines]
    tall = np.array([max(text_height(name), LINE) + (_HEAD if row is None else 7) for name, (_, _, row) in zip(names, lines, strict=True)])  # fmt: skip
    y, total = np.cumsum(tall) - tall / 2, float(tall.sum())
    notes = footnotes(_notes(table), room(ax) - 20)
    below = 44 + text_height(notes, SMALL)
    ax = panel(ax, total, left=_LABEL + 22, right=_RESULT + 20, top=2 * LINE + 10, bottom=below)
    low, high = _reach(table)
    ax.set(xscale="log", xlim=(low, high), ylim=(total, 0), yticks=[])
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if low <= tick <= high]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.axvline(1, color=INK, linewidth=0.9, zorder=0.6)
    place(ax, "Ratio\n(95% interval)", (1, _RESULT + 10), (1, 6), ha="right", va="bottom", weight="bold")
    for (_, indent, row), name, at in zip(lines, names, y, strict=True):
        beside(ax, name, (0, indent - _LABEL - 12), at, ha="left", weight="bold" if row is None else "normal")
        if row is not None:
            _ratio(ax, row, at)
    axis = "Ratio on a logarithmic axis; above 1 the outcome is more frequent with the exposure"
    place(ax, axis, (0, -(_LABEL + 12)), (0, -24), va="top", weight="bold")
    place(ax, notes, (0, -(_LABEL + 12)), (0, -42), va="top", size=SMALL)
    return remember(ax, table)


def _lines(table: pd.DataFrame) -> list[tuple[str, float, pd.Series | None]]:
    """Headings and rows from the top: text, indent in points, and the row (None for a heading)."""
    known, lines = vocabularies(), []
    several = table["outcome_group"].nunique() > 1
    for outcome, rows in table.groupby("outcome_group", sort=False, dropna=False):
        if several:
            lines.append((known["outcome_group"].get(str(outcome), "Not grouped yet").upper(), 0.0, None))
        for exposure, same in rows.groupby("exposure_group", sort=False, dropna=False):
            lines.append((known["exposure_group"].get(str(exposure), "Not grouped yet"), 0.0, None))
            for _, row in same.iterrows():
                sign = f"\N{NO-BREAK SPACE}{CONTRADICTED}" if pd.notna(row["remark"]) else ""
                lines.append((f"{row['exposure']} → {row['outcome']} ({row['source']}){sign}", 10.0, row))
    return lines


def _ratio(ax: Axes, row: pd.Series, at: float) -> None:
    colour, marker = _LOOK[row["measure"]]
    whole = pd.notna(row["ci_low"]) and pd.notna(row["ci_high"])
    if whole:
        ax.plot([row["ci_low"], row["ci_high"]], [at, at], color=colour, linewidth=1.4)
    if pd.notna(row["estimate"]):
        fill = colour if whole else "white"
        ax.plot([row["estimate"]], [at], marker=marker, markersize=6, color=colour, markerfacecolor=fill, linestyle="none")  # fmt: skip
    beside(ax, _result(row), (1, _RESULT + 10), at, ha="right", color=INK if whole else QUIET, size=SMALL)


def _result(row: pd.Series) -> str:
    """A ratio as it is written beside the plot: kind, whether it is adjusted or pooled, estimate, interval."""
    point = f"{row['estimate']:.2f}" if pd.notna(row["estimate"]) else "not printed"
    interval = f" ({row['ci_low']:.2f} to {row['ci_high']:.2f})" if pd.notna(row["ci_low"]) else ""
    marks = ("a" if row["adjusted"] == "yes" else "") + ("p" if row["pooled"] == "yes" else "")
    return f"{row['measure']}{f' {marks}' if marks else ''} {point}{interval}"


def _reach(table: pd.DataFrame) -> tuple[float, float]:
    ends = table[["estimate", "ci_low", "ci_high"]].stack()
    low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.5, 2.0)
    return min(low / 1.15, 0.8), max(high * 1.15, 2.5)


def _notes(table: pd.DataFrame) -> list[str]:
    names = vocabularies()["ratio"]
    used = [word for word in _LOOK if word in set(table["measure"])]
    marks = "a adjusted, p pooled by a review; others are not printed as adjusted"
    notes = ["; ".join(f"{word} {names[word]}" for word in used) + f"; {marks}. Kinds of ratio are not comparable."]
    notes += ["Ratios are not averaged: they differ in definitions, kinds or people. An association is not a cause."]
    if table["ci_low"].isna().any():
        notes.append("Hollow: no interval is printed.")
    remarked = table[table["remark"].notna()]
    for said, rows in remarked.groupby("remark", sort=False):
        notes.append(f"{CONTRADICTED} {'; '.join(rows['source'].drop_duplicates())}. {said}")
    return notes


def association_alt(table: pd.DataFrame) -> str:
    """Alternative text of `association_plot`: how many ratios, how far they reach, and that they are not averaged."""
    if table.empty:
        return "Plot of associations: there are none to show."
    seen = table["estimate"].dropna()
    above = int((table["ci_low"] > 1).sum())
    whole = int(table["ci_low"].notna().sum())
    highest = table.loc[seen.idxmax()] if len(seen) else None
    said = f"Plot of {len(table)} ratios on a logarithmic axis, {seen.min():.2f} to {seen.max():.2f}" if len(seen) else f"Plot of {len(table)} associations without a ratio"  # fmt: skip
    said += f"; {above} of {whole} intervals lie above 1"
    if highest is not None:
        said += f"; largest: {highest['exposure'][:60]} ({highest['source']})"
    return said + "; not averaged."
