"""The chain from a statement to the page it rests on, walked both ways from any of its identifiers.

recommendation → review finding → code → finding → study → record → address, with the themes above the codes, and beside
them the judgement of confidence, the shared sample, estimates and their indicators. A coding of the agreed set is what ties a
finding to a code, a link of the crosswalk what ties a recommendation, step or intervention to a review finding or code.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator

import pandas as pd

from synthesis.evidence.checks import plain
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence, split_list
from synthesis.reports.chain_guides import GUIDE_LEVELS, ends_of, guide_labels, guide_links, judged_none
from synthesis.themes.confidence import cited_as

#: Levels of the chain, from statement to source: table, and the columns that make the identifier.
LEVELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "review_finding": ("review_findings", ("review_finding_id",)),
    "theme": ("themes", ("theme_id",)),
    "code": ("codebook", ("code_id",)),
    "finding": ("findings", ("finding_id",)),
    "study": ("studies", ("study_id",)),
    "record": ("records", ("record_id",)),
    "sample": ("samples", ("sample_id",)),
    "memo": ("memos", ("memo_id",)),
    "indicator": ("indicators", ("indicator_id",)),
    "estimate": ("estimates", ("estimate_id",)),
    **GUIDE_LEVELS,
    "confidence": ("confidence", ("review_finding_id", "assessed_by")),
    "coding": ("codings", ("finding_id", "code_id", "coder")),
}
#: Tables whose rows name the address at which they were read.
_READ_AT = (
    "finding",
    "study",
    "record",
    "estimate",
    "recommendation",
    "intervention",
    "guide",
    "risk_factor",
    "measure",
    "planning_element",
)
_COLUMNS = ["direction", "step", "level", "table", "id", "label", "parent_id", "link"]

Node = tuple[str, str]
Steps = dict[Node, list[tuple[Node, str]]]
Row = tuple[int, Node, str, str]


def trace(evidence: Evidence, id: str) -> pd.DataFrame:
    """Everything above and below one identifier: what rests on it, and what it rests on, down to the address.

    Parameters
    ----------
    id : a review finding, theme, code, finding, study, record, sample, memo, indicator, estimate, recommendation, step or
        other statement of a guide, intervention, risk factor, measure, planning element, guide, link of the crosswalk,
        an address, a judgement ("RF01/adjudicator") or a coding ("chen2021-f3/fear_custody_loss/agreed").

    Returns a row a link: ``direction`` (``above``, ``here``, ``beside``, ``below``), ``step`` (how far away; negative above),
    ``level, table, id, label``, ``parent_id`` (the row one step nearer, from which this one was reached), ``link`` (how the two
    hang together). What is reached twice stands under each row that leads to it, and is followed the first time. Beside a
    finding stand the codings of every coder, how they were settled, and the memos that name it; beside what the crosswalk
    leaves without a link, that judgement. Raises CallError for an
    identifier that is not there, with the nearest ones.
    """
    start = _find(evidence, id)
    id = start[1]
    links, labels = _links(evidence), _labels(evidence)
    above, below = _steps(links, up=True), _steps(links, up=False)
    _add_steps_of(evidence, start, above, below)
    rows: list[Row] = [(-step, node, parent, link) for step, node, parent, link in _walk(start, above)]
    rows.append((0, start, "", ""))
    beside = _beside(evidence, start, labels)
    rows += _walk(start, below)
    ways = ["above" if row[0] < 0 else "below" if row[0] else "here" for row in rows]
    at = ways.index("here") + 1
    rows[at:at], ways[at:at] = [(1, node, id, link) for node, link in beside], ["beside"] * len(beside)
    told = [
        (step, node[0], _table(node[0]), node[1], labels.get(node, ""), parent, link)
        for step, node, parent, link in rows
    ]
    return pd.DataFrame([(way, *row) for way, row in zip(ways, told, strict=True)], columns=_COLUMNS)


def _add_steps_of(evidence: Evidence, start: Node, above: Steps, below: Steps) -> None:
    """Steps that only the starting row has: of a theme, to the statements it carries; of a coding or memo, to findings."""
    level, id = start
    statements = evidence.review_findings
    if level == "theme":
        codes = {node[1] for _, node, _, _ in _walk(start, below) if node[0] == "code"}
        rests = statements["code_ids"].fillna("").str.split(";").map(lambda some: bool(codes & set(some)))
        for which, theme in zip(statements["review_finding_id"], statements["theme_id"], strict=True):
            if theme == id:
                above.setdefault(start, []).append((("review_finding", which), "carries"))
        for which in statements.loc[rests & (statements["theme_id"] != id), "review_finding_id"]:
            above.setdefault(start, []).append((("review_finding", which), "carries through its codes"))
    if level == "coding":
        row = evidence.codings[_ids(evidence, "coding") == id].iloc[0]
        above[start], below[start] = [(("code", row["code_id"]), "gives")], [(("finding", row["finding_id"]), "to")]
    if level == "link":
        ends = ends_of(evidence, id)
        above[start], below[start] = (
            [(end, words) for end in own] for own, words in zip(ends, ("ties", "to"), strict=True)
        )
    if level == "memo":
        named = split_list(evidence.memos.set_index("memo_id")["finding_ids"].loc[[id]])
        below[start] = [(("finding", each), "speaks of") for each in named]


def _table(level: str) -> str:
    return LEVELS[level][0] if level in LEVELS else {"adjudication": "adjudications"}.get(level, "")


def _ids(evidence: Evidence, level: str) -> pd.Series:
    name, key = LEVELS[level]
    frame = evidence[name]
    first, *rest = (frame[column] for column in key)
    return first.str.cat(rest, sep="/") if rest else first


def _find(evidence: Evidence, id: str) -> Node:
    """The level on which an identifier stands. Raises CallError, with what may be meant, where it stands on none."""
    for level in LEVELS:
        if (_ids(evidence, level) == id).any():
            return level, id
    addresses = pd.concat([evidence[LEVELS[level][0]]["source_url"] for level in _READ_AT]).dropna()
    if (addresses == id).any():
        return "address", id
    known = [each for level in LEVELS if level != "coding" for each in _ids(evidence, level)] + list(addresses.unique())
    if "/" in id:  # perhaps a coding; only those of its finding are looked through, there can be a million
        own = evidence.codings[evidence.codings["finding_id"] == id.partition("/")[0]]
        known += ["/".join(row) for row in own[list(LEVELS["coding"][1])].itertuples(index=False)]
    cased = {each for each in known if each.lower() == id.lower()}
    if len(cased) == 1:  # only its capitals differ, and nothing else is written so
        return _find(evidence, cased.pop())
    twins = [each for each in known if plain(each) == plain(id)]
    near = twins or difflib.get_close_matches(id, known, n=3, cutoff=0.7)
    meant = f" Did you mean {' or '.join(dict.fromkeys(near))}?" if near else ""
    raise CallError(
        f"Nothing here carries the identifier {id!r}.{meant} `trace` knows {', '.join(map(_form, LEVELS))}, address."
    )


def _form(level: str) -> str:
    """A level with the form of its identifiers, where these are put together from several columns."""
    key = LEVELS[level][1]
    return level if len(key) == 1 else f"{level} (as {'/'.join(part.removesuffix('_id') for part in key)})"


# ---------------------------------------------------------------- links


def _links(evidence: Evidence) -> list[tuple[Node, Node, str]]:
    """Every link of the chain as (upper node, lower node, how they hang together: in words downwards|upwards)."""
    statements, themes = evidence.review_findings, evidence.themes.sort_values("position", kind="stable")
    agreed = evidence.codings[evidence.codings["coder"] == "agreed"]
    below = themes.dropna(subset=["parent_theme_id"])
    sharing = evidence.studies.dropna(subset=["sample_id"])
    included = evidence.records.dropna(subset=["study_id"])
    estimates = evidence.estimates
    of_studies = estimates[estimates["source_id"].isin(evidence.studies["study_id"])]
    judged = evidence.confidence
    pairs: list[tuple] = []
    for level in _READ_AT:
        read = evidence[LEVELS[level][0]].dropna(subset=["source_url"])
        pairs.append((level, "address", read[LEVELS[level][1][0]], read["source_url"], "read at|holds"))
    pairs += [
        ("review_finding", "theme", statements["review_finding_id"], statements["theme_id"], "belongs to|carries"),
        ("review_finding", "confidence", judged["review_finding_id"], _ids(evidence, "confidence"), "judged by|judges"),
        ("review_finding", "code", *_listed(statements, "review_finding_id", "code_ids"), "rests on|supports"),
        ("review_finding", "finding", *_listed(statements, "review_finding_id", "contradicting_finding_ids"), _contrary_words(evidence)),
        ("theme", "theme", below["parent_theme_id"], below["theme_id"], "holds|is part of"),
        ("theme", "code", evidence.codebook["theme_id"], evidence.codebook["code_id"], "holds|belongs to"),
        ("code", "finding", agreed["code_id"], agreed["finding_id"], agreed["negative_case"].map({True: "against it, given to|a case against", False: "given to|coded with"})),
        ("finding", "study", evidence.findings["finding_id"], evidence.findings["study_id"], "reported by|reports"),
        ("study", "record", included["study_id"], included["record_id"], "found as|led to"),
        ("study", "sample", sharing["study_id"], sharing["sample_id"], "shares people in|counts the people of"),
        ("indicator", "estimate", estimates["indicator_id"], estimates["estimate_id"], "estimated by|estimates"),
        ("estimate", "study", of_studies["estimate_id"], of_studies["source_id"], "reported by|reports"),
    ]  # fmt: skip
    return guide_links(evidence) + [
        ((upper, one), (lower, other), how)
        for upper, lower, ones, others, link in pairs
        for one, other, how in zip(ones, others, [link] * len(ones) if isinstance(link, str) else link, strict=True)
    ]


def _listed(frame: pd.DataFrame, key: str, column: str) -> tuple[pd.Index, pd.Series]:
    parts = split_list(frame.set_index(key)[column])
    return parts.index, parts


def _contrary_words(evidence: Evidence) -> list[str]:
    """How each finding named as contradicting hangs together with its statement, by how it was read beside it."""
    frame = evidence.contrary_findings
    read = dict(zip(zip(frame["review_finding_id"], frame["finding_id"], strict=True), frame["reading"], strict=True))
    words = {each: f"listed against it, read as: {each}|listed against, read as: {each}" for each in ("adds", "held")}
    pairs = zip(*_listed(evidence.review_findings, "review_finding_id", "contradicting_finding_ids"), strict=True)
    return [words.get(read.get(pair, ""), "contradicted by|contradicts") for pair in pairs]


def _steps(links: list[tuple[Node, Node, str]], up: bool) -> Steps:
    """Where each node leads, one step up or down. A statement's theme is named below it, but is no way through."""
    steps: Steps = {}
    for upper, lower, words in links:
        link = words.split("|")[up]
        filed = (upper[0], lower[0]) == ("review_finding", "theme")
        if up and not filed:
            steps.setdefault(lower, []).append((upper, link))
        elif not up:
            steps.setdefault(upper, []).append(((lower[0] + "_named", lower[1]) if filed else lower, link))
    return steps


