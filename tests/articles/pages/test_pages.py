"""Pages of our own, small enough to check by hand, and pages that nobody should write."""

import logging
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.articles.pages.extraction import Page, body_paragraphs, read_page

PROSE = (
    "The council of Port Selm voted on Monday to close the old bridge for repairs that will last until the spring.",
    "Traders on both banks said that they had not been asked, and that the ferry could not carry their goods.",
    "The mayor answered that the bridge had been unsafe for years and that nobody would be left without help.",
)


def paragraphs(texts=PROSE, tag="p"):
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


def page_of(body, head=""):
    return f"<!DOCTYPE html><html lang='en'><head><title>Bridge closes</title>{head}</head><body>{body}</body></html>"


def roles(page):
    return [(block.role, block.text) for block in page.blocks]


def flaws(page: Page):
    """What is wrong with a page's blocks: each is a stripped piece of its text, in order, and all are all of it."""
    ends = [0, *(block.end for block in page.blocks)]
    return [
        *(block for block in page.blocks if page.text[block.start : block.end] != block.text),
        *(block for block in page.blocks if block.text != block.text.strip() or not block.text),
        *(block for block, end in zip(page.blocks, ends, strict=False) if block.start < end),
        *(
            page.text[end : block.start]
            for block, end in zip(page.blocks, ends, strict=False)
            if page.text[end : block.start].strip()
        ),
        *([page.text[ends[-1] :]] if ends[-1] != len(page.text) else []),
    ]


def test_every_mark_of_the_publisher_comes_out_as_that_once_and_in_order():
    one, two, three = PROSE
    body = (
        "<nav><ul><li>Home</li></ul></nav><article><h1>Bridge closes</h1>"
        f"<figure><img><figcaption>The old bridge on Sunday</figcaption></figure><p>{one}</p><h2>No other way</h2>"
        f"<p>{two}</p><ul><li>The ferry runs twice a day.</li><li>The ford is closed.</li></ul>"
        f"<blockquote><p>{three}</p></blockquote></article>"
        "<footer><p>All about us and our terms of use, here.</p></footer>"
    )
    page = read_page(page_of(body), None)
    assert roles(page) == [
        ("headline", "Bridge closes"),
        ("caption", "The old bridge on Sunday"),
        ("body", one),
        ("subhead", "No other way"),
        ("body", two),
        ("list", "The ferry runs twice a day."),
        ("list", "The ford is closed."),
        ("quote", three),
    ]
    assert flaws(page) == []


def test_the_lines_of_a_list_stand_below_each_other_and_all_else_apart():
    page = read_page(page_of(f"<article>{paragraphs()}<ul><li>One ferry.</li><li>Two fords.</li></ul></article>"), None)
    assert page.text == "\n\n".join((*PROSE, "One ferry.\nTwo fords."))
    assert body_paragraphs(page) == [*PROSE, "One ferry.\nTwo fords."]


def test_a_row_of_a_table_is_one_line():
    table = "<table><tr><th>Day</th><th>Ferries</th></tr><tr><td>Monday</td><td>12</td></tr></table>"
    page = read_page(page_of(f"<article>{paragraphs()}{table}</article>"), None)
    assert page.text.endswith("\n\nDay Ferries\nMonday 12")
    assert flaws(page) == []


@pytest.mark.parametrize("gap", ["<br><br>", "<br />\r\n<br />\r\n", "<br>&nbsp;<br>", "<br/><br/><br/>"])
def test_two_breaks_end_a_paragraph(gap):
    assert [t for _, t in roles(read_page(page_of(f"<div>{gap.join(PROSE)}</div>"), None))] == list(PROSE)


def test_one_break_stays_a_line_within_a_paragraph():
    page = read_page(page_of(f"<article><p>Bread<br>and butter</p>{paragraphs()}</article>"), None)
    assert page.blocks[0].text == "Bread\nand butter"


def test_a_short_bold_paragraph_is_a_subhead_and_a_bold_sentence_is_not():
    body = (
        f"<p>{PROSE[0]}</p><p><b>On the banks</b></p><p>{PROSE[1]}</p><p><b>Nobody was hurt.</b></p><p>{PROSE[2]}</p>"
    )
    page = read_page(page_of(f"<article>{body}</article>"), None)
    assert [block.role for block in page.blocks] == ["body", "subhead", "body", "body", "body"]


