"""`stance build`: gold and votes into a dataset."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps.build import build_campaign

app = new_app()


@verb(app, "build", example="stance build schemas/demo.toml")
def _build(source: CampaignPath, *, common: Common) -> None:
    """Write the dataset from gold and votes; `datasets.load_dataset` opens it offline."""
    emit(build_campaign(campaign_at(source)), common)
