"""Themes from coded findings: how much of the evidence supports each theme, and from whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pandas as pd

from synthesis.schema import SynthesisError, vocabularies
from synthesis.studies import empty_label, participants, sample_of, study_values
from synthesis.tables import Evidence

Count = Literal["studies", "findings"]

#: Perspectives of findings that are neither a parent's nor a practitioner's own.
OTHER_PERSPECTIVES = ("family", "author", "observer")


def theme_order(evidence: Evidence) -> list[str]:
    """Theme ids as they are read: each analytical theme, then the descriptive themes below it, by position."""
    themes = evidence.themes.sort_values("position", kind="stable")
    children: dict[str, list[str]] = {}
    for theme, parent in zip(themes["theme_id"], themes["parent_theme_id"].fillna(""), strict=True):
        children.setdefault(parent, []).append(theme)

    def below(theme: str) -> list[str]:
        return [theme] + [each for child in children.get(theme, []) for each in below(child)]

    return [each for top in children.get("", []) for each in below(top)]


def theme_ancestry(evidence: Evidence) -> pd.DataFrame:
    """Every theme with itself and each theme above it: columns ``theme_id``, ``counts_for``."""
    parents = dict(zip(evidence.themes["theme_id"], evidence.themes["parent_theme_id"], strict=True))
    pairs = []
    for theme in parents:
        above = theme
        while isinstance(above, str):
            pairs.append((theme, above))
            above = parents[above]
    return pd.DataFrame(pairs, columns=["theme_id", "counts_for"], dtype="str")


def coded_findings(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Codings of one coder, each with its finding's study and perspective and its code's theme.

    Returns columns ``finding_id, code_id, theme_id, study_id, perspective, role_group, rank, confidence,
    negative_case``. Raises SynthesisError for a coder who coded nothing.
    """
    codings = evidence.codings[evidence.codings["coder"] == coder]
    if codings.empty:
        raise SynthesisError(
            f"The coder {coder!r} has coded nothing; codings are by {', '.join(sorted(evidence.codings['coder'].unique()))}."
        )
    findings = evidence.findings[["finding_id", "study_id", "perspective", "role_group"]]
    coded = codings.merge(evidence.codebook[["code_id", "theme_id"]], on="code_id").merge(findings, on="finding_id")
    return coded[
        [
            "finding_id",
            "code_id",
            "theme_id",
            "study_id",
            "perspective",
            "role_group",
            "rank",
            "confidence",
            "negative_case",
        ]
    ]


