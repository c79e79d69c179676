import pytest
from msgspec.structs import replace

from toolkit.campaigns.progress import pace_of
from toolkit.campaigns.state import MayBeAsked, state_of
from toolkit.records import Annotation, Item, Target

ITEMS = {
    f"i{n}": Item(
        id=f"i{n}",
        unit_id=f"p{n}",
        article_id="a",
        target=Target(id="t", title="the government"),
        votes=2,
        round="pilot" if n < 2 else "main",
        selection="all",
        propensity=1.0,
    )
    for n in range(6)
}


def seen(item, annotator="ann", at="2026-03-02T10:00:00", state="submitted", seconds=30.0):
    at += ".000000Z"
    return Annotation(
        id=f"{item}{annotator}",
        item_id=item,
        annotator=annotator,
        state=state,
        answers={"stance": "neutral"} if state == "submitted" else {},
        seconds=seconds,
        created=at,
        updated=at,
        observed=at,
        codebook="c@1#x",
    )


def pace(*states, now="2026-03-02T12:00:00Z"):
    return pace_of(ITEMS, states, now)


def test_a_pause_is_no_work():
    found = pace(
        seen("i0", at="2026-03-02T10:00:00"),
        seen("i1", at="2026-03-02T10:01:30"),
        seen("i2", at="2026-03-02T11:30:00"),  # after a long pause: its own 30 seconds
    )
    person = found.people[0]
    assert person.hours == pytest.approx((30 + 90 + 30) / 3600, abs=1e-4)
    assert person.per_hour == pytest.approx(3 / (150 / 3600), abs=0.2)


def test_one_answer_has_no_pace():
    assert pace(seen("i0")).people[0].per_hour is None


def test_skips_drafts_and_what_does_not_count_are_told_apart():
    found = pace(seen("i0"), seen("i1", state="skipped"), seen("i2", state="draft"), seen("unknown"))
    person = found.people[0]
    assert (person.done, person.skipped, person.drafts, person.left_out) == (1, 1, 1, 0)
    assert [(one.item_id, one.annotator) for one in found.begun] == [("i2", "ann")]


def test_rounds_and_days_are_counted_apart():
    found = pace(seen("i0"), seen("i0", "ben", at="2026-03-03T10:00:00"), seen("i4", at="2026-03-03T10:00:00"))
    assert [(one.round, one.items, one.asked, one.votes) for one in found.rounds] == [
        ("pilot", 2, 4, 2),
        ("main", 4, 8, 1),
    ]
    assert [(one.day, one.done, one.annotators) for one in found.days] == [("2026-03-02", 1, 1), ("2026-03-03", 2, 2)]


def test_each_day_and_each_round_has_its_pace_its_skips_and_its_end():
    found = pace(
        seen("i0", at="2026-03-02T10:00:00"),
        seen("i1", at="2026-03-02T10:01:00", state="skipped"),
        seen("i4", at="2026-03-02T10:02:00"),
        seen("i5", at="2026-03-03T10:00:00"),
        seen("i0", "ben", at="2026-03-03T10:00:00"),
        now="2026-03-03T20:00:00Z",
    )
    first, second = found.days
    assert (first.skipped, first.annotators, first.per_hour) == (1, 1, pytest.approx(3 / (150 / 3600), abs=0.1))
    assert (second.hours, second.per_hour) == (pytest.approx(60 / 3600, abs=1e-4), None)  # two people, an answer each
    pilot, main = found.rounds
    assert (pilot.skipped, pilot.votes, pilot.end) == (1, 2, None)  # too few votes for a forecast
    assert (main.skipped, main.votes, main.end) == (0, 2, None)
    assert main.hours == pytest.approx((30 + 30) / 3600, abs=1e-4)


def test_items_that_wait_are_named_the_longest_waiting_first():
    found = pace(seen("i3", at="2026-03-02T11:00:00"), seen("i1"), seen("i2"), seen("i2", "ben"))
    assert [(one.item_id, one.votes, one.asked) for one in found.waiting] == [("i1", 1, 2), ("i3", 1, 2)]


def of_days(days, a_day):
    """So many votes a day from 2 March on, as many items as votes, and as many again without one."""
    names = [f"i{n}" for n in range(2 * days * a_day)]
    items = {name: replace(ITEMS["i0"], id=name, votes=1) for name in names}
    states = [
        seen(f"i{day * a_day + n}", at=f"2026-03-{day + 2:02}T10:00:00") for day in range(days) for n in range(a_day)
    ]
    return items, states


def test_the_end_follows_from_the_rate_of_the_last_week():
    items, states = of_days(2, 20)
    expected = pace_of(items, states, "2026-03-03T23:00:00Z")
    assert expected.end == "2026-03-05"  # 40 votes missing at 20 a day
    assert expected.reason == "40 votes missing at 20.0 a day (40 votes in 2 days)"


@pytest.mark.parametrize(
    ("days", "a_day", "now", "reason"),
    [
        (1, 40, "2026-03-02T23:00:00Z", "the votes are of one day; 2 are needed"),
        (2, 14, "2026-03-03T23:00:00Z", "28 votes; 30 are needed"),
        (1, 1, "2026-04-02T12:00:00Z", "no votes in the last 7 days"),
    ],
)
def test_no_end_is_forecast_from_a_first_evening_or_a_few_votes(days, a_day, now, reason):
    items, states = of_days(days, a_day)
    expected = pace_of(items, states, now)
    assert (expected.end, expected.reason) == (None, reason)


@pytest.mark.parametrize(
    ("states", "now", "why"),
    [
        ([], "2026-03-02T12:00:00Z", "no votes yet"),
        ([seen(i, who) for i in ITEMS for who in ("ann", "ben")], "2026-03-02T12:00:00Z", "all votes are in"),
    ],
)
def test_where_there_is_no_end_the_reason_is_said(states, now, why):
    found = pace(*states, now=now)
    assert (found.end, found.reason) == (None, why)


def test_a_clock_that_was_set_back_breaks_nothing():
    items, states = of_days(2, 20)
    assert pace_of(items, states, "2026-03-02T12:00:00Z").end is None


TWO = {name: ITEMS[name] for name in ("i1", "i2")}


def asked_of(answers, pairs=(), **more):
    return state_of(TWO, answers, asked=MayBeAsked(pairs=frozenset(pairs), **more))


def test_who_has_answered_says_nothing_about_who_may_still_be_asked():
    state = asked_of([seen("i1", "ann"), seen("i2", "ann")])
    assert (state.open_items, state.short_items, state.is_complete) == (2, 0, False)


def test_an_item_is_open_as_long_as_an_assigned_annotator_has_not_seen_it():
    answers = [seen("i1", "ann"), seen("i2", "ann")]
    pairs = [("i1", "ann"), ("i1", "bo"), ("i2", "ann")]
    state = asked_of(answers, pairs)
    assert (state.open_items, state.short_items) == (1, 1)
    state = asked_of([*answers, seen("i1", "bo"), seen("i2", "bo")], pairs)
    assert (state.open_items, state.short_items, state.votes, state.is_complete) == (0, 0, 4, True)


def test_an_item_of_a_queue_is_open_as_long_as_an_account_has_not_seen_it():
    answers = [seen("i1", "ann"), seen("i2", "ann")]
    three = frozenset({"ann", "bo", "cleo"})
    assert asked_of(answers, is_queue=True, accounts=three).open_items == 2
    assert asked_of(answers, is_queue=True, accounts=frozenset({"ann"})).short_items == 2
    assert asked_of(answers, is_queue=True, accounts=None).open_items == 2
    assert asked_of([], is_queue=True, accounts=frozenset()).open_items == 2
