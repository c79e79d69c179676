"""The rows of a dataset: one for each paragraph and target, with its neighbours, its labels and its split."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolkit.campaigns.display import NO_CONTEXT, ParagraphContext, contexts
from toolkit.codebook import Codebook
from toolkit.errors import DataError
from toolkit.labels.ledger import Ledger
from toolkit.records import Annotation, Annotator, Answered, Article, Example, Gold, Item, Paragraph, Split, SplitRow
from toolkit.splitting.groups import divide_pool
from toolkit.words import plural
from toolkit.workspace import CampaignConfig


class Sources(Struct, frozen=True, kw_only=True):
    """The records that a dataset is made from."""

    articles: Mapping[str, Article]
    paragraphs: Sequence[Paragraph]
    items: Sequence[Item]  # those that keep their labels; `unit_id` is the present paragraph
    planned: Sequence[Item]  # all items: an edit moves no article to another split
    splits: Sequence[SplitRow]
    gold: Sequence[Gold]
    clusters: Mapping[str, str]  # article -> cluster; an article that is missing is its own cluster


def build_dataset(campaign: CampaignConfig, sources: Sources) -> list[Example]:
    """The rows of a campaign's dataset, in item order.

    Raises:
        DataError: the paragraph of an item is missing, or of all items.
    """
    if sources.planned and not sources.items:
        raise DataError(
            f"{campaign.at('items.jsonl')}: the paragraphs of all {plural(len(sources.planned), 'item')} are missing; "
            "the articles have changed since `stance plan`: restore them"
        )
    file = campaign.file
    split_of = assign_splits(sources.planned, sources.splits, file.plan.validation_share, file.seed)
    return build_examples(sources, campaign.codebook, split_of, file.sample.roles)


def assign_splits(
    items: Sequence[Item], rows: Sequence[SplitRow], validation_share: float, seed: int
) -> dict[str, Split]:
    """The split of each article: the test set as the plan fixed it, the pool divided by whole groups.

    An article without a split is not in the result.
    """
    count = Counter(item.article_id for item in items)
    sizes: Counter[str] = Counter()
    for row in rows:
        if row.split == "pool":
            sizes[row.group] += sum(count[article] for article in row.articles)
    validation = divide_pool({group: size for group, size in sizes.items() if size}, validation_share, seed)
    split_of: dict[str, Split] = {}
    for row in rows:
        if row.split is None:
            continue
        pool_split: Split = "validation" if row.group in validation else "train"
        split_of |= dict.fromkeys(row.articles, "test" if row.split == "test" else pool_split)
    return split_of


def build_examples(
    sources: Sources, codebook: Codebook, split_of: Mapping[str, Split], roles: Sequence[str]
) -> list[Example]:
    """The rows of the dataset, in item order.

    Args:
        sources: the records.
        codebook: has the questions.
        split_of: the split of each article; an article that is missing has none.
        roles: those that annotators are asked about; the neighbours of a paragraph are of these.

    Raises:
        DataError: the paragraph of an item is missing.
    """
    gold = {(row.item_id, row.question): row for row in sources.gold}
    paragraphs = {paragraph.id: paragraph for paragraph in sources.paragraphs}
    titles = {article.id: article.title for article in sources.articles.values()}
    context_of = contexts(sources.paragraphs, titles, roles)
    examples = []
    for item in sources.items:
        paragraph = paragraphs.get(item.unit_id)
        if paragraph is None:
            raise DataError(
                f"item {item.id}: its paragraph {item.unit_id} is not in paragraphs.jsonl; "
                "the articles have changed since `stance plan`: restore them"
            )
        article = sources.articles[paragraph.article_id]
        examples.append(
            _example(
                _Unit(item=item, paragraph=paragraph, article=article),
                context_of.get(paragraph.id, NO_CONTEXT),
                {question.name: _answered(gold.get((item.id, question.name))) for question in codebook.choices},
                split_of.get(item.article_id),
                sources.clusters.get(article.id, article.id),
            )
        )
    return examples


def _answered(gold: Gold | None) -> Answered:
    if gold is None:
        return Answered(label=None, status=None, votes={}, soft={})
    return Answered(label=gold.label, status=gold.status, votes=gold.votes, soft=gold.soft)


class _Unit(Struct, frozen=True, kw_only=True):
    """An item with its paragraph and article."""

    item: Item
    paragraph: Paragraph
    article: Article


def _example(
    unit: _Unit, context: ParagraphContext, answers: dict[str, Answered], split: Split | None, cluster: str
) -> Example:
    item, paragraph, article = unit.item, unit.paragraph, unit.article
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
        headline=context.headline,
        previous=context.previous,
        next=context.next,
        stratum=item.stratum,
        propensity=item.propensity,
        split=split,
        cluster=cluster,
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
    """Annotations as rows of the config ``annotations``, counted or not.

    Answers in free text are left out: they may name people.
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
                row[question.name] = _codebook_answer(answers.get(question.name), question.label_names)
        rows.append(row)
    return rows


def _codebook_answer(value: Any, labels: Sequence[str]) -> Any:  # noqa: ANN401 - an answer, by the kind of its question
    if isinstance(value, list | tuple):
        return [label for label in value if label in labels]
    return value if not labels or value in labels else None


def by_split(rows: Sequence[DataRow], key: str, examples: Iterable[Example]) -> dict[str, list[DataRow]]:
    """Rows by split; rows of examples without a split are left out.

    Args:
        rows: of one config.
        key: the column with the id of the example.
        examples: the rows of the dataset.
    """
    split_of = {example.id: example.split for example in examples}
    return {split: [row for row in rows if split_of[row[key]] == split] for split in ("train", "validation", "test")}
