"""Detection of the news agency that a byline, a dateline or a credit names as the source of an article."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.errors import ConfigError

_ACRONYM = 5  # names of at most this many letters match case-sensitively
_DATELINES, _BYLINES, _CREDITS = 12, 5, 4  # lines searched for each; captions may precede a dateline
_ENDS = 120  # characters within which a dateline ends
_DASH = r"(?:[-–—―:]|â(?:€[“”]|\x80[\x93-\x95]))"  # also as mojibake: UTF-8 read in another encoding
_BY = r"(?:[Bb]y|BY|[Pp]or|[Pp]er|[Vv]on|[Pp]ar|[Oo]leh|[Aa]utor[a]?|Текст|Автор|Аўтар)"
_CREDIT = r"(?:[Ss]ource|[Cc]redit|[Cc]opyright|[Ff]uente|[Ff]ont|[Qq]uelle|[Ss]umber|Источник|Крыніца|Джерело)"
_PICTURE = re.compile(
    r"\b(photos?|fotos?|image|imagen|imatge|picture|file|getty|video|gambar|bild|handout|via|фото|снимок|здымак)\b",
    re.IGNORECASE,
)


class OriginMatch(Struct, frozen=True, kw_only=True):
    """An agency and the rule that matched it."""

    agency: str
    rule: str


class Agencies(Struct, frozen=True, kw_only=True):
    """The known agencies, compiled for matching."""

    names: dict[str, str]  # name -> id; long names are in lower case
    forms: tuple[tuple[str, re.Pattern[str]], ...]
    openings: frozenset[str] = frozenset()  # first word of each name, in lower case; lines without one are skipped
    unspaced: tuple[str, ...] = ()  # names in scripts without spaces between words


def agencies_of(rows: Iterable[Mapping[str, str]]) -> Agencies:
    """Build the table of agencies from the columns ``id`` and ``names`` (separated by semicolons).

    Raises:
        ConfigError: a column is missing, or two agencies share a name.
    """
    names: dict[str, str] = {}
    for row in rows:
        if not row.get("id") or not row.get("names"):
            raise ConfigError(f"agencies: id and names are needed; the row has {', '.join(row)}")
        for name in filter(None, map(str.strip, row["names"].split(";"))):
            if names.setdefault(_key(name), row["id"]) != row["id"]:
                raise ConfigError(f"agencies: {name!r} is a name of {names[_key(name)]!r} and of {row['id']!r}")
    return Agencies(names=names, forms=_forms(list(names)) if names else ())


def find_origin(text: str, author: str | None, agencies: Agencies) -> OriginMatch | None:
    """Return the agency that a byline, dateline or credit names; a mention in a sentence does not count.

    >>> table = agencies_of([{"id": "reuters", "names": "Reuters"}])
    >>> find_origin("LONDON (Reuters) - Rates rose on Monday.", None, table)
    OriginMatch(agency='reuters', rule='dateline')
    >>> find_origin("A minister told Reuters on Monday.", None, table)
    """
    if not agencies.forms:
        return None
    forms = dict(agencies.forms)
    if author and (match := forms["author"].search(author)):
        return _origin_match(match, "author", agencies)
    first, last = _ends(text)
    for number, line in enumerate(first):
        if number >= _BYLINES and "(" not in line[:_ENDS]:
            continue
        if (
            match := forms["dateline"].match(line)
            or forms["dateline_slash"].match(line)
            or forms["dateline_dash"].match(line)
        ):
            return _origin_match(match, "dateline", agencies)
        short = number < _BYLINES and len(line) <= 120
        if short and not _PICTURE.search(line) and (match := forms["byline"].match(line)):
            return _origin_match(match, "byline", agencies)
    return _credited(last, forms, agencies)


def agency_named(name: str, agencies: Agencies) -> str | None:
    """Return the id of the agency with this name, or None."""
    return agencies.names.get(_key(name.strip()))


def _credited(last: Sequence[str], forms: Mapping[str, re.Pattern[str]], agencies: Agencies) -> OriginMatch | None:
    for line in last:
        if _PICTURE.search(line[-200:]):
            continue
        whole = forms["credit"].match(line) if len(line) <= 120 else None
        if (
            match := whole
            or forms["contributors"].match(line)
            or forms["tail"].search(line[-80:])
            or forms["bare"].search(line[-80:])
        ):
            return _origin_match(match, "credit", agencies)
    return None


def _ends(text: str) -> tuple[list[str], list[str]]:
    """Return the first and the last non-blank lines; only the two ends of a long text are read."""
    head = [line.strip() for line in text[:8000].splitlines() if line.strip()]
    tail = [line.strip() for line in text[-4000:].splitlines() if line.strip()]
    return head[:_DATELINES], tail[-_CREDITS:][::-1]


def _origin_match(match: re.Match[str], rule: str, agencies: Agencies) -> OriginMatch:
    return OriginMatch(agency=agencies.names[_key(match["name"])], rule=rule)


def _key(name: str) -> str:
    return name if len(name) <= _ACRONYM else name.casefold()


def _forms(names: Sequence[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    longest = sorted(names, key=len, reverse=True)
    spelt = [re.escape(name) if len(name) <= _ACRONYM else f"(?i:{re.escape(name)})" for name in longest]
    name = rf"(?P<name>{'|'.join(spelt)})"
    more = r"(?:\s?[/,;&+|-]\s?[\w.\- ]{2,30}){0,3}"  # "(Reuters/AFP)", "AP, staff"
    lead = r"(?:[^\W\d_][^()\n—–]{0,60}?[\s,.]{1,2})?"  # the places, and the day if given
    written = rf"{_BY}:?\s(?:[^\n]{{2,60}}?(?:,\s?|\s?[|/–—]\s?|\s\(|\s))?"  # "By Jane Doe, AP"
    person = r"[^\W\d_][\w.’' -]{2,40}(?:,\s|\s?\|\s?)"  # "Jane Doe | AP"; a slash marks a photographer
    credit = rf"[-–—©(\[\s]{{0,4}}(?:{_CREDIT}\s?:?\s?)?(?:©\s?)?(?:\d{{4}}\s)?"
    people = r"(?:[Ww]riters?|[Rr]eporters?|[Jj]ournalists?)"
    desk = r"\s(?:[A-Z]\w+\s){0,3}(?:Writers?|Reporters?|Correspondents?|Editors?|Staff)\b"  # "AP Sports Writer"
    shapes = {
        "author": rf"(?:^|[,|/(–—-]\s?|\b{_BY}\s)\s?{name}(?:$|\s?[,|/)&–—-]|\sand\s|{desk})",
        "dateline": rf"{lead}\(\s?{name}{more}\s?\)\s?\.?,?\s{{0,2}}(?:{_DASH}|\.\s)",
        "dateline_slash": rf"{lead}/{name}(?:[ ,-][^/\n]{{0,30}})?/[.,:]?\s?[-–—]?",
        "dateline_dash": rf"(?:[^\W\d_][^()\n/.]{{0,40}}?)\s?[-–—,]\s{name}(?:,\s[^\n.]{{3,40}})?\s?[.:]\s",
        "byline": rf"(?:{written}|{person})?{name}(?:{desk}|{more})\)?\.?$",
        "credit": rf"{credit}{name}{more}[)\].]{{0,2}}(?:\s?\d{{4}})?$",
        "tail": rf"(?:\s[-–—]{{1,2}}\s?|\(|\s/){name}{more}[)/]?\.?$",
        # an agency's own staff; "The Associated Press contributed" appears below articles of other authors
        "contributors": rf"{name}\s(?:[\w-]+\s){{0,2}}{people}\s[A-Z].*\bcontributed\b",
        "bare": rf"[.!?”\"’]\s{name}$",  # excludes "2017. REUTERS/Jane Doe", a picture credit
    }
    return tuple((rule, re.compile(shape)) for rule, shape in shapes.items())
