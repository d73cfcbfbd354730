"""Every option of every command: it changes what is answered or written, or the call is refused; none is passed over."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from docx.enum.text import WD_COLOR_INDEX
from filled_plan import AREA, FilledPlan
from plain import DATA
from returned import FilledDocument, FilledSheet
from small import as_csv, read, small_base

from synthesis.build import Built
from synthesis.cli import _parser, main
from synthesis.evidence.schema import table
from synthesis.evidence.tables import Evidence, read_evidence
from synthesis.packs.contents import build_pack
from synthesis.packs.sheet import feedback_workbook
from synthesis.packs.word import pack_docx
from synthesis.planning.plans import store_plan
from synthesis.planning.reading import read_plan

POOL = "study,cases,people,place\na,3,40,north\nb,8,44,north\nc,0,20,south\nd,12,30,south\ne,7,90,south\n"
SHEET = ["coding-sheet", "--coder", "anna", "--out", "sheet.xlsx"]
APPRAISE = ["appraisal-sheet", "--appraiser", "anna", "--tool", "mmat_2018", "--out", "sheet.xlsx"]
READ = ["april.xlsx", "--into", "plans"]
FEBRUARY, MARCH = "plans/plan_exampleton_2025-02-01.csv", "plans/plan_exampleton_2025-03-01.csv"
FORM = ["form.csv", "--round", "round-1"]
#: Commands that write folders: what --force replaces there is tried in the tests of those folders.
FORCED = {"run", "plan progress", "brief", "pack"}
#: Command -> a call, and for each option what is added to it; or another call and what is added to that.
Tried = dict[str, tuple[list[str], dict[str, list[str] | tuple[list[str], list[str]]]]]
TRIED: Tried = {
    "check": ([], {}),
    "run": ([], {"--out": ["elsewhere"], "--notebooks": ["other"], "--save-notebooks": []}),
    "themes": ([], {"--coder": ["coder-1"]}),
    "codebook": ([], {"--history": [], "--out": ["book.html"], "--force": (["--out", "there.html"], [])}),
    "export": (
        SHEET,
        {
            "--coder": ["ben"],
            "--coders": (["disagreement-sheet", "--coders", "coder-1", "coder-2", "--out", "sheet.xlsx"], ["coder-2", "coder-1"]),
            "--appraiser": (APPRAISE, ["ben"]),
            "--tool": (APPRAISE, ["casp_qualitative"]),
            "--studies": ["ackerson2003"],
            "--parts": (APPRAISE, ["qualitative"]),
            "--assessor": (["confidence-sheet", "--assessor", "anna", "--out", "sheet.xlsx"], ["ben"]),
            "--out": ["other.xlsx"],
            "--force": ([*SHEET[:3], "--out", "there.xlsx"], []),
        },
    ),
    "import": (["judged.xlsx"], {"--check-only": []}),
    "agreement": ([], {"--coders": ["coder-1", "agreed"]}),
    "prevalence": ([], {"--indicator": ["parents_among_adults_with_psychosis_or_smi"], "--table": ["ranges"]}),
    "areas": ([], {"--table": ["totals"], "--factor": ["child_mental_health"], "--level": ["country"], "--year": (["--table", "estimates"], ["2018"])}),
    "pool": (
        ["pool.csv", "--events", "cases", "--totals", "people"],
        {
            "--events": ["people"], "--totals": ["cases"], "--by": ["place"], "--model": ["beta-binomial"], "--effects": ["common"],
            "--transform": ["arcsine"], "--tau2": ["dl"], "--interval": ["wald"], "--prediction": ["none"], "--continuity-to": ["all"],
            "--tau2-interval": ["none"], "--back-transformation": ["plain"], "--continuity": ["0.1"], "--level": ["0.9"],
        },
    ),
    "plan new": (
        ["--area", AREA, "--stages", "no,yes", "--out", "new.xlsx"],
        {"--area": ["Elsewhere"], "--stages": ["no,partly,yes"], "--from": [MARCH], "--out": ["newer.xlsx"],
         "--force": (["--area", AREA, "--stages", "no,yes", "--out", "there.xlsx"], [])},
    ),
    "plan read": (
        READ,
        {"--into": ["elsewhere"], "--date": (["undated.xlsx", "--into", "plans"], ["2025-04-01"]), "--check-only": [],
         "--replace": (["changed.xlsx", "--into", "plans"], []), "--blank-flagged": (["flagged.xlsx", "--into", "plans"], []),
         "--accept-flagged": (["flagged.xlsx", "--into", "plans"], ["A made-up address."])},
    ),
    "plan progress": ([MARCH], {"--by-domain": [], "--figure": ["drawn"]}),
    "plan compare": ([FEBRUARY, MARCH], {}),
    "plan next": ([MARCH], {"--settled-from": ["planned"], "--full": []}),
    "brief": (
        ["--list"],
        {"--area": (["--area", "E10000007"], ["E10000013"]), "--list": (["--area", "E10000007"], []), "--region": ["East Midlands"],
         "--out": (["--area", "E10000007"], ["elsewhere"])},
    ),
    "confidence": ([], {"--table": ["profile"]}),
    "trace": (["T1"], {}),
    "flow": ([], {}),
    "pack": (["--themes", "T1", "T2"], {"--audience": ["practitioner"], "--themes": ["T2", "T1"], "--last": ["T1"], "--final": [], "--round": ["round-9"], "--out": ["elsewhere"]}),
    "feedback": (
        FORM,
        {"--round": ["round-2"], "--group": (["groupless.csv", "--round", "round-1"], ["other-group"]),
         "--role": (["roleless.csv", "--round", "round-1"], ["practitioner"]), "--copy": ["2"],
         "--blank-flagged": (["flagged.csv", "--round", "round-1"], []),
         "--accept-flagged": (["flagged.csv", "--round", "round-1"], ["A made-up address."]),
         "--take-marked": (["marked.docx", "--round", "round-1"], []), "--leave-marked": (["marked.docx", "--round", "round-1"], []),
         "--check-only": []},
    ),
    "checklist": (["gripp2"], {}),
}  # fmt: skip
#: Calls with an option that would have nothing to do, and what is said.
REFUSED = [
    ("export", [*SHEET, "--tool", "mmat_2018"], "A coding-sheet takes no --tool; its options: --coder, --studies."),
    ("export", [*APPRAISE, "--coder", "anna"], "An appraisal-sheet takes no --coder"),
    ("export", ["confidence-sheet", "--assessor", "anna", "--studies", "x", "--out", "s.xlsx"], "takes no --studies"),
    ("export", ["confidence-settlement", "--tool", "x", "--parts", "y", "--out", "s.xlsx"], "takes no --tool and no --parts; its options: none of its own."),
    ("codebook", ["--history", "--out", "book.html"], "--out writes the page of the codebook and takes no --history"),
    ("codebook", ["--format", "csv", "--out", "book.html"], "takes no --format"),
    ("codebook", ["--force"], "--force is for --out"),
    ("run", ["--save-notebooks", "--notebooks", "plans"], "there are no notebooks in plans"),
    ("plan next", [MARCH, "--full", "--format", "csv"], "--full is for text"),
    ("pack", ["--themes", "T2", "--last", "T1"], "--last names T1, which is not among the themes asked about"),
    ("brief", ["--list", "--out", "x"], "--list takes no --out"),
    ("brief", ["--area", "E10000007", "--region", "East Midlands"], "--area takes no --region"),
    ("areas", ["--table", "totals", "--year", "2018"], "--table totals takes no --year"),
    ("prevalence", ["--table", "associations", "--indicator", "x"], "takes no --indicator"),
]  # fmt: skip
#: Options of `pool` that another option leaves without effect: the answer says so.
SAID = [
    (["--continuity-to", "all", "--model", "glmm"], "--continuity-to has no effect: glmm is fitted to the counts"),
    (["--back-transformation", "plain", "--transform", "log"], "--back-transformation has no effect: it is for the double"),
    (["--tau2-interval", "none", "--effects", "common"], "--tau2-interval has no effect: no tau² is estimated"),
    (["--continuity", "1", "--transform", "arcsine"], "--continuity has no effect: the arcsine needs no"),
    (["--continuity", "1", "--continuity-to", "none"], "--continuity has no effect: no study receives"),
]  # fmt: skip


def options_of(parser: argparse.ArgumentParser, path: str = "") -> dict[str, list[str]]:
    """Options of every command, by its name."""
    inner = next((each for each in parser._actions if isinstance(each, argparse._SubParsersAction)), None)
    if inner is None:
        return {
            path: [each.option_strings[-1] for each in parser._actions if each.option_strings and each.dest != "help"]
        }
    return {
        name: options
        for word, each in inner.choices.items()
        for name, options in options_of(each, f"{path} {word}".strip()).items()
    }


OPTIONS = options_of(_parser())
EVERY = [
    (command, option)
    for command, options in OPTIONS.items()
    for option in options
    if option != "--force" or command not in FORCED
]


def more_of_it(base: Path) -> None:
    """Two people, every item of the planning tool, and the official statistics of a few areas."""
    for name in ("guide_items", "planning_readings"):
        shutil.copy(DATA / table(name).file, base / table(name).file)
    header, *rows = read(DATA / table("official_statistics").file)
    code = header.index("area_code")
    rows = [row for row in rows if row[code] in ("E92000001", "E10000007", "E10000013") or row[code].startswith("E12")]
    (base / table("official_statistics").file).write_bytes(as_csv([header, *rows]))
    path = base / table("coders").file
    people = "".join(f"{name},person,Judges,coder-1,2,yes,\n" for name in ("anna", "ben"))
    path.write_text(path.read_text(encoding="utf-8") + people, encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with an evidence base and everything that a command could be asked to read."""
    home = tmp_path_factory.mktemp("home")
    more_of_it(small_base(home / "data"))
    base = read_evidence(home / "data")
    (home / "pool.csv").write_text(POOL, encoding="utf-8")
    for name in ("there.html", "there.xlsx"):
        (home / name).write_text("filled in already", encoding="utf-8")
    for name in ("notebooks", "other"):
        (home / name).mkdir()
        (home / name / "00_index.ipynb").write_text("{}", encoding="utf-8")
    _plans(home, base)
    _forms(home, base)
    main(["export", "confidence-sheet", "--assessor", "anna", "--out", str(home / "judged.xlsx"), "--data", str(home / "data")])  # fmt: skip
    return home


