"""Figures of series over the years, and the parts that all of them share: years below, names at the ends of lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator

from synthesis.drawing.canvas import (
    LINE,
    MARKERS,
    PALETTE,
    QUIET,
    SMALL,
    axes_height,
    beside,
    nothing_to_show,
    panel,
    place,
    remember,
    room,
    shown_percent,
    spread,
    styled,
    text_height,
    wrap,
)
from synthesis.evidence.schema import SynthesisError, vocabularies

#: Height of the plotting area and width of the names beside it, in points.
_HEIGHT, _NAMES = 330.0, 168.0


@styled
def series_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """One indicator, or a few of one unit, over the years: a line each, with its name at the end.

    Parameters
    ----------
    table : rows of one or more series indicators from `prevalence_table`, with years in ``period``.
    ax : axes to draw in, about 9 by 6 inches; default a new figure.

    Estimates stand at the last full year that their period names. A year without a figure is a gap. The axis begins at 0.
    `plotted` gives the numbers drawn. Raises SynthesisError where no row has a year: then `forest_plot` shows more.
    """
    if table.empty:
        return nothing_to_show(ax, "There is no series to show.", table)
    year = _year(table)
    if year.isna().all():
        raise SynthesisError("No row has a year in its period, so there is no series to draw; use forest_plot.")
    drawn = table.assign(year=year)[year.notna()].astype({"year": int})
    drawn, common = _named_lines(drawn)
    lines = {name: own.set_index("year") for name, own in drawn.groupby("line", sort=False)}
    heads = wrap(_measure(drawn, common), room(ax) - 20, weight="bold")
    ax = year_panel(ax, drawn["year"], drawn[["percent", "ci_high"]], len(lines), text_height(heads) + 12, 30)
    for look, own in zip(looks(len(lines)), lines.values(), strict=True):
        draw_line(ax, own.reindex(span(drawn["year"])), **look)
    end_labels(ax, list(lines), [last(own) for own in lines.values()], [look["color"] for look in looks(len(lines))])
    place(ax, heads, (0, -36), (1, 10), va="bottom", weight="bold")
    return remember(ax, drawn[["indicator_id", "line", "year", "percent", "ci_low", "ci_high"]])


def _year(table: pd.DataFrame) -> pd.Series:
    """The last year that a period names."""
    return pd.to_numeric(table["period"].astype("str").str.extract(r"(\d{4})(?!.*\d{4})")[0])


def _named_lines(drawn: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Add ``line``, the shortest name that tells the lines apart; also the words that all names share."""
    line = drawn["name"].astype("str")
    for column in ("country_as_reported", "population", "case_definition", "source", "estimate_id"):
        if pd.DataFrame({"line": line, "year": drawn["year"]}).duplicated().any():
            line = line + "; " + drawn[column].astype("str").fillna("not stated")
    words = [name.split(" ") for name in line.unique()]
    if len(words) == 1:
        return drawn.assign(line=line), line.iloc[0]
    most = min(map(len, words)) - 1
    head = _alike(words, most)
    tail = _alike([each[::-1] for each in words], most - head)
    short = line.str.split(" ").str[head:].map(lambda each: " ".join(each[: len(each) - tail]).rstrip(",;:"))
    common = words[0][:head] + words[0][len(words[0]) - tail :]
    return drawn.assign(line=short), " ".join(common).rstrip(",;:")


def _alike(words: list[list[str]], most: int) -> int:
    """With how many words all names begin alike, at most `most`."""
    return next((n for n in range(most) if len({each[n] for each in words}) > 1), max(0, most))


def _measure(drawn: pd.DataFrame, common: str) -> str:
    unit = str(drawn["unit"].iloc[0])
    said = f"percent (unit: {vocabularies()['unit'].get(unit, unit)})"
    return f"{common[:1].upper()}{common[1:]}: {said}" if common else said.capitalize()


