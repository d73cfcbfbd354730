"""Guard rails: each thing that forbids a pool, alone and together; overrides that set named refusals aside and are shown."""

from __future__ import annotations

import pandas as pd
import pytest
from plain import rows

from synthesis.evidence.schema import SynthesisError, vocabularies
from synthesis.pooling.pooled import pool
from synthesis.prevalence.combining import Override, PoolingRefused, considered, pool_estimates, recorded_override
from synthesis.prevalence.estimates import counted_units
from synthesis.prevalence.guard_rails import POOL_FROM, pooling_refusals, sample_labels

SERVICES, UNITS, FATHERS = (
    "parents_among_adults_with_psychosis_or_smi",
    "mbu_separation_at_discharge",
    "paternal_perinatal_depression",
)
USED = ["Radley2022-01", "Havelkova2024-01", "Hearle1999-01"]
AFRICA = "maternal_postnatal_depression_africa_epds"
#: Two samples of women discharged from mother-baby units, and one of admissions.
DISCHARGED = ["GlangeaudFreudenthal2013-01", "Poinso2002-01", "Whitmore2011-01"]


def words(evidence, *estimates: str) -> set[str]:
    return set(pooling_refusals(evidence, estimates)["refusal"])


def test_what_is_judged_poolable_passes_without_a_word(evidence):
    assert pooling_refusals(evidence, USED).empty
    result = pool_estimates(evidence, SERVICES)
    assert result.override is None and result.table()["override"].isna().all()
    counts = [(int(row["numerator"]), int(row["denominator"])) for row in rows("estimates") if row["estimate_id"] in USED]  # fmt: skip
    assert result.pooled.estimate == pytest.approx(pool([x for x, _ in counts], [n for _, n in counts]).estimate)
    assert set(result.left_out["estimate_id"]) == {"Kaplan2019-01", "McGrath1999-01"}
    assert result.left_out["reason"].notna().all()


@pytest.mark.parametrize(
    ("estimates", "refusal", "said"),
    [
        (["Evans2001-8w", "Evans2001-32w"], "same_people", "rest on the same people (alspac-mothers)"),
        (["MBUpsychosis2018-01", "Whitmore2011-01"], "same_people", "not the row to use of its group french-belgian-mother-baby-units"),
        (["DfE2025-parental_mh-2025-E92000001", "DfE2025-parental_mh-2018-E92000001"], "series", "is a series"),
        (["DfE2025-parental_mh-2025-E92000001", "DfE2025-parental_mh-2018-E92000001"], "one_system", "dfe-factors-england at 2 times"),
        (["Scotland2024-01", "ScotlandCSWS2020-21-01"], "one_system", "returns of one system (UK: Scotland)"),
        (["Moussa2012-01", "Kido2020-01"], "definitions_differ", "EPDS 10 or more, pregnancy; EPDS-J, stated cut-off 13 or more"),
        (["Moussa2012-01", "Psouni2017-01"], "definitions_differ", "under 2 indicators"),
        (["Moussa2012-01", "Evans2001-32w"], "units_differ", "a father or expectant father (Moussa2012-01); a mother or pregnant woman (Evans2001-32w)"),
        (DISCHARGED, "units_differ", "an admission (Poinso2002-01); a mother or pregnant woman (GlangeaudFreudenthal2013-01, Whitmore2011-01)"),
        (["JohnsonIJPDS-01", "Llewellyn2003-psych"], "units_differ", "a court matter or case (Llewellyn2003-psych)"),
        (["Dipple2002-01", "Hollingsworth2004-01"], "units_differ", "an adult (Hollingsworth2004-01)"),
        (["Moussa2012-01", "Kido2020-01"], "kept_apart", "Shown as a range beside the published pooled values."),
        (["Ballard1994-f6w"], "no_counts", "Ballard1994-f6w: cases or denominator are not known"),
        (["MBULondon1995-other"], "judged_out", "judged not to take part"),
        (["Whitmore2011-01", "Poinso2002-01"], "too_few", f"at least {POOL_FROM} samples; there are 2"),
    ],
)  # fmt: skip
def test_each_refusal_names_its_rows_and_its_reason(evidence, estimates, refusal, said):
    found = pooling_refusals(evidence, estimates)
    assert list(found) == ["refusal", "estimate_ids", "said"]
    own = found[found["refusal"] == refusal]
    assert said in " ".join(own["said"])
    assert set(";".join(own["estimate_ids"]).split(";")) <= set(estimates)


def test_rows_that_count_people_and_admissions_are_shown_one_by_one(evidence):
    """One of three samples counts admissions: it stays out, and the two that are left are too few for a line."""
    with pytest.raises(PoolingRefused) as refused:
        pool_estimates(evidence, UNITS)
    assert refused.value.refusals["refusal"].to_list() == ["too_few"]
    left = considered(evidence, UNITS).set_index("estimate_id").loc["Poinso2002-01"]
    assert left["in_pool"] == "no" and "admissions and not women" in left["reason"]


