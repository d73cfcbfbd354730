"""What every local brief shows beside the local figures: prevalence, themes with what matches them, measures, national figures.

Sentences are those of the rows; each part carries the identifiers of its rows. Nothing is computed here that a stage does
not compute.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.guidance.crosswalk import BACKED
from synthesis.guidance.guide_figures import family_hub_figures
from synthesis.guidance.guides import recommendation_table, step_table
from synthesis.guidance.measures import which_measure
from synthesis.packs.contents import Words
from synthesis.prevalence.by_indicator import pooled_table
from synthesis.themes.confidence import summary_of_findings


@dataclass(frozen=True)
class Said:
    """A sentence with the identifiers of the rows that it comes from."""

    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class ThemeLine:
    """A theme in plain words, its statements by confidence, and the steps and the recommendation that match it.

    ``partly`` are steps linked in part only; ``outside`` says that the theme is not one of the published ones.
    """

    id: str
    plain: str
    levels: str
    outside: bool
    finding_ids: tuple[str, ...]
    steps: tuple[Said, ...]
    partly: tuple[str, ...]
    recommendation: Said | None
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class Common:
    """The parts of a brief that are the same for every area; ``estimates`` are the rows behind the lines on prevalence."""

    prevalence: tuple[Said, ...]
    prevalence_rule: str
    paper_rule: str
    estimates: pd.DataFrame
    themes: tuple[ThemeLine, ...]
    measures: pd.DataFrame
    national: tuple[Said, ...]


@cache
def brief_words() -> Words:
    """The fixed words of a brief, and what it shows, from ``words.toml``."""
    return Words(tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8")))


def common_parts(evidence: Evidence) -> Common:
    """The parts that are the same for every area, made once for many briefs."""
    tables = prevalence_tables(evidence)
    estimates = _estimates(evidence, tables)
    return Common(
        prevalence_lines(tables), _prevalence_rule(estimates, "prevalence_rule"),
        _prevalence_rule(estimates[estimates["line"].isin(brief_words().texts["paper_indicators"])], "prevalence_paper"), estimates, theme_lines(evidence),
        measure_lines(evidence), national_lines(evidence),
    )  # fmt: skip


def prevalence_tables(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """The quantities of the words file: `pooled_table` of each, its estimates and a pooled line where there is one."""
    known = set(evidence.indicators["indicator_id"])
    return {each: pooled_table(evidence, each) for each in brief_words().texts["indicators"] if each in known}


def prevalence_lines(tables: Mapping[str, pd.DataFrame]) -> tuple[Said, ...]:
    """A line a quantity: a mean where it describes its settings, else the range; none where no percent is visible."""
    words, lines = brief_words(), []
    for each, table in tables.items():
        pooled, seen = table[table["line"] == "pooled"], table.dropna(subset="percent")
        if len(pooled):
            row = pooled.iloc[0]
            names = ("percent", "pi_low", "pi_high")
            text = words.said(f"prevalence_{row['lead']}", k=row["k"], low=f"{row['range_low']:.0f}", high=f"{row['range_high']:.0f}", **{name: f"{row[name]:.0f}" for name in names})  # fmt: skip
        elif len(seen):
            ends = {"low": f"{seen['percent'].min():.0f}", "high": f"{seen['percent'].max():.0f}"}
            text = words.said("prevalence_apart", k=len(seen), sources=seen["source"].nunique(), **ends)
        else:
            continue
        lines.append(Said(f"{table['name'].iloc[0]}: {text}.", (each,)))
    return tuple(lines)


def _estimates(evidence: Evidence, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of ``estimates`` behind the lines, with the quantity in ``line``."""
    named = [table["estimate_id"].dropna().to_frame().assign(line=each) for each, table in tables.items()]
    return pd.concat(named, ignore_index=True).merge(evidence.estimates, on="estimate_id")


def _prevalence_rule(estimates: pd.DataFrame, words: str) -> str:
    """How the lines are to be read, and how many of their estimates are from here."""
    home = estimates["country"].fillna("").map(lambda each: "GB" in each.split(";"))
    return brief_words().said(words, uk=int(home.sum()), n=len(estimates))


