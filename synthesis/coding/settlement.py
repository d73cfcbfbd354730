"""Settling disagreements: the findings on which two coders differ go out as a table and come back as recorded decisions."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from synthesis.coding.agreement import Ratings, ratings
from synthesis.evidence.schema import NONE_WORD, EvidenceError, Problem, SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence, codebook_version
from synthesis.office.table_sheets import filled_rows, newest_day, table_sheet
from synthesis.review.studies import chosen_studies

#: Name of the sheet in a workbook, and the columns that whoever settles a finding fills in.
SHEET = "Disagreements"
TO_FILL = ("agreed_codes", "negative_cases", "reason", "decided_by", "rule", "date")
BOTH_ALIKE = "Both coders read it and left it without a code."

Decision = dict[str, Any]
#: Codings of each coder: coder -> finding -> codings, primary first.
Given = Mapping[str, Mapping[str, list[Decision]]]


def disagreement_sheet(evidence: Evidence, a: str, b: str, study_ids: Collection[str] | None = None) -> pd.DataFrame:
    """The findings on which two coders differ, with both sets side by side and room to settle them.

    Of some studies alone (`study_ids`) or of all. Raises CallError for a study or coder that is not there.

    Returns a row a finding that both read and gave different sets of codes: ``finding_id, study_id, study`` (authors,
    year, title), ``population, perspective, finding, coder_a, coder_b, codes_a, codes_b`` (joined with ``;``, primary
    first; `NONE_WORD` where read and left without a code), ``in_common, only_a, only_b, notes_a, notes_b``, and the
    columns `TO_FILL`: ``agreed_codes`` (primary first, or `NONE_WORD`), ``negative_cases`` (those of them that the finding
    runs against; what the coders marked is filled in), ``reason``, ``decided_by`` (a row of the table ``coders``),
    ``rule``, ``date`` (YYYY-MM-DD). A finding settled before carries its decision; the others are empty.
    """
    rated = ratings(evidence, [a, b])
    differ = (rated.sets >= 0).all(axis=1) & (rated.sets[:, 0] != rated.sets[:, 1])
    asked = evidence.findings["study_id"].isin(chosen_studies(evidence, study_ids)).to_numpy()
    ids = list(rated.findings[differ & asked])
    table = evidence.findings.set_index("finding_id").loc[ids, ["study_id", "perspective", "finding"]].reset_index()
    table = table.merge(_studies(evidence), on="study_id", how="left")
    given = {coder: _given(evidence, coder) for coder in (a, b)}
    for side, coder in (("a", a), ("b", b)):
        table[f"coder_{side}"] = coder
        table[f"codes_{side}"] = [_joined(given[coder].get(finding, [])) for finding in ids]
        table[f"notes_{side}"] = [" ".join(row["note"] for row in given[coder].get(finding, []) if row["note"]) for finding in ids]  # fmt: skip
    pairs = [[[row["code_id"] for row in given[coder].get(finding, [])] for coder in (a, b)] for finding in ids]
    table["in_common"] = [";".join(code for code in one if code in two) for one, two in pairs]
    table["only_a"] = [";".join(code for code in one if code not in two) for one, two in pairs]
    table["only_b"] = [";".join(code for code in two if code not in one) for one, two in pairs]
    settled = _given(evidence, _settled_set(evidence)) if len(evidence.adjudications) else {}
    decided = [_decided(evidence, finding, given, settled) for finding in ids]
    table = table.join(pd.DataFrame(decided, columns=list(TO_FILL)))
    columns = "finding_id study_id study population perspective finding coder_a coder_b codes_a codes_b in_common only_a only_b notes_a notes_b"
    return table[[*columns.split(), *TO_FILL]].astype(object).fillna("").astype("str")


def _studies(evidence: Evidence) -> pd.DataFrame:
    studies = evidence.studies
    parts = [studies[column].astype("str").fillna("") for column in ("authors", "year", "title")]
    shown = [", ".join(filter(None, each)) for each in zip(*parts, strict=True)]
    return studies[["study_id", "population"]].assign(study=shown)


def _given(evidence: Evidence, coder: str) -> dict[str, list[Decision]]:
    """Finding -> the coder's codings of it, primary first, with None where nothing is known."""
    own = evidence.codings[evidence.codings["coder"] == coder].sort_values("rank", kind="stable")
    own = own.astype(object).where(own.notna(), None)
    found: dict[str, list[Decision]] = {}
    for row in own.to_dict("records"):
        found.setdefault(row["finding_id"], []).append({str(key): value for key, value in row.items()})
    return found


