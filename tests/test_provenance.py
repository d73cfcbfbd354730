"""The status line says what the data say: change a status in a copy and the line changes."""

from __future__ import annotations

import pandas as pd
import pytest
from plain import rows

from synthesis.evidence.schema import CallError
from synthesis.review.provenance import making, status, status_line


def test_the_line_of_the_shipped_data_is_that_of_a_recount(evidence):
    abstracts = sum(row["source_part"] == "abstract" for row in rows("findings"))
    agreed = sum(row["coder"] == "agreed" for row in rows("codings"))
    confirmed = sum(row["in_published_review"] == "confirmed" for row in rows("studies"))
    assert (agreed, confirmed) == (978, 4)
    assert status_line(evidence) == (
        f"Demonstration coded by a language model, not yet checked by reviewers: {abstracts} of 631 findings rest on an abstract only; "
        f"978 of 978 agreed codings are provisional; 0 of 144 studies are appraised; 4 of 144 studies are confirmed members of the published review."
    )


def test_a_confirmed_study_and_a_full_text_change_their_counts(evidence, altered):
    studies, findings = evidence.studies.copy(), evidence.findings.copy()
    studies.loc[studies["study_id"] == "mason2020", "in_published_review"] = "confirmed"
    one = findings.index[findings["source_part"] == "abstract"][0]
    findings.loc[one, "source_part"] = "abstract;table"
    before, after = (status(e).set_index("item")["n"] for e in (evidence, altered(studies=studies, findings=findings)))
    assert after["studies_confirmed"] == before["studies_confirmed"] + 1 == 5
    assert after["findings_abstract_only"] == before["findings_abstract_only"] - 1
    assert "5 of 144 studies" in status_line(altered(studies=studies))


def settled(evidence) -> dict:
    """Tables in which people have coded and confirmed everything."""
    coders = evidence.coders.assign(provisional=False)
    coders["kind"] = coders["kind"].replace("language_model", "person")
    return {"coders": coders, "confidence": evidence.confidence.assign(status="confirmed")}


def by(evidence, **kinds) -> pd.DataFrame:
    """The coders with other kinds: ``by(evidence, coder_1="person")``."""
    ids = evidence.coders["coder_id"].str.replace("-", "_")
    return evidence.coders.assign(kind=[kinds.get(who, kind) for who, kind in zip(ids, evidence.coders["kind"], strict=True)])  # fmt: skip


def test_the_line_says_adjudicated_when_people_settled_everything(evidence, altered):
    line = status_line(altered(**settled(evidence)))
    assert line.startswith("Coded by people, adjudicated by reviewers: ")
    assert "0 of 978 agreed codings are provisional" in line


@pytest.mark.parametrize("open_still", ["coders", "confidence"])
def test_anything_left_open_keeps_it_from_being_called_adjudicated(evidence, altered, open_still):
    tables = {**settled(evidence), open_still: evidence[open_still]}
    said = {"coders": "Demonstration coded by a language model, not yet checked by reviewers: ", "confidence": "Coded by people, checked by reviewers in part: "}  # fmt: skip
    assert status_line(altered(**tables)).startswith(said[open_still])


def test_one_provisional_judgement_is_enough(evidence, altered):
    tables = settled(evidence)
    tables["confidence"].loc[tables["confidence"].index[0], "status"] = "provisional"
    assert status_line(altered(**tables)).startswith("Coded by people, checked by reviewers in part: ")


def test_nothing_agreed_is_not_called_adjudicated(evidence, altered):
    codings = evidence.codings[evidence.codings["coder"] != "agreed"]
    line = status_line(altered(codings=codings, **settled(evidence)))
    assert line.startswith("Coded by people, not yet checked by reviewers: ")
    assert "0 of 0 agreed codings" in line


def test_an_empty_base_is_said_to_be_coded_by_nobody_and_is_not_called_adjudicated(evidence, altered):
    names = ("findings", "codings", "readings", "adjudications", "uncoded", "confidence", "coders")
    bare = altered(**{name: evidence[name].iloc[:0] for name in names})
    assert making(bare).sorted_by == "" and making(bare).checked == "no"
    assert status_line(bare).startswith("Not yet checked by reviewers: 0 of 0 findings")


def test_statuses_alone_do_not_make_a_programs_work_adjudicated(evidence, altered):
    """Every status was set to confirmed, and no person has coded or settled anything."""
    done = {"coders": evidence.coders.assign(provisional=False), "confidence": evidence.confidence.assign(status="confirmed")}  # fmt: skip
    assert making(altered(**done)).checked == "no"
    assert "adjudicated" not in status_line(altered(**done))


def test_without_a_disagreement_that_people_settled_nothing_is_called_adjudicated(evidence, altered):
    tables = settled(evidence)
    assert making(altered(adjudications=evidence.adjudications.iloc[:0], **tables)).checked == "settled"
    again = {**tables, "coders": tables["coders"].assign(kind=by(evidence, coder_1="person", coder_2="person")["kind"])}
    assert making(altered(**again)).checked == "settled", "a language model settled them"
    assert status_line(altered(**again)).startswith("Coded by people and a language model, settled: ")