def _walk(start: Node, steps: Steps) -> Iterator[Row]:
    """Every link that is reached, in reading order: step, node, the id it was reached from, and the link."""
    seen = {start}
    stack = [(1, node, start[1], link) for node, link in reversed(steps.get(start, []))]
    while stack:
        step, node, parent, link = stack.pop()
        yield step, (node[0].removesuffix("_named"), node[1]), parent, link
        if node not in seen:
            seen.add(node)
            stack += [(step + 1, other, node[1], how) for other, how in reversed(steps.get(node, []))]


def _beside(evidence: Evidence, start: Node, labels: dict[Node, str]) -> list[tuple[Node, str]]:
    """What was said about a finding on the way: every coder's codings, the settlement, the memos that name it.

    Of other levels, what the crosswalk says they have none of.
    """
    if start[0] != "finding":
        return judged_none(evidence, start)
    found: list[tuple[Node, str]] = []
    codings = evidence.codings[evidence.codings["finding_id"] == start[1]].sort_values(["coder", "rank"], kind="stable")
    for row in codings.itertuples():
        node = "coding", f"{row.finding_id}/{row.code_id}/{row.coder}"
        sure = f", {row.confidence} confidence" if isinstance(row.confidence, str) else ""
        labels[node] = (
            f"{row.coder} gave {row.code_id} (rank {row.rank}{sure}{', against it' if row.negative_case else ''})"
        )
        found.append((node, "coded as"))
    for row in evidence.adjudications[evidence.adjudications["finding_id"] == start[1]].itertuples():
        labels["adjudication", row.finding_id] = (
            f"{row.agreed_codes}: {row.reason} ({row.decided_by}; rule: {row.rule})"
        )
        found.append((("adjudication", row.finding_id), "settled as"))
    named = split_list(evidence.memos.set_index("memo_id")["finding_ids"])
    return found + [(("memo", memo), "named in") for memo in named.index[named == start[1]]]


