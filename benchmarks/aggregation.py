"""Dawid-Skene and majority on votes with a known truth: accuracy, CPU seconds beside crowd-kit's, memory of a million.

    python benchmarks/aggregation.py [--peers PYTHON] [--json FILE] [--quick]

Needs the public data under STANCE_DATA (default ../shared/data); what is absent is left out. `--peers` is the Python of
an environment with crowd-kit; without one, crowd-kit is measured here if it is installed.
"""

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.labels.aggregation.models import Fitted, ModelOptions, fit
from toolkit.labels.audits.annotators import profiles
from toolkit.labels.audits.answers import AnnotatorAnswer
from toolkit.labels.votes import Votes, code_columns

DATA = Path(os.environ.get("STANCE_DATA") or Path(__file__).resolve().parents[2] / "shared/data")
PLAIN = ModelOptions(pooling="none")
PEER = """
import sys, time, json, warnings
warnings.simplefilter("ignore")
import pandas as pd
from crowdkit.aggregation import DawidSkene
frame = pd.read_csv(sys.argv[1])
begin = time.process_time()
labels = DawidSkene(n_iter=100).fit_predict(frame)
seconds = time.process_time() - begin
print(json.dumps({"seconds": seconds, "labels": {str(k): str(v) for k, v in labels.items()}}))
"""


def rows(name: str) -> list[dict[str, str]]:
    path = DATA / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as handle:
        return list(csv.DictReader(handle))


def coded(table: list[dict[str, str]]) -> Votes:
    return code_columns(
        [r["task"] for r in table], [r["worker"] for r in table], [r["label"] for r in table],
        [r["task"] for r in table], ["0", "1"],
    )  # fmt: skip


def scores(best: Any, votes: Votes, truth: dict[str, str]) -> dict[str, float]:  # noqa: ANN401
    gold = np.array([int(truth[item]) for item in votes.items])
    both = np.sum((best == 1) & (gold == 1))
    return {"accuracy": float(np.mean(best == gold)), "f1": float(2 * both / (np.sum(best == 1) + np.sum(gold == 1)))}


def cpu(work: Callable[[], Fitted], times: int) -> tuple[float, Fitted]:
    spent = []
    for _ in range(times):
        begin = time.process_time()
        result = work()
        spent.append(time.process_time() - begin)
    return min(spent), result


def peer(python: str, table: list[dict[str, str]]) -> dict[str, Any] | None:
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["task", "worker", "label"])
        writer.writerows((r["task"], r["worker"], r["label"]) for r in table)
        handle.flush()
        done = subprocess.run([python, "-c", PEER, handle.name], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def measured(name: str, table: list[dict[str, str]], truth: dict[str, str], python: str, times: int) -> dict[str, Any]:
    votes = coded(table)
    seconds, fitted = cpu(lambda: fit(votes, PLAIN), times)
    default_seconds, pooled = cpu(lambda: fit(votes, ModelOptions()), 1)
    found: dict[str, Any] = {
        "votes": len(table),
        "items": len(votes.items),
        "seconds": seconds,
        "rounds": fitted.rounds,
    }
    found |= {"plain": scores(fitted.posterior.argmax(axis=1), votes, truth)}
    found |= {"default": scores(pooled.posterior.argmax(axis=1), votes, truth) | {"seconds": default_seconds}}
    ties = votes.counts[:, 0] == votes.counts[:, 1]
    majority = scores(votes.counts.argmax(axis=1), votes, truth)
    found |= {"majority_ties_to_the_first": majority, "majority_ties": int(ties.sum())}
    theirs = peer(python, table)
    if theirs:
        labels = np.array([int(theirs["labels"][item]) for item in votes.items])
        found["crowdkit"] = {"seconds": theirs["seconds"], **scores(labels, votes, truth)}
        found["times_faster"] = theirs["seconds"] / seconds
    return {name: found}


MEMORY = """
import json, resource, sys, time
import numpy as np
from benchmarks_aggregation import votes_of, PLAIN, ModelOptions, fit
votes = votes_of(int(sys.argv[1]))
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begin = time.process_time()
found = fit(votes, ModelOptions(pooling="none", rounds=20, tolerance=0))
print(json.dumps({"seconds_20_rounds": time.process_time() - begin, "peak_mb": resource.getrusage(
    resource.RUSAGE_SELF).ru_maxrss / 1024, "before_mb": base / 1024}))
"""


def votes_of(count: int) -> Votes:
    """So many votes of 200 people with three labels, three an item."""
    rng = np.random.default_rng(0)
    items, people, labels = count // 3, 200, 3
    item = np.repeat(np.arange(items), 3)
    annotator = rng.integers(people, size=len(item))
    truth = rng.integers(labels, size=items)
    skill = rng.uniform(0.5, 0.95, size=people)
    right = rng.random(len(item)) < skill[annotator]
    label = np.where(right, truth[item], rng.integers(labels, size=len(item)))
    names = tuple(map(str, range(items)))
    return Votes(
        labels=("a", "b", "c"), items=names, annotators=tuple(map(str, range(people))), clusters=names, item=item,
        annotator=annotator, label=label, cluster=np.arange(items), weight=np.ones(items),
    )  # fmt: skip


def memory(count: int) -> dict[str, float]:
    program = MEMORY.replace("benchmarks_aggregation", Path(__file__).stem)
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", program, str(count)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    return json.loads(done.stdout)


def even(skill: float) -> Any:  # noqa: ANN401
    """The confusion of somebody who gives the true label of three by that chance, and the others evenly."""
    return np.full((3, 3), (1 - skill) / 2) + np.eye(3) * (skill - (1 - skill) / 2)


def crowd(seed: int, skills: list[Any], items: int, votes: int) -> tuple[Any, Votes]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=items)
    rows = [
        (f"i{item:05}", f"a{who:02}", str(rng.choice(3, p=skills[who][truth[item]])))
        for item in range(items)
        for who in rng.choice(len(skills), size=votes, replace=False)
    ]
    names = [list(column) for column in zip(*rows, strict=True)]
    return truth, code_columns(names[0], names[1], names[2], names[0], ["0", "1", "2"])


