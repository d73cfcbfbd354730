"""GLMM and beta-binomial against R: plain integration with a general optimiser, metafor, lme4 and VGAM.

The pinned values and the script that made them are in `tests/reference`; R is not needed here. Whoever stops nearer the
maximum has the higher likelihood, so each program's estimates are judged by the exact likelihood, which R computed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthesis.pooling.beta_binomial import fit_beta_binomial
from synthesis.pooling.glmm import conditional_modes, fit_glmm
from synthesis.pooling.glmm_intervals import profile_intervals

REFERENCE = Path(__file__).parent / "reference"
#: A likelihood ratio of this much is far below anything a reader can see, and about what R's integrate() leaves open.
SAME = 1e-6


@cache
def pinned(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / name, dtype={"case": "str", "program": "str"})


@cache
def cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every case that the model can be fitted to, by the rule of the R script."""
    arms = pd.read_csv(REFERENCE / "metadat_proportions.csv", dtype={"arm": "str"}, keep_default_na=False)
    found = {
        f"{dataset}/{arm}".replace(",", ";"): (rows["events"].to_numpy(float), rows["totals"].to_numpy(float))
        for (dataset, arm), rows in arms.groupby(["dataset", "arm"])
    }
    for file in ("pooling_cases.csv", "pooling_edge_cases.csv", "glmm_edge_cases.csv"):
        for row in pd.read_csv(REFERENCE / file, dtype="str").itertuples():
            found[f"edge/{row.case}"] = tuple(
                np.array(text.split(";"), dtype=float) for text in (row.events, row.totals)
            )
    return {name: (x, n) for name, (x, n) in found.items() if fits(x, n)}


def fits(x: np.ndarray, n: np.ndarray) -> bool:
    single = bool(np.all(n == 1)) and 0 < x.sum() < n.sum()
    return len(x) > 1 and (bool(np.any((x > 0) & (x < n))) or single)


def padded() -> tuple[np.ndarray, np.ndarray]:
    """All cases as one batch, filled up with absent studies."""
    width = max(len(x) for x, _ in cases().values())
    return tuple(np.stack([np.pad(each[i], (0, width - len(each[i]))) for each in cases().values()]) for i in (0, 1))


@cache
def fitted() -> pd.DataFrame:
    fit = fit_glmm(*padded())
    columns = ("mu", "se", "tau2", "i2", "h2", "q_wald", "q_lrt", "q_lrt_p", "q_df", "log_likelihood", "state")
    return pd.DataFrame({name: getattr(fit, name) for name in columns}, index=list(cases()))


def rows_of(name: str, *programs: str) -> list:
    table = pinned(name)
    chosen = table[table["program"].isin(programs)]
    return [pytest.param(row, id=f"{row.program}-{row.case}") for row in chosen.itertuples()]


def test_no_case_went_missing():
    for file, programs in (("glmm.csv", {"integrate"}), ("beta_binomial.csv", {"nlminb"})):
        table = pinned(file)
        for program in programs:
            there = set(table.loc[table["program"] == program, "case"])
            assert there == set(cases()), f"{file}: run tests/reference/glmm_reference.R again"
    assert set(pinned("glmm.csv")["program"]) == {"integrate", "metafor", "lme4-25", "lme4-laplace"}
    assert set(pinned("beta_binomial.csv")["program"]) == {"nlminb", "VGAM"}
    assert pinned("glmm_profile.csv").groupby("program").size().to_dict() == {"integrate": 17, "lme4": 17}


def test_every_case_is_fitted():
    assert fitted()["state"].unique().tolist() == ["fitted"]


@pytest.mark.parametrize("row", rows_of("glmm.csv", "integrate"))
def test_the_fit_is_the_optimum_of_the_exact_likelihood(row):
    ours = fitted().loc[row.case]
    assert ours["log_likelihood"] >= row.log_likelihood - SAME * max(1, 1e-3 * abs(row.log_likelihood))
    assert ours["mu"] == pytest.approx(row.mu, abs=1e-4 * max(1, abs(row.mu)))
    assert ours["tau2"] == pytest.approx(row.tau2, rel=1e-4, abs=1e-9)
    assert ours["se"] == pytest.approx(row.se, rel=1e-4)


@pytest.mark.parametrize("row", rows_of("glmm.csv", "metafor", "lme4-25", "lme4-laplace"))
def test_no_program_is_more_likely(row):
    assert fitted().loc[row.case, "log_likelihood"] >= row.log_likelihood - SAME


@pytest.mark.parametrize("case", ["edge/rare_uneven", "edge/rare_uneven_high"])
def test_where_metafor_is_off_by_more_than_a_ten_thousandth_the_fit_is_more_likely(case):
    """The mean of rma.glmm (7 nodes) differs from ours; plain integration and lme4 with 25 nodes side with ours."""
    ours, rows = fitted().loc[case], pinned("glmm.csv").set_index(["case", "program"]).loc[case]
    assert abs(ours["mu"] / rows.loc["metafor", "mu"] - 1) > 1e-3
    assert ours["mu"] == pytest.approx(rows.loc["integrate", "mu"], rel=1e-5)
    assert abs(ours["mu"] - rows.loc["lme4-25", "mu"]) < 0.1 * abs(ours["mu"] - rows.loc["metafor", "mu"])
    gain = ours["log_likelihood"] - rows["log_likelihood"]
    assert gain["metafor"] > 5e-5 and (gain > -SAME).all()


