"""The practice guides as tables: their modules, statements, practical steps and recommendations, each row with its source.

Every text of a row is the paraphrase that stands in ``sources/``; nothing is added here. What a source does not say stays
missing in a table, and `stated` writes it out for readers.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from synthesis.evidence.addresses import is_mirror, reader_address
from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence

#: The guide whose five modules order this part of the synthesis.
GUIDE = "foundations_mental_health_guide"
#: Domains, as the guides head them, whose rows are about reaching parents and working with them (module 3).
ENGAGING = (
    "engagement", "relationship", "stigma", "signposting and access", "involvement", "empowerment", "fathers and others",
    "family understanding", "conversation", "skills", "fear of judgement", "normalising", "hidden need", "workforce training",
)  # fmt: skip


#: What a missing cell means in columns where it does not mean that the source is silent.
_NOTHING = {
    "not_stated": "nothing", "remark": "none known", "note": "no remark", "caveat": "none recorded", "caveat_ids": "none",
}  # fmt: skip


def stated(frame: pd.DataFrame, word: str = "not stated") -> pd.DataFrame:
    """A table for readers in which nothing is blank: a missing cell says `word`. Columns and rows stay as they are."""
    words = {column: _NOTHING.get(str(column), word) for column in frame}
    return frame.astype(object).where(frame.notna(), pd.Series(words), axis=1)


def one_of(word: str, allowed: Collection[str], what: str) -> str:
    """Give back `word` where it is one of the allowed ones; raises CallError, with all of them, where it is not."""
    if word not in allowed:
        raise CallError(f"There is no {what} {word!r}; there are {', '.join(allowed)}.")
    return word


def holds(column: pd.Series, word: str) -> pd.Series:
    """For each list cell, whether it holds the word; missing where the cell is empty."""
    return column.map(lambda cell: word in cell.split(";"), na_action="ignore").astype("boolean")


def mentions(column: pd.Series, text: str, what: str) -> pd.Series:
    """For each text cell, whether it holds `text`, capitals aside; missing where the cell is empty.

    Raises CallError with the values that there are where no cell holds it.
    """
    found = column.str.contains(text, case=False, regex=False).astype("boolean")
    if not found.any():
        raise CallError(f"No {what} speaks of {text!r}; there are {'; '.join(sorted(column.dropna().unique()))}.")
    return found


def fitting(frame: pd.DataFrame, wanted: dict[str, pd.Series]) -> pd.DataFrame:
    """Rows that fit what is wanted, and below them rows that do not say; what is not said is named in ``not_stated``.

    Parameters
    ----------
    wanted : what is asked of a row, by its name: True, False or missing for each row.

    A row that says otherwise is left out; one that is silent is not, because silence is no refusal.
    """
    asked = pd.DataFrame({name: answer.astype("boolean") for name, answer in wanted.items()}, index=frame.index)
    kept = frame[asked.ne(False).fillna(True).all(axis=1)].copy()
    silent = asked.loc[kept.index].isna()
    kept["not_stated"] = ["; ".join(name for name in silent if silent.at[row, name]) or pd.NA for row in kept.index]
    kept["not_stated"] = kept["not_stated"].astype("str").where(silent.any(axis=1))
    return kept.loc[silent.sum(axis=1).sort_values(kind="stable").index].reset_index(drop=True)


# ---------------------------------------------------------------- statements of the guides


def guide_item_table(
    evidence: Evidence, kind: str | None = None, domain: str | None = None, source: str | None = None
) -> pd.DataFrame:
    """Statements of the five documents, in the order of the source.

    Parameters
    ----------
    kind : a word of the vocabulary ``guide_item_kind``, such as ``problem``, ``step`` or ``voice``.
    domain : part of a heading of the guide.
    source : identifier of the guide, as in ``guide_sources``.

    Columns ``item_id, kind, domain, level, level_or_role, statement, figure_value, figure_unit, year, remark, source_id,
    source, source_url, locator``; ``remark`` is what other accounts say against a figure, ``locator`` a line of the copy that
    was read. Raises CallError for a word that is not there.
    """
    items = evidence.guide_items.copy()
    items["source"], items["source_url"] = (
        items["source_id"].map(_titles(evidence)),
        items["source_id"].map(_addresses(evidence)),
    )
    items["remark"] = items["item_id"].map(evidence.discrepancies_of("guide_items")).astype("str")
    if kind is not None:
        items = items[items["kind"] == one_of(kind, vocabularies()["guide_item_kind"], "kind of item")]
    if source is not None:
        items = items[items["source_id"] == one_of(source, list(evidence.guide_sources["source_id"]), "guide")]
    if domain is not None:
        items = items[mentions(items["domain"], domain, "domain").fillna(False).astype(bool)]
    columns = "item_id kind domain level level_or_role statement figure_value figure_unit year remark source_id source source_url locator"
    return items[columns.split()].reset_index(drop=True)


def _titles(evidence: Evidence) -> pd.Series:
    """Title of each guide by identifier; where none is printed, the kind of document; a mirror is named."""
    known = evidence.guide_sources.set_index("source_id")
    titles = known["title"].fillna(known["kind"])
    mirrored = known["source_url"].map(is_mirror, na_action="ignore").fillna(False).astype(bool)
    return titles.where(~mirrored, titles + " (" + known["source_url"].map(reader_address, na_action="ignore") + ")")


def _addresses(evidence: Evidence) -> pd.Series:
    return evidence.guide_sources.set_index("source_id")["source_url"]


def guide_source_table(evidence: Evidence) -> pd.DataFrame:
    """The documents that practice-guide content was read from, and where each stands in public.

    Columns ``source_id, source`` (its title; without one the kind of document), ``body, kind, n_items`` (statements held),
    ``n_recommendations`` (held from its pages), ``source_url`` (missing where it is not known, and where the document has
    several pages) and ``n_pages`` (addresses that its rows name).
    """
    table = evidence.guide_sources.copy()
    table["source"] = table["source_id"].map(_titles(evidence))
    items, said = evidence.guide_items["source_id"].value_counts(), evidence.recommendations
    table["n_items"] = table["source_id"].map(items).fillna(0).astype(int)
    table["n_recommendations"] = table["source_id"].map(said["source_id"].value_counts()).fillna(0).astype(int)
    pages = said.groupby("source_id")["source_url"].nunique()
    table["n_pages"] = table["source_id"].map(pages).fillna(table["source_url"].notna().astype(int)).astype(int)
    columns = "source_id source body kind n_items n_recommendations source_url n_pages"
    return table[columns.split()]


def address_words(table: pd.DataFrame) -> pd.Series:
    """Of `guide_source_table`, the address for a reader: where there is none, whether it is unknown or there are several."""
    several = table["n_pages"].gt(1).map({True: "several pages: see its rows", False: "address not known"})
    return table["source_url"].where(table["source_url"].notna(), several)


def guide_modules(evidence: Evidence) -> pd.DataFrame:
    """The five modules of the guide, in its order, and how many rows stand here for each.

    Columns ``item_id, module, statement, held, n_rows``.
    """
    modules = guide_item_table(evidence, "module", source=GUIDE)
    held = {
        "risk factors and impact": ("reported links", len(evidence.risk_factors)),
        "local strategy": ("practical steps and elements of planning tools", len(step_table(evidence)) + len(evidence.planning_elements)),
        "engagement": ("statements about reaching parents", len(engagement_table(evidence))),
        "interventions": ("interventions", len(evidence.interventions)),
        "measurement": ("measures, or reports of one", len(evidence.measures)),
    }  # fmt: skip
    table = modules[modules["domain"].isin(list(held))].rename(columns={"domain": "module"})
    table["held"] = [held[module][0] for module in table["module"]]
    table["n_rows"] = [held[module][1] for module in table["module"]]
    return table[["item_id", "module", "statement", "held", "n_rows"]].reset_index(drop=True)


def step_table(evidence: Evidence, domain: str | None = None) -> pd.DataFrame:
    """The practical steps of the family-hubs sheet, by its five domains in their order.

    `domain` is part of a domain's name. Columns ``item_id, domain, level_or_role, statement, source_id, source_url,
    locator``.
    """
    steps = guide_item_table(evidence, "step", domain)
    return steps[["item_id", "domain", "level_or_role", "statement", "source_id", "source_url", "locator"]]


# ---------------------------------------------------------------- recommendations


def recommendation_table(
    evidence: Evidence, level: str | None = None, domain: str | None = None, source: str | None = None
) -> pd.DataFrame:
    """Every recommendation, those of the guides' own pages and those among the statements of the five documents.

    Parameters
    ----------
    level : whom it addresses, a word of the vocabulary ``level`` such as ``staff``, ``manager_or_leader``,
        ``service_or_organisation``, ``commissioner``, ``local_area`` or ``national``.
    domain : part of a heading.
    source : identifier of the guide.

    Columns ``recommendation_id, level, level_or_role, domain, recommendation, source_id, source, source_url, locator``,
    ordered by level as in the vocabulary, then domain. Raises CallError for a word that is not there.
    """
    items = evidence.guide_items[evidence.guide_items["kind"] == "recommendation"]
    items = items.rename(columns={"item_id": "recommendation_id", "statement": "recommendation"})
    table = pd.concat([evidence.recommendations, items], ignore_index=True)
    table["source"] = table["source_id"].map(_titles(evidence))
    table["source_url"] = table["source_url"].fillna(table["source_id"].map(_addresses(evidence)))
    if level is not None:
        table = table[holds(table["level"], one_of(level, vocabularies()["level"], "level"))]
    if source is not None:
        table = table[table["source_id"] == one_of(source, list(evidence.guide_sources["source_id"]), "guide")]
    if domain is not None:
        table = table[mentions(table["domain"], domain, "domain").fillna(False).astype(bool)]
    place = {word: position for position, word in enumerate(vocabularies()["level"])}
    table = table.assign(_place=table["level"].str.split(";").str[0].map(place))
    columns = "recommendation_id level level_or_role domain recommendation source_id source source_url locator"
    return table.sort_values(["_place", "domain"], kind="stable")[columns.split()].reset_index(drop=True)


def recommendation_counts(evidence: Evidence, source: str | Collection[str] | None = None) -> pd.DataFrame:
    """How many recommendations address each level: staff, managers, organisations, commissioners, local areas, the nation.

    `source` is one guide or several. Columns ``level, meaning, n_recommendations, of_recommendations`` (of all that are
    counted), ``n_sources`` (guides that address it). A recommendation counts at every level that it names. Levels nobody
    addresses are left out.
    """
    sources = [source] if isinstance(source, str) or source is None else source
    said = pd.concat([recommendation_table(evidence, source=each) for each in sources])
    named = said.assign(level=said["level"].str.split(";")).explode("level")
    counted = named.groupby("level").agg(n_recommendations=("recommendation_id", "nunique"), n_sources=("source_id", "nunique"))  # fmt: skip
    words = vocabularies()["level"]
    table = counted.reindex([word for word in words if word in counted.index]).reset_index()
    table.insert(1, "meaning", table["level"].map(words))
    table.insert(3, "of_recommendations", len(said))
    return table


def engagement_table(evidence: Evidence) -> pd.DataFrame:
    """Module 3: what the guides say on reaching parents and working with them, and what is reported to keep them away.

    Rows are recommendations, problems and views whose domain is one of `ENGAGING`, and reported links whose
    outcome is the reach or use of services. Columns ``row_id, kind, level_or_role, domain, statement, source,
    source_url, locator``.
    """
    wanted = ("problem", "recommendation", "voice")
    items = guide_item_table(evidence)
    items = items[items["kind"].isin(wanted)].rename(columns={"item_id": "row_id"})
    said = recommendation_table(evidence).rename(columns={"recommendation_id": "row_id", "recommendation": "statement"})
    said = said[~said["row_id"].isin(items["row_id"])].assign(kind="recommendation")
    both = pd.concat([items, said], ignore_index=True)
    both = both[both["domain"].isin(ENGAGING)]
    factors = evidence.risk_factors
    keeps = factors["note"].fillna("").str.contains("engagement") | factors["outcome"].eq("unmet need")
    links = pd.DataFrame(
        {
            "row_id": factors["risk_factor_id"], "kind": "risk_factor", "domain": factors["outcome"],
            "statement": factors["risk_factor"] + ": " + factors["strength_as_stated"], "source_url": factors["source_url"],
        }
    )[keeps]  # fmt: skip
    columns = ["row_id", "kind", "level_or_role", "domain", "statement", "source", "source_url", "locator"]
    return pd.concat([both, links], ignore_index=True).reindex(columns=columns)
