"""What a shown result rests on: counts from the data's own status columns, and the line that says so."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from synthesis.evidence.schema import derived_tables, table
from synthesis.evidence.tables import Evidence
from synthesis.review.appraisal import appraised_studies

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


def status_line(evidence: Evidence, rests_on: str = "findings") -> str:
    """One line for every table, figure and notebook: what the result rests on, and that it is provisional while it is.

    Parameters
    ----------
    rests_on : a table of the schema, evidence or result, such as ``official_statistics`` or ``prevalence``; what is said
        is what holds of that table. Most rest on coded findings. Raises CallError for a table that is not there.
    """
    return _LINES.get(table(rests_on).name, _line_of_findings)(evidence)


def _line_of_findings(evidence: Evidence) -> str:
    counts = status(evidence).set_index("item")
    shown = ("findings_abstract_only", "codings_provisional", "studies_appraised", "studies_confirmed")
    return _head(counts) + "; ".join(_share(counts, item) for item in shown) + "."


def _line_of_estimates(evidence: Evidence) -> str:
    """Estimates are rows of their own, read from sources of their own: codings and appraisals say nothing of them."""
    estimates = evidence.estimates
    n, of = estimates["locator"].str.contains("abstract", case=False).sum(), len(estimates)
    computed = (estimates["derived"] != "no").sum()
    said = f"{n:,} of {of:,} estimates were read in an abstract; {computed:,} of {of:,} hold a number computed from printed ones."
    return _head(status(evidence).set_index("item")) + said


def _line_of_associations(evidence: Evidence) -> str:
    """Ratios are not estimates of how common something is: adjusted or not, and interval or none, is what matters here."""
    ratios = evidence.associations
    n, of = ratios["locator"].str.contains("abstract", case=False).sum(), len(ratios)
    adjusted = (ratios["adjusted"] == "yes").sum()
    bare = (ratios["ci_low"].isna() | ratios["ci_high"].isna()).sum()
    said = f"{n:,} of {of:,} ratios were read in an abstract; {adjusted:,} of {of:,} are printed as adjusted, {bare:,} without an interval."
    return _head(status(evidence).set_index("item")) + said


def _line_of_official_statistics(evidence: Evidence) -> str:
    counts = evidence.official_statistics["episodes_with_factor"]
    return (
        f"Official statistics as published, not findings of studies: {counts.notna().sum():,} of {len(counts):,} counts of "
        "areas are given; the others are withheld or missing there, and none is taken as zero."
    )


def _line_of_rounds(evidence: Evidence) -> str:
    rounds, comments = evidence.rounds, evidence.feedback.dropna(subset="comment")
    given, done = (
        (rounds["status"] != "draft").sum(),
        comments["comment_id"].isin(evidence.responses["comment_id"]).sum(),
    )
    if not given:
        return "No round has been given out to an advisory group: nobody outside the team has been asked yet."
    return (
        f"{given:,} of {len(rounds):,} rounds were given out; {done:,} of {len(comments):,} comments have a response."
    )


def _line_of_guides(evidence: Evidence) -> str:
    """Guide content is paraphrased from pages; how it is read and linked is a judgement that waits for reviewers."""
    tables = [
        evidence[name]["status"]
        for name in ("risk_pathways", "intervention_readings", "planning_readings", "crosswalk", "programme_stages")
    ]
    n, of = sum(int((each == "provisional").sum()) for each in tables), sum(map(len, tables))
    head = _head(status(evidence).set_index("item"))
    return f"{head}guide content is paraphrased from public pages and abstracts; {n:,} of {of:,} judgements on it are provisional."


#: Tables that do not rest on coded findings: what is said of them instead.
_LINES: dict[str, Callable[[Evidence], str]] = {
    **dict.fromkeys(
        ("estimates", "estimate_choices", "estimate_units", "indicators", "prevalence", "published_prevalence"),
        _line_of_estimates,
    ),
    **dict.fromkeys(("associations", "association_groups", "association_table"), _line_of_associations),
    **dict.fromkeys(
        ("official_statistics", *(name for name in derived_tables() if name.startswith("england_"))),
        _line_of_official_statistics,
    ),
    **dict.fromkeys(("rounds", "feedback", "responses", "involvement"), _line_of_rounds),
    **dict.fromkeys(
        (
            "guide_items",
            "guide_sources",
            "risk_factors",
            "interventions",
            "measures",
            "recommendations",
            "planning_elements",
            "risk_pathways",
            "intervention_readings",
            "planning_readings",
            "crosswalk",
            "programme_stages",
            "second_readings",
            "pathways",
            "programme_funnel",
            "recommendation_support",
            "finding_answers",
            "needs_and_interventions",
        ),
        _line_of_guides,
    ),
}


def _share(counts: pd.DataFrame, item: str) -> str:
    row = counts.loc[item]
    return f"{row['n']:,} of {row['of']:,} {row['label']}"


def _head(counts: pd.DataFrame) -> str:
    open_items = ("codings_provisional", "confidence_provisional", "coders_language_model")
    waiting = counts.loc[list(open_items), "n"].sum() > 0 or counts.loc["codings_provisional", "of"] == 0
    return f"{'Demonstration, not yet adjudicated by reviewers' if waiting else 'Adjudicated by reviewers'}: "
