"""The step that brings items to Label Studio."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from toolkit.files import read_table, write_json, write_text
from toolkit.records import Item
from toolkit.segmentation.context import contexts
from toolkit.steps.common import Outcome, Progress, articles_of, finish, items_of, paragraphs_of
from toolkit.steps.studio import StudioFile, campaign_key, connect
from toolkit.studio.masking import Around, shown_texts
from toolkit.studio.push import PushRequest, ShownItem, push_items
from toolkit.studio.results import unprintable
from toolkit.studio.screen import label_config
from toolkit.workspace import Campaign


def push_step(campaign: Campaign, progress: Progress) -> Outcome:
    """Bring the items to Label Studio, each once."""
    items = items_of(campaign)
    request = PushRequest(
        campaign=campaign_key(campaign),
        title=campaign.file.studio.title or campaign.file.title,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=tuple(_shown(campaign, items.values())),
        show=campaign.file.studio.show,
        batch=campaign.file.studio.batch,
    )
    studio, _ = connect(campaign)
    with studio:
        report = push_items(studio, request, lambda done, total: progress("pushed", done, total))
    file = StudioFile(
        server=report.server, campaign=request.campaign, codebook=campaign.codebook.ref, projects=report.projects
    )
    config = label_config(campaign.codebook, campaign.file.language, show=campaign.file.studio.show)
    write_text(campaign.at("label_config.xml"), config + "\n")
    write_json(campaign.at("studio.json"), file)
    replaced = sum(unprintable(text) for each in request.items for text in msgspec.structs.astuple(each.shown))
    facts = {"schema": 1, **msgspec.to_builtins(report), "replaced_characters": replaced}
    urls = ", ".join(project.url for project in report.projects)
    line = f"{report.created} items pushed, {report.present} were there, {report.removed} twins removed: {urls}"
    if replaced:
        line += f"; {replaced} characters that cannot be shown are replaced on the screen"
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "push", push_inputs(campaign), push_outputs(campaign), outcome)


def push_inputs(campaign: Campaign) -> list[Path]:
    """What a push depends on."""
    return [campaign.beside(campaign.file.codebook), campaign.at("paragraphs.jsonl"), campaign.at("items.jsonl")]


def push_outputs(campaign: Campaign) -> list[Path]:
    """What a push writes."""
    return [campaign.at("studio.json"), campaign.at("label_config.xml")]


def _shown(campaign: Campaign, items: Iterable[Item]) -> list[ShownItem]:
    paragraphs = {paragraph.id: paragraph for paragraph in paragraphs_of(campaign)}
    articles = articles_of(campaign)
    titles = {article.id: article.title for article in articles.values()}
    contexts_of = contexts(paragraphs.values(), titles, campaign.file.sample.roles)
    names_of = _outlet_names(campaign)
    shown = []
    for item in items:
        article = articles[item.article_id]
        names = names_of.get((article.outlet or "").casefold(), ())
        around = Around(article=article, context=contexts_of[item.unit_id], outlet_names=names)
        texts = shown_texts(item, paragraphs[item.unit_id].text, around, campaign.file.studio)
        shown.append(ShownItem(item=item, shown=texts))
    return shown


def _outlet_names(campaign: Campaign) -> dict[str, tuple[str, ...]]:
    """All names of an outlet, by each of them; only where names are to be blotted out."""
    path = campaign.root / "schemas" / "outlets.csv"
    if "outlet" not in campaign.file.studio.mask or not path.exists():
        return {}
    found = {}
    for row in read_table(path):
        names = (row["id"], *filter(None, (name.strip() for name in str(row["aliases"] or "").split(";"))))
        found.update(dict.fromkeys(map(str.casefold, names), names))
    return found
