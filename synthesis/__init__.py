"""Evidence synthesis from tidy tables: check, synthesise, trace and show what a review rests on.

    >>> from synthesis import read_evidence, theme_table
    >>> evidence = read_evidence("data")
    >>> theme_table(evidence)

Names are loaded when they are first used, so that importing the package costs little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

#: Written here, not asked of the installed package: so it is that of the code that runs, in a bare source tree too.
__version__ = "0.1.0"

if TYPE_CHECKING:
    from synthesis.briefs.contents import local_brief as local_brief
    from synthesis.briefs.folder import write_briefs as write_briefs
    from synthesis.coding.agreement import agreement_lines as agreement_lines
    from synthesis.coding.agreement import agreement_table as agreement_table
    from synthesis.coding.agreement import code_agreement as code_agreement
    from synthesis.coding.agreement import confusion as confusion
    from synthesis.coding.code_pairs import cooccurrence as cooccurrence
    from synthesis.coding.codebook import codebook_history as codebook_history
    from synthesis.coding.codebook import codebook_table as codebook_table
    from synthesis.coding.codebook import merge_codes as merge_codes
    from synthesis.coding.codebook import move_code as move_code
    from synthesis.coding.codebook import rename_code as rename_code
    from synthesis.coding.codebook import split_code as split_code
    from synthesis.coding.settlement import disagreement_sheet as disagreement_sheet
    from synthesis.coding.settlement import settle as settle
    from synthesis.coding.widget import coder as coder
    from synthesis.evidence.schema import CallError as CallError
    from synthesis.evidence.schema import EvidenceError as EvidenceError
    from synthesis.evidence.schema import SynthesisError as SynthesisError
    from synthesis.evidence.tables import Evidence as Evidence
    from synthesis.evidence.tables import check as check
    from synthesis.evidence.tables import read_evidence as read_evidence
    from synthesis.evidence.tables import write_table as write_table
    from synthesis.evidence.tables import write_tables as write_tables
    from synthesis.guidance.crosswalk import crosswalk_table as crosswalk_table
    from synthesis.guidance.crosswalk import finding_answers as finding_answers
    from synthesis.guidance.crosswalk import needs_and_interventions as needs_and_interventions
    from synthesis.guidance.crosswalk import practical_mentions as practical_mentions
    from synthesis.guidance.crosswalk import recommendation_support as recommendation_support
    from synthesis.guidance.guide_figures import family_hub_figures as family_hub_figures
    from synthesis.guidance.guides import address_words as address_words
    from synthesis.guidance.guides import engagement_table as engagement_table
    from synthesis.guidance.guides import guide_item_table as guide_item_table
    from synthesis.guidance.guides import guide_modules as guide_modules
    from synthesis.guidance.guides import guide_source_table as guide_source_table
    from synthesis.guidance.guides import recommendation_counts as recommendation_counts
    from synthesis.guidance.guides import recommendation_table as recommendation_table
    from synthesis.guidance.guides import stated as stated
    from synthesis.guidance.guides import step_table as step_table
    from synthesis.guidance.interventions import intervention_table as intervention_table
    from synthesis.guidance.interventions import result_counts as result_counts
    from synthesis.guidance.measures import measure_differences as measure_differences
    from synthesis.guidance.measures import measure_table as measure_table
    from synthesis.guidance.measures import which_measure as which_measure
    from synthesis.guidance.programme import programme_funnel as programme_funnel
    from synthesis.guidance.risks import pathway_table as pathway_table
    from synthesis.guidance.risks import risk_factor_table as risk_factor_table
    from synthesis.guidance.second_reading import second_reading_agreement as second_reading_agreement
    from synthesis.guidance.second_reading import second_reading_differences as second_reading_differences
    from synthesis.numbers.intervals import agresti_coull as agresti_coull
    from synthesis.numbers.intervals import clopper_pearson as clopper_pearson
    from synthesis.numbers.intervals import jeffreys as jeffreys
    from synthesis.numbers.intervals import newcombe as newcombe
    from synthesis.numbers.intervals import wilson as wilson
    from synthesis.numbers.leading import headline as headline
    from synthesis.packs.contents import build_pack as build_pack
    from synthesis.packs.feedback import ReceivedFeedback as ReceivedFeedback
    from synthesis.packs.feedback import receive_feedback as receive_feedback
    from synthesis.packs.feedback_rows import FeedbackChoices as FeedbackChoices
    from synthesis.packs.folder import with_round as with_round
    from synthesis.packs.folder import write_pack as write_pack
    from synthesis.packs.involvement import active as active
    from synthesis.packs.involvement import gripp2 as gripp2
    from synthesis.packs.reading_level import pack_texts as pack_texts
    from synthesis.packs.reading_level import readability_summary as readability_summary
    from synthesis.packs.reading_level import readability_table as readability_table
    from synthesis.packs.responses import replies as replies
    from synthesis.packs.responses import waiting as waiting
    from synthesis.planning.form import PlanAnswers as PlanAnswers
    from synthesis.planning.form import plan_form as plan_form
    from synthesis.planning.next_steps import next_steps as next_steps
    from synthesis.planning.next_steps import open_items as open_items
    from synthesis.planning.plans import planning_items as planning_items
    from synthesis.planning.plans import read_plans as read_plans
    from synthesis.planning.plans import store_plan as store_plan
    from synthesis.planning.progress import change_counts as change_counts
    from synthesis.planning.progress import compare_plans as compare_plans
    from synthesis.planning.progress import plan_progress as plan_progress
    from synthesis.planning.reading import read_plan as read_plan
    from synthesis.planning.sheet import planning_workbook as planning_workbook
    from synthesis.pooling.clusters import cluster_robust as cluster_robust
    from synthesis.pooling.grouping import subgroups as subgroups
    from synthesis.pooling.influence import baujat_table as baujat_table
    from synthesis.pooling.influence import cumulative as cumulative
    from synthesis.pooling.influence import influence_table as influence_table
    from synthesis.pooling.influence import leave_one_out as leave_one_out
    from synthesis.pooling.moderators import meta_regression as meta_regression
    from synthesis.pooling.multilevel import three_level as three_level
    from synthesis.pooling.outliers import outlier_robust as outlier_robust
    from synthesis.pooling.pooled import Pooled as Pooled
    from synthesis.pooling.pooled import pool as pool
    from synthesis.pooling.pooled import pool_groups as pool_groups
    from synthesis.pooling.sensitivity import sensitivity_table as sensitivity_table
    from synthesis.pooling.small_studies import doi_table as doi_table
    from synthesis.pooling.small_studies import funnel_table as funnel_table
    from synthesis.pooling.small_studies import small_study_checks as small_study_checks
    from synthesis.prevalence.area_change import area_breaks as area_breaks
    from synthesis.prevalence.area_change import area_totals as area_totals
    from synthesis.prevalence.area_change import area_trend as area_trend
    from synthesis.prevalence.area_comparison import area_estimates as area_estimates
    from synthesis.prevalence.area_comparison import area_funnel as area_funnel
    from synthesis.prevalence.areas import area_series as area_series
    from synthesis.prevalence.associations import association_refusals as association_refusals
    from synthesis.prevalence.associations import association_table as association_table
    from synthesis.prevalence.by_indicator import pooled_table as pooled_table
    from synthesis.prevalence.by_indicator import prevalence_table as prevalence_table
    from synthesis.prevalence.certainty import certainty_prompts as certainty_prompts
    from synthesis.prevalence.certainty import certainty_table as certainty_table
    from synthesis.prevalence.combining import Override as Override
    from synthesis.prevalence.combining import PoolingRefused as PoolingRefused
    from synthesis.prevalence.combining import pool_estimates as pool_estimates
    from synthesis.prevalence.estimate_appraisal import estimate_appraisal_sheet as estimate_appraisal_sheet
    from synthesis.prevalence.estimate_appraisal import estimate_appraisal_table as estimate_appraisal_table
    from synthesis.prevalence.estimates import both_ways as both_ways
    from synthesis.prevalence.estimates import derived_counts as derived_counts
    from synthesis.prevalence.estimates import proportions as proportions
    from synthesis.prevalence.guard_rails import pooling_refusals as pooling_refusals
    from synthesis.prevalence.local_areas import area_list as area_list
    from synthesis.prevalence.local_areas import similar_areas as similar_areas
    from synthesis.prevalence.local_figures import local_picture as local_picture
    from synthesis.prevalence.local_reservations import local_notes as local_notes
    from synthesis.prevalence.ranges import estimate_ranges as estimate_ranges
    from synthesis.prevalence.ranges import refusal_table as refusal_table
    from synthesis.prevalence.rank_change import area_ranks as area_ranks
    from synthesis.prevalence.rank_change import area_standing as area_standing
    from synthesis.reports.chain import trace as trace
    from synthesis.reports.chain import trace_text as trace_text
    from synthesis.reports.comparison import published_comparison as published_comparison
    from synthesis.reports.derived import theme_by_perspective as theme_by_perspective
    from synthesis.reports.display import show as show
    from synthesis.reports.figures import baujat_plot as baujat_plot
    from synthesis.reports.figures import bubble_plot as bubble_plot
    from synthesis.reports.figures import doi_plot as doi_plot
    from synthesis.reports.figures import draw as draw
    from synthesis.reports.figures import figure_names as figure_names
    from synthesis.reports.figures import forest_plot as forest_plot
    from synthesis.reports.figures import funnel_plot as funnel_plot
    from synthesis.reports.figures import make_figure as make_figure
    from synthesis.reports.figures import plotted as plotted
    from synthesis.reports.figures import progress_alt as progress_alt
    from synthesis.reports.figures import progress_plot as progress_plot
    from synthesis.reports.figures import save_figure as save_figure
    from synthesis.reports.prevalence_comparison import published_prevalence as published_prevalence
    from synthesis.reports.sheets import export_sheet as export_sheet
    from synthesis.reports.sheets import import_sheet as import_sheet
    from synthesis.review.appraisal import appraisal_differences as appraisal_differences
    from synthesis.review.appraisal import appraisal_items as appraisal_items
    from synthesis.review.appraisal import appraisal_state as appraisal_state
    from synthesis.review.appraisal import appraisal_table as appraisal_table
    from synthesis.review.appraisal_sheets import appraisal_settlement as appraisal_settlement
    from synthesis.review.appraisal_sheets import appraisal_sheet as appraisal_sheet
    from synthesis.review.appraisal_sheets import record_appraisals as record_appraisals
    from synthesis.review.appraisal_sheets import settle_appraisals as settle_appraisals
    from synthesis.review.provenance import status as status
    from synthesis.review.provenance import status_line as status_line
    from synthesis.review.records import prisma_flow as prisma_flow
    from synthesis.review.studies import included_studies as included_studies
    from synthesis.review.studies import participants as participants
    from synthesis.review.studies import study_counts as study_counts
    from synthesis.themes.confidence import appraise_first as appraise_first
    from synthesis.themes.confidence import confidence_differences as confidence_differences
    from synthesis.themes.confidence import contributing as contributing
    from synthesis.themes.confidence import evidence_profile as evidence_profile
    from synthesis.themes.confidence import levels_by_concerns as levels_by_concerns
    from synthesis.themes.confidence import misapplications as misapplications
    from synthesis.themes.confidence import suggested_concerns as suggested_concerns
    from synthesis.themes.confidence import summary_of_findings as summary_of_findings
    from synthesis.themes.confidence_sheets import confidence_settlement as confidence_settlement
    from synthesis.themes.confidence_sheets import confidence_sheet as confidence_sheet
    from synthesis.themes.confidence_sheets import record_confidence as record_confidence
    from synthesis.themes.confidence_sheets import settle_confidence as settle_confidence
    from synthesis.themes.contrary import contradictions as contradictions
    from synthesis.themes.contrast import perspective_contrast as perspective_contrast
    from synthesis.themes.contrast import theme_map as theme_map
    from synthesis.themes.curves import accumulation as accumulation
    from synthesis.themes.framework import framework_matrix as framework_matrix
    from synthesis.themes.framework import negative_cases as negative_cases
    from synthesis.themes.stability import stability_ranges as stability_ranges
    from synthesis.themes.stability import theme_dependence as theme_dependence
    from synthesis.themes.stability import theme_stability as theme_stability
    from synthesis.themes.support import theme_evidence as theme_evidence
    from synthesis.themes.support import theme_matrix as theme_matrix
    from synthesis.themes.support import theme_table as theme_table

_MODULE_OF = {
    "CallError": "evidence.schema",
    "Evidence": "evidence.tables",
    "EvidenceError": "evidence.schema",
    "FeedbackChoices": "packs.feedback_rows",
    "Override": "prevalence.combining",
    "PlanAnswers": "planning.form",
    "Pooled": "pooling.pooled",
    "PoolingRefused": "prevalence.combining",
    "ReceivedFeedback": "packs.feedback",
    "SynthesisError": "evidence.schema",
    "accumulation": "themes.curves",
    "active": "packs.involvement",
    "address_words": "guidance.guides",
    "agreement_lines": "coding.agreement",
    "agreement_table": "coding.agreement",
    "agresti_coull": "numbers.intervals",
    "appraisal_differences": "review.appraisal",
    "appraisal_items": "review.appraisal",
    "appraisal_settlement": "review.appraisal_sheets",
    "appraisal_sheet": "review.appraisal_sheets",
    "appraisal_state": "review.appraisal",
    "appraisal_table": "review.appraisal",
    "appraise_first": "themes.confidence",
    "area_breaks": "prevalence.area_change",
    "area_estimates": "prevalence.area_comparison",
    "area_funnel": "prevalence.area_comparison",
    "area_list": "prevalence.local_areas",
    "area_ranks": "prevalence.rank_change",
    "area_series": "prevalence.areas",
    "area_standing": "prevalence.rank_change",
    "area_totals": "prevalence.area_change",
    "area_trend": "prevalence.area_change",
    "association_refusals": "prevalence.associations",
    "association_table": "prevalence.associations",
    "baujat_plot": "reports.figures",
    "baujat_table": "pooling.influence",
    "both_ways": "prevalence.estimates",
    "bubble_plot": "reports.figures",
    "build_pack": "packs.contents",
    "certainty_prompts": "prevalence.certainty",
    "certainty_table": "prevalence.certainty",
    "change_counts": "planning.progress",
    "check": "evidence.tables",
    "clopper_pearson": "numbers.intervals",
    "cluster_robust": "pooling.clusters",
    "code_agreement": "coding.agreement",
    "codebook_history": "coding.codebook",
    "codebook_table": "coding.codebook",
    "coder": "coding.widget",
    "compare_plans": "planning.progress",
    "confidence_differences": "themes.confidence",
    "confidence_settlement": "themes.confidence_sheets",
    "confidence_sheet": "themes.confidence_sheets",
    "confusion": "coding.agreement",
    "contradictions": "themes.contrary",
    "contributing": "themes.confidence",
    "cooccurrence": "coding.code_pairs",
    "crosswalk_table": "guidance.crosswalk",
    "cumulative": "pooling.influence",
    "derived_counts": "prevalence.estimates",
    "disagreement_sheet": "coding.settlement",
    "doi_plot": "reports.figures",
    "doi_table": "pooling.small_studies",
    "draw": "reports.figures",
    "engagement_table": "guidance.guides",
    "estimate_appraisal_sheet": "prevalence.estimate_appraisal",
    "estimate_appraisal_table": "prevalence.estimate_appraisal",
    "estimate_ranges": "prevalence.ranges",
    "evidence_profile": "themes.confidence",
    "export_sheet": "reports.sheets",
    "family_hub_figures": "guidance.guide_figures",
    "figure_names": "reports.figures",
    "finding_answers": "guidance.crosswalk",
    "forest_plot": "reports.figures",
    "framework_matrix": "themes.framework",
    "funnel_plot": "reports.figures",
    "funnel_table": "pooling.small_studies",
    "gripp2": "packs.involvement",
    "guide_item_table": "guidance.guides",
    "guide_modules": "guidance.guides",
    "guide_source_table": "guidance.guides",
    "headline": "numbers.leading",
    "import_sheet": "reports.sheets",
    "included_studies": "review.studies",
    "influence_table": "pooling.influence",
    "intervention_table": "guidance.interventions",
    "jeffreys": "numbers.intervals",
    "leave_one_out": "pooling.influence",
    "levels_by_concerns": "themes.confidence",
    "local_brief": "briefs.contents",
    "local_notes": "prevalence.local_reservations",
    "local_picture": "prevalence.local_figures",
    "make_figure": "reports.figures",
    "measure_differences": "guidance.measures",
    "measure_table": "guidance.measures",
    "merge_codes": "coding.codebook",
    "meta_regression": "pooling.moderators",
    "misapplications": "themes.confidence",
    "move_code": "coding.codebook",
    "needs_and_interventions": "guidance.crosswalk",
    "negative_cases": "themes.framework",
    "newcombe": "numbers.intervals",
    "next_steps": "planning.next_steps",
    "open_items": "planning.next_steps",
    "outlier_robust": "pooling.outliers",
    "pack_texts": "packs.reading_level",
    "participants": "review.studies",
    "pathway_table": "guidance.risks",
    "perspective_contrast": "themes.contrast",
    "plan_form": "planning.form",
    "plan_progress": "planning.progress",
    "planning_items": "planning.plans",
    "planning_workbook": "planning.sheet",
    "plotted": "reports.figures",
    "pool": "pooling.pooled",
    "pool_estimates": "prevalence.combining",
    "pool_groups": "pooling.pooled",
    "pooled_table": "prevalence.by_indicator",
    "pooling_refusals": "prevalence.guard_rails",
    "practical_mentions": "guidance.crosswalk",
    "prevalence_table": "prevalence.by_indicator",
    "prisma_flow": "review.records",
    "progress_alt": "reports.figures",
    "progress_plot": "reports.figures",
    "programme_funnel": "guidance.programme",
    "proportions": "prevalence.estimates",
    "published_comparison": "reports.comparison",
    "published_prevalence": "reports.prevalence_comparison",
    "read_evidence": "evidence.tables",
    "read_plan": "planning.reading",
    "read_plans": "planning.plans",
    "readability_summary": "packs.reading_level",
    "readability_table": "packs.reading_level",
    "receive_feedback": "packs.feedback",
    "recommendation_counts": "guidance.guides",
    "recommendation_support": "guidance.crosswalk",
    "recommendation_table": "guidance.guides",
    "record_appraisals": "review.appraisal_sheets",
    "record_confidence": "themes.confidence_sheets",
    "refusal_table": "prevalence.ranges",
    "rename_code": "coding.codebook",
    "replies": "packs.responses",
    "result_counts": "guidance.interventions",
    "risk_factor_table": "guidance.risks",
    "save_figure": "reports.figures",
    "second_reading_agreement": "guidance.second_reading",
    "second_reading_differences": "guidance.second_reading",
    "sensitivity_table": "pooling.sensitivity",
    "settle": "coding.settlement",
    "settle_appraisals": "review.appraisal_sheets",
    "settle_confidence": "themes.confidence_sheets",
    "show": "reports.display",
    "similar_areas": "prevalence.local_areas",
    "small_study_checks": "pooling.small_studies",
    "split_code": "coding.codebook",
    "stability_ranges": "themes.stability",
    "stated": "guidance.guides",
    "status": "review.provenance",
    "status_line": "review.provenance",
    "step_table": "guidance.guides",
    "store_plan": "planning.plans",
    "study_counts": "review.studies",
    "subgroups": "pooling.grouping",
    "suggested_concerns": "themes.confidence",
    "summary_of_findings": "themes.confidence",
    "theme_by_perspective": "reports.derived",
    "theme_dependence": "themes.stability",
    "theme_evidence": "themes.support",
    "theme_map": "themes.contrast",
    "theme_matrix": "themes.support",
    "theme_stability": "themes.stability",
    "theme_table": "themes.support",
    "three_level": "pooling.multilevel",
    "trace": "reports.chain",
    "trace_text": "reports.chain",
    "waiting": "packs.responses",
    "which_measure": "guidance.measures",
    "wilson": "numbers.intervals",
    "with_round": "packs.folder",
    "write_briefs": "briefs.folder",
    "write_pack": "packs.folder",
    "write_table": "evidence.tables",
    "write_tables": "evidence.tables",
}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"synthesis.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'synthesis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return ["__version__", *__all__]
