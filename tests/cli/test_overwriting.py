"""No verb writes over its input, over a file of a campaign, or over a sheet in which people have written."""

import os
import shutil

import pytest
from support.campaigns import answered_campaign
from support.command import stance

from toolkit.cli.app import VERBS, load_verb

VOTES = "item,annotator,label\n" + "".join(f"i{n},r{m},{'ab'[(n + m) % 2]}\n" for n in range(12) for m in range(3))
TEXTS = "id,text,label,outlet\n" + "".join(
    f"t{n},The quay at Orrin was shut for day {n}.,{'ab'[n % 2]},o{n}\n" for n in range(24)
)


def verbs_with_output():
    """Each command with the option ``--output``, with the words that call it."""
    for name in VERBS:
        command = load_verb(name)
        for path, leaf in leaves(command, (name,)):
            if any("--output" in parameter.opts for parameter in leaf.params):
                yield path


def leaves(command, path):
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, (*path, name))


# How each verb is called so that FILE is read.
CALLS = {
    ("ingest",): ["ingest", "FILE"],
    ("segment",): ["segment", "FILE"],
    ("duplicates",): ["duplicates", "FILE"],
    ("pull",): ["pull", "--from", "FILE"],
    ("aggregate",): ["aggregate", "FILE"],
    ("predict",): ["predict", "MODEL", "FILE"],
    ("train",): ["train", "FILE", "--text", "text", "--label", "label"],
    ("audit", "sentiment"): ["audit", "sentiment", "FILE"],
    ("audit", "labels"): ["audit", "labels", "CAMPAIGN", "--predictions", "FILE"],
    ("disagreements",): ["disagreements", "CAMPAIGN"],
    ("adjudicate", "export"): ["adjudicate", "export", "CAMPAIGN", "--by", "eva"],
}


def test_every_verb_with_an_output_is_tried():
    assert set(CALLS) == set(verbs_with_output())


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    return answered_campaign(stance, tmp_path_factory.mktemp("over") / "w")


def call(words, names):
    return [names.get(word, word) for word in words]


def same(path):
    yield path
    link = path.with_name(f"link{path.suffix}")
    link.symlink_to(path)
    yield link
    hard = path.with_name(f"hard{path.suffix}")
    os.link(path, hard)
    yield hard
    yield path.parent / ".." / path.parent.name / path.name


@pytest.mark.parametrize("words", [words for words in CALLS.values() if "FILE" in words and words[0] != "train"])
def test_an_input_is_never_the_output(words, campaign, tmp_path):
    file = tmp_path / "given.csv"
    file.write_text(TEXTS if words[0] in ("ingest", "segment", "duplicates", "predict") else VOTES)
    names = {"FILE": file, "CAMPAIGN": campaign.path, "MODEL": tmp_path / "model.skops"}
    (tmp_path / "model.skops").write_bytes(b"x")
    before = file.read_bytes()
    for output in same(file):
        result = stance(*call(words, names), "-o", output)
        assert (result.code, "would be lost" in result.err) == (2, True), result.err
        assert file.read_bytes() == before


def test_a_model_is_not_written_over_the_table_it_learns_from(tmp_path):
    file = tmp_path / "scores.json"
    file.write_text('{"id": "1", "text": "a", "label": "b"}')
    result = stance("train", file, "--text", "text", "--label", "label", "-o", tmp_path)
    assert (result.code, "would be lost" in result.err) == (2, True)


