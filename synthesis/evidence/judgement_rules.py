"""Checks of what was judged: answers a tool allows, GRADE-CERQual rightly used, decisions to pool that can be carried out.

GRADE-CERQual is a judgement on one written review finding, in four components with reasons; 97 of 233 published uses went
wrong in ways that a table can show (Wainwright 2023, doi 10.1186/s12961-023-00999-3, table 2). What cannot be right is
an error; what may be right and should be looked at is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from synthesis.evidence.appraisal_tools import appraisal_tools
from synthesis.evidence.checks import plain, tidy
from synthesis.evidence.rules import Checked

#: The four components, in the order in which they are judged.
COMPONENTS = ("methodological_limitations", "coherence", "adequacy", "relevance")
#: The five domains of GRADE in which a body of evidence is rated down.
DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
#: A review finding says what somebody does, feels or reports; fewer words than this are a title.
WORDS_OF_A_STATEMENT = 6
#: From so many judgements on, an overall level that always follows the sum of the concerns is no coincidence.
JUDGEMENTS_FOR_A_RULE = 12

_CONCERN = {"no_or_very_minor": 0, "minor": 1, "moderate": 2, "serious": 3}
_COUNTED = re.compile(
    r"\b\d+\s*(?:of|/|out of)\s*\d+\s*(?:items?|questions?|criteria|answers?|points?|yes|on (?:the )?(?:casp|jbi|mmat))\b"
    r"|\bscor(?:e|es|ed|ing)\b|\b\d+ (?:yes|no|unclear) answers?\b",
    re.IGNORECASE,
)
_STUDIES = r"(?:studies|papers|reports|articles|sources)"
_AGREEMENT = re.compile(
    rf"\b{_STUDIES}\b[^.;:]{{0,40}}\b(?:agree|agreed|agreement|consistent|consistently|concordant|say the same)\b"
    rf"|\b(?:agreement|consistent|consistency|consensus|homogene\w+|heterogene\w+)\b[^.;:]{{0,25}}\b{_STUDIES}\b",
    re.IGNORECASE,
)
_CONQUAL = re.compile(
    r"\bcon ?qual\b|\bdependability\b|\b(?:un)?equivocal\b|\bcredibility of (?:the )?findings\b", re.IGNORECASE
)
_SCORE_COLUMN = re.compile(
    r"(?:^|_|\b)(?:scores?|points?|ratings?|sums?|totals?|weights?|means?|averages?)(?:_|\b|$)", re.I
)
_CONQUAL_COLUMN = re.compile(r"dependability|credibility|con_?qual", re.IGNORECASE)


# ---------------------------------------------------------------- what stands behind a review finding


def changed_since(before: set[str], now: set[str], what: str) -> str:
    """What has changed between two sets, as "added since: a, b; gone since: c"; empty where nothing has."""
    parts = [
        f"{what} {word} since: {', '.join(sorted(some))}"
        for word, some in (("added", now - before), ("gone", before - now))
        if some
    ]
    return "; ".join(parts)


def parts_of(cell: object) -> set[str]:
    """The parts of a list cell as a set; an empty cell has none."""
    return set(cell.split(";")) if isinstance(cell, str) and cell else set()


def _behind(tables: Checked) -> dict[str, tuple[set[str], set[str]]]:
    """Findings and studies behind each review finding, found by code numbers: there may be a million codings."""
    raw, findings = tables.raw["codings"], tables.frames["findings"].drop_duplicates("finding_id")
    (coders, of_row), (ids, finding), (codes, code) = (raw.cells[c] for c in ("coder", "finding_id", "code_id"))
    agreed = np.array([tidy(coder) == "agreed" for coder in coders], dtype=bool)[of_row]
    finding, code = finding[agreed], code[agreed]
    names = np.array([tidy(each) for each in ids], dtype=object)
    study, studies = pd.factorize(pd.Series(names, dtype="str").map(findings.set_index("finding_id")["study_id"]))
    studies, words = np.asarray(studies, dtype=object), np.array([tidy(each) for each in codes], dtype=object)
    statements, found = tables.frames["review_findings"], {}
    for which, listed in zip(statements["review_finding_id"], statements["code_ids"], strict=True):
        held = np.zeros(len(ids), dtype=bool)
        held[finding[np.isin(words, list(parts_of(listed)))[code]]] = True
        held &= study >= 0  # a finding without a study is a fault of its own
        found[which] = set(names[held]), set(studies[np.unique(study[held])])
    return found


def _contributions(tables: Checked) -> None:
    """A statement with nothing behind it, and judgements whose data have changed since they were made."""
    needed = ("review_findings", "codings", "findings")
    if any(p.severity == "error" for name in needed for p in tables.raw[name].problems):
        return  # a broken row is named already; what follows from it would only repeat it
    statements = tables.frames["review_findings"]
    behind = _behind(tables) if len(statements) else {}
    now = [behind[which][1] for which in statements["review_finding_id"]]
    # Before anything is agreed, nothing can stand behind a statement yet.
    begun = "agreed" in {tidy(coder) for coder in tables.raw["codings"].cells["coder"][0]}
    bare = pd.Series([begun and not studies for studies in now], index=statements.index, dtype=bool)
    said = "no finding carries one of its codes in the agreed set, so nothing stands behind the statement; correct code_ids, or take it out"
    tables.report("review_findings", "statement-unsupported", bare, said, "code_ids")
    typed = statements["contributing_study_ids"].map(parts_of)
    since = [_since(was, some, n) for was, some, n in zip(typed, now, statements["n_studies"], strict=True)]
    changed = pd.Series(since, index=statements.index, dtype="str")
    whole = (
        "the judgement of confidence is out of date (" + changed + "); judge it anew, then bring this row up to date"
    )
    tables.report("review_findings", "judgement-outdated", (changed != "") & ~bare, whole, "contributing_study_ids")
    if tables.has("confidence.findings_seen", "confidence.review_finding_id"):
        _seen(tables, {which: findings for which, (findings, _) in behind.items()})


def _since(was: set[str], now: set[str], n: object) -> str:
    said = changed_since(was, now, "studies")
    return said or (f"n_studies says {n}, {len(now)} studies stand behind it" if pd.notna(n) and n != len(now) else "")


def _seen(tables: Checked, now: Mapping[str, set[str]]) -> None:
    """Judgements that name the findings they saw, where other findings stand there now."""
    frame = tables.frames["confidence"]
    said = pd.Series(
        [
            changed_since(parts_of(seen), now.get(which, set()), "findings") if parts_of(seen) else ""
            for which, seen in zip(frame["review_finding_id"], frame["findings_seen"], strict=True)
        ],
        index=frame.index,
        dtype="str",
    )
    whole = "the judgement is out of date (" + said + "); judge it anew"
    tables.report("confidence", "judgement-outdated", said != "", whole, "findings_seen")


# ---------------------------------------------------------------- appraisal


def _answers(tables: Checked) -> None:
    """Items that the tool does not have, and answers that it does not allow."""
    for name in ("appraisals", "appraisal_settlements", "estimate_appraisals", "estimate_appraisal_settlements"):
        if not tables.has(f"{name}.tool", f"{name}.item", f"{name}.answer"):
            continue
        frame, raw = tables.frames[name].fillna({"item": "", "answer": ""}), tables.raw[name]
        for row, tool, item, answer in zip(raw.rows, frame["tool"], frame["item"], frame["answer"], strict=True):
            asked = appraisal_tools().get(tool)
            if asked and item and item not in asked.items:
                said = f"“{item}” is no item of {asked.name}; its items are {', '.join(asked.items)}"
                raw.report("appraisal-item", said, row, "item", item)
            if asked and answer and answer not in asked.answers:
                said = f"{asked.name} does not allow the answer “{answer}”; it allows {', '.join(asked.answers)}"
                raw.report("appraisal-answer", said, row, "answer", answer)


# ---------------------------------------------------------------- GRADE-CERQual


def _statements(tables: Checked) -> None:
    """A judgement needs a statement: neither the title of a theme or code, nor that of a study."""
    frame = tables.frames["review_findings"]
    titles = {
        plain(str(title)): what
        for what, name, column in (
            ("theme", "themes", "name"),
            ("code", "codebook", "name"),
            ("study", "studies", "title"),
        )
        if tables.has(f"{name}.{column}")
        for title in tables.frames[name][column].dropna()
    }
    same = frame["statement"].fillna("").map(lambda text: titles.get(plain(text.rstrip(".")), ""))
    tables.report(
        "review_findings",
        "not-a-statement",
        same != "",
        "this is the title of a " + same + ", and confidence is judged in a statement; write out what the data say",
        "statement",
    )
    few = frame["statement"].fillna("").map(lambda text: 0 < len(text.split()) < WORDS_OF_A_STATEMENT)
    said = "this is a title and not a statement; write out who says, does or feels what"
    tables.report("review_findings", "not-a-statement", few & (same == ""), said, "statement")


def _components(tables: Checked) -> None:
    """No overall level without four component levels and their reasons, and without an explanation of its own."""
    raw, frame = tables.raw["confidence"], tables.frames["confidence"]
    written = {c: pd.Series(raw.text(c), index=frame.index) != "" for c in _JUDGED}
    judged = written["overall"]
    for name in COMPONENTS:
        said = f"an overall level is given, and the component {name} is not judged; judge all four first"
        tables.report("confidence", "component-missing", judged & ~written[name], said, name)
        said = f"the concern about {name} has no reason; say what in these data it rests on"
        bare = written[name] & ~written[f"{name}_reason"]
        tables.report("confidence", "component-missing", bare, said, f"{name}_reason")
    said = "the overall level has no explanation, so nobody can check it; say how the four concerns led to it"
    tables.report("confidence", "explanation-missing", judged & ~written["overall_reason"], said, "overall_reason")


def _wording(tables: Checked) -> None:
    """Reasons that speak of something else than GRADE-CERQual asks."""
    frame = tables.frames["confidence"]
    said = "this counts answers or scores; say which limitation of which studies could change this very statement"
    _found(tables, "limitations-counted", _COUNTED, said, ["methodological_limitations_reason"])
    said = "coherence is the fit between the statement and its data, not agreement between studies; say what in the data the statement leaves out or goes beyond"
    _found(tables, "coherence-as-agreement", _AGREEMENT, said, ["coherence_reason"])
    said = (
        "this speaks of ConQual, another rule with other grounds; judge by the four components of GRADE-CERQual alone"
    )
    _found(tables, "conqual-mixed", _CONQUAL, said, [c for c in frame if str(c).endswith("_reason")])


def _found(tables: Checked, code: str, pattern: re.Pattern, said: str, columns: list[str]) -> None:
    for column in columns:
        if tables.has(f"confidence.{column}"):
            hit = tables.frames["confidence"][column].fillna("").map(lambda text: bool(pattern.search(text)))
            tables.report("confidence", code, hit, said, column)


def _own_scoring(tables: Checked) -> None:
    """A column of scores, or an overall level that always follows the sum of the four concerns."""
    raw, frame = tables.raw["confidence"], tables.frames["confidence"]
    for strange in [p for p in raw.problems if p.code == "column-unknown"]:
        if _CONQUAL_COLUMN.search(strange.value):
            said = f"the column {strange.value} belongs to ConQual, another rule; take it out"
            raw.report("conqual-mixed", said, 1, strange.value, strange.value)
        elif _SCORE_COLUMN.search(strange.value):
            said = f"the column {strange.value} looks like a score; GRADE-CERQual is judged, not added up; take it out"
            raw.report("own-scoring", said, 1, strange.value, strange.value)
    judged = frame.dropna(subset=[*COMPONENTS, "overall"])
    if follows_a_sum(judged):
        said = (
            f"every one of the {len(judged)} overall levels follows from the sum of its four concerns; "
            "GRADE-CERQual has no scoring rule: weigh the concerns anew against each statement"
        )
        raw.report("own-scoring", said, None, "overall")


def follows_a_sum(judged: pd.DataFrame) -> bool:
    """Whether every overall level could have been read off the sum of the concerns, in enough and varied judgements."""
    levels = judged[list(COMPONENTS)].apply(lambda column: column.map(_CONCERN))
    total, pattern = levels.sum(axis=1), levels.astype("str").agg("".join, axis=1)
    if len(judged) < JUDGEMENTS_FOR_A_RULE or judged["overall"].nunique() < 2:
        return False
    several_ways = pattern.groupby(total).nunique().gt(1).any()
    return bool(several_ways and judged["overall"].groupby(total).nunique().eq(1).all())


def _contrary(tables: Checked) -> None:
    """A finding is judged as contrary only where it is listed so: in the row of the statement, or as a negative case."""
    frame, statements = tables.frames["contrary_findings"], tables.frames["review_findings"]
    listed = {(row.review_finding_id, each) for row in statements.itertuples() for each in parts_of(row.contradicting_finding_ids)}  # fmt: skip
    codings = tables.frames["codings"]
    against = codings[(codings["coder"] == "agreed") & codings["negative_case"].fillna(False).astype(bool)]
    under = against.groupby("code_id")["finding_id"].agg(set)
    for row in statements.itertuples():
        listed |= {(row.review_finding_id, each) for code in parts_of(row.code_ids) for each in under.get(code, ())}
    pairs = zip(frame["review_finding_id"], frame["finding_id"], strict=True)
    gone = pd.Series([pair not in listed for pair in pairs], index=frame.index, dtype=bool)
    said = "this finding is not listed against " + frame["review_finding_id"].fillna("").astype("str")
    said += "; list it in contradicting_finding_ids, or take this row out"
    tables.report("contrary_findings", "contrary-not-listed", gone, said, "finding_id")


def _one_settled(tables: Checked) -> None:
    """Several assessors may judge a statement; one judgement of it is the settled one, with the reason why."""
    frame = tables.frames["confidence"]
    settled = frame["settled"].fillna(False).astype(bool)
    twice = settled & frame["review_finding_id"].where(settled).duplicated(keep=False)
    said = "two judgements of this review finding are marked as settled; leave one"
    tables.report("confidence", "settled-twice", twice, said, "settled")
    said = "say why the judgement was settled so"
    tables.report("confidence", "required", settled & frame["settlement_reason"].isna(), said, "settlement_reason")


# ---------------------------------------------------------------- GRADE for prevalence


def _certainty(tables: Checked) -> None:
    """No level of certainty without all five domains, their reasons and an explanation of its own; no domain without a reason."""
    raw, frame = tables.raw["certainty"], tables.frames["certainty"]
    written = {c: pd.Series(raw.text(c), index=frame.index) != "" for c in _GRADED}
    for name in DOMAINS:
        said = f"a level of certainty is given, and the domain {name} is not judged; judge all five first"
        tables.report("certainty", "component-missing", written["overall"] & ~written[name], said, name)
        said = f"the judgement on {name} has no reason; say what in these data it rests on"
        bare = written[name] & ~written[f"{name}_reason"]
        tables.report("certainty", "component-missing", bare, said, f"{name}_reason")
    said = "the level has no explanation, so nobody can check it; say how the five domains led to it"
    bare = written["overall"] & ~written["overall_reason"]
    tables.report("certainty", "explanation-missing", bare, said, "overall_reason")


# ---------------------------------------------------------------- pooling by decision


def _overrides(tables: Checked) -> None:
    """A decision to pool names several estimates once each, all with counts: without them there is nothing to average."""
    frame, estimates = tables.frames["pooling_overrides"], tables.frames["estimates"]
    named = frame["estimate_ids"].fillna("").str.split(";")
    said = "a pool is made of several estimates; name at least two, each once"
    wrong = named.map(lambda ids: ids != [""] and (len(ids) < 2 or len(ids) != len(set(ids)))).astype(bool)
    tables.report("pooling_overrides", "override-unsound", wrong, said, "estimate_ids")
    silent = estimates["numerator"].isna() & estimates["percent_as_reported"].isna()
    bare = set(estimates.loc[silent | estimates["denominator"].isna(), "estimate_id"])
    without = named.map(lambda ids: ", ".join(each for each in ids if each in bare))
    said = without + ": cases or denominator are not known, so there is nothing to pool; take it out"
    tables.report("pooling_overrides", "override-unsound", without != "", said, "estimate_ids")
    for word, what in (
        ("no_counts", "missing counts"),
        ("series", "that a series holds the same people year after year"),
    ):
        said = f"{what} cannot be set aside by a decision; take {word} out"
        asked = frame["refusals"].fillna("").str.split(";").map(lambda words, word=word: word in words).astype(bool)
        tables.report("pooling_overrides", "override-unsound", asked, said, "refusals")


def _units(tables: Checked) -> None:
    """Every estimate that is to be pooled, by choice or by decision, has somebody's word for what it counts."""
    known = set(tables.frames["estimate_units"]["estimate_id"].dropna())
    choices = tables.frames["estimate_choices"]
    taken = choices["use"].fillna(False).astype(bool) & ~choices["estimate_id"].isin(known)
    said = "nobody has said whether this row counts people, admissions or something else; add it to estimate_units"
    tables.report("estimate_choices", "unit-missing", taken, said, "estimate_id")
    if tables.has("pooling_overrides.estimate_ids"):
        named = tables.frames["pooling_overrides"]["estimate_ids"].fillna("").str.split(";")
        # An estimate that is not there at all is a broken link, and reported as that.
        silent = set(tables.frames["estimates"]["estimate_id"].dropna()) - known
        without = named.map(lambda ids: ", ".join(each for each in ids if each in silent))
        said = without + ": nobody has said what is counted; add it to estimate_units"
        tables.report("pooling_overrides", "unit-missing", without != "", said, "estimate_ids")


