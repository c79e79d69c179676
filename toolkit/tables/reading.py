"""Tables, row by row: CSV, TSV, JSONL, Parquet and XLSX, whatever program wrote them.

Cells of CSV, TSV and XLSX are texts; those of JSONL and Parquet keep their type. Every row is returned, or an error
names it.
"""

import contextlib
import csv
import gzip
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from toolkit.errors import DataError, ToolkitError
from toolkit.files import file_errors, read_bytes, suffix_of
from toolkit.tables.cells import GUARD, sheet_text, unguarded

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet", ".xlsx")
HEAD = 1 << 16  # bytes in which the first row is looked for

_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t,;|"}  # the first wins where two fit equally well
_LARGEST_CELL = 1 << 27  # characters
_LARGEST_SHEET = 1 << 28  # bytes of a spreadsheet, unpacked
_BATCH = 64  # rows of a Parquet file that are held at a time
HEAD_LINES = 64  # lines in which the first two rows are looked for
_END = "\0end of the table\0"  # a last line of ours: it becomes part of a cell only where a quotation mark is open

Row = dict[str, Any]


# --- rows, one after the other ---------------------------------------------------------------------------------------


def rows_in(path: Path) -> Iterator[tuple[str, Row]]:
    """The rows of a table, one at a time, each with its place for messages: ``votes.csv:7`` or ``votes.xlsx, row 7``.

    Raises:
        DataError: the table or a row of it cannot be read; the message says where, what and what to do.
        MissingFileError: there is no such file.
    """
    suffix = suffix_of(path)
    if suffix not in _READERS:
        raise DataError(f"{path}: unknown kind of table {suffix!r}; known are {', '.join(SUFFIXES)}, each also .gz")
    yield from _READERS[suffix](path)


def read_table(path: Path) -> list[Row]:
    """The rows of a table, at least one.

    Raises:
        DataError: the table is damaged, has two columns of one name, or has no row.
        MissingFileError: there is no such file.
    """
    rows = [row for _, row in rows_in(path)]
    if not rows:
        raise no_rows(path)
    return rows


def column(rows: Sequence[Row], name: str, where: Path) -> list[Any]:
    """One column of a table.

    Raises:
        DataError: there is no such column; the message names those that there are.
    """
    if rows and not any(name in row for row in rows):
        raise no_column(where, name, rows[0])
    return [row.get(name) for row in rows]


def no_rows(path: Path) -> DataError:
    """The error for a table that has columns and nothing below."""
    return DataError(f"{path}: no rows; the table needs at least one row below the names of its columns")


def no_column(path: Path, name: str, names: Iterable[str]) -> DataError:
    """The error for a column that is missing."""
    listed = list(map(str, names))
    whole = next((other for other in listed if "," in other and name.strip(' "') in other.split(",")), None)
    remedy = f"; a name with a comma stands in quotation marks: '\"{whole}\"'" if whole else ""
    return DataError(f"{path}: no column {name!r}; the table has {', '.join(listed)}{remedy}")


def _checked(header: Sequence[str], where: str) -> list[str]:
    """The names of columns; those that have none are numbered where there are several.

    Raises:
        DataError: no column has a name, or two have the same.
    """
    if not any(name.strip() for name in header):
        raise DataError(f"{where}: empty; a first line with the names of the columns is needed")
    doubled = sorted({name for name in header if name.strip() and header.count(name) > 1})
    if doubled:
        raise DataError(f"{where}: two columns are named {doubled[0]!r}; give each a name of its own")
    nameless = sum(not name.strip() for name in header) > 1
    return [f"column {number}" if nameless and not name.strip() else name for number, name in enumerate(header, 1)]


# --- CSV and TSV -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CsvHead:
    """What the first lines of a table with delimiters say about the others."""

    delimiter: str
    skipped: int  # lines above the header
    names: list[str]  # of the columns


@dataclass(frozen=True)
class CsvRows:
    """A table with delimiters: the names of its columns, and its rows as they come."""

    header: list[str]
    rows: Iterator[tuple[int, list[str] | str]]  # the line in which a row begins; its cells, or what is wrong with it


def csv_head(lines: Sequence[str], path: Path) -> CsvHead:
    """The delimiter and the columns of a table, from its first lines.

    The delimiter is that under which the first two rows have the most cells in common (comma, semicolon, tab, bar), or
    the one that a first line ``sep=;`` names.

    Raises:
        DataError: there is no header, or two columns have one name.
    """
    csv.field_size_limit(_LARGEST_CELL)
    named = re.fullmatch(r"\ufeff?sep=(.)[\r\n]*", lines[0]) if lines else None
    skipped = 1 if named else 0
    delimiter = named[1] if named else _delimiter(lines, suffix_of(path))
    try:
        first = next(filter(None, csv.reader(lines[skipped:], delimiter=delimiter)), [])
    except csv.Error as error:
        raise DataError(f"{path}:{skipped + 1}: {error}") from error
    return CsvHead(delimiter, skipped, _checked([unguarded(name) for name in first], str(path)))