def theme_findings(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Findings of each theme, a theme holding what the themes below it hold, each finding once a theme.

    Returns columns ``theme_id, finding_id, study_id, perspective, negative_case`` (True where the finding runs against
    a code of the theme).
    """
    coded = coded_findings(evidence, coder).merge(theme_ancestry(evidence), on="theme_id")
    keys = ["counts_for", "finding_id", "study_id", "perspective"]
    once = coded.groupby(keys, sort=False, as_index=False)["negative_case"].any()
    return once.rename(columns={"counts_for": "theme_id"})


def theme_table(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Support for each theme and subtheme.

    A study counts once a theme however many findings it gives. Negative cases are included in all counts and shown
    apart. Perspective counts are of studies with at least one supporting finding of that perspective; findings that a
    study reports for parents and practitioners together count in neither, but in ``n_studies_together``.

    Returns a row a theme, in reading order, with the columns of the derived table ``theme_table``; every ``n_`` has
    its ``of_`` (all findings, all studies, all studies with a finding of that perspective).
    """
    held, order = theme_findings(evidence, coder), theme_order(evidence)
    sample = sample_of(evidence)
    themes = evidence.themes.set_index("theme_id").loc[order]
    by_theme = held.groupby("theme_id")
    table = themes[["name", "level", "parent_theme_id"]].copy()
    table["n_findings"], table["of_findings"] = by_theme.size(), len(evidence.findings)
    table["n_studies"], table["of_studies"] = by_theme["study_id"].nunique(), len(evidence.studies)
    table["n_samples"], table["of_samples"] = (
        held["study_id"].map(sample).groupby(held["theme_id"]).nunique(),
        sample.nunique(),
    )
    for name, perspectives in (
        ("parent", ["parent"]),
        ("practitioner", ["practitioner"]),
        ("together", ["both"]),
        ("other", list(OTHER_PERSPECTIVES)),
    ):
        own = held[held["perspective"].isin(perspectives)]
        table[f"n_studies_{name}"] = own.groupby("theme_id")["study_id"].nunique()
        table[f"of_studies_{name}"] = evidence.findings.loc[
            evidence.findings["perspective"].isin(perspectives), "study_id"
        ].nunique()
    table["n_negative"] = by_theme["negative_case"].sum()
    people = {theme: _people(evidence, ids) for theme, ids in by_theme["study_id"].unique().items()}
    table = table.join(pd.DataFrame.from_dict(people, orient="index"))
    counts = [column for column in table if column.startswith(("n_", "of_"))]
    table[counts] = table[counts].fillna(0).astype(int)
    return table.rename_axis("theme_id").reset_index()


def _people(evidence: Evidence, study_ids: list[str]) -> dict[str, int]:
    """Participants reported by some studies, shared samples once; surveyed people apart."""
    counted = participants(evidence, study_ids).set_index(["group", "counted_as"])["n_people"]

    def number(group: str, *ways: str) -> int:
        return int(sum(counted.get((group, way), 0) for way in ways))

    studies = evidence.studies[evidence.studies["study_id"].isin(set(study_ids))]
    return {
        "n_parents": number("parents", "qualitative", "unclear"),
        "n_parents_surveyed": number("parents", "survey"),
        "n_practitioners": number("practitioners", "qualitative", "unclear"),
        "n_practitioners_surveyed": number("practitioners", "survey"),
        "n_studies_without_numbers": int((studies["n_parents"].isna() & studies["n_practitioners"].isna()).sum()),
    }


def theme_matrix(
    evidence: Evidence, rows: str = "theme", columns: str = "study", count: Count = "studies", coder: str = "agreed"
) -> pd.DataFrame:
    """Cross-tabulate coded findings: a cell holds the findings, or their studies, that belong to its row and its column.

    Parameters
    ----------
    rows, columns : ``theme`` (every theme, each holding what is below it), ``analytical``, ``descriptive``, ``code``,
        ``study``, ``perspective``, ``role_group``, or a column of the studies table that groups studies (``country``,
        ``year``, ``scope``, ``children_services``, ``design``, ``data_collection``, ``analysis`` ...).
    count : ``studies`` (a study once a cell) or ``findings`` (a finding once a cell).
    coder : whose codings; default the agreed set.

    Two dimensions of coding (theme by code, code by code) show what is coded together in one finding. Returns integer
    counts with ids or words as labels, rows and columns complete (a theme without support is a row of zeros). Studies
    and findings without a value stand under "not reported", or "not judged" where that is what an empty cell means. Raises SynthesisError for a dimension that is not there.
    """
    if count not in ("studies", "findings"):
        raise SynthesisError(f"count is 'studies' or 'findings', not {count!r}.")
    coded = coded_findings(evidence, coder)
    by_row, by_column = (_with_dimension(coded, evidence, name) for name in (rows, columns))
    # Row and column meet in the finding, not in the coding: a finding with two codes belongs to both.
    cells = by_row.merge(by_column, on="finding_id", suffixes=(" of row", " of column"))
    cells["unit"] = cells["finding_id"]
    if count == "studies":
        cells["unit"] = cells["finding_id"].map(evidence.findings.set_index("finding_id")["study_id"])
    once = cells[["label of row", "label of column", "unit"]].drop_duplicates()
    matrix = once.groupby(["label of row", "label of column"]).size().unstack(fill_value=0)
    return (
        matrix.reindex(
            index=_labels(evidence, rows, matrix.index),
            columns=_labels(evidence, columns, matrix.columns),
            fill_value=0,
        )
        .rename_axis(index=rows, columns=columns)
        .astype(int)
    )


def _with_dimension(coded: pd.DataFrame, evidence: Evidence, name: str) -> pd.DataFrame:
    """Findings with their labels in one dimension: columns ``finding_id``, ``label``, one row a pair."""
    kind = name.removesuffix("_id")
    if kind in ("theme", "analytical", "descriptive"):
        pairs = theme_ancestry(evidence).rename(columns={"counts_for": "label"})
        labelled = coded.merge(pairs[pairs["label"].isin(_labels(evidence, name, pd.Index([])))], on="theme_id")
    elif kind in ("code", "study"):
        labelled = coded.assign(label=coded[f"{kind}_id"])
    elif kind in ("perspective", "role_group"):
        labelled = coded.assign(label=coded[kind].fillna(empty_label("findings", kind)).str.split(";")).explode("label")
    elif name in evidence.studies:
        values = study_values(evidence, name)
        labelled = coded.assign(label=coded["study_id"].map(values)).explode("label")
    else:
        raise SynthesisError(
            f"{name!r} groups neither findings nor studies; use theme, analytical, descriptive, code, study, perspective, role_group "
            f"or a column of studies ({', '.join(evidence.studies)})."
        )
    return labelled[["finding_id", "label"]].drop_duplicates()


def _labels(evidence: Evidence, name: str, seen: pd.Index) -> list[str]:
    """All labels of a dimension in the order in which they are shown."""
    kind = name.removesuffix("_id")
    order = theme_order(evidence)
    level = evidence.themes.set_index("theme_id")["level"]
    whole: dict[str, Callable[[], list[str]]] = {
        "theme": lambda: order,
        "analytical": lambda: [theme for theme in order if level[theme] == "analytical"],
        "descriptive": lambda: [theme for theme in order if level[theme] == "descriptive"],
        "code": lambda: list(evidence.codebook["code_id"]),
        "study": lambda: list(evidence.studies["study_id"]),
        "perspective": lambda: list(vocabularies()["perspective"]),
    }
    return whole[kind]() if kind in whole else sorted(seen)


def theme_evidence(evidence: Evidence, theme_id: str | None = None, coder: str = "agreed") -> pd.DataFrame:
    """The findings behind a theme: what a reader sees when asking what a theme rests on.

    Parameters
    ----------
    theme_id : one theme, with what is below it; default every code's own theme.

    Returns a row a coding, in theme and study order: ``theme_id`` (the code's own theme), ``code`` (its name),
    ``finding_id, study_id, perspective, negative_case, finding, source_url``. Raises SynthesisError for an unknown theme.
    """
    order = theme_order(evidence)
    if theme_id is not None and theme_id not in order:
        raise SynthesisError(f"There is no theme {theme_id!r}; there are {', '.join(order)}.")
    coded = coded_findings(evidence, coder)
    if theme_id is not None:
        ancestry = theme_ancestry(evidence)
        coded = coded[coded["theme_id"].isin(ancestry.loc[ancestry["counts_for"] == theme_id, "theme_id"])]
    coded = coded.assign(code=coded["code_id"].map(evidence.codebook.set_index("code_id")["name"]))
    coded = coded.merge(evidence.findings[["finding_id", "finding", "source_url"]], on="finding_id")
    coded["place"] = coded["theme_id"].map({theme: place for place, theme in enumerate(order)})
    columns = ["theme_id", "code", "finding_id", "study_id", "perspective", "negative_case", "finding", "source_url"]
    return coded.sort_values(["place", "code", "finding_id"], kind="stable", ignore_index=True)[columns]
