import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import Article
from toolkit.segmentation.lengths import AS_PRINTED, Limits, Options, readable
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


@pytest.mark.parametrize(
    "text",
    [
        "1. The ferry.\n2. The pier.\n3. The bell.",
        "- It sails.\n- It rains.\n- It sinks.",
        "Q: Why?\nA: Nobody knows.",
        "12:30 It left.\n\n12:45 It came back.",
    ],
)
def test_items_turns_and_entries_are_not_joined_however_short(text):
    assert cut(text, readable("en")) == cut(text)
    assert len(cut(text)) > 1


def test_where_one_limit_is_named_the_usual_other_gives_way():
    assert Limits(readable=True, longest=20).options_for("en") == Options(longest=20, shortest=20)
    assert Limits(readable=True, shortest=900).options_for("de") == Options(longest=900, shortest=900)
    assert Limits(readable=True, shortest=0).options_for("ko") == Options(longest=300, shortest=0)
    assert Limits(longest=99).options_for("ko") == Options(longest=99, shortest=0)
    assert Limits().options_for("en") == AS_PRINTED


def test_limits_that_contradict_each_other_say_so():
    assert "no paragraph can keep both" in Limits(longest=10, shortest=11).contradiction
    assert not Limits(longest=10, shortest=10).contradiction
    assert not Limits(shortest=11).contradiction


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
