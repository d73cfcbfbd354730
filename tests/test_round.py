"""A whole round from the pack to "you said, we did", by the commands alone, with the INVENTED answers of example_round/."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from types import SimpleNamespace

import docx
import pandas as pd
import pytest
from returned import FilledDocument, FilledSheet
from small import small_base

from synthesis.cli import main
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence, check, read_evidence, read_table, write_table, write_tables
from synthesis.packs.contents import build_pack
from synthesis.packs.folder import with_round
from synthesis.packs.involvement import active, gripp2
from synthesis.packs.lines import reply_rows
from synthesis.packs.responses import waiting

EXAMPLE = Path(__file__).parent / "example_round"
NEW_WORDS = "Asking for help can feel dangerous. When services step in, things can get worse."


def example(name: str) -> list[dict[str, str]]:
    with (EXAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def filled_in(pack: Path, folder: Path) -> list[Path]:
    """The forms as the two groups send them back."""
    sheet = FilledSheet((pack / "feedback.xlsx").read_bytes()).who("invented-group-a")
    document = FilledDocument((pack / "pack.docx").read_bytes()).who("invented-group-b", 2)
    for row in example("answers"):
        if row["form"] == "xlsx":
            sheet.put(f"{row['target']} · {row['question']}", row["answer"], row["comment"])
        else:
            document.write(row["target"], row["question"], row["comment"])
    return [sheet.saved(folder / "from group a.xlsx"), document.saved(folder / "group b, answers.docx")]


def decide(data: Path) -> None:
    """Answer every comment as the example does, reword the theme, say how the groups took part, close the round."""
    comments = read_table("feedback", data)
    about = comments["target_id"].fillna("pack") + " " + comments["question"]
    ids = dict(zip(about, comments["comment_id"], strict=True))
    themes = read_table("themes", data)
    was = themes.loc[themes["theme_id"] == "T1", "plain_language"].item()
    themes.loc[themes["theme_id"] == "T1", "plain_language"] = NEW_WORDS
    day = {"decided_by": "invented team", "date": "2026-02-01"}
    responses = [
        {
            "response_id": f"r-{at}",
            "comment_id": ids[f"{row.pop('target')} {row.pop('question')}"],
            **row,
            **day,
        }
        for at, row in enumerate(example("responses"), 1)
    ]
    change = {"change_id": "change-1", "target_kind": "theme", "target_id": "T1", "was": was, "is_now": NEW_WORDS,
              "reason": "It is said now who acts.", "comment_ids": ids["T1 words_wrong"], **day}  # fmt: skip
    rounds = read_table("rounds", data).assign(status="closed")
    tables = {"responses": pd.DataFrame(responses), "wording_changes": pd.DataFrame([change]), "themes": themes,
              "rounds": rounds, "involvement": pd.DataFrame(example("involvement"))}  # fmt: skip
    write_tables(tables, data)


@pytest.fixture(scope="module")
def way(tmp_path_factory):
    """The whole way, one step after another; what each step left behind is kept for the tests."""
    home = tmp_path_factory.mktemp("round")
    data, first, second = small_base(home / "data"), home / "first", home / "second"
    pack = ["pack", "--data", str(data), "--themes", "T1", "T2"]
    assert main([*pack, "--out", str(first), "--round", "round-1", "--final"]) == 1  # nowhere to turn to
    assert not first.exists()
    place = {"place": "Exampleton", "name": "An invented line", "what_for": "Somebody to talk to.", "contact": "as the team's card says", "checked_on": "2026-01-02"}  # fmt: skip
    write_table(pd.DataFrame([place]).reindex(columns=read_table("support", data).columns), "support", data)
    kept = SimpleNamespace(data=data, first=first, second=second, home=home, pack=pack)
    assert main([*pack, "--out", str(first), "--round", "round-1", "--final"]) == 0
    kept.rounds = read_table("rounds", data)
    forms = [str(form) for form in filled_in(first, home)]
    assert main(["feedback", "--data", str(data), *forms]) == 0
    kept.comments = read_table("feedback", data)
    assert main(["feedback", "--data", str(data), *forms]) == 0
    kept.again = read_table("feedback", data)
    kept.unanswered = shutil.copytree(data, home / "unanswered")
    decide(data)
    assert main([*pack, "--out", str(second), "--round", "round-2", "--final"]) == 0
    return kept


def test_a_final_pack_opens_its_round(way):
    row = way.rounds.iloc[0]
    assert (row["round_id"], row["audience"], row["themes"], row["status"]) == ("round-1", "advisory", "T1;T2", "open")
    assert row["pack_version"] in (way.first / "pack.html").read_text(encoding="utf-8")
    assert pd.isna(row["sent_on"])  # the day is the team's to say


def test_every_answer_arrives_with_its_group_and_nothing_is_added_twice(way):
    told = way.comments.astype(object).where(way.comments.notna(), "")
    words = build_pack(read_evidence(way.data)).words.texts["answers"]
    found = {
        (row["group"], row["target_id"] or "pack", row["question"], words.get(row["answer"], ""), row["comment"])
        for row in told.to_dict("records")
    }
    wanted = {(r["group"], r["target"], r["question"], r["answer"], r["comment"]) for r in example("answers")}
    assert found == wanted
    assert set(told["round_id"]) == {"round-1"}
    assert list(way.again["comment_id"]) == list(way.comments["comment_id"])


def test_check_says_which_comments_wait_and_ticked_answers_do_not(way):
    (problem,) = [each for each in check(way.unanswered).problems if each.code == "comment-waiting"]
    evidence = read_evidence(way.unanswered)
    left = waiting(evidence)
    assert len(left) == sum(bool(row["comment"]) for row in example("answers")) == 4
    assert problem.message.startswith("4 of 4 comments wait for a response")
    assert all(which in problem.message for which in left["comment_id"])


def test_no_final_pack_while_comments_wait_and_every_one_is_listed(way, capsys, tmp_path):
    call = [*way.pack[:1], "--data", str(way.unanswered), "--out", str(tmp_path / "pack")]
    assert main([*call, "--final"]) == 1
    said = capsys.readouterr().err
    assert "4 comments wait for a response" in said
    assert all(which in said for which in waiting(read_evidence(way.unanswered))["comment_id"])
    assert not (tmp_path / "pack").exists()


def test_a_draft_says_that_comments_wait(way):
    pack = build_pack(read_evidence(way.unanswered), themes=["T1"])
    assert (pack.state, pack.n_waiting) == ("draft", 4)


def test_after_the_responses_check_has_nothing_to_say_about_the_round(way):
    tables = {"rounds", "feedback", "responses", "wording_changes", "involvement", "themes"}
    assert [str(each) for each in check(way.data).problems if each.table in tables] == []


def test_the_next_pack_shows_what_was_said_and_done_in_every_form(way):
    page = (way.second / "pack.html").read_text(encoding="utf-8")
    paper = "\n".join(each.text for each in docx.Document(str(way.second / "pack.docx")).paragraphs)
    for row in example("responses"):
        assert row["plain_reply"] in page
        assert row["plain_reply"] in paper
    assert "Nothing is said about the waiting between two visits." in paper
    assert "Nobody has commented yet" not in page


def test_a_reply_names_its_theme_and_question_and_how_it_was_decided(way):
    rows = {row["we_did"]: row for row in reply_rows(build_pack(read_evidence(way.data), themes=["T2"]))}
    told = {which: f"{each['about']} / {each['asked']}" for which, each in rows.items()}
    assert (
        told["We changed the words of this theme. (accepted)"]
        == f"{NEW_WORDS.rstrip('.')} / Are any words wrong or hurtful?"
    )
    last = "The parts stay as they are. You can skip any of them. (not accepted)"
    assert told[last] == "The whole pack / Is there anything else you want to say?"


def test_other_readers_see_no_detail_that_may_show_who_somebody_is(way):
    evidence = read_evidence(way.data)
    said = evidence.feedback.copy()
    said.loc[said["comment"].notna(), "comment"] = "Ring me on 07700 900123."
    first = said.index[said["comment"].notna()][0]
    said.loc[first, ["comment", "privacy_check"]] = ["My name is Tilda.", "name: kept, the group wants it"]
    pack = build_pack(Evidence(evidence.folder, {**evidence.frames, "feedback": said}, evidence.problems))
    told = [row["you_said"] for row in reply_rows(pack)]
    assert sorted(set(told)) == ["Ring me on [removed: phone number].", pack.words.texts["not_shown"]]
    assert told.count(pack.words.texts["not_shown"]) == 1


def test_a_comment_that_looks_like_markup_is_shown_as_text(way):
    page = (way.second / "pack.html").read_text(encoding="utf-8")
    assert "shorter &amp; say &lt;less&gt;." in page
    assert "<less>" not in page


def test_a_theme_changed_because_of_a_comment_shows_it_in_its_history(way):
    pack = build_pack(read_evidence(way.data))
    (line,) = pack.themes[0].history
    assert line.startswith("1 February 2026: “Asking for help")
    assert f"became “{NEW_WORDS}”. It is said now who acts. This came from a comment." in line
    assert "1 February 2026" in (way.second / "pack.html").read_text(encoding="utf-8")


def test_the_pack_of_the_second_round_is_another_and_says_so(way):
    rounds = read_table("rounds", way.data).set_index("round_id")
    assert list(rounds["status"]) == ["closed", "open"]
    assert rounds["pack_version"].nunique() == 2
    assert "made for round-2" in (way.second / "pack.html").read_text(encoding="utf-8")


def test_a_round_that_was_given_out_keeps_its_pack(way, capsys, tmp_path):
    assert main([*way.pack, "--out", str(tmp_path / "pack"), "--round", "round-1"]) == 2
    assert "The round round-1 is closed" in capsys.readouterr().err
    assert not (tmp_path / "pack").exists()


def test_a_draft_of_a_round_is_replaced_by_the_next_draft_and_opened_by_the_final_one(way):
    evidence, seen = read_evidence(way.data), []
    for themes, final in (["T1"], False), (["T2"], False), (["T2"], True), (["T2"], True):
        pack = build_pack(evidence, themes=themes, final=final, round_id="round-3")
        rounds = with_round(evidence, pack)
        evidence = Evidence(evidence.folder, {**evidence.frames, "rounds": rounds}, evidence.problems)
        row = rounds.set_index("round_id").loc["round-3"]
        seen.append((row["themes"], row["status"], len(rounds)))
    assert seen == [("T1", "draft", 3), ("T2", "draft", 3), ("T2", "open", 3), ("T2", "open", 3)]
    with pytest.raises(CallError, match="round-3 is open, with the pack"):
        with_round(evidence, build_pack(evidence, themes=["T1"], round_id="round-3"))


def test_gripp2_is_filled_from_the_round_and_names_its_gaps(way):
    table = gripp2(read_evidence(way.data)).set_index("item")
    assert list(table.index) == ["1 Aim", "2 Methods", "3 Results", "4 Discussion and conclusions", "5 Reflections"]
    assert "asked about 2 themes" in table.at["1 Aim", "said"]
    assert "2 activities with 2 groups" in table.at["2 Methods", "said"].lower()
    assert "1 of 2 activities do not say how many people took part" in table.at["2 Methods", "gap"]
    assert "4 comments and 3 ticked answers" in table.at["3 Results", "said"]
    assert "1 of 4 decisions: accepted in part" in table.at["3 Results", "said"]
    assert "1 of 4 responses did not accept the comment" in table.at["4 Discussion and conclusions", "said"]
    assert "Bad: two hours were too long" in table.at["5 Reflections", "said"]
    assert table["gap"].drop("3 Results").notna().all()  # what only authors and groups can say is never filled in


def test_gripp2_says_that_comments_wait(way):
    table = gripp2(read_evidence(way.unanswered)).set_index("item")
    assert "4 of 4 comments wait for a response" in table.at["3 Results", "gap"]


def test_active_tells_who_how_and_when_over_twelve_stages(way):
    table = active(read_evidence(way.data)).set_index("item")
    assert len(table) == 17
    assert table.index.str.startswith("Stage ").sum() == 12
    assert table.at["Stage 10 interpreting findings", "said"].startswith("invented-group-a: gave views that changed")
    assert "How many took part is not said for 1 of 2" in table.at["Stage 10 interpreting findings", "gap"]
    assert table.at["Stage 5 running the search", "gap"] == "Nobody is recorded at this stage."
    assert table.at["Method", "said"].count("(1 of 2)") == 2


def test_a_round_without_an_activity_is_a_gap(way, tmp_path):
    data = shutil.copytree(way.data, tmp_path / "data")
    write_table(read_table("involvement", data).iloc[:0], "involvement", data)
    table = active(read_evidence(data)).set_index("item")
    assert "round-1, round-2" in table.at["Who", "gap"]


def test_before_any_round_both_checklists_are_gaps_throughout(evidence):
    for table in (gripp2(evidence), active(evidence)):
        assert table["said"].isna().all()
        assert table["gap"].notna().all()


@pytest.mark.parametrize("name", ["gripp2", "active"])
def test_a_checklist_is_printed_with_the_line_that_says_what_it_rests_on(way, name, capsys):
    assert main(["checklist", name, "--data", str(way.data)]) == 0
    assert "2 of 2 rounds were given out; 4 of 4 comments have a response." in capsys.readouterr().out
    assert main(["checklist", name, "--data", str(way.data), "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("item,asks_for,said,gap\n")
