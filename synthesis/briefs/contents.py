"""The one-page brief of a local authority as content: what each form of it shows, made from rows that have a source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from synthesis.briefs.lead import lead_lines, short_notes, signed, similar_line
from synthesis.briefs.parts import Common, HowCommon, Said, ThemeLine, brief_words, common_parts
from synthesis.briefs.sources import Source, area_rows, common_rows, source_lines
from synthesis.drawing.canvas import figure_png, figure_svg
from synthesis.drawing.local import local_alt, local_plot
from synthesis.evidence.review_file import read_review
from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.packs.contents import Words
from synthesis.packs.picture import Picture
from synthesis.prevalence.local_areas import FACTORS, find_area
from synthesis.prevalence.local_figures import Official, local_picture, official_tables
from synthesis.prevalence.local_reservations import WHY, local_notes
from synthesis.review.provenance import making, status

#: Columns of the table of figures, each headed by the words ``head_`` and its name.
FIGURE_COLUMNS = ("factor", "count", "percent", "similar", "region", "country", "since", "change", "rank")
#: A measure's name that is longer stands without its abbreviation.
_LONG_NAME = 45
#: Columns of the table of measures, likewise.
MEASURE_COLUMNS = ("measure", "construct", "items", "minutes", "use", "unknown")


@dataclass(frozen=True)
class Brief:
    """A brief: every text that its forms show, and the rows that the texts come from.

    ``figures`` and ``measures`` are tables of texts with the headings in ``figure_heads`` and ``measure_heads``;
    ``lead`` are the first sentences, ``kept`` the reservations in few words, the weightiest first, ``similar`` says which
    authorities are; these, ``status_short`` and ``paper_rule`` are what `briefs.paper` takes. ``picture`` is the `local_picture` that the drawing takes; ``sources`` are lines of text with their identifiers and
    addresses for the foot of the page; ``review`` is the short title of ``review.toml``; ``provisional`` says that judgements of confidence wait for reviewers; ``rows`` is a row of evidence a line: ``part, table, row_id, says, reference,
    address, locator, date_read`` (missing where none is recorded).
    """

    area_code: str
    area_name: str
    region: str
    year: int
    words: Words
    status: str
    status_short: str
    review: str
    provisional: bool
    lead: tuple[Said, ...]
    kept: tuple[Said, ...]
    similar: str
    figures: pd.DataFrame
    figure_heads: tuple[str, ...]
    figures_caption: str
    picture: pd.DataFrame
    notes: tuple[Said, ...]
    prevalence: tuple[HowCommon, ...]
    prevalence_rule: str
    paper_rule: str
    national: tuple[Said, ...]
    themes: tuple[ThemeLine, ...]
    measures: pd.DataFrame
    measure_heads: tuple[str, ...]
    measures_caption: str
    sources: tuple[Source, ...]
    rows: pd.DataFrame

    @property
    def levels(self) -> dict[str, str]:
        """The levels of confidence with what each tells a reader."""
        return {level.replace("_", " "): said for level, said in vocabularies()["confidence_level"].items()}

    @property
    def themes_rule(self) -> str:
        """What confidence and "matching" mean here, with the words of the levels."""
        said = "; ".join(f"{level} “{means}”" for level, means in self.levels.items())
        apart = ", ".join(each.id for each in self.themes if each.outside)
        outside = self.said("theme_outside", ids=apart) if apart else ""
        return self.said("themes_rule", levels=said, outside=outside).strip()

    @property
    def shown_themes(self) -> tuple[ThemeLine, ...]:
        """The themes on the page: those of the published review."""
        return tuple(each for each in self.themes if not each.outside)

    def partly(self, theme: ThemeLine) -> str:
        """How many steps match a theme in part only, beside those that answer it."""
        n = len(theme.partly)
        if theme.steps:
            return self.said("step_partly", n=n) if n else ""
        return self.said("step_none", n=n) if n else self.words.texts["step_bare"]

    @cached_property
    def image(self) -> Picture:
        """The small picture in both forms with its alternative text, drawn once for all forms of the page."""
        figure, alt = local_plot(self.picture).get_figure(root=True), local_alt(self.picture)
        assert figure is not None
        title = self.said("picture_title")
        return Picture(figure_svg(figure, f"picture-{self.area_code}", alt, title), figure_png(figure, alt, title), alt)

    def said(self, name: str, **values: object) -> str:
        """Fixed words with what they name of this brief filled in."""
        known = {
            "area": self.area_name,
            "region": self.region,
            "code": self.area_code,
            "year": self.year,
            "review": self.words.said("review", short_title=self.review) if self.review else "",
            "mark": self.words.texts["mark_provisional"] if self.provisional else "",
        }
        return self.words.said(name, **(known | values))


@dataclass(frozen=True)
class Prepared:
    """What every brief reads, made once for many: the official tables, the parts that all share, and their rows."""

    official: Official
    common: Common
    rows: pd.DataFrame
    status: tuple[str, str]
    review: str
    provisional: bool


def prepare(evidence: Evidence) -> Prepared:
    """What `local_brief` takes where many briefs are made."""
    common = common_parts(evidence)
    return Prepared(
        official_tables(evidence), common, common_rows(evidence, common), brief_status(evidence, brief_words()),
        review=read_review(evidence.folder).short_title, provisional=bool((evidence.confidence["status"] == "provisional").any()),
    )  # fmt: skip


def local_brief(evidence: Evidence, area: str, prepared: Prepared | None = None) -> Brief:
    """The brief of one local authority.

    Parameters
    ----------
    area : official code or exact name, see `area_list`.
    prepared : `prepare(evidence)`, where many briefs are made.

    Joins the local picture with its reservations, prevalence as a range or mean, the themes with their confidence, the
    steps and recommendations that match them by the crosswalk, measures with what is unknown, and national figures with
    their caveats. Raises CallError for an unknown area.
    """
    code = str(find_area(evidence, area)["area_code"])
    prepared = prepared or prepare(evidence)
    common, words = prepared.common, brief_words()
    picture, notes = (table(evidence, code, prepared.official) for table in (local_picture, local_notes))
    own = picture[picture["place"] == "own"].iloc[0]
    region = str(picture.loc[picture["place"] == "region", "area_name"].iloc[0])
    rows = pd.concat([area_rows(evidence, picture, notes), prepared.rows], ignore_index=True)
    unstated = int(evidence.measures["free_to_use"].isna().sum())
    return Brief(
        area_code=code, area_name=str(own["area_name"]), region=region, year=int(own["year"]), words=words,
        status=prepared.status[0], status_short=prepared.status[1], review=prepared.review, provisional=prepared.provisional, lead=lead_lines(picture), kept=short_notes(notes),
        similar=similar_line(picture), paper_rule=common.paper_rule, figures=_figures(picture, words),
        figure_heads=tuple(words.said(f"head_{each}", region=region) for each in FIGURE_COLUMNS), figures_caption=words.said("figures_caption", assessed=_assessed(own, words)), picture=picture,
        notes=tuple(Said(note, tuple(filter(None, ids.split(";")))) for note, ids in zip(notes["note"], notes["row_ids"], strict=True)),
        prevalence=common.prevalence, prevalence_rule=common.prevalence_rule, national=common.national, themes=common.themes,
        measures=_measures(evidence, common.measures, words),
        measure_heads=tuple(words.texts[f"head_{each}"] for each in MEASURE_COLUMNS),
        measures_caption=words.said("measures_caption", n_use=unstated, of=len(evidence.measures)),
        sources=source_lines(evidence, rows, common), rows=rows,
    )  # fmt: skip


def _assessed(own: pd.Series, words: Words) -> str:
    """How many episodes were assessed; the number is the same for every factor of a return."""
    known = own["episodes_assessed"]
    return words.texts["not_given"] if pd.isna(known) else f"{known:,}"


def brief_status(evidence: Evidence, words: Words) -> tuple[str, str]:
    """What of the page is provisional, counted from the data's own status columns: in full, and for paper."""
    counts = status(evidence).set_index("item")
    links = evidence.crosswalk["status"] == "provisional"
    shares = {name: f"{n:,} of {of:,}" for name, (n, of) in {
        "codings": tuple(counts.loc["codings_provisional", ["n", "of"]]),
        "confidence": tuple(counts.loc["confidence_provisional", ["n", "of"]]),
        "links": (int(links.sum()), len(links)),
        "appraised": tuple(counts.loc["studies_appraised", ["n", "of"]]),
    }.items()}  # fmt: skip
    waiting = counts.loc[["codings_provisional", "confidence_provisional"], "n"].sum() + links.sum()
    # That nothing waits is no confirmation: people must have been at work.
    confirmed = not waiting and making(evidence).checked in ("settled", "adjudicated")
    kinds = ("reviewed", "reviewed") if confirmed else ("provisional", "status_short")
    full, short = (words.said(kind, **shares) for kind in kinds)
    return full, short


