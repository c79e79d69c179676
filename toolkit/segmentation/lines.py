"""The lines of a text, where they stand and what they look like in columns."""

import re
from collections.abc import Sequence

from msgspec import Struct

_PARAGRAPH_SEPARATOR = "\u2029"
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60]"
)
_NO_WIDTH = re.compile("[\u00ad\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class Line(Struct, frozen=True, gc=False):
    """A line that is not blank: ``text[start:end]`` without the white space around it."""

    margin: int  # where the line begins, white space included
    start: int
    end: int
    gap: bool  # whether a blank line or a paragraph separator stands above it


def lines_of(text: str) -> list[Line]:
    r"""The lines of a text that are not blank, in order; every convention of Unicode ends a line.

    >>> [(line.start, line.end, line.gap) for line in lines_of("One.\r\n \u2028  Two. ")]
    [(0, 4, False), (10, 14, True)]
    """
    found: list[Line] = []
    position, gap = 0, False
    for raw in text.splitlines(keepends=True):
        bare = raw.strip()
        if bare:
            start = position + (len(raw) - len(raw.lstrip()) if raw[0].isspace() else 0)
            found.append(Line(position, start, start + len(bare), gap and bool(found)))
        gap = not bare or raw[-1] == _PARAGRAPH_SEPARATOR
        position += len(raw)
    return found


def columns(text: str) -> int:
    """How wide a text is printed: two columns for an ideograph, none for an invisible mark.

    >>> columns("ab"), columns("日本"), columns("a\u200bb")
    (2, 4, 2)
    """
    if text.isascii():
        return len(text.expandtabs()) if "\t" in text else len(text)
    return len(text.expandtabs()) + len(_WIDE.findall(text)) - len(_NO_WIDTH.findall(text))


def starts_wide(text: str) -> bool:
    """Whether a text begins with an ideograph, so that a line may end before it without a space."""
    return _WIDE.match(text) is not None


def may_reach(text: str, lines: Sequence[Line], width: int) -> bool:
    """Whether a line could have that many columns; decided without measuring any."""
    widest = 8 if "\t" in text else 2  # columns of a character
    return any(widest * (line.end - line.margin) >= width for line in lines)


def share_longer(lines: Sequence[Line], length: int) -> float:
    """The share of lines with more characters than that."""
    return sum(line.end - line.start > length for line in lines) / len(lines)
