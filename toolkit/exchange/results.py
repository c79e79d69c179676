"""What comes back from the screen: a result of Label Studio as answers, and the result that a browser would send."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from toolkit.campaigns.display import printable
from toolkit.codebook import Codebook, Question
from toolkit.exchange.label_config import OURS, SCREEN, object_names
from toolkit.labels.eligibility import is_span
from toolkit.records import Answers

_HALF = re.compile("[\ud800-\udfff]")

# --- reading ---------------------------------------------------------------------------------------------------------

_RESULT_TYPE = {"choice": "choices", "choices": "choices", "rating": "rating", "text": "textarea", "span": "labels"}


def parse_result(result: Sequence[Any], codebook: Codebook) -> Answers:
    """The answers in a result of Label Studio, by question.

    A choice is its label, choices are a list of labels in codebook order, a rating is a whole number, a text a text,
    spans a list of ``{"start", "end"}`` in code points. What the codebook does not foresee is kept as it came;
    `answer_problem` in `labels.eligibility` tells.
    """
    given: dict[str, list[Any]] = {}
    for part in result:
        name = part.get("from_name") if isinstance(part, dict) else None
        if isinstance(name, str) and name not in OURS and isinstance(part.get("value"), dict):
            given.setdefault(name, []).extend(_values(part))
    questions = {question.name: question for question in codebook.questions}
    shaped = {name: _shaped(values, questions.get(name)) for name, values in given.items() if values}
    return {_stored(name): _stored(value) for name, value in sorted(shaped.items())}


def screen_in(result: Sequence[Any]) -> str | None:
    """The mark of the screen on which a result was given; None where no browser of ours sent it."""
    for part in result:
        if isinstance(part, dict) and part.get("from_name") == SCREEN and isinstance(part.get("value"), dict):
            return next((value for value in _values(part) if isinstance(value, str)), None)
    return None


def _values(part: dict[str, Any]) -> list[Any]:
    kind, value = part.get("type"), part["value"]
    if kind == "labels":
        return [{"start": value.get("start"), "end": value.get("end")}]
    found = value.get("text" if kind == "textarea" else str(kind), value)
    return found if isinstance(found, list) else [found]


def _stored(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """An answer without halves of characters, which no file can hold."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_stored(member) for member in value]
    if isinstance(value, dict):
        return {_stored(str(name)): _stored(member) for name, member in value.items()}
    return value


def _shaped(values: list[Any], question: Question | None) -> Any:  # noqa: ANN401 - an answer, by its kind
    kind = question.kind if question else None
    if kind == "choices" and question:
        order = {label: place for place, label in enumerate(question.label_names)}
        return sorted(dict.fromkeys(map(str, values)), key=lambda label: (order.get(label, len(order)), label))
    if kind == "text":
        return "\n".join(map(str, values))
    if kind == "span":
        return sorted(values, key=lambda span: (str(type(span)), str(span)))
    if kind == "rating" and len(values) == 1 and str(values[0]).isdecimal():
        return int(values[0])
    return values[0] if len(values) == 1 else values


def spans_in_code_points(result: Sequence[Any], text: str) -> list[Any]:
    """A result whose marked words are where they stand in the text that was shown, in code points.

    Label Studio 1.23 counts code points. Other versions and programs count in units of UTF-16, of which an emoji has
    two; the words that are sent along with the offsets decide. Where there are none, or they stand at neither place,
    the offsets stay as they came.

    >>> marked = {"type": "labels", "value": {"start": 3, "end": 7, "text": "boat"}}
    >>> spans_in_code_points([marked], "\N{SPEEDBOAT} boat")[0]["value"]["start"]
    2
    """
    return [_respanned(part, text) for part in result]


def _respanned(part: Any, text: str) -> Any:  # noqa: ANN401 - whatever was sent
    value = part.get("value") if isinstance(part, dict) and part.get("type") == "labels" else None
    if not isinstance(value, dict) or not is_span(value) or not isinstance(value.get("text"), str):
        return part
    start, end, words = value["start"], value["end"], value["text"]
    units = text.encode("utf-16-le", "surrogatepass")
    before, inside = (units[2 * a : 2 * b].decode("utf-16-le", "replace") for a, b in ((0, start), (start, end)))
    for same in (_exactly, _in_letters):
        if same(text[start:end], words):
            return part
        if same(inside, words):
            return {**part, "value": {**value, "start": len(before), "end": len(before) + len(inside)}}
    return part


def _exactly(text: str, words: str) -> bool:
    return text == words


def _in_letters(text: str, words: str) -> bool:
    """Whether two texts differ in blanks alone: line breaks come back otherwise than they went."""
    return "".join(text.split()) == "".join(words.replace("\\n", "").split()) != ""


def build_result(answers: Answers, codebook: Codebook) -> list[dict[str, Any]]:
    """The result that a browser would send for some answers: the inverse of `parse_result`."""
    about = object_names(codebook)["text"]
    parts = []
    for question in codebook.questions:
        value = answers.get(question.name)
        if value is None:
            continue
        for kind, content in _contents(value, question):
            parts.append({"from_name": question.name, "to_name": about, "type": kind, "value": content})
    return parts


def _contents(value: Any, question: Question) -> Iterable[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - an answer
    kind = _RESULT_TYPE[question.kind]
    if question.kind == "span":
        yield from ((kind, {**span, "labels": [question.name]}) for span in value)
    elif question.kind == "text":
        yield kind, {"text": [printable(value)]}
    elif question.kind == "rating":
        yield ("choices", {"choices": [str(value)]}) if question.when else (kind, {"rating": value})
    else:
        yield kind, {"choices": [value] if isinstance(value, str) else list(value)}
