"""Every sheet that people fill in outside the toolkit: written to a workbook by its name, and read back as what it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from synthesis.coding import settlement
from synthesis.coding.sheet import CODING, coding_sheet, read_coding_sheet
from synthesis.evidence.files import free_path, write_bytes
from synthesis.evidence.schema import CallError, SynthesisError, counted
from synthesis.evidence.tables import Evidence
from synthesis.office.table_sheets import Imported, check_person, read_table_sheet
from synthesis.office.workbooks import sheet_names
from synthesis.review import appraisal_sheets
from synthesis.themes import confidence_sheets

#: Sheet -> what it is for, the parts of the call that it needs, and those that it may have.
SHEETS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "coding-sheet": ("one coder codes, blind to the others", ("coder",), ("studies",)),
    "disagreement-sheet": ("where two coders differ, to settle", ("coders",), ("studies",)),
    "appraisal-sheet": ("one appraiser answers the items of a tool, blind to the others", ("appraiser", "tool"), ("studies", "parts")),
    "appraisal-settlement": ("where appraisers differ, to settle", (), ("tool", "studies")),
    "confidence-sheet": ("one assessor judges confidence in each review finding, blind to the others", ("assessor",), ()),
    "confidence-settlement": ("where assessors differ, to settle", (), ()),
}  # fmt: skip


def export_sheet(
    evidence: Evidence,
    sheet: str,
    path: str | Path,
    *,
    coder: str = "",
    coders: Sequence[str] = (),
    appraiser: str = "",
    assessor: str = "",
    tool: str = "",
    studies: Collection[str] | None = None,
    parts: Collection[str] = (),
    force: bool = False,
) -> Path:
    """Write a workbook to fill in.

    Parameters
    ----------
    sheet : one of `SHEETS`; which of the following it needs and may have is listed there.
    path : where to write (.xlsx); the folder must be there.
    coder, appraiser, assessor : whose sheet, a row of the table ``coders`` of kind person.
    coders : the two coders of a disagreement sheet.
    tool : appraisal tool, such as ``casp_qualitative``; for a settlement, that tool alone.
    studies : the studies to code, to appraise or to settle (default all).
    parts : the parts of the tool that suit them, such as ``["qualitative"]`` of the MMAT (default all).
    force : replace a file that is there already; what was filled in there is lost.

    Returns the path. Raises CallError for an unknown sheet or person, a part of the call that is missing or that the sheet does
    not take, a program's pass, a file that is there already and a folder that is not; SynthesisError where there is nothing to settle.
    """
    if sheet not in SHEETS:
        raise CallError(f"There is no sheet {sheet!r}; there are {', '.join(SHEETS)}.")
    _check_call(sheet, {"coder": coder, "coders": coders, "appraiser": appraiser, "assessor": assessor, "tool": tool, "parts": parts, "studies": studies is not None})  # fmt: skip
    target = free_path(Path(path), ".xlsx", "a workbook", force)
    make: dict[str, Callable[[], bytes]] = {
        "coding-sheet": lambda: coding_sheet(evidence, coder, studies),
        "disagreement-sheet": lambda: settlement.disagreement_workbook(evidence, coders[0], coders[1], studies),
        "appraisal-sheet": lambda: appraisal_sheets.appraisal_workbook(evidence, tool, appraiser, studies, parts),
        "appraisal-settlement": lambda: appraisal_sheets.appraisal_settlement_workbook(evidence, tool or None, studies),
        "confidence-sheet": lambda: confidence_sheets.confidence_workbook(evidence, assessor),
        "confidence-settlement": lambda: confidence_sheets.confidence_settlement_workbook(evidence),
    }
    return write_bytes(make[sheet](), target)


def _check_call(sheet: str, given: Mapping[str, object]) -> None:
    """Refuse a call without what its sheet needs, or with what would be passed over."""
    _, needs, may = SHEETS[sheet]
    what = f"{'An' if sheet[0] == 'a' else 'A'} {sheet}"
    if lacking := [f"--{name}" for name in needs if not given[name]]:
        raise CallError(f"{what} needs {' and '.join(lacking)}.")
    if strange := [f"--{name}" for name in given if given[name] and name not in (*needs, *may)]:
        takes = ", ".join(f"--{name}" for name in (*needs, *may)) or "none of its own"
        raise CallError(f"{what} takes no {' and no '.join(strange)}; its options: {takes}.")


def import_sheet(evidence: Evidence, path: str | Path) -> Imported:
    """Read back any workbook that `export_sheet` wrote, after people filled it in.

    Nothing is written: ``write_tables(brought.tables, folder)`` does. Returns what it brought (see `Imported`). Raises
    EvidenceError with every problem, its row and column, and SynthesisError for a file that is no such workbook.
    """
    names = sheet_names(Path(path))
    found = next((name for name in _READERS if name in names), None)
    if found is None and "Plan" in names:
        raise CallError(f"{path} is a planning sheet; `synthesis plan read {path} --into FOLDER` reads it into the team's own folder.")  # fmt: skip
    if found is None:
        raise SynthesisError(f"{path} is none of the workbooks that `synthesis export` writes: it has the sheets {', '.join(names) or 'none'}, and none of {', '.join(_READERS)}.")  # fmt: skip
    return _READERS[found](evidence, path)


def _table(path: str | Path, name: str) -> pd.DataFrame:
    table = read_table_sheet(path, name)
    if table is None:
        raise SynthesisError(f"{path} has no sheet {name} any more.")
    return table


def _settled(evidence: Evidence, path: str | Path) -> Imported:
    now = settlement.settle(evidence, _table(path, settlement.SHEET))
    n = len(now.adjudications)
    return Imported("settlement", now, n, n - len(evidence.adjudications), [], _SETTLED)


def _appraised(evidence: Evidence, path: str | Path) -> Imported:
    brought = appraisal_sheets.record_appraisals(evidence, _table(path, appraisal_sheets.SHEET))
    check_person(evidence, brought.person, "appraiser", SynthesisError)
    return brought


def _judged(evidence: Evidence, path: str | Path) -> Imported:
    brought = confidence_sheets.record_confidence(evidence, _table(path, confidence_sheets.SHEET))
    check_person(evidence, brought.person, "assessor", SynthesisError)
    return brought


_SETTLED = ("codings", "adjudications", "uncoded")
#: Name of the sheet that a workbook has -> what reads it.
_READERS: dict[str, Callable[[Evidence, str | Path], Imported]] = {
    settlement.SHEET: _settled,
    appraisal_sheets.SHEET: _appraised,
    appraisal_sheets.SETTLEMENT: lambda evidence, path: appraisal_sheets.settle_appraisals(evidence, _table(path, appraisal_sheets.SETTLEMENT)),
    confidence_sheets.SHEET: _judged,
    confidence_sheets.SETTLEMENT: lambda evidence, path: confidence_sheets.settle_confidence(evidence, _table(path, confidence_sheets.SETTLEMENT)),
    CODING: read_coding_sheet,
}  # fmt: skip


def what_it_brought(brought: Imported) -> str:
    """A sheet's content in a sentence, for the person who imports it."""
    if brought.changes == _SETTLED:
        return f"{counted(brought.n_read, 'finding')} settled, {brought.n_changed} more than before."
    words = {"codings": "finding read", "appraisals": "answer", "confidence": "judgement"}
    one = "settlement" if brought.person == "settlement" else words[brought.changes[0]]
    whose = "" if brought.person == "settlement" else f"{brought.person}: "
    several = "findings read" if one == "finding read" else ""
    return f"{whose}{counted(brought.n_read, one, several)} in the sheet, {brought.n_changed} of them changed."
