"""Articles from files: whole folders of text, pages, crawls, JSON lines and tables of a user's own."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.articles.reading.encodings import Meter, decode
from toolkit.articles.reading.journal import Journal, Tally, discard, dropped_beside, journal_beside, resumed
from toolkit.articles.reading.normalise import SETTABLE, NoColumnError, Rules, admit, identified, with_repairs
from toolkit.articles.reading.sources import READABLE, inputs_in, is_dataset, pending_in, size_of
from toolkit.errors import ConfigError, DataError
from toolkit.files import read_bytes, read_jsonl, suffix_of
from toolkit.records import Article, Dropped

Progress = Callable[[str, int, int], None]  # what is done, how much of it, out of how many
_SHOWN = 2.0  # seconds between two words about the progress


class Request(Struct, frozen=True, kw_only=True):
    """What is read, and as what."""

    inputs: tuple[Path, ...]
    columns: dict[str, str] = {}  # field of the article -> column of a user's table
    rules: Rules

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: an article has no such field.
            DataError: an input is not there, or of an unknown kind.
        """
        for field in (*self.columns, *self.rules.constants):
            if field not in SETTABLE:
                raise ConfigError(f"unknown field {field!r}; an article has {', '.join(SETTABLE)}")
        for given in self.inputs:
            if not given.exists():
                raise DataError(f"{given}: no such file or folder")
            if not given.is_dir() and suffix_of(given) not in READABLE:
                raise DataError(
                    f"{given}: unknown kind of file; `ingest` reads {', '.join(READABLE)}, each also .gz, "
                    "datasets on disk, and folders of these"
                )


class _Paused:
    """Progress that is told no more often than a person can read it."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._last = progress, total, time.monotonic()

    def __call__(self, tally: Tally, done: int) -> None:
        if time.monotonic() - self._last >= _SHOWN:
            self._last = time.monotonic()
            self._say(tally, min(done, self._total - 1))

    def end(self, tally: Tally) -> None:
        """Say that all is read."""
        self._say(tally, self._total)

    def _say(self, tally: Tally, done: int) -> None:
        left_out = sum(tally.dropped.values())
        self._progress(f"{tally.articles} articles, {left_out} left out; kB", done // 1000, self._total // 1000)


def ingest(request: Request, output: Path, progress: Progress) -> Tally:
    """Write the articles of files and folders to one file, and what is left out beside it, each with its reason.

    Both are written while the inputs are read, so that memory does not grow with them. An interrupted reading is gone
    on with by the same request. Of two articles with one id the first one read is kept.

    Raises:
        DataError: an input does not exist, is of an unknown kind, or lacks the text; or nothing was found.
        ConfigError: a field that no article has.
    """
    request.check()
    with resumed(output, _told(request)) as journal:
        own = frozenset(path.resolve() for path in (output, dropped_beside(output), journal_beside(output)))
        total = sum(size_of(path) for given in request.inputs for path in inputs_in(given, own))
        meter, said = Meter(), _Paused(progress, total)
        for given in request.inputs:
            for path in inputs_in(given, own):
                before = meter.done
                _take_file(path, request, journal, lambda: said(journal.tally, meter.done), meter)
                meter.done = before + size_of(path)
        said.end(journal.tally)
        if not journal.tally.articles:
            raise DataError(_nothing(request, journal.tally))
    return journal.tally


def ingest_anew(request: Request, output: Path, progress: Progress) -> Tally:
    """As ``ingest``, and what an interrupted one left is forgotten first."""
    discard(output)
    return ingest(request, output, progress)


def _take_file(path: Path, request: Request, journal: Journal, said: Callable[[], None], meter: Meter) -> None:
    taken = journal.taken_of(path)
    if taken is None:
        return
    if suffix_of(path) not in READABLE and not is_dataset(path):
        journal.drop(Dropped(id=str(path), reason="unknown_kind", detail=f"suffix {suffix_of(path)!r}"))
        journal.finish(path)
        return
    number = 0
    try:
        for number, pending in enumerate(pending_in(path, request.columns, meter), 1):
            if number > taken:
                made = pending.make()
                _take(
                    admit(made, request.rules, pending.where) if isinstance(made, Article) else made,
                    pending.where,
                    journal,
                )
                journal.reached(path, number)
            said()
    except DataError as error:
        if path in request.inputs and not number:
            raise
        reason = "no_column" if isinstance(error, NoColumnError) else "unreadable"
        journal.drop(Dropped(id=str(path), reason=reason, detail=str(error)))
    journal.finish(path)


def _take(made: Article | Dropped, where: str, journal: Journal) -> None:
    if isinstance(made, Dropped):
        journal.drop(made)
        return
    known = journal.version_of(made.id)
    if known is None:
        journal.keep(made)
    elif known == made.version:
        journal.drop(Dropped(id=made.id, reason="same_again", detail=where))
    else:
        journal.drop(Dropped(id=made.id, reason="other_version", detail=f"{where}; the first one read was kept"))


def _told(request: Request) -> str:
    """A request as text, to be compared with that of an interrupted reading."""
    rules = request.rules
    told = {
        "inputs": [str(path.resolve()) for path in request.inputs],
        "columns": request.columns,
        "constants": rules.constants,
        "languages": rules.languages,
        "min_words": rules.min_words,
        "outlets": rules.outlets,
        "agencies": rules.agencies.names,
    }
    return msgspec.json.encode(told, order="sorted").decode()


def _nothing(request: Request, tally: Tally) -> str:
    named = ", ".join(map(str, request.inputs))
    first = tally.first_dropped
    if first is None:
        return f"{named}: no article found"
    reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(tally.dropped.items()))
    return f"{named}: no article found; left out: {reasons}; first: {first.id}: {first.detail}"


def read_articles(paths: Iterable[Path]) -> list[Article]:
    """The articles of a campaign's files, each id once.

    Raises:
        DataError: a line is no article, or two articles have one id.
    """
    found: dict[str, Article] = {}
    for path in paths:
        for article in map(identified, _own_articles(path)):
            if article.id in found:
                raise DataError(f"{path}: two articles have the id {article.id!r}; `stance ingest` drops such copies")
            found[article.id] = article
    return list(found.values())


def _own_articles(path: Path) -> list[Article]:
    """The articles of a file in our own form; a null stands for a field that is not there."""
    made_by = f"stance ingest FOLDER -o {path}"
    try:
        return read_jsonl(path, Article, made_by)
    except DataError:  # read anew, a field that must not be null left out where it is
        return [_without_nulls(row, path) for row in read_jsonl(path, _Nullable, made_by)]


_Nullable = msgspec.defstruct(  # an article any field of which may be null; complaints call it by its name
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


def read_lone_article(path: Path) -> Article:
    """A text file as an article.

    Raises:
        DataError: the file is empty or not a text.
    """
    raw = read_bytes(path)
    if not raw.strip():
        raise DataError(f"{path}: empty; nothing to segment")
    try:
        decoded = decode(raw)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    if not decoded.text.strip():
        raise DataError(f"{path}: empty; nothing to segment")
    return identified(Article(text=decoded.text, meta=with_repairs({"file": path.name}, decoded.repairs)))
