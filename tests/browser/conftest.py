"""A real JupyterLab on this computer alone, and a browser without a window before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from filled_pack import filled
from webdriver import Browser, free_port, missing, wait_for

from synthesis.briefs.contents import local_brief, prepare
from synthesis.briefs.pages import brief_page
from synthesis.packs.contents import build_packs
from synthesis.packs.pages import pack_page
from synthesis.packs.team_notes import team_page

ROOT = Path(__file__).parents[2]
#: Nothing in JupyterLab may ask the network or pop up over the page.
QUIET = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}


@pytest.fixture
def lab(tmp_path) -> Iterator[tuple[str, Path]]:
    """``(address, folder)`` of a JupyterLab that serves an empty folder; its settings are its own."""
    root, own = tmp_path / "work", tmp_path / "jupyter"
    settings = own / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(QUIET))
    root.mkdir()
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython",
              "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}  # fmt: skip
    address = f"http://127.0.0.1:{(port := free_port())}"
    call = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
            "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={root}",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    environment = os.environ | {name: str(own / each) for name, each in places.items()}
    with (tmp_path / "lab.log").open("wb") as log:
        server = subprocess.Popen(call, env=environment, stdout=log, stderr=log, cwd=root)
    try:
        wait_for(lambda: urllib.request.urlopen(f"{address}/api").close() is None, "JupyterLab does not start")
        yield address, root
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def browser(tmp_path) -> Iterator[Browser]:
    if lacking := missing():
        pytest.fail(lacking)
    window = Browser(tmp_path / "profile")
    try:
        yield window
    finally:
        window.close()


@pytest.fixture(scope="session")
def window(tmp_path_factory) -> Iterator[Browser]:
    """One window for the tests that only look at pages."""
    if lacking := missing():
        pytest.fail(lacking)
    one = Browser(tmp_path_factory.mktemp("window") / "profile", 1280, 1000)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture(scope="session")
def pages(evidence, tmp_path_factory) -> list[Path]:
    """Every page that the toolkit makes: those of build/, packs of both kinds for both audiences, before and after a round,
    and local briefs: an ordinary one, and one whose figures are withheld."""
    index = ROOT / "build" / "index.html"
    if not index.is_file():
        pytest.fail("build/ is not there: run make synthesis first, whose pages are looked at.")
    folder = tmp_path_factory.mktemp("made") / "packs"
    folder.mkdir()
    for audience in ("advisory", "practitioner"):
        standard, easy = build_packs(evidence, audience)
        made = {
            "standard": pack_page(standard),
            "easy-read": pack_page(easy),
            "after-a-round": pack_page(filled(standard)),
        }
        made["team-notes"] = team_page(evidence, standard, easy)
        for name, text in made.items():
            (folder / f"{audience}-{name}.html").write_text(text, encoding="utf-8")
    prepared = prepare(evidence)
    for area in ("E08000025", "E09000001"):
        brief = brief_page(local_brief(evidence, area, prepared))
        (folder.parent / f"brief-{area}.html").write_text(brief, encoding="utf-8")
    return [*sorted(folder.parent.rglob("*.html")), *sorted(index.parent.rglob("*.html"))]
