"""Contrast, co-occurrence, accumulation, stability and framework against counts in plain Python and other programs."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import column, rows
from scipy.stats import kendalltau

from synthesis.coding.code_pairs import cooccurrence
from synthesis.evidence.schema import SynthesisError
from synthesis.numbers.intervals import newcombe
from synthesis.themes.contrast import perspective_contrast
from synthesis.themes.curves import accumulation
from synthesis.themes.framework import framework_matrix, negative_cases
from synthesis.themes.stability import KINDS, NOT_APPRAISED, stability_ranges, theme_dependence, theme_stability
from synthesis.themes.support import coded_findings, theme_matrix, theme_order, theme_table

FEW = settings(max_examples=8, deadline=None, derandomize=True)
STUDY_OF, VIEW_OF = column("findings", "finding_id", "study_id"), column("findings", "finding_id", "perspective")
THEME_OF, PARENT = column("codebook", "code_id", "theme_id"), column("themes", "theme_id", "parent_theme_id")


def agreed() -> list[dict[str, str]]:
    return [row for row in rows("codings") if row["coder"] == "agreed"]


def held(coder: str = "agreed", gone: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """Findings of each theme, with those of the themes below it, from the CSV files; without the studies `gone`."""
    found: dict[str, set[str]] = {theme: set() for theme in PARENT}
    for row in rows("codings"):
        if row["coder"] == coder and STUDY_OF[row["finding_id"]] not in gone:
            theme = THEME_OF[row["code_id"]]
            while theme:
                found[theme].add(row["finding_id"])
                theme = PARENT[theme]
    return found


def studies_of(findings: set[str]) -> set[str]:
    return {STUDY_OF[each] for each in findings}


def without(evidence, altered, study: str):
    """The evidence as if a study had never been found."""
    findings = evidence.findings[evidence.findings["study_id"] != study]
    codings = evidence.codings[evidence.codings["finding_id"].isin(findings["finding_id"])]
    return altered(studies=evidence.studies[evidence.studies["study_id"] != study], findings=findings, codings=codings)


# ---------------------------------------------------------------- difference of two shares

#: x, n, other x, other n, low, high: the paper's own example (Newcombe 1998, Stat Med 17:873-890, method 10, as printed).
PUBLISHED = (56, 70, 48, 80, 0.0524, 0.3339)
#: The same by statsmodels 0.15.0, confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff"): that example,
#: small and empty cells, and counts of this evidence base.
STATSMODELS = [
    (56, 70, 48, 80, 0.05243147240236498, 0.33387265403690614),
    (9, 10, 3, 10, 0.1705227239345029, 0.809017973535488),
    (6, 7, 2, 7, 0.05822792748231209, 0.8062496375242278),
    (5, 56, 0, 29, -0.038137147903536936, 0.19256001385511165),
    (0, 10, 0, 20, -0.1611251580528194, 0.27753279986288926),
    (0, 10, 0, 10, -0.27753279986288926, 0.27753279986288926),
    (10, 10, 0, 20, 0.6790860371419145, 1.0),
    (10, 10, 0, 10, 0.6075093504305241, 1.0),
    (63, 80, 13, 61, 0.41850995738628594, 0.6873331715022982),
    (12, 80, 57, 61, -0.8581408615364189, -0.6533223597565446),
    (0, 80, 37, 61, -0.7193164854696293, -0.4730633255184507),
]


def difference(case, level=0.95):
    return newcombe(*(pd.Series([value]) for value in case[:4]), level=level).iloc[0]


def test_the_difference_has_the_interval_that_newcombe_printed():
    found = difference(PUBLISHED)
    assert (round(found["low"], 4), round(found["high"], 4)) == PUBLISHED[4:]
    assert found["difference"] == pytest.approx(0.2, abs=1e-15)


@pytest.mark.parametrize("case", STATSMODELS)
def test_the_difference_has_the_interval_of_statsmodels(case):
    found = difference(case)
    assert (found["low"], found["high"]) == pytest.approx(case[4:], abs=1e-12)


def test_exchanging_the_sides_exchanges_the_ends_and_an_empty_side_has_no_difference():
    one, other = difference((9, 10, 3, 10)), difference((3, 10, 9, 10))
    assert (one["low"], one["high"]) == pytest.approx((-other["high"], -other["low"]))
    assert difference((9, 10, 3, 10), 0.99)["low"] < one["low"]
    assert difference((0, 0, 3, 10)).isna().all()


# ---------------------------------------------------------------- parents and practitioners


def test_shares_of_each_side_are_those_of_a_recount(evidence):
    table = perspective_contrast(evidence).set_index("theme_id")
    assert list(table.index) == theme_order(evidence)
    for side in ("parent", "practitioner"):
        own = {finding for finding, view in VIEW_OF.items() if view == side}
        for theme, findings in held().items():
            n, of = len(studies_of(findings & own)), len(studies_of(own))
            row = table.loc[theme]
            assert (row[f"n_studies_{side}"], row[f"of_studies_{side}"]) == (n, of), theme
            assert row[f"percent_{side}"] == pytest.approx(100 * n / of)
            assert row[f"low_{side}"] <= row[f"percent_{side}"] <= row[f"high_{side}"]
    assert table["difference"].to_list() == pytest.approx(
        (table["percent_parent"] - table["percent_practitioner"]).to_list()
    )


def test_the_contrast_of_a_theme_is_what_statsmodels_gives_for_its_counts(evidence):
    table = perspective_contrast(evidence).set_index("theme_id")
    by_counts = {case[:4]: case[4:] for case in STATSMODELS}
    for theme in ("T1", "T4", "T4d"):
        row = table.loc[theme]
        counts = tuple(row[["n_studies_parent", "of_studies_parent", "n_studies_practitioner", "of_studies_practitioner"]])  # fmt: skip
        assert (row["difference_low"], row["difference_high"]) == pytest.approx([100 * end for end in by_counts[counts]])  # fmt: skip


def test_studies_of_both_sides_are_counted_and_left_out_apart(evidence, altered):
    sides = {side: studies_of({f for f, view in VIEW_OF.items() if view == side}) for side in ("parent", "practitioner")}  # fmt: skip
    both = sides["parent"] & sides["practitioner"]
    table = perspective_contrast(evidence).set_index("theme_id")
    assert set(table["n_studies_both_sides"]) == {len(both)} != {0}
    less = evidence
    for study in sorted(both):
        less = without(less, lambda less=less, **frames: type(less)(less.folder, {**less.frames, **frames}, []), study)
    alone = perspective_contrast(less).set_index("theme_id")
    for column_ in ("difference", "difference_low", "difference_high"):
        assert table[f"apart_{column_}"].to_list() == pytest.approx(alone[column_].to_list())
    assert set(alone["n_studies_both_sides"]) == {0}
    assert alone["difference"].to_list() == alone["apart_difference"].to_list()


def test_what_one_side_alone_says_is_named(evidence):
    said: dict[str, set[str]] = defaultdict(set)
    for row in agreed():
        said[row["code_id"]].add(VIEW_OF[row["finding_id"]])
    table = perspective_contrast(evidence, "code").set_index("code_id")["said_by"]
    for code in THEME_OF:
        sides = {"parent", "practitioner"} & said[code]
        assert table[code] == {0: "neither", 1: next(iter(sides), ""), 2: "both"}[len(sides)]
    assert {"both", "parent", "practitioner"} <= set(table)
    assert table["workload_resources"] == "practitioner" and table["recovery_hope"] == "parent"


# ---------------------------------------------------------------- margins

VIEWS_OF_FINDINGS = [
    "perspective",
    "role_group",
    "study",
    "country",
    "year",
    "scope",
    "children_services",
]


@pytest.mark.parametrize("across", VIEWS_OF_FINDINGS)
@pytest.mark.parametrize("down", ["theme", "descriptive", "code"])
def test_margins_of_every_matrix_are_those_of_the_coded_table(evidence, down, across):
    matrix = theme_matrix(evidence, down, across, count="findings")
    found: dict[str, set[str]] = held()
    if down == "code":
        found = {code: set() for code in THEME_OF}
        for row in agreed():
            found[row["code_id"]].add(row["finding_id"])
    source = "findings" if across in ("perspective", "role_group") else "studies"
    cells = column(source, "finding_id" if source == "findings" else "study_id", "study_id" if across == "study" else across)  # fmt: skip
    for label, line in matrix.iterrows():
        # A finding under several labels (two countries) stands once under each.
        times = sum(len(cells[each if source == "findings" else STUDY_OF[each]].split(";")) for each in found[label])
        assert line.sum() == times, label


def test_margins_of_columns_are_the_findings_of_each_study(evidence):
    matrix = theme_matrix(evidence, "code", "study", count="findings")
    assert matrix.to_numpy().sum() == len(coded_findings(evidence)) == len(agreed())
    by_study = Counter(STUDY_OF[row["finding_id"]] for row in agreed())
    assert {study: n for study, n in matrix.sum().items() if n} == by_study


# ---------------------------------------------------------------- co-occurrence


@pytest.mark.parametrize("within", ["finding", "study"])
def test_codes_that_meet_are_those_of_a_recount(evidence, within):
    units: dict[str, set[str]] = defaultdict(set)
    for row in agreed():
        units[row["finding_id"] if within == "finding" else STUDY_OF[row["finding_id"]]].add(row["code_id"])
    met = Counter(pair for codes in units.values() for pair in combinations(sorted(codes), 2))
    each = Counter(code for codes in units.values() for code in codes)
    table = cooccurrence(evidence, within)
    assert len(table) == len(THEME_OF) * (len(THEME_OF) - 1) / 2
    for row in table.itertuples():
        n = met[tuple(sorted((row.code_a, row.code_b)))]
        either = each[row.code_a] + each[row.code_b] - n
        assert (row.n, row.n_a, row.n_b, row.n_either, row.of) == (n, each[row.code_a], each[row.code_b], either, len(units))  # fmt: skip
        assert row.jaccard == pytest.approx(n / either)
        assert row.jaccard_low <= row.jaccard <= row.jaccard_high
        assert row.expected == pytest.approx(each[row.code_a] * each[row.code_b] / len(units))
    assert table["n"].is_monotonic_decreasing


def test_co_occurrence_within_findings_is_the_matrix_of_codes(evidence):
    table, matrix = cooccurrence(evidence), theme_matrix(evidence, "code", "code", count="findings")
    assert all(matrix.loc[row.code_a, row.code_b] == row.n for row in table.itertuples())


def test_a_code_that_nobody_used_has_no_jaccard(evidence, altered):
    unused = altered(codings=evidence.codings[~evidence.codings["code_id"].isin(["stigma", "hardship"])])
    table = cooccurrence(unused)
    row = table[table["code_a"].isin(["stigma", "hardship"]) & table["code_b"].isin(["stigma", "hardship"])].iloc[0]
    assert row["n_either"] == 0 and pd.isna(row["jaccard"]) and pd.isna(row["jaccard_low"])


# ---------------------------------------------------------------- accumulation


@pytest.mark.parametrize(("unit", "n"), [("code", 61), ("theme", 17)])
def test_a_thousand_orders_end_at_the_same_count(evidence, unit, n):
    curve = accumulation(evidence, unit, orders=1000)
    assert len(curve) == len(evidence.studies)
    end = curve.iloc[-1]
    assert [end[name] for name in ("median", "low", "high", "by_publication", "of")] == [n] * 5
    assert end["expected"] == pytest.approx(n, abs=1e-9)
    for name in ("median", "low", "high", "expected", "by_publication"):
        assert curve[name].is_monotonic_increasing, name
    assert ((curve["low"] <= curve["median"]) & (curve["median"] <= curve["high"])).all()


def test_the_mean_of_random_orders_in_plain_python_is_the_exact_one(evidence):
    codes: dict[str, set[str]] = defaultdict(set)
    for row in agreed():
        codes[STUDY_OF[row["finding_id"]]].add(row["code_id"])
    studies, draw = [row["study_id"] for row in rows("studies")], random.Random(7)
    sums = np.zeros(len(studies))
    for _ in range(2000):
        draw.shuffle(studies)
        seen: set[str] = set()
        for at, study in enumerate(studies):
            seen |= codes[study]
            sums[at] += len(seen)
    curve = accumulation(evidence, orders=2000)
    assert np.abs(sums / 2000 - curve["expected"]).max() < 0.35  # four standard errors of such a mean
    assert np.abs(curve["median"] - curve["expected"]).max() < 1.5


def test_the_order_of_publication_puts_unknown_years_last(evidence):
    curve = accumulation(evidence, orders=1)
    year = column("studies", "study_id", "year")
    order = sorted(year, key=lambda study: (year[study] == "", year[study], study))
    assert list(curve["study_id"]) == order
    unknown = sum(not each for each in year.values())
    assert unknown > 0 and curve["year"].isna().to_list() == [False] * (len(year) - unknown) + [True] * unknown
    seen: set[str] = set()
    for place, study in enumerate(order):
        seen |= {row["code_id"] for row in agreed() if STUDY_OF[row["finding_id"]] == study}
        assert curve["by_publication"][place] == len(seen)


def test_the_same_seed_gives_the_same_curve_and_the_order_of_rows_none_other(evidence, altered):
    first, again = accumulation(evidence, orders=50, seed=3), accumulation(evidence, orders=50, seed=3)
    pd.testing.assert_frame_equal(first, again)
    assert not first["low"].equals(accumulation(evidence, orders=50, seed=4)["low"])
    mixed = altered(codings=evidence.codings.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(accumulation(mixed, orders=50, seed=3), first)


# ---------------------------------------------------------------- stability


@pytest.fixture(scope="module")
def stability(evidence) -> pd.DataFrame:
    return theme_stability(evidence)


def case(table: pd.DataFrame, kind: str, name: str = "") -> pd.DataFrame:
    return table[(table["kind"] == kind) & (table["case"] == name)].set_index("theme_id")


def left_out(kind: str, name: str) -> frozenset[str]:
    """Studies that a case leaves out, from the CSV file."""
    tests = {
        "without_study": lambda row: row["study_id"] == name,
        "without_country": lambda row: name in row["country"].split(";"),
        "without_sample": lambda row: row["sample_id"] == name,
        "core_only": lambda row: row["scope"] != "core",
        "confirmed_only": lambda row: row["in_published_review"] != "confirmed",
    }
    return frozenset(row["study_id"] for row in rows("studies") if tests[kind](row))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("without_study", "ackerson2003"),
        ("without_study", "halsa2018"),
        ("without_country", "GB"),
        ("without_country", "IE"),
        ("without_sample", "sample-levertaylor2019"),
        ("core_only", ""),
        ("confirmed_only", ""),
    ],
)
def test_support_without_something_is_that_of_a_recount(stability, kind, name):
    gone, level = left_out(kind, name), column("themes", "theme_id", "level")
    assert gone
    found = case(stability, kind, name)
    counted = {theme: len(studies_of(findings)) for theme, findings in held(gone=gone).items()}
    whole = {theme: len(studies_of(findings)) for theme, findings in held().items()}
    assert found["n_studies"].to_dict() == counted
    assert set(found["of_studies"]) == {len(rows("studies")) - len(gone)}
    for theme, findings in held(gone=gone).items():
        peers = [each for each in level if level[each] == level[theme]]
        row = found.loc[theme]
        assert row["n_findings"] == len(findings) and row["change"] == counted[theme] - whole[theme]
        rank = 1 + sum(counted[each] > counted[theme] for each in peers)
        first = 1 + sum(whole[each] > whole[theme] for each in peers)
        assert (row["rank"], row["rank_change"]) == (rank, rank - first)
        tau = kendalltau([whole[each] for each in peers], [counted[each] for each in peers]).statistic
        assert row["kendall_tau"] == pytest.approx(tau)


def test_each_coder_stands_beside_the_agreed_set(stability):
    assert set(stability.loc[stability["kind"] == "by_coder", "case"]) == {"coder-1", "coder-2"}
    for coder in ("coder-1", "coder-2"):
        counted = {theme: len(studies_of(findings)) for theme, findings in held(coder).items()}
        assert case(stability, "by_coder", coder)["n_studies"].to_dict() == counted


def test_every_study_country_and_sample_is_left_out_in_turn(stability):
    cases = stability.groupby("kind")["case"].agg(set)
    assert cases["without_study"] == {row["study_id"] for row in rows("studies")}
    countries = {each for row in rows("studies") for each in (row["country"] or "not reported").split(";")}
    assert cases["without_country"] == countries
    assert cases["without_sample"] == {row["sample_id"] for row in rows("studies")} - {""}
    assert list(pd.unique(stability["kind"])) == [kind for kind in KINDS if kind in set(stability["kind"])]


def test_without_any_appraisal_the_counts_are_missing_and_say_so(stability, evidence, altered):
    assert not rows("appraisals")
    row = case(stability, "appraised_only", NOT_APPRAISED)
    assert len(row) == len(PARENT)
    assert row[["n_studies", "of_studies", "rank", "kendall_tau"]].isna().all(axis=None)
    frames = {name: frame for name, frame in evidence.frames.items() if not name.startswith("appraisal")}
    pd.testing.assert_frame_equal(theme_stability(type(evidence)(evidence.folder, frames, [])), stability)


def test_appraised_studies_count_where_no_settled_answer_is_no(evidence, altered):
    answers = [("halsa2018", "yes"), ("halsa2018", "cant_tell"), ("ackerson2003", "no"), ("dolman2016", "no")]
    table = pd.DataFrame(answers, columns=["study_id", "answer"]).assign(tool="casp_qualitative", appraiser="someone")
    table["item"] = ["casp-1", "casp-2", "casp-1", "casp-1"]
    settled = table[table["study_id"] == "dolman2016"].assign(answer="yes").drop(columns="appraiser")
    found = case(theme_stability(altered(appraisals=table, appraisal_settlements=settled)), "appraised_only")
    gone = frozenset(row["study_id"] for row in rows("studies")) - {"halsa2018", "dolman2016"}
    assert found["n_studies"].to_dict() == {t: len(studies_of(f)) for t, f in held(gone=gone).items()}
    assert set(found["of_studies"]) == {2}


def test_weights_of_the_reviewers_are_added_up(evidence):
    studies = evidence.studies["study_id"]
    weights = pd.Series(np.where(studies.index % 2 == 0, 1.0, 0.25), index=studies)
    found = case(theme_stability(evidence, weights), "weighted")
    for theme, findings in held().items():
        assert found.loc[theme, "n_studies"] == pytest.approx(sum(weights[each] for each in studies_of(findings)))
    for wrong, message in (
        (weights.rename({"ackerson2003": "nobody1999"}), "not there: nobody1999"),
        (weights.drop("ackerson2003"), "No weight is given for ackerson2003"),
        (weights * 2, "between 0 and 1"),
    ):
        with pytest.raises(SynthesisError, match=message):
            theme_stability(evidence, wrong)


def test_ranges_span_the_cases_of_each_kind(stability):
    ranges = stability_ranges(stability).set_index(["theme_id", "kind"])
    for (theme, kind), row in ranges.iterrows():
        own = stability[(stability["theme_id"] == theme) & (stability["kind"] == kind)]
        if kind == "appraised_only":
            assert row["n_cases"] == 0 and pd.isna(row["lowest"]) and pd.isna(row["lowest_case"])
            continue
        assert row["n_cases"] == len(own)
        assert (row["lowest"], row["highest"]) == (own["n_studies"].min(), own["n_studies"].max())
        assert (row["best_rank"], row["worst_rank"]) == (own["rank"].min(), own["rank"].max())
        assert own.loc[own["case"] == row["lowest_case"], "n_studies"].item() == row["lowest"]
    assert ranges.loc[("T1", "without_country"), "lowest_case"] == "GB"


def test_dependence_names_what_each_theme_rests_on_most(evidence):
    table = theme_dependence(evidence).set_index("theme_id")
    countries = column("studies", "study_id", "country")
    samples = column("studies", "study_id", "sample_id")
    for theme, findings in held().items():
        row, studies = table.loc[theme], studies_of(findings)
        by_study = Counter(STUDY_OF[each] for each in findings)
        assert by_study[row["top_study"]] == row["n_findings_top_study"] == max(by_study.values())
        by_country = Counter(each for study in studies for each in countries[study].split(";") if each)
        assert by_country[row["top_country"]] == row["n_studies_top_country"] == max(by_country.values())
        by_sample = Counter(samples[study] for study in studies if samples[study])
        if max(by_sample.values(), default=0) > 1:
            assert by_sample[row["top_sample"]] == row["n_studies_top_sample"] == max(by_sample.values())
        else:
            assert pd.isna(row["top_sample"]) and pd.isna(row["n_studies_top_sample"])
        assert row["best_rank"] <= row["rank"] <= row["worst_rank"]


@FEW
@given(data=st.data())
def test_removing_a_study_changes_only_what_it_supports_in_every_view(evidence, altered, stability, data):
    gone = data.draw(st.sampled_from([row["study_id"] for row in rows("studies")]))
    less = without(evidence, altered, gone)
    table = theme_table(less).set_index("theme_id")
    assert case(stability, "without_study", gone)["n_studies"].to_dict() == table["n_studies"].to_dict()
    before, after = (perspective_contrast(each, "code").set_index("code_id") for each in (evidence, less))
    given_up = {row["code_id"] for row in agreed() if STUDY_OF[row["finding_id"]] == gone}
    counts = ["n_studies_parent", "n_studies_practitioner"]
    changed = (before[counts] != after[counts]).any(axis=1)
    assert set(changed.index[changed]) <= given_up
    pairs_before, pairs_after = (cooccurrence(each, "study").set_index(["code_a", "code_b"])["n"] for each in (evidence, less))  # fmt: skip
    drop = (pairs_before - pairs_after.reindex(pairs_before.index)).to_dict()
    assert all(n == (pair[0] in given_up and pair[1] in given_up) for pair, n in drop.items())
    assert accumulation(less, orders=2)["of"].iloc[-1] <= accumulation(evidence, orders=2)["of"].iloc[-1]


# ---------------------------------------------------------------- findings laid out for reading


def test_a_framework_matrix_holds_every_finding_of_its_theme_once_a_cell(evidence):
    matrix = framework_matrix(evidence, "T2")
    assert list(matrix.columns) == ["T2a", "T2b", "T2c"]
    text, found = column("findings", "finding_id", "finding"), held()
    assert set(matrix.index) == studies_of(found["T2"])
    for theme in matrix:
        cells = "\n".join(matrix[theme])
        for finding in found[theme]:
            assert cells.count(f"[{finding}]") == 1 and text[finding] in cells
        assert cells.count("[") >= len(found[theme])
        for study, cell in matrix[theme].items():
            assert bool(cell) == any(STUDY_OF[finding] == study for finding in found[theme])


def test_codes_are_the_columns_of_a_descriptive_theme_and_all_themes_those_of_none(evidence):
    assert list(framework_matrix(evidence, "T1a").columns) == [code for code, theme in THEME_OF.items() if theme == "T1a"]  # fmt: skip
    assert list(framework_matrix(evidence).columns) == [theme for theme in theme_order(evidence) if PARENT[theme]]
    with pytest.raises(SynthesisError, match="no theme 'T9'"):
        framework_matrix(evidence, "T9")


def test_what_runs_against_a_theme_stands_beside_it_and_silence_is_said(evidence):
    table = negative_cases(evidence)
    known = {(THEME_OF[row["code_id"]], row["finding_id"]) for row in agreed() if row["negative_case"] == "yes"}
    there = table.dropna(subset=["finding_id"])
    assert len(there) == 16 and set(zip(there["theme_id"], there["finding_id"], strict=True)) == known
    silent = table[table["finding_id"].isna()]["theme_id"]
    assert set(silent) == {theme for theme in PARENT if PARENT[theme]} - {theme for theme, _ in known} != set()
    marked = framework_matrix(evidence, "T4")
    assert marked.map(lambda cell: cell.count("Against: ")).to_numpy().sum() == there["theme_id"].str.startswith("T4").sum()  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: perspective_contrast(e, "study"), "unit is 'theme' or 'code', not 'study'"),
        (lambda e: cooccurrence(e, "country"), "within is 'finding' or 'study', not 'country'"),
        (lambda e: accumulation(e, "study"), "unit is 'code' or 'theme', not 'study'"),
        (lambda e: accumulation(e, orders=0), "At least one order is needed; orders is 0"),
        (lambda e: cooccurrence(e, coder="coder-9"), "There is no coder 'coder-9'"),
    ],
)
def test_wrong_calls_say_what_is_possible(evidence, call, message):
    with pytest.raises(SynthesisError, match=message):
        call(evidence)
