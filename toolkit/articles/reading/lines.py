"""Files as streams of lines: unpacked, in UTF-8, no line longer than can be held."""

import codecs
import contextlib
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from toolkit.articles.reading.encodings import encoding_of, wide_without_mark
from toolkit.errors import DataError
from toolkit.files import suffix_of

LARGEST = 128 << 20  # bytes of one line, one cell or one text
_BY_LINE = (".jsonl", ".ndjson", ".csv", ".tsv")


class Meter:
    """How many bytes of the inputs have been read."""

    def __init__(self) -> None:
        self.done = 0


class LineDecoder:
    """Lines as text: UTF-8 where a line is, else what all lines that are not look like together."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fallback = ""
        wide = _wide(path)
        self._always = (f"encoding_{wide}",) if wide else ()
        self._repairs: dict[str, None] = {}

    def decode(self, line: bytes) -> str:
        """The text of a line."""
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self._fallback = self._fallback or encoding_of(self._sample())
        text = line.decode(self._fallback, errors="replace")
        self._repairs[f"encoding_{self._fallback}"] = None
        if "\ufffd" in text:
            self._repairs["bytes_replaced"] = None
        return text

    def take(self) -> tuple[str, ...]:
        """What was guessed since the last call."""
        taken = (*self._always, *self._repairs)
        self._repairs = {}
        return taken

    def _sample(self) -> bytes:
        odd, size = [], 0
        with opened(self._path, Meter()) as handle:
            for _, line in lines_of(handle):
                if line is not None and not _is_utf8(line):
                    odd.append(line)
                    size += len(line)
                if size > 1 << 16:
                    break
        return b"\n".join(odd)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def lines_of(handle: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a file with their numbers, without byte order mark; None for one that is too long to be held."""
    number = 0
    while line := handle.readline(LARGEST):
        number += 1
        if len(line) == LARGEST and not line.endswith(b"\n"):
            while (rest := handle.readline(LARGEST)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def text_lines(handle: IO[bytes], decoder: LineDecoder, path: Path) -> Iterator[str]:
    """The lines of a table as text.

    Raises:
        DataError: a line is too long to be held.
    """
    for number, line in lines_of(handle):
        if line is None:
            raise DataError(f"{path}:{number}: a line of more than {LARGEST >> 20} MB")
        text = decoder.decode(line)
        # an old Mac ends its lines with a carriage return alone
        yield from [text] if "\r" not in text.removesuffix("\r\n") else re.split(r"(?<=\r)(?!\n)", text)


class MeteredFile(io.FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, meter: Meter) -> None:
        super().__init__(path)
        self._meter = meter

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401
        """Read, and count what was read."""
        count = super().readinto(buffer)
        self._meter.done += count or 0
        return count


@contextlib.contextmanager
def opened(path: Path, meter: Meter) -> Iterator[IO[bytes]]:
    """A file for reading bytes: unpacked where it is ``.gz``, lines in UTF-16 and UTF-32 as UTF-8."""
    with contextlib.ExitStack() as stack:
        handle: IO[bytes] = stack.enter_context(io.BufferedReader(MeteredFile(path, meter), 1 << 20))
        if path.suffix == ".gz":
            handle = stack.enter_context(io.BufferedReader(_Unpacked(handle), 1 << 20))
        if suffix_of(path) in _BY_LINE and (name := _wide(path)):
            handle = stack.enter_context(io.BufferedReader(_Recoded(handle, name), 1 << 20))
        yield handle


def _wide(path: Path) -> str:
    """The encoding of more than a byte a character that a byte order mark names, or the zeros betray."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
        head = _head(handle)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return wide_without_mark(head) or "" if b"\0" in head else ""


def _head(handle: IO[bytes] | gzip.GzipFile) -> bytes:
    """The first bytes of a stream, also of one that breaks off at once."""
    try:
        return handle.read(1 << 13)
    except EOFError:
        return b""


class _Unpacked(io.RawIOBase):
    """A gzip stream that gives all that can be had of a broken one before it complains."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._member = zlib.decompressobj(31)
        self._packed = b""
        self._begun = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        """Unpack the next bytes.

        Raises:
            EOFError: the stream breaks off.
            zlib.error: it is no gzip.
        """
        while True:
            self._next_member()
            self._packed = self._packed or self._stream.read(1 << 16)
            ended = not self._packed
            part = self._member.decompress(self._packed, len(buffer)) if self._begun or not ended else b""
            self._begun = self._begun or not ended
            self._packed = self._member.unconsumed_tail
            if part or (ended and not self._begun):
                buffer[: len(part)] = part
                return len(part)
            if ended:
                raise EOFError("it breaks off before its end")

    def _next_member(self) -> None:
        if self._member.eof:
            self._packed = self._member.unused_data.lstrip(b"\0")  # some pad the end with zeros
            self._member, self._begun = zlib.decompressobj(31), False


class _Recoded(io.RawIOBase):
    """A stream in another encoding as UTF-8."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(name)(errors="strict")
        self._ready = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        """Read, and turn into UTF-8."""
        while not self._ready:
            block = self._stream.read(1 << 16)
            self._ready = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if not block:
                break
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
