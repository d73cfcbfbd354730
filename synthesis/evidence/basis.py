"""Which state of its file a table was made from: what somebody else saved since must not be written over.

The state travels with the frame, in ``DataFrame.attrs``. pandas keeps it through selecting, sorting, assigning and renaming,
and drops it where frames of different origin are joined; a frame that has lost it may still be written where it takes
nothing away (see `tables.write_tables`). A state is a fingerprint of the file's bytes, so that two tables with equal
states rest on the same file whatever clocks and copies say.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

#: The fingerprint of a file that is not there.
ABSENT = "absent"
_KEY = "read from"


def fingerprint(content: bytes) -> str:
    """A short text that two files share only where every byte of them is the same."""
    return hashlib.sha256(content).hexdigest()


def file_fingerprint(path: Path) -> str:
    """The fingerprint of a file as it is now; `ABSENT` where there is none."""
    try:
        return fingerprint(path.read_bytes())
    except FileNotFoundError:
        return ABSENT


def known_states(frame: pd.DataFrame, name: str) -> frozenset[str]:
    """The states of the file of table `name` that a frame takes in: that it was made from, and those it was written as."""
    table, *states = str(frame.attrs.get(_KEY, "")).split(" ")
    return frozenset(states) if table == name else frozenset()


def add_state(frame: pd.DataFrame, name: str, state: str) -> pd.DataFrame:
    """The same frame, which from now on takes in that state of the file of table `name`, too."""
    frame.attrs[_KEY] = " ".join([name, *sorted({state, *known_states(frame, name)})])
    return frame


def made_from(frame: pd.DataFrame, before: pd.DataFrame, name: str) -> pd.DataFrame:
    """The frame as a later state of `before`, the table `name`; a frame that knows what it was made from keeps that."""
    if frame is before or known_states(frame, name) or not known_states(before, name):
        return frame
    later = frame.copy(deep=False)
    later.attrs[_KEY] = before.attrs[_KEY]
    return later
