"""Who has done how much, how fast, and when all will be done: read from the ledger, whenever that was."""

import datetime
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from toolkit.labels.ledger import latest, settle
from toolkit.records import Annotation, Item
from toolkit.times import moment

IDLE = 600.0  # seconds: a longer pause between two answers is no work
WINDOW = 7  # days that the expected end looks back on


class Person(Struct, frozen=True, kw_only=True):
    """What one annotator has done."""

    annotator: str
    done: int  # annotations that count
    skipped: int
    drafts: int
    left_out: int  # submitted, and not counted
    hours: float  # at work, pauses of more than ten minutes left out
    per_hour: float | None  # answers and skips an hour of work; None after a single one
    last: str  # ISO 8601, UTC


class Day(Struct, frozen=True, kw_only=True):
    """What was done on one day (UTC)."""

    day: str
    done: int
    skipped: int
    annotators: int
    hours: float  # at work, all annotators together
    per_hour: float | None  # answers and skips an hour of one annotator's work


class Round(Struct, frozen=True, kw_only=True):
    """How far a round is."""

    round: str
    items: int
    asked: int  # votes
    votes: int  # that count
    skipped: int
    hours: float
    per_hour: float | None
    end: str | None  # the day by which its votes are in, at the rate of the last week
    why: str  # why there is no such day, or what it rests on


class Waiting(Struct, frozen=True, kw_only=True):
    """An item that has some of its votes, and waits for the rest."""

    item_id: str
    votes: int
    asked: int
    since: str  # when its last vote came


class Begun(Struct, frozen=True, kw_only=True):
    """A draft: somebody began an item and did not submit it."""

    item_id: str
    annotator: str
    since: str


class Pace(Struct, frozen=True, kw_only=True):
    """Progress by person, day and round, what is stuck, and when it will be done."""

    people: tuple[Person, ...]
    days: tuple[Day, ...]
    rounds: tuple[Round, ...]
    waiting: tuple[Waiting, ...]  # those that wait longest first
    begun: tuple[Begun, ...]  # the oldest first
    end: str | None  # the day by which all votes are in, at the rate of the last week
    why: str  # why there is no such day, or what it rests on


def pace_of(
    items: Mapping[str, Item], annotations: Iterable[Annotation], now: str, withdrawn: Collection[str] = ()
) -> Pace:
    """Progress by the ledger.

    Args:
        items: of the campaign, by id.
        annotations: the ledger.
        now: this moment, ISO 8601 in UTC.
        withdrawn: items that were taken out.
    """
    items = {name: item for name, item in items.items() if name not in withdrawn}
    states = [state for state in latest(annotations) if state.item_id in items]
    counted = settle(states, items).counted
    votes = Counter(annotation.item_id for annotation in counted)
    missing = sum(max(item.votes - votes[item.id], 0) for item in items.values())
    end, why = _end(counted, missing, _day(now))
    return Pace(
        people=_people(states, counted),
        days=_days(states, counted),
        rounds=_rounds(items, states, counted, _day(now)),
        waiting=_waiting(items, counted, votes),
        begun=_begun(states),
        end=end,
        why=why,
    )


def _people(states: Sequence[Annotation], counted: Sequence[Annotation]) -> tuple[Person, ...]:
    done = Counter(annotation.annotator for annotation in counted)
    by_person: defaultdict[str, list[Annotation]] = defaultdict(list)
    for state in states:
        by_person[state.annotator].append(state)
    return tuple(_person(name, by_person[name], done[name]) for name in sorted(by_person))


