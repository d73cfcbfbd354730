"""Coding in JupyterLab: `coder` shows a coder one finding after another, with the codebook beside it.

All that counts is decided by `CodingSession`. This module says what the screen shows and which message does what; the
drawing and the keys are in ``widget.js``, the look in ``widget.css``. Nothing is fetched from elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from synthesis.coding.session import CodingSession
from synthesis.evidence.addresses import is_mirror
from synthesis.evidence.schema import SynthesisError, table, vocabularies
from synthesis.evidence.tables import Evidence

#: What a message from the screen does: its name -> (what is done, what is said then).
ACTIONS: dict[str, tuple[Callable[[CodingSession, Any], object], str]] = {
    "add": (lambda session, code: session.add(code), "Code given"),
    "remove": (lambda session, place: session.remove(place), "Code taken back"),
    "choose": (lambda session, place: session.choose(place % max(1, len(session.given))), ""),
    "raise": (lambda session, place: session.raise_rank(place), "Rank raised"),
    "confidence": (lambda session, word: session.set_confidence(word), "Confidence set"),
    "negative": (lambda session, place: session.toggle_negative_case(place), "Negative case changed"),
    "note": (lambda session, said: session.set_note(said["text"], _place(session, said["code_id"])), "Note written"),
    "memo": (lambda session, said: session.set_memo(said["memo"], said["about"]), "Memo written"),
    "undo": (lambda session, _: _must(session.undo(), "There is nothing to undo on this finding."), "Undone"),
    "next": (lambda session, _: session.next(), "Recorded as read"),
    "back": (lambda session, _: _must(session.back(), "This is the first finding."), ""),
    "unread": (lambda session, _: _must(session.first_unread(), "Every finding is read."), ""),
}


def coder(evidence: Evidence, coder: str, findings: Collection[str] | None = None, shuffle: bool = False) -> Any:
    """Code findings in JupyterLab, by keyboard or mouse, blind to the other coders.

    Parameters
    ----------
    evidence : the evidence base; every step is saved at once in its folder (``codings``, ``readings``, ``memos``).
    coder : the coder's row in ``coders``; of kind ``person``.
    findings : identifiers of the findings to code; default all.
    shuffle : whether studies come in a lasting order of the coder's own instead of the table's.

    Returns a widget that opens at the first finding that this coder has not read. Its codes show in tables and figures
    once the evidence is read again. Raises SynthesisError for a coder who may not code, with the row to add, and where
    JupyterLab's part of the toolkit is not installed.
    """
    return _widget_class()(CodingSession(evidence, coder, findings, shuffle))


def view(session: CodingSession) -> dict[str, Any]:
    """What the screen shows: the finding, its study, this coder's own codes and memo, and how far the coder is."""
    memo = session.memo
    return {
        **_finding(session),
        "study": _study(session),
        "codes": [
            {
                "code_id": each.code_id,
                "name": session.codebook.at[each.code_id, "name"],
                "confidence": each.confidence or "",
                "negative_case": each.negative_case,
                "note": each.note or "",
            }
            for each in session.given
        ],
        "chosen": session.chosen,
        "memo": memo.memo if memo else "",
        "memo_about": memo.about if memo else "",
        "position": session.at + 1,
        "of": len(session.order),
        "n_read": session.n_read,
        "read": session.finding_id in session.read,
    }


def codebook_view(session: CodingSession) -> list[dict[str, str]]:
    """The codebook as the screen lists it, in its own order; how often a code was used by anybody is not told."""
    themes = session.themes
    return [
        {
            "code_id": row.code_id,
            "name": row.name_,
            "theme": str(themes.get(row.theme_id, row.theme_id)),
            "definition": row.definition,
            "use_when": row.use_when,
            "do_not_use_for": row.do_not_use_for,
        }
        for row in session.codebook.rename(columns={"name": "name_"}).itertuples(index=False)
    ]


def act(session: CodingSession, message: dict[str, Any]) -> dict[str, str]:
    """Do what a message from the screen asks: returns what to say, ``said`` when it is saved and ``fault`` when it is not.

    A message names the finding that its sender saw. One that was sent before the next finding was on the screen is not
    applied to a finding that nobody has read yet.
    """
    do, sound = ACTIONS.get(str(message.get("do")), (None, ""))
    if do is None:
        return {"said": "", "fault": f"The screen asked for {message.get('do')!r}, which is not known here."}
    if message.get("finding") != session.finding_id:
        return {"said": "", "fault": "That key came before this finding was shown, and was not used. Press it again."}
    left = session.finding_id
    try:
        do(session, message.get("value"))
    except SynthesisError as error:
        return {"said": "", "fault": str(error)}
    return {"said": _said(session, str(message["do"]), sound, left), "fault": ""}


