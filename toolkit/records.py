"""The records that flow through the toolkit, in the order in which they are made.

``Article → Paragraph → Item → Annotation → Vote → Gold → Example → Prediction``. All are frozen; a
field that a file has and the record has not is an error, never dropped.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Role = Literal["headline", "lead", "subhead", "byline", "caption", "body", "quote", "list", "credit", "boilerplate"]
ASKED_ROLES: tuple[Role, ...] = ("lead", "body", "quote", "list")  # what annotators are asked about by default
Split = Literal["train", "validation", "test"]
Answers = dict[str, Any]  # question -> label, list of labels, number or text, by the kind of the question

_Date = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$")]
_Offset = Annotated[int, Meta(ge=0)]
_Share = Annotated[float, Meta(ge=0, le=1)]


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all records share: frozen, made by keyword, strict about fields."""


class ArticleUnit(Record, frozen=True, kw_only=True):
    """A stretch of an article that its source marks: ``text[start:end]``, in code points."""

    start: _Offset
    end: _Offset
    role: Role


class Channel(Record, frozen=True, kw_only=True):
    """Where the text of an article comes from, and on what terms."""

    provider: str
    licence: str | None = None
    retrieved: _Date | None = None
    record: str | None = None  # id of the article at the provider
    opt_out: bool | None = None  # the publisher reserves text and data mining; None: unknown


class Article(Record, frozen=True, kw_only=True):
    """A news article as an outlet printed it.

    ``units`` and ``channel`` are left out of a file where they are unset.
    """

    id: str = ""  # filled by `articles.reading` where the source gives none
    version: str = ""  # hash of the text
    text: str
    title: str = ""
    url: str | None = None
    outlet: str | None = None  # who printed it
    origin: str | None = None  # who wrote it: the outlet itself or an agency
    published: _Date | None = None  # ISO 8601
    language: str | None = None  # ISO 639-1
    country: str | None = None  # ISO 3166 alpha-2
    author: str | None = None
    topic: str | None = None
    units: tuple[ArticleUnit, ...] | UnsetType = UNSET
    channel: Channel | UnsetType = UNSET
    meta: dict[str, Any] = {}


class Quote(Record, frozen=True, kw_only=True):
    """Words in quotation marks within an article, marks included, in the article's code points."""

    start: _Offset
    end: _Offset
    speaker: str | None = None  # as the text names whoever is quoted
    verb: str | None = None  # the word that reports it
    scare: bool = False  # held up in marks, a name or a title, but nobody's utterance
    run: int | None = None  # equal within an article: parts of one quotation that runs on over paragraphs


class Paragraph(Record, frozen=True, kw_only=True):
    """A stretch of an article: ``text == article.text[start:end]``."""

    id: str
    article_id: str
    article_version: str
    index: _Offset  # 0 for the first paragraph
    start: _Offset  # characters, counted in code points
    end: _Offset
    text: str
    role: Role
    quotes: tuple[Quote, ...] = ()


RevisionKind = Literal["same", "moved", "changed", "new", "gone"]


class Revision(Record, frozen=True, kw_only=True):
    """What became of a paragraph when its article came again; the fields of a side on which there is none are null."""

    article_id: str
    kind: RevisionKind
    similarity: _Share  # share of words in common (Dice)
    before: str | None = None  # id of the paragraph as it was
    after: str | None = None  # id of the paragraph as it is
    before_version: str | None = None  # of the article
    after_version: str | None = None
    before_start: _Offset | None = None
    before_end: _Offset | None = None
    after_start: _Offset | None = None
    after_end: _Offset | None = None
    before_text: str | None = None  # in a campaign only where an item was asked about the paragraph
    after_text: str | None = None
    observed: str | None = None  # when a campaign saw it, ISO 8601


class Clustered(Record, frozen=True, kw_only=True):
    """An article's membership in a cluster of near-duplicates."""

    article_id: str
    cluster: str
    kind: Literal["exact", "near", "contained"]


class Dropped(Record, frozen=True, kw_only=True):
    """Something that was left out, and why."""

    id: str
    reason: str
    detail: str = ""


class Intended(Record, frozen=True, kw_only=True):
    """What the writer of a paragraph meant, or what its source says; read only by simulated annotators."""

    article_id: str
    start: _Offset  # code points in the article's text
    end: _Offset
    role: Role | None = None
    target: str | None = None  # None: any target
    answers: Answers


class Target(Record, frozen=True, kw_only=True):
    """Whom a stance is towards, as it was put to the annotators."""

    id: str
    title: str  # what the question says: "the government of Selmara"
    note: str = ""  # who that was on the article's date


