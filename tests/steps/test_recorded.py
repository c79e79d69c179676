"""What is on record is what lies there: a file that was cut off, emptied or edited is used by no verb."""

import json

import pytest
from support.campaigns import answered_campaign
from support.command import stance

from toolkit.files import read_jsonl
from toolkit.runs import Run

VERBS = {
    "annotations.jsonl": (("aggregate",), ("build",), ("agreement",), ("status",), ("run",)),
    "items.jsonl": (("aggregate",), ("build",), ("status",), ("report",)),
    "splits.jsonl": (("build",), ("card",), ("report",)),
    "gold.jsonl": (("build",), ("card",), ("report",), ("adjudicate", "export")),
}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    campaign = answered_campaign(stance, tmp_path_factory.mktemp("recorded") / "w")
    for verb in ("build", "train", "card", "report"):
        assert stance(verb, campaign.path).code == 0
    return campaign


def halved(data):
    lines = data.splitlines(keepends=True)
    return b"".join(lines[: len(lines) // 2])


def emptied(_):
    return b""


def edited(data):
    return data.replace(b"neutral", b"opposition", 1) if b"neutral" in data else data.replace(b"test", b"pool", 1)


def damaged(campaign, name, damage):
    path = campaign.at(name)
    before = path.read_bytes()
    path.write_bytes(damage(before))
    return path, before


def call(words, campaign, tmp_path):
    more = ["--by", "eva", "-o", tmp_path / "sheet.csv"] if words[-1] == "export" else []
    return stance(*words, campaign.path, *more)


@pytest.mark.parametrize("damage", [halved, emptied, edited])
@pytest.mark.parametrize(("name", "words"), [(name, words) for name, verbs in VERBS.items() for words in verbs])
def test_a_damaged_file_is_refused_with_the_remedy(name, words, damage, campaign, tmp_path):
    if damage is edited and name == "items.jsonl":
        pytest.skip("items hold no label")
    path, before = damaged(campaign, name, damage)
    written = {p: p.read_bytes() for p in campaign.directory.rglob("*") if p.is_file() and not p.name.startswith(".")}
    try:
        result = call(words, campaign, tmp_path)
        assert result.code == 1, result.out
        assert f"{path}: not as `stance" in result.err
        assert f"--accept {name}" in result.err
        now = {p: p.read_bytes() for p in campaign.directory.rglob("*") if p.is_file() and not p.name.startswith(".")}
        assert {p: data for p, data in now.items() if p.name != "runs.jsonl"} == {
            p: data for p, data in written.items() if p.name != "runs.jsonl"
        }
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("verb", ["train", "card", "report"])
def test_a_dataset_that_was_changed_is_refused(verb, campaign):
    path = campaign.at("dataset/data/gold/train.parquet")
    before = path.read_bytes()
    path.write_bytes(before[: len(before) // 2])
    try:
        result = stance(verb, campaign.path)
        assert (result.code, "not as `stance build` left it" in result.err) == (1, True)
    finally:
        path.write_bytes(before)


def test_answers_that_an_interrupted_pull_added_do_not_block(campaign):
    path = campaign.at("annotations.jsonl")
    before = path.read_bytes()
    line = json.loads(before.splitlines()[0]) | {"id": "0123456789abcdef", "annotator": "late"}
    path.write_bytes(before + json.dumps(line).encode() + b"\n")
    try:
        assert stance("aggregate", campaign.path).code == 0
    finally:
        path.write_bytes(before)
        assert stance("aggregate", campaign.path).code == 0


def test_a_file_that_was_repaired_on_purpose_is_recorded(campaign):
    path, before = damaged(campaign, "gold.jsonl", edited)
    result = stance("check", campaign.path, "--accept", "gold.jsonl")
    assert (result.code, result.out) == (0, "recorded as they are: gold.jsonl\n")
    assert read_jsonl(campaign.at("runs.jsonl"), Run)[-1].step == "check --accept"
    assert stance("build", campaign.path).code == 0
    stance("run", campaign.path)
    assert path.read_bytes() == edited(before), "a run does not make again what a person has put right"
    path.write_bytes(before)
    assert stance("check", campaign.path, "--accept", "gold.jsonl").code == 0


@pytest.mark.parametrize("name", ["nothing.jsonl", "../../../schemas/desk.toml"])
def test_only_a_file_of_the_campaign_is_recorded(name, campaign):
    result = stance("check", campaign.path, "--accept", name)
    assert (result.code, "no such file in" in result.err) == (2, True)


def test_a_run_that_was_cut_off_while_it_was_recorded_blocks_nothing(campaign):
    path = campaign.at("runs.jsonl")
    before = path.read_bytes()
    path.write_bytes(before + b'{"step": "build", "ti')
    try:
        assert stance("status", campaign.path).code == 0
        assert stance("build", campaign.path).code == 0
    finally:
        path.write_bytes(before)
        assert stance("build", campaign.path).code == 0


def test_erasing_a_person_leaves_files_that_are_on_record(tmp_path):
    campaign = answered_campaign(stance, tmp_path / "w", people=("ann-1", "ann-2", "ann-3", "ann-4"))
    assert stance("build", campaign.path).code == 0
    result = stance("forget", campaign.path, "ann-2")
    assert result.code == 0, result.err
    for verb in ("aggregate", "build", "card"):
        result = stance(verb, campaign.path)
        assert result.code == 0, result.err
    assert b"ann-2" not in campaign.at("runs.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["annotations.jsonl", "annotators.jsonl"])
def test_a_torn_last_line_is_named_with_what_to_do(name, campaign):
    path = campaign.at(name)
    before = path.read_bytes()
    path.write_bytes(before + before.splitlines()[-1][:-9])
    try:
        result = stance("aggregate", campaign.path)
        assert (result.code, "the last line is torn: " in result.err) == (1, True)
    finally:
        path.write_bytes(before)


def test_a_damaged_line_of_the_runs_is_named(campaign):
    path = campaign.at("runs.jsonl")
    before = path.read_bytes()
    path.write_bytes(b"{}\n" + before)
    try:
        result = stance("status", campaign.path)
        assert (result.code, f"{path}:1: missing field 'step'" in result.err) == (1, True)
    finally:
        path.write_bytes(before)


def test_a_codebook_that_the_server_refused_was_not_seen(campaign):
    from toolkit.codebook import Codebook
    from toolkit.errors import StudioError, UnansweredError
    from toolkit.store import Store
    from toolkit.studio.push.revision import adopt_pending_codebook, recorded_codebook

    def seen():
        return [book.ref for book in Store(campaign).rows("codebooks.jsonl", Codebook)]

    book, before = campaign.codebook, seen()
    with pytest.raises(StudioError), recorded_codebook(Store(campaign), book, is_new=True):
        raise StudioError("refused")
    adopt_pending_codebook(Store(campaign))
    assert seen() == before
    with pytest.raises(UnansweredError), recorded_codebook(Store(campaign), book, is_new=True):
        raise UnansweredError("no answer: annotators may have seen it")
    assert seen() == before
    adopt_pending_codebook(Store(campaign))
    assert seen() == [*before, book.ref]
    campaign.at("codebooks.jsonl").unlink()
    with recorded_codebook(Store(campaign), book, is_new=True):
        pass
    assert seen() == [book.ref]
    campaign.at("codebooks.jsonl").unlink()
