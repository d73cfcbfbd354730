"""What every figure is drawn with: style, palette, measured text, columns of text beside a plot, and saving.

Everything is laid out in points (1/72 inch) from measured text, so that labels neither overlap nor leave the figure.
Figures are made without pyplot and inside a style of their own: nothing in the user's session changes. Text is text: no
dollar sign begins a formula (whoever adds one to a figure says so: ``ax.set_title(..., parse_math=True)``), and white space
and letters that no font draws are put right where text is measured, broken into lines and placed.
"""

from __future__ import annotations

import functools
import io
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import matplotlib
import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from synthesis.evidence.files import write_bytes
from synthesis.evidence.schema import SynthesisError

#: The Analysis Function palette, in its order: neighbours reach a contrast of 3:1, also with white.
NAVY, TEAL, PLUM, ORANGE = "#12436D", "#28A197", "#801650", "#F46A25"
PALETTE = (NAVY, TEAL, PLUM, ORANGE)
#: A marker a series, so that colour is never the only difference.
MARKERS = ("o", "D", "s", "^", "v", "P", "X", "p")
INK, QUIET, RULE = "#1d1d1d", "#5c5c5c", "#d4d4d4"
#: Parents and practitioners look the same in every figure.
PARENTS: dict[str, Any] = {"marker": "o", "color": NAVY, "markersize": 8}
PRACTITIONERS: dict[str, Any] = {"marker": "D", "color": ORANGE, "markersize": 6.5}
#: Sizes of text, height of a line of it, and the usual width of a figure, in points.
SIZE, SMALL, LINE, WIDTH = 10.0, 9.0, 13.0, 660.0

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": SIZE,
    "axes.labelsize": SIZE,
    "axes.titlesize": SIZE,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "synthesis",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 110,
    "text.parse_math": False,  # "$20 to $50" is a name, not mathematics
    "text.hinting": "none",  # letter widths then scale with the resolution, and wrapped lines fit at every size
    "savefig.dpi": 160,
}

