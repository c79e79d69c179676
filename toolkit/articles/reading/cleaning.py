"""What must be undone before a text can be read: escapes, left-over markup, characters that no text has."""

import html
import re
from collections.abc import Iterator

from msgspec import Struct

_BLOCK_NAMES = (
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table tbody td tfoot th thead title tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_MUTED = frozenset(["script", "style", "iframe", "noscript", "template", "svg", "object"])
_NAMES = (
    "a|abbr|b|blockquote|br|center|cite|div|em|figure|font|h[1-6]|hr|i|iframe|img|li|ol|p|script|section|small|span"
    "|strong|sub|sup|table|td|tr|u|ul"
)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,30})(?:\s[^<>]*|/)?>")
_MARKUP = re.compile(
    rf"<(?=[/a-z])(?:/?(?:p|br|div|li|h[1-6]|blockquote|iframe)(?:\s[^<>]*|/)?>|(?:{_NAMES})(?:\s[^<>]*|/)?>)",
    re.IGNORECASE,
)
_ESCAPED_MARKUP = re.compile(rf"&lt;/?(?:{_NAMES})(?:\s[^<>]{{0,300}}?|\s?/)?&gt;", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_MOJIBAKE = re.compile(r"â€[™œ\x9d“”˜¦]|Ã[©¨¡­³±¼¶¤§\xad]|Ð[°-¿]Ñ[€-]|ï»¿|Â[«»\xa0]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Cleaned(Struct, frozen=True, kw_only=True):
    """A text and what was undone in it, each by the name under which it is counted."""

    text: str
    repairs: tuple[str, ...] = ()


def clean(text: str) -> Cleaned:
    r"""A text without escapes and markup; one that has neither comes back as it is.

    Garbled letters (``â€™``) are named as ``mojibake_left`` and not changed: what they were is a guess.

    >>> clean("&lt;p&gt;Tea &amp;amp; cake&lt;/p&gt;&lt;p&gt;at noon&lt;/p&gt;")
    Cleaned(text='Tea & cake\n\nat noon', repairs=('escaped_markup', 'markup'))
    """
    repairs: list[str] = []
    text = _storable(text, repairs)
    while "&lt;" in text and _has_several(_ESCAPED_MARKUP.finditer(text)) and repairs.count("escaped_markup") < 2:
        text = html.unescape(text)
        repairs.append("escaped_markup")
    if "<" in text and _MARKUP.search(text):
        text = without_markup(text)
        repairs.append("markup")
    text = _unescaped(text, repairs)
    if not text.isascii() and any(lead in text for lead in "âÃÐïÂ") and _MOJIBAKE.search(text):
        repairs.append("mojibake_left")
    return Cleaned(text=_storable(text, repairs), repairs=tuple(dict.fromkeys(repairs)))


def clean_line(text: str) -> str:
    r"""A title or a name on one line, without escapes and markup.

    >>> clean_line(" Rates &amp;amp; <em>taxes</em>\n rise ")
    'Rates & taxes rise'
    """
    return " ".join(_TAG.sub("", _unescaped(_storable(text, []), [])).split())


def without_markup(text: str) -> str:
    """The text of an HTML fragment: a blank line where a block begins or ends, a new line for each ``<br>``."""
    pieces = [_glued(piece) for piece in _pieces(_without_comments(text))]
    joined = re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", "".join(pieces)))
    return re.sub(r"\n{3,}", "\n\n", joined).strip()


def _glued(piece: str) -> str:
    """A stretch between tags with its white space as HTML has it; a break that a tag made stays."""
    if piece in ("\n", "\n\n"):
        return piece
    glued = re.sub(r"[ \t\r\n\f]+", " ", piece)
    return html.unescape(glued) if "&" in glued else glued


def _pieces(text: str) -> Iterator[str]:
    at, muted = 0, ""
    low = text.lower()
    last = {name: low.rfind(f"</{name}") for name in _MUTED}
    for tag in _TAG.finditer(text):
        closing, name = tag[1], tag[2].lower()
        if not muted:
            yield " " + text[at : tag.start()] if text[at : at + 1] == "\n" else text[at : tag.start()]
        at = tag.end()
        if muted:
            muted = "" if closing and name == muted else muted
        elif name in _MUTED and not closing and last[name] > at:
            muted = name
        elif name == "br":
            yield "\n"
        elif name in _BLOCKS:
            yield "\n\n"
    yield text[at:]


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join([*kept, text[at:]])


def _unescaped(text: str, repairs: list[str]) -> str:
    for name in ("entities", "entities_twice", "entities_twice"):
        plain = _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
        if plain == text:
            break
        text = plain
        repairs.append(name)
    return text


def _storable(text: str, repairs: list[str]) -> str:
    if "\0" in text:
        text = text.replace("\0", "")
        repairs.append("nul_removed")
    if not text.isascii() and _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
        repairs.append("surrogates_replaced")
    return text


def _has_several(found: Iterator[re.Match[str]]) -> bool:
    return next(found, None) is not None and next(found, None) is not None
