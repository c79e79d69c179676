"""Labels that are typed otherwise than meant: found, and shown with what they may be; nothing is guessed silently."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

_MOST_LABELS = 200  # more than these are no labels but texts, and comparing each with each takes long
_ALLOWED_SLIPS = ((8, 2), (4, 1))  # from so many letters on, so many slips may be typing


class Resemblance(Struct, frozen=True, kw_only=True):
    """A label and what it may be meant as."""

    label: str
    votes: int
    meant: str | None  # None: nothing is near


def nearest(counts: Mapping[str, int], allowed: Sequence[str]) -> list[Resemblance]:
    """The labels that are not allowed, each with the allowed one that it is near.

    >>> nearest({"neutral": 9, "Neutral ": 2, "nuetral": 1, "x": 1}, ["neutral", "against"])[1].meant
    'neutral'
    """
    return [
        Resemblance(label=label, votes=number, meant=_nearest(label, allowed))
        for label, number in sorted(counts.items())
        if label not in allowed
    ]


def near_duplicates(counts: Mapping[str, int]) -> list[Resemblance]:
    """Labels that may be other, more frequent ones, where nobody said which are allowed."""
    if len(counts) > _MOST_LABELS:
        return []
    by_number = sorted(counts, key=lambda label: (-counts[label], label))
    found = []
    for place, label in enumerate(by_number):
        meant = _nearest(label, by_number[:place])
        if meant is not None:
            found.append(Resemblance(label=label, votes=counts[label], meant=meant))
    return found


def ready_mapping(found: Iterable[Resemblance]) -> str:
    """What `--map` takes to accept them, quoted for a shell; "" where nothing is near."""
    pairs = [f"{one.label}={one.meant}" for one in found if one.meant is not None]
    if any("," in pair or pair.count("=") > 1 for pair in pairs):
        return "FILE, a table with the columns old and new"
    return "'" + ",".join(pairs).replace("'", "'\\''") + "'" if pairs else ""


def listed(found: Iterable[Resemblance]) -> str:
    """Labels with their votes and what they may be."""
    return ", ".join(
        f"{one.label!r} ({one.votes})" + (f" for {one.meant!r}" if one.meant is not None else "") for one in found
    )


def _nearest(label: str, allowed: Sequence[str]) -> str | None:
    plain = _plain(label)
    for other in allowed:
        if _plain(other) == plain or _same_number(label, other):
            return other
    slips = [(_slips(plain, _plain(other)), other) for other in allowed if abs(len(other) - len(label)) <= 3]
    limit = next((most for length, most in _ALLOWED_SLIPS if len(plain) >= length), 0)
    # Digits are no slips: "group 1" and "group 2" are two.
    near = [(number, other) for number, other in slips if number <= limit and not _digits(label) ^ _digits(other)]
    if not near or [number for number, _ in near].count(min(near)[0]) > 1:
        return None
    return min(near)[1]


def _plain(label: str) -> str:
    return re.sub(r"[\s_\-]+", " ", label).strip().casefold()


def _digits(label: str) -> frozenset[str]:
    return frozenset(re.findall(r"\d+", label))


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _slips(one: str, other: str) -> int:
    """Letters put in, left out, mistaken or swapped with the next, at least.

    Source:
        Damerau, A technique for computer detection and correction of spelling errors (1964).
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, opposite in enumerate(other, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != opposite)))
            if i > 1 and j > 1 and (one[i - 2], letter) == (opposite, other[j - 2]):
                row[-1] = min(row[-1], before[j - 2] + 1)
        before, last = last, row
    return last[-1]
