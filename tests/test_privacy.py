"""Details that may show who somebody is. Names and numbers are INVENTED, or set aside for examples by those who give them out."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from plain import rows

from synthesis.evidence.privacy import blacked_out, hinted, names_in, personal_details
from synthesis.evidence.readability import sentences


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("mail me at jo.bloggs@example.org please", "e-mail address", "jo.bloggs@example.org"),
        ("jo (at) example (dot) org", "e-mail address", "jo (at) example (dot) org"),
        ("see www.example.org/me", "web address or account name", "www.example.org/me"),
        ("ring 020 7946 0958", "phone number", "020 7946 0958"),
        ("ring +44 7700 900123", "phone number", "+44 7700 900123"),
        ("text me on 07700900123", "phone number", "07700900123"),
        ("my NHS number is 943 476 5919", "NHS number", "943 476 5919"),
        ("my NI is QQ 12 34 56 C", "National Insurance number", "QQ 12 34 56 C"),
        ("case number LV20C01234", "case or reference number", "case number LV20C01234"),
        ("our ref: 2021/4455", "case or reference number", "ref: 2021/4455"),
        ("he was born on 3 May 1990", "date that may be a birthday", "3 May 1990"),
        ("dob 03/05/90", "date that may be a birthday", "03/05/90"),
        ("I live at SW1A 1AA", "postcode", "SW1A 1AA"),
        ("at 12 Acacia Avenue", "address", "12 Acacia Avenue"),
        ("Dr Smith was kind", "name", "Dr Smith"),
        ("my name is jane", "name", "my name is jane"),
        ("I'm Sarah", "name", "I'm Sarah"),
        ("My son Leo was taken", "name", "My son Leo"),
        ("we went with Parveen, who helped", "name", "Parveen"),
        ("Sarah said it was fine", "name", "Sarah"),
        ("Karen Jones lied to us", "name", "Karen Jones"),
        ("KAREN JONES lied to us", "name", "KAREN JONES"),
        ("then dr smith came", "name", "dr smith"),
        ("MRS JONES was kind", "name", "MRS JONES"),
        ("my son leo was taken", "name", "my son leo"),
        ("my daughter called amy cried", "name", "my daughter called amy"),
        ("mail jo at hotmail dot com", "e-mail address", "jo at hotmail dot com"),
        ("my insta is jo_b99", "web address or account name", "insta is jo_b99"),
        ("on Facebook: jo.b", "web address or account name", "Facebook: jo.b"),
    ],
)
def test_a_likely_detail_is_found_and_blacked_out(text, kind, part):
    (found,) = personal_details(text)
    assert (found.kind, text[found.start : found.end]) == (kind, part)
    assert blacked_out(text) == text.replace(part, f"[removed: {kind}]")
    assert part not in hinted(text, found)


@pytest.mark.parametrize(
    "text",
    [
        "Parents said so. Nobody told us. Social Services were good, and the Family Court too.",
        "They kept me waiting 3 weeks, 20% of the time. In 2019 it was 1,234 families; 2019-2020 was worse.",
        "T1 and RF01 fit. I am English, and I'm tired on Mondays in May",
        "- too long\n- too sad. This does not fit: Too much blame.",
        "THIS IS NOT RIGHT. The MENTAL HEALTH team and the dr did not listen; I met them at home.",
        "my son was taken, my daughter struggled, my baby cries and my little girl is happy; our boy and I miss him",
        "facebook is bad, we were on Facebook all the time, 3 times a day on insta.",
        "<script>alert('x')</script> =HYPERLINK(1)",
        "",
    ],
)
def test_an_ordinary_comment_is_left_alone(text):
    assert personal_details(text) == []
    assert blacked_out(text) == text


def test_a_text_that_was_blacked_out_has_nothing_left_to_flag():
    text = "I'm Sarah, 07700 900123, sarah@example.org; Dr Smith took my son Leo at SW1A 1AA on 3 May 2020."
    assert len(personal_details(text)) == 7
    assert personal_details(blacked_out(text)) == []


@pytest.mark.parametrize("text", ["a 1 " * 8000 + "A" * 8000, "1 " * 16000, "a.a" * 10000 + "@", "Aa " * 10000])
def test_a_long_text_does_not_hold_it_up(text):
    began = time.perf_counter()
    personal_details(text)
    assert time.perf_counter() - began < 3


def comments() -> list[tuple[str, str]]:
    """The made-up comments of comments.csv, half of them with a name: the comment and what is to be flagged in it."""
    with (Path(__file__).parent / "comments.csv").open(encoding="utf-8", newline="") as handle:
        return [(row["comment"], row["names"]) for row in csv.DictReader(handle)]


def flagged(text: str) -> list[str]:
    return [text[each.start : each.end] for each in personal_details(text)]


def test_names_in_made_up_comments_are_found_and_comments_without_one_are_left_alone():
    told = comments()
    assert (len(told), sum(bool(name) for _, name in told)) == (60, 30)
    missed = [text for text, name in told if name and not any(name.endswith(part) or part.endswith(name) for part in flagged(text))]  # fmt: skip
    false = [text for text, name in told if not name and flagged(text)]
    assert (missed, false) == ([], [])


def test_fewer_than_two_in_a_hundred_plain_sentences_are_flagged():
    texts = [row["plain_language"] for name in ("themes", "review_findings") for row in rows(name)]
    texts += [row["line"] for row in rows("easy_read")] + [row["finding"] for row in rows("findings")]
    said = [sentence for text in texts for sentence in sentences(text)]
    false = [sentence for sentence in said if flagged(sentence)]
    assert len(said) > 900
    assert len(false) / len(said) < 0.02, false


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Tom hit me.", "Tom"),
        ("It was bad. “Tom did it.”", "Tom"),
        ("Jo and I went.", "Jo"),
        ("- Aisha's teacher knew", "Aisha"),
        ("Leanne, my worker, listened.", "Leanne"),
        ("Florence helped. James left.", "Florence"),
        ("Lily misses me", "Lily"),
        ("It is hard. Zofia misses school.", "Zofia"),
        ("Oisin calls my sister every day", "Oisin"),
    ],
)
def test_a_name_with_which_a_sentence_begins_is_found(text, part):
    assert part in flagged(text)


@pytest.mark.parametrize(
    "text", ["Foster carers listened.", "Contact centres helped us.", "Phone calls to them cost a lot"]
)
def test_a_noun_before_a_plural_is_no_name(text):
    assert flagged(text) == []


def test_a_name_that_one_text_shows_is_found_in_every_other_text():
    names = names_in(["my daughter Lily", "Dr Smith's letter", "my name is jo", "my son Will", "KAREN JONES lied"])
    assert names == {"lily", "smith", "jo", "will", "karen", "jones"}
    text = "lily and LILY, lily’s room; jo; what smith said; Will is 3. We will, I WILL. Lilys are flowers, john"
    assert [text[each.start : each.end] for each in personal_details(text, names)] == [
        "lily", "LILY", "lily", "jo", "smith", "Will",
    ]  # fmt: skip
    assert blacked_out("a lily", names) == "a [removed: name]"
    assert personal_details(blacked_out(text, names), names) == []


def test_the_words_around_a_name_are_no_names():
    assert names_in(["My baby daughter called Amy", "the social worker Ruth", "I went to Family Court"]) == {
        "amy",
        "ruth",
    }
