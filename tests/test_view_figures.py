"""Figures of the views of themes: the numbers of the tables, legible for few rows and long names, told apart in grey."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_figures import LONG, assert_legible, words_of

from synthesis.coding.code_pairs import cooccurrence
from synthesis.reports import figures
from synthesis.themes.contrast import perspective_contrast, theme_map
from synthesis.themes.curves import accumulation
from synthesis.themes.stability import stability_ranges, theme_stability
from synthesis.themes.support import theme_matrix


@pytest.fixture(scope="module")
def tables(evidence) -> dict[str, pd.DataFrame]:
    return {
        "theme_map": theme_map(evidence),
        "contrast": perspective_contrast(evidence),
        "accumulation": accumulation(evidence),
        "pairs": cooccurrence(evidence, "study"),
        "stability": stability_ranges(theme_stability(evidence)),
        "heat": theme_matrix(evidence, "descriptive", "study", count="findings"),
    }


@pytest.fixture(scope="module")
def groups(evidence) -> pd.Series:
    return evidence.studies.set_index("study_id")["perspective"]


def grey(colour) -> float:
    import matplotlib

    return float(np.dot(matplotlib.colors.to_rgb(colour), (0.299, 0.587, 0.114)))


# --- theme map ---------------------------------------------------------------------------------------------------------


def test_the_map_holds_every_theme_and_code_with_the_numbers_of_both_sides(tables):
    table = tables["theme_map"]
    ax = figures.theme_map_plot(table)
    pd.testing.assert_frame_equal(figures.plotted(ax), table)
    said = words_of(ax.figure)
    for row in table.itertuples():
        assert " ".join(row.name.split()) in said
    for row in table[table["level"] != "code"].itertuples():
        assert f"{row.name} {row.n_studies_parent} | {row.n_studies_practitioner}" in said
    codes = table[table["level"] == "code"]
    widths = [patch.get_width() for patch in ax.patches]
    assert widths == [*(-codes["n_studies_parent"]), *codes["n_studies_practitioner"]]
    plain, hatched = ax.patches[0], ax.patches[-1]
    assert not plain.get_hatch() and hatched.get_hatch(), "the sides are told apart without colour"


def test_a_map_keeps_codes_below_their_theme_whatever_ids_are_called(tables):
    renamed = tables["theme_map"].replace({"id": {"T1a": "fear"}, "parent": {"T1a": "fear"}})
    renamed.loc[renamed["id"] == "fear", "name"] = LONG
    renamed.loc[renamed["level"] == "code", "name"] = LONG
    assert_legible(figures.theme_map_plot(renamed).figure)


# --- parents beside practitioners --------------------------------------------------------------------------------------


def test_the_contrast_shows_shares_intervals_and_differences_of_its_table(tables):
    table = tables["contrast"]
    ax = figures.contrast_plot(table)
    dots = [line for line in ax.lines if len(line.get_xdata()) == len(table)]
    assert [list(line.get_xdata()) for line in dots] == [list(table["percent_parent"]), list(table["percent_practitioner"])]  # fmt: skip
    assert dots[0].get_marker() != dots[1].get_marker()
    bars = [path.vertices[:, 0].tolist() for part in ax.collections[:2] for path in part.get_paths()]
    ends = [*table[["low_parent", "high_parent"]].to_numpy().tolist(), *table[["low_practitioner", "high_practitioner"]].to_numpy().tolist()]  # fmt: skip
    assert bars == ends
    said = words_of(ax.figure)
    row = table.iloc[0]
    assert f"{row['difference']:+.0f} ({row['difference_low']:.0f} to {row['difference_high']:.0f})" in said
    assert f"{row['n_studies_both_sides']} studies report both sides" in said


@pytest.mark.parametrize("rows", [1, 3])
def test_a_contrast_stays_legible_for_few_themes_and_long_names(tables, rows):
    table = tables["contrast"].head(rows).assign(name=LONG)
    assert_legible(figures.contrast_plot(table).figure)


def test_a_side_without_studies_has_no_difference_and_no_bar(evidence, altered):
    parents = evidence.findings.assign(perspective="parent")
    table = perspective_contrast(altered(findings=parents))
    assert table["difference"].isna().all()
    ax = figures.contrast_plot(table)
    assert_legible(ax.figure)
    assert "there is no theme with studies of both sides" in figures.contrast_alt(table)


# --- accumulation ------------------------------------------------------------------------------------------------------


def test_the_curve_is_that_of_the_table_and_its_lines_differ_in_dash_and_shade(tables):
    table = tables["accumulation"]
    ax = figures.accumulation_plot(table)
    curves = [line for line in ax.lines if len(line.get_xdata()) == len(table)]
    assert [list(line.get_ydata()) for line in curves] == [list(table["median"]), list(table["by_publication"])]
    assert curves[0].get_linestyle() != curves[1].get_linestyle()
    assert abs(grey(curves[0].get_color()) - grey(curves[1].get_color())) > 0.2
    unknown = table["year"].isna().sum()
    assert f"{unknown} of {len(table)} studies, whose year is not known" in words_of(ax.figure)


def test_a_curve_of_one_study_and_of_themes_is_legible(tables, evidence):
    assert_legible(figures.accumulation_plot(accumulation(evidence, "theme", orders=20), unit="Subthemes").figure)
    one = tables["accumulation"].head(1).assign(of=5)
    assert_legible(figures.accumulation_plot(one).figure)


def test_the_alternative_text_says_where_the_curve_reaches_its_end(tables):
    table = tables["accumulation"]
    alt, total = figures.accumulation_alt(table), table["of"].iloc[-1]
    for share in (0.5, 0.9, 1.0):
        assert f"after {table.loc[table['median'] >= share * total, 'n_studies'].min()}" in alt


# --- pairs of codes ----------------------------------------------------------------------------------------------------


def test_pairs_are_the_most_frequent_with_their_numbers(tables, evidence):
    table, names = tables["pairs"], evidence.codebook.set_index("code_id")["name"].to_dict()
    ax = figures.pairs_plot(table, names=names)
    shown = figures.plotted(ax)
    pd.testing.assert_frame_equal(shown, table.head(20))
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    strokes = next(line for line in ax.lines if line.get_marker() == "|")
    assert list(dots.get_xdata()) == list(shown["n"]) and list(strokes.get_xdata()) == list(shown["expected"])
    said = words_of(ax.figure)
    for row in shown.itertuples():
        assert f"{names[row.code_a]} + {names[row.code_b]}" in said
    assert f"of {len(table):,} pairs, of which {(table['n'] > 0).sum():,}" in said


@pytest.mark.parametrize("most", [1, 40])
def test_any_number_of_pairs_is_legible(tables, most):
    names = dict.fromkeys(tables["pairs"]["code_a"], LONG)
    assert_legible(figures.pairs_plot(tables["pairs"], names=names, most=most).figure)


# --- stability ---------------------------------------------------------------------------------------------------------


def test_ranks_and_ranges_are_those_of_the_table(tables, evidence):
    table, names = tables["stability"], evidence.themes.set_index("theme_id")["name"].to_dict()
    ax = figures.stability_plot(table, names=names)
    themes = table.drop_duplicates("theme_id").sort_values(["level", "rank"], kind="stable")
    rank = next(line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()) == len(themes))
    assert list(rank.get_xdata()) == list(themes["rank"])
    core = table[table["kind"] == "core_only"]
    squares = next(line for line in ax.lines if line.get_marker() == "s" and len(line.get_xdata()) == len(core))
    assert sorted(squares.get_xdata()) == sorted(core["best_rank"])
    said = words_of(ax.figure)
    assert "No study is appraised" in said
    assert f"tau {table.loc[table['kind'] == 'without_country', 'lowest_tau'].min():.2f}" in said
    signs = {line.get_marker() for line in ax.lines if line.get_marker() not in ("None", None)}
    assert {"o", "s", "^", "x"} <= signs, "cases differ in shape, not only in colour"


def test_ranks_of_one_level_or_without_restrictions_are_legible(tables):
    table = tables["stability"]
    names = dict.fromkeys(table["theme_id"], LONG)
    assert_legible(figures.stability_plot(table[table["level"] == "analytical"], names=names).figure)
    assert_legible(figures.stability_plot(table[table["kind"] == "without_study"]).figure)


# --- studies by subthemes ----------------------------------------------------------------------------------------------


def test_every_study_stands_once_in_its_group_with_its_counts(tables, groups):
    matrix = tables["heat"]
    ax = figures.heat_plot(matrix, groups)
    shown = figures.plotted(ax).pivot(index="theme_id", columns="study_id", values="n")
    assert (shown.loc[matrix.index, matrix.columns].to_numpy() == matrix.to_numpy()).all()
    texts = [text.get_text() for text in ax.texts]
    assert all(texts.count(study) == 1 for study in matrix.columns)
    counts = matrix.to_numpy().ravel()
    assert sorted(int(text) for text in texts if text.isdigit()) == sorted(counts[counts > 0])
    for group, n in groups.value_counts().items():
        assert f"{group} ({n})" in texts
    cells = [text for text in ax.texts if text.get_text().isdigit()]
    dark = [grey(patch.get_facecolor()) for patch in ax.patches]
    order = np.argsort([int(text.get_text()) for text in cells], kind="stable")
    assert (np.diff(np.array(dark)[order]) <= 1e-9).all(), "more is never lighter"


@pytest.mark.parametrize("studies", [1, 2, 7])
def test_few_studies_make_a_short_page(tables, groups, studies):
    ax = figures.heat_plot(tables["heat"].iloc[:, :studies], groups)
    assert_legible(ax.figure)
    assert ax.figure.get_figheight() < 4


# --- nothing to show ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plot", "alt", "name"),
    [
        ("theme_map_plot", "theme_map_alt", "theme_map"),
        ("accumulation_plot", "accumulation_alt", "accumulation"),
        ("pairs_plot", "pairs_alt", "pairs"),
        ("stability_plot", "stability_alt", "stability"),
        ("contrast_plot", "contrast_alt", "contrast"),
    ],
)
def test_an_empty_table_gives_a_figure_and_a_text_that_say_so(tables, plot, alt, name):
    nothing = tables[name].iloc[:0]
    assert_legible(getattr(figures, plot)(nothing).figure)
    assert any(word in getattr(figures, alt)(nothing) for word in ("there are no", "no two", "there is no"))


def test_no_study_is_said(groups):
    nothing = pd.DataFrame()
    assert_legible(figures.heat_plot(nothing, groups).figure)
    assert "no studies to show" in figures.heat_alt(nothing)
