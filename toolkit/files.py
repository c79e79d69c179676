"""Files in and out: whole or not at all on the way out, with file and line in every complaint on the way in."""

import contextlib
import csv
import gzip
import hashlib
import io
import json
import os
import re
import secrets
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from toolkit.errors import ConfigError, DataError, MissingFileError

R = TypeVar("R", bound=msgspec.Struct)

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def digest(data: bytes | str, length: int = 16) -> str:
    """The first hexadecimal digits of the SHA-256 of some data."""
    raw = data.encode() if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()[:length]


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


# --- out -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def written_whole(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """Hand out a path beside ``path``; what is written there replaces it on success and is gone on failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        beside.touch(mode=mode)
        yield beside
        with beside.open("rb") as handle:
            os.fsync(handle.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a text, whole or not at all."""
    with written_whole(path, mode) as beside:
        beside.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write facts as indented JSON with the keys in the order given."""
    plain = msgspec.to_builtins(value)
    write_text(path, json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n", mode)


def write_jsonl(path: Path, records: Iterable[msgspec.Struct]) -> int:
    """Write one record a line and return how many."""
    encode = msgspec.json.Encoder().encode
    count = 0
    with written_whole(path) as beside, beside.open("wb") as handle:
        for record in records:
            handle.write(encode(record) + b"\n")
            count += 1
    return count


def append_jsonl(path: Path, records: Iterable[msgspec.Struct]) -> int:
    """Append records under a lock and return how many; they are on disk when this returns.

    A last line that an interrupted append left torn is cut off first: its record was never acknowledged.
    """
    lines = [msgspec.json.encode(record) + b"\n" for record in records]
    if not lines:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path), path.open("ab+") as handle:
        _cut_torn_line(handle)
        handle.write(b"".join(lines))
        handle.flush()
        os.fsync(handle.fileno())
    return len(lines)


def mend_jsonl(path: Path) -> None:
    """Cut off a last line that an interrupted append left torn; its record was never acknowledged."""
    if path.exists():
        with locked(path), path.open("ab+") as handle:
            _cut_torn_line(handle)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that belongs to ``path``; others wait."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _cut_torn_line(handle: IO[bytes]) -> None:
    end = handle.seek(0, os.SEEK_END)
    handle.seek(max(0, end - (1 << 20)))
    tail = handle.read()
    if tail and not tail.endswith(b"\n"):
        handle.truncate(end - len(tail) + tail.rfind(b"\n") + 1)


# --- in ------------------------------------------------------------------------------------------------------------


def read_bytes(path: Path, made_by: str = "") -> bytes:
    """The content of a file, unpacked where its name ends in ``.gz``.

    Args:
        path: the file.
        made_by: the command that writes this file, for the error message.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as handle:
                return handle.read()
        return path.read_bytes()
    except FileNotFoundError as error:
        remedy = f"; run `{made_by}` first" if made_by else ""
        raise MissingFileError(f"{path}: no such file{remedy}") from error
    except IsADirectoryError as error:
        raise DataError(f"{path}: is a directory; name a file in it") from error
    except (gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{path}: broken gzip ({error}); fetch or pack the file again") from error


def read_text(path: Path, made_by: str = "") -> str:
    """The text of a UTF-8 file, its newlines untouched, without a byte order mark."""
    raw = read_bytes(path, made_by)
    if b"\0" in raw[:8192] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path}: a binary file, not a text; convert it to UTF-8 text first")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
        raise DataError(f"{path}: not UTF-8 ({place}); convert it, e.g. with `iconv -t utf-8`") from error


def read_json(path: Path, made_by: str = "") -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The value in a JSON file."""
    try:
        return msgspec.json.decode(read_bytes(path, made_by))
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: not JSON: {error}") from error


def read_jsonl(path: Path, record: type[R], made_by: str = "") -> list[R]:
    """All records of a file.

    Raises:
        DataError: a line is not such a record; the message has file, line, field and what is allowed.
        MissingFileError: there is no such file.
    """
    decode = msgspec.json.Decoder(record).decode
    lines = read_bytes(path, made_by).split(b"\n")
    records: list[R] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            records.append(decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            torn = f"; the last line is torn: run `{made_by}` again" if made_by and number == len(lines) else ""
            raise DataError(f"{path}:{number}: {explain(str(error), record)}{torn}") from error
    return records


def explain(message: str, record: type[msgspec.Struct]) -> str:
    """A complaint of the decoder in our words: the field, and what is allowed.

    >>> from toolkit.records import Clustered
    >>> explain("Object contains unknown field `x`", Clustered)
    "unknown field 'x'; Clustered has article_id, cluster, kind"
    """
    unknown = re.match(r"Object contains unknown field `(.*?)`(?: - at `(.*)`)?", message)
    if unknown:
        path = unknown[2]
        allowed = ", ".join(record.__struct_fields__)
        place = f" in {path.removeprefix('$.')}" if path else ""
        return f"unknown field {unknown[1]!r}{place}" + ("" if path else f"; {record.__name__} has {allowed}")
    missing = re.match(r"Object missing required field `(.*?)`(?: - at `(.*)`)?", message)
    if missing:
        place = f" in {missing[2].removeprefix('$.')}" if missing[2] else ""
        return f"missing field {missing[1]!r}{place}"
    typed = re.match(r"(.*) - at `(?:key in )?\$\.?(.*)`$", message)
    if typed:
        what = "a date such as 2024-07-03 is needed" if "d{4}-" in typed[1] else typed[1][0].lower() + typed[1][1:]
        return f"field {typed[2]!r}: {what.replace('`', '')}" if typed[2] else what.replace("`", "")
    return message.replace("`", "")


def read_toml(path: Path, record: type[R]) -> R:
    """A record from a TOML file that a person wrote."""
    try:
        value = tomllib.loads(read_text(path))
        return msgspec.convert(value, record)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {explain(str(error), record)}") from error


def suffix_of(path: Path) -> str:
    """The suffix that tells the format, ``.gz`` aside."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def read_table(path: Path) -> list[dict[str, Any]]:
    """The rows of a CSV, TSV, JSONL or Parquet file (``.gz`` too); cells of CSV and TSV are strings."""
    suffix = suffix_of(path)
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix == ".jsonl":
        return _read_loose_jsonl(path)
    if suffix in (".csv", ".tsv"):
        return _read_csv(path, "," if suffix == ".csv" else "\t")
    raise DataError(f"{path}: unknown kind of table {suffix!r}; known are {', '.join(TABLE_SUFFIXES)}, each also .gz")


def _read_csv(path: Path, delimiter: str) -> list[dict[str, Any]]:
    csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=delimiter)
    header = next(reader, None)
    if header is None:
        raise DataError(f"{path}: empty; a first line with the names of the columns is needed")
    rows = []
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(header):
            raise DataError(f"{path}:{reader.line_num}: {len(cells)} cells, but the header has {len(header)}")
        rows.append(dict(zip(header, cells, strict=True)))
    return rows


def _read_loose_jsonl(path: Path) -> list[dict[str, Any]]:
    rows = []
    for n, line in enumerate(read_bytes(path).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        except msgspec.DecodeError as error:
            raise DataError(f"{path}:{n}: not a JSON object: {error}") from error
    return rows


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(read_bytes(path))).to_pylist()
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: not Parquet: {error}") from error
    return rows


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows in the format that the file's name says; the first row names the columns."""
    suffix = suffix_of(path)
    columns = list(rows[0]) if rows else []
    if suffix == ".jsonl":
        write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif suffix in (".csv", ".tsv"):
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, columns, delimiter="," if suffix == ".csv" else "\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(path, out.getvalue())
    elif suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        with written_whole(path) as beside:
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), beside)
    else:
        raise DataError(f"{path}: unknown kind of table {suffix!r}; known are {', '.join(TABLE_SUFFIXES)}")


