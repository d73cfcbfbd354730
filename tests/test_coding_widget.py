"""What the coder's screen shows and does, without a browser: `tests/browser` looks at the screen itself."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

import synthesis
from synthesis.coding.session import CodingSession
from synthesis.coding.widget import ACTIONS, act, codebook_view, view
from synthesis.evidence.schema import SynthesisError
from synthesis.evidence.tables import Evidence, read_table, write_table

PACKAGE = Path(synthesis.__file__).parent / "coding"
MARK = "not-for-other-eyes"


@pytest.fixture
def session(evidence, tmp_path) -> CodingSession:
    """A person at the shipped findings, in a folder where whatever others gave carries a mark."""
    people = evidence.coders.assign(kind=evidence.coders["kind"].where(evidence.coders["coder_id"] != "adjudicator", "person"))  # fmt: skip
    marked = {
        "codings": evidence.codings.assign(note=MARK),
        "memos": evidence.memos.assign(memo=MARK, about=MARK),
        "adjudications": evidence.adjudications.assign(reason=MARK),
    }
    for name in ("codings", "memos"):
        write_table(marked[name], name, tmp_path)
    return CodingSession(Evidence(tmp_path, {**evidence.frames, **marked, "coders": people}), "adjudicator")


def ask(session, do, value=None, finding=None):
    return act(session, {"do": do, "value": value, "finding": finding or session.finding_id, "serial": 1})


def test_the_screen_shows_the_finding_with_its_study_and_where_it_was_read(session, evidence):
    for _ in range(3):
        shown = view(session)
        finding = evidence.findings.set_index("finding_id").loc[shown["finding_id"]]
        study = evidence.studies.set_index("study_id").loc[finding["study_id"]]
        assert (shown["finding"], shown["locator"], shown["link"]) == (finding["finding"], finding["locator"], finding["source_url"])  # fmt: skip
        assert (shown["study"]["title"], shown["study"]["population"]) == (study["title"], study["population"])
        session.next()
    assert shown["perspective"] == "a parent's own view or experience"
    assert shown["study"]["country"] == "United Kingdom"
    assert shown["study"]["place"] == "finding 3 of 4 of this study"


def test_nothing_of_others_reaches_the_screen_at_any_finding(session):
    sent = [json.dumps(codebook_view(session))]
    for place, _ in enumerate(session.order[:25]):
        sent.append(json.dumps(view(session)))
        sent.append(json.dumps(ask(session, "add", session.codebook.index[place])))
        sent.append(json.dumps(ask(session, "next")))
    whole = " ".join(sent)
    assert MARK not in whole
    assert not [name for name in ("coder-1", "coder-2", "agreed") if f'"{name}"' in whole]


def test_the_codebook_is_whole_and_in_its_own_order(session, evidence):
    listed = codebook_view(session)
    assert [each["code_id"] for each in listed] == list(evidence.codebook["code_id"])
    assert set(listed[0]) == {"code_id", "name", "theme", "definition", "use_when", "do_not_use_for"}
    assert listed[0]["theme"] == "Needing support but fearing the consequences"


def test_what_is_asked_is_done_and_said(session):
    first = session.finding_id
    assert ask(session, "add", "advocacy")["said"].startswith("Code given, saved at ")
    ask(session, "add", "concealing")
    ask(session, "confidence", "low")
    ask(session, "negative")
    ask(session, "note", {"code_id": "advocacy", "text": "of the first"})
    ask(session, "memo", {"memo": "on both", "about": ""})
    codes = view(session)["codes"]
    assert [(c["code_id"], c["confidence"], c["negative_case"], c["note"]) for c in codes] == [
        ("advocacy", "", False, "of the first"),
        ("concealing", "low", True, ""),
    ]
    assert (view(session)["memo"], view(session)["memo_about"]) == ("on both", "advocacy")
    assert ask(session, "next")["said"] == f"{first}: recorded as read. Finding 2 of 631."
    assert (view(session)["position"], view(session)["n_read"], view(session)["codes"]) == (2, 1, [])


def test_choosing_goes_round_and_every_other_step_can_be_taken(session):
    for code in ("advocacy", "concealing"):
        ask(session, "add", code)
    assert [ask(session, "choose", view(session)["chosen"] + 1)["fault"] or view(session)["chosen"] for _ in range(3)] == [0, 1, 0]  # fmt: skip
    ask(session, "choose", 1)
    ask(session, "raise")
    assert [c["code_id"] for c in view(session)["codes"]] == ["concealing", "advocacy"]
    ask(session, "undo")
    ask(session, "remove")
    assert [c["code_id"] for c in view(session)["codes"]] == ["advocacy"]
    ask(session, "next")
    assert ask(session, "back")["said"] == "Finding 1 of 631."
    assert ask(session, "unread")["said"] == "Finding 2 of 631."


@pytest.mark.parametrize(
    ("do", "value", "said"),
    [
        ("add", "no_such_code", "There is no code 'no_such_code' in the codebook"),
        ("confidence", "high", "no code yet: give it one first"),
        ("note", {"code_id": "", "text": ""}, "no code yet: give it one first"),
        ("undo", None, "nothing to undo"),
        ("back", None, "This is the first finding"),
        ("format the disk", None, "not known here"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_on_the_screen(session, do, value, said):
    outcome = ask(session, do, value)
    assert said in outcome["fault"] and not outcome["said"]
    assert view(session)["codes"] == []


def test_a_key_pressed_before_the_next_finding_was_shown_codes_nothing(session):
    first = session.finding_id
    ask(session, "next", finding=first)
    for do, value in (("next", None), ("add", "advocacy"), ("memo", {"memo": "late", "about": ""})):
        assert "before this finding was shown" in ask(session, do, value, finding=first)["fault"]
    assert (view(session)["position"], view(session)["n_read"], view(session)["codes"], view(session)["memo"]) == (2, 1, [], "")  # fmt: skip


def test_the_end_is_said(evidence, session):
    part = session.order[:2]
    end = CodingSession(Evidence(session.folder, {**evidence.frames, "coders": evidence.coders.assign(kind="person")}), "adjudicator", part)  # fmt: skip
    ask(end, "next")
    assert ask(end, "next")["said"].endswith("Every finding is read.")
    assert ask(end, "unread")["fault"] == "Every finding is read."
    assert len(read_table("readings", session.folder)) == 2


def test_only_an_address_of_the_web_becomes_a_link(session):
    for address in ("javascript:alert(1)", "http://47.251.13.51:8081/a.pdf"):
        session.findings = session.findings.assign(source_url=address)
        assert view(session)["link"] == "", "a script, or a copy on a machine that nobody knows"


def test_the_screen_asks_for_nothing_that_is_not_known_and_lists_every_key():
    script = (PACKAGE / "widget.js").read_text(encoding="utf-8")
    asked = set(
        re.findall(r"""(?:send|tell|button)\((?:"[^"]*", )?"([a-z-]+)"|\["([a-z]+)", (?:place|level)\]""", script)
    )
    names = {one or two for one, two in asked} | set(re.findall(r'draft\(\w+, "(\w+)"', script))
    assert names - {"add-marked"} == set(ACTIONS)
    keys = re.search(r"const DOES = \{(.*?)\n  \};", script, re.DOTALL)[1]
    bound = set(re.findall(r'^    "?([^":\s]+)"?: ', keys, re.MULTILINE))
    listed = {key for line in re.findall(r'^  \["([^"]+)", "', script, re.MULTILINE) for key in line.split()}
    shown = {"ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→"}
    assert {shown.get(key, key) for key in bound} | {"1", "2", "3", "Esc", "Tab", "or"} == listed


def test_without_anywidget_the_way_to_install_it_is_told(evidence, monkeypatch, session):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    synthesis.coding.widget._widget_class.cache_clear()
    people = Evidence(session.folder, {**evidence.frames, "coders": evidence.coders.assign(kind="person")})
    with pytest.raises(SynthesisError, match=r"make lab.*pip install -e '\.\[lab\]'"):
        synthesis.coder(people, coder="adjudicator")


def test_the_package_brings_the_screen_and_fetches_nothing():
    for name in ("widget.js", "widget.css"):
        text = (PACKAGE / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|\bimport\b\s*[({\"']|@import|fetch\(|url\(", text)
