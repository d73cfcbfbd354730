"""Coding in a spreadsheet: what goes out, what comes back after other programs had it, and what is refused."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from small import small_base

from synthesis import check, read_evidence
from synthesis.cli import main
from synthesis.coding.codebook import rename_code
from synthesis.coding.sheet import BOOK, CODING, NONE_FITS, coding_sheet, read_coding_sheet
from synthesis.evidence.schema import CallError, EvidenceError, SynthesisError, table
from synthesis.evidence.tables import Evidence, write_tables
from synthesis.office.office_files import WORKBOOK
from synthesis.office.table_sheets import ABOUT

ANNA = "anna"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A small evidence base with a person, anna, who has coded nothing yet."""
    made = small_base(tmp_path / "data")
    coders = made / table("coders").file
    text = coders.read_text(encoding="utf-8")
    coders.write_text(text + f"{ANNA},person,Codes every finding,coder-1;coder-2,2,yes,\n", encoding="utf-8")
    assert check(made).ok
    return made


@pytest.fixture
def base(folder) -> Evidence:
    return read_evidence(folder)


Sheet = openpyxl.worksheet.worksheet.Worksheet


class Workbook:
    """A coding sheet opened as a coder would have it before them; cells are named by finding and heading."""

    def __init__(self, content: bytes, path: Path) -> None:
        self.path = path
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.sheet: Sheet = self.book[CODING]

    def column(self, heading: str) -> int:
        return next(cell.column for cell in self.sheet[1] if cell.value == heading)

    def row(self, finding: str) -> int:
        return next(cell.row for cell in self.sheet[get_letter(self.column("finding_id"))] if cell.value == finding)

    def put(self, finding: str, /, **cells: object) -> Workbook:
        for heading, value in cells.items():
            heading = heading.replace("_", " ") if heading[-1].isdigit() or heading == "no_code_fits" else heading
            self.sheet.cell(self.row(finding), self.column(heading)).value = value
        return self

    def saved(self) -> Path:
        self.book.save(self.path)
        return self.path


def get_letter(column: int) -> str:
    return openpyxl.utils.get_column_letter(column)


@pytest.fixture
def sheet(base, tmp_path) -> Workbook:
    return Workbook(coding_sheet(base, ANNA), tmp_path / "anna.xlsx")


def as_people(evidence: Evidence) -> Evidence:
    """The same codings, given by people: of a program's pass there is no sheet."""
    return Evidence(evidence.folder, {**evidence.frames, "coders": evidence.coders.replace({"kind": {"language_model": "person"}})}, [])  # fmt: skip


def findings(base: Evidence) -> list[str]:
    return list(base.findings["finding_id"])


def problems(base: Evidence, path: Path) -> list[tuple[str, int | None, str]]:
    before = {name: base[name].copy() for name in ("codings", "readings")}
    with pytest.raises(EvidenceError) as caught:
        read_coding_sheet(base, path)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(base[name], frame)
    return [(problem.code, problem.row, problem.column) for problem in caught.value.problems]


def own(evidence: Evidence, coder: str = ANNA) -> pd.DataFrame:
    return evidence.codings[evidence.codings["coder"] == coder].reset_index(drop=True)


def others(evidence: Evidence) -> pd.DataFrame:
    return evidence.codings[evidence.codings["coder"] != ANNA].reset_index(drop=True)


# ---------------------------------------------------------------- going out


