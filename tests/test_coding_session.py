"""A coder's session without a screen: what is written, when, and what nobody else's work suffers by it."""

from __future__ import annotations

import csv
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from small import small_base

from synthesis import check, read_evidence
from synthesis.coding import coder_rows
from synthesis.coding.readings import findings_read, read_without_code
from synthesis.coding.session import STALE, CodingSession, Given
from synthesis.evidence.schema import SynthesisError
from synthesis.evidence.tables import read_table, write_table

ROW = "{},person,Coded every finding from its paraphrase,coder-1;coder-2;adjudicator,2,yes,\n"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"judgements/{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def own(folder: Path, coder: str = "coder-3", finding: str = "") -> list[dict[str, str]]:
    return [r for r in rows(folder, "codings") if r["coder"] == coder and finding in ("", r["finding_id"])]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """Three studies of the shipped evidence, with two people added to its coders."""
    base = small_base(tmp_path_factory.mktemp("base"))
    with (base / "judgements/coders.csv").open("a", encoding="utf-8") as handle:
        handle.write(ROW.format("coder-3") + ROW.format("coder-4"))
    return base


@pytest.fixture
def folder(base, tmp_path) -> Path:
    return shutil.copytree(base, tmp_path / "data")


@pytest.fixture
def start(folder):
    """``start("coder-3")``: a session, as a freshly started program would open it."""
    return lambda coder="coder-3", **how: CodingSession(read_evidence(folder), coder, **how)


def test_codes_are_written_as_they_are_given_in_their_order(folder, start):
    session = start()
    session.add("past_held_against")
    assert [r["code_id"] for r in own(folder)] == ["past_held_against"]
    session.add("trauma_abuse")
    finding = session.finding_id
    assert own(folder) == [
        {"finding_id": finding, "code_id": code, "coder": "coder-3", "rank": rank, "confidence": "", "negative_case": "no",
         "codebook_version": "2", "note": ""}
        for code, rank in (("past_held_against", "1"), ("trauma_abuse", "2"))
    ]  # fmt: skip


def test_the_work_of_others_stays_byte_for_byte(folder, start):
    files = ("codings", "readings", "memos")
    before = {name: (folder / f"judgements/{name}.csv").read_text().splitlines() for name in files}
    session = start()
    for code in ("past_held_against", "trauma_abuse"):
        session.add(code)
        session.set_memo("A remark, with a comma")
        session.next()
    for name in files:
        after = (folder / f"judgements/{name}.csv").read_text().splitlines()
        assert [line for line in after if "coder-3" not in line] == before[name]
        assert len(after) == len(before[name]) + 2
    assert check(folder).ok


def test_two_people_may_code_at_the_same_time(folder, start):
    one, two = start("coder-3"), start("coder-4")
    for session, code in ((one, "advocacy"), (two, "concealing"), (one, "hardship"), (two, "advocacy")):
        session.add(code)
        session.next()
    given = {coder: [r["code_id"] for r in own(folder, coder)] for coder in ("coder-3", "coder-4")}
    assert given == {"coder-3": ["advocacy", "hardship"], "coder-4": ["concealing", "advocacy"]}
    assert one.n_read == two.n_read == 2


def test_a_session_resumes_at_the_first_finding_that_was_not_read(folder, start):
    session = start()
    order = session.order
    for _ in range(3):
        session.next()
    session.add("advocacy")  # given, but not done with
    again = start()
    assert again.finding_id == order[3]
    assert [given.code_id for given in again.given] == ["advocacy"]
    assert again.n_read == 3


def test_a_session_resumes_from_the_files_even_where_the_evidence_was_read_before(folder):
    evidence = read_evidence(folder)
    first = CodingSession(evidence, "coder-3")
    first.add("advocacy")
    first.next()
    again = CodingSession(evidence, "coder-3")
    assert (again.at, again.n_read) == (1, 1)
    again.back()
    assert [given.code_id for given in again.given] == ["advocacy"]


def test_a_finding_left_without_a_code_is_recorded_as_read(folder, start):
    session = start()
    left, opened = session.order[:2]
    session.next()
    evidence = read_evidence(folder)
    assert read_without_code(evidence, "coder-3") == [left]
    assert opened not in set(findings_read(evidence).query("coder == 'coder-3'")["finding_id"])


def test_going_back_records_nothing_and_keeps_what_was_given(folder, start):
    session = start()
    session.add("advocacy")
    session.next()
    session.back()
    assert (session.n_read, [given.code_id for given in session.given]) == (1, ["advocacy"])
    assert not session.back()
    assert session.first_unread()
    assert session.at == 1


