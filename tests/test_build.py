"""The main job: what it writes, that it writes it whole, and that a second run changes nothing."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import nbformat
import pandas as pd
import pytest
from accessible import page_faults

from synthesis import SynthesisError, build, read_evidence, theme_evidence
from synthesis.build import run
from synthesis.evidence.addresses import is_mirror, linkable
from synthesis.evidence.schema import derived_tables
from synthesis.evidence.whole_folder import MARK, put_files
from synthesis.reports import figures
from synthesis.reports.derived import derive

ROOT = Path(__file__).parent.parent
SMALL = {
    "good": "from synthesis import read_evidence, show, status\n\nevidence = read_evidence()\nshow(evidence, status(evidence), 'Status', ['label', 'n'])",
    "bad": "1 / 0",
}


class Page(HTMLParser):
    """Links, picture sources and language of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.language: str | None = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag == "img":
            self.pictures.append(given)
        if tag == "html":
            self.language = given.get("lang")


def notebooks(folder: Path, *names: str) -> Path:
    """A folder with small notebooks, each of one code cell."""
    folder.mkdir()
    for name in names:
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_markdown_cell(f"# A {name} one"), nbformat.v4.new_code_cell(SMALL[name])]
        )
        for place, cell in enumerate(book.cells):
            cell["id"] = f"cell-{place}"
        nbformat.write(book, folder / f"{name}.ipynb")
    return folder


#: Settings of a user's session, none of which may show in a figure.
ODD_SETTINGS = {
    "font.size": 17, "font.family": "serif", "axes.grid": True, "lines.linewidth": 7, "svg.fonttype": "none",
    "svg.hashsalt": None, "savefig.dpi": 50, "savefig.bbox": "tight", "axes.facecolor": "yellow",
}  # fmt: skip


#: The derived tables of the first run.
DERIVED: dict[str, dict[str, pd.DataFrame]] = {}


@pytest.fixture(scope="module")
def built(tmp_path_factory, drawn):
    """The shipped evidence, built twice with one small notebook: data folder and both results.

    The first run takes the figures that are drawn for all tests; the second draws them again, in a session with other
    settings.
    """
    base = tmp_path_factory.mktemp("build")
    for sub in ("sources", "judgements"):
        shutil.copytree(ROOT / "data" / sub, base / "data" / sub)
    books = notebooks(base / "notebooks", "good")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "make_figures", lambda evidence: drawn)
        patch.setattr(build, "derive", lambda evidence: DERIVED.setdefault("shipped", derive(evidence)))
        run(base / "data", base / "first", books, say=said.append)
    with matplotlib.rc_context(ODD_SETTINGS):
        before = matplotlib.rcParams.copy()
        run(base / "data", base / "second", books, say=said.append)
        assert matplotlib.rcParams.copy() == before, "drawing changes the settings of the session"
    return base, said


@pytest.fixture
def without_figures(built, monkeypatch):
    """For what concerns neither figures nor tables: making them takes most of the time of a run."""
    monkeypatch.setattr(figures, "make_figures", lambda evidence: {})
    monkeypatch.setattr(build, "_write_tables", lambda evidence, derived, out: [])
    monkeypatch.setattr(build, "derive", lambda evidence: DERIVED["shipped"])


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_run_gives_the_same_files_byte_for_byte(built):
    base, _ = built
    first, second = files_of(base / "first"), files_of(base / "second")
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_figures_are_byte_identical_however_the_session_is_set(built, drawn):
    base, _ = built
    for name in drawn:
        for kind in ("svg", "png"):
            one, two = (base / run_ / "figures" / f"{name}.{kind}" for run_ in ("first", "second"))
            assert one.read_bytes() == two.read_bytes(), f"{name}.{kind} differs"


def test_every_derived_table_is_written_to_the_data_folder(built):
    base, _ = built
    assert {path.stem for path in (base / "data" / "derived").glob("*.csv")} == set(derived_tables())
    assert {path.stem for path in (ROOT / "data" / "derived").iterdir()} == set(derived_tables())
    assert (base / "data" / "README.md").is_file()
    assert (base / "data" / "datapackage.json").is_file()


def test_the_committed_derived_tables_are_current(built):
    base, _ = built
    for path in (base / "data" / "derived").glob("*.csv"):
        assert path.read_bytes() == (ROOT / "data" / "derived" / path.name).read_bytes(), (
            f"{path.name}: run `make synthesis` and commit"
        )


def test_the_index_links_files_that_exist_and_every_file_is_linked(built):
    base, _ = built
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in (base / "first").rglob("*.html")}
    index = pages[base / "first" / "index.html"]
    linked = {link for link in index.links if not link.startswith("#")} | {picture["src"] for picture in index.pictures}
    there = set(files_of(base / "first")) - {"index.html", MARK}
    assert linked == there


