"""What annotators are asked: questions, labels, conditions, guidelines; and whom a stance is towards, by date.

A codebook is a TOML file that people write. Nothing in the toolkit knows the name of a question or of a
label: whatever the file says goes to the screen, the ledger, the dataset and the baseline.
"""

import itertools
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from toolkit.configuration import Finding, finding, raise_findings, toml_findings
from toolkit.errors import ConfigError
from toolkit.files import digest
from toolkit.records import Answers, Target
from toolkit.schema import ANNOTATION_COLUMNS, GOLD_COLUMNS, SPLIT_COLUMN, question_columns

Text = dict[str, str]  # language -> text
Kind = Literal["choice", "choices", "rating", "text", "span"]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Unit = Literal["paragraph", "article", "headline"]

_Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Label(_Part, frozen=True, kw_only=True):
    """A possible answer: on the scale, off the scale, or no answer."""

    name: _Name
    title: Text
    definition: Text = {}
    scale: float | None = None  # None: off the scale, or no answer
    covers: tuple[_Name, ...] = ()  # off the scale and several labels at once: mixed is both directions
    no_answer: bool = False  # kept and counted, never gold, missing for agreement
    hotkey: str | None = None
    examples: tuple[str, ...] = ()


class Question(_Part, frozen=True, kw_only=True):
    """A question and when it is shown."""

    name: _Name
    text: Text  # may hold {target}
    kind: Kind = "choice"
    required: bool = False  # whenever it is shown
    when: dict[str, tuple[str, ...]] = {}  # earlier question -> labels after which this one is shown
    units: tuple[Unit, ...] = ("paragraph", "article", "headline")
    level: Level = "nominal"
    points: Annotated[int, Meta(ge=2, le=10)] | None = None  # of a rating
    labels: tuple[Label, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """All labels, in codebook order."""
        return tuple(label.name for label in self.labels)

    @property
    def on_scale(self) -> tuple[str, ...]:
        """The labels with a place on the scale."""
        return tuple(label.name for label in self.labels if label.scale is not None)

    @property
    def applicable(self) -> tuple[str, ...]:
        """The labels that place the unit, on the scale or as several of its labels at once."""
        return tuple(label.name for label in self.labels if label.scale is not None or label.covers)

    @property
    def off_scale(self) -> tuple[str, ...]:
        """The real answers that say that the scale does not apply; none where the question has no scale."""
        return tuple(name for name in self.gold_labels if name not in self.applicable) if self.on_scale else ()

    @property
    def no_answers(self) -> tuple[str, ...]:
        """The labels that are no answer."""
        return tuple(label.name for label in self.labels if label.no_answer)

    @property
    def gold_labels(self) -> tuple[str, ...]:
        """The labels that can become gold: all but the no-answer ones, in codebook order."""
        return tuple(label.name for label in self.labels if not label.no_answer)

    def shown_after(self, answers: Answers) -> bool:
        """Whether the question is shown to somebody who has given these answers."""
        return all(set(_given(answers.get(name))) & set(labels) for name, labels in self.when.items())


class TreeStep(_Part, frozen=True, kw_only=True):
    """A step of the decision tree."""

    ask: Text
    yes: Text
    no: Text


class EdgeCase(_Part, frozen=True, kw_only=True):
    """A doubtful paragraph with its answer, and a near twin that is answered otherwise."""

    text: str
    answers: dict[str, str]
    reason: Text
    twin: str | None = None
    twin_answers: dict[str, str] = {}


class Section(_Part, frozen=True, kw_only=True):
    """A section of the guidelines."""

    title: Text
    text: Text


class Migration(_Part, frozen=True, kw_only=True):
    """A label that was renamed: answers given under the old name count under the new one."""

    question: _Name
    old: _Name
    new: _Name


class Codebook(_Part, frozen=True, kw_only=True, dict=True):
    """Everything that annotators are told and asked."""

    name: _Name
    version: str
    languages: Annotated[tuple[str, ...], Meta(min_length=1)] = ("en",)  # the first is what others fall back to
    title: Text
    instructions: Text = {}  # short, shown before the first item
    questions: tuple[Question, ...]
    guidelines: tuple[Section, ...] = ()
    tree: tuple[TreeStep, ...] = ()
    cases: tuple[EdgeCase, ...] = ()
    migrations: tuple[Migration, ...] = ()  # in the order in which the labels were renamed
    changes: Text = {}  # what annotators are told when this version takes the place of another

    @cached_property
    def ref(self) -> str:
        """``name@version#hash``: what an annotation remembers of the codebook that its annotator saw."""
        return f"{self.name}@{self.version}#{digest(msgspec.json.encode(self), 12)}"

    @cached_property
    def choices(self) -> tuple[Question, ...]:
        """The questions that are answered with one label each: those that have gold and agreement."""
        return tuple(question for question in self.questions if question.kind == "choice")

    def question(self, name: str) -> Question:
        """The question of that name.

        Raises:
            ConfigError: there is none; the message names those that there are.
        """
        for question in self.questions:
            if question.name == name:
                return question
        raise ConfigError(f"no question {name!r}; codebook {self.name} {self.version} has {_listed(self.questions)}")

    def say(self, text: Text, language: str) -> str:
        """A text in a language, or in the codebook's first one where it is not translated."""
        return text.get(language) or text.get(self.languages[0], "")

    def migrated(self, answers: Answers) -> Answers:
        """Answers with the labels that are called otherwise now under their present names."""
        current = dict(answers)
        for rule in self.migrations:
            value = current.get(rule.question)
            if isinstance(value, list | tuple):
                current[rule.question] = [rule.new if label == rule.old else label for label in value]
            elif value == rule.old:
                current[rule.question] = rule.new
        return current

    def for_unit(self, unit: str) -> "Codebook":
        """The codebook with the questions about a kind of unit.

        A question whose condition names a question that is left out is never shown, and so is left out too.
        """
        shown: list[Question] = []
        for question in self.questions:
            names = {earlier.name for earlier in shown}
            if unit in question.units and names.issuperset(question.when):
                shown.append(question)
        return msgspec.structs.replace(self, questions=tuple(shown))

    def problem_with(self, answers: Answers) -> tuple[str, str] | None:
        """What is wrong with some answers as ``(code, reason)``, or None.

        Codes: ``unknown_question``, ``unknown_label``, ``malformed_answer``, ``missing_answer``, ``hidden_answer``.
        """
        for name in answers:
            if name not in {question.name for question in self.questions}:
                return "unknown_question", f"unknown question {name!r}; codebook has {_listed(self.questions)}"
        for question in self.questions:
            problem = _problem(question, answers)
            if problem:
                return problem
        return None


def _given(value: object) -> list[str]:
    """The labels in an answer; what is no label at all stands there as it is written."""
    if value is None:
        return []
    return [str(label) for label in value] if isinstance(value, list | tuple) else [str(value)]


def _problem(question: Question, answers: Answers) -> tuple[str, str] | None:
    value = answers.get(question.name)
    shown = question.shown_after(answers)
    if value is None or value == [] or value == "":
        missing = question.required and shown
        return ("missing_answer", f"no answer to {question.name!r}, which is required") if missing else None
    if not shown:
        return "hidden_answer", f"an answer to {question.name!r}, which is not shown after these answers"
    if question.kind in ("choice", "choices"):
        return _label_problem(question, value)
    if question.points is not None and (type(value) is not int or not 1 <= value <= question.points):
        return (
            "malformed_answer",
            f"{value!r} for {question.name!r}; a whole number from 1 to {question.points} is needed",
        )
    if question.kind == "text" and not isinstance(value, str):
        return "malformed_answer", f"{value!r} for {question.name!r}; a text is needed"
    return None


def _label_problem(question: Question, value: object) -> tuple[str, str] | None:
    if question.kind == "choice" and isinstance(value, list | tuple):
        return "malformed_answer", f"{value!r} for {question.name!r}; one label is needed, not a list"
    for label in value if isinstance(value, list | tuple) else [value]:
        if label not in question.label_names:
            allowed = ", ".join(question.label_names)
            return "unknown_label", f"unknown label {label!r} for {question.name!r}; the codebook has {allowed}"
    return None


def _listed(parts: Iterable[Question | Label]) -> str:
    return ", ".join(part.name for part in parts)


def read_codebook(path: Path) -> Codebook:
    """The codebook in a TOML file.

    Raises:
        ConfigError: the file breaks a rule; the message says which and where.
    """
    book, findings = codebook_findings(path)
    raise_findings(findings)
    if book is None:
        raise ConfigError(f"{path}: no codebook")
    return book


def codebook_findings(path: Path) -> tuple[Codebook | None, list[Finding]]:
    """The codebook in a TOML file and what is wrong with it; None where it cannot be used."""
    book, findings = toml_findings(path, Codebook)
    if book is not None:
        findings += [finding("codebook", path, problem) for problem in _problems(book)]
    return (None if findings else book), findings


def _problems(book: Codebook) -> Iterable[str]:
    if not book.questions:
        yield "no questions; add at least one [[questions]] with labels"
    yield from _doubles((question.name for question in book.questions), "two questions are named")
    keys = (label.hotkey for question in book.questions for label in question.labels if label.hotkey)
    yield from _doubles(keys, "two labels share the hotkey")
    for number, question in enumerate(book.questions):
        where = f"question {question.name!r}: "
        earlier = {q.name: q for q in book.questions[:number]}
        yield from (where + problem for problem in _question_problems(question, earlier))
    yield from _column_problems(book)
    yield from _text_problems(book)
    yield from _migration_problems(book)
    for case in book.cases:
        if (case.twin is None) != (not case.twin_answers):
            yield f"edge case {case.text[:40]!r}: `twin` and `twin_answers` go together; give both or neither"
        problem = book.problem_with(dict(case.answers)) or (
            book.problem_with(dict(case.twin_answers)) if case.twin else None
        )
        if problem:
            yield f"edge case {case.text[:40]!r}: {problem[1]}"


def _column_problems(book: Codebook) -> Iterable[str]:
    """Questions whose columns in the dataset would take the place of others."""
    taken = {"gold": {*GOLD_COLUMNS, SPLIT_COLUMN}, "annotations": set(ANNOTATION_COLUMNS)}
    for question in {question.name: question for question in book.questions}.values():
        columns = question_columns(question.name, question.kind)
        config, column = next(((c, name) for c in columns for name in columns[c] if name in taken[c]), ("", ""))
        if column:
            yield f"question {question.name!r}: {column!r} is another column of the dataset ({config}); rename it"
        for config, names in columns.items():
            taken[config].update(names)


def _question_problems(question: Question, earlier: dict[str, Question]) -> Iterable[str]:
    yield from _doubles(question.label_names, "two labels are named")
    titles = {language for label in question.labels for language in label.title}
    for language in sorted(titles):
        yield from _doubles(
            (label.title.get(language, label.name) for label in question.labels), "two labels are titled"
        )
    if question.kind in ("choice", "choices") and not question.labels:
        yield "a choice needs at least one label"
    if question.kind not in ("choice", "choices") and question.labels:
        yield f"a {question.kind} question has no labels; delete them or make it a choice"
    if (question.kind == "rating") != (question.points is not None):
        yield "a rating, and nothing else, needs `points` (2 to 10)"
    for label in question.labels:
        unknown = [name for name in label.covers if name not in question.on_scale]
        if unknown:
            yield f"label {label.name!r} covers {unknown[0]!r}, which is no label on the scale"
        if label.covers and (label.scale is not None or label.no_answer):
            yield f"label {label.name!r} covers others; then it has no scale and is an answer"
        if label.no_answer and label.scale is not None:
            yield f"label {label.name!r} has a scale and is no answer; it can be one of the two"
    yield from _condition_problems(question, earlier)


def _condition_problems(question: Question, earlier: dict[str, Question]) -> Iterable[str]:
    for name, wanted in question.when.items():
        if name not in earlier:
            yield f"`when` names {name!r}, which is not an earlier question"
            continue
        if not earlier[name].labels:
            yield f"`when` names {name!r}, a {earlier[name].kind} question; only labels can be a condition"
            continue
        for label in wanted:
            if label not in earlier[name].label_names:
                yield f"`when` names the label {label!r}; {name} has {', '.join(earlier[name].label_names)}"


def _migration_problems(book: Codebook) -> Iterable[str]:
    labels = {question.name: question.label_names for question in book.questions}
    targets: dict[tuple[str, str], str] = {}
    for rule in book.migrations:
        if targets.setdefault((rule.question, rule.old), rule.new) != rule.new:
            new = targets[rule.question, rule.old]
            yield f"{rule.question!r}: {rule.old!r} becomes both {new!r} and {rule.new!r}; delete one migration"
        later = {later.old for later in book.migrations if later.question == rule.question}
        if rule.question not in labels:
            yield f"a migration names {rule.question!r}; the questions are {', '.join(labels)}"
        elif rule.old in labels[rule.question]:
            yield f"{rule.question!r}: {rule.old!r} is migrated and still a label; it can be one of the two"
        elif rule.new not in labels[rule.question] and rule.new not in later:
            yield f"{rule.question!r}: {rule.old!r} becomes {rule.new!r}, which is no label"


def _doubles(names: Iterable[str], what: str) -> Iterable[str]:
    seen = set()
    for name in names:
        if name in seen:
            yield f"{what} {name!r}; each needs one of its own"
        seen.add(name)


def _text_problems(book: Codebook) -> Iterable[str]:
    encoded = msgspec.to_builtins(book)
    stack = [encoded]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list | tuple):
            stack += value
        elif isinstance(value, str) and _NOT_XML.search(value):
            bad = _NOT_XML.search(value)
            yield f"the character {bad.group()!r} in {value[:40]!r} cannot be shown; delete it" if bad else ""


