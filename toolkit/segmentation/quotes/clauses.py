"""The sentence around a quotation: its words on either side, and where sentences stop."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

BEFORE = 320  # characters before a quotation in which its attribution is looked for
_BEHIND = 220
_SHORT = (r"[^\W\d_]", "Mr|Ms|Dr|St|Lt|Jr|Sr", "Mrs|Sen|Rep|Gov|Gen|Col|Sgt|Rev|Sra|Hon", "Capt|Prof|Dato")
_STOP = re.compile(  # the full stop of an abbreviation is none; a lookbehind takes abbreviations of one length
    r"[.!?…](?![^\s\"”»’':])(?:(?<=[!?…])|" + "".join(rf"(?<!\b(?:{words})\.)" for words in _SHORT) + ")"
)
_WORD = re.compile(rf"\b(?:{'|'.join(_SHORT)})\.|\w+(?:['’./-]\w+)*['’]?|[^\w\s]")
_DATELINE = re.compile(r"[^\W\d_a-z][^\Wa-z]+(?:[ .,'’(-][^\n—–:]{0,50}?)?\s(?:[—–-]|--)\s")


class Clause(Struct, frozen=True):
    """The words of a sentence on one side of a quotation; everything that is not white space is in one.

    Words are looked at far more often than their offsets are asked for, which are therefore found only then.
    """

    text: str
    start: int
    end: int
    words: Sequence[str]
    low: Sequence[str]  # in lower case

    def spans(self, count: int) -> list[tuple[int, int]]:
        """Where the first words stand in the text."""
        found, position = [], self.start
        for word in self.words[:count]:
            begin = self.text.index(word, position)
            position = begin + len(word)
            found.append((begin, position))
        return found

    def says(self, first: int, last: int) -> str | None:
        """The words from one to before another, as the text has them."""
        if first >= last:
            return None
        spans = self.spans(last)
        return self.text[spans[first][0] : spans[-1][1]]

    def is_joined(self, index: int) -> bool:
        """Whether no space stands before a word."""
        spans = self.spans(index + 1)
        return spans[index - 1][1] == spans[index][0]


def stops_of(text: str) -> list[int]:
    """Where sentences stop in a paragraph.

    >>> stops_of("Mr. Venn left. Why?")
    [13, 18]
    """
    return [match.start() for match in _STOP.finditer(text)]


def clause_behind(text: str, stops: Sequence[int], end: int, limit: int) -> Clause:
    """The rest of the sentence behind a quotation that ends at ``end``; at most up to ``limit``."""
    last = min(limit, end + _BEHIND)
    stop = bisect_left(stops, end)
    return _clause(text, end, min(last, stops[stop]) if stop < len(stops) else last)


def clause_before(text: str, stops: Sequence[int], start: int, floor: int) -> Clause:
    """The beginning of the sentence in which a quotation starts; at least from ``floor``."""
    dateline = _DATELINE.match(text) if not floor and start <= BEFORE else None
    first = dateline.end() if dateline else max(floor, start - BEFORE)
    stop = bisect_left(stops, start)
    return _clause(text, max(first, stops[stop - 1] + 1) if stop else first, start)


def _clause(text: str, start: int, end: int) -> Clause:
    words: list[str] = []
    for chunk in text[start:end].split():
        if chunk.isalpha():  # most are; the pattern would take six times as long
            words.append(chunk)
        else:
            words += _WORD.findall(chunk)
    return Clause(text, start, end, words, [word.lower() for word in words])
