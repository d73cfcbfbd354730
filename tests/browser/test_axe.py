"""Every page judged by axe-core's rules for WCAG 2.2 AA, and by its best practices."""

from __future__ import annotations

import pytest
from axe import NotToBeHad, axe_source

#: Two rules that are off by default, without which a table with neither header cells nor a caption passes.
RUN = """const done = arguments[arguments.length - 1];
// Rows after the thirtieth are made like those before them; thousands of them only take time.
document.querySelectorAll('tbody').forEach((body) => [...body.rows].slice(30).forEach((row) => row.remove()));
axe.run(document, {
    runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']},
    rules: {'td-has-header': {enabled: true}, 'table-fake-caption': {enabled: true}},
    resultTypes: ['violations'],
    preload: false,  // there is no style or medium from elsewhere to wait for
}).then(
    (all) => done({rules: all.passes.length, violations: all.violations.map((each) => `${each.id}, ${each.nodes.length} times: ${each.nodes[0].html.slice(0, 200)}`)}),
    (error) => done({rules: 0, violations: [String(error)]}))"""


@pytest.fixture(scope="module")
def rules() -> str:
    try:
        return axe_source()
    except NotToBeHad as reason:
        pytest.fail(str(reason))


def test_axe_finds_nothing_on_any_page(window, pages, rules):
    found = {}
    for page in pages:
        window.open(page.as_uri())
        window.run(rules)
        judged = window.run_async(RUN)
        assert judged["rules"] > 10, page.name
        if judged["violations"]:
            found[page.name] = judged["violations"]
    assert found == {}


def test_axe_finds_what_is_put_there(window, rules, tmp_path):
    rows = "".join("<tr>" + "<td>1</td>" * 5 + "</tr>" for _ in range(5))
    page = tmp_path / "broken.html"
    page.write_text(
        "<!DOCTYPE html><html><head><title>Broken</title></head><body><main><h1>Broken</h1><h4>A level skipped</h4><img src='a.png'>"
        "<p style='color:#bbb'>Pale</p>"
        f"<table border=1><tr><td colspan=5>A caption that is none</td></tr>{rows}</table></main></body></html>",
        encoding="utf-8",
    )
    window.open(page.as_uri())
    window.run(rules)
    ids = {each.split(",")[0] for each in window.run_async(RUN)["violations"]}
    assert {
        "html-has-lang",
        "heading-order",
        "image-alt",
        "color-contrast",
        "td-has-header",
        "table-fake-caption",
    } <= ids