def _plans(home: Path, base: Evidence) -> None:
    (home / "plans").mkdir()
    item = FilledPlan(base).sheet.cell(3, 1).value
    for day, stage in (("2025-02-01", "not started"), ("2025-03-01", "planned")):
        sheet = FilledPlan(base).on(day).put(item, stage).saved(home / "stored.xlsx")
        store_plan(read_plan(base, sheet).table, home / "plans")
    FilledPlan(base).on("2025-04-01").put(item, "planned").saved(home / "april.xlsx")
    FilledPlan(base).put(item, "planned").saved(home / "undated.xlsx")
    FilledPlan(base).on("2025-03-01").put(item, "begun").saved(home / "changed.xlsx")
    FilledPlan(base).on("2025-06-01").put(item, "begun", "Write to someone@example.org").saved(home / "flagged.xlsx")


def _forms(home: Path, base: Evidence) -> None:
    pack = build_pack(base)

    def form(name: str, words: str = "It fits.", group: str = "garden-group", **who: str) -> None:
        FilledSheet(feedback_workbook(pack)).who(group, **who).put("T1 · fits", "yes", words).as_csv(home / name)

    form("form.csv", role="parent")
    form("groupless.csv", group="", role="parent")
    form("roleless.csv", role="")
    form("flagged.csv", "Write to someone@example.org", role="parent")
    marked = FilledDocument(pack_docx(pack)).who()
    answer = next(run for run in marked.row("T1", "fits").cells[1].paragraphs[0].runs if run.text.strip() == "yes")
    answer.font.highlight_color = WD_COLOR_INDEX.YELLOW
    marked.saved(home / "marked.docx")


