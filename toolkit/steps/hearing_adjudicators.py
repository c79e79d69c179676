"""The step that brings what adjudicators decided on Label Studio into the layer above the votes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import append_jsonl, locked, mend_jsonl
from toolkit.labels.adjudication import (
    Adjudication,
    AdjudicationRequest,
    Reason,
    standing,
    waiting_requests,
)
from toolkit.labels.erasure import Tombstones
from toolkit.steps.adjudicated import adjudications_of, requests_of
from toolkit.steps.build import gold_of
from toolkit.steps.common import Outcome, Progress, items_of, withdrawn_of
from toolkit.steps.decided import Back, Before, came_back
from toolkit.steps.pull import Naming
from toolkit.steps.studio_connection import campaign_key, connect, studio_file_of
from toolkit.steps.tombstones import TOMBSTONES, read_tombstones
from toolkit.steps.votes import gold_votes
from toolkit.studio.adjudication_projects import RulingPlace, every_ruling, find_rulings
from toolkit.studio.http.client import Studio
from toolkit.studio.read_adjudications import Heard, Hearing, Verdict, hear
from toolkit.times import now
from toolkit.workspace import CampaignConfig

_NAMED = 5  # items or answers that a line names; the facts have all
_Key = tuple[str, str, str, int]  # item, question, server, project: where a decision can be edited


class _Brought(Struct, frozen=True, kw_only=True):
    heard: list[Heard]
    new: list[Adjudication]
    found: list[Adjudication]
    gone: list[str]  # items
    left_out: int


def adjudicate_pull_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Append what adjudicators decided on the server; what is known is passed over, an edit is a later line."""
    studio, keys_file = connect(campaign)
    file = campaign.at("adjudications.jsonl")
    with studio, locked(campaign.at("adjudicate")):
        heard, left_out = _heard(campaign, studio, keys_file, progress)
        mend_jsonl(file)
        before = adjudications_of(campaign)
        found = list(_decisions(campaign, heard, before))
        last = _last(before)
        new = [row for row in found if _content(row) != _content(last.get(_key(row)))]
        append_jsonl(file, new)
        gone = _gone(last, found, heard)
    brought = _Brought(heard=heard, new=new, found=found, gone=gone, left_out=left_out)
    return came_back(campaign, "adjudicate --pull", [], _back(campaign, brought))


def _heard(campaign: CampaignConfig, studio: Studio, keys_file: Path, progress: Progress) -> tuple[list[Heard], int]:
    """What there is, and how many answers are left out, of adjudicators who withdrew."""
    places = find_rulings(studio, campaign_key(campaign))
    if not places:
        raise DataError(f"{studio.url}: no adjudicator of this campaign is asked there; `--push --by NAME` asks one")
    tombstones, left_out = read_tombstones(campaign.at(TOMBSTONES)), 0
    server = studio_file_of(campaign).server if campaign.at("studio.json").exists() else studio.url
    hearing = Hearing(
        server=server,
        items=frozenset(items_of(campaign).keys() - withdrawn_of(campaign)),
        book=every_ruling(campaign.codebook, campaign.file.language),
        ours=studio.whoami().id,
        who_is=_names(studio, Naming(campaign, keys_file), server, tombstones),
    )
    heard = []
    for number, (project, place) in enumerate(places, 1):
        if tombstones.hold_name(place.adjudicator):
            left_out += sum(len(task.annotations) for task in studio.tasks(project.id))
        else:
            heard.append(hear(studio, project, place, hearing))
        progress("projects read", number, len(places))
    return heard, left_out


def _names(studio: Studio, naming: Naming, server: str, tombstones: Tombstones) -> Callable[[int], str]:
    emails = studio.users()

    def who_is(number: int) -> str:
        email = emails.get(number, "")
        if tombstones.hold_account(server, number, email):
            return "somebody who withdrew"
        return naming.known_name(number, email) or f"account {number}"

    return who_is


# --- decisions -------------------------------------------------------------------------------------------------------


def _decisions(
    campaign: CampaignConfig, heard: Iterable[Heard], known: Iterable[Adjudication]
) -> Iterable[Adjudication]:
    gold = {(row.item_id, row.question): row for row in gold_of(campaign)}
    before = Before(gold, {(row.item_id, row.question): row for row in standing(known)})
    asked = {(row.item_id, row.adjudicator): row.codebook for row in requests_of(campaign)}
    for each in heard:
        for verdict in each.verdicts:
            seen = asked.get((verdict.item_id, each.place.adjudicator), campaign.codebook.ref)
            yield from _of_verdict(campaign, each.place, verdict, seen, before)


