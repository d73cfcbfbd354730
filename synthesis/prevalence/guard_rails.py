"""Guard rails before pooling: everything that speaks against averaging some estimates, each with the rows it concerns."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from synthesis.evidence.rules import ONE_TABLE
from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.estimates import counted_units, with_counts

#: A pooled line needs at least this many samples.
POOL_FROM = 3
#: What no decision can set aside.
NEVER = frozenset({"no_counts", "series"})
#: So many identifiers or definitions are named in a sentence; the others are counted.
_NAMED = 4


def sample_labels(evidence: Evidence) -> pd.Series:
    """A label of the people behind each estimate, by estimate_id: two estimates with one label share people.

    A sample judged in ``estimate_choices`` comes first, also for unjudged rows of its overlap group or source; then the
    shared sample of the study (``samples``), the overlap group (unless it only says that one table lists the rows), and
    the publication: the source, or another one with the same doi.
    """
    table = evidence.estimates
    listed = table["overlap_group"].fillna("").str.startswith(ONE_TABLE)
    group, doi = table["overlap_group"].where(~listed), table["doi"].str.lower().where(~listed)
    publication = table["source_id"].groupby(doi).transform("first").fillna(table["source_id"])
    label = table["estimate_id"].map(evidence.estimate_choices.set_index("estimate_id")["sample"])
    for people in (group, publication):
        label = label.fillna(label.groupby(people).transform("first"))
    once = evidence.samples.loc[evidence.samples["counted_once"].fillna(False).astype(bool), "sample_id"]
    shared = evidence.studies.set_index("study_id")["sample_id"]
    label = label.fillna(table["source_id"].map(shared[shared.isin(once)])).fillna(group).fillna(publication)
    return pd.Series(label.to_numpy(), index=table["estimate_id"].to_numpy())


def pooling_refusals(evidence: Evidence, estimates: Collection[str]) -> pd.DataFrame:
    """Everything that speaks against pooling some estimates; no row where nothing does.

    Returns columns ``refusal`` (a word of the vocabulary ``pooling_refusal``), ``estimate_ids`` (joined with ``;``),
    ``said`` (a sentence for a reader), in the vocabulary's order.
    """
    table = with_counts(evidence)
    rows = table.loc[table["estimate_id"].isin(set(estimates)), list(_READ)]
    about = evidence.indicators.set_index("indicator_id")[["name", "combine", "reason"]]
    rows = rows.join(about.add_prefix("indicator_"), on="indicator_id")
    rows = rows.assign(
        sample=rows["estimate_id"].map(sample_labels(evidence)), unit=rows["estimate_id"].map(counted_units(evidence))
    )
    found = [
        *_withdrawn(evidence, rows), *_uncounted(rows), *_shared(evidence, rows), *_series(rows), *_systems(rows), *_definitions(rows), *_units(rows),
        *_unjudged(evidence, rows), *_few(rows),
    ]  # fmt: skip
    listed = [(word, ";".join(ids), said) for word, ids, said in found]
    return pd.DataFrame(listed, columns=["refusal", "estimate_ids", "said"], dtype="str")


#: Columns of ``estimates`` that the rails look at.
_READ = (
    "estimate_id", "source_id", "doi", "indicator_id", "country_as_reported", "period", "case_definition", "numerator",
    "denominator", "design", "overlap_group", "preferred_row",
)  # fmt: skip
_Found = list[tuple[str, list[str], str]]


def withdrawn(evidence: Evidence, rows: pd.DataFrame) -> pd.Series:
    """Whether each row (columns ``source_id, doi``) rests on a publication that ``retractions`` names."""
    notices = evidence.retractions
    ids, dois = set(notices["source_id"].dropna()), set(notices["doi"].dropna().str.lower())
    return rows["source_id"].isin(ids) | rows["doi"].str.lower().isin(dois)


def _withdrawn(evidence: Evidence, rows: pd.DataFrame) -> _Found:
    ids = rows.loc[withdrawn(evidence, rows), "estimate_id"].to_list()
    return [("retracted", ids, f"{some(ids)}: the publication was withdrawn (see retractions)")] if ids else []


def _uncounted(rows: pd.DataFrame) -> _Found:
    ids = rows.loc[rows["numerator"].isna() | rows["denominator"].isna(), "estimate_id"].to_list()
    return [("no_counts", ids, f"{some(ids)}: cases or denominator are not known")] if ids else []


def _shared(evidence: Evidence, rows: pd.DataFrame) -> _Found:
    """Rows of the same people; rows of one sample at different times are `_systems`."""
    found: _Found = []
    for sample, same in rows.groupby("sample"):
        if len(same) > 1 and same["period"].nunique() < 2:
            ids = same["estimate_id"].to_list()
            found.append(("same_people", ids, f"{some(ids)} rest on the same people ({sample})"))
    chosen = evidence.estimate_choices.loc[evidence.estimate_choices["use"].fillna(False).astype(bool), "estimate_id"]
    other = rows[rows["preferred_row"].eq(False).fillna(False) & ~rows["estimate_id"].isin(chosen)]
    for row in other.itertuples():
        found.append(("same_people", [row.estimate_id], f"{row.estimate_id} is not the row to use of its group {row.overlap_group}"))  # fmt: skip
    return found


def _series(rows: pd.DataFrame) -> _Found:
    found: _Found = []
    for indicator, same in rows[rows["indicator_combine"] == "series"].groupby("indicator_id"):
        ids = same["estimate_id"].to_list()
        found.append(("series", ids, f"{indicator} is a series: {same['indicator_reason'].iloc[0]}"))
    return found


def _systems(rows: pd.DataFrame) -> _Found:
    found: _Found = []
    for sample, same in rows.groupby("sample"):
        if same["period"].nunique() > 1:
            ids = same["estimate_id"].to_list()
            found.append(("one_system", ids, f"{some(ids)} are {sample} at {same['period'].nunique()} times"))
    census = rows[rows["design"] == "administrative_census"]
    for (indicator, place), same in census.groupby(["indicator_id", "country_as_reported"]):
        if len(same) > 1 and same["sample"].nunique() > 1:
            ids = same["estimate_id"].to_list()
            found.append(("one_system", ids, f"{some(ids)} are returns of one system ({place}) for {indicator}"))
    return found


def _definitions(rows: pd.DataFrame) -> _Found:
    """Definitions that differ, unless the indicator is judged poolable: then somebody has held them to be one."""
    judged = (rows["indicator_combine"] == "poolable").all() and rows["indicator_id"].nunique() == 1
    said = rows["case_definition"].drop_duplicates().to_list()
    if judged or len(said) < 2:
        return []
    indicators = rows["indicator_name"].unique()
    across = f" under {len(indicators)} indicators ({'; '.join(indicators)})" if len(indicators) > 1 else ""
    return [("definitions_differ", rows["estimate_id"].to_list(), f"{len(said)} definitions of a case{across}: {some(said, '; ')}")]  # fmt: skip


def _units(rows: pd.DataFrame) -> _Found:
    """Rows that count different things (people, admissions, court matters), or of which nobody has said what they count."""
    units, names = rows["unit"].value_counts(sort=False), vocabularies()["unit"]
    if len(units) < 2 and "mixed" not in units:
        return []
    # The unit of most rows last: the odd ones are what a reader looks for.
    order = units.sort_values(kind="stable").index
    ids = {unit: some(rows.loc[rows["unit"] == unit, "estimate_id"].to_list()) for unit in order}
    counted = [f"{names[unit].partition(';')[0]} ({ids[unit]})" for unit in order if unit != "mixed"]
    counted += [f"not said, see estimate_units ({ids['mixed']})"] if "mixed" in ids else []
    return [("units_differ", rows["estimate_id"].to_list(), "what is counted differs: " + "; ".join(counted))]


def _unjudged(evidence: Evidence, rows: pd.DataFrame) -> _Found:
    found: _Found = []
    for indicator, same in rows[rows["indicator_combine"] == "single"].groupby("indicator_id"):
        said = f"{indicator} is judged to be shown estimate by estimate: {same['indicator_reason'].iloc[0]}"
        found.append(("kept_apart", same["estimate_id"].to_list(), said))
    poolable = rows[rows["indicator_combine"] == "poolable"]
    choices = evidence.estimate_choices
    both = poolable[["estimate_id", "indicator_id"]].merge(choices, on=["estimate_id", "indicator_id"], how="left")
    if ids := both.loc[both["use"].isna(), "estimate_id"].to_list():
        found.append(("not_judged", ids, f"{some(ids)}: nobody has judged (estimate_choices) that they take part"))
    if ids := both.loc[both["use"].eq(False).fillna(False), "estimate_id"].to_list():
        found.append(("judged_out", ids, f"{some(ids)}: judged not to take part (estimate_choices)"))
    return found


def _few(rows: pd.DataFrame) -> _Found:
    if len(rows) >= POOL_FROM:
        return []
    ids = rows["estimate_id"].to_list()
    return [("too_few", ids, f"a pooled line needs at least {POOL_FROM} samples; there {'is' if len(rows) == 1 else 'are'} {len(rows)}")]  # fmt: skip


def some(names: Sequence[str], between: str = ", ") -> str:
    """The first few of some names for a sentence, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return between.join(names[:_NAMED]) + more
