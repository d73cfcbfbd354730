"""Figures: the same bytes in every process (and on every run: test_build), nothing cut or overlapping, and the numbers of the tables in picture and text."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from synthesis.drawing.canvas import PALETTE, SMALL, add_note, shortened, spread, text_width, wrap
from synthesis.drawing.forest_lines import CONTRADICTED, LEFT_OUT, PRINTED
from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.moderators import meta_regression
from synthesis.pooling.pooled import pool
from synthesis.prevalence.areas import area_series
from synthesis.prevalence.by_indicator import pooled_table, prevalence_table
from synthesis.reports import figures
from synthesis.review.provenance import status_line
from synthesis.review.records import prisma_flow
from synthesis.themes.support import theme_matrix, theme_table

ROOT = Path(__file__).parent.parent
LONG = "A very long name that nobody would choose but that somebody will certainly enter one day, Herefordshire-upon-Thames"
ALL = [
    "prisma_flow", "theme_support", "theme_by_perspective", "theme_by_country",
    "theme_map", "study_by_theme", "parents_and_practitioners", "accumulation", "code_pairs", "theme_stability",
    "forest_maternal_perinatal_depression", "forest_maternal_postnatal_depression_africa_epds", "forest_mbu_separation_at_discharge",
    "forest_parents_among_adults_with_psychosis_or_smi", "forest_paternal_perinatal_depression", "associations_child_placed", "england_factors", "england_parent_mental_health",
    "england_authorities", "england_trend", "england_estimates", "england_funnel", "england_ranks", "pathways", "programme_funnel",
]  # fmt: skip


@pytest.fixture(scope="module")
def prevalence(evidence):
    return prevalence_table(evidence)


@pytest.fixture(scope="module")
def areas(evidence):
    return area_series(evidence)


@pytest.fixture(scope="module")
def themes(evidence):
    return theme_table(evidence)


def drawn_texts(figure: Figure) -> list[Text]:
    """Every text that is really painted (ticks beyond the axis are not)."""
    painted: list[Text] = []
    usual = Text.draw

    def note(self, renderer, *args, **kwargs):
        if self.get_visible() and self.get_text().strip():
            painted.append(self)
        return usual(self, renderer, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", note)
        FigureCanvasAgg(figure)
        figure.draw_without_rendering()
    return painted


def assert_legible(figure: Figure) -> None:
    """Nothing outside the figure, no two texts on each other, no text below 9 points."""
    texts = drawn_texts(figure)
    renderer = figure.canvas.get_renderer()
    assert texts
    small = [text.get_text() for text in texts if text.get_fontsize() < SMALL]
    assert not small, f"smaller than {SMALL} points: {small}"
    boxes = np.array([text.get_window_extent(renderer).extents for text in texts])
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    over = (np.minimum(high, high.swapaxes(0, 1)) - np.maximum(low, low.swapaxes(0, 1))).min(axis=2)
    pairs = np.argwhere(np.triu(over > 0.5, k=1))
    overlaps = [f"{texts[a].get_text()!r} and {texts[b].get_text()!r} by {over[a, b]:.1f} pixels" for a, b in pairs]
    assert not overlaps, f"texts overlap: {'; '.join(overlaps)}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        around = figure.get_tightbbox(renderer)
    width, height = figure.get_size_inches()
    assert around.x0 >= -0.01 and around.y0 >= -0.01, f"cut at the left or bottom: {around}"
    assert around.x1 <= width + 0.01 and around.y1 <= height + 0.01, f"cut at the right or top: {around}"


def words_of(figure: Figure) -> str:
    """All painted text as one line, however it was wrapped."""
    return " ".join(" ".join(text.get_text().split()) for text in drawn_texts(figure))


# --- the whole set -----------------------------------------------------------------------------------------------------


def test_the_set_holds_every_figure_the_build_saves(drawn, evidence):
    assert list(drawn) == ALL == figures.figure_names(evidence)


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_cut_and_no_texts_overlap(drawn, name):
    assert_legible(drawn[name].figure)


def test_a_text_that_does_overlap_or_is_cut_is_noticed():
    figure = Figure(figsize=(3, 2))
    figure.text(0.2, 0.5, "first")
    figure.text(0.22, 0.5, "second")
    with pytest.raises(AssertionError, match="overlap"):
        assert_legible(figure)
    cut = Figure(figsize=(3, 2))
    cut.text(0.9, 0.5, "much too long for its place")
    with pytest.raises(AssertionError, match="cut at the right"):
        assert_legible(cut)


#: Figures that do not rest on coded findings, by the first word of their names.
RESTS_ON = {
    "forest": "estimates",
    "associations": "association_table",
    "england": "official_statistics",
    "pathways": "pathways",
    "programme": "programme_funnel",
}


@pytest.mark.parametrize("name", ALL)
def test_every_figure_carries_the_status_line_whole(drawn, evidence, name):
    assert status_line(evidence, RESTS_ON.get(name.partition("_")[0], "findings")) in words_of(drawn[name].figure)


@pytest.mark.parametrize("name", ALL)
def test_alternative_texts_are_one_sentence_with_numbers(drawn, name):
    alt = drawn[name].alt
    assert 80 <= len(alt) <= 220, f"{len(alt)} characters"
    assert alt.endswith(".") and re.search(r"\d", alt)
    assert drawn[name].title and drawn[name].title not in ("", name)


def test_another_process_writes_the_same_bytes_and_importing_changes_no_setting(drawn, tmp_path):
    name = "england_factors"
    figures.save_figure(drawn[name].figure, tmp_path / "here" / name, drawn[name].alt, drawn[name].title)
    code = (
        "import matplotlib; before = matplotlib.rcParams.copy()\n"
        "from synthesis import read_evidence\nfrom synthesis.reports import figures\n"
        "import sys\n"
        "assert matplotlib.rcParams.copy() == before and 'matplotlib.pyplot' not in sys.modules\n"
        f"each = figures.make_figure(read_evidence({str(ROOT / 'data')!r}), {name!r})\n"
        f"figures.save_figure(each.figure, {str(tmp_path / 'there' / name)!r}, each.alt, each.title)\n"
        "assert matplotlib.rcParams.copy() == before and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)})
    for kind in ("svg", "png"):
        assert (tmp_path / "here" / f"{name}.{kind}").read_bytes() == (
            tmp_path / "there" / f"{name}.{kind}"
        ).read_bytes()


def test_saved_files_hold_title_and_alternative_text(drawn, tmp_path):
    each = drawn["theme_support"]
    alt = each.alt + ' <&"'
    svg, png = figures.save_figure(each.figure, tmp_path / "new" / "theme.support", alt, each.title)
    assert [path.name for path in (svg, png)] == ["theme.support.svg", "theme.support.png"]
    root = ElementTree.fromstring(svg.read_text(encoding="utf-8"))
    space = "{http://www.w3.org/2000/svg}"
    title, description = root.find(f"{space}title"), root.find(f"{space}desc")
    assert title.text == each.title and description.text == alt
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
    with Image.open(png) as image:
        assert image.text == {"Title": each.title, "Description": alt}
    assert not re.search(r"\d{4}-\d\d-\d\dT", svg.read_text(encoding="utf-8"))


def test_a_notebook_shows_the_picture_with_its_alternative_text(drawn):
    data, metadata = drawn["prisma_flow"]._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == drawn["prisma_flow"].alt in data["text/plain"]


# --- text is text --------------------------------------------------------------------------------------------------------

#: A name that would be mathematics, a fault in mathematics, not one line, and no valid XML.
ODD = "Support worth $20 to $50\ta week\r\nand $ \\foo $\x0b in kind\x00 \ud83d"
ODD_SHOWN = "Support worth $20 to $50 a week and $ \\foo $ in kind\ufffd \ufffd"


def formulas(figure: Figure) -> list[str]:
    """Texts that could be taken for mathematics; numbers at an axis are made when it is drawn, under anybody's settings."""
    could = [text.get_text() for text in figure.findobj(Text) if text.get_parse_math()]
    return [said for said in could if not re.fullmatch(r"[-−\d.,]*", said)]


