"""axe-core, the rules by which browsers judge a page's accessibility: fetched once through npm and kept in the environment.

It serves the tests alone. ``python tests/browser/axe.py`` says whether it can be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "4.14.1"
KEPT = Path(sys.prefix) / f"axe-core-{VERSION}.min.js"


class NotToBeHad(Exception):
    """axe-core is not here and cannot be fetched; the message says why and what to do."""


def axe_source() -> str:
    """The rules as JavaScript; fetched where they are not kept yet. Raises NotToBeHad."""
    if not KEPT.is_file():
        _fetch()
    return KEPT.read_text(encoding="utf-8")


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotToBeHad(
            "The accessibility rules of axe-core are fetched with npm, which is not here: apt-get install -y npm"
        )
    with tempfile.TemporaryDirectory() as folder:
        call = [npm, "pack", "--silent", f"axe-core@{VERSION}"]
        try:
            subprocess.run(call, cwd=folder, check=True, capture_output=True, timeout=60)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
            raise NotToBeHad(f"npm could not fetch axe-core {VERSION}: {said[0] if said else error}") from None
        with tarfile.open(Path(folder) / f"axe-core-{VERSION}.tgz") as package:
            content = package.extractfile("package/axe.min.js")
            assert content is not None
            fresh = KEPT.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(content.read())
            fresh.replace(KEPT)


if __name__ == "__main__":
    try:
        axe_source()
    except NotToBeHad as reason:
        sys.exit(str(reason))
