"""Participants counted once, against the groups that the evidence README lists and a count in plain Python."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import people, rows, sample_by_study

from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.review.studies import included_studies, participants, sample_of, study_counts

STUDIES = [row["study_id"] for row in rows("studies")]


def counted(evidence, study_ids=None) -> dict[tuple[str, str], int]:
    table = participants(evidence, study_ids)
    return {(row.group, row.counted_as): row.n_people for row in table.itertuples()}


@pytest.mark.parametrize(
    ("studies", "n"),
    [
        (["broadhurst2020", "mason2020"], 72),
        (["honey2018", "honey2021"], 8),
        (["hine2018", "hine2019"], 17),
        (["powell2020a", "powell2020b"], 12),
        (["contrastdevices2024", "schamschula2024"], 20),
        (["albert2020", "albert2022", "powell2021"], 15),
        (["montgomery2006", "montgomery2011"], 32),
    ],
)
def test_parents_of_a_shared_sample_are_counted_once(evidence, studies, n):
    assert counted(evidence, studies)["parents", "qualitative"] == n
    one = participants(evidence, studies).set_index(["group", "counted_as"]).loc[("parents", "qualitative")]
    assert one["n_samples"] == 1 < one["n_studies"]


@pytest.mark.parametrize(
    ("studies", "n"),
    [
        (["darlington2005a", "darlington2009"], 36),
        (["tchernegovski2018a", "tchernegovski2018b"], 11),
        (["strand2017", "strand2018", "strand2020p"], 11),
    ],
)
def test_practitioners_of_a_shared_sample_are_counted_once(evidence, studies, n):
    found = counted(evidence, studies)
    assert sum(n for (group, _), n in found.items() if group == "practitioners") == n


@pytest.mark.parametrize(
    "group",
    [
        "blegen2014 blegen2016", "nicholson1998a nicholson1998b", "grant2016 grant2019", "sheehan1997 sheehan2002",
        "stanley2003 barbour2002", "albert2020 albert2022 powell2021", "broadhurst2020 mason2020",
    ],
)  # fmt: skip
def test_studies_that_share_people_are_one_sample(evidence, group):
    assert sample_of(evidence)[group.split()].nunique() == 1


def test_overlapping_teams_without_known_common_people_stay_apart(evidence):
    assert sample_of(evidence)[["levertaylor2019", "zacharia2021", "rubio2021", "griffiths2019"]].nunique() == 4


def test_everybody_is_counted_as_a_recount_does(evidence):
    assert counted(evidence) == people(set(STUDIES))
    assert sample_of(evidence).to_dict() == sample_by_study()


def test_surveyed_people_stand_apart_and_groups_are_never_added(evidence):
    found = counted(evidence, ["grant2016", "grant2019"])
    # Fourteen were interviewed in both reports, out of the respondents of one survey.
    assert {n for (_, way), n in found.items() if way == "qualitative"} == {14}
    whole = participants(evidence)
    assert set(whole["group"]) == {"parents", "practitioners", "others"}
    assert not whole.duplicated(["group", "counted_as"]).any()
    assert {("parents", "survey"), ("practitioners", "survey")} <= set(zip(whole["group"], whole["counted_as"], strict=True))  # fmt: skip


def test_no_studies_are_no_people_and_an_unknown_one_is_named(evidence):
    assert participants(evidence, []).empty
    with pytest.raises(SynthesisError, match="does not hold mason2021"):
        participants(evidence, ["mason2020", "mason2021"])


@settings(max_examples=15, deadline=None, derandomize=True)
@given(some=st.sets(st.sampled_from(STUDIES), max_size=40), seed=st.integers(0, 2**31))
def test_any_studies_in_any_order_give_what_a_recount_gives(evidence, altered, some, seed):
    mixed = altered(studies=evidence.studies.sample(frac=1, random_state=seed))
    assert counted(mixed, some) == people(some)


def test_a_study_more_never_means_fewer_people(evidence):
    seen: dict[tuple[str, str], int] = {}
    for end in range(0, len(STUDIES) + 1, 24):
        now = counted(evidence, STUDIES[:end])
        assert all(now[key] >= n for key, n in seen.items())
        seen = now


def test_every_study_is_a_row_with_its_findings_and_its_sharing(evidence):
    table = included_studies(evidence).set_index("study_id")
    assert list(table.index) == STUDIES
    assert table["n_findings"].sum() == len(rows("findings"))
    findings = [row["study_id"] for row in rows("findings")]
    assert table["n_findings"].to_dict() == {study: findings.count(study) for study in STUDIES}
    assert table.loc["mason2020", "n_studies_same_people"] == 1
    assert table.loc["ackerson2003", "n_studies_same_people"] == 0
    remarked = {row["row_id"] for row in rows("discrepancies") if row["table"] == "studies"}
    assert set(table.index[table["remark"].notna()]) == remarked


def test_a_study_without_findings_is_listed(evidence, altered):
    none = evidence.findings[evidence.findings["study_id"] != "mason2020"]
    table = included_studies(altered(findings=none)).set_index("study_id")
    assert table.loc["mason2020", "n_findings"] == 0


@pytest.mark.parametrize("by", ["country", "data_collection", "perspective", "year", "children_services"])
def test_studies_by_any_column_are_those_of_a_recount(evidence, by):
    found = study_counts(evidence, by).set_index(by)
    sample, held = sample_by_study(), {}
    for row in rows("studies"):
        for value in (row[by] or ("not judged" if by == "children_services" else "not reported")).split(";"):
            held.setdefault(value, set()).add(row["study_id"])
    assert found["n_studies"].to_dict() == {value: len(studies) for value, studies in held.items()}
    assert found["n_samples"].to_dict() == {value: len({sample[s] for s in studies}) for value, studies in held.items()}
    assert set(found["of_studies"]) == {len(STUDIES)}


def test_an_unknown_column_is_named_with_those_there_are(evidence):
    with pytest.raises(
        SynthesisError, match=r"'nation' is no column of the table studies, .* use year, country, uk_nation"
    ):
        study_counts(evidence, "nation")


@pytest.mark.parametrize(
    "by", ["population", "title", "n_parents", "date_read", "source_url", "participants_as_reported"]
)
def test_a_column_of_free_text_groups_no_studies(evidence, by):
    with pytest.raises(CallError, match=f"'{by}' is not a coded column, so it groups no studies; use year, country"):
        study_counts(evidence, by)


def test_the_message_for_the_population_says_where_it_is_coded(evidence):
    with pytest.raises(CallError, match=r"By population: theme_matrix.*role_group"):
        study_counts(evidence, "population")


def test_an_added_column_is_counted_whole(evidence, altered):
    """A semicolon separates values only in columns that the schema declares as lists."""
    site = evidence.studies["country"].map(lambda country: "town; city" if country == "GB" else "elsewhere")
    found = study_counts(altered(studies=evidence.studies.assign(site=site)), "site")
    assert set(found["site"]) == {"town; city", "elsewhere"}
    assert found["n_studies"].sum() == len(STUDIES)
