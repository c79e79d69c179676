"""A page as blocks: every stretch of text that the page sets apart, with the elements around it.

The page is walked once, without recursion, into a flat tree: elements in the order of the page, each with
the end of its subtree. So a page of any depth takes time linear in its size.
"""

import re
from functools import lru_cache

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode


def words(text: str) -> frozenset[str]:
    """The words of a text, once each."""
    return frozenset(text.split())


SILENT = words(
    "script style noscript template head svg math iframe object embed canvas audio video map select option datalist "
    "textarea button input"
)
_INLINE = words(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby rb rt s samp small "
    "span strike strong sub sup time tt u var wbr"
)
# Silent elements that may stand within a sentence without ending it.
_UNSEEN = words("script style noscript template svg math map")
_CAPTIONS = words("caption captions figcaption credit credits")
_NO_NAMES: frozenset[str] = frozenset()
_BREAK = "\x00"  # stands for a <br>; `read_page` takes NULs out before
_SEPARATED = re.compile(r"[\s_\-:.]+")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class Element(Struct, kw_only=True):
    """An element of a page in its flat tree; ``lists`` to ``caption`` are places of the elements around it, or -1."""

    tag: str
    parent: int  # place in the tree; -1 for the root
    end: int = 0  # place after its last descendant
    names: frozenset[str] = frozenset()  # words of class, id and role
    itemprop: str = ""
    lists: int = -1  # the outermost list
    quote: int = -1
    row: int = -1
    table: int = -1
    caption: int = -1  # a figure, or what its publisher calls a caption or credit


_NOTHING = Element(tag="", parent=-1)


class Block(Struct, frozen=True, kw_only=True):
    """Text between two borders of blocks."""

    element: int  # the block-level element that holds it
    text: str
    linked: int  # characters within links
    bold: int  # characters within <b> or <strong>


class Tree(Struct, frozen=True, kw_only=True):
    """A page: its elements, and its blocks in order."""

    elements: list[Element]
    blocks: list[Block]
    depth: int

    def around(self, place: int) -> list[int]:
        """The element at a place and those that hold it, innermost first."""
        found = []
        while place >= 0:
            found.append(place)
            place = self.elements[place].parent
        return found


class _Run(Struct):
    """The text that is being gathered: its parts, and of each whether it is linked (1), bold (2), both (3)."""

    parts: list[str]
    marks: list[int]
    full: bool = False


_Open = tuple[LexborNode | None, int, int, int, int]  # node, place of the element around, links, bolds, depth


def read_tree(parser: LexborHTMLParser) -> Tree:
    """The page as a flat tree with its blocks."""
    elements: list[Element] = []
    blocks: list[Block] = []
    run = _Run(parts=[], marks=[])
    root = parser.body or parser.root
    deepest = 0
    # What is still to be visited; None for an element that is left.
    stack: list[_Open] = [(root, -1, 0, 0, 0)] if root is not None else []
    while stack:
        node, place, links, bolds, depth = stack.pop()
        if node is None:
            elements[place].end = len(elements)
            _flush(place, run, blocks)
        elif node.is_text_node:
            _gather(node.text_content or "", links, bolds, run)
        elif node.is_element_node:
            deepest = depth if depth > deepest else deepest
            _enter(node, (place, links, bolds, depth), (elements, run, blocks), stack)
    return Tree(elements=elements, blocks=blocks, depth=deepest)


def _enter(
    node: LexborNode,
    around: tuple[int, int, int, int],
    found: tuple[list[Element], _Run, list[Block]],
    stack: list[_Open],
) -> None:
    place, links, bolds, depth = around
    elements, run, blocks = found
    tag = node.tag or ""
    if tag == "br":
        run.parts.append(_BREAK)
        run.marks.append(0)
        return
    if tag in _INLINE and place >= 0:
        links, bolds = links + (tag == "a"), bolds + (tag in ("b", "strong"))
    else:
        if tag not in _UNSEEN:
            _flush(place, run, blocks)
        if tag in SILENT:
            return
        elements.append(_element(node, tag, place, elements))
        place = len(elements) - 1
        stack.append((None, place, links, bolds, depth))
    child = node.last_child
    while child is not None:
        stack.append((child, place, links, bolds, depth + 1))
        child = child.prev


def _element(node: LexborNode, tag: str, parent: int, elements: list[Element]) -> Element:
    given = node.attributes
    named = f"{given.get('class') or ''} {given.get('id') or ''} {given.get('role') or ''}" if given else ""
    names = names_in(named) if len(named) > 2 else _NO_NAMES
    place = len(elements)
    above = elements[parent] if parent >= 0 else _NOTHING
    return Element(
        tag=tag,
        parent=parent,
        names=names,
        itemprop=(given.get("itemprop") or "").lower() if given else "",
        lists=place if above.lists < 0 and tag in ("ul", "ol", "dl") else above.lists,
        quote=place if tag == "blockquote" else above.quote,
        row=place if tag == "tr" else above.row,
        table=place if tag == "table" else above.table,
        caption=place if tag in ("figure", "figcaption") or not _CAPTIONS.isdisjoint(names) else above.caption,
    )


def names_in(value: str) -> frozenset[str]:
    """The words of class, id and role, in lower case.

    >>> sorted(names_in("relatedLinks story__share"))
    ['links', 'related', 'relatedlinks', 'share', 'story']
    """
    names = value.split()
    return _parts(names[0]) if len(names) == 1 else frozenset().union(*map(_parts, names))


@lru_cache(maxsize=16_384)
def _parts(name: str) -> frozenset[str]:
    found = {word for word in _SEPARATED.split(name) if len(word) > 1}
    camel = {part for word in found if not word.islower() for part in _WORD.findall(word) if len(part) > 3}
    return frozenset(word.lower() for word in found | camel)


def _gather(text: str, links: int, bolds: int, run: _Run) -> None:
    if text:
        run.parts.append(text)
        run.marks.append((1 if links else 0) + (2 if bolds else 0))
        run.full = run.full or not text.isspace()


def _flush(holder: int, run: _Run, blocks: list[Block]) -> None:
    if run.full:
        pieces = _pieces(run) if _BREAK in run.parts else [(run.parts, run.marks)]
        for parts, marks in pieces:
            text = "".join(parts)
            text = " ".join(text.split()) if _BREAK not in parts else _lines(text)
            if text:
                linked, bold = _marked(parts, marks) if any(marks) else (0, 0)
                blocks.append(Block(element=holder, text=text, linked=linked, bold=bold))
    if run.parts:
        run.parts, run.marks, run.full = [], [], False


def _pieces(run: _Run) -> list[tuple[list[str], list[int]]]:
    """The parts between double breaks."""
    pieces: list[tuple[list[str], list[int]]] = [([], [])]
    breaks = 0
    for part, mark in zip(run.parts, run.marks, strict=True):
        if part == _BREAK:
            breaks += 1
        elif not part.isspace():
            if breaks > 1:
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
    """The text with its single breaks as newlines."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split(_BREAK))))
