"""Agreement by other programs: makes `agreement.csv` and `agreement_origin.csv` anew.

    python tests/reference/agreement_reference.py     (from the top folder; needs nltk, krippendorff, statsmodels, scikit-learn)

The toolkit itself is not imported: shipped codings are read with the csv module.
"""

from __future__ import annotations

import csv
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import krippendorff
import numpy as np
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import jaccard_distance, masi_distance
from sklearn.metrics import cohen_kappa_score, jaccard_score
from sklearn.preprocessing import MultiLabelBinarizer
from statsmodels.stats.inter_rater import cohens_kappa

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "data"
CALLS = {
    "alpha_nominal": ("krippendorff", "alpha(reliability_data=..., level_of_measurement='nominal')"),
    "alpha_jaccard": ("nltk", "AnnotationTask(data, distance=jaccard_distance).alpha()"),
    "alpha_masi": ("nltk", "AnnotationTask(data, distance=masi_distance).alpha()"),
    "kappa": ("scikit-learn", "cohen_kappa_score(a, b)"),
    "kappa_low": ("statsmodels", "cohens_kappa(table).kappa_low"),
    "kappa_high": ("statsmodels", "cohens_kappa(table).kappa_upp"),
    "jaccard": ("scikit-learn", "jaccard_score(a, b, average='samples') on MultiLabelBinarizer rows"),
}  # fmt: skip
NO_LABEL = frozenset({"(no code)"})


def cell(text: str) -> frozenset | None:
    if text == ".":
        return None
    return NO_LABEL if text == "-" else frozenset(text.split(";"))


def units(text: str) -> list[list[frozenset | None]]:
    rows = []
    for part in text.split("|"):
        times, _, row = part.strip().rpartition("*")
        rows += [[cell(each) for each in row.split()]] * int(times or 1)
    return rows


def label(value: frozenset) -> str:
    return ";".join(sorted(value))


def answers(rows: list[list[frozenset | None]]) -> dict[str, float]:
    task = [(f"c{c}", str(u), value) for u, row in enumerate(rows) for c, value in enumerate(row) if value is not None]
    per_unit = Counter(u for _, u, _ in task)
    rated = [each for each in task if per_unit[each[1]] > 1]  # nltk does not leave single ratings out by itself
    numbers = {name: float(i) for i, name in enumerate(sorted({label(value) for _, _, value in task}))}
    matrix = np.array([[np.nan if v is None else numbers[label(v)] for v in row] for row in rows]).T
    found = {
        "alpha_nominal": krippendorff.alpha(reliability_data=matrix, level_of_measurement="nominal"),
        "alpha_jaccard": AnnotationTask(rated, distance=jaccard_distance).alpha(),
        "alpha_masi": AnnotationTask(rated, distance=masi_distance).alpha(),
    }
    if len(rows[0]) == 2 and all(None not in row for row in rows):
        a, b = ([label(row[i]) for row in rows] for i in (0, 1))
        found |= kappas(a, b)
        binary = MultiLabelBinarizer().fit([value for row in rows for value in row])
        pair = (binary.transform([row[i] for row in rows]) for i in (0, 1))
        found["jaccard"] = jaccard_score(*pair, average="samples")
    return found


def kappas(a: list[str], b: list[str]) -> dict[str, float]:
    names = sorted({*a, *b})
    table = np.zeros((len(names), len(names)))
    for one, two in zip(a, b, strict=True):
        table[names.index(one), names.index(two)] += 1
    found = cohens_kappa(table)
    return {"kappa": cohen_kappa_score(a, b), "kappa_low": found.kappa_low, "kappa_high": found.kappa_upp}


def shipped() -> tuple[list[list[frozenset]], list[list[frozenset]], list[str]]:
    """Sets, primary codes and code ids of coder-1 and coder-2, a row a finding, as the files have them."""
    findings = [row["finding_id"] for row in read(DATA / "sources" / "findings.csv")]
    codes = [row["code_id"] for row in read(DATA / "judgements" / "codebook.csv")]
    given: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in read(DATA / "judgements" / "codings.csv"):
        given.setdefault((row["finding_id"], row["coder"]), []).append((int(row["rank"]), row["code_id"]))
    cells = [[sorted(given.get((f, c), [(1, "(no code)")])) for c in ("coder-1", "coder-2")] for f in findings]
    sets = [[frozenset(code for _, code in one) for one in row] for row in cells]
    return sets, [[frozenset({one[0][1]}) for one in row] for row in cells], [*codes, "(no code)"]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def main() -> None:
    rows = []
    for case in read(HERE / "agreement_cases.csv"):
        rows += [(case["case"], name, value) for name, value in answers(units(case["ratings"])).items()]
    sets, primary, codes = shipped()
    rows += [("shipped_sets", name, value) for name, value in answers(sets).items()]
    rows += [("shipped_primary", name, value) for name, value in answers(primary).items() if name.startswith(("alpha_nominal", "kappa"))]  # fmt: skip
    for code in codes:
        a, b = ([str(code in row[i]) for row in sets] for i in (0, 1))
        found = kappas(a, b) if len({*a, *b}) > 1 else {}
        rows += [(f"shipped_code/{code}", name, value) for name, value in found.items()]
    with (HERE / "agreement.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["case", "quantity", "value"])
        writer.writerows((case, name, repr(float(value))) for case, name, value in rows)
    with (HERE / "agreement_origin.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["quantity", "program", "call"])
        writer.writerows((name, f"{program} {version(program)}", call) for name, (program, call) in CALLS.items())


if __name__ == "__main__":
    main()
