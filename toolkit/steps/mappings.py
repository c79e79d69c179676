"""Labels that are renamed on the way in, as a user names them."""

from collections.abc import Sequence
from pathlib import Path

from toolkit.errors import DataError, UsageError
from toolkit.tables import column, read_table


def read_mapping(given: Sequence[str]) -> dict[str, str]:
    """What labels are meant, from ``old=new,…`` or the names of tables with the columns ``old`` and ``new``.

    Spaces count, since a space too many may be what is put right.

    >>> read_mapping(["Neutral=neutral,agress=agrees"])
    {'Neutral': 'neutral', 'agress': 'agrees'}

    Raises:
        UsageError: something is neither; DataError: a table lacks a column, or a label has two meanings.
    """
    mapping: dict[str, str] = {}
    for each in given:
        pairs = _pairs(each) if "=" in each else _of_table(Path(each))
        for old, new in pairs:
            if mapping.setdefault(old, new) != new:
                raise DataError(f"--map: {old!r} is to become {mapping[old]!r} and {new!r}; name one")
    return mapping


def _pairs(given: str) -> list[tuple[str, str]]:
    pairs = []
    for part in given.split(","):
        old, sign, new = part.partition("=")
        if not sign or not old or not new:
            raise UsageError(f"--map {part!r}: old=new is needed, or the name of a table with columns old and new")
        pairs.append((old, new))
    return pairs


def _of_table(path: Path) -> list[tuple[str, str]]:
    rows = read_table(path)
    cells = zip(column(rows, "old", path), column(rows, "new", path), strict=True)
    return [(str(old), str(new)) for old, new in cells]
