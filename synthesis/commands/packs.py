"""The commands for review packs, for what comes back, and for reporting it."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from synthesis.evidence.schema import counted


def pack_options(parser: argparse.ArgumentParser) -> None:
    """The options of `synthesis pack`."""
    parser.add_argument("--audience", default="advisory", metavar="WHO", help="advisory (default) or practitioner")
    parser.add_argument("--themes", nargs="+", metavar="ID", help="themes to ask about, in this order (default: all)")
    parser.add_argument("--last", nargs="+", default=(), metavar="ID", help="themes to move to the end")
    parser.add_argument(
        "--final", action="store_true", help="a final pack; refused while a comment of an earlier round waits"
    )
    parser.add_argument(
        "--round", metavar="ID", help="the round it is made for; its row in judgements/rounds.csv is written"
    )
    parser.add_argument("--out", default="build/pack", metavar="DIR", help="where to write (default: build/pack)")
    parser.add_argument("--force", action="store_true", help="replace files of an earlier pack that were changed or filled in since")  # fmt: skip


def make_pack(options: argparse.Namespace) -> int:
    """Write a pack; with `--round`, record the round first. Returns the exit status."""
    from synthesis.coding.session import working_alone
    from synthesis.evidence.tables import read_evidence, write_tables
    from synthesis.evidence.whole_folder import free_folder
    from synthesis.packs.contents import build_packs
    from synthesis.packs.folder import PACK_FILES, pack_contents, put_pack, with_round
    from synthesis.packs.team_notes import not_ready

    # Asked before the round is recorded: a round names a pack that was written.
    free_folder(options.out, "pack", options.data, names=PACK_FILES, force=options.force)
    # Between reading the rounds and writing them back nobody else may write, or their work would be undone.
    with working_alone(Path(options.data)) if options.round else nullcontext():
        evidence = read_evidence(options.data)
        packs = build_packs(evidence, options.audience, options.themes, options.last, final=options.final, round_id=options.round)  # fmt: skip
        rounds = with_round(evidence, packs[0]) if options.round else evidence.rounds
        contents = pack_contents(evidence, *packs)
        if rounds is not evidence.rounds:
            write_tables({"rounds": rounds}, options.data)
        put_pack(contents, options.out, options.data, options.force)
    pack = packs[0]
    for said in not_ready(evidence, pack):
        print(said, file=sys.stderr)
    asked = counted(len(pack.themes), "theme")
    of_round = f", round {pack.round_id}" if pack.round_id else ""
    print(f"{pack.state.capitalize()} pack {pack.version} for {pack.audience}, {asked}{of_round}, in {options.out}:")
    for name, what in PACK_FILES.items():
        print(f"  {name}: {what}")
    return 0


def feedback_options(parser: argparse.ArgumentParser) -> None:
    """The options of `synthesis feedback`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="forms that were sent back: .xlsx, .docx or .csv")
    parser.add_argument("--round", default="", metavar="ID", help="the round (default: the one made with that pack); a new one is entered in judgements/rounds.csv")  # fmt: skip
    parser.add_argument("--group", default="", metavar="ID", help="the group, where the form does not say; never a person's name")  # fmt: skip
    parser.add_argument("--role", default="", metavar="WORD", help="parent, family, practitioner, facilitator or not_said, where the form does not say")  # fmt: skip
    parser.add_argument("--copy", default="", metavar="N", help="a number for the form, where several people of a group sent one each")  # fmt: skip
    settle = parser.add_mutually_exclusive_group()
    settle.add_argument("--blank-flagged", action="store_true", help="black out what may show who somebody is")
    settle.add_argument("--accept-flagged", default="", metavar="REASON", help="keep it, and record the reason")
    marked = parser.add_mutually_exclusive_group()
    marked.add_argument("--take-marked", action="store_true", help="take an answer that is marked (highlighted, bold, ...) and not ticked")  # fmt: skip
    marked.add_argument("--leave-marked", action="store_true", help="leave such answers out")
    parser.add_argument("--check-only", action="store_true", help="say what would be stored, and store nothing")


def read_feedback(options: argparse.Namespace) -> int:
    """Read forms that were sent back; all of the files are stored, or none. Returns the exit status."""
    from synthesis.coding.session import working_alone
    from synthesis.evidence.tables import read_evidence, write_tables
    from synthesis.packs.feedback import receive_feedback
    from synthesis.packs.feedback_rows import FeedbackChoices

    marked = "take" if options.take_marked else "leave" if options.leave_marked else ""
    choices = FeedbackChoices(options.round, options.group, options.role, options.copy, options.blank_flagged, options.accept_flagged, marked)  # fmt: skip
    # Between reading the tables and writing them back nobody else may write, or their work would be undone.
    with nullcontext() if options.check_only else working_alone(Path(options.data)):
        received = receive_feedback(read_evidence(options.data), options.files, choices)
        if received.changes and not options.check_only:
            write_tables(received.tables, options.data)
    for remark in received.remarks:
        print(remark, file=sys.stderr)
    said = f"{counted(len(options.files), 'form')}: {counted(received.n_read, 'answer or comment', 'answers and comments')}, {received.n_new} new."
    print(said + (" Nothing was stored." if options.check_only else ""))
    return 0