# ---------------------------------------------------------------- the table of figures


def _figures(picture: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The local picture as texts, a row a factor; what is not there says why, and is never a number."""
    rows = []
    for factor, lines in picture.groupby("factor", sort=False):
        own, similar, region, country = (lines[lines["place"] == place].iloc[0] for place in ("own", "similar", "region", "country"))  # fmt: skip
        there, near = pd.notna(own["percent"]), pd.notna(similar["range_low"])
        rows.append(
            {
                "factor": FACTORS[str(factor)].capitalize(),
                "count": f"{own['episodes_with_factor']:,}" if there else WHY[own["state"]].split(":")[0].split(" to ")[0],
                "percent": f"{own['percent']:.1f} ({_reach(own, 'ci')})" if there else words.texts["percent_gone"],
                "similar": _reach(similar, "range") if near else words.texts["no_similar"],
                "region": _beside(region),
                "country": _beside(country),
                "since": str(own["since_year"]) if pd.notna(own["change"]) else "–",
                "change": _change(own) if pd.notna(own["change"]) else words.texts["no_change"],
                "rank": f"{own['rank_low']}–{own['rank_high']} of {own['n_ranked']}" if pd.notna(own["rank"]) else words.texts["no_rank"],
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FIGURE_COLUMNS))


def _reach(row: pd.Series, ends: str) -> str:
    return f"{row[f'{ends}_low']:.1f}–{row[f'{ends}_high']:.1f}"


def _change(row: pd.Series) -> str:
    low, high = (signed(row[name]) for name in ("change_low", "change_high"))
    return f"{signed(row['change'])} ({low}, {high})"


def _beside(row: pd.Series) -> str:
    return f"{row['percent']:.1f}" + (f" ({signed(row['change'])})" if pd.notna(row["change"]) else "")


def _measures(evidence: Evidence, table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The measures as texts; what no source states is named, and a short name stands for a long one."""
    short = evidence.measures.set_index("measure_id")["abbreviation"]
    unknown = words.texts["unknown"]
    silent = [
        ", ".join(said for column, said in unknown.items() if pd.isna(row[column])) for row in table.to_dict("records")
    ]
    columns = {
        "measure": [f"{name} ({short[each]})" if pd.notna(short[each]) and short[each] not in name and len(name) < _LONG_NAME else name for each, name in zip(table["measure_id"], table["name"], strict=True)],
        "construct": table["construct"], "items": table["n_items"].astype(object), "minutes": table["minutes"],
        "use": table["free_to_use"].str.replace("_", " "), "unknown": [each or words.texts["nothing_unknown"] for each in silent],
    }  # fmt: skip
    texts = pd.DataFrame(columns, index=table.index)
    return texts.where(texts.notna(), "–").astype("str").assign(measure_id=table["measure_id"])
