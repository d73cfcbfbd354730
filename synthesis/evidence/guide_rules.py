"""Checks of how practice-guide content is read, and of the links between it and what the synthesis found.

A link names two things that are there, once, or says that there is none. Both ends matter: a view that counts what no
recommendation answers is only as good as the links it counts.
"""

from __future__ import annotations

import re

import pandas as pd

from synthesis.evidence.rules import Checked
from synthesis.evidence.schema import vocabularies

#: Where each kind of thing stands that a link may start or end at: table and column, and for guide items their kind.
FROM = {"review_finding": "review_findings.review_finding_id", "theme": "themes.theme_id", "code": "codebook.code_id"}
TO = {"recommendation": "recommendations.recommendation_id", "intervention": "interventions.intervention_id"}
#: Kinds of guide items that a link may end at.
ITEMS = ("recommendation", "step")


def _there(tables: Checked) -> dict[str, set[str]]:
    """Identifiers that stand under each kind, for the kinds whose tables were read whole."""
    found = {}
    for kind, link in {**FROM, **TO}.items():
        table, column = link.split(".")
        if tables.has(link):
            found[kind] = set(tables.frames[table][column].dropna())
    items = tables.frames["guide_items"] if tables.has("guide_items.item_id", "guide_items.kind") else None
    for kind in ITEMS:
        known = set() if items is None else set(items.loc[items["kind"] == kind, "item_id"])
        if items is None or (kind in TO and kind not in found):
            found.pop(kind, None)
        else:
            found[kind] = found.get(kind, set()) | known
    return found


def _crosswalk_ends(tables: Checked) -> None:
    """Both ends are there; a judgement that there is no link leaves exactly one of them open."""
    frame, there = tables.frames["crosswalk"], _there(tables)
    for kinds, column in (("from_kind", "from_id"), ("to_kind", "to_id")):
        given = frame[column].notna()
        known = [kind not in there or which in there[kind] for kind, which in zip(frame[kinds], frame[column], strict=True)]  # fmt: skip
        said = "there is no " + frame[kinds].fillna("").str.replace("_", " ") + " " + frame[column].fillna("").astype("str")  # fmt: skip
        gone = given & frame[kinds].notna() & ~pd.Series(known, index=frame.index, dtype=bool)
        tables.report("crosswalk", "link-broken", gone, said + "; restore it or correct the value", column)
    both = frame["from_id"].notna() & frame["to_id"].notna()
    neither = frame["from_id"].isna() & frame["to_id"].isna()
    none, real = frame["relation"] == "none", frame["relation"].notna() & (frame["relation"] != "none")
    said = "the relation none says that nothing of one kind bears on a thing; name that thing alone, or choose another relation"
    tables.report("crosswalk", "link-ends", none & (both | neither), said, "relation")
    said = "the link has only one end; name the other, or say with the relation none that there is none"
    tables.report("crosswalk", "link-ends", real & ~both, said, "relation")


def _crosswalk_once(tables: Checked) -> None:
    """No link twice, and no link of a thing that is said to have none of that kind."""
    frame = tables.frames["crosswalk"]
    ends = ["from_kind", "from_id", "to_kind", "to_id"]
    pairs = frame[ends].fillna("")
    said = "another row judges the same link; leave one"
    tables.report("crosswalk", "link-repeated", pairs.duplicated(keep=False), said, "link_id")
    real = pairs[(frame["relation"] != "none") & frame["relation"].notna()]
    starts = set(real[["from_kind", "from_id", "to_kind"]].itertuples(index=False, name=None))
    stops = set(real[["from_kind", "to_kind", "to_id"]].itertuples(index=False, name=None))
    linked = [
        (row.from_kind, row.from_id, row.to_kind) in starts
        if row.from_id
        else (row.from_kind, row.to_kind, row.to_id) in stops
        for row in pairs.itertuples()
    ]
    none = (frame["relation"] == "none") & pd.Series(linked, index=frame.index, dtype=bool)
    said = "this row says that there is no such link, and another row gives one; take one of them out"
    tables.report("crosswalk", "link-repeated", none, said, "relation")


