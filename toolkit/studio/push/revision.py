"""Codebook revision during annotation: describes changes and refuses removals, which the server would accept."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from toolkit.codebook import Codebook, Question
from toolkit.errors import DataError, StudioError, UnansweredError
from toolkit.exchange.label_config import ConfigQuestion, read_label_config
from toolkit.store import Store
from toolkit.studio.config import label_config
from toolkit.studio.http.client import Studio
from toolkit.studio.push.project_specs import PushRequest
from toolkit.studio.push.projects import ProjectState

_WHOLE = ""  # in place of a label; means the whole question


# --- refused removals ------------------------------------------------------------------------------------------------


def refuse_removals(studio: Studio, request: PushRequest, states: Iterable[ProjectState]) -> None:
    """Refuse a codebook that lacks a question or label with answers on the server.

    The comparison uses the current interface of the project, so labels changed there by hand are also found.

    Raises:
        StudioError: a used question or label is missing, and no migration renames it.
    """
    for state in states:
        new = label_config(request.codebook, request.language, state.spec.unit, request.show)
        gone = _gone(state.project.label_config, new, request.codebook)
        used = _used(studio, state.project.id, gone) if gone else Counter()
        if used:
            named = ", ".join(f"{_named(*key)} ({n} annotations)" for key, n in sorted(used.items()))
            raise StudioError(
                f"{studio.url}/projects/{state.project.id}: annotators have answered what codebook "
                f"{request.codebook.name} {request.codebook.version} does not have: {named}; put it back, or say in "
                "[[migrations]] what the label is called now, or give the campaign a new name for a new round"
            )


def _named(question: str, label: str) -> str:
    return f"{question!r}" if label == _WHOLE else f"{question!r} = {label!r}"


def _gone(old: str, new: str, codebook: Codebook) -> set[tuple[str, str]]:
    """Return the questions and labels of one interface that another lacks, without renamed ones."""
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
    """Count the annotations and drafts of a project that use removed questions or labels."""
    used: Counter[tuple[str, str]] = Counter()
    for task in studio.tasks(project):
        for annotation in task.annotations:
            used.update(gone & _answers(annotation.result))
    for _, draft in studio.drafts(project):
        used.update(gone & _answers(draft.result))
    return used


def _answers(result: Iterable[Any]) -> set[tuple[str, str]]:
    answers = set()
    for part in result:
        name = part.get("from_name") if isinstance(part, dict) else None
        if isinstance(name, str):
            answers.add((name, _WHOLE))
            value = part.get("value")
            given = value.get(part.get("type")) if isinstance(value, dict) else None
            answers |= {(name, str(label)) for label in (given if isinstance(given, list) else [given])}
    return answers


# --- changes ---------------------------------------------------------------------------------------------------------


def changes_since(earlier: Sequence[Codebook], codebook: Codebook) -> list[str] | None:
    """Return the changes in a codebook since the last pushed one; None if it is the same.

    Args:
        earlier: the pushed codebooks, oldest first.
        codebook: the current codebook.
    """
    if earlier and earlier[-1].ref == codebook.ref:
        return None
    return differences(earlier[-1], codebook) if earlier else []


def differences(old: Codebook, new: Codebook) -> list[str]:
    """Describe the changes between two codebooks for the campaign leader."""
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


# --- what annotators have seen ---------------------------------------------------------------------------------------

_PENDING = ".codebook.pending.json"


@contextlib.contextmanager
def recorded_codebook(store: Store, codebook: Codebook, *, is_new: bool) -> Iterator[None]:
    """Record a codebook as seen by annotators once the server has taken it.

    It is written down before: an interrupted push may have shown it, and then the next push records it. What the
    server refuses, nobody saw.
    """
    if not is_new:
        yield
        return
    store.write_fact(_PENDING, codebook)
    try:
        yield
    except UnansweredError:
        raise
    except StudioError:
        store.path(_PENDING).unlink(missing_ok=True)
        raise
    store.append_rows("codebooks.jsonl", [codebook])
    store.path(_PENDING).unlink(missing_ok=True)


def adopt_pending_codebook(store: Store) -> None:
    """Record the codebook of a push that was interrupted: annotators may have seen it."""
    pending = store.optional_fact(_PENDING, Codebook, "push")
    if pending is None:
        return
    if pending.ref not in {codebook.ref for codebook in store.rows("codebooks.jsonl", Codebook)[-1:]}:
        store.append_rows("codebooks.jsonl", [pending])
    store.path(_PENDING).unlink(missing_ok=True)