def test_a_model_is_not_written_over_files_of_somebody_else(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(TEXTS)
    there = tmp_path / "models"
    there.mkdir()
    (there / "scores.json").write_text('{"mine": 1}')
    words = ["train", table, "--text", "text", "--label", "label", "-o", there]
    result = stance(*words)
    assert (result.code, "is not of `stance train` and would be lost" in result.err) == (2, True)
    assert (there / "scores.json").read_text() == '{"mine": 1}'
    (there / "scores.json").unlink()
    assert stance(*words).code == 0
    assert stance(*words).code == 0, "what train wrote itself may be written again"


def test_what_is_left_out_is_not_written_over_an_input(tmp_path):
    file = tmp_path / "articles.dropped.jsonl"
    file.write_text('{"text": "The quay was shut."}\n')
    result = stance("ingest", file, "-o", tmp_path / "articles.jsonl")
    assert (result.code, "would be lost" in result.err) == (2, True)


def test_a_file_of_the_folder_that_is_read_is_no_output(tmp_path):
    (tmp_path / "one.jsonl").write_text('{"text": "The quay was shut."}\n')
    result = stance("ingest", tmp_path, "-o", tmp_path / "one.jsonl")
    assert (result.code, "lies in the input" in result.err) == (2, True)


OWN = [
    "annotations.jsonl", "items.jsonl", "Splits.jsonl", "gold.jsonl", "runs.jsonl", "keys.server.json", "sheets.jsonl",
    "dataset/gold.csv", "dataset/new.csv", "baseline/predictions.parquet", "report.html", "frame.json",
]  # fmt: skip


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("path", sorted(CALLS))
def test_a_file_of_the_campaign_is_no_output_of_any_verb(path, name, campaign, tmp_path):
    file = tmp_path / "given.csv"
    file.write_text(VOTES)
    output = campaign.at(name)
    before = output.read_bytes() if output.exists() else None
    names = {"FILE": file, "CAMPAIGN": campaign.path, "MODEL": file}
    result = stance(*call(CALLS[path], names), "-o", output)
    assert (result.code, "a file of the campaign" in result.err) == (2, True), result.err
    assert (output.read_bytes() if output.exists() else None) == before


@pytest.mark.parametrize("name", ["schemas/desk.toml", "schemas/stance.toml", "data/raw/sample.jsonl"])
def test_what_a_campaign_is_made_of_is_no_output(name, campaign):
    output = campaign.root / name
    before = output.read_bytes()
    result = stance("disagreements", campaign.path, "-o", output)
    assert (result.code, "would be lost" in result.err) == (2, True)
    assert output.read_bytes() == before


def test_a_sheet_of_ones_own_may_lie_in_the_campaigns_directory(campaign):
    assert stance("disagreements", campaign.path, "-o", campaign.at("meeting.csv")).code == 0


@pytest.mark.parametrize("end", ["csv", "xlsx", "tsv"])
def test_what_was_typed_into_a_sheet_stays(end, campaign, tmp_path):
    from toolkit.tables import read_table, write_table

    sheet = tmp_path / f"meeting.{end}"
    assert stance("disagreements", campaign.path, "-o", sheet).code == 0
    assert stance("disagreements", campaign.path, "-o", sheet).code == 0  # nothing was typed
    rows = read_table(sheet)
    rows[3]["reason"] = "both readings hold"
    write_table(sheet, rows)
    before = sheet.read_bytes()
    result = stance("disagreements", campaign.path, "-o", sheet)
    assert (result.code, "typed into it" in result.err) == (2, True)
    assert sheet.read_bytes() == before


def test_verdicts_on_labels_stay(campaign, tmp_path):
    from toolkit.tables import read_table, write_table

    root = tmp_path / "w"
    shutil.copytree(campaign.root, root)
    path = root / "schemas" / "desk.toml"
    for verb in ("build", "train"):
        result = stance(verb, path)
        assert result.code == 0, result.err
    sheet = root / "labels.csv"
    result = stance("audit", "labels", path, "-o", sheet)
    assert result.code == 0, result.err
    rows = [row | {"wrong": "yes"} for row in read_table(sheet)]
    write_table(sheet, rows)
    before = sheet.read_bytes()
    result = stance("audit", "labels", path, "-o", sheet)
    assert (result.code, "typed into it" in result.err) == (2, True)
    assert sheet.read_bytes() == before
