"""Where the article is on a page, and which of its blocks belong to it.

No rule knows a site. What counts is how much running text an element holds, what HTML itself says of an element,
and the words that publishers everywhere use in class names.
"""

import re
from collections.abc import Collection
from typing import Literal

from msgspec import Struct

from toolkit.articles.page_blocks import Block, Element, Tree, words

# Words in class, id or role for what is not the article.
_ASIDE = words(
    "comment comments commentlist disqus respond share shares sharing sharebar social socials related recommended "
    "recommendation recommendations recirc recirculation newsletter newsletters signup subscribe subscription "
    "promo promos promotion advert adverts advertisement ads ad sponsored sponsor sidebar sidebars rail footer "
    "nav navigation navbar menu breadcrumb breadcrumbs cookie cookies consent gdpr popup modal overlay outbrain "
    "taboola tags toolbar paywall pagination pager trending popular addthis sharedaddy hidden skip byline bylines "
    "dateline timestamp author authors bio readmore teaser teasers login register complementary banner"
)
_ASIDE_TAGS = words("aside nav footer form dialog menu")
_NEVER_ASIDE = words("body html article main p h1 h2 h3 h4 h5 h6")
_PARAGRAPHS = words("p blockquote pre li h1 h2 h3 h4 h5 h6 td figcaption dd dt")
_HALF_PROSE = words("li figcaption td h1 h2 h3 h4")
_BODY_NAMES = words("body content text entry copy")
_STORY_NAMES = words("article entry post story news single")
_PROSE = 40  # characters from which on a block can be running text
_INNER = 0.7  # share of the prose that an inner element must hold to be the place of the article
_MOST = 0.55  # share of the prose of a marked element that one in it, marked too, must hold to be it
_END = re.compile(r"[.!?…。！？»”\"'’:;)]\s*$")

Found = Literal["marked", "named", "article", "main", "heaviest"]
_LEAST: dict[Found, float] = {"marked": 0.25, "named": 0.35, "article": 0.35, "main": 0.35}


class Place(Struct, frozen=True, kw_only=True):
    """Where the article is: the element, how it was found and how much of the page's prose it holds."""

    root: int
    found: Found
    prose: float
    share: float
    skipped: frozenset[int]  # elements in it that are no part of the article


def ends_like_a_sentence(text: str) -> bool:
    """Whether the text ends in a mark that ends sentences, quotations or lead-ins."""
    return _END.search(text[-3:]) is not None


def find_article(tree: Tree) -> Place | None:
    """The place of the article; None on a page without any text."""
    if not tree.blocks:
        return None
    skipped = _asides(tree, _prose_below(tree, frozenset()))
    below = _prose_below(tree, skipped)
    start, found = _marked(tree, below)
    root = _innermost(tree, below, start)
    share = below[root] / below[0] if below[0] else 0.0
    return Place(root=root, found=found, prose=below[root], share=share, skipped=skipped)


def _prose_weight(block: Block, tag: str) -> float:
    size = len(block.text)
    if size < _PROSE or block.linked > size / 2:
        return 0.0
    plain = float(size - block.linked)
    if tag in ("p", "blockquote"):
        return plain
    return plain if tag not in _HALF_PROSE and ends_like_a_sentence(block.text) else plain / 4


def _prose_below(tree: Tree, skipped: Collection[int]) -> list[float]:
    elements = tree.elements
    below = [0.0] * len(elements)
    for block in tree.blocks:
        if block.element not in skipped:
            below[block.element] += _prose_weight(block, elements[block.element].tag)
    for place in range(len(elements) - 1, 0, -1):
        below[elements[place].parent] += below[place]
    return below


def _asides(tree: Tree, below: list[float]) -> frozenset[int]:
    """Elements within one whose name says that it is no part of the article, unless that holds half of the prose."""
    found: set[int] = set()
    place = 0
    while place < len(tree.elements):
        element = tree.elements[place]
        if below[place] <= below[0] / 2 and _is_aside(element):
            found.update(range(place, element.end))
            place = element.end
        else:
            place += 1
    return frozenset(found)


def _is_aside(element: Element) -> bool:
    if element.tag in _ASIDE_TAGS:
        return True
    return bool(element.names) and element.tag not in _NEVER_ASIDE and not _ASIDE.isdisjoint(element.names)


def _marked(tree: Tree, below: list[float]) -> tuple[int, Found]:
    """The element that the publisher marked as the article, by the surest kind of mark."""
    marks: dict[Found, list[int]] = {found: [] for found in _LEAST}
    for place, element in enumerate(tree.elements):
        if 0 < below[place] >= 0.25 * below[0] and element.tag not in _PARAGRAPHS and place:
            kind = _mark(element)
            if kind is not None and below[place] >= _LEAST[kind] * below[0]:
                marks[kind].append(place)
    for found, places in marks.items():
        if places:
            return _one_of(tree, below, places), found
    return 0, "heaviest"


def _one_of(tree: Tree, below: list[float], places: list[int]) -> int:
    """The heaviest of the marked places, or one in it that holds most of it and is not one of several parts."""
    best = max(places, key=lambda place: below[place])
    for place in places:
        inside = best < place < tree.elements[best].end
        if inside and below[place] >= _MOST * below[best]:
            best = place
    outer = max(places, key=lambda place: below[place])
    beside = (p for p in places if p > tree.elements[best].end - 1 or tree.elements[p].end <= best)
    several = any(outer < p < tree.elements[outer].end for p in beside)
    return outer if several else best


def _mark(element: Element) -> Found | None:
    if "articlebody" in element.itemprop:
        return "marked"
    names = element.names
    if "articlebody" in names or (not _BODY_NAMES.isdisjoint(names) and _is_of_a_story(names)):
        return "named"
    if element.tag == "article":
        return "article"
    return "main" if element.tag == "main" or "main" in names else None


def _is_of_a_story(names: frozenset[str]) -> bool:
    """Whether the names speak of a story by another word than the one that speaks of a body ("entry" does both)."""
    story, body = names & _STORY_NAMES, names & _BODY_NAMES
    return len(story | body) > 1 and bool(story)


def _innermost(tree: Tree, below: list[float], place: int) -> int:
    while True:
        inner = _heaviest_child(tree, below, place)
        if inner is None or below[inner] < _INNER * below[place] or tree.elements[inner].tag in _PARAGRAPHS:
            return place
        place = inner


def _heaviest_child(tree: Tree, below: list[float], place: int) -> int | None:
    best, child = None, place + 1
    while child < tree.elements[place].end:
        if below[child] > (below[best] if best is not None else 0.0):
            best = child
        child = tree.elements[child].end
    return best