def test_the_sheet_has_a_row_a_finding_with_its_study_and_lists_to_choose_from(base, sheet):
    rows = list(sheet.sheet.iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == findings(base)
    assert [row[1] for row in rows] == list(base.findings["finding"])
    assert all(all(row[2:5]) for row in rows), "study, population and perspective"
    assert not any(any(row[5:]) for row in rows), "anna has coded nothing"
    lists = {rule.formula1 for rule in sheet.sheet.data_validations.dataValidation}
    assert {f"{BOOK}!$A$2:$A${len(base.codebook) + 1}", '"high,medium,low"', '"yes,no"', '"yes"'} <= lists
    assert sheet.sheet.protection.sheet
    assert sheet.sheet["A2"].protection.locked
    assert not sheet.sheet.cell(2, sheet.column("code 1")).protection.locked
    assert [row[0].split("[")[1][:-1] for row in sheet.book[BOOK].iter_rows(min_row=2, values_only=True)] == list(base.codebook["code_id"])  # fmt: skip
    assert "coder" in [row[0] for row in sheet.book[ABOUT].iter_rows(values_only=True)]


def test_a_sheet_of_some_studies_holds_their_findings_alone_and_leaves_the_others_as_they_are(base, folder, tmp_path):
    only = ["ackerson2003"]
    sheet = Workbook(coding_sheet(base, ANNA, only), tmp_path / "anna.xlsx")
    asked = list(base.findings.loc[base.findings["study_id"].isin(only), "finding_id"])
    assert [row[0] for row in sheet.sheet.iter_rows(min_row=2, values_only=True)] == asked
    assert 0 < len(asked) < len(base.findings)
    facts = {row[0]: row[1] for row in sheet.book[ABOUT].iter_rows(values_only=True)}
    assert facts["findings"] == str(len(asked))
    got = read_coding_sheet(base, sheet.put(asked[0], code_1="hardship").saved())
    assert list(own(got.evidence)["finding_id"]) == [asked[0]]
    pd.testing.assert_frame_equal(others(got.evidence), others(base))


def test_no_sheet_is_made_of_a_study_that_is_not_there_or_has_nothing_to_code(base):
    with pytest.raises(CallError, match="does not hold nobody1999"):
        coding_sheet(base, ANNA, ["ackerson2003", "nobody1999"])
    bare = Evidence(base.folder, {**base.frames, "findings": base.findings[base.findings["study_id"] != "ackerson2003"]}, [])  # fmt: skip
    with pytest.raises(CallError, match="no finding is of ackerson2003"):
        coding_sheet(bare, ANNA, ["ackerson2003"])


def test_the_sheet_never_shows_what_another_coder_gave(evidence):
    """Of another coder's codings neither codes, notes nor confidence leave, and nothing of the agreed set."""
    marked = evidence.codings.copy()
    marked["note"] = "a note of " + marked["coder"] + " on " + marked["finding_id"]
    base = as_people(Evidence(evidence.folder, {**evidence.frames, "codings": marked}, []))
    with zipfile.ZipFile(io.BytesIO(coding_sheet(base, "coder-2"))) as packed:
        text = "".join(packed.read(name).decode("utf-8") for name in packed.namelist() if name.endswith(".xml"))
    assert "a note of coder-2 on" in text
    assert "a note of coder-1 on" not in text
    assert "a note of agreed on" not in text
    book = Workbook(coding_sheet(base, "coder-2"), Path("unused.xlsx"))
    given = {
        (row[0], re.search(r"\[(.+)\]$", cell)[1])
        for row in book.sheet.iter_rows(min_row=2, values_only=True)
        for cell in row[5::4]
        if cell and "[" in cell
    }
    second = own(evidence, "coder-2")
    assert given == set(zip(second["finding_id"], second["code_id"], strict=True))


def test_text_that_begins_like_a_formula_stays_text(base, tmp_path):
    signs = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "https://example.org"]
    frame = base.findings.copy()
    frame.loc[: len(signs) - 1, "finding"] = signs
    changed = Evidence(base.folder, {**base.frames, "findings": frame}, [])
    book = Workbook(coding_sheet(changed, ANNA), tmp_path / "signs.xlsx")
    cells = [book.sheet.cell(row, 2) for row in range(2, 2 + len(signs))]
    assert [cell.value for cell in cells] == signs
    with zipfile.ZipFile(io.BytesIO(coding_sheet(changed, ANNA))) as packed:
        written = "".join(packed.read(name).decode() for name in packed.namelist() if "worksheets/" in name)
    assert "<f>" not in written
    assert "<hyperlink" not in written
    book.put(findings(base)[0], code_1="stigma", note_1="fine")
    assert not own(read_coding_sheet(changed, book.saved()).evidence).empty


def test_the_same_evidence_gives_the_same_bytes(base):
    assert coding_sheet(base, ANNA) == coding_sheet(base, ANNA)


