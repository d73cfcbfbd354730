"""Findings listed against a statement: all of them are kept with how they are read, and a pack shows what contradicts."""

from __future__ import annotations

from plain import rows

from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.reports.chain import trace
from synthesis.themes.confidence import evidence_profile
from synthesis.themes.contrary import contradicting, contradictions


def test_what_runs_against_a_statement_is_read_with_it(evidence):
    table = contradictions(evidence)
    named = {(r["review_finding_id"], f) for r in rows("review_findings") for f in filter(None, r["contradicting_finding_ids"].split(";"))}  # fmt: skip
    pairs = set(zip(table["review_finding_id"], table["finding_id"], strict=True))
    assert pairs == named | {("RF20", "honey2021-f8")}
    how = table.set_index(["review_finding_id", "finding_id"])["how"]
    assert how["RF20", "honey2021-f8"] == "negative_case"
    assert how["RF01", "chen2021-f3"] == "both"
    assert how["RF03", "evans2024-f2"] == "named"
    assert set(evidence.review_findings["review_finding_id"]) - set(table["review_finding_id"]) == {"RF12"}


def test_every_listed_finding_has_been_read_with_a_reason_and_by_nobody_of_a_review_team_yet(evidence):
    table = contradictions(evidence)
    assert table[["reading", "reading_reason"]].notna().all(axis=None)
    assert set(table["reading"]) == set(vocabularies()["contrary_reading"])
    assert set(table["reading_status"]) == {"provisional"}


def test_what_only_adds_or_is_held_by_the_statement_is_not_shown_as_contradicting(evidence):
    shown = set(contradicting(evidence)["review_finding_id"])
    typed = [row for row in rows("contrary_findings") if row["reading"] == "contradicts"]
    assert len(contradicting(evidence)) == len(typed)
    assert shown == {row["review_finding_id"] for row in typed}
    # Practitioner findings that name hardship are what "hardly" in RF06 leaves room for; RF09 names its one study itself.
    assert not shown & {"RF06", "RF09"}


def test_a_finding_that_nobody_has_read_is_shown(evidence):
    unread = evidence.contrary_findings[evidence.contrary_findings["review_finding_id"] != "RF06"]
    fewer = Evidence(evidence.folder, {**evidence.frames, "contrary_findings": unread}, evidence.problems)
    again = contradicting(fewer)
    assert set(again.loc[again["review_finding_id"] == "RF06", "finding_id"]) == {"albert2022-f1", "furlong2021-f3", "zegwaard2024-f3"}  # fmt: skip


def test_the_chain_and_the_profile_say_how_a_listed_finding_was_read(evidence):
    read = {(r["review_finding_id"], r["finding_id"]): r["reading"] for r in rows("contrary_findings")}
    words = {"contradicts": "contradicted by", "adds": "listed against it, read as: adds", "held": "listed against it, read as: held"}  # fmt: skip
    profile = evidence_profile(evidence).set_index("review_finding_id")["contradicting_read_as"]
    for which in ("RF01", "RF06", "RF16", "RF21"):
        listed = next(r["contradicting_finding_ids"] for r in rows("review_findings") if r["review_finding_id"] == which).split(";")  # fmt: skip
        assert profile[which] == "; ".join(f"{each}: {read[which, each]}" for each in sorted(listed))
        own = trace(evidence, which)
        mine = own[(own["level"] == "finding") & (own["parent_id"] == which)]
        assert dict(zip(mine["id"], mine["link"], strict=True)) == {each: words[read[which, each]] for each in listed}
    up = trace(evidence, "albert2022-f1")
    assert "listed against, read as: held" in set(up.loc[up["id"] == "RF06", "link"])


def test_a_listed_finding_that_nobody_has_read_stands_as_contradicting_in_the_chain(evidence):
    unread = evidence.contrary_findings.iloc[:0]
    fewer = Evidence(evidence.folder, {**evidence.frames, "contrary_findings": unread}, evidence.problems)
    own = trace(fewer, "RF06")
    assert "contradicted by" in set(own.loc[own["id"] == "albert2022-f1", "link"])
    profile = evidence_profile(fewer).set_index("review_finding_id")["contradicting_read_as"]
    assert profile["RF06"].startswith("albert2022-f1: not read yet")
    assert profile.isna().to_dict()["RF12"]
