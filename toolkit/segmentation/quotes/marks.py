"""Detection of opening and closing quotation marks in a paragraph.

English, Spanish, Catalan, Malay, Russian, Belarusian, Ukrainian, German and French marks are recognised by their
shape and their context; the language may be unknown. Only outermost quotations are kept.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Family = Literal["curly", "straight", "guillemet", "angle", "single"]

_PATTERN = (  # begins with a set of characters, which a search skips to; a lookbehind then checks the context
    "[\"“”„‟«»‹›`'‘’‚‛{more}](?:(?<=[\"“”„‟«»‹›])|(?!(?<=\\w.)\\w)(?:(?<=`)`|(?<=')'|(?<=‘)‘|(?<=’)’|{low}"
    "(?<=['‘‚‛`])(?<!\\w.)(?=[\\w\"“«„(\\[…¿¡])|(?<=['‘’])(?<=\\S.)(?!\\w)))"
)
_MARK = re.compile(_PATTERN.format(more="", low=""), re.DOTALL)
_MARK_OR_COMMAS = re.compile(_PATTERN.format(more=",", low="(?<=,)(?<![\\w,].),(?=\\w)|"), re.DOTALL)
_FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("“", "”", "„", "‟", "``", "‘‘", "’’", ",,"), "curly"),
    **dict.fromkeys(('"', "''"), "straight"),
    **dict.fromkeys(("«", "»"), "guillemet"),
    **dict.fromkeys(("‹", "›"), "angle"),
}
_LOW = frozenset(("„", "‟", ",,"))  # marks that “ may close
_RIGHT = frozenset(("”", "’’", "»", "›"))
_ELISION = re.compile(r"(?:\d\d(?:s|er)?|em|tis|twas|til|till|cause|cos|n|round|bout|s)\b", re.IGNORECASE)
_SENTENCE_ENDS = ".!?…"
_SPACE_OR_OPENER = " \t\u00a0\u202f\u2009([{—–-/'\"“«„‘"
_OPENS_OR_COUNTS = "([{“«„‘¿¡$€£#@"
_LOOKAHEAD = 60  # marks; a quotation in single marks with more marks inside is not detected


class MarkedSpan(Struct, frozen=True, kw_only=True):
    """A span in marks, in code points of the paragraph; ``opened`` or ``closed`` is false where it runs on."""

    start: int
    end: int
    family: Family = "curly"
    opened: bool = True
    closed: bool = True


class _QuoteMark(Struct, frozen=True, gc=False):
    text: str
    start: int
    end: int
    family: Family


def has_marks(text: str) -> bool:
    """Whether a text contains a character that could be a quotation mark."""
    return _pattern(text).search(text) is not None


def pair_marks(text: str) -> Sequence[MarkedSpan]:
    """Return the outermost spans in marks, in order.

    A closing mark before any opening mark gives a first span with ``opened`` false.

    >>> [text[m.start:m.end] for text in ["The nurses’ “no” to ‘fair’ pay"] for m in pair_marks(text)]
    ['“no”', '‘fair’']
    """
    marks = [
        _QuoteMark(match[0], match.start(), match.end(), _FAMILIES.get(match[0], "single"))
        for match in _pattern(text).finditer(text)
    ]
    if not marks:
        return ()
    spans: list[MarkedSpan] = []
    index = 0
    while index < len(marks):
        mark = marks[index]
        if mark.family == "single":
            closing = _single_closing(text, marks, index)
            if closing is not None:
                spans.append(MarkedSpan(start=mark.start, end=marks[closing].end, family="single"))
                index = closing
        elif _can_open(text, mark):
            stretch, index = _stretch(text, marks, index)
            if text[mark.start - 1 : mark.start] != "=":  # the value of an attribute in leftover markup
                spans.append(stretch)
        elif not spans and _looks_closing(text, mark):
            spans.append(MarkedSpan(start=0, end=mark.end, family=mark.family, opened=False))
        index += 1
    return spans


def opening_mark(text: str) -> bool:
    """Whether a paragraph begins with an opening mark, or with », which Spanish prints where a quotation continues."""
    mark = _pattern(text).match(text)
    return mark is not None and mark[0] not in ("’", "›") and len(text) > mark.end()


def _pattern(text: str) -> re.Pattern[str]:
    return _MARK_OR_COMMAS if ",," in text else _MARK


def _looks_opening(text: str, mark: _QuoteMark) -> bool:
    """Whether the context of a mark allows it to open a quotation."""
    if mark.end == len(text) or text[mark.end].isspace():
        return False
    before = text[mark.start - 1] if mark.start else " "
    return before in _SPACE_OR_OPENER or before.isspace()


def _looks_closing(text: str, mark: _QuoteMark) -> bool:
    return mark.end == len(text) or not (text[mark.end].isalnum() or text[mark.end] in _OPENS_OR_COUNTS)


def _can_open(text: str, mark: _QuoteMark) -> bool:
    if mark.end == len(text):
        return False
    if mark.text in _RIGHT:
        return _looks_opening(text, mark) and not _looks_closing(text, mark)
    if mark.family == "straight":
        before = text[mark.start - 1] if mark.start else " "
        return _looks_opening(text, mark) or before.isspace() or before == "="
    return True


def _stretch(text: str, marks: list[_QuoteMark], opening: int) -> tuple[MarkedSpan, int]:
    """Return the quotation that a mark opens, and the index of the last mark in it."""
    first = marks[opening]
    depth, inner, last_closing, mixed = 1, 0, None, None
    for index in range(opening + 1, len(marks)):
        mark = marks[index]
        if mark.family != first.family:
            step = _inner_step(text, first, mark)
            if step < 0 and not inner and mixed is None:
                mixed = index
            inner = max(0, inner + step)
        elif _closes(text, first, mark):
            depth -= 1
            last_closing = index
            if not depth:
                return _from_to(first, mark), index
        elif mixed is not None or text[max(0, mark.start - 3) : mark.start].rstrip()[-1:] in tuple(_SENTENCE_ENDS):
            return _unclosed_before(text, marks, opening, index, mixed)
        else:
            depth += 1
    # The last mark may close an inner quotation and the outer one.
    closing = mixed if last_closing is None else last_closing
    if closing is not None:
        return _from_to(first, marks[closing]), closing
    return MarkedSpan(start=first.start, end=len(text), family=first.family, closed=False), len(marks) - 1


def _from_to(first: _QuoteMark, last: _QuoteMark) -> MarkedSpan:
    return MarkedSpan(start=first.start, end=last.end, family=first.family)


def _unclosed_before(
    text: str, marks: list[_QuoteMark], opening: int, again: int, mixed: int | None
) -> tuple[MarkedSpan, int]:
    """Return a quotation that no mark of its kind closes before another opens."""
    first = marks[opening]
    if mixed is not None:
        return _from_to(first, marks[mixed]), mixed
    end = first.start + len(text[first.start : marks[again].start].rstrip())
    return MarkedSpan(start=first.start, end=end, family=first.family), again - 1


def _inner_step(text: str, first: _QuoteMark, mark: _QuoteMark) -> int:
    """Return 1 for a mark that opens an inner quotation of another kind, -1 for one that closes it.

    A straight mark that closes nothing inside closes a span opened by a curly mark if no other mark does, and the
    reverse.
    """
    if {first.family, mark.family} != {"curly", "straight"}:
        return 0
    return _looks_opening(text, mark) - _looks_closing(text, mark)


def _closes(text: str, first: _QuoteMark, mark: _QuoteMark) -> bool:
    if first.text in _LOW:
        return mark.text not in _LOW
    if first.text in ("»", "›"):
        goes_on = first.start == 0 and mark.text == first.text  # as Spanish prints a later part of a quotation
        return mark.text in ("«", "‹") or (goes_on and not _looks_opening(text, mark) and _looks_closing(text, mark))
    if mark.text in _RIGHT:
        return True
    if mark.family == "straight":
        return not _looks_opening(text, mark) or (text[mark.start - 1] in "—–-" and _looks_closing(text, mark))
    return mark.family == "curly" and _looks_closing(text, mark) and not _looks_opening(text, mark)


def _single_closing(text: str, marks: list[_QuoteMark], opening: int) -> int | None:
    """Return the index of the mark that closes a quotation in single marks; an apostrophe opens none.

    A mark after ``s`` and before a word may be a plural apostrophe (``the nurses’ pay``); a later mark is preferred.
    """
    mark = marks[opening]
    if mark.text == "’" or not _looks_opening(text, mark) or _ELISION.match(text, mark.end):
        return None
    possible = None
    for index in range(opening + 1, min(opening + _LOOKAHEAD, len(marks))):
        other = marks[index]
        if other.family != "single":
            continue
        if mark.text == "‚" and other.text in ("‘", "’"):
            return index
        closes = _looks_closing(text, other)
        if not closes and _looks_opening(text, other):
            return possible
        if other.text == "‘" or not closes:
            continue
        if text[other.start - 1] not in "sS" or other.end == len(text) or not text[other.end].isspace():
            return index
        possible = index if possible is None else possible
    return possible


# --- the sentence around a quotation ---------------------------------------------------------------------------------


BEFORE = 320  # characters before a quotation that are searched for its attribution
_BEHIND = 220
_SHORT = (r"[^\W\d_]", "Mr|Ms|Dr|St|Lt|Jr|Sr", "Mrs|Sen|Rep|Gov|Gen|Col|Sgt|Rev|Sra|Hon", "Capt|Prof|Dato")
_STOP = re.compile(  # the full stop of an abbreviation ends no sentence; a lookbehind takes abbreviations of one length
    r"[.!?…](?![^\s\"”»’':])(?:(?<=[!?…])|" + "".join(rf"(?<!\b(?:{words})\.)" for words in _SHORT) + ")"
)
_WORD = re.compile(rf"\b(?:{'|'.join(_SHORT)})\.|\w+(?:['’./-]\w+)*['’]?|[^\w\s]")
_DATELINE = re.compile(r"[^\W\d_a-z][^\Wa-z]+(?:[ .,'’(-][^\n—–:]{0,50}?)?\s(?:[—–-]|--)\s")


class Clause(Struct, frozen=True):
    """The words of a sentence on one side of a quotation; every character except white space belongs to a word.

    Words are read far more often than their offsets, so offsets are computed only on request.
    """

    text: str
    start: int
    end: int
    words: Sequence[str]
    low: Sequence[str]  # in lower case

    def spans(self, count: int) -> list[tuple[int, int]]:
        """Return the offsets of the first words in the text."""
        bounds, position = [], self.start
        for word in self.words[:count]:
            begin = self.text.index(word, position)
            position = begin + len(word)
            bounds.append((begin, position))
        return bounds

    def says(self, first: int, last: int) -> str | None:
        """Return the words from ``first`` up to but not including ``last``, as the text has them."""
        if first >= last:
            return None
        spans = self.spans(last)
        return self.text[spans[first][0] : spans[-1][1]]

    def is_joined(self, index: int) -> bool:
        """Whether no space precedes a word."""
        spans = self.spans(index + 1)
        return spans[index - 1][1] == spans[index][0]


def stops_of(text: str) -> list[int]:
    """Return the offsets of the sentence ends in a paragraph.

    >>> stops_of("Mr. Venn left. Why?")
    [13, 18]
    """
    return [match.start() for match in _STOP.finditer(text)]


def clause_behind(text: str, stops: Sequence[int], end: int, limit: int) -> Clause:
    """Return the rest of the sentence after a quotation that ends at ``end``; at most up to ``limit``."""
    last = min(limit, end + _BEHIND)
    stop = bisect_left(stops, end)
    return _clause(text, end, min(last, stops[stop]) if stop < len(stops) else last)


def clause_before(text: str, stops: Sequence[int], start: int, floor: int) -> Clause:
    """Return the beginning of the sentence in which a quotation starts; at least from ``floor``."""
    dateline = _DATELINE.match(text) if not floor and start <= BEFORE else None
    first = dateline.end() if dateline else max(floor, start - BEFORE)
    stop = bisect_left(stops, start)
    return _clause(text, max(first, stops[stop - 1] + 1) if stop else first, start)


def _clause(text: str, start: int, end: int) -> Clause:
    words: list[str] = []
    for chunk in text[start:end].split():
        if chunk.isalpha():  # most chunks are; the pattern takes six times as long
            words.append(chunk)
        else:
            words += _WORD.findall(chunk)
    return Clause(text, start, end, words, [word.lower() for word in words])