def test_at_the_end_everything_is_read_and_the_last_finding_stays_open(folder, start):
    session = start()
    moved = [session.next() for _ in session.order]
    assert moved == [True] * (len(session.order) - 1) + [False]
    assert session.n_read == len(session.order) == len({r["finding_id"] for r in rows(folder, "readings") if r["coder"] == "coder-3"})  # fmt: skip
    again = start()
    assert again.finding_id == session.order[-1]
    assert not again.first_unread()


def test_ranks_follow_the_order_and_a_code_can_be_raised(folder, start):
    session = start()
    for code in ("advocacy", "concealing", "hardship"):
        session.add(code)
    session.raise_rank()
    assert [(r["rank"], r["code_id"]) for r in own(folder)] == [("1", "advocacy"), ("2", "hardship"), ("3", "concealing")]  # fmt: skip
    assert session.given[session.chosen].code_id == "hardship"
    session.raise_rank()
    session.raise_rank()  # the first stays the first
    assert [given.code_id for given in session.given] == ["hardship", "advocacy", "concealing"]
    session.remove(0)
    assert [(r["rank"], r["code_id"]) for r in own(folder)] == [("1", "advocacy"), ("2", "concealing")]


def test_confidence_negative_case_and_note_belong_to_one_code(folder, start):
    session = start()
    session.add("advocacy")
    session.add("concealing")
    session.set_confidence("low")
    session.toggle_negative_case()
    session.choose(0)
    session.set_confidence("high")
    session.set_note("two\nlines, one cell ")
    held = [(r["code_id"], r["confidence"], r["negative_case"], r["note"]) for r in own(folder)]
    assert held == [("advocacy", "high", "no", "two lines, one cell"), ("concealing", "low", "yes", "")]
    session.choose(1)
    session.toggle_negative_case()
    session.set_note("", 0)
    assert [(r["negative_case"], r["note"]) for r in own(folder)] == [("no", ""), ("no", "")]
    assert start().given == session.given


def test_confidence_that_was_not_given_is_empty_not_medium(folder, start):
    start().add("advocacy")
    assert own(folder)[0]["confidence"] == ""


def test_backspace_takes_back_the_last_code_and_undo_every_change(folder, start):
    session = start()
    session.add("advocacy")
    session.add("concealing")
    session.set_confidence("high")
    session.remove()
    assert [r["code_id"] for r in own(folder)] == ["advocacy"]
    states = []
    while session.undo():
        states.append([(given.code_id, given.confidence) for given in session.given])
    assert states == [
        [("advocacy", None), ("concealing", "high")],
        [("advocacy", None), ("concealing", None)],
        [("advocacy", None)],
        [],
    ]
    assert own(folder) == []


def test_a_code_that_stays_keeps_the_codebook_version_it_was_given_by(folder, start):
    session = start()
    session.add("advocacy")
    path = folder / "judgements/codings.csv"
    path.write_text(path.read_text().replace("advocacy,coder-3,1,,no,2,", "advocacy,coder-3,1,,no,1,"))
    session = start()
    session.add("concealing")
    assert {r["code_id"]: r["codebook_version"] for r in own(folder)} == {"advocacy": "1", "concealing": "2"}


def test_a_memo_goes_to_the_memos_under_the_coders_name(folder, start):
    session = start()
    session.add("advocacy")
    session.set_memo("Speaking up is work.")
    (memo,) = [r for r in rows(folder, "memos") if r["written_by"] == "coder-3"]
    assert (memo["about"], memo["memo"], memo["finding_ids"]) == (
        "advocacy",
        "Speaking up is work.",
        session.finding_id,
    )
    numbers = [r["memo_id"] for r in rows(folder, "memos")]
    assert len(set(numbers)) == len(numbers)
    session.set_memo("Speaking up is unpaid work.", "unpaid work")
    assert [(r["memo_id"], r["about"]) for r in rows(folder, "memos") if r["written_by"] == "coder-3"] == [(memo["memo_id"], "unpaid work")]  # fmt: skip
    assert start().memo == session.memo
    session.set_memo(" ")
    assert session.memo is None
    assert not [r for r in rows(folder, "memos") if r["written_by"] == "coder-3"]


def test_nothing_of_others_can_be_seen_in_a_session(folder, start):
    session = start()
    coded = {r["finding_id"] for r in rows(folder, "codings")}
    assert set(session.order) & coded, "the others have coded these findings"
    seen = []
    while True:
        seen.append((session.given, session.memo))
        if not session.next():
            break
    assert seen == [((), None)] * len(session.order)
    assert not hasattr(session, "evidence") and not hasattr(session, "codings")


