"""The commands: what they print, where they print it, and how they end."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from synthesis.cli import main

ROOT = Path(__file__).parent.parent
DATA = str(ROOT / "data")
THEME_COLUMNS = [
    "theme_id",
    "name",
    "level",
    "n_findings",
    "n_studies",
    "n_studies_parent",
    "n_studies_practitioner",
    "n_negative",
]


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def copy(tmp_path):
    for sub in ("sources", "judgements"):
        (tmp_path / sub).mkdir()
        for path in (ROOT / "data" / sub).glob("*.csv"):
            (tmp_path / sub / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_check_on_the_shipped_data_ends_well_and_shows_the_warnings(capsys):
    assert main(["check", "--data", DATA]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("warning [") for line in lines[:-1])
    assert "0 errors" in lines[-1]


def test_check_as_json_has_the_agreed_shape(capsys):
    assert main(["check", "--data", DATA, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"ok", "problems", "tables"}
    assert answer["ok"] is True
    assert answer["tables"]["findings"] == 631
    assert all(set(p) == {"severity", "code", "table", "row", "column", "value", "message"} for p in answer["problems"])


def test_check_lists_one_line_a_problem_and_ends_with_1(copy, capsys):
    edit(copy, "sources/findings.csv", ",parent,", ",parnt,")
    assert main(["check", "--data", str(copy)]) == 1
    errors = [line for line in capsys.readouterr().out.splitlines() if line.startswith("error")]
    assert len(errors) == 1
    assert "findings, row 2, column perspective" in errors[0]
    assert "did you mean “parent”" in errors[0]


@pytest.mark.parametrize("command", [["themes"], ["prevalence"], ["flow"]])
def test_no_command_answers_from_data_with_errors(copy, capsys, command):
    edit(copy, "sources/findings.csv", ",parent,", ",parnt,")
    assert main([*command, "--data", str(copy)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "row 2, column perspective" in printed.err
    assert "Traceback" not in printed.err


def test_a_run_on_data_with_errors_changes_nothing(copy, tmp_path, capsys):
    edit(copy, "sources/findings.csv", ",parent,", ",parnt,")
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert main(["run", "--data", str(copy), "--out", str(tmp_path / "build")]) == 1
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_themes_as_csv_holds_the_table_alone_on_standard_output(capsys):
    assert main(["themes", "--data", DATA, "--format", "csv"]) == 0
    printed = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert len(rows) == 22
    assert set(THEME_COLUMNS) <= set(rows[0])
    assert "provisional" in printed.err


def test_themes_as_json_is_a_list_of_rows_with_numbers(capsys):
    assert main(["themes", "--data", DATA, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert set(THEME_COLUMNS) <= set(rows[0])
    assert all(isinstance(row["n_findings"], int) for row in rows)


def test_themes_as_text_says_of_how_many_and_what_it_rests_on(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["themes", "--data", DATA]) == 0
    printed = capsys.readouterr().out
    assert "205 of 631" in printed
    assert "978 of 978 agreed codings are provisional" in printed


def test_prevalence_as_text_says_what_is_to_be_read_first_and_who_decided(capsys):
    assert main(["prevalence", "--data", DATA, "--indicator", "paternal_perinatal_depression"]) == 0
    said = capsys.readouterr().out
    head, _, words = said.rpartition("Perinatal depression in fathers: Read the range first: 2.5 % to 31.8 %")
    assert "Moussa 2012" in head and "see" in head and "Pooled by decision" not in head
    assert "Pooled by decision although definitions of a case differ" in words and "2026-11-22, provisional" in words


def test_prevalence_of_one_indicator_ends_with_its_pooled_line(capsys):
    assert (
        main(
            [
                "prevalence",
                "--data",
                DATA,
                "--indicator",
                "parents_among_adults_with_psychosis_or_smi",
                "--format",
                "json",
            ]
        )
        == 0
    )
    rows = json.loads(capsys.readouterr().out)
    assert {row["indicator_id"] for row in rows} == {"parents_among_adults_with_psychosis_or_smi"}
    assert [row["line"] for row in rows].count("pooled") == 1
    assert rows[-1]["line"] == "pooled"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prevalence", "--indicator", "nothing"], "no indicator 'nothing'"),
        (["themes", "--coder", "nobody"], "There is no coder 'nobody'"),
        (["agreement", "--coders", "coder-1", "nobody"], "There is no coder 'nobody'"),
        (["agreement", "--coders", "coder-1"], "needs two coders"),
        (["trace", "RF99"], "Nothing here carries the identifier 'RF99'"),
        (["run", "--notebooks", "/no/such/folder"], "/no/such/folder is no folder"),
        (["check", "--data", "/no/such/folder"], "/no/such/folder is not there"),
    ],
)
def test_a_call_that_names_what_is_not_there_ends_with_2_and_a_line(capsys, arguments, said):
    if "--data" not in arguments:
        arguments = [*arguments, "--data", DATA]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err


def test_a_coder_without_codings_is_an_answer_with_problems_and_no_wrong_call(copy, capsys):
    edit(copy, "judgements/coders.csv", "coder-1,", "coder-9,person,Has not begun,,2,yes,\ncoder-1,")
    assert main(["themes", "--coder", "coder-9", "--data", str(copy)]) == 1
    assert "'coder-9' has coded nothing; codings are by agreed, coder-1, coder-2" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["check", "--format", "csv"], ["themes", "--format", "xml"]])
def test_a_wrong_call_ends_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_the_version_is_told_where_nothing_is_installed_too():
    bare = [sys.executable, "-S", "-m", "synthesis", "--version"]  # -S: no package, and no metadata, of the environment
    ended = subprocess.run(bare, capture_output=True, text=True, cwd=ROOT, check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ended.stdout == f"{project['name']} {project['version']}\n"


NARROW = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252, as on Windows": {"PYTHONIOENCODING": "cp1252"},
    "no locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


def narrow(how: str) -> dict[str, str]:
    """The environment of a machine whose own encoding lacks letters."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONIO"))}
    return {**kept, **NARROW[how]}


