import pytest

from toolkit.records import Gold
from toolkit.report.facts import label_shares, unresolved_share


def gold(item, label):
    status = "majority" if label else "unresolved"
    return Gold(item_id=item, question="q", label=label, status=status, method="majority", n_votes=3, votes={}, soft={})


ROWS = [gold("a1", "yes"), gold("a2", "no"), gold("b1", "yes"), gold("b2", None)]
CLUSTERS = {"a1": "a", "a2": "a", "b1": "b", "b2": "b"}
EQUAL = dict.fromkeys(CLUSTERS, 1.0)


def test_shares_are_among_the_items_that_have_a_label():
    found = label_shares(ROWS, ("yes", "no", "never"), CLUSTERS, EQUAL, seed=0)
    assert {label: share.value for label, share in found.items()} == {"yes": 2 / 3, "no": 1 / 3, "never": 0}
    assert (found["yes"].n, found["yes"].clusters) == (3, 2)


def test_an_item_counts_with_the_inverse_of_its_chance():
    found = label_shares(ROWS, ("yes", "no"), CLUSTERS, EQUAL | {"a2": 0.25}, seed=0)
    assert found["no"].value == pytest.approx(4 / 6)


def test_the_interval_resamples_whole_clusters():
    share = label_shares(ROWS, ("yes",), CLUSTERS, EQUAL, seed=0)["yes"]
    # Of two clusters a resample is a twice (1/2), both (2/3) or b twice (1).
    assert (share.low, share.high) == (0.5, 1.0)


def test_the_unresolved_share_is_among_all_items():
    share = unresolved_share(ROWS, CLUSTERS, EQUAL, seed=0)
    assert (share.value, share.n) == (1 / 4, 4)


def test_the_order_of_the_rows_changes_nothing():
    assert label_shares(ROWS[::-1], ("yes",), CLUSTERS, EQUAL, 3) == label_shares(ROWS, ("yes",), CLUSTERS, EQUAL, 3)


def test_shares_of_nothing_are_undefined_with_a_reason():
    assert label_shares([gold("b2", None)], ("yes",), CLUSTERS, EQUAL, 0)["yes"].reason == "no items to count"
