"""Weighted regression of study effects with a variance between studies, many at once. Knows numbers, not topics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.effects import one_of
from synthesis.pooling.heterogeneity import estimate_tau2

#: How uncertain the coefficients are taken to be: normal, t, and the two forms of Hartung, Knapp, Sidik and Jonkman.
INTERVALS = ("wald", "t", "hartung-knapp", "hartung-knapp-adhoc")


@dataclass(frozen=True)
class Fit:
    """G regressions of k effects on p columns.

    ``beta`` (G, p) with ``cov`` (G, p, p); ``tau2`` (G,), the residual variance between studies; ``scale`` (G,), by which
    Hartung and Knapp widen (1 otherwise); ``fitted``, ``hat`` and ``weights`` (G, k), the weights inverse variances;
    ``df`` (infinite for "wald"); ``log_likelihood`` (G,), restricted.
    """

    beta: np.ndarray
    cov: np.ndarray
    tau2: np.ndarray
    scale: np.ndarray
    fitted: np.ndarray
    hat: np.ndarray
    weights: np.ndarray
    log_likelihood: np.ndarray
    df: float


def fit_regression(
    y: np.ndarray,
    v: np.ndarray,
    x: np.ndarray,
    tau2: str | float | np.ndarray = "reml",
    interval: str = "hartung-knapp",
) -> Fit:
    """Weighted least squares with weights 1 / (v + tau2).

    Parameters
    ----------
    y, v : effects and their variances, shape (G, k). x : design, shape (G, k, p), of full rank.
    tau2 : how the variance between studies is estimated (a word of `heterogeneity.TAU2_METHODS`), or its value; 0 is the
        common-effect model.
    interval : one of INTERVALS. Hartung and Knapp multiply the covariance by the weighted mean square of the residuals
        (Knapp and Hartung 2003, doi 10.1002/sim.1482); the ad hoc form never by less than 1.
    """
    one_of("interval", interval, INTERVALS)
    k, p = x.shape[-2:]
    between = estimate_tau2(y, v, tau2, x) if isinstance(tau2, str) else np.zeros(len(y)) + tau2
    weights = 1 / (v + between[:, None])
    root = np.sqrt(weights)
    basis, upper = np.linalg.qr(root[..., None] * x)
    inverse = np.linalg.inv(upper)
    projected = np.einsum("gkp,gk->gp", basis, root * y)
    beta = np.einsum("gpq,gq->gp", inverse, projected)
    rest = root * y - np.einsum("gkp,gp->gk", basis, projected)
    square = np.sum(rest**2, axis=-1)
    scale = _scale(square, k - p, interval)
    cov = scale[:, None, None] * (inverse @ inverse.swapaxes(-1, -2))
    log_determinant = 2 * np.sum(np.log(np.abs(np.diagonal(upper, axis1=-2, axis2=-1))), axis=-1)
    likelihood = (
        np.sum(np.log(weights), axis=-1)
        + np.linalg.slogdet(x.swapaxes(-1, -2) @ x)[1]
        - log_determinant
        - square
        - (k - p) * np.log(2 * np.pi)
    ) / 2
    fitted = np.einsum("gkp,gp->gk", x, beta)
    df = np.inf if interval == "wald" else k - p
    return Fit(beta, cov, between, scale, fitted, np.sum(basis**2, axis=-1), weights, likelihood, df)


def _scale(square: np.ndarray, df: int, interval: str) -> np.ndarray:
    if not interval.startswith("hartung-knapp"):
        return np.ones_like(square)
    scale = square / df if df > 0 else np.full_like(square, np.nan)
    return np.maximum(scale, 1.0) if interval.endswith("adhoc") else scale


def quantile(level: float, df: float) -> float:
    """Of the t distribution for a two-sided interval; of the normal one for infinite degrees of freedom."""
    if not 0 < level < 1:
        raise SynthesisError(f"The level lies between 0 and 1, such as 0.95; it is {level}.")
    return float(ndtri(0.5 + level / 2) if np.isinf(df) else stdtrit(df, 0.5 + level / 2))


def two_sided(statistic: np.ndarray, df: float | np.ndarray) -> np.ndarray:
    """P-values of t (or, for infinite degrees of freedom, normal) statistics."""
    below = -np.abs(np.asarray(statistic, dtype=float))
    df = np.broadcast_to(np.asarray(df, dtype=float), below.shape)
    finite = np.where(np.isinf(df), 1.0, df)
    return 2 * np.where(np.isinf(df), ndtr(below), stdtr(finite, below))


def omnibus(fit: Fit, columns: list[int]) -> tuple[float, int, float, float]:
    """Test that the coefficients of these columns are all 0, in the first regression of the batch.

    Returns statistic, its degrees of freedom, those of the denominator and the p-value: F where the intervals rest on t,
    chi-squared (an infinite denominator) otherwise. Statistic and p are missing where the coefficients cannot be told
    apart or have no standard error.
    """
    beta, cov = fit.beta[0, columns], fit.cov[0][np.ix_(columns, columns)]
    m = len(columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        try:
            statistic = float(beta @ np.linalg.solve(cov, beta)) if np.all(np.isfinite(cov)) else np.nan
        except np.linalg.LinAlgError:
            statistic = np.nan
    if np.isinf(fit.df):
        return statistic, m, np.inf, float(chdtrc(m, statistic))
    return statistic / m, m, fit.df, float(fdtrc(m, fit.df, statistic / m))