def _delimiter(lines: Sequence[str], suffix: str) -> str:
    candidates = _DELIMITERS.get(suffix, _DELIMITERS[".csv"])

    def fit(delimiter: str) -> tuple[bool, int]:
        with contextlib.suppress(csv.Error):
            rows = filter(None, csv.reader(lines, delimiter=delimiter))
            first, second = next(rows, []), next(rows, [])
            return len(first) > 1 and len(second) in (0, len(first)), len(first)
        return False, 0

    return max(candidates, key=fit)


def csv_rows(lines: Iterable[str], path: Path, *, quote: str = '"', head: Sequence[str] | None = None) -> CsvRows:
    """The rows of a CSV or TSV table whose lines are decoded already; the caller decides about a damaged row.

    Args:
        lines: with their ends.
        path: for messages; its suffix says which delimiter is likely.
        quote: the mark that encloses cells, as `quote_mark` finds it.
        head: the first lines, where ``lines`` must be read no further than the rows that are asked for.

    Raises:
        DataError: there is no header, or two columns have one name.
    """
    stream = iter(lines)
    first = list(itertools.islice(stream, HEAD_LINES)) if head is None else []
    facts = csv_head(first if head is None else head, path)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    given = itertools.islice(itertools.chain(first, stream), facts.skipped, None)
    rows = _cells(csv.reader(itertools.chain(given, [_END]), delimiter=facts.delimiter, quoting=quoting), facts.skipped)
    next(rows, None)
    return CsvRows(facts.names, ((line, _fitting(cells, len(facts.names))) for line, cells in rows))


def quote_mark(lines: Iterable[str], path: Path) -> str:
    """The mark that encloses cells; "" in a TSV table whose quotation marks do not balance, where they are text."""
    if suffix_of(path) != ".tsv":
        return '"'
    stream = iter(lines)
    first = list(itertools.islice(stream, HEAD_LINES))
    head = csv_head(first, path)
    reader = csv.reader(itertools.chain(first[head.skipped :], stream), delimiter=head.delimiter, strict=True)
    line = 0
    try:
        for cells in reader:
            if cells and len(cells) != len(head.names) and reader.line_num > line + 1:
                return ""
            line = reader.line_num
    except csv.Error:
        return ""
    return '"'


def _cells(reader: Any, skipped: int) -> Iterator[tuple[int, list[str] | str]]:  # noqa: ANN401 - csv's own class
    """The rows that are not blank, each with its line; for one that is damaged the reason."""
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)
            continue
        if cells and cells[-1].endswith(_END):
            if len(cells) > 1 or cells[0] != _END:
                yield line, "a quotation mark is opened here and never closed; close it, or remove it"
            return
        if cells:
            yield line, cells


def _fitting(cells: list[str] | str, width: int) -> list[str] | str:
    if isinstance(cells, str):
        return cells
    if len(cells) != width:
        return f"{len(cells)} cells, but the header has {width}; put quotation marks around cells with a delimiter"
    return cells


def _csv(path: Path) -> Iterator[tuple[str, Row]]:
    quote = '"'
    if suffix_of(path) == ".tsv":
        with text_lines(path) as lines:
            quote = quote_mark(lines, path)
    with text_lines(path) as lines, file_errors(path):
        table = csv_rows(lines, path, quote=quote)
        for line, cells in table.rows:
            if isinstance(cells, str):
                raise DataError(f"{path}:{line}: {cells}")
            if any(GUARD in cell for cell in cells):
                cells = [unguarded(cell) for cell in cells]
            yield f"{path}:{line}", dict(zip(table.header, cells, strict=True))


@contextlib.contextmanager
def text_lines(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a text table with their ends: UTF-8 with or without a byte order mark, or UTF-16 as Excel writes it.

    Raises:
        DataError: the file cannot be read.
        MissingFileError: there is no such file.
    """
    with file_errors(path), contextlib.ExitStack() as stack:
        handle = stack.enter_context(_unpacked(path))
        buffered = stack.enter_context(io.BufferedReader(handle, HEAD))
        encoding = encoding_of(buffered.peek(4)[:4], path)
        text = stack.enter_context(io.TextIOWrapper(buffered, encoding=encoding, newline=""))
        yield _decoded(text, path)


def _unpacked(path: Path) -> Any:  # noqa: ANN401 - a file or a gzip stream, both of bytes
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _decoded(lines: Iterable[str], path: Path) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError as error:
        raise undecodable(path, error) from error


def encoding_of(head: bytes, path: Path) -> str:
    """The encoding of a text table, from its first four bytes.

    Raises:
        DataError: it is a packed file.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"PK\x03\x04"):
        raise DataError(f"{path}: a packed file, not a text; if it is a spreadsheet, name it .xlsx")
    if len(head) == 4 and head[1] == head[3] == 0 and head[0] and head[2]:
        return "utf-16-le"
    if len(head) == 4 and head[0] == head[2] == 0 and head[1] and head[3]:
        return "utf-16-be"
    return "utf-8-sig"


