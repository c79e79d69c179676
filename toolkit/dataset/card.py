"""The dataset card: its facts, and the page with the metadata that `datasets` and the Hub read."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolkit.campaigns.sampling import Frame
from toolkit.campaigns.simulation import simulation_note
from toolkit.campaigns.state import CampaignState
from toolkit.codebook import Codebook, Label, Question
from toolkit.dataset.columns import ColumnEntry
from toolkit.dataset.markdown import Markdown, code, plain, prose
from toolkit.dataset.metadata import gaps, language_metadata, licence_metadata, size_category
from toolkit.dataset.parquet import dictionary
from toolkit.labels.adjudication import AdjudicationFacts, adjudication_facts
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.ledger import latest
from toolkit.records import Adjudication, Annotation, Annotator, Article, Dropped, Example, Gold
from toolkit.splitting.certificate import Certificate
from toolkit.statistics import DRAWS, Estimate
from toolkit.words import HasInterval, counted, listed, percent, plural, scored, tally
from toolkit.workspace import CampaignConfig

_METHODS = {
    "majority": "more than half of the votes that are answers",
    "dawid-skene": "the model of Dawid and Skene (1979), which weighs each annotator's votes",
    "mace": "the model MACE (Hovy et al. 2013), which weighs each annotator's votes",
    "glad": "the model GLAD (Whitehill et al. 2009), which weighs each annotator's votes",
}


class BaselineScore(Struct, frozen=True, kw_only=True):
    """The scores of one baseline, given by the caller that trained it."""

    name: str
    reads_text: bool
    test: Estimate  # macro-F1
    cross_validated: Estimate


class BaselineScores(Struct, frozen=True, kw_only=True):
    """The scores of all baselines, and the question and labels that they learnt."""

    question: str
    labels: tuple[str, ...]
    folds: int  # of the cross-validation
    folds_reason: str  # of no folds, or fewer than five
    scores: tuple[BaselineScore, ...]


class QuestionSummary(Struct, frozen=True, kw_only=True):
    """The gold labels and the agreement of one question."""

    name: str
    labels: dict[str, int]  # gold label -> rows
    statuses: dict[str, int]
    agreement: QuestionAgreement


class TargetPeriod(Struct, frozen=True, kw_only=True):
    """Who a target was for a time, as annotators were told."""

    target: str
    valid_from: str
    valid_to: str  # "" for still
    note: str


class CardFacts(Struct, frozen=True, kw_only=True):
    """All facts on a card."""

    name: str
    title: str
    description: str
    licence: str
    languages: tuple[str, ...]
    digest: str  # of the data files
    sizes: dict[str, dict[str, int]]  # config -> split -> rows
    gaps: tuple[str, ...]  # what the owner has yet to fill in
    columns: tuple[ColumnEntry, ...]
    articles: int
    paragraphs: int  # of the roles that annotators are asked about
    selected: int  # of these, those with a row
    selection: str  # how they were selected, in words
    period: tuple[str, str] | None  # dates of the first and the last article
    outlets: dict[str, int]  # rows by outlet
    targets: tuple[str, ...]
    periods: tuple[TargetPeriod, ...]  # who the targets were, and when
    collection: tuple[str, ...]  # sentences on how answers were collected
    method: str  # how votes become gold, in words
    annotators: dict[str, int]  # kind -> annotators
    simulated: str  # the note on simulated answers; "" where all came from people
    annotations: int
    state: CampaignState
    left_out: dict[str, int]  # annotations that do not count, by reason
    dropped: dict[str, int]  # articles, by reason
    codebook_ref: str
    questions: tuple[QuestionSummary, ...]
    certificate: Certificate
    outdated: dict[str, int] = {}  # items whose paragraph was edited later: followed, changed, gone
    follow_from: float | None = None  # least share of words kept for labels to follow a changed paragraph
    adjudication: AdjudicationFacts | None = None
    baselines: BaselineScores | None = None  # None before `train`


class CardSources(Struct, frozen=True, kw_only=True):
    """The records that a card is made from."""

    campaign: CampaignConfig
    articles: Mapping[str, Article]
    examples: Sequence[Example]
    frame: Frame
    dropped: Sequence[Dropped]
    annotations: Sequence[Annotation]
    annotators: Mapping[str, Annotator]
    agreement: Mapping[str, QuestionAgreement]
    left_out: dict[str, int]  # annotations that do not count, by reason
    state: CampaignState  # not by who may still be asked, which changes with the accounts of a server
    outdated: dict[str, int]  # items by the present state of their paragraph: kept, followed, changed, gone
    gold: Sequence[Gold]
    adjudications: Sequence[Adjudication]
    certificate: Certificate
    sizes: dict[str, dict[str, int]]
    digest: str
    baselines: BaselineScores | None = None


def card_facts(sources: CardSources) -> CardFacts:
    """The facts of a campaign's card."""
    campaign, examples = sources.campaign, sources.examples
    articles = [sources.articles[name] for name in sorted({example.article_id for example in examples})]
    return CardFacts(
        name=campaign.name,
        title=campaign.file.title,
        description=campaign.file.description,
        licence=campaign.file.licence,
        languages=tuple(sorted({article.language or "und" for article in articles})),
        digest=sources.digest,
        sizes=sources.sizes,
        gaps=tuple(gaps(campaign)),
        columns=tuple(dictionary(campaign.codebook)),
        articles=len(articles),
        paragraphs=sources.frame.paragraphs,
        selected=len({example.id for example in examples}),
        selection=_selection(sources),
        period=period_of(articles),
        outlets=dict(sorted(Counter(example.outlet or "unknown" for example in examples).items())),
        targets=tuple(sorted({example.target for example in examples})),
        periods=tuple(_periods(campaign, {example.target for example in examples})),
        collection=tuple(_collection(campaign, latest(sources.annotations))),
        method=_METHODS[campaign.file.aggregate.method],
        annotators=_kinds(sources.annotations, sources.annotators),
        simulated=simulation_note(sources.annotations, sources.annotators),
        annotations=len(latest(sources.annotations)),
        state=sources.state,
        left_out=sources.left_out,
        dropped=dict(sorted(Counter(row.reason for row in sources.dropped).items())),
        outdated={name: n for name, n in sources.outdated.items() if name != "kept" and n},
        follow_from=campaign.file.paragraphs.follow_changed,
        codebook_ref=campaign.codebook.ref,
        questions=_questions(sources),
        certificate=sources.certificate,
        baselines=sources.baselines,
        adjudication=adjudication_facts(sources.adjudications, sources.annotations),
    )


