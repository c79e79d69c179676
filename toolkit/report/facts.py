"""The facts of a report: what was sampled, asked, answered and scored."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np
from msgspec import Struct

from toolkit.baselines.training import ScoresFile, TrainFacts
from toolkit.campaigns.sampling import Frame
from toolkit.campaigns.simulation import SimulationExtent, simulation_extent
from toolkit.campaigns.state import CampaignState
from toolkit.codebook import Codebook
from toolkit.dataset.card import period_of
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.ledger import latest
from toolkit.records import Annotation, Annotator, Article, Dropped, Example, Gold, Item, Paragraph
from toolkit.runs import versions
from toolkit.splitting.certificate import Certificate
from toolkit.statistics import Estimate, Floats, by_cluster, cluster_bootstrap, undefined
from toolkit.workspace import CampaignConfig


class OutletCount(Struct, frozen=True, kw_only=True):
    """The counts of one outlet."""

    name: str
    articles: int
    paragraphs: int
    items: int


class CorpusFacts(Struct, frozen=True, kw_only=True):
    """The articles and paragraphs of the campaign."""

    articles: int
    period: tuple[str, str] | None  # dates of the first and the last article; None: no dates
    outlets: tuple[OutletCount, ...]
    roles: dict[str, int]  # paragraphs by role
    asked_roles: tuple[str, ...]  # of the paragraphs that annotators are asked about
    dropped: dict[str, int]  # reason -> articles left out before annotation
    clusters: int  # of two articles or more
    clustered_articles: int


class AnnotatorRow(Struct, frozen=True, kw_only=True):
    """The answers of one annotator."""

    pseudonym: str
    kind: str
    answered: int
    skipped: int
    median_seconds: float | None  # None: no times


class WorkFacts(Struct, frozen=True, kw_only=True):
    """The votes asked for and the annotations received."""

    items: int
    selection: str  # "all", "stratified"
    votes_asked: dict[int, int]  # votes asked for on an item -> items
    annotations: int  # counted ones
    left_out: dict[str, int]  # reason -> annotations that are not counted
    short_items: int  # with fewer counted annotations than votes asked for
    open_tiebreaks: int = 0  # items whose tie-break vote is not there
    annotators: tuple[AnnotatorRow, ...]


class TargetRow(Struct, frozen=True, kw_only=True):
    """A target as annotators read it; one row for each note."""

    title: str
    note: str
    items: int


class QuestionFacts(Struct, frozen=True, kw_only=True):
    """Agreement and gold of one question."""

    name: str
    agreement: QuestionAgreement
    labels: dict[str, int]  # gold label -> items; labels that no item has may be missing
    statuses: dict[str, int]  # gold status -> items, unresolved among them
    shares: dict[str, Estimate] = {}  # of `label_shares`; empty: plain shares
    unresolved: Estimate | None = None  # of `unresolved_share`

    @property
    def resolved(self) -> int:
        """Items that have a label."""
        return sum(self.labels.values())

    @property
    def items(self) -> int:
        """Items with a row of gold, resolved or not."""
        return sum(self.statuses.values())


class UnresolvedItem(Struct, frozen=True, kw_only=True):
    """An item without a gold label for a question."""

    question: str
    headline: str
    text: str
    target: str
    votes: dict[str, int]


class ReportFacts(Struct, frozen=True, kw_only=True):
    """All facts on the page."""

    name: str
    title: str
    description: str
    language: str  # of the annotators
    seed: int
    codebook: Codebook
    versions: dict[str, str]
    simulation: SimulationExtent
    corpus: CorpusFacts
    work: WorkFacts
    targets: tuple[TargetRow, ...]
    questions: tuple[QuestionFacts, ...]  # in codebook order
    certificate: Certificate | None
    certificate_missing: str = "the dataset was not built yet"  # the reason where there is none
    scores: TrainFacts | None = None
    scores_missing: str = "no baseline was trained yet"  # the reason where there are none
    scored_question: str = ""  # the question that the baselines learn
    unresolved: tuple[UnresolvedItem, ...]
    unresolved_total: int


# --- from the records of a campaign ----------------------------------------------------------------------------------


class ReportSources(Struct, frozen=True, kw_only=True):
    """The records that a report is made from."""

    campaign: CampaignConfig
    articles: Mapping[str, Article]
    paragraphs: Sequence[Paragraph]
    clusters: Mapping[str, str]  # article -> cluster; an article that is missing is its own cluster
    dropped: Sequence[Dropped]
    frame: Frame
    items: Mapping[str, Item]
    state: CampaignState  # not by who may still be asked, which changes with the accounts of a server
    annotations: Sequence[Annotation]
    annotators: Mapping[str, Annotator]
    agreement: Mapping[str, QuestionAgreement]
    gold: Sequence[Gold]
    examples: Sequence[Example]
    certificate: Certificate | None
    scores: ScoresFile | None


def report_facts(sources: ReportSources) -> ReportFacts:
    """The facts of a campaign's report."""
    campaign, scores = sources.campaign, sources.scores
    unresolved = _unresolved(campaign.codebook, sources.examples)
    return ReportFacts(
        name=campaign.name,
        title=campaign.file.title,
        description=campaign.file.description,
        language=campaign.file.language,
        seed=campaign.file.seed,
        codebook=campaign.codebook,
        versions=versions(),
        simulation=simulation_extent(sources.annotations, sources.annotators),
        corpus=_corpus(sources),
        work=_work(sources),
        targets=_targets(sources.items),
        questions=_questions(sources),
        certificate=sources.certificate,
        scores=scores,
        scored_question=scores.question if scores else "",
        unresolved=tuple(unresolved),
        unresolved_total=len(unresolved),
    )


