"""review.toml: what it says is read, every fault of it is told, and what is not there is not said."""

from __future__ import annotations

import shutil

import pytest
from small import DATA, small_base

from synthesis.cli import main
from synthesis.evidence.review_file import Review, check_review, read_review
from synthesis.evidence.schema import EvidenceError


def test_the_shipped_review_names_its_title_licences_contributors_and_sources():
    review = read_review(DATA)
    assert review.title and review.created == "2026-11-21"
    assert [each["name"] for each in review.of_all("licences")] == ["CC-BY-4.0"]
    assert [each["name"] for each in review.of_table("licences", "official_statistics")] == ["OGL-UK-3.0"]
    assert len(review.of_all("sources")) == 2 and len(review.contributors) == 1


def test_it_says_that_the_published_list_is_public_and_how_much_of_it_could_be_read():
    said = " ".join(read_review(DATA).notes)
    assert "list of its 41 studies is public" in said and "Four of its rows could be read" in said


def test_without_the_file_nothing_is_said(tmp_path):
    assert read_review(tmp_path) == Review()
    assert check_review(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = Older gardeners", "cannot be read as TOML"),
        ("licenses = []", "licenses is no key of this file; did you mean licences?"),
        ("colour = 'green'", "colour is no key of this file; known are title, "),
        ("title = 3", "title must be a text in quotation marks"),
        ("name = 'My review'", "name must be small letters a to z, digits"),
        ("created = '2026-11-21'", "created must be a day, as 2026-11-21 without quotation marks"),
        ("notes = 'one'", "notes must be a list of texts"),
        ("sources = 'a book'", "sources must be a list of entries; write each below a line [[sources]]"),
        ("[[licences]]\nname = 'CC0-1.0'\ntitle = 'CC0'", "licences 1: path is missing; add it"),
        ("[[sources]]\ntitle = 'One'\n[[sources]]\nurl = 'x'\ntitle = 'Two'", "sources 2: url is no key of this file"),
        ("[[sources]]\ntitle = 'One'\ntables = ['study']", "sources 1: there is no table study"),
    ],
)
def test_a_fault_is_told_with_its_key_and_what_is_allowed(tmp_path, text, says):
    (tmp_path / "review.toml").write_text(text, encoding="utf-8")
    (problem,) = check_review(tmp_path)
    assert (problem.code, problem.table) == ("review-file", "review.toml")
    assert says in problem.message
    with pytest.raises(EvidenceError, match="review-file"):
        read_review(tmp_path)


def test_every_fault_is_told_at_once(tmp_path):
    (tmp_path / "review.toml").write_text("title = 3\nname = 4\n[[licences]]\nname = 'x'", encoding="utf-8")
    assert len(check_review(tmp_path)) == 4


def test_a_byte_order_mark_is_passed_over_and_a_link_that_leads_nowhere_is_told(tmp_path):
    (tmp_path / "review.toml").write_text("title = 'Older gardeners'", encoding="utf-8-sig")
    assert read_review(tmp_path).title == "Older gardeners"
    (tmp_path / "review.toml").unlink()
    (tmp_path / "review.toml").symlink_to("nowhere")
    assert "cannot be read" in check_review(tmp_path)[0].message


def test_check_lists_a_fault_of_the_file_and_nothing_is_made_from_it(tmp_path, capsys):
    folder = small_base(tmp_path / "data")
    shutil.copy(DATA / "review.toml", folder)
    assert main(["check", "--data", str(folder)]) == 0
    with (folder / "review.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[licences]]\nname = "CC0-1.0"\n')
    capsys.readouterr()
    assert main(["check", "--data", str(folder)]) == 1
    assert "licences 3: title is missing; add it" in capsys.readouterr().out
