"""What an identifier may be: one rule, for every column of identifiers, for what makes new ones, and for names of files.

An identifier becomes the name of a page, a figure or a file, so it has the one form that every system takes for a plain
name: letters of any script, digits, ``.``, ``_`` and ``-``, a letter or digit first. The key of a row that is joined from
several (``chen2021-f3/fear_custody_loss/coder-1``) is no identifier; its parts are.
"""

from __future__ import annotations

import re
import unicodedata

from synthesis.evidence.schema import SynthesisError

#: Letters of an identifier at most, and bytes of it in UTF-8: a file's name has 255, some of them for what stands round it.
MOST_LETTERS, MOST_BYTES = 100, 200
#: The rule as a sentence tells it.
ALLOWED = "letters of any script, digits, “.”, “_” and “-”, beginning with a letter or digit"
_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MOST_LETTERS - 1}}}")
#: What Windows takes for a device and not for a file, with any ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)


def wrong_with(identifier: str) -> str:
    """What is wrong with an identifier, as what follows its name in a sentence; empty for a good one.

    >>> wrong_with("chen2021-f3")
    ''
    >>> wrong_with("nul.csv")
    'is what Windows calls a device, so that no file can have that name; add to it'
    """
    if _PLAIN.fullmatch(identifier) and not _DEVICE.fullmatch(identifier):
        return ""
    rule = f"an identifier consists of {ALLOWED}"
    if not identifier:
        return f"is empty; {rule}"
    if odd := next((letter for letter in identifier if not _may_stand(letter)), ""):
        return f"holds “{unicodedata.name(odd, 'a control character').lower()}”; {rule}"
    if _kind(identifier[0]) not in ("L", "N"):
        return f"begins with “{identifier[0]}”; {rule}"
    return _wrong_as_a_whole(identifier)


def _kind(letter: str) -> str:
    """``L`` a letter, ``N`` a digit, ``M`` what is set on a letter; empty for everything else."""
    category = unicodedata.category(letter)
    return category[0] if category[0] in "LM" else "N" if category == "Nd" else ""


def _may_stand(letter: str) -> bool:
    return letter in "._-" or bool(_kind(letter))


def _wrong_as_a_whole(identifier: str) -> str:
    """What is wrong with an identifier whose letters may all stand in one."""
    composed = unicodedata.normalize("NFC", identifier)
    if composed != identifier:
        return f"holds letters and their accents apart, which look the same and are another name; write “{composed}”"
    if ".." in identifier:
        return "holds “..”, which leads out of a folder; write one “.”"
    if _DEVICE.fullmatch(identifier):
        return "is what Windows calls a device, so that no file can have that name; add to it"
    if len(identifier) > MOST_LETTERS:
        return f"has {len(identifier):,} letters; allowed are {MOST_LETTERS}"
    size = len(identifier.encode("utf-8"))
    return f"takes {size} bytes as the name of a file; allowed are {MOST_BYTES}" if size > MOST_BYTES else ""


def named_by(identifier: str) -> str:
    """An identifier that becomes (part of) the name of a file. Raises SynthesisError for one that could lead elsewhere."""
    if wrong := wrong_with(identifier):
        raise SynthesisError(f"“{identifier[:60]}” cannot name a file: it {wrong}.")
    return identifier


def as_identifier(name: str) -> str:
    """The identifier that a name makes: its letters and digits in small, a hyphen for whatever stands between them.

    >>> as_identifier("Parents' group, Mondays")
    'parents-group-mondays'
    """
    small = unicodedata.normalize("NFC", name.lower())
    return "-".join("".join(letter if _kind(letter) else " " for letter in small).split())
