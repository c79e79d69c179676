"""The example at the end of each verb's help does what it says, in a workspace whose campaign has its answers."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import toolkit
from toolkit.cli.app import VERBS, load_verb

KEPT = Path(__file__).parents[1] / "support" / "campaign_of_0_1_0"

# In the order of the work. The others need a server, and run there: tests/steps/test_whole_path.py, tests/cli/*server*.
OFFLINE = (
    "init", "check", "ingest", "segment", "duplicates", "plan", "status", "agreement", "aggregate", "disagreements",
    "adjudicate export", "adjudicate import", "audit annotators", "audit sentiment", "build", "card", "report",
    "evaluate", "predict", "forget",
)  # fmt: skip
SERVER = {"push", "pull", "simulate", "run", "studio", "adjudicate push", "adjudicate pull", "train", "audit labels"}


def example_of(verb):
    name, _, inner = verb.partition(" ")
    command = load_verb(name)
    return (command.commands[inner] if inner else command).epilog.removeprefix("Example: stance ").split()


def test_every_verb_is_run_here_or_against_a_server():
    names = {name for name in VERBS if name not in ("adjudicate", "audit")}
    inner = {f"{group} {name}" for group in ("adjudicate", "audit") for name in load_verb(group).commands}
    assert names | inner == {*OFFLINE, *SERVER}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """The kept campaign, and the files that the examples name."""
    root = tmp_path / "w"
    shutil.copytree(KEPT, root)
    (root / "texts").mkdir()
    for path in (root / "texts/a.txt", root / "article.txt"):
        path.write_text("The vote passed on Monday.\\n\\nCritics spoke of a mistake.")
    votes = [{"item": n, "annotator": a, "stance": "for" if n % 3 else "against"} for n in range(9) for a in "ab"]
    pd.DataFrame(votes).to_csv(root / "votes.csv", index=False)
    pairs = [{"stance": "for" if n % 2 else "against", "sentiment": "up" if n % 3 else "down"} for n in range(30)]
    pd.DataFrame(pairs).to_csv(root / "table.csv", index=False)
    labels = pd.DataFrame({"id": range(9), "label": ["for", "against", "for"] * 3})
    labels.to_csv(root / "gold.csv", index=False)
    labels.to_csv(root / "predicted.csv", index=False)
    texts = pd.DataFrame({"text": [f"{n % 2} day {n}" for n in range(40)], "label": [str(n % 2) for n in range(40)]})
    (root / "data/labeled/demo/baseline").mkdir()
    toolkit.train(texts).save(root / "data/labeled/demo/baseline/model.skops")
    monkeypatch.chdir(root)
    return root


@pytest.mark.usefixtures("workspace")
def test_the_examples_run_in_the_order_of_the_work(stance):
    for verb in OFFLINE:
        done = stance(*example_of(verb))
        assert done.code == 0, (verb, done.err)
