"""Every form of a pack, and every notebook's page, can be read aloud, enlarged, printed in grey and used by keyboard.

Told here from the files themselves; ``tests/browser`` asks a browser the same and more.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx
import lxml.html
import pytest
from accessible import contrast, css_faults, docx_faults, page_faults, pdf_faults, pdf_text
from filled_pack import TYPED, filled
from pdf_tags import tag_faults

from synthesis.drawing.canvas import INK, PARENTS, PRACTITIONERS
from synthesis.packs.contents import VARIANTS, build_packs
from synthesis.packs.pages import pack_page
from synthesis.packs.pdf import pack_pdf
from synthesis.packs.picture import PICTURE_SIZE, PICTURE_WIDTH, studies_picture, studies_picture_alt
from synthesis.packs.word import pack_docx
from synthesis.reports.notebooks import _anchored, notebook_page, notebook_title

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
NAMES = ("advisory-standard", "advisory-easy_read", "practitioner-standard", "practitioner-easy_read", "filled", "filled-easy_read")  # fmt: skip


@pytest.fixture(scope="module")
def packs(evidence):
    made = {f"{who}-{how}": pack for who in ("advisory", "practitioner") for how, pack in zip(VARIANTS, build_packs(evidence, who), strict=True)}  # fmt: skip
    return made | {"filled": filled(made["advisory-standard"]), "filled-easy_read": filled(made["advisory-easy_read"])}


@pytest.fixture(scope="module")
def pages(packs):
    return {name: pack_page(pack) for name, pack in packs.items()}


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("name", NAMES)
def test_a_packs_page_has_no_fault(pages, name):
    assert page_faults(pages[name]) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebooks_page_has_no_fault(path):
    text = path.read_text(encoding="utf-8")
    assert page_faults(notebook_page(text, notebook_title(text, path.stem), {})) == []


def test_the_page_fits_a_phone_without_its_pictures_shrinking_to_nothing(pages):
    """On a screen 320 pixels wide, 288 are left for the picture: its words are then as large as small print."""
    assert "max-width: 22rem" in pages["advisory-standard"]
    assert 288 / PICTURE_WIDTH * PICTURE_SIZE >= 12


def test_what_people_typed_is_shown_as_they_typed_it(pages):
    page = lxml.html.document_fromstring(pages["filled"])
    assert page.find(".//script") is None
    assert TYPED in " ".join(page.text_content().split())


def test_boxes_to_tick_are_drawn_on_paper_only(pages):
    """On a screen nothing can be ticked there, so nothing may look as if it could."""
    style = re.search(r"@media screen \{(.*)\}\n", pages["advisory-standard"])
    assert style is not None
    assert ".write { display: none; }" in style[1] and 'content: "•"' in style[1]
    page = lxml.html.document_fromstring(pages["advisory-standard"])
    said = [each.text_content() for each in page.iter("p") if each.get("class") == "on-screen"]
    assert len(said) == 6 and all("Word document" in each for each in said)


def test_a_theme_is_headed_by_its_plain_sentence_and_the_reviews_name_stands_below(packs, pages):
    page = lxml.html.document_fromstring(pages["advisory-standard"])
    for at, theme in enumerate(packs["advisory-standard"].themes, 1):
        heading = page.get_element_by_id(theme.id)
        assert heading.text_content() == f"{at}. {theme.plain.rstrip('.')}"
        assert theme.name in heading.getnext().text_content()
    easy = lxml.html.document_fromstring(pages["advisory-easy_read"])
    for theme in packs["advisory-easy_read"].themes:
        assert theme.easy[0].rstrip(".") in easy.get_element_by_id(theme.id).text_content()
        assert all(line in easy.text_content() for line in theme.easy[1:])


# ---------------------------------------------------------------- pictures


def test_a_pictures_alternative_text_says_the_finding(packs):
    for name, pack in packs.items():
        for theme in pack.themes:
            alt = studies_picture_alt(theme, pack.words)
            assert re.search(r"more often|about as often|^More studies", alt), (name, alt)


def test_a_picture_tells_its_two_states_apart_without_colour():
    """Filled against white, and every square has a line around it; the two sides stand apart under their own words."""
    for side in (PARENTS, PRACTITIONERS):
        assert contrast(side["color"], "#ffffff") >= 3
    assert contrast(INK, "#ffffff") >= 7


def test_a_picture_draws_a_square_a_study_and_fills_those_that_speak(packs):
    theme = packs["advisory-standard"].themes[0]
    ax = studies_picture(theme, packs["advisory-standard"].words)
    squares = ax.patches
    assert len(squares) == theme.parents[1] + theme.practitioners[1]
    assert sum(each.get_facecolor()[:3] != (1, 1, 1) for each in squares) == theme.parents[0] + theme.practitioners[0]


# ---------------------------------------------------------------- Word


@pytest.fixture(scope="module")
def documents(packs):
    made = {name: pack_docx(packs[name]) for name in ("advisory-standard", "advisory-easy_read", "filled")}
    return made | {"large": pack_docx(packs["advisory-standard"], large=True)}


@pytest.mark.parametrize("name", ("advisory-standard", "advisory-easy_read", "filled", "large"))
def test_a_word_document_has_no_fault(documents, name):
    assert docx_faults(documents[name]) == []


def test_a_word_document_names_its_parts_by_headings(documents, packs):
    document = docx.Document(io.BytesIO(documents["advisory-standard"]))
    headings = [each.text for each in document.paragraphs if each.style.name == "Heading 1"]
    plain = [f"{at}. {each.plain.rstrip('.')}" for at, each in enumerate(packs["advisory-standard"].themes, 1)]
    assert [each for each in headings if each in plain] == plain
    statements = [each.text for each in document.paragraphs if each.style.name == "Heading 3"]
    assert len(statements) == sum(len(each.statements) for each in packs["advisory-standard"].themes)


def test_large_print_is_large_in_its_tables_and_pictures_too(documents):
    document = docx.Document(io.BytesIO(documents["large"]))
    assert document.styles["Normal"].font.size.pt >= 16
    assert all(run.font.size is None for table in document.tables for cell in table._cells for each in cell.paragraphs for run in each.runs)  # fmt: skip
    assert all(each.width.pt / PICTURE_WIDTH * PICTURE_SIZE >= 14 for each in document.inline_shapes)


# ---------------------------------------------------------------- PDF


@pytest.fixture(scope="module")
def printed(packs):
    made = {name: pack_pdf(packs[name]) for name in ("advisory-standard", "advisory-easy_read", "filled")}
    return made | {"large": pack_pdf(packs["advisory-standard"], large=True)}


@pytest.mark.parametrize("name", ("advisory-standard", "advisory-easy_read", "filled", "large"))
def test_a_pdf_is_tagged(printed, name):
    assert pdf_faults(printed[name]) == []


@pytest.mark.parametrize("name", ("advisory-standard", "advisory-easy_read", "filled", "large"))
def test_the_tags_of_a_pdf_are_in_order_and_hold_everything_on_its_pages(printed, name):
    assert tag_faults(printed[name]) == []


def test_each_fault_of_a_pdfs_tags_is_found():
    page = b"<< /Type /Page /Annots [9 0 R] /Contents 3 0 R >>"
    parts = {
        1: b"<< /Type /Catalog /StructTreeRoot 2 0 R >>",
        2: b"<< /Type /StructTreeRoot /K [4 0 R 5 0 R 6 0 R 7 0 R 8 0 R 10 0 R] >>",
        3: b"<< /Length 40 >>\nstream\n/P <</MCID 0>> BDC (in) Tj EMC (outside) Tj\nendstream",
        4: b"<< /S /H2 /K 0 >>",
        5: b"<< /S /H4 >>",
        6: b"<< /S /Figure /Alt (bar chart \\(1\\)) >>",
        7: b"<< /S /L /K [4 0 R] >>",
        8: b"<< /S /Table /K [11 0 R] >>",
        10: b"<< /S /Strong >>",
        11: b"<< /S /TH >>",
        12: page,
    }
    content = b"%PDF-1.7\n" + b"".join(b"%d 0 obj%s\nendobj\n" % (n, body) for n, body in parts.items())
    faults = "\n".join(tag_faults(content))
    wanted = (
        "first heading is of level 2", "level 4 follows one of level 2", "a heading holds nothing", "says little: 'bar chart",
        "something else than its items", "no header cells", "kind Strong", "which tags its content", "order of the tags",
        "belongs to no tag", "not marked as tagged", "language is not set", "title is not shown", "cannot be told",
    )  # fmt: skip
    assert [each for each in wanted if each not in faults] == []


def test_every_picture_and_heading_of_a_pdf_is_tagged(printed, packs):
    text = pdf_text(printed["advisory-standard"])
    themes = packs["advisory-standard"].themes
    figures = re.findall(r"/S\s*/Figure\b", text)
    assert len(figures) == len(themes)
    assert len(re.findall(r"/Alt\s*[(<]", text)) >= len(themes)
    assert len(re.findall(r"/S\s*/H3\b", text)) == sum(len(each.statements) for each in themes)


# ---------------------------------------------------------------- the checks themselves

GOOD = (
    '<!DOCTYPE html><html lang="en-GB"><head><title>A page</title><meta name="viewport" content="width=device-width">'
    "<style>body { color: #1a1a1a; background: #fff; } a:focus-visible { outline: 3px solid #801650; }</style></head>"
    '<body><main><h1 id="top">A page</h1><h2>A part</h2><p><a href="#top">Up</a></p><div class="wide" role="region" aria-label="Counts" tabindex="0">'
    '<table><caption>Counts</caption><thead><tr><th scope="col">Side</th><th scope="col">Studies</th></tr></thead>'
    '<tbody><tr><th scope="row">Parents</th><td>80</td></tr></tbody></table></div>'
    '<img src="data:image/png;base64,AAAA" alt="Studies with parents speak of this more often."></main></body></html>'
)
BREAKS = {
    "no doctype": ("<!DOCTYPE html>", "", "doctype"),
    "no language": (' lang="en-GB"', "", "language"),
    "no title": ("<title>A page</title>", "<title> </title>", "no title"),
    "no viewport": ('<meta name="viewport" content="width=device-width">', "", "phone"),
    "no main part": ("main>", "div>", "main part"),
    "two h1": ("<h2>A part</h2>", "<h1>A part</h1>", "2 times"),
    "a level skipped": ("<h2>A part</h2>", "<h4>A part</h4>", "after h1 comes h4"),
    "an empty heading": ("<h2>A part</h2>", "<h2> </h2>", "h2 is empty"),
    "no alternative text": (' alt="Studies with parents speak of this more often."', "", "alternative text"),
    "a kind of picture": ("Studies with parents speak of this more often.", "bar chart", "alternative text"),
    "no caption": ("<caption>Counts</caption>", "", "no caption"),
    "no scope": ('<th scope="row">', "<th>", "heads"),
    "an empty header": ("Studies</th>", "</th>", "header cell is empty"),
    "no head": ("thead>", "tbody>", "no head"),
    "no way to scroll": (' tabindex="0"', "", "by keyboard"),
    "an id twice": ("<h2>", '<h2 id="top">', "stands 2 times"),
    "a lost link": ('href="#top"', 'href="#bottom"', "not there"),
    "a lost label": ("<h2>", '<h2 aria-labelledby="nobody">', "names nobody"),
    "a link without text": (">Up<", "><", "no text"),
    "another name aloud": ('href="#top"', 'href="#top" aria-label="Beginning"', "read as"),
    "a script": ("</main>", "<script>1</script></main>", "script"),
    "a handler": ("<h2>", '<h2 onclick="1">', "script in onclick"),
    "a picture from elsewhere": ("data:image/png;base64,AAAA", "https://example.org/a.png", "from elsewhere"),
    "a font from elsewhere": ("</style>", "@import 'a.css';</style>", "fetches"),
    "pale text": ("#1a1a1a", "#999999", "below 4.5"),
    "a pale outline": ("#801650", "#f5c9a0", "below 3"),
    "no outline": ("3px solid #801650", "none", "focus"),
    "a fixed width": ("#fff; }", "#fff; width: 900px; }", "fixed width"),
    "fixed letters": ("#fff; }", "#fff; font-size: 12px; }", "fixed size"),
    "lines that do not break": ("#fff; }", "#fff; white-space: nowrap; }", "do not break"),
}


def test_a_good_page_has_no_fault():
    assert page_faults(GOOD) == []


@pytest.mark.parametrize("broken", BREAKS)
def test_each_fault_of_a_page_is_found(broken):
    old, new, says = BREAKS[broken]
    assert old in GOOD
    assert any(says in fault for fault in page_faults(GOOD.replace(old, new)))


def test_what_holds_on_paper_only_may_be_of_a_fixed_size():
    assert css_faults(GOOD.replace("</style>", "@media print { body { width: 180mm; font-size: 9pt; } }</style>")) == []


def test_contrast_is_that_of_wcag():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.005)


def rezipped(content: bytes, part: str, pattern: str, new: str) -> bytes:
    """A Word document with a piece of one part's XML changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as changed:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                replaced = re.sub(pattern, new, text.decode("utf-8"))
                assert replaced.encode() != text
                text = replaced.encode()
            changed.writestr(name, text)
    return target.getvalue()


