"""Planning sheets as a team sends them back: filled in by hand, edited, damaged. Area and answers are INVENTED."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import openpyxl

from synthesis.evidence.tables import Evidence
from synthesis.planning.sheet import planning_workbook

AREA, TODAY = "Exampleton", dt.date(2026, 11, 22)
STAGES = ("not started", "planned", "begun", "in place")
HEADS = ("Stage", "How do you know?", "Owner (a role)", "By when")


class FilledPlan:
    """A planning sheet before a team; rows are named by their identifier, columns by their heading."""

    def __init__(self, evidence: Evidence, area: str = AREA, stages=STAGES, before=None) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(planning_workbook(evidence, area, stages, before)))
        self.sheet = self.book["Plan"]

    def row(self, item: str) -> int:
        return next(row for row in range(1, self.sheet.max_row + 1) if self.sheet.cell(row, 1).value == item)

    def column(self, heading: str) -> int:
        return next(at for at in range(1, self.sheet.max_column + 1) if self.sheet.cell(1, at).value == heading)

    def cell(self, item: str, heading: str):
        return self.sheet.cell(self.row(item), self.column(heading))

    def type(self, item: str, heading: str, value) -> FilledPlan:
        """Type something into a cell; text stays text."""
        cell = self.cell(item, heading)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
        return self

    def put(self, item: str, *answers) -> FilledPlan:
        """Stage, note, owner and day of an item, in this order."""
        for heading, value in zip(HEADS, answers, strict=False):
            if value:
                self.type(item, heading, value)
        return self

    def on(self, day="2025-06-01") -> FilledPlan:
        return self.type("day", "Stage", day)

    def saved(self, path: Path) -> Path:
        self.book.save(path)
        return path

    def as_csv(self, path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Path:
        text = io.StringIO()
        rows = [[_shown(cell) for cell in row] for row in self.sheet.iter_rows(values_only=True)]
        csv.writer(text, delimiter=delimiter).writerows(rows)
        path.write_bytes(text.getvalue().encode(encoding))
        return path


def _shown(value) -> str:
    """A cell as a spreadsheet program writes it into a text table."""
    return value.strftime("%Y-%m-%d") if isinstance(value, dt.datetime) else value or ""
