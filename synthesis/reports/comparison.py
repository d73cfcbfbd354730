"""The published review beside this evidence base: what it states, what is held here, and why the two differ."""

from __future__ import annotations

from functools import partial

import pandas as pd

from synthesis.evidence.tables import Evidence
from synthesis.review.studies import participants
from synthesis.themes.support import theme_findings, theme_table


def published_comparison(evidence: Evidence) -> pd.DataFrame:
    """What the published review states about itself, beside the same quantity here.

    Numbers are given for the studies confirmed as its members and for all studies held; participants are counted with
    shared samples once, interviewed people only. Themes are compared by name, with their support.

    Returns a row a statement: ``statement_id, quantity, stated, here_confirmed, here_all, reason``.
    """
    named = partial(_named, support=theme_table(evidence).set_index("theme_id"), held=theme_findings(evidence))
    rows = []
    for statement in evidence.review_statements.itertuples():
        compare = _COMPARED.get(statement.quantity, named)
        stated = statement.label if pd.isna(statement.value) else f"{statement.value:,.0f}"
        rows.append((statement.statement_id, statement.quantity, stated, *compare(evidence, statement)))
    return pd.DataFrame(rows, columns=["statement_id", "quantity", "stated", "here_confirmed", "here_all", "reason"])


def _confirmed(evidence: Evidence) -> pd.DataFrame:
    return evidence.studies[evidence.studies["in_published_review"] == "confirmed"]


def _studies(evidence: Evidence, statement) -> tuple[str, str, str]:
    confirmed, held = len(_confirmed(evidence)), len(evidence.studies)
    reason = (
        f"{confirmed} of its {statement.value:.0f} studies are confirmed here, and the other {held - confirmed} studies here "
        "are candidates under its eligibility rules, in part beyond them."
    )
    # What is known of the list itself was noted by whoever read the review.
    return f"{confirmed:,}", f"{held:,}", reason if pd.isna(statement.note) else f"{reason} {statement.note}"


def _people(evidence: Evidence, statement) -> tuple[str, str, str]:
    group = statement.quantity.removeprefix("n_")
    confirmed, everyone = _confirmed(evidence), evidence.studies
    perspectives = {"parents": ("parent", "both"), "practitioners": ("practitioner", "both")}[group]
    silent = everyone[everyone[statement.quantity].isna() & everyone["perspective"].isin(perspectives)]
    there, all_there = (_interviewed(evidence, group, list(some["study_id"])) for some in (confirmed, everyone))
    reason = (
        f"Other studies are held here than the review included; of those with {group}, {len(silent)} report no number in the text read. "
        "Shared samples are counted once and people who only answered a survey are left out."
    )
    return f"{there:,}", f"{all_there:,}", reason


def _interviewed(evidence: Evidence, group: str, study_ids: list[str]) -> int:
    people = participants(evidence, study_ids)
    return int(people.loc[(people["group"] == group) & (people["counted_as"] != "survey"), "n_people"].sum())


def _themes(evidence: Evidence, statement) -> tuple[str, str, str]:
    themes = evidence.themes[evidence.themes["level"] == "analytical"]
    published = (themes["origin"] == "published_theme").sum()
    added = "; ".join(themes.loc[themes["origin"] != "published_theme", "name"])
    reason = f"The {published} published themes are used as the frame. Added for what studies report apart from services: {added}."
    return "does not apply", f"{published} of {len(themes)}", reason


def _named(evidence: Evidence, statement, support: pd.DataFrame, held: pd.DataFrame) -> tuple[str, str, str]:
    if pd.isna(statement.theme_id):
        return "not held", "not held", "No theme of this evidence base carries this name."
    theme = support.loc[statement.theme_id]
    confirmed = set(_confirmed(evidence)["study_id"])
    here = f"{theme['n_studies']} of {theme['of_studies']} studies, {theme['n_findings']} of {theme['of_findings']} findings"
    origin = evidence.themes.set_index("theme_id").loc[statement.theme_id]
    if origin["name"] != statement.label:
        same = f"Named “{origin['name']}” here ({origin['origin_as_stated']})."
    elif origin["origin"] in ("published_theme", "published_subtheme"):
        same = "The name is the review's own."
    else:
        same = f"The name is not the review's own wording ({origin['origin_as_stated']})."
    reason = f"{same} Its boundaries here follow this codebook, because the review's own codes were not seen."
    members = held.loc[
        (held["theme_id"] == statement.theme_id) & held["study_id"].isin(confirmed), "study_id"
    ].nunique()
    return f"{members} of {len(confirmed)} studies", here, reason


#: Quantities with a comparison of their own; the others are names of themes.
_COMPARED = {"n_studies": _studies, "n_parents": _people, "n_practitioners": _people, "n_themes": _themes}