# --- targets -------------------------------------------------------------------------------------------------------


_Day = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Period(_Part, frozen=True, kw_only=True):
    """Who a target was for a time."""

    valid_from: _Day  # ISO date, the first day
    valid_to: _Day | None = None  # the last day; None: still
    note: Text  # who governs, who opposes, as the annotator is told


class TargetEntry(_Part, frozen=True, kw_only=True):
    """A target of stance and who stood for it when."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    kind: str  # government, person, organisation, proposition
    country: str | None = None
    title: Text
    periods: tuple[Period, ...] = ()

    def on(self, date: str | None, language: str) -> Target:
        """The target as it was on a date (ISO); without a date, no note."""
        day = (date or "")[:10]
        note = next((p.note for p in self.periods if day and p.valid_from <= day <= (p.valid_to or "9999")), {})
        return Target(id=self.id, title=_in(self.title, language), note=_in(note, language))


def _in(text: Text, language: str) -> str:
    return text.get(language) or next(iter(text.values()), "")


class TargetRegistry(_Part, frozen=True, kw_only=True):
    """The targets that a workspace knows."""

    targets: tuple[TargetEntry, ...]

    def entry(self, target_id: str) -> TargetEntry:
        """The target of that id.

        Raises:
            ConfigError: there is none; the message names those that there are.
        """
        for target in self.targets:
            if target.id == target_id:
                return target
        known = ", ".join(target.id for target in self.targets)
        raise ConfigError(f"unknown target {target_id!r}; the registry has {known}")


def read_targets(path: Path) -> TargetRegistry:
    """The target registry in a TOML file.

    Raises:
        ConfigError: two targets share an id, or periods of one target overlap or end before they begin.
    """
    registry, findings = targets_findings(path)
    raise_findings(findings)
    if registry is None:
        raise ConfigError(f"{path}: no target registry")
    return registry


def targets_findings(path: Path) -> tuple[TargetRegistry | None, list[Finding]]:
    """The target registry in a TOML file and what is wrong with it; None where it cannot be used."""
    registry, findings = toml_findings(path, TargetRegistry)
    if registry is not None:
        findings += [finding("targets", path, problem) for problem in _target_problems(registry)]
    return (None if findings else registry), findings


def _target_problems(registry: TargetRegistry) -> Iterable[str]:
    yield from _doubles((target.id for target in registry.targets), "two targets have the id")
    for target in registry.targets:
        where = f"target {target.id!r}: "
        for period in target.periods:
            if (period.valid_to or "9999") < period.valid_from:
                yield f"{where}a period ends on {period.valid_to}, before it begins; swap the dates"
        ends = sorted((period.valid_from, period.valid_to or "9999") for period in target.periods)
        for (_, end), (start, _) in itertools.pairwise(ends):
            if start <= end:
                yield f"{where}the periods that begin before and on {start} overlap; end the earlier one before {start}"
