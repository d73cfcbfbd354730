"""Reported ratios: every one a row once, as printed; groups; what speaks against an average; and the plot."""

from __future__ import annotations

import pandas as pd
import pytest
from plain import column, rows

from synthesis.drawing.associations import association_alt, association_plot
from synthesis.drawing.canvas import plotted
from synthesis.evidence.schema import SynthesisError, vocabularies
from synthesis.prevalence.associations import association_refusals, association_table, grouped_refusals


@pytest.fixture(scope="module")
def table(evidence) -> pd.DataFrame:
    return association_table(evidence)


def test_every_ratio_is_a_row_once_with_its_printed_numbers(table):
    assert sorted(table["association_id"]) == sorted(row["association_id"] for row in rows("associations"))
    shown = table.set_index("association_id")
    for row in rows("associations"):
        for number in ("estimate", "ci_low", "ci_high"):
            value = shown.loc[row["association_id"], number]
            assert (pd.isna(value) and not row[number]) or value == float(row[number])
    assert table[["outcome_group", "exposure_group", "source"]].notna().all(axis=None)
    assert shown["pooled"].to_dict() == column("associations", "association_id", "pooled")


def test_groups_stand_in_the_order_of_their_vocabularies_and_ratios_from_the_largest(table):
    known = vocabularies()
    places = [
        (list(known["outcome_group"]).index(row.outcome_group), list(known["exposure_group"]).index(row.exposure_group))
        for row in table.itertuples()
    ]
    assert places == sorted(places)
    for _, same in table.groupby(["outcome_group", "exposure_group"]):
        assert same["estimate"].dropna().is_monotonic_decreasing


def test_remarks_join_what_sources_say_against_themselves_and_notes_of_the_group(table):
    shown = table.set_index("association_id")["remark"]
    noted = {i for i, note in column("association_groups", "association_id", "note").items() if note}
    against = {row["row_id"] for row in rows("discrepancies") if row["table"] == "associations"}
    assert set(shown.dropna().index) == noted | against
    assert shown["Simoila2019-a01"].startswith("Stated: IRR 12.6")


def test_one_outcome_is_its_part_of_the_whole(evidence, table):
    part = table[(table["outcome_group"] == "child_placed") & (table["exposure_group"] == "parent_psychosis")]
    found = association_table(evidence, "child_placed", "parent_psychosis")
    pd.testing.assert_frame_equal(found, part.reset_index(drop=True))


def test_a_ratio_that_nobody_grouped_stands_last_and_is_not_lost(evidence, altered):
    groups = evidence.association_groups
    changed = association_table(altered(association_groups=groups[groups["association_id"] != "Ranning2015-a01"]))
    assert len(changed) == 102 and changed["association_id"].iloc[-1] == "Ranning2015-a01"
    assert "Not grouped yet" in {text.get_text() for text in association_plot(changed.tail(3)).texts}


@pytest.mark.parametrize(
    ("associations", "refusal", "said"),
    [
        (["Ranning2015-a01", "Ranning2015-a02"], "same_people", "rest on the same people (Ranning2015)"),
        (["Ranning2015-a01", "Simoila2019-a01"], "definitions_differ", "2 kinds of population"),
        (["Ranning2015-a04", "Kohl2011-a03"], "measures_differ", "2 kinds of measure (IRR; HR); 2 kinds of adjusted"),
        (["Necho2020-a01", "EthiopiaPPD-a03"], "already_pooled", "already the pooled value of a review"),
        (["Kohl2011-a03", "Park2006-a01"], "no_interval", "estimate or interval are not printed"),
        (["Ranning2015-a01", "Simoila2019-a01"], "too_few", "at least 3 sources; there are 2"),
    ],
)
def test_each_refusal_names_its_reason(evidence, associations, refusal, said):
    found = association_refusals(evidence, associations).set_index("refusal")
    assert said in found.loc[refusal, "said"]


def test_ratios_of_one_question_in_three_sources_would_pass(evidence, altered):
    changed = evidence.associations.copy()
    ids = ["Ranning2015-a01", "Simoila2019-a01", "Taiwan2010-a01"]
    alike = changed["association_id"].isin(ids)
    changed.loc[alike, ["exposure", "outcome", "population", "measure", "adjusted"]] = ["a", "b", "c", "OR", "yes"]
    assert association_refusals(altered(associations=changed), ids).empty
    notice = {"retraction_id": "R1", "source_id": "Taiwan2010", "doi": None, "notice_url": "https://example.org", "date_seen": pd.Timestamp("2026-11-22"), "note": None}  # fmt: skip
    withdrawn = association_refusals(altered(associations=changed, retractions=pd.DataFrame([notice])), ids)
    assert withdrawn["refusal"].to_list() == ["retracted"]


def test_no_group_passes_and_each_says_why(evidence):
    groups = grouped_refusals(evidence)
    assert (groups["n_associations"] > 1).all() and (groups["n_sources"] <= groups["n_associations"]).all()
    assert (groups["refusals"] != "").all(), "a group passes the rails: show its average"
    words = set(";".join(groups["refusals"]).split(";"))
    assert words <= set(vocabularies()["pooling_refusal"])
    assert groups["said"].str.contains("kinds of").all()


@pytest.mark.parametrize("wrong", [{"outcome": "death"}, {"exposure": "illness"}])
def test_unknown_groups_are_refused(evidence, wrong):
    with pytest.raises(SynthesisError, match="_group '"):
        association_table(evidence, **wrong)
    with pytest.raises(SynthesisError, match="does not hold nobody-a01"):
        association_refusals(evidence, ["nobody-a01"])


def test_the_plot_shows_every_ratio_on_a_logarithmic_axis(evidence):
    table = association_table(evidence, "child_placed")
    ax = association_plot(table)
    assert ax.get_xscale() == "log"
    pd.testing.assert_frame_equal(plotted(ax), table)
    drawn = {round(float(line.get_xdata()[0]), 6) for line in ax.lines if line.get_marker() not in ("None", None, "")}
    assert drawn == {round(float(value), 6) for value in table["estimate"].dropna()}
    left, right = ax.get_xlim()
    assert left < table["ci_low"].min() and right > table["ci_high"].max()
    said = " ".join(text.get_text() for text in ax.texts)
    births = association_plot(association_table(evidence, "depression_around_birth"))
    assert "OR ap 4.33 (2.26 to 6.59)" in {text.get_text() for text in births.texts}, "adjusted, and pooled by a review"
    assert "IRR 23.75 (20.94 to 26.93)" in said and "HR a not printed (4.24 to 4.61)" in said
    assert "Ratios are not averaged" in said.replace("\n", " ")


def test_hollow_means_no_interval(evidence):
    table = association_table(evidence, "child_placed", "parent_depression_or_anxiety")
    fills = {float(line.get_xdata()[0]): line.get_markerfacecolor() for line in association_plot(table).lines if line.get_marker() not in ("None", None, "")}  # fmt: skip
    assert fills[1.75] == "white" and fills[4.28] != "white"


def test_the_alternative_text_counts_and_nothing_at_all_is_said_too(table):
    said = association_alt(table)
    whole = table["ci_low"].notna().sum()
    assert said.startswith("Plot of 102 ratios") and f"of {whole} intervals lie above 1" in said
    assert said.endswith("not averaged.")
    assert association_alt(table.head(0)) == "Plot of associations: there are none to show."
    assert plotted(association_plot(table.head(0))).empty
