"""A returned file as a form: told by what it holds, and not by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

from synthesis.evidence.round_rules import version_of
from synthesis.evidence.schema import CallError, SynthesisError
from synthesis.evidence.tables import Evidence
from synthesis.packs.contents import build_packs
from synthesis.packs.feedback_sheet import read_feedback_text, read_feedback_workbook
from synthesis.packs.feedback_word import read_feedback_document
from synthesis.packs.forms import Form, Mark


def read_form(path: Path, evidence: Evidence) -> Form:
    """The form that a file is, by what it holds and not by its name. Raises SynthesisError where it is none.

    The evidence is looked at only where a program dropped what tells the pack's words from a reader's.
    """
    try:
        with path.open("rb") as handle:
            start = handle.read(8)
    except OSError as error:
        raise CallError(f"{path} cannot be opened ({error.strerror}).") from error
    if not start:
        raise SynthesisError("it is empty.")
    if start.startswith(b"%PDF"):
        raise SynthesisError("it is a PDF, which cannot be read back; type what stands in it into feedback.xlsx.")
    if start.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")) or start[4:8] == b"ftyp":
        raise SynthesisError(
            "it is a picture, and what it shows is not read; type what stands in it into feedback.xlsx."
        )
    if start.startswith(b"{\\rtf"):
        raise SynthesisError("it is an RTF text; save it as .docx.")
    if not start.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return read_feedback_text(path)
    if _is_document(path, start):
        return read_feedback_document(path, lambda mark: _prints_of(evidence, mark))
    return read_feedback_workbook(path)


def _prints_of(evidence: Evidence, mark: Mark) -> set[str]:
    """Fingerprints of the text of a pack, if the evidence still makes that pack; else none."""
    if version_of(evidence.themes, evidence.review_findings, mark.audience, mark.themes) != mark.version:
        return set()
    from synthesis.packs.word import document_prints

    packs = build_packs(evidence, mark.audience, mark.themes, round_id=mark.round_id)
    return {each for pack in packs for each in document_prints(pack)}


def _is_document(path: Path, start: bytes) -> bool:
    if not start.startswith(b"PK"):
        return path.suffix.lower() in {".doc", ".docx", ".dot"}
    try:
        with zipfile.ZipFile(path) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, OSError):
        return path.suffix.lower() == ".docx"
    return "word/document.xml" in names or (path.suffix.lower() in {".docx", ".docm", ".odt"} and "xl/workbook.xml" not in names)  # fmt: skip
