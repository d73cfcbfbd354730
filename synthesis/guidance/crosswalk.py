"""The crosswalk: what the synthesis found beside what the guides recommend and what interventions offer.

Every link is a judgement with its reason (``judgements/crosswalk.csv``). Three answers are kept apart: a link, the
judgement that there is none, and nothing judged yet.
"""

from __future__ import annotations

import re

import pandas as pd

from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.guidance.guides import one_of, recommendation_table, step_table
from synthesis.themes.confidence import summary_of_findings

#: Relations by which a recommendation, step or intervention rests on what was found; partly is kept apart from them.
BACKED = ("answers", "supports")
#: Codes that are something parents ask for, or are said to lack, in the order in which they are shown.
NEEDS = (
    "practical_support", "information_need", "parenting_help_wanted", "support_after_removal", "peer_support", "advocacy",
    "tailored_support",
)  # fmt: skip
#: Words by which a row would speak of money or practical help; a reader sees each hit and judges it.
PRACTICAL = (
    "money", "financ", "debt", "income", "budget", "welfare", "poverty", "housing", "homeless", "legal", "lawyer", "court",
    "childcare", "child care", "transport", "food", "employ", "job", "practical",
)  # fmt: skip


def crosswalk_table(
    evidence: Evidence, from_kind: str | None = None, to_kind: str | None = None, relation: str | None = None
) -> pd.DataFrame:
    """Every link with the words of both ends.

    Parameters
    ----------
    from_kind, to_kind, relation : words of the vocabularies ``crosswalk_from``, ``crosswalk_to``, ``crosswalk_relation``.

    Columns ``link_id, from_kind, from_id, from_text, confidence`` (overall, of a review finding), ``relation, to_kind, to_id,
    to_text, source_url, reason, judged_by, status, date``. Raises CallError for a word that is not there.
    """
    table = evidence.crosswalk.copy()
    for column, word in (("from_kind", from_kind), ("to_kind", to_kind), ("relation", relation)):
        if word is not None:
            vocabulary = "crosswalk_" + column.removesuffix("_kind")
            table = table[table[column] == one_of(word, vocabularies()[vocabulary], column.replace("_", " "))]
    found, offered = _found(evidence), _offered(evidence)
    table["from_text"] = table["from_id"].map(found["text"])
    table["confidence"] = table["from_id"].where(table["from_kind"] == "review_finding").map(found["confidence"])
    table["to_text"] = table["to_id"].map(offered["text"])
    table["source_url"] = table["to_id"].map(offered["source_url"])
    columns = "link_id from_kind from_id from_text confidence relation to_kind to_id to_text source_url reason judged_by status date"
    return table[columns.split()].reset_index(drop=True)


def _found(evidence: Evidence) -> pd.DataFrame:
    """What a link may start at: words, and for review findings the confidence, by identifier."""
    summary = summary_of_findings(evidence)
    parts = [
        summary.set_index("review_finding_id")[["statement", "confidence"]].rename(columns={"statement": "text"}),
        evidence.themes.set_index("theme_id")[["name"]].rename(columns={"name": "text"}),
        evidence.codebook.set_index("code_id")[["name"]].rename(columns={"name": "text"}),
    ]
    return pd.concat(parts)


def _offered(evidence: Evidence) -> pd.DataFrame:
    """What a link may end at: kind, words and address, by identifier, in the order of the sources."""
    said = recommendation_table(evidence)[["recommendation_id", "recommendation", "source_url"]]
    steps = step_table(evidence)[["item_id", "statement", "source_url"]]
    named = evidence.interventions[["intervention_id", "name", "source_url"]]
    kinds = (("recommendation", said), ("step", steps), ("intervention", named))
    parts = [part.set_axis(["id", "text", "source_url"], axis=1).assign(kind=kind) for kind, part in kinds]
    return pd.concat(parts, ignore_index=True).set_index("id")


def _state(row: pd.Series) -> str:
    """What is known of one end, from its links by relation."""
    if row["backed"]:
        return "backed"
    if row["partly"]:
        return "in_part"
    if row["contradicts"]:
        return "only_contradicted"
    return "none" if row["none"] else "not_judged"


