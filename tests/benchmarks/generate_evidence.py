"""Write a made-up evidence base of any size that passes `synthesis check`: the same bytes for the same sizes and seed.

    python tests/benchmarks/generate_evidence.py FOLDER [--codings 1000000] [--findings 100000] [--studies 5000]

Run without a folder (as `make bench` does) it writes to a temporary one, says how long that took, and deletes it. Text
lengths, codes a finding and empty cells are like those of the shipped evidence; the words are drawn at random.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from synthesis.evidence.schema import evidence_tables

THEMES, CODES_A_THEME = 20, 3
CODERS = ("coder-1", "coder-2", "coder-3", "agreed")
_SYLLABLES = (
    "ca",
    "re",
    "mo",
    "ther",
    "ser",
    "vi",
    "ce",
    "sup",
    "port",
    "fear",
    "trust",
    "lo",
    "ss",
    "plan",
    "home",
    "child",
)
_COUNTRIES = ("GB", "AU", "US", "IE", "NO", "SE", "CA", "NZ", "IE;GB", "")
_SOURCE_PARTS = ("abstract", "abstract", "abstract", "full_text_part", "abstract;table")


def write_evidence_base(
    folder: Path, codings: int = 1_000_000, findings: int = 100_000, studies: int = 5_000, seed: int = 20261121,
    codes: int = THEMES * CODES_A_THEME, coders: tuple[str, ...] = CODERS,
) -> dict[str, int]:  # fmt: skip
    """Write the tables that the schema requires, and the link tables they need, below `folder`.

    Parameters
    ----------
    codings : rows of codings, shared among `coders`; up to 240 a finding as things are set.
    findings, studies : rows of these tables; each study has a finding while there are enough.
    codes : codes of the codebook, a multiple of the twenty themes.
    coders : who coded; "agreed" is the agreed set and must be among them.

    Returns rows by table.
    """
    rng = np.random.default_rng(seed)
    words = _words(rng)
    tables = {
        "sources/studies": _studies(rng, words, studies),
        "sources/findings": _findings(rng, words, findings, studies),
        "judgements/records": _records(rng, words, studies),
        "judgements/coders": _coders(coders),
        "judgements/themes": _themes(),
        "judgements/codebook": _codebook(rng, words, codes),
        "judgements/codings": _codings(rng, words, codings, findings, _code_ids(codes), coders),
    }
    coded = tables["judgements/codings"]
    agreed = set(coded.loc[coded["coder"] == "agreed", "finding_id"])
    left = [finding for finding in tables["sources/findings"]["finding_id"] if finding not in agreed]
    tables["judgements/uncoded"] = pd.DataFrame({"finding_id": left, "reason": "No code of the codebook fits."})
    specs = evidence_tables()
    for path, table in tables.items():
        file = folder / f"{path}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        # Columns that nothing is made up for are there and empty, so that the base follows the schema as it grows.
        whole = table.reindex(columns=list(specs[file.stem].columns), fill_value="")
        whole.to_csv(file, index=False, lineterminator="\n")
    return {path.split("/")[1]: len(table) for path, table in tables.items()}


def _words(rng: np.random.Generator) -> np.ndarray:
    parts = rng.choice(_SYLLABLES, size=(2_000, 3))
    return np.array(["".join(row[: 1 + i % 3]) for i, row in enumerate(parts)], dtype=object)


def _texts(rng: np.random.Generator, words: np.ndarray, n: int, shortest: int, longest: int) -> np.ndarray:
    """Sentences of so many words; some hold commas, quotation marks and accents, as real ones do."""
    lengths = rng.integers(shortest, longest + 1, n)
    drawn, ends = rng.choice(words, lengths.sum()), np.cumsum(lengths)
    marks = rng.choice(
        ["", ", as one mother said", " in a “good” unit", ' of "her own"', " à la longue"],
        n,
        p=[0.6, 0.25, 0.05, 0.05, 0.05],
    )
    return np.array([" ".join(drawn[e - k : e]).capitalize() + m + "." for k, e, m in zip(lengths, ends, marks, strict=True)], dtype=object)  # fmt: skip


def _sometimes(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    return np.where(rng.random(len(values)) < share, values, "")


def _ids(prefix: str, n: int) -> np.ndarray:
    return np.array([f"{prefix}{i:06d}" for i in range(1, n + 1)], dtype=object)


def _studies(rng: np.random.Generator, words: np.ndarray, n: int) -> pd.DataFrame:
    perspective = rng.choice(["parent", "practitioner", "both"], n, p=[0.5, 0.35, 0.15])
    parents = np.where(perspective == "practitioner", "", rng.integers(4, 80, n).astype(str))
    practitioners = np.where(perspective == "parent", "", rng.integers(4, 80, n).astype(str))
    country = rng.choice(_COUNTRIES, n)
    return pd.DataFrame(
        {
            "study_id": _ids("study", n),
            "authors": [f"{word.capitalize()} A; {word.capitalize()}son B" for word in rng.choice(words, n)],
            "year": rng.integers(1995, 2027, n),
            "title": _texts(rng, words, n, 8, 18),
            "venue": _texts(rng, words, n, 2, 5),
            "doi": [f"10.1000/made-up.{i}" for i in range(n)],
            "country": country,
            "uk_nation": np.where(country == "GB", "GB-ENG", ""),
            "country_as_reported": country,
            "setting": _texts(rng, words, n, 3, 8),
            "population": _texts(rng, words, n, 6, 14),
            "data_collection": rng.choice(["interviews", "focus_groups", "interviews;focus_groups"], n),
            "data_collection_as_reported": _texts(rng, words, n, 2, 5),
            "analysis": rng.choice(["thematic", "grounded_theory", "content", "framework"], n),
            "analysis_as_reported": _texts(rng, words, n, 2, 5),
            "design": rng.choice(["qualitative", "mixed_methods"], n, p=[0.85, 0.15]),
            "perspective": perspective,
            "n_parents": parents,
            "n_parents_counts": np.where(parents == "", "", "qualitative"),
            "n_practitioners": practitioners,
            "n_practitioners_counts": np.where(practitioners == "", "", "qualitative"),
            "n_other": "",
            "sample_id": "",
            "scope": rng.choice(["core", "related", "context"], n),
            "children_services": np.where(perspective == "parent", "involved", ""),
            "in_published_review": "unverified",
            "source_part": rng.choice(["abstract", "introduction"], n, p=[0.9, 0.1]),
            "source_url": [f"https://example.org/study/{i}" for i in range(n)],
            "date_read": "2026-11-21",
            "note": _sometimes(rng, _texts(rng, words, n, 5, 20), 0.6),
        }
    )


def _findings(rng: np.random.Generator, words: np.ndarray, n: int, studies: int) -> pd.DataFrame:
    study = np.concatenate([np.arange(min(n, studies)), rng.integers(0, studies, max(0, n - studies))]) + 1
    role = rng.choice(["mother", "father", "parent", "children_social_worker", "mental_health_practitioner"], n)
    parent = np.isin(role, ["mother", "father", "parent"])
    return pd.DataFrame(
        {
            "finding_id": _ids("finding", n),
            "study_id": [f"study{i:06d}" for i in study],
            "perspective": np.where(rng.random(n) < 0.05, "both", np.where(parent, "parent", "practitioner")),
            "participant_role": _texts(rng, words, n, 1, 4),
            "role_group": role,
            "finding": _texts(rng, words, n, 10, 30),
            "author_theme": _sometimes(rng, _texts(rng, words, n, 2, 6), 0.3),
            "locator": rng.choice(["abstract", "abstract, results", "p. 4", "results, theme 2"], n),
            "source_part": rng.choice(_SOURCE_PARTS, n),
            "source_url": [f"https://example.org/study/{i}" for i in study],
        }
    )


def _records(rng: np.random.Generator, words: np.ndarray, studies: int) -> pd.DataFrame:
    """An included record a study, and as many again that were not included."""
    out = [("duplicate", "not_empirical"), ("excluded_on_title", "not_empirical"), ("excluded_after_reading", "thesis")]
    drawn = rng.integers(0, len(out), studies)
    n = 2 * studies
    return pd.DataFrame(
        {
            "record_id": _ids("record", n),
            "authors": [f"{word.capitalize()} A" for word in rng.choice(words, n)],
            "year": rng.integers(1995, 2027, n),
            "title": _texts(rng, words, n, 8, 18),
            "doi": "",
            "source_url": [f"https://example.org/record/{i}" for i in range(n)],
            "source": "database",
            "decision": ["included"] * studies + [out[i][0] for i in drawn],
            "reason": [""] * studies + [out[i][1] for i in drawn],
            "study_id": [*_ids("study", studies), *[""] * studies],
            "note": "",
        }
    )


def _coders(coders: tuple[str, ...]) -> pd.DataFrame:
    agreed = [coder == "agreed" for coder in coders]
    return pd.DataFrame(
        {
            "coder_id": coders,
            "kind": ["agreed_set" if each else "person" for each in agreed],
            "role": ["The settled set" if each else "Coded every finding" for each in agreed],
            "blind_to": "",
            "codebook_version": 1,
            "provisional": "no",
            "caution": "",
        }
    )


def _themes() -> pd.DataFrame:
    analytical = [(f"T{i}", "analytical", "", i) for i in range(1, 1 + THEMES // 5)]
    below = [(f"T{1 + i // 5}{'abcde'[i % 5]}", "descriptive", f"T{1 + i // 5}", 1 + i % 5) for i in range(THEMES)]
    table = pd.DataFrame(analytical + below, columns=["theme_id", "level", "parent_theme_id", "position"])
    about = {
        "origin": "added",
        "origin_as_stated": "made up",
        "summary": "A made-up theme.",
        "plain_language": "Made up.",
    }
    table.insert(1, "name", "Theme " + table["theme_id"])
    return table.assign(**about)


def _codebook(rng: np.random.Generator, words: np.ndarray, n: int) -> pd.DataFrame:
    themes = _themes().query("level == 'descriptive'")["theme_id"]
    codes = _code_ids(n)
    return pd.DataFrame(
        {
            "code_id": codes,
            "name": [f"Code {i + 1}" for i in range(n)],
            "theme_id": np.repeat(themes.to_numpy(), n // THEMES),
            "definition": _texts(rng, words, n, 10, 25),
            "use_when": _texts(rng, words, n, 8, 16),
            "do_not_use_for": _texts(rng, words, n, 8, 16),
            "version_added": 1,
            "changed_in": "",
        }
    )


def _code_ids(n: int) -> np.ndarray:
    return np.array([f"made_up_code_{i + 1:02d}" for i in range(n)], dtype=object)


def _codings(
    rng: np.random.Generator, words: np.ndarray, n: int, findings: int, codes: np.ndarray, coders: tuple[str, ...]
) -> pd.DataFrame:
    """Distinct triples of finding, code and coder, in the order of the findings; ranks count within finding and coder."""
    cells = findings * len(coders) * len(codes)
    if n > cells:
        raise ValueError(f"{findings} findings can carry {cells} codings at most, not {n}.")
    drawn = np.sort(rng.choice(cells, n, replace=False))
    pair, code = np.divmod(drawn, len(codes))
    finding, coder = np.divmod(pair, len(coders))
    first = np.r_[True, pair[1:] != pair[:-1]]
    starts = np.maximum.accumulate(np.where(first, np.arange(n), 0))
    noted = rng.random(n) < 0.085
    notes = np.full(n, "", dtype=object)
    notes[noted] = _texts(rng, words, int(noted.sum()), 4, 14)
    return pd.DataFrame(
        {
            "finding_id": _ids("finding", findings)[finding],
            "code_id": codes[code],
            "coder": np.array(coders, dtype=object)[coder],
            "rank": np.arange(n) - starts + 1,
            "confidence": rng.choice(["high", "medium", "low"], n, p=[0.6, 0.3, 0.1]),
            "negative_case": np.where(rng.random(n) < 0.02, "yes", "no"),
            "codebook_version": 1,
            "note": notes,
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a made-up evidence base that passes `synthesis check`.")
    parser.add_argument("folder", nargs="?", type=Path, help="default: a temporary folder, deleted at the end")
    for name, default in (("codings", 1_000_000), ("findings", 100_000), ("studies", 5_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        started = time.perf_counter()
        folder = asked.folder or Path(passing)
        rows = write_evidence_base(folder, asked.codings, asked.findings, asked.studies)
        size = sum(path.stat().st_size for path in folder.rglob("*.csv")) / 1e6
        held = ", ".join(f"{name} {n:,}" for name, n in rows.items())
        print(f"{held}; {size:.0f} MB in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
