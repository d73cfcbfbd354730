"""Answers in a document that are marked instead of ticked: highlighted, underlined, bold, framed, or left when others are struck out.

A mark may be an answer, a slip or decoration. What it may mean is told to the person who reads the form in, and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from synthesis.office.tick_boxes import labels_in
from synthesis.office.word_text import Paragraph

#: How much of a label has to be marked.
_ENOUGH = 0.5
_STRUCK = "struck out"


@dataclass(frozen=True)
class Marked:
    """What marks in a line of answers may mean: the words marked and how, or words struck out; `left` is the one not struck."""

    words: tuple[str, ...] = ()
    how: str = ""
    struck: tuple[str, ...] = ()
    left: str = ""


def marked_answers(cells: Iterable[Paragraph], options: Mapping[str, str]) -> Marked:
    """The answers that look apart in a row of a form; nothing where none or all of them do."""
    for cell in cells:
        labels = labels_in(cell.text, options) if options and cell.marks else []
        if len({word for _, _, word in labels}) > 1:
            return _told(cell, labels)
    return Marked()


def _told(cell: Paragraph, labels: Sequence[tuple[int, int, str]]) -> Marked:
    struck = _under(cell, labels, {_STRUCK})
    looks = {look for _, _, look in cell.marks} - {_STRUCK}
    words = _under(cell, labels, looks)
    rest = [word for _, _, word in labels if word not in struck]
    if words and len(words) < len(labels):
        return Marked(words, " and ".join(sorted(looks)), struck)
    return Marked(struck=struck, left=rest[0] if len(rest) == 1 else "") if struck else Marked()


def _under(cell: Paragraph, labels: Sequence[tuple[int, int, str]], looks: set[str]) -> tuple[str, ...]:
    """The words of labels that lie under marks of these looks."""
    found = []
    for start, end, word in labels:
        covered = {at for a, b, look in cell.marks if look in looks for at in range(max(a, start), min(b, end))}
        if len(covered) >= _ENOUGH * (end - start):
            found.append(word)
    return tuple(dict.fromkeys(found))
