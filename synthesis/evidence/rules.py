"""Checks that know the field: what must hold between counts, percents, intervals, samples, themes and sources.

Each rule takes the `Checked` tables and reports on them. A rule is left out where a table or column that it needs could
not be read: that fault is listed already, and judging without it would only repeat it row by row. A contradiction that a
source really prints is recorded in the table ``discrepancies``; its row is then shown with that remark (a warning)
instead of being refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd

from synthesis.evidence.checks import tidy
from synthesis.evidence.files import RawTable
from synthesis.evidence.schema import evidence_tables

#: Overlap groups with these beginnings mark rows of one table, whose people differ.
ONE_TABLE = ("table-of-", "part-table-of-")


@dataclass(frozen=True)
class Checked:
    """Tables as typed frames, with the raw tables behind them for row numbers and printed digits.

    ``unread`` names tables whose file is there but could not be read.
    """

    frames: Mapping[str, pd.DataFrame]
    raw: Mapping[str, RawTable]
    unread: Collection[str] = ()

    def has(self, *names: str) -> bool:
        """Whether all these were read: tables, or columns as ``table.column``."""
        return all(
            table in self.frames and (not column or column in self.raw[table].cells)
            for table, _, column in (name.partition(".") for name in names)
        )

    def lacks(self, *names: str) -> bool:
        """Whether one of these tables or columns is meant to be there and could not be read."""
        tables = {name.partition(".")[0] for name in names}
        return bool(tables & set(self.unread)) or not self.has(
            *(n for n in names if n.partition(".")[0] in self.frames)
        )

    def keys(self, name: str) -> pd.Series:
        """Key of each row of a table, several columns joined with ``/``."""
        frame, key = self.frames[name], self.raw[name].table.key
        first, *rest = (frame[column] for column in key)
        return first.astype("str").str.cat([each.astype("str") for each in rest], sep="/") if rest else first

    def recorded(self, name: str, *columns: str) -> pd.Series:
        """For each row of a table, whether `discrepancies` records a contradiction in one of the columns."""
        broken = self.lacks("discrepancies.table", "discrepancies.row_id", "discrepancies.column")
        if broken or "discrepancies" not in self.frames:
            # Where that table is broken, nobody knows what is recorded; its own fault is listed.
            return pd.Series(broken, index=self.frames[name].index)
        known = self.frames["discrepancies"]
        about = (
            known["column"].fillna("").str.split(";").map(lambda named: named == [""] or bool(set(named) & {*columns}))
        )
        return self.keys(name).isin(known.loc[(known["table"] == name) & about.astype(bool), "row_id"])

    def report(self, name: str, code: str, at: pd.Series, message: pd.Series | str, column: str) -> None:
        """Report `code` for every row of the table where `at` holds; `message` is one text, or one a row."""
        raw, frame = self.raw[name], self.frames[name]
        for position in np.flatnonzero(at.fillna(False).to_numpy(dtype=bool)):
            value = frame[column].iloc[position]
            text = message if isinstance(message, str) else message.iloc[position]
            raw.report(code, text, raw.rows[position], column, "" if pd.isna(value) else value)


def check_rules(tables: Checked) -> None:
    """Run every rule for which the tables and columns that it needs were read."""
    for rule, needs in RULES:
        if tables.has(*needs):
            rule(tables)


def printed_step(texts: np.ndarray) -> np.ndarray:
    """One unit of the last printed digit: 1 for “36”, 0.1 for “36.0”. Empty and unreadable texts give 1."""
    return np.array([_step(text) for text in texts], dtype=float)


def _step(text: str) -> float:
    try:
        exponent = Decimal(text.strip()).as_tuple().exponent
    except InvalidOperation:
        return 1.0
    return 10.0 ** min(exponent, 0) if isinstance(exponent, int) else 1.0


def _counts(tables: Checked) -> None:
    for name, cases, total in (
        ("estimates", "numerator", "denominator"),
        ("official_statistics", "episodes_with_factor", "episodes_assessed"),
    ):
        if tables.has(name):
            frame = tables.frames[name]
            counts = frame[cases].astype("str") + " of " + frame[total].astype("str")
            said = counts + ": more cases than people; were the two swapped?"
            tables.report(name, "numerator-above-denominator", frame[cases] > frame[total], said, cases)


def _counted_percent(frame: pd.DataFrame) -> pd.Series:
    """Percent that the counts give; missing where more cases than people stand there, which is a fault of its own."""
    percent = 100 * frame["numerator"].astype("Float64") / frame["denominator"].astype("Float64")
    return percent.where(percent <= 100).astype("float64")


def _percents(tables: Checked) -> None:
    frame, printed = tables.frames["estimates"], tables.frames["estimates"]["percent_as_reported"]
    counted = _counted_percent(frame)
    step = printed_step(tables.raw["estimates"].text("percent_as_reported"))
    apart = (counted - printed).abs() > step / 2 + 1e-9
    said = (
        frame["numerator"].astype("str") + " of " + frame["denominator"].astype("str") + " is " + counted.round(2).astype("str") + " %, but "
        + printed.astype("str") + " % is printed; correct it, or record in discrepancies that the source prints both"
    )  # fmt: skip
    known = tables.recorded("estimates", "numerator", "denominator", "percent_as_reported")
    tables.report("estimates", "percent-disagrees", apart & ~known, said, "percent_as_reported")


def _intervals(tables: Checked) -> None:
    for name, estimate in (
        ("estimates", "percent_as_reported"),
        ("published_results", "pooled_percent"),
        ("associations", "estimate"),
    ):
        if tables.has(f"{name}.{estimate}", f"{name}.ci_low", f"{name}.ci_high"):
            _interval(tables, name, estimate)


def _interval(tables: Checked, name: str, estimate: str) -> None:
    frame, raw = tables.frames[name], tables.raw[name]
    low, high, point = frame["ci_low"], frame["ci_high"], frame[estimate]
    if name == "estimates":
        point = point.fillna(_counted_percent(frame))
    interval = low.astype("str") + " to " + high.astype("str")
    said = interval + ": the lower end lies above the upper end; were the two swapped?"
    tables.report(name, "interval-reversed", low > high, said, "ci_low")
    steps = [printed_step(raw.text(column)) for column in ("ci_low", "ci_high", estimate)]
    steps[2] = np.where(frame[estimate].isna(), 0, steps[2])  # an estimate made from counts is not rounded
    slack = np.maximum.reduce(steps) / 2 + 1e-9
    outside = (low <= high) & ((point < low - slack) | (point > high + slack))
    said = (
        "the interval "
        + interval
        + " does not contain its estimate "
        + point.round(3).astype("str")
        + "; correct it, or record it in discrepancies"
    )
    tables.report(
        name,
        "interval-excludes-estimate",
        outside & ~tables.recorded(name, estimate, "ci_low", "ci_high"),
        said,
        estimate,
    )


def _suppression(tables: Checked) -> None:
    name, frame = "official_statistics", tables.frames["official_statistics"]
    missing = frame["episodes_with_factor"].isna() | frame["episodes_assessed"].isna()
    marked = frame["suppression"].notna()
    said = "a count is missing and no suppression code says why"
    tables.report(name, "count-and-suppression", missing & ~marked, said, "suppression")
    whole = ~missing & marked & (frame["suppression"] != "z")
    said = "both counts are there although the row is marked as withheld"
    tables.report(name, "count-and-suppression", whole, said, "suppression")


_ALIKE = ("indicator_id", "source_id", "population", "setting", "country_as_reported", "period", "case_definition")


def _same_row_twice(tables: Checked) -> None:
    """Rows alike in every respect that tells people apart."""
    frame = tables.frames["estimates"]
    first, *rest = (frame[column].fillna("") for column in _ALIKE)
    _report_repeats(tables, first.str.cat(rest, sep="\x1f"), frame["source_id"].notna())


def _samples(tables: Checked) -> None:
    """Two rows of a poolable indicator in use that rest on the same people."""
    if tables.lacks("estimate_choices.estimate_id", "estimate_choices.sample", "estimate_choices.use"):
        return
    frame = tables.frames["estimates"]
    indicators = tables.frames["indicators"].drop_duplicates("indicator_id").set_index("indicator_id")
    pooled = frame["indicator_id"].map(indicators["combine"]).eq("poolable").fillna(False).astype(bool)
    group = frame["overlap_group"].where(~frame["overlap_group"].fillna("").str.startswith(ONE_TABLE))
    sample, use = pd.Series(None, index=frame.index, dtype="str"), ~frame["preferred_row"].eq(False).fillna(False)
    if tables.has("estimate_choices"):
        choices = tables.frames["estimate_choices"].drop_duplicates("estimate_id").set_index("estimate_id")
        sample = frame["estimate_id"].map(choices["sample"])
        use = frame["estimate_id"].map(choices["use"]).fillna(use).astype(bool)
        said = "not in estimate_choices yet: left out of the pooled line of its indicator"
        tables.report(
            "estimates", "choice-missing", pooled & ~frame["estimate_id"].isin(choices.index), said, "estimate_id"
        )
    for people in (group, frame["source_id"]):
        # A row that nobody has judged rests on the sample that was judged for another row of its group or source.
        sample = sample.fillna(sample.groupby([frame["indicator_id"], people]).transform("first"))
    sample = sample.fillna(group).fillna(frame["source_id"])
    _report_repeats(tables, frame["indicator_id"] + "\x1f" + sample, pooled & use)


def _choice_indicators(tables: Checked) -> None:
    """A choice speaks of the indicator that its estimate belongs to; otherwise the estimate drops out unseen."""
    choices, estimates = tables.frames["estimate_choices"], tables.frames["estimates"]
    belongs = choices["estimate_id"].map(
        estimates.drop_duplicates("estimate_id").set_index("estimate_id")["indicator_id"]
    )
    apart = belongs.notna() & choices["indicator_id"].notna() & (belongs != choices["indicator_id"])
    said = "the estimate belongs to " + belongs.fillna("") + "; correct one of the two"
    tables.report("estimate_choices", "link-broken", apart, said, "indicator_id")


def _report_repeats(tables: Checked, label: pd.Series, among: pd.Series) -> None:
    """Report every row whose label another row carries too, with the number of that other row."""
    at: dict[str, list[int]] = {}
    for row, name in zip(tables.raw["estimates"].rows[among], label[among].fillna(""), strict=True):
        at.setdefault(name, []).append(int(row))
    twice, said = pd.Series(False, index=among.index), pd.Series("", index=among.index)
    for position in np.flatnonzero(among):
        name, row = label.iloc[position], tables.raw["estimates"].rows[position]
        others = [other for other in at.get(name, []) if other != row] if isinstance(name, str) and name else []
        if others:
            twice.iloc[position] = True
            said.iloc[position] = (
                f"the same people stand in row {others[0]} under this indicator too; mark one of them as the one to use"
            )
    tables.report("estimates", "same-sample-twice", twice, said, "estimate_id")


def _retractions(tables: Checked) -> None:
    notices = tables.frames["retractions"]
    empty = notices["source_id"].isna() & notices["doi"].isna()
    tables.report(
        "retractions", "required", empty, "name the withdrawn publication: fill source_id or doi", "source_id"
    )
    ids, dois = set(notices["source_id"].dropna()), set(notices["doi"].dropna().str.lower())
    places = [
        (name, column)
        for name, column in (
            ("studies", "study_id"),
            ("estimates", "source_id"),
            ("associations", "source_id"),
            ("published_results", "review_id"),
        )
        if tables.has(name)
    ]
    for name, column in places:
        # A publication known by its id in one table may carry another id, and the same doi, in the next.
        frame = tables.frames[name]
        dois |= set(frame.loc[frame[column].isin(ids), "doi"].dropna().str.lower())
    for name, column in places:
        frame = tables.frames[name]
        used = frame[column].isin(ids) | frame["doi"].str.lower().isin(dois)
        said = "this publication was withdrawn (see retractions); its rows may not be used"
        tables.report(name, "retracted-source", used, said, column)


def _themes(tables: Checked) -> None:
    frame = tables.frames["themes"]
    pairs = list(zip(frame["theme_id"].fillna(""), frame["parent_theme_id"].fillna(""), strict=True))
    parents: dict[str, set[str]] = {}
    for theme, parent in pairs:
        parents.setdefault(theme, set()).add(parent)
    circular = pd.Series([bool(parent) and theme in _and_above(parent, parents) for theme, parent in pairs], dtype=bool)
    said = "following parent_theme_id from here leads back here; correct it"
    tables.report("themes", "theme-cycle", circular, said, "parent_theme_id")


def _and_above(theme: str, parents: Mapping[str, set[str]]) -> set[str]:
    """A theme and all themes above it. A theme id that stands twice may have two parents; both are followed."""
    seen: set[str] = set()
    left = {theme}
    while left:
        theme = left.pop()
        seen.add(theme)
        left |= parents.get(theme, set()) - seen - {""}
    return seen


def _theme_levels(tables: Checked) -> None:
    frame = tables.frames["themes"]
    top, analytical = frame["parent_theme_id"].isna(), frame["level"] == "analytical"
    said = "an analytical theme stands at the top: it has no parent"
    tables.report("themes", "theme-level", analytical & ~top, said, "parent_theme_id")
    # A parent that could not be read is a fault of its own, not a theme without a parent.
    written = pd.Series(tables.raw["themes"].text("parent_theme_id"), index=frame.index) != ""
    said = "a descriptive theme needs the theme above it"
    tables.report("themes", "theme-level", (frame["level"] == "descriptive") & top & ~written, said, "parent_theme_id")


def _agreed_findings(codings: RawTable) -> set[str]:
    """Findings with a coding of the agreed set, found by code numbers: there may be a million rows."""
    (coders, of_row), (ids, finding_of_row) = codings.cells["coder"], codings.cells["finding_id"]
    agreed = np.array([tidy(coder) == "agreed" for coder in coders], dtype=bool)
    coded = np.zeros(len(ids), dtype=bool)
    coded[finding_of_row[agreed[of_row]]] = True
    return {tidy(finding) for finding in ids[coded]}


def _settled(tables: Checked) -> None:
    findings, agreed = tables.frames["findings"], _agreed_findings(tables.raw["codings"])
    if tables.has("uncoded.finding_id"):
        both = tables.frames["uncoded"]["finding_id"].isin(agreed)
        said = "the finding carries an agreed code, so it is not uncoded; delete one or the other"
        tables.report("uncoded", "coded-and-uncoded", both, said, "finding_id")
    if not agreed or tables.lacks("uncoded.finding_id"):
        return
    left = set(tables.frames["uncoded"]["finding_id"].dropna()) if tables.has("uncoded") else set()
    settled = agreed | left
    open_ = [isinstance(finding, str) and finding not in settled for finding in findings["finding_id"].to_numpy()]
    unread = pd.Series(open_, index=findings.index, dtype=bool)
    said = "no agreed code, and not listed as uncoded: not settled yet"
    tables.report("findings", "finding-unread", unread, said, "finding_id")


def _screening(tables: Checked) -> None:
    records, written = tables.frames["records"], tables.raw["records"]
    decision = records["decision"]
    included, left_out = decision.eq("included").fillna(False), decision.ne("included").fillna(False)
    named, reasoned = (pd.Series(written.text(column), index=records.index) != "" for column in ("study_id", "reason"))
    for at, said, column in (
        (included & ~named, "an included record names its study", "study_id"),
        (left_out & named, "the record is not included but names a study; include it, or empty study_id", "study_id"),
        (left_out & ~reasoned, "a record that is not included needs a reason", "reason"),
    ):
        tables.report("records", "record-and-study", at, said, column)
    studies = tables.frames["studies"]
    unmet = studies["study_id"].notna() & ~studies["study_id"].isin(records.loc[included, "study_id"])
    said = "no included record leads to this study, so the flow diagram would lose it; add its record"
    tables.report("studies", "record-and-study", unmet, said, "study_id")


def _discrepancies(tables: Checked) -> None:
    """Each recorded contradiction is a warning at the row it concerns."""
    known = tables.frames["discrepancies"]
    for name in known["table"].dropna().unique():
        at = known["table"] == name
        if name not in evidence_tables():
            tables.report("discrepancies", "link-broken", at, f"there is no table “{name}”; correct the name", "table")
        elif tables.has(*(f"{name}.{column}" for column in evidence_tables()[name].key)):
            _discrepancies_in(tables, name, known[at])


def _discrepancies_in(tables: Checked, name: str, known: pd.DataFrame) -> None:
    keys = list(tables.keys(name))
    row_of = dict(zip(keys, tables.raw[name].rows, strict=True))
    position_of = {key: position for position, key in enumerate(keys)}
    columns, remarks = evidence_tables()[name].columns, tables.raw["discrepancies"]
    for position, each in zip(known.index, known.fillna("").itertuples(), strict=True):
        if each.row_id not in row_of:
            if each.row_id:
                said = f"the row it speaks of is not in the table {name}; restore it or correct the value"
                remarks.report("link-broken", said, remarks.rows[position], "row_id", each.row_id)
            continue
        for column in filter(None, each.column.split(";")):
            if column not in columns:
                said = f"the table {name} has no column “{column}”; correct the name"
                remarks.report("link-broken", said, remarks.rows[position], "column", column)
        said = f"stated: {each.stated} Also stated: {each.also_stated} {each.handling} ({each.discrepancy_id})"
        value = _cell(tables.frames[name], position_of[each.row_id], each.column.partition(";")[0] or "")
        tables.raw[name].report("discrepancy", said, row_of[each.row_id], each.column, value)


def _cell(frame: pd.DataFrame, position: int, column: str) -> object:
    """A cell for a reader: empty where nothing stands there, or no column is named."""
    value = frame[column].iloc[position] if column in frame else ""
    return "" if pd.isna(value) else value


_PERCENT_COLUMNS = ("estimates.numerator", "estimates.denominator", "estimates.percent_as_reported")
_COUNT_COLUMNS = ("episodes_with_factor", "episodes_assessed", "suppression")
RULES = (
    (_counts, ()),
    (_percents, _PERCENT_COLUMNS),
    (_intervals, ()),
    (_suppression, tuple(f"official_statistics.{column}" for column in _COUNT_COLUMNS)),
    (_same_row_twice, tuple(f"estimates.{column}" for column in _ALIKE)),
    (_samples, ("estimates.estimate_id", "estimates.source_id", "estimates.indicator_id", "indicators.combine")),
    (_choice_indicators, ("estimate_choices.indicator_id", "estimates.indicator_id", "estimates.estimate_id")),
    (_retractions, ("retractions",)),
    (_themes, ("themes.theme_id", "themes.parent_theme_id")),
    (_theme_levels, ("themes.level", "themes.parent_theme_id")),
    (_settled, ("findings.finding_id", "codings.finding_id", "codings.coder")),
    (_screening, ("records.decision", "records.study_id", "records.reason", "studies.study_id")),
    (_discrepancies, ("discrepancies",)),
)
