"""How much each theme depends on single studies, countries, shared samples, coders, or on studies of doubtful standing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.review.studies import study_values
from synthesis.themes.support import held_findings, theme_order

#: What is left out or changed, in the order in which it is shown -> how a reader is told.
KINDS = vocabularies()["stability_kind"]
#: What stands in ``case`` where no study is appraised; the counts are then missing, not zero.
NOT_APPRAISED = "not appraised"


@dataclass(frozen=True)
class _Counts:
    """Findings of each theme in each study: a row a theme in reading order, a column a study."""

    findings: np.ndarray

    @property
    def studies(self) -> np.ndarray:
        return (self.findings > 0).astype(np.int64)


def theme_stability(evidence: Evidence, weights: pd.Series | None = None) -> pd.DataFrame:
    """Support for each theme, and its rank, when something is left out of the evidence.

    Left out in turn: every study; every country (a study of two countries goes with either); every shared sample (all
    studies named to share participants, also where it is not certain). Beside the agreed set stands each coder's own.
    Restricted to: studies of core scope, confirmed members of the published review, and, once studies are appraised,
    those of the appraised on which no answer is "no". That is a restriction and not a score, because authors of the
    tools give none; until then there is one case, `NOT_APPRAISED`, with its counts missing.

    Parameters
    ----------
    weights : a weight from 0 to 1 a study (index ``study_id``) chosen by the reviewers, such as from appraisals; adds the
        case ``weighted``, whose ``n_studies`` is the sum of weights.

    Returns a row a case and theme: ``kind`` (see `KINDS`), ``case`` (what is left out, or whose codings), ``theme_id``,
    ``level``, ``n_studies``, ``of_studies`` (studies left, or that the coder read), ``n_findings``, ``change`` (of
    ``n_studies``, against all), ``rank`` (among themes of its level by ``n_studies``, the most is 1, equals
    share the better rank), ``rank_change`` (positive: further down than in all), ``kendall_tau`` (tau-b of the themes' numbers of studies with those in all,
    within the level; missing where all are equal). Raises CallError for weights of unknown studies or out of range.
    """
    order = theme_order(evidence)
    level = evidence.themes.set_index("theme_id").loc[order, "level"].to_numpy(dtype=object)
    whole = _counts(evidence, "agreed")
    cases = _left_out(evidence)
    dropped = _matrix([gone for _, _, gone in cases], len(evidence.studies))
    names = [(kind, case) for kind, case, _ in cases]
    studies = [whole.studies.sum(axis=1)[:, None] - whole.studies @ dropped]
    findings = [whole.findings.sum(axis=1)[:, None] - whole.findings @ dropped]
    left = [len(evidence.studies) - np.array([len(gone) for _, _, gone in cases])]
    for coder in _coders(evidence):
        own = _counts(evidence, coder)
        names.append(("by_coder", coder))
        studies.append(own.studies.sum(axis=1)[:, None])
        findings.append(own.findings.sum(axis=1)[:, None])
        left.append(np.array([_read_by(evidence, coder)]))
    if weights is not None:
        weight = _weights(evidence, weights)
        names.append(("weighted", ""))
        studies.append((whole.studies @ weight)[:, None])
        findings.append((whole.findings @ weight)[:, None])
        left.append(np.array([weight.sum()]))
    table = _long(
        names, order, level, np.hstack(studies), np.hstack(findings), np.concatenate(left), whole.studies.sum(axis=1)
    )
    if not len(evidence.frames.get("appraisals", ())):
        unknown = pd.DataFrame({"kind": "appraised_only", "case": NOT_APPRAISED, "theme_id": order, "level": level})
        table = pd.concat([table, unknown.astype(table.dtypes[unknown.columns])], ignore_index=True)
    place = {kind: at for at, kind in enumerate(KINDS)}
    return table.sort_values("kind", key=lambda kind: kind.map(place), kind="stable", ignore_index=True)


def _counts(evidence: Evidence, coder: str) -> _Counts:
    held, n = held_findings(evidence, coder), len(evidence.studies)
    themes = len(evidence.themes)
    return _Counts(np.bincount(held.theme * n + held.study, minlength=themes * n).reshape(themes, n))


def _coders(evidence: Evidence) -> list[str]:
    """Everyone who coded, but the agreed set."""
    return sorted(set(evidence.codings["coder"].unique()) - {"agreed"})


def _read_by(evidence: Evidence, coder: str) -> int:
    """Studies of which the coder has coded a finding, or is done with one: who coded a few has not read them all."""
    done = [evidence.frames[name] for name in ("codings", "readings") if name in evidence.frames]
    seen = pd.concat([table.loc[table["coder"] == coder, "finding_id"] for table in done])
    return int(evidence.findings.loc[evidence.findings["finding_id"].isin(seen), "study_id"].nunique())


def _left_out(evidence: Evidence) -> list[tuple[str, str, np.ndarray]]:
    """Cases that leave studies out: kind, what is left out, and the places of those studies."""
    studies = evidence.studies
    cases = [("without_study", study, np.array([place])) for place, study in enumerate(studies["study_id"])]
    country = study_values(evidence, "country").reset_index(drop=True).explode()
    cases += [("without_country", each, np.array(gone)) for each, gone in country.groupby(country).groups.items()]
    sample = studies["sample_id"].reset_index(drop=True).dropna()
    cases += [("without_sample", each, np.array(gone)) for each, gone in sample.groupby(sample).groups.items()]
    cases.append(("core_only", "", np.flatnonzero((studies["scope"] != "core").to_numpy(dtype=bool, na_value=True))))
    member = (studies["in_published_review"] == "confirmed").to_numpy(dtype=bool, na_value=False)
    cases.append(("confirmed_only", "", np.flatnonzero(~member)))
    appraisals = evidence.frames.get("appraisals", pd.DataFrame())
    if len(appraisals):
        good = _appraised_without_no(evidence)
        cases.append(("appraised_only", "", np.flatnonzero(~studies["study_id"].isin(good).to_numpy())))
    return cases


def _appraised_without_no(evidence: Evidence) -> set[str]:
    """Appraised studies on which no answer is "no"; a settled answer stands for those that it settled."""
    keys = ["study_id", "tool", "item"]
    answers = evidence.frames["appraisals"][[*keys, "answer"]]
    settled = evidence.frames.get("appraisal_settlements", answers.iloc[:0])[[*keys, "answer"]]
    both = answers.merge(settled, on=keys, how="left", suffixes=("", "_settled"))
    final = both["answer_settled"].fillna(both["answer"])
    return set(both["study_id"]) - set(both.loc[final == "no", "study_id"])


def _matrix(gone: list[np.ndarray], n_studies: int) -> csr_array:
    """Studies left out in each case: a row a study, a column a case."""
    case = np.repeat(np.arange(len(gone)), [len(each) for each in gone])
    ones = np.ones(len(case), dtype=np.int64)
    return csr_array((ones, (np.concatenate(gone), case)), shape=(n_studies, len(gone)))


def _weights(evidence: Evidence, weights: pd.Series) -> np.ndarray:
    unknown = sorted(set(weights.index) - set(evidence.studies["study_id"]))
    if unknown:
        raise CallError(f"Weights are given for studies that are not there: {', '.join(map(str, unknown))}.")
    weight = weights.reindex(evidence.studies["study_id"]).to_numpy("float64")
    if np.isnan(weight).any():
        missing = evidence.studies["study_id"][np.isnan(weight)]
        raise CallError(f"No weight is given for {', '.join(missing[:5])}; give every study one, 0 to leave it out.")
    if (weight < 0).any() or (weight > 1).any():
        raise CallError("Weights lie between 0 and 1.")
    return weight


def _long(
    names: list[tuple[str, str]], order: list[str], level: np.ndarray, studies: np.ndarray, findings: np.ndarray,
    left: np.ndarray, whole: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Counts of themes (rows) by case (columns) as a row a case and theme, with ranks and tau."""
    themes, cases = studies.shape
    rank, first = _ranks(studies, level), _ranks(whole[:, None], level)
    number = "Int64" if np.issubdtype(studies.dtype, np.integer) else "Float64"
    table = pd.DataFrame(
        {
            "kind": np.repeat([kind for kind, _ in names], themes),
            "case": np.repeat([case for _, case in names], themes),
            "theme_id": np.tile(order, cases),
            "level": np.tile(level, cases),
            "n_studies": studies.T.ravel(),
            "of_studies": np.repeat(left, themes),
            "n_findings": findings.T.ravel(),
            "change": (studies - whole[:, None]).T.ravel(),
            "rank": rank.T.ravel(),
            "rank_change": (rank - first).T.ravel(),
            "kendall_tau": _tau(studies, whole, level).T.ravel(),
        }
    )
    return table.astype(
        dict.fromkeys(("kind", "case", "theme_id", "level"), "str")
        | dict.fromkeys(("n_studies", "of_studies", "n_findings", "change"), number)
        | {"rank": "Int64", "rank_change": "Int64", "kendall_tau": "Float64"}
    )


