"""Agreement: its speed beside the package `krippendorff`, the speed of reading votes, and what its intervals cover.

    python benchmarks/agreement.py alpha reading coverage [--sets 4000] [--more-sets 300] [--json FILE]

Times are CPU seconds, since a shared machine makes others mean little. `alpha` extrapolates the thousand calls of the
peer from twenty of each level, on the same table, without counting what it takes to build each resample for it.
"""

import argparse
import csv
import dataclasses
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from msgspec import Struct

from toolkit.labels.agreement.coefficients import alpha_of, interval, nominal, ordinal
from toolkit.labels.agreement.headline import paired_sums
from toolkit.labels.agreement.intervals import Statistic, pigeonhole, two_way_interval
from toolkit.labels.vote_tables import Columns, VoteRules, coded_votes
from toolkit.labels.votes import Votes
from toolkit.statistics import percentile_interval, resample
from toolkit.tables.columns import read_columns

LEVELS = {"nominal": nominal, "ordinal": ordinal, "interval": interval([0.0, 1.0, 2.0])}
Figures = dict[str, float]


def cpu(work: Callable[[], object], times: int) -> float:
    """The least CPU seconds of several runs."""
    best = np.inf
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return float(best)


# --- alpha -----------------------------------------------------------------------------------------------------------


