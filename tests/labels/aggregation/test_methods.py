from toolkit.labels.aggregation.methods import compare_methods, swapped_baselines
from toolkit.records import Gold


def gold(method, **labels):
    return [
        Gold(
            item_id=item,
            question="q",
            label=label,
            status="majority" if label else "unresolved",
            method=method,
            n_votes=3,
            votes={},
            soft={},
        )
        for item, label in labels.items()
    ]


def test_items_are_counted_by_who_gives_them_a_label():
    one = gold("majority", a="x", b="x", c=None, d=None, e="y")
    other = gold("model", a="x", b="y", c="x", d=None, e=None)
    (pair,) = compare_methods({"majority": one, "model": other})
    assert (pair.both, pair.only_first, pair.only_second, pair.neither) == (2, 1, 1, 1)
    assert (pair.changed, pair.share, pair.labels) == (1, 1 / 2, {"x -> y": 1})


def test_a_share_of_nothing_is_none():
    (pair,) = compare_methods({"one": gold("one", a="x"), "other": gold("other", a=None)})
    assert pair.share is None


def test_baselines_that_change_places_are_named():
    scores = {"majority": {"tfidf": 0.6, "stupid": 0.5, "odd": None}, "model": {"tfidf": 0.4, "stupid": 0.5, "odd": 1}}
    (swap,) = swapped_baselines(scores)
    assert (swap.first, swap.second, swap.better, swap.worse) == ("majority", "model", "tfidf", "stupid")


def test_equal_scores_are_no_order():
    assert swapped_baselines({"one": {"a": 0.5, "b": 0.5}, "other": {"a": 0.4, "b": 0.5}}) == []
