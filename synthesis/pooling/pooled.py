"""Pooling of proportions, one meta-analysis or many at once. It knows numbers, not topics: what may be pooled is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError
from synthesis.numbers import intervals
from synthesis.numbers.leading import Headline, headline
from synthesis.pooling.batches import pooled_columns
from synthesis.pooling.categories import alike, kind, missing
from synthesis.pooling.counts import (
    ALLOWED,
    count_columns,
    faults,
    impossible,
    read_counts,
    refuse_impossible,
    wrong_columns,
)
from synthesis.pooling.options import PoolingOptions, without_effect
from synthesis.pooling.text import percent, pooled_text


@dataclass(frozen=True)
class Pooled:
    """A pooled proportion. ``print`` it, take its `table`, or its fields; a number that there is not is missing (nan).

    ``estimate``, ``ci_*`` (mean), ``pi_*`` (a further study) and ``marginal_mean`` are proportions between 0 and 1;
    ``estimate_transformed, se, tau2`` lie on the scale of the transformation; ``i2`` is in percent. ``q`` is Cochran's Q
    (Wald's for the GLMM, with the likelihood-ratio one in ``q_lrt``), ``lrt`` the likelihood-ratio test of tau2 against 0.
    ``marginal_mean`` is the mean over the population of studies where ``estimate`` is its median (logit scale).
    ``rho`` is the correlation within studies of the beta-binomial model, whose ``estimate`` is that mean itself.
    ``tau2_high`` is missing beside a ``tau2_low`` where no tau2 is too large for the studies.
    ``corrected`` is the number of studies to whose counts a continuity correction (half an event) was added.
    ``remark`` says what a reader must know. `studies`: ``label, events, totals, proportion, ci_low, ci_high, effect,
    variance, weight`` (percent: of the inverse variances, or for the GLMM of the information on the mean,
    `glmm.study_weights`; missing for the beta-binomial model).
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
    q_df: int | None
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
    rho: float
    events: float
    totals: float
    corrected: int
    remark: str | None
    studies: pd.DataFrame = field(repr=False, compare=False)

    def table(self) -> pd.DataFrame:
        """The result as a table of one row; columns as those of `pool_groups`."""
        row = {name: [getattr(self, name)] for name in COLUMNS[1:]}
        return pd.DataFrame({"group": pd.Series([None], dtype="str"), **row}).astype(_TYPES)

    @property
    def headline(self) -> Headline:
        """What a reader must see first, the mean or the range of what was pooled, in words."""
        share = self.studies["proportion"]
        if self.estimate != self.estimate:
            reach = f"{percent(share.min())} to {percent(share.max())}"
            return Headline("range", f"There is no mean. The proportions run from {reach} in {len(share)} estimates.")
        return headline(
            self.k,
            self.estimate,
            self.pi_low,
            self.pi_high,
            self.i2,
            float(share.min()),
            float(share.max()),
            self.level,
        )

    def __str__(self) -> str:
        leads = self.k > 1 and self.estimate == self.estimate
        return pooled_text(self, self.headline.text if leads else "")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook shows: the same as print."""
        printer.text(str(self))


_TYPES = {
    "k": "int64",
    "corrected": "int64",
    "q_df": "Int64",
    "tau2_method": "str",
    "remark": "str",
    "back_transformation": "str",
}
#: Columns of `pool_groups` and `Pooled.table`.
COLUMNS = ("group", *(each.name for each in fields(Pooled) if each.name != "studies"))

_NEARLY = "Another group differs from this one in spaces or capitals only: {}."
_NAMELESS = "The rows of this group do not say which group they belong to: they need not belong together."


def pool(
    events: Sequence[float],
    totals: Sequence[float],
    *,
    model: str | None = None,
    effects: str = "random",
    transform: str = "logit",
    tau2: str | None = None,
    interval: str | None = None,
    prediction: str = "same",
    continuity: float = 0.5,
    continuity_to: str = "only-zero",
    study_interval: str = "wilson",
    back_transformation: str = "harmonic-mean",
    level: float = 0.95,
    tau2_interval: str | None = None,
    labels: Sequence[str] | None = None,
) -> Pooled:
    """Pool proportions of independent studies.

    Parameters
    ----------
    events, totals : counts of the studies, 0 <= events <= totals, totals above 0.
    model : default ``glmm``, whose interval held its level best in simulation (``tests/benchmarks/README.md``), or
        ``inverse-variance`` where ``tau2``, a transform other than logit or an interval of it is asked for.
        ``inverse-variance`` of transformed proportions; ``glmm``, the binomial-normal model (logit, maximum
        likelihood, adaptive quadrature); ``beta-binomial`` (the mean over studies, with ``rho`` in the place of tau2).
    effects : ``random``, or ``common`` (one proportion behind all studies).
    transform : ``logit``, ``double-arcsine``, ``arcsine``, ``log``, ``raw`` (`effects.effect_sizes`).
    tau2 : estimator of the between-study variance: ``reml`` (default), ``ml, dl, pm, hs, he, sj, eb``
        (`heterogeneity.estimate_tau2`).
    interval : ``wald`` (z), ``t`` (k-1 degrees), ``hartung-knapp``, ``hartung-knapp-adhoc`` (never narrower than t),
        ``profile`` (profile likelihood, for ``glmm``); default ``hartung-knapp`` for the inverse variance, ``t`` for
        models of the counts.
    prediction : ``same`` (the interval's quantile, as metafor), ``hts-k2``, ``hts-k1`` (t with k-2 and k-1 degrees),
        ``bootstrap`` (`inverse_variance`), ``none``.
    continuity, continuity_to : what is added to events and non-events, and where: ``only-zero`` (studies with none or all),
        ``all``, ``if-any-zero``, ``none``. The arcsine transformations and the models of the counts never need it.
    study_interval : ``wilson, clopper-pearson, agresti-coull, jeffreys``: interval of each study in `Pooled.studies`.
    back_transformation : of the double arcsine: ``harmonic-mean, inverse-variance, plain`` (`effects.back_transform`).
    level : level of all intervals.
    tau2_interval : ``profile`` (default; Q-profile, or profile likelihood for ``glmm``) or ``none``.
    labels : names of the studies; default 1, 2, ...

    The same as metafor's ``rma`` and ``predict`` (Viechtbauer 2010, doi 10.18637/jss.v036.i03); one study is returned as
    it is, with a remark. I2 and H2 set tau2 against the typical sampling variance. Raises SynthesisError for counts that
    cannot be and for words that are unknown or do not go together, all at once.
    """
    options = PoolingOptions.chosen(
        model=model, effects=effects, transform=transform, tau2=tau2, interval=interval, prediction=prediction, continuity=continuity, continuity_to=continuity_to, study_interval=study_interval, back_transformation=back_transformation, level=level, tau2_interval=tau2_interval,
    )  # fmt: skip
    x, n = _counts("events", events), _counts("totals", totals)
    if x.shape != n.shape:
        raise SynthesisError(f"Each study has events and a total; there are {x.size} events and {n.size} totals.")
    names = list(map(str, labels)) if labels is not None else [str(i + 1) for i in range(len(x))]
    if len(names) != len(x):
        raise SynthesisError(f"Each study has one label; there are {len(x)} studies and {len(names)} labels.")
    if not len(x):
        raise SynthesisError("Pooling needs studies with both counts; there are none.")
    refuse_impossible(x, n, impossible(x, n), [f"study {name}" for name in names])
    columns, studies = pooled_columns(x, n, np.zeros(len(x), dtype=np.intp), 1, options)
    single = {name: columns[name].tolist()[0] for name in COLUMNS[1:]}
    unused = without_effect(options, {"tau2": tau2, "continuity": continuity, "continuity_to": continuity_to, "back_transformation": back_transformation, "tau2_interval": tau2_interval})  # fmt: skip
    single["remark"] = " ".join(filter(None, [single["remark"], unused])) or None
    single["q_df"] = None if np.isnan(single["q_df"]) else int(single["q_df"])
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

    Raises SynthesisError for columns that are missing or twice there, for every cell that is not a count ("30*", "1,041",
    "NR", yes), several columns in `by` of which one has the name of a column of the result, and wrong words.
    """
    options = PoolingOptions.chosen(**words)
    by_columns = [by] if isinstance(by, str) else list(dict.fromkeys(by or []))
    if wrong := [*wrong_columns(frame, events, totals, by_columns), *_wrong_groups(frame, by_columns)]:
        raise SynthesisError(" ".join(wrong))
    x, n = count_columns(frame, events, totals)
    if not by_columns:
        codes, keys = (
            np.zeros(len(x), dtype=np.intp),
            pd.DataFrame({"group": pd.Series([None] * bool(len(x)), dtype="str")}),
        )
    else:
        grouped = frame.groupby(by_columns, sort=False, dropna=False, observed=True)
        codes = grouped.ngroup().to_numpy()
        keys = frame[by_columns].iloc[np.unique(codes, return_index=True)[1]].reset_index(drop=True)
        if len(by_columns) == 1:
            keys = keys.set_axis(["group"], axis=1)
        else:
            keys["group"] = keys.astype("str").agg(" · ".join, axis=1)
    columns, _ = pooled_columns(x, n, codes, len(keys), options)
    numbers = pd.DataFrame({name: columns[name] for name in COLUMNS[1:]}).astype(_TYPES)
    for where, said in _told(keys, by_columns, without_effect(options, words)):
        told = numbers["remark"].fillna("").add(f" {said}").str.strip()
        numbers["remark"] = numbers["remark"].mask(where, told)
    return pd.concat([keys, numbers], axis=1)


def _told(keys: pd.DataFrame, by: list[str], unused: str | None) -> Iterator[tuple[np.ndarray, str]]:
    """What must be said of groups beside their numbers: of which rows of the result, and the sentence."""
    named = [keys[name] for name in (["group"] if len(by) == 1 else by)]
    nameless = np.any([missing(column) for column in named], axis=0)
    if by and nameless.any():
        yield nameless, _NAMELESS
    if by:
        for lot in alike(keys["group"][~nameless]):
            for name in lot:
                others = ", ".join(repr(other) for other in lot if other is not name)
                yield (keys["group"] == name).to_numpy(dtype=bool), _NEARLY.format(others)
    if unused:
        yield np.ones(len(keys), dtype=bool), unused


def _counts(name: str, values: Sequence[float]) -> np.ndarray:
    if getattr(values, "ndim", 1) != 1:
        raise SynthesisError(f"The {name} are a plain list, one number for each study.")
    numbers, wrong = read_counts(values)
    if wrong.any():
        listed = faults(values, wrong, lambda i: f"study {i + 1}")
        raise SynthesisError(f"The {name} are counts, one for each study, each {ALLOWED}; not so: {listed}.")
    return numbers


def _wrong_groups(frame: pd.DataFrame, by: list[str]) -> list[str]:
    """What is wrong with columns to group by, a sentence each."""
    wrong = []
    if len(by) > 1 and (taken := [name for name in by if name in COLUMNS]):
        wrong.append(
            f"The result has a column {', '.join(map(repr, taken))} of its own; rename yours before grouping by it."
        )
    for name in by:
        # True and 1 are one key to a table: their groups would be merged without a word.
        column = frame[name] if list(frame.columns).count(name) == 1 else pd.Series()
        if column.dtype == object and {"yes or no", "number"} <= {kind(value) for value in column}:
            wrong.append(f"Column {name!r} mixes yes and no with numbers; write all of its values in one way.")
    return wrong


def _study_table(x, n, names: list[str], studies: dict[str, np.ndarray], options: PoolingOptions) -> pd.DataFrame:
    make = getattr(intervals, options.study_interval.replace("-", "_"))
    bounds = make(pd.Series(x), pd.Series(n), options.level)
    about = {"label": pd.Series(names, dtype="str"), "events": x, "totals": n, "proportion": x / n}
    return pd.DataFrame({**about, "ci_low": bounds["low"], "ci_high": bounds["high"], **studies})