def undecodable(path: Path, error: UnicodeDecodeError) -> DataError:
    """The error for a text table in another encoding; it names the line."""
    try:
        read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as whole:
        line = whole.object.count(b"\n", 0, whole.start) + 1
        place = f"{path}:{line}: not UTF-8 (byte 0x{whole.object[whole.start]:02x})"
        return DataError(f"{place}; save the file as CSV UTF-8, or convert it with `iconv -t utf-8`")
    return DataError(f"{path}: not {error.encoding}, though it begins so; save the file as CSV UTF-8")


# --- JSONL -----------------------------------------------------------------------------------------------------------


def _jsonl(path: Path) -> Iterator[tuple[str, Row]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with file_errors(path), contextlib.ExitStack() as stack:
        handle = stack.enter_context(_unpacked(path))
        for number, raw in enumerate(handle, 1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                row = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise DataError(f"{where}: not a JSON object: {error}") from error
            if line.count(b'":') != len(row):
                json.loads(line, object_pairs_hook=partial(_single_keys, where))
            yield where, row


def _single_keys(where: str, pairs: Sequence[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) != len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{where}: the key {doubled!r} is there twice; keep one")
    return row


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet(path: Path) -> Iterator[tuple[str, Row]]:
    with foreign_errors(path, "Parquet"):
        number = 0
        file = opened_parquet(path)
        names_of = class_names(file.schema_arrow.metadata)
        for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
            for row in batch.to_pylist():
                number += 1
                for name, names in names_of.items():
                    row[name] = named_class(row.get(name), names)
                yield f"{path}, row {number}", row


def class_names(metadata: Any) -> dict[str, list[str]]:  # noqa: ANN401 - what pyarrow keeps: bytes by bytes, or None
    """The names of the numbered labels of a Parquet file, by column; the library ``datasets`` keeps them beside it."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        columns = {name: feature for name, feature in features.items() if isinstance(feature, dict)}
        given = {name: kind.get("names") for name, kind in columns.items() if kind.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: list(map(str, names)) for name, names in given.items() if isinstance(names, list)}


def named_class(value: Any, names: Sequence[str]) -> Any:  # noqa: ANN401 - a number, or whatever else stands there
    """The name of a numbered label; what is no number of the names stays as it is."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return names[value] if is_number and 0 <= value < len(names) else value


def opened_parquet(path: Path) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A Parquet file for reading; use no threads: those that are still at work when Python ends abort the process.

    Raises:
        DataError: it is no Parquet file, or two columns have one name.
        MissingFileError: there is no such file.
    """
    import pyarrow
    import pyarrow.parquet

    source = pyarrow.BufferReader(read_bytes(path)) if path.suffix == ".gz" else str(path)
    with file_errors(path):
        path.open("rb").close()  # pyarrow's own messages do not say which file
    with foreign_errors(path, "Parquet"):
        file = pyarrow.parquet.ParquetFile(source, memory_map=False, pre_buffer=False)
        _checked(file.schema_arrow.names or [""], str(path))
    return file


@contextlib.contextmanager
def foreign_errors(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a library raises about a damaged file into one error."""
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{path}: not {kind}, or damaged ({reason}); fetch the file or write it again") from error


# --- XLSX ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened_workbook(path: Path) -> Iterator[Any]:
    """A spreadsheet for reading, the values in place of formulas.

    Raises:
        DataError: it is no spreadsheet, or too large when unpacked.
        MissingFileError: there is no such file.
    """
    import zipfile

    import openpyxl

    with file_errors(path):
        source = io.BytesIO(read_bytes(path))
    with foreign_errors(path, "a spreadsheet in the format .xlsx"):
        with zipfile.ZipFile(source) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > _LARGEST_SHEET:
            raise DataError(f"{path}: {size >> 20} MB unpacked, more than {_LARGEST_SHEET >> 20}; save it as .csv")
        book = openpyxl.load_workbook(source, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()


def _xlsx(path: Path) -> Iterator[tuple[str, Row]]:
    with opened_workbook(path) as book:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # many programs write them wrong
        rows = ((number, [sheet_text(cell) for cell in cells]) for number, cells in enumerate(sheet.values, 1))
        filled = ((number, cells) for number, cells in rows if any(cells))
        header = next(filled, (1, []))[1]
        while header and not header[-1]:
            header.pop()
        names = _checked(header, str(path))
        for number, cells in filled:
            if any(cells[len(names) :]):
                raise DataError(f"{path}, row {number}: a cell beyond the {len(names)} columns that have a name")
            yield f"{path}, row {number}", dict(zip(names, [*cells, *[""] * len(names)], strict=False))


_READERS: dict[str, Callable[[Path], Iterator[tuple[str, Row]]]] = {
    ".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".parquet": _parquet, ".xlsx": _xlsx,
}  # fmt: skip
