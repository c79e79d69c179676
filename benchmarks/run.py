"""All measurements in one run: one table, and one file with every figure.

    python benchmarks/run.py [--quick] [--only NAME ... [--keep]] [--json benchmarks/results.json]

Each measurement is a script beside this one, run in a process of its own. The convention: a script prints what a person
reads, and writes its figures as one JSON object where it is told to; of a script that cannot write any, the lines that
end with a figure are taken. Peers live in environments of their own, whose Pythons are named by options; what is absent
is named in the table and in the file as skipped. `--keep` leaves what else the file holds as it is, with its date.
`--quick` measures less, to see that all of it works.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = Path(os.environ.get("STANCE_DATA") or ROOT.parent / "shared/data")
LINES = re.compile(r"^(?P<name>\S.*?\S)\s{1,}(?P<value>-?\d*\.\d+(?: \[[^\]]+\])?(?: \(\d+ of \d+\))?)$")


class Benchmark(Struct, frozen=True, kw_only=True):
    """A script and how it is asked."""

    name: str
    script: str
    words: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    json: str = ""  # the option that names the file of figures; "" where there is none
    peers: str = ""  # the environment with the peers, "" where there are none
    peers_option: str = "--peers"  # "" where the script itself runs in that environment
    shown: str = ""  # which of the figures the table has


BENCHMARKS = (
    Benchmark(name="ingest", script="ingest.py", quick=("--articles", "300", "--pages", "60", "--rounds", "1"),
              json="--json", shown=r"per_second$"),
    Benchmark(name="pages", script="pages.py", json="--json", peers="pages",
              quick=("--rounds", "1", "--bootstrap", "200", "--only", "trafilatura"),
              shown=r"^(speed|ratio|parts\.(all|held out)\.[^.]+\.(shingles|paragraphs)( difference)?$)"),
    Benchmark(name="segmentation", script="segmentation.py", quick=("wrapping", "sentences", "growth"),
              words=("wrapping", "sentences", "speed", "growth", "memory", "--articles", "200000"), json="-o",
              peers="segmentation",
              shown=r"(^wrapping|^sentences|mb_per_second|ours_is_times|ratio_of_cost|peak_mb)"),
    Benchmark(name="quotes", script="quotes.py", shown=r"^(speech|scare|speaker|verb|all marks).*(precision|recall)"),
    Benchmark(name="near_duplicates", script="near_duplicates.py", quick=("--recall", "0", "--speed", "500", "--growth",
              "0"), words=("--data", str(DATA)), json="--json", peers="duplicates", peers_option="",
              shown=r"(recall|cpu_|near$|contained$|candidates|not_planted)"),
    Benchmark(name="origins", script="origins.py", json="--json", shown=r"^(precision|recall)"),
    Benchmark(name="teasers", script="teasers.py", json="--json", shown=r"^(whole|of fewer|languages\..*\.known)"),
    Benchmark(name="aggregation", script="aggregation.py", quick=("--quick",), json="--json", peers="crowd",
              shown=r"(times_faster|plain\.(accuracy|f1)|peak_mb)$"),
    Benchmark(name="agreement", script="agreement.py", quick=("--items", "20000", "--calls", "2", "--sets", "40",
              "--more-sets", "5"),
              json="--json", shown=r"(faster by|ours to pandas.read_csv, times|coverage)"),
    Benchmark(name="languages", script="languages.py", json="--json", shown=r"^(whole text|title|first[^.]*)\.[a-z]+$"),
)  # fmt: skip


# --- one measurement -----------------------------------------------------------------------------------------------


def run(one: Benchmark, pythons: dict[str, Path], quick: bool) -> dict[str, Any]:
    """What a measurement found, what it lacked, and how long it took."""
    python, skipped = Path(sys.executable), []
    words = [str(HERE / one.script), *(one.quick if quick and one.name == "segmentation" else one.words)]
    words += one.quick if quick and one.name != "segmentation" else ()
    peers = pythons.get(one.peers)
    if peers and not peers.exists():
        skipped.append(f"peers of {one.name}: {peers} is not there; name it by --{one.peers}-peers")
    elif peers and one.peers_option:
        words += [one.peers_option, str(peers)]
    elif peers:
        python = peers
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "figures.json"
        began = time.monotonic()
        done = subprocess.run(
            [str(python), *words, *([one.json, str(target)] if one.json else [])],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "STANCE_DATA": str(DATA)},
        )
        figures = json.loads(target.read_text()) if target.exists() else spoken(done.stdout)
    fact = {"seconds": round(time.monotonic() - began, 1), "skipped": skipped, "figures": figures}
    if one.name == "near_duplicates":
        known = figures.get("speed", {}).get("methods", {})
        skipped += [
            f"{name}: not installed in {python}" for name in ("datasketch", "gaoya", "rensa") if name not in known
        ]
    return fact | ({"failed": done.stderr[-2000:]} if done.returncode else {}) | {"lines": done.stdout.splitlines()}


def spoken(stdout: str) -> dict[str, str]:
    """The figures that a script only prints: the lines of its first table that end with one."""
    found: dict[str, str] = {}
    for line in stdout.splitlines():
        if match := LINES.match(line):
            found.setdefault(" ".join(match["name"].split()), match["value"])
    return found


# --- the table -----------------------------------------------------------------------------------------------------


def rows(figures: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Every figure of an object by its path, an estimate with its interval as one."""
    if isinstance(figures, dict):
        for value, low, high in (("value", "low", "high"), ("found", "low", "high")):
            if {value, low, high} <= figures.keys():
                of = f" (n {figures['n']})" if "n" in figures else ""
                point = figures[value] / figures["n"] if value == "found" else figures[value]
                yield path, f"{number(point)} [{number(figures[low])}, {number(figures[high])}]{of}"
                return
        for name, added in (("point", ""), ("difference", " difference")):
            bounds = figures.get(f"{added.strip()}_interval".lstrip("_"))
            if name in figures and isinstance(bounds, list):
                yield path + added, f"{number(figures[name])} [{number(bounds[0])}, {number(bounds[1])}]"
        for name, inner in figures.items():
            yield from rows(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(figures, int | float | str) and not isinstance(figures, bool):
        yield path, number(figures) if not isinstance(figures, str) else figures


def number(value: float | None) -> str:
    """A figure with as many digits as it deserves."""
    if value is None:
        return "none"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def table(facts: dict[str, dict[str, Any]]) -> list[str]:
    """All measurements as lines of text."""
    lines = [f"{'measurement':16} {'what':72} figure", "-" * 125]
    for one in BENCHMARKS:
        if (fact := facts.get(one.name)) is None:
            continue
        for path, figure in rows(fact["figures"]):
            if re.search(one.shown, path):
                lines.append(f"{one.name:16} {path[:72]:72} {figure}")
        lines += [f"{one.name:16} skipped: {what}" for what in fact["skipped"]]
        if "failed" in fact:
            lines.append(f"{one.name:16} FAILED: {fact['failed'].strip().splitlines()[-1:]}")
    return lines


def chosen(only: Sequence[str] | None) -> list[Benchmark]:
    return [one for one in BENCHMARKS if not only or one.name in only]


def kept(path: Path) -> dict[str, dict[str, Any]]:
    """What was measured before, each with the date of its own."""
    if not path.exists():
        return {}
    before = json.loads(path.read_text(encoding="utf-8"))
    return {name: {"date": before["date"]} | fact for name, fact in before["measurements"].items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[one.name for one in BENCHMARKS], help="these alone")
    parser.add_argument("--keep", action="store_true", help="leave the other measurements in the file as they are")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument("--json", type=Path, default=HERE / "results.json")
    parser.add_argument("--pages-peers", type=Path, default=Path("/tmp/bench-pages/bin/python"))  # noqa: S108
    parser.add_argument("--segmentation-peers", type=Path, default=Path("/tmp/bench-wrapping/bin/python"))  # noqa: S108
    parser.add_argument("--crowd-peers", type=Path, default=Path("/tmp/bench-crowd/bin/python"))  # noqa: S108
    parser.add_argument("--duplicates-peers", type=Path, default=Path("/tmp/bench-duplicates/bin/python"))  # noqa: S108
    given = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there; set STANCE_DATA")
    pythons = {
        "pages": given.pages_peers, "segmentation": given.segmentation_peers, "duplicates": given.duplicates_peers,
        "crowd": given.crowd_peers,
    }  # fmt: skip
    report: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": given.quick,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "left_out": [],
        "measurements": kept(given.json) if given.keep else {},
    }
    for one in chosen(given.only):
        print(f"{one.name} ...", file=sys.stderr, flush=True)
        fact = {"date": datetime.now(UTC).isoformat(timespec="seconds")} | run(one, pythons, given.quick)
        found = report["measurements"] | {one.name: fact}
        report["measurements"] = {each.name: found[each.name] for each in BENCHMARKS if each.name in found}
        report["left_out"] = [each.name for each in BENCHMARKS if each.name not in found]
        given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n".join(table(report["measurements"])))
    print(f"\n{report['date']}, load {report['load']:.1f} on {report['cores']} cores; every figure: {given.json}")
    if report["left_out"]:
        print(f"left out by --only: {', '.join(report['left_out'])}")
    if any("failed" in fact for fact in report["measurements"].values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