def _person(name: str, states: Sequence[Annotation], done: int) -> Person:
    number = Counter(state.state for state in states)
    hours, per_hour = _work(states)
    return Person(
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
    """What each annotator answered or skipped, in its order."""
    found: defaultdict[str, list[Annotation]] = defaultdict(list)
    for state in sorted(states, key=lambda s: (s.created, s.id)):
        if state.state in ("submitted", "skipped"):
            found[state.annotator].append(state)
    return found.values()


def _work(states: Iterable[Annotation]) -> tuple[float, float | None]:
    """The hours that some annotations took, and how many an hour; None where each is its annotator's only one."""
    people = list(_by_annotator(states))
    hours = sum(map(_working_seconds, people)) / 3600
    several = any(len(person) > 1 for person in people)
    rate = sum(map(len, people)) / hours if several and hours else None
    return round(hours, 4), None if rate is None else round(rate, 1)


def _working_seconds(finished: Sequence[Annotation]) -> float:
    """The time between answers; where a pause lies between, the time that the answer itself took."""
    total = sum(_own_seconds(state) for state in finished[:1])
    for before, after in pairwise(finished):
        gap = (moment(after.created) - moment(before.created)).total_seconds()
        total += gap if gap <= IDLE else _own_seconds(after)
    return total


def _own_seconds(state: Annotation) -> float:
    return min(state.seconds or 0.0, IDLE)


def _days(states: Sequence[Annotation], counted: Sequence[Annotation]) -> tuple[Day, ...]:
    done = Counter(_day(annotation.created) for annotation in counted)
    skipped = Counter(_day(state.created) for state in states if state.state == "skipped")
    on_day: defaultdict[str, list[Annotation]] = defaultdict(list)
    for state in states:
        if state.state in ("submitted", "skipped"):
            on_day[_day(state.created)].append(state)
    return tuple(_on_day(day, on_day[day], done[day], skipped[day]) for day in sorted(on_day))


def _on_day(day: str, states: Sequence[Annotation], done: int, skipped: int) -> Day:
    hours, per_hour = _work(states)
    people = len({state.annotator for state in states})
    return Day(day=day, done=done, skipped=skipped, annotators=people, hours=hours, per_hour=per_hour)


def _rounds(
    items: Mapping[str, Item], states: Sequence[Annotation], counted: Sequence[Annotation], today: str
) -> tuple[Round, ...]:
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
) -> Round:
    votes = Counter(annotation.item_id for annotation in counted)
    end, why = _end(counted, sum(max(item.votes - votes[item.id], 0) for item in items.values()), today)
    hours, per_hour = _work(states)
    return Round(
        round=name,
        items=len(items),
        asked=sum(item.votes for item in items.values()),
        votes=len(counted),
        skipped=sum(state.state == "skipped" for state in states),
        hours=hours,
        per_hour=per_hour,
        end=end,
        why=why,
    )


def _waiting(items: Mapping[str, Item], counted: Iterable[Annotation], votes: Mapping[str, int]) -> tuple[Waiting, ...]:
    last: defaultdict[str, str] = defaultdict(str)
    for annotation in counted:
        last[annotation.item_id] = max(last[annotation.item_id], annotation.created)
    found = [
        Waiting(item_id=item, votes=votes[item], asked=items[item].votes, since=since)
        for item, since in last.items()
        if votes[item] < items[item].votes
    ]
    return tuple(sorted(found, key=lambda one: (one.since, one.item_id)))


def _begun(states: Iterable[Annotation]) -> tuple[Begun, ...]:
    drafts = [state for state in states if state.state == "draft"]
    rows = [Begun(item_id=state.item_id, annotator=state.annotator, since=state.updated) for state in drafts]
    return tuple(sorted(rows, key=lambda one: (one.since, one.item_id, one.annotator)))


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
    span = max((day - begin).days + 1, 1)  # a clock that was set back makes the first vote one of tomorrow
    rate = recent / span
    try:
        end = day + datetime.timedelta(days=math.ceil(missing / rate))
    except OverflowError:
        return None, f"at {rate:.2g} votes a day, beyond the calendar"
    return end.isoformat(), f"{missing} votes missing at {rate:.1f} a day ({recent} votes in {span} days)"


def _day(time: str) -> str:
    return time[:10]
