"""A review pack as a Word document: real headings, table header rows, alternative texts, and cells to answer in.

Each question stands in the first column of a table with its code, such as ``(T1 · fits)``; the answer goes into the second.
`feedback` finds the answers again by these codes, so rows may be moved and text around them changed. Boxes to tick are
content controls: a click ticks them in Word and in LibreOffice, a typed x does as well.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from xml.sax.saxutils import escape

from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from synthesis.office.word_parts import add_picture, blank_document, document_parts, zipped
from synthesis.office.word_text import texts
from synthesis.packs.contents import Pack, PackTheme, Question, Statement
from synthesis.packs.forms import FORM, PROPERTY, WHO, fingerprints, pack_mark
from synthesis.packs.lines import (
    note_lines,
    reply_rows,
    skip_line,
    support_rows,
    sure_lines,
    theme_heading,
    theme_lead,
    version_line,
)
from synthesis.packs.picture import PICTURE_SIZE, PICTURE_WIDTH, theme_picture
from synthesis.packs.signs import sign_alt, sign_files
from synthesis.packs.word_questions import large_print, questions, quiet

_SIZES = {"standard": 12, "easy_read": 15}
_LARGE = 18
#: The widest picture, in points.
_WIDEST = 328.0


def pack_docx(pack: Pack, large: bool = False) -> bytes:
    """The pack as the bytes of a .docx file; ``large`` sets it in 18 points."""
    return _bytes(_document(pack, large), pack)


def document_prints(pack: Pack) -> set[str]:
    """Fingerprints of every text in the document of a pack, to tell later what a reader wrote."""
    return set(_prints(_document(pack)).split())


def _prints(document: Document) -> str:
    told = [each.get("descr") for each in document.element.body.iter(qn("wp:docPr"))]
    return fingerprints([*texts([document.element.body, *(each.footer._element for each in document.sections)]), *told])


def _document(pack: Pack, large: bool = False) -> Document:
    document = _blank(pack, _LARGE if large else _SIZES[pack.variant])
    words = pack.words.texts
    document.add_heading(words["title"], 0)
    document.add_paragraph(words["subtitle"], style="Subtitle")
    if pack.state == "draft":
        _bold_start(document.add_paragraph(), words["draft_heading"], words["draft"])
    if pack.made:
        first, *others = pack.made
        _bold_start(document.add_paragraph(), f"{words['made_heading']}:", first)
        _lines(document, others)
    for name, lines in (("about", pack.about), ("asked", words["asked"]), ("care", words["care"])):
        # Care and support stand on one page, which can be kept when the rest is given back; large letters have a page a part.
        begins = name == "care" or (name == "asked" and large_print(document))
        document.add_heading(words[f"{name}_heading"], 1).paragraph_format.page_break_before = begins
        _lines(document, lines)
    _support(document, pack)
    _who_answers(document, pack)
    for at, theme in enumerate(pack.themes, 1):
        _theme(document, pack, theme, at)
    _replies(document, pack)
    document.add_heading(words["whole_heading"], 1)
    questions(document, pack, pack.pack_questions, "pack", words["whole_heading"])
    document.add_heading(words["return_heading"], 1)
    _lines(document, words["return"])
    if pack.rests:
        document.add_heading(words["rests_heading"], 1)
        _lines(document, pack.rests)
    return document


def _blank(pack: Pack, size: int) -> Document:
    """An empty document in the size of print, with its title, the pack's mark and the page footer set."""
    sizes = {"Normal": size, "Title": size + 10, "Subtitle": size + 1, "Heading 1": size + 5, "Heading 2": size + 2, "Heading 3": size}  # fmt: skip
    document = blank_document(pack.words.texts["title"], sizes)
    spacing = document.styles["Normal"].paragraph_format
    spacing.line_spacing, spacing.space_after = (1.6 if pack.variant == "easy_read" else 1.25), Pt(size / 2)
    about = document.core_properties
    about.subject = f"review pack {pack.version}"
    about.identifier = f"{pack.review}|{pack.version}|{pack.round_id}"
    footer = document.sections[0].footer.paragraphs[0]
    footer.text = f"{version_line(pack)} {pack.words.texts['page']} "
    # A field stands beside the runs of a paragraph; inside a run it would be lost.
    footer._p.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'))
    return document


