"""The command ``pool``: proportions of a user's own CSV file, checked row by row and pooled."""

from __future__ import annotations

import argparse
import difflib
import json
import math
import sys
import textwrap
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from synthesis.evidence.schema import CallError, Column, SynthesisError, Table
from synthesis.pooling import options as allowed
from synthesis.pooling.options import PoolingOptions, without_effect

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from synthesis.evidence.files import RawTable

_ABOUT = "Pool the proportions of a CSV file: a row a study, with its events and its total."
_UNGUARDED = (
    "{file} looks like a table of the evidence base, and was pooled without its guard rails: rows may be the same people, one "
    "system over years, or count different things. `synthesis prevalence` goes through them and says what they refuse."
)


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add ``pool`` with its options to the commands of the program."""
    command = commands.add_parser("pool", help=_ABOUT, description=_ABOUT)
    command.add_argument("file", metavar="FILE.csv", help="a CSV file with a header (UTF-8, commas)")
    command.add_argument("--events", required=True, metavar="COL", help="column with the numbers of events")
    command.add_argument("--totals", required=True, metavar="COL", help="column with the numbers of people")
    command.add_argument("--by", metavar="COL", help="column whose values each make a meta-analysis (default: all rows are one)")  # fmt: skip
    defaults = PoolingOptions()
    for name, words, about in (
        ("model", allowed.MODELS, "the model (default: glmm; inverse-variance where a word of it is given)"),
        ("effects", allowed.EFFECTS, "random effects, or one common effect"),
        ("transform", allowed.TRANSFORMS, "the scale on which proportions are pooled"),
        ("tau2", allowed.TAU2_METHODS, "estimator of the between-study variance (default: reml)"),
        ("interval", allowed.INTERVALS, "interval of the mean (default: hartung-knapp; t for models of the counts)"),
        ("prediction", allowed.PREDICTIONS, "prediction interval for a further study"),
        ("continuity-to", allowed.CONTINUITY_TO, "which studies receive the continuity correction"),
        ("tau2-interval", allowed.TAU2_INTERVALS, "interval of the between-study variance (default: profile)"),
        ("back-transformation", allowed.BACK_TRANSFORMATIONS, "the way back from the double arcsine"),
    ):
        # A model and an estimator are left open, so that what is given can tell the model.
        default = None if name in ("model", "tau2") else getattr(defaults, name.replace("-", "_"))
        about += f" (default: {default})" if default else ""
        command.add_argument(f"--{name}", choices=words, default=default, help=about)
    command.add_argument("--continuity", type=float, default=defaults.continuity, metavar="NUMBER", help="what is added to events and to non-events (default: 0.5)")  # fmt: skip
    command.add_argument("--level", type=float, default=defaults.level, metavar="NUMBER", help="level of all intervals (default: 0.95)")  # fmt: skip
    command.add_argument("--format", choices=("text", "csv", "json"), default="text", help="how to answer (default: text)")  # fmt: skip
    command.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Answer one call of ``pool``; returns the exit status: 0 where every group has an estimate, 1 where one has none or the
    file has faults, 2 for a wrong call. Raises CallError for a file or a column that is not there."""
    words = {each.name: getattr(options, each.name) for each in fields(PoolingOptions) if hasattr(options, each.name)}
    try:
        chosen = PoolingOptions.chosen(**words)
    except SynthesisError as error:
        print(error, file=sys.stderr)
        return 2
    frame, problems, notes = read_studies(options.file, options.events, options.totals, options.by)
    if frame is None or problems:
        print(f"{options.file} has {len(problems)} {'problem' if len(problems) == 1 else 'problems'}; nothing was pooled.", file=sys.stderr)  # fmt: skip
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    from synthesis.pooling.categories import alike
    from synthesis.pooling.pooled import pool_groups

    for note in notes:
        print(note, file=sys.stderr)
    if _of_evidence(options.file):
        print(_UNGUARDED.format(file=options.file), file=sys.stderr)
    if unused := without_effect(chosen, words):
        print(f"--{unused.replace('_', '-')}", file=sys.stderr)
    table = pool_groups(frame, by=None if options.by is None else "group", **words)
    for lot in alike(table["group"]):
        print(
            f"{options.file}: the groups {' and '.join(map(repr, lot))} differ in spaces or capitals only, and were pooled apart.",
            file=sys.stderr,
        )
    _print(table, frame, words, options)
    remarked = table[table["estimate"].isna() | (table["k"] < 2)]
    for group, remark in zip(remarked["group"], remarked["remark"], strict=True):
        place = options.file if options.by is None else f"{options.file}, {options.by} {group}"
        print(f"{place}: {remark}", file=sys.stderr)
    return int(table["estimate"].isna().any())


