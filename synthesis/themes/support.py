"""Themes from coded findings: how much of the evidence supports each theme, and from whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from synthesis.coding.codebook import theme_ancestry, theme_order
from synthesis.coding.incidence import Coded, coded, distinct, incidence, pairs, present, study_positions
from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.review.studies import (
    INSTEAD,
    empty_label,
    grouping_columns,
    participants_by_group,
    sample_of,
    study_values,
)

Count = Literal["studies", "findings"]

#: Perspectives of findings that are neither a parent's nor a practitioner's own.
OTHER_PERSPECTIVES = ("family", "author", "observer")


def coded_findings(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Codings of one coder, each with its finding's study and perspective and its code's theme.

    Returns columns ``finding_id, code_id, theme_id, study_id, perspective, role_group, rank, confidence,
    negative_case``. Raises SynthesisError for a coder who coded nothing.
    """
    own = coded(evidence, coder)
    parts = [
        evidence.codings[["finding_id", "code_id"]].take(own.row),
        evidence.codebook[["theme_id"]].take(own.code),
        evidence.findings[["study_id", "perspective", "role_group"]].take(own.finding),
        evidence.codings[["rank", "confidence", "negative_case"]].take(own.row),
    ]
    return pd.concat([part.reset_index(drop=True) for part in parts], axis=1)


@dataclass(frozen=True)
class Held:
    """Findings of each theme, each once a theme: ``theme`` is a place in `theme_order`, ``finding`` one in findings."""

    theme: np.ndarray
    finding: np.ndarray
    study: np.ndarray
    negative: np.ndarray


def held_findings(evidence: Evidence, coder: str = "agreed") -> Held:
    """Findings of each theme as positions, a theme holding what the themes below it hold; themes, then findings in order."""
    return _held(evidence, coded(evidence, coder))


def _held(evidence: Evidence, own: Coded) -> Held:
    above, n = _themes_of_codes(evidence), len(evidence.findings)
    marked, against = (np.zeros((len(evidence.themes), n), dtype=bool) for _ in range(2))
    # Themes stand a few levels deep: at each level a code has one theme at most.
    for depth in range(max(map(len, above), default=0)):
        theme = np.array([chain[depth] if depth < len(chain) else -1 for chain in above])[own.code]
        reached = theme >= 0
        marked[theme[reached], own.finding[reached]] = True
        reached &= own.negative
        against[theme[reached], own.finding[reached]] = True
    themes, findings = np.divmod(np.flatnonzero(marked), n)
    return Held(themes, findings, study_positions(evidence)[findings], against.ravel()[marked.ravel()])


def _themes_of_codes(evidence: Evidence) -> list[list[int]]:
    """For each code of the codebook: its theme and every theme above, as places in `theme_order`."""
    place = {theme: position for position, theme in enumerate(theme_order(evidence))}
    above = theme_ancestry(evidence).groupby("theme_id", sort=False)["counts_for"].agg(list)
    found = {theme: [place[each] for each in chain] for theme, chain in above.items()}
    return [found[theme] for theme in evidence.codebook["theme_id"]]


