"""The derived tables: every table that code alone writes, under the name and columns that the schema gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from synthesis.coding.code_pairs import cooccurrence
from synthesis.evidence import files
from synthesis.evidence.schema import Problem, SynthesisError, Table, derived_tables, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.guidance.crosswalk import finding_answers, needs_and_interventions, recommendation_support
from synthesis.guidance.programme import programme_funnel
from synthesis.guidance.risks import pathway_table
from synthesis.numbers.intervals import wilson
from synthesis.prevalence.area_change import area_breaks, area_totals, area_trend
from synthesis.prevalence.area_comparison import area_estimates, area_funnel
from synthesis.prevalence.areas import area_series
from synthesis.prevalence.associations import association_table
from synthesis.prevalence.by_indicator import prevalence_table
from synthesis.prevalence.rank_change import area_ranks
from synthesis.reports.comparison import published_comparison
from synthesis.reports.prevalence_comparison import published_prevalence
from synthesis.review.provenance import status
from synthesis.review.records import prisma_flow
from synthesis.review.studies import included_studies, participants
from synthesis.themes.confidence import evidence_profile, summary_of_findings
from synthesis.themes.contrast import perspective_contrast, theme_map
from synthesis.themes.curves import accumulation
from synthesis.themes.stability import stability_ranges, theme_dependence, theme_stability
from synthesis.themes.support import theme_findings, theme_order, theme_table


def theme_by_study(evidence: Evidence) -> pd.DataFrame:
    """A row a theme and supporting study: columns ``theme_id, study_id, n_findings, n_negative``."""
    held = theme_findings(evidence)
    table = held.groupby(["theme_id", "study_id"], as_index=False).agg(
        n_findings=("finding_id", "size"), n_negative=("negative_case", "sum")
    )
    place = {theme: position for position, theme in enumerate(theme_order(evidence))}
    return table.sort_values(
        ["theme_id", "study_id"], key=lambda c: c.map(place) if c.name == "theme_id" else c
    ).reset_index(drop=True)


def theme_by_perspective(evidence: Evidence) -> pd.DataFrame:
    """A row a theme and perspective, rows of zero included.

    Columns ``theme_id, perspective, n_studies, of_studies`` (studies with a finding of that perspective), ``percent,
    ci_low, ci_high`` (their share, Wilson 95 %, percent scale), ``n_findings, of_findings`` (findings of that
    perspective), ``n_negative``.
    """
    held, findings = theme_findings(evidence), evidence.findings
    every = pd.MultiIndex.from_product(
        [theme_order(evidence), list(vocabularies()["perspective"])], names=["theme_id", "perspective"]
    )
    counted = held.groupby(["theme_id", "perspective"]).agg(
        n_studies=("study_id", "nunique"), n_findings=("finding_id", "size"), n_negative=("negative_case", "sum")
    )
    table = counted.reindex(every, fill_value=0).reset_index()
    whole = findings.groupby("perspective").agg(of_studies=("study_id", "nunique"), of_findings=("finding_id", "size"))
    table = table.join(whole.reindex(list(vocabularies()["perspective"]), fill_value=0), on="perspective")
    interval = wilson(table["n_studies"], table["of_studies"])
    table["percent"] = 100 * table["n_studies"] / table["of_studies"]
    table["ci_low"], table["ci_high"] = 100 * interval["low"], 100 * interval["high"]
    columns = "theme_id perspective n_studies of_studies percent ci_low ci_high n_findings of_findings n_negative"
    return table[columns.split()]


def problem_table(problems: list[Problem]) -> pd.DataFrame:
    """Problems as a table: ``severity, code, table, row, column, value, message``."""
    columns = ["severity", "code", "table", "row", "column", "value", "message"]
    return pd.DataFrame([asdict(problem) for problem in problems], columns=columns).astype({"row": "Int64"})


def warnings_table(evidence: Evidence) -> pd.DataFrame:
    """The warnings that concern the evidence itself; how a file was saved says nothing about it."""
    return problem_table([problem for problem in evidence.problems if problem.code != "byte-order-mark"])


_MADE_BY: dict[str, Callable[[Evidence], pd.DataFrame]] = {
    "status": status,
    "prisma_flow": prisma_flow,
    "included_studies": included_studies,
    "participants": participants,
    "theme_table": theme_table,
    "theme_by_study": theme_by_study,
    "theme_by_perspective": theme_by_perspective,
    "theme_map": theme_map,
    "perspective_contrast": perspective_contrast,
    "cooccurrence": lambda evidence: cooccurrence(evidence, "study"),
    "accumulation": accumulation,
    "theme_stability": lambda evidence: stability_ranges(theme_stability(evidence)),
    "theme_dependence": theme_dependence,
    "summary_of_findings": summary_of_findings,
    "evidence_profile": evidence_profile,
    "prevalence": prevalence_table,
    "published_prevalence": published_prevalence,
    "association_table": association_table,
    "england_parent_mental_health": area_series,
    "england_totals": area_totals,
    "england_breaks": area_breaks,
    "england_trend": area_trend,
    "england_estimates": area_estimates,
    "england_funnel": area_funnel,
    "england_ranks": area_ranks,
    "published_comparison": published_comparison,
    "pathways": pathway_table,
    "programme_funnel": programme_funnel,
    "recommendation_support": recommendation_support,
    "finding_answers": finding_answers,
    "needs_and_interventions": needs_and_interventions,
    "warnings": warnings_table,
}


def derive(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """Every derived table of the schema, by name, with its columns in the schema's order."""
    return {name: _MADE_BY[name](evidence)[list(table.columns)] for name, table in derived_tables().items()}


def write_derived(derived: Mapping[str, pd.DataFrame], folder: str | Path) -> list[Path]:
    """Write what `derive` gave below the data folder, the same bytes for the same tables; returns the paths written.

    A file in ``derived/`` that belongs to no table of the schema is left alone: somebody may have put it there. Raises
    SynthesisError, before anything is written, for a file under the name of a table that does not hold that table.
    """
    tables = derived_tables()
    paths = {name: Path(folder) / tables[name].file for name in derived}
    if foreign := [str(path) for name, path in paths.items() if path.is_file() and not _may_hold(path, tables[name])]:
        raise SynthesisError(
            f"{', '.join(foreign)}: not what the toolkit writes under that name. Rename it, or delete it if nobody needs it, "
            "and try again; nothing was replaced."
        )
    return [files.write_bytes(files.csv_bytes(frame), paths[name]) for name, frame in derived.items()]


def _may_hold(path: Path, table: Table) -> bool:
    """Whether a file can be a table, perhaps of an earlier version, or holds nothing."""
    raw = files.read_raw(path, table)
    return raw.readable or {problem.code for problem in raw.problems} == {"file-empty"}
