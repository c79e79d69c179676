import itertools
import textwrap
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import Article
from toolkit.segmentation.lengths import readable
from toolkit.segmentation.segmenter import Span, explain_article, paragraph_ids, segment_article, segment_text

PARAGRAPHS = [
    "Ferry returns to the island after nine winters",
    "By Ida Renn",
    "VESPER BAY, May 3 — The ferry sailed at noon on Friday with forty people and a goat on board, and came back.",
    "“We had stopped waiting for it,” said the harbour master, who had rung the bell himself since the fog of March.",
    "Nine years of silence",
    "The last crossing was in 2015. Then the pier sank, the company with it, and in the end the timetable as well.",
]
BREAKS = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
anything = st.text(st.sampled_from("abé.“—•-1 \t\u00a0\u200b" + "".join(BREAKS) * 2), max_size=60) | st.text()
words = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=30)


def cut(text):
    return [text[span.start : span.end] for span in segment_text(text)]


# --- where paragraphs begin and end --------------------------------------------------------------------------------


@given(anything)
def test_every_character_but_white_space_lies_in_exactly_one_paragraph(text):
    spans = segment_text(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    inside = {i for span in spans for i in range(span.start, span.end)}
    assert {i for i, character in enumerate(text) if not character.isspace()} <= inside


@given(anything)
def test_no_paragraph_has_white_space_around_it_or_is_empty(text):
    assert all(piece and piece == piece.strip() for piece in cut(text))


@given(anything)
def test_a_paragraph_is_the_article_between_its_offsets(text):
    for number, paragraph in enumerate(segment_article(Article(id="a", version="v", text=text))):
        assert text[paragraph.start : paragraph.end] == paragraph.text
        assert (paragraph.index, paragraph.article_id, paragraph.article_version) == (number, "a", "v")


@pytest.mark.parametrize("newline", BREAKS)
@pytest.mark.parametrize("gap", ["{n}", "{n}{n}", "  {n}", "{n} \t{n}", "\u00a0{n}\u00a0{n}", "{n}{n}{n}{n}  "])
def test_every_newline_convention_gives_the_same_paragraphs(newline, gap):
    separator = gap.format(n=newline)
    assert cut(separator.join(PARAGRAPHS)) == PARAGRAPHS
    assert cut(separator + separator.join(PARAGRAPHS) + separator) == PARAGRAPHS


@given(st.lists(words, min_size=1, max_size=8), st.sampled_from(BREAKS), st.booleans())
def test_joined_paragraphs_come_back(paragraphs, newline, blank):
    assert cut((newline * 2 if blank else newline).join(paragraphs)) == paragraphs


def test_offsets_count_code_points():
    assert segment_text("👩‍🌾é\n\n𝔸") == [Span(start=0, end=4), Span(start=6, end=7)]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u00a0\r\n\u2028"])
def test_a_blank_text_has_no_paragraphs(text):
    assert segment_text(text) == []
    assert segment_article(Article(id="a", text=text)) == []


def test_single_breaks_divide_where_only_the_headline_has_a_blank_line():
    assert cut(PARAGRAPHS[0] + "\n\n" + "\n".join(PARAGRAPHS[1:])) == PARAGRAPHS


@pytest.mark.parametrize("separator", ["\n\n", "\u2029"])
@pytest.mark.parametrize("width", [50, 72, 90])
def test_lines_wrapped_at_a_margin_are_one_paragraph(width, separator):
    wrapped = [textwrap.fill(paragraph, width) for paragraph in PARAGRAPHS]
    assert cut(separator.join(wrapped)) == wrapped


def test_items_of_a_list_are_paragraphs_of_their_own_in_wrapped_text():
    items = ["- forty crowns for a car, of whatever length and with whomever in it,", "- ten for a goat"]
    prose = textwrap.fill(PARAGRAPHS[2] + " " + PARAGRAPHS[3], 70)
    assert cut(prose + "\n\n" + "\n".join(items) + "\n\n" + prose) == [prose, *items, prose]


@pytest.mark.parametrize(
    "made",
    [
        lambda n: "x\n" * n,
        lambda n: "Some words of a line without any break. " * n,
        lambda n: (
            "Some words of a line that was wrapped at a margin, and it\nends. No, it goes on and on, so that a\n" * n
        ),
        lambda n: "The end of a line that is full and ends a sentence here.\n" * n + "so\nit ends.\nHere.\n",
        lambda n: "." * 20 * n + "x",
        lambda n: "(“ " * 10 * n,
        lambda n: "— " * 10 * n,
    ],
)
def test_time_grows_as_the_text_does(made):
    def seconds(size):
        article = Article(id="a", text=made(size))
        started = time.process_time()
        segment_article(article, readable("en"))
        return time.process_time() - started

    seconds(500)
    assert min(seconds(8000), seconds(8000)) < 8 * 6 * max(seconds(1000), 0.002)


# --- ids -----------------------------------------------------------------------------------------------------------


@given(st.lists(words, min_size=1, max_size=8))
def test_ids_are_the_same_each_time_and_unique_within_an_article(paragraphs):
    ids = paragraph_ids("a", paragraphs)
    assert ids == paragraph_ids("a", paragraphs)
    assert len(set(ids)) == len(ids)


@given(st.lists(words, min_size=1, max_size=8), st.sampled_from(BREAKS))
def test_ids_do_not_depend_on_newlines(paragraphs, newline):
    def ids(separator):
        return [p.id for p in segment_article(Article(id="a", text=separator.join(paragraphs)))]

    assert ids(newline) == ids("\n\n")


def test_ids_outlive_changes_elsewhere_in_the_article():
    before = paragraph_ids("a", PARAGRAPHS)
    after = paragraph_ids("a", ["Correction: the goat was a sheep.", *PARAGRAPHS[:2], *PARAGRAPHS[3:]])
    assert after[1:] == before[:2] + before[3:]


def test_ids_look_at_words_and_not_at_their_dress():
    dressed = [unicodedata.normalize("NFD", "“CAFÉ  Paris”, closed")]
    assert paragraph_ids("a", dressed) == paragraph_ids("a", ["Café Paris: closed."])


def test_ids_tell_articles_equal_paragraphs_and_other_words_apart():
    first, second, other = paragraph_ids("a", ["More soon.", "More soon!", "No more soon."])
    assert len({first, second, other, *paragraph_ids("b", ["More soon."])}) == 4


# --- the whole article ---------------------------------------------------------------------------------------------


def test_an_article_comes_with_roles_and_the_rules_that_gave_them():
    found = explain_article(Article(id="a", text="\r\n".join(PARAGRAPHS)))
    assert [(e.paragraph.role, e.rule) for e in found] == [
        ("headline", "title_line"),
        ("byline", "by_somebody"),
        ("body", "plain_prose"),
        ("body", "plain_prose"),
        ("subhead", "crosshead"),
        ("body", "plain_prose"),
    ]
    assert [e.paragraph for e in found] == segment_article(Article(id="a", text="\r\n".join(PARAGRAPHS)))


def test_the_title_of_the_article_helps_to_find_its_headline():
    text = "Shipping\n\n" + "\n\n".join(PARAGRAPHS)
    found = segment_article(Article(id="a", text=text, title=PARAGRAPHS[0]))
    assert [p.role for p in found][:2] == ["subhead", "headline"]
