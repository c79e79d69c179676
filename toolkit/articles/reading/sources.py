"""Lazy reading of files and folders of all formats as pending articles, one at a time."""

import gzip
import io
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from toolkit.articles.reading.encodings import (
    LARGEST,
    ByteMeter,
    LineDecoder,
    MeteredFile,
    decode,
    numbered_lines,
    open_bytes,
    text_lines,
)
from toolkit.articles.reading.normalise import article_from_page, article_from_row, check_columns, with_repairs
from toolkit.errors import ConfigError, DataError
from toolkit.files import suffix_of
from toolkit.records import Article, Dropped
from toolkit.runs import install_command
from toolkit.tables import csv_rows, quote_mark, rows_in, unguarded
from toolkit.tables.reading import HEAD_LINES

_PAGES = (".html", ".htm", ".xhtml")
WHOLE_FILES = (".txt", *_PAGES)  # formats in which a file is one article
_LINES = (".jsonl", ".ndjson")
READABLE = (*WHOLE_FILES, *_LINES, ".json", ".csv", ".tsv", ".parquet", ".warc")
LARGEST_PAGE = 16 << 20  # maximum bytes of a page
_LONGEST_LINE = 1 << 16  # maximum bytes of a header line
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_BATCH = 64  # rows of a dataset per read
_DATASET = ("dataset_info.json", "dataset_dict.json")


class PendingArticle(Struct, frozen=True, kw_only=True):
    """The location of an article and the function that makes it; the function may return a dropped article."""

    where: str
    make: Callable[[], Article | Dropped]


def input_files(given: Path, own: frozenset[Path]) -> Iterator[Path]:
    """Yield the files under a path, sorted by name, without hidden files and own outputs; a dataset counts as one."""
    if not given.is_dir() or is_dataset(given):
        yield given
        return
    for path in sorted(given.iterdir()):
        if path.name.startswith(".") or path.resolve() in own:
            continue
        if path.is_file() or (path.is_dir() and not path.is_symlink()):
            yield from input_files(path, own)


