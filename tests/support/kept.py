"""A campaign as version 0.1.0 left it: 48 items of the demo with the answers of three simulated annotators."""

import shutil
from pathlib import Path

from support.command import stance

from toolkit.workspace import read_campaign

KEPT = Path(__file__).parents[1] / "kept" / "demo_0_1_0"


def kept_campaign(root):
    """A workspace with the given files of the kept campaign, before anything is derived from them."""
    assert stance("init", root).code == 0
    campaign = read_campaign(root / "schemas" / "demo.toml")
    shutil.copytree(KEPT, campaign.directory)
    return campaign


def derive(campaign, verbs=("segment", "aggregate", "build", "train", "card", "report")):
    """Run the verbs that derive files from the given ones."""
    for verb in verbs:
        result = stance(verb, campaign.path)
        assert result.code == 0, result.err
