"""Confidence: what stands behind a review finding is computed, judgements are people's, and known misuse is caught.

Second assessors in these tests are INVENTED: nobody has judged the shipped review findings but the adjudicator.
"""

from __future__ import annotations

import re
import shutil

import pandas as pd
import pytest
from plain import DATA, column, rows

from synthesis.evidence.judgement_rules import follows_a_sum
from synthesis.evidence.schema import FAULTS, EvidenceError, SynthesisError, vocabularies
from synthesis.evidence.tables import check, read_evidence, write_table
from synthesis.reports.derived import derive
from synthesis.themes.confidence import (
    COMPONENTS,
    LEVELS,
    REASONS,
    appraise_first,
    cited_as,
    confidence_differences,
    contributing,
    evidence_profile,
    judgements,
    levels_by_concerns,
    misapplications,
    suggested_concerns,
    summary_of_findings,
)
from synthesis.themes.confidence_sheets import confidence_sheet, record_confidence


@pytest.fixture(scope="module")
def behind(evidence):
    return contributing(evidence).set_index("review_finding_id")


def recount() -> dict[str, tuple[set[str], set[str]]]:
    """Findings and studies behind each review finding, from the CSV files without the library."""
    study_of = column("findings", "finding_id", "study_id")
    found = {}
    for statement in rows("review_findings"):
        codes = set(statement["code_ids"].split(";"))
        held = {r["finding_id"] for r in rows("codings") if r["coder"] == "agreed" and r["code_id"] in codes}
        found[statement["review_finding_id"]] = held, {study_of[each] for each in held}
    return found


# ---------------------------------------------------------------- what stands behind a statement


def test_studies_and_findings_behind_each_statement_are_those_of_a_recount(behind):
    for which, (findings, studies) in recount().items():
        assert set(behind.loc[which, "finding_ids"].split(";")) == findings
        assert set(behind.loc[which, "study_ids"].split(";")) == studies
        assert behind.loc[which, ["n_findings", "n_studies"]].to_list() == [len(findings), len(studies)]


def test_the_typed_studies_of_the_shipped_data_are_still_those_of_the_codings(evidence, behind):
    assert (behind["changed"] == "").all()
    assert behind["n_studies"].to_dict() == {k: int(n) for k, n in column("review_findings", "review_finding_id", "n_studies").items()}  # fmt: skip


def test_numbers_typed_in_the_reasons_are_still_those_of_the_data(behind):
    told = 0
    for row in rows("confidence"):
        if found := re.search(r"(\d+) studies (?:and|with) (\d+) findings", row["adequacy_reason"]):
            told += 1
            assert behind.loc[row["review_finding_id"], ["n_studies", "n_findings"]].to_list() == [int(found[1]), int(found[2])]  # fmt: skip
    assert told == 19  # the other three give the studies alone


def test_negative_cases_are_counted_and_one_is_named_nowhere(behind):
    assert behind.loc["RF01", ["n_negative", "n_findings"]].to_list() == [2, 22]
    unnamed = behind.loc[behind["negative_not_listed"] != "", "negative_not_listed"]
    assert unnamed.to_dict() == {"RF20": "honey2021-f8"}
    assert behind.loc["RF03", "listed_elsewhere"] == "evans2024-f2;khalifeh2009-f1"


def test_shared_samples_are_counted_once(behind):
    assert behind.loc["RF21", ["n_studies", "n_samples"]].to_list() == [35, 31]
    assert (behind["n_samples"] <= behind["n_studies"]).all()


def without(evidence, altered, finding: str):
    return altered(codings=evidence.codings[evidence.codings["finding_id"] != finding])


def test_a_judgement_is_out_of_date_when_a_study_drops_out(evidence, altered):
    only = next(
        f for f in recount()["RF13"][0] if sum(g.startswith(f.split("-f")[0]) for g in recount()["RF13"][0]) == 1
    )
    less = without(evidence, altered, only)
    changed = contributing(less).set_index("review_finding_id").loc["RF13", "changed"]
    assert changed == f"studies gone since: {only.split('-f')[0]}"
    assert judgements(less).set_index("review_finding_id").loc["RF13", "changed"] == changed
    for table in (evidence_profile(less), summary_of_findings(less)):
        remark = table.set_index("review_finding_id").loc["RF13", "remark"]
        assert f"Out of date: {changed}." in remark


