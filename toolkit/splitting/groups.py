"""Article groups that stay within one split, and random assignment of whole groups to splits."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.records import Clustered, SplitRow


class ArticleGroup(Struct, frozen=True, kw_only=True):
    """Articles in the same split: a single article, or a cluster of near-duplicates."""

    name: str
    articles: tuple[str, ...]


def group_articles(article_ids: Iterable[str], clusters: Iterable[Clustered]) -> list[ArticleGroup]:
    """Return one group per cluster and one per unclustered article, sorted by name."""
    cluster_of = {row.article_id: row.cluster for row in clusters}
    members: defaultdict[str, list[str]] = defaultdict(list)
    for article in sorted(set(article_ids)):
        members[cluster_of.get(article, article)].append(article)
    return [ArticleGroup(name=name, articles=tuple(members[name])) for name in sorted(members)]


def draw_test_set(groups: Sequence[ArticleGroup], share: float, seed: int) -> list[SplitRow]:
    """Assign a random share of the groups to the test set; the other groups form the pool.

    Every group has the same probability, ``round(share * groups) / groups``. Each row records it.
    """
    names = sorted(group.name for group in groups)
    count = round(share * len(names))
    drawn = set(random.Random(f"test {seed}").sample(names, count))  # noqa: S311 - a seeded draw, not cryptographic
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


def added_rows(before: Sequence[SplitRow], groups: Sequence[ArticleGroup]) -> list[SplitRow]:
    """Return rows for articles added after the test set was fixed; existing rows do not change.

    A new group joins the pool, because the test set was drawn without it. A new article that is a near-duplicate of
    older articles joins their group. If the older articles are in several groups, the new one has no split.

    Args:
        before: the existing rows.
        groups: groups of all articles, old and new, from the current clusters.
    """
    row_of = {article: row for row in before for article in row.articles}
    rows = []
    for group in sorted(groups, key=lambda group: group.name):
        new = tuple(article for article in group.articles if article not in row_of)
        older = {row_of[article].group: row_of[article] for article in group.articles if article in row_of}
        if new:
            rows.append(_added_row(group.name, new, list(older.values())))
    return rows


def _added_row(name: str, new: tuple[str, ...], older: Sequence[SplitRow]) -> SplitRow:
    if not older:
        reason = "joined after the test set was fixed"
        return SplitRow(group=name, articles=new, split="pool", probability=0.0, reason=reason)
    if len(older) > 1:
        reason = "joined later, and would bridge groups that are divided already"
        return SplitRow(group=name, articles=new, split=None, probability=0.0, reason=reason)
    reason = "joined later, where its near-duplicates are"
    return SplitRow(group=older[0].group, articles=new, split=older[0].split, probability=0.0, reason=reason)


def divide_pool(sizes: Mapping[str, int], share: float, seed: int) -> set[str]:
    """Return the names of the pool groups that form the validation split.

    Groups are visited in random order. A group is added if it brings the number of rows closer to the share.

    Args:
        sizes: number of rows in each group.
        share: target share of the rows for validation.
        seed: seed of the random order.
    """
    order = sorted(sizes)
    random.Random(f"validation {seed}").shuffle(order)  # noqa: S311
    target = share * sum(sizes.values())
    taken: set[str] = set()
    have = 0
    for name in order:
        if abs(have + sizes[name] - target) < abs(have - target):
            taken.add(name)
            have += sizes[name]
    return taken
