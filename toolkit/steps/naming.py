"""Who is behind a pseudonym: a key file of mode 600 beside what the pseudonyms stand in."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.exchange.submissions import is_plain_name
from toolkit.files import read_json, write_json
from toolkit.labels.erasure import NO_TOMBSTONES, Tombstones


class Person(Struct, frozen=True, kw_only=True):
    """Whoever answers, as the source and as we call them."""

    pseudonym: str
    account: str  # as the source says it: "account 27", a name, an address
    server: str = ""  # of the account; "": the source does not say
    email: str = ""


class NamesFile(Struct, frozen=True, kw_only=True):
    """The key file."""

    schema: int = 1
    people: tuple[Person, ...] = ()


class Names:
    """Names from outside as pseudonyms; the same person has the same one whenever the source is read again.

    What is written like a pseudonym stays; an account, a full name or an address becomes ``person-1``, ``person-2``, …
    """

    def __init__(self, path: Path, prefix: str, server: str, emails: Mapping[str, str]) -> None:
        self._path = path
        self._prefix = prefix
        self.server = server
        self._emails = emails
        self._people = {(person.server, person.account): person for person in _read(path).people}
        self._reserved: set[str] = set()
        self._tombstones = NO_TOMBSTONES
        self.used: dict[str, str] = {}  # as the source says it -> pseudonym

    def know(self, accounts: Mapping[str, str]) -> None:
        """Take the pseudonyms of accounts from elsewhere."""
        self.used.update(accounts)

    def reserve(self, names: Iterable[str]) -> None:
        """Give none of these names to anybody else: they stand in the source already."""
        self._reserved |= {name for name in names if is_plain_name(name)}

    def avoid(self, tombstones: Tombstones) -> None:
        """Give nobody the name of somebody who withdrew."""
        self._tombstones = tombstones

    def name_of(self, account: str) -> str:
        """The pseudonym of whoever answered."""
        if account not in self.used:
            self.used[account] = account if is_plain_name(account) else self._pseudonym(account)
        return self.used[account]

    def _pseudonym(self, account: str) -> str:
        key = self.server, account
        if key not in self._people:
            taken = {*self._reserved, *self.used.values(), *(person.pseudonym for person in self._people.values())}
            free = (name for name in _unused(self._prefix, taken) if not self._tombstones.hold_name(name))
            name = next(free)
            email = self._emails.get(account, "")
            self._people[key] = Person(pseudonym=name, account=account, server=self.server, email=email)
        return self._people[key].pseudonym

    def save(self) -> bool:
        """Write the key file, if it has anything to say; whether there is one."""
        if self._people:
            write_json(self._path, NamesFile(people=tuple(self._people.values())), mode=0o600)
        return bool(self._people)


def _read(path: Path) -> NamesFile:
    if not path.exists():
        return NamesFile()
    try:
        return msgspec.convert(read_json(path), NamesFile)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; restore the file, or move it away to have new pseudonyms made") from error


def _unused(prefix: str, taken: Iterable[str]) -> Iterator[str]:
    names = set(taken)
    return (name for name in (f"{prefix}-{n}" for n in itertools.count(1)) if name not in names)
