"""Practice-guide content: every sentence has its source, filters keep what is silent, raters are never mixed, links add up."""

from __future__ import annotations

import pandas as pd
import pytest

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.guidance.crosswalk import (
    BACKED,
    crosswalk_table,
    finding_answers,
    needs_and_interventions,
    practical_mentions,
    recommendation_support,
)
from synthesis.guidance.guide_figures import family_hub_figures
from synthesis.guidance.guides import (
    address_words,
    engagement_table,
    guide_item_table,
    guide_modules,
    guide_source_table,
    recommendation_counts,
    recommendation_table,
    stated,
    step_table,
)
from synthesis.guidance.interventions import intervention_table, rating_columns, result_counts
from synthesis.guidance.measures import PROPERTIES, measure_differences, measure_table, which_measure
from synthesis.guidance.risks import pathway_table, risk_factor_table
from synthesis.review.provenance import status_line

# ---------------------------------------------------------------- modules, statements, recommendations


def test_the_five_modules_stand_in_the_order_of_the_guide(evidence):
    modules = guide_modules(evidence)
    assert list(modules["module"]) == ["risk factors and impact", "local strategy", "engagement", "interventions", "measurement"]  # fmt: skip
    assert list(modules["n_rows"]) == [76, 59, len(engagement_table(evidence)), 52, 50]
    assert set(modules["statement"]) <= set(evidence.guide_items["statement"])


def test_every_sentence_of_a_view_is_a_sentence_of_its_source(evidence):
    said = {*evidence.guide_items["statement"], *evidence.recommendations["recommendation"]}
    factors = evidence.risk_factors
    said |= set(factors["risk_factor"] + ": " + factors["strength_as_stated"]) | set(factors["risk_factor"])
    for shown in (
        step_table(evidence)["statement"],
        guide_item_table(evidence)["statement"],
        recommendation_table(evidence)["recommendation"],
        engagement_table(evidence)["statement"],
        risk_factor_table(evidence)["factor"],
        recommendation_support(evidence)["text"],
    ):
        assert set(shown) <= said


def test_every_row_of_a_view_names_a_source_that_is_there(evidence):
    known = set(evidence.guide_sources["source_id"])
    for view in (step_table(evidence), guide_item_table(evidence), recommendation_table(evidence)):
        assert set(view["source_id"]) <= known
        assert view["locator"].notna().all()
    ours = recommendation_table(evidence)
    assert ours.loc[ours["recommendation_id"].str.startswith("RC"), "source_url"].notna().all()


def test_every_document_has_its_public_address_or_says_why_not(evidence):
    table = guide_source_table(evidence).assign(address=address_words).set_index("source_id")
    assert list(table.index[table["address"] == "address not known"]) == ["edge_of_care_report"]
    assert set(table.index[table["address"].str.startswith("several pages")]) == {"SCIE30", "GOV-RPC"}
    assert table["n_items"].sum() == len(evidence.guide_items)
    assert table["n_recommendations"].sum() == len(evidence.recommendations)
    one = table["source_url"].dropna()
    named = evidence.recommendations.groupby("source_id")["source_url"].agg(set)
    assert all(named[source] == {one[source]} for source in one.index if source in named.index)
    hubs = evidence.planning_elements.set_index("planning_element_id").loc["PT009":"PT013", "source_url"]
    assert set(hubs) == {one["family_hubs_sheet"]}


def test_every_step_and_statement_leads_to_its_address(evidence):
    assert step_table(evidence)["source_url"].notna().all()
    items = guide_item_table(evidence).set_index("item_id")
    assert set(items.loc[items["source_url"].isna(), "source_id"]) == {"edge_of_care_report"}
    ours = recommendation_table(evidence)
    assert set(ours.loc[ours["source_url"].isna(), "source_id"]) == {"edge_of_care_report"}
    assert recommendation_support(evidence, "step")["source_url"].notna().all()