def test_the_check_and_the_table_name_the_same_changes(evidence, altered, tmp_path):
    folder = shutil.copytree(DATA, tmp_path / "data")
    fewer = evidence.codings.drop(index=evidence.codings.index[evidence.codings["coder"] == "agreed"][::9])
    write_table(fewer, "codings", folder)
    said = {p.value: p.message for p in check(folder).problems if p.code == "judgement-outdated"}
    table = contributing(altered(codings=fewer)).set_index("review_finding_id")["changed"]
    changed = table[table != ""]
    assert len(changed) == len(said) > 10
    assert all(any(text in message for message in said.values()) for text in changed)


def test_a_judgement_that_names_what_it_saw_notices_a_finding_within_a_study(evidence, altered):
    seen = evidence.confidence.copy()
    seen["findings_seen"] = contributing(evidence)["finding_ids"].to_numpy()
    now = altered(confidence=seen)
    assert (judgements(now)["changed"] == "").all()
    less = altered(confidence=seen, codings=evidence.codings[evidence.codings["finding_id"] != "denison2014-f1"])
    changed = judgements(less).set_index("review_finding_id")["changed"]
    assert changed["RF01"] == "findings gone since: denison2014-f1"
    assert contributing(less).set_index("review_finding_id").loc["RF01", "changed"] == ""  # the study is still there


# ---------------------------------------------------------------- prompts


@pytest.fixture(scope="module")
def prompts(evidence):
    return suggested_concerns(evidence).set_index(["review_finding_id", "component"])


def test_nothing_appraised_is_a_prompt_for_every_statement(prompts):
    methods = prompts.xs("methodological_limitations", level="component")
    assert len(methods) == 22
    assert set(methods["suggested"]) == {"moderate"}
    assert methods.loc["RF09", "reason"] == "None of the 10 studies is appraised, so their limitations are not known."


def test_prompts_say_what_in_the_data_they_rest_on(prompts):
    assert prompts.loc[("RF14", "adequacy"), "reason"] == "15 of 15 studies give a single finding."
    assert prompts.loc[("RF22", "relevance"), ["suggested", "reason"]].to_list() == ["moderate", "20 of 26 studies have no children’s services in view."]  # fmt: skip
    assert "morgan2019-f1" in prompts.loc[("RF13", "coherence"), "reason"]
    assert "9 studies stand behind it." in prompts.loc[("RF13", "adequacy"), "reason"]


def test_where_the_shipped_judgements_lie_below_a_prompt(prompts):
    below = prompts[prompts["below"]]
    assert list(below.index) == [("RF04", "coherence"), ("RF14", "relevance"), ("RF17", "relevance")]
    order = list(vocabularies()["concern"])
    assert all(order.index(row.judged) < order.index(row.suggested) for row in below.itertuples())


def test_prompts_are_never_put_into_a_judgement(evidence, altered):
    unjudged = evidence.confidence.assign(**dict.fromkeys([*LEVELS, *REASONS]))
    now = altered(confidence=unjudged)
    assert len(suggested_concerns(now)) == len(suggested_concerns(evidence))
    assert not suggested_concerns(now)["below"].any()
    assert summary_of_findings(now)[["confidence", "explanation"]].isna().all(axis=None)
    assert set(evidence_profile(now)["judged"]) == {"not_judged"}


@pytest.mark.parametrize(
    ("n", "level"), [(1, "serious"), (2, "serious"), (3, "moderate"), (5, "moderate"), (10, "minor")]
)
def test_few_studies_are_a_prompt_on_adequacy(evidence, altered, n, level):
    held = list(dict.fromkeys(f.split("-f")[0] for f in contributing(evidence).set_index("review_finding_id").loc["RF01", "finding_ids"].split(";")))  # fmt: skip
    kept = evidence.findings["study_id"].isin(held[:n]) | ~evidence.findings["study_id"].isin(held)
    fewer = altered(findings=evidence.findings[kept])
    prompt = suggested_concerns(fewer).set_index(["review_finding_id", "component"]).loc[("RF01", "adequacy")]
    assert prompt["suggested"] == level
    assert f"{n} studies stand behind it." in prompt["reason"]


def test_one_country_is_a_prompt_on_relevance(evidence, altered):
    one = altered(studies=evidence.studies.assign(country="SE"))
    prompt = suggested_concerns(one).set_index(["review_finding_id", "component"]).loc[("RF01", "relevance")]
    assert prompt["suggested"] == "moderate"
    assert "All 15 studies that name a country are from SE." in prompt["reason"]


