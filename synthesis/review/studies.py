"""Included studies: who took part, counted once where studies share participants."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from synthesis.evidence.schema import CallError, table
from synthesis.evidence.tables import Evidence

#: People of a study, by group: column with the number -> column that says how they were counted.
GROUPS = {"n_parents": "n_parents_counts", "n_practitioners": "n_practitioners_counts"}


def sample_of(evidence: Evidence) -> pd.Series:
    """The sample behind each study: index ``study_id``, value its shared sample, or its own id where none is shared.

    Groups that are not counted once (teams that overlap, without known common participants) keep a sample a study.
    """
    studies, samples = evidence.studies, evidence.samples
    shared = set(samples.loc[samples["counted_once"], "sample_id"])
    sample = studies["sample_id"].where(studies["sample_id"].isin(shared), studies["study_id"])
    return sample.set_axis(studies["study_id"])


def chosen_studies(evidence: Evidence, study_ids: Collection[str] | None) -> set[str]:
    """Some studies by their identifiers, or all (None). Raises CallError for those that are not there."""
    known = set(evidence.studies["study_id"])
    if unknown := sorted(set(study_ids or ()) - known):
        raise CallError(f"The table studies does not hold {', '.join(unknown)}.")
    return known if study_ids is None else set(study_ids)


def participants(evidence: Evidence, study_ids: Collection[str] | None = None) -> pd.DataFrame:
    """People who took part in the given studies (default: all), each shared sample once.

    Of a shared sample the largest number that one of its studies reports is taken, because reports of one sample may
    use part of it. Interviewed and surveyed people are kept apart, and parents are never added to practitioners.

    Returns columns ``group`` (parents, practitioners, others), ``counted_as`` (qualitative, survey, unclear),
    ``n_people``, ``n_studies`` (studies with a number), ``n_samples`` (the same, shared samples once). Raises
    CallError for a study that is not there.
    """
    studies = evidence.studies.assign(sample=sample_of(evidence).to_numpy())
    studies = studies[studies["study_id"].isin(chosen_studies(evidence, study_ids))]
    parts = [
        _people(studies, "parents", "n_parents", studies["n_parents_counts"]),
        _people(studies, "practitioners", "n_practitioners", studies["n_practitioners_counts"]),
        _people(studies, "others", "n_other", pd.Series("unclear", index=studies.index, dtype="str")),
    ]
    return pd.concat(parts, ignore_index=True)


def _people(studies: pd.DataFrame, group: str, column: str, counted_as: pd.Series) -> pd.DataFrame:
    reported = studies.assign(counted_as=counted_as.fillna("unclear"), n=studies[column]).dropna(subset=["n"])
    once = reported.groupby(["counted_as", "sample"])["n"].max()
    people = pd.DataFrame(
        {
            "n_people": once.groupby("counted_as").sum(),
            "n_studies": reported.groupby("counted_as").size(),
            "n_samples": once.groupby("counted_as").size(),
        }
    )
    order = [way for way in ("qualitative", "survey", "unclear") if way in people.index]
    return (
        people.loc[order]
        .rename_axis("counted_as")
        .reset_index()
        .assign(group=group)[["group", "counted_as", "n_people", "n_studies", "n_samples"]]
    )


def participants_by_group(evidence: Evidence, groups: np.ndarray, studies: np.ndarray) -> pd.DataFrame:
    """People who took part in the studies of each of many groups, counted as by `participants`.

    Parameters
    ----------
    groups, studies : pairs of a group's number and a study's position in the table studies, each pair once.

    Returns a row a group with any study (index its number): ``n_parents, n_parents_surveyed, n_practitioners,
    n_practitioners_surveyed, n_studies_without_numbers`` (studies with neither number).
    """
    sample, table = pd.factorize(sample_of(evidence))[0], evidence.studies
    found = pd.DataFrame(index=pd.Index(np.unique(groups), name="group"))
    unknown = np.ones(len(studies), dtype=bool)
    for column, counts in GROUPS.items():
        people = table[column].to_numpy("float64", na_value=np.nan)[studies]
        surveyed = (table[counts] == "survey").to_numpy(dtype=bool, na_value=False)
        # "unclear" is kept apart from "qualitative": of a sample counted both ways, each way's largest number counts.
        way = pd.factorize(table[counts].fillna("unclear"))[0]
        reported = pd.DataFrame({"group": groups, "way": way[studies], "sample": sample[studies], "n": people})
        reported = reported.assign(survey=surveyed[studies]).dropna(subset=["n"])
        once = reported.groupby(["group", "survey", "way", "sample"])["n"].max().groupby(["group", "survey"]).sum()
        for name, survey in ((column, False), (f"{column}_surveyed", True)):
            chosen = once[once.index.get_level_values("survey") == survey].droplevel("survey")
            found[name] = chosen.reindex(found.index, fill_value=0).astype(int)
        unknown &= np.isnan(people)
    without = np.bincount(groups[unknown], minlength=1)
    found["n_studies_without_numbers"] = pd.Series(without).reindex(found.index, fill_value=0)
    return found


def included_studies(evidence: Evidence) -> pd.DataFrame:
    """A row a study for the table of included studies, with the number of its findings and of studies it shares people with.

    Columns are those of the derived table ``included_studies``.
    """
    studies = evidence.studies
    findings = evidence.findings.groupby("study_id").size()
    sample = sample_of(evidence)
    sharing = sample.map(sample.value_counts()) - 1
    return studies[
        [
            "study_id", "authors", "year", "title", "country", "country_as_reported", "perspective", "population", "design",
            "data_collection", "analysis", "n_parents", "n_parents_counts", "n_practitioners", "n_practitioners_counts", "n_other",
            "participants_as_reported",
            "scope", "children_services", "in_published_review", "source_part",
        ]
    ].assign(
        n_findings=studies["study_id"].map(findings).fillna(0).astype(int),
        n_studies_same_people=sharing.to_numpy(),
        remark=studies["study_id"].map(evidence.discrepancies_of("studies")),
        source_url=studies["source_url"],
    )  # fmt: skip


def study_counts(evidence: Evidence, by: str) -> pd.DataFrame:
    """How many studies hold each value of one column of the studies table, of how many.

    Parameters
    ----------
    by : a column of the studies table that groups studies (`grouping_columns`); a list column counts a study under each
        of its values.

    Returns columns ``by``, ``n_studies``, ``n_samples`` (shared samples once), ``of_studies``. Studies without a value
    are counted under `empty_label`. Raises CallError for a column that is not there or does not group studies.
    """
    studies = evidence.studies.assign(sample=sample_of(evidence).to_numpy())
    values = studies.assign(**{by: study_values(evidence, by).to_numpy()}).explode(by)
    counts = values.groupby(by).agg(n_studies=("study_id", "nunique"), n_samples=("sample", "nunique")).reset_index()
    counts["of_studies"] = len(studies)
    return counts.sort_values(["n_studies", by], ascending=[False, True], ignore_index=True)


def study_values(evidence: Evidence, by: str) -> pd.Series:
    """The values of one column of the studies table as lists, index ``study_id``; an empty cell is `empty_label`.

    Only a list column of the schema is split: a semicolon in another one is part of its text. Raises CallError for a
    column that is not there or does not group studies.
    """
    known = grouping_columns(evidence)
    if by not in known:
        what = "is not a coded column" if by in evidence.studies else "is no column of the table studies"
        raise CallError(f"{by!r} {what}, so it groups no studies; use {', '.join(known)}.{INSTEAD.get(by, '')}")
    column, described = evidence.studies.set_index("study_id")[by].astype("str"), table("studies").columns.get(by)
    column = column.fillna(empty_label("studies", by))
    return column.str.split(";") if described and described.is_list else column.map(lambda value: [value])


#: What to use in place of a column whose text groups nothing.
INSTEAD = {
    "population": " By population: theme_matrix(evidence, 'theme', 'role_group'), which says who speaks in a finding."
}


def grouping_columns(evidence: Evidence) -> list[str]:
    """Columns of the studies table that group studies: closed vocabularies, years, shared samples, and added columns.

    Free text, numbers of people, addresses and dates do not: nearly every study has a value of its own.
    """
    columns = {name: table("studies").columns.get(name) for name in evidence.studies}
    return [name for name, each in columns.items() if not each or each.allowed or each.links or each.type == "year"]


def empty_label(name: str, column: str) -> str:
    """What counts call an empty cell: “not judged” and “not reported” are different things, and neither is zero."""
    described = table(name).columns.get(column)
    return "not judged" if described and described.empty.startswith("not judged") else "not reported"
