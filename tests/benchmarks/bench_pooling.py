"""Pooling many meta-analyses at once, beside metafor, statsmodels and PyMARE, which take one at a time.

python tests/benchmarks/bench_pooling.py [--rounds 3] [--groups 20000] [--glmm-groups 2000] [--sample 300] [--glmm-sample 30] [--other PYTHON]

The others are given a sample of the meta-analyses, the same in each round, and their time is scaled to all of them;
before anything is timed, their answers for the sample are held against ours. All programs run in turn, round by round,
and each times its own loop, so that starting R or Python counts for nobody. metafor and lme4 need Rscript on the PATH;
statsmodels and PyMARE a Python that has them (--other; they are not part of this project's environment). What is missing
is left out, and said.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from scipy.special import expit

from synthesis.pooling.effects import effect_sizes
from synthesis.pooling.pooled import pool, pool_groups

GOAL_INVERSE, GOAL_GLMM, GOAL_LARGE = 100, 200, 2.0
INVERSE = {"model": "inverse-variance", "transform": "logit", "tau2": "reml", "interval": "hartung-knapp"}
R_CODE = """
suppressPackageStartupMessages({library(metafor); library(lme4)})
words <- commandArgs(TRUE)
d <- read.csv(words[1])
sets <- split(d, d$group)
fit <- switch(words[2],
  inverse = function(s) rma(measure = "PLO", xi = s$events, ni = s$totals, method = "REML", test = "knha"),
  glmm = function(s) rma.glmm(measure = "PLO", xi = s$events, ni = s$totals),
  lme4 = function(s) glmer(cbind(events, totals - events) ~ 1 + (1 | id), family = binomial, nAGQ = 7, data = cbind(s, id = seq_len(nrow(s)))))
get <- if (words[2] == "lme4") function(f) fixef(f)[[1]] else function(f) f$b[[1]]
start <- proc.time()[["elapsed"]]
means <- numeric(length(sets))
for (i in seq_along(sets)) means[i] <- tryCatch(suppressWarnings(get(fit(sets[[i]]))), error = function(e) NA)
seconds <- proc.time()[["elapsed"]] - start
cat("{\\"seconds\\":", seconds, ",\\"means\\":[", paste(ifelse(is.na(means), "null", format(means, digits = 15)), collapse = ","), "]}")
"""
OTHER_CODE = """
import json, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
y, v = np.load(sys.argv[1])
if sys.argv[2] == "statsmodels":
    from statsmodels.stats.meta_analysis import combine_effects
    def fit(a, b):
        result = combine_effects(a, b, method_re="iterated", use_t=True)
        result.conf_int(use_t=True)
        return result.mean_effect_re
else:
    import pandas as pd
    from pymare import Dataset
    from pymare.estimators import VarianceBasedLikelihoodEstimator
    def fit(a, b):
        estimator = VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(Dataset(y=a[:, None], v=b[:, None]))
        return float(np.ravel(estimator.summary().get_fe_stats()["est"])[0])
start = time.perf_counter()
means = [float(fit(a, b)) for a, b in zip(y, v)]
print(json.dumps({"seconds": time.perf_counter() - start, "means": means}))
"""


def studies(groups: int, k: int, seed: int) -> pd.DataFrame:
    """Made-up studies: group, events, totals; totals from 15, a median proportion of 0.15, tau2 of 0.4."""
    generator = np.random.default_rng(seed)
    totals = np.clip(np.exp(generator.normal(np.log(180), 1.0, (groups, k))), 15, 20_000).astype(int)
    events = generator.binomial(totals, expit(generator.normal(np.log(0.15 / 0.85), np.sqrt(0.4), (groups, k))))
    group = np.repeat(np.arange(groups), k)
    return pd.DataFrame({"group": group, "events": events.ravel(), "totals": totals.ravel()})


def own(frame: pd.DataFrame, **words: str) -> dict:
    """Seconds of one call of pool_groups, and the means on the logit scale in the order of the groups."""
    start = time.perf_counter()
    table = pool_groups(frame, by="group", events="events", totals="totals", **words)
    seconds = time.perf_counter() - start
    table = table.assign(group=pd.to_numeric(table["group"])).sort_values("group")
    return {"seconds": seconds, "means": table["estimate_transformed"].tolist()}


def own_one_by_one(frame: pd.DataFrame, **words: str) -> dict:
    """The same, asked one meta-analysis at a time."""
    sets = [(part["events"].to_numpy(), part["totals"].to_numpy()) for _, part in frame.groupby("group")]
    start = time.perf_counter()
    means = [float(pool(x, n, **words).table()["estimate_transformed"].iloc[0]) for x, n in sets]
    return {"seconds": time.perf_counter() - start, "means": means}


def in_r(frame: pd.DataFrame, what: str) -> dict | None:
    """Seconds and means of an R loop; None without Rscript or its packages."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        script, given = Path(folder) / "run.R", Path(folder) / "given.csv"
        script.write_text(R_CODE, encoding="utf-8")
        frame.to_csv(given, index=False)
        ran = subprocess.run(["Rscript", str(script), str(given), what], capture_output=True, text=True, check=False)
    return json.loads(ran.stdout) if ran.returncode == 0 else None


