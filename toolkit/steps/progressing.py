"""How far the annotation of a campaign is."""

from collections.abc import Iterable, Sequence

import msgspec

from toolkit.campaigns.pace import Pace, pace_of
from toolkit.campaigns.progress import CampaignState, state_line, state_of
from toolkit.labels.agreement import QuestionAgreement
from toolkit.labels.ledger import latest, stale_counts
from toolkit.runs import now
from toolkit.steps.agreeing import agreement_of, alpha_line
from toolkit.steps.common import Outcome, items_of, ledger_of, withdrawn_of
from toolkit.steps.studio import studio_file_of
from toolkit.steps.votes import counted_votes
from toolkit.workspace import Campaign

_NAMED = 5  # of a long list, how many are named in the text; the facts have all


def campaign_state(campaign: Campaign) -> CampaignState:
    """How far the annotation is, by the ledger as it was last pulled."""
    return state_of(items_of(campaign), ledger_of(campaign), withdrawn_of(campaign))


def status_step(campaign: Campaign) -> Outcome:
    """How far the annotation is and where it goes on; reads the ledger, asks no server."""
    file, state = studio_file_of(campaign), campaign_state(campaign)
    ledger, withdrawn = ledger_of(campaign), withdrawn_of(campaign)
    pace = pace_of(items_of(campaign), ledger, now(), withdrawn)
    stale = stale_counts(latest(ledger), campaign.codebook.ref)
    found = _agreement(campaign) if state.votes else {}
    urls = ", ".join(project.url for project in file.projects)
    lines = [f"{state_line(state)}; {urls}", *_pace_lines(pace), *(alpha_line(*each) for each in found.items())]
    lines += [f"{number} annotations were given to an earlier codebook, {ref}" for ref, number in stale.items()]
    facts = {
        "schema": 1,
        **msgspec.to_builtins(state),
        "stale": stale,
        "withdrawn": len(withdrawn),
        "pace": msgspec.to_builtins(pace),
        "agreement": {name: msgspec.to_builtins(each.alpha) for name, each in found.items()},
    }
    return Outcome(line="\n".join(lines), facts=facts)


def _agreement(campaign: Campaign) -> dict[str, QuestionAgreement]:
    _, votes = counted_votes(campaign)
    return agreement_of(votes, campaign.codebook, campaign.file.seed)


def _pace_lines(pace: Pace) -> Iterable[str]:
    if pace.people:
        head = ("annotator", "done", "skipped", "left out", "drafts", "hours", "an hour", "last")
        yield from _table([head, *(_person_row(pace, number) for number in range(len(pace.people)))])
    if len(pace.days) > 1:
        days = [(day.day, str(day.done), str(day.skipped), str(day.annotators)) for day in pace.days[-_NAMED:]]
        yield from _table([("day", "done", "skipped", "annotators"), *days])
    if len(pace.rounds) > 1:
        rounds = [(one.round, str(one.items), f"{one.votes} of {one.asked}") for one in pace.rounds]
        yield from _table([("round", "items", "votes"), *rounds])
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
    per_hour = "-" if one.per_hour is None else f"{one.per_hour:.0f}"
    return one.annotator, *map(str, counts), f"{one.hours:.2f}", per_hour, one.last[:16].replace("T", " ")


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows as lines with columns of equal width, numbers to the right.

    >>> list(_table([("who", "done"), ("ann", "7")]))
    ['  who  done', '  ann     7']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  " + "  ".join(cells).rstrip()
