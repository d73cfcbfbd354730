"""The planning form in a real browser, by keyboard alone: its labels, what it sends, and how a fault is found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import synthesis
from synthesis.planning.form import PlanAnswers, form_view

PACKAGE = Path(synthesis.__file__).parent / "planning"
#: Stands for the kernel: it keeps what the form sends, and answers what the test put there.
MODEL = """
const heard = [];
window.state = {view: VIEW, outcome: {said: "", faults: [], heard: 0}};
const model = {get: (name) => window.state[name], on: (_, does) => heard.push(does), off() {},
  send(message) { window.sent = message; window.state.outcome = {...window.answer, heard: message.serial}; heard.forEach((does) => does()); }};
render({model, el: document.body});
"""


@pytest.fixture
def form(window, evidence, tmp_path):
    """The form of a made-up area, open in the window."""
    answers = PlanAnswers(evidence, "Exampleton", "not started,planned,begun,in place", "2025-06-01")
    script = (PACKAGE / "form.js").read_text(encoding="utf-8").replace("export default { render };", "")
    style = (PACKAGE / "form.css").read_text(encoding="utf-8")
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Plan</title><style>{style}</style><body><script type="module">{script}{MODEL.replace("VIEW", json.dumps(form_view(answers)))}</script></body></html>'
    (tmp_path / "form.html").write_text(page, encoding="utf-8")
    window.open((tmp_path / "form.html").as_uri())
    window.wait("return document.querySelectorAll('fieldset').length === 22", "the form is not drawn")
    return window


def test_every_field_has_a_label_and_every_item_a_legend(form):
    bare = "return [...document.querySelectorAll('input, select, textarea')].filter((field) => !field.labels.length || !field.labels[0].textContent).length"
    assert form.run(bare) == 0
    assert form.run("return [...document.querySelectorAll('fieldset')].filter((one) => !one.querySelector('legend').textContent).length") == 0  # fmt: skip


def test_an_item_is_answered_and_sent_by_keyboard(form):
    form.run("document.querySelector('select').focus()")
    form.press("b", "Tab", *"a note", "Tab", *"hub board", "Tab")
    assert form.run("return document.querySelector('.count').textContent") == "1 of 22 answered"
    assert form.run("return document.querySelector('.said').textContent") == "Not stored yet."
    form.run("window.answer = {said: 'Stored.', faults: []}; document.querySelector('button').focus()")
    form.press("Enter")
    sent = form.run("return window.sent")
    assert sent["given"] == {"SI081": {"stage": "begun", "note": "a note", "owner": "hub board", "action_date": ""}}
    assert sent["day"] == "2025-06-01"
    assert form.run("return document.querySelector('.said').textContent") == "Stored."


def test_a_fault_leads_to_its_field_and_is_read_out(form):
    lines = ["Nothing was stored.", "SI082, column Owner (a role): name “Ja…”"]
    form.run("window.answer = {said: '', faults: arguments[0]}; document.querySelector('button').focus()", lines)
    form.press("Enter")
    assert form.run("return document.activeElement.getAttribute('role')") == "alert"
    form.press("Tab", "Enter")
    assert form.run("return document.activeElement.id").endswith("SI082-owner")
    assert form.run("return document.activeElement.getAttribute('aria-invalid')") == "true"


def test_on_a_phone_nothing_stands_beside_the_screen(form):
    form.devtools("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=False)
    try:
        assert form.run("return document.documentElement.scrollWidth <= 320")
    finally:
        form.devtools("Emulation.clearDeviceMetricsOverride")
