"""Gold and votes into rows: one for each paragraph and target, with its neighbours, its labels and its split."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolkit.campaigns.display import NO_CONTEXT, Context
from toolkit.codebook import Codebook
from toolkit.errors import DataError
from toolkit.labels.ledger import Ledger
from toolkit.records import Annotation, Annotator, Answered, Article, Example, Gold, Item, Paragraph, Split, SplitRow
from toolkit.splitting.groups import divide_pool


class Sources(Struct, frozen=True, kw_only=True):
    """What a dataset is made from."""

    articles: Mapping[str, Article]
    paragraphs: Mapping[str, Paragraph]
    contexts: Mapping[str, Context]  # by paragraph
    items: Sequence[Item]
    gold: Sequence[Gold]
    clusters: Mapping[str, str]  # article -> cluster, for those that have a near-duplicate


def assign_splits(
    items: Sequence[Item], rows: Sequence[SplitRow], validation_share: float, seed: int
) -> dict[str, Split]:
    """The split of each article: the test set as it was fixed, the pool divided by whole groups.

    An article in no row, or in one without a split, is not in the result.
    """
    count = Counter(item.article_id for item in items)
    sizes: Counter[str] = Counter()
    for row in rows:
        if row.split == "pool":
            sizes[row.group] += sum(count[article] for article in row.articles)
    validation = divide_pool({group: size for group, size in sizes.items() if size}, validation_share, seed)
    found: dict[str, Split] = {}
    for row in rows:
        if row.split is None:
            continue
        pool_split: Split = "validation" if row.group in validation else "train"
        found |= dict.fromkeys(row.articles, "test" if row.split == "test" else pool_split)
    return found


def build_examples(sources: Sources, codebook: Codebook, split_of: Mapping[str, Split]) -> list[Example]:
    """The rows of the dataset, in item order.

    Raises:
        DataError: an item's paragraph is not among the paragraphs.
    """
    gold = {(row.item_id, row.question): row for row in sources.gold}
    examples = []
    for item in sources.items:
        answers = {question.name: _answered(gold.get((item.id, question.name))) for question in codebook.choices}
        examples.append(_example(item, sources, split_of.get(item.article_id), answers))
    return examples


def _answered(gold: Gold | None) -> Answered:
    if gold is None:
        return Answered(label=None, status=None, votes={}, soft={})
    return Answered(label=gold.label, status=gold.status, votes=gold.votes, soft=gold.soft)


def _example(item: Item, sources: Sources, split: Split | None, answers: dict[str, Answered]) -> Example:
    paragraph = sources.paragraphs.get(item.unit_id)
    if paragraph is None:
        raise DataError(
            f"item {item.id}: its paragraph {item.unit_id} is not in paragraphs.jsonl; "
            "the articles have changed since `stance plan`: restore them"
        )
    article = sources.articles[paragraph.article_id]
    around = sources.contexts.get(paragraph.id, NO_CONTEXT)
    return Example(
        id=item.id,
        article_id=article.id,
        article_version=paragraph.article_version,
        unit=item.unit,
        start=paragraph.start,
        end=paragraph.end,
        target=item.target.title,
        outlet=article.outlet,
        origin=article.origin,
        published=article.published,
        language=article.language,
        country=article.country,
        role=paragraph.role,
        text=paragraph.text,
        headline=around.headline,
        previous=around.previous,
        next=around.next,
        stratum=item.stratum,
        propensity=item.propensity,
        split=split,
        cluster=sources.clusters.get(article.id, article.id),
        answers=answers,
    )


DataRow = dict[str, Any]  # a row of a table, its columns set by the codebook


def gold_rows(examples: Iterable[Example], codebook: Codebook) -> list[DataRow]:
    """Examples as rows of the config ``gold``: for each question the columns ``q q_status q_votes q_soft``."""
    fixed = [name for name in Example.__struct_fields__ if name not in ("answers", "split")]
    rows = []
    for example in examples:
        row = {name: getattr(example, name) for name in fixed}
        for question in codebook.choices:
            answered = example.answers[question.name]
            row[question.name] = answered.label
            row[f"{question.name}_status"] = answered.status
            row[f"{question.name}_votes"] = {label: answered.votes.get(label, 0) for label in question.label_names}
            soft = {label: answered.soft.get(label, 0.0) for label in question.gold_labels}
            row[f"{question.name}_soft"] = soft if answered.soft else None
        rows.append(row)
    return rows


def annotation_rows(
    annotations: Iterable[Annotation], ledger: Ledger, annotators: Mapping[str, Annotator], codebook: Codebook
) -> list[DataRow]:
    """Annotations as rows of the config ``annotations``: every one, whether it counts or not.

    Answers in free text are left out: a person may have written anything there.
    """
    counted = {annotation.id for annotation in ledger.counted}
    rows = []
    for annotation in annotations:
        row: DataRow = {
            "item_id": annotation.item_id,
            "annotator": annotation.annotator,
            "annotator_kind": annotators[annotation.annotator].kind if annotation.annotator in annotators else "human",
            "state": annotation.state,
            "counted": annotation.id in counted,
            "assigned_by": annotation.assigned_by,
            "flags": [flag.code for flag in annotation.flags],
            "seconds": annotation.seconds,
            "created": annotation.created,
            "updated": annotation.updated,
            "codebook": annotation.codebook,
        }
        answers = codebook.migrated(annotation.answers)
        for question in codebook.questions:
            if question.kind in ("choice", "choices", "rating"):
                row[question.name] = _known(answers.get(question.name), question.label_names)
        rows.append(row)
    return rows


def _known(value: Any, labels: Sequence[str]) -> Any:  # noqa: ANN401 - an answer, by the kind of its question
    if isinstance(value, list | tuple):
        return [label for label in value if label in labels]
    return value if not labels or value in labels else None