def test_appraised_studies_take_the_prompt_away_and_a_no_is_to_be_read_not_counted(evidence, altered, prompts):
    behind = recount()["RF13"][1]
    answers = pd.DataFrame(
        [(s, "casp_qualitative", f"casp-{n}", "coder-1", "no" if (s, n) == (min(behind), 8) else "yes", "invented", pd.Timestamp("2026-11-21")) for s in behind for n in range(1, 11)],
        columns=list(evidence.appraisals),
    )  # fmt: skip
    now = altered(appraisals=answers)
    prompt = (
        suggested_concerns(now)
        .set_index(["review_finding_id", "component"])
        .loc[("RF13", "methodological_limitations")]
    )
    assert prompt["suggested"] == "minor"
    assert prompt["reason"] == f"Read the answers “no” of {min(behind)} against this statement."
    assert "appraised" not in summary_of_findings(now).set_index("review_finding_id").loc["RF13", "remark"]


@pytest.mark.parametrize(
    ("done", "level"), [(0, "moderate"), (1, "moderate"), (4, "moderate"), (5, "minor"), (8, "minor")]
)
def test_unknown_limitations_stay_a_moderate_prompt_until_most_studies_are_appraised(evidence, altered, done, level):
    behind = sorted(recount()["RF13"][1])
    assert len(behind) == 9
    answers = pd.DataFrame(
        [(s, "casp_qualitative", f"casp-{n}", "coder-1", "yes", "invented", pd.Timestamp("2026-11-21")) for s in behind[:done] for n in range(1, 11)],
        columns=list(evidence.appraisals),
    )  # fmt: skip
    prompt = suggested_concerns(altered(appraisals=answers)).set_index(["review_finding_id", "component"])
    said = prompt.loc[("RF13", "methodological_limitations")]
    assert said["suggested"] == level
    assert (f"{done} of 9 studies are appraised" if done else "None of the 9 studies is appraised") in said["reason"]


def test_a_second_assessors_level_below_the_prompt_is_flagged_while_it_waits_to_be_settled(evidence, altered):
    one = evidence.confidence[evidence.confidence["review_finding_id"] == "RF13"]
    two = one.assign(assessed_by="coder-1", methodological_limitations="no_or_very_minor")
    now = altered(confidence=pd.concat([evidence.confidence, two], ignore_index=True))
    said = (
        suggested_concerns(now)
        .set_index(["review_finding_id", "component"])
        .loc[("RF13", "methodological_limitations")]
    )
    assert said["below"]
    assert said["judged"] == f"adjudicator: {one['methodological_limitations'].item()}; coder-1: no_or_very_minor"


# ---------------------------------------------------------------- tables


def test_the_summary_has_a_line_a_statement_with_its_level_and_reason(evidence):
    table = summary_of_findings(evidence).set_index("review_finding_id")
    assert table["confidence"].to_dict() == column("confidence", "review_finding_id", "overall")
    assert table["confidence"].value_counts().to_dict() == {"moderate": 13, "low": 8, "very_low": 1}
    assert table.loc["RF09", "explanation"].startswith("Serious concerns about adequacy; moderate concerns about methodological limitations, coherence and relevance. The wish is plain")  # fmt: skip
    assert set(table["judged"]) == {"one_assessor"}
    assert all("0 of" in remark and "language model (adjudicator)" in remark for remark in table["remark"])
    assert [len(text.split("; ")) for text in table["studies"]] == table["n_studies"].to_list()


def test_who_judged_is_read_from_the_coders_table(evidence, altered):
    people = evidence.coders.assign(kind=evidence.coders["kind"].replace("language_model", "person"))
    assert not summary_of_findings(altered(coders=people))["remark"].str.contains("language model").any()


def test_the_profile_holds_every_level_and_reason_as_typed(evidence):
    table = evidence_profile(evidence).set_index("review_finding_id")
    for row in rows("confidence"):
        for name in (*LEVELS, *REASONS):
            assert table.loc[row["review_finding_id"], name] == row[name]


def test_the_derived_tables_are_these(evidence):
    made = derive(evidence)
    assert made["summary_of_findings"].equals(summary_of_findings(evidence)[list(made["summary_of_findings"])])
    assert made["evidence_profile"].equals(evidence_profile(evidence)[list(made["evidence_profile"])])
    assert set(vocabularies()["judgement_state"]) >= set(made["evidence_profile"]["judged"])


