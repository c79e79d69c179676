"""`stance simulate`: simulated annotators answer."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.steps import simulate as simulating

app = new_app()


@verb(app, "simulate", example="stance simulate schemas/demo.toml")
def _simulate(source: CampaignPath, *, common: Common) -> None:
    """Let simulated annotators answer, for a dry run; all that is made from it says so."""
    emit(simulating.simulate_campaign(campaign_at(source), shown_progress(common)), common)
