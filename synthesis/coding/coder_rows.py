"""One coder's rows of a table, changed a finding at a time and on disk at every step, on a table of any size.

The file on disk is the truth. It is read and checked whole when this program has not yet seen it as it stands, and kept as
the text of each finding's rows; as long as nobody else writes it, a step checks and prints anew the rows of one finding.
The file is written whole or not at all all the same.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from synthesis.evidence.files import csv_bytes, write_bytes
from synthesis.evidence.schema import table
from synthesis.evidence.tables import as_text, read_table, table_text

#: What tells a file from the one that was there before: its number on disk, the moment of its last change, its size.
Seen = tuple[int, int, int] | None


class RowsByFinding:
    """A table with ``finding_id`` and ``coder``, of which one coder's rows are read and replaced finding by finding.

    Parameters
    ----------
    name, folder : the table, and the data folder in which it stands.
    coder : whose rows may be replaced.
    findings, coders : identifiers in the order in which rows are kept, so that who worked first leaves no trace.

    Every method raises `EvidenceError` where somebody has left the table with faults; then nothing is written.
    """

    def __init__(self, name: str, folder: Path, coder: str, findings: Sequence[str], coders: Sequence[str]) -> None:
        self.name, self.folder, self.coder = name, folder, coder
        self.path, self.columns = folder / table(name).file, list(table(name).columns)
        self._order = {finding: place for place, finding in enumerate(findings)}
        self._coders = {each: place for place, each in enumerate(coders)}
        self._blocks: dict[str, bytes] = {}
        self._held: set[str] = set()
        self._loaded = False
        self._seen: Seen = None

    def held(self) -> set[str]:
        """Findings of which the table holds a row of this coder."""
        self._refresh()
        return set(self._held)

    def own(self, finding: str) -> list[dict[str, str]]:
        """This coder's rows of one finding as the text of their cells, in order."""
        self._refresh()
        return [row for row in self._rows(finding) if row["coder"] == self.coder]

    def replace(self, finding: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Put rows in the place of this coder's rows of one finding; the others stay as they are.

        To be called alone in the folder (`working_alone`). Raises EvidenceError for a row at fault, and SynthesisError
        where the file cannot be written; then the old file stands, and so does what this object knows of it.
        """
        self._refresh()
        new = table_text(pd.DataFrame(list(rows), columns=self.columns), self.name).to_dict("records")
        both = [row for row in self._rows(finding) if row["coder"] != self.coder] + new
        both.sort(key=lambda row: (self._coders.get(row["coder"], len(self._coders)), int(row.get("rank") or 0)))
        blocks = self._blocks if finding in self._blocks else self._with_place(finding)
        blocks = {**blocks, finding: csv_bytes(pd.DataFrame(both, columns=self.columns)).partition(b"\n")[2]}
        header = ",".join(self.columns).encode() + b"\n"
        write_bytes(header + b"".join(blocks.values()), self.path)
        self._blocks, self._seen = blocks, self._as_it_stands()
        self._held = self._held | {finding} if new else self._held - {finding}

    def _rows(self, finding: str) -> list[dict[str, str]]:
        block = self._blocks.get(finding)
        if not block:
            return []
        frame = pd.read_csv(io.BytesIO(block), header=None, names=self.columns, dtype=str, na_filter=False)
        return [{str(column): str(cell) for column, cell in row.items()} for row in frame.to_dict("records")]

    def _with_place(self, finding: str) -> dict[str, bytes]:
        """The rows with room for those of one more finding, at its place among the others."""
        after = len(self._order)
        places = sorted([*self._blocks, finding], key=lambda each: self._order.get(each, after))
        return {each: self._blocks.get(each, b"") for each in places}

    def _refresh(self) -> None:
        """Read the table where it is not the one that this object read or wrote last."""
        now = self._as_it_stands()  # before reading: what is written meanwhile is then read again
        if self._loaded and now == self._seen:
            return
        frame = self._sorted(read_table(self.name, self.folder))
        self._blocks = _blocks(as_text(frame)[self.columns])
        self._held = set(frame.loc[frame["coder"] == self.coder, "finding_id"])
        self._loaded, self._seen = True, now

    def _as_it_stands(self) -> Seen:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _sorted(self, frame: pd.DataFrame) -> pd.DataFrame:
        places = {"finding": frame["finding_id"].map(self._order), "coder": frame["coder"].map(self._coders)}
        by = pd.DataFrame(places | ({"rank": frame["rank"]} if "rank" in frame else {}))
        return frame.loc[by.sort_values(list(by), kind="stable").index]


def _blocks(text: pd.DataFrame) -> dict[str, bytes]:
    """The lines of a sorted table, those of one finding together."""
    if text.empty:
        return {}
    lines = csv_bytes(text).split(b"\n")[1:-1]
    broken = pd.Series(0, index=text.index)
    if len(lines) != len(text):  # a line break inside a cell makes a row of two lines
        broken = sum((text[column].str.count("\n") for column in text), start=broken)
    ends = np.cumsum(1 + broken.to_numpy(dtype=np.int64))
    finding = text["finding_id"].to_numpy(dtype=object)
    last = np.flatnonzero(np.r_[finding[1:] != finding[:-1], True])
    starts = np.r_[0, ends[last[:-1]]]
    return {
        finding[at]: b"\n".join(lines[start:end]) + b"\n"
        for at, start, end in zip(last, starts, ends[last], strict=True)
    }
