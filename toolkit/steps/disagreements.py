"""The step that writes a sheet of disagreements for the annotators' meeting."""

from collections import Counter
from pathlib import Path

from toolkit.errors import DataError
from toolkit.exchange.adjudication_sheets import write_disagreements
from toolkit.labels.adjudication import disagreements
from toolkit.labels.ledger import settle
from toolkit.runs import Result
from toolkit.steps.push import shown_now
from toolkit.store import Store
from toolkit.words import tally
from toolkit.workspace import CampaignConfig

_LAYERS = ("design", "tiebreak")  # the votes that decide gold


class Disagreements(Result, frozen=True, kw_only=True):
    """The items on which annotators differ, in a file."""

    file: str
    questions: dict[str, int]

    def line(self) -> str:
        """The items by question."""
        return f"{self.file}: {tally(self.questions)}"


def disagreements_campaign(campaign: CampaignConfig, output: Path) -> Disagreements:
    """Write the items on which annotators differ, the most divided first, with who said what."""
    store = Store(campaign)
    counted = settle(store.annotations, store.items, campaign.codebook, store.withdrawn, _LAYERS).counted
    divided = disagreements(counted, store.gold, store.adjudications, campaign.codebook)
    if not divided:
        raise DataError(f"{campaign.path}: annotators differ on no item; no sheet is needed")
    write_disagreements(output, divided, shown_now(campaign, store.items.values()))
    result = Disagreements(file=str(output), questions=dict(Counter(row.question for row in divided)))
    return store.record("disagreements", [store.path("gold.jsonl")], [output], result)
