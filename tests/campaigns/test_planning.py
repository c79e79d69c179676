from collections import Counter

import msgspec

from toolkit.campaigns.planning import added_items, with_overlap
from toolkit.records import Item, Target

TARGET = Target(id="t", title="the government")


def item(n, votes=1, propensity=0.5):
    return Item(
        id=f"i{n}",
        unit_id=f"p{n}",
        article_id="a",
        target=TARGET,
        votes=votes,
        selection="all",
        propensity=propensity,
    )


def test_a_share_of_the_items_gets_more_votes_whatever_their_order():
    some = [item(n) for n in range(50)]
    planned = with_overlap(some, 0.2, 3, seed=1)
    assert Counter(one.votes for one in planned) == {1: 40, 3: 10}
    assert [one.id for one in planned] == [one.id for one in some]
    backwards = with_overlap(some[::-1], 0.2, 3, seed=1)
    assert {one.id for one in backwards if one.votes == 3} == {one.id for one in planned if one.votes == 3}


def test_new_items_join_and_old_ones_are_not_written_again():
    before = [item(1), item(2)]
    assert added_items(before, [item(2), item(3), item(1)]) == [item(3)]
    assert added_items(before, before) == []


def test_a_changed_chance_is_written_again_and_the_number_of_votes_is_not_changed():
    assert added_items([item(1, votes=3)], [item(1, votes=1, propensity=0.75)]) == [item(1, votes=3, propensity=0.75)]


def test_a_plan_that_takes_an_item_away_or_changes_it_does_not_join():
    other = msgspec.structs.replace(item(1), target=Target(id="t", title="the opposition"))
    assert added_items([item(1), item(2)], [item(1)]) is None
    assert added_items([item(1)], [other]) is None
