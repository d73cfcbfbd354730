"""What a review pack says: themes, counts, confidence, order, versions, rounds, words; and how hard it is to read."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest
from plain import column, rows

from synthesis.evidence.readability import MAX_WORDS, words
from synthesis.evidence.round_rules import version_of
from synthesis.evidence.schema import CallError, SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.packs.contents import VARIANTS, build_pack, build_packs, pack_words
from synthesis.packs.lines import version_line
from synthesis.packs.reading_level import pack_texts, readability_summary, readability_table
from synthesis.themes.confidence import in_plain_words, summary_of_findings
from synthesis.themes.support import theme_table

AUDIENCES = tuple(vocabularies()["pack_audience"])
BOOK = tomllib.loads((Path(__file__).parent.parent / "synthesis" / "packs" / "words.toml").read_text(encoding="utf-8"))
#: Terms of the trade that no reader of a pack is to meet in its fixed words, nor in themes and statements in plain words.
JARGON = (
    "synthesis",
    "systematic",
    "thematic",
    "qualitative",
    "quantitative",
    "GRADE",
    "CERQual",
    "coherence",
    "adequacy",
    "methodological",
    "perinatal",
    "postnatal",
    "stakeholder",
    "comorbid",
    "psychopathology",
    "adjudicated",
    "provisional",
    "multidisciplinary",
    "intersectional",
    "safeguarding",
    "longitudinal",
    "cohort",
    "participants",
    "respondents",
    "utilise",
    "facilitate",
    "implementation",
    "heterogeneity",
    "prevalence",
    "codebook",
    "coding",
)


@pytest.fixture(scope="module")
def packs(evidence):
    return dict(zip(VARIANTS, build_packs(evidence), strict=True))


@pytest.fixture(scope="module")
def pack(packs):
    return packs["standard"]


@pytest.fixture(scope="module")
def slim(evidence):
    """``slim(rounds=frame, ...)``: the shipped evidence with two statements only, so that many packs can be built in a test."""
    few = ["RF01", "RF08"]

    def with_tables(**frames: pd.DataFrame) -> Evidence:
        kept = {name: evidence[name].loc[evidence[name]["review_finding_id"].isin(few)] for name in ("review_findings", "confidence")}  # fmt: skip
        return Evidence(evidence.folder, {**evidence.frames, **kept, **frames}, evidence.problems)

    return with_tables


def every_text(texts) -> list[str]:
    """All texts under a heading of the words, lists and tables opened."""
    if isinstance(texts, str):
        return [texts]
    parts = texts.values() if isinstance(texts, dict) else texts
    return [text for part in parts for text in every_text(part)]


# ---------------------------------------------------------------- what it says


def test_a_pack_holds_every_analytical_theme_in_its_order_with_its_plain_words(pack):
    typed = sorted(
        (row for row in rows("themes") if row["level"] == "analytical"), key=lambda row: int(row["position"])
    )
    assert [(each.id, each.name, each.plain) for each in pack.themes] == [
        (row["theme_id"], row["name"], row["plain_language"]) for row in typed
    ]


def test_parts_of_a_theme_and_its_statements_stand_under_it(pack):
    for theme in pack.themes:
        below = {row["theme_id"] for row in rows("themes") if row["parent_theme_id"] == theme.id}
        assert {which for which, _, _ in theme.subthemes} == below
        mine = [row["review_finding_id"] for row in rows("review_findings") if row["theme_id"] == theme.id]
        assert [each.id for each in theme.statements] == mine


def test_counts_and_confidence_are_those_of_the_tables(evidence, pack):
    counts = theme_table(evidence).set_index("theme_id")
    judged = summary_of_findings(evidence).set_index("review_finding_id")
    for theme in pack.themes:
        row = counts.loc[theme.id]
        assert theme.parents == (row["n_studies_parent"], row["of_studies_parent"])
        assert theme.practitioners == (row["n_studies_practitioner"], row["of_studies_practitioner"])
        for each in theme.statements:
            row = judged.loc[each.id]
            assert (each.n_studies, each.of_studies) == (row["n_studies"], row["of_studies"])
            assert each.level == row["confidence"]
            assert each.how_sure == in_plain_words(each.level)
            assert each.why


def test_a_statement_that_nobody_has_judged_says_so_and_gives_no_reason(evidence, slim):
    none = slim(confidence=evidence.confidence.iloc[:0])
    said = [each for theme in build_pack(none).themes for each in theme.statements]
    assert [(each.id, each.how_sure, each.why) for each in said] == [
        (which, "Nobody has judged yet how sure we can be.", ()) for which in ("RF01", "RF08")
    ]


def test_two_who_still_have_to_agree_are_not_nobody(evidence, slim):
    one = evidence.confidence[evidence.confidence["review_finding_id"] == "RF01"]
    two = one.assign(assessed_by="Reviewer-1", overall="high" if one["overall"].item() != "high" else "low")
    pack = build_pack(slim(confidence=pd.concat([one, two], ignore_index=True)), themes=["T1"])
    (said,) = [each for each in pack.themes[0].statements if each.id == "RF01"]
    assert (said.level, said.how_sure, said.why) == ("", "Two people have judged this and still have to agree.", ())


def test_a_worry_that_every_statement_shares_is_said_once(packs, slim, evidence):
    for pack in packs.values():
        worry = pack.words.texts["why"]["methodological_limitations"]
        assert pack.about.count(pack.words.texts["studies_unappraised"]) == 1
        told = {each.id: each.why for theme in pack.themes for each in theme.statements}
        # A statement that nothing else keeps from "very sure" still says why.
        assert {which for which, why in told.items() if worry in why} == {
            "RF01",
            "RF10",
            "RF16",
            "RF17",
            "RF19",
            "RF21",
        }
        assert all(why == (worry,) for why in told.values() if worry in why)
    part = evidence.confidence[evidence.confidence["review_finding_id"] == "RF01"]
    mixed = build_pack(slim(confidence=part))
    told = {each.id: each.why for theme in mixed.themes for each in theme.statements}
    assert mixed.words.texts["why"]["methodological_limitations"] in told["RF01"]
    assert mixed.words.texts["studies_unappraised"] not in mixed.about


def test_no_final_pack_without_places_to_turn_to(slim):
    with pytest.raises(SynthesisError, match=r"Fill in judgements/support\.csv for your place"):
        build_pack(slim(), final=True)


def test_what_speaks_against_a_statement_is_shown_with_the_side_it_comes_from(pack):
    finding, side = column("findings", "finding_id", "finding"), column("findings", "finding_id", "perspective")
    plain = defaultdict(list)
    for row in rows("easy_read"):
        plain[row["target_id"]].append(row["line"])
    told = {each.id: [(a.lead, a.text) for a in each.against] for theme in pack.themes for each in theme.statements}
    wanted = {which: [] for which in told}
    for row in rows("contrary_findings"):
        if row["reading"] == "contradicts":
            which = row["finding_id"]
            said = pack.words.said(f"against_{side[which]}"), " ".join(plain[which]) or finding[which]
            wanted[row["review_finding_id"]].append(said)
    assert told == wanted
    assert sum(map(len, told.values())) == 33


def test_a_pack_does_not_say_that_nothing_speaks_against_where_findings_were_listed_as_if_they_did(packs):
    for pack in packs.values():
        told = {each.id: each for theme in pack.themes for each in theme.statements}
        words = pack.words.texts
        assert told["RF06"].no_against == pack.words.said("against_held", n=3)
        assert told["RF09"].no_against == told["RF13"].no_against == pack.words.said("against_held", n=2)
        assert {which for which, each in told.items() if not each.listed} == {"RF06", "RF09", "RF12", "RF13"}
        assert told["RF12"].no_against == words["against_none"]
        assert not told["RF21"].against
        wanted = sum(r["review_finding_id"] == "RF21" and r["reading"] == "adds" for r in rows("contrary_findings"))
        assert len(told["RF21"].listed) == wanted == 3
        assert all(each.listed == each.against for each in told.values() if each.against)


def test_one_finding_that_fits_after_all_and_studies_that_differ_without_one_have_words_of_their_own(evidence, slim):
    named = evidence.review_findings
    rests = named.assign(contradicting_finding_ids=named["contradicting_finding_ids"].where(named["review_finding_id"] != "RF06", "albert2022-f1"))  # fmt: skip
    one = slim(review_findings=rests[rests["review_finding_id"] == "RF06"])
    none = slim(review_findings=rests[rests["review_finding_id"] == "RF06"].assign(contradicting_finding_ids=pd.NA))
    judged = {"confidence": evidence.confidence[evidence.confidence["review_finding_id"] == "RF06"]}
    for base, name in ((one, "against_held_one"), (none, "against_none_mixed")):
        pack = build_pack(Evidence(base.folder, {**base.frames, **judged}, base.problems))
        (said,) = [each for theme in pack.themes for each in theme.statements]
        assert said.no_against == pack.words.texts[name]
        assert pack.words.texts["why"]["coherence"] in said.why


def test_few_studies_are_named_only_where_there_are_few(evidence, pack):
    few, thin = pack.words.texts["why"]["adequacy_few"], pack.words.texts["why"]["adequacy"]
    said = {each.id: each for theme in pack.themes for each in theme.statements}
    concerned = {r["review_finding_id"] for r in rows("confidence") if r["adequacy"] in ("moderate", "serious")}
    assert {which for which, each in said.items() if thin in each.why} == concerned >= {"RF06", "RF11", "RF12"}
    assert not any(few in each.why for each in said.values())
    # With four studies behind it the same concern is about their number.
    codings, behind = evidence.codings, said["RF09"].n_studies
    assert behind >= 5
    codes = next(r["code_ids"] for r in rows("review_findings") if r["review_finding_id"] == "RF09").split(";")
    study = evidence.findings.set_index("finding_id")["study_id"]
    mine = codings["code_id"].isin(codes) & (codings["coder"] == "agreed")
    kept = codings.loc[mine, "finding_id"].map(study).unique()[:4]
    fewer = codings[~mine | codings["finding_id"].map(study).isin(kept)]
    again = build_pack(Evidence(evidence.folder, {**evidence.frames, "codings": fewer}, evidence.problems))
    (rf09,) = [each for theme in again.themes for each in theme.statements if each.id == "RF09"]
    assert rf09.n_studies == 4
    assert few in rf09.why and thin not in rf09.why


def test_a_theme_reworded_shows_it_and_says_that_a_comment_led_to_it(evidence, slim, pack):
    theme = pack.themes[0]
    change = {"change_id": "W1", "target_kind": "theme", "target_id": theme.id, "was": "Old words", "is_now": theme.plain,
              "reason": "Made up for a test.", "comment_ids": "c1", "decided_by": "team", "date": pd.Timestamp("2026-03-01")}  # fmt: skip
    changed = slim(wording_changes=pd.DataFrame([change]).reindex(columns=evidence.wording_changes.columns))
    again, *others = build_pack(changed).themes
    assert again.history == (
        f"1 March 2026: “Old words” became “{theme.plain}”. Made up for a test. This came from a comment.",
    )
    assert not any(each.history for each in others)


@pytest.mark.parametrize(
    ("change", "changed", "theme_says", "statement_says"),
    [
        ("confidence_lowered", "RF01", "", "We are less sure of this now."),
        ("statement_added", "RF01", "", "This was added."),
        ("code_split", "fear_custody_loss", "What people said was sorted anew.", ""),
        ("theme_reworded", "T1", "The words were changed.", ""),
    ],
)
def test_what_a_comment_changed_stands_in_the_history_of_what_changed(
    evidence, slim, change, changed, theme_says, statement_says
):
    row = {"response_id": "r1", "comment_id": "c1", "decision": "accepted", "reason": "Made up.", "change": change, "changed_id": changed,
           "plain_reply": "Made up.", "decided_by": "team", "date": pd.Timestamp("2026-03-01")}  # fmt: skip
    answered = slim(responses=pd.DataFrame([row]).reindex(columns=evidence.responses.columns))
    theme = build_pack(answered, themes=["T1"]).themes[0]
    said = {"theme": theme.history, "statement": theme.statements[0].history}
    wanted = {"theme": theme_says, "statement": statement_says}
    assert said == {
        which: (f"1 March 2026: {text} This came from a comment.",) if text else () for which, text in wanted.items()
    }


def test_words_changed_before_any_pack_was_given_out_are_no_history_to_a_reader(evidence, slim):
    """Twenty texts were reworded before the first round: a pack told its readers of words that they had never seen."""
    changes = evidence.wording_changes
    assert len(changes) and changes["comment_ids"].isna().all()
    assert not any(each.history for theme in build_pack(slim()).themes for each in (theme, *theme.statements))
    row = {"round_id": "r1", "audience": "advisory", "pack_version": "00000000", "themes": "T1", "status": "open"}
    for day, shown in (("2026-11-30", True), (None, True), ("2026-12-24", False)):
        rounds = pd.DataFrame([{**row, "sent_on": pd.Timestamp(day)}]).reindex(columns=evidence.rounds.columns)
        (said,) = [s for s in build_pack(slim(rounds=rounds), themes=["T1"]).themes[0].statements if s.id == "RF01"]
        assert bool(said.history) == shown, day


# ---------------------------------------------------------------- how far to rely on it


def remade(slim, evidence, kinds=None, part=None, checked=False) -> list[str]:
    """What the first page says of how it was made, of a base with these kinds of coders, parts of sources and statuses."""
    coders = evidence.coders.assign(provisional=not checked)
    coders["kind"] = [(kinds or {}).get(who, kind) for who, kind in zip(coders["coder_id"], coders["kind"], strict=True)]  # fmt: skip
    findings = evidence.findings if part is None else evidence.findings.assign(source_part=part)
    confidence = evidence.confidence[evidence.confidence["review_finding_id"].isin(["RF01", "RF08"])]
    confidence = confidence.assign(status="confirmed" if checked else "provisional")
    base = slim(coders=coders, findings=findings)
    return list(build_pack(Evidence(base.folder, {**base.frames, "confidence": confidence}, base.problems)).made)


PEOPLE = {"coder-1": "person", "coder-2": "person", "adjudicator": "person"}
SHORT = "We used 631 findings from the studies. 616 of them come from a short summary only."


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, [SHORT, "A computer program (a language model) sorted what the studies say.", "No person has checked its work yet."]),
        ({"checked": True}, [SHORT, "A computer program (a language model) sorted what the studies say.", "No person has checked its work yet."]),
        ({"part": "abstract"}, ["Everything here comes from short summaries of studies. The whole studies were not read.", "A computer program (a language model) sorted what the studies say.", "No person has checked its work yet."]),
        ({"kinds": PEOPLE}, [SHORT, "People sorted what the studies say.", "Nobody has checked this yet."]),
        ({"kinds": {"coder-1": "person"}}, [SHORT, "People sorted what the studies say. A computer program (a language model) did so as well.", "Nobody has checked this yet."]),
        ({"kinds": {"adjudicator": "person"}}, [SHORT, "A computer program (a language model) alone sorted 431 of the 631 findings. People sorted the others.", "Nobody has checked this yet."]),
        ({"kinds": PEOPLE, "part": "full_text_part", "checked": True}, ["People sorted what the studies say.", "A review team has checked it."]),
        ({"kinds": {"coder-1": "person"}, "part": "full_text_part", "checked": True}, ["People sorted what the studies say. A computer program (a language model) did so as well."]),
    ],
    ids=["a program, short", "statuses alone", "abstracts alone", "people", "both", "in part", "people, full texts, adjudicated", "both, settled"],
)  # fmt: skip
def test_the_first_page_says_what_was_read_who_sorted_it_and_whether_people_have_checked_it(evidence, slim, how, says):
    assert remade(slim, evidence, **how) == says


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_pack_says_that_people_read_or_sorted_the_studies_where_a_program_did(slim, audience, variant):
    pack = build_pack(slim(), audience, variant=variant)
    assert len(pack.made) == 3 and "616" in pack.made[0]
    said = " ".join((*pack.made, *pack.about, *pack.rests)).lower()
    assert "researcher" not in said and "we read" not in said
    assert re.search(r"computer program|language model", said) and "no person has checked" in said


def test_about_counts_the_studies_that_a_finding_was_taken_from(evidence, slim):
    fewer = evidence.findings[evidence.findings["study_id"] != "ackerson2003"]
    assert "It draws on 144 studies" in " ".join(build_pack(slim()).about)
    assert "It draws on 143 studies" in " ".join(build_pack(slim(findings=fewer)).about)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_only_a_draft_ends_by_asking_to_be_read_as_a_draft(evidence, slim, audience):
    place = {"place": "Exampleton", "name": "A line", "what_for": "Talking.", "contact": "See the card", "checked_on": pd.Timestamp("2026-11-01")}  # fmt: skip
    ready = slim(support=pd.DataFrame([place]).reindex(columns=evidence.support.columns))
    draft, final = (build_packs(ready, audience, final=final) for final in (False, True))
    assert all("first draft" in pack.rests[-1] for pack in draft)
    assert all(pack.rests == pack.made for pack in final)
    assert not any("draft" in line for pack in final for line in pack.rests)


# ---------------------------------------------------------------- plain words carry no cause of their own

#: Words that name a cause or an effect, and the findings behind the statement that carry them.
CARRIED = {
    ("RF01", "could mean"): {"khalifeh2009-f4", "anderson2006-f2"},
    ("RF04", "brings"): {"honey2021-f2", "ross2017-f2"},
    ("RF04", "to dull"): {"kenny2015-f3"},
    ("RF04", "cut down"): {"honey2021-f8"},
    ("RF04", "made it harder"): {"honey2021-f8"},
    ("RF05", "because"): {"ribette2023-f2", "yates2020-f2", "gatsou2017-f1"},
    ("RF07", "lets"): {"hafting2019-f1", "vivesespelta2024-f1"},
    ("RF07", "helps"): {"hafting2019-f1", "vivesespelta2024-f1"},
    ("RF08", "can make"): {"afzelius2018-f2", "nicholson1998b-f1"},
    ("RF08", "make"): {"beard2019-f3", "nicholson1998b-f1"},
    ("RF09", "helped"): {"abernethybeam-f4", "evans2024-f1"},
    ("RF13", "helped"): {"morgan2019-f2"},
    ("RF14", "then"): {"arney-f3", "parenthoodsilenced-f3", "levertaylor2019-f4"},
    ("RF16", "helps"): {"hetherington2002-f2", "webber2013-f5", "webber2013-f4"},
    ("RF20", "can make"): {"strand2020-f2", "strand2020p-f3", "radley2023-f4"},
    ("RF22", "can stop"): {"schamschula2024-f3", "schamschula2024-f2"},
    ("RF22", "to be seen"): {"halsa2018-f7"},
    ("RF22", "comes from"): {"anderson2006-f1", "motherhooddistressnorway-f5"},
}
CAUSE = re.compile(r"\b(because|so that|leads? to|led to|could mean|brings|to dull|cut down|made it harder|lets|can make|makes?|then|can stop|to be seen|helps|helped|comes? from|causes?|so)\b", re.I)  # fmt: skip


def test_a_cause_in_plain_or_easy_words_is_one_that_a_finding_behind_the_statement_names():
    """RF04 said that losing a child could lead to losing a home, and RF03 what made parents angry: no finding did."""
    codes = defaultdict(set)
    for row in rows("codings"):
        if row["coder"] == "agreed":
            codes[row["code_id"]].add(row["finding_id"])
    for row in rows("review_findings"):
        behind = {finding for code in row["code_ids"].split(";") for finding in codes[code]}
        easy = [line["line"] for line in rows("easy_read") if line["target_id"] == row["review_finding_id"]]
        for said in (row["plain_language"], *easy):
            for word in CAUSE.findall(said):
                carried = CARRIED.get((row["review_finding_id"], word.lower()))
                assert carried, f"{row['review_finding_id']}: which finding carries “{word}” in “{said}”?"
                assert carried <= behind, (row["review_finding_id"], word)


# ---------------------------------------------------------------- what can be asked for


def test_themes_can_be_chosen_ordered_left_out_and_moved_to_the_end(slim, pack):
    assert [each.id for each in build_pack(slim(), themes=["T3", "T1"]).themes] == ["T3", "T1"]
    ids = [each.id for each in pack.themes]
    assert [each.id for each in build_pack(slim(), last=["T1"]).themes] == [*ids[1:], ids[0]]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"audience": "public"}, "There is no audience 'public'; there are advisory, practitioner."),
        ({"variant": "audio"}, "no variant 'audio'; there are standard, easy_read"),
        ({"themes": ["T1", "T9"]}, "no analytical theme 'T9'; there are T1, T2, T3, T4, T5"),
        ({"themes": ["T1a"]}, "no analytical theme 'T1a'"),
        ({"last": ["RF01"]}, "no analytical theme 'RF01'"),
        ({"themes": []}, "at least one theme"),
        ({"themes": ["T1", "T1"]}, "named twice"),
    ],
)
def test_a_call_for_what_is_not_there_is_refused_with_what_is(evidence, asked, says):
    with pytest.raises(CallError, match=re.escape(says)):
        build_pack(evidence, **asked)


def test_the_version_changes_with_the_words_and_themes_and_with_nothing_else(evidence, slim, packs):
    assert packs["easy_read"].version == packs["standard"].version
    version = build_pack(slim()).version
    assert re.fullmatch(r"[0-9a-f]{8}", version)
    reworded = evidence.themes.copy()
    reworded.loc[reworded["theme_id"] == "T1", "plain_language"] += " So."
    others = [
        build_pack(slim(), "practitioner"),
        build_pack(slim(), themes=["T1"]),
        build_pack(slim(), last=["T1"]),
        build_pack(slim(themes=reworded)),
    ]
    assert len({version, *(each.version for each in others)}) == 5
    assert build_pack(slim(confidence=evidence.confidence.iloc[:0])).version == version


def test_check_works_the_version_out_as_the_pack_does(evidence, pack):
    ids = [each.id for each in pack.themes]
    assert version_of(evidence.themes, evidence.review_findings, "advisory", ids) == pack.version
    assert version_of(evidence.themes, evidence.review_findings, "advisory", ["T9"]) == ""


def test_a_pack_names_the_round_that_was_made_for_it_unless_that_is_closed(evidence, slim):
    version = build_pack(slim(), themes=["T1"]).version
    row = {"round_id": "round-1", "audience": "advisory", "pack_version": version, "themes": "T1", "status": "open"}
    table = pd.DataFrame([row]).reindex(columns=evidence.rounds.columns)
    assert build_pack(slim(rounds=table), themes=["T1"]).round_id == "round-1"
    assert build_pack(slim(rounds=table.assign(status="closed")), themes=["T1"]).round_id == ""
    other = build_pack(slim(rounds=table.assign(pack_version="00000000")), themes=["T1"])
    assert version_line(other) == f"Pack {version}, not yet part of a round."
    asked = build_pack(slim(), themes=["T1"], round_id="round-2")
    assert version_line(asked) == f"Pack {version}, made for round-2."


# ---------------------------------------------------------------- the words


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_text_that_a_pack_shows_is_filled_in(slim, audience, variant):
    shown = pack_texts(build_pack(slim(), audience, variant=variant))
    assert shown["text"].str.len().gt(0).all()
    assert not shown["text"].str.contains(r"[{}]").any()
    assert not shown["text"].str.contains(r"  |\bnan\b|\bNone\b").any()


def test_the_same_words_have_the_same_places_to_fill_in_for_every_audience_and_variant():
    places = re.compile(r"\{(\w+)\}")
    first = BOOK["advisory"]["standard"]
    for audience in BOOK:
        for variant, texts in BOOK[audience].items():
            for name, text in texts.items():
                assert name in first, f"{audience}.{variant}.{name} is a text that no pack shows"
                assert type(text) is type(first[name])
                asked = {place for each in every_text(text) for place in places.findall(each)}
                assert asked <= {place for each in every_text(first[name]) for place in places.findall(each)}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_audience_and_variant_has_a_word_for_every_level_concern_question_answer_and_side(audience, variant):
    texts = pack_words(audience, variant).texts
    assert set(texts["sure"]) == {"none", "not_settled"}
    assert set(texts["made"]) == {"short", "short_part", "program", "part", "both", "people", "unread", "no", "partly", "adjudicated"}  # fmt: skip
    assert set(texts["questions"]) == set(vocabularies()["feedback_question"])
    assert set(texts["answers"]) == set(vocabularies()["feedback_answer"])
    assert {f"against_{side}" for side in vocabularies()["perspective"]} <= set(texts)


@pytest.mark.parametrize("term", JARGON)
def test_the_fixed_words_and_the_plain_words_are_free_of_terms_of_the_trade(packs, term):
    said = [text for audience in BOOK.values() for texts in audience.values() for text in every_text(texts)]
    plain = {
        "theme",
        "part of the theme",
        "statement",
        "what does not fit",
        "content note",
        "who",
        "how sure",
        "picture",
    }
    for pack in packs.values():
        shown = pack_texts(pack)
        said += list(shown.loc[shown["part"].isin(plain), "text"])
    found = [text for text in said if re.search(rf"\b{term}", text, re.IGNORECASE)]
    assert not found


def test_nothing_a_person_may_call_is_made_up(pack):
    """A pack without places to turn to says that they are missing; it holds no number and no address."""
    said = " ".join(text for audience in BOOK.values() for texts in audience.values() for text in every_text(texts))
    assert not re.search(r"\d{3}|@|https?:|www\.", re.sub(r"\{\w+\}", "", said))
    assert pack.support.empty
    assert "must fill in" in pack.words.texts["support_empty"]


# ---------------------------------------------------------------- how hard it is to read


def test_every_theme_and_statement_has_easy_lines_and_none_is_too_long(packs):
    for theme in packs["easy_read"].themes:
        for lines in (theme.easy, *(each.easy for each in theme.statements)):
            assert lines
            assert all(len(words(line)) <= MAX_WORDS["easy_read"] for line in lines)


def test_hard_sentences_are_listed_with_their_place_hardest_first(packs):
    table = readability_table(packs["standard"])
    assert table["readability_index"].is_monotonic_decreasing
    shown = pack_texts(packs["standard"]).groupby("target_id")["text"].agg(" ".join)
    assert all(row.sentence in shown[row.target_id] for row in table.itertuples())
    assert table["why"].str.len().gt(0).all()


def test_a_hard_sentence_in_a_theme_is_found(evidence, slim):
    hard = "Multidisciplinary consultations facilitate organisational communication regarding safeguarding responsibilities."
    themes = evidence.themes.copy()
    themes.loc[themes["theme_id"] == "T2", "plain_language"] = f"This is short. {hard}"
    table = readability_table(build_pack(slim(themes=themes), themes=["T2"]))
    found = table[table["part"] == "theme"].iloc[0]
    assert (found["target_id"], found["sentence"], found["n_words"]) == ("T2", hard, 8)
    assert "Multidisciplinary" in found["long_words"]


def test_a_finding_that_does_not_fit_is_told_in_plain_words_and_as_the_study_was_read_where_there_are_none(
    evidence, slim
):
    lines = evidence.easy_read
    without = build_pack(slim(easy_read=lines[lines["target_id"] != "denison2014-f1"]), themes=["T1"])
    (told,) = [a.text for a in without.themes[0].statements[0].against if "child removal" in a.text]
    assert told == column("findings", "finding_id", "finding")["denison2014-f1"]
    told = [a.text for a in build_pack(slim(), themes=["T1"]).themes[0].statements[0].against]
    assert (
        "Women feared that their children could be taken. They still took their children to the doctor or clinic."
        in told
    )


def test_the_packs_words_are_easy_and_few_sentences_are_listed_as_hard(packs):
    """The fixed words hold no hard sentence; themes, statements and what does not fit at most a few, which the team sees."""
    for pack in packs.values():
        counts = readability_summary(pack).set_index("part")
        fixed = [
            "title",
            "subtitle",
            "made",
            "about",
            "asked",
            "care",
            "question",
            "return",
            "rests",
            "who",
            "how sure",
            "picture",
        ]
        assert counts.loc[fixed, "n_hard"].sum() == 0, readability_table(pack)
        assert counts.at["all", "of_hard"] == counts["of_hard"].drop("all").sum()
        assert counts.loc["statement", "readability_index"] < 6
        assert counts.at["all", "n_hard"] / counts.at["all", "of_hard"] < 0.05
