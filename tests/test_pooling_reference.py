"""Inverse-variance pooling against metafor 3.8.1 on every proportion in metadat and on edge cases, and against print.

The pinned values, the scripts that made them and what they were asked are described in `tests/reference/README.md`.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthesis.pooling.effects import TRANSFORMS, back_transform, effect_sizes
from synthesis.pooling.heterogeneity import TAU2_METHODS, estimate_tau2, heterogeneity
from synthesis.pooling.pooled import pool, pool_groups

REFERENCE = Path(__file__).parent / "reference"
RELATIVE = 1e-6
TESTS = {"z": "wald", "knha": "hartung-knapp", "adhoc": "hartung-knapp-adhoc"}
KEY = ["case", "transform"]
DATA_SETS = (
    "anand1999", "axfors2021", "baker2009", "bcg", "bornmann2007", "bourassa1996", "cannon2006", "collins1985a", "collins1985b",
    "dagostino1998", "damico2009", "debruin2009", "dogliotti2014", "dong2013", "dorn2007", "egger2001", "fine1993", "gibson2002",
    "graves2010", "gurusamy2011", "hahn2001", "hannum2020", "hart1999", "hartmannboyce2018", "hasselblad1998", "hine1989",
    "kearon1998", "landenberger2005", "laopaiboon2015", "lau1992", "lee2004", "li2007", "linde2005", "linde2015", "nielweise2007",
    "pagliaro1992", "pritz1997", "vanhowe1999", "viechtbauer2021", "woods2010", "yusuf1985",
)  # fmt: skip
EDGES = (
    "zero_cells", "all_events", "none_and_all", "only_zeros", "two_apart", "two_alike", "homogeneous", "identical", "single_people",
    "wide_range", "one_huge", "all_huge", "rare", "common", "extreme_spread", "eight_fathers", "two_maxima_inner", "two_maxima_border",
    "two_maxima_far", "forty", "eight_fathers_90",
    "one_study", "one_study_none", "one_study_all", "one_person", "one_study_ten_million", "single_people_only", "one_and_ten_million",
    "ten_million_rare", "ten_million_common", "two_none", "two_all", "two_none_and_all", "two_equal", "only_all", "same_zeros",
    "all_halves", "around_half", "tau2_zero_ten", "near_zero_tau2", "sizes_of_all_kinds", "rare_big", "near_all", "low_pft", "eighty",
    "two_99",
)  # fmt: skip


def read(name: str) -> pd.DataFrame:
    text = dict.fromkeys(("case", "arm", "events", "totals"), str) if "cases" in name else {"case": str, "arm": str}
    return pd.read_csv(REFERENCE / name, dtype=text)


@functools.cache
def studies() -> pd.DataFrame:
    """One row a study of every case: case, events, totals, level."""
    arms = read("metadat_proportions.csv")
    arms["case"] = arms["dataset"].str.removeprefix("dat.") + "/" + arms["arm"]
    edges = pd.concat([read("pooling_cases.csv"), read("pooling_edge_cases.csv")], ignore_index=True)
    for name in ("events", "totals"):
        edges[name] = edges[name].str.split(";")
    edges = edges.explode(["events", "totals"]).astype({"events": float, "totals": float})
    both = pd.concat([arms.assign(level=0.95), edges], ignore_index=True)
    return both[["case", "events", "totals", "level"]]


@functools.cache
def pinned(part: str) -> pd.DataFrame:
    return read(f"pinned_{part}.csv")


@functools.cache
def answers(
    transform: str, tau2: str, interval: str, effects: str = "random", only_edges: bool = False
) -> pd.DataFrame:
    """What pool_groups says of every case, or of every edge case, by case."""
    words = {"transform": transform, "tau2": tau2, "interval": interval, "effects": effects}
    some = studies()[studies()["case"].isin(EDGES)] if only_edges else studies()
    tables = [
        pool_groups(part, by="case", events="events", totals="totals", model="inverse-variance", level=level, **words)
        for level, part in some.groupby("level")
    ]
    return pd.concat(tables).set_index("group")


@functools.cache
def effects(transform: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Effects and variances of each case."""
    y, v = effect_sizes(studies()["events"].to_numpy(), studies()["totals"].to_numpy(), transform)
    return {case: (y[rows], v[rows]) for case, rows in studies().groupby("case", sort=False).indices.items()}