# ---------------------------------------------------------------- words


def _labels(evidence: Evidence) -> dict[Node, str]:
    """What a reader sees beside each identifier."""
    cited, studies = cited_as(evidence), evidence.studies.set_index("study_id")
    words = {
        "review_finding": evidence.review_findings.set_index("review_finding_id")["statement"],
        "theme": evidence.themes.set_index("theme_id")["name"],
        "code": evidence.codebook.set_index("code_id")["name"],
        "finding": evidence.findings.set_index("finding_id")["finding"],
        "study": cited + ": " + studies["title"].fillna("no title visible"),
        "record": _record_words(evidence.records),
        "sample": evidence.samples.set_index("sample_id")["reason"],
        "memo": evidence.memos.set_index("memo_id")["memo"],
        "indicator": evidence.indicators.set_index("indicator_id")["name"],
        "estimate": evidence.estimates.set_index("estimate_id")["case_definition"],
        "confidence": _confidence_words(evidence),
        **guide_labels(evidence),
    }
    return {(level, str(id)): str(text) for level, column in words.items() for id, text in column.items()}


def _record_words(records: pd.DataFrame) -> pd.Series:
    said = records["decision"] + " (search: " + records["source"] + ")"
    return said.str.replace("_", " ").set_axis(records["record_id"])


