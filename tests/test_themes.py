"""Theme counts against counts made from the CSV files in plain Python, and against the coders' own notes."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import column, people, rows, sample_by_study

from synthesis.evidence.schema import CallError, SynthesisError, vocabularies
from synthesis.themes.support import coded_findings, theme_matrix, theme_order, theme_table

FEW = settings(max_examples=6, deadline=None, derandomize=True)
VIEWS = {
    "parent": {"parent"},
    "practitioner": {"practitioner"},
    "together": {"both"},
    "other": {"family", "author", "observer"},
}


def chain(theme: str) -> list[str]:
    """A theme and those above it."""
    above, found = column("themes", "theme_id", "parent_theme_id"), []
    while theme:
        found.append(theme)
        theme = above[theme]
    return found


def recount() -> dict[str, dict[str, int]]:
    """Support of each theme, counted from the CSV files without the library."""
    theme_of, study_of = column("codebook", "code_id", "theme_id"), column("findings", "finding_id", "study_id")
    view_of, sample = column("findings", "finding_id", "perspective"), sample_by_study()
    findings: dict[str, set[str]] = defaultdict(set)
    negative: dict[str, set[str]] = defaultdict(set)
    for row in rows("codings"):
        if row["coder"] == "agreed":
            for theme in chain(theme_of[row["code_id"]]):
                findings[theme].add(row["finding_id"])
                if row["negative_case"] == "yes":
                    negative[theme].add(row["finding_id"])
    counted = {}
    for theme, held in findings.items():
        studies = {study_of[each] for each in held}
        took_part = people(studies)
        counted[theme] = {
            "n_findings": len(held),
            "n_studies": len(studies),
            "n_samples": len({sample[study] for study in studies}),
            "n_negative": len(negative[theme]),
            **{f"n_studies_{name}": len({study_of[f] for f in held if view_of[f] in views}) for name, views in VIEWS.items()},
        }  # fmt: skip
        for group in ("parents", "practitioners"):
            counted[theme][f"n_{group}"] = took_part.get((group, "qualitative"), 0) + took_part.get(
                (group, "unclear"), 0
            )
            counted[theme][f"n_{group}_surveyed"] = took_part.get((group, "survey"), 0)
    return counted


@pytest.fixture(scope="module")
def table(evidence) -> pd.DataFrame:
    return theme_table(evidence).set_index("theme_id")


def test_every_count_of_every_theme_is_that_of_a_recount(table):
    counted = recount()
    assert set(counted) == set(table.index), "every theme of this evidence base has support"
    for theme, numbers in counted.items():
        assert table.loc[theme, list(numbers)].to_dict() == numbers, theme


def test_totals_beside_the_counts_are_those_of_the_whole_evidence(table):
    study_of, view_of = column("findings", "finding_id", "study_id"), column("findings", "finding_id", "perspective")
    whole = {"of_findings": len(rows("findings")), "of_studies": len(rows("studies")), "of_samples": len(set(sample_by_study().values()))}  # fmt: skip
    for name, views in VIEWS.items():
        whole[f"of_studies_{name}"] = len({study_of[each] for each in view_of if view_of[each] in views})
    for total, n in whole.items():
        assert set(table[total]) == {n}, total


def test_the_figures_of_the_coding_notes_are_those_of_the_data(evidence):
    agreed = evidence.codings[evidence.codings["coder"] == "agreed"]
    assert (len(agreed), int(agreed["negative_case"].sum())) == (978, 16)
    views = evidence.findings["perspective"].value_counts()
    assert (len(evidence.findings), views["parent"], views["practitioner"]) == (631, 345, 205)
    assert (len(evidence.codebook), len(evidence.studies), len(evidence.adjudications)) == (61, 144, 200)
    without = {coder: 631 - evidence.codings.loc[evidence.codings["coder"] == coder, "finding_id"].nunique() for coder in ("coder-1", "coder-2", "agreed")}  # fmt: skip
    assert without == {"coder-1": 18, "coder-2": 13, "agreed": 8}
    assert len(evidence.uncoded) == 8


def test_published_frame_and_counts_a_reader_can_look_up(table):
    assert list(table.index[table["level"] == "analytical"]) == ["T1", "T2", "T3", "T4", "T5"]
    assert table.loc["T1", "name"] == "A downward spiral of service intervention"
    assert table.loc["T1", ["n_findings", "n_studies"]].to_list() == [205, 80]


def test_a_theme_holds_what_its_subthemes_hold_once(table, evidence):
    held = coded_findings(evidence)
    for theme in table.index[table["level"] == "analytical"]:
        below = table[table["parent_theme_id"] == theme]
        for unit, count in (("finding_id", "n_findings"), ("study_id", "n_studies")):
            assert table.loc[theme, count] == held.loc[held["theme_id"].isin(below.index), unit].nunique()
            assert below[count].max() <= table.loc[theme, count] <= below[count].sum()
    # The rule is put to the test: here a sum over subthemes would count findings twice.
    assert table.loc[table["parent_theme_id"] == "T1", "n_findings"].sum() > table.loc["T1", "n_findings"]


def test_negative_cases_are_counted_and_shown_apart(table, altered, evidence):
    without = evidence.codings.assign(negative_case=False)
    changed = theme_table(altered(codings=without)).set_index("theme_id")
    assert changed["n_negative"].sum() == 0 < table["n_negative"].sum()
    pd.testing.assert_frame_equal(changed.drop(columns="n_negative"), table.drop(columns="n_negative"))


def test_a_finding_reported_for_both_counts_in_neither_perspective(altered, evidence, table):
    together = evidence.findings.assign(perspective="both")
    changed = theme_table(altered(findings=together)).set_index("theme_id")
    assert changed[["n_studies_parent", "n_studies_practitioner", "n_studies_other"]].to_numpy().sum() == 0
    assert (changed["n_studies_together"] == table["n_studies"]).all()


def test_each_coder_can_be_shown_and_an_unknown_one_is_named(evidence):
    first = theme_table(evidence, coder="coder-1").set_index("theme_id")
    theme_of = column("codebook", "code_id", "theme_id")
    t1 = {row["finding_id"] for row in rows("codings") if row["coder"] == "coder-1" and "T1" in chain(theme_of[row["code_id"]])}  # fmt: skip
    assert first.loc["T1", "n_findings"] == len(t1)
    with pytest.raises(SynthesisError, match=r"There is no coder 'coder-9'; .* coder-1, coder-2"):
        theme_table(evidence, coder="coder-9")


def test_a_theme_that_nothing_supports_is_a_row_of_zeros(altered, evidence):
    new = evidence.themes[evidence.themes["theme_id"] == "T1a"].assign(theme_id="T1x", position=99)
    table = theme_table(altered(themes=pd.concat([evidence.themes, new], ignore_index=True))).set_index("theme_id")
    numbers = [name for name in table if name.startswith("n_")]
    assert table.loc["T1x", numbers].to_list() == [0] * len(numbers)


def test_themes_stand_in_reading_order(evidence):
    assert theme_order(evidence)[:6] == ["T1", "T1a", "T1b", "T1c", "T1d", "T2"]
    assert sorted(theme_order(evidence)) == sorted(column("themes", "theme_id", "name"))


# ---------------------------------------------------------------- matrix


def labels(name: str, finding: str, code: str) -> list[str]:
    """Labels of one agreed coding in one dimension, from the CSV files."""
    theme, study = (
        column("codebook", "code_id", "theme_id")[code],
        column("findings", "finding_id", "study_id")[finding],
    )
    level = column("themes", "theme_id", "level")
    if name in ("theme", "analytical", "descriptive"):
        return [each for each in chain(theme) if name in ("theme", level[each])]
    if name == "code":
        return [code]
    if name == "study":
        return [study]
    if name in ("perspective", "role_group"):
        return (column("findings", "finding_id", name)[finding] or "not reported").split(";")
    nothing = "not judged" if name == "children_services" else "not reported"
    return (column("studies", "study_id", name)[study] or nothing).split(";")


@pytest.mark.parametrize(
    ("down", "across", "count"),
    [
        ("theme", "study", "studies"),
        ("theme", "study", "findings"),
        ("analytical", "country", "studies"),
        ("code", "perspective", "findings"),
        ("descriptive", "role_group", "findings"),
        ("theme", "data_collection", "studies"),
        ("country", "analysis", "findings"),
        ("year", "scope", "studies"),
        ("code", "code", "findings"),
        ("descriptive", "analytical", "studies"),
        ("sample_id", "perspective", "studies"),
    ],
)
def test_every_cell_of_a_matrix_is_that_of_a_recount(evidence, down, across, count):
    of_row, of_column = defaultdict(set), defaultdict(set)
    for row in rows("codings"):
        if row["coder"] == "agreed":
            of_row[row["finding_id"]].update(labels(down, row["finding_id"], row["code_id"]))
            of_column[row["finding_id"]].update(labels(across, row["finding_id"], row["code_id"]))
    cells: dict[tuple[str, str], set[str]] = defaultdict(set)
    study_of = column("findings", "finding_id", "study_id")
    for finding in of_row:
        for place in product(of_row[finding], of_column[finding]):
            cells[place].add(study_of[finding] if count == "studies" else finding)
    matrix = theme_matrix(evidence, rows=down, columns=across, count=count)
    found = {(r, c): n for r, line in matrix.iterrows() for c, n in line.items() if n}
    assert found == {place: len(held) for place, held in cells.items()}


def test_rows_and_columns_of_a_matrix_are_complete(evidence):
    matrix = theme_matrix(evidence, rows="theme", columns="study")
    assert list(matrix.index) == theme_order(evidence)
    assert list(matrix.columns) == [row["study_id"] for row in rows("studies")]
    assert list(theme_matrix(evidence, rows="code", columns="perspective").index) == [row["code_id"] for row in rows("codebook")]  # fmt: skip


def test_a_matrix_agrees_with_the_theme_table(evidence, table):
    by_study = theme_matrix(evidence, rows="theme", columns="study", count="studies")
    assert set(by_study.to_numpy().ravel()) == {0, 1}
    assert by_study.sum(axis=1).to_dict() == table["n_studies"].to_dict()
    by_view = theme_matrix(evidence, rows="theme", columns="perspective", count="studies")
    assert by_view["parent"].to_dict() == table["n_studies_parent"].to_dict()
    # A study in two countries stands under both, so a margin over countries exceeds the studies.
    by_country = theme_matrix(evidence, rows="theme", columns="country", count="findings")
    assert (by_country.sum(axis=1) >= table["n_findings"]).all()
    assert (by_country.max(axis=1) <= table["n_findings"]).all()


def test_findings_without_a_role_are_kept_under_not_reported(altered, evidence):
    silent = evidence.findings.assign(
        role_group=evidence.findings["role_group"].where(evidence.findings.index % 2 == 0)
    )
    matrix = theme_matrix(altered(findings=silent), rows="theme", columns="role_group", count="findings")
    assert matrix["not reported"].sum() > 0


@pytest.mark.parametrize("wrong", [{"rows": "topic"}, {"columns": "countri"}, {"rows": "country_id"}])
def test_an_unknown_dimension_is_named_with_those_there_are(evidence, wrong):
    (name,) = wrong.values()
    with pytest.raises(SynthesisError, match=rf"'{name}' groups neither .* use theme, .* country"):
        theme_matrix(evidence, **wrong)


def test_free_text_makes_no_dimension_and_the_coded_column_is_named(evidence):
    """`population` holds sentences with semicolons: split, they would make a column a fragment."""
    with pytest.raises(CallError, match=r"'population' .* not a coded column; use theme, .*country.*role_group"):
        theme_matrix(evidence, "theme", "population")


def test_populations_stand_in_the_order_of_their_vocabulary(evidence):
    matrix = theme_matrix(evidence, "theme", "role_group")
    *groups, last = matrix.columns
    assert groups == list(vocabularies()["role_group"])
    assert last == "not reported"
    # One finding has no role: a place speaks, not a person.
    silent = {row["finding_id"] for row in rows("findings") if not row["role_group"]}
    supported = {row["finding_id"] for row in rows("codings") if row["coder"] == "agreed"} & silent
    assert len(supported) == theme_matrix(evidence, "analytical", "role_group", "findings")["not reported"].max() == 1


def test_a_wrong_count_is_refused(evidence):
    with pytest.raises(SynthesisError, match="count is 'studies' or 'findings', not 'people'"):
        theme_matrix(evidence, count="people")


# ---------------------------------------------------------------- what may not matter, and what must


@FEW
@given(seed=st.integers(0, 2**31))
def test_the_order_of_rows_changes_nothing(evidence, altered, table, seed):
    mixed = {name: evidence[name].sample(frac=1, random_state=seed) for name in ("codings", "findings", "studies", "codebook", "themes", "samples")}  # fmt: skip
    shuffled = altered(**mixed)
    pd.testing.assert_frame_equal(theme_table(shuffled).set_index("theme_id"), table)
    whole = theme_matrix(evidence, rows="theme", columns="country")
    pd.testing.assert_frame_equal(theme_matrix(shuffled, rows="theme", columns="country"), whole)


@FEW
@given(data=st.data())
def test_removing_a_study_changes_only_what_it_supports(evidence, altered, table, data):
    gone = data.draw(st.sampled_from(sorted(evidence.findings["study_id"].unique())))
    findings = evidence.findings[evidence.findings["study_id"] != gone]
    codings = evidence.codings[evidence.codings["finding_id"].isin(findings["finding_id"])]
    less = altered(studies=evidence.studies[evidence.studies["study_id"] != gone], findings=findings, codings=codings)
    now = theme_table(less).set_index("theme_id")
    given_up = theme_matrix(evidence, rows="theme", columns="study", count="findings")[gone]
    assert (table["n_findings"] - now["n_findings"]).to_dict() == given_up.to_dict()
    assert (table["n_studies"] - now["n_studies"]).to_dict() == (given_up > 0).astype(int).to_dict()
    counts = [name for name in table if name.startswith("n_")]
    untouched = given_up.index[given_up == 0]
    pd.testing.assert_frame_equal(now.loc[untouched, counts], table.loc[untouched, counts])
    assert (now["of_studies"] == table["of_studies"] - 1).all()
