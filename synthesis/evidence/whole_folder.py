"""Several files written into one folder, all of them or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from synthesis.evidence.schema import CallError, SynthesisError


def put_files(contents: Mapping[str, bytes], out: str | Path, what: str) -> None:
    """Write files into a folder, whole or not at all; files of the same name are replaced, others stay as they are.

    Parameters
    ----------
    contents : the bytes of each file by its name.
    out : the folder, made where it is not there.
    what : what the files are together, for messages, such as "pack".

    Raises CallError where `out` is a file, and SynthesisError, with everything as it was, where it cannot be written.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise CallError(f"{out} is a file. Name a folder for the {what}.")
    # All files go into a folder beside `out` first; then that folder takes its place, or its files join those of `out`.
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as name:
            fresh = Path(name) / "fresh"
            fresh.mkdir()
            for file, content in contents.items():
                (fresh / file).write_bytes(content)
            _join(fresh, out, Path(name) / "before")
    except OSError as error:
        said = error.strerror or error
        raise SynthesisError(
            f"The {what} could not be written to {out} ({said}); what was there is untouched."
        ) from error


def _join(fresh: Path, out: Path, before: Path) -> None:
    """Move every file of `fresh` into `out`; where one cannot be moved, the old ones are put back."""
    if not out.exists():
        fresh.rename(out)
        return
    before.mkdir()
    names = [file.name for file in sorted(fresh.iterdir())]
    held = [name for name in names if (out / name).is_file()]
    for name in held:
        shutil.copy2(out / name, before / name)
    moved: list[str] = []
    try:
        for name in names:
            (fresh / name).replace(out / name)
            moved.append(name)
    except OSError:
        for name in moved:
            (before / name).replace(out / name) if name in held else (out / name).unlink()
        raise
