"""Pooling of proportions, one meta-analysis or many at once. It knows numbers, not topics: what may be pooled is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from synthesis import intervals
from synthesis.count_models import binomial_normal
from synthesis.effects import BACK_TRANSFORMATIONS, back_transform, effect_sizes
from synthesis.glmm import marginal_mean
from synthesis.inverse_variance import inverse_variance
from synthesis.pooling_options import PoolingOptions
from synthesis.pooling_text import pooled_text
from synthesis.schema import SynthesisError


@dataclass(frozen=True)
class Pooled:
    """A pooled proportion. ``print`` it, take its `table`, or its fields; a number that there is not is missing (nan).

    ``estimate``, ``ci_*`` (mean), ``pi_*`` (a further study) and ``marginal_mean`` are proportions between 0 and 1;
    ``estimate_transformed, se, tau2`` lie on the scale of the transformation; ``i2`` is in percent. ``q`` is Cochran's Q
    (Wald's for the GLMM, with the likelihood-ratio one in ``q_lrt``), ``lrt`` the likelihood-ratio test of tau2 against 0.
    ``marginal_mean`` is the mean over the population of studies where ``estimate`` is its median (logit scale).
    ``remark`` says what a reader must know. `studies`: ``label, events, totals, proportion, ci_low, ci_high, effect,
    variance, weight`` (percent; missing for models of the counts, which have none).
    """

    k: int
    model: str
    transform: str
    estimate_transformed: float
    se: float
    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    effects: str
    tau2_method: str
    interval: str
    prediction: str
    level: float
    back_transformation: str | None
    i2_low: float
    i2_high: float
    h2_low: float
    h2_high: float
    log_likelihood: float
    lrt: float
    lrt_df: float
    lrt_p: float
    q_lrt: float
    q_lrt_p: float
    marginal_mean: float
    events: float
    totals: float
    remark: str | None
    studies: pd.DataFrame = field(repr=False, compare=False)

    def table(self) -> pd.DataFrame:
        """The result as a table of one row; columns as those of `pool_groups`."""
        row = {name: [getattr(self, name)] for name in COLUMNS[1:]}
        return pd.DataFrame({"group": pd.Series([None], dtype="str"), **row}).astype({"remark": "str"})

    def __str__(self) -> str:
        return pooled_text(self)


#: Columns of `pool_groups` and `Pooled.table`.
COLUMNS = ("group", *(each.name for each in fields(Pooled) if each.name != "studies"))
_NUMBERS = tuple(
    name
    for name in COLUMNS
    if name not in ("group", "k", "model", "transform", "effects", "tau2_method", "interval", "prediction", "level", "back_transformation", "remark")
)  # fmt: skip


def pool(
    events: Sequence[float],
    totals: Sequence[float],
    *,
    model: str = "inverse-variance",
    effects: str = "random",
    transform: str = "logit",
    tau2: str = "reml",
    interval: str | None = None,
    prediction: str = "same",
    continuity: float = 0.5,
    continuity_to: str = "only-zero",
    study_interval: str = "wilson",
    back_transformation: str = "harmonic-mean",
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> Pooled:
    """Pool proportions of independent studies.

    Parameters
    ----------
    events, totals : counts of the studies, 0 <= events <= totals, totals above 0.
    model : ``inverse-variance`` of transformed proportions; ``glmm``, the binomial-normal model (logit, maximum
        likelihood, adaptive quadrature).
    effects : ``random``, or ``common`` (one proportion behind all studies).
    transform : ``logit``, ``double-arcsine``, ``arcsine``, ``log``, ``raw`` (`effects.effect_sizes`).
    tau2 : estimator of the between-study variance: ``reml, ml, dl, pm, hs, he, sj, eb`` (`heterogeneity.estimate_tau2`).
    interval : ``wald`` (z), ``t`` (k-1 degrees), ``hartung-knapp``, ``hartung-knapp-adhoc`` (never narrower than t);
        default ``hartung-knapp`` for the inverse variance, ``t`` for models of the counts.
    prediction : ``same`` (the interval's quantile, as metafor), ``hts-k2``, ``hts-k1`` (t with k-2 and k-1 degrees),
        ``bootstrap`` (`inverse_variance`), ``none``.
    continuity, continuity_to : what is added to events and non-events, and where: ``only-zero`` (studies with none or all),
        ``all``, ``if-any-zero``, ``none``. The arcsine transformations and the models of the counts never need it.
    study_interval : ``wilson, clopper-pearson, agresti-coull, jeffreys``: interval of each study in `Pooled.studies`.
    back_transformation : of the double arcsine: ``harmonic-mean, inverse-variance, plain`` (`effects.back_transform`).
    level : level of all intervals.
    labels : names of the studies; default 1, 2, ...

    The same as metafor's ``rma`` and ``predict`` (Viechtbauer 2010, doi 10.18637/jss.v036.i03); one study is returned as
    it is, with a remark. I2 and H2 set tau2 against the typical sampling variance. Raises SynthesisError for counts that
    cannot be and for words that are unknown or do not go together, all at once.
    """
    options = PoolingOptions(
        model, effects, transform, tau2, interval, prediction, continuity, continuity_to, study_interval,
        back_transformation, level,
    )  # fmt: skip
    x, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    if x.shape != n.shape or x.ndim != 1:
        raise SynthesisError(f"Each study has events and a total; there are {x.size} events and {n.size} totals.")
    names = list(map(str, labels)) if labels is not None else [str(i + 1) for i in range(len(x))]
    if len(names) != len(x):
        raise SynthesisError(f"Each study has one label; there are {len(x)} studies and {len(names)} labels.")
    if not len(x):
        raise SynthesisError("Pooling needs studies with both counts; there are none.")
    wrong = _impossible(x, n)
    if wrong.any():
        listed = "; ".join(f"study {names[i]}: {x[i]:g} of {n[i]:g}" for i in np.flatnonzero(wrong))
        raise SynthesisError(f"Events lie between 0 and their totals, and totals above 0. Not so: {listed}.")
    columns, studies = _pooled(x, n, np.zeros(len(x), dtype=np.intp), 1, options)
    single = {name: values[0].item() if hasattr(values[0], "item") else values[0] for name, values in columns.items()}
    single["q_df"] = int(single["q_df"]) if single["q_df"] == single["q_df"] else 0
    return Pooled(**single, studies=_study_table(x, n, names, studies, options))


def pool_groups(
    frame: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    events: str = "events",
    totals: str = "totals",
    **words,
) -> pd.DataFrame:
    """Many meta-analyses at once, with the same numbers as `pool` one by one.

    Parameters
    ----------
    frame : a row a study.
    by : column, or columns, whose values name the meta-analyses; without it all rows are one.
    events, totals : columns with the counts.
    words : the keywords of `pool` (but for ``labels``) for all of them.

    Returns a row a group, in the order in which groups appear, with ``group`` and the fields of `Pooled` but ``studies``;
    with several columns in `by` these come first. A group that cannot be pooled (counts missing or impossible, none
    usable) has its row, with the reason in ``remark`` and missing numbers.

    Raises SynthesisError for missing columns, columns that are not numbers and wrong words.
    """
    options = PoolingOptions(**words)
    by_columns = [by] if isinstance(by, str) else list(by or [])
    absent = [name for name in (*by_columns, events, totals) if name not in frame.columns]
    if absent:
        raise SynthesisError(f"There is no column {', '.join(map(repr, absent))}; there are {', '.join(map(str, frame.columns))}.")  # fmt: skip
    x, n = _numbers(frame[events]), _numbers(frame[totals])
    if not by_columns:
        codes, keys = (
            np.zeros(len(x), dtype=np.intp),
            pd.DataFrame({"group": pd.Series(["all"] * bool(len(x)), dtype="str")}),
        )
    else:
        grouped = frame.groupby(by_columns, sort=False, dropna=False)
        codes = grouped.ngroup().to_numpy()
        keys = frame[by_columns].iloc[np.unique(codes, return_index=True)[1]].reset_index(drop=True)
        if len(by_columns) == 1:
            keys = keys.set_axis(["group"], axis=1)
        else:
            keys["group"] = keys.astype("str").agg(" · ".join, axis=1)
    columns, _ = _pooled(x, n, codes, len(keys), options)
    numbers = pd.DataFrame(columns).astype(
        {"k": "int64", "q_df": "Int64", "remark": "str", "back_transformation": "str"}
    )
    return pd.concat([keys, numbers], axis=1)


def _numbers(column: pd.Series) -> np.ndarray:
    try:
        return column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise SynthesisError(f"Column {column.name!r} holds counts as numbers; it holds other things too.") from None


def _impossible(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    return ~((x >= 0) & (x <= n) & (n > 0) & np.isfinite(n))


def _pooled(
    x: np.ndarray, n: np.ndarray, codes: np.ndarray, groups: int, options: PoolingOptions
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns of all groups, and effect, variance and weight of all studies. Groups of equal size are fitted together."""
    wrong = np.isin(codes, codes[_impossible(x, n)])
    y, v = _effects(x, n, codes, wrong, options)
    usable = ~wrong
    if options.model == "inverse-variance":
        usable &= np.isfinite(y) & (v > 0)
    out = {name: np.full(groups, np.nan) for name in _NUMBERS}
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
    return {name: out[name] for name in COLUMNS[1:]}, {"effect": y, "variance": v, "weight": weight}


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
    fit = inverse_variance(y, v, options) if options.model == "inverse-variance" else binomial_normal(x, n, options)
    missing = np.full(len(x), np.nan)

    def back(name: str, method: str = options.back_transformation) -> np.ndarray:
        return back_transform(fit.get(name, missing), options.transform, n, fit["se"] ** 2, method)

    values = {name: fit[name] for name in (*_NUMBERS, "weight") if name in fit}
    values |= {
        "estimate_transformed": fit["mu"],
        "estimate": back("mu"),
        "ci_low": back("low"),
        "ci_high": back("high"),
    }
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
    say(k == 1, "One study: it stands for itself, with an interval by z; how far studies differ cannot be seen.")
    if options.random and k == 2 and options.prediction == "hts-k2":
        say(True, "Two studies leave no degree of freedom for this prediction interval.")
    if "tau2_high" in fit:
        say(
            fit["tau2_high"] == 0,
            "Studies differ less than chance lets them: the interval of tau2 is empty, shown as 0 to 0.",
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
        " Not pooled: a count is missing or impossible (events lie between 0 and their totals, totals above 0)."
    )
    return said


def _tau2_method(options: PoolingOptions) -> str | None:
    if not options.random:
        return None
    return options.tau2 if options.model == "inverse-variance" else "ml"


def _study_table(x, n, names: list[str], studies: dict[str, np.ndarray], options: PoolingOptions) -> pd.DataFrame:
    make = getattr(intervals, options.study_interval.replace("-", "_"))
    bounds = make(pd.Series(x), pd.Series(n), options.level)
    about = {"label": pd.Series(names, dtype="str"), "events": x, "totals": n, "proportion": x / n}
    return pd.DataFrame({**about, "ci_low": bounds["low"], "ci_high": bounds["high"], **studies})
