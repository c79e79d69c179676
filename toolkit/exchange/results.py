"""Results of Label Studio as answers, in every format that it writes, and the result that a browser would send."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from toolkit.campaigns.display import printable
from toolkit.codebook import Codebook, Question
from toolkit.exchange.label_config import OURS, SCREEN, object_names
from toolkit.labels.eligibility import is_span
from toolkit.records import Answers
from toolkit.tables import JOINT

_HALF = re.compile("[\ud800-\udfff]")
_RESULT_TYPE = {"choice": "choices", "choices": "choices", "rating": "rating", "text": "textarea", "span": "labels"}
_SETS = ("choices", "taxonomy")  # kinds of value whose order means nothing
_SINGLE = ("rating", "number", "datetime", "selected", "pairwise")
_PLACES = ("start", "end", "x", "y", "points", "region")  # keys of a value that belongs to a part of the text or image
_NOISE = frozenset({"globalOffsets"})  # keys that only some formats have
_ESCAPED_JOINT = r" \| "  # in a label that itself holds the separator
_SEPARATORS = (JOINT, "|", ";", ",")


# --- values ----------------------------------------------------------------------------------------------------------


def answers_in(result: Iterable[Any]) -> dict[str, list[Any]]:
    """The values given to each question in a result; sets and regions are sorted."""
    answers: defaultdict[str, list[Any]] = defaultdict(list)
    for name, value in _parts_of(result):
        answers[name] += values_in(value)
    return {name: in_order(values) for name, values in answers.items()}


def _parts_of(result: Iterable[Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """The question and the value of each part of a result, without the controls that the toolkit adds."""
    for part in result:
        name = part.get("from_name") if isinstance(part, dict) else None
        if isinstance(name, str) and name not in OURS and isinstance(part.get("value"), dict):
            yield name, part["value"]


def values_in(answer: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON can hold
    """The values in an answer as Label Studio writes it, in any of its formats.

    >>> values_in({"choices": ["b", "a"]}), values_in([{"rating": 3}]), values_in("a"), values_in(None)
    (['a', 'b'], [3], ['a'], [])
    """
    if answer is None or answer == "":
        return []
    if isinstance(answer, list):
        return in_order([value for member in answer for value in values_in(member)])
    if not isinstance(answer, dict):
        return [answer]
    members = _members(answer)
    is_set = not is_region(answer) and any(name in answer for name in _SETS)
    return sorted(set(map(str, members))) if is_set else members


def _members(value: dict[str, Any]) -> list[Any]:
    """The members of a value in their order; a value with a place stays whole."""
    if is_region(value):
        return [{name: member for name, member in value.items() if name not in _NOISE}]
    for name in _SETS:
        if name in value:
            members = value[name] if isinstance(value[name], list) else [value[name]]
            return [" > ".join(map(str, member)) if isinstance(member, list) else member for member in members]
    for name in _SINGLE:
        if name in value:
            return [value[name]]
    if set(value) == {"text"}:
        return list(value["text"]) if isinstance(value["text"], list) else [value["text"]]
    return [value]


def is_region(value: Any) -> bool:  # noqa: ANN401 - whatever JSON can hold
    """Whether a value belongs to a part of the text or image: a marked span, or an answer about one."""
    return isinstance(value, dict) and any(name in value for name in _PLACES)


def is_about_region(value: Any) -> bool:  # noqa: ANN401 - whatever JSON can hold
    """Whether a value answers a question about a region, and so says nothing about the item as a whole."""
    return is_region(value) and (
        any(name in value for name in (*_SETS, *_SINGLE)) or isinstance(value.get("text"), list)
    )


def in_order(values: list[Any]) -> list[Any]:
    """Values with a place in the order of their places; others as they are."""
    if not any(map(is_region, values)):
        return values
    return sorted(values, key=lambda value: (*_place(value), _json(value)))


def _place(value: Any) -> tuple[float, float]:  # noqa: ANN401 - whatever JSON can hold
    ends = (value.get(name) for name in ("start", "end")) if isinstance(value, dict) else (None, None)
    first, last = (float(end) if isinstance(end, int | float) else -1.0 for end in ends)
    return first, last


def _json(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


# --- cells -----------------------------------------------------------------------------------------------------------


def values_in_cell(cell: Any) -> list[Any]:  # noqa: ANN401 - a cell of any table
    """The values in a cell of a table; what Label Studio wrote there as JSON is read.

    >>> values_in_cell('{"choices":["tax","fish"]}'), values_in_cell("[sic]"), values_in_cell(" ")
    (['fish', 'tax'], ['[sic]'], [])
    """
    if not isinstance(cell, str):
        return values_in(cell)
    if cell.startswith(("[{", '{"')):
        try:
            return values_in(json.loads(cell))
        except ValueError:
            return [cell]
    return [cell] if cell.strip() else []


def bare_labels(cell: Any) -> list[Any]:  # noqa: ANN401 - a cell of any table
    """The labels in a list of several bare labels, which has lost the regions that it is about; else nothing.

    >>> bare_labels(["neg", "pos"]), bare_labels("neg")
    ([{'choices': ['neg'], 'region': None}, {'choices': ['pos'], 'region': None}], [])
    """
    if isinstance(cell, list) and len(cell) > 1 and all(isinstance(member, str) for member in cell):
        return [{"choices": [member], "region": None} for member in cell]
    return []


def label_text(values: Sequence[Any]) -> str | None:
    r"""An answer as one text, or None where there is none.

    A label that itself holds the separator is escaped, so that it differs from two labels.

    >>> label_text(["fish", "tax"]), label_text(["fish | tax"]), label_text([3.0]), label_text([])
    ('fish | tax', 'fish \\| tax', '3', None)
    """
    texts = [value.replace(JOINT, _ESCAPED_JOINT) if isinstance(value, str) else value_text(value) for value in values]
    return JOINT.join(texts) or None


def value_text(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """A value or a column of task data as a text; "" for None."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _json(value)


