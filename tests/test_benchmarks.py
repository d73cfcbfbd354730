"""The made-up evidence of the benchmarks is evidence: it passes the check and is the same every time. Nothing is timed here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from synthesis import check, read_evidence, theme_table

FOLDER = Path(__file__).parent / "benchmarks"
_spec = importlib.util.spec_from_file_location("generate_evidence", FOLDER / "generate_evidence.py")
assert _spec and _spec.loader
generate_evidence = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate_evidence)


def small(folder: Path) -> dict[str, int]:
    return generate_evidence.write_evidence_base(folder, codings=200, findings=60, studies=20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("made-up")
    small(made)
    return made


def test_the_small_version_passes_the_check_and_can_be_synthesised(folder):
    report = check(folder)
    assert [str(problem) for problem in report.problems if problem.code != "file-missing"] == []
    assert report.ok
    assert {name: report.tables[name] for name in ("codings", "findings", "studies")} == {"codings": 200, "findings": 60, "studies": 20}  # fmt: skip
    table = theme_table(read_evidence(folder))
    assert table.loc[table["level"] == "analytical", "n_findings"].gt(0).all()


def test_the_same_sizes_give_the_same_bytes(folder, tmp_path):
    small(tmp_path)
    made = sorted(path.relative_to(folder) for path in folder.rglob("*.csv"))
    assert made == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in made)


def test_more_codings_than_places_are_refused(tmp_path):
    with pytest.raises(ValueError, match="1 findings can carry 240 codings at most, not 241"):
        generate_evidence.write_evidence_base(tmp_path, codings=241, findings=1, studies=1)


def test_every_benchmark_is_named_in_their_readme():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    scripts = {path.name for path in FOLDER.glob("*.py")}
    assert "bench_read.py" in scripts
    assert {name for name in scripts if name not in text} == set()
