"""The planning sheet that goes out: a workbook with what is asked, a row an item, and cells for a team's own answers.

The hidden last column holds whose plan it is, its scale and the row's identifier: `planning.reading` finds each answer again
after rows were moved, and knows a sheet that was saved as CSV.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Collection, Sequence
from typing import NamedTuple

import pandas as pd

from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence, as_text
from synthesis.office.table_sheets import height, newest_day
from synthesis.planning.answers import HEADS
from synthesis.planning.plans import NO_LEVELS, NOT_OURS, area_name, one_plan, planning_items, stage_scale
from synthesis.review.provenance import status_line

FIRST, SHEET = "Read first", "Plan"
#: The first row of the answers asks for the day; its identifier is no item's.
DAY = "day"
DAY_ASKED = "The day of this assessment, on which the team agreed these answers. Write it here under Stage, such as 2026-11-22."  # fmt: skip
#: Headings of the sheet, by what stands below; those of answers are shared with every other way to give one.
HEAD = {"id": "Row", "domain": "Domain", "item": "Step or element", **{name: HEADS[name] for name in ("stage", "note", "owner", "action_date")}, "before": "Last time", "source": "Source", "form": "Form"}  # fmt: skip
_WIDTH = {"id": 8, "domain": 16, "item": 34, "stage": 15, "note": 34, "owner": 17, "action_date": 12, "before": 18, "source": 19, "form": 8}  # fmt: skip
_FREE = ("stage", "note", "owner", "action_date")
_SIZE = 11
_MARK = "planning sheet 1"
#: Characters across the first page, few enough for a phone.
_FIRST_WIDTH = 62


class PlanMark(NamedTuple):
    """Whose sheet it is, its scale, and the item of the row, as the hidden column holds them."""

    area: str
    scale: tuple[str, ...]
    item_id: str

    def __str__(self) -> str:
        return " # ".join((_MARK, self.area, ";".join(self.scale), self.item_id))


def read_mark(text: str) -> PlanMark | None:
    """The mark that a cell of the hidden column holds; None where it holds none."""
    parts = text.split(" # ")
    if len(parts) != 4 or parts[0] != _MARK:
        return None
    return PlanMark(parts[1], tuple(parts[2].split(";")), parts[3])


def planning_workbook(
    evidence: Evidence, area: str = "", stages: str | Collection[str] = (), before: pd.DataFrame | None = None
) -> bytes:
    """The self-assessment of a local team as the bytes of an .xlsx file; `read_plan` takes what comes back.

    Parameters
    ----------
    area : the name of the area or team whose plan it is; default that of `before`.
    stages : the team's own words for how far a step is, from the first to the last: 2 to 10, as a list or parted by
        commas; default the scale of `before`. None is offered unasked.
    before : an earlier plan of the same area (from `read_plans`): what was said then stands, locked, beside each item.

    Sheets: what it is, what is asked and who sees it; and a row an item, with cells for stage (a list to choose from), how
    the team knows, owner and day. Raises CallError for a missing or faulty scale or area, and for an earlier plan of
    another area.
    """
    import xlsxwriter

    if before is not None:
        area, stages = _follow(area, stages, before)
    area, scale = area_name(area), stage_scale(stages)
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": f"Planning sheet of {area}", "created": newest_day(evidence)})
        book.formats[0].set_font_name("Arial")
        book.formats[0].set_font_size(_SIZE)
        items = planning_items(evidence)
        list_at = _write_first(book, evidence, area, scale, len(items))
        _write_answers(book, items, area, scale, list_at, before)
    return target.getvalue()


def _follow(area: str, stages: str | Collection[str], before: pd.DataFrame) -> tuple[str, str | Collection[str]]:
    known, _ = one_plan(before)
    if area and area_name(area) != known:
        raise CallError(
            f"The earlier plan is of {known!r} and not of {area!r}; leave --area out, or name another plan."
        )
    return known, stages or before["scale"].iloc[0].split(";")


def _looks(book) -> dict[str, object]:
    plain = {"text_wrap": True, "valign": "top", "font_name": "Arial", "font_size": _SIZE}
    edge = {"border": 1, "border_color": "#767676"}
    free = {**plain, **edge, "locked": False}
    return {
        "text": book.add_format(plain),
        "title": book.add_format({**plain, "bold": True, "font_size": _SIZE + 6}),
        "heading": book.add_format({**plain, "bold": True, "font_size": _SIZE + 2}),
        "stage": book.add_format({**plain, **edge}),
        "head": book.add_format({**plain, **edge, "bold": True, "bottom": 2}),
        "locked": book.add_format({**plain, **edge, "bg_color": "#EDEDED"}),
        "free": book.add_format({**free, "num_format": "@"}),
        # A day typed in any way of the country becomes a day, and is saved as text in one way alone.
        "day": book.add_format({**free, "num_format": "yyyy-mm-dd", "align": "left"}),
    }


# ---------------------------------------------------------------- the first page


def _first_lines(evidence: Evidence, area: str, scale: Sequence[str], n_items: int) -> list[tuple[str, str]]:
    return [
        ("title", "Where are we, and what comes next?"),
        ("text", f"A self-assessment by the team of {area}."),
        ("heading", "What this is"),
        ("text", f"A list of {n_items} rows: the practical steps of a published sheet for family hubs on parents' relationships, and elements of published planning tools. Each row names its source; its words are a paraphrase."),
        ("text", "It is no inspection and no score. It helps a team to see where it stands, to say why it thinks so, and to choose what to do next."),
        ("heading", "Your stages, from the first to the last"),
        *(("stage", word) for word in (*scale, NOT_OURS)),
        ("text", f"Your team chose these words. “{NOT_OURS[0].upper() + NOT_OURS[1:]}” is no stage: choose it where a step is not for your area. {NO_LEVELS}"),
        ("heading", "What is asked of you"),
        ("text", f"Fill in the white cells of the sheet {SHEET}: first the day, then a row at a time. Leave a row empty where you cannot say; it counts as not answered, which is not the same as the first stage."),
        ("text", f"{HEADS['note']} Name what shows it: a document, a count, a meeting. {HEADS['owner']}: a post or a body, such as “commissioning lead”. {HEADS['action_date']}: the day by which the next step is done."),
        ("text", "You may move, sort or leave out whole rows. Please do not change the grey cells. Formulas are not carried out."),
        ("heading", "Who sees it"),
        ("text", "Your team, and whoever you give the file to. Nothing is sent anywhere by itself. Please write no names, e-mail addresses or phone numbers, and nothing about a single family: what looks like that is pointed out before anything is stored."),
        ("heading", "When it is filled in"),
        ("text", "Save it as .xlsx, .ods or .csv. To store it in a folder of your own: synthesis plan read FILE --into FOLDER. Then: synthesis plan next, progress and compare."),
        ("heading", "What it rests on"),
        ("text", f"{status_line(evidence, 'planning_elements')} Which rows about planning tools are asked about is such a judgement."),
    ]  # fmt: skip


def _write_first(book, evidence: Evidence, area: str, scale: Sequence[str], n_items: int) -> tuple[int, int]:
    """The first page; returns the rows, from 1, between which the words to choose from stand."""
    sheet, looks = book.add_worksheet(FIRST), _looks(book)
    sheet.set_column(0, 0, _FIRST_WIDTH)
    lines = _first_lines(evidence, area, scale, n_items)
    for row, (look, line) in enumerate(lines):
        sheet.write_string(row, 0, line, looks[look])
        more = {"title": 12.0, "heading": 8.0}.get(look, 0.0)
        sheet.set_row(row, height({line: _FIRST_WIDTH + 6}) * 1.02 + more)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    _paper(sheet)
    sheet.fit_to_pages(1, 1)
    words = [row for row, (look, _) in enumerate(lines, 1) if look == "stage"]
    return words[0], words[-1]


# ---------------------------------------------------------------- the answers


def _write_answers(book, items: pd.DataFrame, area: str, scale: tuple[str, ...], list_at: tuple[int, int], before: pd.DataFrame | None) -> None:  # fmt: skip
    sheet, looks = book.add_worksheet(SHEET), _looks(book)
    columns = [name for name in HEAD if name != "before" or before is not None]
    for at, name in enumerate(columns):
        sheet.set_column(at, at, _WIDTH[name], None, {"hidden": name == "form"})
        sheet.write_string(0, at, HEAD[name], looks["head"])
    said = _last_time(before)
    rows = [{"id": DAY, "item": DAY_ASKED, "form": str(PlanMark(area, scale, DAY))}]
    for item in as_text(items).to_dict("records"):
        row = {"id": item["item_id"], "domain": item["domain"], "item": item["item"], "source": _source(item)}
        rows.append(
            {**row, "before": said.get(item["item_id"], ""), "form": str(PlanMark(area, scale, item["item_id"]))}
        )
    for number, row in enumerate(rows, 1):
        for at, name in enumerate(columns):
            look = looks[_look(row["id"], name)]
            if row.get(name):
                sheet.write_string(number, at, row[name], look)
            else:
                sheet.write_blank(number, at, None, look)
        shown = {row[name]: _WIDTH[name] + 2 for name in columns if name != "form" and row.get(name)}
        sheet.set_row(number, min(max(height(shown), 32.0), 400.0))
    _offer(sheet, columns, len(rows), list_at)
    _finish(sheet, area)


def _look(item: str, name: str) -> str:
    if name not in _FREE or (item == DAY and name != "stage"):
        return "locked"
    return "day" if name == "action_date" or item == DAY else "free"


def _source(item: dict[str, str]) -> str:
    levels = f"Levels in the source: {item['stated_levels']}" if item["stated_levels"] else ""
    return "\n".join(filter(None, (item["source"], item["source_url"], levels)))


def _last_time(before: pd.DataFrame | None) -> dict[str, str]:
    """What an earlier plan said of each item."""
    if before is None:
        return {}
    _, day = one_plan(before)
    said = {}
    for row in as_text(before).to_dict("records"):
        by = f"by {row['action_date']}" if row["action_date"] else ""
        parts = [row["stage"] or "not answered", row["note"], row["owner"], by]
        said[row["item_id"]] = "\n".join([f"{day:%Y-%m-%d}: {parts[0]}", *filter(None, parts[1:])])
    return said


def _offer(sheet, columns: list[str], n_rows: int, list_at: tuple[int, int]) -> None:
    """Lists and rules for cells; what breaks a rule is warned of and not refused: it can be read and named."""
    rule = {"ignore_blank": True, "error_type": "warning"}
    at = columns.index("stage")
    words = f"='{FIRST}'!$A${list_at[0]}:$A${list_at[1]}"
    sheet.data_validation(2, at, n_rows, at, {**rule, "validate": "list", "source": words, "error_title": "Not one of your stages", "error_message": f"Choose from the list; it stands on the sheet {FIRST}."})  # fmt: skip
    days = {**rule, "validate": "date", "criteria": "between", "minimum": dt.date(2000, 1, 1), "maximum": dt.date(2100, 12, 31), "error_title": "Not a day", "error_message": "Write the day as 2026-11-22."}  # fmt: skip
    sheet.data_validation(1, at, 1, at, days)
    at = columns.index("action_date")
    sheet.data_validation(2, at, n_rows, at, days)


def _finish(sheet, area: str) -> None:
    sheet.freeze_panes(1, 1)
    # No password: the lock keeps from slips, and whoever fills the sheet in may lift it.
    sheet.protect("", {"sort": True, "autofilter": True, "format_columns": True, "format_rows": True})
    sheet.set_landscape()
    _paper(sheet)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&LPlanning sheet of {area.replace('&', '&&')}&RPage &P of &N")
    sheet.activate()


def _paper(sheet) -> None:
    sheet.set_paper(9)
    sheet.set_margins(0.4, 0.4, 0.5, 0.6)
    sheet.fit_to_pages(1, 0)
