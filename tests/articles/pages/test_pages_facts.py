"""What a page says of itself, in the forms in which pages say it; every page is written for this test."""

import pytest

from toolkit.articles.pages.extraction import read_page

PROSE = (
    "<p>The council of Port Selm voted on Monday to close the old bridge for repairs that last until the spring.</p>"
)
FACTS = ("Old bridge closes", "A. Writer", "2024-03-01T08:00:00Z", "The Selmara Gazette", "en", "https://g.example/a/7")


def page(head="", body="", html=""):
    return f"<!DOCTYPE html><html{html}><head>{head}</head><body>{body}{PROSE * 4}</body></html>"


def linked(text):
    return f'<script type="application/ld+json">{text}</script>'


GRAPH = page(
    linked(
        """{"@context": "https://schema.org", "@graph": [
    {"@type": "WebPage", "@id": "https://g.example/a/7", "headline": "A page"},
    {"@type": "NewsArticle", "headline": "Old bridge closes", "datePublished": "2024-03-01T08:00:00Z",
     "inLanguage": "en-GB",
     "mainEntityOfPage": {"@id": "https://g.example/a/7"}, "author": {"@id": "#w"}, "publisher": {"@id": "#g"}},
    {"@type": "Organization", "@id": "#g", "name": "The Selmara Gazette"},
    {"@type": "Person", "@id": "#w", "name": "A. Writer"}]}"""
    )
)
ENTITY = page(
    linked(
        """/*<![CDATA[*/ [{"@type": "WebPage", "mainEntity": {"@type": ["NewsArticle"], "headline": "Old bridge closes",
    "description": "Two
lines", "datePublished": "2024-03-01T08:00:00Z", "author": ["By A. Writer"], "inLanguage": "eng",
    "publisher": {"name": ["The Selmara Gazette"]}, "url": "https://g.example/a/7"}}] /*]]>*/"""
    )
)
GRAPH_PROTOCOL = page(
    """<meta property="og:title" content="Old bridge closes">
    <meta property="og:site_name" content="The Selmara Gazette">
    <meta property="og:url" content="https://g.example/a/7"><meta property="og:locale" content="en_GB">
    <meta property="article:published_time" content="2024-03-01T08:00:00Z">
    <meta property="article:author" content="https://g.example/people/a-writer">
    <meta name="byl" content="By A. Writer">"""
)
DUBLIN = page(
    """<title>Old bridge closes</title><meta name="DC.creator" content="A. Writer">
    <meta http-equiv="Content-Language" content="en">
    <meta name="DC.date.issued" content="2024-03-01T08:00:00Z"><meta name="DC.publisher" content="The Selmara Gazette">
    <link rel="canonical" href="/a/7">"""
)
MICRODATA = page(
    '<link rel="canonical" href="https://g.example/a/7">',
    """<div itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop="headline">Old bridge closes</h1>
    <span itemprop="author" itemscope>By <span itemprop="name">A. Writer</span></span>
    <time datetime="2020-01-01">an old one</time><meta itemprop="datePublished" content="2024-03-01T08:00:00Z">
    <div itemprop="publisher" itemscope><meta itemprop="name" content="The Selmara Gazette"></div></div>""",
    ' xml:lang="en"',
)
TIMES = page(
    '<meta property="og:site_name" content="The Selmara Gazette">',
    """<aside><time datetime="2020-01-01">Latest</time></aside><article><h1>Old bridge closes</h1>
    <a rel="author" href="/w">A. Writer</a> <time datetime="2024-03-01T08:00:00Z">1 March</time></article>""",
    ' lang="en-US"',
)
STRAY = page(
    "<img src='pixel.gif'>",
    """<meta property="og:title" content="Old bridge closes">
    <meta property="og:site_name" content="The Selmara Gazette">
    <meta name="author" content="A. Writer"><meta name="date" content="2024-03-01T08:00:00Z">
    <link rel="canonical" href="https://g.example/a/7">""",
    ' lang="en"',
)
PAGES = {name: value for name, value in list(globals().items()) if isinstance(value, str) and "<!DOCTYPE" in value}


@pytest.mark.parametrize("dress", PAGES)
def test_the_facts_are_the_same_in_every_form(dress):
    found = read_page(PAGES[dress], "https://g.example/a/7")
    assert (found.title, found.author, found.published, found.outlet, found.language, found.url) == FACTS


@pytest.mark.parametrize(
    ("content", "day"),
    [
        ("2024-03-01", "2024-03-01"),
        ("Fri, 01 Mar 2024 08:00:00 GMT", "2024-03-01T08:00:00+00:00"),
        ("2024/03/01", "2024-03-01"),
        ("March 1, 2024", "2024-03-01"),
        ("03/01/2024", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_read_where_it_can_be_told_which_day_is_meant(content, day):
    assert read_page(page(f'<meta name="pubdate" content="{content}">'), None).published == day


@pytest.mark.parametrize("content", ["https://social.example/gazette", "@gazette", "/people/7", "x" * 200, " "])
def test_what_is_no_name_is_no_author(content):
    assert read_page(page(f'<meta name="author" content="{content}">'), None).author is None


def test_entities_in_linked_data_are_characters():
    head = linked('{"@type": "NewsArticle", "headline": "Bridge &amp; ferry", "author": "A. O&#39;Writer"}')
    found = read_page(page(head), None)
    assert (found.title, found.author) == ("Bridge & ferry", "A. O'Writer")


def test_a_canonical_address_is_completed_by_that_of_the_page_and_never_made_up():
    head = '<link rel="canonical" href="/a/7">'
    assert read_page(page(head), "https://g.example/b?x=1").url == "https://g.example/a/7"
    assert read_page(page(head), None).url is None
    assert read_page(page('<link rel="canonical" href="//[bad">'), "https://g.example/b").url == "https://g.example/b"
