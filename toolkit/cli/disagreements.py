"""`stance disagreements`: a sheet of what annotators differ on."""

from toolkit.cli._options import CampaignPath, Common, Output, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.errors import UsageError
from toolkit.steps.disagreements import disagreements_campaign

app = new_app()


@verb(app, "disagreements", example="stance disagreements schemas/demo.toml -o meeting.xlsx")
def _disagreements(source: CampaignPath, output: Output = None, *, common: Common) -> None:
    """Write a sheet for the meeting: the items where annotators differ, the most divided first.

    It shows who chose which label.
    """
    if output is None:
        raise UsageError("-o FILE is needed: .xlsx, .csv, .tsv, .jsonl or .parquet")
    emit(disagreements_campaign(campaign_at(source), output), common)
