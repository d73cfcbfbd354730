"""Evidence synthesis from tidy tables: check, synthesise, trace and show what a review rests on.

    >>> from synthesis import read_evidence, theme_table
    >>> evidence = read_evidence("data")
    >>> theme_table(evidence)

Names are loaded when they are first used, so that importing the package costs little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from synthesis.agreement import agreement_lines as agreement_lines
    from synthesis.agreement import agreement_table as agreement_table
    from synthesis.agreement import code_agreement as code_agreement
    from synthesis.agreement import confusion as confusion
    from synthesis.appraisal import appraisal_differences as appraisal_differences
    from synthesis.appraisal import appraisal_items as appraisal_items
    from synthesis.appraisal import appraisal_state as appraisal_state
    from synthesis.appraisal import appraisal_table as appraisal_table
    from synthesis.appraisal_sheets import appraisal_settlement as appraisal_settlement
    from synthesis.appraisal_sheets import appraisal_sheet as appraisal_sheet
    from synthesis.appraisal_sheets import record_appraisals as record_appraisals
    from synthesis.appraisal_sheets import settle_appraisals as settle_appraisals
    from synthesis.area_change import area_breaks as area_breaks
    from synthesis.area_change import area_totals as area_totals
    from synthesis.area_change import area_trend as area_trend
    from synthesis.area_comparison import area_estimates as area_estimates
    from synthesis.area_comparison import area_funnel as area_funnel
    from synthesis.areas import area_series as area_series
    from synthesis.associations import association_refusals as association_refusals
    from synthesis.associations import association_table as association_table
    from synthesis.brief import local_brief as local_brief
    from synthesis.brief_folder import write_briefs as write_briefs
    from synthesis.certainty import certainty_prompts as certainty_prompts
    from synthesis.certainty import certainty_table as certainty_table
    from synthesis.chain import trace as trace
    from synthesis.chain import trace_text as trace_text
    from synthesis.clusters import cluster_robust as cluster_robust
    from synthesis.code_pairs import cooccurrence as cooccurrence
    from synthesis.codes import codebook_history as codebook_history
    from synthesis.codes import codebook_table as codebook_table
    from synthesis.codes import merge_codes as merge_codes
    from synthesis.codes import move_code as move_code
    from synthesis.codes import rename_code as rename_code
    from synthesis.codes import split_code as split_code
    from synthesis.coding_widget import coder as coder
    from synthesis.combining import Override as Override
    from synthesis.combining import PoolingRefused as PoolingRefused
    from synthesis.combining import pool_estimates as pool_estimates
    from synthesis.comparison import published_comparison as published_comparison
    from synthesis.confidence import appraise_first as appraise_first
    from synthesis.confidence import confidence_differences as confidence_differences
    from synthesis.confidence import contributing as contributing
    from synthesis.confidence import evidence_profile as evidence_profile
    from synthesis.confidence import levels_by_concerns as levels_by_concerns
    from synthesis.confidence import misapplications as misapplications
    from synthesis.confidence import suggested_concerns as suggested_concerns
    from synthesis.confidence import summary_of_findings as summary_of_findings
    from synthesis.confidence_sheets import confidence_settlement as confidence_settlement
    from synthesis.confidence_sheets import confidence_sheet as confidence_sheet
    from synthesis.confidence_sheets import record_confidence as record_confidence
    from synthesis.confidence_sheets import settle_confidence as settle_confidence
    from synthesis.contrary import contradictions as contradictions
    from synthesis.contrast import perspective_contrast as perspective_contrast
    from synthesis.contrast import theme_map as theme_map
    from synthesis.crosswalk import crosswalk_table as crosswalk_table
    from synthesis.crosswalk import finding_answers as finding_answers
    from synthesis.crosswalk import needs_and_interventions as needs_and_interventions
    from synthesis.crosswalk import practical_mentions as practical_mentions
    from synthesis.crosswalk import recommendation_support as recommendation_support
    from synthesis.curves import accumulation as accumulation
    from synthesis.derived import theme_by_perspective as theme_by_perspective
    from synthesis.estimate_appraisal import estimate_appraisal_sheet as estimate_appraisal_sheet
    from synthesis.estimate_appraisal import estimate_appraisal_table as estimate_appraisal_table
    from synthesis.estimates import both_ways as both_ways
    from synthesis.estimates import derived_counts as derived_counts
    from synthesis.estimates import proportions as proportions
    from synthesis.feedback import ReceivedFeedback as ReceivedFeedback
    from synthesis.feedback import receive_feedback as receive_feedback
    from synthesis.feedback_rows import FeedbackChoices as FeedbackChoices
    from synthesis.figures import baujat_plot as baujat_plot
    from synthesis.figures import bubble_plot as bubble_plot
    from synthesis.figures import doi_plot as doi_plot
    from synthesis.figures import draw as draw
    from synthesis.figures import figure_names as figure_names
    from synthesis.figures import forest_plot as forest_plot
    from synthesis.figures import funnel_plot as funnel_plot
    from synthesis.figures import make_figure as make_figure
    from synthesis.figures import plotted as plotted
    from synthesis.figures import progress_alt as progress_alt
    from synthesis.figures import progress_plot as progress_plot
    from synthesis.figures import save_figure as save_figure
    from synthesis.framework import framework_matrix as framework_matrix
    from synthesis.framework import negative_cases as negative_cases
    from synthesis.grouping import subgroups as subgroups
    from synthesis.guard_rails import pooling_refusals as pooling_refusals
    from synthesis.guidance import address_words as address_words
    from synthesis.guidance import engagement_table as engagement_table
    from synthesis.guidance import guide_item_table as guide_item_table
    from synthesis.guidance import guide_modules as guide_modules
    from synthesis.guidance import guide_source_table as guide_source_table
    from synthesis.guidance import recommendation_counts as recommendation_counts
    from synthesis.guidance import recommendation_table as recommendation_table
    from synthesis.guidance import stated as stated
    from synthesis.guidance import step_table as step_table
    from synthesis.guidance_interventions import intervention_table as intervention_table
    from synthesis.guidance_interventions import result_counts as result_counts
    from synthesis.guidance_measures import measure_differences as measure_differences
    from synthesis.guidance_measures import measure_table as measure_table
    from synthesis.guidance_measures import which_measure as which_measure
    from synthesis.guidance_risks import pathway_table as pathway_table
    from synthesis.guidance_risks import risk_factor_table as risk_factor_table
    from synthesis.guide_figures import family_hub_figures as family_hub_figures
    from synthesis.influence import baujat_table as baujat_table
    from synthesis.influence import cumulative as cumulative
    from synthesis.influence import influence_table as influence_table
    from synthesis.influence import leave_one_out as leave_one_out
    from synthesis.intervals import agresti_coull as agresti_coull
    from synthesis.intervals import clopper_pearson as clopper_pearson
    from synthesis.intervals import jeffreys as jeffreys
    from synthesis.intervals import newcombe as newcombe
    from synthesis.intervals import wilson as wilson
    from synthesis.involvement import active as active
    from synthesis.involvement import gripp2 as gripp2
    from synthesis.leading import headline as headline
    from synthesis.local_areas import area_list as area_list
    from synthesis.local_areas import similar_areas as similar_areas
    from synthesis.local_figures import local_picture as local_picture
    from synthesis.local_reservations import local_notes as local_notes
    from synthesis.moderators import meta_regression as meta_regression
    from synthesis.multilevel import three_level as three_level
    from synthesis.outliers import outlier_robust as outlier_robust
    from synthesis.pack_folder import with_round as with_round
    from synthesis.pack_folder import write_pack as write_pack
    from synthesis.pack_reading import pack_texts as pack_texts
    from synthesis.pack_reading import readability_summary as readability_summary
    from synthesis.pack_reading import readability_table as readability_table
    from synthesis.packs import build_pack as build_pack
    from synthesis.planning import planning_items as planning_items
    from synthesis.planning import read_plans as read_plans
    from synthesis.planning import store_plan as store_plan
    from synthesis.planning_form import PlanAnswers as PlanAnswers
    from synthesis.planning_form import plan_form as plan_form
    from synthesis.planning_progress import change_counts as change_counts
    from synthesis.planning_progress import compare_plans as compare_plans
    from synthesis.planning_progress import plan_progress as plan_progress
    from synthesis.planning_reading import read_plan as read_plan
    from synthesis.planning_sheet import planning_workbook as planning_workbook
    from synthesis.planning_steps import next_steps as next_steps
    from synthesis.planning_steps import open_items as open_items
    from synthesis.pooling import Pooled as Pooled
    from synthesis.pooling import pool as pool
    from synthesis.pooling import pool_groups as pool_groups
    from synthesis.prevalence import pooled_table as pooled_table
    from synthesis.prevalence import prevalence_table as prevalence_table
    from synthesis.prevalence_comparison import published_prevalence as published_prevalence
    from synthesis.programme import programme_funnel as programme_funnel
    from synthesis.provenance import status as status
    from synthesis.provenance import status_line as status_line
    from synthesis.ranges import estimate_ranges as estimate_ranges
    from synthesis.ranges import refusal_table as refusal_table
    from synthesis.rank_change import area_ranks as area_ranks
    from synthesis.rank_change import area_standing as area_standing
    from synthesis.records import prisma_flow as prisma_flow
    from synthesis.reports import show as show
    from synthesis.responses import replies as replies
    from synthesis.responses import waiting as waiting
    from synthesis.schema import CallError as CallError
    from synthesis.schema import EvidenceError as EvidenceError
    from synthesis.schema import SynthesisError as SynthesisError
    from synthesis.second_reading import second_reading_agreement as second_reading_agreement
    from synthesis.second_reading import second_reading_differences as second_reading_differences
    from synthesis.sensitivity import sensitivity_table as sensitivity_table
    from synthesis.settlement import disagreement_sheet as disagreement_sheet
    from synthesis.settlement import settle as settle
    from synthesis.sheets import export_sheet as export_sheet
    from synthesis.sheets import import_sheet as import_sheet
    from synthesis.small_studies import doi_table as doi_table
    from synthesis.small_studies import funnel_table as funnel_table
    from synthesis.small_studies import small_study_checks as small_study_checks
    from synthesis.stability import stability_ranges as stability_ranges
    from synthesis.stability import theme_dependence as theme_dependence
    from synthesis.stability import theme_stability as theme_stability
    from synthesis.studies import included_studies as included_studies
    from synthesis.studies import participants as participants
    from synthesis.studies import study_counts as study_counts
    from synthesis.tables import Evidence as Evidence
    from synthesis.tables import check as check
    from synthesis.tables import read_evidence as read_evidence
    from synthesis.tables import write_table as write_table
    from synthesis.tables import write_tables as write_tables
    from synthesis.themes import theme_evidence as theme_evidence
    from synthesis.themes import theme_matrix as theme_matrix
    from synthesis.themes import theme_table as theme_table

_MODULE_OF = {
    "CallError": "schema",
    "Evidence": "tables",
    "EvidenceError": "schema",
    "FeedbackChoices": "feedback_rows",
    "Override": "combining",
    "PlanAnswers": "planning_form",
    "Pooled": "pooling",
    "PoolingRefused": "combining",
    "ReceivedFeedback": "feedback",
    "SynthesisError": "schema",
    "accumulation": "curves",
    "active": "involvement",
    "address_words": "guidance",
    "agreement_lines": "agreement",
    "agreement_table": "agreement",
    "agresti_coull": "intervals",
    "appraisal_differences": "appraisal",
    "appraisal_items": "appraisal",
    "appraisal_settlement": "appraisal_sheets",
    "appraisal_sheet": "appraisal_sheets",
    "appraisal_state": "appraisal",
    "appraisal_table": "appraisal",
    "appraise_first": "confidence",
    "area_breaks": "area_change",
    "area_estimates": "area_comparison",
    "area_funnel": "area_comparison",
    "area_list": "local_areas",
    "area_ranks": "rank_change",
    "area_series": "areas",
    "area_standing": "rank_change",
    "area_totals": "area_change",
    "area_trend": "area_change",
    "association_refusals": "associations",
    "association_table": "associations",
    "baujat_plot": "figures",
    "baujat_table": "influence",
    "both_ways": "estimates",
    "bubble_plot": "figures",
    "build_pack": "packs",
    "certainty_prompts": "certainty",
    "certainty_table": "certainty",
    "change_counts": "planning_progress",
    "check": "tables",
    "clopper_pearson": "intervals",
    "cluster_robust": "clusters",
    "code_agreement": "agreement",
    "codebook_history": "codes",
    "codebook_table": "codes",
    "coder": "coding_widget",
    "compare_plans": "planning_progress",
    "confidence_differences": "confidence",
    "confidence_settlement": "confidence_sheets",
    "confidence_sheet": "confidence_sheets",
    "confusion": "agreement",
    "contradictions": "contrary",
    "contributing": "confidence",
    "cooccurrence": "code_pairs",
    "crosswalk_table": "crosswalk",
    "cumulative": "influence",
    "derived_counts": "estimates",
    "disagreement_sheet": "settlement",
    "doi_plot": "figures",
    "doi_table": "small_studies",
    "draw": "figures",
    "engagement_table": "guidance",
    "estimate_appraisal_sheet": "estimate_appraisal",
    "estimate_appraisal_table": "estimate_appraisal",
    "estimate_ranges": "ranges",
    "evidence_profile": "confidence",
    "export_sheet": "sheets",
    "family_hub_figures": "guide_figures",
    "figure_names": "figures",
    "finding_answers": "crosswalk",
    "forest_plot": "figures",
    "framework_matrix": "framework",
    "funnel_plot": "figures",
    "funnel_table": "small_studies",
    "gripp2": "involvement",
    "guide_item_table": "guidance",
    "guide_modules": "guidance",
    "guide_source_table": "guidance",
    "headline": "leading",
    "import_sheet": "sheets",
    "included_studies": "studies",
    "influence_table": "influence",
    "intervention_table": "guidance_interventions",
    "jeffreys": "intervals",
    "leave_one_out": "influence",
    "levels_by_concerns": "confidence",
    "local_brief": "brief",
    "local_notes": "local_reservations",
    "local_picture": "local_figures",
    "make_figure": "figures",
    "measure_differences": "guidance_measures",
    "measure_table": "guidance_measures",
    "merge_codes": "codes",
    "meta_regression": "moderators",
    "misapplications": "confidence",
    "move_code": "codes",
    "needs_and_interventions": "crosswalk",
    "negative_cases": "framework",
    "newcombe": "intervals",
    "next_steps": "planning_steps",
    "open_items": "planning_steps",
    "outlier_robust": "outliers",
    "pack_texts": "pack_reading",
    "participants": "studies",
    "pathway_table": "guidance_risks",
    "perspective_contrast": "contrast",
    "plan_form": "planning_form",
    "plan_progress": "planning_progress",
    "planning_items": "planning",
    "planning_workbook": "planning_sheet",
    "plotted": "figures",
    "pool": "pooling",
    "pool_estimates": "combining",
    "pool_groups": "pooling",
    "pooled_table": "prevalence",
    "pooling_refusals": "guard_rails",
    "practical_mentions": "crosswalk",
    "prevalence_table": "prevalence",
    "prisma_flow": "records",
    "progress_alt": "figures",
    "progress_plot": "figures",
    "programme_funnel": "programme",
    "proportions": "estimates",
    "published_comparison": "comparison",
    "published_prevalence": "prevalence_comparison",
    "read_evidence": "tables",
    "read_plan": "planning_reading",
    "read_plans": "planning",
    "readability_summary": "pack_reading",
    "readability_table": "pack_reading",
    "receive_feedback": "feedback",
    "recommendation_counts": "guidance",
    "recommendation_support": "crosswalk",
    "recommendation_table": "guidance",
    "record_appraisals": "appraisal_sheets",
    "record_confidence": "confidence_sheets",
    "refusal_table": "ranges",
    "rename_code": "codes",
    "replies": "responses",
    "result_counts": "guidance_interventions",
    "risk_factor_table": "guidance_risks",
    "save_figure": "figures",
    "second_reading_agreement": "second_reading",
    "second_reading_differences": "second_reading",
    "sensitivity_table": "sensitivity",
    "settle": "settlement",
    "settle_appraisals": "appraisal_sheets",
    "settle_confidence": "confidence_sheets",
    "show": "reports",
    "similar_areas": "local_areas",
    "small_study_checks": "small_studies",
    "split_code": "codes",
    "stability_ranges": "stability",
    "stated": "guidance",
    "status": "provenance",
    "status_line": "provenance",
    "step_table": "guidance",
    "store_plan": "planning",
    "study_counts": "studies",
    "subgroups": "grouping",
    "suggested_concerns": "confidence",
    "summary_of_findings": "confidence",
    "theme_by_perspective": "derived",
    "theme_dependence": "stability",
    "theme_evidence": "themes",
    "theme_map": "contrast",
    "theme_matrix": "themes",
    "theme_stability": "stability",
    "theme_table": "themes",
    "three_level": "multilevel",
    "trace": "chain",
    "trace_text": "chain",
    "waiting": "responses",
    "which_measure": "guidance_measures",
    "wilson": "intervals",
    "with_round": "pack_folder",
    "write_briefs": "brief_folder",
    "write_pack": "pack_folder",
    "write_table": "tables",
    "write_tables": "tables",
}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"synthesis.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'synthesis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return ["__version__", *__all__]
