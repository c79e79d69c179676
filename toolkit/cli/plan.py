"""`stance plan`: which paragraphs are asked about, by whom, and the test set."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps import plan as planning

app = new_app()


@verb(app, "plan", example="stance plan schemas/demo.toml")
def _plan(source: CampaignPath, *, common: Common) -> None:
    """Sample paragraphs, pair them with their targets, and fix the test set."""
    emit(planning.plan_step(campaign_at(source)), common)
