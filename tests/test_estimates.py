"""Wilson intervals against base R (`tests/reference/wilson.csv`) and scipy, and proportions against the CSV files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import rows
from scipy.stats import beta, binomtest, norm

from synthesis.evidence.schema import SynthesisError
from synthesis.numbers.intervals import agresti_coull, clopper_pearson, jeffreys
from synthesis.prevalence.estimates import both_ways, derived_counts, proportions, source_label, wilson

RELATIVE = 1e-9
with (Path(__file__).parent / "reference" / "wilson.csv").open(encoding="utf-8", newline="") as handle:
    PINNED = list(csv.DictReader(handle))
ENDS = (
    "0_of_1", "1_of_1", "0_of_10", "10_of_10", "0_of_10000000", "1_of_10000000", "5000000_of_10000000", "9999999_of_10000000",
    "10000000_of_10000000", "0_of_509", "171780_of_513250", "0_of_12", "509_of_509", "1_of_1000", "999_of_1000",
)  # fmt: skip


def interval(events: list, totals: list, level: float = 0.95) -> pd.DataFrame:
    return wilson(pd.Series(events, dtype="Int64"), pd.Series(totals, dtype="Int64"), level)


def counted() -> list[dict[str, str]]:
    return [row for row in rows("estimates") if row["numerator"] and row["denominator"]]


@pytest.fixture(scope="module")
def table(evidence) -> pd.DataFrame:
    return proportions(evidence).set_index("estimate_id")


def test_no_case_went_missing():
    pinned = [(row["case"], row["events"], row["totals"]) for row in PINNED]
    shipped = [(row["estimate_id"], row["numerator"], row["denominator"]) for row in counted()]
    assert pinned[: len(shipped)] == shipped, "run tests/reference/metafor_reference.R"
    assert [case for case, *_ in pinned[len(shipped) :]] == [*ENDS] * 3
    assert len(shipped) == 275  # the evidence README


@pytest.mark.parametrize("level", ["0.95", "0.9", "0.99"])
def test_wilson_gives_what_r_gives(level):
    some = pd.DataFrame([row for row in PINNED if row["level"] == level])
    found = wilson(some["events"].astype("Int64"), some["totals"].astype("Int64"), float(level))
    # R leaves rounding of 1e-17 where a bound is 0 or 1.
    np.testing.assert_allclose(found["low"], some["low"].astype(float), rtol=RELATIVE, atol=1e-16)
    np.testing.assert_allclose(found["high"], some["high"].astype(float), rtol=RELATIVE, atol=1e-16)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 10_000_000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.999]))
def test_wilson_gives_what_scipy_gives(total, share, level):
    events = round(share * total)
    expected = binomtest(events, total).proportion_ci(level, method="wilson")
    found = interval([events], [total], level).loc[0]
    assert found["low"] == pytest.approx(expected.low, rel=1e-7, abs=1e-15)
    assert found["high"] == pytest.approx(expected.high, rel=1e-7, abs=1e-15)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 100_000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.999]))
def test_clopper_pearson_gives_what_scipy_gives(total, share, level):
    events = round(share * total)
    expected = binomtest(events, total).proportion_ci(level, method="exact")
    found = clopper_pearson(pd.Series([events]), pd.Series([total]), level).loc[0]
    # scipy searches its bounds to 1e-12.
    assert found["low"] == pytest.approx(expected.low, rel=1e-7, abs=1e-11)
    assert found["high"] == pytest.approx(expected.high, rel=1e-7, abs=1e-11)


def test_jeffreys_and_agresti_coull_by_their_definitions():
    events, totals = pd.Series([0, 3, 10, None, 11]), pd.Series([10, 10, 10, 10, 10])
    found = jeffreys(events, totals)
    assert (found["low"][0], found["high"][2]) == (0, 1)
    assert found.loc[1].to_list() == pytest.approx(beta(3.5, 7.5).ppf([0.025, 0.975]))
    assert found["high"][0] == pytest.approx(beta(0.5, 10.5).ppf(0.975))
    z = norm.ppf(0.975)
    p = (3 + z**2 / 2) / (10 + z**2)
    half = z * np.sqrt(p * (1 - p) / (10 + z**2))
    adjusted = agresti_coull(events, totals)
    assert adjusted.loc[1].to_list() == pytest.approx([p - half, p + half])
    assert (adjusted["low"][0], adjusted["high"][2]) == (0, 1)
    assert found.loc[3:].isna().all(axis=None) and adjusted.loc[3:].isna().all(axis=None)


@pytest.mark.parametrize("make", [clopper_pearson, jeffreys, agresti_coull])
def test_every_interval_refuses_a_level_in_percent(make):
    with pytest.raises(SynthesisError, match=r"between 0 and 1, such as 0\.95"):
        make(pd.Series([1]), pd.Series([2]), 95)


@pytest.mark.parametrize("total", [1, 7, 509, 10_000_000])
def test_ends_of_the_range_are_exact(total):
    found = interval([0, total], [total, total])
    assert found["low"][0] == 0 < found["high"][0] < 1
    assert found["high"][1] == 1 > found["low"][1] > 0
    assert found["low"][1] == pytest.approx(1 - found["high"][0], rel=1e-12)


def test_one_person_leaves_nearly_everything_open():
    found = interval([0, 1], [1, 1])  # 3.8415 / (1 + 3.8415) by hand
    assert found["high"][0] == pytest.approx(0.793450685)
    assert found["low"][1] == pytest.approx(0.206549315)


def test_missing_and_impossible_counts_give_no_interval_and_no_error():
    found = interval([None, 3, None, 0, 11, -1], [10, None, None, 0, 10, 10])
    assert found.isna().all(axis=None)
    assert interval([], []).empty


def test_the_index_is_that_of_the_input():
    assert list(wilson(pd.Series([1, 2], index=["a", "b"]), pd.Series([3, 4], index=["a", "b"])).index) == ["a", "b"]


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_in_percent_is_refused(level):
    with pytest.raises(SynthesisError, match=r"between 0 and 1, such as 0\.95"):
        interval([1], [2], level)


def test_every_estimate_stands_once_in_the_order_of_the_file(table):
    assert list(table.index) == [row["estimate_id"] for row in rows("estimates")]
    assert len(table) == 368  # the evidence README


def test_counts_come_first_and_the_printed_percent_stays_visible(table):
    for row in rows("estimates"):
        found = table.loc[row["estimate_id"]]
        if row["numerator"] and row["denominator"]:
            assert found["percent"] == pytest.approx(100 * int(row["numerator"]) / int(row["denominator"]))
            assert found["interval"] == "wilson"
        elif row["percent_as_reported"]:
            assert found["percent"] == float(row["percent_as_reported"])
        else:
            assert pd.isna(found["percent"])
        printed = float(row["percent_as_reported"]) if row["percent_as_reported"] else None
        assert found["percent_as_reported"] == printed or (printed is None and pd.isna(found["percent_as_reported"]))


def test_the_printed_interval_is_used_only_without_counts(table):
    for row in rows("estimates"):
        found, has_counts = table.loc[row["estimate_id"]], bool(row["numerator"] and row["denominator"])
        has_interval = bool(row["ci_low"] and row["ci_high"])
        kind = "wilson" if has_counts else "printed" if has_interval else "none"
        assert found["interval"] == kind, row["estimate_id"]
        if kind == "printed":
            assert (found["ci_low"], found["ci_high"]) == (float(row["ci_low"]), float(row["ci_high"]))
        if kind == "none":
            assert pd.isna(found["ci_low"]), row["estimate_id"]
    assert set(table["interval"]) == {"wilson", "printed", "none"}


def test_every_recorded_discrepancy_is_a_remark_beside_its_estimate(table):
    recorded = [row for row in rows("discrepancies") if row["table"] == "estimates"]
    for row in recorded:
        remark = table.loc[row["row_id"], "remark"]
        assert row["stated"] in remark and row["also_stated"] in remark, row["discrepancy_id"]
    assert set(table.index[table["remark"].notna()]) == {row["row_id"] for row in recorded}


def test_counts_and_percent_that_disagree_are_both_shown(table):
    shown = table.loc["WENDYuse2022-01"]  # 55 of 200 is 27.5 %, 34 % is printed
    assert (shown["percent"], shown["percent_as_reported"]) == (27.5, 34.0)


def test_derived_counts_lie_in_what_the_printed_digits_allow(evidence):
    found = derived_counts(evidence).set_index("estimate_id")
    assert set(found["made_by"]) == {"extractor"}, "the only row without cases is contradicted by another report"
    marked = {row["estimate_id"]: row for row in rows("estimates") if row["derived"].startswith("numerator_from_percent") and row["percent_as_reported"]}  # fmt: skip
    assert set(found.index) == set(marked)
    for name, row in found.iterrows():
        assert row["numerator"] == int(marked[name]["numerator"])
        if row["exact"]:
            assert row["numerator_low"] <= row["numerator"] <= row["numerator_high"], name
        assert row["exact"] == (marked[name]["derived"] == "numerator_from_percent"), name


def test_a_percent_with_its_denominator_gives_marked_counts(evidence, altered):
    """7.5 of 200: 15, and 14.9 to 15.1 hold no other whole number; 68 of 58 holds none at all; 33 % of 10 holds none."""
    estimates = evidence.estimates.copy()
    some = estimates.index[estimates["numerator"].notna() & (estimates["derived"] == "no")][:3]
    estimates.loc[some, "numerator"] = pd.NA
    estimates.loc[some, "denominator"], estimates.loc[some, "percent_as_reported"] = [200, 58, 3000], [7.5, 68.0, 36.0]
    changed = altered(estimates=estimates, discrepancies=evidence.discrepancies.head(0))
    found = derived_counts(changed).set_index("estimate_id").loc[estimates.loc[some, "estimate_id"]]
    assert found["made_by"].to_list() == ["toolkit"] * 3 and found["numerator"].to_list() == [15, 39, 1080]
    assert found["exact"].to_list() == [True, False, True]
    assert found[["numerator_low", "numerator_high"]].iloc[[0, 2]].to_numpy().tolist() == [[15, 15], [1065, 1095]]
    shown = proportions(changed).set_index("estimate_id").loc[found.index]
    assert shown["numerator"].to_list() == [15, 39, 1080] and set(shown["interval"]) == {"wilson"}
    assert shown["derived"].to_list() == ["numerator_from_percent", "numerator_from_percent_inexact", "numerator_from_percent"]  # fmt: skip
    assert proportions(evidence)["numerator"].equals(evidence.estimates["numerator"]), (
        "none is made up where it is contradicted"
    )


def test_counts_and_percent_that_disagree_stand_side_by_side(evidence):
    found = both_ways(evidence)
    beside = {row["row_id"] for row in rows("discrepancies") if row["table"] == "estimates"}
    assert set(found["estimate_id"]) <= beside and found["remark"].notna().all()
    first = found.iloc[0]
    assert (first["estimate_id"], first["percent"], first["percent_as_reported"], first["difference"]) == ("WENDYuse2022-01", 27.5, 34.0, -6.5)  # fmt: skip
    for row in rows("discrepancies"):
        held = row["table"] == "estimates" and row["kind"] == "percent_and_counts"
        if held and row["row_id"] not in ("Pearson2021-01",):
            assert row["row_id"] in set(found["estimate_id"]), row["row_id"]
    assert (found["ci_low"] <= found["percent"]).all() and found["difference"].abs().is_monotonic_decreasing


def test_sources_are_named_by_surname_and_year():
    some = pd.DataFrame(
        {
            "source_id": ["a", "b", "c", "d"],
            "authors": ["Howard LM; Kumar C", "Department for Education", None, "O'Brien, M; X"],
            "year": pd.array([2001, 2025, 1999, None], dtype="Int64"),
        }
    ).astype({"authors": "str"})
    assert source_label(some).to_list() == [
        "Howard 2001",
        "Department for Education 2025",
        "c",
        "O'Brien year not seen",
    ]
