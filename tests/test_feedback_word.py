"""A pack's document out and back: ticks, text and margin notes arrive wherever they stand, in files of other programs too.

Everything said in the documents below is INVENTED.
"""

from __future__ import annotations

import copy
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from returned import FilledDocument, FilledSheet, resaved, with_parts
from small import small_base

from synthesis import read_evidence
from synthesis.evidence.schema import CallError, SynthesisError, table
from synthesis.evidence.tables import Evidence
from synthesis.office.office_files import DOCUMENT
from synthesis.office.tick_boxes import Ticked, read_ticks
from synthesis.packs.contents import build_pack, build_packs
from synthesis.packs.feedback import receive_feedback
from synthesis.packs.feedback_rows import FeedbackChoices
from synthesis.packs.forms import options, pack_mark
from synthesis.packs.picture import theme_picture
from synthesis.packs.sheet import feedback_workbook
from synthesis.packs.word import pack_docx

DAY = dt.date(2026, 11, 22)
ROUND = FeedbackChoices(round_id="round-1")
FITS = {"yes": "yes", "partly": "partly", "no": "no", "not sure": "not_sure"}


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Evidence:
    return read_evidence(small_base(tmp_path_factory.mktemp("word") / "data"))


@pytest.fixture(scope="module")
def blank(base) -> bytes:
    return pack_docx(build_pack(base, themes=["T1", "T2"], round_id="round-1"))


@pytest.fixture
def filled(blank) -> FilledDocument:
    return FilledDocument(blank).who()


def rows(evidence: Evidence, path: Path, choices: FeedbackChoices = ROUND) -> list[tuple[str, ...]]:
    """What a file brought: target, question, answer, comment."""
    got = receive_feedback(evidence, [path], choices, DAY).evidence.feedback
    shown = got[["target_id", "question", "answer", "comment"]].fillna("").astype(str)
    return [tuple(row) for row in shown.itertuples(index=False, name=None)]


def refused(evidence: Evidence, path: Path, choices: FeedbackChoices = ROUND) -> str:
    with pytest.raises(SynthesisError) as caught:
        receive_feedback(evidence, [path], choices, DAY)
    return str(caught.value)


# ---------------------------------------------------------------- ticks


@pytest.mark.parametrize(
    ("text", "words", "beside"),
    [
        ("☐ yes     ☒ partly     ☐ no     ☐ not sure", ["partly"], ""),
        ("☑ yes ☐ partly ☐ no ☐ not sure", ["yes"], ""),
        ("☐x yes     ☐ partly     ☐ no     ☐ not sure", ["yes"], ""),
        ("x ☐ yes     ☐ partly     ☐ no     ☐ not sure", ["yes"], ""),
        ("☐ yes x     ☐ partly     ☐ no     ☐ not sure", ["yes"], ""),
        ("☐ yes     x ☐ partly     ☐ no     ☐ not sure", ["partly"], ""),
        ("☐ yes     ☐ partly     ☐ no     ☐ not sure X", ["not_sure"], ""),
        ("yes     partly     x no     not sure", ["no"], ""),
        ("[ ] yes [x] partly [ ] no [ ] not sure", ["partly"], ""),
        ("( ) yes (X) partly ( ) no ( ) not sure", ["partly"], ""),
        ("☐ yes     ☐ ✓ partly     ☐ no     ☐ not sure", ["partly"], ""),
        ("☒ yes     ☐ partly     ☒ no     ☐ not sure", ["yes", "no"], ""),
        ("☒ yes, mostly for us     ☐ partly     ☐ no     ☐ not sure", ["yes"], "mostly for us"),
        ("Not sure", ["not_sure"], ""),
        ("☐ yes     ☐ partly     ☐ no     ☐ not sure     maybe one day", [], "maybe one day"),
        ("No x", ["no"], ""),
        ("☐ yes ☒ partly, thanks x ☐ no ☐ not sure", ["partly"], "thanks x"),
    ],
)
def test_a_tick_is_read_as_people_make_it(text, words, beside):
    assert read_ticks(text, FITS) == Ticked(tuple(words), beside, False)


