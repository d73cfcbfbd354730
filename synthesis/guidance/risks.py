"""Module 1 of the guide: how a parent's mental health, the couple's relationship, parenting and the child are linked.

A row of ``risk_factors``, or a statement of a guide, is read as one or more links between parts of family life
(``risk_pathways``): which way, how firmly the source finds it, and by what design. Size is left in the source's words.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.guidance.guides import guide_item_table, one_of


def risk_factor_table(
    evidence: Evidence,
    from_node: str | None = None,
    to_node: str | None = None,
    strength: str | None = None,
    effect: str | None = None,
) -> pd.DataFrame:
    """A row a reading: the source's own words, and what they were read as.

    Parameters
    ----------
    from_node, to_node : words of the vocabulary ``pathway_node``, such as ``couple_relationship`` and ``child``.
    strength : a word of ``link_strength``: strong, some, mixed, null, unknown.
    effect : a word of ``pathway_effect``: risk, protective, either.

    Columns ``row_id, stated_by`` (``risk_factor`` or ``guide_statement``), ``factor, pathway, outcome, direction,
    strength_as_stated, population, from_node, to_node, effect, strength, design, reason, note, source_url, locator``. A
    guide's statement stands whole under ``factor``. Rows that state no link of the map have no nodes. Raises CallError for
    a word that is not there.
    """
    read = evidence.risk_pathways
    factors = evidence.risk_factors.rename(columns={"risk_factor": "factor"})
    items = guide_item_table(evidence).rename(columns={"statement": "factor"})
    items = items[["item_id", "factor", "locator", "source_url"]]
    ours = read.drop(columns="item_id").merge(factors, on="risk_factor_id", how="inner")
    guides = read.drop(columns="risk_factor_id").merge(items, on="item_id", how="inner")
    table = pd.concat(
        [
            ours.rename(columns={"risk_factor_id": "row_id"}).assign(stated_by="risk_factor"),
            guides.rename(columns={"item_id": "row_id"}).assign(stated_by="guide_statement"),
        ],
        ignore_index=True,
    )
    for column, word, vocabulary in (
        ("from_node", from_node, "pathway_node"),
        ("to_node", to_node, "pathway_node"),
        ("strength", strength, "link_strength"),
        ("effect", effect, "pathway_effect"),
    ):
        if word is not None:
            table = table[table[column] == one_of(word, vocabularies()[vocabulary], column.replace("_", " "))]
    columns = (
        "row_id stated_by factor pathway outcome direction strength_as_stated population from_node to_node effect strength "
        "design reason note source_url locator"
    )
    return table.reindex(columns=columns.split()).reset_index(drop=True)


def pathway_table(evidence: Evidence) -> pd.DataFrame:
    """The links of the map: a row a pair of parts and direction, with how many rows state it and how firmly.

    Columns ``from_node, to_node, n_rows, of_rows`` (rows that are read as this link, of all rows read as any),
    ``n_strong, n_some, n_mixed, n_null, n_unknown`` (they add up to ``n_rows``), ``n_protective`` (of these, rows in which
    it makes things better), ``n_statements`` (of these, statements of a guide without a result), ``firmest`` (the firmest
    word that a row carries, in the order of the vocabulary; mixed and null rows stay countable beside it), ``both_ways``
    (``yes`` or ``no``: whether the opposite link is stated too) and ``row_ids``. Ordered as the parts stand in the vocabulary.
    """
    read = risk_factor_table(evidence).dropna(subset=["from_node", "to_node"])
    words = list(vocabularies()["link_strength"])
    rows = []
    for (start, end), own in read.groupby(["from_node", "to_node"], sort=False):
        counts = own["strength"].value_counts()
        rows.append(
            {
                "from_node": start,
                "to_node": end,
                "n_rows": len(own),
                "of_rows": read["row_id"].nunique(),
                **{f"n_{word}": int(counts.get(word, 0)) for word in words},
                "n_protective": int((own["effect"] == "protective").sum()),
                "n_statements": int((own["stated_by"] == "guide_statement").sum()),
                "firmest": next(word for word in words if word in counts.index),
                "row_ids": ";".join(own["row_id"]),
            }
        )
    columns = ["from_node", "to_node", "n_rows", "of_rows", *(f"n_{word}" for word in words), "n_protective", "n_statements", "firmest", "both_ways", "row_ids"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    there = set(zip(table["from_node"], table["to_node"], strict=True))
    opposite = [(end, start) in there for start, end in zip(table["from_node"], table["to_node"], strict=True)]
    table["both_ways"] = ["yes" if each else "no" for each in opposite]
    place = {node: position for position, node in enumerate(vocabularies()["pathway_node"])}
    return table.sort_values(["from_node", "to_node"], key=lambda nodes: nodes.map(place)).reset_index(drop=True)
