"""No exception of a library that reads pages, dates, encodings, languages or archives leaves the package."""

import contextlib
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolkit.articles.dates import iso_date
from toolkit.articles.languages import detect_language
from toolkit.articles.pages.extraction import read_page
from toolkit.articles.reading.encodings import decode
from toolkit.articles.reading.normalise import article_from_page
from toolkit.articles.reading.sources import captured_pages
from toolkit.errors import DataError, ToolkitError
from toolkit.records import Article, Dropped

ODD_PAGE = "<svg><p><p>&#0;"  # an assertion of htmldate fails on it, in some releases
PIECES = ["<p>", "<svg>", "<div", "</", "&#0;", "<!--", "<table>", "\0", "a", "é", "<script>", "]]>", "<h1>"]
HEADS = [b"", b"WARC/1.0\r\n", b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 9\r\n\r\n"]
pieces = st.sampled_from(PIECES)
pages = st.one_of(st.lists(pieces, max_size=30).map("".join), st.text())


def passes(call, *arguments):
    with contextlib.suppress(ToolkitError):
        call(*arguments)


@given(pages)
@example(ODD_PAGE)
def test_a_page_is_read_or_refused(page):
    passes(read_page, page, None)


@given(st.one_of(pages.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary()))
@example(b"<html>" + ODD_PAGE.encode())
def test_bytes_are_an_article_or_a_drop_with_a_reason(raw):
    result = article_from_page(raw, None, None, "x")
    assert isinstance(result, Article) or (isinstance(result, Dropped) and result.reason and result.detail)


@given(st.text(), st.binary())
def test_texts_and_bytes_are_read_or_refused(text, raw):
    assert isinstance(iso_date(text), str | None)
    assert isinstance(detect_language(text), str | None)
    passes(decode, raw)


@given(st.binary(), st.sampled_from(HEADS))
def test_an_archive_is_read_or_refused(raw, head):
    passes(lambda: list(captured_pages(io.BytesIO(head + raw), "x.warc")))


def test_any_error_of_a_library_on_a_page_becomes_one_of_ours(monkeypatch):
    """Provoked, since no page is known on which the present release of the parser fails."""
    from toolkit.articles.pages import extraction

    def fail(_):
        raise AssertionError

    monkeypatch.setattr(extraction, "read_tree", fail)
    with pytest.raises(DataError, match="the page cannot be read"):
        read_page("<p>x", None)
    assert article_from_page(b"<html><p>x", None, None, "x").reason == "unreadable"
