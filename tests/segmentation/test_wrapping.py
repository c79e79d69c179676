import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.segmentation.segmenter import segment_text

STORY = [
    "The ferry sailed at noon on Friday with forty people and a goat on board, and it came back at nine with none of"
    " them, because the pier on the other side had been sold to a man who wants it for his boathouse and nothing else.",
    "“We had stopped waiting for it,” said the harbour master, who had rung the bell himself since the great fog of"
    " March, when nobody on the quay could see the lamp at the end of it and two boats lay aground until the morning.",
    "The last crossing was nine years ago. Then the pier sank, the company with it, and in the end the timetable as"
    " well, which had been printed for the whole year and hung in every kitchen from the church to the lighthouse.",
    "A second boat is promised for the autumn, if the yard at Hollin is paid for the first one before the summer ends.",
]
anything = st.text(st.sampled_from("abé.“—•-1> \t\n\u00a0\u200b日。"), max_size=400)


def cut(text):
    return [text[span.start : span.end] for span in segment_text(text)]


def wrapped(paragraphs, width=72, separator="\n\n", first="", rest=""):
    fill = textwrap.TextWrapper(width, initial_indent=first, subsequent_indent=rest).fill
    pieces = [fill(paragraph) for paragraph in paragraphs]
    return separator.join(pieces), [piece.strip() for piece in pieces]


@pytest.mark.parametrize("width", [50, 60, 72, 80, 95])
@pytest.mark.parametrize(
    ("separator", "first", "rest"),
    [("\n\n", "", ""), ("\n", "  ", ""), ("\n", "    ", ""), ("\n", "", "   "), ("\n\n", "    ", "    ")],
)
def test_wrapped_lines_are_one_paragraph_where_blank_lines_or_indents_mark_it(width, separator, first, rest):
    text, expected = wrapped(STORY, width, separator, first, rest)
    assert cut(text) == expected


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\u2028", "\x85"])
def test_every_newline_convention_may_wrap(newline):
    text, expected = wrapped(STORY)
    assert cut(text.replace("\n", newline)) == [piece.replace("\n", newline) for piece in expected]


def test_without_any_mark_a_line_with_room_for_the_next_word_ends_a_paragraph():
    text, expected = wrapped(STORY, separator="\n")
    assert cut(text) == expected


def test_one_wrapped_paragraph_is_one():
    text, expected = wrapped(STORY[:1])
    assert cut(text) == expected


def test_indents_may_be_tabs_that_were_put_before_wrapped_lines():
    pieces = ["\t" + textwrap.fill(paragraph, 64) for paragraph in STORY]
    assert cut("\n".join(pieces)) == [piece.strip() for piece in pieces]


def test_a_word_may_be_divided_at_a_line_end():
    lines = ["The minister said on Friday that the govern-", "ment had paid for the ferry, and that no-", "body asked."]
    assert cut("\n".join(lines)) == ["\n".join(lines)]


def test_quoted_mail_is_put_together_apart_from_the_answer():
    quoted, _ = wrapped(STORY[:1], 66)
    quoted = "\n".join("> " + line for line in quoted.splitlines())
    answer, _ = wrapped(STORY[1:2])
    assert cut(f"{quoted}\n{answer}") == [quoted, answer]


@pytest.mark.parametrize(
    "items",
    [
        ["- forty crowns for a car, of whatever length and with whomever in it,", "- ten for a goat"],
        ["1. forty crowns for a car, of whatever length and with whomever in it;", "2. ten for a goat"],
        ["Q: Why has the ferry not sailed for nine years, if nobody was against it?", "A: Ask the pier."],
        ["10:45 The ferry leaves the quay, with forty people and a goat on board.", "11:30 The goat is ill."],
        ["| Renn    |   1,204 | 51 per cent of the votes | of the whole island  |", "| Varga   | 1,156 | 49 |"],
    ],
)
def test_items_turns_entries_and_rows_are_paragraphs_of_their_own(items):
    before, after = wrapped(STORY[:1])[0], wrapped(STORY[1:2])[0]
    assert cut("\n\n".join((before, "\n".join(items), after))) == [before, *items, after]


def test_a_dash_or_a_number_in_the_midst_of_a_sentence_begins_no_item():
    text = "\n".join(
        [
            "There is a man in the old boathouse behind the church who says that",
            "he owns the quay: the ferry, which has not sailed for years, and the",
            "lighthouse that stands at the far end of it, where the rocks begin,",
            "and which nobody has painted since the summer of the great fog, and",
            "– nobody knows why – is still lit, were both sold to him on the day of",
            "12. May, as it says in the deed that he showed to the harbour master",
            "and to nobody else on the whole island.",
        ]
    )
    assert cut(text) == [text]


@pytest.mark.parametrize(
    "lines",
    [
        ["The ferry is back", "By Ida Renn", "It sailed at noon.", "It came back at nine."],
        ["Ferry returns to the island after nine winters on the mainland", "By Ida Renn in Vesper Bay", "It sailed."],
        [
            "It sailed at noon on Friday, with a goat.",
            "The goat came back at nine and would not leave.",
            "Why is that?",
        ],
        ["https://selmara.example/ferry/returns/after/nine", "https://selmara.example/ferry/sunk/after/ten/more"],
        ["Renn, Ida, Vesper Bay, harbour master of the port", "Varga, Olle, Hollin, keeper of the lighthouse there"],
    ],
)
def test_short_lines_that_do_not_run_on_are_not_wrapped(lines):
    assert cut("\n".join(lines)) == lines


def test_chinese_lines_are_measured_in_columns():
    story = "渡轮星期五中午载着四十个人和一只山羊离开码头晚上九点空船返回因为对岸的码头已经卖给别人了大家都很惊讶"
    story += "没有人知道该怎么办才好。"
    lines = [story[i : i + 25] for i in range(0, len(story), 25)]
    text = "\n".join(["\u3000\u3000" + lines[0], *lines[1:]])
    assert cut(f"{text}\n{text}") == [text.strip(), text.strip()]


def test_lines_from_right_to_left_run_on_without_capitals():
    clause = "غادرت العبارة الميناء ظهر يوم الجمعة وعلى متنها أربعون شخصا وماعز واحدة ثم عادت في التاسعة مساء"
    story = f"{clause} {clause}."
    text, expected = wrapped([story, story])
    assert cut(text) == expected


def test_an_all_capitals_wire_is_put_together():
    text, expected = wrapped([paragraph.upper() for paragraph in STORY])
    assert cut(text) == expected


@given(anything)
def test_whatever_the_lines_every_visible_character_is_in_one_paragraph(text):
    spans = segment_text(text)
    covered = [i for span in spans for i in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert {i for i, character in enumerate(text) if not character.isspace()} <= set(covered)


@given(st.lists(st.sampled_from(STORY), min_size=1, max_size=6), st.integers(45, 95))
def test_paragraphs_stay_when_they_are_cut_again_with_blank_lines_between(paragraphs, width):
    found = cut(wrapped(paragraphs, width)[0])
    assert cut("\n\n".join(found)) == found
