"""Joining of lines that were wrapped at a margin into paragraphs.

A mail, a wire feed or a page of a PDF breaks its lines where the next word would have crossed the margin. Wrapped
lines run on: they are full, end no sentence, and the next line begins in lower case. Where lines run on, a paragraph
ends at a blank line, at an indent, at a line with room for the next word, and before a list item, a turn of an
interview, an entry of a live blog or a row of a table. In a text without blank lines or indents, a full line that
ends a sentence may also end a paragraph; lengths, open quotation marks and the next word decide.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from toolkit.segmentation.shape import ends_sentence, ends_with_abbreviation, is_entry, is_item, is_speech, is_table_row

# --- lines -----------------------------------------------------------------------------------------------------------


_PARAGRAPH_SEPARATOR = "\u2029"
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60]"
)
_NO_WIDTH = re.compile("[\u00ad\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class TextLine(Struct, frozen=True, gc=False):
    """A line that is not blank: ``text[start:end]`` without the surrounding white space."""

    margin: int  # start of the line, white space included
    start: int
    end: int
    gap: bool  # whether a blank line or a paragraph separator precedes it


def lines_of(text: str) -> list[TextLine]:
    r"""Return the non-blank lines of a text, in order; every line break of Unicode ends a line.

    >>> [(line.start, line.end, line.gap) for line in lines_of("One.\r\n \u2028  Two. ")]
    [(0, 4, False), (10, 14, True)]
    """
    lines: list[TextLine] = []
    position, gap = 0, False
    for raw in text.splitlines(keepends=True):
        bare = raw.strip()
        if bare:
            start = position + (len(raw) - len(raw.lstrip()) if raw[0].isspace() else 0)
            lines.append(TextLine(position, start, start + len(bare), gap and bool(lines)))
        gap = not bare or raw[-1] == _PARAGRAPH_SEPARATOR
        position += len(raw)
    return lines


def columns(text: str) -> int:
    """Return the printed width of a text: two columns for an ideograph, none for an invisible mark.

    >>> columns("ab"), columns("日本"), columns("a\u200bb")
    (2, 4, 2)
    """
    if text.isascii():
        return len(text.expandtabs()) if "\t" in text else len(text)
    return len(text.expandtabs()) + len(_WIDE.findall(text)) - len(_NO_WIDTH.findall(text))


def starts_wide(text: str) -> bool:
    """Whether a text begins with an ideograph: a line may end before an ideograph without a space."""
    return _WIDE.match(text) is not None


def may_reach(text: str, lines: Sequence[TextLine], width: int) -> bool:
    """Whether a line could have ``width`` columns; no line is measured."""
    widest = 8 if "\t" in text else 2  # columns of a character
    return any(widest * (line.end - line.margin) >= width for line in lines)


def share_longer(lines: Sequence[TextLine], length: int) -> float:
    """Return the share of lines with more than ``length`` characters."""
    return sum(line.end - line.start > length for line in lines) / len(lines)


# --- wrapped lines ---------------------------------------------------------------------------------------------------


_WIDEST = 100  # columns; wider wrapping does not occur
_NARROWEST = 38  # columns; the widest line of a text that is wrapped at 40
_RAGGED = 20  # columns by which a line may be short if its last word was divided
_LITTLE = 6  # columns of a wide space between sentences
_CLUSTER = 12  # columns within which the lines that reach the margin end
_OUTLIERS = 0.1  # share of lines that may be longer
_FAR = 30  # lines back in which a quotation may have been opened
_SHORTEST = 0.2  # minimum product of the line counts around a doubtful end, as a share of the usual count squared
_QUOTED = re.compile(r"(?:>[ \t]?)+")
_ADDRESS = re.compile(r"https?://|www\.|@")
_BULLETS = "•‣▪●◦∙■►➤*"
_REFERS_BACK = re.compile(
    r"[\"“«„‘]?(?:he|she|it|they|his|her|their|its|it['’]s|we|but|and|so|or|yet|that|this|these|those|there|however"
    r"|such|both|also|then|still|ён|яна|яно|яны|але|гэта|он|она|оно|они|но|это|él|ella|ellos|pero|il|elle|ils"
    r"|mais|er|sie|es|aber|dia|mereka|namun)\b",
    re.IGNORECASE,
)


class _MeasuredLine(Struct, frozen=True, gc=False):
    line: TextLine
    body: str  # without the marks of quoted mail
    depth: int  # levels of mail quotation
    indent: int  # columns
    width: int  # columns, indent included


class _WrappedText(Struct, frozen=True):
    rows: list[_MeasuredLine]
    margin: int  # columns
    base: int  # indent of lines that run on
    marked: bool  # whether blank lines or indents mark paragraphs
    usual: float  # usual number of lines of a paragraph, from the certain paragraphs


def paragraphs_of_lines(text: str, lines: Sequence[TextLine]) -> list[tuple[int, int]]:
    """Return the start and end of each paragraph; each line is a paragraph unless lines were wrapped."""
    if len(lines) < 2 or share_longer(lines, _WIDEST) > _OUTLIERS or not may_reach(text, lines, _NARROWEST):
        return [(line.start, line.end) for line in lines]
    rows = [_row(text, line) for line in lines]
    for measured in (rows, _without_indents(rows)):  # some programs wrap first and indent afterwards
        margin = _margin(measured)
        if margin >= _NARROWEST and _is_wrapped(measured, margin):
            return list(_paragraphs(_page(measured, margin)))
    return [(line.start, line.end) for line in lines]


def _row(text: str, line: TextLine) -> _MeasuredLine:
    body = text[line.start : line.end]
    quoted = _QUOTED.match(body)
    depth = quoted[0].count(">") if quoted else 0
    indent = columns(text[line.margin : line.start])
    return _MeasuredLine(line, body[quoted.end() :] if quoted else body, depth, indent, indent + columns(body))


def _without_indents(rows: Sequence[_MeasuredLine]) -> list[_MeasuredLine]:
    return [structs.replace(row, width=row.width - row.indent) for row in rows]


# --- detection of wrapping -------------------------------------------------------------------------------------------


def _margin(rows: Sequence[_MeasuredLine]) -> int:
    """Return the greatest width that more than one line comes near."""
    widths = sorted((row.width for row in rows if row.width <= _WIDEST), reverse=True)
    near = 1 if len(rows) < 6 else 2
    for place, width in enumerate(widths):
        others = widths[place + near - 1 : place + near]
        if others and others[0] > width - _CLUSTER:
            return width
    return 0


def _is_wrapped(rows: Sequence[_MeasuredLine], margin: int) -> bool:
    """Whether lines run on, and break where the next word would have crossed the margin."""
    pairs = [(a, b) for a, b in itertools.pairwise(rows) if not b.line.gap and a.width <= margin]
    breaks = [(a, b) for a, b in pairs if b.indent <= a.indent + 1 or _runs_on(a, b)]
    full = [(a, b) for a, b in breaks if _is_full(a, b, margin)]
    running = sum(_runs_on(a, b) for a, b in full)
    return running > 0 and 3 * running > len(breaks) and 5 * len(full) >= 2 * len(breaks)


def _is_full(a: _MeasuredLine, b: _MeasuredLine, margin: int) -> bool:
    """Whether the line had no room for the first word of the next line."""
    return a.width <= margin < a.width + _needed(a, b)


def _needed(a: _MeasuredLine, b: _MeasuredLine) -> int:
    """Return the columns that the first word of the next line would have taken on this line."""
    if starts_wide(b.body):
        return 3  # a mark that may not begin a line takes an ideograph with it
    if _is_divided(a, b):
        return _RAGGED
    word = b.body.split(maxsplit=1)[0] if b.body else ""
    return 1 + columns(word)


def _is_divided(a: _MeasuredLine, b: _MeasuredLine) -> bool:
    """Whether a word continues over the line end: ``govern-`` / ``ment``."""
    return a.body[-1:] in ("-", "\u00ad", "\u2010") and a.body[-2:-1].isalpha() and b.body[:1].islower()


def _runs_on(a: _MeasuredLine, b: _MeasuredLine) -> bool:
    """Whether a sentence continues in the next line."""
    return not (ends_sentence(a.body) or _begins_a_sentence(b) or is_item(b.body) or _ADDRESS.match(b.body))


def _begins_a_sentence(row: _MeasuredLine) -> bool:
    first = next((character for character in row.body[:4] if character.isalnum()), "")
    return (first.isupper() and not row.body.isupper()) or row.body[0:1] in '“«„"‘'


# --- paragraph markers -----------------------------------------------------------------------------------------------


def _page(rows: list[_MeasuredLine], margin: int) -> _WrappedText:
    breaks = [(a, b) for a, b in itertools.pairwise(rows) if not b.line.gap]
    full = [_is_full(a, b, margin) for a, b in breaks]
    running = Counter(b.indent for (a, b), fits in zip(breaks, full, strict=True) if fits and _runs_on(a, b))
    base = min(running, key=lambda indent: (-running[indent], indent))
    gaps = len(rows) - 1 - len(breaks)
    openings = sum(_differ(b.indent, base) and not is_item(b.body) for _, b in breaks)
    unmarked = sum(
        not fits and ends_sentence(a.body) and not _differ(b.indent, base) and not is_item(b.body)
        for (a, b), fits in zip(breaks, full, strict=True)
    )
    sure = gaps + full.count(False) + 1
    return _WrappedText(rows, margin, base, unmarked == 0 or gaps + openings > 2 * unmarked, len(rows) / sure)


def _differ(indent: int, other: int) -> bool:
    return abs(indent - other) > 1


# --- ends of paragraphs ----------------------------------------------------------------------------------------------


def _paragraphs(page: _WrappedText) -> Iterator[tuple[int, int]]:
    for block in _blocks(page):
        first = 0
        for place in range(1, len(block)):
            if not page.marked and _may_end(block[place - 1], block[place]) and _ends(page, block, first, place):
                yield block[first].line.start, block[place - 1].line.end
                first = place
        yield block[first].line.start, block[-1].line.end


def _blocks(page: _WrappedText) -> Iterator[list[_MeasuredLine]]:
    """Yield the lines between the certain ends of paragraphs."""
    block = [page.rows[0]]
    for row in page.rows[1:]:
        if _is_divided_from(page, block, row):
            yield block
            block = []
        block.append(row)
    yield block


def _is_divided_from(page: _WrappedText, block: Sequence[_MeasuredLine], row: _MeasuredLine) -> bool:
    last = block[-1]
    if row.line.gap or row.depth != last.depth or not _goes_to_the_margin(page, last, row):
        return True
    return _opens_with_a_mark(block, row) or _opens_with_an_indent(page.base, block, row)


def _goes_to_the_margin(page: _WrappedText, a: _MeasuredLine, b: _MeasuredLine) -> bool:
    """Whether a line is full, or only slightly short where a short line is no sign of an end."""
    if a.width > page.margin:
        return False
    lack = page.margin - a.width - _needed(a, b)
    return lack < 0 or (lack < _RAGGED and _runs_on(a, b) and b.body[:1].islower()) or (page.marked and lack < _LITTLE)


def _opens_with_a_mark(block: Sequence[_MeasuredLine], row: _MeasuredLine) -> bool:
    if row.body[:1] in _BULLETS or (is_table_row(row.body) and is_table_row(block[-1].body)):
        return True
    listed = is_item(row.body) or is_speech(row.body) or is_entry(row.body)
    return listed and (is_item(block[0].body) or ends_sentence(block[-1].body) or block[-1].body[-1:] in ":;")


def _opens_with_an_indent(base: int, block: Sequence[_MeasuredLine], row: _MeasuredLine) -> bool:
    last = block[-1]
    if not _differ(row.indent, last.indent):
        begins = ends_sentence(last.body) or (len(block) == 1 and _begins_a_sentence(row))
        return _differ(row.indent, base) and begins
    if row.indent > block[0].indent and is_item(block[0].body):
        return False  # the lines of a list item hang under its text
    return _differ(row.indent, base) or len(block) > 1


def _may_end(last: _MeasuredLine, row: _MeasuredLine) -> bool:
    return ends_sentence(last.body) and not row.body[:1].islower() and not ends_with_abbreviation(last.body)


def _ends(page: _WrappedText, block: Sequence[_MeasuredLine], first: int, place: int) -> bool:
    """Whether a paragraph ends within a block whose lines are all full, before a line that begins a sentence."""
    if _REFERS_BACK.match(block[place].body) or _is_open_quote(block[max(first, place - _FAR) : place]):
        return False
    before, after = place - first, len(block) - place
    return before * after > _SHORTEST * page.usual**2


def _is_open_quote(rows: Sequence[_MeasuredLine]) -> bool:
    text = " ".join(row.body for row in rows)
    return text.count('"') % 2 == 1 or text.count("“") > text.count("”")
