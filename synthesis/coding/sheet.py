"""Coding in a spreadsheet: a workbook for one coder goes out and comes back into the table ``codings``.

The sheet never holds another coder's codes. What comes back is taken whole or not at all: every problem is listed with
its row and column, and codings of other coders, and of findings that the sheet does not hold, stay as they are.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from synthesis.evidence.schema import CallError, EvidenceError, Problem, SynthesisError, counted, vocabularies
from synthesis.evidence.tables import Evidence, codebook_version
from synthesis.office.table_sheets import (
    ABOUT,
    LONGEST_CELL,
    Imported,
    check_person,
    height,
    newest_day,
    problem,
    same_text,
)
from synthesis.office.workbooks import Cell, Rows, read_workbook
from synthesis.review.studies import chosen_studies

CODING, BOOK = "Coding", "Codebook"
#: Columns that tell a coder what the finding is; they are locked.
GIVEN = ("finding_id", "finding", "study", "population", "perspective")
#: Columns a code has, each followed by its number: "code 1", "sure 1", "against 1", "note 1".
PART = ("code", "sure", "against", "note")
NONE_FITS = "no code fits"
CODES_OFFERED = 3

Coding = dict[str, Any]  # one row of the table codings


# ---------------------------------------------------------------- going out


def coding_sheet(evidence: Evidence, coder: str, study_ids: Collection[str] | None = None) -> bytes:
    """A workbook in which one coder codes: findings with drop-down lists, the codebook, instructions.

    It holds the findings of some studies (`study_ids`), such as a sample for double coding, or of all. The coder's own codes are filled in, so that work resumes where it stopped. Text never becomes a formula or a link.
    Raises CallError for a coder who is not in the table ``coders``, for the settled set, and for a pass of a program:
    its codings are a record, and a sheet of them could never be read back changed; and for a study that is not there, or
    studies without a finding.
    """
    import xlsxwriter

    check_person(evidence, coder, "coder")
    findings = evidence.findings[evidence.findings["study_id"].isin(chosen_studies(evidence, study_ids))]
    if findings.empty and study_ids is not None:
        raise CallError(f"There is nothing to code: no finding is of {', '.join(study_ids) or 'the studies named, which are none'}.")  # fmt: skip
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": f"Coding sheet of {coder}", "created": newest_day(evidence)})
        _write_about(book, evidence, coder, len(findings))
        _write_coding(book, evidence, coder, findings)
        _write_codebook(book, evidence)
        book.worksheets()[1].activate()
    return target.getvalue()


def _label(name: str, code_id: str) -> str:
    return f"{name} [{code_id}]"


def _labels(evidence: Evidence) -> dict[str, str]:
    """Code id -> what the drop-down list shows."""
    book = evidence.codebook
    return {code: _label(name, code) for name, code in zip(book["name"], book["code_id"], strict=True)}


def _write_about(book, evidence: Evidence, coder: str, n_findings: int) -> None:
    sheet = book.add_worksheet(ABOUT)
    bold, wrap = book.add_format({"bold": True, "font_size": 13}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 22, wrap)
    sheet.set_column(1, 1, 90, wrap)
    sheet.write_string(0, 0, "How to use this workbook", bold)
    facts = [
        ("coder", coder),
        ("codebook version", str(codebook_version(evidence))),
        ("findings", str(n_findings)),
    ]
    steps = [
        "Read each finding in the sheet Coding and choose up to three codes from the lists, the most important first. Their meaning stands in the sheet Codebook.",
        f"Where a finding was read and no code fits, write yes under “{NONE_FITS}”. A row left empty counts as not yet read.",
        "“sure”: high, medium or low. “against”: yes where the finding runs against the code (a negative case). Notes are free text.",
        "Code on your own: do not look at another coder's sheet, and do not discuss findings before both are done.",
        "Rows may be sorted or filtered as whole rows. Do not change the first columns; formulas are not carried out.",
        "Save as .xlsx. Reading it back: synthesis import FILE.xlsx. Nothing is stored unless everything in the file is right.",
    ]
    for row, (name, value) in enumerate([*facts, *((f"{n}.", step) for n, step in enumerate(steps, 1))], 2):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
        sheet.set_row(row, height({value: 90}))
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _own_codings(evidence: Evidence, coder: str) -> dict[str, list[Coding]]:
    """Finding -> the coder's codings of it, best rank first."""
    own = evidence.codings[evidence.codings["coder"] == coder].sort_values("rank", kind="stable")
    own = own.astype(object).where(own.notna(), None)
    found: dict[str, list[Coding]] = {}
    for row in own.to_dict("records"):
        found.setdefault(row["finding_id"], []).append({str(key): value for key, value in row.items()})
    return found


