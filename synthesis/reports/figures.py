"""Every figure of the synthesis: what is drawn from which derived table, with its title and alternative text.

Drawing functions take a table and, if wanted, axes, and give back axes. `make_figures` draws the whole set that the main
job saves; `make_figure` draws one of it. Nothing here changes matplotlib's settings.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthesis.coding.code_pairs import cooccurrence
from synthesis.drawing.accumulation import accumulation_alt, accumulation_plot
from synthesis.drawing.areas import area_series_alt, area_series_plot, authority_alt, authority_plot
from synthesis.drawing.associations import association_alt, association_plot
from synthesis.drawing.bubble import bubble_alt, bubble_plot
from synthesis.drawing.canvas import add_note, plotted, save_figure, styled
from synthesis.drawing.caterpillar import caterpillar_alt, caterpillar_plot
from synthesis.drawing.change import rank_alt, rank_plot, trend_alt, trend_plot
from synthesis.drawing.contrast import contrast_alt, contrast_plot
from synthesis.drawing.control import control_alt, control_plot
from synthesis.drawing.flow import prisma_alt, prisma_plot
from synthesis.drawing.forest import forest_alt, forest_plot
from synthesis.drawing.funnel import doi_alt, doi_plot, funnel_alt, funnel_plot
from synthesis.drawing.heat import heat_alt, heat_plot
from synthesis.drawing.influence import baujat_alt, baujat_plot
from synthesis.drawing.pairs import pairs_alt, pairs_plot
from synthesis.drawing.pathways import pathway_alt, pathway_plot
from synthesis.drawing.programme import programme_alt, programme_plot
from synthesis.drawing.progress import progress_alt, progress_plot
from synthesis.drawing.series import series_alt, series_plot
from synthesis.drawing.stability import stability_alt, stability_plot
from synthesis.drawing.theme_map import theme_map_alt, theme_map_plot
from synthesis.drawing.themes import matrix_alt, matrix_plot, theme_support_alt, theme_support_plot
from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.guidance.programme import programme_funnel
from synthesis.guidance.risks import pathway_table
from synthesis.prevalence.area_change import area_trend
from synthesis.prevalence.area_comparison import area_estimates, area_funnel
from synthesis.prevalence.areas import area_series
from synthesis.prevalence.associations import association_table
from synthesis.prevalence.by_indicator import pooled_table, prevalence_table
from synthesis.prevalence.rank_change import area_ranks
from synthesis.review.provenance import status_line
from synthesis.review.records import prisma_flow
from synthesis.review.studies import study_values
from synthesis.themes.contrast import perspective_contrast, theme_map
from synthesis.themes.curves import accumulation
from synthesis.themes.stability import stability_ranges, theme_stability
from synthesis.themes.support import theme_matrix, theme_table

__all__ = [
    "Drawn", "accumulation_alt", "accumulation_plot", "area_series_alt", "area_series_plot", "association_alt",
    "association_plot", "authority_alt", "authority_plot", "baujat_alt", "baujat_plot", "bubble_alt", "bubble_plot",
    "caterpillar_alt", "caterpillar_plot", "contrast_alt", "contrast_plot", "control_alt", "control_plot", "doi_alt",
    "doi_plot", "draw", "figure_names", "forest_alt", "forest_plot", "funnel_alt", "funnel_plot", "heat_alt",
    "heat_plot", "make_figure", "make_figures", "matrix_alt", "matrix_plot", "pairs_alt", "pairs_plot", "pathway_alt", "pathway_plot", "plotted",
    "prisma_alt", "prisma_plot", "programme_alt", "programme_plot", "progress_alt", "progress_plot", "rank_alt", "rank_plot", "save_figure", "series_alt", "series_plot", "stability_alt",
    "stability_plot", "theme_map_alt", "theme_map_plot", "theme_support_alt", "theme_support_plot", "trend_alt",
    "trend_plot",
]  # fmt: skip

#: England's national factors in one figure, the one under review first.
ENGLAND_FACTORS = (
    "cin_assessment_parental_mh",
    "cin_assessment_parental_domestic_abuse",
    "cin_assessment_child_mh",
    "cin_assessment_parental_alcohol",
    "cin_assessment_parental_drug",
)


@dataclass(frozen=True)
class Drawn:
    """A figure with all that must go with it: title, alternative text, the numbers drawn and the table they come from.

    Shown in a notebook, it is the picture with its alternative text.
    """

    figure: Figure
    title: str
    alt: str
    table: pd.DataFrame = field(repr=False)
    source: str

    @styled
    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, dict[str, str]]]:
        png = io.BytesIO()
        self.figure.savefig(png, format="png", dpi="figure", metadata={"Software": None})
        return {"image/png": png.getvalue(), "text/plain": f"{self.title}. {self.alt}"}, {
            "image/png": {"alt": self.alt}
        }


def draw(ax: Axes, title: str, alt: str, source: str = "", note: str = "") -> Drawn:
    """Put axes drawn here together with their texts.

    Parameters
    ----------
    ax : from one of the plotting functions.
    source : name of the derived table behind the figure.
    note : small print below the figure, such as `status_line`; the figure grows by its height.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    if note:
        add_note(figure, note)
    return Drawn(figure, title, alt, plotted(ax), source)


