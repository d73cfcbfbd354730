"""Which number of a pooled result goes first: its mean, or the range of what was pooled. Knows numbers, not topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from synthesis.evidence.schema import SynthesisError

#: The mean misleads where a new setting may have more than this many times its odds, or less than one part of so many.
ODDS_APART = 2.0
#: Without a prediction interval, I2 (percent) from which the mean is not put first; Cochrane Handbook 10.10.2,
#: "considerable heterogeneity".
I2_APART = 75.0
#: From so many estimates on, a prediction interval is taken at its word.
PREDICTED_FROM = 5
#: A mean this far outside the proportions pooled is the same number.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Headline:
    """What leads (``range`` or ``mean``) and the sentences that say it to a reader."""

    lead: Literal["range", "mean"]
    text: str


def headline(
    k: int,
    estimate: float,
    pi_low: float,
    pi_high: float,
    i2: float,
    lowest: float,
    highest: float,
    level: float = 0.95,
) -> Headline:
    """Whether the mean of several proportions means anything, or their range must be read first.

    Parameters
    ----------
    k : estimates pooled.
    estimate, pi_low, pi_high : pooled proportion and prediction interval, between 0 and 1; no interval is NaN.
    i2 : I2 in percent, or NaN.
    lowest, highest : smallest and largest of the proportions pooled.
    level : of the prediction interval, as the sentence names it.

    The prediction interval decides: where a new, similar setting may have more than twice the odds of the mean, or less
    than half of them, the mean need not describe any one setting and the range leads. I2 does not decide beside it, because with
    large samples it is near 100 % however close the estimates lie (Migliavaca 2022, doi 10.1002/jrsm.1547: 134
    meta-analyses of prevalence, median 96.9 %); it decides alone only where there is no prediction interval. A mean beyond
    every proportion pooled (half events among counts without any) describes none of them.

    Raises SynthesisError for values that are no proportions.
    """
    if not (0 <= estimate <= 1 and 0 <= lowest <= highest <= 1):
        raise SynthesisError(
            f"A headline is made of proportions between 0 and 1; these are {estimate}, {lowest}, {highest}."
        )
    predicted = pi_low == pi_low and pi_high == pi_high
    beyond = estimate < lowest - _ROUNDING or estimate > highest + _ROUNDING
    reach = f"{_percent(lowest)} to {_percent(highest)} in {k} estimates"
    spread = f"a new setting may lie between {_percent(pi_low)} and {_percent(pi_high)} ({100 * level:g} % prediction interval)"
    said = f"; I² is {i2:.0f} %" if i2 == i2 else ""
    few = f" With {k} estimates that interval is itself a guess." if predicted and k < PREDICTED_FROM else ""
    if beyond:
        return Headline("range", f"Read the range first: {reach}. The mean of {_percent(estimate)} lies beyond all of them: it comes from the method, not from what was seen.")  # fmt: skip
    if predicted and max(_ratio(pi_high, estimate), _ratio(estimate, pi_low)) > ODDS_APART:
        return Headline("range", f"Read the range first: {reach}. The mean of {_percent(estimate)} need not describe any one setting, since {spread}{said}.{few}")  # fmt: skip
    if not predicted and not i2 < I2_APART:
        return Headline("range", f"Read the range first: {reach}. There is no prediction interval to say what the mean of {_percent(estimate)} stands for{said}.")  # fmt: skip
    about = f"; {spread}" if predicted else ""
    return Headline("mean", f"The mean, {_percent(estimate)}, describes these settings: {reach}{about}{said}.{few}")


def _ratio(one: float, other: float) -> float:
    """Odds of one proportion over those of another; infinite where nothing or everything is reached."""
    above, below = one * (1 - other), other * (1 - one)
    return 1.0 if above == below else float("inf") if below <= 0 else above / below


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if 0 < share < 0.01 else f"{100 * share:.1f} %"
