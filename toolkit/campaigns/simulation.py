"""Simulated annotators: what one of them answers to an item, by a stated error model.

An annotator answers without reading with the chance ``speeding`` (any label, each alike). Otherwise it gives the
intended label with the chance ``accuracy``, and else another one: labels near on the scale are likelier by
``exp(-distance)``, and ``exp(leaning * scale)`` tilts the choice towards one end. Where no label is intended, a latent
label is drawn from the seed: such answers mean nothing. All chances are drawn from (seed, annotator, item), so the
order of work does not change them.
"""

import math
import random
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook, Label, Question
from toolkit.labels.ledger import latest
from toolkit.records import Annotation, Annotator, Answers, Item
from toolkit.workspace import SimulatedAnnotator

MODEL = (
    "answers at random with probability `speeding`, else as intended with probability `accuracy`, else another label "
    "with weight exp(-distance on the scale) * exp(leaning * scale)"
)
_OFF_SCALE_WEIGHT = math.exp(-1)  # as far as a neighbour on the scale
_OPTIONAL_ANSWERED = 0.9


class Response(Struct, frozen=True, kw_only=True):
    """What an annotator does with an item: answers, or a skip."""

    answers: Answers
    seconds: float
    skipped: bool = False


def respond(
    item: Item, annotator: SimulatedAnnotator, codebook: Codebook, intended: Answers | None, seed: int, skip_rate: float
) -> Response:
    """The response of a simulated annotator to an item.

    Args:
        item: what is asked.
        annotator: who is asked.
        codebook: the questions.
        intended: the answers that were meant; None where nothing was.
        seed: of the campaign.
        skip_rate: the chance of a skip.
    """
    chance = random.Random(f"{seed} {annotator.pseudonym} {item.id}")  # noqa: S311 - simulation, no secret
    hasty = chance.random() < annotator.speeding
    seconds = round(chance.lognormvariate(math.log(4 if hasty else 20), 0.4), 1)
    if chance.random() < skip_rate:
        return Response(answers={}, seconds=seconds, skipped=True)
    truth = intended if intended is not None else latent_answers(item, codebook, seed)
    answers: Answers = {}
    for question in codebook.questions:
        is_answered = question.required or chance.random() < _OPTIONAL_ANSWERED
        if question.units and item.unit in question.units and question.shown_after(answers) and is_answered:
            value = _answer(question, truth.get(question.name), annotator, hasty, chance)
            answers |= {} if value is None else {question.name: value}
    return Response(answers=answers, seconds=seconds)


def latent_answers(item: Item, codebook: Codebook, seed: int) -> Answers:
    """Labels drawn for an item from the seed, for articles without intended ones; the same for every annotator."""
    chance = random.Random(f"latent {seed} {item.id}")  # noqa: S311
    answers: Answers = {}
    for question in codebook.choices:
        # an optional question with a scale is answered too; one without asks for faults, of which there are none
        if (question.required or question.on_scale) and question.shown_after(answers):
            answers[question.name] = chance.choice(question.gold_labels)
    return answers


def _answer(
    question: Question, truth: object, annotator: SimulatedAnnotator, hasty: bool, chance: random.Random
) -> object:
    if question.kind == "rating":
        return chance.randint(1, question.points or 1)
    if question.kind != "choice":
        return None  # nobody writes comments or marks spans by chance
    if hasty and question.required:
        return chance.choice(question.label_names)
    if not isinstance(truth, str):
        return _slip(question, question.labels[0], annotator, chance) if question.required else None
    meant = next((label for label in question.labels if label.name == truth), None)
    if meant is None or chance.random() < annotator.accuracy:
        return truth
    return _slip(question, meant, annotator, chance)


def _slip(question: Question, meant: Label, annotator: SimulatedAnnotator, chance: random.Random) -> str:
    others = [label for label in question.labels if label != meant]
    weights = [_weight(label, meant, annotator.leaning) for label in others]
    return chance.choices(others, weights)[0].name if others else meant.name


def _weight(label: Label, meant: Label, leaning: float) -> float:
    if label.scale is None or meant.scale is None:
        return _OFF_SCALE_WEIGHT * (math.exp(leaning * label.scale) if label.scale is not None else 1)
    return math.exp(-abs(label.scale - meant.scale)) * math.exp(leaning * label.scale)


