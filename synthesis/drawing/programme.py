"""The funnel of a programme: each stage as a share of an earlier one, with its interval, for parents and for families."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    ORANGE,
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
    styled,
    text_height,
    wrap,
)

#: Short words for stages: standing alone, and as that of which something is a share.
STAGES = {
    "referred": ("Referred", "referred"),
    "started": ("Started", "who started"),
    "completed": ("Completed", "who completed"),
    "answered_six_months": ("Answered at six months", "who answered at six months"),
    "answered_twelve_months": ("Answered at 12 months too", "who answered at 12 months"),
}
#: How each unit looks: marker, colour and pattern of its bars.
_LOOKS = {"parents": ("o", NAVY, ""), "families": ("D", ORANGE, "////"), "couples": ("s", INK, "....")}
_ROW, _HEAD, _LEFT, _RIGHT = 36.0, 26.0, 236.0, 128.0


@styled
def programme_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Stages of a programme, one below the other: counts at the left, share and 95 % interval as bar, point and words.

    Parameters
    ----------
    table : from `programme_funnel`, one programme.
    ax : axes to draw in, about 9 by 8 inches; default a new figure.

    A bar runs to the share of the earlier stage that the row names. A stage without a share is a line of words.
    `plotted` gives the numbers.
    """
    if table.empty:
        return nothing_to_show(ax, "There is no stage of a programme to show.", table)
    heads = list(dict.fromkeys(table["counted"]))
    height = _ROW * len(table) + _HEAD * len(heads)
    notes = footnotes(_notes(table), room(ax) - 20)
    ax = panel(ax, height, left=_LEFT, right=_RIGHT, top=LINE + 12, bottom=52 + text_height(notes, SMALL))
    ax.set(xlim=(0, 100), ylim=(height, 0), yticks=[], xticks=range(0, 101, 20))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    place(ax, "Share (95% interval), %", (1, 10), (1, 4), va="bottom", ha="left", size=SMALL)
    down = 0.0
    for unit in heads:
        beside(ax, unit.capitalize(), (0, 10 - _LEFT), down + _HEAD / 2, ha="left", weight="bold")
        down += _HEAD
        for row in table[table["counted"] == unit].itertuples():
            _stage(ax, down + _ROW / 2, row)
            down += _ROW
    place(ax, "Percent of the earlier stage that is named", (0.5, 0), (0, -20), ha="center", va="top")
    place(ax, notes, (0, 10 - _LEFT), (0, -40), va="top", size=SMALL)
    return remember(ax, table)


def _stage(ax: Axes, at: float, row) -> None:
    """One stage: what it is and how many at the left, bar with interval, share in words at the right."""
    ax.axhline(at + _ROW / 2, color=RULE, linewidth=0.6, zorder=0.2)
    name, _ = STAGES[row.stage]
    number = "not stated" if pd.isna(row.n) else f"{row.n:,}" + ("" if pd.isna(row.of) else f" of {row.of:,} {STAGES[row.share_of][1]}")  # fmt: skip
    beside(ax, wrap(name, _LEFT - 16, weight="bold"), (0, 10 - _LEFT), at - 8, ha="left", weight="bold")
    beside(ax, wrap(number, _LEFT - 16, SMALL), (0, 10 - _LEFT), at + 8, ha="left", size=SMALL)
    if pd.isna(row.percent):
        said = "not stated" if pd.isna(row.n) else "where the count starts"
        beside(ax, said, (1, 10), at, ha="left", size=SMALL, color=QUIET)
        return
    marker, colour, hatch = _LOOKS[row.counted]
    ax.barh(at, row.percent, height=16, color="white", edgecolor=colour, hatch=hatch, linewidth=1, zorder=1)
    ax.hlines(at, row.ci_low, row.ci_high, color=INK, linewidth=2.4, zorder=3)
    ax.plot(
        [row.percent], [at], marker=marker, color=colour, markeredgecolor=INK, markersize=6, linestyle="none", zorder=2
    )
    beside(ax, _share(row), (1, 10), at, ha="left")


def _share(row) -> str:
    return f"{row.percent:.1f} ({row.ci_low:.1f} to {row.ci_high:.1f})"


def _notes(table: pd.DataFrame) -> list[str]:
    """What the shares are not: a response rate, a sum over units, an effect."""
    rows = "; ".join(table["planning_element_id"].dropna().unique())
    notes = [
        f"Counts as printed ({rows}). The interval (Wilson) tells how far chance alone could move a share in a programme of this "
        "size; for parents it is too narrow, because parents of one family go together."
    ]
    if table["stage"].isin(["answered_six_months", "answered_twelve_months"]).any():
        notes.append("How many were asked to answer is not stated, so the shares that answered are no response rates.")
    missing = table[table["n"].isna()]["counted"].unique()
    if len(missing):
        notes.append(f"Answers to the surveys are counted in parents, not in {' or '.join(missing)}.")
    return notes


def programme_alt(table: pd.DataFrame) -> str:
    """Alternative text of `programme_plot`: for each unit how many at each stage, with the share of the first that completed."""
    if table.empty:
        return "Funnel of a programme: there is no stage to show."
    units = [_counts(own) for _, own in table.dropna(subset="n").groupby("counted", sort=False)]
    return f"Funnel: {'; '.join(units)}."


def _counts(own: pd.DataFrame) -> str:
    """The stages of one unit in words, each once."""
    start = own["stage"].iloc[0]
    whole = own[(own["stage"] == "completed") & (own["share_of"] == start)]
    share = f" ({whole['percent'].iloc[0]:.1f} %)" if len(whole) else ""
    once = own.drop_duplicates("stage")
    steps = [f"{row.n:,} {STAGES[row.stage][0].lower()}{share * (row.stage == 'completed')}" for row in once[1:].itertuples()]  # fmt: skip
    return f"of {once['n'].iloc[0]:,} {once['counted'].iloc[0]} {STAGES[start][0].lower()}, {', '.join(steps)}"