def _joined(codings: list[Decision]) -> str:
    return ";".join(row["code_id"] for row in codings) or NONE_WORD


def _decided(evidence: Evidence, finding: str, given: Given, settled: Mapping[str, list[Decision]]) -> Decision:
    """What was decided on a finding before; otherwise only the negative cases that the coders marked."""
    known = evidence.adjudications
    row = known[known["finding_id"] == finding]
    marked = [c["code_id"] for coder in given.values() for c in coder.get(finding, []) if c["negative_case"]]
    if row.empty:
        return {"negative_cases": ";".join(dict.fromkeys(marked))}
    against = [c["code_id"] for c in settled.get(finding, []) if c["negative_case"]]
    (decision,) = row.to_dict("records")
    date = decision["date"]
    return {
        **{name: decision[name] for name in ("agreed_codes", "reason", "decided_by", "rule")},
        "negative_cases": ";".join(against),
        "date": "" if pd.isna(date) else date.strftime("%Y-%m-%d"),
    }


def _settled_set(evidence: Evidence) -> str:
    """The settled set's row in the table ``coders``."""
    sets = list(evidence.coders.loc[evidence.coders["kind"] == "agreed_set", "coder_id"])
    if len(sets) != 1:
        raise SynthesisError("The table coders needs one row of kind agreed_set, such as: agreed,agreed_set,The settled set of codes,,2,yes,")  # fmt: skip
    return sets[0]


def settle(evidence: Evidence, sheet: pd.DataFrame) -> Evidence:
    """Record the decisions of a disagreement sheet, and make the agreed set of codes from them.

    Parameters
    ----------
    sheet : what `disagreement_sheet` returned, with `TO_FILL` filled in; rows may be moved or left out, and a row without
        ``agreed_codes`` is not settled yet.

    Each decision becomes a row of ``adjudications`` and the finding's agreed ``codings`` (or its row of ``uncoded``).
    Findings to which both coders gave the same set, and which have no agreed set yet, take that set: rank in the order of
    the first coder, the lower confidence, a negative case if one of them saw it. Everything else stays as it is, also a
    decision that was not changed.

    Returns the evidence with the changed tables; nothing is written. Raises EvidenceError with every problem, its row (the
    header is row 1) and column.
    """
    missing = [
        name for name in ("finding_id", "coder_a", "coder_b", "codes_a", "codes_b", *TO_FILL) if name not in sheet
    ]
    if missing:
        raise SynthesisError(f"The disagreement sheet has lost the columns {', '.join(missing)}.")
    text = filled_rows(sheet)
    numbered = dict(zip(map(int, text.index), text.to_dict("records"), strict=True))
    given = {coder: _given(evidence, coder) for coder in evidence.coders["coder_id"]}
    problems = [problem for number, row in numbered.items() for problem in _problems(evidence, given, row, number)]
    rows = list(numbered.values())
    ids = [row["finding_id"] for row in rows]
    for at, number in enumerate(numbered):
        if ids[at] in ids[:at]:
            said = "the finding stands in the sheet already; delete one of the rows"
            problems.append(_problem(number, "key-repeated", "finding_id", ids[at], said))
    if problems:
        raise EvidenceError(problems)
    decisions = [row for row in rows if row["agreed_codes"]]
    now = _record(evidence, given, decisions)
    for a, b in dict.fromkeys((row["coder_a"], row["coder_b"]) for row in rows):
        now = _adopt(now, ratings(evidence, [a, b]))
    return now


def _codes(text: str) -> list[str]:
    return [code.strip() for code in text.split(";") if code.strip()]


def _problem(row: int, code: str, column: str, value: str, message: str) -> Problem:
    return Problem("error", code, "disagreement sheet", row, column, value, message)