@functools.cache
def tau2_and_about(transform: str, method: str) -> pd.DataFrame:
    """tau2, I2 and H2 of every case of more than one study; cases of a size are estimated together."""
    sizes: dict[int, list[str]] = {}
    for case, (y, _) in effects(transform).items():
        sizes.setdefault(len(y), []).append(case)
    del sizes[1]
    parts = []
    for cases in sizes.values():
        y, v = (np.stack([effects(transform)[case][part] for case in cases]) for part in (0, 1))
        tau2 = estimate_tau2(y, v, method)
        about = heterogeneity(y, v, tau2)
        parts.append(pd.DataFrame({"tau2": tau2, "i2": about.i2, "h2": about.h2, "least": v.min(axis=1)}, cases))
    return pd.concat(parts)


def differences(ours: pd.Series, theirs: pd.Series, name: str, floor: float | pd.Series = 0.0) -> list[str]:
    """Where two columns are further apart than they may be; both missing is alike."""
    ours = ours.reindex(theirs.index).astype(float)
    apart = (ours - theirs).abs() > np.maximum(RELATIVE * theirs.abs(), floor)
    apart |= ours.isna() != theirs.isna()
    return [f"{case}: {name} is {ours[case]!r}, metafor says {theirs[case]!r}" for case in theirs.index[apart]]


def test_no_case_went_missing():
    assert tuple(sorted(read("metadat_proportions.csv")["dataset"].str.removeprefix("dat.").unique())) == DATA_SETS
    cases = list(studies()["case"].unique())
    assert cases[-len(EDGES) :] == list(EDGES)
    assert len(cases) == 146 + len(EDGES)
    both = pd.MultiIndex.from_product([cases, TRANSFORMS], names=KEY)
    assert pd.MultiIndex.from_frame(pinned("common")[KEY]).equals(both), "run tests/reference/pooling_reference.R"
    every = pd.MultiIndex.from_product([cases, TRANSFORMS, [word.upper() for word in TAU2_METHODS]])
    assert pd.MultiIndex.from_frame(pinned("random")[[*KEY, "method"]]).equals(every)
    assert len(pinned("intervals")) == len(both) + 7 * len(EDGES)
    assert set(read("pinned_origin.csv")["file"]) == {path.name for path in REFERENCE.glob("pinned_*.csv")} - {"pinned_origin.csv"}  # fmt: skip


def test_metafor_was_given_the_studies_that_stand_here():
    given = studies().groupby("case", sort=False).agg(k=("events", "size"), events=("events", "sum"), totals=("totals", "sum"))  # fmt: skip
    for transform, part in pinned("common").groupby("transform"):
        there = part.set_index("case")[["k", "sum_events", "sum_totals"]].set_axis(given.columns, axis=1)
        pd.testing.assert_frame_equal(given, there, check_dtype=False, obj=str(transform))


def of_several(table: pd.DataFrame) -> pd.DataFrame:
    """Without the cases of one study, of which `test_one_study_is_returned_with_metafors_interval` tells."""
    return table[
        ~table["case"].str.startswith("one_") | (table["case"] == "one_huge") | (table["case"] == "one_and_ten_million")
    ]


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_common_effect_and_heterogeneity_are_metafors(transform):
    theirs = of_several(pinned("common").query("transform == @transform")).set_index("case")
    ours, random = answers(transform, "reml", "wald", "common"), answers(transform, "reml", "hartung-knapp")
    found = []
    for name in ("estimate_transformed", "se", "q_p"):
        found += differences(ours[name], theirs[name], name, floor=1e-14)
    for name in ("q", "i2", "h2"):
        found += differences(ours[name], theirs[name], name, floor=1e-9)
    for name in ("estimate", "ci_low", "ci_high"):
        found += differences(ours[name], theirs[name].clip(0, 1), name, floor=1e-15)
    for name in ("tau2_low", "tau2_high", "i2_low", "i2_high"):
        found += differences(random[name], theirs[name], name, floor=1e-13)
    assert not found, "\n".join(found)
    assert (ours["q_df"].reindex(theirs.index) == theirs["q_df"]).all()


