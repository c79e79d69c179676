"""`stance card`: the dataset card."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps.card import card_campaign

app = new_app()


@verb(app, "card", example="stance card schemas/demo.toml")
def _card(source: CampaignPath, *, common: Common) -> None:
    """Write the dataset card again, with the scores of the baselines."""
    emit(card_campaign(campaign_at(source)), common)