@pytest.mark.parametrize("text", [
    "No, it was not like that at all", "yes and no", "Something else", "partly so",
    "partly because x", "Generation X mothers say no", "I ticked no but X is wrong for us",
])  # fmt: skip
def test_a_sentence_is_no_line_of_boxes(text):
    assert read_ticks(text, FITS) is None


def test_a_tick_halfway_between_two_words_is_not_guessed():
    found = read_ticks("yes x partly no not sure", FITS)
    assert found is not None
    assert found.unclear


# ---------------------------------------------------------------- what comes back


def test_the_document_carries_its_mark_and_is_the_same_bytes_each_time(base, blank):
    pack = build_pack(base, themes=["T1", "T2"], round_id="round-1")
    assert pack_docx(pack) == blank
    assert str(pack_mark(pack)) in [paragraph.text for paragraph in docx.Document(io.BytesIO(blank)).paragraphs]


def test_answers_arrive_by_the_code_of_their_row(base, filled, tmp_path):
    filled.click("T1", "fits", 1).write("T1", "fits", "Only for some").write("T1", "missing", "Money\nand time")
    filled.type_over("T2", "priority", "it matters most  x     it matters     it matters less     not sure")
    filled.write("pack", "other", "Thank you")
    path = filled.saved(tmp_path / "a.docx")
    assert rows(base, path) == [
        ("T1", "fits", "partly", "Only for some"),
        ("T1", "missing", "", "Money\nand time"),
        ("T2", "priority", "matters_most", ""),
        ("", "other", "", "Thank you"),
    ]
    first = receive_feedback(base, [path], ROUND, DAY).evidence.feedback.iloc[0]
    assert first[["group", "role", "form", "place"]].tolist() == ["garden-group", "parent", "docx", "table row T1 · fits"]  # fmt: skip


def test_several_ticks_and_unclear_ones_arrive_as_they_stand(base, filled, tmp_path):
    filled.click("T1", "fits", 0).click("T1", "fits", 2).type_over("T2", "fits", "yes x partly no not sure")
    path = filled.saved(tmp_path / "a.docx")
    assert rows(base, path) == [("T1", "fits", "", "ticked: yes, no"), ("T2", "fits", "", "yes x partly no not sure")]
    assert any(
        "T1 · fits: several boxes are ticked" in remark for remark in receive_feedback(base, [path], ROUND, DAY).remarks
    )


def test_the_large_and_easy_documents_come_back_as_well(base, tmp_path):
    standard, easy = build_packs(base, themes=["T1"], round_id="round-1")
    for content in (pack_docx(standard, large=True), pack_docx(easy)):
        path = FilledDocument(content).who().click("T1", "fits", 0).saved(tmp_path / "a.docx")
        assert rows(base, path) == [("T1", "fits", "yes", "")]


def test_rows_that_were_moved_deleted_and_added_all_arrive(base, filled, tmp_path):
    filled.write("T1", "missing", "Moved to another table").write("T2", "missing", "Stays")
    moved = filled.row("T1", "missing")._tr
    filled.row("T2", "fits")._tr.addprevious(moved)
    gone = filled.row("T2", "does_not_fit")._tr
    gone.getparent().remove(gone)
    added = copy.deepcopy(filled.row("T2", "missing")._tr)
    filled.row("T2", "missing")._tr.addnext(added)
    bare = next(row for each in filled.doc.tables for row in each.rows if row._tr is added)
    bare.cells[0].text, bare.cells[1].text = "My own question", "My own answer"
    assert rows(base, filled.saved(tmp_path / "a.docx")) == [
        ("T1", "missing", "", "Moved to another table"),
        ("T2", "missing", "", "Stays"),
        ("T2", "other", "", "My own question\nMy own answer"),
    ]


def test_a_row_that_lost_its_code_is_taken_under_its_theme_and_said(base, filled, tmp_path):
    row = filled.row("T2", "missing")
    row.cells[0].paragraphs[0].text = "Is something missing?"
    row.cells[1].add_paragraph("A word of thanks")
    path = filled.saved(tmp_path / "a.docx")
    assert rows(base, path) == [("T2", "other", "", "Is something missing?\nA word of thanks")]
    assert (
        "a.docx: A row without a code was taken as a comment on T2."
        in receive_feedback(base, [path], ROUND, DAY).remarks
    )


