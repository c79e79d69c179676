"""The dataset card: a page of facts, each with its n and its interval, from which nothing is left to memory."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from toolkit.codebook import Codebook, Label
from toolkit.labels.adjudication import AdjudicationFacts
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.splitting.certificate import Certificate
from toolkit.statistics import Estimate


class _HasInterval(Protocol):
    @property
    def value(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def reason(self) -> str: ...


class BaselineScore(Struct, frozen=True, kw_only=True):
    """What a baseline reaches; handed in by whoever trained it."""

    name: str
    reads_text: bool
    test: Estimate  # macro-F1
    cross_validated: Estimate


class QuestionSummary(Struct, frozen=True, kw_only=True):
    """What is known of the labels of one question."""

    name: str
    labels: dict[str, int]  # gold label -> rows
    statuses: dict[str, int]
    agreement: QuestionAgreement


class CardFacts(Struct, frozen=True, kw_only=True):
    """Everything that a card says."""

    name: str
    title: str
    description: str
    licence: str
    languages: tuple[str, ...]
    digest: str  # of the data files
    sizes: dict[str, dict[str, int]]  # config -> split -> rows
    articles: int
    paragraphs: int  # of the roles that are asked
    selected: int  # of them
    selection: str  # "all", "stratified"
    period: tuple[str, str] | None  # dates of the first and the last article
    outlets: dict[str, int]  # rows by outlet
    targets: tuple[str, ...]
    annotators: dict[str, int]  # kind -> people
    simulated: str  # "", or what a reader must know about the simulation
    annotations: int
    left_out: dict[str, int]  # annotations that do not count, by reason
    dropped: dict[str, int]  # articles, by reason
    codebook_ref: str
    questions: tuple[QuestionSummary, ...]
    certificate: Certificate
    scores: tuple[BaselineScore, ...]  # empty before `train`
    outdated: dict[str, int] = {}  # items whose paragraph was edited later: followed, changed, gone
    follow_from: float | None = None  # share of words kept from which labels follow a changed paragraph
    adjudication: AdjudicationFacts | None = None
    scored_question: str = ""
    scored_labels: tuple[str, ...] = ()


def render_card(facts: CardFacts, codebook: Codebook) -> str:
    """The card as Markdown with the header that `datasets` and the Hub read."""
    import jinja2

    environment = jinja2.Environment(  # noqa: S701 - Markdown, not HTML; `_plain` escapes every value
        loader=jinja2.PackageLoader("toolkit.dataset", "."),
        finalize=lambda value: value if isinstance(value, _Ready) else _plain(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"say": say, "counted": _counted, "place": _place}
    page = environment.get_template("card.md.jinja")
    return page.render(facts=facts, codebook=codebook, header=_header(facts), language=codebook.languages[0])


class _Ready(str):
    """Text that is Markdown already."""

    __slots__ = ()


def _header(facts: CardFacts) -> str:
    import yaml

    rows = facts.sizes.get("gold", {})
    asked = [found.name for found in facts.questions if found.labels]
    header = {
        "license": facts.licence,
        "language": sorted(facts.languages),
        "pretty_name": facts.title,
        "task_categories": ["text-classification"],
        "tags": ["news", *asked, *(["simulated"] if facts.simulated else [])],
        "size_categories": [_size(sum(rows.values()))],
        "configs": [_config(name, splits, facts) for name, splits in facts.sizes.items()],
    }
    return _Ready(yaml.safe_dump(header, sort_keys=False, allow_unicode=True))


def _config(name: str, splits: Mapping[str, int], facts: CardFacts) -> dict[str, Any]:
    files = [{"split": split, "path": f"data/{name}/{split}.parquet"} for split in splits]
    first = {"default": True} if name == "gold" else {}
    said = "simulated; " if facts.simulated else ""
    return {"config_name": name, **first, "description": f"{said}build {facts.digest}", "data_files": files}


def _size(rows: int) -> str:
    for limit, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if rows < limit:
            return name
    return "100K<n<1M"


def _counted(reasons: Mapping[str, int]) -> str:
    if not reasons:
        return "0"
    return f"{sum(reasons.values())} ({', '.join(f'{reason}: {n}' for reason, n in sorted(reasons.items()))})"


def _place(label: Label) -> str:
    return "no answer" if label.no_answer else "off scale" if label.scale is None else f"{label.scale:g}"


def say(figure: _HasInterval) -> str:
    """A figure in a cell: value and interval, or the reason why there is none.

    >>> say(Estimate(value=0.5, low=0.4, high=0.61, n=10, clusters=5))
    '.500 [.400, .610]'
    """
    if figure.value is None:
        return f"undefined: {figure.reason}" if figure.reason else "undefined"
    interval = "" if figure.low is None or figure.high is None else f" [{_short(figure.low)}, {_short(figure.high)}]"
    return _Ready(_short(figure.value) + interval)


def _short(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def _plain(text: str) -> str:
    """Text of others on one line, with nothing in it that Markdown or HTML would act on."""
    escaped = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("[", "\\[").replace("]", "\\]").replace("`", "'").replace("|", "\\|")
