"""How hard a text is to read: counts worked out by hand, limits, and what counts as a sentence or a word."""

from __future__ import annotations

import pytest

from synthesis.evidence.readability import MAX_WORDS, long_words, readability_index, sentences, too_hard, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("They found 2.5 of 10. It was little.", ["They found 2.5 of 10.", "It was little."]),
        ("She said “Stop.” Then she went.", ["She said “Stop.”", "Then she went."]),
        ("Ask Dr. Smith. He knows.", ["Ask Dr. Smith.", "He knows."]),
        ("Use names, e.g. Mary. Or none.", ["Use names, e.g. Mary.", "Or none."]),
        ("  ", []),
        ("no end", ["no end"]),
        ("Wait... Then go.", ["Wait...", "Then go."]),
    ],
)
def test_sentences(text, found):
    assert [each.rstrip("”").rstrip() for each in sentences(text)] == [each.rstrip("”").rstrip() for each in found]


def test_a_word_with_a_hyphen_or_an_apostrophe_is_one_word_and_numbers_count():
    assert words("It’s well-known: 83 of 144 don't (say) so – ever.") == [
        "It’s", "well-known", "83", "of", "144", "don't", "say", "so", "ever",
    ]  # fmt: skip


def test_long_words_are_named_once_and_the_parts_of_a_hyphenated_word_count_apart():
    assert long_words("Multidisciplinary consultations, multi-agency work; consultations") == [
        "Multidisciplinary",
        "consultations",
    ]


def test_the_index_is_worked_out_as_published():
    # Six words, 23 letters and two sentences, by hand: 4.71 x 23 / 6 + 0.5 x 6 / 2 - 21.43.
    text = "Support helps parents. Ask for it."
    assert readability_index(text) == pytest.approx(max(0, 4.71 * 27 / 6 + 0.5 * 3 - 21.43))
    long = "Multidisciplinary consultations facilitate communication."
    assert readability_index(long) == pytest.approx(4.71 * (17 + 13 + 10 + 13) / 4 + 0.5 * 4 - 21.43)


def test_the_index_of_no_words_is_missing_and_of_short_ones_is_not_below_zero():
    assert readability_index(" …! ") is None
    assert readability_index("I am so. He is.") == 0


def test_a_sentence_is_too_long_from_one_word_over_the_limit():
    for variant, most in MAX_WORDS.items():
        assert not too_hard(" ".join(["so"] * most) + ".", variant)
        assert too_hard(" ".join(["so"] * (most + 1)) + ".", variant) == [f"{most + 1} words, at most {most}"]


def test_a_short_heading_with_one_long_word_is_not_called_too_hard():
    assert not too_hard("Questionnaire")
    assert too_hard("Multidisciplinary consultations facilitate organisational communication considerably.")


def test_an_easy_read_line_holds_one_sentence():
    assert too_hard("They ask. They wait.", "easy_read") == ["2 sentences in one line"]
    assert not too_hard("They ask. They wait.", "standard")
