"""Progress of a campaign from its ledger: withdrawn items, annotators, pace and expected end."""

import datetime
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from toolkit.errors import UsageError
from toolkit.labels.ledger import latest, settle
from toolkit.records import Annotation, Item, Withdrawal
from toolkit.runs import ResultTable
from toolkit.times import moment, now
from toolkit.words import plural

# --- withdrawn items -------------------------------------------------------------------------------------------------


def withdrawals(
    item_ids: Sequence[str], items: Container[str], withdrawn: Container[str], reason: str
) -> list[Withdrawal]:
    """Return the rows that withdraw items; an item that is already withdrawn gets none.

    Raises:
        UsageError: the campaign has no such item, or the reason is empty.
    """
    _check_withdrawal(item_ids, items, reason)
    time = now()
    names = [name for name in dict.fromkeys(item_ids) if name not in withdrawn]
    return [Withdrawal(item_id=name, reason=reason, time=time) for name in names]


def restorations(
    item_ids: Sequence[str], items: Container[str], withdrawn: Container[str], reason: str
) -> list[Withdrawal]:
    """Return the rows that revoke withdrawals; the answers of these items count again.

    Raises:
        UsageError: the campaign has no such item, the item is not withdrawn, or the reason is empty.
    """
    _check_withdrawal(item_ids, items, reason)
    for name in item_ids:
        if name not in withdrawn:
            raise UsageError(f"withdrawn.jsonl: item {name!r} is not withdrawn; nothing was changed")
    time = now()
    return [Withdrawal(item_id=name, reason=reason, time=time, restored=True) for name in dict.fromkeys(item_ids)]


def _check_withdrawal(item_ids: Sequence[str], items: Container[str], reason: str) -> None:
    if not reason.strip():
        raise UsageError("withdrawing and restoring items needs a reason, which is kept with them; give it by --reason")
    for name in item_ids:
        if name not in items:
            raise UsageError(f"items.jsonl: no item {name!r}; the file has the ids of all items")


# --- pace ------------------------------------------------------------------------------------------------------------

IDLE = 600.0  # seconds; a longer pause between two answers is not working time
WINDOW = 7  # days of votes that the expected end is computed from
FEWEST_DAYS, FEWEST_VOTES = 2, 30  # before which no end is expected: a first evening says nothing about a week


class AnnotatorPace(Struct, frozen=True, kw_only=True):
    """The work of one annotator."""

    annotator: str
    done: int  # annotations that count
    skipped: int
    drafts: int
    left_out: int  # submitted annotations that do not count
    hours: float  # of work, without pauses of more than ten minutes
    per_hour: float | None  # answers and skips an hour of work; None after a single one
    last: str  # ISO 8601, UTC


class DayPace(Struct, frozen=True, kw_only=True):
    """The work of one day (UTC)."""

    day: str
    done: int
    skipped: int
    annotators: int
    hours: float  # of work, summed over annotators
    per_hour: float | None  # answers and skips an hour of one annotator's work


class RoundPace(Struct, frozen=True, kw_only=True):
    """The progress of one round."""

    round: str
    items: int
    asked: int  # votes
    votes: int  # votes that count
    skipped: int
    hours: float
    per_hour: float | None
    end: str | None  # the expected day of the last vote of the round, at the rate of the last week
    reason: str  # why there is no expected day, or how it was computed


class WaitingItem(Struct, frozen=True, kw_only=True):
    """An item with some of its votes, but not all."""

    item_id: str
    votes: int
    asked: int
    since: str  # time of the last vote


class OpenDraft(Struct, frozen=True, kw_only=True):
    """A draft: an annotation that was started and not submitted."""

    item_id: str
    annotator: str
    since: str


class Pace(Struct, frozen=True, kw_only=True):
    """Progress by annotator, day and round, with stuck items and the expected end."""

    people: tuple[AnnotatorPace, ...]  # by name
    days: tuple[DayPace, ...]
    rounds: tuple[RoundPace, ...]
    waiting: tuple[WaitingItem, ...]  # longest wait first
    begun: tuple[OpenDraft, ...]  # oldest first
    end: str | None  # the expected day of the last vote, at the rate of the last week
    reason: str  # why there is no expected day, or how it was computed


def pace_of(
    items: Mapping[str, Item], annotations: Iterable[Annotation], now: str, withdrawn: Collection[str] = ()
) -> Pace:
    """Compute the progress from the ledger.

    Args:
        items: the items of the campaign, by id.
        annotations: the ledger.
        now: the current time, ISO 8601 in UTC.
        withdrawn: withdrawn items.
    """
    states = latest(annotations)
    return pace_of_votes(items, states, settle(states, items, None, withdrawn).counted, now, withdrawn)