def _write_coding(book, evidence: Evidence, coder: str, findings: pd.DataFrame) -> None:
    own, labels = _own_codings(evidence, coder), _labels(evidence)
    read = set(evidence["readings"].loc[evidence["readings"]["coder"] == coder, "finding_id"])
    n_codes = max([CODES_OFFERED, *map(len, own.values())])
    header = [*GIVEN, *(f"{part} {n}" for n in range(1, n_codes + 1) for part in PART), NONE_FITS]
    sheet = book.add_worksheet(CODING)
    locked = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#F2F2F2", "border": 1, "border_color": "#BFBFBF"})  # fmt: skip
    free = book.add_format({"text_wrap": True, "valign": "top", "locked": False, "border": 1, "border_color": "#BFBFBF", "num_format": "@"})  # fmt: skip
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 2})
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, head)
        sheet.set_column(column, column, _width(name), free if column >= len(GIVEN) else locked)
    for row, given in enumerate(_given(evidence, findings), 1):
        for column, text in enumerate(given):
            sheet.write_string(row, column, text[:LONGEST_CELL], locked)
        codings = own.get(given[0], [])
        cells = [cell for coding in codings for cell in _coding_cells(coding, labels)]
        cells += [""] * (len(header) - len(GIVEN) - 1 - len(cells))
        cells.append("yes" if given[0] in read and not codings else "")
        for column, text in enumerate(cells, len(GIVEN)):
            if len(text) > LONGEST_CELL:
                raise SynthesisError(f"The note of {coder} on {given[0]} is longer than a spreadsheet cell; shorten it first.")  # fmt: skip
            if text:
                sheet.write_string(row, column, text, free)
            else:
                sheet.write_blank(row, column, None, free)
        shown = zip([*given, *cells], header, strict=True)
        sheet.set_row(row, min(height({text: _width(name) for text, name in shown}), 400.0))
    _offer_lists(sheet, header, len(findings), len(evidence.codebook))
    sheet.autofilter(0, 0, len(findings), len(header) - 1)
    sheet.freeze_panes(1, 2)
    # No password: the lock keeps from slips, and a coder may lift it.
    sheet.protect("", {"sort": True, "autofilter": True, "format_columns": True, "format_rows": True, "select_locked_cells": True})  # fmt: skip
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _width(heading: str) -> int:
    """Width of a column in characters."""
    return {"finding": 60, "study": 30, "population": 28, "code": 30, "note": 24}.get(heading.split(maxsplit=1)[0], 12)


