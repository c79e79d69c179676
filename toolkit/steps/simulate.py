"""Simulated annotators at work: the step that stands in for people in a dry run."""

from collections.abc import Mapping

import msgspec

from toolkit.campaigns.simulation import Response, intended_for, respond
from toolkit.files import append_jsonl, read_jsonl
from toolkit.people import SIMULATED
from toolkit.records import Annotator, Answers, Intended, Item
from toolkit.steps.common import Outcome, Progress, annotators_of, finish, items_of, paragraphs_of
from toolkit.steps.segment import placed_items
from toolkit.store import Store
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.server.connection import campaign_key, connect, studio_file_of
from toolkit.studio.simulated_annotators import AnswerRequest, answer_queue
from toolkit.workspace import CampaignConfig


def simulate_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Let simulated annotators answer the server's queue through accounts of their own."""
    options, items = campaign.file.simulate, items_of(campaign)
    intended = _intended(campaign)
    truth = _truth(campaign, items, intended)
    kinds = {"intended" if answers is not None else "latent" for answers in truth.values()}
    _remember_simulated(campaign, kinds.pop() if len(kinds) == 1 else "partly")
    studio, keys_file = connect(campaign.root)
    file = studio_file_of(campaign)
    by_name = {annotator.pseudonym: annotator for annotator in options.annotators}

    def answers_for(item_id: str, pseudonym: str) -> Response | None:
        if item_id not in items:
            return None
        return respond(
            items[item_id],
            by_name[pseudonym],
            campaign.codebook,
            truth[item_id],
            campaign.file.seed,
            options.skip_rate,
        )

    with studio:
        accounts = ensure_annotators(studio, by_name, SIMULATED, keys_file, lambda line: progress(line, 0, 0))
        request = AnswerRequest(
            campaign=campaign_key(Store(campaign)),
            codebook=campaign.codebook,
            projects=tuple(project.id for project in file.projects),
            owners={project.id: project.annotator for project in file.projects if project.annotator},
            tokens={name: account.token for name, account in accounts.items()},
        )
        total = sum(item.votes for item in items.values())
        report = answer_queue(studio.url, request, answers_for, lambda done: progress("answered", done, total))
    facts = {"schema": 1, **msgspec.to_builtins(report)}
    line = f"{report.submitted} simulated answers and {report.skipped} skips by {len(accounts)} annotators"
    return finish(campaign, "simulate", campaign.intended_files, [], Outcome(line=line, facts=facts))


def _remember_simulated(campaign: CampaignConfig, truth: str) -> None:
    """Say in the campaign that these annotators are simulated, before they give a single answer."""
    known = annotators_of(campaign)
    new = []
    for annotator in campaign.file.simulate.annotators:
        details = {**msgspec.to_builtins(annotator), "truth": truth}
        details.pop("pseudonym")
        row = Annotator(pseudonym=annotator.pseudonym, kind="simulated", details=details)
        if known.get(annotator.pseudonym) != row:
            new.append(row)
    append_jsonl(campaign.at("annotators.jsonl"), new)


def _truth(
    campaign: CampaignConfig, items: Mapping[str, Item], intended: Mapping[tuple[str, int, str | None], Answers]
) -> dict[str, Answers | None]:
    """What was meant by each item; None where nothing is known, or its paragraph is not there any more."""
    paragraphs = paragraphs_of(campaign)
    starts = {paragraph.id: paragraph.start for paragraph in paragraphs}
    placed = placed_items(campaign, list(items.values()), paragraphs)
    known = {item.id: intended_for(items[item.id], starts[item.unit_id], intended) for item in placed.items}
    return {name: known.get(name) for name in items}


def _intended(campaign: CampaignConfig) -> Mapping[tuple[str, int, str | None], Answers]:
    found: dict[tuple[str, int, str | None], Answers] = {}
    for path in campaign.intended_files:
        for row in read_jsonl(path, Intended):
            if row.answers:
                found[row.article_id, row.start, row.target] = row.answers
    return found
