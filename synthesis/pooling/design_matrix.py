"""Moderators as columns of a regression."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.categories import in_order, numerals, one_kind


@dataclass(frozen=True)
class Design:
    """Columns of a regression: the intercept, numbers as they are, categories against their first value."""

    moderators: tuple[str, ...]
    values: dict[str, list]  # the values of each categorical moderator, first the one that others are compared with
    matrix: np.ndarray
    remarks: tuple[str, ...] = ()  # on moderators that may have been meant otherwise

    @classmethod
    def made(cls, frame: pd.DataFrame, moderators: list[str]) -> Design:
        """The design of a table without missing moderators. Raises SynthesisError for numbers that are infinite, and for
        a moderator whose values are of several kinds (words and numbers, yes and 1)."""
        values = {name: in_order(frame[name]) for name in moderators if not _is_number(frame[name])}
        design = cls(tuple(moderators), values, np.empty((0, 0)), tuple(said for name in values for said in _taken_as(frame[name])))  # fmt: skip
        return replace(design, matrix=design.of(frame))

    @property
    def terms(self) -> list[str]:
        named = [[f"{name}: {value}" for value in self.values[name][1:]] if name in self.values else [name] for name in self.moderators]  # fmt: skip
        return ["intercept", *(term for terms in named for term in terms)]

    def columns_of(self, moderator: str) -> list[int]:
        widths = [len(self.values[name]) - 1 if name in self.values else 1 for name in self.moderators]
        place = self.moderators.index(moderator)
        start = 1 + sum(widths[:place])
        return list(range(start, start + widths[place]))

    def of(self, frame: pd.DataFrame) -> np.ndarray:
        """The design of these rows, shape (rows, terms)."""
        missing = [name for name in self.moderators if name not in frame.columns]
        if missing:
            raise SynthesisError(f"The rows to predict lack the column {', '.join(map(repr, missing))}.")
        columns = [np.ones(len(frame))]
        for name in self.moderators:
            if name not in self.values:
                columns.append(frame[name].to_numpy(dtype="float64"))
                if not (fine := np.isfinite(columns[-1])).all():
                    raise SynthesisError(f"{name} is no finite number in {(~fine).sum()} of {len(frame)} rows: {', '.join(map(str, frame[name][~fine].unique()))}. Leave the cell empty or correct it.")  # fmt: skip
                continue
            unknown = sorted({str(each) for each in frame[name] if each not in self.values[name]})
            if unknown:
                raise SynthesisError(f"No study has {name} {', '.join(map(repr, unknown))}; there are {', '.join(map(repr, self.values[name]))}.")  # fmt: skip
            columns += [(frame[name] == value).to_numpy(dtype="float64") for value in self.values[name][1:]]
        return np.column_stack(columns)


def _is_number(column: pd.Series) -> bool:
    """Whether a moderator is a quantity: numbers of any kind, but no categories and no yes and no."""
    if pd.api.types.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return pd.api.types.is_numeric_dtype(column) or one_kind(column) == "number"


def _taken_as(column: pd.Series) -> list[str]:
    """A sentence where a moderator became categories and may have been meant as a quantity."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return []  # somebody said that these are categories
    values = list(column.dropna().unique())
    if one_kind(column) == "date":
        return [f"{column.name} holds dates, which were taken as categories; for a slope give a number, such as the year."]  # fmt: skip
    found = numerals(column)
    if not found:
        return []
    other = [value for value in values if value not in found]
    but = f", and other text ({', '.join(map(repr, other[:3]))})" if other else ""
    return [f"{column.name} holds numbers written as text ({', '.join(map(repr, found[:3]))}){but}, which were taken as categories; for a slope make them numbers, empty where there is none."]  # fmt: skip
