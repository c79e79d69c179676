"""`stance status`: how far the annotation is."""

from toolkit.cli._options import CampaignPath, Common, new_app, unchecked_campaign_at, verb
from toolkit.cli._output import emit
from toolkit.steps import status as progressing

app = new_app()


@verb(app, "status", example="stance status schemas/demo.toml")
def _status(source: CampaignPath, *, common: Common) -> None:
    """Show how far the annotation is, by the ledger as it was last pulled."""
    emit(progressing.status_campaign(unchecked_campaign_at(source)), common)
