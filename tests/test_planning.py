"""Plans over time, side by side, and what the evidence says of the items that are not settled. Areas are INVENTED."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from filled_plan import AREA, STAGES, TODAY

import synthesis
from synthesis.evidence.schema import CallError
from synthesis.planning.answers import Answer, Privacy, make_plan
from synthesis.planning.next_steps import next_steps, open_items
from synthesis.planning.plans import planning_items, stage_scale
from synthesis.planning.progress import CHANGES, change_counts, compare_plans, plan_progress
from synthesis.reports.figures import draw, progress_alt, progress_plot


def plan(evidence, day="2026-06-01", stages=STAGES, area=AREA, **said) -> pd.DataFrame:
    answers = [Answer(item, stage) for item, stage in said.items()]
    return make_plan(evidence, area, day, stage_scale(stages), answers, Privacy(), today=TODAY).table


@pytest.fixture(scope="module")
def spring(evidence) -> pd.DataFrame:
    return plan(evidence, SI081="planned", SI082="begun", SI083="in place", SI084="not started", SI095="planned", PT033="begun", SI088="does not apply", SI089="planned")  # fmt: skip


@pytest.fixture(scope="module")
def autumn(evidence) -> pd.DataFrame:
    return plan(evidence, "2026-11-01", SI081="begun", SI082="planned", SI083="in place", SI085="begun", SI095="planned", PT033="begun", SI088="does not apply", SI089="does not apply")  # fmt: skip


# ---------------------------------------------------------------- what is asked


def test_items_are_the_steps_then_the_elements_in_the_sources_order(evidence):
    items = planning_items(evidence)
    steps = evidence.guide_items[evidence.guide_items["kind"] == "step"]
    assert list(items.loc[items["kind"] == "step", "item_id"]) == list(steps["item_id"])
    assert list(items.loc[items["kind"] == "step", "item"]) == list(steps["statement"])
    chosen = evidence.planning_readings.query("use == 'item'")["planning_element_id"]
    rows = evidence.planning_elements.set_index("planning_element_id").loc[chosen]
    elements = items[items["kind"] == "element"]
    assert list(elements["item_id"]) == list(rows.index)
    assert all(item.endswith(said) for item, said in zip(elements["item"], rows["descriptor"], strict=True))
    assert list(elements["source_url"]) == list(rows["source_url"])
    assert items["locator"].notna().sum() == len(steps)


def test_every_row_about_planning_tools_has_a_use_and_a_reason(evidence):
    assert list(evidence.planning_readings["planning_element_id"]) == list(
        evidence.planning_elements["planning_element_id"]
    )


def test_without_elements_that_are_asked_about_the_steps_stand_alone(evidence, altered):
    none = altered(planning_readings=evidence.planning_readings.assign(use="background"))
    assert set(planning_items(none)["kind"]) == {"step"}


# ---------------------------------------------------------------- over time


def test_progress_counts_each_stage_of_how_many_and_what_is_not_answered_apart(spring):
    table = plan_progress(spring).set_index("stage")
    assert list(table.index) == [*STAGES, "does not apply", "not answered"]
    assert list(table["n_items"]) == [1, 3, 2, 1, 1, 14]
    assert set(table["of_items"]) == {22}
    assert list(table["stage_order"].dropna()) == [1, 2, 3, 4]
    assert pd.isna(table.loc["not answered", "stage_order"])


def test_progress_holds_several_areas_and_days_each_on_its_own_scale(evidence, spring, autumn):
    other = plan(evidence, area="Elsewhere", stages="no,yes", SI081="yes")
    table = plan_progress(pd.concat([spring, autumn, other]))
    assert table.groupby(["area", "date"])["n_items"].sum().eq(22).all()
    assert list(table.loc[table["area"] == "Elsewhere", "stage"]) == ["no", "yes", "does not apply", "not answered"]
    assert len(table) == 6 + 6 + 4


def test_progress_by_domain_adds_up_to_the_whole_in_the_sources_order(evidence, spring):
    table = plan_progress(spring, planning_items(evidence))
    assert table["n_items"].sum() == 22
    assert list(dict.fromkeys(table["domain"])) == list(dict.fromkeys(planning_items(evidence)["domain"]))
    first = table[table["domain"] == "Strategic planning"].set_index("stage")["n_items"]
    assert dict(first[first > 0]) == {"planned": 1, "begun": 1, "in place": 1}


def test_no_table_of_progress_holds_an_average(spring, autumn, evidence):
    for table in (plan_progress(pd.concat([spring, autumn])), compare_plans(evidence, spring, autumn)):
        assert not table.select_dtypes("float").shape[1]


def test_the_picture_shows_every_count_with_its_number_and_says_what_it_finds(evidence, spring, autumn):
    other = plan(evidence, area="$Elsewhere$ & <Co>", stages="no,yes", SI081="yes")
    table = plan_progress(pd.concat([spring, autumn, other]))
    ax = progress_plot(table)
    drawn = draw(ax, "Progress", progress_alt(table))
    pd.testing.assert_frame_equal(drawn.table, table)
    written = [text.get_text() for text in ax.texts]
    assert all(written.count(str(n)) >= (table["n_items"] == n).sum() for n in set(table["n_items"]))
    assert [
        word for word in (*STAGES, "does not apply", "not answered", "2026-06-01", "2026-11-01") if word not in written
    ] == []
    bars = {(bar.get_hatch(), bar.get_linestyle()) for bar in ax.patches}
    assert bars == {(None, "solid"), ("////", "solid"), (None, ":")}  # what is no stage differs by more than colour
    assert "Exampleton, of 22 items: on 2026-06-01 1 at the last stage, “in place”, and 14 not answered; on 2026-11-01 1 at" in drawn.alt  # fmt: skip
    assert "$Elsewhere$ & <Co>" in drawn.alt
    drawn.figure.canvas.draw()  # a dollar sign in a name is no formula


def test_the_picture_of_no_plans_says_so_and_none_is_drawn_by_domain(evidence, spring):
    empty = plan_progress(spring.iloc[:0])
    assert progress_alt(empty) == "Bars of progress: there are no plans to show."
    assert "There are no plans to show." in [text.get_text() for text in progress_plot(empty).texts]
    with pytest.raises(CallError, match="without items"):
        progress_plot(plan_progress(spring, planning_items(evidence)))


# ---------------------------------------------------------------- side by side


def test_two_days_on_one_scale_say_what_moved(evidence, spring, autumn):
    table = compare_plans(evidence, spring, autumn).set_index("item_id")["change"]
    assert {item: table[item] for item in ("SI081", "SI082", "SI083", "SI084", "SI085", "SI086", "SI088", "SI089")} == {
        "SI081": "moved up", "SI082": "moved down", "SI083": "same", "SI084": "no longer answered", "SI085": "now answered",
        "SI086": "not answered in either", "SI088": "same", "SI089": "does not apply",
    }  # fmt: skip
    counts = change_counts(compare_plans(evidence, spring, autumn))
    assert counts["n_items"].sum() == 22
    assert set(counts["of_items"]) == {22}
    assert list(counts["change"]) == [word for word in CHANGES if word in set(counts["change"])]


def test_two_scales_are_never_mapped_onto_each_other(evidence, spring):
    other = plan(evidence, area="Elsewhere", stages="not started,nearly,in place", SI083="in place", SI081="nearly")
    table = compare_plans(evidence, spring, other).set_index("item_id")
    assert table.loc["SI083", "change"] == "scales differ"
    assert list(table.loc["SI081", ["first_stage", "second_stage"]]) == ["planned", "nearly"]
    assert not set(table["change"]) & {"moved up", "moved down"}


def test_an_item_that_one_plan_does_not_hold_was_not_asked(evidence, spring, autumn):
    table = compare_plans(evidence, spring, autumn[autumn["item_id"] != "SI081"]).set_index("item_id").loc["SI081"]
    assert (table["second_stage"], table["change"]) == ("not asked", "not asked")


def test_items_that_the_review_no_longer_holds_stay_in_sight(evidence, spring, autumn):
    older = pd.concat([spring, spring.query("item_id == 'SI081'").assign(item_id="SI999")], ignore_index=True)
    row = compare_plans(evidence, older, autumn).set_index("item_id").loc["SI999"]
    assert (row["item"], row["first_stage"], row["change"]) == ("not in this review", "planned", "not asked")
    assert "SI999" in set(open_items(evidence, older)["item_id"])
    assert next_steps(evidence, older).set_index("item_id").loc["SI999", "evidence"] == "no link has been judged"
    table = plan_progress(older, planning_items(evidence))
    assert table.query("domain == 'not in this review'")["n_items"].sum() == 1


def test_a_plan_is_not_compared_with_itself_nor_several_with_one(evidence, spring, autumn):
    with pytest.raises(CallError, match="Both are the plan of Exampleton on 2026-06-01; name two"):
        compare_plans(evidence, spring, spring)
    with pytest.raises(CallError, match="One plan is wanted"):
        compare_plans(evidence, pd.concat([spring, autumn]), spring)


# ---------------------------------------------------------------- next steps


def test_next_steps_are_of_items_that_are_answered_and_not_settled(evidence, spring):
    assert list(open_items(evidence, spring)["item_id"]) == ["SI081", "SI082", "SI084", "SI089", "SI095", "PT033"]
    assert list(open_items(evidence, spring, "begun")["item_id"]) == ["SI081", "SI084", "SI089", "SI095"]
    with pytest.raises(CallError, match="There is no stage 'done' in this plan; its scale is not started, planned"):
        open_items(evidence, spring, "done")


def test_every_next_step_is_a_row_of_the_crosswalk_with_confidence_reason_and_source(evidence, spring):
    table = next_steps(evidence, spring)
    links = evidence.crosswalk.dropna(subset=["from_id", "to_id"]).set_index(["from_id", "to_id"]).sort_index()
    findings = table[table["kind"] == "review_finding"]
    assert not findings.empty
    for row in findings.itertuples():
        link = links.loc[(row.evidence_id, row.item_id)]
        assert (row.relation, row.reason, row.status) == (link["relation"], link["reason"], link["status"])
    said = table[table["kind"] == "recommendation"]
    assert not said.empty
    for row in said.itertuples():
        link = links.loc[(row.through, row.evidence_id)]
        assert (row.relation, row.reason) == (link["relation"], link["reason"])
    assert said[["source", "confidence", "status"]].notna().all(axis=None)
    confidence = evidence.confidence.set_index("review_finding_id")["overall"]
    assert all(row.confidence == confidence[row.through if row.kind == "recommendation" else row.evidence_id] for row in table[table["kind"] != "none"].itertuples())  # fmt: skip


def test_an_item_without_links_says_whether_that_was_judged(evidence, spring):
    bare = next_steps(evidence, spring).query("kind == 'none'").set_index("item_id")
    assert bare.loc["SI095", "evidence"] == "no linked evidence"
    assert bare.loc["SI095", "reason"] == "Local figures and evaluation: no review finding speaks of them."
    assert bare.loc["PT033", "evidence"] == "no link has been judged"


def test_a_plan_with_everything_settled_has_no_next_steps(evidence):
    table = next_steps(evidence, plan(evidence, SI081="in place"))
    assert table.empty
    assert "reason" in table


# ---------------------------------------------------------------- answers given in Python


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-06-01", (2026, 6, 1)), ("22/11/2026", (2026, 11, 22)), ("11.22.2026", (2026, 11, 22)), ("4/4/2026", (2026, 4, 4)), ("1 June 2026", (2026, 6, 1)), ("1st of Jun 2026", (2026, 6, 1)), ("2026-6-1 00:00:00", (2026, 6, 1))],
)  # fmt: skip
def test_days_that_can_mean_one_day_alone_are_taken(evidence, typed, day):
    assert plan(evidence, typed)["date"].iloc[0] == pd.Timestamp(dt.date(*day))


def test_no_data_of_any_area_ships(evidence):
    assert not [path for path in evidence.folder.rglob("*") if "plan_" in path.name]
    assert not [name for name in evidence if "area" in evidence[name] and "stage" in evidence[name]]


@pytest.mark.parametrize("name", ["planning_items", "planning_workbook", "read_plan", "read_plans", "store_plan", "plan_progress", "compare_plans", "change_counts", "next_steps", "open_items"])  # fmt: skip
def test_the_steps_are_public(name):
    assert callable(getattr(synthesis, name))
