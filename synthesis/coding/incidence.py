"""Which finding carries which code, as positions in the tables: what every count of themes and codes is made from.

Positions, not identifiers, because a million codings are counted in seconds as whole numbers and in minutes as text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.tables import Evidence


@dataclass(frozen=True)
class Coded:
    """Codings of one coder, an entry a coding, as positions in the tables of the evidence.

    ``row`` in codings, ``finding`` in findings, ``code`` in the codebook, ``study`` in studies; ``negative`` is True
    where the finding runs against the code.
    """

    row: np.ndarray
    finding: np.ndarray
    code: np.ndarray
    study: np.ndarray
    negative: np.ndarray


def coded(evidence: Evidence, coder: str = "agreed") -> Coded:
    """Codings of one coder as positions. Raises what `nothing_coded` says for a coder who coded nothing."""
    codings = evidence.codings
    row = np.flatnonzero((codings["coder"] == coder).to_numpy(dtype=bool))
    if not len(row):
        raise nothing_coded(evidence, coder)
    own = codings.iloc[row]
    finding = positions(own["finding_id"], evidence.findings["finding_id"])
    code = positions(own["code_id"], evidence.codebook["code_id"])
    held = (finding >= 0) & (code >= 0)
    row, finding, code = row[held], finding[held], code[held]
    negative = codings["negative_case"].to_numpy(dtype=bool)[row]
    return Coded(row, finding, code, study_positions(evidence)[finding], negative)


def nothing_coded(evidence: Evidence, coder: str) -> SynthesisError:
    """The error for a coder without codings: a CallError where nobody of that name is known."""
    by = ", ".join(sorted(evidence.codings["coder"].unique()))
    if coder in {"agreed", *evidence.coders["coder_id"]}:
        return SynthesisError(f"The coder {coder!r} has coded nothing{f'; codings are by {by}' if by else ' yet'}.")
    known = ", ".join(evidence.coders["coder_id"])
    return CallError(f"There is no coder {coder!r}; the table coders holds {known or 'nobody yet'}.")


def positions(values: pd.Series, known: pd.Series) -> np.ndarray:
    """Place of each value in a column of distinct values; -1 where it does not stand there."""
    cells = values.to_numpy(dtype=object)
    # Rows of one finding mostly stand together: a run of equal values is looked up once.
    first = np.r_[True, cells[1:] != cells[:-1]][: len(cells)]
    return pd.Index(known, dtype=object).get_indexer(cells[first])[np.cumsum(first) - 1]


def study_positions(evidence: Evidence) -> np.ndarray:
    """Place in studies of the study of each finding. Raises SynthesisError for a study that is not there."""
    study = positions(evidence.findings["study_id"], evidence.studies["study_id"])
    if (study < 0).any():
        lost = sorted(set(evidence.findings["study_id"].to_numpy()[study < 0]))
        raise SynthesisError(f"The table studies does not hold {', '.join(lost[:5])}, which findings name.")
    return study


def pairs(first: np.ndarray, second: np.ndarray, n_first: int, n_second: int) -> tuple[np.ndarray, np.ndarray]:
    """Each pair of positions once, sorted; `n_first` and `n_second` say how many positions there are."""
    # A mark for every possible pair is far quicker than sorting or hashing those there are, and takes one byte each.
    marked = np.zeros(n_first * n_second, dtype=bool)
    marked[first * n_second + second] = True
    return np.divmod(np.flatnonzero(marked), n_second)


def distinct(group: np.ndarray, member: np.ndarray, n_groups: int, n_members: int) -> np.ndarray:
    """How many different members each group has."""
    return np.bincount(pairs(group, member, n_groups, n_members)[0], minlength=n_groups)


def present(places: np.ndarray) -> np.ndarray:
    """The positions that occur, sorted, each once."""
    return np.flatnonzero(np.bincount(places))


def incidence(rows: np.ndarray, columns: np.ndarray, n_rows: int, n_columns: int) -> csr_array:
    """A sparse matrix with 1 where row and column meet, however often."""
    matrix = csr_array((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(n_rows, n_columns))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
