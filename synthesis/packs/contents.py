"""What a review pack says, built from the evidence: themes in plain words, who says them, how sure, what speaks against.

A pack is words and counts; `packs.pages`, `packs.pdf`, `packs.word` and `packs.sheet` give it a form. The words that are the
same in every pack stand in ``words.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from synthesis.evidence.identifiers import wrong_with
from synthesis.evidence.round_rules import pack_version
from synthesis.evidence.schema import CallError, SynthesisError, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.packs.responses import history, replies, waiting
from synthesis.review.provenance import making, status_line
from synthesis.themes.confidence import COMPONENTS, evidence_profile, in_plain_words
from synthesis.themes.contrary import contradictions
from synthesis.themes.support import theme_table

#: Levels of concern that a pack names; lesser ones would only tire a reader.
_NAMED_CONCERNS = frozenset({"moderate", "serious"})
#: Below so many studies a pack says that there are few; from there on a concern about adequacy is about what they say.
_FEW = 5
#: Questions asked of each theme, with the answers to choose from; the last one is asked of the whole pack.
ASKED = {
    "fits": ("yes", "partly", "no", "not_sure"),
    "does_not_fit": (),
    "missing": (),
    "words_wrong": (),
    "priority": ("matters_most", "matters", "matters_less", "not_sure"),
}
ASKED_OF_PACK = {"missing": (), "other": ()}

VARIANTS = ("standard", "easy_read")


@dataclass(frozen=True)
class Words:
    """The fixed words of a pack for one audience and variant; `said` fills in what stands in braces."""

    texts: Mapping[str, Any]
    variant: str = "standard"

    def said(self, name: str, **values: object) -> str:
        return self.texts[name].format(**values)

    def lines(self, name: str, **values: object) -> tuple[str, ...]:
        return tuple(line.format(**values) for line in self.texts[name])


@dataclass(frozen=True)
class Question:
    """A question asked of a theme or of the whole pack: the answers to tick (word, text), and whether there is room to write."""

    id: str
    text: str
    answers: tuple[tuple[str, str], ...]
    free: bool


@dataclass(frozen=True)
class Against:
    """A finding listed against a statement: whose study it comes from, the finding in plain words, and its easy-read lines."""

    lead: str
    text: str
    easy: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One review finding: in plain words, who says it, how many studies, how sure and why, what speaks against it.

    ``adds`` holds the findings that were listed against it and read as saying something more; a pack shows them where nothing
    contradicts. ``no_against`` is the sentence that stands where there is neither.
    """

    id: str
    plain: str
    easy: tuple[str, ...]
    wording: str
    who: str
    n_studies: int
    of_studies: int
    level: str
    how_sure: str
    why: tuple[str, ...]
    against: tuple[Against, ...]
    adds: tuple[Against, ...]
    no_against: str
    history: tuple[str, ...]
    picture: str = ""

    @property
    def listed(self) -> tuple[Against, ...]:
        """What is shown below the statement: what contradicts it, else what adds to it."""
        return self.against or self.adds


@dataclass(frozen=True)
class PackTheme:
    """One theme of a pack. ``parents`` and ``practitioners`` are studies that support it, of how many of that side."""

    id: str
    name: str
    plain: str
    easy: tuple[str, ...]
    content_note: str
    note_provisional: bool
    parents: tuple[int, int]
    practitioners: tuple[int, int]
    subthemes: tuple[tuple[str, str, str], ...]
    statements: tuple[Statement, ...]
    history: tuple[str, ...]
    picture: str = ""


@dataclass(frozen=True)
class Pack:
    """Everything that a pack says, in the order in which it is read; ``made`` says on its first page how far to rely on it."""

    version: str
    review: str
    audience: str
    variant: str
    state: str
    round_id: str
    words: Words = field(repr=False)
    themes: tuple[PackTheme, ...] = field(repr=False)
    questions: tuple[Question, ...] = field(repr=False)
    pack_questions: tuple[Question, ...] = field(repr=False)
    replies: pd.DataFrame = field(repr=False)
    n_waiting: int
    support: pd.DataFrame = field(repr=False)
    made: tuple[str, ...] = field(repr=False)
    about: tuple[str, ...] = field(repr=False)
    status_line: str = field(repr=False)

    @property
    def rests(self) -> tuple[str, ...]:
        """What the last page says of how far to rely on it: the first page again, and of a draft that it is one."""
        return (*self.made, *((self.words.texts["rests_draft"],) if self.state == "draft" else ()))


