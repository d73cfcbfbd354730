"""Pooling against metafor 3.8.1 (`tests/reference/`, with the call and the script that made the values)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import rows
from scipy.special import logit

from synthesis.pooling import pool
from synthesis.schema import SynthesisError

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
    return [row["indicator_id"] for row in rows("indicators") if row["combine"] == "poolable"]


def test_no_case_went_missing():
    assert [row["case"] for row in read("pooling_cases.csv")] == list(CASES)
    assert list(PINNED) == [*CASES, *poolable()], "run tests/reference/metafor_reference.R"
    assert len(poolable()) == 3
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
    result = pool(numbers(pinned["events"]), numbers(pinned["totals"]), level=float(pinned["level"]))
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
    one, two = pool(*zip(*some, strict=True)), pool(*zip(*other, strict=True))
    for name in VALUES:
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-9), name


@QUICK
@given(studies)
def test_counting_the_others_mirrors_everything(some):
    events, totals = (np.array(each) for each in zip(*some, strict=True))
    one, two = pool(events, totals), pool(totals - events, totals)
    assert two.estimate == pytest.approx(1 - one.estimate, rel=1e-6)
    assert two.ci_low == pytest.approx(1 - one.ci_high, rel=1e-6, abs=1e-9)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-9)


@QUICK
@given(studies)
def test_intervals_hold_each_other_and_the_mean_lies_among_the_studies(some):
    result = pool(*zip(*some, strict=True))
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
    table = pool([3, 4], [10, 10]).table()
    assert len(table) == 1
    named = table.loc[0, ["model", "transform", "tau2_method", "interval"]].to_list()
    assert named == ["inverse-variance", "logit", "reml", "hartung-knapp"]
