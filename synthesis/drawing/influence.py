"""Baujat plot: which studies make the differences, and which move the mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from synthesis.drawing.canvas import nothing_to_show, remember, shown_percent, styled
from synthesis.drawing.points import FAR, NAMED, USUAL, finish, name_far, point_panel, remark_of, study_words

#: A study is named from this part of the largest distance on.
_STANDS_OUT = 0.15


@styled
def baujat_plot(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Each study's part in the heterogeneity (across) and its pull on the mean (up).

    Parameters
    ----------
    table : from `baujat_table`.
    ax : axes to draw in, about 9 by 7 inches; default a new figure.

    The studies furthest from the corner are diamonds and are named. `plotted` gives the numbers drawn.
    """
    if table.empty:
        return nothing_to_show(ax, "There are no studies to show.", table)
    ax, small = point_panel(ax, _notes(table))
    far = _distance(table)
    few = min(NAMED, max(1, round(len(table) / 3)))
    named = (far.rank(ascending=False, method="first") <= few) & (far >= min(_STANDS_OUT, far.max()))
    for rows, look in ((table[~named], USUAL), (table[named], FAR)):
        ax.plot(rows["heterogeneity"], rows["influence"], linestyle="none", **look)
    for which, limit in (("heterogeneity", ax.set_xlim), ("influence", ax.set_ylim)):
        top = float(table[which].max()) or 1.0
        limit(-0.03 * top, 1.08 * top)
    says = [f"{row.label} {shown_percent(100 * row.proportion)}%" for row in table.itertuples()]
    name_far(ax, table, "heterogeneity", "influence", far.where(named), says)
    finish(ax, "Pull on the mean: its squared standardised shift without the study", "Part in the heterogeneity: squared standardised residual", small)  # fmt: skip
    return remember(ax, table)


def _distance(table: pd.DataFrame) -> pd.Series:
    """Distance from the corner, either way as a part of the largest."""
    parts = [table[name] / (table[name].max() or 1.0) for name in ("heterogeneity", "influence")]
    return np.hypot(*parts)


def _share(table: pd.DataFrame) -> tuple[pd.Series, float]:
    """The study with the largest part in the heterogeneity, and that part in percent of all."""
    most = table.loc[table["heterogeneity"].idxmax()]
    return most, 100 * float(most["heterogeneity"]) / (float(table["heterogeneity"].sum()) or 1.0)


def _notes(table: pd.DataFrame) -> list[str]:
    most, share = _share(table)
    return [
        f"{most['label']} makes {share:.0f}% of the sum across. Diamonds: the studies furthest from the corner, with their percents.",
        "A study that stands out is one to read again, not one to drop: with large samples a small difference stands out too.",
        *remark_of(table),
    ]


def baujat_alt(table: pd.DataFrame) -> str:
    """Alternative text of `baujat_plot`: the study behind most of the heterogeneity, and the one that pulls most."""
    if table.empty:
        return "Baujat plot: there are no studies to show."
    most, share = _share(table)
    pull = table.loc[table["influence"].idxmax(), "label"]
    also = "and pulls the mean most" if pull == most["label"] else f"; {str(pull)[:50]} pulls the mean most"
    name = f"{str(most['label'])[:50]} ({shown_percent(100 * most['proportion'])}%)"
    return f"Baujat plot of {study_words(len(table))}: {name} makes {share:.0f}% of the heterogeneity{'' if also.startswith(';') else ' '}{also}."