def _ranks(counts: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Rank of each theme in each case among the themes of its level, 1 for the most."""
    rank = np.empty(counts.shape, dtype=np.int64)
    for each in np.unique(level):
        own = counts[level == each]
        rank[level == each] = 1 + (own[None] > own[:, None]).sum(axis=1)
    return rank


def _tau(counts: np.ndarray, whole: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Kendall's tau-b of each case with the whole, within each level (Kendall 1945, Biometrika 33:239-251)."""
    tau = np.full(counts.shape, np.nan)
    for each in np.unique(level):
        own, all_in = counts[level == each], whole[level == each]
        one, other = np.triu_indices(len(own), k=1)
        now, then = np.sign(own[one] - own[other]), np.sign(all_in[one] - all_in[other])[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            tau[level == each] = (now * then).sum(axis=0) / np.sqrt(np.abs(now).sum(axis=0) * np.abs(then).sum())
    return tau


def stability_ranges(table: pd.DataFrame) -> pd.DataFrame:
    """The range of each theme's support and rank over the cases of a kind.

    Parameters
    ----------
    table : from `theme_stability`.

    Returns a row a theme and kind, themes in reading order: ``theme_id, level, n_studies, rank`` (in all), ``kind,
    n_cases``, ``lowest`` and ``highest`` (of ``n_studies``), ``lowest_case`` (where it is lowest), ``best_rank, worst_rank``, ``lowest_tau``.
    """
    order, kinds = pd.unique(table["theme_id"]), pd.unique(table["kind"])
    known = table["n_studies"].notna()
    groups = table.groupby(["theme_id", "kind"])
    whole = table.assign(n_studies=table["n_studies"] - table["change"], rank=table["rank"] - table["rank_change"])
    whole = whole.groupby("theme_id")[["level", "n_studies", "rank"]].first()
    ranges = groups.agg(
        lowest=("n_studies", "min"),
        highest=("n_studies", "max"),
        best_rank=("rank", "min"),
        worst_rank=("rank", "max"),
        lowest_tau=("kendall_tau", "min"),
    )
    counted = table[known]
    ranges["n_cases"] = counted.groupby(["theme_id", "kind"]).size().reindex(ranges.index, fill_value=0)
    where = counted.groupby(["theme_id", "kind"])["n_studies"].idxmin()
    ranges["lowest_case"] = counted.loc[where.to_numpy(), "case"].set_axis(where.index)
    every = pd.MultiIndex.from_product([order, kinds], names=["theme_id", "kind"])
    columns = "theme_id level n_studies rank kind n_cases lowest highest lowest_case best_rank worst_rank lowest_tau"
    return ranges.reindex(every).reset_index().join(whole, on="theme_id")[columns.split()]


def theme_dependence(evidence: Evidence) -> pd.DataFrame:
    """How much each theme rests on its most important single study, country and shared sample.

    A study counts once a theme, so that leaving one out never costs a theme more than one study; what one study brings
    is therefore told in findings, what a country or a shared sample brings in studies. Where several bring equally
    much, the first by id is named.

    Returns a row a theme in reading order: ``theme_id, name, level, n_studies, of_studies, n_findings``; ``top_study``
    with ``n_findings_top_study``; ``top_country, n_studies_top_country`` (studies of two countries count for both);
    ``top_sample, n_studies_top_sample`` (missing where no two studies of the theme share people);
    ``n_studies_core, n_studies_confirmed``; ``rank``, and ``best_rank, worst_rank`` over all cases that leave one
    study, country or shared sample out.
    """
    order, counts = theme_order(evidence), _counts(evidence, "agreed")
    themes = evidence.themes.set_index("theme_id").loc[order]
    table = themes[["name", "level"]].copy()
    table["n_studies"], table["of_studies"] = counts.studies.sum(axis=1), len(evidence.studies)
    table["n_findings"] = counts.findings.sum(axis=1)
    by_id = evidence.studies["study_id"].reset_index(drop=True)
    most = pd.DataFrame(counts.findings, order, by_id).sort_index(axis=1)
    table["top_study"] = most.idxmax(axis=1).where(table["n_findings"] > 0)
    table["n_findings_top_study"] = most.max(axis=1)
    for kind, name in (("without_country", "country"), ("without_sample", "sample")):
        cases = [(case, gone) for each, case, gone in _left_out(evidence) if each == kind]
        held = {case: counts.studies[:, gone].sum(axis=1) for case, gone in sorted(cases, key=lambda c: c[0])}
        # What is not reported is no country; it is left out when the most important one is named.
        groups = pd.DataFrame(held, index=order).drop(columns="not reported", errors="ignore")
        least = 2 if name == "sample" else 1
        table[f"n_studies_top_{name}"] = groups.max(axis=1) if len(groups.columns) else 0
        enough = table[f"n_studies_top_{name}"] >= least
        table[f"top_{name}"] = groups.idxmax(axis=1).where(enough) if len(groups.columns) else None
        table[f"n_studies_top_{name}"] = table[f"n_studies_top_{name}"].astype("Int64").where(enough)
    return _with_ranks(evidence, table.rename_axis("theme_id").reset_index())


def _with_ranks(evidence: Evidence, table: pd.DataFrame) -> pd.DataFrame:
    ranges = stability_ranges(theme_stability(evidence)).set_index(["kind", "theme_id"])
    for kind, name in (("core_only", "core"), ("confirmed_only", "confirmed")):
        table[f"n_studies_{name}"] = ranges.loc[kind, "lowest"].reindex(table["theme_id"]).to_numpy()
    level = table["level"].to_numpy(dtype=object)
    table["rank"] = _ranks(table["n_studies"].to_numpy()[:, None], level)[:, 0]
    kept = [kind for kind in ("without_study", "without_country", "without_sample") if kind in ranges.index]
    single = ranges.loc[kept]
    table["best_rank"] = table["theme_id"].map(single.groupby("theme_id")["best_rank"].min())
    table["worst_rank"] = table["theme_id"].map(single.groupby("theme_id")["worst_rank"].max())
    columns = (
        "theme_id name level n_studies of_studies n_findings top_study n_findings_top_study top_country n_studies_top_country "
        "top_sample n_studies_top_sample n_studies_core n_studies_confirmed rank best_rank worst_rank"
    )
    return table[columns.split()]
