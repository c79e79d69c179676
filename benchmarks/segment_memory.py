"""Measures the memory of `stance segment` on files of many short articles, each run in a process of its own.

`python benchmarks/segment_memory.py [--articles N] [-o FILE]`: N articles (default 200,000) and a tenth of them, as
JSON lines, packed JSON lines and CSV, to stdout and to a file, and against an earlier version. The articles are made
from a few sentences of ours; the peak is that of the whole process as the kernel counts it (`ru_maxrss`).
"""

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

STANCE = Path(sys.executable).with_name("stance")
SENTENCES = (
    "The ferry came back to Vesper Bay on Monday, an hour late and half empty, to applause from the quay.",
    "“We had stopped waiting,” said Ida Renn, who keeps the kiosk at the landing stage.",
    "The transport ministry had promised the boat for the spring of the year before.",
    "A second one is in the yard at Ardenport, where the welders have not been paid since June.",
)


def articles(count: int, edited: bool) -> Iterator[dict[str, str]]:
    """So many articles, no two alike; where they are edited, every third in another version."""
    for number in range(count):
        turned = SENTENCES[number % len(SENTENCES) :] + SENTENCES[: number % len(SENTENCES)]
        first = f"Number {number} of the boats. " + ("It was painted white. " if edited and number % 3 == 0 else "")
        yield {"id": f"article-{number}", "title": f"Boat {number}", "text": first + "\n\n".join(turned)}


def write(path: Path, count: int, edited: bool = False) -> Path:
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as handle:
        _write_rows(path, handle, articles(count, edited))
    return path


def _write_rows(path: Path, handle: IO[str], rows: Iterator[dict[str, str]]) -> None:
    if ".csv" in path.suffixes:
        writer = csv.DictWriter(handle, ["id", "title", "text"])
        writer.writeheader()
        writer.writerows(rows)
    else:
        handle.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def peak_of(words: list[str]) -> dict[str, float]:
    """The peak of memory and the CPU seconds of a command, its rows thrown away."""
    with subprocess.Popen([STANCE, "segment", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return {"peak_mb": usage.ru_maxrss / 1024, "seconds": usage.ru_utime + usage.ru_stime}


def runs(folder: Path, count: int) -> dict[str, list[str]]:
    lines, table = write(folder / f"{count}.jsonl", count), write(folder / f"{count}.csv", count)
    packed, edited = write(folder / f"{count}.jsonl.gz", count), write(folder / f"{count}-edited.jsonl", count, True)
    return {
        "jsonl to stdout": [str(lines)],
        "jsonl.gz to stdout": [str(packed)],
        "csv to csv": [str(table), "-o", str(folder / "p.csv")],
        "jsonl to parquet": [str(lines), "-o", str(folder / "p.parquet")],
        "jsonl --previous jsonl": [str(edited), "--previous", str(lines)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    facts: dict[str, dict[int, dict[str, float]]] = {}
    for count in (options.articles // 10, options.articles):
        with tempfile.TemporaryDirectory() as folder:
            for name, words in runs(Path(folder), count).items():
                fact = facts.setdefault(name, {})[count] = peak_of(words)
                told = f"peak {fact['peak_mb']:.0f} MB, {fact['seconds']:.1f} CPU seconds"
                print(f"{name}, {count:,} articles: {told}", flush=True)
    if options.output:
        options.output.write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
