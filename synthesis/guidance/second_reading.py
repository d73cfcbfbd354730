"""How a second reading of a random sample of judgements on guide content agrees with the first.

The sample was judged again from the texts alone; among the links of the crosswalk stood pairs that the first reading had
left unlinked. Both readings were made within the toolkit team with a language model: agreement says that the rules can be
followed twice, not that the judgements are right.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.numbers.intervals import wilson
from synthesis.numbers.reliability import cohen_kappa


def second_reading_agreement(evidence: Evidence, blind: bool = True) -> pd.DataFrame:
    """Agreement of the two readings, a row a column that was judged again.

    Parameters
    ----------
    blind : whether only readings count whose first reading the second reader had not seen; False counts all.

    Columns ``column, meaning, n_agree, of_agree`` (values alike, of values read twice), ``percent, ci_low, ci_high`` (95 %
    interval of Wilson), ``kappa, kappa_low, kappa_high`` (Cohen's, over all labels), ``remark`` (why there is no kappa or no
    interval), ``n_pairs`` (of these, pairs that the first reading left unlinked), ``n_corrected`` (first readings that were
    clear errors and were corrected).
    """
    read = evidence.second_readings
    read = read[read["blind"]] if blind else read
    rows = []
    for word, meaning in vocabularies()["second_reading_column"].items():
        own = read[read["column"] == word]
        if own.empty:
            continue
        kappa = cohen_kappa(own["first"], own["second"])
        pairs, corrected = int(own["pair"].notna().sum()), int(own["corrected"].sum())
        alike = int((own["first"] == own["second"]).sum())
        rows.append(
            (word, meaning, alike, len(own), kappa.value, kappa.low, kappa.high, kappa.remark, pairs, corrected)
        )
    columns = [
        "column",
        "meaning",
        "n_agree",
        "of_agree",
        "kappa",
        "kappa_low",
        "kappa_high",
        "remark",
        "n_pairs",
        "n_corrected",
    ]
    table = pd.DataFrame(rows, columns=columns)
    interval = wilson(table["n_agree"], table["of_agree"])
    table.insert(4, "percent", 100 * table["n_agree"] / table["of_agree"])
    table.insert(5, "ci_low", 100 * interval["low"])
    table.insert(6, "ci_high", 100 * interval["high"])
    return table


def second_reading_differences(evidence: Evidence) -> pd.DataFrame:
    """Where the two readings differ, each beside the other.

    Columns ``row_id`` (reading, link or pair), ``column, first, second, blind, corrected``; corrected ones first.
    """
    read = evidence.second_readings
    table = read[read["first"] != read["second"]].copy()
    table["row_id"] = table["pathway_id"].fillna(table["link_id"]).fillna(table["pair"])
    columns = ["row_id", "column", "first", "second", "blind", "corrected"]
    return table.sort_values("corrected", ascending=False, kind="stable")[columns].reset_index(drop=True)
