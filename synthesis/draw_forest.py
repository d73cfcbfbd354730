"""The forest plot: every estimate of one indicator with its interval, and the pooled line where there is one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import MaxNLocator

from synthesis.drawing import (
    INK,
    LINE,
    NAVY,
    QUIET,
    SMALL,
    beside,
    footnotes,
    nothing_to_show,
    panel,
    place,
    remember,
    room,
    shown_percent,
    styled,
    text_height,
    wrap,
)
from synthesis.schema import vocabularies

#: Signs beside a row, explained below the plot.
LEFT_OUT, CONTRADICTED, PRINTED = "*", "†", "‡"
#: Widths of the columns of labels, counts and results, in points.
_LABEL, _COUNTS, _RESULT = 196.0, 88.0, 130.0


@styled
def forest_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Estimates of one indicator with 95 % intervals, their counts and figures beside them.

    Parameters
    ----------
    table : rows of one indicator from `prevalence_table`.
    ax : axes to draw in, about 9 inches wide and a third of an inch a row high; default a new figure.

    Filled squares are estimates, hollow ones are left out of the pooled line, a diamond is the pooled mean with its
    interval, and a hatched bar of its own the prediction interval. Signs beside a name are explained below the plot:
    * left out, and why; † the source contradicts itself; ‡ interval as the source prints it. Rows without an interval
    show the estimate alone. `plotted` gives the rows drawn.

    Raises SynthesisError where the axes given are too small.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no estimates to show.", table)
    rows = forest_rows(table)
    names = [wrap(label, _LABEL, weight="bold" if pooled else "normal") for label, pooled in _labels(rows)]
    tall = np.array([max(text_height(name), LINE) + 7 for name in names])
    y, total = np.cumsum(tall) - tall / 2, float(tall.sum())
    notes = footnotes(_notes(table), room(ax) - 20)
    measure = wrap(_measure(table), room(ax) - 20, weight="bold")
    below = 36 + text_height(measure) + text_height(notes, SMALL)
    ax = panel(ax, total, left=_LABEL + _COUNTS + 24, right=_RESULT + 20, top=2 * LINE + 14, bottom=below)
    _estimates(ax, rows, y)
    _columns(ax, rows, names, y)
    ax.set(xlim=(0, _right_end(rows)), ylim=(total, 0), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    ax.grid(axis="x")
    left = -(_LABEL + _COUNTS + 14)
    place(ax, measure, (0, left), (0, -22), va="top", weight="bold")
    place(ax, notes, (0, left), (0, -28 - text_height(measure)), va="top", size=SMALL)
    return remember(ax, rows.drop(columns="pooled"))


def forest_rows(table: pd.DataFrame) -> pd.DataFrame:
    """What a forest plot shows, a row a line.

    Returns columns ``label, sign, line`` (estimate, left out, pooled, prediction interval), ``numerator, denominator,
    percent, ci_low, ci_high`` (of a prediction interval: its ends), ``interval``, and ``pooled`` (True for both last kinds).
    """
    rows = table.reset_index(drop=True).assign(pooled=table["line"].to_numpy() == "pooled")
    rows["line"] = rows["line"].mask(rows["in_pool"] == "no", "left out")
    rows["label"] = _source(rows)
    rows["sign"] = (
        np.where(rows["line"] == "left out", LEFT_OUT, "")
        + np.where(rows["remark"].notna() & ~rows["pooled"], CONTRADICTED, "")
        + np.where(rows["interval"] == "printed", PRINTED, "")
    )
    expected = rows[rows["pooled"] & rows["pi_low"].notna()]
    expected = expected.assign(
        label="95% prediction interval: a new setting like these", line="prediction interval", interval="prediction",
        percent=np.nan, ci_low=expected["pi_low"], ci_high=expected["pi_high"], numerator=pd.NA, denominator=pd.NA, sign="",
    )  # fmt: skip
    shown = ["label", "sign", "line", "numerator", "denominator", "percent", "ci_low", "ci_high", "interval", "pooled"]
    both = pd.concat([rows, expected.astype(rows.dtypes)]) if len(expected) else rows
    return both.sort_index(kind="stable")[shown].reset_index(drop=True)


def _source(rows: pd.DataFrame) -> pd.Series:
    """Source, place and period; the case definition too where two rows would read the same."""
    label = rows["source"].astype("str")
    for column in ("country_as_reported", "period"):
        more = rows[column].notna() & ~rows["pooled"]
        label = label.where(~more, label + ", " + rows[column].astype("str"))
    for column in ("case_definition", "population"):
        more = label.duplicated(keep=False) & rows[column].notna() & ~rows["pooled"]
        label = label.where(~more, label + ": " + rows[column].astype("str"))
    return label


def _labels(rows: pd.DataFrame) -> list[tuple[str, bool]]:
    signed = rows["label"] + np.where(rows["sign"] == "", "", " " + rows["sign"])
    return list(zip(signed, rows["pooled"] & (rows["line"] == "pooled"), strict=True))


def _estimates(ax: Axes, rows: pd.DataFrame, y: np.ndarray) -> None:
    for row, at in zip(rows.itertuples(), y, strict=True):
        has_interval = pd.notna(row.ci_low) and pd.notna(row.ci_high)
        if row.line == "pooled" and has_interval:
            ends = [(row.ci_low, at), (row.percent, at - 6), (row.ci_high, at), (row.percent, at + 6)]
            ax.add_patch(Polygon(ends, closed=True, facecolor=NAVY, edgecolor=NAVY))
            ax.axvline(row.percent, color=NAVY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.5)
        elif row.line == "prediction interval":
            ax.add_patch(
                Rectangle(
                    (row.ci_low, at - 4), row.ci_high - row.ci_low, 8, facecolor="white", edgecolor=NAVY, hatch="////"
                )
            )
        else:
            if has_interval:
                style = "-" if row.interval != "printed" else (0, (2, 1.5))
                ax.plot([row.ci_low, row.ci_high], [at, at], color=NAVY, linewidth=1.4, linestyle=style)
            fill = "white" if row.line == "left out" else NAVY
            ax.plot([row.percent], [at], marker="s", markersize=6, color=NAVY, markerfacecolor=fill, linestyle="none")


def _columns(ax: Axes, rows: pd.DataFrame, names: list[str], y: np.ndarray) -> None:
    counts, result = (0, -12), (1, _RESULT + 10)
    for heading, x, side in (("Cases / all", counts, "right"), ("Percent\n(95% interval)", result, "right")):
        place(ax, heading, x, (1, 8), ha=side, va="bottom", weight="bold")
    for row, name, at in zip(rows.itertuples(), names, y, strict=True):
        weight = "bold" if row.line == "pooled" else "normal"
        beside(ax, name, (0, -(_LABEL + _COUNTS + 14)), at, ha="left", weight=weight)
        if pd.notna(row.denominator):
            number = (
                f"{row.numerator:,} / {row.denominator:,}" if pd.notna(row.numerator) else f"– / {row.denominator:,}"
            )
            beside(ax, number, counts, at, ha="right", weight=weight, size=SMALL)
        beside(ax, _result(row), result, at, ha="right", weight=weight, color=INK if pd.notna(row.ci_low) else QUIET)


def _result(row) -> str:
    interval = f"({shown_percent(row.ci_low)} to {shown_percent(row.ci_high)})" if pd.notna(row.ci_low) else ""
    if row.line == "prediction interval":
        return interval
    if pd.isna(row.percent):
        return "no figure seen"
    return f"{shown_percent(row.percent)} {interval or '(no interval)'}"


def _measure(table: pd.DataFrame) -> str:
    """What the axis measures: the indicator and what its percent is of."""
    unit = str(table["unit"].iloc[0])
    return f"{table['name'].iloc[0]}: percent (unit: {vocabularies()['unit'].get(unit, unit)})"


def _notes(table: pd.DataFrame) -> list[str]:
    """What the marks mean, and every row's reason or remark."""
    estimates = table[table["line"] == "estimate"]
    left_out, remarked = estimates[estimates["in_pool"] == "no"], estimates[estimates["remark"].notna()]
    notes = []
    for row in table[table["line"] == "pooled"].itertuples():
        notes += [str(each) for each in (row.remark, row.override) if pd.notna(each)]
        notes.append(
            f"Diamond: mean of {row.k} estimates (random effects). Hatched bar: prediction interval. "
            f"Differences between settings: tau² {row.tau2:.2f}, I² {row.i2:.0f}%."
        )
    if (table["line"] == "pooled").sum() == 0 and estimates["reason"].notna().any() and left_out.empty:
        notes.append(f"No pooled line: {estimates['reason'].dropna().iloc[0]}")
    if len(left_out):
        notes.append(f"{LEFT_OUT} Hollow: left out of the pooled line.")
        notes += [f"{LEFT_OUT} {row.source}: {row.reason}" for row in left_out.itertuples() if pd.notna(row.reason)]
    notes += [f"{CONTRADICTED} {row.source}. {row.remark}" for row in remarked.itertuples()]
    if (estimates["interval"] == "printed").any():
        notes.append(f"{PRINTED} Interval as the source prints it; all others are Wilson intervals from the counts.")
    return notes