def _by_relation(links: pd.DataFrame, own: str, other: str) -> pd.DataFrame:
    """Identifiers of the other end, joined with ``;``, by own identifier and relation; ``none`` holds the reason."""
    known = links.dropna(subset=own)
    joined = known.assign(said=known[other].fillna(known["reason"]))
    wide = joined.pivot_table(index=own, columns="relation", values="said", aggfunc=";".join)
    return wide.reindex(columns=list(vocabularies()["crosswalk_relation"])).astype("str")


def _count(lists: pd.Series) -> pd.Series:
    """How many parts each list cell holds; none where it is empty."""
    return lists.map(lambda cell: cell.count(";") + 1, na_action="ignore").fillna(0).astype(int)


def recommendation_support(evidence: Evidence, kind: str = "recommendation") -> pd.DataFrame:
    """What each recommendation rests on; with `kind` ``step`` or ``intervention``, each of these.

    Columns ``id, text, answers, supports, partly, contradicts`` (review findings, joined with ``;``), ``n_findings,
    of_findings`` (review findings that it answers or that support it, of all), ``confidence`` (the highest of theirs; empty
    without one), ``state`` (a word of ``crosswalk_state``), ``reason`` (where there is no link, why) and ``source_url``;
    those with most findings first. Raises CallError for another kind.
    """
    one_of(kind, vocabularies()["crosswalk_to"], "kind")
    links = evidence.crosswalk[(evidence.crosswalk["to_kind"] == kind) & (evidence.crosswalk["from_kind"] == "review_finding")]  # fmt: skip
    offered = _offered(evidence)
    table = (
        offered[offered["kind"] == kind].join(_by_relation(links, "to_id", "from_id")).rename_axis("id").reset_index()
    )
    table["of_findings"] = len(evidence.review_findings)
    behind = [set(";".join(row[r] for r in BACKED if pd.notna(row[r])).split(";")) - {""} for row in table.to_dict("records")]  # fmt: skip
    table["n_findings"] = [len(each) for each in behind]
    levels = summary_of_findings(evidence).set_index("review_finding_id")["confidence"]
    best = [next((level for level in vocabularies()["confidence_level"] if level in set(levels.reindex(list(each)))), None) for each in behind]  # fmt: skip
    table["confidence"] = pd.Series(best, index=table.index, dtype="str")
    table["state"] = _states(table)
    table = table.rename(columns={"none": "reason"})
    columns = "id text answers supports partly contradicts n_findings of_findings confidence state reason source_url"
    return table.sort_values("n_findings", ascending=False, kind="stable")[columns.split()].reset_index(drop=True)


def _states(table: pd.DataFrame) -> pd.Series:
    held = table[["answers", "supports", "partly", "contradicts", "none"]].notna()
    return held.assign(backed=held["answers"] | held["supports"]).apply(_state, axis=1).astype("str")


def finding_answers(evidence: Evidence, kind: str = "recommendation") -> pd.DataFrame:
    """What bears on each review finding: recommendations, or with `kind` ``step`` or ``intervention`` these.

    Columns ``review_finding_id, theme_id, statement, confidence, n_answers, n_supports, n_partly, n_contradicts`` (how many
    do so), ``answers, supports, partly, contradicts`` (which), ``state`` (a word of ``crosswalk_state``) and ``reason``
    (where there is none, why). Raises CallError for another kind.
    """
    one_of(kind, vocabularies()["crosswalk_to"], "kind")
    links = evidence.crosswalk[(evidence.crosswalk["to_kind"] == kind) & (evidence.crosswalk["from_kind"] == "review_finding")]  # fmt: skip
    summary = summary_of_findings(evidence)[["review_finding_id", "theme_id", "statement", "confidence"]]
    table = summary.join(_by_relation(links, "from_id", "to_id"), on="review_finding_id")
    relations = [*BACKED, "partly", "contradicts"]
    for relation in relations:
        table[f"n_{relation}"] = _count(table[relation])
    table["state"] = _states(table)
    columns = [*summary, *(f"n_{relation}" for relation in relations), *relations, "state", "none"]
    return table[columns].rename(columns={"none": "reason"}).reset_index(drop=True)