def test_nobody_codes_as_the_settled_set_or_without_a_row_in_coders(base):
    with pytest.raises(SynthesisError, match="'agreed' is the settled set"):
        coding_sheet(base, "agreed")
    with pytest.raises(SynthesisError, match=r"no coder 'ben' in the table coders, .* Add a row for yourself"):
        coding_sheet(base, "ben")


# ---------------------------------------------------------------- coming back


def test_an_untouched_sheet_of_every_shipped_coding_changes_nothing(evidence, tmp_path):
    evidence = as_people(evidence)
    for coder in ("coder-1", "coder-2"):
        path = tmp_path / f"{coder}.xlsx"
        path.write_bytes(coding_sheet(evidence, coder))
        brought = read_coding_sheet(evidence, path)
        assert (brought.n_read, brought.n_changed) == (631, 0)
        assert brought.evidence.codings is evidence.codings
        assert brought.evidence["readings"] is evidence["readings"]


def test_codes_come_back_with_rank_confidence_negative_case_and_note(base, sheet, folder):
    one, two, three = findings(base)[:3]
    labels = [row[0] for row in sheet.book[BOOK].iter_rows(min_row=2, max_row=4, values_only=True)]
    sheet.put(one, code_1=labels[0], sure_1="high", code_2=labels[1], against_2="yes", note_2="=not a formula but text")
    sheet.sheet.cell(sheet.row(one), sheet.column("note 2")).data_type = "s"
    sheet.put(two, code_1=labels[2]).put(three, no_code_fits="yes")
    brought = read_coding_sheet(base, sheet.saved())
    assert (brought.n_read, brought.n_changed) == (3, 2)
    codes = list(base.codebook["code_id"])
    assert own(brought.evidence)[["finding_id", "code_id", "rank", "negative_case", "codebook_version"]].to_numpy().tolist() == [
        [one, codes[0], 1, False, 2], [one, codes[1], 2, True, 2], [two, codes[2], 1, False, 2],
    ]  # fmt: skip
    assert own(brought.evidence)["confidence"].tolist()[0] == "high"
    assert own(brought.evidence)["note"].tolist()[1] == "=not a formula but text"
    read = brought.evidence["readings"].query("coder == @ANNA")["finding_id"]
    assert set(read) == {one, two, three}
    pd.testing.assert_frame_equal(others(brought.evidence), others(base))
    write_tables(brought.tables, folder)
    assert check(folder).ok
    again = read_evidence(folder)
    resumed = Workbook(coding_sheet(again, ANNA), sheet.path)
    assert resumed.sheet.cell(resumed.row(one), resumed.column("code 1")).value == labels[0]
    assert resumed.sheet.cell(resumed.row(three), resumed.column(NONE_FITS)).value == "yes"
    assert read_coding_sheet(again, resumed.saved()).n_changed == 0


@pytest.mark.parametrize(
    "written",
    ["stigma", " stigma ", "STIGMA", "Stigma and discrimination", "stigma and  discrimination", "Stigma and discrimination [stigma]", "An older name [stigma]", "stigma\u00a0"],
)  # fmt: skip
def test_a_code_may_be_written_by_list_entry_identifier_or_name_and_with_stray_spaces(base, sheet, written):
    sheet.put(findings(base)[0], code_1=written)
    assert own(read_coding_sheet(base, sheet.saved()).evidence)["code_id"].tolist() == ["stigma"]


def test_rows_that_moved_or_were_deleted_lose_nothing(base, sheet, folder):
    one, two, last = findings(base)[0], findings(base)[1], findings(base)[-1]
    sheet.put(one, code_1="stigma").put(last, code_1="hardship")
    write_tables(read_coding_sheet(base, sheet.saved()).tables, folder)
    base = read_evidence(folder)
    book = Workbook(coding_sheet(base, ANNA), sheet.path)
    rows = [list(row) for row in book.sheet.iter_rows(min_row=2, values_only=True)]
    book.sheet.delete_rows(2, len(rows))
    for row in [row for row in reversed(rows) if row[0] != one]:
        book.sheet.append(row)
    book.put(two, code_1="concealing")
    brought = read_coding_sheet(base, book.saved())
    given = own(brought.evidence)[["finding_id", "code_id"]].to_numpy().tolist()
    assert given == [[one, "stigma"], [two, "concealing"], [last, "hardship"]]
    assert "Findings that are not in the sheet: 1; those of them that anna coded before (1) stay" in brought.remarks[0]


