"""Location of the article on a page, and selection of the elements that belong to it.

No rule is specific to a site. The rules use the amount of running text in an element, its HTML semantics, and the
words that are common in publishers' class names.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct

from toolkit.articles.pages.blocks import Block, Element, Tree, words

# Words in class, id or role that mark elements outside the article.
_ASIDE = words(
    "comment comments commentlist disqus respond share shares sharing sharebar sharethis social socials "
    "socialmedia related relatedposts relatedarticles relatednews relatedstories relatedcontent relatedlinks "
    "recommended recommends recommendation recommendations recirc recirculation newsletter newsletters signup "
    "subscribe subscription promo promos promobox promotion advert adverts advertisement ads ad adbox adsbygoogle "
    "sponsored sponsor sidebar sidebars rail footer nav navi navigation navbar menu breadcrumb breadcrumbs cookie "
    "cookies consent gdpr popup modal overlay outbrain taboola tags toolbar paywall pagination pager trending "
    "popular mostread mostpopular morestories readnext readalso seealso alsoread addthis addtoany sharedaddy "
    "jetpack hidden skip byline bylines dateline timestamp postmeta author authors bio readmore teaser teasers "
    "login register complementary contentinfo search banner donate donation copyright comentarios comentario "
    "relacionadas relacionados relacionada relacionado compartir publicidad boletin suscripcion etiquetas "
    "comentários compartilhar compartilhe publicidade commentaires partage partager publicite abonnement commenti "
    "correlati condividi pubblicita kommentare teilen werbung anzeige anzeigen empfehlungen reacties delen "
    "komentarze komentarz reklama reklamy reklam iklan terkait bacajuga yorumlar yorum ilgili kommentarer"
)
# Words for readers' comments, and for other elements that may be longer than the article.
_READERS = words("comment comments commentlist disqus respond comentarios commentaires commenti kommentare komentarze")
_LONG_ASIDES = _READERS | words(
    "sidebar sidebars complementary footer contentinfo newsletter cookie cookies consent gdpr"
)
# The words that exclude a single paragraph; "teaser" is not among them, because a lead may have that name.
_ASIDE_PARAGRAPHS = words(
    "ad ads advertisement byline bylines copyright dateline newsletter pagination postmeta promo related share sharing "
    "social tags timestamp hidden"
)
_ASIDE_TAGS = words("aside nav footer form dialog menu")
_NEVER_ASIDE = words("body html article main h1 h2 h3 h4 h5 h6")
_PARAGRAPHS = words("p blockquote pre li h1 h2 h3 h4 h5 h6 td figcaption dd dt")
_SEVERAL = 3  # blocks from which a paragraph element counts as a container of several paragraphs
_HALF_PROSE = words("li figcaption h1 h2 h3 h4")
_BODY_NAMES = words("body content text entry copy")
_STORY_NAMES = words("article entry post story news single")
_PROSE = 40  # minimum characters of a block of running text
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # Chinese and Japanese
_DENSITY = 2  # Latin characters that carry as much text as one of these
_INNER = 0.7  # minimum share of the prose for an inner element to be the article
_WRAPPER = 0.8  # share of the page's prose from which an element counts as a page wrapper
_ARTICLE = 250.0  # characters of prose from which an <article> with the page's headline is the article
_FIRST = 0.35  # minimum prose of the article with the page's headline, as a share of the longest article
_MOST = 0.55  # minimum share of a marked element's prose for a marked element inside it to replace it
_END = re.compile(r"[.!?…。！？»”\"'’:;)]\s*$")

PlaceEvidence = Literal["marked", "named", "article", "main", "heaviest"]
_LEAST: dict[PlaceEvidence, float] = {"marked": 0.25, "named": 0.35, "article": 0.35, "main": 0.35}
_LEAST_OF_ALL = min(_LEAST.values())


class ArticlePlace(Struct, frozen=True, kw_only=True):
    """The article's element, the evidence for it, and its share of the page's prose."""

    root: int
    evidence: PlaceEvidence
    prose: float
    share: float
    skipped: frozenset[int]  # elements inside it that do not belong to the article


def ends_like_a_sentence(text: str) -> bool:
    """Return whether the text ends with the punctuation of a sentence, a quotation or a lead-in."""
    return _END.search(text[-3:]) is not None


def find_article(tree: Tree, headline: Block | None) -> ArticlePlace | None:
    """Locate the article; None for a page without text."""
    if not tree.blocks:
        return None
    own = _prose(tree)
    all_of_it = _prose_below(tree, own, frozenset())
    skipped = _asides(tree, all_of_it, headline) | _other_articles(tree, all_of_it, headline)
    below = _prose_below(tree, own, skipped) if skipped else all_of_it
    start, evidence = _marked(tree, below, headline)
    root = _innermost(tree, below, start, headline)
    whole = all_of_it[0] - _prose_of_long_asides(tree, all_of_it, skipped)
    share = below[root] / whole if whole else 0.0
    return ArticlePlace(root=root, evidence=evidence, prose=below[root], share=share, skipped=skipped)


def find_headline(tree: Tree, title: str) -> Block | None:
    """Return the h1 most similar to the page's title, the first of equals; None if none is similar enough."""
    title_words = set(re.findall(r"\w+", title.lower()))
    best, likeness = None, 0.0
    for block in tree.blocks:
        if tree.elements[block.element].tag == "h1":
            own = set(re.findall(r"\w+", block.text.lower()))
            alike = len(own & title_words) / max(len(own | title_words), 1)
            if alike > likeness:
                best, likeness = block, alike
    return best if likeness >= 0.5 else None


