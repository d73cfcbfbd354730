"""What a shown result rests on: counts from the data's own status columns, and the line that says so."""

from __future__ import annotations

import pandas as pd

from synthesis.appraisal import appraised_studies
from synthesis.tables import Evidence

#: Parts of a source that show an abstract only.
ABSTRACT_ONLY = frozenset({"abstract"})


def status(evidence: Evidence) -> pd.DataFrame:
    """How provisional the evidence base is: a row a statement, with ``item``, ``label``, ``n`` and ``of``."""
    studies, findings, codings = evidence.studies, evidence.findings, evidence.codings
    coders = evidence.coders.set_index("coder_id")
    agreed = codings[codings["coder"].map(coders["kind"]) == "agreed_set"]
    provisional = agreed["coder"].map(coders["provisional"]).astype(bool)
    by_model = coders["kind"] == "language_model"
    confidence = evidence.confidence
    rows = [
        (
            "findings_abstract_only",
            "findings rest on an abstract only",
            findings["source_part"].isin(ABSTRACT_ONLY).sum(),
            len(findings),
        ),
        ("codings_provisional", "agreed codings are provisional", provisional.sum(), len(agreed)),
        (
            "coders_language_model",
            "coders and adjudicators are passes of a language model, not people",
            by_model.sum(),
            (coders["kind"] != "agreed_set").sum(),
        ),
        (
            "studies_confirmed",
            "studies are confirmed members of the published review",
            (studies["in_published_review"] == "confirmed").sum(),
            len(studies),
        ),
        ("studies_appraised", "studies are appraised", len(appraised_studies(evidence)), len(studies)),
        (
            "confidence_provisional",
            "confidence judgements are provisional",
            (confidence["status"] == "provisional").sum(),
            len(confidence),
        ),
        ("discrepancies", "rows are marked because sources contradict themselves", len(evidence.discrepancies), None),
    ]
    return pd.DataFrame(rows, columns=["item", "label", "n", "of"]).astype({"n": "Int64", "of": "Int64"})


def status_line(evidence: Evidence) -> str:
    """One line for every table, figure and notebook: what the result rests on, and that it is provisional while it is."""
    counts = status(evidence).set_index("item")

    def share(item: str) -> str:
        row = counts.loc[item]
        return f"{row['n']:,} of {row['of']:,} {row['label']}"

    shown = ("findings_abstract_only", "codings_provisional", "studies_appraised", "studies_confirmed")
    said = [share(item) for item in shown]
    open_items = ("codings_provisional", "confidence_provisional", "coders_language_model")
    waiting = counts.loc[list(open_items), "n"].sum() > 0 or counts.loc["codings_provisional", "of"] == 0
    head = "Demonstration, not yet adjudicated by reviewers" if waiting else "Adjudicated by reviewers"
    return f"{head}: " + "; ".join(said) + "."
