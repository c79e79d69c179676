"""A campaign whose answers came from a file: no server is needed."""

import numpy as np

from toolkit.files import read_jsonl
from toolkit.records import Item
from toolkit.tables import write_table
from toolkit.workspace import read_campaign

CAMPAIGN = """
name = "{name}"
title = "A campaign on a desk"
articles = ["../data/raw/sample.jsonl"]
codebook = "stance.toml"
targets = ["government-xs"]
seed = 3
[sample]
items = 40
[plan]
votes = 3
test_share = 0.4
{more}
"""


PEOPLE = ("ann-1", "ann-2", "ann-3")


def answered_campaign(stance, root, more="", people=PEOPLE, skill=0.7, name="desk"):
    """A campaign in which people answered every item; `stance` runs the command."""
    assert stance("init", root).code == 0
    path = root / "schemas" / "desk.toml"
    path.write_text(CAMPAIGN.format(more=more, name=name))
    for verb in ("segment", "plan"):
        said = stance(verb, path)
        assert said.code == 0, said.err
    rows = list(_answers(read_campaign(path), people, skill))
    write_table(root / "votes.csv", rows)
    said = stance("pull", path, "--from", root / "votes.csv")
    assert said.code == 0, said.err
    said = stance("aggregate", path)
    assert said.code == 0, said.err
    return read_campaign(path)


def _answers(campaign, people, skill):
    rng = np.random.default_rng(1)
    labels = ["pro_government", "neutral", "opposition", "mixed", "not_applicable"]
    for item in read_jsonl(campaign.at("items.jsonl"), Item):
        truth = rng.choice(labels)
        for who in people:
            stance = truth if rng.random() < skill else rng.choice(labels)
            voice = "quoted" if stance in ("pro_government", "opposition", "mixed") else ""
            comment = "two readings" if stance == "mixed" else ""
            yield {"item": item.id, "annotator": who, "stance": stance, "voice": voice, "comment": comment}
