"""The shape of the library: imports point one way, names are loaded late, the README's code runs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import synthesis

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "synthesis"

#: The rooms of the library from the ground up: a module may import from its own room and from rooms that stand before it.
ROOMS = [
    "evidence",
    "office",
    "numbers",
    "pooling",
    "review",
    "coding",
    "themes",
    "prevalence",
    "guidance",
    "planning",
    "drawing",
    "reports",
    "packs",
    "briefs",
    "commands",
]
FACE = {"__init__", "__main__", "build", "cli"}
MODULES = sorted(".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py"))


def imported(module: str) -> set[str]:
    """Modules of the package that a module imports, inside functions too."""
    tree = ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("synthesis."):
            inner = node.module.removeprefix("synthesis.")
            found |= {inner} if inner in MODULES else {f"{inner}.{alias.name}" for alias in node.names}
    return found & set(MODULES)


def room(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def test_every_module_stands_in_a_room():
    assert {room(module) for module in MODULES} == {*ROOMS, *FACE}


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) in ROOMS])
def test_imports_point_one_way(module):
    allowed = ROOMS[: ROOMS.index(room(module)) + 1]
    above = [other for other in imported(module) if room(other) not in allowed]
    assert not above, f"{module} imports {above}, which stand above it"


def test_no_modules_import_each_other_in_a_circle():
    graph = {module: imported(module) for module in MODULES if module != "__init__"}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


def test_the_two_lines_meet_only_in_what_compares_and_reports():
    lines = {"coding": "qualitative", "themes": "qualitative", "pooling": "quantitative", "prevalence": "quantitative"}
    for module in MODULES:
        for other in imported(module):
            if {room(module), room(other)} <= set(lines):
                assert lines[room(module)] == lines[room(other)], f"{module} imports {other}"


@pytest.mark.parametrize("name", sorted(set(dir(synthesis)) - {"__version__"}))
def test_every_public_name_is_there_and_explained(name):
    assert getattr(synthesis, name).__doc__


def test_an_unknown_name_is_an_ordinary_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = synthesis.nothing


def test_importing_the_package_loads_no_heavy_library():
    code = "import sys, synthesis; print(sorted({'pandas', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_the_python_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_the_commands_of_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"^\.venv/bin/synthesis (\w+)", text, re.MULTILINE))
    listed = subprocess.run(
        [sys.executable, "-m", "synthesis", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert commands
    assert all(re.search(rf"^    {command}\b", listed.stdout, re.MULTILINE) for command in commands)


def test_the_top_level_holds_few_files():
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.splitlines()
    top = {path for path in tracked if "/" not in path}
    assert len(top) <= 12, sorted(top)
