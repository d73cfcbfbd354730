"""A plan filled in without a spreadsheet: answers by call, or on a form in JupyterLab; both make the same plan as a sheet.

What counts is decided by `PlanAnswers`. The drawing is in ``form.js``, the look in ``form.css``; nothing is
fetched from elsewhere.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from synthesis.evidence.addresses import linkable
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.tables import Evidence, as_text
from synthesis.evidence.whole_folder import refuse_inside
from synthesis.planning.answers import HEADS, Answer, Privacy, make_plan
from synthesis.planning.plans import (
    NOT_OURS,
    area_name,
    one_plan,
    plan_file,
    planning_items,
    shown_stage,
    stage_scale,
    store_plan,
)
from synthesis.review.provenance import status_line

_PARTS = ("stage", "note", "owner", "action_date")


def _answer(item: str, said: Mapping[str, object]) -> Answer:
    """An answer from its parts by name; its place, for messages, is its item."""
    stage, note, owner, action_date = (str(said.get(part, "")) for part in _PARTS)
    return Answer(item, stage, note, owner, action_date, item)


class PlanAnswers:
    """A team's answers on one day, given one by one; `save` stores them as a plan.

    Parameters
    ----------
    area : the area or team whose plan it is; default that of `plan`.
    stages : the team's own 2 to 10 stages, from the first to the last; default those of `plan`.
    day : the day of the assessment, such as "2026-11-22"; default today.
    plan : a stored plan to go on with (from `read_plans`): its answers are filled in, and saving its day replaces it.

    Raises CallError for a missing or faulty area or scale, and for a plan of another area.
    """

    def __init__(
        self, evidence: Evidence, area: str = "", stages: str | Collection[str] = (), day: str = "", plan: pd.DataFrame | None = None
    ) -> None:  # fmt: skip
        self.evidence, self.items = evidence, planning_items(evidence)
        self.given: dict[str, Answer] = {}
        self.stored = plan  # what these answers came from or went to last, which they may replace
        if plan is not None:
            known, when = one_plan(plan)
            if area and area_name(area) != known:
                raise CallError(f"The plan is of {known!r} and not of {area!r}; leave the area out, or name another plan.")  # fmt: skip
            area, stages, day = known, stages or plan["scale"].iloc[0].split(";"), day or f"{when:%Y-%m-%d}"
            for row in as_text(plan).to_dict("records"):
                self.given[row["item_id"]] = _answer(row["item_id"], row)
        self.area, self.scale = area_name(area), stage_scale(stages)
        self.day = day or f"{dt.date.today():%Y-%m-%d}"

    def answer(self, item_id: str, stage: str | None = None, note: str | None = None, owner: str | None = None, action_date: str | None = None) -> None:  # fmt: skip
        """Answer an item; what is None stays as it was, and "" takes it back.

        Raises CallError for an unknown item, SynthesisError with everything that is wrong in the answer, flagged personal
        details among it; nothing is taken then.
        """
        if item_id not in set(self.items["item_id"]):
            raise CallError(f"There is no item {item_id!r}; there are {', '.join(self.items['item_id'])}.")
        said = {name: text for name, text in (("stage", stage), ("note", note), ("owner", owner), ("action_date", action_date)) if text is not None}  # fmt: skip
        new = replace(self.given.get(item_id, Answer(item_id, place=item_id)), **said)
        self._plan([new], Privacy())
        self.given[item_id] = new

    def _plan(self, answers: Collection[Answer], privacy: Privacy) -> pd.DataFrame:
        return make_plan(self.evidence, self.area, self.day, self.scale, list(answers), privacy, day_place=HEADS["date"]).table  # fmt: skip

    def plan(self, blank: bool = False, keep: str = "") -> pd.DataFrame:
        """The plan as it stands: a row an item, as `read_plan` gives it. Flagged details are settled by `blank` or `keep`."""
        return self._plan(self.given.values(), Privacy(blank, keep))

    def table(self) -> pd.DataFrame:
        """Every item with what was said of it, for a reader: ``item_id, domain, item, stage, note, owner, action_date``."""
        plan = self.plan(keep="shown only")[["item_id", *_PARTS]]
        plan["stage"] = shown_stage(plan["stage"])
        return self.items[["item_id", "domain", "item"]].merge(plan, on="item_id")

    def save(self, folder: str | Path, blank: bool = False, keep: str = "") -> Path:
        """Store the plan in a folder of the team's own; returns the path.

        Answers of the same area and day are replaced where these were made from them, and nobody has changed them since.
        Raises SynthesisError with every fault, CallError for a folder that is not there, that is the data folder or
        lies in it, and for a file of other answers.
        """
        refuse_inside(folder, "plans", self.evidence.folder)
        plan = self.plan(blank, keep)
        same = self.stored is not None and plan_file(self.stored) == plan_file(plan)
        path, _ = store_plan(plan, folder, before=self.stored if same else None)
        self.stored = plan
        return path


def plan_form(
    evidence: Evidence, folder: str | Path, area: str = "", stages: str | Collection[str] = (), day: str = "", plan: pd.DataFrame | None = None
) -> Any:  # fmt: skip
    """Fill in a plan in JupyterLab, by keyboard or mouse.

    Parameters
    ----------
    folder : the team's own folder in which the plan is stored, when the team says so and all of it is right.
    area, stages, day, plan : as `PlanAnswers` takes them.

    Returns a widget; its ``answers`` are the `PlanAnswers`. Raises CallError as `PlanAnswers` does and for a folder that is
    not there, SynthesisError where JupyterLab's part of the toolkit is not installed.
    """
    if not Path(folder).is_dir():
        raise CallError(f"The folder {folder} is not there; make it first. A plan is the team's own and is not kept in data/.")  # fmt: skip
    return _widget_class()(PlanAnswers(evidence, area, stages, day, plan), Path(folder))


def form_view(answers: PlanAnswers) -> dict[str, Any]:
    """What the form shows: the items by domain with their sources, the stages, and what was answered."""
    items = as_text(answers.items).to_dict("records")
    return {
        "area": answers.area,
        "stages": [*answers.scale, NOT_OURS],
        "heads": HEADS,
        "day": answers.day,
        "status": status_line(answers.evidence, "planning_elements"),
        "items": [
            {**{name: row[name] for name in ("item_id", "domain", "item")},
             "source": row["source"], "link": row["source_url"] if linkable(row["source_url"]) else ""}
            for row in items
        ],
        "given": {item: {part: getattr(each, part) for part in _PARTS} for item, each in answers.given.items()},
    }  # fmt: skip


def take(answers: PlanAnswers, folder: Path, message: dict[str, Any]) -> dict[str, Any]:
    """Store what the form sent: returns ``said`` where it was stored, and ``faults``, a line each, where it was not.

    A message holds ``day``, and under ``given`` for each item its ``stage, note, owner, action_date``; ``blank`` and
    ``keep`` settle flagged details as in `PlanAnswers.save`. All of it is stored, or none.
    """
    before = answers.given, answers.day
    known = set(answers.items["item_id"])
    given = {str(item): said for item, said in dict(message.get("given", {})).items() if item in known}
    answers.given = {item: _answer(item, said) for item, said in given.items()}
    answers.day = str(message.get("day", ""))
    try:
        path = answers.save(folder, bool(message.get("blank")), str(message.get("keep", "")))
    except SynthesisError as error:
        answers.given, answers.day = before
        said = re.sub(
            r" \(--[a-z-]+(?: REASON)?\)", "", str(error)
        )  # the form has fields for what are options of a command
        return {"said": "", "faults": said.splitlines()}
    n = answers.plan(keep="shown only")["stage"].notna().sum()
    return {"said": f"Stored at {dt.datetime.now():%H:%M:%S} in {path}: {n} of {len(known)} answered.", "faults": []}


@cache
def _widget_class() -> Any:
    """The widget's class, made when it is first needed: only JupyterLab needs what it stands on."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise SynthesisError(
            "The form needs JupyterLab and anywidget, which are not installed here. Open the notebooks with 'make lab', "
            "install them (pip install -e '.[lab]'), or answer by call: synthesis.PlanAnswers."
        ) from None

    class PlanForm(anywidget.AnyWidget):
        """The form of one `PlanAnswers`."""

        _esm = Path(__file__).with_name("form.js")
        _css = Path(__file__).with_name("form.css")
        view = traitlets.Dict().tag(sync=True)
        outcome = traitlets.Dict().tag(sync=True)

        def __init__(self, answers: PlanAnswers, folder: Path) -> None:
            super().__init__(view=form_view(answers), outcome={"said": "", "faults": [], "heard": 0})
            self.answers, self.folder = answers, folder
            self.on_msg(self._hear)

        def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
            self.outcome = {**take(self.answers, self.folder, message), "heard": message.get("serial", 0)}

    return PlanForm
