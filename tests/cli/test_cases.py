"""The inputs of ../shared/cases that tables, exports and damaged files are made of, each with the right value.

Left for later, since their right values are about figures and not about reading: ``slider_300_items.csv``,
``slider_int_1000.csv``, the interval of Scott's pi in ``na_labels.csv``, the absent interval of
``constant_coder.csv``, and ``audit_planted.csv``.
"""

import json
import shutil
from pathlib import Path

import pytest
from support.command import stance

from toolkit.tables import read_table

CASES = next(
    (
        folder / "shared" / "cases"
        for folder in Path(__file__).resolve().parents
        if (folder / "shared" / "cases").is_dir()
    ),
    Path("no-cases"),
)
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not there")
VOTES, STUDIO, FILES = CASES / "votes", CASES / "studio", CASES / "files"


def agreement(path, *words):
    return json.loads(stance("agreement", path, *words, "--json").out)["questions"]["label"]


def alpha(path, *words):
    return agreement(path, *words)["alpha"]["value"]


def pulled(tmp_path, *names, words=()):
    output = tmp_path / "v.jsonl"
    sources = [word for name in names for word in ("--from", STUDIO / name)]
    result = stance("pull", *sources, *words, "-o", output)
    return result, read_table(output) if output.exists() else []


def counts(rows):
    votes = [row for row in rows if row["state"] == "submitted" and row["label"] is not None]
    return len(votes), len({row["item"] for row in votes}), len({row["annotator"] for row in votes})


# --- votes -----------------------------------------------------------------------------------------------------------


def test_words_for_no_answer_are_pointed_out_with_the_remedy():
    path, wide = VOTES / "r_write_csv_wide.csv", ("--wide", "r1,r2,r3,r4")
    assert alpha(path, *wide) == pytest.approx(0.577, abs=5e-4)
    assert "labels that may mean no answer: 'NA' (7); if so, --no-answer NA" in agreement(path, *wide)["cautions"][0]
    assert alpha(path, *wide, "--no-answer", "NA") == pytest.approx(0.743, abs=5e-4)
    assert "--no-answer" in agreement(VOTES / "na_labels.csv")["cautions"][0]


def test_blanks_and_capitals_are_pointed_out_in_labels_annotators_and_items():
    cautions = " ".join(agreement(VOTES / "spaces.csv")["cautions"])
    for shown in ("--map 'for =for'", "'Anna' (1), 'anna' (4), 'anna ' (1)", "items that differ", "'4' (1), '4 ' (1)"):
        assert shown in cautions


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_one_and_one_point_nought_are_one_label_from_every_format(suffix):
    path = VOTES / f"pandas_int_and_float.{suffix}"
    assert alpha(path, "--item", "unit", "--wide", "ann,bo") == 1


def test_drafts_are_left_out_whatever_their_capitals():
    assert "rows left out: 1 draft" in stance("agreement", VOTES / "state_case.csv").out
    assert agreement(VOTES / "state_case.csv")["n_votes"] == 5


def test_tables_of_excel_and_parquet_are_read():
    assert alpha(VOTES / "list_labels.parquet") == 1
    for name in ("excel_german.csv", "excel_utf16.csv"):
        found = agreement(VOTES / name)
        assert (found["n_votes"], found["n_items"]) == (6, 3)
        assert "'2,0' (1) for '2'" in found["cautions"][0]
    refused = stance("agreement", VOTES / "dup_header.csv")
    assert (refused.code, "two columns are named 'label'" in refused.err) == (1, True)


def test_a_person_has_one_name_to_every_verb(tmp_path):
    path = shutil.copy(VOTES / "f4.parquet", tmp_path / "f4.parquet")
    Path(path).chmod(0o644)
    assert stance("audit", "annotators", path).out.startswith("11: ")
    assert stance("forget", path, "11").code == 0
    assert "no rows" in stance("agreement", path).err


