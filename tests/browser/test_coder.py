"""A coder at work in JupyterLab, by keyboard alone: what is typed is what the file holds, and nobody else's codes are seen."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from webdriver import wait_for

DATA = Path(__file__).parents[2] / "data"
CELL = 'import synthesis\nevidence = synthesis.read_evidence("data")\nsynthesis.coder(evidence, coder="reader-a")'
MARK = "not-for-other-eyes"
N = 20
SCREEN = "document.querySelector('.syn-coder:not(.old) .finding')?.textContent"


class Typed(NamedTuple):
    """What is typed at one finding, and the codes that must come of it: (code, confidence, negative case)."""

    keys: list[str]
    codes: list[tuple[str, str, str]]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    (path,) = folder.glob(f"*/{name}.csv")
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def find(code: dict[str, str]) -> list[str]:
    """Search for a code by its name and give it."""
    return ["/", *code["name"].lower(), "Enter"]


def plan(codebook: list[dict[str, str]]) -> Iterator[Typed]:
    """Twenty findings: one code or two, every level of confidence, every key."""
    levels = ["high", "medium", "low"]
    for n in range(N):
        one, two = codebook[3 * n % 61], codebook[(3 * n + 7) % 61]
        a, b = one["code_id"], two["code_id"]
        level = levels[n % 3]
        digit = str(n % 3 + 1)
        match n % 10:
            case 3:
                yield Typed([*find(one), *find(two), digit, "s"], [(a, "", "no"), (b, level, "no")])
            case 4:
                yield Typed([*find(one), "n", digit, "ArrowRight"], [(a, level, "yes")])
            case 5:
                yield Typed(["s"], [])
            case 6:
                yield Typed([*find(one), *find(two), "Backspace", digit, "s"], [(a, level, "no")])
            case 7:
                yield Typed([*find(one), digit, *find(two), "r", "s"], [(b, "", "no"), (a, level, "no")])
            case 8:
                second = codebook[2]["code_id"]
                yield Typed(["ArrowDown", "ArrowDown", "Enter", "c", digit, "s"], [(second, level, "no")])
            case 9:
                yield Typed([*find(one), *find(two), "u", "u", *find(two), digit, "s"], [(b, level, "no")])
            case _:
                yield Typed([*find(one), digit, "s"], [(a, level, "no")])


@pytest.fixture
def folder(lab) -> Path:
    """A copy of the evidence in which everything that others gave carries a mark, and a coder who has given nothing yet."""
    root = lab[1]
    data = Path(shutil.copytree(DATA, root / "data"))
    for name, column in (("codings", "note"), ("memos", "memo"), ("adjudications", "reason")):
        marked = [{**row, column: f"{MARK} {row[column]}".strip()} for row in table(data, name)]
        with (data / f"judgements/{name}.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, list(marked[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(marked)
    with (data / "judgements/coders.csv").open("a", encoding="utf-8") as handle:
        handle.write("reader-a,person,Coded every finding from its paraphrase,coder-1;coder-2;adjudicator,2,yes,\n")
    cell = {"cell_type": "code", "id": "coding", "metadata": {}, "source": CELL, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (root / "coding.ipynb").write_text(json.dumps(notebook))
    return data


def picture(browser, name: str) -> None:
    """Keep a picture of the page where BROWSER_PICTURES names a folder, to be looked at."""
    if where := os.environ.get("BROWSER_PICTURES"):
        browser.screenshot(Path(where) / f"{name}.png")


def settled(ready) -> bool:
    """Whether something comes true within three seconds."""
    try:
        return bool(wait_for(ready, "not yet", 3))
    except AssertionError:
        return False


def run_the_cell(browser) -> None:
    """Wait for the kernel, run the cell from the keyboard and go to the coder's screen with Tab."""
    idle = "return document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'"
    browser.wait(idle, "The kernel is not ready")
    browser.run("document.querySelectorAll('.syn-coder').forEach((old) => old.classList.add('old'))")
    browser.wait("return document.activeElement?.closest('.jp-Notebook') != null", "The notebook has no focus")
    browser.press("Escape")
    started = "return document.querySelector('.jp-InputArea-prompt').textContent.includes('*') || " + SCREEN
    for _ in range(10):  # JupyterLab shows the notebook a moment before it listens to keys
        browser.press("Enter", holding="Control")
        if settled(lambda: browser.run(started)):
            break
    try:
        browser.wait("return " + SCREEN, "The screen does not appear")
    finally:
        picture(browser, "opened")
    for _ in range(12):
        if browser.run("return document.activeElement.classList.contains('syn-coder')"):
            return
        browser.press("Tab")
    pytest.fail(
        "Tab does not reach the coder's screen: " + browser.run("return document.activeElement.outerHTML.slice(0, 300)")
    )


def shown(browser, what: str) -> str:
    return browser.run("return document.querySelector('.syn-coder ' + arguments[0]).textContent", what)


