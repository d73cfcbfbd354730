"""Findings that run against a review finding, and how they are read beside its statement.

A list of findings "that do not fit" grows generous: some only add to a statement, some stand in it already. Each is read by
a person, with the reason, so that a pack shows what really contradicts and the evidence profile shows all.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.judgement_rules import parts_of
from synthesis.evidence.tables import Evidence
from synthesis.themes.confidence import cited_as, coded_behind


def contradictions(evidence: Evidence) -> pd.DataFrame:
    """Findings that run against a review finding, to be read beside it.

    Returns columns ``review_finding_id, finding_id, perspective, finding, study, how``: ``named`` in its row as contradicting,
    ``negative_case`` of one of its codes, or ``both``; then ``reading``, ``reading_reason`` and ``reading_status`` of the table
    ``contrary_findings``: whether it really contradicts, adds something, or is held by the statement (empty: nobody has read it).
    """
    held, cited = coded_behind(evidence), cited_as(evidence)
    findings = evidence.findings.set_index("finding_id")
    rows = []
    for typed in evidence.review_findings.itertuples():
        mine = (held["review_finding_id"] == typed.review_finding_id) & held["negative_case"]
        negative, named = set(held.loc[mine, "finding_id"]), parts_of(typed.contradicting_finding_ids)
        for each in sorted(negative | named):
            how = "both" if each in negative & named else "named" if each in named else "negative_case"
            row = findings.loc[each]
            rows.append(
                (typed.review_finding_id, each, row["perspective"], row["finding"], cited[row["study_id"]], how)
            )
    table = pd.DataFrame(rows, columns=["review_finding_id", "finding_id", "perspective", "finding", "study", "how"])
    read = evidence.contrary_findings[["review_finding_id", "finding_id", "reading", "reason", "status"]]
    read = read.rename(columns={"reason": "reading_reason", "status": "reading_status"})
    return table.merge(read, on=["review_finding_id", "finding_id"], how="left")


def contradicting(evidence: Evidence) -> pd.DataFrame:
    """The rows of `contradictions` that a reader of a pack is shown: read as contradicting, or read by nobody yet."""
    table = contradictions(evidence)
    return table[table["reading"].isna() | (table["reading"] == "contradicts")].reset_index(drop=True)
