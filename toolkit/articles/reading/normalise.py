"""Normalisation of articles: completion, cleaning, joins with outlets and agencies, and rejection with a reason."""

import datetime
import functools
import html
import itertools
import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.articles.dates import iso_date
from toolkit.articles.languages import count_words, detect_language, language_code
from toolkit.articles.origins import Agencies, agency_named, find_origin
from toolkit.articles.outlets import Outlets, find_outlet
from toolkit.articles.pages.extraction import Page, read_page
from toolkit.articles.reading.encodings import decode_page
from toolkit.articles.teasers import closed_page, teaser_sign
from toolkit.articles.urls import address_key, canonical_url, host_of
from toolkit.errors import DataError
from toolkit.files import digest, explain
from toolkit.records import Article, Dropped

# --- escapes and markup ----------------------------------------------------------------------------------------------


_BLOCK_NAMES = (
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table tbody td tfoot th thead title tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_MUTED = frozenset(["script", "style", "iframe", "noscript", "template", "svg", "object"])
_NAMES = (
    "a|abbr|b|blockquote|br|center|cite|div|em|figure|font|h[1-6]|hr|i|iframe|img|li|ol|p|script|section|small|span"
    "|strong|sub|sup|table|td|tr|u|ul"
)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,30})(?:\s[^<>]*|/)?>")
_MARKUP = re.compile(
    rf"<(?=[/a-z])(?:/?(?:p|br|div|li|h[1-6]|blockquote|iframe)(?:\s[^<>]*|/)?>|(?:{_NAMES})(?:\s[^<>]*|/)?>)",
    re.IGNORECASE,
)
_ESCAPED_MARKUP = re.compile(rf"&lt;/?(?:{_NAMES})(?:\s[^<>]{{0,300}}?|\s?/)?&gt;", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_MOJIBAKE = re.compile(r"â€[™œ\x9d“”˜¦]|Ã[©¨¡­³±¼¶¤§\xad]|Ð[°-¿]Ñ[€-]|ï»¿|Â[«»\xa0]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class CleanedText(Struct, frozen=True, kw_only=True):
    """A cleaned text, and the names of the repairs, as in the counts."""

    text: str
    repairs: tuple[str, ...] = ()


def clean(text: str) -> CleanedText:
    r"""Remove escapes and markup from a text; a text with neither stays unchanged.

    Garbled letters (``â€™``) are reported as ``mojibake_left`` and stay unchanged: the original letters are uncertain.

    >>> clean("&lt;p&gt;Tea &amp;amp; cake&lt;/p&gt;&lt;p&gt;at noon&lt;/p&gt;")
    CleanedText(text='Tea & cake\n\nat noon', repairs=('escaped_markup', 'markup'))
    """
    repairs: list[str] = []
    text = _storable(text, repairs)
    while "&lt;" in text and _has_several(_ESCAPED_MARKUP.finditer(text)) and repairs.count("escaped_markup") < 2:
        text = html.unescape(text)
        repairs.append("escaped_markup")
    if "<" in text and _MARKUP.search(text):
        text = without_markup(text)
        repairs.append("markup")
    text = _unescaped(text, repairs)
    if not text.isascii() and any(lead in text for lead in "âÃÐïÂ") and _MOJIBAKE.search(text):
        repairs.append("mojibake_left")
    return CleanedText(text=_storable(text, repairs), repairs=tuple(dict.fromkeys(repairs)))


def clean_line(text: str) -> str:
    r"""Return a title or a name on one line, without escapes and markup.

    >>> clean_line(" Rates &amp;amp; <em>taxes</em>\n rise ")
    'Rates & taxes rise'
    """
    return " ".join(_TAG.sub("", _unescaped(_storable(text, []), [])).split())


def without_markup(text: str) -> str:
    """Return the text of an HTML fragment: a blank line at each block boundary, a newline for each ``<br>``."""
    pieces = [_glued(piece) for piece in _pieces(_without_comments(text))]
    joined = re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", "".join(pieces)))
    return re.sub(r"\n{3,}", "\n\n", joined).strip()


def _glued(piece: str) -> str:
    """Collapse the white space of the text between two tags as HTML does; a break from a tag stays."""
    if piece in ("\n", "\n\n"):
        return piece
    glued = re.sub(r"[ \t\r\n\f]+", " ", piece)
    return html.unescape(glued) if "&" in glued else glued


def _pieces(text: str) -> Iterator[str]:
    at, muted = 0, ""
    low = text.lower()
    last = {name: low.rfind(f"</{name}") for name in _MUTED}
    for tag in _TAG.finditer(text):
        closing, name = tag[1], tag[2].lower()
        if not muted:
            yield " " + text[at : tag.start()] if text[at : at + 1] == "\n" else text[at : tag.start()]
        at = tag.end()
        if muted:
            muted = "" if closing and name == muted else muted
        elif name in _MUTED and not closing and last[name] > at:
            muted = name
        elif name == "br":
            yield "\n"
        elif name in _BLOCKS:
            yield "\n\n"
    yield text[at:]


def _without_comments(text: str) -> str:
    pieces, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        pieces.append(text[at:start])
        at = end + 3
    return "".join([*pieces, text[at:]])


def _unescaped(text: str, repairs: list[str]) -> str:
    for name in ("entities", "entities_twice", "entities_twice"):
        plain = _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
        if plain == text:
            break
        text = plain
        repairs.append(name)
    return text


def _storable(text: str, repairs: list[str]) -> str:
    if "\0" in text:
        text = text.replace("\0", "")
        repairs.append("nul_removed")
    if not text.isascii() and _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
        repairs.append("surrogates_replaced")
    return text


def _has_several(matches: Iterator[re.Match[str]]) -> bool:
    return next(matches, None) is not None and next(matches, None) is not None


# --- articles --------------------------------------------------------------------------------------------------------


_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|div|article|p|h1)\b", re.IGNORECASE)
_CLOSED_SHORT = 200  # words; a longer page is complete, even if it declares that it is not free to read


class AcceptanceRules(Struct, frozen=True, kw_only=True):
    """Requirements for articles, and the tables of outlets and agencies."""

    constants: dict[str, str] = {}  # field -> value for articles without their own value
    languages: tuple[str, ...] = ()  # (): any
    min_words: int = 0
    outlets: Outlets
    agencies: Agencies


def identified(article: Article) -> Article:
    """Return the article with its id and version.

    The id is the given id, else a hash of the page's address, else of outlet, date and title, else of the text. The
    version is a hash of the text.
    """
    version = digest(article.text)  # replaces a version from a file, because the text may have changed since
    if article.id:
        return msgspec.structs.replace(article, version=version)
    key = address_key(article.url) if article.url else None
    if key:
        source = "url\n" + key
    elif article.outlet and article.published and article.title:
        source = "\n".join(["title", article.outlet, article.published[:10], " ".join(article.title.split())])
    else:
        source = "text\n" + article.text
    return msgspec.structs.replace(article, id=digest(source), version=version)


def accept(article: Article, rules: AcceptanceRules, where: str) -> Article | Dropped:
    """Return the normalised article, or the reason for dropping it.

    Raises:
        DataError: a constant has an invalid value for its field.
    """
    ready = identified(_joined(_cleaned(_completed(article, rules.constants, where)), rules))
    reason = _objection(ready, rules)
    return Dropped(id=ready.id, reason=reason[0], detail=f"{where}{reason[1]}") if reason else ready


def article_from_page(raw: bytes, url: str | None, charset: str | None, where: str) -> Article | Dropped:
    """Return the article on a page, or the reason for dropping it."""
    if not _HTML.search(raw[:65536].replace(b"\0", b"")):
        return Dropped(id=url or where, reason="not_html", detail=f"{where}: no HTML in it")
    try:
        decoded = decode_page(raw, charset)
        page = read_page(decoded.text, url)
    except DataError as error:
        return Dropped(id=url or where, reason="unreadable", detail=f"{where}: {error}")
    text = page.text or ""
    if closed_page(decoded.text) and count_words(text, _CLOSED_SHORT) < _CLOSED_SHORT:
        return Dropped(
            id=page.url or url or where, reason="teaser_or_paywall", detail=f"{where}: not free to read, it says"
        )
    return _page_article(page, url, decoded.repairs)


def _page_article(page: Page, url: str | None, repairs: tuple[str, ...]) -> Article:
    text = page.text or ""
    published = iso_date(page.published) if page.published else None
    meta: dict[str, Any] = {"page_path": page.path} if page.path else {}
    if page.published and page.published != published:
        meta["published"] = page.published
    own = page.url if page.url and address_key(page.url) else url
    return Article(
        text=text,
        title=page.title or "",
        author=page.author,
        published=published,
        outlet=page.outlet or host_of(own),
        # the declared language is often that of the template; detection from the text has precedence
        language=detect_language(text) or language_code(page.language),
        url=own,
        meta=with_repairs(meta, repairs),
    )


def with_repairs(meta: Mapping[str, Any], repairs: tuple[str, ...]) -> dict[str, Any]:
    """Return an article's meta with the names of repairs added."""
    earlier = meta.get("repairs")
    listed = [*(earlier if isinstance(earlier, list) else ()), *repairs]
    return {**meta, "repairs": list(dict.fromkeys(listed))} if listed else dict(meta)


def _completed(article: Article, constants: Mapping[str, str], where: str) -> Article:
    missing = {field: value for field, value in constants.items() if not getattr(article, field)}
    if not missing:
        return article
    try:
        return msgspec.convert({**msgspec.to_builtins(article), **missing}, Article)
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: {explain(str(error), Article)}") from error


def _cleaned(article: Article) -> Article:
    cleaned = clean(article.text)
    url = canonical_url(article.url) if article.url else None
    meta = article.meta
    repairs = cleaned.repairs
    if article.url and url is None:
        meta, repairs = {**meta, "url": article.url}, (*repairs, "url_not_understood")
    if meta.get("published") and not article.published:
        repairs = (*repairs, "date_not_understood")
    return msgspec.structs.replace(
        article,
        text=cleaned.text,
        title=clean_line(article.title),
        author=clean_line(article.author) if article.author else None,
        url=url,
        language=language_code(article.language) or detect_language(cleaned.text),
        meta=with_repairs(meta, repairs),
    )


def _joined(article: Article, rules: AcceptanceRules) -> Article:
    outlet = find_outlet((article.outlet, host_of(article.url)), article.published, rules.outlets)
    meta, origin = article.meta, article.origin
    if origin:
        origin = agency_named(origin, rules.agencies) or origin
    elif match := find_origin(article.text, article.author, rules.agencies):
        origin, meta = match.agency, {**meta, "origin_rule": match.rule}
    return msgspec.structs.replace(
        article,
        outlet=outlet.id if outlet else article.outlet,
        country=article.country or (outlet.country if outlet else None),
        language=article.language or (outlet.language if outlet else None),
        origin=origin,
        meta=meta,
    )


def _objection(article: Article, rules: AcceptanceRules) -> tuple[str, str] | None:
    """Return the reason for dropping an article and its details; None for an accepted article."""
    if not article.text.strip():
        return "empty", ""
    if sign := teaser_sign(article.text):
        return "teaser_or_paywall", f": {sign!r}"
    if rules.min_words and (words := count_words(article.text, rules.min_words)) < rules.min_words:
        return "too_short", f": {words} words"
    if rules.languages and article.language not in rules.languages:
        return "language", f": {article.language or 'cannot be told'}"
    return None


# --- rows of tables --------------------------------------------------------------------------------------------------


SETTABLE = tuple(name for name in Article.__struct_fields__ if name not in ("version", "units", "channel", "meta"))
_KEPT = ("version", "meta")  # fields that only files of this toolkit have
_NAMED, _NAME = 30, 60  # maximum columns in a message, and characters of each


class NoColumnError(DataError):
    """A table lacks a requested column."""


def check_columns(names: Collection[str], columns: Mapping[str, str], where: str) -> None:
    """Reject a table that lacks a requested column or a text column.

    Raises:
        NoColumnError: a column is missing; the message lists the existing columns.
    """
    listed, keys = _listed(names), {_key(name) for name in names}
    for field, column in columns.items():
        if _key(column) not in keys and field not in keys:
            raise NoColumnError(f"{where}: no column {column!r}; the table has {listed}")
    if "text" not in columns and "text" not in keys:
        raise NoColumnError(f"{where}: no column 'text'; name yours with --text, the table has {listed}")


def _key(name: str) -> str:
    """Return a column name for comparison: case and surrounding blanks do not count."""
    return name.strip().lower()


@functools.lru_cache(maxsize=64)
def _columns_of(names: tuple[str, ...], mapping: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Map each article field to its column: the requested one, else the one with the field's name."""
    alike = {_key(name): name for name in reversed(names)}

    def column(name: str) -> str | None:
        """Return the column with this name, ignoring case and surrounding blanks, or None."""
        return name if name in names else alike.get(_key(name))

    mapped = {field: title for field, name in mapping if (title := column(name)) is not None}
    others = {field: title for field in SETTABLE if (title := column(field)) not in (None, *mapped.values())}
    return {field: name for field, name in {**others, **mapped}.items() if name is not None}


def _listed(names: Collection[str]) -> str:
    """Return column names for a message, limited in number and length."""
    some = ", ".join(str(name)[:_NAME] + "…" * (len(str(name)) > _NAME) for name in itertools.islice(names, _NAMED))
    return f"{some} and {len(names) - _NAMED} more" if len(names) > _NAMED else some


def article_from_row(row: Mapping[str, Any], columns: Mapping[str, str], where: str) -> Article:
    """Convert a row to an article; columns that are not article fields go to its meta.

    Raises:
        DataError: the row has no text, or a field has an invalid value.
    """
    mapped = _columns_of(tuple(row), tuple(columns.items()))
    taken = {field: row[column] for field, column in mapped.items()}
    used = set(mapped.values())
    rest = {name: value for name, value in row.items() if name not in used}
    if not isinstance(taken.get("text"), str | None) or "text" not in taken:
        raise DataError(f"{where}: no text in {columns.get('text', 'text')!r}")
    given = {name: _value(name, value) for name, value in taken.items() if not _missing(value)}
    meta = {name: _plain(value) for name, value in rest.items() if name not in taken and name not in _KEPT}
    meta |= _own_meta(row.get("meta"))
    if "published" in given and (date := iso_date(given["published"])) != given["published"]:
        meta["published"] = given.pop("published")
        given |= {"published": date} if date else {}
    version = row.get("version") if isinstance(row.get("version"), str) else ""
    try:
        return msgspec.convert({"text": "", **given, "version": version, "meta": meta}, Article)
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: {explain(str(error), Article)}") from error


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - a cell holds any type
    if isinstance(value, datetime.date):
        return value.isoformat()
    if name == "author" and isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, int | float) else value


def _missing(value: Any) -> bool:  # noqa: ANN401
    return value in (None, "") or (isinstance(value, float) and math.isnan(value))


def _own_meta(value: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return {} if _missing(value) else {"meta": _plain(value)}


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Convert a value to a JSON-compatible one."""
    try:
        return msgspec.to_builtins(value, str_keys=True)
    except (TypeError, ValueError):
        return str(value)
