"""Tables as files, whole or not at all, in the format that the name says: reading gives back what was written."""

import contextlib
import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.files import read_bytes, suffix_of, written_whole
from toolkit.tables.cells import cell_text, escaped, guarded, kept_guard, sheet_text
from toolkit.tables.reading import (
    SUFFIXES,
    csv_head,
    encoding_of,
    foreign_errors,
    no_column,
    opened_parquet,
    quote_mark,
    read_table,
    rows_in,
    undecodable,
)

_ROW_GROUP = 5000  # rows of a Parquet file that are held until they are written
SHEET_CELL = 32_767  # characters that a cell of a spreadsheet takes

Put = Callable[[Mapping[str, Any]], None]


def check_table_name(path: Path) -> None:
    """Refuse a name that says no format that can be written, before any work is done.

    Raises:
        UsageError: the name ends otherwise.
    """
    if not _is_writable(path):
        raise UsageError(
            f"-o {path}: the name must end in one of {', '.join(SUFFIXES)}, or .csv.gz, .tsv.gz, .jsonl.gz"
        )


def _is_writable(path: Path) -> bool:
    return suffix_of(path) in SUFFIXES and not path.name.endswith((".parquet.gz", ".xlsx.gz"))


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    """Write rows in the format that the file's name says.

    Args:
        path: the file.
        rows: a cell that is missing is empty.
        columns: in their order; where none are given, those of the rows.

    Raises:
        DataError: the name says no format, or a cell cannot be written.
    """
    held = list(rows)
    names = list(columns) or list(dict.fromkeys(name for row in held for name in row))
    if suffix_of(path) == ".parquet" and _is_writable(path):
        with written_whole(path) as part, foreign_errors(path, "a table that Parquet can hold"):
            import pyarrow
            import pyarrow.parquet

            table = pyarrow.table({name: [row.get(name) for row in held] for name in names})
            pyarrow.parquet.write_table(table, part)
        return
    with written_table(path, dict.fromkeys(names, str)) as put:
        for row in held:
            put(row)


def write_people_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    """Write a table that people open in a spreadsheet program: no text in it can become a formula.

    Raises:
        DataError: the name says no format, or a cell cannot be written.
    """
    if suffix_of(path) in (".csv", ".tsv"):
        rows = list(rows)
        names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
        with _written_cells(path, names, guarded) as put:
            for row in rows:
                put(row)
    else:
        write_table(path, rows, columns)


def write_new_sheet(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a sheet for people, unless there is one already in which somebody may have written.

    A sheet that holds the same rows already is left as it is.

    Raises:
        UsageError: the file exists and holds anything else.
        DataError: the name says no format, or a cell cannot be written.
    """
    held = list(rows)
    if not path.exists():
        write_people_table(path, held)
    elif not _holds(path, held):
        raise UsageError(
            f"{path}: the file exists and holds other rows, or something that was typed into it; move it away, or name "
            "another file"
        )


def _holds(path: Path, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a file holds the very rows, cell by cell."""
    try:
        present = read_table(path)
    except ToolkitError:
        return False
    return [_texts(row) for row in present] == [_texts(row) for row in rows]


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: text for name, value in row.items() if (text := cell_text(value))}


@contextlib.contextmanager
def written_table(path: Path, columns: Mapping[str, type]) -> Iterator[Put]:
    """Provide what takes one row after the other; at the end the table is there whole, or not at all.

    Args:
        path: ``.jsonl``, ``.csv`` or ``.tsv``, each also ``.gz``, ``.parquet`` or ``.xlsx``.
        columns: the type of each in Parquet: str, int or float; a cell may be None.

    Raises:
        DataError: the name says no format, or a cell cannot be written.
    """
    suffix = suffix_of(path)
    if not _is_writable(path):
        raise DataError(f"{path}: unknown kind of table {path.suffix!r}; known are {', '.join(SUFFIXES)}")
    if suffix in (".csv", ".tsv"):
        with _written_cells(path, list(columns), kept_guard) as put:
            yield put
        return
    with written_whole(path) as part, contextlib.ExitStack() as stack:
        if suffix == ".parquet":
            yield stack.enter_context(_parquet_writer(part, columns))
        elif suffix == ".xlsx":
            yield stack.enter_context(_sheet_writer(part, list(columns), path))
        else:
            handle = stack.enter_context(_text(part, packed=path.suffix == ".gz"))
            yield lambda row: _write_line(handle, row, path)


@contextlib.contextmanager
def _text(part: Path, *, packed: bool) -> Iterator[IO[str]]:
    with contextlib.ExitStack() as stack:
        raw: Any = stack.enter_context(part.open("wb"))
        if packed:
            raw = stack.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
        yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


