"""Which coder has read which finding: what agreement, progress and "left without a code" are counted among.

A finding without a coding of a coder may have been read and left without a code, or never been opened. The table
``readings`` tells the two apart, so that missing is not taken for zero. It is a table of its own because ``uncoded`` speaks
of the agreed set and asks for a reason, and because a coder who takes the last code off a finding has still read it.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence


def findings_read(evidence: Evidence) -> pd.DataFrame:
    """Every finding that a coder has read: columns ``finding_id``, ``coder``, ``coded`` (yes or no), ``date``.

    A reading is a row of ``readings``, or a coding: whoever gave a code has read the finding. The settled set is not a
    coder and has no row. Sorted as the findings and the coders are.
    """
    pair = ["finding_id", "coder"]
    settled = evidence.coders.loc[evidence.coders["kind"] == "agreed_set", "coder_id"]
    coded = evidence.codings.loc[~evidence.codings["coder"].isin(settled), pair].drop_duplicates()
    read = evidence.readings.merge(coded.assign(coded=True), on=pair, how="outer")
    read["coded"] = read["coded"].eq(True).fillna(False).astype(bool)
    places = pd.DataFrame({
        "finding_id": read["finding_id"].map(_place(evidence.findings["finding_id"])),
        "coder": read["coder"].map(_place(evidence.coders["coder_id"])),
    })  # fmt: skip
    by_place = places.sort_values(pair).index
    return read.loc[by_place, [*pair, "coded", "date"]].reset_index(drop=True)


def said_to_be_read(evidence: Evidence) -> pd.DataFrame:
    """Findings of which a row says that they were read, codings apart: columns ``finding_id``, ``coder``.

    A coder's are those of ``readings``. The settled set's are those of ``uncoded``: it was decided that no code fits.
    A finding with neither a code of the settled set nor a row there has not been settled yet.
    """
    settled = evidence.coders.loc[evidence.coders["kind"] == "agreed_set", ["coder_id"]]
    left = evidence.uncoded[["finding_id"]].merge(settled.rename(columns={"coder_id": "coder"}), how="cross")
    return pd.concat([evidence.readings[["finding_id", "coder"]], left], ignore_index=True)


def _place(ids: pd.Series) -> dict[str, int]:
    return {name: place for place, name in enumerate(ids)}


def read_without_code(evidence: Evidence, coder: str) -> list[str]:
    """Findings that one coder read and left without a code. Raises CallError for a coder who is not in ``coders``."""
    known = list(evidence.coders["coder_id"])
    if coder not in known:
        raise CallError(f"There is no coder {coder!r}; the table coders holds {', '.join(known)}.")
    read = findings_read(evidence)
    return list(read.loc[(read["coder"] == coder) & ~read["coded"], "finding_id"])
