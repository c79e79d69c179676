"""Who a person is: pseudonyms, key files, the accounts that are known, and who withdrew.

A pseudonym stands in ledgers and datasets; who is behind it stands in key files of mode 600 alone. Of people who
withdrew only salted hashes are kept, by which they are recognised when their answers come again.
"""

import functools
import hashlib
import itertools
import json
import logging
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct, field

from toolkit.errors import DataError
from toolkit.files import append_jsonl, read_json, read_jsonl, write_json
from toolkit.records import Annotator

WITHDRAWN = "withdrawn"  # stands where a person was named who withdrew
ERASURE_RECORDS = "withdrawals.jsonl"  # of a campaign
# Domains that can never receive mail. What an account is stands in its address, so that the server itself remembers.
PEOPLE = "annotators.invalid"
SIMULATED = "simulated.invalid"

_LOG = logging.getLogger(__name__)
K = TypeVar("K", bound=Struct)

# --- pseudonyms ------------------------------------------------------------------------------------------------------

_PSEUDONYM = re.compile(r"[a-z0-9][a-z0-9_-]*")


def is_pseudonym(name: str) -> bool:
    """Whether a name is written like a pseudonym: small letters, digits, hyphens and underscores.

    >>> is_pseudonym("rater-2"), is_pseudonym("Ann Ode"), is_pseudonym("ann@studio.example")
    (True, False, False)
    """
    return _PSEUDONYM.fullmatch(name) is not None


def mention_of(pseudonym: str) -> re.Pattern[str]:
    """A pattern for the pseudonym as a whole name: ``ann`` is neither in ``ann_2``, ``ann-2``, ``ann.b`` nor ``Ann``.

    >>> mention_of("ann").sub("X", "ann, ann_2, ann-2, ann.b, Ann, joann, ann@annotators.invalid, out/ann.xlsx: ann.")
    'X, ann_2, ann-2, ann.b, Ann, joann, X@annotators.invalid, out/X.xlsx: X.'
    """
    suffix = r"(?!\.(?:csv|tsv|xlsx|jsonl?|txt|html|parquet|gz|md|log)\b)"  # of a file that is named for the person
    return re.compile(rf"(?<![\w-])(?<!\w\.){re.escape(pseudonym)}(?![\w-])(?!{suffix}\.\w)")


# --- key files -------------------------------------------------------------------------------------------------------


class Account(Struct, frozen=True, kw_only=True):
    """What it takes to act as somebody on the server."""

    email: str
    password: str
    token: str = ""  # empty until the server has given one
    user_id: int | None = None
    languages: tuple[str, ...] = ()
    locked: bool = False  # locked out for good


class Keys(Struct, frozen=True, kw_only=True):
    """All accounts that the toolkit made on a server: a file of mode 600."""

    admin: Account | None = None  # None on a server of the user's own
    annotators: dict[str, Account] = {}  # by pseudonym


class KnownPerson(Struct, frozen=True, kw_only=True):
    """Whoever answered in a file, as the file and as the toolkit calls them."""

    pseudonym: str
    account: str  # as the source has it: "account 27", a name, an address
    server: str = ""  # of the account; "": the source does not say
    email: str = ""


class SourceKeys(Struct, frozen=True, kw_only=True):
    """The key file of answers that came by file."""

    schema: int = 1
    people: tuple[KnownPerson, ...] = ()


class PulledKeys(Struct, frozen=True, kw_only=True):
    """``keys.json`` of a campaign: who is behind the pseudonyms that pulls gave."""

    pseudonyms: dict[str, str] = {}  # e-mail address -> pseudonym
    addresses: dict[str, str] = {}  # number of the account -> its address, which the server hides once it is locked


def read_keys(path: Path) -> Keys:
    """The keys in a file; none where there is no such file. A file that others may read is closed to them, and logged.

    Raises:
        DataError: the file holds something else.
    """
    if not path.exists():
        return Keys()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
        _LOG.warning("%s: others could read the passwords in it; it has mode 600 now", path)
    return _key_file(path, Keys, "delete it to have new accounts made")


def write_keys(path: Path, keys: Keys | SourceKeys | PulledKeys) -> None:
    """Write a key file so that nobody else can read it."""
    write_json(path, keys, mode=0o600)


def read_pulled_keys(path: Path) -> PulledKeys:
    """The people whom pulls of a campaign have named; none where there is no such file.

    Raises:
        DataError: the file holds something else.
    """
    if not path.exists():
        return PulledKeys()
    keys = _key_file(path, PulledKeys, "move it away to have new pseudonyms made")
    return PulledKeys(
        pseudonyms={email.casefold(): name for email, name in keys.pseudonyms.items()}, addresses=keys.addresses
    )


