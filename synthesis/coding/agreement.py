"""Agreement between coders, with the finding as the unit: how often they choose the same codes, and which codes blur.

A finding that a coder read and left without a code carries the value "no code", as does one that the settled set left
without; a finding that a coder did not read, or that is not settled yet, takes no part. Every figure is also given for the findings to which both gave a code, so that findings without one do
not move it. What a reader must know of the coders stands in their own rows of the table ``coders``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthesis.coding.incidence import nothing_coded
from synthesis.coding.readings import said_to_be_read
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.tables import Evidence
from synthesis.numbers.intervals import wilson
from synthesis.numbers.reliability import (
    DISTANCES,
    NO_UNIT,
    ONE_LABEL,
    Coefficient,
    Sets,
    alpha_of_sets,
    distinct_sets,
    kappa_of_codes,
    kappa_of_tables,
    set_distance,
)

#: What a finding is said to carry that a coder read and left without a code.
NO_CODE = "(no code)"
#: What stands against a code that one coder gave and the other, who gave nothing else, left out.
NOTHING_ELSE = "(nothing else)"
UNIT = "finding"


@dataclass(frozen=True)
class Ratings:
    """What each coder gave each finding: numbers, ready to be counted.

    ``sets`` has a row a finding and a column a coder: the number of the set of codes, -1 where the coder did not read
    the finding. ``primary`` likewise: the place of the first code in ``codes``, whose last entry is `NO_CODE`.
    """

    findings: pd.Index
    coders: list[str]
    codes: pd.Index
    sets: np.ndarray
    primary: np.ndarray
    kinds: Sets

    @property
    def no_code(self) -> int:
        """The number of `NO_CODE`."""
        return len(self.codes) - 1

    def gave(self, coder: str) -> np.ndarray:
        """Findings by codes: whether the coder gave the code; a finding that was not read is a row of False."""
        given = np.zeros((len(self.findings), len(self.codes) + 1), dtype=bool)
        numbers = self.sets[:, self.coders.index(coder)]
        read = np.flatnonzero(numbers >= 0)
        for column in self.kinds.members[numbers[read]].T:
            given[read, column] = True  # -1, no further code, falls into the last column
        return given[:, :-1]


def coders_of(evidence: Evidence) -> list[str]:
    """Coders who coded for themselves, in the order of the table ``coders``; the settled set is none of them."""
    rows = evidence.coders
    own = rows.loc[rows["kind"] != "agreed_set", "coder_id"]
    return [coder for coder in own if coder in set(evidence.codings["coder"].unique())]


def ratings(evidence: Evidence, coders: Sequence[str] | None = None) -> Ratings:
    """The codings of some coders (default: all who coded for themselves) as `Ratings`.

    Raises SynthesisError for a coder who coded nothing (a CallError for one who is not known), and for fewer than two.
    """
    coders = _checked(evidence, coders)
    findings = pd.Index(evidence.findings["finding_id"])
    codes = pd.Index([*evidence.codebook["code_id"], NO_CODE], dtype="str")
    codings = evidence.codings
    given, seen = (_cells(table, findings, coders) for table in (codings, said_to_be_read(evidence)))
    own, n = given >= 0, len(findings) * len(coders)
    read = np.zeros(n, dtype=bool)
    read[given[own]] = read[seen[seen >= 0]] = True
    code, rank = codes.get_indexer(codings["code_id"]), codings["rank"].to_numpy(dtype=np.int64)
    members, primary = _members(given[own], code[own], rank[own], read, len(codes) - 1)
    numbers, kinds = distinct_sets(members)
    shape = len(findings), len(coders)
    return Ratings(findings, coders, codes, numbers.reshape(shape), primary.reshape(shape), kinds)


def _cells(table: pd.DataFrame, findings: pd.Index, coders: list[str]) -> np.ndarray:
    """For each row, the number of its cell in a grid of findings by coders; -1 for the rows of other coders."""
    coder = pd.Index(coders).get_indexer(table["coder"])
    return np.where(coder >= 0, findings.get_indexer(table["finding_id"]) * len(coders) + coder, -1)


def _checked(evidence: Evidence, coders: Sequence[str] | None) -> list[str]:
    held = coders_of(evidence) if coders is None else list(coders)
    for coder in set(held) - set(evidence.codings["coder"].unique()):
        raise nothing_coded(evidence, coder)
    if len(set(held)) < 2:
        error = SynthesisError if coders is None else CallError
        raise error("Agreement needs two coders who coded for themselves.")
    return held


def _members(
    at: np.ndarray, code: np.ndarray, rank: np.ndarray, read: np.ndarray, no_code: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sets (a row a cell, see `reliability.Sets`) and primary codes; cells that were not read hold -1."""
    ordered = np.sort(at * no_code + code)  # numpy's own unique takes four times as long for a million
    cell, label = np.divmod(ordered[np.diff(ordered, prepend=-1) > 0], no_code)
    within = np.arange(len(cell)) - np.searchsorted(cell, cell)
    members = np.full((len(read), int(within.max(initial=0)) + 1), -1)
    primary = np.where(read, no_code, -1)
    members[read, 0] = no_code
    members[cell, within] = label
    last_first = np.lexsort((-code, -rank))  # of several writes to one cell the last stays
    primary[at[last_first]] = code[last_first]
    return members, primary


