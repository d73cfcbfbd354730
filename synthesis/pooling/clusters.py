"""Standard errors that hold when estimates of one cluster are dependent in an unknown way (robust variance)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.design_matrix import Design
from synthesis.pooling.effects import back_transform, one_of
from synthesis.pooling.heterogeneity import estimate_tau2
from synthesis.pooling.multilevel import Nested, best_variances
from synthesis.pooling.regression import quantile, two_sided
from synthesis.pooling.study_rows import study_rows

CORRECTIONS = ("CR2", "CR1", "CR0")
WORKING = ("independent", "three-level")


def cluster_robust(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    cluster: str,
    *,
    moderators: list[str] | None = None,
    working: str = "independent",
    correction: str = "CR2",
    transform: str = "logit",
    tau2: str = "reml",
    level: float = 0.95,
    label: str | None = None,
) -> pd.DataFrame:
    """Mean proportion, or coefficients of moderators, with cluster-robust standard errors.

    Parameters
    ----------
    frame : a row an estimate. events, totals : columns with the counts. cluster : column that says what belongs together.
    moderators : as in `moderators.meta_regression`; default none, which gives the mean.
    working : what the weights suppose: ``independent`` estimates (inverse variance, `tau2`) or the ``three-level`` model.
    correction : ``CR2`` (bias-reduced, with Satterthwaite's degrees of freedom; the one for few clusters), ``CR1``
        (clusters over clusters less coefficients) or ``CR0`` (none), both with clusters less coefficients degrees.

    Returns a row a term: ``term, effect, se, df, statistic, p, effect_low, effect_high`` on the transformed scale;
    ``estimate, ci_low, ci_high`` as proportions for a mean (missing for moderators); ``k, clusters``, methods,
    ``corrected`` (studies to which half an event was added; then moderators have no statistic and p) and ``remark``.
    The same as metafor's ``robust()``, CR2 as with ``clubSandwich = TRUE``. Sources: Hedges, Tipton and Johnson 2010, doi
    10.1002/jrsm.5; Tipton and Pustejovsky 2015, doi 10.3102/1076998615606099.

    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts, and no more clusters than coefficients.
    """
    one_of("working", working, WORKING)
    one_of("correction", correction, CORRECTIONS)
    named = list(moderators or [])
    studies = study_rows(frame, events, totals, transform, label, [cluster, *named])
    number, names = pd.factorize(studies.frame[cluster])
    design = Design.made(studies.frame, named)
    p = design.matrix.shape[1]
    if len(names) <= p:
        raise SynthesisError(f"{p} coefficients need more clusters than that; {cluster} has {len(names)} values.")
    data = Nested(studies.y, studies.v, number, design.matrix)
    if working == "three-level" and len(names) == studies.k:
        raise SynthesisError(
            f"Each value of {cluster} has one estimate, so there are no three levels: working='independent'."
        )
    between, within = best_variances(data) if working == "three-level" else (0.0, _tau2(data, tau2))
    beta, cov, df = robust_covariance(data, between, within, correction)
    se = np.sqrt(np.diagonal(cov))
    wide = np.array([quantile(level, each) for each in df]) * se
    untested = studies.no_test("of moderators") if named else ""
    remarks = [*studies.remarks, *design.remarks, *([untested] if untested else [])]
    if df.min() < 4:
        remarks.append(
            f"{df.min():.3g} degrees of freedom: below 4 the interval and the p-value are not to be relied on."
        )
    out = pd.DataFrame({"term": design.terms, "effect": beta, "se": se, "df": df, "statistic": beta / se})
    out["p"] = two_sided(out["statistic"].to_numpy(), df)
    if untested:
        out.loc[out["term"] != "intercept", ["statistic", "p"]] = np.nan
    out["effect_low"], out["effect_high"] = beta - wide, beta + wide
    for name, value in {"estimate": "effect", "ci_low": "effect_low", "ci_high": "effect_high"}.items():
        back = back_transform(out[value].to_numpy(), transform, totals=studies.totals)
        out[name] = back if not named else np.nan
    return out.assign(
        k=studies.k, clusters=len(names), tau2_between=between, tau2_within=within, correction=correction,
        working=working, transform=transform, level=level, corrected=int(studies.corrected.sum()), remark=" ".join(remarks),
    )  # fmt: skip


def _tau2(data: Nested, method: str) -> float:
    return float(estimate_tau2(data.y[None], data.v[None], method, data.x[None])[0])


def robust_covariance(
    data: Nested, between: float, within: float, correction: str = "CR2"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients (p,), their robust covariance (p, p) and degrees of freedom (p,).

    The working covariance is that of the three-level model with these variances; with 0 between clusters it is that of
    independent estimates. CR2 multiplies the residuals of a cluster by the matrix that makes the estimate unbiased if the
    working covariance is true.
    """
    blocks = [np.flatnonzero(data.cluster == number) for number in range(data.clusters)]
    phi = [np.diag(data.v[rows] + within) + between for rows in blocks]
    x = [data.x[rows] for rows in blocks]
    weighted = [np.linalg.solve(each, part) for each, part in zip(phi, x, strict=True)]
    bread = np.linalg.inv(sum(part.T @ wx for part, wx in zip(x, weighted, strict=True)))
    beta = bread @ sum(wx.T @ data.y[rows] for rows, wx in zip(blocks, weighted, strict=True))
    residuals = [data.y[rows] - part @ beta for rows, part in zip(blocks, x, strict=True)]
    if correction == "CR2":
        adjusted = [_adjustment(each, part, bread) @ wx for each, part, wx in zip(phi, x, weighted, strict=True)]
    else:
        adjusted = weighted
    scores = np.array([part.T @ rest for part, rest in zip(adjusted, residuals, strict=True)])
    cov = bread @ (scores.T @ scores) @ bread
    m, p = len(blocks), data.x.shape[1]
    if correction == "CR1":
        cov = cov * m / (m - p)
    if correction != "CR2":
        return beta, cov, np.full(p, float(m - p))
    return beta, cov, np.array([_satterthwaite(phi, x, adjusted, bread, column) for column in bread.T])


def _adjustment(phi: np.ndarray, x: np.ndarray, bread: np.ndarray) -> np.ndarray:
    root = np.linalg.cholesky(phi).T
    values, vectors = np.linalg.eigh(root @ (phi - x @ bread @ x.T) @ root.T)
    # A cluster that alone decides a coefficient leaves nothing of its residuals: that direction is left out.
    kept = values > 1e-10 * values.max()
    inverse = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return root.T @ inverse @ root


def _satterthwaite(
    phi: list[np.ndarray], x: list[np.ndarray], adjusted: list[np.ndarray], bread: np.ndarray, column: np.ndarray
) -> float:
    """Degrees of freedom of one coefficient: twice the squared mean over the variance of its robust variance."""
    g = [part @ column for part in adjusted]
    own = np.array([each @ block @ each for each, block in zip(g, phi, strict=True)])
    through = np.array([part.T @ each for part, each in zip(x, g, strict=True)])
    products = np.diag(own) - through @ bread @ through.T
    return float(np.trace(products) ** 2 / np.sum(products**2))
