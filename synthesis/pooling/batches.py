"""Meta-analyses of equal size fitted together: arrays of counts in, columns of results out, with what must be said of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthesis.pooling.count_models import beta_binomial, binomial_normal
from synthesis.pooling.effects import back_transform, effect_sizes
from synthesis.pooling.glmm import marginal_mean
from synthesis.pooling.inverse_variance import inverse_variance
from synthesis.pooling.options import BACK_TRANSFORMATIONS, PoolingOptions

#: Columns of results that are numbers, and missing where there is none.
NUMBERS = (
    "estimate_transformed", "se", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "tau2_low", "tau2_high",
    "i2", "h2", "q", "q_df", "q_p", "i2_low", "i2_high", "h2_low", "h2_high", "log_likelihood", "lrt", "lrt_df", "lrt_p",
    "q_lrt", "q_lrt_p", "marginal_mean", "rho", "events", "totals",
)  # fmt: skip


def impossible(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Where counts are missing or cannot be: people are whole."""
    return ~((x >= 0) & (x <= n) & (n > 0) & np.isfinite(n) & (x == np.floor(x)) & (n == np.floor(n)))


def pooled_columns(
    x: np.ndarray, n: np.ndarray, codes: np.ndarray, groups: int, options: PoolingOptions
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns of all groups, and effect, variance and weight of all studies. Groups of equal size are fitted together."""
    wrong = np.isin(codes, codes[impossible(x, n)])
    y, v = _effects(x, n, codes, wrong, options)
    usable = ~wrong
    if options.model == "inverse-variance":
        usable &= np.isfinite(y) & (v > 0)
    out = {name: np.full(groups, np.nan) for name in NUMBERS}
    remarks = np.full(groups, "", dtype=object)
    weight = np.full(len(x), np.nan)
    out["k"] = np.zeros(groups, dtype=np.int64)
    for some, rows in _batches(codes, usable, groups):
        values = _fitted(x[rows], n[rows], y[rows], v[rows], options)
        weight[rows] = values.pop("weight", np.nan)
        remarks[some] = values.pop("remark")
        out["k"][some] = rows.shape[1]
        for name, value in values.items():
            out[name][some] = value
    remarks += _left_out(codes, wrong, usable, groups)
    about = {
        "model": options.model, "transform": options.transform, "effects": options.effects,
        "tau2_method": _tau2_method(options), "interval": options.used_interval, "prediction": options.prediction,
        "level": options.level,
        "back_transformation": options.back_transformation if options.transform == "double-arcsine" else None,
    }  # fmt: skip
    out |= {name: np.full(groups, value, dtype=object if name != "level" else float) for name, value in about.items()}
    out["interval"][out["k"] == 1] = "wald"
    out["remark"] = np.array([each.strip() or None for each in remarks], dtype=object)
    return out, {"effect": y, "variance": v, "weight": weight}


def _effects(x, n, codes, wrong, options: PoolingOptions) -> tuple[np.ndarray, np.ndarray]:
    """Effects and variances of all studies in one go; a correction of whole meta-analyses is given out by group."""
    x, n = np.where(wrong, np.nan, x), np.where(wrong, np.nan, n)
    if options.continuity_to != "if-any-zero":
        return effect_sizes(x, n, options.transform, options.continuity, options.continuity_to)
    hit = np.isin(codes, codes[(x == 0) | (x == n)])
    with_it = effect_sizes(x, n, options.transform, options.continuity, "all")
    without = effect_sizes(x, n, options.transform, options.continuity, "none")
    return np.where(hit, with_it[0], without[0]), np.where(hit, with_it[1], without[1])


def _batches(codes: np.ndarray, usable: np.ndarray, groups: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Groups of equal size together: their numbers (G,), and the rows of their studies (G, k) in the order of the frame."""
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    sizes = np.bincount(codes[rows], minlength=groups)
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    for size in np.unique(sizes[sizes > 0]):
        some = np.flatnonzero(sizes == size)
        yield some, rows[starts[some][:, None] + np.arange(size)]


def _fitted(
    x: np.ndarray, n: np.ndarray, y: np.ndarray, v: np.ndarray, options: PoolingOptions
) -> dict[str, np.ndarray]:
    """Columns of one batch, arrays of shape (G, k) in, (G,) out."""
    if options.model == "inverse-variance":
        fit = inverse_variance(y, v, options)
    else:
        fit = (binomial_normal if options.model == "glmm" else beta_binomial)(x, n, options)
    missing = np.full(len(x), np.nan)

    def back(name: str, method: str = options.back_transformation) -> np.ndarray:
        return back_transform(fit.get(name, missing), options.transform, n, fit["se"] ** 2, method)

    values = {name: fit[name] for name in (*NUMBERS, "weight") if name in fit}
    values |= {
        "estimate_transformed": fit["mu"],
        "estimate": back("mu"),
        "ci_low": back("low"),
        "ci_high": back("high"),
    }
    if "tau2_high" in values:
        values["tau2_high"] = np.where(np.isinf(values["tau2_high"]), np.nan, values["tau2_high"])
    values |= {"pi_low": back("pi_low"), "pi_high": back("pi_high"), "events": x.sum(axis=-1), "totals": n.sum(axis=-1)}
    if options.model == "inverse-variance" and options.transform == "logit" and options.random and y.shape[1] > 1:
        values["marginal_mean"] = marginal_mean(fit["mu"], fit["tau2"])
    values["remark"] = _remarks(
        fit, {method: back("mu", method) for method in BACK_TRANSFORMATIONS}, x.shape[1], options
    )
    return values


def _remarks(fit: dict[str, np.ndarray], ways: dict[str, np.ndarray], k: int, options: PoolingOptions) -> np.ndarray:
    """What a reader must know about each result, as sentences."""
    said = np.full(len(fit["mu"]), "", dtype=object)

    def say(where: np.ndarray | bool, sentence: str) -> None:
        said[np.broadcast_to(where, said.shape)] += f" {sentence}"

    if "why_not" in fit:
        said += np.array([f" {why}" if why else "" for why in fit["why_not"]], dtype=object)
    say(
        (k == 1) & ~np.isnan(fit["mu"]),
        "One study: it stands for itself, with an interval by z; how far studies differ cannot be seen.",
    )
    if options.random and k == 2 and options.prediction == "hts-k2":
        say(True, "Two studies leave no degree of freedom for this prediction interval.")
    if "tau2_high" in fit:
        say(
            fit["tau2_high"] == 0,
            "Studies differ less than chance lets them: the interval of tau2 is empty, shown as 0 to 0.",
        )
        outside = (fit["tau2"] < fit["tau2_low"] * (1 - 1e-6)) | (fit["tau2"] > fit["tau2_high"] * (1 + 1e-6))
        say(
            outside & (fit["tau2_high"] > 0),
            "tau2 lies outside its interval, which comes from Q (as Paule and Mandel's estimator does) and not from this estimator.",
        )
    say(
        fit["se"] == 0,
        "All effects are the same, which leaves Hartung and Knapp's interval without width; hartung-knapp-adhoc keeps one.",
    )
    if options.transform in ("raw", "log"):
        ends = [fit[name] for name in ("low", "high", "pi_low", "pi_high")]
        top = 1 if options.transform == "raw" else 0
        beyond = np.any([(end > top) | ((end < 0) & (options.transform == "raw")) for end in ends], axis=0)
        say(beyond, "A bound beyond 0 or 1 is shown as 0 or 1.")
    if options.transform == "double-arcsine":
        told = zip(*(100 * ways[method] for method in BACK_TRANSFORMATIONS), strict=True)
        said += np.array([_DOUBLE_ARCSINE.format(*each) for each in told], dtype=object)
    return said


_DOUBLE_ARCSINE = (
    " The way back from the double arcsine depends on a sample size that a mean does not have, and can mislead (Schwarzer 2019):"
    " harmonic mean {:.3g} %, inverse variance {:.3g} %, plain {:.3g} %."
)


def _left_out(codes: np.ndarray, wrong: np.ndarray, usable: np.ndarray, groups: int) -> np.ndarray:
    """Sentences on studies that did not enter their group's model."""
    sizes = np.bincount(codes, minlength=groups)
    lost = sizes - np.bincount(codes[usable], minlength=groups)
    said = np.full(groups, "", dtype=object)
    for group in np.flatnonzero(lost):
        said[group] = f" {lost[group]} of {sizes[group]} studies left out: with none or all they have no effect or no variance without a continuity correction."  # fmt: skip
    said[np.unique(codes[wrong])] = (
        " Not pooled: a count is missing or impossible (whole numbers; events lie between 0 and their totals, totals above 0)."
    )
    return said


def _tau2_method(options: PoolingOptions) -> str | None:
    if not options.random:
        return None
    return options.tau2 if options.model == "inverse-variance" else "ml"
