"""A coder's steps on a large evidence base: opening a session, giving a code, going to the next finding; each is on disk.

python tests/benchmarks/bench_coding.py [--steps 5] [--codings 1000000] [--findings 100000]

Each step stands beside reading and writing the whole table of codings once, which is what a step would cost without care.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

from bench_themes import seconds
from generate_evidence import write_evidence_base

from synthesis import read_evidence
from synthesis.coding.session import CodingSession
from synthesis.evidence.tables import read_table, write_table

CODER = "coder-1"


def told(name: str, taken: list[tuple[float, float]]) -> None:
    wall, processor = (median(each[at] for each in taken) for at in (0, 1))
    print(f"{name:36} {wall:7.3f} s   (processor {processor:.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a coder's steps on a large evidence base.")
    for name, default in {"steps": 5, "codings": 1_000_000, "findings": 100_000, "studies": 5_000}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_evidence_base(folder, asked.codings, asked.findings, asked.studies)
        evidence, opened = read_evidence(folder), []
        print(f"{asked.codings:,} codings of {asked.findings:,} findings")
        told("opening a session", [seconds(lambda: opened.append(CodingSession(evidence, CODER)))])
        (session,) = opened
        given, gone = [], []
        for _ in range(asked.steps):
            held = {each.code_id for each in session.given}
            code = next(each for each in session.codebook.index if each not in held)
            given.append(seconds(lambda code=code: session.add(code)))
            gone.append(seconds(session.next))
        told("giving a code", given)
        told("recorded as read, next finding", gone)
        told("the whole table read and written", [seconds(lambda: write_table(read_table("codings", folder), "codings", folder))])  # fmt: skip


if __name__ == "__main__":
    main()
