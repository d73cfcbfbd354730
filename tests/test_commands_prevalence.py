"""The commands `prevalence --table` and `areas`: they print what the functions give, and say what they cannot do."""

from __future__ import annotations

import json

import pytest
from plain import DATA

from synthesis import area_trend, association_table, certainty_prompts, estimate_ranges, refusal_table, status_line
from synthesis.cli import main
from synthesis.commands.prevalence import _AREAS, _TABLES
from synthesis.evidence import tables


@pytest.fixture(autouse=True)
def read_once(evidence, monkeypatch):
    """The shipped evidence, without reading it anew for each call."""
    monkeypatch.setattr(tables, "read_evidence", lambda folder: evidence)


def printed(capsys, *arguments: str):
    assert main([*arguments, "--data", str(DATA), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("table", _TABLES)
def test_every_table_of_prevalence_prints_as_text_with_the_status_line(capsys, evidence, table):
    more = ["--indicator", "mbu_separation_at_discharge"] if _TABLES[table][3] == "must" else []
    assert main(["prevalence", "--data", str(DATA), "--table", table, *more]) == 0
    said = capsys.readouterr().out
    rests_on = "association_table" if table == "associations" else "prevalence"
    assert said.startswith(_TABLES[table][1]) and status_line(evidence, rests_on) in said.splitlines()[-1]


@pytest.mark.parametrize("table", _AREAS)
def test_every_table_of_areas_prints_as_text_with_the_status_line(capsys, evidence, table):
    assert main(["areas", "--data", str(DATA), "--table", table]) == 0
    said = capsys.readouterr().out
    assert said.startswith(_AREAS[table][1]) and status_line(evidence, "official_statistics") in said.splitlines()[-1]


def test_what_is_printed_is_what_the_function_gives(capsys, evidence):
    pairs = [
        (["--table", "ranges"], estimate_ranges(evidence)),
        (["--table", "associations"], association_table(evidence)),
        (["--table", "refusals", "--indicator", "custody_loss_mothers_smi"], refusal_table(evidence, "custody_loss_mothers_smi")),
        (["--table", "prompts", "--indicator", "custody_loss_mothers_smi"], certainty_prompts(evidence, "custody_loss_mothers_smi")),
    ]  # fmt: skip
    for arguments, table in pairs:
        assert printed(capsys, "prevalence", *arguments) == json.loads(table.to_json(orient="records", double_precision=15))  # fmt: skip
    trend = area_trend(evidence, level="region")
    assert [row["slope"] for row in printed(capsys, "areas", "--table", "trend", "--level", "region")] == pytest.approx(trend["slope"].tolist())  # fmt: skip


def test_one_indicator_is_kept_and_an_unknown_one_refused(capsys):
    rows = printed(capsys, "prevalence", "--table", "published", "--indicator", "paternal_perinatal_depression")
    assert rows and {row["indicator_id"] for row in rows} == {"paternal_perinatal_depression"}
    for table in ("ranges", "refusals", "prompts"):
        assert main(["prevalence", "--data", str(DATA), "--table", table, "--indicator", "nothing"]) == 2
        assert "There is no indicator 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["prevalence", "--table", "prompts"], "--table prompts needs --indicator."),
        (["prevalence", "--table", "associations", "--indicator", "x"], "--table associations takes no --indicator."),
        (
            ["areas", "--table", "ranks", "--year", "2024", "--level", "region"],
            "--table ranks takes no --level, --year.",
        ),
    ],
)
def test_options_that_do_not_go_together_are_a_wrong_call(capsys, arguments, said):
    assert main([*arguments, "--data", str(DATA)]) == 2
    assert said in capsys.readouterr().err


def test_counts_worked_out_from_a_percent_are_marked_as_text_and_plain_numbers_for_programs(capsys, evidence):
    asked = ["prevalence", "--indicator", "mbu_separation_at_discharge"]
    assert main([*asked, "--data", str(DATA)]) == 0
    said = capsys.readouterr().out
    derived = [row for row in printed(capsys, *asked) if str(row["derived"]).startswith("numerator_from_percent")]
    assert derived and said.count("≈") == len(derived) + 1
    assert all(f"≈{row['numerator']:,}" in said for row in derived)
    assert "≈ worked out from the printed percent." in said


def test_one_indicator_says_why_it_is_not_pooled_and_which_rows_are_left_out(capsys):
    """The text answer once showed the rows and kept the reason to the programs that read JSON."""
    assert main(["prevalence", "--indicator", "mbu_separation_at_discharge", "--data", str(DATA)]) == 0
    said = capsys.readouterr().out
    assert "Not pooled:\n- a pooled line needs at least 3 samples; there are 2\n" in said
    assert "- Poinso 2002 (Poinso2002-01): Counts consecutive joint admissions and not women" in said
    assert main(["prevalence", "--indicator", "parental_mh_care_proceedings", "--data", str(DATA)]) == 0
    said = capsys.readouterr().out
    assert (
        "- what is counted differs: a court matter or case (Llewellyn2003-psych); " in said and "Left out" not in said
    )
    assert main(["prevalence", "--indicator", "parents_among_adults_with_psychosis_or_smi", "--data", str(DATA)]) == 0
    said = capsys.readouterr().out
    assert "Not pooled" not in said and "Left out:\n- McGrath 1999 (McGrath1999-01): Not the preferred report" in said
