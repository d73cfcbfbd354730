"""The schema holds together: every column means something, every link leads somewhere, every fault has a case."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases import cases

from synthesis.evidence import schema
from synthesis.evidence.checks import _WRITTEN
from synthesis.evidence.schema import FAULTS, LIST_TYPES, NUMBER_TYPES, evidence_tables, vocabularies

LIBRARY = Path(schema.__file__).parent
EVERY = [(spec, column) for spec in evidence_tables().values() for column in spec.columns.values()]
TYPES = {"id", "key", "word", "text"} | LIST_TYPES | NUMBER_TYPES | set(_WRITTEN)


@pytest.mark.parametrize(("spec", "column"), EVERY, ids=lambda each: each.name)
def test_every_column_says_what_it_is(spec, column):
    assert column.type in TYPES
    assert column.meaning
    assert column.empty
    assert bool(column.allowed) == (column.type in {"word", "words"})
    assert not column.allowed or column.vocabulary
    assert not (column.minimum is not None or column.maximum is not None) or column.type in NUMBER_TYPES


@pytest.mark.parametrize("spec", evidence_tables().values(), ids=lambda spec: spec.name)
def test_every_table_has_a_key_that_is_never_empty(spec):
    assert spec.row
    assert all(spec.columns[name].required for name in spec.key)


def test_every_link_leads_to_the_key_of_a_table():
    links = [column.links for _, column in EVERY if column.links]
    assert links
    for link in links:
        target, key = link.split(".")
        assert evidence_tables()[target].key == (key,)


def test_every_vocabulary_is_used_and_every_word_explained():
    used = {column.allowed for _, column in EVERY if column.allowed}
    derived = {c.allowed for t in schema.derived_tables().values() for c in t.columns.values() if c.allowed}
    assert used | derived <= set(vocabularies())
    assert all(meaning for words in vocabularies().values() for meaning in words.values())
    assert all(";" not in word and word == word.strip() for words in vocabularies().values() for word in words)


def test_every_fault_that_the_code_reports_is_listed_and_every_listed_one_is_reported():
    code = "".join(
        (LIBRARY / name).read_text(encoding="utf-8")
        for name in (
            "files.py",
            "checks.py",
            "rules.py",
            "judgement_rules.py",
            "round_rules.py",
            "guide_rules.py",
            "tables.py",
            "review_file.py",
        )
    )
    written = {word for word in re.findall(r'"([a-z]+(?:-[a-z]+)*)"', code) if word in FAULTS}
    assert written == set(FAULTS)
    on_raw = re.findall(r'\braw\.report(?:_values)?\(\s*"([^"]+)"', code)
    by_rules = re.findall(r'tables\.report\(\s*(?:name|"[a-z_]+"),\s*"([^"]+)"', code)
    assert len(on_raw) > 15
    assert len(by_rules) > 10
    assert set(on_raw + by_rules) <= set(FAULTS)


def test_every_fault_is_provoked_by_a_case():
    provoked = {line["code"] for case in cases() for line in case.expected}
    assert provoked == set(FAULTS)


@pytest.mark.parametrize(("code", "fault"), FAULTS.items(), ids=FAULTS)
def test_every_fault_says_what_to_do(code, fault):
    severity, meaning = fault
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert severity in {"error", "warning"}
    assert len(meaning.split()) >= 5
    assert meaning.endswith((".", ")", "?"))


def test_every_case_says_why_it_exists():
    assert all(case.why for case in cases())
    assert all(line["severity"] in {"error", "warning"} for case in cases() for line in case.expected)


def test_a_table_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(schema.SynthesisError, match="studies"):
        schema.table("study")
