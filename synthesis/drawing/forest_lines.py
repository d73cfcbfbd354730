"""What a forest plot shows, a row a line, from whatever holds estimates: a table, a pooled result, subgroups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from synthesis.drawing.canvas import shown_percent
from synthesis.evidence.schema import vocabularies
from synthesis.numbers.intervals import wilson
from synthesis.pooling.grouping import Subgroups
from synthesis.pooling.pooled import Pooled
from synthesis.pooling.text import INTERVAL_NAMES, model_text
from synthesis.prevalence.by_indicator import WORKED_OUT_NOTE, count_marks
from synthesis.prevalence.combining import PooledEstimates

#: Signs beside a row, explained below the plot.
LEFT_OUT, CONTRADICTED, PRINTED = "*", "†", "‡"
#: Columns of the rows; ``pooled`` is True for means and their prediction intervals, ``count_mark`` stands before a numerator.
COLUMNS = (
    "group", "label", "sign", "line", "numerator", "denominator", "percent", "ci_low", "ci_high", "weight", "interval", "pooled", "count_mark",
)  # fmt: skip
_NO_WEIGHTS = "This model gives the studies no weights."
#: What a weight is: a factor in a weighted mean, or (for models of the counts, which form none) a part of the information.
_WEIGHTS = {
    "inverse-variance": "weight in the mean",
    "glmm": "the study's part of the information on the mean, tau² held",
    "beta-binomial": "the study's part of the information on the mean",
}
Forest: TypeAlias = pd.DataFrame | PooledEstimates | Pooled | Subgroups


@dataclass(frozen=True)
class ForestLines:
    """``rows`` from the top (columns COLUMNS), what the axis measures, the small print, the level of the intervals."""

    rows: pd.DataFrame
    measure: str
    notes: list[str]
    level: float = 0.95


def forest_lines(result: Forest, measure: str | None = None) -> ForestLines:
    """Rows and texts of a forest plot.

    Parameters
    ----------
    result : rows of one indicator from `prevalence_table` or `pooled_table`, or what `pool_estimates`, `pool` or
        `subgroups` gave.
    measure : what the percent is of; default what the indicator says, or "Percent".
    """
    if isinstance(result, Pooled):
        return ForestLines(_pooled_rows(result), measure or "Percent", _pooled_notes(result), result.level)
    if isinstance(result, Subgroups):
        level = float(result.overall["level"].iloc[0])
        return ForestLines(_group_rows(result), measure or "Percent", _group_notes(result), level)
    table, level = as_forest_table(result), result.pooled.level if isinstance(result, PooledEstimates) else 0.95
    return ForestLines(_table_rows(table, level), measure or _measure(table), _table_notes(table), level)


def as_forest_table(result: pd.DataFrame | PooledEstimates) -> pd.DataFrame:
    """Rows in the columns of `prevalence_table`, also of what `pool_estimates` gave."""
    if isinstance(result, pd.DataFrame):
        return result
    rows = result.estimates.reset_index(drop=True)
    interval = wilson(rows["numerator"], rows["denominator"], result.pooled.level)
    bounds = {"ci_low": 100 * interval["low"], "ci_high": 100 * interval["high"]}
    rows = rows.assign(line="estimate", name=result.name, remark=None, override=None, interval="wilson", **bounds)
    one = result.table().iloc[0]
    percents = {"percent": "estimate", **{c: c for c in ("ci_low", "ci_high", "pi_low", "pi_high", "range_low", "range_high")}}  # fmt: skip
    line = {
        "line": "pooled", "source": f"Random-effects mean of {one['k']} estimates", "name": result.name,
        "numerator": result.pooled.events, "denominator": result.pooled.totals,
        **{column: 100 * one[name] for column, name in percents.items()},
        **{column: one[column] for column in ("interval", "k", "tau2", "i2", "lead", "remark", "override")},
    }  # fmt: skip
    frame = pd.DataFrame([*rows.to_dict("records"), line]).astype(
        dict.fromkeys(("numerator", "denominator", "k"), "Int64")
    )
    return frame.assign(country_as_reported=None, period=None, population=None)


# --- a table of estimates ----------------------------------------------------------------------------------------------


def _table_rows(table: pd.DataFrame, level: float) -> pd.DataFrame:
    rows = table.reset_index(drop=True).assign(pooled=table["line"].to_numpy() == "pooled", group=None)
    rows["line"] = rows["line"].mask(rows["in_pool"] == "no", "left out")
    rows["label"] = _source(rows)
    rows["weight"] = rows["weight"].mask(rows["pooled"] & rows["weight"].notna().any(), 100.0)
    rows["sign"] = (
        np.where(rows["line"] == "left out", LEFT_OUT, "")
        + np.where(rows["remark"].notna() & ~rows["pooled"], CONTRADICTED, "")
        + np.where(rows["interval"] == "printed", PRINTED, "")
    )
    rows["count_mark"] = count_marks(rows)
    expected = rows[rows["pooled"] & rows["pi_low"].notna()]
    expected = expected.assign(
        label=f"{100 * level:g}% prediction interval: a new setting like these", line="prediction interval", interval="prediction",
        percent=np.nan, ci_low=expected["pi_low"], ci_high=expected["pi_high"], numerator=pd.NA, denominator=pd.NA, sign="", weight=np.nan,
    )  # fmt: skip
    both = pd.concat([rows, expected.astype(rows.dtypes)]) if len(expected) else rows
    return both.sort_index(kind="stable")[list(COLUMNS)].reset_index(drop=True)


def _source(rows: pd.DataFrame) -> pd.Series:
    """Source, place and period; the case definition too where two rows would read the same."""
    label = rows["source"].astype("str")
    for column in ("country_as_reported", "period"):
        more = rows[column].notna() & ~rows["pooled"]
        label = label.where(~more, label + ", " + rows[column].astype("str"))
    for column in ("case_definition", "population"):
        more = label.duplicated(keep=False) & rows[column].notna() & ~rows["pooled"]
        label = label.where(~more, label + ": " + rows[column].astype("str"))
    return label


def _measure(table: pd.DataFrame) -> str:
    """What the axis measures: the indicator and what its percent is of."""
    units, names = table["unit"].dropna().unique(), vocabularies()["unit"]
    of = f" (unit: {names.get(units[0], units[0])})" if len(units) == 1 else " (rows differ in what they count)" if len(units) else ""  # fmt: skip
    return f"{table['name'].iloc[0]}: percent{of}"


def _unit_notes(table: pd.DataFrame) -> list[str]:
    """Which rows count what, where they differ; the odd ones first."""
    estimates, names = table[table["line"] == "estimate"], vocabularies()["unit"]
    units = estimates["unit"].value_counts().sort_values(kind="stable")
    if len(units) < 2:
        return []
    said = (f"{names[unit].partition(';')[0]} in {', '.join(estimates.loc[estimates['unit'] == unit, 'source'])}" for unit in units.index)  # fmt: skip
    return [f"What is counted: {'; '.join(said)}."]


def _table_notes(table: pd.DataFrame) -> list[str]:
    """What the marks mean, and every row's reason or remark."""
    estimates = table[table["line"] == "estimate"]
    left_out, remarked = estimates[estimates["in_pool"] == "no"], estimates[estimates["remark"].notna()]
    notes = []
    for row in table[table["line"] == "pooled"].itertuples():
        notes += [str(each) for each in (row.remark, row.override) if pd.notna(each)]
        if pd.isna(row.percent):  # no event in any of them: the remark says what the counts tell
            continue
        notes.append(
            f"Diamond: mean of {row.k} estimates (random effects). Hatched bar: prediction interval. "
            f"Differences between settings: tau² {row.tau2:.2f}, I² {row.i2:.0f}%."
        )
        weighted = estimates["weight"].notna().any()
        notes.append(
            "Weight: the part of all that is known of the mean that comes from this estimate."
            if weighted
            else _NO_WEIGHTS
        )
    if (table["line"] == "pooled").sum() == 0 and estimates["reason"].notna().any() and left_out.empty:
        notes.append(f"No pooled line: {estimates['reason'].dropna().iloc[0]}")
    notes += _unit_notes(table)
    if len(left_out):
        pooled = (table["line"] == "pooled").any()
        notes.append(f"{LEFT_OUT} Hollow: {'left out of the pooled line' if pooled else 'there is no pooled line'}.")
        notes += [f"{LEFT_OUT} {row.source}: {row.reason}" for row in left_out.itertuples() if pd.notna(row.reason)]
    notes += [f"{CONTRADICTED} {row.source}. {row.remark}" for row in remarked.itertuples()]
    if (count_marks(estimates) != "").any():
        notes.append(f"{WORKED_OUT_NOTE}.")
    if (estimates["interval"] == "printed").any():
        notes.append(f"{PRINTED} Interval as the source prints it; all others are Wilson intervals from the counts.")
    return notes


