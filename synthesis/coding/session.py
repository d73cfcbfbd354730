"""One coder's way through the findings: which is open, what was given to it, and every step written to disk at once.

`CodingSession` holds no screen: `coding.widget` draws it in JupyterLab, and a test or another program can drive it as well.
The files are the truth: every change is made on what stands on disk at that moment, and written whole or not at all, so that
coders who work in one folder at the same time do not undo each other's work. What other coders gave, the settled set and
other people's memos are read only to be written back unchanged; no method or attribute tells them.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from synthesis.coding.coder_rows import RowsByFinding
from synthesis.evidence.basis import made_from
from synthesis.evidence.schema import CallError, SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence, codebook_version, read_table, write_table

#: Seconds to wait for another coder's write, and after which a lock was left behind by a session that died.
WAIT, STALE = 10.0, 60.0


@dataclass(frozen=True, slots=True)
class Given:
    """A code given to a finding; its rank is its place in the list. ``version`` is that of the codebook it was given by."""

    code_id: str
    version: int
    confidence: str | None = None
    negative_case: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Memo:
    """A coder's memo on one finding: what it is about (a code or a topic) and what it says."""

    memo_id: str
    about: str
    memo: str


class CodingSession:
    """A coder working through findings, resumed where the files say that the coder stopped.

    Parameters
    ----------
    evidence : the evidence base; its folder is written to.
    coder : a row of ``coders`` of kind ``person``.
    findings : identifiers of the findings to code, such as a sample for double coding; default all.
    shuffle : whether studies come in an order of the coder's own, the same in every session. It spreads tiredness and
        growing familiarity over different findings for each coder; findings of one study stay together, in order.

    Raises CallError for a coder who may not code, and for a finding that is not there.
    """

    def __init__(
        self, evidence: Evidence, coder: str, findings: Collection[str] | None = None, shuffle: bool = False
    ) -> None:
        _check_coder(evidence, coder)
        self.coder, self.folder = coder, evidence.folder.resolve()
        self.findings = evidence.findings.set_index("finding_id", drop=False)
        self.studies = evidence.studies.set_index("study_id", drop=False)
        self.codebook = evidence.codebook.set_index("code_id", drop=False)
        self.themes = evidence.themes.set_index("theme_id")["name"].to_dict()
        self.version = codebook_version(evidence)
        self.order = _order(evidence, coder, findings, shuffle)
        kept = coder, list(self.findings.index), list(evidence.coders["coder_id"])
        self._codings, self._readings = (RowsByFinding(name, self.folder, *kept) for name in ("codings", "readings"))
        self.memo: Memo | None = None
        self._before: list[tuple[Given, ...]] = []
        self._open(0)
        self.first_unread()

    # ------------------------------------------------------------------ where the coder is

    @property
    def finding_id(self) -> str:
        """The finding that is open."""
        return self.order[self.at]

    @property
    def n_read(self) -> int:
        """Findings of this session's order that the coder is done with."""
        return len(self.read & set(self.order))

    def next(self) -> bool:
        """Record the open finding as read and open the next one; False where it was the last of the order."""
        self._record_reading()
        last = self.at + 1 == len(self.order)
        if not last:
            self._open(self.at + 1)
        return not last

    def back(self) -> bool:
        """Open the finding before this one, without recording anything; False where there is none."""
        if self.at:
            self._open(self.at - 1)
            return True
        return False

    def first_unread(self) -> bool:
        """Open the first finding that the coder is not done with; False (and the last one opened) where none is left."""
        left = [place for place, finding in enumerate(self.order) if finding not in self.read]
        self._open(left[0] if left else len(self.order) - 1)
        return bool(left)

    # ------------------------------------------------------------------ codes of the open finding

    def add(self, code_id: str) -> None:
        """Give the open finding a code, ranked last, and choose it. Refuses an unknown code, and one that it has already."""
        if code_id not in self.codebook.index:
            near = difflib.get_close_matches(code_id, self.codebook.index, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise SynthesisError(f"There is no code {code_id!r} in the codebook.{hint}")
        if code_id in [given.code_id for given in self.given]:
            raise SynthesisError(f"{self.codebook.at[code_id, 'name']} was given to this finding already.")
        self._change(lambda given: (*_without(given, code_id), Given(code_id, self.version)))
        self.choose(len(self.given) - 1)

    def remove(self, place: int | None = None) -> None:
        """Take back the code at a place, counted from 0; default the last one."""
        code_id = self._code(len(self.given) - 1 if place is None else place)
        self._change(lambda given: _without(given, code_id))
        self.choose(min(self.chosen, len(self.given) - 1))

    def choose(self, place: int) -> None:
        """Choose the code that confidence, negative case, note and rank speak of."""
        self.chosen = max(0, min(place, len(self.given) - 1))

    def raise_rank(self, place: int | None = None) -> None:
        """Move a code (default the chosen one) up by one rank; the first is the primary code."""
        at = self.chosen if place is None else place
        code_id = self._code(at)
        self._change(lambda given: _raised(given, code_id))
        self.choose(at - 1)

    def set_confidence(self, word: str, place: int | None = None) -> None:
        """Say how sure the coder is of a code (default the chosen one): a word of ``coding_confidence``."""
        allowed = vocabularies()["coding_confidence"]
        if word not in allowed:
            raise SynthesisError(f"{word!r} is no level of confidence; there are {', '.join(allowed)}.")
        self._edit(place, confidence=word)

    def toggle_negative_case(self, place: int | None = None) -> None:
        """Say that the finding runs against a code (default the chosen one), or take that back."""
        at = self.chosen if place is None else place
        code_id = self._code(at)
        self._edit(at, negative_case=not any(one.negative_case for one in self.given if one.code_id == code_id))

    def set_note(self, text: str, place: int | None = None) -> None:
        """Write the remark on a code (default the chosen one); an empty text deletes it."""
        self._edit(place, note=_text(text))

    def undo(self) -> bool:
        """Take back the last change to the open finding's codes in this session; False where there is none."""
        if not self._before:
            return False
        *earlier, before = self._before
        self._change(lambda _: before)
        self._before = earlier
        self.choose(len(self.given) - 1)
        return True

    # ------------------------------------------------------------------ memo of the open finding

    def set_memo(self, memo: str, about: str = "") -> None:
        """Write the coder's memo on the open finding; an empty memo deletes it.

        `about` is a code or a topic; default what the memo was about, else the primary code, else the finding itself.
        """
        text, finding = _text(memo), self.finding_id
        subject = _text(about) or (self.memo.about if self.memo else None)
        subject = subject or (self.given[0].code_id if self.given else finding)
        with working_alone(self.folder):
            memos = read_table("memos", self.folder)
            old = self._own_memos(memos, finding)
            if text is None:
                write_table(memos[~old], "memos", self.folder)
                self.memo = None
                return
            memo_id = str(memos.loc[old, "memo_id"].iloc[0]) if old.any() else _new_memo_id(memos)
            row = {"memo_id": memo_id, "written_by": self.coder, "about": subject, "memo": text, "finding_ids": finding}
            if old.any():
                memos.loc[old, list(row)] = list(row.values())
            else:
                memos = made_from(pd.concat([memos, pd.DataFrame([row])], ignore_index=True), memos, "memos")
            write_table(memos, "memos", self.folder)
        self.memo = Memo(memo_id, subject, text)

    # ------------------------------------------------------------------ to and from the files

    def _open(self, place: int) -> None:
        """Open a finding as the files hold it now."""
        memos, self.read = read_table("memos", self.folder), self._readings.held()
        self.given, self.at = self._own(self.order[place]), place
        own = memos[self._own_memos(memos, self.finding_id)]
        self.memo = next((Memo(row.memo_id, row.about, row.memo) for row in own.itertuples()), None)
        self._before = []
        self.choose(len(self.given) - 1)

    def _own(self, finding: str) -> tuple[Given, ...]:
        return tuple(
            Given(
                row["code_id"],
                int(row["codebook_version"]),
                _text(row["confidence"]),
                row["negative_case"] == "yes",
                _text(row["note"]),
            )
            for row in self._codings.own(finding)
        )

    def _own_memos(self, memos: pd.DataFrame, finding: str) -> pd.Series:
        return (memos["written_by"] == self.coder) & (memos["finding_ids"] == finding)

    def _code(self, place: int) -> str:
        if not 0 <= place < len(self.given):
            raise SynthesisError("This finding has no code yet: give it one first.")
        return self.given[place].code_id

    def _edit(self, place: int | None, **new: Any) -> None:
        code_id = self._code(self.chosen if place is None else place)
        self._change(lambda given: tuple(replace(one, **new) if one.code_id == code_id else one for one in given))

    def _change(self, change: Callable[[tuple[Given, ...]], tuple[Given, ...]]) -> None:
        """Change the codes of the open finding, on disk first: what could not be written is not shown as given."""
        finding = self.finding_id
        with working_alone(self.folder):
            before = self._own(finding)
            after = change(before)
            if after != before:
                self._codings.replace(finding, self._rows(finding, after))
                self._before.append(before)
        self.given = after

    def _rows(self, finding: str, given: tuple[Given, ...]) -> list[dict[str, object]]:
        return [
            {
                "finding_id": finding, "code_id": one.code_id, "coder": self.coder, "rank": rank,
                "confidence": one.confidence, "negative_case": one.negative_case, "codebook_version": one.version,
                "note": one.note,
            }
            for rank, one in enumerate(given, 1)
        ]  # fmt: skip

    def _record_reading(self) -> None:
        finding, today = self.finding_id, pd.Timestamp(dt.date.today())
        with working_alone(self.folder):
            self._readings.replace(finding, [{"finding_id": finding, "coder": self.coder, "date": today}])
        self.read.add(finding)


def _without(given: tuple[Given, ...], code_id: str) -> tuple[Given, ...]:
    return tuple(one for one in given if one.code_id != code_id)


def _raised(given: tuple[Given, ...], code_id: str) -> tuple[Given, ...]:
    """The codes with one of them a rank higher."""
    at = next((place for place, one in enumerate(given) if one.code_id == code_id), 0)
    return given if at == 0 else (*given[: at - 1], given[at], given[at - 1], *given[at + 1 :])


def _check_coder(evidence: Evidence, coder: str) -> None:
    """Refuse whoever may not code: an unknown coder, the settled set, and a program's pass, which a person must not alter."""
    coders = evidence.coders.set_index("coder_id")
    if coder in coders.index and coders.at[coder, "kind"] == "person":
        return
    people = list(coders.index[coders["kind"] == "person"])
    who = (
        f"{coder!r} is {vocabularies()['coder_kind'][coders.at[coder, 'kind']]} in the table coders"
        if coder in coders.index
        else f"There is no coder {coder!r} in the table coders"
    )
    others = ";".join(coders.index[coders["kind"] != "agreed_set"])
    raise CallError(
        f"{who}; {'people who may code: ' + ', '.join(people) if people else 'no person is listed there yet'}. To code, add "
        "a row for yourself to judgements/coders.csv, under a name that does not identify you, and read the evidence again, "
        f"for example: coder-3,person,Coded every finding from its paraphrase,{others},{codebook_version(evidence)},yes,"
    )


def _order(evidence: Evidence, coder: str, findings: Collection[str] | None, shuffle: bool) -> list[str]:
    table = evidence.findings
    if findings is not None:
        unknown = sorted(set(findings) - set(table["finding_id"]))
        if unknown:
            raise CallError(f"The table findings does not hold {', '.join(unknown)}.")
        table = table[table["finding_id"].isin(set(findings))]
    if table.empty:
        raise CallError("There is no finding to code.")
    if shuffle:
        # A digest and not a random generator: a study that is added later does not move the others about.
        own = table["study_id"].map(lambda study: hashlib.sha256(f"{coder}\0{study}".encode()).hexdigest())
        table = table.loc[own.sort_values(kind="stable").index]
    return list(table["finding_id"])


def _text(value: object) -> str | None:
    """A cell's text on one line, or None where it is empty."""
    if not isinstance(value, str):
        return None
    return re.sub(r"\s+", " ", value).strip() or None


def _new_memo_id(memos: pd.DataFrame) -> str:
    numbers = memos["memo_id"].str.extract(r"^M(\d+)$")[0].dropna().astype(int)
    return f"M{max(numbers, default=0) + 1:02d}"


@contextmanager
def working_alone(folder: Path) -> Iterator[None]:
    """Hold the folder's coding lock: between reading a table and writing it back, nobody else codes."""
    lock, until = folder / "judgements" / ".coding.lock", time.monotonic() + WAIT
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if _age(lock) > STALE:
                lock.unlink(missing_ok=True)
            elif time.monotonic() > until:
                raise SynthesisError(f"Another session is writing to {folder}; nothing was saved. Try again.") from None
            time.sleep(0.02)
        except OSError as error:
            raise SynthesisError(f"{folder} cannot be written to ({error.strerror}); nothing was saved.") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
