"""Appraising in a sheet: one appraiser's answers out and back, then the settlement where appraisers differ.

An appraiser sees the studies, the questions and their own answers, never another's. What comes back is taken whole or not
at all, under the rules that `check` holds the tables ``appraisals`` and ``appraisal_settlements`` to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd

from synthesis.evidence.appraisal_tools import appraisal_tool, appraisal_tools
from synthesis.evidence.schema import CallError, Problem, SynthesisError, counted, vocabularies
from synthesis.evidence.tables import Evidence, as_text
from synthesis.office.sheet_rows import (
    changed,
    checked,
    dated,
    emptied,
    merged,
    need_columns,
    one_person,
    refuse,
    settling_people,
    strange_columns,
    word,
)
from synthesis.office.table_sheets import (
    Imported,
    check_person,
    filled_rows,
    newest_day,
    problem,
    same_text,
    table_sheet,
)
from synthesis.review.appraisal import appraisal_differences, finished
from synthesis.review.studies import chosen_studies

#: Names of the sheets in a workbook, and what identifies an answer.
SHEET, SETTLEMENT = "Appraisal", "Appraisal settlement"
ITEM = ["study_id", "tool", "item"]
TO_FILL = ("answer", "reason", "date")
TO_SETTLE = ("answer", "reason", "settled_by", "date")
_ABOUT = (
    "Appraisal of studies by one appraiser, a row a study and item of the tool. Fill in the white columns; the others are locked.",
    "answer: one of the words under allowed. reason: what in the report the answer rests on; every answer needs one.",
    "A row left empty is not answered yet. date (YYYY-MM-DD): left empty, it becomes the day on which the sheet is read back.",
    "Appraise on your own: do not look at another appraiser's sheet before both are done. No score is made of the answers.",
    "Reading it back: synthesis import FILE.xlsx. Nothing is stored unless everything in the file is right.",
)
_ABOUT_SETTLEMENT = (
    "Items on which appraisers who have both finished a study gave different answers. Fill in the white columns; the others are locked.",
    "answer: the answer settled on, one of the words under allowed. reason: why. settled_by: who settled it, a row of coders. The appraisers' own answers stay beside it.",
    "A row left empty is not settled yet. date (YYYY-MM-DD): left empty, it becomes the day on which the sheet is read back.",
    "Reading it back: synthesis import FILE.xlsx. Nothing is stored unless everything in the file is right.",
)


# ---------------------------------------------------------------- one appraiser


def appraisal_sheet(
    evidence: Evidence,
    tool: str,
    appraiser: str,
    study_ids: Collection[str] | None = None,
    sets: Collection[str] = (),
) -> pd.DataFrame:
    """The sheet that one appraiser fills in: a row a study and item, with this appraiser's own answers alone.

    Parameters
    ----------
    study_ids : studies to appraise (default all).
    sets : parts of the tool that suit these studies, such as ``("qualitative",)`` of the MMAT (default all).

    Returns columns ``study_id, title, source_url, tool, item, question, allowed, appraiser, answer, reason, date``; the
    last three are empty where nothing is answered. No other appraiser's answer and no settlement is in it. Raises
    CallError for an unknown tool, set, study or appraiser.
    """
    described = appraisal_tool(tool)
    _known_appraiser(evidence, appraiser)
    studies = evidence.studies[evidence.studies["study_id"].isin(chosen_studies(evidence, study_ids))]
    unknown = sorted(set(sets) - set(described.sets))
    if unknown:
        parts = ", ".join(described.sets) or "no parts"
        raise CallError(f"{described.name} has no part {', '.join(unknown)}; it has {parts}.")
    items = pd.DataFrame(
        [(i.item, i.question, ";".join(described.answers)) for i in described.items_of(tuple(sets))],
        columns=["item", "question", "allowed"],
        dtype="str",
    )
    sheet = studies[["study_id", "title", "source_url"]].merge(items, how="cross")
    sheet = sheet.assign(tool=tool, appraiser=appraiser)
    own = evidence.appraisals[evidence.appraisals["appraiser"] == appraiser].drop(columns="appraiser")
    sheet = sheet.merge(own, on=ITEM, how="left")
    columns = "study_id title source_url tool item question allowed appraiser answer reason date"
    return sheet[columns.split()]


def _known_appraiser(evidence: Evidence, appraiser: str) -> None:
    coders = evidence.coders[evidence.coders["kind"] != "agreed_set"]
    if appraiser not in set(coders["coder_id"]):
        known = ", ".join(coders["coder_id"])
        raise CallError(f"There is no appraiser {appraiser!r} in the table coders; it holds {known}.")


def appraisal_workbook(
    evidence: Evidence,
    tool: str,
    appraiser: str,
    study_ids: Collection[str] | None = None,
    sets: Collection[str] = (),
) -> bytes:
    """`appraisal_sheet` as a workbook with drop-down lists; `record_appraisals` takes what comes back.

    Raises CallError as there, and for whoever is no person in the table ``coders``.
    """
    check_person(evidence, appraiser, "appraiser")
    sheet = appraisal_sheet(evidence, tool, appraiser, study_ids, sets)
    last = ["source_url", "tool", "appraiser"]  # so that question and answer stand side by side
    sheet = sheet[[*(name for name in sheet if name not in last), *last]]
    lists = {"answer": appraisal_tool(tool).answers}
    return table_sheet(sheet, SHEET, "\n".join(_ABOUT), TO_FILL, lists, newest_day(evidence))


def record_appraisals(evidence: Evidence, sheet: pd.DataFrame, today: dt.date | None = None) -> Imported:
    """Put one appraiser's filled-in `appraisal_sheet` into the table ``appraisals``.

    Parameters
    ----------
    sheet : what `appraisal_sheet` returned with the columns `TO_FILL` filled in; rows may be moved or left out, and a row
        without answer and reason is passed over.
    today : the day that a new answer without a date takes (default: today).

    An answer that says what was stored already stays as it is; another appraiser's answers are untouched. Returns what the
    sheet brought (see `Imported`); nothing is written. Raises EvidenceError with every problem, row and column: an answer
    without its reason, or that the tool does not allow, unknown studies or items, an answer that was emptied;
    SynthesisError for a sheet of several appraisers or without its columns.
    """
    rows = filled_rows(sheet)
    shown = ["study_id", "title", "tool", "item", "question", "appraiser"]
    need_columns(rows, SHEET, [*shown, *TO_FILL])
    appraiser = one_person(evidence, rows, "appraiser", "appraiser")
    answered = (rows[["answer", "reason"]] != "").any(axis=1)
    new = rows.loc[answered, [*ITEM, "appraiser", *TO_FILL]].assign(answer=rows.loc[answered, "answer"].map(word))
    typed, problems = _checked(evidence, "appraisals", SHEET, new)
    problems += _mismatched(evidence, rows[answered], SHEET)
    own = evidence.appraisals[evidence.appraisals["appraiser"] == appraiser]
    problems += emptied(SHEET, rows[~answered], ITEM, own, "answer", "your answer")
    remarks = [*refuse(problems, rows), *strange_columns(rows, [*shown, *TO_FILL, "source_url", "allowed"])]
    old = own.set_index(ITEM).reindex(pd.MultiIndex.from_frame(typed[ITEM]))
    fresh = dated(typed[changed(typed, old, ["answer", "reason"])], today, remarks)
    keys = [*ITEM, "appraiser"]
    table = (
        merged(evidence.appraisals, fresh, keys).sort_values(keys, ignore_index=True)
        if len(fresh)
        else evidence.appraisals
    )
    now = evidence.with_tables(appraisals=table)
    begun = typed[["study_id", "tool"]].drop_duplicates()
    done = finished(now).merge(begun)
    n = int((done["appraiser"] == appraiser).sum())
    remarks.append(f"Finished studies: {n} of the {len(begun)} that the sheet answers for.")
    return Imported(appraiser, now, len(typed), len(fresh), remarks, ("appraisals",))


def _checked(evidence: Evidence, name: str, sheet: str, new: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """`checked`, for a table that needs a date: one that was left empty is filled in later, and is no problem here."""
    typed, problems = checked(evidence, name, sheet, new)
    return typed, [p for p in problems if (p.code, p.column) != ("required", "date")]


def _mismatched(evidence: Evidence, rows: pd.DataFrame, sheet: str) -> list[Problem]:
    """Rows whose title or question is not that of their identifiers: one column was sorted alone."""
    titles = as_text(evidence.studies).set_index("study_id")["title"]
    asked = {
        (tool, item): about.question for tool, held in appraisal_tools().items() for item, about in held.items.items()
    }
    found = []
    for number, row in zip(rows.index, rows.to_dict("records"), strict=True):
        said = "is not that of this row's identifiers; was one column sorted alone? Restore the rows, or export the sheet anew"
        if row["study_id"] in titles.index and not same_text(row["title"], titles[row["study_id"]]):
            found.append(problem(sheet, int(number), "link-broken", "title", row["title"], f"the title {said}"))
        question = asked.get((row["tool"], row["item"]))
        if question and not same_text(row["question"], question):
            found.append(
                problem(sheet, int(number), "link-broken", "question", row["question"], f"the question {said}")
            )
    return found


# ---------------------------------------------------------------- settlement


def appraisal_settlement(
    evidence: Evidence, tool: str | None = None, study_ids: Collection[str] | None = None
) -> pd.DataFrame:
    """The items on which appraisers differ, every answer and reason side by side, and room to settle them.

    Only studies that at least two appraisers have finished are opened, as in `appraisal_differences`; of them those in
    `study_ids` (default all), and answers to `tool` (default every tool).

    Returns a row a study and item: ``study_id, title, tool, item, question, allowed, answers, reasons`` (both as
    "appraiser: text"), and the columns `TO_SETTLE`: ``answer, reason, settled_by`` (a row of the table ``coders``),
    ``date``. What was settled before is filled in. Raises CallError for an unknown tool or study.
    """
    table = appraisal_differences(evidence, tool).drop(columns="settled")
    table = table[table["study_id"].isin(chosen_studies(evidence, study_ids))]
    table = table.merge(evidence.studies[["study_id", "title"]], on="study_id", how="left")
    table["allowed"] = table["tool"].map({name: ";".join(held.answers) for name, held in appraisal_tools().items()})
    table = table.merge(evidence.appraisal_settlements, on=ITEM, how="left")
    columns = "study_id title tool item question allowed answers reasons"
    return as_text(table[[*columns.split(), *TO_SETTLE]])


def appraisal_settlement_workbook(
    evidence: Evidence, tool: str | None = None, study_ids: Collection[str] | None = None
) -> bytes:
    """`appraisal_settlement` as a workbook; `settle_appraisals` takes what comes back.

    Raises SynthesisError where there is nothing to settle.
    """
    sheet = appraisal_settlement(evidence, tool, study_ids)
    if sheet.empty:
        of_these = "" if study_ids is None else "of those named "
        raise SynthesisError(
            f"There is nothing to settle: on no study {of_these}that two appraisers have finished do they differ."
        )
    allowed = set(";".join(sheet["allowed"]).split(";"))
    lists = {
        "answer": [w for w in vocabularies()["appraisal_answer"] if w in allowed],
        "settled_by": settling_people(evidence),
    }
    return table_sheet(sheet, SETTLEMENT, "\n".join(_ABOUT_SETTLEMENT), TO_SETTLE, lists, newest_day(evidence))


def settle_appraisals(evidence: Evidence, sheet: pd.DataFrame, today: dt.date | None = None) -> Imported:
    """Record what was settled where appraisers differ, in the table ``appraisal_settlements``.

    Parameters
    ----------
    sheet : what `appraisal_settlement` returned with the columns `TO_SETTLE` filled in; a row without answer, reason and
        settled_by is not settled yet.
    today : the day that a new settlement without a date takes (default: today).

    The appraisers' own answers stay as they are. Returns what the sheet brought; nothing is written. Raises EvidenceError
    with every problem, row and column, SynthesisError for a sheet without its columns.
    """
    rows = filled_rows(sheet)
    shown = ["study_id", "title", "tool", "item", "question", "answers", "reasons"]
    need_columns(rows, SETTLEMENT, [*shown, *TO_SETTLE])
    decided = (rows[["answer", "reason", "settled_by"]] != "").any(axis=1)
    new = rows.loc[decided, [*ITEM, *TO_SETTLE]].assign(answer=rows.loc[decided, "answer"].map(word))
    typed, problems = _checked(evidence, "appraisal_settlements", SETTLEMENT, new)
    problems += [*_mismatched(evidence, rows[decided], SETTLEMENT), *_stale(evidence, rows[decided])]
    before = evidence.appraisal_settlements
    problems += emptied(SETTLEMENT, rows[~decided], ITEM, before, "answer", "a settlement")
    remarks = [*refuse(problems, rows), *strange_columns(rows, [*shown, *TO_SETTLE, "allowed"])]
    old = before.set_index(ITEM).reindex(pd.MultiIndex.from_frame(typed[ITEM]))
    more = dated(typed[changed(typed, old, ["answer", "reason", "settled_by"])], today, remarks)
    table = merged(before, more, ITEM).sort_values(ITEM, ignore_index=True) if len(more) else before
    now = evidence.with_tables(appraisal_settlements=table)
    if left := int((~decided).sum()):
        remarks.append(f"{counted(left, 'row')} of the sheet not settled yet.")
    return Imported("settlement", now, len(typed), len(more), remarks, ("appraisal_settlements",))


def _stale(evidence: Evidence, rows: pd.DataFrame) -> list[Problem]:
    """Rows whose answers are no longer those that the meeting had before it."""
    given = appraisal_settlement(evidence).set_index(ITEM)
    said = "the appraisers' answers have changed since the sheet was made, or do not differ; export it anew"
    found = []
    for number, row in zip(rows.index, rows.to_dict("records"), strict=True):
        key = tuple(row[name] for name in ITEM)
        if key not in given.index or not all(same_text(row[c], str(given.loc[key, c])) for c in ("answers", "reasons")):
            found.append(problem(SETTLEMENT, int(number), "link-broken", "answers", row["answers"], said))
    return found
