"""Studies from a table with counts: checked, those without counts left out and named, effects computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.categories import alike_said, missing
from synthesis.pooling.cautions import correction_said, exact_bound, no_test, none_or_all
from synthesis.pooling.counts import count_columns, impossible, refuse_impossible, wrong_columns
from synthesis.pooling.effects import corrected, effect_sizes


@dataclass(frozen=True)
class StudyRows:
    """k studies with counts and effects. ``frame`` holds their rows as they came.

    ``corrected`` says to which of them the continuity correction was added, ``left_out`` which rows of the table are
    not among them and what else must be known of the table (sentences).
    """

    frame: pd.DataFrame
    labels: list[str]
    events: np.ndarray
    totals: np.ndarray
    y: np.ndarray
    v: np.ndarray
    transform: str
    corrected: np.ndarray
    continuity: float
    left_out: tuple[str, ...]

    @property
    def k(self) -> int:
        return len(self.y)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on rows left out, on what was added to counts, and on counts without any event."""
        said = none_or_all(self.events, self.totals)
        empty = f"{said}. {exact_bound(self.events, self.totals)}" if said else ""
        added = correction_said(int(self.corrected.sum()), self.k, self.continuity)
        return tuple(filter(None, (*self.left_out, added, empty)))

    @property
    def remark(self) -> str:
        """All remarks as one text, empty where there are none."""
        return " ".join(self.remarks)

    def no_test(self, what: str) -> str:
        """Why these studies allow no test of `what`: a sentence, empty where they do (`cautions.no_test`)."""
        return no_test(what, self.events, self.totals, int(self.corrected.sum()), self.continuity)

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
    transform: str | None,
    label: str | None = None,
    needed: Sequence[str] = (),
    at_least: int = 2,
    continuity: float = 0.5,
    continuity_to: str = "only-zero",
) -> StudyRows:
    """Check the counts of a table and compute the effects of its studies.

    Parameters
    ----------
    frame : a row a study. events, totals : names of the columns with the counts.
    transform : one of `effects.TRANSFORMS`; None where the counts alone are wanted, so that nothing is added to them.
    label : column that names the studies; default a column ``label`` or ``study`` if there is one, else their numbers.
    needed : further columns without which a row is left out (moderators, the cluster); a text of spaces is nothing.
    at_least : the fewest studies that the analysis can do with.
    continuity, continuity_to : as in `effects.effect_sizes`; studies without an effect then are left out.

    Raises SynthesisError that lists every column that is not there or there twice, every cell that is not a count, every
    impossible count, or too few studies.
    """
    if wrong := wrong_columns(frame, events, totals, [*needed, *([label] if label else [])]):
        raise SynthesisError(" ".join(wrong))
    labels = _labels(frame, label)
    x, n = count_columns(frame, events, totals, labels)
    absent = np.any([np.isnan(x), np.isnan(n), *(missing(frame[name]) for name in needed)], axis=0)
    refuse_impossible(x, n, ~absent & impossible(x, n), labels)
    left_out = _left_out("lack a value and", absent, labels)
    kept = np.flatnonzero(~absent)
    y, v, added = np.full(len(kept), np.nan), np.full(len(kept), np.nan), np.zeros(len(kept), dtype=bool)
    if transform is not None:
        how = (x[kept], n[kept], transform, continuity, continuity_to)
        (y, v), added = effect_sizes(*how), corrected(*how)
        usable = np.isfinite(y) & (v > 0)
        left_out += _left_out("have none or all, so no effect without a continuity correction, and", ~usable, [labels[i] for i in kept])  # fmt: skip
        kept, y, v, added = kept[usable], y[usable], v[usable], added[usable]
    if len(kept) < at_least:
        said = " ".join([f"This needs at least {at_least} studies with all that it asks for; there are {len(kept)}.", *left_out])  # fmt: skip
        raise SynthesisError(said)
    own = frame.iloc[kept]
    twice = [said for name in needed for said in alike_said(name, own[name])]
    return StudyRows(
        own, [labels[i] for i in kept], x[kept], n[kept], y, v, transform or "none", added, continuity, (*left_out, *twice)
    )  # fmt: skip


def _left_out(why: str, gone: np.ndarray, labels: Sequence[str]) -> tuple[str, ...]:
    named = [labels[i] for i in np.flatnonzero(gone).tolist()]
    return (f"{len(named)} of {len(gone)} rows {why} are left out: {', '.join(named)}.",) if named else ()


def _labels(frame: pd.DataFrame, label: str | None) -> list[str]:
    for name in [label] if label else ["label", "study"]:
        if list(frame.columns).count(name) == 1:
            unnamed = missing(frame[name])
            return [f"row {i}" if gone else str(each) for i, (each, gone) in enumerate(zip(frame[name], unnamed, strict=True), 1)]  # fmt: skip
    return [str(i) for i in range(1, len(frame) + 1)]