def theme_findings(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Findings of each theme, a theme holding what the themes below it hold, each finding once a theme.

    Returns columns ``theme_id, finding_id, study_id, perspective, negative_case`` (True where the finding runs against
    a code of the theme), themes in reading order, findings in the order of their table.
    """
    held = held_findings(evidence, coder)
    ids = pd.Series(theme_order(evidence), dtype="str", name="theme_id").take(held.theme).reset_index(drop=True)
    findings = evidence.findings[["finding_id", "study_id", "perspective"]].take(held.finding).reset_index(drop=True)
    return pd.concat([ids, findings, pd.Series(held.negative, dtype="boolean", name="negative_case")], axis=1)


#: Groups of perspectives that theme tables count apart.
VIEWS = {
    "parent": ["parent"],
    "practitioner": ["practitioner"],
    "together": ["both"],
    "other": list(OTHER_PERSPECTIVES),
}


def theme_table(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Support for each theme and subtheme.

    A study counts once a theme however many findings it gives. Negative cases are included in all counts and shown
    apart. Perspective counts are of studies with at least one supporting finding of that perspective; findings that a
    study reports for parents and practitioners together count in neither, but in ``n_studies_together``.

    Returns a row a theme, in reading order, with the columns of the derived table ``theme_table``; every ``n_`` has
    its ``of_`` (all findings, all studies, all studies with a finding of that perspective).
    """
    held, order, study_of = held_findings(evidence, coder), theme_order(evidence), study_positions(evidence)
    table = evidence.themes.set_index("theme_id").loc[order, ["name", "level", "parent_theme_id"]].copy()
    theme, study = pairs(held.theme, held.study, len(order), len(evidence.studies))
    sample = pd.factorize(sample_of(evidence))[0]
    samples = int(sample.max(initial=-1)) + 1
    table["n_findings"], table["of_findings"] = np.bincount(held.theme, minlength=len(order)), len(evidence.findings)
    table["n_studies"], table["of_studies"] = np.bincount(theme, minlength=len(order)), len(evidence.studies)
    table["n_samples"], table["of_samples"] = distinct(theme, sample[study], len(order), samples), samples
    for name, perspectives in VIEWS.items():
        said = evidence.findings["perspective"].isin(perspectives).to_numpy()
        own = said[held.finding]
        table[f"n_studies_{name}"] = distinct(held.theme[own], held.study[own], len(order), len(evidence.studies))
        table[f"of_studies_{name}"] = len(present(study_of[said]))
    table["n_negative"] = np.bincount(held.theme[held.negative], minlength=len(order))
    people = participants_by_group(evidence, theme, study).reindex(range(len(order)), fill_value=0)
    table = table.join(people.set_axis(table.index))
    counts = [column for column in table if column.startswith(("n_", "of_"))]
    table[counts] = table[counts].astype(int)
    return table.rename_axis("theme_id").reset_index()


def theme_matrix(
    evidence: Evidence, rows: str = "theme", columns: str = "study", count: Count = "studies", coder: str = "agreed"
) -> pd.DataFrame:
    """Cross-tabulate coded findings: a cell holds the findings, or their studies, that belong to its row and its column.

    Parameters
    ----------
    rows, columns : ``theme`` (every theme, each holding what is below it), ``analytical``, ``descriptive``, ``code``,
        ``study``, ``perspective``, ``role_group`` (the population: who speaks, such as mothers, fathers or social
        workers), or a column that groups studies (``country``, ``year``, ``scope``, ``children_services``, ``design``,
        ``data_collection``, ``analysis`` ...; all of them: `studies.grouping_columns`).
    count : ``studies`` (a study once a cell) or ``findings`` (a finding once a cell).
    coder : whose codings; default the agreed set.

    Two dimensions of coding (theme by code, code by code) show what is coded together in one finding. Returns integer
    counts with ids or words as labels, rows and columns complete (a theme without support is a row of zeros). Studies
    and findings without a value stand under "not reported", or "not judged" where that is what an empty cell means. Raises
    CallError for a dimension that is not there or is free text.
    """
    if count not in ("studies", "findings"):
        raise CallError(f"count is 'studies' or 'findings', not {count!r}.")
    own = coded(evidence, coder)
    down, across = (_dimension(evidence, name, own) for name in (rows, columns))
    # Row and column meet in the finding, not in the coding: a finding with two codes belongs to both.
    n = len(evidence.findings)
    finding, column = across.finding, across.label
    if count == "studies":
        # Studies are counted by meeting in the finding, then telling the studies of a cell apart.
        key = column.astype(np.int64) * len(evidence.studies) + study_positions(evidence)[finding]
        column, keys = pd.factorize(key)
    else:
        keys = np.arange(len(across.labels)) * len(evidence.studies)
    met = incidence(down.label, down.finding, len(down.labels), n) @ incidence(finding, column, n, len(keys))
    place, cell = (
        np.repeat(np.arange(len(down.labels)), np.diff(met.indptr)),
        keys[met.indices] // len(evidence.studies),
    )
    amount = met.data if count == "findings" else np.ones(len(cell), dtype=np.int64)
    shape = len(down.labels), len(across.labels)
    cells = np.bincount(place * shape[1] + cell, amount, minlength=shape[0] * shape[1]).reshape(shape).astype(int)
    matrix = pd.DataFrame(cells, pd.Index(down.labels, name=rows), pd.Index(across.labels, name=columns))
    return matrix.reindex(
        index=_labels(evidence, rows, matrix.index[(cells > 0).any(axis=1)]),
        columns=_labels(evidence, columns, matrix.columns[(cells > 0).any(axis=0)]),
        fill_value=0,
    ).rename_axis(index=rows, columns=columns)


@dataclass(frozen=True)
class Dimension:
    """Coded findings with their labels in one dimension: places in findings and in ``labels``, one entry a pair."""

    finding: np.ndarray
    label: np.ndarray
    labels: list[str]


def _dimension(evidence: Evidence, name: str, own: Coded) -> Dimension:
    kind = name.removesuffix("_id")
    if kind in ("theme", "analytical", "descriptive"):
        held, order = _held(evidence, own), theme_order(evidence)
        shown = np.isin(order, _labels(evidence, name, pd.Index([])))[held.theme]
        return Dimension(held.finding[shown], held.theme[shown], order)
    if kind == "code":
        return Dimension(own.finding, own.code, list(evidence.codebook["code_id"]))
    finding = present(own.finding)
    if kind == "study":
        return Dimension(finding, study_positions(evidence)[finding], list(evidence.studies["study_id"]))
    if kind in ("perspective", "role_group"):
        return _listed(finding, finding, evidence.findings[kind].fillna(empty_label("findings", kind)).str.split(";"))
    known = grouping_columns(evidence)
    if name in known:
        return _listed(finding, study_positions(evidence)[finding], study_values(evidence, name))
    why = ", because it is not a coded column" if name in evidence.studies else ""
    others = ", ".join(column for column in known if column != "perspective")
    raise CallError(
        f"{name!r} groups neither findings nor studies{why}; use theme, analytical, descriptive, code, study, perspective, "
        f"role_group or a column of studies ({others}).{INSTEAD.get(name, '')}"
    )


def _listed(finding: np.ndarray, place: np.ndarray, values: pd.Series) -> Dimension:
    """Findings with the labels that stand, as lists, at their places."""
    cells = values.take(place)
    label, labels = pd.factorize(cells.explode())
    return Dimension(np.repeat(finding, cells.str.len().to_numpy()), label, list(labels))


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
        # Parents and families first, then practitioners; a finding may stand without a role.
        "role_group": lambda: sorted(seen, key=[*vocabularies()["role_group"], *seen].index),
    }
    return whole[kind]() if kind in whole else sorted(seen)


