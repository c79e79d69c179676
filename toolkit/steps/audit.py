"""Steps that audit annotators and labels, in a campaign or in a table; nothing of a campaign is changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.codebook import Question
from toolkit.errors import DataError, UsageError
from toolkit.labels.audits.annotators import (
    Answer,
    Profile,
    confidence_of,
    profiles,
    repeated_pairs,
)
from toolkit.labels.audits.labels import Suggested, anchoring
from toolkit.labels.audits.leaning import Leaning, leaning_audit
from toolkit.labels.vote_tables import Columns
from toolkit.records import Annotation, Item
from toolkit.statistics import Estimate
from toolkit.steps.common import (
    Outcome,
    annotations_of,
    annotators_of,
    clusters_of,
    counted_of,
    items_of,
    simulation_note,
)
from toolkit.tables import column, read_table
from toolkit.workspace import CampaignConfig


class PeopleOptions(Struct, frozen=True, kw_only=True):
    """How annotators are audited."""

    columns: Columns = Columns()
    order: tuple[str, ...] = ()  # of a table: the labels on a scale, from low to high
    seconds: str | None = None  # columns of a table
    time: str | None = None
    confidence: str | None = None
    suggestion: str | None = None
    shown: str | None = None
    leaning: Path | None = None
    question: str | None = None  # of a campaign; None: the first
    seed: int = 0


class _Asked(Struct, frozen=True, kw_only=True):
    name: str
    answers: list[Answer]
    labels: tuple[str, ...]
    scale: dict[str, float]
    repeats: list[tuple[str, str, str]]
    suggested: list[Suggested]
    seed: int


def audit_people_campaign(campaign: CampaignConfig, options: PeopleOptions) -> Outcome:
    """Every annotator of a campaign beside the others, on one question."""
    choices = campaign.codebook.choices
    question = campaign.codebook.question(options.question) if options.question else choices[0]
    items = items_of(campaign)
    clusters = {row.article_id: row.cluster for row in clusters_of(campaign)}
    ledger = counted_of(campaign)
    rating = next((q.name for q in campaign.codebook.questions if q.kind == "rating"), None)
    answers, suggested = [], []
    for annotation in ledger.counted:
        label = annotation.answers.get(question.name)
        if label in question.gold_labels:
            article = items[annotation.item_id].article_id
            cluster = clusters.get(article, article)
            answers.append(_answer(annotation, question, cluster, rating))
            suggested.append((annotation, str(label), cluster))
    same_as = {item.id: f"{item.unit_id} {item.target.id}" for item in items.values()}
    asked = _Asked(
        name=question.name,
        answers=answers,
        labels=question.gold_labels,
        scale=_scale(question),
        repeats=repeated_pairs(answers, same_as) if _has_repeats(items) else [],
        suggested=_suggested(suggested),
        seed=campaign.file.seed,
    )
    outcome = _people(asked, options.leaning)
    note = simulation_note(annotations_of(campaign), annotators_of(campaign))
    return Outcome(line=outcome.line + ("\nSIMULATED answers" if note else ""), facts=outcome.facts)


def _answer(annotation: Annotation, question: Question, cluster: str, rating: str | None) -> Answer:
    sure = annotation.answers.get(rating) if rating else None
    return Answer(
        item=annotation.item_id,
        annotator=annotation.annotator,
        label=str(annotation.answers[question.name]),
        cluster=cluster,
        seconds=annotation.seconds,
        time=annotation.created,
        confidence=float(sure) if isinstance(sure, int | float) else None,
    )


def _scale(question: Question) -> dict[str, float]:
    return {label.name: label.scale for label in question.labels if label.scale is not None}


def _has_repeats(items: Mapping[str, Item]) -> bool:
    return any(item.purpose == "repeat" for item in items.values())


def _suggested(rows: Sequence[tuple[Annotation, str, str]]) -> list[Suggested]:
    """Votes on items for which somebody was shown a suggestion."""
    told = {annotation.item_id: annotation.suggestion for annotation, _, _ in rows if annotation.suggestion}
    return [
        Suggested(
            item=annotation.item_id,
            cluster=cluster,
            label=label,
            suggestion=told[annotation.item_id] or "",
            shown=annotation.suggestion is not None,
        )
        for annotation, label, cluster in rows
        if annotation.item_id in told
    ]


# --- tables of a user's own -----------------------------------------------------------------------------------------


def audit_people_table(path: Path, options: PeopleOptions) -> Outcome:
    """Every annotator in a table of votes beside the others; a person's second vote on an item is a repeat."""
    every, suggested = _read_answers(path, options)
    if not every:
        raise DataError(f"{path}: no votes in its column {options.columns.label!r}")
    last = {(row.item, row.annotator): row for row in sorted(every, key=lambda row: (row.time, row.label))}
    labels = tuple(sorted({row.label for row in every}))
    unknown = [label for label in options.order if label not in labels]
    if unknown:
        raise UsageError(f"--order {unknown[0]}: no such label; the table has {', '.join(labels)}")
    asked = _Asked(
        name=options.columns.label,
        answers=list(last.values()),
        labels=labels,
        scale={label: float(place) for place, label in enumerate(options.order)},
        repeats=repeated_pairs(every, {}),
        suggested=suggested,
        seed=options.seed,
    )
    return _people(asked, options.leaning)