def _confidence_words(evidence: Evidence) -> pd.Series:
    judged = evidence.confidence
    level = judged["overall"].fillna("not judged").str.replace("_", " ")
    return (level + " confidence, " + judged["status"]).set_axis(_ids(evidence, "confidence"))


def trace_text(table: pd.DataFrame, width: int = 110) -> str:
    """A trace as an indented text: above, here, beside, below; long labels are cut to the width, save that of the row itself.

    An address that was just printed is not printed again."""
    titles = {"above": "What rests on it", "here": "", "beside": "What was said about it", "below": "What it rests on"}
    lines: list[str] = []
    for way, title in titles.items():
        rows = table[table["direction"] == way]
        read_at = ""
        if len(rows) and title:
            lines += ["", title]
        for row in rows.itertuples():
            if row.level == "address" and row.id == read_at:
                continue  # a finding, its study and its record are mostly read at one page; it is printed once
            read_at = row.id if row.level == "address" else read_at
            indent = "  " * abs(int(row.step))
            link = f"{row.link}: " if row.link else ""
            text = f"{indent}{link}{row.level.replace('_', ' ')} {row.id}"
            if way == "here" and row.label:
                lines.append(textwrap.fill(f"{text} – {row.label}", width, subsequent_indent="  "))
                continue
            room = max(width - len(text) - 3, 20)
            label = textwrap.shorten(row.label, room, placeholder=" …") if row.label else ""
            lines.append(f"{text} – {label}" if label else text)
    return "\n".join(lines).lstrip("\n")
