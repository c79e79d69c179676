"""A campaign that version 0.1.0 left, six items of it: its given files are read, and what is derived is made anew."""

import shutil
from pathlib import Path

import pytest

import toolkit
from toolkit.store import Store
from toolkit.workspace import read_campaign

KEPT = Path(__file__).parents[1] / "support" / "campaign_of_0_1_0"


@pytest.fixture
def old(tmp_path):
    """The campaign file of a copy."""
    shutil.copytree(KEPT, tmp_path / "w")
    return tmp_path / "w/schemas/demo.toml"


def test_every_given_file_is_read(old):
    store = Store(read_campaign(old))
    assert len(store.items) == 6
    assert {row.item_id for row in store.annotations} == store.items.keys()
    assert len(store.splits) == 3
    assert {row.kind for row in store.annotators.values()} == {"simulated"}
    ada = store.campaign.file.simulate.annotators[0]
    assert (ada.pseudonym, ada.accuracy, ada.speeding) == ("sim-ada", 0.92, 0.01)


def test_what_is_derived_is_made_anew_and_no_given_file_changes(old):
    directory = old.parents[1] / "data/labeled/demo"
    given = {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "runs.jsonl"}
    campaign = toolkit.Campaign(old)
    for verb in (campaign.segment, campaign.aggregate, campaign.build, campaign.card, campaign.report):
        assert verb().line
    assert campaign.status().facts["votes"] > 0
    assert {name: (directory / name).read_bytes() for name in given} == given
    assert set(toolkit.load_gold(old)["split"]) <= {"train", "validation", "test"}
    assert len(campaign.gold()) >= 6
