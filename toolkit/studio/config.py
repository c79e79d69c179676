"""Conversion of a codebook to the XML of a labelling interface and of an item to task data.

No question or label is named in this module. Texts of articles and questions are task data, which Label Studio shows
literally; the XML holds only the contents of the codebook. The codes of labels are stored (``alias``) and their titles
are shown, so a title can be reworded without a change to any answer.
"""

import html
from collections.abc import Collection, Iterable
from xml.etree import ElementTree as ET

from toolkit.campaigns.display import Shown, printable
from toolkit.codebook import Codebook, Label, Question, Unit
from toolkit.errors import ConfigError
from toolkit.exchange.label_config import DEFINITIONS, SCREEN, object_names, screen_mark
from toolkit.records import Item
from toolkit.workspace import ShownPart, StudioOptions

SHOWN = StudioOptions().show  # the default context around the item
_SOURCE: tuple[ShownPart, ...] = ("outlet", "date", "byline")  # shown together in one line

# The area above the item has a fixed height, so the item is always at the same position. The previous paragraph shows
# its end, where the item continues.
_STYLE = (
    ".stance-page { display: flex; gap: 24px; align-items: flex-start; } "
    ".stance-main { flex: 1 1 auto; min-width: 0; } "
    ".stance-side { flex: 0 0 240px; } "
    ".stance-headline { height: 4em; overflow-y: auto; } "
    ".stance-context { opacity: 0.7; } "
    ".stance-previous { height: 7em; overflow-y: auto; display: flex; flex-direction: column-reverse; } "
    ".stance-next { max-height: 7em; overflow-y: auto; } "
    ".stance-item { border-left: 4px solid #4466dd; padding: 2px 0 2px 12px; margin: 12px 0; } "
    ".stance-item .lsf-htx-richtext { font-size: 1.15em; } "
    ".stance-question { margin-top: 12px; }"
)
_CAPTION = "font-size: 13px; opacity: 0.7; margin: 0"
_NOTE = "font-size: 14px; font-weight: normal; margin: 4px 0"
_WORDS = {
    "en": {"only": "Label only this text", "mark": "Mark the words", "define": "Definitions"},
    "ru": {"only": "Размечайте только этот текст", "mark": "Отметьте слова", "define": "Определения"},
    "de": {"only": "Nur dieser Text ist zu beurteilen", "mark": "Wörter markieren", "define": "Definitionen"},
}
_HIDDEN = "display: none"
_DEFINITION_KEYS = "hgjkbnm0"  # the first one that no label uses


# --- the interface -------------------------------------------------------------------------------------------------


def label_config(
    codebook: Codebook, language: str, unit: Unit = "paragraph", show: Collection[ShownPart] = SHOWN
) -> str:
    """Return the labelling interface for a codebook as Label Studio XML.

    Args:
        codebook: the questions and labels.
        language: the language of the labels and of the interface texts.
        unit: the unit of annotation.
        show: the context around the item; other parts are not on the screen.

    Raises:
        ConfigError: Label Studio would misread the name of a label.
    """
    unit_codebook = codebook.for_unit(unit)
    names = object_names(unit_codebook)
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = _STYLE
    page = ET.SubElement(view, "View", className="stance-page")
    main = ET.SubElement(page, "View", className="stance-main")
    _add_texts(main, names, language, show)
    for question in unit_codebook.questions:
        _add_question(main, codebook, question, language, names["text"])
    side = ET.SubElement(page, "View", className="stance-side")
    _add_side(side, unit_codebook, language, show, names["text"])
    if any(question.required and not question.when for question in unit_codebook.questions):
        _add_mark(view, codebook, names["text"])
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")


def _word(name: str, language: str) -> str:
    return _WORDS.get(language, _WORDS["en"])[name]


