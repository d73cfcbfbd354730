"""The PRISMA 2020 flow diagram: databases and registers beside other methods, drawn from the computed counts."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from synthesis.drawing.canvas import (
    INK,
    NAVY,
    QUIET,
    SMALL,
    nothing_to_show,
    panel,
    remember,
    room,
    styled,
    text_height,
    text_width,
    wrap,
)

ARMS = {"databases": "Databases and registers", "other_methods": "Other methods"}
#: What stands in place of an arm without a record.
_UNUSED = {
    "databases": "No database or register search is recorded here.",
    "other_methods": "No record found by other methods is recorded here.",
}
#: Boxes down an arm, each with the box of what is left out beside it.
_STEPS = (
    ("identified", "removed"),
    ("screened", "screened_out"),
    ("sought", "not_retrieved"),
    ("assessed", "excluded"),
)
_GAP, _PAD, _STAGE = 16.0, 6.0, 22.0


@dataclass(frozen=True)
class _Box:
    """Text in a rectangle: left edge and top (counted downwards), width and height, in points."""

    text: str
    left: float
    top: float
    width: float
    height: float
    empty: bool = False

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


@styled
def prisma_plot(flow: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """PRISMA 2020 flow diagram of a new review that used databases, registers and other methods.

    Parameters
    ----------
    flow : from `prisma_flow`.
    ax : axes to draw in, about 9 by 6 inches; default a new figure.

    An arm without a single record is one box that says so. `plotted` gives the counts. Source of the layout: Page et al.
    2021, doi 10.1136/bmj.n71.
    """
    if flow.empty:
        return nothing_to_show(ax, "There are no screening decisions to show.", flow)
    width = room(ax)
    heads, arms, result = _layout(flow, width - 20)
    total = result.bottom + 2
    ax = panel(ax, total, left=10, right=10, top=10, bottom=10)
    ax.set(xlim=(0, width - 20), ylim=(total, 0))
    ax.set_axis_off()
    for box in heads:
        _draw(ax, box, bold=True)
    for pairs in arms:
        _draw_arm(ax, pairs, result)
    _draw(ax, result, bold=True)
    _stages(ax, heads, arms, result)
    return remember(ax, flow)


def _layout(flow: pd.DataFrame, width: float) -> tuple[list[_Box], list[list[tuple[_Box, _Box | None]]], _Box]:
    """Headings, for each arm its boxes with the one beside each, and the box of what is included."""
    texts = {arm: [tuple(_text(flow, arm, box) for box in step) for step in _STEPS] for arm in ARMS}
    used = {arm: bool(flow.loc[flow["arm"] == arm, "n"].sum()) for arm in ARMS}
    inner = width - _STAGE - 8
    columns = sum(2 if full else 1 for full in used.values())
    column = (inner - _GAP * (columns - 1)) / columns
    heads, arms, left = [], [], width - inner
    for arm, name in ARMS.items():
        across = column * 2 + _GAP if used[arm] else column
        heads.append(_box(name, left, 0, across, bold=True))
        if used[arm]:
            arms.append(_arm(texts[arm], left, heads[-1].bottom + _GAP, column))
        else:
            note = _box(_UNUSED[arm], left, heads[-1].bottom + _GAP, across, empty=True)
            arms.append([(note, None)])
        left += across + _GAP
    below = max(box.bottom for pairs in arms for pair in pairs for box in pair if box) + 1.5 * _GAP
    main = max(arms, key=len)[0][0] if any(used.values()) else arms[0][0][0]
    included = flow[flow["arm"] == "included"]
    said = "\n".join(_counted(row.label, row.n) for row in included.itertuples())
    across = column * 2 + _GAP if any(used.values()) else column
    result = _box(said or _counted("Studies included", 0), main.left, below, across, bold=True, stage="Included")
    return heads, arms, result


def _arm(steps: list[tuple[str, ...]], left: float, top: float, column: float) -> list[tuple[_Box, _Box | None]]:
    pairs: list[tuple[_Box, _Box | None]] = []
    for text, beside in steps:
        if not text:
            continue
        main = _box(text, left, top, column, stage="" if pairs else "Identification")
        side = _box(beside, left + column + _GAP, top, column) if beside else None
        pairs.append((main, side))
        top = max(main.bottom, side.bottom if side else 0.0) + _GAP
    return pairs


def _text(flow: pd.DataFrame, arm: str, box: str) -> str:
    """Text of a box: its label and number, and a line a reason."""
    rows = flow[(flow["arm"] == arm) & (flow["box"] == box)]
    return "\n".join(f"{'• ' * bool(row.reason)}{_counted(row.label, row.n)}" for row in rows.itertuples())


def _counted(label: str, n: int) -> str:
    return f"{label} (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{n:,})"


def _box(
    text: str, left: float, top: float, width: float, bold: bool = False, stage: str = "", empty: bool = False
) -> _Box:
    """A box as high as its text, and as the upright name of its stage."""
    weight = "bold" if bold else "normal"
    wrapped = "\n".join(wrap(line, width - 2 * _PAD, SMALL, weight) for line in text.split("\n"))
    least = text_width(stage, SMALL, "bold") + 8 if stage else 0.0
    return _Box(wrapped, left, top, width, max(least, text_height(wrapped, SMALL) + 2 * _PAD), empty)


def _draw(ax: Axes, box: _Box, bold: bool = False) -> None:
    ax.add_patch(
        Rectangle(
            (box.left, box.top),
            box.width,
            box.height,
            facecolor="white",
            edgecolor=QUIET if box.empty else NAVY,
            linewidth=1.0,
            linestyle="--" if box.empty else "-",
            clip_on=False,
        )
    )
    ax.text(
        box.left + _PAD, box.top + box.height / 2, box.text, size=SMALL, va="center", ha="left",
        weight="bold" if bold else "normal", color=QUIET if box.empty else INK,
    )  # fmt: skip


def _draw_arm(ax: Axes, pairs: list[tuple[_Box, _Box | None]], result: _Box) -> None:
    for place, (main, side) in enumerate(pairs):
        _draw(ax, main)
        if side:
            _draw(ax, side)
            at = max(main.top, side.top) + min(main.height, side.height) / 2
            _arrow(ax, (main.left + main.width, at), (side.left, at))
        if main.empty:
            continue
        if place + 1 < len(pairs):
            _arrow(ax, (main.middle, main.bottom), (main.middle, pairs[place + 1][0].top))
        elif result.left <= main.middle <= result.left + result.width:
            _arrow(ax, (main.middle, main.bottom), (main.middle, result.top))
        else:
            down = result.top + result.height / 2
            ax.plot([main.middle, main.middle], [main.bottom, down], color=INK, linewidth=1)
            edge = result.left if main.middle < result.left else result.left + result.width
            _arrow(ax, (main.middle, down), (edge, down))


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    )  # fmt: skip


def _stages(ax: Axes, heads: list[_Box], arms: list[list[tuple[_Box, _Box | None]]], result: _Box) -> None:
    """The names of the stages, upright at the left, as high as their boxes."""
    longest = max(arms, key=len)
    first = [box for box in longest[0] if box]
    between = [box for pair in longest[1:] for box in pair if box]
    spans = [("Identification", heads[0].bottom + _GAP, max(box.bottom for box in first))]
    if between:
        spans.append(("Screening", min(box.top for box in between), max(box.bottom for box in between)))
    spans.append(("Included", result.top, result.bottom))
    for name, top, bottom in spans:
        ax.add_patch(Rectangle((0, top), _STAGE, bottom - top, facecolor="#e3eaf1", edgecolor="none"))
        ax.text(
            _STAGE / 2, (top + bottom) / 2, name, size=SMALL, rotation=90, ha="center", va="center", weight="bold"
        )  # fmt: skip


def prisma_alt(flow: pd.DataFrame) -> str:
    """Alternative text of `prisma_plot`: records found, reports read and left out, studies included."""
    if flow.empty:
        return "PRISMA 2020 flow diagram: there are no screening decisions to show."
    totals = flow[flow["reason"].fillna("") == ""].set_index(["arm", "box"])["n"]

    def both(box: str) -> int:
        return int(sum(totals.get((arm, box), 0) for arm in ARMS))

    return (
        f"PRISMA 2020 flow diagram: {both('identified'):,} records identified, {both('sought'):,} sought, "
        f"{both('not_retrieved'):,} not retrieved, {both('excluded'):,} of {both('assessed'):,} assessed reports excluded; "
        f"{totals.get(('included', 'reports'), 0):,} reports of {totals.get(('included', 'studies'), 0):,} studies included."
    )
