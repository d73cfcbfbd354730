"""Proportions by subgroup of studies, and whether the subgroups differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.design_matrix import Design
from synthesis.pooling.effects import back_transform, one_of
from synthesis.pooling.heterogeneity import q_profile
from synthesis.pooling.options import PoolingOptions
from synthesis.pooling.pooled import pool, pool_groups
from synthesis.pooling.regression import fit_regression, omnibus, quantile
from synthesis.pooling.study_rows import StudyRows, study_rows
from synthesis.pooling.text import INTERVAL_NAMES, model_text


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
        else chi-squared with infinite residual degrees of freedom. With separate tau2 and random effects there is no test
        where a subgroup has one study (its standard error lacks what lies between studies); ``remark`` says so."""
        return self.between

    def model(self) -> str:
        """The model behind all rows in one line: effects, model, scale, estimator, and the interval of the means."""
        row = next(self.overall.itertuples())
        return f"{model_text(row)}; interval {INTERVAL_NAMES[str(row.interval)]}"

    def __str__(self) -> str:
        test = self.between.iloc[0]
        shown = self.table()[["group", "k", "estimate", "ci_low", "ci_high", "tau2", "i2"]].round(4)
        name = "chi-squared" if np.isinf(test["df_residual"]) else "F"
        return (
            f"By {self.by}, {self.tau2} tau2\n{self.model()}\n{shown.to_string(index=False)}\n"
            f"Between subgroups: {name} {test['statistic']:.3f} on {test['df']} degrees of freedom, p {test['p']:.3g}"
            + (f"\nRemark: {test['remark']}" if test["remark"] else "")
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

    Rows without a subgroup or a count are left out and said. A difference between subgroups is one between studies, which
    were not assigned to them: other differences may lie behind it. Sources: Borenstein and Higgins 2013, doi
    10.1007/s11121-013-0377-7; Rubio-Aparicio and others 2017, doi 10.3758/s13428-016-0783-4 on the two forms.

    Raises SynthesisError for columns that are not there, impossible counts, and fewer than two subgroups.
    """
    one_of("tau2", tau2, ("separate", "common"))
    options = PoolingOptions.chosen(tau2=tau2_method, **words)
    studies = study_rows(frame, events, totals, options.transform, label, [by])
    names = Design.made(studies.frame.assign(**{by: studies.frame[by].astype("object")}), [by]).values[by]
    if len(names) < 2:
        raise SynthesisError(f"Subgroups need at least two values of {by}; there is one, {names[0]!r}.")
    counts = pd.DataFrame({"group": studies.frame[by].to_numpy(), "events": studies.events, "totals": studies.totals})
    # The models of the counts take no estimator: its default must not be told as one that was asked for.
    asked = {"tau2": tau2_method if options.model == "inverse-variance" or tau2_method != "reml" else None, **words}
    each = pool_groups(counts, by="group", **asked).set_index("group").loc[names].reset_index()
    each["group"] = each["group"].astype("str")
    whole = pool(studies.events.tolist(), studies.totals.tolist(), labels=studies.labels, **asked)
    overall = whole.table().assign(group="all")
    if tau2 == "common":
        each, between = _common(studies, by, names, each, options)
        remark = ""
    else:
        between, remark = _between(each, options.random)
    if studies.remarks:
        overall["remark"] = "; ".join([*studies.remarks, *overall["remark"].dropna()])
    columns = ["by", "groups", "statistic", "df", "df_residual", "p", "remark"]
    row = pd.DataFrame([(by, len(names), *between, remark)], columns=columns)
    behind = whole.studies.assign(group=studies.frame[by].astype("str").to_numpy())
    return Subgroups(by, tau2, each, overall, row, behind)


def _between(each: pd.DataFrame, random: bool) -> tuple[tuple[float, int, float, float], str]:
    """Cochran's Q of the subgroups' means, and what a reader must know of it."""
    mean, w, df = each["estimate_transformed"].to_numpy(), 1 / each["se"].to_numpy() ** 2, len(each) - 1
    single, pairs = int((each["k"] == 1).sum()), int((each["k"] == 2).sum())
    if random and single:
        why = "whose standard errors hold no difference between studies: no test with separate tau2; tau2='common' has one"
        return (np.nan, df, np.inf, np.nan), f"{single} of {len(each)} subgroups have one study, {why}"
    q = float(np.sum(w * (mean - np.sum(w * mean) / np.sum(w)) ** 2))
    said = f"{pairs} of {len(each)} subgroups have two studies, whose standard errors are hardly known: tau2='common' is steadier"
    return (q, df, np.inf, float(chdtrc(df, q))), said if random and pairs else ""


def _common(
    studies: StudyRows, by: str, names: list, each: pd.DataFrame, options: PoolingOptions
) -> tuple[pd.DataFrame, tuple[float, int, float, float]]:
    """The subgroups' rows under one tau2; what rests on a subgroup's own tau2 is missing then."""
    if options.model != "inverse-variance" or not options.random:
        raise SynthesisError(
            "A common tau2 is for the inverse-variance model with random effects; choose tau2='separate'."
        )
    if studies.k <= len(names):
        raise SynthesisError(
            f"A common tau2 of {len(names)} subgroups needs more studies than that; there are {studies.k}."
        )
    group = studies.frame[by].to_numpy()
    x = np.column_stack([group == name for name in names]).astype(float)
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
                    one, options.transform, studies.totals[group == name_of], s**2, options.back_transformation
                )
            )
            for one, name_of, s in zip(value, names, se, strict=True)
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
    return out, omnibus(
        fit_regression(y, v, against[None], options.tau2, options.used_interval), list(range(1, len(names)))
    )
