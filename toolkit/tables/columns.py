"""Columns of a table as numbers into their sorted texts, read at the speed at which the file can be read at all."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import DataError
from toolkit.files import read_bytes, suffix_of
from toolkit.tables.cells import GUARD, LISTS, cell_text, cell_texts, unguarded
from toolkit.tables.reading import (
    HEAD,
    class_names,
    csv_head,
    encoding_of,
    foreign_errors,
    no_column,
    no_rows,
    opened_parquet,
    rows_in,
    undecodable,
)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Coded:
    """A column of names as numbers: the names are sorted, each once, and each row has the place of its own."""

    codes: Ints  # [rows]
    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> "Coded":
        """A column, from the name in each row."""
        import pandas as pd

        codes, uniques = pd.factorize(np.asarray(names, dtype=object), sort=False)
        return cls.of_codes(codes.astype(np.int64), [str(name) for name in uniques])

    @classmethod
    def of_codes(cls, codes: Ints, names: Sequence[str]) -> "Coded":
        """A column, from numbers into names that are in any order and may hold one twice."""
        sorted_names = sorted(set(names))
        place = {name: number for number, name in enumerate(sorted_names)}
        rank = np.array([place[name] for name in names], dtype=np.int64)
        return cls(codes=rank[codes] if len(codes) else codes.astype(np.int64), names=tuple(sorted_names))

    def of_rows(self, chosen: NDArray[np.bool_]) -> "Coded":
        """Some of the rows, [rows], without the names that none of them has."""
        used, codes = renumbered(self.codes[chosen], len(self.names))
        names = self.names if len(used) == len(self.names) else tuple(map(self.names.__getitem__, used.tolist()))
        return Coded(codes=codes, names=names)

    def renamed(self, new: Mapping[str, str]) -> "Coded":
        """The column under other names; what has no new one keeps its own."""
        return Coded.of_codes(self.codes, [new.get(name, name) for name in self.names])


def renumbered(codes: Ints, count: int) -> tuple[Ints, Ints]:
    """Which numbers below count there are, and the place of each code among them."""
    there = np.zeros(count, dtype=np.bool_)
    there[codes] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]


@dataclass(frozen=True)
class ColumnTable:
    """Some columns of a table; an empty cell is ""."""

    path: Path
    columns: Mapping[str, Coded]
    rows: int

    def __getitem__(self, name: str) -> Coded:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns


def read_columns(path: Path, required: Iterable[str], optional: Iterable[str] = ()) -> ColumnTable:
    """Some columns of a table, each cell as `cell_text` reads it.

    Args:
        path: the file.
        required: columns that must be there.
        optional: columns that are read where they are there.

    Raises:
        DataError: a column is missing, or the table is damaged or has no row; the message says where.
        MissingFileError: there is no such file.
    """
    needed, welcome = list(required), list(optional)
    suffix = suffix_of(path)
    if suffix == ".parquet":
        return _from_parquet(path, needed, welcome)
    table = _from_csv(path, needed, welcome) if suffix in (".csv", ".tsv") else None
    return table or _from_rows(path, needed, welcome)


def columns_of_frame(frame: Any, required: Iterable[str], optional: Iterable[str] = ()) -> ColumnTable:  # noqa: ANN401
    """Some columns of a DataFrame, each cell as `cell_text` reads it.

    Raises:
        DataError: a column is missing, or there is no row.
    """
    path = Path("DataFrame")
    names = _chosen(path, list(map(str, frame.columns)), list(required), list(optional))
    if not len(frame):
        raise no_rows(path)
    return ColumnTable(
        path, {name: _coded_values(frame[name].tolist(), f"column {name!r}") for name in names}, len(frame)
    )


def _chosen(path: Path, there: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    for name in required:
        if name not in there:
            raise no_column(path, name, there)
    return list(dict.fromkeys([*required, *(name for name in optional if name in there)]))


def _coded_values(values: Sequence[Any], where: str) -> Coded:
    """A column of any values.

    Raises:
        DataError: one is neither a text, a number nor a list.
    """
    return Coded.of(cell_texts(values, where))


def _from_rows(path: Path, required: list[str], optional: list[str]) -> ColumnTable:
    """The columns by the reader that names the line of what is wrong."""
    rows = [row for _, row in rows_in(path)]
    if not rows:
        raise no_rows(path)
    names = _chosen(path, list(dict.fromkeys(name for row in rows for name in row)), required, optional)
    columns = {name: _coded_values([row.get(name) for row in rows], f"{path}: column {name!r}") for name in names}
    return ColumnTable(path, columns, len(rows))


def _from_csv(path: Path, required: list[str], optional: list[str]) -> ColumnTable | None:
    """The columns, or None where only the careful reader can tell what is wrong with the file, or right."""
    import pyarrow
    from pyarrow import csv as arrow_csv

    raw = _as_utf8(path)
    quoted = b'"' in raw
    if quoted and (raw.count(b'"') % 2 or suffix_of(path) == ".tsv"):
        return None
    if _has_lone_return(raw):
        return None
    lines = list(io.StringIO(raw[:HEAD].decode("utf-8-sig", errors="ignore"), newline=""))
    if len(lines) < 2 or not lines[0].strip():
        return None
    head = csv_head(lines, path)
    names = _chosen(path, head.names, required, optional)
    try:
        table = arrow_csv.read_csv(
            pyarrow.BufferReader(raw),
            read_options=arrow_csv.ReadOptions(skip_rows=head.skipped, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=head.delimiter, newlines_in_values=quoted),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=names, column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False
            ),
        )
    except (pyarrow.ArrowException, KeyError):
        return None
    if not table.num_rows:
        raise no_rows(path)
    return ColumnTable(path, {name: _coded_texts(table.column(name)) for name in names}, table.num_rows)


def _has_lone_return(raw: bytes) -> bool:
    """Whether a carriage return stands without a line feed; counted in an array, since most lines end with both."""
    octets = np.frombuffer(raw, dtype=np.uint8)
    returns = octets == ord("\r")
    return bool(returns[-1:].any() or (returns[:-1] & (octets[1:] != ord("\n"))).any())


def _as_utf8(path: Path) -> bytes:
    raw = read_bytes(path)
    encoding = encoding_of(raw[:4], path)
    if encoding == "utf-8-sig":
        return raw
    try:
        return raw.decode(encoding).encode()
    except UnicodeError as error:
        raise (
            undecodable(path, error) if isinstance(error, UnicodeDecodeError) else DataError(f"{path}: {error}")
        ) from error


def _from_parquet(path: Path, required: list[str], optional: list[str]) -> ColumnTable:
    file = opened_parquet(path)
    names = _chosen(path, file.schema_arrow.names, required, optional)
    with foreign_errors(path, "Parquet"):
        table = file.read(columns=names, use_threads=False)
        if not table.num_rows:
            raise no_rows(path)
        columns = {name: _coded_column(table.column(name), f"{path}: column {name!r}") for name in names}
    for name, labels in class_names(file.schema_arrow.metadata).items():
        if name in columns:
            columns[name] = columns[name].renamed({str(number): label for number, label in enumerate(labels)})
    return ColumnTable(path, columns, table.num_rows)


def _coded_column(column: Any, where: str) -> Coded:  # noqa: ANN401 - an Arrow column of any type
    import pyarrow

    kind = column.type
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        return _coded_texts(column.cast(pyarrow.string()))
    if pyarrow.types.is_floating(kind) and not pyarrow.types.is_float64(kind):
        return _coded_values([None if value is None else float(str(value)) for value in column.to_numpy()], where)
    if pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind):
        return _coded_texts(column)
    return _coded_values(column.to_pylist(), where)


def _coded_texts(column: Any) -> Coded:  # noqa: ANN401 - a chunked array
    """A column as numbers into its sorted texts; null is "".

    Rows of one item mostly stand together: then only the first of each run is looked up.
    """
    import pyarrow
    import pyarrow.compute as compute

    cells = column.combine_chunks()
    cells = pyarrow.concat_arrays(cells.chunks) if isinstance(cells, pyarrow.ChunkedArray) else cells
    if cells.null_count or len(cells) < 2:
        return _looked_up(cells)
    is_new = compute.not_equal(cells[1:], cells[:-1]).to_numpy(zero_copy_only=False)
    heads = np.append(0, np.flatnonzero(is_new) + 1)
    if 2 * len(heads) > len(cells):
        return _looked_up(cells)
    firsts = _looked_up(cells.take(pyarrow.array(heads)))
    return Coded(codes=np.repeat(firsts.codes, np.diff(np.append(heads, len(cells)))), names=firsts.names)


def _looked_up(cells: Any) -> Coded:  # noqa: ANN401 - an Arrow array
    import pyarrow
    import pyarrow.compute as compute

    encoded = cells.dictionary_encode()
    indices, texts = encoded.indices, encoded.dictionary
    if indices.null_count or not pyarrow.types.is_string(texts.type) or _need_reading(texts):
        indices = indices.fill_null(len(texts))
        names = [
            unguarded(cell_text(value)) for value in [*texts.to_pylist(), *[None] * bool(encoded.indices.null_count)]
        ]
        return Coded.of_codes(indices.to_numpy().astype(np.int64), names)
    if len(texts) > 1 and compute.all(compute.less(texts[:-1], texts[1:])).as_py():
        return Coded(codes=indices.to_numpy().astype(np.int64), names=_names(texts))
    order = compute.array_sort_indices(texts)  # by bytes, which is by code points
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    return Coded(codes=rank[indices.to_numpy()], names=_names(texts.take(order)))


def _names(texts: Any) -> tuple[str, ...]:  # noqa: ANN401 - an Arrow array of strings
    return tuple(texts.to_numpy(zero_copy_only=False).tolist())


def _need_reading(texts: Any) -> bool:  # noqa: ANN401 - an Arrow array of strings
    """Whether `cell_text` or `unguarded` would read one of the texts in another way than it stands."""
    import pyarrow.compute as compute

    return any(
        compute.any(has(texts, sign)).as_py()
        for has, signs in ((compute.ends_with, (".0",)), (compute.starts_with, (GUARD, *LISTS)))
        for sign in signs
    ) or (bool(compute.any(compute.match_substring(texts, ".00")).as_py()))