def test_merged_cells_keep_what_stands_in_them(base, filled, tmp_path):
    filled.write("T1", "missing", "Across")
    across = filled.row("T1", "missing")
    across.cells[0].merge(across.cells[1])
    filled.write("T2", "does_not_fit", "First").write("T2", "missing", "Second")
    one, two = filled.row("T2", "does_not_fit"), filled.row("T2", "missing")
    one.cells[1].merge(two.cells[1])
    path = filled.saved(tmp_path / "a.docx")
    assert rows(base, path) == [("T1", "missing", "", "Across"), ("T2", "does_not_fit", "", "First\nSecond")]


def test_rows_merged_into_one_are_one_comment_on_their_theme(base, filled, tmp_path):
    row = filled.row("T1", "missing")
    row.cells[0].add_paragraph("What does not fit? (T1 · does_not_fit)")
    row.cells[1].add_paragraph("Both at once")
    path = filled.saved(tmp_path / "a.docx")
    assert rows(base, path) == [("T1", "other", "", "Both at once")]
    assert any("T1: the rows missing and does_not_fit were merged" in remark for remark in receive_feedback(base, [path], ROUND, DAY).remarks)  # fmt: skip


def test_a_code_that_was_changed_is_refused(base, blank, tmp_path):
    def changed(old: str, new: str) -> str:
        filled = FilledDocument(blank).who().write("T1", "does_not_fit", "The first part")
        target, _, question = old.partition(" · ")
        paragraph = filled.row(target, question).cells[0].paragraphs[0]
        paragraph.text = paragraph.text.replace(old, new)
        return refused(base, filled.saved(tmp_path / "a.docx"))

    said = changed("T1 · does_not_fit", "T1 · missing")
    assert "holds the code T1 · missing and the words of the question 'does_not_fit'; put its code back" in said
    said = changed("T1 · does_not_fit", "T2 · does_not_fit")
    assert "the code T2 · does_not_fit stands in 2 rows, and T1 · does_not_fit in none" in said


def test_words_beside_the_role_are_kept(base, blank, tmp_path):
    path = FilledDocument(blank).write("form", "group", "garden").write("form", "role", "I am a mum x").saved(tmp_path / "a.docx")  # fmt: skip
    assert "the role 'I am a mum x' is none of" in refused(base, path)
    assert rows(base, path, FeedbackChoices(round_id="round-1", role="parent")) == [("", "other", "", "I am a mum x")]
    path = FilledDocument(blank).who().write("form", "role", "and a nan").saved(tmp_path / "b.docx")
    assert rows(base, path) == [("", "other", "", "and a nan")]


def test_a_sentence_of_the_pack_copied_into_an_answer_arrives(base, filled, tmp_path):
    words = filled.paragraph("In the review this theme").text
    assert rows(base, filled.write("T1", "words_wrong", words).saved(tmp_path / "a.docx")) == [
        ("T1", "words_wrong", "", words)
    ]


def test_a_heading_that_somebody_wrote_into_is_a_comment_and_no_place(base, filled, tmp_path):
    filled.paragraph("2. ").add_run(" says Karen Jones")
    filled.write("T2", "missing", "Money").paragraph("Who said this").insert_paragraph_before("Mine")
    filled.note(filled.doc.paragraphs[-1], "At the end")
    path = filled.saved(tmp_path / "a.docx")
    stored = receive_feedback(base, [path], FeedbackChoices(round_id="round-1", blank=True), DAY).evidence.feedback
    assert "Karen" not in stored.to_csv()
    assert ("T2", "says [removed: name]") in [(row.target_id, str(row.comment)[-20:]) for row in stored.itertuples()]


def test_text_beside_a_question_is_told_from_the_question(base, filled, tmp_path):
    filled.row("T1", "does_not_fit").cells[0].paragraphs[0].add_run(" Nearly all of it.")
    assert rows(base, filled.saved(tmp_path / "a.docx")) == [("T1", "does_not_fit", "", "Nearly all of it.")]


