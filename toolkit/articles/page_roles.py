"""The blocks of the article with their roles, once and in order."""

import re
from collections.abc import Iterable

from msgspec import Struct

from toolkit.articles.page_blocks import Block, Tree, words
from toolkit.articles.page_body import Place, ends_like_a_sentence
from toolkit.records import Role

_LETTER = re.compile(r"[^\W\d_]")
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_PARAGRAPHS = words("p blockquote pre li td th figcaption dd dt") | _HEADINGS
_CELL = 120  # characters of a cell up to which a row of a table is one line
_LABEL = 40  # characters up to which a loose piece of text is a label of the page
# How pages everywhere introduce what is not the article; only in short blocks.
_CALL = re.compile(
    r"(?:advertisement|advertising|sponsored (?:by|content)|read (?:more|also|next)|see also|share (?:this|on)|sign up"
    r"|subscribe|follow (?:us|me)|you may also like|recommended (?:for you|reading|stories)|all rights reserved"
    r"|click here to|lee también|leer más|lire aussi|à lire|lesen sie auch|leia (?:também|mais)|leggi anche"
    r"|читайте также|baca juga)\b|(?:related(?: \w+)?|more|recommended):|copyright (?:©|\(c\)|\d)|©",
    re.IGNORECASE,
)
_CALL_SIZE = 160
_MARKUP = re.compile(r"\s*<[a-z].*>\s*$", re.IGNORECASE | re.DOTALL)


class Piece(Struct, frozen=True, kw_only=True):
    """A block of the article; pieces of one ``group`` (a list, a table) stand on lines below each other."""

    role: Role
    text: str
    group: int = -1


def pieces_of(tree: Tree, place: Place, title: str) -> list[Piece]:
    """What the article consists of: headline, captions around it, then everything to the last paragraph."""
    headline = _headline(tree, place, title)
    lead = _lead(tree, place.root, headline)
    end = tree.elements[place.root].end
    above = headline is not None and place.root <= headline.element and headline.element not in place.skipped
    kept = []
    for block in tree.blocks:
        if block is headline:
            above = False
            kept.append(block)
        elif lead <= block.element < end and block.element not in place.skipped:
            body = block.element >= place.root and not above
            if body or tree.elements[block.element].around.caption > lead:
                kept.append(block)
    return _trimmed(list(_pieces(tree, (place.root, lead), kept, headline)))


def _lead(tree: Tree, root: int, headline: Block | None) -> int:
    """The innermost element that holds the article and its headline."""
    if headline is None:
        return root
    around = tree.chain(root)
    return next((place for place in around if place <= headline.element < tree.elements[place].end), root)


def _headline(tree: Tree, place: Place, title: str) -> Block | None:
    """The h1 before or at the start of the article that is most like the page's title."""
    words = set(re.findall(r"\w+", title.lower()))
    best, likeness = None, 0.0
    for block in tree.blocks:
        if tree.elements[block.element].tag == "h1" and block.element < tree.elements[place.root].end:
            own = set(re.findall(r"\w+", block.text.lower()))
            alike = len(own & words) / max(len(own | words), 1)
            if alike > likeness:
                best, likeness = block, alike
    return best if likeness >= 0.5 else None


def _pieces(tree: Tree, within: tuple[int, int], blocks: list[Block], headline: Block | None) -> Iterable[Piece]:
    root, lead = within
    menus = _lists_of_links(tree, root, blocks)
    telling = {block.element for block in blocks if len(block.text) >= _LABEL}
    row, cells = -1, list[str]()
    for block in blocks:
        element = tree.elements[block.element]
        in_row = (
            element.around.row
            if element.around.row > root and element.tag in ("td", "th") and len(block.text) < _CELL
            else -1
        )
        if in_row != row and cells:
            yield Piece(role="list", text=" ".join(cells), group=tree.elements[row].around.table)
            cells = []
        row = in_row
        if row >= 0:
            cells.append(block.text)
        elif block is headline:
            yield Piece(role="headline", text=block.text)
        elif not _is_noise(tree, block, menus, telling):
            yield Piece(role=_role(tree, root, lead, block), text=block.text, group=_group(element.around.lists, root))
    if cells:
        yield Piece(role="list", text=" ".join(cells), group=tree.elements[row].around.table)


def _group(place: int, root: int) -> int:
    return place if place > root else -1


def _lists_of_links(tree: Tree, root: int, blocks: list[Block]) -> set[int]:
    linked: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for block in blocks:
        place = tree.elements[block.element].around.lists
        if place > root:
            linked[place] = linked.get(place, 0) + block.linked
            sizes[place] = sizes.get(place, 0) + len(block.text)
    return {place for place, size in sizes.items() if linked[place] > 0.6 * size}


def _is_noise(tree: Tree, block: Block, menus: set[int], telling: set[int]) -> bool:
    text, element = block.text, tree.elements[block.element]
    if not _LETTER.search(text) or element.around.lists in menus or block.linked >= 0.9 * len(text):
        return True
    if len(text) < _CALL_SIZE and (_CALL.match(text) or _MARKUP.match(text)):
        return True
    if element.tag in _PARAGRAPHS or block.element in telling:
        return False
    return len(text) < _LABEL and not ends_like_a_sentence(text)


def _role(tree: Tree, root: int, lead: int, block: Block) -> Role:
    element = tree.elements[block.element]
    if element.around.caption > lead:
        return "caption"
    if element.tag in _HEADINGS:
        return "subhead"
    if element.around.lists > root:
        return "list"
    if element.around.quote > root:
        return "quote"
    bold = block.bold >= 0.95 * len(block.text) and len(block.text) < 100
    return "subhead" if bold and not ends_like_a_sentence(block.text) else "body"


def _trimmed(pieces: list[Piece]) -> list[Piece]:
    """Without subheads under which nothing stands at the end."""
    while pieces and pieces[-1].role == "subhead":
        pieces.pop()
    return pieces
