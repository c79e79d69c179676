"""The adjudications of a campaign, as other steps read them."""

from toolkit.files import read_jsonl
from toolkit.labels.adjudication import Adjudication
from toolkit.workspace import Campaign


def adjudications_of(campaign: Campaign) -> list[Adjudication]:
    """All adjudications that ever were, in the order in which they came; none where there is no such file."""
    path = campaign.at("adjudications.jsonl")
    return read_jsonl(path, Adjudication) if path.exists() else []
