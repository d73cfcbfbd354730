"""The codebook as a tree with its history, and changes to it: no coding is lost, and everything that points to a code follows."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import DATA, rows
from small import small_base

from synthesis import check, read_evidence
from synthesis.cli import main
from synthesis.coding.codebook import (
    codebook_history,
    codebook_table,
    merge_codes,
    move_code,
    rename_code,
    split_code,
    theme_order,
)
from synthesis.evidence.schema import SynthesisError, evidence_tables
from synthesis.evidence.tables import Evidence, codebook_version, write_tables
from synthesis.reports.display import codebook_page
from synthesis.review.provenance import status_line

WHY = {"reason": "The review team found the two alike.", "proposed_by": "adjudicator"}


def evidence_in_files(evidence: Evidence, before: Evidence, folder: Path) -> Path:
    """The changed tables written over a copy of the files."""
    shutil.copytree(before.folder, folder, dirs_exist_ok=True)
    write_tables({name: evidence[name] for name in evidence if evidence[name] is not before[name]}, folder)
    return folder


def pairs(evidence: Evidence, codes: set[str] | None = None) -> set[tuple[str, str]]:
    """(finding, coder) pairs that carry one of the codes."""
    own = evidence.codings if codes is None else evidence.codings[evidence.codings["code_id"].isin(codes)]
    return set(zip(own["finding_id"], own["coder"], strict=True))


def negative(evidence: Evidence) -> set[tuple[str, str]]:
    own = evidence.codings[evidence.codings["negative_case"]]
    return set(zip(own["finding_id"], own["coder"], strict=True))


def parts_of(evidence: Evidence, code: str, ids: list[str]) -> pd.DataFrame:
    old = evidence.codebook.set_index("code_id").loc[code]
    texts = {c: old[c] for c in ("definition", "use_when", "do_not_use_for")}
    return pd.DataFrame([{"code_id": each, "name": f"{old['name']} ({each})", **texts} for each in ids])


# ---------------------------------------------------------------- reading


def test_the_tree_holds_every_code_once_in_reading_order_with_what_stands_behind_it(evidence):
    table = codebook_table(evidence)
    assert sorted(table["code_id"]) == sorted(row["code_id"] for row in rows("codebook"))
    place = [theme_order(evidence).index(theme) for theme in table["theme_id"]]
    assert place == sorted(place)
    own = [row for row in rows("codings") if row["coder"] == "agreed"]
    findings = Counter(row["code_id"] for row in own)
    study = {row["finding_id"]: row["study_id"] for row in rows("findings")}
    studies = {code: len({study[r["finding_id"]] for r in own if r["code_id"] == code}) for code in findings}
    against = Counter(row["code_id"] for row in own if row["negative_case"] == "yes")
    seen = table.set_index("code_id")
    assert {code: n for code, n in seen["n_findings"].items() if n} == dict(findings)
    assert {code: n for code, n in seen["n_studies"].items() if n} == studies
    assert {code: n for code, n in seen["n_negative"].items() if n} == dict(against)
    assert (table["of_findings"].iloc[0], table["of_studies"].iloc[0]) == (631, 144)
    assert seen.loc["fear_custody_loss", "analytical_theme"] == "A downward spiral of service intervention"


def test_the_history_tells_each_change_with_its_reason_and_proposer(evidence):
    history = codebook_history(evidence)
    assert len(history) == 39
    assert history["change"].value_counts().to_dict() == {"boundary": 22, "reworded": 10, "added": 7}
    assert history[["reason", "proposed_by", "name", "change_means"]].notna().all().all()
    assert codebook_version(evidence) == 2


# ---------------------------------------------------------------- changing


def test_a_renamed_code_is_followed_by_everything_that_points_to_it(evidence, tmp_path):
    changed = rename_code(evidence, "child_removal_loss", "removal_grief", "Grief after removal", date="2026-11-22", **WHY)  # fmt: skip
    folder = evidence_in_files(changed, evidence, tmp_path / "data")
    assert check(folder).ok
    linked = [(name, column.name) for name, spec in evidence_tables().items() for column in spec.columns.values() if column.links == "codebook.code_id"]  # fmt: skip
    linked += [("codebook", "code_id"), ("codebook", "do_not_use_for"), ("memos", "about")]
    assert len(linked) >= 9
    for name, column in linked:
        was, now = (base[name][column].dropna() for base in (evidence, changed))
        assert not now.str.contains("child_removal_loss").any(), (name, column)
        assert now.str.contains("removal_grief").sum() == was.str.contains("child_removal_loss").sum() + (name == "codebook_changes")  # fmt: skip
    last = codebook_history(changed).iloc[-1]
    assert (last["version"], last["change"], last["code_id"], last["formerly"]) == (3, "renamed", "removal_grief", "child_removal_loss")  # fmt: skip
    was = evidence.codebook.set_index("code_id").loc["child_removal_loss", "name"]
    assert (
        last["what"]
        == f"Identifier child_removal_loss became removal_grief. Name “{was}” became “Grief after removal”."
    )
    old = evidence.codings.assign(code_id=evidence.codings["code_id"].replace("child_removal_loss", "removal_grief"))
    pd.testing.assert_frame_equal(changed.codings, old)
    before = codebook_history(evidence).query("code_id == 'child_removal_loss'")
    after = codebook_history(changed).query("code_id == 'removal_grief'")
    assert list(after["formerly"]) == ["child_removal_loss"] * (len(before) + 1)


def test_a_new_name_alone_is_a_rewording(evidence):
    changed = rename_code(evidence, "hardship", new_name="Material hardship", **WHY)
    assert codebook_history(changed).iloc[-1]["change"] == "reworded"
    assert changed.codebook.set_index("code_id").loc["hardship", ["name", "changed_in"]].tolist() == ["Material hardship", 3]  # fmt: skip


def test_a_moved_code_keeps_its_codings_and_counts_for_the_other_theme(evidence, tmp_path):
    changed = move_code(evidence, "concealing", "T1b", **WHY)
    assert changed.codings is evidence.codings
    assert codebook_table(changed).set_index("code_id").loc["concealing", "theme_id"] == "T1b"
    assert codebook_history(changed).iloc[-1]["what"].startswith("Moved from T1a (Needing support but")
    assert check(evidence_in_files(changed, evidence, tmp_path / "data")).ok


def test_merging_joins_the_codings_of_one_coder_and_says_what_they_were(evidence, tmp_path):
    codes = {"mistrust_services", "scrutiny"}
    changed = merge_codes(evidence, codes, "mistrust_services", {"do_not_use_for": "Trust wanted (trusting_relationship)."}, **WHY)  # fmt: skip
    assert "scrutiny" not in set(changed.codebook["code_id"])
    assert pairs(changed, {"mistrust_services"}) == pairs(evidence, codes)
    assert not changed.codings.duplicated(["finding_id", "code_id", "coder"]).any()
    both = evidence.codings[evidence.codings["code_id"].isin(codes)]
    twice = both[both.duplicated(["finding_id", "coder"], keep=False)]
    assert len(twice)
    assert len(changed.codings) == len(evidence.codings) - len(twice) // 2
    joined = changed.codings[changed.codings["note"].fillna("").str.contains("Joined from")]
    assert len(joined) == len(twice) // 2
    assert joined["note"].str.contains("mistrust_services").all()
    assert joined["note"].str.contains("scrutiny").all()
    assert (
        joined["rank"].to_numpy() == twice.groupby(["finding_id", "coder"], sort=False)["rank"].min().to_numpy()
    ).all()
    history = codebook_history(changed).iloc[-1]
    assert evidence.codebook.set_index("code_id").loc["scrutiny", "definition"] in history["what"]
    assert check(evidence_in_files(changed, evidence, tmp_path / "data")).ok


def test_merging_keeps_a_negative_case_and_says_which_code_it_was_against(altered, evidence):
    one = evidence.codings[(evidence.codings["coder"] == "coder-1")].groupby("finding_id").filter(lambda g: len(g) == 2)
    first, second = one.iloc[0], one.iloc[1]
    codings = evidence.codings.copy()
    codings.loc[second.name, "negative_case"] = True
    wording = dict.fromkeys(("definition", "use_when", "do_not_use_for"), "As agreed.")
    changed = merge_codes(altered(codings=codings), [second["code_id"]], first["code_id"], wording, **WHY)
    (row,) = changed.codings[(changed.codings["finding_id"] == first["finding_id"]) & (changed.codings["coder"] == "coder-1")].to_dict("records")  # fmt: skip
    assert row["negative_case"]
    assert f"{second['code_id']} (rank 2, {second['confidence']}, negative case)" in row["note"]


def test_a_merge_whose_wording_would_name_itself_asks_for_a_new_one(evidence):
    with pytest.raises(SynthesisError, match="do_not_use_for of 'fear_custody_loss' names child_removal_loss"):
        merge_codes(evidence, ["child_removal_loss"], "fear_custody_loss", **WHY)


def test_a_split_sends_each_coding_where_it_was_assigned(evidence, tmp_path):
    own = evidence.codings[evidence.codings["code_id"] == "stigma"]
    first, second = own["finding_id"].drop_duplicates().iloc[:2]
    assign = pd.DataFrame(
        {
            "finding_id": [first, second, second],
            "code_id": ["stigma_self", "stigma_self;stigma_public", "stigma_public"],
            "coder": [None, None, "coder-1"],
        }
    )
    parts = parts_of(evidence, "stigma", ["stigma_public", "stigma_self"])
    changed = split_code(evidence, "stigma", parts, assign, rest="stigma_public", **WHY)
    now = changed.codings[changed.codings["code_id"].str.startswith("stigma")]
    given = now.groupby(["finding_id", "coder"])["code_id"].agg(set)
    assert given.xs(first).map(sorted).map(";".join).unique().tolist() == ["stigma_self"]
    assert all(
        codes == ({"stigma_public"} if coder == "coder-1" else {"stigma_public", "stigma_self"})
        for coder, codes in given.xs(second).items()
    )
    assert pairs(changed, {"stigma_public", "stigma_self"}) == pairs(evidence, {"stigma"})
    touched = changed.codings[changed.codings["finding_id"] == second]
    assert (touched.groupby("coder")["rank"].max() == touched.groupby("coder").size()).all()
    held = changed.review_findings["code_ids"].str.split(";")
    before = evidence.review_findings["code_ids"].str.split(";")
    assert [({"stigma_public", "stigma_self"} <= set(now)) for now in held] == ["stigma" in was for was in before]
    assert codebook_history(changed)["change"].tolist()[-2:] == ["split", "split"]
    assert codebook_history(changed)["formerly"].tolist()[-2:] == ["stigma", "stigma"]
    assert check(evidence_in_files(changed, evidence, tmp_path / "data")).ok


def test_a_code_can_be_narrowed_by_a_split_and_keep_its_identifier(evidence, tmp_path):
    parts = parts_of(evidence, "stigma", ["stigma", "stigma_self"])
    (finding,) = evidence.codings.loc[evidence.codings["code_id"] == "stigma", "finding_id"].unique()[:1]
    assign = pd.DataFrame({"finding_id": [finding], "code_id": ["stigma_self"]})
    changed = split_code(evidence, "stigma", parts, assign, rest="stigma", **WHY)
    book = changed.codebook.set_index("code_id")
    assert book.loc["stigma", ["version_added", "changed_in"]].tolist() == [1, 3]
    assert book.loc["stigma_self", "version_added"] == 3
    assert pd.isna(book.loc["stigma_self", "changed_in"])
    assert pairs(changed, {"stigma", "stigma_self"}) == pairs(evidence, {"stigma"})
    assert check(evidence_in_files(changed, evidence, tmp_path / "data")).ok


def test_adjudications_follow_the_part_that_each_coder_chose(evidence):
    table = evidence.adjudications
    row = table[table["coder_1_codes"].str.split(";").map(lambda c: "stigma" in c) & table["coder_2_codes"].str.split(";").map(lambda c: "stigma" in c)].iloc[0]  # fmt: skip
    assign = pd.DataFrame({"finding_id": [row["finding_id"]] * 2, "code_id": ["stigma_self", "stigma_public"], "coder": ["coder-1", "coder-2"]})  # fmt: skip
    changed = split_code(evidence, "stigma", parts_of(evidence, "stigma", ["stigma_self", "stigma_public"]), assign, rest="stigma_public", **WHY)  # fmt: skip
    now = changed.adjudications.set_index("finding_id").loc[row["finding_id"]]
    assert "stigma_self" in now["coder_1_codes"].split(";")
    assert "stigma_public" in now["coder_2_codes"].split(";")


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (lambda e: rename_code(e, "nothing", "x", **WHY), "does not hold nothing"),
        (lambda e: rename_code(e, "stigma", "hardship", **WHY), "'hardship' is in the codebook"),
        (lambda e: rename_code(e, "stigma", "Stigma 2", **WHY), "“Stigma 2” holds “space”"),
        (lambda e: rename_code(e, "stigma", **WHY), "this identifier and this name already"),
        (lambda e: rename_code(e, "stigma", "shame", reason=" ", proposed_by="coder-1"), "needs a reason"),
        (lambda e: rename_code(e, "stigma", "shame", reason="Why", proposed_by="coder-1;anna"), "does not hold 'anna'"),
        (lambda e: rename_code(rename_code(e, "stigma", "shame", **WHY), "shame", "stigma", **WHY), "was a code before"),
        (lambda e: move_code(e, "stigma", "T99", **WHY), "no theme 'T99'"),
        (lambda e: move_code(e, "concealing", "T1a", **WHY), "under T1a already"),
        (lambda e: merge_codes(e, ["stigma"], "stigma", **WHY), "at least one code"),
        (lambda e: merge_codes(e, ["stigma"], "hardship", {"colour": "red"}, **WHY), "has no colour"),
        (lambda e: split_code(e, "stigma", parts_of(e, "stigma", ["a", "b"]), pd.DataFrame({"finding_id": ["x"], "code_id": ["c"]}), **WHY), r"Not one of the parts: c\. Without the code stigma: x\. Not assigned to a part \(\d+\)"),
        (lambda e: split_code(e, "stigma", parts_of(e, "stigma", ["a", "a"]), pd.DataFrame({"finding_id": [], "code_id": []}), "a", **WHY), "stands twice"),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_is_refused_in_words(evidence, does, says):
    with pytest.raises(SynthesisError, match=says):
        does(evidence)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Evidence:
    return read_evidence(small_base(tmp_path_factory.mktemp("small")))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_sequence_of_changes_loses_a_coding_or_a_negative_case(small, tmp_path_factory, data):
    now, n = small, 0
    wording = dict.fromkeys(("definition", "use_when", "do_not_use_for"), "As agreed.")
    for n in range(data.draw(st.integers(1, 4))):
        used = sorted(set(now.codings["code_id"]))
        code = data.draw(st.sampled_from(used))
        kind = data.draw(st.sampled_from(["rename", "merge", "split", "move"]))
        if kind == "rename":
            now = rename_code(now, code, f"renamed_{n}", **WHY)
        elif kind == "merge" and len(used) > 2:
            others = data.draw(st.lists(st.sampled_from(used), min_size=1, max_size=3, unique=True).filter(lambda c, code=code: c != [code]))  # fmt: skip
            now = merge_codes(now, others, code, wording, **WHY)
        elif kind == "split":
            ids = [f"part_{n}_{i}" for i in range(3)]
            own = sorted(set(now.codings.loc[now.codings["code_id"] == code, "finding_id"]))
            to = [";".join(data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))) for _ in own]
            now = split_code(
                now, code, parts_of(now, code, ids), pd.DataFrame({"finding_id": own, "code_id": to}), **WHY
            )
        else:
            theme = now.codebook.set_index("code_id").loc[code, "theme_id"]
            now = move_code(now, code, "T1b" if theme == "T1a" else "T1a", **WHY)
        assert pairs(now) == pairs(small)
        assert negative(now) == negative(small)
        assert not now.codings.duplicated(["finding_id", "code_id", "coder"]).any()
        assert set(now.codings["code_id"]) <= set(now.codebook["code_id"])
        ranks = now.codings.groupby(["finding_id", "coder"])["rank"]
        assert not now.codings.duplicated(["finding_id", "coder", "rank"]).any()
        assert (ranks.min() == 1).all()
        assert len(now.adjudications) == len(small.adjudications)
        assert list(now.review_findings["review_finding_id"]) == list(small.review_findings["review_finding_id"])
        assert codebook_version(now) == codebook_version(small) + n + 1
    folder = tmp_path_factory.mktemp("changed")
    report = check(evidence_in_files(now, small, folder))
    assert [str(problem) for problem in report.problems if problem.severity == "error"] == []


def test_the_shipped_files_are_untouched_by_all_this(evidence):
    assert evidence.folder == DATA
    assert len(evidence.codebook) == 61


# ---------------------------------------------------------------- printing


class _Page(HTMLParser):
    """What a test looks at in a page: headings, scoped header cells, ids and where links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scopes: Counter[str] = Counter()
        self.captions = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known["href"]] if tag == "a" else []
        self.scopes[known.get("scope", "none")] += tag == "th"
        self.captions += tag == "caption"


