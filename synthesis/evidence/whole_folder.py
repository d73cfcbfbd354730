"""Folders that the toolkit writes as a whole, such as a build or a pack; what is not the toolkit's stays as it is.

Such a folder holds a mark: a file that lists what was written there, each with its fingerprint. What the mark lists and
nobody has changed since may be replaced; anything else in the folder stays in it, and a folder without a mark is refused
unless it is empty. A new folder is made beside the old one and takes its place by two renames, so that a program that is
killed leaves one of them whole; the next call on that folder clears up behind it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeGuard

from synthesis.evidence.basis import file_fingerprint
from synthesis.evidence.schema import CallError, SynthesisError

#: The mark of a folder that the toolkit wrote.
MARK = ".made-by-synthesis.json"
_ABOUT = "Written by the evidence synthesis toolkit. It replaces the files listed here, unless you change them; other files stay."
#: Where notebooks are looked for unless another folder is named.
NOTEBOOKS = Path("notebooks")
#: Seconds after which an unfinished folder is nobody's, even where its process cannot be asked.
_DAY = 86_400.0
_SHOWN = 5  # names that a message lists
_OPEN: set[Path] = set()  # unfinished folders of this process


def free_folder(
    out: str | Path,
    what: str,
    data: str | Path | None = None,
    notebooks: str | Path = NOTEBOOKS,
    names: Collection[str] | None = None,
    force: bool = False,
) -> Path:
    """The folder with links followed, where files may be put without losing anything that is not the toolkit's.

    Parameters
    ----------
    out : the folder; it need not be there. What a killed call left unfinished beside it is cleared up first.
    what : what is to be put there, for messages, such as "pack".
    data, notebooks : folders that `out` may neither hold nor lie in; nor may it hold the current folder.
    names : the files to be put there; default all that the toolkit wrote there before.
    force : whether files may be replaced that were changed since, or that the toolkit did not write.

    Raises CallError for a file, a folder that holds or lies in one of those, a folder that is not empty and was not made by
    the toolkit, and files that would be replaced and are not as the toolkit left them (unless `force`).
    """
    place = Path(os.path.realpath(out))
    _refuse_place(place, out, what, data, notebooks)
    if place.exists() and not place.is_dir():
        raise CallError(f"{out} is a file. Name a folder for the {what}.")
    _sweep(place)
    if not _is_ours(place):
        raise CallError(
            f"{out} is not empty and was not made by this toolkit: it holds {_some(sorted(os.listdir(place)))}. Nothing was changed. "
            f"Name a new or an empty folder for the {what}. (If an earlier version of the toolkit made it, look for anything of "
            "your own in it, delete it and try again.)"
        )
    _refuse_changed(place, out, _listed(place) or {}, names, force)
    return place


def refuse_inside(out: str | Path, what: str, data: str | Path | None, notebooks: str | Path | None = None) -> None:
    """Raise CallError where a folder is, or lies in, the data folder or the folder of the notebooks."""
    for name, other in (("the data folder", data), ("the folder of the notebooks", notebooks)):
        if _is_there(other) and _lies_in(Path(os.path.realpath(out)), Path(other)):
            raise CallError(f"{out} lies in {name}, {other}. Name a folder outside it for the {what}, such as build.")


def _refuse_place(place: Path, out: str | Path, what: str, data: str | Path | None, notebooks: str | Path) -> None:
    kept = {"the data folder": data, "the notebooks": notebooks, "the current folder": Path.cwd()}
    for name, other in kept.items():
        if _is_there(other) and _lies_in(Path(os.path.realpath(other)), place):
            raise CallError(
                f"{out} is or holds {name}, {other}. Name a folder of its own for the {what}, such as build."
            )
    refuse_inside(out, what, data, notebooks)


def _is_there(folder: str | Path | None) -> TypeGuard[str | Path]:
    return folder is not None and os.path.exists(folder)


def _lies_in(inner: Path, outer: Path) -> bool:
    """Whether a folder is another or lies in it. The file system is asked: it knows whether capitals count, and links."""
    for each in (inner, *inner.parents):
        with suppress(OSError):
            if os.path.samefile(each, outer):
                return True
    return False


# ---------------------------------------------------------------- the mark


def _listed(folder: Path) -> dict[str, str] | None:
    """The files that the mark of a folder lists, with their fingerprints; None without a mark that can be read."""
    try:
        files = json.loads((folder / MARK).read_text(encoding="utf-8"))["files"]
        names = [*files, *files.values()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    fine = all(isinstance(each, str) for each in names) and all(_is_inner(name) for name in files)
    return files if fine else None


def _is_inner(name: str) -> bool:
    return not os.path.isabs(name) and ".." not in re.split(r"[\\/]", name) and ":" not in name


def _is_ours(place: Path) -> bool:
    """Whether a folder is not there, empty or marked, or holds marked folders alone, as build with a pack and no build."""
    held = list(place.iterdir()) if place.exists() else []
    return not held or _listed(place) is not None or all(_listed(each) is not None for each in held)


def _write_mark(new: Path, kept: Mapping[str, str]) -> None:
    made = {name: file_fingerprint(new / name) for name in _names(new)}
    text = json.dumps({"about": _ABOUT, "files": dict(sorted({**kept, **made}.items()))}, ensure_ascii=False, indent=1)
    (new / MARK).write_text(text + "\n", encoding="utf-8")


def _names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def _refuse_changed(
    place: Path, out: str | Path, listed: Mapping[str, str], names: Collection[str] | None, force: bool
) -> None:
    """Refuse to replace what is not as the toolkit left it: other files, changed ones, folders and links in their place."""
    there = [name for name in (listed if names is None else names) if not _is_missing(place, name)]
    barred = [name for name in there if not _is_plain(place, name)]
    if barred:
        raise CallError(f"{_some([f'{out}/{name}' for name in barred])}: a folder, a link or a file stands in its way. Rename it.")  # fmt: skip
    changed = [name for name in there if listed.get(name) != file_fingerprint(place / name)]
    if changed and not force:
        raise CallError(
            f"{_some([f'{out}/{name}' for name in changed])}: not as the toolkit left it, perhaps filled in or edited. Nothing was "
            "changed. Move or rename what you want to keep, or replace it with --force."
        )


def _is_missing(place: Path, name: str) -> bool:
    """Whether nothing stands where a file is to be put, or in the place of one of its folders."""
    parents = [place / each for each in Path(name).parents]
    bare = all((each.is_dir() and not each.is_symlink()) or not os.path.lexists(each) for each in parents)
    return bare and not os.path.lexists(place / name)


def _is_plain(place: Path, name: str) -> bool:
    """Whether a file and the folders that lead to it are neither links nor something else."""
    inner = [place / each for each in Path(name).parents][:-1]
    return (place / name).is_file() and not any(each.is_symlink() for each in (place / name, *inner))


def _some(names: Collection[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(list(names)[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


# ---------------------------------------------------------------- making and swapping


@contextmanager
def new_folder(
    out: str | Path,
    what: str,
    data: str | Path | None = None,
    notebooks: str | Path = NOTEBOOKS,
    names: Collection[str] | None = None,
    force: bool = False,
) -> Iterator[Path]:
    """A new folder that takes the place of `out` when the block ends well, and vanishes when it does not.

    Parameters are those of `free_folder`, which is asked before and after. With `names`, what the toolkit wrote there
    before under other names stays; without, it goes. Files of other people stay in any case.

    Raises SynthesisError, with everything as it was, where the folder cannot be written.
    """
    place = free_folder(out, what, data, notebooks, names, force)
    with _told(out, what):
        stage = _begin(place)
    try:
        yield stage / "new"
        before = _listed(place) or {}
        made = _names(stage / "new")
        free_folder(out, what, data, notebooks, made if names is not None else sorted({*made, *before}), force)
        with _told(out, what):
            _write_mark(stage / "new", {} if names is None else _keep(before, place, stage / "new"))
            _swap(stage, place)
    finally:
        _clear(stage, place)
        _OPEN.discard(stage)
    if stage.exists():
        raise SynthesisError(f"The {what} is in {out}, but not all of what else was there could be moved: the rest is in {stage / 'old'}.")  # fmt: skip


def put_files(
    contents: Mapping[str, bytes], out: str | Path, what: str, data: str | Path | None = None, force: bool = False
) -> None:
    """Write files into a folder, whole or not at all; files of the same name are replaced, others stay as they are.

    Parameters
    ----------
    contents : the bytes of each file by its name.
    out : the folder, made where it is not there.
    what : what the files are together, for messages, such as "pack".
    data, force : as `free_folder` takes them.

    Raises CallError as `free_folder` does, and SynthesisError, with everything as it was, where it cannot be written.
    """
    with new_folder(out, what, data, names=list(contents), force=force) as new, _told(out, what):
        for file, content in contents.items():
            (new / file).write_bytes(content)


@contextmanager
def _told(out: str | Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = error.strerror or error
        raise SynthesisError(
            f"The {what} could not be written to {out} ({said}); what was there is untouched."
        ) from error


def _begin(place: Path) -> Path:
    """A folder beside `place`, named after this process, with room for the new folder and the old one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-{os.getpid()}-"))
    _OPEN.add(stage)
    _write_mark(stage, {})
    (stage / "new").mkdir()
    return stage


