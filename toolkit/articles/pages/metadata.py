"""Metadata that a page states about its article: title, author, date, outlet, language, address.

JSON-LD has precedence, then meta elements, then markup.
"""

import html as entities
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from toolkit.articles.dates import iso_date
from toolkit.articles.languages import language_code

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}[0-9:.+Z -]*)?")
_ARTICLES = re.compile(r"Article|BlogPosting|Report|LiveBlog")
_PAGES = re.compile(r"WebPage|CreativeWork")
_OPENED = re.compile(r"[/*\s]*<!(?:--|\[CDATA\[)[*/\s]*")
_JSON = json.JSONDecoder(strict=False)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_].*)?")
_BY = re.compile(r"(?:by|von|por|par|di|oleh|автор:?)\s+(?=\S)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://|www\.|@|/", re.IGNORECASE)
_LARGEST_JSON = 500_000  # characters
_LONGEST_NAME = 120  # characters; a longer value is not a name
_AUTHORS = ("author", "article:author", "byl", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author")
_DATES = (
    "article:published_time", "datepublished", "og:published_time", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date", "date", "pubdate", "publishdate", "publish-date", "parsely-pub-date", "sailthru.date",
)  # fmt: skip
_LANGUAGES = ("og:locale", "content-language", "language", "dc.language", "dcterms.language", "inlanguage")
# Selectors of values in the markup, the most reliable first; an attribute has precedence over the text.
_AUTHOR_MARKS = ("[itemprop=author] [itemprop=name]", "[itemprop=author]", "[rel=author]", ".vcard .fn")
_DATE_MARKS = (
    "[itemprop=datePublished]", "time[pubdate]", "time.published, time.entry-date", "abbr.published[title]",
    "article time[datetime]", "main time[datetime]", "time[datetime]",
)  # fmt: skip
_SITE_MARKS = ("[itemprop=publisher] [itemprop=name]",)


class Metadata(Struct, frozen=True, kw_only=True):
    """Facts about the article; None if the page does not state them."""

    title: str | None = None
    author: str | None = None
    published: str | None = None  # ISO 8601
    outlet: str | None = None
    language: str | None = None  # ISO 639-1
    url: str | None = None
    body: str | None = None  # the article's text, if JSON-LD has it


def read_metadata(parser: LexborHTMLParser, url: str | None) -> Metadata:
    """Return the metadata that the page states."""
    linked, named = _linked_data(parser)
    meta = _meta(parser)
    return Metadata(
        title=_text(linked.get("headline")) or meta.get("og:title") or _first(parser, "h1") or _first(parser, "title"),
        author=_name(linked.get("author"), named) or _declared_name(parser, meta, _AUTHORS, _AUTHOR_MARKS),
        published=_date(parser, linked, meta),
        outlet=_outlet(parser, linked, named, meta),
        language=_language(parser, linked, meta),
        url=_address(parser, linked, meta, url),
        body=_text(linked.get("articleBody")),
    )


def _linked_data(parser: LexborHTMLParser) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the article in the page's JSON-LD, and the named objects in it by id."""
    pages: list[dict[str, Any]] = []
    articles: list[dict[str, Any]] = []
    named: dict[str, Any] = {}
    for script in parser.css('script[type="application/ld+json"]'):
        for thing in _things(_decoded(script.text() or "")):
            if "name" in thing and isinstance(key := thing.get("@id"), str):
                named.setdefault(key, thing)
            kind = str(thing.get("@type"))
            if "headline" in thing or "articleBody" in thing:
                (articles if _ARTICLES.search(kind) else pages if _PAGES.search(kind) else []).append(thing)
    return next(iter(articles + pages), {}), named


def _decoded(raw: str) -> object:
    """Decode the JSON of a script, even with line breaks in strings or inside a comment; None if invalid or large."""
    if len(raw) > _LARGEST_JSON:
        return None
    bare = raw.strip()
    if not bare.startswith(("{", "[")):
        bare = _OPENED.sub("", bare, count=1)
    try:
        return _JSON.raw_decode(bare)[0]  # ignores any text after it
    except (ValueError, RecursionError):
        return None


def _things(decoded: object) -> Iterable[dict[str, Any]]:
    for thing in decoded if isinstance(decoded, list) else [decoded]:
        if isinstance(thing, dict):
            yield thing
            for key in ("@graph", "mainEntity", "mainEntityOfPage"):
                inner = thing.get(key)
                yield from (x for x in (inner if isinstance(inner, list) else [inner]) if isinstance(x, dict))


def _meta(parser: LexborHTMLParser) -> dict[str, str]:
    meta = _meta_of((parser.head or parser).css("meta[content]"))
    if "og:title" in meta:
        return meta
    return _meta_of(parser.css("meta[content]"))  # includes the body: a stray element ends the head of many pages


def _meta_of(nodes: Iterable[LexborNode]) -> dict[str, str]:
    meta: dict[str, str] = {}
    for node in nodes:
        given = node.attributes
        key = given.get("property") or given.get("name") or given.get("itemprop") or given.get("http-equiv")
        value = " ".join((given.get("content") or "").split())
        if key and value:
            meta.setdefault(key.lower(), value)
    return meta


def _text(value: object) -> str | None:
    return entities.unescape(value).strip() or None if isinstance(value, str) else None


def _name(value: object, named: Mapping[str, Any]) -> str | None:
    """Return the names of one or several JSON-LD persons or organisations; an id alone is resolved."""
    if isinstance(value, list):
        names = [name for name in (_name(entry, named) for entry in value[:20] if not isinstance(entry, list)) if name]
        return ", ".join(dict.fromkeys(names)) or None
    if isinstance(value, dict):
        if "name" not in value:
            value = named.get(str(value.get("@id")), value)
        name = value.get("name") if isinstance(value, dict) else None
        value = ", ".join(filter(None, map(_text, name))) if isinstance(name, list) else name
    return _person(_text(value))


def _person(name: str | None) -> str | None:
    """Return a name without a leading "by"; None for an address or an overlong value."""
    name = " ".join(_BY.sub("", (name or "").strip(), count=1).split())
    return name if name and len(name) <= _LONGEST_NAME and not _ADDRESS.match(name) else None


def _declared_name(
    parser: LexborHTMLParser, meta: Mapping[str, str], keys: Iterable[str], selectors: Iterable[str]
) -> str | None:
    """Return the first name in the meta elements, else in the markup."""
    declared = next((name for key in keys if (name := _person(meta.get(key)))), None)
    return declared or next((name for value in _values(parser, selectors) if (name := _person(value))), None)


def _values(parser: LexborHTMLParser, selectors: Iterable[str]) -> Iterable[str]:
    for selector in selectors:
        node = parser.css_first(selector)
        value = _value(node) if node is not None else None
        if value:
            yield value


def _value(node: LexborNode) -> str | None:
    given = node.attributes
    attribute = next((given[key] for key in ("content", "datetime", "title") if given.get(key)), None)
    return attribute or " ".join(node.text().split()) or None


def _outlet(
    parser: LexborHTMLParser, linked: Mapping[str, Any], named: Mapping[str, Any], meta: Mapping[str, str]
) -> str | None:
    outlet = meta.get("og:site_name") or _name(linked.get("publisher"), named)
    return outlet or _declared_name(
        parser, meta, ("application-name", "dc.publisher", "dcterms.publisher"), _SITE_MARKS
    )


def _date(parser: LexborHTMLParser, linked: Mapping[str, Any], meta: Mapping[str, str]) -> str | None:
    given = [_text(linked.get("datePublished")), *(meta.get(key) for key in _DATES)]
    declared = next((date for value in given if value and (date := _iso(value))), None)
    return declared or next((date for value in _values(parser, _DATE_MARKS) if (date := _iso(value))), None)


def _iso(value: str) -> str | None:
    match = _DATE.match(value)
    return match.group().strip() if match else iso_date(value)


def _language(parser: LexborHTMLParser, linked: Mapping[str, Any], meta: Mapping[str, str]) -> str | None:
    given = parser.root.attributes if parser.root is not None else {}
    declared = (given.get("lang"), given.get("xml:lang"), _text(linked.get("inLanguage")))
    for value in (*declared, *(meta.get(key) for key in _LANGUAGES)):
        code = language_code(value) if value and _LANGUAGE.fullmatch(value.strip()) else None
        if code and len(code) == 2:
            return code
    return None


def _address(
    parser: LexborHTMLParser, linked: Mapping[str, Any], meta: Mapping[str, str], url: str | None
) -> str | None:
    canonical = parser.css_first("link[rel=canonical][href]")
    canonical_url = canonical.attributes.get("href") if canonical is not None else None
    page = linked.get("mainEntityOfPage")
    entity = page.get("@id") if isinstance(page, dict) else page
    for address in (canonical_url, meta.get("og:url"), _text(linked.get("url")), _text(entity), url):
        try:
            whole = urljoin(url or "", address.strip()) if address else ""
        except ValueError:  # an invalid host
            continue
        if whole.startswith(("http://", "https://")):
            return whole
    return None


def _first(parser: LexborHTMLParser, selector: str) -> str | None:
    node = parser.css_first(selector)
    return " ".join(node.text().split()) or None if node is not None else None