def test_figures_of_the_sheet_stand_with_later_figures_and_geography(evidence):
    figures = family_hub_figures(evidence).set_index("figure_id")
    sheet = evidence.guide_items.query("source_id == 'family_hubs_sheet' and kind == 'figure'")
    assert list(figures.index) == list(sheet["item_id"])
    assert list(figures["statement"]) == list(sheet["statement"])
    assert figures.at["SI062", "figure"] == "almost 1 in 8 children in couple-parent families"
    for later in ("12 % for 2019 to 2020", "10 % for 2021 to 2022", "non-response bias"):
        assert later in figures.at["SI062", "caveat"]
    assert figures.at["SI063", "figure"] == "2.4 million separated families"
    assert figures.at["SI064", "figure"] == "3.6 million children"
    for each in ("SI063", "SI064"):
        assert "Great Britain" in figures.at[each, "caveat"]
        assert figures.at[each, "geography"] == "UK"
    assert figures.at["SI062", "caveat_ids"].split(";")[:2] == ["D21", "DWP2025-distress-2019-20"]
    assert figures.at["SI062", "caveat_addresses"].startswith("https://www.gov.uk/government/statistics/")
    assert figures["address"].notna().all()


def test_figures_without_the_tables_behind_their_caveats_are_still_shown(altered, evidence):
    bare = altered(discrepancies=evidence.discrepancies.iloc[:0], estimates=evidence.estimates.iloc[:0])
    figures = family_hub_figures(bare)
    assert len(figures) == 4
    assert figures[["geography", "caveat", "caveat_ids"]].isna().all(axis=None)


def test_all_recommendations_are_shown_once_whoever_lists_them(evidence):
    table = recommendation_table(evidence)
    among_items = (evidence.guide_items["kind"] == "recommendation").sum()
    assert len(table) == len(evidence.recommendations) + among_items == table["recommendation_id"].nunique()
    staff = recommendation_table(evidence, level="staff")
    assert staff["level"].str.split(";").map(lambda levels: "staff" in levels).all()
    assert 0 < len(staff) < len(table)
    assert set(recommendation_table(evidence, domain="screening")["domain"]) == {"screening"}


def test_recommendations_are_counted_by_whom_they_address(evidence):
    counts = recommendation_counts(evidence).set_index("level")
    assert set(counts["of_recommendations"]) == {125}
    for level in counts.index:
        assert counts.at[level, "n_recommendations"] == len(recommendation_table(evidence, level=level))
    second = recommendation_counts(evidence, ["SCIE30", "scie_guide30_assessment"]).set_index("level")
    assert {"staff", "manager_or_leader", "service_or_organisation"} <= set(second.index)
    assert set(second["of_recommendations"]) == {len(recommendation_table(evidence, source="SCIE30")) + len(recommendation_table(evidence, source="scie_guide30_assessment"))}  # fmt: skip


def test_the_sixteen_steps_stand_in_their_five_domains(evidence):
    steps = step_table(evidence)
    assert len(steps) == 16
    assert list(dict.fromkeys(steps["domain"])) == [
        "Strategic planning", "Workforce development", "Leadership, governance & partnership",
        "Community services & interventions", "Outcomes & evaluation",
    ]  # fmt: skip


def test_a_figure_with_a_caveat_carries_it(evidence):
    figures = guide_item_table(evidence, kind="figure").set_index("item_id")
    assert "12 %" in figures.at["SI062", "remark"]
    assert "Great Britain" in figures.at["SI063", "remark"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda e: recommendation_table(e, level="boss"), "no level 'boss'; there are staff, "),
        (lambda e: recommendation_table(e, domain="astrology"), "No domain speaks of 'astrology'; there are "),
        (lambda e: guide_item_table(e, kind="poem"), "no kind of item 'poem'"),
        (lambda e: guide_item_table(e, source="XX"), "no guide 'XX'; there are foundations"),
        (lambda e: risk_factor_table(e, to_node="cat"), "no to node 'cat'; there are circumstances"),
        (lambda e: intervention_table(e, need="money"), "no need 'money'; there are parental_mental_health"),
        (lambda e: intervention_table(e, rating="3"), "name the scale too"),
        (lambda e: measure_table(e, construct="weight"), "No construct speaks of 'weight'"),
        (lambda e: crosswalk_table(e, relation="loves"), "no relation 'loves'; there are answers"),
        (lambda e: finding_answers(e, "poem"), "no kind 'poem'; there are recommendation, step, intervention"),
    ],
)
def test_a_word_that_is_not_there_is_refused_with_those_that_are(evidence, call, says):
    with pytest.raises(CallError, match=says):
        call(evidence)


