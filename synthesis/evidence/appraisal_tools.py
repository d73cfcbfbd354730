"""The appraisal tools as data (``appraisal_tools.toml``): their items, the answers they allow, whether they are scored."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from synthesis.evidence.schema import CallError


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a tool, in our own words. ``set`` names the part of the tool that it belongs to."""

    item: str
    number: str
    set: str
    domain: str
    question: str


@dataclass(frozen=True, slots=True)
class Tool:
    """An appraisal tool. ``score`` is what its authors say of a score: ``refused``, ``discouraged`` or ``own_cut_off``."""

    tool: str
    name: str
    answers: tuple[str, ...]
    score: str
    score_note: str
    licence: str
    sources: tuple[str, ...]
    items: dict[str, Item]

    @property
    def sets(self) -> tuple[str, ...]:
        """Parts of the tool from which a study gets what suits its design; empty where all items are for every study."""
        named = dict.fromkeys(item.set for item in self.items.values())
        return tuple(name for name in named if name not in ("screening", "appraisal"))

    def items_of(self, sets: tuple[str, ...] = ()) -> list[Item]:
        """Items that are asked of a study: those for every study, and those of the named sets (default all)."""
        wanted = set(sets or self.sets) | {"screening", "appraisal"}
        return [item for item in self.items.values() if item.set in wanted]


@cache
def appraisal_tools() -> dict[str, Tool]:
    """Every tool that the toolkit knows, by the word that stands in the column ``tool``."""
    held = tomllib.loads(Path(__file__).with_name("appraisal_tools.toml").read_text(encoding="utf-8"))
    return {
        word: Tool(
            word,
            items={item: Item(item, **about) for item, about in spec.pop("items").items()},
            answers=tuple(spec.pop("answers")),
            sources=tuple(spec.pop("sources")),
            **spec,
        )
        for word, spec in held.items()
    }


def appraisal_tool(tool: str) -> Tool:
    """The tool of that word. Raises CallError for a word that names none."""
    try:
        return appraisal_tools()[tool]
    except KeyError:
        known = ", ".join(appraisal_tools())
        raise CallError(f"There is no appraisal tool {tool!r}; there are {known}.") from None