def in_python(frame: pd.DataFrame, what: str, python: str | None) -> dict | None:
    """Seconds and means of a loop over statsmodels or PyMARE in another environment; None where that is missing."""
    if python is None:
        return None
    k = len(frame) // frame["group"].nunique()
    effects = effect_sizes(*(frame[name].to_numpy().reshape(-1, k) for name in ("events", "totals")))
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.npy"
        np.save(given, np.stack(effects))
        ran = subprocess.run([python, "-c", OTHER_CODE, str(given), what], capture_output=True, text=True, check=False)
    return json.loads(ran.stdout) if ran.returncode == 0 else None


def head(frame: pd.DataFrame, groups: int) -> pd.DataFrame:
    return frame[frame["group"] < groups]


def compare(name: str, ours: dict, theirs: dict | None, missing: str, within: float) -> bool:
    """Whether the other program answered; stops where it answers something else."""
    if theirs is None:
        print(f"{name}: {missing}")
        return False
    there = np.array([np.nan if each is None else each for each in theirs["means"]])
    apart = np.abs(np.array(ours["means"][: len(there)]) - there)
    if not np.nanmax(apart) < within:
        raise SystemExit(
            f"{name} gives other means, up to {np.nanmax(apart):.2g} apart on the logit scale: nothing was timed."
        )
    print(
        f"{name}: means agree within {np.nanmax(apart):.1e} on the logit scale; {np.isnan(there).sum()} of {len(there)} without an answer"
    )
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in {
        "rounds": 3,
        "groups": 20_000,
        "glmm-groups": 2_000,
        "sample": 300,
        "glmm-sample": 30,
        "large": 10_000,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--other", help="a Python with statsmodels and PyMARE")
    words = parser.parse_args()
    many, few, large = studies(words.groups, 10, 1), studies(words.glmm_groups, 10, 2), studies(1, words.large, 3)
    sample, glmm_sample = head(many, words.sample), head(few, words.glmm_sample)
    no_r, no_other = (
        "left out, Rscript with metafor and lme4 is missing",
        "left out, --other names no Python that has it",
    )

    jobs: dict[str, tuple[Callable[[], dict | None], float]] = {
        "inverse variance": (lambda: own(many, **INVERSE), 1),
        "inverse variance, pool one by one": (lambda: own_one_by_one(sample, **INVERSE), words.groups / words.sample),
        "inverse variance, metafor rma": (lambda: in_r(sample, "inverse"), words.groups / words.sample),
        "inverse variance, statsmodels (Paule-Mandel)": (lambda: in_python(sample, "statsmodels", words.other), words.groups / words.sample),
        "inverse variance, PyMARE": (lambda: in_python(sample, "pymare", words.other), words.groups / words.sample),
        "GLMM": (lambda: own(few, model="glmm"), 1),
        "GLMM, metafor rma.glmm": (lambda: in_r(glmm_sample, "glmm"), words.glmm_groups / words.glmm_sample),
        "GLMM, lme4 glmer": (lambda: in_r(glmm_sample, "lme4"), words.glmm_groups / words.glmm_sample),
        "one large GLMM": (lambda: own(large, model="glmm"), 1),
        "one large GLMM, lme4 glmer": (lambda: in_r(large, "lme4"), 1),
    }  # fmt: skip
    first = {name: job() for name, (job, _) in jobs.items()}
    paule_mandel = own(sample, **{**INVERSE, "tau2": "pm"})
    kept = ["inverse variance", "inverse variance, pool one by one", "GLMM", "one large GLMM"]
    for name, result in first.items():
        base = paule_mandel if "statsmodels" in name else first[name.split(",")[0]]
        missing = no_other if "statsmodels" in name or "PyMARE" in name else no_r
        # Their stopping rules: 1e-5 for metafor's tau2, 7 nodes for its GLMM.
        if name not in kept and compare(name, base, result, missing, 2e-2 if "GLMM" in name else 1e-3):
            kept.append(name)
    taken: dict[str, list[float]] = {name: [] for name in kept}
    for _ in range(words.rounds):
        for name in kept:
            result = jobs[name][0]()
            assert result is not None
            taken[name].append(result["seconds"] * jobs[name][1])
    seconds = {name: median(values) for name, values in taken.items()}
    for name, value in seconds.items():
        own_name = name.split(",")[0]
        scaled = "" if jobs[name][1] == 1 else f" (scaled from {words.glmm_sample if 'GLMM' in name else words.sample})"
        ratio = "" if name == own_name else f", {value / seconds[own_name]:.0f} times ours"
        print(f"{name}: {value:.2f} s{scaled}{ratio}")
    print(
        f"goals: {GOAL_INVERSE} times rma, {GOAL_GLMM} times rma.glmm, one GLMM of {words.large} studies under {GOAL_LARGE} s"
    )


if __name__ == "__main__":
    main()
