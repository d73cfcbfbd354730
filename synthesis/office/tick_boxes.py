"""Ticks in a line of boxes: clicked, typed as an x before or after the word, or the one word that was left standing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TICK = r"☒|☑|✓|✔|✗|✘|■|🗹|\[ ?[xX✓] ?\]|\( ?[xX✓] ?\)|(?<![\w'’])[xX](?![\w'’])"
_EMPTY = r"☐|□|\[ *\]|\( *\)"
_BOXED = "☒☑■🗹[("
_MARKS = re.compile(rf"(?P<tick>{_TICK})|(?P<empty>{_EMPTY})")


@dataclass(frozen=True)
class Ticked:
    """What a line of boxes says: the words that are ticked, text beside the boxes, and whether a tick may belong to two."""

    words: tuple[str, ...]
    beside: str
    unclear: bool


def read_ticks(text: str, options: Mapping[str, str]) -> Ticked | None:
    """The ticks of a line; `options` are labels and their words. None where the line is no line of boxes.

    A mark belongs to the label whose box it is or stands in; without a box, to the nearer label.
    """
    labels = labels_in(text, options) if options else []
    if not labels:
        return None
    gaps = _gaps(text, labels)
    ticked: set[int] = set()
    unclear = False
    for at, gap in enumerate(gaps):
        for mark in _marks(gap):
            if mark["tick"]:
                owner = _owner(at, gap, mark, len(labels))
                unclear |= owner is None
                ticked |= {owner} if owner is not None else set()
    beside = " ".join(filter(None, (_unmarked(gap).strip(" \n\t/,;.:·|") for gap in gaps)))
    if not ticked and not unclear:
        alone = len(labels) == 1 < len(set(options.values())) and not beside and not any(map(_marks, gaps))
        if not alone and not any(map(_marks, gaps)):
            return None
        ticked = {0} if alone else set()
    return Ticked(tuple(labels[at][2] for at in sorted(ticked)), " ".join(beside.split()), unclear)


def _marks(gap: str) -> list[re.Match[str]]:
    """The marks in a gap. A bare x beside other words is one of the words: a kiss, or "Generation X"."""
    worded = re.search(r"\w", _MARKS.sub(" ", gap))
    return [mark for mark in _MARKS.finditer(gap) if not (worded and mark[0] in "xX")]


def _unmarked(gap: str) -> str:
    for mark in reversed(_marks(gap)):
        gap = f"{gap[: mark.start()]} {gap[mark.end() :]}"
    return gap


def labels_in(text: str, options: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """Where labels stand in the text, longer ones first where one holds another: start, end, word."""
    longest = sorted(options, key=len, reverse=True)
    form = re.compile("|".join(rf"(?<!\w){re.escape(label)}(?!\w)" for label in longest), re.I)
    words = {label.lower(): word for label, word in options.items()}
    return [(found.start(), found.end(), words[found[0].lower()]) for found in form.finditer(text)]


def _gaps(text: str, labels: list[tuple[int, int, str]]) -> list[str]:
    """The text before the first label, between labels, and after the last."""
    edges = [0, *(edge for start, end, _ in labels for edge in (start, end)), len(text)]
    return [text[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]


def _owner(at: int, gap: str, mark: re.Match[str], n_labels: int) -> int | None:
    """The label that a mark in a gap belongs to; None where it stands halfway between two."""
    if at == 0:
        return 0
    if at == n_labels:
        return at - 1
    if mark[0][0] in _BOXED:
        return at
    after = gap[mark.end() :]
    box = re.search(_EMPTY, after)
    if not box and re.search(_EMPTY, gap[: mark.start()]):
        return at  # it stands behind the box of the next label
    to_next = len(box.string[: box.start()]) if box else len(after)
    if to_next == mark.start():
        return None
    return at if to_next < mark.start() else at - 1
