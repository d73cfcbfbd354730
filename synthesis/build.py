"""The main job: rebuild the derived tables, run the notebooks, and write a folder that links everything.

Nothing is replaced before all of it has worked: ``build/`` is made beside the old one and then takes its place.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from synthesis import files, reports
from synthesis.derived import derive, write_derived
from synthesis.dictionary import write_dictionary
from synthesis.provenance import status_line
from synthesis.schema import SynthesisError, Table, derived_tables, evidence_tables
from synthesis.tables import Evidence, read_evidence

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
    notebooks: str | Path = "notebooks",
    save_notebooks: bool = False,
    say: Say = lambda line: None,
) -> Built:
    """Run the whole synthesis.

    Parameters
    ----------
    data : the data folder; ``derived/``, ``README.md`` and ``datapackage.json`` in it are rewritten.
    out : folder for the pages, workbooks, figures and executed notebooks; replaced as a whole.
    notebooks : folder with the notebooks, run in the order of their names; may be absent.
    save_notebooks : also save the notebooks with their new output where they are.
    say : called with one line for each step.

    Raises EvidenceError where the evidence has errors, SynthesisError where a notebook fails; then `out` stays as it was.
    """
    data, out, notebooks = Path(data), Path(out), Path(notebooks)
    say(f"Reading and checking {data}")
    evidence = read_evidence(data)
    say(f"Writing {data / 'derived'} and the data dictionary")
    write_derived(evidence, data)
    write_dictionary(data)
    sources = sorted(notebooks.glob("*.ipynb"))
    with _replaced(out) as new, ProcessPoolExecutor(max_workers=2) as pool:
        running = _start_notebooks(pool, sources, new, data, save_notebooks)
        say("Writing tables as CSV, workbook and page")
        groups = _write_tables(evidence, new)
        say("Drawing figures")
        figures = _write_figures(evidence, new)
        pages = []
        for source, result in running:
            say(f"Running notebook {source.name}")
            pages.append(result.result())
        index = reports.templates().get_template("index.html")
        page = index.render(
            title=TITLE, data=data, status=status_line(evidence), groups=groups, figures=figures, notebooks=pages
        )
        (new / "index.html").write_text(page, encoding="utf-8")
    return Built(out / "index.html", sum(len(group[2]) for group in groups), len(figures), len(pages))


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` when the block ends well and vanishes when it does not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        yield new
        new.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
            os.replace(folder, old)
            shutil.rmtree(old)
        os.replace(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write_tables(evidence: Evidence, out: Path) -> list[tuple[str, str, list[dict[str, object]]]]:
    """Every table as CSV and workbook, results also as a page; returns what the index lists."""
    date = evidence.studies["date_read"].max().date()
    status = status_line(evidence)
    results, derived = [], derive(evidence)
    for name, table in derived_tables().items():
        entry = _write_table(table, derived[name], status, date, out)
        if len(derived[name]) <= PAGE_UP_TO:
            entry["html"] = f"tables/{name}.html"
            shown = reports.html_table(reports.show(evidence, derived[name], name.replace("_", " ").capitalize()))
            page = reports.templates().get_template("table_page.html")
            title = f"{name.replace('_', ' ').capitalize()}: {table.row}"
            (out / "tables" / f"{name}.html").write_text(page.render(title=title, table=_safe(shown)), encoding="utf-8")
        results.append(entry)
    held = [
        _write_table(table, evidence[name], status, date, out)
        for name, table in evidence_tables().items()
        if len(evidence[name])
    ]
    return [("Result tables", "results", results), ("Evidence tables", "evidence", held)]


def _safe(html: str) -> object:
    """Mark as markup what our own templates, or the notebook's author, have written."""
    from markupsafe import Markup

    return Markup(html)


def _write_table(table: Table, frame: pd.DataFrame, status: str, date, out: Path) -> dict[str, object]:
    files.write_bytes(files.csv_bytes(frame), out / "tables" / f"{table.name}.csv")
    files.write_bytes(reports.workbook(table, frame, status, date), out / "tables" / f"{table.name}.xlsx")
    return {
        "name": table.name,
        "row": table.row,
        "rows": len(frame),
        "html": "",
        "csv": f"tables/{table.name}.csv",
        "xlsx": f"tables/{table.name}.xlsx",
    }


