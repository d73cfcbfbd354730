"""What a newcomer's first two commands rest on: the environment files say one thing, and say it once."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import synthesis

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "synthesis"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
EXTRAS = PROJECT["project"]["optional-dependencies"]
EVERYDAY = [*PROJECT["project"]["dependencies"], *EXTRAS["notebooks"], *EXTRAS["scale"], *EXTRAS["test"]]
LOCKS = {"requirements.lock": EVERYDAY, "requirements-lab.lock": [*EVERYDAY, *EXTRAS["lab"]]}


def pins(lock: str) -> list[Requirement]:
    """Every pinned line of a lock, without its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [Requirement(line.split(" --hash=")[0]) for line in text.splitlines()]


def versions(lock: str) -> dict[str, set[str]]:
    """Package to its pinned versions: a few packages have one for Python 3.11 and one for later Pythons."""
    found: dict[str, set[str]] = {}
    for pin in pins(lock):
        (specifier,) = pin.specifier
        found.setdefault(canonicalize_name(pin.name), set()).add(specifier.version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked_at_a_version_it_accepts(lock: str) -> None:
    locked = versions(lock)
    for requirement in map(Requirement, LOCKS[lock]):
        assert canonicalize_name(requirement.name) in locked, f"{lock} lacks {requirement.name}: make lock"
        for version in locked[canonicalize_name(requirement.name)]:
            assert version in requirement.specifier, f"{lock} has {version}, not {requirement}: make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_and_hashes_every_line_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert all(str(pin.specifier).startswith("==") and pin.url is None for pin in pins(lock))
    assert all("--hash=sha256:" in line for line in text.replace("\\\n", " ").splitlines())
    assert "/" not in text, "a path or an address"
    assert set(re.findall(r"--[a-z-]+", text)) == {"--hash"}, "an option that can name an index"


def test_the_two_locks_agree() -> None:
    everyday, lab = versions("requirements.lock"), versions("requirements-lab.lock")
    assert everyday == {name: lab.get(name) for name in everyday}


def test_every_extra_is_locked() -> None:
    assert set(EXTRAS) == {"notebooks", "scale", "test", "lab"}, "a new extra must join LOCKS and `make lock`"


def test_environment_yml_asks_for_the_lock_and_the_project_and_writes_no_version_again() -> None:
    *from_conda, from_pip = ENVIRONMENT["dependencies"]
    # pip refuses a folder beside hashed pins, so the file's first lines give the project's own command.
    assert from_pip == {"pip": ["-r requirements.lock"]}
    assert "pip install --no-deps -e ." in (ROOT / "environment.yml").read_text(encoding="utf-8")
    (python,) = [line for line in from_conda if line.startswith("python")]
    assert sorted({*from_conda} - {python}) == ["make", "pip"]


def test_everything_means_the_same_python() -> None:
    conda = next(line for line in ENVIRONMENT["dependencies"] if str(line).startswith("python="))
    python = conda.removeprefix("python=")
    assert PROJECT["project"]["requires-python"] == f">={python}"
    assert PROJECT["tool"]["mypy"]["python_version"] == python
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + python.replace(".", "")
    assert f"--python-version {python} " in MAKEFILE
    assert f"sys.version_info < ({python.replace('.', ', ')})" in MAKEFILE


def test_the_version_is_the_same_wherever_it_must_stand() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["project"]["version"] == synthesis.__version__
    assert citation["license"] == PROJECT["project"]["license"]


def test_the_distribution_has_a_name_of_its_own_and_gives_the_import_and_the_command_called_synthesis() -> None:
    # `synthesis` on the registry is another project, which an upgrade would install over this one.
    assert PROJECT["project"]["name"] == ENVIRONMENT["name"] == "evidence-synthesis-toolkit"
    assert PROJECT["project"]["scripts"] == {"synthesis": "synthesis.cli:main"}
    assert PROJECT["tool"]["setuptools"]["packages"]["find"]["include"] == ["synthesis*"]
    told = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "notebooks").glob("*.ipynb"))]
    assert not [text for text in told if re.search(r"pip install (-\S+ )*synthesis\b", text)]


def test_continuous_integration_runs_lint_then_the_tests_then_the_main_job() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    called = re.findall(r"^make (\w+)$", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert called == ["lint", "test", "synthesis"]


def test_every_make_target_that_the_readme_names_exists_and_is_in_make_help() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", readme, flags=re.DOTALL))
    named = set(re.findall(r"\bmake ([a-z]+)", re.sub(r"#.*", "", code)))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^make ([a-z]+)", shown, flags=re.MULTILINE))
    assert {"synthesis", "test"} <= named
    assert named <= targets, f"the Makefile has no {sorted(named - targets)}"


def test_no_typst_is_accepted_that_cannot_set_a_pdf() -> None:
    (typst,) = [each for each in map(Requirement, EVERYDAY) if each.name == "typst"]
    # typst.compile knows `timestamp` since 0.15: with 0.14.9 every pack and brief ended in a TypeError.
    assert "0.14.9" not in typst.specifier and "0.15.0" in typst.specifier


def test_a_package_that_is_built_holds_every_file_that_is_no_module() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["synthesis"]
    held = {file for pattern in patterns for file in PACKAGE.glob(pattern)}
    others = {
        file
        for file in PACKAGE.rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"} and not file.name.startswith(".")
    }
    assert PACKAGE / "evidence" / "schema.toml" in others
    left_out = sorted(str(file.relative_to(PACKAGE)) for file in others - held)
    assert not left_out, f"pyproject.toml leaves out {left_out}"


def test_the_package_says_that_its_types_may_be_trusted() -> None:
    # PEP 561: without the marker a type checker takes all that comes from an installed package for Any.
    assert (PACKAGE / "py.typed").read_bytes() == b""
    assert "py.typed" in PROJECT["tool"]["setuptools"]["package-data"]["synthesis"]
