"""Reads a labelling interface of Label Studio: which questions it asks, with which labels, about which columns."""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.errors import DataError
from toolkit.files import digest

DEFINITIONS = "definitions-shown"  # the box that opens the definitions: no answer; no question can bear this name
SCREEN = "screen-shown"  # a hidden control that names the codebook from which the interface was made
OURS = frozenset({DEFINITIONS, SCREEN})  # controls that the toolkit adds to every interface

ADJUDICATION_REASON = "adjudication_reason"  # questions of adjudicators, which no codebook of a campaign has
ADJUDICATION_COMMENT = "adjudication_comment"

_FILTERS = ("filter", "shortcut", "relations", "relation")  # tags that bear a name and ask nothing
_DEFAULT_RATING = "5"  # points of a Rating that says nothing


class ConfigQuestion(Struct, frozen=True, kw_only=True):
    """A question of a labelling interface."""

    name: str
    kind: str  # the tag in small letters: "choices", "rating"
    columns: tuple[str, ...]  # of the task data, that it is about
    labels: frozenset[str]  # as results hold them: the alias, else the value


def read_label_config(label_config: str, where: str) -> list[ConfigQuestion]:
    """The questions of a labelling interface, in their order.

    Args:
        label_config: the XML.
        where: its place, for messages.

    Raises:
        DataError: it is not XML.
    """
    try:
        view = ET.fromstring(label_config)  # noqa: S314 - expat resolves nothing outside and bounds what entities grow to
    except ET.ParseError as error:
        raise DataError(f"{where}: the labelling interface is not XML ({error}); open and save it there") from error
    shown = {tag.get("name"): tag.get("value", "") for tag in view.iter() if tag.get("toName") is None}
    return [
        ConfigQuestion(
            name=tag.get("name", ""),
            kind=tag.tag.lower(),
            columns=_columns(shown, tag.get("toName", "")),
            labels=_labels(tag),
        )
        for tag in view.iter()
        if tag.get("name") and tag.get("toName") and tag.tag.lower() not in _FILTERS and tag.get("name") not in OURS
    ]


def _columns(shown: Mapping[str | None, str], object_names: str) -> tuple[str, ...]:
    values = [shown.get(name.strip(), "") for name in object_names.split(",")]
    return tuple(value[1:] for value in values if value.startswith("$"))


def _labels(tag: ET.Element) -> frozenset[str]:
    labels = {child.get("alias") or child.get("value") for child in tag}
    if tag.tag == "Rating":
        points = tag.get("maxRating", _DEFAULT_RATING)
        labels |= {str(point) for point in range(1, int(points) + 1 if points.isdecimal() else 1)}
    return frozenset(label for label in labels if label)


def object_names(codebook: Codebook) -> dict[str, str]:
    """The names of the text controls: a question may bear one of them, and a name occurs once in an interface."""
    taken = {question.name for question in codebook.questions}
    return {name: f"{name}-shown" if name in taken else name for name in ("previous", "text", "next")}


def screen_mark(codebook_ref: str) -> str:
    """The mark in each answer that was given on an interface made from a codebook."""
    return f"v{digest(' '.join(codebook_ref.split()), 12)}"
