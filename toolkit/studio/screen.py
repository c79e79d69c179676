"""What annotators see: a codebook as the XML of a labelling interface, an item as the data that it shows, and back.

Nothing here knows a question or a label by name. Texts of articles and questions travel as task data, which Label
Studio shows literally; the XML holds only what the codebook says. The codes of labels are stored (``alias``), their
titles are shown, so a title can be reworded without touching an answer.
"""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal
from xml.etree import ElementTree as ET

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook, Label, Question
from toolkit.errors import ConfigError
from toolkit.records import Answers, Item

Unit = Literal["paragraph", "article", "headline"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLE = (
    ".stance-context { opacity: 0.7; } "
    ".stance-item { border-left: 4px solid #4466dd; padding: 2px 0 2px 12px; margin: 12px 0; } "
    ".stance-item .lsf-htx-richtext { font-size: 1.15em; } "
    ".stance-question { margin-top: 12px; }"
)
_CAPTION = "font-size: 13px; opacity: 0.7; margin: 0"
_NOTE = "font-size: 14px; font-weight: normal; margin: 4px 0"
_WORDS = {
    "en": {"only": "Label only this text", "mark": "Mark the words"},
    "ru": {"only": "Размечайте только этот текст", "mark": "Отметьте слова"},
    "de": {"only": "Nur dieser Text ist zu beurteilen", "mark": "Wörter markieren"},
}


class Shown(Struct, frozen=True, kw_only=True):
    """The texts of an item on the screen; empty where there is none."""

    headline: str = ""
    previous: str = ""
    text: str
    next: str = ""


def asked_about(codebook: Codebook, unit: Unit) -> Codebook:
    """The codebook with the questions that are asked about a kind of unit.

    A question that waits for an answer to one that is not asked is never shown, and so is left out too.
    """
    kept: list[Question] = []
    for question in codebook.questions:
        names = {earlier.name for earlier in kept}
        if unit in question.units and names.issuperset(question.when):
            kept.append(question)
    return msgspec.structs.replace(codebook, questions=tuple(kept))


# --- the interface -------------------------------------------------------------------------------------------------


def label_config(codebook: Codebook, language: str, unit: Unit = "paragraph") -> str:
    """The labelling interface for a codebook, as the XML that Label Studio takes.

    Raises:
        ConfigError: a label has a name that Label Studio would misread.
    """
    asked = asked_about(codebook, unit)
    words = _WORDS.get(language, _WORDS["en"])
    names = _object_names(asked)
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = _STYLE
    ET.SubElement(view, "Header", value="$headline", size="3")
    _add_text(view, "stance-context", names["previous"], "$previous")
    paragraph = _add_text(view, "stance-item", names["text"], "$text")
    paragraph.insert(0, ET.Element("Header", value=words["only"], size="5", style=_CAPTION))
    _add_text(view, "stance-context", names["next"], "$next")
    ET.SubElement(view, "Header", value="$note", size="5", style=_NOTE)
    for question in asked.questions:
        _add_question(view, codebook, question, language, names["text"])
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")


def _object_names(codebook: Codebook) -> dict[str, str]:
    """The names of the shown texts: a question may bear one of them, and no name may be there twice."""
    taken = {question.name for question in codebook.questions}
    return {name: f"{name}-shown" if name in taken else name for name in ("previous", "text", "next")}


def _add_text(view: ET.Element, style: str, name: str, value: str) -> ET.Element:
    block = ET.SubElement(view, "View", className=style)
    ET.SubElement(block, "Text", name=name, value=value)
    return block


def _add_question(view: ET.Element, codebook: Codebook, question: Question, language: str, about: str) -> None:
    block = ET.SubElement(view, "View", className="stance-question")
    for name, labels in question.when.items():
        # One view inside the other: all conditions must hold. Codes contain no comma, which separates them here.
        shown = {"visibleWhen": "choice-selected", "whenTagName": name, "whenChoiceValue": ",".join(labels)}
        block = ET.SubElement(block, "View", shown)
    ET.SubElement(block, "Header", value=f"$q_{question.name}", size="5")
    common = {"name": question.name, "toName": about}
    if question.required:
        asked = codebook.say(question.text, language).replace("{target}", "…")
        common |= {"required": "true", "requiredMessage": _attribute(asked)}
    _add_control(block, codebook, question, language, common)


def _add_control(
    block: ET.Element, codebook: Codebook, question: Question, language: str, common: dict[str, str]
) -> None:
    if question.kind == "text":
        ET.SubElement(block, "TextArea", common, rows="2", maxSubmissions="1", showSubmitButton="false")
    elif question.kind == "span":
        labels = ET.SubElement(block, "Labels", common)
        ET.SubElement(labels, "Label", value=_WORDS.get(language, _WORDS["en"])["mark"], alias=question.name)
    elif question.kind == "rating" and not question.when:
        ET.SubElement(block, "Rating", common, maxRating=str(question.points))
    else:
        choice = "multiple" if question.kind == "choices" else "single-radio"
        choices = ET.SubElement(block, "Choices", common, choice=choice, showInline="true")
        for attributes in _choices(codebook, question, language):
            ET.SubElement(choices, "Choice", attributes)


def _choices(codebook: Codebook, question: Question, language: str) -> Iterable[dict[str, str]]:
    if question.kind == "rating":
        # Label Studio sends stars even after the view around them has been hidden again; choices it does not.
        for point in range(1, (question.points or 0) + 1):
            yield {"value": str(point), "alias": str(point)}
    for label in question.labels:
        yield _choice(codebook, label, language)


def _choice(codebook: Codebook, label: Label, language: str) -> dict[str, str]:
    if label.name in ("true", "false"):
        raise ConfigError(
            f"label {label.name!r}: Label Studio reads this code as a switch; name it e.g. 'is_{label.name}'"
        )
    # A dollar sign would make the browser look for a column of that name; the word joiner after it is not seen.
    title = printable(codebook.say(label.title, language)).strip() or label.name
    choice = {"value": title.replace("$", "$\u2060"), "alias": label.name}
    definition = codebook.say(label.definition, language)
    if definition:
        choice["hint"] = _attribute(definition)
    if label.hotkey:
        choice["hotkey"] = label.hotkey
    return choice


def _attribute(text: str) -> str:
    """A text as an attribute: the bare words true and false would be taken for switches."""
    text = printable(text)
    return f"{text}." if text in ("true", "false") else text


# --- what it shows -------------------------------------------------------------------------------------------------


def printable(text: str) -> str:
    """A text with a replacement mark for each character that XML and databases refuse; offsets stay.

    >>> printable(f"a{chr(0)}b") == f"a{chr(0xFFFD)}b"
    True
    """
    return _NOT_XML.sub("\ufffd", text)


def task_data(item: Item, shown: Shown, codebook: Codebook, language: str) -> dict[str, str]:
    """The data of the task that shows an item; every value is a text, empty where there is nothing to show."""
    data = {
        "item_id": item.id,
        "headline": shown.headline,
        "previous": shown.previous,
        "text": shown.text,
        "next": shown.next,
        "target": item.target.title,
        "note": item.target.note,
    }
    for question in codebook.questions:
        data[f"q_{question.name}"] = codebook.say(question.text, language).replace("{target}", item.target.title)
    return {name: printable(value) for name, value in data.items()}


def instructions(codebook: Codebook, language: str) -> str:
    """What annotators read before their first item, as HTML of the few tags that Label Studio leaves alone."""

    def say(text: dict[str, str]) -> str:
        return html.escape(printable(codebook.say(text, language)), quote=False).replace("\n", "<br>")

    parts = [f"<h3>{say(codebook.title)}</h3>"]
    if codebook.instructions:
        parts.append(f"<p>{say(codebook.instructions)}</p>")
    for number, step in enumerate(codebook.tree, 1):
        parts.append(f"<br><p>{number}. {say(step.ask)}<br>✓ {say(step.yes)}<br>✗ {say(step.no)}</p>")
    for question in codebook.questions:
        parts.append(f"<br><h4>{say(question.text).replace('{target}', '…')}</h4>")
        parts += [f"<p>• <b>{say(label.title)}</b> {say(label.definition)}</p>" for label in question.labels]
    return "\n".join(parts)


# --- what comes back -----------------------------------------------------------------------------------------------

_RESULT_TYPE = {"choice": "choices", "choices": "choices", "rating": "rating", "text": "textarea", "span": "labels"}


def parse_result(result: Sequence[Any], codebook: Codebook) -> Answers:
    """The answers in a result of Label Studio, by question.

    A choice is its label, choices are a list of labels in codebook order, a rating is a whole number, a text a text,
    spans a list of ``{"start", "end"}`` in code points. What the codebook does not foresee is kept as it came;
    `answer_problem` and `Codebook.problem_with` tell.
    """
    given: dict[str, list[Any]] = {}
    for part in result:
        name = part.get("from_name") if isinstance(part, dict) else None
        if isinstance(name, str) and isinstance(part.get("value"), dict):
            given.setdefault(name, []).extend(_values(part))
    questions = {question.name: question for question in codebook.questions}
    return {name: _shaped(values, questions.get(name)) for name, values in sorted(given.items()) if values}


def _values(part: dict[str, Any]) -> list[Any]:
    kind, value = part.get("type"), part["value"]
    if kind == "labels":
        return [{"start": value.get("start"), "end": value.get("end")}]
    found = value.get("text" if kind == "textarea" else kind, value)
    return found if isinstance(found, list) else [found]


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


def answer_problem(answers: Answers, codebook: Codebook) -> tuple[str, str] | None:
    """What is wrong with the shape of some answers as ``("malformed_answer", reason)``, or None.

    No browser sends such answers, but the server takes them from anybody.
    """
    for question in codebook.questions:
        value = answers.get(question.name)
        if value is not None and not _is_well_formed(value, question):
            return "malformed_answer", f"{value!r} is no answer to {question.name!r}, which is a {question.kind}"
    return None


def _is_well_formed(value: Any, question: Question) -> bool:  # noqa: ANN401 - whatever was sent
    if question.kind == "rating":
        return type(value) is int and 1 <= value <= (question.points or 0)  # True is an int too
    if question.kind == "span":
        return isinstance(value, list) and all(_is_span(span) for span in value)
    return isinstance(value, list if question.kind == "choices" else str)


def _is_span(span: Any) -> bool:  # noqa: ANN401 - whatever was sent
    if not isinstance(span, dict):
        return False
    start, end = span.get("start"), span.get("end")
    return type(start) is int and type(end) is int and 0 <= start <= end


def build_result(answers: Answers, codebook: Codebook) -> list[dict[str, Any]]:
    """The result that a browser would send for some answers: the inverse of `parse_result`."""
    about = _object_names(codebook)["text"]
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
        yield kind, {"text": [value]}
    elif question.kind == "rating":
        yield ("choices", {"choices": [str(value)]}) if question.when else (kind, {"rating": value})
    else:
        yield kind, {"choices": [value] if isinstance(value, str) else list(value)}
