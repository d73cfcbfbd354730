"""Parts of Word documents that readers of screen readers need, and files that are the same bytes every time."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt, RGBColor
from docx.table import Table

#: Everything in a file carries this day, so that the same content gives the same bytes.
_DAY = dt.datetime(2000, 1, 1)


def blank_document(
    title: str, sizes: Mapping[str, float], margins: tuple[Length, Length] = (Cm(1.9), Cm(2))
) -> Document:
    """An empty A4 document in one sans-serif face, with its language and title set.

    Parameters
    ----------
    sizes : points of the letters of each style, such as ``Normal`` and ``Heading 1``.
    margins : above and below, left and right.
    """
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = margins[0]
    section.left_margin = section.right_margin = margins[1]
    for name, points in sizes.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.italic = "Arial", Pt(points), False
        style.font.color.rgb = RGBColor(0x1A, 0x1A, 0x1A)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            del fonts.attrib[attribute]
        for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{kind}"), "Arial")
    language = document.styles.element.find(f".//{qn('w:lang')}")
    language.set(qn("w:val"), "en-GB")
    about = document.core_properties
    about.title, about.author, about.language, about.comments = title, "", "en-GB", ""
    about.created = about.modified = _DAY
    return document


def describe_table(table: Table, caption: str, about: str) -> None:
    """Give a table its name and description for screen readers, and mark its first row as its head."""
    for tag, text in (("w:tblCaption", caption), ("w:tblDescription", about)):
        element = OxmlElement(tag)
        element.set(qn("w:val"), text)
        table._tbl.tblPr.append(element)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def add_picture(document: Document, png: bytes, width: Length, alt: str, title: str) -> None:
    """Add a picture with its alternative text, in a paragraph of its own."""
    about = document.add_picture(io.BytesIO(png), width=width)._inline.docPr
    about.set("descr", alt)
    about.set("title", title)


def document_parts(document: Document) -> dict[str, bytes]:
    """The parts of a document by name."""
    made = io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as parts:
        return {part.filename: parts.read(part) for part in parts.infolist()}


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """The parts as a file that carries one fixed day."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            fixed = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, content)
    return target.getvalue()