def _prose_weight(block: Block, tag: str) -> float:
    size, linked = len(block.text), block.linked
    if size < _PROSE / _DENSITY:
        return 0.0
    if not block.text.isascii() and _DENSE.search(block.text):
        size, linked = _DENSITY * size, _DENSITY * linked
    if size < _PROSE or linked > size / 2:
        return 0.0
    plain = float(size - linked)
    if tag in ("p", "blockquote"):
        return plain
    return plain if tag not in _HALF_PROSE and ends_like_a_sentence(block.text) else plain / 4


def _prose(tree: Tree) -> list[float]:
    """Return the amount of prose directly in each element."""
    own = [0.0] * len(tree.elements)
    for block in tree.blocks:
        own[block.element] += _prose_weight(block, tree.elements[block.element].tag)
    return own


def _prose_below(tree: Tree, own: list[float], skipped: Collection[int]) -> list[float]:
    """Return the amount of prose in each element and its descendants."""
    below = [*own]
    for place in skipped:
        below[place] = 0.0
    for place in range(len(own) - 1, 0, -1):
        if below[place]:
            below[tree.elements[place].parent] += below[place]
    return below


def _asides(tree: Tree, below: list[float], headline: Block | None) -> frozenset[int]:
    """Return the elements inside asides, except asides with the headline or, usually, more than half of the prose."""
    aside_elements: set[int] = set()
    place = 0
    while place < len(tree.elements):
        element = tree.elements[place]
        holds_headline = headline is not None and place <= headline.element < element.end
        if not holds_headline and _is_aside(element) and _is_light(tree, below, place, headline):
            aside_elements.update(range(place, element.end))
            place = element.end
        else:
            place += 1
    return frozenset(aside_elements)


def _is_aside(element: Element) -> bool:
    if element.tag in _ASIDE_TAGS:
        return True
    if not element.names or element.tag in _NEVER_ASIDE:
        return False
    return not (_ASIDE_PARAGRAPHS if element.tag == "p" else _ASIDE).isdisjoint(element.names)


def _is_light(tree: Tree, below: list[float], place: int, headline: Block | None) -> bool:
    """Return whether an element has at most half of the prose, or is a long aside but not a page wrapper."""
    if below[place] <= below[0] / 2:
        return True
    element = tree.elements[place]
    if headline is None or below[place] >= _WRAPPER * below[0]:
        return False
    return not _LONG_ASIDES.isdisjoint(element.names) and _mark(element) is None


def _prose_of_long_asides(tree: Tree, below: list[float], skipped: Collection[int]) -> float:
    outermost = (
        place
        for place, element in enumerate(tree.elements)
        if place in skipped and element.parent not in skipped and not _LONG_ASIDES.isdisjoint(element.names)
    )
    return sum(below[place] for place in outermost)


def _other_articles(tree: Tree, below: list[float], headline: Block | None) -> frozenset[int]:
    """Return the elements of the other articles on a page with several articles or with teasers in <article>."""
    chain = tree.chain(headline.element) if headline is not None else []
    own = [place for place in chain if tree.elements[place].tag == "article" and below[place] >= _ARTICLE]
    if not own:
        return frozenset()
    start, end = own[-1], tree.elements[own[-1]].end
    others = _outermost_articles(tree, chain)
    within = [place for place in others if start < place < end]
    if sum(below[place] for place in within) > below[start] / 2:
        others = [place for place in others if not start < place < end]  # these are its parts
    return frozenset(inner for place in others for inner in range(place, tree.elements[place].end))


