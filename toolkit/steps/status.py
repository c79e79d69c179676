"""How far the annotation of a campaign is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.campaigns.pace import Pace, Round, pace_of
from toolkit.campaigns.progress import CampaignState, state_line, state_of
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.agreement.questions import agreement_by_question, alpha_line
from toolkit.labels.ledger import latest, stale_counts
from toolkit.labels.votes import campaign_votes
from toolkit.people import read_keys
from toolkit.steps.common import Outcome, is_without_server, items_of, ledger_of, withdrawn_of
from toolkit.store import Store
from toolkit.studio.pull.ledger_index import known_cursor
from toolkit.studio.server.connection import studio_directory, studio_file_of
from toolkit.studio.server.local import server_status
from toolkit.studio.server.program import held_tasks
from toolkit.times import now
from toolkit.workspace import CampaignConfig

_NAMED = 5  # of a long list, how many are named in the text; the facts have all


def campaign_state(campaign: CampaignConfig) -> CampaignState:
    """How far the annotation is, by the ledger as it was last pulled."""
    return state_of(items_of(campaign), ledger_of(campaign), withdrawn_of(campaign))


def status_step(campaign: CampaignConfig) -> Outcome:
    """How far the annotation is and where it goes on; reads the ledger, asks no server but the local one's database."""
    state = campaign_state(campaign)
    ledger, withdrawn = ledger_of(campaign), withdrawn_of(campaign)
    pace = pace_of(items_of(campaign), ledger, now(), withdrawn)
    stale = stale_counts(latest(ledger), campaign.codebook.ref)
    found = _agreement(campaign) if state.votes else {}
    left = _left_tasks(campaign)
    lines = [f"{state_line(state)}; {_where(campaign)}", *_pace_lines(pace), *_left_lines(left)]
    lines += [alpha_line(*each) for each in found.items()]
    by_round = _agreement_by_round(campaign, pace)
    lines += [f"{name}: {alpha_line(*each)}" for name, one in by_round.items() for each in one.items()]
    lines += [f"{number} annotations were given to an earlier codebook, {ref}" for ref, number in stale.items()]
    facts = {
        "schema": 1,
        **msgspec.to_builtins(state),
        "stale": stale,
        "withdrawn": len(withdrawn),
        "pace": msgspec.to_builtins(pace),
        "opened_and_left": None if left is None else msgspec.to_builtins(left),
        "agreement": _alphas(found),
        "agreement_by_round": {name: _alphas(one) for name, one in by_round.items()},
    }
    return Outcome(line="\n".join(lines), facts=facts)


def _where(campaign: CampaignConfig) -> str:
    """Where people annotate."""
    if campaign.at("studio.json").exists():
        return ", ".join(project.url for project in studio_file_of(campaign).projects)
    if is_without_server(campaign):
        return f"no server: answers come in by `stance pull {campaign.path} --from FILE`"
    return f"not pushed yet: `stance push {campaign.path}`, or without a server `stance push {campaign.path} --to DIR`"


def _agreement(campaign: CampaignConfig) -> dict[str, QuestionAgreement]:
    votes = campaign_votes(Store(campaign)).by_question
    return agreement_by_question(votes, campaign.codebook, campaign.file.seed)


def _agreement_by_round(campaign: CampaignConfig, pace: Pace) -> dict[str, dict[str, QuestionAgreement]]:
    """Agreement in each round that has votes; nothing where there is one round alone."""
    if len(pace.rounds) < 2:
        return {}
    rounds = {item.id: item.round for item in items_of(campaign).values()}
    votes = campaign_votes(Store(campaign)).by_question
    found = {}
    for one in pace.rounds:
        inside = {name: [v for v in votes[name] if rounds.get(v.item_id) == one.round] for name in votes}
        if any(inside.values()):
            found[one.round] = agreement_by_question(inside, campaign.codebook, campaign.file.seed)
    return found


def _alphas(found: Mapping[str, QuestionAgreement]) -> dict[str, Any]:
    return {name: msgspec.to_builtins(each.alpha) for name, each in found.items()}


