"""`stance plan`: which paragraphs are asked about, by whom, and the test set."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps.plan import plan_campaign

app = new_app()


@verb(app, "plan", example="stance plan schemas/demo.toml")
def _plan(source: CampaignPath, *, common: Common) -> None:
    """Sample paragraphs, pair them with their targets, and fix the test set."""
    emit(plan_campaign(campaign_at(source)), common)
