"""The command `pool`: its answers, and what it says of files that are not right."""

from __future__ import annotations

import csv
import io
import json

import pytest

from synthesis.cli import main
from synthesis.pooling.pooled import COLUMNS, pool

KEYS = [
    "group", "k", "model", "transform", "estimate_transformed", "se", "estimate", "ci_low", "ci_high", "pi_low", "pi_high",
    "tau2", "tau2_low", "tau2_high", "i2", "h2", "q", "q_df", "q_p",
]  # fmt: skip
GOOD = "study,cases,people,region\na,3,40,north\nb,8,44,north\nc,0,20,south\nd,12,30,south\ne,7,90,south\n"


@pytest.fixture
def ask(tmp_path, capsys):
    """Run the command on the text of a file; gives exit status, standard output, standard error."""

    def run(text: str, *arguments: str, events: str = "cases", totals: str = "people") -> tuple[int, str, str]:
        path = tmp_path / "studies.csv"
        path.write_text(text, encoding="utf-8")
        status = main(["pool", str(path), "--events", events, "--totals", totals, *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_json_is_a_list_of_objects_with_the_agreed_keys_and_every_digit(ask):
    status, out, err = ask(GOOD, "--model", "inverse-variance", "--format", "json")
    (answer,) = json.loads(out)
    assert (status, err) == (0, "")
    assert list(answer)[: len(KEYS)] == KEYS
    assert list(answer) == list(COLUMNS)
    expected = pool([3, 8, 0, 12, 7], [40, 44, 20, 30, 90], model="inverse-variance")
    for name in KEYS[1:]:
        assert answer[name] == getattr(expected, name), name


def test_each_value_of_a_column_is_a_meta_analysis(ask):
    status, out, _ = ask(GOOD, "--by", "region", "--format", "json", "--tau2", "dl", "--interval", "wald")
    answer = json.loads(out)
    assert status == 0
    assert [(row["group"], row["k"]) for row in answer] == [("north", 2), ("south", 3)]
    assert answer[1]["estimate"] == pool([0, 12, 7], [20, 30, 90], tau2="dl", interval="wald").estimate
    assert (answer[1]["tau2_method"], answer[1]["interval"]) == ("dl", "wald")


def test_a_model_left_open_is_the_glmm_unless_a_word_is_of_the_inverse_variance(ask):
    def model(*words):
        (row,) = json.loads(ask(GOOD, *words, "--format", "json")[1])
        return row["model"], row["interval"]

    assert model() == model("--interval", "t") == ("glmm", "t")
    assert model("--tau2", "dl") == ("inverse-variance", "hartung-knapp")
    assert model("--transform", "raw", "--interval", "wald") == ("inverse-variance", "wald")
    assert model("--continuity-to", "all") == ("inverse-variance", "hartung-knapp")
    assert model("--model", "glmm", "--continuity-to", "all") == ("glmm", "t")


def test_csv_holds_what_json_holds(ask):
    words = "--by", "region", "--tau2", "reml"
    _, out, _ = ask(GOOD, *words, "--format", "csv")
    _, other, _ = ask(GOOD, *words, "--format", "json")
    for row, same in zip(csv.DictReader(io.StringIO(out)), json.loads(other), strict=True):
        assert list(row) == list(COLUMNS)
        assert float(row["estimate"]) == same["estimate"]
        assert row["lrt"] == "" and same["lrt"] is None


def test_text_names_model_interval_and_heterogeneity(ask):
    _, out, _ = ask(GOOD, "--interval", "hartung-knapp")
    assert "Random effects: inverse variance, logit scale, tau² by REML" in out
    assert "5 studies, 30 of 224" in out
    assert "95 % interval, Hartung and Knapp" in out
    _, out, _ = ask(GOOD, "--by", "region", "--tau2", "reml")
    rows = [line.split()[0] for line in out.splitlines() if line[:1].isalpha()]
    assert [first for first in rows if first in ("north", "south")] == ["north", "south"]


@pytest.mark.parametrize("transform", ["logit", "double-arcsine", "arcsine", "log", "raw"])
@pytest.mark.parametrize("model", ["inverse-variance", "glmm"])
def test_all_words_of_the_command_are_those_of_pool(ask, transform, model):
    if model == "glmm" and transform != "logit":
        status, out, err = ask(GOOD, "--model", model, "--transform", transform)
        assert (status, out) == (2, "")
        assert "works on the logit scale" in err
        return
    status, out, _ = ask(GOOD, "--model", model, "--transform", transform, "--format", "json", "--continuity", "0.25", "--level", "0.9", "--prediction", "hts-k2")  # fmt: skip
    expected = pool([3, 8, 0, 12, 7], [40, 44, 20, 30, 90], model=model, transform=transform, continuity=0.25, level=0.9, prediction="hts-k2")  # fmt: skip
    assert status == 0
    assert json.loads(out)[0]["pi_high"] == expected.pi_high


def test_every_fault_is_named_at_once_with_row_and_column(ask):
    text = "cases,people,region\n3.5,40,a\n,44,a\n-1,20,a\n120,30,b\nabc,0,\n9,1e3,b\n4,50,b\n"
    status, out, err = ask(text, "--by", "region")
    lines = err.splitlines()
    assert (status, out) == (1, "")
    assert "8 problems; nothing was pooled" in lines[0]
    for place, said in (
        ("row 2, column cases", "'3.5' is not a count; allowed is a whole number"),
        ("row 3, column cases", "a missing count is not 0"),
        ("row 4, column cases", "'-1' is not a count"),
        ("row 5, column cases", "120 events of 30; allowed are 0 to 30"),
        ("row 6, column cases", "'abc' is not a count"),
        ("row 6, column people", "allowed are totals above 0"),
        ("row 6, column region", "is empty"),
        ("row 7, column people", "'1e3' is not a count"),
    ):
        assert any(place in line and said in line for line in lines), place
    assert len(lines) == 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty: it holds no studies"),
        ("cases,people\n", "a header and no rows: it holds no studies"),
        ("cases;people\n3;40\n", "separated by semicolons"),
        ("cases,people\n3,40,7\n2,30\n", "row 2: 3 cells where the header has 2"),
        ('cases,people\n3,"40\n', "quotation mark"),
    ],
)
def test_a_file_that_is_not_right_is_refused_without_a_traceback(ask, text, said):
    status, out, err = ask(text)
    assert (status, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_named(capsys, tmp_path):
    assert main(["pool", str(tmp_path / "none.csv"), "--events", "a", "--totals", "b"]) == 2
    assert "none.csv: there is no such file" in capsys.readouterr().err


def test_a_folder_a_column_that_is_not_there_and_one_column_for_both_are_wrong_calls(ask, capsys, tmp_path):
    assert main(["pool", str(tmp_path), "--events", "a", "--totals", "b"]) == 2
    assert "is a folder, not a CSV file" in capsys.readouterr().err
    status, out, err = ask("Cases,people\n3,40\n")
    assert (status, out) == (2, "")
    assert "there is no column 'cases'; there are Cases, people. Did you mean 'Cases'?" in err
    status, out, err = ask(GOOD, totals="cases")
    assert (status, out) == (2, "") and "both name the column 'cases'" in err


@pytest.mark.parametrize(("word", "value"), [("tau2", "dl"), ("continuity", "0.25")])
def test_a_word_that_the_model_does_not_use_is_said_and_json_stays_pure(ask, word, value):
    status, out, err = ask(GOOD, "--model", "glmm", f"--{word}", value, "--format", "json")
    assert status == 0 and err.startswith(f"--{word} has no effect: glmm is fitted to the counts")
    assert f"{word} has no effect" in json.loads(out)[0]["remark"]
    _, out, err = ask(GOOD, "--model", "glmm", "--format", "json")
    assert err == "" and json.loads(out)[0]["remark"] is None


def test_one_study_is_shown_with_a_remark_and_is_no_failure(ask):
    status, out, err = ask(GOOD + "f,4,50,west\n", "--by", "region", "--format", "json")
    answer = json.loads(out)[2]
    assert status == 0
    assert "region west: One study" in err
    assert (answer["k"], answer["tau2"], answer["pi_low"]) == (1, None, None)
    assert answer["estimate"] == pytest.approx(0.08)


def test_what_cannot_be_pooled_keeps_its_row_and_the_reason(ask):
    status, out, err = ask("cases,people\n0,40\n0,30\n", "--model", "glmm", "--format", "json")
    assert status == 1
    assert json.loads(out)[0]["estimate"] is None
    assert "No events in any of 2 studies" in err
    assert "it would be 0 to 5.1 % (Clopper-Pearson interval, 95 %)" in err  # 1 - 0.025 ** (1 / 70)
    status, out, err = ask("cases,people\n9,9\n", "--level", "0.9")
    assert "it would be 71.7 % to 100 %" in err and "One study" not in err


def test_groups_that_differ_in_spaces_or_capitals_only_are_named(ask):
    status, out, err = ask(
        "cases,people,region\n3,40,north\n8,44,north \n9,44,North\n5,50,south\n", "--by", "region", "--format", "csv"
    )
    assert status == 0 and len(out.splitlines()) == 5
    assert (
        "the groups 'north' and 'north ' and 'North' differ in spaces or capitals only" in err and "'south'" not in err
    )


def test_an_estimator_has_no_effect_on_a_common_effect(ask):
    status, out, err = ask(GOOD, "--effects", "common", "--tau2", "dl", "--format", "json")
    assert status == 0 and "--tau2 has no effect: a common effect supposes" in err
    assert "tau2 has no effect" in json.loads(out)[0]["remark"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "glmm", "--interval", "hartung-knapp"], "for glmm choose wald or t"),
        (["--level", "95"], "between 0 and 1, such as 0.95"),
        (["--continuity", "-1"], "continuity is 0 or more"),
        (["--model", "glmm", "--prediction", "bootstrap"], "bootstrap"),
    ],
)
def test_words_that_do_not_go_together_are_a_wrong_call(ask, arguments, said):
    status, out, err = ask(GOOD, *arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_an_unknown_word_is_a_wrong_call(ask, capsys):
    with pytest.raises(SystemExit) as stopped:
        ask(GOOD, "--tau2", "mle")
    assert stopped.value.code == 2
    assert "invalid choice: 'mle'" in capsys.readouterr().err


def test_whole_numbers_may_be_written_with_a_point_and_rows_in_quotes(ask):
    status, out, _ = ask('cases,people\n3.0,"40"\n 8,44\n', "--format", "json")
    assert status == 0
    assert json.loads(out)[0]["events"] == 11


def test_a_point_that_may_stand_between_thousands_is_refused(ask):
    status, out, err = ask("cases,people\n3.000,40.000\n8,44\n5,90\n")
    assert (status, out) == (1, "") and "2 problems; nothing was pooled" in err
    assert "row 2, column cases: '3.000' can be 3 or 3 thousand: write 3 or 3000" in err
    assert "row 2, column people: '40.000' can be 40 or 40 thousand" in err
    status, _, err = ask("cases,people,region\n3,40, \n8,44,north\n", "--by", "region")
    assert status == 1 and "row 2, column region: is empty; write the name of a group" in err


def test_a_line_of_totals_and_a_row_that_stands_twice_are_pointed_out(ask):
    status, out, err = ask(GOOD + "Total,30,224,all\n", "--format", "json")
    assert status == 0 and "studies.csv, row 7: its counts are the sum of the other rows" in err
    assert len(json.loads(out)) == 1
    _, _, err = ask(GOOD + "x,1,11,east\ny,2,12,east\nz,3,23,east\n", "--by", "region")
    assert "row 9: its counts are the sum of the other rows" in err and err.count("sum of the other rows") == 1
    _, _, err = ask(GOOD + "b,8,44,north\n")
    assert "row 7 says the same as row 3 in every cell" in err
    assert ask("cases,people\n3,40\n3,40\n8,44\n")[2] == "", "two studies may have the same counts"


def test_half_an_event_is_told_by_every_format(ask):
    said = "Half an event and half a non-event were added to 1 of 5 studies"
    _, out, _ = ask(GOOD, "--model", "inverse-variance")
    assert said in " ".join(out.split())
    _, out, _ = ask(GOOD, "--model", "inverse-variance", "--format", "json")
    assert said in json.loads(out)[0]["remark"] and json.loads(out)[0]["corrected"] == 1
    _, out, _ = ask(GOOD, "--tau2", "dl", "--by", "region", "--format", "csv")
    north, south = csv.DictReader(io.StringIO(out))
    assert (north["corrected"], north["remark"], south["corrected"]) == ("0", "", "1")
    assert "added to 1 of 3 studies" in south["remark"]
    _, out, _ = ask(GOOD, "--tau2", "dl", "--by", "region")
    assert "south: Half an event and half a non-event were added to 1 of 3 studies" in " ".join(out.split())
    assert "alf an event" not in ask(GOOD)[1], "the GLMM adds none"


def test_a_file_of_anything_sends_nothing_to_the_terminal_but_letters(tmp_path, capsys):
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x1b[2J\x07,b\n1,2\n")
    assert main(["pool", str(path), "--events", "x", "--totals", "n"]) != 0
    assert "\x1b" not in capsys.readouterr().err


def test_a_table_of_the_evidence_base_is_pooled_with_a_word_on_its_guard_rails(ask):
    own = GOOD.replace("study,", "estimate_id,").replace("region", "indicator_id")
    status, out, err = ask(own)
    assert status == 0 and out == ask(GOOD)[1]
    assert "without its guard rails" in err and "`synthesis prevalence`" in err
    assert ask(GOOD)[2] == ""


def test_every_door_says_the_same_of_what_leads(tmp_path, capsys):
    rows = [(30, 400), (80, 440), (20, 200), (120, 300)]
    path = tmp_path / "own.csv"
    path.write_text("x,n,g\n" + "".join(f"{x},{n},one\n" for x, n in rows), encoding="utf-8")
    said = pool(*zip(*rows, strict=True)).headline.text
    assert said.startswith("Read the range first: 7.5 % to 40.0 % in 4 estimates.")
    for more in ([], ["--by", "g"]):
        assert main(["pool", str(path), "--events", "x", "--totals", "n", *more]) == 0
        assert said in " ".join(capsys.readouterr().out.split())
