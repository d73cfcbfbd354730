"""Do small studies report other proportions than large ones? The usual checks, each with the reason why it misleads here.

A prevalence has no direction in which a result is "negative" and stays in the drawer, and small studies of prevalence
differ from large ones in setting, population and instrument. So asymmetry is a question to put to the studies, never proof
that some are missing. See Hunter and others 2014, doi 10.1016/j.jclinepi.2014.03.003.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthesis.pooling.cautions import none_or_all
from synthesis.pooling.effects import back_transform, one_of
from synthesis.pooling.regression import fit_regression, quantile, two_sided
from synthesis.pooling.study_rows import StudyRows, study_rows

#: Below this many studies the checks cannot tell chance from anything (Sterne and others 2011, doi 10.1136/bmj.d4002).
ENOUGH = 10

_SIZE_IS_SETTING = "small studies differ from large ones in setting, population and instrument, and a proportion has no negative result that would go unpublished"  # fmt: skip
_TIED = "on this scale the standard error is a function of the proportion itself, so effect and standard error go together without any missing study, the more so the rarer or commoner the condition"  # fmt: skip
_NOT_TIED = "on an arcsine scale the standard error depends on the size alone, so the arithmetic link is gone"
_SIZE_ONLY = "the sample size replaces the standard error, but the weights still depend on the proportion"
_LFK = "not a test: how often it calls symmetric studies asymmetric depends on their number, sizes and heterogeneity (0 to 30 %: Schwarzer and others 2024, doi 10.1002/jrsm.1714)"  # fmt: skip


def caution(transform: str) -> str:
    """Why effect and standard error go together on a scale without any study missing: a clause for a reader."""
    return f"{_tied(transform)}; {_SIZE_IS_SETTING}"


def _tied(transform: str) -> str:
    return _NOT_TIED if transform.endswith("arcsine") else _TIED


def small_study_checks(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    *,
    transform: str = "logit",
    tau2: str = "reml",
    level: float = 0.95,
    label: str | None = None,
) -> pd.DataFrame:
    """Egger's regression in two forms, Peters' regression and the LFK index, each with its caution.

    Parameters
    ----------
    frame : a row a study. events, totals : columns with the counts. transform, tau2, level : as in `pool`.

    Returns a row a check: ``check, k, statistic, df, p``; ``slope, se`` of the regression; ``limit, limit_low,
    limit_high``, the proportion that the line reaches for a study without sampling error (missing for LFK, whose
    ``statistic`` is the index and has no p-value); ``result`` in words and ``caution``, the reason why it misleads;
    ``remark``, the same in every row, on rows left out and half events added. Where half an event was added to a study,
    which raises (or lowers) the small ones, or no study has an event, a regression has neither statistic nor p, and
    ``result`` says why.

    ``egger`` regresses the effect on its standard error with weights 1/variance (Egger and others 1997, doi
    10.1136/bmj.315.7109.629); ``egger, random effects`` adds a variance between studies (normal quantiles); ``peters``
    takes 1/total for the standard error (Peters and others 2006, doi 10.1001/jama.295.6.676). The same as metafor's
    ``regtest()`` with ``model = "lm"``, with "rma", and with "lm" and ``predictor = "ninv"``.

    Raises SynthesisError for columns that are not there, cells that are not counts, impossible counts and fewer than three
    studies.
    """
    studies = study_rows(frame, events, totals, transform, label, at_least=3)
    se, inverse = np.sqrt(studies.v), 1 / studies.totals
    tied = _tied(transform)
    rows = [
        _regression("egger", studies, se, 0.0, "hartung-knapp", level, tied),
        _regression("egger, random effects", studies, se, tau2, "wald", level, tied),
        _regression("peters", studies, inverse, 0.0, "hartung-knapp", level, _SIZE_ONLY),
        _lfk_row(studies),
    ]
    return pd.DataFrame(rows).assign(remark=studies.remark)


def _regression(
    check: str, studies: StudyRows, predictor: np.ndarray, tau2: str | float, interval: str, level: float, reason: str
) -> dict[str, object]:
    if np.ptp(predictor) <= 1e-12 * predictor.max():
        return _row(check, studies, np.nan, np.nan, np.nan, reason, "all studies are equally large: no line to draw")
    x = np.column_stack([np.ones(studies.k), predictor])
    fit = fit_regression(studies.y[None], studies.v[None], x[None], tau2, interval)
    (limit, slope), (limit_se, slope_se) = fit.beta[0], np.sqrt(np.diagonal(fit.cov[0]))
    wide = quantile(level, fit.df) * limit_se
    low, middle, high = back_transform(np.array([limit - wide, limit, limit + wide]), studies.transform, method="plain")
    with np.errstate(divide="ignore", invalid="ignore"):  # effects that are all the same have no standard error
        statistic = slope / slope_se
    p = float(two_sided(statistic, fit.df))
    way = "higher" if slope > 0 else "lower"
    said = f"small studies report {way} proportions" if p < 0.1 else "no clear difference by size"
    if untested := studies.no_test("by size"):
        statistic, p, said = np.nan, np.nan, untested.rstrip(".")
    found = {"slope": slope, "se": slope_se, "limit": middle, "limit_low": low, "limit_high": high}
    return _row(check, studies, statistic, fit.df, p, reason, said) | {
        name: float(value) for name, value in found.items()
    }


def _row(
    check: str, studies: StudyRows, statistic: float, df: float, p: float, reason: str, said: str
) -> dict[str, object]:
    few = f"; {studies.k} studies are too few to tell (below {ENOUGH})" if studies.k < ENOUGH else ""
    return {
        "check": check,
        "k": studies.k,
        "statistic": float(statistic),
        "df": float(df),
        "p": float(p),
        **dict.fromkeys(("slope", "se", "limit", "limit_low", "limit_high"), np.nan),
        "result": said,
        "caution": f"{reason}; {_SIZE_IS_SETTING}{few}",
    }


def asymmetry(index: float) -> str:
    """An LFK index in its authors' words."""
    return ("no", "minor", "major")[int(abs(index) > 1) + int(abs(index) > 2)] + " asymmetry by its authors' limits of 1 and 2"  # fmt: skip


