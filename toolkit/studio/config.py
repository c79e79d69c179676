"""What annotators see: a codebook as the XML of a labelling interface, an item as the data that it shows, and back.

Nothing here knows a question or a label by name. Texts of articles and questions travel as task data, which Label
Studio shows literally; the XML holds only what the codebook says. The codes of labels are stored (``alias``), their
titles are shown, so a title can be reworded without touching an answer.
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

SHOWN = StudioOptions().show  # what stands around the item unless the campaign says otherwise
_SOURCE: tuple[ShownPart, ...] = ("outlet", "date", "byline")  # shown together, as one line

# What stands above the item has a height of its own, whatever is in it: the item is at the same place each time. The
# paragraph before it shows its end, which is what the item goes on from.
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
_DEFINITION_KEYS = "hgjkbnm0"  # the first that no label has


# --- the interface -------------------------------------------------------------------------------------------------


def label_config(
    codebook: Codebook, language: str, unit: Unit = "paragraph", show: Collection[ShownPart] = SHOWN
) -> str:
    """The labelling interface for a codebook, as the XML that Label Studio takes.

    Args:
        codebook: what is asked.
        language: of the labels and of our own few words.
        unit: what is asked about.
        show: what stands around it; the rest has no place on the screen.

    Raises:
        ConfigError: a label has a name that Label Studio would misread.
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
        # The server lets no box go that somebody has used, and an earlier version of the codebook may have had it.
        _add_box(ET.SubElement(side, "View", style=_HIDDEN), language, about, None)
    if not (definitions or "note" in show or any(part in show for part in _SOURCE)):
        side.set("style", _HIDDEN)


def _add_definitions(side: ET.Element, codebook: Codebook, language: str, about: str) -> None:
    """A box that opens the definitions by one key: Label Studio has no key of its own for instructions or panels."""
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
        # One view inside the other: all conditions must hold. Codes contain no comma, which separates them here.
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
    """An unseen part of every answer that says which codebook was on the screen.

    A page that is open keeps its interface until it is loaded anew, however long ago the project has got another one.
    Where no answer is required there is none: what is chosen beforehand would let an empty answer be sent.
    """
    hidden = ET.SubElement(view, "View", style=_HIDDEN)
    mark = ET.SubElement(hidden, "Choices", name=SCREEN, toName=about, choice="single")
    # A key of its own, since Label Studio would give it one that somebody may press.
    ET.SubElement(mark, "Choice", value=screen_mark(codebook.ref), selected="true", hotkey="ctrl+alt+shift+f12")


def _title(codebook: Codebook, label: Label, language: str) -> str:
    return printable(codebook.say(label.title, language)).strip() or label.name


def _undollared(text: str) -> str:
    """A text in which the browser looks for no column: a dollar sign would name one; the word joiner is not seen."""
    return text.replace("$", "$\u2060")


def _attribute(text: str) -> str:
    """A text as an attribute: the bare words true and false would be taken for switches."""
    text = printable(text)
    return f"{text}." if text in ("true", "false") else text


# --- what it shows -------------------------------------------------------------------------------------------------


def task_data(item: Item, shown: Shown, codebook: Codebook, language: str) -> dict[str, str]:
    """The data of the task that shows an item; every value is a text, empty where there is nothing to show."""
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
    """What annotators read before their first item, as HTML of the few tags that Label Studio leaves alone."""

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
