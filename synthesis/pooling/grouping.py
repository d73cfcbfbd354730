"""Proportions by subgroup of studies, and whether the subgroups differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.categories import in_order, missing, places
from synthesis.pooling.effects import back_transform, one_of
from synthesis.pooling.heterogeneity import q_profile
from synthesis.pooling.options import PoolingOptions
from synthesis.pooling.pooled import pool, pool_groups
from synthesis.pooling.regression import fit_regression, omnibus, quantile
from synthesis.pooling.study_rows import StudyRows, study_rows
from synthesis.pooling.text import INTERVAL_NAMES, model_text

#: How often (percent of made-up data sets without any difference) the test with separate tau2 gives p below 0.05, by the
#: studies in each subgroup: `tests/benchmarks/subgroup_test.py`, means over 2, 3 and 5 subgroups and tau2 of 0.1, 0.36 and 1.
REJECTED = {
    "inverse-variance": {2: 36, 3: 23, 5: 14, 10: 9, 20: 6, 40: 5},
    "glmm": {2: 42, 3: 30, 5: 18, 10: 11, 20: 8, 40: 6},
    "beta-binomial": {2: 43, 3: 32, 5: 20, 10: 13, 20: 9, 40: 8},
}
#: The same for a common effect, whatever the number of studies.
REJECTED_COMMON = 75
#: Up to so many percent the test is taken at its word.
TOLERATED = 6
#: A standard error below this is that of studies which report the same: rounding, no measure of chance.
_FLAT = 1e-9


@dataclass(frozen=True)
class Subgroups:
    """Pooled proportions by subgroup, all together, and the test between subgroups.

    ``studies`` has the columns of `Pooled.studies` and ``group``; weights are those in the mean of all studies.
    """

    by: str
    tau2: str
    groups: pd.DataFrame
    overall: pd.DataFrame
    between: pd.DataFrame
    studies: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """A row a subgroup, then one for all studies (``group`` "all"), with the columns of `pool_groups`."""
        return pd.concat([self.groups, self.overall], ignore_index=True)

    def test(self) -> pd.DataFrame:
        """One row: ``by, groups, statistic, df, df_residual, p, remark``; F where the intervals of a common tau2 rest on t,
        else chi-squared with infinite residual degrees of freedom. ``remark`` says how far the test can be trusted, or why
        there is none (statistic and p are missing): half an event was added to a study, no study has an event, or, with
        separate tau2 and random effects, a subgroup has one study (its standard error lacks what lies between studies)."""
        return self.between

    @property
    def remark(self) -> str:
        """What a reader must know of the test, then of the whole: rows left out, and how many counts were added to."""
        said = (self.between["remark"].iloc[0], self.overall["remark"].iloc[0])
        return " ".join(str(each) for each in said if pd.notna(each) and each)

    def model(self) -> str:
        """The model behind all rows in one line: effects, model, scale, estimator, and the interval of the means."""
        row = next(self.overall.itertuples())
        return f"{model_text(row)}; interval {INTERVAL_NAMES[str(row.interval)]}"

    def __str__(self) -> str:
        test = self.between.iloc[0]
        shown = self.table()[["group", "k", "estimate", "ci_low", "ci_high", "tau2", "i2"]].round(4)
        name = "chi-squared" if np.isinf(test["df_residual"]) else "F"
        tested = f"{name} {test['statistic']:.3f} on {test['df']} degrees of freedom, p {test['p']:.3g}"
        return (
            f"By {self.by}, {self.tau2} tau2\n{self.model()}\n{shown.to_string(index=False)}\n"
            f"Between subgroups: {'not tested' if np.isnan(test['p']) else tested}"
            + (f"\nRemark: {self.remark}" if self.remark else "")
        )


def subgroups(
    frame: pd.DataFrame,
    by: str,
    events: str,
    totals: str,
    *,
    tau2: str = "separate",
    tau2_method: str = "reml",
    label: str | None = None,
    **words: Any,
) -> Subgroups:
    """Pool each subgroup of studies and test whether they differ.

    Parameters
    ----------
    frame : a row a study. by : column that holds the subgroup. events, totals : columns with the counts.
    tau2 : ``separate`` (each subgroup has a variance between its studies, any model; the test weights the subgroups' means
        by their standard errors) or ``common`` (one variance for all, inverse variance only: steadier for small subgroups;
        the test is that of a meta-regression).
    tau2_method, words : tau2 and the other words of `pool`.

    Rows without a subgroup or a count are left out and said. Subgroups come in the order of the categories where `by` is
    categorical, else sorted. A difference between subgroups is one between studies, which
    were not assigned to them: other differences may lie behind it. Sources: Borenstein and Higgins 2013, doi
    10.1007/s11121-013-0377-7; Rubio-Aparicio and others 2017, doi 10.3758/s13428-016-0783-4 on the two forms.

    With separate tau2 the test finds differences that are chance too often where subgroups have few studies (`REJECTED`), and
    its remark says how often; a common tau2 keeps its level where subgroups are equally heterogeneous. There is no test where a
    continuity correction was added to any study: what it adds depends on the size of the study alone.

    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts, subgroups that are
    named in several ways (1 and "1"), and fewer than two subgroups.
    """
    one_of("tau2", tau2, ("separate", "common"))
    options = PoolingOptions.chosen(tau2=tau2_method, **words)
    inverse = options.model == "inverse-variance"
    scale = options.transform if inverse else None  # nothing is added to counts that a model takes as they are
    studies = study_rows(frame, events, totals, scale, label, [by], 2, options.continuity, options.continuity_to)
    names = in_order(studies.frame[by])
    said = [*studies.left_out, *_emptied(frame[by], names)]
    if len(names) < 2:
        raise SynthesisError(" ".join([f"Subgroups need at least two values of {by}; there is one, {names[0]!r}.", *said]))  # fmt: skip
    # Numbered, not named: a table indexed by True and False takes a list of them as a choice of rows.
    group = places(studies.frame[by], names)
    # The models of the counts take no estimator: its default must not be told as one that was asked for.
    asked = {"tau2": tau2_method if inverse or tau2_method != "reml" else None, **words}
    counts = pd.DataFrame({"group": group, "events": studies.events, "totals": studies.totals})
    each = pool_groups(counts, by="group", **asked).sort_values("group", ignore_index=True)
    each["group"] = pd.Series([str(name) for name in names], dtype="str")
    whole = pool(studies.events.tolist(), studies.totals.tolist(), labels=studies.labels, **asked)
    overall = whole.table().assign(group="all")
    overall["remark"] = " ".join([*said, *overall["remark"].dropna()]) or None
    if tau2 == "common":
        each, test = _common(studies, group, each, options)
    else:
        test = _separate(each, options)
    if reason := studies.no_test("between subgroups"):
        test |= {"statistic": np.nan, "p": np.nan, "remark": reason}
    between = pd.DataFrame([{"by": by, "groups": len(names), **test}])
    return Subgroups(by, tau2, each, overall, between, whole.studies.assign(group=each["group"].to_numpy()[group]))


def _emptied(column: pd.Series, names: list) -> list[str]:
    """A sentence on values of the table of which no study is left."""
    gone = [repr(value) for value in dict.fromkeys(column[~missing(column)]) if value not in names]
    return [f"No study is left of {column.name} {', '.join(gone)}."] if gone else []


def cochran_between(mean: np.ndarray, se: np.ndarray) -> np.ndarray:
    """Cochran's Q of means with standard errors above 0, over the last axis."""
    w = 1 / se**2
    middle = np.sum(w * mean, axis=-1, keepdims=True) / np.sum(w, axis=-1, keepdims=True)
    return np.sum(w * (mean - middle) ** 2, axis=-1)


