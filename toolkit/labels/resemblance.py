"""Labels that resemble others, so that they may be misspelt, and labels that are words for no answer."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

_MISSING = {"na", "n/a", "none", "null", "nan", "#n/a", "-", "?"}  # what programs and people write for no answer
_MOST_LABELS = 200  # more than these are no labels but texts, and comparing each with each takes long
_ALLOWED_SLIPS = ((8, 2), (4, 1))  # from so many letters on, so many slips may be typing


class Resemblance(Struct, frozen=True, kw_only=True):
    """A label, and the label that it may be a misspelling of."""

    label: str
    votes: int
    meant: str | None  # None: no label is near


def nearest(counts: Mapping[str, int], allowed: Sequence[str]) -> list[Resemblance]:
    """The labels that are not allowed, with the nearest allowed label.

    >>> nearest({"neutral": 9, "Neutral ": 2, "nuetral": 1, "x": 1}, ["neutral", "against"])[1].meant
    'neutral'
    """
    return [
        Resemblance(label=label, votes=number, meant=_nearest(label, allowed))
        for label, number in sorted(counts.items())
        if label not in allowed
    ]


def near_duplicates(counts: Mapping[str, int]) -> list[Resemblance]:
    """Labels that may be misspellings of more frequent labels, where any label is allowed."""
    if len(counts) > _MOST_LABELS:
        return []
    by_number = sorted(counts, key=lambda label: (-counts[label], label))
    resemblances = []
    for place, label in enumerate(by_number):
        meant = _nearest(label, by_number[:place])
        if meant is not None:
            resemblances.append(Resemblance(label=label, votes=counts[label], meant=meant))
    return resemblances


def ready_mapping(resemblances: Iterable[Resemblance]) -> str:
    """The value of `--map` that renames the labels, quoted for a shell; "" where no label is near."""
    pairs = [f"{row.label}={row.meant}" for row in resemblances if row.meant is not None]
    if any("," in pair or pair.count("=") > 1 for pair in pairs):
        return "FILE, a table with the columns old and new"
    return "'" + ",".join(pairs).replace("'", "'\\''") + "'" if pairs else ""


def listed(resemblances: Iterable[Resemblance]) -> str:
    """Labels with their votes and the labels that they may be."""
    return ", ".join(
        f"{row.label!r} ({row.votes})" + (f" for {row.meant!r}" if row.meant is not None else "")
        for row in resemblances
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


def _same_number(label: str, other: str) -> bool:
    try:
        return float(label.replace(",", ".")) == float(other.replace(",", "."))
    except ValueError:
        return False


def _slips(label: str, other: str) -> int:
    """The least number of letters inserted, omitted, replaced or swapped with the next.

    Source:
        Damerau, A technique for computer detection and correction of spelling errors (1964).
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(label, 1):
        row = [i]
        for j, opposite in enumerate(other, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != opposite)))
            if i > 1 and j > 1 and (label[i - 2], letter) == (opposite, other[j - 2]):
                row[-1] = min(row[-1], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


def words_for_nothing(labels: Iterable[str]) -> list[str]:
    """The labels that programs and people write for no answer."""
    return [label for label in labels if label.strip().casefold() in _MISSING]