def make_figures(evidence: Evidence) -> dict[str, Drawn]:
    """Every figure of the synthesis by name, each with the status line of what it rests on as its source note."""
    return {name: make() for name, make in _makers(evidence).items()}


def make_figure(evidence: Evidence, name: str) -> Drawn:
    """One figure of the set, by name. Raises CallError for an unknown name."""
    makers = _makers(evidence)
    if name not in makers:
        raise CallError(f"There is no figure {name!r}; there are {', '.join(makers)}.")
    return makers[name]()


def figure_names(evidence: Evidence) -> list[str]:
    """Names of the figures that `make_figures` draws, in order."""
    return list(_makers(evidence))


def _makers(evidence: Evidence) -> dict[str, Callable[[], Drawn]]:
    note, estimates = status_line(evidence), status_line(evidence, "prevalence")
    official, ratios = status_line(evidence, "official_statistics"), status_line(evidence, "association_table")
    indicators = evidence.indicators
    # Of decided pools those that gather rows of other indicators: they hold the others. Any can be drawn by forest_plot.
    held = set(evidence.estimates["indicator_id"])
    decided = indicators["indicator_id"].isin(set(evidence.pooling_overrides["indicator_id"]) - held)
    pooled = indicators[(indicators["combine"] == "poolable") | decided]
    return {
        "prisma_flow": lambda: _flow(evidence, note),
        "theme_support": lambda: _support(evidence, note),
        "theme_by_perspective": lambda: _by_perspective(evidence, note),
        "theme_by_country": lambda: _by_country(evidence, note),
        "theme_map": lambda: _map(evidence, note),
        "study_by_theme": lambda: _heat(evidence, note),
        "parents_and_practitioners": lambda: _contrast(evidence, note),
        "accumulation": lambda: _accumulation(evidence, note),
        "code_pairs": lambda: _pairs(evidence, note),
        "theme_stability": lambda: _stability(evidence, note),
        **{
            f"forest_{each}": lambda each=each: _forest(evidence, each, estimates)  # type: ignore[misc]
            for each in pooled["indicator_id"]
        },
        "associations_child_placed": lambda: _associations(evidence, "child_placed", ratios),
        "england_factors": lambda: _england_factors(evidence, official),
        "england_parent_mental_health": lambda: _england(evidence, official),
        "england_authorities": lambda: _authorities(evidence, official),
        "england_trend": lambda: _trend(evidence, official),
        "england_estimates": lambda: _caterpillar(evidence, official),
        "england_funnel": lambda: _funnel(evidence, official),
        "england_ranks": lambda: _rank_changes(evidence, official),
        "pathways": lambda: _pathways(evidence),
        "programme_funnel": lambda: _programme(evidence),
    }


def _flow(evidence: Evidence, note: str) -> Drawn:
    flow = prisma_flow(evidence)
    return draw(prisma_plot(flow), "From search to included studies", prisma_alt(flow), "prisma_flow", note)


def _support(evidence: Evidence, note: str) -> Drawn:
    table = theme_table(evidence)
    title = "Support for each theme from parents and from practitioners"
    return draw(theme_support_plot(table), title, theme_support_alt(table), "theme_table", note)


def _by_perspective(evidence: Evidence, note: str) -> Drawn:
    matrix = theme_matrix(evidence, columns="perspective")
    studies = evidence.findings.groupby("perspective")["study_id"].nunique()
    heads = {each: f"{each.capitalize()} (of\N{NO-BREAK SPACE}{studies.get(each, 0)})" for each in matrix.columns}
    unit = "Studies with a finding of that perspective in the theme"
    return _matrix(evidence, matrix, heads, unit, "Themes by whose view supports them", "theme_by_perspective", note)


def _by_country(evidence: Evidence, note: str) -> Drawn:
    matrix = theme_matrix(evidence, columns="country")
    studies, names = study_values(evidence, "country").explode().value_counts(), vocabularies()["country"]
    order = sorted(matrix.columns, key=lambda each: (each == "not reported", -studies.get(each, 0), each))
    heads = {each: f"{names.get(each, each.capitalize())} ({studies.get(each, 0)})" for each in order}
    unit = "Studies in the theme, by country (all studies of that country in brackets)"
    return _matrix(evidence, matrix[order], heads, unit, "Themes by country of the study", "theme_by_study", note)


def _matrix(
    evidence: Evidence, matrix: pd.DataFrame, heads: dict[str, str], unit: str, title: str, source: str, note: str
) -> Drawn:
    themes = evidence.themes.set_index("theme_id")
    names, bold = themes["name"].to_dict(), set(themes.index[themes["level"] == "analytical"])
    ax = matrix_plot(matrix, rows=names, columns=heads, bold=bold, unit=unit)
    return draw(ax, title, matrix_alt(matrix, names, heads), source, note)


#: Headings of the groups of studies in the study-by-theme figure, by the studies' perspective.
_STUDIES_OF = {
    "parent": "Studies of parents",
    "practitioner": "Studies of practitioners",
    "both": "Studies of both",
}