@pytest.mark.parametrize("name", ALL)
def test_no_text_of_any_figure_is_mathematics(drawn, name):
    assert not formulas(drawn[name].figure)


def assert_shown(figure: Figure, tmp_path: Path) -> None:
    """The odd name is on the figure letter by letter, and both files can be read."""
    assert ODD_SHOWN in words_of(figure)
    assert not formulas(figure)
    svg, png = figures.save_figure(figure, tmp_path / 'a "figure" of <costs>', f"A figure of {ODD}", ODD)
    root = ElementTree.fromstring(svg.read_text(encoding="utf-8"))
    ids = [each.get("id") for each in root.iter() if each.tag.endswith(("}title", "}desc"))]
    assert root.get("aria-labelledby").split() == ids, "the ids hold no space and no quotation mark"
    assert root.find("{http://www.w3.org/2000/svg}title").text.split() == ODD_SHOWN.split()
    with Image.open(png) as image:
        assert image.text["Title"].startswith("Support worth $20 to $50 a week")


def test_an_odd_name_of_a_theme_is_shown_as_it_is(themes, tmp_path):
    table = themes.assign(name=themes["name"].where(themes.index > 0, ODD))
    figure = figures.theme_support_plot(table).figure
    assert_legible(figure)
    assert_shown(figure, tmp_path)


def test_an_odd_name_of_a_study_is_shown_as_it_is(tmp_path):
    labels = pd.Series(["Ash 2011", ODD, "Cedar 2016"])
    figure = figures.forest_plot(pool(pd.Series([12, 30, 8]), pd.Series([150, 210, 95]), labels=labels)).figure
    assert_legible(figure)
    assert_shown(figure, tmp_path)


