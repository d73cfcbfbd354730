"""The published review (doi 10.1155/2023/6953134) beside the evidence: its own figures, ours, and an honest reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from plain import column, people, rows

from synthesis.reports.comparison import published_comparison
from synthesis.themes.support import theme_table

ROOT = Path(__file__).parent.parent
CONFIRMED = ["ackerson2003", "afzelius2017", "barbour2002", "barrow2014"]  # the evidence README


@pytest.fixture(scope="module")
def table(evidence) -> pd.DataFrame:
    return published_comparison(evidence)


def one(table: pd.DataFrame, quantity: str) -> pd.Series:
    (row,) = (row for _, row in table[table["quantity"] == quantity].iterrows())
    return row


@pytest.mark.parametrize(
    ("quantity", "stated"), [("n_studies", "41"), ("n_parents", "359"), ("n_practitioners", "1,370"), ("n_themes", "4")]
)
def test_the_numbers_of_the_abstract_are_stated(table, quantity, stated):
    assert one(table, quantity)["stated"] == stated


def test_four_themes_and_two_subthemes_are_named(table):
    assert table.loc[table["quantity"] == "theme", "stated"].to_list() == [
        "A downward spiral of service intervention",
        "Working with parents, not against them",
        "Support wanted versus support provided",
        "Constrained by service rigidity",
    ]
    assert table.loc[table["quantity"] == "subtheme", "stated"].to_list() == [
        "Needing support but fearing the consequences",
        "Involvement that worsens mental health",
    ]


def test_every_statement_stands_once_with_a_reason(table):
    assert table["statement_id"].to_list() == [row["statement_id"] for row in rows("review_statements")]
    assert table["reason"].str.len().min() > 20


def test_studies_and_people_here_are_those_of_a_recount(table):
    members = {row["study_id"] for row in rows("studies") if row["in_published_review"] == "confirmed"}
    assert sorted(members) == CONFIRMED
    assert one(table, "n_studies")[["here_confirmed", "here_all"]].to_list() == ["4", "144"]
    for group in ("parents", "practitioners"):
        for where, some in (("here_confirmed", members), ("here_all", set(column("studies", "study_id", "year")))):
            n = sum(n for (who, way), n in people(some).items() if who == group and way != "survey")
            assert one(table, f"n_{group}")[where] == f"{n:,}", (group, where)


def test_support_of_the_named_themes_is_that_of_the_theme_table(table, evidence):
    support = theme_table(evidence).set_index("theme_id")
    theme_of = column("review_statements", "statement_id", "theme_id")
    for row in table[table["quantity"].isin(["theme", "subtheme"])].itertuples():
        theme = support.loc[theme_of[row.statement_id]]
        assert row.here_all == f"{theme['n_studies']} of 144 studies, {theme['n_findings']} of 631 findings"
        assert row.here_confirmed.endswith(" of 4 studies")


def test_a_shortened_name_is_not_called_the_reviews_own(table):
    reason = table.set_index("stated")["reason"]
    assert "own wording" in reason["Involvement that worsens mental health"]
    assert "shortened" in reason["Involvement that worsens mental health"]
    assert reason["Needing support but fearing the consequences"].startswith("The name is the review's own.")


def test_themes_added_here_are_named_as_such(table):
    row = one(table, "n_themes")
    assert row["here_all"] == "4 of 5"
    assert column("themes", "theme_id", "name")["T5"] in row["reason"]


def test_a_theme_of_the_review_that_is_not_held_says_so(evidence, altered):
    statements = evidence.review_statements.copy()
    statements.loc[statements["statement_id"] == "RS09", "theme_id"] = None
    row = published_comparison(altered(review_statements=statements)).set_index("statement_id").loc["RS09"]
    assert row["here_all"] == "not held"


def test_the_list_of_the_review_is_said_to_be_public_and_how_much_of_it_could_be_read(evidence, altered, table):
    reason = one(table, "n_studies")["reason"]
    assert reason.startswith("4 of its 41 studies are confirmed here, and the other 140 studies here are candidates")
    assert "The list of the studies is public: Table 2 of the article (open access). Four of its 41 rows" in reason
    bare = evidence.review_statements.assign(note=pd.NA)
    assert one(published_comparison(altered(review_statements=bare)), "n_studies")["reason"].endswith("beyond them.")


#: Texts that readers see; of a notebook what was written, and not what a run printed.
WRITTEN = [ROOT / "README.md", *ROOT.glob("synthesis/**/*.py"), *ROOT.glob("synthesis/**/*.toml"), *ROOT.glob("data/[!d]*/*.csv"), ROOT / "data" / "review.toml"]  # fmt: skip


def test_no_text_says_that_the_reviews_list_is_not_public():
    said = {path: path.read_text(encoding="utf-8") for path in WRITTEN}
    for path in ROOT.glob("notebooks/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        said[path] = " ".join("".join(cell["source"]).replace("\n", " ") for cell in cells)
    hidden = re.compile(r"not\s+public\b|list of (its |the )?(included )?studies (is|was) not", re.IGNORECASE)
    assert {path.name: found[0] for path, text in said.items() if (found := hidden.search(text))} == {}


def test_a_newly_confirmed_member_changes_what_is_here(evidence, altered):
    studies = evidence.studies.copy()
    studies.loc[studies["study_id"] == "mason2020", "in_published_review"] = "confirmed"
    changed = published_comparison(altered(studies=studies))
    assert one(changed, "n_studies")["here_confirmed"] == "5"
    assert changed.loc[changed["quantity"] == "theme", "here_confirmed"].str.endswith(" of 5 studies").all()
