"""The command line: each command answers what a function of the library answers.

Exit status: 0 fine, 1 the data or the answer has problems (listed), 2 the call was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from synthesis import __version__
from synthesis.commands.answering import FORMATS, answer, let_every_letter_through, say
from synthesis.commands.brief import add_brief
from synthesis.commands.packs import feedback_options, make_pack, pack_options, read_feedback
from synthesis.commands.planning import add_plan_command
from synthesis.commands.pooling import add_command
from synthesis.commands.prevalence import add_commands
from synthesis.evidence.schema import CallError, EvidenceError, SynthesisError, counted

if TYPE_CHECKING:
    pass

_THEMES_SHOWN = (
    "theme_id",
    "name",
    "n_findings",
    "n_studies",
    "n_studies_parent",
    "n_studies_practitioner",
    "n_negative",
)
#: Codes with the lowest kappa that `agreement` prints; all of them are in the JSON.
_CODES_SHOWN = 8

#: What `export` writes; `sheets.SHEETS` says what each is for.
_SHEETS = (
    "coding-sheet",
    "disagreement-sheet",
    "appraisal-sheet",
    "appraisal-settlement",
    "confidence-sheet",
    "confidence-settlement",
)

#: Tables of the command `confidence`: function, caption, columns shown as text (all, where none are named).
_CONFIDENCE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "summary": (
        "summary_of_findings",
        "Summary of qualitative findings",
        ("review_finding_id", "statement", "confidence", "explanation", "n_studies", "remark"),
    ),
    "profile": (
        "evidence_profile",
        "GRADE-CERQual evidence profile",
        (
            "review_finding_id",
            "methodological_limitations_reason",
            "coherence_reason",
            "adequacy_reason",
            "relevance_reason",
            "overall",
            "overall_reason",
        ),
    ),
    "prompts": ("suggested_concerns", "Concerns that the data suggest: prompts, not judgements", ()),
    "differences": ("confidence_differences", "Where assessors differ", ()),
}

#: Reporting checklists: the function of `involvement`, and the caption.
_CHECKLISTS = {
    "gripp2": "GRIPP2 short form: reporting patient and public involvement",
    "active": "ACTIVE: who was involved, how, when and how much",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    let_every_letter_through()
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except EvidenceError as error:
        say(f"{options.data} has errors; nothing was made or changed.")
        errors = [problem for problem in error.problems if problem.severity == "error"]
        _print_problems(errors, sys.stderr)
        if len(errors) < len(error.problems):
            say(f"(and {counted(len(error.problems) - len(errors), 'warning')}, which `synthesis check` lists)")
        return 1
    except BrokenPipeError:  # the reader closed the pipe, as `| head` does; nothing more is wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (SynthesisError, OSError) as error:
        say(str(error))
        return 2 if isinstance(error, CallError) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="synthesis", description="Evidence synthesis from a folder of tidy tables.")
    parser.add_argument("--version", action="version", version=f"evidence-synthesis-toolkit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, does: Callable[[argparse.Namespace], int], about: str, formats: Sequence[str]
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("--data", default="data", metavar="DIR", help="the data folder (default: data)")
        if formats:
            command.add_argument("--format", choices=formats, default="text", help="how to answer (default: text)")
        command.set_defaults(command=does)
        return command

    add("check", _check, "List every problem of an evidence base, one a line.", ("text", "json"))
    make = add("run", _run, "Rebuild the derived tables, run the notebooks, write build/index.html.", ())
    make.add_argument("--out", default="build", metavar="DIR", help="where to write (default: build)")
    make.add_argument(
        "--notebooks",
        metavar="DIR",
        help="the notebooks to run (default: those of the folder notebooks, if it is there)",
    )
    make.add_argument("--save-notebooks", action="store_true", help="save the notebooks with their new output, too")
    make.add_argument(
        "--force", action="store_true", help="replace files of the build that were changed since it was made"
    )
    themes = add("themes", _themes, "Support for each theme and subtheme.", FORMATS)
    themes.add_argument("--coder", default="agreed", metavar="ID", help="whose codings (default: agreed)")
    book = add(
        "codebook", _codebook, "The codebook as a tree with what stands behind each code, or its history.", FORMATS
    )
    book.add_argument("--history", action="store_true", help="every change to it instead, with reason and proposer")
    book.add_argument("--out", metavar="FILE.html", help="write a page to read or print instead; the folder must be there")  # fmt: skip
    book.add_argument("--force", action="store_true", help="replace a page that is there already")
    export = add("export", _export, "Write a file to work in outside the toolkit.", ())
    export.add_argument("what", choices=_SHEETS, help="which sheet; README says what each is for")
    export.add_argument("--coder", metavar="ID", help="whose coding sheet: a person in judgements/coders.csv")
    export.add_argument("--coders", nargs=2, metavar="ID", help="the two coders of a disagreement sheet")
    export.add_argument("--appraiser", metavar="ID", help="whose appraisal sheet")
    export.add_argument("--tool", metavar="TOOL", help="casp_qualitative, jbi_qualitative or mmat_2018")
    export.add_argument(
        "--studies",
        nargs="+",
        metavar="ID",
        help="the studies of a coding or appraisal sheet, or of a settlement (default: all)",
    )
    export.add_argument(
        "--parts", nargs="+", metavar="PART", help="parts of the tool, such as qualitative (default: all)"
    )
    export.add_argument("--assessor", metavar="ID", help="whose confidence sheet")
    export.add_argument("--out", required=True, metavar="FILE.xlsx", help="where to write; the folder must be there")
    export.add_argument("--force", action="store_true", help="replace a file that is there already")
    back = add("import", _import, "Read a sheet of `export` back; nothing is stored unless all of it is right.", ())
    back.add_argument("file", metavar="FILE.xlsx", help="a workbook that `export` made")
    back.add_argument("--check-only", action="store_true", help="say what would change, and store nothing")
    agreed = add("agreement", _agreement, "How far coders agree, with the finding as the unit.", FORMATS)
    agreed.add_argument("--coders", nargs="+", metavar="ID", help="two coders or more (default: all who coded blind)")
    add_commands(lambda name, does, about: add(name, does, about, FORMATS))
    add_command(commands)
    add_plan_command(commands)
    add_brief(lambda name, does, about: add(name, does, about, FORMATS))
    confidence = add("confidence", _confidence, "Confidence in each review finding (GRADE-CERQual).", FORMATS)
    confidence.add_argument(
        "--table", choices=_CONFIDENCE, default="summary", help="which table (default: summary, the SoQF)"
    )
    chain = add("trace", _trace, "What rests on one identifier, and what it rests on, down to the address.", FORMATS)
    chain.add_argument(
        "id",
        metavar="ID",
        help="any identifier: RF01, T1a, a code, finding, study or record, an address; a coding as finding/code/coder, such as chen2021-f3/fear_custody_loss/coder-1",
    )
    add("flow", _flow, "Counts of the PRISMA 2020 flow diagram.", FORMATS)
    pack_options(add("pack", make_pack, "Write a review pack for an advisory group, in every form of it.", ()))
    feedback_options(
        add("feedback", read_feedback, "Read what was sent back; every comment arrives, or nothing is stored.", ())
    )
    listed = add(
        "checklist", _checklist, "A reporting checklist, filled as far as the tables tell; gaps named.", FORMATS
    )
    listed.add_argument("name", choices=tuple(_CHECKLISTS), help="GRIPP2 short form, or ACTIVE, on who was involved")
    return parser


def _check(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import check

    report = check(options.data)
    if options.format == "json":
        problems = [asdict(problem) for problem in report.problems]
        print(
            json.dumps({"ok": report.ok, "problems": problems, "tables": report.tables}, indent=2, ensure_ascii=False)
        )
    else:
        _print_problems(report.problems, sys.stdout)
        errors = sum(problem.severity == "error" for problem in report.problems)
        warnings = len(report.problems) - errors
        rows = sum(report.tables.values())
        held = f"{counted(len(report.tables), 'table')}, {counted(rows, 'row')}"
        print(f"{options.data}: {held}, {counted(errors, 'error')}, {counted(warnings, 'warning')}.")
    return int(not report.ok)


def _print_problems(problems, stream) -> None:
    for problem in problems:
        print(" ".join(str(problem).split()), file=stream)


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from synthesis.build import run, to_stderr
    from synthesis.evidence.whole_folder import NOTEBOOKS

    if options.notebooks and not Path(options.notebooks).is_dir():
        raise CallError(f"{options.notebooks} is no folder: name the one that holds the notebooks.")
    notebooks = options.notebooks or NOTEBOOKS
    if options.save_notebooks and not any(Path(notebooks).glob("*.ipynb")):
        raise CallError(f"--save-notebooks: there are no notebooks in {notebooks}.")
    built = run(options.data, options.out, notebooks, options.save_notebooks, to_stderr, options.force)
    made = f"{counted(built.tables, 'table')}, {counted(built.figures, 'figure')} and {counted(built.notebooks, 'notebook')}"
    print(f"{made}: open {built.index}")
    return 0


def _themes(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.themes.support import theme_table

    evidence = read_evidence(options.data)
    caption = "Support for each theme" + ("" if options.coder == "agreed" else f", as coded by {options.coder} alone")
    return answer(options, evidence, theme_table(evidence, options.coder), caption, _THEMES_SHOWN)


def _codebook(options: argparse.Namespace) -> int:
    from synthesis.coding.codebook import codebook_history, codebook_table
    from synthesis.evidence.tables import read_evidence

    if options.out and (options.history or options.format != "text"):
        raise CallError(f"--out writes the page of the codebook and takes no {'--history' if options.history else '--format'}.")  # fmt: skip
    if options.force and not options.out:
        raise CallError("--force is for --out: without a page to write nothing is replaced.")
    evidence = read_evidence(options.data)
    if options.out:
        from pathlib import Path

        from synthesis.evidence.files import free_path, write_bytes
        from synthesis.reports.display import codebook_page

        target = free_path(Path(options.out), ".html", "a page", options.force)
        if target.exists():
            say(f"{target} was there already and is replaced.")
        print(write_bytes(codebook_page(evidence).encode("utf-8"), target))
        return 0
    if options.history:
        changed = ("version", "change_means", "name", "formerly", "what", "reason", "proposed_by")
        history = codebook_history(evidence)
        history["date"] = history["date"].dt.strftime("%Y-%m-%d")
        return answer(options, evidence, history, "History of the codebook", changed)
    shown = ("theme_id", "code_id", "name", "definition", "use_when", "do_not_use_for", "n_findings", "n_studies")
    return answer(options, evidence, codebook_table(evidence), "Codebook", shown)


def _export(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.reports.sheets import export_sheet

    names = ("coder", "coders", "appraiser", "assessor", "tool", "studies", "parts")
    given = {name: getattr(options, name) for name in names if getattr(options, name)}
    print(export_sheet(read_evidence(options.data), options.what, options.out, force=options.force, **given))
    return 0


def _import(options: argparse.Namespace) -> int:
    from contextlib import nullcontext
    from pathlib import Path

    from synthesis.coding.session import working_alone
    from synthesis.evidence.tables import read_evidence, write_tables
    from synthesis.reports.sheets import import_sheet, what_it_brought

    # Between reading the tables and writing them back nobody else may code, or their work would be undone.
    with nullcontext() if options.check_only else working_alone(Path(options.data)):
        evidence = read_evidence(options.data)
        try:
            brought = import_sheet(evidence, options.file)
        except EvidenceError as error:
            say(f"{options.file} has {counted(len(error.problems), 'problem')}; nothing was changed.")
            _print_problems(error.problems, sys.stderr)
            return 1
        if not options.check_only:
            changed = {name: table for name, table in brought.tables.items() if table is not evidence[name]}
            write_tables(changed, options.data)
    for remark in brought.remarks:
        say(remark)
    print(what_it_brought(brought) + (" Nothing was stored." if options.check_only else ""))
    return 0


def _agreement(options: argparse.Namespace) -> int:
    from synthesis.coding.agreement import agreement_lines, agreement_report, agreement_table, code_agreement
    from synthesis.evidence.tables import read_evidence

    evidence = read_evidence(options.data)
    if options.format == "json":
        from synthesis.review.provenance import status_line

        say(status_line(evidence))
        print(json.dumps(agreement_report(evidence, options.coders), indent=2, ensure_ascii=False))
        return 0
    pairs = agreement_table(evidence, options.coders)
    if options.format == "csv":
        return answer(options, evidence, pairs, "", ())
    from synthesis.reports.display import show

    headings = {"all": "Findings read by both", "all_findings": "Figure (95 % interval)"}
    headings |= {"coded": "Findings coded by both", "coded_findings": "Coded only (95 % interval)"}
    print(show(evidence, agreement_lines(evidence, options.coders), "Agreement between coders; the unit is the finding", headings=headings))  # fmt: skip
    for row in pairs.to_dict("records"):
        codes = code_agreement(evidence, row["coder_a"], row["coder_b"]).sort_values("kappa").head(_CODES_SHOWN)
        caption = f"Codes on which {row['coder_a']} and {row['coder_b']} agree least, present or absent in a finding"
        headings = {
            "n_a": row["coder_a"],
            "n_b": row["coder_b"],
            "n_both": "Both",
            "n_either": "Either",
            "of_findings": "Of",
        }
        print()
        print(
            show(
                evidence, codes, caption, ["name", "n_a", "n_b", "n_both", "n_either", "kappa", "low", "high"], headings
            )
        )
        for said in filter(None, (row["remark"], row["caution"])):
            print(f"\n{row['coder_a']} and {row['coder_b']}: {said}")
    return 0


def _confidence(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.themes import confidence

    function, caption, shown = _CONFIDENCE[options.table]
    evidence = read_evidence(options.data)
    table = getattr(confidence, function)(evidence)
    return answer(options, evidence, table, caption, shown or tuple(table))


def _trace(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.reports.chain import trace, trace_text
    from synthesis.review.provenance import status_line

    evidence = read_evidence(options.data)
    table = trace(evidence, options.id)
    if options.format == "text":
        own = table.loc[table["direction"] == "here", "table"].iloc[0] or "findings"
        rests_on = [own, *(["findings"] if (table["level"] == "finding").any() else [])]
        lines = dict.fromkeys(status_line(evidence, each) for each in rests_on)
        print("\n\n".join([trace_text(table), *lines]))
        return 0
    return answer(options, evidence, table, "", ())


def _flow(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.review.records import prisma_flow

    evidence = read_evidence(options.data)
    return answer(options, evidence, prisma_flow(evidence), "PRISMA 2020 flow", ("arm", "label", "reason", "n"))


def _checklist(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.packs import involvement

    evidence = read_evidence(options.data)
    table = getattr(involvement, options.name)(evidence)
    return answer(options, evidence, table, _CHECKLISTS[options.name], tuple(table), rests_on="rounds")


if __name__ == "__main__":
    sys.exit(main())