def _corpus(sources: ReportSources) -> CorpusFacts:
    return CorpusFacts(
        articles=len(sources.articles),
        period=period_of(list(sources.articles.values())),
        outlets=_outlets(sources),
        roles=dict(Counter(paragraph.role for paragraph in sources.paragraphs).most_common()),
        asked_roles=sources.campaign.file.sample.roles,
        dropped=dict(sorted(Counter(row.reason for row in sources.dropped).items())),
        clusters=len(set(sources.clusters.values())),
        clustered_articles=len(sources.clusters),
    )


def _outlets(sources: ReportSources) -> tuple[OutletCount, ...]:
    name = {article.id: article.outlet or "unknown" for article in sources.articles.values()}
    of_articles = Counter(name.values())
    of_paragraphs = Counter(name[paragraph.article_id] for paragraph in sources.paragraphs)
    of_items = Counter(name.get(item.article_id, "unknown") for item in sources.items.values())
    return tuple(
        OutletCount(name=outlet, articles=count, paragraphs=of_paragraphs[outlet], items=of_items[outlet])
        for outlet, count in sorted(of_articles.items())
    )


def _work(sources: ReportSources) -> WorkFacts:
    items, state = sources.items, sources.state
    return WorkFacts(
        items=len(items),
        selection=sources.frame.selection,
        votes_asked=dict(sorted(Counter(item.votes for item in items.values()).items())),
        annotations=state.votes,
        left_out=state.left_out,
        short_items=state.open_items + state.short_items,
        open_tiebreaks=state.open_tiebreaks,
        annotators=_annotator_rows(latest(sources.annotations), sources.annotators),
    )


def _annotator_rows(annotations: Sequence[Annotation], annotators: Mapping[str, Annotator]) -> tuple[AnnotatorRow, ...]:
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    counts: Counter[tuple[str, str]] = Counter()
    for annotation in annotations:
        counts[annotation.annotator, annotation.state] += 1
        if annotation.seconds is not None and annotation.state == "submitted":
            seconds[annotation.annotator].append(annotation.seconds)
    return tuple(
        AnnotatorRow(
            pseudonym=name,
            kind=annotators[name].kind if name in annotators else "human",
            answered=counts[name, "submitted"],
            skipped=counts[name, "skipped"],
            median_seconds=median(seconds[name]) if seconds[name] else None,
        )
        for name in sorted({annotation.annotator for annotation in annotations})
    )


