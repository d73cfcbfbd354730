"""What several test files need: the shipped evidence, read once, and copies of it with a table changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pandas as pd
import pytest
from plain import DATA

from synthesis.evidence.tables import Evidence, read_evidence
from synthesis.reports.figures import Drawn, make_figures


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    """The shipped evidence base. Tests change copies of it only."""
    return read_evidence(DATA)


@pytest.fixture(scope="session")
def drawn(evidence: Evidence) -> dict[str, Drawn]:
    """Every figure of the set, drawn once for all tests: looked at, saved, never changed."""
    return make_figures(evidence)


@pytest.fixture(scope="session")
def altered(evidence: Evidence) -> Callable[..., Evidence]:
    """``altered(studies=frame, ...)``: the shipped evidence with other tables in these places, unchecked."""

    def with_tables(**frames: pd.DataFrame) -> Evidence:
        return Evidence(evidence.folder, {**evidence.frames, **frames}, evidence.problems)

    return with_tables


def pytest_collection_modifyitems(config, items):
    """Tests marked `office` go through LibreOffice. Where it is not installed they are left out, and the summary says so."""
    if shutil.which("soffice"):
        return
    left_out = [item for item in items if item.get_closest_marker("office")]
    items[:] = [item for item in items if not item.get_closest_marker("office")]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter):
    if not shutil.which("soffice"):
        terminalreporter.write_line(
            "NOT run: the tests marked office, which need LibreOffice (apt-get install libreoffice-calc libreoffice-writer)."
        )
