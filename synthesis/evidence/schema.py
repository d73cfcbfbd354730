"""What the evidence base is: its tables, columns, closed vocabularies and faults.

The tables are written in ``schema.toml`` and the vocabularies in ``vocabularies.toml``; this module reads them and
gives them names. It computes nothing and opens no evidence.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning"]

#: Types whose cells hold several values, separated by ``;``.
LIST_TYPES = frozenset({"ids", "words"})
#: Types that become numbers.
NUMBER_TYPES = frozenset({"integer", "number", "year"})
#: The word that a list column marked ``none`` uses for "read and left without one".
NONE_WORD = "none"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, meaning and rules. ``links`` is ``table.column``; ``allowed`` names a vocabulary."""

    name: str
    type: str
    meaning: str
    required: bool = False
    allowed: str = ""
    links: str = ""
    unit: str = ""
    empty: str = "not reported in the text that was read"
    example: str = ""
    minimum: float | None = None
    maximum: float | None = None
    none: bool = False

    @property
    def is_list(self) -> bool:
        """Whether a cell may hold several values separated by ``;``."""
        return self.type in LIST_TYPES

    @property
    def vocabulary(self) -> dict[str, str]:
        """Allowed words and their meaning; empty where any value may stand."""
        return vocabularies()[self.allowed] if self.allowed else {}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: where it lives, what a row is, which columns identify a row."""

    name: str
    folder: str
    row: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    required: bool = False
    may_be_empty: bool = False

    @property
    def file(self) -> str:
        """Path of the table inside the data folder, with forward slashes."""
        return f"{self.folder}/{self.name}.csv"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault, written for the person who must mend it.

    ``row`` is the row number that a spreadsheet shows (the header is row 1), or None where the table as a whole is
    meant. ``code`` is stable: it names the kind of fault and is listed in the data dictionary.
    """

    severity: Severity
    code: str
    table: str
    row: int | None
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        place = f"{self.table}, row {self.row}" if self.row is not None else self.table
        place += f", column {self.column}" if self.column else ""
        return f"{self.severity} [{self.code}] {place}: {self.message}"


class SynthesisError(Exception):
    """Anything that stops the toolkit for a reason its user can mend; the command line prints it without a traceback."""


class CallError(SynthesisError):
    """What was asked for is not there or cannot be asked: an identifier, coder, file or option of the call, not the data.

    The command line then ends with status 2, as for an unknown option.
    """


class EvidenceError(SynthesisError):
    """An evidence base, or a table about to be written, has faults. ``problems`` lists every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        errors = [p for p in problems if p.severity == "error"]
        super().__init__(f"{counted(len(errors), 'error')} in the evidence base\n" + "\n".join(map(str, errors)))


def counted(n: int, noun: str, plural: str = "") -> str:
    """A number with its noun, as a sentence has it: "1 problem", "2 problems", "1,234 studies" (`plural` where not in -s)."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