def build_pack(
    evidence: Evidence,
    audience: str = "advisory",
    themes: Sequence[str] | None = None,
    last: Collection[str] = (),
    variant: str = "standard",
    final: bool = False,
    round_id: str | None = None,
) -> Pack:
    """A pack for one audience, from the evidence base.

    Parameters
    ----------
    audience : ``advisory`` (people with lived experience) or ``practitioner``.
    themes : analytical themes to ask about, in this order; default all. The others are left out.
    last : themes to move to the end, so that hard ones come after the rest.
    variant : ``standard``, or ``easy_read`` (one idea a line).
    final : a final pack is refused while a comment of an earlier round waits for its response.
    round_id : the round that the pack names; default the one in ``rounds`` that was made for this very pack and is not closed.

    The version names what is asked: the same themes and words give the same version. Raises CallError for an unknown
    audience, variant or theme, and SynthesisError for a final pack while comments wait or places to turn to are missing.
    """
    return build_packs(evidence, audience, themes, last, (variant,), final, round_id)[0]


def build_packs(
    evidence: Evidence,
    audience: str = "advisory",
    themes: Sequence[str] | None = None,
    last: Collection[str] = (),
    variants: Sequence[str] = VARIANTS,
    final: bool = False,
    round_id: str | None = None,
) -> list[Pack]:
    """The same pack in several variants, in their order; the parameters are those of `build_pack`."""
    _check_call(evidence, audience, themes, last, variants, round_id or "")
    n_waiting = len(waiting(evidence, final=final))
    if final:
        _check_support(evidence)
    shown, facts = _ordered(evidence, themes, last), _facts(evidence)
    packs = []
    for variant in variants:
        words = pack_words(audience, variant)
        parts, shared = _said_once(tuple(_theme(evidence, facts, each, words) for each in shown), words)
        version = _version(audience, parts)
        packs.append(
            Pack(
                version=version,
                review=review_of(evidence),
                audience=audience,
                variant=variant,
                state="final" if final else "draft",
                round_id=_round_of(evidence, version) if round_id is None else round_id,
                words=words,
                themes=parts,
                questions=_questions(words, ASKED),
                pack_questions=_questions(words, ASKED_OF_PACK),
                replies=replies(evidence),
                n_waiting=n_waiting,
                support=evidence.support,
                made=_made(evidence, words),
                about=(
                    *words.lines(
                        "about", n_studies=evidence.findings["study_id"].nunique(), n_themes=len(_top(evidence))
                    ),
                    *shared,
                ),
                status_line=status_line(evidence),
            )
        )
    return packs


def _check_support(evidence: Evidence) -> None:
    if evidence.support.empty:
        raise SynthesisError(
            "No places to turn to are filled in, so the pack would go out without support and cannot be final; nothing was "
            "made. Fill in judgements/support.csv for your place, with the day on which you checked each, or make a draft."
        )


def review_of(evidence: Evidence) -> str:
    """What names this review on every form of a pack: the published review's identifier, else the name of the data folder."""
    statements = evidence.review_statements
    return str(statements["doi"].iloc[0]) if len(statements) else evidence.folder.name


def _round_of(evidence: Evidence, version: str) -> str:
    """The round that was made for this version and is not closed; empty where there is none."""
    mine = evidence.rounds[(evidence.rounds["pack_version"] == version) & (evidence.rounds["status"] != "closed")]
    return str(mine["round_id"].iloc[-1]) if len(mine) else ""


@dataclass(frozen=True)
class _Facts:
    """What every theme of a pack looks up, computed once."""

    support: pd.DataFrame
    profile: pd.DataFrame
    against: pd.DataFrame


def _facts(evidence: Evidence) -> _Facts:
    words = evidence.review_findings[["review_finding_id", "plain_language", "perspectives"]]
    return _Facts(
        theme_table(evidence).set_index("theme_id"),
        evidence_profile(evidence).merge(words, on="review_finding_id"),
        contradictions(evidence),
    )


def pack_words(audience: str, variant: str = "standard") -> Words:
    """The fixed words for an audience and variant; what they do not say anew is taken from the advisory standard."""
    book = _word_book()
    texts: dict[str, Any] = {}
    for who in dict.fromkeys(("advisory", audience)):
        for how in dict.fromkeys(("standard", variant)):
            texts |= book.get(who, {}).get(how, {})
    return Words(texts, variant)