class Item(Record, frozen=True, kw_only=True):
    """A unit and a target put to annotators."""

    id: str
    unit: Literal["paragraph", "article", "headline"] = "paragraph"
    unit_id: str
    article_id: str
    target: Target
    purpose: Literal["main", "gold", "repeat", "training", "bridge"] = "main"
    round: str = "main"
    votes: Annotated[int, Meta(ge=1)]  # how many annotators are asked
    selection: str  # how it was chosen: "all", "stratified"
    stratum: str = ""
    propensity: Annotated[float, Meta(gt=0, le=1)]  # the chance that it had of being chosen


class Outdated(Record, frozen=True, kw_only=True):
    """An item whose paragraph has other words now, or is gone."""

    item_id: str
    article_id: str
    kind: Literal["changed", "gone"]
    follows: bool  # whether its labels stand in the dataset, beside the words as they are now
    similarity: _Share  # share of words in common (Dice); 0 where it is gone or its old words are not known
    before: str  # id of the paragraph that it asks about
    after: str | None  # id of what became of it


class Assignment(Record, frozen=True, kw_only=True):
    """An item that a named annotator is asked for, where the campaign names who is asked for what."""

    item_id: str
    annotator: str  # pseudonym
    position: _Offset  # in the annotator's own order


class Withdrawal(Record, frozen=True, kw_only=True):
    """An item that nobody is to be asked about any more; annotations that it has are kept and not counted.

    Of several lines on an item the last one stands.
    """

    item_id: str
    reason: str
    time: str  # ISO 8601, UTC
    restored: bool = False  # the withdrawal is taken back: the item is asked again, and its annotations count


class SplitRow(Record, frozen=True, kw_only=True):
    """The split of a group of articles, drawn before any label exists."""

    group: str
    articles: tuple[str, ...]
    split: Literal["test", "pool"] | None
    probability: _Share  # the chance that the group had of being in the test set
    reason: str = ""


class Flag(Record, frozen=True, kw_only=True):
    """Why an annotation is kept out of counts, or looked at twice."""

    code: str
    reason: str


class Origin(Record, frozen=True, kw_only=True):
    """Where an annotation lies on its server."""

    server: str
    project: int
    task: int
    annotation: int | None  # None for what the server does not number, as imported rows


class Annotation(Record, frozen=True, kw_only=True):
    """One annotator's answers to one item, in one state in which it was seen."""

    id: str
    item_id: str
    annotator: str  # pseudonym
    state: Literal["submitted", "draft", "skipped", "deleted"]
    answers: Answers
    seconds: float | None = None  # lead time
    created: str  # ISO 8601, UTC
    updated: str
    observed: str  # when the toolkit saw this state
    codebook: str  # name@version#hash that the annotator saw
    assigned_by: Literal["design", "tiebreak", "selection", "adjudication"] = "design"
    flags: tuple[Flag, ...] = ()
    origin: Origin | None = None
    suggestion: str | None = None  # a model's label that was shown, if one was


class Annotator(Record, frozen=True, kw_only=True):
    """Who answers, under a pseudonym."""

    pseudonym: str
    kind: Literal["human", "model", "rule", "simulated"]
    languages: tuple[str, ...] = ()
    details: dict[str, Any] = {}


ProjectKind = Literal["queue", "person", "tiebreak"]  # shared by all, one annotator's, or for tie-breaks


class PushedProject(Record, frozen=True, kw_only=True):
    """A project on Label Studio that holds items of the campaign."""

    id: int
    url: str  # where a browser shows its tasks
    unit: Literal["paragraph", "article", "headline"]
    kind: ProjectKind = "queue"
    annotator: str | None = None  # whose project it is, where it is one person's
    votes: int  # how many annotators are asked for each item
    items: int
    settings: dict[str, str] = {}  # digests of what annotators' work depends on, as the push left it


class ScreenVersion(Record, frozen=True, kw_only=True):
    """From when on annotators saw a codebook."""

    codebook: str  # name@version#hash
    since: str  # ISO 8601, UTC, by the server's clock
    shown: tuple[str, ...] = ()  # what stood around the item


class StudioFile(Record, frozen=True, kw_only=True):
    """``studio.json``: where the campaign stands on Label Studio, without a secret."""

    server: str  # its key in the ledger: the address by which it was known first
    address: str = ""  # by which it was reached last, where that is another one
    campaign: str  # the key by which the server's projects are known
    codebook: str  # name@version#hash that was pushed
    projects: tuple[PushedProject, ...]
    screens: tuple[ScreenVersion, ...] = ()  # the oldest first; the last is the one of now

    def is_at(self, url: str) -> bool:
        """Whether an address is one by which the campaign's server is known."""
        return url in (self.server, self.address)


