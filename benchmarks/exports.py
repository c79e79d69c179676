"""Exports made by hand: time and peak memory of reading them, by size.

    python benchmarks/exports.py [--tasks 10000 50000] [--json results.json]

Writes an export in Label Studio's format JSON with two annotations a task (texts of 530 characters, invented), and
reads it with `stance pull --from` in a process of its own.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEXT = "The ferry came back on Monday, an hour late and half empty, to applause from the quay. " * 6


def write_export(path: Path, tasks: int) -> None:
    with path.open("w") as handle:
        handle.write("[")
        for task in range(tasks):
            handle.write("," * (task > 0) + json.dumps(_task(task)))
        handle.write("]")


def _task(task: int) -> dict:
    moment = f"2026-01-01T00:00:00.{task:06d}Z"
    annotations = [
        {
            "id": 2 * task + who,
            "completed_by": who + 1,
            "result": [
                {"from_name": "stance", "type": "choices", "value": {"choices": ["for" if task % 3 else "against"]}}
            ],
            "was_cancelled": False,
            "lead_time": 3.5,
            "created_at": moment,
            "updated_at": moment,
            "project": 1,
            "task": task,
        }
        for who in range(2)
    ]
    return {"id": task, "annotations": annotations, "drafts": [], "data": {"text": f"{task} {TEXT}"}, "project": 1}


READ = """
import resource, sys
from toolkit.cli import main
sys.argv = ["stance", "pull", "--from", sys.argv[1], "-o", sys.argv[2], "-q"]
main()
"""
MEASURED = "\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"


def measure(tasks: int, folder: Path) -> dict:
    export = folder / "export.json"
    write_export(export, tasks)
    program = READ.replace("main()\n", "try: main()\nexcept SystemExit: pass\n") + MEASURED
    began = time.perf_counter()
    command = [sys.executable, "-c", program, str(export), str(folder / "votes.jsonl")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    rows = sum(1 for _ in (folder / "votes.jsonl").open())
    return {
        "tasks": tasks,
        "votes": rows,
        "file_mb": round(export.stat().st_size / 1e6, 1),
        "seconds": round(seconds, 1),
        "peak_mb": int(done.stdout),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(tasks, Path(folder)) for tasks in options.tasks]
    for row in found:
        print(row)
    if options.json:
        options.json.write_text(
            json.dumps({"date": time.strftime("%F"), "python": platform.python_version(), "runs": found})
        )


if __name__ == "__main__":
    main()