def _write_line(handle: IO[str], row: Mapping[str, Any], path: Path) -> None:
    try:
        text = json.dumps(row, ensure_ascii=False, allow_nan=False, default=cell_text)
    except ValueError:
        text = json.dumps(
            {name: _without_nan(cell) for name, cell in row.items()}, ensure_ascii=False, default=cell_text
        )
    try:
        handle.write(text + "\n")
    except UnicodeEncodeError as error:
        raise DataError(f"{path}: {text[error.start : error.end]!r} is no character; repair the text") from error


def _without_nan(cell: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    return None if isinstance(cell, float) and cell != cell else cell


# --- CSV and TSV -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _written_cells(path: Path, names: Sequence[str], text_of: Callable[[str], str]) -> Iterator[Put]:
    delimiter = "," if suffix_of(path) == ".csv" else "\t"
    with written_whole(path) as part, _text(part, packed=path.suffix == ".gz") as handle:
        plain = csv.writer(handle, delimiter=delimiter, lineterminator="\n")
        quoted = csv.writer(handle, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)

        def write(cells: Sequence[Any]) -> None:
            # Python 3.11 and 3.12 do not quote a carriage return.
            has_return = any("\r" in cell for cell in cells if isinstance(cell, str))
            try:
                (quoted if has_return else plain).writerow(cells)
            except UnicodeEncodeError as error:
                raise DataError(f"{path}: {error.object[error.start : error.end]!r} is no character") from error

        # Quoted names keep a reader from taking a sign in one of them for the delimiter.
        odd = any(set(";,\t|\r") & set(name) or name.startswith("sep=") for name in names)
        (quoted if odd else plain).writerow([text_of(name) for name in names])
        yield lambda row: write([_cell(row.get(name), text_of) for name in names])


def _cell(value: Any, text_of: Callable[[str], str]) -> Any:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=cell_text)
    return "" if isinstance(value, float) and value != value else value


# --- Parquet and XLSX ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _parquet_writer(part: Path, columns: Mapping[str, type]) -> Iterator[Put]:
    import pyarrow
    import pyarrow.parquet

    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    held: list[Mapping[str, Any]] = []
    with pyarrow.parquet.ParquetWriter(part, schema) as writer:

        def put(row: Mapping[str, Any]) -> None:
            held.append(row)
            if len(held) == _ROW_GROUP:
                write_held()

        def write_held() -> None:
            writer.write_table(pyarrow.Table.from_pylist(held, schema))
            held.clear()

        yield put
        write_held()


@contextlib.contextmanager
def _sheet_writer(part: Path, names: Sequence[str], path: Path) -> Iterator[Put]:
    import openpyxl

    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.freeze_panes = "A2"
    numbers = itertools.count(1)

    def put(cells: Iterable[Any]) -> None:
        number = next(numbers)
        for place, value in enumerate(cells, 1):
            write_cell(sheet.cell(number, place), value, path)

    put(names)
    yield lambda row: put(row.get(name) for name in names)
    book.save(part)


def write_cell(cell: Any, value: Any, path: Path) -> None:  # noqa: ANN401 - openpyxl has no types
    """Write a cell of a spreadsheet: a number as a number, all else as a text that can become no formula.

    Raises:
        DataError: the text is longer than a cell takes.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
        cell.value = value
        return
    text = escaped(kept_guard(value) if isinstance(value, str) else cell_text(value))
    if len(text) > SHEET_CELL:
        raise DataError(f"{path}: a text of {len(text)} characters; a cell takes {SHEET_CELL}: write .csv or .jsonl")
    if text:
        cell.value = text
        cell.data_type = "s"
        cell.quotePrefix = True


# --- without some rows or a column -----------------------------------------------------------------------------------


class Removal(Struct, frozen=True, kw_only=True):
    """The content of a table's file without some of its rows, or without a column; the rest stays as it was."""

    data: bytes
    count: int  # of rows; of a column, of its cells that are not empty


def without_rows(path: Path, name: str, value: str) -> Removal:
    """A table without the rows whose cell in a column reads as ``value``, blanks around it aside.

    Raises:
        DataError: the table has no such column, or is damaged.
    """
    return _edited(path, name, lambda cell: sheet_text(cell).strip() == value)


def without_column(path: Path, name: str) -> Removal:
    """A table without a column.

    Raises:
        DataError: the table has no such column, or is damaged.
    """
    return _edited(path, name, None)


_IsRemoved = Callable[[Any], bool] | None  # of a row, by its cell in the column; None: the column is removed


def _edited(path: Path, name: str, is_removed: _IsRemoved) -> Removal:
    suffix = suffix_of(path)
    if suffix not in _EDITORS:
        raise DataError(f"{path}: unknown kind of table {suffix!r}; known are {', '.join(SUFFIXES)}, each also .gz")
    removal = _EDITORS[suffix](path, name, is_removed)
    if path.suffix == ".gz":
        return Removal(data=gzip.compress(removal.data, mtime=0), count=removal.count)
    return removal