def test_every_problem_is_listed_with_its_row_and_column_and_nothing_is_taken(base, sheet):
    ids = findings(base)
    one, two, three, four, five, six = ids[:6]
    sheet.put(one, code_1="stigmatised", sure_1="certain", against_1="maybe")
    sheet.put(two, code_1="stigma", code_2="Stigma and discrimination")
    sheet.put(three, note_1="a note without a code")
    sheet.put(four, code_1="stigma", no_code_fits="yes")
    sheet.put(five, code_1="stigma", finding="another text")
    sheet.put(six, code_1="=1+1")
    sheet.sheet.append([one, base.findings.loc[0, "finding"], "", "", "", "stigma"])
    sheet.sheet.append(["new-f1", "A finding that somebody added", "", "", "", "stigma"])
    sheet.sheet.append([None, None, None, None, None, "stigma"])
    extra = len(ids) + 2
    assert problems(base, sheet.saved()) == [
        ("link-broken", 2, "code 1"), ("vocabulary", 2, "sure 1"), ("vocabulary", 2, "against 1"),
        ("key-repeated", 3, "code 2"), ("required", 4, "code 1"), ("coded-and-uncoded", 5, NONE_FITS),
        ("link-broken", 6, "finding"), ("type", 7, "code 1"), ("key-repeated", extra, "finding_id"),
        ("link-broken", extra + 1, "finding_id"), ("required", extra + 2, "finding_id"),
    ]  # fmt: skip


def test_a_wrong_code_is_answered_with_the_one_that_may_be_meant(base, sheet):
    sheet.put(findings(base)[0], code_1="stigma and discriminaton")
    with pytest.raises(EvidenceError, match=r"did you mean “Stigma and discrimination \[stigma\]”"):
        read_coding_sheet(base, sheet.saved())


def test_a_code_that_was_renamed_meanwhile_is_answered_with_its_new_name(base, sheet):
    sheet.put(findings(base)[0], code_1="Stigma and discrimination [stigma]")
    later = rename_code(base, "stigma", "shame", "Shame", reason="Why", proposed_by="coder-1")
    with pytest.raises(EvidenceError, match="it is now shame"):
        read_coding_sheet(later, sheet.saved())


def test_one_column_sorted_alone_is_noticed(base, sheet):
    column = [sheet.sheet.cell(row, 1).value for row in range(2, len(findings(base)) + 2)]
    for row, value in enumerate(reversed(column), 2):
        sheet.sheet.cell(row, 1).value = value
    sheet.put(findings(base)[0], code_1="stigma")
    found = problems(base, sheet.saved())
    assert {(code, column) for code, _, column in found} == {("link-broken", "finding")}
    assert len(found) >= len(findings(base)) - 1


def test_a_row_that_was_emptied_takes_nothing_away_unless_the_coder_says_so(base, sheet, folder):
    one = findings(base)[0]
    write_tables(read_coding_sheet(base, sheet.put(one, code_1="stigma").saved()).tables, folder)
    base = read_evidence(folder)
    book = Workbook(coding_sheet(base, ANNA), sheet.path).put(one, code_1=None)
    assert problems(base, book.saved()) == [("required", 2, "code 1")]
    brought = read_coding_sheet(base, book.put(one, no_code_fits="yes").saved())
    assert own(brought.evidence).empty
    assert one in set(brought.evidence["readings"].query("coder == @ANNA")["finding_id"])


