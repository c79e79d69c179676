"""What a page says of its article: title, author, date, outlet, language, address.

First the page's JSON-LD, then its meta elements, then its markup.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}[0-9:.+Z -]*)?")
_KINDS = re.compile(r"Article|BlogPosting|Report|WebPage|LiveBlog")
_LARGEST_JSON = 500_000  # characters


class Metadata(Struct, frozen=True, kw_only=True):
    """Facts about the article; None where the page does not say."""

    title: str | None = None
    author: str | None = None
    published: str | None = None  # ISO 8601
    outlet: str | None = None
    language: str | None = None  # ISO 639-1
    url: str | None = None
    body: str | None = None  # the article's text where JSON-LD has it


def read_metadata(parser: LexborHTMLParser, url: str | None) -> Metadata:
    """The facts that the page states."""
    linked, meta = _linked_data(parser), _meta(parser)
    canonical = parser.css_first("link[rel=canonical][href]")
    said = canonical.attributes.get("href") if canonical is not None else None
    addresses = (said, meta.get("og:url"), _text(linked.get("url")), url)
    site = meta.get("og:site_name") or _name(linked.get("publisher")) or meta.get("application-name")
    return Metadata(
        title=_text(linked.get("headline")) or meta.get("og:title") or _first(parser, "h1") or _first(parser, "title"),
        author=_name(linked.get("author")) or _person(meta.get("author") or meta.get("article:author")),
        published=_date(parser, linked, meta),
        outlet=site,
        language=_language(parser, linked, meta),
        url=next((a for a in addresses if a and a.startswith(("http://", "https://"))), None),
        body=_text(linked.get("articleBody")),
    )


def _linked_data(parser: LexborHTMLParser) -> dict[str, Any]:
    for script in parser.css('script[type="application/ld+json"]'):
        raw = script.text() or ""
        if len(raw) > _LARGEST_JSON:
            continue
        try:
            decoded = msgspec.json.decode(raw.encode("utf-8", "replace"), strict=False)
        except (msgspec.DecodeError, RecursionError):
            continue
        for thing in _things(decoded):
            if _KINDS.search(str(thing.get("@type"))) and ("headline" in thing or "articleBody" in thing):
                return thing
    return {}


def _things(decoded: object) -> Iterable[dict[str, Any]]:
    for thing in decoded if isinstance(decoded, list) else [decoded]:
        if isinstance(thing, dict):
            yield thing
            graph = thing.get("@graph")
            yield from (x for x in graph if isinstance(x, dict)) if isinstance(graph, list) else ()


def _meta(parser: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in (parser.head or parser).css("meta[content]"):
        given = node.attributes
        key = (given.get("property") or given.get("name") or given.get("itemprop") or "").lower()
        value = " ".join((given.get("content") or "").split())
        if key and value:
            found.setdefault(key, value)
    return found


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _name(value: object) -> str | None:
    """The names of a JSON-LD person or organisation, or of several."""
    if isinstance(value, list):
        names = [name for name in map(_name, value[:20]) if name]
        return ", ".join(dict.fromkeys(names)) or None
    return _person(_text(value.get("name") if isinstance(value, dict) else value))


def _person(name: str | None) -> str | None:
    return name if name and not name.startswith(("http://", "https://")) else None


def _date(parser: LexborHTMLParser, linked: dict[str, Any], meta: dict[str, str]) -> str | None:
    keys = ("article:published_time", "datepublished", "date", "dc.date.issued", "dcterms.created", "pubdate")
    given = [_text(linked.get("datePublished")), *(meta.get(key) for key in keys)]
    time = parser.css_first("time[datetime]")
    given.append(time.attributes.get("datetime") if time is not None else None)
    matches = (_DATE.match(value) for value in given if value)
    return next((match.group().strip() for match in matches if match), None)


def _language(parser: LexborHTMLParser, linked: dict[str, Any], meta: dict[str, str]) -> str | None:
    root = parser.root
    declared = root.attributes.get("lang") if root is not None else None
    for value in (declared, _text(linked.get("inLanguage")), meta.get("og:locale"), meta.get("content-language")):
        if value and re.fullmatch(r"[A-Za-z]{2}(?:[-_].*)?", value):
            return value[:2].lower()
    return None


def _first(parser: LexborHTMLParser, selector: str) -> str | None:
    node = parser.css_first(selector)
    return " ".join(node.text().split()) or None if node is not None else None
