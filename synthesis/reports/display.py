"""Tables made for readers: numbers with their "of how many", words instead of codes; as HTML, text and workbooks.

Nothing is computed here. What a reader sees is the stage's own table, rounded for display.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from synthesis.coding.codebook import codebook_history, codebook_table, theme_order
from synthesis.evidence.addresses import linkable, reader_address
from synthesis.evidence.schema import CallError, Table, vocabularies
from synthesis.evidence.tables import Evidence, codebook_version
from synthesis.prevalence.by_indicator import WORKED_OUT_NOTE, count_marks
from synthesis.review.provenance import status_line

if TYPE_CHECKING:
    import jinja2

#: Headings of columns whose names would not tell a reader enough; others are the name without underscores.
HEADINGS = {
    "theme_id": "Theme",
    "name": "Name",
    "n_findings": "Findings",
    "n_studies": "Studies",
    "n_samples": "Samples, shared ones once",
    "n_studies_parent": "Studies with a parents' finding",
    "n_studies_practitioner": "Studies with a practitioners' finding",
    "n_studies_together": "Studies reporting both together",
    "n_studies_other": "Studies with another perspective",
    "n_negative": "Findings against it",
    "n_parents": "Parents",
    "n_parents_surveyed": "Parents surveyed",
    "n_practitioners": "Practitioners",
    "n_practitioners_surveyed": "Practitioners surveyed",
    "n_studies_without_numbers": "Studies without numbers",
    "n_people": "People",
    "here_confirmed": "In confirmed members",
    "here_all": "In all studies held",
    "n": "Number",
    "pi_low": "Prediction interval",
    "k": "Estimates pooled",
    "i2": "I² (%)",
    "lead": "To be read first",
    "range_low": "Range of what is pooled",
    "override": "Pooled by decision",
    "combine": "How it is shown",
    "row_id": "Row",
    "reason": "Why",
    "country_as_reported": "Place",
    "episodes_with_factor": "Episodes with the factor",
    "rating_eif_guidebook": "Rated by the EIF guidebook (2 to 4+)",
    "rating_blueprints": "Rated by Blueprints",
    "rating_scottish_framework": "Rated by the Scottish framework",
    "rating_wwcsc_evidence_store": "Rated by the WWCSC evidence store",
}
#: Columns whose words stand for longer names: the vocabulary that holds them.
NAMES = {"country": "country", "topic": "topic", "quantity": "review_quantity"}
#: A column of text is made narrower than its longest word only where that is longer than this.
_LONGEST_WORD = 24
#: Several identifiers or words in one cell.
_LIST = re.compile(r"[^\s;]+(;[^\s;]+)+")
#: A word, or words, of a closed vocabulary.
_WORDS = re.compile(r"[a-z]+(_[a-z]+)*(;[a-z]+(_[a-z]+)*)*")
#: Endings of columns whose numbers stay as a source prints them.
_AS_PRINTED = ("_as_reported", "value", "minutes", "items")
_LOW_HIGH = {"percent": ("ci_low", "ci_high"), "pi_low": ("pi_high",), "range_low": ("range_high",)}


def presented(frame: pd.DataFrame, headings: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A table as a reader sees it: all cells text, counts with their "of", intervals beside their estimate.

    `headings` overrides the heading of some columns.

    ``n_x`` and ``of_x`` become one column "80 of 144"; ``percent, ci_low, ci_high`` become "19.6 (13.9 to 26.8)"; a
    prediction interval becomes one column; missing cells become "–". The stored table keeps its unrounded numbers.
    """
    shown: dict[str, pd.Series] = {}
    spent: set[str] = set()
    for column in map(str, frame.columns):
        if column in spent or column.startswith("of_"):
            continue
        heading = (headings or {}).get(column) or HEADINGS.get(column, column.replace("_", " ").capitalize())
        whole = "of" if column == "n" else "of_" + column.removeprefix("n_")
        if (column == "n" or column.startswith("n_")) and whole in frame:
            shown[heading] = _of(frame[column], frame[whole])
            spent.add(whole)
        elif column == "percent" and "ci_low" in frame:
            heading = (headings or {}).get(column, "Percent (95 % interval)")
            shown[heading] = _with_interval(frame["percent"], frame["ci_low"], frame["ci_high"])
            spent |= {"ci_low", "ci_high"}
        elif column in ("pi_low", "range_low") and (high := _LOW_HIGH[column][0]) in frame:
            shown[heading] = _range(frame[column], frame[high])
            spent.add(high)
        else:
            shown[heading] = _cells(frame[column])
    return pd.DataFrame(shown, index=frame.index)


