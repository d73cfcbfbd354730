"""A review pack as a folder of files: every form of it, written whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from synthesis.evidence.basis import made_from
from synthesis.evidence.schema import CallError
from synthesis.evidence.tables import Evidence
from synthesis.evidence.whole_folder import put_files
from synthesis.packs.contents import Pack, build_packs
from synthesis.packs.pages import pack_page
from synthesis.packs.pdf import pack_pdf
from synthesis.packs.sheet import feedback_workbook
from synthesis.packs.team_notes import team_page
from synthesis.packs.word import pack_docx

#: What is in a folder, for the line that the command prints.
PACK_FILES = {
    "pack.html": "to read on a phone or computer",
    "pack.docx": "to read and answer in a document",
    "pack.pdf": "to print",
    "feedback.xlsx": "to answer in a workbook",
    "pack-large-print.docx": "the document in large print",
    "pack-large-print.pdf": "to print in large print",
    "pack-easy-read.html": "easy read, on a phone or computer",
    "pack-easy-read.docx": "easy read, to answer in a document",
    "pack-easy-read.pdf": "easy read, to print",
    "team-notes.html": "for the team only: what to mend before anybody is sent this",
}


def pack_contents(evidence: Evidence, standard: Pack, easy: Pack) -> dict[str, bytes]:
    """Every file of a pack, by the names of `PACK_FILES`; nothing is written. The same evidence gives the same bytes."""
    return {
        "pack.html": pack_page(standard).encode("utf-8"),
        "pack.docx": pack_docx(standard),
        "pack.pdf": pack_pdf(standard),
        "feedback.xlsx": feedback_workbook(standard),
        "pack-large-print.docx": pack_docx(standard, large=True),
        "pack-large-print.pdf": pack_pdf(standard, large=True),
        "pack-easy-read.html": pack_page(easy).encode("utf-8"),
        "pack-easy-read.docx": pack_docx(easy),
        "pack-easy-read.pdf": pack_pdf(easy),
        "team-notes.html": team_page(evidence, standard, easy).encode("utf-8"),
    }


def write_pack(
    evidence: Evidence,
    out: str | Path,
    audience: str = "advisory",
    themes: Sequence[str] | None = None,
    last: Collection[str] = (),
    final: bool = False,
    round_id: str | None = None,
    force: bool = False,
) -> Pack:
    """Write a pack in all its forms into one folder, whole or not at all; other files of the folder stay as they are.

    Parameters are those of `build_pack`; `out` is made where it is not there, and with `force` files of an earlier pack are
    replaced though they were changed or filled in since. Returns the pack as it was written. Raises CallError for a call
    that cannot be and a folder that is not to be written to (see `free_folder`), and SynthesisError for a final pack while
    comments wait or a folder that cannot be written to.
    """
    standard, easy = build_packs(evidence, audience, themes, last, final=final, round_id=round_id)
    put_pack(pack_contents(evidence, standard, easy), out, evidence.folder, force)
    return standard


def put_pack(
    contents: Mapping[str, bytes], out: str | Path, data: str | Path | None = None, force: bool = False
) -> None:
    """Write the files of `pack_contents` into a folder, all of them or none; raises as `put_files` does."""
    put_files(contents, out, "pack", data, force)


def with_round(evidence: Evidence, pack: Pack) -> pd.DataFrame:
    """The table ``rounds`` with the round that `pack` names, to be written with `write_tables`.

    A final pack opens its round; a draft's round is a draft, and a later draft takes its place. Raises CallError where
    the round was opened or closed with another pack: what people were asked is not changed afterwards.
    """
    rounds = evidence.rounds
    row = {
        "round_id": pack.round_id,
        "audience": pack.audience,
        "pack_version": pack.version,
        "themes": ";".join(theme.id for theme in pack.themes),
        "status": "open" if pack.state == "final" else "draft",
    }
    known = rounds["round_id"] == pack.round_id
    if not known.any():
        more = pd.concat([rounds, pd.DataFrame([row]).reindex(columns=rounds.columns)], ignore_index=True)
        return made_from(more, rounds, "rounds")
    before = rounds[known].iloc[0]
    if before["status"] != "draft":
        if before["status"] == "open" and before["pack_version"] == pack.version:
            return rounds
        raise CallError(
            f"The round {pack.round_id} is {before['status']}, with the pack {before['pack_version']}, and this is pack "
            f"{pack.version}. What people were asked stays as it was: give the new pack a round of its own."
        )
    changed = rounds.copy()
    for column, value in row.items():
        changed.loc[known, column] = value
    return changed
