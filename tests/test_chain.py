"""The chain: walked both ways from every identifier, and no break of it goes unseen.

The breaks are those of the script `break_chain.py`: each is made in a copy of the shipped data, and `check` must fail and
name its row.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import break_chain
import pytest
from break_chain import LINKS
from plain import DATA, column, rows
from small import read

from synthesis.cli import main
from synthesis.evidence.schema import SynthesisError, evidence_tables, table
from synthesis.evidence.tables import check
from synthesis.reports.chain import LEVELS, _ids, trace, trace_text

# ---------------------------------------------------------------- walking it


def reached(table, way: str, level: str) -> set[str]:
    return set(table.loc[(table["direction"] == way) & (table["level"] == level), "id"])


@pytest.mark.parametrize(("typed", "id"), [("rf13", "RF13"), ("Chen2021-F3", "chen2021-f3")])
def test_the_capitals_of_an_identifier_do_not_matter(evidence, typed, id):
    assert trace(evidence, typed).equals(trace(evidence, id))


def test_from_a_statement_down_to_every_address(evidence):
    table = trace(evidence, "RF13")
    codes = set(column("review_findings", "review_finding_id", "code_ids")["RF13"].split(";"))
    findings = {r["finding_id"] for r in rows("codings") if r["coder"] == "agreed" and r["code_id"] in codes}
    findings |= set(column("review_findings", "review_finding_id", "contradicting_finding_ids")["RF13"].split(";"))
    studies = {column("findings", "finding_id", "study_id")[each] for each in findings}
    assert reached(table, "below", "code") == codes
    assert reached(table, "below", "finding") == findings
    assert reached(table, "below", "study") == studies
    assert reached(table, "below", "record") == {r["record_id"] for r in rows("records") if r["study_id"] in studies}
    assert reached(table, "below", "address") >= {column("findings", "finding_id", "source_url")[f] for f in findings}
    assert reached(table, "below", "confidence") == {"RF13/adjudicator"}
    assert reached(table, "below", "theme") == {"T3"}
    assert reached(table, "above", "theme") == set()


def test_from_a_record_up_to_every_statement(evidence):
    table = trace(evidence, "rec-ackerson2003")
    findings = {r["finding_id"] for r in rows("findings") if r["study_id"] == "ackerson2003"}
    codes = {r["code_id"] for r in rows("codings") if r["coder"] == "agreed" and r["finding_id"] in findings}
    statements = {
        r["review_finding_id"]
        for r in rows("review_findings")
        if codes & set(r["code_ids"].split(";")) or findings & set(r["contradicting_finding_ids"].split(";"))
    }
    assert reached(table, "above", "study") == {"ackerson2003"}
    assert reached(table, "above", "finding") == findings
    assert reached(table, "above", "code") == codes
    assert reached(table, "above", "review_finding") == statements


def links_of(**wanted) -> list[dict[str, str]]:
    """Rows of the crosswalk that hold these values, without the judgements that there is none."""
    return [r for r in rows("crosswalk") if r["relation"] != "none" and all(r[c] == v for c, v in wanted.items())]


@pytest.mark.parametrize(
    ("id", "level"), [("RC001", "recommendation"), ("SI048", "guide_item"), ("SI093", "guide_item"), ("IV008", "intervention")]
)  # fmt: skip
def test_from_what_guides_offer_down_to_findings_confidence_studies_and_its_own_address(evidence, id, level):
    table = trace(evidence, id)
    assert table.loc[table["direction"] == "here", "level"].to_list() == [level]
    findings = {r["from_id"] for r in links_of(to_id=id, from_kind="review_finding")}
    assert reached(table, "below", "review_finding") == findings
    assert reached(table, "below", "confidence") == {f"{each}/adjudicator" for each in findings}
    for each in findings:
        assert reached(trace(evidence, each), "below", "study") <= reached(table, "below", "study")
    said = table[(table["level"] == "review_finding") & (table["direction"] == "below")].set_index("id")["link"]
    for row in links_of(to_id=id, from_kind="review_finding"):
        assert row["link_id"] in said[row["from_id"]]
    assert reached(table, "below", "address")


def test_from_a_review_finding_and_a_theme_up_to_what_rests_on_it(evidence):
    for id, findings in (
        ("RF05", {"RF05"}),
        ("T1", reached(trace(evidence, "T1"), "above", "review_finding")),
    ):
        table = trace(evidence, id)
        above = {each for level in ("recommendation", "guide_item", "intervention") for each in reached(table, "above", level)}  # fmt: skip
        wanted = {r["to_id"] for each in findings for r in links_of(from_id=each)}
        assert wanted <= above
        assert {
            r["to_id"] for r in links_of() if r["to_id"] in above and r["from_kind"] == "review_finding"
        } == above & {r["to_id"] for r in links_of(from_kind="review_finding")}
    assert above


def test_a_finding_that_speaks_against_a_recommendation_is_not_shown_as_its_support(evidence):
    against = links_of(relation="contradicts", from_kind="review_finding")[0]
    down, up = trace(evidence, against["to_id"]), trace(evidence, against["from_id"])
    assert f"spoken against by ({against['link_id']})" in set(down.loc[down["id"] == against["from_id"], "link"])
    assert f"speaks against ({against['link_id']})" in set(up.loc[up["id"] == against["to_id"], "link"])


def test_what_has_no_link_shows_that_judgement_with_its_reason(evidence):
    table = trace(evidence, "RF09")
    assert not reached(table, "above", "recommendation")
    none = {r["link_id"]: r for r in rows("crosswalk") if r["relation"] == "none" and r["from_id"] == "RF09"}
    beside = table[table["direction"] == "beside"].set_index("id")
    assert set(beside.index) == set(none)
    for id, row in none.items():
        assert row["reason"] in beside.at[id, "label"]
        assert beside.at[id, "link"] == f"judged to have no {row['to_kind']}"


def test_a_link_of_the_crosswalk_is_told_with_both_ends_and_its_whole_reason(evidence):
    row = links_of(to_kind="recommendation")[0]
    table = trace(evidence, row["link_id"])
    assert row["to_id"] in set(table.loc[table["direction"] == "above", "id"])
    assert reached(table, "below", "review_finding") == {row["from_id"]}
    assert row["reason"] in " ".join(trace_text(table).split())


def test_up_and_down_tell_the_same(evidence):
    """Whatever lies below a statement has the statement above it."""
    for which in ("RF01", "RF09"):
        below = trace(evidence, which)
        for level in ("code", "finding", "study", "record", "address"):
            for each in sorted(reached(below, "below", level))[:4]:
                assert which in reached(trace(evidence, each), "above", "review_finding"), (which, each)


def test_a_finding_stands_with_what_every_coder_said_of_it(evidence):
    table = trace(evidence, "chen2021-f3")
    said = {"/".join((r["finding_id"], r["code_id"], r["coder"])) for r in rows("codings") if r["finding_id"] == "chen2021-f3"}  # fmt: skip
    assert reached(table, "beside", "coding") == said
    assert reached(table, "beside", "memo") == {r["memo_id"] for r in rows("memos") if "chen2021-f3" in r["finding_ids"].split(";")}  # fmt: skip
    assert reached(trace(evidence, "ackerson2003-f5"), "beside", "adjudication") == {"ackerson2003-f5"}
    against = table[(table["level"] == "code")]
    assert against["link"].to_list() == ["a case against"]


def test_a_theme_names_its_statements_and_those_that_rest_on_its_codes(evidence):
    filed = {r["review_finding_id"] for r in rows("review_findings") if r["theme_id"] == "T1"}
    table = trace(evidence, "T1")
    carried = table[(table["direction"] == "above") & (table["level"] == "review_finding")]
    assert set(carried.loc[carried["link"] == "carries", "id"]) == filed
    assert reached(table, "below", "theme") == {"T1a", "T1b", "T1c", "T1d"}
    assert "RF01" in reached(trace(evidence, "T1a"), "above", "review_finding")


def test_a_shared_theme_makes_no_finding_support_a_statement(evidence):
    """fear_custody_loss lies under T1, to which RF05 belongs, and RF05 does not rest on it."""
    assert reached(trace(evidence, "fear_custody_loss"), "above", "review_finding") == {
        r["review_finding_id"] for r in rows("review_findings") if "fear_custody_loss" in r["code_ids"].split(";")
    }


@pytest.mark.parametrize(
    ("id", "level"),
    [
        ("RF01", "review_finding"), ("T1a", "theme"), ("stigma", "code"), ("chen2021-f3", "finding"), ("chen2021", "study"),
        ("rec-chen2021", "record"), ("sample-honey2018", "sample"), ("M02", "memo"), ("RF01/adjudicator", "confidence"),
        ("mbu_separation_at_discharge", "indicator"), ("Poinso2002-01", "estimate"),
        ("SI093", "guide_item"), ("RC001", "recommendation"), ("IV008", "intervention"), ("EIF-MEAS", "guide"), ("CL001", "link"), ("RF013", "risk_factor"),
        ("MS008", "measure"), ("PT040", "planning_element"),
        ("chen2021-f3/fear_custody_loss/coder-1", "coding"), ("https://ouci.dntb.gov.ua/en/works/4LZrZQK9", "address"),
    ],
)  # fmt: skip
def test_every_kind_of_identifier_has_a_place_and_neighbours(evidence, id, level):
    found = trace(evidence, id)
    here = found[found["direction"] == "here"]
    assert here[["level", "id", "step"]].to_numpy().tolist() == [[level, id, 0]]
    assert len(found) > 1
    assert list(found) == ["direction", "step", "level", "table", "id", "label", "parent_id", "link"]
    known = {id} | set(found["id"])
    assert set(found.loc[found["direction"] != "here", "parent_id"]) <= known
    assert (found["step"] < 0).equals(found["direction"] == "above")
    assert set(found["table"]) - {""} <= set(evidence_tables())
    assert id in trace_text(found)


def test_every_statement_theme_code_finding_and_study_reaches_an_address(evidence):
    for level in ("review_finding", "theme", "code", "finding", "study"):
        every = _ids(evidence, level)
        for id in every if len(every) < 70 else every[::25]:
            assert reached(trace(evidence, id), "below", "address"), id


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("chen2021\u2013f3", "Did you mean chen2021-f3?"),  # an en dash
        ("akerson2003", "Did you mean ackerson2003"),
        ("RF99", "Did you mean RF"),
        ("chen2021-f3/fear_custody_los/coder-1", "Did you mean chen2021-f3/fear_custody_loss/coder-1"),
        ("nothing like it", "'nothing like it'. `trace` knows review_finding, theme"),
        ("nothing like it", "confidence (as review_finding/assessed_by), coding (as finding/code/coder), address."),
    ],
)
def test_an_unknown_identifier_is_refused_with_the_nearest(evidence, id, said):
    with pytest.raises(SynthesisError, match="Nothing here carries the identifier") as refused:
        trace(evidence, id)
    assert said in str(refused.value)


def test_the_text_prints_an_address_once_in_a_row(evidence):
    text = trace_text(trace(evidence, "chen2021-f3"))
    assert text.count("https://ouci.dntb.gov.ua/en/works/4LZrZQK9") == 1
    titles = [
        text.index(t) for t in ("What rests on it", "finding chen2021-f3", "What was said about it", "What it rests on")
    ]
    assert titles == sorted(titles)


def test_the_command_answers_as_text_and_as_json(capsys):
    assert main(["trace", "chen2021-f3", "--data", str(DATA)]) == 0
    said = capsys.readouterr().out
    assert "reported by: study chen2021 – Chen et al. 2021" in said
    assert "0 of 144 studies are appraised" in said
    assert main(["trace", "chen2021-f3", "--data", str(DATA), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in answer if row["level"] == "study"] == ["chen2021"]
    assert main(["trace", "chen2021-f33", "--data", str(DATA)]) == 2
    assert "Did you mean chen2021-f3" in capsys.readouterr().err


# ---------------------------------------------------------------- breaking it


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    return break_chain.copied(DATA, tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def breaks(copy) -> list[break_chain.Break]:
    """A break of every link of the chain, of the addresses, the tree of themes and a record: more than twenty."""
    return break_chain.seeded_breaks(copy, len(LINKS) + 4)


def test_every_break_of_the_chain_fails_and_is_named_at_its_row(copy, breaks):
    unseen = [str(one) for one in breaks if break_chain.named_by_check(copy, one) is None]
    assert unseen == []
    assert {p.code for p in check(copy).problems} == {"discrepancy", "file-missing"}, "the clean data have no break"


def test_the_seeded_breaks_are_more_than_twenty_and_fall_on_every_link(evidence, copy, breaks):
    assert len(set(breaks)) == len(breaks) > 20
    held = {(name, column) for name, column in LINKS if evidence[name][column].notna().any()}
    assert set(LINKS) - held <= {("adjudications", "coder_1"), ("adjudications", "coder_2")}, (
        "empty in the shipped data"
    )
    assert held <= {(one.named_in, one.named_column) for one in breaks}
    assert len({one.code for one in breaks}) >= 4
    assert breaks == break_chain.seeded_breaks(copy, len(breaks))
    assert breaks != break_chain.seeded_breaks(copy, len(breaks), seed=2)


def test_every_table_of_the_chain_that_links_is_broken(copy):
    chain = {name for name, _ in LEVELS.values()} | {"uncoded"}
    links = {(name, c.name) for name in chain for c in evidence_tables()[name].columns.values() if c.links}
    assert links <= set(LINKS)


def test_a_break_that_breaks_nothing_is_not_said_to_be_named(copy, breaks):
    one = next(each for each in breaks if each.column == "source_url")
    same = next(line for at, line in enumerate(read(copy / table(one.table).file), 1) if at == one.row)
    harmless = replace(one, value=same[list(evidence_tables()[one.table].columns).index("source_url")])
    assert break_chain.named_by_check(copy, harmless) is None
    before = (copy / table(one.table).file).read_bytes()
    with break_chain.broken(copy, one):
        assert (copy / table(one.table).file).read_bytes() != before
    assert (copy / table(one.table).file).read_bytes() == before
