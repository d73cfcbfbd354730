"""The second reading of a sample of judgements: agreement is computed from the rows, and corrections were made."""

from __future__ import annotations

import pytest

from synthesis.evidence.schema import vocabularies
from synthesis.guidance.second_reading import second_reading_agreement, second_reading_differences
from synthesis.numbers.intervals import wilson
from synthesis.numbers.reliability import cohen_kappa


def test_agreement_is_counted_column_by_column_with_intervals(evidence):
    read = evidence.second_readings
    for blind, own in ((False, read), (True, read[read["blind"]])):
        table = second_reading_agreement(evidence, blind=blind).set_index("column")
        assert list(table.index) == list(vocabularies()["second_reading_column"])
        assert table["of_agree"].sum() == len(own)
        assert table["n_agree"].sum() == (own["first"] == own["second"]).sum()
        row = table.loc["relation"]
        links = own[own["column"] == "relation"]
        assert row["kappa"] == cohen_kappa(links["first"], links["second"]).value
        assert row["n_pairs"] == links["pair"].notna().sum() == 20
        assert row["ci_low"] == pytest.approx(100 * wilson(table["n_agree"], table["of_agree"])["low"]["relation"])
    assert (second_reading_agreement(evidence)["of_agree"] < second_reading_agreement(evidence, blind=False)["of_agree"]).all()  # fmt: skip


def test_the_sample_is_forty_readings_and_sixty_links(evidence):
    read = evidence.second_readings
    assert read["pathway_id"].nunique() == 40
    assert read["link_id"].nunique() == 60
    pairs = read["pair"].dropna().str.split("/", expand=True)
    crosswalk = evidence.crosswalk[evidence.crosswalk["relation"] != "none"]
    linked = set(zip(crosswalk["from_id"], crosswalk["to_id"], strict=True))
    assert not linked & set(zip(pairs[0], pairs[1], strict=True))


def test_what_was_corrected_says_so_and_what_was_not_still_stands(evidence):
    read = evidence.second_readings
    paths = evidence.risk_pathways.set_index("pathway_id")
    links = evidence.crosswalk.set_index("link_id")
    for row in read.itertuples():
        if isinstance(row.pair, str) or row.column == "link":
            continue
        table, id = (paths, row.pathway_id) if isinstance(row.pathway_id, str) else (links, row.link_id)
        now = table.fillna("none").at[id, row.column]
        assert now == (row.second if row.corrected else row.first), row.reading_id
        assert table.at[id, "status"] == "provisional"
        if row.corrected:
            assert "orrected after a second reading" in table.at[id, "reason"]
            assert row.first != row.second


def test_differences_stand_side_by_side_corrected_ones_first(evidence):
    table = second_reading_differences(evidence)
    read = evidence.second_readings
    assert len(table) == (read["first"] != read["second"]).sum()
    assert table["row_id"].notna().all()
    n = int(table["corrected"].sum())
    assert table["corrected"].iloc[:n].all()
    assert n == read["corrected"].sum()


def test_without_a_second_reading_there_is_no_agreement(altered, evidence):
    none = altered(second_readings=evidence.second_readings.iloc[:0])
    assert second_reading_agreement(none).empty
    assert second_reading_differences(none).empty