def agreement_table(evidence: Evidence, coders: Sequence[str] | None = None, level: float = 0.95) -> pd.DataFrame:
    """Agreement of each pair of coders over the findings that both read.

    Parameters
    ----------
    coders : two or more; default all who coded for themselves.
    level : confidence level of the intervals.

    Returns a row a pair: ``coder_a, coder_b, unit, n, of_findings``; counts ``n_identical`` (same set of codes),
    ``n_primary_equal``, ``n_nothing_in_common``, ``n_uncoded_a``, ``n_uncoded_b``, ``n_uncoded_both``; ``percent``
    (identical sets) and ``percent_primary`` with Wilson intervals; ``kappa_primary`` (analytic interval),
    ``alpha_nominal`` (primary code), ``alpha_jaccard`` and ``alpha_masi`` (sets), ``jaccard`` (mean similarity of the
    two sets), each with ``_low`` and ``_high``; the same with ``coded_only_`` before it over findings that both gave a
    code; ``remark`` (why a figure or its interval is missing) and ``caution`` (from the table ``coders``).
    """
    rated = ratings(evidence, coders)
    return pd.DataFrame([_pair_row(evidence, rated, a, b, level) for a, b in combinations(rated.coders, 2)])


def _pair_row(evidence: Evidence, rated: Ratings, a: str, b: str, level: float) -> dict[str, Any]:
    at = [rated.coders.index(a), rated.coders.index(b)]
    sets, primary = rated.sets[:, at], rated.primary[:, at]
    read = (sets >= 0).all(axis=1)
    sets, primary = sets[read], primary[read]
    bare = primary == rated.no_code
    whole = _figures(sets, primary, rated, level)
    coded = _figures(sets[~bare.any(axis=1)], primary[~bare.any(axis=1)], rated, level)
    remark = "; ".join(dict.fromkeys(filter(None, (whole.pop("remark"), coded.pop("remark")))))
    return {
        "coder_a": a,
        "coder_b": b,
        "unit": UNIT,
        "n": whole.pop("n"),
        "of_findings": len(rated.findings),
        "n_uncoded_a": int(bare[:, 0].sum()),
        "n_uncoded_b": int(bare[:, 1].sum()),
        "n_uncoded_both": int(bare.all(axis=1).sum()),
        **whole,
        **{f"coded_only_{name}": value for name, value in coded.items()},
        "remark": remark,
        "caution": caution(evidence, [a, b]),
    }


