"""Next steps: what the evidence says of the items that a team has not settled, through the crosswalk.

Every text is a row with a source, every link a judgement with its reason; an item on which nothing bears says so.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.guidance.crosswalk import crosswalk_table
from synthesis.guidance.guides import recommendation_table
from synthesis.planning.plans import NOT_OURS, named_items, one_plan, plain
from synthesis.themes.confidence import summary_of_findings

#: What stands where the crosswalk holds nothing for an item.
NO_LINK, NOT_JUDGED = "no linked evidence", "no link has been judged"
_COLUMNS = (
    "item_id", "domain", "item", "stage", "owner", "action_date", "kind", "evidence_id", "evidence", "confidence", "relation",
    "through", "reason", "source", "source_url", "locator", "status",
)  # fmt: skip


def open_items(evidence: Evidence, plan: pd.DataFrame, settled_from: str = "") -> pd.DataFrame:
    """The items of a plan at a stage that is not settled, in the order of the sources.

    Parameters
    ----------
    settled_from : the stage from which on an item counts as settled; default the last of the plan's scale.

    Columns ``item_id, domain, item, stage, stage_order, owner, action_date``. Items that are not answered, or said not to
    apply, are not among them. Raises CallError for a stage that the plan's scale does not hold.
    """
    one_plan(plan)
    scale = plan["scale"].iloc[0].split(";")
    known = {plain(word): at for at, word in enumerate(scale, 1)}
    if settled_from and plain(settled_from) not in known:
        raise CallError(f"There is no stage {settled_from!r} in this plan; its scale is {', '.join(scale)}.")
    limit = known[plain(settled_from)] if settled_from else len(scale)
    early = plan[(plan["stage_order"] < limit) & (plan["stage"] != NOT_OURS)]
    asked = named_items(evidence, plan)
    columns = ["item_id", "stage", "stage_order", "owner", "action_date"]
    return asked.merge(early[columns], on="item_id")


def next_steps(evidence: Evidence, plan: pd.DataFrame, settled_from: str = "") -> pd.DataFrame:
    """What is known that bears on each item not settled yet.

    For each item: the review findings that it answers, supports or meets in part, with their confidence and the reason of
    the link; and through each of these, the recommendations that answer it, are supported by it or are contradicted by it.

    Parameters
    ----------
    plan : one plan, an area on one day.
    settled_from : the stage from which on an item counts as settled; default the last of the plan's scale.

    Columns ``item_id, domain, item, stage, owner, action_date, kind`` (review_finding, recommendation, or none),
    ``evidence_id, evidence, confidence`` (of the review finding), ``relation, through`` (the finding by which a
    recommendation is reached), ``reason, source, source_url, locator, status`` (of the link: provisional until reviewers
    confirm it). An item without a link has one row of kind none that says whether that was judged. Raises CallError as
    `open_items` does.
    """
    items = open_items(evidence, plan, settled_from)
    findings, beyond = _findings(evidence), _recommendations(evidence)
    parts = []
    for item in items.to_dict("records"):
        near = findings[findings["step"] == item["item_id"]]
        rows = [part for _, row in near.iterrows() for part in (row.to_frame().T, beyond[beyond["through"] == row["evidence_id"]])]  # fmt: skip
        table = pd.concat(rows, ignore_index=True) if rows else _nothing(evidence, item["item_id"])
        parts.append(table.assign(**{name: item[name] for name in ("item_id", "domain", "item", "stage", "owner", "action_date")}))  # fmt: skip
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    whole = whole.reindex(columns=list(_COLUMNS)).reset_index(drop=True)
    days = pd.to_datetime(whole["action_date"]).astype("datetime64[us]")
    return whole.drop(columns="action_date").astype("str").assign(action_date=days)[list(_COLUMNS)]


def _findings(evidence: Evidence) -> pd.DataFrame:
    """Links of steps to review findings, those with the most confidence first."""
    links = crosswalk_table(evidence, "review_finding", "step")
    links = links[links["relation"].ne("none") & links["from_id"].notna()]
    levels = {word: at for at, word in enumerate(vocabularies()["confidence_level"])}
    relations = {word: at for at, word in enumerate(vocabularies()["crosswalk_relation"])}
    links = links.assign(_how=links["relation"].map(relations), _sure=links["confidence"].map(levels))
    links = links.sort_values(["_how", "_sure"], kind="stable")
    return pd.DataFrame(
        {
            "step": links["to_id"], "kind": "review_finding", "evidence_id": links["from_id"], "evidence": links["from_text"],
            "confidence": links["confidence"], "relation": links["relation"], "through": pd.NA, "reason": links["reason"],
            "source": "review finding of this synthesis", "source_url": pd.NA, "locator": "synthesis trace " + links["from_id"],
            "status": links["status"],
        }
    )  # fmt: skip


def _recommendations(evidence: Evidence) -> pd.DataFrame:
    """Links of review findings to recommendations, those in part left out: a finding has many, and each says less."""
    links = crosswalk_table(evidence, "review_finding", "recommendation")
    links = links[links["relation"].isin(["answers", "supports", "contradicts"])]
    said = recommendation_table(evidence).set_index("recommendation_id")
    return pd.DataFrame(
        {
            "kind": "recommendation", "evidence_id": links["to_id"], "evidence": links["to_text"],
            "confidence": links["from_id"].map(summary_of_findings(evidence).set_index("review_finding_id")["confidence"]),
            "relation": links["relation"], "through": links["from_id"], "reason": links["reason"],
            "source": links["to_id"].map(said["source"]), "source_url": links["to_id"].map(said["source_url"]),
            "locator": links["to_id"].map(said["locator"]), "status": links["status"],
        }
    )  # fmt: skip


def _nothing(evidence: Evidence, item: str) -> pd.DataFrame:
    """The row of an item without a link: the judgement that there is none, or that nobody has judged it."""
    links = evidence.crosswalk
    links = links[(links["to_id"] == item) & (links["relation"] == "none")]
    judged = links.iloc[0] if len(links) else None
    row = {
        "kind": "none", "evidence": NO_LINK if judged is not None else NOT_JUDGED,
        "reason": None if judged is None else judged["reason"], "status": None if judged is None else judged["status"],
    }  # fmt: skip
    return pd.DataFrame([row])
