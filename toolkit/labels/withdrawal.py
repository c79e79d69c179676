"""What is left of files when a person withdraws: everything but what the person gave, and how much that was."""

import json
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

WITHDRAWN = "withdrawn"  # stands where a log named the person


class Cleaned(Struct, frozen=True, kw_only=True):
    """The content of a file without a person."""

    data: bytes
    removed: int  # lines, entries or mentions


class Tombstone(Struct, frozen=True, kw_only=True):
    """What remains of a withdrawal: how much was erased, and when, but not whose it was."""

    time: str  # ISO 8601, UTC
    annotations: int  # lines of the ledger
    adjudications: int
    keys: int  # entries of key files
    backups: int  # files of backups that were changed


def without_lines(data: bytes, field: str, pseudonym: str) -> Cleaned:
    """JSON lines without those whose field names the person; a torn line that may be the person's goes too."""
    kept, removed = [], 0
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        if _is_of(line, field, pseudonym):
            removed += 1
        else:
            kept.append(line + b"\n")
    return Cleaned(data=b"".join(kept), removed=removed)


def _is_of(line: bytes, field: str, pseudonym: str) -> bool:
    try:
        return bool(json.loads(line).get(field) == pseudonym)
    except (ValueError, AttributeError):
        return pseudonym.encode() in line


def without_key(data: bytes, pseudonym: str) -> Cleaned:
    """A key file without the person: an entry of ``annotators`` under the name, or one of ``people`` with it."""
    file = json.loads(data)
    removed = 0
    if isinstance(file.get("annotators"), dict) and pseudonym in file["annotators"]:
        del file["annotators"][pseudonym]
        removed += 1
    if isinstance(file.get("people"), list):
        kept = [person for person in file["people"] if person.get("pseudonym") != pseudonym]
        removed += len(file["people"]) - len(kept)
        file["people"] = kept
    text = json.dumps(file, ensure_ascii=False, indent=1) + "\n"
    return Cleaned(data=text.encode() if removed else data, removed=removed)


def without_mentions(data: bytes, pseudonym: str) -> Cleaned:
    """JSON lines of a log in which every mention of the person says that somebody withdrew."""
    word = re.compile(rf"(?<![a-z0-9-]){re.escape(pseudonym)}(?![a-z0-9-])")
    lines, removed = [], 0
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        found = len(word.findall(line.decode("utf-8", "replace")))
        removed += found
        lines.append(json.dumps(_redacted(json.loads(line), word), ensure_ascii=False).encode() if found else line)
    return Cleaned(data=b"".join(line + b"\n" for line in lines), removed=removed)


def _redacted(value: Any, word: re.Pattern[str]) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, str):
        return word.sub(WITHDRAWN, value)
    if isinstance(value, list):
        return [_redacted(each, word) for each in value]
    if isinstance(value, dict):
        return {word.sub(WITHDRAWN, key): _redacted(each, word) for key, each in value.items()}
    return value


def people_in(data: bytes, fields: Sequence[str]) -> set[str]:
    """The people whom JSON lines name in these fields."""
    found = set()
    for line in data.split(b"\n"):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            found |= {str(row[field]) for field in fields if row.get(field)}
    return found
