"""Moderators as columns of a regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthesis.evidence.schema import SynthesisError


@dataclass(frozen=True)
class Design:
    """Columns of a regression: the intercept, numbers as they are, categories against their first value."""

    moderators: tuple[str, ...]
    values: dict[str, list]  # the values of each categorical moderator, first the one that others are compared with
    matrix: np.ndarray

    @classmethod
    def made(cls, frame: pd.DataFrame, moderators: list[str]) -> Design:
        values = {name: _values(frame[name]) for name in moderators if not _is_number(frame[name])}
        design = cls(tuple(moderators), values, np.empty((0, 0)))
        return cls(design.moderators, values, design.of(frame))

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
                continue
            unknown = sorted({str(each) for each in frame[name] if each not in self.values[name]})
            if unknown:
                raise SynthesisError(f"No study has {name} {', '.join(map(repr, unknown))}; there are {', '.join(map(repr, self.values[name]))}.")  # fmt: skip
            columns += [(frame[name] == value).to_numpy(dtype="float64") for value in self.values[name][1:]]
        return np.column_stack(columns)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _values(column: pd.Series) -> list:
    """Values that occur, in the order of the categories where there is one, else sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        there = set(column.dropna())
        return [value for value in column.cat.categories if value in there]
    return sorted(column.dropna().unique())