class LeftTask(Struct, frozen=True, kw_only=True):
    """An item that somebody has opened and left: until the lock ends it is hidden from others."""

    item_id: str | None  # None: not pulled yet
    annotator: str
    since: str
    until: str


def _left_tasks(campaign: CampaignConfig) -> list[LeftTask] | None:
    """Items that somebody has opened and left; None where only another machine's database could tell."""
    directory = studio_directory(campaign.root)
    server = server_status(directory)
    file = studio_file_of(campaign) if campaign.at("studio.json").exists() else None
    if server is None or file is None or not file.is_at(server.url):
        return None
    held = held_tasks(directory, (project.id for project in file.projects), now())
    names = {account.email: name for name, account in read_keys(directory / "keys.json").annotators.items()}
    items = _items_of_tasks(campaign)
    if held is None:
        return None
    return [
        LeftTask(
            item_id=items.get(each.task),
            annotator=names.get(each.email, "somebody"),
            since=each.since,
            until=each.until,
        )
        for each in held
    ]


def _items_of_tasks(campaign: CampaignConfig) -> dict[int, str | None]:
    cursor = known_cursor(campaign.at("pull.json"))
    return {task: item for one in cursor.projects.values() for task, item in one.tasks.items()} if cursor else {}


def _left_lines(left: Sequence[LeftTask] | None) -> Iterable[str]:
    if left:
        named = ", ".join(f"{one.annotator} on {one.item_id} until {one.until[11:16]}" for one in left[:_NAMED])
        yield f"opened and left, so hidden from others for a while: {len(left)}, the oldest {named}"


def _pace_lines(pace: Pace) -> Iterable[str]:
    if pace.people:
        head = ("annotator", "done", "skipped", "left out", "drafts", "hours", "an hour", "last")
        yield from _table([head, *(_person_row(pace, number) for number in range(len(pace.people)))])
    if len(pace.days) > 1:
        days = [
            (day.day, str(day.done), str(day.skipped), str(day.annotators), f"{day.hours:.2f}", _rate(day.per_hour))
            for day in pace.days[-_NAMED:]
        ]
        yield from _table([("day", "done", "skipped", "annotators", "hours", "an hour"), *days])
    if len(pace.rounds) > 1:
        of_round = ("round", "items", "votes", "skipped", "hours", "an hour", "expected end")
        yield from _table([of_round, *(_round_row(one) for one in pace.rounds)])
    if pace.waiting:
        named = ", ".join(f"{one.item_id} ({one.votes} of {one.asked})" for one in pace.waiting[:_NAMED])
        yield f"begun and waiting for votes: {len(pace.waiting)} items, the longest {named}"
    if pace.begun:
        named = ", ".join(f"{one.annotator} on {one.item_id} since {one.since[:16]}" for one in pace.begun[:_NAMED])
        yield f"drafts that nobody submitted: {len(pace.begun)}, the oldest {named}"
    yield f"expected end: {pace.end} ({pace.why})" if pace.end else f"expected end: none; {pace.why}"


def _person_row(pace: Pace, number: int) -> tuple[str, ...]:
    one = pace.people[number]
    counts = (one.done, one.skipped, one.left_out, one.drafts)
    return one.annotator, *map(str, counts), f"{one.hours:.2f}", _rate(one.per_hour), one.last[:16].replace("T", " ")


def _round_row(one: Round) -> tuple[str, ...]:
    votes, end = f"{one.votes} of {one.asked}", one.end or one.why
    return one.round, str(one.items), votes, str(one.skipped), f"{one.hours:.2f}", _rate(one.per_hour), end


def _rate(per_hour: float | None) -> str:
    return "-" if per_hour is None else f"{per_hour:.0f}"


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows as lines with columns of equal width, numbers to the right.

    >>> list(_table([("who", "done"), ("ann", "7")]))
    ['  who  done', '  ann     7']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  " + "  ".join(cells).rstrip()