def pace_of_votes(
    items: Mapping[str, Item],
    states: Iterable[Annotation],
    counted: Sequence[Annotation],
    now: str,
    withdrawn: Collection[str],
) -> Pace:
    """Compute the progress from settled annotations.

    Args:
        items: the items of the campaign, by id.
        states: the latest state of each annotation.
        counted: the annotations that count.
        now: the current time, ISO 8601 in UTC.
        withdrawn: withdrawn items.
    """
    items = {name: item for name, item in items.items() if name not in withdrawn}
    states = [state for state in states if state.item_id in items]
    votes = Counter(annotation.item_id for annotation in counted)
    missing = sum(max(item.votes - votes[item.id], 0) for item in items.values())
    end, reason = _end(counted, missing, _day(now))
    return Pace(
        people=_people(states, counted),
        days=_days(states, counted),
        rounds=_rounds(items, states, counted, _day(now)),
        waiting=_waiting(items, counted, votes),
        begun=_begun(states),
        end=end,
        reason=reason,
    )


def _people(states: Sequence[Annotation], counted: Sequence[Annotation]) -> tuple[AnnotatorPace, ...]:
    done = Counter(annotation.annotator for annotation in counted)
    by_person: defaultdict[str, list[Annotation]] = defaultdict(list)
    for state in states:
        by_person[state.annotator].append(state)
    return tuple(_person(name, by_person[name], done[name]) for name in sorted(by_person))


def _person(name: str, states: Sequence[Annotation], done: int) -> AnnotatorPace:
    number = Counter(state.state for state in states)
    hours, per_hour = _work(states)
    return AnnotatorPace(
        annotator=name,
        done=done,
        skipped=number["skipped"],
        drafts=number["draft"],
        left_out=number["submitted"] - done,
        hours=hours,
        per_hour=per_hour,
        last=max(state.created for state in states),
    )


def _by_annotator(states: Iterable[Annotation]) -> Iterable[list[Annotation]]:
    """Return the answers and skips of each annotator, by time."""
    by_annotator: defaultdict[str, list[Annotation]] = defaultdict(list)
    for state in sorted(states, key=lambda s: (s.created, s.id)):
        if state.state in ("submitted", "skipped"):
            by_annotator[state.annotator].append(state)
    return by_annotator.values()


def _work(states: Iterable[Annotation]) -> tuple[float, float | None]:
    """Return the hours of work and the annotations per hour; None where no annotator has two annotations."""
    people = list(_by_annotator(states))
    hours = sum(map(_working_seconds, people)) / 3600
    several = any(len(person) > 1 for person in people)
    rate = sum(map(len, people)) / hours if several and hours else None
    return round(hours, 4), None if rate is None else round(rate, 1)


def _working_seconds(finished: Sequence[Annotation]) -> float:
    """Sum the seconds between answers; after a pause, the lead time of the answer counts instead."""
    total = sum(_own_seconds(state) for state in finished[:1])
    for before, after in pairwise(finished):
        gap = (moment(after.created) - moment(before.created)).total_seconds()
        total += gap if gap <= IDLE else _own_seconds(after)
    return total


def _own_seconds(state: Annotation) -> float:
    return min(state.seconds or 0.0, IDLE)


def _days(states: Sequence[Annotation], counted: Sequence[Annotation]) -> tuple[DayPace, ...]:
    done = Counter(_day(annotation.created) for annotation in counted)
    skipped = Counter(_day(state.created) for state in states if state.state == "skipped")
    on_day: defaultdict[str, list[Annotation]] = defaultdict(list)
    for state in states:
        if state.state in ("submitted", "skipped"):
            on_day[_day(state.created)].append(state)
    return tuple(_on_day(day, on_day[day], done[day], skipped[day]) for day in sorted(on_day))


def _on_day(day: str, states: Sequence[Annotation], done: int, skipped: int) -> DayPace:
    hours, per_hour = _work(states)
    people = len({state.annotator for state in states})
    return DayPace(day=day, done=done, skipped=skipped, annotators=people, hours=hours, per_hour=per_hour)


def _rounds(
    items: Mapping[str, Item], states: Sequence[Annotation], counted: Sequence[Annotation], today: str
) -> tuple[RoundPace, ...]:
    by_round: defaultdict[str, dict[str, Item]] = defaultdict(dict)
    for item in items.values():
        by_round[item.round][item.id] = item
    return tuple(
        _round(
            name,
            members,
            [s for s in states if s.item_id in members],
            [c for c in counted if c.item_id in members],
            today,
        )
        for name, members in by_round.items()
    )


def _round(
    name: str, items: Mapping[str, Item], states: Sequence[Annotation], counted: Sequence[Annotation], today: str
) -> RoundPace:
    votes = Counter(annotation.item_id for annotation in counted)
    end, reason = _end(counted, sum(max(item.votes - votes[item.id], 0) for item in items.values()), today)
    hours, per_hour = _work(states)
    return RoundPace(
        round=name,
        items=len(items),
        asked=sum(item.votes for item in items.values()),
        votes=len(counted),
        skipped=sum(state.state == "skipped" for state in states),
        hours=hours,
        per_hour=per_hour,
        end=end,
        reason=reason,
    )


