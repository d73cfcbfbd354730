"""No row and no group of a table vanishes without a word: counts, groups, clusters and moderators as people write them."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.categories import alike, in_order, missing
from synthesis.pooling.clusters import cluster_robust
from synthesis.pooling.counts import read_counts, written_count
from synthesis.pooling.grouping import REJECTED, REJECTED_COMMON, TOLERATED, subgroups
from synthesis.pooling.influence import baujat_table, cumulative, influence_table, leave_one_out
from synthesis.pooling.moderators import meta_regression
from synthesis.pooling.multilevel import three_level
from synthesis.pooling.outliers import outlier_robust
from synthesis.pooling.pooled import pool, pool_groups
from synthesis.pooling.sensitivity import sensitivity_table
from synthesis.pooling.small_studies import doi_table, funnel_table, small_study_checks

STUDIES = pd.DataFrame(
    {
        "study": list("ABCDEFGH"),
        "x": [12, 30, 8, 41, 5, 19, 7, 9],
        "n": [150, 210, 95, 600, 40, 130, 60, 88],
        "c": list("ppqqrrss"),
        "g": ["low"] * 4 + ["high"] * 4,
    }
)
#: Every function that takes a table of studies, and what it says of the whole as one text.
DOORS = {
    "pool_groups": lambda frame: pool_groups(frame, events="x", totals="n"),
    "subgroups": lambda frame: subgroups(frame, "g", "x", "n"),
    "meta_regression": lambda frame: meta_regression(frame, "x", "n", "g"),
    "cluster_robust": lambda frame: cluster_robust(frame, "x", "n", "c"),
    "three_level": lambda frame: three_level(frame, "x", "n", "c"),
    "leave_one_out": lambda frame: leave_one_out(frame, "x", "n"),
    "cumulative": lambda frame: cumulative(frame, "x", "n", by="study"),
    "influence_table": lambda frame: influence_table(frame, "x", "n"),
    "baujat_table": lambda frame: baujat_table(frame, "x", "n"),
    "small_study_checks": lambda frame: small_study_checks(frame, "x", "n"),
    "funnel_table": lambda frame: funnel_table(frame, "x", "n"),
    "doi_table": lambda frame: doi_table(frame, "x", "n"),
    "outlier_robust": lambda frame: outlier_robust(frame, "x", "n"),
    "sensitivity_table": lambda frame: sensitivity_table(frame, "x", "n"),
}
doors = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)


def changed(**columns) -> pd.DataFrame:
    return STUDIES.assign(**columns)


@cache
def usual(door) -> str:
    """What a door says of STUDIES."""
    return said(door(STUDIES))


def said(result: object) -> str:
    """All that a result says, be it a table or text."""
    return result.to_string() if isinstance(result, pd.DataFrame) else str(result)


# -------------------------------------------------------------------------------------------------------- one count
@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), (" 12 ", 12), ("3.0", 3), ("8.00", 8), ("90.", 90), ("0.000", 0), ("1250.000", 1250), ("007", 7), ("٣", 3)],
)  # fmt: skip
def test_digits_alone_are_a_count(text, number):
    assert written_count(text) == number


@pytest.mark.parametrize(
    "text",
    ["3.000", "40.000", "1,041", "1.041", "1 041", "1\u00a0041", "30*", "NR", "n/a", "5%", "<5", "-3", "1e3", "1_000", "3.5", "inf", "nan", "=3"],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_or_in_none_is_no_count(text):
    assert np.isnan(written_count(text))


@given(st.integers(0, 10**15 - 1))
def test_every_whole_number_is_read_as_itself(number):
    for written in (number, str(number), float(number), Decimal(number), np.int64(number)):
        (read,), (wrong,) = read_counts([written])
        assert read == number and not wrong


def test_missing_is_no_fault_and_yes_and_no_are_no_counts():
    numbers, wrong = read_counts([None, np.nan, pd.NA, pd.NaT, "", "  ", True, np.False_, "12", pd.Timestamp(2001, 1, 1)])  # fmt: skip
    assert wrong.tolist() == [False] * 6 + [True, True, False, True]
    assert numbers[8] == 12 and np.isnan(np.delete(numbers, 8)).all()
    for column in (pd.array([12, None], dtype="Int64"), pd.Categorical([12, None]), pd.Series([12, None])):
        numbers, wrong = read_counts(column)
        assert numbers[0] == 12 and np.isnan(numbers[1]) and not wrong.any()


# ---------------------------------------------------------------------------------------------- every door, the same
@doors
def test_cells_that_are_no_counts_are_refused_all_at_once(door):
    frame = changed(x=["12", "30*", "8", "1,041", "NR", "19", "7", "9"], n=["150", "210", "95", "3.000", "40", "5%", "60", "88"])  # fmt: skip
    with pytest.raises(SynthesisError) as refused:
        door(frame)
    for found in ("'30*' is not a count", "'1,041'", "'NR'", "'3.000' can be 3 or 3 thousand", "'5%'", "Column 'x'", "Column 'n'"):  # fmt: skip
        assert found in str(refused.value)


@doors
@pytest.mark.parametrize("kind", [bool, str, "Int64", Decimal], ids=str)
def test_counts_of_every_kind_are_the_same_counts_and_yes_and_no_are_none(door, kind):
    if kind is bool:
        with pytest.raises(SynthesisError, match="'True' is not a count"):
            door(changed(x=[True, False] * 4))
        return
    as_kind = [Decimal(x) for x in STUDIES["x"]] if kind is Decimal else STUDIES["x"].astype(kind)
    assert said(door(changed(x=as_kind))) == usual(door)


@doors
def test_impossible_counts_and_columns_named_twice_are_refused(door):
    with pytest.raises(SynthesisError, match="More than one column is named 'x'"):
        door(pd.concat([STUDIES, STUDIES[["x"]]], axis=1))
    if door is DOORS["pool_groups"]:  # a group that cannot be pooled has its row
        assert "missing or impossible" in door(changed(n=[np.inf, *STUDIES["n"][1:]]))["remark"][0]
        return
    for column, value, shown in (("x", -1, "-1 of 150"), ("n", np.inf, "12 of inf"), ("x", 151, "151 of 150"), ("x", 2.5, "2.5 of 150")):  # fmt: skip
        with pytest.raises(SynthesisError, match=f"Counts are whole numbers.*A: {shown}"):
            door(changed(**{column: [value, *STUDIES[column][1:]]}))


@doors
def test_a_study_without_a_count_is_left_out_and_named_in_every_result(door):
    frame = changed(x=pd.array([12, None, *STUDIES["x"][2:]], dtype="Int64"))
    if door is DOORS["pool_groups"]:
        assert "a count is missing" in door(frame)["remark"][0]
        return
    result = door(frame)
    assert "1 of 8 rows lack a value and are left out: B." in said(result)
    if isinstance(result, pd.DataFrame):
        assert result["remark"].str.startswith("1 of 8 rows").all()


@doors
def test_the_index_of_a_table_does_not_matter(door):
    assert said(door(STUDIES.set_index(pd.Index([7] * 8)))) == usual(door)


def test_a_call_of_pool_lists_every_value_that_is_no_count():
    with pytest.raises(SynthesisError, match=r"study 2: '1,041' is not a count; study 4: 'True' is not a count\.$"):
        pool(["12", "1,041", 8, True], [40] * 4)
    assert pool(["3", Decimal(8)], [40, "44"]).estimate == pool([3, 8], [40, 44]).estimate


# ------------------------------------------------------------------------------------------------- groups of studies
def test_groups_of_yes_and_no_are_both_kept():
    words = subgroups(changed(g=["yes"] * 4 + ["no"] * 4), "g", "x", "n")
    for column in ([True] * 4 + [False] * 4, pd.array([True] * 4 + [False] * 4, dtype="boolean"), pd.Series([np.True_] * 4 + [np.False_] * 4, dtype=object)):  # fmt: skip
        for how in ("separate", "common"):
            other = subgroups(changed(g=column), "g", "x", "n", tau2=how).table()
            assert other["group"].to_list() == ["False", "True", "all"]
        result = subgroups(changed(g=column), "g", "x", "n")
        assert result.table()["estimate"].to_list() == words.table()["estimate"].to_list()
        assert result.test()["p"][0] == words.test()["p"][0]
        assert set(result.studies["group"]) == {"False", "True"}


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_keep_their_order_and_unused_ones_are_no_groups(ordered):
    level = pd.Categorical(["low"] * 3 + ["middle"] * 2 + ["high"] * 3, ["none", "low", "middle", "high"], ordered=ordered)  # fmt: skip
    frame = changed(g=level).sample(frac=1, random_state=1)
    assert subgroups(frame, "g", "x", "n").table()["group"].to_list() == ["low", "middle", "high", "all"]
    assert meta_regression(frame, "x", "n", "g").table()["term"].to_list() == ["intercept", "g: middle", "g: high"]
    assert cumulative(frame, "x", "n", by="g")["g"].to_list() == ["low"] * 3 + ["middle"] * 2 + ["high"] * 3
    pooled = pool_groups(frame, by="g", events="x", totals="n")
    assert dict(zip(pooled["group"], pooled["k"], strict=True)) == {"low": 3, "middle": 2, "high": 3}


@pytest.mark.parametrize("empty", [None, np.nan, "", "  "])
def test_studies_without_a_group_or_cluster_are_left_out_and_the_text_says_so(empty):
    groups, clusters = ["a"] * 3 + ["b"] * 4 + [empty], ["p", "p", "q", "q", "r", "r", "r", empty]
    result = subgroups(changed(g=groups), "g", "x", "n")
    assert result.table()["k"].to_list() == [3, 4, 7]
    assert "1 of 8 rows lack a value and are left out: H." in str(result)
    assert "left out: H." in str(three_level(changed(c=clusters), "x", "n", "c"))
    pooled = pool_groups(changed(g=groups), by="g", events="x", totals="n")
    assert pooled["k"].to_list() == [3, 4, 1] and "do not say which group" in pooled["remark"][2]


def test_a_group_of_which_no_study_is_left_is_named():
    frame = changed(g=["gone"] * 2 + ["a"] * 3 + ["b"] * 3, x=[None, None, *STUDIES["x"][2:]])
    assert "No study is left of g 'gone'." in str(subgroups(frame, "g", "x", "n"))
    bare = changed(g=["gone"] * 2 + ["a"] * 3 + ["b"] * 3, x=[0, 0, *STUDIES["x"][2:]])
    told = str(subgroups(bare, "g", "x", "n", continuity_to="none"))
    assert "2 of 8 rows have none or all" in told and "No study is left of g 'gone'." in told


def test_names_that_differ_in_spaces_or_capitals_are_kept_apart_and_told():
    names = ["North", "North", "north", "north", "North\u00a0", "North\u00a0", "south", "south"]
    assert [set(lot) for lot in alike(names)] == [{"North", "north", "North\u00a0"}]
    for result in (
        subgroups(changed(g=names), "g", "x", "n"),
        three_level(changed(g=names), "x", "n", "g"),
        meta_regression(changed(g=names), "x", "n", "g"),
    ):
        assert "differ in spaces or capitals only and were kept apart" in str(result)
    remarks = pool_groups(changed(g=names), by="g", events="x", totals="n")["remark"]
    assert remarks.str.contains("spaces or capitals only").fillna(False).to_list() == [True, True, True, False]


@pytest.mark.parametrize("mixed", [[1] * 4 + ["1"] * 4, [True] * 4 + ["no"] * 4, [True] * 4 + [1, 0, 0, 1]])
def test_values_of_several_kinds_are_refused_and_not_merged(mixed):
    column = pd.Series(mixed, dtype=object)
    for call in (
        lambda frame: subgroups(frame, "g", "x", "n"),
        lambda frame: meta_regression(frame, "x", "n", "g"),
        lambda frame: cumulative(frame, "x", "n", by="g"),
    ):
        with pytest.raises(SynthesisError, match=r"Column 'g' mixes .* write all of its values in one way"):
            call(changed(g=column))


def test_yes_and_1_are_not_merged_into_one_group():
    with pytest.raises(SynthesisError, match="Column 'g' mixes yes and no with numbers"):
        pool_groups(changed(g=pd.Series([True] * 4 + [1] * 4, dtype=object)), by="g", events="x", totals="n")
    apart = pool_groups(changed(g=pd.Series([2001] * 4 + ["unknown"] * 4, dtype=object)), by="g", events="x", totals="n")  # fmt: skip
    assert apart["group"].to_list() == [2001, "unknown"]


def test_missing_values_are_those_that_say_nothing():
    column = pd.Series(["a", None, "", " ", "\u00a0", "b"], name="g")
    assert missing(column).tolist() == [False, True, True, True, True, False]
    assert in_order(column) == ["a", "b"]


# --------------------------------------------------------------------------------------------------------- moderators
@pytest.mark.parametrize("texts", [["34.5", "36.1", "n.r."], ["34,5", "36,1", "NR"], ["1", "2", "3"], ["10 %", "20 %", "30 %"]])  # fmt: skip
def test_numbers_written_as_text_become_categories_and_the_result_says_so(texts):
    values = [texts[i] for i in (0, 1, 2, 0, 1, 2, 0, 1)]
    result = meta_regression(changed(y=values), "x", "n", "y")
    assert f"y holds numbers written as text ({texts[0]!r}" in str(result) and len(result.table()) == 3
    robust = cluster_robust(changed(y=values, c=STUDIES["study"]), "x", "n", "c", moderators=["y"])
    assert "written as text" in robust["remark"][0]
    declared = meta_regression(changed(y=pd.Categorical(values)), "x", "n", "y")
    assert "written as text" not in str(declared), "somebody said that these are categories"
    with pytest.raises(SynthesisError, match=r"need at least 9 studies.*written as text"):
        meta_regression(changed(y=[f"{i},5" for i in range(8)]), "x", "n", "y")


def test_numbers_of_every_kind_are_one_slope():
    expected = meta_regression(changed(y=range(8)), "x", "n", "y").table()
    for kind in (Decimal, int, float):
        column = pd.Series([kind(i) for i in range(8)], dtype=object)
        pd.testing.assert_frame_equal(meta_regression(changed(y=column), "x", "n", "y").table(), expected)
    with pytest.raises(SynthesisError, match="y is no finite number in 1 of 8 rows: inf"):
        meta_regression(changed(y=[*range(7), np.inf]), "x", "n", "y")
    dates = pd.to_datetime(["2001-01-01", "2002-01-01"] * 4)
    assert "holds dates, which were taken as categories" in str(meta_regression(changed(y=dates), "x", "n", "y"))


def test_studies_come_in_by_number_also_where_numbers_are_text():
    def order(values):
        return cumulative(changed(y=values), "x", "n", by="y")

    assert order(["100", "20", "3", "4", "5", "6", "7", "8"])["y"].to_list() == ["3", "4", "5", "6", "7", "8", "20", "100"]  # fmt: skip
    doubtful = order(["2001", "2003", "1999b", "2004", "2010", "2011", "2012", "2013"])
    assert doubtful["remark"].str.contains("come in the order of the alphabet").all()
    with pytest.raises(SynthesisError, match=r"mixes text \('2001'\), number \(2003\)"):
        order(["2001", 2003, 2004, 2005, 2006, 2007, 2008, 2009])


# ------------------------------------------------------------------------- the test between groups, and how good it is
def made_up(each: int, seed: int, tau: float = 0.6) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = random.integers(50, 500, 3 * each)
    x = random.binomial(n, 1 / (1 + np.exp(-random.normal(-1.73, tau, 3 * each))))
    return pd.DataFrame({"x": x.clip(1), "n": n, "g": np.repeat(list("abc"), each)})


@pytest.mark.parametrize("words", [{}, {"model": "glmm"}, {"model": "beta-binomial"}], ids=str)
def test_a_test_between_few_studies_says_how_often_it_takes_chance_for_a_difference(words):
    model = words.get("model", "inverse-variance")
    few, many = (subgroups(made_up(k, 1), "g", "x", "n", **words).test()["remark"][0] for k in (4, 40))
    assert f"p was below 0.05 in {REJECTED[model][3]} % of data sets with 3 studies in each" in few
    assert ("takes chance for a difference" in many) == (REJECTED[model][40] > TOLERATED)
    whole = subgroups(made_up(40, 1), "g", "x", "n", effects="common")
    assert f"in {REJECTED_COMMON} % of data sets, however many" in str(whole)
    assert subgroups(made_up(4, 1), "g", "x", "n", tau2="common").test()["remark"][0] == ""


def test_what_is_said_of_the_test_is_what_the_simulation_found():
    found = pd.read_csv(Path(__file__).parent / "benchmarks" / "subgroup_test.csv")
    spread = found[found["tau2"] > 0]
    means = 100 * spread.groupby(["test", "studies_per_group"])["rejected"].mean()
    names = {"inverse-variance": "Hartung-Knapp", "glmm": "GLMM", "beta-binomial": "beta-binomial"}
    for model, rates in REJECTED.items():
        assert {k: means[f"separate tau2, {names[model]}", k] for k in rates} == pytest.approx(rates, abs=0.51)
    assert round(100 * spread.loc[spread["test"] == "common effect", "rejected"].mean()) == REJECTED_COMMON
    assert round(100 * spread.loc[spread["test"] == "common tau2, Hartung-Knapp", "rejected"].mean()) == 5


def test_the_test_rejects_as_often_as_it_says():
    p = [subgroups(made_up(3, seed), "g", "x", "n").test()["p"][0] for seed in range(60)]
    assert 0.06 < np.mean(np.array(p) < 0.05) < 0.40  # REJECTED says 23 %; three standard errors either way


@pytest.mark.parametrize(
    ("frame", "words", "why"),
    [
        (changed(g=["a"] + ["b"] * 7), {}, "1 of 2 subgroups have one study"),
        (changed(x=[0, 0, 0, 0, 5, 6, 7, 8]), {"model": "glmm"}, "1 of 2 subgroups have no estimate"),
        (changed(x=5, n=[50] * 4 + [60] * 4), {}, "in 2 of 2 subgroups all studies report the same"),
    ],
)
def test_where_there_is_no_test_between_groups_the_text_says_why(frame, words, why):
    result = subgroups(frame, "g", "x", "n", **words)
    row = result.test().iloc[0]
    assert np.isnan([row["statistic"], row["p"]]).all() and row["remark"].startswith(
        f"No test between subgroups: {why}"
    )
    assert "Between subgroups: not tested" in str(result) and "nan" not in str(result).splitlines()[-2]