Outcome = tuple[int, str, str, dict[str, bytes]]
Ask = Callable[[str, list[str]], Outcome]


@pytest.fixture(scope="module")
def light(home):
    """What commands read and write again and again is read once, and written as a line; both are looked at elsewhere."""
    held = read_evidence(home / "data")

    def line(folder: str | Path, name: str, said: object) -> Path:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / name).write_text(str(said), encoding="utf-8")
        return Path(folder) / name

    def read_once(folder: str | Path) -> Evidence:
        return replace(held, folder=Path(folder)) if str(folder) == "data" else read_evidence(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synthesis.evidence.tables.read_evidence", read_once)
        patch.setattr(
            "synthesis.build.run", lambda data, out, *more: Built(line(out, "index.html", (data, *more[:2])), 0, 0, 0)
        )
        patch.setattr(
            "synthesis.packs.folder.pack_contents", lambda evidence, *packs: {"pack.html": str(packs).encode()}
        )
        patch.setattr(
            "synthesis.briefs.folder.write_briefs",
            lambda evidence, areas, out, force: line(out, "brief.html", areas) and [],
        )
        yield


@pytest.fixture
def ask(home, light, tmp_path, capsys, monkeypatch) -> Ask:
    """Run a command in a folder of its own; gives exit status, what was printed, and the files that it made or changed.

    Files are linked, not copied: whatever is written takes the place of a file and never changes it.
    """

    def run(command: str, arguments: list[str]) -> Outcome:
        folder = Path(shutil.copytree(home, tmp_path / f"call-{len(list(tmp_path.iterdir()))}", copy_function=os.link))
        monkeypatch.chdir(folder)
        try:
            status = main([*command.split(), *arguments])
        except SystemExit as ended:  # a call that the program does not understand
            status = int(ended.code or 0)
        printed = capsys.readouterr()
        after = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        kept = {name for name in after if (home / name).is_file() and (home / name).read_bytes() == after[name]}
        return status, printed.out, printed.err, {name: after[name] for name in set(after) - kept}

    return run


@pytest.fixture(scope="module")
def known() -> dict[str, Outcome]:
    """Outcomes of calls without the option under test."""
    return {}


def test_every_command_is_tried_and_no_option_is_left_out():
    assert set(TRIED) == set(OPTIONS)
    for command, options in OPTIONS.items():
        assert (
            {*TRIED[command][1], "--data", "--format", *(["--force"] if command in FORCED else [])}
            >= set(options)
            >= set(TRIED[command][1])
        ), command


@pytest.mark.parametrize(("command", "option"), EVERY, ids=lambda each: each)
def test_the_option_changes_what_is_answered_or_written(ask, known, command, option):
    call, options = TRIED[command]
    more = options.get(option, {"--data": ["no-such-folder"], "--format": ["json"]}.get(option, []))
    if isinstance(more, tuple):
        call, more = more
    asked = " ".join([command, *call])
    if asked not in known:
        known[asked] = ask(command, call)
    outcome = ask(command, [*call, option, *more])
    assert outcome != known[asked]
    assert "usage:" not in outcome[2] or option == "--list", "the call was not understood"


@pytest.mark.parametrize(
    ("command", "arguments", "said"), REFUSED, ids=lambda each: " ".join(each) if isinstance(each, list) else each
)
def test_an_option_without_anything_to_do_is_refused_and_nothing_is_written(ask, command, arguments, said):
    status, out, err, made = ask(command, arguments)
    assert (status, out, made) == (2, "", {})
    assert said in err


@pytest.mark.parametrize(("more", "said"), SAID, ids=lambda each: " ".join(each) if isinstance(each, list) else "")
def test_an_option_of_pool_without_effect_is_said_to_have_none(ask, more, said):
    status, _, err, _ = ask("pool", [*TRIED["pool"][0], *more])
    assert status == 0
    assert said in err