@cache
def _word_book() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def _check_call(
    evidence: Evidence,
    audience: str,
    themes: Sequence[str] | None,
    last: Collection[str],
    variants: Sequence[str],
    round_id: str,
) -> None:
    wrong = [f"the round “{round_id[:60]}” {fault}"] if round_id and (fault := wrong_with(round_id)) else []
    if audience not in vocabularies()["pack_audience"]:
        wrong.append(f"there is no audience {audience!r}; there are {', '.join(vocabularies()['pack_audience'])}")
    for each in variants:
        if each not in VARIANTS:
            wrong.append(f"there is no variant {each!r}; there are {', '.join(VARIANTS)}")
    known = list(_top(evidence)["theme_id"])
    asked = [*(themes if themes is not None else []), *last]
    for each in dict.fromkeys(asked):
        if each not in known:
            wrong.append(f"there is no analytical theme {each!r}; there are {', '.join(known)}")
    if themes:
        wrong += [f"--last names {each}, which is not among the themes asked about" for each in dict.fromkeys(last) if each in known and each not in themes]  # fmt: skip
    if themes is not None and not themes:
        wrong.append("a pack needs at least one theme")
    if themes is not None and len(set(themes)) < len(themes):
        wrong.append("a theme is named twice")
    if wrong:
        raise CallError("; ".join(wrong)[0].upper() + "; ".join(wrong)[1:] + ".")


def _top(evidence: Evidence) -> pd.DataFrame:
    themes = evidence.themes
    return themes[themes["level"] == "analytical"].sort_values("position")


def _ordered(evidence: Evidence, themes: Sequence[str] | None, last: Collection[str]) -> list[str]:
    shown = list(themes) if themes is not None else list(_top(evidence)["theme_id"])
    return [each for each in shown if each not in last] + [each for each in shown if each in last]


def _theme(evidence: Evidence, facts: _Facts, theme_id: str, words: Words) -> PackTheme:
    themes = evidence.themes.set_index("theme_id")
    counts = facts.support.loc[theme_id]
    below = evidence.themes[evidence.themes["parent_theme_id"] == theme_id].sort_values("position")
    notes = evidence.content_notes.set_index("theme_id")
    noted = theme_id in notes.index
    return PackTheme(
        id=theme_id,
        name=themes.at[theme_id, "name"],
        plain=themes.at[theme_id, "plain_language"],
        easy=_easy(evidence, theme_id),
        content_note=str(notes.at[theme_id, "note"]) if noted else "",
        note_provisional=noted and notes.at[theme_id, "status"] == "provisional",
        parents=(int(counts["n_studies_parent"]), int(counts["of_studies_parent"])),
        practitioners=(int(counts["n_studies_practitioner"]), int(counts["of_studies_practitioner"])),
        subthemes=tuple((row.theme_id, row.name, row.plain_language) for row in below.itertuples(index=False)),
        statements=_statements(evidence, facts, theme_id, words),
        history=history(evidence, theme_id),
        picture=_picture(evidence, theme_id, words),
    )


def _statements(evidence: Evidence, facts: _Facts, theme_id: str, words: Words) -> tuple[Statement, ...]:
    profile = facts.profile
    return tuple(
        Statement(
            id=row["review_finding_id"],
            plain=row["plain_language"],
            easy=_easy(evidence, row["review_finding_id"]),
            wording=row["statement"],
            who=words.said(f"who_{row['perspectives']}"),
            n_studies=int(row["n_studies"]),
            of_studies=int(row["of_studies"]),
            level=row["overall"] if isinstance(row["overall"], str) else "",
            how_sure=_how_sure(row, words),
            why=_why(row, words),
            against=_read_as(evidence, facts, row["review_finding_id"], "contradicts", words),
            adds=_read_as(evidence, facts, row["review_finding_id"], "adds", words),
            no_against=_no_against(facts, row, words),
            history=history(evidence, row["review_finding_id"]),
            picture=_picture(evidence, row["review_finding_id"], words),
        )
        for row in profile[profile["theme_id"] == theme_id].to_dict("records")
    )


def _read_as(evidence: Evidence, facts: _Facts, which: str, reading: str, words: Words) -> tuple[Against, ...]:
    """The findings listed against a statement with one reading; what nobody has read counts as contradicting."""
    listed = facts.against[facts.against["review_finding_id"] == which]
    mine = listed[listed["reading"].fillna("contradicts") == reading]
    return tuple(
        _against(words.said(f"against_{each.perspective}"), each.finding, _easy(evidence, each.finding_id))
        for each in mine.itertuples()
    )


