"""A summary that a few outlying studies cannot pull away: random effects from a mixture of two normal distributions.

Most studies differ with a variance tau2; a minority, the outliers, with a larger one around the same mean. Source: Beath
2014, doi 10.1002/jrsm.1114. Unlike dropping studies by eye, each study's chance of being an outlier is estimated, and the
outliers keep the little weight that they deserve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import chdtri

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.effects import back_transform
from synthesis.pooling.heterogeneity import estimate_tau2
from synthesis.pooling.study_rows import StudyRows, study_rows

#: Outliers are a minority; a share of exactly 0 would leave the rest of the model without meaning.
MOST, LEAST = 0.5, 1e-9
#: Twice the log-likelihood that the two further parameters must gain before studies are called outliers (as Akaike's
#: criterion asks), and below which the second component is but a copy of the first.
WORTH, NOTHING = 4.0, 1e-6


@dataclass(frozen=True)
class Mixture:
    """Mean, variance between ordinary studies, that of outliers, share of outliers, log-likelihood."""

    mean: float
    tau2: float
    tau2_outliers: float
    share: float
    log_likelihood: float

    @property
    def parameters(self) -> np.ndarray:
        return np.array([[self.mean, self.tau2, self.tau2_outliers - self.tau2, self.share]])


def _log_densities(y: np.ndarray, v: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Of each study under each component, times the component's share: shape (S, 2, k) for S sets of parameters ``mean,
    tau2, what outliers have more, share``, shape (S, 4)."""
    mean, tau2, further, share = at.T[:, :, None]
    total = np.stack([v + tau2, v + tau2 + further], axis=1)
    weight = np.log(np.stack([1 - share, share], axis=1))
    return weight - (np.log(2 * np.pi * total) + ((y - mean) ** 2)[:, None] / total) / 2


