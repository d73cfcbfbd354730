"""Values of a column that sorts studies: which are missing, in which order they come, and which read alike."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError

_NUMERAL = re.compile(r"[-+−]?\d[\d.,'’\s]*%?")


def missing(column: pd.Series) -> np.ndarray:
    """True where a row does not say its value: nothing there, or a text of spaces alone."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.isna().to_numpy(dtype=bool)
    return np.array([pd.isna(value) or (isinstance(value, str) and not value.strip()) for value in column], dtype=bool)


def kind(value: object) -> str:
    """What a value is: ``yes or no``, ``number``, ``text``, ``date`` or the name of its type."""
    if isinstance(value, bool | np.bool_):
        return "yes or no"
    if isinstance(value, Real | Decimal):
        return "number"
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, datetime.date | np.datetime64) else type(value).__name__


def one_kind(column: pd.Series) -> str:
    """The kind of all values that are there. Raises SynthesisError where they are of several."""
    there: dict[str, object] = {}
    for value in column[~missing(column)]:
        there.setdefault(kind(value), value)
    if len(there) > 1:
        listed = ", ".join(f"{name} ({value!r})" for name, value in there.items())
        raise SynthesisError(f"Column {column.name!r} mixes {listed}; write all of its values in one way.")
    return next(iter(there), "text")


def in_order(column: pd.Series) -> list:
    """Values that occur, in the order of the categories where there is one, else sorted.

    Raises SynthesisError for values of several kinds, which have no order (and of which 1 and "1" would read alike).
    """
    one_kind(column)
    there = column[~missing(column)]
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(there)
        return [value for value in column.cat.categories if value in used]
    return sorted(there.unique())


def places(column: pd.Series, names: list) -> np.ndarray:
    """For each row of a column without missing values, where its value stands in `names`."""
    at = {name: place for place, name in enumerate(names)}
    return np.array([at[value] for value in column], dtype=np.intp)


def numerals(column: pd.Series) -> list[str]:
    """Distinct texts of a column that are numbers, such as "34.5" or "34,5"."""
    return [value for value in column.dropna().unique() if isinstance(value, str) and _NUMERAL.fullmatch(value.strip())]


def alike(values: Iterable[object]) -> list[list]:
    """Distinct values that differ in spaces or capitals only, which hardly anybody means to be apart, each lot as a list."""
    if pd.api.types.is_numeric_dtype(getattr(values, "dtype", object)):
        return []
    lots: dict[str, list] = {}
    for value in dict.fromkeys(value for value in values if not pd.isna(value)):
        plain = " ".join(unicodedata.normalize("NFKC", str(value)).split()).casefold()
        lots.setdefault(plain, []).append(value)
    return [lot for lot in lots.values() if len(lot) > 1]


def alike_said(name: str, values: Iterable[object]) -> list[str]:
    """A sentence for each lot of `alike`."""
    return [
        f"The values {' and '.join(map(repr, lot))} of {name} differ in spaces or capitals only and were kept apart."
        for lot in alike(values)
    ]