def _against(lead: str, finding: str, easy: tuple[str, ...]) -> Against:
    return Against(lead, " ".join(easy) or finding, easy)


def _no_against(facts: _Facts, row: Mapping[str, Any], words: Words) -> str:
    """What to say where nothing is shown against a statement: that findings were listed and fit, or that none was."""
    listed = facts.against[facts.against["review_finding_id"] == row["review_finding_id"]]
    held = int((listed["reading"] == "held").sum())
    if held:
        return words.said("against_held_one" if held == 1 else "against_held", n=held)
    # "Nothing speaks against it" must not stand beside "the studies do not all point the same way".
    return words.said("against_none_mixed" if row["coherence"] in _NAMED_CONCERNS else "against_none")


def _how_sure(row: Mapping[str, Any], words: Words) -> str:
    """The level of confidence; else that people have judged and do not agree yet, or that nobody has judged."""
    if isinstance(row["overall"], str):
        return in_plain_words(row["overall"])
    return words.texts["sure"]["not_settled" if row["judged"] == "not_settled" else "none"]


def _why(row: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    """The worries that are moderate or serious, in plain words; the assessor's own reason stands in the evidence profile."""
    if not isinstance(row["overall"], str):
        return ()
    said = words.texts["why"]
    named = [part for part in COMPONENTS if row[part] in _NAMED_CONCERNS]
    # Where every study was appraised, "we do not know how well they were done" would not be true.
    unappraised = isinstance(row["remark"], str) and "studies appraised" in row["remark"]
    other = {
        "methodological_limitations": "" if unappraised else "_appraised",
        "adequacy": "_few" if row["n_studies"] < _FEW else "",
    }
    return tuple(said[part + other.get(part, "")] for part in named) or (said["nothing"],)


def _said_once(parts: tuple[PackTheme, ...], words: Words) -> tuple[tuple[PackTheme, ...], tuple[str, ...]]:
    """Themes without the worry that nothing is known of how studies were done, and it once, where every statement has it.

    It stays with a statement that has no other worry, so that a reader is always told why.
    """
    worry = words.texts["why"]["methodological_limitations"]
    if not all(worry in each.why for part in parts for each in part.statements):
        return parts, ()
    kept = tuple(
        replace(
            part,
            statements=tuple(
                replace(s, why=tuple(why for why in s.why if why != worry) or (worry,)) for s in part.statements
            ),
        )
        for part in parts
    )
    return kept, (words.texts["studies_unappraised"],)


def _easy(evidence: Evidence, target: str) -> tuple[str, ...]:
    lines = evidence.easy_read
    return tuple(lines[lines["target_id"] == target].sort_values("position")["line"])


def _picture(evidence: Evidence, target: str, words: Words) -> str:
    """The sign beside an easy-read text; packs in other variants have none."""
    lines = evidence.easy_read
    named = lines.loc[lines["target_id"] == target].sort_values("position")["picture"].dropna()
    return str(named.iloc[0]) if len(named) and words.variant == "easy_read" else ""


def _questions(words: Words, asked: Mapping[str, tuple[str, ...]]) -> tuple[Question, ...]:
    texts, answers = words.texts["questions"], words.texts["answers"]
    return tuple(
        Question(each, texts[each], tuple((word, answers[word]) for word in choices), free=each != "priority")
        for each, choices in asked.items()
    )


def _made(evidence: Evidence, words: Words) -> tuple[str, ...]:
    """What was read, who sorted it and whether people have checked it, each in a sentence; none where nothing is to be said."""
    made = making(evidence)
    read = "" if not made.n_short else "short" if made.n_short == made.of_findings else "short_part"
    checked = "unread" if made.checked == "no" and made.sorted_by == "program" else made.checked
    said = (words.texts["made"].get(name, "") for name in (read, made.sorted_by, checked))
    counts = {"short": made.n_short, "of": made.of_findings, "alone": made.n_program, "of_sorted": made.of_sorted}
    return tuple(each.format(**{name: f"{n:,}" for name, n in counts.items()}) for each in said if each)


def _version(audience: str, parts: Sequence[PackTheme]) -> str:
    return pack_version(
        audience, [(part.id, part.name, part.plain, [(s.id, s.plain) for s in part.statements]) for part in parts]
    )
