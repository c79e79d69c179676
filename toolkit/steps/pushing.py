"""The step that brings items to Label Studio."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from toolkit.files import write_json, write_text
from toolkit.records import Item, Paragraph
from toolkit.segmentation.context import NO_CONTEXT, contexts
from toolkit.steps.common import Outcome, Progress, articles_of, finish, items_of, paragraphs_of
from toolkit.steps.paragraphs import counts_of, placed_items, told_outdated
from toolkit.steps.studio import StudioFile, campaign_key, connect
from toolkit.studio.push import PushRequest, ShownItem, push_items
from toolkit.studio.screen import Shown, label_config
from toolkit.workspace import Campaign


def push_step(campaign: Campaign, progress: Progress) -> Outcome:
    """Bring the items to Label Studio, each once."""
    paragraphs = paragraphs_of(campaign)
    placed = placed_items(campaign, list(items_of(campaign).values()), paragraphs)
    request = PushRequest(
        campaign=campaign_key(campaign),
        title=campaign.file.studio.title or campaign.file.title,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=tuple(_shown(campaign, placed.items, paragraphs)),
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
    counts = counts_of(placed)
    facts = {"schema": 1, **msgspec.to_builtins(report), "placed": counts}
    urls = ", ".join(project.url for project in report.projects)
    line = f"{report.created} items pushed, {report.present} were there, {report.removed} twins removed: {urls}"
    if told := told_outdated(counts):
        line += f"; {told}"
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "push", push_inputs(campaign), push_outputs(campaign), outcome)


def push_inputs(campaign: Campaign) -> list[Path]:
    """What a push depends on."""
    return [campaign.beside(campaign.file.codebook), campaign.at("paragraphs.jsonl"), campaign.at("items.jsonl")]


def push_outputs(campaign: Campaign) -> list[Path]:
    """What a push writes."""
    return [campaign.at("studio.json"), campaign.at("label_config.xml")]


def shown_items(campaign: Campaign, items: Iterable[Item]) -> list[ShownItem]:
    """The items whose paragraph is there, with what is shown for each."""
    paragraphs = paragraphs_of(campaign)
    return _shown(campaign, placed_items(campaign, list(items), paragraphs).items, paragraphs)


def _shown(campaign: Campaign, items: Iterable[Item], paragraphs: Sequence[Paragraph]) -> list[ShownItem]:
    """What is shown for the items whose paragraph is there; what annotators saw of the others stays on the server."""
    texts = {paragraph.id: paragraph.text for paragraph in paragraphs}
    titles = {article.id: article.title for article in articles_of(campaign).values()}
    around = contexts(paragraphs, titles, campaign.file.sample.roles)
    return [
        ShownItem(
            item=item,
            shown=Shown(
                headline=context.headline,
                previous=context.previous,
                text=texts[item.unit_id],
                next=context.next,
            ),
        )
        for item in items
        for context in [around.get(item.unit_id, NO_CONTEXT)]  # none where an edit gave it a role that is not asked
    ]
