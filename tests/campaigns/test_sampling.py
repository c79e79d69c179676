from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from toolkit.campaigns.sampling import allocate, stratified_sample
from toolkit.records import Paragraph


def paragraphs(sizes):
    return [
        Paragraph(id=f"{name}{n}", article_id=name, article_version="v", index=n, start=0, end=1, text="x", role="body")
        for name, size in sizes.items()
        for n in range(size)
    ]


SOME = paragraphs({"a": 50, "b": 30, "c": 20})


def draw(count, seed=0, some=SOME):
    return stratified_sample(some, lambda p: p.article_id, count, seed)


def test_each_stratum_gets_its_share_and_the_chance_is_remembered():
    chosen = draw(20)
    assert Counter(one.stratum for one in chosen) == {"a": 10, "b": 6, "c": 4}
    assert {one.propensity for one in chosen} == {1 / 5}


def test_all_are_taken_where_no_number_is_given_or_it_is_not_reached():
    assert len(draw(None)) == len(draw(1000)) == 100
    assert {one.propensity for one in draw(1000)} == {1.0}


def test_input_order_does_not_change_who_is_chosen():
    forwards = {one.paragraph.id for one in draw(20)}
    backwards = {one.paragraph.id for one in draw(20, some=SOME[::-1])}
    assert forwards == backwards


def test_a_larger_sample_holds_the_smaller_one():
    smaller, larger = ({one.paragraph.id for one in draw(count)} for count in (20, 30))
    assert smaller < larger


@given(st.dictionaries(st.text("abcd", min_size=1, max_size=3), st.integers(0, 40), min_size=1), st.integers(0, 200))
def test_an_allocation_never_exceeds_a_stratum_and_adds_up(sizes, count):
    wanted = min(count, sum(sizes.values()))
    shares = allocate(sizes, wanted)
    assert sum(shares.values()) == wanted
    assert all(shares[name] <= size for name, size in sizes.items())
