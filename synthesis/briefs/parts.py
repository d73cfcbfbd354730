"""What every local brief shows beside the local figures: prevalence, themes with what matches them, measures, national figures.

Sentences are those of the rows; each part carries the identifiers of its rows. Nothing is computed here that a stage does
not compute.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

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
class HowCommon(Said):
    """How common a quantity is; ``behind`` says of how many people, and how many estimates are from here."""

    behind: str


@dataclass(frozen=True)
class Match(Said):
    """A step or recommendation, its row in ``ids``, with the statements of the theme that it ``answers``, or that it
    ``rests_on``; ``rank`` is the place of the strongest of these among the levels of confidence, 0 the highest."""

    answers: tuple[str, ...]
    rests_on: tuple[str, ...]
    rank: int

    @property
    def how(self) -> str:
        """What it answers or rests on, such as "SI088 answers RF08"."""
        pairs = (("answers", ", ".join(self.answers)), ("rests on", ", ".join(self.rests_on)))
        return f"{self.ids[0]} {'; '.join(f'{verb} {ids}' for verb, ids in pairs if ids)}"


@dataclass(frozen=True)
class ThemeLine:
    """A theme in plain words, its statements by confidence, and the steps and the recommendation that match it.

    ``partly`` are steps linked in part only; ``outside`` says that the theme is not one of the published ones. ``no_step``
    are its statements that no step answers, ``nothing`` those of them that no recommendation answers or rests on, either.
    """

    id: str
    plain: str
    levels: str
    outside: bool
    finding_ids: tuple[str, ...]
    steps: tuple[Match, ...]
    partly: tuple[str, ...]
    recommendation: Match | None
    no_step: tuple[str, ...]
    nothing: tuple[str, ...]


@dataclass(frozen=True)
class Common:
    """The parts of a brief that are the same for every area; ``estimates`` are the rows behind the lines on prevalence."""

    prevalence: tuple[HowCommon, ...]
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
        prevalence_lines(tables, estimates), _prevalence_rule(estimates, "prevalence_rule"),
        _prevalence_rule(estimates[estimates["line"].isin(brief_words().texts["paper_indicators"])], "prevalence_paper"), estimates, theme_lines(evidence),
        measure_lines(evidence), national_lines(evidence),
    )  # fmt: skip


def prevalence_tables(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """The quantities of the words file: `pooled_table` of each, its estimates and a pooled line where there is one."""
    known = set(evidence.indicators["indicator_id"])
    return {each: pooled_table(evidence, each) for each in brief_words().texts["indicators"] if each in known}


def prevalence_lines(tables: Mapping[str, pd.DataFrame], estimates: pd.DataFrame) -> tuple[HowCommon, ...]:
    """A line a quantity: a mean where it describes its settings, else the range; none where no percent is visible.

    Each says how many people its estimates are of, and how many estimates are from here, by the rows of `estimates`.
    """
    words, lines = brief_words(), []
    for each, table in tables.items():
        pooled, seen = table[table["line"] == "pooled"], table.dropna(subset=["percent", "estimate_id"])
        if pooled["percent"].notna().any():  # a pool without any event has no mean
            row = pooled.iloc[0]
            names = ("percent", "ci_low", "ci_high", "pi_low", "pi_high")
            shown = seen[seen["in_pool"].eq("yes")]
            text = words.said(f"prevalence_{row['lead']}", k=row["k"], low=f"{row['range_low']:.0f}", high=f"{row['range_high']:.0f}", **{name: f"{row[name]:.0f}" for name in names})  # fmt: skip
        elif len(seen):
            shown = seen
            ends = {"low": f"{seen['percent'].min():.0f}", "high": f"{seen['percent'].max():.0f}"}
            text = words.said("prevalence_apart", k=len(seen), sources=seen["source"].nunique(), **ends)
        else:
            continue
        lines.append(HowCommon(f"{table['name'].iloc[0]}: {text}.", (each,), _behind(estimates, each, shown)))
    return tuple(lines)


def _behind(estimates: pd.DataFrame, line: str, shown: pd.DataFrame) -> str:
    """Of how many people the shown estimates of a line are, each, and how many of them are from the United Kingdom."""
    own = estimates[(estimates["line"] == line) & estimates["estimate_id"].isin(shown["estimate_id"].dropna())]
    people, uk = own["denominator"].dropna(), int(_from_here(own).sum())
    if people.empty:
        return brief_words().said("prevalence_behind_none", uk=uk, k=len(own))
    words = "prevalence_behind" if len(people) == len(own) else "prevalence_behind_some"
    return brief_words().said(
        words, uk=uk, k=len(own), fewest=f"{people.min():,.0f}", most=f"{people.max():,.0f}", n=len(people)
    )


def _from_here(estimates: pd.DataFrame) -> pd.Series:
    return estimates["country"].fillna("").map(lambda each: "GB" in each.split(";"))


def _estimates(evidence: Evidence, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of ``estimates`` behind the lines, with the quantity in ``line``."""
    named = [table["estimate_id"].dropna().to_frame().assign(line=each) for each, table in tables.items()]
    return pd.concat(named, ignore_index=True).merge(evidence.estimates, on="estimate_id")