def test_nothing_is_blank_for_a_reader(evidence):
    shown = stated(measure_table(evidence))
    assert not shown.isna().any().any()
    assert (shown["minutes"] == "not stated").sum() == evidence.measures["minutes"].isna().sum()


# ---------------------------------------------------------------- risk factors


def test_every_reported_link_is_read_and_keeps_its_own_words(evidence):
    table = risk_factor_table(evidence)
    assert set(evidence.risk_factors["risk_factor_id"]) <= set(table["row_id"])
    risk_items = evidence.guide_items.loc[evidence.guide_items["kind"] == "risk_factor", "item_id"]
    assert set(risk_items) <= set(table["row_id"])
    one = table[table["row_id"] == "RF036"].iloc[0]
    assert one["strength_as_stated"] == "mean r = .267 cross-sectional, .207 longitudinal; 112 studies"
    assert table["reason"].notna().all()


def test_counts_of_the_map_add_up_to_the_rows_behind_it(evidence):
    table = pathway_table(evidence)
    words = [f"n_{word}" for word in vocabularies()["link_strength"]]
    assert (table[words].sum(axis=1) == table["n_rows"]).all()
    assert (table["row_ids"].str.split(";").str.len() == table["n_rows"]).all()
    for row in table.itertuples():
        rows = risk_factor_table(evidence, row.from_node, row.to_node)
        assert set(rows["row_id"]) == set(row.row_ids.split(";"))


def test_both_directions_stand_where_both_are_reported(evidence):
    table = pathway_table(evidence).set_index(["from_node", "to_node"])
    one, other = ("parent_mental_health", "couple_relationship"), ("couple_relationship", "parent_mental_health")
    assert table.at[one, "both_ways"] == table.at[other, "both_ways"] == "yes"
    assert "SI005" in table.at[one, "row_ids"] and "SI004" in table.at[other, "row_ids"]
    assert table.at[("couple_relationship", "parenting"), "both_ways"] == "no"


def test_a_null_result_is_counted_beside_the_firmest_word(evidence):
    row = pathway_table(evidence).set_index(["from_node", "to_node"]).loc[("couple_relationship", "child")]
    assert row["firmest"] == "strong"
    assert row["n_null"] == 1
    assert list(risk_factor_table(evidence, strength="null")["row_id"]) == ["RF015"]


def test_levels_and_what_lies_outside_are_rows_without_an_arrow(evidence):
    table = risk_factor_table(evidence)
    outside = table[table["from_node"].isna()]
    levels = set(evidence.risk_factors.loc[evidence.risk_factors["direction"] == "level", "risk_factor_id"])
    assert levels <= set(outside["row_id"])
    assert outside["to_node"].isna().all()


# ---------------------------------------------------------------- interventions


def test_an_intervention_that_does_not_say_is_kept_and_named(evidence):
    found = intervention_table(evidence, need="parental_mental_health", age=2)
    said, silent = found[found["not_stated"].isna()], found[found["not_stated"].notna()]
    assert (said["age_of_child"].notna()).all()
    assert set(silent["not_stated"]) == {"age"}
    assert found["not_stated"].isna().is_monotonic_decreasing, "what fits for certain stands first"
    every = intervention_table(evidence)
    left_out = every[~every["intervention_id"].isin(found["intervention_id"])]
    assert "IV017" in set(left_out["intervention_id"]), "8 to 16 is no programme for a child of two"


def test_ratings_of_different_raters_never_share_a_column(evidence):
    table = intervention_table(evidence)
    filled = table[rating_columns()].notna()
    assert (filled.sum(axis=1) <= 1).all()
    scales = evidence.interventions.set_index("intervention_id")["evidence_scale"]
    for column in rating_columns():
        rated = table.loc[filled[column], "intervention_id"]
        assert set(scales.loc[list(rated)]) == {column.removeprefix("rating_")}