def _pathways(tables: Checked) -> None:
    """A reading is of one row and has both parts of the map or neither; the same link is read once from a row."""
    frame = tables.frames["risk_pathways"]
    rows = frame[["risk_factor_id", "item_id"]].notna().sum(axis=1)
    said = "name one row that is read, a reported link or a statement of a guide"
    tables.report("risk_pathways", "link-ends", rows != 1, said, "pathway_id")
    parts = frame[["from_node", "to_node"]].notna().sum(axis=1)
    said = "a link has two parts of the map; name both, or neither where the row states none"
    tables.report("risk_pathways", "link-ends", parts == 1, said, "to_node")
    read = frame[["risk_factor_id", "item_id", "from_node", "to_node"]].fillna("")
    said = "another row reads the same link from the same source; leave one"
    tables.report("risk_pathways", "link-repeated", read.duplicated(keep=False) & (rows == 1), said, "pathway_id")


def _ages(tables: Checked) -> None:
    """The youngest child is not older than the oldest."""
    frame = tables.frames["intervention_readings"]
    said = "the youngest age lies above the oldest; were the two swapped?"
    tables.report("intervention_readings", "range", frame["age_from"] > frame["age_to"], said, "age_from")


def _printed(tables: Checked) -> None:
    """A count of a stage stands in the row that it is read from, in digits."""
    frame = tables.frames["programme_stages"]
    said = tables.frames["planning_elements"].set_index("planning_element_id")["descriptor"]
    rows = frame["planning_element_id"].map(said)
    numbers = [set(re.findall(r"\d+", text.replace(",", ""))) if isinstance(text, str) else None for text in rows]
    absent = [own is not None and str(n) not in own for own, n in zip(numbers, frame["n"], strict=True)]
    at = pd.Series(absent, index=frame.index, dtype=bool) & frame["n"].notna()
    message = "this number is not printed in " + frame["planning_element_id"].fillna("")
    tables.report("programme_stages", "count-not-printed", at, message + "; correct one of them", "n")


def _stages(tables: Checked) -> None:
    """A stage is a part of earlier stages of the same programme, counted in the same unit."""
    frame = tables.frames["programme_stages"]
    place = {word: position for position, word in enumerate(vocabularies()["programme_stage"])}
    known = frame.drop_duplicates("stage_id").set_index("stage_id").to_dict("index")
    wrong, more = [], []
    for row in frame.to_dict("records"):
        named = row["of_stage_ids"].split(";") if isinstance(row["of_stage_ids"], str) else []
        wholes = [known[each] for each in named if each in known]
        here = place.get(str(row["stage"]), len(place))
        wrong.append(
            any(
                whole["programme"] != row["programme"]
                or whole["counted"] != row["counted"]
                or place.get(str(whole["stage"]), len(place)) >= here
                for whole in wholes
            )
        )
        more.append(pd.notna(row["n"]) and any(pd.notna(whole["n"]) and whole["n"] < row["n"] for whole in wholes))
    said = "a share is of an earlier stage of the same programme, counted in the same unit; name such a stage"
    tables.report(
        "programme_stages", "link-ends", pd.Series(wrong, index=frame.index, dtype=bool), said, "of_stage_ids"
    )
    said = "more than in a stage of which they are a part; correct the number or the stage"
    tables.report("programme_stages", "numerator-above-denominator", pd.Series(more, index=frame.index, dtype=bool), said, "n")  # fmt: skip


def _second_readings(tables: Checked) -> None:
    """A second reading is of one thing: a reading, a link or a pair without one."""
    frame = tables.frames["second_readings"]
    named = frame[["pathway_id", "link_id", "pair"]].notna().sum(axis=1)
    said = "name one thing that is read again: a reading of a risk factor, a link, or a pair without a link"
    tables.report("second_readings", "link-ends", named != 1, said, "reading_id")


def check_guides(tables: Checked) -> None:
    """Run every rule for which the tables and columns that it needs were read."""
    for rule, needs in GUIDE_RULES:
        if tables.has(*needs):
            rule(tables)


_LINK = tuple(f"crosswalk.{column}" for column in ("from_kind", "from_id", "to_kind", "to_id", "relation"))
GUIDE_RULES = (
    (_crosswalk_ends, _LINK),
    (_crosswalk_once, _LINK),
    (_pathways, tuple(f"risk_pathways.{column}" for column in ("risk_factor_id", "item_id", "from_node", "to_node"))),
    (
        _printed,
        (*(f"programme_stages.{column}" for column in ("planning_element_id", "n")), "planning_elements.descriptor"),
    ),
    (
        _stages,
        tuple(
            f"programme_stages.{column}"
            for column in ("stage_id", "programme", "stage", "counted", "n", "of_stage_ids")
        ),
    ),
    (_second_readings, tuple(f"second_readings.{column}" for column in ("pathway_id", "link_id", "pair"))),
    (_ages, ("intervention_readings.age_from", "intervention_readings.age_to")),
)
