"""What a news page says of itself, and its text: the plainest reader that keeps the contract."""

import re

from msgspec import Struct


class Page(Struct, frozen=True, kw_only=True):
    """A page as its publisher marked it; None where it does not say."""

    title: str | None = None
    author: str | None = None
    published: str | None = None
    outlet: str | None = None
    language: str | None = None
    url: str | None = None
    text: str | None = None
    path: str | None = None  # which way the text was found


_META = {
    "title": ('meta[property="og:title"]',),
    "author": ('meta[name="author"]',),
    "published": ('meta[property="article:published_time"]',),
    "outlet": ('meta[property="og:site_name"]',),
    "url": ('meta[property="og:url"]',),
}


def read_page(html: bytes | str, url: str | None) -> Page:
    """The article on a page: all its paragraphs, with a blank line between them."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    said: dict[str, str | None] = {}
    for field, selectors in _META.items():
        nodes = [node for selector in selectors if (node := tree.css_first(selector)) is not None]
        said[field] = nodes[0].attributes.get("content") if nodes else None
    root = tree.css_first("html")
    title = tree.css_first("title")
    texts = [re.sub(r"\s+", " ", node.text()).strip() for node in tree.css("h1, p")]
    text = "\n\n".join(filter(None, texts)) or None
    return Page(
        title=said["title"] or (title.text().strip() if title is not None else None),
        author=said["author"],
        published=said["published"],
        outlet=said["outlet"],
        language=root.attributes.get("lang") if root is not None else None,
        url=said["url"] or url,
        text=text,
        path="paragraphs" if text else None,
    )