def _given(evidence: Evidence, findings: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """What a coder is shown of each finding: the columns `GIVEN`."""
    studies = evidence.studies.set_index("study_id")
    for row in findings.itertuples():
        study = studies.loc[row.study_id]
        parts = (study["authors"], study["year"], study["title"])
        source = ", ".join(str(part) for part in parts if not pd.isna(part))
        yield row.finding_id, row.finding, source or row.study_id, study["population"], vocabularies()["perspective"].get(row.perspective, row.perspective)  # fmt: skip


def _coding_cells(coding: Coding, labels: Mapping[str, str]) -> list[str]:
    against = "yes" if coding["negative_case"] else ""
    return [labels.get(coding["code_id"], coding["code_id"]), coding["confidence"] or "", against, coding["note"] or ""]


def _offer_lists(sheet, header: list[str], n_rows: int, n_codes: int) -> None:
    """Drop-down lists below the columns that take words of a list."""
    codes = {"validate": "list", "source": f"={BOOK}!$A$2:$A${n_codes + 1}", "error_title": "Not in the codebook", "error_message": "Choose a code from the list, or leave the cell empty."}  # fmt: skip
    lists: dict[str, dict[str, Any]] = {
        "code": codes,
        "sure": {"validate": "list", "source": list(vocabularies()["coding_confidence"])},
        "against": {"validate": "list", "source": ["yes", "no"]},
        NONE_FITS: {"validate": "list", "source": ["yes"]},
    }
    for column, name in enumerate(header):
        kind = name if name == NONE_FITS else name.split()[0]
        if kind in lists and n_rows:
            sheet.data_validation(1, column, n_rows, column, {**lists[kind], "ignore_blank": True})


def _write_codebook(book, evidence: Evidence) -> None:
    sheet = book.add_worksheet(BOOK)
    wrap, head = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True, "bottom": 2})
    themes = evidence.themes.set_index("theme_id")["name"]
    for column, (name, width) in enumerate({"code": 34, "theme": 30, "definition": 50, "use when": 50, "do not use for": 50}.items()):  # fmt: skip
        sheet.write_string(0, column, name, head)
        sheet.set_column(column, column, width, wrap)
    for row, code in enumerate(evidence.codebook.itertuples(), 1):
        for column, text in enumerate((_label(code.name, code.code_id), themes.get(code.theme_id, ""), code.definition, code.use_when, code.do_not_use_for)):  # fmt: skip
            sheet.write_string(row, column, text, wrap)
        sheet.set_row(row, height({code.definition: 50, code.use_when: 50, code.do_not_use_for: 50, code.name + code.code_id: 34}))  # fmt: skip
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


# ---------------------------------------------------------------- coming back


@dataclass
class _Sheet:
    """A coding sheet on the way in, with the problems met so far."""

    evidence: Evidence
    coder: str
    version: int
    columns: dict[str, int]
    rows: Rows
    meant: dict[str, str]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def report(self, code: str, row: int | None, column: str, value: str, message: str) -> None:
        self.problems.append(problem(CODING, row, code, column, value, message))

    def found(self, cells: list[Cell], column: str) -> Cell:
        at = self.columns.get(column, len(cells))
        return cells[at] if at < len(cells) else Cell("")

    def cell(self, row: int, cells: list[Cell], column: str) -> str:
        """The text under a column's heading; a fault of the cell is reported."""
        found = self.found(cells, column)
        if found.fault:
            self.report("type", row, column, "", f"the cell {found.fault}")
        return found.text


def read_coding_sheet(evidence: Evidence, path: str | Path) -> Imported:
    """Read a coding sheet back, also after another program saved it and rows were moved or deleted.

    Each row with codes, or with yes under `NONE_FITS`, replaces what that coder had for its finding and records the
    reading; every other coding stays. Nothing is written (see `Imported.tables`). Raises EvidenceError with every
    problem, row and column; SynthesisError for a file that is no coding sheet of this review.
    """
    sheet = _open(evidence, Path(path))
    wanted = _read_rows(sheet)
    own = _own_codings(evidence, sheet.coder)
    _check_emptied(sheet, wanted, own)
    if sheet.problems:
        raise EvidenceError(sorted(sheet.problems, key=lambda p: (p.row or 0, sheet.columns.get(p.column, 0))))
    return _merged(sheet, {finding: codings for finding, (_, codings) in wanted.items() if codings is not None}, own)


