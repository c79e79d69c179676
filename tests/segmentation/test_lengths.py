import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import Article
from toolkit.segmentation.options import AS_PRINTED, Options, readable
from toolkit.segmentation.segmenter import segment_article, segment_text

SENTENCE = "The ferry sailed at noon on Friday with forty people and a goat on board. "
ONE_LINE = SENTENCE * 270  # 20 kB


def cut(text, options=AS_PRINTED):
    return [text[span.start : span.end] for span in segment_text(text, options)]


def test_one_line_stays_one_paragraph_unless_somebody_asks():
    assert cut(ONE_LINE) == [ONE_LINE.strip()]


@pytest.mark.parametrize("language", ["en", "be", "ja", None])
def test_a_giant_paragraph_is_divided_between_sentences_when_asked(language):
    options = readable(language)
    parts = cut(ONE_LINE, options)
    assert " ".join(parts) == ONE_LINE.strip()
    assert max(map(len, parts)) <= options.longest
    assert min(map(len, parts)) >= options.longest / 4
    assert all(part.endswith("board.") and part.startswith("The ferry") for part in parts)


def test_paragraphs_that_keep_the_limit_stay_as_they_are():
    text = "\n\n".join([SENTENCE * 2, SENTENCE * 3])
    assert cut(text, readable("en")) == cut(text)


def test_a_sentence_is_never_divided():
    assert cut("so " * 400 + "on.", readable("en")) == ["so " * 400 + "on."]


def test_a_tiny_paragraph_is_put_to_the_one_below_it_when_asked():
    text = "Headline without an end\n\nIt rained.\n\nNobody came to the quay that day, and the ferry stayed."
    assert len(cut(text)) == 3
    assert cut(text, readable("en")) == [text[:23], text[25:]]


def test_readable_articles_have_offsets_and_ids_like_any_other():
    article = Article(id="a", version="v", text=ONE_LINE)
    paragraphs = segment_article(article, readable("en"))
    assert all(ONE_LINE[p.start : p.end] == p.text for p in paragraphs)
    assert len({p.id for p in paragraphs}) == len(paragraphs) > 20


def test_languages_with_longer_words_and_denser_scripts_have_limits_of_their_own():
    assert readable("ru").longest > readable("en-GB").longest > readable("zh").longest
    assert readable("xx") == readable(None) == readable("en")


@given(st.text(st.sampled_from("aB. \n。"), max_size=200), st.integers(1, 60), st.integers(0, 60))
def test_limits_lose_no_character(text, longest, shortest):
    spans = segment_text(text, Options(longest=longest, shortest=shortest))
    covered = [i for span in spans for i in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert {i for i, character in enumerate(text) if not character.isspace()} <= set(covered)
