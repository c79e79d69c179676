"""Files of a user's own into paragraphs, row by row: what is read is not held, however much it is."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.articles.languages import detect_language
from toolkit.articles.reading.encodings import Meter
from toolkit.articles.reading.normalise import identified
from toolkit.articles.reading.sources import is_dataset, pending_in, size_of
from toolkit.errors import DataError, MissingFileError
from toolkit.files import suffix_of
from toolkit.records import Article, Dropped, Paragraph, Revision
from toolkit.segmentation.lengths import Limits, Options
from toolkit.segmentation.revisions import revisions
from toolkit.segmentation.segmenter import explain_article, segment_article
from toolkit.steps.common import Outcome, Progress

Put = Callable[[Mapping[str, Any]], None]  # takes one row of a table

PARAGRAPH_COLUMNS: dict[str, type] = {
    "start": int, "end": int, "role": str, "text": str, "id": str, "article_id": str,
}  # fmt: skip
EXPLAINED_COLUMNS: dict[str, type] = {**PARAGRAPH_COLUMNS, "rule": str}
REVISION_COLUMNS: dict[str, type] = {
    name: {"similarity": float, **dict.fromkeys(("before_start", "before_end", "after_start", "after_end"), int)}.get(
        name, str
    )
    for name in Revision.__struct_fields__
    if name != "observed"
}
KINDS = ("same", "moved", "changed", "new", "gone")

_WHOLE = (".txt", ".html", ".htm", ".xhtml")
_READABLE = (*_WHOLE, ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
_SHOWN = 0.5  # seconds between two words about the progress


class Cutting(Struct, frozen=True, kw_only=True):
    """How files of a user's own are read and cut."""

    columns: dict[str, str] = {}  # field of an article -> column of a table
    limits: Limits = Limits()


def options_for(article: Article, limits: Limits) -> Options:
    """The limits for an article: by its language where they depend on it, which is looked for where it is not given."""
    if not limits.readable:
        return limits.options_for(None)
    return limits.options_for(article.language or detect_language(article.text))


def segment_source(path: Path, cutting: Cutting, put: Put, progress: Progress) -> Outcome:
    """Put the paragraphs of a text, a page or a table of articles one after the other, as rows.

    Raises:
        DataError: a row holds no article, two articles have one id, or a lone text is empty.
    """
    return _segmented(path, cutting, lambda row, _: put(row), progress)


def explain_source(path: Path, cutting: Cutting, put: Put, progress: Progress) -> Outcome:
    """As ``segment_source``, each row with the rule behind its role."""
    return _segmented(path, cutting, lambda row, rule: put({**row, "rule": rule}), progress)


def _segmented(path: Path, cutting: Cutting, put: Callable[[dict[str, Any], str], None], progress: Progress) -> Outcome:
    reading = _Reading(path, cutting, progress)
    roles: Counter[str] = Counter()
    for article in reading.articles():
        for explained in explain_article(article, options_for(article, cutting.limits)):
            paragraph = explained.paragraph
            put({name: getattr(paragraph, name) for name in PARAGRAPH_COLUMNS}, explained.rule)
            roles[paragraph.role] += 1
    facts = {
        "schema": 1,
        "articles": reading.count,
        "paragraphs": roles.total(),
        "roles": dict(sorted(roles.items())),
        "dropped": dict(sorted(reading.dropped.items())),
    }
    return Outcome(line=f"{reading.count} articles, {roles.total()} paragraphs{reading.told}", facts=facts)


def compare_sources(path: Path, against: Path, cutting: Cutting, put: Put, progress: Progress) -> Outcome:
    """Put what became of each paragraph since an earlier version of a file, one after the other, as rows.

    Args:
        path: the articles as they are.
        against: the articles as they were, or the paragraphs that were cut of them.
        cutting: how both are read and cut.
        put: takes a row, article by article; what is gone with its article comes last.
        progress: is told how far the reading is.
    """
    reading = _Reading(path, cutting, progress)
    counts: Counter[str] = Counter()
    with _Shelf() as former:
        earlier = _keep_former(against, cutting, former, progress)
        met = 0
        for article in reading.articles():
            known = former.take(_key(path, article))
            met += known is not None
            before = _paragraphs(known) if known is not None else []
            after = segment_article(article, options_for(article, cutting.limits))
            _put_revisions(revisions(article.id, before, after), put, counts)
        for rest in former.rest():
            before = _paragraphs(rest)
            _put_revisions(revisions(before[0].article_id if before else "", before, []), put, counts)
    found = {kind: counts[kind] for kind in KINDS}
    articles = {"both": met, "new": reading.count - met, "gone": earlier - met}
    facts = {"schema": 1, "articles": articles, "paragraphs": found, "dropped": dict(sorted(reading.dropped.items()))}
    hint = "" if met or not earlier or not reading.count else "; no article has an id that is in both: name it by --id"
    line = f"{told_changes(found)}; articles: {met} in both, {articles['new']} new, {articles['gone']} gone"
    return Outcome(line=line + reading.told + hint, facts=facts)


def told_changes(counts: Mapping[str, int]) -> str:
    """What became of paragraphs, in words.

    >>> told_changes({"same": 3, "new": 1})
    '3 same, 0 moved, 0 changed, 1 new, 0 gone'
    """
    return ", ".join(f"{counts.get(kind, 0)} {kind}" for kind in KINDS)


def _put_revisions(found: list[Revision], put: Put, counts: Counter[str]) -> None:
    for revision in found:
        counts[revision.kind] += 1
        put({name: getattr(revision, name) for name in REVISION_COLUMNS})