def _open(evidence: Evidence, path: Path) -> _Sheet:
    sheets = read_workbook(path)
    if CODING not in sheets or ABOUT not in sheets:
        raise SynthesisError(f"{path} is no coding sheet: it needs the sheets {CODING} and {ABOUT}; it has {', '.join(sheets) or 'none'}. Export one with `synthesis export coding-sheet`.")  # fmt: skip
    facts = {cells[0].text: cells[1].text for _, cells in sheets[ABOUT] if len(cells) > 1}
    coder, version = facts.get("coder", ""), facts.get("codebook version", "")
    if not coder or not version.isdigit():
        raise SynthesisError(f"{path} does not say whose it is: the sheet {ABOUT} must name the coder and the codebook version.")  # fmt: skip
    check_person(evidence, coder, "coder", SynthesisError)
    top = next((at for at, (_, cells) in enumerate(sheets[CODING]) if any(cell.text == GIVEN[0] for cell in cells)), None)  # fmt: skip
    if top is None:
        raise SynthesisError(f"The sheet {CODING} of {path} has lost its headings: the first row holds {', '.join(GIVEN)}, ...")  # fmt: skip
    headings = [cell.text for cell in sheets[CODING][top][1]]
    columns = {name: at for at, name in reversed(list(enumerate(headings))) if name}
    sheet = _Sheet(evidence, coder, int(version), columns, sheets[CODING][top + 1 :], _meant(evidence))
    _check_headings(sheet, headings, sheets[CODING][top][0])
    ids = {sheet.cell(row, cells, GIVEN[0]) for row, cells in sheet.rows} - {""}
    if ids and not ids & set(evidence.findings["finding_id"]):
        raise SynthesisError(f"{path} belongs to another review: of its {counted(len(ids), 'finding')} none is in {evidence.folder}.")  # fmt: skip
    sheet.problems = [problem for problem in sheet.problems if problem.column != GIVEN[0] or problem.code != "type"]
    return sheet


def _check_headings(sheet: _Sheet, headings: list[str], row: int) -> None:
    needed = [GIVEN[0], GIVEN[1], NONE_FITS, *(f"{part} 1" for part in PART)]
    for name in (name for name in needed if name not in headings):
        sheet.report("column-missing", row, name, "", f"the column {name!r} is not there; put its heading back")
    for name in sorted({name for name in headings if name and headings.count(name) > 1}):
        sheet.report("column-repeated", row, name, name, f"the heading {name!r} stands twice; rename or delete one")


def _read_rows(sheet: _Sheet) -> dict[str, tuple[int, list[Coding] | None]]:
    """Finding -> its row in the sheet and the codings given there; None where the row was left empty."""
    texts = sheet.evidence.findings.set_index("finding_id")["finding"]
    seen: dict[str, tuple[int, list[Coding] | None]] = {}
    for row, cells in sheet.rows:
        finding = sheet.cell(row, cells, GIVEN[0])
        codings = _read_row(sheet, row, cells, finding)
        if finding in seen:
            sheet.report("key-repeated", row, GIVEN[0], finding, f"the finding stands in row {seen[finding][0]} already; delete one of the two rows")  # fmt: skip
        elif not finding:
            if not sheet.found(cells, GIVEN[0]).fault:
                said = "the row has content but no finding_id; put it back, or empty the row"
                sheet.report("required", row, GIVEN[0], "", said)
        elif finding not in texts:
            near = difflib.get_close_matches(finding, list(texts.index), n=1, cutoff=0.8)
            hint = f"; did you mean {near[0]}?" if near else "; a sheet cannot add findings"
            sheet.report("link-broken", row, GIVEN[0], finding, f"there is no such finding in this review{hint}")
        else:
            text = sheet.cell(row, cells, GIVEN[1])
            if not sheet.found(cells, GIVEN[1]).fault and not same_text(text, texts[finding]):
                sheet.report("link-broken", row, GIVEN[1], finding, "the text is not that of this finding; was one column sorted without the others? Restore the rows, or export the sheet anew")  # fmt: skip
            seen[finding] = row, codings
    return seen


