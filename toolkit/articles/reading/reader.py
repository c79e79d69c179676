"""Articles from files: texts, pages, web archives, JSON lines, tables, and folders of these."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.articles.reading.encodings import ByteMeter, decode
from toolkit.articles.reading.journal import (
    IngestCounts,
    Journal,
    delete_journal,
    dropped_path,
    journal_path,
    open_journal,
)
from toolkit.articles.reading.normalise import (
    SETTABLE,
    AcceptanceRules,
    NoColumnError,
    accept,
    identified,
    with_repairs,
)
from toolkit.articles.reading.sources import READABLE, WHOLE_FILES, input_files, is_dataset, pending_articles, size_of
from toolkit.errors import ConfigError, DataError, MissingFileError
from toolkit.files import read_bytes, read_jsonl, suffix_of
from toolkit.records import Article, Dropped
from toolkit.tables import column, read_table
from toolkit.words import tally

Progress = Callable[[str, int, int], None]  # description, amount done, total
_INGEST_INTERVAL = 2.0  # seconds between two progress reports
_STREAM_INTERVAL = 0.5


# --- ingest ----------------------------------------------------------------------------------------------------------


class IngestRequest(Struct, frozen=True, kw_only=True):
    """The inputs and options of a run of ingest."""

    inputs: tuple[Path, ...]
    columns: dict[str, str] = {}  # article field -> column of the user's table
    rules: AcceptanceRules

    def check(self) -> None:
        """Reject a request that cannot succeed.

        Raises:
            ConfigError: an article has no such field.
            DataError: an input does not exist or has an unknown format.
        """
        for field in (*self.columns, *self.rules.constants):
            if field not in SETTABLE:
                raise ConfigError(f"unknown field {field!r}; an article has {', '.join(SETTABLE)}")
        for path in self.inputs:
            if not path.exists():
                raise DataError(f"{path}: no such file or folder")
            if not path.is_dir() and suffix_of(path) not in READABLE:
                raise DataError(
                    f"{path}: unknown file format; `ingest` reads {', '.join(READABLE)}, each also .gz, "
                    "datasets on disk, and folders of these"
                )

    def fingerprint(self) -> str:
        """Return the request as text, for comparison with an interrupted run."""
        rules = self.rules
        fields = {
            "inputs": [str(path.resolve()) for path in self.inputs],
            "columns": self.columns,
            "constants": rules.constants,
            "languages": rules.languages,
            "min_words": rules.min_words,
            "outlets": rules.outlets,
            "agencies": rules.agencies.names,
        }
        return msgspec.json.encode(fields, order="sorted").decode()


class _ThrottledProgress:
    """Progress reports, limited to a readable rate."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._last = progress, total, time.monotonic()

    def __call__(self, counts: IngestCounts, done: int) -> None:
        if time.monotonic() - self._last >= _INGEST_INTERVAL:
            self._last = time.monotonic()
            self._report(counts, min(done, self._total - 1))

    def end(self, counts: IngestCounts) -> None:
        """Report completion."""
        self._report(counts, self._total)

    def _report(self, counts: IngestCounts, done: int) -> None:
        dropped = sum(counts.dropped.values())
        self._progress(f"{counts.articles} articles, {dropped} left out; kB", done // 1000, self._total // 1000)


def ingest(request: IngestRequest, output: Path, progress: Progress) -> IngestCounts:
    """Write the articles of files and folders to one file, and the dropped articles with reasons to a second file.

    Both files are written while the inputs are read, so memory use is independent of input size. The same request
    continues an interrupted run. The first of several articles with the same id is kept.

    Raises:
        DataError: an input does not exist, has an unknown format or no text; or no input has an article.
        ConfigError: a field of the request is not an article field.
    """
    request.check()
    with open_journal(output, request.fingerprint()) as journal:
        own = frozenset(path.resolve() for path in (output, dropped_path(output), journal_path(output)))
        total = sum(size_of(path) for given in request.inputs for path in input_files(given, own))
        meter, report = ByteMeter(), _ThrottledProgress(progress, total)
        for given in request.inputs:
            for path in input_files(given, own):
                before = meter.done
                _ingest_file(path, request, journal, lambda: report(journal.counts, meter.done), meter)
                meter.done = before + size_of(path)
        report.end(journal.counts)
        if not journal.counts.articles:
            raise DataError(_no_article(request, journal.counts))
    return journal.counts


def ingest_anew(request: IngestRequest, output: Path, progress: Progress) -> IngestCounts:
    """Delete the output of an interrupted run, then ingest from the beginning."""
    delete_journal(output)
    return ingest(request, output, progress)


def _ingest_file(
    path: Path, request: IngestRequest, journal: Journal, report: Callable[[], None], meter: ByteMeter
) -> None:
    done = journal.done_of(path)
    if done is None:
        return
    if suffix_of(path) not in READABLE and not is_dataset(path):
        journal.drop(Dropped(id=str(path), reason="unknown_kind", detail=f"suffix {suffix_of(path)!r}"))
        journal.finish(path)
        return
    number = 0
    try:
        for number, pending in enumerate(pending_articles(path, request.columns, meter), 1):
            if number > done:
                result = pending.make()
                if isinstance(result, Article):
                    result = accept(result, request.rules, pending.where)
                _write(result, pending.where, journal)
                journal.reached(path, number)
            report()
    except DataError as error:
        if path in request.inputs and not number:
            raise
        reason = "no_column" if isinstance(error, NoColumnError) else "unreadable"
        journal.drop(Dropped(id=str(path), reason=reason, detail=str(error)))
    journal.finish(path)


def _write(result: Article | Dropped, where: str, journal: Journal) -> None:
    if isinstance(result, Dropped):
        journal.drop(result)
        return
    version = journal.version_of(result.id)
    if version is None:
        journal.keep(result)
    elif version == result.version:
        journal.drop(Dropped(id=result.id, reason="same_again", detail=where))
    else:
        journal.drop(Dropped(id=result.id, reason="other_version", detail=f"{where}; the first version is kept"))


def _no_article(request: IngestRequest, counts: IngestCounts) -> str:
    inputs = ", ".join(map(str, request.inputs))
    first = counts.first_dropped
    if first is None:
        return f"{inputs}: no article found"
    reasons = tally(dict(sorted(counts.dropped.items())))
    return f"{inputs}: no article found; left out: {reasons}; first: {first.id}: {first.detail}"


# --- files of articles -----------------------------------------------------------------------------------------------


def read_articles(paths: Iterable[Path]) -> list[Article]:
    """Return the articles of a campaign's files; each id is unique.

    Raises:
        DataError: a line is no article, or two articles have the same id.
    """
    articles: dict[str, Article] = {}
    for path in paths:
        for article in map(identified, _ingested_articles(path)):
            if article.id in articles:
                raise DataError(f"{path}: two articles have the id {article.id!r}; `stance ingest` drops such copies")
            articles[article.id] = article
    return list(articles.values())


def _ingested_articles(path: Path) -> list[Article]:
    """Read the articles of a file that `ingest` writes; a null counts as an absent field."""
    made_by = f"stance ingest FOLDER -o {path}"
    try:
        return read_jsonl(path, Article, made_by)
    except DataError:  # read again with nulls allowed everywhere
        return [_without_nulls(row, path) for row in read_jsonl(path, _Nullable, made_by)]


_Nullable = msgspec.defstruct(  # an article with nullable fields; error messages use the name Article
    Article.__name__,
    [(field.name, field.type | None, None) for field in msgspec.structs.fields(Article)],
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
)


def _without_nulls(row: msgspec.Struct, path: Path) -> Article:
    given = {name: value for name, value in msgspec.structs.asdict(row).items() if value is not None}
    if "text" not in given:
        raise DataError(f"{path}: article {given.get('id') or given.get('title')!r} has no text")
    return Article(**given)


def articles_with_text(articles: Iterable[Article], paths: Iterable[Path]) -> tuple[list[Article], list[Dropped]]:
    """Return the articles with a text, and the dropped ones: those that `ingest` dropped and those with an empty text.

    Args:
        articles: the articles of a campaign.
        paths: the files that `ingest` wrote.
    """
    lists = [path for path in map(dropped_path, paths) if path.exists()]
    dropped = [row for path in lists for row in read_jsonl(path, Dropped)]
    present = []
    for article in articles:
        if article.text.strip():
            present.append(article)
        else:
            dropped.append(Dropped(id=article.id, reason="empty", detail="no text"))
    return present, dropped


def read_text_article(path: Path) -> Article:
    """Read a text file as an article.

    Raises:
        DataError: the file is empty or not a text.
    """
    raw = read_bytes(path)
    try:
        decoded = decode(raw)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    if not decoded.text.strip():
        raise DataError(f"{path}: empty; nothing to segment")
    return identified(Article(text=decoded.text, meta=with_repairs({"file": path.name}, decoded.repairs)))


def read_table_articles(path: Path, columns: Mapping[str, str]) -> list[Article]:
    """Read the rows of a table as articles with id and text; without an id column, rows are numbered from 1.

    Raises:
        DataError: a row has no id or a duplicate id, or its text is not a string.
    """
    rows = read_table(path)
    texts = column(rows, columns.get("text", "text"), path)
    is_numbered = "id" not in columns and bool(rows) and "id" not in rows[0]
    ids = range(1, len(rows) + 1) if is_numbered else column(rows, columns.get("id", "id"), path)
    articles: dict[str, Article] = {}
    for number, (ident, text) in enumerate(zip(ids, texts, strict=True), 1):
        if ident in (None, ""):
            raise DataError(f"{path}, row {number}: no id; name the column with ids by --id")
        if not isinstance(text, str | None):
            raise DataError(f"{path}, row {number}: the text is {text!r}; name the column with texts by --text")
        if str(ident) in articles:
            raise DataError(
                f"{path}, row {number}: a second row with the id {str(ident)!r}; name another column by --id"
            )
        articles[str(ident)] = Article(id=str(ident), text=text or "")
    return list(articles.values())


# --- a user's own file, article by article ---------------------------------------------------------------------------


class ArticleStream:
    """The articles of one file in order, read one at a time, with counts of articles and dropped articles."""

    def __init__(self, path: Path, columns: Mapping[str, str], progress: Progress) -> None:
        _check_stream(path)
        self.path = path
        self.count = 0
        self.dropped: Counter[str] = Counter()
        self._columns, self._progress = columns, progress

    def articles(self) -> Iterator[Article]:
        """Yield the articles with a text, each id once.

        Raises:
            DataError: a row is no article, two articles have the same id, or a file of one text is empty.
        """
        return self.unique(self.rows())

    def rows(self) -> Iterator[Article]:
        """Yield every row as an article."""
        meter, total, last = ByteMeter(), size_of(self.path), time.monotonic()
        for pending in pending_articles(self.path, self._columns, meter):
            result = pending.make()
            if isinstance(result, Dropped):
                raise DataError(f"{result.detail}; `stance ingest` keeps the sound rows and lists the others")
            yield identified(result)
            if time.monotonic() - last >= _STREAM_INTERVAL:
                last = time.monotonic()
                self._progress(f"{self.path.name}; kB", max(0, min(meter.done, total - 1)) // 1000, total // 1000)
        self._progress(f"{self.path.name}; kB", total // 1000, total // 1000)

    def unique(self, rows: Iterable[Article]) -> Iterator[Article]:
        """Yield the rows with a text, each id once."""
        with TemporaryStore() as versions:
            for article in rows:
                if not article.text.strip():
                    self._drop_empty()
                    continue
                version = versions.get(article.id)
                if version is None:
                    versions.put(article.id, article.version.encode())
                    self.count += 1
                    yield article
                elif version == article.version.encode():
                    self.dropped["same_again"] += 1
                else:
                    raise DataError(
                        f"{self.path}: two articles have the id {article.id!r}; name another column by --id, "
                        "or let `stance ingest` drop such copies"
                    )

    def key(self, article: Article) -> str:
        """Return the key of an article across versions of a file: its id; "" if the file is one text or page."""
        return "" if suffix_of(self.path) in WHOLE_FILES else article.id

    def _drop_empty(self) -> None:
        if suffix_of(self.path) in WHOLE_FILES:
            raise DataError(f"{self.path}: empty; nothing to segment")
        self.dropped["empty"] += 1


def _check_stream(path: Path) -> None:
    formats = tuple(suffix for suffix in READABLE if suffix != ".warc")
    if not path.exists():
        raise MissingFileError(f"{path}: no such file")
    if path.is_dir() and not is_dataset(path):
        raise DataError(f"{path}: is a directory; make one file of it by `stance ingest {path} -o articles.jsonl`")
    if not path.is_dir() and suffix_of(path) not in formats:
        raise DataError(
            f"{path}: unknown file format {suffix_of(path)!r}; allowed are {', '.join(formats)}, each also .gz; "
            "`stance ingest` reads web archives"
        )


class TemporaryStore:
    """Bytes by key in a temporary database, which moves to disk if it is large; deleted on exit."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for command in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "CREATE TABLE entries (place INTEGER PRIMARY KEY, key TEXT UNIQUE, value BLOB)",
        ):
            self._database.execute(command)

    def __enter__(self) -> "TemporaryStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def put(self, key: str, value: bytes) -> None:
        """Store a value under a new key."""
        self._database.execute("INSERT INTO entries (key, value) VALUES (?, ?)", (key, value))

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, or None."""
        row = self._database.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def take(self, key: str) -> bytes | None:
        """Delete the entry of a key and return its value, or None."""
        value = self.get(key)
        if value is not None:
            self._database.execute("DELETE FROM entries WHERE key = ?", (key,))
        return value

    def values(self) -> Iterator[bytes]:
        """Return the remaining values in insertion order."""
        return (row[0] for row in self._database.execute("SELECT value FROM entries ORDER BY place"))
