"""The tombstones of people who withdrew, and what is left out because of them."""

import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from toolkit.exchange.submissions import Submission
from toolkit.files import read_jsonl
from toolkit.labels.erasure import Tombstone, Tombstones, account_trace, address_trace, mark_of, name_trace

TOMBSTONES = "withdrawals.jsonl"  # of a campaign
_ACCOUNT = re.compile(r"account (\S+)")


def tombstones_in(path: Path) -> list[Tombstone]:
    """The tombstones in a file; none where there is no such file."""
    return read_jsonl(path, Tombstone) if path.exists() else []


def read_tombstones(path: Path) -> Tombstones:
    """What the tombstones in a file say about who withdrew."""
    return Tombstones(tombstones_in(path))


def marked(traces: Iterable[str], others: Iterable[Tombstone]) -> tuple[str, tuple[str, ...]]:
    """The salt and the marks of a further tombstone.

    Args:
        traces: of the person.
        others: the tombstones beside which it will stand.
    """
    salt = Tombstones(others).salt or secrets.token_hex(16)
    return salt, tuple(sorted(mark_of(trace, salt) for trace in traces))


def beside_table(table: Path) -> Path:
    """Where the tombstones of a table lie."""
    return table.with_name(f"{table.stem}.{TOMBSTONES}")


class Withdrawn:
    """Tells of whoever answered, as a source says it, whether that is somebody who withdrew."""

    def __init__(self, tombstones: Tombstones, server: str) -> None:
        """By these tombstones.

        Args:
            tombstones: of those who withdrew.
            server: whose accounts the source numbers; "": not known.
        """
        self._tombstones = tombstones
        self._server = server
        self._known: dict[str, bool] = {}

    def has(self, annotator: str) -> bool:
        """Whether it is."""
        if annotator not in self._known:
            self._known[annotator] = self._tombstones.hold(*_traces(annotator, self._server))
        return self._known[annotator]


def without_withdrawn(submissions: Iterable[Submission], withdrawn: Withdrawn) -> tuple[list[Submission], int]:
    """The submissions without those of people who withdrew, and how many these are."""
    everything = list(submissions)
    kept = [each for each in everything if not withdrawn.has(each.annotator)]
    return kept, len(everything) - len(kept)


def _traces(annotator: str, server: str) -> Sequence[str]:
    found = _ACCOUNT.fullmatch(annotator)
    if found is None:
        return [name_trace(annotator), address_trace(annotator)]
    if not found[1].isdecimal():
        return [address_trace(found[1])]
    return [account_trace(server, int(found[1]))] if server else []
