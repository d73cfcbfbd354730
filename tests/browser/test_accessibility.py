"""Every page in a real browser: by keyboard alone, enlarged on a phone, on paper, and in the order in which it is read aloud."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest
from webdriver import Browser

#: What a page is measured at, in CSS pixels: a desktop screen of 1280 at 200 % and 400 %, which is a phone; and that
#: phone at 200 % and 400 %. Tables of many columns move inside their own box, so only packs go below a phone's width.
WIDTHS, NARROWER = (640, 320), (160, 80)
#: The spacing of letters, words and lines that readers may set for themselves (WCAG 2.2, 1.4.12).
SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"
#: A4 within the margins of the pages' own style sheets, in CSS pixels.
PAPER = {"pack": 665, "page": 1032}


def shape(browser: Browser, width: int, height: int = 800, medium: str = "screen") -> None:
    browser.devtools(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
    )
    browser.devtools("Emulation.setEmulatedMedia", media=medium)


def too_wide(browser: Browser) -> str:
    """What sticks out of the page sideways; empty where nothing does."""
    return browser.run(
        """const room = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= room) return '';
        const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > room + 1 && !e.closest('.wide'));
        return `${document.documentElement.scrollWidth} of ${room}: ` + out.slice(0, 3).map((e) => e.outerHTML.slice(0, 80)).join(' | ')"""
    )


@pytest.fixture
def screen(window) -> Iterator[Browser]:
    """The window, put back to an ordinary screen afterwards."""
    yield window
    shape(window, 1280, 1000)


#: Beside packs, a page of each kind, where looking at all of them would take minutes.
KINDS = {
    "index",
    "codebook",
    "T2",
    "theme_table",
    "00_index",
    "05_parents_and_practitioners",
    "advisory-team-notes",
    "brief-E08000025",
    "brief-E09000001",
}


def is_pack(page: Path) -> bool:
    return page.parent.name == "packs" and "team" not in page.name


def of_each_kind(pages: list[Path]) -> list[Path]:
    return [page for page in pages if is_pack(page) or page.stem in KINDS]


# ---------------------------------------------------------------- enlarged


def test_nothing_scrolls_sideways_at_200_and_400_percent(screen, pages):
    found = {}
    for page in pages:
        screen.open(page.as_uri())
        for width in (*WIDTHS, *(NARROWER if is_pack(page) else ())):
            shape(screen, width)
            if wide := too_wide(screen):
                found[page.name, width] = wide
    assert found == {}


def test_letters_of_twice_the_size_and_wider_spacing_stay_on_a_phones_screen(screen, pages):
    found = {}
    for page in filter(is_pack, pages):
        screen.open(page.as_uri())
        shape(screen, 320)
        for name, style in (("twice as large", "html { font-size: 200% }"), ("spaced", SPACED)):
            screen.run(
                "document.head.append(Object.assign(document.createElement('style'), {textContent: arguments[0], id: 'own'}))",
                style,
            )
            if wide := too_wide(screen):
                found[page.name, name] = wide
            screen.run("document.getElementById('own').remove()")
    assert found == {}


def test_what_can_be_touched_is_large_enough(screen, pages):
    """24 by 24 CSS pixels for links that stand alone (WCAG 2.2, 2.5.8)."""
    small = {}
    for page in filter(is_pack, pages):
        screen.open(page.as_uri())
        shape(screen, 320)
        sizes = screen.run(
            """return [...document.querySelectorAll('nav a, .to-next a')].map((a) => a.getBoundingClientRect()).filter((r) => r.height < 24 || r.width < 24).length"""
        )
        if sizes:
            small[page.name] = sizes
    assert small == {}


# ---------------------------------------------------------------- by keyboard


def test_tab_reaches_every_link_in_order_and_the_focus_is_seen(window, pages):
    found = {}
    for page in of_each_kind(pages):
        window.open(page.as_uri())
        links = window.run(
            """window.reached = [];
            const all = [...document.querySelectorAll('a[href], [tabindex="0"]')];
            addEventListener('focusin', (event) => {
                const style = getComputedStyle(event.target), box = event.target.getBoundingClientRect();
                reached.push([all.indexOf(event.target), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, box.left >= 0 && box.width > 0]);
            });
            return Math.min(all.length, 60)"""
        )
        window.press(*["Tab"] * links)
        reached = window.run("return window.reached")
        if [each[0] for each in reached] != list(range(links)):
            found[page.name] = f"{len(reached)} of {links} reached: {[each[0] for each in reached][:12]}"
        elif hidden := [each[0] for each in reached if not (each[1] and each[2])]:
            found[page.name] = f"no focus is seen at {hidden[:12]}"
    assert found == {}


def test_the_first_key_leads_past_the_beginning_and_a_hard_part_can_be_skipped(window, pages):
    for page in filter(is_pack, pages):
        window.open(page.as_uri())
        window.press("Tab", "Enter")
        assert window.run("return location.hash") == "#themes", page.name
        window.run("document.querySelector('.to-next a').focus()")
        window.press("Enter")
        assert window.run("return location.hash") == "#T2", page.name


# ---------------------------------------------------------------- read aloud


def aloud(browser: Browser) -> list[tuple[str, str]]:
    """Headings, links and pictures as (role, name), in the order of the accessibility tree."""
    nodes = {each["nodeId"]: each for each in browser.devtools("Accessibility.getFullAXTree")["nodes"]}
    order, stack = [], [next(each for each in nodes.values() if "parentId" not in each)]
    while stack:
        node = stack.pop()
        stack += [nodes[each] for each in reversed(node.get("childIds", [])) if each in nodes]
        role = node.get("role", {}).get("value", "")
        if not node.get("ignored") and role in ("heading", "link", "image"):
            order.append((role, " ".join(node.get("name", {}).get("value", "").split())))
    return order


def written(page: Path) -> list[tuple[str, str]]:
    """The same from the file, in the order in which it is written, without what stands on paper only."""
    roles = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading") | {"a": "link", "img": "image"}
    order = []
    for each in lxml.html.parse(str(page)).getroot().iter(*roles):
        on_paper = any("paper" in (part.get("class") or "").split() for part in each.iterancestors())
        if on_paper or (each.tag == "a" and each.get("href") is None):
            continue
        said = each.get("aria-label") or each.get("alt") or each.text_content() + "".join(img.get("alt", "") for img in each.iter("img"))  # fmt: skip
        order.append((roles[each.tag], " ".join(said.split())))
    return order


def test_a_screen_reader_meets_everything_in_the_order_in_which_it_is_written(window, pages):
    for page in of_each_kind(pages):
        window.open(page.as_uri())
        assert aloud(window) == written(page), page.name


def test_what_is_read_first_stands_above(screen, pages):
    """Eye and ear meet the parts of a pack in the same order, on a phone and on a large screen."""
    for page in filter(is_pack, pages):
        screen.open(page.as_uri())
        for width in (1280, 320):
            shape(screen, width)
            tops = screen.run(
                "return [...document.querySelectorAll('h1, h2, h3, h4, p, figure, .card > ul')].filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().top)"
            )
            assert len(tops) > 50 and all(a <= b for a, b in pairwise(tops)), (page.name, width)


# ---------------------------------------------------------------- on paper


def test_pages_fit_on_a4_and_print_tagged(screen, pages, tmp_path):
    for page in of_each_kind(pages):
        screen.open(page.as_uri())
        shape(screen, PAPER["pack" if is_pack(page) else "page"], medium="print")
        if is_pack(page):
            assert too_wide(screen) == "", page.name
        # A browser prints a page a little smaller where a table of many columns needs it.
        assert (
            screen.run("return document.documentElement.scrollWidth / document.documentElement.clientWidth") <= 1.25
        ), page.name
        made = screen.devtools("Page.printToPDF", preferCSSPageSize=True, generateTaggedPDF=True)["data"]
        printed = tmp_path / f"{page.stem}.pdf"
        printed.write_bytes(base64.b64decode(made))
        assert b"/StructTreeRoot" in printed.read_bytes(), page.name
        if where := os.environ.get("BROWSER_PICTURES"):
            call = ["pdftoppm", "-gray", "-r", "60", "-png", str(printed), str(Path(where) / page.stem)]
            subprocess.run(call, check=False, stderr=subprocess.DEVNULL)


def test_on_paper_there_are_boxes_and_room_to_write_and_no_word_of_links(screen, pages):
    for page in filter(is_pack, pages):
        screen.open(page.as_uri())
        shape(screen, PAPER["pack"], medium="print")
        seen = screen.run(
            "return [...document.querySelectorAll('.write, .skip, .to-next, .on-screen')].filter((e) => e.checkVisibility()).map((e) => e.className)"
        )
        assert set(seen) == {"write"}, page.name
        room = re.findall(r'class="write"', page.read_text(encoding="utf-8"))
        assert len(seen) == len(room) >= 22
