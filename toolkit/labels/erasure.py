"""What is left of files when a person withdraws: everything but what the person gave, and how much that was."""

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

WITHDRAWN = "withdrawn"  # stands where a log named the person


class Cleaned(Struct, frozen=True, kw_only=True):
    """The content of a file without a person."""

    data: bytes
    removed: int  # lines, entries or mentions
    redacted: int = 0  # flags on what others gave that named the person


class Tombstone(Struct, frozen=True, kw_only=True):
    """What remains of a withdrawal: how much was erased, and when, but not whose it was.

    The marks are salted hashes of the person's names, addresses and accounts: with one of these in hand, as a pull has
    them, it can be told that it is the person's; from the marks alone none of them can be read.
    """

    time: str  # ISO 8601, UTC
    annotations: int  # lines of the ledger
    adjudications: int
    keys: int  # entries of key files
    backups: int  # files of backups that were changed
    rows: int = 0  # of a table of votes, or its cells where each annotator has a column
    salt: str = ""
    marks: tuple[str, ...] = ()


# --- who it was, for those who know already ---------------------------------------------------------------------------


def account_trace(server: str, number: int) -> str:
    """An account of a server, as something to be marked."""
    return f"account\n{server}\n{number}"


def address_trace(email: str) -> str:
    """An e-mail address, whatever its capitals."""
    return f"address\n{email.strip().casefold()}"


def name_trace(name: str) -> str:
    """A pseudonym, or another name by which a source calls whoever answered."""
    return f"name\n{name.strip().casefold()}"


@functools.lru_cache(maxsize=4096)
def mark_of(trace: str, salt: str) -> str:
    """The mark of a trace: slow on purpose, some ten milliseconds, so that names are not found by trying many."""
    return hashlib.scrypt(trace.encode(), salt=bytes.fromhex(salt), n=1 << 12, r=8, p=1, dklen=16).hex()


class Tombstones:
    """All that tombstones say about who withdrew."""

    def __init__(self, tombstones: Iterable[Tombstone] = ()) -> None:
        """Those of these tombstones; one that was made without marks tells nothing."""
        self._marks: dict[str, set[str]] = {}
        for each in tombstones:
            if each.salt:
                self._marks.setdefault(each.salt, set()).update(each.marks)

    @property
    def salt(self) -> str | None:
        """The salt for a further tombstone: one salt for all, and each trace need be marked only once."""
        return next(iter(self._marks), None)

    def hold(self, *traces: str) -> bool:
        """Whether one of these is a trace of somebody who withdrew."""
        return any(mark_of(trace, salt) in marks for salt, marks in self._marks.items() for trace in traces)

    def hold_name(self, name: str) -> bool:
        """Whether somebody of that name withdrew."""
        return self.hold(name_trace(name))

    def hold_account(self, server: str, number: int, email: str) -> bool:
        """Whether an account is one of somebody who withdrew; an address that is not known is ""."""
        return self.hold(account_trace(server, number), *([address_trace(email)] if email else []))


NO_TOMBSTONES = Tombstones()


# --- what is left of files -------------------------------------------------------------------------------------------


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


def without_annotations(data: bytes, field: str, pseudonym: str) -> Cleaned:
    """A ledger without the person's lines; in flags on the lines of others stands that somebody withdrew."""
    cleaned = without_lines(data, field, pseudonym)
    word, redacted, lines = _word(pseudonym), 0, []
    for line in cleaned.data.split(b"\n")[:-1]:
        if pseudonym.encode() in line:
            row = json.loads(line)
            flags = _redacted(row.get("flags", []), word)
            if flags != row.get("flags", []):
                redacted += 1
                line = json.dumps({**row, "flags": flags}, ensure_ascii=False, separators=(",", ":")).encode()
        lines.append(line + b"\n")
    return Cleaned(data=b"".join(lines), removed=cleaned.removed, redacted=redacted)


def _word(pseudonym: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9-]){re.escape(pseudonym)}(?![a-z0-9-])")


def _is_of(line: bytes, field: str, pseudonym: str) -> bool:
    try:
        return bool(json.loads(line).get(field) == pseudonym)
    except (ValueError, AttributeError):
        return pseudonym.encode() in line


def without_key(data: bytes, pseudonym: str) -> Cleaned:
    """A key file without the person: entries of ``annotators``, ``people`` and ``pseudonyms``, and their addresses."""
    file = json.loads(data)
    removed = _remove_addresses(file, pseudonym)
    if isinstance(file.get("annotators"), dict) and pseudonym in file["annotators"]:
        del file["annotators"][pseudonym]
        removed += 1
    if isinstance(file.get("people"), list):
        kept = [person for person in file["people"] if person.get("pseudonym") != pseudonym]
        removed += len(file["people"]) - len(kept)
        file["people"] = kept
    text = json.dumps(file, ensure_ascii=False, indent=1) + "\n"
    return Cleaned(data=text.encode() if removed else data, removed=removed)


def _remove_addresses(file: dict[str, Any], pseudonym: str) -> int:
    names = file.get("pseudonyms")
    gone = {email for email, name in names.items() if name == pseudonym} if isinstance(names, dict) else set()
    if gone:
        file["pseudonyms"] = {email: name for email, name in file["pseudonyms"].items() if email not in gone}
        numbers = file.get("addresses") or {}
        file["addresses"] = {number: email for number, email in numbers.items() if email not in gone}
    return len(gone)


def traces_in(data: bytes, pseudonym: str, server: str) -> set[str]:
    """What a key file knows of a person: addresses, accounts and other names.

    Args:
        data: the file.
        pseudonym: whose traces are wanted.
        server: whose accounts the file numbers; "": their numbers mean nothing here.
    """
    file = json.loads(data)
    account = (file.get("annotators") or {}).get(pseudonym) or {}
    emails = {email for email, name in (file.get("pseudonyms") or {}).items() if name == pseudonym}
    numbers = {number for number, email in (file.get("addresses") or {}).items() if email in emails}
    emails |= {account["email"]} if account.get("email") else set()
    numbers |= {account["user_id"]} if account.get("user_id") is not None else set()
    found = {account_trace(server, int(number)) for number in numbers} if server else set()
    for person in file.get("people") or []:
        if person.get("pseudonym") == pseudonym:
            found |= _traces_of(person)
    return found | {address_trace(email) for email in emails}


def _traces_of(person: dict[str, Any]) -> set[str]:
    account, number = str(person.get("account", "")), str(person.get("account", "")).removeprefix("account ")
    found = {name_trace(account)} if account and not number.isdecimal() else set()
    if person.get("server") and number.isdecimal():
        found.add(account_trace(person["server"], int(number)))
    return found | ({address_trace(person["email"])} if person.get("email") else set())


def without_mentions(data: bytes, pseudonym: str) -> Cleaned:
    """JSON lines of a log in which every mention of the person says that somebody withdrew."""
    word = _word(pseudonym)
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
