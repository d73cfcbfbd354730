"""Answers of a team on their way into a plan: checked as a whole, wherever they were given (a sheet, a form, a call)."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from synthesis.evidence.privacy import Detail, hinted, personal_details
from synthesis.evidence.schema import CallError, counted
from synthesis.evidence.tables import Evidence
from synthesis.office.table_sheets import plain_text
from synthesis.planning.plans import COLUMNS, NOT_OURS, plain, planning_items, refusal, typed_plan

#: What the parts of an answer are called for a reader.
HEADS = {"stage": "Stage", "note": "How do you know?", "owner": "Owner (a role)", "action_date": "By when", "date": "Day"}  # fmt: skip
#: Characters that a note or an owner may have.
LONGEST_TEXT = 5_000
#: Details that are ordinary in a note on evidence, such as the address of a document or the day of a meeting.
_ORDINARY_KINDS = ("date that may be a birthday", "long number", "web address or account name")
_BORN = re.compile(r"\b(?:born|birth|d\.?o\.?b|birthday)", re.I)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.I)
#: Words of posts, bodies and services, which stand with a capital and name nobody.
_POSTS = """
    adult adults advisor adviser advocate alcohol analyst area assessment assistant associate authority board borough business
    cabinet cafcass camhs care carer carers chair chief children children's childrens citizens clinical clinician commissioner
    commissioning committee communications community conflict consultant contact coordinator co-ordinator council councillor
    county court data delivery department deputy designated development director district domestic drug early education
    engagement equality evaluation executive facilitator families family father fathers finance forum foundation gp group head
    health help home housing hr hub hubs icb improvement information insight integrated intelligence intervention it joint
    justice lead leader leaders leadership learning liaison local manager managers maternity member mental midwife midwifery
    ministry navigator network nhs nurse nursery nursing office officer operational operations outcomes outreach panel parent
    parental parenting parents partner partners partnership performance perinatal performance plan planning police policy
    practice practitioner practitioners prevention primary principal probation programme project protection provider providers
    public quality reducing regional relate relationship relationships representative research resources review safeguarding
    school schools sector senior service services social staff start steering strategic strategy substance misuse supervisor
    support task team teams therapist trainer training transformation trust unit visiting visitor visitors voluntary whole
    worker workers workforce working workstream youth
"""
_POST_WORDS = frozenset(_POSTS.split())
_SMALL_WORDS = frozenset(["a", "an", "and", "at", "for", "from", "in", "of", "on", "or", "the", "to", "with"])


@dataclass(frozen=True)
class Answer:
    """What was said of one item, as typed, and where it stands (for messages)."""

    item_id: str
    stage: str = ""
    note: str = ""
    owner: str = ""
    action_date: str = ""
    place: str = ""


@dataclass(frozen=True)
class Plan:
    """An area's answers on one day: the table (columns of `read_plans`), and remarks for the reader."""

    table: pd.DataFrame
    remarks: list[str] = field(default_factory=list)

    @property
    def n_answered(self) -> int:
        """Items with an answer."""
        return int(self.table["stage"].notna().sum())


@dataclass(frozen=True)
class Privacy:
    """How details that may show who somebody is are settled: blacked out, or kept for a reason; else they are refused."""

    blank: bool = False
    keep: str = ""

    def __post_init__(self) -> None:
        if self.blank and self.keep:
            raise CallError("Say either --blank-flagged or --accept-flagged, not both.")


def make_plan(
    evidence: Evidence, area: str, day: str, scale: Sequence[str], answers: Sequence[Answer], privacy: Privacy,
    faults: Sequence[str] = (), today: dt.date | None = None, day_place: str = "",
) -> Plan:  # fmt: skip
    """A plan from answers, a row for every item that is asked; items without an answer say nothing.

    Parameters
    ----------
    day : the day of the assessment, as typed; not in the future of `today` (default: today).
    answers : one an item; `faults` are those met before, and are listed with those found here.
    day_place : where the day stands, for messages.

    Raises SynthesisError with every fault, its place, and what is allowed; flagged personal details among them.
    """
    found, flagged = list(faults), list[str]()
    when = _day(day, day_place or HEADS["date"], found, today or dt.date.today())
    rows, remarks = {}, []
    for answer in answers:
        row = {"stage": _stage(answer, scale, found), "action_date": _action_day(answer, found)}
        checks = []
        for name in ("note", "owner"):
            text, settled = _settled(getattr(answer, name), name, answer.place, privacy, flagged)
            row[name] = plain_text(text)
            checks += [f"{name}: {settled}"] if settled else []
            if len(text) > LONGEST_TEXT:
                found.append(f"{answer.place}, column {HEADS[name]}: {len(text):,} characters; at most {LONGEST_TEXT:,}. Name the document instead.")  # fmt: skip
        rows[answer.item_id] = {**row, "privacy_check": "; ".join(checks)}
        if not row["stage"] and any(row[name] for name in ("note", "owner", "action_date")):
            remarks.append(f"{answer.place}: there is no stage, so {answer.item_id} counts as not answered; the rest was kept.")  # fmt: skip
    if flagged:
        said = f"{counted(len(flagged), 'cell')} may show who somebody is. An owner is a role, never a name. Look at each; then black them out (--blank-flagged), or keep them for a reason that is recorded (--accept-flagged REASON)."  # fmt: skip
        found += [*flagged, said]
    if found:
        raise refusal(["Nothing was stored.", *found])
    return Plan(_table(evidence, area, when, scale, rows), remarks)


