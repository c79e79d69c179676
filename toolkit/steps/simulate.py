"""`stance simulate`: simulated annotators answer the server's queue, for a dry run."""

from collections.abc import Mapping

from toolkit.campaigns.label_transfer import carried_items
from toolkit.campaigns.simulation import (
    IntendedAnswers,
    Response,
    intended_answers,
    respond,
    simulated_annotators,
    truth_kind,
)
from toolkit.errors import UsageError
from toolkit.files import read_jsonl
from toolkit.labels.ledger import latest
from toolkit.people import SIMULATED
from toolkit.records import Answers, Intended, Item
from toolkit.runs import Progress, Result
from toolkit.store import Store
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.http.client import Studio
from toolkit.studio.server.connection import campaign_key, connect
from toolkit.studio.simulated_annotators import AnswerRequest, answer_queue
from toolkit.words import listed, plural
from toolkit.workspace import CampaignConfig, SimulatedAnnotator


class SimulateResult(Result, frozen=True, kw_only=True):
    """What simulated annotators answered."""

    submitted: int
    skipped: int
    repeated: int  # had been sent before, by a run that was interrupted
    annotators: int

    def line(self) -> str:
        """The result in one line."""
        answers = f"{plural(self.submitted, 'simulated answer')} and {plural(self.skipped, 'skip')}"
        return f"{answers} by {plural(self.annotators, 'annotator')}"


def simulate_campaign(campaign: CampaignConfig, progress: Progress) -> SimulateResult:
    """Let simulated annotators answer the server's queue through accounts of their own."""
    store = Store(campaign)
    items, options = store.items, campaign.file.simulate
    truth = _truth(store)
    by_name = {annotator.pseudonym: annotator for annotator in options.annotators}
    studio, keys_file = connect(campaign.root)
    file = store.studio
    with studio:
        _refuse_people(store, studio)
        with store.lock():  # the campaign says that they are simulated before they give a single answer
            rows = simulated_annotators(options.annotators, truth_kind(truth), store.annotators)
            store.append_rows("annotators.jsonl", rows)
        accounts = ensure_annotators(studio, by_name, SIMULATED, keys_file, lambda line: progress(line, 0, 0))
        request = AnswerRequest(
            campaign=campaign_key(store),
            codebook=campaign.codebook,
            projects=tuple(project.id for project in file.projects),
            owners={project.id: project.annotator for project in file.projects if project.annotator},
            tokens={name: account.token for name, account in accounts.items()},
        )
        report = answer_queue(
            studio.url,
            request,
            lambda item, name: _response(campaign, items.get(item), by_name[name], truth),
            lambda done: progress("answered", done, sum(item.votes for item in items.values())),
        )
    result = SimulateResult(
        submitted=report.submitted, skipped=report.skipped, repeated=report.repeated, annotators=len(accounts)
    )
    return store.record("simulate", campaign.intended_files, [], result)


def _refuse_people(store: Store, studio: Studio) -> None:
    """Refuse a campaign in which a person has answered, by the ledger or by the server."""
    kinds = {name: row.kind for name, row in store.annotators.items()}
    people = {state.annotator for state in latest(store.ledger) if kinds.get(state.annotator, "human") == "human"}
    simulated = {user for user, email in studio.users().items() if email.casefold().endswith(f"@{SIMULATED}")}
    answered = any(
        raw.completed_by not in simulated
        for project in store.studio.projects
        for task in studio.tasks(project.id)
        for raw in task.annotations
    )
    if people or answered:
        who = listed(sorted(people)) if people else "an account that is not simulated"
        raise UsageError(
            f"{store.campaign.path}: {who} has answered in this campaign; simulated answers never stand beside "
            "people's. Give a dry run a campaign of its own: copy the campaign file and change `name`"
        )


def _response(
    campaign: CampaignConfig, item: Item | None, annotator: SimulatedAnnotator, truth: Mapping[str, Answers | None]
) -> Response | None:
    """The response of an annotator to an item; None where the item is not the campaign's."""
    if item is None:
        return None
    skip_rate = campaign.file.simulate.skip_rate
    return respond(item, annotator, campaign.codebook, truth[item.id], campaign.file.seed, skip_rate)


def _truth(store: Store) -> dict[str, Answers | None]:
    """The intended answers to each item; None where there are none, or its paragraph is gone."""
    starts = {paragraph.id: paragraph.start for paragraph in store.paragraphs}
    placed = carried_items(store)
    intended: IntendedAnswers = {}
    for path in store.campaign.intended_files:
        rows = [row for row in read_jsonl(path, Intended) if row.answers]
        intended |= {(row.article_id, row.start, row.target): row.answers for row in rows}
    return intended_answers(store.items, [item.id for item in placed.items], starts, intended)