def _waiting(
    items: Mapping[str, Item], counted: Iterable[Annotation], votes: Mapping[str, int]
) -> tuple[WaitingItem, ...]:
    last: defaultdict[str, str] = defaultdict(str)
    for annotation in counted:
        last[annotation.item_id] = max(last[annotation.item_id], annotation.created)
    rows = [
        WaitingItem(item_id=item, votes=votes[item], asked=items[item].votes, since=since)
        for item, since in last.items()
        if votes[item] < items[item].votes
    ]
    return tuple(sorted(rows, key=lambda row: (row.since, row.item_id)))


def _begun(states: Iterable[Annotation]) -> tuple[OpenDraft, ...]:
    drafts = [state for state in states if state.state == "draft"]
    rows = [OpenDraft(item_id=state.item_id, annotator=state.annotator, since=state.updated) for state in drafts]
    return tuple(sorted(rows, key=lambda row: (row.since, row.item_id, row.annotator)))


def _end(counted: Sequence[Annotation], missing: int, today: str) -> tuple[str | None, str]:
    if not missing:
        return None, "all votes are in"
    if not counted:
        return None, "no votes yet"
    first = min(_day(annotation.created) for annotation in counted)
    day = datetime.date.fromisoformat(today)
    begin = max(datetime.date.fromisoformat(first), day - datetime.timedelta(days=WINDOW - 1))
    recent = sum(_day(annotation.created) >= begin.isoformat() for annotation in counted)
    if not recent:
        return None, f"no votes in the last {WINDOW} days"
    if (day - datetime.date.fromisoformat(first)).days + 1 < FEWEST_DAYS:
        return None, f"the votes are of one day; {FEWEST_DAYS} are needed"
    if len(counted) < FEWEST_VOTES:
        return None, f"{plural(len(counted), 'vote')}; {FEWEST_VOTES} are needed"
    span = max((day - begin).days + 1, 1)  # if a clock was set back, the first vote may lie in the future
    rate = recent / span
    try:
        end = day + datetime.timedelta(days=math.ceil(missing / rate))
    except OverflowError:
        return None, f"at {rate:.2g} votes a day, beyond the calendar"
    return end.isoformat(), f"{missing} votes missing at {rate:.1f} a day ({recent} votes in {span} days)"


def _day(time: str) -> str:
    return time[:10]


# --- pace as text ----------------------------------------------------------------------------------------------------

_NAMED = 5  # entries of a long list that the text names; the JSON output has all
_ANNOTATOR_HEAD = ("annotator", "done", "skipped", "left out", "drafts", "hours", "per hour", "last")
_DAY_HEAD = ("day", "done", "skipped", "annotators", "hours", "per hour")
_ROUND_HEAD = ("round", "items", "votes", "skipped", "hours", "per hour", "expected end")


def pace_lines(pace: Pace) -> Iterator[str]:
    """Format waiting items, open drafts and the expected end as lines of text."""
    if pace.waiting:
        named = ", ".join(f"{row.item_id} ({row.votes} of {row.asked})" for row in pace.waiting[:_NAMED])
        yield f"{plural(len(pace.waiting), 'item')} with some of the votes, the oldest first: {named}"
    if pace.begun:
        named = ", ".join(f"{row.annotator} on {row.item_id} since {row.since[:16]}" for row in pace.begun[:_NAMED])
        yield f"{plural(len(pace.begun), 'draft')} not submitted, the oldest first: {named}"
    yield f"expected end: {pace.end} ({pace.reason})" if pace.end else f"expected end: none; {pace.reason}"


def pace_tables(pace: Pace) -> tuple[ResultTable, ...]:
    """Return the progress as tables: by annotator, by day and, where there are several rounds, by round."""
    tables = []
    if pace.people:
        tables.append(ResultTable(columns=_ANNOTATOR_HEAD, rows=tuple(map(_annotator_row, pace.people))))
    if len(pace.days) > 1:
        tables.append(ResultTable(columns=_DAY_HEAD, rows=tuple(map(_day_row, pace.days[-_NAMED:]))))
    if len(pace.rounds) > 1:
        tables.append(ResultTable(columns=_ROUND_HEAD, rows=tuple(map(_round_row, pace.rounds))))
    return tuple(tables)


def _annotator_row(row: AnnotatorPace) -> tuple[str, ...]:
    counts = (row.done, row.skipped, row.left_out, row.drafts)
    return row.annotator, *map(str, counts), f"{row.hours:.2f}", _rate(row.per_hour), row.last[:16].replace("T", " ")


def _day_row(row: DayPace) -> tuple[str, ...]:
    counts = (row.done, row.skipped, row.annotators)
    return row.day, *map(str, counts), f"{row.hours:.2f}", _rate(row.per_hour)


def _round_row(row: RoundPace) -> tuple[str, ...]:
    votes, end = f"{row.votes} of {row.asked}", row.end or row.reason
    return row.round, str(row.items), votes, str(row.skipped), f"{row.hours:.2f}", _rate(row.per_hour), end


def _rate(per_hour: float | None) -> str:
    return "-" if per_hour is None else f"{per_hour:.0f}"
