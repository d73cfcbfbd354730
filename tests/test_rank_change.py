"""Ranks of authorities in two years: seeded, worked from simulations anew, and certain only where they should be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

from synthesis.evidence.schema import SynthesisError
from synthesis.prevalence.area_change import area_breaks, usual_change
from synthesis.prevalence.area_comparison import area_estimates
from synthesis.prevalence.rank_change import area_ranks


@pytest.fixture(scope="module")
def ranks(evidence) -> pd.DataFrame:
    return area_ranks(evidence)


def test_the_same_call_gives_the_same_table_and_another_seed_nearly_the_same(evidence, ranks):
    pd.testing.assert_frame_equal(area_ranks(evidence), ranks)
    other = area_ranks(evidence, seed=1)
    assert not other["change_low"].equals(ranks["change_low"])
    assert (other["change_low"] - ranks["change_low"]).abs().max() <= 5
    assert (other["moved"] != ranks["moved"]).sum() <= 5


def test_only_authorities_of_both_years_are_ranked(evidence, ranks):
    both = [area_estimates(evidence, year=year).dropna(subset=["estimate"]) for year in (2018, 2025)]
    assert set(ranks["area_code"]) == set(both[0]["area_code"]) & set(both[1]["area_code"])
    assert (ranks["of"] == len(ranks)).all() and len(ranks) == 142
    late = both[1].set_index("area_code").loc[ranks["area_code"], "estimate"]
    assert list(ranks["last_rank"]) == list(rankdata(-late, method="min").astype(int))
    assert (ranks["change"] == ranks["last_rank"] - ranks["first_rank"]).all()


def test_intervals_are_those_of_a_simulation_written_out(evidence):
    """Another generator and another way to rank: the ends agree to within the noise of the simulations."""
    found = area_ranks(evidence, movement="chance").set_index("area_code")
    rng = np.random.Generator(np.random.MT19937(5))
    drawn = []
    for year in (2018, 2025):
        own = area_estimates(evidence, year=year).set_index("area_code").loc[found.index]
        logits = {name: np.log(own[name] / (100 - own[name])) for name in ("estimate_low", "estimate", "estimate_high")}
        sd = (logits["estimate_high"] - logits["estimate_low"]) / 2 / norm.ppf(0.975)
        shares = rng.normal(logits["estimate"], sd, size=(4000, len(own)))
        drawn.append(rankdata(-shares, axis=1))
    for name, simulated in {"first_rank": drawn[0], "last_rank": drawn[1], "change": drawn[1] - drawn[0]}.items():
        low, high = np.quantile(simulated, [0.025, 0.975], axis=0)
        assert np.abs(found[f"{name}_low"] - low).max() <= 3
        assert np.abs(found[f"{name}_high"] - high).max() <= 3


def test_the_usual_movement_makes_ranks_less_certain(evidence, ranks):
    chance = area_ranks(evidence, movement="chance")
    assert (chance["moved"] == "not_told").sum() == 31 < (ranks["moved"] == "not_told").sum()
    width = (ranks["last_rank_high"] - ranks["last_rank_low"]).mean()
    assert width > 2 * (chance["last_rank_high"] - chance["last_rank_low"]).mean()
    assert 0.1 < usual_change(evidence) < 0.25


def test_what_moved_has_an_interval_on_one_side_of_nothing(ranks):
    up, down, untold = (ranks[ranks["moved"] == word] for word in ("up", "down", "not_told"))
    assert (up["change_high"] < 0).all() and (down["change_low"] > 0).all() and len(up) and len(down)
    assert ((untold["change_low"] <= 0) & (untold["change_high"] >= 0)).all()


def test_steps_between_the_years_are_named(evidence, ranks):
    named = ranks.set_index("area_name")["breaks"]
    assert named["North Tyneside"] == "2019 (+33.2 points)"
    assert named["Derbyshire"].count("points") == 3
    later = area_ranks(evidence, years=(2019, 2025)).set_index("area_name")["breaks"]
    assert pd.isna(later["North Tyneside"]), "the step of 2019 lies before the first year"
    known = set(area_breaks(evidence)["area_code"]) & set(ranks["area_code"])
    assert set(ranks.loc[ranks["breaks"].notna(), "area_code"]) == known


def test_two_years_alike_move_nothing_beyond_chance(evidence, altered):
    official = evidence.official_statistics
    again = official[official["year"] == 2025]
    table = area_ranks(altered(official_statistics=pd.concat([again, again.assign(year=2026).astype(again.dtypes)])))
    assert (table["change"] == 0).all()
    assert (table["moved"] != "not_told").sum() == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"factor": "mental_health"}, "no factor 'mental_health'"),
        ({"years": (2025, 2018)}, "the earlier one first; they are \\(2025, 2018\\)"),
        ({"years": (2018, 2026)}, "no figures of 2026"),
        ({"movement": "much"}, "usual or chance; it is 'much'"),
        ({"draws": 10}, "at least 100 simulations; 10"),
    ],
)
def test_wrong_words_are_refused(evidence, wrong, said):
    with pytest.raises(SynthesisError, match=said):
        area_ranks(evidence, **wrong)


def test_without_two_years_or_authorities_there_is_no_row(evidence, altered, ranks):
    official = evidence.official_statistics
    for some in (official[official["year"] == 2025], official.head(0), official[official["area_level"] == "region"]):
        table = area_ranks(altered(official_statistics=some))
        assert table.empty and list(table.columns) == list(ranks.columns)