def _read_row(sheet: _Sheet, row: int, cells: list[Cell], finding: str) -> list[Coding] | None:
    """The codings of one row; an empty list where it was read and no code fits, None where nothing is filled in."""
    numbers = sorted(int(name.split()[1]) for name in sheet.columns if re.fullmatch(r"code \d+", name))
    given: list[Coding] = []
    for n in numbers:
        code, sure, against, note = (sheet.cell(row, cells, f"{part} {n}") for part in PART)
        if code:
            coding = _read_code(sheet, row, n, code, sure, against, note)
            if any(coding["code_id"] == other["code_id"] for other in given if coding["code_id"]):
                sheet.report("key-repeated", row, f"code {n}", code, "the code stands in this row already; delete one")
            given.append(coding)
        elif sheet.found(cells, f"code {n}").fault:
            given.append({"code_id": ""})  # a code is meant there: what else the row lacks cannot be said
        elif sure or against == "yes" or note:
            sheet.report("required", row, f"code {n}", "", "there is a note, or how sure, but no code; choose the code or empty the cells beside it")  # fmt: skip
    if given and numbers and not sheet.found(cells, f"code {numbers[0]}").text:
        sheet.notes.append(f"Row {row} ({finding}): nothing stands under “code {numbers[0]}”, so {given[0]['code_id']} became the primary code.")  # fmt: skip
    none_fits = sheet.cell(row, cells, NONE_FITS).lower()
    if none_fits not in ("", "yes", "no"):
        sheet.report("vocabulary", row, NONE_FITS, none_fits, "write yes, or leave the cell empty")
    if none_fits == "yes" and given:
        sheet.report("coded-and-uncoded", row, NONE_FITS, "yes", "the row has codes, too; delete one or the other")
    rows = [
        {"finding_id": finding, "coder": sheet.coder, "rank": rank, **coding} for rank, coding in enumerate(given, 1)
    ]
    return rows or ([] if none_fits == "yes" else None)


def _read_code(sheet: _Sheet, row: int, n: int, code: str, sure: str, against: str, note: str) -> Coding:
    sure, against = sure.lower(), against.lower()
    allowed = list(vocabularies()["coding_confidence"])
    if sure and sure not in allowed:
        sheet.report("vocabulary", row, f"sure {n}", sure, f"“{sure}” is not allowed; write {', '.join(allowed)}, or leave the cell empty")  # fmt: skip
    if against not in ("", "yes", "no"):
        sheet.report("vocabulary", row, f"against {n}", against, "write yes or no, or leave the cell empty")
    return {
        "code_id": _read_code_id(sheet, row, n, code),
        "confidence": sure or None,
        "negative_case": against == "yes",
        "codebook_version": sheet.version,
        "note": note or None,
    }


def _meant(evidence: Evidence) -> dict[str, str]:
    """What a coder may write for a code -> its identifier: the list entry, the identifier, or a name that only one has."""
    book = evidence.codebook
    names = book["name"].map(_plain)
    once = dict(zip(names[~names.duplicated(keep=False)], book["code_id"][~names.duplicated(keep=False)], strict=True))
    labels = {_plain(label): code for code, label in _labels(evidence).items()}
    return once | labels | {_plain(code): code for code in book["code_id"]}


def _read_code_id(sheet: _Sheet, row: int, n: int, text: str) -> str:
    """The code that a cell means; reported where it is none."""
    inside = re.search(r"\[([^\[\]]+)\]$", text)
    found = sheet.meant.get(_plain(text)) or (sheet.meant.get(_plain(inside[1])) if inside else None)
    if found:
        return found
    near = difflib.get_close_matches(_plain(text), sheet.meant, n=1, cutoff=0.6)
    hint = (
        f"; did you mean “{_labels(sheet.evidence)[sheet.meant[near[0]]]}”?" if near else "; choose one from the list"
    )
    changes, was = sheet.evidence.codebook_changes, inside[1] if inside else text
    now = changes.loc[[was in ids.split(";") for ids in changes["formerly"].fillna("")], "code_id"].unique()
    if len(now):
        hint = f"; it is now {', '.join(now)} (see the history of the codebook)"
    sheet.report("link-broken", row, f"code {n}", text, f"“{text[:60]}” is not in the codebook{hint}")
    return ""


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", " ", text).strip().lower()