def _map(evidence: Evidence, note: str) -> Drawn:
    table = theme_map(evidence)
    title = "Themes, subthemes and codes, and whose studies support them"
    return draw(theme_map_plot(table), title, theme_map_alt(table), "theme_map", note)


def _heat(evidence: Evidence, note: str) -> Drawn:
    matrix = theme_matrix(evidence, "descriptive", "study", count="findings")
    themes = evidence.themes.set_index("theme_id")
    names, above = themes["name"].to_dict(), themes["parent_theme_id"].to_dict()
    groups = evidence.studies.set_index("study_id")["perspective"]
    ax = heat_plot(matrix, groups, names=names, headings=_STUDIES_OF, parents=above)
    return draw(ax, "Findings of every study under every subtheme", heat_alt(matrix, names), "theme_by_study", note)


def _contrast(evidence: Evidence, note: str) -> Drawn:
    table = perspective_contrast(evidence)
    title = "Parents beside practitioners: shares of studies under each theme"
    return draw(contrast_plot(table), title, contrast_alt(table), "perspective_contrast", note)


def _accumulation(evidence: Evidence, note: str) -> Drawn:
    table = accumulation(evidence)
    title = "Codes seen as studies are added"
    return draw(accumulation_plot(table), title, accumulation_alt(table), "accumulation", note)


def _pairs(evidence: Evidence, note: str) -> Drawn:
    table, names = cooccurrence(evidence, "study"), evidence.codebook.set_index("code_id")["name"].to_dict()
    title = "Codes that occur together in studies"
    return draw(pairs_plot(table, names=names), title, pairs_alt(table, names), "cooccurrence", note)


def _stability(evidence: Evidence, note: str) -> Drawn:
    table = stability_ranges(theme_stability(evidence))
    names = evidence.themes.set_index("theme_id")["name"].to_dict()
    title = "How the ranks of themes move when something is left out"
    return draw(stability_plot(table, names=names), title, stability_alt(table, names), "theme_stability", note)


def _forest(evidence: Evidence, indicator: str, note: str) -> Drawn:
    table = pooled_table(evidence, indicator)
    name = evidence.indicators.set_index("indicator_id").loc[indicator, "name"]
    return draw(forest_plot(table), name, forest_alt(table), "prevalence", note)


def _associations(evidence: Evidence, outcome: str, note: str) -> Drawn:
    table = association_table(evidence, outcome)
    title = f"Reported ratios: {vocabularies()['outcome_group'][outcome].lower()}"
    return draw(association_plot(table), title, association_alt(table), "association_table", note)


def _england_factors(evidence: Evidence, note: str) -> Drawn:
    table = prevalence_table(evidence)
    table = pd.concat([table[table["indicator_id"] == each] for each in ENGLAND_FACTORS])
    return draw(series_plot(table), "Factors recorded at assessment in England", series_alt(table), "prevalence", note)


def _england(evidence: Evidence, note: str) -> Drawn:
    table = area_series(evidence)
    title = "Parental mental health recorded at assessment: England, regions and local authorities"
    return draw(area_series_plot(table), title, area_series_alt(table), "england_parent_mental_health", note)


def _authorities(evidence: Evidence, note: str) -> Drawn:
    table = area_series(evidence)
    year = f" in {table['year'].max()}" if len(table) else ""
    title = f"Parental mental health recorded at assessment: local authorities{year}"
    return draw(authority_plot(table), title, authority_alt(table), "england_parent_mental_health", note)


def _trend(evidence: Evidence, note: str) -> Drawn:
    table = area_trend(evidence)
    title = "Parental mental health recorded at assessment: trends of England and its regions"
    return draw(trend_plot(table), title, trend_alt(table), "england_trend", note)


def _caterpillar(evidence: Evidence, note: str) -> Drawn:
    table = area_estimates(evidence)
    title = "Parental mental health recorded at assessment: every local authority, partially pooled"
    return draw(caterpillar_plot(table), title, caterpillar_alt(table), "england_estimates", note)


def _funnel(evidence: Evidence, note: str) -> Drawn:
    table = area_funnel(evidence)
    title = "Parental mental health recorded at assessment: local authorities against control limits"
    return draw(control_plot(table), title, control_alt(table), "england_funnel", note)


def _rank_changes(evidence: Evidence, note: str) -> Drawn:
    table = area_ranks(evidence)
    title = "Parental mental health recorded at assessment: ranks of local authorities then and now"
    return draw(rank_plot(table), title, rank_alt(table), "england_ranks", note)


def _pathways(evidence: Evidence) -> Drawn:
    table = pathway_table(evidence)
    title = "How a parent's mental health, the parents' relationship, parenting and the child are linked"
    return draw(pathway_plot(table), title, pathway_alt(table), "pathways", status_line(evidence, "pathways"))


def _programme(evidence: Evidence) -> Drawn:
    table = programme_funnel(evidence)
    title = "The national programme: from referral to the survey at 12 months"
    note = status_line(evidence, "programme_funnel")
    return draw(programme_plot(table), title, programme_alt(table), "programme_funnel", note)
