"""Themes of a large evidence base: tables, matrices, curves; and one matrix beside pandas.crosstab and DuckDB.

python tests/benchmarks/bench_themes.py [--rounds 3] [--codings 1000000] [--findings 400000] [--studies 5000] [--codes 200]

All codings are those of the agreed set, so that every one of them is counted. Each job is run in turn, round by round.
"""

from __future__ import annotations

import argparse
import gc
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb
import pandas as pd
from generate_evidence import write_evidence_base

from synthesis import Evidence, read_evidence
from synthesis.coding.code_pairs import cooccurrence
from synthesis.themes.contrast import perspective_contrast
from synthesis.themes.curves import accumulation
from synthesis.themes.stability import theme_stability
from synthesis.themes.support import theme_ancestry, theme_matrix, theme_table

GOAL_TOGETHER, GOAL_ORDERS, GOAL_MEMORY = 5.0, 10.0, 2.0
TOGETHER = ("theme table", "theme by study", "perspective contrast", "co-occurrence")


def jobs(evidence: Evidence) -> dict[str, Callable[[], object]]:
    """What is timed: the four together, the curve, and theme by study made in three ways."""
    return {
        "theme table": lambda: theme_table(evidence),
        "theme by study": lambda: theme_matrix(evidence, rows="theme", columns="study", count="findings"),
        "perspective contrast": lambda: perspective_contrast(evidence),
        "co-occurrence": lambda: cooccurrence(evidence, "finding"),
        "1,000 accumulation orders": lambda: accumulation(evidence, "code", orders=1000),
        "stability, every study left out": lambda: theme_stability(evidence),
        "theme by study by pandas.crosstab": lambda: by_crosstab(evidence),
        "theme by study by DuckDB": lambda: by_duckdb(evidence),
    }


def by_crosstab(evidence: Evidence) -> pd.DataFrame:
    """Findings of each theme in each study as one would write it by hand in pandas."""
    agreed = evidence.codings.loc[evidence.codings["coder"] == "agreed", ["finding_id", "code_id"]]
    coded = agreed.merge(evidence.codebook[["code_id", "theme_id"]], on="code_id")
    coded = coded.merge(theme_ancestry(evidence), on="theme_id").merge(
        evidence.findings[["finding_id", "study_id"]], on="finding_id"
    )
    once = coded.drop_duplicates(["counts_for", "finding_id"])
    return pd.crosstab(once["counts_for"], once["study_id"])


def by_duckdb(evidence: Evidence) -> pd.DataFrame:
    """The same in SQL, from the same data frames, spread into a matrix by pandas."""
    with duckdb.connect(config={"threads": 2}) as database:
        for name in ("codings", "codebook", "findings"):
            database.register(name, evidence[name])
        database.register("ancestry", theme_ancestry(evidence))
        counted = database.execute(
            "select a.counts_for, f.study_id, count(distinct c.finding_id) as n "
            "from codings c join codebook b using (code_id) join ancestry a on a.theme_id = b.theme_id "
            "join findings f on f.finding_id = c.finding_id where c.coder = 'agreed' group by all"
        ).df()
    return counted.pivot(index="counts_for", columns="study_id", values="n").fillna(0).astype(int)


def agree(evidence: Evidence) -> None:
    """Stop unless the three ways give the same matrix."""
    own = theme_matrix(evidence, rows="theme", columns="study", count="findings")
    own = own.loc[own.any(axis=1), own.any(axis=0)]
    for other in (by_crosstab(evidence), by_duckdb(evidence)):
        there = other.reindex(index=own.index, columns=own.columns, fill_value=0)
        if other.shape != own.shape or (there.to_numpy() != own.to_numpy()).any():
            raise SystemExit("The three ways do not give the same matrix; nothing was timed.")


def seconds(job: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor time of one call, its result kept until the clocks have stopped."""
    gc.collect()
    wall, processor = time.perf_counter(), time.process_time()
    result = job()
    taken = time.perf_counter() - wall, time.process_time() - processor
    del result
    return taken


def gigabytes() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def verdict(value: float, goal: float) -> str:
    return f"goal at most {goal:g}: {'met' if value <= goal else 'NOT met'}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time themes, matrices and curves on a large evidence base.")
    defaults = {"rounds": 3, "codings": 1_000_000, "findings": 400_000, "studies": 5_000, "codes": 200}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_evidence_base(folder, asked.codings, asked.findings, asked.studies, codes=asked.codes, coders=("agreed",))
        evidence = read_evidence(folder)
    print(
        f"{asked.codings:,} agreed codings, {asked.codes} codes, {asked.findings:,} findings, {asked.studies:,} studies"
    )
    read = gigabytes()
    timed: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs(evidence)}
    ours = [name for name in timed if " by pandas" not in name and " by DuckDB" not in name]
    for name in ours:  # one round of our own before the others, so that the memory is ours
        timed[name].append(seconds(jobs(evidence)[name]))
    peak = gigabytes()
    agree(evidence)
    for _ in range(asked.rounds):
        for name, job in jobs(evidence).items():
            timed[name].append(seconds(job))
    typical = {name: median(wall for wall, _ in taken) for name, taken in timed.items()}
    # Processor time tells a slow program from a machine that was busy with other work.
    processor = {name: median(used for _, used in taken) for name, taken in timed.items()}
    for name, taken in timed.items():
        rounds = ", ".join(f"{wall:.2f}" for wall, _ in taken)
        print(f"{name:36} {typical[name]:6.2f} s   ({rounds}; processor {processor[name]:.2f})")
    together = sum(typical[name] for name in TOGETHER)
    used = sum(processor[name] for name in TOGETHER)
    print(
        f"{'the first four together':36} {together:6.2f} s   {verdict(together, GOAL_TOGETHER)} (processor {used:.2f} s)"
    )
    orders = typical["1,000 accumulation orders"]
    print(f"{'1,000 accumulation orders':36} {orders:6.2f} s   {verdict(orders, GOAL_ORDERS)}")
    print(
        f"{'most memory, reading included':36} {peak:6.2f} GB  {verdict(peak, GOAL_MEMORY)} ({read:.2f} GB after reading)"
    )


if __name__ == "__main__":
    main()