def _keep(before: Mapping[str, str], place: Path, new: Path) -> dict[str, str]:
    """Copy what the toolkit wrote before under other names; what was changed since moves as other people's files do."""
    rest = {name: state for name, state in before.items() if _is_plain(place, name) and not (new / name).exists()}
    for name, state in rest.items():
        if file_fingerprint(place / name) == state:
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place / name, new / name)
    return rest


def _swap(stage: Path, place: Path) -> None:
    if place.exists():
        shutil.copymode(place, stage / "new")
        os.rename(place, stage / "old")
    os.rename(stage / "new", place)


def _sweep(place: Path) -> None:
    """Clear up what killed calls left beside `place`; where one was killed between its two renames, the old folder is back."""
    for stage in place.parent.iterdir() if place.parent.is_dir() else ():
        found = re.fullmatch(re.escape(f".{place.name}-") + r"(\d+)-\w{8}", stage.name)
        if found and _is_stage(stage) and not _at_work(stage, int(found[1])):
            _clear(stage, place)


def _is_stage(folder: Path) -> bool:
    """Whether a folder is one of `_begin`, perhaps killed before it had its mark."""
    return folder.is_dir() and not folder.is_symlink() and (_listed(folder) is not None or _holds_mark_alone(folder))


def _holds_mark_alone(folder: Path) -> bool:
    return {each.name for each in folder.iterdir()} <= {MARK}