def _read_answers(path: Path, options: PeopleOptions) -> tuple[list[Answer], list[Suggested]]:
    rows = read_table(path)
    names = options.columns
    used = (names.item, names.annotator, names.label, names.cluster, options.seconds, options.time, options.confidence)
    for name in (*used, options.suggestion, options.shown):
        if name:
            column(rows, name, path)
    answers, suggested = [], []
    for n, row in enumerate(rows, 1):
        if row[names.label] is None or not str(row[names.label]).strip():
            continue
        answer = _table_answer(row, options, f"{path}, row {n}")
        answers.append(answer)
        if options.suggestion and row[options.suggestion]:
            suggested.append(
                Suggested(
                    item=answer.item,
                    cluster=answer.cluster,
                    label=answer.label,
                    suggestion=str(row[options.suggestion]),
                    shown=_yes(row[options.shown]) if options.shown else True,
                )
            )
    return answers, suggested


def _table_answer(row: Mapping[str, Any], options: PeopleOptions, where: str) -> Answer:
    names = options.columns
    item = str(row[names.item])
    return Answer(
        item=item,
        annotator=str(row[names.annotator]),
        label=str(row[names.label]),
        cluster=str(row[names.cluster]) if names.cluster else item,
        seconds=_number(row, options.seconds, where),
        time=str(row[options.time] or "") if options.time else "",
        confidence=_number(row, options.confidence, where),
    )


def _number(row: Mapping[str, Any], name: str | None, where: str) -> float | None:
    if name is None or row[name] in (None, ""):
        return None
    try:
        return float(row[name])
    except ValueError as error:
        raise DataError(f"{where}: {row[name]!r} in {name!r} is no number") from error


def _yes(cell: object) -> bool:
    return str(cell).strip().lower() in ("1", "1.0", "true", "yes", "y", "x")


# --- what is said ----------------------------------------------------------------------------------------------------


def _people(asked: _Asked, leaning: Path | None) -> Outcome:
    if not asked.answers:
        raise DataError(f"{asked.name}: nobody answered it; there is nothing to audit")
    found = profiles(asked.answers, asked.labels, asked.scale, asked.repeats, asked.seed)
    lines = [_profile_line(one) for one in found]
    facts: dict[str, Any] = {"schema": 1, "question": asked.name, "annotators": msgspec.to_builtins(found)}
    sure = confidence_of(asked.answers, asked.labels)
    if sure:
        facts["confidence"] = msgspec.to_builtins(sure)
        lines.append(
            f"confidence, from each person's own mean: {sure.agreed:+.2f} where half of the others agree, "
            f"{sure.alone:+.2f} elsewhere ({sure.n} answers); it weighs no vote"
        )
    if asked.suggested:
        moved = anchoring(asked.suggested, asked.seed)
        facts["anchoring"] = msgspec.to_builtins(moved)
        lines.append(f"anchoring: votes equal the suggestion {said(moved, '+.3f')} more often where it was shown")
    if leaning:
        one = _leaning(leaning, found, asked)
        facts["leaning"] = msgspec.to_builtins(one)
        lines.append(_leaning_line(one))
    return Outcome(line="\n".join(lines), facts=facts)


def _profile_line(one: Profile) -> str:
    parts = [
        f"{one.answers} answers",
        f"accuracy {one.accuracy:.2f}",
        f"agrees with others {said(one.agreement, '.3f')}",
    ]
    if one.bias:
        parts.append(f"direction {said(one.bias, '+.2f')}")
    if one.intra_annotator_agreement:
        parts.append(
            f"with oneself {said(one.intra_annotator_agreement, '.2f')} ({one.intra_annotator_agreement.n} pairs)"
        )
    parts += [f"LOOK: {flag.code}: {flag.evidence}" for flag in one.flags]
    return f"{one.annotator}: {', '.join(parts)}"


def said(figure: Estimate, form: str) -> str:
    """A figure and its interval in words, or why there is none."""
    if figure.value is None:
        return f"undefined ({figure.reason})"
    if figure.low is None or figure.high is None:
        return f"{figure.value:{form}}"
    return f"{figure.value:{form}} [{figure.low:{form}}, {figure.high:{form}}]"


def _leaning(path: Path, found: Sequence[Profile], asked: _Asked) -> Leaning:
    if not asked.scale:
        raise UsageError("--leaning needs labels on a scale; of a table --order lists them from low to high")
    rows = read_table(path)
    people, told = column(rows, "annotator", path), column(rows, "leaning", path)
    consent = column(rows, "consent", path)
    agreed = {str(who): str(what) for who, what, yes in zip(people, told, consent, strict=True) if _yes(yes)}
    bias = {one.annotator: one.bias.value for one in found if one.bias and one.bias.value is not None}
    return leaning_audit(agreed, bias, asked.seed)


def _leaning_line(one: Leaning) -> str:
    groups = ", ".join(f"{group.leaning} {group.bias:+.2f} ({group.people} people)" for group in one.groups)
    told = f"leaning: {one.people} people who agreed to say"
    told += f", correlation with direction {one.correlation:+.2f}" if one.correlation is not None else ""
    told += f"; {groups}" if groups else ""
    told += f"; {one.withheld} people in groups of fewer than five are not shown" if one.withheld else ""
    return told + (f"; p {one.p:.4f} (permuted annotators)" if one.p is not None else f"; {one.reason}")
