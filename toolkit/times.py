"""Times: UTC in, UTC out, ISO 8601 with microseconds and a final ``Z``.

A time without a zone is UTC, wherever it comes from: an export, a table, a server, a file of our own.
"""

import datetime


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


def timestamp(text: str) -> float | None:
    """The seconds since 1970 at a time or date in ISO 8601; None where it is neither.

    >>> timestamp("1970-01-01T01:00:00"), timestamp("1970-01-02"), timestamp("soon")
    (3600.0, 86400.0, None)
    """
    utc = parse_utc(text)
    return None if utc is None else datetime.datetime.fromisoformat(utc).timestamp()
