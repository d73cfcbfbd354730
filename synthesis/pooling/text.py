"""A pooled result as a reader's text."""

from __future__ import annotations

import math
import textwrap
from typing import Any

_MODELS = {
    "inverse-variance": "inverse variance",
    "glmm": "binomial-normal GLMM",
    "beta-binomial": "beta-binomial",
}
_TAU2 = {
    "reml": "REML", "ml": "maximum likelihood", "dl": "DerSimonian and Laird", "pm": "Paule and Mandel",
    "hs": "Hunter and Schmidt", "he": "Hedges", "sj": "Sidik and Jonkman", "eb": "empirical Bayes",
}  # fmt: skip
INTERVAL_NAMES = {
    "wald": "Wald", "t": "t", "hartung-knapp": "Hartung and Knapp", "hartung-knapp-adhoc": "Hartung and Knapp, never narrower than t",
    "profile": "profile likelihood",
}  # fmt: skip
_PREDICTIONS = {"same": "", "hts-k2": ", t with k-2", "hts-k1": ", t with k-1", "bootstrap": ", bootstrap"}


def pooled_text(result: Any, lead: str = "") -> str:
    """A `Pooled` as text, rounded for reading: what leads, model, mean, prediction interval, heterogeneity, remarks, a line each."""
    level = f"{100 * result.level:g} %"
    lines = [*textwrap.wrap(lead, 110), model_text(result), f"{result.k} {'study' if result.k == 1 else 'studies'}, {count(result.events)} of {count(result.totals)}", ""]  # fmt: skip
    interval = f"{span(result.ci_low, result.ci_high)}; {level} interval, {INTERVAL_NAMES[result.interval]}"
    lines.append(
        f"Pooled proportion    {percent(result.estimate)}{'' if math.isnan(result.ci_low) else f' ({interval})'}"
    )
    if not math.isnan(result.pi_low):
        lines.append(f"A further study      {span(result.pi_low, result.pi_high)} ({level} prediction interval{_PREDICTIONS[result.prediction]})")  # fmt: skip
    if not math.isnan(result.marginal_mean) and result.effects == "random" and result.model != "beta-binomial":
        lines.append(
            f"Average of studies   {percent(result.marginal_mean)} (the pooled proportion is that of the middle study)"
        )
    lines += _heterogeneity(result)
    if result.remark:
        lines += ["", *textwrap.wrap(result.remark, 110)]
    return "\n".join(lines)


def model_text(result: Any) -> str:
    """Effects, model, scale and estimator in one line."""
    scale = f"{result.transform} scale"
    if result.model == "beta-binomial" and result.effects == "random":
        return f"Random effects: beta-binomial, {scale}, maximum likelihood"
    if result.effects == "common":
        return f"Common effect: {_MODELS[result.model]}, {scale}"
    return f"Random effects: {_MODELS[result.model]}, {scale}, tau² by {_TAU2[str(result.tau2_method)]}"


def _heterogeneity(result: Any) -> list[str]:
    lines = []
    if result.effects == "random" and not math.isnan(result.tau2):
        lines.append(f"tau²                 {result.tau2:.4g}{_interval(result.tau2_low, result.tau2_high, '.4g')}")
    if not math.isnan(result.rho):
        lines.append(f"rho                  {result.rho:.4g} (correlation within studies)")
    if not math.isnan(result.i2):
        lines.append(f"I²                   {result.i2:.1f} %{_interval(result.i2_low, result.i2_high, '.1f')}")
        lines.append(f"H²                   {result.h2:.4g}{_interval(result.h2_low, result.h2_high, '.4g')}")
    if result.q_df and not math.isnan(result.q):
        lines.append(f"Q                    {result.q:.4g}, df {result.q_df}, p {_p(result.q_p)}")
    if not math.isnan(result.q_lrt) and result.q_df:
        lines.append(f"Q, likelihood ratio  {result.q_lrt:.4g}, df {result.q_df}, p {_p(result.q_lrt_p)}")
    if not math.isnan(result.lrt):
        name = "rho" if result.model == "beta-binomial" else "tau²"
        lines.append(f"{name + ' against 0':<21}{result.lrt:.4g}, df 1, p {_p(result.lrt_p)} (likelihood ratio)")
    return lines


def percent(share: float) -> str:
    """One digit after the point; nearer to 0 and 1 as many as tell it from there."""
    if math.isnan(share):
        return "not estimated"
    if 0 < share < 1e-5 or 1 - 1e-5 < share < 1:
        return "< 0.001 %" if share < 0.5 else "> 99.999 %"
    if 0.01 <= share <= 0.99 or share in (0, 1):
        return f"{100 * share:.1f} %"
    return f"{100 * share:.2g} %" if share < 0.5 else f"{100 - float(f'{100 * (1 - share):.2g}'):.10g} %"


def span(low: float, high: float) -> str:
    """Both bounds as percent."""
    return "no interval" if math.isnan(low) else f"{percent(low)} to {percent(high)}"


def _interval(low: float, high: float, form: str) -> str:
    if math.isnan(low):
        return ""
    return f" ({low:{form}} or more)" if math.isnan(high) else f" ({low:{form}} to {high:{form}})"


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def count(value: float) -> str:
    """A count with commas between thousands."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
