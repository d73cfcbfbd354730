"""The local picture: any authority beside like ones, its region and England; gaps stay words, and every rank its interval."""

from __future__ import annotations

import pandas as pd
import pytest

from synthesis import (
    area_estimates,
    area_list,
    area_series,
    area_standing,
    local_notes,
    local_picture,
    show,
    similar_areas,
)
from synthesis.evidence.schema import CallError
from synthesis.numbers.intervals import newcombe
from synthesis.prevalence.local_areas import FACTORS, SIMILAR, find_area
from synthesis.prevalence.local_figures import PLACES, official_tables

#: Ordinary; suppressed; without a neighbour of its size; a failed return; steps in recording; abolished; new; unreliable.
SAMPLE = {
    "Birmingham": "E08000025", "City of London": "E09000001", "Isles of Scilly": "E06000053", "West Sussex": "E10000032",
    "Derbyshire": "E10000007", "Cumbria": "E10000006", "Cumberland": "E06000063", "Hampshire": "E10000014",
}  # fmt: skip


@pytest.fixture(scope="module")
def official(evidence):
    return official_tables(evidence)


@pytest.fixture(scope="module")
def pictures(evidence, official):
    return {name: local_picture(evidence, code, official) for name, code in SAMPLE.items()}


@pytest.fixture(scope="module")
def notes(evidence, official):
    return {name: local_notes(evidence, code, official).set_index("kind") for name, code in SAMPLE.items()}


# ---------------------------------------------------------------- which authorities there are


def test_every_authority_of_the_statistics_is_listed_once_by_its_code(evidence):
    listed = area_list(evidence)
    series = area_series(evidence, level="local_authority")
    assert set(listed["area_code"]) == set(series["area_code"]) and listed["area_code"].is_unique
    assert (listed["last_year"] == 2025).sum() == 153 and len(listed) == 161
    assert (listed["n_with_figure"] <= listed["of_years"]).all()
    assert set(area_list(evidence, "North East")["region"]) == {"North East"}
    with pytest.raises(CallError, match="There is no region 'Wessex'; there are East Midlands"):
        area_list(evidence, "Wessex")


@pytest.mark.parametrize("said", ["E08000025", "e08000025", "Birmingham", " birmingham "])
def test_an_authority_is_found_by_code_or_exact_name(evidence, said):
    assert find_area(evidence, said)["area_code"] == "E08000025"


def test_of_two_authorities_of_one_name_the_later_one_is_meant(evidence):
    assert find_area(evidence, "Somerset")["area_code"] == "E06000066"
    assert find_area(evidence, "E10000027")["area_name"] == "Somerset"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("Bristol", "Did you mean Bristol, City of?"),
        ("Birmingam", "Did you mean Birmingham?"),
        ("North East", "North East is no local authority"),
        ("England", "England is no local authority"),
        ("E99999999", "There is no local authority with the code or name 'E99999999'"),
        ("", "no local authority"),
    ],
)
def test_an_unknown_area_is_refused_with_the_nearest_names_and_how_to_list_them(evidence, said, hint):
    with pytest.raises(CallError) as refused:
        local_picture(evidence, said)
    assert hint in str(refused.value)
    assert "synthesis brief --list" in str(refused.value)


def test_a_country_that_is_not_held_suggests_no_authority_of_another_name(evidence):
    with pytest.raises(CallError) as refused:
        find_area(evidence, "Wales")
    assert "Did you mean" not in str(refused.value) and "Only authorities of England are held." in str(refused.value)


def test_similar_authorities_are_of_the_region_and_of_half_to_twice_the_size(evidence):
    for name in ("Birmingham", "Cumbria", "Kent"):
        own, near = find_area(evidence, name), similar_areas(evidence, name)
        assert 0 < len(near) <= SIMILAR
        assert set(near["region"]) == {own["region"]} and set(near["year"]) == {own["last_year"]}
        assert near["ratio"].between(0.5, 2).all() and own["area_code"] not in set(near["area_code"])
    for name in ("City of London", "Isles of Scilly", "Rutland"):
        assert similar_areas(evidence, name).empty, "nothing of its size is in the region, and none is made up"


# ---------------------------------------------------------------- the picture


def test_a_picture_holds_five_factors_at_four_places_of_one_year(pictures):
    for name, picture in pictures.items():
        assert list(zip(picture["factor"], picture["place"], strict=True)) == [(f, p) for f in FACTORS for p in PLACES]
        assert set(picture["year"]) == {2023 if name == "Cumbria" else 2025}