def test_a_page_within_one_form_is_read():
    page = read_page(page_of(f"<form id='aspnet'><div>{paragraphs()}</div></form>"), None)
    assert [block.text for block in page.blocks] == list(PROSE)


def test_an_article_under_a_name_of_an_aside_is_read_when_it_holds_the_prose():
    page = read_page(page_of(f"<div class='has-sidebar ad'>{paragraphs()}</div>"), None)
    assert [block.text for block in page.blocks] == list(PROSE)


def test_inline_elements_and_scripts_do_not_cut_a_paragraph():
    body = (
        "<p>The <b>old</b> bri<i>dge</i> in<script>var x = 1;</script> Port Selm is <a href='#'>closed</a> to all.</p>"
    )
    page = read_page(page_of(f"<article>{body}{paragraphs()}</article>"), None)
    assert page.blocks[0].text == "The old bridge in Port Selm is closed to all."


def test_the_page_says_who_wrote_it_when_and_in_what_language():
    head = (
        '<link rel="canonical" href="https://paper.example/bridge"><meta property="og:site_name" content="The Paper">'
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "headline": "Bridge closes", '
        '"datePublished": "2024-03-01T08:00:00Z", "author": [{"name": "A. Writer"}, {"name": "B. Editor"}]}]}</script>'
    )
    page = read_page(page_of(paragraphs(), head), "https://paper.example/?p=1")
    assert (page.title, page.author, page.published) == (
        "Bridge closes",
        "A. Writer, B. Editor",
        "2024-03-01T08:00:00Z",
    )
    assert (page.outlet, page.language, page.url) == ("The Paper", "en", "https://paper.example/bridge")


def test_what_a_page_does_not_say_is_none():
    page = read_page(paragraphs(), None)
    assert (page.author, page.published, page.outlet, page.language, page.url) == (None,) * 5


def test_the_given_address_stands_in_for_a_canonical_one():
    assert read_page(paragraphs(), "https://paper.example/1").url == "https://paper.example/1"


@pytest.mark.parametrize("script", ["{", '{"@type": "NewsArticle", "headline": 3, "author": {"name": []}}', "[" * 5000])
def test_broken_linked_data_costs_only_its_facts(script):
    head = f'<script type="application/ld+json">{script}</script>'
    page = read_page(page_of(paragraphs(), head), None)
    assert [block.text for block in page.blocks] == list(PROSE)
    assert page.title == "Bridge closes"


def test_an_article_that_only_the_linked_data_holds_is_taken_from_there():
    text = "\\n\\n".join(PROSE)
    head = f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{text}"}}</script>'
    page = read_page(page_of("<div id='app'>Loading</div>", head), None)
    assert (page.path, [block.text for block in page.blocks]) == ("json_ld", list(PROSE))


@pytest.mark.parametrize(
    ("mark", "path"),
    [
        ("div itemprop='articleBody'", "marked"),
        ("div class='story-text'", "named"),
        ("article", "article"),
        ("main", "main"),
        ("div", "heaviest"),
    ],
)
def test_the_path_says_how_the_article_was_found(mark, path):
    body = f"<div><p>{PROSE[2]}</p></div><{mark}>{paragraphs()}</{mark.split()[0]}>"
    assert read_page(page_of(body), None).path == path


def unclear_page():
    """The article in what is called a popup, and more prose in two places beside it."""
    others = [text.replace("bridge", "ferry").replace("Traders", "Sailors") for text in PROSE[:2]]
    return page_of(
        f"<div class='popup'><article>{paragraphs()}</article></div><div class='a'>{paragraphs(others)}</div>"
        f"<div class='b'>{paragraphs(others[::-1])}</div>"
    )


def test_where_it_is_not_clear_trafilatura_says_where_the_article_is():
    page = read_page(unclear_page(), None)
    assert (page.path, [block.text for block in page.blocks]) == ("trafilatura", list(PROSE))
    assert flaws(page) == []


def test_a_page_of_one_sentence_is_that_whoever_is_asked():
    page = read_page(page_of("<div><p>The bridge is shut, said the mayor on Monday.</p></div>"), None)
    assert [block.text for block in page.blocks] == ["The bridge is shut, said the mayor on Monday."]


