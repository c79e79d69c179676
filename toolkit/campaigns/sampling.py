"""The sample of paragraphs that annotators are asked about, and the chance of each."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from toolkit.files import digest
from toolkit.records import Paragraph


class SampledParagraph(Struct, frozen=True, kw_only=True):
    """A paragraph of the sample."""

    paragraph: Paragraph
    stratum: str
    propensity: float  # the chance that it had


class Stratum(Struct, frozen=True, kw_only=True):
    """A part of what was sampled from."""

    name: str
    size: int
    chosen: int


class Frame(Struct, frozen=True, kw_only=True):
    """What was sampled from."""

    paragraphs: int  # of the roles that are asked
    articles: int
    left_out: dict[str, int]  # role -> paragraphs that are not asked
    strata: tuple[Stratum, ...]
    selection: str
    seed: int


def stratified_sample(
    paragraphs: Sequence[Paragraph], stratum_of: Callable[[Paragraph], str], count: int | None, seed: int
) -> list[SampledParagraph]:
    """A stratified random sample with proportional allocation, in the order of the input.

    Each stratum gets its share of ``count``, rounded by largest remainders; within a stratum every paragraph has the
    same chance. None, or a count that is not below what there is, takes all. Each paragraph has a random number of its
    own, so a larger sample holds the smaller one as long as no stratum gets less.

    Source: Cochran, Sampling Techniques, 3rd ed. (1977), sections 5.1 and 5.5; permanent random numbers: Ohlsson,
    Coordination of samples using permanent random numbers (1995).
    """
    strata: defaultdict[str, list[Paragraph]] = defaultdict(list)
    for paragraph in paragraphs:
        strata[stratum_of(paragraph)].append(paragraph)
    sizes = {name: len(members) for name, members in strata.items()}
    shares = allocate(sizes, len(paragraphs) if count is None else min(count, len(paragraphs)))
    chosen: dict[str, float] = {}
    for name, members in strata.items():
        drawn = sorted(members, key=lambda paragraph: _number(seed, paragraph.id))[: shares[name]]
        chosen |= {paragraph.id: shares[name] / sizes[name] for paragraph in drawn}
    return [
        SampledParagraph(paragraph=paragraph, stratum=stratum_of(paragraph), propensity=chosen[paragraph.id])
        for paragraph in paragraphs
        if paragraph.id in chosen
    ]


def _number(seed: int, paragraph_id: str) -> str:
    return digest(f"sample\n{seed}\n{paragraph_id}")


def allocate(sizes: dict[str, int], count: int) -> dict[str, int]:
    """Divide a count in proportion to sizes, by largest remainders.

    >>> allocate({"a": 10, "b": 10, "c": 5}, 6)
    {'a': 3, 'b': 2, 'c': 1}
    """
    total = sum(sizes.values())
    if not total:
        return dict.fromkeys(sizes, 0)
    exact = {name: count * size / total for name, size in sizes.items()}
    shares = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(sizes, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[: count - sum(shares.values())]:
        shares[name] += 1
    return shares


def describe_frame(
    paragraphs: Iterable[Paragraph],
    roles: Sequence[str],
    sample: Sequence[SampledParagraph],
    strata: dict[str, int],
    seed: int,
) -> Frame:
    """What was sampled from, for the record.

    Args:
        paragraphs: all.
        roles: those that are asked.
        sample: the sampled paragraphs.
        strata: paragraphs of those roles, by stratum.
        seed: of the draw.
    """
    left_out: defaultdict[str, int] = defaultdict(int)
    articles = set()
    for paragraph in paragraphs:
        if paragraph.role in roles:
            articles.add(paragraph.article_id)
        else:
            left_out[paragraph.role] += 1
    taken: defaultdict[str, int] = defaultdict(int)
    for row in sample:
        taken[row.stratum] += 1
    total = sum(strata.values())
    return Frame(
        paragraphs=total,
        articles=len(articles),
        left_out=dict(sorted(left_out.items())),
        strata=tuple(Stratum(name=name, size=strata[name], chosen=taken[name]) for name in sorted(strata)),
        selection="all" if len(sample) == total else "stratified",
        seed=seed,
    )
