"""Agreement of two coders on a large evidence base, and three of its coefficients beside other ways to the same number.

python tests/benchmarks/bench_agreement.py [--rounds 3] [--codings 1000000] [--findings 400000] [--part 100000] [--few 2000]

Cohen's kappa stands beside `pandas.crosstab`, and beside scikit-learn where it is installed; nominal alpha beside counting
in plain numpy (on `--part` findings that both coders coded), and on `--few` beside the package krippendorff where it is installed;
alpha with MASI distances beside comparing every pair of sets in plain Python, on few too. Nothing is timed unless all
ways give the same number. Ours gives an interval too, the others do not.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from bench_themes import gigabytes, seconds
from generate_evidence import write_evidence_base

from synthesis import Evidence, agreement_table, code_agreement, confusion, read_evidence
from synthesis.numbers.reliability import cohen_kappa, krippendorff_alpha

PAIR = ("coder-1", "coder-2")


def rated(evidence: Evidence, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Primary codes, and sets of codes joined by ``;``, of the first `n` findings that both coders coded."""
    own = evidence.codings[evidence.codings["coder"].isin(PAIR)]
    primary = own[own["rank"] == 1].pivot(index="finding_id", columns="coder", values="code_id").dropna().head(n)
    own = own[own["finding_id"].isin(primary.index)]
    sets = own.groupby(["finding_id", "coder"])["code_id"].agg(";".join).unstack()
    return primary, sets.loc[primary.index]


def kappa_by_crosstab(primary: pd.DataFrame) -> float:
    """Cohen's kappa as one would write it by hand in pandas."""
    table = pd.crosstab(*(primary[coder] for coder in PAIR), normalize=True)
    every = table.index.union(table.columns)
    table = table.reindex(index=every, columns=every, fill_value=0)
    expected = (table.sum(axis=0) * table.sum(axis=1)).sum()
    return float((np.trace(table) - expected) / (1 - expected))


def alpha_by_numpy(primary: pd.DataFrame) -> float:
    """Nominal alpha of two coders, nothing missing, by counting."""
    values = primary[list(PAIR)].to_numpy(dtype=object)
    counts = np.unique(values.ravel().astype("U"), return_counts=True)[1]
    n = values.size
    return float(1 - (n - 1) * 2 * (values[:, 0] != values[:, 1]).sum() / (n**2 - (counts**2).sum()))


def alpha_masi_by_pairs(sets: pd.DataFrame) -> float:
    """Alpha with MASI distances by comparing every pair of different sets, as its definition reads."""
    values = [[frozenset(cell.split(";")) for cell in row] for row in sets[list(PAIR)].itertuples(index=False)]
    counts = Counter(each for row in values for each in row)
    n = 2 * len(values)
    within = 2 * sum(masi(*row) for row in values)
    between = 2 * sum(counts[a] * counts[b] * masi(a, b) for a, b in combinations(counts, 2))
    return 1 - (n - 1) * within / between


def masi(a: frozenset[str], b: frozenset[str]) -> float:
    common = len(a & b)
    weight = 1 if a == b else 2 / 3 if a <= b or b <= a else 1 / 3 if common else 0
    return 1 - weight * common / len(a | b)


Ways = dict[str, Callable[[], float]]


def by_kappa(primary: pd.DataFrame) -> Ways:
    a, b = (primary[coder] for coder in PAIR)
    found: Ways = {"ours": lambda: cohen_kappa(a, b).value, "pandas.crosstab": lambda: kappa_by_crosstab(primary)}
    if find_spec("sklearn"):
        from sklearn.metrics import cohen_kappa_score

        found["scikit-learn"] = lambda: cohen_kappa_score(a, b)
    return found


def by_nominal_alpha(primary: pd.DataFrame, package: bool) -> Ways:
    """`package`: whether the package takes part; it holds a square of the codes for each finding, 0.3 MB here."""
    found: Ways = {"ours": lambda: krippendorff_alpha(primary).value, "plain numpy": lambda: alpha_by_numpy(primary)}
    if package and find_spec("krippendorff"):
        import krippendorff

        # A row a coder. The package is far quicker with numbers than with text; making them is not timed.
        numbers = pd.factorize(primary[list(PAIR)].to_numpy(dtype=object).T.ravel())[0].reshape(2, -1).astype(float)
        found["krippendorff"] = lambda: krippendorff.alpha(numbers, level_of_measurement="nominal")
    return found


def by_masi_alpha(sets: pd.DataFrame) -> Ways:
    return {
        "ours": lambda: krippendorff_alpha(sets, "masi").value,
        "plain Python": lambda: alpha_masi_by_pairs(sets),
    }


def agree(coefficient: str, each: Ways) -> None:
    """Stop unless all ways give the same number."""
    values = {way: float(job()) for way, job in each.items()}
    if not np.allclose(list(values.values()), values["ours"], rtol=0, atol=1e-9):
        raise SystemExit(f"The ways to {coefficient} do not give the same number: {values}; nothing was timed.")


def told(jobs: dict[str, Callable[[], object]], rounds: int) -> None:
    """Time jobs in turn, round by round, and print the median of each."""
    timed: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            timed[name].append(seconds(job))
    for name, taken in timed.items():
        every = ", ".join(f"{wall:.2f}" for wall, _ in taken)
        used = median(processor for _, processor in taken)
        print(f"{name:44} {median(wall for wall, _ in taken):7.3f} s   ({every}; processor {used:.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time agreement between two coders on a large evidence base.")
    defaults = {
        "rounds": 3,
        "codings": 1_000_000,
        "findings": 400_000,
        "studies": 5_000,
        "part": 100_000,
        "few": 2_000,
    }
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        write_evidence_base(Path(name), asked.codings, asked.findings, asked.studies, codes=200)
        evidence = read_evidence(name)
    both = int(agreement_table(evidence, PAIR)["n"].iloc[0])
    print(f"{asked.codings:,} codings of 200 codes by two coders and the agreed set; {both:,} findings read by both")
    whole = {
        "agreement table, every figure and interval": lambda: agreement_table(evidence, PAIR),
        "agreement on each of 200 codes": lambda: code_agreement(evidence, *PAIR),
        "which codes are taken for which": lambda: confusion(evidence, *PAIR),
    }
    told(whole, asked.rounds)
    print(f"{'most memory so far, reading included':44} {gigabytes():7.2f} GB")
    primary, sets = rated(evidence, asked.part)
    few = primary.head(asked.few)
    beside = {
        f"kappa, {len(primary):,} findings": by_kappa(primary),
        f"nominal alpha, {len(primary):,} findings": by_nominal_alpha(primary, package=False),
        f"nominal alpha, {len(few):,} findings": by_nominal_alpha(few, package=True),
        f"alpha with MASI distances, {len(few):,} findings": by_masi_alpha(sets.loc[few.index]),
    }
    for coefficient, each in beside.items():
        agree(coefficient, each)
        print(coefficient)
        told({f"  {way}": job for way, job in each.items()}, asked.rounds)


if __name__ == "__main__":
    main()