def table(items: int, per_item: int, annotators: int, seed: int) -> Votes:
    """Votes of three labels, each item its own article."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    said = np.where(rng.random((items, per_item)) < 0.7, truth[:, np.newaxis], rng.integers(0, 3, (items, per_item)))
    who = (rng.integers(0, annotators, (items, 1)) + np.arange(per_item)) % annotators
    names = tuple(f"i{n:07d}" for n in range(items))
    return Votes(
        labels=("a", "b", "c"),
        items=names,
        annotators=tuple(f"r{n:03d}" for n in range(annotators)),
        clusters=names,
        item=np.repeat(np.arange(items), per_item),
        annotator=who.ravel(),
        label=said.ravel(),
        cluster=np.arange(items),
        weight=np.ones(items),
    )


def fresh(votes: Votes) -> Votes:
    """The same votes, nothing derived of them yet."""
    return Votes(**{name: getattr(votes, name) for name in Votes.__dataclass_fields__})


def measure_alpha(items: int, calls: int) -> Figures:
    import krippendorff

    votes = table(items, 3, 200, 0)
    matrix = votes.label.reshape(items, 3).T.astype(np.float64)
    counts = votes.counts.astype(np.int64)

    def ours() -> list[np.ndarray]:
        drawn = resample(paired_sums(fresh(votes)).sums, 0, 1000)
        return [alpha_of(drawn.draws, distance) for distance in LEVELS.values()]

    def point(level: str) -> float:
        return float(alpha_of(paired_sums(fresh(votes)).sums.sum(axis=0)[np.newaxis], LEVELS[level])[0])

    figures = {"ours: 1,000 replicates at three levels, s": cpu(ours, 3)}
    theirs = their_counts = 0.0
    for level in LEVELS:
        one = cpu(lambda: krippendorff.alpha(matrix, level_of_measurement=level), calls)  # noqa: B023 - called here
        from_counts = cpu(
            lambda: krippendorff.alpha(value_counts=counts, level_of_measurement=level),  # noqa: B023
            calls,
        )
        theirs, their_counts = theirs + 1000 * one, their_counts + 1000 * from_counts
        figures[f"point estimate, {level}: krippendorff, s"] = one
        figures[f"point estimate, {level}: krippendorff from counts, s"] = from_counts
        figures[f"point estimate, {level}: ours, s"] = cpu(lambda: point(level), 10)  # noqa: B023
        assert abs(point(level) - krippendorff.alpha(matrix, level_of_measurement=level)) < 1e-12
    first = figures["ours: 1,000 replicates at three levels, s"]
    figures["krippendorff: 1,000 calls at three levels, extrapolated, s"] = theirs
    figures["ours is faster by, times"] = theirs / first
    figures["ours is faster than krippendorff from counts by, times"] = their_counts / first
    return figures


# --- reading ---------------------------------------------------------------------------------------------------------


def measure_reading(items: int) -> Figures:
    import pandas as pd

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        figures: Figures = {}
        for order in ("by item", "shuffled"):
            path = Path(folder) / f"{order}.csv"
            rows = [
                (f"i{n:06d}", f"r{(n * 7 + v) % 200}", ["pro", "neutral", "contra"][rng.integers(3)], f"a{n // 5}")
                for n in range(items)
                for v in range(3)
            ]
            rows = [rows[n] for n in rng.permutation(len(rows))] if order == "shuffled" else rows
            with path.open("w", newline="") as handle:
                writer = csv.writer(handle)
                writer.writerow(["item", "annotator", "label", "article"])
                writer.writerows(rows)

            def ours(path: Path = path) -> object:
                columns = Columns(cluster="article")
                table = coded_votes(read_columns(path, columns.required, columns.optional), columns, VoteRules())
                return table.votes(table.label.names)

            def coded(path: Path = path) -> object:
                frame = pd.read_csv(path)
                return [pd.factorize(frame[name], sort=True) for name in frame]

            ours_s, pandas_s = cpu(ours, 7), cpu(lambda path=path: pd.read_csv(path), 7)
            objects = cpu(lambda path=path: pd.read_csv(path, dtype=object), 5)
            figures[f"{order}: ours, CSV to coded arrays, s"] = ours_s
            figures[f"{order}: pandas.read_csv alone, s"] = pandas_s
            figures[f"{order}: ours to pandas.read_csv, times"] = ours_s / pandas_s
            figures[f"{order}: ours to pandas.read_csv(dtype=object), times"] = ours_s / objects
            figures[f"{order}: ours to pandas.read_csv and factorize, times"] = ours_s / cpu(coded, 3)
    return figures


# --- coverage --------------------------------------------------------------------------------------------------------

LABELS, HARD = 3, 0.4  # labels; how much less often a hard article's items are seen as they are
SKILL, BIAS, TOPIC = (6.0, 2.0), 4.0, 1.0  # Beta of skill; Dirichlet of what slips look like, and of articles


class Design(Struct, frozen=True, kw_only=True):
    """Who is asked what: how many articles and people, how many votes an item, and how people are chosen."""

    clusters: int
    annotators: int
    per_item: int = 3
    uneven: bool = False  # the n-th person is chosen 1/n times as often as the first

    @property
    def name(self) -> str:
        kind = "all on all" if self.per_item == self.annotators else "uneven" if self.uneven else "at random"
        return f"{self.clusters} articles, {self.annotators} annotators {kind}"


MAIN = [Design(clusters=clusters, annotators=people) for clusters in (50, 100) for people in (12, 40)]
MORE = [
    *(Design(clusters=50, annotators=people) for people in (8, 20, 30, 60)),
    *(Design(clusters=200, annotators=people) for people in (8, 12, 20, 30, 60)),
    *(Design(clusters=c, annotators=people, per_item=people) for c in (50, 200) for people in (8, 12, 20)),
    *(Design(clusters=100, annotators=people, uneven=True) for people in (12, 30, 60)),
]


class World:
    """People with skills and leanings of their own, and articles that are alike inside and hard or easy."""

    def __init__(self, annotators: int, rng: np.random.Generator) -> None:
        self.skill = rng.beta(*SKILL, annotators)
        self.bias = rng.dirichlet(np.full(LABELS, BIAS), annotators)

    def votes(self, design: Design, rng: np.random.Generator) -> Votes:
        """Votes on one to five items of each article."""
        size = rng.integers(1, 6, design.clusters)
        cluster = np.repeat(np.arange(design.clusters), size)
        items = len(cluster)
        topics = rng.dirichlet(np.full(LABELS, TOPIC), design.clusters)
        truth = (rng.random(items)[:, np.newaxis] > topics[cluster].cumsum(axis=1)).sum(axis=1)
        hard = rng.random(design.clusters) < 0.5
        who = self.asked(design, items, rng)
        sees = rng.random(who.shape) < self.skill[who] * np.where(hard[cluster], 1 - HARD, 1.0)[:, np.newaxis]
        slips = (rng.random(who.shape)[:, :, np.newaxis] > self.bias[who].cumsum(axis=2)).sum(axis=2)
        label = np.where(sees, truth[:, np.newaxis], np.minimum(slips, LABELS - 1))
        return Votes(
            labels=tuple("abc"),
            items=tuple(map(str, range(items))),
            annotators=tuple(map(str, range(design.annotators))),
            clusters=tuple(map(str, range(design.clusters))),
            item=np.repeat(np.arange(items), design.per_item),
            annotator=who.ravel(),
            label=label.ravel(),
            cluster=cluster,
            weight=np.ones(items),
        )

    def asked(self, design: Design, items: int, rng: np.random.Generator) -> np.ndarray:
        """Who votes on each item, [items, votes]."""
        people = design.annotators
        luck = rng.random((items, people))
        if design.uneven:  # a race of exponential waiting times: whoever is n times as frequent comes first so often
            luck = -np.log(luck) * np.arange(1, people + 1)
        return np.argsort(luck, axis=1)[:, : design.per_item]

    def alpha_of_these(self) -> float:
        """Alpha of these people on endlessly many articles."""
        said = np.stack([answers(self.skill * factor, self.bias) for factor in (1.0, 1 - HARD)])  # d, a, t, l
        people = len(self.skill)
        total = said.sum(axis=1)
        together = (total**2 - (said**2).sum(axis=1)).sum(axis=2).mean() / (people * (people - 1))
        margins = said.mean(axis=(0, 1, 2))
        return float(1 - (1 - together) / (1 - (margins**2).sum()))


def answers(skill: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The chance of each answer to each truth, [annotators, truths, labels]."""
    return (
        skill[:, np.newaxis, np.newaxis] * np.eye(LABELS) + (1 - skill)[:, np.newaxis, np.newaxis] * bias[:, np.newaxis]
    )


