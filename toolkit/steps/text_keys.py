"""Short texts as whole numbers in the same order, which are told apart and sorted many times faster."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

_LONGEST = 8  # bytes


def keys_of(texts: Any) -> Keys | None:  # noqa: ANN401 - an Arrow array of strings
    """A number for each text, greater where the text is greater; None where a text is too long or holds a NUL.

    A text of up to eight bytes of UTF-8 is a number of eight digits to the base 256, and bytes sort as code points do.
    """
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    length = np.diff(starts)
    if data is None or int(length.max(initial=0)) > _LONGEST:
        return None
    padded = np.empty(starts[-1] + _LONGEST, dtype=np.uint8)
    padded[: starts[-1]] = np.frombuffer(data, np.uint8, starts[-1])
    if not padded[: starts[-1]].all():
        return None
    keys: Keys = np.ndarray(int(starts[-1]) + 1, np.uint64, padded, strides=(1,))[starts[:-1]]
    if sys.byteorder == "little":
        keys.byteswap(inplace=True)
    # What a short text is followed by belongs to the next one.
    empty = length == 0
    foreign = ((_LONGEST - length) * 8).astype(np.uint64)
    foreign[empty] = 0
    keys >>= foreign
    keys <<= foreign
    keys[empty] = 0
    return keys


def texts_of(keys: Keys) -> Any:  # noqa: ANN401 - an Arrow array of strings
    """The texts that have some numbers."""
    import pyarrow

    digits = keys.astype(">u8").view(np.uint8)
    said = digits != 0
    ends = np.cumsum(said.reshape(-1, _LONGEST).sum(axis=1, dtype=np.int32), dtype=np.int32)
    offsets = np.concatenate([np.zeros(1, dtype=np.int32), ends])
    return pyarrow.StringArray.from_buffers(
        len(keys), pyarrow.py_buffer(offsets), pyarrow.py_buffer(np.ascontiguousarray(digits[said]))
    )
