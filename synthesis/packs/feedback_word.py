"""A review pack's document on its way back, as a `Form`: answers in its tables, ticks, margin notes, and text put in anywhere.

What went out is known by its fingerprint, which the document carries as properties of its own. Whatever else stands in it
arrives: answers by the code of their row, other text under the theme or statement where it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docx.oxml import parse_xml
from docx.oxml.ns import qn

from synthesis.evidence.schema import SynthesisError, counted
from synthesis.office.office_files import DOCUMENT, check_office_file, parts_of
from synthesis.office.tick_boxes import read_ticks
from synthesis.office.word_marks import marked_answers
from synthesis.office.word_text import Paragraph, paragraphs
from synthesis.packs.forms import (
    FORM,
    PROPERTY,
    WHO,
    WHOLE,
    Entry,
    Form,
    Mark,
    after_themes,
    asked_as,
    code,
    codes_in,
    fingerprint,
    options,
    read_mark,
    support_starts,
    without_known,
    worded_as,
)
from synthesis.packs.word_pictures import foreign_pictures

#: Texts that stand beside the form, and paragraphs; a pack has a tenth.
MOST_STRAY, MOST_PARAGRAPHS = 200, 20_000
_PARTS = ("word/document.xml", "word/comments.xml", "word/footnotes.xml", "word/endnotes.xml", "word/header", "word/footer", "docProps/custom.xml")  # fmt: skip
_STATEMENT = re.compile(r"\(([A-Z]{1,4}\d+[a-z]?)\)\W*$")
_QUOTED = 100  # characters of the pack's own text that a note was put on

#: Fingerprints of a pack's text, for a document whose own were lost.
Known = Callable[[Mark], Collection[str]]


@dataclass
class _Place:
    """Where in the document a paragraph stands: what it is about, and how a person finds it."""

    target: str = "pack"
    statement: str = ""
    heading: str = ""
    theme: int = 0

    @property
    def about(self) -> str:
        return self.statement or self.target


def read_feedback_document(path: Path, known: Known | None = None) -> Form:
    """The form that a document is. Raises SynthesisError with every reason for which it cannot be taken whole.

    `known` gives the fingerprints of a pack's text where a program has dropped those that the document carried.
    """
    check_office_file(path, DOCUMENT)
    parts = {name: content for name, content in parts_of(path, _PARTS).items() if name.endswith(".xml")}
    try:
        roots = {name: parse_xml(content) for name, content in parts.items() if name != "docProps/custom.xml"}
        kept = _properties(parts.get("docProps/custom.xml"))
    except Exception as error:  # whatever a damaged file makes the parser stumble over
        raise SynthesisError(f"it is damaged and cannot be read ({type(error).__name__}); save it again as .docx.") from error  # fmt: skip
    body = roots.pop("word/document.xml")
    if any(True for _ in body.iter(qn("w:altChunk"))):
        raise SynthesisError("it holds another file inside it, which is not read; paste its text instead.")
    found = list(paragraphs(body))
    if len(found) > MOST_PARAGRAPHS:
        raise SynthesisError(f"it has {len(found):,} paragraphs; it is no pack.")
    form = Form("docx", _mark(found, kept))
    prints = set(kept.get("text", "").split()) or set(known(form.mark) if known else ())
    if not prints:
        raise SynthesisError("the program that saved it has dropped what tells the pack's words from yours; copy the answers into feedback.xlsx.")  # fmt: skip
    _check_codes(form, found, prints)
    _Reading(form, prints, roots.pop("word/comments.xml", None)).take(found)
    _take_other_parts(form, roots, prints)
    form.remarks += foreign_pictures((body, *roots.values()), prints, len(form.mark.themes))
    return form


def _properties(content: bytes | None) -> dict[str, str]:
    """The pack's own properties of the document: its mark, and the fingerprints of its text."""
    if content is None:
        return {}
    texts = {each.get("name", ""): "".join(each.itertext()).strip() for each in ElementTree.fromstring(content)}
    named = sorted(name for name in texts if name.startswith(f"{PROPERTY} text"))
    return {"mark": texts.get(PROPERTY, ""), "text": " ".join(texts[name] for name in named)}


