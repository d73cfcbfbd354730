"""The pathway map: every link is drawn and listed with its counts, told apart without colour, for few links too."""

from __future__ import annotations

import pytest
from matplotlib.patches import FancyArrowPatch, Rectangle
from test_figures import assert_legible, words_of

from synthesis.drawing.pathways import _LINES, _ROUTES, NODES
from synthesis.evidence.schema import vocabularies
from synthesis.guidance.risks import pathway_table
from synthesis.reports import figures


@pytest.fixture(scope="module")
def table(evidence):
    return pathway_table(evidence)


def test_every_part_and_strength_of_the_vocabulary_can_be_drawn():
    assert set(NODES) == set(vocabularies()["pathway_node"])
    assert set(_LINES) == set(vocabularies()["link_strength"])
    assert {node for pair in _ROUTES for node in pair} <= set(NODES)


def test_every_link_is_an_arrow_and_a_line_of_text_with_its_counts(table):
    ax = figures.pathway_plot(table)
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(arrows) == len(table)
    assert len(boxes) == len({*table["from_node"], *table["to_node"]})
    said = words_of(ax.figure)
    assert "12 Parents' relationship and conflict → Child's development, health and needs: 21 rows (3 strong, 5 some, 1 mixed, 1 null, 11 no result)" in said  # fmt: skip
    assert "12: 3 strong of 21 (1 mixed, 1 null)" in said
    assert_legible(ax.figure)


def test_words_and_line_styles_tell_strengths_apart_without_colour(table):
    looks = [(style, width) for style, width, _ in _LINES.values()]
    assert len(set(map(str, looks))) == len(looks)


def test_labels_stay_clear_of_the_boxes(table):
    ax = figures.pathway_plot(table)
    renderer = ax.figure.canvas.get_renderer()
    boxes = [patch.get_window_extent(renderer) for patch in ax.patches if isinstance(patch, Rectangle)]
    labels = [text for text in ax.texts if text.get_text()[:1].isdigit() and " of " in text.get_text() and text.get_bbox_patch()]  # fmt: skip
    assert len(labels) == len(table)
    for label in labels:
        assert not any(label.get_window_extent(renderer).overlaps(box) for box in boxes), label.get_text()


def test_one_link_and_none_are_drawn_too(table):
    assert_legible(figures.pathway_plot(table.iloc[[4]]).figure)
    empty = figures.pathway_plot(table.iloc[:0])
    assert "There are no links to show." in words_of(empty.figure)
    assert figures.pathway_alt(table.iloc[:0]).endswith("no links to show.")
