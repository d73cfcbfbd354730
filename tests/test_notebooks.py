"""The committed notebooks: they hold their outputs, in reading order. Whether the outputs are current is nbval's part (make test)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

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
    # Of coded findings, of estimates, of official statistics, of guides: each line speaks of what its table rests on.
    lines = (
        "codings are provisional",
        "estimates were read in an abstract",
        "counts of areas are given",
        "judgements on it are provisional",
    )
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
