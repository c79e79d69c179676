"""`stance build`: gold and votes into a dataset."""

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps import build as dataset

app = new_app()


@verb(app, "build", example="stance build schemas/demo.toml")
def _build(source: CampaignPath, *, common: Common) -> None:
    """Turn gold and votes into a dataset that `datasets.load_dataset` opens offline."""
    emit(dataset.build_step(campaign_at(source)), common)
