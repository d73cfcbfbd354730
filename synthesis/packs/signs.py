"""Signs for easy-read texts: one simple picture an idea, drawn in code, plain and without age, sex or colour of skin.

People are a head and shoulders in one dark tone, filled or in outline; no sign shows a face, harm, or anybody below another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Patch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Outline

from synthesis.drawing.canvas import INK, NAVY, ORANGE, TEAL, figure_png, figure_svg, panel, remember, styled
from synthesis.evidence.schema import vocabularies

#: Points of a sign's side, and of its lines.
SIGN_SIDE = 120.0
_LINE = 3.4
_PALE = "#e9eef3"


def _put(ax: Axes, patch: Patch, face: str = "none", edge: str = INK, line: float = _LINE) -> None:
    patch.set(facecolor=face, edgecolor=edge, linewidth=line, joinstyle="round")
    ax.add_patch(patch)


def _person(ax: Axes, x: float, y: float, height: float, face: str = NAVY) -> None:
    """Head and shoulders on the ground line `y`, `height` tall."""
    head, half = height * 0.19, height * 0.27
    top = y + height * 0.56
    _put(ax, Circle((x, y + height - head), head), face)
    curve = [
        (x - half, y), (x - half, top), (x - half * 0.55, top), (x, top),
        (x + half * 0.55, top), (x + half, top), (x + half, y), (x - half, y),
    ]  # fmt: skip
    codes = [Outline.MOVETO, Outline.CURVE4, Outline.CURVE4, Outline.LINETO, Outline.CURVE4, Outline.CURVE4, Outline.LINETO, Outline.CLOSEPOLY]  # fmt: skip
    # Shoulders are round: the curve's handles stand at the corners.
    curve[1], curve[2], curve[3] = (x - half, y + height * 0.5), (x - half * 0.6, top), (x, top)
    curve[4], curve[5] = (x + half * 0.6, top), (x + half, y + height * 0.5)
    curve[6] = (x + half, y)
    codes = [Outline.MOVETO, Outline.CURVE4, Outline.CURVE4, Outline.CURVE4, Outline.CURVE4, Outline.CURVE4, Outline.CURVE4, Outline.CLOSEPOLY]  # fmt: skip
    _put(ax, PathPatch(Outline(curve, codes)), face)


def _bubble(ax: Axes, x: float, y: float, width: float, height: float, to: float, text: str = "", face: str = "white") -> None:  # fmt: skip
    """What somebody says: a rounded box with a tail that points down to `to`."""
    _put(ax, Polygon([(to - 4, y + 1), (to + 7, y + 1), (to - 2, y - 12)], closed=True), face)
    _put(ax, FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=8"), face)
    # The tail opens into the box: the box's own line is covered between its ends.
    ax.plot([to - 2.2, to + 5], [y, y], color=face, linewidth=_LINE + 1.2, solid_capstyle="butt", zorder=3)
    ax.text(x + width / 2, y + height / 2 - 1, text, size=25, weight="bold", ha="center", va="center")


def _door(ax: Axes, x: float, y: float, width: float, height: float) -> None:
    _put(ax, Rectangle((x, y), width, height), _PALE)
    _put(ax, Rectangle((x + 6, y), width - 12, height - 6), "white")
    _put(ax, Circle((x + 13, y + height * 0.45), 2.6), INK, line=0.5)


def _lines(ax: Axes, *ends: tuple[float, float, float, float]) -> None:
    for a, b, c, d in ends:
        ax.plot([a, c], [b, d], color=INK, linewidth=_LINE, solid_capstyle="round")


def _asking(ax: Axes) -> None:
    _person(ax, 38, 8, 70)
    _bubble(ax, 58, 70, 52, 42, 72, "?")


def _talking(ax: Axes) -> None:
    _person(ax, 30, 8, 62)
    _person(ax, 90, 8, 62, ORANGE)
    _bubble(ax, 6, 84, 46, 28, 30)
    _bubble(ax, 68, 84, 46, 28, 88)
    _lines(ax, (16, 98, 42, 98), (78, 98, 104, 98))


def _closed_door(ax: Axes) -> None:
    _person(ax, 30, 8, 70)
    _door(ax, 62, 8, 50, 96)


def _parent_child(ax: Axes) -> None:
    _person(ax, 42, 8, 96)
    _person(ax, 88, 8, 58, TEAL)


def _group(ax: Axes) -> None:
    _person(ax, 26, 8, 66, TEAL)
    _person(ax, 94, 8, 66, ORANGE)
    _person(ax, 60, 8, 84)


def _clock(ax: Axes) -> None:
    _put(ax, Circle((60, 60), 48), "white")
    _lines(ax, (60, 60, 60, 92), (60, 60, 80, 50))
    for x, y in ((60, 103), (60, 17), (17, 60), (103, 60)):
        _put(ax, Circle((x, y), 2.2), INK, line=0.5)


def _papers(ax: Axes) -> None:
    for at in (16, 8, 0):
        _put(ax, Rectangle((22 + at, 12 + at), 62, 82), "white")
    _lines(ax, *((32, y, 74, y) for y in (78, 64, 50, 36)))


def _house(ax: Axes) -> None:
    _put(ax, Polygon([(60, 108), (10, 64), (110, 64)], closed=True), _PALE)
    _put(ax, Rectangle((22, 10), 76, 54), "white")
    _put(ax, Rectangle((52, 10), 20, 34), NAVY)


def _money(ax: Axes) -> None:
    for at in range(4):
        _put(ax, FancyBboxPatch((14, 14 + at * 15), 52, 11, boxstyle="round,pad=0,rounding_size=5"), _PALE)
    _put(ax, Circle((86, 44), 26), "white")
    ax.text(86, 43, "£", size=30, weight="bold", ha="center", va="center")


def _heart(ax: Axes) -> None:
    curve = [(60, 18), (8, 58), (14, 106), (40, 106), (52, 106), (60, 94), (60, 88), (60, 94), (68, 106), (80, 106), (106, 106), (112, 58), (60, 18)]  # fmt: skip
    _put(ax, PathPatch(Outline(curve, [Outline.MOVETO, *[Outline.CURVE4] * 12])), ORANGE)


#: Signs by the words of the vocabulary ``easy_picture``.
SIGNS: dict[str, Callable[[Axes], None]] = {
    "asking": _asking, "talking": _talking, "closed_door": _closed_door, "parent_child": _parent_child, "group": _group,
    "clock": _clock, "papers": _papers, "house": _house, "money": _money, "heart": _heart,
}  # fmt: skip


@styled
def sign(name: str, ax: Axes | None = None) -> Axes:
    """One sign, by a word of the vocabulary ``easy_picture``; `plotted` gives its ``name`` and ``meaning``."""
    ax = panel(ax, SIGN_SIDE, 0, 0, 0, 0, width=SIGN_SIDE)
    ax.set(xlim=(0, 120), ylim=(0, 120), aspect="equal")
    ax.set_axis_off()
    SIGNS[name](ax)
    return remember(ax, pd.DataFrame({"name": [name], "meaning": [sign_alt(name)]}))


def sign_alt(name: str) -> str:
    """The alternative text of a sign: what it shows."""
    return vocabularies()["easy_picture"][name]


@lru_cache(maxsize=32)
def sign_files(name: str) -> tuple[str, bytes]:
    """A sign as SVG and PNG."""
    figure = sign(name).get_figure(root=True)
    assert figure is not None
    return figure_svg(figure, f"sign-{name}", sign_alt(name), name), figure_png(figure, sign_alt(name), name)
