"""The data dictionary (data/README.md) and the data package (data/datapackage.json), both made from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from synthesis import __version__
from synthesis.evidence.files import write_bytes
from synthesis.evidence.identifiers import ALLOWED, MOST_LETTERS
from synthesis.evidence.review_file import Review, read_review
from synthesis.evidence.schema import FAULTS, NONE_WORD, Column, Table, derived_tables, evidence_tables, vocabularies

_FOLDERS = {
    "sources": ("What sources say", "What each source states, with its address and the day it was read. Code never changes it."),
    "judgements": ("What reviewers decided", "What people decided about it: screening, codes, themes, confidence, and why."),
    "derived": ("What code writes", "What code computes from the other two. Rebuilt byte for byte by `synthesis run`; never edit it."),
}  # fmt: skip
_TYPES = {
    "id": "identifier",
    "ids": "identifiers, separated by `;`",
    "key": "key of a row, its parts joined with `/`",
    "word": "one word of a list",
    "words": "words of a list, separated by `;`",
    "text": "text",
    "url": "web address",
    "doi": "DOI",
    "date": "date, as 2026-11-21",
    "integer": "whole number",
    "number": "number",
    "year": "year",
    "yes_no": "`yes` or `no`",
}
#: Vocabularies that are a published standard: named, not printed word by word.
_STANDARDS = {"country": "two-letter country codes of ISO 3166-1, such as `GB`"}
_WORDS_INLINE = 8
#: How tables join; every arrow is a link of the schema, which a test holds to.
_JOINS = (
    "codings --finding_id--> findings --study_id--> studies --sample_id--> samples",
    "codings --code_id--> codebook --theme_id--> themes --parent_theme_id--> themes",
    "codings --coder--> coders",
    "confidence --review_finding_id--> review_findings --theme_id--> themes",
    "records --study_id--> studies",
    "appraisals --study_id--> studies",
    "appraisals --appraiser--> coders",
    "adjudications --finding_id--> findings",
    "uncoded --finding_id--> findings",
    "estimate_choices --estimate_id--> estimates --indicator_id--> indicators",
    "estimate_units --estimate_id--> estimates",
    "published_results --indicator_id--> indicators",
    "review_statements --theme_id--> themes",
    "guide_items --source_id--> guide_sources",
    "recommendations --source_id--> guide_sources",
    "risk_pathways --risk_factor_id--> risk_factors",
    "risk_pathways --item_id--> guide_items",
    "intervention_readings --intervention_id--> interventions",
    "planning_readings --planning_element_id--> planning_elements",
    "programme_stages --planning_element_id--> planning_elements",
    "second_readings --pathway_id--> risk_pathways",
    "second_readings --link_id--> crosswalk",
)

#: What tells the files of this module from those of other people: how the page begins, and a part of the description.
_PAGE_MARK = "# Data dictionary\n\n> Generated: do not edit."
_PACKAGE_MARK = "derived/status.csv for how provisional the evidence is."

_TOP = f"""{_PAGE_MARK} `synthesis run` makes this page from `synthesis/evidence/schema.toml` and `synthesis/evidence/vocabularies.toml`.

This folder holds everything that the review rests on, as tables that any spreadsheet program opens. Each table is one
file, each row is one thing (a study, a finding, a decision), and the first row names the columns. What a study says,
what reviewers decided about it and what was computed from both stand in three folders, so that every number can be
followed back to the page it was read on.
"""

_JOIN_NOTE = """`a --column--> b` means that the column of table a holds a key of table b. To follow a statement of the review to the
page it rests on: review finding → theme → code → coding → finding → study → `source_url`. Studies that share people
carry one `sample_id` and are counted once. A row of `discrepancies` names the table and the key of the row it concerns,
and a row of `crosswalk` the kind and the key of the two things that it links.
"""

_ADD_A_STUDY = """## How to add a study

1. In `judgements/records.csv`, add the search hit: `decision` is `included`, `study_id` is a new identifier.
2. In `sources/studies.csv`, add a row under that `study_id`. Leave empty what the text does not say; empty is never 0.
   If it shares people with another study, give both one `sample_id` and describe the group in `judgements/samples.csv`.
3. In `sources/findings.csv`, add a row for each finding, in your own words, with its place in the source and its address.
4. In `judgements/codings.csv`, add a row for each code that each coder gave (coders stand in `judgements/coders.csv`), and
   the settled codes with the coder `agreed`. Say in `judgements/adjudications.csv` how a difference was settled, and put
   a finding that no code fits into `judgements/uncoded.csv`.
