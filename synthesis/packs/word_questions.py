"""Questions in a Word document: a table a part, with a code and room to answer in each row, and boxes to tick."""

from __future__ import annotations

from collections.abc import Sequence

from docx.document import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from synthesis.office.word_parts import describe_table
from synthesis.packs.contents import Pack, Question

#: Points from which letters count as large: a part then needs a page of its own.
LARGE_FROM = 14
#: Letters of a label that fits on one line of its cell, whatever the size of print.
_SHORT_LABEL = 18
_QUIET = RGBColor(0x59, 0x59, 0x59)


def quiet(paragraph: Paragraph, text: str) -> None:
    run = paragraph.add_run(text)
    run.font.color.rgb = _QUIET


def questions(document: Document, pack: Pack, questions: Sequence[Question], target: str, about: str) -> None:
    """A table of questions and room to answer, with a marked header row and a title for screen readers."""
    words = pack.words.texts
    table = document.add_table(rows=1, cols=2)
    table.style = "Table Grid"
    table.autofit = False
    describe_table(table, f"{words['answer_heading']} {about}", words["table_about"])
    for cell, text in zip(table.rows[0].cells, (words["question_heading"], words["answer_column"]), strict=True):
        cell.paragraphs[0].add_run(text).bold = True
    for question in questions:
        row = table.add_row()
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        asked = row.cells[0].paragraphs[0]
        asked.add_run(f"{question.text} ")
        quiet(asked, f"({target} · {question.id})")
        _room(row.cells[1], question, target, 2 if large_print(document) else 3)
    for row in table.rows:
        for cell, width in zip(row.cells, (Cm(6.5), Cm(10.5)), strict=True):
            cell.width = width
    # Word wants a paragraph after a table; it must not make a page of its own.
    after = document.add_paragraph().paragraph_format
    after.space_after, after.line_spacing = Pt(0), Pt(2)


def large_print(document: Document) -> bool:
    """Whether letters are so large that a part needs a page of its own."""
    size = document.styles["Normal"].font.size
    return size is not None and size.pt >= LARGE_FROM


def _room(cell: _Cell, question: Question, target: str, n_lines: int) -> None:
    paragraph = cell.paragraphs[0]
    listed = any(len(text) >= _SHORT_LABEL for _, text in question.answers)  # long answers have a line each
    for word, text in question.answers:
        paragraph._p.append(_box(f"{target}/{question.id}/{word}", text))
        # A box stays beside its first words; a long label may break further on.
        paragraph.add_run(f" {text}".replace(" ", "\N{NO-BREAK SPACE}", 9 if len(text) < _SHORT_LABEL else 1))
        after = paragraph.add_run("" if listed else "     ")
        if listed and word != question.answers[-1][0]:
            after.add_break()
    if question.free:
        for _ in range(n_lines):
            cell.add_paragraph()


def _box(tag: str, title: str):
    """A box to tick, as a content control."""
    return parse_xml(
        f'<w:sdt {nsdecls("w")} xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"><w:sdtPr><w:alias w:val="{title}"/>'
        f'<w:tag w:val="{tag}"/><w14:checkbox><w14:checked w14:val="0"/><w14:checkedState w14:val="2612" w14:font="MS Gothic"/>'
        '<w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:rPr>'
        '<w:rFonts w:ascii="MS Gothic" w:hAnsi="MS Gothic" w:eastAsia="MS Gothic"/></w:rPr><w:t>☐</w:t></w:r></w:sdtContent></w:sdt>'
    )
