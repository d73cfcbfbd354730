"""A local brief as one HTML page: no script, nothing fetched from elsewhere, readable on a phone, aloud and on paper."""

from __future__ import annotations

import base64

from synthesis.briefs.contents import FIGURE_COLUMNS, MEASURE_COLUMNS, Brief
from synthesis.evidence.addresses import reader_address
from synthesis.reports.display import templates


def brief_page(brief: Brief) -> str:
    """The brief as the text of one HTML file, with every row behind it and its address at the end."""
    words = brief.words.texts
    rows = brief.rows.astype(object).where(brief.rows.notna() & (brief.rows != "nan"), "")
    rows["address"] = rows["address"].map(reader_address)
    return (
        templates()
        .get_template("brief.html")
        .render(
            brief=brief,
            title=brief.said("title"),
            words=words,
            said=brief.said,
            figures=brief.figures[list(FIGURE_COLUMNS)].to_numpy().tolist(),
            measures=brief.measures[list(MEASURE_COLUMNS)].to_numpy().tolist(),
            measure_ids=brief.measures["measure_id"].tolist(),
            picture=base64.b64encode(brief.image.svg.encode("utf-8")).decode("ascii"),
            rows_heads=list(words["rows_heads"].values()),
            rows=rows[list(words["rows_heads"])].to_numpy().tolist(),
        )
    )
