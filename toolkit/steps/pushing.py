"""The step that brings items to Label Studio."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from toolkit.files import write_json, write_text
from toolkit.records import Item
from toolkit.segmentation.context import contexts
from toolkit.steps.common import Outcome, Progress, articles_of, finish, items_of, paragraphs_of
from toolkit.steps.studio import StudioFile, campaign_key, connect
from toolkit.studio.push import PushRequest, ShownItem, push_items
from toolkit.studio.screen import Shown, label_config
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
        batch=campaign.file.studio.batch,
    )
    studio, _ = connect(campaign)
    with studio:
        report = push_items(studio, request, lambda done, total: progress("pushed", done, total))
    file = StudioFile(
        server=report.server, campaign=request.campaign, codebook=campaign.codebook.ref, projects=report.projects
    )
    write_text(campaign.at("label_config.xml"), label_config(campaign.codebook, campaign.file.language) + "\n")
    write_json(campaign.at("studio.json"), file)
    facts = {"schema": 1, **msgspec.to_builtins(report)}
    urls = ", ".join(project.url for project in report.projects)
    line = f"{report.created} items pushed, {report.present} were there, {report.removed} twins removed: {urls}"
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
    titles = {article.id: article.title for article in articles_of(campaign).values()}
    around = contexts(paragraphs.values(), titles, campaign.file.sample.roles)
    return [
        ShownItem(
            item=item,
            shown=Shown(
                headline=around[item.unit_id].headline,
                previous=around[item.unit_id].previous,
                text=paragraphs[item.unit_id].text,
                next=around[item.unit_id].next,
            ),
        )
        for item in items
    ]
