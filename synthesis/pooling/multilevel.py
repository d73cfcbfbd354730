"""Three levels: estimates within clusters (several arms of a study, several waves of a sample), clusters, and people.

The model is y = x b + u + w + e, where u is common to the estimates of a cluster, w is each estimate's own, and e is the
sampling error. All sums over a cluster have a closed form, so nothing larger than the table is ever built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.effects import back_transform, one_of
from synthesis.pooling.heterogeneity import heterogeneity
from synthesis.pooling.regression import quantile
from synthesis.pooling.study_rows import StudyRows, study_rows

INTERVALS = ("wald", "t", "t-clusters")


@dataclass(frozen=True)
class Nested:
    """Effects y (k,), variances v (k,), cluster numbers (k,) from 0 on, and a design x (k, p)."""

    y: np.ndarray
    v: np.ndarray
    cluster: np.ndarray
    x: np.ndarray

    @property
    def clusters(self) -> int:
        return int(self.cluster.max()) + 1

    def summed(self, values: np.ndarray) -> np.ndarray:
        """Sums by cluster, shape (clusters,) or (clusters, p)."""
        if values.ndim == 1:
            return np.bincount(self.cluster, values, self.clusters)
        return np.column_stack([self.summed(column) for column in values.T])


@dataclass(frozen=True)
class NestedFit:
    """Generalised least squares at given variances between and within clusters, and the restricted likelihood there."""

    beta: np.ndarray
    cov: np.ndarray
    log_likelihood: float
    slope_between: float
    slope_within: float


def fit_nested(data: Nested, between: float, within: float) -> NestedFit:
    """Coefficients and restricted log-likelihood (with metafor's constant), with its slope by each variance."""
    w = 1 / (data.v + within)
    total = data.summed(w)
    shrink = between / (1 + between * total)

    def inverse(values: np.ndarray) -> np.ndarray:
        """V^-1 times the columns of `values`: V is diagonal plus a constant within each cluster."""
        weighted = w[:, None] * values
        return weighted - w[:, None] * (shrink[:, None] * data.summed(weighted))[data.cluster]

    k, p = data.x.shape
    vx = inverse(data.x)
    information = data.x.T @ vx
    cov = np.linalg.inv(information)
    beta = cov @ (vx.T @ data.y)
    residual = data.y - data.x @ beta
    vr = inverse(residual[:, None])[:, 0]
    log_det = -np.sum(np.log(w)) + np.sum(np.log1p(between * total)) + np.linalg.slogdet(information)[1]
    constant = (k - p) * np.log(2 * np.pi) - np.linalg.slogdet(data.x.T @ data.x)[1]
    # trace(P) and trace(Z'PZ), where P takes out the coefficients and Z sorts estimates into clusters
    trace_within = np.sum(w) - np.sum(shrink * data.summed(w**2)) - np.einsum("pq,kp,kq->", cov, vx, vx)
    zvx = data.summed(vx)
    trace_between = np.sum(total / (1 + between * total)) - np.einsum("pq,kp,kq->", cov, zvx, zvx)
    return NestedFit(
        beta,
        cov,
        float(-(constant + log_det + residual @ vr) / 2),
        float(np.sum(data.summed(vr) ** 2) - trace_between) / 2,
        float(vr @ vr - trace_within) / 2,
    )


def best_within(data: Nested, between: float, near: float | None = None) -> float:
    """Variance within clusters that is most likely when the one between them is given; looked for about `near` first."""
    return _highest(
        lambda within: fit_nested(data, between, within).slope_within,
        lambda within: fit_nested(data, between, within).log_likelihood,
        _grid(data),
        near,
    )


def best_between(data: Nested, within: float, near: float | None = None) -> float:
    """Variance between clusters that is most likely when the one within them is given; looked for about `near` first."""
    return _highest(
        lambda between: fit_nested(data, between, within).slope_between,
        lambda between: fit_nested(data, between, within).log_likelihood,
        _grid(data),
        near,
    )


def best_variances(data: Nested) -> tuple[float, float]:
    """Variances between and within clusters at the highest restricted likelihood, borders included.

    The likelihood is climbed along its ridge: for each variance between clusters the best one within them, found where the
    slope is 0, so that both are exact to the last digits of the slope and no starting value matters.
    """

    def at(between: float) -> NestedFit:
        return fit_nested(data, between, best_within(data, between))

    between = _highest(lambda b: at(b).slope_between, lambda b: at(b).log_likelihood, _grid(data))
    return between, best_within(data, between)


def _grid(data: Nested) -> np.ndarray:
    top = 10 * max(float(np.var(data.y)), float(data.v.max()))
    return np.concatenate([[0.0], np.geomspace(1e-6 * min(float(data.v.min()), top), top, 16)])


def _highest(
    slope: Callable[[float], float], height: Callable[[float], float], grid: np.ndarray, near: float | None = None
) -> float:
    """Where a function is highest: at 0 or where its slope falls through 0; about `near`, if it does so there."""
    if near and slope(near / 2) > 0 >= slope(2 * near):
        return float(brentq(slope, near / 2, 2 * near, xtol=1e-14 * grid[-1], rtol=1e-12))
    if near == 0 and slope(0.0) <= 0:
        return 0.0
    slopes = np.array([slope(each) for each in grid])
    falls = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    found = [float(brentq(slope, grid[i], grid[i + 1], xtol=1e-14 * grid[-1], rtol=1e-12)) for i in falls]
    if slopes[0] <= 0 or not found:
        found.insert(0, 0.0)
    return found[0] if len(found) == 1 else max(found, key=height)


def profile_interval(
    data: Nested, component: str, level: float = 0.95, best: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Profile-likelihood interval of the variance ``between`` or ``within`` clusters: where twice the log-likelihood, with
    the other variance at its best, has fallen by the chi-squared quantile. The lower end is 0 where it has not by then."""
    best = best or best_variances(data)
    top = fit_nested(data, *best).log_likelihood
    allowed = float(chdtri(1, 1 - level))

    estimate, near = best if component == "between" else best[::-1]

    def lost(value: float) -> float:
        nonlocal near  # along the profile the other variance moves little from one value to the next
        near = (best_within if component == "between" else best_between)(data, value, near)
        pair = (value, near) if component == "between" else (near, value)
        return 2 * (top - fit_nested(data, *pair).log_likelihood) - allowed

    step = max(estimate, 1e-3 * float(np.median(data.v)))
    high = estimate + step
    while lost(high) < 0:
        high = estimate + 2 * (high - estimate)
    upper = float(brentq(lost, estimate, high, xtol=1e-10 * high, rtol=1e-9))
    if estimate == 0 or lost(0.0) <= 0:
        return 0.0, upper
    return float(brentq(lost, 0.0, estimate, xtol=1e-10 * estimate, rtol=1e-9)), upper


@dataclass(frozen=True)
class ThreeLevel:
    """A fitted three-level model. Estimate and intervals are proportions between 0 and 1."""

    studies: StudyRows
    data: Nested
    cluster_names: list[str]
    between: float
    within: float
    between_interval: tuple[float, float]
    within_interval: tuple[float, float]
    interval: str
    level: float

    @cached_property
    def _row(self) -> dict[str, object]:
        fit = fit_nested(self.data, self.between, self.within)
        k, clusters = self.studies.k, self.data.clusters
        effect, se = float(fit.beta[0]), float(np.sqrt(fit.cov[0, 0]))
        df = {"wald": np.inf, "t": k - 1, "t-clusters": clusters - 1}[self.interval]
        wide = quantile(self.level, df)
        ci, pi = wide * se, wide * float(np.sqrt(se**2 + self.between + self.within))
        bounds = [float(each) for each in back_transform(np.array([effect, effect - ci, effect + ci, effect - pi, effect + pi]), self.studies.transform, totals=self.studies.totals)]  # fmt: skip
        both = np.array([self.between + self.within])
        spread = heterogeneity(self.studies.y[None], self.studies.v[None], both)
        share = 100 / (both[0] + float(spread.typical[0]))
        (between_low, between_high), (within_low, within_high) = self.between_interval, self.within_interval
        plain = fit_nested(self.data, 0.0, best_within(self.data, 0.0))
        lrt = max(0.0, 2 * (fit.log_likelihood - plain.log_likelihood))
        return {
            "k": k,
            "clusters": clusters,
            "estimate_transformed": effect,
            "se": se,
            **dict(zip(("estimate", "ci_low", "ci_high", "pi_low", "pi_high"), bounds, strict=True)),
            "tau2_between": self.between,
            "tau2_between_low": between_low,
            "tau2_between_high": between_high,
            "tau2_within": self.within,
            "tau2_within_low": within_low,
            "tau2_within_high": within_high,
            "i2_between": self.between * share,
            "i2_within": self.within * share,
            "q": float(spread.q[0]),
            "q_df": spread.q_df,
            "q_p": float(spread.q_p[0]),
            "log_likelihood": fit.log_likelihood,
            "lrt_clusters": lrt,
            "lrt_clusters_p": float(chdtrc(1, lrt)),
            "transform": self.studies.transform,
            "tau2_method": "reml",
            "interval": self.interval,
            "level": self.level,
            "corrected": int(self.studies.corrected.sum()),
            "remark": " ".join((*self.studies.remarks, *self._cautions())),
        }

    def _cautions(self) -> list[str]:
        if self.data.clusters >= 10:
            return []
        return [f"{self.data.clusters} clusters: the variance between them is hardly known, and its interval says so."]

    def table(self) -> pd.DataFrame:
        """One row: estimate with confidence and prediction interval (proportions), the two variances with
        profile-likelihood intervals, the share of I2 between and within clusters (percent), Q, and the likelihood-ratio
        test of the clusters (against independent estimates; on the border, so its p-value is too large); ``corrected`` is
        the number of estimates to which half an event was added, ``remark`` says it."""
        return pd.DataFrame([self._row])

    def predictions(self) -> pd.DataFrame:
        """A row a cluster: its name, its number of estimates, and its expected proportion, drawn towards the mean."""
        mean = float(fit_nested(self.data, self.between, self.within).beta[0])
        w = 1 / (self.data.v + self.within)
        total = self.data.summed(w)
        shift = self.between / (1 + self.between * total) * self.data.summed(w * (self.data.y - mean))
        expected = back_transform(mean + shift, self.studies.transform, totals=self.studies.totals)
        sizes = np.bincount(self.data.cluster, minlength=self.data.clusters)
        return pd.DataFrame({"cluster": self.cluster_names, "estimates": sizes, "expected": expected})

    def __str__(self) -> str:
        r = self._row
        return "\n".join(
            [
                f"Three-level model: {r['k']} estimates in {r['clusters']} clusters; {r['transform']}, REML, {r['interval']}",
                f"Proportion {r['estimate']:.4f} ({r['ci_low']:.4f} to {r['ci_high']:.4f}); prediction {r['pi_low']:.4f} to {r['pi_high']:.4f}",
                f"tau2 between clusters {r['tau2_between']:.4g} ({r['tau2_between_low']:.4g} to {r['tau2_between_high']:.4g}), I2 {r['i2_between']:.1f} %",
                f"tau2 within clusters {r['tau2_within']:.4g} ({r['tau2_within_low']:.4g} to {r['tau2_within_high']:.4g}), I2 {r['i2_within']:.1f} %",
                f"Q {r['q']:.2f} on {r['q_df']} degrees of freedom, p {r['q_p']:.3g}",
                *([f"Remark: {r['remark']}"] if r["remark"] else []),
            ]
        )


def three_level(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    cluster: str,
    *,
    transform: str = "logit",
    interval: str = "t-clusters",
    level: float = 0.95,
    label: str | None = None,
) -> ThreeLevel:
    """Combine proportions of which several come from one sample, study or source, without counting them as independent.

    Parameters
    ----------
    frame : a row an estimate. events, totals : columns with the counts. cluster : column that says what belongs together.
    transform : as in `pool`. level : of all intervals.
    interval : "wald" (normal), "t" (estimates less 1) or "t-clusters" (clusters less 1, the default: with few clusters
        the others are too narrow).

    Restricted maximum likelihood; the same as metafor's ``rma.mv(random = ~ 1 | cluster/estimate)``, its test "z", "t" and
    "t" with ``dfs = "contain"``. Sampling errors within a cluster are taken to be independent: estimates of the very same
    people break that, and `clusters.cluster_robust` guards against it. Sources: Konstantopoulos 2011, doi
    10.1002/jrsm.35; Van den Noortgate and others 2013, doi 10.3758/s13428-012-0261-6.

    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts, fewer than two clusters, or clusters of one
    estimate each (the two variances cannot be told apart then: use pool).
    """
    one_of("interval", interval, INTERVALS)
    studies = study_rows(frame, events, totals, transform, label, [cluster], at_least=3)
    number, names = pd.factorize(studies.frame[cluster])
    if len(names) < 2:
        raise SynthesisError(f"A three-level model needs at least two clusters; {cluster} has one, {names[0]!r}.")
    if len(names) == studies.k:
        raise SynthesisError(f"Each value of {cluster} has one estimate, so there are no three levels: use pool.")
    data = Nested(studies.y, studies.v, number, np.ones((studies.k, 1)))
    between, within = best_variances(data)
    ends = [profile_interval(data, part, level, (between, within)) for part in ("between", "within")]
    return ThreeLevel(studies, data, list(map(str, names)), between, within, ends[0], ends[1], interval, level)