def _at_work(stage: Path, process: int) -> bool:
    if process == os.getpid():
        return stage in _OPEN
    return process_lives(process) and time.time() - stage.stat().st_mtime < _DAY


def process_lives(process: int) -> bool:
    """Whether a process of this machine is there; where the system cannot be asked without harm, it is taken to be."""
    if os.name != "posix":  # elsewhere the signal 0 is no question: it ends the process
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _clear(stage: Path, place: Path) -> None:
    """Finish or take back an exchange: what is not the toolkit's goes from the old folder to the new one, the rest goes."""
    old = stage / "old"
    with suppress(OSError):  # what cannot be moved or deleted now stays in `stage` until the next call
        if old.exists() and not place.exists():
            os.rename(old, place)
        if old.exists():
            _empty(old, place)
        shutil.rmtree(stage / "new", ignore_errors=True)
        _remove_if_done(stage)


def _remove_if_done(folder: Path) -> None:
    if folder.exists() and _holds_mark_alone(folder):
        (folder / MARK).unlink(missing_ok=True)
        folder.rmdir()


def _empty(old: Path, place: Path) -> None:
    before, now = _listed(old) or {}, _listed(place) or {}
    gone = {MARK, *(name for name in before if name not in now), *(name for name in now if (place / name).is_file())}
    _move(old, place, gone)
    for name in sorted(gone - {MARK}):
        if _is_plain(old, name):
            (old / name).unlink()
    for each in sorted((each for each in old.rglob("*") if each.is_dir() and not each.is_symlink()), reverse=True):
        with suppress(OSError):  # not empty
            each.rmdir()
    _remove_if_done(old)


def _move(old: Path, new: Path, gone: Collection[str], at: str = "") -> None:
    """Move everything but the files in `gone` to where nothing stands yet."""
    for entry in sorted(old.iterdir()):
        name, target = at + entry.name, new / entry.name
        if name in gone:
            continue
        if not os.path.lexists(target) and not any(each.startswith(f"{name}/") for each in gone):
            new.mkdir(parents=True, exist_ok=True)
            os.rename(entry, target)
        elif entry.is_dir() and not entry.is_symlink():
            _move(entry, target, gone, f"{name}/")