def _table(evidence: Evidence, area: str, day: str, scale: Sequence[str], rows: dict[str, dict[str, str]]) -> pd.DataFrame:  # fmt: skip
    place = {word: str(at) for at, word in enumerate(scale, 1)}
    whole = [
        {"area": area, "date": day, "item_id": item, "scale": ";".join(scale), **rows.get(item, {})}
        for item in planning_items(evidence)["item_id"]
    ]
    for row in whole:
        row["stage_order"] = place.get(row.get("stage", ""), "")
    return typed_plan(pd.DataFrame([{name: row.get(name, "") for name in COLUMNS} for row in whole]))


# ---------------------------------------------------------------- single answers


def _stage(answer: Answer, scale: Sequence[str], faults: list[str]) -> str:
    """The stage as the scale writes it; empty where none was chosen or it is none."""
    known = {plain(word): word for word in (*scale, NOT_OURS)}
    typed = plain(answer.stage)
    if not typed or typed in known:
        return known.get(typed, "")
    near = difflib.get_close_matches(typed, known, n=1, cutoff=0.7)
    hint = f"; did you mean “{known[near[0]]}”?" if near else ""
    allowed = ", ".join(map(repr, (*scale, NOT_OURS)))
    faults.append(f"{answer.place}, column {HEADS['stage']}: “{answer.stage[:60]}” is no stage of this plan{hint or '.'} Choose one of {allowed}, or leave the cell empty.")  # fmt: skip
    return ""


def _action_day(answer: Answer, faults: list[str]) -> str:
    return _read_day(answer.action_date, f"{answer.place}, column {HEADS['action_date']}", faults)


def _day(text: str, place: str, faults: list[str], today: dt.date) -> str:
    """The day of the assessment; it cannot lie ahead."""
    before = len(faults)
    day = _read_day(text, place, faults)
    if not day and len(faults) == before:
        faults.append(f"{place}: the day of the assessment is not given; write it as {today:%Y-%m-%d}, or give it with --date.")  # fmt: skip
    if day and dt.date.fromisoformat(day) > today:
        faults.append(f"{place}: {day} lies in the future (today is {today:%Y-%m-%d}); an assessment is of a day that has come.")  # fmt: skip
    return day


_MONTHS = {
    name: at
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}


def _read_day(text: str, place: str, faults: list[str]) -> str:
    """A day as 2026-11-22; other ways to write one are taken where they can mean one day alone, else reported."""
    text = " ".join(text.split())
    if not text:
        return ""
    said = f"{place}: “{text[:40]}” is no day that can be told for sure; write it as 2026-11-22"
    day = meant_day(text)
    if day is None or not 2000 <= day.year <= 2100:
        faults.append(said + (", between the years 2000 and 2100." if day else "."))
        return ""
    return day.isoformat()


def meant_day(text: str) -> dt.date | None:
    """The day that a text can mean, if it can mean one alone."""
    try:
        return _day_of(" ".join(text.split()))
    except ValueError:  # such as the 30th of February
        return None


def _day_of(text: str) -> dt.date | None:
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?: 00:00:00)?", text):
        return dt.date(*map(int, found.groups()))
    if found := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text):
        first, second, year = map(int, found.groups())
        # 03/04/2026 is two days, by country; 22/11/2026 and 04/04/2026 are one.
        if first <= 12 and second <= 12 and first != second:
            return None
        return dt.date(year, min(first, second), max(first, second))
    if found := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?(?: of)?[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})", text):
        month = _MONTHS.get(found[2][:3].lower())
        return dt.date(int(found[3]), month, int(found[1])) if month else None
    return None


# ---------------------------------------------------------------- who somebody is


def _settled(text: str, part: str, place: str, privacy: Privacy, flagged: list[str]) -> tuple[str, str]:
    """A text as it may be stored, and how what was flagged in it was settled."""
    details = revealing(text, owner=part == "owner")
    if not details:
        return text, ""
    kinds = ", ".join(dict.fromkeys(detail.kind for detail in details))
    if privacy.blank:
        return _blacked(text, details), f"{kinds}: blacked out"
    if privacy.keep:
        return text, f"{kinds}: kept, {plain_text(privacy.keep)}"
    flagged.append(f"{place}, column {HEADS[part]}: {'; '.join(hinted(text, detail) for detail in details)}")
    return text, ""


def revealing(text: str, owner: bool = False) -> list[Detail]:
    """Details in a note or an owner that may show who somebody is; posts, bodies and addresses of documents are none.

    With `owner`, a text in which no word is one of a post or body counts as a name.
    """
    found = [each for each in personal_details(text) if not _harmless(text, each)]
    if owner and text.strip() and not found and not _posts(text):
        found = [Detail("name or unknown role", 0, len(text))]
    return found


def _harmless(text: str, detail: Detail) -> bool:
    part = text[detail.start : detail.end]
    if detail.kind == "name":
        return set(_words(part)) <= _POST_WORDS | _SMALL_WORDS
    if detail.kind == "date that may be a birthday":
        return not _BORN.search(text)
    if detail.kind == "web address or account name":
        return bool(_ADDRESS.match(part))
    return detail.kind in _ORDINARY_KINDS


def _posts(text: str) -> bool:
    return any(word in _POST_WORDS for word in _words(text))


def _words(text: str) -> Iterator[str]:
    return (word.strip("’'").removesuffix("'s").removesuffix("’s").lower() for word in re.findall(r"[^\W\d_][\w'’-]*", text))  # fmt: skip


def _blacked(text: str, details: Collection[Detail]) -> str:
    parts, at = [], 0
    for detail in sorted(details, key=lambda each: each.start):
        parts += [text[at : detail.start], f"[removed: {detail.kind}]"]
        at = detail.end
    return "".join([*parts, text[at:]])
