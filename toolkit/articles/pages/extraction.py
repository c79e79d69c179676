"""Extraction of an article from an HTML page; the publisher's blocks are kept, once and in order."""

import html as entities
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

from toolkit.articles.pages.blocks import Block, Tree, depth_of, read_tree, words
from toolkit.articles.pages.body import ArticlePlace, PlaceEvidence, find_article, find_headline
from toolkit.articles.pages.metadata import Metadata, read_metadata
from toolkit.articles.pages.roles import Piece, pieces_of
from toolkit.errors import DataError, ToolkitError
from toolkit.records import Role

Path = Literal[PlaceEvidence, "trafilatura", "json_ld", "none"]

_NOT_BODY = ("headline", "caption", "byline", "credit", "boilerplate")
_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})""", re.IGNORECASE
)
_TAG = re.compile(r"<[a-z!/]", re.IGNORECASE)
_ESCAPED_TAG = re.compile(r"&(?:amp;)*lt;/?(?:p|br|div|strong|em|span|a|h[1-6]|ul|img|figure|b|i)\b", re.IGNORECASE)
_LITTLE = 250  # characters of prose below which the result is uncertain
# Share of the page's prose below which a result with this unspecific evidence is also uncertain.
_SCATTERED = {"article": 0.3, "main": 0.3, "heaviest": 0.65}
_MORE = 1.5  # minimum ratio of trafilatura's text to the prose of the first result
_APART = 0.2  # maximum share of trafilatura's text in the first result for it to be a different article
_LARGEST = 1_500_000  # characters; trafilatura does not run on longer pages, so that time stays bounded
_DEEPEST = 200  # nested elements; trafilatura does not run on deeper pages

_CHUNK = 16_384
_UNCLOSED = 5_000  # open elements from which a page may be nested without limit
_NESTED = 512  # open elements up to which a page is parsed unchanged; browsers have a similar limit
_ANY_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^<>]*>?", re.IGNORECASE)
_NEVER_NESTED = words(
    "area base br col colgroup dd dt embed hr img input li link meta option p param rp rt script source style tbody td "
    "tfoot th thead tr track wbr"
)


class PageBlock(Struct, frozen=True, kw_only=True):
    """A stretch of the page's text: ``text == page.text[start:end]``."""

    role: Role
    text: str
    start: int  # characters, counted in code points
    end: int


class Page(Struct, frozen=True, kw_only=True):
    """An article as published on a page."""

    title: str | None
    author: str | None
    published: str | None  # ISO 8601
    outlet: str | None  # the site's name as the page states it
    language: str | None  # ISO 639-1, as declared
    url: str | None  # canonical
    blocks: tuple[PageBlock, ...]
    text: str  # the blocks: a blank line between them, a newline between the lines of one list or table
    path: Path  # how the article was located


def read_page(html: bytes | str, url: str | None) -> Page:
    r"""Extract the article on a page, with the metadata that the page states.

    The blocks of the article are those that the publisher marked. ``path`` states how the article was located: by the
    publisher's mark (``marked``, ``named``, ``article``, ``main``), as the ``heaviest`` element, by ``trafilatura``
    if that result was uncertain, or in the page's ``json_ld``. ``none`` means that there is no text.

    Raises:
        DataError: the page cannot be read.

    >>> page = read_page("<h1>Dyke holds</h1><p>The dyke held.</p><p>The mayor<br>spoke.<br><br>Rain fell.</p>", None)
    >>> [block.text for block in page.blocks]
    ['Dyke holds', 'The dyke held.', 'The mayor\nspoke.', 'Rain fell.']
    """
    try:
        return _read_page(html, url)
    except ToolkitError:
        raise
    except Exception as error:  # foreign code on untrusted pages
        raise DataError(f"the page cannot be read ({error or type(error).__name__})") from error


def _read_page(html: bytes | str, url: str | None) -> Page:
    source, raw = _prepared(_decoded(html))
    parser = LexborHTMLParser(raw)
    facts = read_metadata(parser, url)
    tree = read_tree(parser)
    headline = find_headline(tree, facts.title or "")
    place = find_article(tree, headline)
    if place is None:
        return _page(facts, _pieces_of_text(facts.body), "json_ld" if facts.body else "none")
    pieces = pieces_of(tree, place, headline)
    if not _is_clear(place):
        return _second_look(parser, source, facts, (tree, place, pieces), headline)
    return _page(facts, pieces, place.evidence)


def body_paragraphs(page: Page) -> list[str]:
    """Return the body text, split at blank lines: a list or table is one piece; headline and captions are excluded."""
    paragraphs: list[str] = []
    last: PageBlock | None = None
    for block in page.blocks:
        if block.role not in _NOT_BODY:
            below = last is not None and block.start - last.end == 1
            if below and paragraphs:
                paragraphs[-1] += "\n" + block.text
            else:
                paragraphs.append(block.text)
        last = block
    return paragraphs


def _is_clear(place: ArticlePlace) -> bool:
    """Return whether the result is certain; a short one is if the rest of the page has little more prose."""
    enough = place.prose >= _LITTLE or place.share * _MORE >= 1
    return enough and place.share >= _SCATTERED.get(place.evidence, 0.0)


def _second_look(
    parser: LexborHTMLParser,
    source: str,
    facts: Metadata,
    first: tuple[Tree, ArticlePlace, list[Piece]],
    headline: Block | None,
) -> Page:
    """Locate the article by trafilatura; the paragraphs stay those of the page."""
    tree, place, pieces = first
    if facts.body and len(facts.body) > 2 * sum(len(piece.text) for piece in pieces):
        return _page(facts, _pieces_of_text(facts.body), "json_ld")
    if len(source) > _LARGEST or depth_of(parser) > _DEEPEST:
        return _page(facts, pieces, place.evidence)
    extracted = _ask(source, facts.author is None and facts.published is None)
    blocks = _blocks_within(extracted.get("text") or "", tree)
    if not _is_better(blocks, tree, place):
        return _page(_completed(facts, extracted), pieces, place.evidence)
    whole = Tree(elements=tree.elements, blocks=blocks)
    everywhere = msgspec.structs.replace(place, root=0, skipped=frozenset())
    return _page(_completed(facts, extracted), pieces_of(whole, everywhere, headline), "trafilatura")