def test_a_code_that_is_not_in_the_codebook_is_refused(folder, start):
    session = start()
    with pytest.raises(SynthesisError, match=r"no code 'concealin' in the codebook\. Did you mean concealing"):
        session.add("concealin")
    session.add("concealing")
    with pytest.raises(SynthesisError, match="Concealing difficulties was given to this finding already"):
        session.add("concealing")
    with pytest.raises(SynthesisError, match="'sure' is no level of confidence; there are high, medium, low"):
        session.set_confidence("sure")
    assert session.given == (Given("concealing", 2),)


@pytest.mark.parametrize("act", ["remove", "raise_rank", "toggle_negative_case"])
def test_what_speaks_of_a_code_needs_one(start, act):
    with pytest.raises(SynthesisError, match="no code yet: give it one first"):
        getattr(start(), act)()


@pytest.mark.parametrize(
    ("coder", "why"),
    [
        ("nobody", "There is no coder 'nobody' in the table coders"),
        ("agreed", "'agreed' is the settled set of codes, not a coder"),
        ("coder-1", "'coder-1' is a language model"),
    ],
)
def test_who_may_not_code_is_told_how_to_add_a_row(folder, start, coder, why):
    with pytest.raises(SynthesisError) as refused:
        start(coder)
    said = str(refused.value)
    assert why in said and "people who may code: coder-3, coder-4" in said
    row = said.rpartition("for example: ")[2]
    with (folder / "judgements/coders.csv").open("a", encoding="utf-8") as handle:
        handle.write(row.replace("coder-3,person", "coder-5,person") + "\n")
    assert start("coder-5").n_read == 0, "the row that the message gives is a good row"


def test_the_order_is_that_of_the_findings_or_a_lasting_one_of_the_coders_own(evidence):
    people = evidence.coders.assign(kind="person")
    evidence = type(evidence)(evidence.folder, {**evidence.frames, "coders": people})
    plain = CodingSession(evidence, "coder-1").order
    assert plain == list(evidence.findings["finding_id"])
    one, two = (CodingSession(evidence, each, shuffle=True).order for each in ("coder-1", "coder-2"))
    assert sorted(one) == sorted(two) == sorted(plain)
    assert plain != one != two != plain
    study = evidence.findings.set_index("finding_id")["study_id"]
    together = study[one]
    assert (together != together.shift()).sum() == study.nunique(), "findings of a study stay together"
    code = "from synthesis import read_evidence as r; from synthesis.coding import session as c; import dataclasses as d; e = r('data'); print(c._order(e, 'coder-1', None, True)[:9])"
    run = [sys.executable, "-c", code]
    said = subprocess.run(run, cwd=evidence.folder.parent, check=True, capture_output=True, text=True).stdout
    assert said.strip() == str(one[:9])


def test_a_part_of_the_findings_can_be_coded(start):
    some = start().order[2:4]
    session = start(findings=some)
    assert session.order == some
    with pytest.raises(SynthesisError, match="The table findings does not hold nothing-f1"):
        start(findings=["nothing-f1"])
    with pytest.raises(SynthesisError, match="no finding to code"):
        start(findings=[])


@pytest.mark.parametrize("step", ["add", "set_memo", "next"])
def test_a_full_disk_leaves_the_old_files_whole_and_the_session_as_it_was(folder, start, step, monkeypatch):
    session = start()
    session.add("advocacy")
    before = {path.name: path.read_bytes() for path in (folder / "judgements").iterdir()}
    state = session.finding_id, session.given, session.memo, session.n_read
    real = os.fdopen

    class Full:
        """A file on a disk that fills up half-way through a write."""

        def __init__(self, handle):
            self.handle = handle

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.handle.close()

        def write(self, content):
            self.handle.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("synthesis.evidence.files.os.fdopen", lambda *given: Full(real(*given)))
    with pytest.raises(
        SynthesisError, match=r"could not be written \(No space left on device\); the old file is untouched"
    ):
        {"add": lambda: session.add("concealing"), "set_memo": lambda: session.set_memo("x"), "next": session.next}[
            step
        ]()
    assert {path.name: path.read_bytes() for path in (folder / "judgements").iterdir()} == before
    assert (session.finding_id, session.given, session.memo, session.n_read) == state
    monkeypatch.setattr("synthesis.evidence.files.os.fdopen", real)
    session.next()
    assert start().n_read == 1


