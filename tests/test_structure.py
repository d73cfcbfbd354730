"""The shape of the library: imports point one way, names are loaded late, the README's code runs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import synthesis

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "synthesis"

#: Layers from the ground up; a module may import modules of lower layers, and of its own layer those that stand before it.
LAYERS = [
    ["schema"],
    [
        "files",
        "appraisal_tools",
        "ordinary_words",
        "privacy",
        "readability",
        "checks",
        "rules",
        "judgement_rules",
        "round_rules",
        "guide_rules",
        "tables",
    ],
    [
        "whole_folder",
        "office_files",
        "dictionary",
        "workbooks",
        "sheet_notes",
        "ods_sheets",
        "text_tables",
        "table_sheets",
        "sheet_rows",
        "exchange",
    ],
    ["intervals", "leading", "reliability", "incidence", "control_limits", "slopes"],
    [
        "pooling_options",
        "effects",
        "heterogeneity",
        "binomial_normal",
        "maxima",
        "glmm",
        "glmm_variance",
        "glmm_intervals",
        "beta_binomial",
    ],
    ["pooling_text", "inverse_variance", "count_models", "pooling_batches", "pooling"],
    [
        "study_rows",
        "design_matrix",
        "regression",
        "moderators",
        "grouping",
        "multilevel",
        "clusters",
        "influence",
        "small_studies",
        "outliers",
        "sensitivity",
    ],
    [
        "studies",
        "records",
        "appraisal",
        "readings",
        "codes",
        "agreement",
        "settlement",
        "themes",
        "contrast",
        "code_pairs",
        "curves",
        "stability",
        "framework",
        "appraisal_sheets",
        "confidence",
        "contrary",
        "confidence_sheets",
        "sheets",
        "chain_guides",
        "chain",
        "responses",
        "involvement",
    ],
    [
        "estimates",
        "estimate_appraisal",
        "guard_rails",
        "associations",
        "combining",
        "certainty",
        "prevalence",
        "ranges",
        "areas",
        "area_change",
        "area_comparison",
        "rank_change",
        "local_areas",
        "local_figures",
        "local_reservations",
    ],
    [
        "guidance",
        "guidance_risks",
        "guidance_interventions",
        "guidance_measures",
        "guide_figures",
        "crosswalk",
        "programme",
        "second_reading",
    ],
    ["planning", "planning_answers", "planning_progress", "planning_steps"],
    ["provenance", "comparison", "prevalence_comparison"],
    ["planning_sheet", "planning_reading", "planning_form"],
    [
        "drawing",
        "draw_series",
        "draw_areas",
        "draw_associations",
        "draw_control",
        "draw_caterpillar",
        "draw_change",
        "draw_flow",
        "forest_lines",
        "draw_forest",
        "draw_points",
        "draw_funnel",
        "draw_influence",
        "draw_bubble",
        "draw_themes",
        "draw_map",
        "draw_contrast",
        "draw_accumulation",
        "draw_pairs",
        "draw_stability",
        "draw_heat",
        "draw_pathways",
        "draw_progress",
        "draw_programme",
        "draw_local",
    ],
    ["derived", "reports", "figures", "notebooks", "coding_files", "coding_session", "coding_widget"],
    [
        "packs",
        "pack_lines",
        "pack_forms",
        "tick_boxes",
        "word_text",
        "word_marks",
        "word_pictures",
        "word_parts",
        "typeset",
        "draw_signs",
        "draw_pack",
        "pack_reading",
        "pack_pages",
        "pack_print",
        "word_questions",
        "pack_word",
        "pack_sheet",
        "feedback_sheet",
        "feedback_word",
        "repeated_forms",
        "feedback_files",
        "feedback_rows",
        "feedback",
        "pack_team",
        "pack_folder",
        "brief_parts",
        "brief_rows",
        "brief",
        "brief_pages",
        "brief_print",
        "brief_word",
        "brief_folder",
    ],
    [
        "answering",
        "commands_brief",
        "commands_packs",
        "commands_planning",
        "commands_pooling",
        "commands_prevalence",
        "build",
        "cli",
    ],
    ["__main__"],
]
ORDER = [module for layer in LAYERS for module in layer]


def imported(module: str) -> set[str]:
    """Modules of the package that a module imports, inside functions too."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("synthesis"):
            inner = node.module.removeprefix("synthesis").lstrip(".")
            found |= {inner} if inner else {alias.name for alias in node.names}
    return found & {path.stem for path in PACKAGE.glob("*.py")}


MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module):
    assert module in ORDER, f"{module} has no place in LAYERS: say where it belongs"
    above = [other for other in imported(module) if ORDER.index(other) >= ORDER.index(module)]
    assert not above, f"{module} imports {above}, which stand above it"


def test_the_two_lines_meet_only_in_what_compares_and_reports():
    qualitative, quantitative = {"themes"}, {"estimates", "guard_rails", "pooling", "combining", "prevalence"}
    for module in qualitative:
        assert not imported(module) & quantitative
    for module in quantitative:
        assert not imported(module) & qualitative


@pytest.mark.parametrize("name", sorted(set(dir(synthesis)) - {"__version__"}))
def test_every_public_name_is_there_and_explained(name):
    assert getattr(synthesis, name).__doc__


def test_an_unknown_name_is_an_ordinary_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = synthesis.nothing


def test_importing_the_package_loads_no_heavy_library():
    code = "import sys, synthesis; print(sorted({'pandas', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_the_python_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_the_commands_of_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"^\.venv/bin/synthesis (\w+)", text, re.MULTILINE))
    listed = subprocess.run(
        [sys.executable, "-m", "synthesis", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert commands
    assert all(re.search(rf"^    {command}\b", listed.stdout, re.MULTILINE) for command in commands)


def test_the_top_level_holds_few_files():
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.splitlines()
    top = {path for path in tracked if "/" not in path}
    assert len(top) <= 12, sorted(top)
