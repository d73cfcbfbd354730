"""Search and screening: the counts of a PRISMA 2020 flow diagram, computed from the records."""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.review.studies import sample_of

#: Sources of records that belong to the arm "databases and registers"; all others are other methods.
DATABASE_SOURCES = frozenset({"database", "register"})

#: Decisions that only records from databases and registers can have.
BEFORE_RETRIEVAL = frozenset({"duplicate", "excluded_on_title"})


def prisma_flow(evidence: Evidence) -> pd.DataFrame:
    """The boxes of a PRISMA 2020 flow diagram (new review, databases and registers beside other methods).

    Every number is computed from `records` and `studies`, and the identities of the diagram are enforced: sought less not
    retrieved is assessed; assessed less excluded is included.

    Returns columns ``arm`` (databases, other_methods, included), ``box``, ``label``, ``reason`` (empty for a box's
    total) and ``n``. Source of the boxes: Page et al. 2021, doi 10.1136/bmj.n71. Raises SynthesisError where the
    decisions do not add up or have no box.
    """
    records = evidence.records
    from_databases = records["source"].isin(DATABASE_SOURCES)
    _check_decisions(records[~from_databases])
    boxes = _databases(records[from_databases]) + _other_methods(records[~from_databases])
    included = records["decision"] == "included"
    reports = evidence.studies[evidence.studies["study_id"].isin(records.loc[included, "study_id"])]
    boxes.append(
        (
            "included",
            "studies",
            "Studies included (reports that share participants once)",
            "",
            sample_of(evidence).loc[reports["study_id"]].nunique(),
        )
    )
    boxes.append(("included", "reports", "Reports of included studies", "", len(reports)))
    flow = pd.DataFrame(boxes, columns=["arm", "box", "label", "reason", "n"])
    _check_identities(flow)
    return flow


def _databases(records: pd.DataFrame) -> list[tuple[str, str, str, str, int]]:
    excluded = records["decision"] == "excluded_on_title"
    return [
        ("databases", "identified", "Records identified from databases and registers", "", len(records)),
        (
            "databases",
            "removed",
            "Records removed before screening",
            "",
            int((records["decision"] == "duplicate").sum()),
        ),
        ("databases", "screened", "Records screened", "", int((records["decision"] != "duplicate").sum())),
        ("databases", "screened_out", "Records excluded", "", int(excluded.sum())),
        *_retrieval("databases", records[~excluded & (records["decision"] != "duplicate")]),
    ]


def _other_methods(records: pd.DataFrame) -> list[tuple[str, str, str, str, int]]:
    labels = vocabularies()["record_source"]
    by_source = records["source"].value_counts().sort_index()
    return [
        ("other_methods", "identified", "Records identified by other methods", "", len(records)),
        *(("other_methods", "identified", labels[source], source, int(n)) for source, n in by_source.items()),
        *_retrieval("other_methods", records),
    ]


def _retrieval(arm: str, records: pd.DataFrame) -> list[tuple[str, str, str, str, int]]:
    lost, excluded = (
        records[records["decision"] == "not_retrieved"],
        records[records["decision"] == "excluded_after_reading"],
    )
    labels = vocabularies()["exclusion_reason"]

    def reasons(box: str, some: pd.DataFrame) -> list[tuple[str, str, str, str, int]]:
        counts = some["reason"].value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
        return [(arm, box, labels[reason], reason, int(n)) for reason, n in counts.items()]

    return [
        (arm, "sought", "Reports sought for retrieval", "", len(records)),
        (arm, "not_retrieved", "Reports not retrieved", "", len(lost)),
        *reasons("not_retrieved", lost),
        (arm, "assessed", "Reports assessed for eligibility", "", len(records) - len(lost)),
        (arm, "excluded", "Reports excluded", "", len(excluded)),
        *reasons("excluded", excluded),
    ]


def _check_decisions(others: pd.DataFrame) -> None:
    """PRISMA's arm of other methods has no box before retrieval: a decision made earlier has no place in it."""
    early = others[others["decision"].isin(BEFORE_RETRIEVAL)]
    if len(early):
        raise SynthesisError(
            f"The flow diagram has no box for {', '.join(early['record_id'].head(5))}{' and others' * (len(early) > 5)}: records found by other methods "
            f"are sought at once, so their decision cannot be {' or '.join(sorted(early['decision'].unique()))}. Correct the decision or the source."
        )


def _check_identities(flow: pd.DataFrame) -> None:
    totals = flow[flow["reason"] == ""].set_index(["arm", "box"])["n"]
    arrived = sum(totals[arm, "assessed"] - totals[arm, "excluded"] for arm in ("databases", "other_methods"))
    if arrived != totals["included", "reports"]:
        raise SynthesisError(
            f"The screening decisions do not add up: {arrived} reports were assessed and not excluded, but {totals['included', 'reports']} studies are included. "
            "Run `synthesis check`: each included record must name a study, each study one included record."
        )
