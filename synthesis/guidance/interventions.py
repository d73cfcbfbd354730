"""Module 4 of the guide: interventions, each with its results whichever way they point and its ratings by whom they are.

Raters use scales of their own, so a rating is read within its scale alone: one column a rater, and no order across them.
"""

from __future__ import annotations

import re

import pandas as pd

from synthesis.evidence.schema import CallError, vocabularies
from synthesis.evidence.tables import Evidence, split_list
from synthesis.guidance.guides import fitting, holds, mentions, one_of

#: Words that say that a row says nothing.
_SILENT = ("not_stated", "not_reported")
#: Cell of a rater's column where that rater is named and the rating stands only in the remark.
_IN_NOTE = "see the remark"


def rating_columns() -> list[str]:
    """Names of the columns of ratings, one a rater, in the order of the vocabulary ``evidence_scale``."""
    return [f"rating_{scale}" for scale in vocabularies()["evidence_scale"] if scale != "none_stated"]


def intervention_table(
    evidence: Evidence,
    need: str | None = None,
    age: float | None = None,
    level: str | None = None,
    delivery: str | None = None,
    result: str | None = None,
    scale: str | None = None,
    rating: str | None = None,
    max_cost: int | None = None,
    text: str | None = None,
) -> pd.DataFrame:
    """Interventions that fit, then those that do not say; what they do not say is named in ``not_stated``.

    Parameters
    ----------
    need : a word of ``intervention_need``, such as ``parental_mental_health``.
    age : age of the child in years.
    level : a word of ``level_of_need``, such as ``universal``.
    delivery : a word of ``intervention_format``, such as ``group``.
    result : a word of ``intervention_result``, such as ``harm`` or ``null``; rows without a result stay below as silent.
    scale : a rater, a word of ``evidence_scale``: rows that this rater has rated, best first.
    rating : with `scale`, the lowest rating wanted, as printed (``3``, ``4+``).
    max_cost : highest cost rating, 1 to 5.
    text : words that the name, target, delivery or outcomes hold.

    Columns ``intervention_id, name, target, age_of_child, level_of_need, delivery, needs, formats, results, outcomes``, one
    ``rating_...`` a rater (`rating_columns`), ``cost_rating, design, reason`` (of the reading), ``note, source_url, locator,
    not_stated``. Without filters every intervention, in the order of the source. Raises CallError for a word that is not
    there, and for a rating without its scale: ratings of different raters are never compared.
    """
    if rating is not None and scale is None:
        raise CallError("A rating means something on its own scale alone: name the scale too, such as scale='eif_guidebook'.")  # fmt: skip
    table = _read(evidence)
    wanted = {
        **_of_lists(table, need=need, level=level, delivery=delivery, result=result),
        **({} if age is None else {"age": _suits_age(table, age)}),
        **({} if max_cost is None else {"cost": table["cost_rating"].le(max_cost)}),
    }
    if text is not None:
        held = table[["name", "target", "delivery", "outcomes"]].fillna("").agg(" ".join, axis=1)
        wanted["text"] = mentions(held, text, "intervention")
    if scale is not None:
        one_of(scale, [s for s in vocabularies()["evidence_scale"] if s != "none_stated"], "scale")
        rank = _rank(table[f"rating_{scale}"])
        wanted["scale"] = table[f"rating_{scale}"].notna()
        if rating is not None:
            wanted["rating"] = rank.ge(_rank(pd.Series([rating]))[0]).astype("boolean").where(rank.notna())
        table = table.loc[rank.sort_values(ascending=False, kind="stable", na_position="last").index]
    return fitting(table, {name: answer.reindex(table.index) for name, answer in wanted.items()})


def _read(evidence: Evidence) -> pd.DataFrame:
    """Interventions with their readings and a column a rater."""
    reading = evidence.intervention_readings.drop(columns=["judged_by", "status", "date"])
    table = evidence.interventions.merge(reading, on="intervention_id", how="left")
    for column in rating_columns():
        named = table["evidence_scale"] == column.removeprefix("rating_")
        table[column] = table["evidence_rating"].fillna(_IN_NOTE).where(named)
    columns = (
        "intervention_id name target age_of_child level_of_need delivery needs formats results outcomes {} cost_rating "
        "design reason note source_url locator age_from age_to"
    )
    return table[columns.format(" ".join(rating_columns())).split()]


def _of_lists(table: pd.DataFrame, **words: str | None) -> dict[str, pd.Series]:
    """What is asked of the columns that hold words of a vocabulary."""
    where = {
        "need": ("needs", "intervention_need"),
        "level": ("level_of_need", "level_of_need"),
        "delivery": ("formats", "intervention_format"),
        "result": ("results", "intervention_result"),
    }
    wanted = {}
    for name, word in words.items():
        if word is not None:
            column, vocabulary = where[name]
            silent = table[column].isin(_SILENT) & (word not in _SILENT)
            wanted[name] = holds(table[column], one_of(word, vocabularies()[vocabulary], name)).mask(silent)
    return wanted


def _suits_age(table: pd.DataFrame, age: float) -> pd.Series:
    known = table["age_from"].notna() & table["age_to"].notna()
    return (table["age_from"].le(age) & table["age_to"].ge(age)).astype("boolean").where(known)


def _rank(ratings: pd.Series) -> pd.Series:
    """Ratings of one scale as numbers that sort: a plus lies between two steps. Missing where nothing is printed."""

    def number(printed: object) -> float:
        found = re.fullmatch(r"(\d+)(\+?)", str(printed))
        return float(found[1]) + (0.5 if found[2] else 0) if found else float("nan")

    return ratings.map(number).astype("float64")


def result_counts(evidence: Evidence) -> pd.DataFrame:
    """Which way results point: a row a word of ``intervention_result``, harm and no difference as plainly as gains.

    Columns ``result, meaning, n_interventions, of_interventions, interventions`` (their names). An intervention counts
    under every word that its results carry.
    """
    table = intervention_table(evidence)
    words = split_list(table.set_index("name")["results"])
    rows = [
        (word, meaning, int((words == word).sum()), len(table), "; ".join(words.index[words == word]))
        for word, meaning in vocabularies()["intervention_result"].items()
    ]
    return pd.DataFrame(rows, columns=["result", "meaning", "n_interventions", "of_interventions", "interventions"])
