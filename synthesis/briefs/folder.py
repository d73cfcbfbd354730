"""Local briefs as files: each as web page, Word document and PDF, all of them written or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthesis.briefs.contents import Brief, local_brief, prepare
from synthesis.briefs.pages import brief_page
from synthesis.briefs.pdf import brief_pdf
from synthesis.briefs.word import brief_docx
from synthesis.evidence.identifiers import named_by
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.evidence.whole_folder import put_files
from synthesis.prevalence.local_areas import area_list, find_area

#: The forms of a brief, by the ending of the file.
FORMS = {
    "html": "to read on a screen, with every row and address",
    "docx": "to edit, one page",
    "pdf": "to print, one page",
}


def brief_contents(brief: Brief) -> dict[str, bytes]:
    """The files of one brief by name, such as ``brief-E08000025.pdf``; nothing is written."""
    stem = f"brief-{named_by(brief.area_code)}"
    return {
        f"{stem}.html": brief_page(brief).encode("utf-8"),
        f"{stem}.docx": brief_docx(brief),
        f"{stem}.pdf": brief_pdf(brief),
    }


def write_briefs(evidence: Evidence, areas: Sequence[str], out: str | Path, force: bool = False) -> list[Brief]:
    """Write the briefs of some local authorities into one folder, whole or not at all.

    Parameters
    ----------
    areas : official codes or exact names, see `area_list`.
    out : the folder, made where it is not there; briefs of the same areas are replaced, other files stay.
    force : whether briefs may be replaced that were changed since they were made.

    Returns the briefs in the order asked for, an area named twice once. Raises CallError with every unknown area before
    anything is made, and for a folder that is not to be written to (see `free_folder`).
    """
    known, unknown, codes = area_list(evidence), [], []
    for area in areas:
        try:
            codes.append(str(find_area(evidence, area, known)["area_code"]))
        except CallError as error:
            unknown.append(str(error))
    if unknown:
        raise CallError("\n".join(unknown))
    if not codes:
        raise CallError("No area was named. All are listed by area_list(evidence), and by `synthesis brief --list`.")
    prepared = prepare(evidence)
    briefs = [local_brief(evidence, code, prepared) for code in dict.fromkeys(codes)]
    contents = {name: content for brief in briefs for name, content in brief_contents(brief).items()}
    put_files(contents, out, "briefs", evidence.folder, force)
    return briefs