def test_the_printable_page_holds_every_code_its_boundaries_and_the_history(evidence):
    text = codebook_page(evidence)
    page = _Page(text)
    assert [each for each in page.ids if each.startswith("code-")] == [f"code-{code}" for code in codebook_table(evidence)["code_id"]]  # fmt: skip
    assert set(page.links) == {f"#{theme}" for theme in evidence.themes["theme_id"]} | {"#history"}
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert page.scopes["none"] == 0
    assert page.scopes["row"] == 61
    assert page.captions == evidence.codebook["theme_id"].nunique()
    assert text.count("<li><strong>") == 39
    assert status_line(evidence) in text
    assert "13 of 631 findings, 11 of 144 studies; 2 against" in text
    assert "size: A4" in text


def test_nothing_in_a_codebook_becomes_markup(evidence, altered):
    book = evidence.codebook.copy()
    book.loc[0, "definition"] = "<script>alert(1)</script> & more"
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in codebook_page(altered(codebook=book))


def test_the_command_answers_with_the_tree_the_history_or_a_page(capsys, tmp_path):
    assert main(["codebook", "--format", "csv"]) == 0
    assert len(list(csv.DictReader(capsys.readouterr().out.splitlines()))) == 61
    assert main(["codebook", "--history", "--format", "json"]) == 0
    assert (
        json.loads(capsys.readouterr().out)[14]["reason"]
        == "Coders differed on whether watching by a community counts."
    )
    assert main(["codebook", "--out", str(tmp_path / "codebook.html")]) == 0
    assert (tmp_path / "codebook.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_page_of_the_codebook_replaces_no_file_and_makes_no_folder_unasked(capsys, tmp_path):
    page = tmp_path / "codebook.html"
    page.write_text("mine", encoding="utf-8")
    for out, says in ((page, "is there already; name another file, or replace it with --force"), (tmp_path / "new" / "a.html", "is not there; make it first"), (tmp_path / "a.txt", "end it in .html")):  # fmt: skip
        assert main(["codebook", "--out", str(out)]) == 2
        assert says in capsys.readouterr().err
    assert (page.read_text(encoding="utf-8"), sorted(tmp_path.iterdir())) == ("mine", [page])
    assert main(["codebook", "--out", str(page), "--force"]) == 0
    assert "was there already and is replaced" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