#: Every fault that a check can report: code -> (usual severity, what it means and how to mend it).
FAULTS: dict[str, tuple[Severity, str]] = {
    "file-missing": ("error", "A table is not there, and it is needed or other tables point to it (otherwise a warning: what rests on it is empty). Restore the file."),
    "file-unreadable": ("error", "The file cannot be opened: a folder, a link that leads nowhere, or no permission to read it."),
    "file-unknown": ("warning", "A file in sources/ or judgements/ belongs to no table. Rename it, or move it elsewhere."),
    "file-empty": ("error", "The file holds no header, or no row (a warning where the synthesis can do without the table). Restore it from the last good copy."),
    "file-format": ("error", "The file is not a CSV file (for example a workbook that was renamed). Save it as CSV UTF-8."),
    "encoding": ("error", "The file is not UTF-8. Save it as 'CSV UTF-8'."),
    "byte-order-mark": ("warning", "The file begins with a byte-order mark. It is read all the same; the next write leaves it out."),
    "delimiter": ("error", "Columns are not separated by commas. Save it with commas."),
    "quote": ("error", "A quotation mark is opened and never closed, or text follows a closed one. Inside a cell a quotation mark is written twice."),
    "row-width": ("error", "A row has more or fewer cells than the header. Put quotation marks round text that holds a comma. (A warning where only empty cells are too many.)"),
    "row-blank": ("warning", "A row is blank. It is passed over; delete it."),
    "header": ("error", "The first row is not the header of this table. Put the header back, or give the file its right name."),
    "column-missing": ("error", "A column of the schema is not there. Add it, empty if nothing is known."),
    "column-misspelt": ("error", "A column is not in the schema but looks like one that is missing. Rename it."),
    "column-repeated": ("error", "Two columns carry the same name. Rename or delete one."),
    "column-unknown": ("warning", "A column is not in the schema, or has no name. It is passed over; nothing is lost from the file."),
    "spaces": ("error", "A value begins or ends with a space or a non-breaking space. Delete it (a warning in free text)."),
    "required": ("error", "A cell that may not be empty is empty. Fill it in."),
    "type": ("error", "A value is not of the column's type."),
    "range": ("error", "A number lies outside the possible range."),
    "vocabulary": ("error", "A word is not in the closed vocabulary. Use an allowed word, or propose a new one in synthesis/evidence/vocabularies.toml."),
    "date-mangled": ("error", "A spreadsheet program has turned the value into a date or a power of ten (a warning where it may be the source's own words). Restore it, and format the column as text."),
    "garbled": ("error", "A text holds a control character, or letters that were lost or changed because the file was opened or saved under the wrong encoding. Restore the text."),
    "identifier": ("error", "An identifier holds something other than letters, digits, '.', '_' and '-', does not begin with a letter or digit, is too long, or could be taken for another place or a device. Rename it wherever it is used."),
    "key-repeated": ("error", "Two rows carry the same key. Delete one, or give it a key of its own."),
    "key-lookalike": ("error", "Two identifiers differ only in case, hyphens, accents' coding or invisible characters. Make them one, or clearly two."),
    "part-repeated": ("error", "A list cell holds the same value twice, so that it would count twice. Delete one."),
    "link-broken": ("error", "The row that a value points to is not there. Restore it or correct the value."),
    "coder-unknown": ("error", "A coding names a coder that the coders table does not hold."),
    "theme-cycle": ("error", "A theme is its own ancestor. Correct parent_theme_id."),
    "theme-level": ("error", "A theme's level and its place in the tree disagree."),
    "numerator-above-denominator": ("error", "More cases than people. Were the two swapped?"),
    "percent-disagrees": ("error", "A printed percent differs from its counts by more than rounding. If the source really prints both, record it in discrepancies (then it is a warning that stays beside the figure)."),
    "interval-reversed": ("error", "The lower end of an interval lies above its upper end."),
    "interval-excludes-estimate": ("error", "An interval does not contain its estimate. If the source really prints both, record it in discrepancies."),
    "count-and-suppression": ("error", "A count is there although it is marked as withheld, or is not there without a reason."),
    "same-sample-twice": ("error", "The same people stand twice under one indicator. Mark one row as the one to use in estimate_choices."),
    "choice-missing": ("warning", "An estimate of a poolable indicator has not been judged; it is left out of the pooled line."),
    "unit-missing": ("warning", "An estimate is pooled, and nobody has said what it counts: it is taken to count what its indicator says. Add it to estimate_units."),
    "override-unsound": ("error", "A decision to pool (pooling_overrides) cannot be carried out: too few estimates, one named twice, or one without counts. Correct it."),
    "retracted-source": ("error", "A withdrawn publication is in use. Take its rows out, or correct the retraction."),
    "coded-and-uncoded": ("error", "A finding is listed as uncoded but carries an agreed code."),
    "finding-unread": ("warning", "A finding has no agreed code and is not listed as uncoded: it has not been settled yet."),
    "record-and-study": ("error", "A screening decision and its study disagree."),
    "appraisal-item": ("error", "An appraisal answers an item that the tool does not have. Use the tool's own items."),
    "appraisal-answer": ("error", "An appraisal gives an answer that the tool does not allow. Use the tool's own answers."),
    "not-a-statement": ("error", "Confidence is judged in a written statement, and this is the title of a theme, a code or a study. Write out what the data say."),
    "statement-unsupported": ("error", "No agreed coding carries a code of this review finding, so nothing stands behind it. Correct its codes, or take it out."),
    "component-missing": ("error", "An overall confidence is given without all four component levels, or a component without its reason. Judge all four first."),
    "explanation-missing": ("error", "An overall confidence is given without an explanation, so that nobody can check it. Say how the concerns led to it."),
    "settled-twice": ("error", "Two judgements of one review finding are marked as settled. Leave one."),
    "judgement-outdated": ("warning", "The data behind a review finding have changed since it was judged. Judge it anew, then bring its row up to date."),
    "own-scoring": ("warning", "A column of scores, or overall levels that all follow from adding up concerns. GRADE-CERQual has no scoring rule: weigh the concerns against each statement."),
    "limitations-counted": ("warning", "A reason counts appraisal answers or names a score. Say which limitation could change this very statement."),
    "coherence-as-agreement": ("warning", "A reason takes coherence for agreement between studies. Judge how well the statement fits its data."),
    "conqual-mixed": ("warning", "ConQual, another rule with other grounds, is mixed into GRADE-CERQual. Judge by the four components alone."),
    "comment-waiting": ("warning", "Comments of an advisory group have no response yet. Decide on each, and write it into responses; until then no pack can be final."),
    "response-change": ("error", "A response was accepted and names nothing that changed, or was not accepted and names a change. Make the two agree, because the group is told."),
    "words-differ": ("error", "A recorded change of words is not what the theme or statement says now, and no later change explains it. Record that change, or put the words back."),
    "pack-outdated": ("warning", "Themes or statements have changed since the pack of a round was made. Make a draft anew; a pack that was given out stays as it was."),
    "words-retold-changed": ("warning", "A content note or easy-read line is older than a change to what it retells. Read it against the new words, mend it where needed, then put the day into its date."),
    "contrary-not-listed": ("error", "A finding is judged as contrary to a review finding that does not list it. List it in contradicting_finding_ids, or take the judgement out."),
    "line-too-long": ("warning", "An easy-read line holds more than 15 words. Make two lines of it, one idea each."),
    "personal-detail": ("warning", "A comment may hold a detail that identifies a person. Replace it, or say in privacy_check why it may stay."),
    "link-ends": ("error", "A judged link lacks one of its two ends, or names too many, or says that there is none and names both. Name both ends; where there is none, use the relation none and leave one end empty."),
    "link-repeated": ("error", "Two rows judge one link, or one row says that there is none and another gives one. Leave one."),
    "count-not-printed": ("error", "A count read from a row of a guide does not stand in that row. Correct the number, or the row that it is read from."),
    "review-file": ("error", "review.toml, which says what the review is, is no TOML file, or holds a key or value that it does not know. Correct it; without the file nothing is said of title, licence, contributors and sources."),
    "discrepancy": ("warning", "A source contradicts itself or another account; the row is shown with that remark."),
}  # fmt: skip


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


@cache
def vocabularies() -> dict[str, dict[str, str]]:
    """Closed vocabularies: name -> {word: meaning}, in the order in which words are shown."""
    return _load("vocabularies.toml")


@cache
def _tables() -> dict[str, Table]:
    return {
        name: Table(
            name,
            columns={c: Column(c, **rules) for c, rules in spec.pop("columns").items()},
            key=tuple(spec.pop("key")),
            **spec,
        )
        for name, spec in _load("schema.toml").items()
    }


def evidence_tables() -> dict[str, Table]:
    """Tables that people fill in (``sources`` and ``judgements``), by name, in reading order."""
    return {name: table for name, table in _tables().items() if table.folder != "derived"}


def derived_tables() -> dict[str, Table]:
    """Tables that code alone writes (``derived``), by name."""
    return {name: table for name, table in _tables().items() if table.folder == "derived"}


def table(name: str) -> Table:
    """The table called `name`. Raises CallError for a name that the schema does not hold."""
    try:
        return _tables()[name]
    except KeyError:
        raise CallError(f"There is no table {name!r} in the schema; there are {', '.join(_tables())}.") from None
