"""A local brief as a Word document of one A4 page: real headings, named tables with header rows, an alternative text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from synthesis.briefs.contents import Brief
from synthesis.briefs.paper import Paper, paper
from synthesis.office.word_parts import blank_document, describe_table, document_parts, zipped

_QUIET, _LINK = RGBColor(0x4D, 0x4D, 0x4D), RGBColor(0x12, 0x43, 0x6D)
#: Widths of the columns of the two tables in centimetres; together the width of the text.
_FIGURES, _THEMES = (3.7, 2.2, 4.0, 3.0, 3.5, 2.2), (6.0, 3.3, 9.3)
#: Points of the letters: of the text, and of captions, identifiers and sources.
BODY, SMALL = 9.5, 8.0


def brief_docx(brief: Brief) -> bytes:
    """The brief as the bytes of a .docx file of one A4 page, with the texts of its PDF. The same brief gives the same bytes."""
    page, words = paper(brief), brief.words.texts
    sizes = {"Normal": BODY, "Title": 17, "Heading 1": 11, "Caption": SMALL, "List Bullet": BODY}
    document = blank_document(page.title, sizes, (Cm(1.0), Cm(1.2)))
    _tight(document, sizes)
    document.add_heading(page.title, 0).runs[0].bold = True
    _quiet(document, page.subtitle)
    document.add_heading(words["lead_heading"], 1)
    lead = document.add_paragraph()
    lead.add_run(f"{page.lead[0]} ").bold = True
    lead.add_run(" ".join(page.lead[1:]))
    document.add_paragraph(page.status).paragraph_format.space_before = Pt(4)
    document.add_heading(page.figures_heading, 1)
    _table(document, page.figures_caption, words["figures_paper_about"], page.figure_heads, [[(each, "") for each in row] for row in page.figures], _FIGURES, bold=(0, 2))  # fmt: skip
    _quiet(document, page.figures_note)
    _listed(document, words["notes_heading"], [(each, "") for each in page.notes], page.notes_more)
    document.add_heading(words["themes_heading"], 1)
    heads = (words["head_theme"], words["head_confidence"], words["head_match"])
    rows = [[(f"{key} {plain}", ""), (levels, ""), (match, f"({at})" if at else "")] for key, plain, levels, match, at in page.themes]  # fmt: skip
    _table(document, page.themes_rule, words["themes_caption"], heads, rows, _THEMES)
    _quiet(document, page.themes_more)
    _listed(document, words["prevalence_heading"], [(each, "") for each in page.prevalence], page.prevalence_more)
    _listed(document, words["measures_heading"], [(said, f"({at})") for said, at in page.measures], page.measures_more)
    _listed(document, words["limits_heading"], [(each, "") for each in page.limits], "")
    document.add_heading(words["sources_heading"], 1)
    _sources(document, page)
    return zipped(document_parts(document))


def _tight(document: Document, sizes: Iterable[str]) -> None:
    """Little room between lines and paragraphs: the page has to hold everything."""
    for name in sizes:
        spacing = document.styles[name].paragraph_format
        spacing.space_before = Pt(5 if name == "Heading 1" else 0)
        spacing.space_after, spacing.line_spacing = Pt(1), 1.0
    document.styles["Caption"].font.bold = False
    below = document.styles["Title"].element.get_or_add_pPr()
    for line in below.findall(qn("w:pBdr")):
        below.remove(line)
    indent = document.styles["List Bullet"].paragraph_format
    indent.left_indent, indent.first_line_indent = Cm(0.35), Cm(-0.35)


def _behind(paragraph: Paragraph, text: str) -> None:
    """Add a text in small, quiet letters."""
    run = paragraph.add_run(text)
    run.font.color.rgb, run.font.size = _QUIET, Pt(SMALL)


def _quiet(document: Document, text: str) -> None:
    if text:
        _behind(document.add_paragraph(), text)


def _listed(document: Document, heading: str, lines: Sequence[tuple[str, str]], more: str) -> None:
    """A heading, a list below it of texts with what stands quietly behind each, and how many there are elsewhere."""
    document.add_heading(heading, 1)
    for text, behind in lines:
        paragraph = document.add_paragraph(text, style="List Bullet")
        if behind:
            _behind(paragraph, f" {behind}")
    _quiet(document, more)


def _table(
    document: Document, caption: str, about: str, heads: Sequence[str], rows: Sequence[Sequence[tuple[str, str]]], widths: Sequence[float], bold: Sequence[int] = ()
) -> None:  # fmt: skip
    """A table under its caption; a cell is a text and what stands quietly behind it; whole columns can be bold."""
    document.add_paragraph(caption, style="Caption").runs[0].font.color.rgb = _QUIET
    table = document.add_table(rows=1, cols=len(heads))
    table.style = "Table Grid"
    table.autofit = False
    describe_table(table, caption, about)
    for cell, text in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].add_run(text).bold = True
    for row in rows:
        made = table.add_row()
        made._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for at, (cell, (text, behind)) in enumerate(zip(made.cells, row, strict=True)):
            cell.paragraphs[0].add_run(text).bold = at in bold
            if behind:
                _behind(cell.paragraphs[0], f" {behind}" if text else behind)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for each in table.rows:
        for cell, width in zip(each.cells, widths, strict=True):
            cell.width = Cm(width)
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
    margins = parse_xml(
        f'<w:tblCellMar {nsdecls("w")}><w:left w:w="50" w:type="dxa"/><w:right w:w="50" w:type="dxa"/></w:tblCellMar>'
    )
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(margins)


def _sources(document: Document, page: Paper) -> None:
    paragraph = document.add_paragraph()
    for at, (text, links) in enumerate(page.sources):
        _behind(paragraph, (" · " if at else "") + text + (": " if links else ""))
        for n, (name, address) in enumerate(links):
            _behind(paragraph, ", " if n else "")
            if address:
                _link(document, paragraph, name, address)
            else:
                _behind(paragraph, name)
    _behind(paragraph, f". {page.elsewhere}")


def _link(document: Document, paragraph: Paragraph, text: str, address: str) -> None:
    """A link, underlined, with its address in the document."""
    known = document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), known)
    run = paragraph.add_run(text)
    run.font.underline, run.font.color.rgb, run.font.size = True, _LINK, Pt(SMALL)
    link.append(run._r)
    paragraph._p.append(link)
