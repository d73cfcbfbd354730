"""How hard a text is to read: words a sentence, long words, and the Automated Readability Index. Pure functions on text.

A measure says where to look, never that a text is good: only readers can say that.
"""

from __future__ import annotations

import re

#: Most words of a sentence: plain-language guidance of the Government Digital Service, and Easy Read guidance.
MAX_WORDS = {"standard": 25, "easy_read": 15}
#: Highest index of a sentence: this toolkit's own limits, about 15 and 13 years of age. In a heading of three words one
#: long word makes the index leap, so shorter sentences than `WORDS_FOR_AN_INDEX` are not judged by it.
MAX_INDEX = {"standard": 10.0, "easy_read": 8.0}
WORDS_FOR_AN_INDEX = 6
#: From so many letters on a word is named to the team; Easy Read asks for short words and gives no number.
LONG_WORD = 11

_WORD = re.compile(r"[^\W_]+(?:['’\-–][^\W_]+)*")
# A full stop ends a sentence where a space and the next beginning follow, so that "2.5" and "e.g. this" do not.
_END = re.compile(r"(?<=[.!?…])[\"”’)]*\s+(?=[\"“‘(]?[A-Z0-9])")
_SHORT_FORM = re.compile(r"\b(?:e\.g|i\.e|etc|Dr|Mr|Mrs|Ms|St|vs|cf|No)\.$")


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without the space between them."""
    found: list[str] = []
    for part in _END.split(text.strip()):
        if found and _SHORT_FORM.search(found[-1]):
            found[-1] += f" {part.strip()}"
        elif part.strip():
            found.append(part.strip())
    return found


def words(text: str) -> list[str]:
    """The words and numbers of a text; a word with a hyphen or an apostrophe is one."""
    return _WORD.findall(text)


def long_words(text: str) -> list[str]:
    """Words of eleven letters or more, each once, in order; the parts of a word with a hyphen count apart."""
    parts = (part for word in words(text) for part in re.split(r"[-–]", word))
    return list(dict.fromkeys(part for part in parts if sum(map(str.isalpha, part)) >= LONG_WORD))


def readability_index(text: str) -> float | None:
    """The Automated Readability Index: about the years of schooling (USA) that a text asks for; None without a word.

    4.71 x letters a word + 0.5 x words a sentence - 21.43 (Smith & Senter 1967, AMRL-TR-66-220). Not below zero.
    """
    said, n = words(text), len(sentences(text))
    if not said:
        return None
    letters = sum(sum(map(str.isalnum, word)) for word in said)
    return max(0.0, 4.71 * letters / len(said) + 0.5 * len(said) / n - 21.43)


def too_hard(text: str, variant: str = "standard") -> list[str]:
    """Why a sentence or line is too hard for a pack, in words for the team; nothing where it is not.

    `variant` is ``standard`` or ``easy_read``: a line of an easy-read text is short, and holds one sentence.
    """
    said = []
    if (n := len(words(text))) > MAX_WORDS[variant]:
        said.append(f"{n} words, at most {MAX_WORDS[variant]}")
    index = readability_index(text)
    if index is not None and n >= WORDS_FOR_AN_INDEX and index > MAX_INDEX[variant]:
        said.append(f"readability index {index:.1f}, at most {MAX_INDEX[variant]:g}")
    if variant == "easy_read" and len(sentences(text)) > 1:
        said.append(f"{len(sentences(text))} sentences in one line")
    return said
