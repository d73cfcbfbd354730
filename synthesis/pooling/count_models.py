"""Models of the counts themselves for many meta-analyses at once, with results named as those of `inverse_variance`."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, chdtrc, logit

from synthesis.pooling.beta_binomial import fit_beta_binomial
from synthesis.pooling.cautions import exact_bound, none_or_all
from synthesis.pooling.glmm import fit_glmm, inconsistency, study_weights
from synthesis.pooling.glmm_intervals import profile_intervals
from synthesis.pooling.inverse_variance import interval_quantile, prediction_interval, prediction_quantile
from synthesis.pooling.maxima import Groups
from synthesis.pooling.options import PoolingOptions

_WHY_NOT = {
    "none or all in every study": "Every study has none or all events: tau2 grows without limit.",
    "not converged": "The likelihood has no maximum that could be reached.",
}


def binomial_normal(x: np.ndarray, n: np.ndarray, options: PoolingOptions) -> dict[str, np.ndarray]:
    """Binomial-normal model (`glmm.fit_glmm`) of G meta-analyses of k studies; counts of shape (G, k), arrays (G,).

    Returns what `inverse_variance.inverse_variance` does, and ``log_likelihood, lrt, lrt_df, lrt_p`` (tau2 against 0),
    ``q_lrt, q_lrt_p, marginal_mean, why_not``. ``q`` is Wald's Q, ``q_lrt`` the likelihood-ratio one; rma.glmm prints both.
    The interval of tau2 is that of the profile likelihood, and those of I2 and H2 follow from it; ``weight`` is
    `glmm.study_weights`.
    """
    fit, k = fit_glmm(x, n), x.shape[-1]
    about = {"q": fit.q_wald, "q_df": fit.q_df, "q_p": _p_value(fit.q_df, fit.q_wald), "q_lrt": fit.q_lrt, "q_lrt_p": fit.q_lrt_p}  # fmt: skip
    about["why_not"] = _why_not(fit.state, x, n, options)
    if not options.random or k == 1:
        return with_intervals(about | one_proportion(x, n) | {"log_likelihood": fit.log_likelihood_common}, k, options)
    about |= {"mu": fit.mu, "se": fit.se, "tau2": fit.tau2, "i2": fit.i2, "h2": fit.h2, "marginal_mean": np.where(fit.converged, fit.marginal_mean, np.nan)}  # fmt: skip
    about |= {"weight": study_weights(x, n, fit)}
    out = with_intervals(about | _likelihood_ratio(fit), k, options)
    of_mean = options.used_interval == "profile"
    if options.with_tau2_interval or of_mean:
        bounds = profile_intervals(x, n, fit, options.level, mean=of_mean)
        if of_mean:
            out |= {"low": bounds.mu_low, "high": bounds.mu_high}
        if options.with_tau2_interval:
            data = Groups(x, n, np.ones((*x.shape, 1)), np.ones(len(x)))
            for name, tau2 in (("low", bounds.tau2_low), ("high", bounds.tau2_high)):
                out[f"tau2_{name}"] = tau2
                out[f"i2_{name}"], out[f"h2_{name}"] = inconsistency(data, np.where(np.isinf(tau2), np.nan, tau2))
    return out


def beta_binomial(x: np.ndarray, n: np.ndarray, options: PoolingOptions) -> dict[str, np.ndarray]:
    """Beta-binomial model (`beta_binomial.fit_beta_binomial`) of G meta-analyses of k studies; counts of shape (G, k).

    Returns as `binomial_normal`, but that ``rho``, the correlation within studies, stands in the place of tau2. Its mean
    is the average over studies. The prediction interval holds the middle of the fitted beta distribution and, since the
    mean is uncertain too, goes on each side the root of the sum of both squared distances from the mean (as Zou and Donner
    2008, doi 10.1002/sim.3095, join intervals): it is never narrower than the mean's own. With random effects there is no
    ``weight``: the likelihood of one study is not log-concave in the logit of the mean, so that its part of the observed
    information can be negative.
    """
    fit, k = fit_beta_binomial(x, n), x.shape[-1]
    about = {"why_not": _why_not(fit.state, x, n, options)}
    if not options.random or k == 1:
        return with_intervals(about | one_proportion(x, n) | {"log_likelihood": fit.log_likelihood_common}, k, options)
    about |= {"mu": fit.mu, "se": fit.se, "marginal_mean": np.where(fit.converged, fit.mean, np.nan)} | _likelihood_ratio(fit)  # fmt: skip
    out = with_intervals({**about, "rho": fit.rho, "tau2": np.full_like(fit.mu, np.nan)}, k, options)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = fit.mean / fit.theta, (1 - fit.mean) / fit.theta
        for side, name in ((-1, "pi_low"), (1, "pi_high")):
            bound = logit(betaincinv(one, other, 0.5 + side * options.level / 2))
            away = np.where(fit.theta > 0, np.maximum(side * (bound - fit.mu), 0), 0)
            out[name] = fit.mu + side * np.hypot(away, prediction_quantile(k, options) * fit.se)
    return out


def _why_not(state: np.ndarray, x: np.ndarray, n: np.ndarray, options: PoolingOptions) -> np.ndarray:
    """Why there is no estimate, and what the counts say all the same; None where there is one."""
    said = np.array([_WHY_NOT.get(each) for each in state], dtype=object)
    for i in np.flatnonzero((state == "no events") | (state == "events only")):
        end = 0 if state[i] == "no events" else 1
        said[i] = (
            f"{none_or_all(x[i], n[i])}: the model's mean runs to {end} and has no interval. "
            f"{exact_bound(x[i], n[i], options.level)}"
        )
    return said


def _likelihood_ratio(fit) -> dict[str, np.ndarray]:
    """Test of differences between studies against none."""
    df = np.where(np.isnan(fit.lrt), np.nan, 1)
    return {"log_likelihood": fit.log_likelihood, "lrt": fit.lrt, "lrt_df": df, "lrt_p": fit.lrt_p}


def one_proportion(x: np.ndarray, n: np.ndarray) -> dict[str, np.ndarray]:
    """One proportion for all studies, by maximum likelihood: the logit of all events in all people.

    What a study says about it, n p (1 - p), is in proportion to its people: ``weight`` (G, k), in percent.
    """
    events, others = x.sum(axis=-1), (n - x).sum(axis=-1)
    inside = (events > 0) & (others > 0)
    events, others = np.where(inside, events, np.nan), np.where(inside, others, np.nan)
    mean = events / (events + others)
    return {
        "mu": np.log(events / others),
        "se": np.sqrt(1 / events + 1 / others),
        "tau2": 0 * mean,
        "marginal_mean": mean,
        "weight": np.where(inside[..., None], 100 * n / n.sum(axis=-1, keepdims=True), np.nan),
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