def test_a_table_that_somebody_broke_meanwhile_is_not_written_over(folder, start):
    session = start()
    path = folder / "judgements/codings.csv"
    spoilt = path.read_text().replace("finding_id,", "colour,finding_id,", 1).replace("\n", "\nblue,")[: -len("blue,")]
    path.write_text(spoilt)
    with pytest.raises(SynthesisError, match="the column 'colour' is not in the schema"):
        session.add("advocacy")
    assert path.read_text() == spoilt


def test_a_lock_that_a_dead_session_left_is_taken_over_and_a_living_one_waited_for(folder, start, monkeypatch):
    session, lock = start(), folder / "judgements/.coding.lock"
    lock.touch()
    monkeypatch.setattr("synthesis.coding.session.WAIT", 0.1)
    with pytest.raises(SynthesisError, match="Another session is writing"):
        session.add("advocacy")
    os.utime(lock, (0, lock.stat().st_mtime - STALE - 1))
    session.add("advocacy")
    assert [r["code_id"] for r in own(folder)] == ["advocacy"]
    assert not lock.exists()


def test_many_sessions_at_once_lose_nothing(folder):
    """Two programs that give and record without pause: each must find all of its own at the end."""
    code = (
        "import sys; from synthesis import read_evidence; from synthesis.coding.session import CodingSession\n"
        "s = CodingSession(read_evidence(sys.argv[1]), sys.argv[2])\n"
        "for _ in s.order:\n    s.add('advocacy'); s.next()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, folder, each]) for each in ("coder-3", "coder-4")]
    assert [each.wait(120) for each in running] == [0, 0]
    n = len(rows(folder, "codings")) and len(read_evidence(folder).findings)
    assert [len(own(folder, each)) for each in ("coder-3", "coder-4")] == [n, n]
    assert len([r for r in rows(folder, "readings") if r["coder"] in ("coder-3", "coder-4")]) == 2 * n


def test_a_review_without_any_coding_yet_can_be_started(folder, start):
    for name in ("readings", "memos"):
        (folder / f"judgements/{name}.csv").unlink()
    path = folder / "judgements/codings.csv"
    path.write_text(path.read_text().partition("\n")[0] + "\n" + path.read_text().split("\n")[1] + "\n")
    session = start()
    session.add("advocacy")
    session.set_memo("The first one.")
    session.next()
    assert [(r["finding_id"], r["coder"]) for r in rows(folder, "readings")] == [(session.order[0], "coder-3")]
    assert [r["memo_id"] for r in rows(folder, "memos")] == ["M01"]


def test_a_step_reads_the_table_again_only_where_somebody_else_wrote_it(folder, start, monkeypatch):
    session, read = start(), []
    whole = coder_rows.read_table
    monkeypatch.setattr(coder_rows, "read_table", lambda name, where: read.append(name) or whole(name, where))
    for code in ("past_held_against", "trauma_abuse"):
        session.add(code)
        session.next()
    assert read == []
    start("coder-4").add("stigma")
    read.clear()
    session.add("isolation")
    assert read == ["codings"]
    assert [r["code_id"] for r in own(folder, "coder-4")] == ["stigma"]


def test_what_is_written_step_by_step_is_what_writing_the_whole_table_gives(folder, start):
    """Other coders' cells with line breaks, commas and quotation marks come through, and so does their order."""
    codings = read_table("codings", folder)
    notes = ['Two\nlines, and "quoted"', "a, b", "\n".join("three")]
    write_table(codings.assign(note=[notes[at % 3] for at in range(len(codings))]), "codings", folder)
    session = start()
    for code in ("stigma", "past_held_against", "stigma", "isolation"):
        session.add(code)
        session.set_note('Mine, "so"')
        session.raise_rank() if len(session.given) > 1 else session.next()
    session.first_unread()
    session.add("trauma_abuse")
    session.remove()
    stepwise = (folder / "judgements/codings.csv").read_bytes()
    findings = {each: at for at, each in enumerate(read_evidence(folder).findings["finding_id"])}
    coders = {each: at for at, each in enumerate(read_evidence(folder).coders["coder_id"])}
    held = read_table("codings", folder)
    order = pd.DataFrame({"f": held["finding_id"].map(findings), "c": held["coder"].map(coders), "r": held["rank"]})
    assert order.sort_values(["f", "c", "r"], kind="stable").index.equals(held.index)
    write_table(held, "codings", folder)
    assert (folder / "judgements/codings.csv").read_bytes() == stepwise
    assert set(held.loc[held["coder"] != "coder-3", "note"]) == set(notes)
    assert len(held[held["coder"] != "coder-3"]) == len(codings)