#: Lines of one text at most; what is cut ends in a dash of dots, and the table that `plotted` gives holds it whole.
_MOST_LINES = 40
_OTHER_SPACE = re.compile(r"[\t\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
#: Control characters, halves of a pair and what is no character: no font draws them, and no SVG file may hold them.
_UNDRAWN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

P = ParamSpec("P")
R = TypeVar("R")
_PLOTTED: WeakKeyDictionary[Axes, pd.DataFrame] = WeakKeyDictionary()


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function in the toolkit's own style; the user's settings are neither used nor changed."""

    @functools.wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.style.context(["default", STYLE]):
            return function(*args, **kwargs)

    return inside


def plotted(ax: Axes) -> pd.DataFrame:
    """The numbers that a figure shows, as one tidy table. Raises SynthesisError for axes not drawn here."""
    if ax not in _PLOTTED:
        raise SynthesisError("These axes were not drawn by this toolkit, so there is no table of what they show.")
    return _PLOTTED[ax]


def remember(ax: Axes, table: pd.DataFrame) -> Axes:
    """Keep the table that the axes show, for `plotted`."""
    _PLOTTED[ax] = table.reset_index(drop=True)
    return ax


def drawable(text: str) -> str:
    """Text whose lines a figure can show: white space but a line break is a space, what no font draws is \ufffd."""
    return _UNDRAWN.sub("\N{REPLACEMENT CHARACTER}", _OTHER_SPACE.sub(" ", text))


def one_line(text: str) -> str:
    """A name as a figure shows it: on one line, whatever a table's cell holds."""
    return drawable(text.replace("\r\n", " ").replace("\n", " "))


@functools.lru_cache(maxsize=10_000)
def text_width(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Width of one line of text in points, a little generous because renderers round letter widths."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return 1.03 * text_to_path.get_text_width_height_descent(one_line(text), font, False)[0]


def _fits(text: str, width: float, size: float, weight: str) -> bool:
    # No letter is narrower than a point, so that endless text need not be measured to its end.
    return len(text) <= max(1, width) and text_width(text, size, weight) <= width


def shortened(text: str, width: float, size: float = SIZE, weight: str = "normal", end: str = "") -> str:
    """One line of text that is no wider than `width` points: letters are dropped from before its `end`, for dots."""
    text = one_line(text)
    if _fits(text, width, size, weight):
        return text
    name = text.removesuffix(end)[: max(1, int(width))]
    fits = bisect_right(range(2, len(name) + 1), width, key=lambda n: text_width(f"{name[:n]}…{end}", size, weight))
    return f"{name[: fits + 1].rstrip(' ,')}…{end}"


@functools.lru_cache(maxsize=10_000)
def wrap(text: str, width: float, size: float = SIZE, weight: str = "normal") -> str:
    """Break text into lines no wider than `width` points, at most forty; a word that is wider is broken too."""
    text, lines = one_line(text), [""]
    for word in text[: int(_MOST_LINES * max(1, width))].split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if _fits(longer, width, size, weight):
            lines[-1] = longer
            continue
        while len(word) > 1 and not _fits(word, width, size, weight):
            most = range(1, min(len(word), int(width) + 2))
            fits = max(1, bisect_right(most, width, key=lambda n: text_width(word[:n], size, weight)))
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    lines = [line for line in lines if line]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [shortened(" ".join(lines[_MOST_LINES - 1 :]), width, size, weight)]
    return "\n".join(lines)


def text_height(text: str, size: float = SIZE) -> float:
    """Height in points that wrapped text needs."""
    return (text.count("\n") + 1) * size * LINE / SIZE if text else 0.0


def room(ax: Axes | None, width: float = WIDTH) -> float:
    """Width in points that a figure may fill: that of the given axes, or of a new figure."""
    return width if ax is None else ax.get_position().width * 72 * _figure(ax).get_figwidth()


def axes_height(ax: Axes) -> float:
    """Height of the plotting area in points."""
    return ax.get_position().height * 72 * _figure(ax).get_figheight()


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def panel(
    ax: Axes | None, height: float, left: float, right: float, top: float, bottom: float, width: float = WIDTH
) -> Axes:
    """The plotting area, with margins in points for the text around it.

    Parameters
    ----------
    ax : axes whose place is used, margins taken from inside it; None makes a new figure.
    height : height of the plotting area in points, for a new figure.
    width : width of a new figure with its margins.
    """
    if ax is None:
        whole = top + height + bottom
        figure = Figure(figsize=(width / 72, whole / 72))
        FigureCanvasAgg(figure)
        return figure.add_axes((left / width, bottom / whole, (width - left - right) / width, height / whole))
    box, inches = ax.get_position(), _figure(ax).get_size_inches()
    across, down = inches * 72
    size = box.width - (left + right) / across, box.height - (top + bottom) / down
    if min(size) <= 0.02:
        raise SynthesisError(
            f"The axes are too small: this figure needs about {width / 72:.1f} by {(top + height + bottom) / 72:.1f} inches."
        )
    ax.set_position((box.x0 + left / across, box.y0 + bottom / down, *size))
    _take_words(ax)
    return ax


def _take_words(ax: Axes) -> None:
    """Let given axes show the words that a figure puts at them as text; theirs were made under the user's settings."""
    for axis in (ax.xaxis, ax.yaxis):
        at_ticks = [label for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)]
        for label in (axis.label, *at_ticks):
            label.set_parse_math(False)


def place(ax: Axes, text: str, x: tuple[float, float], y: tuple[float, float], **how: Any) -> None:
    """Write text at a corner of the plotting area: (0 or 1, points from there) across and up."""
    ax.annotate(
        drawable(text), (x[0], y[0]), (x[1], y[1]), xycoords="axes fraction", textcoords="offset points", annotation_clip=False, **how
    )  # fmt: skip


def beside(ax: Axes, text: str, x: tuple[float, float], y: float, **how: Any) -> None:
    """Write text in a column beside the plot: (0 or 1, points from that edge) across, at the height of a value."""
    ax.annotate(
        drawable(text), (x[0], y), (x[1], 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        annotation_clip=False, **{"va": "center", **how},
    )  # fmt: skip


def shifted(ax: Axes, x: float, y: float) -> matplotlib.transforms.Transform:
    """A shift by so many points, to be added to a transform of the axes."""
    return matplotlib.transforms.ScaledTranslation(x / 72, y / 72, _figure(ax).dpi_scale_trans)


def is_dark(colour: np.ndarray) -> bool:
    """Whether white stands out more than black: relative luminance as in WCAG 2."""
    channel = colour[:3]
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return bool(linear @ (0.2126, 0.7152, 0.0722) < 0.179)


def footnotes(notes: Sequence[str], width: float) -> str:
    """Notes below a plot, wrapped, one below the other; a number and its percent sign stay on one line."""
    return "\n".join(wrap(note.replace(" %", "\N{NO-BREAK SPACE}%"), width, SMALL) for note in notes)


def nothing_to_show(ax: Axes | None, message: str, table: pd.DataFrame) -> Axes:
    """A figure for a table without rows: it says so instead of showing empty axes."""
    ax = panel(ax, 60, 10, 10, 10, 10)
    ax.set_axis_off()
    place(ax, wrap(message, room(ax) - 10), (0.5, 0), (0.5, 0), ha="center", va="center", color=QUIET)
    return remember(ax, table)


def spread(heights: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Move heights apart until neighbours are `gap` apart, as little as possible and within the limits; same order."""
    order = np.argsort(np.asarray(heights, dtype=float), kind="stable")
    wanted = np.asarray(heights, dtype=float)[order] - gap * np.arange(len(order))
    blocks: list[list[float]] = []
    for value in wanted:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, n), (second, m) = blocks[-2:]
            blocks[-2:] = [[(first * n + second * m) / (n + m), n + m]]
    level = np.repeat([value for value, _ in blocks], [int(n) for _, n in blocks]) if blocks else wanted
    placed = np.empty(len(order))
    placed[order] = np.clip(level, low, max(low, high - gap * (len(order) - 1))) + gap * np.arange(len(order))
    return placed


def shown_percent(value: float) -> str:
    """A percent for a figure: one decimal, two below 1."""
    return f"{value:.2f}" if 0 < value < 1 else f"{value:.1f}"


@styled
def add_note(figure: Figure, text: str) -> None:
    """Add a source note below everything; the figure grows, what is drawn keeps its size."""
    across, down = figure.get_size_inches() * 72
    note = wrap(text, across - 20, SMALL)
    more = text_height(note, SMALL) + 16
    boxes = [ax.get_position() for ax in figure.axes]
    figure.set_size_inches(across / 72, (down + more) / 72)
    for ax, box in zip(figure.axes, boxes, strict=True):
        y0, height = (box.y0 * down + more) / (down + more), box.height * down / (down + more)
        ax.set_position((box.x0, y0, box.width, height))
    figure.text(10 / across, 8 / (down + more), note, size=SMALL, color=QUIET, ha="left", va="bottom")


@styled
def save_figure(figure: Figure, stem: str | Path, alt: str, title: str = "") -> tuple[Path, Path]:
    """Save a figure as SVG and PNG with its alternative text inside, the same bytes on every run.

    Parameters
    ----------
    stem : path without ending; ``.svg`` and ``.png`` are added.
    alt : the alternative text: SVG ``desc`` (with ``role="img"``), PNG ``Description``.
    title : a short title: SVG ``title``, PNG ``Title``; default the last part of `stem`.

    Letters in the SVG are outlines, so that it looks the same where the font is missing; readers are served by the
    alternative text. Returns the two paths.
    """
    stem = Path(stem)
    title = title or stem.name.replace("_", " ").capitalize()
    return (
        write_bytes(figure_svg(figure, stem.name, alt, title).encode(), stem.with_name(f"{stem.name}.svg")),
        write_bytes(figure_png(figure, alt, title), stem.with_name(f"{stem.name}.png")),
    )


@styled
def figure_svg(figure: Figure, name: str, alt: str, title: str) -> str:
    """A figure as SVG text with title and alternative text inside; `name` makes their ids unique on a page."""
    svg = io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return _described(svg.getvalue().decode(), name, title, alt)


@styled
def figure_png(figure: Figure, alt: str, title: str) -> bytes:
    """A figure as PNG with title and alternative text inside, the same bytes on every run."""
    png = io.BytesIO()
    figure.savefig(
        png, format="png", metadata={"Software": None, "Title": drawable(title), "Description": drawable(alt)}
    )
    return png.getvalue()


def _described(svg: str, name: str, title: str, alt: str) -> str:
    start = svg.index("<svg ")
    end = svg.index(">", start)
    name, title, alt = re.sub(r"[^\w.-]", "-", name), drawable(title), drawable(alt)
    said = f'<title id="{name}-title">{escape(title)}</title>\n <desc id="{name}-desc">{escape(alt)}</desc>'
    marked = f'{svg[start:end]} role="img" aria-labelledby="{name}-title {name}-desc">\n {said}'
    return svg[:start] + marked + svg[end + 1 :]
