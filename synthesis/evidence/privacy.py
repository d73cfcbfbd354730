"""Details in a text that may show who somebody is: found by their form, named by kind, and blacked out where asked.

It finds what has a form: addresses, numbers, dates, names after a title or "my name is", capitalised words inside a
sentence, and words that begin one, are no ordinary words (`ordinary_words`), and do what only somebody does. It cannot find
everything: a nickname in small letters, or a story that only one family has. People read too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from synthesis.evidence.ordinary_words import NAMES, ORDINARY, PLAIN, STARTERS

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
_TITLES = "Mr|Mrs|Ms|Miss|Mx|Dr|Doctor|Prof|Professor|Rev|Reverend|Judge|Sister|Nurse|Auntie|Aunt|Uncle"
_PEOPLE = "son|daughter|baby|boy|girl|child|kid|husband|wife|partner|ex|mum|mom|mother|dad|father|brother|sister|nan|gran|friend|neighbour|social worker|support worker|health visitor|midwife|nurse|doctor|gp|psychiatrist|therapist|solicitor|judge|teacher|manager|worker"
_STREET = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Close|Drive|Crescent|Place|Terrace|Gardens|Grove|Square|Court|Way|House|Walk"
)
_NAME = r"[A-Z][a-zà-öø-ÿ'’]+(?:-[A-Z][a-zà-öø-ÿ]+)?"
_NOBODY = "nobody|somebody|everybody|anybody|everyone|someone|anyone|they|he|she|we|you|it|who|that|this|which|mum|dad|staff|one|parent|mother|father|worker|nurse|doctor|court|and|but|then|people"

_SITES = "insta|instagram|ig|facebook|fb|messenger|snap|snapchat|tiktok|tik tok|twitter|whatsapp|telegram|linkedin"
#: Endings of words that are no name after "my son", and names that end so all the same.
_ENDINGS = rf"(?!(?!(?i:{'|'.join(sorted(NAMES))})(?![\w'’]))(?i:[\w'’]*(?:ed|ing|ly|n't|n’t|s))(?![\w'’]))"
_CAPITAL_WORDS = "|".join(
    sorted({word.upper() for word in ORDINARY | PLAIN} | {"NHS", "TRUST", "PLO", "LAC", "CAFCASS"})
)
_OTHER = rf"(?!(?i:{'|'.join(sorted(PLAIN))})(?![\w'’]))"

#: Kind of detail -> its form; the first kind that claims a stretch of text names it.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("e-mail address", re.compile(r"(?<![\w.+'’-])[\w.+'’-]+ ?(?:@|[\[(]at[\])]) ?[\w-]+(?: ?(?:\.|[\[(]dot[\])]) ?[\w-]+)+", re.I)),
    ("e-mail address", re.compile(r"(?<![\w.+'’-])[\w.+'’-]{1,64} at [\w-]+(?: dot [\w-]+)+", re.I)),
    ("web address or account name", re.compile(rf"\b(?:{_SITES})(?: (?:name|account|handle|page|profile))?(?: is| as)?(?: ?[:@=]+ ?| (?=[\w-]*[._\d]\w)(?=[\w.-]*[a-z]))(?!(?:{_NOBODY}|not|a|the|my|in|on)\b)[\w][\w.-]{{2,}}", re.I)),
    ("web address or account name", re.compile(r"\b(?:https?://|www\.)\S+|(?<![\w@])@\w{3,}+(?!\()", re.I)),
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
    ("name", re.compile(rf"\b(?i:i am|i'm|i’m|this is|called|named|name of) (?!(?:{'|'.join(sorted(ORDINARY))})\b){_NAME}(?: {_NAME})?")),
    ("name", re.compile(rf"\b(?i:(?:my|our|his|her|their|the) (?:{_PEOPLE}),?(?: is| was| called)?) (?!(?:{'|'.join(sorted(ORDINARY))})\b){_NAME}(?: {_NAME})?")),
    ("name", re.compile(rf"\b(?i:(?:mr|mrs|ms|dr|prof|auntie|uncle)\b\.? {_OTHER}[a-zà-ÿ][\w'’-]+)", re.I)),
    ("name", re.compile(rf"\b(?i:(?:my|our) (?:(?:little|baby|eldest|oldest|youngest|older|younger) )?(?:son|boy|girl|daughter|baby),?(?: is called| called| named)?) {_OTHER}{_ENDINGS}(?i:[a-zà-ÿ][a-zà-ÿ'’-]+)")),
    ("name", re.compile(rf"(?<![A-Z] )\b(?!(?:{_CAPITAL_WORDS})\b)[A-Z]{{3,}} (?!(?:{_CAPITAL_WORDS})\b)[A-Z]{{3,}}\b(?! [A-Z]+\b)")),
    ("long number", re.compile(r"(?<![\w.])\d(?:[ -]?\d){5,}(?!\w)")),
)  # fmt: skip
_INSIDE = re.compile(rf"(?<=[a-z0-9,;] ){_NAME}(?: {_NAME})*|(?:(?<=[.!?:] )|(?<![^\n])){_NAME} {_NAME}(?: {_NAME})*")
#: What only somebody does, has or is: verbs after a name, "and I", a possession, a remark between commas.
_DOES = (
    "is|isn't|was|wasn't|has|hasn't|had|hadn't|did|didn't|does|doesn't|will|won't|would|wouldn't|could|couldn't|can|can't|never|"
    "always|said|says|told|tells|rang|rings|shouts|asks|phones|came|comes|went|goes|took|takes|left|leaves|lied|lies|cried|"
    "cries|died|hit|hits|hurts|knew|knows|made|makes|gave|gives|got|gets|kept|keeps|lost|loses|moves|lives|works|wrote|"
    "writes|wants|loves|likes|hates|needs|thinks|thought|feels|felt|saw|sees|found|finds|met|spoke|speaks|stood|ran|runs|"
    "sat|sent|sends|brought|put|puts|held|helps|beat|broke|slept|sleeps|drinks|drank|stayed|misses|remembers|deserves|"
    "understands|listens|[a-z]{2,}s (?:me|him|us|them|you|my|our|his|their|everyone|everybody|nobody)|[a-z]{2,}(?<!e)ed|[a-z]{2,}(?:[vztdsk]ed|ied)"
)
_BEGINS = re.compile(
    r"(?:(?<![^\n])|(?<=[.!?:;…–-] )|(?<=[“‘\"'(]))(?P<word>[A-Z][a-zà-öø-ÿ]+(?:-[A-Z][a-zà-öø-ÿ]+)?)"
    rf"(?P<after>['’]s [a-z]+| (?:{_DOES})\b| and (?:I|me|my|he|she|his|her|our|we)\b|, (?:my|our|his|her|who|a|the)\b)"
)
#: Endings of common nouns and adverbs; names that end so stand in ordinary_words.
_NOUNS = ("ing", "ed", "ly", "s", "tion", "sion", "ment", "ness", "ship", "hood", "ism", "ure", "age", "ful", "less", "able", "ible", "ity", "ence", "ance", "ical", "ous", "ive", "cy", "n't", "n’t")  # fmt: skip
#: A word as it may be a name, or a part of one.
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
#: Words in small letters that stand around a name in its detail, and those that are ordinary words as well.
_AROUND = frozenset(re.findall(r"\w+", f"{_TITLES}|{_PEOPLE}".lower())) | frozenset(["my", "our", "his", "her", "their", "the", "name", "is", "was", "i", "am", "i'm", "this", "of", "known", "as", "called", "named", "signed", "by", "little", "eldest", "oldest", "youngest", "older", "younger", "removed"])  # fmt: skip
_COMMON = PLAIN | STARTERS | {word.lower() for word in ORDINARY}
_YEARS = re.compile(r"(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d")


@dataclass(frozen=True)
class Detail:
    """A stretch of a text that may show who somebody is: its kind, and where it begins and ends."""

    kind: str
    start: int
    end: int


def personal_details(text: str, names: Collection[str] = ()) -> list[Detail]:
    """Details in a text that may show who somebody is, in their order, none within another; see `_FORMS` for the kinds.

    ``names`` are words that other texts showed to be names (`names_in`): they are found wherever they stand.
    """
    found: list[Detail] = []
    for detail in (*_candidates(text), *_known(text, names)):
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
        words = [word if word in ORDINARY else word.removesuffix("s") for word in match[0].replace("’", "'").split()]
        if not set(words if match.start() and text[match.start() - 2] not in ".!?:" else words[1:]) <= ORDINARY:
            yield Detail("name", match.start(), match.end())
    yield from _beginning(text)


def _beginning(text: str) -> Iterator[Detail]:
    """Words with which a sentence begins and that do what only somebody does, where they are no ordinary words."""
    for match in _BEGINS.finditer(text):
        word = match["word"].lower()
        if word not in STARTERS and (word in NAMES or not word.endswith(_NOUNS)):
            yield Detail("name", match.start("word"), match.end("word"))


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """The words that are names in the details of these texts, in small letters: “my daughter Lily” gives “lily”."""
    parts = [text[each.start : each.end] for text in texts for each in personal_details(text) if each.kind == "name"]
    words = {word for part in parts for word in _WORD.findall(part.replace("’", "'"))}
    bare = {word.removesuffix("'s").removesuffix("'S") for word in words if word not in ORDINARY}
    return frozenset(word.lower() for word in bare if len(word) > 1 and word.lower() not in _AROUND)


def _known(text: str, names: Collection[str]) -> Iterator[Detail]:
    """Known names in a text: a word that is an ordinary one as well (Will, Grace) only where it has a capital."""
    for match in _WORD.finditer(text) if names else ():
        word = match[0].replace("’", "'").removesuffix("'s").removesuffix("'S")
        common = word.lower() in _COMMON
        if word.lower() in names and not (common and (word.islower() or word.isupper())):
            yield Detail("name", match.start(), match.start() + len(word))


def _is_nhs_number(text: str) -> bool:
    """Whether ten digits carry the check digit of an NHS number: 11 less the weighted sum modulo 11."""
    digits = [int(each) for each in text if each.isdigit()]
    check = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check != 10 and check % 11 == digits[9]


def blacked_out(text: str, names: Collection[str] = ()) -> str:
    """The text with every such detail replaced by its kind in square brackets."""
    parts, at = [], 0
    for detail in personal_details(text, names):
        parts += [text[at : detail.start], f"[removed: {detail.kind}]"]
        at = detail.end
    return "".join([*parts, text[at:]])


def hinted(text: str, detail: Detail) -> str:
    """Enough of a detail to find it again in the file, and not more: its first two letters."""
    return f"{detail.kind} “{text[detail.start : detail.end][:2]}…”"