def looks(lines: int) -> list[dict[str, str]]:
    """Colour, marker and dash of each line; lines beyond the palette are grey and told apart by marker and name."""
    dashes = ("-", "--", "-.", ":")
    return [
        {
            "color": PALETTE[n] if n < len(PALETTE) else QUIET,
            "marker": MARKERS[n % len(MARKERS)],
            "linestyle": dashes[n // len(PALETTE) % len(dashes)],
        }
        for n in range(lines)
    ]


def draw_line(ax: Axes, own: pd.DataFrame, color: str, marker: str, linestyle: str = "-") -> None:
    """A line with its interval; gaps stay gaps."""
    ax.fill_between(own.index, own["ci_low"], own["ci_high"], color=color, alpha=0.25, linewidth=0)
    ax.plot(own.index, own["percent"], color=color, marker=marker, markersize=6, linewidth=1.8, linestyle=linestyle)


def span(years: Iterable[int]) -> list[int]:
    known = [int(year) for year in years]
    return list(range(min(known), max(known) + 1))


def last(own: pd.DataFrame) -> tuple[float, float]:
    """Year and percent of the last known point of a line, where its name belongs."""
    known = own["percent"].dropna()
    return (float(known.index[-1]), float(known.iloc[-1])) if len(known) else (float(own.index[-1]), float("nan"))


def year_panel(ax: Axes | None, years: pd.Series, values: pd.DataFrame, names: int, top: float, bottom: float) -> Axes:
    """Plotting area with years below, percent from 0 and room for names at the right."""
    height = max(_HEIGHT, names * 2.1 * LINE)
    ax = panel(ax, height, left=46, right=_NAMES + 30, top=top + 10, bottom=bottom)
    known, most = span(years), values.max().max()
    ax.set(
        xlim=(known[0] - 0.3, known[-1] + 0.15), ylim=(0, 1.0 if pd.isna(most) else float(min(100, 1.06 * most)) or 1.0)
    )
    every = -(-len(known) // 10)
    ax.xaxis.set_major_locator(FixedLocator(known[::-1][::every][::-1]))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    ax.grid(axis="y")
    return ax


def end_labels(ax: Axes, names: Sequence[str], ends: Sequence[tuple[float, float]], colours: Sequence[str]) -> None:
    """Names and last values right of the lines, moved apart, each with a thin line to its own end.

    `ends` holds year and value of each line's last known point.
    """
    low, high = ax.get_ylim()
    said = ["without a figure" if pd.isna(value) else shown_percent(value) for _, value in ends]
    values = [low if pd.isna(value) else value for _, value in ends]
    labels = [wrap(f"{name} {number}", _NAMES, SMALL) for name, number in zip(names, said, strict=True)]
    gap = max(text_height(label, SMALL) for label in labels) * (high - low) / axes_height(ax)
    left, right = ax.get_xlim()
    point = (right - left) / room(ax)
    heights = spread(values, gap, low + gap / 2, high)
    for label, (year, known), value, at, colour in zip(labels, ends, values, heights, colours, strict=True):
        bend = right + 2 * point
        if pd.notna(known):
            ax.plot([year, bend, right + 14 * point], [value, value, at], color=colour, linewidth=0.8, clip_on=False)
        beside(ax, label, (1, 18), float(at), size=SMALL, ha="left")


def series_alt(table: pd.DataFrame) -> str:
    """Alternative text of `series_plot`: first and last value of the first line, and the last values of the others."""
    if table.empty:
        return "Line chart: there is no series to show."
    year = _year(table)
    drawn, _ = _named_lines(table.assign(year=year)[year.notna() & table["percent"].notna()].astype({"year": int}))
    if drawn.empty:
        return "Line chart: no figure of the series is known."
    ends = {name: own.sort_values("year").iloc[[0, -1]] for name, own in drawn.groupby("line", sort=False)}
    said = [
        f"{name} {shown_percent(own['percent'].iloc[0])}% to {shown_percent(own['percent'].iloc[1])}%"
        for name, own in list(ends.items())[:4]
    ]
    return f"Line chart, {drawn['year'].min()} to {drawn['year'].max()}: {'; '.join(said)}."