def test_no_verb_writes_over_its_input(tmp_path):
    path = Path(shutil.copy(VOTES / "ow.csv", tmp_path / "ow.csv"))
    for words in (("aggregate", path), ("duplicates", path), ("segment", path), ("pull", "--from", path)):
        assert stance(*words, "-o", path).code == 2
    assert path.read_bytes() == (VOTES / "ow.csv").read_bytes()


# --- exports of Label Studio -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data-label.json", "data-label.min.json", "item-id-null.json"])
def test_a_column_of_the_data_is_never_an_answer_and_null_no_item(tmp_path, name):
    _, rows = pulled(tmp_path, name)
    assert counts(rows) == (12, 6, 2)
    assert alpha(tmp_path / "v.jsonl") == pytest.approx(0.389, abs=5e-4)


def test_regions_are_alike_from_every_format_and_no_labels_of_items(tmp_path):
    labels = []
    for name in ("tags.json", "tags.tsv"):
        assert pulled(tmp_path, name)[0].code == 2
        refused, _ = pulled(tmp_path, name, words=("--question", "reg"))
        assert (refused.code, "asked about each marked region" in refused.err) == (1, True)
        _, rows = pulled(tmp_path, name, words=("--question", "ner"))
        given = [row for row in rows if row["state"] == "submitted" and row["label"] is not None]
        labels.append(sorted((row["item"], row["label"]) for row in given))
    assert labels[0] == labels[1]
    assert '"start": 0' in labels[0][0][1]


def test_people_tasks_and_annotations_are_told_apart(tmp_path):
    result, rows = pulled(tmp_path, "two-deleted.json")
    assert "not counted: 8 of deleted accounts" in result.out
    assert [row["state"] for row in rows] == ["submitted"] * 4
    _, rows = pulled(tmp_path, "orig.json", "other-server-same-task-numbers.json")
    assert counts(rows)[:2] == (24, 8)
    _, rows = pulled(tmp_path, "snapshot.json", "snapshot.min.json")
    assert counts(rows) == (12, 6, 2)


def test_a_question_named_like_a_column_is_found(tmp_path):
    for name in ("text", "id"):
        _, rows = pulled(tmp_path, "clash.min.json", words=("--question", name))
        assert counts(rows) == (4, 2, 2)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nested.json", (4, 2, 2)), ("was-cancelled-null.json", (12, 4, 3)), ("old-completions.json", (12, 4, 3)),
        ("target-storage", (6, 2, 3)),
    ],
)  # fmt: skip
def test_old_and_unusual_exports_are_read(tmp_path, name, found):
    assert counts(pulled(tmp_path, name)[1]) == found


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("badcrc.csv.gz", "broken gzip"), ("flip.parquet", "not Parquet, or damaged"),
        ("wrongtypes.parquet", "column 'annotator' holds bytes"), ("dupcols.csv", "two columns are named 'item'"),
        ("dupkeys.jsonl", "the key 'id' is there twice"),
    ],
)  # fmt: skip
def test_a_damaged_table_is_one_message_to_every_verb(name, message):
    for words in (("agreement",), ("aggregate",), ("audit", "annotators")):
        refused = stance(*words, FILES / name)
        assert refused.code == 1
        assert message in refused.err
        assert refused.err.count("\n") == 1


def test_json_that_is_too_deep_is_one_message(tmp_path):
    refused = stance("pull", "--from", FILES / "deep.json", "-o", tmp_path / "v.jsonl")
    assert (refused.code, refused.err.count("\n")) == (1, 1)


def test_a_lone_carriage_return_survives_each_writer(tmp_path):
    rows = read_table(FILES / "table_cr.csv")
    assert "\r" in rows[0]["text"]
    votes = tmp_path / "votes.jsonl"
    votes.write_text(
        "".join(json.dumps({"item": row["text"], "annotator": "a", "label": row["text"]}) + "\n" for row in rows)
    )
    for words in (("aggregate", votes), ("pull", "--from", votes)):
        assert stance(*words, "-o", tmp_path / "o.csv").code == 0
        assert rows[0]["text"] in {row["item"] for row in read_table(tmp_path / "o.csv")}