def _problems(evidence: Evidence, given: Given, row: Decision, number: int) -> list[Problem]:
    """What is wrong with one row of the sheet."""
    found: list[tuple[str, str, str]] = []  # fault code, column, message
    known, coders = list(evidence.codebook["code_id"]), set(evidence.coders["coder_id"])
    agreed = _codes(row["agreed_codes"])
    if row["finding_id"] not in set(evidence.findings["finding_id"]):
        found.append(("link-broken", "finding_id", "there is no such finding in this review"))
    for column in ("coder_a", "coder_b"):
        if row[column] not in coders:
            found.append(("link-broken", column, "the table coders does not hold this coder"))
    if not found and any(_joined(given[row[f"coder_{s}"]].get(row["finding_id"], [])) != row[f"codes_{s}"] for s in "ab"):  # fmt: skip
        found.append(("link-broken", "codes_a", "the codings have changed since the sheet was made; make it anew"))
    for column, codes in (("agreed_codes", agreed), ("negative_cases", _codes(row["negative_cases"]))):
        for code in codes:
            if code not in known and not (code == NONE_WORD and column == "agreed_codes" and len(codes) == 1):
                near = difflib.get_close_matches(code, known, n=1, cutoff=0.6)
                hint = f"; did you mean {near[0]}?" if near else ""
                both = "; none stands alone" if code == NONE_WORD else ""
                found.append(("link-broken", column, f"“{code}” is not in the codebook{hint or both}"))
    if len(set(agreed)) < len(agreed):
        found.append(("key-repeated", "agreed_codes", "a code stands twice"))
    if not agreed:
        written = [name for name in ("reason", "decided_by", "rule") if row[name]]
        return [_problem(number, *each[:2], row[each[1]], each[2]) for each in found] + ([_problem(number, "required", "agreed_codes", "", f"{' and '.join(written)} filled in, but no codes; write {NONE_WORD} where no code fits")] if written else [])  # fmt: skip
    for column in ("reason", "decided_by", "rule"):
        if not row[column]:
            found.append(("required", column, "a decision needs it"))
    if row["decided_by"] and row["decided_by"] not in coders:
        found.append(("link-broken", "decided_by", "the table coders does not hold this person; add a row for them"))
    if row["date"] and pd.isna(pd.to_datetime(row["date"], format="%Y-%m-%d", errors="coerce")):
        found.append(("type", "date", "write the day as YYYY-MM-DD"))
    return [_problem(number, code, column, row[column], message) for code, column, message in found]


def _record(evidence: Evidence, given: Given, decisions: list[Decision]) -> Evidence:
    """The evidence with decisions as adjudications and agreed codings; a decision that stands already changes nothing."""
    table = evidence.adjudications
    rows = [_adjudication(row) for row in decisions]
    stands = {row["finding_id"]: row for row in table.astype(object).where(table.notna(), None).to_dict("records")}
    facts = ("agreed_codes", "reason", "decided_by", "rule")
    changed = [row for row in rows if not _same(stands.get(row["finding_id"]), row, facts)]
    agreed = {row["finding_id"]: row for row in decisions}
    if changed:
        kept = table[~table["finding_id"].isin([row["finding_id"] for row in changed])]
        table = _stacked(evidence, kept, changed, [])
    now = evidence.with_tables(adjudications=table)
    return _with_agreed(now, {f: _agreed_rows(evidence, given, row) for f, row in agreed.items()}, {f: row["reason"] for f, row in agreed.items()})  # fmt: skip


def _same(old: Mapping[Any, Any] | None, new: Decision, facts: tuple[str, ...]) -> bool:
    return old is not None and all(old[name] == new[name] for name in facts) and (new["date"] is None or old["date"] == new["date"])  # fmt: skip


def _adjudication(row: Decision) -> Decision:
    return {
        "finding_id": row["finding_id"],
        "coder_1_codes": row["codes_a"],
        "coder_2_codes": row["codes_b"],
        "agreed_codes": ";".join(_codes(row["agreed_codes"])),
        **{name: row[name] for name in ("reason", "decided_by", "rule")},
        "coder_1": row["coder_a"],
        "coder_2": row["coder_b"],
        "date": pd.Timestamp(row["date"]) if row["date"] else None,
    }


def _agreed_rows(evidence: Evidence, given: Given, row: Decision) -> list[Decision]:
    """The agreed codings of one settled finding; what was agreed before about a code that stays, stays."""
    finding = row["finding_id"]
    sides = [given[row[f"coder_{side}"]].get(finding, []) for side in "ab"]
    before = {c["code_id"]: c for c in given[_settled_set(evidence)].get(finding, [])}
    against, codes = _codes(row["negative_cases"]), [c for c in _codes(row["agreed_codes"]) if c != NONE_WORD]
    made = []
    for rank, code in enumerate(codes, 1):
        old = before.get(code)
        made.append(
            {
                "finding_id": finding,
                "code_id": code,
                "rank": rank,
                "confidence": old["confidence"] if old else _lower(sides, code),
                "negative_case": code in against,
                "codebook_version": int(old["codebook_version"]) if old else codebook_version(evidence),
                "note": old["note"] if old else None,
            }
        )
    return made