def alpha_of_all(statistic: Statistic) -> float:
    """Alpha of endlessly many people on endlessly many articles."""
    mean = SKILL[0] / sum(SKILL)
    even = np.full((1, LABELS), 1 / LABELS)
    said = np.concatenate([answers(np.array([mean * factor]), even)[0] for factor in (1.0, 1 - HARD)])
    return float(statistic((said.T @ said)[np.newaxis] * 1e9)[0])


def covered(ends: tuple[float | None, float | None], truth: float) -> bool:
    low, high = ends
    return low is not None and high is not None and low <= truth <= high


KINDS = (
    "same annotators, by article",
    "same annotators, by item (naive)",
    "new annotators",
    "new annotators, pigeonhole alone",
    "new annotators, by article (naive)",
    "new annotators, ordinal",
)


def measure_coverage(sets: int, design: Design, draws: int) -> Figures:
    nominal_alpha, ordinal_alpha = (lambda tables, level=level: alpha_of(tables, level) for level in (nominal, ordinal))
    everyone, everyone_ordinal = alpha_of_all(nominal_alpha), alpha_of_all(ordinal_alpha)
    hits = np.zeros(len(KINDS))
    for seed in range(sets):
        rng = np.random.default_rng([design.clusters, design.annotators, seed])
        world = World(design.annotators, rng)
        votes = world.votes(design, rng)
        these = world.alpha_of_these()
        by_article = percentile_interval(nominal_alpha(resample(paired_sums(votes).sums, seed, draws).draws))
        by_item = percentile_interval(nominal_alpha(resample(paired_sums(each_alone(votes)).sums, seed, draws).draws))
        both = pigeonhole(votes, seed, draws)
        hits += [
            covered(by_article, these),
            covered(by_item, these),
            covered(two_way_interval(votes, nominal_alpha, nominal_alpha(both)), everyone),
            covered(percentile_interval(nominal_alpha(both)), everyone),
            covered(by_article, everyone),
            covered(two_way_interval(votes, ordinal_alpha, ordinal_alpha(both)), everyone_ordinal),
        ]
    # What these people would reach is known only where all are asked equally often.
    kinds = [(kind, hit) for kind, hit in zip(KINDS, hits, strict=True) if not (design.uneven and "same" in kind)]
    found = {f"{design.name}: coverage, {kind}": float(hit / sets) for kind, hit in kinds}
    error = float(np.sqrt(0.95 * 0.05 / sets))
    return {**found, f"{design.name}: standard error of these": error, f"{design.name}: data sets": float(sets)}


def each_alone(votes: Votes) -> Votes:
    """The same votes, each item a cluster of its own."""
    return dataclasses.replace(votes, clusters=votes.items, cluster=np.arange(len(votes.items)))


def measurements(asked: argparse.Namespace) -> Iterator[Figures]:
    """All that is asked for, one part after the other."""
    yield {"load of the machine": os.getloadavg()[0]}
    if "alpha" in asked.what:
        yield measure_alpha(asked.items, asked.calls)
    if "reading" in asked.what:
        yield measure_reading(asked.items)
    if "coverage" in asked.what:
        yield from (measure_coverage(asked.sets, design, asked.draws) for design in MAIN if asked.sets)
        yield from (measure_coverage(asked.more_sets, design, asked.draws) for design in MORE if asked.more_sets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["alpha", "reading", "coverage"])
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--sets", type=int, default=4000)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--more-sets", type=int, default=300, help="data sets of each further design; 0: none")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    figures: Figures = {}
    for part in measurements(asked):
        figures |= part
        for name, figure in part.items():
            print(f"{name:88} {figure:.4f}", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
