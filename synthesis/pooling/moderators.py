"""Do proportions differ by what is known of the studies? Meta-regression with several moderators, and subgroups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.design_matrix import Design
from synthesis.pooling.effects import back_transform
from synthesis.pooling.heterogeneity import estimate_tau2, heterogeneity, q_profile
from synthesis.pooling.regression import Fit, fit_regression, omnibus, quantile, two_sided
from synthesis.pooling.study_rows import StudyRows, study_rows


@dataclass(frozen=True)
class MetaRegression:
    """A fitted meta-regression. Effects are on the transformed scale; predictions are proportions between 0 and 1."""

    studies: StudyRows
    moderators: tuple[str, ...]
    design: Design
    fit: Fit
    tau2_method: str
    interval: str
    level: float

    def table(self) -> pd.DataFrame:
        """Coefficients on the transformed scale, a row a term.

        Columns ``term, estimate, se, statistic, df, p, ci_low, ci_high, remark``; a term of a categorical moderator,
        ``setting: hospital``, is the difference from the moderator's first value. Where the counts allow no test of a
        moderator (half an event was added to a study, or no study has an event), its statistic and p are missing and the
        remark says why.
        """
        beta, se = self.fit.beta[0], np.sqrt(np.diagonal(self.fit.cov[0]))
        wide = quantile(self.level, self.fit.df) * se
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = beta / se
        tested = np.array([not self._untested or term == "intercept" for term in self.design.terms])
        return pd.DataFrame(
            {
                "term": self.design.terms,
                "estimate": beta,
                "se": se,
                "statistic": np.where(tested, statistic, np.nan),
                "df": self.fit.df,
                "p": np.where(tested, two_sided(statistic, self.fit.df), np.nan),
                "ci_low": beta - wide,
                "ci_high": beta + wide,
                "remark": np.where(tested, "", self._untested),
            }
        )

    @cached_property
    def _untested(self) -> str:
        """Why there is no test of moderators; empty where there is one."""
        if said := self.studies.no_test("of moderators"):
            return said
        together = omnibus(self.fit, list(range(1, len(self.design.terms))))[0]
        return "" if together == together else "No test of moderators: their coefficients cannot be told apart, or have no standard error."  # fmt: skip

    def tests(self) -> pd.DataFrame:
        """Is there anything in a moderator, given the others? A row a moderator and one for all of them together.

        Columns ``moderator, statistic, df, df_residual, p, remark``: F where the intervals rest on t, else chi-squared with
        infinite residual degrees of freedom. Where there is no test, statistic and p are missing and the remark says why.
        """
        groups = {name: self.design.columns_of(name) for name in self.moderators}
        everything = {"all moderators": [column for columns in groups.values() for column in columns]}
        rows = [(name, *omnibus(self.fit, columns)) for name, columns in (groups | everything).items()]
        table = pd.DataFrame(rows, columns=["moderator", "statistic", "df", "df_residual", "p"])
        if self._untested:
            table[["statistic", "p"]] = np.nan
        return table.assign(remark=self._untested)

    @cached_property
    def _summary(self) -> dict[str, object]:
        y, v, x = self.studies.y[None], self.studies.v[None], self.design.matrix[None]
        spread = heterogeneity(y, v, self.fit.tau2, x)
        low, high = (float(each[0]) for each in q_profile(y, v, self.level, x))
        alone = float(estimate_tau2(y, v, self.tau2_method)[0])
        tau2 = float(self.fit.tau2[0])
        test = self.tests().iloc[-1]
        return {
            "k": self.studies.k,
            "coefficients": len(self.design.terms),
            "tau2": tau2,
            "tau2_low": low,
            "tau2_high": high,
            "i2": float(spread.i2[0]),
            "h2": float(spread.h2[0]),
            "r2": max(0.0, 100 * (alone - tau2) / alone) if alone > 0 else 0.0,
            "q_residual": float(spread.q[0]),
            "q_residual_df": spread.q_df,
            "q_residual_p": float(spread.q_p[0]),
            "test": float(test["statistic"]),
            "test_df": int(test["df"]),
            "test_df_residual": float(test["df_residual"]),
            "test_p": float(test["p"]),
            "log_likelihood": float(self.fit.log_likelihood[0]),
            "transform": self.studies.transform,
            "tau2_method": self.tau2_method,
            "interval": self.interval,
            "level": self.level,
            "corrected": int(self.studies.corrected.sum()),
            "remark": " ".join(
                filter(None, (*self.studies.remarks, *self.design.remarks, self._untested, *self._cautions()))
            ),
        }

    def summary(self) -> pd.DataFrame:
        """One row: residual heterogeneity (tau2 with its Q-profile interval, I2, H2, Q), R2 (percent of tau2 that the
        moderators account for, 0 where there is none to account for), the test of all moderators, and the methods;
        ``corrected`` is the number of studies to which half an event was added."""
        return pd.DataFrame([self._summary])

    def _cautions(self) -> list[str]:
        per = self.studies.k / max(len(self.design.terms) - 1, 1)
        if per < 10:
            return [f"{per:.3g} studies for each coefficient; below 10 a moderator is easily found by chance (Cochrane Handbook 10.11.4)."]  # fmt: skip
        return []

    def predict(self, frame: pd.DataFrame | None = None) -> pd.DataFrame:
        """Expected proportions with confidence and prediction intervals.

        Parameters
        ----------
        frame : the moderators' columns, a row a prediction; default the studies themselves.

        Returns the moderators' columns, then ``effect, se`` (transformed), ``estimate, ci_low, ci_high, pi_low, pi_high``
        as proportions. The prediction interval uses the quantile of the confidence interval.
        Raises SynthesisError for a value of a categorical moderator that no study has.
        """
        rows = self.studies.frame if frame is None else frame
        x = self.design.of(rows)
        effect = x @ self.fit.beta[0]
        variance = np.einsum("np,pq,nq->n", x, self.fit.cov[0], x)
        wide = quantile(self.level, self.fit.df)
        ci, pi = wide * np.sqrt(variance), wide * np.sqrt(variance + self.fit.tau2[0])
        out = rows[list(self.moderators)].reset_index(drop=True).assign(effect=effect, se=np.sqrt(variance))
        bounds = {"estimate": effect, "ci_low": effect - ci, "ci_high": effect + ci, "pi_low": effect - pi, "pi_high": effect + pi}  # fmt: skip
        for name, value in bounds.items():
            out[name] = back_transform(value, self.studies.transform, totals=self.studies.totals)
        return out

    def bubbles(self) -> pd.DataFrame:
        """The studies of a bubble plot: the moderators' columns, ``label, events, totals, proportion, effect, variance,
        weight`` (percent) and ``fitted`` (a proportion)."""
        weight = self.fit.weights[0]
        fitted = back_transform(self.fit.fitted[0], self.studies.transform, totals=self.studies.totals)
        known = self.studies.frame[list(self.moderators)].reset_index(drop=True)
        return pd.concat([known, self.studies.counts()], axis=1).assign(
            weight=100 * weight / weight.sum(), fitted=fitted
        )

    def __str__(self) -> str:
        s = self._summary
        name = "chi-squared" if np.isinf(self.fit.df) else "F"
        tested = "not tested" if self._untested else f"{name} {s['test']:.3f}, p {s['test_p']:.3g}"
        lines = [
            f"Meta-regression of {s['k']} studies on {', '.join(self.moderators)}: {s['transform']}, {s['tau2_method']}, {s['interval']}",
            self.table().drop(columns="remark").round(4).to_string(index=False),
            f"Residual tau2 {s['tau2']:.4g} ({s['tau2_low']:.4g} to {s['tau2_high']:.4g}), I2 {s['i2']:.1f} %, R2 {s['r2']:.1f} %",
            f"Residual Q {s['q_residual']:.2f} on {s['q_residual_df']} degrees of freedom, p {s['q_residual_p']:.3g}",
            f"All moderators together: {tested}",
        ]
        return "\n".join(lines + ([f"Remark: {s['remark']}"] if s["remark"] else []))


def meta_regression(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    moderators: list[str] | str,
    *,
    transform: str = "logit",
    tau2: str = "reml",
    interval: str = "hartung-knapp",
    level: float = 0.95,
    label: str | None = None,
) -> MetaRegression:
    """Regress proportions on properties of the studies: inverse variance, random effects.

    Parameters
    ----------
    frame : a row a study. events, totals : names of its columns with the counts.
    moderators : columns, or one of them; numbers enter as they are, words and yes/no as differences from their first
        value (in the order of the categories of a categorical column, else alphabetically). Numbers written as text are
        words, which the remark says. Rows that lack one are left out and named.
    transform, tau2, interval, level : as in `pool`. label : column that names the studies.

    The same as metafor's ``rma(mods = ...)`` (Viechtbauer 2010, doi 10.18637/jss.v036.i03); for Knapp and Hartung's test
    doi 10.1002/sim.1482. What comes out are differences between studies, never effects within them, and moderators were
    often looked at because the data suggested them: say which were planned. There is no test where a study has none or all
    and half an event was added to it: what that adds depends on the size of the study alone.

    Raises SynthesisError for columns that are not there, cells that are not counts, a moderator that is infinite, mixes
    kinds of values, does not vary or repeats others, and for fewer studies than two more than there are coefficients.
    """
    moderators = [moderators] if isinstance(moderators, str) else list(moderators)
    if not moderators:
        raise SynthesisError("A meta-regression needs at least one moderator; to combine without, use pool.")
    studies = study_rows(frame, events, totals, transform, label, moderators)
    constant = [name for name in moderators if studies.frame[name].nunique() < 2]
    if constant:
        raise SynthesisError(" ".join([f"All studies have the same {', '.join(constant)}: leave it out.", *studies.left_out]))  # fmt: skip
    design = Design.made(studies.frame, moderators)
    k, p = design.matrix.shape
    if k < p + 1:
        said = f"{p} coefficients need at least {p + 1} studies; there are {k}. Use fewer moderators."
        raise SynthesisError(" ".join([said, *design.remarks, *studies.left_out]))
    scaled = design.matrix / np.linalg.norm(design.matrix, axis=0)
    if np.linalg.matrix_rank(scaled) < p:
        raise SynthesisError(
            f"Among {', '.join(moderators)} one moderator says what others say already: leave one out."
        )
    fit = fit_regression(studies.y[None], studies.v[None], design.matrix[None], tau2, interval)
    return MetaRegression(studies, tuple(moderators), design, fit, tau2, interval, level)
