"""Rows of a user's own table as articles."""

import datetime
import functools
import itertools
import math
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from toolkit.articles.dates import iso_date
from toolkit.errors import DataError
from toolkit.files import explain
from toolkit.records import Article

SETTABLE = tuple(field for field in Article.__struct_fields__ if field not in ("version", "meta"))
_KEPT = ("version", "meta")  # what only our own files have
_NAMED, _NAME = 30, 60  # how many columns a message names, and how many characters of each


class NoColumnError(DataError):
    """A table has not the column that was asked for."""


def check_columns(names: Collection[str], columns: Mapping[str, str], where: str) -> None:
    """Refuse a table that lacks a column that was asked for, or a text.

    Raises:
        NoColumnError: with the columns that there are.
    """
    listed, known = _listed(names), {_key(name) for name in names}
    for field, column in columns.items():
        if _key(column) not in known and field not in known:
            raise NoColumnError(f"{where}: no column {column!r}; the table has {listed}")
    if "text" not in columns and "text" not in known:
        raise NoColumnError(f"{where}: no column 'text'; name yours with --text, the table has {listed}")


def _key(name: str) -> str:
    """The name of a column as it is compared: capitals and blanks around it make no other column."""
    return name.strip().lower()


@functools.lru_cache(maxsize=64)
def _columns_of(names: tuple[str, ...], wanted: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The fields of an article with the column that has each: the one that was asked for, else that of its own name."""
    alike = {_key(name): name for name in reversed(names)}

    def column(name: str) -> str | None:
        return name if name in names else alike.get(_key(name))

    asked = {field: found for field, name in wanted if (found := column(name)) is not None}
    others = {field: found for field in SETTABLE if (found := column(field)) not in (None, *asked.values())}
    return {field: name for field, name in {**others, **asked}.items() if name is not None}


def _listed(names: Collection[str]) -> str:
    """The names of columns for a message, a few of many, and no more of each than can be read."""
    some = ", ".join(str(name)[:_NAME] + "…" * (len(str(name)) > _NAME) for name in itertools.islice(names, _NAMED))
    return f"{some} and {len(names) - _NAMED} more" if len(names) > _NAMED else some


def article_from_row(row: Mapping[str, Any], columns: Mapping[str, str], where: str) -> Article:
    """The article in a row; columns that are no field of an article are kept in its meta.

    Raises:
        DataError: the row has no text, or a field has a value that it cannot have.
    """
    mapped = _columns_of(tuple(row), tuple(columns.items()))
    taken = {field: row[column] for field, column in mapped.items()}
    used = set(mapped.values())
    rest = {name: value for name, value in row.items() if name not in used}
    if not isinstance(taken.get("text"), str | None) or "text" not in taken:
        raise DataError(f"{where}: no text in {columns.get('text', 'text')!r}")
    given = {name: _value(name, value) for name, value in taken.items() if not _missing(value)}
    meta = {name: _plain(value) for name, value in rest.items() if name not in taken and name not in _KEPT}
    meta |= _own_meta(row.get("meta"))
    if "published" in given and (date := iso_date(given["published"])) != given["published"]:
        meta["published"] = given.pop("published")
        given |= {"published": date} if date else {}
    version = row.get("version") if isinstance(row.get("version"), str) else ""
    try:
        return msgspec.convert({"text": "", **given, "version": version, "meta": meta}, Article)
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: {explain(str(error), Article)}") from error


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - a cell holds anything
    if isinstance(value, datetime.date):
        return value.isoformat()
    if name == "author" and isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, int | float) else value


def _missing(value: Any) -> bool:  # noqa: ANN401
    return value in (None, "") or (isinstance(value, float) and math.isnan(value))


def _own_meta(value: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return {} if _missing(value) else {"meta": _plain(value)}


def _plain(value: Any) -> Any:  # noqa: ANN401
    """A value as JSON can hold it."""
    try:
        return msgspec.to_builtins(value, str_keys=True)
    except (TypeError, ValueError):
        return str(value)