def is_dataset(path: Path) -> bool:
    """Return whether a directory is a dataset that ``datasets`` wrote with ``save_to_disk``."""
    return path.is_dir() and (
        (path / _DATASET[1]).is_file() or all((path / n).is_file() for n in (_DATASET[0], "state.json"))
    )


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files of a dataset."""
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) if path.is_dir() else path.stat().st_size


def pending_articles(path: Path, columns: Mapping[str, str], meter: ByteMeter) -> Iterator[PendingArticle]:
    """Yield the articles of a file as pending articles.

    Raises:
        DataError: the file cannot be read, or not to its end; the message names the file.
    """
    try:
        yield from _by_kind(path, columns, meter)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: broken gzip ({error}); fetch or pack the file again") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not {error.encoding}, though it begins as such") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _by_kind(path: Path, columns: Mapping[str, str], meter: ByteMeter) -> Iterator[PendingArticle]:
    suffix = suffix_of(path)
    if is_dataset(path):
        return _rows_pending(_dataset_rows(path), columns, path)
    if suffix in WHOLE_FILES:
        whole = _text_article if suffix == ".txt" else _page_article
        return iter([PendingArticle(where=str(path), make=partial(whole, path))])
    if suffix == ".warc":
        return _warc_pending(path, meter)
    if suffix in (".parquet", ".json"):
        return _rows_pending(
            (row for _, row in rows_in(path)) if suffix == ".parquet" else _json_rows(path), columns, path
        )
    return _lines_pending(path, columns, meter) if suffix in _LINES else _csv_pending(path, columns, meter)


# --- whole files -----------------------------------------------------------------------------------------------------


def _whole(path: Path, limit: int) -> bytes | Dropped:
    try:
        with open_bytes(path, ByteMeter()) as handle:
            raw = handle.read(limit + 1)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        return Dropped(id=str(path), reason="unreadable", detail=f"{path}: broken gzip ({error})")
    except OSError as error:
        return Dropped(id=str(path), reason="unreadable", detail=f"{path}: {error.strerror or error}")
    if len(raw) > limit:
        return Dropped(id=str(path), reason="too_large", detail=f"{path}: more than {limit >> 20} MB")
    return raw


def _text_article(path: Path) -> Article | Dropped:
    raw = _whole(path, LARGEST)
    if isinstance(raw, Dropped):
        return raw
    try:
        decoded = decode(raw)
    except DataError as error:
        return Dropped(id=str(path), reason="unreadable", detail=f"{path}: {error}")
    return Article(text=decoded.text, meta=with_repairs({"file": path.name}, decoded.repairs))


def _page_article(path: Path) -> Article | Dropped:
    raw = _whole(path, LARGEST_PAGE)
    made = raw if isinstance(raw, Dropped) else article_from_page(raw, None, None, str(path))
    return made if isinstance(made, Dropped) else msgspec.structs.replace(made, meta={"file": path.name, **made.meta})


# --- web archives: pages stored by crawls, for example CC-NEWS -------------------------------------------------------


class CapturedPage(Struct, frozen=True, kw_only=True):
    """A page as fetched."""

    url: str
    fetched: str  # ISO 8601
    charset: str | None  # as declared by the server
    raw: bytes


def captured_pages(stream: IO[bytes], where: str) -> Iterator[CapturedPage | Dropped]:
    """Yield the pages of a WARC in order; responses that are not pages are dropped with a reason.

    Requests, metadata and the crawler's own records are skipped.

    Raises:
        DataError: the file is truncated or not a WARC; the preceding records have been returned.
    """
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError as error:
        raise ConfigError(f"{where}: reading a WARC needs warcio; type: {install_command('formats')}") from error

    number, is_warc = 0, False
    try:
        archive = ArchiveIterator(stream)
        _bound_lines(archive)
        for record in archive:
            number, is_warc = number + 1, is_warc or bool(record.rec_type)
            if record.rec_type in ("response", "revisit"):
                yield _captured(record, f"{where}, record {number}")
    except Exception as error:  # foreign code on untrusted bytes
        raise DataError(f"{where}: broken after record {number} ({error or type(error).__name__})") from error
    if not is_warc and stream.tell():
        raise DataError(f"{where}: no record in it; is it a WARC?")


def _bound_lines(archive: Any) -> None:  # noqa: ANN401 - the library is untyped
    """Limit the length of header lines: the library assembles longer lines in quadratic time."""
    whole = archive.reader.readline
    archive.reader.readline = lambda length=None: whole(min(length or _LONGEST_LINE, _LONGEST_LINE))


def _captured(record: Any, where: str) -> CapturedPage | Dropped:  # noqa: ANN401 - the library is untyped
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    name = url or where
    if record.rec_type == "revisit":
        return Dropped(id=name, reason="same_again", detail=f"{where}: a revisit, the page had not changed")
    http = record.http_headers
    status = http.get_statuscode() if http else None
    if status != "200":
        return Dropped(id=name, reason="http_status", detail=f"{where}: {status or 'no HTTP answer'}")
    kind = http.get_header("Content-Type") or ""
    if kind and kind.split(";")[0].strip().lower() not in _HTML_TYPES:
        return Dropped(id=name, reason="not_html", detail=f"{where}: {kind}")
    raw = record.content_stream().read(LARGEST_PAGE + 1)
    if len(raw) > LARGEST_PAGE:
        return Dropped(id=name, reason="too_large", detail=f"{where}: more than {LARGEST_PAGE >> 20} MB")
    charset = kind.lower().partition("charset=")[2].split(";")[0].strip() or None
    return CapturedPage(url=url, fetched=record.rec_headers.get_header("WARC-Date") or "", charset=charset, raw=raw)


def _warc_pending(path: Path, meter: ByteMeter) -> Iterator[PendingArticle]:
    with io.BufferedReader(MeteredFile(path, meter), 1 << 20) as handle:
        for n, page in enumerate(captured_pages(handle, str(path)), 1):
            yield PendingArticle(
                where=f"{path}, answer {n}", make=partial(_captured_article, page, f"{path}, answer {n}")
            )


def _captured_article(page: CapturedPage | Dropped, where: str) -> Article | Dropped:
    if isinstance(page, Dropped):
        return page
    made = article_from_page(page.raw, page.url or None, page.charset, where)
    if isinstance(made, Dropped):
        return made
    return msgspec.structs.replace(made, meta={**made.meta, **({"fetched": page.fetched} if page.fetched else {})})


# --- tables ----------------------------------------------------------------------------------------------------------


def _row_article(row: Mapping[str, Any], columns: Mapping[str, str], where: str) -> Article | Dropped:
    try:
        return article_from_row(row, columns, where)
    except DataError as error:
        return Dropped(id=where, reason="unreadable", detail=str(error))


def _rows_pending(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], path: Path
) -> Iterator[PendingArticle]:
    for n, row in enumerate(rows, 1):
        where = f"{path}, row {n}"
        if n == 1:
            check_columns(row, columns, where)
        yield PendingArticle(where=where, make=partial(_row_article, row, columns, where))


def _dataset_rows(path: Path) -> Iterator[dict[str, Any]]:
    import datasets
    import pyarrow

    try:
        loaded = datasets.load_from_disk(str(path))
        parts = list(loaded.values()) if isinstance(loaded, dict) else [loaded]
        for part in parts:
            for table in part.with_format("arrow").iter(batch_size=_BATCH):
                yield from table.to_pylist()
    except (pyarrow.ArrowException, ValueError, KeyError, TypeError, OSError) as error:
        raise DataError(f"{path}: not a dataset that `datasets` can load: {error}") from error


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    raw = _whole(path, LARGEST)
    if isinstance(raw, Dropped):
        raise DataError(raw.detail)
    try:
        value = msgspec.json.decode(decode(raw).text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}") from error
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path}: an object or a list of objects is needed")
    yield from rows


def _lines_pending(path: Path, columns: Mapping[str, str], meter: ByteMeter) -> Iterator[PendingArticle]:
    unchecked = True
    reader = LineDecoder(path)
    with open_bytes(path, meter) as handle:
        for number, raw in numbered_lines(handle):
            where = f"{path}:{number}"
            if raw is not None and not raw.strip():
                continue
            row = _row_in(raw, where, reader)
            if unchecked and not isinstance(row, Dropped):
                unchecked = False
                check_columns(row, columns, where)
            yield PendingArticle(where=where, make=partial(_made, row, columns, where, reader.take()))


def _row_in(raw: bytes | None, where: str, reader: "LineDecoder") -> dict[str, Any] | Dropped:
    if raw is None:
        return Dropped(id=where, reason="too_large", detail=f"{where}: a line of more than {LARGEST >> 20} MB")
    try:
        return msgspec.json.decode(reader.decode(raw), type=dict[str, Any])
    except (msgspec.DecodeError, DataError, RecursionError, UnicodeDecodeError) as error:
        return Dropped(id=where, reason="unreadable", detail=f"{where}: not a JSON object: {error}")


def _made(
    row: Mapping[str, Any] | Dropped, columns: Mapping[str, str], where: str, repairs: tuple[str, ...]
) -> Article | Dropped:
    made = row if isinstance(row, Dropped) else _row_article(row, columns, where)
    return made if isinstance(made, Dropped) else msgspec.structs.replace(made, meta=with_repairs(made.meta, repairs))


def _csv_pending(path: Path, columns: Mapping[str, str], meter: ByteMeter) -> Iterator[PendingArticle]:
    quote = '"'
    with open_bytes(path, ByteMeter()) as handle:
        head = list(itertools.islice(text_lines(handle, LineDecoder(path), path), HEAD_LINES))
    if suffix_of(path) == ".tsv":
        with open_bytes(path, ByteMeter()) as handle:
            quote = quote_mark(text_lines(handle, LineDecoder(path), path), path)
    decoder = LineDecoder(path)
    with open_bytes(path, meter) as handle:
        table = csv_rows(text_lines(handle, decoder, path), path, quote=quote, head=head)
        check_columns(table.header, columns, str(path))
        for line, cells in table.rows:
            where = f"{path}:{line}"
            row = _csv_row(cells, table.header, where)
            yield PendingArticle(where=where, make=partial(_made, row, columns, where, decoder.take()))


def _csv_row(cells: list[str] | str, header: list[str], where: str) -> dict[str, str] | Dropped:
    if isinstance(cells, str):
        return Dropped(id=where, reason="unreadable", detail=f"{where}: {cells}")
    return dict(zip(header, map(unguarded, cells), strict=True))
