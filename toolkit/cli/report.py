"""`stance report`: one offline page."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps.report import report_campaign

app = new_app()


@verb(app, "report", example="stance report schemas/demo.toml")
def _report(source: CampaignPath, *, common: Common) -> None:
    """Write one offline page about a campaign."""
    emit(report_campaign(campaign_at(source)), common)
