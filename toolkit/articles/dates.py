"""Conversion of common date formats to ISO 8601; ambiguous dates are rejected."""

import datetime
import re
from email.utils import parsedate_to_datetime

_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}).*)?$", re.DOTALL)
_COMPACT = re.compile(r"^(\d{4})[/.]?(\d{2})[/.]?(\d{2})(?:T?(\d{2})(\d{2})(\d{2})Z?)?$")
_FORMATS = ("%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y", "%B %d %Y", "%A, %d %B %Y", "%A, %B %d, %Y")


def iso_date(given: str) -> str | None:
    """Return a date in ISO 8601, with its time if it has one; None if it is invalid or ambiguous.

    >>> iso_date("7 December 2022"), iso_date("2022/12/07"), iso_date("Wed, 07 Dec 2022 07:04:06 +0000")
    ('2022-12-07', '2022-12-07', '2022-12-07T07:04:06+00:00')
    >>> iso_date("07/12/2022")
    """
    try:
        return _iso_date(given.strip())
    except Exception:  # date parsers raise arbitrary exceptions on invalid text
        return None


def _iso_date(text: str) -> str | None:
    if match := _ISO.match(text):
        return text if _real(*map(int, match.groups()[:3])) else None
    if match := _COMPACT.match(text):
        year, month, day = match.groups()[:3]
        clock = f"T{match[4]}:{match[5]}:{match[6]}" if match[4] else ""
        return f"{year}-{month}-{day}{clock}" if _real(int(year), int(month), int(day)) else None
    return _spelt(text) if len(text) <= 60 else None


def _spelt(text: str) -> str | None:
    for form in _FORMATS:
        try:
            return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC).date().isoformat()
        except ValueError:
            continue
    return parsedate_to_datetime(text).isoformat() if re.match(r"[A-Z][a-z]{2}, \d", text) else None


def _real(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True
