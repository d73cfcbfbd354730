"""How hard a review pack is to read: every text that it shows, and the sentences that are too hard. For the team only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from synthesis.evidence.readability import long_words, readability_index, sentences, too_hard, words
from synthesis.packs.contents import Pack, PackTheme, Statement
from synthesis.packs.picture import studies_picture_alt

#: Fixed texts, in the order in which a pack shows them.
_BEFORE = ("title", "subtitle", "made", "about", "asked", "care")
_AFTER = ("replies_none", "return", "rests")


def pack_texts(pack: Pack) -> pd.DataFrame:
    """Every text of a pack that is to be read, in reading order: ``target_id`` (or ``pack``), ``part``, ``text``."""
    rows = [("pack", part, text) for part in _BEFORE for text in _fixed(pack, part)]
    for theme in pack.themes:
        rows += [(theme.id, part, text) for part, text in _of_theme(pack, theme)]
        for statement in theme.statements:
            rows += [(statement.id, part, text) for part, text in _of_statement(pack, statement)]
    rows += [("pack", "question", each.text) for each in (*pack.questions, *pack.pack_questions)]
    rows += [("pack", "you said, we did", reply) for reply in pack.replies["plain_reply"]]
    rows += [("pack", part, text) for part in _AFTER for text in _fixed(pack, part)]
    return pd.DataFrame(rows, columns=["target_id", "part", "text"])


def _fixed(pack: Pack, part: str) -> Iterable[str]:
    filled = {"made": pack.made, "about": pack.about, "rests": pack.rests}
    text = filled[part] if part in filled else pack.words.texts[part]
    return (text,) if isinstance(text, str) else text


def _of_theme(pack: Pack, theme: PackTheme) -> Iterator[tuple[str, str]]:
    yield "name", theme.name
    if theme.content_note:
        yield "content note", theme.content_note
    easy = theme.easy if pack.variant == "easy_read" else ()
    yield from (("theme", line) for line in easy or (theme.plain,))
    yield "picture", studies_picture_alt(theme, pack.words)
    if pack.variant != "easy_read":
        yield from (("part of the theme", plain) for _, _, plain in theme.subthemes)
    yield from (("history", line) for line in theme.history)


def _of_statement(pack: Pack, statement: Statement) -> Iterator[tuple[str, str]]:
    easy = statement.easy if pack.variant == "easy_read" else ()
    yield from (("statement", line) for line in easy or (statement.plain,))
    yield "who", statement.who
    yield from (("how sure", text) for text in (statement.how_sure, *statement.why))
    if not statement.listed:
        yield "what does not fit", statement.no_against
    for each in statement.listed:
        lines = each.easy if pack.variant == "easy_read" else (each.text,)
        yield from (("what does not fit", line) for line in lines)
    yield from (("history", line) for line in statement.history)


def readability_table(pack: Pack) -> pd.DataFrame:
    """The sentences of a pack that are too hard to read, hardest first.

    Returns ``variant, target_id, part, sentence, n_words, readability_index, long_words, why``; `readability.too_hard` says
    what counts as too hard. Of an easy-read pack whole lines are judged, since one line is to hold one idea.
    """
    rows = []
    for target, part, text in pack_texts(pack).drop_duplicates(["part", "text"]).itertuples(index=False):
        for said in (
            (text,)
            if pack.variant == "easy_read" and part in ("theme", "statement", "what does not fit")
            else sentences(text)
        ):
            if why := too_hard(said, pack.variant):
                long = "; ".join(long_words(said)) or None
                rows.append((pack.variant, target, part, said, len(words(said)), readability_index(said), long, "; ".join(why)))  # fmt: skip
    columns = ["variant", "target_id", "part", "sentence", "n_words", "readability_index", "long_words", "why"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("readability_index", ascending=False, kind="stable", ignore_index=True)


def readability_summary(pack: Pack) -> pd.DataFrame:
    """How a pack reads as a whole: a row a part, with how many of its sentences are hard, mean words a sentence and index.

    Columns ``variant, part, n_hard, of_hard, words_a_sentence, readability_index``; ``all`` is the row over every part.
    """
    texts = pack_texts(pack).drop_duplicates(["part", "text"])
    texts = texts.assign(sentence=texts["text"].map(sentences)).explode("sentence").dropna(subset="sentence")
    parts = [("all", texts), *texts.groupby("part", sort=False)]
    rows = []
    for part, mine in parts:
        said = " ".join(each if each[-1] in ".!?" else f"{each}." for each in mine["sentence"])
        hard = sum(bool(too_hard(each, pack.variant)) for each in mine["sentence"])
        n_words = mine["sentence"].map(lambda each: len(words(each))).sum()
        rows.append((pack.variant, part, hard, len(mine), n_words / len(mine), readability_index(said)))
    columns = ["variant", "part", "n_hard", "of_hard", "words_a_sentence", "readability_index"]
    return pd.DataFrame(rows, columns=columns)
