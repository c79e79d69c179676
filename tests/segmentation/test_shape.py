import pytest

from toolkit.segmentation.shape import (
    has_at_most,
    has_dateline,
    is_names,
    is_signed,
    is_speech,
    last_mark,
    normalised,
    reads_as_heading,
    reads_as_headline,
    reads_as_sentence,
)


def test_normalised_words_ignore_case_marks_and_composition():
    assert normalised("“Café\u00a0PARIS” — closed!") == normalised("cafe\u0301 paris closed") == "café paris closed"


@pytest.mark.parametrize(
    ("text", "mark"), [("“No.”", "."), ("(yes)", "s"), ("“Who said that?”", "?"), ("”", ""), ("", "")]
)
def test_the_last_mark_is_looked_for_behind_quotes_and_brackets(text, mark):
    assert last_mark(text) == mark


def test_a_long_text_is_not_short_even_without_spaces():
    assert has_at_most("one two three", 3)
    assert not has_at_most("one two three four", 3)
    assert not has_at_most("x" * 100, 3)


@pytest.mark.parametrize(
    "text",
    [
        "It rained.",
        "“It rained.”",
        "Did it rain?",
        "Rain!",
        "雨が降った。",
        "बारिश हुई।",
        "It rained. — SNA",
        "“It rained.” (SNA)",
    ],
)
def test_a_sentence_ends_as_sentences_do(text):
    assert reads_as_sentence(text)


@pytest.mark.parametrize("text", ["Rain", "Back from the U.S.", "Martin Ockley Jr.", "Rain, and more"])
def test_a_line_without_an_end_is_no_sentence(text):
    assert not reads_as_sentence(text)


@pytest.mark.parametrize(
    ("text", "headline", "heading"),
    [
        ("Cabinet resigns", True, True),
        ("Would it work?", True, True),
        ("Who in the cabinet knew of it, and since when did they know?", True, False),
        ("Resign!", True, False),
        ("The cabinet resigned.", False, False),
        ("The minister said:", False, False),
        ("Dear parents and guardians,", False, False),
        ("Q: What now", True, False),
        ("word " * 36, False, False),
    ],
)
def test_a_heading_is_short_and_does_not_end_as_a_sentence(text, headline, heading):
    assert (reads_as_headline(text), reads_as_heading(text)) == (headline, heading)


@pytest.mark.parametrize(("text", "speech"), [("Q: Why", True), ("VENN: No", True), ("Fares: who pays", False)])
def test_a_turn_of_an_interview_names_its_speaker(text, speech):
    assert is_speech(text) is speech


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ida Renn/SNA", True),
        ("Jonah Ferris for The Chronicle", True),
        ("Élise de la Tour", True),
        ("Monday night", False),
        ("of the", False),
        ("2024", False),
        ("", False),
    ],
)
def test_names_are_capitalised_but_for_what_joins_them(text, names):
    assert is_names(text) is names


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        ("ARDENPORT, Jan 24 — The cabinet met.", True),
        ("QUARRY HILL (SNA) - The works closed.", True),
        ("The cabinet met — late.", False),
    ],
)
def test_a_dateline_is_a_place_in_capitals_and_a_dash(text, dateline):
    assert has_dateline(text) is dateline


def test_a_signed_text_ends_with_a_dash_and_a_name():
    assert is_signed("The barge left. — SNA")
    assert not is_signed("The barge left — in the end")
