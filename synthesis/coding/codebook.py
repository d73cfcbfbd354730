"""The codebook: a tree of themes and codes with its history, and changes to it that lose no coding.

A change returns new evidence; nothing is written (see `write_tables`). Codings keep the version of the codebook
with which they were made: what became of a code since then stands in the table ``codebook_changes``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count

import numpy as np
import pandas as pd

from synthesis.coding.incidence import coded, distinct
from synthesis.evidence.checks import plain
from synthesis.evidence.identifiers import wrong_with
from synthesis.evidence.schema import CallError, evidence_tables, vocabularies
from synthesis.evidence.tables import Evidence, codebook_version

#: What a reader needs to use a code.
WORDING = ("name", "definition", "use_when", "do_not_use_for")
_TEXTS = ("definition", "use_when", "do_not_use_for")

#: Codes named inside a text: one or several identifiers in brackets, as "(child_removal_loss)".
_IN_BRACKETS = re.compile(r"\((\w[^\s(),]*(?:, \w[^\s(),]*)*)\)")

Recode = Callable[[str], Sequence[str]]  # an identifier -> the identifiers that stand for it now


# ---------------------------------------------------------------- reading it


def theme_order(evidence: Evidence) -> list[str]:
    """Theme ids as they are read: each analytical theme, then the descriptive themes below it, by position."""
    themes = evidence.themes.sort_values("position", kind="stable")
    children: dict[str, list[str]] = {}
    for theme, parent in zip(themes["theme_id"], themes["parent_theme_id"].fillna(""), strict=True):
        children.setdefault(parent, []).append(theme)

    def below(theme: str) -> list[str]:
        return [theme] + [each for child in children.get(theme, []) for each in below(child)]

    return [each for top in children.get("", []) for each in below(top)]


def theme_ancestry(evidence: Evidence) -> pd.DataFrame:
    """Every theme with itself and each theme above it: columns ``theme_id``, ``counts_for``."""
    parents = dict(zip(evidence.themes["theme_id"], evidence.themes["parent_theme_id"], strict=True))
    pairs = []
    for theme in parents:
        above = theme
        while isinstance(above, str):
            pairs.append((theme, above))
            above = parents[above]
    return pd.DataFrame(pairs, columns=["theme_id", "counts_for"], dtype="str")


def codebook_table(evidence: Evidence, coder: str = "agreed") -> pd.DataFrame:
    """The codebook as a tree: a row a code, in reading order of the themes, and what stands behind it.

    Parameters
    ----------
    coder : whose codings are counted; default the agreed set.

    Returns ``analytical_theme, theme_id, theme`` (names of the theme at the top and of the code's own), ``code_id``,
    `WORDING`, ``version_added, changed_in, n_findings, of_findings, n_studies, of_studies, n_negative`` (of n_findings,
    those that run against the code).
    """
    book, own = evidence.codebook, coded(evidence, coder)
    n = len(book)
    table = book.assign(
        theme=book["theme_id"].map(_names(evidence)),
        analytical_theme=book["theme_id"].map(_tops(evidence)).map(_names(evidence)),
        n_findings=np.bincount(own.code, minlength=n),
        of_findings=len(evidence.findings),
        n_studies=distinct(own.code, own.study, n, len(evidence.studies)),
        of_studies=len(evidence.studies),
        n_negative=np.bincount(own.code[own.negative], minlength=n),
    )
    columns = "analytical_theme theme_id theme code_id name definition use_when do_not_use_for version_added changed_in n_findings of_findings n_studies of_studies n_negative"
    place = book["theme_id"].map({theme: at for at, theme in enumerate(theme_order(evidence))})
    return table.loc[place.sort_values(kind="stable").index, columns.split()].reset_index(drop=True)


def _names(evidence: Evidence) -> pd.Series:
    return evidence.themes.set_index("theme_id")["name"]


def _tops(evidence: Evidence) -> dict[str, str]:
    """Theme id -> the theme at the top above it; of the pairs of a theme the last is the highest."""
    ancestry = theme_ancestry(evidence)
    return dict(zip(ancestry["theme_id"], ancestry["counts_for"], strict=True))


def codebook_history(evidence: Evidence) -> pd.DataFrame:
    """Every change to the codebook, oldest version first.

    Returns ``version, change_id, date, change, change_means`` (the kind of change in words), ``code_id, name, theme_id,
    formerly`` (identifiers given up in it), ``what, reason, proposed_by``.
    """
    changes = evidence.codebook_changes
    book = evidence.codebook.set_index("code_id")
    table = changes.assign(
        name=changes["code_id"].map(book["name"]),
        theme_id=changes["code_id"].map(book["theme_id"]),
        change_means=changes["change"].map(vocabularies()["codebook_change"]),
    )
    columns = [
        "version",
        "change_id",
        "date",
        "change",
        "change_means",
        "code_id",
        "name",
        "theme_id",
        "formerly",
        "what",
        "reason",
        "proposed_by",
    ]
    return table.sort_values("version", kind="stable", ignore_index=True)[columns]


# ---------------------------------------------------------------- changing it


def rename_code(
    evidence: Evidence,
    code_id: str,
    new_id: str | None = None,
    new_name: str | None = None,
    *,
    reason: str,
    proposed_by: str,
    version: int | None = None,
    date: str | None = None,
) -> Evidence:
    """Give a code another identifier, another name, or both; everything that points to it follows.

    Parameters
    ----------
    reason, proposed_by : why, and the coder or coders (joined with ``;``) who proposed it.
    version : version of the codebook that the change makes; default one above the present. Name the present version
        to record several changes under one.
    date : day of the change, YYYY-MM-DD.

    Returns the evidence with changed tables, among them a new row of ``codebook_changes``. Raises CallError for a
    code that is not there, an identifier that is taken or was given up before, or a missing reason.
    """
    _check(evidence, [code_id], reason, proposed_by)
    target, old = new_id or code_id, _row(evidence, code_id)
    name = new_name or old["name"]
    if target == code_id and name == old["name"]:
        raise CallError(f"The code {code_id!r} has this identifier and this name already.")
    if target != code_id:
        _check_free(evidence, [target])
    said = [f"Identifier {code_id} became {target}." if target != code_id else "", f"Name “{old['name']}” became “{name}”." if name != old["name"] else ""]  # fmt: skip
    renamed = _follow(evidence, {code_id: target})
    kind = "renamed" if target != code_id else "reworded"
    gone = [code_id] if target != code_id else []
    return _recorded(renamed, {target: {"name": name}}, kind, " ".join(filter(None, said)), gone, reason, proposed_by, version, date)  # fmt: skip


def move_code(
    evidence: Evidence,
    code_id: str,
    theme_id: str,
    *,
    reason: str,
    proposed_by: str,
    version: int | None = None,
    date: str | None = None,
) -> Evidence:
    """Put a code under another theme; its codings stay. Parameters and errors as for `rename_code`."""
    _check(evidence, [code_id], reason, proposed_by)
    names, old = _names(evidence), _row(evidence, code_id)["theme_id"]
    if theme_id not in names:
        raise CallError(f"There is no theme {theme_id!r}; there are {', '.join(names.index)}.")
    if theme_id == old:
        raise CallError(f"The code {code_id!r} stands under {theme_id} already.")
    said = f"Moved from {old} ({names[old]}) to {theme_id} ({names[theme_id]})."
    return _recorded(evidence, {code_id: {"theme_id": theme_id}}, "moved", said, [], reason, proposed_by, version, date)


def merge_codes(
    evidence: Evidence,
    code_ids: Collection[str],
    into: str,
    wording: Mapping[str, str] | None = None,
    *,
    reason: str,
    proposed_by: str,
    version: int | None = None,
    date: str | None = None,
) -> Evidence:
    """Join codes with the code `into`; every finding that carried one of them carries `into`.

    Where a coder gave a finding several of them, one coding is left: with the better rank and confidence, a negative
    case if one of them was, and a note that says what it was joined from. The definitions given up stand in the
    history. ``wording`` replaces parts of the text of `into` (see `WORDING`). Other parameters and errors as for
    `rename_code`.
    """
    gone = [code for code in dict.fromkeys(code_ids) if code != into]
    _check(evidence, [into, *gone], reason, proposed_by)
    if not gone:
        raise CallError(f"Name at least one code to join with {into!r}.")
    strange = sorted(set(wording or {}) - set(WORDING))
    if strange:
        raise CallError(f"The wording of a code has {', '.join(WORDING)}; it has no {', '.join(strange)}.")
    _check_own_words(_row(evidence, into), gone, wording or {})
    rows = [_row(evidence, code) for code in gone]
    said = "Joined with it: " + " ".join(f"{row['code_id']} (“{row['name']}”: {row['definition']})" for row in rows)
    merged = _follow(evidence, dict.fromkeys(gone, into))
    book = merged.codebook
    merged = merged.with_tables(codebook=book[~book["code_id"].duplicated()].reset_index(drop=True))
    return _recorded(merged, {into: dict(wording or {})}, "merged", said, gone, reason, proposed_by, version, date)


def split_code(
    evidence: Evidence,
    code_id: str,
    parts: pd.DataFrame,
    assign: pd.DataFrame,
    rest: str | None = None,
    *,
    reason: str,
    proposed_by: str,
    version: int | None = None,
    date: str | None = None,
) -> Evidence:
    """Divide a code into several; each of its codings goes to one or more of the parts.

    Parameters
    ----------
    parts : a row a part, with ``code_id`` and `WORDING`, and ``theme_id`` where it is not that of the code. The code
        itself may be one of them, with a narrower wording; then it keeps its identifier.
    assign : which part a coding goes to: ``finding_id``, ``code_id`` (several joined with ``;``), and ``coder`` where
        coders differ (empty: every coder).
    rest : the part for all codings that `assign` does not name; without it, every coding has to be named.

    What points to the code as a whole (a review finding) then points to all parts. Other parameters and errors as for
    `rename_code`.
    """
    _check(evidence, [code_id], reason, proposed_by)
    ids = list(parts["code_id"])
    _check_free(evidence, [part for part in ids if part != code_id])
    places = _places(evidence, code_id, ids, assign, rest)
    old = _row(evidence, code_id)
    version = version or codebook_version(evidence) + 1
    divided = evidence.with_tables(codings=_divided(evidence.codings, code_id, places))
    divided = _split_settled(divided, code_id, places)
    divided = _point(divided, _sent(code_id, ids), skip={"codings", "adjudications"})
    new = parts.assign(version_added=version)
    if "theme_id" not in new:
        new["theme_id"] = old["theme_id"]
    new["theme_id"] = new["theme_id"].fillna(old["theme_id"])
    kept = new["code_id"] == code_id
    new.loc[kept, "version_added"], new.loc[kept, "changed_in"] = old["version_added"], version
    divided = divided.with_tables(codebook=_in_place(evidence.codebook, code_id, new))
    if code_id not in ids:
        divided = _mentions(divided, {code_id: ids})
    gone = [] if code_id in ids else [code_id]
    for part in ids:
        said = f"Part of {code_id} (“{old['name']}”: {old['definition']}), divided into {', '.join(ids)}."
        divided = _recorded(divided, {part: {}}, "split", said, gone, reason, proposed_by, version, date, touch=False)
    return divided


# ---------------------------------------------------------------- how a change is carried through


def _check(evidence: Evidence, codes: Sequence[str], reason: str, proposed_by: str) -> None:
    known, coders = set(evidence.codebook["code_id"]), set(evidence.coders["coder_id"])
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise CallError(f"The codebook does not hold {', '.join(unknown)}.")
    strangers = [who for who in proposed_by.split(";") if who not in coders]
    if strangers:
        raise CallError(f"The table coders does not hold {', '.join(map(repr, strangers))}; name who proposed it.")
    if not reason.strip():
        raise CallError("A change to the codebook needs a reason.")


def _check_free(evidence: Evidence, ids: Sequence[str]) -> None:
    """Refuse identifiers that are in use, or that once meant another code: old codings on paper would be misread."""
    held = set(evidence.codebook["code_id"])
    past = set(evidence.codebook_changes["formerly"].dropna().str.split(";").explode())
    for code in ids:
        if wrong := wrong_with(code):
            raise CallError(f"The identifier “{code[:60]}” {wrong}.")
        if code in held | past or ids.count(code) > 1:
            was = "is in the codebook" if code in held else "was a code before" if code in past else "stands twice"
            raise CallError(f"The identifier {code!r} {was}; choose another.")
        if twin := next((each for each in [*held, *past, *ids] if each != code and plain(each) == plain(code)), ""):
            raise CallError(f"The identifier {code!r} looks like {twin!r}; choose another.")


def _check_own_words(code: pd.Series, gone: Sequence[str], wording: Mapping[str, str]) -> None:
    """Refuse a text that tells coders to use another code which is now the same one."""
    for column in _TEXTS:
        said = {each for inside in _IN_BRACKETS.findall(code[column]) for each in inside.split(", ")}
        named = [other for other in gone if other in said]
        if named and column not in wording:
            raise CallError(f"The text {column} of {code['code_id']!r} names {', '.join(named)}, which would be the same code; give it a new wording.")  # fmt: skip


def _row(evidence: Evidence, code_id: str) -> pd.Series:
    return evidence.codebook.set_index("code_id", drop=False).loc[code_id]


def _recorded(
    evidence: Evidence,
    changes: Mapping[str, Mapping[str, str]],
    kind: str,
    what: str,
    gone: Sequence[str],
    reason: str,
    proposed_by: str,
    version: int | None,
    date: str | None,
    touch: bool = True,
) -> Evidence:
    """The evidence with columns of some codes set, and one row of history for them."""
    version, book, history = version or codebook_version(evidence) + 1, evidence.codebook.copy(), evidence.codebook_changes  # fmt: skip
    (code,) = changes
    at = book["code_id"] == code
    for column, value in changes[code].items():
        book.loc[at, column] = value
    if touch:
        book.loc[at, "changed_in"] = version
    row = {"change_id": _next_id(history["change_id"]), "version": version, "code_id": code, "change": kind, "reason": reason, "proposed_by": proposed_by, "what": what, "formerly": ";".join(gone) or None, "date": pd.Timestamp(date) if date else pd.NaT}  # fmt: skip
    return evidence.with_tables(codebook=book, codebook_changes=_appended(history, pd.DataFrame([row])))


def _appended(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.reindex(columns=list(table.columns)).astype(table.dtypes.to_dict())
    return pd.concat([table, rows], ignore_index=True) if len(table) else rows.reset_index(drop=True)


def _next_id(ids: pd.Series) -> str:
    """The next identifier in the manner of those there are: CC39 is followed by CC40."""
    ends = ids.str.extract(r"^(.*?)(\d+)$").dropna()
    if ends.empty:
        return next(f"CC{n:02}" for n in count(1) if f"CC{n:02}" not in set(ids))
    prefix, digits = ends.iloc[ends[1].astype(int).argmax()]
    return f"{prefix}{int(digits) + 1:0{len(digits)}}"


def _follow(evidence: Evidence, new_of: Mapping[str, str]) -> Evidence:
    """The evidence with some identifiers replaced by others, everywhere; codings that become one are joined."""
    codings = _joined(evidence.codings, new_of)
    changed = _point(evidence, lambda code: [new_of.get(code, code)], skip={"codings"})
    book = evidence.codebook.assign(code_id=evidence.codebook["code_id"].replace(dict(new_of)))
    if book["code_id"].duplicated().any():  # of the rows that become one, the code that stays keeps its own
        book = evidence.codebook[~evidence.codebook["code_id"].isin(list(new_of))]
    changed = changed.with_tables(codings=codings, codebook=book.reset_index(drop=True))
    return _mentions(changed, {old: [new] for old, new in new_of.items()})


def _point(evidence: Evidence, recode: Recode, skip: Collection[str]) -> Evidence:
    """Columns that link to the codebook, recoded; history keeps the identifiers that its rows once named."""
    frames = {}
    for name, spec in evidence_tables().items():
        columns = [c for c in spec.columns.values() if c.links == "codebook.code_id"]
        if name in skip or not columns or evidence[name].empty:
            continue
        frame = evidence[name].copy()
        for column in columns:
            frame[column.name] = frame[column.name].map(lambda cell, c=column: _recoded(cell, recode, c.is_list), na_action="ignore").astype("str")  # fmt: skip
        if name == "codebook_changes":
            moved = frame["code_id"] != evidence[name]["code_id"]
            named = evidence[name]["formerly"].fillna("").str.split(";") + evidence[name]["code_id"].map(lambda c: [c])
            frame.loc[moved, "formerly"] = named[moved].map(lambda ids: ";".join(dict.fromkeys(filter(None, ids))))
        frames[name] = frame
    return evidence.with_tables(**frames)


def _recoded(cell: str, recode: Recode, is_list: bool) -> str:
    if not is_list:
        now = recode(cell)
        return cell if cell in now else now[0]
    return ";".join(dict.fromkeys(new for code in cell.split(";") for new in recode(code)))


def _mentions(evidence: Evidence, new_of: Mapping[str, Sequence[str]]) -> Evidence:
    """Texts that name a code by its identifier in brackets, as "(child_removal_loss)", and memos about it, follow."""

    def bracket(found: re.Match[str]) -> str:
        named = found[1].split(", ")
        ids = [new for each in named for new in new_of.get(each, [each])]
        return f"({', '.join(dict.fromkeys(ids))})" if set(named) & set(new_of) else found[0]

    book, memos = evidence.codebook.copy(), evidence.memos.copy()
    for column in _TEXTS:
        book[column] = book[column].str.replace(_IN_BRACKETS, bracket, regex=True)
    if len(memos):
        memos["about"] = memos["about"].map(lambda about: ", ".join(new_of.get(about, [about]))).astype("str")
    return evidence.with_tables(codebook=book, memos=memos)


_KEY = ["finding_id", "code_id", "coder"]


def _joined(codings: pd.DataFrame, new_of: Mapping[str, str]) -> pd.DataFrame:
    """Codings under their new codes; those that stand twice for a coder are joined into one."""
    moved = codings["code_id"].isin(list(new_of))
    now = codings.assign(was=codings["code_id"], code_id=codings["code_id"].replace(dict(new_of)).astype("str"))
    twice = now.duplicated(_KEY, keep=False)
    if twice.any():
        one = pd.concat([_one(group) for _, group in now[twice].groupby(_KEY, sort=False)])
        now = pd.concat([now[~twice], one.astype(now.dtypes.to_dict())]).sort_index()
        now = _ranked_anew(now, codings.loc[moved, ["finding_id", "coder"]])
    return now.drop(columns="was").reset_index(drop=True)


def _one(group: pd.DataFrame) -> pd.DataFrame:
    """Several codings of one finding by one coder as one, at the place of the best ranked."""
    group = group.sort_values("rank", kind="stable")
    order = list(vocabularies()["coding_confidence"])
    sure = [word for word in order if word in set(group["confidence"].dropna())]
    facts = [", ".join(filter(None, [f"rank {row.rank}", row.confidence if isinstance(row.confidence, str) else "", "negative case" if row.negative_case else ""])) for row in group.itertuples()]  # fmt: skip
    joined = "Joined from " + " and ".join(f"{was} ({fact})" for was, fact in zip(group["was"], facts, strict=True))
    notes = [note for note in group["note"] if isinstance(note, str)]
    return group.head(1).assign(
        confidence=sure[0] if sure else None,
        negative_case=group["negative_case"].any(),
        codebook_version=group["codebook_version"].max(),
        note=" ".join([*notes, joined + "."]),
    )


def _ranked_anew(codings: pd.DataFrame, touched: pd.DataFrame) -> pd.DataFrame:
    """Codings with ranks 1, 2, 3 again in the findings that were touched; the order of the codes stays."""
    pairs = pd.MultiIndex.from_frame(touched)
    at = pd.MultiIndex.from_frame(codings[["finding_id", "coder"]]).isin(pairs)
    part = codings[at]
    ranks = part.groupby(["finding_id", "coder"])["rank"].rank(method="first").astype("Int64")
    return codings.assign(rank=codings["rank"].where(~at, ranks.reindex(codings.index)))


def _places(
    evidence: Evidence, code_id: str, ids: Sequence[str], assign: pd.DataFrame, rest: str | None
) -> dict[tuple[str, str], list[str]]:
    """Where each coding of a code goes: (finding, coder) -> parts. Raises CallError with every coding left over."""
    own = evidence.codings[evidence.codings["code_id"] == code_id]
    named = assign.assign(coder=assign.get("coder"))
    wanted: dict[tuple[str, str], list[str]] = {}
    for row in named.itertuples():
        wanted[row.finding_id, row.coder if isinstance(row.coder, str) else ""] = row.code_id.split(";")
    strange = sorted({part for parts in [*wanted.values(), [rest] if rest else []] for part in parts} - set(ids))
    unknown = sorted({finding for finding, _ in wanted} - set(own["finding_id"]))
    places, left = {}, []
    for finding, coder in zip(own["finding_id"], own["coder"], strict=True):
        found = wanted.get((finding, coder)) or wanted.get((finding, "")) or ([rest] if rest else [])
        places[finding, coder] = found
        left += [] if found else [f"{finding} by {coder}"]
    faults = [f"Not one of the parts: {', '.join(strange)}." if strange else "", f"Without the code {code_id}: {', '.join(unknown)}." if unknown else "", f"Not assigned to a part ({len(left)}): {', '.join(left[:20])}{' …' * (len(left) > 20)}." if left else ""]  # fmt: skip
    if any(faults):
        raise CallError(f"The code {code_id!r} cannot be divided so. {' '.join(filter(None, faults))}")
    return places


def _divided(codings: pd.DataFrame, code_id: str, places: Mapping[tuple[str, str], list[str]]) -> pd.DataFrame:
    own = codings["code_id"] == code_id
    parts = [places[pair] for pair in zip(codings.loc[own, "finding_id"], codings.loc[own, "coder"], strict=True)]
    now = codings.assign(code_id=codings["code_id"].astype(object))
    now.loc[own, "code_id"] = pd.Series(parts, index=codings.index[own], dtype=object)
    several = codings.loc[own, ["finding_id", "coder"]][[len(part) > 1 for part in parts]]
    now = now.explode("code_id", ignore_index=True).astype({"code_id": "str"})
    return _ranked_anew(now, several) if len(several) else now


def _split_settled(evidence: Evidence, code_id: str, places: Mapping[tuple[str, str], list[str]]) -> Evidence:
    """Adjudications with the code replaced by the parts that each coder's coding went to."""
    table = evidence.adjudications.copy()
    every = list(dict.fromkeys(part for parts in places.values() for part in parts))
    for column, coder in (("coder_1_codes", "coder_1"), ("coder_2_codes", "coder_2"), ("agreed_codes", None)):
        usual = coder.replace("_", "-") if coder else "agreed"
        who = table[coder].fillna(usual) if coder else pd.Series(usual, index=table.index)
        table[column] = [
            _recoded(cell, _sent(code_id, places.get((finding, name), every)), True)
            for cell, finding, name in zip(table[column], table["finding_id"], who, strict=True)
        ]
    return evidence.with_tables(adjudications=table.astype(evidence.adjudications.dtypes.to_dict()))


def _sent(code_id: str, parts: Sequence[str]) -> Recode:
    return lambda code: parts if code == code_id else [code]


def _in_place(book: pd.DataFrame, code_id: str, parts: pd.DataFrame) -> pd.DataFrame:
    """The codebook with a row replaced by others."""
    at = int(np.flatnonzero(book["code_id"] == code_id)[0])
    parts = parts.reindex(columns=list(book.columns)).astype(book.dtypes.to_dict())
    return pd.concat([book.iloc[:at], parts, book.iloc[at + 1 :]], ignore_index=True)
