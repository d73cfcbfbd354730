"""A review pack's feedback sheet: a workbook with the pack in short, and a row a question with cells to answer in.

The first column holds the code of the question, the hidden last one the mark of the pack and fingerprints of the locked
texts: `feedback` finds each answer again after rows were moved, and tells what somebody wrote from what went out.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable
from itertools import pairwise

from synthesis.office.table_sheets import height
from synthesis.packs.contents import Pack, PackTheme
from synthesis.packs.forms import FormRow, fingerprints, form_rows, pack_mark
from synthesis.packs.lines import theme_heading, theme_lead, version_line

#: Everything in the file carries this day, so that the same pack gives the same bytes.
_DAY = dt.datetime(2000, 1, 1)
_SIZE = 12
#: Columns of the sheet of questions: the fixed word that heads each, its width, and whether it is hidden.
_COLUMNS = (
    ("sheet_code", 15, False), ("sheet_about", 17, False), ("question_heading", 24, False), ("answer_column", 17, False),
    ("sheet_comment", 41, False), ("sheet_form", 10, True),
)  # fmt: skip
_ROOM = 84.0  # points: five lines to write on by hand
_LONGEST_LIST = 255  # characters that a drop-down list may have inside its cell


def feedback_workbook(pack: Pack) -> bytes:
    """The feedback sheet of a pack as the bytes of an .xlsx file, to fill in at a screen or on paper.

    Sheets: the words at the start, the pack in short (locked), and the answers: a row a question, its code locked, with
    lists to choose from and cells to write in. Text never becomes a formula or a link.
    """
    import xlsxwriter

    words, target = pack.words.texts, io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": words["title"], "subject": f"review pack {pack.version}", "created": _DAY})
        book.formats[0].set_font_name("Arial")
        book.formats[0].set_font_size(_SIZE)
        texts = [*_write_start(book, pack), *_write_pack(book, pack)]
        _write_answers(book, pack, texts)
    return target.getvalue()


def _looks(book) -> dict[str, object]:
    plain = {"text_wrap": True, "valign": "top", "font_name": "Arial", "font_size": _SIZE}
    edge = {"border": 1, "border_color": "#767676"}
    return {
        "text": book.add_format(plain),
        "title": book.add_format({**plain, "bold": True, "font_size": _SIZE + 6}),
        "heading": book.add_format({**plain, "bold": True, "font_size": _SIZE + 2}),
        "head": book.add_format({**plain, **edge, "bold": True, "bottom": 2}),
        "locked": book.add_format({**plain, **edge, "bg_color": "#EDEDED"}),
        "free": book.add_format({**plain, **edge, "locked": False, "num_format": "@"}),
    }


def _start_lines(pack: Pack) -> Iterable[tuple[str, str]]:
    """The words at the start: the look of each line, and the line."""
    words = pack.words.texts
    yield "title", words["title"]
    yield "text", version_line(pack)
    if pack.state == "draft":
        yield "text", f"{words['draft_heading']} {words['draft']}"
    if pack.made:
        yield "heading", words["made_heading"]
        yield from (("text", line) for line in pack.made)
    for name, lines in (
        ("about", pack.about), ("asked", words["asked"]), ("care", words["care"]), ("sheet", words["sheet_start"]),
        ("return", words["return"]),
    ):  # fmt: skip
        yield "heading", words[f"{name}_heading"]
        yield from (("text", line) for line in lines)


def _write_start(book, pack: Pack) -> list[str]:
    sheet, looks = book.add_worksheet(pack.words.texts["sheet_first"]), _looks(book)
    sheet.set_column(0, 0, 78)
    lines = list(_start_lines(pack))
    for row, (look, line) in enumerate(lines):
        sheet.write_string(row, 0, line, looks[look])
        sheet.set_row(row, _tall({line: 78}, {"title": 12.0, "heading": 8.0}.get(look, 0.0)))
    _paper(sheet, landscape=False)
    return [line for _, line in lines]


def _write_pack(book, pack: Pack) -> list[str]:
    """The pack in short: a row a theme and a row a statement; returns the texts that stand there."""
    words = pack.words.texts
    sheet, looks = book.add_worksheet(words["sheet_pack"]), _looks(book)
    heads = [words["sheet_about"], words["sheet_plain"], words["sheet_who"], words["sheet_sure"]]
    widths = [20, 44, 22, 28]  # as wide as a sheet of A4 at full size
    rows = [heads, *(row for at, theme in enumerate(pack.themes, 1) for row in _theme_rows(pack, theme, at))]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write_string(number, column, text, looks["head" if number == 0 else "locked"])
        sheet.set_row(number, max(_tall({text: width}) for text, width in zip(row, widths, strict=True)))
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _paper(sheet, landscape=True)
    return [text for row in rows for text in row]


def _theme_rows(pack: Pack, theme: PackTheme, at: int) -> list[list[str]]:
    said, easy = pack.words.said, pack.variant == "easy_read"
    who = "\n".join(said(f"who_{side}", n=n, of=of) for side, (n, of) in (("parents", theme.parents), ("practitioners", theme.practitioners)) if of)  # fmt: skip
    called = said("theme_called", theme=theme.name)
    plain = "\n".join(theme_lead(pack, theme)) if easy else called
    note = f"{pack.words.texts['hard_heading']}: {theme.content_note}\n" if theme.content_note else ""
    rows = [[f"{at}. {theme_heading(pack, theme)}", f"{note}{plain}", who, ""]]
    for place, each in enumerate(theme.statements, 1):
        text = "\n".join(each.easy) if easy and each.easy else each.plain
        behind = f"{each.who} {said('studies_behind', n=each.n_studies, of=each.of_studies)}"
        rows.append(
            [
                f"{at}. {said('statement_heading', at=place, n=len(theme.statements))} ({each.id})",
                text,
                behind,
                f"{each.how_sure} {' '.join(each.why)}",
            ]
        )
    return rows


def _write_answers(book, pack: Pack, elsewhere: Iterable[str]) -> None:
    words = pack.words.texts
    sheet, looks = book.add_worksheet(words["sheet_answers"]), _looks(book)
    for column, (name, width, hidden) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width, None, {"hidden": hidden})
        sheet.write_string(0, column, words[name], looks["head"])
    rows, mark = form_rows(pack), str(pack_mark(pack))
    others = fingerprints([*elsewhere, *(words[name] for name, *_ in _COLUMNS)])
    for number, row in enumerate(rows, 1):
        own = fingerprints([row.about, row.asks_on_paper])
        # Rows at both ends also tell the texts of the other sheets, so that any row may be deleted.
        more = f" {others}" if row.about in (rows[0].about, rows[-1].about) else ""
        _write_row(sheet, number, row, f"{mark} # {row.code} # {own}{more}", looks)
    _break_pages(sheet, rows)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    # No password: the lock keeps from slips, and whoever fills the sheet in may lift it.
    sheet.protect("", {"format_columns": True, "format_rows": True})
    _paper(sheet, landscape=True)
    sheet.set_footer(f"&L{version_line(pack)}&R{words['page']} &P")
    sheet.activate()


def _write_row(sheet, number: int, row: FormRow, mark: str, looks: dict[str, object]) -> None:
    locked, free = looks["locked"], looks["free"]
    for column, text in enumerate((row.code, row.about, row.asks_on_paper)):
        sheet.write_string(number, column, text, locked)
    sheet.write_blank(number, 3, None, free if row.answers else locked)
    sheet.write_blank(number, 4, None, free)
    sheet.write_string(number, 5, mark, locked)
    if row.answers:
        rule = {"validate": "list", "ignore_blank": True, "error_type": "warning"}
        if len(",".join(row.answers)) <= _LONGEST_LIST and not any("," in text for text in row.answers):
            sheet.data_validation(number, 3, number, 3, {**rule, "source": list(row.answers)})
    texts = {row.about: 17, row.asks_on_paper: 24}
    sheet.set_row(number, max(_tall(texts), _ROOM if row.free and not row.code.startswith("form") else 0.0))


def _break_pages(sheet, rows: list[FormRow]) -> None:
    """On paper each theme begins a page, so that a part can be left out."""
    begins = [n for n, (before, row) in enumerate(pairwise(rows), 2) if before.about != row.about]
    sheet.set_h_pagebreaks(begins)


def _tall(texts: dict[str, int], more: float = 0.0) -> float:
    """Height in points that shows these texts, in letters larger than a spreadsheet's usual ones."""
    return min(height({text: width + 3 for text, width in texts.items()}) * 1.1 + more, 400.0)


def _paper(sheet, landscape: bool) -> None:
    sheet.set_paper(9)
    sheet.set_margins(0.5, 0.5, 0.6, 0.6)
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
