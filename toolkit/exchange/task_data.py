"""Columns of task data and of tables: which of them is what, and what stands in their cells."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.exchange.submissions import utc
from toolkit.files import digest


class ColumnMap(Struct, frozen=True, kw_only=True):
    """How a table's columns are called; None: as the kind of table has them."""

    item: str | None = None
    annotator: str | None = None
    label: str | None = None
    text: str | None = None
    wide: tuple[str, ...] = ()  # one column an annotator


def fingerprint(data: Mapping[str, Any]) -> str:
    """What tells the data of a task from that of another."""
    return digest(msgspec.json.encode(data, order="sorted"), 12)


def cell_at(data: Mapping[str, Any], column: str, where: str) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The cell of a column of task data; ``doc.body`` and ``turns[0].text`` are places inside a column.

    >>> cell_at({"doc": {"body": "A"}, "turns": [{"text": "B"}]}, "turns[0].text", "task 1")
    'B'

    Raises:
        DataError: there is no such column.
    """
    if column in data:
        return data[column]
    value: Any = data
    for name in re.findall(r"[^.\[\]]+", column):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise DataError(f"{where}: no column {column!r}; its data has {', '.join(data)}")
    return value


def require_columns(path: Path, row: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse a table that lacks one of the columns.

    Raises:
        DataError: one is missing; the message names those that there are.
    """
    for name in names:
        if name not in row:
            raise DataError(f"{path}: no column {name!r}; the table has {', '.join(map(str, row))}")


def whole_in(cell: Any) -> int | None:  # noqa: ANN401 - a cell of any table
    """A whole number in a cell, or None."""
    try:
        return int(cell)
    except (TypeError, ValueError):
        return None


def seconds_in(cell: Any, where: str) -> float | None:  # noqa: ANN401 - a cell of any table
    """A number of seconds in a cell, or None.

    Raises:
        DataError: it is none.
    """
    if cell is None or cell == "":
        return None
    try:
        return float(cell)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {cell!r} is no number of seconds") from error


def time_in(cell: Any, where: str) -> str:  # noqa: ANN401 - a cell of any table
    """A time in a cell, in UTC; "" where there is none.

    Raises:
        DataError: it is no time.
    """
    try:
        return utc(cell)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
