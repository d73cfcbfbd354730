"""The planning tool: what an area is asked, its own scale of stages, and its answers as a table of a row an item.

An answer is a word of the scale that the team chose; nothing here gives a stage a number that could be added up. An item
without an answer is not answered, which is not the lowest stage.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from synthesis.evidence.files import csv_bytes, write_bytes
from synthesis.evidence.identifiers import as_identifier, wrong_with
from synthesis.evidence.privacy import personal_details
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.tables import Evidence, as_text
from synthesis.guidance.guides import guide_item_table

#: Columns of a plan, in their order: an area's answer to one item on one day.
COLUMNS = (
    "area", "date", "item_id", "stage", "stage_order", "note", "owner", "action_date", "scale", "privacy_check",
)  # fmt: skip
#: Answers that are no stage: nothing was said, and the area says that the item is not for it.
NOT_ANSWERED, NOT_OURS = "not answered", "does not apply"
#: Words that a scale may have, and letters of a word.
FEWEST, MOST, LONGEST = 2, 10, 40
#: What stands for the words of an item that an older plan holds, and the review no longer does.
NOT_HELD = "not in this review"
#: A scale to begin from; no source gives one, and nothing takes it unasked.
EXAMPLE = ("not started", "planned", "begun", "in place")
#: Why a team is asked for its own scale.
NO_LEVELS = (
    "The planning tool's own numeric levels were not visible in the pages that were read, and none are made up here: "
    "the team chooses its own stages."
)
#: What a scale's words may not hold: marks that part words or columns, and marks that end a line or stay unseen.
_BARRED = re.compile(r"[;,#|\"\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_FORMULA = tuple("=+-@＝＋－＠")


# ---------------------------------------------------------------- what is asked


def planning_items(evidence: Evidence) -> pd.DataFrame:
    """What a local team is asked about: the practical steps of the family-hubs sheet, then elements of planning tools.

    Which rows about planning tools are asked about is a judgement (``planning_readings``): rows that describe a tool, a
    programme or another area ask nothing of a team. Returns a row an item in the order of the sources: ``item_id, kind``
    (step or element), ``domain, item`` (the source's statement), ``level_or_role`` (whom it speaks to), ``source,
    source_url, locator, stated_levels`` (what the source says of levels, where it does).
    """
    steps = guide_item_table(evidence, "step").rename(columns={"statement": "item"}).assign(kind="step")
    both = pd.concat([steps, _elements(evidence)], ignore_index=True)
    columns = ["item_id", "kind", "domain", "item", "level_or_role", "source", "source_url", "locator", "stated_levels"]
    return both.reindex(columns=columns).astype("str").reset_index(drop=True)


def named_items(evidence: Evidence, *plans: pd.DataFrame) -> pd.DataFrame:
    """What is asked about, ``item_id, domain, item``, and below it items of plans that this review does not hold any more."""
    asked = planning_items(evidence)[["item_id", "domain", "item"]]
    gone = [item for item in dict.fromkeys(pd.concat(plans)["item_id"]) if item not in set(asked["item_id"])]
    lost = pd.DataFrame({"item_id": gone, "domain": NOT_HELD, "item": NOT_HELD}, dtype="str")
    return pd.concat([asked, lost], ignore_index=True)


def _elements(evidence: Evidence) -> pd.DataFrame:
    uses = evidence.planning_readings.set_index("planning_element_id")["use"]
    rows = evidence.planning_elements
    rows = rows[rows["planning_element_id"].map(uses) == "item"]
    domain, _, name = zip(*(each.partition(": ") for each in rows["key_element"]), strict=True) if len(rows) else ((),) * 3  # fmt: skip
    said = [f"{first}: {text}" if first else text for first, text in zip(map(_capital, name), rows["descriptor"], strict=True)]  # fmt: skip
    return pd.DataFrame(
        {
            "item_id": rows["planning_element_id"], "kind": "element", "domain": list(map(_capital, domain)), "item": said,
            "source": "Page about planning tools", "source_url": rows["source_url"], "stated_levels": rows["progress_level"],
        }
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- the scale and the area


def plain(text: str) -> str:
    """A text as it is compared: without capitals and with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def stage_scale(stages: str | Collection[str]) -> tuple[str, ...]:
    """A team's own scale of stages, from the first to the last: 2 to 10 different words or short phrases.

    `stages` is a list, or one text with commas or semicolons between the words. Raises CallError with everything that is
    wrong; where nothing is given, with the reason why there is no scale to fall back on, and an example.
    """
    given = re.split("[,;]", stages) if isinstance(stages, str) else [str(each) for each in stages]
    words = tuple(" ".join(each.split()) for each in given)
    if not any(words):
        raise CallError(f"{NO_LEVELS} Name {FEWEST} to {MOST}, from the first to the last, for example --stages \"{', '.join(EXAMPLE)}\" (an example only).")  # fmt: skip
    faults = _scale_faults(words)
    if faults:
        raise CallError(" ".join(faults))
    return words


def _scale_faults(words: Sequence[str]) -> list[str]:
    faults = []
    if not FEWEST <= len(words) <= MOST:
        faults.append(f"A scale has {FEWEST} to {MOST} stages; this one has {len(words)}.")
    if "" in words:
        faults.append("A stage has no words: two commas follow one another, or one stands at an end.")
    if twice := sorted({each for each in words if each and [*map(plain, words)].count(plain(each)) > 1}):
        faults.append(f"A stage stands twice: {', '.join(twice)}.")
    if long := [each for each in words if len(each) > LONGEST]:
        faults.append(f"A stage has at most {LONGEST} letters: {', '.join(each[:LONGEST] + '…' for each in long)}.")
    if odd := [each for each in words if _BARRED.search(each) or each.startswith(_FORMULA)]:
        faults.append(f"A stage may not begin with = + - or @, nor hold , ; # | or a quotation mark: {', '.join(map(repr, odd))}.")  # fmt: skip
    if taken := [each for each in words if plain(each) in (NOT_ANSWERED, NOT_OURS)]:
        faults.append(f"{' and '.join(map(repr, taken))} is no stage: a sheet has that answer beside every scale.")
    return faults


def area_name(area: str) -> str:
    """The name of an area or team, tidied. Raises CallError where there is none, or it could not stand in a sheet."""
    name = " ".join(area.split())
    if not name:
        raise CallError('Say whose plan it is: the name of the area or team, for example --area "Anytown".')
    if not _is_area(name):
        raise CallError(f"{name[:80]!r} is no name for an area: at most 80 letters, without ; # | or quotation marks, not beginning with = + - or @, and no way to reach a person.")  # fmt: skip
    return name


def _is_area(name: str) -> bool:
    contact = any(each.kind in ("e-mail address", "phone number") for each in personal_details(name))
    return not contact and len(name) <= 80 and not _BARRED.search(name.replace(",", "")) and not name.startswith(_FORMULA) and bool(re.search(r"\w", name))  # fmt: skip


def refusal(faults: Sequence[str]) -> SynthesisError:
    """The error that lists faults, a line each, without characters that would upset a terminal."""
    return SynthesisError("\n".join("".join(c if c.isprintable() else " " for c in fault) for fault in faults))


# ---------------------------------------------------------------- plans as tables


def typed_plan(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a plan, in text, with their types: ``date, action_date`` days, ``stage_order`` a whole number."""
    table = rows.reindex(columns=list(COLUMNS)).astype("str")
    table = table.where(table != "").astype("str")
    for name in ("date", "action_date"):
        table[name] = pd.to_datetime(table[name], format="%Y-%m-%d")
    table["stage_order"] = pd.to_numeric(table["stage_order"]).astype("Int64")
    return table.reset_index(drop=True)


def plan_file(plan: pd.DataFrame) -> str:
    """The name of the file in which a plan is stored: its area and day."""
    area, day = one_plan(plan)
    return f"plan_{as_identifier(area.casefold())}_{day:%Y-%m-%d}.csv"


def one_plan(plan: pd.DataFrame) -> tuple[str, pd.Timestamp]:
    """Area and day of a plan. Raises CallError for a table of several plans, or of none."""
    found = plan[["area", "date"]].drop_duplicates()
    if len(found) != 1:
        names = "; ".join(f"{row.area} {row.date:%Y-%m-%d}" for row in found.itertuples()) or "none"
        raise CallError(f"One plan is wanted, an area on one day; this table holds {names}.")
    return found.iloc[0]["area"], found.iloc[0]["date"]


def store_plan(
    plan: pd.DataFrame, folder: str | Path, replace: bool = False, before: pd.DataFrame | None = None
) -> tuple[Path, bool]:
    """Write a plan into a folder of the team's own, one file per area and day; the same plan again changes nothing.

    `before` is the plan that these answers were made from: a file that still holds it is replaced.

    Returns the path, and whether anything was written. Raises CallError for a folder that is not there, and for a file
    that holds other answers of that area and day, unless `replace`.
    """
    place = Path(folder)
    if not place.is_dir():
        raise CallError(f"The folder {place} is not there; make it first. A plan is the team's own and is not kept in data/.")  # fmt: skip
    path = free_for(plan, place, replace, before)
    content = csv_bytes(plan)
    if path.is_file() and path.read_bytes() == content:
        return path, False
    return write_bytes(content, path), True


def free_for(plan: pd.DataFrame, folder: Path, replace: bool, before: pd.DataFrame | None = None) -> Path:
    """Where a plan is stored. Raises CallError where other answers of that area and day are, unless `replace`.

    Answers that still say what `before` says are those that the plan was made from, and may be replaced.
    """
    path = folder / plan_file(plan)
    if not path.exists() or replace or (path.is_file() and path.read_bytes() == csv_bytes(plan)):
        return path
    if before is None:
        raise CallError(f"{path} is there already and holds other answers. Replace it with --replace, or give the sheet another day.")  # fmt: skip
    if not _holds(path, before):
        raise CallError(f"{path} has changed since these answers were read from it. Nothing was stored. Read it again (read_plans), and answer on what it holds now.")  # fmt: skip
    return path


def _holds(path: Path, plan: pd.DataFrame) -> bool:
    """Whether a file says what a plan says, however it was saved."""
    try:
        return csv_bytes(read_plans(path)) == csv_bytes(plan)
    except SynthesisError:
        return False


def read_plans(*places: str | Path) -> pd.DataFrame:
    """Stored plans, one below the other, by area and day.

    `places` are plan files, or folders whose files named ``plan_….csv`` are read.

    Returns a row an area, day and item: ``area, date, item_id, stage`` (missing: not answered), ``stage_order`` (place of
    the stage on the scale, from 1; missing where it is no stage), ``note, owner, action_date, scale`` (the team's stages),
    ``privacy_check`` (how flagged details were settled). Raises CallError for a place that is not there or holds none,
    SynthesisError with every fault: file, row, column and what is allowed.
    """
    faults: list[str] = []
    plans = [_read_stored(path, faults) for path in _files(places)]
    if not faults:
        faults = _same_twice(plans)
    if faults:
        raise refusal(faults)
    return pd.concat([plan for _, plan in plans], ignore_index=True).sort_values(["area", "date"], kind="stable", ignore_index=True)  # fmt: skip


def _files(places: Sequence[str | Path]) -> list[Path]:
    found: list[Path] = []
    for place in map(Path, places):
        inside = sorted(place.glob("plan_*.csv")) if place.is_dir() else [place]
        if not inside or not all(path.is_file() for path in inside):
            raise CallError(f"{place} {'holds no file plan_….csv' if place.is_dir() else 'is not there'}; `synthesis plan read` makes plan files.")  # fmt: skip
        found += [path for path in inside if path not in found]
    if not found:
        raise CallError("Name at least one plan, or a folder of plans.")
    return found


def _read_stored(path: Path, faults: list[str]) -> tuple[Path, pd.DataFrame]:
    from synthesis.office.text_tables import read_text_rows

    try:
        rows = read_text_rows(path, lambda row: "item_id" in row and "scale" in row, 5_000, "a plan")
    except SynthesisError as error:
        faults.append(f"{path.name}: {error}")
        rows = []
    heads = rows[0][1] if rows else []
    if lost := [name for name in COLUMNS if name not in heads]:
        if rows:
            hint = "; a filled-in sheet is read with `synthesis plan read`" if "Form" in heads else ""
            faults.append(f"{path.name}: it has lost the columns {', '.join(lost)}, or is no plan file{hint}.")
        return path, typed_plan(pd.DataFrame(columns=list(COLUMNS)))
    texts = [dict(zip(heads, [*row, *[""] * len(heads)], strict=False)) for _, row in rows[1:]]
    table = pd.DataFrame(texts, columns=list(COLUMNS), index=[number for number, _ in rows[1:]], dtype="str")
    found = [f"{path.name}, row {number}, column {column}: {said}" for number, column, said in _row_faults(table)]
    faults += found
    if table.empty:
        faults.append(f"{path.name}: it holds no answers.")
    return path, typed_plan(table if not found else table.iloc[:0])


def _row_faults(table: pd.DataFrame) -> list[tuple[int, str, str]]:
    """Row, column and fault of a stored plan: it may have been edited by hand."""
    faults = []
    for number, row in table.iterrows():
        scale = row["scale"].split(";")
        if wrong := _scale_faults(scale):
            faults.append((number, "scale", " ".join(wrong)))
        elif row["stage"] and row["stage"] not in (*scale, NOT_OURS):
            faults.append((number, "stage", f"“{row['stage']}” is none of {', '.join(scale)}, {NOT_OURS}"))
        elif row["stage_order"] != (str(scale.index(row["stage"]) + 1) if row["stage"] in scale else ""):
            faults.append((number, "stage_order", f"“{row['stage_order']}” is not the place of the stage on the scale"))
        faults += [(number, "area", f"{row['area'][:40]!r} is no name of an area")] if row["area"] and not _is_area(row["area"]) else []  # fmt: skip
        faults += [(number, "item_id", f"“{row['item_id'][:40]}” {wrong}") for wrong in [wrong_with(row["item_id"])] if wrong and row["item_id"]]  # fmt: skip
        faults += [(number, name, "it is empty") for name in ("area", "date", "item_id") if not row[name]]
        faults += [(number, name, f"“{row[name]}” is no day; write it as 2026-11-22") for name in ("date", "action_date") if row[name] and not is_day(row[name])]  # fmt: skip
    twice = table.duplicated(["area", "date", "item_id"], keep="first")
    faults += [(number, "item_id", f"{row['item_id']} stands twice") for number, row in table[twice].iterrows()]
    changing = table.groupby(["area", "date"])["scale"].transform("nunique") > 1
    return [*faults, *((number, "scale", "one plan has one scale; rows above and below name others") for number in table.index[changing])]  # fmt: skip


def is_day(text: str) -> bool:
    """Whether a text is a day written as 2026-11-22."""
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and pd.notna(pd.to_datetime(text, format="%Y-%m-%d", errors="coerce"))  # fmt: skip


def _same_twice(plans: Sequence[tuple[Path, pd.DataFrame]]) -> list[str]:
    """Two files with answers of one area and day: one of them would count twice."""
    seen: dict[tuple[str, pd.Timestamp], Path] = {}
    faults = []
    for path, plan in plans:
        for area, day in plan[["area", "date"]].drop_duplicates().itertuples(index=False):
            if (area, day) in seen:
                faults.append(f"{path.name} and {seen[area, day].name} both hold the plan of {area} on {day:%Y-%m-%d}; leave one.")  # fmt: skip
            seen[area, day] = path
    return faults


def shown_stage(stage: pd.Series) -> pd.Series:
    """Stages for a reader: an item without an answer says so."""
    return stage.fillna(NOT_ANSWERED)


def plan_text(plan: pd.DataFrame) -> pd.DataFrame:
    """A plan in text, empty where nothing was said."""
    return as_text(plan)
