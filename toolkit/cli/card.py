"""`stance card`: the dataset card."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps import build as dataset

app = new_app()


@verb(app, "card", example="stance card schemas/demo.toml")
def _card(source: CampaignPath, *, common: Common) -> None:
    """Write the dataset card anew, from facts."""
    emit(dataset.card_step(campaign_at(source)), common)
