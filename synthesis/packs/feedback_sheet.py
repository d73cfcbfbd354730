"""A feedback sheet on its way back: a workbook or a text table as a `Form`, with everything that somebody wrote in it.

What went out is known by its fingerprint, so that whatever else stands in the file arrives: in a row, beside it, in rows
and sheets that were added, in the margin. Where an answer could be given to the wrong question the file is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from synthesis.evidence.schema import SynthesisError, counted
from synthesis.office.office_files import FEEDBACK_SHEET
from synthesis.office.sheet_notes import SheetNotes, notes_of
from synthesis.office.text_tables import read_text_rows, tidy_cell
from synthesis.office.workbooks import Rows, read_workbook
from synthesis.packs.forms import (
    FORM,
    WHO,
    WHOLE,
    Entry,
    Form,
    Mark,
    answered,
    code,
    fingerprint,
    headings,
    read_code,
    read_mark,
    without_known,
    word_of,
)

#: Filled rows that a sheet may have, and texts that stand beside the form; a form needs a tenth.
MOST_ROWS, MOST_STRAY = 2_000, 200
#: Fingerprints that a row has of its own; rows at both ends have many more.
FEW_PRINTS = 4
#: The columns of the answers: what each is, and the fixed word that heads it.
_HEADS = {"code": "sheet_code", "about": "sheet_about", "asks": "question_heading", "answer": "answer_column", "comment": "sheet_comment", "form": "sheet_form"}  # fmt: skip


@dataclass
class _Grid:
    """A sheet as text: cells by row number and column position, merged areas, notes in the margin."""

    name: str
    rows: list[tuple[int, list[str]]]
    notes: SheetNotes = field(default_factory=SheetNotes)


@dataclass(frozen=True)
class _Line:
    """A row of the answers: its number, the cells by what they are, others by their place, and what its mark says."""

    number: int
    cells: dict[str, str]
    others: list[str]
    code: str
    mark: Mark | None
    prints: frozenset[str]


def read_feedback_workbook(path: Path) -> Form:
    """The form that a workbook is, with its faults. Raises SynthesisError, with these, where it is none.

    A cell with a formula is a fault and is read as empty: the formula is not carried out.
    """
    sheets = read_workbook(path, FEEDBACK_SHEET, MOST_ROWS)
    faults = [f"sheet {name}, row {row}: a cell {cell.fault}" for name, rows in sheets.items() for row, cells in rows for cell in cells if cell.fault]  # fmt: skip
    notes = notes_of(path)
    grids = [_Grid(_named(name, at), _texts(rows), notes.get(name, SheetNotes())) for at, (name, rows) in enumerate(sheets.items(), 1)]  # fmt: skip
    try:
        form = _form("xlsx", grids)
    except SynthesisError as error:
        raise SynthesisError("\n".join([*faults, str(error)])) from error
    form.faults[:0] = faults
    return form


def _named(name: str, at: int) -> str:
    """A sheet as a place that may be stored: by its name where the pack gave it, since people write names into others."""
    own = headings("sheet_first") | headings("sheet_pack") | headings("sheet_answers")
    return name if word_of(name) in own else str(at)


def _texts(rows: Rows) -> list[tuple[int, list[str]]]:
    return [(number, [tidy_cell(cell.text) for cell in cells]) for number, cells in rows]


def read_feedback_text(path: Path) -> Form:
    """The form that a text table is: the sheet of answers saved as CSV, with commas, semicolons or tabs."""
    rows = read_text_rows(path, lambda row: bool(_columns(row)), MOST_ROWS, "a feedback sheet")
    return _form("csv", [_Grid("Answers", rows)])


# ---------------------------------------------------------------- the sheet of answers


def _columns(row: list[str]) -> dict[str, int] | None:
    """Where the columns of the answers stand, if this row heads them: what each is -> its position."""
    typed = [word_of(cell) for cell in row]
    found = {what: next((at for at, text in enumerate(typed) if text in headings(name)), -1) for what, name in _HEADS.items()}  # fmt: skip
    return {what: at for what, at in found.items() if at >= 0} if found["code"] >= 0 and found["comment"] >= 0 else None


def _form(kind: str, grids: list[_Grid]) -> Form:
    headed = [(grid, at, columns) for grid in grids for at, (_, row) in enumerate(grid.rows) if (columns := _columns(row))]  # fmt: skip
    if len(headed) != 1:
        what = (
            "has no row with the headings of a feedback sheet (Code, Question, Your answer, ...)"
            if not headed
            else "holds several sheets of answers"
        )
        raise SynthesisError(
            f"it {what}; send back the file feedback.xlsx of the pack, filled in (as text: its sheet of answers)."
        )
    grid, top, columns = headed[0]
    heads = grid.rows[top][1]
    lines = [_line(number, row, columns, heads, grid) for number, row in grid.rows[top + 1 :]]
    prints = frozenset().union(*(line.prints for line in lines))
    form = Form(kind, _one_mark(lines), faults=_misplaced_codes(lines, prints))
    for line in lines:
        _take(form, grid, line, prints)
    _take_notes(form, grid, {line.number: line for line in lines})
    below = {at for _, row in grid.rows[top + 1 :] for at, text in enumerate(row) if text}
    named = [text if at not in below or at in columns.values() else "" for at, text in enumerate(heads)]
    others = [each for each in grids if each is not grid]
    if others and not any(len(line.prints) > FEW_PRINTS for line in lines):
        raise SynthesisError(f"the rows that tell the pack's own words from yours were deleted ({code(FORM, WHO[0])} and those after it); put one of them back")  # fmt: skip
    _take_strays(form, [_Grid(grid.name, [*grid.rows[:top], (grid.rows[top][0], named)]), *others], prints)
    return form


def _line(number: int, row: list[str], columns: dict[str, int], heads: list[str], grid: _Grid) -> _Line:
    cells = {what: row[at] if at < len(row) else "" for what, at in columns.items()}
    inside = set(columns.values())
    others = [f"{heads[at]}: {text}" if at < len(heads) and heads[at] else text for at, text in enumerate(row) if at not in inside and text]  # fmt: skip
    mark, _, rest = cells.get("form", "").partition(" # ")
    hidden, _, prints = rest.partition(" # ")
    own = cells.get("code", "")
    if not own and grid.notes.covers(number, columns["code"]):  # the cell above was merged over this one
        own = hidden
    return _Line(number, cells | {"code": own, "hidden": hidden}, others, own, read_mark(mark), frozenset(prints.split()))  # fmt: skip


def _one_mark(lines: list[_Line]) -> Mark:
    marks = {line.mark for line in lines if line.mark}
    if not marks:
        raise SynthesisError("it no longer says which pack it belongs to: the hidden column Form is empty. Copy the answers into a fresh feedback.xlsx.")  # fmt: skip
    if len(marks) > 1:
        raise SynthesisError(f"it holds rows of {len(marks)} packs ({', '.join(sorted(mark.version for mark in marks))}); send back one file a pack.")  # fmt: skip
    return marks.pop()


def _misplaced_codes(lines: list[_Line], prints: frozenset[str]) -> list[str]:
    """Rows that went out and have lost their code or have another's: an answer could go astray."""
    problems = []
    for line in lines:
        said, hidden = read_code(line.code), read_code(line.cells["hidden"])
        if hidden and said != hidden:
            if not _written(line, prints):
                continue
            now = f"says {line.code!r}" if line.code else "is empty"
            problems.append(f"row {line.number}: the code {now}, and the row went out as “{line.cells['hidden']}”; put it back, or move whole rows only")  # fmt: skip
        elif not said and line.code and any(mark in line.code for mark in "·•|"):
            problems.append(f"row {line.number}: {line.code!r} is not the code of a question")
    return problems


