"""What stands around a paragraph: the headline and its neighbours."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.records import Paragraph


class Context(Struct, frozen=True, kw_only=True):
    """What stands around a paragraph; "" where there is nothing."""

    headline: str
    previous: str
    next: str


NO_CONTEXT = Context(headline="", previous="", next="")


def contexts(paragraphs: Iterable[Paragraph], titles: Mapping[str, str], roles: Sequence[str]) -> dict[str, Context]:
    """The context of each paragraph of the roles that are asked, by paragraph id.

    Args:
        paragraphs: of all articles, those of an article in their order.
        titles: by article, for those whose text has no headline.
        roles: those that are asked; paragraphs of other roles are nobody's neighbour.
    """
    by_article: dict[str, list[Paragraph]] = {}
    for paragraph in paragraphs:
        by_article.setdefault(paragraph.article_id, []).append(paragraph)
    found = {}
    for article_id, members in by_article.items():
        headline = next((p.text for p in members if p.role == "headline"), titles.get(article_id, ""))
        texts = ["", *(p.text for p in members if p.role in roles), ""]
        asked = [p for p in members if p.role in roles]
        for number, paragraph in enumerate(asked):
            found[paragraph.id] = Context(headline=headline, previous=texts[number], next=texts[number + 2])
    return found
