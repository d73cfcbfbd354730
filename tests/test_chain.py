"""The chain: walked both ways from every identifier, and no break of it goes unseen.

`BREAKS` is the list of seeded breaks: each is made in a copy of the shipped data, and `check` must fail and name its row.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from plain import DATA, column, rows
from small import as_csv, read

from synthesis.chain import LEVELS, _ids, trace, trace_text
from synthesis.cli import main
from synthesis.schema import SynthesisError, evidence_tables, table
from synthesis.tables import check

# ---------------------------------------------------------------- walking it


def reached(table, way: str, level: str) -> set[str]:
    return set(table.loc[(table["direction"] == way) & (table["level"] == level), "id"])


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
        ("Chen2021-f3", "Did you mean chen2021-f3?"),  # looks the same
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


@dataclass(frozen=True)
class Break:
    """One seeded break: a row deleted, or a cell changed (None: its first part misspelt), and where it must be named."""

    name: str
    table: str
    key: str
    column: str = ""  # empty: the row is deleted
    value: str | None = None
    named_in: str = ""  # table of the problem; empty: the same
    named_at: str = ""  # key of the row named; empty: the same
    named_column: str = ""  # empty: the same
    code: str = "link-broken"


BREAKS = [
    # rows that are gone
    Break("study deleted", "studies", "chen2021", named_in="findings", named_at="chen2021-f1", named_column="study_id"),
    Break("finding deleted", "findings", "chen2021-f3", named_in="codings", named_at="chen2021-f3/fear_custody_loss/agreed", named_column="finding_id"),
    Break("code deleted", "codebook", "stigma", named_in="review_findings", named_at="RF05", named_column="code_ids"),
    Break("descriptive theme deleted", "themes", "T1a", named_in="codebook", named_at="concealing", named_column="theme_id"),
    Break("analytical theme deleted", "themes", "T3", named_in="review_findings", named_at="RF13", named_column="theme_id"),
    Break("record deleted", "records", "rec-chen2021", named_in="studies", named_at="chen2021", named_column="study_id", code="record-and-study"),
    Break("review finding deleted", "review_findings", "RF07", named_in="confidence", named_at="RF07/adjudicator", named_column="review_finding_id"),
    Break("sample deleted", "samples", "sample-honey2018", named_in="studies", named_at="honey2018", named_column="sample_id"),
    Break("coder deleted", "coders", "coder-2", named_in="codings", named_at="abernethybeam-f1/past_held_against/coder-2", named_column="coder", code="coder-unknown"),
    Break("indicator deleted", "indicators", "mbu_separation_at_discharge", named_in="estimates", named_at="Poinso2002-01", named_column="indicator_id"),
    Break("study that contradicts deleted", "studies", "yates2020", named_in="review_findings", named_at="RF02", named_column="contributing_study_ids"),
    # identifiers misspelt, in every column that links
    Break("study of a finding", "findings", "chen2021-f1", "study_id"),
    Break("finding of a coding", "codings", "chen2021-f3/fear_custody_loss/agreed", "finding_id"),
    Break("code of a coding", "codings", "chen2021-f3/fear_custody_loss/agreed", "code_id"),
    Break("coder of a coding", "codings", "chen2021-f3/fear_custody_loss/coder-1", "coder", code="coder-unknown"),
    Break("theme of a code", "codebook", "stigma", "theme_id"),
    Break("theme above a theme", "themes", "T1a", "parent_theme_id"),
    Break("theme of a statement", "review_findings", "RF04", "theme_id"),
    Break("code of a statement", "review_findings", "RF04", "code_ids"),
    Break("study of a statement", "review_findings", "RF04", "contributing_study_ids"),
    Break("finding against a statement", "review_findings", "RF01", "contradicting_finding_ids"),
    Break("statement of a judgement", "confidence", "RF09/adjudicator", "review_finding_id"),
    Break("assessor of a judgement", "confidence", "RF09/adjudicator", "assessed_by"),
    Break("study of a record", "records", "rec-chen2021", "study_id"),
    Break("sample of a study", "studies", "honey2018", "sample_id"),
    Break("finding of a settlement", "adjudications", "ackerson2003-f5", "finding_id"),
    Break("code of a settlement", "adjudications", "ackerson2003-f5", "agreed_codes"),
    Break("finding of a memo", "memos", "M02", "finding_ids"),
    Break("writer of a memo", "memos", "M02", "written_by"),
    Break("finding left without a code", "uncoded", "barnicot2023-f3", "finding_id"),
    Break("indicator of an estimate", "estimates", "Poinso2002-01", "indicator_id"),
    Break("code of a change", "codebook_changes", "CC01", "code_id"),
    # links that lead to the wrong kind of row, or nowhere
    Break("address of a finding emptied", "findings", "chen2021-f3", "source_url", "", code="required"),
    Break("address of a study without http", "studies", "chen2021", "source_url", "ouci.dntb.gov.ua/x", code="type"),
    Break("study in place of a statement", "confidence", "RF09/adjudicator", "review_finding_id", "chen2021"),
    Break("theme its own parent", "themes", "T1a", "parent_theme_id", "T1a", code="theme-cycle"),
    Break("code that was never adopted", "review_findings", "RF13", "code_ids", "clinical_picture"),
]  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the shipped data whose known remarks are warnings alone."""
    folder = shutil.copytree(DATA, tmp_path_factory.mktemp("chain") / "data", ignore=shutil.ignore_patterns("derived"))
    assert check(folder).ok, "the clean data must not fail"
    return folder


def row_of(folder: Path, name: str, key: str) -> int:
    """Row number, as a spreadsheet shows it, of the row with this key."""
    header, *lines = read(folder / table(name).file)
    places = [header.index(part) for part in table(name).key]
    return ["/".join(line[at] for at in places) for line in lines].index(key) + 2


def seed(folder: Path, broken: Break) -> None:
    path = folder / table(broken.table).file
    at = row_of(folder, broken.table, broken.key) - 1
    grid = read(path)
    if not broken.column:
        del grid[at]
    else:
        place = grid[0].index(broken.column)
        first, _, others = grid[at][place].partition(";")
        assert first, "the cell must hold a link to be broken"
        misspelt = first + "x" if broken.value is None else broken.value
        grid[at][place] = ";".join(filter(None, [misspelt, others])) if broken.value is None else misspelt
    path.write_bytes(as_csv(grid))


@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: each.name)
def test_a_break_of_the_chain_fails_and_is_named_at_its_row(copy, broken):
    path = copy / table(broken.table).file
    whole = path.read_bytes()
    in_table = broken.named_in or broken.table
    row = row_of(copy, in_table, broken.named_at or broken.key)
    try:
        seed(copy, broken)
        report = check(copy)
    finally:
        path.write_bytes(whole)
    assert not report.ok
    named = {(p.code, p.table, p.row, p.column) for p in report.problems if p.severity == "error"}
    assert (broken.code, in_table, row, broken.named_column or broken.column) in named, sorted(
        map(str, report.problems)
    )[:5]


def test_there_are_at_least_twenty_breaks_and_every_link_of_the_chain_is_among_them():
    assert len(BREAKS) >= 20
    assert len({each.name for each in BREAKS}) == len(BREAKS)
    chain = {name for name, _ in LEVELS.values()} | {"uncoded"}
    links = {(name, c.name) for name in chain for c in evidence_tables()[name].columns.values() if c.links}
    assert links <= {(each.table, each.column) for each in BREAKS if each.column}


def test_the_clean_data_have_no_break(copy):
    assert {p.code for p in check(copy).problems} == {"discrepancy"}
