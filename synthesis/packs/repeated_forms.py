"""Forms of one group and copy that say different things: another person's form, or a correction? A person has to say which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

_COPY = re.compile(r"copy ([^,]+), ")
#: The question that holds whatever was written anywhere; many answers to it are usual.
_ANYTHING = "other"


@dataclass(frozen=True)
class Sent:
    """A form of one call: its file, pack, group and copy, and the identifiers of what it says."""

    name: str
    version: str
    group: str
    copy: str
    says: frozenset[str]


def forms_of_one_copy(forms: Iterable[Sent]) -> list[str]:
    """Reasons to refuse files of one call that share pack, group and copy and differ: equal ticks would count once."""
    return [
        f"{one.name} and {other.name} differ, and both come from {_who(one.group, one.copy)}; take them in one at a time, "
        "each with its own --copy N if they come from different people."
        for one, other in combinations(forms, 2)
        if (one.version, one.group, one.copy) == (other.version, other.group, other.copy)
        and one.says != other.says and one.says and other.says
    ]  # fmt: skip


def answered_otherwise(stored: pd.DataFrame, fresh: pd.DataFrame, files: Mapping[str, str], kept_in: str) -> list[str]:
    """Reasons to refuse answers (rows of ``feedback``) that contradict a stored one, or another one of the same call.

    Two ticks count: one round, group, copy, target and question, and different answers. Comments may be many.
    `files` gives the file of each new ``comment_id``; `kept_in` is the file in which the stored rows stand.
    """
    said: dict[tuple[str, ...], tuple[str, str, str]] = {
        key: (answer, f"in the row {row} of {kept_in}", row) for key, answer, row, _ in _ticks(stored)
    }
    reasons = []
    for key, answer, row, place in _ticks(fresh):
        here = f"{files.get(row, 'the form')}, {place}"
        before = said.setdefault(key, (answer, here, ""))
        if before[0] == answer:
            continue
        _, group, copy, target, question = key
        old = f"delete the row {before[2]} of {kept_in} first" if before[2] else "leave one of the two"
        reasons.append(
            f"{here}: {target} · {question} is answered {answer!r} here and {before[0]!r} {'' if before[2] else 'in '}{before[1]}, "
            f"both from {_who(group, copy)}. If it is another person, give --copy N; if it is a correction, {old}."
        )  # fmt: skip
    return reasons


def said_again(stored: pd.DataFrame, fresh: pd.DataFrame, files: Mapping[str, str]) -> list[str]:
    """Remarks on answers that stand beside a stored one to the same question, of the same group and copy, in other words.

    Both are kept, because both may be meant: a comment may be a second thought, a correction, or another person's.
    """
    before: dict[tuple[str, ...], list[str]] = {}
    for key, _, row, _ in _answers(stored):
        before.setdefault(key, []).append(row)
    found: dict[tuple[str, str, str], list[str]] = {}
    for key, _, row, _ in _answers(fresh):
        _, group, copy, target, question = key
        if key in before and question != _ANYTHING:
            place = f"{target} · {question} (beside {', '.join(before[key])})"
            found.setdefault((files.get(row, "the form"), group, copy), []).append(place)
    return [
        f"{name}: {_who(group, copy)} answered before, in other words: {'; '.join(places)}. Both are kept, so a tick may stand "
        "in two rows. If it is a correction, delete the earlier row of judgements/feedback.csv; if it is another person, "
        "delete the new row and read the file again with --copy N."
        for (name, group, copy), places in found.items()
    ]


def _ticks(rows: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
    """Of every row with a ticked answer: what must be answered once, the answer, its identifier, and its place."""
    return (each for each in _answers(rows) if each[1])


def _answers(rows: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
    """Of every row: round, group, copy, target and question; the ticked answer; its identifier; and its place."""
    names = ["round_id", "group", "target_id", "question", "answer", "comment_id", "place"]
    shown = rows[names].astype("string").fillna("")
    for round_id, group, target, question, answer, row, place in shown.itertuples(index=False, name=None):
        copy = _COPY.match(place)
        yield (round_id, group, copy[1] if copy else "", target or "pack", question), answer, row, place


def _who(group: str, copy: str) -> str:
    return f"the group {group}" + (f", copy {copy}" if copy else "")
