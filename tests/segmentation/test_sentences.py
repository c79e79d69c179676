import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.segmentation.lengths import sentences_of


def cut(text):
    return [text[start:end] for start, end in sentences_of(text, 0, len(text))]


@pytest.mark.parametrize(
    "sentences",
    [
        ["It rained.", "Nobody came."],
        ["Did it rain?", "It did!", "So there…", "Well."],
        ["“It rained.”", "He shut the door."],
        ["“Who’s there?” she asked.", "Nobody."],
        ["Mr. Venn and Dr. A. B. Renn came on Jan. 5 at 5 p.m.", "They left."],
        ["The U.S. Senate met.", "It rose at No. 10."],
        ["Fares rose by 4.5 per cent.", "In 2015 they fell."],
        ["Ён нарадзіўся ў 1950 г. у Мінску.", "Яна — не."],
        ["¿Quién vino?", "¡Nadie!", "Llegó el Sr. Vidal."],
        ["他来了。", "谁？", "没有人！"],
        ["هل جاء؟", "لم يأت أحد."],
        ["वह आया।", "कोई नहीं।"],
        ["One (of many.) and no more.", "Two."],
        ["Just one without an end"],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(sentences):
    separator = "" if sentences[0].endswith("。") else " "
    assert cut(separator.join(sentences)) == sentences


def test_a_line_break_is_white_space_like_any_other():
    assert cut("It rained in\nHollin.\nNobody came.") == ["It rained in\nHollin.", "Nobody came."]


def test_offsets_are_those_of_the_whole_text():
    text = "No. One. Two. No."
    assert [text[a:b] for a, b in sentences_of(text, 4, 13)] == ["One.", "Two."]


@given(st.text(st.sampled_from('aB1.!?…。 \n"”)(')) | st.text())
def test_every_visible_character_lies_in_exactly_one_sentence(text):
    covered = [i for start, end in sentences_of(text, 0, len(text)) for i in range(start, end)]
    assert len(covered) == len(set(covered))
    assert {i for i, character in enumerate(text) if not character.isspace()} <= set(covered)
    assert all(piece == piece.strip() != "" for piece in cut(text))