def _of_evidence(path: str) -> bool:
    """Whether a file looks like a table of the evidence base, for which there are guard rails."""
    with open(path, encoding="utf-8-sig", errors="replace") as handle:
        header = set(handle.readline().strip().replace('"', "").split(","))
    return {"estimate_id", "indicator_id"} <= header or {"area_code", "suppression"} <= header


def _print(table: pd.DataFrame, frame: pd.DataFrame, words: dict, options: argparse.Namespace) -> None:
    if options.format == "json":
        print(json.dumps(records(table), indent=2, ensure_ascii=False, allow_nan=False))
    elif options.format == "csv":
        sys.stdout.write(table.to_csv(index=False, lineterminator="\n"))
    elif options.by is None:
        from synthesis.pooling.pooled import pool

        print(pool(frame["events"], frame["totals"], **words))
    else:
        print(groups_text(table, options.by, frame))


def groups_text(table: pd.DataFrame, caption: str, frame: pd.DataFrame) -> str:
    """Rows of `pool_groups` as a table for a terminal; below it what leads in each group of `frame`, and its remarks."""
    import pandas as pd

    from synthesis.numbers.leading import headline
    from synthesis.pooling.text import count, percent, span
    from synthesis.reports.display import text_table

    rows = table.to_dict("records")
    cells = pd.DataFrame(
        {
            caption: [str(row["group"]) for row in rows],
            "Studies": [str(row["k"]) for row in rows],
            "Events of people": ["–" if math.isnan(row["totals"]) else f"{count(row['events'])} of {count(row['totals'])}" for row in rows],
            "Pooled (interval)": [f"{percent(row['estimate'])} ({span(row['ci_low'], row['ci_high'])})" for row in rows],
            "A further study": [span(row["pi_low"], row["pi_high"]) for row in rows],
            "tau²": [_number(row["tau2"], ".4g") for row in rows],
            "I²": [_number(row["i2"], ".1f") for row in rows],
        }
    )  # fmt: skip
    share = (frame["events"] / frame["totals"]).groupby(frame["group"])
    low, high = share.min(), share.max()
    level = {"level": float(rows[0]["level"])} if rows else {}
    remarks = [
        f"{row['group']}: {headline(row['k'], row['estimate'], row['pi_low'], row['pi_high'], row['i2'], low[row['group']], high[row['group']], **level).text}"
        for row in rows
        if row["k"] > 1 and row["estimate"] == row["estimate"] and row["group"] in low
    ]
    remarks += [f"{row['group']}: {row['remark']}" for row in rows if isinstance(row["remark"], str)]
    return "\n".join([text_table(cells), *("\n" + "\n".join(textwrap.wrap(remark, 110)) for remark in remarks)])


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else f"{value:{form}}"


def records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as objects for JSON: every digit of a number, None where there is none."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


def read_studies(
    path: str, events: str, totals: str, by: str | None
) -> tuple[pd.DataFrame | None, list[str], list[str]]:
    """Counts of a CSV file as ``events, totals`` and, with `by`, ``group``; or every problem, a sentence each; and notes on
    rows that can be counts and hardly be studies (a line of totals, a row that stands twice).

    Raises CallError for a file or columns that are not there. Nothing is left out or put right silently: an empty cell, a
    text, a fraction, a negative count, more events than people are all named with their row, as a spreadsheet numbers it.
    """
    import pandas as pd

    from synthesis.evidence.files import read_raw

    if not Path(path).is_file():
        what = "is a folder, not a CSV file" if Path(path).is_dir() else "there is no such file"
        raise CallError(f"{path}: {what}.")
    if events == totals:
        raise CallError(f"--events and --totals both name the column {events!r}; they are two columns.")
    wanted = {name: Column(name, "text", "") for name in filter(None, (events, totals, by))}
    raw = read_raw(Path(path), Table(Path(path).name, "", "a study", (), wanted, required=True), any_columns=True)
    problems = [f"{path}{_place(each.row, each.column)}: {_for_users(each.message)}" for each in raw.problems if each.severity == "error"]  # fmt: skip
    if not raw.readable:
        return None, problems, []
    missing = [name for name in wanted if name not in raw.cells]
    if missing:
        raise CallError("\n".join(f"{path}: {_no_column(name, list(raw.cells))}" for name in missing))
    x, wrong_x = _counts(raw, events)
    n, wrong_n = _counts(raw, totals)
    found = [*wrong_x, *wrong_n, *_impossible(raw, x, n, events, totals)]
    if by is not None:
        empty = raw.rows[[not text.strip() for text in raw.text(by)]]
        found += [
            (row, f"{_place(row, by)}: is empty; write the name of a group") for row in empty if row not in raw.unsure
        ]
    problems += [f"{path}{said}" for _, said in sorted(found, key=lambda each: each[0])]
    frame = pd.DataFrame({"events": x, "totals": n})
    if by is not None:
        frame["group"] = raw.text(by).astype(str)
    return frame, problems, [f"{path}, {note}" for note in (*_totals_rows(raw, frame), *_repeated_rows(raw))]


