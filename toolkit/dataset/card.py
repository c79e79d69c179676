"""The dataset card: its facts, and the page with the metadata that `datasets` and the Hub read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolkit.campaigns.sampling import Frame
from toolkit.campaigns.simulation import simulation_note
from toolkit.codebook import Codebook, Label
from toolkit.labels.adjudication import AdjudicationFacts, adjudication_facts
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.ledger import latest
from toolkit.records import Adjudication, Annotation, Annotator, Article, Dropped, Example, Gold
from toolkit.splitting.certificate import Certificate
from toolkit.statistics import Estimate
from toolkit.words import HasInterval, counted, listed, percent, plural, scored, tally
from toolkit.workspace import CampaignConfig

_SELECTIONS = {"all": "all of them", "stratified": "a random sample stratified by the fields that the campaign names"}


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
    scores: tuple[BaselineScore, ...]


class QuestionSummary(Struct, frozen=True, kw_only=True):
    """The gold labels and the agreement of one question."""

    name: str
    labels: dict[str, int]  # gold label -> rows
    statuses: dict[str, int]
    agreement: QuestionAgreement


class CardFacts(Struct, frozen=True, kw_only=True):
    """All facts on a card."""

    name: str
    title: str
    description: str
    licence: str
    languages: tuple[str, ...]
    digest: str  # of the data files
    sizes: dict[str, dict[str, int]]  # config -> split -> rows
    articles: int
    paragraphs: int  # of the roles that annotators are asked about
    selected: int  # of these, those with a row
    selection: str  # "all", "stratified"
    period: tuple[str, str] | None  # dates of the first and the last article
    outlets: dict[str, int]  # rows by outlet
    targets: tuple[str, ...]
    annotators: dict[str, int]  # kind -> annotators
    simulated: str  # the note on simulated answers; "" where all came from people
    annotations: int
    open_items: int  # items that annotators are still asked for
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
    open_items: int
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
        articles=len(articles),
        paragraphs=sources.frame.paragraphs,
        selected=len({example.id for example in examples}),
        selection=_SELECTIONS.get(sources.frame.selection, sources.frame.selection),
        period=period_of(articles),
        outlets=dict(sorted(Counter(example.outlet or "unknown" for example in examples).items())),
        targets=tuple(sorted({example.target for example in examples})),
        annotators=_kinds(sources.annotations, sources.annotators),
        simulated=simulation_note(sources.annotations, sources.annotators),
        annotations=len(latest(sources.annotations)),
        open_items=sources.open_items,
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

    environment = jinja2.Environment(  # noqa: S701 - Markdown, not HTML; `_plain` escapes every value
        loader=jinja2.PackageLoader("toolkit.dataset", "."),
        finalize=lambda value: value if isinstance(value, _Markdown) else _plain(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "figure": _figure, "total": _total, "place": _place, "counted": counted, "listed": listed,
        "percent": percent, "plural": plural, "tally": tally,
    }  # fmt: skip
    page = environment.get_template("card.md.jinja")
    text = page.render(facts=facts, codebook=codebook, language=codebook.languages[0])
    return str(DatasetCard(f"---\n{_metadata(facts)}\n---\n\n{text}"))


class _Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def _metadata(facts: CardFacts) -> str:
    """The metadata as YAML."""
    from huggingface_hub import DatasetCardData

    data = DatasetCardData(
        license=facts.licence,
        language=sorted(facts.languages),
        pretty_name=facts.title,
        task_categories=["text-classification"],
        tags=["news", *(question.name for question in facts.questions if question.labels), *_simulated_tag(facts)],
        size_categories=[_size(sum(facts.sizes.get("gold", {}).values()))],
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


def _size(rows: int) -> str:
    for limit, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if rows < limit:
            return name
    return "100K<n<1M"


def _total(counts: Mapping[str, int]) -> str:
    """The sum of some counts, and the counts in brackets.

    >>> _total({"skipped": 2, "draft": 1}), _total({})
    ('3 (1 draft, 2 skipped)', '0')
    """
    return f"{counted(sum(counts.values()))} ({tally(dict(sorted(counts.items())))})" if counts else "0"


def _place(label: Label) -> str:
    return "no answer" if label.no_answer else "off scale" if label.scale is None else f"{label.scale:g}"


def _figure(figure: HasInterval) -> str:
    """A figure in a cell: value and interval, or the reason why there is none.

    >>> _figure(Estimate(value=0.5, low=0.4, high=0.61, n=10, clusters=5))
    '0.500 [0.400, 0.610]'
    """
    return scored(figure) if figure.value is None else _Markdown(scored(figure))


def _plain(text: str) -> str:
    """A text on one line, with Markdown and HTML escaped."""
    escaped = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("[", "\\[").replace("]", "\\]").replace("`", "'").replace("|", "\\|")
