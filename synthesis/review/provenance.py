"""What a shown result rests on: counts from the data's own status columns, and the line that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from synthesis.evidence.schema import derived_tables, table
from synthesis.evidence.tables import Evidence
from synthesis.review.appraisal import appraised_studies

#: Parts of a source that show an abstract only.
ABSTRACT_ONLY = frozenset({"abstract"})
#: Parts of a source that are a summary of the study and not the study, its abstract included.
SUMMARIES = frozenset({"abstract", "summary_by_authors", "summary_by_others"})
#: What the status line calls each way of sorting, and each state of checking, of `Making`.
_SORTED = {
    "program": "demonstration coded by a language model",
    "part": "coded by a language model, in part by people",
    "both": "coded by people and a language model",
    "people": "coded by people",
    "": "",
}
_CHECKED = {
    "no": "not yet checked by reviewers",
    "partly": "checked by reviewers in part",
    "settled": "settled",
    "adjudicated": "adjudicated by reviewers",
}


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


@dataclass(frozen=True)
class Making:
    """How the findings were read, sorted and checked, as far as the tables tell.

    ``n_short`` of ``of_findings`` findings were read in a summary of the study only. ``sorted_by`` says who coded and
    settled them: ``program`` (language models alone), ``part`` (language models alone ``n_program`` of ``of_sorted``
    findings, people the others), ``both`` (people every finding, language models too), ``people``, or empty where no row
    says. ``checked`` is ``no``, ``partly`` (some codings or confidence judgements are still provisional), ``settled`` (none
    is) or ``adjudicated`` (none is, and people settled every disagreement).
    """

    n_short: int
    of_findings: int
    n_program: int
    of_sorted: int
    sorted_by: str
    checked: str


def making(evidence: Evidence) -> Making:
    """How the synthesis was made, from the kinds of the coders at work, the parts of sources read and the status columns.

    A coder counts for the findings that they coded, read or settled, not for being listed.

    >>> making(read_evidence("data")).sorted_by
    'program'
    """
    parts = evidence.findings["source_part"].dropna().str.split(";")
    at_work = _at_work(evidence)
    program, people = (set(at_work.loc[at_work["kind"] == kind, "finding_id"]) for kind in ("language_model", "person"))
    sorted_by = _sorted_by(program, people)
    return Making(
        n_short=int(parts.map(SUMMARIES.issuperset).sum()),
        of_findings=len(evidence.findings),
        n_program=len(program - people),
        of_sorted=len(program | people),
        sorted_by=sorted_by,
        checked=_checked(evidence, sorted_by),
    )


def _at_work(evidence: Evidence) -> pd.DataFrame:
    """Who coded, read or settled each finding, by kind of coder: ``finding_id, kind``."""
    settled = evidence.adjudications.rename(columns={"decided_by": "coder"})
    tables = (evidence.codings, evidence.readings, settled)
    rows = pd.concat([each[["finding_id", "coder"]] for each in tables], ignore_index=True)
    kinds = evidence.coders.set_index("coder_id")["kind"]
    return pd.DataFrame({"finding_id": rows["finding_id"], "kind": rows["coder"].map(kinds)})


def _sorted_by(program: set[str], people: set[str]) -> str:
    if not people:
        return "program" if program else ""
    if program - people:
        return "part"
    return "both" if program else "people"


def _checked(evidence: Evidence, sorted_by: str) -> str:
    """How far people have checked codings and confidence: by what still waits, and by who settled the disagreements."""
    counts = status(evidence).set_index("item").loc[["codings_provisional", "confidence_provisional"]]
    waiting, whole = counts["n"].sum(), counts["of"].sum()
    # Where no person has coded or settled anything, no status can mean that one has checked it.
    if sorted_by == "program" or not counts.at["codings_provisional", "of"] or waiting == whole:
        return "no"
    if waiting:
        return "partly"
    kinds = evidence.coders.set_index("coder_id")["kind"]
    deciders = evidence.adjudications["decided_by"].map(kinds)
    return "adjudicated" if len(deciders) and (deciders == "person").all() else "settled"


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
    made = making(evidence)
    said = ", ".join(filter(None, (_SORTED[made.sorted_by], _CHECKED[made.checked])))
    return f"{said[0].upper()}{said[1:]}: " + "; ".join(_share(counts, item) for item in shown) + "."


def _line_of_estimates(evidence: Evidence) -> str:
    """Estimates are rows of their own, read from sources of their own: codings and appraisals say nothing of them."""
    estimates = evidence.estimates
    n, of = estimates["locator"].str.contains("abstract", case=False).sum(), len(estimates)
    computed = (estimates["derived"] != "no").sum()
    said = f"{n:,} of {of:,} estimates were read in an abstract; {computed:,} of {of:,} hold a number computed from printed ones."
    return _not_checked(evidence) + said


def _line_of_associations(evidence: Evidence) -> str:
    """Ratios are not estimates of how common something is: adjusted or not, and interval or none, is what matters here."""
    ratios = evidence.associations
    n, of = ratios["locator"].str.contains("abstract", case=False).sum(), len(ratios)
    adjusted = (ratios["adjusted"] == "yes").sum()
    bare = (ratios["ci_low"].isna() | ratios["ci_high"].isna()).sum()
    said = f"{n:,} of {of:,} ratios were read in an abstract; {adjusted:,} of {of:,} are printed as adjusted, {bare:,} without an interval."
    return _not_checked(evidence) + said


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
    said = f"guide content is paraphrased from public pages and abstracts; {n:,} of {of:,} judgements on it are provisional."
    return f"{_CHECKED['no' if n == of else 'partly']}: {said}".capitalize() if n else said.capitalize()


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


def _not_checked(evidence: Evidence) -> str:
    """The start of a line about numbers that have no status of their own: nothing of them says that people checked them."""
    made = making(evidence)
    if made.checked in ("settled", "adjudicated"):
        return ""
    return f"{'Demonstration, ' if made.sorted_by == 'program' else ''}{_CHECKED['no']}: ".capitalize()