def _of_verdict(
    campaign: CampaignConfig, place: RulingPlace, verdict: Verdict, codebook: str, before: Before
) -> Iterable[Adjudication]:
    for name, label in verdict.labels.items():
        current = campaign.codebook.migrated({name: label})[name]
        yield Adjudication(
            item_id=verdict.item_id,
            question=name,
            label=None if current in campaign.codebook.question(name).no_answers else label,
            reason=cast(Reason, verdict.reason),
            adjudicator=place.adjudicator,
            comment=verdict.comment,
            before=before.label(verdict.item_id, name),
            blind=place.blind,
            codebook=codebook,
            observed=now(),
            origin=verdict.origin,
        )


def _key(row: Adjudication) -> _Key:
    if row.origin is None:
        raise ValueError("only a decision that was given on a server has a place there")
    return row.item_id, row.question, row.origin.server, row.origin.project


def _last(rows: Iterable[Adjudication]) -> dict[_Key, Adjudication]:
    return {_key(row): row for row in rows if row.origin is not None}


def _content(row: Adjudication | None) -> tuple[str | None, ...] | None:
    return None if row is None else (row.label, row.reason, row.comment)


def _gone(last: Mapping[_Key, Adjudication], found: Iterable[Adjudication], heard: Iterable[Heard]) -> list[str]:
    """The items whose decision was taken and is on the server no longer, in projects that are there."""
    there = {_key(row) for row in found}
    projects = {each.project for each in heard}
    return sorted({key[0] for key in last if key not in there and key[3] in projects})


# --- what is said of it ----------------------------------------------------------------------------------------------


def _back(campaign: CampaignConfig, brought: _Brought) -> Back:
    waiting = waiting_requests(requests_of(campaign), gold_of(campaign), adjudications_of(campaign))
    facts = {
        "skipped": _skipped(brought.heard, waiting),
        "waiting": sorted({row.item_id for row in waiting}),
        "refused": [problem for each in brought.heard for problem in each.refused],
        "other_votes": _other_votes(campaign, [*brought.new, *waiting]),
        "gone": list(brought.gone),
    }
    words = {
        "skipped": "skipped",
        "waiting": "still wait",
        "refused": "answers not taken",
        "other_votes": "have other votes than when they were pushed (`--push` again shows them)",
        "gone": "decisions are on the server no longer and stand",
    }
    said = [f"{len(facts[name])} {what} ({_named(facts[name])})" for name, what in words.items() if facts[name]]
    if brought.left_out:
        said.append(f"{brought.left_out} answers on the server are left out, of people who withdrew")
    new, found = len(brought.new), len(brought.found)
    return Back(new=new, known=found - new, said=tuple(said), facts={**facts, "withdrawn": brought.left_out})


def _skipped(heard: Iterable[Heard], waiting: Iterable[AdjudicationRequest]) -> list[str]:
    """The items that whoever is to decide them has skipped."""
    asked = {(row.item_id, row.adjudicator, row.blind) for row in waiting}
    skips = ((item, each.place) for each in heard for item in each.skipped)
    return sorted({item for item, place in skips if (item, place.adjudicator, place.blind) in asked})


def _other_votes(campaign: CampaignConfig, rows: Iterable[Adjudication | AdjudicationRequest]) -> list[str]:
    """The items among these whose votes are not those that there were when an adjudicator was asked."""
    asked = {(row.item_id, row.question): row.votes for row in requests_of(campaign)}
    votes: dict[tuple[str, str], Counter[str]] = {}
    for name, cast_votes in gold_votes(campaign).items():
        for vote in cast_votes:
            votes.setdefault((vote.item_id, name), Counter())[vote.label] += 1
    found = set()
    for row in rows:
        key = row.item_id, row.question
        if key in asked and _present(campaign, row.question, asked[key]) != votes.get(key, Counter()):
            found.add(row.item_id)
    return sorted(found)


def _present(campaign: CampaignConfig, question: str, votes: Mapping[str, int]) -> Counter[str]:
    """Votes under the present names of their labels."""
    present: Counter[str] = Counter()
    for label, number in votes.items():
        present[str(campaign.codebook.migrated({question: label})[question])] += number
    return present


def _named(items: Sequence[str]) -> str:
    return ", ".join(items[:_NAMED]) + (", …" if len(items) > _NAMED else "")
