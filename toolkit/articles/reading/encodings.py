"""Decoding of bytes to text: UTF-8 if valid, else a declared or detected encoding, which is reported."""

import codecs
import contextlib
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from toolkit.articles.languages import detect_language
from toolkit.errors import DataError
from toolkit.files import suffix_of

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 1 << 16  # bytes that the detection reads
_DECLARED = re.compile(rb"""<meta[^<>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"""^\s*<\?xml[^<>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""")

# Western and Central European encodings differ in few bytes; the language of the text selects among them.
_WEST = "af ca da de en es eu fi fr ga gl id is it ms nb nl nn no pt sv sw"
_CENTRE = "bs cs hr hu pl ro sk sl sq"
_SERVES = {"cp1252": _WEST, "cp1250": _CENTRE, "iso8859_2": _CENTRE, "cp1254": "tr az", "cp1257": "et lt lv"}
_LATIN = re.compile(
    r"^(cp125[02478]|iso8859_(1|2|3|4|9|10|13|14|15|16)|latin_?1|mac_\w+|cp(437|775|85\d|86[0135]|1140|500))$"
)
_USUAL = frozenset("“”‘’„‚«»‹›–—…¿¡°€£§©®™•·ºª½¼¾\xa0\xad")


class Decoded(Struct, frozen=True, kw_only=True):
    """A text, its encoding, and the repairs needed to decode it."""

    text: str
    encoding: str
    repairs: tuple[str, ...] = ()


def decode(raw: bytes, declared: str | None = None) -> Decoded:
    """Decode bytes by byte order mark, as UTF-8, as declared, or by detection; all but UTF-8 is reported.

    Raises:
        DataError: the bytes are no text.
    """
    marked = next(((raw[len(mark) :], name) for mark, name in _BOMS if raw.startswith(mark)), None)
    if marked is not None:
        text = _strict(*marked)
        if text is None:
            raise DataError(f"byte order mark of {marked[1]}, but the bytes are not {marked[1]}")
        return Decoded(
            text=text, encoding=marked[1], repairs=() if marked[1] == "utf-8" else (f"encoding_{marked[1]}",)
        )
    if (text := _strict(raw, "utf-8")) is not None and "\0" not in text[:8192]:
        return Decoded(text=text, encoding="utf-8")
    wide = detect_utf16(raw)
    if wide is None and b"\0" in raw[:8192]:
        raise DataError("a binary file, not a text")
    named = wide or _usual_name(declared)
    if named and (text := _strict(raw, named)) is not None:
        return Decoded(text=text, encoding=named, repairs=(f"encoding_{named}",))
    return _guessed(raw)


def decode_page(raw: bytes, declared: str | None = None) -> Decoded:
    """Decode an HTML page; the server's declaration has precedence over the page's.

    Raises:
        DataError: the bytes are no text.
    """
    head = raw[:4096]
    match = _DECLARED.search(head) or _XML_DECLARED.search(head)
    own = match[1].decode("ascii") if match else None
    return decode(raw, _usual_name(declared) or own)


def encoding_of(raw: bytes) -> str:
    """Detect the most probable encoding of bytes that are not UTF-8.

    Raises:
        DataError: the bytes are no text.
    """
    from charset_normalizer import from_bytes

    sample = non_ascii_lines(raw)
    try:
        best = from_bytes(sample, steps=5, chunk_size=2048).best()
    except Exception as error:  # foreign code on untrusted bytes
        raise DataError(f"the encoding cannot be detected ({error or type(error).__name__})") from error
    if best is None:
        raise DataError("neither UTF-8 nor any encoding that can be told; convert it, e.g. with `iconv -t utf-8`")
    if _LATIN.match(best.encoding):
        return _latin(sample)
    return best.encoding


def non_ascii_lines(raw: bytes) -> bytes:
    """Return the lines that are not plain ASCII, up to the size that the detection reads."""
    lines, size = [], 0
    for line in raw[: 64 * _SAMPLE].split(b"\n"):
        if not line.isascii():
            lines.append(line[:_SAMPLE])
            size += len(line)
        if size >= _SAMPLE:
            break
    return b"\n".join(lines)[:_SAMPLE] or raw[:_SAMPLE]


def _latin(sample: bytes) -> str:
    scores: dict[str, tuple[bool, float]] = {}
    for name, languages in _SERVES.items():
        text = _strict(sample, name)
        if text is not None:
            high = [char for char in text if char > "\x7f"]
            letters = sum(char.isalpha() or char in _USUAL for char in high) / max(1, len(high))
            scores[name] = ((detect_language(text) or "?") in languages.split(), letters)
    return max(scores, key=lambda name: scores[name], default="cp1252")  # the first of equals


def _guessed(raw: bytes) -> Decoded:
    name = encoding_of(raw)
    text = raw.decode(name, errors="replace")
    repairs = (f"encoding_{name}", "bytes_replaced") if "\ufffd" in text else (f"encoding_{name}",)
    return Decoded(text=text, encoding=name, repairs=repairs)


def _usual_name(name: str | None) -> str | None:
    """Return the standard name of a declared encoding; ISO 8859-1 means Windows-1252 on the web."""
    if not name:
        return None
    try:
        usual = codecs.lookup(name.strip("\"' ")).name
        b"x".decode(usual)
    except (LookupError, UnicodeError, ValueError):
        return None
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(usual, usual)


def detect_utf16(raw: bytes) -> str | None:
    """Detect UTF-16 without a byte order mark by its zero bytes; None if there are too few."""
    head = raw[:8192]
    if len(head) < 8 or len(raw) % 2:
        return None
    low, high = head[0::2].count(0), head[1::2].count(0)
    if high > len(head) // 5 and low <= high // 20:
        return "utf-16-le"
    return "utf-16-be" if low > len(head) // 5 and high <= low // 20 else None


def _strict(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except (UnicodeError, LookupError):
        return None


# --- lines of large files --------------------------------------------------------------------------------------------


LARGEST = 128 << 20  # maximum bytes of one line, one cell or one text
_BY_LINE = (".jsonl", ".ndjson", ".csv", ".tsv")


class ByteMeter:
    """Counter of the input bytes read so far."""

    def __init__(self) -> None:
        self.done = 0


class LineDecoder:
    """Decoder of lines: UTF-8 if valid, else one encoding detected from all lines that are not UTF-8."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fallback = ""
        wide = _wide(path)
        self._always = (f"encoding_{wide}",) if wide else ()
        self._repairs: dict[str, None] = {}

    def decode(self, line: bytes) -> str:
        """Return the text of a line."""
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
        """Return the repairs since the last call."""
        taken = (*self._always, *self._repairs)
        self._repairs = {}
        return taken

    def _sample(self) -> bytes:
        odd, size = [], 0
        with open_bytes(self._path, ByteMeter()) as handle:
            for _, line in numbered_lines(handle):
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


def numbered_lines(handle: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield line numbers and lines without byte order mark; None replaces a line that exceeds the limit."""
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
    """Yield the lines of a table as text.

    Raises:
        DataError: a line exceeds the limit.
    """
    for number, line in numbered_lines(handle):
        if line is None:
            raise DataError(f"{path}:{number}: a line of more than {LARGEST >> 20} MB")
        text = decoder.decode(line)
        # classic Mac OS ends lines with a carriage return only
        yield from [text] if "\r" not in text.removesuffix("\r\n") else re.split(r"(?<=\r)(?!\n)", text)


class MeteredFile(io.FileIO):
    """A file that adds the bytes read to a meter."""

    def __init__(self, path: Path, meter: ByteMeter) -> None:
        super().__init__(path)
        self._meter = meter

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401
        """Read bytes and count them."""
        count = super().readinto(buffer)
        self._meter.done += count or 0
        return count


@contextlib.contextmanager
def open_bytes(path: Path, meter: ByteMeter) -> Iterator[IO[bytes]]:
    """Open a file for reading bytes: ``.gz`` is decompressed, and lines in UTF-16 or UTF-32 are recoded as UTF-8."""
    with contextlib.ExitStack() as stack:
        handle: IO[bytes] = stack.enter_context(io.BufferedReader(MeteredFile(path, meter), 1 << 20))
        if path.suffix == ".gz":
            handle = stack.enter_context(io.BufferedReader(_Unpacked(handle), 1 << 20))
        if suffix_of(path) in _BY_LINE and (name := _wide(path)):
            handle = stack.enter_context(io.BufferedReader(_Recoded(handle, name), 1 << 20))
        yield handle


def _wide(path: Path) -> str:
    """Return UTF-16 or UTF-32 if a byte order mark or zero bytes indicate it, else ""."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
        head = _head(handle)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return detect_utf16(head) or "" if b"\0" in head else ""


def _head(handle: IO[bytes] | gzip.GzipFile) -> bytes:
    """Return the first bytes of a stream; none if it ends prematurely."""
    try:
        return handle.read(1 << 13)
    except EOFError:
        return b""


class _Unpacked(io.RawIOBase):
    """A decompressed gzip stream that returns all readable bytes of a damaged file before it raises."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._member = zlib.decompressobj(31)
        self._packed = b""
        self._begun = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        """Decompress the next bytes.

        Raises:
            EOFError: the stream ends prematurely.
            zlib.error: the stream is not gzip.
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
            self._packed = self._member.unused_data.lstrip(b"\0")  # some files have zero padding at the end
            self._member, self._begun = zlib.decompressobj(31), False


class _Recoded(io.RawIOBase):
    """A stream recoded as UTF-8."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(name)(errors="strict")
        self._ready = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        """Read bytes and recode them as UTF-8."""
        while not self._ready:
            block = self._stream.read(1 << 16)
            self._ready = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if not block:
                break
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