@pytest.mark.parametrize("tau2", TAU2_METHODS)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_every_estimator_of_tau2_is_metafors(transform, tau2):
    theirs = pinned("random").query("transform == @transform and method == @tau2.upper()").set_index("case")
    ours = tau2_and_about(transform, tau2)
    assert len(ours) == len(theirs) - 5
    # Where tau2 is 0 but for rounding, what is left goes with the sampling variances.
    found = differences(ours["tau2"], theirs.loc[ours.index, "tau2"], "tau2", floor=1e-10 * ours["least"])
    found += differences(ours["i2"], theirs.loc[ours.index, "i2"], "i2", floor=1e-10)
    found += differences(ours["h2"], theirs.loc[ours.index, "h2"], "h2", floor=1e-12)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_means_and_intervals_are_metafors_on_both_scales(transform, test):
    """REML with Hartung-Knapp: every case. The rest, of which little is special: the edge cases, mostly as logits."""
    for tau2 in ("reml",) if transform != "logit" else TAU2_METHODS if test == "knha" else ("reml", "sj"):
        only_edges = tau2 != "reml" or test != "knha"
        ours = answers(transform, tau2, TESTS[test], only_edges=only_edges)
        this = "transform == @transform and method == @tau2.upper() and case in @ours.index"
        random = of_several(pinned("random").query(this)).set_index("case")
        theirs = of_several(pinned("intervals").query(this)).set_index("case")
        assert len(theirs) == len(random) > 30
        found = differences(
            ours["estimate_transformed"], random["estimate_transformed"], "estimate_transformed", floor=1e-14
        )
        # Where all studies agree, Hartung and Knapp's variance is rounding of Wald's and nothing else.
        found += differences(ours["se"], random[f"se_{test}"], "se", floor=1e-7 * random["se_z"])
        found += differences(ours["estimate"], theirs["estimate"].clip(0, 1), "estimate", floor=1e-14)
        for name in ("ci_low", "ci_high", "pi_low", "pi_high"):
            rounding = 1e-14 + 1e-7 * (theirs["ci_high_z"] - theirs["ci_low_z"])
            found += differences(ours[name], theirs[f"{name}_{test}"].clip(0, 1), f"{name}, {tau2}", floor=rounding)
        assert not found, "\n".join(found)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_one_study_is_returned_with_metafors_interval(transform):
    """What cannot be known from one study is missing here; metafor says that tau2 and I2 are 0 and predicts from it."""
    ours = answers(transform, "reml", "hartung-knapp")
    ours = ours[ours["k"] == 1]
    assert len(ours) == 5
    theirs = pinned("intervals").query("transform == @transform and method == 'REML'").set_index("case").loc[ours.index]
    found = differences(ours["estimate"], theirs["estimate"].clip(0, 1), "estimate", floor=1e-14)
    for name in ("ci_low", "ci_high"):
        found += differences(ours[name], theirs[f"{name}_knha"].clip(0, 1), name, floor=1e-14)
    assert not found, "\n".join(found)
    assert (ours["interval"] == "wald").all()
    assert ours[["tau2", "i2", "h2", "pi_low", "pi_high"]].isna().all(axis=None)
    assert ours["remark"].str.contains("One study").all()


def log_likelihood(y: np.ndarray, v: np.ndarray, tau2: float, restricted: bool) -> float:
    """Written out once more, from the definition, so that it does not share a mistake with what it judges."""
    w = 1 / (v + tau2)
    mean = np.sum(w * y) / np.sum(w)
    value = np.sum(np.log(w)) - np.sum(w * (y - mean) ** 2)
    return float(value - np.log(np.sum(w)) if restricted else value) / 2


