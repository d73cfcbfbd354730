"""Who read what: a finding left without a code is not a finding that was never opened."""

from __future__ import annotations

import pandas as pd
import pytest
from plain import rows

from synthesis.coding.readings import findings_read, read_without_code
from synthesis.evidence.schema import SynthesisError


@pytest.mark.parametrize(("coder", "left"), [("coder-1", 18), ("coder-2", 13)])
def test_the_coders_read_every_finding_and_left_as_many_without_a_code_as_the_coding_notes_say(evidence, coder, left):
    read = findings_read(evidence)
    assert list(read.loc[read["coder"] == coder, "finding_id"]) == [row["finding_id"] for row in rows("findings")]
    coded = {row["finding_id"] for row in rows("codings") if row["coder"] == coder}
    uncoded = [row["finding_id"] for row in rows("findings") if row["finding_id"] not in coded]
    assert read_without_code(evidence, coder) == uncoded
    assert len(uncoded) == left


def test_the_settled_set_is_not_a_reader(evidence):
    assert set(findings_read(evidence)["coder"]) == {"coder-1", "coder-2"}


def test_a_coding_is_a_reading_even_where_no_row_says_so(altered, evidence):
    read = findings_read(altered(readings=evidence.readings.head(0)))
    coded = {(r["finding_id"], r["coder"]) for r in rows("codings") if r["coder"] != "agreed"}
    assert set(zip(read["finding_id"], read["coder"], strict=True)) == coded
    assert read["coded"].all()
    assert read["date"].isna().all()


def test_without_any_reading_and_coding_the_table_is_empty(altered, evidence):
    read = findings_read(altered(readings=evidence.readings.head(0), codings=evidence.codings.head(0)))
    assert read.empty
    assert list(read) == ["finding_id", "coder", "coded", "date"]


def test_a_finding_that_was_never_opened_is_not_counted_as_left_without_a_code(altered, evidence):
    (first,) = read_without_code(evidence, "coder-1")[:1]
    readings = evidence.readings[evidence.readings["finding_id"] != first]
    assert first not in read_without_code(altered(readings=readings), "coder-1")


def test_the_day_of_a_reading_is_kept(altered, evidence):
    dated = evidence.readings.assign(date=pd.Timestamp("2026-11-21"))
    assert findings_read(altered(readings=dated))["date"].eq(pd.Timestamp("2026-11-21")).all()


def test_an_unknown_coder_is_refused(evidence):
    with pytest.raises(SynthesisError, match="no coder 'nobody'; the table coders holds coder-1, coder-2"):
        read_without_code(evidence, "nobody")
