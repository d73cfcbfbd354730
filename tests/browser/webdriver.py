"""A browser without a window, driven through chromedriver: as much of the W3C WebDriver protocol as the tests need.

Debian's chromium and chromium-driver are all it takes; a WebDriver package would bring a dozen others and, where a driver
is missing, fetch one from the network.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
KEYS = {"Enter": "\ue007", "Tab": "\ue004", "Escape": "\ue00c", "Backspace": "\ue003", "ArrowLeft": "\ue012", "ArrowUp": "\ue013",
        "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Shift": "\ue008", "Control": "\ue009"}  # fmt: skip
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
]  # fmt: skip
PATIENCE = 60.0  # seconds; a cold kernel on two busy cores takes a while


def missing() -> str:
    """What has to be installed before a browser can be started, as a sentence; empty where nothing is missing."""
    lacking = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    return f"The browser tests need {' and '.join(lacking)}: apt-get install -y {' '.join(lacking)}" if lacking else ""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Browser:
    """One headless window. `profile` is a new folder for what the browser keeps."""

    def __init__(self, profile: Path, width: int = 1280, height: int = 1000) -> None:
        self.at = f"http://127.0.0.1:{(port := free_port())}"
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        wait_for(lambda: self._call("GET", "/status")["ready"], "chromedriver does not start")
        options = {"args": [*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"], "binary": shutil.which("chromium")}  # fmt: skip
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self.session = "/session/" + self._call("POST", "/session", wanted)["sessionId"]

    def close(self) -> None:
        try:
            self._call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(10)

    def open(self, url: str) -> None:
        self._call("POST", self.session + "/url", {"url": url})

    def reload(self) -> None:
        self._call("POST", self.session + "/refresh", {})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a piece of JavaScript returns; it may use ``arguments``."""
        return self._call("POST", self.session + "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script: str, *arguments: Any) -> Any:
        """What a piece of JavaScript hands to its last argument, a function, when it is done."""
        return self._call("POST", self.session + "/execute/async", {"script": script, "args": list(arguments)})

    def press(self, *keys: str, holding: str = "") -> None:
        """Press keys one after another, by name or as single characters, perhaps with another one held down."""
        strokes = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": stroke} for stroke in strokes for kind in ("keyDown", "keyUp")]
        if holding:
            value = KEYS[holding]
            actions = [{"type": "keyDown", "value": value}, *actions, {"type": "keyUp", "value": value}]
        self._call(
            "POST", self.session + "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}
        )

    def wait(self, script: str, why: str, *arguments: Any) -> Any:
        """Wait until a piece of JavaScript returns something true, and return that."""
        return wait_for(lambda: self.run(script, *arguments), why)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("GET", self.session + "/screenshot")))

    def devtools(self, command: str, **parameters: Any) -> Any:
        """What Chromium's own protocol answers, for what WebDriver does not know: screens of other sizes, paper, the accessibility tree."""
        return self._call("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def _call(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.at + path, content, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(json.load(error)["value"]["message"]) from None


def wait_for(ready: Any, why: str, patience: float = PATIENCE) -> Any:
    """Call `ready` until it returns something true; errors until then count as not ready."""
    until, last = time.monotonic() + patience, ""
    while time.monotonic() < until:
        try:
            if found := ready():
                return found
        except (OSError, RuntimeError, KeyError) as error:
            last = f" ({error})"
        time.sleep(0.05)
    raise AssertionError(f"{why} within {patience:.0f} seconds{last}")