def _figures(sets: np.ndarray, primary: np.ndarray, rated: Ratings, level: float) -> dict[str, Any]:
    """Every figure for one pair of coders over some findings."""
    n, kinds = len(sets), rated.kinds
    common = kinds.common(sets[:, 0], sets[:, 1])
    likeness = 1 - set_distance("jaccard", kinds.sizes[sets[:, 0]], kinds.sizes[sets[:, 1]], common)
    counts = {
        "n_identical": int((sets[:, 0] == sets[:, 1]).sum()),
        "n_primary_equal": int((primary[:, 0] == primary[:, 1]).sum()),
        "n_nothing_in_common": int((common == 0).sum()),
    }
    shares = wilson(pd.Series([counts["n_identical"], counts["n_primary_equal"]]), pd.Series([n, n]), level)
    figures: dict[str, Any] = {"n": n, **counts}
    for name, place in (("percent", 0), ("percent_primary", 1)):
        figures[name] = 100 * list(counts.values())[place] / n if n else np.nan
        figures[f"{name}_low"], figures[f"{name}_high"] = (100 * float(shares[end][place]) for end in ("low", "high"))
    singles = Sets(np.arange(len(rated.codes))[:, None])
    coefficients = {
        "kappa_primary": kappa_of_codes(primary[:, 0], primary[:, 1], len(rated.codes), level),
        "alpha_nominal": alpha_of_sets(primary, singles, "nominal", level),
        "alpha_jaccard": alpha_of_sets(sets, kinds, "jaccard", level),
        "alpha_masi": alpha_of_sets(sets, kinds, "masi", level),
        "jaccard": _mean(likeness, level),
    }
    for name, found in coefficients.items():
        figures[name], figures[f"{name}_low"], figures[f"{name}_high"] = found[:3]
    figures["remark"] = "; ".join(dict.fromkeys(c.remark for c in coefficients.values() if c.remark))
    return figures


def _mean(values: np.ndarray, level: float) -> Coefficient:
    """Mean of values between 0 and 1 with a normal interval; none where all are alike."""
    if not len(values):
        return Coefficient(np.nan, np.nan, np.nan, 0, NO_UNIT)
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    half = ndtri(0.5 + level / 2) * spread / np.sqrt(len(values)) if spread else np.nan
    return Coefficient(mean, max(mean - half, 0.0), min(mean + half, 1.0), len(values), "")


def caution(evidence: Evidence, coders: Sequence[str]) -> str:
    """What a reader of these coders' agreement must know, from their own rows of the table ``coders``."""
    said = evidence.coders.set_index("coder_id")["caution"].reindex(list(coders)).dropna()
    return " ".join(dict.fromkeys(said))


def agreement_of_all(evidence: Evidence, coders: Sequence[str] | None = None, level: float = 0.95) -> pd.DataFrame:
    """Krippendorff's alpha over all coders at once, over findings that at least two of them read.

    Returns a row a measure (``alpha_nominal`` of primary codes, ``alpha_jaccard`` and ``alpha_masi`` of sets) with
    ``coders, n_coders, n, of_findings, value, low, high, remark, caution``.
    """
    rated = ratings(evidence, coders)
    singles = Sets(np.arange(len(rated.codes))[:, None])
    rows = []
    for kind in DISTANCES:
        numbers, kinds = (rated.primary, singles) if kind == "nominal" else (rated.sets, rated.kinds)
        found = alpha_of_sets(numbers, kinds, kind, level)
        rows.append((f"alpha_{kind}", found.n, found.value, found.low, found.high, found.remark))
    table = pd.DataFrame(rows, columns=["measure", "n", "value", "low", "high", "remark"])
    table.insert(1, "coders", ";".join(rated.coders))
    table.insert(2, "n_coders", len(rated.coders))
    table.insert(4, "of_findings", len(rated.findings))
    return table.assign(caution=caution(evidence, rated.coders))