def _separate(each: pd.DataFrame, options: PoolingOptions) -> dict[str, Any]:
    """The test between subgroups that were pooled each for itself, and how far it can be trusted."""
    df = len(each) - 1
    if reason := _untested(each, options.random):
        return {"statistic": np.nan, "df": df, "df_residual": np.inf, "p": np.nan, "remark": reason}
    q = float(cochran_between(each["estimate_transformed"].to_numpy(), each["se"].to_numpy()))
    return {"statistic": q, "df": df, "df_residual": np.inf, "p": float(chdtrc(df, q)), "remark": _cautions(each, options)}  # fmt: skip


def _untested(each: pd.DataFrame, random: bool) -> str:
    """Why there is no test between subgroups with separate tau2: a sentence, empty where there is one."""
    single, none, flat = (int(where.sum()) for where in (each["k"] == 1, each["se"].isna(), each["se"] < _FLAT))
    if none:
        why = f"{none} of {len(each)} subgroups have no estimate"
    elif random and single:
        why = f"{single} of {len(each)} subgroups have one study, whose standard error holds no difference between studies; tau2='common' has a test"  # fmt: skip
    elif flat:
        why = f"in {flat} of {len(each)} subgroups all studies report the same, which leaves no standard error"
    else:
        return ""
    return f"No test between subgroups: {why}."