def _selection(sources: CardSources) -> str:
    fields = listed([f"`{name}`" for name in sources.campaign.file.sample.stratify])
    names = {
        "all": "all of them",
        "stratified": f"a random sample stratified by {fields}" if fields else "a random sample",
    }
    return names.get(sources.frame.selection, sources.frame.selection)


def _periods(campaign: CampaignConfig, titles: Container[str]) -> Iterator[TargetPeriod]:
    language = campaign.file.language
    for entry in campaign.targets.targets:
        title = entry.on(None, language).title
        if title in titles:
            for period in entry.periods:
                note = entry.on(period.valid_from, language).note
                yield TargetPeriod(
                    target=title, valid_from=period.valid_from, valid_to=period.valid_to or "", note=note
                )


def _collection(campaign: CampaignConfig, annotations: Sequence[Annotation]) -> Iterator[str]:
    """How the answers were collected, and what hid one annotator's answers from another."""
    servers = [annotation.origin.server if annotation.origin else "" for annotation in annotations]
    on_server = sum(server.startswith(("http://", "https://")) for server in servers)
    imported = len(servers) - on_server
    if on_server:
        hidden = {
            "shared": "one queue for all annotators, which hides the answers of others",
            "blind": "a project for each annotator",
        }[campaign.file.studio.layout]
        yield (
            f"{plural(on_server, 'annotation was', 'annotations were')} made in Label Studio: {hidden}; "
            "the server does not prevent members from opening the answers of others."
        )
    if imported:
        yield (
            f"{plural(imported, 'annotation was', 'annotations were')} read from files; whether annotators saw the "
            "answers of others is not on record."
        )


