"""Models of the counts themselves for many meta-analyses at once, with results named as those of `inverse_variance`."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, chdtrc, logit

from synthesis.beta_binomial import fit_beta_binomial
from synthesis.glmm import fit_glmm
from synthesis.glmm_intervals import profile_intervals
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

    Returns what `inverse_variance.inverse_variance` does, but for weights and the intervals of I2 and H2, and
    ``log_likelihood, lrt, lrt_df, lrt_p`` (tau2 against 0), ``q_lrt, q_lrt_p, marginal_mean, why_not``. ``q`` is Wald's
    Q, ``q_lrt`` the likelihood-ratio one; rma.glmm prints both. The interval of tau2 is that of the profile likelihood.
    """
    fit, k = fit_glmm(x, n), x.shape[-1]
    about = {"q": fit.q_wald, "q_df": fit.q_df, "q_p": _p_value(fit.q_df, fit.q_wald), "q_lrt": fit.q_lrt, "q_lrt_p": fit.q_lrt_p}  # fmt: skip
    about["why_not"] = np.array([_WHY_NOT.get(state) for state in fit.state], dtype=object)
    if not options.random or k == 1:
        return with_intervals(about | one_proportion(x, n) | {"log_likelihood": fit.log_likelihood_common}, k, options)
    about |= {"mu": fit.mu, "se": fit.se, "tau2": fit.tau2, "i2": fit.i2, "h2": fit.h2, "marginal_mean": np.where(fit.converged, fit.marginal_mean, np.nan)}  # fmt: skip
    out = with_intervals(about | _likelihood_ratio(fit), k, options)
    if options.with_tau2_interval or options.used_interval == "profile":
        bounds = profile_intervals(x, n, fit, options.level)
        out |= {"tau2_low": bounds.tau2_low, "tau2_high": bounds.tau2_high}
        if options.used_interval == "profile":
            out |= {"low": bounds.mu_low, "high": bounds.mu_high}
    return out


def beta_binomial(x: np.ndarray, n: np.ndarray, options: PoolingOptions) -> dict[str, np.ndarray]:
    """Beta-binomial model (`beta_binomial.fit_beta_binomial`) of G meta-analyses of k studies; counts of shape (G, k).

    Returns as `binomial_normal`, but that ``rho``, the correlation within studies, stands in the place of tau2. Its mean
    is the average over studies. The prediction interval holds the middle of the fitted beta distribution, without the
    uncertainty of the fit.
    """
    fit, k = fit_beta_binomial(x, n), x.shape[-1]
    about = {"why_not": np.array([_WHY_NOT.get(state) for state in fit.state], dtype=object)}
    if not options.random or k == 1:
        return with_intervals(about | one_proportion(x, n) | {"log_likelihood": fit.log_likelihood_common}, k, options)
    about |= {"mu": fit.mu, "se": fit.se, "marginal_mean": np.where(fit.converged, fit.mean, np.nan)} | _likelihood_ratio(fit)  # fmt: skip
    out = with_intervals({**about, "rho": fit.rho, "tau2": np.full_like(fit.mu, np.nan)}, k, options)
    if options.prediction != "none":
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = fit.mean / fit.theta, (1 - fit.mean) / fit.theta
            bounds = [betaincinv(one, other, 0.5 + side * options.level / 2) for side in (-1, 1)]
            out["pi_low"], out["pi_high"] = (logit(np.where(fit.theta > 0, each, fit.mean)) for each in bounds)
    return out


def _likelihood_ratio(fit) -> dict[str, np.ndarray]:
    """Test of differences between studies against none."""
    df = np.where(np.isnan(fit.lrt), np.nan, 1)
    return {"log_likelihood": fit.log_likelihood, "lrt": fit.lrt, "lrt_df": df, "lrt_p": fit.lrt_p}


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
