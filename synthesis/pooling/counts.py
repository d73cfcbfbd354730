"""Counts of people as they come in: numbers, text made of digits, or something that is no count. One reading for every door."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError

#: How a count is written, for messages.
ALLOWED = "a whole number from 0 on, written in digits alone, such as 1250"
_WRITTEN = re.compile(r"\d{1,15}(\.0*)?")
#: Three thousand in much of Europe and three elsewhere.
_TWO_READINGS = re.compile(r"([1-9]\d{0,2})\.000")
#: Rows that a message names before it counts the others.
_NAMED = 30


def written_count(text: str) -> float:
    """The count that a text states; nan where it states none, or where it can be read in two ways ("3.000")."""
    text = text.strip()
    return float(text) if _WRITTEN.fullmatch(text) and not _TWO_READINGS.fullmatch(text) else float("nan")


def no_count(value: object) -> str:
    """Why a value is not taken as a count: a clause that shows it."""
    if isinstance(value, str) and (two := _TWO_READINGS.fullmatch(value.strip())):
        return f"{value!r} can be {two[1]} or {two[1]} thousand: write {two[1]} or {two[1]}000"
    return f"{str(value)[:60]!r} is not a count"


def read_counts(values: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Counts as floats, and where a value is not a count, two arrays of one length.

    Numbers of every kind are taken as they are (that a count is whole is asked later, see `impossible`), text as
    `written_count` reads it. What is missing (None, NaN, NA, an empty text) is nan and no fault; yes and no, dates,
    percents, "1,041", "30*" and "NR" are nan and faults: what they mean is for a person to say.
    """
    held = getattr(values, "dtype", None)
    if held is not None and pd.api.types.is_numeric_dtype(held) and not pd.api.types.is_bool_dtype(held):
        numbers = pd.Series(values).to_numpy(dtype=float, na_value=np.nan)
        return numbers, np.zeros(len(numbers), dtype=bool)
    read = [_one(value) for value in values]
    numbers = np.array([number for number, _ in read], dtype=float)
    return numbers, np.array([wrong for _, wrong in read], dtype=bool)


def _one(value: object) -> tuple[float, bool]:
    """A value as a number, and whether it is none."""
    if isinstance(value, str):
        number = written_count(value)
        return number, bool(value.strip()) and np.isnan(number)
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return float("nan"), False
    if isinstance(value, Real | Decimal) and not isinstance(value, bool):
        return float(value), False
    return float("nan"), True


def faults(values: Iterable[Any], wrong: np.ndarray, name: Callable[[int], str]) -> str:
    """The values that are no counts, as a list for a message; `name` says which row a position is."""
    held, places = list(values), np.flatnonzero(wrong)
    more = f"; and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return "; ".join(f"{name(i)}: {no_count(held[i])}" for i in places[:_NAMED]) + more


def impossible(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """True where a count is missing, negative, infinite, fractional or above its total."""
    with np.errstate(invalid="ignore"):
        return ~((x >= 0) & (x <= n) & (n > 0) & np.isfinite(n) & (x == np.floor(x)) & (n == np.floor(n)))


def refuse_impossible(x: np.ndarray, n: np.ndarray, wrong: np.ndarray, labels: Sequence[str]) -> None:
    """Raise SynthesisError that lists the rows marked in `wrong`, if there are any."""
    if wrong.any():
        listed = "; ".join(f"{labels[i]}: {_why_impossible(x[i], n[i])}" for i in np.flatnonzero(wrong).tolist())
        raise SynthesisError(f"Counts are whole numbers: events between 0 and their totals, and totals above 0. Not so: {listed}.")  # fmt: skip


def _why_impossible(x: float, n: float) -> str:
    if np.isnan(x) or np.isnan(n):
        return "a missing count is not 0; leave the study out or find its count"
    return " of ".join(f"{count:.0f}" if count == np.floor(count) and np.isfinite(count) else f"{count!r}" for count in (float(x), float(n)))  # fmt: skip


def wrong_columns(frame: pd.DataFrame, events: str, totals: str, others: Sequence[str] = ()) -> list[str]:
    """What is wrong with the columns that a call names, a sentence each."""
    held, named = list(frame.columns), [*others, events, totals]
    wrong = []
    if absent := [name for name in dict.fromkeys(named) if name not in held]:
        wrong.append(
            f"There is no column {', '.join(map(repr, absent))}; there are {', '.join(map(str, held)) or 'none'}."
        )
    if double := [name for name in dict.fromkeys(named) if held.count(name) > 1]:
        wrong.append(f"More than one column is named {', '.join(map(repr, double))}; give each a name of its own.")
    if events == totals:
        wrong.append(f"events and totals both name the column {events!r}; they are two columns.")
    return wrong


def count_columns(
    frame: pd.DataFrame, events: str, totals: str, labels: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Events and totals of a table as floats, nan where missing.

    `labels` names the rows in a message; default their numbers. Raises SynthesisError that lists every cell of both
    columns that is not a count.
    """

    def name(i: int) -> str:
        return labels[i] if labels is not None else f"row {i + 1}"

    found, wrong = [], []
    for column in (events, totals):
        numbers, bad = read_counts(frame[column])
        found.append(numbers)
        if bad.any():
            wrong.append(f"Column {column!r} holds counts as numbers, each {ALLOWED}; not so: {faults(frame[column], bad, name)}.")  # fmt: skip
    if wrong:
        raise SynthesisError(" ".join([*wrong, "Correct them; where a count is not known, leave the row out."]))
    return found[0], found[1]
