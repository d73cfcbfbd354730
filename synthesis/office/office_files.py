"""Office files at the door: what is damaged, locked, swollen, or could run is refused before anything of it is unpacked."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

from synthesis.evidence.schema import CallError, SynthesisError


@dataclass(frozen=True)
class Kind:
    """A kind of office file: its suffix, what it is called, the part that it must hold, its most bytes and parts."""

    suffix: str
    name: str
    main: str
    purpose: str
    most_packed: int
    most_unpacked: int
    most_parts: int = 500


def check_office_file(path: Path, kind: Kind) -> None:
    """Refuse what is no plain file of this kind. Raises CallError where there is none, SynthesisError with the reason.

    Nothing is unpacked but the beginning of each XML part, which may not declare a document type.
    """
    start, size = _beginning(path)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        old = kind.suffix[:-1]
        raise SynthesisError(f"{path} is protected by a password or in the old {old} format; save it as {kind.suffix} without a password.")  # fmt: skip
    if not start.startswith(b"PK"):
        program = "spreadsheet program" if kind.suffix == ".xlsx" else "word processor"
        article = "an" if kind.suffix == ".xlsx" else "a"
        raise SynthesisError(f"{path} is not {article} {kind.suffix} {kind.name}; open it in a {program} and save it as {kind.suffix}.")  # fmt: skip
    if size > kind.most_packed:
        raise SynthesisError(
            f"{path} has {size:,} bytes; {kind.purpose} has a few million at most. Is it the right file?"
        )
    try:
        with zipfile.ZipFile(path) as packed:
            _check_parts(packed, path, kind)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise SynthesisError(f"{path} is damaged and cannot be unpacked; save it again as {kind.suffix}.") from error


def _beginning(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as handle:
            return handle.read(8), path.stat().st_size
    except OSError as error:
        absent = isinstance(error, FileNotFoundError | IsADirectoryError)
        raise (CallError if absent else SynthesisError)(f"{path} cannot be opened ({error.strerror}).") from error


def _check_parts(packed: zipfile.ZipFile, path: Path, kind: Kind) -> None:
    parts = packed.infolist()
    names = [part.filename for part in parts]
    if len(parts) > kind.most_parts or sum(part.file_size for part in parts) > kind.most_unpacked:
        raise SynthesisError(f"{path} would unpack to far more than {kind.purpose} holds; it was not opened.")
    if any(Path(name).name.lower().startswith("vba") or "macrosheets/" in name.lower() for name in names):
        raise SynthesisError(f"{path} holds macros; save it as {kind.suffix} (without macros) and import that.")
    if kind.main not in names:
        other = "an OpenDocument file" if "content.xml" in names else f"no {kind.name}"
        raise SynthesisError(f"{path} is {other}; save it as {kind.suffix}.")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with packed.open(part) as handle:
                if _declares_type(handle):
                    writer = "spreadsheet program" if kind.suffix == ".xlsx" else "word processor"
                    raise SynthesisError(f"{path} holds XML that no {writer} writes; it was not opened.")


class _Begun(Exception):
    """The first element of an XML file was reached."""


def _declares_type(handle: IO[bytes]) -> bool:
    """Whether an XML part has a document type: its entities can make a small file swell without end."""
    found: list[str] = []

    def stop(*_: object) -> None:
        raise _Begun

    def note(*_: object) -> None:
        found.append("type")
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = stop, note
    try:
        while chunk := handle.read(65_536):
            parser.Parse(chunk)
    except (_Begun, expat.ExpatError):  # what is no XML at all is met again, and named, on reading
        pass
    return bool(found)


WORKBOOK = Kind(".xlsx", "workbook", "xl/workbook.xml", "a coding sheet", 50_000_000, 300_000_000)
FEEDBACK_SHEET = Kind(".xlsx", "workbook", "xl/workbook.xml", "a feedback sheet", 20_000_000, 100_000_000)
PLAN_SHEET = Kind(".xlsx", "workbook", "xl/workbook.xml", "a planning sheet", 20_000_000, 100_000_000)
PLAN_ODS = Kind(".ods", "spreadsheet", "content.xml", "a planning sheet", 20_000_000, 40_000_000)  # read as a whole
DOCUMENT = Kind(".docx", "document", "word/document.xml", "a pack", 50_000_000, 150_000_000)


def parts_of(path: Path, wanted: Sequence[str]) -> dict[str, bytes]:
    """The parts of an office file whose names begin with one of `wanted`, as bytes; check the file first."""
    try:
        with zipfile.ZipFile(path) as packed:
            return {name: packed.read(name) for name in packed.namelist() if name.startswith(tuple(wanted))}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise SynthesisError(f"{path} is damaged and cannot be unpacked; save it again.") from error
