import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import Article
from toolkit.segmentation.revisions import compare_versions, revisions
from toolkit.segmentation.segmenter import segment_article

STORY = [
    "The ferry sailed at noon on Friday with forty people and a goat on board.",
    "Nobody had stopped waiting for it, said the harbour master at the bell.",
    "Nine winters ago the pier sank, and the company and the timetable with it.",
    "A second boat is promised for the autumn if the yard is paid before.",
]
words = st.lists(
    st.sampled_from(["ferry", "goat", "pier", "bell", "yard", "boat", "quay", "fog", "lamp"]), min_size=1, max_size=6
)
stories = st.lists(words.map(" ".join), max_size=7)


def paragraphs(texts):
    return segment_article(Article(id="a", version=str(len(texts)), text="\n\n".join(texts)))


def kinds(before, after):
    return [change.kind for change in compare_versions(paragraphs(before), paragraphs(after))]


def test_an_article_that_nobody_touched_is_the_same():
    assert kinds(STORY, STORY) == ["same"] * 4


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([*STORY[:2], "Correction: the goat was white.", *STORY[2:]], ["same", "same", "new", "same", "same"]),
        ([STORY[0], *STORY[2:]], ["same", "same", "same", "gone"]),
        ([STORY[3], *STORY[:3]], ["moved", "same", "same", "same"]),
        ([STORY[0].replace("noon", "nine"), *STORY[1:]], ["changed", "same", "same", "same"]),
        (["Something else was printed here."], ["new", "gone", "gone", "gone", "gone"]),
        ([STORY[0].upper() + "!", *STORY[1:]], ["same"] * 4),
        ([], ["gone"] * 4),
    ],
)
def test_each_edit_has_its_name(after, expected):
    assert kinds(STORY, after) == expected


def test_a_paragraph_with_other_spaces_is_the_same():
    before, after = paragraphs(STORY), paragraphs([text.replace(" ", "\u00a0") for text in STORY])
    assert [change.kind for change in compare_versions(before, after)] == ["same"] * 4


def test_of_two_likely_ancestors_the_likest_is_taken():
    before = paragraphs([STORY[0], STORY[0].replace("goat", "sheep").replace("noon", "nine")])
    after = paragraphs([STORY[0].replace("goat", "sheep")])
    change, gone = compare_versions(before, after)
    assert (change.kind, change.before, gone.kind) == ("changed", before[0].id, "gone")


def test_each_change_has_the_ids_of_the_paragraph_before_and_after():
    before, after = paragraphs(STORY), paragraphs([STORY[3], STORY[0].replace("noon", "nine"), STORY[1]])
    changes = compare_versions(before, after)
    after_of = {change.before: (change.kind in ("same", "moved"), change.after) for change in changes}
    assert after_of == {
        before[3].id: (True, after[0].id),
        before[1].id: (True, after[2].id),
        before[0].id: (False, after[1].id),
        before[2].id: (False, None),
    }


def test_a_changed_paragraph_is_known_in_a_script_without_spaces():
    before, after = (
        ["渡し船は金曜日の正午に四十人の客を乗せて港を出た。"],
        ["渡し船は土曜日の正午に四十人の客を乗せて港を出た。"],
    )
    assert kinds(before, after) == ["changed"]


def test_a_revision_has_both_places_and_both_texts():
    before, after = paragraphs(STORY[:2]), paragraphs(["New on top.", STORY[0].replace("goat", "sheep")])
    added, changed, gone = revisions("a", before, after)
    assert (added.kind, added.before, added.before_start, added.after_start) == ("new", None, None, 0)
    assert (changed.before_start, changed.after_start) == (0, len("New on top.") + 2)
    assert (changed.before_text, changed.after_text) == (before[0].text, after[1].text)
    assert (gone.after, gone.before_end) == (None, before[1].end)


def test_equal_paragraphs_are_paired_one_to_one():
    assert kinds(["More soon."] * 3, ["More soon."] * 2) == ["same", "same", "gone"]


@given(stories, stories)
def test_every_paragraph_of_both_versions_is_named_exactly_once(before, after):
    old, new = paragraphs(before), paragraphs(after)
    changes = compare_versions(old, new)
    assert sorted(c.before for c in changes if c.before) == sorted(p.id for p in old)
    assert [c.after for c in changes if c.after] == [p.id for p in new]


@given(stories)
def test_what_was_only_put_in_another_order_is_the_same_or_moved(story):
    assert set(kinds(story, story[::-1])) <= {"same", "moved"}


@given(stories, words.map(" ".join), st.integers(0, 7))
def test_ids_of_paragraphs_with_other_words_do_not_notice_an_insertion(story, added, place):
    before = paragraphs(story)
    after = paragraphs([*story[:place], added, *story[place:]])
    assert {p.id for p in before} <= {p.id for p in after}
