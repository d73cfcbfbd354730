"""Studies from a table with counts: checked, those without counts left out and named, effects computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.effects import effect_sizes


@dataclass(frozen=True)
class StudyRows:
    """k studies with counts and effects. ``frame`` holds their rows as they came; ``remarks`` says what was left out."""

    frame: pd.DataFrame
    labels: list[str]
    events: np.ndarray
    totals: np.ndarray
    y: np.ndarray
    v: np.ndarray
    transform: str
    remarks: tuple[str, ...]

    @property
    def k(self) -> int:
        return len(self.y)

    def counts(self) -> pd.DataFrame:
        """Columns label, events, totals, proportion, effect, variance: a row a study."""
        return pd.DataFrame(
            {
                "label": self.labels,
                "events": self.events,
                "totals": self.totals,
                "proportion": self.events / self.totals,
                "effect": self.y,
                "variance": self.v,
            }
        )


def study_rows(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    transform: str = "logit",
    label: str | None = None,
    needed: tuple[str, ...] | list[str] = (),
    at_least: int = 2,
) -> StudyRows:
    """Check the counts of a table and compute the effects of its studies.

    Parameters
    ----------
    frame : a row a study. events, totals : names of the columns with the counts.
    transform : one of `effects.TRANSFORMS`; half a person is added to studies with none or all where the scale needs it.
    label : column that names the studies; default a column ``label`` or ``study`` if there is one, else their numbers.
    needed : further columns without which a row is left out (moderators, the cluster).
    at_least : the fewest studies that the analysis can do with.

    Raises SynthesisError that lists every column that is not there and every impossible count, or too few studies.
    """
    missing = [name for name in (events, totals, *needed, *([label] if label else [])) if name not in frame.columns]
    if missing:
        there = ", ".join(map(str, frame.columns))
        raise SynthesisError(f"The table has no column {', '.join(map(repr, missing))}; it has {there}.")
    counts = frame[[events, totals]].apply(pd.to_numeric, errors="coerce").astype("float64")
    labels = _labels(frame, label)
    complete = counts.notna().all(axis=1) & frame[list(needed)].notna().all(axis=1)
    x, n = counts[events].to_numpy(), counts[totals].to_numpy()
    with np.errstate(invalid="ignore"):
        impossible = complete.to_numpy() & ~((x >= 0) & (x <= n) & (n > 0) & (x == np.floor(x)) & (n == np.floor(n)))
    if impossible.any():
        each = [f"{labels[i]}: {x[i]:g} of {n[i]:g}" for i in np.flatnonzero(impossible)]
        raise SynthesisError(
            f"Counts are whole numbers: events between 0 and their totals, and totals above 0. Not so: {'; '.join(each)}."
        )
    kept = np.flatnonzero(complete)
    if len(kept) < at_least:
        raise SynthesisError(
            f"This needs at least {at_least} studies with all that it asks for; there are {len(kept)}."
        )
    y, v = effect_sizes(x[kept], n[kept], transform)
    gone = [labels[i] for i in np.flatnonzero(~complete)]
    remarks = (f"{len(gone)} of {len(frame)} rows lack a value and are left out: {', '.join(gone)}",) if gone else ()
    return StudyRows(frame.iloc[kept], [labels[i] for i in kept], x[kept], n[kept], y, v, transform, remarks)


def _labels(frame: pd.DataFrame, label: str | None) -> list[str]:
    for name in [label] if label else ["label", "study"]:
        if name in frame.columns:
            return [str(each) for each in frame[name]]
    return [str(i) for i in range(1, len(frame) + 1)]