def _add_texts(main: ET.Element, names: dict[str, str], language: str, show: Collection[ShownPart]) -> None:
    if "headline" in show:
        block = ET.SubElement(main, "View", className="stance-headline")
        ET.SubElement(block, "Header", value="$headline", size="3")
    if "neighbours" in show:
        _add_text(main, "stance-context stance-previous", names["previous"], "$previous")
    item = _add_text(main, "stance-item", names["text"], "$text")
    item.insert(0, ET.Element("Header", value=_word("only", language), size="5", style=_CAPTION))
    if "neighbours" in show:
        _add_text(main, "stance-context stance-next", names["next"], "$next")


def _add_side(side: ET.Element, codebook: Codebook, language: str, show: Collection[ShownPart], about: str) -> None:
    if any(part in show for part in _SOURCE):
        ET.SubElement(side, "Header", value="$source", size="5", style=_NOTE)
    if "note" in show:
        ET.SubElement(side, "Header", value="$note", size="5", style=_NOTE)
    definitions = any(label.definition for question in codebook.questions for label in question.labels)
    if definitions:
        _add_definitions(side, codebook, language, about)
    else:
        # The server refuses to remove a text area that has answers, and an earlier version of the codebook may have had
        # one.
        _add_box(ET.SubElement(side, "View", style=_HIDDEN), language, about, None)
    if not (definitions or "note" in show or any(part in show for part in _SOURCE)):
        side.set("style", _HIDDEN)


def _add_definitions(side: ET.Element, codebook: Codebook, language: str, about: str) -> None:
    """Add a checkbox that opens the definitions by one key: Label Studio has no hotkey for instructions or panels."""
    taken = {label.hotkey for question in codebook.questions for label in question.labels}
    _add_box(side, language, about, next((key for key in _DEFINITION_KEYS if key not in taken), None))
    when = {"visibleWhen": "choice-selected", "whenTagName": DEFINITIONS, "whenChoiceValue": "open"}
    block = ET.SubElement(side, "View", when)
    for question in codebook.questions:
        for label in question.labels:
            definition = codebook.say(label.definition, language)
            if definition:
                value = _undollared(f"{_title(codebook, label, language)}: {printable(definition)}")
                ET.SubElement(block, "Header", value=value, size="5", style=_NOTE)


def _add_text(view: ET.Element, style: str, name: str, value: str) -> ET.Element:
    block = ET.SubElement(view, "View", className=style)
    ET.SubElement(block, "Text", name=name, value=value)
    return block


def _add_question(view: ET.Element, codebook: Codebook, question: Question, language: str, about: str) -> None:
    block = ET.SubElement(view, "View", className="stance-question")
    for name, labels in question.when.items():
        # Nested views require all conditions. The comma is a safe separator, since no code contains one.
        shown = {"visibleWhen": "choice-selected", "whenTagName": name, "whenChoiceValue": ",".join(labels)}
        block = ET.SubElement(block, "View", shown)
    ET.SubElement(block, "Header", value=f"$q_{question.name}", size="5")
    common = {"name": question.name, "toName": about}
    if question.required:
        message = codebook.say(question.text, language).replace("{target}", "…")
        common |= {"required": "true", "requiredMessage": _attribute(message)}
    _add_control(block, codebook, question, language, common)


def _add_control(
    block: ET.Element, codebook: Codebook, question: Question, language: str, common: dict[str, str]
) -> None:
    if question.kind == "text":
        ET.SubElement(block, "TextArea", common, rows="2", maxSubmissions="1", showSubmitButton="false")
    elif question.kind == "span":
        labels = ET.SubElement(block, "Labels", common)
        ET.SubElement(labels, "Label", value=_word("mark", language), alias=question.name)
    elif question.kind == "rating" and not question.when:
        ET.SubElement(block, "Rating", common, maxRating=str(question.points))
    else:
        choice = "multiple" if question.kind == "choices" else "single-radio"
        choices = ET.SubElement(block, "Choices", common, choice=choice, showInline="true")
        for attributes in _choices(codebook, question, language):
            ET.SubElement(choices, "Choice", attributes)