def _lower(sides: list[list[Decision]], code: str) -> str | None:
    """The lower confidence of the coders who gave a code; None where nobody gave it or said."""
    order = list(vocabularies()["coding_confidence"])
    said = [c["confidence"] for side in sides for c in side if c["code_id"] == code and c["confidence"]]
    return max(said, key=order.index) if said else None


def _adopt(evidence: Evidence, rated: Ratings) -> Evidence:
    """Findings without an agreed set to which two coders gave the same set take it."""
    settled = _settled_set(evidence)
    done = set(evidence.codings.loc[evidence.codings["coder"] == settled, "finding_id"]) | set(evidence.uncoded["finding_id"])  # fmt: skip
    alike = (rated.sets >= 0).all(axis=1) & (rated.sets[:, 0] == rated.sets[:, 1])
    left = [finding for finding in rated.findings[alike] if finding not in done]
    one, two = (_given(evidence, coder) for coder in rated.coders)
    rows = {}
    for finding in left:
        sides = [one.get(finding, []), two.get(finding, [])]
        against = {c["code_id"] for side in sides for c in side if c["negative_case"]}
        rows[finding] = [
            {
                "finding_id": finding,
                "code_id": c["code_id"],
                "rank": rank,
                "confidence": _lower(sides, c["code_id"]),
                "negative_case": c["code_id"] in against,
                "codebook_version": codebook_version(evidence),
                "note": None,
            }
            for rank, c in enumerate(sides[0], 1)
        ]
    return _with_agreed(evidence, rows, dict.fromkeys(left, BOTH_ALIKE))


def _with_agreed(evidence: Evidence, rows: Mapping[str, list[Decision]], reasons: Mapping[str, str]) -> Evidence:
    """The evidence with these agreed codings in place of those that the findings had; without one, a finding is uncoded."""
    settled = _settled_set(evidence)
    before = _given(evidence, settled)
    facts = ("code_id", "rank", "confidence", "negative_case", "note")
    changed = {f: new for f, new in rows.items() if [[c[x] for x in facts] for c in new] != [[c[x] for x in facts] for c in before.get(f, [])]}  # fmt: skip
    codings, uncoded = evidence.codings, evidence.uncoded
    if changed:
        stays = ~((codings["coder"] == settled) & codings["finding_id"].isin(list(changed)))
        new = [{**coding, "coder": settled} for each in changed.values() for coding in each]
        codings = _stacked(evidence, codings[stays], new, ["rank"])
    bare = [finding for finding, new in rows.items() if not new]
    gone = uncoded["finding_id"].isin([finding for finding, new in rows.items() if new])
    more = [{"finding_id": f, "reason": reasons[f]} for f in bare if f not in set(uncoded["finding_id"])]
    if gone.any() or more:
        uncoded = _stacked(evidence, uncoded[~gone], more, [])
    return evidence.with_tables(codings=codings, uncoded=uncoded)


def _stacked(evidence: Evidence, table: pd.DataFrame, rows: list[Decision], then: list[str]) -> pd.DataFrame:
    """A table with more rows, in the order of the findings and coders."""
    if rows:
        more = pd.DataFrame(rows).reindex(columns=list(table.columns)).astype(table.dtypes.to_dict())
        table = pd.concat([table, more], ignore_index=True) if len(table) else more
    place = pd.DataFrame({"finding": pd.Index(evidence.findings["finding_id"]).get_indexer(table["finding_id"])}, index=table.index)  # fmt: skip
    if "coder" in table:
        place["coder"] = pd.Index(evidence.coders["coder_id"]).get_indexer(table["coder"])
    place = place.join(table[then])
    return table.loc[place.sort_values(list(place), kind="stable").index].reset_index(drop=True)


def disagreement_workbook(evidence: Evidence, a: str, b: str, study_ids: Collection[str] | None = None) -> bytes:
    """`disagreement_sheet` as a workbook to settle in; `import_sheet` reads it back."""
    about = "\n".join(
        [
            f"Findings on which {a} and {b} gave different codes. Fill in the white columns; the others are locked.",
            "agreed_codes: identifiers joined with ; and the most important first, or none where no code fits. A row left empty is not settled yet.",
            "negative_cases: those of the agreed codes that the finding runs against. reason and rule: why, and which rule decided. decided_by: who settled it.",
            "Reading it back: synthesis import FILE.xlsx. Nothing is stored unless everything in the file is right.",
        ]
    )
    deciders = evidence.coders.loc[evidence.coders["kind"] != "agreed_set", "coder_id"]
    return table_sheet(disagreement_sheet(evidence, a, b, study_ids), SHEET, about, TO_FILL, {"decided_by": list(deciders)}, newest_day(evidence))  # fmt: skip
