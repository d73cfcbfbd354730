"""One returned form as rows of the table ``feedback``: its targets, its group and role, its round, and its words.

Nobody's name is taken: a form belongs to a group and a role. Details that may show who somebody is are pointed out, and a
person decides: black them out, or keep them for a stated reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pandas as pd

from synthesis.evidence.identifiers import as_identifier, wrong_with
from synthesis.evidence.privacy import blacked_out, hinted, names_in, personal_details
from synthesis.evidence.round_rules import version_of
from synthesis.evidence.schema import SynthesisError
from synthesis.evidence.tables import Evidence
from synthesis.office.table_sheets import plain_text
from synthesis.packs.contents import review_of
from synthesis.packs.forms import WHOLE, Entry, Form, labels, word_of
from synthesis.packs.repeated_forms import Sent


@dataclass(frozen=True)
class FeedbackChoices:
    """What the call says beside the files: round, group, role and copy, and how flagged details are settled.

    ``blank`` blacks them out; ``keep`` is the reason for which they stay. ``marked`` says what answers are that are marked and
    not ticked: ``take`` or ``leave``; without it a form with such answers is refused.
    """

    round_id: str = ""
    group: str = ""
    role: str = ""
    copy: str = ""
    blank: bool = False
    keep: str = ""
    marked: str = ""


@dataclass
class Batch:
    """Rows on their way into the tables, with what was found wrong and what the team should know."""

    rows: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    forms: list[Sent] = field(default_factory=list)
    rounds: pd.DataFrame = field(default_factory=pd.DataFrame)
    problems: list[str] = field(default_factory=list)
    flagged: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    names: frozenset[str] = frozenset()


def names_of(forms: Iterable[Form]) -> frozenset[str]:
    """Names that are flagged anywhere in these forms: a name told by its form in one cell stands without it in others."""
    return names_in(text for form in forms for text in (*form.who.values(), *(each.comment for each in form.entries)))


def add_form(
    evidence: Evidence, batch: Batch, name: str, form: Form, choices: FeedbackChoices, day: pd.Timestamp
) -> None:
    """Add a form's rows to the batch. Raises SynthesisError with every reason against the form as a whole."""
    if form.mark.review != review_of(evidence):
        raise SynthesisError("\n".join([*form.faults, f"it answers a pack of another review ({form.mark.review}); this one is {review_of(evidence)}."]))  # fmt: skip
    try:
        group, role, copy, round_id = _placed(evidence, batch, name, form, choices)
    except SynthesisError:
        for each in form.entries:  # what people must look at is told along with the faults
            place = f"{name}, {each.place}"
            _private(_settled(each, choices, batch, place), choices, batch, place)
        raise
    n_before = len(batch.rows)
    for each in form.entries:
        entry = _settled(each, choices, batch, f"{name}, {each.place}")
        if not entry.answer and not entry.comment:
            continue
        text, settled = _private(entry, choices, batch, f"{name}, {entry.place}")
        part = (entry.target, entry.question, entry.answer, blacked_out(entry.comment), entry.quote)
        who = (form.mark.review, form.mark.version, group, copy)
        batch.rows.append(
            {
                "comment_id": _identifier(*who, *part),
                "round_id": round_id,
                "group": group,
                "role": role,
                "target_kind": _kind(evidence, entry.target),
                "target_id": "" if entry.target == "pack" else entry.target,
                "question": entry.question,
                "answer": entry.answer,
                "comment": plain_text(f"On “{entry.quote}”: {text}" if entry.quote and text else text),
                "form": form.kind,
                "place": (f"copy {copy}, " if copy else "") + plain_text(entry.place),
                "received": day,
                "privacy_check": settled,
            }
        )
        batch.files.setdefault(str(batch.rows[-1]["comment_id"]), name)
    says = frozenset(str(row["comment_id"]) for row in batch.rows[n_before:])
    batch.forms.append(Sent(name, form.mark.version, group, copy, says))
    batch.remarks += [f"{name}: {remark}" for remark in form.remarks]
    if not form.entries:
        batch.remarks.append(f"{name}: nothing was filled in.")


