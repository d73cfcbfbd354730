"""What notebook 9 says in words holds in the data, and every sentence of its tables is one of a row."""

from __future__ import annotations

import html
import re
from pathlib import Path

import nbformat
import pytest

from synthesis.guidance.crosswalk import finding_answers, needs_and_interventions, recommendation_support
from synthesis.guidance.guides import recommendation_table, step_table
from synthesis.guidance.risks import pathway_table, risk_factor_table

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "09_practice_guides.ipynb"
#: Columns of its tables that hold sentences of sources or of judgements, as they are headed.
SENTENCES = {"Statement", "Recommendation", "What it says", "Reason", "Why", "What it warns of", "Caveat", "Strength as stated", "Outcomes"}  # fmt: skip


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(NOTEBOOK, as_version=4).cells


@pytest.fixture(scope="module")
def prose(cells):
    return " ".join(" ".join(cell.source.split()) for cell in cells if cell.cell_type == "markdown")


def says(prose: str, *parts: str) -> None:
    for part in parts:
        assert part in prose, part


def test_the_prose_on_the_map_and_the_steps_holds_in_the_data(evidence, prose):
    table = pathway_table(evidence)
    back = table[table["from_node"] == "child"]
    says(prose, "Back from the child only two arrows lead, and neither is firm")
    assert len(back) == 2
    assert not set(back["firmest"]) & {"strong", "some"}
    says(prose, "Parents' relationship and mental health are linked in both directions")
    assert {("parent_mental_health", "couple_relationship"), ("couple_relationship", "parent_mental_health")} <= set(
        zip(table["from_node"], table["to_node"], strict=True)
    )
    says(prose, "One row looked for a link of its own and found none")
    assert risk_factor_table(evidence, strength="null")["row_id"].nunique() == 1
    says(prose, "sixteen steps in five domains")
    assert (len(step_table(evidence)), step_table(evidence)["domain"].nunique()) == (16, 5)


def test_the_prose_on_findings_and_recommendations_holds_in_the_data(evidence, prose):
    answers = finding_answers(evidence).set_index("review_finding_id")
    says(prose, f"Each of the {len(answers)} review findings was read against all {len(recommendation_table(evidence))} recommendations")  # fmt: skip
    says(prose, "Five findings are met in part only", "One is met by nothing**: peers and advocates (RF09)")
    assert list(answers.index[answers["state"] == "in_part"]) == ["RF04", "RF12", "RF13", "RF21", "RF22"]
    assert list(answers.index[answers["state"] == "none"]) == ["RF09"]
    assert all(f"({id})" in prose for id in answers.index[answers["state"] == "in_part"])
    support = recommendation_support(evidence)
    says(prose, "Most are about choosing and using measures")
    bare = support[support["state"] == "none"]
    assert bare["reason"].str.contains("measur").sum() > len(bare) / 2


def test_the_prose_on_what_parents_ask_for_holds_in_the_data(evidence, prose):
    needs = needs_and_interventions(evidence).set_index("code_id")
    says(prose, f"none of the {len(evidence.interventions)} interventions offers help with money")
    says(prose, "none is for parents whose children were removed", "Parenting help is on offer")
    assert (needs.loc[["practical_support", "support_after_removal"], ["n_offer", "n_in_part"]] == 0).all(axis=None)
    assert needs.at["parenting_help_wanted", "n_offer"] > 0
    money = needs.loc["practical_support"]
    says(prose, f"{money['n_studies']} of {money['of_studies']} parents' studies have a finding on practical")


def test_every_sentence_in_its_tables_is_one_of_a_row(evidence, cells):
    """Headings and explanations are ours; what stands in a column of sentences is a source's or a recorded judgement's."""
    known = {"not stated", "–", "none recorded", "no remark"}
    for name in ("guide_items", "recommendations", "planning_elements", "risk_factors", "interventions"):
        frame = evidence[name].select_dtypes(include="str")
        known |= {" ".join(text.split()) for column in frame for text in frame[column].dropna()}
    for name in ("crosswalk", "risk_pathways", "intervention_readings", "review_findings"):
        frame = evidence[name].select_dtypes(include="str")
        known |= {" ".join(text.split()) for column in frame for text in frame[column].dropna()}
    factors = evidence.risk_factors
    known |= set(factors["risk_factor"] + ": " + factors["strength_as_stated"])
    against, made = evidence.discrepancies["also_stated"], evidence.estimates["risk_of_bias_hint"].dropna()
    known |= {f"{one} {other}." for one in against for other in made.unique()}
    shown = [sentence for cell in cells if cell.cell_type == "code" for sentence in sentences(cell)]
    assert len(shown) > 200
    assert not [sentence for sentence in shown if sentence not in known]


def sentences(cell) -> list[str]:
    """Texts of the columns of sentences in the tables that a cell shows."""
    found = []
    for table in (out["data"]["text/html"] for out in cell.outputs if "text/html" in out.get("data", {})):
        rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]  # fmt: skip
        heads = [plain(head) for head in rows[0]]
        at = [place for place, head in enumerate(heads) if head in SENTENCES]
        found += [plain(row[place]) for row in rows[1:] for place in at]
    return found


def plain(cell: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split())
