from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.campaigns.assignment import assign, current_assignments
from toolkit.errors import DataError
from toolkit.records import Item, Target

PEOPLE = ("ann", "ben", "cleo", "dora")


def items(count, votes=2, name="i"):
    target = Target(id="t", title="the government")
    return [
        Item(
            id=f"{name}{n}",
            unit_id=f"p{n}",
            article_id="a",
            target=target,
            votes=votes,
            selection="all",
            propensity=1.0,
        )
        for n in range(count)
    ]


def test_each_item_gets_its_votes_from_different_people_and_loads_are_level():
    rows = assign(items(60, votes=2), PEOPLE, seed=1)
    assert set(Counter(row.item_id for row in rows).values()) == {2}
    assert len({(row.item_id, row.annotator) for row in rows}) == 120
    assert set(Counter(row.annotator for row in rows).values()) == {30}


def test_everybody_shares_items_with_everybody():
    rows = assign(items(60, votes=2), PEOPLE, seed=1)
    of = {name: {row.item_id for row in rows if row.annotator == name} for name in PEOPLE}
    together = [len(of[one] & of[other]) for one, other in combinations(PEOPLE, 2)]
    assert min(together) >= 7  # ten each would be level: 60 pairs among 6


def test_each_has_an_order_of_their_own():
    rows = assign(items(20, votes=4), PEOPLE, seed=1)
    orders = {name: tuple(row.item_id for row in rows if row.annotator == name) for name in PEOPLE}
    assert len(set(orders.values())) == 4
    for name in PEOPLE:
        assert [row.position for row in rows if row.annotator == name] == list(range(20))


def test_what_was_assigned_stays_and_new_items_come_behind():
    first = assign(items(10), PEOPLE, seed=1)
    more = assign([*items(10), *items(6, name="new")], PEOPLE, seed=1, before=first)
    assert {row.item_id for row in more} == {f"new{n}" for n in range(6)}
    last = {row.annotator: row.position for row in first}
    assert all(row.position > last[row.annotator] for row in more)


def test_a_second_run_adds_nothing():
    first = assign(items(10), PEOPLE, seed=1)
    assert assign(items(10), PEOPLE, seed=1, before=first) == []


def test_who_joins_late_takes_over_what_somebody_left_unanswered():
    first = assign(items(12, votes=1), ("ann", "ben"), seed=1)
    done = {(row.item_id, "ben") for row in first if row.annotator == "ben" and row.position < 2}
    more = assign(items(12, votes=1), ("ann", "cleo"), seed=1, before=first, answered=done)
    open_of_ben = {row.item_id for row in first if row.annotator == "ben"} - {item for item, _ in done}
    assert {row.item_id for row in more} == open_of_ben
    assert "ben" not in {row.annotator for row in more}
    held = current_assignments([*first, *more], ("ann", "cleo"), done)
    assert set(Counter(row.item_id for row in held).values()) == {1}


def test_more_votes_than_annotators_are_refused():
    with pytest.raises(DataError, match=r"an item needs 5 votes, and 4 annotators are named"):
        assign(items(1, votes=5), PEOPLE, seed=1)


@given(st.permutations(items(9, votes=3)), st.permutations(PEOPLE))
def test_the_order_of_items_and_names_changes_nothing_but_ties(some, people):
    rows = assign(some, PEOPLE, seed=3)
    assert rows == assign(items(9, votes=3), PEOPLE, seed=3)
    assert set(Counter(row.item_id for row in assign(some, people, seed=3)).values()) == {3}