@pytest.mark.parametrize("row", rows_of("glmm_profile.csv", "integrate", "lme4"))
def test_the_profile_interval_of_tau2_is_that_of_plain_integration_and_near_that_of_lme4(row):
    x, n = cases()[row.case]
    found = profile_intervals(x, n, fit_glmm(x, n), mean=False)
    # lme4's 25 nodes no longer reach where tau2 runs into the tens, and its profile is interpolated.
    near = 1e-4 if row.program == "integrate" else 1e-3 if row.tau2_high < 10 else 0.3
    assert found.tau2_low[0] == pytest.approx(row.tau2_low, rel=near, abs=1e-7)
    assert found.tau2_high[0] == pytest.approx(row.tau2_high, rel=near)


@cache
def laplace() -> pd.DataFrame:
    fit = fit_glmm(*padded(), method="laplace")
    columns = ("mu", "se", "tau2", "log_likelihood", "state")
    return pd.DataFrame({name: getattr(fit, name) for name in columns}, index=list(cases()))


@pytest.mark.parametrize("row", rows_of("glmm.csv", "lme4-laplace"))
def test_the_laplace_approximation_is_maximised_at_least_as_well_as_by_lme4(row):
    ours = laplace().loc[row.case]
    assert ours["log_likelihood"] >= row.own_log - SAME * max(1, abs(row.own_log))


@pytest.mark.parametrize("row", rows_of("glmm.csv", "metafor"))
def test_heterogeneity_is_what_metafor_prints(row):
    ours = fitted().loc[row.case]
    assert ours["q_df"] == row.q_df
    assert ours["q_lrt"] == pytest.approx(row.q_lrt, rel=1e-6, abs=1e-6)
    assert ours["q_lrt_p"] == pytest.approx(row.q_lrt_p, rel=1e-5, abs=1e-12)
    x, n = cases()[row.case]
    extreme = bool(np.any((x == 0) | (x == n)))  # metafor's saturated model then has logits that run off to infinity
    assert ours["q_wald"] == pytest.approx(row.q_wald, rel=1e-3 if extreme else 1e-5, abs=1e-5)
    if row.tau2 > 1e-6 and ours["tau2"] > 1e-6:  # both are tau2 over one typical variance
        assert (ours["h2"] - 1) / ours["tau2"] == pytest.approx((row.h2 - 1) / row.tau2, rel=1e-6)


def test_conditional_modes_are_those_of_lme4():
    table = pinned("glmm_modes.csv")
    modes, sd = conditional_modes(table["events"], table["totals"], table["mu"], table["tau2"])
    assert len(table) > 100
    assert modes == pytest.approx(table["mode"].to_numpy(), abs=1e-5)
    assert sd**2 == pytest.approx(table["variance"].to_numpy(), rel=4e-4)


@pytest.mark.parametrize("row", rows_of("glmm_moderators.csv", "metafor", "lme4-25"))
def test_moderators_agree(row):
    x, n = cases()[row.case]
    fit = fit_glmm(x, n, design=np.column_stack([np.ones(len(x)), np.arange(1, len(x) + 1) / len(x)]))
    error = np.sqrt(np.diag(fit.covariance[0]))
    assert fit.coefficients[0] == pytest.approx([row.b0, row.b1], abs=1e-3 * error.max())
    assert fit.tau2[0] == pytest.approx(row.tau2, rel=2e-3, abs=1e-6)
    assert error == pytest.approx([row.se0, row.se1], rel=2e-3)


@cache
def beta_binomial() -> pd.DataFrame:
    fit = fit_beta_binomial(*padded())
    columns = ("mu", "se", "rho", "log_likelihood", "state")
    return pd.DataFrame({name: getattr(fit, name) for name in columns}, index=list(cases()))


@pytest.mark.parametrize("row", rows_of("beta_binomial.csv", "nlminb"))
def test_the_beta_binomial_is_at_its_optimum(row):
    ours = beta_binomial().loc[row.case]
    assert ours["state"] == "fitted"
    assert ours["log_likelihood"] >= row.log_likelihood - SAME * max(1, 1e-3 * abs(row.log_likelihood))
    assert ours["mu"] == pytest.approx(row.mu, abs=1e-4 * max(1, abs(row.mu)))
    assert ours["rho"] == pytest.approx(row.rho, rel=1e-4, abs=1e-9)
    assert ours["se"] == pytest.approx(row.se, rel=1e-4)


@pytest.mark.parametrize("row", rows_of("beta_binomial.csv", "VGAM"))
def test_vgam_is_not_more_likely(row):
    assert beta_binomial().loc[row.case, "log_likelihood"] >= row.log_likelihood - SAME