def test_asking_trafilatura_leaves_its_logger_as_it_was(caplog):
    logger = logging.getLogger("trafilatura")
    with caplog.at_level(logging.DEBUG):
        before = (logger.level, logger.disabled, logger.propagate, [*logger.filters])
        read_page(unclear_page(), None)
    told = [record for record in caplog.records if record.name.startswith("trafilatura")]
    assert (logger.level, logger.disabled, logger.propagate, [*logger.filters]) == before
    assert told == []
    logger.warning("still heard")
    assert [record.message for record in caplog.records] == ["still heard"]


@pytest.mark.parametrize("nothing", ["", " ", b"", "<html></html>", "<script>x</script>", "\x00\x00", b"\xff\xfe"])
def test_a_page_without_text_has_no_blocks(nothing):
    page = read_page(nothing, None)
    assert (page.path, page.blocks, page.text) == ("none", (), "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1251", "koi8-r"])
def test_the_encoding_is_the_declared_one_or_that_of_the_bytes(encoding):
    text = "Мост через реку закрыт до весны, сообщила мэрия города в понедельник утром, и паром уже не ходит."
    html = page_of(f"<p>{text}</p>" * 3, f"<meta charset='{encoding}'>")
    assert read_page(html.encode(encoding), None).blocks[0].text == text


def test_an_unknown_encoding_and_wrong_bytes_are_read_all_the_same():
    html = page_of(paragraphs(), "<meta charset='no-such'>").encode() + b"<p>caf\xe9</p>"
    assert [block.text for block in read_page(html, None).blocks][:3] == list(PROSE)


@pytest.mark.parametrize("times", [1, 2])
def test_html_that_was_escaped_as_text_is_html_again(times):
    source = paragraphs(
        ["Caf\u00e9 &amp; bar on the quay will stay open while the bridge is shut, its owner says.", *PROSE]
    )
    for _ in range(times):
        source = source.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert [block.text for block in read_page(source, None).blocks][1:] == list(PROSE)


def test_nul_bytes_are_not_text():
    assert [b.text for b in read_page(page_of(paragraphs()).replace("e", "e\x00"), None).blocks] == list(PROSE)


@pytest.mark.parametrize("tag", ["div", "span", "b", "blockquote", "ul", "table", "a", "font"])
def test_ten_thousand_nested_elements_take_bounded_time(tag):
    start = time.process_time()
    page = read_page(page_of(f"<{tag}>" * 10_000 + paragraphs() + f"</{tag}>" * 10_000), None)
    assert time.process_time() - start < 5
    assert flaws(page) == []


def test_five_megabytes_of_nested_elements_that_are_closed_again_take_bounded_time():
    start = time.process_time()
    page = read_page(page_of("<div>" * 450_000 + paragraphs() + "</div>" * 450_000), None)
    assert time.process_time() - start < 30
    assert [block.text for block in page.blocks] == list(PROSE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        *("<p>" + PROSE[0] + "</p>", "<div><span>a</span><br>", "<td>", "x ", "<br>", "&amp;lt;p"),
        *("<li><a>", "<ul><li><a>x"),
    ],
)
def test_five_megabytes_take_bounded_time(unit):
    start = time.process_time()
    page = read_page(page_of(unit * (5_000_000 // len(unit))), None)
    assert time.process_time() - start < 30
    assert flaws(page) == []


_TAGS = (
    "p /p div aside /div br table tr td ul li h1 /h1 !-- article template svg script /script blockquote figure "
    "frameset select math title noscript plaintext body form nav"
)
_BITS = st.sampled_from(
    [*(f"<{tag}>" for tag in _TAGS.split(" ")), "<a href='", "&nbsp;", "&#0;", "\x00", "\ud800", *PROSE]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_BITS | st.text(max_size=20), max_size=30).map("".join))
def test_no_page_is_too_broken_to_be_read(html):
    assert flaws(read_page(html, None)) == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_are_too_broken_to_be_read(html):
    assert flaws(read_page(b"<p>" + html, None)) == []


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 700))
def test_a_page_that_was_cut_off_keeps_the_paragraphs_before(cut):
    whole = page_of(f"<article><h1>Bridge closes</h1>{paragraphs()}</article>")
    for block in read_page(whole[:cut], None).blocks[:-1]:
        assert block.text in ("Bridge closes", *PROSE)