def _mark(found: list[Paragraph], kept: dict[str, str]) -> Mark:
    """The pack that the document belongs to, as it stands in its first table or among its properties."""
    marks = {mark for each in found if (mark := read_mark(each.text))}
    if len(marks) > 1:
        raise SynthesisError(f"it holds parts of {len(marks)} packs ({', '.join(sorted(mark.version for mark in marks))}); send back one file a pack.")  # fmt: skip
    mark = next(iter(marks), None) or read_mark(kept.get("mark", ""))
    if mark is None:
        raise SynthesisError("it does not say which pack it belongs to; send back the file pack.docx of the pack, filled in.")  # fmt: skip
    return mark


def _check_codes(form: Form, found: list[Paragraph], prints: Collection[str]) -> None:
    """Every code still belongs to its question and its theme; else an answer could go astray."""
    asked = [(each, codes[0]) for each in found if each.row is not None and len(codes := codes_in(each.text)) == 1]
    problems = [
        f"the row “{_short(each.text)}” holds the code {code(*own)} and the words of the question {other!r}; put its code back"
        for each, own in asked
        if (other := worded_as(each.text, own[1]))
    ]
    there = Counter(own for _, own in asked)
    for (target, question), n in there.items():
        gone = [theme for theme in form.mark.themes if (theme, question) not in there and asked_as(theme, question) & set(prints)]  # fmt: skip
        if n > 1 and gone:
            problems.append(f"the code {code(target, question)} stands in {n} rows, and {code(gone[0], question)} in none; put the codes back as they went out")  # fmt: skip
    if problems:
        raise SynthesisError("\n".join(problems))