def test_a_row_of_a_mixed_indicator_needs_somebodys_word_for_its_unit(evidence, altered):
    units = evidence.estimate_units
    named = ["JohnsonIJPDS-01", "IsraelCourt2021-01"]
    assert "units_differ" not in words(evidence, *named), "both count parents"
    changed = altered(estimate_units=units[units["estimate_id"] != "JohnsonIJPDS-01"])
    found = pooling_refusals(changed, named).set_index("refusal").loc["units_differ", "said"]
    assert found.endswith("a parent (IsraelCourt2021-01); not said, see estimate_units (JohnsonIJPDS-01)")


def test_an_estimate_counts_what_is_said_of_it_and_otherwise_what_its_indicator_says(evidence):
    units, said = counted_units(evidence), {row["estimate_id"]: row["unit"] for row in rows("estimate_units")}
    indicator = {row["indicator_id"]: row["unit"] for row in rows("indicators")}
    expected = {row["estimate_id"]: said.get(row["estimate_id"], indicator[row["indicator_id"]]) for row in rows("estimates")}  # fmt: skip
    assert units.to_dict() == expected and "mixed" not in set(units)
    assert units["Poinso2002-01"] == "admission" and units["DfE2025-parental_mh-2025-E92000001"] == "episode"


def test_a_withdrawn_source_is_refused_by_its_id_or_its_doi(evidence, altered):
    notice = {"retraction_id": "R1", "notice_url": "https://example.org", "date_seen": pd.Timestamp("2026-11-22")}
    held = next(row for row in rows("estimates") if row["estimate_id"] == USED[0])
    for named in ({"source_id": held["source_id"]}, {"doi": held["doi"].upper()}):
        changed = altered(retractions=pd.DataFrame([{"source_id": None, "doi": None, "note": None} | notice | named]))
        found = pooling_refusals(changed, USED)
        assert found["refusal"].to_list() == ["retracted"] and found["estimate_ids"].to_list() == [held["estimate_id"]]
        with pytest.raises(PoolingRefused, match="withdrawn"):
            pool_estimates(changed, SERVICES)


def test_an_unjudged_row_of_a_poolable_indicator_is_refused_when_it_is_named(evidence, altered):
    choices = evidence.estimate_choices
    changed = altered(estimate_choices=choices[choices["estimate_id"] != USED[0]])
    assert words(changed, *USED) == {"not_judged"}


def test_a_shared_sample_of_studies_is_found_through_their_group(evidence, altered):
    """No estimate stands in the table of studies yet; when one does, its sample_id counts."""
    pair = evidence.studies[evidence.studies["sample_id"].notna()].iloc[:1]["sample_id"].iloc[0]
    studies = evidence.studies.copy()
    both = studies.index[:2]
    studies.loc[both, "sample_id"] = pair
    estimates = evidence.estimates.copy()
    for name, study in zip(["Karnataka102-01", "SaudiPPD2020-01"], studies.loc[both, "study_id"], strict=True):
        estimates.loc[estimates["estimate_id"] == name, ["source_id", "period"]] = [study, None]
    counted = evidence.samples.assign(counted_once=True)
    changed = altered(studies=studies, estimates=estimates, samples=counted)
    assert "same_people" in words(changed, "Karnataka102-01", "SaudiPPD2020-01")
    assert "same_people" not in words(evidence, "Karnataka102-01", "SaudiPPD2020-01")


def test_one_publication_under_two_source_ids_is_the_same_people(evidence, altered):
    two = ["Karnataka102-01", "SaudiPPD2020-01"]
    assert "same_people" not in words(evidence, *two)
    estimates = evidence.estimates.copy()
    estimates.loc[estimates["estimate_id"].isin(two), "doi"] = ["10.1000/ABC", "10.1000/abc"]
    found = pooling_refusals(altered(estimates=estimates), two).set_index("refusal")
    assert set(found.loc["same_people", "estimate_ids"].split(";")) == set(two)


def test_rows_of_one_review_table_are_not_the_same_people(evidence):
    listed = [row["estimate_id"] for row in rows("estimates") if row["overlap_group"] == "table-of-Atuhaire2020"]
    assert len(listed) == 15
    assert sample_labels(evidence)[listed].is_unique
    assert pooling_refusals(evidence, listed).empty


def test_all_reasons_stand_in_one_message(evidence):
    named = ["Evans2001-8w", "Evans2001-32w", "Ballard1994-m6w", "DfE2025-parental_mh-2025-E92000001"]
    with pytest.raises(PoolingRefused) as refused:
        pool_estimates(evidence, "maternal_postnatal_depression", named)
    expected = {"no_counts", "same_people", "series", "definitions_differ", "units_differ", "kept_apart"}
    assert set(refused.value.refusals["refusal"]) == expected
    assert all(f"- {word}: " in str(refused.value) for word in expected)
    order = list(vocabularies()["pooling_refusal"])
    places = refused.value.refusals["refusal"].map(order.index)
    assert places.is_monotonic_increasing