def check_judgements(tables: Checked) -> None:
    """Run every rule for which the tables and columns that it needs were read."""
    for rule, needs in JUDGEMENT_RULES:
        if tables.has(*needs):
            rule(tables)


_JUDGED = (*COMPONENTS, *(f"{name}_reason" for name in COMPONENTS), "overall", "overall_reason")
_GRADED = (*DOMAINS, *(f"{name}_reason" for name in DOMAINS), "overall", "overall_reason")
_STATEMENT = tuple(
    f"review_findings.{c}" for c in ("review_finding_id", "code_ids", "contributing_study_ids", "n_studies")
)
JUDGEMENT_RULES = (
    (_answers, ()),
    (_statements, ("review_findings.statement",)),
    (_contributions, (*_STATEMENT, "codings.finding_id", "codings.code_id", "codings.coder", "findings.finding_id", "findings.study_id")),
    (_components, tuple(f"confidence.{column}" for column in _JUDGED)),
    (_wording, ("confidence",)),
    (_own_scoring, tuple(f"confidence.{column}" for column in (*COMPONENTS, "overall"))),
    (_certainty, tuple(f"certainty.{column}" for column in _GRADED)),
    (_overrides, ("pooling_overrides.estimate_ids", "pooling_overrides.refusals", "estimates.numerator", "estimates.denominator", "estimates.percent_as_reported")),
    (_units, ("estimates.estimate_id", "estimate_units.estimate_id", "estimate_choices.estimate_id", "estimate_choices.use")),
    (_contrary, ("contrary_findings.review_finding_id", "contrary_findings.finding_id", *_STATEMENT, "review_findings.contradicting_finding_ids", "codings.coder", "codings.code_id", "codings.finding_id", "codings.negative_case")),
    (_one_settled, ("confidence.settled", "confidence.settlement_reason", "confidence.review_finding_id")),
)  # fmt: skip
