"""Bubble plot of a meta-regression: studies by a moderator, and the line that was fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from synthesis.drawing.canvas import (
    LINE,
    NAVY,
    ORANGE,
    SMALL,
    nothing_to_show,
    place,
    remember,
    room,
    shortened,
    shown_percent,
    styled,
    wrap,
)
from synthesis.drawing.forest_lines import p_text
from synthesis.drawing.points import finish, name_far, point_panel
from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.moderators import MetaRegression

_BAND = "#dbe3ec"
#: Studies named at most: those furthest from the line.
_NAMED = 8


@styled
def bubble_plot(regression: MetaRegression, moderator: str | None = None, ax: Axes | None = None) -> Axes:
    """Proportions by a moderator, circles by weight, with the fitted line and its intervals.

    Parameters
    ----------
    regression : from `meta_regression`.
    moderator : which of its moderators goes across; default the first. Others are held at their mean, words at their
        most frequent value, which the small print says.
    ax : axes to draw in, about 9 by 7 inches; default a new figure.

    The band is the confidence interval of the line, the dashed lines hold a further study. A moderator of words has a
    place for each word. The studies furthest from the line are named. `plotted` gives the studies with what was fitted.

    Raises SynthesisError for a moderator that the regression does not have.
    """
    moderator = _which(regression, moderator)
    studies = regression.bubbles()
    if studies.empty:
        return nothing_to_show(ax, "There are no studies to show.", studies)
    ax, small = point_panel(ax, _notes(regression, moderator))
    if moderator in regression.design.values:
        x, said, bottom = *_places(ax, regression, moderator, studies), ""
    else:
        x, said, bottom = *_line(ax, regression, moderator, studies), moderator
    y = 100 * studies["proportion"]
    size = np.clip(4500 / len(studies), 60, 320) * studies["weight"] / studies["weight"].max() + 12
    ax.scatter(x, y, s=size, facecolor=ORANGE, edgecolor=NAVY, linewidth=0.9, alpha=0.75, zorder=3, clip_on=False)
    # A prediction interval may go far up: band and studies set the scale, and `_notes` says where the dashed line goes.
    top = _top(studies, said)
    ax.set_ylim(-0.02 * top, min(103.0, 1.08 * top))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    residual = np.abs(studies["effect"] - regression.fit.fitted[0])
    says = [f"{row.label} {shown_percent(100 * row.proportion)}%" for row in studies.itertuples()]
    far = residual.where(residual.rank(ascending=False, method="first") <= _NAMED)
    name_far(ax, studies.assign(_x=x, _y=y).loc[far.notna()], "_x", "_y", far.dropna(), [says[i] for i in np.flatnonzero(far.notna())])  # fmt: skip
    finish(ax, "Percent", bottom, small)
    return remember(ax, studies)


def _top(studies: pd.DataFrame, said: pd.DataFrame) -> float:
    """How far up the plot reaches: the studies, the band, and the prediction interval where it is not half as far again."""
    top = max(100 * float(studies["proportion"].max()), float(said["ci_high"].max()), 1.0)
    expected = float(said["pi_high"].max())
    return expected if top < expected <= 1.5 * top else top


def _which(regression: MetaRegression, moderator: str | None) -> str:
    moderator = moderator or regression.moderators[0]
    if moderator not in regression.moderators:
        raise SynthesisError(
            f"The regression has no moderator {moderator!r}; it has {', '.join(regression.moderators)}."
        )
    return moderator


def _held(regression: MetaRegression, moderator: str, values: list) -> pd.DataFrame:
    """Rows to predict for: the moderator's values, the others held."""
    frame = regression.studies.frame
    other = {name: frame[name].mode().iloc[0] if name in regression.design.values else frame[name].mean() for name in regression.moderators}  # fmt: skip
    return pd.DataFrame([{**other, moderator: value} for value in values])


def _line(
    ax: Axes, regression: MetaRegression, moderator: str, studies: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame]:
    x = studies[moderator].to_numpy(dtype=float)
    grid = np.linspace(x.min(), x.max(), 80)
    said = 100 * regression.predict(_held(regression, moderator, list(grid)))[["estimate", "ci_low", "ci_high", "pi_low", "pi_high"]]  # fmt: skip
    ax.fill_between(grid, said["ci_low"], said["ci_high"], color=_BAND, linewidth=0, zorder=0.5)
    ax.plot(grid, said["estimate"], color=NAVY, linewidth=1.6, zorder=2)
    for end in ("pi_low", "pi_high"):
        ax.plot(grid, said[end], color=NAVY, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1)
    more = 0.05 * np.ptp(x)
    ax.set_xlim(x.min() - more, x.max() + more)
    whole = bool((x == np.round(x)).all())
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10], integer=whole))
    return x, said