def _outermost_articles(tree: Tree, chain: list[int]) -> list[int]:
    """Return the outermost <article> elements that are not in the chain and are not readers' comments."""
    articles: list[int] = []
    place = 0
    while place < len(tree.elements):
        element = tree.elements[place]
        if element.tag == "article" and place not in chain and element.names.isdisjoint(_READERS):
            articles.append(place)
            place = element.end
        else:
            place += 1
    return articles


def _marked(tree: Tree, below: list[float], headline: Block | None) -> tuple[int, PlaceEvidence]:
    """Return the element marked as the article, by the most reliable kind of mark, and that kind."""
    marks: dict[PlaceEvidence, list[int]] = {kind_of_mark: [] for kind_of_mark in _LEAST}
    for place, element in enumerate(tree.elements):
        if 0 < below[place] >= _LEAST_OF_ALL * below[0] and element.tag not in _PARAGRAPHS and place:
            kind = _mark(element)
            if kind is not None and below[place] >= _LEAST[kind] * below[0]:
                marks[kind].append(place)
    for kind_of_mark, places in marks.items():
        if places:
            return _one_of(tree, below, _under(tree, below, places, headline)), kind_of_mark
    return 0, "heaviest"


def _under(tree: Tree, below: list[float], places: list[int], headline: Block | None) -> list[int]:
    """Restrict marked elements to the one with the page's headline and those inside it; keep all if there is none."""
    if headline is None:
        return places
    own = [place for place in places if place <= headline.element < tree.elements[place].end]
    heaviest = max(below[place] for place in places)
    if not own or max(below[place] for place in own) < _FIRST * heaviest:
        return places
    outer = min(own)
    return [place for place in places if outer <= place < tree.elements[outer].end]


def _one_of(tree: Tree, below: list[float], places: list[int]) -> int:
    """Return the marked element with the most prose, or a single marked element inside it with most of that prose."""
    outer = best = max(places, key=lambda place: below[place])
    for place in places:
        inside = best < place < tree.elements[best].end
        if inside and below[place] >= _MOST * below[best]:
            best = place
    beside = (p for p in places if p >= tree.elements[best].end or tree.elements[p].end <= best)
    several = any(outer < p < tree.elements[outer].end for p in beside)
    return outer if several else best


def _mark(element: Element) -> PlaceEvidence | None:
    if "articlebody" in element.itemprop:
        return "marked"
    names = element.names
    if "articlebody" in names or (not _BODY_NAMES.isdisjoint(names) and _is_of_a_story(names)):
        return "named"
    if element.tag == "article":
        return "article"
    return "main" if element.tag == "main" or "main" in names else None


def _is_of_a_story(names: frozenset[str]) -> bool:
    """Return whether one name means a story and a different one means a body ("entry" means both)."""
    story, body = names & _STORY_NAMES, names & _BODY_NAMES
    return len(story | body) > 1 and bool(story)


def _innermost(tree: Tree, below: list[float], place: int, headline: Block | None) -> int:
    holders = sorted(block.element for block in tree.blocks)
    if _is_a_part(tree, below, place, headline):
        return tree.elements[place].parent
    while True:
        inner = _heaviest_child(tree, below, place)
        if inner is None or below[inner] < _INNER * below[place] or _is_paragraph(tree, inner, holders):
            return place
        if _is_a_part(tree, below, inner, headline):
            return place
        place = inner


def _is_a_part(tree: Tree, below: list[float], place: int, headline: Block | None) -> bool:
    """Return whether an element has similar siblings under one headline, such as the entries of a live blog."""
    element = tree.elements[place]
    if headline is None or _mark(element) is None:
        return False
    alike = [
        other
        for other in _children(tree, element.parent)
        if below[other] > 0 and (tree.elements[other].tag, tree.elements[other].names) == (element.tag, element.names)
    ]
    return len(alike) > 1 and headline.element < alike[0]


def _is_paragraph(tree: Tree, place: int, holders: list[int]) -> bool:
    """Return whether an element is a single paragraph; a cell of a layout table is not."""
    if tree.elements[place].tag not in _PARAGRAPHS:
        return False
    return bisect_left(holders, tree.elements[place].end) - bisect_left(holders, place) < _SEVERAL


def _heaviest_child(tree: Tree, below: list[float], place: int) -> int | None:
    heaviest = max(_children(tree, place), key=lambda child: below[child], default=None)
    return heaviest if heaviest is not None and below[heaviest] > 0 else None


def _children(tree: Tree, place: int) -> Iterator[int]:
    child, end = place + 1, tree.elements[place].end
    while child < end:
        yield child
        child = tree.elements[child].end
