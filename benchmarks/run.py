"""All measurements: one table, one file with every figure, and one page.

    python benchmarks/run.py [--quick] [--only NAME ... [--keep]] [--json benchmarks/results.json]
    python benchmarks/run.py --page

Each measurement is a script in this directory and runs in a process of its own. A script prints what a person reads
and writes its figures as one JSON object where it has an option for that; otherwise the printed lines that end with a
figure are taken. Peers live in environments of their own, whose Pythons are named by options; the table and the file
list absent peers as skipped. `--keep` leaves the other measurements of the file as they are, each with its date.
`--quick` measures less, to see that everything works. `--page` measures nothing and writes RESULTS.md from results.json
and notes.md.
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
RESULTS = HERE / "results.json"
NOTES = HERE / "notes.md"  # what a table cannot say: a section a measurement, of the measurement's name
PAGE = HERE / "RESULTS.md"
LINES = re.compile(r"^(?P<name>\S.*?\S)\s{1,}(?P<value>-?\d*\.\d+(?: \[[^\]]+\])?(?: \(\d+ of \d+\))?)$")


class Benchmark(Struct, frozen=True, kw_only=True):
    """A script and its arguments."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    json: str = ""  # the option that names the file of figures; "" where there is none
    peers: str = ""  # the environment with the peers; "" where there are none
    peers_option: str = "--peers"  # "" where the script itself runs in that environment
    shown: str = ""  # a pattern: the figures of the table


BENCHMARKS = (
    Benchmark(name="ingest", script="ingest.py", quick=("--articles", "300", "--pages", "60", "--rounds", "1"),
              json="--json", shown=r"per_second$"),
    Benchmark(name="pages", script="pages.py", json="--json", peers="pages",
              quick=("--rounds", "1", "--bootstrap", "200", "--only", "trafilatura"),
              shown=r"^(speed|ratio|parts\.(all|held out)\.[^.]+\.(shingles|paragraphs)( difference)?$)"),
    Benchmark(name="segmentation", script="segmentation.py", quick=("wrapping", "sentences", "growth"),
              arguments=("wrapping", "sentences", "speed", "growth", "memory", "--articles", "200000"), json="-o",
              peers="segmentation",
              shown=r"(^wrapping|^sentences|mb_per_second|ours_is_times|ratio_of_cost|peak_mb)"),
    Benchmark(name="quotes", script="quotes.py", shown=r"^(speech|scare|speaker|verb|all marks).*(precision|recall)"),
    Benchmark(name="near_duplicates", script="near_duplicates.py", quick=("--recall", "0", "--speed", "500", "--growth",
              "0"), arguments=("--data", str(DATA)), json="--json", peers="duplicates", peers_option="",
              shown=r"(recall|cpu_|near$|contained$|candidates|not_planted)"),
    Benchmark(name="origins", script="origins.py", json="--json", shown=r"^(precision|recall)"),
    Benchmark(name="teasers", script="teasers.py", json="--json", shown=r"^(whole|of fewer|languages\..*\.known)"),
    Benchmark(name="aggregation", script="aggregation.py", quick=("--quick",), json="--json", peers="crowd",
              shown=r"(times_faster|plain\.(accuracy|f1)|peak_mb)$"),
    Benchmark(name="agreement", script="agreement.py", quick=("--items", "20000", "--calls", "2", "--sets", "40",
              "--more-sets", "5"),
              json="--json", shown=r"(faster by|ours to pandas.read_csv, times)"),
    Benchmark(name="languages", script="languages.py", json="--json", shown=r"^(whole text|title|first[^.]*)\.[a-z]+$"),
)  # fmt: skip


# --- one measurement -----------------------------------------------------------------------------------------------


def measure(benchmark: Benchmark, pythons: dict[str, Path], quick: bool) -> dict[str, Any]:
    """Run a script and return its figures, its lines, what was skipped and the seconds it took."""
    python, peers, skipped = Path(sys.executable), pythons.get(benchmark.peers), []
    extra = benchmark.quick if quick else ()
    arguments = [*(extra if extra and benchmark.name == "segmentation" else (*benchmark.arguments, *extra))]
    if peers and not peers.exists():
        skipped.append(f"peers of {benchmark.name}: no {peers}; name it by --{benchmark.peers}-peers")
    elif peers and benchmark.peers_option:
        arguments += [benchmark.peers_option, str(peers)]
    elif peers:
        python = peers
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "figures.json"
        start = time.monotonic()
        done = subprocess.run(
            [
                str(python),
                str(HERE / benchmark.script),
                *arguments,
                *([benchmark.json, str(target)] if benchmark.json else []),
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "STANCE_DATA": str(DATA)},
        )
        figures = json.loads(target.read_text()) if target.exists() else printed_figures(done.stdout)
    fact = {"seconds": round(time.monotonic() - start, 1), "skipped": skipped, "figures": figures}
    if benchmark.name == "near_duplicates":
        methods = figures.get("speed", {}).get("methods", {})
        skipped += [
            f"{name}: not installed in {python}" for name in ("datasketch", "gaoya", "rensa") if name not in methods
        ]
    return fact | ({"failed": done.stderr[-2000:]} if done.returncode else {}) | {"lines": done.stdout.splitlines()}


