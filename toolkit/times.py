"""Times: UTC in, UTC out, ISO 8601 with microseconds and a final ``Z``.

A time without a zone is UTC, wherever it comes from: an export, a table, a server, a file of our own.
"""

import datetime

from toolkit.errors import DataError


def now() -> str:
    """The present moment.

    >>> now()[-1], len(now())
    ('Z', 27)
    """
    return format_utc(datetime.datetime.now(datetime.UTC))


def format_utc(moment: datetime.datetime) -> str:
    """A moment as ISO 8601 in UTC; one without a zone is UTC already.

    >>> format_utc(datetime.datetime(2024, 7, 3, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2))))
    '2024-07-03T10:00:00.000000Z'
    >>> format_utc(datetime.datetime(2024, 7, 3, 12))
    '2024-07-03T12:00:00.000000Z'
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return aware.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_utc(text: str) -> str | None:
    """A time or date in ISO 8601 as UTC; None where it is neither.

    >>> parse_utc("2024-07-03T12:00:00+02:00"), parse_utc("2024-07-03 12:00"), parse_utc("yesterday")
    ('2024-07-03T10:00:00.000000Z', '2024-07-03T12:00:00.000000Z', None)
    """
    try:
        return format_utc(datetime.datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def moment(text: str) -> datetime.datetime:
    """A time or date in ISO 8601 as a moment in UTC.

    >>> moment("2024-07-03T12:00:00+02:00") == moment("2024-07-03 10:00") == moment("2024-07-03T10:00:00Z")
    True

    Raises:
        DataError: it is neither.
    """
    utc_text = parse_utc(text)
    if utc_text is None:
        raise DataError(f"{text!r} is no time; 2024-07-03T10:00:00Z is one")
    return datetime.datetime.fromisoformat(utc_text)


def utc(text: str) -> str:
    """A time or date in ISO 8601 as this module writes it.

    >>> utc("2026-03-01T12:00:00+02:00")
    '2026-03-01T10:00:00.000000Z'

    Raises:
        DataError: it is neither.
    """
    return format_utc(moment(text))


def timestamp(text: str) -> float | None:
    """The seconds since 1970 at a time or date in ISO 8601; None where it is neither.

    >>> timestamp("1970-01-01T01:00:00"), timestamp("1970-01-02"), timestamp("soon")
    (3600.0, 86400.0, None)
    """
    return None if parse_utc(text) is None else moment(text).timestamp()