def generalised_q(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    w = 1 / (v + tau2)
    return float(np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2))


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "EB"])
def test_where_metafor_stops_early_ours_is_nearer_the_optimum(method):
    rows = pinned("plain").query("method == @method")
    assert len(rows) > 20
    for case, transform, theirs in zip(rows["case"], rows["transform"], rows["tau2"], strict=True):
        if np.isnan(theirs):  # no answer with its own settings
            continue
        y, v = effects(transform)[case]
        ours = tau2_and_about(transform, method.lower()).at[case, "tau2"]
        if method in ("REML", "ML"):
            at = [log_likelihood(y, v, tau2, method == "REML") for tau2 in (ours, theirs)]
            assert at[0] >= at[1] - 1e-12 * abs(at[1]), (case, transform, ours, theirs, at)
        else:
            off = [abs(generalised_q(y, v, tau2) / (len(y) - 1) - 1) for tau2 in (ours, theirs)]
            assert off[0] <= off[1] + 1e-12 or (ours == 0 and generalised_q(y, v, 0) <= len(y) - 1), (case, transform)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_no_likelihood_that_metafor_found_is_higher_than_ours(method):
    rows = pinned("random").query("method == @method")
    for case, transform, theirs in zip(rows["case"], rows["transform"], rows["tau2"], strict=True):
        y, v = effects(transform)[case]
        if len(y) > 1:
            ours = tau2_and_about(transform, method.lower()).at[case, "tau2"]
            at = [log_likelihood(y, v, tau2, method == "REML") for tau2 in (ours, theirs)]
            assert at[0] >= at[1] - 1e-11 * max(1, abs(at[1])), (case, transform)


@pytest.mark.parametrize("case", ["nielweise2007/treated", "one_study", "two_none_and_all", "eighty", "two_99"])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_one_at_a_time_gives_what_all_together_give(case, transform):
    part = studies().query("case == @case")
    one = pool(
        part["events"].to_numpy(), part["totals"].to_numpy(), model="inverse-variance", transform=transform, level=part["level"].iloc[0]
    ).table()  # fmt: skip
    many = answers(transform, "reml", "hartung-knapp").loc[[case]]
    numbers = [name for name in many.select_dtypes("number") if name in one]
    assert {"estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q"} <= set(numbers)
    # Not to the last bit: sums over one row and over many rows are added up in another order.
    np.testing.assert_allclose(
        one[numbers].to_numpy(dtype=float), many[numbers].to_numpy(dtype=float), rtol=1e-12, atol=1e-300
    )


def published() -> list[dict]:
    return read("published_pooling.csv").to_dict("records")


@pytest.mark.parametrize("row", published(), ids=lambda row: f"{row['example']}-{row['model']}-{row['quantity']}")
def test_published_figures_come_out(row):
    x, n = ([float(each) for each in row[name].split(";")] for name in ("events", "totals"))
    words = {"model": row["model"], "effects": row["effects"], "transform": row["transform"], "interval": "wald"}
    table = pool(x, n, **words).table().iloc[0]
    value = float(table[row["quantity"]]) * row["times"]
    assert abs(value - row["printed"]) <= row["within"] * (1 + 1e-9), value


def test_published_examples_are_all_there():
    rows = published()
    assert sorted({row["example"] for row in rows}) == [
        "Miller 1978",
        "Stijnen 2010, anti-infective",
        "Stijnen 2010, standard",
    ]
    assert len(rows) == 26
    assert all(row["seen_at"].startswith("https://") and row["printed_at"] for row in rows)


def test_millers_effects_variances_and_way_back_come_out():
    """The table on page 138; its angles are sums, ours half of them."""
    y, v = effect_sizes([3, 6, 10, 1], [11, 17, 21, 6], "double-arcsine")
    np.testing.assert_allclose(2 * y, [1.1391, 1.2888, 1.5253, 0.9515], atol=5e-5)
    np.testing.assert_allclose(4 * v, [0.0870, 0.0571, 0.0465, 0.1538], atol=5e-5)
    unweighted = back_transform(y.mean(), "double-arcsine", totals=[11, 17, 21, 6], method="harmonic-mean")
    assert 2 * y.mean() == pytest.approx(1.2262, abs=5e-5)
    assert float(unweighted) == pytest.approx(0.3164, abs=5e-5)
