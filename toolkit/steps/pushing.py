"""The step that brings items to Label Studio."""

from pathlib import Path

import msgspec

from toolkit.files import write_json, write_text
from toolkit.steps.common import Outcome, Progress, finish, items_of, paragraphs_of
from toolkit.steps.paragraphs import counts_of, placed_items, told_outdated
from toolkit.steps.showing import replaced_characters, shown_items
from toolkit.steps.studio import StudioFile, campaign_key, connect
from toolkit.studio.push import PushRequest, push_items
from toolkit.studio.screen import label_config
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
        items=tuple(shown_items(campaign, placed.items, paragraphs)),
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
    counts, replaced = counts_of(placed), replaced_characters(request.items)
    facts = {"schema": 1, **msgspec.to_builtins(report), "placed": counts, "replaced_characters": replaced}
    urls = ", ".join(project.url for project in report.projects)
    line = f"{report.created} items pushed, {report.present} were there, {report.removed} twins removed: {urls}"
    if told := told_outdated(counts):
        line += f"; {told}"
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
