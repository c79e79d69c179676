"""The adjudications of a campaign, as other steps read them."""

from toolkit.files import read_jsonl
from toolkit.labels.adjudication import Adjudication, AdjudicationRequest
from toolkit.workspace import CampaignConfig


def adjudications_of(campaign: CampaignConfig) -> list[Adjudication]:
    """All adjudications that ever were, in the order in which they came; none where there is no such file."""
    path = campaign.at("adjudications.jsonl")
    return read_jsonl(path, Adjudication) if path.exists() else []


def requests_of(campaign: CampaignConfig) -> list[AdjudicationRequest]:
    """All that was ever asked of adjudicators on a server, in the order in which it was; none where nothing was."""
    path = campaign.at("adjudication_requests.jsonl")
    return read_jsonl(path, AdjudicationRequest) if path.exists() else []
