"""Reading and checking a large evidence base beside pandas reading the same CSV files, in turn, in one run.

python tests/benchmarks/bench_read.py [--rounds 5] [--codings 1000000] [--findings 100000] [--studies 5000]
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pandas as pd
from generate_evidence import write_evidence_base

from synthesis import read_evidence

GOAL = 3.0


def seconds(job: Callable[[], object]) -> float:
    """Wall time of one call, its result kept until the clock has stopped."""
    gc.collect()
    started = time.perf_counter()
    result = job()
    taken = time.perf_counter() - started
    del result
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description="Time synthesis.read_evidence against pandas.read_csv.")
    for name, default in (("rounds", 5), ("codings", 1_000_000), ("findings", 100_000), ("studies", 5_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write_evidence_base(folder, asked.codings, asked.findings, asked.studies)
        files = sorted(folder.rglob("*.csv"))
        print(", ".join(f"{table} {n:,}" for table, n in rows.items()))
        plain, checked = [], []
        for _ in range(asked.rounds):
            plain.append(seconds(lambda: [pd.read_csv(file) for file in files]))
            checked.append(seconds(lambda: read_evidence(folder)))
    ratio = median(checked) / median(plain)
    print(f"pandas.read_csv, all files    {median(plain):6.2f} s   ({', '.join(f'{t:.2f}' for t in plain)})")
    print(f"synthesis.read_evidence       {median(checked):6.2f} s   ({', '.join(f'{t:.2f}' for t in checked)})")
    print(
        f"ratio of medians              {ratio:6.2f}     goal at most {GOAL:g}: {'met' if ratio <= GOAL else 'NOT met'}"
    )


if __name__ == "__main__":
    main()
