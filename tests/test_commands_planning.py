"""`synthesis plan`: from a sheet to next steps, by the command line. The area is INVENTED."""

from __future__ import annotations

import json

import pytest
from filled_plan import AREA, STAGES, FilledPlan
from plain import DATA

from synthesis.cli import main


@pytest.fixture(scope="module", autouse=True)
def read_once(evidence):
    """The evidence is the shipped one in every call here, and reading it takes longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synthesis.evidence.tables.read_evidence", lambda folder: evidence)
        yield


@pytest.fixture(scope="module")
def folder(evidence, tmp_path_factory):
    """Two sheets as a team filled them in, and an empty folder for its plans."""
    place = tmp_path_factory.mktemp("team")
    (place / "plans").mkdir()
    FilledPlan(evidence).on("2025-03-01").put("SI081", "planned").put("SI095", "begun").saved(place / "march.xlsx")
    FilledPlan(evidence).on("2025-09-01").put("SI081", "begun").put("SI095", "begun").saved(place / "september.xlsx")
    return place


def call(*words: str) -> int:
    return main(["plan", words[0], "--data", str(DATA), *map(str, words[1:])])


@pytest.fixture(scope="module")
def plans(folder):
    assert call("read", folder / "march.xlsx", folder / "september.xlsx", "--into", folder / "plans") == 0
    return folder / "plans"


def test_a_sheet_is_not_made_without_a_scale_and_an_area(folder, capsys):
    assert call("new", "--area", AREA, "--out", folder / "new.xlsx") == 2
    assert "numeric levels were not visible" in capsys.readouterr().err
    assert call("new", "--stages", ",".join(STAGES), "--out", folder / "new.xlsx") == 2
    assert "Say whose plan it is" in capsys.readouterr().err
    assert not (folder / "new.xlsx").exists()


def test_a_new_sheet_is_written_once_and_from_an_earlier_plan(folder, plans, capsys):
    assert call("new", "--area", AREA, "--stages", ",".join(STAGES), "--out", folder / "new.xlsx") == 0
    assert call("new", "--area", AREA, "--stages", ",".join(STAGES), "--out", folder / "new.xlsx") == 2
    assert "--force" in capsys.readouterr().err
    assert call("new", "--from", plans / "plan_exampleton_2025-03-01.csv", "--out", folder / "again.xlsx") == 0


def test_reading_twice_adds_nothing_and_says_so(folder, plans, capsys):
    before = {path.name: path.read_bytes() for path in plans.iterdir()}
    assert sorted(before) == ["plan_exampleton_2025-03-01.csv", "plan_exampleton_2025-09-01.csv"]
    assert call("read", folder / "march.xlsx", "--into", plans) == 0
    assert "2 of 22 items answered; stored already, nothing was added" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in plans.iterdir()} == before


def test_import_sends_a_planning_sheet_to_the_right_command(folder, capsys):
    assert main(["import", "--data", str(DATA), str(folder / "march.xlsx"), "--check-only"]) == 2
    assert "is a planning sheet; `synthesis plan read" in capsys.readouterr().err


def test_several_files_are_stored_all_or_none(evidence, folder, tmp_path, capsys):
    bad = FilledPlan(evidence).on("2025-04-01").put("SI081", "nearly").saved(tmp_path / "bad.xlsx")
    worse = FilledPlan(evidence).saved(tmp_path / "worse.xlsx")
    assert call("read", folder / "march.xlsx", bad, worse, "--into", tmp_path) == 1
    said = capsys.readouterr().err
    assert "bad.xlsx, sheet Plan, row 3, column Stage: “nearly” is no stage" in said
    assert "worse.xlsx, sheet Plan, row 2, column Stage: the day of the assessment is not given" in said
    assert not list(tmp_path.glob("*.csv"))
    assert call("read", folder / "march.xlsx", folder / "march.xlsx", "--into", tmp_path) == 1
    assert "Two of the files hold the plan plan_exampleton_2025-03-01.csv" in capsys.readouterr().err
    assert call("read", folder / "march.xlsx", "--into", tmp_path / "nowhere" / "plans") == 2
    assert "the folder above it is not there" in capsys.readouterr().err
    assert call("read", folder / "march.xlsx", "--into", tmp_path / "plans", "--check-only") == 0
    assert not (tmp_path / "plans").exists()
    assert call("read", folder / "march.xlsx", "--into", tmp_path / "plans") == 0
    assert len(list((tmp_path / "plans").glob("*.csv"))) == 1


def test_checking_stores_nothing(folder, tmp_path, capsys):
    assert call("read", folder / "march.xlsx", "--into", tmp_path, "--check-only") == 0
    assert "Nothing was stored." in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_plans_are_not_read_into_the_data_folder(folder, capsys):
    before = sorted(DATA.rglob("*"))
    for into in (DATA, DATA / "judgements", DATA / "plans"):
        assert call("read", folder / "march.xlsx", "--into", into) == 2
        assert "lies in the data folder" in capsys.readouterr().err
    assert sorted(DATA.rglob("*")) == before


def test_progress_is_counted_and_drawn(plans, tmp_path, capsys):
    assert call("progress", plans, "--format", "json", "--figure", tmp_path / "progress") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["n_items"] for row in rows if row["stage"] == "begun"] == [1, 2]
    assert (tmp_path / "progress.svg").is_file()
    (tmp_path / "progress.svg").unlink()
    (tmp_path / "progress.png").write_bytes(b"my own picture")
    assert call("progress", plans, "--figure", tmp_path / "progress") == 2
    assert "progress.png is there already; name another file, or replace it with --force" in capsys.readouterr().err
    assert (tmp_path / "progress.png").read_bytes() == b"my own picture"
    assert not (tmp_path / "progress.svg").exists()
    assert call("progress", plans, "--figure", tmp_path / "progress", "--force") == 0
    assert (tmp_path / "progress.svg").is_file()
    capsys.readouterr()
    assert call("progress", plans, "--by-domain") == 0
    assert "Strategic planning" in capsys.readouterr().out
    assert call("progress", plans, "--figure", tmp_path / "no" / "where") == 2


def test_two_plans_are_compared_item_by_item(plans, capsys):
    assert call("compare", *sorted(plans.iterdir())) == 0
    told = capsys.readouterr()
    assert "moved up" in told.out
    assert "moved up: 1 of 22 items (a later stage in the second plan)." in told.err


def test_next_steps_say_what_they_leave_out_and_that_they_are_provisional(plans, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # a narrow terminal breaks words over lines
    plan = plans / "plan_exampleton_2025-09-01.csv"
    assert call("next", plan) == 0
    told = capsys.readouterr()
    assert "2 of 22 items are answered and not settled. 20 are not answered" in told.err
    assert "RF16" in told.out and "Confidence in the finding" in " ".join(told.out.split())
    assert "RC020" not in told.out, "recommendations are counted"
    assert call("next", plan, "--full") == 0
    full = capsys.readouterr().out
    assert "RC020" in full and "answers RF16" in " ".join(full.split())
    assert "no linked evidence" in told.out
    assert "provisional" in told.out
    assert call("next", plan, "--settled-from", "begun", "--format", "csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert call("next", plan, "--settled-from", "done") == 2


def test_no_cell_sends_control_characters_to_the_terminal(evidence, tmp_path, capsys):
    path = FilledPlan(evidence).on("2025-03-01").as_csv(tmp_path / "a.csv")
    text = path.read_text(encoding="utf-8").replace("SI081", "SI\x1b[31m081", 1)
    path.write_text(text, encoding="utf-8")
    assert call("read", path, "--into", tmp_path) == 1
    assert "\x1b" not in capsys.readouterr().err
