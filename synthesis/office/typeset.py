"""A page template and its data set by Typst: a tagged PDF (PDF/UA-1), the same bytes for the same data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import typst


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """The bytes of a PDF from ``templates/<template>.typ``, which reads `data` as JSON under the template's name.

    Letters are those of the figures (DejaVu Sans), so that a page looks the same on every machine.
    """
    return typst.compile(
        str(Path(__file__).parents[1] / "templates" / f"{template}.typ"),
        sys_inputs={template: json.dumps(data, ensure_ascii=False)},
        font_paths=[str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")],
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        timestamp=0,
    )
