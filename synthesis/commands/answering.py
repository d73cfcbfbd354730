"""How a command answers: a table as text for a reader, or as CSV or JSON for a program."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from synthesis.evidence.tables import Evidence

FORMATS = ("text", "csv", "json")


def let_every_letter_through() -> None:
    """Let no letter end a command: files and pipes get UTF-8, and a terminal a question mark for what it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # in JupyterLab it is none, and takes every letter
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def say(line: str) -> None:
    """A line that never mixes with a table on standard output."""
    print(line, file=sys.stderr)


def answer(
    options: argparse.Namespace,
    evidence: Evidence,
    table: pd.DataFrame,
    caption: str,
    shown: Sequence[str],
    headings: Mapping[str, str] | None = None,
    rests_on: str = "findings",
) -> int:
    """Print a table in the wanted format, as text the columns in `shown` (all, where none are named) under their headings.

    What it rests on (`rests_on`, a table) goes to standard error beside CSV and JSON. Returns the exit status.
    """
    if options.format == "text":
        from synthesis.reports.display import show

        print(show(evidence, table, caption, shown or tuple(table), headings, rests_on=rests_on))
        return 0
    from synthesis.review.provenance import status_line

    say(status_line(evidence, rests_on))
    if options.format == "csv":
        from synthesis.evidence.files import csv_bytes

        sys.stdout.write(csv_bytes(table).decode("utf-8"))
    else:
        days = {name: table[name].dt.strftime("%Y-%m-%d") for name in table.select_dtypes("datetime")}
        print(table.assign(**days).to_json(orient="records", indent=2, force_ascii=False, double_precision=15))
    return 0