def _placed(
    evidence: Evidence, batch: Batch, name: str, form: Form, choices: FeedbackChoices
) -> tuple[str, str, str, str]:
    """Group, role, copy and round of a form. Raises SynthesisError with all its faults, those found here among them."""
    problems, who, round_id = list(form.faults), ("", "", ""), ""
    try:
        _check_targets(evidence, form)
    except SynthesisError as error:
        problems.append(str(error))
    try:
        who = _who(form, choices, batch, name)
    except SynthesisError as error:
        problems.append(str(error))
    try:
        round_id = round_of(evidence, batch, form, choices, name)
    except SynthesisError as error:
        problems.append(str(error))
    if problems:
        raise SynthesisError("\n".join(problems))
    if form.entries:
        _greet(evidence, batch, who[0])
    return *who, round_id


def _settled(entry: Entry, choices: FeedbackChoices, batch: Batch, place: str) -> Entry:
    """An entry whose answer is marked and not ticked, as the call says: taken, left, or not settled (then nothing is stored)."""
    if not entry.possible:
        return entry
    if choices.marked == "take":
        batch.remarks.append(f"{place}: {entry.sign}; it was taken as the answer.")
        return replace(entry, answer=entry.possible, possible="")
    if choices.marked == "leave":
        batch.remarks.append(f"{place}: {entry.sign}; it was not taken as the answer.")
    else:
        batch.unsure.append(f"{place}: {entry.sign}, and no box is ticked.")
    return replace(entry, possible="")


def _identifier(*parts: str) -> str:
    plain = "\x1f".join(" ".join(part.split()) for part in parts)
    return f"c-{hashlib.sha256(plain.encode('utf-8')).hexdigest()[:12]}"


def _kind(evidence: Evidence, target: str) -> str:
    if target == "pack":
        return "pack"
    return "theme" if target in set(evidence.themes["theme_id"]) else "review_finding"


def _check_targets(evidence: Evidence, form: Form) -> None:
    """Everything that the form speaks of is in this review, and its question is one that is asked."""
    known = {"pack", *evidence.themes["theme_id"], *evidence.review_findings["review_finding_id"]}
    strange = sorted({entry.target for entry in form.entries} - known)
    if strange:
        raise SynthesisError(f"it speaks of {', '.join(strange)}, which this review does not have; is it the answer to another review's pack?")  # fmt: skip


def _who(form: Form, choices: FeedbackChoices, batch: Batch, name: str) -> tuple[str, str, str]:
    """Group, role and copy, from the form or the call. Raises SynthesisError where they are missing or contradict."""
    problems: list[str] = []
    personal = bool(personal_details(form.who.get("group", ""), batch.names))
    given = {
        "group": "" if personal else as_identifier(form.who.get("group", "")),
        "copy": as_identifier(form.who.get("copy", "")),
    }
    asked = {"group": as_identifier(choices.group), "copy": as_identifier(choices.copy)}
    typed = form.who.get("role", "")
    given["role"] = labels("roles").get(word_of(typed), "") if typed else ""
    asked["role"] = labels("roles").get(word_of(choices.role), "") if choices.role else ""
    if typed and not given["role"] and not asked["role"]:
        problems.append(f"the role {typed!r} is none of {', '.join(sorted(set(labels('roles').values())))}; give one with --role.")  # fmt: skip
    for what, said in given.items():
        if said and asked[what] and said != asked[what]:
            problems.append(
                f"the form says {what} {said}, and --{what} says {asked[what]}; which is right? Leave --{what} out to take the form's, or correct it in the form."
            )
    who = {what: asked[what] or given[what] for what in given}
    if not who["group"] and not personal:
        problems.append("it does not say which group it comes from; give --group, under a name that identifies nobody.")
    if personal and not asked["group"]:
        problems.append("the group it names looks like a person or a place; give --group, a name that identifies nobody.")  # fmt: skip
    if who["group"] and (wrong := wrong_with(who["group"])):
        problems.append(f"the group “{who['group'][:60]}” {wrong}; give another name with --group.")
    if problems:
        raise SynthesisError("\n".join(problems))
    if typed and not given["role"]:  # the words are told apart from the role that the call gives, and are kept
        form.entries.append(Entry(*WHOLE, "", typed, "in the place for the role"))
    if not who["role"]:
        batch.remarks.append(f"{name}: no role is given; it is recorded as not_said.")
    return who["group"], who["role"] or "not_said", who["copy"]


