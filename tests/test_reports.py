"""Tables for readers: HTML, text and workbooks."""

from __future__ import annotations

import datetime as dt
import io
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from synthesis import read_evidence, show, theme_table
from synthesis.evidence.schema import table
from synthesis.prevalence.areas import area_series
from synthesis.prevalence.by_indicator import prevalence_table
from synthesis.reports.display import html_table, presented, text_table, workbook

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def evidence():
    return read_evidence(DATA)


class Tags(HTMLParser):
    """Tags of a page with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_a_count_says_of_how_many():
    frame = pd.DataFrame({"theme_id": ["T1"], "n_studies": [80], "of_studies": [144]})
    assert presented(frame).iloc[0].to_list() == ["T1", "80 of 144"]


def test_an_estimate_is_shown_with_its_interval_and_without_one_where_there_is_none():
    frame = pd.DataFrame({"percent": [19.595, 7.0], "ci_low": [13.94, np.nan], "ci_high": [26.81, np.nan]})
    assert presented(frame)["Percent (95 % interval)"].to_list() == ["19.6 (13.9 to 26.8)", "7.0"]


def test_nothing_known_is_a_dash_and_never_zero():
    frame = pd.DataFrame({"n_parents": pd.array([None, 0], dtype="Int64"), "note": [None, "x"]})
    assert presented(frame).to_numpy().tolist() == [["–", "–"], ["0", "x"]]


def test_the_html_table_has_caption_and_scoped_headers(evidence):
    tags = Tags(html_table(show(evidence, theme_table(evidence), "Support"))).seen
    names = [tag for tag, _ in tags]
    assert names.count("caption") == 1
    headers = [attributes.get("scope") for tag, attributes in tags if tag == "th"]
    assert set(headers) == {"col", "row"}
    assert headers.count("row") == 22


def test_markup_in_a_cell_stays_text(evidence):
    frame = pd.DataFrame({"theme_id": ["<script>alert(1)</script>"]})
    assert "<script>" not in html_table(show(evidence, frame, "<b>caption</b>"))


def test_every_shown_table_carries_the_status_line(evidence):
    shown = show(evidence, theme_table(evidence), "Support")
    for text in (repr(shown), html_table(shown)):
        assert "578 of 631 findings rest on an abstract only" in text


def test_the_line_below_a_table_speaks_of_what_it_rests_on(evidence):
    shown = show(evidence, area_series(evidence, level="country"), "England", rests_on="official_statistics")
    assert "Official statistics as published, not findings of studies" in repr(shown)
    assert "abstract" not in repr(shown)
    assert "0 of 144 studies are appraised" not in repr(
        show(evidence, prevalence_table(evidence), "", rests_on="prevalence")
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_text_table_fits_the_terminal_and_loses_no_word(evidence, width):
    cells = presented(theme_table(evidence)[["theme_id", "name", "n_findings", "of_findings"]])
    text = text_table(cells, width)
    assert max(map(len, text.splitlines())) <= width
    for name in cells["Name"]:
        assert all(word in text for word in name.split())


@pytest.fixture(scope="module")
def book():
    frame = pd.DataFrame(
        {
            "finding_id": ["=HYPERLINK(1)", "+1", "-1", "@x"],
            "study_id": ["https://example.org", "a", "b", "c"],
            "row": [1, 2, 3, 4],
        }
    )
    return workbook(table("findings"), frame, "status", dt.date(2026, 11, 21))


def test_text_never_becomes_a_formula_or_a_link_in_a_workbook(book):
    sheet = openpyxl.load_workbook(io.BytesIO(book))["findings"]
    cells = [cell for row in sheet.iter_rows(min_row=5) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    assert cells[0].value == "=HYPERLINK(1)"


def test_a_workbook_is_the_same_byte_for_byte(book, evidence):
    again = [workbook(table("themes"), evidence.themes, "status", dt.date(2026, 11, 21)) for _ in range(2)]
    assert again[0] == again[1]


def test_a_workbook_prints_on_one_page_width_and_explains_its_columns(evidence):
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(table("themes"), evidence.themes, "status", dt.date(2026, 11, 21)))
    )
    sheet = book["themes"]
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0  # as many pages down as needed, one across
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.max_row == 4 + len(evidence.themes)
    explained = [row[0].value for row in book["columns"].iter_rows(min_row=5)]
    assert explained == list(table("themes").columns)


def test_numbers_of_a_column_have_the_same_digits_and_zero_has_no_sign():
    frame = pd.DataFrame(
        {"change": [17.0, -19.4, -0.0], "whole": [-0.0, 1.0, 2.0], "tau2": [0.12345, 1.0, 2.0],
         "percent_as_reported": [34.0, 36.5, 1.0], "percent": [1.0, -0.01, 2.0], "ci_low": [-0.04, 1, 1], "ci_high": [1.0, 2, 3]}
    )  # fmt: skip
    shown = presented(frame)
    assert shown["Change"].to_list() == ["17.0", "-19.4", "0.0"]
    assert shown["Whole"].to_list() == ["0", "1", "2"]
    assert shown["Tau2"].to_list() == ["0.1235", "1", "2"], "a column that is not rounded stays as it is"
    assert shown["Percent as reported"].to_list() == ["34", "36.5", "1"], "as the source prints it"
    assert shown.iloc[:2, -1].to_list() == ["1.0 (0.0 to 1.0)", "0.0 (1.0 to 2.0)"]


def test_counts_worked_out_from_a_percent_are_marked_with_their_note(evidence):
    table = prevalence_table(evidence, "custody_loss_mothers_smi")
    shown = show(
        evidence, table, "Custody loss", ["source", "numerator", "denominator", "percent_as_reported", "remark"]
    )
    assert shown.cells["Numerator"].to_list() == ["≈84", "≈39"]
    assert shown.caption == "Custody loss (≈ worked out from the printed percent)"
    assert "82 of 322" in shown.cells["Remark"].iloc[0]
    plain = show(evidence, table, "Custody loss", ["source", "percent"])
    assert plain.caption == "Custody loss"