def test_margin_notes_arrive_where_they_stand_without_their_authors(base, filled, tmp_path):
    statement = next(each for each in filled.doc.paragraphs if each.style.name == "Heading 3" and "(RF" in each.text)
    code = statement.text.rpartition("(")[2].rstrip(")")
    said = _after(filled, statement)
    filled.note(said, "Not in my town").note(filled.row("T2", "fits").cells[0].paragraphs[0], "Hard to answer")
    filled.note(filled.paragraph("2. "), "A heavy part").note(filled.paragraph("What this is"), "Too long")
    path = filled.saved(tmp_path / "a.docx")
    got = sorted(rows(base, path))
    assert got == sorted([
        (code, "other", "", f"On “{said.text}”: Not in my town" if len(said.text) <= 100 else f"On “{said.text[:99]}…”: Not in my town"),
        ("T2", "fits", "", "On “Does this fit with what you know? (T2 · fits)”: Hard to answer"),
        ("T2", "other", "", f"On “{filled.paragraph('2. ').text}”: A heavy part"),
        ("", "other", "", "On “What this is”: Too long"),
    ])  # fmt: skip
    stored = receive_feedback(base, [path], ROUND, DAY).evidence.feedback
    assert "Somebody" not in stored.to_csv()
    assert set(stored["target_kind"]) == {"review_finding", "theme", "pack"}


def _after(filled: FilledDocument, paragraph):
    texts = [each.text for each in filled.doc.paragraphs]
    return filled.doc.paragraphs[texts.index(paragraph.text) + 1]


def test_a_note_whose_place_was_deleted_still_arrives(base, filled, tmp_path):
    target = filled.paragraph("What this is")
    filled.note(target, "Where did it go")
    for each in list(target._p.iter(qn("w:commentReference"))):
        each.getparent().remove(each)
    path = filled.saved(tmp_path / "a.docx")
    assert rows(base, path) == [("", "other", "", "Where did it go")]


