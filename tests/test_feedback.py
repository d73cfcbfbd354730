"""Feedback sheets out and back: every comment arrives once, or the file is refused with the reason and nothing changes.

Everything said in the forms below is INVENTED.
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from returned import FilledSheet, with_parts
from small import small_base

from synthesis import check, read_evidence
from synthesis.cli import main
from synthesis.evidence.schema import CallError, SynthesisError, table
from synthesis.evidence.tables import Evidence, write_tables
from synthesis.office.office_files import FEEDBACK_SHEET
from synthesis.packs.contents import build_pack
from synthesis.packs.feedback import receive_feedback
from synthesis.packs.feedback_rows import FeedbackChoices
from synthesis.packs.forms import form_rows
from synthesis.packs.pages import pack_page
from synthesis.packs.sheet import feedback_workbook

DAY = dt.date(2026, 11, 22)
ROUND = FeedbackChoices(round_id="round-1")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Path:
    return small_base(tmp_path_factory.mktemp("feedback") / "data")


@pytest.fixture(scope="module")
def base(shipped) -> Evidence:
    return read_evidence(shipped)


@pytest.fixture(scope="module")
def blank(base) -> bytes:
    return feedback_workbook(build_pack(base, round_id="round-1"))


@pytest.fixture
def sheet(blank) -> FilledSheet:
    return FilledSheet(blank).who()


@pytest.fixture
def folder(shipped, tmp_path) -> Path:
    return shutil.copytree(shipped, tmp_path / "data")


def rows(evidence: Evidence, path: Path, choices: FeedbackChoices = ROUND) -> list[tuple[str, ...]]:
    """What a file brought: target, question, answer, comment."""
    got = receive_feedback(evidence, [path], choices, DAY).evidence.feedback
    shown = got[["target_id", "question", "answer", "comment"]].fillna("").astype(str)
    return [tuple(row) for row in shown.itertuples(index=False, name=None)]


def refused(evidence: Evidence, path: Path, choices: FeedbackChoices = ROUND) -> str:
    with pytest.raises(SynthesisError) as caught:
        receive_feedback(evidence, [path], choices, DAY)
    assert str(caught.value).startswith("Nothing was stored.")
    return str(caught.value)


# ---------------------------------------------------------------- the sheet that goes out


def test_the_sheet_locks_its_text_and_leaves_cells_to_write_in(base, blank):
    pack = build_pack(base, round_id="round-1")
    assert feedback_workbook(pack) == blank
    book = openpyxl.load_workbook(io.BytesIO(blank))
    assert book.sheetnames == ["Read me first", "The pack", "Answers"]
    answers = book["Answers"]
    assert answers.protection.sheet
    assert [answers.cell(row, 1).value for row in range(2, answers.max_row + 1)] == [row.code for row in form_rows(pack)]  # fmt: skip
    for number, row in enumerate(form_rows(pack), 2):
        locked = [answers.cell(number, column).protection.locked for column in range(1, 7)]
        assert locked == [True, True, True, not row.answers, False, True]
    lists = {str(rule.sqref): rule.formula1 for rule in answers.data_validations.dataValidation}
    fits = next(number for number, row in enumerate(form_rows(pack), 2) if row.code == "T1 · fits")
    assert lists[f"D{fits}"] == '"yes,partly,no,not sure"'
    assert answers.column_dimensions["F"].hidden
    assert answers.print_title_rows == "$1:$1"
    with zipfile.ZipFile(io.BytesIO(blank)) as packed:
        assert not any(b"<f>" in packed.read(name) for name in packed.namelist())


# ---------------------------------------------------------------- what comes back


def test_answers_and_comments_arrive_with_their_round_group_and_place(base, folder, sheet, tmp_path):
    sheet.put("T1 · fits", "partly", "Only for some of us").put("pack · other", words="Thank you")
    got = receive_feedback(base, [sheet.saved(tmp_path / "a.xlsx")], ROUND, DAY)
    assert (got.n_read, got.n_new, got.changes) == (2, 2, ("rounds", "feedback"))
    write_tables(got.tables, folder)
    assert check(folder).ok
    stored = read_evidence(folder)
    first = stored.feedback.iloc[0]
    assert first[["round_id", "group", "role", "target_kind", "target_id", "question", "answer", "comment", "form", "place"]].tolist() == [
        "round-1", "garden-group", "parent", "theme", "T1", "fits", "partly", "Only for some of us", "xlsx", "sheet Answers, row 5",
    ]  # fmt: skip
    assert first["received"] == pd.Timestamp(DAY)
    assert pd.isna(first["privacy_check"])
    assert stored.feedback.loc[1, "target_kind"] == "pack"
    assert pd.isna(stored.feedback.loc[1, "target_id"])
    assert stored.rounds.loc[0, ["round_id", "pack_version", "status"]].tolist() == ["round-1", build_pack(base).version, "open"]  # fmt: skip


def test_the_same_answers_come_out_of_a_workbook_and_of_text_tables(base, sheet, tmp_path):
    sheet.put("T1 · fits", "Yes", "Ja, und “so” weiter; genau, ja").put("T2 · missing", words="two\nlines")
    expected = [("T1", "fits", "yes", "Ja, und “so” weiter; genau, ja"), ("T2", "missing", "", "two\nlines")]
    assert rows(base, sheet.saved(tmp_path / "a.xlsx")) == expected
    for delimiter, encoding in ((",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")):
        path = sheet.as_csv(tmp_path / "a.csv", delimiter, encoding) if encoding != "cp1252" else None
        if path is None:
            for cell in sheet.sheet["A"]:
                cell.value = cell.value and cell.value.replace("·", "·")
            path = sheet.as_csv(tmp_path / "a.csv", delimiter, encoding)
        assert rows(base, path) == expected, (delimiter, encoding)


def test_importing_the_same_answers_again_adds_nothing_whatever_the_file(base, folder, sheet, tmp_path):
    sheet.put("T1 · fits", "no", "Not here").put("T2 · fits", "yes")
    path = sheet.saved(tmp_path / "a.xlsx")
    write_tables(receive_feedback(base, [path], ROUND, DAY).tables, folder)
    stored = read_evidence(folder)
    for other in (path, sheet.saved(tmp_path / "Other name.xlsx"), sheet.as_csv(tmp_path / "a.csv")):
        again = receive_feedback(stored, [other], FeedbackChoices(), DAY)
        assert (again.n_read, again.n_new, again.changes) == (2, 0, ())
        assert any("stored already" in remark and "--copy" in remark for remark in again.remarks)


def test_two_people_of_a_group_who_tick_the_same_both_count(base, sheet, tmp_path):
    sheet.put("T1 · fits", "yes")
    one = sheet.saved(tmp_path / "one.xlsx")
    two = sheet.who(copy="2").saved(tmp_path / "two.xlsx")
    got = receive_feedback(base, [one, two], ROUND, DAY)
    assert got.n_new == 2
    assert got.evidence.feedback["place"].tolist() == ["sheet Answers, row 5", "copy 2, sheet Answers, row 5"]
    assert receive_feedback(base, [one, one], ROUND, DAY).n_new == 1


def test_a_corrected_form_is_refused_until_somebody_says_what_it_is(base, folder, sheet, tmp_path):
    first = receive_feedback(base, [sheet.put("T1 · fits", "yes", "Good").saved(tmp_path / "a.xlsx")], ROUND, DAY)
    write_tables(first.tables, folder)
    stored, (row,) = read_evidence(folder), first.evidence.feedback["comment_id"]
    changed = sheet.put("T1 · fits", "no").saved(tmp_path / "b.xlsx")
    said = refused(stored, changed)
    assert "b.xlsx, sheet Answers, row 5: T1 · fits is answered 'no' here and 'yes' in the row" in said
    assert "the group garden-group" in said
    assert f"if it is a correction, delete the row {row} of judgements/feedback.csv first" in said
    assert receive_feedback(stored, [changed], FeedbackChoices(round_id="round-1", copy="2"), DAY).n_new == 1
    again = sheet.put("T1 · fits", "yes", "Good").put("T1 · missing", words="Money").saved(tmp_path / "c.xlsx")
    assert receive_feedback(stored, [again], ROUND, DAY).n_new == 1, "more comments are no contradiction"


def test_the_same_tick_with_another_comment_is_kept_beside_the_first_and_said(base, folder, sheet, tmp_path):
    first = receive_feedback(base, [sheet.put("T1 · fits", "yes", "Good").saved(tmp_path / "a.xlsx")], ROUND, DAY)
    write_tables(first.tables, folder)
    stored, (row,) = read_evidence(folder), first.evidence.feedback["comment_id"]
    sheet.put("T1 · fits", "yes", "Good, mostly").put("T1 · missing", words="Money")
    again = receive_feedback(stored, [sheet.saved(tmp_path / "b.xlsx")], ROUND, DAY)
    kept = again.evidence.feedback[again.evidence.feedback["question"] == "fits"]
    assert sorted(kept["comment"]) == ["Good", "Good, mostly"]
    (remark,) = [each for each in again.remarks if "in other words" in each]
    assert remark.startswith(
        f"b.xlsx: the group garden-group answered before, in other words: T1 · fits (beside {row})."
    )
    assert "Both are kept" in remark and "T1 · missing" not in remark
    other = receive_feedback(stored, [tmp_path / "b.xlsx"], FeedbackChoices(round_id="round-1", copy="2"), DAY)
    assert not any("in other words" in each for each in other.remarks), "another person's form is no repetition"


def test_two_different_files_of_one_copy_are_not_taken_together(base, sheet, tmp_path):
    one = sheet.put("T1 · fits", "yes").saved(tmp_path / "one.xlsx")
    two = sheet.put("T2 · fits", "yes").saved(tmp_path / "two.xlsx")
    with pytest.raises(
        SynthesisError, match=r"one\.xlsx and two\.xlsx differ, and both come from the group garden-group"
    ):
        receive_feedback(base, [one, two], ROUND, DAY)


def test_rows_that_were_moved_deleted_and_added_all_arrive(base, sheet, tmp_path):
    sheet.put("T1 · fits", "no", "Moved down").put("T5 · missing", words="Stays")
    at, end = sheet.row("T1 · fits"), sheet.sheet.max_row
    for column in range(1, 7):
        sheet.sheet.cell(end + 3, column).value = sheet.sheet.cell(at, column).value
    sheet.sheet.delete_rows(at)
    sheet.sheet.delete_rows(sheet.row("T3 · fits"), 2)
    sheet.sheet.cell(end + 8, 2).value = "One more thing"
    sheet.sheet.cell(end + 8, 5).value = "The bus does not go there"
    sheet.sheet.cell(end + 9, 1).value = "RF05 · words_wrong"
    sheet.sheet.cell(end + 9, 5).value = "Say it kinder"
    got = rows(base, sheet.saved(tmp_path / "a.xlsx"))
    assert sorted(got) == sorted([
        ("T1", "fits", "no", "Moved down"), ("T5", "missing", "", "Stays"), ("RF05", "words_wrong", "", "Say it kinder"),
        ("", "other", "", "One more thing\nThe bus does not go there"),
    ])  # fmt: skip


def test_text_outside_the_cells_for_answers_arrives_and_the_packs_own_text_does_not(base, sheet, tmp_path):
    row = sheet.row("T2 · fits")
    sheet.sheet.cell(row, 3).value += " It does not!"
    sheet.sheet.cell(row, 9).value = "beside the table"
    sheet.sheet.cell(1, 9).value = "My notes"
    sheet.put("T3 · fits", "sometimes")
    sheet.book["Read me first"]["C4"] = "What a lot to read"
    sheet.book["The pack"]["B2"].value = "I changed these words"
    sheet.book.create_sheet("More")["A1"] = "Another sheet"
    got = rows(base, sheet.saved(tmp_path / "a.xlsx"))
    assert got == [
        ("T2", "fits", "", "It does not!\nMy notes: beside the table"),
        ("T3", "fits", "", "sometimes"),
        ("", "other", "", "What a lot to read"),
        ("", "other", "", "I changed these words"),
        ("", "other", "", "Another sheet"),
    ]


def test_notes_in_the_margin_arrive_without_their_authors(base, sheet, tmp_path):
    note = openpyxl.comments.Comment("Wanda Writer:\nThis is too hard", "Wanda Writer")
    sheet.sheet.cell(sheet.row("T4 · fits"), 2).comment = note
    sheet.book["The pack"]["A1"].comment = openpyxl.comments.Comment("And this?", "Wanda Writer")
    path = sheet.saved(tmp_path / "a.xlsx")
    got = receive_feedback(base, [path], ROUND, DAY)
    assert rows(base, path) == [("T4", "fits", "", "This is too hard"), ("", "other", "", "And this?")]
    assert "Wanda" not in got.evidence.feedback.to_csv()
    assert got.evidence.feedback["place"].str.startswith("note in the margin of sheet").all()


def test_text_boxes_are_read_and_pictures_are_pointed_out(base, sheet, tmp_path):
    path = sheet.saved(tmp_path / "a.xlsx")
    space = "http://schemas.openxmlformats.org/drawingml/2006"

    def draw(parts: dict[str, bytes]) -> None:
        part = "xl/worksheets/sheet3.xml"
        parts[part] = parts[part].replace(b"</worksheet>", b'<drawing xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rIdX"/></worksheet>')  # fmt: skip
        parts["xl/worksheets/_rels/sheet3.xml.rels"] = (
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/drawing" Target="../drawings/drawing9.xml"/></Relationships>'
        )
        parts["xl/drawings/drawing9.xml"] = f'<xdr:wsDr xmlns:xdr="{space}/spreadsheetDrawing" xmlns:a="{space}/main"><xdr:sp><xdr:txBody><a:p><a:r><a:t>Stuck on top</a:t></a:r></a:p></xdr:txBody></xdr:sp><xdr:pic/></xdr:wsDr>'.encode()  # fmt: skip

    got = receive_feedback(base, [with_parts(path, draw)], ROUND, DAY)
    assert got.evidence.feedback["comment"].tolist() == ["Stuck on top"]
    assert any("holds 1 picture; what they show is not read" in remark for remark in got.remarks)


def test_cells_that_were_merged_keep_what_stands_in_them(base, sheet, tmp_path):
    first = sheet.row("T1 · does_not_fit")
    sheet.put("T1 · does_not_fit", words="Nothing fits, and words are missing")
    sheet.sheet.merge_cells(start_row=first, end_row=first + 2, start_column=5, end_column=5)
    sheet.put("T2 · missing", words="Under a merged code")
    at = sheet.row("T2 · missing")
    sheet.sheet.merge_cells(start_row=at - 1, end_row=at, start_column=1, end_column=1)
    path = sheet.saved(tmp_path / "a.xlsx")
    assert rows(base, path) == [
        ("T1", "does_not_fit", "", "Nothing fits, and words are missing"),
        ("T2", "missing", "", "Under a merged code"),
    ]
    remarks = receive_feedback(base, [path], ROUND, DAY).remarks
    assert any(f"Row {first} was merged with rows {first + 1} to {first + 2}" in remark for remark in remarks)


def test_a_row_that_was_copied_counts_once_and_a_name_of_a_sheet_is_not_kept(base, sheet, tmp_path):
    sheet.put("T1 · fits", "yes")
    end = sheet.sheet.max_row + 1
    for column in range(1, 7):
        sheet.sheet.cell(end, column).value = sheet.sheet.cell(sheet.row("T1 · fits"), column).value
    sheet.book.create_sheet("Karen Jones")["A1"] = "Mine"
    got = receive_feedback(base, [sheet.saved(tmp_path / "a.xlsx")], ROUND, DAY)
    assert (got.n_read, got.n_new) == (3, 2)
    assert got.evidence.feedback["place"].tolist() == ["sheet Answers, row 5", "sheet 4, row 1"]


def test_a_comment_that_cannot_be_stored_is_named_with_its_place(base, sheet, tmp_path):
    path = sheet.put("T1 · missing", words="It cost me Â£40 â€“ too much").saved(tmp_path / "a.xlsx")
    assert "a.xlsx, sheet Answers, row 7: “Â£” stands where “£” is meant" in refused(base, path)


def test_an_empty_form_brings_nothing_and_says_so(base, sheet, tmp_path):
    got = receive_feedback(base, [sheet.saved(tmp_path / "a.xlsx")], ROUND, DAY)
    assert (got.n_read, got.n_new) == (0, 0)
    assert "a.xlsx: nothing was filled in." in got.remarks


# ---------------------------------------------------------------- text that could do harm


@pytest.mark.parametrize("text", ["=1+1", "+1 for this", "-too sad", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1", "＝1"])
def test_a_text_never_becomes_a_formula(base, folder, sheet, tmp_path, text):
    path = sheet.put("T1 · missing", words=text).saved(tmp_path / "a.xlsx")
    write_tables(receive_feedback(base, [path], ROUND, DAY).tables, folder)
    (comment,) = read_evidence(folder).feedback["comment"]
    assert comment == f"“{text.strip()}”"
    cells = pd.read_csv(folder / table("feedback").file, dtype=str).iloc[0].dropna()
    assert not cells.str.startswith(("=", "+", "-", "@")).any()


def test_html_in_a_comment_is_shown_as_text(base, folder, sheet, tmp_path):
    text = "<script>alert(1)</script><b>bold</b> & <img src=x onerror=alert(1)>"
    got = receive_feedback(base, [sheet.put("T1 · missing", words=text).saved(tmp_path / "a.xlsx")], ROUND, DAY)
    assert got.evidence.feedback.loc[0, "comment"] == text
    write_tables(got.tables, folder)
    row = got.evidence.feedback.iloc[0]
    answer = f"r1,{row['comment_id']},not_accepted,Why,none,,We kept <i>it</i>,review team,2026-11-22\n"
    responses = folder / table("responses").file
    responses.write_text(responses.read_text(encoding="utf-8") + answer, encoding="utf-8")
    page = pack_page(build_pack(read_evidence(folder)))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "<i>it</i>" not in page


def test_control_and_direction_characters_are_left_out(base, sheet, tmp_path):
    text = "left\u202eright\u200b and\x07 on"
    path = sheet.as_csv(tmp_path / "a.csv")
    path.write_bytes(path.read_bytes().replace(b"garden-group", b"garden-group", 1))
    sheet.sheet.cell(sheet.row("T1 · missing"), 5).value = "HERE"
    path = sheet.as_csv(tmp_path / "a.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("HERE", text), encoding="utf-8")
    assert rows(base, path) == [("T1", "missing", "", "leftright and on")]


# ---------------------------------------------------------------- personal details


def test_nothing_is_stored_before_flagged_details_are_settled(base, sheet, tmp_path):
    path = sheet.put("T1 · missing", words="Ring me on 07700 900123, Dr Smith knows").saved(tmp_path / "a.xlsx")
    said = refused(base, path)
    assert "a.xlsx, sheet Answers, row 7: phone number “07…”; name “Dr…”" in said
    assert "--blank-flagged" in said
    assert "900123" not in said
    blanked = receive_feedback(
        base, [path], FeedbackChoices(round_id="round-1", blank=True), DAY
    ).evidence.feedback.iloc[0]
    assert blanked["comment"] == "Ring me on [removed: phone number], [removed: name] knows"
    assert blanked["privacy_check"] == "phone number, name: blacked out"
    kept = receive_feedback(
        base, [path], FeedbackChoices(round_id="round-1", keep="a public helpline"), DAY
    ).evidence.feedback.iloc[0]
    assert kept["comment"].startswith("Ring me on 07700")
    assert kept["privacy_check"] == "phone number, name: kept, a public helpline"
    assert kept["comment_id"] == blanked["comment_id"], "settled otherwise, it is still the same comment"


def test_a_group_is_no_person_and_a_role_is_one_of_the_list(base, blank, tmp_path):
    named = FilledSheet(blank).who(group="Mrs Mary Miller", role="").put("T1 · fits", "yes").saved(tmp_path / "a.xlsx")
    assert "looks like a person or a place; give --group" in refused(base, named)
    got = receive_feedback(base, [named], FeedbackChoices(round_id="round-1", group="Group A"), DAY)
    assert got.evidence.feedback.loc[0, ["group", "role"]].tolist() == ["group-a", "not_said"]
    assert any("no role is given; it is recorded as not_said" in remark for remark in got.remarks)
    other = FilledSheet(blank).who(role="boss").put("T1 · fits", "yes").saved(tmp_path / "b.xlsx")
    assert "the role 'boss' is none of facilitator, family" in refused(base, other)
    assert "the form says group garden-group, and --group says group-a; which is right?" in refused(base, other, FeedbackChoices(round_id="round-1", group="group-a"))  # fmt: skip
    assert got.remarks.count("new group 'group-a': is it the name of a group and not of a person?") == 1
    nobody = FilledSheet(blank).put("T1 · fits", "yes").saved(tmp_path / "c.xlsx")
    assert "does not say which group it comes from; give --group" in refused(base, nobody)


# ---------------------------------------------------------------- the wrong file, or a damaged one


def test_a_name_flagged_in_one_cell_is_found_in_every_cell_of_every_form(base, sheet, tmp_path):
    sheet.put("T1 · fits", "yes", "my daughter Lily").put("T2 · missing", words="we all miss lily").put("T3 · missing", words="Nothing")  # fmt: skip
    one = sheet.saved(tmp_path / "one.xlsx")
    for at in ("T1 · fits", "T2 · missing"):
        sheet.put(at, words="So it is")
    two = sheet.who(copy="2").put("T3 · missing", words="ask LILY").saved(tmp_path / "two.xlsx")
    with pytest.raises(SynthesisError) as caught:
        receive_feedback(base, [one, two], ROUND, DAY)
    said = str(caught.value)
    assert "one.xlsx, sheet Answers, row 12: name “li…”" in said
    assert "3 comments may show who somebody is" in said
    blank = FeedbackChoices(round_id="round-1", blank=True)
    got = receive_feedback(base, [one, two], blank, DAY).evidence.feedback
    assert "lily" not in got.to_csv().lower()
    assert (got["privacy_check"] == "name: blacked out").sum() == 3
    assert "we all miss [removed: name]" in set(got["comment"])


def test_all_that_is_wrong_with_a_form_is_told_at_once(base, sheet, tmp_path):
    sheet.put("T1 · fits", words="=1+1").put("T2 · missing", words="my daughter Lily").put(
        "T3 · missing", words="Money"
    )
    sheet.sheet.cell(sheet.row("T1 · fits"), 5).data_type = "f"
    at = sheet.row("T3 · missing")
    sheet.sheet.cell(at, 1).value = None
    said = refused(
        base, sheet.saved(tmp_path / "a.xlsx"), FeedbackChoices(round_id="round-1", copy="9", role="no such role")
    )
    assert "a.xlsx: sheet Answers, row 5: a cell holds a formula" in said
    assert f"a.xlsx: row {at}: the code is empty" in said
    assert "row 12: name “my…”" in said
    said = refused(base, sheet.who(copy="1").saved(tmp_path / "b.xlsx"), FeedbackChoices(copy="2"))
    assert "the form says copy 1, and --copy says 2; which is right? Leave --copy out to take the form's" in said
    assert "and no round was made with that pack" in said
    assert "a cell holds a formula" in said and "name “my…”" in said


def test_formulas_are_refused_with_their_place(base, sheet, tmp_path):
    sheet.sheet.cell(sheet.row("T1 · fits"), 5).value = "=HYPERLINK(A1)"
    assert "sheet Answers, row 5: a cell holds a formula; a formula is not carried out" in refused(base, sheet.saved(tmp_path / "a.xlsx"))  # fmt: skip


def test_macros_zip_bombs_and_entities_are_refused(base, sheet, tmp_path):
    path = sheet.saved(tmp_path / "a.xlsx")
    whole = path.read_bytes()
    assert "holds macros" in refused(base, with_parts(path, lambda parts: parts.update({"xl/vbaProject.bin": b"x"})))
    path.write_bytes(whole)
    bomb = with_parts(path, lambda parts: parts.update({"xl/media/a.bin": b"\0" * (FEEDBACK_SHEET.most_unpacked + 1)}))
    assert "would unpack to far more than a feedback sheet holds" in refused(base, bomb)
    path.write_bytes(whole)
    entities = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    assert "holds XML that no spreadsheet program writes" in refused(base, with_parts(path, lambda parts: parts.update({"xl/sharedStrings.xml": entities})))  # fmt: skip


def test_a_million_rows_are_refused(base, sheet, tmp_path):
    def swell(parts: dict[str, bytes]) -> None:
        head, _, rest = parts["xl/worksheets/sheet3.xml"].partition(b"<sheetData>")
        more = b"<row><c><v>1</v></c></row>" * 1_000_000
        parts["xl/worksheets/sheet3.xml"] = head + b"<sheetData>" + more + rest

    assert "has more than 2,000 filled rows; it is no feedback sheet" in refused(base, with_parts(sheet.saved(tmp_path / "a.xlsx"), swell))  # fmt: skip
    long = sheet.as_csv(tmp_path / "a.csv")
    long.write_bytes(long.read_bytes() + b"a,b\n" * 1_000_000)
    assert "it has more than 2,000 filled rows" in refused(base, long)


def test_another_packs_version_and_another_reviews_form_are_refused(base, sheet, tmp_path):
    mark = f"{build_pack(base).review}|{build_pack(base).version}"

    def marked(text: str) -> Path:
        path = sheet.as_csv(tmp_path / "a.csv")
        path.write_text(path.read_text(encoding="utf-8").replace(mark, text), encoding="utf-8")
        return path

    sheet.put("T1 · fits", "yes")
    assert "it answers a pack of another review (10.0/other)" in refused(base, marked(f"10.0/other|{build_pack(base).version}"))  # fmt: skip
    said = refused(base, marked(f"{build_pack(base).review}|0123abcd"))
    assert "the pack 0123abcd is not what the evidence makes today" in said
    assert "round-1,advisory,0123abcd,T1;T2;T3;T4;T5,,,open" in said
    assert "no round was made with that pack" in refused(
        base, marked(f"{build_pack(base).review}|0123abcd"), FeedbackChoices()
    )
    path = sheet.saved(tmp_path / "b.xlsx")
    sheet.sheet.cell(sheet.row("T1 · fits"), 6).value = f"{build_pack(base).review}|0123abcd|r|advisory|T1 # T1 · fits # "  # fmt: skip
    assert "it holds rows of 2 packs" in refused(base, sheet.saved(path))


def test_an_identifier_of_another_review_is_refused(base, sheet, tmp_path):
    end = sheet.sheet.max_row + 1
    sheet.sheet.cell(end, 1).value, sheet.sheet.cell(end, 5).value = "T99 · fits", "From elsewhere"
    assert "it speaks of T99, which this review does not have" in refused(base, sheet.saved(tmp_path / "a.xlsx"))


def test_an_emptied_column_of_codes_is_refused_and_every_row_named(base, sheet, tmp_path):
    sheet.put("T1 · fits", "yes").put("T2 · missing", words="Money")
    first, second = sheet.row("T1 · fits"), sheet.row("T2 · missing")
    for row in range(2, sheet.sheet.max_row + 1):
        sheet.sheet.cell(row, 1).value = None
    said = refused(base, sheet.saved(tmp_path / "a.xlsx"))
    assert f"row {first}: the code is empty, and the row went out as “T1 · fits”; put it back" in said
    assert f"row {second}: the code is empty" in said


def test_a_column_sorted_alone_is_noticed(base, sheet, tmp_path):
    sheet.put("T1 · fits", "yes").put("T2 · fits", "no")
    one, two = sheet.row("T1 · fits"), sheet.row("T2 · fits")
    sheet.sheet.cell(one, 1).value, sheet.sheet.cell(two, 1).value = "T2 · fits", "T1 · fits"
    assert f"row {one}: the code says 'T2 · fits', and the row went out as “T1 · fits”" in refused(base, sheet.saved(tmp_path / "a.xlsx"))  # fmt: skip


def test_a_sheet_that_lost_its_marks_or_headings_is_refused(base, sheet, tmp_path):
    sheet.put("T1 · fits", "yes")
    sheet.sheet.delete_cols(6)
    assert "the hidden column Form is empty" in refused(base, sheet.saved(tmp_path / "a.xlsx"))
    sheet.sheet.delete_rows(1)
    assert "has no row with the headings of a feedback sheet" in refused(base, sheet.saved(tmp_path / "a.xlsx"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pdf", b"%PDF-1.7", "it is a PDF, which cannot be read back"),
        ("a.xlsx", b"", "it is empty"),
        (
            "a.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99,
            "protected by a password or in the old .xls format",
        ),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99,
            "protected by a password or in the old .doc format",
        ),
        ("a.xlsx", b"PK\x03\x04 and then nonsense", "is damaged"),
        ("a.csv", b"some,other\ntable,here\n", "no row with the headings of a feedback sheet"),
        ("a.bin", bytes(range(256)), "it is no text table"),
        ("a.rtf", b"{\\rtf1 hello}", "save it as .docx"),
    ],
)
def test_what_is_no_form_is_named_as_what_it_is(base, tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    assert says in refused(base, path)


def test_one_bad_file_keeps_all_of_them_out_and_every_reason_is_told(base, sheet, tmp_path):
    good = sheet.put("T1 · fits", "yes").saved(tmp_path / "good.xlsx")
    (tmp_path / "bad.csv").write_bytes(b"x,y\n")
    sheet.sheet.cell(sheet.row("T2 · fits"), 5).value = "=1"
    worse = sheet.saved(tmp_path / "worse.xlsx")
    with pytest.raises(SynthesisError) as caught:
        receive_feedback(base, [good, tmp_path / "bad.csv", worse], ROUND, DAY)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()[1:]] == ["bad.csv", "worse.xlsx"]
    with pytest.raises(CallError, match="cannot be opened"):
        receive_feedback(base, [good, tmp_path / "nowhere.xlsx"], ROUND, DAY)


# ---------------------------------------------------------------- rounds and the command


def test_the_round_is_found_by_the_packs_version(base, folder, sheet, tmp_path):
    path = sheet.put("T1 · fits", "yes").saved(tmp_path / "a.xlsx")
    version = build_pack(base).version
    rounds = folder / table("rounds").file
    header = rounds.read_text(encoding="utf-8")
    rounds.write_text(f"{header}r7,advisory,{version},T1;T2;T3;T4;T5,,,draft\nold,advisory,0123abcd,T1,,,closed\n", encoding="utf-8")  # fmt: skip
    evidence = read_evidence(folder)
    got = receive_feedback(evidence, [path], FeedbackChoices(), DAY)
    assert got.evidence.feedback.loc[0, "round_id"] == "r7"
    assert got.evidence.rounds["status"].tolist() == ["open", "closed"], "what was answered is no draft any more"
    assert "the round old was made with the pack 0123abcd" in refused(evidence, path, FeedbackChoices(round_id="old"))
    rounds.write_text(f"{header}r7,advisory,{version},T1,,,open\nr8,advisory,{version},T1,,,closed\n", encoding="utf-8")
    evidence = read_evidence(folder)
    assert "several rounds (r7, r8); say which with --round" in refused(evidence, path, FeedbackChoices())
    late = receive_feedback(evidence, [path], FeedbackChoices(round_id="r8"), DAY)
    assert any("the round r8 is closed; its comments were taken all the same" in remark for remark in late.remarks)


def test_the_command_stores_all_or_nothing(folder, sheet, capsys, tmp_path):
    path = sheet.put("T1 · fits", "yes", "Fits, says Karen Jones").saved(tmp_path / "a.xlsx")
    call = ["feedback", str(path), "--round", "round-1", "--data", str(folder)]
    files = [folder / table(name).file for name in ("feedback", "rounds")]
    before = [file.read_bytes() for file in files]
    assert main(call) == 1
    assert "1 comment may show who somebody is" in capsys.readouterr().err
    assert main([*call, "--blank-flagged", "--check-only"]) == 0
    assert capsys.readouterr().out == "1 form: 1 answer or comment, 1 new. Nothing was stored.\n"
    assert [file.read_bytes() for file in files] == before
    assert main([*call, "--blank-flagged"]) == 0
    assert capsys.readouterr().out == "1 form: 1 answer or comment, 1 new.\n"
    assert check(folder).ok
    after = [file.read_bytes() for file in files]
    assert main([*call, "--accept-flagged", "a colleague who agreed"]) == 0
    assert "1 answer or comment, 0 new." in capsys.readouterr().out
    assert [file.read_bytes() for file in files] == after
    assert main(["feedback", "nowhere.xlsx", "--data", str(folder)]) == 2
