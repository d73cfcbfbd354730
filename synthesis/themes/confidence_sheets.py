"""Judging confidence in a sheet: one assessor's judgements out and back, then the settlement where assessors differ.

An assessor sees what stands behind a statement and their own judgements, never another's. What comes back is taken whole
or not at all, under the rules that `check` holds the table ``confidence`` to.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from synthesis.evidence.judgement_rules import COMPONENTS
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
from synthesis.themes.confidence import LEVELS, contributing, suggested_concerns

#: Names of the sheets in a workbook.
SHEET, SETTLEMENT = "Confidence", "Confidence settlement"
_PAIRS = tuple(column for name in LEVELS for column in (name, f"{name}_reason"))
TO_FILL = (*_PAIRS, "status", "date")
TO_SETTLE = (*_PAIRS, "settlement_reason", "decided_by", "date")
_SHOWN = ("review_finding_id", "statement", "n_studies", "n_findings", "prompts", "contradicting", "study_ids")
_ABOUT = (
    "Confidence in review findings (GRADE-CERQual), judged by one assessor. Fill in the white columns; the others are locked.",
    "Judge each of the four components on its own, with a reason that says what in these data it rests on. Then judge the overall level and say how the four led to it. There is no scoring rule.",
    "Levels of concern: no_or_very_minor, minor, moderate, serious. Overall: high, moderate, low, very_low. An overall level needs all four components and every reason.",
    "prompts: what the data themselves suggest as the least concern. They are prompts, not judgements; you may depart from them with a reason.",
    "A row left empty is not judged yet. date (YYYY-MM-DD): left empty, it becomes the day on which the sheet is read back.",
    "Judge on your own: do not look at another assessor's sheet before both are done.",
    "Reading it back: synthesis import FILE.xlsx. Nothing is stored unless everything in the file is right.",
)
_ABOUT_SETTLEMENT = (
    "Review findings that several assessors judged, and judged differently. Fill in the white columns; the others are locked.",
    "…_said: what each assessor gave, and why. A component on which all agree may be left empty: their level and their reasons are then taken as they stand.",
    "Where they differ, give the level that was settled on and the reason. settlement_reason: why it was settled so. decided_by: who settled it, a row of coders; the assessors' own judgements stay beside it.",
    "A row left empty is not settled yet. date (YYYY-MM-DD): left empty, it becomes the day on which the sheet is read back.",
    "Reading it back: synthesis import FILE.xlsx. Nothing is stored unless everything in the file is right.",
)


# ---------------------------------------------------------------- one assessor


def confidence_sheet(evidence: Evidence, assessor: str) -> pd.DataFrame:
    """The worksheet of one assessor: a row a review finding, what stands behind it, and this assessor's own judgement alone.

    Returns ``review_finding_id, statement, n_studies, n_findings, prompts`` (what the data suggest), ``contradicting, study_ids``,
    the four components and the overall level, each followed by its ``_reason``, ``status, date, findings_seen, assessed_by``.
    ``findings_seen`` is filled in, so that a later change of the data can be named. Nothing of another assessor is in it,
    and no settlement. Raises CallError for an unknown assessor.
    """
    people = evidence.coders.loc[evidence.coders["kind"] != "agreed_set", "coder_id"]
    if assessor not in set(people):
        raise CallError(f"There is no assessor {assessor!r} in the table coders; it holds {', '.join(people)}.")
    behind = contributing(evidence)
    sheet = evidence.review_findings[["review_finding_id", "statement"]].merge(
        behind[["review_finding_id", "n_studies", "n_findings", "study_ids", "finding_ids"]]
    )
    sheet["contradicting"] = evidence.review_findings["contradicting_finding_ids"].to_numpy()
    prompts = suggested_concerns(evidence)
    said = prompts["component"].str.replace("_", " ") + " at least " + prompts["suggested"] + ": " + prompts["reason"]
    sheet["prompts"] = sheet["review_finding_id"].map(said.groupby(prompts["review_finding_id"]).agg("\n".join))
    own = _blind(evidence.confidence)
    own = own.loc[own["assessed_by"] == assessor, ["review_finding_id", *TO_FILL]]
    sheet = sheet.merge(own, on="review_finding_id", how="left").rename(columns={"finding_ids": "findings_seen"})
    return sheet.assign(assessed_by=assessor)[[*_SHOWN, *TO_FILL, "findings_seen", "assessed_by"]]


def _blind(judged: pd.DataFrame) -> pd.DataFrame:
    """Assessors' own judgements, without those that settle."""
    return judged[~judged["settled"].fillna(False).astype(bool)]