def _blocks_within(text: str, tree: Tree) -> list[Block]:
    letters = re.sub(r"\W+", "", text)
    return [block for block in tree.blocks if (key := re.sub(r"\W+", "", block.text)) and key in letters]


def _is_better(blocks: list[Block], tree: Tree, place: ArticlePlace) -> bool:
    """Return whether the blocks have much more text than the place, or are a different article."""
    size = sum(len(block.text) for block in blocks)
    inside = range(place.root, tree.elements[place.root].end)
    shared = sum(len(b.text) for b in blocks if b.element in inside and b.element not in place.skipped)
    return size > _MORE * place.prose or (size >= _LITTLE and shared <= _APART * size)


def _ask(source: str, with_facts: bool) -> dict[str, Any]:
    from trafilatura import bare_extraction  # slow to import

    try:
        with _quiet("trafilatura"):
            document = bare_extraction(source, fast=True, with_metadata=with_facts, include_comments=False)
    except Exception:  # foreign code on untrusted pages: the first result stays valid
        return {}
    return document.as_dict() if document is not None and not isinstance(document, dict) else document or {}


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Silence a library's loggers within the context: its messages on unreadable pages require no action."""
    loggers = [logging.getLogger(key) for key in logging.root.manager.loggerDict if key.split(".")[0] == name]
    for logger in loggers:
        logger.addFilter(_nothing)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False


def _completed(facts: Metadata, extracted: dict[str, Any]) -> Metadata:
    return msgspec.structs.replace(
        facts,
        author=facts.author or extracted.get("author"),
        published=facts.published or extracted.get("date"),
        outlet=facts.outlet or extracted.get("sitename"),
    )


def _pieces_of_text(text: str | None) -> list[Piece]:
    lines = (" ".join(line.split()) for line in (text or "").splitlines())
    return [Piece(role="body", text=line) for line in lines if line]


def _page(facts: Metadata, pieces: list[Piece], path: Path) -> Page:
    parts: list[str] = []
    blocks: list[PageBlock] = []
    start, group = 0, -1
    for piece in pieces:
        if parts:
            parts.append("\n" if piece.group >= 0 and piece.group == group else "\n\n")
            start += len(parts[-1])
        parts.append(piece.text)
        blocks.append(PageBlock(role=piece.role, text=piece.text, start=start, end=start + len(piece.text)))
        start, group = start + len(piece.text), piece.group
    return Page(
        title=facts.title,
        author=facts.author,
        published=facts.published,
        outlet=facts.outlet,
        language=facts.language,
        url=facts.url,
        blocks=tuple(blocks),
        text="".join(parts),
        path=path,
    )


def _prepared(source: str) -> tuple[str, bytes]:
    """Return the page ready for parsing, as text and as bytes; byte searches are many times faster."""
    raw = source.encode("utf-8", "replace")  # a lone surrogate is not valid text
    if b"\x00" in raw:
        source = source.replace("\x00", "")
        raw = source.encode("utf-8", "replace")
    whole = _unescaped(source)
    if whole is not source:
        raw = whole.encode("utf-8", "replace")
    if _may_be_deep(raw):
        whole = _shallow(whole)
        raw = whole.encode("utf-8", "replace")
    return whole, raw


def _decoded(html: bytes | str) -> str:
    """Decode the page by its byte order mark, else as UTF-8, else as declared, else as Windows-1252."""
    if isinstance(html, str):
        return html
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if html.startswith(mark):
            return html[len(mark) :].decode(name, "replace")
    declared = _CHARSET.search(html[:4096])
    names = ["utf-8", *([declared.group(1).decode("ascii")] if declared else []), "cp1252"]
    for name in names:
        try:
            return html.decode("cp1252" if name.lower() in ("iso-8859-1", "latin1", "latin-1") else name)
        except (LookupError, ValueError):  # an unknown name, or a false declaration
            continue
    return html.decode("utf-8", "replace")


def _unescaped(source: str) -> str:
    """Unescape HTML that was escaped as text, up to three times."""
    for _ in range(3):
        if _TAG.search(source) or not _ESCAPED_TAG.search(source):
            return source
        source = entities.unescape(source)
    return source


def _may_be_deep(raw: bytes) -> bool:
    """Return whether unusually many elements may be open at one point, by a fast count that includes void elements."""
    if raw.count(b"<") <= _UNCLOSED:
        return False
    still_open = 0
    for start in range(0, len(raw), _CHUNK):
        still_open += raw.count(b"<", start, start + _CHUNK) - 2 * raw.count(b"</", start, start + _CHUNK)
        if still_open > _UNCLOSED:
            return True
    return False


def _shallow(source: str) -> str:
    """Remove the elements that are nested too deeply: parsing time is quadratic in the depth."""
    depth = 0

    def replacement(tag: re.Match[str]) -> str:
        """Return the tag, or its replacement below the maximum depth."""
        nonlocal depth
        if tag.group(2).lower() in _NEVER_NESTED:
            return tag.group()
        closing = bool(tag.group(1))
        deep = depth > _NESTED
        depth = max(depth - 1, 0) if closing else depth + 1
        return tag.group() if not deep else "" if closing else "<p>"

    return _ANY_TAG.sub(replacement, source)
