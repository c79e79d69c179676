"""One reading of a cell: its text, the guard against formulas, and the characters that a spreadsheet escapes."""

import csv
import json
import math
import re
from collections.abc import Iterable
from typing import Any

from toolkit.errors import DataError

JOINT = " | "  # between the members of a set in one cell

_WHOLE = re.compile(r"(-?\d+)\.0+")
LISTS = ('["', "[]")  # begin a list of texts in JSON
GUARD = "\u2060"  # invisible; a spreadsheet program takes a cell that begins with it for a text
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GUARDED = re.compile(f"{GUARD}+[=+\\-@\t\r]")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def cell_text(value: Any) -> str:  # noqa: ANN401 - a cell holds anything
    """A cell as a text, the same from every format; an empty one is "".

    1, 1.0, "1" and "1.0" are one text, and a list is a set, also as the text of JSON: its order and repetitions do not
    matter.

    >>> cell_text(1.0), cell_text("1.0"), cell_text("1.50"), cell_text(float("nan")), cell_text(["b", "a", "b"])
    ('1', '1', '1.50', '', 'a | b')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        if value.startswith(LISTS) and value.endswith("]"):
            return _list_text(value)
        whole = _WHOLE.fullmatch(value) if value.endswith("0") else None
        return whole[1] if whole else value
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return JOINT.join(sorted(set(map(cell_text, value))))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return cell_text(str(value))


def cell_texts(values: Iterable[Any], where: str) -> list[str]:
    """The texts of the cells of a column.

    Args:
        values: the cells.
        where: the column, for messages.

    Raises:
        DataError: one is neither a text, a number nor a list.
    """
    cells = list(values)
    wrong = next((value for value in cells if isinstance(value, dict | bytes)), None)
    if wrong is not None:
        kind = "objects" if isinstance(wrong, dict) else "bytes"
        raise DataError(f"{where} holds {kind}; texts, numbers or lists are needed: name another column")
    return [cell_text(value) for value in cells]


def _list_text(text: str) -> str:
    """The text of a list of JSON, as `cell_text` writes a list; other texts as they are."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        return text
    is_flat = all(isinstance(member, str | int | float) for member in members)
    return cell_text(members) if is_flat else text


def comma_separated(text: str) -> list[str]:
    """The values in a text; one that holds a comma stands in quotation marks.

    >>> comma_separated('r1, "Renn, Ida",r3')
    ['r1', 'Renn, Ida', 'r3']
    """
    return next(csv.reader([text.replace("\n", " ")], skipinitialspace=True), [])


def guarded(text: str) -> str:
    """A text that no spreadsheet program takes for a formula; reading a table takes the guard off.

    >>> guarded("=1+1") == "\u2060=1+1", guarded("a=1"), unguarded(guarded("-5"))
    (True, 'a=1', '-5')
    """
    return GUARD + text if text.startswith(_FORMULA) else kept_guard(text)


def kept_guard(text: str) -> str:
    """A text that begins with the guard itself, so that reading leaves it as it is."""
    return GUARD + text if text.startswith(GUARD) and _GUARDED.match(text) else text


def unguarded(text: str) -> str:
    """A text without the guard of `guarded`."""
    return text[1:] if text.startswith(GUARD) and _GUARDED.match(text) else text


def escaped(text: str) -> str:
    r"""A text as XLSX stores it: control characters, and what reads like an escape, as ``_x000D_``.

    >>> escaped("a\rb"), unescaped("a_x000D_b") == "a\rb", unescaped(escaped("_x000D_"))
    ('a_x000D_b', True, '_x000D_')
    """
    return _UNPRINTABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def unescaped(text: str) -> str:
    """A text of XLSX without its escapes."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def sheet_text(value: Any) -> str:  # noqa: ANN401 - a cell holds anything
    """A cell of a spreadsheet as a text, without escapes and guard."""
    return unguarded(unescaped(value)) if isinstance(value, str) else cell_text(value)
