"""What an annotator is shown of an item, on a screen or in a sheet: texts, neighbours, source, and what is masked.

Hidden texts are removed here, before anything is written or sent: they are neither on the screen nor in the data of
a task or sheet.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.records import Article, Item, Paragraph
from toolkit.workspace import StudioOptions

_BLOT = "\N{FULL BLOCK}"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Shown(Struct, frozen=True, kw_only=True):
    """The texts of an item as an annotator reads them; "" where there is none, or where it is hidden."""

    headline: str = ""
    source: str = ""  # what may be shown of outlet, date and byline
    note: str = ""  # who the target was on the day of the article
    previous: str = ""
    text: str
    next: str = ""


class ShownItem(Struct, frozen=True, kw_only=True):
    """An item and the texts that are shown for it."""

    item: Item
    shown: Shown


# --- characters ------------------------------------------------------------------------------------------------------


def printable(text: str) -> str:
    """A text with a replacement mark for each character that XML and databases refuse; offsets stay.

    >>> printable(f"a{chr(0)}b") == f"a{chr(0xFFFD)}b"
    True
    """
    return _NOT_XML.sub("\ufffd", text)


def replaced_characters(items: Iterable[ShownItem]) -> int:
    """The number of characters of the items that `printable` replaces on the screen."""
    return sum(len(_NOT_XML.findall(text)) for item in items for text in msgspec.structs.astuple(item.shown))


# --- neighbours ------------------------------------------------------------------------------------------------------


class ParagraphContext(Struct, frozen=True, kw_only=True):
    """The headline and the neighbours of a paragraph; "" where there is none."""

    headline: str
    previous: str
    next: str


NO_CONTEXT = ParagraphContext(headline="", previous="", next="")


def contexts(
    paragraphs: Iterable[Paragraph], titles: Mapping[str, str], roles: Sequence[str]
) -> dict[str, ParagraphContext]:
    """The context of each paragraph of the roles that are put to annotators, by paragraph id.

    Args:
        paragraphs: of all articles, those of an article in their order.
        titles: by article, for those whose text has no headline.
        roles: those put to annotators; a paragraph of another role is nobody's neighbour.
    """
    by_article: dict[str, list[Paragraph]] = {}
    for paragraph in paragraphs:
        by_article.setdefault(paragraph.article_id, []).append(paragraph)
    context_by_id = {}
    for article_id, members in by_article.items():
        headline = next((p.text for p in members if p.role == "headline"), titles.get(article_id, ""))
        chosen = [p for p in members if p.role in roles]
        texts = ["", *(p.text for p in chosen), ""]
        for number, paragraph in enumerate(chosen):
            context_by_id[paragraph.id] = ParagraphContext(
                headline=headline, previous=texts[number], next=texts[number + 2]
            )
    return context_by_id


# --- what is shown ---------------------------------------------------------------------------------------------------


class Surroundings(Struct, frozen=True, kw_only=True):
    """The article and the context of an item, before it is decided what of them is shown."""

    article: Article
    context: ParagraphContext
    outlet_names: tuple[str, ...] = ()  # all names by which texts may call the outlet


class DisplayRules(Struct, frozen=True, kw_only=True):
    """What a campaign shows of its articles."""

    options: StudioOptions
    roles: tuple[str, ...]  # of the paragraphs put to annotators
    outlets: Mapping[str, tuple[str, ...]] = {}  # all names of an outlet by each of them, in small letters


def shown_items(
    items: Iterable[Item], paragraphs: Iterable[Paragraph], articles: Mapping[str, Article], rules: DisplayRules
) -> list[ShownItem]:
    """The items with the texts that their annotators may see.

    Args:
        items: each on a paragraph that is given.
        paragraphs: of all articles, those of an article in their order.
        articles: by id.
        rules: what is shown and what is masked.
    """
    by_id = {paragraph.id: paragraph for paragraph in paragraphs}
    titles = {article.id: article.title for article in articles.values()}
    context_by_id = contexts(by_id.values(), titles, rules.roles)
    shown = []
    for item in items:
        article = articles[item.article_id]
        surroundings = Surroundings(
            article=article,
            context=context_by_id.get(item.unit_id, NO_CONTEXT),
            outlet_names=rules.outlets.get((article.outlet or "").casefold(), ()),
        )
        texts = shown_texts(item, by_id[item.unit_id].text, surroundings, rules.options)
        shown.append(ShownItem(item=item, shown=texts))
    return shown


def shown_texts(item: Item, text: str, surroundings: Surroundings, options: StudioOptions) -> Shown:
    """The texts of an item as its annotators see them."""
    show, article, context = options.show, surroundings.article, surroundings.context
    names = _masked_names(surroundings, options)
    source = {"outlet": article.outlet, "date": (article.published or "")[:10], "byline": article.author}
    has_neighbours = "neighbours" in show
    return Shown(
        headline=masked(context.headline, names) if "headline" in show else "",
        source=" · ".join(value for part, value in source.items() if part in show and value),
        note=item.target.note if "note" in show else "",
        previous=masked(context.previous, names) if has_neighbours else "",
        text=masked(text, names),
        next=masked(context.next, names) if has_neighbours else "",
    )


def _masked_names(surroundings: Surroundings, options: StudioOptions) -> Sequence[str]:
    names: list[str] = []
    if "outlet" in options.mask:
        names += [surroundings.article.outlet or "", *surroundings.outlet_names]
    if "byline" in options.mask:
        names.append(surroundings.article.author or "")
    return names


def masked(text: str, names: Iterable[str]) -> str:
    """A text in which each character of these names is blotted out, so that offsets stay.

    Names match as whole words in any case; inflected forms do not match.

    >>> masked("The Post, by post.", ["The Post"])
    '████████, by post.'
    """
    ordered = sorted({name.strip() for name in names if name.strip()}, key=lambda name: (-len(name), name))
    if not ordered:
        return text
    any_of = "|".join(map(re.escape, ordered))
    return re.sub(rf"(?<!\w)(?:{any_of})(?!\w)", lambda match: _BLOT * len(match[0]), text, flags=re.IGNORECASE)


def outlet_names(rows: Iterable[Mapping[str, object]]) -> dict[str, tuple[str, ...]]:
    """All names of each outlet, by each of them in small letters.

    Args:
        rows: of ``outlets.csv``: ``id`` and ``aliases``, separated by semicolons.
    """
    by_name = {}
    for row in rows:
        aliases = (alias.strip() for alias in str(row["aliases"] or "").split(";"))
        names = (str(row["id"]), *filter(None, aliases))
        by_name.update(dict.fromkeys(map(str.casefold, names), names))
    return by_name
