"""Files: read with file and line in each error, written whole or not at all, appended under a lock."""

import contextlib
import errno
import gzip
import hashlib
import json
import os
import re
import secrets
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from toolkit.errors import DataError, MissingFileError

R = TypeVar("R", bound=msgspec.Struct)

_TORN = 1 << 20  # bytes at the end of a file in which an interrupted append is looked for
_ABANDONED = 86_400.0  # seconds after which an unfinished file of another machine is removed
_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]


def digest(data: bytes | str, length: int = 16) -> str:
    """The first hexadecimal digits of the SHA-256 of some data."""
    raw = data.encode() if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()[:length]


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


# --- errors --------------------------------------------------------------------------------------------------------

_REMEDIES = {
    errno.EACCES: "change its permissions, or name another path",
    errno.EPERM: "change its permissions, or name another path",
    errno.EROFS: "name a path on a file system that can be written",
    errno.ENOSPC: "make room on the disk and run the command again; nothing was left half-written",
    errno.EDQUOT: "make room on the disk and run the command again; nothing was left half-written",
    errno.EISDIR: "name a file in it",
    errno.ENOTDIR: "a part of the path is a file; name another path",
    errno.ENAMETOOLONG: "name a shorter path",
    errno.ELOOP: "the path is a link to itself; name another one",
    errno.EEXIST: "a part of the path is a file; name another path",
}


@contextlib.contextmanager
def file_errors(path: Path, made_by: str = "") -> Iterator[None]:
    """Turn whatever reading or writing a file can raise into one error that says where, what and what to do.

    Args:
        path: the file; an error that names another file is reported with that name.
        made_by: the command that writes this file, for the message where it is missing.

    Raises:
        MissingFileError: there is no such file.
        DataError: the file cannot be read or written.
    """
    try:
        yield
    except FileNotFoundError as error:
        remedy = f"; run `{made_by}` first" if made_by else ""
        raise MissingFileError(f"{error.filename or path}: no such file{remedy}") from error
    except IsADirectoryError as error:
        raise DataError(f"{path}: is a directory; name a file in it") from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: broken gzip ({error}); fetch or pack the file again") from error
    except RecursionError as error:
        raise DataError(f"{path}: nested too deeply to be read; flatten it") from error
    except OSError as error:
        reason = " ".join((error.strerror or str(error) or type(error).__name__).split())
        remedy = _REMEDIES.get(error.errno or 0, "check the disk and the path, and run the command again")
        raise DataError(f"{error.filename or path}: {reason}; {remedy}") from error


# --- out -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def written_whole(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """Provide a temporary path; what is written there replaces ``path`` on success and is removed on failure.

    Raises:
        DataError: the file cannot be written.
    """
    with file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        remove_unfinished(path)
        part = path.with_name(f".{path.name}.{_HOST}-{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            part.touch(mode=mode)
            yield part
            with part.open("rb") as handle:
                os.fsync(handle.fileno())
            part.replace(path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def remove_unfinished(path: Path) -> None:
    """Remove the temporary files that an interrupted `written_whole` left for ``path``."""
    prefix = f".{path.name}."
    with contextlib.suppress(PermissionError):
        names = [name for name in os.listdir(path.parent) if name.startswith(prefix) and name.endswith(".part")]  # noqa: PTH208
        for name in names:
            if _is_abandoned(path.with_name(name), name.removeprefix(prefix)):
                path.with_name(name).unlink(missing_ok=True)


def _is_abandoned(part: Path, token: str) -> bool:
    """Whether nobody writes a temporary file any more: its process has ended, or it is a day old."""
    match = re.fullmatch(r"([0-9a-f]{6})-(\d+)-[0-9a-f]{8}\.part", token)
    if match and match[1] == _HOST and os.name == "posix":
        try:
            os.kill(int(match[2]), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False
    with contextlib.suppress(FileNotFoundError):
        return time.time() - part.stat().st_mtime > _ABANDONED
    return False


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a text, whole or not at all."""
    with written_whole(path, mode) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_bytes(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write bytes, whole or not at all."""
    with written_whole(path, mode) as part:
        part.write_bytes(data)


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write facts as indented JSON with the keys in the order given."""
    plain = msgspec.to_builtins(value)
    write_text(path, json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n", mode)


def write_jsonl(path: Path, records: Iterable[msgspec.Struct]) -> int:
    """Write one record a line and return how many."""
    encode = msgspec.json.Encoder().encode
    count = 0
    with written_whole(path) as part, part.open("wb") as handle:
        for record in records:
            handle.write(encode(record) + b"\n")
            count += 1
    return count


def append_jsonl(path: Path, records: Iterable[msgspec.Struct]) -> int:
    """Append records under a lock and return how many; they are on disk when this returns.

    A last line that an interrupted append left torn is removed first: its record was never acknowledged.
    """
    lines = [msgspec.json.encode(record) + b"\n" for record in records]
    if not lines:
        return 0
    with locked(path), file_errors(path), path.open("ab+") as handle:
        _cut_torn_line(handle)
        end = handle.seek(0, os.SEEK_END)
        try:
            handle.write(b"".join(lines))
            handle.flush()
            os.fsync(handle.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                handle.truncate(end)  # a disk that fills leaves no torn line
            raise
    return len(lines)


def mend_jsonl(path: Path) -> None:
    """Remove a last line that an interrupted append left torn; its record was never acknowledged."""
    if path.exists():
        with locked(path), file_errors(path), path.open("ab+") as handle:
            _cut_torn_line(handle)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that belongs to ``path``; other processes wait. A thread that holds it may take it again."""
    from filelock import FileLock

    with contextlib.ExitStack() as stack:
        with file_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(path.with_name(f".{path.name}.lock"), is_singleton=True))
        yield


def _cut_torn_line(handle: IO[bytes]) -> None:
    end = handle.seek(0, os.SEEK_END)
    handle.seek(max(0, end - _TORN))
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
    with file_errors(path, made_by):
        if path.suffix == ".gz":
            with gzip.open(path) as handle:
                return handle.read()
        return path.read_bytes()


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
    with file_errors(path, made_by):
        try:
            return msgspec.json.decode(read_bytes(path, made_by))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            remedy = f"run `{made_by}` again" if made_by else "restore the file, or write it again"
            raise DataError(f"{path}: not JSON: {error}; {remedy}") from error


def read_jsonl(path: Path, record: type[R], made_by: str = "") -> list[R]:
    """All records of a file.

    Raises:
        DataError: a line is not such a record; the message has file, line, field and what is allowed.
        MissingFileError: there is no such file.
    """
    return _decoded(read_bytes(path, made_by), record, path, made_by)


def read_log(path: Path, record: type[R]) -> list[R]:
    """All records of a file to which lines are added; a last line that was not finished is passed over.

    Raises:
        DataError: a finished line is not such a record.
        MissingFileError: there is no such file.
    """
    data = read_bytes(path)
    return _decoded(data[: data.rfind(b"\n") + 1], record, path, "")


def _decoded(data: bytes, record: type[R], path: Path, made_by: str) -> list[R]:
    decode = msgspec.json.Decoder(record).decode
    lines = data.split(b"\n")
    records: list[R] = []
    number = 0
    try:
        with file_errors(path):
            for number, line in enumerate(lines, 1):  # noqa: B007 - the number is in the message
                if line.strip():
                    records.append(decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        remedy = f"run `{made_by}` again" if made_by else "delete it, and run the verb that was interrupted again"
        torn = f"; the last line is torn: {remedy}" if number == len(lines) else ""
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


def suffix_of(path: Path) -> str:
    """The suffix that tells the format, ``.gz`` aside."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()