def _lines(document: Document, lines: Iterable[str]) -> None:
    for line in lines:
        document.add_paragraph(line)


def _bold_start(paragraph: Paragraph, start: str, rest: str) -> None:
    paragraph.add_run(start).bold = True
    paragraph.add_run(f" {rest}")


def _support(document: Document, pack: Pack) -> None:
    words = pack.words.texts
    document.add_heading(words["support_heading"], 2)
    rows = support_rows(pack)
    document.add_paragraph(words["support_filled" if rows else "support_empty"])
    for row in rows:
        item = document.add_paragraph(style="List Bullet")
        hours = f", {row['hours']}" if row["hours"] else ""
        _bold_start(item, row["name"], f"({row['place']}): {row['what_for']} {row['contact']}{hours}")
        quiet(item, f" ({words['support_checked']} {row['checked_on']})")
    if not rows:
        _lines(document, (f"{line} ……………………………………………………" for line in words["support_lines"]))


def _theme(document: Document, pack: Pack, theme: PackTheme, at: int) -> None:
    words, easy = pack.words.texts, pack.variant == "easy_read"
    document.add_heading(f"{at}. {theme_heading(pack, theme)}", 1).paragraph_format.page_break_before = True
    if not easy:
        quiet(document.add_paragraph(), pack.words.said("theme_called", theme=theme.name))
    if theme.content_note:
        first, *others = note_lines(pack, theme)
        _bold_start(document.add_paragraph(), f"{words['hard_heading']}.", first)
        _lines(document, others)
        document.add_paragraph(skip_line(pack, theme))
    _sign(document, theme.picture)
    _lines(document, theme_lead(pack, theme))
    document.add_heading(words["who_heading"], 2)
    _picture(document, pack, theme)
    if not easy and theme.subthemes:
        document.add_heading(words["parts_heading"], 2)
        for _, name, plain in theme.subthemes:
            quiet(document.add_paragraph(f"{plain} ", style="List Bullet"), f"({name})")
    if theme.history:
        document.add_heading(words["history_heading"], 2)
        for line in theme.history:
            document.add_paragraph(line, style="List Bullet")
    document.add_heading(words["says_heading"], 2)
    for place, statement in enumerate(theme.statements, 1):
        heading = document.add_heading(pack.words.said("statement_heading", at=place, n=len(theme.statements)), 3)
        quiet(heading, f" ({statement.id})")
        _statement(document, pack, statement)
    # The answers to a theme stand on a page of their own, so that it alone can be given back.
    document.add_heading(words["answer_heading"], 2).paragraph_format.page_break_before = True
    questions(document, pack, pack.questions, theme.id, theme.name)


def _picture(document: Document, pack: Pack, theme: PackTheme) -> None:
    picture = theme_picture(theme, pack.words)
    # Its words come out as large as the text, as long as it fits on the page.
    size = document.styles["Normal"].font.size
    assert size is not None
    width = Pt(min(PICTURE_WIDTH * size.pt / PICTURE_SIZE, _WIDEST))
    add_picture(document, picture.png, width, picture.alt, theme.name)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph(f"{picture.alt} {pack.words.texts['picture_note']}")


def _sign(document: Document, name: str) -> None:
    """The sign beside an easy-read text, in a paragraph of its own that stays with the next one."""
    if not name:
        return
    add_picture(document, sign_files(name)[1], Cm(2.2), sign_alt(name), name)
    document.paragraphs[-1].paragraph_format.keep_with_next = True


def _statement(document: Document, pack: Pack, statement: Statement) -> None:
    words, said, easy = pack.words.texts, pack.words.said, pack.variant == "easy_read"
    kept = []
    _sign(document, statement.picture)
    for line in statement.easy if easy and statement.easy else (statement.plain,):
        kept.append(document.add_paragraph())
        kept[-1].add_run(line).bold = True
    studies = said("studies_behind", n=statement.n_studies, of=statement.of_studies)
    kept.append(document.add_paragraph(f"{statement.who} {studies}"))
    first, *others = sure_lines(pack, statement)
    kept.append(document.add_paragraph())
    _bold_start(kept[-1], f"{words['sure_heading']}:", first)
    kept += [document.add_paragraph(line) for line in others]
    if statement.listed:
        kept.append(document.add_paragraph())
        kept[-1].add_run(f"{words['against_heading' if statement.against else 'adds_heading']}:").bold = True
        kept += _against(document, pack, statement)
    elif easy:
        document.add_paragraph(statement.no_against)
    else:
        _bold_start(document.add_paragraph(), f"{words['against_heading']}:", statement.no_against)
    if statement.history:
        document.add_paragraph().add_run(f"{words['history_heading']}:").bold = True
    for line in statement.history:
        document.add_paragraph(line, style="List Bullet")
    for paragraph in kept:
        paragraph.paragraph_format.keep_with_next = True


