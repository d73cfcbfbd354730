"""What starting costs: `import synthesis` beside `import pandas`, and `synthesis check` on the shipped data, whole processes.

Names of the package are loaded when first used, so the line "every public name" shows what comes later (no goal is set).

python tests/benchmarks/bench_import.py [--rounds 11]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

DATA = Path(__file__).parent.parent.parent / "data"
IMPORT_GOAL, CHECK_GOAL = 1.3, 2.0
PROCESSES = {
    "import pandas": [sys.executable, "-c", "import pandas"],
    "import synthesis": [sys.executable, "-c", "import synthesis"],
    "every public name": [sys.executable, "-c", "from synthesis import *"],
    "synthesis check": [sys.executable, "-m", "synthesis", "check", "--data", str(DATA)],
}


def seconds(command: list[str]) -> float:
    """Wall time of one process; ends the run when the process fails."""
    started = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    taken = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the start of the toolkit and a check of the shipped data.")
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    taken: dict[str, list[float]] = {name: [] for name in PROCESSES}
    for command in PROCESSES.values():
        seconds(command)  # compiled files and disk cache: nobody pays for these twice
    for _ in range(rounds):
        for name, command in PROCESSES.items():
            taken[name].append(seconds(command))
    middle = {name: median(times) for name, times in taken.items()}
    for name, times in taken.items():
        print(f"{name:18} {middle[name]:6.3f} s   (from {min(times):.3f} to {max(times):.3f})")
    ratio = middle["import synthesis"] / middle["import pandas"]
    own = middle["synthesis check"] - middle["import pandas"]
    print(
        f"import ratio       {ratio:6.2f}     goal at most {IMPORT_GOAL:g}: {'met' if ratio <= IMPORT_GOAL else 'NOT met'}"
    )
    print(f"check, own time    {own:6.3f} s   goal under {CHECK_GOAL:g} s: {'met' if own < CHECK_GOAL else 'NOT met'}")


if __name__ == "__main__":
    main()
