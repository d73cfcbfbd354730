"""Appraisal of studies: two appraisers blind to each other, differences, settlement, and a traffic-light table.

The tools are data (`evidence.appraisal_tools`). Answers stay words: where a tool's authors refuse or discourage a score,
none is made here. A study that nobody has appraised is listed as such; it is neither good nor bad.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.appraisal_tools import Tool, appraisal_tool, appraisal_tools
from synthesis.evidence.schema import SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence

#: A symbol and a word for each state of an answer, so that no reader depends on colour.
SYMBOLS = {
    "yes": "✓ yes",
    "no": "✗ no",
    "cant_tell": "? can’t tell",
    "unclear": "? unclear",
    "not_applicable": "– not applicable",
    "differs": "≠ appraisers differ",
    "not_asked": "– not asked",
    "open": "· not appraised",
}
_ITEM = ["study_id", "tool", "item"]


def appraisal_items(tool: str | None = None) -> pd.DataFrame:
    """Items of one tool, or of all: columns ``tool, name, item, number, set, domain, question, answers, score``.

    The questions are in our own words. Raises SynthesisError for an unknown tool.
    """
    tools = [appraisal_tool(tool)] if tool else list(appraisal_tools().values())
    rows = [
        (t.tool, t.name, i.item, i.number, i.set, i.domain, i.question, ";".join(t.answers), t.score)
        for t in tools
        for i in t.items.values()
    ]
    columns = ["tool", "name", "item", "number", "set", "domain", "question", "answers", "score"]
    return pd.DataFrame(rows, columns=columns, dtype="str")


def _complete(answers: pd.DataFrame, tool: Tool) -> bool:
    """Whether one appraiser's answers for one study are all that the tool asks.

    Of a tool in parts one part besides the screening questions is enough, and a no or can't tell in screening may end it.
    """
    given = dict(zip(answers["item"], answers["answer"], strict=True))
    screening = [i for i in tool.items.values() if i.set == "screening"]
    if any(i.item not in given for i in screening):
        return False
    if not tool.sets:
        return all(item in given for item in tool.items)
    if any(given[i.item] != "yes" for i in screening):
        return True
    return any(all(i.item in given for i in tool.items.values() if i.set == part) for part in tool.sets)


def finished(evidence: Evidence) -> pd.DataFrame:
    """Studies that an appraiser has finished with a tool: columns ``study_id, tool, appraiser``."""
    by = ["study_id", "tool", "appraiser"]
    done = [
        key
        for key, answers in evidence.appraisals.groupby(by, sort=True)
        if _complete(answers, appraisal_tool(str(key[1])))
    ]
    return pd.DataFrame(done, columns=by, dtype="str")


def appraisal_differences(evidence: Evidence, tool: str | None = None) -> pd.DataFrame:
    """Items on which appraisers differ, with every answer and reason, for the meeting that settles them.

    Only studies that at least two appraisers have finished are opened: until then the appraisers stay blind to each other.

    Returns columns ``study_id, tool, item, question, answers, reasons`` (both as "appraiser: text", by appraiser),
    ``settled`` (the settled answer, empty while open). Raises SynthesisError for an unknown tool.
    """
    if tool:
        appraisal_tool(tool)
    done = finished(evidence)
    twice = done.groupby(["study_id", "tool"])["appraiser"].transform("size") >= 2
    given = evidence.appraisals.merge(done[twice], on=["study_id", "tool", "appraiser"])
    given = given[given["tool"] == tool] if tool else given
    apart = given[given.groupby(_ITEM)["answer"].transform("nunique") > 1].sort_values([*_ITEM, "appraiser"])
    rows = [
        (*key, _question(str(key[1]), str(key[2])), _said(these, "answer"), _said(these, "reason"))
        for key, these in apart.groupby(_ITEM)
    ]
    table = pd.DataFrame(rows, columns=[*_ITEM, "question", "answers", "reasons"], dtype="str")
    settled = evidence.appraisal_settlements[[*_ITEM, "answer"]].rename(columns={"answer": "settled"})
    return table.merge(settled, on=_ITEM, how="left")


def _question(tool: str, item: str) -> str:
    return appraisal_tool(tool).items[item].question


def _said(rows: pd.DataFrame, column: str) -> str:
    return "; ".join(rows["appraiser"] + ": " + rows[column])


def settled_answers(evidence: Evidence) -> pd.DataFrame:
    """One answer an item: the settled one, else the one that all appraisers gave, else ``differs``.

    Returns columns ``study_id, tool, item, answer, n_appraisers``, for every item that somebody has answered.
    """
    given = evidence.appraisals.groupby(_ITEM, as_index=False).agg(
        answer=("answer", "first"), n_answers=("answer", "nunique"), n_appraisers=("appraiser", "nunique")
    )
    given["answer"] = given["answer"].where(given["n_answers"] == 1, "differs")
    settled = evidence.appraisal_settlements[[*_ITEM, "answer"]].rename(columns={"answer": "settled"})
    given = given.merge(settled, on=_ITEM, how="left")
    given["answer"] = given["settled"].fillna(given["answer"])
    return given[[*_ITEM, "answer", "n_appraisers"]]


def appraisal_table(evidence: Evidence, tool: str = "casp_qualitative") -> pd.DataFrame:
    """The traffic-light table of one tool: a row a study, a column an item, each cell a symbol with its word.

    Every study is listed, also one that nobody appraised. Columns: ``study_id``, ``n_appraisers`` (who finished it), then
    the items' numbers. Raises SynthesisError for an unknown tool.
    """
    described = appraisal_tool(tool)
    answers = settled_answers(evidence)
    answers = answers[answers["tool"] == tool]
    cells = answers.pivot(index="study_id", columns="item", values="answer")
    studies = evidence.studies["study_id"]
    cells = cells.reindex(index=studies, columns=list(described.items)).astype(object)
    begun = pd.Series(studies.isin(answers["study_id"]).to_numpy(), index=cells.index)
    for part in described.sets:
        asked = cells[[i.item for i in described.items.values() if i.set == part]]
        empty = begun & asked.isna().all(axis=1)
        cells.loc[empty, list(asked)] = "not_asked"
    words = cells.fillna("open").apply(lambda column: column.map(SYMBOLS))
    done = finished(evidence)
    by_study = done[done["tool"] == tool].groupby("study_id").size()
    words.insert(0, "n_appraisers", by_study.reindex(words.index, fill_value=0).astype(int))
    return (
        words.rename(columns={i.item: i.number for i in described.items.values()})
        .rename_axis(columns=None)
        .reset_index()
    )


def appraisal_state(evidence: Evidence) -> pd.DataFrame:
    """How far the appraisal has come: a row a tool in use, and a row for all together.

    Returns columns ``tool`` (``any`` in the last row), ``n_studies`` (finished by at least one appraiser), ``of_studies``,
    ``n_studies_two`` (finished by at least two), ``of_studies_two``, ``n_appraisers``, ``n_open`` (items on which
    appraisers differ and nothing is settled).
    """
    done, open_items = finished(evidence), appraisal_differences(evidence)
    open_items = open_items[open_items["settled"].isna()]
    rows = []
    for tool in [*(t for t in vocabularies()["appraisal_tool"] if t in set(evidence.appraisals["tool"])), "any"]:
        some = done if tool == "any" else done[done["tool"] == tool]
        # Two appraisers with a tool each have not appraised a study twice.
        twice = some.groupby(["study_id", "tool"]).size().loc[lambda n: n >= 2].reset_index()["study_id"].nunique()
        rows.append(
            (
                tool,
                some["study_id"].nunique(),
                len(evidence.studies),
                twice,
                len(evidence.studies),
                some["appraiser"].nunique(),
                len(open_items) if tool == "any" else int((open_items["tool"] == tool).sum()),
            )
        )
    columns = ["tool", "n_studies", "of_studies", "n_studies_two", "of_studies_two", "n_appraisers", "n_open"]
    return pd.DataFrame(rows, columns=columns)


def appraised_studies(evidence: Evidence) -> set[str]:
    """Studies that at least one appraiser has finished with one tool."""
    return set(finished(evidence)["study_id"])


def appraisal_scores(evidence: Evidence, tool: str) -> pd.DataFrame:
    """Items answered yes of those that apply, a row an appraised study, for tools whose authors leave room for a cut-off.

    Returns columns ``study_id, n_yes, of_yes``. Items on which appraisers still differ count in neither. Raises
    SynthesisError where the tool's authors refuse or discourage a score, and for an unknown tool.
    """
    described = appraisal_tool(tool)
    if described.score in ("refused", "discouraged"):
        raise SynthesisError(
            f"No score is made of {described.name}. {described.score_note} Show the answers instead: appraisal_table."
        )
    answers = settled_answers(evidence)
    answers = answers[(answers["tool"] == tool) & ~answers["answer"].isin(["not_applicable", "differs"])]
    by_study = answers.assign(yes=answers["answer"] == "yes").groupby("study_id")["yes"]
    return pd.DataFrame({"n_yes": by_study.sum().astype(int), "of_yes": by_study.size()}).reset_index()
