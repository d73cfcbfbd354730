"""Meta-analyses of equal size fitted together: arrays of counts in, columns of results out, with what must be said of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthesis.pooling.cautions import correction_said, exact_bound, none_or_all
from synthesis.pooling.count_models import beta_binomial, binomial_normal
from synthesis.pooling.counts import impossible
from synthesis.pooling.effects import back_transform, corrected, effect_sizes
from synthesis.pooling.glmm import marginal_mean
from synthesis.pooling.inverse_variance import inverse_variance
from synthesis.pooling.options import BACK_TRANSFORMATIONS, PoolingOptions

#: Columns of results that are numbers, and missing where there is none.
NUMBERS = (
    "estimate_transformed", "se", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "tau2_low", "tau2_high",
    "i2", "h2", "q", "q_df", "q_p", "i2_low", "i2_high", "h2_low", "h2_high", "log_likelihood", "lrt", "lrt_df", "lrt_p",
    "q_lrt", "q_lrt_p", "marginal_mean", "rho", "events", "totals",
)  # fmt: skip


def pooled_columns(
    x: np.ndarray, n: np.ndarray, codes: np.ndarray, groups: int, options: PoolingOptions
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns of all groups, and effect, variance and weight of all studies. Groups of equal size are fitted together."""
    wrong = np.isin(codes, codes[impossible(x, n)])
    y, v = _effects(x, n, codes, wrong, options)
    usable, added = ~wrong, np.zeros(len(x), dtype=bool)
    if options.model == "inverse-variance":
        usable &= np.isfinite(y) & (v > 0)
        added = _corrected(x, n, codes, options)
    out = {name: np.full(groups, np.nan) for name in NUMBERS}
    remarks = np.full(groups, "", dtype=object)
    weight = np.full(len(x), np.nan)
    out["k"], out["corrected"] = np.zeros((2, groups), dtype=np.int64)
    for some, rows in _batches(codes, usable, groups):
        values = _fitted(x[rows], n[rows], y[rows], v[rows], added[rows].sum(axis=1), options)
        weight[rows] = values.pop("weight", np.nan)
        remarks[some] = values.pop("remark")
        out["k"][some] = rows.shape[1]
        for name, value in values.items():
            out[name][some] = value
    remarks += _left_out(x, n, codes, wrong, usable, groups, options.level)
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
    hit = _corrected(x, n, codes, options)
    with_it = effect_sizes(x, n, options.transform, options.continuity, "all")
    without = effect_sizes(x, n, options.transform, options.continuity, "none")
    return np.where(hit, with_it[0], without[0]), np.where(hit, with_it[1], without[1])


def _corrected(x: np.ndarray, n: np.ndarray, codes: np.ndarray, options: PoolingOptions) -> np.ndarray:
    """Studies that receive the continuity correction; one of whole meta-analyses is given out by group."""
    to = options.continuity_to
    alone = corrected(x, n, options.transform, options.continuity, "only-zero" if to == "if-any-zero" else to)
    return np.isin(codes, codes[alone]) if to == "if-any-zero" else alone


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
    x: np.ndarray, n: np.ndarray, y: np.ndarray, v: np.ndarray, added: np.ndarray, options: PoolingOptions
) -> dict[str, np.ndarray]:
    """Columns of one batch, arrays of shape (G, k) in, (G,) out; `added` (G,) is the number of studies corrected."""
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
    values["corrected"] = added
    values["remark"] = _remarks(fit, x.shape[1], added, options) + _none_or_all(x, n, options)
    if options.transform == "double-arcsine":
        ways = zip(*(100 * back("mu", method) for method in BACK_TRANSFORMATIONS), strict=True)
        values["remark"] += np.array([_DOUBLE_ARCSINE.format(*each) for each in ways], dtype=object)
    return values


def _remarks(fit: dict[str, np.ndarray], k: int, added: np.ndarray, options: PoolingOptions) -> np.ndarray:
    """What a reader must know about each result, as sentences."""
    said = np.full(len(fit["mu"]), "", dtype=object)

    def say(where: np.ndarray | bool, sentence: str) -> None:
        said[np.broadcast_to(where, said.shape)] += f" {sentence}"

    if "why_not" in fit:
        said += np.array([f" {why}" if why else "" for why in fit["why_not"]], dtype=object)
    alone = (k == 1) & ~np.isnan(fit["mu"])
    say(
        alone & (added == 0),
        "One study: it stands for itself, with an interval by z; how far studies differ cannot be seen.",
    )
    say(alone & (added > 0), "One study, with an interval by z; how far studies differ cannot be seen.")
    for number in np.unique(added[added > 0]):
        say(added == number, correction_said(int(number), k, options.continuity))
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
    return said


def _none_or_all(x: np.ndarray, n: np.ndarray, options: PoolingOptions) -> np.ndarray:
    """Sentences on meta-analyses without any event, or of nothing else: an interval made on a scale is not one of the counts."""
    said = np.full(len(x), "", dtype=object)
    if options.model == "inverse-variance":  # the models of the counts say it with the reason why they have no mean
        for i in np.flatnonzero((x == 0).all(axis=1) | (x == n).all(axis=1)):
            said[i] = f" {none_or_all(x[i], n[i])}: estimate and interval rest on sample sizes alone. {exact_bound(x[i], n[i], options.level)}"  # fmt: skip
    return said


_DOUBLE_ARCSINE = (
    " The way back from the double arcsine depends on a sample size that a mean does not have, and can mislead (Schwarzer 2019):"
    " harmonic mean {:.3g} %, inverse variance {:.3g} %, plain {:.3g} %."
)


def _left_out(x, n, codes: np.ndarray, wrong: np.ndarray, usable: np.ndarray, groups: int, level: float) -> np.ndarray:
    """Sentences on studies that did not enter their group's model; where none did, on what their counts say all the same."""
    sizes = np.bincount(codes, minlength=groups)
    lost = sizes - np.bincount(codes[usable], minlength=groups)
    said = np.full(groups, "", dtype=object)
    for group in np.flatnonzero(lost):
        said[group] = f" {lost[group]} of {sizes[group]} studies left out: with none or all they have no effect or no variance without a continuity correction."  # fmt: skip
        own = (codes == group) & ~wrong
        if lost[group] == sizes[group] and own.any() and (empty := none_or_all(x[own], n[own])):
            said[group] += f" {empty}. {exact_bound(x[own], n[own], level)}"
    said[np.unique(codes[wrong])] = (
        " Not pooled: a count is missing or impossible (whole numbers; events lie between 0 and their totals, totals above 0)."
    )
    return said


def _tau2_method(options: PoolingOptions) -> str | None:
    if not options.random:
        return None
    return options.tau2 if options.model == "inverse-variance" else "ml"
