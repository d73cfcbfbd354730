"""Folders that the toolkit writes: what is not its own stays, refused is what could lose something, and a kill tears nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synthesis.evidence import whole_folder
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.whole_folder import MARK, free_folder, new_folder, put_files

ONE = {"a.html": b"one", "b.pdf": b"one"}
TWO = {"a.html": b"two", "c.docx": b"two"}


def held(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but for marks, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MARK)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def build(out: Path, files: dict[str, bytes], **how) -> None:
    """A folder that replaces all that was made there before, as `run` does it."""
    with new_folder(out, "build", **how) as new:
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)


# ---------------------------------------------------------------- which folders


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project with data and notebooks, from whose folder the toolkit is called."""
    for sub in ("data/sources", "data/judgements", "notebooks"):
        (tmp_path / "project" / sub).mkdir(parents=True)
    (tmp_path / "project" / "data" / "sources" / "studies.csv").write_text("work of months")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.mark.parametrize(
    "out, said",
    [
        ("data", "is or holds the data folder"),
        ("./data/", "is or holds the data folder"),
        ("build/../data", "is or holds the data folder"),
        ("../project/data", "is or holds the data folder"),
        (".", "is or holds the data folder"),
        ("", "is or holds the data folder"),
        ("..", "is or holds the data folder"),
        ("/", "is or holds the data folder"),
        ("notebooks", "is or holds the notebooks"),
        ("data/derived", "lies in the data folder"),
        ("data/new/build", "lies in the data folder"),
        ("notebooks/build", "lies in the folder of the notebooks"),
        ("to_data", "is or holds the data folder"),
        ("to_data/build", "lies in the data folder"),
        ("up/project", "is or holds the data folder"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_a_folder_with_the_evidence_in_it_or_round_it_is_refused(project, out, said, force):
    (project / "to_data").symlink_to("data")
    (project / "up").symlink_to("..")
    before = held(project)
    with pytest.raises(CallError, match=said):
        build(Path(out), ONE, data="data", notebooks="notebooks", force=force)
    with pytest.raises(CallError, match=said):
        put_files(ONE, out, "pack", "data", force)
    assert held(project) == before
    assert sorted(os.listdir(project)) == ["data", "notebooks", "to_data", "up"]


def test_a_folder_round_the_current_one_is_refused_although_the_data_are_elsewhere(project, monkeypatch):
    put_files(ONE, "build", "pack", "data")
    monkeypatch.chdir(project / "build")
    for out in (".", "../build"):
        with pytest.raises(CallError, match="is or holds the current folder"):
            put_files(TWO, out, "pack", "../data")
    assert held(project / "build") == ONE


def test_the_file_system_is_asked_whether_capitals_count(project, monkeypatch):
    """On many disks Data is data. This one may tell them apart, so its answer is made up."""
    (project / "Data").mkdir()
    real = os.path.samefile
    monkeypatch.setattr(os.path, "samefile", lambda a, b: real(str(a).replace("Data", "data"), str(b).replace("Data", "data")))  # fmt: skip
    for out, said in (("Data", "is or holds the data folder"), ("Data/build", "lies in the data folder")):
        with pytest.raises(CallError, match=said):
            build(Path(out), ONE, data="data")


@pytest.mark.parametrize("make", [build, lambda out, files, **how: put_files(files, out, "pack", **how)])
@pytest.mark.parametrize("force", [False, True])
def test_a_thesis_is_not_replaced(tmp_path, make, force):
    mine = tmp_path / "mine"
    (mine / "chapters").mkdir(parents=True)
    (mine / "chapters" / "one.docx").write_bytes(b"years of work")
    (mine / "a.html").write_bytes(b"my page")
    with pytest.raises(CallError) as refused:
        make(mine, ONE, force=force)
    assert "is not empty and was not made by this toolkit: it holds a.html, chapters" in str(refused.value)
    assert "Name a new or an empty folder" in str(refused.value)
    assert held(tmp_path) == {"mine/chapters/one.docx": b"years of work", "mine/a.html": b"my page"}


def test_a_mark_that_cannot_be_read_or_names_files_elsewhere_is_no_mark(tmp_path):
    out = tmp_path / "build"
    out.mkdir()
    (tmp_path / "mine.txt").write_text("mine")
    marks = ["", "{}", "[]", "no", '{"files": ["a"]}', '{"files": {"a": 1}}', '{"files": {"../mine.txt": "x"}}']
    marks += [
        '{"files": {"/etc/passwd": "x"}}',
        '{"files": {"a/..\\\\..\\\\mine.txt": "x"}}',
        '{"files": {"C:x": "x"}}',
    ]
    for mark in marks:
        (out / MARK).write_text(mark)
        with pytest.raises(CallError, match="was not made by this toolkit"):
            build(out, ONE)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_new_folder_an_empty_one_and_a_link_to_one_are_taken(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for name in ("new/deep", "empty", "link"):
        build(tmp_path / name, ONE)
        assert held(tmp_path / name) == ONE
    assert (tmp_path / "link").is_symlink()
    assert held(tmp_path / "real") == ONE
    build(tmp_path / "link", TWO)
    assert held(tmp_path / "real") == TWO


def test_a_folder_with_packs_alone_is_taken_and_the_packs_stay(tmp_path):
    put_files(ONE, tmp_path / "build" / "pack", "pack")
    put_files(TWO, tmp_path / "build" / "brief", "briefs")
    build(tmp_path / "build", {"index.html": b"made"})
    there = {**{f"pack/{name}": content for name, content in ONE.items()}, **{f"brief/{name}": content for name, content in TWO.items()}}  # fmt: skip
    assert held(tmp_path / "build") == {"index.html": b"made", **there}
    put_files(ONE, tmp_path / "build" / "pack", "pack")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "build").write_text("a file")
    with pytest.raises(CallError, match=r"is a file\. Name a folder for the build"):
        build(tmp_path / "build", ONE)
    assert (tmp_path / "build").read_text() == "a file"


# ---------------------------------------------------------------- what stays and what goes


def test_a_build_loses_what_the_last_one_made_and_keeps_what_other_people_put_there(tmp_path):
    out = tmp_path / "build"
    build(out, {"index.html": b"one", "figures/old.svg": b"one", "figures/same.svg": b"one"})
    mine = {"notes.txt": b"mine", "figures/mine.png": b"mine", "new/letter.docx": b"mine"}
    for name, content in mine.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(content)
    (out / "nothing yet").mkdir()
    (out / "a link").symlink_to("notes.txt")
    build(out, {"index.html": b"two", "figures/same.svg": b"two"})
    now = {"index.html": b"two", "figures/same.svg": b"two", **mine, "a link": b"mine"}
    assert held(out) == now
    assert (out / "nothing yet").is_dir() and (out / "a link").is_symlink()
    assert set(json.loads((out / MARK).read_text())["files"]) == {"index.html", "figures/same.svg"}
    build(out, {"index.html": b"three"})
    assert held(out) == {"index.html": b"three", **mine, "a link": b"mine"}
    assert os.listdir(tmp_path) == ["build"]


def test_what_goes_takes_no_empty_folder_along(tmp_path):
    build(tmp_path / "build", {"index.html": b"one", "themes/T1.html": b"one"})
    build(tmp_path / "build", {"index.html": b"two"})
    assert sorted(os.listdir(tmp_path / "build")) == [MARK, "index.html"]


def test_files_put_into_a_folder_of_the_toolkit_join_those_that_are_there(tmp_path):
    out = tmp_path / "brief"
    put_files(ONE, out, "briefs")
    (out / "notes.txt").write_bytes(b"mine")
    put_files(TWO, out, "briefs")
    assert held(out) == {**ONE, **TWO, "notes.txt": b"mine"}
    (out / "b.pdf").write_bytes(b"edited")
    put_files({"c.docx": b"three"}, out, "briefs")
    with pytest.raises(CallError, match=r"b\.pdf: not as the toolkit left it"):
        put_files(ONE, out, "briefs")
    assert held(out) == {**ONE, "c.docx": b"three", "a.html": b"two", "b.pdf": b"edited", "notes.txt": b"mine"}


@pytest.mark.parametrize("make", [build, lambda out, files, **how: put_files(files, out, "pack", **how)])
def test_a_form_that_was_filled_in_is_replaced_only_with_force(tmp_path, make):
    out = tmp_path / "pack"
    make(out, ONE)
    (out / "a.html").write_bytes(b"filled in")
    with pytest.raises(CallError) as refused:
        make(out, {"a.html": b"two"})
    assert f"{out}/a.html: not as the toolkit left it, perhaps filled in or edited" in str(refused.value)
    assert "Move or rename what you want to keep, or replace it with --force" in str(refused.value)
    assert (out / "a.html").read_bytes() == b"filled in"
    make(out, {"a.html": b"two"}, force=True)
    assert (out / "a.html").read_bytes() == b"two"
    make(out, {"a.html": b"three"})
    assert os.listdir(tmp_path) == ["pack"]


def test_a_file_of_somebody_else_under_a_name_that_is_needed_is_replaced_only_with_force(tmp_path):
    out = tmp_path / "pack"
    put_files(ONE, out, "pack")
    (out / "c.docx").write_bytes(b"mine")
    with pytest.raises(CallError, match=r"c\.docx: not as the toolkit left it"):
        put_files(TWO, out, "pack")
    with pytest.raises(CallError, match=r"c\.docx: not as the toolkit left it"):
        build(out, TWO)
    assert held(out) == {**ONE, "c.docx": b"mine"}
    put_files(TWO, out, "pack", force=True)
    assert held(out) == {**ONE, **TWO}
    assert os.listdir(tmp_path) == ["pack"]


def put_there(path: Path, what: str, target: Path) -> None:
    if what == "dir":
        path.mkdir()
    elif what == "link":
        path.symlink_to(target)
    else:
        path.write_bytes(b"mine")


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_a_link_or_a_file_in_the_way_is_never_removed(tmp_path, force):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "x.html").write_bytes(b"mine")
    out = tmp_path / "build"
    for stands, needed in (("dir", "a.html"), ("link", "a.html"), ("link", "a.html/x.html"), ("file", "a.html/x.html")):
        build(out, {"index.html": b"one"})
        there = out / "a.html"
        put_there(there, stands, mine)
        with pytest.raises(CallError, match="stands in its way"):
            build(out, {needed: b"two"}, force=force)
        assert os.path.lexists(there)
        there.rmdir() if stands == "dir" else there.unlink()
    assert held(mine) == {"x.html": b"mine"}
    assert sorted(os.listdir(tmp_path)) == ["build", "mine"]


def test_a_folder_of_the_build_that_became_a_link_is_not_followed(tmp_path):
    out, mine = tmp_path / "build", tmp_path / "mine"
    build(out, {"tables/x.csv": b"one"})
    os.rename(out / "tables", mine)
    (out / "tables").symlink_to(mine)
    for force in (False, True):
        with pytest.raises(CallError, match="stands in its way"):
            build(out, {"tables/x.csv": b"two"}, force=force)
    assert (mine / "x.csv").read_bytes() == b"one"


def test_what_changes_while_a_folder_is_made_is_seen(tmp_path):
    out = tmp_path / "build"
    build(out, ONE)
    with pytest.raises(CallError, match="not as the toolkit left it"), new_folder(out, "build") as new:
        (new / "a.html").write_bytes(b"two")
        (out / "b.pdf").write_bytes(b"edited meanwhile")
    assert held(out) == {"a.html": b"one", "b.pdf": b"edited meanwhile"}
    assert os.listdir(tmp_path) == ["build"]


def test_permissions_of_the_folder_stay(tmp_path):
    build(tmp_path / "build", ONE)
    assert (tmp_path / "build").stat().st_mode & 0o777 == 0o777 & ~current_umask()
    (tmp_path / "build").chmod(0o750)
    build(tmp_path / "build", TWO)
    assert (tmp_path / "build").stat().st_mode & 0o777 == 0o750


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# ---------------------------------------------------------------- breaking off


def broken(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("at", [1, 2])
def test_where_a_rename_fails_the_old_folder_is_back(tmp_path, monkeypatch, at):
    out, real, calls = tmp_path / "build", os.rename, []
    build(out, ONE)
    (out / "notes.txt").write_bytes(b"mine")

    def rename(a, b):
        calls.append(b)
        if len(calls) == at:
            broken()
        real(a, b)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(
        SynthesisError, match=r"could not be written to .*\(No space left on device\); what was there is unt"
    ):
        build(out, TWO)
    assert held(out) == {**ONE, "notes.txt": b"mine"}
    assert os.listdir(tmp_path) == ["build"]


def test_a_full_disk_leaves_the_old_files(tmp_path, monkeypatch):
    put_files(ONE, tmp_path / "pack", "pack")
    monkeypatch.setattr(Path, "write_bytes", broken)
    with pytest.raises(SynthesisError, match="No space left on device"):
        put_files(TWO, tmp_path / "pack", "pack")
    assert held(tmp_path / "pack") == ONE
    assert os.listdir(tmp_path) == ["pack"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_where_the_making_breaks_off_nothing_is_changed(tmp_path, error):
    build(tmp_path / "build", ONE)
    with pytest.raises(error), new_folder(tmp_path / "build", "build") as new:
        (new / "a.html").write_bytes(b"half")
        raise error
    assert held(tmp_path / "build") == ONE
    assert os.listdir(tmp_path) == ["build"]


def test_where_old_files_cannot_be_deleted_the_new_folder_stands_and_the_rest_goes_next_time(tmp_path, monkeypatch):
    out = tmp_path / "build"
    build(out, ONE)
    (out / "notes.txt").write_bytes(b"mine")
    with monkeypatch.context() as patch, pytest.raises(SynthesisError, match="not all of what else was there could be"):
        patch.setattr(Path, "unlink", broken)
        build(out, TWO)
    assert held(out) == {**TWO, "notes.txt": b"mine"}
    build(out, TWO)
    assert os.listdir(tmp_path) == ["build"]


CALLS = ("rename", "unlink", "rmdir", "mkdir", "chmod", "open")


def killed_at(n: int, work) -> bool:
    """Do the work in a process that is killed (SIGKILL) at its n-th step that changes a file system; False if it ended."""
    child = os.fork()
    if child == 0:
        steps = iter(range(1, 10**6))

        def counted(real):
            def step(*given, **more):
                if next(steps) == n:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **more)

            return step

        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def is_whole(folder: Path) -> bool:
    """Whether every file that the mark lists is there as it was written."""
    listed = json.loads((folder / MARK).read_text())["files"]
    return bool(listed) and all(whole_folder.file_fingerprint(folder / name) == state for name, state in listed.items())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed in the way of POSIX")
@pytest.mark.parametrize("joining", [False, True], ids=["as a build", "as a pack"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_whole_and_the_next_call_clears_up(tmp_path, joining):
    one = {"index.html": b"one", "tables/x.csv": b"one", "themes/old.html": b"one"}
    two = {"index.html": b"two", "tables/x.csv": b"two"}
    mine = {"notes.txt": b"mine", "tables/mine.csv": b"mine", "pack/form.xlsx": b"mine"}
    if joining:
        one, two = ONE, TWO
    make = (lambda out, files: put_files(files, out, "pack")) if joining else build
    seen, n = set(), 0
    while True:
        n += 1
        out = tmp_path / str(n) / "build"
        make(out, one)
        for name, content in mine.items():
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).write_bytes(content)
        if not killed_at(n, lambda out=out: make(out, two)):
            break
        beside = [each for each in out.parent.iterdir() if each != out]
        stands = out if out.exists() else beside[0] / "old"
        assert is_whole(stands)
        seen.add((out.exists(), (stands / "index.html").read_bytes() if not joining else (stands / "a.html").read_bytes()))  # fmt: skip
        everything = [path.read_bytes() for path in out.parent.rglob("*") if path.is_file()]
        assert everything.count(b"mine") == len(mine), "what other people put there is lost or doubled"
        make(out, two)
        assert held(out) == {**({**one, **two} if joining else two), **mine}
        assert os.listdir(out.parent) == ["build"]
    assert n > 10
    assert seen == {(True, b"one"), (False, b"one"), (True, b"two")}
    assert held(out) == {**({**one, **two} if joining else two), **mine}


SCRIPT = """
import os, signal, sys
from pathlib import Path
from synthesis.evidence.whole_folder import new_folder
real, calls = os.rename, []
def rename(a, b):
    calls.append(b)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    real(a, b)
os.rename = rename
with new_folder(Path(sys.argv[1]), "build") as new:
    (new / "a.html").write_bytes(b"two")
"""


@pytest.mark.skipif(os.name != "posix", reason="processes are killed in the way of POSIX")
def test_a_program_killed_between_its_two_renames_leaves_the_old_build_which_is_back_at_the_next_look(tmp_path):
    out = tmp_path / "build"
    build(out, ONE)
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(out), "2"], check=False, cwd=Path(__file__).parent.parent)
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    assert len(os.listdir(tmp_path)) == 1
    assert free_folder(out, "build") == out.resolve()
    assert held(out) == ONE
    assert os.listdir(tmp_path) == ["build"]


def test_what_another_program_is_just_making_is_left_alone_until_it_is_a_day_old(tmp_path, monkeypatch):
    stage = tmp_path / f".build-{os.getppid()}-abcdefgh"
    (stage / "new").mkdir(parents=True)
    (stage / MARK).write_text('{"files": {}}')
    build(tmp_path / "build", ONE)
    assert stage.exists()
    os.utime(stage, (0, 0))
    build(tmp_path / "build", TWO)
    assert os.listdir(tmp_path) == ["build"]


def test_a_folder_that_only_looks_like_a_leftover_is_not_touched(tmp_path):
    for name in (".build-2024-my_notes", ".build-1-abcdefgh", ".build-old"):
        (tmp_path / name / "new").mkdir(parents=True)
        (tmp_path / name / "new" / "thesis.docx").write_bytes(b"mine")
    (tmp_path / ".build-1-12345678").symlink_to(".build-old")
    before = held(tmp_path)
    build(tmp_path / "build", ONE)
    assert {name: content for name, content in held(tmp_path).items() if not name.startswith("build/")} == before


def test_two_programs_that_make_one_folder_at_once_leave_one_of_them(tmp_path):
    out = tmp_path / "build"
    with new_folder(out, "build") as outer:
        (outer / "a.html").write_bytes(b"outer")
        build(out, {"a.html": b"inner", "b.html": b"inner"})
    assert held(out) == {"a.html": b"outer"}
    assert os.listdir(tmp_path) == ["build"]


def test_the_mark_is_the_same_for_the_same_files(tmp_path):
    for name in ("one", "two"):
        build(tmp_path / name, {"b.txt": b"b", "a/b.txt": b"a"})
    assert (tmp_path / "one" / MARK).read_bytes() == (tmp_path / "two" / MARK).read_bytes()
    assert re.search(r"replaces the files listed here, unless you change them", (tmp_path / "one" / MARK).read_text())