def named_accounts(path: Path) -> dict[int, str]:
    """The pseudonyms that pulls gave to accounts, by the number of the account on the server."""
    keys = read_pulled_keys(path)
    return {
        int(number): keys.pseudonyms[address.casefold()]
        for number, address in keys.addresses.items()
        if address.casefold() in keys.pseudonyms
    }


def _key_file(path: Path, kind: type[K], remedy: str) -> K:
    try:
        return msgspec.convert(read_json(path), kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; restore the file, or {remedy}") from error


# --- who withdrew ----------------------------------------------------------------------------------------------------


class ErasureRecord(Struct, frozen=True, kw_only=True):
    """What remains of a withdrawal: how much was erased, and when, but not whose it was.

    The hashed ids are salted hashes of the person's names, addresses and accounts: whoever has one of these, as a pull
    has them, can tell that it is the person's; from the hashes alone none of them can be read.
    """

    time: str  # ISO 8601, UTC
    annotations: int  # lines of the ledger
    adjudications: int
    keys: int  # entries of key files
    backups: int  # files of backups that were changed
    rows: int = 0  # of a table of votes, or its cells where each annotator has a column
    salt: str = ""
    hashed_ids: tuple[str, ...] = field(default=(), name="marks")


def account_id(server: str, number: int) -> str:
    """An account of a server, as something to be hashed."""
    return f"account\n{server}\n{number}"


def address_id(email: str) -> str:
    """An e-mail address, whatever its capitals, as something to be hashed."""
    return f"address\n{email.strip().casefold()}"


def name_id(name: str) -> str:
    """A pseudonym, or another name by which a source calls a person, as something to be hashed.

    Capitals do not matter in a full name; they do in a single word, where ``Ann`` may be another person than ``ann``.
    """
    plain = name.strip()
    return f"name\n{plain if is_pseudonym(plain.casefold()) else plain.casefold()}"


@functools.lru_cache(maxsize=4096)
def hashed_id(identity: str, salt: str) -> str:
    """The hash of an id: slow on purpose, some ten milliseconds, so that names are not found by trying many."""
    return hashlib.scrypt(identity.encode(), salt=bytes.fromhex(salt), n=1 << 12, r=8, p=1, dklen=16).hex()


class ErasureRecords:
    """All that the records of erasures say about who withdrew."""

    def __init__(self, records: Iterable[ErasureRecord] = ()) -> None:
        """Those of these records; one that was made without hashes says nothing."""
        self._hashed: dict[str, set[str]] = {}
        for record in records:
            if record.salt:
                self._hashed.setdefault(record.salt, set()).update(record.hashed_ids)

    @property
    def salt(self) -> str | None:
        """The salt for a further record: with one salt for all an id is hashed only once."""
        return next(iter(self._hashed), None)

    def has(self, *identities: str) -> bool:
        """Whether one of these ids is that of somebody who withdrew."""
        return any(
            hashed_id(identity, salt) in hashed for salt, hashed in self._hashed.items() for identity in identities
        )

    def has_name(self, name: str) -> bool:
        """Whether somebody of that name withdrew."""
        return self.has(name_id(name))

    def has_account(self, server: str, number: int, email: str) -> bool:
        """Whether an account is that of somebody who withdrew; an address that is not known is ""."""
        return self.has(account_id(server, number), *([address_id(email)] if email else []))


NO_ERASURE_RECORDS = ErasureRecords()


def erasure_records_in(path: Path) -> list[ErasureRecord]:
    """The records of erasures in a file; none where there is no such file."""
    return read_jsonl(path, ErasureRecord) if path.exists() else []


def read_erasure_records(path: Path) -> ErasureRecords:
    """What the records of erasures in a file say about who withdrew."""
    return ErasureRecords(erasure_records_in(path))


def erasure_records_of(path: Path, name: str) -> list[ErasureRecord]:
    """The records in a file that are of the person of that name."""
    return [record for record in erasure_records_in(path) if ErasureRecords([record]).has_name(name)]


def erasure_records_of_table(table: Path) -> Path:
    """Where the records of erasures of a table lie."""
    return table.with_name(f"{table.stem}.{ERASURE_RECORDS}")


def hash_ids(identities: Iterable[str], others: Iterable[ErasureRecord]) -> tuple[str, tuple[str, ...]]:
    """The salt and the hashed ids of a further record.

    Args:
        identities: of the person.
        others: the records that are in the same file.
    """
    salt = ErasureRecords(others).salt or secrets.token_hex(16)
    return salt, tuple(sorted(hashed_id(identity, salt) for identity in identities))


class WithdrawnPeople:
    """Tells of whoever answered, as a source calls them, whether that is somebody who withdrew."""

    def __init__(self, records: ErasureRecords, server: str) -> None:
        """By these records.

        Args:
            records: of those who withdrew.
            server: whose accounts the source numbers; "": unknown.
        """
        self._records = records
        self._server = server
        self._has: dict[str, bool] = {}

    def has(self, annotator: str) -> bool:
        """Whether it is."""
        if annotator not in self._has:
            self._has[annotator] = self._records.has(*_ids_of_source_name(annotator, self._server))
        return self._has[annotator]


def _ids_of_source_name(annotator: str, server: str) -> list[str]:
    account = re.fullmatch(r"account (\S+)", annotator)
    if account is None:
        return [name_id(annotator), address_id(annotator)]
    if not account[1].isdecimal():
        return [address_id(account[1])]
    return [account_id(server, int(account[1]))] if server else []


# --- a person in key files -------------------------------------------------------------------------------------------


def ids_in_key_file(path: Path, pseudonym: str, server: str) -> set[str]:
    """What a key file of any kind knows of a person: addresses, accounts and other names, as ids to be hashed.

    Args:
        path: the key file.
        pseudonym: whose.
        server: whose accounts the file numbers; "": unknown, and their numbers mean nothing.
    """
    file = _loose_keys(path)
    account = (file.get("annotators") or {}).get(pseudonym) or {}
    emails = {email for email, name in (file.get("pseudonyms") or {}).items() if name == pseudonym}
    numbers = {number for number, email in (file.get("addresses") or {}).items() if email in emails}
    emails |= {account["email"]} if account.get("email") else set()
    numbers |= {account["user_id"]} if account.get("user_id") is not None else set()
    ids = {account_id(server, int(number)) for number in numbers} if server else set()
    for person in file.get("people") or []:
        if person.get("pseudonym") == pseudonym:
            ids |= _ids_of(msgspec.convert(person, KnownPerson))
    return ids | {address_id(email) for email in emails}


def _ids_of(person: KnownPerson) -> set[str]:
    number = person.account.removeprefix("account ")
    ids = {name_id(person.account)} if person.account and not number.isdecimal() else set()
    if person.server and number.isdecimal():
        ids.add(account_id(person.server, int(number)))
    return ids | ({address_id(person.email)} if person.email else set())


def key_file_without(path: Path, pseudonym: str) -> tuple[bytes, int]:
    """The content of a key file of any kind without a person, and the number of entries that were removed."""
    file = _loose_keys(path)
    names = file.get("pseudonyms") or {}
    emails = {email for email, name in names.items() if name == pseudonym}
    people = file.get("people") or []
    left = [person for person in people if person.get("pseudonym") != pseudonym]
    removed = len(emails) + len(people) - len(left)
    if emails:
        file["pseudonyms"] = {email: name for email, name in names.items() if email not in emails}
        numbers = file.get("addresses") or {}
        file["addresses"] = {number: email for number, email in numbers.items() if email not in emails}
    if len(left) < len(people):
        file["people"] = left
    if pseudonym in (file.get("annotators") or {}):
        del file["annotators"][pseudonym]
        removed += 1
    text = json.dumps(file, ensure_ascii=False, indent=1) + "\n"
    return (text.encode() if removed else path.read_bytes()), removed


def _loose_keys(path: Path) -> dict[str, Any]:
    file = read_json(path)
    if not isinstance(file, dict):
        raise DataError(f"{path}: no key file; restore it, or move it away")
    return file


# --- names for people ------------------------------------------------------------------------------------------------


def _unused(prefix: str, taken: Iterable[str], records: ErasureRecords) -> str:
    """The first name that nobody has and nobody had who withdrew."""
    names = set(taken)
    numbered = (f"{prefix}-{number}" for number in itertools.count(1))
    return next(name for name in numbered if name not in names and not records.has_name(name))


class SourceNames:
    """People in files as pseudonyms; the same person has the same one whenever a file is read again.

    What is written like a pseudonym stays; an account, a full name or an address becomes ``person-1``, ``person-2``, …
    """

    def __init__(self, path: Path, prefix: str, server: str, emails: Mapping[str, str]) -> None:
        self._path = path
        self._prefix = prefix
        self.server = server
        self._emails = emails
        keys = (
            _key_file(path, SourceKeys, "move it away to have new pseudonyms made") if path.exists() else SourceKeys()
        )
        self._people = {(person.server, person.account): person for person in keys.people}
        self._reserved: set[str] = set()
        self._records = NO_ERASURE_RECORDS
        self.used: dict[str, str] = {}  # as the source has it -> pseudonym

    def know(self, accounts: Mapping[str, str]) -> None:
        """Use these pseudonyms of accounts."""
        self.used.update(accounts)

    def reserve(self, names: Iterable[str]) -> None:
        """Give none of these names to anybody else: they stand in the source already."""
        self._reserved |= {name for name in names if is_pseudonym(name)}

    def avoid(self, records: ErasureRecords) -> None:
        """Give nobody the name of somebody who withdrew."""
        self._records = records

    def name_of(self, account: str) -> str:
        """The pseudonym of whoever answered."""
        if account not in self.used:
            self.used[account] = account if is_pseudonym(account) else self._pseudonym(account)
        return self.used[account]

    def _pseudonym(self, account: str) -> str:
        key = self.server, account
        if key not in self._people:
            taken = {*self._reserved, *self.used.values(), *(person.pseudonym for person in self._people.values())}
            name = _unused(self._prefix, taken, self._records)
            email = self._emails.get(account, "")
            self._people[key] = KnownPerson(pseudonym=name, account=account, server=self.server, email=email)
        return self._people[key].pseudonym

    def save(self) -> bool:
        """Write the key file, if it has any entry; whether there is one."""
        if self._people:
            write_keys(self._path, SourceKeys(people=tuple(self._people.values())))
        return bool(self._people)


class AccountNames:
    """Accounts of a server as pseudonyms; new ones are remembered in the campaign's key file."""

    def __init__(self, directory: Path, keys_file: Path) -> None:
        """Those of a campaign.

        Args:
            directory: of the campaign's files.
            keys_file: of the accounts that the toolkit made on the server.
        """
        self._path = directory / "keys.json"
        self._annotators = directory / "annotators.jsonl"
        self._records = read_erasure_records(directory / ERASURE_RECORDS)
        # The server and people write an address in capitals or not as they like.
        own = read_keys(keys_file).annotators
        # The same server reached by another address has another key file, and people keep their names.
        others = [read_keys(path) for path in sorted(keys_file.parent.glob("keys*.json")) if path != keys_file]
        self._others = {a.email.casefold(): name for keys in others for name, a in keys.annotators.items()}
        self._own = {account.email.casefold(): name for name, account in own.items()}
        self._hidden = {str(account.user_id): account.email for account in own.values()}
        keys = read_pulled_keys(self._path)
        self._remembered = dict(keys.pseudonyms)
        self._addresses = dict(keys.addresses)
        self._used: dict[str, Literal["human", "simulated"]] = {}
        self._saved = 0

    def known_name(self, user_id: int, email: str) -> str | None:
        """The pseudonym of an account that has one, by its number and address on the server."""
        address = self._address(user_id, email)
        return self._own.get(address) or self._remembered.get(address) or self._others.get(address)

    def _address(self, user_id: int, email: str) -> str:
        number = str(user_id)
        return (email or self._hidden.get(number) or self._addresses.get(number) or f"account {user_id}").casefold()

    def pseudonym_of(self, user_id: int, email: str) -> str:
        """The pseudonym of an account, by its number and address on the server."""
        number, email = str(user_id), self._address(user_id, email)
        name = self.known_name(user_id, email)
        if name is None:
            taken = {*self._own.values(), *self._remembered.values(), *self._others.values()}
            name = _unused("person", taken, self._records)
            self._remembered[email] = name
        if email in self._remembered:
            self._addresses[number] = email
        self._used[name] = "simulated" if email.endswith(f"@{SIMULATED}") else "human"
        return name

    def save(self) -> None:
        """Remember the new names, and who answers, before their answers are written."""
        if self._saved < len(self._used):
            if self._remembered:
                write_keys(self._path, PulledKeys(pseudonyms=self._remembered, addresses=self._addresses))
            rows = read_jsonl(self._annotators, Annotator) if self._annotators.exists() else []
            named = {row.pseudonym for row in rows}
            new = [
                Annotator(pseudonym=name, kind=kind) for name, kind in sorted(self._used.items()) if name not in named
            ]
            append_jsonl(self._annotators, new)
            self._saved = len(self._used)
        self._annotators.parent.mkdir(parents=True, exist_ok=True)
        self._annotators.touch()