def _places(
    ax: Axes, regression: MetaRegression, moderator: str, studies: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame]:
    """A place for each value, its studies spread around it so that neighbours in height stand apart."""
    values = regression.design.values[moderator]
    said = 100 * regression.predict(_held(regression, moderator, values))[["estimate", "ci_low", "ci_high", "pi_low", "pi_high"]]  # fmt: skip
    x = np.zeros(len(studies))
    for place_, (value, row) in enumerate(zip(values, said.itertuples(), strict=True)):
        ax.add_patch(
            Rectangle((place_ - 0.36, row.ci_low), 0.72, row.ci_high - row.ci_low, facecolor=_BAND, zorder=0.5)
        )
        ax.plot([place_ - 0.36, place_ + 0.36], [row.estimate] * 2, color=NAVY, linewidth=1.6, zorder=2)
        for end in (row.pi_low, row.pi_high):
            ax.plot(
                [place_ - 0.36, place_ + 0.36], [end] * 2, color=NAVY, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1
            )
        own = np.flatnonzero((studies[moderator] == value).to_numpy())
        ranked = own[np.argsort(studies["proportion"].to_numpy()[own], kind="stable")]
        x[ranked] = place_ + 0.56 * ((0.618 * np.arange(len(own)) + 0.5) % 1 - 0.5)
    wide = room(ax) / len(values) - 8
    counts = studies[moderator].value_counts()
    names = [wrap(f"{_word(value)} ({counts[value]})", wide, SMALL) for value in values]
    ax.set(xlim=(-0.5, len(values) - 0.5))
    ax.set_xticks(range(len(values)), [name if name.count("\n") == 0 else name.split("\n")[0] + "…" for name in names])
    place(ax, shortened(moderator, room(ax)), (0.5, 0), (0, -22 - 0.2 * LINE), ha="center", va="top")
    return x, said


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool | np.bool_) else str(value)


def _test(regression: MetaRegression, moderator: str) -> pd.Series:
    return regression.tests().set_index("moderator").loc[moderator]


def _notes(regression: MetaRegression, moderator: str) -> list[str]:
    one, test, level = regression.summary().iloc[0], _test(regression, moderator), 100 * regression.level
    others = [name for name in regression.moderators if name != moderator]
    row = _held(regression, moderator, [regression.studies.frame[moderator].iloc[0]]).iloc[0]
    held = "; ".join(
        f"{name} {_word(row[name]) if name in regression.design.values else format(row[name], '.4g')}"
        for name in others
    )
    f = f"{'F' if np.isfinite(test['df_residual']) else 'χ²'} {test['statistic']:.2f}, p {p_text(test['p'])}"
    tested = "none" if np.isnan(test["p"]) else f
    notes = [
        f"Circles: {one['k']} studies, area by weight. Line: expected percent, band its {level:g}% interval; dashed: a further study{_beyond(regression, moderator)}."
        + (f" Held: {held}." if held else ""),
        f"Test of {moderator}: {tested}. The moderators account for {one['r2']:.0f}% of tau²; what differs between studies need not do so within any.",
    ]
    return [*notes, *([one["remark"]] if one["remark"] else [])]


def _beyond(regression: MetaRegression, moderator: str) -> str:
    """How high a further study may lie, where the upper dashed line leaves the plot."""
    across = regression.studies.frame[moderator]
    values = regression.design.values.get(moderator) or [across.min(), across.max()]
    said = 100 * regression.predict(_held(regression, moderator, list(values)))[["ci_high", "pi_high"]]
    highest = said["pi_high"].max()
    return f" (up to {shown_percent(highest)}%, above the plot)" if highest > _top(regression.bubbles(), said) else ""


def bubble_alt(regression: MetaRegression, moderator: str | None = None) -> str:
    """Alternative text of `bubble_plot`: how the expected percent changes over the moderator, and whether that is clear."""
    moderator = _which(regression, moderator)
    frame, one, test = regression.studies.frame, regression.summary().iloc[0], _test(regression, moderator)
    values = regression.design.values.get(moderator) or [frame[moderator].min(), frame[moderator].max()]
    said = 100 * regression.predict(_held(regression, moderator, list(values)))["estimate"]
    low, high = (said.argmin(), said.argmax()) if moderator in regression.design.values else (0, 1)
    ends = [f"{shown_percent(said.iloc[at])}% at {_word(values[at])[:40] if moderator in regression.design.values else format(values[at], '.4g')}" for at in (low, high)]  # fmt: skip
    clear = "a clear difference" if test["p"] < 0.05 else "no clear difference"
    tested = "not tested" if np.isnan(test["p"]) else f"{clear} (p {p_text(test['p'])})"
    return (
        f"Bubble plot of {one['k']} studies by {moderator}: expected percent from {ends[0]} to {ends[1]}, {tested}; "
        f"it accounts for {one['r2']:.0f}% of the variance between studies."
    )