def _cautions(each: pd.DataFrame, options: PoolingOptions) -> str:
    """How far the test between subgroups with separate tau2 can be trusted."""
    if not options.random:
        return f"A common effect supposes that the studies of a subgroup do not differ. Where they do, this test takes chance for a difference: in simulations without one p was below 0.05 in {REJECTED_COMMON} % of data sets, however many the studies."  # fmt: skip
    fewest, said = int(each["k"].min()), []
    size, rejected = [row for row in REJECTED[options.model].items() if row[0] <= max(fewest, 2)][-1]
    if rejected > TOLERATED:
        said.append(f"With few studies in a subgroup this test too often takes chance for a difference: in simulations without one p was below 0.05 in {rejected} % of data sets with {size} studies in each (inverse variance with tau2='common': 5 %).")  # fmt: skip
    if pairs := int((each["k"] == 2).sum()):
        said.append(f"{pairs} of {len(each)} subgroups have two studies, whose standard errors are hardly known: tau2='common' is steadier.")  # fmt: skip
    return " ".join(said)


def _common(
    studies: StudyRows, group: np.ndarray, each: pd.DataFrame, options: PoolingOptions
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The subgroups' rows under one tau2, where what rests on a subgroup's own tau2 is missing, and the test."""
    if options.model != "inverse-variance" or not options.random:
        raise SynthesisError(
            "A common tau2 is for the inverse-variance model with random effects; choose tau2='separate'."
        )
    if studies.k <= len(each):
        raise SynthesisError(
            f"A common tau2 of {len(each)} subgroups needs more studies than that; there are {studies.k}."
        )
    x = np.eye(len(each))[group]
    y, v = studies.y[None], studies.v[None]
    fit = fit_regression(y, v, x[None], options.tau2, options.used_interval)
    mean, se = fit.beta[0], np.sqrt(np.diagonal(fit.cov[0]))
    wide = quantile(options.level, fit.df)
    ci, pi = wide * se, wide * np.sqrt(se**2 + fit.tau2[0])
    low, high = q_profile(y, v, options.level, x[None])
    out = each.assign(estimate_transformed=mean, se=se, tau2=fit.tau2[0], tau2_low=low[0], tau2_high=high[0])
    for name, value in {"estimate": mean, "ci_low": mean - ci, "ci_high": mean + ci, "pi_low": mean - pi, "pi_high": mean + pi}.items():  # fmt: skip
        out[name] = [
            float(
                back_transform(
                    one, options.transform, studies.totals[group == number], s**2, options.back_transformation
                )
            )
            for number, (one, s) in enumerate(zip(value, se, strict=True))
        ]
    own = [
        "i2",
        "i2_low",
        "i2_high",
        "h2",
        "h2_low",
        "h2_high",
        "log_likelihood",
        "lrt",
        "lrt_df",
        "lrt_p",
        "marginal_mean",
    ]
    out[own] = np.nan
    against = np.column_stack([np.ones(studies.k), x[:, 1:]])
    compared = fit_regression(y, v, against[None], options.tau2, options.used_interval)
    test = omnibus(compared, list(range(1, len(each))))
    return out, dict(zip(("statistic", "df", "df_residual", "p"), test, strict=True)) | {"remark": ""}
