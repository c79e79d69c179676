"""How annotators are told that their codebook has changed: the first thing in their instructions."""

import html
from collections.abc import Iterable, Sequence

from toolkit.campaigns.display import printable
from toolkit.codebook import Codebook, Text
from toolkit.studio.push.project_specs import PushRequest, ScreenVersion, codebook_of

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
