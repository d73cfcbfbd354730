"""Findings laid out for reading: the framework matrix of studies by themes, and what runs against each theme."""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.tables import Evidence
from synthesis.themes.support import theme_evidence, theme_order


def framework_matrix(evidence: Evidence, theme_id: str | None = None, coder: str = "agreed") -> pd.DataFrame:
    """Studies by descriptive themes, with the findings themselves in the cells.

    Parameters
    ----------
    theme_id : an analytical theme, whose descriptive themes become the columns; a descriptive theme, whose codes do; or
        nothing for all descriptive themes.

    Returns a row a study with any finding there (index ``study_id``, in the order of the studies table), a column a
    descriptive theme or code (its id). A cell holds its findings, each once, as lines "parent: what was found
    [finding_id]"; a finding that runs against what it is coded with begins "Against: ". An empty cell says that no
    finding of the study was coded there, not that the study denies it. Raises SynthesisError for an unknown theme.
    """
    shown = theme_evidence(evidence, theme_id, coder)
    level = evidence.themes.set_index("theme_id")["level"]
    by_code = theme_id is not None and level[theme_id] == "descriptive"
    names = evidence.codebook.set_index("name")["code_id"]
    shown["column"] = shown["code"].map(names) if by_code else shown["theme_id"]
    against = shown.groupby(["column", "finding_id"])["negative_case"].transform("any")
    shown["cell"] = (
        against.map({True: "Against: ", False: ""}).astype("str")
        + shown["perspective"] + ": " + shown["finding"] + " [" + shown["finding_id"] + "]"
    )  # fmt: skip
    once = shown.drop_duplicates(["column", "finding_id"])
    cells = once.groupby(["study_id", "column"])["cell"].agg("\n".join).unstack(fill_value="")
    if by_code:
        columns = list(evidence.codebook.loc[evidence.codebook["theme_id"] == theme_id, "code_id"])
    else:
        under = _below(evidence, theme_id)
        columns = [theme for theme in theme_order(evidence) if theme in under and level[theme] == "descriptive"]
    studies = [study for study in evidence.studies["study_id"] if study in cells.index]
    name = "code_id" if by_code else "theme_id"
    return cells.reindex(index=studies, columns=columns, fill_value="").rename_axis(index="study_id", columns=name)


def _below(evidence: Evidence, theme_id: str | None) -> set[str]:
    parents = evidence.themes.set_index("theme_id")["parent_theme_id"]
    return set(parents.index) if theme_id is None else {theme_id, *parents.index[parents == theme_id]}


def negative_cases(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Beside each theme, the findings that run against one of its codes.

    Returns, in reading order of the themes, a row a negative coding: ``theme_id, name, code, finding_id, study_id,
    perspective, finding, source_url``; and a row with ``finding_id`` missing for each descriptive theme that nothing was
    found to contradict, because that no one noted a contradiction is a result as well.
    """
    against = theme_evidence(evidence, coder=coder)
    against = against[against["negative_case"]].drop(columns="negative_case")
    themes = evidence.themes[evidence.themes["level"] == "descriptive"]
    quiet = themes.loc[~themes["theme_id"].isin(against["theme_id"]), ["theme_id"]]
    table = pd.concat([against, quiet.reindex(columns=against.columns)], ignore_index=True)
    table.insert(1, "name", table["theme_id"].map(evidence.themes.set_index("theme_id")["name"]))
    place = {theme: at for at, theme in enumerate(theme_order(evidence))}
    return table.sort_values("theme_id", key=lambda c: c.map(place), kind="stable", ignore_index=True)