def _prevalence_rule(estimates: pd.DataFrame, words: str) -> str:
    """How the lines are to be read, and how many of their estimates are from here."""
    return brief_words().said(words, uk=int(_from_here(estimates).sum()), n=len(estimates))


def theme_lines(evidence: Evidence) -> tuple[ThemeLine, ...]:
    """The analytical themes in plain words, each with its statements by confidence and what matches it by the crosswalk."""
    themes = evidence.themes[evidence.themes["level"] == "analytical"].sort_values("position", kind="stable")
    summary = summary_of_findings(evidence)
    links = evidence.crosswalk.merge(summary[["review_finding_id", "theme_id", "confidence"]], left_on="from_id", right_on="review_finding_id")  # fmt: skip
    against = set(links.loc[links["relation"] == "contradicts", "to_id"])
    steps = step_table(evidence).set_index("item_id")["statement"]
    said = recommendation_table(evidence).set_index("recommendation_id")
    spent: set[str] = set()
    lines = []
    for row in themes.to_dict("records"):
        own = links[links["theme_id"] == row["theme_id"]]
        of_steps = own[own["to_kind"] == "step"]
        answering = _matches(own, steps)
        partly = [each for each in steps.index if each in set(of_steps["to_id"]) - {step.ids[0] for step in answering}]
        best = _best(_matches(own, said["recommendation"]), against | spent, said["source_url"])
        spent |= set(best.ids) if best else set()
        found = summary[summary["theme_id"] == row["theme_id"]]
        backed = own[own["relation"].isin(BACKED) & own["to_kind"].isin(("step", "recommendation"))]
        bare, silent = (
            tuple(each for each in found["review_finding_id"] if each not in set(known["from_id"]))
            for known in (backed[backed["to_kind"] == "step"], backed)
        )
        lines.append(
            ThemeLine(
                row["theme_id"], row["plain_language"], _levels(found["confidence"]), not row["origin"].startswith("published"),
                tuple(found["review_finding_id"]), answering, tuple(partly), best, bare, silent,
            )
        )  # fmt: skip
    return tuple(lines)


def _levels(confidence: pd.Series) -> str:
    """How many statements at which level, in words, the highest level first; not judged is a level of its own."""
    words, counts = brief_words(), confidence.fillna("not_judged").value_counts()
    order = [*vocabularies()["confidence_level"], "not_judged"]
    said = ", ".join(f"{counts[level]} {level.replace('_', ' ')}" for level in order if level in counts)
    return words.said("theme_levels", n=len(confidence), levels=said)


def _matches(own: pd.DataFrame, texts: pd.Series) -> tuple[Match, ...]:
    """The rows of `texts` that answer statements of one theme, or rest on them: those of its surest statement first."""
    levels = {word: at for at, word in enumerate(vocabularies()["confidence_level"])}
    backed = own[own["relation"].isin(BACKED) & own["to_id"].isin(texts.index)]
    found = []
    for each in (each for each in texts.index if each in set(backed["to_id"])):
        links = backed[backed["to_id"] == each]
        answers, rests_on = (tuple(links.loc[links["relation"] == relation, "from_id"]) for relation in BACKED)
        rank = min(levels.get(str(level), len(levels)) for level in links["confidence"])
        found.append(Match(texts[each], (each,), answers, rests_on, rank))
    return tuple(sorted(found, key=lambda match: match.rank))


def _best(matches: Sequence[Match], barred: Collection[str], addresses: pd.Series) -> Match | None:
    """The recommendation for the surest statement of a theme: one read on its publisher's own page before one read
    elsewhere, then the one with most statements, then the first. None that a statement speaks against, none shown before."""

    def place(match: Match) -> tuple[int, bool, int]:
        return match.rank, not own_page(addresses[match.ids[0]]), -len(match.answers) - len(match.rests_on)

    return min((match for match in matches if match.ids[0] not in barred), key=place, default=None)


def own_page(address: object) -> bool:
    """Whether an address is a page of one of the publishers in the words file, and not a report or copy elsewhere."""
    host = urlsplit(address).hostname or "" if isinstance(address, str) else ""
    return any(f".{host}".endswith(f".{known}") for known in brief_words().texts["publishers"])


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
