"""Identifiers: one form, in every table and wherever one is made, because pages and files are named by them."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
from plain import DATA

from synthesis import build
from synthesis.coding.codebook import rename_code, split_code
from synthesis.evidence.dictionary import dictionary_text
from synthesis.evidence.identifiers import ALLOWED, as_identifier, named_by, wrong_with
from synthesis.evidence.schema import CallError, EvidenceError, SynthesisError, evidence_tables, table
from synthesis.evidence.tables import check_rows, read_table, write_table
from synthesis.packs.contents import build_pack

GOOD = [
    "T1", "chen2021-f3", "fear_custody_loss", "2023", "E10000032", "T1.b", "a", "console", "com10", "null", "Corrêa2016",
    "Élan-1", "主题一", "тема_1", "विषय-१", "θέμα", "موضوع", "a" * 100,
]  # fmt: skip
#: An identifier that is none, and what is said of it.
BAD = {
    "": "is empty",
    "../../ESC": "holds “solidus”",
    "..": "begins with “.”",
    "T1..html": "holds “..”",
    ".hidden": "begins with “.”",
    "-rf": "begins with “-”",
    "_T1": "begins with “_”",
    "a\\b": "holds “reverse solidus”",
    "C:T1": "holds “colon”",
    "T 1": "holds “space”",
    "T1\n": "holds “a control character”",
    "T1\0": "holds “a control character”",
    "T1\u200b": "holds “zero width space”",
    "T1\u202e": "holds “right-to-left override”",
    "T–1": "holds “en dash”",
    "a;b": "holds “semicolon”",
    "$T1": "holds “dollar sign”",
    "😀": "holds “grinning face”",
    "\u0301T": "begins with “\u0301”",
    "CON": "calls a device",
    "nul.csv": "calls a device",
    "Com1": "calls a device",
    "lpt9.tar.gz": "calls a device",
    unicodedata.normalize("NFD", "Corrêa"): "write “Corrêa”",
    "\u212aelvin": "write “Kelvin”",
    "a" * 101: "has 101 letters",
    "主" * 99: "takes 297 bytes",
}
COLUMNS = [
    (spec.name, column.name)
    for spec in evidence_tables().values()
    for column in spec.columns.values()
    if column.type in ("id", "ids", "key")
]


@pytest.mark.parametrize("identifier", GOOD)
def test_a_plain_name_in_any_script_is_an_identifier(identifier):
    assert wrong_with(identifier) == ""
    assert named_by(identifier) == identifier


@pytest.mark.parametrize(("identifier", "said"), BAD.items(), ids=map(repr, BAD))
def test_what_could_lead_elsewhere_or_be_taken_for_another_is_none(identifier, said):
    assert said in wrong_with(identifier)
    with pytest.raises(SynthesisError, match="cannot name a file"):
        named_by(identifier)


@pytest.mark.parametrize(("name", "column"), COLUMNS, ids=lambda each: each)
def test_every_column_of_identifiers_takes_the_good_ones_and_refuses_the_others(evidence, name, column):
    def faults(value: str) -> list[str]:
        row = pd.DataFrame({column: [value]}, index=[2]).reindex(columns=list(table(name).columns))
        _, problems = check_rows(evidence, name, row)
        return [p.message for p in problems if (p.code, p.column, p.row) == ("identifier", column, 2)]

    between = {"ids": ";", "key": "/"}.get(table(name).columns[column].type, "")
    several = between.join(GOOD) if between else GOOD[-2]
    assert not faults(several)
    for bad in ("a\\b", "../ESC", "CON", "a" * 101):
        (said,) = faults(f"{GOOD[0]}{between}{bad}" if between else bad)
        assert any(word in said for word in ("holds", "begins with", "device", "has 101 letters", "empty part"))


def test_every_identifier_of_the_shipped_tables_has_the_form(evidence):
    for name, column in COLUMNS:
        kind = table(name).columns[column].type
        cells = evidence[name][column].dropna()
        parts = cells if kind == "id" else cells.str.split(";" if kind == "ids" else "/").explode()
        assert {each: wrong_with(each) for each in parts.unique() if wrong_with(each)} == {}, f"{name}.{column}"


def test_a_table_with_a_bad_identifier_is_not_written(tmp_path):
    (tmp_path / "judgements").mkdir()
    themes = read_table("themes", DATA)
    with pytest.raises(EvidenceError, match=r"themes, row 2, column theme_id: “\.\./\.\./ESC” holds “solidus”"):
        write_table(themes.assign(theme_id=themes["theme_id"].where(themes.index > 0, "../../ESC")), "themes", tmp_path)
    assert not list((tmp_path / "judgements").iterdir())


def test_a_page_is_never_written_outside_its_folder(evidence, altered, tmp_path):
    """What is made in Python has passed no check."""
    named = {"theme_id": "../../ESC", "parent_theme_id": "../../ESC"}
    themes = evidence.themes.replace({column: {"T1": new} for column, new in named.items()})
    with pytest.raises(SynthesisError, match=r"“\.\./\.\./ESC” cannot name a file"):
        build._write_themes(altered(themes=themes), tmp_path / "out")
    assert not list(tmp_path.rglob("*ESC*"))


@pytest.mark.parametrize("identifier", ["../x", "a code", "con", "x" * 101, "Hardship"])
def test_no_code_is_made_under_a_bad_identifier_or_one_that_looks_like_another(evidence, identifier):
    why = {"reason": "Clearer.", "proposed_by": "adjudicator"}
    with pytest.raises(CallError, match="The identifier"):
        rename_code(evidence, "fear_custody_loss", identifier, **why)
    parts = evidence.codebook.head(2).assign(code_id=["first_part", identifier])
    with pytest.raises(CallError, match="The identifier"):
        split_code(evidence, "fear_custody_loss", parts, pd.DataFrame(), rest="first_part", **why)


def test_a_code_may_be_called_in_any_script_and_texts_that_name_it_follow(evidence, altered):
    why = {"reason": "Clearer.", "proposed_by": "adjudicator"}
    book = evidence.codebook.copy()
    book.loc[0, "definition"] = "Unlike (hardship), not (1, 1)."
    after = rename_code(altered(codebook=book), "hardship", "कष्ट-1.b", **why)
    assert after.codebook.loc[0, "definition"] == "Unlike (कष्ट-1.b), not (1, 1)."
    again = rename_code(after, "कष्ट-1.b", "hardship_2", **why)
    assert again.codebook.loc[0, "definition"] == "Unlike (hardship_2), not (1, 1)."


def test_no_pack_names_a_round_that_no_table_would_take(evidence):
    with pytest.raises(CallError, match="The round “round 1” holds “space”"):
        build_pack(evidence, themes=["T1"], round_id="round 1")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Parents' group, Mondays", "parents-group-mondays"),
        ("  A_b  ", "a-b"),
        (unicodedata.normalize("NFD", "Café Zoë"), "café-zoë"),
        ("समूह एक", "समूह-एक"),
        ("!!!", ""),
    ],
)
def test_a_name_makes_an_identifier(name, made):
    assert as_identifier(name) == made
    assert not made or wrong_with(made) == ""


def test_the_dictionary_tells_the_rule():
    assert f"An identifier consists of {ALLOWED}" in dictionary_text()
