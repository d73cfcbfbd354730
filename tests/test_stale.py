"""Evidence that is older than the files: what somebody saved meanwhile is not written over, and the message says what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from small import small_base

from synthesis import EvidenceError, SynthesisError, check, read_evidence, rename_code, write_table, write_tables
from synthesis.coding.session import CodingSession
from synthesis.evidence.schema import table
from synthesis.evidence.tables import Evidence, read_table

N = 16
WHY = {"reason": "Easier to find in the list.", "proposed_by": "adjudicator"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = small_base(tmp_path_factory.mktemp("small") / "data")
    people = table("coders").file
    with (folder / people).open("a", encoding="utf-8") as handle:
        handle.write("reader-a,person,Coded from the paraphrase,,1,yes,\n")
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


def colleague_codes(folder: Path, n: int = N) -> None:
    """Somebody else goes through findings on the coder's screen meanwhile: a code and a memo for each."""
    session = CodingSession(read_evidence(folder), "reader-a")
    for _ in range(n):
        session.add(session.codebook.index[0])
        session.set_memo("What I thought on reading this.", session.finding_id)
        session.next()


def changed_by(before: Evidence, after: Evidence) -> dict[str, pd.DataFrame]:
    return {name: after[name] for name in after if after[name] is not before[name]}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_codings_and_memos_that_a_colleague_saved_since_are_not_written_over(folder):
    evidence = read_evidence(folder)
    code = evidence.codings["code_id"].iloc[0]
    after = rename_code(evidence, code, new_id="another_id", **WHY)
    changed = changed_by(evidence, after) | {"memos": evidence.memos.iloc[:0]}
    assert {"codings", "codebook", "memos"} <= set(changed)
    colleague_codes(folder)
    before = contents(folder)
    with pytest.raises(SynthesisError) as refused:
        write_tables(changed, folder)
    said = str(refused.value)
    for name in ("codings", "memos"):
        path = folder / table(name).file
        assert f"{path} has changed since it was read; " in said
    assert "codebook.csv" not in said
    assert said.startswith("Nothing was written.")
    assert "Read the evidence again (read_evidence), make the change on what it holds now" in said
    assert contents(folder) == before
    assert check(folder).ok


def test_the_message_counts_the_rows_that_would_be_lost(folder):
    evidence = read_evidence(folder)
    colleague_codes(folder, 3)
    with pytest.raises(
        SynthesisError, match=r"codings\.csv has changed since it was read; 3 rows of it are not in the"
    ):
        write_table(evidence.codings, "codings", folder)


def test_the_change_made_again_on_what_the_files_hold_now_is_written(folder):
    colleague_codes(folder)
    evidence = read_evidence(folder)
    code = evidence.codings.loc[evidence.codings["coder"] == "reader-a", "code_id"].iloc[0]
    write_tables(changed_by(evidence, rename_code(evidence, code, new_id="another_id", **WHY)), folder)
    now = read_evidence(folder)
    assert (now.codings["coder"] == "reader-a").sum() == N
    assert len(now.memos) == len(evidence.memos)
    assert check(folder).ok


def test_a_change_elsewhere_stops_nothing(folder):
    evidence = read_evidence(folder)
    colleague_codes(folder, 1)
    write_table(evidence.uncoded.iloc[:0], "uncoded", folder)
    assert len(read_table("uncoded", folder)) == 0


def test_what_was_written_may_be_written_again_but_the_evidence_before_it_is_older_now(folder):
    evidence = read_evidence(folder)
    first = rename_code(evidence, evidence.codebook["code_id"].iloc[0], new_name="One name", **WHY)
    write_tables(changed_by(evidence, first), folder)
    second = rename_code(first, evidence.codebook["code_id"].iloc[1], new_name="Another name", **WHY)
    write_tables(changed_by(first, second), folder)
    assert {"One name", "Another name"} <= set(read_evidence(folder).codebook["name"])
    third = rename_code(evidence, evidence.codebook["code_id"].iloc[2], new_name="A third name", **WHY)
    with pytest.raises(SynthesisError, match="has changed since it was read"):
        write_tables(changed_by(evidence, third), folder)


def test_a_frame_written_twice_in_a_session_is_not_taken_for_an_older_one(folder):
    frame = read_evidence(folder).uncoded
    for reason in ("one reason that is given", "another reason that is given"):
        frame.loc[0, "reason"] = reason
        write_table(frame, "uncoded", folder)
    assert read_table("uncoded", folder)["reason"].iloc[0] == "another reason that is given"


def test_a_table_that_was_not_there_when_the_evidence_was_read_is_not_replaced(folder):
    path = folder / table("memos").file
    content = path.read_bytes()
    path.unlink()
    evidence = read_evidence(folder)
    path.write_bytes(content)
    with pytest.raises(SynthesisError, match=r"memos\.csv has changed since it was read"):
        write_table(evidence.memos, "memos", folder)
    assert path.read_bytes() == content


