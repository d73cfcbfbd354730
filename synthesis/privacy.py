"""Details in a text that may show who somebody is: found by their form, named by kind, and blacked out where asked.

It finds what has a form (addresses, numbers, dates, names after a title or "my name is", capitalised words inside a
sentence). It cannot find everything: a nickname in small letters, or a story that only one family has. People read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
_TITLES = "Mr|Mrs|Ms|Miss|Mx|Dr|Doctor|Prof|Professor|Rev|Reverend|Judge|Sister|Nurse|Auntie|Aunt|Uncle"
_PEOPLE = "son|daughter|baby|boy|girl|child|kid|husband|wife|partner|ex|mum|mom|mother|dad|father|brother|sister|nan|gran|friend|neighbour|social worker|support worker|health visitor|midwife|nurse|doctor|gp|psychiatrist|therapist|solicitor|judge|teacher|manager|worker"
_STREET = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Close|Drive|Crescent|Place|Terrace|Gardens|Grove|Square|Court|Way|House|Walk"
)
_NAME = r"[A-Z][a-zà-öø-ÿ'’]+(?:-[A-Z][a-zà-öø-ÿ]+)?"
#: Words that stand with a capital inside a sentence and name nobody.
_ORDINARY = frozenset({
    "I", "I'm", "I've", "I'll", "I'd", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    "Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December", "Christmas", "Easter", "Eid", "Ramadan", "Diwali", "English", "Welsh", "Scottish",
    "Irish", "British", "Polish", "Punjabi", "Urdu", "Arabic", "Somali", "Black", "White", "Asian", "Muslim",
    "Christian", "Jewish", "Hindu", "Sikh", "God", "Mum", "Dad", "Mummy", "Daddy", "Nan", "Social", "Services",
    "Service", "Care", "Court", "Family", "Families", "Child", "Children", "Children's", "Protection", "Plan",
    "Plans", "Mental", "Health", "Team", "Teams", "Early", "Help", "Hub", "Hubs", "Home", "Start", "Sure",
    "Centre", "Support", "Worker", "Workers", "Visitor", "Visitors", "Human", "Rights", "Act", "Crisis", "Line",
    "Mother", "Baby", "Unit", "Word", "Google", "Facebook", "WhatsApp", "Zoom", "Internet", "Covid", "Britain",
    "England", "Wales", "Scotland", "Ireland", "UK",
})  # fmt: skip
_NOBODY = "nobody|somebody|everybody|anybody|everyone|someone|anyone|they|he|she|we|you|it|who|that|this|which|mum|dad|staff|one|parent|mother|father|worker|nurse|doctor|court|and|but|then|people"

#: Kind of detail -> its form; the first kind that claims a stretch of text names it.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("e-mail address", re.compile(r"(?<![\w.+'’-])[\w.+'’-]+ ?(?:@|[\[(]at[\])]) ?[\w-]+(?: ?(?:\.|[\[(]dot[\])]) ?[\w-]+)+", re.I)),
    ("web address or account name", re.compile(r"\b(?:https?://|www\.)\S+|(?<![\w@])@\w{3,}", re.I)),
    ("National Insurance number", re.compile(r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.I)),
    ("date that may be a birthday", re.compile(rf"\b(?:\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d{{4}}|\d{{2}})|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTHS})\.?,? \d{{4}}|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})\b", re.I)),
    ("date that may be a birthday", re.compile(rf"\b(?:born on|born in|date of birth|d\.?o\.?b\.?|birthday)\b(?: is| was)?[ :]*(?:on )?(?:\d[\w/.-]*(?: (?:{_MONTHS}))?|(?:{_MONTHS}))(?: \d{{1,4}})*", re.I)),
    ("NHS number", re.compile(r"(?<![\w+])\d{3}[ -]?\d{3}[ -]?\d{4}(?!\w)")),
    ("phone number", re.compile(r"(?<![\w.])(?:\+|00)?\(?\d(?:[ ().-]{0,2}\d){8,14}(?!\w)")),
    ("case or reference number", re.compile(r"\b(?:case|ref|reference|court|file|patient|hospital|claim|record|policy|account|passport|nhs|id)(?: (?:no|number|ref|id)\b)?\.?(?: is| was)?[ :#№]*(?=[\w/-]*\d[\w/-]*\d)[A-Z0-9][\w/-]{2,}", re.I)),
    ("case or reference number", re.compile(r"\b[A-Z]{2}\d{2}[A-Z]\d{5}\b|\b[A-Z]{1,4}[/-]?\d{4,}(?:[/-]\w+)*\b")),
    ("postcode", re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}\b", re.I)),
    ("address", re.compile(rf"\b\d{{1,4}}[a-z]?,? (?:[A-Z][\w'’]+ ){{1,3}}(?:{_STREET})\b")),
    ("name", re.compile(rf"\b(?:{_TITLES})\b\.? {_NAME}(?: {_NAME})?")),
    ("name", re.compile(r"\b(?i:my name(?:'s|’s| is)|i am called|i'm called|i’m called|known as|signed(?: by)?)[ :]+(?:[A-Za-zÀ-ÿ][\w'’-]+)(?: [A-Z][\w'’-]+)?")),
    ("name", re.compile(rf"\b(?i:i am|i'm|i’m|this is|called|named|name of) (?!(?:{'|'.join(sorted(_ORDINARY))})\b){_NAME}(?: {_NAME})?")),
    ("name", re.compile(rf"\b(?i:(?:my|our|his|her|their|the) (?:{_PEOPLE}),?(?: is| was| called)?) (?!(?:{'|'.join(sorted(_ORDINARY))})\b){_NAME}(?: {_NAME})?")),
    ("name", re.compile(rf"\b(?!(?i:{_NOBODY})\b)[A-Z][a-zà-öø-ÿ]{{2,}}(?<!s) (?=(?:said|told|rang|shouted|promised|asked|phoned|texted|visited)\b)")),
    ("long number", re.compile(r"(?<![\w.])\d(?:[ -]?\d){5,}(?!\w)")),
)  # fmt: skip
_INSIDE = re.compile(rf"(?<=[a-z0-9,;] ){_NAME}(?: {_NAME})*|(?:(?<=[.!?:] )|(?<![^\n])){_NAME} {_NAME}(?: {_NAME})*")
_YEARS = re.compile(r"(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d")


@dataclass(frozen=True)
class Detail:
    """A stretch of a text that may show who somebody is: its kind, and where it begins and ends."""

    kind: str
    start: int
    end: int


def personal_details(text: str) -> list[Detail]:
    """Details in a text that may show who somebody is, in their order, none within another; see `_FORMS` for the kinds."""
    found: list[Detail] = []
    for detail in _candidates(text):
        if not any(detail.start < each.end and each.start < detail.end for each in found):
            found.append(detail)
    return sorted(found, key=lambda detail: detail.start)


def _candidates(text: str) -> Iterator[Detail]:
    for kind, form in _FORMS:
        for match in form.finditer(text):
            if kind == "NHS number" and not _is_nhs_number(match[0]):
                continue
            if not _YEARS.fullmatch(match[0]):
                yield Detail(kind, match.start(), match.start() + len(match[0].rstrip()))
    for match in _INSIDE.finditer(text):
        words = match[0].replace("’", "'").split()
        if not set(words if match.start() and text[match.start() - 2] not in ".!?:" else words[1:]) <= _ORDINARY:
            yield Detail("name", match.start(), match.end())


def _is_nhs_number(text: str) -> bool:
    """Whether ten digits carry the check digit of an NHS number: 11 less the weighted sum modulo 11."""
    digits = [int(each) for each in text if each.isdigit()]
    check = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check != 10 and check % 11 == digits[9]


def blacked_out(text: str) -> str:
    """The text with every such detail replaced by its kind in square brackets."""
    parts, at = [], 0
    for detail in personal_details(text):
        parts += [text[at : detail.start], f"[removed: {detail.kind}]"]
        at = detail.end
    return "".join([*parts, text[at:]])


def hinted(text: str, detail: Detail) -> str:
    """Enough of a detail to find it again in the file, and not more: its first two letters."""
    return f"{detail.kind} “{text[detail.start : detail.end][:2]}…”"