def _pair(evidence: Evidence, a: str, b: str) -> tuple[Ratings, np.ndarray, np.ndarray, np.ndarray]:
    """Ratings of two coders, the places of the findings that both read, and what each gave there (findings by codes)."""
    rated = ratings(evidence, [a, b])
    read = np.flatnonzero((rated.sets >= 0).all(axis=1))
    return rated, read, rated.gave(a)[read], rated.gave(b)[read]


def _named(evidence: Evidence, codes: pd.Index) -> list[str]:
    names = evidence.codebook.set_index("code_id")["name"]
    return [names.get(code, "No code") for code in codes]


def code_agreement(evidence: Evidence, a: str, b: str, level: float = 0.95) -> pd.DataFrame:
    """Agreement of two coders on each code, present or absent, over the findings that both read.

    Returns a row a code, and one for `NO_CODE`: ``code_id, name, n_a, n_b, n_both, n_either, of_findings, percent``
    (findings on which they agree about the code), ``kappa`` with ``low`` and ``high`` (analytic), ``remark``.
    """
    rated, _, one, two = _pair(evidence, a, b)
    n, both = len(one), (one & two).sum(axis=0)
    only_a, only_b = one.sum(axis=0) - both, two.sum(axis=0) - both
    neither = n - both - only_a - only_b
    tables = np.stack([np.stack([both, only_a], -1), np.stack([only_b, neither], -1)], -2)
    kappa, low, high = kappa_of_tables(tables, level)
    used = both + only_a + only_b > 0
    remark = np.where(~used, "neither coder used the code", np.where(np.isnan(kappa), ONE_LABEL.format(measure="kappa"), ""))  # fmt: skip
    return pd.DataFrame(
        {
            "code_id": rated.codes,
            "name": _named(evidence, rated.codes),
            "n_a": both + only_a,
            "n_b": both + only_b,
            "n_both": both,
            "n_either": both + only_a + only_b,
            "of_findings": n,
            "percent": 100 * (both + neither) / n if n else np.nan,
            "kappa": kappa,
            "low": low,
            "high": high,
            "remark": remark if n else NO_UNIT,
        }
    )