def test_a_row_with_a_percent_and_its_denominator_can_be_pooled(evidence, altered):
    estimates = evidence.estimates.copy()
    row = estimates["estimate_id"] == "Hearle1999-01"
    before = pool_estimates(evidence, SERVICES)
    cases, total = estimates.loc[row, ["numerator", "denominator"]].iloc[0]
    estimates.loc[row, ["numerator", "percent_as_reported"]] = [pd.NA, round(100 * cases / total, 1)]
    after = pool_estimates(altered(estimates=estimates), SERVICES)
    assert after.pooled.k == before.pooled.k and after.pooled.estimate == pytest.approx(before.pooled.estimate, rel=0.02)  # fmt: skip


# ---------------------------------------------------------------- overrides


def test_an_override_sets_aside_what_it_names_and_nothing_else(evidence):
    fathers = ["Moussa2012-01", "Kido2020-01", "Kiepura2020-men"]
    half = Override(("definitions_differ",), "to try", "a tester")
    with pytest.raises(PoolingRefused) as refused:
        pool_estimates(evidence, FATHERS, fathers, half)
    assert set(refused.value.refusals["refusal"]) == {"kept_apart"}
    whole = Override(("definitions_differ", "kept_apart"), "to try", "a tester", "2026-11-22")
    result = pool_estimates(evidence, FATHERS, fathers, whole)
    said = result.table()["override"].iloc[0]
    assert said == (
        "Pooled by decision although definitions of a case differ; the indicator is judged to be shown estimate by estimate. "
        "Why: to try. Decided by a tester, 2026-11-22."
    )
    assert said in str(result)
    assert str(result).index("Read the range first") < str(result).index("Pooled by decision")


def test_an_override_that_sets_nothing_aside_is_not_shown(evidence):
    made = Override(("same_people",), "to be safe", "a tester")
    assert pool_estimates(evidence, SERVICES, override=made).override is None


@pytest.mark.parametrize(
    ("refusals", "reason", "by", "said"),
    [
        ((), "why", "who", "no refusal is named"),
        (("heterogeneity",), "why", "who", "no refusal 'heterogeneity'; there are retracted"),
        (("no_counts",), "why", "who", "cannot be set aside"),
        (("same_people",), " ", "", "reason is empty; decided_by is empty"),
    ],
)
def test_an_override_without_reason_or_person_is_none(refusals, reason, by, said):
    with pytest.raises(SynthesisError, match=said):
        Override(refusals, reason, by)


def test_without_the_recorded_decision_fathers_and_mothers_are_not_pooled(evidence):
    for row in rows("pooling_overrides"):
        assert recorded_override(evidence, row["indicator_id"])[1] == row["estimate_ids"].split(";")
    with pytest.raises(PoolingRefused, match="the cut-off alone moves the figure"):
        pool_estimates(evidence, "paternal_postnatal_depression", override=False)


@pytest.mark.parametrize("row", rows("pooling_overrides"), ids=lambda row: row["indicator_id"])
def test_a_recorded_decision_pools_no_one_twice_and_sets_aside_no_more_than_it_must(evidence, row):
    ids = row["estimate_ids"].split(";")
    assert len(ids) == len(set(ids)) == sample_labels(evidence)[ids].nunique()
    assert words(evidence, *ids) == set(row["refusals"].split(";")) == {"definitions_differ", "kept_apart"}
    sources = {each["estimate_id"]: each for each in rows("estimates")}
    assert len({sources[each]["source_id"] for each in ids}) == len(ids)
    left = considered(evidence, row["indicator_id"])
    for each in left.loc[left["in_pool"] == "no", "estimate_id"]:
        named = each in row["selection"] or sources[each]["source_id"] in row["selection"]
        assert named, f"{each} is left out and its reason is not in the selection"


def test_the_model_can_be_chosen_and_the_result_carries_its_headline(evidence):
    result = pool_estimates(evidence, AFRICA, level=0.9)
    table = result.table().iloc[0]
    assert table["lead"] == result.headline.lead == "range" and table["remark"].startswith(result.headline.text)
    assert "(90 % prediction interval)" in result.headline.text, "the level asked for is the level named"
    assert table["ci_low"] > pool_estimates(evidence, AFRICA).table()["ci_low"].iloc[0]
    shares = [
        int(row["numerator"]) / int(row["denominator"]) for row in rows("estimates") if row["indicator_id"] == AFRICA
    ]
    assert (table["range_low"], table["range_high"]) == pytest.approx((min(shares), max(shares)))


def test_no_decision_pools_a_series_as_studies(evidence):
    """An override once averaged eight years of one national return."""
    with pytest.raises(SynthesisError, match="never pooled as studies: this cannot be set aside"):
        Override(("series", "one_system", "same_people"), "to try", "a tester")
    rest = Override(("one_system", "same_people"), "to try", "a tester")
    with pytest.raises(PoolingRefused) as refused:
        pool_estimates(evidence, "cin_assessment_parental_mh", override=rest)
    assert set(refused.value.refusals["refusal"]) == {"series"} and "Override(" not in str(refused.value)


def test_unknown_names_are_refused(evidence):
    with pytest.raises(SynthesisError, match="no indicator 'depression'"):
        pool_estimates(evidence, "depression")
    with pytest.raises(SynthesisError, match=r"does not hold Nobody2020-01\."):
        pool_estimates(evidence, SERVICES, ["Nobody2020-01"])
