"""A codebook that changes while people work: what changes, and what must not, since the server itself lets all pass."""

import html
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from toolkit.campaigns.display import printable
from toolkit.codebook import Codebook, Question, Text
from toolkit.errors import DataError, StudioError
from toolkit.exchange.label_config import ConfigQuestion, read_label_config
from toolkit.records import ScreenVersion
from toolkit.studio.config import label_config
from toolkit.studio.http.client import Studio
from toolkit.studio.push.project_specs import PushRequest, codebook_of
from toolkit.studio.push.projects import Standing

_WHOLE = ""  # in place of a label: the question itself


# --- what must not be taken away -------------------------------------------------------------------------------------


def refuse_removals(studio: Studio, request: PushRequest, standing: Iterable[Standing]) -> None:
    """Refuse a codebook that lacks what annotators have answered on the server.

    What counts is what the project offers now, so labels that somebody changed there by hand are found as well.

    Raises:
        StudioError: a question or label is gone, was used, and no migration says what it is called now.
    """
    for each in standing:
        new = label_config(request.codebook, request.language, each.spec.unit, request.show)
        gone = _gone(each.project.label_config, new, request.codebook)
        used = _used(studio, each.project.id, gone) if gone else Counter()
        if used:
            named = ", ".join(f"{_named(*key)} ({n} annotations)" for key, n in sorted(used.items()))
            raise StudioError(
                f"{studio.url}/projects/{each.project.id}: annotators have answered what codebook "
                f"{request.codebook.name} {request.codebook.version} does not have: {named}; put it back, or say in "
                "[[migrations]] what the label is called now, or give the campaign a new name for a new round"
            )


def _named(question: str, label: str) -> str:
    return f"{question!r}" if label == _WHOLE else f"{question!r} = {label!r}"


def _gone(old: str, new: str, codebook: Codebook) -> set[tuple[str, str]]:
    """The questions and labels of one interface that another lacks, renamed ones left out."""
    if old == new:
        return set()
    before, after = _controls(old), _controls(new)
    renamed = {(rule.question, rule.old) for rule in codebook.migrations}
    gone = set()
    for name, control in before.items():
        if name not in after or after[name].kind != control.kind:
            gone.add((name, _WHOLE))
        else:
            gone |= {(name, label) for label in control.labels - after[name].labels} - renamed
    return gone


def _controls(config: str) -> dict[str, ConfigQuestion]:
    try:
        return {question.name: question for question in read_label_config(config, "")}
    except DataError:
        return {}