# --- a pooled result and subgroups -------------------------------------------------------------------------------------


def study_lines(studies: pd.DataFrame, group: str | None = None) -> pd.DataFrame:
    """Rows of studies from `Pooled.studies`."""
    percent = {name: 100 * studies[name] for name in ("ci_low", "ci_high")}
    return pd.DataFrame(
        {
            "group": group, "label": studies["label"].astype("str"), "sign": "", "line": "estimate", "numerator": studies["events"],
            "denominator": studies["totals"], "percent": 100 * studies["proportion"], **percent, "weight": studies["weight"],
            "interval": "study", "pooled": False, "count_mark": "",
        }
    )  # fmt: skip


def _mean_lines(row: pd.Series, line: str, label: str, weight: float, group: str | None = None) -> list[dict[str, object]]:  # fmt: skip
    """A mean with its diamond, and its prediction interval where there is one."""
    about = {"group": group, "sign": "", "pooled": True}
    mean = {
        "label": label, "line": line, "numerator": row["events"], "denominator": row["totals"], "percent": 100 * row["estimate"],
        "ci_low": 100 * row["ci_low"], "ci_high": 100 * row["ci_high"], "weight": weight, "interval": row["interval"],
    }  # fmt: skip
    expected = {
        "label": f"{100 * row['level']:g}% prediction interval", "line": "prediction interval", "numerator": np.nan,
        "denominator": np.nan, "percent": np.nan, "ci_low": 100 * row["pi_low"], "ci_high": 100 * row["pi_high"],
        "weight": np.nan, "interval": "prediction",
    }  # fmt: skip
    return [about | each for each in ([mean, expected] if pd.notna(row["pi_low"]) else [mean])]


