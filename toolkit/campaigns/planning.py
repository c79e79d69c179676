"""Items: the sampled paragraphs, each with its target and the number of annotators who are asked."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from toolkit.campaigns.sampling import Chosen
from toolkit.errors import DataError
from toolkit.files import digest
from toolkit.records import Article, Item, Target


def article_field(article: Article, path: str) -> Any:  # noqa: ANN401 - any field of any article
    """A field of an article by its path: ``outlet``, ``meta.genre``; None where it has no value.

    Raises:
        DataError: an article has no such field at all.
    """
    first, _, rest = path.partition(".")
    if first not in Article.__struct_fields__:
        raise DataError(f"unknown field {path!r}; Article has {', '.join(Article.__struct_fields__)}")
    value = getattr(article, first)
    for part in rest.split(".") if rest else ():
        value = value.get(part) if isinstance(value, dict) else None
    return value


def stratum_of(article: Article, fields: Iterable[str]) -> str:
    """The stratum of an article's paragraphs: the values of some of its fields."""
    return " / ".join(str(article_field(article, field) or "-") for field in fields)


def target_from_field(article: Article, path: str) -> Target:
    """The target that a field of an article names.

    Raises:
        DataError: the article has none.
    """
    value = article_field(article, path)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"article {article.id}: no target in {path!r}; give it one or leave the article out")
    return Target(id=digest("target\n" + value.strip(), 12), title=value.strip())


def plan_items(
    chosen: Sequence[Chosen], targets_of: Callable[[str], Sequence[Target]], votes: int, selection: str
) -> list[Item]:
    """One item per chosen paragraph and target, in their order.

    Args:
        chosen: the sample.
        targets_of: the targets of an article, by its id.
        votes: how many annotators are asked.
        selection: how the sample was drawn.
    """
    return [
        Item(
            id=digest(f"item\n{one.paragraph.id}\n{target.id}\nmain"),
            unit_id=one.paragraph.id,
            article_id=one.paragraph.article_id,
            target=target,
            votes=votes,
            selection=selection,
            stratum=one.stratum,
            propensity=one.propensity,
        )
        for one in chosen
        for target in targets_of(one.paragraph.article_id)
    ]


def with_overlap(items: Sequence[Item], share: float, votes: int, seed: int) -> list[Item]:
    """The items, of which a share that is drawn at random is asked of another number of annotators.

    So most of the work can be labelled once, and agreement is measured on a random part of it.

    Args:
        items: as planned, in their order.
        share: of them, rounded to whole items.
        votes: how many annotators are asked for those.
        seed: of the draw.
    """
    ids = sorted(item.id for item in items)
    drawn = set(random.Random(f"overlap {seed}").sample(ids, round(share * len(ids))))  # noqa: S311 - a seeded draw
    return [msgspec.structs.replace(item, votes=votes) if item.id in drawn else item for item in items]


def joining(before: Sequence[Item], now: Sequence[Item]) -> list[Item] | None:
    """What a plan adds to the one that annotators have already; None where it takes something away or changes it.

    The chance that an item had of being chosen may change when more are drawn, and how many are asked stays as it was
    told to the server: a line that says so joins too, and stands for the earlier one.
    """
    planned = {item.id: item for item in now}
    if any(item.id not in planned or _shown(item) != _shown(planned[item.id]) for item in before):
        return None
    old = {item.id: item for item in before}
    kept = [msgspec.structs.replace(planned[item.id], votes=item.votes) for item in before]
    return [item for item in kept if item != old[item.id]] + [item for item in now if item.id not in old]


def _shown(item: Item) -> tuple[str, str, str, Target]:
    return item.unit, item.unit_id, item.article_id, item.target
