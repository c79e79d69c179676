"""Text in a Markdown page: no text from a file becomes a heading, a list, emphasis, markup, an image or a link."""

import re

_ALWAYS = re.compile(r"[\\`*\[\]|~$]")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # inside a word it is no emphasis
_BLOCK = re.compile(r"^(?:[#=]|[+-](?=[\s-]|$))")  # headings, rules and lists begin a line
_NUMBERED = re.compile(r"^\d{1,9}(?=[.)](?:\s|$))")
_ADDRESS = re.compile(r"(?i)\b(?:https?|ftp|mailto|xmpp)(?=:)|\bwww(?=\.)|(?<=\S)(?=@)")  # made a link where it stands
_SPLIT = "<!-- -->"  # a comment that nobody sees, between the parts of an address


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def plain(text: str) -> Markdown:
    r"""A text on one line that shows as it stands, in a paragraph, a list, a quotation or a cell.

    CommonMark and the extensions of the Hub and of GitHub are escaped: tables, strike-through, formulas, addresses.

    >>> plain("# [Win](http://x.example) *now* at pro_government")
    '\\# \\[Win\\](http<!-- -->://x.example) \\*now\\* at pro_government'
    """
    line = " ".join(text.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _UNDERSCORE.sub(r"\\_", _ALWAYS.sub(r"\\\g<0>", line))
    line = _NUMBERED.sub(r"\g<0>\\", _BLOCK.sub(r"\\\g<0>", line))
    return Markdown(_ADDRESS.sub(rf"\g<0>{_SPLIT}", line))


def code(text: str) -> Markdown:
    r"""A text as code, whatever it holds, in a paragraph or a cell.

    The fence is longer than any run of backticks in the text.

    >>> code("pro_government"), code("a`b|c")
    ('`pro_government`', '``a`b\\|c``')
    """
    line = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return Markdown(f"{fence}{room}{line}{room}{fence}")


def prose(text: str) -> Markdown:
    r"""A sentence of our own with names in backticks: those as code, the rest as it stands.

    >>> prose("`licence`: 'a*b' is no id")
    "`licence`: 'a\\*b' is no id"
    """
    parts = text.split("`")
    return Markdown("".join(code(part) if place % 2 else _inside(part) for place, part in enumerate(parts)))


def _inside(text: str) -> str:
    """A part of a line, its blanks at the ends kept."""
    start, end = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{start}{plain(text)}{end}" if text.strip() else text