def test_a_coding_that_stays_as_it_was_keeps_the_version_it_was_made_with(base, sheet, folder):
    one, two = findings(base)[:2]
    sheet.put(one, code_1="stigma").put(two, code_1="hardship")
    write_tables(read_coding_sheet(base, sheet.saved()).tables, folder)
    later = rename_code(read_evidence(folder), "concealing", new_name="Hiding", reason="Why", proposed_by="coder-1")
    book = Workbook(coding_sheet(later, ANNA), sheet.path).put(two, sure_1="low")
    versions = own(read_coding_sheet(later, book.saved()).evidence)["codebook_version"].tolist()
    assert versions == [2, 3]


def test_there_is_no_sheet_of_a_programs_pass_and_none_is_read_back(base, tmp_path):
    with pytest.raises(
        CallError, match=r"coder-1 is a pass of a program; .* People listed: anna\. Add a row for yourself"
    ):
        coding_sheet(base, "coder-1")
    book = Workbook(coding_sheet(as_people(base), "coder-1"), tmp_path / "c1.xlsx")
    with pytest.raises(SynthesisError, match="coder-1 is a pass of a program"):
        read_coding_sheet(base, book.saved())


def test_a_code_that_stands_only_under_code_2_is_taken_as_primary_and_said_so(base, sheet):
    one, two = findings(base)[:2]
    brought = read_coding_sheet(base, sheet.put(one, code_2="stigma").put(two, code_1="hardship").saved())
    assert own(brought.evidence)[["code_id", "rank"]].to_numpy().tolist() == [["stigma", 1], ["hardship", 1]]
    said = [remark for remark in brought.remarks if "primary" in remark]
    assert said == [f"Row 2 ({one}): nothing stands under “code 1”, so stigma became the primary code."]


def test_a_formula_is_one_problem_whatever_stands_beside_it(base, sheet, folder):
    one, two, three = findings(base)[:3]
    write_tables(read_coding_sheet(base, sheet.put(one, code_1="stigma").saved()).tables, folder)
    base = read_evidence(folder)
    sheet.put(one, code_1="=1+1", sure_1="high", note_1="said").put(two, finding="=A1", code_1="stigma")
    sheet.put(three, code_1="stigma", finding_id="=B4")
    assert problems(base, sheet.saved()) == [("type", 2, "code 1"), ("type", 3, "finding"), ("type", 4, "finding_id")]


def test_a_sheet_of_another_review_is_refused_as_a_whole(base, sheet):
    for row in range(2, sheet.sheet.max_row + 1):
        sheet.sheet.cell(row, 1).value = f"other-{row}"
    with pytest.raises(SynthesisError, match="belongs to another review: of its 16 findings none is in"):
        read_coding_sheet(base, sheet.saved())


# ---------------------------------------------------------------- files that are not what they should be