def _right_end(rows: pd.DataFrame) -> float:
    top = rows[["percent", "ci_high"]].max().max()
    return 100.0 if pd.isna(top) else float(min(101.5, max(1.0, 1.08 * top)))


def forest_alt(table: pd.DataFrame) -> str:
    """Alternative text of `forest_plot`: how far the estimates reach, and the pooled line or that there is none."""
    if table.empty:
        return "Forest plot: there are no estimates to show."
    estimates, pooled = table[table["line"] == "estimate"], table[table["line"] == "pooled"]
    seen = estimates["percent"].dropna()
    reach = f"{shown_percent(seen.min())}% to {shown_percent(seen.max())}%" if len(seen) else "no percent visible"
    said = f"Forest plot, {table['name'].iloc[0]}: {len(estimates)} estimate{'s' * (len(estimates) != 1)}, {reach}"
    for row in pooled.itertuples():
        said += "; read this range first" if row.lead == "range" else ""
        said += f"; pooled from {row.k} of them {shown_percent(row.percent)}% ({shown_percent(row.ci_low)} to {shown_percent(row.ci_high)})"
        if pd.notna(row.pi_low):
            said += f", prediction interval {shown_percent(row.pi_low)} to {shown_percent(row.pi_high)}%"
        said += ", by decision" if pd.notna(row.override) else ""
    return said + ("." if len(pooled) else "; not pooled.")
