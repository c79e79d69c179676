"""Real articles and votes besides the sample."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.persent import BOOK, persent_files

from toolkit.files import read_json, read_jsonl
from toolkit.records import Annotator, Gold, Item
from toolkit.tables import read_table, write_table

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("STANCE_DATA") or ROOT / ".." / "shared" / "data")
STANCE = Path(sys.executable).with_name("stance")
SEED = SHARED.parent / "seed" / "article.txt"


def needed(path):
    if not path.exists():
        pytest.skip(f"{path} is absent; set STANCE_DATA")
    return path


SEED_CAMPAIGN = """
name = "seed"
title = "Two governments"
articles = ["../data/raw/seed.jsonl"]
codebook = "stance.toml"
targets = ["government-by", "government-ru"]
[plan]
test_share = 0
"""


@pytest.mark.shared
@pytest.mark.server
def test_one_article_with_two_targets(make_workspace):
    text = needed(SEED).read_text()
    article = {"text": text, "outlet": "seed", "published": "2020-09-14", "language": "en"}
    workspace = make_workspace("seed", SEED_CAMPAIGN, data__raw__seed_jsonl=json.dumps(article) + "\n")
    for verb in ("segment", "plan", "push", "simulate", "pull", "aggregate", "build"):
        workspace.run(verb)

    items = read_jsonl(workspace.directory / "items.jsonl", Item)
    titles = {item.target.title for item in items}
    assert titles == {"the government of Belarus", "the government of Russia"}
    assert len(items) == 2 * 13  # thirteen body paragraphs, two targets
    assert "Mishustin" in next(item.target.note for item in items if item.target.id == "government-ru")
    assert len([a for a in workspace.ledger() if a.state == "submitted"]) >= 26 * 3 - 10
    gold = [row for row in read_jsonl(workspace.directory / "gold.jsonl", Gold) if row.question == "stance"]
    assert len(gold) == 26
    card = (workspace.directory / "dataset" / "README.md").read_text()
    assert "the government of Belarus; the government of Russia" in card
    assert "mean nothing" in card


PERSENT_CAMPAIGN = """
name = "persent"
title = "Sentiment towards persons"
articles = ["../data/raw/persent.jsonl"]
codebook = "person.toml"
target_from = "meta.person"
seed = 3
[sample]
items = 300
roles = ["body", "headline", "subhead", "caption", "list", "quote", "credit", "byline", "boilerplate"]
stratify = []
[plan]
test_share = 0.3
[simulate]
intended = ["../data/raw/persent.intended.jsonl"]
annotators = [
  { pseudonym = "sim-ada", accuracy = 0.95, speeding = 0.0 },
  { pseudonym = "sim-bo", accuracy = 0.9, leaning = 0.3 },
  { pseudonym = "sim-cleo", accuracy = 0.9, leaning = -0.3 },
]
"""


@pytest.mark.shared
@pytest.mark.server
def test_paragraphs_of_a_public_collection_with_a_codebook_of_their_own(make_workspace):
    articles, intended = persent_files(needed(SHARED / "persent" / "dev.jsonl.gz"))
    assert len(articles) == 578
    workspace = make_workspace("persent", PERSENT_CAMPAIGN, schemas__person_toml=BOOK)
    write_table(workspace.root / "data/raw/persent.jsonl", articles)
    assert json.loads(workspace.run("segment", "--json"))["articles"] == 578

    labelled = {row["article_id"] for row in intended}
    write_table(workspace.root / "data/raw/persent.jsonl", [row for row in articles if row["id"] in labelled])
    write_table(workspace.root / "data/raw/persent.intended.jsonl", intended)
    workspace.run("segment")
    for verb in ("plan", "push", "simulate", "pull", "aggregate", "build", "train", "card", "report"):
        workspace.run(verb)

    items = read_jsonl(workspace.directory / "items.jsonl", Item)
    person = {article["id"]: article["meta"]["person"] for article in articles}
    assert len(items) == 300
    assert all(item.target.title == person[item.article_id] for item in items)
    scores = read_json(workspace.directory / "baseline" / "scores.json")
    assert (scores["question"], scores["labels"]) == ("sentiment", ["positive", "neutral", "negative"])
    agreement = read_json(workspace.directory / "agreement.json")["questions"]["sentiment"]["alpha"]
    assert agreement["low"] < agreement["value"] < agreement["high"]
    assert not re.search(r"\bstance\b", (workspace.directory / "dataset/README.md").read_text())
    details = [row.details for row in read_jsonl(workspace.directory / "annotators.jsonl", Annotator)]
    assert {row["truth"] for row in details} == {"intended"}


@pytest.mark.shared
def test_a_table_of_published_stance_labels(tmp_path):
    """Trained on GWSD without its screen and held-out rows, tested on the held-out ones, by the command line."""
    folder = needed(SHARED / "gwstance")
    names = {"agrees": "agree", "disagrees": "disagree", "neutral": "neutral"}
    rows = [
        {"id": row["guid"], "text": row["sentence"], "label": names[row["mace_pred"]], "split": "train"}
        for row in read_table(folder / "gwsd.csv.gz")
        if row["is_screen"] == "False" and row["in_held_out_test"] == "False"
    ]
    rows += [
        {"id": row["guid"], "text": row["sentence"], "label": row["stance"], "split": "test"}
        for row in read_table(folder / "held_out_balanced_test.csv")
    ]
    write_table(tmp_path / "gwsd.csv", rows)
    words = ["--split", "split", "--labels", "disagree,neutral,agree", "--polar", "disagree,agree", "--json"]
    command = [STANCE, "train", tmp_path / "gwsd.csv", "-o", tmp_path / "model", *words]
    facts = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    found = facts["test"]["macro_f1"]
    assert found["n"] == 200
    assert found["low"] < found["value"] < found["high"]
    assert found["value"] >= 0.60
