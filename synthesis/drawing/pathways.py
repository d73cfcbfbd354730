"""The pathway map: parts of family life, the links that are reported between them, and how firmly each is found."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from synthesis.drawing.canvas import (
    INK,
    LINE,
    NAVY,
    QUIET,
    SMALL,
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

#: Short names of the parts, and where each stands: across and up, as shares of the map.
NODES = {
    "circumstances": ("Circumstances of the family", 0.09, 0.58),
    "service_use": ("Reach and use of services", 0.09, 0.1),
    "parent_mental_health": ("Parent's mental health", 0.4, 0.9),
    "couple_relationship": ("Parents' relationship and conflict", 0.4, 0.44),
    "parenting": ("Parenting", 0.66, 0.7),
    "child_response": ("Child's response to conflict", 0.59, 0.245),
    "child": ("Child's development, health and needs", 0.91, 0.48),
}
_BOX = (104.0, 44.0)
_HEIGHT = 520.0
#: How a line looks, by the firmest word: style, width and colour; the word stands beside it, so that none is needed.
_LINES = {
    "strong": ("-", 2.8, NAVY),
    "some": ("-", 1.3, NAVY),
    "mixed": ((0, (6, 3)), 1.6, INK),
    "null": ((0, (1, 2)), 1.6, INK),
    "unknown": ((0, (1, 3)), 1.2, QUIET),
}
#: Words for a reader, where the vocabulary's own would not say enough.
WORDS = {"unknown": "no result"}


class _Route(NamedTuple):
    """How an arrow bends (share of its length, left of its way) and where along it the label stands (0 to 1)."""

    bend: float = 0.0
    label: float = 0.5


_ROUTES = {
    ("circumstances", "couple_relationship"): _Route(-0.20, 0.54),
    ("couple_relationship", "circumstances"): _Route(-0.22, 0.45),
    ("circumstances", "child"): _Route(1.0, 0.45),
    ("parent_mental_health", "couple_relationship"): _Route(-0.30, 0.40),
    ("couple_relationship", "parent_mental_health"): _Route(-0.30, 0.36),
    ("parent_mental_health", "child"): _Route(-0.30, 0.50),
    ("child", "parent_mental_health"): _Route(0.62, 0.55),
    ("couple_relationship", "child"): _Route(0.06, 0.42),
    ("child", "couple_relationship"): _Route(0.16, 0.45),
    ("parenting", "child"): _Route(0.0, 0.40),
    ("child_response", "child"): _Route(0.05, 0.42),
}
#: Bend of both arrows where two parts are linked both ways and no route is laid out.
_BOTH_WAYS = -0.12


@styled
def pathway_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Parts of family life with an arrow a link; number, firmest word and rows beside it, and all links listed below.

    Parameters
    ----------
    table : from `pathway_table`.
    ax : axes to draw in, about 9 by 10 inches; default a new figure.

    The word says how firmly the link is found, never how large it is. `plotted` gives the numbers.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no links to show.", table)
    width = room(ax) - 20
    lines = [_line(number, row, width - 16) for number, row in enumerate(table.itertuples(), 1)]
    notes = footnotes(_notes(table), width)
    below = sum(text_height(line, SMALL) + 3 for line in lines) + LINE + text_height(notes, SMALL) + 24
    ax = panel(ax, _HEIGHT, left=10, right=10, top=10, bottom=below)
    ax.set(xlim=(0, width), ylim=(0, _HEIGHT))
    ax.set_axis_off()
    boxes = {node: _box(ax, node, width) for node in NODES if node in {*table["from_node"], *table["to_node"]}}
    for number, row in enumerate(table.itertuples(), 1):
        _arrow(ax, number, row, boxes)
    down = 8.0
    place(ax, "The links, one by one", (0, 0), (0, -down), va="top", ha="left", weight="bold")
    down += 1.3 * LINE
    for line in lines:
        place(ax, line, (0, 0), (0, -down), va="top", ha="left", size=SMALL)
        down += text_height(line, SMALL) + 3
    place(ax, notes, (0, 0), (0, -down - 6), va="top", ha="left", size=SMALL, color=QUIET)
    return remember(ax, table)


def _notes(table: pd.DataFrame) -> list[str]:
    meaning = "; ".join(f"{WORDS.get(w, w)}: {said}" for w, said in vocabularies()["link_strength"].items())
    return [
        f"{table['of_rows'].max()} rows state a link; a row may state several. Beside an arrow: how many of its rows carry the firmest word, and below it those with mixed results or none. {meaning[0].upper() + meaning[1:]}.",
        "A word says how firmly a link is found, not how large it is; the sources' own words are in the table.",
    ]


def _counts(row) -> str:
    """The rows of a link by word, such as "4 strong, 7 some, 1 mixed"."""
    words = ((word, getattr(row, f"n_{word}")) for word in vocabularies()["link_strength"])
    return ", ".join(f"{n} {WORDS.get(word, word)}" for word, n in words if n)


def _line(number: int, row, width: float) -> str:
    rows = f"{row.n_rows} row{'s' if row.n_rows > 1 else ''}"
    kind = f"; {row.n_protective} of a protective link" if row.n_protective else ""
    other = "; the opposite way is stated too" if row.both_ways == "yes" else ""
    said = f"{number}  {NODES[row.from_node][0]} → {NODES[row.to_node][0]}: {rows} ({_counts(row)}){kind}{other}"
    return wrap(said, width, SMALL)


def _box(ax: Axes, node: str, width: float) -> Rectangle:
    name, across, up = NODES[node]
    w, h = _BOX
    x, y = min(max(across * width - w / 2, 1), width - w - 1), min(max(up * _HEIGHT - h / 2, 1), _HEIGHT - h - 1)
    box = Rectangle((x, y), w, h, facecolor="white", edgecolor=NAVY, linewidth=1.2, zorder=3)
    ax.add_patch(box)
    ax.text(x + w / 2, y + h / 2, wrap(name, w - 8, SMALL, "bold"), ha="center", va="center", size=SMALL, weight="bold", zorder=4)  # fmt: skip
    return box


def _middle(box: Rectangle) -> tuple[float, float]:
    return box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2


def _arrow(ax: Axes, number: int, row, boxes: dict[str, Rectangle]) -> None:
    """One arrow from box to box, with its number, word and rows on a white ground."""
    start, end = boxes[row.from_node], boxes[row.to_node]
    route = _ROUTES.get((row.from_node, row.to_node), _Route(_BOTH_WAYS if row.both_ways == "yes" else 0.0))
    style, weight, colour = _LINES[row.firmest]
    ax.add_patch(
        FancyArrowPatch(
            _middle(start), _middle(end), patchA=start, patchB=end, shrinkA=1, shrinkB=3, arrowstyle="-|>",
            mutation_scale=13, connectionstyle=f"arc3,rad={route.bend}", linestyle=style, linewidth=weight, color=colour,
            zorder=1,
        )
    )  # fmt: skip
    (x1, y1), (x2, y2) = _middle(start), _middle(end)
    bent = (x1 + x2) / 2 + route.bend * (y2 - y1), (y1 + y2) / 2 - route.bend * (x2 - x1)
    t = route.label
    x, y = ((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c for a, b, c in zip((x1, y1), bent, (x2, y2), strict=True))
    said = f"{number}: {getattr(row, f'n_{row.firmest}')} {WORDS.get(row.firmest, row.firmest)} of {row.n_rows}"
    against = ", ".join(f"{n} {w}" for w, n in (("mixed", row.n_mixed), ("null", row.n_null)) if n and w != row.firmest)
    said += f"\n({against})" if against else ""
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    ax.text(x, y, said, ha="center", va="center", size=SMALL, color=INK, bbox=ground, zorder=2)


def pathway_alt(table: pd.DataFrame) -> str:
    """Alternative text of `pathway_plot`: how many links, how firm, which has most rows, how many run both ways."""
    if table.empty:
        return "Map of pathways: there are no links to show."
    most, firm = table.loc[table["n_rows"].idxmax()], table["firmest"].value_counts()
    said = ", ".join(
        f"{firm[word]} {WORDS.get(word, word)}" for word in vocabularies()["link_strength"] if word in firm
    )
    both = (table["both_ways"] == "yes").sum() // 2
    return (
        f"Map of {len(table)} links in family life, at best: {said}. Most rows ({most['n_rows']} of {most['of_rows']}) "
        f"link “{NODES[most['from_node']][0]}” to “{NODES[most['to_node']][0]}”. {both} run both ways."
    )
