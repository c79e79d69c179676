"""Plans that grow after people have seen them, and who is asked for what."""

import json
from collections import Counter

import pytest

from toolkit.campaigns.assignment import campaign_assignments
from toolkit.errors import ConfigError, DataError
from toolkit.files import append_jsonl, read_jsonl, write_json
from toolkit.records import Annotation, Assignment, SplitRow
from toolkit.runs import silent
from toolkit.steps.plan import plan_campaign
from toolkit.steps.segment import segment_campaign
from toolkit.store import Store
from toolkit.workspace import read_campaign

CAMPAIGN = """
name = "growing"
title = "A plan that grows"
articles = [{files}]
codebook = "minimal.toml"
targets = ["government-xs"]
seed = 3
[sample]
items = {items}
stratify = []
[plan]
votes = 1
overlap_votes = 3
overlap_share = 0.25
test_share = 0.4
[studio]
layout = "{layout}"
annotators = [{annotators}]
"""


class Growing:
    def __init__(self, root):
        from toolkit.steps.init import init_workspace

        init_workspace(root)
        self.root, self.path = root, root / "schemas" / "growing.toml"
        self.options = {"files": ["one"], "items": 20, "layout": "shared", "annotators": []}
        self.articles("one", range(12))

    def articles(self, name, numbers):
        texts = [
            "\n\n".join(f"Boat {n} of {name} sailed at {hour} with the mail." for hour in ["4", "5", "6"])
            for n in numbers
        ]
        rows = [{"id": f"{name}-{n}", "text": text} for n, text in zip(numbers, texts, strict=True)]
        path = self.root / "data" / "raw" / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def plan(self, **options):
        self.options |= options
        listed = {name: ", ".join(f'"{value}"' for value in self.options[name]) for name in ("annotators",)}
        files = ", ".join(f'"../data/raw/{name}.jsonl"' for name in self.options["files"])
        self.path.write_text(CAMPAIGN.format(**{**self.options, **listed, "files": files}))
        segment_campaign(self.campaign, silent)
        return plan_campaign(self.campaign)

    @property
    def campaign(self):
        return read_campaign(self.path)

    @property
    def items(self):
        return Store(self.campaign).items

    def pushed(self):
        write_json(self.campaign.at("studio.json"), {})

    def answered(self, *pairs):
        times = dict.fromkeys(("created", "updated", "observed"), "2026-03-02T10:00:00Z")
        lines = [
            Annotation(
                id=item + name, item_id=item, annotator=name, state="submitted", answers={}, codebook="c", **times
            )
            for item, name in pairs
        ]
        append_jsonl(self.campaign.at("annotations.jsonl"), lines)


@pytest.fixture
def growing(tmp_path):
    return Growing(tmp_path / "w")


def test_a_share_of_the_items_is_asked_of_more_annotators(growing):
    growing.plan()
    assert Counter(item.votes for item in growing.items.values()) == {1: 15, 3: 5}


def test_more_items_join_a_plan_that_was_pushed(growing):
    growing.plan()
    before = growing.items
    growing.pushed()
    result = growing.plan(items=30)
    assert result.joined == 10
    assert list(growing.items)[:20] == list(before)
    assert all(growing.items[name].votes == item.votes for name, item in before.items())
    assert {item.propensity for item in growing.items.values()} == {30 / 36}


def test_articles_that_join_are_never_in_the_test_set(growing):
    growing.plan(items=36)
    fixed = read_jsonl(growing.campaign.at("splits.jsonl"), SplitRow)
    growing.pushed()
    growing.articles("two", range(5))
    growing.plan(files=["one", "two"], items=51)
    rows = read_jsonl(growing.campaign.at("splits.jsonl"), SplitRow)
    assert rows[: len(fixed)] == fixed
    assert {row.split for row in rows[len(fixed) :]} == {"pool"}
    assert len(growing.items) == 51


def test_fewer_items_are_refused_and_nothing_changes(growing):
    growing.plan()
    growing.pushed()
    before = growing.campaign.at("items.jsonl").read_bytes()
    with pytest.raises(ConfigError, match="pushed already, and the new one takes items away"):
        growing.plan(items=10)
    assert growing.campaign.at("items.jsonl").read_bytes() == before


def test_planning_again_changes_nothing(growing):
    growing.plan()
    growing.pushed()
    growing.plan(items=30)
    names = ("items.jsonl", "splits.jsonl")
    before = [growing.campaign.at(name).read_bytes() for name in names]
    growing.plan()
    assert [growing.campaign.at(name).read_bytes() for name in names] == before


def test_named_annotators_are_asked_for_named_items(growing):
    growing.plan(layout="blind", annotators=["ann", "ben", "cleo"])
    rows = read_jsonl(growing.campaign.at("assignments.jsonl"), Assignment)
    assert Counter(row.item_id for row in rows) == {item.id: item.votes for item in growing.items.values()}
    assert Counter(row.annotator for row in rows) == {"ann": 10, "ben": 10, "cleo": 10}


def test_who_joins_late_gets_what_somebody_who_left_has_not_answered(growing):
    growing.plan(layout="blind", annotators=["ann", "ben", "cleo"])
    first = campaign_assignments(Store(growing.campaign))
    of_ben = [row.item_id for row in first if row.annotator == "ben"]
    growing.pushed()
    growing.answered((of_ben[0], "ben"))
    growing.plan(annotators=["ann", "cleo", "dora"])
    now = campaign_assignments(Store(growing.campaign))
    assert Counter(row.item_id for row in now) == {item.id: item.votes for item in growing.items.values()}
    assert [row.item_id for row in now if row.annotator == "ben"] == of_ben[:1]
    assert sum(row.annotator == "dora" for row in now) == len(of_ben) - 1


def test_too_few_named_annotators_are_refused(growing):
    with pytest.raises(DataError, match="an item needs 3 votes, and 2 annotators are named"):
        growing.plan(layout="blind", annotators=["ann", "ben"])