5. If the study reports a proportion, add it to `sources/estimates.csv`. Where its indicator is `poolable`, say in
   `judgements/estimate_choices.csv` whether it takes part, and in `judgements/estimate_units.csv` what it counts.
6. In a spreadsheet program, import each file as UTF-8 with all columns as *text* (else dates and letters are changed), and
   save it as "CSV UTF-8", with commas. Run `synthesis check` and mend what it lists.
7. Run `synthesis run`. The tables of `derived/` are made anew; `git diff data/derived` shows what the study changed.
"""

_IDENTIFIERS = f"""## Identifiers

An identifier consists of {ALLOWED}; no spaces, no `/`.
Pages and files are named after it, so it has at most {MOST_LETTERS} characters, no two dots in a row, and is not what Windows calls
a device (`con`, `nul`, `com1`, ...). Accented letters are stored as single characters (normal form NFC). Two identifiers
in one column must not differ only in capitals. A column of the type *key* names a row by all of its key columns, joined
with `/`; such a key is not an identifier, but each of its parts is.
"""

_HONEST = """## What is honest here

{notes}- Who coded, people or a program, stands in `kind` in [coders](#coders). What waits for people stands in `provisional` there
  and in `status` in [confidence](#confidence); [status](#status) counts how much of the evidence is concerned.
- Where a source contradicts itself, both figures stay, with a row in [discrepancies](#discrepancies) and a warning.
- "Not reported", "not applicable" and "not yet judged" are three different things; none of them is 0. The column
  *An empty cell means* says which.
- An example shows how a value is written. It was taken from the tables that come with the toolkit and is no result.
- This page is made from the same schema that the checks use, not typed beside it; a test fails when the two differ.
"""


def dictionary_text(review: Review | None = None) -> str:
    """The data dictionary, in Markdown as GitHub shows it: folders, joins, every table and column, words, faults.

    ``review`` says what is said of one review only, its licences and notes; without it nothing is.
    """
    review = review or Review()
    parts = [_TOP, _contents(review), _folder_table(), _joins()]
    for folder, (title, _) in _FOLDERS.items():
        parts.append(f"## {title}: `{folder}/`\n")
        parts += [_table_text(table) for table in _all_tables() if table.folder == folder]
    notes = "".join(f"- {note}\n" for note in review.notes)
    return "\n".join(
        [*parts, _IDENTIFIERS, _words(), _faults(), _ADD_A_STUDY, *_licences(review), _HONEST.format(notes=notes)]
    )


def _all_tables() -> list[Table]:
    return [*evidence_tables().values(), *derived_tables().values()]


def _contents(review: Review) -> str:
    lines = [
        f"- {title}: " + ", ".join(f"[{t.name}](#{t.name})" for t in _all_tables() if t.folder == folder)
        for folder, (title, _) in _FOLDERS.items()
    ]
    others = [
        "Identifiers",
        "Lists of words",
        "Faults that `synthesis check` reports",
        "How to add a study",
        "What is honest here",
    ]
    others[4:4] = ["Licences"] if review.licences else []
    lines += [f"- [{other}](#{anchor(other)})" for other in others]
    return "\n".join(lines) + "\n"


def _licences(review: Review) -> list[str]:
    """The section on licences, those of all tables first; none where the review names none."""
    if not review.licences:
        return []
    in_order = sorted(review.licences, key=lambda each: bool(each.get("tables")))
    return ["## Licences\n\n" + "\n".join(map(_licence_line, in_order)) + "\n"]


def _licence_line(licence: dict[str, Any]) -> str:
    files = {table.name: table.file for table in _all_tables()}
    what = ", ".join(f"`{files[each]}`" for each in licence.get("tables", ())) or "These tables"
    holder = f"{licence['attribution']}, " if "attribution" in licence else ""
    return f"- {what}: {holder}[{licence['title']}]({licence['path']}) ({licence['name']})."


def anchor(heading: str) -> str:
    """The name under which GitHub links to a heading."""
    kept = (c for c in heading.lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


def _grid(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    """Text that may stand in a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def _folder_table() -> str:
    rows = [[f"`{folder}/`", about] for folder, (_, about) in _FOLDERS.items()]
    return "## The three folders\n\n" + _grid(["Folder", "What stands there"], rows)


def _joins() -> str:
    return "## How the tables join\n\n```text\n" + "\n".join(_JOINS) + "\n```\n\n" + _JOIN_NOTE


def _table_text(table: Table) -> str:
    key = " + ".join(f"`{column}`" for column in table.key)
    needed = " Without this table nothing can be synthesised." if table.required else ""
    header = ["Column", "Meaning", "Type", "Allowed", "An empty cell means", "Example"]
    rows = [_column_row(column) for column in table.columns.values()]
    return (
        f"### `{table.name}`\n\nEach row is {table.row}. File: [{table.file}]({table.file}). "
        f"A row is known by {key}.{needed}\n\n{_grid(header, rows)}"
    )


def _column_row(column: Column) -> list[str]:
    unit = f". Unit: {column.unit}" if column.unit else ""
    empty = "never empty" if column.required else _cell(column.empty)
    example = "`" + column.example.replace("|", "\\|") + "`" if column.example else ""
    return [f"`{column.name}`", _cell(column.meaning + unit), _type_text(column), _allowed_text(column), empty, example]


def _type_text(column: Column) -> str:
    low, high = column.minimum, column.maximum
    if low is None:
        return _TYPES[column.type]
    return _TYPES[column.type] + (f", {low:g} or more" if high is None else f", {low:g} to {high:g}")


def _allowed_text(column: Column) -> str:
    if column.links:
        target, key = column.links.split(".")
        none = f", or `{NONE_WORD}`" if column.none else ""
        return f"`{key}` of [{target}](#{target}){none}"
    if not column.allowed:
        return ""
    if column.allowed in _STANDARDS:
        return _STANDARDS[column.allowed]
    words, link = column.vocabulary, f"#{anchor('Words for ' + column.allowed)}"
    if len(words) > _WORDS_INLINE:
        return f"[{len(words)} words]({link})"
    return ", ".join(f"`{word}`" for word in words) + f" ([meanings]({link}))"


def _used_in(vocabulary: str) -> str:
    places = [f"[{t.name}](#{t.name}) (`{c.name}`)" for t in _all_tables() for c in t.columns.values() if c.allowed == vocabulary]  # fmt: skip
    return "Used in " + ", ".join(places) + "."


def _words() -> str:
    parts = [
        "## Lists of words\n\nA column of this kind holds nothing but these words. To propose another, add a line to "
        "`synthesis/evidence/vocabularies.toml`.\n"
    ]
    for name, words in vocabularies().items():
        rows = [[f"`{word}`", _cell(meaning)] for word, meaning in words.items()]
        body = f"The {_STANDARDS[name]}.\n" if name in _STANDARDS else _grid(["Word", "Meaning"], rows)
        parts.append(f"### Words for `{name}`\n\n{_used_in(name)}\n\n{body}")
    return "\n".join(parts)


def _faults() -> str:
    rows = [[f"`{code}`", severity, _cell(meaning)] for code, (severity, meaning) in FAULTS.items()]
    return (
        "## Faults that `synthesis check` reports\n\nAn error stops the synthesis until it is mended. A warning does not: it "
        "stays visible beside what it concerns.\n\n" + _grid(["Code", "Usually", "What it means, and what to do"], rows)
    )


# ---------------------------------------------------------------- the data package

#: Tells what is plainly no identifier, in the dialect that Table Schema asks for; `synthesis check` knows the whole rule.
_ID = r"[^\s;/\\._\-][^\s;/\\]*"
_FIELD_TYPES: dict[str, dict[str, Any]] = {
    "url": {"type": "string", "format": "uri"},
    "date": {"type": "date"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "year": {"type": "year"},
    "yes_no": {"type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]},
}


def datapackage(review: Review | None = None) -> dict[str, Any]:
    """The Data Package descriptor (version 2): every table as a resource with its schema, keys and links.

    Title, licences, contributors and sources are those of ``review``; what it does not say is left out.
    """
    review = review or Review()
    said = {
        "name": review.name,
        "title": review.title,
        "description": "Studies, findings, codings, themes, estimates and official statistics of an evidence synthesis. See README.md for "
        f"what each table and column means, and {_PACKAGE_MARK} Generated by `synthesis run`: do not edit.",
        "version": __version__,
        "created": f"{review.created}T00:00:00Z" if review.created else "",
        "licenses": _as_packaged(review.of_all("licences")),
        "contributors": list(review.contributors),
        "sources": _as_packaged(review.sources),
    }
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        **{key: value for key, value in said.items() if value},
        "resources": [_resource(table, review) for table in _all_tables()],
    }


def _as_packaged(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Licences or sources as a data package has them: for which tables they are is said by their place there."""
    return [{key: value for key, value in each.items() if key not in ("tables", "attribution")} for each in entries]


def _resource(table: Table, review: Review) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "name": table.name,
        "type": "table",
        "path": table.file,
        "description": f"Each row is {table.row}.",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
    }
    own = {"licenses": review.of_table("licences", table.name), "sources": review.of_table("sources", table.name)}
    resource |= {key: _as_packaged(entries) for key, entries in own.items() if entries}
    return resource | {"schema": _schema(table)}


def _schema(table: Table) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field(column) for column in table.columns.values()],
        "primaryKey": list(table.key),
        "missingValues": [""],
    }
    links = [_foreign_key(table, column) for column in table.columns.values() if column.links and not column.is_list]
    return schema | ({"foreignKeys": links} if links else {})


def _foreign_key(table: Table, column: Column) -> dict[str, Any]:
    target, key = column.links.split(".")
    # Table Schema writes a link into the table itself with an empty name.
    resource = "" if target == table.name else target
    return {"fields": [column.name], "reference": {"resource": resource, "fields": [key]}}


def _field(column: Column) -> dict[str, Any]:
    unit = f" Unit: {column.unit}." if column.unit else ""
    empty = "" if column.required else f" Empty: {column.empty}."
    field = {"name": column.name, **_FIELD_TYPES.get(column.type, {"type": "string"})}
    field["description"] = f"{column.meaning}.{unit}{empty}"
    if column.example:
        field["example"] = column.example
    constraints = _constraints(column)
    return field | ({"constraints": constraints} if constraints else {})


def _constraints(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"required": True} if column.required else {}
    if column.type == "word":
        found["enum"] = list(column.vocabulary)
    if pattern := _pattern(column):
        found["pattern"] = pattern
    if column.minimum is not None:
        found["minimum"] = column.minimum
    if column.maximum is not None:
        found["maximum"] = column.maximum
    return found


def _pattern(column: Column) -> str:
    """What a whole cell looks like, in the XML Schema dialect that Table Schema asks for (anchored by definition)."""
    if column.type == "words":
        word = f"({'|'.join(column.vocabulary)})"
        return f"{word}(;{word})*"
    return {"id": _ID, "ids": f"{_ID}(;{_ID})*", "key": f"{_ID}(/{_ID})*", "doi": r"10\.[0-9]{4,9}/\S+"}.get(
        column.type, ""
    )


def write_dictionary(folder: str | Path = "data") -> list[Path]:
    """Write README.md and datapackage.json into the data folder, each whole and only if it changed.

    What they say of the review as a whole is what ``review.toml`` in that folder says. A file of that name that somebody
    else wrote is left as it is (see `foreign_files`). Returns the paths of the others.
    """
    review = read_review(folder)
    package = json.dumps(datapackage(review), ensure_ascii=False, indent=2) + "\n"
    texts = {"README.md": dictionary_text(review), "datapackage.json": package}
    foreign = foreign_files(folder)
    ours = {path: text.encode("utf-8") for name, text in texts.items() if (path := Path(folder) / name) not in foreign}
    for path, content in ours.items():
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(content, path)
    return list(ours)


def foreign_files(folder: str | Path = "data") -> list[Path]:
    """README.md and datapackage.json of the data folder, as far as they are there and `write_dictionary` did not write them."""
    tests = {"README.md": _is_our_page, "datapackage.json": _is_our_package}
    paths = {Path(folder) / name: is_ours for name, is_ours in tests.items()}
    return [path for path, is_ours in paths.items() if path.is_file() and not is_ours(path.read_bytes())]


def _is_our_page(content: bytes) -> bool:
    text = content.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    return not text.strip() or text.startswith(_PAGE_MARK)


def _is_our_package(content: bytes) -> bool:
    try:
        held = json.loads(content.decode("utf-8-sig")) if content.strip() else {"description": _PACKAGE_MARK}
    except ValueError:
        return False
    return isinstance(held, dict) and _PACKAGE_MARK in str(held.get("description"))
