"""What a local brief says first: one or two sentences on its figures, and what must be known of them in few words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from synthesis.briefs.parts import Said, brief_words
from synthesis.prevalence.local_reservations import WHY, named, year_runs

#: The factor that the first sentences are about.
LEADING = "parent_mental_health"


def signed(value: float) -> str:
    """A difference with its sign; one that rounds to nothing has none."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}") if abs(value) >= 0.05 else "0.0"


def lead_lines(picture: pd.DataFrame) -> tuple[Said, ...]:
    """Sentences on the leading factor of a `local_picture`: here beside region and England, and whether it changed.

    A figure that is not there is said not to be known, with the reason; a change is one only where its interval leaves
    nought out.
    """
    words, lines = brief_words(), picture[picture["factor"] == LEADING].set_index("place")
    own, region, country = (lines.loc[place] for place in ("own", "region", "country"))
    beside: dict[str, Any] = {
        "region": region["area_name"], "in_region": f"{region['percent']:.1f}", "in_country": f"{country['percent']:.1f}",
        "area": own["area_name"], "year": own["year"],
    }  # fmt: skip
    now = tuple(f"{row['year']}/{row['area_code']}/{LEADING}" for row in (own, region, country))
    if pd.isna(own["percent"]):
        return (Said(words.said("lead_gone", why=WHY[own["state"]], **beside), now),)
    numbers = {name: f"{own[name]:.1f}" for name in ("percent", "ci_low", "ci_high")}
    first = words.said("lead", x=f"{own['episodes_with_factor']:,}", n=f"{own['episodes_assessed']:,}", **numbers, **beside)  # fmt: skip
    if pd.isna(own["change"]):
        return Said(first, now), Said(words.texts["lead_no_change"], now[:1])
    low, high = own["change_low"], own["change_high"]
    kind = "lead_same" if low <= 0 <= high else "lead_up" if low > 0 else "lead_down"
    ends = (signed(low), signed(high)) if kind == "lead_same" else sorted((f"{abs(low):.1f}", f"{abs(high):.1f}"), key=float)  # fmt: skip
    second = words.said(kind, since=own["since_year"], points=f"{abs(own['change']):.1f}", low=ends[0], high=ends[1], country=signed(country["change"]))  # fmt: skip
    then = tuple(f"{row['since_year']}/{row['area_code']}/{LEADING}" for row in (own, country))
    return Said(first, now), Said(second, then)


def short_notes(notes: pd.DataFrame) -> tuple[Said, ...]:
    """The reservations of `local_notes` in the order of their weight, those that are long in few words.

    What "similar" means is left out here: `similar_line` stands below the figures.
    """
    words = brief_words()
    order = {kind: at for at, kind in enumerate(words.texts["weight"])}
    rows = notes[notes["kind"] != "similar"]
    rows = rows.iloc[rows["kind"].map(order).argsort(kind="stable")]
    return tuple(Said(_short(row), tuple(filter(None, row["row_ids"].split(";")))) for row in rows.to_dict("records"))


def _short(row: dict[str, Any]) -> str:
    """The sentence of a reservation; where it is long, the fixed one of its kind with its factors and years."""
    words = brief_words()
    form = f"note_{row['kind']}"
    if len(row["note"]) <= words.texts["long_note"] or form not in words.texts:
        return str(row["note"])
    years = year_runs(map(int, row["years"].split(";")))
    return words.said(form, factors=named(row["factors"].split(";")), years=years, n=row["row_ids"].count(";") + 1)


def similar_line(picture: pd.DataFrame) -> str:
    """Which authorities "similar" are here, and that the definition is ours."""
    words = brief_words()
    near = picture.loc[(picture["factor"] == LEADING) & (picture["place"] == "similar")].iloc[0]
    if pd.isna(near["area_code"]):
        return words.texts["similar_none"]
    return words.said("similar_here", names="; ".join(str(near["area_name"]).split("; ")))