IntendedAnswers = dict[tuple[str, int, str | None], Answers]  # by article, start of the paragraph and target


def intended_answers(
    items: Mapping[str, Item], present: Iterable[str], starts: Mapping[str, int], intended: IntendedAnswers
) -> dict[str, Answers | None]:
    """The intended answers to each item; None where there are none, or its paragraph is gone.

    Args:
        items: by id.
        present: the items whose paragraph is there.
        starts: of paragraphs, by id, in code points.
        intended: what writers or sources meant.
    """
    answers = {name: intended_for(items[name], starts[items[name].unit_id], intended) for name in present}
    return {name: answers.get(name) for name in items}


def truth_kind(answers: Mapping[str, Answers | None]) -> str:
    """Where the labels behind simulated answers come from: ``intended``, ``latent`` (drawn at random) or ``partly``."""
    kinds = {"latent" if value is None else "intended" for value in answers.values()}
    return kinds.pop() if len(kinds) == 1 else "partly"


def simulated_annotators(
    annotators: Iterable[SimulatedAnnotator], truth: str, known: Mapping[str, Annotator]
) -> list[Annotator]:
    """The records of simulated annotators that a campaign lacks.

    Args:
        annotators: of the campaign file.
        truth: as `truth_kind` gives it.
        known: the records that there are, by pseudonym.
    """
    rows = []
    for annotator in annotators:
        details = {**msgspec.to_builtins(annotator), "truth": truth}
        details.pop("pseudonym")
        rows.append(Annotator(pseudonym=annotator.pseudonym, kind="simulated", details=details))
    return [row for row in rows if known.get(row.pseudonym) != row]


def intended_for(item: Item, start: int, intended: IntendedAnswers) -> Answers | None:
    """The intended answers to an item: those for its target, else those for any.

    Args:
        item: what is asked.
        start: where its paragraph begins in the article, in code points.
        intended: by article, start and target.
    """
    for target in (item.target.id, item.target.title, None):
        label = intended.get((item.article_id, start, target))
        if label is not None:
            return label
    return None


# --- what a reader must know of simulated answers --------------------------------------------------------------------


class SimulationExtent(Struct, frozen=True, kw_only=True):
    """How many annotators are simulated, and where the labels behind their answers come from."""

    extent: Literal["none", "some", "all"]
    annotators: int = 0  # simulated ones
    of_annotators: int = 0  # all who answered
    truth: Literal["intended", "random", "both"] = "intended"
    error_model: str = ""  # of a simulated annotator; completes "each …"


def simulation_extent(annotations: Iterable[Annotation], annotators: Mapping[str, Annotator]) -> SimulationExtent:
    """How far the answers of a campaign are simulated."""
    used = sorted({annotation.annotator for annotation in latest(annotations)})
    simulated = [annotators[name] for name in used if name in annotators and annotators[name].kind == "simulated"]
    if not simulated:
        return SimulationExtent(extent="none", of_annotators=len(used))
    truths = {annotator.details.get("truth", "latent") for annotator in simulated}
    return SimulationExtent(
        extent="all" if len(simulated) == len(used) else "some",
        annotators=len(simulated),
        of_annotators=len(used),
        truth="intended" if truths == {"intended"} else "random" if truths == {"latent"} else "both",
        error_model=MODEL,
    )


_TRUTHS = {
    "intended": "The labels behind the answers are those that the articles' writers or sources gave",
    "random": "The labels behind the answers were drawn at random: agreement, labels and scores mean nothing",
    "both": "The labels behind some of the answers were drawn at random: figures mean nothing",
}


def simulation_note(annotations: Iterable[Annotation], annotators: Mapping[str, Annotator]) -> str:
    """The sentences that tell a reader of simulated answers; "" where all answers came from people."""
    simulation = simulation_extent(annotations, annotators)
    if simulation.extent == "none":
        return ""
    share = "All" if simulation.extent == "all" else f"{simulation.annotators} of the {simulation.of_annotators}"
    return f"{share} annotators are simulated: each {MODEL}. {_TRUTHS[simulation.truth]}."