def period_of(articles: Sequence[Article]) -> tuple[str, str] | None:
    """The dates of the first and the last article; None where no article has a date."""
    dates = sorted(article.published[:10] for article in articles if article.published)
    return (dates[0], dates[-1]) if dates else None


def _kinds(annotations: Sequence[Annotation], annotators: Mapping[str, Annotator]) -> dict[str, int]:
    names = sorted({annotation.annotator for annotation in annotations})
    return dict(sorted(Counter(annotators[name].kind if name in annotators else "human" for name in names).items()))


def _questions(sources: CardSources) -> tuple[QuestionSummary, ...]:
    items = {example.id for example in sources.examples}
    summaries = []
    for question in sources.campaign.codebook.choices:
        rows = [row for row in sources.gold if row.question == question.name and row.item_id in items]
        summaries.append(
            QuestionSummary(
                name=question.name,
                labels=dict(Counter(row.label for row in rows if row.label is not None)),
                statuses=dict(sorted(Counter(row.status for row in rows).items())),
                agreement=sources.agreement[question.name],
            )
        )
    return tuple(summaries)


# --- the page --------------------------------------------------------------------------------------------------------


def render_card(facts: CardFacts, codebook: Codebook) -> str:
    """The card as Markdown, with a header of metadata.

    The metadata is not sent to the Hub's own check, which needs a network.
    """
    import jinja2
    from huggingface_hub import DatasetCard

    environment = jinja2.Environment(  # noqa: S701 - Markdown, not HTML; `plain` escapes every value
        loader=jinja2.PackageLoader("toolkit.dataset", "."),
        finalize=lambda value: value if isinstance(value, Markdown) else plain(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "figure": _figure, "total": _total, "place": _place, "counted": counted, "listed": listed,
        "percent": percent, "plural": plural, "tally": tally, "code": code, "prose": prose,
    }  # fmt: skip
    page = environment.get_template("card.md.jinja")
    text = page.render(facts=facts, codebook=codebook, language=codebook.languages[0], draws=DRAWS)
    return str(DatasetCard(f"---\n{_metadata(facts)}\n---\n\n{text}"))


def _metadata(facts: CardFacts) -> str:
    """The metadata as YAML."""
    from huggingface_hub import DatasetCardData

    licence, licence_name = licence_metadata(facts.licence)
    data = DatasetCardData(
        license=licence,
        license_name=licence_name,
        language=language_metadata(facts.languages),
        pretty_name=facts.title,
        task_categories=["text-classification"],
        tags=["news", *(question.name for question in facts.questions if question.labels), *_simulated_tag(facts)],
        size_categories=[size_category(sum(facts.sizes.get("gold", {}).values()))],
        configs=[_config(name, splits, facts) for name, splits in facts.sizes.items()],
    )
    return str(data.to_yaml())


def _simulated_tag(facts: CardFacts) -> list[str]:
    return ["simulated"] if facts.simulated else []


def _config(name: str, splits: Mapping[str, int], facts: CardFacts) -> dict[str, Any]:
    files = [{"split": split, "path": f"data/{name}/{split}.parquet"} for split in splits]
    default = {"default": True} if name == "gold" else {}
    prefix = "simulated; " if facts.simulated else ""
    return {"config_name": name, **default, "description": f"{prefix}build {facts.digest}", "data_files": files}


def _total(counts: Mapping[str, int]) -> str:
    """The sum of some counts, and the counts in brackets.

    >>> _total({"skipped": 2, "draft": 1}), _total({})
    ('3 (1 draft, 2 skipped)', '0')
    """
    return f"{counted(sum(counts.values()))} ({tally(dict(sorted(counts.items())))})" if counts else "0"


def _place(label: Label, question: Question) -> str:
    """The place of a label on the scale; "" where the question has no scale."""
    if label.no_answer:
        return "no answer"
    if label.scale is None:
        return "off scale" if question.on_scale else ""
    return f"{label.scale:g}"


def _figure(figure: HasInterval) -> str:
    """A figure in a cell: value and interval, or the reason why there is none.

    >>> _figure(Estimate(value=0.5, low=0.4, high=0.61, n=10, clusters=5))
    '0.500 [0.400, 0.610]'
    """
    return scored(figure) if figure.value is None else Markdown(scored(figure))
