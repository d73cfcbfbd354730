"""Checks that know the field: what must hold between counts, percents, intervals, samples, themes and sources.

Each rule takes the `Checked` tables and reports on them. A contradiction that a source really prints is recorded in the
table ``discrepancies``; its rows are then shown with that remark (a warning) instead of being refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthesis.files import RawTable

#: Overlap groups with these beginnings mark rows of one table, whose people differ.
ONE_TABLE = ("table-of-", "part-table-of-")


@dataclass(frozen=True)
class Checked:
    """Tables as typed frames, with the raw tables behind them for row numbers and printed digits."""

    frames: Mapping[str, pd.DataFrame]
    raw: Mapping[str, RawTable]

    def has(self, *names: str) -> bool:
        """Whether all these tables were read."""
        return all(name in self.frames for name in names)

    def keys(self, name: str) -> pd.Series:
        """Key of each row of a table, several columns joined with ``/``."""
        frame, key = self.frames[name], self.raw[name].table.key
        return frame[key[0]] if len(key) == 1 else frame[list(key)].astype("str").agg("/".join, axis=1)

    def recorded(self, name: str) -> pd.Series:
        """For each row of a table, whether `discrepancies` records a contradiction in it."""
        if "discrepancies" not in self.frames:
            return pd.Series(False, index=self.frames[name].index)
        known = self.frames["discrepancies"]
        return self.keys(name).isin(known.loc[known["table"] == name, "row_id"])

    def report(self, name: str, code: str, at: pd.Series, message: pd.Series | str, column: str) -> None:
        """Report `code` for every row of the table where `at` holds; `message` is one text, or one a row."""
        raw, frame = self.raw[name], self.frames[name]
        for position in np.flatnonzero(at.fillna(False).to_numpy(dtype=bool)):
            value = frame[column].iloc[position]
            text = message if isinstance(message, str) else message.iloc[position]
            raw.report(code, text, raw.rows[position], column, "" if pd.isna(value) else value)


def check_rules(tables: Checked) -> None:
    """Run every rule for which the tables it needs were read."""
    for rule, needs in RULES:
        if tables.has(*needs):
            rule(tables)


def printed_step(texts: np.ndarray) -> np.ndarray:
    """One unit of the last printed digit: 1 for “36”, 0.1 for “36.0”. Empty texts give 1."""
    return np.array([10.0 ** -len(text.partition(".")[2]) if text else 1.0 for text in texts])


def _counts(tables: Checked) -> None:
    for name, cases, total in (
        ("estimates", "numerator", "denominator"),
        ("official_statistics", "episodes_with_factor", "episodes_assessed"),
    ):
        if tables.has(name):
            frame = tables.frames[name]
            said = (
                frame[cases].astype("str")
                + " of "
                + frame[total].astype("str")
                + ": more cases than people; were the two swapped?"
            )
            tables.report(name, "numerator-above-denominator", frame[cases] > frame[total], said, cases)


def _percents(tables: Checked) -> None:
    frame, raw = tables.frames["estimates"], tables.raw["estimates"]
    if "percent_as_reported" not in raw.cells:
        return
    counted = 100 * frame["numerator"].astype("Float64") / frame["denominator"].astype("Float64")
    step = printed_step(raw.text("percent_as_reported"))
    apart = (counted - frame["percent_as_reported"]).abs() > step / 2 + 1e-9
    said = (
        frame["numerator"].astype("str") + " of " + frame["denominator"].astype("str") + " is " + counted.round(2).astype("str") + " %, but "
        + frame["percent_as_reported"].astype("str") + " % is printed; correct it, or record in discrepancies that the source prints both"
    )  # fmt: skip
    tables.report("estimates", "percent-disagrees", apart & ~tables.recorded("estimates"), said, "percent_as_reported")


def _intervals(tables: Checked) -> None:
    for name, estimate in (
        ("estimates", "percent_as_reported"),
        ("published_results", "pooled_percent"),
        ("associations", "estimate"),
    ):
        if not tables.has(name) or not {estimate, "ci_low", "ci_high"} <= set(tables.raw[name].cells.columns):
            continue
        frame, raw = tables.frames[name], tables.raw[name]
        low, high, point = frame["ci_low"], frame["ci_high"], frame[estimate]
        if name == "estimates":
            point = point.fillna((100 * frame["numerator"] / frame["denominator"]).astype("float64"))
        interval = frame["ci_low"].astype("str") + " to " + frame["ci_high"].astype("str")
        tables.report(
            name, "interval-reversed", low > high, interval + ": the lower end lies above the upper end", "ci_low"
        )
        slack = np.maximum(printed_step(raw.text("ci_low")), printed_step(raw.text("ci_high"))) / 2 + 1e-9
        outside = (low <= high) & ((point < low - slack) | (point > high + slack)) & ~tables.recorded(name)
        said = "the interval " + interval + " does not contain its estimate " + point.round(3).astype("str")
        tables.report(name, "interval-excludes-estimate", outside, said, estimate)


def _suppression(tables: Checked) -> None:
    frame = tables.frames["official_statistics"]
    missing = frame["episodes_with_factor"].isna() | frame["episodes_assessed"].isna()
    marked = frame["suppression"].notna()
    tables.report(
        "official_statistics",
        "count-and-suppression",
        missing & ~marked,
        "a count is missing and no suppression code says why",
        "suppression",
    )
    whole = ~missing & marked & (frame["suppression"] != "z")
    tables.report(
        "official_statistics",
        "count-and-suppression",
        whole,
        "both counts are there although the row is marked as withheld",
        "suppression",
    )


def _samples(tables: Checked) -> None:
    """The same people twice under one indicator: rows alike in every respect, or two rows in use with one sample label."""
    frame = tables.frames["estimates"]
    same = ["indicator_id", "source_id", "population", "setting", "country_as_reported", "period", "case_definition"]
    _report_repeats(tables, frame[same].fillna("").agg("\x1f".join, axis=1), pd.Series(True, index=frame.index))
    if not tables.has("indicators"):
        return
    pooled = frame["indicator_id"].map(tables.frames["indicators"].set_index("indicator_id")["combine"]) == "poolable"
    group = frame["overlap_group"].where(~frame["overlap_group"].fillna("").str.startswith(ONE_TABLE))
    sample, use = group.fillna(frame["source_id"]), ~frame["preferred_row"].eq(False).fillna(False)
    if tables.has("estimate_choices"):
        choices = tables.frames["estimate_choices"].drop_duplicates("estimate_id").set_index("estimate_id")
        sample = frame["estimate_id"].map(choices["sample"]).fillna(sample)
        use &= frame["estimate_id"].map(choices["use"]).fillna(True).astype(bool)
        unjudged = pooled & ~frame["estimate_id"].isin(choices.index)
        tables.report(
            "estimates",
            "choice-missing",
            unjudged,
            "not in estimate_choices yet: left out of the pooled line of its indicator",
            "estimate_id",
        )
    _report_repeats(tables, frame["indicator_id"].fillna("") + "\x1f" + sample.fillna(""), pooled & use)


def _report_repeats(tables: Checked, label: pd.Series, among: pd.Series) -> None:
    label, rows = label[among], tables.raw["estimates"].rows
    first = pd.Series(rows, index=among.index)[among].groupby(label).transform("first").reindex(among.index)
    said = (
        "the same people stand in row "
        + first.fillna(0).astype(int).astype("str")
        + " under this indicator; mark one of them as the one to use"
    )
    tables.report("estimates", "same-sample-twice", first.notna() & (first != rows), said, "estimate_id")


def _retractions(tables: Checked) -> None:
    notices = tables.frames["retractions"]
    ids, dois = set(notices["source_id"].dropna()), set(notices["doi"].dropna().str.lower())
    for name, column in (
        ("studies", "study_id"),
        ("estimates", "source_id"),
        ("associations", "source_id"),
        ("published_results", "review_id"),
    ):
        if tables.has(name):
            frame = tables.frames[name]
            used = frame[column].isin(ids) | frame["doi"].str.lower().isin(dois)
            tables.report(
                name,
                "retracted-source",
                used,
                "this publication was withdrawn (see retractions); its rows may not be used",
                column,
            )


def _themes(tables: Checked) -> None:
    frame = tables.frames["themes"]
    parents = dict(
        zip(frame["theme_id"], frame["parent_theme_id"].where(frame["parent_theme_id"].notna(), None), strict=True)
    )
    circular = frame["theme_id"].map(lambda theme: theme in set(_ancestors(theme, parents)))
    tables.report(
        "themes", "theme-cycle", circular, "following parent_theme_id from here leads back here", "parent_theme_id"
    )
    top, analytical = frame["parent_theme_id"].isna(), frame["level"] == "analytical"
    tables.report(
        "themes",
        "theme-level",
        analytical & ~top,
        "an analytical theme stands at the top: it has no parent",
        "parent_theme_id",
    )
    tables.report(
        "themes",
        "theme-level",
        (frame["level"] == "descriptive") & top,
        "a descriptive theme needs the theme above it",
        "parent_theme_id",
    )


def _ancestors(theme: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    seen: set[str] = set()
    while (above := parents.get(theme)) and above not in seen:
        seen.add(above)
        yield above
        theme = above


def _settled(tables: Checked) -> None:
    findings, codings = tables.frames["findings"], tables.frames["codings"]
    agreed = set(codings.loc[codings["coder"] == "agreed", "finding_id"])
    left = set(tables.frames["uncoded"]["finding_id"]) if tables.has("uncoded") else set()
    if tables.has("uncoded"):
        both = tables.frames["uncoded"]["finding_id"].isin(agreed)
        tables.report(
            "uncoded",
            "coded-and-uncoded",
            both,
            "the finding carries an agreed code, so it is not uncoded",
            "finding_id",
        )
    if agreed:
        unread = ~findings["finding_id"].isin(agreed | left)
        tables.report(
            "findings",
            "finding-unread",
            unread,
            "no agreed code, and not listed as uncoded: not settled yet",
            "finding_id",
        )


def _screening(tables: Checked) -> None:
    records, studies = tables.frames["records"], tables.frames["studies"]
    included = records["decision"] == "included"
    tables.report(
        "records",
        "record-and-study",
        included & records["study_id"].isna(),
        "an included record names its study",
        "study_id",
    )
    tables.report(
        "records",
        "record-and-study",
        ~included & records["study_id"].notna(),
        "the record is not included but names a study",
        "study_id",
    )
    tables.report(
        "records",
        "record-and-study",
        ~included & records["reason"].isna(),
        "a record that is not included needs a reason",
        "reason",
    )
    unmet = ~studies["study_id"].isin(records.loc[included, "study_id"])
    tables.report(
        "studies",
        "record-and-study",
        unmet,
        "no included record leads to this study; the flow diagram would lose it",
        "study_id",
    )


def _discrepancies(tables: Checked) -> None:
    """Each recorded contradiction is a warning at the row it concerns."""
    known = tables.frames["discrepancies"]
    for name in known["table"].dropna().unique():
        at = known["table"] == name
        if name not in tables.frames:
            tables.report("discrepancies", "link-broken", at, f"there is no table “{name}”", "table")
            continue
        row_of = dict(zip(tables.keys(name), tables.raw[name].rows, strict=True))
        there = known["row_id"].isin(list(row_of))
        tables.report(
            "discrepancies", "link-broken", at & ~there, f"the row it speaks of is not in the table {name}", "row_id"
        )
        for each in known[at & there].itertuples():
            column = "" if pd.isna(each.column) else each.column
            said = f"stated: {each.stated} Also stated: {each.also_stated} {each.handling} ({each.discrepancy_id})"
            tables.raw[name].report("discrepancy", said, row_of[each.row_id], column, each.row_id)


RULES = (
    (_counts, ()),
    (_percents, ("estimates",)),
    (_intervals, ()),
    (_suppression, ("official_statistics",)),
    (_samples, ("estimates",)),
    (_retractions, ("retractions",)),
    (_themes, ("themes",)),
    (_settled, ("findings", "codings")),
    (_screening, ("records", "studies")),
    (_discrepancies, ("discrepancies",)),
)
