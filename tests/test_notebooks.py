"""The committed notebooks: they hold their outputs, in reading order. Whether the outputs are current is nbval's part (make test)."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import nbformat
import pytest

from synthesis import (
    area_funnel,
    area_ranks,
    area_series,
    area_totals,
    area_trend,
    funnel_table,
    leave_one_out,
    prevalence_table,
    published_prevalence,
    sensitivity_table,
)
from synthesis.prevalence.associations import grouped_refusals
from synthesis.prevalence.combining import considered

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
READING_ORDER = [
    "00_index",
    "01_search_and_selection",
    "02_included_studies",
    "03_coding",
    "04_thematic_synthesis",
    "05_parents_and_practitioners",
    "06_prevalence",
    "07_confidence",
    "08_advisory_group",
]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def should_print(source: str) -> bool:
    """Whether a cell ends with an expression, which a notebook shows, or displays something itself."""
    body = ast.parse(source).body
    return bool(body) and (isinstance(body[-1], ast.Expr) or "display(" in source)


def test_the_notebooks_stand_in_reading_order():
    assert [path.stem for path in NOTEBOOKS][: len(READING_ORDER)] == READING_ORDER


def test_every_cell_that_should_print_holds_output(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count, f"the cell {cell.id} was never run"
            assert bool(cell.outputs) == should_print(cell.source), f"the cell {cell.id} is stripped, or prints unasked"


def test_no_output_is_an_error_or_a_warning(notebook):
    kinds = {
        (out.output_type, out.get("name"))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for out in cell.outputs
    }
    assert kinds <= {("execute_result", None), ("display_data", None)}


def test_every_figure_has_an_alternative_text(notebook):
    for cell in notebook.cells:
        for out in cell.get("outputs", []):
            if "image/png" in out.get("data", {}):
                assert len(out["metadata"]["image/png"]["alt"]) > 40


def test_every_table_carries_the_status_line(notebook):
    tables = [
        out["data"]["text/html"]
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if "text/html" in out.get("data", {})
    ]
    assert tables or any(
        "image/png" in out.get("data", {}) for cell in notebook.cells for out in cell.get("outputs", [])
    )
    # Of coded findings, of estimates, of official statistics, of rounds: each line speaks of what its table rests on.
    lines = ("codings are provisional", "estimates were read in an abstract", "counts of areas are given",
             "No round has been given out to an advisory group", "judgements on it are provisional", "ratios were read in an abstract")  # fmt: skip
    assert all(sum(line in html for line in lines) == 1 for html in tables)


def test_cells_are_short_and_begin_with_a_title(notebook):
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 8, f"{cell.id}: long code belongs in the library"


def test_links_between_notebooks_lead_somewhere(notebook):
    names = {path.name for path in NOTEBOOKS}
    for cell in notebook.cells:
        assert set(re.findall(r"\]\((\w+\.ipynb)\)", cell.source)) <= names


def test_the_index_names_every_other_notebook():
    index = NOTEBOOKS[0].read_text(encoding="utf-8")
    assert all(path.name in index for path in NOTEBOOKS[1:])


def test_no_notebook_names_a_folder_of_this_machine(notebook):
    assert not re.search(r"/(home|root|work|tmp|Users)/", nbformat.writes(notebook))


# ---------------------------------------------------------------- what notebook 6 says in words


@pytest.fixture(scope="module")
def prevalence_prose() -> str:
    cells = nbformat.read(NOTEBOOKS[6], as_version=4).cells
    return " ".join(" ".join(cell.source.split()) for cell in cells if cell.cell_type == "markdown")


def test_the_prose_on_prevalence_types_no_result(prevalence_prose):
    assert re.findall(r"\d[\d.,]*", prevalence_prose) == ["6."], "numbers come from cells, not from typing"


def test_the_prose_on_pooling_holds_in_the_data(evidence, prevalence_prose):
    table, beside = prevalence_table(evidence), published_prevalence(evidence)
    pooled = table[table["line"] == "pooled"].set_index("indicator_id")
    says(
        prevalence_prose,
        "Two quantities pass without a decision",
        "and one review's table of a single scale",
        "one of its three samples counts admissions",
    )
    passed = {"parents_among_adults_with_psychosis_or_smi", "maternal_postnatal_depression_africa_epds"}
    assert set(pooled.index[pooled["override"].isna()]) == passed
    says(prevalence_prose, "Two count women. The third counts admissions", "No decision can set a series aside")
    discharged = table[(table["indicator_id"] == "mbu_separation_at_discharge") & table["numerator"].notna()]
    assert dict(discharged["unit"].value_counts()) == {"mother": 3, "admission": 1}, (
        "three rows of women, two of them one sample"
    )
    says(prevalence_prose, "and so lies below the mean of the model that lets settings differ")
    used = considered(evidence, "paternal_perinatal_depression").query("in_pool == 'yes'")
    middle = funnel_table(used, "numerator", "denominator")["centre"].iloc[0]
    assert 1 / (1 + math.exp(-middle)) < pooled.loc["paternal_perinatal_depression", "percent"] / 100
    says(prevalence_prose, "The one pooled value whose mean describes its settings")
    assert list(pooled.index[pooled["lead"] == "mean"]) == ["parents_among_adults_with_psychosis_or_smi"]
    says(prevalence_prose, "roughly a third or more of adults with psychosis or severe mental illness are parents")
    assert pooled.loc["parents_among_adults_with_psychosis_or_smi", "range_low"] > 33
    says(
        prevalence_prose,
        "No published value lies outside both intervals",
        "how much narrower most published intervals are",
    )
    assert "outside" not in set(beside["published_lies"])
    there, here = (beside[f"{side}_high"] - beside[f"{side}_low"] for side in ("published", "here"))
    assert (there.dropna() < here[there.notna()] / 2).mean() > 0.6
    mothers = considered(evidence, "maternal_perinatal_depression").query("in_pool == 'yes'")["estimate_id"]
    places = evidence.estimates.set_index("estimate_id").loc[mothers, "country_as_reported"].fillna("")
    says(prevalence_prose, "outside Europe, two from the United Kingdom")
    assert places.str.startswith("UK").sum() == 2 and places.str.contains("UK|Poland|Sweden|Germany").sum() < len(places) / 2  # fmt: skip
    fathers, mothers = (pooled.loc[f"{who}_perinatal_depression"] for who in ("paternal", "maternal"))
    assert mothers["percent"] > fathers["percent"], "the mean for mothers lies above"
    assert max(fathers["pi_low"], mothers["pi_low"]) < 3 and min(fathers["pi_high"], mothers["pi_high"]) > 60
    assert fathers["range_low"] > 0, "found among fathers in every setting read"


def test_the_prose_on_methods_holds_in_the_data(evidence, prevalence_prose):
    for who in ("paternal", "maternal"):
        used = considered(evidence, f"{who}_perinatal_depression").query("in_pool == 'yes'")
        methods = sensitivity_table(used, "numerator", "denominator").table().set_index("choice")
        settings = methods[methods["effects"] == "random"]
        says(prevalence_prose, "lie within a few points of each other, and inside each other's intervals")
        assert settings["estimate"].max() - settings["estimate"].min() < 0.05
        assert (
            settings["ci_low"].max()
            < settings["estimate"].min()
            < settings["estimate"].max()
            < settings["ci_high"].min()
        )
        common = methods[methods["effects"] == "common"].iloc[0]
        assert common["estimate"] < settings["estimate"].min(), "the common effect stands apart"
        assert (common["ci_high"] - common["ci_low"]) < (settings["ci_high"] - settings["ci_low"]).min() / 5
        higher = methods[(methods["model"] == "beta-binomial") | (methods["transform"] == "raw")]["estimate"]
        assert higher.min() > methods["estimate"].drop(higher.index).max(), "the mean over settings lies higher"
    used = considered(evidence, "paternal_perinatal_depression").query("in_pool == 'yes'")
    without = leave_one_out(used, "numerator", "denominator")
    says(prevalence_prose, "whichever is left out, the mean stays well inside its interval")
    assert without["estimate"].between(without["ci_low"][0] * 1.3, without["ci_high"][0] / 1.3).all()
    assert (without["pi_high"] > 0.5).all()


def test_the_prose_on_england_and_on_certainty_holds_in_the_data(evidence, prevalence_prose):
    totals, trend, funnel = area_totals(evidence), area_trend(evidence), area_funnel(evidence)
    apart = totals[(totals["area_level"] == "country") & (totals["difference"].abs() > 1)]
    says(prevalence_prose, "In one year the two differ by more than a point: two large authorities")
    assert len(apart) == 1
    failed = area_series(evidence, level="local_authority").query("state == 'unreliable'")
    assert (failed["year"] == apart["year"].iloc[0]).sum() == 2
    says(prevalence_prose, "England rises in both bases", "Several regions cannot be told to rise")
    assert set(trend.loc[trend["area_level"] == "country", "direction"]) == {"rising"}
    assert (trend.loc[trend["area_level"] == "region", "direction"] == "not_told").sum() >= 4
    says(prevalence_prose, "nearly every authority lies outside the limits of chance", "the few outside them")
    seen = funnel[funnel["percent"].notna()]
    assert (seen["position"] != "within").mean() > 0.85 and (seen["adjusted_position"] != "within").mean() < 0.15
    says(prevalence_prose, "For most authorities it cannot be told whether their rank moved")
    assert (area_ranks(evidence)["moved"] == "not_told").mean() > 0.5
    says(prevalence_prose, "Nobody has judged it yet", "both tables are empty")
    assert evidence.certainty.empty and evidence.estimate_appraisals.empty
    says(prevalence_prose, "None passed, and the table below says what spoke against it")
    assert (grouped_refusals(evidence)["refusals"] != "").all()


def says(prose: str, *words: str) -> None:
    """The notebook still says what is checked here; where it no longer does, the check goes too."""
    for each in words:
        assert each in prose
