"""The flow diagram: every box a recount, and the identities of PRISMA 2020 whatever the decisions."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import rows, sample_by_study

from synthesis.evidence.schema import SynthesisError
from synthesis.review.records import prisma_flow


def boxes(flow: pd.DataFrame) -> dict[tuple[str, str], int]:
    totals = flow[flow["reason"] == ""]
    assert not totals.duplicated(["arm", "box"]).any()
    return {(row.arm, row.box): row.n for row in totals.itertuples()}


def hold_identities(flow: pd.DataFrame) -> None:
    """Identified less removed is screened, and so on to what is included; reasons add up to their box."""
    n = boxes(flow)
    assert n["databases", "identified"] - n["databases", "removed"] == n["databases", "screened"]
    assert n["databases", "screened"] - n["databases", "screened_out"] == n["databases", "sought"]
    assert n["other_methods", "identified"] == n["other_methods", "sought"]
    for arm in ("databases", "other_methods"):
        assert n[arm, "sought"] - n[arm, "not_retrieved"] == n[arm, "assessed"]
        for box in ("not_retrieved", "excluded"):
            reasons = flow[(flow["arm"] == arm) & (flow["box"] == box) & (flow["reason"] != "")]
            assert reasons["n"].sum() == n[arm, box]
    through = sum(n[arm, "assessed"] - n[arm, "excluded"] for arm in ("databases", "other_methods"))
    assert through == n["included", "reports"] >= n["included", "studies"]


def test_every_box_of_the_shipped_records_is_a_recount(evidence):
    flow, n = prisma_flow(evidence), boxes(prisma_flow(evidence))
    hold_identities(flow)
    decisions = Counter(row["decision"] for row in rows("records"))
    assert n["other_methods", "identified"] == len(rows("records")) == 220
    assert n["other_methods", "not_retrieved"] == decisions["not_retrieved"]
    assert n["other_methods", "excluded"] == decisions["excluded_after_reading"]
    assert n["included", "reports"] == decisions["included"] == len(rows("studies")) == 144
    assert n["included", "studies"] == len(set(sample_by_study().values()))
    assert n["databases", "identified"] == 0
    reasons = Counter(row["reason"] for row in rows("records") if row["decision"] == "excluded_after_reading")
    shown = flow[(flow["box"] == "excluded") & (flow["reason"] != "")]
    assert dict(zip(shown["reason"], shown["n"], strict=True)) == reasons


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_the_identities_hold_for_any_decisions(evidence, altered, data):
    """Records from databases may be removed or excluded at any step; the shipped ones stay as they are."""
    steps = st.sampled_from(["duplicate", "excluded_on_title", "not_retrieved", "excluded_after_reading"])
    decisions = data.draw(st.lists(steps, min_size=1, max_size=40))
    some = evidence.records[evidence.records["decision"] != "included"].head(len(decisions))
    more = some.assign(source="database", decision=decisions[: len(some)], record_id="new-" + some["record_id"])
    more = more.astype(evidence.records.dtypes.to_dict())
    flow = prisma_flow(altered(records=pd.concat([evidence.records, more], ignore_index=True)))
    hold_identities(flow)
    n = boxes(flow)
    assert n["databases", "identified"] == len(decisions)
    assert n["databases", "removed"] == decisions.count("duplicate")
    assert n["databases", "screened_out"] == decisions.count("excluded_on_title")
    assert n["databases", "excluded"] == decisions.count("excluded_after_reading")
    assert n["other_methods", "identified"] == 220


def test_included_records_of_a_database_are_included_there(evidence, altered):
    from_database = evidence.records.assign(source="database")
    flow = prisma_flow(altered(records=from_database))
    hold_identities(flow)
    assert boxes(flow)["databases", "identified"] == 220
    assert boxes(flow)["included", "reports"] == 144


def test_the_order_of_records_changes_nothing(evidence, altered):
    mixed = altered(records=evidence.records.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(prisma_flow(mixed), prisma_flow(evidence))


def test_an_included_record_without_its_study_is_refused(evidence, altered):
    records = evidence.records.copy()
    records.loc[records.index[records["decision"] == "included"][0], "study_id"] = None
    with pytest.raises(SynthesisError, match="144 reports were assessed and not excluded, but 143 studies"):
        prisma_flow(altered(records=records))


def test_an_excluded_record_whose_study_was_kept_is_refused(evidence, altered):
    records = evidence.records.copy()
    records.loc[records.index[records["decision"] == "excluded_after_reading"][0], "decision"] = "included"
    with pytest.raises(SynthesisError, match="do not add up"):
        prisma_flow(altered(records=records))


@pytest.mark.parametrize("decision", ["duplicate", "excluded_on_title"])
def test_a_decision_that_has_no_box_is_named_with_its_record(evidence, altered, decision):
    records = evidence.records.copy()
    at = records.index[records["decision"] == "not_retrieved"][0]
    records.loc[at, "decision"] = decision
    with pytest.raises(SynthesisError, match=rf"no box for {records.loc[at, 'record_id']}.*cannot be {decision}"):
        prisma_flow(altered(records=records))