def _of(part: pd.Series, whole: pd.Series) -> pd.Series:
    return pd.Series(
        [_number(p) if pd.isna(w) else f"{_number(p)} of {_number(w)}" for p, w in zip(part, whole, strict=True)],
        part.index,
    )


def _with_interval(percent: pd.Series, low: pd.Series, high: pd.Series) -> pd.Series:
    texts = []
    for p, a, b in zip(percent, low, high, strict=True):
        point = "–" if pd.isna(p) else _fixed(p, 1)
        texts.append(point if pd.isna(a) else f"{point} ({_fixed(a, 1)} to {_fixed(b, 1)})")
    return pd.Series(texts, percent.index)


def _range(low: pd.Series, high: pd.Series) -> pd.Series:
    ends = zip(low, high, strict=True)
    return pd.Series(
        ["–" if pd.isna(a) else _fixed(a, 1) if a == b else f"{_fixed(a, 1)} to {_fixed(b, 1)}" for a, b in ends],
        low.index,
    )


def _cells(column: pd.Series) -> pd.Series:
    names = vocabularies()[NAMES[str(column.name)]] if column.name in NAMES else {}
    places = _places(column)
    is_id = str(column.name).endswith("id") or column.name == "coder"

    def text(value: object) -> str:
        if pd.isna(value):
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if not isinstance(value, str):
            if str(column.name).endswith("year"):
                return str(int(value))  # type: ignore[call-overload]
            return _fixed(value, places) if places else _number(value)
        if names:
            return "; ".join(names.get(part, part) for part in value.split(";"))
        if value.startswith("http"):
            return reader_address(value)
        spaced = value.replace(";", "; ") if _LIST.fullmatch(value) else value
        return spaced.replace("_", " ") if not is_id and _WORDS.fullmatch(value) else spaced

    return column.astype(object).map(text)


def _number(value: object) -> str:
    if pd.isna(value):
        return "–"
    number = float(value)  # type: ignore[arg-type]
    return f"{number + 0.0:,.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:.4g}"


def _places(column: pd.Series) -> int:
    """Digits after the point that every number of a column is shown with: 0 for whole numbers, for text, for numbers as a
    source prints them, and for a column that is not rounded to two digits or fewer."""
    if not pd.api.types.is_float_dtype(column) or str(column.name).endswith(_AS_PRINTED):
        return 0
    known = column.dropna()
    if (known.abs() >= 1000).any():
        return 0
    return next((places for places in (0, 1, 2) if (known.round(places) - known).abs().lt(1e-9).all()), 0)


def _fixed(value: object, places: int) -> str:
    """A number with so many digits after the point, and never a zero below zero."""
    return f"{round(float(value), places) + 0.0:.{places}f}"  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shown:
    """A table for readers: a caption, presented cells, and the status line of the data it rests on.

    In a notebook it is an accessible HTML table; printed, it is text that fits the terminal.
    """

    caption: str
    cells: pd.DataFrame
    status: str

    def _repr_html_(self) -> str:
        return html_table(self)

    def __repr__(self) -> str:
        return f"{self.caption}\n\n{text_table(self.cells)}\n\n{self.status}"