def libreoffice(path: Path, folder: Path) -> Path:
    """The file after LibreOffice opened and saved it."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder / "out"), str(path)], check=True, capture_output=True, timeout=120)  # fmt: skip
    return folder / "out" / path.name


@pytest.mark.office
def test_a_sheet_that_libreoffice_saved_comes_back_whole(base, sheet, tmp_path):
    one, two, three = findings(base)[:3]
    sheet.put(one, code_1="Stigma and discrimination [stigma]", sure_1="medium", note_1="=A1 as text")
    sheet.sheet.cell(sheet.row(one), sheet.column("note 1")).data_type = "s"
    sheet.put(two, code_1="hardship", against_1="yes").put(three, no_code_fits="yes")
    path = sheet.saved()
    here, there = (read_coding_sheet(base, each) for each in (path, libreoffice(path, tmp_path)))
    pd.testing.assert_frame_equal(there.evidence.codings, here.evidence.codings)
    pd.testing.assert_frame_equal(there.evidence["readings"], here.evidence["readings"])
    assert there.n_changed == 2


def packed(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The workbook with its parts changed."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def test_macros_are_refused_and_not_run(base, sheet):
    path = packed(sheet.saved(), lambda parts: parts.update({"xl/vbaProject.bin": b"macro"}))
    with pytest.raises(SynthesisError, match="holds macros; save it as"):
        read_coding_sheet(base, path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(base, sheet):
    path = packed(sheet.saved(), lambda parts: parts.update({"xl/media/big.bin": b"\0" * (WORKBOOK.most_unpacked + 1)}))
    assert path.stat().st_size < 2_000_000
    with pytest.raises(SynthesisError, match="would unpack to far more"):
        read_coding_sheet(base, path)


def test_entities_that_swell_are_refused(base, sheet):
    bomb = b'<?xml version="1.0"?><!-- ' + b"x" * 5_000 + b' --><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    path = packed(sheet.saved(), lambda parts: parts.update({"xl/sharedStrings.xml": bomb}))
    with pytest.raises(SynthesisError, match="XML that no spreadsheet program writes"):
        read_coding_sheet(base, path)


def test_a_million_rows_are_refused(base, sheet):
    def swell(parts: dict[str, bytes]) -> None:
        head, _, rest = parts["xl/worksheets/sheet2.xml"].partition(b"<sheetData>")
        tail = rest.partition(b"</sheetData>")[2]
        rows = b"<row><c><v>1</v></c></row>" * 1_000_000
        parts["xl/worksheets/sheet2.xml"] = head + b"<sheetData>" + rows + b"</sheetData>" + tail

    with pytest.raises(SynthesisError, match="more than 50,000 filled rows"):
        read_coding_sheet(base, packed(sheet.saved(), swell))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not an .xlsx workbook"),
        (b"finding_id,code\nx,y\n", "is not an .xlsx workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "protected by a password or in the old .xls format"),
        (b"PK\x03\x04 and then nonsense", "is damaged"),
    ],
)
def test_a_file_that_is_no_workbook_is_named_as_what_it_is(base, tmp_path, content, says):
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    with pytest.raises(SynthesisError, match=says):
        read_coding_sheet(base, path)


def test_other_damage_is_told_in_words(base, sheet, tmp_path):
    with pytest.raises(SynthesisError, match="cannot be opened"):
        read_coding_sheet(base, tmp_path / "nowhere.xlsx")
    whole = sheet.saved().read_bytes()
    cut = packed(sheet.saved(), lambda parts: parts.update({"xl/worksheets/sheet2.xml": parts["xl/worksheets/sheet2.xml"][:900]}))  # fmt: skip
    with pytest.raises(SynthesisError, match="is damaged"):
        read_coding_sheet(base, cut)
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SynthesisError, match="is damaged"):
        read_coding_sheet(base, cut)


def test_a_workbook_that_is_no_coding_sheet_is_told_so(base, sheet, tmp_path):
    other = openpyxl.Workbook()
    other.save(tmp_path / "other.xlsx")
    with pytest.raises(SynthesisError, match=r"is no coding sheet: it needs the sheets Coding and Instructions"):
        read_coding_sheet(base, tmp_path / "other.xlsx")
    sheet.sheet.delete_rows(1)
    with pytest.raises(SynthesisError, match="has lost its headings"):
        read_coding_sheet(base, sheet.saved())


# ---------------------------------------------------------------- on the command line


def test_the_commands_write_a_sheet_and_read_it_back(folder, sheet, capsys, tmp_path):
    out = tmp_path / "out.xlsx"
    assert main(["export", "coding-sheet", "--coder", ANNA, "--out", str(out), "--data", str(folder)]) == 0
    book = Workbook(out.read_bytes(), out)
    one = book.sheet["A2"].value
    book.put(one, code_1="stigma").saved()
    before = (folder / table("codings").file).read_bytes()
    assert main(["import", str(out), "--check-only", "--data", str(folder)]) == 0
    assert (folder / table("codings").file).read_bytes() == before
    assert main(["import", str(out), "--data", str(folder)]) == 0
    assert "anna: 1 finding read in the sheet, 1 of them changed." in capsys.readouterr().out
    assert own(read_evidence(folder))["code_id"].tolist() == ["stigma"]
    after = (folder / table("codings").file).read_bytes()
    book.put(one, code_1="no such code", sure_1="certain").saved()
    assert main(["import", str(out), "--data", str(folder)]) == 1
    err = capsys.readouterr().err
    assert "has 2 problems; nothing was changed" in err
    assert "coding sheet, row 2, column code 1" in err
    assert (folder / table("codings").file).read_bytes() == after
