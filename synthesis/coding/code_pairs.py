"""Which codes occur together, within findings or within studies."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from synthesis.coding.incidence import coded, incidence, present
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.numbers.intervals import wilson


def cooccurrence(
    evidence: Evidence, within: Literal["finding", "study"] = "finding", coder: str = "agreed"
) -> pd.DataFrame:
    """How often two codes occur together.

    Parameters
    ----------
    within : ``finding`` (both codes given to one finding) or ``study`` (both given to findings of one study, the same
        or not).
    coder : whose codings; default the agreed set.

    Returns a row a pair of codes, pairs that never meet included, most frequent first: ``code_a, code_b`` (in the
    codebook's order), ``n`` (units with both), ``of`` (units with a code of that coder), ``n_a, n_b`` (units with
    each), ``n_either``, ``jaccard`` (n of n_either, with ``jaccard_low, jaccard_high``, Wilson 95 %; missing where
    neither code is used) and ``expected`` (units with both if codes were given without regard to each other). Findings
    carry few codes, so that within findings two frequent codes meet seldom: compare ``n`` with ``expected``.
    """
    if within not in ("finding", "study"):
        raise CallError(f"within is 'finding' or 'study', not {within!r}.")
    own, codes = coded(evidence, coder), evidence.codebook["code_id"].to_numpy(dtype=object)
    unit, size = (own.finding, evidence.findings) if within == "finding" else (own.study, evidence.studies)
    held = incidence(own.code, unit, len(codes), len(size))
    met = (held @ held.T).toarray()
    one, other = np.triu_indices(len(codes), k=1)
    each = met.diagonal()
    table = pd.DataFrame({"code_a": codes[one], "code_b": codes[other]}, dtype="str")
    table["n"], table["of"] = met[one, other], len(present(unit))
    table["n_a"], table["n_b"] = each[one], each[other]
    table["n_either"] = table["n_a"] + table["n_b"] - table["n"]
    table["jaccard"] = table["n"] / table["n_either"].where(table["n_either"] > 0).astype("float64")
    table[["jaccard_low", "jaccard_high"]] = wilson(table["n"], table["n_either"])
    table["expected"] = table["n_a"] * table["n_b"] / table["of"]
    counts = ["n", "of", "n_a", "n_b", "n_either"]
    table[counts] = table[counts].astype(int)
    return table.sort_values(["n", "jaccard"], ascending=False, kind="stable", ignore_index=True)