def test_studies_are_cited_as_a_reader_knows_them(evidence):
    cited = cited_as(evidence)
    assert cited.is_unique
    assert cited["ackerson2003"] == "Ackerson 2003"
    assert cited["chen2021"] == "Chen et al. 2021"
    assert cited["khalifeh2009"] == "khalifeh2009"  # no author was visible
    assert cited["darlington2005a"] == "Darlington et al. 2005 (darlington2005a)"


def test_levels_beside_the_number_of_concerns(evidence):
    counted: dict[tuple[int, str], int] = {}
    for row in rows("confidence"):
        place = sum(row[name] in ("moderate", "serious") for name in COMPONENTS), row["overall"]
        counted[place] = counted.get(place, 0) + 1
    table = levels_by_concerns(evidence).set_index("n_concerns")
    assert {(n, level): k for n, line in table.iterrows() for level, k in line.items() if k} == counted
    assert list(table) == ["high", "moderate", "low", "very_low"]


def test_the_study_behind_most_statements_stands_first(evidence):
    table = appraise_first(evidence)
    count = {s: sum(s in studies for _, studies in recount().values()) for s in table["study_id"]}
    assert table.set_index("study_id")["n_review_findings"].to_dict() == count
    assert table["n_review_findings"].is_monotonic_decreasing
    assert not table["appraised"].any()
    assert set(table["study_id"]) == set().union(*(studies for _, studies in recount().values()))


# ---------------------------------------------------------------- second assessor and settlement


def second(evidence, **changes: str) -> pd.DataFrame:
    """The confidence table with an invented judgement of RF01 by coder-2."""
    sheet = confidence_sheet(evidence, "coder-2")
    sheet = sheet[sheet["review_finding_id"] == "RF01"].copy()
    first = evidence.confidence[evidence.confidence["review_finding_id"] == "RF01"].iloc[0]
    for name in (*LEVELS, *REASONS):
        sheet[name] = changes.get(name, first[name] if name in LEVELS else "invented")
    return record_confidence(evidence, sheet.assign(date=pd.Timestamp("2026-11-21"))).evidence.confidence


def test_a_sheet_shows_what_stands_behind_and_nobody_elses_judgement(evidence):
    sheet = confidence_sheet(evidence, "coder-2")
    assert len(sheet) == 22
    assert sheet[[*LEVELS, *REASONS]].isna().all(axis=None)
    texts = sheet.to_csv()
    assert not any(row["overall_reason"] in texts for row in rows("confidence"))
    assert sheet["findings_seen"].to_list() == contributing(evidence)["finding_ids"].to_list()
    assert sheet.loc[0, "prompts"].startswith("methodological limitations at least moderate: None of the 15")
    own = confidence_sheet(evidence, "adjudicator")
    assert own["overall"].to_list() == evidence.confidence["overall"].to_list()
    with pytest.raises(SynthesisError, match="no assessor 'agreed'"):
        confidence_sheet(evidence, "agreed")


def test_two_assessors_who_agree_are_shown_together(evidence, altered):
    row = judgements(altered(confidence=second(evidence))).set_index("review_finding_id").loc["RF01"]
    assert (row["judged"], row["assessed_by"], row["overall"]) == ("agreed", "coder-2;adjudicator", "moderate")


def test_where_assessors_differ_no_level_is_shown_until_it_is_settled(evidence, altered):
    apart = altered(confidence=second(evidence, adequacy="serious", overall="low"))
    row = summary_of_findings(apart).set_index("review_finding_id").loc["RF01"]
    assert pd.isna(row["confidence"])
    assert row["judged"] == "not_settled"
    assert "Not settled: coder-2: low; adjudicator: moderate." in row["remark"]
    table = confidence_differences(apart)
    assert table["component"].to_list() == ["adequacy", "overall"]
    assert table.loc[0, "levels"] == "coder-2: serious; adjudicator: minor"
    assert table["settled"].isna().all()
    final = apart.confidence[apart.confidence["assessed_by"] == "coder-2"].assign(
        assessed_by="coder-1", settled=True, settlement_reason="invented", adequacy="moderate"
    )
    settled = altered(confidence=pd.concat([apart.confidence, final], ignore_index=True))
    row = judgements(settled).set_index("review_finding_id").loc["RF01"]
    assert (row["judged"], row["overall"], row["adequacy"]) == ("settled", "low", "moderate")
    assert confidence_differences(settled)["settled"].to_list() == ["moderate", "low"]