@pytest.fixture
def pooling(tmp_path):
    """A command that tells of letters outside ASCII on both streams, and is done soon."""
    file = tmp_path / "Zoë ≈ 2.csv"
    file.write_text("cases,people,place\n3,40,a\n8,44,a\n2,30,b\n", encoding="utf-8")
    words = ["--events", "cases", "--totals", "people", "--by", "place", "--model", "inverse-variance"]
    return [sys.executable, "-m", "synthesis", "pool", str(file), *words]


@pytest.mark.parametrize("how", NARROW)
def test_what_goes_into_a_file_or_a_pipe_is_utf_8_on_every_machine(pooling, how):
    ended = subprocess.run(pooling, capture_output=True, cwd=ROOT, env=narrow(how), check=False)
    assert ended.returncode == 0
    assert "I²" in ended.stdout.decode("utf-8")
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.decode("utf-8").startswith(str(Path(pooling[4]).parent))
    # How a name of the call was read is the machine's affair; that it can be printed is ours.
    assert "Zoë ≈ 2.csv, place b" in ended.stderr.decode("utf-8") or how == "no locale"


def test_a_terminal_gets_a_question_mark_for_a_letter_that_it_cannot_show(pooling):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    ended = subprocess.Popen(pooling, stdout=theirs, stderr=subprocess.PIPE, cwd=ROOT, env=narrow("ascii"))
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that the other side has gone
        while some := os.read(ours, 65536):
            shown += some
    os.close(ours)
    assert b"Traceback" not in ended.communicate()[1]
    assert ended.returncode == 0
    assert b"I?" in shown
    assert shown.isascii()


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m synthesis prevalence --format csv --data {DATA} 2>/dev/null | head -1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.stdout.startswith("indicator_id")
    assert ended.returncode == 0
    assert ended.stderr == ""
