"""What `run` leaves alone: other people's folders and files, changed notebooks, and pages that it did not write."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from small import small_base

from synthesis import SynthesisError, build
from synthesis.cli import main
from synthesis.evidence.whole_folder import MARK, put_files
from synthesis.reports.derived import write_derived


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return small_base(tmp_path_factory.mktemp("small") / "data")


@pytest.fixture
def quick(data, tmp_path, monkeypatch):
    """``quick("--out", "build", ...)``: runs with nothing to compute and draw, in a folder of its own, and its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(build, "derive", lambda evidence: {})
    for name in ("_write_tables", "_write_themes", "_write_figures"):
        monkeypatch.setattr(build, name, lambda *_: [])
    return lambda *options: main(["run", "--data", str(data), *map(str, options)])


def test_the_data_the_notebooks_and_a_thesis_are_refused_and_left_as_they_are(quick, data, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("years of work")
    (tmp_path / "books").mkdir()
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    for out, said in (
        (data, "is or holds the data folder"),
        (data.parent, "is or holds the data folder"),
        (data / "derived", "lies in the data folder"),
        (".", "is or holds the"),
        ("..", "is or holds the"),
        ("mine", "is not empty and was not made by this toolkit: it holds thesis.docx"),
        ("books", "is or holds the notebooks"),
        ("books/build", "lies in the folder of the notebooks"),
    ):
        assert quick("--out", out, "--notebooks", "books", "--force") == 2, out
        assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    assert (tmp_path / "mine" / "thesis.docx").read_text() == "years of work"
    assert sorted(os.listdir(tmp_path)) == ["books", "mine"]


def test_a_build_keeps_packs_and_notes_and_refuses_to_replace_a_page_that_was_edited(quick, tmp_path, capsys):
    put_files({"feedback.xlsx": b"filled in"}, "build/pack", "pack")
    assert quick() == 0
    (tmp_path / "build" / "notes.txt").write_text("mine")
    page = tmp_path / "build" / "codebook.html"
    page.write_text("with my remarks")
    capsys.readouterr()
    assert quick() == 2
    assert "build/codebook.html: not as the toolkit left it" in capsys.readouterr().err
    assert page.read_text() == "with my remarks"
    assert quick("--force") == 0
    assert page.read_text() != "with my remarks"
    assert (tmp_path / "build" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "build" / "pack" / "feedback.xlsx").read_bytes() == b"filled in"
    assert sorted(os.listdir(tmp_path / "build")) == [MARK, "codebook.html", "index.html", "notes.txt", "pack"]
    assert os.listdir(tmp_path) == ["build"]


def test_a_build_of_before_there_were_marks_is_refused_with_what_to_do(quick, tmp_path, capsys):
    assert quick() == 0
    (tmp_path / "build" / MARK).unlink()
    before = sorted(os.listdir(tmp_path / "build"))
    assert quick() == 2
    assert "If an earlier version of the toolkit made it, look for anything of your own in it, delete it and try again" in capsys.readouterr().err  # fmt: skip
    assert sorted(os.listdir(tmp_path / "build")) == before


def test_a_readme_of_the_review_itself_is_left_as_it_is_and_the_run_says_so(quick, data, capsys):
    mine = data / "README.md"
    mine.write_text("# Our review\n", encoding="utf-8")
    try:
        assert quick() == 0
        assert f"{mine} was not written by this toolkit and was left as it is; rename it, and the next run" in capsys.readouterr().err  # fmt: skip
        assert mine.read_text(encoding="utf-8") == "# Our review\n"
        assert (data / "datapackage.json").is_file()
    finally:
        mine.unlink()


def test_a_file_in_derived_that_is_no_table_of_ours_stops_the_writing_before_anything_is_replaced(tmp_path):
    derived = tmp_path / "derived"
    derived.mkdir()
    table = pd.DataFrame({"label": ["Findings"], "n": [1]})
    write_derived({"status": table}, tmp_path)
    for mine in (b"What I think of it.\n", b"month,rain\n1,80\n", b"PK\x03\x04 a workbook"):
        (derived / "warnings.csv").write_bytes(mine)
        with pytest.raises(SynthesisError, match=r"warnings\.csv: not what the toolkit writes under that name"):
            write_derived({"status": table.assign(n=2), "warnings": table}, tmp_path)
        assert (derived / "warnings.csv").read_bytes() == mine
    assert b"Findings,1" in (derived / "status.csv").read_bytes()
    for ours in (b"", b"severity,code,table\nwarning,link-broken,an earlier version\n"):
        (derived / "warnings.csv").write_bytes(ours)
        write_derived({"status": table, "warnings": table}, tmp_path)


def test_a_notebook_that_was_changed_while_it_ran_is_not_replaced(tmp_path, monkeypatch):
    one, two = tmp_path / "one.ipynb", tmp_path / "two.ipynb"
    for source in (one, two):
        source.write_text("as it was read")
    read = {source: build.file_fingerprint(source) for source in (one, two)}
    two.write_text("saved in JupyterLab meanwhile")
    said: list[str] = []
    build._save_notebooks({one: "with output", two: "with output"}, read, said.append)
    assert one.read_text() == "with output"
    assert two.read_text() == "saved in JupyterLab meanwhile"
    assert said == [f"{two} was changed while it ran and was left as it is; run again to save it with its new output."]
