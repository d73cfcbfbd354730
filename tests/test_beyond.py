"""What goes beyond one pooled number: what is refused and said, and what must hold whatever the studies are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthesis.evidence.schema import SynthesisError
from synthesis.pooling.clusters import cluster_robust
from synthesis.pooling.effects import effect_sizes
from synthesis.pooling.grouping import subgroups
from synthesis.pooling.influence import baujat_table, cumulative, influence_table, leave_one_out
from synthesis.pooling.moderators import meta_regression
from synthesis.pooling.multilevel import three_level
from synthesis.pooling.outliers import outlier_robust
from synthesis.pooling.pooled import pool
from synthesis.pooling.sensitivity import sensitivity_table
from synthesis.pooling.small_studies import doi_measures, doi_table, funnel_table, lfk_index, small_study_checks

STUDIES = pd.DataFrame(
    {
        "study": list("abcdefgh"),
        "events": [10, 22, 31, 15, 30, 48, 19, 40],
        "totals": [100, 200, 300, 150, 100, 150, 60, 105],
        "year": [2001, 2003, 2004, 2008, 2010, 2012, 2015, 2020],
        "setting": ["clinic"] * 4 + ["survey"] * 4,
        "source": ["s1", "s1", "s2", "s2", "s3", "s3", "s4", "s4"],
    }
)
ONE_FAR = STUDIES.assign(events=[10, 22, 31, 15, 9, 16, 6, 95])


def changed(**columns: list) -> pd.DataFrame:
    return STUDIES.assign(**columns)


# ---------------------------------------------------------------------------------------------------- meta-regression
def test_a_moderator_that_explains_everything_leaves_no_heterogeneity():
    row = meta_regression(STUDIES, "events", "totals", ["setting"]).summary().iloc[0]
    assert row["tau2"] < 0.1 * pool(STUDIES["events"], STUDIES["totals"]).tau2
    assert row["r2"] > 90
    assert row["test_p"] < 0.001


def test_a_category_is_compared_with_its_first_value_in_the_order_given():
    ordered = changed(setting=pd.Categorical(STUDIES["setting"], ["survey", "clinic"]))
    terms = meta_regression(ordered, "events", "totals", ["setting", "year"]).table()["term"].to_list()
    assert terms == ["intercept", "setting: clinic", "year"]


def test_predictions_at_the_groups_are_the_subgroups_under_a_common_tau2():
    predicted = meta_regression(STUDIES, "events", "totals", ["setting"]).predict(
        pd.DataFrame({"setting": ["clinic", "survey"]})
    )
    groups = subgroups(STUDIES, "setting", "events", "totals", tau2="common").table()
    for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high"):
        assert predicted[name].to_list() == pytest.approx(groups[name].to_list()[:2], rel=1e-9)


def test_shifting_a_moderator_moves_the_intercept_alone():
    one = meta_regression(STUDIES, "events", "totals", ["year"])
    two = meta_regression(changed(year=STUDIES["year"] - 2000), "events", "totals", ["year"])
    assert two.table()["estimate"][1] == pytest.approx(one.table()["estimate"][1], rel=1e-8)
    assert two.summary()["tau2"][0] == pytest.approx(one.summary()["tau2"][0], rel=1e-6, abs=1e-12)
    assert two.predict()["estimate"].to_list() == pytest.approx(one.predict()["estimate"].to_list(), rel=1e-8)


def test_the_bubbles_are_the_studies_with_weights_that_sum_to_a_hundred():
    bubbles = meta_regression(STUDIES, "events", "totals", ["year"]).bubbles()
    assert bubbles["label"].to_list() == list("abcdefgh")
    assert bubbles["weight"].sum() == pytest.approx(100)
    assert bubbles["fitted"].between(0, 1).all()


def test_a_row_without_a_moderator_is_left_out_and_named():
    result = meta_regression(changed(year=[2001, None, *STUDIES["year"][2:]]), "events", "totals", ["year"])
    assert result.summary()["k"][0] == 7
    assert "1 of 8 rows lack a value and are left out: b" in result.summary()["remark"][0]
    assert "studies for each coefficient" in str(result)


@pytest.mark.parametrize(
    ("frame", "moderators", "said"),
    [
        (STUDIES, [], "at least one moderator"),
        (STUDIES, ["size", "age"], "no column 'size', 'age'"),
        (changed(setting="clinic"), ["setting"], "All studies have the same setting"),
        (changed(copy=2 * STUDIES["year"]), ["year", "copy"], "says what others say already"),
        (STUDIES, ["study"], "need at least 9 studies; there are 8"),
        (changed(events=[101, 22, 301, 15, 30, 48, 19, 40]), ["year"], "a: 101 of 100; c: 301 of 300"),
    ],
)
def test_a_meta_regression_that_cannot_be_is_refused_with_the_reason(frame, moderators, said):
    with pytest.raises(SynthesisError, match=said):
        meta_regression(frame, "events", "totals", moderators)


def test_a_prediction_for_a_value_that_no_study_has_is_refused():
    result = meta_regression(STUDIES, "events", "totals", ["setting"])
    with pytest.raises(SynthesisError, match="No study has setting 'prison'; there are 'clinic', 'survey'"):
        result.predict(pd.DataFrame({"setting": ["prison"]}))
    with pytest.raises(SynthesisError, match="lack the column 'setting'"):
        result.predict(pd.DataFrame({"year": [2001]}))


# ---------------------------------------------------------------------------------------------------------- subgroups
def test_separate_subgroups_are_the_pools_of_their_studies():
    rows = subgroups(STUDIES, "setting", "events", "totals", model="glmm").table()
    assert rows["group"].to_list() == ["clinic", "survey", "all"]
    for group, row in zip(("clinic", "survey"), rows.to_dict("records"), strict=False):
        part = STUDIES[STUDIES["setting"] == group]
        assert row["estimate"] == pytest.approx(pool(part["events"], part["totals"], model="glmm").estimate, rel=1e-9)


def test_subgroups_name_the_model_behind_them():
    assert "Random effects: inverse variance, logit scale, tau² by REML; interval Hartung and Knapp" in str(
        subgroups(STUDIES, "setting", "events", "totals")
    )
    counted = subgroups(STUDIES, "setting", "events", "totals", model="glmm")
    assert "binomial-normal GLMM" in str(counted)
    assert not counted.table()["remark"].fillna("").str.contains("no effect").any()


def test_subgroups_that_differ_are_told_apart_and_those_alike_are_not():
    assert subgroups(STUDIES, "setting", "events", "totals").test()["p"][0] < 0.001
    alike = changed(setting=["clinic", "survey"] * 4)
    assert subgroups(alike, "setting", "events", "totals", tau2="common").test()["p"][0] > 0.3
    assert "Between subgroups" in str(subgroups(alike, "setting", "events", "totals"))


def test_a_subgroup_of_one_study_gives_no_test_with_separate_tau2_and_one_with_a_common_one():
    one = changed(setting=["clinic"] * 4 + ["survey"] * 3 + ["prison"])
    separate, common = (
        subgroups(one, "setting", "events", "totals", tau2=how).test().iloc[0] for how in ("separate", "common")
    )
    assert np.isnan(separate["p"])
    assert "1 of 3 subgroups have one study" in separate["remark"]
    assert 0 < common["p"] < 1
    pair = changed(setting=["clinic"] * 6 + ["survey"] * 2)
    assert "have two studies" in str(subgroups(pair, "setting", "events", "totals"))


@pytest.mark.parametrize(
    ("frame", "words", "said"),
    [
        (changed(setting="clinic"), {}, "at least two values of setting; there is one, 'clinic'"),
        (STUDIES, {"tau2": "shared"}, "tau2 is one of separate, common"),
        (STUDIES, {"tau2": "common", "model": "glmm"}, "common tau2 is for the inverse-variance model"),
        (changed(setting=list("abcdefgh")), {"tau2": "common"}, "needs more studies"),
    ],
)
def test_subgroups_that_cannot_be_are_refused_with_the_reason(frame, words, said):
    with pytest.raises(SynthesisError, match=said):
        subgroups(frame, "setting", "events", "totals", **words)


# ------------------------------------------------------------------------------------- three levels, robust variance
def test_three_levels_say_how_much_lies_between_and_within_clusters():
    result = three_level(STUDIES, "events", "totals", "source")
    row = result.table().iloc[0]
    assert (row["k"], row["clusters"]) == (8, 4)
    assert row["tau2_between_low"] <= row["tau2_between"] <= row["tau2_between_high"]
    assert row["i2_between"] + row["i2_within"] <= 100
    assert "4 clusters" in row["remark"]
    assert "tau2 between clusters" in str(result)


def test_clusters_are_expected_between_their_own_mean_and_that_of_all():
    result = three_level(STUDIES, "events", "totals", "source")
    expected, mean = result.predictions().set_index("cluster")["expected"], result.table()["estimate"][0]
    own = STUDIES.groupby("source")[["events", "totals"]].sum().eval("events / totals")
    assert result.predictions()["estimates"].to_list() == [2, 2, 2, 2]
    assert own["s1"] < expected["s1"] < mean
    assert mean < expected["s4"] < own["s4"]


@pytest.mark.parametrize(
    ("cluster", "said"), [("study", "has one estimate, so there are no three levels"), ("all", "at least two clusters")]
)
def test_levels_that_cannot_be_told_apart_are_refused(cluster, said):
    with pytest.raises(SynthesisError, match=said):
        three_level(changed(all="x"), "events", "totals", cluster)


def test_clusters_that_repeat_each_other_widen_the_robust_interval():
    doubled = pd.concat([STUDIES, STUDIES], ignore_index=True)
    row = cluster_robust(doubled, "events", "totals", "study").iloc[0]
    alone = pool(doubled["events"], doubled["totals"])
    assert row["ci_low"] < alone.ci_low < alone.ci_high < row["ci_high"]


def test_few_degrees_of_freedom_are_said_and_too_few_clusters_refused():
    assert "not to be relied on" in cluster_robust(STUDIES, "events", "totals", "source")["remark"][0]
    with pytest.raises(SynthesisError, match="3 coefficients need more clusters"):
        cluster_robust(
            changed(source=["a", "b", "c", "a"] * 2), "events", "totals", "source", moderators=["year", "setting"]
        )
    with pytest.raises(SynthesisError, match="correction is one of CR2, CR1, CR0"):
        cluster_robust(STUDIES, "events", "totals", "source", correction="CR9")


# ---------------------------------------------------------------------------------------------------------- influence
def test_the_study_that_is_far_off_is_found_by_every_measure():
    table = influence_table(ONE_FAR, "events", "totals")
    assert table.loc[table["influential"], "label"].to_list() == ["h"]
    assert table["rstudent"].abs().idxmax() == table["cooks_distance"].idxmax() == table["tau2_deleted"].idxmin() == 7
    assert baujat_table(ONE_FAR, "events", "totals")["heterogeneity"].idxmax() == 7
    assert outlier_robust(ONE_FAR, "events", "totals").studies["outlier"].idxmax() == 7


def test_shares_of_a_baujat_table_sum_to_cochrans_q():
    assert baujat_table(STUDIES, "events", "totals")["heterogeneity"].sum() == pytest.approx(
        pool(STUDIES["events"], STUDIES["totals"]).q
    )


@pytest.mark.parametrize("model", ["inverse-variance", "glmm"])
def test_leaving_one_out_and_cumulating_are_pools_of_what_is_left(model):
    left = leave_one_out(STUDIES, "events", "totals", model=model)
    assert left["omitted"].to_list() == ["", *"abcdefgh"]
    without_c = STUDIES[STUDIES["study"] != "c"]
    assert left["estimate"][3] == pytest.approx(
        pool(without_c["events"], without_c["totals"], model=model).estimate, rel=1e-9
    )
    grown = cumulative(STUDIES.sample(frac=1, random_state=1), "events", "totals", by="year", model=model)
    assert grown["added"].to_list() == list("abcdefgh")
    assert grown["k"].to_list() == list(range(1, 9))
    assert grown["estimate"].iloc[-1] == pytest.approx(left["estimate"][0], rel=1e-9)


def test_too_few_studies_are_refused():
    for function in (leave_one_out, influence_table, baujat_table, small_study_checks, doi_table):
        with pytest.raises(SynthesisError, match="at least 3 studies"):
            function(STUDIES[:2], "events", "totals")


# ------------------------------------------------------------------------------------------------------ small studies
def test_every_small_study_check_says_why_it_misleads():
    checks = small_study_checks(STUDIES, "events", "totals")
    assert checks["check"].to_list() == ["egger", "egger, random effects", "peters", "lfk"]
    assert checks["caution"].str.contains("no negative result").all()
    assert checks["caution"].str.contains("8 studies are too few").all()
    assert "function of the proportion itself" in checks["caution"][0]
    assert "not a test" in checks["caution"][3]
    assert "size alone" in small_study_checks(STUDIES, "events", "totals", transform="arcsine")["caution"][0]


def test_studies_of_one_size_have_no_line_to_draw():
    same_size = changed(totals=100, events=[10, 12, 9, 30, 22, 15, 8, 11])
    assert small_study_checks(same_size, "events", "totals").set_index("check").loc["peters", "result"].startswith("all studies are equally large")  # fmt: skip
    identical = changed(totals=100, events=10)
    assert small_study_checks(identical, "events", "totals")["p"].isna().all()


def test_counting_the_others_mirrors_the_doi_plot():
    y, v = effect_sizes([10, 22, 31, 16, 9, 17, 5, 95], ONE_FAR["totals"])  # no two effects alike
    both = doi_measures(y, v)["percentile"] + doi_measures(-y, v)["percentile"]
    # The published half rank of one person keeps the sum a little below 1.
    assert both.to_list() == pytest.approx([1 - v.min() / (100 * v.max() * np.sum(v.min() / v))] * 8, abs=1e-12)
    assert doi_table(ONE_FAR, "events", "totals")["effect"].is_monotonic_increasing
    assert lfk_index(-y, v) == pytest.approx(-lfk_index(y, v), abs=0.1)


def test_a_funnel_holds_its_limits_around_the_centre():
    funnel = funnel_table(ONE_FAR, "events", "totals", effects="random")
    assert ((funnel["low"] + funnel["high"]) / 2).to_list() == pytest.approx(funnel["centre"].to_list())
    assert funnel["outside"][7]
    assert ((funnel["effect"] > funnel["high"]) | (funnel["effect"] < funnel["low"])).to_list() == funnel[
        "outside"
    ].to_list()


# ------------------------------------------------------------------------------------------------ outliers, sensitivity
def test_an_outlier_pulls_the_robust_mean_less():
    ordinary, robust = pool(ONE_FAR["events"], ONE_FAR["totals"]), outlier_robust(ONE_FAR, "events", "totals")
    row = robust.table().iloc[0]
    assert row["ci_low"] < row["estimate"] < row["ci_high"] < ordinary.estimate
    assert "Probably outliers: h" in row["remark"]
    assert robust.studies["outlier"][7] > 0.99
    assert "Probably outliers: h" in str(robust)


def test_without_outliers_the_robust_mean_is_the_ordinary_one():
    alike = changed(events=[20, 41, 60, 30, 19, 31, 12, 21])
    row = outlier_robust(alike, "events", "totals").table().iloc[0]
    assert row["estimate"] == pytest.approx(pool(alike["events"], alike["totals"], tau2="ml").estimate, rel=1e-6)
    assert row["share_of_outliers"] == 0
    assert np.isnan(row["tau2_outliers"])
    with pytest.raises(SynthesisError, match="at least five studies"):
        outlier_robust(alike[:4], "events", "totals")


def test_the_sensitivity_table_holds_every_kind_of_method_once_and_the_chosen_one_first():
    result = sensitivity_table(STUDIES, "events", "totals")
    table = result.table()
    assert table["choice"][0] == "glmm, t" and "logit, reml, hartung-knapp" in set(table["choice"])
    assert table["choice"].is_unique
    assert set(table["model"]) == {"inverse-variance", "glmm", "beta-binomial", "normal mixture"}
    assert set(table["transform"]) >= {"logit", "double-arcsine", "arcsine", "log", "raw"}
    assert set(table["tau2_method"].dropna()) >= {"reml", "ml", "dl", "pm", "hs", "he", "sj", "eb"}
    assert "common" in set(table["effects"])
    assert table["difference"][0] == 0
    row = result.range().iloc[0]
    assert (row["lowest"], row["highest"]) == (table["estimate"].min(), table["estimate"].max())
    assert row["choices"] == row["asked"] == len(table)
    assert "Estimates run from" in str(result)


def test_the_chosen_method_can_be_any_and_all_combinations_can_be_asked_for():
    chosen = sensitivity_table(STUDIES[:4], "events", "totals", model="glmm").table()
    assert chosen["model"][0] == "glmm"
    assert chosen["choice"].is_unique
    assert "normal mixture" not in set(chosen["model"])  # four studies are too few for it
    full = sensitivity_table(STUDIES[:4], "events", "totals", full=True).table()
    assert len(full) == 5 * 8 * 4 + 1 + 4


def test_two_tables_with_one_row_each_agree_with_pool():
    row = sensitivity_table(STUDIES, "events", "totals", transform="arcsine", tau2="dl").table().iloc[0]
    assert row["estimate"] == pool(STUDIES["events"], STUDIES["totals"], transform="arcsine", tau2="dl").estimate