def _used(studio: Studio, project: int, gone: set[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How many annotations and drafts of a project answer what is gone."""
    used: Counter[tuple[str, str]] = Counter()
    for task in studio.tasks(project):
        for annotation in task.annotations:
            used.update(gone & _answers(annotation.result))
    for _, draft in studio.drafts(project):
        used.update(gone & _answers(draft.result))
    return used


def _answers(result: Iterable[Any]) -> set[tuple[str, str]]:
    found = set()
    for part in result:
        name = part.get("from_name") if isinstance(part, dict) else None
        if isinstance(name, str):
            found.add((name, _WHOLE))
            value = part.get("value")
            given = value.get(part.get("type")) if isinstance(value, dict) else None
            found |= {(name, str(label)) for label in (given if isinstance(given, list) else [given])}
    return found


# --- what changes ----------------------------------------------------------------------------------------------------


def differences(old: Codebook, new: Codebook) -> list[str]:
    """What changes from one codebook to another, in words for whoever leads the campaign."""
    before = {question.name: question for question in old.questions}
    after = {question.name: question for question in new.questions}
    lines = [
        f"question {name!r} added; earlier annotations have no answer to it" for name in after if name not in before
    ]
    lines += [f"question {name!r} removed; nobody has answered it" for name in before if name not in after]
    for name in after:
        if name in before:
            lines += [f"{name!r}: {line}" for line in _question_changes(before[name], after[name], new)]
    reworded = sum(_is_reworded(before[name], after[name]) for name in after if name in before)
    if reworded:
        lines.append(f"texts of {reworded} questions reworded")
    if (old.title, old.instructions, old.guidelines, old.tree, old.cases) != (
        new.title, new.instructions, new.guidelines, new.tree, new.cases,
    ):  # fmt: skip
        lines.append("instructions reworded")
    return lines


def _question_changes(old: Question, new: Question, codebook: Codebook) -> Iterator[str]:
    renamed = {rule.old: rule.new for rule in codebook.migrations if rule.question == new.name}
    moved = set(renamed.values())
    for label in new.label_names:
        if label not in old.label_names and label not in moved:
            yield f"label {label!r} added; earlier annotators could not choose it"
    for label in old.label_names:
        if label not in new.label_names:
            yield (
                f"label {label!r} is called {renamed[label]!r} now; earlier answers count under it"
                if label in renamed
                else f"label {label!r} removed; nobody has chosen it"
            )
    if old.required != new.required:
        yield "now required" if new.required else "no longer required"
    if old.when != new.when:
        yield "shown under another condition; earlier annotations were asked under the old one"
    if (old.kind, old.points, old.level) != (new.kind, new.points, new.level):
        yield "asked in another way (kind, points or level)"
    if any(_scale(old)[name] != place for name, place in _scale(new).items() if name in old.label_names):
        yield "labels have another place on the scale"


def _scale(question: Question) -> dict[str, tuple[float | None, bool]]:
    return {label.name: (label.scale, label.no_answer) for label in question.labels}


def _is_reworded(old: Question, new: Question) -> bool:
    texts = {label.name: (label.title, label.definition) for label in old.labels}
    return old.text != new.text or any(
        texts.get(label.name, (label.title, label.definition)) != (label.title, label.definition)
        for label in new.labels
    )


# --- what annotators read about a change ------------------------------------------------------------------------------


_WORDS = {
    "en": ("What changed in version {version}", "new question: {0}", "new label: {0}", "{0} is now called {1}"),
    "ru": ("Что изменилось в версии {version}", "новый вопрос: {0}", "новая метка: {0}", "{0} теперь называется {1}"),
    "de": ("Was in Version {version} anders ist", "neue Frage: {0}", "neue Antwort: {0}", "{0} heißt jetzt {1}"),
}
_READ = {
    "en": "Please read the questions and labels below once more.",
    "ru": "Пожалуйста, прочитайте вопросы и метки ещё раз.",
    "de": "Bitte lesen Sie Fragen und Antworten unten noch einmal.",
}


def announcement(request: PushRequest, screens: Sequence[ScreenVersion]) -> str:
    """What is new since the version that a project showed before, as HTML; "" where nothing is.

    What the codebook says under ``changes`` comes first; what can be told from the two codebooks follows.

    Args:
        request: the codebook of now, and those that were pushed before.
        screens: what the project has shown, what it shows now last.
    """
    before = [screen.codebook for screen in screens if screen.codebook != screens[-1].codebook]
    if not before:
        return ""
    new, language = request.codebook, request.language
    old = codebook_of(request, before[-1])
    heading = _words(language)[0].format(version=_said(new.version))
    own = new.say(new.changes, language)
    lines = [_said(own)] if own else []
    lines += [f"• {line}" for line in _news(old, new, language)] if old else []
    lines = lines or [_said(_READ.get(language, _READ["en"]))]
    return f"<h3>{heading}</h3>\n" + "".join(f"<p>{line}</p>\n" for line in lines)


def _words(language: str) -> tuple[str, ...]:
    return _WORDS.get(language, _WORDS["en"])


def _said(text: str) -> str:
    return html.escape(printable(text), quote=False).replace("\n", "<br>")


def _news(old: Codebook, new: Codebook, language: str) -> Iterable[str]:
    _, question_words, label_words, renamed_words = _words(language)

    def say(text: Text) -> str:
        return f"<b>{_said(new.say(text, language)).replace('{target}', '…')}</b>"

    before = {question.name: question for question in old.questions}
    for question in new.questions:
        if question.name not in before:
            yield question_words.format(say(question.text))
            continue
        renamed = {rule.new: rule.old for rule in new.migrations if rule.question == question.name}
        labels = {label.name: label for label in before[question.name].labels}
        for label in question.labels:
            earlier = labels.get(renamed.get(label.name, ""))
            if label.name not in labels and earlier is None:
                yield label_words.format(say(label.title))
            elif earlier is not None and earlier.title != label.title:
                yield renamed_words.format(say(earlier.title), say(label.title))