def show(
    evidence: Evidence,
    frame: pd.DataFrame,
    caption: str,
    columns: Iterable[str] | None = None,
    headings: Mapping[str, str] | None = None,
    rests_on: str = "findings",
) -> Shown:
    """A stage's table, ready for a reader.

    Parameters
    ----------
    frame : a table that a stage returned.
    caption : what the table shows, as a sentence or a title.
    columns : the columns to show, in order; default all. ``of_`` and interval columns come along by themselves.
    headings : other headings for some columns.
    rests_on : the table of the schema from which the numbers come, for the line below (`status_line`), such as
        ``official_statistics`` or ``prevalence``; default coded findings.
    """
    if {"numerator", "derived"} <= set(frame) and pd.api.types.is_numeric_dtype(frame["numerator"]):
        marks = count_marks(frame)
        frame = frame.assign(
            numerator=[m + _number(n) if m else n for m, n in zip(marks, frame["numerator"], strict=True)]
        )
        shows = columns is None or "numerator" in (columns := list(columns))
        caption += f" ({WORKED_OUT_NOTE})" if shows and marks.ne("").any() else ""
    if {"source_url", "doi"} <= set(frame):
        frame = frame.assign(source_url=_led_by_doi(frame))
    if columns is not None:
        wanted = list(columns)
        if unknown := [column for column in wanted if column not in frame]:
            raise CallError(f"The table has no column {', '.join(unknown)}; it has {', '.join(map(str, frame))}.")
        companions = [
            c for c in frame if c in {"of_" + w.removeprefix("n_") for w in wanted} | {"of" if "n" in wanted else ""}
        ]
        companions += [c for w in wanted for c in _LOW_HIGH.get(w, ()) if c in frame]
        frame = frame[wanted + [c for c in companions if c not in wanted]]
    return Shown(caption, presented(frame, headings), status_line(evidence, rests_on))


def _led_by_doi(frame: pd.DataFrame) -> list[object]:
    """Addresses of rows for a reader, each led by the row's DOI where it has one."""
    pairs = zip(frame["source_url"], frame["doi"], strict=True)
    return [
        address if pd.isna(address) else reader_address(address, "" if pd.isna(doi) else doi) for address, doi in pairs
    ]


def link_of(text: str) -> str:
    """The address with which a cell begins, if a page may link it; else an empty text."""
    first = text.partition(" ")[0]
    return first if linkable(first) else ""


