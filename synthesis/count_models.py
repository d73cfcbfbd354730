"""Models of the counts themselves for many meta-analyses at once, with results named as those of `inverse_variance`."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from synthesis.glmm import fit_glmm
from synthesis.inverse_variance import interval_quantile, prediction_interval
from synthesis.pooling_options import PoolingOptions

_WHY_NOT = {
    "no events": "No events in any study: the model's mean runs to 0 and has no interval.",
    "events only": "Nothing but events in every study: the model's mean runs to 1 and has no interval.",
    "none or all in every study": "Every study has none or all events: tau2 grows without limit.",
    "not converged": "The likelihood has no maximum that could be reached.",
}


def binomial_normal(x: np.ndarray, n: np.ndarray, options: PoolingOptions) -> dict[str, np.ndarray]:
    """Binomial-normal model (`glmm.fit_glmm`) of G meta-analyses of k studies; counts of shape (G, k), arrays (G,).

    Returns what `inverse_variance.inverse_variance` does, but for weights and the intervals of tau2, I2 and H2, and
    ``log_likelihood, lrt, lrt_df, lrt_p`` (tau2 against 0), ``q_lrt, q_lrt_p, marginal_mean, why_not``. ``q`` is Wald's
    Q, ``q_lrt`` the likelihood-ratio one; rma.glmm prints both.
    """
    fit = fit_glmm(x, n)
    out = {
        "mu": fit.mu, "se": fit.se, "tau2": fit.tau2, "i2": fit.i2, "h2": fit.h2, "log_likelihood": fit.log_likelihood,
        "lrt": fit.lrt, "lrt_df": np.where(np.isnan(fit.lrt), np.nan, 1), "lrt_p": fit.lrt_p, "marginal_mean": fit.marginal_mean,
    }  # fmt: skip
    if not options.random or x.shape[-1] == 1:
        out = one_proportion(x, n) | {"log_likelihood": fit.log_likelihood_common}
    out |= {"q": fit.q_wald, "q_df": fit.q_df, "q_p": _p_value(fit.q_df, fit.q_wald)}
    out |= {"q_lrt": fit.q_lrt, "q_lrt_p": fit.q_lrt_p}
    out["why_not"] = np.array([_WHY_NOT.get(state) for state in fit.state], dtype=object)
    return with_intervals(out, x.shape[-1], options)


def one_proportion(x: np.ndarray, n: np.ndarray) -> dict[str, np.ndarray]:
    """One proportion for all studies, by maximum likelihood: the logit of all events in all people."""
    events, others = x.sum(axis=-1), (n - x).sum(axis=-1)
    inside = (events > 0) & (others > 0)
    events, others = np.where(inside, events, np.nan), np.where(inside, others, np.nan)
    mean = events / (events + others)
    return {
        "mu": np.log(events / others),
        "se": np.sqrt(1 / events + 1 / others),
        "tau2": 0 * mean,
        "marginal_mean": mean,
    }


def with_intervals(out: dict[str, np.ndarray], k: int, options: PoolingOptions) -> dict[str, np.ndarray]:
    """Add both intervals on the logit scale to ``mu, se, tau2``; one study, or a common effect, predicts nothing."""
    reach = interval_quantile(options.used_interval, k, options.level) * out["se"]
    out |= {"low": out["mu"] - reach, "high": out["mu"] + reach}
    if options.random and k > 1:
        out["pi_low"], out["pi_high"] = prediction_interval(out["mu"], out["se"], out["tau2"], k, options)
    elif options.random:
        out["tau2"] = out["marginal_mean"] = np.full_like(out["mu"], np.nan)
    return out


def _p_value(df: np.ndarray, q: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(q), np.nan, np.where(df > 0, chdtrc(np.maximum(df, 1), q), 1.0))
