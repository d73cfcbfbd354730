"""What every form of a pack shares: codes of questions, the mark of a pack, labels of answers, fingerprints of its text.

A form goes out as a workbook or a document and comes back changed by other programs and hands. A code such as
``T1 · fits`` says what a row asks; a fingerprint of every text that went out tells later what somebody wrote themselves.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from synthesis.evidence.schema import vocabularies
from synthesis.packs.contents import ASKED, VARIANTS, Pack, Words, pack_words
from synthesis.packs.lines import theme_heading

#: Rows of a form that say who fills it in: their code begins with this word.
FORM = "form"
WHO = ("group", "role", "copy")
#: Name of the property in which a document carries its mark; others of it begin with this.
PROPERTY = "review pack"
#: What stands between the answers to a question where they are printed.
ON_PAPER = " / "
#: Target and question of a text that stands where no question was asked.
WHOLE = ("pack", "other")
_CODE = re.compile(r"(?P<target>\w[^\s()·•∙‧・|;/]*?)\s*[·•∙‧・|]\s*(?P<question>\w+)")
_IN_BRACKETS = re.compile(rf"\(\s*{_CODE.pattern}\s*\)")


@dataclass(frozen=True)
class Mark:
    """Which pack a form belongs to; its text stands in the form."""

    review: str
    version: str
    round_id: str
    audience: str
    themes: tuple[str, ...]

    def __str__(self) -> str:
        return "|".join([self.review, self.version, self.round_id, self.audience, ";".join(self.themes)])


@dataclass(frozen=True)
class Entry:
    """One answer or comment as it stands in a form. ``quote`` is the pack's own text that a note was put on.

    ``possible`` is an answer that is not ticked but looks apart (``sign`` says how): a person has to say whether it is meant.
    """

    target: str
    question: str
    answer: str
    comment: str
    place: str
    quote: str = ""
    possible: str = ""
    sign: str = ""


@dataclass
class Form:
    """What a returned form says: its kind of file, its pack, who filled it in, its entries, remarks for the team, and faults for
    which it is refused once everything else that is wrong with it is known."""

    kind: str
    mark: Mark
    who: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FormRow:
    """A row of a form: its code, what it is about, what is asked, the answers to choose from, whether there is room to write."""

    code: str
    about: str
    asks: str
    answers: tuple[str, ...]
    free: bool

    @property
    def asks_on_paper(self) -> str:
        """The question with its answers below: a list that opens at a click is not seen on paper."""
        return "\n".join(filter(None, [self.asks, ON_PAPER.join(self.answers)]))


def pack_mark(pack: Pack) -> Mark:
    """The mark of a pack."""
    return Mark(pack.review, pack.version, pack.round_id, pack.audience, tuple(theme.id for theme in pack.themes))


def read_mark(text: str) -> Mark | None:
    """The mark that a text is, or None."""
    parts = text.strip().split("|")
    if len(parts) != 5 or not re.fullmatch(r"[0-9a-f]{8}", parts[1]):
        return None
    return Mark(parts[0], parts[1], parts[2], parts[3], tuple(filter(None, parts[4].split(";"))))


def code(target: str, question: str) -> str:
    """The code of a question, such as ``T1 · fits``."""
    return f"{target} · {question}"


def read_code(text: str) -> tuple[str, str] | None:
    """Target and question of a cell that is a code, or None."""
    found = _CODE.fullmatch(text.strip().strip("()").strip())
    return (found["target"], found["question"].lower()) if found and known_code(found["question"]) else None


def codes_in(text: str) -> list[tuple[str, str]]:
    """Codes in round brackets that stand in a text."""
    return [
        (each["target"], each["question"].lower())
        for each in _IN_BRACKETS.finditer(text)
        if known_code(each["question"])
    ]


def known_code(question: str) -> bool:
    """Whether a code may end in this word."""
    return question.lower() in {*vocabularies()["feedback_question"], *WHO, "pack"}


def without_known(text: str) -> str:
    """A text without codes and without the questions that packs ask: what somebody wrote beside them."""
    text = _IN_BRACKETS.sub(" ", text)
    for asked in sorted(_asked(), key=len, reverse=True):
        text = text.replace(asked, " ")
    return " ".join(text.split())


# ---------------------------------------------------------------- rows that go out


def form_rows(pack: Pack) -> list[FormRow]:
    """Every row of a form of this pack, in order: who fills it in, each theme's questions, the whole pack's."""
    words = pack.words.texts
    rows = [FormRow(code(FORM, each), words["form_about"], words[f"{each}_question"], _roles(pack.words) if each == "role" else (), each != "role") for each in WHO]  # fmt: skip
    for at, theme in enumerate(pack.themes, 1):
        about = f"{at}. {theme_heading(pack, theme)}"
        rows += [FormRow(code(theme.id, q.id), about, q.text, tuple(text for _, text in q.answers), q.free) for q in pack.questions]  # fmt: skip
    about = words["whole_heading"]
    rows += [FormRow(code("pack", q.id), about, q.text, tuple(text for _, text in q.answers), q.free) for q in pack.pack_questions]  # fmt: skip
    return rows


def _roles(words: Words) -> tuple[str, ...]:
    return tuple(words.texts["roles"][role] for role in vocabularies()["contributor_role"])


# ---------------------------------------------------------------- texts that come back


def fingerprint(text: str) -> str:
    """Six letters and figures of a text, whatever an office program did to its spaces and quotation marks."""
    plain = unicodedata.normalize("NFKC", text).translate(_MARKS)
    return hashlib.sha256("".join(plain.split()).encode("utf-8")).hexdigest()[:6]


_MARKS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "‐": "-", "‑": "-", "…": "."} | dict.fromkeys("\u200b\u00ad\ufeff"))  # fmt: skip


def fingerprints(texts: Iterable[str]) -> str:
    """The fingerprints of texts, as they are written into a form."""
    return " ".join(sorted({fingerprint(text) for text in texts if text.strip()}))


def word_of(text: str) -> str:
    """A label as it may be typed: without capitals, spaces, hyphens and full stops."""
    return "_".join(re.sub(r"[^\w]+", " ", text.lower().replace("’", "").replace("'", "")).split())


def _every_words() -> Iterator[Words]:
    return (pack_words(audience, variant) for audience in vocabularies()["pack_audience"] for variant in VARIANTS)


@cache
def _asked() -> frozenset[str]:
    """Every question of every pack, and the answers below it as they stand in a workbook."""
    asked = set()
    for words in _every_words():
        asked |= {*words.texts["questions"].values(), *(words.texts[f"{each}_question"] for each in WHO), ON_PAPER.join(_roles(words))}  # fmt: skip
        asked |= {
            ON_PAPER.join(words.texts["answers"][word] for word in choices) for choices in ASKED.values() if choices
        }
    return frozenset(asked)


@cache
def _wordings() -> dict[str, frozenset[str]]:
    """Every question of a code -> the wordings that packs give it."""
    found: dict[str, set[str]] = {}
    for words in _every_words():
        own = {**words.texts["questions"], **{each: words.texts[f"{each}_question"] for each in WHO}}
        for question, text in own.items():
            found.setdefault(question, set()).add(text)
    return {question: frozenset(texts) for question, texts in found.items()}


def worded_as(text: str, question: str) -> str:
    """The other question whose words a text holds, where it does not hold those of its own; else an empty text."""
    held = {each: max((len(said) for said in texts if said in text), default=0) for each, texts in _wordings().items()}
    return "" if held.get(question) or not any(held.values()) else max(held, key=lambda each: held[each])


def asked_as(target: str, question: str) -> set[str]:
    """Fingerprints of a question with its code, as documents of every pack put it."""
    return {fingerprint(f"{said} ({code(target, question)})") for said in _wordings().get(question, ())}


@cache
def labels(table: str) -> dict[str, str]:
    """Labels of ``answers`` or ``roles`` as they may be typed -> their word, over all packs."""
    held = "feedback_answer" if table == "answers" else "contributor_role"
    own = {word: word for word in vocabularies()[held]} | {word_of(text): word for word, text in vocabularies()[held].items()}  # fmt: skip
    return own | {word_of(text): word for words in _every_words() for word, text in words.texts[table].items()}


def options(question: str) -> dict[str, str]:
    """What may be ticked: every label that packs give the answers of a question, or the roles, and its word."""
    words = vocabularies()["contributor_role"] if question == "role" else ASKED.get(question, ())
    table = "roles" if question == "role" else "answers"
    return {each.texts[table][word]: word for each in _every_words() for word in words}


@cache
def after_themes() -> frozenset[str]:
    """Fingerprints of the headings after the last theme of a pack."""
    names = ("replies_heading", "whole_heading", "return_heading", "rests_heading")
    return frozenset(fingerprint(words.texts[name]) for words in _every_words() for name in names)


def headings(name: str) -> frozenset[str]:
    """Every heading that a fixed text of this name has over all packs, as it may be typed."""
    return frozenset(word_of(words.texts[name]) for words in _every_words())


@cache
def support_starts() -> tuple[str, ...]:
    """Beginnings of the lines that a team fills in for its place; they are no comments."""
    return tuple({line for words in _every_words() for line in words.texts["support_lines"]})


def answered(entry: Entry, typed: str) -> Entry:
    """An entry with a typed answer put in its place: the word where it is one of the question's, else in the comment."""
    word = labels("answers").get(word_of(typed), "")
    if word and word in ASKED.get(entry.question, ()):
        return replace(entry, answer=word)
    return replace(entry, comment="\n".join(filter(None, [typed.strip(), entry.comment])))
