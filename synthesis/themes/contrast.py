"""Parents against practitioners: which themes and codes each side supports, how far they differ, what one side alone says."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from synthesis.coding.incidence import coded, distinct, present, study_positions
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.numbers.intervals import newcombe, wilson
from synthesis.themes.support import Dimension, held_findings, theme_order

#: The two sides that are compared. Findings of both together say nothing about a difference and count for neither.
SIDES = ("parent", "practitioner")


def perspective_contrast(
    evidence: Evidence, unit: Literal["theme", "code"] = "theme", coder: str = "agreed", level: float = 0.95
) -> pd.DataFrame:
    """For each theme, or code, the share of studies with a parents' finding that support it, and that of practitioners.

    A study supports a theme from one side with one finding of that side under it, negative cases included. Only studies
    with a finding of a side are in its share.

    Studies that report both sides apart stand in both shares, so the two are not quite independent, as Newcombe's
    interval supposes. The difference is therefore given twice: with these studies (``difference``), and without them
    on either side (``apart_difference``), where it is independent; ``n_studies_both_sides`` says how many they are.
    Studies that share participants are counted as studies, so intervals are narrower than the people behind them allow.

    Returns a row a theme in reading order, or a code in the codebook's: ``theme_id`` or ``code_id``, ``name``, ``level``
    (themes) or ``theme_id`` (codes); for each side ``n_studies_``, ``of_studies_``, ``percent_``, ``low_``, ``high_``
    (Wilson, percent scale); ``difference, difference_low, difference_high`` (parents less practitioners, percentage
    points, Newcombe's method 10); the same after ``apart_``; ``n_studies_both_sides``; ``said_by`` (``both``,
    ``parent``, ``practitioner`` or ``neither``).
    """
    if unit not in ("theme", "code"):
        raise CallError(f"unit is 'theme' or 'code', not {unit!r}.")
    held = _support(evidence, unit, coder)
    view, study_of = evidence.findings["perspective"].to_numpy(), study_positions(evidence)
    has = {side: present(study_of[view == side]) for side in SIDES}
    shared = np.intersect1d(has["parent"], has["practitioner"])
    table = _named(evidence, unit)
    everyone, apart = {}, {}
    for side in SIDES:
        own = view[held.finding] == side
        label, study = held.label[own], study_of[held.finding[own]]
        everyone[side] = _counts(label, study, len(table), len(evidence.studies)), len(has[side])
        alone = ~np.isin(study, shared)
        apart[side] = (
            _counts(label[alone], study[alone], len(table), len(evidence.studies)),
            len(has[side]) - len(shared),
        )
        _add_share(table, side, *everyone[side], level)
    _add_difference(table, "", everyone, level)
    _add_difference(table, "apart_", apart, level)
    table["n_studies_both_sides"] = len(shared)
    parent, practitioner = table["n_studies_parent"] > 0, table["n_studies_practitioner"] > 0
    table["said_by"] = np.select([parent & practitioner, parent, practitioner], ["both", *SIDES], "neither")
    return table


def _support(evidence: Evidence, unit: str, coder: str) -> Dimension:
    if unit == "code":
        own = coded(evidence, coder)
        return Dimension(own.finding, own.code, list(evidence.codebook["code_id"]))
    held = held_findings(evidence, coder)
    return Dimension(held.finding, held.theme, theme_order(evidence))


def _named(evidence: Evidence, unit: str) -> pd.DataFrame:
    if unit == "code":
        return evidence.codebook[["code_id", "name", "theme_id"]].reset_index(drop=True)
    return evidence.themes.set_index("theme_id").loc[theme_order(evidence), ["name", "level"]].reset_index()


def _counts(label: np.ndarray, study: np.ndarray, n_labels: int, n_studies: int) -> pd.Series:
    return pd.Series(distinct(label, study, n_labels, n_studies))


def _add_share(table: pd.DataFrame, side: str, n: pd.Series, of: int, level: float) -> None:
    whole = pd.Series(of, index=n.index)
    interval = 100 * wilson(n, whole, level)
    table[f"n_studies_{side}"], table[f"of_studies_{side}"] = n, whole
    table[f"percent_{side}"] = 100 * n / whole.where(whole > 0).astype("float64")
    table[f"low_{side}"], table[f"high_{side}"] = interval["low"], interval["high"]


def _add_difference(table: pd.DataFrame, prefix: str, sides: dict[str, tuple[pd.Series, int]], level: float) -> None:
    (n, of), (other_n, other_of) = sides.values()
    whole, other_whole = (pd.Series(total, index=n.index) for total in (of, other_of))
    between = 100 * newcombe(n, whole, other_n, other_whole, level)
    named = {"difference": "difference", "low": "difference_low", "high": "difference_high"}
    for column, name in named.items():
        table[prefix + name] = between[column]


def theme_map(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """Themes, subthemes and codes as one tree in reading order, with the studies of each side that support them.

    Returns a row a theme or code, each after what it belongs to: ``id, name, level`` (``analytical``, ``descriptive``,
    ``code``), ``parent`` (the theme it belongs to), and ``n_studies_``, ``of_studies_`` and ``percent_`` of each side,
    as from `perspective_contrast`.
    """
    themes, codes = (perspective_contrast(evidence, unit, coder) for unit in ("theme", "code"))
    above = evidence.themes.set_index("theme_id")["parent_theme_id"]
    themes = themes.assign(id=themes["theme_id"], parent=themes["theme_id"].map(above))
    codes = codes.assign(id=codes["code_id"], parent=codes["theme_id"], level="code")
    place = {theme: at for at, theme in enumerate(themes["id"])}
    both = pd.concat([themes, codes], ignore_index=True)
    both["place"] = both["id"].where(both["level"] != "code", both["parent"]).map(place)
    sides = [f"{what}_{side}" for side in SIDES for what in ("n_studies", "of_studies", "percent")]
    return both.sort_values("place", kind="stable", ignore_index=True)[["id", "name", "level", "parent", *sides]]
