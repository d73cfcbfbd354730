"""Which study does the answer hang on? Leave-one-out, cumulative, influence and Baujat tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtr

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.categories import in_order, numerals, one_kind, places
from synthesis.pooling.heterogeneity import heterogeneity
from synthesis.pooling.pooled import pool_groups
from synthesis.pooling.regression import Fit, fit_regression
from synthesis.pooling.study_rows import StudyRows, study_rows


def leave_one_out(
    frame: pd.DataFrame, events: str, totals: str, *, label: str | None = None, **words: Any
) -> pd.DataFrame:
    """The pooled answer without each study in turn.

    Parameters
    ----------
    frame : a row a study. events, totals : columns with the counts. label : column that names the studies.
    words : model, transform, tau2, interval and the others of `pool`.

    Returns ``omitted`` and the columns of `pool_groups`, first a row with nothing left out (``omitted`` empty),
    then a row a study in the order of the table; rows of the table without a count are left out, as every ``remark`` says.
    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts and fewer than three
    studies.
    """
    studies = study_rows(frame, events, totals, None, label, at_least=3)
    rows = np.arange(studies.k)
    parts = [rows, *(np.delete(rows, i) for i in rows)]
    return _pooled_parts(studies, parts, words).assign(omitted=["", *studies.labels]).pipe(_first, "omitted")


def cumulative(
    frame: pd.DataFrame, events: str, totals: str, *, by: str, label: str | None = None, **words: Any
) -> pd.DataFrame:
    """The pooled answer as studies come in, ordered by a column such as the year.

    Parameters
    ----------
    by : column to order by: numbers (also written as text), dates, words, or categories in their own order; ties stay in
        the order of the table, rows without a value are left out. Others as in `leave_one_out`.

    Returns ``added`` (the study that came in), the column `by`, and the columns of `pool_groups`, a row a step. The
    first steps hold one or two studies: their remark says what cannot be had from so few. Raises SynthesisError as
    `leave_one_out`, and for a column that mixes words and numbers.
    """
    studies = study_rows(frame, events, totals, None, label, [by])
    ranks, said = _ranks(studies.frame[by])
    studies, order = replace(studies, left_out=(*studies.left_out, *said)), np.argsort(ranks, kind="stable")
    parts = [order[: i + 1] for i in range(len(order))]
    added, when = [studies.labels[i] for i in order], studies.frame[by].to_numpy()[order]
    return _pooled_parts(studies, parts, words).assign(**{"added": added, by: when}).pipe(_first, "added", by)


def _ranks(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Numbers in whose order the values come, and a sentence where that may not be the order that was meant."""
    said = []
    if one_kind(column) == "text" and not isinstance(column.dtype, pd.CategoricalDtype):
        numbers = pd.to_numeric(column, errors="coerce")
        if numbers.notna().all():  # as text, 9 comes after 10
            column = numbers
        elif found := numerals(column):
            said = [f"{column.name} holds numbers written as text ({found[0]!r}) and other text, so studies come in the order of the alphabet."]  # fmt: skip
    return places(column, in_order(column)), said


def _pooled_parts(studies: StudyRows, parts: list[np.ndarray], words: dict[str, Any]) -> pd.DataFrame:
    """Pool several selections of the studies at once, a row each, in their order."""
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    rows = np.concatenate(parts)
    long = pd.DataFrame({"part": number, "events": studies.events[rows], "totals": studies.totals[rows]})
    pooled = pool_groups(long, by="part", events="events", totals="totals", **words)
    if studies.left_out:
        pooled["remark"] = [" ".join([*studies.left_out, *([said] if isinstance(said, str) else [])]) for said in pooled["remark"]]  # fmt: skip
    return pooled.sort_values("group", kind="stable", ignore_index=True).drop(columns="group")


