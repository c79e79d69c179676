from toolkit.campaigns.label_transfer import carry_over
from toolkit.records import Item, Paragraph, Revision, Target


def item(unit, target="t"):
    return Item(
        id=f"i-{unit}-{target}",
        unit_id=unit,
        article_id="x",
        target=Target(id=target, title=target),
        votes=1,
        selection="all",
        propensity=1.0,
    )


def changed(before, after, text="one two three four"):
    kind = "changed" if after else "gone"
    return Revision(article_id="x", kind=kind, similarity=0.9, before=before, after=after, before_text=text)


def paragraphs(texts):
    common = {"article_id": "x", "article_version": "", "index": 0, "start": 0, "end": 0, "role": "body"}
    return [Paragraph(id=name, text=text, **common) for name, text in texts.items()]


def placed(items, history, present, follow_from=None):
    carried = carry_over(items, history, paragraphs(present), follow_from)
    return [item.unit_id for item in carried.items], [(row.kind, row.after, row.follows) for row in carried.outdated]


def test_an_item_whose_paragraph_is_there_stands_whatever_the_history_says():
    assert placed([item("a")], [changed("a", "b"), changed("b", "a")], {"a": ""}) == (["a"], [])
    assert placed([item("a")], [changed("a", "b")], {"a": "", "b": ""}) == (["a"], [])


def test_a_paragraph_is_followed_through_several_edits():
    history = [changed("a", "b"), changed("b", "c"), changed("c", "d", text=None)]
    assert placed([item("a")], history, {"d": "one two three five"}) == ([], [("changed", "d", False)])
    assert placed([item("a")], history, {"d": "one two three five"}, 0.75) == (["d"], [("changed", "d", True)])
    assert placed([item("a")], history, {"d": "one two three five"}, 0.76) == ([], [("changed", "d", False)])


def test_what_is_gone_on_the_way_is_gone():
    assert placed([item("a")], [changed("a", "b"), changed("b", None)], {"c": ""}, 0.1) == ([], [("gone", None, False)])
    assert placed([item("a")], [], {"c": ""}, 0.1) == ([], [("gone", None, False)])


def test_a_paragraph_that_came_back_and_changed_again_is_followed_from_there():
    history = [changed("a", "b", None), changed("b", "a"), changed("a", "c", "five six seven")]
    assert placed([item("a")], history, {"c": "five six seven eight"}, 0.8)[0] == ["c"]


def test_words_that_are_not_known_are_no_reason_to_follow():
    assert placed([item("a")], [changed("a", "b", None)], {"b": "one"}, 0.01) == ([], [("changed", "b", False)])


def test_no_two_items_with_one_target_stand_on_one_paragraph():
    present = {"b": "one two three four"}
    history = [changed("a", "b")]
    assert placed([item("a"), item("b")], history, present, 0.5) == (["b"], [("changed", "b", False)])
    assert placed([item("a"), item("b", "other")], history, present, 0.5)[0] == ["b", "b"]


def test_what_was_the_same_or_moved_changes_nothing():
    row = Revision(article_id="x", kind="moved", similarity=1.0, before="a", after="a", before_text="one")
    assert placed([item("a")], [row, changed("a", "b")], {"b": "one two three four"}, 1.0)[0] == ["b"]
