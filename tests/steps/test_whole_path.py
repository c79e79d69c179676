"""The main job, through the command line, on a real server."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from toolkit.files import read_json, read_jsonl
from toolkit.records import Annotator, Gold, Item, Paragraph, SplitRow
from toolkit.runs import Run, digests

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def finished(small):
    workspace = small("whole", items=60)
    said = workspace.run("run", "--simulate")
    assert "done: " in said
    return workspace


def load(directory, config):
    """The rows of a built dataset, read by a new process without a network."""
    program = (
        "import sys, json, datasets\n"
        "d = datasets.load_dataset(sys.argv[1], sys.argv[2])\n"
        "names = {k: getattr(f, 'names', None) for k, f in next(iter(d.values())).features.items()}\n"
        "print(json.dumps({'rows': {s: list(d[s]) for s in d}, 'names': names}, default=str))"
    )
    env = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "HF_HOME": str(directory.parent / "hf")}
    command = [sys.executable, "-c", program, str(directory), config]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_main_job(finished):
    directory = finished.directory

    # every item has its votes, from distinct accounts
    items = read_jsonl(directory / "items.jsonl", Item)
    votes = [a for a in finished.ledger() if a.state == "submitted"]
    assert len(items) == 60
    skips = [a for a in finished.ledger() if a.state == "skipped"]
    assert len({(a.item_id, a.annotator) for a in votes + skips}) == len(votes) + len(skips) == 60 * 3
    assert {a.annotator for a in votes} == {"sim-ada", "sim-bo", "sim-cleo"}
    assert {a.codebook for a in votes} == {finished.campaign.codebook.ref}

    # the dataset opens, with labels in codebook order and null where unresolved
    gold = load(directory / "dataset", "gold")
    rows = [row for split in gold["rows"].values() for row in split]
    assert sorted(row["id"] for row in rows) == sorted(item.id for item in items)
    assert gold["names"]["stance"] == ["pro_government", "neutral", "opposition", "mixed", "not_applicable"]
    unresolved = {
        row.item_id for row in read_jsonl(directory / "gold.jsonl", Gold) if row.question == "stance" and not row.label
    }
    assert {row["id"] for row in rows if row["stance"] is None} == unresolved

    # the test set is the one that was fixed, and no article is in two splits
    in_test = {
        a for row in read_jsonl(directory / "splits.jsonl", SplitRow) if row.split == "test" for a in row.articles
    }
    assert {row["article_id"] for row in gold["rows"]["test"]} == in_test
    assert set(read_json(directory / "dataset" / "certificate.json")["shared"].values()) == {0}

    # every annotation is in the other config
    annotations = load(directory / "dataset", "annotations")
    assert sum(map(len, annotations["rows"].values())) == len(finished.ledger())

    # whatever is made from simulated answers says so where a reader looks
    assert {row.kind for row in read_jsonl(directory / "annotators.jsonl", Annotator)} == {"simulated"}
    card = (directory / "dataset" / "README.md").read_text()
    assert "**Simulated.** All annotators are simulated" in card
    assert "simulated" in card.split("---")[1]
    assert "imulated" in (directory / "report.html").read_text()
    assert "simulated" in read_json(directory / "baseline" / "scores.json")["simulated"]
    assert {row["annotator_kind"] for rows in annotations["rows"].values() for row in rows} == {"simulated"}

    # pseudonyms only
    assert "annotators.invalid" not in json.dumps([annotations, gold]) + card


def test_a_second_run_has_nothing_to_do(finished):
    before = digests(
        [finished.directory / name for name in ("dataset", "baseline", "report.html", "items.jsonl")], finished.root
    )
    facts = json.loads(finished.run("run", "--simulate", "--json"))
    assert (facts["finished"], facts["ran"]) == (True, [])
    after = digests(
        [finished.directory / name for name in ("dataset", "baseline", "report.html", "items.jsonl")], finished.root
    )
    assert before == after


def test_what_is_derived_comes_back_byte_for_byte(finished):
    derived = (
        "paragraphs.jsonl",
        "clusters.jsonl",
        "agreement.json",
        "gold.jsonl",
        "dataset",
        "baseline",
        "report.html",
    )
    paths = [finished.directory / name for name in derived]
    before = digests(paths, finished.root)
    assert len(before) == len(derived)
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for verb in ("segment", "aggregate", "build", "train", "card", "report"):
        finished.run(verb)
    assert digests(paths, finished.root) == before


def test_a_run_remembers_what_made_a_file(finished):
    runs = read_jsonl(finished.directory / "runs.jsonl", Run)
    assert [run.step for run in runs][:11] == [
        "segment", "plan", "push", "pull", "simulate", "pull", "aggregate", "build", "train", "card", "report",
    ]  # fmt: skip
    build = next(run for run in runs if run.step == "build")
    assert build.seed == 7
    assert "data/labeled/whole/gold.jsonl" in build.inputs
    assert "python" in build.versions


def test_a_run_without_people_stops_where_they_work(small):
    workspace = small("people", items=6)
    facts = json.loads(workspace.run("run", "--json"))
    assert (facts["finished"], facts["open_items"]) == (False, 6)
    assert not (workspace.directory / "gold.jsonl").exists()
    assert "stance run" in workspace.run("run")


def test_simulated_accounts_are_known_on_the_server_itself(finished):
    """A campaign that lost its files, or another one on the same project, still learns who was simulated."""
    kept = (finished.directory / "annotators.jsonl").read_bytes()
    (finished.directory / "annotators.jsonl").unlink()
    (finished.directory / "annotations.jsonl").unlink()
    finished.run("pull")
    assert {row.kind for row in read_jsonl(finished.directory / "annotators.jsonl", Annotator)} == {"simulated"}
    assert "SIMULATED" in finished.run("aggregate")
    (finished.directory / "annotators.jsonl").write_bytes(kept)


def test_an_offset_of_the_dataset_is_one_of_the_article(finished):
    text = (finished.root / "data/raw/sample.jsonl").read_text()
    articles = {row["id"]: row["text"] for row in map(json.loads, text.splitlines())}
    gold = load(finished.directory / "dataset", "gold")
    for row in (row for split in gold["rows"].values() for row in split):
        assert articles[row["article_id"]][row["start"] : row["end"]] == row["text"]


def test_items_whose_note_is_missing_are_counted(make_workspace):
    campaign = """
