"""What becomes of an article on its way in: completed, cleaned, joined, or left out with the reason."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.articles.dates import iso_date
from toolkit.articles.languages import count_words, detect_language, language_code
from toolkit.articles.origins import Agencies, agency_named, find_origin
from toolkit.articles.outlets import Outlets, find_outlet
from toolkit.articles.pages.extraction import Page, read_page
from toolkit.articles.reading.cleaning import clean, clean_line
from toolkit.articles.reading.encodings import decode_page
from toolkit.articles.teasers import closed_page, teaser_sign
from toolkit.articles.urls import address_key, canonical_url, host_of
from toolkit.errors import DataError
from toolkit.files import digest, explain
from toolkit.records import Article, Dropped

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|div|article|p|h1)\b", re.IGNORECASE)
_CLOSED_SHORT = 200  # words: a page that says it is closed and has more is there in full


class Rules(Struct, frozen=True, kw_only=True):
    """What an article must have, and what is known of outlets and agencies."""

    constants: dict[str, str] = {}  # field -> value for articles that have none of their own
    languages: tuple[str, ...] = ()  # (): any
    min_words: int = 0
    outlets: Outlets
    agencies: Agencies


def identified(article: Article) -> Article:
    """The article with its id and version.

    The id is the one given, else a hash of the page's address, else of outlet, date and title, else of the text. The
    version is a hash of the text.
    """
    version = digest(article.text)  # whatever a file says: its text may have been edited since
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


def admit(article: Article, rules: Rules, where: str) -> Article | Dropped:
    """The article as it is kept, or why it is left out.

    Raises:
        DataError: a constant has a value that the field cannot have.
    """
    ready = identified(_joined(_cleaned(_completed(article, rules.constants, where)), rules))
    reason = _objection(ready, rules)
    return Dropped(id=ready.id, reason=reason[0], detail=f"{where}{reason[1]}") if reason else ready


def article_from_page(raw: bytes, url: str | None, charset: str | None, where: str) -> Article | Dropped:
    """The article on a page, or why there is none."""
    if not _HTML.search(raw[:65536].replace(b"\0", b"")):
        return Dropped(id=url or where, reason="not_html", detail=f"{where}: no HTML in it")
    try:
        decoded = decode_page(raw, charset)
        page = read_page(decoded.text, url)
    except (
        DataError,
        ValueError,
        RecursionError,
        AssertionError,
    ) as error:  # a library asserts of trees what may not be
        return Dropped(id=url or where, reason="unreadable", detail=f"{where}: {error or type(error).__name__}")
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
        # what a page declares is often its template's language; the text itself is asked first
        language=detect_language(text) or language_code(page.language),
        url=own,
        meta=with_repairs(meta, repairs),
    )


def with_repairs(meta: Mapping[str, Any], repairs: tuple[str, ...]) -> dict[str, Any]:
    """The meta of an article with what was repaired in it."""
    known = meta.get("repairs")
    listed = [*(known if isinstance(known, list) else ()), *repairs]
    return {**meta, "repairs": list(dict.fromkeys(listed))} if listed else dict(meta)


def _completed(article: Article, constants: Mapping[str, str], where: str) -> Article:
    missing = {field: value for field, value in constants.items() if not getattr(article, field)}
    if not missing:
        return article
    try:
        return msgspec.convert({**msgspec.structs.asdict(article), **missing}, Article)
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


def _joined(article: Article, rules: Rules) -> Article:
    outlet = find_outlet((article.outlet, host_of(article.url)), article.published, rules.outlets)
    meta, origin = article.meta, article.origin
    if origin:
        origin = agency_named(origin, rules.agencies) or origin
    elif found := find_origin(article.text, article.author, rules.agencies):
        origin, meta = found.agency, {**meta, "origin_rule": found.rule}
    return msgspec.structs.replace(
        article,
        outlet=outlet.id if outlet else article.outlet,
        country=article.country or (outlet.country if outlet else None),
        language=article.language or (outlet.language if outlet else None),
        origin=origin,
        meta=meta,
    )


def _objection(article: Article, rules: Rules) -> tuple[str, str] | None:
    """The reason against an article and what is said of it; None for one that is kept."""
    if not article.text.strip():
        return "empty", ""
    if sign := teaser_sign(article.text):
        return "teaser_or_paywall", f": {sign!r}"
    if rules.min_words and (words := count_words(article.text, rules.min_words)) < rules.min_words:
        return "too_short", f": {words} words"
    if rules.languages and article.language not in rules.languages:
        return "language", f": {article.language or 'cannot be told'}"
    return None
