from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import Clustered, SplitRow
from toolkit.splitting.groups import ArticleGroup, added_rows, divide_pool, draw_test_set, group_articles


def groups(n):
    return group_articles([f"a{i:03}" for i in range(n)], [])


def test_near_duplicates_are_one_group():
    clusters = [Clustered(article_id=a, cluster="c", kind="near") for a in ("x", "y")]
    found = group_articles(["z", "y", "x", "x"], clusters)
    assert [(g.name, g.articles) for g in found] == [("c", ("x", "y")), ("z", ("z",))]


def test_every_group_has_the_same_written_chance():
    rows = draw_test_set(groups(10), 0.3, seed=1)
    assert {row.probability for row in rows} == {3 / 10}
    assert sum(row.split == "test" for row in rows) == 3


@given(st.permutations(range(12)))
def test_the_order_of_groups_changes_nothing(order):
    some = groups(12)
    assert draw_test_set([some[i] for i in order], 0.5, 7) == draw_test_set(some, 0.5, 7)


def test_each_group_is_drawn_about_as_often_as_its_chance_says():
    some = groups(8)
    drawn = [row.split == "test" for seed in range(400) for row in draw_test_set(some, 0.25, seed)]
    shares = [sum(drawn[i::8]) / 400 for i in range(8)]
    assert all(0.17 < share < 0.33 for share in shares)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 9), min_size=5), st.integers(0, 99))
def test_validation_has_the_wanted_share_to_within_one_group(sizes, seed):
    taken = divide_pool(sizes, 0.2, seed)
    have, total = sum(sizes[name] for name in taken), sum(sizes.values())
    assert abs(have - 0.2 * total) <= max(sizes.values())


def test_no_pool_gives_no_validation():
    assert divide_pool({}, 0.2, 0) == set()


FIXED = [
    SplitRow(group="a", articles=("a",), split="test", probability=0.5),
    SplitRow(group="b", articles=("b",), split="pool", probability=0.5),
    SplitRow(group="c", articles=("c",), split="pool", probability=0.5),
]


def joined(*groups):
    found = added_rows(FIXED, [ArticleGroup(name=name, articles=articles) for name, articles in groups])
    return [(row.group, row.articles, row.split, row.probability) for row in found]


def test_a_group_that_joins_later_is_never_in_the_test_set():
    assert joined(("a", ("a",)), ("x", ("x", "y"))) == [("x", ("x", "y"), "pool", 0.0)]


def test_a_copy_that_joins_later_goes_where_its_original_is():
    assert joined(("k", ("a", "x"))) == [("a", ("x",), "test", 0.0)]
    assert joined(("k", ("b", "x"))) == [("b", ("x",), "pool", 0.0)]


def test_a_copy_that_would_bridge_two_groups_gets_no_split():
    assert joined(("k", ("a", "b", "x")), ("l", ("b", "c", "y")))[0][1:3] == (("x",), None)
    assert joined(("l", ("b", "c", "y")))[0][1:3] == (("y",), None)