def _targets(items: Mapping[str, Item]) -> tuple[TargetRow, ...]:
    counts = Counter((item.target.title, item.target.note) for item in items.values())
    return tuple(TargetRow(title=title, note=note, items=n) for (title, note), n in sorted(counts.items()))


def _questions(sources: ReportSources) -> tuple[QuestionFacts, ...]:
    items, seed = sources.items.values(), sources.campaign.file.seed
    clusters = {item.id: sources.clusters.get(item.article_id, item.article_id) for item in items}
    chances = {item.id: item.propensity for item in items}
    questions = []
    for question in sources.campaign.codebook.choices:
        rows = [row for row in sources.gold if row.question == question.name]
        questions.append(
            QuestionFacts(
                name=question.name,
                agreement=sources.agreement[question.name],
                labels=dict(Counter(row.label for row in rows if row.label is not None)),
                statuses=dict(sorted(Counter(row.status for row in rows).items())),
                shares=label_shares(rows, question.gold_labels, clusters, chances, seed),
                unresolved=unresolved_share(rows, clusters, chances, seed),
            )
        )
    return tuple(questions)


def _unresolved(codebook: Codebook, examples: Sequence[Example]) -> list[UnresolvedItem]:
    return [
        UnresolvedItem(
            question=question.name,
            headline=example.headline,
            text=example.text,
            target=example.target,
            votes=example.answers[question.name].votes,
        )
        for question in codebook.choices
        for example in examples
        if example.answers[question.name].status == "unresolved"
        and example.answers[question.name].votes
        # where an earlier question is unresolved, this one depends on it: the item is listed once
        and all(example.answers[earlier].label is not None for earlier in question.when)
    ]


# --- shares with intervals by article --------------------------------------------------------------------------------


def label_shares(
    gold: Sequence[Gold], labels: Sequence[str], clusters: Mapping[str, str], chances: Mapping[str, float], seed: int
) -> dict[str, Estimate]:
    """The share of each label among the items that have one.

    Each item is weighted by the inverse of its chance of being chosen: the shares are those of the paragraphs that
    were sampled from.

    Args:
        gold: of one question.
        labels: those that can become gold.
        clusters: the article of each item, or its cluster; the unit that is resampled.
        chances: each item's chance of being chosen.
        seed: of the bootstrap.
    """
    resolved = sorted((row for row in gold if row.label is not None), key=lambda row: row.item_id)
    return {
        label: _share([row.label == label for row in resolved], resolved, clusters, chances, seed) for label in labels
    }


def unresolved_share(
    gold: Sequence[Gold], clusters: Mapping[str, str], chances: Mapping[str, float], seed: int
) -> Estimate:
    """The share of items without a gold label, weighted like the shares of labels.

    Args:
        gold: of one question.
        clusters: the article of each item, or its cluster; the unit that is resampled.
        chances: each item's chance of being chosen.
        seed: of the bootstrap.
    """
    rows = sorted(gold, key=lambda row: row.item_id)
    return _share([row.label is None for row in rows], rows, clusters, chances, seed)


def _share(
    hits: Sequence[bool], rows: Sequence[Gold], clusters: Mapping[str, str], chances: Mapping[str, float], seed: int
) -> Estimate:
    if not rows:
        return undefined("no items to count", 0, 0)
    weights = np.array([1 / chances[row.item_id] for row in rows])
    sums = by_cluster([clusters[row.item_id] for row in rows], np.stack([weights * np.array(hits), weights], axis=1))
    return cluster_bootstrap(sums, _ratio, len(rows), seed)


def _ratio(sums: Floats) -> Floats:
    return np.asarray(sums[:, 0] / sums[:, 1])
