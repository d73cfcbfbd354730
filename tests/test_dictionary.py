"""The data dictionary and the data package say what the tables are, and an independent judge agrees."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from synthesis.evidence import dictionary
from synthesis.evidence.checks import check_cells, check_key
from synthesis.evidence.files import RawTable, distinct, read_raw
from synthesis.evidence.review_file import Review, read_review
from synthesis.evidence.schema import Table, derived_tables, evidence_tables, table, vocabularies
from synthesis.evidence.tables import Evidence, read_evidence
from synthesis.reports import derived

DATA = Path(__file__).parent.parent / "data"
TABLES = {**evidence_tables(), **derived_tables()}
REVIEW = read_review(DATA)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return read_evidence(DATA)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def faults(folder: Path) -> set[tuple[str, str, str]]:
    """What frictionless holds against the package in a folder: (table, type of error, column or empty)."""
    from frictionless import Package

    report = Package(str(folder / "datapackage.json")).validate()
    found = {
        (task.name, error.type, getattr(error, "field_name", "")) for task in report.tasks for error in task.errors
    }
    assert report.valid == (not found and not report.errors)
    assert len(report.tasks) == len(TABLES), "a resource was passed over"
    return found | {("package", error.type, "") for error in report.errors}


def change(folder: Path, name: str, mend: Callable[[list[list[str]]], None]) -> None:
    """Rewrite one table of a folder; `mend` gets its rows, header first."""
    path = folder / table(name).file
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    mend(rows)
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)


def put(column: str, value: str) -> Callable[[list[list[str]]], None]:
    """A change that puts a value into the first row of a column."""

    def mend(rows: list[list[str]]) -> None:
        rows[1][rows[0].index(column)] = value

    return mend


def without(column: str) -> Callable[[list[list[str]]], None]:
    """A change that takes a column out."""

    def mend(rows: list[list[str]]) -> None:
        place = rows[0].index(column)
        for row in rows:
            del row[place]

    return mend


def test_the_data_dictionary_is_current() -> None:
    assert (DATA / "README.md").read_text(encoding="utf-8") == dictionary.dictionary_text(REVIEW), "run `synthesis run`"


def test_the_data_package_is_current() -> None:
    package = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert package == dictionary.datapackage(REVIEW), "run `synthesis run`"


def test_frictionless_finds_nothing_wrong_with_the_data_package() -> None:
    assert faults(DATA) == set()


#: Table, change, and what frictionless must then say of which column ("" where the row as a whole is at fault).
BROKEN = [
    ("studies", put("design", "qualitatve"), "constraint-error", "design"),
    ("studies", put("data_collection", "interviews;phone"), "constraint-error", "data_collection"),
    ("studies", put("country", "GB;XX"), "constraint-error", "country"),
    ("studies", put("doi", "doi:10.1000/1"), "constraint-error", "doi"),
    ("studies", put("population", ""), "constraint-error", "population"),
    ("studies", put("date_read", "21/11/2026"), "type-error", "date_read"),
    ("studies", put("source_url", "see the library"), "type-error", "source_url"),
    ("records", without("decision"), "incorrect-label", "decision"),
    ("findings", put("study_id", "nobody1999"), "foreign-key", ""),
    ("themes", put("parent_theme_id", "T99"), "foreign-key", ""),
    ("recommendations", without("locator"), "missing-label", "locator"),
    ("memos", put("finding_ids", "ackerson2003-f1; ackerson2003-f2"), "constraint-error", "finding_ids"),
    ("samples", put("counted_once", "perhaps"), "type-error", "counted_once"),
    ("estimates", put("percent_as_reported", "101"), "constraint-error", "percent_as_reported"),
    ("codebook", lambda rows: rows.append(rows[1]), "primary-key", ""),
    ("theme_by_study", put("theme_id", "T99"), "foreign-key", ""),
    ("prevalence", put("interval", "guessed"), "constraint-error", "interval"),
]


@pytest.fixture(scope="module")
def found_in_broken_copy(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str, str]]:
    folder = Path(shutil.copytree(DATA, tmp_path_factory.mktemp("broken") / "data"))
    for name, mend, _, _ in BROKEN:
        change(folder, name, mend)
    return faults(folder)


@pytest.mark.parametrize(
    ("name", "_", "fault", "column"), BROKEN, ids=[f"{n} {f} {c}".strip() for n, _, f, c in BROKEN]
)
def test_frictionless_finds_what_is_broken(
    found_in_broken_copy: set[tuple[str, str, str]], name: str, _: object, fault: str, column: str
) -> None:
    assert (name, fault, column) in found_in_broken_copy


@pytest.mark.parametrize("spec", TABLES.values(), ids=TABLES)
def test_every_column_of_a_written_table_is_described_in_its_order(spec: Table) -> None:
    with (DATA / spec.file).open(encoding="utf-8", newline="") as handle:
        header = next(csv.reader(handle))
    fields = {r["path"]: [f["name"] for f in r["schema"]["fields"]] for r in dictionary.datapackage()["resources"]}
    section = dictionary.dictionary_text().split(f"\n### `{spec.name}`\n")[1].split("\n## ")[0].split("\n### ")[0]
    assert header == list(spec.columns) == fields[spec.file] == re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_no_table_is_on_disk_without_a_description() -> None:
    on_disk = {path.relative_to(DATA).as_posix() for path in DATA.glob("*/*") if not path.name.startswith(".")}
    assert on_disk == {spec.file for spec in TABLES.values()}


def test_every_derived_table_is_made_and_no_column_is_dropped_on_the_way(evidence: Evidence) -> None:
    assert set(derived._MADE_BY) == set(derived_tables())
    for name, make in derived._MADE_BY.items():
        assert list(make(evidence).columns) == list(table(name).columns), name


def test_derived_tables_on_disk_are_what_the_evidence_gives_twice_over(evidence: Evidence, tmp_path: Path) -> None:
    for attempt in ("first", "second"):
        for path in derived.write_derived(derived.derive(evidence), tmp_path / attempt):
            shipped = DATA / path.relative_to(tmp_path / attempt)
            assert path.read_bytes() == shipped.read_bytes(), f"{shipped.name} is not current: run `synthesis run`"


def test_derived_tables_pass_the_checks_that_the_evidence_passes(evidence: Evidence) -> None:
    for spec in derived_tables().values():
        raw = read_raw(DATA / spec.file, spec)
        check_cells(raw)
        check_key(raw)
        assert not raw.problems, str(raw.problems[0])


def test_an_unchanged_dictionary_is_not_written_again_and_a_changed_one_is(tmp_path: Path) -> None:
    paths = dictionary.write_dictionary(tmp_path)
    before = [path.stat().st_ino for path in paths]
    assert [path.stat().st_ino for path in dictionary.write_dictionary(tmp_path)] == before
    for path in paths:
        path.write_text(path.read_text(encoding="utf-8").replace("synthesis run", "another command"), encoding="utf-8")
    dictionary.write_dictionary(tmp_path)
    assert [path.stat().st_ino for path in paths] != before
    assert paths[0].read_text(encoding="utf-8") == dictionary.dictionary_text()


MINE = {
    "README.md": "# Our review\n\nIts data dictionary says: Generated: do not edit.\n",
    "datapackage.json": '{"name": "ours", "description": "Our review."}',
}


@pytest.mark.parametrize("name", MINE)
def test_a_page_or_package_that_somebody_else_wrote_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    for text in (MINE[name], "not json", "[1]", '{"description": 5}'):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (other,) = dictionary.write_dictionary(tmp_path)
        assert other.name in MINE and other.name != name
        assert dictionary.foreign_files(tmp_path) == [tmp_path / name]
        assert (tmp_path / name).read_text(encoding="utf-8") == text


def test_a_page_that_somebody_wrote_above_the_dictionary_is_left_as_it_is(tmp_path: Path) -> None:
    text = "# Our review\n\n" + dictionary.dictionary_text()
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    dictionary.write_dictionary(tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == text


def test_files_of_the_toolkit_are_known_however_they_were_saved_and_in_earlier_versions(tmp_path: Path) -> None:
    dictionary.write_dictionary(tmp_path)
    for name in MINE:
        whole = (tmp_path / name).read_bytes()
        earlier = whole.replace(b" Generated by `synthesis run`: do not edit.", b"")
        for content in (whole.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + whole, earlier, b"", b"\n"):
            (tmp_path / name).write_bytes(content)
            assert dictionary.foreign_files(tmp_path) == []
    dictionary.write_dictionary(tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == dictionary.dictionary_text()


@pytest.mark.parametrize("spec", TABLES.values(), ids=TABLES)
def test_an_example_is_short_and_is_a_value_that_the_column_accepts(spec: Table) -> None:
    examples = {name: column.example for name, column in spec.columns.items() if column.example}
    assert all(len(example) <= 40 for example in examples.values())
    raw = RawTable(spec, {c: distinct(np.array([e], dtype=object)) for c, e in examples.items()}, np.array([2]))
    check_cells(raw)
    assert not raw.problems, str(raw.problems[0])


def test_every_arrow_of_the_diagram_is_a_link_of_the_schema() -> None:
    arrows = [a for chain in dictionary._JOINS for a in re.findall(r"(?=(\b\w+) --(\w+)--> (\w+))", chain)]
    assert len(arrows) == sum(chain.count("-->") for chain in dictionary._JOINS)
    for start, column, end in arrows:
        assert table(start).columns[column].links.split(".")[0] == end


@pytest.mark.parametrize("review", [REVIEW, None], ids=["ours", "no review file"])
def test_every_link_inside_the_dictionary_leads_somewhere(review: Review | None) -> None:
    text = dictionary.dictionary_text(review)
    headings = [dictionary.anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]
    assert len(set(headings)) == len(headings), "two headings share an address"
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= set(headings)
    assert all((DATA / path).is_file() for path in re.findall(r"\]\((\w+/\w+\.csv)\)", text))


def test_every_row_of_a_table_in_the_dictionary_has_as_many_cells_as_its_header() -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", dictionary.dictionary_text(), re.MULTILINE)
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block[:200]


def test_every_vocabulary_is_used_and_explained_but_the_list_of_countries() -> None:
    text = dictionary.dictionary_text()
    used = {column.allowed for spec in TABLES.values() for column in spec.columns.values()}
    assert used - {""} == set(vocabularies())
    for name, words in vocabularies().items():
        explained = all(f"| `{word}` | " in text for word in words)
        assert explained == (name != "country"), name


def test_the_sources_of_the_package_are_addresses_that_the_evidence_gives(evidence: Evidence) -> None:
    given = set(evidence.estimates["source_url"]) | set(evidence.review_statements["source_url"])
    sources = dictionary.datapackage(REVIEW)["sources"]
    assert len(sources) == 3
    assert {source["path"] for source in sources if "path" in source} <= given


def test_official_statistics_carry_their_own_licence() -> None:
    resources = {resource["name"]: resource for resource in dictionary.datapackage(REVIEW)["resources"]}
    assert {name for name, r in resources.items() if "licenses" in r} == {
        "official_statistics",
        "england_parent_mental_health",
    }
    assert resources["official_statistics"]["licenses"][0]["name"] == "OGL-UK-3.0"
    assert "Department for Education" in resources["official_statistics"]["sources"][0]["title"]
    assert [each["name"] for each in dictionary.datapackage(REVIEW)["licenses"]] == ["CC-BY-4.0"]


OURS = ("CC BY", "CC-BY", "Creative Commons", "OGL", "Open Government", "toolkit contributors", "Bacon", "language model, in two", "parental-mental")  # fmt: skip


def test_without_a_review_file_no_licence_author_or_source_of_ours_is_claimed(tmp_path: Path) -> None:
    """A data folder of another review said that its authors were ours and its licence CC BY."""
    readme, package = (path.read_text(encoding="utf-8") for path in dictionary.write_dictionary(tmp_path))
    said = json.loads(package)
    assert not {"licenses", "contributors", "sources", "title", "name", "created"} & set(said)
    assert not any({"licenses", "sources"} & set(resource) for resource in said["resources"])
    assert "## Licences" not in readme and "(#licences)" not in readme
    honest = readme.split("## What is honest here")[-1]
    assert not [word for word in OURS if word in honest or word in json.dumps({**said, "resources": []})]
    kept = (DATA / "README.md").read_text(encoding="utf-8")
    assert "## Licences" in kept and all(word in kept for word in ("CC-BY-4.0", "Department for Education"))


def test_another_review_says_what_its_own_file_says(tmp_path: Path) -> None:
    (tmp_path / "review.toml").write_text(
        'title = "Older gardeners"\nnotes = ["Read in full."]\n[[contributors]]\ntitle = "Ada Example"\n'
        '[[licences]]\nname = "CC0-1.0"\ntitle = "CC0"\npath = "https://example.org/cc0"\n',
        encoding="utf-8",
    )
    readme, package = (path.read_text(encoding="utf-8") for path in dictionary.write_dictionary(tmp_path))
    said = json.loads(package)
    assert (said["title"], said["contributors"]) == ("Older gardeners", [{"title": "Ada Example"}])
    assert said["licenses"] == [{"name": "CC0-1.0", "title": "CC0", "path": "https://example.org/cc0"}]
    assert "- These tables: [CC0](https://example.org/cc0) (CC0-1.0)." in readme and "- Read in full." in readme
    assert "sources" not in said
