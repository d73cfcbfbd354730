"""Does the answer depend on the method? One table of the pooled proportion by model, scale, estimator and interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from synthesis.pooling.effects import TRANSFORMS
from synthesis.pooling.heterogeneity import TAU2_METHODS
from synthesis.pooling.options import DEFAULT_INTERVAL, PoolingOptions
from synthesis.pooling.outliers import outlier_robust
from synthesis.pooling.pooled import pool_groups
from synthesis.pooling.regression import INTERVALS
from synthesis.pooling.study_rows import study_rows

COLUMNS = (
    "choice", "changed", "model", "effects", "transform", "tau2_method", "interval", "k", "estimate", "ci_low", "ci_high",
    "pi_low", "pi_high", "tau2", "i2", "marginal_mean", "difference", "corrected", "remark",
)  # fmt: skip


@dataclass(frozen=True)
class Sensitivity:
    """The answers of several methods to one question, the chosen one first. ``remarks`` are those of the table behind all."""

    answers: pd.DataFrame
    remarks: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """A row a method: ``choice`` (its name), ``changed`` (what differs from the first row), the method's words, ``k``,
        ``estimate`` with ``ci_*`` and ``pi_*`` (proportions), ``tau2``, ``i2``, ``marginal_mean``, ``difference`` (estimate
        less that of the first row), ``corrected`` (studies to which half an event was added) and ``remark``."""
        return self.answers

    def range(self) -> pd.DataFrame:
        """One row: how many ``choices`` gave an answer of how many ``asked``, ``lowest`` and ``highest`` estimate with the
        choices that gave them, the ends of all intervals (``ci_lowest, ci_highest``), and ``chosen``, the first estimate."""
        there = self.answers.dropna(subset=["estimate"])
        low, high = there.loc[there["estimate"].idxmin()], there.loc[there["estimate"].idxmax()]
        return pd.DataFrame(
            [
                {
                    "choices": len(there),
                    "asked": len(self.answers),
                    "chosen": self.answers.loc[0, "estimate"],
                    "lowest": low["estimate"],
                    "lowest_choice": low["choice"],
                    "highest": high["estimate"],
                    "highest_choice": high["choice"],
                    "ci_lowest": there["ci_low"].min(),
                    "ci_highest": there["ci_high"].max(),
                }
            ]
        )

    def __str__(self) -> str:
        shown = self.answers[["choice", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2"]].round(4)
        return "\n".join([shown.to_string(index=False), self._reach(), *self._added(), *self.remarks])

    def _reach(self) -> str:
        if self.answers["estimate"].isna().all():
            return f"None of {len(self.answers)} methods gives an estimate."
        r = self.range().iloc[0]
        return (
            f"Estimates run from {100 * r['lowest']:.1f} % ({r['lowest_choice']}) to {100 * r['highest']:.1f} % "
            f"({r['highest_choice']}) over {r['choices']} of {r['asked']} methods."
        )

    def _added(self) -> list[str]:
        """How many methods add to the counts of how many studies."""
        added = self.answers[self.answers["corrected"] > 0]
        if added.empty:
            return []
        many = f"{added['corrected'].max()} of {added['k'].max()} studies"
        return [f"{len(added)} of {len(self.answers)} methods add a continuity correction (half an event by default) to {many}, which pulls these towards 50 %."]  # fmt: skip


def sensitivity_table(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    *,
    full: bool = False,
    level: float = 0.95,
    label: str | None = None,
    **words: Any,
) -> Sensitivity:
    """Pool the same studies by many methods.

    Parameters
    ----------
    frame : a row a study. events, totals : columns with the counts.
    words : the words of `pool` that are the chosen method; default its defaults.
    full : every transformation with every estimator of tau2 and every interval; default one change at a time.

    Every table holds the models of the counts (GLMM and beta-binomial), the common effect and the outlier-robust mixture
    (`outliers.outlier_robust`). Differences between methods on the same studies show how much the answer rests on the
    choice, not how uncertain it is. A method that cannot answer has its row, with the reason in ``remark``. Rows without a
    count are left out, which every ``remark`` says.

    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts and fewer than two
    studies.
    """
    chosen = PoolingOptions.chosen(level=level, **words)
    studies = study_rows(frame, events, totals, None, label)
    counts = pd.DataFrame({"events": studies.events, "totals": studies.totals})
    rows = [_answer(counts, changed, options) for changed, options in _choices(chosen, full)]
    if studies.k >= 5:
        rows.append(_robust_answer(studies.frame, events, totals, chosen.transform, level))
    answers = pd.DataFrame(rows)
    answers["difference"] = answers["estimate"] - answers.loc[0, "estimate"]
    answers["choice"] = [_named(row) for row in answers.to_dict("records")]
    answers["remark"] = [" ".join([*studies.left_out, *([said] if isinstance(said, str) else [])]) or None for said in answers["remark"]]  # fmt: skip
    return Sensitivity(answers[list(COLUMNS)], studies.remarks)


def _choices(chosen: PoolingOptions, full: bool) -> list[tuple[str, PoolingOptions]]:
    """What is changed, and the options of the method; the chosen one first, none twice."""
    inverse = replace(chosen, model="inverse-variance", effects="random", interval=DEFAULT_INTERVAL["inverse-variance"])
    if chosen.model == "inverse-variance":
        inverse = replace(inverse, interval=chosen.used_interval)
    one: dict[str, tuple[str, ...]] = {"transform": TRANSFORMS, "tau2": TAU2_METHODS, "interval": INTERVALS}
    found = [("", chosen)]
    changes: list[dict[str, Any]] = [{name: value} for name, values in one.items() for value in values]
    if full:
        changes = [dict(zip(one, each, strict=True)) for each in product(*one.values())]
    found += [("several" if full else next(iter(change)), replace(inverse, **change)) for change in changes]
    found.append(("effects", replace(inverse, effects="common", interval="wald")))
    found += [
        ("model", replace(chosen, model=model, effects="random", transform="logit", interval=interval))
        for model, interval in (("glmm", "t"), ("glmm", "wald"), ("glmm", "profile"), ("beta-binomial", "t"))
    ]
    once: dict[tuple, tuple[str, PoolingOptions]] = {}
    for changed, options in found:
        scale = (options.transform, options.tau2 if options.random else None)
        what = scale if options.model == "inverse-variance" else ()
        once.setdefault((options.model, options.effects, options.used_interval, *what), (changed, options))
    return list(once.values())


def _answer(counts: pd.DataFrame, changed: str, options: PoolingOptions) -> dict[str, Any]:
    words = asdict(options)
    if options.model != "inverse-variance":  # nobody asked this model for what it does not use
        words |= {"tau2": None, "continuity": None}
    row = pool_groups(counts, **words).iloc[0].to_dict()
    return {name: row[name] for name in COLUMNS if name in row} | {"changed": changed}


def _robust_answer(frame: pd.DataFrame, events: str, totals: str, transform: str, level: float) -> dict[str, Any]:
    row = outlier_robust(frame, events, totals, transform=transform, level=level).table().iloc[0].to_dict()
    about = {
        "effects": "random",
        "tau2_method": "ml",
        "changed": "model",
        "i2": np.nan,
        "pi_low": np.nan,
        "pi_high": np.nan,
    }
    return {name: row[name] for name in COLUMNS if name in row} | about | {"marginal_mean": np.nan}


def _named(row: dict[str, Any]) -> str:
    if row["model"] != "inverse-variance":
        return f"{row['model']}, {row['interval']}"
    if row["effects"] == "common":
        return f"{row['transform']}, common effect, {row['interval']}"
    return f"{row['transform']}, {row['tau2_method']}, {row['interval']}"
