"""Checks of rounds with advisory groups: comments that wait, responses that say what they changed, words and their history.

A comment that waits is a warning, because a round is answered one comment after another. What a reader of the next pack
would be told wrongly is an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pandas as pd

from synthesis.evidence.privacy import personal_details
from synthesis.evidence.readability import MAX_WORDS, words
from synthesis.evidence.rules import Checked
from synthesis.evidence.schema import counted, vocabularies

#: Comments that a warning names; all of them are in the team's notes beside a pack.
_NAMED = 10
#: Where the thing that changed must stand, by kind of change; the history of words may show it too.
_SHOWN_BY = {
    "theme_reworded": ("themes.theme_id", "wording_changes.change_id"),
    "statement_reworded": ("review_findings.review_finding_id", "wording_changes.change_id"),
    "statement_added": ("review_findings.review_finding_id",),
    "code_split": ("codebook.code_id", "codebook_changes.change_id"),
    "code_changed": ("codebook.code_id", "codebook_changes.change_id"),
    "confidence_lowered": ("review_findings.review_finding_id",),
    "confidence_raised": ("review_findings.review_finding_id",),
}
#: Tables and columns in which a target of feedback, of an easy-read line or of a change of words stands.
_KEY_OF = {"theme": "themes.theme_id", "review_finding": "review_findings.review_finding_id"}
#: Changes to a code after which its theme may hold something else.
_CHANGE_A_THEME = ("added", "boundary", "split", "merged", "moved", "withdrawn")
#: What a reader sees of each target, so that a recorded change of words can be compared with it.
_WORDS_OF = {"theme": ("name", "plain_language", "summary"), "review_finding": ("statement", "plain_language")}


def pack_version(audience: str, themes: Sequence[tuple[str, str, str, Sequence[tuple[str, str]]]]) -> str:
    """Eight letters and figures that change whenever a theme or statement that a pack asks about changes.

    `themes` are identifier, name, plain words and statements (identifier, plain words), in the order of the pack.
    """
    asked = [[which, name, plain, [list(each) for each in said]] for which, name, plain, said in themes]
    return hashlib.sha256(json.dumps([audience, asked], ensure_ascii=False).encode("utf-8")).hexdigest()[:8]


def _known(tables: Checked, *columns: str) -> set[str]:
    """Values of these columns, written ``table.column``, of the tables that were read."""
    pairs = (column.split(".") for column in columns)
    return {value for table, column in pairs if tables.has(f"{table}.{column}") for value in tables.frames[table][column].dropna()}  # fmt: skip


# ---------------------------------------------------------------- comments and what was decided


def _waiting(tables: Checked) -> None:
    """One line for all comments without a response: how many, and which."""
    comments = tables.frames["feedback"].dropna(subset="comment")["comment_id"]
    left = list(comments[~comments.isin(_known(tables, "responses.comment_id"))])
    if left:
        named = ", ".join(left[:_NAMED]) + (f" and {len(left) - _NAMED} more" if len(left) > _NAMED else "")
        said = (
            f"{len(left)} of {counted(len(comments), 'comment')} {'waits' if len(left) == 1 else 'wait'} for a response: {named}; "
            "answer in judgements/responses.csv (no final pack can be made before)"
        )
        tables.raw["feedback"].report("comment-waiting", said)


def _changes(tables: Checked) -> None:
    """An accepted comment changed something that can be looked at; one that was not accepted changed nothing."""
    frame = tables.frames["responses"]
    accepted = frame["decision"].isin(["accepted", "partly"])
    changed = frame["change"].notna() & (frame["change"] != "none")
    said = "the comment was accepted, and nothing is named that changed; say what changed, or decide not_accepted or next_round"
    tables.report("responses", "response-change", accepted & (frame["change"] == "none"), said, "change")
    said = "the comment was not accepted, and yet something is named that changed; decide partly, or make it none"
    refused = frame["decision"].isin(["not_accepted", "next_round"])
    tables.report("responses", "response-change", refused & changed, said, "change")
    shown = frame["change"].isin(list(_SHOWN_BY))
    said = "say which theme, statement, code or change of words shows what was changed"
    tables.report("responses", "response-change", shown & frame["changed_id"].isna(), said, "changed_id")
    _recorded(tables)
    for change, columns in _SHOWN_BY.items():
        meant = " or ".join(name.partition(".")[0] for name in columns)
        gone = (frame["change"] == change) & frame["changed_id"].notna()
        gone &= ~frame["changed_id"].isin(_known(tables, *columns))
        said = f"{vocabularies()['response_change'][change]}, and this is not in {meant}"
        tables.report("responses", "link-broken", gone, said, "changed_id")


def _recorded(tables: Checked) -> None:
    """Words that a comment changed stand in the history of words, or a pack could not show what became of it."""
    if not tables.has("wording_changes.change_id", "wording_changes.comment_ids", "responses.comment_id"):
        return
    frame = tables.frames["responses"]
    told = tables.frames["wording_changes"]["comment_ids"].dropna().str.split(";").explode()
    known = frame["changed_id"].isin(_known(tables, "wording_changes.change_id")) | frame["comment_id"].isin(set(told))
    reworded = frame["change"].isin(["theme_reworded", "statement_reworded"]) & frame["decision"].isin(["accepted", "partly"])  # fmt: skip
    reworded &= frame["changed_id"].isin(_known(tables, *_KEY_OF.values()))
    said = "words were changed, and no row of wording_changes names this comment or is named here, so that no pack can show the change; record it there"
    tables.report("responses", "response-change", reworded & ~known, said, "changed_id")


# ---------------------------------------------------------------- what feedback, words and lines are about


def _targets(tables: Checked) -> None:
    """A change of words is about a theme or statement that is there; a comment may be about one that is gone since."""
    for name, severity in (("wording_changes", "error"), ("feedback", "warning")):
        if not tables.has(f"{name}.target_kind", f"{name}.target_id"):
            continue
        frame, raw = tables.frames[name], tables.raw[name]
        for row, kind, target in zip(raw.rows, frame["target_kind"], frame["target_id"], strict=True):
            if kind not in _KEY_OF or not tables.has(_KEY_OF[kind]):
                continue
            if pd.isna(target):
                raw.report("required", f"say which {kind.replace('_', ' ')} it is about", row, "target_id")
            elif target not in _known(tables, _KEY_OF[kind]):
                said = f"{_KEY_OF[kind].replace('.', ' has no ')} {target}"
                raw.report("link-broken", said, row, "target_id", target, severity)  # type: ignore[arg-type]


def _easy_lines(tables: Checked) -> None:
    frame = tables.frames["easy_read"]
    lengths = frame["line"].fillna("").map(lambda line: len(words(line)))
    most = MAX_WORDS["easy_read"]
    said = "an easy-read line holds at most " + str(most) + " words, and this has " + lengths.astype("str")
    tables.report("easy_read", "line-too-long", lengths > most, said + "; make two lines of it", "line")
    gone = frame["target_id"].notna() & ~frame["target_id"].isin(_known(tables, *_KEY_OF.values(), "findings.finding_id"))  # fmt: skip
    said = "this is neither a theme nor a review finding, nor a finding"
    tables.report("easy_read", "link-broken", gone, said, "target_id")


def _retold(tables: Checked) -> None:
    """A content note or easy-read line is not older than a change to the words that it retells."""
    changes = _changes_of_words(tables)
    for name, key, said in (("easy_read", "target_id", "line"), ("content_notes", "theme_id", "note")):
        if not tables.has(f"{name}.{key}", f"{name}.date"):
            continue
        frame, raw = tables.frames[name], tables.raw[name]
        for row, target, day in zip(raw.rows, frame[key], frame["date"], strict=True):
            about = {target} | (_parts_of(tables, target) if name == "content_notes" else set())
            newer = [(when, what, which) for which, when, what in changes if which in about and not when <= day]
            if newer:
                when, what, which = max(newer, key=lambda each: each[0])
                since = f"was written on {day:%Y-%m-%d}" if pd.notna(day) else "has no date"
                told = f"the {said} {since}, and {which} changed on {when:%Y-%m-%d} ({what}); read it again, then date it anew"
                raw.report("words-retold-changed", told, row, "date")


def _changes_of_words(tables: Checked) -> list[tuple[str, pd.Timestamp, str]]:
    """Every dated change of words, and of what a code holds: what changed, the day, and the row that records it."""
    found = []
    for name, key in (("wording_changes", "target_id"), ("codebook_changes", "code_id")):
        if tables.has(f"{name}.change_id", f"{name}.{key}", f"{name}.date"):
            frame = tables.frames[name].dropna(subset=[key, "date"])
            if name == "codebook_changes":
                frame = frame[frame["change"].isin(_CHANGE_A_THEME)]
            found += [(row[key], row["date"], f"{name} {row['change_id']}") for row in frame.to_dict("records")]
    return found


def _parts_of(tables: Checked, theme: str) -> set[str]:
    """The subthemes, statements and codes of a theme, as far as their tables were read."""
    below = set()
    if tables.has("themes.theme_id", "themes.parent_theme_id"):
        themes = tables.frames["themes"]
        below = set(themes.loc[themes["parent_theme_id"] == theme, "theme_id"])
    parts = set(below)
    for name, key in (("review_findings", "review_finding_id"), ("codebook", "code_id")):
        if tables.has(f"{name}.{key}", f"{name}.theme_id"):
            frame = tables.frames[name]
            parts |= set(frame.loc[frame["theme_id"].isin({theme, *below}), key])
    return parts


def _words_and_history(tables: Checked) -> None:
    """Words that a change brought stand there now, or a later change has replaced them."""
    frame = tables.frames["wording_changes"]
    order = frame.sort_values("date", kind="stable") if "date" in frame else frame
    texts = _texts(tables)
    stale = pd.Series(False, index=frame.index)
    for at, row in order.iterrows():
        later = order.loc[order.index[order.index.get_loc(at) + 1 :]]
        replaced = set(later.loc[later["target_id"] == row["target_id"], "was"].dropna())
        now = texts.get((row["target_kind"], row["target_id"]))
        stale[at] = now is not None and pd.notna(row["is_now"]) and row["is_now"] not in now | replaced
    said = "the target no longer says this, and no later change records what it says instead; record that change, or put these words back"
    tables.report("wording_changes", "words-differ", stale, said, "is_now")


def _texts(tables: Checked) -> dict[tuple[str, str], set[str]]:
    """The words of every theme and statement, as a reader may see them."""
    found: dict[tuple[str, str], set[str]] = {}
    for kind, link in _KEY_OF.items():
        table, key = link.split(".")
        if tables.has(link):
            columns = [column for column in _WORDS_OF[kind] if tables.has(f"{table}.{column}")]
            for row in tables.frames[table].to_dict("records"):
                found[kind, row[key]] = {row[column] for column in columns if isinstance(row[column], str)}
    return found


def _personal(tables: Checked) -> None:
    """Likely personal details that nobody has settled; the message names their kind and does not repeat them."""
    frame, raw = tables.frames["feedback"], tables.raw["feedback"]
    for row, comment, settled in zip(raw.rows, frame["comment"], frame["privacy_check"], strict=True):
        if pd.isna(settled) and isinstance(comment, str) and (found := personal_details(comment)):
            kinds = ", ".join(dict.fromkeys(detail.kind for detail in found))
            said = f"this may identify a person ({kinds}); replace it, or say in privacy_check why it may stay"
            raw.report("personal-detail", said, row, "comment")


def _rounds(tables: Checked) -> None:
    """The pack of a round that is not closed asks about the words that stand in the tables now."""
    frame = tables.frames["rounds"]
    for row, each in zip(tables.raw["rounds"].rows, frame.to_dict("records"), strict=True):
        if each["status"] == "closed" or pd.isna(each["themes"]) or pd.isna(each["pack_version"]):
            continue
        now = version_of(tables.frames["themes"], tables.frames["review_findings"], each["audience"], each["themes"].split(";"))  # fmt: skip
        if now and now != each["pack_version"]:
            said = f"themes or statements have changed since this pack was made (it would be {now} now); make a draft anew, or close the round and start another"
            tables.raw["rounds"].report("pack-outdated", said, row, "pack_version", each["pack_version"])


def version_of(themes: pd.DataFrame, statements: pd.DataFrame, audience: str, shown: Sequence[str]) -> str:
    """The version of a pack of these themes, in this order; empty where a theme is not there."""
    known = themes.drop_duplicates("theme_id").set_index("theme_id")
    if not set(shown) <= set(known.index):
        return ""
    return pack_version(
        audience,
        [
            (
                which,
                known.at[which, "name"],
                known.at[which, "plain_language"],
                list(
                    statements.loc[statements["theme_id"] == which, ["review_finding_id", "plain_language"]].itertuples(
                        index=False, name=None
                    )
                ),
            )
            for which in shown
        ],
    )


def check_rounds(tables: Checked) -> None:
    """Run every rule for which the tables and columns that it needs were read."""
    for rule, needs in ROUND_RULES:
        if tables.has(*needs):
            rule(tables)


ROUND_RULES = (
    (_waiting, ("feedback.comment_id", "feedback.comment", "responses.comment_id")),
    (_changes, ("responses.decision", "responses.change", "responses.changed_id", "themes.theme_id", "review_findings.review_finding_id", "codebook.code_id")),
    (_targets, ("themes.theme_id", "review_findings.review_finding_id")),
    (_easy_lines, ("easy_read.line", "easy_read.target_id", "themes.theme_id", "review_findings.review_finding_id", "findings.finding_id")),
    (_retold, ()),
    (_words_and_history, tuple(f"wording_changes.{column}" for column in ("target_kind", "target_id", "was", "is_now"))),
    (_personal, ("feedback.comment", "feedback.privacy_check")),
    (_rounds, ("rounds.status", "rounds.themes", "rounds.pack_version", "rounds.audience", "themes.name", "themes.plain_language", "review_findings.theme_id", "review_findings.plain_language", "review_findings.review_finding_id")),
)  # fmt: skip
