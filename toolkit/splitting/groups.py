"""Groups of articles that must not be divided between splits, and the draw of whole groups."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.records import Clustered, SplitRow


class ArticleGroup(Struct, frozen=True, kw_only=True):
    """Articles that stay together: one article, or a cluster of near-duplicates."""

    name: str
    articles: tuple[str, ...]


def group_articles(article_ids: Iterable[str], clusters: Iterable[Clustered]) -> list[ArticleGroup]:
    """One group a cluster, one an article that is in none; in the order of their names."""
    cluster_of = {row.article_id: row.cluster for row in clusters}
    members: defaultdict[str, list[str]] = defaultdict(list)
    for article in sorted(set(article_ids)):
        members[cluster_of.get(article, article)].append(article)
    return [ArticleGroup(name=name, articles=tuple(members[name])) for name in sorted(members)]


def draw_test_set(groups: Sequence[ArticleGroup], share: float, seed: int) -> list[SplitRow]:
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


def added_rows(before: Sequence[SplitRow], groups: Sequence[ArticleGroup]) -> list[SplitRow]:
    """Rows for articles that join after the test set was fixed; what was fixed stays as it is.

    A new group goes to the pool, since the test set was drawn without it. A new article that is a near-duplicate of
    older ones joins their group, and gets no split where they are in more than one.

    Args:
        before: the rows that stand.
        groups: of all articles, old and new, with their clusters as they are now.
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
    """The groups of the pool that make the validation split.

    Groups are taken in random order while they bring the number of rows nearer to the share.

    Args:
        sizes: rows of each group.
        share: of the rows that validation should have.
        seed: of the order.
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