def test_text_that_was_put_in_anywhere_arrives_and_the_packs_own_does_not(base, filled, tmp_path):
    filled.paragraph("What this is").insert_paragraph_before("At the very top")
    filled.paragraph("2. ").insert_paragraph_before("After the first table")
    filled.paragraph("In the review this theme").add_run(" That hurts me.")
    changed = filled.paragraph("In the review this theme").text
    filled.doc.sections[0].footer.paragraphs[0].insert_paragraph_before("In the footer")
    filled.paragraph("Somebody to talk to").add_run(" the centre")
    box = parse_xml(
        f'<w:r {nsdecls("w")}><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent>'
        "<w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    )
    filled.paragraph("What we ask of you")._p.append(box)
    path = filled.saved(tmp_path / "a.docx")
    assert rows(base, path) == [
        ("", "other", "", "At the very top"),
        ("", "other", "", "In a box"),
        ("T1", "other", "", changed),
        ("T1", "other", "", "After the first table"),
        ("", "other", "", "In the footer"),
    ]
    remarks = receive_feedback(base, [path], ROUND, DAY).remarks
    assert any("The lines for places to turn to were filled in" in remark for remark in remarks)
    assert any("1 picture or drawing beside the pack's own" in remark for remark in remarks)


def test_tracked_changes_arrive_as_what_was_struck_out_and_put_in(base, filled, tmp_path):
    paragraph = filled.paragraph("You can skip any part")
    text = paragraph.runs[0].text
    run = paragraph.runs[0]._r
    kept = f'<w:r {nsdecls("w")}><w:t xml:space="preserve">{text[8:]}</w:t></w:r>'
    struck = f'<w:del {nsdecls("w")} w:id="900" w:author="A"><w:r><w:delText xml:space="preserve">{text[:8]}</w:delText></w:r></w:del>'
    put_in = f'<w:ins {nsdecls("w")} w:id="901" w:author="A"><w:r><w:t>Nobody may </w:t></w:r></w:ins>'
    for each in (struck, put_in, kept):
        run.addprevious(parse_xml(each))
    run.getparent().remove(run)
    assert rows(base, filled.saved(tmp_path / "a.docx")) == [
        ("", "words_wrong", "", "struck out: “You can”, put in: “Nobody may”")
    ]


def test_an_empty_document_brings_nothing(base, filled, tmp_path):
    got = receive_feedback(base, [filled.saved(tmp_path / "a.docx")], ROUND, DAY)
    assert (got.n_read, got.remarks) == (0, ["a.docx: the round round-1 was entered in judgements/rounds.csv.", "a.docx: nothing was filled in."])  # fmt: skip


# ---------------------------------------------------------------- other programs, and files that are not right


def test_a_program_that_drops_properties_is_borne_while_the_pack_is_todays(base, filled, tmp_path):
    filled.click("T1", "fits", 0).paragraph("What this is").insert_paragraph_before("My words")

    def drop(parts: dict[str, bytes]) -> None:
        parts["docProps/custom.xml"] = b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>'  # fmt: skip

    path = with_parts(filled.saved(tmp_path / "a.docx"), drop)
    assert rows(base, path) == [("", "other", "", "My words"), ("T1", "fits", "yes", "")]
    changed = base.themes.assign(name=base.themes["name"] + " now")
    later = Evidence(base.folder, {**base.frames, "themes": changed}, [])
    assert "has dropped what tells the pack's words from yours; copy the answers into feedback.xlsx" in refused(later, path)  # fmt: skip


def test_a_document_that_names_no_pack_or_two_is_refused(base, filled, tmp_path):
    mark = str(pack_mark(build_pack(base, themes=["T1", "T2"], round_id="round-1")))
    line = next(each for each in filled.doc.paragraphs if each.text == mark)
    line.insert_paragraph_before(mark.replace(mark.split("|")[1], "0123abcd"))
    assert "it holds parts of 2 packs" in refused(base, filled.saved(tmp_path / "a.docx"))
    other = docx.Document()
    other.add_paragraph("A letter")
    other.save(str(tmp_path / "letter.docx"))
    assert "it does not say which pack it belongs to" in refused(base, tmp_path / "letter.docx")


def test_what_could_run_or_swell_is_refused(base, filled, tmp_path):
    path = filled.saved(tmp_path / "a.docx")
    whole = path.read_bytes()

    def spoilt(**more: bytes) -> str:
        path.write_bytes(whole)
        return refused(base, with_parts(path, lambda parts: parts.update({f"word/{name}": content for name, content in more.items()})))  # fmt: skip

    assert "holds macros; save it as .docx" in spoilt(**{"vbaProject.bin": b"x"})
    assert "would unpack to far more than a pack holds" in spoilt(**{"media/a.bin": b"\0" * (DOCUMENT.most_unpacked + 1)})  # fmt: skip
    assert "holds XML that no word processor writes" in spoilt(**{"comments.xml": b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'})  # fmt: skip
    assert "it is damaged" in spoilt(**{"document.xml": b"<w:document"})
    many = whole_document(whole, b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 30_000)
    assert "paragraphs; it is no pack" in spoilt(**{"document.xml": many})
    chunk = whole_document(whole, b"<w:altChunk/>")
    assert "it holds another file inside it" in spoilt(**{"document.xml": chunk})


def whole_document(content: bytes, more: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        head, body, rest = packed.read("word/document.xml").partition(b"<w:body>")
    return head + body + more + rest


def test_an_opendocument_file_is_named_as_what_it_is(base, tmp_path):
    import zipfile

    for name in ("a.odt", "a.ods"):
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            packed.writestr("content.xml", "<a/>")
        assert "an OpenDocument file; save it as" in refused(base, tmp_path / name)


# ---------------------------------------------------------------- marks instead of ticks, and pictures


def looks(filled: FilledDocument, target: str, question: str, label: str, change) -> FilledDocument:
    """Change how the run of an answer looks."""
    cell = filled.row(target, question).cells[1]
    run = next(each for each in cell.paragraphs[0].runs if each.text.strip().replace("\xa0", " ") == label)
    change(run)
    return filled


def highlighted(run) -> None:
    run.font.highlight_color = WD_COLOR_INDEX.YELLOW


def struck(run) -> None:
    run.font.strike = True


MARKS = {
    "highlighted": (highlighted, "“yes” is highlighted"),
    "bold": (lambda run: setattr(run, "bold", True), "“yes” is bold"),
    "underlined": (lambda run: setattr(run, "underline", True), "“yes” is underlined"),
}


@pytest.mark.parametrize("name", MARKS)
def test_an_answer_that_is_marked_and_not_ticked_is_never_taken_without_a_word(base, filled, tmp_path, name):
    change, says = MARKS[name]
    path = looks(filled, "T1", "fits", "yes", change).write("T1", "fits", "Most of it").saved(tmp_path / "a.docx")
    said = refused(base, path)
    assert f"a.docx, table row T1 · fits: {says}, and no box is ticked." in said
    assert "--take-marked" in said and "--leave-marked" in said
    take, leave = replace(ROUND, marked="take"), replace(ROUND, marked="leave")
    assert rows(base, path, take) == [("T1", "fits", "yes", "Most of it")]
    assert rows(base, path, leave) == [("T1", "fits", "", "Most of it")]
    (remark,) = [each for each in receive_feedback(base, [path], take, DAY).remarks if says in each]
    assert "it was taken as the answer" in remark
    with pytest.raises(CallError, match="can be taken or left"):
        receive_feedback(base, [path], replace(ROUND, marked="guess"), DAY)


def test_the_answer_that_is_left_when_the_others_are_struck_out_is_asked_about(base, filled, tmp_path):
    for label in ("yes", "partly", "not sure"):
        looks(filled, "T1", "fits", label, struck)
    path = filled.saved(tmp_path / "a.docx")
    assert "“no” is the one answer that is not struck out" in refused(base, path)
    assert rows(base, path, replace(ROUND, marked="take")) == [("T1", "fits", "no", "")]
    assert rows(base, path, replace(ROUND, marked="leave")) == []


def test_several_marks_are_a_comment_and_a_tick_goes_before_a_mark(base, filled, tmp_path):
    looks(filled, "T1", "fits", "yes", highlighted)
    looks(filled, "T1", "fits", "no", highlighted)
    looks(filled, "T2", "fits", "partly", highlighted).click("T2", "fits", 0)
    looks(filled, "T2", "priority", "it matters", struck)
    assert rows(base, filled.saved(tmp_path / "a.docx")) == [
        ("T1", "fits", "", "highlighted: yes, no"),
        ("T2", "fits", "yes", "highlighted: partly"),
        ("T2", "priority", "", "struck out: matters"),
    ]


def test_a_tick_that_is_marked_too_and_a_line_that_looks_all_alike_are_no_marks(base, filled, tmp_path):
    looks(filled, "T1", "fits", "yes", highlighted).click("T1", "fits", 0)
    for run in filled.row("T2", "fits").cells[1].paragraphs[0].runs:
        run.bold = True
    assert rows(base, filled.saved(tmp_path / "a.docx")) == [("T1", "fits", "yes", "")]


def test_a_sentence_that_is_crossed_out_arrives_and_one_that_is_highlighted_is_said(base, filled, tmp_path):
    struck(filled.paragraph("You can skip any part").runs[0])
    highlighted(filled.paragraph("Please do not write names").runs[0])
    path = filled.saved(tmp_path / "a.docx")
    ((target, question, _, comment),) = rows(base, path)
    assert (target, question) == ("", "words_wrong")
    assert comment.startswith("struck out: “You can skip any part")
    (remark,) = [each for each in receive_feedback(base, [path], ROUND, DAY).remarks if "Somebody marked" in each]
    assert "1 paragraph of the pack" in remark and "highlighted: “Please do not write names" in remark


def test_a_marked_role_is_said_and_not_taken(base, blank, tmp_path):
    filled = FilledDocument(blank).write("form", "group", "garden-group").write("T1", "missing", "Money")
    label = filled.row("form", "role").cells[1].paragraphs[0].runs[0].text.strip().replace("\xa0", " ")
    path = looks(filled, "form", "role", label, highlighted).saved(tmp_path / "a.docx")
    got = receive_feedback(base, [path], ROUND, DAY)
    assert any("place for the role something is marked" in each and "--role" in each for each in got.remarks)
    assert set(got.evidence.feedback["role"]) == {"not_said"}


def test_handwriting_in_an_answer_is_said_with_its_row_even_where_a_picture_of_the_pack_was_deleted(
    base, filled, tmp_path
):
    own = next(iter(filled.doc.element.body.iter(qn("w:drawing"))))
    own.getparent().remove(own)
    picture = studies_picture_of(base)
    filled.row("T1", "missing").cells[1].paragraphs[0].add_run().add_picture(io.BytesIO(picture))
    filled.doc.sections[0].header.paragraphs[0].add_run().add_picture(io.BytesIO(picture))
    got = receive_feedback(base, [filled.saved(tmp_path / "a.docx")], ROUND, DAY)
    (remark,) = [each for each in got.remarks if "handwriting" in each]
    assert "2 pictures or drawings beside the pack's own" in remark and "T1 · missing" in remark
    assert any("nothing was filled in" in each for each in got.remarks)


def studies_picture_of(base) -> bytes:
    pack = build_pack(base, themes=["T1"])
    return theme_picture(pack.themes[0], pack.words).png


@pytest.mark.parametrize("start", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x18ftypheic"])
def test_a_photograph_of_a_form_is_named_as_what_it_is(base, tmp_path, start):
    path = tmp_path / "form.jpg"
    path.write_bytes(start + bytes(100))
    assert "it is a picture, and what it shows is not read" in refused(base, path)


# ---------------------------------------------------------------- truly with another office program


@pytest.mark.office
def test_libreoffice_may_save_the_document_as_odt_and_back_under_another_name(base, filled, tmp_path):
    filled.click("T1", "fits", 1).write("T1", "missing", "Money").type_over(
        "T2", "fits", "x yes   partly   no   not sure"
    )
    filled.note(filled.paragraph("2. "), "A heavy part").paragraph("What this is").insert_paragraph_before("My words")
    first, second = filled.row("T2", "does_not_fit"), filled.row("T2", "missing")
    second.cells[1].add_paragraph("Merged")
    first.cells[1].merge(second.cells[1])
    path = filled.saved(tmp_path / "pack.docx")
    here = receive_feedback(base, [path], ROUND, DAY)
    back = resaved(path, "odt", "docx")
    assert back.name == "what I think.docx"
    there = receive_feedback(base, [back], ROUND, DAY)
    assert here.n_new == there.n_new == 6
    drop = ["received"]
    assert there.evidence.feedback.drop(columns=drop).equals(here.evidence.feedback.drop(columns=drop))
    assert receive_feedback(here.evidence, [back], ROUND, DAY).n_new == 0


@pytest.mark.office
def test_marks_and_pictures_are_seen_after_libreoffice_saved_the_document(base, filled, tmp_path):
    looks(filled, "T1", "fits", "yes", highlighted)
    looks(filled, "T2", "fits", "no", MARKS["bold"][0])
    filled.row("T1", "missing").cells[1].paragraphs[0].add_run().add_picture(io.BytesIO(studies_picture_of(base)))
    back = resaved(filled.saved(tmp_path / "pack.docx"), "odt", "docx")
    said = refused(base, back)
    assert "T1 · fits: “yes” is highlighted" in said and "T2 · fits: “no” is bold" in said
    got = receive_feedback(base, [back], replace(ROUND, marked="take"), DAY)
    assert [each for each in got.remarks if "1 picture or drawing beside the pack's own" in each]
    assert list(got.evidence.feedback["answer"]) == ["yes", "no"]


@pytest.mark.office
def test_libreoffice_may_save_the_sheet_as_ods_and_back_or_as_text(base, tmp_path):
    pack = build_pack(base, themes=["T1", "T2"], round_id="round-1")
    sheet = FilledSheet(feedback_workbook(pack)).who().put("T1 · fits", "partly", "=not a sum").put("T2 · priority", "it matters")  # fmt: skip
    sheet.put("T2 · missing", words="two\nlines, and “marks”")
    path = sheet.saved(tmp_path / "feedback.xlsx")
    here = receive_feedback(base, [path], ROUND, DAY)
    back = resaved(path, "ods", "xlsx")
    there = receive_feedback(base, [back], ROUND, DAY)
    assert here.n_new == there.n_new == 3
    assert there.evidence.feedback.drop(columns=["received"]).equals(here.evidence.feedback.drop(columns=["received"]))
    assert receive_feedback(here.evidence, [back], ROUND, DAY).n_new == 0
    text = resaved(path, "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false,false,false,3")
    assert receive_feedback(here.evidence, [text], ROUND, DAY).n_new == 0


def test_every_label_of_an_answer_has_its_word():
    assert set(options("fits").values()) == {"yes", "partly", "no", "not_sure"}
    assert options("does_not_fit") == {}
    assert len(set(options("role").values())) == 5
    assert table("feedback").columns["role"].vocabulary.keys() == set(options("role").values())