# --- the articles as they were ---------------------------------------------------------------------------------------


def _keep_former(path: Path, cutting: Cutting, former: "_Shelf", progress: Progress) -> int:
    """Put the paragraphs of the former articles aside and say of how many articles they are."""
    reading = _Reading(path, cutting, progress)
    read = reading.read()
    first = next(read, None)
    if first is None:
        return 0
    if {"article_id", "start", "end"} <= first.meta.keys():  # paragraphs that were cut before
        rows = (_row_paragraph(row, path) for row in chain([first], read))
        cut = ((key, list(of_one)) for key, of_one in groupby(rows, key=lambda paragraph: paragraph.article_id))
    else:
        texts = reading.kept(chain([first], read))
        cut = ((_key(path, one), segment_article(one, options_for(one, cutting.limits))) for one in texts)
    count = 0
    for key, paragraphs in cut:
        if former.take(key) is not None:
            raise DataError(f"{path}: the paragraphs of article {key!r} do not stand together; sort them by article")
        former.keep(key, msgspec.json.encode(paragraphs))
        count += 1
    return count


def _key(path: Path, article: Article) -> str:
    """What an article is known by in both files: its id; the one article of a text or a page by nothing."""
    return "" if suffix_of(path) in _WHOLE else article.id


def _paragraphs(stored: bytes) -> list[Paragraph]:
    return msgspec.json.decode(stored, type=list[Paragraph])


def _row_paragraph(row: Article, path: Path) -> Paragraph:
    fields = {name: row.meta.get(name) for name in ("article_id", "start", "end", "role")}
    try:
        given = {"id": row.id, "text": row.text, "article_version": "", "index": 0, **fields}
        return msgspec.convert(given, Paragraph, strict=False)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: paragraph {row.id!r}: {error}") from error


# --- reading ---------------------------------------------------------------------------------------------------------


class _Reading:
    """The articles of a file, one after the other, and what was left out of it."""

    def __init__(self, path: Path, cutting: Cutting, progress: Progress) -> None:
        _check(path)
        self._path, self._columns, self._progress = path, cutting.columns, progress
        self.count = 0
        self.dropped: Counter[str] = Counter()

    @property
    def told(self) -> str:
        """What was left out, in words; "" where nothing was."""
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.dropped.items()))
        return f"; left out: {reasons}" if reasons else ""

    def articles(self) -> Iterator[Article]:
        """The articles that have a text, each id once."""
        return self.kept(self.read())

    def read(self) -> Iterator[Article]:
        """Every row as an article."""
        meter, total, said = Meter(), size_of(self._path), time.monotonic()
        for pending in pending_in(self._path, self._columns, meter):
            made = pending.make()
            if isinstance(made, Dropped):
                raise DataError(f"{made.detail}; `stance ingest` reads what is sound and says what it leaves out")
            yield identified(made)
            if time.monotonic() - said >= _SHOWN:
                said = time.monotonic()
                self._progress(f"{self._path.name}; kB", max(0, min(meter.done, total - 1)) // 1000, total // 1000)
        self._progress(f"{self._path.name}; kB", total // 1000, total // 1000)

    def kept(self, read: Iterator[Article]) -> Iterator[Article]:
        """Those of some articles that have a text, each id once."""
        with _Shelf() as seen:
            for article in read:
                if not article.text.strip():
                    self._refuse_lone_empty()
                    self.dropped["empty"] += 1
                    continue
                known = seen.get(article.id)
                if known is None:
                    seen.keep(article.id, article.version.encode())
                    self.count += 1
                    yield article
                elif known == article.version.encode():
                    self.dropped["same_again"] += 1
                else:
                    raise DataError(
                        f"{self._path}: two articles have the id {article.id!r}; name another column by --id, "
                        "or let `stance ingest` drop such copies"
                    )

    def _refuse_lone_empty(self) -> None:
        if suffix_of(self._path) in _WHOLE:
            raise DataError(f"{self._path}: empty; nothing to segment")


def _check(path: Path) -> None:
    if not path.exists():
        raise MissingFileError(f"{path}: no such file")
    if path.is_dir() and not is_dataset(path):
        raise DataError(f"{path}: is a directory; `stance ingest {path} -o articles.jsonl` makes one file of it first")
    if not path.is_dir() and suffix_of(path) not in _READABLE:
        raise DataError(
            f"{path}: unknown kind of file {suffix_of(path)!r}; known are {', '.join(_READABLE)}, each also .gz; "
            "`stance ingest` reads crawls"
        )


class _Shelf:
    """Things by name, on disk where they are many; gone when it is closed."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for command in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "CREATE TABLE kept (place INTEGER PRIMARY KEY, name TEXT UNIQUE, thing BLOB)",
        ):
            self._database.execute(command)

    def __enter__(self) -> "_Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def keep(self, name: str, thing: bytes) -> None:
        """Put a thing there under a name that is free."""
        self._database.execute("INSERT INTO kept (name, thing) VALUES (?, ?)", (name, thing))

    def get(self, name: str) -> bytes | None:
        """The thing of a name, or None."""
        row = self._database.execute("SELECT thing FROM kept WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def take(self, name: str) -> bytes | None:
        """The thing of a name, or None; it is not there any more."""
        thing = self.get(name)
        if thing is not None:
            self._database.execute("DELETE FROM kept WHERE name = ?", (name,))
        return thing

    def rest(self) -> Iterator[bytes]:
        """What is still there, in the order in which it came."""
        return (row[0] for row in self._database.execute("SELECT thing FROM kept ORDER BY place"))
