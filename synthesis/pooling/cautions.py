"""Sentences on what was done to counts before they were pooled, and on counts that leave nothing to test."""

from __future__ import annotations

import numpy as np

from synthesis.pooling.text import percent


def correction_said(corrected: int, k: int, continuity: float = 0.5) -> str:
    """That a continuity correction was added, to how many of how many studies; empty where it was to none."""
    if not corrected:
        return ""
    what = "Half an event and half a non-event" if continuity == 0.5 else f"{continuity:g} events and {continuity:g} non-events"  # fmt: skip
    return f"{what} were added to {corrected} of {_studies(k)}, which pulls {'it' if corrected == 1 else 'these'} towards 50 %."


def none_or_all(x: np.ndarray, n: np.ndarray) -> str:
    """ "No events in any of 3 studies", or that there is nothing else; empty where there are both."""
    if x.any() and (n - x).any():
        return ""
    if len(x) == 1:
        return "No events in the one study" if not x.any() else "Nothing but events in the one study"
    return f"No events in any of {len(x)} studies" if not x.any() else f"Nothing but events in each of {len(x)} studies"


def exact_bound(x: np.ndarray, n: np.ndarray, level: float = 0.95) -> str:
    """The exact interval of the counts of `none_or_all`, were they of one proportion: a sentence."""
    end = ((1 - level) / 2) ** (1 / n.sum())
    reach = f"{percent(end)} to 100 %" if x.any() else f"0 to {percent(1 - end)}"
    return f"Were one proportion behind all studies, it would be {reach} (Clopper-Pearson interval, {100 * level:g} %)."


def no_test(what: str, x: np.ndarray, n: np.ndarray, corrected: int, continuity: float = 0.5) -> str:
    """Why counts allow no test of `what` ("between subgroups"): a sentence, empty where they do.

    What a half adds to a proportion depends on the size of the study alone: groups of small and large studies without any
    difference come out as different, with tiny p-values.
    """
    if said := none_or_all(x, n):
        return f"No test {what}: {said[0].lower()}{said[1:]}."
    if not corrected:
        return ""
    added = "half an event was" if continuity == 0.5 else f"{continuity:g} events were"
    return f"No test {what}: {added} added to {corrected} of {_studies(len(x))}, which alone can make small and large studies differ."  # fmt: skip


def _studies(k: int) -> str:
    return "1 study" if k == 1 else f"{k} studies"
