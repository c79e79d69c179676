"""Lookup of the outlet that published an article, by name or alias and by date."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from toolkit.errors import ConfigError

_COLUMNS = ("id", "aliases", "country", "language", "valid_from", "valid_to")


class Outlet(Struct, frozen=True, kw_only=True):
    """One row of the outlet table, with the period in which it is valid."""

    id: str
    country: str | None = None
    language: str | None = None
    valid_from: str = ""  # ISO date; empty: unbounded
    valid_to: str = ""  # last valid day; empty: unbounded

    def on(self, day: str | None) -> bool:
        """Return whether the row is valid on a day; without a day, every row is."""
        return not day or (self.valid_from <= day[:10] and (not self.valid_to or day[:10] <= self.valid_to))


class Outlets(Struct, frozen=True, kw_only=True):
    """The outlet table, indexed by name and alias."""

    by_name: dict[str, tuple[Outlet, ...]] = {}


def outlets_of(rows: Iterable[Mapping[str, str]]) -> Outlets:
    """Build the outlet table; semicolons separate aliases.

    Raises:
        ConfigError: a column is missing, or two outlets share a name on the same day.
    """
    by_name: dict[str, tuple[Outlet, ...]] = {}
    for row in rows:
        if absent := [name for name in _COLUMNS if name not in row]:
            raise ConfigError(f"outlets: no column {absent[0]!r}; needed are {', '.join(_COLUMNS)}")
        outlet = Outlet(
            id=row["id"],
            country=row["country"] or None,
            language=row["language"] or None,
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )
        for name in {_key(name) for name in (row["id"], *row["aliases"].split(";")) if name.strip()}:
            by_name[name] = (*_checked(by_name.get(name, ()), outlet, name), outlet)
    return Outlets(by_name=by_name)


def find_outlet(names: Iterable[str | None], day: str | None, outlets: Outlets) -> Outlet | None:
    """Return the outlet of the first name that identifies exactly one on a day; None if no name does.

    >>> row = {"id": "post", "aliases": "The Post", "country": "XS", "language": "en", "valid_from": "", "valid_to": ""}
    >>> table = outlets_of([row])
    >>> find_outlet([None, " the post "], "2024-05-01", table).id
    'post'
    """
    for name in names:
        fitting = [outlet for outlet in outlets.by_name.get(_key(name or ""), ()) if outlet.on(day)]
        if len({outlet.id for outlet in fitting}) == 1:
            return fitting[-1]
    return None


def _checked(outlets: tuple[Outlet, ...], new: Outlet, name: str) -> tuple[Outlet, ...]:
    for old in outlets:
        apart = (old.valid_to and new.valid_from > old.valid_to) or (new.valid_to and old.valid_from > new.valid_to)
        if not apart and old.id != new.id:
            raise ConfigError(f"outlets: {name!r} means {old.id!r} and {new.id!r} on the same day; give them dates")
    return outlets


def _key(name: str) -> str:
    return " ".join(name.replace("’", "'").split()).casefold()