class _Reading:
    """Goes through the paragraphs of a document in order, keeping the place, and puts what was written into the form."""

    def __init__(self, form: Form, prints: Collection[str], comments: Any) -> None:
        self.form, self.prints, self.place = form, prints, _Place()
        self.comments = {} if comments is None else {each.get(qn("w:id"), ""): _text_of(each) for each in comments.iter(qn("w:comment"))}  # fmt: skip
        self.anchored: set[str] = set()
        self.lit: list[str] = []

    def take(self, found: list[Paragraph]) -> None:
        for row, group in groupby(found, key=lambda each: each.row):
            if row is None:
                for paragraph in group:
                    self._outside(paragraph)
            else:
                self._row(list(group))
        for name, text in self.comments.items():
            if name not in self.anchored and text:
                self.form.entries.append(Entry(*WHOLE, "", text, "note in the margin, without a place"))
        if self.lit:
            self.form.remarks.append(f"Somebody marked {counted(len(self.lit), 'paragraph')} of the pack without writing to it; nothing of it was stored, so ask what was meant: {'; '.join(self.lit)}.")  # fmt: skip
        strays = sum(entry.question == "other" for entry in self.form.entries)
        if strays > MOST_STRAY:
            raise SynthesisError(f"it holds {strays:,} texts outside the answers; is it the right file?")

    def known(self, paragraph: Paragraph) -> bool:
        """Whether a paragraph went out like this, or is blank."""
        return not paragraph.text or fingerprint(paragraph.text) in self.prints

    # ------------------------------------------------------------ text outside the tables

    def _outside(self, paragraph: Paragraph) -> None:
        self._move(paragraph)
        for text, question in self._written(paragraph):
            where = f"text under “{self.place.heading}”" if self.place.heading else "text at the start"
            self.form.entries.append(Entry(self.place.about, question, "", text, where))
        self._notes(paragraph, self.place.about)

    def _move(self, paragraph: Paragraph) -> None:
        """Keep the place: a numbered heading begins a theme, a heading with a code a statement, some words end both."""
        themes = self.form.mark.themes
        number = re.match(r"(\d{1,2})\. ", paragraph.text)
        if number and int(number[1]) in (self.place.theme + 1, *([int(number[1])] if self.known(paragraph) else [])) and int(number[1]) <= len(themes):  # fmt: skip
            at = int(number[1])
            # A heading that somebody wrote into is a comment; a place is stored as it is, so it holds no word of theirs.
            heading = _short(paragraph.text) if self.known(paragraph) else f"part {at}"
            self.place = _Place(themes[at - 1], "", heading, at)
        elif fingerprint(paragraph.text) in after_themes():
            self.place = _Place(heading=_short(paragraph.text), theme=self.place.theme)
        elif self.place.theme and self.place.target != "pack" and self.known(paragraph) and (named := _STATEMENT.search(paragraph.text)):  # fmt: skip
            self.place.statement = named[1]

    def _written(self, paragraph: Paragraph) -> Iterator[tuple[str, str]]:
        """What somebody wrote in a paragraph, with the question that it answers."""
        crossed = [paragraph.text[start:end].strip() for start, end, look in paragraph.marks if look == "struck out"]
        if any(crossed) and self.known(paragraph):
            yield f"struck out: “{' '.join(filter(None, crossed))}”", "words_wrong"
        if self.known(paragraph) and (looks := {look for _, _, look in paragraph.marks} & {"highlighted", "underlined", "framed"}):  # fmt: skip
            self.lit.append(f"{' and '.join(sorted(looks))}: “{_short(paragraph.text)}”")
        if paragraph.was and fingerprint(paragraph.was) in self.prints and (paragraph.struck or paragraph.put_in):
            if paragraph.struck:
                more = f", put in: “{' '.join(paragraph.put_in)}”" if paragraph.put_in else ""
                yield f"struck out: “{' '.join(paragraph.struck)}”{more}", "words_wrong"
            else:
                yield " ".join(paragraph.put_in), "other"
        elif not self.known(paragraph):
            if paragraph.text.startswith(support_starts()):
                self.form.remarks.append("The lines for places to turn to were filled in; they are no comments and were passed over.")  # fmt: skip
            elif not read_mark(paragraph.text):
                yield paragraph.text, "other"

    def _notes(self, paragraph: Paragraph, target: str, question: str = "other") -> None:
        for name in paragraph.notes:
            self.anchored.add(name)
            if text := self.comments.get(name, ""):
                quote = _short(paragraph.text) if self.known(paragraph) else ""
                where = f" under “{self.place.heading}”" if self.place.heading else ""
                self.form.entries.append(Entry(target, question, "", text, f"note in the margin{where}", quote))

    # ------------------------------------------------------------ rows of the tables

    def _row(self, cells: list[Paragraph]) -> None:
        codes = list(dict.fromkeys(found for each in cells for found in codes_in(each.text)))
        if len(codes) == 1:
            self._asked(cells, *codes[0])
        elif codes:
            self._merged(cells, codes)
        else:
            self._bare(cells)

    def _asked(self, cells: list[Paragraph], target: str, question: str) -> None:
        """A row with one code: its ticks and its text answer that question."""
        self.place.statement = ""  # the questions stand after the last statement of a theme
        if target == FORM:
            self._who(cells, question)
            return
        words, texts = self._ticks([self._own(each) for each in cells], question)
        answer = words[0] if len(words) == 1 else ""
        if len(words) > 1:
            texts.insert(0, f"ticked: {', '.join(words)}")
            self.form.remarks.append(f"{target} · {question}: several boxes are ticked; they were taken as a comment.")
        possible, sign = self._marked(cells, question, words, texts)
        if answer or texts or possible:
            place = f"table row {target} · {question}"
            self.form.entries.append(Entry(target, question, answer, "\n".join(texts), place, "", possible, sign))
        for each in cells:
            self._notes(each, target, question)

    def _marked(self, cells: list[Paragraph], question: str, ticked: list[str], texts: list[str]) -> tuple[str, str]:
        """An answer that is marked and not ticked, and how; several marks, and words struck out, join what was written."""
        marked = marked_answers(cells, options(question))
        named = {word: label for label, word in reversed(options(question).items())}
        said = ", ".join(f"“{named[word]}”" for word in marked.words)
        if marked.words and not ticked and len(marked.words) == 1:
            return marked.words[0], f"{said} is {marked.how}"
        if marked.left and not ticked:
            return marked.left, f"“{named[marked.left]}” is the one answer that is not struck out"
        if marked.words and set(marked.words) != set(ticked):
            texts.insert(0, f"{marked.how}: {', '.join(marked.words)}")
        if marked.struck and (not ticked or set(marked.struck) & set(ticked)):
            texts.insert(0, f"struck out: {', '.join(marked.struck)}")
        return "", ""

    def _own(self, paragraph: Paragraph) -> str:
        """What somebody wrote in a paragraph of a row: the whole, or what stands beside the question."""
        if not codes_in(paragraph.text):  # a sentence of the pack may be copied into an answer
            return paragraph.text
        return "" if self.known(paragraph) else without_known(paragraph.text)

    def _ticks(self, texts: list[str], question: str) -> tuple[list[str], list[str]]:
        """Words that are ticked, and what else was written."""
        words: list[str] = []
        more = []
        for text in filter(None, texts):
            ticked = read_ticks(text, options(question))
            if ticked is None or ticked.unclear:
                more.append(text)
                continue
            words += [word for word in ticked.words if word not in words]
            more += [ticked.beside] if ticked.beside else []
        return words, more

    def _who(self, cells: list[Paragraph], what: str) -> None:
        if what not in WHO:
            return
        words, texts = self._ticks([self._own(each) for each in cells], what)
        if what == "role" and len(words) == 1 and texts:
            self.form.entries.append(Entry(*WHOLE, "", "\n".join(texts), "beside the role"))
            texts = []
        if (marked := marked_answers(cells, options(what))) and (marked.words or marked.left) and not words:
            self.form.remarks.append(f"In the place for the {what} something is marked and no box is ticked; it was not taken. If it is meant, give --{what}.")  # fmt: skip
        if words or texts:
            self.form.who[what] = words[0] if len(words) == 1 and not texts else " ".join([*words, *texts])
        for each in cells:
            self._notes(each, *WHOLE)

    def _merged(self, cells: list[Paragraph], codes: list[tuple[str, str]]) -> None:
        """A row that several questions were merged into: one text for all of them, under their theme."""
        targets = {target for target, _ in codes} - {FORM}
        target = targets.pop() if len(targets) == 1 else "pack"
        asked = " and ".join(question for _, question in codes)
        if texts := [text for each in cells if (text := self._own(each))]:
            self.form.entries.append(Entry(target, "other", "", "\n".join(texts), f"table row merged from {target} · {asked}"))  # fmt: skip
            self.form.remarks.append(f"{target}: the rows {asked} were merged; what stands there was taken as one comment on {target}.")  # fmt: skip
        for each in cells:
            self._notes(each, target)

    def _bare(self, cells: list[Paragraph]) -> None:
        """A row without a code: what was written there is about the theme in which the row stands."""
        texts = [each.text for each in cells if each.text and not read_mark(each.text)]
        written = [each for each in cells if not self.known(each) and without_known(each.text)]
        if written:
            where = f"table row without a code under “{self.place.heading}”"
            self.form.entries.append(Entry(self.place.target, "other", "", "\n".join(texts), where))
            self.form.remarks.append(f"A row without a code was taken as a comment on {self.place.target}.")
        for each in cells:
            self._notes(each, self.place.target)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"


def _text_of(comment: Any) -> str:
    return "\n".join(each.text for each in paragraphs(comment) if each.text)


def _take_other_parts(form: Form, roots: dict[str, Any], prints: Collection[str]) -> None:
    """Text in notes at the foot, in headers and footers."""
    for name, root in sorted(roots.items()):
        what = re.sub(r"\d+$", "", Path(name).stem)
        for each in paragraphs(root):
            if each.text and fingerprint(each.text) not in prints and not read_mark(each.text):
                form.entries.append(Entry(*WHOLE, "", each.text, f"text in a {what}"))