def test_a_table_of_a_header_alone_is_filled(folder):
    path = folder / table("uncoded").file
    rows = read_table("uncoded", folder)
    header = path.read_bytes().partition(b"\n")[0] + b"\n"
    for content in (header, b""):
        path.write_bytes(content)
        write_table(pd.DataFrame(rows.to_dict("records")), "uncoded", folder)
        assert len(read_table("uncoded", folder)) == len(rows)


# ---------------------------------------------------------------- frames that do not know what they were made from


def joined(frame: pd.DataFrame, *more: pd.DataFrame) -> pd.DataFrame:
    """Frames put together as people do it: what pandas knows of their origin is lost."""
    last = pd.DataFrame(frame.tail(1).to_dict("records"))
    whole = pd.concat([frame.iloc[:-1], last, *more], ignore_index=True)
    assert not whole.attrs
    return whole


def test_rows_may_be_added_to_a_table_of_unknown_origin(folder):
    rows = read_table("uncoded", folder)
    new = rows.head(1).assign(finding_id=read_evidence(folder).findings["finding_id"].iloc[0])
    assert not rows["finding_id"].isin(new["finding_id"]).any()
    write_table(joined(rows, new), "uncoded", folder)
    assert len(read_table("uncoded", folder)) == len(rows) + 1


def test_a_table_of_unknown_origin_takes_no_row_away_until_it_is_said_what_it_was_made_from(folder):
    evidence = read_evidence(folder)
    fewer = joined(evidence.codings.iloc[2:])
    before = contents(folder)
    with pytest.raises(SynthesisError) as refused:
        write_table(fewer, "codings", folder)
    assert "which state of the file the new table was made from; 2 rows of it are not in the new table" in str(
        refused.value
    )
    assert "name it with base=evidence" in str(refused.value)
    assert contents(folder) == before
    write_table(fewer, "codings", folder, base=evidence)
    assert len(read_table("codings", folder)) == len(evidence.codings) - 2
    write_table(fewer.iloc[1:], "codings", folder)
    assert len(read_table("codings", folder)) == len(evidence.codings) - 3


def test_older_evidence_named_as_the_base_is_refused_and_newer_evidence_does_not_vouch_for_an_older_table(folder):
    older = read_evidence(folder)
    colleague_codes(folder, 1)
    newer = read_evidence(folder)
    with pytest.raises(SynthesisError, match="has changed since it was read"):
        write_table(joined(older.codings), "codings", folder, base=older)
    with pytest.raises(SynthesisError, match="has changed since it was read"):
        write_table(older.codings, "codings", folder, base=newer)
    assert (read_table("codings", folder)["coder"] == "reader-a").any()


def test_a_table_keeps_its_origin_through_what_people_do_with_it(folder):
    frame = read_evidence(folder).codings
    done = frame[frame["rank"] == 1].assign(note="seen").sort_values("finding_id").reset_index(drop=True)
    write_table(done.drop_duplicates(), "codings", folder)
    assert len(read_table("codings", folder)) == (frame["rank"] == 1).sum() < len(frame)


def test_evidence_with_other_tables_keeps_what_they_were_made_from(folder):
    evidence = read_evidence(folder)
    fewer = joined(evidence.codings.iloc[1:])
    later = evidence.with_tables(codings=fewer)
    assert not fewer.attrs, "the frame that was given is left as it is"
    write_table(later.codings, "codings", folder)
    assert len(read_table("codings", folder)) == len(fewer)


def test_a_table_goes_into_another_folder_where_nothing_is_lost_by_it(folder, tmp_path):
    frame = read_evidence(folder).uncoded
    write_table(frame.head(1), "uncoded", tmp_path / "empty")
    with pytest.raises(SynthesisError, match="Nothing was written"):
        write_table(frame.tail(1), "uncoded", tmp_path / "empty")


# ---------------------------------------------------------------- what else a file may hold


def test_a_column_that_somebody_added_to_a_file_is_not_lost_by_writing(folder):
    path = folder / table("uncoded").file
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{header},opinion", *(f"{row},mine" for row in rows), ""]), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(EvidenceError) as refused:
        write_table(read_evidence(folder).uncoded, "uncoded", folder)
    assert "'opinion' is not in the schema" in str(refused.value)
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_read_is_not_replaced(folder):
    frame = pd.DataFrame(read_table("uncoded", folder).to_dict("records"))
    path = folder / table("uncoded").file
    path.write_bytes(b"PK\x03\x04 a workbook")
    with pytest.raises(SynthesisError, match="the file cannot be read as it is"):
        write_table(frame, "uncoded", folder)
    assert path.read_bytes() == b"PK\x03\x04 a workbook"


def test_what_changes_between_the_check_and_the_writing_is_seen(folder, monkeypatch):
    from synthesis.evidence import tables

    frame = read_evidence(folder).uncoded.iloc[:0]
    path = folder / table("uncoded").file
    keep = tables._keep_printed_digits

    def late(*given):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        keep(*given)

    monkeypatch.setattr(tables, "_keep_printed_digits", late)
    with pytest.raises(SynthesisError, match="has changed since it was read"):
        write_table(frame, "uncoded", folder)
    with pytest.raises(SynthesisError, match="not known which state"):
        write_table(pd.DataFrame(read_table("uncoded", folder).to_dict("records")), "uncoded", folder)