def test_figures_are_those_of_the_series_and_a_gap_is_never_zero(evidence, pictures):
    for name, code in SAMPLE.items():
        own = pictures[name][pictures[name]["place"] == "own"].set_index("factor")
        for factor in FACTORS:
            series = area_series(evidence, factor)
            row = series[(series["area_code"] == code) & (series["year"] == own.at[factor, "year"])].iloc[0]
            assert own.at[factor, "state"] == row["state"]
            for column in ("episodes_with_factor", "percent", "ci_low", "ci_high"):
                same = own.at[factor, column] == row[column]
                assert (pd.isna(own.at[factor, column]) and pd.isna(row[column])) or same
    city = pictures["City of London"].query("place == 'own'").set_index("factor")
    assert city.at["parent_mental_health", "state"] == "withheld"
    assert city.loc["parent_mental_health", ["episodes_with_factor", "percent", "change", "rank"]].isna().all()
    assert city.at["parent_alcohol_misuse", "episodes_with_factor"] == 0, "a reported zero stays one"


def test_region_and_country_are_the_published_totals(pictures):
    picture = pictures["Birmingham"].set_index(["factor", "place"])
    assert picture.at[("parent_mental_health", "country"), "area_name"] == "England"
    assert picture.at[("parent_mental_health", "region"), "area_name"] == "West Midlands"
    assert picture.at[("parent_mental_health", "country"), "episodes_with_factor"] == 171780
    # Part of London lies in Inner or Outer London; the region shown is London.
    assert set(pictures["City of London"].query("place == 'region'")["area_name"]) == {"London"}


def test_similar_authorities_are_summed_with_their_range_and_of_how_many(evidence, pictures, official):
    picture = pictures["Birmingham"].set_index(["factor", "place"])
    near = similar_areas(evidence, "Birmingham")["area_code"]
    series = official.series
    for factor in FACTORS:
        line = picture.loc[(factor, "similar")]
        each = series[(series["factor"] == factor) & (series["year"] == 2025) & series["area_code"].isin(near)]
        assert line["episodes_with_factor"] == each["episodes_with_factor"].sum()
        assert (line["range_low"], line["range_high"]) == (each["percent"].min(), each["percent"].max())
        assert line["range_low"] <= line["percent"] <= line["range_high"]
        assert (line["n_areas"], line["of_areas"]) == (5, 5) and pd.isna(line["ci_low"])
    assert set(pictures["Isles of Scilly"].query("place == 'similar'")["state"]) == {"none_similar"}


def test_a_change_begins_after_the_last_step_and_has_an_interval(pictures, official):
    own = pictures["Derbyshire"].query("place == 'own'").set_index("factor")
    assert set(own["since_year"]) == {2023}, "the figures of 2021 and 2022 are not comparable"
    steps = official.breaks[official.breaks["area_code"] == SAMPLE["Derbyshire"]]
    assert steps["year"].max() == 2023
    row, series = own.loc["parent_mental_health"], official.own(SAMPLE["Derbyshire"])
    then = series[(series["factor"] == "parent_mental_health") & (series["year"] == 2023)].iloc[0]
    counts = [pd.Series([int(each[name])]) for each in (row, then) for name in ("episodes_with_factor", "episodes_assessed")]  # fmt: skip
    expected = 100 * newcombe(*counts).iloc[0]
    assert row[["change", "change_low", "change_high"]].tolist() == pytest.approx(expected.tolist())
    assert row["change"] == pytest.approx(row["percent"] - row["percent_since"])
    there = pictures["Derbyshire"].query("place == 'country'")
    assert set(there["since_year"]) == {2023} and there["change"].notna().all(), "England over the same years"


def test_without_two_comparable_years_there_is_no_change(pictures):
    assert pictures["Hampshire"].query("place == 'own' and factor == 'parent_mental_health'")["change"].isna().all()
    assert set(pictures["Cumberland"].query("place == 'own'")["since_year"]) == {2024}
    assert set(pictures["West Sussex"].query("place == 'own'")["since_year"]) == {2018}, "not the failed return of 2023"


def test_a_rank_never_stands_without_its_interval_and_rests_on_the_pooled_estimate(evidence, pictures):
    for picture in pictures.values():
        own = picture[picture["place"] == "own"]
        ranked = own[own["rank"].notna()]
        assert (ranked["rank_low"] <= ranked["rank"]).all() and (ranked["rank"] <= ranked["rank_high"]).all()
        assert (ranked["rank_high"] <= ranked["n_ranked"]).all() and ranked["estimate"].notna().all()
        assert own.loc[own["rank"].isna(), "percent"].isna().all()
        assert picture.loc[picture["place"] != "own", ["rank", "estimate"]].isna().all(axis=None)
    pooled = area_estimates(evidence).set_index("area_code")
    row = pictures["Birmingham"].iloc[0]
    assert row["estimate"] == pooled.at["E08000025", "estimate"] and row["n_ranked"] == pooled["estimate"].count()


