"""Returned forms into the table ``feedback``: every comment arrives, or the files are refused with the reason.

`feedback_files` tells what a file is, `feedback_rows` makes rows of a form, and here they become tables to write, or nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from synthesis.evidence.schema import CallError, Problem, SynthesisError, counted
from synthesis.evidence.schema import table as table_of
from synthesis.evidence.tables import Evidence, check_rows
from synthesis.packs.feedback_files import read_form
from synthesis.packs.feedback_rows import Batch, FeedbackChoices, add_form, names_of
from synthesis.packs.forms import Form
from synthesis.packs.repeated_forms import answered_otherwise, forms_of_one_copy, said_again


@dataclass(frozen=True)
class ReceivedFeedback:
    """What returned forms brought. Nothing is written yet: `tables` says what to write.

    ``n_read`` counts answers and comments in the files, ``n_new`` those that were not stored before.
    """

    evidence: Evidence
    n_read: int
    n_new: int
    remarks: list[str]
    changes: tuple[str, ...] = ()

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables to write."""
        return {name: self.evidence[name] for name in self.changes}


def receive_feedback(
    evidence: Evidence,
    paths: Sequence[str | Path],
    choices: FeedbackChoices | None = None,
    today: dt.date | None = None,
) -> ReceivedFeedback:
    """Put returned forms (.xlsx, .docx, .csv) into the table ``feedback``; all of the files, or none.

    A comment that is stored already is not stored again: its identifier is made from pack, group, copy, question and text.
    Raises CallError for a file that is not there or options that contradict each other, and SynthesisError with every
    reason for which a file cannot be taken, flagged personal details among them.
    """
    choices = choices or FeedbackChoices()
    if choices.blank and choices.keep:
        raise CallError("Say either --blank-flagged or --accept-flagged, not both.")
    if choices.marked not in ("", "take", "leave"):
        raise CallError(f"Marked answers can be taken or left (take, leave); {choices.marked!r} is neither.")
    if not paths:
        raise CallError("Name at least one file that was sent back.")
    day, batch = pd.Timestamp(today or dt.date.today()), Batch(rounds=evidence.rounds)
    forms: list[tuple[Path, Form]] = []
    for path in map(Path, paths):
        with _told(batch, path):
            forms.append((path, read_form(path, evidence)))
    batch.names = names_of(form for _, form in forms)
    for path, form in forms:
        with _told(batch, path):
            add_form(evidence, batch, path.name, form, choices, day)
    return _received(evidence, batch)


@contextmanager
def _told(batch: Batch, path: Path) -> Iterator[None]:
    """Every reason against a file is put to the problems of the batch."""
    try:
        yield
    except CallError:
        raise
    except SynthesisError as error:
        batch.problems += [f"{path.name}: {_reason(line, path)}" for line in str(error).splitlines()]


def _reason(line: str, path: Path) -> str:
    """A reason as it follows the name of the file."""
    return line.removeprefix(f"{path} ").replace(str(path), path.name)


def _in_its_file(batch: Batch, rows: pd.DataFrame, problem: Problem) -> str:
    """A problem of a row, with the file and the place in it where the row stood."""
    row = rows.loc[problem.row] if problem.row in rows.index else rows.iloc[0]
    return f"{batch.files[row['comment_id']]}, {row['place']}: {problem.message}"


def _received(evidence: Evidence, batch: Batch) -> ReceivedFeedback:
    problems = [*batch.problems, *forms_of_one_copy(batch.forms)]
    if batch.unsure:
        problems += [
            *batch.unsure,
            f"{counted(len(batch.unsure), 'answer')} may be meant by these marks. Look at each, then repeat the call: "
            "--take-marked takes them as answers, --leave-marked leaves them out. Or tick the boxes in the file.",
        ]
    if batch.flagged:
        problems += [
            *batch.flagged,
            f"{counted(len(batch.flagged), 'comment')} may show who somebody is. Look at each, then repeat the call: "
            "--blank-flagged blacks these details out, --accept-flagged REASON keeps them and records the reason.",
        ]
    table, with_rounds = evidence.feedback, evidence.with_tables(rounds=batch.rounds)
    rows = pd.DataFrame(batch.rows, columns=list(table.columns)).drop_duplicates("comment_id")
    fresh = rows[~rows["comment_id"].isin(set(table["comment_id"]))].reset_index(drop=True)
    if len(fresh):
        typed, found = check_rows(with_rounds, "feedback", fresh)
        problems += [_in_its_file(batch, fresh, problem) for problem in found if problem.severity == "error"]
        problems += answered_otherwise(table, fresh, batch.files, table_of("feedback").file)
        batch.remarks += said_again(table, fresh, batch.files)
        fresh = typed
    if problems:
        raise SynthesisError("Nothing was stored.\n" + "\n".join(problems))
    if stored := len(batch.rows) - len(fresh):
        said = f"{counted(stored, 'answer is', 'answers are')} stored already or stand twice; they were not added again. If they came from another person of the same group, give --copy with a number for each form."  # fmt: skip
        batch.remarks.append(said)
    both = pd.concat([table, fresh.astype(table.dtypes.to_dict())], ignore_index=True) if len(table) else fresh
    later = with_rounds.with_tables(feedback=both if len(fresh) else table)
    changes = (*(("rounds",) if batch.rounds is not evidence.rounds else ()), *(("feedback",) if len(fresh) else ()))
    return ReceivedFeedback(later, len(batch.rows), len(fresh), batch.remarks, changes)  # fmt: skip
