"""What of a local brief goes on one printed page, and how much is left to its web page: the same for PDF and Word."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from synthesis.briefs.contents import Brief
from synthesis.briefs.parts import Match, ThemeLine
from synthesis.briefs.sources import official_line
from synthesis.evidence.addresses import linkable

#: Columns of the table of figures on paper, headed by the words ``head_`` and their names.
PAPER_COLUMNS = ("factor", "count", "percent", "similar", "region", "country")
#: Reservations on paper: the weightiest.
NOTES = 3
#: Identifiers with their addresses behind a text; an address that is not recorded is an empty text.
Links = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Paper:
    """The texts of the printed page in reading order.

    ``figures`` and ``themes`` are rows of texts below their heads; a theme is its identifier, plain words, confidence, what
    matches it, and the identifier of that with those of the statements that it answers. ``measures`` and ``notes`` are sentences. Each ``_more`` says how many of how many
    stand there and is empty where nothing is left out.
    """

    title: str
    subtitle: str
    status: str
    lead: tuple[str, ...]
    figures_heading: str
    figures_caption: str
    figure_heads: tuple[str, ...]
    figures: tuple[tuple[str, ...], ...]
    figures_note: str
    notes: tuple[str, ...]
    notes_more: str
    themes_rule: str
    themes: tuple[tuple[str, str, str, str, str], ...]
    themes_more: str
    prevalence: tuple[str, ...]
    prevalence_more: str
    measures: tuple[tuple[str, str], ...]
    measures_more: str
    limits: tuple[str, ...]
    sources: tuple[tuple[str, Links], ...]
    elsewhere: str


def paper(brief: Brief) -> Paper:
    """The printed page of a brief: what weighs most, and counts of what only its web page shows."""
    words = brief.words.texts
    steps, matches = _matches(brief)
    common = [each for each in brief.prevalence if each.ids[0] in words["paper_indicators"]]
    measures = brief.measures[brief.measures["measure_id"].isin(words["paper_measures"])]
    notes = brief.kept[:NOTES]
    return Paper(
        title=brief.said("title"), subtitle=brief.said("subtitle_paper"), status=brief.status_short,
        lead=(*(each.text for each in brief.lead), words["lead_counts"]),
        figures_heading=brief.said("figures_heading"), figures_caption=brief.figures_caption,
        figure_heads=tuple(brief.said(f"head_{each}") for each in PAPER_COLUMNS),
        figures=tuple(tuple(row) for row in _figures(brief.figures).to_numpy().tolist()),
        figures_note=brief.said("figures_note", similar=brief.similar),
        notes=tuple(each.text for each in notes) or (words["note_none"],), notes_more=_more(brief, len(notes), len(brief.kept)),
        themes_rule=_levels(brief), themes=matches, themes_more=_left_of_themes(brief, steps),
        prevalence=tuple(each.text for each in common),
        prevalence_more=brief.said("prevalence_more", rule=brief.paper_rule, n=len(common), of=len(brief.prevalence), national=sum(each.startswith("SI") for line in brief.national for each in line.ids)),
        measures=tuple(_measure(brief, row) for _, row in measures.iterrows()),
        measures_more=_more(brief, len(measures), len(brief.measures)),
        limits=tuple(words["limits"]), sources=_sources(brief, steps, list(measures["measure_id"])), elsewhere=brief.said("rows_elsewhere"),
    )  # fmt: skip


def _figures(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures without what only the web page explains: their change beside region and England."""
    bare = {name: figures[name].str.split(" (", regex=False).str[0] for name in ("region", "country")}
    return figures.assign(**bare)[list(PAPER_COLUMNS)]


def _more(brief: Brief, shown: int, of: int) -> str:
    return brief.said("more", n=shown, of=of) if shown < of else ""


def _levels(brief: Brief) -> str:
    """What the levels of confidence on the page mean."""
    # "low" stands in "very low", too: a level is looked for behind its number.
    shown = " ".join(theme.levels for theme in brief.shown_themes)
    said = "; ".join(
        f"{level} “{means}”" for level, means in brief.levels.items() if re.search(rf"\d {level}\b", shown)
    )
    return brief.said("paper_rule", levels=said)


def _matches(brief: Brief) -> tuple[list[Match], tuple[tuple[str, str, str, str, str], ...]]:
    """What matches the surest statement of each theme: the lines shown, and the rows of the table."""
    shown: list[Match] = []
    rows = []
    for theme in brief.shown_themes:
        best = _match(theme)
        kind = "match_none" if best is None else "match_step" if best in theme.steps else "match_said"
        shown += [best] if best else []
        text = brief.said(kind, text=best.text if best else "")
        rows.append((theme.id, theme.plain, theme.levels, text, best.how if best else ""))
    return shown, tuple(rows)


def _match(theme: ThemeLine) -> Match | None:
    """What matches the surest statement of a theme: a step, or else its recommendation."""
    both = [*theme.steps[:1], *([theme.recommendation] if theme.recommendation else [])]
    return min(both, key=lambda match: match.rank, default=None)


def _left_of_themes(brief: Brief, shown: list[Match]) -> str:
    """How many steps and recommendations the web page shows beyond those here."""
    here = {each.ids[0] for each in shown}
    answering = {step.ids[0] for theme in brief.shown_themes for step in theme.steps}
    partly = {each for theme in brief.shown_themes for each in theme.partly} - answering
    said = {theme.recommendation.ids[0] for theme in brief.shown_themes if theme.recommendation}
    counts = {
        "steps": len(answering & here),
        "of_steps": len(answering),
        "said": len(said & here),
        "of_said": len(said),
    }
    return brief.said("themes_more", partly=len(partly), themes=len(brief.shown_themes), of_themes=len(brief.themes), **counts)  # fmt: skip


def _measure(brief: Brief, row: pd.Series) -> tuple[str, str]:
    """A measure in a sentence: of what, how long, and on which conditions, as far as a source states it."""
    words = brief.words.texts
    known = [str(row["construct"])]
    known += [words[f"measure_{name}"].format(row[name]) for name in ("items", "minutes") if row[name] != "–"]
    use = words["measure_use"].format(row["use"]) if row["use"] != "–" else words["measure_use_unknown"]
    return f"{row['measure']}: {', '.join(known)}; {use}", str(row["measure_id"])


def _sources(brief: Brief, shown: list[Match], measures: list[str]) -> tuple[tuple[str, Links], ...]:
    """Short identifiers with their addresses, after the title of the source that holds them."""
    rows = brief.rows.drop_duplicates("row_id").set_index("row_id")
    findings = [each for theme in brief.shown_themes for each in theme.finding_ids]
    lines: list[tuple[str, Links]] = [
        official_line(brief.rows),
        (brief.said("source_themes", first=min(findings), last=max(findings)), ()),
    ]
    ids = pd.Series([each.ids[0] for each in shown])
    for reference, own in ids.groupby(rows.loc[ids, "reference"].to_numpy(), sort=False):
        lines.append((str(reference), tuple((each, _address(rows, each)) for each in own)))
    lines.append((brief.words.texts["source_measures"], tuple((each, _address(rows, each)) for each in measures)))
    return tuple(lines)


def _address(rows: pd.DataFrame, row_id: str) -> str:
    address = str(rows.at[row_id, "address"])
    return address if linkable(address) else ""
