"""How far the annotation of a campaign is."""

import msgspec

from toolkit.campaigns.progress import CampaignState, state_line, state_of
from toolkit.errors import MissingFileError
from toolkit.steps.common import Outcome, annotations_of, items_of
from toolkit.steps.studio import studio_file_of
from toolkit.workspace import Campaign


def campaign_state(campaign: Campaign) -> CampaignState:
    """How far the annotation is, by the ledger as it was last pulled."""
    try:
        annotations = annotations_of(campaign)
    except MissingFileError:
        annotations = []
    return state_of(items_of(campaign), annotations)


def status_step(campaign: Campaign) -> Outcome:
    """How far the annotation is and where it goes on; reads the ledger, asks no server."""
    file, state = studio_file_of(campaign), campaign_state(campaign)
    urls = ", ".join(project.url for project in file.projects)
    return Outcome(line=f"{state_line(state)}; {urls}", facts={"schema": 1, **msgspec.to_builtins(state)})