def _height(y: np.ndarray, v: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Log-likelihood, shape (S,)."""
    return np.logaddexp.reduce(_log_densities(y, v, at), axis=1).sum(axis=-1)


def _slope_and_curvature(y: np.ndarray, v: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (S, 4) and Hessian (S, 4, 4) of the log-likelihood."""
    log = _log_densities(y, v, at)
    posterior = np.exp(log - np.logaddexp.reduce(log, axis=1)[:, None])
    mean, tau2, further, share = at.T[:, :, None]
    total = np.stack([v + tau2, v + tau2 + further], axis=1)
    r, out = (y - mean)[:, None] + 0 * total, np.array([0.0, 1.0])[:, None]
    by_total = ((r / total) ** 2 - 1 / total) / 2
    by_share = np.stack([-1 / (1 - share), 1 / share], axis=1) + 0 * total
    first = np.stack([r / total, by_total, by_total * out, by_share], axis=-1)
    cross, twice = -r / total**2, 0.5 / total**2 - r**2 / total**3
    second = np.zeros((*total.shape, 4, 4))
    second[..., 0, 0] = -1 / total
    second[..., 0, 1] = second[..., 1, 0] = cross
    second[..., 0, 2] = second[..., 2, 0] = cross * out
    second[..., 1, 1] = twice
    second[..., 1, 2] = second[..., 2, 1] = second[..., 2, 2] = twice * out
    second[..., 3, 3] = -(by_share**2)
    each = np.einsum("sck,sckp->skp", posterior, first)
    curvature = np.einsum("sck,sckpq->spq", posterior, second + first[..., :, None] * first[..., None, :])
    return each.sum(axis=1), curvature - np.einsum("skp,skq->spq", each, each)


def _climb(y: np.ndarray, v: np.ndarray, start: np.ndarray, mean_stays: bool = False) -> np.ndarray:
    """Nearest maxima from S starts (S, 4) by damped Newton steps within the bounds.

    Each step uses the absolute eigenvalues of the curvature, so that it always leads upwards, and is shortened while it
    would lead down; a parameter at its bound that wants beyond it stays there.
    """
    low, high = np.array([-np.inf, 0, 0, LEAST]), np.array([np.inf, np.inf, np.inf, MOST])
    at, damping = np.clip(start, low, high), np.full(len(start), 1e-3)
    height = _height(y, v, at)
    quiet = np.zeros(len(start), dtype=int)
    for _ in range(500):
        slope, curvature = _slope_and_curvature(y, v, at)
        held = ((at <= low) & (slope < 0)) | ((at >= high) & (slope > 0))
        held[:, 0] |= mean_stays
        slope[held] = 0
        curvature[held[:, :, None] | held[:, None, :]] = 0
        values, vectors = np.linalg.eigh(curvature)
        steps = np.einsum(
            "spq,sq->sp", vectors, np.einsum("srq,sr->sq", vectors, slope) / (np.abs(values) + damping[:, None])
        )
        there = np.clip(at + steps, low, high)
        reached = _height(y, v, there)
        better = reached >= height
        quiet = np.where(np.abs(reached - height) < (1e-9 if mean_stays else 1e-11), quiet + 1, 0)
        at[better], height[better] = there[better], reached[better]
        damping = np.clip(np.where(better, damping / 5, damping * 10), 1e-10, 1e12)
        if np.all(quiet > 2):
            break
    return at


def _starts(y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The ordinary model, and models in which the one to four most outlying studies, or a third, are the outliers."""
    tau2 = float(estimate_tau2(y[None], v[None], "ml")[0])
    mean = float(np.sum(y / (v + tau2)) / np.sum(1 / (v + tau2)))
    starts = [np.array([mean, tau2, 1.0, 0.1])]
    away = np.abs(y - np.median(y)) / np.sqrt(v + np.median(v))
    for count in sorted({1, 2, 3, 4, len(y) // 3}):
        if 0 < count < len(y) / 2:
            out = np.argsort(-away)[:count]
            inner = np.delete(np.arange(len(y)), out)
            within = float(np.sum(y[inner] / v[inner]) / np.sum(1 / v[inner]))
            far = float(np.mean((y[out] - within) ** 2))
            starts += [np.array([within, part * np.var(y[inner]), far, count / len(y)]) for part in (0.01, 1.0)]
    return np.array(starts)


def fit_mixture(y: np.ndarray, v: np.ndarray) -> Mixture:
    """Maximum likelihood of the mixture for effects y with variances v, the highest of the maxima from several starts."""
    unit = float(np.sqrt(np.median(v)))
    scaled, variance = y / unit, v / unit**2
    found = _climb(scaled, variance, _starts(scaled, variance))
    height = _height(scaled, variance, found)
    mean, tau2, further, share = map(float, found[np.argmax(height)])
    likelihood = float(height.max()) - len(y) * float(np.log(unit))
    return Mixture(mean * unit, tau2 * unit**2, (tau2 + further) * unit**2, share, likelihood)


def mixture_interval(y: np.ndarray, v: np.ndarray, fit: Mixture, level: float = 0.95) -> tuple[float, float]:
    """Profile-likelihood interval of the mean: each mean is given the other parameters that suit it best. It reaches to where
    the likelihood first falls below the limit on either side."""
    unit = float(np.sqrt(np.median(v)))
    scaled, variance = y / unit, v / unit**2
    best = fit.parameters / np.array([unit, unit**2, unit**2, 1.0])
    centre, top, allowed = float(best[0, 0]), float(_height(scaled, variance, best)[0]), float(chdtri(1, 1 - level))
    starts = np.concatenate([best, _starts(scaled, variance)])

    def lost(mean: float) -> float:
        starts[:, 0] = mean
        found = _climb(scaled, variance, starts, mean_stays=True)
        return 2 * (top - float(_height(scaled, variance, found).max())) - allowed

    def end(step: float) -> float:
        # The profile can have further hills where the mean falls on a precise study: the interval ends before them.
        inner = centre
        while lost(inner + step) < 0:
            inner += step
        return float(brentq(lost, inner, inner + step, xtol=1e-10, rtol=1e-11)) * unit

    step = 0.2 * float(np.sqrt(1 / np.sum(1 / (variance + best[0, 1]))))
    return end(-step), end(step)


@dataclass(frozen=True)
class RobustSummary:
    """Outlier-robust summary of proportions."""

    rows: StudyRows
    fit: Mixture
    level: float

    @property
    def studies(self) -> pd.DataFrame:
        """``label, events, totals, proportion, effect, variance`` and ``outlier``, the chance that a study is one."""
        log = _log_densities(self.rows.y, self.rows.v, self.fit.parameters)[0]
        chance = np.exp(log[1] - np.logaddexp(log[0], log[1])) if self._gained > NOTHING else 0.0
        return self.rows.counts().assign(outlier=chance)

    @cached_property
    def _gained(self) -> float:
        return max(0.0, 2 * (self.fit.log_likelihood - _normal(self.rows.y, self.rows.v)))

    @cached_property
    def _row(self) -> dict[str, object]:
        low, high = mixture_interval(self.rows.y, self.rows.v, self.fit, self.level)
        back = back_transform(np.array([self.fit.mean, low, high]), self.rows.transform, totals=self.rows.totals)
        names = [str(each) for each in self.studies.loc[self.studies["outlier"] > 0.5, "label"]]
        found = self._gained > NOTHING
        said = f"Probably outliers: {', '.join(names)}." if self._gained > WORTH and names else "No outliers stand out."
        return {
            "k": self.rows.k,
            "model": "normal mixture",
            "estimate_transformed": self.fit.mean,
            "estimate": float(back[0]),
            "ci_low": float(back[1]),
            "ci_high": float(back[2]),
            "tau2": self.fit.tau2,
            # With nothing gained the second component is any copy of the first: it has no share and no variance.
            "tau2_outliers": self.fit.tau2_outliers if found else np.nan,
            "share_of_outliers": self.fit.share if found else 0.0,
            "log_likelihood": self.fit.log_likelihood,
            "lrt": self._gained,
            "transform": self.rows.transform,
            "interval": "profile-likelihood",
            "level": self.level,
            "corrected": int(self.rows.corrected.sum()),
            "remark": " ".join((*self.rows.remarks, said)),
        }

    def table(self) -> pd.DataFrame:
        """One row: estimate and profile-likelihood interval (proportions), tau2 of ordinary studies and of outliers, share
        of outliers, and twice the log-likelihood gained over ordinary random effects (``lrt``; its distribution is not
        chi-squared, so it has no p-value here); ``corrected`` is the number of studies to which half an event was added."""
        return pd.DataFrame([self._row])

    def __str__(self) -> str:
        r = self._row
        return (
            f"Outlier-robust summary of {r['k']} studies (normal mixture, {r['transform']}): "
            f"{r['estimate']:.4f} ({r['ci_low']:.4f} to {r['ci_high']:.4f}); {r['remark']}"
        )


def _normal(y: np.ndarray, v: np.ndarray) -> float:
    """Log-likelihood of ordinary random effects at its maximum."""
    total = v + estimate_tau2(y[None], v[None], "ml")[0]
    mean = np.sum(y / total) / np.sum(1 / total)
    return -float(np.sum(np.log(2 * np.pi * total) + (y - mean) ** 2 / total)) / 2


def outlier_robust(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    *,
    transform: str = "logit",
    level: float = 0.95,
    label: str | None = None,
) -> RobustSummary:
    """Combine proportions so that outlying studies count less, and say which they are.

    Parameters
    ----------
    frame : a row a study. events, totals : columns with the counts. transform, level : as in `pool`.

    Maximum likelihood of Beath's mixture (the model of R's metaplus with ``random = "mixture"``; outliers are at most half
    of the studies), with the profile-likelihood interval of the mean. Outlying is not wrong: look for the reason first.

    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts and fewer than five studies.
    """
    studies = study_rows(frame, events, totals, transform, label)
    if studies.k < 5:
        raise SynthesisError(f"A robust summary needs at least five studies to tell outliers from others; there are {studies.k}.")  # fmt: skip
    return RobustSummary(studies, fit_mixture(studies.y, studies.v), level)