def test_a_second_judgement_can_be_written_read_and_checked(evidence, tmp_path):
    folder = shutil.copytree(DATA, tmp_path / "data")
    write_table(second(evidence, overall="low"), "confidence", folder)
    again = read_evidence(folder)
    assert len(again.confidence) == 23
    assert judgements(again).set_index("review_finding_id").loc["RF01", "judged"] == "not_settled"
    assert len(evidence_profile(again)) == 22


def test_a_sheet_without_reasons_is_refused(evidence):
    with pytest.raises(
        EvidenceError, match="row 2, column coherence_reason: the concern about coherence has no reason"
    ):
        second(evidence, coherence_reason=None)
    with pytest.raises(SynthesisError, match="belongs to one assessor"):
        record_confidence(evidence, pd.concat([confidence_sheet(evidence, who) for who in ("coder-1", "coder-2")]))


# ---------------------------------------------------------------- misapplications


def test_every_known_misapplication_has_a_check_that_is_listed(evidence):
    table = misapplications(evidence)
    assert len(table) == 9  # the eight of METHODS 1a, and ConQual
    assert set(table["check"]) <= set(FAULTS)
    assert table["n_found"].to_list() == [0] * 9
    assert table.set_index("check").loc["component-missing", "effect"] == "refused"
    assert table.set_index("check").loc["coherence-as-agreement", "effect"] == "flagged"


def test_a_flag_raised_in_the_data_is_counted(evidence, tmp_path):
    folder = shutil.copytree(DATA, tmp_path / "data")
    table = evidence.confidence.copy()
    table.loc[0, "coherence_reason"] = "The studies are consistent with one another."
    write_table(table, "confidence", folder)
    found = misapplications(read_evidence(folder)).set_index("check")["n_found"]
    assert found[found > 0].to_dict() == {"coherence-as-agreement": 1}


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("coherence_reason", "Agreement between studies is high.", "coherence-as-agreement"),
        ("coherence_reason", "Results were homogeneous across the studies.", "coherence-as-agreement"),
        ("coherence_reason", "Two findings run against it; the statement leaves room for them.", None),
        ("coherence_reason", "Mothers and children in one study disagreed.", None),
        ("methodological_limitations_reason", "CASP score 7.", "limitations-counted"),
        ("methodological_limitations_reason", "7/10 criteria met in most.", "limitations-counted"),
        ("methodological_limitations_reason", "Five of 28 give no sample size, and recruitment ran through services.", None),
        ("adequacy_reason", "By ConQual this goes down one level.", "conqual-mixed"),
        ("overall_reason", "Findings were unequivocal.", "conqual-mixed"),
    ],
)  # fmt: skip
def test_wording_is_flagged_and_sound_wording_is_not(evidence, tmp_path, column, text, code):
    folder = shutil.copytree(DATA, tmp_path / "data")
    table = evidence.confidence.copy()
    table.loc[4, column] = text
    write_table(table, "confidence", folder)
    new = [(p.code, p.row, p.column) for p in check(folder).problems if p.code != "discrepancy"]
    assert new == ([(code, 6, column)] if code else [])


def judged(rule, n: int = 20) -> pd.DataFrame:
    """Invented judgements whose overall level a rule gives from their points."""
    words = list(vocabularies()["concern"])
    patterns = [(a, b, c, d) for a in range(4) for b in range(3) for c in range(2) for d in range(2)][:n]
    table = pd.DataFrame([[words[p] for p in pattern] for pattern in patterns], columns=list(COMPONENTS))
    return table.assign(overall=[rule(sum(pattern)) for pattern in patterns])


def test_overall_levels_that_follow_a_sum_are_noticed(evidence, tmp_path):
    def by_sum(points):
        return ("high", "high", "moderate", "moderate", "low", "low", "very_low", "very_low", "very_low")[points]

    assert follows_a_sum(judged(by_sum))
    assert not follows_a_sum(judged(by_sum, 11))  # too few to tell
    weighed = judged(by_sum)
    weighed.loc[3, "overall"] = "very_low"
    assert not follows_a_sum(weighed)
    assert not follows_a_sum(judged(lambda points: "low"))
    assert not follows_a_sum(evidence.confidence)
    # One judgement, RF12, keeps the shipped ones from being such a rule; without it they are noticed, at no single row.
    folder = shutil.copytree(DATA, tmp_path / "data")
    write_table(evidence.confidence[evidence.confidence["review_finding_id"] != "RF12"], "confidence", folder)
    new = [p for p in check(folder).problems if p.code != "discrepancy"]
    assert [(p.code, p.row, p.column) for p in new] == [("own-scoring", None, "overall")]
    assert "every one of the 21 overall levels" in new[0].message
