"""The one-page brief: one page for any authority, every sentence from a row with a source, the same in all three forms."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from dataclasses import replace

import docx
import lxml.html
import pandas as pd
import pytest
from accessible import docx_faults, page_faults, pdf_faults, pdf_text

from synthesis import area_list, crosswalk_table, local_picture, summary_of_findings, which_measure
from synthesis.briefs.contents import FIGURE_COLUMNS, brief_status, local_brief, prepare
from synthesis.briefs.folder import FORMS, brief_contents, write_briefs
from synthesis.briefs.pages import brief_page
from synthesis.briefs.parts import BACKED, brief_words
from synthesis.briefs.pdf import SIZES, brief_pdf, fitted
from synthesis.briefs.word import brief_docx
from synthesis.cli import main
from synthesis.drawing.canvas import plotted
from synthesis.drawing.local import local_alt, local_plot
from synthesis.evidence.schema import CallError, SynthesisError, vocabularies

#: Ordinary; suppressed; none like it; failed return; steps and contradictions; the longest name.
SAMPLE = (
    "Birmingham", "City of London", "Isles of Scilly", "West Sussex", "Derbyshire", "Bournemouth, Christchurch and Poole",
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared(evidence):
    return prepare(evidence)


@pytest.fixture(scope="module")
def briefs(evidence, prepared):
    return {name: local_brief(evidence, name, prepared) for name in SAMPLE}


@pytest.fixture(scope="module")
def printed(briefs):
    return {name: fitted(brief) for name, brief in briefs.items()}


def text_of(page: str) -> str:
    return " ".join(lxml.html.document_fromstring(page).text_content().split())


# ---------------------------------------------------------------- what it says


def test_the_figures_are_those_of_the_local_picture(evidence, briefs, prepared):
    brief = briefs["Birmingham"]
    own = local_picture(evidence, "Birmingham", prepared.official).query("place == 'own'").iloc[0]
    row = brief.figures.iloc[0]
    assert row["count"] == f"{own['episodes_with_factor']:,}" == "2,839"
    assert row["percent"] == f"{own['percent']:.1f} ({own['ci_low']:.1f}–{own['ci_high']:.1f})"
    assert row["rank"] == f"{own['rank_low']}–{own['rank_high']} of {own['n_ranked']}"
    assert row["change"].startswith("+7.4 (") and row["since"] == "2018"
    assert list(brief.figures.columns) == list(FIGURE_COLUMNS)
    assert "7,118 assessed episodes" in brief.figures_caption


def test_what_is_not_there_is_a_word_and_never_a_number(briefs):
    city = briefs["City of London"].figures.set_index("factor")
    assert list(city.loc["Mental health", ["count", "percent", "pooled", "change", "rank"]]) == ["withheld", "no figure", "none", "none comparable", "none"]  # fmt: skip
    assert city.at["Alcohol misuse", "count"] == "0", "a reported zero stays one"
    for brief in briefs.values():
        assert not brief.figures.apply(lambda column: column.str.contains("nan|NA", regex=True)).any(axis=None)


def test_every_reservation_of_the_area_stands_on_its_page(evidence, briefs):
    said = " ".join(each.text for each in briefs["Derbyshire"].notes)
    assert "Figures step further than chance" in said and "427 of 7975" in said
    for name in ("Derbyshire", "Isles of Scilly"):
        page = text_of(brief_page(briefs[name]))
        assert all(" ".join(each.text.split()) in page for each in briefs[name].notes), name


def test_prevalence_is_a_range_unless_a_mean_describes_its_settings(briefs, prepared):
    lines = {each.ids[0]: each.text for each in briefs["Birmingham"].prevalence}
    assert list(lines) == brief_words().texts["indicators"]
    assert "37 % (3 estimates, 35 to 39 %; a further setting 28 to 46 %)" in lines["parents_among_adults_with_psychosis_or_smi"]  # fmt: skip
    assert "7 to 39 % (6 estimates of 5 sources)" in lines["children_with_parent_with_mental_illness"]
    assert re.search(r"3 to 50 % \(13 estimates\)", lines["maternal_perinatal_depression"])
    rows = prepared.common.estimates
    assert len(rows) == 40 and set(rows["line"]) == set(lines)
    uk = rows["country"].fillna("").map(lambda each: "GB" in each.split(";")).sum()
    assert f"{uk} of {len(rows)} estimates are from the United Kingdom" in briefs["Birmingham"].prevalence_rule


def test_themes_count_their_statements_by_confidence_and_leave_out_what_is_not_published(evidence, briefs):
    brief, summary = briefs["Birmingham"], summary_of_findings(evidence)
    assert [each.id for each in brief.shown_themes] == ["T1", "T2", "T3", "T4"]
    assert "Left out: T5" in brief.themes_rule
    for theme in brief.shown_themes:
        own = summary[summary["theme_id"] == theme.id]["confidence"].value_counts()
        said = ", ".join(f"{own[level]} {level.replace('_', ' ')}" for level in vocabularies()["confidence_level"] if level in own)  # fmt: skip
        assert theme.levels == f"{own.sum()} statements: {said}"


def test_steps_and_recommendations_match_by_a_judged_link_alone(evidence, briefs):
    links = crosswalk_table(evidence, from_kind="review_finding")
    of_theme = evidence.review_findings.set_index("review_finding_id")["theme_id"]
    links["theme"] = links["from_id"].map(of_theme)
    against = set(links.loc[links["relation"] == "contradicts", "to_id"])
    shown = []
    for theme in briefs["Birmingham"].themes:
        own = links[(links["theme"] == theme.id) & (links["to_kind"] == "step")]
        backed = set(own.loc[own["relation"].isin(BACKED), "to_id"])
        assert {step.ids[0] for step in theme.steps} == backed
        assert set(theme.partly) == set(own.loc[own["relation"] == "partly", "to_id"]) - backed
        best = theme.recommendation.ids[0]
        counts = links[(links["theme"] == theme.id) & (links["to_kind"] == "recommendation") & links["relation"].isin(BACKED)]  # fmt: skip
        counts = counts[~counts["to_id"].isin({*against, *shown})].groupby("to_id")["from_id"].nunique()
        assert counts[best] == counts.max()
        shown.append(best)
    assert len(set(shown)) == len(shown), "each recommendation stands once"


def test_measures_say_what_is_not_known(evidence, briefs):
    known = which_measure(evidence).set_index("measure_id")
    shown = briefs["Birmingham"].measures.set_index("measure_id")
    assert list(shown.index) == brief_words().texts["measures"]
    for each in shown.index:
        assert (shown.at[each, "use"] == "–") == pd.isna(known.at[each, "free_to_use"])
        assert (shown.at[each, "minutes"] == "–") == pd.isna(known.at[each, "minutes"])
        assert ("consistency" in shown.at[each, "unknown"]) == pd.isna(known.at[each, "alpha_as_reported"])
    assert shown.at["MS009", "unknown"] == "nothing"


def test_national_figures_come_with_their_caveats(briefs):
    said = " ".join(each.text for each in briefs["Birmingham"].national)
    assert "almost one in eight (2018). Note: Later official figures read here are 12 %" in said
    assert "2.4 (2020)" in said and "3.6 (2020)" in said
    assert said.count("The official series covers Great Britain") == 1, "one caveat of two figures is said once"


def test_every_sentence_shown_is_one_of_a_row_that_the_page_lists(briefs, prepared):
    brief = briefs["West Sussex"]
    rows = brief.rows.set_index("row_id")
    for line in (*(step for theme in brief.themes for step in theme.steps), *(theme.recommendation for theme in brief.themes)):  # fmt: skip
        assert line.text == rows.at[line.ids[0], "says"]
    for theme in brief.themes:
        assert theme.plain == rows.at[theme.id, "says"]
        assert {*theme.finding_ids, *theme.partly} <= set(rows.index)
    assert {each for line in brief.national for each in line.ids} <= set(rows.index)
    assert {each for note in brief.notes for each in note.ids} <= set(rows.index)
    assert set(brief.measures["measure_id"]) <= set(rows.index)
    assert set(prepared.common.estimates["estimate_id"]) <= set(rows.index)


def test_every_row_listed_is_in_its_table_and_has_an_address_where_one_is_recorded(evidence, briefs):
    rows = briefs["Birmingham"].rows
    keys = {"estimates": "estimate_id", "review_findings": "review_finding_id", "themes": "theme_id", "guide_items": "item_id",
            "recommendations": "recommendation_id", "measures": "measure_id", "discrepancies": "discrepancy_id"}  # fmt: skip
    for table, own in rows.groupby("table"):
        if table == "official_statistics":
            known = evidence[table]
            ids = set(known["year"].astype("str") + "/" + known["area_code"] + "/" + known["factor"])
        else:
            ids = {
                *evidence[table][keys[table]],
                *(evidence.guide_items["item_id"] if table == "recommendations" else ()),
            }
        assert set(own["row_id"]) <= ids, table
        if table in ("official_statistics", "recommendations", "measures"):
            assert own["address"].str.startswith("http").all()
    assert rows.loc[rows["table"] == "estimates", "date_read"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()


def test_it_says_that_it_is_provisional_and_by_how_much(evidence, briefs, altered):
    n = len(evidence.crosswalk)
    assert f"{n} of {n} links" in briefs["Birmingham"].status and briefs["Birmingham"].status.startswith("Provisional.")
    agreed = altered(
        coders=evidence.coders.assign(provisional=False),
        confidence=evidence.confidence.assign(status="confirmed"),
        crosswalk=evidence.crosswalk.assign(status="confirmed"),
    )
    assert brief_status(agreed, brief_words()).startswith("Reviewers have confirmed")


# ---------------------------------------------------------------- the picture


def test_the_picture_says_its_figures_and_shows_no_dot_where_there_is_none(briefs):
    picture = briefs["City of London"].picture
    alt = local_alt(picture)
    assert "mental health no figure here, England 33.5%" in alt and "alcohol misuse 0.0%" in alt
    ax = local_plot(picture)
    assert plotted(ax)["percent"].notna().sum() == picture["percent"].notna().sum()
    legend = [each.get_text() for each in ax.get_legend().get_texts()]
    assert "similar, low to high" not in legend, "nothing like it is drawn"
    assert len(ax.patches) == 0
    assert "similar, low to high" in [each.get_text() for each in local_plot(briefs["Birmingham"].picture).get_legend().get_texts()]  # fmt: skip


# ---------------------------------------------------------------- the forms


@pytest.mark.parametrize("name", SAMPLE)
def test_a_pdf_is_one_tagged_page_in_letters_that_can_be_read(printed, name):
    pdf, size = printed[name]
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert size >= SIZES[-1]
    assert pdf_faults(pdf) == []
    text = pdf_text(pdf)
    assert len(re.findall(r"/S\s*/Figure\b", text)) == 1 and re.search(r"/Alt\s*[(<]", text)
    assert len(re.findall(r"/S\s*/Table\b", text)) == 3 and re.search(r"/S\s*/TH\b", text)
    assert {"RC015", "MS009"} <= set(re.findall(r"[A-Z]{2}\d{3}", text)) or re.search(r"/URI\s*\(https?:", text)


@pytest.mark.parametrize("name", ("Birmingham", "City of London", "Derbyshire"))
def test_a_page_and_a_document_can_be_read_aloud(briefs, name):
    assert page_faults(brief_page(briefs[name])) == []
    assert docx_faults(brief_docx(briefs[name])) == []


def test_the_three_forms_say_the_same(briefs):
    brief = briefs["West Sussex"]
    document = docx.Document(io.BytesIO(brief_docx(brief)))
    written = " ".join([each.text for each in document.paragraphs] + [cell.text for table in document.tables for cell in table._cells])  # fmt: skip
    page = text_of(brief_page(brief))
    lines = [brief.status, *(each.text for each in (*brief.notes, *brief.prevalence, *brief.national)), *brief.words.texts["limits"]]  # fmt: skip
    lines += [line.text for theme in brief.shown_themes for line in (*theme.steps, theme.recommendation)]
    lines += [cell for row in brief.figures.to_numpy() for cell in row]
    for form in (written, page):
        assert [line for line in lines if " ".join(line.split()) not in " ".join(form.split())] == []


def test_the_same_brief_is_the_same_bytes(evidence, briefs, prepared):
    again = local_brief(evidence, "Birmingham", prepared)
    assert brief_contents(again) == brief_contents(briefs["Birmingham"])


def test_what_does_not_fit_on_a_page_is_refused_and_not_cut(briefs):
    long = replace(briefs["Derbyshire"], notes=briefs["Derbyshire"].notes * 9)
    with pytest.raises(SynthesisError, match="does not fit on one page in letters of"):
        brief_pdf(long)


@pytest.mark.office
def test_the_document_is_one_page_in_an_office_program(briefs, printed, tmp_path):
    files = []
    for name in ("Birmingham", "Derbyshire"):
        files.append(tmp_path / f"{name}.docx")
        files[-1].write_bytes(brief_docx(briefs[name], printed[name][1]))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), *map(str, files)], check=True, capture_output=True, timeout=120)  # fmt: skip
    for file in files:
        assert len(re.findall(rb"/Type\s*/Page\b", file.with_suffix(".pdf").read_bytes())) == 1, file.stem


# ---------------------------------------------------------------- files and the command


@pytest.fixture
def quick(monkeypatch, evidence, prepared):
    """Files as empty as can be, of evidence that was read already: what is looked at is where they go."""
    monkeypatch.setattr("synthesis.evidence.tables.read_evidence", lambda folder: evidence)
    monkeypatch.setattr("synthesis.briefs.folder.prepare", lambda evidence: prepared)
    monkeypatch.setattr("synthesis.briefs.folder.brief_contents", lambda brief: {f"brief-{brief.area_code}.{form}": form.encode() for form in FORMS})  # fmt: skip


def test_briefs_are_written_together_and_other_files_stay(evidence, quick, tmp_path):
    out = tmp_path / "build" / "brief"
    made = write_briefs(evidence, ["Kent", "E08000025", "kent"], out)
    assert [each.area_name for each in made] == ["Kent", "Birmingham"], "an area named twice is made once"
    (out / "notes.txt").write_text("kept")
    write_briefs(evidence, ["Kent"], out)
    assert sorted(each.name for each in out.iterdir()) == sorted(
        ["notes.txt", *(f"brief-{code}.{form}" for code in ("E10000016", "E08000025") for form in FORMS)]
    )


def test_unknown_areas_are_all_named_and_nothing_is_written(evidence, tmp_path):
    with pytest.raises(CallError) as refused:
        write_briefs(evidence, ["Kent", "Bristol", "Wessex"], tmp_path / "out")
    assert "Bristol, City of" in str(refused.value) and "'Wessex'" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_the_command_writes_lists_and_refuses(quick, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["brief", "--area", "Kent", "--out", str(out)]) == 0
    assert "Kent (E10000016), year ending March 2025" in capsys.readouterr().out
    assert len(list(out.iterdir())) == 3
    assert main(["brief", "--area", "Wessex", "--out", str(out)]) == 2
    assert "All are listed by" in capsys.readouterr().err
    assert main(["brief", "--list", "--region", "North East", "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("\n") == 13
    assert main(["brief", "--list", "--out", str(out)]) == 2
    assert main(["brief", "--area", "Kent", "--format", "csv"]) == 2
    (tmp_path / "file").write_text("")
    assert main(["brief", "--area", "Kent", "--out", str(tmp_path / "file")]) == 2
    with pytest.raises(SystemExit) as wrong:
        main(["brief"])
    assert wrong.value.code == 2


def test_every_authority_of_the_list_is_one_that_a_brief_can_name(evidence):
    listed = area_list(evidence)
    assert listed["area_code"].str.fullmatch(r"E\d{8}").all() and listed["area_name"].str.len().max() < 45


def test_a_word_file_carries_no_day_and_no_author(briefs):
    with zipfile.ZipFile(io.BytesIO(brief_docx(briefs["Birmingham"]))) as parts:
        assert {each.date_time[0] for each in parts.infolist()} == {2000}
        assert b"<dc:creator></dc:creator>" in parts.read("docProps/core.xml")
