"""Certainty of a prevalence (GRADE): what the data say to each domain as prompts, and what people judged, with their reasons.

Nothing here makes a level. GRADE has no guidance of its own for prevalence; its guidance for prognosis lets a body of
observational studies start as high and rates it down in five domains (Iorio 2015, doi 10.1136/bmj.h870; Foroutan 2020,
doi 10.1016/j.jclinepi.2019.12.023), and reviews of prevalence use it so. Judgements stand in the table ``certainty``.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.judgement_rules import DOMAINS
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.tables import Evidence
from synthesis.prevalence.combining import PooledEstimates, PoolingRefused, considered, pool_estimates
from synthesis.prevalence.estimate_appraisal import answers_of_estimates, appraised_estimates

#: What each domain asks of a prevalence.
ASKS = {
    "risk_of_bias": "Could the way people were sampled, answered or were measured have moved the figures, and which way?",
    "inconsistency": "Do the estimates differ by more than chance, and does anything known explain it?",
    "indirectness": "Are these the people, places, times and definitions that the question is about?",
    "imprecision": "Would a decision be the same at both ends of the interval?",
    "publication_bias": "Are estimates missing, and could what they showed be the reason?",
}


def certainty_prompts(evidence: Evidence, indicator: str) -> pd.DataFrame:
    """What the data say to each GRADE domain for one indicator: prompts for a person, not judgements.

    Returns a row a domain: ``indicator_id, domain, asks, prompt``. An indicator that is not pooled is prompted from its
    estimates one by one. Raises CallError for an unknown indicator.
    """
    rows = considered(evidence, indicator)
    try:
        result: PooledEstimates | None = pool_estimates(evidence, indicator)
    except PoolingRefused:
        result = None
    used = rows[rows["in_pool"] == "yes"] if result else rows
    if used.empty:
        raise SynthesisError(f"No estimate of {indicator} is held here, so there is nothing to judge.")
    held = evidence.estimates.set_index("estimate_id").loc[used["estimate_id"]]
    prompts = {
        "risk_of_bias": _bias(evidence, held),
        "inconsistency": result.headline.text if result else _reach(used),
        "indirectness": _directness(held),
        "imprecision": _precision(held, result),
        "publication_bias": _missing(rows, held, result),
    }
    table = [(indicator, domain, ASKS[domain], prompts[domain]) for domain in DOMAINS]
    return pd.DataFrame(table, columns=["indicator_id", "domain", "asks", "prompt"], dtype="str")


def _bias(evidence: Evidence, held: pd.DataFrame) -> str:
    done = appraised_estimates(evidence) & set(held.index)
    said = f"{len(done)} of {len(held)} estimates are appraised with the JBI checklist."
    answers = answers_of_estimates(evidence, list(done))
    doubtful = answers[answers["answer"].isin(["no", "unclear", "differs"])]
    if len(doubtful):
        by_item = doubtful.groupby("item")["estimate_id"].nunique()
        said += " Answered no or unclear, or differently: " + ", ".join(f"{item} ({n})" for item, n in by_item.items()) + "."  # fmt: skip
    hints = held["risk_of_bias_hint"].dropna()
    said += f" For {len(hints)} of {len(held)} the extractor noted what may bias them"
    return said + (": " + "; ".join(hints.drop_duplicates()) + "." if len(hints) else ".")


def _reach(used: pd.DataFrame) -> str:
    seen = used["percent"].dropna()
    if seen.empty:
        return f"No percent is visible in {len(used)} estimates."
    return f"Not pooled. The estimates run from {seen.min():.1f} % to {seen.max():.1f} % ({len(seen)} of {len(used)} with a percent)."


def _directness(held: pd.DataFrame) -> str:
    parts = []
    for column, what in (("country_as_reported", "places"), ("case_definition", "definitions of a case"), ("population", "populations")):  # fmt: skip
        values = held[column].dropna().drop_duplicates()
        silent = held[column].isna().sum()
        parts.append(f"{len(values)} {what} ({'; '.join(values)})" + (f", {silent} not named" if silent else ""))
    years = held["year"].dropna()
    dated = f"Published {years.min()} to {years.max()}" if len(years) else "No year of publication was seen"
    unread = held["year"].isna().sum()
    return f"{'. '.join(parts)}. {dated}" + (f" ({unread} of {len(held)} without a year)." if unread and len(years) else ".")  # fmt: skip


def _precision(held: pd.DataFrame, result: PooledEstimates | None) -> str:
    sizes = held["denominator"].dropna()
    said = f"{sizes.sum():,} counted in {len(sizes)} of {len(held)} estimates" if len(sizes) else "No denominators are known"  # fmt: skip
    said += f", from {sizes.min():,} to {sizes.max():,} each." if len(sizes) else "."
    if result:
        pooled = result.pooled
        said += f" The 95 % interval of the mean runs from {100 * pooled.ci_low:.1f} % to {100 * pooled.ci_high:.1f} %."
    return said


def _missing(rows: pd.DataFrame, held: pd.DataFrame, result: PooledEstimates | None) -> str:
    left = int((rows["in_pool"] == "no").sum())
    said = f"{left} of {len(rows)} estimates held are not in the pool." if result else f"{len(rows)} estimates are held; none is pooled."  # fmt: skip
    lent = int((held["design"] == "review_extracted").sum())
    said += f" {lent} of {len(held)} were read from the table of a review." if lent else ""
    return (
        said
        + " Tests of small studies mislead for proportions, so none decides this; think of who reports a prevalence, and why."
    )


def certainty_sheet(evidence: Evidence, indicator: str, assessor: str) -> pd.DataFrame:
    """One empty row of ``certainty`` for a person to fill in, beside the prompts; what this assessor judged before is kept.

    Returns the columns of the table ``certainty`` and a column ``<domain>_prompt`` each (to be dropped before writing).
    Raises CallError for an unknown indicator or assessor.
    """
    if assessor not in set(evidence.coders["coder_id"]):
        known = ", ".join(evidence.coders["coder_id"])
        raise CallError(f"There is no assessor {assessor!r} in the table coders; it holds {known}.")
    prompts = certainty_prompts(evidence, indicator).set_index("domain")["prompt"]
    held = evidence.certainty
    own = held[(held["indicator_id"] == indicator) & (held["assessed_by"] == assessor)]
    if own.empty:
        own = pd.DataFrame([{"indicator_id": indicator, "assessed_by": assessor}], columns=held.columns)
    return own.assign(**{f"{domain}_prompt": prompts[domain] for domain in DOMAINS}).reset_index(drop=True)


def certainty_table(evidence: Evidence) -> pd.DataFrame:
    """GRADE judgements beside what they judge: a row a pooled indicator and assessor, also where nobody has judged yet.

    Returns ``indicator_id, name, k`` (estimates pooled), ``lead`` (what a reader must see first), the five domains and
    their reasons, ``overall, overall_reason, assessed_by, date, status``. An empty level means that nobody has judged it.
    Indicators that are judged without being pooled, and poolable ones that the guard rails refuse, are listed too, with empty
    ``k`` and ``lead``.
    """
    indicators = evidence.indicators
    pooled = (indicators["combine"] == "poolable") | indicators["indicator_id"].isin(evidence.pooling_overrides["indicator_id"])  # fmt: skip
    shown = indicators[pooled | indicators["indicator_id"].isin(evidence.certainty["indicator_id"])]
    rows: list[tuple[object, ...]] = []
    for indicator, name in zip(shown["indicator_id"], shown["name"], strict=True):
        try:
            result = pool_estimates(evidence, indicator)
            rows.append((indicator, name, result.pooled.k, result.headline.lead))
        except PoolingRefused:
            rows.append((indicator, name, pd.NA, None))
    table = pd.DataFrame(rows, columns=["indicator_id", "name", "k", "lead"]).astype({"k": "Int64", "lead": "str"})
    return table.merge(evidence.certainty, on="indicator_id", how="left")