def _rows(parts: list[pd.DataFrame | list[dict[str, object]]]) -> pd.DataFrame:
    frames = [part if isinstance(part, pd.DataFrame) else pd.DataFrame(part, columns=COLUMNS) for part in parts]
    numbers = ("numerator", "denominator", "percent", "ci_low", "ci_high", "weight")
    kinds = {
        **dict.fromkeys(numbers, "float64"),
        **dict.fromkeys(("group", "label", "sign", "line", "interval", "count_mark"), "str"),
    }
    return pd.concat([frame.astype(kinds) for frame in frames], ignore_index=True)[list(COLUMNS)]


def _pooled_rows(result: Pooled) -> pd.DataFrame:
    row, weighted = result.table().iloc[0], result.studies["weight"].notna().any()
    label = f"{_effects(result)} mean of {result.k} {'study' if result.k == 1 else 'studies'}"
    return _rows([study_lines(result.studies), _mean_lines(row, "pooled", label, 100.0 if weighted else np.nan)])


def _group_rows(result: Subgroups) -> pd.DataFrame:
    parts: list[pd.DataFrame | list[dict[str, object]]] = []
    for _, row in result.groups.iterrows():
        own = result.studies[result.studies["group"] == row["group"]]
        heading = {"group": row["group"], "label": f"{result.by[:1].upper()}{result.by[1:]}: {row['group']}", "sign": "", "line": "heading", "interval": "", "pooled": False}  # fmt: skip
        label = f"Mean of {row['k']} {'study' if row['k'] == 1 else 'studies'}{_spread(row)}"
        parts += [[heading], study_lines(own, row["group"]), _mean_lines(row, "subgroup", label, own["weight"].sum(min_count=1), row["group"])]  # fmt: skip
    row = result.overall.iloc[0]
    label = f"Mean of all {row['k']} studies{_spread(row)}"
    weight = 100.0 if result.studies["weight"].notna().any() else np.nan
    test = {"label": between_text(result), "sign": "", "line": "test", "interval": "", "pooled": False}
    return _rows([*parts, _mean_lines(row, "pooled", label, weight), [test]])


def _spread(row: pd.Series) -> str:
    return f" (I²\N{NO-BREAK SPACE}{row['i2']:.0f}%)" if pd.notna(row["i2"]) and row["k"] > 1 else ""


def between_text(result: Subgroups) -> str:
    """The test between subgroups as it is printed."""
    test = result.between.iloc[0]
    if pd.isna(test["p"]):
        return "Between groups: not tested"
    f = np.isfinite(test["df_residual"])
    of = f"{test['df']} and {test['df_residual']:g}" if f else f"{test['df']}"
    return f"Between groups: {'F' if f else 'χ²'} {test['statistic']:.2f}, df {of}, p {p_text(test['p'])}"


