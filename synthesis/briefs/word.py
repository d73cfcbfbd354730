"""A local brief as a Word document of one A4 page: real headings, named tables with header rows, an alternative text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docx.document import Document
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from synthesis.briefs.contents import FIGURE_COLUMNS, MEASURE_COLUMNS, Brief
from synthesis.briefs.parts import ThemeLine
from synthesis.office.word_parts import add_picture, blank_document, describe_table, document_parts, zipped

_QUIET, _LINK = RGBColor(0x4D, 0x4D, 0x4D), RGBColor(0x12, 0x43, 0x6D)
#: Widths of the columns of the three tables, and of the two columns of text, in centimetres.
_FIGURES = (2.75, 1.5, 2.75, 1.25, 1.65, 2.05, 2.05, 1.0, 2.55, 1.9)
_THEMES, _MEASURES, _BESIDE = (4.9, 8.2, 6.35), (6.6, 4.2, 1.1, 1.5, 1.5, 4.55), (12.6, 6.45)
#: Letters of Arial that fill the room of the PDF's: it runs narrower.
_WIDER = 0.3


def brief_docx(brief: Brief, size: float = 7.0) -> bytes:
    """The brief as the bytes of a .docx file; ``size`` is that of the letters of its PDF (`briefs.pdf.fitted`), in points.

    The same brief gives the same bytes.
    """
    points = round((size + _WIDER) * 2) / 2
    sizes = {"Normal": points, "Title": points + 8, "Heading 1": points + 2, "Caption": points, "List Bullet": points}
    document = blank_document(brief.said("title"), sizes, (Cm(0.8), Cm(0.75)))
    _tight(document, sizes)
    words = brief.words.texts
    document.add_heading(brief.said("title"), 0)
    _quiet(document.add_paragraph(), brief.said("subtitle"))
    document.add_paragraph().add_run(brief.status).bold = True
    document.add_heading(brief.said("figures_heading"), 1)
    rows = brief.figures[list(FIGURE_COLUMNS)].to_numpy().tolist()
    _table(document, brief.figures_caption, words["figures_about"], brief.figure_heads, [[(each, "") for each in row] for row in rows], _FIGURES)  # fmt: skip
    _beside(document, brief, points)
    document.add_heading(words["themes_heading"], 1)
    heads = (words["head_theme"], words["step_label"], words["recommendation_label"])
    _table(document, brief.themes_rule, words["themes_caption"], heads, [_theme(brief, each) for each in brief.shown_themes], _THEMES)  # fmt: skip
    document.add_heading(words["measures_heading"], 1)
    rows = brief.measures[[*MEASURE_COLUMNS, "measure_id"]].to_numpy().tolist()
    _table(document, brief.measures_caption, words["measures_about"], brief.measure_heads, [[(row[0], f"({row[-1]})"), *((each, "") for each in row[1:-1])] for row in rows], _MEASURES)  # fmt: skip
    document.add_heading(words["sources_heading"], 1)
    _sources(document, brief)
    return zipped(document_parts(document))


def _tight(document: Document, sizes: Iterable[str]) -> None:
    """Little room between lines and paragraphs: the page has to hold everything."""
    for name in sizes:
        spacing = document.styles[name].paragraph_format
        spacing.space_before = Pt(4 if name == "Heading 1" else 0)
        spacing.space_after, spacing.line_spacing = Pt(1), 1.0
    document.styles["Caption"].font.bold = False
    below = document.styles["Title"].element.get_or_add_pPr()
    for line in below.findall(qn("w:pBdr")):
        below.remove(line)
    indent = document.styles["List Bullet"].paragraph_format
    indent.left_indent, indent.first_line_indent = Cm(0.3), Cm(-0.3)


def _quiet(paragraph: Paragraph, text: str) -> None:
    paragraph.add_run(text).font.color.rgb = _QUIET


def _beside(document: Document, brief: Brief, points: float) -> None:
    """Two columns of text: what to know and how common on the left, the picture and what it cannot tell on the right."""
    words = brief.words.texts
    _columns(document, _BESIDE)
    document.add_heading(words["notes_heading"], 1)
    for note in (*(each.text for each in brief.notes), words["reading"]):
        document.add_paragraph(note, style="List Bullet")
    document.add_heading(words["prevalence_heading"], 1)
    for said in brief.prevalence:
        document.add_paragraph(said.text, style="List Bullet")
    for said in brief.national:
        _quiet(document.add_paragraph(f"{said.text} ", style="List Bullet"), f"({', '.join(said.ids)})")
    _quiet(document.add_paragraph(), brief.prevalence_rule)
    document.paragraphs[-1].add_run().add_break(WD_BREAK.COLUMN)
    add_picture(document, brief.image.png, Cm(5.9), brief.image.alt, brief.said("picture_title"))
    document.add_heading(words["limits_heading"], 1)
    for limit in words["limits"]:
        document.add_paragraph(limit, style="List Bullet")
    _columns(document, ())


def _columns(document: Document, widths: Sequence[float]) -> None:
    """Begin a part of the page with columns of these widths in centimetres; none is one column."""
    section = document.add_section(WD_SECTION.CONTINUOUS)._sectPr
    for old in section.findall(qn("w:cols")):
        section.remove(old)
    twips = [round(567 * each) for each in widths]
    cells = "".join(f'<w:col w:w="{each}" w:space="{250 if at + 1 < len(twips) else 0}"/>' for at, each in enumerate(twips))  # fmt: skip
    how = f'w:num="{len(twips)}" w:equalWidth="0" w:space="250"' if twips else 'w:space="708"'
    made = parse_xml(f"<w:cols {nsdecls('w')} {how}>{cells}</w:cols>")
    after = section.find(qn("w:docGrid"))  # Word refuses parts of a section out of their order
    section.append(made) if after is None else after.addprevious(made)


def _theme(brief: Brief, theme: ThemeLine) -> list[tuple[str, str]]:
    steps = " ".join(f"{each.text} ({each.ids[0]})" for each in theme.steps)
    best = theme.recommendation
    said = (best.text, f"({best.ids[0]})") if best else (brief.words.texts["recommendation_none"], "")
    return [(f"{theme.id} {theme.plain}", theme.levels), (steps, brief.partly(theme)), said]


def _table(
    document: Document, caption: str, about: str, heads: Sequence[str], rows: Sequence[Sequence[tuple[str, str]]], widths: Sequence[float]
) -> None:  # fmt: skip
    """A table under its caption; a cell is a text and what stands quietly behind it. A name alone in the first cell is bold."""
    _quiet(document.add_paragraph(style="Caption"), caption)
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
            cell.paragraphs[0].add_run(text).bold = at == 0 and not behind
            if behind:
                _quiet(cell.paragraphs[0], f" {behind}" if text else behind)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for each in table.rows:
        for cell, width in zip(each.cells, widths, strict=True):
            cell.width = Cm(width)
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
    margins = parse_xml(
        f'<w:tblCellMar {nsdecls("w")}><w:left w:w="40" w:type="dxa"/><w:right w:w="40" w:type="dxa"/></w:tblCellMar>'
    )
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(margins)


def _sources(document: Document, brief: Brief) -> None:
    paragraph = document.add_paragraph()
    for text, links in brief.sources:
        paragraph.add_run(text + (": " if links else ""))
        for at, (name, address) in enumerate(links):
            paragraph.add_run(", " if at else "")
            if address:
                _link(document, paragraph, name, address)
            else:
                paragraph.add_run(name)
        paragraph.add_run(" · ")
    paragraph.add_run(brief.words.texts["rows_elsewhere"])


def _link(document: Document, paragraph: Paragraph, text: str, address: str) -> None:
    """A link, underlined, with its address in the document."""
    known = document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), known)
    run = paragraph.add_run(text)
    run.font.underline, run.font.color.rgb = True, _LINK
    link.append(run._r)
    paragraph._p.append(link)
