"""Notebooks run and made into pages for readers: prose, tables and figures, without the code."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from html import escape, unescape
from pathlib import Path
from typing import Any

from synthesis.evidence.schema import SynthesisError
from synthesis.reports.display import as_markup, templates

_HEADER_CELL = re.compile(r"<th(?=[\s>])")
_PROSE_PART = re.compile(r"<h\d>(?P<heading>.*?)</h\d>|<table>(?P<table>.*?)</table>", re.DOTALL)
_FIRST_CELL = re.compile(r"<tr>\s*<td([^>]*)>(.*?)</td>", re.DOTALL)
_OUR_NOTEBOOK = re.compile(r'href="(\d\d_\w+)\.ipynb"')
_SECTION = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_CAPTION = re.compile(r"<caption[^>]*>(.*?)</caption>", re.DOTALL)
#: Sections from which on a page begins with a list of them: on a phone a long page is many screens.
_MANY_SECTIONS = 4


def check_installed() -> None:
    """Raise SynthesisError where the packages that run notebooks are not there."""
    try:
        import ipykernel  # noqa: F401
        import mistune  # noqa: F401
        import nbclient  # noqa: F401
    except ImportError:
        raise SynthesisError(
            "Running the notebooks needs more packages: in the toolkit's folder, pip install -e '.[notebooks]'."
        ) from None


def execute_notebook(source: Path, data: Path) -> str:
    """Run one notebook on the evidence in `data`; returns the notebook with its outputs, as text. No file is changed.

    Raises SynthesisError with the cell and the error where a cell fails.
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
        failed = (c.source for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", [])))
        said = f"Cell:\n{next(failed, '')}\nError: {error.ename}: {error.evalue}"
        raise SynthesisError(f"The notebook {source.name} stops with an error.\n{said}") from None
    except (RuntimeError, TimeoutError) as error:  # the kernel died, never started, or a cell took too long
        raise SynthesisError(f"The notebook {source.name} could not be run: {error}") from None
    _tidy_metadata(notebook)
    return nbformat.writes(notebook) + "\n"


def _tidy_metadata(notebook: Any) -> None:
    """Leave out what differs between machines and says nothing to a reader."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)


def notebook_title(text: str, default: str) -> str:
    """The first heading of a notebook."""
    import nbformat

    lines = (line for cell in nbformat.reads(text, as_version=4).cells for line in cell.source.splitlines())
    return next((line[2:] for line in lines if line.startswith("# ")), default)


def notebook_page(
    text: str,
    title: str,
    figures: Mapping[str, Mapping[str, str]],
    before: Mapping[str, str] | None = None,
    after: Mapping[str, str] | None = None,
) -> str:
    """A notebook as a page without code: nothing is fetched from elsewhere, and figures keep their alternative text.

    Parameters
    ----------
    figures : saved figures by alternative text, each with ``title``, ``svg`` and ``csv``, so that a picture leads to
        the figure and its numbers.
    before, after : ``title`` and ``page`` of the notebooks on either side.
    """
    import mistune
    import nbformat

    prose = mistune.create_markdown(plugins=["table"])
    blocks: list[dict[str, object]] = []
    sections: dict[str, str] = {}
    for cell in nbformat.reads(text, as_version=4).cells:
        if cell.cell_type == "markdown":
            html = _captioned(_HEADER_CELL.sub('<th scope="col"', str(prose(cell.source))), title)
            html = _anchored(_OUR_NOTEBOOK.sub(r'href="\1.html"', html), sections)
            blocks.append({"kind": "prose", "html": as_markup(html)})
        blocks += [_output(out, figures) for out in cell.get("outputs", [])]
    page = templates().get_template("notebook.html")
    listed = sections if len(sections) >= _MANY_SECTIONS else {}
    return page.render(title=title, blocks=blocks, sections=listed, before=before, after=after)


def _anchored(html: str, sections: dict[str, str]) -> str:
    """The text with an address for each section, which is added to `sections`: its name by its address."""

    def named(part: re.Match[str]) -> str:
        name = unescape(_TAG.sub("", part[1]))
        plain = "-".join(re.findall(r"\w+", name.lower())) or "section"
        anchor = plain if plain not in sections else f"{plain}-{len(sections) + 1}"
        sections[anchor] = name
        return f'<h2 id="{anchor}">{part[1]}</h2>'

    return _SECTION.sub(named, html)


def _captioned(html: str, heading: str) -> str:
    """Tables of a text with what a screen reader needs: a caption (the heading above), row headers, and a box that can be
    moved sideways by keyboard. Markdown has a way to write none of them."""

    def tabled(part: re.Match[str]) -> str:
        nonlocal heading
        if part["table"] is None:
            heading = part["heading"]
            return part[0]
        rows = _FIRST_CELL.sub(r'<tr><th scope="row"\1>\2</th>', part["table"])
        label = escape(unescape(_TAG.sub("", heading)), quote=True)
        box = f'<div class="wide" role="region" aria-label="{label}" tabindex="0">'
        return f"{box}<table><caption>{heading}</caption>{rows}</table></div>"

    return _PROSE_PART.sub(tabled, html)


def _output(out: Any, figures: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """One output of a cell as a block of a page."""
    data = out.get("data", {})
    if "image/png" in data:
        alt = out.get("metadata", {}).get("image/png", {}).get("alt", "")
        return {"kind": "figure", "png": data["image/png"].strip(), "alt": alt, "saved": figures.get(alt)}
    if "text/html" in data:
        caption = _CAPTION.search(data["text/html"])
        return {
            "kind": "table",
            "html": as_markup(data["text/html"]),
            "label": as_markup(caption[1] if caption else "Table"),
        }
    return {"kind": "text", "text": data.get("text/plain", out.get("text", ""))}
