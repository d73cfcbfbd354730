"""Proportions on the scale on which they are pooled, with their sampling variance, and the way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.options import BACK_TRANSFORMATIONS, CONTINUITY_TO, TRANSFORMS, one_of

#: These bear studies with none or all: nothing is added to their counts.
_WITHOUT_CONTINUITY = ("double-arcsine", "arcsine")


def effect_sizes(
    events: ArrayLike,
    totals: ArrayLike,
    transform: str = "logit",
    continuity: float = 0.5,
    continuity_to: str = "only-zero",
) -> tuple[np.ndarray, np.ndarray]:
    """Transformed proportions and their sampling variances.

    Parameters
    ----------
    events, totals : counts, 0 <= events <= totals, arrays of one shape; the last axis runs over the studies of one
        meta-analysis.
    transform : one of TRANSFORMS.
    continuity : what is added to events and to non-events; the two arcsine transformations never need it.
    continuity_to : which studies receive it: ``only-zero`` (those with none or all), ``all``, ``if-any-zero`` (all
        studies of a meta-analysis with such a study), ``none``.

    Returns (y, v), both of the shape of the input. A study that cannot be transformed (none of 10 as a logit without a
    continuity correction) has y and v missing. The five measures are metafor's PLO, PFT, PAS, PLN and PR; the double
    arcsine is half the sum of the two angles (Freeman and Tukey 1950, doi 10.1214/aoms/1177729756), with variance
    1/(4n+2).

    Raises SynthesisError for an unknown word or a negative continuity correction.
    """
    one_of("transform", transform, TRANSFORMS)
    one_of("continuity_to", continuity_to, CONTINUITY_TO)
    if not continuity >= 0:
        raise SynthesisError(f"continuity is 0 or more, such as 0.5; it is {continuity}.")
    x, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    n = np.where(n > 0, n, np.nan)
    added = continuity * corrected(x, n, transform, continuity, continuity_to)
    x, n = x + added, n + 2 * added
    with np.errstate(divide="ignore", invalid="ignore"):
        y, v = _transformed(x, n, transform)
    usable = np.isfinite(y) & np.isfinite(v)
    return np.where(usable, y, np.nan), np.where(usable, v, np.nan)


def corrected(
    events: ArrayLike,
    totals: ArrayLike,
    transform: str = "logit",
    continuity: float = 0.5,
    continuity_to: str = "only-zero",
) -> np.ndarray:
    """True for each study to whose counts `effect_sizes` adds the continuity correction; parameters as there."""
    x, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    extreme = (x == 0) | (x == n)
    if transform in _WITHOUT_CONTINUITY or continuity == 0 or continuity_to == "none":
        return np.zeros_like(extreme)
    if continuity_to == "all":
        return np.ones_like(extreme)
    if continuity_to == "if-any-zero":
        return np.broadcast_to(extreme.any(axis=-1, keepdims=True), extreme.shape)
    return extreme


def _transformed(x: np.ndarray, n: np.ndarray, transform: str) -> tuple[np.ndarray, np.ndarray]:
    if transform == "logit":
        return np.log(x / (n - x)), 1 / x + 1 / (n - x)
    if transform == "log":
        return np.log(x / n), (n - x) / (x * n)
    if transform == "raw":
        return x / n, x * (n - x) / n**3
    if transform == "arcsine":
        return np.arcsin(np.sqrt(x / n)), 1 / (4 * n)
    return (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2, 1 / (4 * n + 2)


def back_transform(
    value: ArrayLike,
    transform: str,
    totals: ArrayLike | None = None,
    variance: ArrayLike | None = None,
    method: str = "harmonic-mean",
) -> np.ndarray:
    """Proportions between 0 and 1 that belong to transformed values.

    Parameters
    ----------
    value : transformed values (a pooled mean, a bound of an interval), an array of any shape.
    transform : one of TRANSFORMS; the other parameters matter only to ``double-arcsine``.
    totals : sample sizes; the last axis runs over the studies that were pooled. For ``harmonic-mean``.
    variance : squared standard error of the pooled value, of a shape that goes with `value`. For ``inverse-variance``.
    method : one of BACK_TRANSFORMATIONS.

    The inverse of the double arcsine depends on a sample size, which a pooled value does not have. ``harmonic-mean`` puts
    the harmonic mean of the totals into Miller's inverse (1978, doi 10.1080/00031305.1978.10479283; metafor's
    transf.ipft.hm); ``inverse-variance`` the size that a single study of the pooled variance would have (Barendregt and
    others 2013, doi 10.1136/jech-2013-203104; Doi and Xu 2021, doi 10.1002/jrsm.1478 defend it); ``plain`` is the
    squared sine, the limit for large samples. They can differ widely when sample sizes do: see Schwarzer and others 2019,
    doi 10.1002/jrsm.1348. A bound below 0 or above 1 (raw, log), or beyond the range of the angles, is 0 or 1.

    Raises SynthesisError for an unknown word, or when what the method needs was not given.
    """
    one_of("transform", transform, TRANSFORMS)
    one_of("back_transformation", method, BACK_TRANSFORMATIONS)
    t = np.asarray(value, dtype=float)
    if transform == "logit":
        return expit(t)
    if transform in ("log", "raw"):
        return np.clip(np.exp(np.minimum(t, 0)) if transform == "log" else t, 0, 1)
    if transform == "arcsine" or method == "plain":
        return np.sin(np.clip(t, 0, np.pi / 2)) ** 2
    if method == "harmonic-mean":
        if totals is None:
            raise SynthesisError("The way back with the harmonic mean needs the totals of the studies.")
        return miller(t, 1 / np.mean(1 / np.asarray(totals, dtype=float), axis=-1))
    if variance is None:
        raise SynthesisError("The way back with the inverse variance needs the variance of the pooled value.")
    # The variance is that of the mean of the two angles; that of their sum, 4 times it, is 1/(n + 1/2).
    with np.errstate(divide="ignore"):  # without any variance the size is infinite
        size = 1 / (4 * np.asarray(variance, dtype=float))
    return miller(t, size)


def miller(value: ArrayLike, size: ArrayLike) -> np.ndarray:
    """Miller's inverse of the double arcsine for a sample size; 0 below the angle of none and 1 above that of all."""
    t, n = np.broadcast_arrays(np.asarray(value, dtype=float), np.asarray(size, dtype=float))
    least = np.arcsin(np.sqrt(1 / (n + 1))) / 2
    inside = np.clip(t, least, np.pi / 2 - least)
    double = np.sin(2 * inside)
    with np.errstate(divide="ignore", invalid="ignore"):  # an infinite size at an angle of 0, which is replaced below
        sine = double + (double - 1 / double) / n
    cosine = np.sign(np.cos(2 * inside)) * np.sqrt(np.maximum(1 - sine**2, 0))
    # Half of 1 - cosine, in the form that keeps its digits where the proportion is small.
    proportion = np.where(cosine > 0, sine**2 / (2 * (1 + np.abs(cosine))), (1 - cosine) / 2)
    return np.where(t <= least, 0.0, np.where(t >= np.pi / 2 - least, 1.0, np.where(np.isnan(t), np.nan, proportion)))
