"""Votes of a user's own into gold."""

import csv
import importlib.util

import pytest

from toolkit.tables import read_table, write_table


@pytest.fixture
def votes(tmp_path):
    said = {"i1": "aaab", "i2": "bbbb", "i3": "aabb", "i4": "abbb", "i5": "aaaa"}
    rows = [
        {"item": f"{item}.{copy}", "annotator": f"r{who}", "label": label}
        for copy in range(12)
        for item, labels in said.items()
        for who, label in enumerate(labels)
    ]
    write_table(tmp_path / "votes.csv", rows)
    return tmp_path / "votes.csv"


def test_soft_labels_stand_beside_the_hard_ones_and_join_back(stance, votes, tmp_path):
    out = tmp_path / "gold.csv"
    facts = stance("aggregate", votes, "-o", out, "--json").facts
    assert facts["unresolved_reasons"] == {"label": {"a tie": 12}}
    rows = {row["item"]: row for row in read_table(out)}
    assert rows.keys() == {row["item"] for row in read_table(votes)}
    assert (rows["i1.0"]["soft_a"], rows["i1.0"]["soft_b"], rows["i1.0"]["label"]) == ("0.75", "0.25", "a")
    assert (rows["i3.0"]["label"], rows["i3.0"]["reason"], rows["i3.0"]["soft_a"]) == ("", "a tie", "0.5")


def test_labels_that_were_mistyped_are_pointed_out_and_mapped_alike_in_agreement_and_gold(stance, tmp_path):
    said = {"i1": ["for", "For ", "against"], "i2": ["agianst", "against", "against"], "i3": ["for"] * 3}
    rows = [{"item": item, **dict(zip("abc", labels, strict=True))} for item, labels in said.items()]
    write_table(tmp_path / "wide.csv", rows)
    words = ["aggregate", tmp_path / "wide.csv", "--wide", "a,b,c", "-o", tmp_path / "gold.csv"]
    mapping = ["--map", "For =for,agianst=against"]
    loose = stance(*words)
    assert "caution: labels that may be others" in loose.out
    refused = stance(*words, "--labels", "for,against")
    assert (refused.code, f"--map '{mapping[1]}'" in refused.err) == (1, True)
    assert stance("agreement", *words[1:4], *mapping, "--json").facts["questions"]["label"]["shares"].keys() == {
        "against", "for",
    }  # fmt: skip
    done = stance(*words, *mapping, "--labels", "for,against")
    assert (done.code, "caution" in done.out) == (0, False)
    assert [(row["label"], row["status"]) for row in read_table(tmp_path / "gold.csv")] == [
        ("for", "majority"), ("against", "unanimous"), ("for", "unanimous"),
    ]  # fmt: skip


def test_the_model_says_how_it_came_out(stance, votes, tmp_path):
    said = stance("aggregate", votes, "--method", "dawid-skene", "-o", tmp_path / "g.csv")
    assert "model of label: log-likelihood -" in said.out
    assert "converged after" in said.out
    assert "of 5 starts end there" in said.out
    facts = stance("aggregate", votes, "--method", "dawid-skene", "-o", tmp_path / "g.csv", "--json").facts
    assert facts["method"] == "dawid-skene"
    assert facts["models"]["label"][0]["converged"] is True