def p_text(p: float) -> str:
    """A p-value in a sentence."""
    return "< 0.001" if p < 0.001 else f"= {p:.2g}" if p < 0.01 else f"= {p:.2f}"


def _effects(result: Pooled) -> str:
    return "Common-effect" if result.effects == "common" else "Random-effects"


def _pooled_notes(result: Pooled) -> list[str]:
    notes = [result.headline.text] if result.k > 1 and pd.notna(result.estimate) else []
    diamond = f"Diamond: mean with its {100 * result.level:g}% interval ({INTERVAL_NAMES[result.interval]}). {model_text(result)}."
    bar = " Hatched bar: where a further study may be expected." if pd.notna(result.pi_low) else ""
    notes.append(diamond + bar)
    notes.append(
        _heterogeneity(result.table().iloc[0]) + " " + _weights("Area of a square", result.model, result.studies)
    )
    return [*notes, *([result.remark] if result.remark else [])]


def _heterogeneity(row: pd.Series) -> str:
    parts = []
    if pd.notna(row["tau2"]):
        low, high = row["tau2_low"], row["tau2_high"]
        parts.append(f"tau² {row['tau2']:.3g}" + (f" ({low:.2g} to {high:.2g})" if pd.notna(low) else ""))
    if pd.notna(row["i2"]):
        parts.append(f"I² {row['i2']:.0f}%")
    if pd.notna(row["q"]) and pd.notna(row["q_df"]):
        parts.append(f"Q {row['q']:.1f}, df {row['q_df']:g}, p {p_text(row['q_p'])}")
    return (
        f"Differences between studies: {'; '.join(parts)}." if parts else "Differences between studies: not estimated."
    )


def _weights(what: str, model: str, studies: pd.DataFrame) -> str:
    return f"{what}: {_WEIGHTS[model]}." if studies["weight"].notna().any() else _NO_WEIGHTS


def _group_notes(result: Subgroups) -> list[str]:
    row = result.overall.iloc[0]
    kind = "each group has its own tau²" if result.tau2 == "separate" else "one tau² for all groups"
    weight = _weights("Weight, of all studies", str(row["model"]), result.studies)
    notes = [
        f"Pale diamonds: means of the groups ({kind}); dark diamond: mean of all. Hatched bars: where a further study may be expected.",
        f"{result.model()}. {_heterogeneity(row)} {weight}".strip(),
        "Studies were not assigned to their groups: other differences may lie behind one between groups.",
    ]
    return [*notes, *([result.remark] if result.remark else [])]


# --- alternative text --------------------------------------------------------------------------------------------------


def span(low: float, high: float) -> str:
    """Two percents as one range."""
    return f"{shown_percent(low)} to {shown_percent(high)}"


def pooled_alt(result: Pooled) -> str:
    """The alternative text for a pooled result."""
    share = 100 * result.studies["proportion"]
    n = f"{result.k} {'study' if result.k == 1 else 'studies'}"
    said = f"Forest plot of {n}, {span(share.min(), share.max())}%"
    if result.k > 1 and pd.notna(result.estimate):
        said += "; read this range first" if result.headline.lead == "range" else ""
        said += f"; mean {shown_percent(100 * result.estimate)}% ({span(100 * result.ci_low, 100 * result.ci_high)})"
        if pd.notna(result.pi_low):
            said += f", a further study may lie between {shown_percent(100 * result.pi_low)} and {shown_percent(100 * result.pi_high)}%"
    return said + "."


def _short(name: str, most: int = 32) -> str:
    """A name of at most so many letters."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def groups_alt(result: Subgroups) -> str:
    """The alternative text for subgroups: the lowest and the highest, and whether they differ."""
    groups, all_, test = result.groups, result.overall.iloc[0], result.between.iloc[0]
    low, high = groups.loc[groups["estimate"].idxmin()], groups.loc[groups["estimate"].idxmax()]
    ends = " to ".join(f"{shown_percent(100 * row['estimate'])}% ({_short(str(row['group']))})" for row in (low, high))
    differ = "differ" if test["p"] < 0.05 else "do not clearly differ"
    doubt = ", by a test too ready to say so" if test["p"] < 0.05 and test["remark"] else ""
    tested = f"{differ} (p {p_text(test['p'])}{doubt})" if pd.notna(test["p"]) else "were not tested"
    return (
        f"Forest plot of {all_['k']} studies in {len(groups)} groups by {result.by}: group means {ends} {tested}; "
        f"mean of all {shown_percent(100 * all_['estimate'])}%."
    )
