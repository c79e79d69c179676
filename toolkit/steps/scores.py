"""``scores.json``: what training found, as the card and the report read it."""

import msgspec

from toolkit.baselines.training import TrainFacts
from toolkit.files import read_json
from toolkit.workspace import CampaignConfig


class ScoresFile(TrainFacts, frozen=True, kw_only=True):
    """``scores.json``: the facts of training, and on which labels of which question."""

    question: str
    labels: tuple[str, ...]
    simulated: str = ""  # what a reader must know where the labels were simulated


def scores_of(campaign: CampaignConfig) -> ScoresFile | None:
    """The scores of a campaign, or None before a baseline was trained."""
    path = campaign.at("baseline") / "scores.json"
    return msgspec.convert(read_json(path), ScoresFile) if path.exists() else None
