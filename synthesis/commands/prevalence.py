"""The commands ``prevalence`` and ``areas``: estimates, what may be pooled of them, and England's official statistics."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

import synthesis
from synthesis.commands.answering import answer, say
from synthesis.evidence.schema import CallError

if TYPE_CHECKING:
    import pandas as pd

    from synthesis.evidence.tables import Evidence

#: Tables of the command ``prevalence`` but for the estimates themselves: function, caption, columns shown as text
#: (all, where none are named), and what an indicator does: not asked for, rows of it are kept, passed on, or a must.
_TABLES: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "ranges": (
        "estimate_ranges", "How far the estimates of each indicator reach",
        ("name", "n_estimates", "n_sources", "range_low", "percent", "pi_low", "reason"), "kept",
    ),
    "refusals": (
        "refusal_table", "What speaks against pooling, by indicator with more than one estimate",
        ("indicator_id", "refusal", "said", "set_aside"), "passed",
    ),
    "published": (
        "published_prevalence", "Published summary values beside those here",
        ("name", "source", "published_percent", "here_percent", "pi_low", "published_lies", "explanation"), "kept",
    ),
    "certainty": (
        "certainty_table", "Certainty of each pooled prevalence (GRADE); empty: nobody has judged it",
        ("name", "k", "lead", "risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias", "overall"), "kept",
    ),
    "prompts": (
        "certainty_prompts", "What the data say to each domain of certainty: prompts, not judgements",
        ("domain", "asks", "prompt"), "must",
    ),
    "appraisal": (
        "estimate_appraisal_table", "Estimates appraised with the JBI checklist, item by item", (), "must",
    ),
    "associations": (
        "association_table", "Reported ratios by outcome and exposure; none is averaged",
        ("outcome_group", "exposure", "outcome", "source", "measure", "adjusted", "estimate", "ci_low", "ci_high"), "no",
    ),
    "derived-counts": ("derived_counts", "Counts worked out from a percent and its denominator", (), "no"),
    "both-ways": ("both_ways", "Printed percents that are not what the counts give", (), "no"),
}  # fmt: skip
#: Tables of the command ``areas``: function, caption, columns shown as text, keywords that it takes.
_AREAS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "series": (
        "area_series", "Figures by area and year",
        ("area_name", "year", "episodes_with_factor", "episodes_assessed", "percent", "state"), ("factor", "level"),
    ),
    "totals": (
        "area_totals", "Published totals beside the sums of the authorities' returns",
        ("area_name", "year", "percent", "percent_of_returns", "difference", "n_authorities", "n_with_figure"), ("factor",),
    ),
    "breaks": (
        "area_breaks", "Steps that neither chance nor usual change explains",
        ("area_name", "year", "previous_year", "percent_before", "percent", "change", "deviation"), ("factor",),
    ),
    "trend": (
        "area_trend", "Change a year, as reported and without steps in recording",
        ("area_name", "basis", "first_percent", "last_percent", "slope", "slope_low", "slope_high", "direction"), ("factor", "level"),
    ),
    "estimates": (
        "area_estimates", "Authorities, partially pooled",
        ("area_name", "percent", "estimate", "estimate_low", "estimate_high"), ("factor", "year"),
    ),
    "funnel": (
        "area_funnel", "Authorities against control limits",
        ("area_name", "episodes_assessed", "percent", "position", "adjusted_position"), ("factor", "year"),
    ),
    "ranks": (
        "area_ranks", "Ranks of authorities in the first and the last year, and whether they moved",
        ("area_name", "first_rank", "last_rank", "change", "change_low", "change_high", "moved"), ("factor",),
    ),
}  # fmt: skip
#: Headings that would not tell a reader enough.
_HEADINGS = {
    "range_low": "Lowest to highest percent", "n_estimates": "Estimates", "n_sources": "Sources", "ci_low": "From", "ci_high": "to",
    "slope": "Points a year", "slope_low": "from", "slope_high": "to", "estimate_low": "from", "estimate_high": "to",
    "said": "What speaks against it", "indicator_id": "Indicator", "set_aside": "Set aside by a decision",
}  # fmt: skip
_ESTIMATES_SHOWN = (
    "name", "source", "period", "case_definition", "numerator", "denominator", "percent", "interval", "percent_as_reported", "range_low", "pi_low",
    "remark",
)  # fmt: skip


def add_commands(add: Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]) -> None:
    """Add ``prevalence`` and ``areas`` with their options to the commands of the program."""
    about = "Every estimate, with a pooled line where the guard rails let one through; or what stands behind it."
    prevalence = add("prevalence", _prevalence, about)
    prevalence.add_argument("--indicator", metavar="ID", help="one indicator (default: all)")
    prevalence.add_argument("--table", choices=("estimates", *_TABLES), default="estimates", help="which table (default: estimates)")  # fmt: skip
    areas = add("areas", _areas, "England's official statistics by area: a factor recorded at assessment.")
    areas.add_argument("--table", choices=tuple(_AREAS), default="series", help="which table (default: series)")
    areas.add_argument("--factor", default="parent_mental_health", metavar="WORD", help="a word of the vocabulary factor (default: parent_mental_health)")  # fmt: skip
    areas.add_argument("--level", choices=("country", "region", "local_authority"), help="of series and trend (default: all)")  # fmt: skip
    areas.add_argument("--year", type=int, help="of estimates and funnel (default: the last)")


def _prevalence(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence

    if options.table == "estimates":
        return _estimates(options, read_evidence(options.data))
    function, caption, shown, speaks = _TABLES[options.table]
    if {"no": bool(options.indicator), "must": not options.indicator}.get(speaks):
        say(f"--table {options.table} {'needs' if speaks == 'must' else 'takes no'} --indicator.")
        return 2
    evidence = read_evidence(options.data)
    named = [options.indicator] if options.indicator and speaks in ("passed", "must") else []
    table = getattr(synthesis, function)(evidence, *named)
    if options.indicator and speaks == "kept":
        if options.indicator not in set(evidence.indicators["indicator_id"]):
            raise CallError(f"There is no indicator {options.indicator!r}; see data/judgements/indicators.csv.")
        table = table[table["indicator_id"] == options.indicator]
    rests_on = "association_table" if options.table == "associations" else "prevalence"
    return answer(options, evidence, table, caption, shown, _HEADINGS, rests_on)


def _estimates(options: argparse.Namespace, evidence: Evidence) -> int:
    from synthesis.prevalence.by_indicator import (
        WORKED_OUT_NOTE,
        count_marks,
        pooled_table,
        pooled_words,
        prevalence_table,
    )

    if options.format != "text":
        return answer(options, evidence, prevalence_table(evidence, options.indicator), "", (), rests_on="prevalence")
    table = pooled_table(evidence, options.indicator) if options.indicator else prevalence_table(evidence)
    said = pooled_words(table) + (_apart(evidence, options.indicator, table) if options.indicator else [])
    # What is said of a pooled line is too long for a cell, and must not be cut: it stands below the table.
    table["remark"] = table["remark"].mask(table["line"] == "pooled", "see below")
    marks = count_marks(table)
    table["numerator"] = [mark + f"{n:,}" if mark else n for mark, n in zip(marks, table["numerator"], strict=True)]
    if (marks != "").any():
        said.append(f"{WORKED_OUT_NOTE}.")
    status = answer(options, evidence, table, "Estimates by indicator", _ESTIMATES_SHOWN, rests_on="prevalence")
    for line in said:
        print(f"\n{line}")
    return status


def _apart(evidence: Evidence, indicator: str, table: pd.DataFrame) -> list[str]:
    """Why one indicator has no pooled line, or which rows are not in it; the table has no room for reasons."""
    from synthesis.prevalence.ranges import refusal_table

    left, said = table[(table["in_pool"] == "no") & table["reason"].notna()], []
    if not (table["line"] == "pooled").any() and len(table):
        refused = refusal_table(evidence, indicator)
        said = ["Not pooled:\n" + "\n".join(f"- {each}" for each in refused.loc[refused["set_aside"] == "no", "said"])]
        left = left[~left["reason"].str.startswith("not pooled: ")]
    listed = [f"- {row.source} ({row.estimate_id}): {row.reason}" for row in left.itertuples()]
    return said + (["Left out:\n" + "\n".join(listed)] if listed else [])


def _areas(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence

    function, caption, shown, words = _AREAS[options.table]
    given = {word: getattr(options, word) for word in ("level", "year") if getattr(options, word) is not None}
    if unasked := [word for word in given if word not in words]:
        say(f"--table {options.table} takes no {', '.join(f'--{word}' for word in unasked)}.")
        return 2
    evidence = read_evidence(options.data)
    table = getattr(synthesis, function)(evidence, factor=options.factor, **given)
    return answer(options, evidence, table, caption, shown, _HEADINGS, "official_statistics")