def confusion(evidence: Evidence, a: str, b: str) -> pd.DataFrame:
    """Which codes blur with which: what one coder gave where the other gave something else.

    On each finding with different sets, the codes that only `a` gave stand against those that only `b` gave. Where one
    of them gave nothing of their own, they left a code out: it stands against `NOTHING_ELSE`. `NO_CODE` stands for a
    finding left without any code.

    Returns a row a pair of codes that ever stood against each other, most frequent first: ``code_a, code_b`` (given by
    a, by b), ``n_findings``, ``n_reversed`` (findings where a and b chose the other way round), ``n_either_a``,
    ``n_either_b`` (findings with that code by either coder; missing for `NOTHING_ELSE`), ``n_primary`` (of n_findings,
    those where the two were the primary codes), ``of_findings`` (findings on which the sets differ).
    """
    rated, read, one, two = _pair(evidence, a, b)
    differ = np.flatnonzero((one != two).any(axis=1))
    only_a, only_b = _own(one[differ], two[differ]), _own(two[differ], one[differ])
    # Counts of findings in 32-bit floats are exact up to 16 million, and multiply fast.
    met = (only_a.astype(np.float32).T @ only_b.astype(np.float32)).astype(np.int64)
    first = rated.primary[read][differ]
    rows = np.arange(len(differ))
    opposed = only_a[rows, first[:, 0]] & only_b[rows, first[:, 1]]
    primaries = np.zeros_like(met)
    np.add.at(primaries, (first[opposed, 0], first[opposed, 1]), 1)
    codes, either = pd.Index([*rated.codes, NOTHING_ELSE]), pd.array([*(one | two).sum(axis=0), None], dtype="Int64")
    i, j = np.nonzero(met)
    table = pd.DataFrame(
        {
            "code_a": codes[i],
            "code_b": codes[j],
            "n_findings": met[i, j],
            "n_reversed": met[j, i],
            "n_either_a": either[i],
            "n_either_b": either[j],
            "n_primary": primaries[i, j],
            "of_findings": len(differ),
        }
    )
    order = (table["n_findings"] + table["n_reversed"]).sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _own(given: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Findings by codes that only the first gave, with a last column for findings where it gave nothing of its own."""
    own = given & ~other
    return np.column_stack([own, ~own.any(axis=1)])


#: Measures as a reader sees them.
MEASURES = {
    "percent": "Same set of codes, percent of findings",
    "percent_primary": "Same primary code, percent of findings",
    "kappa_primary": "Cohen's kappa, primary code",
    "alpha_nominal": "Krippendorff's alpha, primary code",
    "alpha_jaccard": "Krippendorff's alpha, sets, Jaccard distance",
    "alpha_masi": "Krippendorff's alpha, sets, MASI distance",
    "jaccard": "Mean Jaccard similarity of the sets",
}


def agreement_lines(evidence: Evidence, coders: Sequence[str] | None = None) -> pd.DataFrame:
    """`agreement_table` for readers: a row a pair and measure, with columns ``coder_a, coder_b, measure``, and for all
    findings that both read, and for those to which both gave a code, the number of findings (``all``, ``coded``) and
    the figure with its interval as text (``all_findings``, ``coded_findings``)."""
    rows = []
    for row in agreement_table(evidence, coders).to_dict("records"):
        for name, words in MEASURES.items():
            counts = {"percent": "n_identical", "percent_primary": "n_primary_equal"}
            line = {"coder_a": row["coder_a"], "coder_b": row["coder_b"], "measure": words}
            for part, prefix in (("all", ""), ("coded", "coded_only_")):
                count = row[prefix + counts[name]] if name in counts else None
                line[part] = f"{row[prefix + 'n']:,}" if count is None else f"{count:,} of {row[prefix + 'n']:,}"
                line[f"{part}_findings"] = _with_ends(row, prefix + name, 1 if name in counts else 3)
            rows.append(line)
    return pd.DataFrame(rows)


def _with_ends(figures: dict[str, Any], name: str, digits: int) -> str:
    value, low, high = (figures[name + end] for end in ("", "_low", "_high"))
    if np.isnan(value):
        return "not defined"
    return f"{value:.{digits}f}" + ("" if np.isnan(low) else f" ({low:.{digits}f} to {high:.{digits}f})")


def agreement_report(evidence: Evidence, coders: Sequence[str] | None = None) -> dict[str, Any]:
    """`agreement_table` as nested values for other programs: ``pairs``, each with ``per_code``, ``intervals``, ``coded_only``
    and ``confusion``; and ``all_coders`` where there are more than two. A figure that is not defined is None."""
    pairs = []
    for row in agreement_table(evidence, coders).to_dict("records"):
        coded = {key.removeprefix("coded_only_"): row.pop(key) for key in list(row) if key.startswith("coded_only_")}
        pair = {str(key): value for key, value in row.items()}
        entry = {**_without_ends(pair), "intervals": _ends_of(pair)}
        entry["coded_only"] = {**_without_ends(coded), "intervals": _ends_of(coded)}
        entry["per_code"] = code_agreement(evidence, row["coder_a"], row["coder_b"]).to_dict("records")
        entry["confusion"] = confusion(evidence, row["coder_a"], row["coder_b"]).to_dict("records")
        pairs.append(entry)
    report: dict[str, Any] = {"pairs": pairs}
    if len(pairs) > 1:
        report["all_coders"] = agreement_of_all(evidence, coders).to_dict("records")
    return _plain(report)


def _without_ends(figures: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if not key.endswith(("_low", "_high"))}


def _ends_of(figures: dict[str, Any]) -> dict[str, list[float]]:
    names = [key.removesuffix("_low") for key in figures if key.endswith("_low")]
    return {name: [figures[f"{name}_low"], figures[f"{name}_high"]] for name in names}


def _plain(value: Any) -> Any:
    """The same with Python's own numbers, and None for what is not defined."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value
