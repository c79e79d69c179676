"""A campaign of version 0.1.0: its files are read as they are, and all that is derived from them can be rebuilt."""

import json
import shutil

import pytest
from support.command import stance
from support.kept import KEPT, derive, kept_campaign

from toolkit.files import read_json
from toolkit.runs import digests
from toolkit.store import Store

DERIVED = (
    "paragraphs.jsonl", "clusters.jsonl", "dropped.jsonl", "outdated.jsonl", "agreement.json", "gold.jsonl", "dataset",
    "baseline", "report.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    campaign = kept_campaign(tmp_path_factory.mktemp("kept") / "w")
    derive(campaign)
    return campaign


def test_every_given_file_of_0_1_0_is_read_and_none_is_rewritten(derived):
    store = Store(derived)
    assert len(store.items) == 48
    assert len(store.annotations) == 145
    assert {row.kind for row in store.annotators.values()} == {"simulated"}
    assert store.last_run("pull").facts["schema"] == 1
    for path in KEPT.iterdir():
        written = (derived.directory / path.name).read_bytes()
        assert written == path.read_bytes() or (path.name == "runs.jsonl" and written.startswith(path.read_bytes()))


def test_what_is_derived_is_rebuilt_byte_for_byte(derived):
    paths = [derived.at(name) for name in DERIVED]
    before = digests(paths, derived.root)
    assert len(before) == len(DERIVED)
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    derive(derived)
    assert digests(paths, derived.root) == before


def test_the_card_counts_what_the_campaign_holds(derived):
    card = derived.at("dataset/README.md").read_text()
    assert "48 selected" in card
    assert "4 simulated" in card
    assert "**Simulated.** All annotators are simulated" in card


@pytest.mark.parametrize("content", ["null", "{}", "[1]", '{"test": 1', "\x00\x01", '{"schema": 2, "test": {}}'])
@pytest.mark.parametrize(
    ("name", "verb", "remedy"),
    [
        ("baseline/scores.json", "card", "stance train"),
        ("baseline/scores.json", "report", "stance train"),
        ("dataset/certificate.json", "report", "stance build"),
        ("agreement.json", "build", "stance aggregate"),
        ("frame.json", "card", "stance plan"),
    ],
)
def test_a_damaged_file_is_named_with_the_command_that_writes_it(derived, name, verb, remedy, content):
    path = derived.at(name)
    before = path.read_bytes()
    path.write_text(content)
    try:
        result = stance(verb, derived.path)
    finally:
        path.write_bytes(before)
    assert result.code == 1
    assert str(path) in result.err
    assert remedy in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("cut", [0, 1, 4, 100, -8])
def test_a_damaged_data_file_is_named_and_build_is_the_remedy(derived, cut):
    path = derived.at("dataset/data/gold/train.parquet")
    before = path.read_bytes()
    path.write_bytes(before[:cut])
    try:
        result = stance("card", derived.path)
    finally:
        path.write_bytes(before)
    assert result.code == 1
    assert f"{derived.at('dataset/data')}: not as `stance build` left it" in result.err
    assert "stance build" in result.err


def test_the_facts_of_each_verb_are_json_of_schema_2(derived):
    for verb in ("build", "train", "card", "report"):
        result = stance(verb, derived.path, "--json")
        assert json.loads(result.out)["schema"] == 2
    assert read_json(derived.at("baseline/scores.json"))["schema"] == 2


def test_card_and_report_say_partial_as_long_as_an_assigned_annotator_is_asked(derived):
    assert "Partial" not in derived.at("dataset/README.md").read_text()
    item = next(iter(Store(derived).items))
    derived.at("assignments.jsonl").write_text(json.dumps({"item_id": item, "annotator": "late", "position": 0}) + "\n")
    derived.at("annotations.jsonl").write_text(
        "".join(
            line
            for line in (KEPT / "annotations.jsonl").read_text().splitlines(keepends=True)
            if json.loads(line)["item_id"] != item
        )
    )
    try:
        assert stance("check", derived.path, "--accept", "annotations.jsonl").code == 0
        derive(derived, ("card", "report"))
        assert (
            "**Partial.** 141 of 144 votes that the design asks for are there: 1 item has fewer than asked for."
            in derived.at("dataset/README.md").read_text()
        )
        assert "Partial: 1 item has fewer votes than asked for;" in derived.at("report.html").read_text()
    finally:
        derived.at("assignments.jsonl").unlink()
        shutil.copy(KEPT / "annotations.jsonl", derived.at("annotations.jsonl"))
        assert stance("check", derived.path, "--accept", "annotations.jsonl").code == 0
        derive(derived, ("card", "report"))
