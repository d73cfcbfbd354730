"""Inverse-variance pooling of many meta-analyses at once, on the scale of the effects: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri, ndtri, stdtrit

from synthesis.pooling.heterogeneity import estimate_tau2, heterogeneity, q_profile, tau2_where_q_is
from synthesis.pooling.options import PoolingOptions

#: Draws of a bootstrap prediction interval: strata of tau2, and draws of mean and study in each.
STRATA, DRAWS = 400, 25
SEED = 20040521  # any fixed number: the same data give the same interval


def inverse_variance(y: np.ndarray, v: np.ndarray, options: PoolingOptions) -> dict[str, np.ndarray]:
    """Pooled mean, intervals and heterogeneity of G meta-analyses of k studies, all on the transformed scale.

    Parameters
    ----------
    y, v : effects and sampling variances (above 0), shape (G, k).

    Returns arrays of shape (G,) by name: ``mu, se, low, high, pi_low, pi_high, tau2, tau2_low, tau2_high, i2, i2_low,
    i2_high, h2, h2_low, h2_high, q, q_df, q_p``, and ``weight`` of shape (G, k) in percent. A common effect has no
    prediction interval, tau2 is 0 by supposition, and I2 and H2 come from Q. Of a single study there is the study and
    its Wald interval, as in metafor, and nothing about differences.
    """
    groups, k = y.shape
    nothing = np.full(groups, np.nan)
    tau2 = estimate_tau2(y, v, options.tau2) if options.random and k > 1 else np.zeros(groups)
    about = heterogeneity(y, v, tau2)
    out = {"q": about.q, "q_df": np.full(groups, about.q_df), "q_p": about.q_p, "tau2": tau2}
    out |= dict.fromkeys(("pi_low", "pi_high", "tau2_low", "tau2_high"), nothing)
    if options.random and k > 1:
        if options.with_tau2_interval:
            out["tau2_low"], out["tau2_high"] = q_profile(y, v, options.level)
        out |= {"i2": about.i2, "h2": about.h2}
    elif k > 1:
        out |= {"i2": 100 * np.maximum(1 - about.q_df / np.maximum(about.q, 1e-300), 0), "h2": about.q / about.q_df}
    else:
        out |= {"tau2": nothing if options.random else tau2, "i2": nothing, "h2": nothing}
    for bound in ("low", "high"):
        bounded = out[f"tau2_{bound}"]
        out[f"i2_{bound}"] = 100 * bounded / (bounded + about.typical)
        out[f"h2_{bound}"] = 1 + bounded / about.typical
    w = 1 / (v + tau2[:, None])
    out["mu"], out["se"] = _mean(y, w, options.used_interval)
    out["weight"] = 100 * w / w.sum(axis=-1, keepdims=True)
    reach = interval_quantile(options.used_interval, k, options.level) * out["se"]
    out["low"], out["high"] = out["mu"] - reach, out["mu"] + reach
    if options.random and k > 1:
        if options.prediction == "bootstrap":
            out["pi_low"], out["pi_high"] = _bootstrap(y, v, options.level)
        else:
            out["pi_low"], out["pi_high"] = prediction_interval(out["mu"], out["se"], tau2, k, options)
    return out


def _mean(y: np.ndarray, w: np.ndarray, interval: str) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and its standard error; Hartung and Knapp's where the interval asks for it."""
    k, total = y.shape[-1], w.sum(axis=-1)
    mu = np.sum(w * y, axis=-1) / total
    if k == 1 or not interval.startswith("hartung-knapp"):
        return mu, 1 / np.sqrt(total)
    scale = np.sum(w * (y - mu[..., None]) ** 2, axis=-1) / (k - 1)
    if interval == "hartung-knapp-adhoc":
        scale = np.maximum(scale, 1)
    return mu, np.sqrt(scale / total)


def interval_quantile(interval: str, k: int, level: float) -> float:
    """How many standard errors an interval reaches: z for ``wald``, ``profile`` and one study, else t with k-1 degrees."""
    upper = 0.5 + level / 2
    return float(ndtri(upper) if interval in ("wald", "profile") or k == 1 else stdtrit(k - 1, upper))


def prediction_interval(
    mu: np.ndarray, se: np.ndarray, tau2: np.ndarray, k: int, options: PoolingOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Where the true value of a further study lies, by the squared standard error plus tau2, on the scale of `mu`.

    ``same`` takes the quantile of the interval, as metafor's ``predict`` does; ``hts-k2`` and ``hts-k1`` t with k-2
    (Higgins, Thompson and Spiegelhalter 2009, doi 10.1111/j.1467-985X.2008.00552.x) and k-1 degrees; missing where no
    degree is left, and for ``none``.
    """
    reach = prediction_quantile(k, options) * np.sqrt(se**2 + tau2)
    return mu - reach, mu + reach


def prediction_quantile(k: int, options: PoolingOptions) -> float:
    """How many standard deviations a prediction interval reaches; nan where there is none."""
    degrees = {"hts-k2": k - 2, "hts-k1": k - 1}.get(options.prediction)
    if options.prediction in ("none", "bootstrap") or (degrees is not None and degrees < 1):
        return float("nan")
    if degrees is None:
        return interval_quantile(options.used_interval, k, options.level)
    return float(stdtrit(degrees, 0.5 + options.level / 2))


def _bootstrap(y: np.ndarray, v: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Prediction interval that lets tau2 vary as the data leave it open, two arrays of shape (G,).

    tau2 is drawn from its confidence distribution (the values at which the generalised Q is a draw of chi squared, 0
    where there is none), then the mean around its estimate at that tau2 (Hartung and Knapp, t with k-1), then a study
    around the mean. After Nagashima, Noma and Furukawa 2019, doi 10.1177/0962280218773520, whose Q is Cochran's. The
    draws of tau2 are evenly spread over its distribution, and the seed is fixed.
    """
    k = y.shape[-1]
    random = np.random.default_rng(SEED)
    wanted = chdtri(k - 1, 1 - (np.arange(STRATA) + 0.5) / STRATA)
    t, z = random.standard_t(k - 1, (STRATA, DRAWS)), random.standard_normal((STRATA, DRAWS))
    bounds = np.empty((len(y), 2))
    for group in range(len(y)):
        some_y, some_v = np.broadcast_to(y[group], (STRATA, k)), np.broadcast_to(v[group], (STRATA, k))
        tau2 = tau2_where_q_is(some_y, some_v, wanted)
        mu, se = _mean(some_y, 1 / (some_v + tau2[:, None]), "hartung-knapp")
        draws = mu[:, None] + t * se[:, None] + z * np.sqrt(tau2)[:, None]
        bounds[group] = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
    return bounds[:, 0], bounds[:, 1]
