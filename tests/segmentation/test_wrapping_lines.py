import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.segmentation.wrapping import columns, lines_of, starts_wide


@given(st.text(st.sampled_from("ab \t\r\n\u2028\u2029\x85\u200b")) | st.text())
def test_lines_are_those_of_the_text_without_white_space_around_them(text):
    lines = lines_of(text)
    assert [text[line.start : line.end] for line in lines] == [
        bare for raw in text.splitlines() if (bare := raw.strip())
    ]
    assert all(text[line.margin : line.start].strip() == "" for line in lines)


@pytest.mark.parametrize("text", ["a\n\nb", "a\u2029b", "a\r\n \r\nb"])
def test_a_gap_is_a_blank_line_or_a_paragraph_separator(text):
    assert [line.gap for line in lines_of(text)] == [False, True]


@pytest.mark.parametrize(("text", "width"), [("ab", 2), ("日本", 4), ("e\u0301", 1), ("\u202bab\u202c", 2), ("\ta", 9)])
def test_columns_are_those_of_a_terminal(text, width):
    assert columns(text) == width


def test_ideographs_need_no_space_before_them():
    assert starts_wide("日")
    assert not starts_wide("day")
