"""What annotators see of the items of a campaign."""

from collections.abc import Iterable

import msgspec

from toolkit.exchange.results import unprintable
from toolkit.files import read_table
from toolkit.records import Item, Paragraph
from toolkit.segmentation.context import NO_CONTEXT, contexts
from toolkit.steps.common import articles_of, paragraphs_of
from toolkit.steps.segment import placed_items
from toolkit.studio.masking import Around, shown_texts
from toolkit.studio.push.items import ShownItem
from toolkit.workspace import CampaignConfig


def shown_items(campaign: CampaignConfig, items: Iterable[Item], paragraphs: Iterable[Paragraph]) -> list[ShownItem]:
    """Items with the texts that their annotators may see: hidden parts are gone, masked names blotted out."""
    texts = {paragraph.id: paragraph for paragraph in paragraphs}
    articles = articles_of(campaign)
    titles = {article.id: article.title for article in articles.values()}
    contexts_of = contexts(texts.values(), titles, campaign.file.sample.roles)
    names_of = _outlet_names(campaign)
    shown = []
    for item in items:
        article = articles[item.article_id]
        names = names_of.get((article.outlet or "").casefold(), ())
        around = Around(article=article, context=contexts_of.get(item.unit_id, NO_CONTEXT), outlet_names=names)
        seen = shown_texts(item, texts[item.unit_id].text, around, campaign.file.studio)
        shown.append(ShownItem(item=item, shown=seen))
    return shown


def shown_now(campaign: CampaignConfig, items: Iterable[Item]) -> list[ShownItem]:
    """The items whose paragraph is there, each with the texts that its annotators may see."""
    paragraphs = paragraphs_of(campaign)
    return shown_items(campaign, placed_items(campaign, list(items), paragraphs).items, paragraphs)


def replaced_characters(items: Iterable[ShownItem]) -> int:
    """How many characters the screen shows as a replacement mark, since no screen can show them."""
    return sum(unprintable(text) for each in items for text in msgspec.structs.astuple(each.shown))


def _outlet_names(campaign: CampaignConfig) -> dict[str, tuple[str, ...]]:
    """All names of an outlet, by each of them; only where names are to be blotted out."""
    path = campaign.root / "schemas" / "outlets.csv"
    if "outlet" not in campaign.file.studio.mask or not path.exists():
        return {}
    found = {}
    for row in read_table(path):
        names = (row["id"], *filter(None, (name.strip() for name in str(row["aliases"] or "").split(";"))))
        found.update(dict.fromkeys(map(str.casefold, names), names))
    return found
