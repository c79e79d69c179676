"""Articles from files: whole folders of text, JSON lines and tables of a user's own."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import ConfigError, DataError
from toolkit.files import digest, explain, read_bytes, read_jsonl, read_table, read_text, suffix_of
from toolkit.records import Article, Dropped

_TABLES = (".csv", ".tsv", ".parquet")
_SETTABLE = tuple(field for field in Article.__struct_fields__ if field not in ("version", "meta"))
READABLE = (".txt", ".jsonl", *_TABLES)


class Ingested(Struct, frozen=True, kw_only=True):
    """What was read, and what was left out with its reason."""

    articles: tuple[Article, ...]
    dropped: tuple[Dropped, ...]


def identified(article: Article) -> Article:
    """The article with its id and version.

    The id is the one given, else a hash of the URL, else of outlet, date and title, else of the text. The version is a
    hash of the text.
    """
    version = digest(article.text)
    if article.id:
        return msgspec.structs.replace(article, version=article.version or version)
    if article.url:
        source = "url\n" + article.url.strip()
    elif article.outlet and article.published and article.title:
        source = "\n".join(["title", article.outlet, article.published, article.title.strip()])
    else:
        source = "text\n" + article.text
    return msgspec.structs.replace(article, id=digest(source), version=article.version or version)


def read_articles(paths: Iterable[Path]) -> list[Article]:
    """The articles of a campaign's files, each id once.

    Raises:
        DataError: a line is no article, or two articles have one id.
    """
    found: dict[str, Article] = {}
    for path in paths:
        for article in map(identified, read_jsonl(path, Article, f"stance ingest FOLDER -o {path}")):
            if article.id in found:
                raise DataError(f"{path}: two articles have the id {article.id!r}; `stance ingest` drops such copies")
            found[article.id] = article
    return list(found.values())


def ingest(inputs: Sequence[Path], columns: Mapping[str, str], constants: Mapping[str, str]) -> Ingested:
    """Read articles from files and folders; what cannot be an article is left out with its reason.

    Args:
        inputs: files, or folders of which every readable file is taken, in the order of their names.
        columns: field of the article -> column of a user's table.
        constants: field -> value for articles that have none of their own.

    Raises:
        DataError: an input does not exist or is of an unknown kind.
    """
    found: dict[str, Article] = {}
    dropped: list[Dropped] = []
    for field in (*columns, *constants):
        if field not in _SETTABLE:
            raise ConfigError(f"unknown field {field!r}; an article has {', '.join(_SETTABLE)}")
    for path in _files(inputs, dropped):
        for article in _read_one(path, columns, dropped):
            _take(identified(_completed(article, constants, path)), path, found, dropped)
    return Ingested(articles=tuple(found.values()), dropped=tuple(dropped))


def _completed(article: Article, constants: Mapping[str, str], path: Path) -> Article:
    missing = {field: value for field, value in constants.items() if not getattr(article, field)}
    try:
        return msgspec.convert({**msgspec.structs.asdict(article), **missing}, Article)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {explain(str(error), Article)}") from error


def _files(inputs: Sequence[Path], dropped: list[Dropped]) -> Iterable[Path]:
    for given in inputs:
        if not given.exists():
            raise DataError(f"{given}: no such file or folder")
        if given.is_file() and suffix_of(given) not in READABLE:
            raise DataError(f"{given}: unknown kind of file; `ingest` reads {', '.join(READABLE)}, each also .gz")
        for path in sorted(p for p in given.rglob("*") if p.is_file()) if given.is_dir() else [given]:
            if suffix_of(path) in READABLE:
                yield path
            else:
                dropped.append(Dropped(id=str(path), reason="unknown_kind", detail=f"suffix {suffix_of(path)!r}"))


def _read_one(path: Path, columns: Mapping[str, str], dropped: list[Dropped]) -> list[Article]:
    try:
        if suffix_of(path) == ".txt":
            return [Article(text=read_text(path), meta={"file": path.name})]
        if columns or suffix_of(path) in _TABLES:
            return [_from_row(row, columns, f"{path}, row {n}") for n, row in enumerate(read_table(path), 1)]
        return read_jsonl(path, Article)
    except DataError as error:
        if suffix_of(path) != ".txt":
            raise
        dropped.append(Dropped(id=str(path), reason="unreadable", detail=str(error)))
        return []


def _from_row(row: Mapping[str, Any], columns: Mapping[str, str], where: str) -> Article:
    fields = set(_SETTABLE)
    for column in columns.values():
        if column not in row:
            raise DataError(f"{where}: no column {column!r}; the table has {', '.join(row)}")
    taken = {field: row[column] for field, column in columns.items()}
    rest = {name: value for name, value in row.items() if name not in columns.values()}
    taken |= {name: value for name, value in rest.items() if name in fields - taken.keys()}
    if "text" not in taken:
        raise DataError(f"{where}: no column 'text'; name yours with --text, the table has {', '.join(row)}")
    given = {name: value for name, value in taken.items() if value not in (None, "")}
    meta = {name: value for name, value in rest.items() if name not in taken}
    try:
        return msgspec.convert({"text": "", **given, "meta": meta}, Article)
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: {explain(str(error), Article)}") from error


def _take(article: Article, path: Path, found: dict[str, Article], dropped: list[Dropped]) -> None:
    known = found.get(article.id)
    if not article.text.strip():
        dropped.append(Dropped(id=article.id, reason="empty", detail=str(path)))
    elif known is not None and known.version == article.version:
        dropped.append(Dropped(id=article.id, reason="same_again", detail=str(path)))
    elif known is not None:
        dropped.append(Dropped(id=article.id, reason="other_version", detail=f"{path}; the first one read was kept"))
    else:
        found[article.id] = article


def read_lone_article(path: Path) -> Article:
    """A text file as an article.

    Raises:
        DataError: the file is empty or not a text.
    """
    text = read_bytes(path) and read_text(path)
    if not text or not text.strip():
        raise DataError(f"{path}: empty; nothing to segment")
    return identified(Article(text=text, meta={"file": path.name}))
