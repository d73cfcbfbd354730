"""Appraisal of prevalence estimates with the JBI checklist: blind sheets, differences and a traffic-light table.

The work is that of `review.appraisal`, with an estimate where a study stands: one source may report several samples,
conditions and denominators, and each must be looked at by itself. The answers are kept in ``estimate_appraisals`` and
``estimate_appraisal_settlements``.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from synthesis.evidence.basis import made_from
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.tables import Evidence
from synthesis.review.appraisal import appraisal_differences, appraisal_table, appraised_studies, settled_answers
from synthesis.review.appraisal_sheets import appraisal_sheet

TOOL = "jbi_prevalence"


def estimate_appraisal_sheet(evidence: Evidence, appraiser: str, indicator: str) -> pd.DataFrame:
    """The sheet in which one appraiser answers the nine JBI items for every estimate of an indicator.

    Returns a row an estimate and item: ``estimate_id, title, source_url, tool, item, question, allowed, appraiser, answer,
    reason, date`` with this appraiser's own answers alone. Raises SynthesisError for an unknown appraiser or indicator.
    """
    sheet = appraisal_sheet(_as_studies(evidence), TOOL, appraiser, _of(evidence, indicator))
    return sheet.rename(columns={"study_id": "estimate_id"})


def with_estimate_sheet(evidence: Evidence, sheet: pd.DataFrame) -> pd.DataFrame:
    """The table ``estimate_appraisals`` with a filled-in sheet put in, to be written with `write_table`.

    Its answers replace those this appraiser gave before; rows without an answer are left out. Raises SynthesisError for a
    sheet of several appraisers.
    """
    appraisers = sorted(sheet["appraiser"].unique())
    if len(appraisers) != 1:
        raise SynthesisError(f"A sheet belongs to one appraiser; this one names {', '.join(appraisers) or 'nobody'}.")
    held = evidence.estimate_appraisals
    keys = ["estimate_id", "tool", "item", "appraiser"]
    new = sheet.loc[sheet["answer"].notna(), list(held)]
    both = pd.concat([held, new], ignore_index=True) if len(held) else new
    table = both.drop_duplicates(keys, keep="last").sort_values(keys, ignore_index=True)
    return made_from(table, held, "estimate_appraisals")


def estimate_appraisal_differences(evidence: Evidence) -> pd.DataFrame:
    """Items on which appraisers of an estimate differ, opened once two have finished it.

    Returns columns ``estimate_id, tool, item, question, answers, reasons, settled``.
    """
    return appraisal_differences(_as_studies(evidence), TOOL).rename(columns={"study_id": "estimate_id"})


def estimate_appraisal_table(evidence: Evidence, indicator: str) -> pd.DataFrame:
    """The traffic-light table of an indicator: a row an estimate, a column an item (1 to 9), each cell a symbol with its word.

    An estimate that nobody appraised is listed as such. Columns ``estimate_id, n_appraisers, 1, ..., 9``. Raises
    SynthesisError for an unknown indicator.
    """
    table = appraisal_table(_as_studies(evidence), TOOL).rename(columns={"study_id": "estimate_id"})
    return table[table["estimate_id"].isin(_of(evidence, indicator))].reset_index(drop=True)


def appraised_estimates(evidence: Evidence) -> set[str]:
    """Estimates that at least one appraiser has finished."""
    return appraised_studies(_as_studies(evidence))


def answers_of_estimates(evidence: Evidence, estimates: Collection[str]) -> pd.DataFrame:
    """One answer an item for some estimates: settled, else unanimous, else ``differs``.

    Returns columns ``estimate_id, tool, item, answer, n_appraisers``, for items that somebody has answered.
    """
    given = settled_answers(_as_studies(evidence)).rename(columns={"study_id": "estimate_id"})
    return given[given["estimate_id"].isin(set(estimates))].reset_index(drop=True)


def _of(evidence: Evidence, indicator: str) -> list[str]:
    if indicator not in set(evidence.indicators["indicator_id"]):
        raise CallError(f"There is no indicator {indicator!r}; see data/judgements/indicators.csv.")
    estimates = evidence.estimates
    return estimates.loc[estimates["indicator_id"] == indicator, "estimate_id"].to_list()


def _as_studies(evidence: Evidence) -> Evidence:
    """The evidence seen by `appraisal`: estimates in the place of studies, with their own answers and settlements."""
    name = {"estimate_id": "study_id"}
    frames = {
        "studies": evidence.estimates[["estimate_id", "title", "source_url"]].rename(columns=name),
        "appraisals": evidence.estimate_appraisals.rename(columns=name),
        "appraisal_settlements": evidence.estimate_appraisal_settlements.rename(columns=name),
    }
    return Evidence(evidence.folder, {**evidence.frames, **frames}, evidence.problems)