def _check_emptied(sheet: _Sheet, wanted: Mapping[str, tuple[int, list[Coding] | None]], own: Mapping[str, list[Coding]]) -> None:  # fmt: skip
    """A row that was emptied may be a slip: codes are taken away only where the coder says so."""
    for finding, (row, codings) in wanted.items():
        if codings is None and finding in own:
            codes = ", ".join(coding["code_id"] for coding in own[finding])
            sheet.report("required", row, "code 1", finding, f"the row is empty, but {sheet.coder} gave {codes} before; write yes under “{NONE_FITS}” to take that back")  # fmt: skip


def _merged(sheet: _Sheet, wanted: Mapping[str, list[Coding]], own: Mapping[str, list[Coding]]) -> Imported:
    """The evidence with the sheet's codings in place of those the coder had for the same findings."""
    evidence, coder = sheet.evidence, sheet.coder
    changed = {}
    for finding, codings in wanted.items():
        before = {coding["code_id"]: coding for coding in own.get(finding, [])}
        for coding in codings:  # a coding that stays as it was keeps the version it was made with
            old = before.get(coding["code_id"])
            same = old and all(old[key] == coding[key] for key in ("confidence", "negative_case", "note"))
            coding["codebook_version"] = int(old["codebook_version"]) if old and same else sheet.version
        facts = ("code_id", "rank", "confidence", "negative_case", "note")
        if [[c[f] for f in facts] for c in codings] != [[c[f] for f in facts] for c in own.get(finding, [])]:
            changed[finding] = codings
    codings, readings = evidence.codings, evidence["readings"]
    if changed:
        stays = ~((codings["coder"] == coder) & codings["finding_id"].isin(list(changed)))
        codings = _added(evidence, codings[stays], (coding for rows in changed.values() for coding in rows), ["rank"])
    known = set(readings.loc[readings["coder"] == coder, "finding_id"])
    new = [finding for finding in wanted if finding not in known]
    if new:
        readings = _added(evidence, readings, ({"finding_id": finding, "coder": coder} for finding in new), [])
    result = evidence.with_tables(codings=codings, readings=readings)
    return Imported(coder, result, len(wanted), len(changed), _remarks(sheet, own, wanted))


def _added(evidence: Evidence, table: pd.DataFrame, rows: Iterable[Coding], then: list[str]) -> pd.DataFrame:
    """A table with more rows, in the order of the findings and coders: who worked first leaves no trace in the file."""
    more = pd.DataFrame(list(rows)).reindex(columns=list(table.columns))
    table = pd.concat([table, more.astype(table.dtypes.to_dict())], ignore_index=True)
    place = pd.DataFrame(
        {
            "finding": pd.Index(evidence.findings["finding_id"]).get_indexer(table["finding_id"]),
            "coder": pd.Index(evidence.coders["coder_id"]).get_indexer(table["coder"]),
        }
    ).join(table[then])
    return table.loc[place.sort_values(list(place), kind="stable").index].reset_index(drop=True)


def _remarks(sheet: _Sheet, own: Mapping[str, list[Coding]], wanted: Mapping[str, list[Coding]]) -> list[str]:
    """What a reader of the import should know, and nothing is wrong with."""
    there = {sheet.cell(row, cells, GIVEN[0]) for row, cells in sheet.rows}
    gone = [finding for finding in sheet.evidence.findings["finding_id"] if finding not in there]
    coded = sum(finding in own for finding in gone)
    said = list(sheet.notes)
    if gone:
        said.append(f"Findings that are not in the sheet: {len(gone)}; those of them that {sheet.coder} coded before ({coded}) stay as they were.")  # fmt: skip
    known = {*GIVEN, NONE_FITS}
    strange = [name for name in sheet.columns if name not in known and not re.fullmatch(rf"({'|'.join(PART)}) \d+", name)]  # fmt: skip
    if strange:
        said.append(f"Columns that the sheet did not have when it went out were passed over: {', '.join(strange)}.")
    if sheet.version != codebook_version(sheet.evidence):
        said.append(f"The sheet went out with version {sheet.version} of the codebook; the present one is {codebook_version(sheet.evidence)}.")  # fmt: skip
    left = len(sheet.evidence.findings) - len(gone) - len(wanted)
    if left:
        said.append(f"{counted(left, 'finding')} of the sheet not yet read.")
    return said