def _write_figures(evidence: Evidence, out: Path) -> list[dict[str, str]]:
    from synthesis.figures import make_figures, save_figure

    entries = []
    for name, drawn in make_figures(evidence).items():
        save_figure(drawn.figure, out / "figures" / name, drawn.alt, drawn.title)
        files.write_bytes(files.csv_bytes(drawn.table), out / "figures" / f"{name}.csv")
        entries.append(
            {"title": drawn.title, "alt": drawn.alt}
            | {kind: f"figures/{name}.{kind}" for kind in ("svg", "png", "csv")}
        )
    return entries


def _start_notebooks(
    pool: Executor, sources: list[Path], out: Path, data: Path, save: bool
) -> list[tuple[Path, Future[dict[str, str]]]]:
    if not sources:
        return []
    try:
        import mistune  # noqa: F401
        import nbclient  # noqa: F401
    except ImportError:
        raise SynthesisError(
            "Running the notebooks needs the extra 'notebooks': pip install 'synthesis[notebooks]'."
        ) from None
    folder = out / "notebooks"
    folder.mkdir()
    return [(source, pool.submit(execute_notebook, source, folder, data.resolve(), save)) for source in sources]


def execute_notebook(source: Path, folder: Path, data: Path, save: bool) -> dict[str, str]:
    """Run one notebook on the evidence in `data`; write it and its page into `folder`, and back to `source` if `save`.

    Returns title and links for the index. Raises SynthesisError with the cell and the error where a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    os.environ["SYNTHESIS_DATA"] = str(data)
    os.environ.pop("MPLBACKEND", None)  # the notebook's own inline backend is wanted
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(source.parent)}},
        extra_arguments=["--log-level=ERROR"],  # kernels warn that they speak over a socket of this machine
    )
    try:
        client.execute()
    except CellExecutionError as error:
        failed = next(
            (c.source for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", []))), ""
        )
        raise SynthesisError(
            f"The notebook {source.name} stops with an error.\nCell:\n{failed}\nError: {error.ename}: {error.evalue}"
        ) from None
    except (RuntimeError, TimeoutError) as error:  # the kernel died, never started, or a cell took too long
        raise SynthesisError(f"The notebook {source.name} could not be run: {error}") from None
    _tidy_metadata(notebook)
    text = nbformat.writes(notebook) + "\n"
    files.write_bytes(text.encode(), folder / source.name)
    if save:
        files.write_bytes(text.encode(), source)
    title = next(
        (line[2:] for cell in notebook.cells for line in cell.source.splitlines() if line.startswith("# ")), source.stem
    )
    files.write_bytes(_page(notebook, title).encode(), folder / f"{source.stem}.html")
    return {"title": title, "html": f"notebooks/{source.stem}.html", "ipynb": f"notebooks/{source.name}"}


def _tidy_metadata(notebook) -> None:
    """Leave out what differs between machines and says nothing to a reader."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)


def _page(notebook, title: str) -> str:
    """The notebook as a page without code, for readers: prose, tables, and figures with their alternative text."""
    import mistune

    prose = mistune.create_markdown(plugins=["table"])
    blocks: list[dict[str, object]] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            html = str(prose(cell.source)).replace("<th", '<th scope="col"').replace('<th scope="col"ead', "<thead")
            blocks.append({"kind": "prose", "html": _safe(html.replace('.ipynb"', '.html"'))})
        blocks += [_output(out) for out in cell.get("outputs", [])]
    return reports.templates().get_template("notebook.html").render(title=title, blocks=blocks)


def _output(out) -> dict[str, object]:
    """One output of a cell as a block of a page."""
    data = out.get("data", {})
    if "image/png" in data:
        alt = out.get("metadata", {}).get("image/png", {}).get("alt", "")
        return {"kind": "figure", "png": data["image/png"].strip(), "alt": alt}
    if "text/html" in data:
        return {"kind": "table", "html": _safe(data["text/html"])}
    return {"kind": "text", "text": data.get("text/plain", out.get("text", ""))}


def to_stderr(line: str) -> None:
    """Show progress where it never mixes with a table on standard output."""
    print(line, file=sys.stderr, flush=True)