class Vote(Record, frozen=True, kw_only=True):
    """A label as it is counted."""

    question: str
    item_id: str
    annotator: str
    label: str
    cluster: str  # what intervals resample: the article or its cluster
    weight: float = 1.0


GoldStatus = Literal["single", "unanimous", "majority", "model", "adjudicated", "unresolved"]


class Gold(Record, frozen=True, kw_only=True):
    """The label of an item for one question, or the plain statement that there is none."""

    item_id: str
    question: str
    label: str | None  # None exactly where status is unresolved
    status: GoldStatus
    method: str
    n_votes: int
    votes: dict[str, int]  # counts by label, no-answer labels included
    soft: dict[str, float]  # shares among the votes that are answers
    confidence: float | None = None  # share or posterior of the label


AdjudicationReason = Literal["ambiguous", "guideline_gap", "slip", "disagreement"]


class Adjudication(Record, frozen=True, kw_only=True):
    """An adjudicator's decision on one item and one question, and its reason."""

    item_id: str
    question: str
    label: str | None  # None: the item has no label for good reasons
    reason: AdjudicationReason
    adjudicator: str  # pseudonym
    comment: str = ""
    before: str | None = None  # the gold label by the votes alone
    blind: bool  # whether the votes were hidden
    codebook: str  # name@version#hash that the adjudicator saw
    observed: str  # ISO 8601, UTC
    origin: Origin | None = None  # its place on a server; None: it came in a file


class AdjudicationRequest(Record, frozen=True, kw_only=True):
    """An item and a question that an adjudicator was asked to decide on a server, and the votes at that time."""

    item_id: str
    question: str
    adjudicator: str  # pseudonym
    blind: bool
    below: float | None  # asked because its label has a lower confidence; None: because it has no label
    votes: dict[str, int]
    codebook: str  # name@version#hash
    sent: str  # ISO 8601, UTC


class Answered(Record, frozen=True, kw_only=True):
    """The gold of one question in an example: columns ``q``, ``q_status``, ``q_votes``, ``q_soft``."""

    label: str | None
    status: GoldStatus | None  # None: the question was not asked of anybody
    votes: dict[str, int]
    soft: dict[str, float]


class Example(Record, frozen=True, kw_only=True):
    """A row of the dataset."""

    id: str
    article_id: str
    article_version: str
    unit: str
    start: _Offset  # of the paragraph in the article's text, in code points
    end: _Offset
    target: str
    outlet: str | None
    origin: str | None
    published: str | None
    language: str | None
    country: str | None
    role: Role
    text: str
    headline: str
    previous: str
    next: str
    stratum: str
    propensity: float
    split: Split | None
    cluster: str
    answers: dict[str, Answered]


class Prediction(Record, frozen=True, kw_only=True):
    """A model's label for a unit."""

    id: str
    label: str
    scores: dict[str, float]
    fold: int | None = None  # None: not cross-fitted


RECORDS: tuple[type[Record], ...] = (
    Article, Paragraph, Revision, Clustered, Dropped, Intended, Item, Outdated, Assignment, Withdrawal, SplitRow,
    Annotation, Annotator, Vote, Gold, Example, Prediction,
)  # fmt: skip


def schema_of(record: type[Record]) -> dict[str, Any]:
    """The JSON Schema of a record, as it stands in ``schemas/``.

    Releases of msgspec differ in how they indent a docstring; here every description is dedented.
    """
    schema: dict[str, Any] = _dedented(msgspec.json.schema(record))
    return schema


def _dedented(value: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    if isinstance(value, dict):
        return {
            key: inspect.cleandoc(inner) if key == "description" and isinstance(inner, str) else _dedented(inner)
            for key, inner in value.items()
        }
    return [_dedented(inner) for inner in value] if isinstance(value, list) else value


# Keys of files of earlier versions by record, old -> present: such files are read, and never rewritten.
OLD_KEYS: dict[str, dict[str, str]] = {
    "SimulatedAnnotator": {"skill": "accuracy", "haste": "speeding"},  # 0.1.0: [simulate] annotators of a campaign
}


def write_schemas(directory: Path) -> list[Path]:
    """Write the JSON Schema of each record as ``NAME.schema.json`` and return the paths."""
    paths = []
    for record in RECORDS:
        path = directory / f"{record.__name__.lower()}.schema.json"
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema_of(record)}
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":  # python -m toolkit.records DIRECTORY
    write_schemas(Path(sys.argv[1]))