def test_standing_is_reproducible_and_chance_alone_makes_it_narrower(evidence):
    usual = area_standing(evidence, "parent_drug_misuse")
    assert usual.equals(area_standing(evidence, "parent_drug_misuse"))
    chance = area_standing(evidence, "parent_drug_misuse", movement="chance")
    width = [(each["rank_high"] - each["rank_low"]).mean() for each in (usual, chance)]
    assert width[0] > 1.5 * width[1]
    assert list(usual["rank"]) == sorted(usual["rank"]) and usual["percent"].notna().all()
    with pytest.raises(CallError, match="The movement is usual or chance"):
        area_standing(evidence, movement="none")
    with pytest.raises(CallError, match="at least 100 simulations"):
        area_standing(evidence, draws=5)


# ---------------------------------------------------------------- what must be said beside the figures


def test_gaps_say_in_how_many_of_the_years_and_why(notes):
    city = notes["City of London"].at["no_figure", "note"]
    assert city.startswith("No figure (withheld to protect people) for mental health in 4 of 8 years (2019, 2021, 2024, 2025); domestic abuse in 7 of")  # fmt: skip
    assert city.endswith("A gap is not a zero.")
    assert "2018, 2020 to 2023, 2025 withheld to protect people; 2019 not applicable" in notes["Isles of Scilly"].at["no_figure", "note"]  # fmt: skip
    assert (
        "(unreliable, as the publisher marks it) for all 5 factors in 1 of 8 years (2024)"
        in notes["Hampshire"].at["no_figure", "note"]
    )
    sussex = notes["West Sussex"].at["no_figure", "note"]
    assert "2019 missing; 2023 a failed return" in sussex and "not a single parental factor" in sussex
    assert "no_figure" not in notes["Birmingham"].index


def test_the_last_figure_is_told_where_this_year_has_none(notes):
    assert "mental health 2023: 15 of 38 (39.5 %" in notes["City of London"].at["latest", "note"]
    assert "latest" not in notes["Birmingham"].index


def test_steps_and_contradictions_are_named_with_their_rows(notes):
    derbyshire = notes["Derbyshire"]
    assert "mental health in 2021 (from 24.7 to 5.4 %), 2022 (from 5.4 to 1.4 %) and 2023" in derbyshire.at["break", "note"]  # fmt: skip
    assert derbyshire.at["discrepancy", "row_ids"] == "D45;D46", "one contradiction of two years is said once"
    sussex = notes["West Sussex"].loc["discrepancy"]
    assert sussex["row_ids"] == "D29;D26;D25;D27;D28"
    assert "164 of 509" in sussex["note"] and "The like is held against domestic abuse, alcohol misuse" in sussex["note"]  # fmt: skip


def test_authorities_that_begin_or_end_say_so_and_are_not_joined(notes):
    assert "The last return under this code is that of 2023" in notes["Cumbria"].at["returns", "note"]
    assert "Returns under this code begin with 2024; 2 years of 8" in notes["Cumberland"].at["returns", "note"]


def test_similar_is_said_to_be_ours_and_small_returns_to_be_small(notes):
    for each in notes.values():
        assert "not the statutory neighbours, which are not in the data" in each.at["similar", "note"]
    assert "Here: Warwickshire; Worcestershire" in notes["Birmingham"].at["similar", "note"]
    assert "Here there is none." in notes["City of London"].at["similar", "note"]
    assert notes["City of London"].at["few", "note"].startswith("Only 8 episodes were assessed")


def test_a_published_total_that_leaves_returns_out_is_told(evidence, altered):
    """In 2024 England lacks two large returns: an authority whose last year that is would be set beside a total too low."""
    table = evidence.official_statistics
    until = altered(official_statistics=table[table["year"] <= 2024])
    note = local_notes(until, "Kent").query("kind == 'total'")["note"]
    assert any(
        "England 2024" in each and "lies below that of the returns with a figure (150 of 153" in each for each in note
    )


def test_every_reservation_names_rows_that_are_there(evidence, notes):
    known = evidence.official_statistics
    rows = set(known["year"].astype("str") + "/" + known["area_code"] + "/" + known["factor"])
    known_ids = rows | set(evidence.discrepancies["discrepancy_id"])
    for each in notes.values():
        assert {one for ids in each["row_ids"] for one in ids.split(";") if one} <= known_ids


def test_years_are_shown_as_years(evidence):
    listed = repr(show(evidence, area_list(evidence, "North East"), "Authorities", ["area_name", "first_year", "last_year"]))  # fmt: skip
    assert "2018" in listed and "2,018" not in listed
