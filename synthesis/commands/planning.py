"""The commands of the planning tool: a sheet out, a sheet back into a team's own folder, and what the plans say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from synthesis.commands.answering import FORMATS, answer, say
from synthesis.evidence.schema import CallError, counted

if TYPE_CHECKING:
    import pandas as pd

    from synthesis.evidence.tables import Evidence

_ABOUT = "Planning tool: a self-assessment that a local team fills in, on a scale of its own, and what follows from it."


def add_plan_command(commands: argparse._SubParsersAction) -> None:
    """Add ``plan`` with its parts to the commands of the program."""
    parts = commands.add_parser("plan", help=_ABOUT, description=_ABOUT).add_subparsers(required=True, metavar="PART")

    def add(name: str, does, about: str, answers: bool = True) -> argparse.ArgumentParser:
        part = parts.add_parser(name, help=about, description=about)
        part.add_argument("--data", default="data", metavar="DIR", help="the data folder (default: data)")
        if answers:
            part.add_argument("--format", choices=FORMATS, default="text", help="how to answer (default: text)")
        part.set_defaults(command=does)
        return part

    new = add("new", _new, "Write a sheet to fill in.", answers=False)
    new.add_argument("--area", default="", metavar="NAME", help="the area or team whose plan it is; never a person")
    new.add_argument("--stages", default="", metavar="WORDS", help='the team\'s own 2 to 10 stages, from the first to the last, such as "not started,planned,begun,in place"')  # fmt: skip
    new.add_argument("--from", dest="before", metavar="PLAN.csv", help="an earlier plan: its area and scale are taken, and its answers shown beside")  # fmt: skip
    new.add_argument("--out", required=True, metavar="FILE.xlsx", help="where to write; the folder must be there")
    new.add_argument("--force", action="store_true", help="replace a file that is there already")
    back = add("read", _read, "Read a filled-in sheet into a folder of your own; whole, or not at all.", answers=False)
    back.add_argument("files", nargs="+", metavar="FILE", help="filled-in sheets: .xlsx, .ods or .csv")
    back.add_argument("--into", required=True, metavar="DIR", help="the team's own folder, made where it is not there; a file an area and day is written")  # fmt: skip
    back.add_argument("--date", default="", metavar="DAY", help="the day of the assessment, where the sheet does not say it")  # fmt: skip
    back.add_argument("--replace", action="store_true", help="replace other answers of the same area and day")
    settle = back.add_mutually_exclusive_group()
    settle.add_argument("--blank-flagged", action="store_true", help="black out what may show who somebody is")
    settle.add_argument("--accept-flagged", default="", metavar="REASON", help="keep it, and record the reason")
    back.add_argument("--check-only", action="store_true", help="say what would be stored, and store nothing")
    counts = add("progress", _progress, "How many items stand at each stage, by area and day.")
    counts.add_argument("plans", nargs="+", metavar="PLAN", help="plan files, or folders of them")
    counts.add_argument("--by-domain", action="store_true", help="by domain")
    counts.add_argument("--figure", metavar="STEM", help="draw it, too: STEM.svg and STEM.png")
    counts.add_argument("--force", action="store_true", help="replace a figure that is there already")
    two = add("compare", _compare, "Two plans item by item: two days, or two areas.")
    two.add_argument("first", metavar="PLAN.csv", help="a plan, an area on one day")
    two.add_argument("second", metavar="PLAN.csv", help="another plan")
    then = add("next", _next, "What the evidence says of the items that are not settled.")
    then.add_argument("plan", metavar="PLAN.csv", help="a plan, an area on one day")
    then.add_argument("--settled-from", default="", metavar="STAGE", help="the stage from which on an item is settled (default: the last)")  # fmt: skip
    then.add_argument("--full", action="store_true", help="as text, the recommendations behind each finding, too (csv and json always hold them)")  # fmt: skip


def _new(options: argparse.Namespace) -> int:
    from synthesis.evidence.files import free_path, write_bytes
    from synthesis.evidence.tables import read_evidence
    from synthesis.planning.plans import read_plans
    from synthesis.planning.sheet import planning_workbook

    before = read_plans(options.before) if options.before else None
    target = free_path(Path(options.out), ".xlsx", "a workbook", options.force)
    print(write_bytes(planning_workbook(read_evidence(options.data), options.area, options.stages, before), target))
    return 0


def _read(options: argparse.Namespace) -> int:
    from synthesis.evidence.schema import SynthesisError
    from synthesis.evidence.tables import read_evidence
    from synthesis.evidence.whole_folder import refuse_inside
    from synthesis.planning.plans import free_for, plan_file, store_plan
    from synthesis.planning.reading import read_plan

    into = Path(options.into)
    if not into.is_dir() and (into.exists() or not into.absolute().parent.is_dir()):
        what = "is a file, not a folder" if into.exists() else "cannot be made: the folder above it is not there; make that first"  # fmt: skip
        raise CallError(f"{into} {what}. A plan is the team's own and is not kept in data/.")
    refuse_inside(into, "plans", options.data)
    evidence, plans, faults = read_evidence(options.data), [], []
    for path in options.files:
        try:
            plans.append(read_plan(evidence, path, options.date, options.blank_flagged, options.accept_flagged))
        except CallError:
            raise
        except SynthesisError as error:
            faults.append(str(error).removeprefix("Nothing was stored.\n"))
    names = [plan_file(plan.table) for plan in plans]
    faults += [f"Two of the files hold the plan {name}; read one." for name in sorted({name for name in names if names.count(name) > 1})]  # fmt: skip
    if faults:
        raise SynthesisError("Nothing was stored.\n" + "\n".join(faults))
    for plan in plans:  # all of them before the first is stored
        free_for(plan.table, into, options.replace)
    if not options.check_only:
        into.mkdir(exist_ok=True)
    for plan in plans:
        for remark in plan.remarks:
            say(remark)
        said = f"{plan.n_answered} of {counted(len(plan.table), 'item')} answered"
        if options.check_only:
            print(f"{plan_file(plan.table)}: {said}. Nothing was stored.")
            continue
        path, written = store_plan(plan.table, options.into, options.replace)
        print(f"{path}: {said}{'' if written else '; stored already, nothing was added'}.")
    return 0


def _progress(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.planning.plans import planning_items, read_plans
    from synthesis.planning.progress import plan_progress

    evidence, plans = read_evidence(options.data), read_plans(*options.plans)
    if options.figure:
        _draw(evidence, plans, Path(options.figure), options.force)
    table = plan_progress(plans, planning_items(evidence) if options.by_domain else None)
    shown = [name for name in ("area", "date", "domain", "stage", "n_items") if name in table]
    return _show(options, evidence, table, "How many items stand at each stage", shown, {"n_items": "Items"})


def _draw(evidence: Evidence, plans: pd.DataFrame, stem: Path, force: bool) -> None:
    from synthesis.evidence.files import free_path
    from synthesis.planning.progress import plan_progress
    from synthesis.reports.figures import draw, progress_alt, progress_plot, save_figure
    from synthesis.review.provenance import status_line

    for suffix in (".svg", ".png"):
        free_path(stem.with_name(f"{stem.name}{suffix}"), suffix, "a figure", force)
    counts = plan_progress(plans)
    drawn = draw(progress_plot(counts), "Progress of plans", progress_alt(counts), note=status_line(evidence, "planning_elements"))  # fmt: skip
    for path in save_figure(drawn.figure, stem, drawn.alt, drawn.title):
        say(str(path))


def _compare(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.planning.plans import one_plan, read_plans
    from synthesis.planning.progress import change_counts, compare_plans

    evidence = read_evidence(options.data)
    plans = [read_plans(place) for place in (options.first, options.second)]
    table = compare_plans(evidence, *plans)
    first, second = (f"{area}, {day:%Y-%m-%d}" for area, day in map(one_plan, plans))
    shown = ["item_id", "item", "first_stage", "second_stage", "change"]
    heads = {"first_stage": first, "second_stage": second, "item_id": "Row"}
    status = _show(options, evidence, table, f"{first}, beside {second}", shown, heads)
    for row in change_counts(table).itertuples():
        say(f"{row.change}: {row.n_items} of {row.of_items} items ({row.meaning}).")
    return status


def _next(options: argparse.Namespace) -> int:
    from synthesis.evidence.tables import read_evidence
    from synthesis.planning.next_steps import next_steps, open_items
    from synthesis.planning.plans import one_plan, read_plans

    if options.full and options.format != "text":
        raise CallError(f"--full is for text; --format {options.format} holds every recommendation anyhow.")
    evidence, plan = read_evidence(options.data), read_plans(options.plan)
    table = next_steps(evidence, plan, options.settled_from)
    area, day = one_plan(plan)
    missing = int(plan["stage"].isna().sum())
    say(f"{len(open_items(evidence, plan, options.settled_from))} of {len(plan)} items are answered and not settled. {missing} are not answered: nothing is said of them here.")  # fmt: skip
    shown = ["item", "stage", "evidence_id", "evidence", "confidence", "relation", "through", "reason", "status"]
    if options.format == "text":  # the step itself stands beside its first row alone
        if not options.full:
            table, shown = _findings_alone(table), [name if name != "through" else "behind" for name in shown]
        table["item"] = (table["item_id"] + ": " + table["item"]).where(~table.duplicated("item_id"), "")
        table["relation"] = table["relation"].where(table["through"].isna(), table["relation"] + " " + table["through"].fillna(""))  # fmt: skip
    return _show(options, evidence, table, f"Next steps of {area}, {day:%Y-%m-%d}: what bears on items not settled", shown, {"item": "Step or element", "evidence_id": "Id", "confidence": "Confidence in the finding", "behind": "Recommendations behind it"})  # fmt: skip


def _findings_alone(table: pd.DataFrame) -> pd.DataFrame:
    """Next steps without the recommendations, which are counted beside the finding by which they are reached."""
    said = table[table["kind"] == "recommendation"].groupby(["item_id", "through"]).size()
    kept = table[table["kind"] != "recommendation"].reset_index(drop=True)
    behind = [said.get(key, 0) for key in zip(kept["item_id"], kept["evidence_id"], strict=True)]
    return kept.assign(behind=[n if kind == "review_finding" else "" for n, kind in zip(behind, kept["kind"], strict=True)])  # fmt: skip


def _show(options: argparse.Namespace, evidence: Evidence, table: pd.DataFrame, caption: str, shown: list[str], headings: dict[str, str]) -> int:  # fmt: skip
    if "date" in table:
        table = table.assign(date=table["date"].dt.strftime("%Y-%m-%d"))
    return answer(options, evidence, table, caption, shown, headings, rests_on="crosswalk")
