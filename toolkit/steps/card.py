"""The verb `card`: the card of a built dataset."""

from pathlib import Path

from toolkit.runs import Result
from toolkit.steps.build import build_inputs, build_outputs, read_records, write_card
from toolkit.store import Store
from toolkit.words import plural
from toolkit.workspace import CampaignConfig

_SOURCES = (
    "agreement.json",
    "adjudications.jsonl",
    "frame.json",
    "dropped.jsonl",
    "assignments.jsonl",
    "baseline/scores.json",
)


class CardResult(Result, frozen=True, kw_only=True):
    """The card that was written."""

    card: str
    scores: int  # baselines on it

    def line(self) -> str:
        """The file, and the number of baselines."""
        return f"{self.card}: {plural(self.scores, 'baseline')}"


def card_campaign(campaign: CampaignConfig) -> CardResult:
    """Write the card of a dataset again, with the scores of the baselines where these were trained."""
    store = Store(campaign)
    with store.lock():
        store.check_recorded("dataset/data")
        facts = write_card(store, read_records(store))
        path = store.path("dataset/README.md")
        scores = facts.baselines.scores if facts.baselines else ()
        result = CardResult(card=str(path), scores=len(scores))
        return store.record("card", card_inputs(campaign), card_outputs(campaign), result)


def card_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files that the card depends on."""
    return [*build_inputs(campaign), *build_outputs(campaign), *map(campaign.at, _SOURCES)]


def card_outputs(campaign: CampaignConfig) -> list[Path]:
    """The card."""
    return [campaign.at("dataset/README.md")]