_ROW_GROUP = 5000  # rows of a Parquet file that are held until they are written


@contextlib.contextmanager
def written_table(path: Path, columns: Mapping[str, type]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Hand out what takes one row after the other; at the end the table is there whole, or not at all.

    Args:
        path: ``.jsonl``, ``.csv`` or ``.tsv``, each also ``.gz``, or ``.parquet``.
        columns: the type of each: str, int or float; a cell may be None.
    """
    suffix = suffix_of(path)
    if suffix not in TABLE_SUFFIXES or path.name.endswith(".parquet.gz"):
        raise DataError(f"{path}: unknown kind of table {path.suffix!r}; known are {', '.join(TABLE_SUFFIXES)}")
    with written_whole(path) as beside, contextlib.ExitStack() as stack:
        if suffix == ".parquet":
            yield stack.enter_context(_parquet_writer(beside, columns))
            return
        raw: Any = stack.enter_context(beside.open("wb"))
        if path.suffix == ".gz":
            raw = stack.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
        handle = stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
        if suffix == ".jsonl":
            yield partial(_write_line, handle)
        else:
            delimiter = "," if suffix == ".csv" else "\t"
            writer = csv.DictWriter(handle, list(columns), delimiter=delimiter, lineterminator="\n")
            writer.writeheader()
            yield writer.writerow


def _write_line(handle: IO[str], row: Mapping[str, Any]) -> None:
    handle.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def _parquet_writer(beside: Path, columns: Mapping[str, type]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    import pyarrow
    import pyarrow.parquet

    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    held: list[Mapping[str, Any]] = []
    with pyarrow.parquet.ParquetWriter(beside, schema) as writer:

        def put(row: Mapping[str, Any]) -> None:
            held.append(row)
            if len(held) == _ROW_GROUP:
                write_held()

        def write_held() -> None:
            writer.write_table(pyarrow.Table.from_pylist(held, schema))
            held.clear()

        yield put
        write_held()


def column(rows: list[dict[str, Any]], name: str, where: Path) -> list[Any]:
    """One column of a table.

    Raises:
        DataError: there is no such column; the message names those that there are.
    """
    if rows and name not in rows[0]:
        raise DataError(f"{where}: no column {name!r}; the table has {', '.join(map(str, rows[0]))}")
    return [row.get(name) for row in rows]