def theme_lines(evidence: Evidence) -> tuple[ThemeLine, ...]:
    """The analytical themes in plain words, each with its statements by confidence and what matches it by the crosswalk."""
    themes = evidence.themes[evidence.themes["level"] == "analytical"].sort_values("position", kind="stable")
    summary = summary_of_findings(evidence)
    links = evidence.crosswalk.merge(summary[["review_finding_id", "theme_id"]], left_on="from_id", right_on="review_finding_id")  # fmt: skip
    steps = step_table(evidence).set_index("item_id")["statement"]
    said = recommendation_table(evidence).set_index("recommendation_id")["recommendation"]
    spent: set[str] = set()
    lines = []
    for row in themes.to_dict("records"):
        own = links[links["theme_id"] == row["theme_id"]]
        of_steps = own[own["to_kind"] == "step"]
        answering = [
            each for each in steps.index if each in set(of_steps.loc[of_steps["relation"].isin(BACKED), "to_id"])
        ]
        partly = [each for each in steps.index if each in set(of_steps["to_id"]) - set(answering)]
        best, rests_on = _best(links, own, list(said.index), spent)
        spent |= {best} if best else set()
        found = summary[summary["theme_id"] == row["theme_id"]]
        lines.append(
            ThemeLine(
                row["theme_id"], row["plain_language"], _levels(found["confidence"]), not row["origin"].startswith("published"),
                tuple(found["review_finding_id"]), tuple(Said(steps[each], (each,)) for each in answering), tuple(partly),
                Said(said[best], (best,)) if best else None, rests_on,
            )
        )  # fmt: skip
    return tuple(lines)


def _levels(confidence: pd.Series) -> str:
    """How many statements at which level, in words, the highest level first; not judged is a level of its own."""
    words, counts = brief_words(), confidence.fillna("not_judged").value_counts()
    order = [*vocabularies()["confidence_level"], "not_judged"]
    said = ", ".join(f"{counts[level]} {level.replace('_', ' ')}" for level in order if level in counts)
    return words.said("theme_levels", n=len(confidence), levels=said)


def _best(
    links: pd.DataFrame, own: pd.DataFrame, order: Sequence[str], spent: set[str]
) -> tuple[str | None, tuple[str, ...]]:
    """The recommendation with most statements of a theme behind it, then of all; none that a statement speaks against,
    none shown before; in a draw the first in the order of the recommendations."""
    every = links[(links["to_kind"] == "recommendation") & links["relation"].isin(BACKED)]
    against = set(links.loc[links["relation"] == "contradicts", "to_id"])
    here = own[own.index.isin(every.index) & ~own["to_id"].isin(against | spent)]
    if here.empty:
        return None, ()
    counts = pd.DataFrame({"own": here.groupby("to_id")["from_id"].nunique(), "all": every.groupby("to_id")["from_id"].nunique()})  # fmt: skip
    counts["place"] = [order.index(each) for each in counts.index]
    best = counts.dropna().sort_values(["own", "all", "place"], ascending=[False, False, True]).index[0]
    return str(best), tuple(sorted(set(every.loc[every["to_id"] == best, "from_id"])))


def measure_lines(evidence: Evidence) -> pd.DataFrame:
    """The measures of the words file in its order, as `which_measure` has them: what is known and what is not stated."""
    table = which_measure(evidence).set_index("measure_id")
    wanted = [each for each in brief_words().texts["measures"] if each in table.index]
    return table.loc[wanted].reset_index()


def national_lines(evidence: Evidence) -> tuple[Said, ...]:
    """The family-hubs sheet's national figures (`family_hub_figures`) with their caveats, said once where it is the same."""
    words = brief_words()
    table = family_hub_figures(evidence).set_index("figure_id")
    lines: dict[str, Said] = {}
    for figure in (each for each in words.texts["figures"] if each in table.index):
        row = table.loc[figure].fillna("")
        # A figure in words stands in the statement already; the statement names the unit of a number.
        number = f": {row['figure'].split()[0]}" if row["figure"][0].isdigit() else ""
        text, caveat = f"{row['statement'].rstrip('.')}{number} ({row['year']}).", row["caveat"]
        before = lines.get(caveat, Said("", ()))
        ids = (*before.ids, figure, *filter(None, row["caveat_ids"].split(";")))
        lines[caveat] = Said(f"{before.text} {text}".strip(), tuple(dict.fromkeys(ids)))
    return tuple(
        Said(f"{line.text} {words.said('hub_later', said=caveat)}" if caveat else line.text, line.ids)
        for caveat, line in lines.items()
    )
