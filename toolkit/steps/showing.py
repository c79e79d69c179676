"""What annotators see of the items of a campaign."""

from collections.abc import Iterable

from toolkit.campaigns.display import DisplayRules, ShownItem, outlet_names, shown_items
from toolkit.records import Item, Paragraph
from toolkit.steps.common import articles_of, paragraphs_of
from toolkit.steps.segment import placed_items
from toolkit.tables import read_table
from toolkit.workspace import CampaignConfig


def shown_of(campaign: CampaignConfig, items: Iterable[Item], paragraphs: Iterable[Paragraph]) -> list[ShownItem]:
    """The items of a campaign with the texts that their annotators may see."""
    path, outlets = campaign.root / "schemas" / "outlets.csv", {}
    if "outlet" in campaign.file.studio.mask and path.exists():
        outlets = outlet_names(read_table(path))
    rules = DisplayRules(options=campaign.file.studio, roles=tuple(campaign.file.sample.roles), outlets=outlets)
    return shown_items(items, paragraphs, articles_of(campaign), rules)


def shown_now(campaign: CampaignConfig, items: Iterable[Item]) -> list[ShownItem]:
    """The items whose paragraph is there, each with the texts that its annotators may see."""
    paragraphs = paragraphs_of(campaign)
    return shown_of(campaign, placed_items(campaign, list(items), paragraphs).items, paragraphs)