name = "undated"
title = "No dates"
articles = ["../data/raw/undated.jsonl"]
codebook = "minimal.toml"
targets = ["government-xs"]
"""
    text = "Ferry returns\n\nThe ferry came back on Monday, an hour late and half empty, to applause from the quay."
    workspace = make_workspace("undated", campaign, data__raw__undated_jsonl=json.dumps({"text": text}) + "\n")
    workspace.run("segment")
    assert "1 item without a note on the target" in workspace.run("plan")


def test_a_plan_may_change_until_it_is_pushed(small):
    workspace = small("replanned", items=5)
    workspace.run("segment")
    workspace.run("plan")
    workspace.path.write_text(workspace.path.read_text().replace("items = 5", "items = 9"))
    assert workspace.run("plan").startswith("9 items")


def test_without_intended_labels_everything_says_that_figures_mean_nothing(make_workspace):
    campaign = """
name = "latent"
title = "A dry run"
articles = ["../data/raw/sample.jsonl"]
codebook = "minimal.toml"
targets = ["government-xs"]
[sample]
items = 30
[plan]
test_share = 0.4
"""
    workspace = make_workspace("latent", campaign)
    workspace.run("run", "--simulate")
    for name in ("dataset/README.md", "report.html", "baseline/scores.json"):
        assert "mean nothing" in (workspace.directory / name).read_text(), name


def test_a_campaign_goes_on_after_an_article_was_edited(small):
    workspace = small("revised", items=12)
    workspace.run("run", "--simulate")
    item = read_jsonl(workspace.directory / "items.jsonl", Item)[0]
    before = (workspace.directory / "items.jsonl").read_bytes()
    paragraphs = {p.id: p for p in read_jsonl(workspace.directory / "paragraphs.jsonl", Paragraph)}
    source = workspace.root / "data/raw/sample.jsonl"
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    for row in rows:
        if row["id"] == item.article_id:  # every word of one paragraph, and a new one above all others
            row["text"] = "Corrected at noon.\n\n" + row["text"].replace(paragraphs[item.unit_id].text, "It rained.")
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))

    said = workspace.run("run", "--simulate")
    assert "12 items, pushed already and kept" in said
    assert "0 items pushed, 11 already there" in said
    assert "11 of 12 items keep their labels; 1 gone; each is in outdated.jsonl" in said
    assert (workspace.directory / "items.jsonl").read_bytes() == before
    gold = load(workspace.directory / "dataset", "gold")
    texts = {row["id"]: row["text"] for row in map(json.loads, source.read_text().splitlines())}
    shown = [row for split in gold["rows"].values() for row in split]
    assert len(shown) == 11
    assert all(texts[row["article_id"]][row["start"] : row["end"]] == row["text"] for row in shown)
    assert "report: up to date" in workspace.run("run", "--simulate")
