"""Adjudication: one person decides the items that the votes leave open, on Label Studio or in a file."""

import functools
from collections import Counter
from pathlib import Path

import msgspec

from toolkit.errors import DataError, UsageError
from toolkit.exchange import adjudication_sheets as sheets
from toolkit.files import mend_jsonl
from toolkit.labels import adjudication as rules
from toolkit.labels.adjudication import AdjudicationOptions, ImportSummary
from toolkit.labels.ledger import settle
from toolkit.labels.votes import OF_GOLD, campaign_votes
from toolkit.people import ERASURE_RECORDS, AccountNames, read_erasure_records
from toolkit.records import Annotation
from toolkit.runs import Progress
from toolkit.steps.push import shown_now
from toolkit.store import Store
from toolkit.studio import adjudication as projects
from toolkit.studio.accounts import need_account
from toolkit.studio.server.connection import campaign_key, connect, studio_file_of
from toolkit.tables import write_people_table
from toolkit.times import now
from toolkit.workspace import CampaignConfig

_FILE, _REQUESTS, _GAPS = "adjudications.jsonl", "adjudication_requests.jsonl", "guideline_gaps.csv"


def push_adjudications(
    campaign: CampaignConfig, options: AdjudicationOptions, progress: Progress
) -> projects.AdjudicationPushed:
    """Bring the items that wait for an adjudicator to a project of their own, each once, however often this runs."""
    store, name = Store(campaign), options.adjudicator
    sheets.check_adjudicator(name)
    if read_erasure_records(campaign.at(ERASURE_RECORDS)).has_name(name):
        raise UsageError(f"--by {name}: a person of that name withdrew; name another one")
    questions = rules.questions_to_adjudicate(campaign.codebook, options.questions)
    key = campaign_key(store)
    own = projects.AdjudicationProject(campaign=key, adjudicator=name, blind=not options.show_votes)
    studio, keys_file = connect(campaign.root)
    with studio, store.lock():
        need_account(studio, AccountNames(campaign.directory, keys_file), name)
        mend_jsonl(store.path(_REQUESTS))
        doubts = rules.to_adjudicate(store.gold, store.adjudications, questions, options.max_confidence)
        requests, remember = store.adjudication_requests, functools.partial(store.append_rows, _REQUESTS)
        shown, done = shown_now(campaign, store.items.values()), store.adjudications
        setup = projects.AdjudicationSetup(campaign=campaign, key=key, items=shown, gold=store.gold, adjudications=done)
        queues = projects.AdjudicationQueues(studio, setup, requests, remember, functools.partial(progress, "pushed"))
        if not doubts and not queues.requests_to(own):
            raise DataError(f"{campaign.path}: no item waits for an adjudicator")
        pushed = queues.ask(own, doubts, options.max_confidence)
    voted = {row.item_id for row in _counted(store) if row.annotator == name}
    own_votes = len(voted.intersection(row.item_id for row in queues.requests_to(own)))
    command = f"stance adjudicate pull {campaign.path}"
    result = msgspec.structs.replace(pushed, own=own_votes, next_command=command)
    return store.record("adjudicate push", [store.path("gold.jsonl")], [store.path(_REQUESTS)], result)


def pull_adjudications(campaign: CampaignConfig, progress: Progress) -> ImportSummary:
    """Append the decisions on the server that are new; an edited decision is a later line."""
    store = Store(campaign)
    studio, keys_file = connect(campaign.root)
    with studio, store.lock():
        reading = projects.ReadingRules(
            server=studio_file_of(campaign).server if store.has("studio.json") else studio.url,
            items=frozenset(store.items.keys() - store.withdrawn),
            codebook=sheets.full_adjudication_codebook(campaign.codebook, campaign.file.language),
            ours=studio.whoami().id,
            emails=studio.users(),
            pseudonym_of=AccountNames(campaign.directory, keys_file).known_name,
            erasure_records=read_erasure_records(campaign.at(ERASURE_RECORDS)),
        )
        count = functools.partial(progress, "projects read")
        read, left_out = projects.read_adjudication_projects(studio, campaign_key(store), reading, count)
        mend_jsonl(store.path(_FILE))
        before, requests = store.adjudications, store.adjudication_requests
        rows = projects.adjudications_in(read, requests, rules.prior_labels(store.gold, before), campaign.codebook)
        new = rules.new_adjudications(rows, before)
        store.append_rows(_FILE, new)
    waiting = rules.waiting_requests(requests, store.gold, store.adjudications)
    extra = projects.pull_details(read, rows, before, waiting)
    votes = campaign_votes(store, OF_GOLD).by_question
    other = tuple(rules.items_with_other_votes([*new, *waiting], requests, votes, campaign.codebook))
    summary = _summary(store, len(new), len(rows) - len(new))
    summary = msgspec.structs.replace(summary, other_votes=other, withdrawn=left_out, **extra)
    return store.record("adjudicate pull", [], [*map(store.path, (_FILE, _GAPS))], summary)