def _written(line: _Line, prints: frozenset[str]) -> list[str]:
    """What somebody wrote in a row outside the cells for answers and comments, and in those."""
    given = [line.cells.get("answer", ""), line.cells.get("comment", "")]
    return [text for text in (*_beside(line, prints), *given) if text]


def _beside(line: _Line, prints: frozenset[str]) -> list[str]:
    locked = [line.cells.get("about", ""), line.cells.get("asks", "")]
    changed = [without_known(text) for text in locked if text and fingerprint(text) not in prints]
    return [text for text in (*changed, *line.others) if text]


def _take(form: Form, grid: _Grid, line: _Line, prints: frozenset[str]) -> None:
    where = read_code(line.code)
    answer, comment = line.cells.get("answer", ""), line.cells.get("comment", "")
    place = f"sheet {grid.name}, row {line.number}"
    if where and where[0] == FORM:
        if where[1] in WHO and (given := answer or comment):
            form.who[where[1]] = given
        if more := [*_beside(line, prints), *([comment] if answer and comment else [])]:
            form.entries.append(Entry(*WHOLE, "", "\n".join(more), place))
        return
    if not where:
        if texts := _whole(line):
            form.entries.append(Entry(*WHOLE, "", "\n".join(texts), f"{place} (added)"))
            form.remarks.append(f"Row {line.number} has no code, so it was taken as a comment on the whole pack.")
        return
    texts = _beside(line, prints)
    if answer or comment or texts:
        entry = Entry(*where, "", "\n".join(filter(None, [comment, *texts])), place)
        form.entries.append(answered(entry, answer) if answer else entry)
        if merged := grid.notes.below(line.number):
            form.remarks.append(f"Row {line.number} was merged with {merged}; what stands there was taken as an answer to {code(*where)}.")  # fmt: skip


