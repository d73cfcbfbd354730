"""A filled-in planning sheet on its way back, as a workbook, an OpenDocument file or a text table.

Rows may have been moved or deleted; every fault is named with file, sheet, row and column, all of them at once. Nothing in a
file is executed, and what somebody wrote beside the form goes into the note of its row, or is refused; it is never dropped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from synthesis.evidence.schema import CallError, SynthesisError, counted
from synthesis.evidence.tables import Evidence
from synthesis.office.ods_sheets import is_ods, read_ods
from synthesis.office.office_files import PLAN_ODS, PLAN_SHEET
from synthesis.office.sheet_notes import SheetNotes, notes_of
from synthesis.office.table_sheets import same_text
from synthesis.office.text_tables import read_text_rows
from synthesis.office.workbooks import Cell, Rows, read_workbook
from synthesis.planning.answers import HEADS, Answer, Plan, Privacy, make_plan, meant_day
from synthesis.planning.plans import plain, planning_items, refusal
from synthesis.planning.sheet import DAY, FIRST, HEAD, SHEET, PlanMark, read_mark

#: Filled rows that a sheet may have; a planning sheet has a few dozen.
MOST_ROWS = 2_000
_WHAT = {plain(heading): name for name, heading in HEAD.items()}
_GIVEN = ("stage", "note", "owner", "action_date")
_NEEDED = ("id", "item", "stage", "note", "owner", "action_date", "form")


@dataclass
class _Sheet:
    """The sheet of answers: its rows below the headings, where each column stands, and what was met so far."""

    file: str
    name: str
    columns: dict[str, int]
    headings: list[str]
    rows: Rows
    notes: SheetNotes
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def place(self, row: int) -> str:
        return f"{self.file}, sheet {self.name}, row {row}"

    def report(self, row: int, name: str, message: str) -> None:
        self.faults.append(f"{self.place(row)}, column {HEAD[name]}: {message}")

    def cell(self, cells: list[Cell], name: str) -> str:
        at = self.columns.get(name, len(cells))
        return cells[at].text if at < len(cells) else ""


def read_plan(
    evidence: Evidence,
    path: str | Path,
    day: str = "",
    blank: bool = False,
    keep: str = "",
    today: dt.date | None = None,
) -> Plan:
    """The plan that a filled-in planning sheet holds: a row for every item that is asked, also for those not answered.

    Parameters
    ----------
    path : the file as it came back: .xlsx, .ods or .csv.
    day : the day of the assessment, where the sheet does not say it.
    blank, keep : how details that may show who somebody is are settled: blacked out, or kept for the reason given here,
        which is recorded; default: they are refused.
    today : the day after which an assessment lies in the future (default: today).

    Returns a `Plan`: its table has the columns of `read_plans`. Nothing is written: `store_plan` does. Raises CallError for a file that is not there, SynthesisError with every fault,
    its file, sheet, row and column, and what is allowed.
    """
    path, privacy = Path(path), Privacy(blank, keep)
    try:
        sheet = _open(path)
        marks = [read_mark(sheet.cell(cells, "form")) for _, cells in sheet.rows]
        mark = _one_mark(marks)
    except CallError:
        raise
    except SynthesisError as error:
        said = str(error).replace(f" of {path}", "").replace(f"{path} ", "").replace(str(path), path.name)
        raise refusal(["Nothing was stored.", *(f"{path.name}: {line}" for line in said.splitlines())]) from error
    answers = _answers(evidence, sheet, marks)
    said_day, place = _day(sheet, day)
    plan = make_plan(evidence, mark.area, said_day, mark.scale, answers, privacy, sheet.faults, today, place)  # fmt: skip
    asked = list(planning_items(evidence)["item_id"])
    gone = [item for item in asked if item not in {answer.item_id for answer in answers}]
    if gone:
        sheet.remarks.append(f"{counted(len(gone), 'row')} of {len(asked)} not in the sheet any more, so not answered: {', '.join(gone)}.")  # fmt: skip
    return Plan(plan.table, [*sheet.remarks, *plan.remarks])


# ---------------------------------------------------------------- the file


def _open(path: Path) -> _Sheet:
    """The sheet of answers, by what the file holds and not by its name."""
    try:
        with path.open("rb") as handle:
            start = handle.read(8)
    except OSError as error:
        raise CallError(f"{path} cannot be opened ({error.strerror}).") from error
    if not start:
        raise SynthesisError("it is empty.")
    if start.startswith(b"%PDF"):
        raise SynthesisError("it is a PDF, which cannot be read back; type what stands in it into the planning sheet.")
    if not start.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        rows = read_text_rows(path, lambda row: bool(_columns(row)), MOST_ROWS, "a planning sheet")
        return _found(path, {SHEET: [(number, [Cell(text) for text in row]) for number, row in rows]}, {})
    if is_ods(path):
        return _found(path, *read_ods(path, PLAN_ODS, MOST_ROWS))
    sheets = read_workbook(path, PLAN_SHEET, MOST_ROWS)
    return _found(path, sheets, notes_of(path))


def _columns(row: list[str]) -> dict[str, int]:
    """Where the columns stand, if this row heads them; empty where it does not."""
    found: dict[str, int] = {}
    for at, text in enumerate(row):
        found.setdefault(_WHAT.get(plain(text), ""), at)
    found.pop("", None)
    return found if {"form", "stage"} <= found.keys() or len(found) >= len(_NEEDED) - 1 else {}


def _found(path: Path, sheets: dict[str, Rows], notes: dict[str, SheetNotes]) -> _Sheet:
    headed = [(name, at, columns) for name, rows in sheets.items() for at, (_, cells) in enumerate(rows) if (columns := _columns([cell.text for cell in cells]))]  # fmt: skip
    if len(headed) != 1:
        what = "holds several sheets of answers" if headed else f"has no row with the headings of a planning sheet ({', '.join(HEAD[name] for name in _NEEDED)})"  # fmt: skip
        raise SynthesisError(f"it {what}; send back the sheet that `synthesis plan new` made, filled in (as text: its sheet {SHEET}).")  # fmt: skip
    name, top, columns = headed[0]
    headings = [cell.text for cell in sheets[name][top][1]]
    sheet = _Sheet(path.name, name, columns, headings, sheets[name][top + 1 :], notes.get(name, SheetNotes()))
    for each in _NEEDED:
        if each not in columns:
            sheet.report(sheets[name][top][0], each, "the column is not there; put its heading back, or copy the answers into a fresh sheet.")  # fmt: skip
    for text in sorted({text for text in headings if plain(text) in _WHAT and headings.count(text) > 1}):
        sheet.faults.append(f"{sheet.place(sheets[name][top][0])}: the heading {text!r} stands twice; rename or delete one.")  # fmt: skip
    for row, cells in sheet.rows:
        for at, cell in enumerate(cells):
            if cell.fault:
                heading = headings[at] if at < len(headings) else f"{at + 1}"
                sheet.faults.append(f"{sheet.place(row)}, column {heading}: the cell {cell.fault}.")
    _look_around(sheet, sheets, notes, top)
    return sheet


def _look_around(sheet: _Sheet, sheets: dict[str, Rows], notes: dict[str, SheetNotes], top: int) -> None:
    """What stands outside the answers: it has no place in a plan, so it is refused or pointed out, and never dropped unsaid."""
    for number, cells in sheets[sheet.name][:top]:
        said = next((cell.text for cell in cells if cell.text), "")
        sheet.faults.append(f"{sheet.place(number)}: “{said[:40]}” stands above the headings; move it into the column {HEADS['note']} of a row, or delete it.")  # fmt: skip
    for name, rows in sheets.items():
        if name not in (sheet.name, FIRST) and rows:
            sheet.remarks.append(f"The sheet {name} does not belong to the plan, and was not read ({counted(len(rows), 'filled row')}).")  # fmt: skip
    for name, each in notes.items():
        if beside := len(each.floating) + each.pictures:
            sheet.remarks.append(f"The sheet {name} holds {counted(beside, 'text box or picture', 'text boxes or pictures')}, not read: look at it.")  # fmt: skip
        if name == FIRST and each.margin:
            sheet.remarks.append(f"The sheet {name} has {counted(len(each.margin), 'note')} in its margin, not read.")


def _one_mark(marks: Iterable[PlanMark | None]) -> PlanMark:
    """Whose sheet it is. Raises SynthesisError where nothing says so, or two sheets were put together."""
    found = {mark._replace(item_id="") for mark in marks if mark}
    if not found:
        raise SynthesisError("it no longer says whose plan it is: the hidden column Form is empty. Copy the answers into a fresh sheet.")  # fmt: skip
    if len(found) > 1:
        said = "; ".join(sorted(f"{mark.area} ({', '.join(mark.scale)})" for mark in found))
        raise SynthesisError(f"it holds rows of {len(found)} plans: {said}. Send back one file a plan.")
    return found.pop()


# ---------------------------------------------------------------- the rows


def _answers(evidence: Evidence, sheet: _Sheet, marks: list[PlanMark | None]) -> list[Answer]:
    known = planning_items(evidence).set_index("item_id")["item"].to_dict()
    ids = {sheet.cell(cells, "id") for _, cells in sheet.rows} - {"", DAY}
    if ids and not ids & known.keys():
        some = ", ".join(sorted(ids)[:3])
        raise refusal(["Nothing was stored.", f"{sheet.file}: it belongs to another review: none of its {counted(len(ids), 'row')} ({some}, ...) is in {evidence.folder}."])  # fmt: skip
    found: dict[str, Answer] = {}
    for (number, cells), mark in zip(sheet.rows, marks, strict=True):
        item = sheet.cell(cells, "id")
        given = {name: sheet.cell(cells, name) for name in _GIVEN}
        beside = _beside(sheet, number, cells)
        if item == DAY and (mark is None or mark.item_id == DAY):
            if beside or any(given[name] for name in _GIVEN[1:]):
                sheet.report(number, "note", "the row of the day takes the day alone; move what stands beside it into the row of an item.")  # fmt: skip
            continue
        if not _is_row(sheet, number, cells, item, mark, known, bool(beside or any(given.values()))):
            continue
        if item in found:
            sheet.report(number, "id", f"{item} stands twice (also in {found[item].place.rpartition(', ')[2]}); leave one of the two rows.")  # fmt: skip
            continue
        note = "\n".join(filter(None, [given["note"], *beside]))
        found[item] = Answer(item, given["stage"], note, given["owner"], given["action_date"], sheet.place(number))
        if merged := sheet.notes.below(number):
            sheet.remarks.append(f"Row {number} was merged with {merged}; what stands there was taken for {item} alone.")  # fmt: skip
    return list(found.values())


def _is_row(sheet: _Sheet, number: int, cells: list[Cell], item: str, mark: PlanMark | None, known: dict[str, str], filled: bool) -> bool:  # fmt: skip
    """Whether a row is that of an item; where it should be and is not, why not is reported."""
    went_out = mark.item_id if mark else ""
    if went_out and item != went_out:
        now = f"says “{item[:40]}”" if item else "is empty"
        sheet.report(number, "id", f"the cell {now}, and the row went out as {went_out}; put {went_out} back, or move whole rows only.")  # fmt: skip
        return False
    if not item:
        if filled or sheet.cell(cells, "item"):
            sheet.report(number, "id", f"a row that was added has no item, so its answer has no place; move its text into the column {HEADS['note']} of an item, or delete the row.")  # fmt: skip
        return False
    if item not in known:
        sheet.report(number, "id", f"there is no item {item[:40]!r}; the sheet went out with {', '.join(list(known)[:3])}, ... Delete the row, or make a fresh sheet.")  # fmt: skip
        return False
    if not same_text(sheet.cell(cells, "item"), known[item]):
        sheet.report(number, "item", f"this is not the text of {item}; was one column sorted alone, or the grey cell changed? Put it back. If the review has reworded it since, copy the answers into a fresh sheet.")  # fmt: skip
        return False
    return True


def _beside(sheet: _Sheet, number: int, cells: list[Cell]) -> list[str]:
    """What somebody wrote in a row outside the form's columns, and in its margin; it becomes part of the note."""
    ours = set(sheet.columns.values())
    extra = [(at, cell.text) for at, cell in enumerate(cells) if at not in ours and cell.text]
    said = [f"{sheet.headings[at]}: {text}" if at < len(sheet.headings) and sheet.headings[at] else text for at, text in extra]  # fmt: skip
    said += [note.text for note in sheet.notes.margin if note.row == number]
    if said:
        sheet.remarks.append(f"Row {number}: what stands beside the form was put into the note.")
    return said


def _day(sheet: _Sheet, day: str) -> tuple[str, str]:
    """The day of the assessment as typed, and where it stands."""
    row = next(((number, sheet.cell(cells, "stage")) for number, cells in sheet.rows if sheet.cell(cells, "id") == DAY), None)  # fmt: skip
    if row is None:
        return day, f"{sheet.file}, sheet {sheet.name}"
    place = f"{sheet.place(row[0])}, column {HEAD['stage']}"
    if day and row[1] and (day != row[1]) and (meant_day(day) is None or meant_day(day) != meant_day(row[1])):
        sheet.faults.append(f"{place}: the sheet says {row[1]}, and --date says {day}; which is right?")
    return row[1] or day, place