def test_every_table_comes_as_csv_and_workbook_and_every_figure_as_svg_and_png(built):
    base, _ = built
    names = list(files_of(base / "first"))
    tables = {name.rpartition(".")[0] for name in names if name.startswith("tables/")}
    figures = {name.rpartition(".")[0] for name in names if name.startswith("figures/")}
    assert len(figures) >= 6
    assert all({f"{name}.csv", f"{name}.xlsx"} <= set(names) for name in tables)
    assert all({f"{name}.svg", f"{name}.png", f"{name}.csv"} <= set(names) for name in figures)


def test_every_finding_behind_a_theme_can_be_followed_to_its_address(built):
    base, _ = built
    held = theme_evidence(read_evidence(base / "data"))
    linked = {
        link
        for path in (base / "first" / "themes").glob("*.html")
        for link in Page(path.read_text(encoding="utf-8")).links
    }
    doi = held["study_id"].map(read_evidence(base / "data").studies.set_index("study_id")["doi"])
    known = held["source_url"].map(linkable)
    assert set("https://doi.org/" + doi.dropna()) <= linked
    assert set(held.loc[doi.isna() & known, "source_url"]) <= linked
    assert not linked & set(held.loc[~known, "source_url"])


def test_no_page_sends_a_reader_to_a_host_that_is_not_known(built):
    base, _ = built
    pages = list((base / "first").rglob("*.html"))
    away = {link for page in pages for link in Page(page.read_text(encoding="utf-8")).links if link.startswith("http")}
    assert away and not {link for link in away if is_mirror(link)}
    read_at = set(read_evidence(base / "data").findings["source_url"])
    assert not {link for link in away & read_at if not linkable(link)}


def test_a_file_of_somebody_else_in_derived_is_left_alone(built, tmp_path, without_figures):
    base, _ = built
    shutil.copytree(base / "data", tmp_path / "data")
    (tmp_path / "data" / "derived" / "my_notes.txt").write_text("mine", encoding="utf-8")
    run(tmp_path / "data", tmp_path / "build", tmp_path / "no notebooks")
    assert (tmp_path / "data" / "derived" / "my_notes.txt").read_text(encoding="utf-8") == "mine"


def test_pages_say_their_language_and_pictures_have_alternative_texts(built):
    base, _ = built
    for path in (base / "first").rglob("*.html"):
        page = Page(path.read_text(encoding="utf-8"))
        assert page.language, path
        assert all(len(picture.get("alt") or "") > 40 for picture in page.pictures), path


def test_every_page_can_be_read_aloud_enlarged_and_used_by_keyboard(built):
    base, _ = built
    pages = sorted((base / "first").rglob("*.html"))
    assert len(pages) >= 25
    assert {page.name: faults for page in pages if (faults := page_faults(page.read_text(encoding="utf-8")))} == {}


def test_no_page_fetches_anything_from_elsewhere(built):
    base, _ = built
    for path in (base / "first").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for tag in ('src="http', "src='http", '<link rel="stylesheet" href="http', "@import url(http", 'src="//'):
            assert tag not in text, path


def test_progress_is_shown(built):
    _, said = built
    assert any("good.ipynb" in line for line in said)
    assert len(said) >= 5


def test_a_failing_notebook_is_named_and_nothing_is_changed(built, tmp_path, without_figures):
    base, _ = built
    out = tmp_path / "build"
    put_files({"index.html": b"old"}, out, "build")
    shutil.copytree(base / "data", tmp_path / "data")
    (tmp_path / "data" / "derived" / "status.csv").write_text("old", encoding="utf-8")
    books = notebooks(tmp_path / "books", "good", "bad")
    before = files_of(tmp_path)
    with pytest.raises(SynthesisError, match=r"bad\.ipynb stops with an error[\s\S]*ZeroDivisionError"):
        run(tmp_path / "data", out, books, save_notebooks=True)
    assert files_of(tmp_path) == before


def test_notebooks_are_saved_where_they_are_only_when_asked(built, tmp_path, without_figures):
    base, _ = built
    books = notebooks(tmp_path / "books", "good")
    before = files_of(books)
    run(base / "data", tmp_path / "one", books)
    assert files_of(books) == before
    run(base / "data", tmp_path / "two", books, save_notebooks=True)
    saved = nbformat.read(books / "good.ipynb", as_version=4)
    assert saved.cells[1].outputs
    assert files_of(books)["good.ipynb"] == (tmp_path / "two" / "notebooks" / "good.ipynb").read_bytes()
