"""How often the intervals hold the truth: coverage of every interval that `pool_groups` offers, on made-up studies.

python tests/benchmarks/coverage.py [--repetitions 200] [--studies 3 5 10 20 50] [--logits skewed] [--metafor 200] [--out tests/benchmarks]

A scenario is a number of studies, a median proportion and a between-study variance on the logit scale. Totals are those
of small to middling surveys: log-normal with median 180, from 15 to 20,000. Each study's logit is drawn from a normal
distribution, its events from a binomial. All methods see the same studies; the seed is fixed. The normal distribution is
what all logit methods suppose, so --logits skewed draws from a shifted gamma distribution of skewness 1 instead, with
the same mean and variance; the truth asked for is then the mean logit, which is no longer the median study.

Two truths are asked for: the mean of the logits, which is the proportion of the median study and what every method here
but the beta-binomial estimates, and the marginal mean, the average proportion over the population of studies.
Prediction intervals are asked whether they hold the proportion of one further study. A repetition without an interval
is not counted as a hit.

The share of repetitions covered has a Monte Carlo standard error of 0.7 points at 95 percent and 1,000 repetitions.
With --metafor, the first repetitions of four scenarios are given to metafor too (Rscript with metafor needed).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from synthesis.pooling.pooled import pool_groups

SEED = 20261122
STUDIES = (3, 5, 10, 20, 50)
MEDIANS = (0.01, 0.05, 0.2, 0.5)
TAU2 = (0.0, 0.1, 0.5, 1.0)
IV = {"model": "inverse-variance", "transform": "logit", "tau2": "reml"}
METHODS = {
    "logit, Wald": {**IV, "interval": "wald"},
    "logit, Hartung-Knapp": {**IV, "interval": "hartung-knapp"},
    "logit, Hartung-Knapp ad hoc": {**IV, "interval": "hartung-knapp-adhoc"},
    "GLMM, Wald": {"model": "glmm", "interval": "wald"},
    "GLMM, t": {"model": "glmm", "interval": "t"},
    "GLMM, profile": {"model": "glmm", "interval": "profile"},
    "beta-binomial, t": {"model": "beta-binomial", "interval": "t"},
    "double arcsine, Wald": {**IV, "transform": "double-arcsine", "interval": "wald"},
    "double arcsine, Hartung-Knapp": {**IV, "transform": "double-arcsine", "interval": "hartung-knapp"},
}
#: Scenarios that metafor is given too.
BESIDE = ((5, 0.05, 0.5), (10, 0.2, 0.1), (10, 0.01, 0.5), (20, 0.05, 0.5))
R_CODE = """
suppressPackageStartupMessages(library(metafor))
d <- read.csv(commandArgs(TRUE)[1])
quiet <- function(e) tryCatch(suppressWarnings(suppressMessages(e)), error = function(e) NULL)
one <- function(s) {
  iv <- function(measure, test) quiet(rma(measure = measure, xi = s$events, ni = s$totals, method = "REML", test = test))
  glmm <- function(test) quiet(rma.glmm(measure = "PLO", xi = s$events, ni = s$totals, test = test))
  arc <- function(x) transf.ipft.hm(x, targs = list(ni = s$totals))
  fits <- list("logit, Wald" = iv("PLO", "z"), "logit, Hartung-Knapp" = iv("PLO", "knha"), "logit, Hartung-Knapp ad hoc" = iv("PLO", "adhoc"),
    "GLMM, Wald" = glmm("z"), "GLMM, t" = glmm("t"), "double arcsine, Wald" = iv("PFT", "z"), "double arcsine, Hartung-Knapp" = iv("PFT", "knha"))
  do.call(rbind, lapply(names(fits), function(name) {
    f <- fits[[name]]
    if (is.null(f)) return(NULL)
    back <- if (startsWith(name, "double")) arc else transf.ilogit
    data.frame(group = s$group[1], method = name, ci_low = back(f$ci.lb), ci_high = back(f$ci.ub))
  }))
}
write.csv(do.call(rbind, lapply(split(d, d$group), one)), commandArgs(TRUE)[2], row.names = FALSE)
"""


def standard(generator: np.random.Generator, logits: str, size: tuple[int, ...]) -> np.ndarray:
    """Numbers of mean 0 and variance 1, normal or of skewness 1."""
    return generator.standard_normal(size) if logits == "normal" else (generator.gamma(4, 1, size) - 4) / 2


def draw(
    k: int, median: float, tau2: float, repetitions: int, logits: str = "normal"
) -> tuple[pd.DataFrame, np.ndarray]:
    """Made-up studies (group, events, totals; a group is a repetition) and the proportion of a further study each."""
    generator = np.random.default_rng([SEED, k, round(1000 * median), round(1000 * tau2)])
    totals = np.clip(np.exp(generator.normal(np.log(180), 1.2, (repetitions, k))), 15, 20_000).astype(int)
    centre = np.log(median / (1 - median))
    events = generator.binomial(totals, expit(centre + np.sqrt(tau2) * standard(generator, logits, (repetitions, k))))
    new = expit(centre + np.sqrt(tau2) * standard(generator, logits, (repetitions,)))
    group = np.repeat(np.arange(repetitions), k)
    return pd.DataFrame({"group": group, "events": events.ravel(), "totals": totals.ravel()}), new


def marginal_mean(median: float, tau2: float, logits: str) -> float:
    """Average proportion over the population of studies."""
    z = np.linspace(-9, 9, 4001) if logits == "normal" else np.linspace(-2, 20, 8001)
    weight = np.exp(-(z**2) / 2) if logits == "normal" else (2 * z + 4) ** 3 * np.exp(-(2 * z + 4))
    return float(np.average(expit(np.log(median / (1 - median)) + np.sqrt(tau2) * z), weights=weight))


def summary(k: int, median: float, tau2: float, method: str, table: pd.DataFrame, new: np.ndarray, logits: str) -> dict:
    """Coverage of one method in one scenario."""
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    mean = marginal_mean(median, tau2, logits)
    covered = float(np.mean((low <= median) & (median <= high)))
    return {
        "k": k, "median": median, "tau2": tau2, "method": method, "repetitions": len(table),
        "with_interval": float(np.mean(np.isfinite(low))),
        "coverage": covered, "monte_carlo_se": float(np.sqrt(covered * (1 - covered) / len(table))),
        "too_low": float(np.mean(high < median)), "too_high": float(np.mean(low > median)),
        "marginal_mean": mean, "coverage_of_marginal_mean": float(np.mean((low <= mean) & (mean <= high))),
        "median_width": float(np.nanmedian(high - low)),
        "prediction_coverage": float(np.mean((table["pi_low"].to_numpy() <= new) & (new <= table["pi_high"].to_numpy()))),
    }  # fmt: skip


def simulate(repetitions: int, logits: str, sizes: Sequence[int] = STUDIES) -> pd.DataFrame:
    """Coverage of every method in every scenario."""
    rows, start = [], time.perf_counter()
    scenarios = [(median, tau2) for median in MEDIANS for tau2 in TAU2]
    for k in sizes:
        drawn = [draw(k, *scenario, repetitions, logits) for scenario in scenarios]
        studies = pd.concat(
            [frame.assign(group=frame["group"] + i * repetitions) for i, (frame, _) in enumerate(drawn)]
        )
        for method, words in METHODS.items():
            pooled = intervals(studies, {**words, "tau2_interval": "none"})
            for i, ((median, tau2), (_, new)) in enumerate(zip(scenarios, drawn, strict=True)):
                part = pooled.iloc[i * repetitions : (i + 1) * repetitions]
                rows.append(summary(k, median, tau2, method, part, new, logits))
        print(f"{k} studies: {time.perf_counter() - start:.0f} s since the start", flush=True)
    return pd.DataFrame(rows)


def intervals(studies: pd.DataFrame, words: dict[str, str]) -> pd.DataFrame:
    """One row a group, in the order of their numbers."""
    pooled = pool_groups(studies, by="group", events="events", totals="totals", **words)
    return pooled.assign(group=pd.to_numeric(pooled["group"])).sort_values("group", ignore_index=True)


def beside_metafor(repetitions: int) -> pd.DataFrame | None:
    """Coverage of both programs on the first repetitions of four scenarios; None without Rscript."""
    if shutil.which("Rscript") is None:
        return None
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        script, given, made = (Path(folder) / name for name in ("run.R", "given.csv", "made.csv"))
        script.write_text(R_CODE, encoding="utf-8")
        for k, median, tau2 in BESIDE:
            studies = draw(k, median, tau2, 1000)[0].query("group < @repetitions")
            studies.to_csv(given, index=False)
            if subprocess.run(["Rscript", str(script), str(given), str(made)], check=False).returncode:
                return None
            theirs = pd.read_csv(made)
            for method in dict.fromkeys(theirs["method"]):
                ours = intervals(studies, METHODS[method])
                other = theirs[theirs["method"] == method].set_index("group").reindex(range(repetitions))
                hit = (ours["ci_low"] <= median) & (median <= ours["ci_high"])
                there = (other["ci_low"] <= median) & (median <= other["ci_high"])
                rows.append({
                    "k": k, "median": median, "tau2": tau2, "method": method, "repetitions": repetitions,
                    "with_interval": float(ours["ci_low"].notna().mean()), "metafor_with_interval": float(other["ci_low"].notna().mean()),
                    "coverage": float(hit.mean()), "metafor_coverage": float(there.mean()),
                    "decided_differently": int((hit.to_numpy() != there.to_numpy()).sum()),
                })  # fmt: skip
    return pd.DataFrame(rows)


def digest(table: pd.DataFrame) -> str:
    """Coverage in percent: the mean over the scenarios of each number of studies, and the lowest anywhere."""
    by_k = 100 * table.pivot_table(index="method", columns="k", values="coverage", sort=False)
    by_k.columns = [f"k={k}" for k in by_k.columns]
    spread = table[table["tau2"] > 0].groupby("method", sort=False)
    worst = 100 * spread["coverage"].min().rename("lowest, tau2 > 0")
    marginal = 100 * spread["coverage_of_marginal_mean"].mean().rename("marginal mean, tau2 > 0")
    prediction = 100 * spread["prediction_coverage"].mean().rename("prediction, tau2 > 0")
    width = table.groupby("method", sort=False)["median_width"].mean().rename("width") * 100
    return pd.concat([by_k, worst, marginal, prediction, width], axis=1).round(1).to_string()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument(
        "--metafor", type=int, default=0, help="repetitions that metafor is given too (a few hundred take minutes)"
    )
    parser.add_argument("--out", type=Path, help="folder for coverage.csv and coverage_metafor.csv")
    parser.add_argument("--studies", type=int, nargs="+", default=STUDIES)
    parser.add_argument("--logits", choices=("normal", "skewed"), default="normal")
    words = parser.parse_args()
    table = simulate(words.repetitions, words.logits, words.studies)
    print(digest(table))
    beside = beside_metafor(words.metafor) if words.metafor else None
    if words.metafor:
        print(
            "metafor was not asked: Rscript with metafor is missing." if beside is None else beside.round(3).to_string()
        )
    if words.out:
        name = "coverage.csv" if words.logits == "normal" else f"coverage_{words.logits}.csv"
        table.round(6).to_csv(words.out / name, index=False)
        if beside is not None:
            beside.round(6).to_csv(words.out / "coverage_metafor.csv", index=False)


if __name__ == "__main__":
    main()
