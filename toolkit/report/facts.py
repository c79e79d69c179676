"""What the report says of a campaign, as plain facts that a step fills in."""

from typing import Literal

from msgspec import Struct

from toolkit.baselines.training import TrainFacts
from toolkit.codebook import Codebook
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.splitting.certificate import Certificate
from toolkit.statistics import Estimate


class _Facts(Struct, frozen=True, kw_only=True):
    pass


class Simulation(_Facts, frozen=True, kw_only=True):
    """Whether answers were simulated, and what stands behind them."""

    extent: Literal["none", "some", "all"]
    annotators: int = 0  # simulated ones
    error_model: str = ""  # completes "each …"
    truth: Literal["intended", "random", "both"] = "intended"  # where the labels behind the answers come from


class OutletCount(_Facts, frozen=True, kw_only=True):
    """What one outlet gave."""

    name: str
    articles: int
    paragraphs: int
    items: int


class CorpusFacts(_Facts, frozen=True, kw_only=True):
    """What was there to be sampled from."""

    articles: int
    period: tuple[str, str] | None  # dates of the first and the last article; None: no dates
    outlets: tuple[OutletCount, ...]
    roles: dict[str, int]  # paragraphs by role
    asked_roles: tuple[str, ...]
    dropped: dict[str, int]  # reason -> what was left out before annotation
    clusters: int  # of two articles or more
    clustered_articles: int


class AnnotatorRow(_Facts, frozen=True, kw_only=True):
    """What one annotator did."""

    pseudonym: str
    kind: str
    answered: int
    skipped: int
    median_seconds: float | None  # None: no times


class WorkFacts(_Facts, frozen=True, kw_only=True):
    """What was asked and what came back."""

    items: int
    selection: str  # "all", "stratified"
    votes_asked: dict[int, int]  # annotators asked for an item -> such items
    annotations: int  # that count
    left_out: dict[str, int]  # reason -> annotations that do not
    short_items: int  # with fewer counted annotations than asked for
    annotators: tuple[AnnotatorRow, ...]


class TargetRow(_Facts, frozen=True, kw_only=True):
    """A target as it was put to annotators; one row for each note."""

    title: str
    note: str
    items: int


class QuestionFacts(_Facts, frozen=True, kw_only=True):
    """Agreement and gold of one question."""

    name: str
    agreement: QuestionAgreement
    labels: dict[str, int]  # gold label -> items; labels that no item has may be missing
    statuses: dict[str, int]  # gold status -> items, unresolved among them
    shares: dict[str, Estimate] = {}  # of `report.shares.label_shares`; empty: plain shares
    unresolved: Estimate | None = None  # of `report.shares.unresolved_share`

    @property
    def resolved(self) -> int:
        """Items that have a label."""
        return sum(self.labels.values())

    @property
    def items(self) -> int:
        """Items with a row of gold, resolved or not."""
        return sum(self.statuses.values())


class UnresolvedItem(_Facts, frozen=True, kw_only=True):
    """An item for whose question no label was found."""

    question: str
    headline: str
    text: str
    target: str
    votes: dict[str, int]


class ReportFacts(_Facts, frozen=True, kw_only=True):
    """Everything that the page says."""

    name: str
    title: str
    description: str
    language: str  # of the screen
    seed: int
    codebook: Codebook
    versions: dict[str, str]
    simulation: Simulation
    corpus: CorpusFacts
    work: WorkFacts
    targets: tuple[TargetRow, ...]
    questions: tuple[QuestionFacts, ...]  # in codebook order
    certificate: Certificate | None
    certificate_missing: str = "the dataset was not built yet"  # why there is none
    scores: TrainFacts | None = None
    scores_missing: str = "no baseline was trained yet"  # why there are none
    scored_question: str = ""  # what the baselines learn
    unresolved: tuple[UnresolvedItem, ...]  # those to read
    unresolved_total: int
