"""Agreement between coders as numbers: Cohen's kappa and Krippendorff's alpha. Knows labels and sets, not topics.

A unit is what was rated. A rating is a label, or a set of labels; a rating that is missing is not a rating of "nothing".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import comb, ndtri

from synthesis.evidence.schema import SynthesisError

Distance = Literal["nominal", "jaccard", "masi"]
DISTANCES: tuple[Distance, ...] = ("nominal", "jaccard", "masi")
#: Above this many subsets of all distinct sets, their distances are computed pair by pair instead.
_MOST_SUBSETS = 20_000_000

ONE_LABEL = "everybody chose one label: agreement 100 %, {measure} not defined"
NO_UNIT = "no unit was rated twice"
NO_DISAGREEMENT = "no disagreement was seen, so no interval can be given"
NO_VARIANCE = "the labels vary too little for an interval"


class Coefficient(NamedTuple):
    """A coefficient with its interval, the units it rests on, and, where it or its interval is missing, the reason."""

    value: float
    low: float
    high: float
    n: int
    remark: str


def cohen_kappa(a: pd.Series, b: pd.Series, level: float = 0.95) -> Coefficient:
    """Cohen's kappa of two coders' labels, with its analytic interval.

    Parameters
    ----------
    a, b : a label a unit, in the same order; units that one of them left out (missing) take no part.

    Sources: Cohen 1960, Educ Psychol Meas 20:37-46; variance Fleiss, Cohen and Everitt 1969, Psychol Bull 72:323-327.
    """
    one, two = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    both = ~(pd.isna(one) | pd.isna(two))
    codes, labels = pd.factorize(np.concatenate([one[both], two[both]]))
    return kappa_of_codes(codes[: both.sum()], codes[both.sum() :], len(labels), level)


def kappa_of_codes(a: np.ndarray, b: np.ndarray, n_labels: int, level: float = 0.95) -> Coefficient:
    """`cohen_kappa` of labels given as numbers from 0 to ``n_labels - 1``."""
    counts = np.bincount(a * n_labels + b, minlength=n_labels**2).reshape(1, n_labels, n_labels)
    kappa, low, high = (float(part[0]) for part in kappa_of_tables(counts, level))
    return Coefficient(kappa, low, high, len(a), _remark(len(a), kappa, low, "kappa"))


def kappa_of_tables(counts: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kappa, lower and upper end for each of several square tables of counts (table, label of a, label of b)."""
    n = counts.sum(axis=(1, 2)).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = counts / n[:, None, None]
        rows, columns, same = p.sum(axis=2), p.sum(axis=1), np.diagonal(p, axis1=1, axis2=2)
        seen, chance = same.sum(axis=1), (rows * columns).sum(axis=1)
        # Exact arithmetic: chance is 1 only where both used one label alone.
        chance = np.where((np.maximum(rows, columns) == 1).any(axis=1) & (seen == 1), 1.0, chance)
        kappa = np.where(chance < 1, (seen - chance) / (1 - chance), np.nan)
        agree = (same * ((1 - chance)[:, None] - (rows + columns) * (1 - seen)[:, None]) ** 2).sum(axis=1)
        cross = p * (columns[:, :, None] + rows[:, None, :]) ** 2
        apart = (1 - seen) ** 2 * (cross.sum(axis=(1, 2)) - np.diagonal(cross, axis1=1, axis2=2).sum(axis=1))
        variance = (agree + apart - (seen * chance - 2 * chance + seen) ** 2) / (n * (1 - chance) ** 4)
    return kappa, *_ends(kappa, np.sqrt(np.where(seen < 1, np.maximum(variance, 0), np.nan)), level)


