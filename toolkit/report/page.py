"""The report: one HTML page about a campaign, without network access and without scripts."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from msgspec import Struct, structs

from toolkit import words
from toolkit.baselines.evaluation import MacroF1, Scores
from toolkit.baselines.models import MAJORITY
from toolkit.baselines.training import Rung, TrainFacts
from toolkit.campaigns.simulation import SimulationExtent
from toolkit.codebook import Label, Question
from toolkit.labels.agreement.headline import Coefficient
from toolkit.report.facts import QuestionFacts, ReportFacts
from toolkit.report.figures import FigureRow, ReferenceLine, bars, confusion, forest
from toolkit.statistics import DRAWS, Estimate, undefined

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_UNRESOLVED = 50  # items on the page

_CONTENTS = (
    ("glance", "At a glance"),
    ("corpus", "Corpus"),
    ("annotation", "Annotation"),
    ("targets", "Targets"),
    ("questions", "Questions and labels"),
    ("agreement", "Agreement"),
    ("gold", "Gold labels"),
    ("splits", "Splits"),
    ("baselines", "Baselines"),
    ("unresolved", "Unresolved items to read"),
    ("provenance", "Where this page comes from"),
)
_CUSTOMARY = (ReferenceLine(at=0.667, name=".667"), ReferenceLine(at=0.8, name=".800"))
_SPLITS = ("train", "validation", "test", "none")
_SELECTIONS = {
    "all": "all paragraphs of the roles that annotators are asked about",
    "stratified": "a stratified random sample of the paragraphs of the roles that annotators are asked about",
}


class _KeyFigure(Struct, frozen=True, kw_only=True):
    """A figure at the head of the page."""

    name: str
    value: str
    detail: tuple[str, ...] = ()  # parts between which a line may break


class _ShareRow(Struct, frozen=True, kw_only=True):
    label: str
    count: int
    share: Estimate


class _ScoreRow(Struct, frozen=True, kw_only=True):
    name: str
    reads_text: bool
    macro_f1: MacroF1


class _SimulationText(Struct, frozen=True, kw_only=True):
    """The sentences on simulated answers; "" where nothing was simulated."""

    extent: str = ""
    meaning: str = ""
    meaningless: str = ""  # the sentence that figures mean nothing, where labels were drawn at random


def render_page(facts: ReportFacts) -> str:
    """The page as HTML; the same facts give the same bytes."""
    page = _environment().get_template("page.html.jinja")
    return page.render(
        facts=facts,
        contents=_CONTENTS,
        draws=DRAWS,
        simulation=_simulation_text(facts.simulation, len(facts.work.annotators)),
        glance=list(_glance(facts)),
        asked=sum(facts.corpus.roles.get(role, 0) for role in facts.corpus.asked_roles),
        votes_asked=_votes_asked(facts),
        selection=_SELECTIONS.get(facts.work.selection, facts.work.selection),
        unresolved=facts.unresolved[:MOST_UNRESOLVED],
    )


@cache
def _environment() -> "Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("toolkit.report", "."),
        autoescape=True,  # the text of articles is the text of strangers
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {name: getattr(words, name) for name in words.__all__} | _filters()
    return environment


def _filters() -> dict[str, Callable[..., Any]]:
    return {
        "place": _place,
        "in_order": _in_order,
        "any_alpha": _any_alpha,
        "labels_in": _labels_in,
        "share_rows": _share_rows,
        "share_figure": _share_figure,
        "agreement_figure": _agreement_figure,
        "score_rows": _score_rows,
        "score_figure": _score_figure,
        "confusion_figure": _confusion_figure,
    }


# --- filters of the template ------------------------------------------------------------------------------------


def _place(label: Label, question: Question) -> str:
    """The place of a label on the scale; "" where the question has no scale."""
    if label.no_answer:
        return "no answer"
    if label.scale is None:
        return "off scale" if question.on_scale else ""
    return f"{label.scale:+g}".replace("-", "−").replace("+0", "0")


def _in_order(splits: Iterable[str]) -> list[str]:
    """Splits in the order of their use."""
    return sorted(splits, key=lambda split: (_SPLITS.index(split) if split in _SPLITS else len(_SPLITS), split))


def _any_alpha(question: QuestionFacts) -> bool:
    agreement = question.agreement
    return any(alpha.value is not None for alpha in (agreement.alpha, *agreement.per_label.values()))


def _labels_in(shares: dict[str, dict[str, float]], order: Iterable[str]) -> list[str]:
    """The labels that have a share in some split, in codebook order."""
    present = {label for by_label in shares.values() for label in by_label}
    ordered = [label for label in order if label in present]
    return ordered + sorted(present - set(ordered))


def _share_rows(question: QuestionFacts) -> list[_ShareRow]:
    labels = [*question.shares, *(label for label in question.labels if label not in question.shares)]
    rows = []
    for label in labels:
        count = question.labels.get(label, 0)
        rows.append(
            _ShareRow(
                label=label, count=count, share=question.shares.get(label) or _plain_share(count, question.resolved)
            )
        )
    return rows


def _plain_share(count: int, total: int) -> Estimate:
    if not total:
        return undefined("no item has a label", 0, 0)
    return Estimate(value=count / total, low=None, high=None, n=total, clusters=0, reason="not computed")


def _share_figure(question: QuestionFacts) -> Markup:
    marks = [_figure_row(row.label, row.share) for row in _share_rows(question)]
    return Markup(bars(f"gold-{question.name}", marks, "share of the items with a gold label"))  # noqa: S704 - our own SVG


def _agreement_figure(question: QuestionFacts) -> Markup:
    agreement = question.agreement
    overall = _figure_row("all labels", agreement.alpha)
    by_label = [structs.replace(_figure_row(label, alpha), main=False) for label, alpha in agreement.per_label.items()]
    return Markup(forest(f"agreement-{question.name}", [overall, *by_label], _CUSTOMARY, "alpha"))  # noqa: S704


def _score_rows(scores: TrainFacts) -> dict[str, list[_ScoreRow]]:
    """The macro-F1 of each baseline, first on the test rows, then across folds."""
    baselines = [*scores.rungs, *scores.shortcuts]
    folds = f"Across {scores.folds} folds" if scores.folds else "Across folds"
    return {
        "On the test rows": [_score_row(rung, rung.test) for rung in baselines],
        folds: [_score_row(rung, rung.cross_validated) for rung in baselines],
    }


def _score_row(rung: Rung, scores: Scores) -> _ScoreRow:
    return _ScoreRow(name=rung.name, reads_text=rung.reads_text, macro_f1=scores.macro_f1)


def _score_figure(rows: Sequence[_ScoreRow], key: str) -> Markup:
    marks = [structs.replace(_figure_row(row.name, row.macro_f1), main=row.reads_text) for row in rows]
    lines = [
        ReferenceLine(at=row.macro_f1.value, name=row.name)
        for row in rows
        if row.name == MAJORITY.name and row.macro_f1.value is not None
    ]
    return Markup(forest(key, marks, lines, "macro-F1"))  # noqa: S704


def _confusion_figure(scores: Scores) -> Markup:
    return Markup(confusion("baselines-confusion", scores.confusion))  # noqa: S704


def _figure_row(name: str, figure: Estimate | Coefficient) -> FigureRow:
    return FigureRow(name=name, value=figure.value, low=figure.low, high=figure.high)


# --- the head of the page ---------------------------------------------------------------------------------------


def _simulation_text(simulation: SimulationExtent, annotators: int) -> _SimulationText:
    if simulation.extent == "none":
        return _SimulationText()
    if simulation.extent == "all":
        extent = "All answers are simulated: no person has read these paragraphs."
    else:
        extent = f"{simulation.annotators} of the {words.plural(annotators, 'annotator')} are simulated."
    meaning = {
        "intended": "The labels behind their answers are those that the writers or sources of the articles gave; how "
        "far annotators agree, and how well a model does, follows from the error model and not from people.",
        "random": "The labels behind their answers were drawn at random and have nothing to do with the texts.",
        "both": "The labels behind a part of their answers were drawn at random and have nothing to do with the texts.",
    }[simulation.truth]
    lost = "Labels were drawn at random: agreement, gold labels and scores on this page mean nothing."
    return _SimulationText(extent=extent, meaning=meaning, meaningless="" if simulation.truth == "intended" else lost)


def _glance(facts: ReportFacts) -> Iterable[_KeyFigure]:
    work, counted = facts.work, words.counted
    period = facts.corpus.period
    dates = (f"{period[0]} to", period[1]) if period else ("no dates",)
    yield _KeyFigure(name="Articles", value=counted(facts.corpus.articles), detail=dates)
    yield _KeyFigure(
        name="Items", value=counted(work.items), detail=(f"{counted(_votes_asked(facts))} votes asked for",)
    )
    left_out = f"{counted(sum(work.left_out.values()))} left out"
    yield _KeyFigure(name="Annotations that count", value=counted(work.annotations), detail=(left_out,))
    kinds = Counter(row.kind for row in work.annotators)
    by_kind = tuple(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    yield _KeyFigure(name="Annotators", value=counted(len(work.annotators)), detail=by_kind)
    for question in facts.questions[:1]:
        yield _estimate_figure(f"Alpha, {question.name}", question.agreement.alpha, "item")
        yield _gold_glance(question)
    if facts.certificate:
        rows, articles = facts.certificate.sizes.get("test", 0), facts.certificate.articles.get("test", 0)
        yield _KeyFigure(name="Test set", value=counted(rows), detail=(f"rows of {words.plural(articles, 'article')}",))
    for rung in facts.scores.rungs if facts.scores else ():
        yield _estimate_figure(f"Macro-F1 on test, {rung.name}", rung.test.macro_f1, "row")


def _votes_asked(facts: ReportFacts) -> int:
    return sum(votes * items for votes, items in facts.work.votes_asked.items())


def _estimate_figure(name: str, figure: words.HasInterval, unit: str) -> _KeyFigure:
    if figure.value is None:
        return _KeyFigure(name=name, value="undefined", detail=tuple(figure.reason.split()))
    detail = (words.span(figure), f"n = {words.plural(figure.n, unit)}")
    return _KeyFigure(name=name, value=words.coefficient(figure.value), detail=detail)


def _gold_glance(question: QuestionFacts) -> _KeyFigure:
    share = words.percent(question.resolved / question.items) if question.items else "none"
    detail = f"{words.counted(question.resolved)} of {words.plural(question.items, 'item')}"
    return _KeyFigure(name=f"Gold labels, {question.name}", value=share, detail=(detail,))