def _greet(evidence: Evidence, batch: Batch, group: str) -> None:
    """Point out a group that has sent nothing before: people put their own name there."""
    remark = f"new group {group!r}: is it the name of a group and not of a person?"
    if remark not in batch.remarks and not (evidence.feedback["group"] == group).any():
        batch.remarks.append(remark)


def _private(entry: Entry, choices: FeedbackChoices, batch: Batch, place: str) -> tuple[str, str]:
    """The comment as it may be stored, and how flagged details were settled."""
    found = personal_details(entry.comment, batch.names)
    if not found:
        return entry.comment, ""
    kinds = ", ".join(dict.fromkeys(detail.kind for detail in found))
    if choices.blank:
        return blacked_out(entry.comment, batch.names), f"{kinds}: blacked out"
    if choices.keep:
        return entry.comment, f"{kinds}: kept, {plain_text(choices.keep)}"
    batch.flagged.append(f"{place}: {'; '.join(hinted(entry.comment, detail) for detail in found)}")
    return entry.comment, ""


# ---------------------------------------------------------------- the round that a form answers


def round_of(evidence: Evidence, batch: Batch, form: Form, choices: FeedbackChoices, name: str) -> str:
    """The round that a form answers: by the call, by what it says, or by its pack; a new one is entered where asked."""
    rounds, mark = batch.rounds, form.mark
    sent = rounds[rounds["pack_version"] == mark.version]
    wanted = choices.round_id or (mark.round_id if mark.round_id in set(sent["round_id"]) else "")
    if wanted and (rounds["round_id"] == wanted).any():
        row = rounds[rounds["round_id"] == wanted].iloc[0]
        if row["pack_version"] != mark.version:
            raise SynthesisError(f"it answers the pack {mark.version}, and the round {wanted} was made with the pack {row['pack_version']}.")  # fmt: skip
    elif wanted and (wrong := wrong_with(wanted)):
        raise SynthesisError(f"the round “{wanted[:60]}” {wrong}; enter it with another name, --round ID.")
    elif wanted:
        batch.rounds = _with_new_round(evidence, rounds, form, wanted)
        batch.remarks.append(f"{name}: the round {wanted} was entered in judgements/rounds.csv.")
        return wanted
    elif len(sent) != 1:
        raise SynthesisError(_which_round(rounds, sent, mark.version))
    else:
        row = sent.iloc[0]
    if row["status"] == "closed":
        batch.remarks.append(f"{name}: the round {row['round_id']} is closed; its comments were taken all the same.")
    elif row["status"] == "draft":  # what people have answered must not be replaced by a later draft
        batch.rounds = rounds.assign(status=rounds["status"].mask(rounds["round_id"] == row["round_id"], "open"))
        batch.remarks.append(f"{name}: the round {row['round_id']} was a draft, and is open now.")
    return str(row["round_id"])


def _which_round(rounds: pd.DataFrame, sent: pd.DataFrame, version: str) -> str:
    if len(sent):
        return f"the pack {version} was sent in several rounds ({', '.join(sent['round_id'])}); say which with --round."
    known = ", ".join(rounds["round_id"] + " with " + rounds["pack_version"]) or "none yet"
    return f"it answers the pack {version}, and no round was made with that pack (rounds: {known}). If it is right, enter its round with --round ID."  # fmt: skip


def _with_new_round(evidence: Evidence, rounds: pd.DataFrame, form: Form, round_id: str) -> pd.DataFrame:
    """The rounds with a new one; only for the pack that the evidence makes today, so that nothing else slips in."""
    mark = form.mark
    now = version_of(evidence.themes, evidence.review_findings, mark.audience, mark.themes)
    if now != mark.version:
        raise SynthesisError(
            f"there is no round {round_id}, and the pack {mark.version} is not what the evidence makes today"
            f"{f' ({now})' if now else ''}. If it was sent before something changed, add this row to judgements/rounds.csv: "
            f"{round_id},{mark.audience},{mark.version},{';'.join(mark.themes)},,,open"
        )
    row = {"round_id": round_id, "audience": mark.audience, "pack_version": mark.version, "themes": ";".join(mark.themes), "status": "open"}  # fmt: skip
    more = pd.DataFrame([row]).reindex(columns=rounds.columns).astype(rounds.dtypes.to_dict())
    return pd.concat([rounds, more], ignore_index=True) if len(rounds) else more
