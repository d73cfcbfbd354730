"""The part of the chain that the crosswalk adds: recommendations, steps and interventions above review findings and codes.

Each is a row of a guide with its address; what ties it to a finding is a judged link (``judgements/crosswalk.csv``).
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.tables import Evidence

Node = tuple[str, str]
#: Levels that the guides add: table, and the column that is the identifier.
GUIDE_LEVELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "recommendation": ("recommendations", ("recommendation_id",)),
    "guide_item": ("guide_items", ("item_id",)),
    "intervention": ("interventions", ("intervention_id",)),
    "risk_factor": ("risk_factors", ("risk_factor_id",)),
    "measure": ("measures", ("measure_id",)),
    "planning_element": ("planning_elements", ("planning_element_id",)),
    "guide": ("guide_sources", ("source_id",)),
    "link": ("crosswalk", ("link_id",)),
}
#: How a recommendation and what it rests on hang together, in words downwards|upwards.
_RELATIONS = {
    "answers": "answers|answered by",
    "supports": "supported by|gives grounds for",
    "partly": "takes up in part|in part taken up by",
    "contradicts": "spoken against by|speaks against",
}


def guide_links(evidence: Evidence) -> list[tuple[Node, Node, str]]:
    """Links as (upper node, lower node, words downwards|upwards): crosswalk, guide of a row, address."""
    links, items = [], set(evidence.guide_items["item_id"])
    for row in _linked(evidence).itertuples():
        down, up = _RELATIONS[row.relation].split("|")
        words = f"{down} ({row.link_id})|{up} ({row.link_id})"
        links.append((_end(row, items), (row.from_kind, row.from_id), words))
    for level in ("recommendation", "guide_item"):
        rows = evidence[GUIDE_LEVELS[level][0]]
        pairs = zip(rows[GUIDE_LEVELS[level][1][0]], rows["source_id"], strict=True)
        links += [((level, id), ("guide", source), "stated in|states") for id, source in pairs]
    return links


def _linked(evidence: Evidence) -> pd.DataFrame:
    """Links of the crosswalk that have both ends; the judgement that there is none is no link."""
    return evidence.crosswalk[evidence.crosswalk["relation"] != "none"]


def _end(row, items: set[str]) -> Node:
    """What a link ends at: a recommendation of the guides' own pages, or a statement of the five documents."""
    if row.to_kind == "intervention":
        return "intervention", row.to_id
    return ("guide_item" if row.to_id in items else "recommendation"), row.to_id


def guide_labels(evidence: Evidence) -> dict[str, pd.Series]:
    """What a reader sees beside each identifier, by level."""
    items, guides = evidence.guide_items.set_index("item_id"), evidence.guide_sources.set_index("source_id")
    factors = evidence.risk_factors.set_index("risk_factor_id")
    elements = evidence.planning_elements.set_index("planning_element_id")
    return {
        "recommendation": evidence.recommendations.set_index("recommendation_id")["recommendation"],
        "guide_item": items["kind"].str.replace("_", " ") + ": " + items["statement"],
        "intervention": evidence.interventions.set_index("intervention_id")["name"],
        "risk_factor": factors["risk_factor"] + " and " + factors["outcome"],
        "measure": evidence.measures.set_index("measure_id")["name"],
        "planning_element": elements["key_element"] + ": " + elements["descriptor"],
        "guide": guides["title"].fillna(guides["kind"]),
        "link": _reasons(evidence),
    }


def _reasons(evidence: Evidence) -> pd.Series:
    links = evidence.crosswalk.set_index("link_id")
    return links["relation"] + ": " + links["reason"] + " (" + links["status"] + ")"


def ends_of(evidence: Evidence, link: str) -> tuple[list[Node], list[Node]]:
    """What stands above and below one link of the crosswalk; nothing where it says that there is none."""
    row = next(evidence.crosswalk[evidence.crosswalk["link_id"] == link].itertuples())
    above = [] if pd.isna(row.to_id) else [_end(row, set(evidence.guide_items["item_id"]))]
    return above, [] if pd.isna(row.from_id) else [(row.from_kind, row.from_id)]


def judged_none(evidence: Evidence, start: Node) -> list[tuple[Node, str]]:
    """Judgements that nothing of one kind bears on a thing, beside that thing."""
    none = evidence.crosswalk[evidence.crosswalk["relation"] == "none"]
    own = none[(none["from_id"] == start[1]) | (none["to_id"] == start[1])]
    found = []
    for row in own.itertuples():
        kind = row.to_kind if row.from_id == start[1] else row.from_kind
        found.append((("link", row.link_id), f"judged to have no {kind.replace('_', ' ')}"))
    return found
