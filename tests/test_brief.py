"""The one-page brief: one page for any authority, every sentence from a row with a source, the same in all three forms."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
import zlib
from dataclasses import replace

import docx
import lxml.html
import pandas as pd
import pytest
from accessible import docx_faults, page_faults, pdf_faults, pdf_text

from synthesis import area_list, crosswalk_table, family_hub_figures, local_picture, summary_of_findings, which_measure
from synthesis.briefs.contents import FIGURE_COLUMNS, brief_status, local_brief, prepare
from synthesis.briefs.folder import FORMS, brief_contents, write_briefs
from synthesis.briefs.lead import lead_lines
from synthesis.briefs.pages import brief_page
from synthesis.briefs.paper import NOTES, paper
from synthesis.briefs.parts import BACKED, brief_words, own_page
from synthesis.briefs.pdf import SIZES, SMALL, brief_pdf, fitted
from synthesis.briefs.word import BODY, brief_docx
from synthesis.cli import main
from synthesis.drawing.canvas import plotted
from synthesis.drawing.local import local_alt, local_plot
from synthesis.evidence.review_file import read_review
from synthesis.evidence.schema import CallError, SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.evidence.whole_folder import MARK
from synthesis.themes.confidence import in_plain_words

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


@pytest.fixture(scope="module")
def written(briefs):
    return {name: brief_docx(brief) for name, brief in briefs.items()}


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
    assert list(city.loc["Mental health", ["count", "percent", "change", "rank"]]) == ["withheld", "no figure", "none comparable", "none"]  # fmt: skip
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
    assert "37 % (95 % interval 31 to 42; 3 estimates, 35 to 39 %; a further setting 28 to 46 %)" in lines["parents_among_adults_with_psychosis_or_smi"]  # fmt: skip
    assert "7 to 39 % (6 estimates of 5 sources)" in lines["children_with_parent_with_mental_illness"]
    assert re.search(r"3 to 50 % \(13 estimates\)", lines["maternal_perinatal_depression"])
    page = text_of(brief_page(briefs["Birmingham"]))
    assert all(f"{each.text} {each.behind}" in page for each in briefs["Birmingham"].prevalence)
    rows = prepared.common.estimates
    depression = rows[rows["line"] == "maternal_perinatal_depression"]
    behind = {each.ids[0]: each.behind for each in briefs["Birmingham"].prevalence}
    assert behind["maternal_perinatal_depression"].startswith(
        f"From the UK: {depression['country'].eq('GB').sum()} of 13"
    )
    assert f"{depression['denominator'].max():,.0f} people each" in behind["maternal_perinatal_depression"]
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
        said = links[(links["theme"] == theme.id) & (links["to_kind"] == "recommendation") & links["relation"].isin(BACKED)]  # fmt: skip
        free = said[~said["to_id"].isin({*against, *shown})]
        levels = [level for level in vocabularies()["confidence_level"] if level in set(free["confidence"])]
        surest = free[(free["confidence"] == levels[0]) & free["source_url"].map(own_page)]
        assert best in set(surest["to_id"])
        assert set(theme.recommendation.answers + theme.recommendation.rests_on) == set(said.loc[said["to_id"] == best, "from_id"])  # fmt: skip
        backed_of = {**{step.ids[0]: step for step in theme.steps}, best: theme.recommendation}
        for each in backed_of.values():
            relation = links[links["to_id"].eq(each.ids[0])].set_index("from_id")["relation"]
            assert all(relation[found] == "answers" for found in each.answers)
            assert all(relation[found] == "supports" for found in each.rests_on)
        shown.append(best)
    assert len(set(shown)) == len(shown), "each recommendation stands once"


def test_what_matches_a_theme_is_for_its_surest_statement_and_names_it(evidence, briefs):
    sheet, page = paper(briefs["Birmingham"]), text_of(brief_page(briefs["Birmingham"]))
    second = {row[0]: row for row in sheet.themes}["T2"]
    assert second[3].startswith("Recommended: ") and re.fullmatch(r"RC\d+ rests on RF07", second[4])
    assert {row[0]: row[4] for row in sheet.themes}["T4"] == "SI087 answers RF16"
    by_theme = {theme.id: theme for theme in briefs["Birmingham"].shown_themes}
    assert by_theme["T2"].no_step == ("RF07", "RF09") and by_theme["T2"].nothing == ("RF09",)
    assert "SI088 answers RF08" in page and "No step answers RF07, RF09." in page
    assert "Neither a step nor a recommendation answers RF09." in page
    assert by_theme["T1"].nothing == ("RF04",) and "No step answers RF01" in page


def test_a_copy_elsewhere_is_no_page_of_its_publisher():
    assert own_page("https://www.scie.org.uk/publications/guides/guide30/") and own_page("https://gov.uk/guidance/x")
    assert not any(map(own_page, ("https://soomnet.site/social/gov.uk", "https://notgov.uk/", "", None, float("nan"))))


def test_measures_say_what_is_not_known(evidence, briefs):
    known = which_measure(evidence).set_index("measure_id")
    shown = briefs["Birmingham"].measures.set_index("measure_id")
    assert list(shown.index) == brief_words().texts["measures"]
    for each in shown.index:
        assert (shown.at[each, "use"] == "–") == pd.isna(known.at[each, "free_to_use"])
        assert (shown.at[each, "minutes"] == "–") == pd.isna(known.at[each, "minutes"])
        assert ("consistency" in shown.at[each, "unknown"]) == pd.isna(known.at[each, "alpha_as_reported"])
    assert shown.at["MS009", "unknown"] == "nothing"


def test_national_figures_come_with_their_caveats(evidence, briefs):
    table = family_hub_figures(evidence).set_index("figure_id")
    lines = {each.ids[0]: each for each in briefs["Birmingham"].national}
    assert (
        lines["SI062"].text
        == f"{table.at['SI062', 'statement'].rstrip('.')} (2018). Note: {table.at['SI062', 'caveat']}"
    )
    assert set(lines["SI062"].ids) == {"SI062", *table.at["SI062", "caveat_ids"].split(";")}
    assert "2.4 (2020)" in lines["SI063"].text and "3.6 (2020)" in lines["SI063"].text
    said = " ".join(each.text for each in lines.values())
    assert said.count("The official series covers Great Britain") == 1, "one caveat of two figures is said once"


# ---------------------------------------------------------------- what is said first, and what goes on paper


def test_the_first_sentences_are_of_the_local_picture(evidence, briefs, prepared):
    own, region, england = (local_picture(evidence, "Derbyshire", prepared.official).query("factor == 'parent_mental_health' and place == @place").iloc[0] for place in ("own", "region", "country"))  # fmt: skip
    first, second = briefs["Derbyshire"].lead
    assert f"{own['episodes_with_factor']:,} of {own['episodes_assessed']:,}" in first.text
    assert f"{own['percent']:.1f} % (95 % interval {own['ci_low']:.1f} to {own['ci_high']:.1f})" in first.text
    assert f"East Midlands {region['percent']:.1f} %, England {england['percent']:.1f} %" in first.text
    assert "6.6 percentage points more than in 2023 (5.1 to 8.1)" in second.text and "same years: +1.7" in second.text
    rows = set(briefs["Derbyshire"].rows["row_id"])
    assert {each for line in (first, second) for each in line.ids} <= rows


def test_a_change_is_one_only_beyond_chance_and_a_gap_is_no_number(briefs):
    picture = briefs["Derbyshire"].picture
    at = (picture["factor"] == "parent_mental_health") & (picture["place"] == "own")

    def second(**values):
        return lead_lines(picture.assign(**{name: picture[name].mask(at, value) for name, value in values.items()}))[1].text  # fmt: skip

    assert second(change=-2.0, change_low=-3.0, change_high=-1.0).startswith("It is 2.0 percentage points less than in 2023 (1.0 to 3.0)")  # fmt: skip
    assert second(change=0.4, change_low=-1.0, change_high=1.8).startswith("No clear change since 2023 (−1.0 to +1.8 percentage points)")  # fmt: skip
    assert second(change=float("nan")) == "No earlier year can be compared with it."
    (gone,) = briefs["City of London"].lead
    assert "is not known (withheld to protect people)" in gone.text and "London it was 25.5 %" in gone.text


def test_the_weightiest_reservations_stand_on_paper_and_the_rest_is_counted(briefs):
    scilly = paper(briefs["Isles of Scilly"])
    assert len(scilly.notes) == NOTES and scilly.notes[0].startswith("The last figures, where 2025 has none")
    assert scilly.notes_more.startswith(f"{NOTES} of {len(briefs['Isles of Scilly'].kept)} shown here")
    assert paper(briefs["Derbyshire"]).notes_more == ""
    assert paper(briefs["Derbyshire"]).notes[0].startswith("Figures jump") and "2021 to 2023" in paper(briefs["Derbyshire"]).notes[0]  # fmt: skip
    assert paper(briefs["Birmingham"]).notes == (brief_words().texts["note_none"],)
    for brief in briefs.values():
        assert len(brief.kept) == len(brief.notes) - 1, "what similar means stands below the figures"
        assert {each for note in brief.kept for each in note.ids} <= set(brief.rows["row_id"])


def test_all_that_paper_leaves_out_stands_in_the_web_page(briefs):
    brief = briefs["Derbyshire"]
    sheet, page = paper(brief), text_of(brief_page(brief))
    answering = {step.ids[0] for theme in brief.shown_themes for step in theme.steps}
    assert f"4 of 5 themes, 1 of {len(answering)} steps" in sheet.themes_more
    assert "Shown: 3 of 5 quantities; the others and 3 national figures" in sheet.prevalence_more
    assert sheet.measures_more.startswith("2 of 5 shown here")
    every = [*(each.text for each in (*brief.lead, *brief.notes, *brief.prevalence, *brief.national))]
    every += [line.text for theme in brief.shown_themes for line in (*theme.steps, theme.recommendation)]
    every += [cell for table in (brief.figures, brief.measures) for row in table.to_numpy() for cell in row]
    every += [*sheet.limits, *sheet.prevalence]
    assert [line for line in every if " ".join(line.split()) not in page] == []


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
    people = evidence.coders["kind"].replace("language_model", "person")
    agreed = altered(
        coders=evidence.coders.assign(provisional=False, kind=people),
        confidence=evidence.confidence.assign(status="confirmed"),
        crosswalk=evidence.crosswalk.assign(status="confirmed"),
    )
    assert all(each.startswith("Reviewers have confirmed") for each in brief_status(agreed, brief_words()))
    assert (
        briefs["Birmingham"].status_short.startswith("Provisional: ")
        and f"{n} of {n} links" in briefs["Birmingham"].status_short
    )


def test_levels_are_told_in_the_words_of_grade_as_in_packs_and_marked_provisional_only_while_they_are(briefs):
    brief, known = briefs["Birmingham"], vocabularies()["confidence_level"]
    assert known["moderate"] == "this is probably so" and known["low"] == "this may be so"
    assert all(f"{level.replace('_', ' ')} “{said}”" in brief.themes_rule for level, said in known.items())
    rule = paper(brief).themes_rule
    assert "moderate “this is probably so”" in rule and "high “" not in rule
    assert in_plain_words("moderate") == "This is probably so."
    for said, settled in ((brief.themes_rule, replace(brief, provisional=False).themes_rule), (rule, paper(replace(brief, provisional=False)).themes_rule)):  # fmt: skip
        assert said.startswith("Confidence (provisional) ") and settled == said.replace(" (provisional)", "", 1)


def test_a_review_without_a_review_file_claims_no_source_and_no_origin_of_ours(evidence, prepared, briefs, tmp_path):
    other = Evidence(tmp_path, evidence.frames, evidence.problems)
    brief = local_brief(other, "Birmingham", replace(prepared, review=read_review(tmp_path).short_title))
    assert brief.sources[0] == paper(brief).sources[0] == ("Figures: no source named in review.toml", ())
    page = brief_page(brief)
    assert "Bacon" not in page and "Department for Education" not in page
    assert "from the evidence base around Bacon et al. 2023" in brief_page(briefs["Birmingham"])
    assert brief_pdf(brief).startswith(b"%PDF") and brief_docx(brief)


def test_nothing_left_to_wait_is_no_confirmation_where_no_person_was_at_work(evidence, altered):
    bare = altered(
        coders=evidence.coders.assign(provisional=False),
        confidence=evidence.confidence.iloc[:0],
        crosswalk=evidence.crosswalk.iloc[:0],
    )
    assert all(each.startswith("Provisional") for each in brief_status(bare, brief_words()))


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


def letters(pdf: bytes) -> dict[float, int]:
    """How many pieces of text of a PDF are set in each size, in points."""
    sizes: dict[float, int] = {}
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue
        for size in re.findall(rb"/f\d+ ([\d.]+) Tf", content):
            sizes[float(size)] = sizes.get(float(size), 0) + 1
    return sizes


@pytest.mark.parametrize("name", SAMPLE)
def test_a_pdf_is_one_tagged_page_in_letters_that_can_be_read(printed, name):
    pdf, size = printed[name]
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert size >= SIZES[-1] >= 9 and SMALL >= 7.5
    sizes = letters(pdf)
    assert min(sizes) == pytest.approx(SMALL), "captions, identifiers and sources"
    assert min(each for each in sizes if each > SMALL + 0.01) == pytest.approx(size) and sizes[size] > 5
    assert pdf_faults(pdf) == []
    text = pdf_text(pdf)
    assert len(re.findall(r"/S\s*/Table\b", text)) == 2 and re.search(r"/S\s*/TH\b", text)
    assert re.search(r"/URI\s*\(https?:", text)


@pytest.mark.parametrize("name", ("Birmingham", "City of London", "Derbyshire"))
def test_a_page_and_a_document_can_be_read_aloud(briefs, written, name):
    assert page_faults(brief_page(briefs[name])) == []
    assert docx_faults(written[name]) == []


def test_a_document_is_written_in_letters_that_can_be_read(written):
    document = docx.Document(io.BytesIO(written["Derbyshire"]))
    assert BODY >= 9.5 and document.styles["Normal"].font.size.pt == document.styles["List Bullet"].font.size.pt == BODY
    cells = [paragraph for table in document.tables for cell in table._cells for paragraph in cell.paragraphs]
    sizes = {run.font.size.pt for each in (*document.paragraphs, *cells) for run in each.runs if run.font.size}
    assert min(sizes) >= 7.5 and document.styles["Caption"].font.size.pt >= 7.5


def test_word_and_pdf_say_the_same(briefs, written):
    document, sheet = docx.Document(io.BytesIO(written["West Sussex"])), paper(briefs["West Sussex"])
    said = " ".join([each.text for each in document.paragraphs] + [cell.text for table in document.tables for cell in table._cells])  # fmt: skip
    lines = [sheet.status, *sheet.lead, *sheet.notes, *sheet.prevalence, *sheet.limits, sheet.figures_note, sheet.themes_rule]  # fmt: skip
    lines += [sheet.themes_more, sheet.prevalence_more, sheet.measures_more, *(each for each, _ in sheet.measures), sheet.elsewhere]  # fmt: skip
    lines += [cell for row in (*sheet.figures, *(theme[1:4] for theme in sheet.themes)) for cell in row]
    assert [line for line in lines if line not in said] == []


def test_the_same_brief_is_the_same_bytes(evidence, briefs, prepared):
    again = local_brief(evidence, "Birmingham", prepared)
    assert brief_contents(again) == brief_contents(briefs["Birmingham"])


def test_what_does_not_fit_on_a_page_is_refused_and_not_cut(briefs):
    note = briefs["Derbyshire"].kept[0]
    long = replace(briefs["Derbyshire"], kept=(replace(note, text=note.text * 20), *briefs["Derbyshire"].kept))
    with pytest.raises(SynthesisError, match="does not fit on one page in letters of"):
        brief_pdf(long)


@pytest.mark.office
def test_the_document_is_one_page_in_an_office_program(written, tmp_path):
    files = []
    for name in ("City of London", "Derbyshire"):
        files.append(tmp_path / f"{name}.docx")
        files[-1].write_bytes(written[name])
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
        [MARK, "notes.txt", *(f"brief-{code}.{form}" for code in ("E10000016", "E08000025") for form in FORMS)]
    )


def test_unknown_areas_are_all_named_and_nothing_is_written(evidence, tmp_path):
    with pytest.raises(CallError) as refused:
        write_briefs(evidence, ["Kent", "Bristol", "Wessex"], tmp_path / "out")
    assert "Bristol, City of" in str(refused.value) and "'Wessex'" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_the_command_writes_lists_and_refuses(evidence, quick, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    assert main(["brief", "--area", "Kent", "--out", str(out)]) == 0
    assert "Kent (E10000016), year ending March 2025" in capsys.readouterr().out
    assert len(list(out.iterdir())) == 3 + len([MARK])
    assert main(["brief", "--area", "Wessex", "--out", str(out)]) == 2
    assert "All are listed by" in capsys.readouterr().err
    assert main(["brief", "--list", "--region", "North East", "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("\n") == 13
    assert main(["brief", "--list", "--out", str(out)]) == 2
    assert main(["brief", "--area", "Kent", "--format", "csv"]) == 2
    (tmp_path / "file").write_text("")
    assert main(["brief", "--area", "Kent", "--out", str(tmp_path / "file")]) == 2
    brief = out / "brief-E10000016.docx"
    brief.write_text("our own words")
    assert main(["brief", "--area", "Kent", "--out", str(out)]) == 2
    assert "brief-E10000016.docx: not as the toolkit left it" in capsys.readouterr().err
    assert brief.read_text() == "our own words"
    assert main(["brief", "--area", "Kent", "--out", str(out), "--force"]) == 0
    assert brief.read_text() == "docx"
    assert main(["brief", "--area", "Kent", "--out", str(evidence.folder / "brief")]) == 2
    assert "lies in the data folder" in capsys.readouterr().err
    assert not (evidence.folder / "brief").exists()
    assert main(["brief", "--list", "--force"]) == 2
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
