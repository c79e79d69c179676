"""What holds of any text: cut again it is the same, and an edit leaves the rest of the article alone."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolkit.files import read_jsonl
from toolkit.records import Article
from toolkit.segmentation.segmenter import segment_article, segment_text

ROOT = Path(__file__).parents[2]
BREAKS = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
SAMPLE = [[p.text for p in segment_article(a)] for a in read_jsonl(ROOT / "data/raw/sample.jsonl", Article)]
ADDED = "Correction: an earlier version of this report misspelt the name of the harbour master."
anything = st.text(st.sampled_from("abé.“—•-1> \t\u00a0\u200b日" + "".join(BREAKS) * 2), max_size=80) | st.text()
stories = st.sampled_from(SAMPLE)
fills = st.sampled_from([lambda p: p, lambda p: textwrap.fill(p, 72), lambda p: textwrap.fill(p, 60)])


def cut(text):
    return [text[span.start : span.end] for span in segment_text(text)]


def told(paragraphs):
    """The paragraphs of an article with their ids."""
    return {p.text: p.id for p in segment_article(Article(id="a", text="\n\n".join(paragraphs)))}


@given(anything)
def test_what_was_cut_is_the_same_when_it_is_cut_again(text):
    found = cut(text)
    assert cut("\n\n".join(found)) == found
    assert cut("\u2029\u2029".join(found)) == found


@given(anything)
def test_a_paragraph_alone_is_one_paragraph(text):
    assert all(cut(piece) == [piece] for piece in cut(text))


@given(stories, fills, st.integers(0, 60))
def test_an_insertion_changes_no_other_paragraph(story, fill, place):
    pieces = [fill(paragraph) for paragraph in story]
    place = min(place, len(pieces))
    before, after = told(pieces), told([*pieces[:place], fill(ADDED), *pieces[place:]])
    assert after == before | {fill(ADDED): after[fill(ADDED)]}


@given(stories, fills, st.data())
def test_a_deletion_changes_no_other_paragraph(story, fill, data):
    pieces = [fill(paragraph) for paragraph in story]
    gone = data.draw(st.integers(0, len(pieces) - 1))
    before, after = told(pieces), told(pieces[:gone] + pieces[gone + 1 :])
    assert after == {text: name for text, name in before.items() if text != pieces[gone]}


@given(stories, fills, st.permutations(range(8)))
def test_another_order_changes_no_paragraph(story, fill, order):
    pieces = [fill(paragraph) for paragraph in story[:8]]
    assert told(pieces) == told([pieces[n] for n in order if n < len(pieces)])


@given(stories, fills, st.data())
def test_other_words_in_one_paragraph_change_no_other(story, fill, data):
    at = data.draw(st.integers(0, len(story) - 1))
    edited = [fill(p + " Nobody knew." if n == at else p) for n, p in enumerate(story)]
    before, after = told(map(fill, story)), told(edited)
    assume(fill(story[at]) in before and edited[at] in after)  # a wrapped sign-off is a paragraph of its own
    assert {t: i for t, i in before.items() if t != fill(story[at])} == {
        t: i for t, i in after.items() if t != edited[at]
    }


@pytest.mark.parametrize("newline", [mark for mark in BREAKS if mark != "\u2029"])  # that one ends a paragraph
def test_ids_and_roles_of_a_wrapped_article_do_not_depend_on_the_newline(newline):
    for story in SAMPLE[:12]:
        text = "\n\n".join(textwrap.fill(paragraph, 72) for paragraph in story)
        one, other = (segment_article(Article(id="a", text=t)) for t in (text, text.replace("\n", newline)))
        assert [(p.id, p.role, p.text.replace("\n", newline)) for p in one] == [(p.id, p.role, p.text) for p in other]