def theme_evidence(evidence: Evidence, theme_id: str | None = None, coder: str = "agreed") -> pd.DataFrame:
    """The findings behind a theme: what a reader sees when asking what a theme rests on.

    Parameters
    ----------
    theme_id : one theme, with what is below it; default every code's own theme.

    Returns a row a coding, in theme and study order: ``theme_id`` (the code's own theme), ``code`` (its name),
    ``finding_id, study_id, perspective, negative_case, finding, source_url``. Raises CallError for an unknown theme.
    """
    order = theme_order(evidence)
    if theme_id is not None and theme_id not in order:
        raise CallError(f"There is no theme {theme_id!r}; there are {', '.join(order)}.")
    coded = coded_findings(evidence, coder)
    if theme_id is not None:
        ancestry = theme_ancestry(evidence)
        coded = coded[coded["theme_id"].isin(ancestry.loc[ancestry["counts_for"] == theme_id, "theme_id"])]
    coded = coded.assign(code=coded["code_id"].map(evidence.codebook.set_index("code_id")["name"]))
    coded = coded.merge(evidence.findings[["finding_id", "finding", "source_url"]], on="finding_id")
    coded["place"] = coded["theme_id"].map({theme: place for place, theme in enumerate(order)})
    columns = ["theme_id", "code", "finding_id", "study_id", "perspective", "negative_case", "finding", "source_url"]
    return coded.sort_values(["place", "code", "finding_id"], kind="stable", ignore_index=True)[columns]
