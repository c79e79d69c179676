"""The card of a dataset, read line by line against the files of the campaign."""

import csv
import re

import pyarrow.parquet
import pytest
import yaml
from support.campaigns import answered_campaign
from support.command import stance

from toolkit.dataset.metadata import LANGUAGES, LICENCES
from toolkit.dataset.parquet import annotation_features, gold_features

HOSTILE = '''description = "# Our findings: ![x](http://x.example/a.png) | [win](http://x.example) <b>now</b>"
licence = "CC BY 4.0"'''


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    campaign = answered_campaign(stance, tmp_path_factory.mktemp("card") / "w")
    for verb in ("build", "train", "card"):
        result = stance(verb, campaign.path)
        assert result.code == 0, result.err
    return campaign


def card_of(campaign):
    text = campaign.at("dataset/README.md").read_text("utf-8")
    _, header, page = text.split("---\n", 2)
    return yaml.safe_load(header), page


def test_answers_from_files_are_not_said_to_come_from_a_queue(campaign):
    _, page = card_of(campaign)
    assert (
        "120 annotations were read from files; whether annotators saw the answers of others is not on record." in page
    )
    assert "Label Studio" not in page


def test_the_number_of_folds_is_that_of_the_scores(campaign):
    import json

    scores = json.loads(campaign.at("baseline/scores.json").read_text())
    _, page = card_of(campaign)
    if scores["folds"]:
        assert f"cross-validation in {scores['folds']} folds" in page
    assert "five-fold" not in page


def test_the_metadata_are_those_that_the_hub_knows(campaign):
    header, _ = card_of(campaign)
    assert header["license"] in LICENCES
    assert set(header["language"]) <= LANGUAGES
    assert header["size_categories"] == ["n<1K"]


def test_what_the_owner_has_to_fill_in_is_a_visible_gap_and_plan_names_it(campaign):
    _, page = card_of(campaign)
    assert "**To be filled in before this dataset is published**" in page
    assert "- `description`: say where the articles are from" in page
    assert "- `licence`: name the licence" in page
    assert "to fill in before publishing: description, licence" in stance("plan", campaign.path).out


def test_every_column_of_every_config_is_in_the_dictionary(campaign):
    _, page = card_of(campaign)
    listed = re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$", page.split("## Columns")[1], re.MULTILINE)
    codebook = campaign.codebook
    assert listed == [*gold_features(codebook), *annotation_features(codebook)]
    assert "0 = `pro_government`, 1 = `neutral`, 2 = `opposition`" in page


def test_the_table_of_gold_has_the_rows_of_the_config_with_names_of_labels(campaign):
    names = campaign.codebook.question("stance").gold_labels
    with campaign.at("dataset/gold.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    stored = []
    for split in ("train", "validation", "test"):
        path = campaign.at(f"dataset/data/gold/{split}.parquet")
        if path.exists():
            stored += [(split, row) for row in pyarrow.parquet.read_table(path).to_pylist()]
    assert len(rows) == len(stored)
    for row, (split, kept) in zip(rows, stored, strict=True):
        assert (row["split"], row["id"]) == (split, kept["id"])
        assert row["stance"] == ("" if kept["stance"] is None else names[kept["stance"]])
        assert {name: int(row[f"stance_votes.{name}"]) for name in kept["stance_votes"]} == kept["stance_votes"]


def test_who_governed_when_is_on_the_card(campaign):
    _, page = card_of(campaign)
    assert "| the government of Selmara | 2024-07-03 | today | Government: Prime Minister Dara Venn" in page


def test_a_hostile_description_makes_neither_heading_image_link_nor_markup(tmp_path):
    campaign = answered_campaign(stance, tmp_path / "w")
    text = campaign.path.read_text("utf-8")
    campaign.path.write_text(text.replace('articles = ["', HOSTILE + '\narticles = ["', 1), "utf-8")
    assert stance("build", campaign.path).code == 0
    header, page = card_of(campaign)
    assert header["license"] == "other"
    assert header["license_name"] == "CC BY 4.0"
    line = next(line for line in page.splitlines() if "Our findings" in line)
    assert line.startswith("\\# Our findings: !\\[x\\](http<!-- -->:")
    assert "<b>" not in page
    assert "nearest 'cc-by-4.0'" in page