def confidence_workbook(evidence: Evidence, assessor: str) -> bytes:
    """`confidence_sheet` as a workbook with drop-down lists; `record_confidence` takes what comes back.

    Raises CallError for whoever is no person in the table ``coders``.
    """
    check_person(evidence, assessor, "assessor")
    lists = {**_levels_offered(), "status": list(vocabularies()["judgement_status"])}
    sheet = confidence_sheet(evidence, assessor)
    for name in ("contradicting", "study_ids"):  # a spreadsheet program breaks lines at spaces alone
        sheet[name] = sheet[name].str.replace(";", "; ")
    last = ("study_ids", "findings_seen", "assessed_by")
    sheet = sheet[[*(name for name in sheet if name not in last), *last]]
    return table_sheet(sheet, SHEET, "\n".join(_ABOUT), TO_FILL, lists, newest_day(evidence), ["findings_seen"])


def _levels_offered() -> dict[str, list[str]]:
    words = vocabularies()
    return {**{name: list(words["concern"]) for name in COMPONENTS}, "overall": list(words["confidence_level"])}


def record_confidence(evidence: Evidence, sheet: pd.DataFrame, today: dt.date | None = None) -> Imported:
    """Put one assessor's filled-in `confidence_sheet` into the table ``confidence``.

    Parameters
    ----------
    sheet : what `confidence_sheet` returned with the columns `TO_FILL` filled in; rows may be moved or left out, and a row
        that judges nothing is passed over.
    today : the day that a new judgement without a date takes (default: today).

    Rows that say what was stored already stay as they are, date and findings seen included; another assessor's rows are
    untouched. Returns what the sheet brought (see `Imported`), with wording worth a second look among its remarks; nothing
    is written. Raises EvidenceError with every problem, row and column: a level without its reason, an overall level
    without four components or explanation, unknown words or statements, a judgement that was emptied; SynthesisError for
    a sheet of several assessors or without its columns.
    """
    rows = filled_rows(sheet)
    need_columns(rows, SHEET, ["review_finding_id", "statement", *TO_FILL, "findings_seen", "assessed_by"])
    assessor = one_person(evidence, rows, "assessed_by", "assessor")
    judged = (rows[list(_PAIRS)] != "").any(axis=1)
    new = _as_written(rows[judged])
    typed, problems = checked(evidence, "confidence", SHEET, new)
    problems += [*_mismatched(evidence, rows[judged], SHEET), *_reasons_alone(new, SHEET)]
    own = evidence.confidence[evidence.confidence["assessed_by"] == assessor]
    problems += emptied(SHEET, rows[~judged], ["review_finding_id"], _judged(_blind(own)), "overall", "your judgement")
    problems += _settled_before(new, own, assessor)
    remarks = [*refuse(problems, rows), *strange_columns(rows, [*_SHOWN, *TO_FILL, "findings_seen", "assessed_by"])]
    old = own.set_index("review_finding_id").reindex(typed["review_finding_id"])
    fresh = dated(typed[changed(typed, old, [*_PAIRS, "status"])], today, remarks)
    table = _in_order(evidence, merged(evidence.confidence, fresh, ["review_finding_id", "assessed_by"]))
    if left := len(evidence.review_findings) - len(typed):
        remarks.append(f"{counted(left, 'review finding')} of {len(evidence.review_findings)} not judged in the sheet.")
    return Imported(assessor, evidence.with_tables(confidence=table), len(typed), len(fresh), remarks, ("confidence",))


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows[list(LEVELS)].notna().any(axis=1)]


def _settled_before(new: pd.DataFrame, own: pd.DataFrame, assessor: str) -> list[Problem]:
    settled = set(own.loc[own["settled"].fillna(False).astype(bool), "review_finding_id"])
    said = f"{assessor} settled this one; change that in the settlement sheet"
    return [problem(SHEET, int(number), "settled-twice", "review_finding_id", which, said) for number, which in new["review_finding_id"].items() if which in settled]  # fmt: skip


