"""A plan without a spreadsheet: by call, and what the form shows and takes, without a browser (`tests/browser` looks at it)."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from filled_plan import AREA, STAGES, TODAY, FilledPlan

import synthesis
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.planning.form import PlanAnswers, _widget_class, form_view, plan_form, take
from synthesis.planning.plans import read_plans
from synthesis.planning.reading import read_plan

PACKAGE = Path(synthesis.__file__).parent / "planning"
GIVEN = {"stage": "begun", "note": "minutes of the board", "owner": "commissioning lead", "action_date": "2027-03-01"}


@pytest.fixture
def answers(evidence) -> PlanAnswers:
    return PlanAnswers(evidence, AREA, STAGES, "2025-06-01")


def test_answers_by_call_make_the_same_plan_as_a_sheet(evidence, answers, tmp_path):
    answers.answer("SI081", "begun", "minutes of the board", "commissioning lead", "2027-03-01")
    answers.answer("PT033", "does not apply")
    filled = FilledPlan(evidence).on().put("SI081", *GIVEN.values()).put("PT033", "does not apply")
    sheet = read_plan(evidence, filled.saved(tmp_path / "a.xlsx"), today=TODAY)
    pd.testing.assert_frame_equal(answers.plan(), sheet.table)


def test_an_answer_is_changed_in_part_and_taken_back(answers):
    answers.answer("SI081", "begun", "minutes of the board")
    answers.answer("SI081", owner="commissioning lead")
    answers.answer("SI081", stage="")
    row = answers.table().set_index("item_id").loc["SI081"]
    assert (row["stage"], row["note"], row["owner"]) == ("not answered", "minutes of the board", "commissioning lead")


def test_a_faulty_answer_is_refused_with_everything_that_is_wrong_and_nothing_is_taken(answers):
    with pytest.raises(SynthesisError) as stopped:
        answers.answer("SI081", "nearly", "ask a.body@council.example", "Jane Example", "soon")
    for part in ("SI081, column Stage: “nearly”", "e-mail address", "column Owner (a role): name", "“soon” is no day"):
        assert part in str(stopped.value)
    assert not answers.given
    with pytest.raises(CallError, match="There is no item 'XX1'"):
        answers.answer("XX1", "begun")


def test_a_scale_and_an_area_are_asked_for(evidence):
    with pytest.raises(CallError, match="numeric levels were not visible"):
        PlanAnswers(evidence, AREA)
    with pytest.raises(CallError, match="Say whose plan it is"):
        PlanAnswers(evidence, stages=STAGES)


def test_a_stored_plan_is_gone_on_with_and_replaced_by_its_own_day_alone(evidence, answers, tmp_path):
    answers.answer("SI081", "planned")
    path = answers.save(tmp_path)
    again = PlanAnswers(evidence, plan=read_plans(path))
    again.answer("SI081", "begun")
    assert again.save(tmp_path) == path
    assert read_plans(tmp_path).set_index("item_id").loc["SI081", "stage"] == "begun"
    stranger = PlanAnswers(evidence, AREA, STAGES, "2025-06-01")
    with pytest.raises(CallError, match="holds other answers"):
        stranger.save(tmp_path)
    later = PlanAnswers(evidence, day="2025-07-01", plan=read_plans(path))
    assert later.save(tmp_path).name == "plan_exampleton_2025-07-01.csv"
    with pytest.raises(CallError, match="The plan is of 'Exampleton'"):
        PlanAnswers(evidence, "Elsewhere", plan=read_plans(path))


def test_what_somebody_else_stored_since_is_not_replaced(evidence, answers, tmp_path):
    answers.answer("SI081", "planned")
    path = answers.save(tmp_path)
    mine, theirs = (PlanAnswers(evidence, plan=read_plans(path)) for _ in range(2))
    theirs.answer("SI082", "begun")
    theirs.save(tmp_path)
    stored = path.read_bytes()
    mine.answer("SI081", "begun")
    for stale in (mine, answers):
        stale.answer("SI081", "begun")
        with pytest.raises(CallError, match=r"has changed since these answers were read from it\. Nothing was stored"):
            stale.save(tmp_path)
    assert path.read_bytes() == stored
    path.write_bytes(stored.replace(b"\n", b"\r\n"))  # saved by a spreadsheet program: it says the same
    theirs.answer("SI081", "begun")
    theirs.save(tmp_path)
    assert read_plans(path).set_index("item_id").loc[["SI081", "SI082"], "stage"].tolist() == ["begun", "begun"]


def test_a_plan_is_not_kept_in_the_data_folder(evidence, answers):
    answers.answer("SI081", "planned")
    for folder in (evidence.folder, evidence.folder / "judgements"):
        before = sorted(folder.iterdir())
        with pytest.raises(CallError, match="lies in the data folder"):
            answers.save(folder)
        assert sorted(folder.iterdir()) == before


# ---------------------------------------------------------------- the form


def test_the_form_shows_every_item_with_its_source_and_what_was_answered(evidence, answers):
    answers.answer("SI081", **GIVEN)
    shown = form_view(answers)
    assert [item["item_id"] for item in shown["items"]] == list(answers.items["item_id"])
    assert all(item["source"] for item in shown["items"])
    assert shown["stages"] == [*STAGES, "does not apply"]
    assert shown["given"] == {"SI081": GIVEN}
    assert "provisional" in shown["status"]
    json.dumps(shown)


def test_what_the_form_sends_is_stored_whole_or_not_at_all(answers, tmp_path):
    sent = {"day": "2025-06-01", "given": {"SI081": GIVEN, "SI082": {"stage": "nearly", "owner": "jane"}}}
    outcome = take(answers, tmp_path, sent)
    assert outcome["said"] == ""
    assert outcome["faults"][0] == "Nothing was stored."
    assert outcome["faults"][1].startswith("SI082, column Stage: “nearly” is no stage")
    assert not [line for line in outcome["faults"] if "--" in line]
    assert not list(tmp_path.iterdir())
    sent["given"]["SI082"]["stage"] = "planned"
    outcome = take(answers, tmp_path, {**sent, "keep": "a nickname of the board"})
    assert re.fullmatch(
        r"Stored at \d\d:\d\d:\d\d in .*plan_exampleton_2025-06-01.csv: 2 of 22 answered\.", outcome["said"]
    )
    assert take(answers, tmp_path, {**sent, "blank": True})["faults"] == []  # what this form stored, it may replace
    assert read_plans(tmp_path).set_index("item_id").loc["SI082", "owner"] == "[removed: name or unknown role]"


def test_without_jupyterlab_the_form_says_what_to_do_and_names_the_way_by_call(evidence, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    _widget_class.cache_clear()
    with pytest.raises(SynthesisError, match=r"synthesis\.PlanAnswers"):
        plan_form(evidence, tmp_path, AREA, STAGES)
    with pytest.raises(CallError, match="is not there; make it first"):
        plan_form(evidence, tmp_path / "nowhere", AREA, STAGES)
    _widget_class.cache_clear()


def test_the_form_fetches_nothing_and_writes_text_never_markup():
    script = (PACKAGE / "form.js").read_text(encoding="utf-8")
    style = (PACKAGE / "form.css").read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!\")|\bimport\b|innerHTML|eval|fetch\(", script)
    assert not re.search(r"url\(|@import", style)
