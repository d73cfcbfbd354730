"""Every table in data/: the rows that were handed over are there, and what the sources contradict is told, not mended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from synthesis import read_evidence
from synthesis.evidence.files import read_raw
from synthesis.evidence.schema import evidence_tables

DATA = Path(__file__).parent.parent / "data"

#: Rows of each table. A row that is added or taken out changes the number here, on purpose and in the same commit.
ROWS = {
    "studies": 144, "findings": 631, "estimates": 368, "associations": 102, "published_results": 68,
    "review_statements": 10, "official_statistics": 9184, "guide_sources": 12, "guide_items": 155, "risk_factors": 76,
    "interventions": 52, "measures": 50, "recommendations": 101, "planning_elements": 43, "retractions": 0,
    "records": 220, "samples": 17, "coders": 4, "codebook": 61, "codebook_changes": 39, "themes": 22, "codings": 2908, "readings": 1262,
    "adjudications": 200, "uncoded": 8, "memos": 53, "appraisals": 0, "appraisal_settlements": 0, "review_findings": 22, "confidence": 22, "indicators": 133,
    "estimate_choices": 25, "estimate_units": 155, "pooling_overrides": 6, "estimate_appraisals": 0, "estimate_appraisal_settlements": 0, "certainty": 0, "association_groups": 102,
    "contrary_findings": 61, "discrepancies": 46, "content_notes": 5, "easy_read": 221, "support": 0, "rounds": 0, "feedback": 0,
    "responses": 0, "wording_changes": 20, "involvement": 0,
    "risk_pathways": 127, "intervention_readings": 52, "planning_readings": 43, "crosswalk": 428, "programme_stages": 8, "second_readings": 240,
}  # fmt: skip


@pytest.fixture(scope="module")
def evidence():
    return read_evidence(DATA)


def test_every_row_is_there(evidence):
    assert {name: len(evidence[name]) for name in evidence} == ROWS
    assert set(ROWS) == set(evidence_tables())


def test_the_only_warnings_are_the_contradictions_of_the_sources(evidence):
    assert Counter((p.severity, p.code, p.table) for p in evidence.problems) == {
        ("warning", "discrepancy", "studies"): 5,
        ("warning", "discrepancy", "estimates"): 24,
        ("warning", "discrepancy", "associations"): 2,
        ("warning", "discrepancy", "published_results"): 4,
        ("warning", "discrepancy", "official_statistics"): 8,
        ("warning", "discrepancy", "guide_items"): 3,
    }
    assert len(evidence.problems) == len(evidence.discrepancies)


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        pytest.param("estimates", "Pearson2021-01", ("2317", "66"), id="2317 of 3226 printed as 66 %"),
        pytest.param("estimates", "Pearson2022-01", ("2137", "2317"), id="2137 in the later paper"),
        pytest.param("published_results", "Atuhaire2020", ("43 %", "50.3"), id="43 % in the abstract, 50.3 % in the table"),
        pytest.param("estimates", "Atuhaire2020-Stellenberg2015", ("43 %", "50.3"), id="50.3 % in the table"),
        pytest.param("estimates", "IndiaCoercion2003a-any", ("30 %", "34 %"), id="30 % and 34 % for the same women"),
        pytest.param("estimates", "IndiaCoercion2003b-01", ("30 %", "34 %"), id="34 % and 30 % for the same women"),
        pytest.param("estimates", "EIFhubs-01", ("one in eight", "12 %"), id="almost one in eight"),
        pytest.param("estimates", "EIFhubs-sep", ("United Kingdom", "Great Britain"), id="United Kingdom or Great Britain"),
        pytest.param("official_statistics", "2023/E10000032/parent_mental_health", ("0 of 509",), id="West Sussex 2023"),
    ],
)  # fmt: skip
def test_a_contradiction_that_the_evidence_readme_names_is_a_warning_at_its_row(evidence, table, key, words):
    keys = evidence[table][list(evidence_tables()[table].key)].astype("str").agg("/".join, axis=1)
    row = int(keys.to_numpy().tolist().index(key)) + 2
    at = [p for p in evidence.problems if p.table == table and p.row == row]
    assert at, f"no warning at {table} {key}"
    assert all(p.severity == "warning" and p.row for p in at)
    assert all(word in " ".join(p.message for p in at) for word in words)
    assert all(word in evidence.discrepancies_of(table)[key] for word in words)


def test_participants_given_as_a_range_keep_the_words_of_the_source(evidence):
    said = evidence.studies.set_index("study_id")["participants_as_reported"].dropna()
    assert said.to_dict() == {
        "barbour2002": "30 to 33 practitioners",
        "barnicot2023": "25 of 34 trial mothers; elsewhere on the same page 14 mothers and 9 from the pilot (23)",
    }


@pytest.mark.parametrize("spec", evidence_tables().values(), ids=lambda spec: spec.name)
def test_every_file_is_plain_utf_8_with_unix_line_ends(spec):
    content = (DATA / spec.file).read_bytes()
    assert content.isascii() or content.decode("utf-8")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert not read_raw(DATA / spec.file, spec).problems
