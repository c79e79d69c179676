"""Files that people write in TOML: every mistake in one at once, with what is allowed and what is nearest to it."""

import difflib
import re
import tomllib
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from toolkit.errors import ConfigError, DataError
from toolkit.files import file_errors, read_text
from toolkit.records import OLD_KEYS

R = TypeVar("R", bound=Struct)

_NAMES = ("name", "id", "pseudonym")  # the field that names an element of a list
_KINDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}
_LIMITS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_PATTERNS = {  # what a regular expression asks for, in words
    r"\d{4}-": "a date such as 2024-07-03",
    "[a-z0-9][a-z0-9-]*": "small letters, digits and hyphens, e.g. 'climate-2'",
    "[a-z][a-z0-9_]*": "small letters, digits and underscores, a letter first, e.g. 'pro_government'",
}


class Finding(Struct, frozen=True, kw_only=True):
    """Something that is wrong with a file."""

    rule: str  # the rule that is broken: "toml", "codebook", "targets", "campaign", "outlets", ...
    level: Literal["error", "warning"] = "error"  # an error stops every verb that writes
    where: str  # the file, and the place in it
    message: str
    rows: tuple[int, ...] = ()  # of a table
    remedy: str = ""

    def __str__(self) -> str:
        """The finding in one line."""
        return f"{self.where}: {self.message}" + (f"; {self.remedy}" if self.remedy else "")


def finding(rule: str, path: Path, text: str) -> Finding:
    """A finding about a file from a text ``message; remedy``."""
    message, _, remedy = text.partition("; ")
    return Finding(rule=rule, where=str(path), message=message, remedy=remedy)


def raise_findings(findings: Iterable[Finding]) -> None:
    """Raise the errors among some findings as one, a line each.

    Raises:
        ConfigError: there is an error.
    """
    errors = [str(row) for row in findings if row.level == "error"]
    if errors:
        raise ConfigError("\n".join(errors))


def read_toml(path: Path, record: type[R]) -> R:
    """A record from a TOML file that a person wrote.

    Raises:
        ConfigError: the file is not TOML, or not such a record; the message names every mistake.
        MissingFileError: there is no such file.
    """
    value, findings = toml_findings(path, record)
    raise_findings(findings)
    if value is None:
        raise ConfigError(f"{path}: not a {record.__name__}")
    return value


def toml_findings(path: Path, record: type[R]) -> tuple[R | None, list[Finding]]:
    """The record in a TOML file and what is wrong with it; None where something is."""
    try:
        with file_errors(path):
            values = tomllib.loads(read_text(path))
    except (tomllib.TOMLDecodeError, DataError) as error:
        text = f"not TOML: {error}" if isinstance(error, tomllib.TOMLDecodeError) else str(error)
        return None, [finding("toml", path, text.removeprefix(f"{path}: "))]
    values = _with_present_keys(values, record)
    findings = [finding("toml", path, text) for text in _problems(values, record, "")]
    return (None if findings else msgspec.convert(values, record)), findings


def nearest(name: str, allowed: Iterable[str]) -> str:
    """``nearest 'x'; allowed: x, y``; the nearest is left out where none is alike.

    >>> nearest("neighbors", ["headline", "neighbours"])
    "nearest 'neighbours'; allowed: headline, neighbours"
    """
    options = list(allowed)
    close = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    return (f"nearest {close[0]!r}; " if close else "") + f"allowed: {', '.join(options)}"


# --- walking through values and types together -----------------------------------------------------------------------


def _with_present_keys(value: Any, hint: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    """A value in which the keys of an earlier version have their present names."""
    hint = _bare(hint)
    if _is_record(hint) and isinstance(value, dict):
        hints, renamed = get_type_hints(hint, include_extras=True), OLD_KEYS.get(str(hint.__name__), {})
        present: dict[str, Any] = {str(renamed.get(key, key)): part for key, part in value.items()}
        return {key: _with_present_keys(part, hints.get(key)) for key, part in present.items()}
    if get_origin(hint) in (tuple, list) and isinstance(value, list):
        return [_with_present_keys(part, get_args(hint)[0]) for part in value]
    return value


def _problems(value: Any, hint: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    """What is wrong with a value of a type, each as ``place: message; remedy``."""
    inner = _bare(hint)
    count = 0
    for count, problem in enumerate(_problems_inside(value, inner, place), 1):  # noqa: B007
        yield problem
    if not count:
        try:
            msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            yield _at(place, _in_words(str(error), value, inner))


def _problems_inside(value: Any, hint: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if _is_record(hint) and isinstance(value, dict):
        yield from _record_problems(value, hint, place)
    elif get_origin(hint) in (tuple, list) and isinstance(value, list):
        for number, part in enumerate(value):
            yield from _problems(part, get_args(hint)[0], _element(place, number, part))
    elif get_origin(hint) is dict and isinstance(value, dict):
        for key, part in value.items():
            yield from _problems(part, get_args(hint)[1], f"{place}.{key}")


def _record_problems(value: dict[str, Any], record: type[Struct], place: str) -> Iterator[str]:
    hints = get_type_hints(record, include_extras=True)
    for key in [key for key in value if key not in hints]:
        yield f"unknown field {key!r}{f' in {place}' if place else ''}; {nearest(key, hints)}"
    for field in msgspec.structs.fields(record):
        if field.required and field.name not in value:
            yield f"missing field {field.name!r}{f' in {place}' if place else ''}; add it"
    for key, part in value.items():
        if key in hints:
            yield from _problems(part, hints[key], _field(place, key))


def _field(place: str, key: str) -> str:
    if not place:
        return key
    return f"{place}, {key}" if place.endswith(("'", '"')) else f"{place}.{key}"


def _element(place: str, number: int, part: object) -> str:
    """``questions 'stance'``, ``questions 'stance', label 'neutral'`` or ``studio.show[1]``."""
    name = (
        next((part[key] for key in _NAMES if part.get(key) and isinstance(part[key], str)), None)
        if isinstance(part, dict)
        else None
    )
    if name is None:
        return f"{place}[{number}]"
    outer, comma, last = place.rpartition(", ")
    return f"{outer}{comma}{last.removesuffix('s') if comma else last} {name!r}"


def _at(place: str, text: str) -> str:
    return f"{place}: {text}" if place else text


def _bare(hint: Any) -> Any:  # noqa: ANN401
    """A type without its constraints and without None."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        return _bare(options[0]) if len(options) == 1 else hint
    return hint


def _is_record(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Struct)


def _in_words(message: str, value: object, hint: object) -> str:
    """A complaint of the decoder in plain words, with the value."""
    if get_origin(hint) is Literal and isinstance(value, str):
        return f"{value!r} is not allowed; {nearest(value, map(str, get_args(hint)))}"
    for pattern, words in _PATTERNS.items():
        if "matching regex" in message and pattern in message.replace("\\\\", "\\"):
            return f"{value!r} is not allowed; {words} is needed"
    needed: Callable[[re.Match[str]], str] = lambda match: _KINDS.get(match[1], match[1])  # noqa: E731
    text = re.sub(r"`(\w+)(?: \| null)?`", needed, message.removesuffix(" - at `$`"))
    got = re.match(r"Expected (.*), got (.*)", text)
    if got:
        return f"{got[1]} is needed, not {value!r}"
    limit = re.match(r"Expected (.*?) (of length )?(>=|<=|>|<) (.*)", text)
    if limit:
        size = "length " if limit[2] else ""
        return f"{value!r} is not allowed; {limit[1]} of {size}{_LIMITS[limit[3]]} {limit[4]} is needed"
    return text.replace("`", "")
