"""Division of a page into blocks: each separate stretch of text, with its enclosing elements.

One traversal without recursion converts the page to a flat tree: elements in page order, each with the end of its
subtree. The time is linear in the size of the page at any depth.
"""

import re
from functools import lru_cache

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode


def words(text: str) -> frozenset[str]:
    """Return the distinct words of a text."""
    return frozenset(text.split())


SILENT = words(
    "script style noscript template head svg math iframe object embed canvas audio video map select option datalist "
    "textarea button input"
)
_INLINE = words(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby rb rt s samp small "
    "span strike strong sub sup time tt u var wbr"
)
_PICTURES = words("img picture amp-img")
# Silent elements that can occur inside a sentence without ending it.
_UNSEEN = words("script style noscript template svg math map source") | _PICTURES
_PASSED = _UNSEEN | {"br"}
_HOLDERS = words("ul ol dl blockquote tr table")
_FIGURES = words("figure figcaption")
_CAPTIONS = words("caption captions figcaption credit credits")
_NO_NAMES: frozenset[str] = frozenset()
_BREAK = "\x00"  # represents a <br>; `read_page` removes NULs first
_INDENTS = ("\u3000", "\n\u3000", "\xa0\xa0", "\n\xa0\xa0")  # begin a paragraph, for example on Chinese pages
_SEPARATED = re.compile(r"[\s_\-:.]+")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# Names that state what is absent, or on which screens the element is hidden.
_ABSENT_NAMES = re.compile(
    r"(?<!\S)(?:(?:has|no|not|with|without)[-_]|hidden[-_](?:xs|sm|md|lg|xl|print|phone|tablet|desktop|mobile))\S*"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class Ancestors(Struct, frozen=True, kw_only=True, gc=False):
    """The enclosing elements of each kind, or the element itself: positions in the tree, -1 for none."""

    lists: int = -1  # the outermost list
    quote: int = -1
    row: int = -1
    table: int = -1
    caption: int = -1  # a figure, or an element named as a caption or credit


class Element(Struct, gc=False):
    """An element of a page in the flat tree."""

    tag: str
    parent: int  # position in the tree; -1 for the root
    names: frozenset[str]  # words of class, id and role
    itemprop: str
    around: Ancestors
    end: int = 0  # position after its last descendant


class Block(Struct, frozen=True, gc=False):
    """Text between two block boundaries."""

    element: int  # the enclosing block-level element
    text: str
    linked: int  # characters within links
    bold: int  # characters within <b> or <strong>
    pictured: bool  # a picture precedes it, after the previous block


class Tree(Struct, frozen=True, kw_only=True):
    """The elements of a page, and its blocks in page order."""

    elements: list[Element]
    blocks: list[Block]

    def chain(self, place: int) -> list[int]:
        """Return the element at a position and its ancestors, innermost first."""
        places = []
        while place >= 0:
            places.append(place)
            place = self.elements[place].parent
        return places


class _TextRun(Struct):
    """The parts of the current block's text, and a mark for each part: linked (1), bold (2), both (3)."""

    parts: list[str]
    marks: list[int]
    pictured: bool = False


# An entry of the traversal stack: a node, or the (position, mark) to restore at the end of an element.
_Open = LexborNode | tuple[int, int]
_NOWHERE = Ancestors()
_LINKED, _BOLD = 1, 2
_MARKS = {"a": _LINKED, "b": _BOLD, "strong": _BOLD}


def read_tree(parser: LexborHTMLParser) -> Tree:
    """Convert the page to a flat tree with its blocks."""
    elements: list[Element] = []
    blocks: list[Block] = []
    run = _TextRun(parts=[], marks=[])
    root = parser.body or parser.root
    stack: list[_Open] = []
    place, mark = -1, 0
    if root is not None:
        place = _open(root, root.tag or "", place, elements)
        _push(root, (-1, 0), stack)
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            if node[0] != place:
                _flush(place, run, blocks)
                elements[place].end = len(elements)
            place, mark = node
            continue
        tag = node.tag or ""
        if tag == "-text":
            _gather(node, mark, run)
        elif tag in _INLINE or ":" in tag:  # for example <o:p>
            mark = _mark(node, tag, (place, mark), stack)
        elif tag in _PASSED:
            _pass(tag, run)
        elif node.is_element_node:
            _flush(place, run, blocks)
            if tag not in SILENT:
                _push(node, (place, mark), stack)
                place = _open(node, tag, place, elements)
    return Tree(elements=elements, blocks=blocks)


def _mark(node: LexborNode, tag: str, back: tuple[int, int], stack: list[_Open]) -> int:
    """Return the mark of the text in an inline element, and push its children."""
    mark = back[1] | _MARKS.get(tag, 0)
    if mark != back[1]:
        stack.append(back)
    _push_children(node, stack)
    return mark


def depth_of(parser: LexborHTMLParser) -> int:
    """Return the maximum nesting depth of the page."""
    deepest = 0
    stack = [(parser.root, 1)]
    while stack:
        node, depth = stack.pop()
        if node is not None:
            deepest = max(deepest, depth)
            stack.extend((child, depth + 1) for child in node.iter())
    return deepest


def _push(node: LexborNode, back: tuple[int, int], stack: list[_Open]) -> None:
    """Push the end of an element, and above it its children."""
    stack.append(back)
    _push_children(node, stack)


def _push_children(node: LexborNode, stack: list[_Open]) -> None:
    child = node.last_child
    while child is not None:
        stack.append(child)
        child = child.prev


def _gather(node: LexborNode, mark: int, run: _TextRun) -> None:
    if node.is_empty_text_node:
        if run.parts:
            run.parts.append(" ")
            run.marks.append(0)
    elif text := node.text_content:
        run.parts.append(text)
        run.marks.append(mark)


def _pass(tag: str, run: _TextRun) -> None:
    """Record a break after text or a picture before text; ignore other invisible elements."""
    if not run.parts:
        run.pictured = run.pictured or tag in _PICTURES
    elif tag == "br":
        run.parts.append(_BREAK)
        run.marks.append(0)


def _open(node: LexborNode, tag: str, parent: int, elements: list[Element]) -> int:
    """Add an element to the tree and return its position."""
    given = node.attributes
    names, itemprop = _NO_NAMES, ""
    if given:
        named = given.get("class") or ""
        if len(given) > 1 or not named:
            named = f"{named} {given.get('id') or ''} {given.get('role') or ''}"
            itemprop = (given.get("itemprop") or "").lower()
            if "hidden" in given or _HIDDEN.search(given.get("style") or ""):
                named += " hidden"
        names = names_in(named)
    if "-" in tag:  # a custom element
        names |= names_in(tag)
    place = len(elements)
    around = elements[parent].around if parent >= 0 else _NOWHERE
    captioned = tag in _FIGURES or not _CAPTIONS.isdisjoint(names)
    if captioned or tag in _HOLDERS:
        around = _around(around, tag, place, place if captioned else around.caption)
    elements.append(Element(tag, parent, names, itemprop, around))
    return place


def _around(above: Ancestors, tag: str, place: int, caption: int) -> Ancestors:
    return Ancestors(
        lists=place if above.lists < 0 and tag in ("ul", "ol", "dl") else above.lists,
        quote=place if tag == "blockquote" else above.quote,
        row=place if tag == "tr" else above.row,
        table=place if tag == "table" else above.table,
        caption=caption,
    )


@lru_cache(maxsize=16_384)
def names_in(value: str) -> frozenset[str]:
    """Return the words of class, id and role, in lower case.

    >>> sorted(names_in("relatedLinks story__share no-sidebar"))
    ['links', 'related', 'relatedlinks', 'share', 'story']
    """
    if "-" in value or "_" in value:
        value = _ABSENT_NAMES.sub("", value)
    lower = value.lower()
    names = _SEPARATED.split(lower)
    if lower != value:
        names += [word.lower() for word in _WORD.findall(value) if len(word) > 3]
    return frozenset(filter(None, names))


def _flush(holder: int, run: _TextRun, blocks: list[Block]) -> None:
    if not run.parts:
        return
    pieces = _pieces(run) if _BREAK in run.parts else [(run.parts, run.marks)]
    for parts, marks in pieces:
        text = "".join(parts)
        text = " ".join(text.split()) if _BREAK not in parts else _lines(text)
        if text:
            linked, bold = _marked(parts, marks) if any(marks) else (0, 0)
            blocks.append(Block(holder, text, linked, bold, run.pictured))
            run.pictured = False
    run.parts, run.marks = [], []


def _pieces(run: _TextRun) -> list[tuple[list[str], list[int]]]:
    """Split the parts at double breaks and at breaks before an indent."""
    pieces: list[tuple[list[str], list[int]]] = [([], [])]
    breaks = 0
    for part, mark in zip(run.parts, run.marks, strict=True):
        if part == _BREAK:
            breaks += 1
        elif not part.isspace():
            if breaks > 1 or (breaks and part.startswith(_INDENTS)):
                pieces.append(([], []))
            breaks = 0
        pieces[-1][0].append(part)
        pieces[-1][1].append(mark)
    return pieces


def _marked(parts: list[str], marks: list[int]) -> tuple[int, int]:
    linked = bold = 0
    for part, mark in zip(parts, marks, strict=True):
        if mark:
            size = len(" ".join(part.split()))
            linked += size if mark & 1 else 0
            bold += size if mark & 2 else 0
    return linked, bold


def _lines(text: str) -> str:
    """Return the text with single breaks as newlines."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split(_BREAK))))