def _lfk_row(studies: StudyRows) -> dict[str, object]:
    index = _index(studies)
    said = "all studies report the same: no index" if np.isnan(index) else asymmetry(index)
    said += "; half events are part of it (see remark)" if studies.corrected.any() and not np.isnan(index) else ""
    return _row("lfk", studies, index, np.nan, np.nan, _LFK, said)


def _index(studies: StudyRows) -> float:
    """LFK index; none where no study has an event, whatever a scale makes of their sizes."""
    return np.nan if none_or_all(studies.events, studies.totals) else lfk_index(studies.y, studies.v)


def funnel_table(
    frame: pd.DataFrame,
    events: str,
    totals: str,
    *,
    effects: str = "common",
    transform: str = "logit",
    tau2: str = "reml",
    level: float = 0.95,
    label: str | None = None,
) -> pd.DataFrame:
    """What a funnel plot shows, on the transformed scale.

    Parameters
    ----------
    effects : ``common`` or ``random``, the model of the centre. level : of the limits, which hold sampling error alone.

    Returns ``label, events, totals, proportion, effect, variance, se, centre, low, high`` (the limits at the study's own
    standard error), ``outside``, ``effects``, ``transform``, ``level`` and ``remark`` (on rows left out and half events added). With real heterogeneity many studies lie outside
    without any of them being wrong.
    """
    one_of("effects", effects, ("common", "random"))
    studies = study_rows(frame, events, totals, transform, label)
    ones = np.ones((1, studies.k, 1))
    fit = fit_regression(studies.y[None], studies.v[None], ones, tau2 if effects == "random" else 0.0, "wald")
    centre, se = float(fit.beta[0, 0]), np.sqrt(studies.v)
    wide = quantile(level, np.inf) * se
    outside = np.abs(studies.y - centre) > wide
    limits = {"centre": centre, "low": centre - wide, "high": centre + wide, "outside": outside}
    about = {"effects": effects, "transform": transform, "level": level, "remark": studies.remark}
    return studies.counts().assign(se=se, **limits, **about)


def doi_measures(y: np.ndarray, v: np.ndarray) -> pd.DataFrame:
    """Columns ``percentile`` and ``z`` of each study: its mid-rank when studies are sorted by effect and each counts as
    100 times the largest variance over its own, and the normal quantile of that rank. Studies with the very same effect
    stay in the order given, so with ties the order of a table matters a little."""
    order = np.argsort(y, kind="stable")
    counted = 100 * v.max() / v[order]
    middle = np.cumsum(counted) - counted / 2
    percentile = np.empty(len(y))
    percentile[order] = (middle - 0.5) / counted.sum()
    return pd.DataFrame({"percentile": percentile, "z": ndtri(percentile)})


def lfk_index(y: np.ndarray, v: np.ndarray) -> float:
    """LFK index of effects y with variances v: 0 for a Doi plot with two alike limbs; missing where all effects are equal.

    Source: Furuya-Kanamori, Barendregt and Doi 2018, doi 10.1097/XEB.0000000000000141.
    """
    if np.ptp(y) == 0:
        return float("nan")
    z = doi_measures(y, v)["z"].to_numpy()
    away = y - y[np.argmin(np.abs(z))]
    return float(5 / (2 * len(y)) * np.sum(z + np.ptp(z) / np.ptp(y) * away))


def doi_table(
    frame: pd.DataFrame, events: str, totals: str, *, transform: str = "logit", label: str | None = None
) -> pd.DataFrame:
    """What a Doi plot shows: effect across, absolute normal quantile of its rank up (drawn downwards).

    Returns ``label, events, totals, proportion, effect, variance, percentile, z, abs_z``, sorted by effect, and ``lfk``,
    the index (missing where all report the same), ``transform`` and ``remark`` in every row. Source as in `lfk_index`. Raises SynthesisError as `small_study_checks`.
    """
    studies = study_rows(frame, events, totals, transform, label, at_least=3)
    measures = doi_measures(studies.y, studies.v)
    table = pd.concat([studies.counts(), measures], axis=1).assign(abs_z=measures["z"].abs())
    return table.sort_values("effect", kind="stable", ignore_index=True).assign(
        lfk=_index(studies), transform=transform, remark=studies.remark
    )
