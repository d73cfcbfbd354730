"""How the number of codes or themes grows as studies are added: have later studies still brought something new?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import gammaln

from synthesis.coding.incidence import coded, pairs
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.themes.support import held_findings, theme_order

#: A seed that is written down, so that the same evidence gives the same curve.
SEED = 20261121


def accumulation(
    evidence: Evidence,
    unit: Literal["code", "theme"] = "code",
    orders: int = 1000,
    seed: int = SEED,
    coder: str = "agreed",
) -> pd.DataFrame:
    """Codes, or descriptive themes, seen in the first study, the first two studies, and so on.

    Parameters
    ----------
    unit : ``code`` or ``theme`` (descriptive themes).
    orders : how many random orders of the studies to draw, at least 1.
    seed : of the random orders; the same seed gives the same curve.

    Returns a row a number of studies, from 1 to all: ``n_studies``; ``median, low, high`` (2.5 and 97.5 percentiles
    over the random orders); ``expected`` (the exact mean over all orders, Kobayashi 1974, Res Popul Ecol 15:223-237);
    ``by_publication`` (the number reached in order of the year of publication, studies of one year by id),
    ``study_id`` and ``year`` (the study added there; studies whose year is not known stand last, with ``year``
    missing); ``of`` (codes or themes that any study supports, where every order ends). Studies without a code are
    counted: they add nothing.

    A curve that flattens says that more studies of this kind, read at this depth, would bring few new codes of this
    codebook. It does not show that understanding is complete: a code that no study gave is in no curve.
    """
    if orders < 1:
        raise CallError(f"At least one order is needed; orders is {orders}.")
    label, study, n_labels = _first_seen_in(evidence, unit, coder)
    n_studies = len(evidence.studies)
    rng = np.random.default_rng(seed)
    curves = np.empty((orders, n_studies), dtype=np.int32)
    for each in range(orders):
        curves[each] = _curve(rng.permutation(n_studies).astype(np.int32), label, study)
    low, median, high = np.quantile(curves, (0.025, 0.5, 0.975), axis=0)
    published = _by_publication(evidence)
    place = np.empty(n_studies, dtype=np.int32)
    place[published.index] = np.arange(n_studies)
    return pd.DataFrame(
        {
            "n_studies": np.arange(1, n_studies + 1),
            "median": median,
            "low": low,
            "high": high,
            "expected": _expected(np.bincount(label, minlength=n_labels), n_studies),
            "by_publication": _curve(place, label, study),
            "study_id": published["study_id"].to_numpy(),
            "year": published["year"].array,
            "of": len(np.unique(label)),
        }
    )


def _first_seen_in(evidence: Evidence, unit: str, coder: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Each label with each study that supports it, once, labels together; and how many labels there are."""
    if unit == "code":
        own = coded(evidence, coder)
        label, study, n = own.code, own.study, len(evidence.codebook)
    elif unit == "theme":
        held, order = held_findings(evidence, coder), theme_order(evidence)
        level = evidence.themes.set_index("theme_id")["level"]
        shown = (level.loc[order] == "descriptive").to_numpy(dtype=bool)[held.theme]
        label, study, n = held.theme[shown], held.study[shown], len(order)
    else:
        raise CallError(f"unit is 'code' or 'theme', not {unit!r}.")
    return *pairs(label, study, n, len(evidence.studies)), n


def _curve(place: np.ndarray, label: np.ndarray, study: np.ndarray) -> np.ndarray:
    """Labels seen after each study, given the place of each study in an order; labels must stand together."""
    starts = np.flatnonzero(np.r_[True, label[1:] != label[:-1]])[: len(label)]
    first = np.minimum.reduceat(place[study], starts) if len(starts) else starts
    return np.bincount(first, minlength=len(place)).cumsum()


def _expected(studies: np.ndarray, n: int) -> np.ndarray:
    """Mean number of labels seen after k of n studies over all orders, from the number of studies of each label."""
    k = np.arange(1, n + 1)
    held = studies[studies > 0][:, None]
    # The share of orders in which none of a label's studies is among the first k: C(n - held, k) / C(n, k).
    left = n - held - k
    log = gammaln(n - held + 1) - gammaln(np.maximum(left, 0) + 1) + gammaln(n - k + 1) - gammaln(n + 1)
    return (1 - np.where(left >= 0, np.exp(log), 0.0)).sum(axis=0)


def _by_publication(evidence: Evidence) -> pd.DataFrame:
    """Studies in order of publication, unknown years last: index the place in studies, ``study_id``, ``year``."""
    studies = evidence.studies[["study_id", "year"]].reset_index(drop=True)
    return studies.sort_values(["year", "study_id"], kind="stable", na_position="last")
