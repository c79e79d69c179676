"""Texts from files on a Markdown page, read back by a CommonMark parser that also makes links of bare addresses."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from toolkit.dataset.markdown import code, plain, prose

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "# A heading of their own", "![logo](https://pixel.example/a.png)", "[Prize](http://x.example)", "1. first",
    "2) second",
    "- a list", "+ a list", "* a list",
    "--- rule", "***", "=== under", "> quoted", "```sh rm", "~~gone~~", "a | b | c",
    "<img src=x onerror=alert(1)>", "<!-- hidden", "*emphasis* and __strong__", "snake_case_name _and_ more",
    "[ref]: http://x.example", "&lt;b&gt; &amp; &#60;", "line one\n# line two", "back\\slash \\[no\\](x)", "$x^2$",
    "    code",
]  # fmt: skip


def shown(markdown):
    """What a reader sees of Markdown, and the tags that stand in it."""
    page = PARSER.render(markdown)
    text = re.sub(r"<!--.*?-->", "", page)
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip(), set(re.findall(r"<([a-z0-9]+)", text))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_shows_as_it_stands(text):
    assert shown(plain(text)) == (" ".join(text.split()), {"p"})


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60)
    | st.text("#*_`[]()!<>|~-+=.1 \\&:a", max_size=30)
)
def test_any_text_is_one_paragraph_that_shows_it(text):
    line = " ".join(text.split())
    assert shown(plain(text)) == (line, {"p"} if line else set())


@pytest.mark.parametrize(
    "text", ["see https://x.example/a", "WWW.x.example", "write to a@b.example", "mailto:a@b.example"]
)
def test_no_bare_address_is_left_for_a_renderer_to_link(text):
    markdown = plain(text)
    assert not re.search(r"(?i)https?:|www\.|[^\s\0]@|mailto:", re.sub("<!-- -->", "\0", markdown))
    assert shown(markdown)[0] == text


@pytest.mark.parametrize("text", ["pro_government", "a`b", "`quoted`", "``", "two  blanks"])
def test_code_shows_its_text(text):
    seen, tags = shown(code(text))
    assert (seen, tags) == (" ".join(text.split()), {"p", "code"})


def test_a_cell_stays_one_cell():
    page = PARSER.render(f"| a | b |\n| --- | --- |\n| {plain('x | y')} | {code('p|q')} |\n")
    assert re.findall(r"<td>(.*?)</td>", page) == ["x | y", "<code>p|q</code>"]


def test_names_in_backticks_are_code_in_a_sentence_of_our_own():
    assert prose("`licence`: *x* is no id") == "`licence`: \\*x\\* is no id"
