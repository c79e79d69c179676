"""Pages out of a WARC, as crawls keep them (CC-NEWS among them)."""

from collections.abc import Iterator
from typing import IO, Any

from msgspec import Struct

from toolkit.errors import DataError
from toolkit.records import Dropped

LARGEST_PAGE = 16 << 20  # bytes
_LONGEST_LINE = 1 << 16  # bytes of a header
_PAGES = ("text/html", "application/xhtml+xml")


class Captured(Struct, frozen=True, kw_only=True):
    """A page as it was fetched."""

    url: str
    fetched: str  # ISO 8601
    charset: str | None  # as the server said
    raw: bytes


def captured_pages(stream: IO[bytes], where: str) -> Iterator[Captured | Dropped]:
    """The pages of a WARC in their order; answers that are no page are left out with the reason.

    Requests, metadata and the crawler's own records are no answers and are passed over.

    Raises:
        DataError: the file breaks off or is no WARC; what stood before has been handed out.
    """
    import zlib

    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    number, known = 0, False
    try:
        archive = ArchiveIterator(stream)
        _bound_lines(archive)
        for record in archive:
            number, known = number + 1, known or bool(record.rec_type)
            if record.rec_type in ("response", "revisit"):
                yield _captured(record, f"{where}, record {number}")
    except (ArchiveLoadFailed, zlib.error, EOFError, OSError, ValueError, AttributeError, IndexError) as error:
        # the library lets headers that are garbage fail as they will
        raise DataError(f"{where}: broken after record {number} ({error or type(error).__name__})") from error
    if not known and stream.tell():
        raise DataError(f"{where}: no record in it; is it a WARC?")


def _bound_lines(archive: Any) -> None:  # noqa: ANN401 - the library is untyped
    """Let no header line be longer than a limit: the library puts longer ones together at a cost that is quadratic."""
    whole = archive.reader.readline
    archive.reader.readline = lambda length=None: whole(min(length or _LONGEST_LINE, _LONGEST_LINE))


def _captured(record: Any, where: str) -> Captured | Dropped:  # noqa: ANN401 - the library is untyped
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    name = url or where
    if record.rec_type == "revisit":
        return Dropped(id=name, reason="same_again", detail=f"{where}: a revisit, the page had not changed")
    http = record.http_headers
    status = http.get_statuscode() if http else None
    if status != "200":
        return Dropped(id=name, reason="http_status", detail=f"{where}: {status or 'no HTTP answer'}")
    kind = http.get_header("Content-Type") or ""
    if kind and kind.split(";")[0].strip().lower() not in _PAGES:
        return Dropped(id=name, reason="not_html", detail=f"{where}: {kind}")
    raw = record.content_stream().read(LARGEST_PAGE + 1)
    if len(raw) > LARGEST_PAGE:
        return Dropped(id=name, reason="too_large", detail=f"{where}: more than {LARGEST_PAGE >> 20} MB")
    charset = kind.lower().partition("charset=")[2].split(";")[0].strip() or None
    return Captured(url=url, fetched=record.rec_headers.get_header("WARC-Date") or "", charset=charset, raw=raw)