def _ends(value: np.ndarray, error: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of a normal interval within the possible range; none where the standard error is nil or unknown."""
    half = ndtri(0.5 + level / 2) * np.where(error > 0, error, np.nan)
    return np.maximum(value - half, -1.0), np.minimum(value + half, 1.0)


def _remark(n: int, value: float, low: float, measure: str) -> str:
    if n == 0:
        return NO_UNIT
    if np.isnan(value):
        return ONE_LABEL.format(measure=measure)
    return (NO_DISAGREEMENT if value == 1 else NO_VARIANCE) if np.isnan(low) else ""


@dataclass(frozen=True)
class Sets:
    """Distinct sets of labels: ``members`` has a row a set, labels as ascending numbers, then -1; none is empty."""

    members: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Labels in each set."""
        return (self.members >= 0).sum(axis=1)

    def common(self, v: np.ndarray, w: np.ndarray) -> np.ndarray:
        """How many labels the sets `v` and `w` share, pair by pair."""
        one, two, shared = self.members[v], self.members[w], np.zeros(len(v), dtype=np.int64)
        for i in range(one.shape[1]):
            for j in range(two.shape[1]):
                shared += (one[:, i] == two[:, j]) & (one[:, i] >= 0)
        return shared


def distinct_sets(members: np.ndarray) -> tuple[np.ndarray, Sets]:
    """Number the distinct rows of `members` (see `Sets`; a row of -1 alone is a missing rating and gets -1)."""
    given = members[:, 0] >= 0
    keys = _row_keys(members[given])
    codes, firsts = pd.factorize(keys)
    first_row = np.full(len(firsts), -1)
    first_row[codes[::-1]] = np.flatnonzero(given)[::-1]
    numbers = np.full(len(members), -1)
    numbers[given] = codes
    return numbers, Sets(members[first_row])


def _row_keys(rows: np.ndarray) -> np.ndarray:
    """A number for each row, the same for the same row; made column by column, so that it never grows too large."""
    keys = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        keys, _ = pd.factorize(keys * (int(rows.max(initial=0)) + 2) + column + 1)
    return keys


def set_distance(kind: Distance, sizes_v: np.ndarray, sizes_w: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Distance of two sets from their sizes and what they share: 0 for the same set, 1 for nothing in common.

    ``jaccard`` is one minus shared over all labels. ``masi`` weighs that similarity by 1 for the same set, 2/3 where
    one holds the other, 1/3 where each has labels of its own (Passonneau 2006, LREC). ``nominal`` knows only same or
    not.
    """
    same, inside = (common == sizes_v) & (common == sizes_w), common == np.minimum(sizes_v, sizes_w)
    if kind == "nominal":
        return 1.0 - same
    likeness = common / (sizes_v + sizes_w - common)
    return 1 - likeness * np.where(same, 1, np.where(inside, 2 / 3, 1 / 3)) if kind == "masi" else 1 - likeness


def summed_distances(kind: Distance, sets: Sets, counts: np.ndarray) -> np.ndarray:
    """For each distinct set, the sum of its distances to all ratings, of which `counts` fell on each set."""
    if kind == "nominal":
        return float(counts.sum()) - counts
    if len(counts) * 2.0 ** sets.members.shape[1] > _MOST_SUBSETS:
        return _summed_one_by_one(kind, sets, counts)
    return _summed_by_subsets(kind, sets, counts)


def _summed_one_by_one(kind: Distance, sets: Sets, counts: np.ndarray) -> np.ndarray:
    every, sizes = np.arange(len(counts)), sets.sizes
    total = np.empty(len(counts))
    for v in every:
        shared = np.isin(sets.members, sets.members[v][sets.members[v] >= 0]).sum(axis=1)
        total[v] = counts @ set_distance(kind, np.full(len(every), sizes[v]), sizes, shared)
    return total


def _summed_by_subsets(kind: Distance, sets: Sets, counts: np.ndarray) -> np.ndarray:
    """The same without comparing pair by pair: ratings that share a subset of labels are counted by size.

    A pair that shares i labels shares comb(i, k) subsets of k labels; inverting that gives the number of ratings of
    each size that share exactly i.
    """
    sizes, longest = sets.sizes, sets.members.shape[1]
    sharing = np.zeros((longest + 1, len(counts), longest + 1))  # labels in the subset, set, size of the other rating
    sharing[0] = np.bincount(sizes, weights=counts, minlength=longest + 1)
    for k in range(1, longest + 1):
        subsets = np.concatenate([sets.members[:, list(places)] for places in combinations(range(longest), k)])
        owner = np.tile(np.arange(len(counts)), len(subsets) // len(counts))
        whole = (subsets >= 0).all(axis=1)
        owner, keys = owner[whole], _row_keys(subsets[whole])
        n_keys = int(keys.max(initial=-1)) + 1
        by_subset = np.bincount(
            keys * (longest + 1) + sizes[owner], weights=counts[owner], minlength=n_keys * (longest + 1)
        ).reshape(n_keys, longest + 1)
        for size in range(1, longest + 1):
            sharing[k, :, size] = np.bincount(owner, weights=by_subset[keys, size], minlength=len(counts))
    total = np.zeros(len(counts))
    for size in range(1, longest + 1):
        for i in range(longest + 1):
            exactly = sum((-1) ** (k - i) * comb(k, i) * sharing[k, :, size] for k in range(i, longest + 1))
            possible = np.minimum(np.minimum(sizes, size), i)
            total += exactly * set_distance(kind, sizes, np.full_like(sizes, size), possible)
    return total


def alpha_of_sets(ratings: np.ndarray, sets: Sets, kind: Distance, level: float = 0.95) -> Coefficient:
    """Krippendorff's alpha of units by coders, with its interval.

    Parameters
    ----------
    ratings : a row a unit, a column a coder, each cell the number of a set, -1 where the rating is missing.
    kind : how far two sets lie apart, see `set_distance`.

    Units with fewer than two ratings take no part. The interval is normal, from the infinitesimal jackknife over units
    (what one unit more or less changes), which needs no random numbers and holds for a million units.
    Sources: Krippendorff 2004, Content Analysis, 2nd ed., ch. 11; Efron 1982, The Jackknife, ch. 6.
    """
    ratings = ratings[(ratings >= 0).sum(axis=1) >= 2]
    per_unit = (ratings >= 0).sum(axis=1)
    counts = np.bincount(ratings[ratings >= 0], minlength=len(sets.members)).astype(float)
    apart, sums = _within(ratings, sets, kind) / np.maximum(per_unit - 1, 1), summed_distances(kind, sets, counts)
    n, observed, expected = counts.sum(), apart.sum(), counts @ sums
    if np.count_nonzero(counts) < 2:
        return Coefficient(np.nan, np.nan, np.nan, len(ratings), _remark(len(ratings), np.nan, np.nan, "alpha"))
    alpha = 1 - (n - 1) * observed / expected
    reach = np.where(ratings >= 0, sums[ratings], 0).sum(axis=1)
    pull = -(per_unit * observed + (n - 1) * apart - 2 * (n - 1) * observed * reach / expected) / expected
    units = len(ratings)
    error = np.sqrt(units / (units - 1) * ((pull - pull.mean()) ** 2).sum()) if units > 1 and observed > 0 else np.nan
    low, high = (float(end) for end in _ends(np.asarray(alpha), np.asarray(error), level))
    return Coefficient(float(alpha), low, high, units, _remark(units, float(alpha), low, "alpha"))


def _within(ratings: np.ndarray, sets: Sets, kind: Distance) -> np.ndarray:
    """Sum of the distances between each unit's ratings, every ordered pair of coders once."""
    total, sizes = np.zeros(len(ratings)), sets.sizes
    for i, j in combinations(range(ratings.shape[1]), 2):
        both = np.flatnonzero((ratings[:, i] >= 0) & (ratings[:, j] >= 0) & (ratings[:, i] != ratings[:, j]))
        v, w = ratings[both, i], ratings[both, j]
        total[both] += 2 * set_distance(kind, sizes[v], sizes[w], sets.common(v, w))
    return total


def krippendorff_alpha(ratings: pd.DataFrame, distance: Distance = "nominal", level: float = 0.95) -> Coefficient:
    """Krippendorff's alpha of a table with a row a unit and a column a coder.

    Parameters
    ----------
    ratings : a cell holds a label, or several joined by ``;``; an empty text is "rated, no label", a missing cell is
        no rating at all.
    distance : ``nominal``, ``jaccard`` or ``masi``.

    Raises SynthesisError for another distance.
    """
    if distance not in DISTANCES:
        raise SynthesisError(f"The distance is {', '.join(DISTANCES)}; it is {distance!r}.")
    cells = ratings.to_numpy(dtype=object).ravel()
    parts = [None if pd.isna(cell) else sorted(set(str(cell).split(";"))) for cell in cells]
    names = {name: i for i, name in enumerate(sorted({each for part in parts if part for each in part}))}
    members = np.full((len(parts), max([len(part) for part in parts if part], default=1)), -1)
    for place, part in enumerate(parts):
        members[place, : len(part or ())] = [names[each] for each in part or ()]
    numbers, sets = distinct_sets(members)
    return alpha_of_sets(numbers.reshape(ratings.shape), sets, distance, level)
