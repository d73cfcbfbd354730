"""What belongs together and what is never pooled, against the CSV files."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import column, rows

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.pooled import pool
from synthesis.prevalence.by_indicator import pooled_table, prevalence_table
from synthesis.prevalence.guard_rails import POOL_FROM

COMBINE = column("indicators", "indicator_id", "combine")
POOLABLE = [indicator for indicator, combine in COMBINE.items() if combine == "poolable"]
#: Estimates marked for use, by indicator; a poolable indicator with fewer than three has no pooled line.
CHOSEN = {each: {row["estimate_id"] for row in rows("estimate_choices") if row["indicator_id"] == each and row["use"] == "yes"} for each in POOLABLE}  # fmt: skip
PASS = [indicator for indicator in POOLABLE if len(CHOSEN[indicator]) >= POOL_FROM]
#: Indicators pooled by a recorded decision, with the estimates that it names.
DECIDED = {row["indicator_id"]: row["estimate_ids"].split(";") for row in rows("pooling_overrides")}


@pytest.fixture(scope="module")
def table(evidence) -> pd.DataFrame:
    return prevalence_table(evidence)


def test_every_estimate_is_a_row_once(table):
    estimates = table[table["line"] == "estimate"]
    assert sorted(estimates["estimate_id"]) == sorted(row["estimate_id"] for row in rows("estimates"))
    assert estimates["estimate_id"].is_unique
    assert set(table["line"]) == {"estimate", "pooled"}


def test_a_pooled_line_stands_only_where_the_indicator_is_poolable_or_a_decision_is_recorded(table):
    pooled = table[table["line"] == "pooled"]
    assert sorted(pooled["indicator_id"]) == sorted([*PASS, *DECIDED])
    assert (len(POOLABLE), len(PASS), len(DECIDED)) == (3, 2, 6)
    assert pooled[["k", "pi_low", "pi_high", "tau2", "i2", "reason", "lead", "range_low", "remark"]].notna().all(axis=None)  # fmt: skip
    assert set(pooled.loc[pooled["override"].notna(), "indicator_id"]) == set(DECIDED)
    estimates = table[table["line"] == "estimate"]
    assert estimates[["k", "pi_low", "tau2", "lead", "range_low", "override"]].isna().all(axis=None)
    apart = estimates[~estimates["indicator_id"].isin([*POOLABLE, *DECIDED])]
    assert apart["in_pool"].isna().all()


@pytest.mark.parametrize("indicator", DECIDED)
def test_a_decided_pool_takes_the_rows_that_it_names_and_says_who_decided(evidence, table, indicator):
    line = table[(table["indicator_id"] == indicator) & (table["line"] == "pooled")].iloc[0]
    recorded = next(row for row in rows("pooling_overrides") if row["indicator_id"] == indicator)
    for said in (recorded["reason"].rstrip("."), recorded["decided_by"], recorded["date"], "provisional", recorded["selection"]):  # fmt: skip
        assert said in line["override"]
    counts = {row["estimate_id"]: (int(row["numerator"]), int(row["denominator"])) for row in rows("estimates") if row["estimate_id"] in DECIDED[indicator]}  # fmt: skip
    assert (line["k"], line["denominator"]) == (len(counts), sum(total for _, total in counts.values()))
    shares = [100 * cases / total for cases, total in counts.values()]
    assert (line["range_low"], line["range_high"]) == pytest.approx((min(shares), max(shares)))
    shown = pooled_table(evidence, indicator)
    assert set(shown.loc[shown["in_pool"] == "yes", "estimate_id"]) == set(counts)
    assert shown.iloc[-1]["line"] == "pooled" and set(shown["indicator_id"]) == {indicator}


def test_an_indicator_whose_pool_is_refused_says_why_at_its_rows(evidence, altered):
    """The same sample marked for use twice: no pooled line, and the reason stands where a reader looks for it."""
    choices = evidence.estimate_choices.copy()
    ids = choices["indicator_id"] == "parents_among_adults_with_psychosis_or_smi"
    choices.loc[ids & choices["use"], "sample"] = "one-sample"
    table = prevalence_table(altered(estimate_choices=choices), "parents_among_adults_with_psychosis_or_smi")
    assert set(table["line"]) == {"estimate"} and set(table["in_pool"]) == {"no"}
    assert table.set_index("estimate_id").loc["Radley2022-01", "reason"].startswith("not pooled: ")


def test_a_series_is_never_pooled_however_its_estimates_are_marked(evidence, altered):
    """Even a choice that asks for it does not make a pooled line under an indicator that is a series."""
    series = [row for row in rows("estimates") if COMBINE[row["indicator_id"]] == "series" and row["numerator"]]
    asked = pd.DataFrame({"estimate_id": [row["estimate_id"] for row in series], "indicator_id": [row["indicator_id"] for row in series]})  # fmt: skip
    asked = asked.assign(sample=asked["estimate_id"], use=True, reason=None)
    changed = altered(estimate_choices=pd.concat([evidence.estimate_choices, asked], ignore_index=True))
    table = prevalence_table(changed)
    assert sorted(table.loc[table["line"] == "pooled", "indicator_id"]) == sorted([*PASS, *DECIDED])


@pytest.mark.parametrize("indicator", PASS)
def test_a_pooled_line_is_the_pool_of_the_rows_marked_yes(table, indicator):
    own = table[table["indicator_id"] == indicator]
    (line,) = (row for _, row in own[own["line"] == "pooled"].iterrows())
    used = own[own["in_pool"] == "yes"]
    chosen = CHOSEN[indicator]
    assert set(used["estimate_id"]) == chosen
    result = pool(used["numerator"].astype(float), used["denominator"].astype(float))
    assert line["k"] == result.k == len(chosen) >= POOL_FROM
    assert line["percent"] == pytest.approx(100 * result.estimate)
    assert line[["ci_low", "ci_high", "pi_low", "pi_high"]].to_list() == pytest.approx([100 * p for p in (result.ci_low, result.ci_high, result.pi_low, result.pi_high)])  # fmt: skip
    assert (line["numerator"], line["denominator"]) == (used["numerator"].sum(), used["denominator"].sum())
    assert own.iloc[-1]["line"] == "pooled", "the pooled line stands last"


def test_a_row_says_what_it_counts_and_a_pooled_line_what_all_its_rows_count(table):
    assert table.set_index("estimate_id").loc["Poinso2002-01", "unit"] == "admission"
    pooled = table[table["line"] == "pooled"].set_index("indicator_id")["unit"]
    used = table[(table["in_pool"] == "yes") & table["indicator_id"].isin(PASS)]
    assert (used["unit"] == used["indicator_id"].map(pooled)).all() and "mixed" not in set(pooled)


def test_no_sample_stands_twice_in_a_pool(table):
    used = table.loc[table["in_pool"] == "yes", ["indicator_id", "estimate_id"]]
    sample = used["estimate_id"].map(column("estimate_choices", "estimate_id", "sample"))
    assert len(used[used["indicator_id"].isin(POOLABLE)]) == 18
    used = used[~used["indicator_id"].isin(DECIDED)]
    assert not used.assign(sample=sample).duplicated(["indicator_id", "sample"]).any()
    sources = {row["estimate_id"]: row for row in rows("estimates")}
    for _, group in used.groupby("indicator_id"):
        # Rows of one overlap group share people, unless the group only says that one table lists them.
        shared = [sources[e]["overlap_group"] for e in group["estimate_id"] if sources[e]["overlap_group"]]
        shared = [each for each in shared if "table-of-" not in each]
        assert len(shared) == len(set(shared))


def test_a_row_left_out_of_a_pool_says_why(table):
    left = table[table["in_pool"] == "no"]
    judged = {row["estimate_id"] for row in rows("estimate_choices") if row["use"] == "no"}
    decided = {row["estimate_id"] for row in rows("estimates") if row["indicator_id"] in DECIDED and row["estimate_id"] not in DECIDED[row["indicator_id"]]}  # fmt: skip
    refused = set().union(*(CHOSEN[indicator] for indicator in set(POOLABLE) - set(PASS)))
    assert set(left["estimate_id"]) == judged | decided | refused
    own = left.set_index("estimate_id").loc[sorted(refused), "reason"]
    assert len(own) == 2 and own.str.startswith("not pooled: a pooled line needs at least 3 samples").all()
    assert left["reason"].notna().all()
    never = table[(table["line"] == "estimate") & ~table["indicator_id"].isin([*POOLABLE, *DECIDED])]
    assert (never["reason"] == never["indicator_id"].map(column("indicators", "indicator_id", "reason"))).all()


def test_an_unjudged_estimate_stays_out_of_the_pool_and_says_so(evidence, altered):
    choices = evidence.estimate_choices
    unjudged = prevalence_table(altered(estimate_choices=choices[choices["estimate_id"] != "Radley2022-01"]))
    row = unjudged.set_index("estimate_id").loc["Radley2022-01"]
    assert (row["in_pool"], row["reason"]) == ("no", "not yet judged, or without counts")
    own = unjudged[unjudged["indicator_id"] == row["indicator_id"]].set_index("estimate_id")
    assert "pooled" not in set(own["line"]), "two samples are too few"
    assert "at least 3 samples; there are 2" in own.loc["Hearle1999-01", "reason"]


def test_a_choice_made_under_another_indicator_does_not_count(evidence, altered):
    """Moving an estimate to another poolable indicator must not carry its old choice along."""
    moved = evidence.estimates.copy()
    moved.loc[moved["estimate_id"] == "Whitmore2011-01", "indicator_id"] = "parents_among_adults_with_psychosis_or_smi"
    row = prevalence_table(altered(estimates=moved)).set_index("estimate_id").loc["Whitmore2011-01"]
    assert row["in_pool"] == "no"


def test_an_estimate_without_counts_never_enters_a_pool(evidence, altered):
    choices = evidence.estimate_choices.assign(use=True)
    table = prevalence_table(altered(estimate_choices=choices))
    used = table[table["in_pool"] == "yes"]
    assert used["numerator"].notna().all() and used["denominator"].notna().all()
    assert "MBULondon1995-other" not in set(used["estimate_id"])


def test_estimates_carry_their_wilson_or_printed_interval_and_remarks(table):
    estimates = table[table["line"] == "estimate"].set_index("estimate_id")
    counted = {row["estimate_id"] for row in rows("estimates") if row["numerator"] and row["denominator"]}
    assert set(estimates.index[estimates["interval"] == "wilson"]) == counted
    printed = {row["estimate_id"] for row in rows("estimates") if row["ci_low"] and row["ci_high"]} - counted
    assert set(estimates.index[estimates["interval"] == "printed"]) == printed
    recorded = {row["row_id"] for row in rows("discrepancies") if row["table"] == "estimates"}
    assert set(estimates.index[estimates["remark"].notna()]) == recorded
    within = estimates.dropna(subset=["ci_low"])
    assert (within["ci_low"] <= within["ci_high"]).all()
    wilson = estimates[estimates["interval"] == "wilson"]
    assert ((wilson["ci_low"] <= wilson["percent"]) & (wilson["percent"] <= wilson["ci_high"])).all()


def test_one_indicator_is_its_part_of_the_whole(evidence, table):
    for indicator in (POOLABLE[0], "cin_assessment_parental_mh"):
        part = table[table["indicator_id"] == indicator].reset_index(drop=True)
        pd.testing.assert_frame_equal(prevalence_table(evidence, indicator), part, check_dtype=False)


def test_an_unknown_indicator_is_refused(evidence):
    with pytest.raises(SynthesisError, match="no indicator 'depression'"):
        prevalence_table(evidence, "depression")


@settings(max_examples=5, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31))
def test_the_order_of_rows_changes_nothing(evidence, altered, table, seed):
    names = ("estimates", "estimate_choices", "discrepancies")
    mixed = altered(**{name: evidence[name].sample(frac=1, random_state=seed) for name in names})
    kept = [name for name in table if name != "remark"]  # several remarks on one row follow the order of their file
    pd.testing.assert_frame_equal(prevalence_table(mixed)[kept], table[kept], rtol=1e-9)