@pytest.mark.parametrize(
    ("part", "pattern", "new", "says"),
    [
        ("word/document.xml", r"<w:tblHeader/>", "", "not marked as its head"),
        ("word/document.xml", r"<w:tblCaption[^>]*/>", "", "no tblCaption"),
        ("word/document.xml", r' descr="[^"]*"', ' descr="picture"', "alternative text"),
        ("word/document.xml", r'w:val="Title"', 'w:val="Normal"', "one title"),
        ("word/document.xml", r'w:val="Heading2"', 'w:val="Normal"', "skips a level"),
        ("word/styles.xml", r'<w:lang w:val="en-GB"', '<w:lang w:val="de-DE"', "language"),
        ("docProps/core.xml", r"<dc:title>[^<]*</dc:title>", "", "no title"),
    ],
)
def test_each_fault_of_a_word_document_is_found(documents, part, pattern, new, says):
    broken = rezipped(documents["advisory-standard"], part, pattern, new)
    assert any(says in fault for fault in docx_faults(broken))


def test_an_untagged_pdf_is_found():
    faults = pdf_faults(b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj")
    assert len(faults) == 7


def test_a_long_page_begins_with_a_list_of_its_sections():
    path = next(each for each in NOTEBOOKS if each.stem == "09_practice_guides")
    page = lxml.html.fromstring(notebook_page(path.read_text(encoding="utf-8"), "Practice guides", {}))
    listed = {link.get("href"): link.text_content() for link in page.xpath("//nav[@aria-label='On this page']//a")}
    assert listed == {f"#{head.get('id')}": head.text_content() for head in page.xpath("//h2")}
    assert len(listed) == len(page.xpath("//h2")) > 3, "no two sections share an address"


def test_two_sections_of_one_name_have_two_addresses():
    sections = {}
    html = _anchored("<h2>Why <em>this</em>?</h2><h2>Why this?</h2><h2>?</h2>", sections)
    assert list(sections) == ["why-this", "why-this-2", "section"]
    assert '<h2 id="why-this-2">Why this?</h2>' in html