def export_adjudications(
    campaign: CampaignConfig, path: Path, options: AdjudicationOptions
) -> sheets.AdjudicationExported:
    """Write the items that wait for an adjudicator into a spreadsheet or a table."""
    sheets.check_adjudicator(options.adjudicator)
    sheets.check_adjudication_file(path)
    store, questions = Store(campaign), rules.questions_to_adjudicate(campaign.codebook, options.questions)
    doubts = rules.to_adjudicate(store.gold, store.adjudications, questions, options.max_confidence)
    shown = tuple(row for row in shown_now(campaign, store.items.values()) if row.item.id in doubts)
    if not shown:
        raise DataError(f"{campaign.path}: no item waits for an adjudicator")
    sheet = sheets.AdjudicationSheet(
        campaign=campaign_key(store),
        adjudicator=options.adjudicator,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=shown,
        doubts=doubts,
        votes=rules.votes_in_words(store.gold, questions) if options.show_votes else {},
        blind=not options.show_votes,
    )
    sheets.write_adjudication_sheet(path, sheet)
    counts = Counter(name for row in shown for name in doubts[row.item.id])
    next_command = f"stance adjudicate import {campaign.path} --from {path} --by {options.adjudicator}"
    result = sheets.AdjudicationExported(
        file=str(path), items=len(shown), questions=dict(counts), blind=sheet.blind, next_command=next_command
    )
    return store.record("adjudicate export", [store.path("gold.jsonl")], [path], result)


def import_adjudications(campaign: CampaignConfig, path: Path, adjudicator: str | None) -> ImportSummary:
    """Append the decisions in a file, all or none; those that are recorded already are passed over."""
    store = Store(campaign)
    read = sheets.read_adjudication_sheet(path, campaign_key(store), campaign.codebook, adjudicator)
    if read_erasure_records(campaign.at(ERASURE_RECORDS)).has_name(read.adjudicator):
        raise DataError(f"{path}: decided by a person who withdrew; no decision is taken")
    with store.lock():
        mend_jsonl(store.path(_FILE))
        before = store.adjudications
        rows = rules.adjudications_of(read.decisions, read.source(now()), store.gold, before, campaign.codebook)
        new = rules.unrecorded(rows, before)
        store.append_rows(_FILE, new)
    summary = _summary(store, len(new), len(rows) - len(new))
    return store.record("adjudicate import", [path], [*map(store.path, (_FILE, _GAPS))], summary)


def _summary(store: Store, new: int, recorded: int) -> ImportSummary:
    """Write the guideline gaps, and count what all decisions amount to."""
    texts = {row.item.id: row.shown.text for row in shown_now(store.campaign, store.items.values())}
    gaps = rules.guideline_gaps(store.adjudications, store.gold, texts)
    write_people_table(store.path(_GAPS), gaps)
    facts = rules.adjudication_facts(store.adjudications, _counted(store))
    next_command, path = f"stance aggregate {store.campaign.path}", str(store.path(_GAPS))
    return ImportSummary(
        new=new, known=recorded, gaps=path, guideline_gaps=len(gaps), all=facts, next_command=next_command
    )


def _counted(store: Store) -> tuple[Annotation, ...]:
    return settle(store.annotations, store.items, store.campaign.codebook, store.withdrawn).counted