def _totals_rows(raw: RawTable, frame: pd.DataFrame) -> list[str]:
    """Rows that are the sum of all others, or of all others of their group: who pools them counts everybody twice."""
    parts = [frame[["events", "totals"]], *([part for _, part in frame.groupby("group")] if "group" in frame else [])]
    found = set()
    for part in parts:
        counts = part[["events", "totals"]]
        if len(part) > 2:
            found |= set(part.index[(2 * counts == counts.sum()).all(axis=1)])
    said = (
        "its counts are the sum of the other rows; a line of totals is no study, and is to be deleted if this is one."
    )
    return [f"row {raw.rows[position]}: {said}" for position in sorted(found)]


def _repeated_rows(raw: RawTable) -> list[str]:
    """Rows that repeat another one cell for cell, where there is a cell beside the counts to tell studies apart."""
    first: dict[tuple, int] = {}
    said = []
    for row, cells in zip(
        raw.rows.tolist(), zip(*(codes for _, codes in raw.cells.values()), strict=True), strict=True
    ):
        if first.setdefault(cells, row) != row and len(raw.cells) > 2:
            said.append(f"row {row} says the same as row {first[cells]} in every cell and was pooled too; delete it if it is one study.")  # fmt: skip
    return said


def _counts(raw: RawTable, column: str) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """The column as numbers (missing where a cell is none), and what is wrong, by row."""
    import numpy as np

    from synthesis.pooling.counts import ALLOWED, no_count, read_counts

    values, codes = raw.cells[column]
    numbers, _ = read_counts(values)
    wrong = []
    for position in np.flatnonzero(np.isnan(numbers)[codes]):
        row, text = int(raw.rows[position]), str(values[codes[position]])
        found = no_count(text) if text.strip() else "is empty, and a missing count is not 0"
        if row not in raw.unsure:
            wrong.append((row, f"{_place(row, column)}: {found}; allowed is {ALLOWED}. Mend it or delete the row."))
    return numbers[codes], wrong


def _impossible(raw: RawTable, x: np.ndarray, n: np.ndarray, events: str, totals: str) -> list[tuple[int, str]]:
    """Rows whose counts are numbers but cannot be."""
    wrong = []
    for row, some, whole in zip(raw.rows.tolist(), x, n, strict=True):
        if row in raw.unsure:
            continue
        if whole == 0:
            wrong.append((row, f"{_place(row, totals)}: is 0; allowed are totals above 0. Mend it or delete the row."))
        elif some > whole:
            said = f"{some:.0f} events of {whole:.0f}; allowed are 0 to {whole:.0f} events. Mend it or delete the row."
            wrong.append((row, f"{_place(row, events)}: {said}"))
    return wrong


def _for_users(message: str) -> str:
    """A user's own file has no last good copy to restore."""
    return message.replace("; restore it from the last good copy", ": it holds no studies")


def _place(row: int | None, column: str) -> str:
    return (f", row {row}" if row is not None else "") + (f", column {column}" if column else "")


def _no_column(name: str, held: list[str]) -> str:
    near = difflib.get_close_matches(name, held, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    # A file that is no table has a header of anything: what could move a terminal's cursor is shown, not sent.
    shown = "".join(letter if letter.isprintable() else "?" for letter in ", ".join(held))
    return f"there is no column {name!r}; there are {shown}.{meant}"