@cache
def templates() -> jinja2.Environment:
    """The page templates; text is escaped, so that nothing in a cell becomes markup."""
    import jinja2

    pages = jinja2.Environment(
        loader=jinja2.PackageLoader("synthesis"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["link_of"] = link_of
    return pages


def as_markup(html: str) -> Any:
    """Mark as markup, for a template, what our own templates or a notebook's author have written."""
    from markupsafe import Markup

    return Markup(html)


def html_table(shown: Shown) -> str:
    """An HTML table with a caption and scoped headers, the status line below it."""
    cells = shown.cells
    numeric = [bool(cells[c].str.fullmatch(r"[–≈\d.,]+( of [\d,]+)?").all()) for c in cells]
    rows = cells.to_numpy().tolist()
    return (
        templates()
        .get_template("table.html")
        .render(caption=shown.caption, headings=list(cells.columns), rows=rows, numeric=numeric, status=shown.status)
    )


def text_table(cells: pd.DataFrame, width: int | None = None) -> str:
    """A table as text no wider than the terminal: long cells are wrapped, columns are ruled by two spaces."""
    width = width or shutil.get_terminal_size((140, 24)).columns
    columns = [[str(c), *cells[c].astype("str")] for c in cells]
    widths = _widths(
        [max(map(len, column)) for column in columns],
        [min(_LONGEST_WORD, max(len(word) for cell in column for word in cell.split() or [""])) for column in columns],
        width,
    )
    lines = []
    for place, row in enumerate(zip(*columns, strict=True)):
        wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
        for line in range(max(map(len, wrapped))):
            parts = [
                (cell[line] if line < len(cell) else "").ljust(size) for cell, size in zip(wrapped, widths, strict=True)
            ]
            lines.append("  ".join(parts).rstrip())
        if place == 0:
            lines.append("  ".join("-" * size for size in widths))
    return "\n".join(lines)


def _widths(natural: list[int], least: list[int], total: int) -> list[int]:
    """Column widths that fit into `total`: the widest columns give way first, none below its longest word."""
    widths = [max(size, floor) for size, floor in zip(natural, least, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > total:
        room = [size - max(floor, 6) for size, floor in zip(widths, least, strict=True)]
        if max(room) <= 0:
            break
        widest = max((i for i in range(len(widths)) if room[i] > 0), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths


def codebook_page(evidence: Evidence, title: str = "Codebook") -> str:
    """The codebook as a page to read or to print on A4: themes, codes with their boundaries and support, history."""
    table, history = codebook_table(evidence), codebook_history(evidence)
    table["dated"] = [_dated(added, changed) for added, changed in zip(table["version_added"], table["changed_in"], strict=True)]  # fmt: skip
    history["date"] = history["date"].dt.strftime("%Y-%m-%d")
    history["proposed_by"] = history["proposed_by"].str.replace(";", ", ")
    codes = {str(theme): _records(rows) for theme, rows in table.groupby("theme_id")}
    themes = _records(evidence.themes.set_index("theme_id", drop=False).loc[theme_order(evidence)])
    coders = evidence.coders
    agreed = coders.loc[coders["kind"] == "agreed_set", "caution"].dropna()
    return (
        templates()
        .get_template("codebook.html")
        .render(
            title=title,
            version=codebook_version(evidence),
            n_codes=len(table),
            status=status_line(evidence),
            cautions=list(agreed),
            themes=[{**theme, "codes": codes.get(str(theme["theme_id"]), [])} for theme in themes],
            history=[{"number": number, "changes": _records(rows)} for number, rows in history.groupby("version")],
        )
    )


def _dated(added: int, changed: int) -> str:
    return f"since version {added}" + ("" if pd.isna(changed) else f", changed in {changed}")


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows for a template, with an empty text where nothing is known."""
    return frame.astype(object).where(frame.notna(), "").to_dict("records")


def workbook(table: Table, frame: pd.DataFrame, status: str, date: dt.date) -> bytes:
    """A table as an .xlsx file for people without Python: the rows, and a sheet that says what each column means.

    Text never becomes a formula or a link; the file is the same, byte for byte, for the same rows and `date`.
    """
    import xlsxwriter

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": table.name, "comments": status, "created": dt.datetime.combine(date, dt.time())})
        rows = frame.astype(object).where(frame.notna(), None)
        _sheet(book, table.name[:31], f"{table.name}: one row is {table.row}", status, rows)
        about = pd.DataFrame(
            [
                (
                    c.name,
                    c.meaning,
                    c.unit,
                    "; ".join(c.vocabulary) if len(c.vocabulary) < 40 else "ISO 3166-1",
                    c.empty,
                )
                for c in table.columns.values()
            ],
            columns=["column", "meaning", "unit", "allowed words", "an empty cell means"],
        )
        _sheet(book, "columns", f"What the columns of {table.name} mean", status, about)
    return target.getvalue()


def _sheet(book, name: str, title: str, note: str, frame: pd.DataFrame) -> None:
    """One sheet: title, note, then a marked-up table with wrapped text, printed landscape on one page's width."""
    sheet = book.add_worksheet(name)
    bold, wrap = book.add_format({"bold": True, "font_size": 13}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.write_string(0, 0, title, bold)
    sheet.write_string(1, 0, note)
    values = [[_plain(v) for v in row] for row in frame.itertuples(index=False)]
    for place, column in enumerate(frame.columns):
        longest = max([len(str(column)) + 2, *(len(str(row[place])) for row in values)], default=10)
        sheet.set_column(place, place, min(max(longest, 8), 60), wrap)
    style = {
        "columns": [{"header": str(c)} for c in frame.columns],
        "autofilter": False,
        "style": "Table Style Light 1",
    }
    sheet.add_table(3, 0, 3 + max(len(values), 1), len(frame.columns) - 1, {**style, "data": values})
    sheet.freeze_panes(4, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(3)


def _plain(value: object) -> object:
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return value.item() if hasattr(value, "item") else str(value)
