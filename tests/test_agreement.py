"""Agreement against published worked examples and other programs (`tests/reference/agreement*`), and its rules."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesis.cli import main
from synthesis.coding.agreement import (
    NO_CODE,
    NOTHING_ELSE,
    agreement_of_all,
    agreement_report,
    agreement_table,
    code_agreement,
    coders_of,
    confusion,
)
from synthesis.evidence.schema import SynthesisError
from synthesis.numbers import reliability
from synthesis.numbers.reliability import cohen_kappa, krippendorff_alpha

REFERENCE = Path(__file__).parent / "reference"
CASES = (
    "krippendorff_a", "krippendorff_b", "krippendorff_c", "kappa_wikipedia", "kappa_bonett", "sets_apart_and_inside",
    "sets_with_no_label", "sets_three_coders", "one_dissent", "worse_than_chance",
)  # fmt: skip
PAIR = ("coder-1", "coder-2")


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def pinned(case: str) -> dict[str, float]:
    return {row["quantity"]: float(row["value"]) for row in read("agreement.csv") if row["case"] == case}


def ratings(case: str) -> pd.DataFrame:
    (text,) = [row["ratings"] for row in read("agreement_cases.csv") if row["case"] == case]
    rows: list[list[str | None]] = []
    for part in text.split("|"):
        times, _, row = part.strip().rpartition("*")
        cells = [{".": None, "-": ""}.get(cell, cell) for cell in row.split()]
        rows += [cells] * int(times or 1)
    return pd.DataFrame(rows)


def plainly(column: pd.Series) -> pd.Series:
    """Sets as one label each, the same for the same set."""
    return column.map(lambda cell: ";".join(sorted(cell.split(";"))), na_action="ignore")


def test_no_case_went_missing(evidence):
    assert [row["case"] for row in read("agreement_cases.csv")] == list(CASES)
    codes = [
        f"shipped_code/{code}" for code in [*evidence.codebook["code_id"], NO_CODE] if pinned(f"shipped_code/{code}")
    ]
    assert list(dict.fromkeys(row["case"] for row in read("agreement.csv"))) == [*CASES, "shipped_sets", "shipped_primary", *codes]  # fmt: skip
    assert len(codes) == 55, "54 codes of version 1 and no code"
    assert {row["quantity"] for row in read("agreement.csv")} == {row["quantity"] for row in read("agreement_origin.csv")}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("distance", ["nominal", "jaccard", "masi"])
def test_alpha_is_that_of_the_other_programs(case, distance):
    table = ratings(case).apply(plainly) if distance == "nominal" else ratings(case)
    if distance == "nominal":
        table = table.map(lambda cell: cell.replace(";", "+"), na_action="ignore")
    assert krippendorff_alpha(table, distance).value == pytest.approx(pinned(case)[f"alpha_{distance}"], abs=1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if "kappa" in pinned(case)])
def test_kappa_and_its_interval_are_those_of_the_other_programs(case):
    found, other = cohen_kappa(*(plainly(ratings(case)[i]) for i in (0, 1))), pinned(case)
    assert found.value == pytest.approx(other["kappa"], abs=1e-12)
    if math.isnan(other["kappa_low"]):
        assert math.isnan(found.low)
        assert found.remark
    else:
        assert found.low == pytest.approx(max(other["kappa_low"], -1), abs=1e-12)
        assert found.high == pytest.approx(min(other["kappa_high"], 1), abs=1e-12)


@pytest.mark.parametrize(
    ("case", "printed"), [("krippendorff_a", 0.095), ("krippendorff_b", 0.692), ("krippendorff_c", 0.743)]
)
def test_krippendorffs_own_examples_at_printed_precision(case, printed):
    assert round(krippendorff_alpha(ratings(case)).value, 3) == printed


def test_the_example_of_the_statpsych_manual_at_printed_precision():
    found = cohen_kappa(*(ratings("kappa_bonett")[i] for i in (0, 1)))
    assert [round(value, 7) for value in found[:3]] == [0.6756757, 0.531721, 0.8196303]


def test_masi_weighs_inclusion_by_two_thirds_and_overlap_by_one_third():
    one, two = np.array([2, 2, 2, 2]), np.array([2, 1, 3, 2])
    shared = np.array([2, 1, 1, 0])
    likeness = 1 - reliability.set_distance("masi", one, two, shared)
    assert likeness.tolist() == pytest.approx([1, 1 / 2 * 2 / 3, 1 / 4 * 1 / 3, 0])


def test_the_figures_of_the_coding_notes(evidence):
    (row,) = agreement_table(evidence).to_dict("records")
    assert (row["coder_a"], row["coder_b"], row["unit"], row["n"]) == (*PAIR, "finding", 631)
    assert (row["n_identical"], row["n_nothing_in_common"]) == (475, 13)
    assert (row["n_uncoded_a"], row["n_uncoded_b"]) == (18, 13)
    assert [round(row[name], 3) for name in ("jaccard", "kappa_primary")] == [0.863, 0.896]
    assert [round(row[name], 1) for name in ("percent", "percent_primary")] == [75.3, 89.9]
    each = code_agreement(evidence, *PAIR).set_index("code_id")
    lowest = each["kappa"].sort_values().head(6).round(2).to_dict()
    assert lowest == {"openness": 0.63, "parenting_overlooked": 0.69, "recognised_parent": 0.70, NO_CODE: 0.70, "parenting_strengths": 0.72, "practical_support": 0.73}  # fmt: skip
    assert round(each["kappa"].median(), 2) == 0.91
    assert (each["kappa"] == 1).sum() == 11
    assert each.loc["hardship", ["kappa", "n_either"]].tolist() == [1, 21]


def test_the_shipped_figures_are_those_of_the_other_programs(evidence):
    (row,) = agreement_table(evidence).to_dict("records")
    sets, primary = pinned("shipped_sets"), pinned("shipped_primary")
    for name in ("alpha_jaccard", "alpha_masi", "jaccard"):
        assert row[name] == pytest.approx(sets[name], abs=1e-12)
    assert row["alpha_nominal"] == pytest.approx(primary["alpha_nominal"], abs=1e-12)
    for ours, theirs in (("kappa_primary", "kappa"), ("kappa_primary_low", "kappa_low"), ("kappa_primary_high", "kappa_high")):  # fmt: skip
        assert row[ours] == pytest.approx(primary[theirs], abs=1e-12)


def test_the_kappa_of_each_code_is_that_of_the_other_programs(evidence):
    each = code_agreement(evidence, *PAIR).set_index("code_id")
    for code in each.index:
        other = pinned(f"shipped_code/{code}")
        if not other:
            assert math.isnan(each.loc[code, "kappa"])
            assert each.loc[code, "remark"] == "neither coder used the code"
            continue
        assert each.loc[code, "kappa"] == pytest.approx(other["kappa"], abs=1e-12)
        if each.loc[code, "kappa"] < 1:
            assert each.loc[code, "low"] == pytest.approx(other["kappa_low"], abs=1e-12)
            assert each.loc[code, "high"] == pytest.approx(min(other["kappa_high"], 1), abs=1e-12)


def test_the_caution_is_the_coders_own_and_no_typed_text(evidence, altered):
    (row,) = agreement_table(evidence).to_dict("records")
    assert row["caution"] == evidence.coders.set_index("coder_id").loc["coder-1", "caution"]
    assert "overstates reliability" in row["caution"]
    people = evidence.coders.assign(caution=pd.array([None] * len(evidence.coders), dtype="str"))
    assert agreement_table(altered(coders=people))["caution"].tolist() == [""]


def without(evidence, altered, coder: str, findings: list[str]):
    """The evidence where a coder has never opened some findings."""
    gone = {name: evidence[name] for name in ("codings", "readings")}
    return altered(**{n: t[~((t["coder"] == coder) & t["finding_id"].isin(findings))] for n, t in gone.items()})


def test_a_finding_that_a_coder_did_not_read_is_not_a_finding_without_a_code(evidence, altered):
    some = list(evidence.findings["finding_id"][:100])
    (row,) = agreement_table(without(evidence, altered, "coder-2", some)).to_dict("records")
    assert (row["n"], row["of_findings"]) == (531, 631)
    coded = evidence.codings[(evidence.codings["coder"] == "coder-2") & evidence.codings["finding_id"].isin(some)]
    (bare,) = agreement_table(altered(codings=evidence.codings.drop(coded.index))).to_dict("records")
    assert (bare["n"], bare["n_uncoded_b"]) == (631, 13 + coded["finding_id"].nunique())


def test_findings_without_a_code_do_not_move_the_coded_only_figures(evidence, altered):
    (before,) = agreement_table(evidence).to_dict("records")
    more = pd.DataFrame({"finding_id": [f"new-f{i}" for i in range(200)]})
    read = pd.concat([more.assign(coder=coder) for coder in PAIR])
    findings = pd.concat([evidence.findings, more], ignore_index=True)
    wider = altered(findings=findings, readings=pd.concat([evidence["readings"], read], ignore_index=True))
    (after,) = agreement_table(wider).to_dict("records")
    coded = [name for name in before if name.startswith("coded_only_")]
    assert len(coded) > 20
    assert {name: after[name] for name in coded} == {name: before[name] for name in coded}
    assert after["n"] == 831
    assert after["kappa_primary"] > before["kappa_primary"]


def test_everybody_choosing_one_label_gives_no_kappa_and_says_so():
    same = pd.Series(["a"] * 20)
    for found in (cohen_kappa(same, same), krippendorff_alpha(pd.DataFrame({"a": same, "b": same}), "masi")):
        assert math.isnan(found.value)
        assert found.remark.startswith("everybody chose one label: agreement 100 %")


def test_nothing_read_by_both_is_said_and_is_not_zero(evidence, altered):
    half = list(evidence.findings["finding_id"][:300])
    rest = list(evidence.findings["finding_id"][300:])
    apart = without(evidence, lambda **t: without(altered(**t), altered, "coder-1", rest), "coder-2", half)
    (row,) = agreement_table(apart).to_dict("records")
    assert row["n"] == 0
    assert all(math.isnan(row[name]) for name in ("percent", "kappa_primary", "alpha_masi", "jaccard"))
    assert "no unit was rated twice" in row["remark"]
    (pair,) = json.loads(json.dumps(agreement_report(apart), allow_nan=False))["pairs"]
    assert pair["percent"] is None


def test_the_settled_set_is_no_coder(evidence):
    assert coders_of(evidence) == list(PAIR)
    with pytest.raises(SynthesisError, match="There is no coder 'nobody'"):
        agreement_table(evidence, ["coder-1", "nobody"])
    with pytest.raises(SynthesisError, match="two coders"):
        agreement_table(evidence, ["coder-1"])


def test_a_finding_that_the_settled_set_left_without_a_code_is_counted(evidence):
    left = set(evidence.uncoded["finding_id"])
    for row in agreement_table(evidence, [*PAIR, "agreed"]).to_dict("records"):
        assert (row["n"], row["of_findings"]) == (631, 631)
    assert (row["coder_b"], row["n_uncoded_b"]) == ("agreed", len(left)) == ("agreed", 8)
    each = code_agreement(evidence, "coder-1", "agreed").set_index("code_id")
    assert each.loc[NO_CODE, "n_b"] == 8
    assert (each["of_findings"] == 631).all()


def test_a_finding_that_is_not_settled_yet_is_not_one_without_a_code(evidence, altered):
    open_again = altered(uncoded=evidence.uncoded.iloc[3:])
    (row,) = agreement_table(open_again, ["coder-1", "agreed"]).to_dict("records")
    assert (row["n"], row["n_uncoded_b"]) == (628, 5)
    assert agreement_table(open_again).equals(agreement_table(evidence))


def test_three_coders_give_three_pairs_and_one_alpha_over_all(evidence):
    three = ["coder-1", "coder-2", "agreed"]
    pairs = agreement_table(evidence, three)
    assert pairs[["coder_a", "coder_b"]].to_numpy().tolist() == [["coder-1", "coder-2"], ["coder-1", "agreed"], ["coder-2", "agreed"]]  # fmt: skip
    overall = agreement_of_all(evidence, three).set_index("measure")
    assert overall["n_coders"].tolist() == [3] * 3
    assert pairs["alpha_masi"].min() < overall.loc["alpha_masi", "value"] < pairs["alpha_masi"].max()
    assert overall.loc["alpha_masi", "n"] == 631


def test_blurred_codes_are_counted_in_findings(evidence):
    table = confusion(evidence, *PAIR)
    assert (table["of_findings"] == 156).all()
    turned = confusion(evidence, *reversed(PAIR))
    first = table.set_index(["code_a", "code_b"])["n_findings"]
    assert first.to_dict() == turned.set_index(["code_b", "code_a"])["n_findings"].to_dict()
    assert first[("parenting_strengths", NOTHING_ELSE)] == 10, (
        "26 findings by one coder, 15 by both, one of them elsewhere"
    )
    assert table["n_primary"].sum() <= 64, "631 less 567 findings with the same primary code"
    assert (table["n_primary"] <= table["n_findings"]).all()


sets = st.frozensets(st.integers(0, 5), max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(sets, sets, sets), min_size=2, max_size=25), st.sampled_from(["jaccard", "masi"]))
def test_counting_by_subsets_equals_comparing_every_pair(rows, kind):
    members = np.full((3 * len(rows), 5), -1)
    for place, labels in enumerate(each for row in rows for each in row):
        filled = sorted(labels) or [6]
        members[place, : len(filled)] = filled
    numbers, distinct = reliability.distinct_sets(members)
    counts = np.bincount(numbers).astype(float)
    fast = reliability._summed_by_subsets(kind, distinct, counts)
    assert fast == pytest.approx(reliability._summed_one_by_one(kind, distinct, counts), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(sets, sets), min_size=2, max_size=25), st.randoms(use_true_random=False))
def test_neither_the_order_of_units_nor_that_of_coders_matters(rows, random):
    def text(labels):
        return ";".join(map(str, sorted(labels)))

    table = pd.DataFrame([[text(a), text(b)] for a, b in rows])
    order = list(table.index)
    random.shuffle(order)
    for distance in reliability.DISTANCES:
        values = [krippendorff_alpha(t, distance).value for t in (table, table.loc[order], table[[1, 0]])]
        assert values == pytest.approx([values[0]] * 3, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("kind", ["nominal", "jaccard", "masi"])
def test_the_interval_is_that_of_a_bootstrap_over_findings(evidence, kind):
    from synthesis.coding.agreement import ratings as rated_of

    rated = rated_of(evidence)
    found = reliability.alpha_of_sets(rated.sets, rated.kinds, kind)
    rng = np.random.default_rng(7)
    drawn = [reliability.alpha_of_sets(rated.sets[rng.integers(0, 631, 631)], rated.kinds, kind).value for _ in range(400)]  # fmt: skip
    assert (found.high - found.low) / 2 / 1.959964 == pytest.approx(np.std(drawn, ddof=1), rel=0.12)


def test_the_command_gives_the_json_that_other_programs_read(capsys, evidence):
    assert main(["agreement", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    (pair,) = report["pairs"]
    wanted = {
        "coder_a",
        "coder_b",
        "n",
        "percent",
        "kappa_primary",
        "alpha_nominal",
        "alpha_masi",
        "jaccard",
        "per_code",
    }
    assert wanted <= set(pair)
    assert len(pair["per_code"]) == len(evidence.codebook) + 1
    assert (pair["n"], round(pair["kappa_primary"], 3), round(pair["jaccard"], 3)) == (631, 0.896, 0.863)
    assert "overstates reliability" in pair["caution"]
    assert pair["coded_only"]["n"] == 611
    assert "Demonstration" in err


def test_the_command_prints_the_caution_with_the_figures(capsys):
    assert main(["agreement"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "overstates reliability" in out
    assert "475 of 631" in out
    assert main(["agreement", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["coder_b"] for row in rows] == ["coder-2"]
