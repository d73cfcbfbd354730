"""Progress of plans: how many items stand at each stage, area by area and day by day, each area on its own scale."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from synthesis.drawing.canvas import (
    INK,
    NAVY,
    QUIET,
    RULE,
    SMALL,
    footnotes,
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
from synthesis.evidence.schema import CallError
from synthesis.planning.plans import NOT_ANSWERED, NOT_OURS

_DAY_WIDTH, _ROW, _BAR, _GAP = 74.0, 22.0, 12.0, 20.0
#: Bars of answers that are no stage look otherwise: hatched, or an outline alone.
_NO_STAGE: dict[str, dict[str, Any]] = {
    NOT_OURS: {"facecolor": "white", "hatch": "////"},
    NOT_ANSWERED: {"facecolor": "white", "linestyle": ":"},
}
_NOTES = (
    "Each column is a stage of the area's own scale, from the first to the last; then what is no stage. A bar and its number: how many items, out of all that were asked.",
    "Stages are words in an order and not amounts, so no average is shown. Areas with different scales are not to be compared by these counts.",
)


@styled
def progress_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How many items stand at each stage: a row a day, a column a stage, each area in a block of its own.

    Parameters
    ----------
    table : from `plan_progress`, without domains.
    ax : axes to draw in, about 9 by 4 inches for three days of one area; default a new figure.

    Every bar carries its number; what is not answered has a column of its own. `plotted` gives the numbers drawn. Raises
    CallError for a table by domain.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no plans to show.", table)
    if "domain" in table:
        raise CallError("The picture of progress is drawn from counts over all domains: plan_progress(plans), without items.")  # fmt: skip
    width = room(ax) - 20
    blocks = [_Block(part, width) for _, part in table.groupby(["area", "scale"], sort=False)]
    notes = footnotes(_NOTES, width)
    height = sum(block.height for block in blocks) + _GAP * (len(blocks) - 1)
    ax = panel(ax, height, left=10, right=10, top=10, bottom=text_height(notes, SMALL) + 16)
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    top = 0.0
    for block in blocks:
        block.draw(ax, top)
        top += block.height + _GAP
    place(ax, notes, (0, 0), (0, -10), va="top", ha="left", size=SMALL, color=QUIET)
    return remember(ax, table)


def _columns(words: list[str], width: float) -> list[float]:
    """Widths of columns: as the longest word of each heading needs, what is left shared; all alike where that is too much."""
    needed = [max(text_width(part, SMALL) for part in word.split()) + 9 for word in words]
    left = (width - sum(needed)) / len(words)
    return [each + left for each in needed] if left >= 0 else [width / len(words)] * len(words)


class _Block:
    """An area on one scale: its headings, and a row a day."""

    def __init__(self, table: pd.DataFrame, width: float) -> None:
        self.days = list(table.groupby("date", sort=True))
        self.answers = list(self.days[0][1]["stage"])
        self.width = width
        self.columns = _columns(self.answers, width - _DAY_WIDTH)
        self.most = int(table["of_items"].max())
        self.title = wrap(f"{table['area'].iloc[0]}: answers to {self.most} items", width, weight="bold")
        self.heads = [wrap(word, each - 8, SMALL) for word, each in zip(self.answers, self.columns, strict=True)]
        self.head_height = max(text_height(head, SMALL) for head in self.heads) + 6
        self.title_height = text_height(self.title) + 6

    @property
    def height(self) -> float:
        return self.title_height + self.head_height + _ROW * len(self.days)

    def draw(self, ax: Axes, top: float) -> None:
        ax.text(0, top, self.title, va="top", ha="left", weight="bold")
        line = top + self.title_height + self.head_height
        for at, head in enumerate(self.heads):
            ax.text(self._left(at), line - 4, head, va="bottom", ha="left", size=SMALL, color=INK)
        ax.plot([0, self.width], [line, line], color=QUIET, linewidth=0.8)
        if self.answers[-2:] == [NOT_OURS, NOT_ANSWERED]:
            across = self._left(len(self.answers) - 2) - 5
            ax.plot([across] * 2, [line - self.head_height, line + _ROW * len(self.days)], color=RULE, linewidth=1.2)
        for number, (day, rows) in enumerate(self.days):
            middle = line + _ROW * (number + 0.5)
            ax.text(0, middle, f"{day:%Y-%m-%d}", va="center", ha="left", size=SMALL)
            for at, row in enumerate(rows.itertuples()):
                self._bar(ax, self._left(at), middle, row.stage, row.n_items)

    def _left(self, at: int) -> float:
        return _DAY_WIDTH + sum(self.columns[:at])

    def _bar(self, ax: Axes, left: float, middle: float, stage: str, n: int) -> None:
        # One length for all columns, the narrowest, so that bars can be compared across.
        longest = min(self.columns) - 12 - text_width(str(self.most), SMALL, "bold")
        length = longest * n / self.most
        if n:
            look: dict[str, Any] = {"facecolor": NAVY, **_NO_STAGE.get(stage, {})}
            ax.add_patch(Rectangle((left, middle - _BAR / 2), length, _BAR, edgecolor=NAVY, linewidth=1.0, **look))
        ax.text(left + length + (4 if n else 0), middle, str(n), va="center", ha="left", size=SMALL, weight="bold" if n else "normal")  # fmt: skip


def progress_alt(table: pd.DataFrame) -> str:
    """Alternative text of `progress_plot`: for each area, items at the last stage and not answered, first and last day."""
    if table.empty:
        return "Bars of progress: there are no plans to show."
    said = [_finding(area, part) for (area, _), part in table.groupby(["area", "scale"], sort=False)]
    return "Bars of how many items stand at each stage, by area and day. " + " ".join(said)


def _finding(area: str, part: pd.DataFrame) -> str:
    days = [rows.set_index("stage") for _, rows in part.groupby("date", sort=True)]
    names = [f"{day:%Y-%m-%d}" for day in sorted(part["date"].unique())]
    last = part.loc[part["stage_order"].idxmax(), "stage"]
    of = int(days[-1]["of_items"].iloc[0])
    ends = [0] if len(days) == 1 else [0, -1]
    parts = [
        f"on {names[at]} {days[at].at[last, 'n_items']} at the last stage, “{last}”, and {days[at].at[NOT_ANSWERED, 'n_items']} not answered"
        for at in ends
    ]
    return f"{area}, of {of} items: {'; '.join(parts)}."