def needs_and_interventions(evidence: Evidence) -> pd.DataFrame:
    """What parents ask for beside what the listed interventions offer: a row a need.

    A need is a code (`NEEDS`); how often it is voiced is counted in parents' findings with that code in the agreed set.
    Columns ``code_id, need, definition, n_studies, of_studies`` (studies with a parents' finding under the code, of all
    studies with parents' findings), ``n_findings`` (all perspectives), ``n_offer, of_interventions`` (interventions that
    answer it, of all), ``n_in_part``, ``offer, in_part`` (which), ``state`` and ``reason`` (where there is none, why).
    """
    held = _coded(evidence)
    links = evidence.crosswalk[(evidence.crosswalk["to_kind"] == "intervention") & (evidence.crosswalk["from_kind"] == "code")]  # fmt: skip
    book = evidence.codebook.set_index("code_id")
    table = book.loc[[need for need in NEEDS if need in book.index], ["name", "definition"]].rename(columns={"name": "need"})  # fmt: skip
    parents = held[held["perspective"] == "parent"]
    table["n_studies"] = parents.groupby("code_id")["study_id"].nunique().reindex(table.index, fill_value=0)
    every = evidence.findings[evidence.findings["perspective"] == "parent"]
    table["of_studies"] = every["study_id"].nunique()
    table["n_findings"] = held.groupby("code_id")["finding_id"].nunique().reindex(table.index, fill_value=0)
    table = table.join(_by_relation(links, "from_id", "to_id"))
    table["state"] = _states(table)
    table["n_offer"] = _count(table["answers"])
    table["n_in_part"] = _count(table["partly"])
    table["of_interventions"] = len(evidence.interventions)
    table = table.rename(columns={"answers": "offer", "partly": "in_part", "none": "reason"}).reset_index()
    columns = "code_id need definition n_studies of_studies n_findings n_offer of_interventions n_in_part offer in_part state reason"
    return table[columns.split()]


def _coded(evidence: Evidence) -> pd.DataFrame:
    """Agreed codings with the study and perspective of their finding, findings that run against the code left out."""
    kinds = evidence.coders.set_index("coder_id")["kind"]
    agreed = evidence.codings[evidence.codings["coder"].map(kinds) == "agreed_set"]
    agreed = agreed[~agreed["negative_case"].fillna(False).astype(bool)]
    return agreed.merge(evidence.findings[["finding_id", "study_id", "perspective"]], on="finding_id")


def practical_mentions(evidence: Evidence) -> pd.DataFrame:
    """Where the rows of the interventions speak of money or practical help at all: a row a hit, for a reader to judge.

    The words are `PRACTICAL`, looked for in every text column. Columns ``intervention_id, name, word, column, passage``
    (about forty letters either side), ``source_url``. That a word stands there does not mean that help with it is offered.
    """
    rows = []
    for row in evidence.interventions.to_dict("records"):
        for column in ("name", "target", "delivery", "outcomes", "note"):
            text = row[column] if isinstance(row[column], str) else ""
            for word in PRACTICAL:
                for hit in re.finditer(rf"\b{word}", text, re.IGNORECASE):
                    passage = _around(text, hit.start(), hit.end())
                    rows.append((row["intervention_id"], row["name"], word, column, passage, row["source_url"]))
    return pd.DataFrame(rows, columns=["intervention_id", "name", "word", "column", "passage", "source_url"])


def _around(text: str, start: int, end: int) -> str:
    """Whole words around a hit, about forty letters either side, with dots where the text goes on."""
    first = 0 if start <= 40 else text.find(" ", start - 40, start) + 1 or start
    space = text.rfind(" ", end, end + 40)
    last = len(text) if end + 40 >= len(text) else end if space == -1 else space
    return ("… " if first else "") + text[first:last].strip() + (" …" if last < len(text) else "")
