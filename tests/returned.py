"""Forms as somebody sends them back: filled in by hand, edited, damaged. Everything said in them is INVENTED."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
from docx.oxml.ns import qn

from synthesis.packs.forms import codes_in

GROUP, ROLE = "garden-group", "parent with lived experience"


class FilledSheet:
    """A feedback workbook as somebody has it before them; rows are named by their code."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.sheet = self.book["Answers"]

    def row(self, code: str) -> int:
        return next(row for row in range(1, self.sheet.max_row + 1) if self.sheet.cell(row, 1).value == code)

    def put(self, code: str, answer: str = "", words: str = "") -> FilledSheet:
        for column, text in ((4, answer), (5, words)):
            if text:
                cell = self.sheet.cell(self.row(code), column)
                cell.value, cell.data_type = text, "s"
        return self

    def who(self, group: str = GROUP, role: str = ROLE, copy: str = "") -> FilledSheet:
        return self.put("form · group", words=group).put("form · role", role).put("form · copy", words=copy)

    def saved(self, path: Path) -> Path:
        self.book.save(path)
        return path

    def as_csv(self, path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Path:
        import csv

        text = io.StringIO()
        rows = [[cell or "" for cell in row] for row in self.sheet.iter_rows(values_only=True)]
        csv.writer(text, delimiter=delimiter).writerows(rows)
        path.write_bytes(text.getvalue().encode(encoding))
        return path


class FilledDocument:
    """A pack's document as somebody has it before them; rows are named by their code."""

    def __init__(self, content: bytes) -> None:
        self.doc = docx.Document(io.BytesIO(content))

    def row(self, target: str, question: str):
        return next(row for table in self.doc.tables for row in table.rows if (target, question) in codes_in(row.cells[0].text))  # fmt: skip

    def write(self, target: str, question: str, text: str) -> FilledDocument:
        self.row(target, question).cells[1].add_paragraph(text)
        return self

    def click(self, target: str, question: str, nth: int) -> FilledDocument:
        """Click the nth box, as a word processor records it."""
        box = list(self.row(target, question)._tr.iter(qn("w:sdt")))[nth]
        checked = box.find(".//{http://schemas.microsoft.com/office/word/2010/wordml}checked")
        checked.set("{http://schemas.microsoft.com/office/word/2010/wordml}val", "1")
        box.find(f".//{qn('w:t')}").text = "☒"
        return self

    def type_over(self, target: str, question: str, text: str) -> FilledDocument:
        """Replace a line of boxes by what somebody typed there."""
        cell = self.row(target, question).cells[1]
        for box in list(cell._tc.iter(qn("w:sdt"))):
            box.getparent().remove(box)
        cell.paragraphs[0].text = text
        return self

    def paragraph(self, start: str):
        return next(each for each in self.doc.paragraphs if each.text.startswith(start))

    def note(self, paragraph, text: str, author: str = "Somebody Known") -> FilledDocument:
        self.doc.add_comment(paragraph.runs[0], text=text, author=author, initials="SK")
        return self

    def who(self, group: str = GROUP, role: int = 0) -> FilledDocument:
        return self.write("form", "group", group).click("form", "role", role)

    def saved(self, path: Path) -> Path:
        self.doc.save(str(path))
        return path


def with_parts(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An office file with its parts changed."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def resaved(path: Path, *kinds: str) -> Path:
    """The file after LibreOffice saved it as each of these kinds in turn, under another name."""
    profile = f"-env:UserInstallation=file://{path.parent.parent}/soffice"  # made once, for all tests
    for kind in kinds:
        ending, out = kind.partition(":")[0], path.parent / "saved"
        subprocess.run(["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=120)  # fmt: skip
        (made,) = out.glob(f"{path.stem}*.{ending}")
        path = made.rename(path.parent / f"what I think.{ending}")
    return path
