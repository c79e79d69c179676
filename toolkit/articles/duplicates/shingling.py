"""Word 5-grams (shingles) of a text as strings, and of whole collections as sorted 64-bit hashes."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import chain

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHINGLE = 5  # words
_BATCH = 2000  # articles per batch of words in memory
_VOCABULARY = 1 << 21  # maximum size of the cache of word hashes

# Combining vowel signs and accents belong to the word, but `\w` does not match them.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u200c\u200d"
_WORD = re.compile(rf"[\w{_MARKS}]+")
# Scripts without spaces between words. `_WIDTHS`: characters per word for ideographs and for the other letters.
_IDEOGRAPHS = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
_LETTERS = "\u0e01-\u0e4e\u0e80-\u0ece\u1000-\u103f\u1050-\u109f\u1780-\u17d3\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
_UNSPACED = re.compile(rf"[{_IDEOGRAPHS}{_LETTERS}]")
_RUN = re.compile(rf"([{_IDEOGRAPHS}]+)|([{_LETTERS}]+)|((?:(?![{_IDEOGRAPHS}{_LETTERS}])[\w{_MARKS}])+)")
_WIDTHS = (2, 6)

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def words(text: str) -> list[str]:
    r"""Return the words of a text in lower case: runs of ``\w`` with their combining marks.

    In scripts without spaces between words, every character begins a word of fixed length: two characters in Chinese
    and Japanese, six in Thai, Lao, Khmer and Burmese.

    >>> words("Two o'clock"), words("渡轮回港")
    (['two', 'o', 'clock'], ['渡轮', '轮回', '回港'])
    """
    folded = unicodedata.normalize("NFC", text.lower())
    if not _UNSPACED.search(folded):
        return _WORD.findall(folded)
    return list(_pieces(folded))


def _pieces(folded: str) -> Iterator[str]:
    for match in _RUN.finditer(folded):
        run = match[0]
        if match[3]:
            yield run
        else:
            width = _WIDTHS[0] if match[1] else _WIDTHS[1]
            yield from (run[start : start + width] for start in range(max(1, len(run) - width + 1)))


def shingles(text: str) -> frozenset[str]:
    """Return the word 5-grams of a text; a shorter text has one shingle, of all its words.

    >>> sorted(shingles("One two three four five six"))
    ['one two three four five', 'two three four five six']
    """
    tokens = words(text)
    if not tokens:
        return frozenset()
    last = max(1, len(tokens) - SHINGLE + 1)
    return frozenset(" ".join(tokens[start : start + SHINGLE]) for start in range(last))


# --- the same, fast ------------------------------------------------------------------------------------------------


def _western(code: int) -> bytes:
    character = bytes([code]).decode("cp1252", errors="replace")
    return character.lower().encode("cp1252") if re.fullmatch(r"\w", character) else b" "


_FOLD = b"".join(map(_western, range(256)))


_WESTERN = frozenset(bytes(range(256)).decode("cp1252", "ignore"))
_OF_WORDS = re.compile(rf"[\w{_MARKS}{_IDEOGRAPHS}{_LETTERS}]")


def quick_words(text: str) -> Sequence[bytes | str]:
    """Return the same words as `words`; as bytes if Windows-1252 has all letters, which takes half the time."""
    try:
        return text.encode("cp1252").translate(_FOLD).split()
    except UnicodeEncodeError:
        if any(map(_OF_WORDS.match, set(text) - _WESTERN)):
            return words(text)
        return text.encode("cp1252", "replace").translate(_FOLD).split()


class _WordHashes(dict[bytes | str, int]):
    def __missing__(self, word: bytes | str) -> int:
        if len(self) > _VOCABULARY:
            self.clear()
        plain = word if isinstance(word, str) else word.decode("cp1252")
        value = int.from_bytes(blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
        self[word] = value
        return value


class ShingleSets(Struct, frozen=True, kw_only=True):
    """The shingles of many texts: those of text n are ``hashes[bounds[n]:bounds[n + 1]]``, sorted and unique.

    A shingle is a 64-bit number. For two texts of 1,000 words, the probability of a wrong similarity is 1e-13.
    """

    hashes: Hashes
    bounds: Numbers

    @property
    def sizes(self) -> Numbers:
        """The number of shingles of each text."""
        return np.diff(self.bounds)

    def of(self, text: int) -> Hashes:
        """Return the shingles of one text."""
        return self.hashes[self.bounds[text] : self.bounds[text + 1]]

    def hashes_once(self) -> Hashes:
        """Return the shingles of all texts, sorted and unique."""
        return np.unique(self.hashes)

    def some(self, texts: Numbers) -> "ShingleSets":
        """Return the shingles of these texts only."""
        parts = [self.of(text) for text in texts.tolist()]
        bounds = np.concatenate([[0], np.cumsum(self.sizes[texts])]).astype(np.int64)
        return ShingleSets(hashes=np.concatenate([np.empty(0, np.uint64), *parts]), bounds=bounds)


def shingle_sets(texts: Sequence[str]) -> ShingleSets:
    """Return the shingles of all texts as 64-bit numbers."""
    word_hashes = _WordHashes()
    parts, sizes = [], []
    for start in range(0, len(texts), _BATCH):
        hashes, owners = _in_order(texts[start : start + _BATCH], word_hashes)
        count = min(_BATCH, len(texts) - start)
        bounds = np.searchsorted(owners, np.arange(count + 1))
        for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            hashes[low:high].sort()
        first = np.ones(len(hashes), dtype=bool)
        first[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
        parts.append(hashes[first])
        sizes.append(np.bincount(owners[first], minlength=count))
    if not parts:
        return ShingleSets(hashes=np.empty(0, np.uint64), bounds=np.zeros(1, np.int64))
    bounds = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    return ShingleSets(hashes=np.concatenate(parts), bounds=bounds)


def shingle_sequences(texts: Sequence[str]) -> list[Hashes]:
    """Return the shingles of each text in text order, repeats included."""
    word_hashes = _WordHashes()
    return [_in_order([text], word_hashes)[0] for text in texts]


def _in_order(texts: Sequence[str], word_hashes: _WordHashes) -> tuple[Hashes, Numbers]:
    """Return the concatenated shingles of some texts, and the index of the text of each shingle."""
    lists = [quick_words(text) for text in texts]
    counts = np.fromiter(map(len, lists), np.int64, len(lists))
    # A short text is padded with zeros to one shingle. No word hashes to zero, so no other text has that shingle.
    filled = np.where(counts > 0, np.maximum(counts, SHINGLE), 0)
    starts = np.cumsum(filled) - filled
    values = np.zeros(int(filled.sum()), np.uint64)
    places = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    values[places] = np.fromiter(map(word_hashes.__getitem__, chain.from_iterable(lists)), np.uint64, int(counts.sum()))
    windows = max(0, len(values) - SHINGLE + 1)
    hashes = np.zeros(windows, np.uint64)
    for shift in range(SHINGLE):
        hashes ^= values[shift : shift + windows]
        hashes *= _MIX
        hashes ^= hashes >> _HALF
    owners = np.repeat(np.arange(len(texts)), filled)[:windows]
    within = np.repeat(starts + filled - SHINGLE, filled)[:windows] >= np.arange(windows)
    return hashes[within], owners[within]
