"""How long a push takes, and that a second one finds everything there, on a real Label Studio.

    python benchmarks/push.py                  5,000 items
    python benchmarks/push.py --items 50000

Starts a server of its own on SQLite and pushes the items by `push_items`, as `stance push` does; then once more.
Seconds on the clock and processor seconds of the server (`/proc/PID/stat`). Needs Linux.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from toolkit.campaigns.display import Shown, ShownItem
from toolkit.codebook import read_codebook
from toolkit.records import Item, Target
from toolkit.studio.push.items import PushReport, PushRequest, push_items
from toolkit.studio.server.local import open_studio, start_server, stop_server

WORDS = "Причальные сборы в порту Варн растут третий год подряд, и лодочники ждут ответа совета. " * 7
CODEBOOK = Path(__file__).resolve().parent.parent / "schemas" / "stance.toml"


def shown_item(number: int) -> ShownItem:
    target = Target(id="government-xs", title="the government of Selmara", note="Governing: the Harbour Union")
    item = Item(
        id=f"item-{number:012d}", unit_id=f"p{number}", article_id=f"a{number // 5}", target=target, votes=2,
        selection="all", propensity=1.0,
    )  # fmt: skip
    text = f"{number}. {WORDS}"
    return ShownItem(
        item=item, shown=Shown(headline="Harbour dues", previous=WORDS, text=text, next=WORDS, note=target.note)
    )


def measured(push: Callable[[], PushReport], pid: int) -> tuple[PushReport, dict[str, float]]:
    begin, before = time.monotonic(), cpu(pid)
    report = push()
    return report, {"seconds": time.monotonic() - begin, "server_cpu": cpu(pid) - before}


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    request = PushRequest(
        campaign="load",
        title="Load",
        codebook=read_codebook(CODEBOOK),
        language="en",
        items=tuple(map(shown_item, range(options.items))),
    )
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "server"
        state = start_server(directory, lambda _: None)
        try:
            with open_studio(directory) as studio:
                first, cost = measured(lambda: push_items(studio, request, lambda _d, _t: None), state.pid)
                again, later = measured(lambda: push_items(studio, request, lambda _d, _t: None), state.pid)
        finally:
            stop_server(directory)
    assert (first.created, again.created, again.present) == (options.items, 0, options.items)
    found = {"items": options.items, "first": cost, "again": later, "items_per_second": options.items / cost["seconds"]}
    print(
        f"{options.items} items: {cost['seconds']:.1f} s, {found['items_per_second']:.0f} a second, "
        f"{cost['server_cpu']:.1f} s of the server; again {later['seconds']:.1f} s, {later['server_cpu']:.1f}"
    )
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