def _as_written(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a sheet as rows of the table ``confidence``, in text."""
    new = rows.reindex(columns=["review_finding_id", *TO_FILL, "findings_seen", "assessed_by"], fill_value="").copy()
    for name in (*LEVELS, "status"):
        new[name] = new[name].map(word)
    return new.assign(status=new["status"].where(new["status"] != "", "provisional"))


def _in_order(evidence: Evidence, table: pd.DataFrame) -> pd.DataFrame:
    """Judgements in the order of statements and coders, what settles last: who worked first leaves no trace."""
    place = pd.DataFrame(
        {
            "statement": pd.Index(evidence.review_findings["review_finding_id"]).get_indexer(
                table["review_finding_id"]
            ),
            "settled": table["settled"].fillna(False).astype(bool),
            "who": pd.Index(evidence.coders["coder_id"]).get_indexer(table["assessed_by"]),
        }
    )
    return table.loc[place.sort_values(list(place), kind="stable").index].reset_index(drop=True)


def _mismatched(evidence: Evidence, rows: pd.DataFrame, sheet: str) -> list[Problem]:
    """Rows whose statement is not that of their identifier: one column was sorted alone, or the statement has changed."""
    known = evidence.review_findings.set_index("review_finding_id")["statement"]
    said = "this is not the statement of that review finding; was one column sorted alone, or the statement changed since? Export the sheet anew"
    return [
        problem(sheet, number, "link-broken", "statement", text, said)
        for number, which, text in zip(rows.index, rows["review_finding_id"], rows["statement"], strict=True)
        if which in known.index and not same_text(text, known[which])
    ]


def _reasons_alone(new: pd.DataFrame, sheet: str) -> list[Problem]:
    said = "there is a reason and no level; choose the level, or empty the reason"
    return [
        problem(sheet, number, "required", name, "", said)
        for name in LEVELS
        for number in new.index[(new[name] == "") & (new[f"{name}_reason"] != "")]
    ]


# ---------------------------------------------------------------- settlement


def confidence_settlement(evidence: Evidence) -> pd.DataFrame:
    """The review findings on which assessors differ, every level and reason side by side, and room to settle them.

    Only statements that two assessors or more have judged as a whole are opened: until then they stay blind to each other.

    Returns a row a review finding: ``review_finding_id, statement, assessors``, then for each component and the overall
    level ``…_said`` ("assessor: level – reason", a line each), the settled level and its ``_reason``, and
    ``settlement_reason, decided_by`` (a row of the table ``coders``), ``date, findings_seen``. What was settled before is
    filled in.
    """
    statements = evidence.review_findings.set_index("review_finding_id")["statement"]
    behind = contributing(evidence).set_index("review_finding_id")["finding_ids"]
    rows, named = [], _named(evidence)
    for which, given in evidence.confidence.groupby("review_finding_id", sort=False):
        blind = _blind(given).dropna(subset=["overall"])
        settled = as_text(given[given["settled"].fillna(False).astype(bool)])
        if len(blind) < 2 or (settled.empty and (blind[list(LEVELS)].nunique() == 1).all()):
            continue
        row = {
            "review_finding_id": which,
            "statement": statements[which],
            "assessors": "; ".join(blind["assessed_by"].map(named)),
        }
        for name in LEVELS:
            row[f"{name}_said"] = "\n".join(
                blind["assessed_by"].map(named) + ": " + blind[name] + " – " + blind[f"{name}_reason"]
            )
        for final in settled.rename(columns={"assessed_by": "decided_by"}).to_dict("records"):
            row |= {str(name): final[name] for name in TO_SETTLE}
        rows.append({**row, "findings_seen": behind[which]})
    said = [column for name in LEVELS for column in (f"{name}_said", name, f"{name}_reason")]
    columns = ["review_finding_id", "statement", "assessors", *said, *TO_SETTLE[-3:], "findings_seen"]
    return as_text(pd.DataFrame(rows, columns=columns))


def _named(evidence: Evidence) -> dict[str, str]:
    """Assessors as a meeting should see them: a program's pass is called one."""
    said = {"language_model": " (language model)"}
    return {
        who: who + said.get(kind, "") for who, kind in evidence.coders[["coder_id", "kind"]].itertuples(index=False)
    }


def confidence_settlement_workbook(evidence: Evidence) -> bytes:
    """`confidence_settlement` as a workbook; `settle_confidence` takes what comes back.

    Raises SynthesisError where there is nothing to settle.
    """
    sheet = confidence_settlement(evidence)
    if sheet.empty:
        raise SynthesisError("There is nothing to settle: no review finding was judged as a whole by two assessors who differ.")  # fmt: skip
    lists = {**_levels_offered(), "decided_by": settling_people(evidence)}
    about = "\n".join(_ABOUT_SETTLEMENT)
    return table_sheet(sheet, SETTLEMENT, about, TO_SETTLE, lists, newest_day(evidence), ["findings_seen"])


def settle_confidence(evidence: Evidence, sheet: pd.DataFrame, today: dt.date | None = None) -> Imported:
    """Record what was settled where assessors differ, as a judgement of its own in the table ``confidence``.

    Parameters
    ----------
    sheet : what `confidence_settlement` returned with the columns `TO_SETTLE` filled in; a row without any of them is not
        settled yet. A component on which all assessors agree may stay empty: their level and reasons are taken.
    today : the day that a new settlement without a date takes (default: today).

    The settled row names who settled it (``assessed_by``), why (``settlement_reason``) and when; the assessors' own rows
    stay as they are. Returns what the sheet brought; nothing is written. Raises EvidenceError with every problem, row and
    column, SynthesisError for a sheet without its columns.
    """
    rows = filled_rows(sheet)
    said = [f"{name}_said" for name in LEVELS]
    need_columns(rows, SETTLEMENT, ["review_finding_id", "statement", *said, *TO_SETTLE, "findings_seen"])
    decided = (rows[list(TO_SETTLE)] != "").any(axis=1)
    new = _as_written(_with_agreed(evidence, rows[decided]).rename(columns={"decided_by": "assessed_by"}))
    new = new.assign(settled="yes", settlement_reason=rows.loc[decided, "settlement_reason"])
    typed, problems = checked(evidence, "confidence", SETTLEMENT, new, {"assessed_by": "decided_by"})
    given = confidence_settlement(evidence)
    problems += [*_mismatched(evidence, rows[decided], SETTLEMENT), *_stale(given, rows[decided])]
    problems += [*_reasons_alone(new, SETTLEMENT), *_undecided(evidence, new)]
    before = evidence.confidence[evidence.confidence["settled"].fillna(False).astype(bool)]
    problems += emptied(SETTLEMENT, rows[~decided], ["review_finding_id"], before, "overall", "a settlement")
    remarks = [*refuse(problems, rows), *strange_columns(rows, list(given))]
    old = before.set_index("review_finding_id").reindex(typed["review_finding_id"])
    more = dated(typed[changed(typed, old, [*_PAIRS, "assessed_by", "settlement_reason"])], today, remarks)
    kept = evidence.confidence.drop(index=before.index[before["review_finding_id"].isin(more["review_finding_id"])])
    table = _in_order(evidence, merged(kept, more, ["review_finding_id", "assessed_by"]))
    if left := int((~decided).sum()):
        remarks.append(f"{counted(left, 'row')} of the sheet not settled yet.")
    return Imported(
        "settlement", evidence.with_tables(confidence=table), len(typed), len(more), remarks, ("confidence",)
    )


def _stale(given: pd.DataFrame, rows: pd.DataFrame) -> list[Problem]:
    """Rows whose judgements are no longer those that the meeting had before it."""
    given = given.set_index("review_finding_id")
    said = "the assessors' judgements have changed since the sheet was made, or do not differ; export it anew"
    return [
        problem(SETTLEMENT, int(number), "link-broken", "overall_said", "", said)
        for number, row in rows.iterrows()
        if row["review_finding_id"] not in given.index
        or not all(same_text(row[f"{name}_said"], given.loc[row["review_finding_id"], f"{name}_said"]) for name in LEVELS)
    ]  # fmt: skip


def _with_agreed(evidence: Evidence, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the components on which all assessors agree filled in where they were left empty."""
    rows, blind = rows.copy(), _blind(evidence.confidence).dropna(subset=["overall"])
    for number, which in rows["review_finding_id"].items():
        mine = blind[blind["review_finding_id"] == which]
        for name in LEVELS:
            left = rows.at[number, name] == "" and rows.at[number, f"{name}_reason"] == ""
            if left and len(mine) and mine[name].nunique() == 1:
                rows.at[number, name] = mine[name].iloc[0]
                rows.at[number, f"{name}_reason"] = " ".join(mine["assessed_by"] + ": " + mine[f"{name}_reason"])
    return rows


def _undecided(evidence: Evidence, new: pd.DataFrame) -> list[Problem]:
    """Settlements without a level or a reason, or by somebody whose own blind judgement would be lost."""
    found = []
    own = set(map(tuple, _blind(evidence.confidence)[["review_finding_id", "assessed_by"]].to_numpy()))
    sets = set(evidence.coders.loc[evidence.coders["kind"] == "agreed_set", "coder_id"])
    for number, row in new.iterrows():
        if not row["overall"] and not row["overall_reason"]:
            said = "a settlement needs the overall level; give it, or empty the row"
            found.append(problem(SETTLEMENT, int(number), "required", "overall", "", said))
        if (row["review_finding_id"], row["assessed_by"]) in own:
            said = "judged this blind, and that judgement stays; name a third person, or the meeting, as a row of its own in judgements/coders.csv"
            found.append(problem(SETTLEMENT, int(number), "key-repeated", "decided_by", row["assessed_by"], f"{row['assessed_by']} {said}"))  # fmt: skip
        if row["assessed_by"] in sets:
            said = "this is the settled set of codes, not a person"
            found.append(problem(SETTLEMENT, int(number), "link-broken", "decided_by", row["assessed_by"], said))
    return found
