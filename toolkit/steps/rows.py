"""Tables of votes, written row by row: as large as they come, whole or not at all."""

import csv
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from toolkit.errors import UsageError
from toolkit.exchange.submissions import VoteRow
from toolkit.files import suffix_of, written_whole
from toolkit.tables import SUFFIXES as TABLE_SUFFIXES

_CHUNK = 5000  # rows of a group in Parquet
_COLUMNS = VoteRow.__struct_fields__


def check_table_name(path: Path) -> None:
    """Refuse a name that says no known kind of table, before any work is done.

    Raises:
        UsageError: the name ends otherwise.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise UsageError(f"-o {path}: the name must end in one of {', '.join(TABLE_SUFFIXES)}")


def write_votes(path: Path, rows: Iterable[VoteRow]) -> int:
    """Write a table of votes in the format that its name says, and return how many rows."""
    write = _WRITERS[suffix_of(path)]
    counted = _Counted(rows)
    with written_whole(path) as beside:
        write(beside, counted)
    return counted.count


class _Counted:
    """Rows that are counted as they go by."""

    def __init__(self, rows: Iterable[VoteRow]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[VoteRow]:
        for row in self._rows:
            self.count += 1
            yield row


def _write_jsonl(path: Path, rows: Iterable[VoteRow]) -> None:
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as handle:
        handle.writelines(encode(row) + b"\n" for row in rows)


def _write_csv(path: Path, rows: Iterable[VoteRow]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        _write_cells(handle, ",", rows)


def _write_tsv(path: Path, rows: Iterable[VoteRow]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        _write_cells(handle, "\t", rows)


def _write_cells(handle: IO[str], delimiter: str, rows: Iterable[VoteRow]) -> None:
    writer = csv.writer(handle, delimiter=delimiter, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(msgspec.structs.astuple(row) for row in rows)


def _write_parquet(path: Path, rows: Iterable[VoteRow]) -> None:
    import pyarrow
    import pyarrow.parquet

    kinds = {name: pyarrow.float64() if name == "seconds" else pyarrow.string() for name in _COLUMNS}
    schema = pyarrow.schema(kinds.items())
    remaining = iter(rows)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while chunk := list(itertools.islice(remaining, _CHUNK)):
            writer.write_table(pyarrow.Table.from_pylist([msgspec.structs.asdict(row) for row in chunk], schema))


_WRITERS: dict[str, Callable[[Path, Iterable[VoteRow]], None]] = {
    ".jsonl": _write_jsonl, ".csv": _write_csv, ".tsv": _write_tsv, ".parquet": _write_parquet,
}  # fmt: skip