def simulated(seeds: int) -> dict[str, Any]:
    """Annotators of known skill: what the model gains over majority (ties at random), and how well it knows them."""
    kinds = {"two of .95, six of .45": [0.95] * 2 + [0.45] * 6, "eight of .75": [0.75] * 8, "five of .9": [0.9] * 5}
    found: dict[str, Any] = {}
    for name, chances in kinds.items():
        skills = [even(skill) for skill in chances]
        gains, errors = [], []
        for seed in range(seeds):
            truth, votes = crowd(seed, skills, items=400, votes=5)
            counts = votes.counts + np.random.default_rng(seed).uniform(0, 1e-6, votes.counts.shape)
            fitted = fit(votes, ModelOptions())
            gains.append(np.mean(fitted.posterior.argmax(1) == truth) - np.mean(counts.argmax(1) == truth))
            errors.append(np.abs(fitted.confusion - skills))
        found[name] = {
            "gain": float(np.mean(gains)), "gain_low": float(min(gains)), "gain_high": float(max(gains)),
            "confusion_error_mean": float(np.mean(errors)), "confusion_error_max": float(np.max(errors)),
        }  # fmt: skip
    return found


def fair_people(seeds: int) -> dict[str, Any]:
    """How many of people without any fault are flagged."""
    flags, people = 0, 0
    labels, scale = ["0", "1", "2"], {"0": -1.0, "1": 0.0, "2": 1.0}
    for seed in range(seeds):
        _, votes = crowd(seed, [even(0.8)] * 6, items=150, votes=3)
        rng = np.random.default_rng(seed)
        answers = [
            AnnotatorAnswer(
                item=votes.items[i], annotator=votes.annotators[a], label=labels[v],
                seconds=float(rng.gamma(8, 3)), time=f"{n:06}",
            )
            for n, (i, a, v) in enumerate(zip(votes.item, votes.annotator, votes.label, strict=True))
        ]  # fmt: skip
        found = profiles(answers, labels, scale, [], seed)
        people, flags = people + len(found), flags + sum(bool(one.flags) for one in found)
    return {"people": people, "flagged": flags}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    times = 1 if asked.quick else 5
    found: dict[str, Any] = {}
    if (DATA / "crowd_product").exists():
        truth = {r["task"]: r["truth"] for r in rows("crowd_product/truth.csv")}
        found |= measured("product", rows("crowd_product/answers.csv.gz"), truth, asked.peers, times)
    if (DATA / "snow2008").exists():
        table = rows("snow2008/rte.csv.gz")
        found |= measured("rte", table, {r["task"]: r["truth"] for r in table}, asked.peers, times)
    found["simulated"] = simulated(2 if asked.quick else 20)
    found["fair_people"] = fair_people(2 if asked.quick else 30)
    for count in (30_000, 60_000) if asked.quick else (250_000, 500_000, 1_000_000):
        found[f"votes_{count}"] = memory(count)
    print(json.dumps(found, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
