"""A pack after an invented round: replies, comments that wait, places to turn to, and themes that have changed.

Nothing of it is in ``data/``. One comment holds markup and a formula, which must be shown as they were typed.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from synthesis.packs.contents import Pack

TYPED = "<script>alert('x')</script> <b>Not bold</b> =1+1"


def filled(pack: Pack) -> Pack:
    """The pack as it would be after the round."""
    replies = pd.DataFrame(
        {
            "target_id": ["T1", None],
            "about": [None, None],
            "question": ["words_wrong", "missing"],
            "comment": [TYPED, "Families of fathers are missing."],
            "decision": ["accepted", "not_accepted"],
            "plain_reply": ["We changed the words.", "We found no study about it. We will keep looking."],
        }
    )
    support = pd.DataFrame(
        {
            "place": ["Exampleton", "Exampleton"],
            "name": ["A listening line", "A walk-in place"],
            "what_for": ["Somebody to talk to.", "Help with letters and forms."],
            "contact": ["the number on the team's card", "the address on the team's card"],
            "hours": ["all day", None],
            "checked_on": pd.to_datetime(["2026-11-01", "2026-11-02"]),
        }
    )
    said = ("On 2 November 2026 the words changed, because people said that they blame parents.",)
    first, *others = pack.themes
    statement, *rest = first.statements
    changed = replace(first, history=said, statements=(replace(statement, history=said), *rest))
    return replace(
        pack,
        state="final",
        themes=(changed, *others),
        replies=replies,
        n_waiting=3,
        support=support,
        round_id="round-2",
    )
