"""A pack as files: what each form holds, that the same evidence gives the same bytes, and that a folder is whole or untouched."""

from __future__ import annotations

import html
import io
import re
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from small import DATA, small_base

import synthesis
from synthesis.cli import main
from synthesis.drawing.canvas import plotted
from synthesis.evidence.readability import sentences
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence, read_evidence, read_table
from synthesis.evidence.whole_folder import MARK, put_files
from synthesis.packs.contents import Against, build_packs
from synthesis.packs.folder import PACK_FILES, pack_contents, put_pack, write_pack
from synthesis.packs.lines import theme_heading
from synthesis.packs.pages import pack_page
from synthesis.packs.pdf import _printed, pack_pdf
from synthesis.packs.picture import studies_picture, studies_picture_alt, theme_picture
from synthesis.packs.team_notes import not_ready
from synthesis.packs.word import pack_docx


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The small evidence base, with the easy-read lines of its statements, of which it keeps the first ten only."""
    small = read_evidence(small_base(tmp_path_factory.mktemp("small")))
    lines = read_table("easy_read", DATA)
    return Evidence(small.folder, {**small.frames, "easy_read": lines}, small.problems)


@pytest.fixture(scope="module")
def packs(base):
    return build_packs(base, themes=["T1", "T2"])


@pytest.fixture(scope="module")
def contents(base, packs):
    return pack_contents(base, *packs)


@pytest.fixture(scope="module")
def document(contents):
    return docx.Document(io.BytesIO(contents["pack.docx"]))


def text_of(document) -> str:
    """All text of a Word document: paragraphs and cells."""
    return " ".join(node.text or "" for node in document.element.body.iter(qn("w:t")))


def squeezed(text: str) -> str:
    return " ".join(text.split())


# ---------------------------------------------------------------- what the forms hold


def test_there_are_as_many_files_as_are_named(contents):
    assert list(contents) == list(PACK_FILES)


@pytest.mark.parametrize("file", ["pack.html", "pack-easy-read.html"])
def test_the_page_fetches_nothing_and_runs_nothing(contents, file):
    page = contents[file].decode("utf-8")
    assert not re.search(r"<script|<link|<iframe|@import|url\(|\son\w+=|javascript:", page)
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]+)"', page))
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]+)"', page))
    assert '<html lang="en-GB">' in page


def test_links_within_the_page_lead_somewhere_and_no_id_stands_twice(contents):
    page = contents["pack.html"].decode("utf-8")
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


@pytest.mark.parametrize("file", ["pack.html", "pack.docx"])
def test_every_statement_count_and_reason_stands_in_each_form(contents, packs, file):
    content = contents[file]
    text = text_of(docx.Document(io.BytesIO(content))) if file.endswith("docx") else re.sub(r"<[^>]+>", " ", content.decode())  # fmt: skip
    text = squeezed(text.replace("&#39;", "'").replace("&amp;", "&"))
    for theme in packs[0].themes:
        assert squeezed(theme.content_note) in text
        for each in theme.statements:
            assert squeezed(each.plain) in text
            assert f"{each.n_studies} of {each.of_studies} studies" in text
            assert all(part in text for part in (each.how_sure, *each.why))
            assert all(squeezed(a.text) in text for a in each.against)
        assert all(question.text in text for question in packs[0].questions)


def before_about(content: bytes, file: str, about: str) -> str:
    """The text of a form that stands before the first heading of its text."""
    if file.endswith("html"):
        text = re.sub(r"<[^>]+>", " ", html.unescape(content.decode("utf-8")).split("<body", 1)[1])
    elif file.endswith("docx"):
        text = "\n".join(each.text for each in docx.Document(io.BytesIO(content)).paragraphs)
    else:
        text = "\n".join(str(row[0].value) for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0])
    assert about in text
    return squeezed(text.split(about)[0])


@pytest.mark.parametrize("file", [name for name in PACK_FILES if name.startswith(("pack", "feedback")) and not name.endswith("pdf")])  # fmt: skip
def test_how_it_was_made_stands_on_the_first_page_of_every_form(contents, packs, file):
    pack = packs["easy-read" in file]
    assert len(pack.made) == 3
    first = before_about(contents[file], file, pack.words.texts["about_heading"])
    assert all(squeezed(line) in first for line in pack.made)
    assert pack.words.texts["made_heading"] in first


def test_the_printed_page_has_it_before_all_else_and_changes_with_it(packs):
    assert _printed(packs[0], large=False)["made"] == packs[0].made
    typst = (Path(synthesis.__file__).parent / "templates" / "pack.typ").read_text(encoding="utf-8")
    assert typst.index("#title") < typst.index("lines(pack.made)") < typst.index("= #words.about_heading")
    assert "pagebreak" not in typst[typst.index("#title") : typst.index("lines(pack.made)")]
    assert pack_pdf(packs[1]) != pack_pdf(replace(packs[1], made=packs[1].made[:1]))


def test_where_there_is_nothing_to_say_of_it_no_form_has_an_empty_heading(packs):
    final = replace(packs[0], made=(), state="final")
    words, page = final.words.texts, html.unescape(pack_page(final))
    paper = [each.text for each in docx.Document(io.BytesIO(pack_docx(final))).paragraphs]
    for heading in (words["made_heading"], words["rests_heading"]):
        assert heading not in page and not any(heading in each for each in paper)
    assert pack_pdf(final).startswith(b"%PDF-")


def test_what_nobody_made_up_yet_is_left_to_write_in(contents, packs):
    page = contents["pack.html"].decode("utf-8")
    assert packs[0].words.texts["support_empty"] in page
    assert packs[0].words.texts["replies_none"] in page


def test_an_easy_read_page_holds_the_easy_lines_and_not_the_standard_words(contents, packs):
    page = contents["pack-easy-read.html"].decode("utf-8")
    easy = [each for theme in packs[1].themes for each in theme.statements if each.easy]
    assert easy
    for each in easy:
        assert all(line.replace("'", "&#39;") in page for line in each.easy)
        assert squeezed(each.plain) not in squeezed(page)


def test_easy_read_shows_what_does_not_fit_line_by_line_and_counts_only_what_has_no_lines(packs):
    told = Against("Parents in one study:", "Some said so. It helped.", ("Some said so.", "It helped."))
    bare = [Against("Workers in one study:", "A finding as it was read.", ())] * 2
    theme = packs[1].themes[0]
    first, *others = theme.statements
    easy = replace(packs[1], themes=(replace(theme, statements=(replace(first, against=(told, *bare)), *others)),))
    page = html.unescape(pack_page(easy))
    paper = [each.text for each in docx.Document(io.BytesIO(pack_docx(easy))).paragraphs]
    counted = easy.words.said("against_easy", n=2)
    assert all(f"<li>{line}</li>" in page and line in paper for line in told.easy)
    assert told.lead in page and told.lead in paper
    assert counted in page and counted in paper
    assert "as it was read" not in page and "A finding as it was read." not in paper
    fits = [each.no_against for each in others if not each.listed]
    assert fits and all(each in page and each in paper for each in fits)


def test_on_paper_a_hard_part_names_the_heading_at_which_to_read_on(packs):
    for pack in packs:
        first, after = (*pack.themes, None)[:2]
        paper = [each.text for each in docx.Document(io.BytesIO(pack_docx(pack))).paragraphs]
        heading = theme_heading(pack, after) if after else pack.words.texts["replies_heading"]
        assert first.content_note
        assert f"You can skip this part. The next one is called “{heading}”." in paper
        assert any(each.endswith(heading) and "skip" not in each for each in paper)


def test_what_only_adds_to_a_statement_stands_under_a_heading_of_its_own(packs):
    told = Against("Parents in one study:", "Some said more. It helped.", ("Some said more.", "It helped."))
    theme = packs[1].themes[0]
    first, *others = theme.statements
    more = replace(first, against=(), adds=(told,))
    for pack in packs:
        shown = replace(pack, themes=(replace(theme, statements=(more, *others)),))
        page, heading = html.unescape(pack_page(shown)), f"{pack.words.texts['adds_heading']}:"
        paper = [each.text for each in docx.Document(io.BytesIO(pack_docx(shown))).paragraphs]
        lines = told.easy if pack.variant == "easy_read" else (f"{told.lead} {told.text}",)
        assert page.count(heading) == paper.count(heading) == 1
        assert all(f"<li>{line}</li>" in page and line in paper for line in lines)


def test_easy_read_holds_one_sentence_a_line_and_a_theme_is_headed_by_a_whole_one(contents, packs):
    paragraphs = [each.text for each in docx.Document(io.BytesIO(contents["pack-easy-read.docx"])).paragraphs]
    page = contents["pack-easy-read.html"].decode("utf-8")
    theme = packs[1].themes[0]
    notes = sentences(theme.content_note)
    assert len(notes) == 3
    assert all(line in paragraphs for line in notes[1:])
    assert all(f"<p>{line}</p>" in page for line in notes)
    whys = [why for each in theme.statements for why in each.why]
    assert whys and all(why in paragraphs and f"<p>{why}</p>" in page for why in whys)
    assert "Asking for help can feel dangerous, and services can make things worse</a>" in page


@pytest.mark.parametrize("file", ["pack.html", "pack-easy-read.html"])
def test_the_printed_page_asks_for_group_role_and_copy_as_the_document_does(contents, packs, file):
    page = html.unescape(contents[file].decode("utf-8"))
    words = packs[0].words.texts
    assert ".paper { display: none; }" in page  # on a screen nothing could be written there
    assert all(page.count(words[f"{name}_question"]) == 1 for name in ("group", "role", "copy"))
    assert all(f"<li>{text}</li>" in page for text in words["roles"].values())


def test_a_picture_shows_a_square_a_study_and_says_its_finding(packs):
    theme, words = packs[0].themes[0], packs[0].words
    shown = plotted(studies_picture(theme, words)).set_index("side")
    assert tuple(shown.loc["parents"]) == theme.parents
    assert tuple(shown.loc["practitioners"]) == theme.practitioners
    assert "speak of this" in studies_picture_alt(theme, words)
    assert theme_picture(theme, words) is theme_picture(theme, words)  # drawn once


@pytest.mark.parametrize(
    ("parents", "practitioners", "says"),
    [
        ((60, 80), (5, 60), "Studies with parents speak of this more often (60 of 80) than"),
        ((5, 80), (50, 60), "Studies with workers speak of this more often (50 of 60) than"),
        ((3, 5), (2, 5), "about as often"),
        ((0, 0), (0, 0), "about as often"),
    ],
)
def test_more_often_is_said_only_where_the_interval_of_the_difference_leaves_out_zero(
    packs, parents, practitioners, says
):
    theme = replace(packs[0].themes[0], parents=parents, practitioners=practitioners)
    assert says in studies_picture_alt(theme, packs[0].words)


# ---------------------------------------------------------------- Word and PDF


def test_the_document_has_real_headings_a_title_and_its_language(document, packs):
    styles = [each.style.name for each in document.paragraphs if each.style.name.startswith(("Heading", "Title"))]
    assert styles.count("Title") == 1
    levels = [int(style[-1]) for style in styles if style.startswith("Heading")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert document.core_properties.language == "en-GB"
    assert document.core_properties.title == packs[0].words.texts["title"]


def test_every_table_of_the_document_has_a_header_row_and_a_name_and_every_picture_a_text(document, packs):
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
    pictures = list(
        document.element.body.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr")
    )
    texts = [studies_picture_alt(theme, packs[0].words) for theme in packs[0].themes]
    assert [each.get("descr") for each in pictures] == texts


def test_the_page_number_is_a_field_of_the_footer(contents):
    for name in ("pack.docx", "pack-large-print.docx", "pack-easy-read.docx"):
        footer = docx.Document(io.BytesIO(contents[name])).sections[0].footer.paragraphs[0]._p
        fields = footer.findall(qn("w:fldSimple"))
        assert [each.get(qn("w:instr")).strip() for each in fields] == ["PAGE"]


def test_print_is_large_where_it_is_called_so(contents):
    sizes = {
        name: docx.Document(io.BytesIO(contents[name])).styles["Normal"].font.size.pt
        for name in ("pack.docx", "pack-easy-read.docx", "pack-large-print.docx")
    }
    assert sizes["pack.docx"] >= 12
    assert sizes["pack-easy-read.docx"] >= 14
    assert sizes["pack-large-print.docx"] >= 18


@pytest.mark.parametrize("file", ["pack.pdf", "pack-large-print.pdf", "pack-easy-read.pdf"])
def test_the_pdf_is_tagged_names_its_language_and_claims_pdf_ua(contents, file):
    pdf = contents[file]
    assert pdf.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in pdf
    assert re.search(rb"/Lang ?\(en-GB\)", pdf)
    assert b"pdfuaid:part" in pdf
    assert re.search(rb"/Marked true", pdf)


# ---------------------------------------------------------------- the folder


def test_the_same_evidence_gives_the_same_bytes(base, packs, contents):
    assert pack_contents(base, *packs) == contents


def test_the_folder_is_written_whole_and_other_files_stay(base, contents, tmp_path, monkeypatch):
    monkeypatch.setattr("synthesis.packs.folder.pack_contents", lambda *_: contents)
    out = tmp_path / "new" / "pack"
    pack = write_pack(base, out, themes=["T1", "T2"])
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.name != MARK} == contents
    assert pack.state == "draft"
    (out / "our notes.txt").write_text("kept")
    (out / "feedback.xlsx").write_text("filled in")
    with pytest.raises(CallError, match=r"feedback\.xlsx: not as the toolkit left it, perhaps filled in"):
        put_pack(contents, out)
    assert (out / "feedback.xlsx").read_text() == "filled in"
    put_pack(contents, out, force=True)
    assert (out / "our notes.txt").read_text() == "kept"
    assert (out / "feedback.xlsx").read_bytes() == contents["feedback.xlsx"]
    assert [path.name for path in out.parent.iterdir()] == ["pack"]  # no temporary folder is left


def test_where_one_file_cannot_be_put_none_is_changed(contents, tmp_path):
    out = tmp_path / "pack"
    put_files({"feedback.xlsx": b"old"}, out, "pack")
    (out / "pack.pdf").mkdir()  # a folder of that name cannot be replaced by a file
    with pytest.raises(CallError, match=r"pack\.pdf: a folder, a link or a file stands in its way"):
        put_pack(contents, out)
    assert {path.name for path in out.iterdir()} == {"pack.pdf", "feedback.xlsx", MARK}
    assert (out / "feedback.xlsx").read_text() == "old"


def test_a_pack_goes_neither_into_the_evidence_nor_into_a_folder_of_somebody_else(base, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("years of work")
    rounds = (base.folder / "judgements" / "rounds.csv").read_bytes()
    for out, said in ((base.folder, "holds the data folder"), (base.folder / "pack", "lies in the data folder"), (tmp_path / "mine", "was not made by this toolkit")):  # fmt: skip
        assert main(["pack", "--data", str(base.folder), "--round", "round-9", "--out", str(out)]) == 2
        assert said in capsys.readouterr().err
    assert (base.folder / "judgements" / "rounds.csv").read_bytes() == rounds
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.docx"]


def test_a_file_is_no_folder_for_a_pack(contents, tmp_path):
    (tmp_path / "pack").write_text("a file")
    with pytest.raises(CallError, match=r"is a file\. Name a folder"):
        put_pack(contents, tmp_path / "pack")


def test_a_wrong_call_writes_nothing_and_ends_with_status_2(base, tmp_path, capsys):
    assert main(["pack", "--data", str(base.folder), "--themes", "T9", "--out", str(tmp_path / "pack")]) == 2
    assert "There is no analytical theme 'T9'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_files_in_a_document_carry_no_day_of_its_making(contents):
    for name in (name for name in contents if name.endswith(("docx", "xlsx"))):
        with zipfile.ZipFile(io.BytesIO(contents[name])) as packed:
            assert {part.date_time[0] for part in packed.infolist()} <= {1980, 2000}


# ---------------------------------------------------------------- notes for the team


def test_the_team_is_told_what_is_not_ready(base, packs, contents):
    said = " ".join(not_ready(base, packs[0]))
    for part in (
        "Places to turn to are not filled in",
        "2 of 2 content notes were drafted",
        "belongs to no round",
        "readers must test it",
    ):
        assert part in said
    assert "without a response" not in said
    page = contents["team-notes.html"].decode("utf-8")
    assert "Do not send it with the pack" in page
    assert "Sentences that are too hard" in page
