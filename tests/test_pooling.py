"""Pooling against metafor 3.8.1 (`tests/reference/`, with the call and the script that made the values)."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import rows
from scipy.special import logit
from scipy.stats import beta

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.pooled import COLUMNS, pool, pool_groups
from synthesis.prevalence.guard_rails import POOL_FROM

REFERENCE = Path(__file__).parent / "reference"
RELATIVE = 1e-9  # the largest difference seen is 2e-11, in tau2 of `all_huge`
VALUES = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q", "q_p")
CASES = (
    "zero_cells", "all_events", "none_and_all", "only_zeros", "two_apart", "two_alike", "homogeneous", "identical", "single_people",
    "wide_range", "one_huge", "all_huge", "rare", "common", "extreme_spread", "eight_fathers", "two_maxima_inner", "two_maxima_border",
    "two_maxima_far", "forty", "eight_fathers_90",
)  # fmt: skip


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


PINNED = {row["case"]: row for row in read("pooling.csv")}


def numbers(text: str) -> list[float]:
    return [float(each) for each in text.split(";")]


def poolable() -> list[str]:
    used = Counter(row["indicator_id"] for row in rows("estimate_choices") if row["use"] == "yes")
    return [row["indicator_id"] for row in rows("indicators") if row["combine"] == "poolable" and used[row["indicator_id"]] >= POOL_FROM]  # fmt: skip


def test_no_case_went_missing():
    assert [row["case"] for row in read("pooling_cases.csv")] == list(CASES)
    assert list(PINNED) == [*CASES, *poolable()], "run tests/reference/metafor_reference.R"
    assert len(poolable()) == 2
    assert {row["file"] for row in read("origin.csv")} == {"pooling.csv", "wilson.csv"}


def test_metafor_was_given_the_cases_that_stand_here():
    for row in read("pooling_cases.csv"):
        pinned = PINNED[row["case"]]
        for name in ("events", "totals", "level"):
            assert numbers(pinned[name]) == numbers(row[name]), (
                f"{row['case']}: run tests/reference/metafor_reference.R"
            )


@pytest.mark.parametrize("indicator", poolable())
def test_metafor_was_given_the_counts_of_the_shipped_data(indicator):
    used = {row["estimate_id"] for row in rows("estimate_choices") if row["use"] == "yes" and row["indicator_id"] == indicator}  # fmt: skip
    counts = [(row["numerator"], row["denominator"]) for row in rows("estimates") if row["estimate_id"] in used]
    pinned = PINNED[indicator]
    assert list(zip(pinned["events"].split(";"), pinned["totals"].split(";"), strict=True)) == counts, "run tests/reference/metafor_reference.R"  # fmt: skip


@pytest.mark.parametrize("case", PINNED)
def test_pooling_gives_what_metafor_gives(case):
    pinned = PINNED[case]
    result = pool(numbers(pinned["events"]), numbers(pinned["totals"]), tau2="reml", level=float(pinned["level"]))
    assert result.k == int(pinned["k"])
    for name in VALUES:
        # No absolute tolerance: 0 is 0 in both, and a p-value of 1e-63 is that.
        assert getattr(result, name) == pytest.approx(float(pinned[name]), rel=RELATIVE, abs=0), name


def test_pinned_cases_reach_the_corners_that_they_are_for():
    tau2 = {case: float(row["tau2"]) for case, row in PINNED.items()}
    assert [case for case in CASES if tau2[case] == 0][:2] == ["zero_cells", "all_events"]
    assert tau2["two_alike"] == tau2["homogeneous"] == tau2["identical"] == tau2["two_maxima_border"] == 0
    assert 0 < tau2["all_huge"] < 1e-5
    assert min(tau2["two_maxima_inner"], tau2["two_maxima_far"]) > 0.1
    # metafor's own stopping rule shows where it matters: the reason for the tighter one in the script.
    assert float(PINNED["all_huge"]["plain_tau2"]) != pytest.approx(tau2["all_huge"], rel=1e-3)


counts = st.tuples(st.integers(0, 400), st.integers(1, 400)).map(lambda pair: (min(pair), max(pair)))
studies = st.lists(counts, min_size=2, max_size=12)
QUICK = settings(max_examples=60, deadline=None, derandomize=True)


@QUICK
@given(studies, st.randoms(use_true_random=False))
def test_the_order_of_studies_changes_nothing(some, random):
    other = random.sample(some, len(some))
    one, two = (pool(*zip(*each, strict=True), tau2="reml") for each in (some, other))
    for name in VALUES:
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-9), name


@QUICK
@given(studies)
def test_counting_the_others_mirrors_everything(some):
    events, totals = (np.array(each) for each in zip(*some, strict=True))
    one, two = pool(events, totals, tau2="reml"), pool(totals - events, totals, tau2="reml")
    assert two.estimate == pytest.approx(1 - one.estimate, rel=1e-6)
    assert two.ci_low == pytest.approx(1 - one.ci_high, rel=1e-6, abs=1e-9)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-9)


@QUICK
@given(studies)
def test_intervals_hold_each_other_and_the_mean_lies_among_the_studies(some):
    result = pool(*zip(*some, strict=True), tau2="reml")
    assert 0 <= result.pi_low <= result.ci_low <= result.estimate <= result.ci_high <= result.pi_high <= 1
    each = [logit((x + 0.5 * (x in (0, n))) / (n + (x in (0, n)))) for x, n in some]
    assert min(each) - 1e-9 <= logit(result.estimate) <= max(each) + 1e-9
    assert result.tau2 >= 0
    assert 0 <= result.i2 <= 100


@pytest.mark.parametrize(
    ("events", "totals", "said"),
    [
        ([], [], "needs studies with both counts; there are none"),
        ([3, 4], [10], "2 events and 1 totals"),
        ([3, 11], [10, 10], "between 0 and their totals"),
        ([-1, 4], [10, 10], "between 0 and their totals"),
        ([0, 4], [0, 10], "totals above 0"),
        ([3, float("nan")], [10, 10], "between 0 and their totals"),
        ([3, 12, -1], [10, 10, 10], "study 2: 12 of 10; study 3: -1 of 10"),
    ],
)
def test_what_cannot_be_pooled_is_refused_with_the_reason(events, totals, said):
    with pytest.raises(SynthesisError, match=said):
        pool(events, totals)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_in_percent_is_refused(level):
    with pytest.raises(SynthesisError, match=r"between 0 and 1, such as 0\.95"):
        pool([3, 4], [10, 10], level=level)


def test_the_result_is_a_table_of_one_row_that_names_its_methods():
    table = pool([3, 4], [10, 10], tau2="reml").table()
    assert list(table) == list(COLUMNS)
    assert len(table) == 1
    named = table.loc[0, ["model", "transform", "tau2_method", "interval"]].to_list()
    assert named == ["inverse-variance", "logit", "reml", "hartung-knapp"]


#: Two groups of four, one of three, one study alone, none in any study, an impossible count, and a missing one.
MANY = pd.DataFrame(
    [
        *[("four", x, n) for x, n in ((3, 40), (8, 44), (0, 20), (12, 30))],
        *[("three", x, n) for x, n in ((30, 40), (20, 44), (11, 20))],
        *[("another four", x, n) for x, n in ((300, 4000), (800, 4400), (1, 20), (12, 13))],
        ("alone", 7, 50),
        *[("none", 0, n) for n in (5, 6)],
        *[("impossible", x, n) for x, n in ((5, 4), (1, 2))],
        *[("missing", x, n) for x, n in ((5, 40), (None, 20))],
    ],
    columns=["place", "cases", "people"],
)
WORDS = [
    {},
    {"transform": "double-arcsine", "back_transformation": "inverse-variance", "tau2": "pm", "prediction": "hts-k2"},
    {"transform": "raw", "tau2": "sj", "interval": "hartung-knapp-adhoc", "level": 0.9},
    {"transform": "log", "tau2": "dl", "interval": "t", "continuity_to": "if-any-zero"},
    {"transform": "arcsine", "effects": "common", "interval": "wald"},
    {"prediction": "bootstrap", "tau2": "ml"},
    {"model": "glmm", "interval": "wald"},
    {"model": "glmm", "interval": "profile"},
    {"model": "glmm", "tau2_interval": "profile"},
    {"model": "beta-binomial", "prediction": "hts-k1"},
    {"model": "glmm", "effects": "common"},
]


@pytest.mark.parametrize("words", WORDS, ids=str)
def test_many_at_once_give_what_pool_gives_one_by_one(words):
    many = pool_groups(MANY, by="place", events="cases", totals="people", **words).set_index("group")
    assert list(many.index) == list(MANY["place"].unique())
    for group in ("four", "three", "another four", "alone", "none"):
        some = MANY[MANY["place"] == group]
        one = pool(some["cases"], some["people"], **words).table().set_index("group").iloc[0]
        for name, value in one.items():
            same = many.loc[group, name]
            if pd.isna(value):
                assert pd.isna(same), (group, name)
            elif isinstance(value, float):
                assert same == pytest.approx(value, rel=1e-9, abs=1e-12), (group, name)
            else:
                assert same == value, (group, name)
    assert many.loc[["impossible", "missing"], ["estimate", "tau2", "q"]].isna().all(axis=None)
    assert many.loc[["impossible", "missing"], "remark"].str.contains("missing or impossible").all()


def test_groups_may_be_named_by_several_columns_or_none():
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": [1, 1, 2], "events": [3, 4, 5], "totals": [10, 10, 10]})
    assert pool_groups(frame, by=["a", "b"])[["a", "b", "group", "k"]].to_numpy().tolist() == [
        ["x", 1, "x · 1", 2],
        ["y", 2, "y · 2", 1],
    ]
    whole = pool_groups(frame)
    assert whole.loc[0, "estimate"] == pool([3, 4, 5], [10, 10, 10]).estimate
    assert whole["group"].isna().all()
    assert pool_groups(frame.iloc[:0]).empty
    assert list(pool_groups(frame.iloc[:0], by="a")) == list(COLUMNS)


def test_pool_groups_names_columns_that_are_not_there_or_hold_no_numbers():
    frame = pd.DataFrame({"events": ["3", "many"], "totals": [10, 10]})
    with pytest.raises(SynthesisError, match="no column 'cases', 'people'; there are events, totals"):
        pool_groups(frame, events="cases", totals="people")
    with pytest.raises(SynthesisError, match="'events' holds counts as numbers"):
        pool_groups(frame)


def test_one_study_is_returned_as_it_is_with_a_remark():
    result = pool([3], [40])
    assert result.estimate == pytest.approx(3 / 40)
    assert result.ci_low == pytest.approx(
        0.0243904106813
    )  # metafor: rma(measure = "PLO", xi = 3, ni = 40), which says z
    assert result.interval == "wald"
    assert np.isnan([result.tau2, result.i2, result.pi_low]).all()
    assert "differ cannot be seen" in result.remark


def test_studies_that_cannot_be_transformed_are_left_out_by_name():
    result = pool([0, 3, 4, 10], [10, 10, 10, 10], continuity_to="none")
    assert (result.k, result.totals) == (2, 20)
    assert "2 of 4 studies left out" in result.remark
    assert result.studies["effect"].isna().tolist() == [True, False, False, True]
    assert result.studies["weight"].sum() == pytest.approx(100)


def test_when_nothing_can_be_transformed_there_is_no_number_and_a_reason():
    result = pool([0, 0], [10, 12], continuity=0)
    assert result.k == 0
    assert np.isnan(result.estimate)
    assert "2 of 2 studies left out" in result.remark
    assert "not estimated" in str(result)


def test_studies_carry_label_interval_effect_and_weight():
    table = pool([3, 8], [40, 44], labels=["Howard 2001", "Vigod 2014"], study_interval="clopper-pearson").studies
    assert list(table) == [
        "label",
        "events",
        "totals",
        "proportion",
        "ci_low",
        "ci_high",
        "effect",
        "variance",
        "weight",
    ]
    assert table["label"].to_list() == ["Howard 2001", "Vigod 2014"]
    assert table["effect"].to_list() == pytest.approx([np.log(3 / 37), np.log(8 / 36)])
    assert table.loc[0, "ci_low"] == pytest.approx(0.01574, abs=1e-5)
    assert pool([3, 8], [40, 44], model="beta-binomial").studies["weight"].isna().all()


def test_prediction_intervals_of_two_studies():
    assert np.isnan(pool([3, 8], [40, 44], prediction="hts-k2").pi_low)
    assert "no degree of freedom" in pool([3, 8], [40, 44], prediction="hts-k2").remark
    assert pool([3, 8], [40, 44], prediction="hts-k1", interval="wald").pi_low < 0.01


def test_the_bootstrap_prediction_interval_is_the_same_each_time_and_wider_than_one_of_a_known_tau2():
    counts = [3, 8, 2, 12, 9, 30], [40, 44, 20, 30, 60, 90]
    one, two = (pool(*counts, prediction="bootstrap") for _ in range(2))
    wald = pool(*counts, prediction="same", interval="wald")
    assert (one.pi_low, one.pi_high) == (two.pi_low, two.pi_high)
    assert one.pi_low < wald.pi_low < wald.pi_high < one.pi_high


@pytest.mark.parametrize(
    ("events", "totals"),
    [([3, 8, 0, 12, 30], [40, 44, 20, 30, 100]), ([5, 5, 5], [50, 50, 50]), ([0, 0, 0, 2], [17, 5, 1000, 30])],
)
def test_a_further_study_is_never_surer_than_the_mean_of_the_beta_binomial(events, totals):
    result = pool(events, totals, model="beta-binomial")
    assert result.pi_low <= result.ci_low <= result.ci_high <= result.pi_high
    if result.rho < 1e-9:
        assert (result.pi_low, result.pi_high) == pytest.approx((result.ci_low, result.ci_high))
    else:  # and never surer than the distribution that was fitted
        theta = result.rho / (1 - result.rho)
        fitted = beta.ppf([0.025, 0.975], result.estimate / theta, (1 - result.estimate) / theta)
        assert result.pi_low <= fitted[0] < fitted[1] <= result.pi_high


def test_the_double_arcsine_comes_with_its_warning_and_all_ways_back():
    result = pool([1, 3, 0, 12, 500], [11, 44, 20, 30, 5000], transform="double-arcsine", interval="wald")
    # metafor 3.8.1: predict(rma(measure = "PFT", ...), transf = transf.ipft.hm, targs = list(ni = ...)); it stops at 1e-5.
    assert (result.estimate, result.ci_low, result.pi_high) == pytest.approx((0.105392215820, 0.013752341329, 0.473689773067), rel=1e-5)  # fmt: skip
    for said in ("can mislead (Schwarzer 2019)", "harmonic mean 10.5 %", "inverse variance 10.7 %", "plain 12 %"):
        assert said in result.remark


def test_bounds_beyond_0_and_1_are_cut_and_said_to_be():
    result = pool([1, 9, 2], [10, 10, 10], transform="raw")
    assert (result.pi_low, result.pi_high) == (0, 1)
    assert "beyond 0 or 1" in result.remark


def test_more_agreement_than_chance_lets_is_said():
    result = pool([5, 5, 5], [50, 50, 50], tau2="reml")
    assert (result.tau2, result.tau2_low, result.tau2_high) == (0, 0, 0)
    assert "differ less than chance" in result.remark
    assert "hartung-knapp-adhoc keeps one" in result.remark


def test_a_tau2_outside_its_own_interval_is_explained():
    counts = [3, 8, 0, 12, 30], [40, 44, 20, 30, 100]
    result = pool(*counts, tau2="hs", level=0.5)
    assert result.tau2 < result.tau2_low and "tau2 lies outside its interval, which comes from Q" in result.remark
    assert "outside its interval" not in (pool(*counts, tau2="pm").remark or "")


@pytest.mark.parametrize(
    ("frame", "words", "said"),
    [
        ({"events": [1, 2], "totals": [4, 5]}, {"modle": "glmm"}, "no word 'modle'; there are model, effects"),
        ({"events": [1, 2], "totals": [4, 5]}, {"events": "totals"}, "both name the column 'totals'"),
        (
            {"events": [1], "totals": [4], "k": ["a"], "h": [1]},
            {"by": ["k", "h"]},
            "The result has a column 'k' of its own",
        ),
        ({}, {}, "no column 'events', 'totals'; there are none"),
    ],
)
def test_columns_and_words_that_cannot_be_are_refused_by_name(frame, words, said):
    with pytest.raises(SynthesisError, match=said):
        pool_groups(pd.DataFrame(frame), **words)
    double = pd.DataFrame([[1, 2, 3]], columns=["events", "events", "totals"])
    with pytest.raises(SynthesisError, match="More than one column is named 'events'"):
        pool_groups(double)
    with pytest.raises(SynthesisError, match="The events are counts"):
        pool(["few"], [10])


def test_the_result_prints_what_a_reader_needs():
    text = str(pool([30, 80, 20, 120], [400, 440, 200, 300], tau2="dl", interval="wald", level=0.9))
    for said in (
        "tau² by DerSimonian and Laird",
        "4 studies, 250 of 1,340",
        "90 % interval, Wald",
        "A further study",
        "I²",
        "Q  ",
    ):
        assert said in text
    assert text.startswith("Read the range first: 7.5 % to 40.0 % in 4 estimates. The mean of ")
    assert "need not describe any one setting" in " ".join(text.split())
    assert "Read the range" not in str(pool([3], [40])) and "describes these settings" not in str(pool([3], [40]))
    assert "Common effect: binomial-normal GLMM" in str(pool([3, 8], [40, 44], model="glmm", effects="common"))


def test_everything_that_is_wrong_with_a_call_is_said_at_once():
    with pytest.raises(SynthesisError) as refused:
        pool([3, 8], [40, 44], tau2="mle", transform="probit", level=95)
    for said in ("tau2 is one of reml", "transform is one of logit", "such as 0.95"):
        assert said in str(refused.value)
    with pytest.raises(SynthesisError, match=r"works on the logit scale.*choose wald or t"):
        pool([3, 8], [40, 44], model="glmm", transform="raw", interval="hartung-knapp")
    with pytest.raises(SynthesisError, match="profile-likelihood interval"):
        pool([3, 8], [40, 44], model="inverse-variance", interval="profile")
    with pytest.raises(SynthesisError, match="one label; there are 2 studies and 1 labels"):
        pool([3, 8], [40, 44], labels=["a"])


def test_the_glmm_has_an_interval_of_tau2_unless_it_is_not_wanted():
    counts = [3, 8, 0, 12], [40, 44, 20, 30]
    given, plain = pool(*counts, model="glmm"), pool(*counts, model="glmm", tau2_interval="none")
    assert given.tau2_low < given.tau2 == plain.tau2 < given.tau2_high
    assert given.i2_low < given.i2 < given.i2_high and 1 <= given.h2_low < given.h2 < given.h2_high
    assert np.isnan([plain.tau2_low, plain.tau2_high, plain.i2_low, plain.h2_high]).all()
    assert np.isnan(pool(*counts, tau2="reml", tau2_interval="none").tau2_low)
    asked = pool(*counts, model="glmm", interval="profile")
    assert (asked.tau2_low, asked.tau2_high) == (given.tau2_low, given.tau2_high)


def test_where_no_tau2_is_too_large_the_interval_has_no_end():
    single = pool([1, 0, 1], [1, 1, 1], model="glmm")
    assert single.tau2_low == 0 and np.isnan([single.tau2_high, single.i2_high]).all()
    assert "tau²                 0 (0 or more)" in str(single)


@pytest.mark.parametrize("effects", ["random", "common"])
def test_weights_of_the_glmm_sum_to_a_hundred_and_go_with_the_people(effects):
    weight = pool([3, 8, 8, 90], [40, 44, 44, 500], model="glmm", effects=effects).studies["weight"]
    assert weight.sum() == pytest.approx(100) and weight[1] == pytest.approx(weight[2])
    assert weight[3] > weight[1] > 0
    assert pool([3], [40], model="glmm").studies["weight"].tolist() == [100]
    assert pool([0, 0], [40, 3], model="glmm").studies["weight"].isna().all()


def test_ten_million_people_and_one_are_no_trouble():
    for model in ("inverse-variance", "glmm", "beta-binomial"):
        result = pool([1_200_000, 1_210_000, 1], [10_000_000, 10_000_000, 1], model=model)
        assert 0 <= result.ci_low <= result.estimate <= result.ci_high <= 1, model


def test_a_missing_count_and_a_fraction_of_a_person_are_refused_by_name():
    with pytest.raises(SynthesisError, match="study 2: a missing count is not 0"):
        pool([1, None], [5, 6])
    with pytest.raises(SynthesisError, match=r"Counts are whole numbers.*study 1: 3.5 of 10"):
        pool([3.5, 2], [10, 12])


def test_rows_without_a_group_keep_their_row_and_say_so():
    frame = pd.DataFrame({"place": ["a", "a", None, None], "events": [1, 2, 3, 4], "totals": [9, 9, 9, 9]})
    named, nameless = pool_groups(frame, by="place").to_dict("records")
    assert named["remark"] is None or "do not say" not in str(named["remark"])
    assert nameless["k"] == 2 and "do not say which group they belong to" in nameless["remark"]


@pytest.mark.parametrize("model", ["glmm", "beta-binomial"])
def test_words_that_a_model_of_the_counts_does_not_use_are_remarked(model):
    said = pool([3, 8, 5], [40, 44, 50], model=model, tau2="dl", continuity=0.1).remark
    assert f"tau2 and continuity have no effect: {model} is fitted to the counts" in said
    assert "no effect" not in str(pool([3, 8, 5], [40, 44, 50], model=model).remark)
    assert "no effect" not in str(pool([3, 8, 5], [40, 44, 50], tau2="dl", continuity=0.1).remark)