def printed_figures(stdout: str) -> dict[str, str]:
    """The figures of a script that only prints: the first line of each name that ends with one."""
    figures: dict[str, str] = {}
    for line in stdout.splitlines():
        if match := LINES.match(line):
            figures.setdefault(" ".join(match["name"].split()), match["value"])
    return figures


# --- the table and the page ----------------------------------------------------------------------------------------


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


def shown_rows(benchmark: Benchmark, fact: dict[str, Any]) -> list[tuple[str, str]]:
    """The figures that the table has."""
    return [(path, figure) for path, figure in rows(fact["figures"]) if re.search(benchmark.shown, path)]


def table(facts: dict[str, dict[str, Any]]) -> list[str]:
    """All measurements as lines of text."""
    lines = [f"{'measurement':16} {'what':72} figure", "-" * 125]
    for benchmark in BENCHMARKS:
        if (fact := facts.get(benchmark.name)) is None:
            continue
        lines += [f"{benchmark.name:16} {path[:72]:72} {figure}" for path, figure in shown_rows(benchmark, fact)]
        lines += [f"{benchmark.name:16} skipped: {reason}" for reason in fact["skipped"]]
        if "failed" in fact:
            lines.append(f"{benchmark.name:16} FAILED: {fact['failed'].strip().splitlines()[-1:]}")
    return lines


def page(results: dict[str, Any], notes: str) -> str:
    """RESULTS.md: a section a measurement, with its table and its notes; then the notes of other names."""
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", notes, re.MULTILINE | re.DOTALL))
    parts = [PREFACE.format(python=results["python"], cores=results["cores"])]
    for benchmark in BENCHMARKS:
        if (fact := results["measurements"].get(benchmark.name)) is None:
            continue
        command = f"python benchmarks/run.py --only {benchmark.name} --keep"
        parts.append(
            f"## {benchmark.name}\n\n`{command}`, {fact.get('date', results['date'])[:10]}, {fact['seconds']:,.0f} s\n"
        )
        parts.append(
            "| figure | value |\n|---|---|\n" + "".join(f"| {p} | {f} |\n" for p, f in shown_rows(benchmark, fact))
        )
        parts += [f"Skipped: {reason}.\n" for reason in fact["skipped"]]
        parts += [note.strip() + "\n" for note in [sections.pop(benchmark.name, "")] if note.strip()]
    parts += [f"## {name}\n\n{note.strip()}\n" for name, note in sections.items()]
    return "\n".join(parts)


PREFACE = """# Results

Written by `python benchmarks/run.py --page` from `results.json`, which has every figure, and `notes.md`: change those,
not this page. Python {python}, {cores} cores. An estimate has its 95 % interval in brackets and its n.
"""


# --- the command ---------------------------------------------------------------------------------------------------


def selected(only: Sequence[str] | None) -> list[Benchmark]:
    return [benchmark for benchmark in BENCHMARKS if not only or benchmark.name in only]


def earlier_measurements(path: Path) -> dict[str, dict[str, Any]]:
    """The measurements that the file holds, each with its own date."""
    if not path.exists():
        return {}
    results = json.loads(path.read_text(encoding="utf-8"))
    return {name: {"date": results["date"]} | fact for name, fact in results["measurements"].items()}


def write_page() -> None:
    """Write RESULTS.md."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(page(results, NOTES.read_text(encoding="utf-8")), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", nargs="+", choices=[benchmark.name for benchmark in BENCHMARKS], help="these alone")
    options.add_argument("--keep", action="store_true", help="leave the other measurements of the file as they are")
    options.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    options.add_argument("--page", action="store_true", help="measure nothing; write RESULTS.md")
    options.add_argument("--json", type=Path, default=RESULTS)
    for name, folder in (
        ("pages", "pages"),
        ("segmentation", "wrapping"),
        ("crowd", "crowd"),
        ("duplicates", "duplicates"),
    ):
        default = Path(tempfile.gettempdir()) / f"bench-{folder}" / "bin/python"
        options.add_argument(
            f"--{name}-peers", type=Path, default=default, help="Python of the environment with the peers"
        )
    return options


def main() -> None:
    options = parser().parse_args()
    if options.page:
        write_page()
        return
    if not DATA.is_dir():
        sys.exit(f"{DATA}: no such directory; set STANCE_DATA")
    pythons = {name: getattr(options, f"{name}_peers") for name in ("pages", "segmentation", "crowd", "duplicates")}
    results: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": options.quick,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "left_out": [],
        "measurements": earlier_measurements(options.json) if options.keep else {},
    }
    for benchmark in selected(options.only):
        print(f"{benchmark.name} ...", file=sys.stderr, flush=True)
        fact = {"date": datetime.now(UTC).isoformat(timespec="seconds")} | measure(benchmark, pythons, options.quick)
        facts = results["measurements"] | {benchmark.name: fact}
        results["measurements"] = {item.name: facts[item.name] for item in BENCHMARKS if item.name in facts}
        results["left_out"] = [item.name for item in BENCHMARKS if item.name not in facts]
        options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n".join(table(results["measurements"])))
    print(f"\n{results['date']}, load {results['load']:.1f} on {results['cores']} cores; every figure: {options.json}")
    if results["left_out"]:
        print(f"left out by --only: {', '.join(results['left_out'])}")
    if options.json == RESULTS:
        write_page()
    if any("failed" in fact for fact in results["measurements"].values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
