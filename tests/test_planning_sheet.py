"""The planning sheet: out, filled in, and back; what cannot be taken is named with file, sheet, row and column."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from filled_plan import AREA, HEADS, STAGES, TODAY, FilledPlan
from returned import resaved, with_parts

from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.planning.plans import COLUMNS, planning_items, read_plans, store_plan
from synthesis.planning.reading import MOST_ROWS, read_plan
from synthesis.planning.sheet import planning_workbook, read_mark

BAD = list(csv.DictReader(Path(__file__).with_name("bad_plans.csv").read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def sheet(evidence) -> FilledPlan:
    """A sheet with some answers, as a team would give them."""
    filled = FilledPlan(evidence).on(dt.datetime(2026, 6, 1))
    filled.put("SI081", "Begun", "Minutes of the hub board, 12 May 2026; see https://hub.example/minutes", "Commissioning Manager", dt.datetime(2027, 3, 1))  # fmt: skip
    filled.put("SI084", "in  place", "=SUM(A1) stands for itself", "head of workforce development", "22/11/2026")
    filled.put("SI088", "does not apply").put(
        "PT021", "not started", "- no budget yet\nsecond line", "Joint Commissioning Board"
    )
    return filled.put("SI090", "", "we do not know yet")


def back(evidence, path, **options):
    return read_plan(evidence, path, today=TODAY, **options)


def refused(evidence, path, **options) -> str:
    with pytest.raises(SynthesisError) as stopped:
        back(evidence, path, **options)
    return str(stopped.value)


def answers(plan) -> dict:
    table = plan.table.set_index("item_id")
    return {item: table.loc[item, "stage"] for item in table.index if pd.notna(table.loc[item, "stage"])}


# ---------------------------------------------------------------- going out


def test_every_item_stands_in_the_sheet_with_its_words_and_source(evidence):
    sheet = FilledPlan(evidence).sheet
    items = planning_items(evidence)
    assert [sheet.cell(row, 1).value for row in range(3, sheet.max_row + 1)] == list(items["item_id"])
    assert [sheet.cell(row, 3).value for row in range(3, sheet.max_row + 1)] == list(items["item"])
    source = FilledPlan(evidence).cell("PT032", "Source").value
    assert "https://www.eif.org.uk/resource/how-to-use-a-maturity-matrix" in source
    assert "Levels in the source: basic to mature" in source
    step = FilledPlan(evidence).cell("SI081", "Source").value
    assert "line " not in step and "foundations.org.uk" in step, "lines of a private copy are not shown"


def test_only_the_cells_for_answers_are_open(evidence):
    filled = FilledPlan(evidence)
    assert filled.sheet.protection.sheet
    unlocked = {filled.sheet.cell(1, cell.column).value for cell in filled.sheet[filled.row("SI085")] if not cell.protection.locked}  # fmt: skip
    assert unlocked == set(HEADS)
    assert [cell.value for cell in filled.sheet[1] if filled.sheet.column_dimensions[cell.column_letter].hidden] == [
        "Form"
    ]


def test_the_stages_are_offered_from_the_first_page_where_they_stand_in_order(evidence):
    filled = FilledPlan(evidence, stages="one,two;three")
    rules = {rule.type: rule for rule in filled.sheet.data_validations.dataValidation if "D3" in rule.cells}
    first = filled.book["Read first"]
    start, end = (int(part.rpartition("$")[2]) for part in rules["list"].formula1.split(":"))
    assert [first.cell(row, 1).value for row in range(start, end + 1)] == ["one", "two", "three", "does not apply"]
    assert filled.sheet.page_setup.orientation == "landscape"
    assert str(filled.sheet.page_setup.paperSize) == "9"


def test_the_first_page_says_what_it_is_who_sees_it_and_why_there_are_no_numbers(evidence):
    lines = [cell.value for cell in FilledPlan(evidence).book["Read first"]["A"]]
    whole = "\n".join(lines)
    for said in ("What this is", "What is asked of you", "Who sees it", "numeric levels were not visible", "no names", "provisional"):  # fmt: skip
        assert said in whole


def test_the_same_call_gives_the_same_bytes(evidence):
    assert planning_workbook(evidence, AREA, STAGES) == planning_workbook(evidence, AREA, ",".join(STAGES))


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        ("", "The planning tool's own numeric levels were not visible"),
        ("one", "A scale has 2 to 10 stages; this one has 1."),
        (",".join("abcdefghijk"), "this one has 11"),
        ("begun,Begun", "A stage stands twice"),
        ("begun,,done", "A stage has no words"),
        ("=begun,done", "may not begin with ="),
        ("be#gun,done", "nor hold"),
        ("not answered,done", "is no stage"),
        ("x" * 41 + ",done", "at most 40 letters"),
    ],
)
def test_a_faulty_scale_is_refused_with_the_reason(evidence, stages, says):
    with pytest.raises(CallError, match=says):
        planning_workbook(evidence, AREA, stages)


@pytest.mark.parametrize(
    "area", ["", "  ", "=cmd", "a # b", "-", "x" * 81, "ask a.body@council.example", "01632 960 123"]
)
def test_a_faulty_area_is_refused(evidence, area):
    with pytest.raises(CallError, match="area"):
        planning_workbook(evidence, area, STAGES)


# ---------------------------------------------------------------- and back


def test_what_was_filled_in_comes_back_with_its_day_and_scale(evidence, sheet, tmp_path):
    plan = back(evidence, sheet.saved(tmp_path / "back.xlsx"))
    table = plan.table.set_index("item_id")
    assert tuple(plan.table) == COLUMNS
    assert list(table.index) == list(planning_items(evidence)["item_id"])
    assert set(table["area"]) == {AREA}
    assert set(table["date"]) == {pd.Timestamp(2026, 6, 1)}
    assert set(table["scale"]) == {"not started;planned;begun;in place"}
    assert answers(plan) == {"SI081": "begun", "SI084": "in place", "SI088": "does not apply", "PT021": "not started"}
    assert table["stage_order"].dropna().to_dict() == {"SI081": 3, "SI084": 4, "PT021": 1}
    assert table.loc["SI081", "note"].startswith("Minutes of the hub board, 12 May 2026; see https://")
    assert table.loc["SI084", "action_date"] == pd.Timestamp(2026, 11, 22)
    assert plan.n_answered == 4


def test_text_that_looks_like_a_formula_is_kept_and_never_becomes_one(evidence, sheet, tmp_path):
    plan = back(evidence, sheet.saved(tmp_path / "back.xlsx"))
    table = plan.table.set_index("item_id")
    assert table.loc["SI084", "note"] == "“=SUM(A1) stands for itself”"
    assert table.loc["PT021", "note"] == "“- no budget yet\nsecond line”"
    path, _ = store_plan(plan.table, tmp_path)
    cells = [cell for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@"))]
    again = openpyxl.load_workbook(_written(planning_workbook(evidence, before=plan.table), tmp_path))
    assert not [cell for row in again["Plan"].iter_rows() for cell in row if cell.data_type == "f"]


def _written(content: bytes, folder: Path) -> Path:
    (folder / "again.xlsx").write_bytes(content)
    return folder / "again.xlsx"


def test_a_note_without_a_stage_is_kept_and_counts_as_not_answered(evidence, sheet, tmp_path):
    plan = back(evidence, sheet.saved(tmp_path / "back.xlsx"))
    row = plan.table.set_index("item_id").loc["SI090"]
    assert pd.isna(row["stage"])
    assert row["note"] == "we do not know yet"
    assert any("SI090 counts as not answered" in remark for remark in plan.remarks)


def test_rows_may_be_moved_and_deleted(evidence, sheet, tmp_path):
    whole = back(evidence, sheet.saved(tmp_path / "whole.xlsx"))
    rows = [[cell.value for cell in row] for row in sheet.sheet.iter_rows(min_row=2)]
    kept = [row for row in reversed(rows) if row[0] not in ("SI082", "SI083")]
    sheet.sheet.delete_rows(2, len(rows))
    for row in kept:
        sheet.sheet.append(row)
    for cell in (each for row in sheet.sheet.iter_rows() for each in row if isinstance(each.value, str)):
        cell.data_type = "s"
    plan = back(evidence, sheet.saved(tmp_path / "moved.xlsx"))
    pd.testing.assert_frame_equal(plan.table, whole.table)
    assert any("2 rows of 22 not in the sheet any more, so not answered: SI082, SI083" in each for each in plan.remarks)


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")]
)
def test_the_sheet_as_a_text_table_says_the_same(evidence, sheet, tmp_path, delimiter, encoding):
    whole = back(evidence, sheet.saved(tmp_path / "back.xlsx"))
    plan = back(evidence, sheet.as_csv(tmp_path / "back.csv", delimiter, encoding))
    pd.testing.assert_frame_equal(plan.table, whole.table)


@pytest.mark.office
@pytest.mark.parametrize("kinds", [("xlsx",), ("ods",), ("csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false,false,false,2",)])  # fmt: skip
def test_a_sheet_that_libreoffice_saved_says_the_same(evidence, sheet, tmp_path_factory, kinds):
    folder = tmp_path_factory.mktemp("office")
    path = sheet.saved(folder / "plan.xlsx")
    whole = back(evidence, path)
    plan = back(evidence, resaved(path, *kinds))
    pd.testing.assert_frame_equal(plan.table, whole.table)
    assert [each.partition(", row ")[2] for each in plan.remarks] == [
        each.partition(", row ")[2] for each in whole.remarks
    ]


@pytest.mark.office
def test_an_open_document_with_a_formula_and_a_note_in_the_margin_is_read_as_what_it_is(
    evidence, sheet, tmp_path_factory
):
    from openpyxl.comments import Comment

    folder = tmp_path_factory.mktemp("office")
    sheet.cell("SI081", "Stage").comment = Comment("from the margin, ring 01632 960 123", "somebody")
    sheet.cell("SI082", "Stage").value = "=1+1"
    said = refused(evidence, resaved(sheet.saved(folder / "plan.xlsx"), "ods"))
    assert f"row {sheet.row('SI081')}, column How do you know?: phone number" in said
    assert f"what I think.ods, sheet Plan, row {sheet.row('SI082')}, column Stage: the cell holds a formula" in said


@pytest.mark.parametrize("case", BAD, ids=[case["case"] for case in BAD])
def test_what_cannot_be_taken_is_named_with_file_sheet_row_and_column(evidence, sheet, tmp_path, case):
    row = sheet.row(case["row"])
    cell = sheet.cell(case["row"], case["column"])
    cell.value = case["typed"] or None
    said = refused(evidence, sheet.saved(tmp_path / "back.xlsx"))
    line = next(line for line in said.splitlines() if case["says"] in line)
    assert line.startswith(f"back.xlsx, sheet Plan, row {row}, column {case['column']}: ")


def test_all_problems_are_listed_at_once(evidence, sheet, tmp_path):
    for case in BAD[:6]:
        sheet.cell(case["row"], case["column"]).value = case["typed"]
    sheet.put("SI085", "nearly", "ask a.body@council.example", "jane", "soon")
    said = refused(evidence, sheet.saved(tmp_path / "back.xlsx"))
    assert said.startswith("Nothing was stored.\n")
    for part in ("nearly", "e-mail", "jane"[:2] + "…", "soon", "formula", "--blank-flagged", "--accept-flagged"):
        assert part in said


def test_flagged_details_are_blacked_out_or_kept_for_a_reason(evidence, sheet, tmp_path):
    sheet.put("SI085", "begun", "ask a.body@council.example", "jane")
    path = sheet.saved(tmp_path / "back.xlsx")
    row = back(evidence, path, blank=True).table.set_index("item_id").loc["SI085"]
    assert (row["note"], row["owner"]) == ("ask [removed: e-mail address]", "[removed: name or unknown role]")
    assert row["privacy_check"] == "note: e-mail address: blacked out; owner: name or unknown role: blacked out"
    row = back(evidence, path, keep="a shared mailbox").table.set_index("item_id").loc["SI085"]
    assert row["note"] == "ask a.body@council.example"
    assert "kept, a shared mailbox" in row["privacy_check"]
    with pytest.raises(CallError, match="not both"):
        back(evidence, path, blank=True, keep="why")


@pytest.mark.parametrize("owner", ["Commissioning Manager", "Head of Early Help", "public health lead", "Joint Strategic Board", "NHS Trust, Perinatal Team", "Director of Children's Services", "parents' panel"])  # fmt: skip
def test_posts_and_bodies_are_no_names(evidence, sheet, tmp_path, owner):
    sheet.put("SI085", "begun", "", owner)
    assert back(evidence, sheet.saved(tmp_path / "back.xlsx")).table.set_index("item_id").loc["SI085", "owner"] == owner


def test_a_row_that_was_added_is_refused_and_nothing_of_it_dropped(evidence, sheet, tmp_path):
    sheet.sheet.append(["", "", "Our own step", "begun", "", "", "", ""])
    said = refused(evidence, sheet.saved(tmp_path / "back.xlsx"))
    assert f"row {sheet.sheet.max_row}, column Row: a row that was added has no item" in said


def test_a_row_that_was_copied_is_named_with_its_twin(evidence, sheet, tmp_path):
    sheet.sheet.append([cell.value for cell in sheet.sheet[sheet.row("SI085")]])
    said = refused(evidence, sheet.saved(tmp_path / "back.xlsx"))
    assert f"SI085 stands twice (also in row {sheet.row('SI085')})" in said


def test_an_emptied_column_of_identifiers_is_named_row_by_row(evidence, sheet, tmp_path):
    rows = sheet.sheet.max_row
    for row in range(2, rows + 1):
        sheet.sheet.cell(row, 1).value = None
    said = refused(evidence, sheet.saved(tmp_path / "back.xlsx"))
    assert said.count("put ") >= rows - 1
    assert "the row went out as PT036" in said


def test_what_stands_beside_the_form_goes_into_the_note(evidence, sheet, tmp_path):
    sheet.sheet.cell(1, 10).value = "Our remarks"
    sheet.sheet.cell(sheet.row("SI085"), 10).value = "ask the board"
    plan = back(evidence, sheet.saved(tmp_path / "back.xlsx"))
    assert plan.table.set_index("item_id").loc["SI085", "note"] == "Our remarks: ask the board"
    assert any("put into the note" in remark for remark in plan.remarks)


def test_a_note_in_the_margin_arrives(evidence, sheet, tmp_path):
    from openpyxl.comments import Comment

    sheet.cell("SI085", "Stage").comment = Comment("from the margin", "somebody")
    plan = back(evidence, sheet.saved(tmp_path / "back.xlsx"))
    assert plan.table.set_index("item_id").loc["SI085", "note"] == "from the margin"


def test_another_reviews_sheet_is_refused_as_a_whole(evidence, sheet, tmp_path):
    for row in range(3, sheet.sheet.max_row + 1):
        sheet.sheet.cell(row, 1).value = f"XX{row}"
    assert "it belongs to another review: none of its 22 rows (XX10, XX11, XX12, ...) is in" in refused(evidence, sheet.saved(tmp_path / "back.xlsx"))  # fmt: skip


def test_a_sheet_that_lost_its_hidden_column_or_holds_two_plans_is_refused(evidence, sheet, tmp_path):
    form = sheet.column("Form")
    other = read_mark(sheet.sheet.cell(3, form).value)._replace(area="Elsewhere")
    sheet.sheet.cell(3, form).value = str(other)
    assert "it holds rows of 2 plans: Elsewhere (not started" in refused(evidence, sheet.saved(tmp_path / "two.xlsx"))
    for row in range(2, sheet.sheet.max_row + 1):
        sheet.sheet.cell(row, form).value = None
    assert "the hidden column Form is empty" in refused(evidence, sheet.saved(tmp_path / "lost.xlsx"))


def test_lost_headings_are_named(evidence, sheet, tmp_path):
    sheet.sheet.cell(1, sheet.column("Owner (a role)")).value = None
    assert "row 1, column Owner (a role): the column is not there" in refused(
        evidence, sheet.saved(tmp_path / "a.xlsx")
    )
    for cell in sheet.sheet[1]:
        cell.value = None
    assert "has no row with the headings of a planning sheet" in refused(evidence, sheet.saved(tmp_path / "b.xlsx"))


def test_the_day_may_be_given_with_the_call_and_may_not_contradict_the_sheet(evidence, sheet, tmp_path):
    sheet.cell("day", "Stage").value = None
    path = sheet.saved(tmp_path / "back.xlsx")
    assert set(back(evidence, path, day="2026-07-01").table["date"]) == {pd.Timestamp(2026, 7, 1)}
    sheet.on("2026-06-01")
    back(evidence, sheet.saved(path), day="1 June 2026")
    assert "the sheet says 2026-06-01, and --date says 2026-07-01" in refused(
        evidence, sheet.saved(path), day="2026-07-01"
    )


# ---------------------------------------------------------------- files that must not be opened, or not be taken


def test_macros_bombs_and_other_files_are_refused_before_they_are_read(evidence, sheet, tmp_path):
    def made(name: str, change) -> Path:
        return with_parts(sheet.saved(tmp_path / name), change)

    assert "holds macros" in refused(evidence, made("m.xlsx", lambda parts: parts.update({"xl/vbaProject.bin": b"x"})))
    bomb = {f"xl/media/{n}": bytes(60_000_000) for n in range(2)}
    assert "would unpack to far more" in refused(evidence, made("b.xlsx", lambda parts: parts.update(bomb)))
    typed = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'
    assert "was not opened" in refused(evidence, made("d.xlsx", lambda parts: parts.update({"xl/workbook.xml": typed})))
    for name, content, says in (
        ("e.xlsx", b"", "it is empty"), ("p.pdf", b"%PDF-1.7 x", "PDF"), ("o.xls", b"\xd0\xcf\x11\xe0 x", "old .xls format"),
        ("z.xlsx", b"PK\x03\x04 broken", "damaged"), ("t.csv", b"a,b\n1,2\n", "no row with the headings"), ("n.csv", b"a\0b", "no text table"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        assert says in refused(evidence, tmp_path / name)
    with pytest.raises(CallError, match="cannot be opened"):
        back(evidence, tmp_path / "not there.xlsx")


OFFICE, TABLE, TEXT = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text"))


def open_document(path: Path, rows: str, **more: bytes) -> Path:
    body = f'<office:document-content xmlns:office="{OFFICE}" xmlns:table="{TABLE}" xmlns:text="{TEXT}"><office:body><office:spreadsheet><table:table table:name="Plan">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", body)
        for name, content in more.items():
            packed.writestr(name.replace("__", "/"), content)
    return path


@pytest.mark.parametrize(
    ("rows", "more", "says"),
    [
        ("", {"Basic__Standard__Module1.xml": b"<x/>"}, "holds macros"),
        ("", {"META-INF__manifest.xml": b"<m><encryption-data/></m>"}, "protected by a password"),
        ("", {"mimetype": b""}, "no OpenDocument spreadsheet"),
        ('<table:table-row table:number-rows-repeated="1000000"><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>', {}, "more than 2,000 filled rows"),
        ('<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>', {}, "no row with the headings"),
        (f'<table:table-row><table:table-cell table:number-columns-repeated="{"9" * 5000}"><text:p>x<text:s text:c="999999999"/>y</text:p></table:table-cell></table:table-row>', {}, "no row with the headings"),
    ],
    ids=["macros", "password", "another kind", "a million rows", "a million blank rows", "a cell repeated without end"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_open_documents_are_guarded_like_workbooks(evidence, tmp_path, rows, more, says):
    path = open_document(tmp_path / "a.ods", rows, **more)
    if "mimetype" in more:
        with zipfile.ZipFile(path, "a") as packed:
            packed.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    assert says in refused(evidence, path)


def test_a_sheet_with_too_many_rows_is_refused(evidence, sheet, tmp_path):
    sheet.sheet.append(["x"])
    for row in range(sheet.sheet.max_row, MOST_ROWS + 10):
        sheet.sheet.cell(row, 3).value = "x"
    assert "a.xlsx: The sheet 'Plan' has more than 2,000 filled rows; it is no planning sheet" in refused(
        evidence, sheet.saved(tmp_path / "a.xlsx")
    )
    assert "more than 2,000 filled rows; it is no planning sheet" in refused(evidence, sheet.as_csv(tmp_path / "a.csv"))


# ---------------------------------------------------------------- stored


def test_reading_a_sheet_twice_stores_one_plan(evidence, sheet, tmp_path):
    path = sheet.saved(tmp_path / "back.xlsx")
    one = store_plan(back(evidence, path).table, tmp_path)
    two = store_plan(back(evidence, path).table, tmp_path)
    assert one == (tmp_path / "plan_exampleton_2026-06-01.csv", True)
    assert two == (one[0], False)
    pd.testing.assert_frame_equal(read_plans(tmp_path), back(evidence, path).table)


def test_other_answers_of_the_same_day_do_not_replace_a_plan_unasked(evidence, sheet, tmp_path):
    path, _ = store_plan(back(evidence, sheet.saved(tmp_path / "a.xlsx")).table, tmp_path)
    before = path.read_bytes()
    other = back(evidence, sheet.put("SI095", "planned").saved(tmp_path / "b.xlsx")).table
    with pytest.raises(CallError, match="holds other answers"):
        store_plan(other, tmp_path)
    assert path.read_bytes() == before
    assert store_plan(other, tmp_path, replace=True) == (path, True)
    with pytest.raises(CallError, match=r"The folder .* is not there"):
        store_plan(other, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("begun,3,", "begun,4,", "row 2, column stage_order: “4” is not the place of the stage on the scale"),
        ("begun,3,", "nearly,3,", "row 2, column stage: “nearly” is none of not started, planned, begun, in place"),
        ("2026-06-01,SI081", "1.6.2026,SI081", "row 2, column date: “1.6.2026” is no day"),
        ("SI082", "SI081", "row 3, column item_id: SI081 stands twice"),
        ("SI082", "", "row 3, column item_id: it is empty"),
        ("SI082", "SI 082", "row 3, column item_id: “SI 082” holds “space”"),
        (
            "Exampleton,2026-06-01,SI081",
            "ring 01632 960 123,2026-06-01,SI081",
            "row 2, column area: 'ring 01632 960 123' is no name",
        ),
        ("stage_order", "place", "it has lost the columns stage_order"),
        ("not started;planned;begun;in place", "begun", "A scale has 2 to 10 stages"),
    ],
)
def test_a_stored_plan_that_was_edited_wrongly_is_refused_with_its_row(evidence, sheet, tmp_path, old, new, says):
    path, _ = store_plan(back(evidence, sheet.saved(tmp_path / "a.xlsx")).table, tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SynthesisError, match=says):
        read_plans(path)


def test_two_files_of_one_plan_and_places_without_plans_are_refused(evidence, sheet, tmp_path):
    path, _ = store_plan(back(evidence, sheet.saved(tmp_path / "a.xlsx")).table, tmp_path)
    (tmp_path / "plan_copy.csv").write_bytes(path.read_bytes())
    with pytest.raises(SynthesisError, match="both hold the plan of Exampleton on 2026-06-01; leave one"):
        read_plans(tmp_path)
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "plan_no.csv"):
        with pytest.raises(CallError, match="plan"):
            read_plans(place)


def test_an_earlier_plan_stands_beside_each_item_and_gives_area_and_scale(evidence, sheet, tmp_path):
    before = back(evidence, sheet.saved(tmp_path / "back.xlsx")).table
    again = FilledPlan(evidence, area="", stages="", before=before)
    assert again.cell("SI081", "Last time").value.startswith("2026-06-01: begun\nMinutes of the hub board")
    assert again.cell("SI082", "Last time").value == "2026-06-01: not answered"
    plan = back(evidence, again.on("2026-11-01").put("SI082", "planned").saved(tmp_path / "again.xlsx"))
    assert answers(plan) == {"SI082": "planned"}
    assert set(plan.table["scale"]) == set(before["scale"])
    with pytest.raises(CallError, match="The earlier plan is of 'Exampleton'"):
        planning_workbook(evidence, "Elsewhere", STAGES, before)
