"""Where every line of a brief comes from: the rows of evidence behind it, and the lines of sources at its foot."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pandas as pd

from synthesis.briefs.parts import Common, brief_words
from synthesis.evidence.addresses import linkable
from synthesis.evidence.review_file import read_review
from synthesis.evidence.tables import Evidence
from synthesis.guidance.guides import guide_item_table, recommendation_table

#: A line of sources: text, and identifiers with their addresses.
Source = tuple[str, tuple[tuple[str, str], ...]]
_HOW_COMMON, _NATIONAL = "how common: ", "national figures"
_ROWS = ("part", "table", "row_id", "says", "reference", "address", "locator", "date_read")


def area_rows(evidence: Evidence, picture: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    """The rows behind the local figures and what is said of them: `local_picture` and `local_notes` of the area."""
    return _joined(
        _official_rows(evidence, picture, notes), _discrepancy_rows(evidence, ";".join(notes["row_ids"]).split(";"))
    )


def common_rows(evidence: Evidence, common: Common) -> pd.DataFrame:
    """The rows behind all else on the page."""
    named = [each for line in common.national for each in line.ids]
    return _joined(
        _discrepancy_rows(evidence, named), _estimate_rows(evidence, common), _finding_rows(evidence, common),
        _guide_rows(evidence, common), _measure_rows(common),
    )  # fmt: skip


def _joined(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([part.reindex(columns=list(_ROWS)).astype("str") for part in parts], ignore_index=True)


def _official_rows(evidence: Evidence, picture: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    shown = picture.dropna(subset="area_code")
    shown = shown.assign(area_code=shown["area_code"].str.split(";")).explode("area_code")
    keys = [f"{row.year}/{row.area_code}/{row.factor}" for row in shown.itertuples()]
    then = shown[(shown["place"] != "similar") & shown["since_year"].notna()]
    keys += [f"{row.since_year}/{row.area_code}/{row.factor}" for row in then.itertuples()]
    keys += [key for ids in notes["row_ids"] for key in ids.split(";") if "/" in key]
    frame = pd.DataFrame({"row_id": list(dict.fromkeys(keys))})
    source = next(iter(read_review(evidence.folder).of_table("sources", "official_statistics")), {})
    return frame.assign(
        part="figures", table="official_statistics", reference=source.get("title"), address=source.get("path")
    )


def _discrepancy_rows(evidence: Evidence, named: Collection[str]) -> pd.DataFrame:
    known = evidence.discrepancies[evidence.discrepancies["discrepancy_id"].isin(named)]
    said = {
        "row_id": known["discrepancy_id"],
        "says": known["stated"] + " Also stated: " + known["also_stated"],
        "address": known["source_url"],
    }
    return pd.DataFrame(said).assign(part="contradictions", table="discrepancies")


def _estimate_rows(evidence: Evidence, common: Common) -> pd.DataFrame:
    # What a caveat rests on is a row of its own, too.
    named = evidence.estimates[
        evidence.estimates["estimate_id"].isin([i for line in common.national for i in line.ids])
    ]
    rows = pd.concat([common.estimates, named.assign(line=_NATIONAL)], ignore_index=True)
    return rows.rename(
        columns={"estimate_id": "row_id", "case_definition": "says", "source": "reference", "source_url": "address"}
    ).assign(
        part=rows["line"].where(rows["line"] == _NATIONAL, _HOW_COMMON + rows["line"]),
        table="estimates",
        date_read=rows["date_read"].dt.strftime("%Y-%m-%d"),
    )


def _finding_rows(evidence: Evidence, common: Common) -> pd.DataFrame:
    wanted = [each for theme in common.themes for each in theme.finding_ids]
    found = evidence.review_findings.set_index("review_finding_id").loc[wanted].reset_index()
    themes = [theme.id for theme in common.themes]
    named = evidence.themes.set_index("theme_id").loc[themes].reset_index()
    said = pd.concat(
        [
            pd.DataFrame({"row_id": named["theme_id"], "table": "themes", "says": named["plain_language"], "locator": named["origin_as_stated"]}),
            pd.DataFrame({"row_id": found["review_finding_id"], "table": "review_findings", "says": found["statement"]}),
        ]
    )  # fmt: skip
    return said.assign(part="themes", address=[f"synthesis trace {each}" for each in said["row_id"]])


def _guide_rows(evidence: Evidence, common: Common) -> pd.DataFrame:
    steps = {each for theme in common.themes for line in theme.steps for each in line.ids} | {each for theme in common.themes for each in theme.partly}  # fmt: skip
    items = guide_item_table(evidence)
    national = {each for line in common.national for each in line.ids}
    shown = items[items["item_id"].isin(steps | national)]
    said = recommendation_table(evidence)
    best = said[said["recommendation_id"].isin([theme.recommendation.ids[0] for theme in common.themes if theme.recommendation])]  # fmt: skip
    columns = {"item_id": "row_id", "recommendation_id": "row_id", "source_url": "address"}
    return pd.concat(
        [
            shown.rename(columns=columns).assign(part="steps and national figures", table="guide_items", says=shown["statement"], reference=shown["source"]),
            best.rename(columns=columns).assign(part="recommendations", table="recommendations", says=best["recommendation"], reference=best["source"]),
        ]
    )  # fmt: skip


def _measure_rows(common: Common) -> pd.DataFrame:
    shown = common.measures.rename(columns={"measure_id": "row_id", "name": "reference", "source_url": "address"})
    return shown[["row_id", "reference", "address"]].assign(part="measures", table="measures")


def official_line(rows: pd.DataFrame) -> Source:
    """The line that names the source of the figures, as ``review.toml`` does; else that none is named there."""
    texts, own = brief_words().texts, rows[rows["table"] == "official_statistics"].iloc[0]
    if pd.isna(own["reference"]):
        return f"{texts['source_official']}: {texts['source_unnamed']}", ()
    return texts["source_official"], ((str(own["reference"]), "" if pd.isna(own["address"]) else str(own["address"])),)


def source_lines(evidence: Evidence, rows: pd.DataFrame, common: Common) -> tuple[Source, ...]:
    """Lines for the foot of the page: text, and identifiers with their addresses (none is an empty text)."""
    words = brief_words()
    by_table = {str(name): own for name, own in rows.groupby("table", sort=False)}
    estimates, findings = by_table["estimates"], by_table["review_findings"]["row_id"]
    shown = estimates[estimates["part"].str.startswith(_HOW_COMMON)]
    quantities = ", ".join(line.ids[0] for line in common.prevalence)
    said = words.said("source_estimates", n=shown["row_id"].nunique(), dates=_span(shown["date_read"]), ids=quantities)
    judged = words.said("source_findings", first=findings.iloc[0], last=findings.iloc[-1])
    lines: list[Source] = [
        official_line(rows),
        (said, ()),
        (judged, ()),
    ]
    guides = pd.concat([by_table[name] for name in ("guide_items", "recommendations") if name in by_table])
    for reference, own in guides.groupby("reference", sort=False):
        addresses = tuple(
            (str(row.row_id), str(row.address) if linkable(row.address) else "") for row in own.itertuples()
        )
        if any(address for _, address in addresses):
            lines.append((str(reference), addresses))
        else:
            held = f"{reference} ({addresses[0][0]} to {addresses[-1][0]})"
            lines.append((f"{held}: {words.texts['source_no_address']}", ()))
    measures = by_table["measures"]
    lines.append(
        (
            words.texts["source_measures"],
            tuple(
                (name, address if linkable(address) else "")
                for name, address in zip(measures["row_id"], measures["address"], strict=True)
            ),
        )
    )
    lines.append((words.said("source_links", dates=_span(evidence.crosswalk["date"].dt.strftime("%Y-%m-%d"))), ()))
    return tuple(lines)


def _span(dates: Iterable[str]) -> str:
    known = sorted({each for each in dates if isinstance(each, str) and each != "nan"})
    return known[0] if len(set(known)) == 1 else f"{known[0]} to {known[-1]}" if known else "on no recorded day"
