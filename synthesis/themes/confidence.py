"""Confidence in each review finding: GRADE-CERQual judgements, what they rest on, and whether they are still up to date.

People judge; nothing here turns data into a level. What code adds is what a table can know: the studies and findings behind
a statement (computed from the agreed codings), what has changed since it was judged, and a lower bound on concern that
the data themselves suggest. Method: Lewin et al. 2018, doi 10.1186/s13012-017-0688-3 and 10.1186/s13012-017-0689-2.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from synthesis.evidence.judgement_rules import COMPONENTS, changed_since, parts_of
from synthesis.evidence.schema import FAULTS, vocabularies
from synthesis.evidence.tables import Evidence, split_list
from synthesis.review.appraisal import appraised_studies, settled_answers
from synthesis.review.studies import sample_of

LEVELS = (*COMPONENTS, "overall")
REASONS = tuple(f"{name}_reason" for name in LEVELS)

#: Where the data suggest a concern. GRADE-CERQual has no thresholds: these are prompts of this toolkit, set low on purpose.
FEW_STUDIES = {2: "serious", 5: "moderate", 10: "minor"}
ONE_SIDE_STUDIES = 2
MOST = 1 / 2
NEARLY_ALL = 2 / 3


def contributing(evidence: Evidence) -> pd.DataFrame:
    """What stands behind each review finding, computed from the agreed codings of its codes, negative cases included.

    Returns a row a review finding: ``review_finding_id``, ``n_studies, n_samples`` (shared samples once), ``n_findings,
    n_negative`` (findings that run against one of its codes), each but the last with its ``of_``; ``study_ids, finding_ids``;
    ``negative_not_listed`` (negative cases that its row does not name as contradicting), ``listed_elsewhere`` (findings named
    as contradicting that carry none of its codes); ``changed`` (what is different from the row as typed; empty where nothing is).
    """
    held, sample = coded_behind(evidence), sample_of(evidence)
    rows = []
    for typed in evidence.review_findings.itertuples():
        mine = held[held["review_finding_id"] == typed.review_finding_id]
        studies, findings = list(dict.fromkeys(mine["study_id"])), list(dict.fromkeys(mine["finding_id"]))
        against, named = set(mine.loc[mine["negative_case"], "finding_id"]), parts_of(typed.contradicting_finding_ids)
        rows.append(
            {
                "review_finding_id": typed.review_finding_id,
                "n_studies": len(studies),
                "of_studies": len(evidence.studies),
                "n_samples": sample[studies].nunique(),
                "of_samples": sample.nunique(),
                "n_findings": len(findings),
                "of_findings": len(evidence.findings),
                "n_negative": len(against),
                "study_ids": ";".join(studies),
                "finding_ids": ";".join(findings),
                "negative_not_listed": ";".join(sorted(against - named)),
                "listed_elsewhere": ";".join(sorted(named - set(findings))),
                "changed": _changed(typed, studies),
            }
        )
    return pd.DataFrame(rows)


def coded_behind(evidence: Evidence) -> pd.DataFrame:
    """A row a review finding and coding behind it.

    Columns ``review_finding_id, code_id, finding_id, negative_case, study_id, perspective``.
    """
    agreed = evidence.codings.loc[evidence.codings["coder"] == "agreed", ["finding_id", "code_id", "negative_case"]]
    codes = split_list(evidence.review_findings.set_index("review_finding_id")["code_ids"])
    codes = codes.rename("code_id").rename_axis("review_finding_id").reset_index()
    findings = evidence.findings[["finding_id", "study_id", "perspective"]]
    held = codes.merge(agreed, on="code_id").merge(findings, on="finding_id")
    place = {finding: at for at, finding in enumerate(evidence.findings["finding_id"])}
    return held.sort_values("finding_id", key=lambda ids: ids.map(place), kind="stable", ignore_index=True)


def _changed(typed, studies: list[str]) -> str:
    said = changed_since(parts_of(typed.contributing_study_ids), set(studies), "studies")
    if not said and typed.n_studies != len(studies):
        said = f"n_studies says {typed.n_studies}, {len(studies)} studies stand behind it"
    return said


# ---------------------------------------------------------------- judgements


def judgements(evidence: Evidence) -> pd.DataFrame:
    """One judgement a review finding: the settled one, or the one that all its assessors share.

    Returns a row a review finding with the levels and reasons of the table ``confidence``, ``assessed_by`` (all assessors),
    ``status, date, settlement_reason``; ``judged``: ``not_judged``, ``one_assessor``, ``agreed``, ``settled`` or
    ``not_settled`` (then levels and reasons are empty and ``assessors_say`` holds each assessor's overall level); ``changed``:
    what is different in the data since it was judged.
    """
    contributes = contributing(evidence).set_index("review_finding_id")
    rows = []
    for which in evidence.review_findings["review_finding_id"]:
        given = evidence.confidence[evidence.confidence["review_finding_id"] == which]
        state, row = _one_of(given)
        row = {**row, "review_finding_id": which, "judged": state, "assessed_by": ";".join(given["assessed_by"])}
        said = given["assessed_by"] + ": " + given["overall"].fillna("not judged")
        row["assessors_say"] = "; ".join(said) if len(given) > 1 else None
        known = row.get("findings_seen")
        since = (
            changed_since(parts_of(known), parts_of(contributes.loc[which, "finding_ids"]), "findings")
            if isinstance(known, str)
            else ""
        )
        row["changed"] = since or contributes.loc[which, "changed"] if len(given) else ""
        rows.append(row)
    columns = [*evidence.confidence, "judged", "assessors_say", "changed"]
    return pd.DataFrame(rows, columns=columns).drop(columns=["settled", "findings_seen"])


def _one_of(given: pd.DataFrame) -> tuple[str, dict]:
    """How the judgements of one review finding stand, and the one to show (empty where there is none)."""
    settled = given[given["settled"].fillna(False).astype(bool)]
    if len(settled) == 1:
        return "settled", settled.iloc[0].to_dict()
    if given["overall"].isna().all():
        return "not_judged", {"status": given["status"].iloc[0]} if len(given) else {}
    if len(given) == 1:
        return "one_assessor", given.iloc[0].to_dict()
    if (given[list(LEVELS)].nunique(dropna=False) == 1).all():
        return "agreed", given.iloc[0].to_dict()
    return "not_settled", {"status": "provisional"}


def confidence_differences(evidence: Evidence) -> pd.DataFrame:
    """Where assessors of one review finding differ, for the meeting that settles it.

    Returns a row a review finding and component (or ``overall``): columns ``review_finding_id, component, levels, reasons``
    (both as "assessor: text"), ``settled`` (the settled level, empty while open).
    """
    rows = []
    for which, given in evidence.confidence.groupby("review_finding_id", sort=False):
        settled = given["settled"].fillna(False).astype(bool)
        blind = given[~settled]
        for name in LEVELS:
            if blind[name].nunique(dropna=False) > 1:
                final = given.loc[settled, name].to_list()
                rows.append((which, name, _by_assessor(blind, name), _by_assessor(blind, f"{name}_reason"), final[0] if final else None))  # fmt: skip
    return pd.DataFrame(rows, columns=["review_finding_id", "component", "levels", "reasons", "settled"], dtype="str")


def _by_assessor(rows: pd.DataFrame, column: str) -> str:
    return "; ".join(rows["assessed_by"] + ": " + rows[column].fillna("not judged"))


# ---------------------------------------------------------------- what the data suggest


def suggested_concerns(evidence: Evidence) -> pd.DataFrame:
    """A lower bound on concern where the data show one: a prompt for the assessor, never a judgement, never written to data.

    Returns a row a review finding and component with a prompt: ``review_finding_id, component, suggested`` (level),
    ``reason``, ``judged`` (the level given; empty where none is; while several assessors wait to be settled "assessor: level"
    of each), ``below`` (judged lower than suggested, by any of them: look again).
    """
    held, appraised = coded_behind(evidence), appraised_studies(evidence)
    answers = settled_answers(evidence)
    noted = set(answers.loc[answers["answer"] == "no", "study_id"])
    studies = evidence.studies.set_index("study_id")
    given = judgements(evidence).set_index("review_finding_id")
    order = list(vocabularies()["concern"])
    rows = []
    for typed in evidence.review_findings.itertuples():
        mine = held[held["review_finding_id"] == typed.review_finding_id]
        behind = studies.loc[list(dict.fromkeys(mine["study_id"]))]
        prompts = [
            *_methods_prompts(set(behind.index), appraised, noted),
            *_coherence_prompts(typed, mine),
            *_adequacy_prompts(typed, mine),
            *_relevance_prompts(behind),
        ]
        for component in COMPONENTS:
            some = [(level, why) for name, level, why in prompts if name == component]
            if some:
                level = max((level for level, _ in some), key=order.index)
                judged, each = _judged(evidence, given.loc[typed.review_finding_id], component)
                below = any(order.index(one) < order.index(level) for one in each)
                rows.append(
                    (typed.review_finding_id, component, level, " ".join(why for _, why in some), judged, below)
                )
    return pd.DataFrame(rows, columns=["review_finding_id", "component", "suggested", "reason", "judged", "below"])


def _judged(evidence: Evidence, row: pd.Series, component: str) -> tuple[str | None, list[str]]:
    """The level given to a component as it is shown, and every level that stands: several while they wait to be settled."""
    if row["judged"] != "not_settled":
        level = row[component]
        return (level, [level]) if isinstance(level, str) else (None, [])
    own = evidence.confidence[evidence.confidence["review_finding_id"] == row.name].dropna(subset=component)
    return _by_assessor(own, component) or None, list(own[component])


Prompt = tuple[str, str, str]


def _methods_prompts(behind: set[str], appraised: set[str], noted: set[str]) -> Iterator[Prompt]:
    done = len(behind & appraised)
    if not done:
        yield (
            "methodological_limitations",
            "moderate",
            f"None of the {len(behind)} studies is appraised, so their limitations are not known.",
        )
    elif done < len(behind):
        # One appraised study says little of the others: the concern stays until most are appraised.
        level, rest = ("minor", "") if done / len(behind) > MOST else ("moderate", ", so the limitations of most are not known")  # fmt: skip
        yield "methodological_limitations", level, f"{done} of {len(behind)} studies are appraised{rest}."
    if weak := sorted(behind & noted):
        # Which limitation matters to this statement is for a person to say; a count of answers would not.
        yield (
            "methodological_limitations",
            "minor",
            f"Read the answers “no” of {', '.join(weak)} against this statement.",
        )


def _coherence_prompts(typed, mine: pd.DataFrame) -> Iterator[Prompt]:
    against = sorted(set(mine.loc[mine["negative_case"], "finding_id"]) | parts_of(typed.contradicting_finding_ids))
    if against:
        yield "coherence", "minor", f"Does the statement hold room for {', '.join(against)}?"


def _adequacy_prompts(typed, mine: pd.DataFrame) -> Iterator[Prompt]:
    lines = mine.drop_duplicates("finding_id").groupby("study_id").size()
    n = len(lines)
    level = next((level for most, level in FEW_STUDIES.items() if n <= most), None)
    if level:
        yield "adequacy", level, f"{n} studies stand behind it."
    if n and (lines == 1).sum() / n >= NEARLY_ALL:
        yield "adequacy", "minor", f"{(lines == 1).sum()} of {n} studies give a single finding."
    if typed.perspectives == "both":
        for side in ("parent", "practitioner"):
            # A finding reported for both sides at once speaks for this side as well.
            own = mine.loc[mine["perspective"].isin([side, "both"]), "study_id"].nunique()
            if own <= ONE_SIDE_STUDIES:
                yield "adequacy", "minor", f"It speaks for both sides, and {own} of {n} studies report {side}s."


def _relevance_prompts(behind: pd.DataFrame) -> Iterator[Prompt]:
    named, n = behind["country"].dropna(), len(behind)
    countries = set(named.str.split(";").explode())
    if len(countries) == 1 and n > 1:
        yield "relevance", "moderate", f"All {len(named)} studies that name a country are from {countries.pop()}."
    for scope, said in (
        ("related", "have no children’s services in view"),
        ("context", "did not select parents for mental health needs"),
    ):
        some = (behind["scope"] == scope).sum()
        if n and some / n > MOST:
            yield "relevance", "moderate", f"{some} of {n} studies {said}."
        elif n and some / n > MOST / 2:
            yield "relevance", "minor", f"{some} of {n} studies {said}."


# ---------------------------------------------------------------- tables for readers


def evidence_profile(evidence: Evidence) -> pd.DataFrame:
    """The GRADE-CERQual evidence profile: a row a review finding, with every level and reason.

    Returns ``review_finding_id, theme_id, statement, n_studies, of_studies, n_samples, of_samples, n_findings, of_findings,
    study_ids, contradicting_finding_ids, contradicting_read_as`` (how each was read beside the statement), then the four components with their reasons, ``overall, overall_reason, judged,
    assessed_by, status, date, remark`` (not appraised, out of date, assessors differ).
    """
    statements = evidence.review_findings[["review_finding_id", "theme_id", "statement", "contradicting_finding_ids"]]
    behind = contributing(evidence)
    table = statements.merge(behind.drop(columns="changed"), on="review_finding_id").merge(judgements(evidence))
    table["remark"] = _remarks(evidence, table)
    table["contradicting_read_as"] = _read_as(evidence, table)
    counts = [f"{kind}_{what}" for what in ("studies", "samples", "findings") for kind in ("n", "of")]
    listed = ["contradicting_finding_ids", "contradicting_read_as"]
    columns = ["review_finding_id", "theme_id", "statement", *counts, "study_ids", *listed]
    parts = [column for name in LEVELS for column in (name, f"{name}_reason")]
    return table[[*columns, *parts, "judged", "assessed_by", "status", "date", "remark"]]


def _read_as(evidence: Evidence, table: pd.DataFrame) -> list[str | None]:
    """The findings named as contradicting, each with its reading ("chen2021-f3: contradicts"), in the order of their ids."""
    frame = evidence.contrary_findings
    read = dict(zip(zip(frame["review_finding_id"], frame["finding_id"], strict=True), frame["reading"], strict=True))
    said = (
        "; ".join(
            f"{each}: {read.get((row.review_finding_id, each), 'not read yet')}"
            for each in sorted(parts_of(row.contradicting_finding_ids))
        )
        for row in table.itertuples()
    )
    return [text or None for text in said]


def _remarks(evidence: Evidence, table: pd.DataFrame) -> list[str | None]:
    appraised = appraised_studies(evidence)
    kinds = evidence.coders.set_index("coder_id")["kind"]
    rows = []
    for row in table.itertuples():
        done = len(parts_of(row.study_ids) & appraised)
        by_model = [who for who in sorted(parts_of(row.assessed_by)) if kinds.get(who) == "language_model"]
        said = [
            f"{done} of {row.n_studies} studies appraised." if done < row.n_studies else "",
            f"Out of date: {row.changed}." if row.changed else "",
            f"Not settled: {row.assessors_say}." if row.judged == "not_settled" else "",
            "Not judged yet." if row.judged == "not_judged" else "",
            f"Judged by a language model ({', '.join(by_model)}), not by a person." if by_model else "",
        ]
        rows.append(" ".join(filter(None, said)) or None)
    return rows


def in_plain_words(level: str) -> str:
    """What a level of confidence tells a reader, as a sentence; the wording is that of the vocabulary ``confidence_level``.

    >>> in_plain_words("moderate")
    'This is probably so.'
    """
    said = vocabularies()["confidence_level"][level]
    return f"{said[0].upper()}{said[1:]}."


def summary_of_findings(evidence: Evidence) -> pd.DataFrame:
    """The Summary of Qualitative Findings (SoQF): finding, confidence, explanation, studies.

    Returns a row a review finding: ``review_finding_id, theme_id, statement, confidence`` (empty where nobody has judged or
    nothing is settled), ``explanation`` (the concerns named, then the assessor's reason), ``n_studies, of_studies, n_findings,
    of_findings, studies`` (as a reader cites them), ``judged, status, remark``.
    """
    profile = evidence_profile(evidence)
    cited = cited_as(evidence)
    table = profile[["review_finding_id", "theme_id", "statement"]].copy()
    table["confidence"] = profile["overall"]
    table["explanation"] = [_explanation(row) for row in profile.to_dict("records")]
    for column in ("n_studies", "of_studies", "n_findings", "of_findings"):
        table[column] = profile[column]
    table["studies"] = ["; ".join(cited[each] for each in ids.split(";") if each) for ids in profile["study_ids"]]
    return table.assign(**{column: profile[column] for column in ("judged", "status", "remark")})


def _explanation(row: dict) -> str | None:
    if not isinstance(row["overall"], str):
        return None
    concerns = [
        f"{level.replace('_', ' ')} concerns about {_listed(names)}"
        for level in reversed(list(vocabularies()["concern"])[1:])
        if (names := [name.replace("_", " ") for name in COMPONENTS if row[name] == level])
    ]
    said = "; ".join(concerns) or "no or very minor concerns"
    return f"{said[0].upper()}{said[1:]}. {row['overall_reason']}"


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def cited_as(evidence: Evidence) -> pd.Series:
    """Studies as a reader cites them, "Chen et al. 2021": index ``study_id``.

    The id stands beside a citation that two studies share, and alone where no author or year was visible.
    """
    studies = evidence.studies
    bare = studies["authors"].str.replace(r"\(.*\)", "", regex=True).str.strip()
    first = bare.str.split(r"[;,]| et al").str[0].str.strip()
    several = bare.str.contains(r"[;,]| et al", regex=True).fillna(False).astype(bool)
    cited = first.where(~several, first + " et al.") + " " + studies["year"].astype("str")
    cited = cited.where(first != "")
    shared = cited.duplicated(keep=False) & cited.notna()
    cited = cited.where(~shared, cited + " (" + studies["study_id"] + ")")
    return cited.fillna(studies["study_id"]).set_axis(studies["study_id"])


def levels_by_concerns(evidence: Evidence) -> pd.DataFrame:
    """How overall levels and concerns went together: a row a number of components with moderate or serious concerns.

    Returns ``n_concerns``, then a column for each level of confidence with the number of review findings judged so. Levels
    that differ in one row show judgement; one level a row may be a scoring rule that nobody should use.
    """
    judged = judgements(evidence).dropna(subset=["overall"])
    worried = judged[list(COMPONENTS)].isin(["moderate", "serious"]).sum(axis=1)
    table = pd.crosstab(worried, judged["overall"]).reindex(
        columns=list(vocabularies()["confidence_level"]), fill_value=0
    )
    return table.rename_axis(index="n_concerns", columns=None).reset_index()


def appraise_first(evidence: Evidence) -> pd.DataFrame:
    """Studies behind review findings, those behind most first: where an appraisal would tell most.

    Returns ``study_id, study`` (as cited), ``n_review_findings, of_review_findings, n_findings`` (behind any of them),
    ``appraised``.
    """
    held, done = coded_behind(evidence), appraised_studies(evidence)
    table = held.groupby("study_id").agg(
        n_review_findings=("review_finding_id", "nunique"), n_findings=("finding_id", "nunique")
    )
    table = table.reset_index().assign(of_review_findings=len(evidence.review_findings))
    table["study"], table["appraised"] = table["study_id"].map(cited_as(evidence)), table["study_id"].isin(done)
    table = table.sort_values(["n_review_findings", "n_findings", "study_id"], ascending=[False, False, True])
    columns = ["study_id", "study", "n_review_findings", "of_review_findings", "n_findings", "appraised"]
    return table[columns].reset_index(drop=True)


#: The known misapplications (Wainwright 2023), and what keeps each out: a code of `schema.FAULTS`, and whether it refuses.
_MISAPPLIED = (
    ("Confidence is filed as an appraisal of studies", "vocabulary", "appraisal tools are a closed list without GRADE-CERQual; confidence is a table of its own"),
    ("It is treated as a rating of studies", "link-broken", "a judgement belongs to a review finding; a study’s identifier is refused there"),
    ("Components are missing or not named", "component-missing", "no overall level without four levels, each with its reason"),
    ("An own scoring rule is used", "own-scoring", "a column of scores, or overall levels that all follow from a sum, are pointed out"),
    ("It is applied to titles of themes", "not-a-statement", "the title of a theme, code or study, or a few words, are no review finding"),
    ("Limitations are counted by appraisal answer", "limitations-counted", "a reason that counts answers is pointed out; no score is offered"),
    ("Coherence is read as agreement between studies", "coherence-as-agreement", "a reason that speaks of studies agreeing is pointed out"),
    ("There is no evidence profile, so nothing can be checked", "explanation-missing", "every overall level is explained, and the profile is made from the data"),
    ("ConQual, another rule, is mixed in", "conqual-mixed", "its words and columns are pointed out"),
)  # fmt: skip


def misapplications(evidence: Evidence) -> pd.DataFrame:
    """How GRADE-CERQual is known to go wrong, which check keeps that out, and what it finds in this evidence base.

    Returns ``what_goes_wrong, check`` (a code of the data dictionary), ``effect`` (refused or flagged), ``how, n_found``. An
    evidence base with a refused fault cannot be read at all, so its count is always zero.
    """
    found = pd.Series([p.code for p in evidence.problems if p.table in ("confidence", "review_findings")], dtype="str")
    rows = [
        (what, code, "refused" if FAULTS[code][0] == "error" else "flagged", how, int((found == code).sum()))
        for what, code, how in _MISAPPLIED
    ]
    return pd.DataFrame(rows, columns=["what_goes_wrong", "check", "effect", "how", "n_found"])