def _against(document: Document, pack: Pack, statement: Statement) -> list[Paragraph]:
    """What contradicts a statement, else what adds to it; in easy read one line an idea. Returns paragraphs to be kept with the next one."""
    leads = []
    for each in statement.listed:
        if pack.variant != "easy_read":
            document.add_paragraph(f"{each.lead} {each.text}", style="List Bullet")
        elif each.easy:
            leads.append(document.add_paragraph(each.lead))
            for line in each.easy:
                document.add_paragraph(line, style="List Bullet")
    bare = sum(not each.easy for each in statement.listed)
    if bare and pack.variant == "easy_read":
        document.add_paragraph(pack.words.said("against_easy", n=bare))
    return leads


def _replies(document: Document, pack: Pack) -> None:
    words = pack.words.texts
    document.add_heading(words["replies_heading"], 1)
    rows = reply_rows(pack)
    for row in rows:
        item = document.add_paragraph(style="List Bullet")
        quiet(item, f"{row['about']}. {row['asked']}")
        item.add_run().add_break()
        _bold_start(item, words["you_said"], row["you_said"])
        item.add_run().add_break()
        _bold_start(item, words["we_did"], row["we_did"])
    if pack.n_waiting:
        document.add_paragraph(pack.words.said("replies_waiting", n=pack.n_waiting))
    elif not rows:
        document.add_paragraph(words["replies_none"])


def _who_answers(document: Document, pack: Pack) -> None:
    """Whose answers these are (a group and a part, never a name), and the mark of the pack."""
    words, answers = pack.words.texts, tuple(pack.words.texts["roles"].items())
    roomy = large_print(document)
    document.add_heading(words["form_heading"], 1).paragraph_format.page_break_before = roomy
    asked = [Question(each, words[f"{each}_question"], answers if each == "role" else (), free=False) for each in WHO]
    questions(document, pack, asked, FORM, words["form_heading"])
    document.add_paragraph(words["form_note"])
    quiet(document.add_paragraph(), str(pack_mark(pack)))


def _bytes(document: Document, pack: Pack) -> bytes:
    """The document as a file whose parts carry one fixed day, with what tells its own words from a reader's."""
    parts = document_parts(document) | _own_properties(pack, _prints(document))
    for name, link in (("[Content_Types].xml", _CUSTOM_TYPE), ("_rels/.rels", _CUSTOM_LINK)):
        head, closing, end = parts[name].rpartition(b"</")
        parts[name] = head + link + closing + end
    return zipped(parts)


_CUSTOM = "docProps/custom.xml"
_CUSTOM_TYPE = f'<Override PartName="/{_CUSTOM}" ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml"/>'.encode()
_CUSTOM_LINK = f'<Relationship Id="rIdPack" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties" Target="{_CUSTOM}"/>'.encode()
#: Characters that a word processor shows of a property; longer texts are parted.
_PROPERTY_LENGTH = 245


def _own_properties(pack: Pack, prints: str) -> dict[str, bytes]:
    """The part that holds the pack's mark and the fingerprints of its text; office programs keep it when they save."""
    parts = textwrap.wrap(prints, _PROPERTY_LENGTH)
    named = {PROPERTY: str(pack_mark(pack))} | {f"{PROPERTY} text {n:02}": part for n, part in enumerate(parts, 1)}
    kind = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
    rows = "".join(
        f'<property fmtid="{kind}" pid="{n}" name="{name}"><vt:lpwstr>{escape(text)}</vt:lpwstr></property>'
        for n, (name, text) in enumerate(named.items(), 2)
    )
    space = "http://schemas.openxmlformats.org/officeDocument/2006"
    head = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns="{space}/custom-properties" xmlns:vt="{space}/docPropsVTypes">'
    return {_CUSTOM: f"{head}{rows}</Properties>".encode()}