@pytest.mark.parametrize(
    ("kinds", "sorted_by", "alone", "starts"),
    [
        ({}, "program", 631, "Demonstration coded by a language model, "),
        ({"coder_1": "person", "coder_2": "person", "adjudicator": "person"}, "people", 0, "Coded by people, "),
        ({"coder_1": "person"}, "both", 0, "Coded by people and a language model, "),
        ({"adjudicator": "person"}, "part", 431, "Coded by a language model, in part by people, "),
    ],
)
def test_who_sorted_is_told_by_the_kinds_of_the_coders_at_work(evidence, altered, kinds, sorted_by, alone, starts):
    settled_by_hand = {row["finding_id"] for row in rows("adjudications")}
    made = making(altered(coders=by(evidence, **kinds)))
    assert (made.sorted_by, made.n_program, made.of_sorted) == (sorted_by, alone, 631)
    assert alone in (0, 631, 631 - len(settled_by_hand))
    assert status_line(altered(coders=by(evidence, **kinds))).startswith(starts)


def test_a_person_who_is_listed_and_has_coded_nothing_is_not_at_work(evidence, altered):
    listed = pd.concat([evidence.coders, evidence.coders.iloc[:1].assign(coder_id="coder-3", kind="person")])
    assert making(altered(coders=listed)) == making(evidence)


def test_what_was_read_in_a_summary_only_is_counted_by_the_parts_of_the_source(evidence, altered):
    short = {"abstract", "summary_by_authors", "summary_by_others"}
    counted = sum(set(row["source_part"].split(";")) <= short for row in rows("findings"))
    assert making(evidence).n_short == counted == 616
    for part, n in (("full_text_part", 0), ("abstract;full_text_part", 0), ("abstract;summary_by_others", 631)):
        assert making(altered(findings=evidence.findings.assign(source_part=part))).n_short == n


def test_every_count_stands_beside_its_whole(evidence):
    table = status(evidence).set_index("item")
    shares = table.drop(index="discrepancies")
    assert (shares["n"] <= shares["of"]).all()
    assert table.loc["coders_language_model", ["n", "of"]].to_list() == [3, 3]
    assert table.loc["confidence_provisional", "n"] == len(rows("confidence"))
    assert table.loc["discrepancies", "n"] == len(rows("discrepancies"))


def test_official_statistics_are_not_called_abstracts(evidence, altered):
    counts = [row["episodes_with_factor"] for row in rows("official_statistics")]
    given = sum(count != "" for count in counts)
    for name in ("official_statistics", "england_parent_mental_health"):
        line = status_line(evidence, name)
        assert f"{given:,} of {len(counts):,} counts of areas are given" in line
        assert "abstract" not in line
        assert "coding" not in line
    fewer = evidence.official_statistics.assign(episodes_with_factor=pd.NA)
    assert f"0 of {len(counts):,} counts" in status_line(altered(official_statistics=fewer), "official_statistics")


def test_estimates_have_a_line_of_their_own(evidence, altered):
    read = rows("estimates")
    abstracts = sum("abstract" in row["locator"].lower() for row in read)
    computed = sum(row["derived"] != "no" for row in read)
    line = status_line(evidence, "prevalence")
    assert line == (
        f"Demonstration, not yet checked by reviewers: {abstracts} of {len(read)} estimates were read in an abstract; "
        f"{computed} of {len(read)} hold a number computed from printed ones."
    )
    # Codings that people settled say nothing of estimates: no word on them is taken from there.
    assert status_line(altered(**settled(evidence)), "prevalence").startswith(f"{abstracts} of {len(read)} estimates")


def test_ratios_have_a_line_of_their_own(evidence):
    """A line about estimates stood under the table of ratios."""
    read = rows("associations")
    abstracts, adjusted = sum("abstract" in row["locator"].lower() for row in read), sum(row["adjusted"] == "yes" for row in read)  # fmt: skip
    bare = sum(not (row["ci_low"] and row["ci_high"]) for row in read)
    for name in ("associations", "association_table"):
        assert status_line(evidence, name) == (
            f"Demonstration, not yet checked by reviewers: {abstracts} of {len(read)} ratios were read in an abstract; "
            f"{adjusted} of {len(read)} are printed as adjusted, {bare} without an interval."
        )


def test_a_table_that_is_not_there_has_no_line(evidence):
    with pytest.raises(CallError, match="There is no table 'nothing'"):
        status_line(evidence, "nothing")


def test_what_rests_on_rounds_says_how_many_were_given_out_and_answered(evidence, altered):
    assert status_line(evidence, "rounds") == (
        "No round has been given out to an advisory group: nobody outside the team has been asked yet."
    )
    rounds = pd.DataFrame({"round_id": ["r1", "r2"], "status": ["open", "draft"]})
    comments = pd.DataFrame({"comment_id": ["c1", "c2", "c3"], "comment": ["Made up.", "Made up.", None]})
    changed = altered(rounds=rounds, feedback=comments, responses=pd.DataFrame({"comment_id": ["c2"]}))
    for table in ("rounds", "feedback", "responses", "involvement"):
        assert status_line(changed, table) == "1 of 2 rounds were given out; 1 of 2 comments have a response."