def _said(session: CodingSession, do: str, sound: str, left: str) -> str:
    """A sentence for the status line, which screen readers speak."""
    where = f"Finding {session.at + 1} of {len(session.order)}."
    if do == "next":
        unread = len(session.order) - session.n_read
        end = (
            "Every finding is read."
            if not unread
            else f"This is the last finding; {unread} before it are not read yet."
        )
        return f"{left}: {sound.lower()}. " + (where if left != session.finding_id else end)
    if do in ("back", "unread"):
        return where
    return f"{sound}, saved at {dt.datetime.now():%H:%M:%S}." if sound else ""


def _must(done: bool, why: str) -> None:
    if not done:
        raise SynthesisError(why)


def _place(session: CodingSession, code_id: str) -> int:
    return next((place for place, each in enumerate(session.given) if each.code_id == code_id), -1)


def _finding(session: CodingSession) -> dict[str, str]:
    row = session.findings.loc[session.finding_id]
    columns = table("findings").columns
    shown = {
        name: _shown(row[name]) for name in ("finding_id", "finding", "participant_role", "author_theme", "locator")
    }
    parts = _shown(row["source_part"]).split(";")
    return {
        **shown,
        "perspective": columns["perspective"].vocabulary[row["perspective"]],
        "source_part": "; ".join(columns["source_part"].vocabulary.get(each, each) for each in parts),
        "link": _address(row["source_url"]),
    }


def _study(session: CodingSession) -> dict[str, str]:
    """The study behind the finding, and which of its findings this is."""
    study_id = session.findings.at[session.finding_id, "study_id"]
    row = session.studies.loc[study_id]
    siblings = list(session.findings.index[session.findings["study_id"] == study_id])
    countries = [vocabularies()["country"].get(each, each) for each in _shown(row["country"]).split(";") if each]
    names = ("title", "authors", "population", "setting", "participants_as_reported")
    return {
        **{name: _shown(row[name]) for name in names},
        "year": "" if pd.isna(row["year"]) else str(row["year"]),
        "country": ", ".join(countries) or _shown(row["country_as_reported"]),
        "design": table("studies").columns["design"].vocabulary.get(row["design"], ""),
        "place": f"finding {siblings.index(session.finding_id) + 1} of {len(siblings)} of this study",
    }


def _shown(value: object) -> str:
    return "" if pd.isna(value) else str(value)


def _address(value: object) -> str:
    """An address that a coder may open: a cell is text from elsewhere, and javascript: is an address too.

    Coders check a finding where it was read, so hosts are not limited to the known ones; mirrors stay out.
    """
    text = str(value)
    return text if text.startswith(("https://", "http://")) and not is_mirror(text) else ""


@cache
def _widget_class() -> Any:
    """The widget's class, made when it is first needed: only JupyterLab needs what it stands on."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise SynthesisError(
            "Coding on the screen needs JupyterLab and anywidget, which are not installed here. Open the notebooks with "
            "'make lab', or install them: pip install -e '.[lab]'."
        ) from None

    class Coder(anywidget.AnyWidget):
        """The screen of one `CodingSession`."""

        _esm = Path(__file__).with_name("widget.js")
        _css = Path(__file__).with_name("widget.css")
        view = traitlets.Dict().tag(sync=True)
        codebook: Any = traitlets.List().tag(sync=True)
        coder = traitlets.Unicode().tag(sync=True)
        levels = traitlets.Dict().tag(sync=True)

        def __init__(self, session: CodingSession) -> None:
            super().__init__(
                view={**view(session), "said": "", "fault": "", "heard": 0},
                codebook=codebook_view(session),
                coder=session.coder,
                levels=vocabularies()["coding_confidence"],
            )
            self.session = session
            self.on_msg(self._hear)

        def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
            outcome = act(self.session, message)
            self.view = {**view(self.session), **outcome, "heard": message.get("serial", 0)}

    return Coder