def test_within_one_scale_a_plus_lies_between_two_steps(evidence):
    rated = intervention_table(evidence, scale="eif_guidebook")
    assert list(rated["rating_eif_guidebook"]) == ["4+", "4", "3", "3", "3", "3"]
    assert set(intervention_table(evidence, scale="eif_guidebook", rating="3+")["rating_eif_guidebook"]) == {"4+", "4"}


def test_a_cost_that_is_not_rated_is_not_cheap(evidence):
    cheap = intervention_table(evidence, max_cost=1)
    assert list(cheap.loc[cheap["not_stated"].isna(), "intervention_id"]) == ["IV001"]
    assert "IV007" not in set(cheap["intervention_id"])


def test_harm_and_no_difference_are_found_as_plainly_as_gains(evidence):
    counts = result_counts(evidence).set_index("result")
    assert list(counts.index) == list(vocabularies()["intervention_result"])
    assert counts.at["harm", "interventions"] == "4Rs and 2Ss as prevention; Building Strong Families"
    assert set(intervention_table(evidence, result="null")["intervention_id"]) >= {"IV034", "IV047", "IV050"}
    assert (counts["n_interventions"] <= counts["of_interventions"]).all()
    harm = intervention_table(evidence, result="harm")
    assert list(harm.loc[harm["not_stated"].isna(), "intervention_id"]) == ["IV045", "IV050"]
    assert len(harm) - 2 == counts.at["not_reported", "n_interventions"], (
        "a row without a result is silent, not free of harm"
    )
    assert len(intervention_table(evidence, result="not_reported")) == counts.at["not_reported", "n_interventions"]


# ---------------------------------------------------------------- measures


def test_what_is_not_known_of_a_measure_is_counted_and_named(evidence):
    table = which_measure(evidence).set_index("measure_id")
    named = table["not_stated"].fillna("").map(lambda text: len(text.split(", ")) if text else 0)
    assert (named == table["n_not_stated"]).all()
    assert table.at["MS009", "n_not_stated"] == 0
    assert table.at["MS050", "n_not_stated"] == len(PROPERTIES) == 6
    assert table.at["MS002", "n_words_alone"] == 2
    assert table.at["MS019", "n_words_alone"] == 0


def test_values_that_differ_stand_side_by_side_with_their_samples(evidence):
    table = measure_differences(evidence)
    alphas = table[(table["abbreviation"] == "EPDS") & (table["property"] == "internal consistency")]
    assert list(alphas["value"]) == ["0.87", "0.79"]
    assert alphas["sample"].str.contains("262 women").any()
    cut_offs = table[(table["abbreviation"] == "EPDS") & (table["property"] == "cut-off")]
    assert len(cut_offs) == 5
    assert (table.groupby(["abbreviation", "property"])["value"].nunique() > 1).all()


def test_filters_of_measures_keep_the_silent_below(evidence):
    short = measure_table(evidence, max_items=10, free=True)
    sure = short[short["not_stated"].isna()]
    assert set(sure["measure_id"]) == {"MS008", "MS029"}
    assert not (short["free_to_use"] == "licensed").any()
    quick = measure_table(evidence, max_minutes=5).dropna(subset="minutes")
    assert list(quick["minutes"]) == ["5"], "10-15 and 5-10 may take longer"


def test_a_parent_who_answers_about_a_child_is_no_child_who_answers(evidence):
    said = measure_table(evidence, respondent="child")["respondent"]
    assert len(said) == 4
    assert said.str.startswith("child").all()
    assert "parent of a child 2-16" in set(measure_table(evidence, respondent="parent")["respondent"])


# ---------------------------------------------------------------- crosswalk


def test_every_finding_and_everything_offered_has_been_judged(evidence):
    for kind in ("recommendation", "step", "intervention"):
        assert "not_judged" not in set(finding_answers(evidence, kind)["state"])
        assert "not_judged" not in set(recommendation_support(evidence, kind)["state"])
    assert "not_judged" not in set(needs_and_interventions(evidence)["state"])


def test_none_and_not_judged_are_two_things(altered, evidence):
    left = evidence.crosswalk[evidence.crosswalk["from_id"] != "RF09"]
    states = finding_answers(altered(crosswalk=left)).set_index("review_finding_id")["state"]
    assert states["RF09"] == "not_judged"
    assert finding_answers(evidence).set_index("review_finding_id").at["RF09", "state"] == "none"
    empty = recommendation_support(altered(crosswalk=evidence.crosswalk.iloc[:0]))
    assert set(empty["state"]) == {"not_judged"}
    assert len(empty) == 125
    assert (empty["n_findings"] == 0).all()


