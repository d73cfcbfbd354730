"""Funnel plot and Doi plot of studies, with the reason why they mislead for proportions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.canvas import INK, NAVY, QUIET, nothing_to_show, remember, shown_percent, styled
from synthesis.drawing.points import (
    FAR,
    NAMED,
    USUAL,
    finish,
    name_far,
    percent_axis,
    point_panel,
    remark_of,
    shown_effect,
    study_words,
)
from synthesis.pooling.small_studies import asymmetry, caution


@styled
def funnel_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Studies by effect and standard error, with the limits of sampling error around their mean.

    Parameters
    ----------
    table : from `funnel_table`.
    ax : axes to draw in, about 9 by 7 inches; default a new figure.

    The width is the scale on which the studies are pooled, marked in percent; the largest studies stand at the top.
    Diamonds lie outside the limits; the furthest are named. `plotted` gives the numbers drawn.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no studies to show.", table)
    ax, small = point_panel(ax, _funnel_notes(table))
    centre, deepest = float(table["centre"].iloc[0]), 1.06 * float(table["se"].max())
    z = float(((table["high"] - table["centre"]) / table["se"]).iloc[0])
    reach = max((table["effect"] - centre).abs().max(), z * deepest) * 1.06
    ax.set(xlim=(centre - reach, centre + reach), ylim=(deepest, 0))
    for side in (-1, 1):
        ax.plot([centre, centre + side * z * deepest], [0, deepest], color=QUIET, linewidth=1.1, linestyle=(0, (5, 3)), zorder=1)  # fmt: skip
    ax.axvline(centre, color=INK, linewidth=0.9, zorder=0.8)
    percent_axis(ax, str(table["transform"].iloc[0]))
    outside = table["outside"].astype(bool)
    for rows, look in ((table[~outside], USUAL), (table[outside], FAR)):
        ax.plot(rows["effect"], rows["se"], linestyle="none", **look)
    says = [f"{row.label} {shown_percent(100 * row.proportion)}%" for row in table.itertuples()]
    name_far(ax, table, "effect", "se", _distance(table).where(outside | (len(table) <= 5)), says)
    finish(ax, "Standard error (smaller towards the top)", f"Proportion ({table['transform'].iloc[0]} scale)", small)
    return remember(ax, table)


def _distance(table: pd.DataFrame) -> pd.Series:
    """How many standard errors a study lies from the centre."""
    return (table["effect"] - table["centre"]).abs() / table["se"]


def _funnel_notes(table: pd.DataFrame) -> list[str]:
    transform, level = str(table["transform"].iloc[0]), 100 * float(table["level"].iloc[0])
    n, common = int(table["outside"].sum()), table["effects"].iloc[0] == "common"
    notes = [
        f"Middle line: {'common-effect' if common else 'random-effects'} mean, {shown_effect(table['centre'].iloc[0], transform)}%. Dashed: where "
        f"{level:g}% of studies would lie if sampling error were all there is; {n} of {len(table)} lie outside (diamonds"
        + (f"; the {NAMED} furthest are named" if n > NAMED else "")
        + ("), because settings differ." if n else ")."),
    ]
    if common and n:
        notes.append(
            "The common-effect mean follows the largest studies, as if all measured one value; a mean that lets settings differ weighs them "
            "more alike, and so lies elsewhere. Quote that one with its prediction interval, or the range, and never this line."
        )
    return [
        *notes,
        f"A lopsided funnel does not show missing studies: {caution(transform)}.",
        *remark_of(table),
    ]


def funnel_alt(table: pd.DataFrame) -> str:
    """Alternative text of `funnel_plot`: how many lie outside on which side, and the furthest."""
    if table.empty:
        return "Funnel plot: there are no studies to show."
    outside = table[table["outside"].astype(bool)]
    above = int((outside["effect"] > outside["centre"]).sum())
    middle = shown_effect(table["centre"].iloc[0], str(table["transform"].iloc[0]))
    said = f"Funnel plot of {study_words(len(table))} around {middle}%: {len(outside)} outside the limits of sampling error"
    if outside.empty:
        return said + "."
    far = table.loc[_distance(table).idxmax()]
    return f"{said}, {above} above and {len(outside) - above} below; furthest {str(far['label'])[:50]} at {shown_percent(100 * far['proportion'])}%."


@styled
def doi_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Doi plot: effects against the absolute normal quantile of their rank, with the LFK index below.

    Parameters
    ----------
    table : from `doi_table`.
    ax : axes to draw in, about 9 by 7 inches; default a new figure.

    Two limbs of the same length and slope would be symmetric; the index measures how far they are from it.
    `plotted` gives the numbers drawn.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no studies to show.", table)
    transform, index = str(table["transform"].iloc[0]), float(table["lfk"].iloc[0])
    centre = table.loc[table["abs_z"].idxmin()]
    ax, small = point_panel(ax, _doi_notes(table, transform, index))
    low, high = table["effect"].min(), table["effect"].max()
    more = 0.06 * (high - low) or 0.5
    ax.set(xlim=(low - more, high + more), ylim=(1.06 * max(float(table["abs_z"].max()), 0.1), -0.05))
    percent_axis(ax, transform)
    ax.axvline(centre["effect"], color=INK, linewidth=0.9, linestyle=(0, (5, 3)), zorder=0.8)
    ax.plot(table["effect"], table["abs_z"], color=NAVY, linewidth=1.0, zorder=1)
    ax.plot(table["effect"], table["abs_z"], linestyle="none", **USUAL)
    says = [f"{row.label} {shown_percent(100 * row.proportion)}%" for row in table.itertuples()]
    ends = table["abs_z"].where(
        (table["abs_z"].rank(ascending=False, method="first") <= 4) | (table.index == centre.name)
    )
    name_far(ax, table, "effect", "abs_z", ends, says)
    finish(
        ax, "Distance of the rank from the middle (absolute normal quantile)", f"Proportion ({transform} scale)", small
    )
    return remember(ax, table)


def _lfk(index: float) -> str:
    return (
        "no LFK index, as all studies report the same"
        if np.isnan(index)
        else f"LFK index {index:.2f}, {asymmetry(index)}"
    )


def _doi_notes(table: pd.DataFrame, transform: str, index: float) -> list[str]:
    said = _lfk(index)
    return [
        f"{said[0].upper()}{said[1:]}. Dashed: the study in the middle; it and the four furthest from it are named.",
        "The index is not a test: how often it calls symmetric studies asymmetric depends on their number, sizes and heterogeneity. "
        f"For proportions: {caution(transform)}.",
        *remark_of(table),
    ]


def doi_alt(table: pd.DataFrame) -> str:
    """Alternative text of `doi_plot`: the index in words and how far the studies reach."""
    if table.empty:
        return "Doi plot: there are no studies to show."
    share = 100 * table["proportion"]
    reach = f"{shown_percent(share.min())} to {shown_percent(share.max())}%"
    return f"Doi plot of {study_words(len(table))}, {reach}: {_lfk(float(table['lfk'].iloc[0]))}; which for proportions is no sign of missing studies."
