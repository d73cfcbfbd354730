"""Plans over time and side by side: how many items stand at which stage, and which moved.

Stages are words in an order, not amounts: they are counted and compared, and no average is taken. Two plans with different
scales are set beside each other in their own words; nobody's word is turned into another's.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.planning.plans import NOT_ANSWERED, NOT_HELD, NOT_OURS, named_items, one_plan, plain, shown_stage

UP, DOWN, SAME, SCALES_DIFFER, NOT_ASKED = "moved up", "moved down", "same", "scales differ", "not asked"
#: What may be said of an item in two plans, in the order in which counts are shown.
CHANGES = {
    UP: "a later stage in the second plan",
    DOWN: "an earlier stage in the second plan",
    SAME: "the same answer in both",
    "now answered": "not answered in the first plan alone",
    "no longer answered": "not answered in the second plan alone",
    "not answered in either": "not answered in both plans",
    NOT_OURS: "said not to apply in one plan alone",
    SCALES_DIFFER: "answered in both, each on its own scale: read the two words",
    NOT_ASKED: "one of the plans does not hold the item",
}


def plan_progress(plans: pd.DataFrame, items: pd.DataFrame | None = None) -> pd.DataFrame:
    """How many items stand at each stage, area by area and day by day.

    Parameters
    ----------
    plans : from `read_plans`, or several plans one below the other.
    items : from `planning_items`; where given, the counts are by domain.

    Returns a row an area, day (domain) and answer: ``area, date, domain`` (with `items`), ``stage, stage_order`` (place on
    that plan's own scale; missing for what is no stage), ``n_items, of_items, scale``. Every stage of the scale has its
    row, with 0 where no item stands there; "does not apply" and "not answered" come after it and are counted apart.
    """
    keys = ["area", "date"]
    if items is not None:
        place = items.set_index("item_id")["domain"]
        order = {domain: at for at, domain in enumerate(dict.fromkeys(place))}
        plans = plans.assign(domain=plans["item_id"].map(place).fillna(NOT_HELD))
        plans = plans.sort_values(["area", "date", "domain"], key=lambda c: c.map(order) if c.name == "domain" else c, kind="stable")  # fmt: skip
        keys.append("domain")
    rows = [row for key, plan in plans.groupby(keys, sort=False) for row in _counts(dict(zip(keys, key, strict=True)), plan)]  # fmt: skip
    columns = [*keys, "stage", "stage_order", "n_items", "of_items", "scale"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"stage_order": "Int64"}).reset_index(drop=True)


def _counts(key: dict[str, object], plan: pd.DataFrame) -> list[dict[str, object]]:
    scale = plan["scale"].iloc[0].split(";")
    said = shown_stage(plan["stage"]).value_counts()
    places: list[int | None] = [*range(1, len(scale) + 1), None, None]
    answers = [*scale, NOT_OURS, NOT_ANSWERED]
    return [
        {**key, "stage": word, "stage_order": at, "n_items": int(said.get(word, 0)), "of_items": len(plan), "scale": plan["scale"].iloc[0]}
        for word, at in zip(answers, places, strict=True)
    ]  # fmt: skip


def compare_plans(evidence: Evidence, first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Two plans item by item: two days of one area, or two areas.

    Where both have one scale, an item moved up, moved down or stayed; where scales differ, the two words stand side by side
    and nothing is said of a change. Returns a row an item, in the order of the sources: ``item_id, domain, item,
    first_stage, second_stage, change`` (a key of `CHANGES`), ``first_note, second_note, second_owner,
    second_action_date``. Raises CallError unless each is one plan.
    """
    names = [one_plan(plan) for plan in (first, second)]
    if names[0] == names[1]:
        raise CallError(f"Both are the plan of {names[0][0]} on {names[0][1]:%Y-%m-%d}; name two.")
    wide = named_items(evidence, first, second)
    for name, plan in (("first", first), ("second", second)):
        part = plan.set_index("item_id")[["stage", "stage_order", "note", "owner", "action_date"]].add_prefix(
            f"{name}_"
        )
        wide = wide.join(part, on="item_id")
        wide[f"{name}_asked"] = wide["item_id"].isin(set(plan["item_id"]))
    same_scale = plain(first["scale"].iloc[0]) == plain(second["scale"].iloc[0])
    wide["change"] = [_change(row, same_scale) for row in wide.to_dict("records")]
    for name in ("first", "second"):
        wide[f"{name}_stage"] = shown_stage(wide[f"{name}_stage"]).where(wide[f"{name}_asked"], NOT_ASKED)
    columns = ["item_id", "domain", "item", "first_stage", "second_stage", "change", "first_note", "second_note", "second_owner", "second_action_date"]  # fmt: skip
    return wide[columns]


def _change(row: dict, same_scale: bool) -> str:
    if not (row["first_asked"] and row["second_asked"]):
        return NOT_ASKED
    missing = [pd.isna(row[f"{name}_stage"]) for name in ("first", "second")]
    if any(missing):
        return "not answered in either" if all(missing) else ("now answered" if missing[0] else "no longer answered")
    ours = [row[f"{name}_stage"] == NOT_OURS for name in ("first", "second")]
    if any(ours):
        return SAME if all(ours) else NOT_OURS
    if not same_scale:
        return SCALES_DIFFER
    step = row["second_stage_order"] - row["first_stage_order"]
    return SAME if step == 0 else UP if step > 0 else DOWN


def change_counts(compared: pd.DataFrame) -> pd.DataFrame:
    """How many items of a comparison (`compare_plans`) moved which way: ``change, meaning, n_items, of_items``."""
    found = compared["change"].value_counts()
    rows = [(word, said, int(found[word]), len(compared)) for word, said in CHANGES.items() if word in found]
    return pd.DataFrame(rows, columns=["change", "meaning", "n_items", "of_items"])