def _whole(line: _Line) -> list[str]:
    """Everything that stands in a row that somebody added, a question that was copied into it as well."""
    cells = [line.cells.get(what, "") for what in ("code", "about", "asks", "answer", "comment")]
    return [text for text in (*cells, *line.others) if text]


def _take_notes(form: Form, grid: _Grid, lines: dict[int, _Line]) -> None:
    for note in grid.notes.margin:
        line = lines.get(note.row)
        where = read_code(line.code) if line else None
        target = where if where and where[0] != FORM else WHOLE
        form.entries.append(Entry(*target, "", note.text, f"note in the margin of sheet {grid.name}, row {note.row}"))
    _say_unread(form, grid)


def _say_unread(form: Form, grid: _Grid) -> None:
    for text in grid.notes.floating:
        form.entries.append(Entry(*WHOLE, "", text, f"text box on sheet {grid.name}"))
    if grid.notes.pictures:
        form.remarks.append(f"The sheet {grid.name} holds {counted(grid.notes.pictures, 'picture')}; what they show is not read: look at them.")  # fmt: skip


def _take_strays(form: Form, grids: list[_Grid], prints: frozenset[str]) -> None:
    """Whatever was written outside the answers: above them, in the other sheets, in sheets that were added."""
    strays = [stray for grid in grids for stray in _strays(grid, prints)]
    if len(strays) > MOST_STRAY:
        raise SynthesisError(f"it holds {len(strays):,} texts outside the answers; is it the right file?")
    form.entries += strays
    for grid in grids:
        _say_unread(form, grid)


def _strays(grid: _Grid, prints: frozenset[str]) -> Iterator[Entry]:
    for number, row in grid.rows:
        texts = [text for text in row if text and fingerprint(text) not in prints]
        if texts:
            yield Entry(*WHOLE, "", "\n".join(texts), f"sheet {grid.name}, row {number}")
    for note in grid.notes.margin:
        yield Entry(*WHOLE, "", note.text, f"note in the margin of sheet {grid.name}, row {note.row}")
