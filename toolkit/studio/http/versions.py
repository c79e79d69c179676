"""Which Label Studio stands there, and what is said where it is not the one that this was tested with."""

import re

from toolkit.errors import StudioError

TESTED = (1, 23)
_NAMED = ".".join(map(str, TESTED))


def refuse_older(url: str, release: str) -> None:
    """Refuse a server that lacks what push and pull rest on.

    Raises:
        StudioError: it is older than the one that this was tested with.
    """
    if _parts(release) < TESTED:
        raise StudioError(
            f"{url}: Label Studio {release} is older than {_NAMED}, which this needs, and nothing was changed; upgrade "
            "it (back up first), or export its votes as JSON and bring them in by `stance pull CAMPAIGN --from FILE`"
        )


def doubt_about(url: str, release: str) -> str:
    """What to bear in mind about a server of another version; "" where there is nothing.

    >>> doubt_about("http://studio.example", "1.23.2")
    ''
    >>> doubt_about("http://studio.example", "1.24.0")
    'http://studio.example is Label Studio 1.24.0 and this was tested with 1.23: compare the number of votes there'
    """
    if _parts(release) == TESTED:
        return ""
    said = f"Label Studio {release}" if release else "a Label Studio that does not say its version"
    return f"{url} is {said} and this was tested with {_NAMED}: compare the number of votes there"


def _parts(release: str) -> tuple[int, ...]:
    """The first two numbers of a version; of one that cannot be read, as if it were later than any."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return tuple(map(int, found.groups())) if found else (10**6, 0)
