"""The funnel of the national programme: printed counts, shares of stated wholes, units apart, silence shown as silence."""

from __future__ import annotations

import re

import pytest
from test_figures import assert_legible, words_of

from synthesis.evidence.schema import vocabularies
from synthesis.guidance.programme import programme_funnel
from synthesis.numbers.intervals import wilson
from synthesis.reports import figures
from synthesis.review.provenance import status_line


@pytest.fixture(scope="module")
def table(evidence):
    return programme_funnel(evidence)


def test_every_count_is_printed_in_the_row_it_names(evidence, table):
    said = evidence.planning_elements.set_index("planning_element_id")
    for row in table.dropna(subset="n").to_dict("records"):
        printed = re.findall(r"[\d,]+", said.at[row["planning_element_id"], "descriptor"])
        assert f"{row['n']:,}" in printed
        assert row["source_url"] == said.at[row["planning_element_id"], "source_url"]


def test_shares_of_parents_and_of_families_are_told_apart(table):
    """Counts as the summary of the evaluation prints them: PT040 and PT041."""
    shares = {(r.counted, r.stage, r.share_of): (r.n, r.of, round(r.percent, 1)) for r in table.dropna(subset="percent").itertuples()}  # fmt: skip
    assert shares == {
        ("parents", "started", "referred"): (4802, 6110, 78.6),
        ("parents", "completed", "started"): (2694, 4802, 56.1),
        ("parents", "completed", "referred"): (2694, 6110, 44.1),
        ("parents", "answered_six_months", "completed"): (878, 2694, 32.6),
        ("parents", "answered_twelve_months", "answered_six_months"): (374, 878, 42.6),
        ("families", "started", "referred"): (2995, 3814, 78.5),
        ("families", "completed", "started"): (1685, 2995, 56.3),
        ("families", "completed", "referred"): (1685, 3814, 44.2),
    }


def test_intervals_are_those_of_wilson(table):
    known = table.dropna(subset="percent")
    interval = wilson(known["n"], known["of"])
    assert (100 * interval["low"]).tolist() == known["ci_low"].tolist()
    assert (100 * interval["high"]).tolist() == known["ci_high"].tolist()


def test_what_is_counted_in_another_unit_only_stands_without_a_number(table):
    silent = table[table["n"].isna()]
    assert set(zip(silent["counted"], silent["stage"], strict=True)) == {
        ("families", "answered_six_months"),
        ("families", "answered_twelve_months"),
    }
    assert silent[["of", "percent", "ci_low", "ci_high", "planning_element_id"]].isna().all(axis=None)
    assert silent["note"].str.startswith("Not stated: no row counts families").all()


def test_a_stage_of_which_no_whole_is_stated_has_a_count_and_no_share(altered, evidence):
    stages = evidence.programme_stages
    cut = stages.assign(of_stage_ids=stages["of_stage_ids"].where(stages["stage_id"] != "PS04"))
    row = programme_funnel(altered(programme_stages=cut)).query(
        "stage == 'answered_six_months' and counted == 'parents'"
    )
    assert row["n"].to_list() == [878]
    assert row[["of", "percent", "ci_low"]].isna().all(axis=None)


def test_the_figure_shows_every_stage_in_words_and_needs_no_colour(table):
    from synthesis.drawing.programme import _LOOKS, STAGES

    assert set(STAGES) == set(vocabularies()["programme_stage"])
    assert set(_LOOKS) == set(vocabularies()["programme_unit"])
    assert len({(marker, hatch) for marker, _, hatch in _LOOKS.values()}) == len(_LOOKS)
    figure = figures.programme_plot(table).figure
    said = words_of(figure)
    for words in ("2,694 of 6,110 referred", "44.1 (42.9 to 45.3)", "374 of 878 who answered at six months", "no response rates", "not in families"):  # fmt: skip
        assert words in said
    assert said.count("not stated") >= 4
    assert_legible(figure)


def test_part_of_a_programme_and_none_are_drawn_too(table):
    assert_legible(figures.programme_plot(table.iloc[:2]).figure)
    assert "There is no stage" in words_of(figures.programme_plot(table.iloc[:0]).figure)
    assert figures.programme_alt(table.iloc[:0]).endswith("no stage to show.")
    assert figures.programme_alt(table).startswith("Funnel: of 6,110 parents referred, 4,802 started")


def test_the_line_below_says_that_stages_are_judgements(evidence):
    assert "judgements on it are provisional" in status_line(evidence, "programme_funnel")
