"""Groups of articles that must not be divided between splits, and the draw of whole groups."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.records import Clustered, SplitRow


class Group(Struct, frozen=True, kw_only=True):
    """Articles that stay together: one article, or a cluster of near-duplicates."""

    name: str
    articles: tuple[str, ...]


def group_articles(article_ids: Iterable[str], clusters: Iterable[Clustered]) -> list[Group]:
    """One group a cluster, one an article that is in none; in the order of their names."""
    cluster_of = {row.article_id: row.cluster for row in clusters}
    members: defaultdict[str, list[str]] = defaultdict(list)
    for article in sorted(set(article_ids)):
        members[cluster_of.get(article, article)].append(article)
    return [Group(name=name, articles=tuple(members[name])) for name in sorted(members)]


def draw_test_set(groups: Sequence[Group], share: float, seed: int) -> list[SplitRow]:
    """Put a share of the groups, drawn at random, into the test set; the rest is the pool.

    Every group has the same chance, ``round(share * groups) / groups``, and it is written in each row.
    """
    names = sorted(group.name for group in groups)
    count = round(share * len(names))
    drawn = set(random.Random(f"test {seed}").sample(names, count))  # noqa: S311 - a seeded draw, no secret
    chance = count / len(names) if names else 0.0
    return [
        SplitRow(
            group=group.name,
            articles=group.articles,
            split="test" if group.name in drawn else "pool",
            probability=chance,
            reason="drawn at random over groups, before any label",
        )
        for group in sorted(groups, key=lambda group: group.name)
    ]


def divide_pool(sizes: Mapping[str, int], share: float, seed: int) -> set[str]:
    """The groups of the pool that make the validation split.

    Groups are taken in random order while they bring the number of rows nearer to the share.

    Args:
        sizes: rows of each group.
        share: of the rows that validation should have.
        seed: of the order.
    """
    order = sorted(sizes)
    random.Random(f"validation {seed}").shuffle(order)  # noqa: S311
    wanted = share * sum(sizes.values())
    taken: set[str] = set()
    have = 0
    for name in order:
        if abs(have + sizes[name] - wanted) < abs(have - wanted):
            taken.add(name)
            have += sizes[name]
    return taken
