"""Reporting how people were involved: the GRIPP2 short form and ACTIVE, filled as far as the tables tell, gaps in words.

GRIPP2-SF: five items (Staniszewska 2017, doi 10.1186/s40900-017-0062-2, table 2). ACTIVE: who, how recruited, approach,
method, twelve stages of a review, level (Pollock 2019, doi 10.1177/1355819619841647). Nothing is written for the authors:
a gap says what they must still say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from synthesis.evidence.schema import counted, vocabularies
from synthesis.evidence.tables import Evidence
from synthesis.packs.responses import answered

_NONE_YET = "No round has been given out and no activity is recorded, so there is nothing to report yet."
_COLUMNS = ["item", "asks_for", "said", "gap"]


def gripp2(evidence: Evidence) -> pd.DataFrame:
    """The five items of the GRIPP2 short form: ``item, asks_for, said`` (what the tables tell), ``gap`` (what is missing).

    `said` and `gap` are empty where there is nothing to say or nothing missing.
    """
    items: tuple[tuple[str, str, Callable[[Evidence], tuple[str, str]]], ...] = (
        ("1 Aim", "What involvement was for", _aim),
        ("2 Methods", "How people were involved", _methods),
        ("3 Results", "What it led to, good and bad", _results),
        ("4 Discussion and conclusions", "How far it changed the review, for better and worse", _influence),
        ("5 Reflections", "What went well, what did not, and what others can learn", _reflections),
    )
    begun = len(_given_out(evidence)) or len(evidence.involvement)
    rows = [(item, asks, *(filled(evidence) if begun else ("", _NONE_YET))) for item, asks, filled in items]
    return _table(rows, _COLUMNS)


def active(evidence: Evidence) -> pd.DataFrame:
    """ACTIVE: a row for who, recruitment, approach, method, each of the twelve stages, and level.

    Columns ``item, asks_for, said`` (each word with the number of activities, or each group with its level), ``gap``.
    """
    done = evidence.involvement
    rows = [
        (heading, asks, *_described(done, column, vocabulary))
        for heading, asks, column, vocabulary in (
            ("Who", "Who was involved", "who", "involved_people"),
            ("Recruitment", "How people were found", "recruitment", "recruitment"),
            ("Approach", "Once, throughout, or both", "approach", "involvement_approach"),
            ("Method", "Direct or indirect contact", "method", "involvement_method"),
        )
    ]
    for stage, meaning in vocabularies()["review_stage"].items():
        rows.append((f"Stage {meaning}", "Who, and with how much say", *_at_stage(done, stage)))
    rows.append(("Level", "How much say people had", *_described(done, "level", "involvement_level")))
    said, gap = rows[0][2:]
    silent = sorted(set(_given_out(evidence)["round_id"]) - set(done["round_id"].dropna()))
    if silent:
        told = f"Given out, and judgements/involvement.csv does not say to whom: {', '.join(silent)}."
        rows[0] = (*rows[0][:2], said, " ".join(filter(None, (gap, told))))
    return _table(rows, _COLUMNS)


def _table(rows: Sequence[tuple[str, ...]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns).replace({"": None})


def _given_out(evidence: Evidence) -> pd.DataFrame:
    return evidence.rounds[evidence.rounds["status"] != "draft"]


# ---------------------------------------------------------------- GRIPP2, item by item


def _aim(evidence: Evidence) -> tuple[str, str]:
    rounds = _given_out(evidence)
    asked = [vocabularies()["feedback_question"][word] for word in ("fits", "does_not_fit", "missing", "words_wrong")]
    said = ""
    if len(rounds):
        said = f"{counted(len(rounds), 'round')} asked about {counted(_themes(rounds), 'theme')}: {', '.join(f'“{each}”' for each in asked)}, and what matters most."
    return said, "In the authors' own words: why people were asked, and what was hoped for."


def _themes(rounds: pd.DataFrame) -> int:
    return rounds["themes"].str.split(";").explode().nunique()


def _methods(evidence: Evidence) -> tuple[str, str]:
    done, silent = evidence.involvement, []
    said = [f"{counted(len(done), 'activity', 'activities')} with {counted(done['group'].nunique(), 'group')}"] if len(done) else []  # fmt: skip
    told = done["n_people"].notna()
    if told.any():
        said.append(f"{int(done['n_people'].sum())} places taken in {told.sum()} of {len(done)} activities (a person may have taken part in several)")  # fmt: skip
    said += list(done["what_happened"])
    comments = evidence.feedback
    if len(comments):
        forms = comments["form"].map(vocabularies()["feedback_form"]).value_counts()
        said.append("answers came by " + ", ".join(f"{form} ({n} of {len(comments)})" for form, n in forms.items()))
    if not len(done):
        silent.append("No activity is recorded: who took part, how they were found and what was done together.")
    for column, what in (("n_people", "how many people took part"), ("method", "how people met"), ("approach", "how often")):  # fmt: skip
        if (n := int(done[column].isna().sum())) > 0:
            silent.append(f"{n} of {len(done)} activities do not say {what}.")
    return _sentences(said), " ".join(silent)


def _results(evidence: Evidence) -> tuple[str, str]:
    table = answered(evidence)
    spoken = table[table["comment"].notna()]
    said = []
    if len(table):
        said.append(
            f"{counted(len(spoken), 'comment')} and {counted(len(table) - len(spoken), 'ticked answer')} without words"
        )
    decided = spoken["decision"].dropna()
    if len(decided):
        meanings = {word: meaning.partition(",")[0] for word, meaning in vocabularies()["response_decision"].items()}
        counts = {meaning: int((decided == word).sum()) for word, meaning in meanings.items()}
        said.append("; ".join(f"{n} of {counted(len(decided), 'decision')}: {meaning}" for meaning, n in counts.items() if n))  # fmt: skip
    said += list(evidence.involvement["effect"].dropna())
    left = len(spoken) - len(decided)
    silent = [] if len(table) else ["No answers have been read in."]
    if left:
        silent.append(f"{left} of {counted(len(spoken), 'comment')} {'waits' if left == 1 else 'wait'} for a response.")
    return _sentences(said), " ".join(silent)


def _influence(evidence: Evidence) -> tuple[str, str]:
    changes = evidence.responses.loc[evidence.responses["change"] != "none", "change"]
    words = evidence.wording_changes
    said = []
    if len(changes):
        counts = changes.map(vocabularies()["response_change"]).value_counts()
        said.append("because of comments " + ", ".join(f"{what} ({n})" for what, n in counts.items()))
    if from_comments := int(words["comment_ids"].notna().sum()):
        said.append(f"{from_comments} of {counted(len(words), 'change')} of words came from comments")
    silent = [] if said else ["Nothing is recorded as changed."]
    refused = evidence.responses[evidence.responses["decision"] == "not_accepted"]
    if len(refused):
        said.append(f"{len(refused)} of {counted(len(evidence.responses), 'response')} did not accept the comment, each with its reason")  # fmt: skip
    silent.append(
        "How far this changed the review as a whole, and what it cost, is for the authors and the groups to say."
    )
    return _sentences(said), " ".join(silent)


def _reflections(evidence: Evidence) -> tuple[str, str]:
    done = evidence.involvement
    silent = [f"{int(done['effect'].isna().sum())} of {len(done)} activities do not say what they changed, good or bad."] if done["effect"].isna().any() else []  # fmt: skip
    silent.append("What went well and what did not, in the words of the groups and of the team.")
    return _sentences(list(done["effect"].dropna())), " ".join(silent)


def _sentences(parts: list[str]) -> str:
    return " ".join(f"{part[0].upper()}{part[1:].rstrip('.')}." for part in parts)


# ---------------------------------------------------------------- ACTIVE


def _described(done: pd.DataFrame, column: str, vocabulary: str) -> tuple[str, str]:
    """The words of a column with their number of activities, and for how many nothing is said."""
    if done.empty:
        return "", "No activity is recorded in judgements/involvement.csv."
    counts = done[column].value_counts()
    words = {word: meaning for word, meaning in vocabularies()[vocabulary].items() if word in counts}
    said = "; ".join(f"{meaning} ({counts[word]} of {len(done)})" for word, meaning in words.items())
    silent = int(done[column].isna().sum())
    return said, f"Not said for {silent} of {counted(len(done), 'activity', 'activities')}." if silent else ""


def _at_stage(done: pd.DataFrame, stage: str) -> tuple[str, str]:
    here = done[done["stages"].fillna("").str.split(";").map(lambda stages: stage in stages).astype(bool)]
    if here.empty:
        return "", "Nobody is recorded at this stage."
    said = [
        f"{row.group}: {vocabularies()['involvement_level'][row.level]}"
        + ("" if pd.isna(row.n_people) else f" ({counted(int(row.n_people), 'person', 'people')})")
        for row in here.itertuples()
    ]
    silent = int(here["n_people"].isna().sum())
    return "; ".join(said), f"How many took part is not said for {silent} of {len(here)}." if silent else ""
