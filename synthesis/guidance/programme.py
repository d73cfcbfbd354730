"""How many parents and families a programme reached, stage by stage, each as a share of the stage that it is a part of.

The counts are printed in rows of ``planning_elements``. Which stage is a part of which is a judgement with its reason
(``judgements/programme_stages.csv``): stages that do not follow from one another are not set against each other.
"""

from __future__ import annotations

import pandas as pd

from synthesis.evidence.schema import vocabularies
from synthesis.evidence.tables import Evidence, split_list
from synthesis.numbers.intervals import wilson

_COLUMNS = ["programme", "counted", "stage", "share_of", "n", "of", "percent", "ci_low", "ci_high", "planning_element_id", "source_url", "note"]  # fmt: skip
#: Remark of a stage that no row counts in this unit.
_NOT_STATED = "Not stated: no row counts {} at this stage."


def programme_funnel(evidence: Evidence) -> pd.DataFrame:
    """Stages of each programme: how many, of how many, with the 95 % interval of Wilson.

    Columns ``programme, counted`` (parents, families or couples; never mixed), ``stage, share_of`` (words of
    ``programme_stage``), ``n, of`` (counts), ``percent, ci_low, ci_high`` (percent scale), ``planning_element_id``
    (the row in which ``n`` is printed), ``source_url, note`` (what the share is, and what is not stated). A stage that is a
    part of two earlier ones has two rows. A stage that is counted in another unit only has a row without a number. The
    counts are of everybody in the programme: the interval tells how far chance alone could move the share in another
    such programme, and is too narrow where parents of one family are counted apart.
    """
    read = evidence.programme_stages
    wholes = (
        split_list(read.set_index("stage_id")["of_stage_ids"]).rename("of_id").rename_axis("stage_id").reset_index()
    )
    table = read.merge(wholes, on="stage_id", how="left")
    known = read.set_index("stage_id")
    table["of"] = table["of_id"].map(known["n"]).astype("Int64")
    table["share_of"] = table["of_id"].map(known["stage"]).astype("str")
    table = pd.concat([table.rename(columns={"reason": "note"}), _not_counted(read)], ignore_index=True)
    table["percent"] = (100 * table["n"] / table["of"]).astype("float64")
    interval = wilson(table["n"].astype("Float64"), table["of"].astype("Float64"))
    table["ci_low"], table["ci_high"] = 100 * interval["low"], 100 * interval["high"]
    table["source_url"] = table["planning_element_id"].map(
        evidence.planning_elements.set_index("planning_element_id")["source_url"]
    )
    return _ordered(table)[_COLUMNS]


def _not_counted(read: pd.DataFrame) -> pd.DataFrame:
    """A row a stage that a programme counts in one unit and not in another that it uses."""
    pairs = read[["programme", "counted"]].drop_duplicates().merge(read[["programme", "stage"]].drop_duplicates())
    every = pairs.merge(read[["programme", "counted", "stage", "n"]], how="left")
    gone = every[every["n"].isna()]
    return gone.assign(note=[_NOT_STATED.format(unit) for unit in gone["counted"]])


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """By programme, unit and stage in the order of the vocabularies; the nearest whole first."""
    units, stages = (
        {word: place for place, word in enumerate(vocabularies()[name])}
        for name in ("programme_unit", "programme_stage")
    )
    keys = {"_unit": table["counted"].map(units), "_stage": table["stage"].map(stages), "_whole": -table["share_of"].map(stages).fillna(0)}  # fmt: skip
    order = ["programme", "_unit", "_stage", "_whole"]
    return table.assign(**keys).sort_values(order, kind="stable").reset_index(drop=True)