def _edit_csv(path: Path, name: str, is_removed: _IsRemoved) -> Removal:
    raw = read_bytes(path)
    encoding = encoding_of(raw[:4], path)
    try:
        text = raw.decode("utf-16" if encoding == "utf-16" else encoding)
    except UnicodeDecodeError as error:
        raise undecodable(path, error) from error
    lines = list(io.StringIO(text, newline=""))
    head = csv_head(lines, path)
    place = _place(path, name, head.names)
    quoting = csv.QUOTE_MINIMAL if quote_mark(lines, path) else csv.QUOTE_NONE
    rows = list(_raw_rows(lines[head.skipped :], head.delimiter, quoting))
    out = io.StringIO("".join(lines[: head.skipped]), newline="")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out, delimiter=head.delimiter, lineterminator="\r\n" if "\r\n" in lines[0] else "\n")
    count = 0
    for number, (line, cells) in enumerate(rows):
        cell = cells[place] if place < len(cells) else ""
        if is_removed is None:
            count += bool(number and cell.strip())
            writer.writerow(cells[:place] + cells[place + 1 :])
        elif number and is_removed(cell):
            count += 1
        else:
            out.write(line)
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else raw[:2] if encoding == "utf-16" else b""
    wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(raw[:2], encoding.removesuffix("-sig"))
    return Removal(data=mark + out.getvalue().encode(wide), count=count)


def _raw_rows(lines: Iterable[str], delimiter: str, quoting: Any) -> Iterator[tuple[str, list[str]]]:  # noqa: ANN401
    """Each row as it stands in the file, and its cells; blank lines go with the row below."""
    taken: list[str] = []

    def passing() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    for cells in csv.reader(passing(), delimiter=delimiter, quoting=quoting):
        if cells:
            yield "".join(taken), cells
            taken.clear()


def _place(path: Path, name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise no_column(path, name, names)
    return list(names).index(name)


def _edit_jsonl(path: Path, name: str, is_removed: _IsRemoved) -> Removal:
    lines = [line for line in read_bytes(path).split(b"\n") if line.strip()]
    rows = [row for _, row in rows_in(path)]
    _place(path, name, list(dict.fromkeys(key for row in rows for key in row)))
    if is_removed is not None:
        left = [line for line, row in zip(lines, rows, strict=True) if not is_removed(row.get(name))]
        return Removal(data=b"".join(line + b"\n" for line in left), count=len(lines) - len(left))
    count = sum(row.get(name) not in (None, "") for row in rows)
    slim = [{key: value for key, value in row.items() if key != name} for row in rows]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in slim)
    return Removal(data=text.encode(), count=count)


def _edit_parquet(path: Path, name: str, is_removed: _IsRemoved) -> Removal:
    import pyarrow.parquet

    with foreign_errors(path, "Parquet"):
        table = opened_parquet(path).read(use_threads=False)
        _place(path, name, table.column_names)
        cells = table.column(name).to_pylist()
        if is_removed is None:
            left, count = table.drop_columns([name]), sum(cell not in (None, "") for cell in cells)
        else:
            left = table.filter([not is_removed(cell) for cell in cells])
            count = table.num_rows - left.num_rows
        out = io.BytesIO()
        pyarrow.parquet.write_table(left, out)
    return Removal(data=out.getvalue(), count=count)


def _edit_xlsx(path: Path, name: str, is_removed: _IsRemoved) -> Removal:
    import openpyxl

    with foreign_errors(path, "a spreadsheet in the format .xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(read_bytes(path)))
        sheet = book.worksheets[0]
        rows = [[sheet_text(cell) for cell in cells] for cells in sheet.values]
        top = next((number for number, cells in enumerate(rows) if any(cells)), 0)
        place = _place(path, name, rows[top] if rows else [])
        if is_removed is None:
            count = sum(bool(cells[place].strip()) for cells in rows[top + 1 :])
            sheet.delete_cols(place + 1)
        else:
            theirs = [number for number, cells in enumerate(rows, 1) if number > top + 1 and is_removed(cells[place])]
            count = len(theirs)
            for number in reversed(theirs):
                sheet.delete_rows(number)
        out = io.BytesIO()
        book.save(out)
    return Removal(data=out.getvalue(), count=count)


_EDITORS: dict[str, Callable[[Path, str, _IsRemoved], Removal]] = {
    ".csv": _edit_csv, ".tsv": _edit_csv, ".jsonl": _edit_jsonl, ".parquet": _edit_parquet, ".xlsx": _edit_xlsx,
}  # fmt: skip
