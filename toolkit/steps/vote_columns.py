"""Columns of a table as numbers, read at the speed at which the file can be read at all."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.errors import DataError
from toolkit.files import read_bytes, suffix_of
from toolkit.labels.votes import Coded, Ints
from toolkit.steps.text_keys import Keys, keys_of, texts_of
from toolkit.tables import read_table


@dataclass(frozen=True)
class Table:
    """The columns of a table that were asked for; an empty cell is ""."""

    path: Path
    columns: Mapping[str, Coded]
    rows: int

    def __getitem__(self, name: str) -> Coded:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns


def read_columns(path: Path, wanted: Iterable[str], welcome: Iterable[str] = ()) -> Table:
    """Some columns of a CSV, TSV, JSONL or Parquet file (``.gz`` too).

    Args:
        path: the file.
        wanted: columns that must be there.
        welcome: columns that are read where they are there.

    Raises:
        DataError: a column is missing, or the file is broken; the message says where.
    """
    suffix = suffix_of(path)
    if suffix in (".csv", ".tsv"):
        found = _csv(path, "," if suffix == ".csv" else "\t", list(wanted), list(welcome))
        if found is not None:
            return found
    if suffix == ".parquet":
        return _parquet(path, list(wanted), list(welcome))
    return _slowly(path, list(wanted), list(welcome))


def _chosen(path: Path, there: Sequence[str], wanted: Sequence[str], welcome: Sequence[str]) -> list[str]:
    for name in wanted:
        if name not in there:
            raise DataError(f"{path}: no column {name!r}; the table has {', '.join(there)}")
    return list(dict.fromkeys([*wanted, *(name for name in welcome if name in there)]))


def _csv(path: Path, delimiter: str, wanted: list[str], welcome: list[str]) -> Table | None:
    """The columns, or None where the careful reader must look at the file, because it or its header is odd."""
    import pyarrow
    from pyarrow import csv as arrow_csv

    raw = read_bytes(path)
    header = _header(raw, delimiter)
    if not header or len(set(header)) != len(header):
        return None
    chosen = _chosen(path, header, wanted, welcome)
    try:
        table = arrow_csv.read_csv(
            pyarrow.BufferReader(raw),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in raw),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=chosen, column_types=dict.fromkeys(chosen, pyarrow.string()), strings_can_be_null=False
            ),
        )
    except pyarrow.ArrowException:
        return None
    return Table(path, {name: _from_arrow(table.column(name)) for name in chosen}, table.num_rows)


def _header(raw: bytes, delimiter: str) -> list[str]:
    try:
        text = raw[: 1 << 16].decode("utf-8-sig", errors="ignore")
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _from_arrow(column: Any) -> Coded:  # noqa: ANN401 - a chunked array of strings
    """A column of strings as numbers into its sorted names; null is ""."""
    import pyarrow

    cells = column.fill_null("").combine_chunks()
    if isinstance(cells, pyarrow.ChunkedArray):
        cells = cells.chunk(0) if cells.num_chunks else pyarrow.array([], pyarrow.string())
    if len(cells) < 2:
        return Coded.of(cells.to_pylist())
    keys = keys_of(cells)
    return _coded_texts(cells) if keys is None else _coded_keys(keys)


def _coded_keys(keys: Keys) -> Coded:
    """Rows of an item mostly stand together: then only the first of each run must be looked up."""
    import pandas as pd

    new = np.append(True, keys[1:] != keys[:-1])
    runs = 2 * int(new.sum()) < len(new)
    looked_up = keys[new] if runs else keys
    codes: Ints
    found: Keys
    if (looked_up[1:] > looked_up[:-1]).all():
        codes, found = np.arange(len(looked_up), dtype=np.int64), looked_up
    else:
        met_codes, met = pd.factorize(looked_up)
        order = np.argsort(met)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        codes, found = rank[met_codes], met[order]
    return Coded(codes=codes[np.cumsum(new) - 1] if runs else codes, names=_names(texts_of(found)))


def _coded_texts(cells: Any) -> Coded:  # noqa: ANN401 - an array of strings
    """The same for texts that are too long to be numbers."""
    import pyarrow
    import pyarrow.compute as compute

    new = np.append(True, compute.not_equal(cells[1:], cells[:-1]).to_numpy(zero_copy_only=False))
    heads = np.flatnonzero(new)
    if len(heads) > len(cells) // 2:
        return Coded(*_sorted_codes(cells))
    codes, names = _sorted_codes(cells.take(pyarrow.array(heads)))
    return Coded(codes=codes[np.cumsum(new) - 1], names=names)


def _sorted_codes(cells: Any) -> tuple[Ints, tuple[str, ...]]:  # noqa: ANN401 - an array of strings
    import pyarrow.compute as compute

    if compute.all(compute.less(cells[:-1], cells[1:])).as_py():
        return np.arange(len(cells)), _names(cells)
    encoded = cells.dictionary_encode()
    order = compute.array_sort_indices(encoded.dictionary)  # by bytes, which is by code points
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    return rank[encoded.indices.to_numpy()], _names(encoded.dictionary.take(order))


def _names(cells: Any) -> tuple[str, ...]:  # noqa: ANN401 - an array of strings
    return tuple(cells.to_numpy(zero_copy_only=False).tolist())


def _parquet(path: Path, wanted: list[str], welcome: list[str]) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(read_bytes(path)))
        chosen = _chosen(path, file.schema_arrow.names, wanted, welcome)
        table = file.read(columns=chosen)
        columns = {name: _text(table.column(name)) for name in chosen}
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: not Parquet: {error}") from error
    return Table(path, {name: _from_arrow(column) for name, column in columns.items()}, table.num_rows)


def _text(column: Any) -> Any:  # noqa: ANN401 - chunked arrays
    import pyarrow

    if pyarrow.types.is_floating(column.type):  # what is no number is an empty cell
        values = column.to_pandas()
        texts = [None if value != value else _plain_number(value) for value in values.tolist()]
        column = pyarrow.chunked_array([pyarrow.array(texts, pyarrow.string())])
    return column.cast(pyarrow.string())


def _plain_number(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)


def _slowly(path: Path, wanted: list[str], welcome: list[str]) -> Table:
    """The columns by the reader that names the line of what is wrong."""
    rows = read_table(path)
    there = list(dict.fromkeys(name for row in rows[:1] for name in row)) if rows else wanted
    chosen = _chosen(path, there, wanted, welcome)
    cells = {name: ["" if row.get(name) is None else str(row[name]) for row in rows] for name in chosen}
    return Table(path, {name: Coded.of(column) for name, column in cells.items()}, len(rows))