def test_odd_words_below_an_axis_that_is_given_are_shown_as_they_are():
    studies = pd.DataFrame({"x": [3, 8, 12, 7], "n": [40, 44, 90, 60], "paid": ["$5 or $6", "$5 or $6", "no", "no"]})
    ax = Figure(figsize=(10, 8)).add_subplot()
    ax.set_xticks([0, 1, 2], ["made", "by the", "user"])  # under the user's settings
    figures.bubble_plot(meta_regression(studies, "x", "n", ["paid"]), ax=ax)
    assert "$5 or $6 (2)" in [label.get_text() for label in ax.get_xticklabels()]
    assert not formulas(ax.figure)


def test_a_title_that_a_user_adds_may_be_mathematics(themes):
    ax = figures.theme_support_plot(themes)
    assert ax.set_title(r"$\tau^2$", parse_math=True).get_parse_math()


def test_a_name_of_any_length_is_drawn_soon_and_cut_with_dots(themes):
    long = ["x" * 300_000, "word " * 60_000]
    figure = figures.theme_support_plot(themes.iloc[:2].assign(name=long)).figure
    assert_legible(figure)
    assert words_of(figure).count("…") == 2
    assert figure.get_figheight() < 20


@pytest.mark.parametrize("text", ["Herefordshire-upon-Thames, " * 9, "i" * 400, "W" * 400])
def test_a_shortened_name_is_as_long_as_fits(text):
    said = shortened(text, 120, end=" 12.5")
    assert said.endswith("… 12.5")
    assert text_width(said) <= 120 < text_width(said.replace("…", text[len(said) - 6 :][:3] + "…"))
    assert shortened("short 12.5", 120, end=" 12.5") == "short 12.5"


def test_studies_with_very_long_ids_leave_room_for_their_counts():
    ids = [f"{'very-long-' * 9}{n}" for n in range(3)]
    matrix = pd.DataFrame(1, index=["T1a", "a-theme-with-a-long-id"], columns=ids)
    ax = figures.heat_plot(matrix, pd.Series("parent", index=ids))
    assert_legible(ax.figure)
    assert all(cell.get_width() > 0 for cell in ax.patches)
    assert set(figures.plotted(ax)["study_id"]) == set(ids)


def test_unknown_figures_and_foreign_axes_are_refused(evidence):
    with pytest.raises(SynthesisError, match="prisma_flow"):
        figures.make_figure(evidence, "pie")
    with pytest.raises(SynthesisError, match="not drawn by"):
        figures.plotted(Figure().add_subplot())


# --- themes ------------------------------------------------------------------------------------------------------------


def test_support_shows_the_numbers_of_the_theme_table(themes):
    ax = figures.theme_support_plot(themes)
    shown = figures.plotted(ax)
    pd.testing.assert_frame_equal(shown, themes[list(shown.columns)])
    parents, practitioners = (line for line in ax.lines if len(line.get_xdata()) == len(themes))
    assert list(parents.get_xdata()) == list(themes["n_studies_parent"])
    assert list(practitioners.get_xdata()) == list(themes["n_studies_practitioner"])
    assert list(parents.get_ydata()) == list(practitioners.get_ydata()), "one line a theme"
    assert parents.get_marker() != practitioners.get_marker()
    for column in ("n_studies_parent", "n_studies_practitioner", "n_studies"):
        painted = [text.get_text() for text in drawn_texts(ax.figure)]
        for n in themes[column]:
            assert str(n) in painted
    said = words_of(ax.figure)
    for word in (f"Parents of {themes['of_studies_parent'].max()}", f"of {themes['of_studies_practitioner'].max()}"):
        assert word in said
    for name in themes["name"]:
        assert name in said


def test_analytical_themes_are_bold(themes):
    texts = {" ".join(text.get_text().split()): text for text in drawn_texts(figures.theme_support_plot(themes).figure)}
    for name, level in zip(themes["name"], themes["level"], strict=True):
        assert (texts[name].get_fontweight() == "bold") == (level == "analytical")


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_support_stays_legible_for_any_names(themes, rows):
    table = pd.concat([themes] * 2, ignore_index=True).iloc[:rows]
    table = table.assign(name=[f"{LONG} {n}" if n % 2 else f"Unbreakable{'x' * 60}{n}" for n in range(rows)])
    assert_legible(figures.theme_support_plot(table).figure)


def test_support_alternative_text_names_the_leading_themes(themes):
    alt = figures.theme_support_alt(themes)
    top = themes[themes["level"] == "analytical"]
    for n, of in (("n_studies_parent", "of_studies_parent"), ("n_studies_practitioner", "of_studies_practitioner")):
        row = top.loc[top[n].idxmax()]
        assert f"“{row['name']}” ({row[n]} of {row[of]}" in alt


