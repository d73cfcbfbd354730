"""Which number leads a pooled result: decided by how far the prediction interval reaches, in odds."""

from __future__ import annotations

from math import nan

import pytest

from synthesis.evidence.schema import SynthesisError
from synthesis.numbers.leading import I2_APART, ODDS_APART, headline


def at_odds(share: float, times: float) -> float:
    odds = share / (1 - share) * times
    return odds / (1 + odds)


@pytest.mark.parametrize("share", [0.004, 0.2, 0.5, 0.97])
@pytest.mark.parametrize("side", ["low", "high"])
def test_the_range_leads_from_twice_the_odds_on_either_side(share, side):
    for times, lead in ((ODDS_APART * 0.999, "mean"), (ODDS_APART * 1.001, "range")):
        low, high = (
            at_odds(share, 1 / times if side == "low" else 0.9),
            at_odds(share, times if side == "high" else 1.1),
        )
        found = headline(10, share, low, high, 50, min(share, low), max(share, high))
        assert found.lead == lead


def test_a_high_i2_alone_does_not_make_a_narrow_prediction_meaningless():
    """A million people a study: I2 near 100 although every setting lies between 8.0 and 8.6 %."""
    found = headline(9, 0.083, 0.080, 0.086, 99.4, 0.081, 0.085)
    assert found.lead == "mean"
    assert found.text == (
        "The mean, 8.3 %, describes these settings: 8.1 % to 8.5 % in 9 estimates; a new setting may lie between 8.0 % and 8.6 % "
        "(95 % prediction interval); I² is 99 %."
    )


def test_without_a_prediction_interval_i2_decides():
    assert headline(8, 0.1, nan, nan, I2_APART, 0.05, 0.2).lead == "range"
    assert headline(8, 0.1, nan, nan, I2_APART - 0.1, 0.05, 0.2).lead == "mean"
    unknown = headline(8, 0.1, nan, nan, nan, 0.05, 0.2)
    assert unknown.lead == "range", "nothing known is no reason to put the mean first"
    assert "I²" not in unknown.text and "nan" not in unknown.text


def test_the_range_comes_first_in_words_and_few_estimates_are_named():
    said = headline(3, 0.146, 0.016, 0.64, 90, 0.095, 0.228).text
    assert said.startswith("Read the range first: 9.5 % to 22.8 % in 3 estimates.")
    assert said.endswith("With 3 estimates that interval is itself a guess.")
    assert "1.6 % and 64.0 %" in said and "I² is 90 %" in said


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0.0, 0.3), (1.0, 0.7, 1.0), (0.3, 0.0, 0.9)])
def test_nothing_and_everything_are_far_from_any_share_between(share, low, high):
    assert headline(5, share, low, high, 10, low, high).lead == "range"


def test_settings_that_are_all_zero_agree():
    assert headline(5, 0.0, 0.0, 0.0, 0, 0.0, 0.0).lead == "mean"


@pytest.mark.parametrize("wrong", [(12.0, 0.1, 0.2), (0.1, 0.3, 0.2)])
def test_percents_are_refused(wrong):
    with pytest.raises(SynthesisError, match="between 0 and 1"):
        headline(5, wrong[0], 0.1, 0.2, 10, wrong[1], wrong[2])