def _first(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    return table[[*names, *(column for column in table.columns if column not in names)]]


def _deleted(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: str | float, interval: str) -> Fit:
    """The k fits without one study each, as one batch."""
    k = len(y)
    others = np.array([np.delete(np.arange(k), i) for i in range(k)])
    return fit_regression(y[others], v[others], x[others], tau2, interval)


def influence_measures(
    y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: str | float = "reml", interval: str = "hartung-knapp"
) -> pd.DataFrame:
    """Case diagnostics of a random-effects model with design x (k, p): a row a study; see `influence_table`."""
    k, p = x.shape
    full, without = fit_regression(y[None], v[None], x[None], tau2, interval), _deleted(y, v, x, tau2, interval)
    beta, cov = full.beta[0], full.cov[0]
    predicted = np.einsum("kp,kp->k", x, without.beta)
    variance = np.einsum("kp,kpq,kq->k", x, without.cov, x)
    spread = v + without.tau2
    change = beta - without.beta
    w = 1 / (v + without.tau2[:, None])  # all studies, at the tau2 without one
    at_deleted = np.linalg.inv(np.einsum("gk,kp,kq->gpq", w, x, x))
    dfbetas = change / np.sqrt(without.scale[:, None] * np.diagonal(at_deleted, axis1=1, axis2=2))
    others = np.array([np.delete(np.arange(k), i) for i in range(k)])
    residual = y - predicted
    out = pd.DataFrame(
        {
            "rstudent": residual / np.sqrt(without.scale * spread + variance),
            "dffits": (full.fitted[0] - predicted) / np.sqrt(without.scale * full.hat[0] * spread),
            "cooks_distance": np.einsum("gp,pq,gq->g", change, np.linalg.inv(cov), change),
            "cov_ratio": np.linalg.det(without.cov) / np.linalg.det(cov),
            "tau2_deleted": without.tau2,
            "q_deleted": heterogeneity(y[others], v[others], without.tau2, x[others]).q,
            "hat": full.hat[0],
            "weight": 100 * full.weights[0] / full.weights[0].sum(),
        }
    )
    for i in range(p):
        out["dfbetas" if p == 1 else f"dfbetas_{i}"] = dfbetas[:, i]
    out["influential"] = (
        (out["dffits"].abs() > 3 * np.sqrt(p / (k - p)))
        | (chdtr(p, out["cooks_distance"]) > 0.5)
        | (out["hat"] > 3 * p / k)
        | (np.abs(dfbetas) > 1).any(axis=1)
    )
    return out


def influence_table(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    *,
    transform: str = "logit",
    tau2: str = "reml",
    interval: str = "hartung-knapp",
    label: str | None = None,
) -> pd.DataFrame:
    """How much each study moves the pooled answer, on the transformed scale.

    Parameters
    ----------
    frame : a row a study. events, totals : columns with the counts. transform, tau2, interval : as in `pool`.

    Returns a row a study: ``label, events, totals, proportion, effect, variance``; ``rstudent`` (residual against the other
    studies), ``dffits``, ``cooks_distance``, ``cov_ratio``, ``tau2_deleted`` and ``q_deleted`` (without the study), ``hat``,
    ``weight`` (percent), ``dfbetas``, and ``influential`` by the usual limits; ``remark``, the same in every row, on rows left
    out and half events added. The same as metafor's ``influence()``.
    Source: Viechtbauer and Cheung 2010, doi 10.1002/jrsm.11. An influential study is one to read again, not one to drop.

    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts and fewer than three
    studies.
    """
    studies = study_rows(frame, events, totals, transform, label, at_least=3)
    measures = influence_measures(studies.y, studies.v, np.ones((studies.k, 1)), tau2, interval)
    return pd.concat([studies.counts(), measures], axis=1).assign(remark=studies.remark)


def baujat_measures(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: str | float = 0.0) -> pd.DataFrame:
    """Columns ``heterogeneity`` and ``influence`` of each study; tau2 0 is the common-effect model of Baujat's paper."""
    full, without = fit_regression(y[None], v[None], x[None], tau2, "wald"), _deleted(y, v, x, tau2, "wald")
    predicted = np.einsum("kp,kp->k", x, without.beta)
    variance = np.einsum("kp,kpq,kq->k", x, without.cov, x)
    residual = y - full.fitted[0]
    return pd.DataFrame(
        {
            "heterogeneity": residual**2 / (v + full.tau2[0]),
            "influence": (predicted - full.fitted[0]) ** 2 / variance,
        }
    )


def baujat_table(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    *,
    effects: str = "common",
    transform: str = "logit",
    tau2: str = "reml",
    label: str | None = None,
) -> pd.DataFrame:
    """What a Baujat plot shows: each study's share in the heterogeneity (across) and its pull on the answer (up).

    Parameters
    ----------
    effects : ``common`` (the original: shares of Cochran's Q, which they sum to) or ``random`` (squared residuals).
    Others as in `influence_table`.

    Returns ``label, events, totals, proportion, effect, variance, heterogeneity, influence`` and ``remark``, the same in
    every row, on rows left out and half events added. The same as metafor's ``baujat()``. Source: Baujat and others 2002, doi 10.1002/sim.1221.
    """
    if effects not in ("common", "random"):
        raise SynthesisError(f"effects is 'common' or 'random', not {effects!r}.")
    studies = study_rows(frame, events, totals, transform, label, at_least=3)
    measures = baujat_measures(studies.y, studies.v, np.ones((studies.k, 1)), tau2 if effects == "random" else 0.0)
    return pd.concat([studies.counts(), measures], axis=1).assign(remark=studies.remark)