def test_a_matrix_prints_every_count_once(evidence):
    matrix = theme_matrix(evidence, columns="perspective")
    ax = figures.matrix_plot(matrix)
    shown = figures.plotted(ax).pivot(index="theme", columns="perspective", values="n")
    assert (shown.loc[matrix.index, matrix.columns].to_numpy() == matrix.to_numpy()).all()
    printed = sorted(int(text.get_text()) for text in ax.texts if text.get_text().isdigit())
    assert printed == sorted(matrix.to_numpy().ravel())
    assert f"{matrix.to_numpy().max()}" in figures.matrix_alt(matrix)


def test_numbers_in_a_matrix_stand_out_from_their_cells(evidence):
    ax = figures.matrix_plot(theme_matrix(evidence, columns="country"))

    def luminance(colour) -> float:
        channel = np.array(matplotlib.colors.to_rgb(colour))
        return float(
            np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
        )

    cells = [text for text in ax.texts if text.get_text().isdigit()]
    assert len(cells) == len(ax.patches) > 300
    for text, cell in zip(cells, ax.patches, strict=True):
        light, dark = sorted((luminance(text.get_color()), luminance(cell.get_facecolor())), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{text.get_text()} is hard to read"


def test_shades_of_a_matrix_keep_their_order_in_grey(evidence):
    matrix = theme_matrix(evidence, columns="perspective")
    ax = figures.matrix_plot(matrix)
    grey = [float(np.dot(patch.get_facecolor()[:3], (0.299, 0.587, 0.114))) for patch in ax.patches]
    order = np.argsort(matrix.to_numpy().ravel(), kind="stable")
    assert (np.diff(np.array(grey)[order]) <= 1e-9).all()


@pytest.mark.parametrize("columns", [1, 2, 20])
def test_a_matrix_stays_legible_for_any_names(columns):
    matrix = pd.DataFrame(
        np.arange(3 * columns).reshape(3, columns) * 37,
        index=["a", "b", "c"],
        columns=[f"c{n}" for n in range(columns)],
    )
    names = {"a": LONG, "b": f"Unbreakable{'x' * 60}"}
    heads = {f"c{n}": f"{LONG if n == 1 else 'Bosnia and Herzegovina'} {n}" for n in range(columns)}
    assert_legible(figures.matrix_plot(matrix, rows=names, columns=heads, bold={"a"}).figure)


# --- forest plot -------------------------------------------------------------------------------------------------------


def made_up(prevalence: pd.DataFrame, rows: int) -> pd.DataFrame:
    """A forest table of any length: long sources, missing intervals, missing percents, remarks, rows left out, a pooled line."""
    africa = prevalence[prevalence["indicator_id"] == "maternal_postnatal_depression_africa_epds"]
    estimates = pd.concat([africa[africa["line"] == "estimate"]] * 4, ignore_index=True).iloc[:rows].copy()
    number = np.arange(rows)
    estimates["source"] = [f"Source {n}" if n % 3 else f"{LONG} {n}" for n in number]
    estimates["in_pool"] = np.where(number % 4 == 1, "no", "yes")
    estimates["reason"] = np.where(number % 4 == 1, f"{LONG}.", None)
    estimates["remark"] = np.where(number % 5 == 2, "Stated: 1 of 2. Also stated: 3 of 4.", None)
    estimates.loc[number % 7 == 3, ["ci_low", "ci_high", "numerator"]] = None
    estimates.loc[number % 7 == 3, "interval"] = "none"
    estimates.loc[number % 11 == 5, ["percent", "ci_low", "ci_high", "numerator", "denominator"]] = None
    estimates.loc[number % 6 == 4, "interval"] = "printed"
    estimates[["numerator", "denominator"]] = estimates[["numerator", "denominator"]] * 1001
    return pd.concat([estimates, africa[africa["line"] == "pooled"]], ignore_index=True)


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_a_forest_plot_stays_legible_from_few_rows_to_forty(prevalence, rows):
    assert_legible(figures.forest_plot(made_up(prevalence, rows)).figure)


def test_a_pool_made_by_decision_says_so_below_its_plot_and_puts_the_range_first(evidence):
    table = pooled_table(evidence, "paternal_perinatal_depression")
    line = table[table["line"] == "pooled"].iloc[0]
    said = words_of(figures.forest_plot(table).figure)
    assert line["override"] in said and line["remark"] in said
    assert said.index(line["remark"]) < said.index("Diamond")
    assert said.count("≈") == table["derived"].str.startswith("numerator_from_percent").sum() + 1
    assert "≈ worked out from the printed percent." in said
    alt = figures.forest_alt(table)
    assert "2.5% to 31.8%; read first the range of the 11 pooled, 2.5% to 31.8%; pooled " in alt and alt.endswith(
        "by decision."
    )


def test_a_forest_plot_grows_with_its_rows(prevalence):
    heights = [figures.forest_plot(made_up(prevalence, rows)).figure.get_figheight() for rows in (3, 20, 40)]
    assert heights == sorted(heights) and heights[2] > 2 * heights[0]


@pytest.mark.parametrize(
    "indicator",
    ["maternal_postnatal_depression_lmic", "paternal_depressive_symptoms_by_child_age", "smi_among_parents"],
)
def test_indicators_that_are_not_pooled_are_drawn_and_say_why(prevalence, indicator):
    table = prevalence[prevalence["indicator_id"] == indicator]
    ax = figures.forest_plot(table)
    assert_legible(ax.figure)
    assert f"No pooled line: {table['reason'].iloc[0]}" in words_of(ax.figure)
    assert not set(figures.plotted(ax)["line"]) - {"estimate"}
    assert figures.forest_alt(table).endswith("not pooled.")


def test_a_forest_plot_shows_the_numbers_of_the_table(prevalence):
    table = prevalence[prevalence["indicator_id"] == "parents_among_adults_with_psychosis_or_smi"].reset_index(
        drop=True
    )
    ax = figures.forest_plot(table)
    shown, numbers = figures.plotted(ax), ["numerator", "denominator", "percent", "ci_low", "ci_high"]
    own = shown[shown["line"] != "prediction interval"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own[numbers], table[numbers])
    pooled = table[table["line"] == "pooled"].iloc[0]
    expected = shown[shown["line"] == "prediction interval"].iloc[0]
    assert (expected["ci_low"], expected["ci_high"]) == (pooled["pi_low"], pooled["pi_high"])
    squares = [line for line in ax.lines if line.get_marker() == "s"]
    estimates = table[table["line"] == "estimate"]
    assert [line.get_xdata()[0] for line in squares] == list(estimates["percent"])
    bars = [sorted(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2 and line.get_marker() == "None"]
    for low, high in estimates[["ci_low", "ci_high"]].dropna().to_numpy():
        assert [low, high] in bars
    diamond, bar = ax.patches
    assert (diamond.get_xy()[:, 0].min(), diamond.get_xy()[:, 0].max()) == (pooled["ci_low"], pooled["ci_high"])
    assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx((pooled["pi_low"], pooled["pi_high"]))
    assert bar.get_hatch()


def test_rows_left_out_are_hollow_with_sign_and_reason(prevalence):
    table = prevalence[prevalence["indicator_id"] == "parents_among_adults_with_psychosis_or_smi"]
    ax = figures.forest_plot(table)
    shown, said = figures.plotted(ax), words_of(ax.figure)
    squares = [line for line in ax.lines if line.get_marker() == "s"]
    left_out = (shown.loc[shown["line"].isin(["estimate", "left out"]), "line"] == "left out").tolist()
    assert [line.get_markerfacecolor() == "white" for line in squares] == left_out
    assert left_out.count(True) == 2
    for row in table[table["in_pool"] == "no"].itertuples():
        assert f"{LEFT_OUT} {row.source}: {row.reason}" in said
    assert shown.loc[shown["line"] == "left out", "sign"].str.startswith(LEFT_OUT).all()


def test_rows_whose_sources_contradict_themselves_are_marked_with_the_remark(prevalence):
    marked = prevalence[prevalence["remark"].notna() & (prevalence["line"] == "estimate")]
    assert len(marked) > 5
    for indicator in marked["indicator_id"].unique()[:4]:
        table = prevalence[prevalence["indicator_id"] == indicator]
        ax = figures.forest_plot(table)
        said = words_of(ax.figure)
        remarked = table[table["remark"].notna() & (table["line"] == "estimate")]
        assert figures.plotted(ax)["sign"].str.contains(CONTRADICTED).sum() == len(remarked)
        for row in remarked.itertuples():
            assert f"{CONTRADICTED} {row.source}. {row.remark}" in said


def test_printed_intervals_are_told_from_wilson_intervals(prevalence):
    table = prevalence[prevalence["indicator_id"] == "children_with_parent_with_mental_illness"]
    ax = figures.forest_plot(table)
    assert list(figures.plotted(ax)["sign"].str.contains(PRINTED)) == list(table["interval"] == "printed")
    assert (table["interval"] == "printed").any()
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert len(dashed) == (table["interval"] == "printed").sum()


def test_estimates_without_interval_or_figure_are_shown_as_such(prevalence):
    table = made_up(prevalence, 12)
    said = words_of(figures.forest_plot(table).figure)
    assert said.count("(no interval)") == (table["ci_low"].isna() & table["percent"].notna()).sum() > 0
    assert said.count("no figure seen") == table["percent"].isna().sum() > 0


def test_forest_alternative_text_holds_range_mean_and_prediction_interval(prevalence):
    table = prevalence[prevalence["indicator_id"] == "maternal_postnatal_depression_africa_epds"]
    alt, pooled = figures.forest_alt(table), table[table["line"] == "pooled"].iloc[0]
    estimates = table[table["line"] == "estimate"]["percent"]
    for number in (estimates.min(), estimates.max(), *pooled[["percent", "ci_low", "ci_high", "pi_low", "pi_high"]]):
        assert f"{number:.1f}" in alt
    assert "15 estimates" in alt


def test_axes_that_are_given_are_used_and_kept_to(prevalence):
    table = prevalence[prevalence["indicator_id"] == "parents_among_adults_with_psychosis_or_smi"]
    figure = Figure(figsize=(12, 9))
    ax = figure.add_axes((0.05, 0.05, 0.9, 0.9))
    assert figures.forest_plot(table, ax) is ax
    assert_legible(figure)
    with pytest.raises(SynthesisError, match="too small"):
        figures.forest_plot(table, Figure(figsize=(2, 2)).add_subplot())


# --- series and areas --------------------------------------------------------------------------------------------------


def test_series_show_the_numbers_of_the_table_from_zero(prevalence):
    table = prevalence[prevalence["indicator_id"].isin(figures.ENGLAND_FACTORS)]
    ax = figures.series_plot(table)
    shown = figures.plotted(ax)
    pd.testing.assert_series_equal(shown["percent"], table["percent"].reset_index(drop=True))
    assert list(shown["year"]) == [int(period[-4:]) for period in table["period"]]
    assert ax.get_ylim()[0] == 0
    lines = [line for line in ax.lines if line.get_marker() != "None"]
    for line, (_, own) in zip(lines, shown.groupby("line", sort=False), strict=True):
        assert list(line.get_ydata()) == list(own["percent"])


def test_lines_differ_in_marker_and_carry_their_name_and_last_value(prevalence):
    table = prevalence[prevalence["indicator_id"].isin(figures.ENGLAND_FACTORS)]
    ax = figures.series_plot(table)
    markers = [line.get_marker() for line in ax.lines if line.get_marker() != "None"]
    assert len(set(markers)) == len(markers) == 5
    said = words_of(ax.figure)
    for name, own in figures.plotted(ax).groupby("line"):
        assert f"{name} {own['percent'].iloc[-1]:.1f}" in said


@pytest.mark.parametrize("indicator", ["cin_assessment_parental_mh_region", "nonresident_parent_regular_contact"])
def test_other_series_stay_legible(prevalence, indicator):
    table = prevalence[prevalence["indicator_id"] == indicator]
    ax = figures.series_plot(table)
    assert_legible(ax.figure)
    assert len(figures.plotted(ax)) == len(table)


def test_a_year_without_a_figure_is_a_gap(prevalence):
    table = prevalence[prevalence["indicator_id"] == "cin_assessment_parental_mh"].reset_index(drop=True)
    table.loc[3, ["percent", "ci_low", "ci_high"]] = np.nan
    table = table.drop(index=5)
    ax = figures.series_plot(table)
    heights = next(line for line in ax.lines if line.get_marker() != "None").get_ydata()
    assert list(np.isnan(np.asarray(heights, dtype=float))) == [False, False, False, True, False, True, False, False]
    assert_legible(ax.figure)


def test_a_series_without_years_is_refused(prevalence):
    table = prevalence[prevalence["indicator_id"] == "maternal_postnatal_depression_lower_cutoff"]
    with pytest.raises(SynthesisError, match="forest_plot"):
        figures.series_plot(table)


def test_areas_show_england_regions_and_the_spread_of_authorities(areas):
    ax = figures.area_series_plot(areas)
    shown = figures.plotted(ax)
    england = shown[shown["area_level"] == "country"]
    assert list(england["percent"]) == list(areas.loc[areas["area_level"] == "country", "percent"])
    own = areas[(areas["area_level"] == "local_authority") & (areas["year"] == 2025)]["percent"]
    spreads = shown[(shown["area_level"] == "local_authority") & (shown["year"] == 2025)].set_index("area_name")[
        "percent"
    ]
    assert list(spreads) == pytest.approx([own.min(), own.quantile(0.25), own.quantile(0.75), own.max()])
    said = words_of(ax.figure)
    for name, part in shown.groupby("area_name"):
        assert f"{name} {part.sort_values('year')['percent'].iloc[-1]:.1f}" in said
    assert shown.loc[shown["area_level"] == "region", "area_name"].nunique() == 9
    assert ax.get_ylim()[0] == 0


def test_highlighted_authorities_are_named_and_their_gaps_are_crosses_not_zeros(areas):
    ax = figures.area_series_plot(areas, highlight=["West Sussex", "Hackney", "Herefordshire, County of"])
    assert_legible(ax.figure)
    said = words_of(ax.figure)
    shown = figures.plotted(ax)
    own = shown[shown["area_level"] == "highlighted"]
    lines = [line for line in ax.lines if line.get_marker() in ("s", "^", "D")]
    assert len(lines) == 3
    for line, (name, part) in zip(lines, own.groupby("area_name", sort=False), strict=True):
        assert name in said
        np.testing.assert_array_equal(np.isnan(np.asarray(line.get_ydata(), dtype=float)), part["percent"].isna())
    crosses = sorted(year for line in ax.lines if line.get_marker() == "x" for year in line.get_xdata())
    assert crosses == sorted(own.loc[own["percent"].isna(), "year"])
    assert len(crosses) == 5
    assert "× Hackney: no figure in 2021 (missing), 2022 (missing)." in said


def test_an_authority_with_every_figure_or_with_none_is_drawn_as_such(areas):
    table = areas.copy()
    table.loc[table["area_name"] == "Hackney", ["percent", "ci_low", "ci_high"]] = np.nan
    ax = figures.area_series_plot(table, highlight=["York", "Hackney"])
    assert_legible(ax.figure)
    said = words_of(ax.figure)
    assert "Hackney without a figure" in said and "× York" not in said
    crosses = [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "x"]
    assert crosses == [list(range(2018, 2026))]


def test_authorities_without_a_figure_are_counted_a_year_with_the_reason(areas):
    said = words_of(figures.area_series_plot(areas).figure)
    missing = areas[(areas["area_level"] == "local_authority") & areas["percent"].isna()]
    assert (
        f"{len(missing)} of 1,216 local authority returns have no figure: 10 withheld to protect people; 3 missing;"
        in said
    )
    for n in missing.groupby("year").size():
        assert f"× {n}" in said


def test_unknown_or_too_many_highlights_are_refused(areas):
    with pytest.raises(SynthesisError, match="Camelot"):
        figures.area_series_plot(areas, highlight=["Camelot"])
    with pytest.raises(SynthesisError, match="At most 3"):
        figures.area_series_plot(areas, highlight=["York", "Leeds", "Kent", "Devon"])


def test_authorities_stand_in_order_with_their_ends_named(areas):
    ax = figures.authority_plot(areas, 2025)
    shown, now = figures.plotted(ax), areas[(areas["year"] == 2025) & (areas["area_level"] == "local_authority")]
    assert len(shown) == len(now) == 153
    assert shown["percent"].dropna().is_monotonic_increasing
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert list(dots.get_ydata()) == list(shown["percent"].dropna())
    said = words_of(ax.figure)
    for row in pd.concat([shown.dropna().head(6), shown.dropna().tail(6)]).itertuples():
        assert f"{row.area_name} {row.percent:.1f}" in said
    for name in shown.loc[shown["percent"].isna(), "area_name"]:
        assert name in said
    alt = figures.authority_alt(areas, 2025)
    for number in ("151", "7.6%", "58.8%", "33.5%", "2 without"):
        assert number in alt


@pytest.mark.parametrize("year", [2019, 2023, 2024])
def test_authorities_of_other_years_stay_legible(areas, year):
    assert_legible(figures.authority_plot(areas, year).figure)


@pytest.mark.parametrize("n", [1, 2, 3, 13, 40])
def test_a_few_authorities_with_long_names_stay_legible(areas, n):
    table = areas[(areas["area_level"] == "local_authority") & (areas["year"] == 2025)].head(n)
    table = table.assign(area_name=[f"Kingston upon Hull, City of, number {each}" for each in range(n)])
    assert_legible(figures.authority_plot(table).figure)


def test_authorities_all_at_one_value_or_all_missing_stay_legible(areas):
    table = areas[(areas["area_level"] == "local_authority") & (areas["year"] == 2025)]
    for value in (0.0, 100.0):
        assert_legible(figures.authority_plot(table.assign(percent=value, ci_low=value, ci_high=value)).figure)
    nothing = table.assign(percent=np.nan, ci_low=np.nan, ci_high=np.nan, state="missing").head(4)
    ax = figures.authority_plot(nothing)
    assert_legible(ax.figure)
    assert "4 of 4 local authority returns have no figure: 4 missing" in words_of(ax.figure)
    assert "no figures" in figures.authority_alt(nothing)


def test_an_unknown_year_is_refused(areas):
    with pytest.raises(SynthesisError, match="2018 to 2025"):
        figures.authority_plot(areas, 1999)


# --- PRISMA flow -------------------------------------------------------------------------------------------------------


def assert_text_fits_its_boxes(ax) -> None:
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    boxes = [patch.get_window_extent(renderer) for patch in ax.patches if type(patch).__name__ == "Rectangle"]
    texts = [text for text in ax.texts if text.get_text()]
    assert len(texts) == len(boxes)
    for text in texts:
        extent = text.get_window_extent(renderer)
        inside = [
            b for b in boxes if b.x0 <= extent.x0 and extent.x1 <= b.x1 and b.y0 <= extent.y0 and extent.y1 <= b.y1
        ]
        assert len(inside) == 1, f"{text.get_text()!r} is in {len(inside)} boxes"


def test_the_flow_shows_every_count_in_its_box(evidence):
    flow = prisma_flow(evidence)
    ax = figures.prisma_plot(flow)
    assert_text_fits_its_boxes(ax)
    said = words_of(ax.figure)
    for row in flow[flow["arm"] != "databases"].itertuples():
        assert f"{row.label} (n = {row.n:,})" in said
    pd.testing.assert_frame_equal(figures.plotted(ax), flow)


def test_an_arm_without_records_says_so_instead_of_showing_empty_boxes(evidence):
    flow = prisma_flow(evidence)
    assert not flow.loc[flow["arm"] == "databases", "n"].any()
    ax = figures.prisma_plot(flow)
    assert "No database or register search is recorded here." in words_of(ax.figure)
    assert "Records screened" not in words_of(ax.figure)


@pytest.mark.parametrize("label", ["", LONG.replace("-", " ")])
def test_a_flow_with_both_arms_and_long_reasons_fits(evidence, label):
    flow = prisma_flow(evidence)
    flow.loc[flow["arm"] == "databases", "n"] = 1_234_567
    more = pd.DataFrame(
        {"arm": "databases", "box": "excluded", "label": LONG.replace("-", " "), "reason": "why", "n": 12}, index=[0]
    )
    flow = pd.concat([flow, more], ignore_index=True).assign(label=lambda t: t["label"] + f" {label}".rstrip())
    ax = figures.prisma_plot(flow)
    assert_text_fits_its_boxes(ax)
    assert_legible(ax.figure)
    said = words_of(ax.figure)
    for row in flow.itertuples():
        assert f"{row.label} (n = {row.n:,})" in said


def test_the_flow_in_words_holds_its_numbers(evidence):
    alt = figures.prisma_alt(prisma_flow(evidence))
    for number in ("220 records", "38 not retrieved", "182 assessed", "144 reports", "126 studies"):
        assert number in alt


# --- nothing to show, and small parts ----------------------------------------------------------------------------------


def test_tables_without_rows_give_a_figure_that_says_so(themes, prevalence, areas, evidence):
    empty = [
        figures.theme_support_plot(themes.head(0)), figures.matrix_plot(pd.DataFrame()),
        figures.forest_plot(prevalence.head(0)), figures.series_plot(prevalence.head(0)),
        figures.area_series_plot(areas.head(0)), figures.authority_plot(areas.head(0)),
        figures.prisma_plot(prisma_flow(evidence).head(0)),
    ]  # fmt: skip
    for ax in empty:
        assert_legible(ax.figure)
        assert words_of(ax.figure).startswith(("There is no", "There are no"))
        assert figures.plotted(ax).empty
    texts = [
        figures.theme_support_alt(themes.head(0)), figures.matrix_alt(pd.DataFrame()), figures.forest_alt(prevalence.head(0)),
        figures.series_alt(prevalence.head(0)), figures.area_series_alt(areas.head(0)), figures.authority_alt(areas.head(0)),
        figures.prisma_alt(prisma_flow(evidence).head(0)),
    ]  # fmt: skip
    for text in texts:
        assert " no " in text or " none " in text


def test_a_note_makes_the_figure_taller_and_leaves_the_drawing_its_size(themes):
    ax = figures.theme_support_plot(themes.head(3))
    figure = ax.figure
    before = figure.get_size_inches()[1], ax.get_position().height * figure.get_size_inches()[1]
    add_note(figure, LONG * 4)
    assert figure.get_size_inches()[1] > before[0]
    assert ax.get_position().height * figure.get_size_inches()[1] == pytest.approx(before[1])
    assert_legible(figure)


def test_wrapped_text_is_never_wider_than_asked_and_loses_nothing():
    for text in (LONG, "x" * 200, "short", "two words"):
        wrapped = wrap(text, 120)
        assert max(text_width(line) for line in wrapped.split("\n")) <= 120
        assert wrapped.replace("\n", "").replace(" ", "") == text.replace(" ", "")


def test_labels_are_moved_apart_as_little_as_possible():
    assert list(spread([1.0, 5.0], 1, 0, 10)) == [1, 5]
    assert list(spread([5.0, 5.0], 1, 0, 10)) == [4.5, 5.5]
    assert list(spread([0.0, 0.0, 10.0], 2, 0, 10)) == [0, 2, 10]
    placed = spread([9.9, 9.8, 9.7, 0.1], 1, 0, 10)
    assert list(np.argsort(placed)) == [3, 2, 1, 0] and placed.max() <= 10
    assert len(spread([], 1, 0, 10)) == 0


def test_neighbours_in_the_palette_reach_a_contrast_of_three_with_white():
    for colour in PALETTE:
        channel = np.array(matplotlib.colors.to_rgb(colour))
        linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (float(linear @ (0.2126, 0.7152, 0.0722)) + 0.05) >= 2.95