def _choices(codebook: Codebook, question: Question, language: str) -> Iterable[dict[str, str]]:
    if question.kind == "rating":
        # Label Studio sends a rating even after its view was hidden again; it does not send hidden choices.
        for point in range(1, (question.points or 0) + 1):
            yield {"value": str(point), "alias": str(point)}
    for label in question.labels:
        yield _choice(codebook, label, language)


def _choice(codebook: Codebook, label: Label, language: str) -> dict[str, str]:
    if label.name in ("true", "false"):
        raise ConfigError(
            f"label {label.name!r}: Label Studio reads this code as a switch; name it e.g. 'is_{label.name}'"
        )
    choice = {"value": _undollared(_title(codebook, label, language)), "alias": label.name}
    definition = codebook.say(label.definition, language)
    if definition:
        choice["hint"] = _attribute(definition)
    if label.hotkey:
        choice["hotkey"] = label.hotkey
    return choice


def _add_box(block: ET.Element, language: str, about: str, key: str | None) -> None:
    box = ET.SubElement(block, "Choices", name=DEFINITIONS, toName=about, choice="multiple")
    hotkey = {"hotkey": key} if key else {}
    ET.SubElement(box, "Choice", {"value": _word("define", language), "alias": "open", **hotkey})


def _add_mark(view: ET.Element, codebook: Codebook, about: str) -> None:
    """Add an invisible part to every answer that records which codebook was on the screen.

    An open page keeps its interface until it is reloaded, even if the project has a newer one. If no answer is
    required, there is no mark: a preselected choice would let an empty answer be sent.
    """
    hidden = ET.SubElement(view, "View", style=_HIDDEN)
    mark = ET.SubElement(hidden, "Choices", name=SCREEN, toName=about, choice="single")
    # An explicit hotkey, since Label Studio would otherwise assign one that an annotator may press.
    ET.SubElement(mark, "Choice", value=screen_mark(codebook.ref), selected="true", hotkey="ctrl+alt+shift+f12")


def _title(codebook: Codebook, label: Label, language: str) -> str:
    return printable(codebook.say(label.title, language)).strip() or label.name


def _undollared(text: str) -> str:
    """Return a text without column references: an invisible word joiner disarms the dollar sign that starts one."""
    return text.replace("$", "$\u2060")


def _attribute(text: str) -> str:
    """Return a text as an attribute value: the bare words true and false would be read as booleans."""
    text = printable(text)
    return f"{text}." if text in ("true", "false") else text


# --- task data -----------------------------------------------------------------------------------------------------


def task_data(item: Item, shown: Shown, codebook: Codebook, language: str) -> dict[str, str]:
    """Return the task data of an item; every value is a string, empty where there is nothing to show."""
    data = {
        "item_id": item.id,
        "headline": shown.headline,
        "previous": shown.previous,
        "text": shown.text,
        "next": shown.next,
        "source": shown.source,
        "target": item.target.title,
        "note": shown.note,
    }
    for question in codebook.questions:
        data[f"q_{question.name}"] = codebook.say(question.text, language).replace("{target}", item.target.title)
    return {name: printable(value) for name, value in data.items()}


def instructions(codebook: Codebook, language: str) -> str:
    """Return the instructions for annotators as HTML, with only the tags that Label Studio keeps."""

    def _html(text: dict[str, str]) -> str:
        return html.escape(printable(codebook.say(text, language)), quote=False).replace("\n", "<br>")

    parts = [f"<h3>{_html(codebook.title)}</h3>"]
    if codebook.instructions:
        parts.append(f"<p>{_html(codebook.instructions)}</p>")
    for number, step in enumerate(codebook.tree, 1):
        parts.append(f"<br><p>{number}. {_html(step.ask)}<br>✓ {_html(step.yes)}<br>✗ {_html(step.no)}</p>")
    for question in codebook.questions:
        parts.append(f"<br><h4>{_html(question.text).replace('{target}', '…')}</h4>")
        parts += [f"<p>• <b>{_html(label.title)}</b> {_html(label.definition)}</p>" for label in question.labels]
    return "\n".join(parts)