def test_the_plain_model_of_the_patients_through_the_command(stance, tmp_path):
    from toolkit.labels.votes import vars_of

    spec = importlib.util.spec_from_file_location("patients", _beside("../labels/aggregation/test_dawid_skene.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known = vars_of(module.patients())
    with (tmp_path / "patients.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["patient", "observer", "label"])
        for item, who, label in zip(known["item"], known["annotator"], known["label"], strict=True):
            writer.writerow([known["items"][item], known["annotators"][who], known["labels"][label]])
    words = ["aggregate", tmp_path / "patients.csv", "--item", "patient", "--annotator", "observer"]
    refused = stance(*words)
    assert (refused.code, "a second vote of annotator observer 1" in refused.err) == (1, True)
    plain = ["--repeats", "keep", "--method", "dawid-skene", "--threshold", 0, "--min-votes", 1, "--min-shared", 0]
    facts = stance(*words, *plain, "--pooling", "none", "-o", tmp_path / "g.csv", "--json").facts
    model = facts["models"]["label"][0]
    assert model["log_likelihood"] == pytest.approx(-192.89, abs=0.005)
    assert list(model["shares"].values()) == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.005)
    assert (facts["items"], facts["unresolved"]) == (45, 0)


def _beside(name):
    from pathlib import Path

    return Path(__file__).parent / name


def test_what_a_method_does_not_know_is_wrong_usage(stance, votes):
    said = stance("aggregate", votes, "--threshold", 0.9)
    assert (said.code, "threshold has no meaning for the method majority" in said.err) == (2, True)


def test_a_campaign_names_its_method_in_its_file(stance):
    said = stance("aggregate", "schemas/demo.toml", "--method", "dawid-skene")
    assert (said.code, "under [aggregate] in schemas/demo.toml" in said.err) == (2, True)


def test_crowd_kits_methods_say_what_is_missing(stance, votes, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "crowdkit", None)
    said = stance("aggregate", votes, "--method", "mace")
    assert (said.code, "'crowd-kit" in said.err) == (1, True)


@pytest.mark.slow
def test_sensitivity_names_what_changes_between_methods(stance, votes):
    said = stance("aggregate", votes, "--sensitivity")
    assert said.out.startswith("label: majority and dawid-skene: ")
    facts = stance("aggregate", votes, "--sensitivity", "--json").facts
    pair = facts["questions"]["label"][0]
    assert pair["both"] + pair["only_first"] + pair["only_second"] + pair["neither"] == 60
    said = stance("aggregate", votes, "--sensitivity", "--scores", "majority")
    assert said.code == 2


def test_min_votes_of_majority(stance, votes, tmp_path):
    facts = stance("aggregate", votes, "--min-votes", 5, "-o", tmp_path / "g.csv", "--json").facts
    assert facts["unresolved_reasons"] == {"label": {"fewer than 5 answers": 60}}


def test_labels_off_the_scale_are_decided_first(stance, tmp_path):
    said = {"i1": "pro pro off off neutral", "i2": "off off pro", "i3": "dunno pro"}
    rows = [
        {"item": item, "annotator": f"r{n}", "label": label}
        for item, labels in said.items()
        for n, label in enumerate(labels.split())
    ]
    write_table(tmp_path / "v.csv", rows)
    words = ["aggregate", tmp_path / "v.csv", "--order", "neutral,pro", "--no-answer", "dunno"]
    assert [row["label"] for row in stance(*words).rows] == ["pro", "off", None]
    assert [row["label"] for row in stance(*words[:2]).rows] == [None, "off", None]
    said = stance(*words[:2], "--order", "neutral,con")
    assert (said.code, "no label 'con' in the column 'label'" in said.err) == (2, True)


@pytest.mark.parametrize("method", ["majority", "dawid-skene"])
@pytest.mark.parametrize("rows", ["", "1,a,\n2,b,\n"])
def test_a_table_without_a_vote_is_said_to_be_one(stance, tmp_path, method, rows):
    (tmp_path / "v.csv").write_text(f"item,annotator,label\n{rows}")
    said = stance("aggregate", tmp_path / "v.csv", "--method", method)
    assert said.code == 1
    assert ("no votes" if rows else "no rows") in said.err or "empty in all" in said.err


def test_one_vote_is_an_answer_by_majority_and_none_by_a_model(stance, tmp_path):
    (tmp_path / "v.csv").write_text("item,annotator,label\n1,a,x\n")
    assert stance("aggregate", tmp_path / "v.csv").rows[0]["status"] == "single"
    (row,) = stance("aggregate", tmp_path / "v.csv", "--method", "dawid-skene").rows
    assert (row["label"], row["reason"], row["soft_x"]) == (None, "fewer than 3 answers", 1.0)
