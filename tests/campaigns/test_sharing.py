import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.campaigns.sharing import share_items
from toolkit.errors import DataError
from toolkit.records import Item, Target

PEOPLE = ("ann-1", "ann-2", "ann-3", "ann-4")


def items(*votes):
    target = Target(id="gov", title="the government of Selmara")
    made = [
        Item(id=f"item-{n}", unit_id=f"p{n}", article_id="a", target=target, votes=v, selection="all", propensity=1)
        for n, v in enumerate(votes)
    ]
    return {item.id: item for item in made}


@given(st.lists(st.integers(1, 4), max_size=40), st.integers(0, 5))
def test_each_item_has_its_number_of_people_and_all_have_alike_much(votes, seed):
    wanted = items(*votes)
    rows = share_items(wanted, PEOPLE, [], seed)
    assert len({(row.item_id, row.annotator) for row in rows}) == len(rows) == sum(votes)
    for item in wanted.values():
        assert sum(row.item_id == item.id for row in rows) == item.votes
    loads = [sum(row.annotator == name for row in rows) for name in PEOPLE]
    assert max(loads) - min(loads) <= 1


def test_everybody_has_an_order_of_their_own():
    rows = share_items(items(*[4] * 12), PEOPLE, [], 3)
    orders = {name: [row.item_id for row in rows if row.annotator == name] for name in PEOPLE}
    assert all(sorted(order) == sorted(orders["ann-1"]) for order in orders.values())
    assert len({tuple(order) for order in orders.values()}) == 4
    assert [row.position for row in rows if row.annotator == "ann-2"] == list(range(12))


def test_neither_the_order_of_items_nor_that_of_names_matters_but_the_seed_does():
    wanted = items(*[2] * 20)
    backwards = dict(reversed(wanted.items()))
    assert share_items(wanted, PEOPLE, [], 1) == share_items(backwards, PEOPLE[::-1], [], 1)
    assert share_items(wanted, PEOPLE, [], 1) != share_items(wanted, PEOPLE, [], 2)


def test_what_was_given_stays_and_new_items_are_added_behind_it():
    given_before = share_items(items(*[2] * 10), PEOPLE, [], 1)
    new = share_items(items(*[2] * 15), PEOPLE, given_before, 1)
    assert {row.item_id for row in new} == {f"item-{n}" for n in range(10, 15)}
    assert len({(row.annotator, row.position) for row in [*given_before, *new]}) == 30
    assert share_items(items(*[2] * 15), PEOPLE, [*given_before, *new], 1) == []


def test_more_votes_than_people_are_refused():
    with pytest.raises(DataError, match="item-0 is to get 3 votes, but only 2 people are named"):
        share_items(items(3), PEOPLE[:2], [], 1)
