"""What a build pays for its figures: drawing and saving all of them beside saving the same figures by matplotlib alone.

The second saves each finished figure once as SVG and once as PNG with `Figure.savefig`, in the same run.

python tests/benchmarks/bench_figures.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import matplotlib

from synthesis import read_evidence
from synthesis.reports.figures import make_figures, save_figure

DATA = Path(__file__).parent.parent.parent / "data"


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the figures of the shipped evidence.")
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    matplotlib.use("Agg")
    evidence = read_evidence(DATA)
    drawn = make_figures(evidence)

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, figure in make_figures(evidence).items():
                save_figure(figure.figure, Path(folder) / name, figure.alt, figure.title)

    def plain() -> None:
        for figure in drawn.values():
            for kind in ("svg", "png"):
                figure.figure.savefig(io.BytesIO(), format=kind)

    both = [(seconds(ours), seconds(plain)) for _ in range(rounds)]
    one, two = (median(each) for each in zip(*both, strict=True))
    print(f"{len(drawn)} figures, {rounds} rounds, medians of processor time")
    print(f"drawn and saved by the toolkit   {one:6.2f} s")
    print(f"saved by matplotlib alone        {two:6.2f} s")
    print(f"ratio                            {one / two:6.2f}")


if __name__ == "__main__":
    main()