def at_finding(browser, place: int) -> None:
    browser.wait(
        "return document.querySelector('.syn-coder h2').textContent.startsWith(`Finding ${arguments[0]} of 631`)",
        f"Finding {place} is not shown",
        place,
    )


def nothing_of_others(browser) -> None:
    page = browser.run("return document.documentElement.outerHTML")
    assert MARK not in page
    assert [name for name in ("coder-1", "coder-2", "adjudicator") if name in page] == []


def test_twenty_findings_by_keyboard_alone(lab, folder, browser):
    address, _ = lab
    others = {name: table(folder, name) for name in ("codings", "readings", "memos")}
    findings = [row["finding_id"] for row in table(folder, "findings")]
    typed = list(plan(table(folder, "codebook")))

    browser.open(f"{address}/lab/tree/coding.ipynb")
    run_the_cell(browser)
    nothing_of_others(browser)
    picture(browser, "start")
    for place, finding in enumerate(typed, 1):
        at_finding(browser, place)
        assert browser.run("return document.querySelectorAll('.syn-coder .given li').length") == 0
        browser.press(*finding.keys)
        nothing_of_others(browser)
    at_finding(browser, N + 1)
    assert shown(browser, ".count") == "20 of 631 read"

    browser.reload()
    run_the_cell(browser)
    at_finding(browser, N + 1)
    assert shown(browser, ".count") == "20 of 631 read"
    nothing_of_others(browser)

    mine = [row for row in table(folder, "codings") if row["coder"] == "reader-a"]
    assert [(r["finding_id"], r["rank"], r["code_id"], r["confidence"], r["negative_case"]) for r in mine] == [
        (finding, str(rank), *code)
        for finding, each in zip(findings, typed, strict=False)
        for rank, code in enumerate(each.codes, 1)
    ]
    assert {(r["codebook_version"], r["note"]) for r in mine} == {("2", "")}
    assert [r["finding_id"] for r in table(folder, "readings") if r["coder"] == "reader-a"] == findings[:N]
    for name, before in others.items():
        assert [r for r in table(folder, name) if r.get("coder") != "reader-a"] == before


def test_texts_are_saved_and_the_keyboard_is_never_caught(lab, folder, browser):
    address, _ = lab
    first = table(folder, "findings")[0]["finding_id"]
    browser.open(f"{address}/lab/tree/coding.ipynb")
    run_the_cell(browser)

    browser.press("/", *"removal grief", "Enter")
    browser.wait("return document.querySelector('.syn-coder .given li') != null", "The code is not shown as given")
    browser.press(
        "t", *"Second line is unsure, ask.", "Escape", "m", *"Loss comes back in waves; compare n and s.", "Escape"
    )
    browser.press("d", "d")  # in JupyterLab's own keys this deletes the cell
    browser.wait(
        "return document.querySelector('.syn-coder .said').textContent.startsWith('Memo written')", "No memo is saved"
    )
    picture(browser, "texts")
    (coding,) = [row for row in table(folder, "codings") if row["coder"] == "reader-a"]
    (memo,) = [row for row in table(folder, "memos") if row["written_by"] == "reader-a"]
    assert (coding["finding_id"], coding["note"]) == (first, "Second line is unsure, ask.")
    assert (memo["about"], memo["memo"], memo["finding_ids"]) == (
        coding["code_id"],
        "Loss comes back in waves; compare n and s.",
        first,
    )
    assert browser.run("return document.querySelectorAll('.jp-Notebook .jp-Cell').length") == 1

    seen = []
    for _ in range(40):  # Tab goes through every part and out at the end
        browser.press("Tab")
        inside = browser.run(
            "const here = document.activeElement; return here.closest('.syn-coder') ? here.outerHTML.slice(0, 90) : ''"
        )
        if not inside:
            break
        seen.append(inside)
    else:
        pytest.fail(f"Tab stays inside: {seen}")
    assert len(seen) >= 10
    browser.press("Tab", holding="Shift")
    assert browser.run("return document.activeElement.closest('.syn-coder') != null"), "and Shift+Tab leads back in"


def test_what_cannot_be_saved_is_said_and_not_shown_as_given(lab, folder, browser):
    address, _ = lab
    browser.open(f"{address}/lab/tree/coding.ipynb")
    run_the_cell(browser)
    path = folder / "judgements/codings.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("finding_id,", "colour,finding_id,", 1), encoding="utf-8")
    browser.press("Enter")
    browser.wait("return document.querySelector('.syn-coder [role=alert]').textContent", "Nothing is said")
    assert browser.run("return document.querySelectorAll('.syn-coder .given li').length") == 0
    path.write_text(whole, encoding="utf-8")
    browser.press("Enter")
    browser.wait("return document.querySelectorAll('.syn-coder .given li').length === 1", "The code is not given")
    assert shown(browser, "[role=alert]") == ""