def test_both_views_of_a_link_agree(evidence):
    there = recommendation_support(evidence).set_index("id")
    back = finding_answers(evidence).set_index("review_finding_id")
    for relation in (*BACKED, "partly", "contradicts"):
        one = {(f, r) for r, cell in there[relation].dropna().items() for f in cell.split(";")}
        other = {(f, r) for f, cell in back[relation].dropna().items() for r in cell.split(";")}
        assert one == other
        assert len(one) == back[f"n_{relation}"].sum()


def test_a_recommendation_shows_the_highest_confidence_it_rests_on_and_none_without_a_finding(evidence):
    table = recommendation_support(evidence).set_index("id")
    assert table.at["SI047", "confidence"] == "low"  # RF06 alone
    assert table.at["RC007", "confidence"] == "low"
    assert table.at["RC015", "confidence"] == "moderate"
    assert table.loc[table["n_findings"] == 0, "confidence"].isna().all()


def test_what_parents_ask_for_and_no_intervention_offers_is_money_and_help_after_removal(evidence):
    needs = needs_and_interventions(evidence).set_index("code_id")
    assert set(needs.index[needs["state"] == "none"]) == {"practical_support", "support_after_removal"}
    assert (needs["of_interventions"] == 52).all()
    assert needs.at["practical_support", "n_studies"] == 2
    assert needs.loc[needs["state"] == "none", "reason"].notna().all()


def test_no_row_that_speaks_of_money_offers_help_with_it(evidence):
    hits = practical_mentions(evidence)
    assert set(hits["column"]) == {"target", "note"}, "money stands in who is reached, never in what is done or gained"
    changed = evidence.interventions.copy()
    changed.loc[0, "delivery"] = "help with debt and housing"
    more = practical_mentions(type(evidence)(evidence.folder, {**evidence.frames, "interventions": changed}))
    assert set(more["word"]) - set(hits["word"]) == {"debt", "housing"}
    texts = evidence.interventions.set_index("intervention_id")
    for row in hits.itertuples():
        whole, passage = texts.at[row.intervention_id, row.column], row.passage.strip("… ")
        at = whole.index(passage)
        assert f" {whole} "[at] == " ", "a passage begins with a whole word"
        assert f" {whole} "[at + 1 + len(passage)] in " ,", "and ends with one"
        assert row.passage.endswith("…") == (at + len(passage) < len(whole))


def test_links_are_shown_with_the_words_of_both_ends(evidence):
    table = crosswalk_table(evidence, "review_finding", "recommendation", "contradicts")
    assert table[["from_text", "to_text", "reason", "confidence"]].notna().all().all()
    whole = crosswalk_table(evidence)
    assert len(whole) == len(evidence.crosswalk)
    assert whole.loc[whole["from_id"].notna(), "from_text"].notna().all()
    assert whole.loc[whole["to_id"].notna(), "to_text"].notna().all()


def test_the_line_below_guide_tables_says_that_links_are_judgements(evidence):
    line = status_line(evidence, "crosswalk")
    tables = ("risk_pathways", "intervention_readings", "planning_readings", "crosswalk", "programme_stages")
    n = sum(len(evidence[name]) for name in tables)
    assert f"{n} of {n} judgements on it are provisional" in line
    assert pd.notna(line) and "Not yet checked by reviewers" in line


def test_an_age_in_words_with_a_usual_meaning_is_read_as_years(evidence):
    five = intervention_table(evidence, age=5).set_index("intervention_id")
    assert not {"IV001", "IV023", "IV038", "IV050"} & set(five.index), "nobody of five is a toddler or about to be born"
    assert five.at["IV002", "not_stated"] == "age", "moving to school has no one age"
    two = intervention_table(evidence, age=2).set_index("intervention_id")
    assert pd.isna(two.at["IV038", "not_stated"]) and "toddlers, is read as 1 to 3" in two.at["IV038", "reason"]