# --- answers to a codebook -------------------------------------------------------------------------------------------


def parse_result(result: Sequence[Any], codebook: Codebook) -> Answers:
    """The answers in a result of Label Studio, by question.

    A choice is its label, choices are a list of labels in codebook order, a rating is a whole number, a text a text,
    spans a list of ``{"start", "end"}`` in code points. What the codebook does not foresee is kept as it came;
    `eligibility.answer_problem` finds it.
    """
    given: dict[str, list[Any]] = {}
    for name, value in _parts_of(result):
        given.setdefault(name, []).extend(_members(value))
    questions = {question.name: question for question in codebook.questions}
    shaped = {name: shaped_answer(values, questions.get(name)) for name, values in given.items() if values}
    return {_stored(name): _stored(value) for name, value in sorted(shaped.items())}


def answers_in_cells(cells: Mapping[str, Sequence[Any]], columns: Mapping[str, str], codebook: Codebook) -> Answers:
    """The answers in the values of a file, by question; labels may be named by their titles.

    Args:
        cells: the values by column.
        columns: the question that each column answers.
        codebook: the questions.
    """
    questions = {question.name: question for question in codebook.questions}
    answers: Answers = {}
    for column, name in columns.items():
        values = [value for value in cells.get(column, ()) if value != ""]
        question = questions.get(name)
        if question is not None and question.kind in ("choice", "choices", "rating", "text"):
            values = [value if is_region(value) else value_text(value) for value in values]
        if values:
            answers[name] = shaped_answer(values, question, _labels_in)
    return answers


_LabelsIn = Callable[[str, Question], list[str]]  # a text and its question -> the labels in it


def _as_given(text: str, _: Question) -> list[str]:
    return [text]


def shaped_answer(values: Sequence[Any], question: Question | None, labels_in: _LabelsIn = _as_given) -> Any:  # noqa: ANN401
    """The values given to a question in the shape that its kind has; what has no such shape as it came.

    Args:
        values: at least one.
        question: None: the codebook has none of that name.
        labels_in: reads the labels in a text.
    """
    kind = question.kind if question else None
    if question and kind in ("choice", "choices"):
        read = [label for value in values for label in _labels(value, question, labels_in)]
        if kind == "choice":
            return read[0] if len(read) == 1 else read
        order = {label: place for place, label in enumerate(question.label_names)}
        unique = dict.fromkeys(label if isinstance(label, str) else str(label) for label in read)
        return sorted(unique, key=lambda label: (order.get(label, len(order)), label))
    if kind == "text":
        return "\n".join(map(str, values))
    if kind == "span":
        spans = [{"start": v.get("start"), "end": v.get("end")} if isinstance(v, dict) else v for v in values]
        return sorted(spans, key=lambda span: (str(type(span)), str(span)))
    if kind == "rating" and len(values) == 1 and str(values[0]).strip().isdecimal():
        return int(values[0])
    return values[0] if len(values) == 1 else list(values)


def _labels(value: Any, question: Question, labels_in: _LabelsIn) -> list[Any]:  # noqa: ANN401 - whatever was sent
    if not isinstance(value, str):
        return [value]
    labels = labels_in(value, question)
    return labels if question.kind == "choices" or len(labels) == 1 else [value]


def _labels_in(text: str, question: Question) -> list[str]:
    """The labels in a cell that holds several, where it can be read in one way only."""
    whole = label_code(text.replace(_ESCAPED_JOINT, JOINT), question)
    if whole in question.label_names or question.kind == "choice":
        return [whole]
    for separator in _SEPARATORS:
        codes = [label_code(part, question) for part in text.split(separator) if part.strip()]
        if len(codes) > 1 and all(code in question.label_names for code in codes):
            return codes
    return [whole]


def label_code(text: str, question: Question) -> str:
    """The code of the label that a text names by code or title, case and blanks aside; the text where none is.

    Two labels that differ in nothing else are never guessed between.
    """
    if text in question.label_names:
        return text
    named: dict[str, set[str]] = defaultdict(set)
    for label in question.labels:
        for name in (label.name, *label.title.values()):
            named[_folded(name)].add(label.name)
    exact = {label.name for label in question.labels if text.strip() in label.title.values()}
    matches = exact or named.get(_folded(text), set())
    return next(iter(matches)) if len(matches) == 1 else text.strip()


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def screen_in(result: Sequence[Any]) -> str | None:
    """The mark of the screen on which a result was given; None where no browser of ours sent it."""
    for part in result:
        if isinstance(part, dict) and part.get("from_name") == SCREEN and isinstance(part.get("value"), dict):
            return next((value for value in _members(part["value"]) if isinstance(value, str)), None)
    return None


def _stored(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """An answer without halves of characters, which no file can hold."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_stored(member) for member in value]
    if isinstance(value, dict):
        return {_stored(str(name)): _stored(member) for name, member in value.items()}
    return value


# --- spans ---------------------------------------------------------------------------------------------------------


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


# --- out -----------------------------------------------------------------------------------------------------------


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
