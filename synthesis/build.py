"""The main job: rebuild the derived tables, run the notebooks, and write a folder that links everything.

Nothing is replaced before all of it has worked: ``build/`` is made beside the old one, and the derived tables, the data
dictionary and the notebooks are written when every notebook has run.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from synthesis.evidence import files
from synthesis.evidence.basis import file_fingerprint
from synthesis.evidence.dictionary import foreign_files, write_dictionary
from synthesis.evidence.identifiers import named_by
from synthesis.evidence.schema import Table, derived_tables, evidence_tables
from synthesis.evidence.tables import Evidence, read_evidence
from synthesis.evidence.whole_folder import NOTEBOOKS, new_folder
from synthesis.reports import display
from synthesis.reports.derived import derive, write_derived
from synthesis.reports.notebooks import check_installed, execute_notebook, notebook_page, notebook_title
from synthesis.review.provenance import status_line
from synthesis.themes.support import theme_evidence, theme_order

#: Result tables of more rows than this are offered as files only, not as a page.
PAGE_UP_TO = 1_500
TITLE = "Evidence synthesis: results"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """What a run made: the page to open, and how many tables, figures and notebooks it links."""

    index: Path
    tables: int
    figures: int
    notebooks: int


def run(
    data: str | Path = "data",
    out: str | Path = "build",
    notebooks: str | Path = NOTEBOOKS,
    save_notebooks: bool = False,
    say: Say = lambda line: None,
    force: bool = False,
) -> Built:
    """Run the whole synthesis.

    Parameters
    ----------
    data : the data folder; ``derived/``, ``README.md`` and ``datapackage.json`` in it are rewritten, the latter two unless
        somebody else wrote them.
    out : folder for the pages, workbooks, figures and executed notebooks. What an earlier run made in it is replaced as a
        whole; what other people put there stays.
    notebooks : folder with the notebooks, run in the order of their names; may be absent.
    save_notebooks : also save the notebooks with their new output where they are.
    say : called with one line for each step.
    force : whether files in `out` may be replaced that were changed since the run that made them.

    Raises EvidenceError where the evidence has errors, CallError where `out` is no folder to write to (see `free_folder`),
    SynthesisError where a notebook fails; then `out` stays as it was.
    """
    data, out, notebooks = Path(data), Path(out), Path(notebooks)
    say(f"Reading and checking {data}")
    evidence = read_evidence(data)
    sources = sorted(notebooks.glob("*.ipynb"))
    if sources:
        check_installed()
    with new_folder(out, "build", data, notebooks, force=force) as new, ProcessPoolExecutor(max_workers=2) as pool:
        read = {source: file_fingerprint(source) for source in sources}
        running = [(source, pool.submit(execute_notebook, source, data.resolve())) for source in sources]
        say("Computing the derived tables")
        derived = derive(evidence)
        say("Writing tables as CSV, workbook and page")
        groups = _write_tables(evidence, derived, new)
        themes = _write_themes(evidence, new)
        files.write_bytes(display.codebook_page(evidence).encode(), new / "codebook.html")
        say("Drawing figures")
        figures = _write_figures(evidence, new)
        executed = {}
        for source, result in running:
            executed[source] = result.result()
            say(f"Ran notebook {source.name}")
        pages = _write_notebooks(executed, figures, new)
        index = display.templates().get_template("index.html")
        page = index.render(
            title=TITLE,
            data=data,
            status=status_line(evidence),
            groups=groups,
            themes=themes,
            figures=figures,
            notebooks=pages,
        )
        (new / "index.html").write_text(page, encoding="utf-8")
        say(f"Writing {data / 'derived'} and the data dictionary")
        write_derived(derived, data)
        write_dictionary(data)
        for path in foreign_files(data):
            say(
                f"{path} was not written by this toolkit and was left as it is; rename it, and the next run writes its own."
            )
        if save_notebooks:
            _save_notebooks(executed, read, say)
    return Built(out / "index.html", sum(len(group[2]) for group in groups), len(figures), len(pages))


def _save_notebooks(executed: Mapping[Path, str], read: Mapping[Path, str], say: Say) -> None:
    """Save notebooks with their new output where they are, but for those that somebody has saved while they ran."""
    for source, text in executed.items():
        if file_fingerprint(source) == read[source]:
            files.write_bytes(text.encode(), source)
        else:
            say(f"{source} was changed while it ran and was left as it is; run again to save it with its new output.")


def _write_tables(
    evidence: Evidence, derived: Mapping[str, pd.DataFrame], out: Path
) -> list[tuple[str, str, list[dict[str, object]]]]:
    """Every table as CSV and workbook, results also as a page; returns what the index lists."""
    date = evidence.studies["date_read"].max().date()
    results = []
    for name, table in derived_tables().items():
        entry = _write_table(table, derived[name], status_line(evidence, name), date, out)
        if len(derived[name]) <= PAGE_UP_TO:
            entry["html"] = f"tables/{name}.html"
            title = name.replace("_", " ").capitalize()
            shown = display.html_table(
                display.show(evidence, derived[name], f"{title}: a row is {table.row}", rests_on=name)
            )
            _write_page(out / "tables" / f"{name}.html", title, [("", shown)])
        results.append(entry)
    held = [
        _write_table(table, evidence[name], status_line(evidence, name), date, out)
        for name, table in evidence_tables().items()
        if len(evidence[name])
    ]
    return [("Result tables", "results", results), ("Evidence tables", "evidence", held)]


def _write_page(path: Path, title: str, parts: list[tuple[str, str]]) -> None:
    """A page of tables, each under its heading (empty: none)."""
    blocks = [(heading, display.as_markup(html)) for heading, html in parts]
    page = display.templates().get_template("table_page.html").render(title=title, parts=blocks)
    files.write_bytes(page.encode(), path)


def _write_table(table: Table, frame: pd.DataFrame, status: str, date: dt.date, out: Path) -> dict[str, object]:
    files.write_bytes(files.csv_bytes(frame), out / "tables" / f"{table.name}.csv")
    files.write_bytes(display.workbook(table, frame, status, date), out / "tables" / f"{table.name}.xlsx")
    return {
        "name": table.name.replace("_", " ").capitalize(),
        "row": table.row,
        "rows": len(frame),
        "html": "",
        "csv": f"tables/{table.name}.csv",
        "xlsx": f"tables/{table.name}.xlsx",
    }


def _write_themes(evidence: Evidence, out: Path) -> list[dict[str, str]]:
    """A page an analytical theme, with every finding behind it and the address at which it was read."""
    themes = evidence.themes.set_index("theme_id")
    behind = theme_evidence(evidence)
    behind["doi"] = behind["study_id"].map(evidence.studies.set_index("study_id")["doi"])
    columns = ["finding", "perspective", "code", "negative_case", "study_id", "source_url"]
    entries = []
    for theme in (each for each in theme_order(evidence) if pd.isna(themes.loc[each, "parent_theme_id"])):
        below = [
            each for each in theme_order(evidence) if each == theme or themes.loc[each, "parent_theme_id"] == theme
        ]
        parts = [
            (
                f"{themes.loc[each, 'name']}",
                display.html_table(display.show(evidence, rows, str(themes.loc[each, "plain_language"]), columns)),
            )
            for each in below
            if len(rows := behind[behind["theme_id"] == each])
        ]
        _write_page(out / "themes" / f"{named_by(theme)}.html", str(themes.loc[theme, "name"]), parts)
        plain = str(themes.loc[theme, "plain_language"])
        entries.append({"title": str(themes.loc[theme, "name"]), "plain": plain, "html": f"themes/{theme}.html"})
    return entries


def _write_figures(evidence: Evidence, out: Path) -> list[dict[str, str]]:
    from synthesis.reports.figures import make_figures, save_figure

    entries = []
    for name, drawn in make_figures(evidence).items():
        save_figure(drawn.figure, out / "figures" / named_by(name), drawn.alt, drawn.title)
        files.write_bytes(files.csv_bytes(drawn.table), out / "figures" / f"{name}.csv")
        paths = {kind: f"figures/{name}.{kind}" for kind in ("svg", "png", "csv")}
        entries.append({"title": drawn.title, "alt": drawn.alt, **paths})
    return entries


def _write_notebooks(executed: Mapping[Path, str], figures: list[dict[str, str]], out: Path) -> list[dict[str, str]]:
    """Each executed notebook as it is and as a page; returns what the index lists."""
    saved = {figure["alt"]: figure for figure in figures}
    entries = [
        {
            "title": notebook_title(text, source.stem),
            "page": f"{source.stem}.html",
            "html": f"notebooks/{source.stem}.html",
            "ipynb": f"notebooks/{source.name}",
        }
        for source, text in executed.items()
    ]
    neighbours = [None, *entries, None]
    for place, (source, text) in enumerate(executed.items()):
        files.write_bytes(text.encode(), out / "notebooks" / source.name)
        page = notebook_page(text, entries[place]["title"], saved, neighbours[place], neighbours[place + 2])
        files.write_bytes(page.encode(), out / "notebooks" / f"{source.stem}.html")
    return entries


def to_stderr(line: str) -> None:
    """Show progress where it never mixes with a table on standard output."""
    print(line, file=sys.stderr, flush=True)
