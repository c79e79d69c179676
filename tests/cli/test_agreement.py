"""`stance agreement` on tables of a user's own and on a campaign."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from toolkit.files import append_jsonl
from toolkit.records import Annotation, Item
from toolkit.tables import write_table


def write_csv(path, rows):
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


TABLE = {"r1": "aabb", "r2": "aabb", "r3": "ab b"}
# items: aaa aab b?b bbb -> coincidences aa 3+1, bb 2+3, ab 1 each; n = 11
ALPHA = 1 - (11 - 1) * 2 / (11**2 - 5**2 - 6**2)


def long_rows(**more):
    return [
        {"item": str(n), "annotator": who, "label": label.strip(), **more}
        for who, labels in TABLE.items()
        for n, label in enumerate(labels)
    ]


@pytest.fixture
def votes(tmp_path):
    return write_csv(tmp_path / "votes.csv", long_rows())


def found(said, name="label"):
    return said.facts["questions"][name]


def alpha_of(said, name="label"):
    return found(said, name)["alpha"]["value"]


def test_one_line_gives_an_answer_with_both_intervals_and_what_it_means(stance, tmp_path):
    rows = [{**row, "item": f"{row['item']}.{copy}"} for copy in range(9) for row in long_rows()]
    rows += [{**row, "annotator": "r4"} for row in rows if row["annotator"] == "r3"]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("label: alpha 0.614 [")
    assert "rows left out: 18 no label" in said.out.splitlines()[0]
    assert "same annotators, new articles: [" in said.out
    assert "new annotators, new articles: [" in said.out
    assert " of the disagreement that is expected by chance remains" in said.out
    assert "caution: 4 annotators" in said.out
    assert not any(word in said.out for word in ("moderate", "substantial", "fair", "poor"))


def test_less_agreement_than_by_chance_is_said_so(stance, tmp_path):
    rows = [{"item": n, "annotator": w, "label": "ab"[(n + w) % 2]} for n in range(6) for w in range(2)]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows))
    assert "Annotators disagree more often than is expected by chance" in said.out


def test_the_json_holds_the_sentence_and_the_cautions(stance, votes):
    facts = found(stance("agreement", votes, "--json"))
    assert facts["meaning"].split("% ")[1].startswith("of the disagreement")
    assert any("3 annotators" in caution for caution in facts["cautions"])
    assert {"low", "high", "reason"} == set(facts["alpha"]["new_annotators"])


def test_a_wide_table_is_the_long_one(stance, votes, tmp_path):
    rows = [{who: labels[n].strip() for who, labels in TABLE.items()} for n in range(4)]
    wide = write_csv(tmp_path / "wide.csv", rows)
    one, other = stance("agreement", votes, "--json"), stance("agreement", wide, "--wide", "r1,r2,r3", "--json")
    assert found(other) == found(one)
    assert other.facts["left_out"] == {"no label": 1}


@pytest.mark.parametrize("name", ["v.csv", "v.tsv", "v.jsonl", "v.parquet", "v.csv.gz"])
def test_every_kind_of_table_is_read_alike(stance, tmp_path, votes, name):
    import gzip

    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(votes.read_bytes()))
    else:
        write_table(path, long_rows())
    assert alpha_of(stance("agreement", path, "--json")) == pytest.approx(ALPHA)


def test_numbers_of_a_parquet_table_are_labels_too(stance, tmp_path):
    import pandas as pd

    path = tmp_path / "v.parquet"
    pd.DataFrame({"r1": [1, 2, 3, None], "r2": [1.0, 2.0, 2.0, 3.0]}).to_parquet(path)
    said = stance("agreement", path, "--wide", "r1,r2", "--level", "interval", "--json")
    assert set(found(said)["shares"]) == {"1", "2", "3"}
    assert found(said)["alpha"]["n"] == 3


def test_a_quoted_cell_with_a_line_break_is_one_cell(stance, tmp_path):
    rows = [{"note": 'said "so",\nand left', **row} for row in long_rows()]
    assert alpha_of(stance("agreement", write_csv(tmp_path / "v.csv", rows), "--json")) == pytest.approx(ALPHA)


def test_a_row_with_too_many_cells_is_named(stance, votes):
    votes.write_text(votes.read_text() + "1,r9,a,b\n")
    said = stance("agreement", votes)
    assert said.code == 1
    assert "votes.csv:14: 4 cells, but the header has 3" in said.err


def test_levels(stance, tmp_path):
    table = {"r1": "1244", "r2": "1243", "r3": "2244"}
    rows = [{"item": n, "annotator": w, "label": labels[n]} for w, labels in table.items() for n in range(4)]
    path = write_csv(tmp_path / "v.csv", rows)
    import krippendorff

    for level in ("nominal", "ordinal", "interval", "ratio"):
        oracle = krippendorff.alpha([[int(x) for x in row] for row in table.values()], level_of_measurement=level)
        assert alpha_of(stance("agreement", path, "--level", level, "--json")) == pytest.approx(oracle, abs=1e-12)


def test_an_order_makes_words_a_scale(stance, votes):
    said = stance("agreement", votes, "--order", "b,a", "--json")
    assert found(said)["alpha"]["level"] == "ordinal"
    said = stance("agreement", votes, "--level", "interval")
    assert said.code == 1
    assert "level interval needs numbers, and 'a' is not a number; map them (`--map`)" in said.err
    assert "list them from low to high (`--order`)" in stance("agreement", votes, "--level", "ordinal").err


def test_repeated_votes_the_latest_counts(stance, tmp_path):
    rows = [{**row, "created": "2024-05-01T10:00:00Z"} for row in long_rows()]
    rows.insert(0, {**rows[0], "label": "b", "created": "2024-04-01T12:00:00+02:00"})
    path = write_csv(tmp_path / "v.csv", rows)
    said = stance("agreement", path, "--json")
    assert alpha_of(said) == pytest.approx(ALPHA)
    assert said.facts["left_out"] == {"no label": 1, "superseded": 1}
    rows[0]["created"] = "2024-06-01T00:00:00Z"
    assert alpha_of(stance("agreement", write_csv(path, rows), "--json")) != pytest.approx(ALPHA)


def test_repeated_votes_without_a_latest_are_an_error_that_says_where(stance, tmp_path):
    rows = [{**row, "when": "7"} for row in long_rows()]
    rows.append({**rows[0], "label": "b"})
    path = write_csv(tmp_path / "v.csv", rows)
    said = stance("agreement", path)
    assert "v.csv, row 13: a second vote of annotator r1 on item 0; name the column of their times" in said.err
    said = stance("agreement", path, "--time", "when")
    assert "v.csv, row 13: a second vote of annotator r1 on item 0; both are of the same time" in said.err
    rows = [{**row, "when": "2024-05-01"} for row in rows]
    rows[-1]["when"] = "noon"
    said = stance("agreement", write_csv(path, rows), "--time", "when")
    assert "row 13: 'noon' is no time" in said.err


def test_repeated_votes_may_each_count(stance, tmp_path):
    rows = [*long_rows(), {"item": "0", "annotator": "r1", "label": "b"}]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows), "--repeats", "keep", "--json")
    assert (found(said)["n_votes"], found(said)["n_annotators"]) == (12, 3)


def test_labels_that_are_typed_otherwise_are_shown_with_a_mapping_to_accept(stance, tmp_path):
    rows = long_rows()
    named = {"a": "against", "b": "neutral", "": ""}
    rows = [{**row, "label": named[row["label"]]} for row in rows]
    for place, label in ((0, "Against"), (4, " against"), (1, "agianst")):
        rows[place]["label"] = label
    path = write_csv(tmp_path / "v.csv", rows)
    said = stance("agreement", path, "--labels", "against,neutral")
    assert said.code == 1
    ready = "' against=against,Against=against,agianst=against'"
    assert f"accept with --map {ready}" in said.err
    said = stance("agreement", path, "--labels", "against,neutral", "--map", ready.strip("'"), "--json")
    assert alpha_of(said) == pytest.approx(ALPHA)
    said = stance("agreement", path)
    assert "caution: labels that may be others: " in said.out
    assert "'Against' (1) for 'against'" in said.out


def test_a_mapping_may_stand_in_a_file(stance, votes, tmp_path):
    mapping = write_csv(tmp_path / "m.csv", [{"old": "a", "new": "x"}, {"old": "b", "new": "y"}])
    assert set(found(stance("agreement", votes, "--map", mapping, "--json"))["shares"]) == {"x", "y"}
    assert stance("agreement", votes, "--map", "a=").code == 2


def test_labels_that_are_no_answer_are_missing_and_counted(stance, tmp_path):
    rows = [{**row, "label": row["label"] or "dunno"} for row in long_rows()]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows), "--no-answer", "dunno", "--json")
    assert (alpha_of(said), found(said)["no_answers"]) == (pytest.approx(ALPHA), 1)


def test_weights_count_items_that_often(stance, tmp_path):
    weighted = [{**row, "w": 2 if row["item"] == "1" else 1} for row in long_rows()]
    said = stance("agreement", write_csv(tmp_path / "v.csv", weighted), "--weight", "w", "--json")
    twice = [*long_rows(), *({**row, "item": "1b"} for row in long_rows() if row["item"] == "1")]
    other = stance("agreement", write_csv(tmp_path / "u.csv", twice), "--json")
    assert alpha_of(said) == pytest.approx(alpha_of(other))
    weighted[3]["w"] = "-1"
    said = stance("agreement", write_csv(tmp_path / "v.csv", weighted), "--weight", "w")
    assert "row 4: w '-1'; a weight is a number from 0 up" in said.err


def test_all_lists_annotators_pairs_and_slices(stance, tmp_path):
    rows = [{**row, "item": f"{row['item']}.{copy}"} for copy in range(2) for row in long_rows()]
    rows = [{**row, "outlet": "east" if row["item"][0] in "01" else "west"} for row in rows]
    path = write_csv(tmp_path / "v.csv", rows)
    said = stance("agreement", path, "--all", "--by", "outlet", "--json")
    names = [one["name"] for one in found(said)["coefficients"]]
    assert names == ["cohen_kappa", "scott_pi", "fleiss_kappa", "gwet_ac1"]
    assert [one["annotator"] for one in found(said)["per_annotator"]] == ["r1", "r2", "r3"]
    assert len(found(said)["per_pair"]) == 3
    assert [one["value"] for one in found(said)["slices"]["outlet"]["listed"]] == ["east", "west"]
    shown = stance("agreement", path, "--all", "--by", "outlet").out
    assert "by annotator against the others:" in shown
    assert "    r1: " in shown
    assert "  by outlet:" in shown


# --- bad input: an answer or a clear message -------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["item", "annotator", "label"])
def test_an_empty_column_is_named(stance, tmp_path, column):
    rows = [{**row, column: " "} for row in long_rows()]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows))
    assert said.code == 1
    assert f"the column of the {column} is empty in all 12 rows" in said.err


@pytest.mark.parametrize("options", [(), ("--all",), ("--level", "ordinal", "--order", "a,b")])
@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"item": n, "annotator": "r", "label": "ab"[n % 2]} for n in range(5)], "no item has two votes"),
        ([{"item": n, "annotator": n, "label": "ab"[n % 2]} for n in range(5)], "no item has two votes"),
        ([{"item": 0, "annotator": n, "label": "a"} for n in range(5)], "all votes are equal"),
    ],
)
def test_what_has_no_agreement_says_why(stance, tmp_path, rows, why, options):
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows), *options)
    assert (said.code, said.err) == (0, "")
    assert f"alpha undefined: {why}" in said.out


def test_one_item_has_a_value_and_no_interval(stance, tmp_path):
    rows = [{"item": 0, "annotator": n, "label": "aab"[n]} for n in range(3)]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows), "--all", "--json")
    assert found(said)["alpha"]["reason"] == "one cluster has no interval"


def test_a_table_without_rows_is_refused(stance, tmp_path):
    path = tmp_path / "v.csv"
    path.write_text("item,annotator,label\n")
    done = stance("agreement", path, "--all")
    assert (done.code, done.out) == (1, "")
    assert "no rows; the table needs at least one row" in done.err


def test_annotators_who_voted_on_nothing_are_not_counted(stance, tmp_path):
    rows = [*long_rows(), {"item": "0", "annotator": "r9", "label": ""}]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows), "--json")
    assert (found(said)["n_annotators"], alpha_of(said)) == (3, pytest.approx(ALPHA))


@pytest.mark.slow
def test_a_hundred_thousand_annotators_with_one_vote_each(stance, tmp_path):
    path = tmp_path / "v.csv"
    lines = "".join(f"{n // 4},r{n},{'ab'[n % 3 % 2]}\n" for n in range(100_000))
    path.write_text("item,annotator,label\n" + lines)
    said = stance("agreement", path, "--all", "--json")
    assert (said.code, found(said)["n_annotators"]) == (0, 100_000)
    assert found(said)["not_listed"]["annotators"] == 100_000 - 200


# --- a campaign ------------------------------------------------------------------------------------------------------


@pytest.fixture
def campaign(stance, tmp_path, monkeypatch):
    """The demo campaign with answers of three invented annotators, written as a ledger."""
    stance("init", tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    for verb in ("segment", "sample", "plan"):
        stance(verb, "schemas/demo.toml")
    at = Path("data/labeled/demo")
    items = [Item(**json.loads(line)) for line in (at / "items.jsonl").read_text().splitlines()][:60]
    rng = np.random.default_rng(3)
    rows = [answer(item, who, rng) for item in items for who in ("p1", "p2", "p3")]
    append_jsonl(at / "annotations.jsonl", rows)
    return at, items


def answer(item, who, rng, assigned_by="design"):
    label = str(rng.choice(["pro_government", "neutral", "opposition", "mixed", "not_applicable", "unclear"]))
    answers = {"stance": label}
    if label in ("pro_government", "opposition", "mixed"):
        answers["voice"] = str(rng.choice(["author", "quoted"]))
    return Annotation(
        id=f"{item.id}-{who}",
        item_id=item.id,
        annotator=who,
        state="submitted",
        answers=answers,
        created="2024-01-01T00:00:00Z",
        updated="2024-01-01T00:00:00Z",
        observed="2024-01-01T00:00:01Z",
        codebook="b@1#0",
        assigned_by=assigned_by,
    )


@pytest.mark.usefixtures("campaign")
def test_a_campaign_has_three_figures_for_its_labels_off_the_scale(stance):
    said = stance("agreement", "schemas/demo.toml", "--json")
    coefficients = {one["name"]: one for one in found(said, "stance")["coefficients"]}
    assert set(coefficients) == {"alpha_applicability", "alpha_direction", "alpha_sets"}
    direction = coefficients["alpha_direction"]
    assert direction["lost"] > 0
    assert found(said, "stance")["no_answers"] > 0
    assert f"{direction['n']} items used, {direction['lost']} lost" in stance("agreement", "schemas/demo.toml").out


def test_tie_break_votes_count_only_where_they_are_asked_for_and_then_with_a_warning(stance, campaign):
    at, items = campaign
    before = stance("agreement", "schemas/demo.toml", "--json").facts["questions"]
    rng = np.random.default_rng(4)
    append_jsonl(at / "annotations.jsonl", [answer(item, "p4", rng, "tiebreak") for item in items[:40]])
    append_jsonl(at / "annotations.jsonl", [answer(item, "p5", rng, "adjudication") for item in items[:40]])
    assert stance("agreement", "schemas/demo.toml", "--json").facts["questions"] == before
    said = stance("agreement", "schemas/demo.toml", "--all-votes", "--json")
    assert said.facts["votes_of_disputed_items"] == 40
    assert found(said, "stance")["n_annotators"] == 4
    assert "40 annotations of disputed items count" in found(said, "stance")["cautions"][0]
    assert stance("agreement", at / "x.csv", "--all-votes").code == 2


@pytest.mark.usefixtures("campaign")
def test_a_campaign_is_sliced_by_what_is_known_of_its_items(stance):
    said = stance("agreement", "schemas/demo.toml", "--all", "--json")
    slices = found(said, "stance")["slices"]
    assert {"outlet", "month", "role", "round", "voice"} <= set(slices)
    assert [one["value"] for one in slices["round"]["listed"]] == ["main"]
    said = stance("agreement", "schemas/demo.toml", "--by", "weekday")
    assert "--by weekday: unknown; a campaign has outlet, month, role, round, stance" in said.err


@pytest.mark.usefixtures("campaign")
def test_a_level_that_some_labels_have_no_place_on_leaves_alpha_undefined_with_a_reason(stance):
    said = stance("agreement", "schemas/demo.toml", "--level", "ordinal", "--json")
    alpha = found(said, "stance")["alpha"]
    assert (alpha["value"], alpha["level"]) == (None, "ordinal")
    assert alpha["reason"].endswith("see alpha_direction")
