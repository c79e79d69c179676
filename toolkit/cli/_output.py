"""The way a result, rows and progress are printed."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from toolkit.cli._options import Common
    from toolkit.runs import Progress, Result, ResultTable

Put = Callable[[Mapping[str, Any]], None]  # takes one row


def emit(result: "Result", common: "Common") -> None:
    """Print the facts of a result as JSON, or its line for a person."""
    if common.as_json:
        print(json.dumps(result.facts(), ensure_ascii=False))
    elif not common.quiet:
        print(result.line())
        for table in getattr(result, "tables", tuple)():
            print_table(table)


def print_table(table: "ResultTable") -> None:
    """Print a table: drawn on a terminal; elsewhere each cell whole, no box and no colour."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    on_terminal = sys.stdout.isatty()
    drawn = Table(*table.columns) if on_terminal else Table(*table.columns, box=None, pad_edge=False)
    for column in drawn.columns[1:]:
        column.justify = "right"
    for column in drawn.columns:
        column.no_wrap = not on_terminal
    for row in table.rows:
        drawn.add_row(*(escape(cell) for cell in row))
    if on_terminal:
        Console(highlight=False).print(drawn)
        return
    width = sum(max(map(len, cells)) + 2 for cells in zip(table.columns, *table.rows, strict=True))
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(drawn)
    print("\n".join(row.rstrip() for row in capture.get().splitlines()))


def note(result: "Result", common: "Common") -> None:
    """Print the line of a result on stderr, where stdout holds its rows."""
    if not common.quiet:
        print(result.line(), file=sys.stderr)


@contextlib.contextmanager
def rows_out(output: Path | None, is_silent: bool, columns: Mapping[str, type]) -> Iterator[Put]:
    """Hand out what takes a verb's rows: into a file, or as JSON lines on stdout unless that holds the facts alone."""
    if output is not None:
        from toolkit.tables import written_table

        with written_table(output, columns) as put:
            yield put
        return
    try:
        yield _keep_silent if is_silent else _print_row
    except BrokenPipeError:  # caught here, since the framework would make an error of it
        leave_quietly()


def leave_quietly() -> NoReturn:
    """Nobody reads any more: not an error, and nothing is written once more on the way out."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _keep_silent(_: Mapping[str, Any]) -> None:
    pass


def _print_row(row: Mapping[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False))


def emit_rows(rows: list[dict[str, Any]]) -> None:
    """Print rows as JSON lines."""
    with rows_out(None, False, {}) as put:
        for row in rows:
            put(row)


def bar_beside_rows(output: Path | None, common: "Common") -> "Progress":
    """Progress of a verb that streams rows: a bar where a person sees it and no rows, nothing elsewhere."""
    free = output is not None or not sys.stdout.isatty()
    return _Bar() if sys.stderr.isatty() and free and not common.quiet else _silent


def shown_progress(common: "Common") -> "Progress":
    """Progress for a person at a terminal; plain lines elsewhere, nothing where quiet is asked for."""
    return _silent if common.quiet else _Bar() if sys.stderr.isatty() else _Lines()


class _Lines:
    """A line on stderr for each thing that is begun."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if total and done < total and what == self._last:
            return
        self._last = what
        print(f"{what} {done}/{total}" if total else what, file=sys.stderr)


class _Bar:
    """One line on the terminal that is drawn over; nothing is left of it to be put right after an interruption."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)

    def __call__(self, what: str, done: int, total: int) -> None:
        from rich.progress_bar import ProgressBar

        print("\r\x1b[2K", end="", file=sys.stderr)
        if total:
            self._console.print(ProgressBar(total, min(done, total), width=24), end=" ")
        end = "" if total and done < total else "\n"
        self._console.print(f"{what} {done}/{total}" if total else what, end=end, markup=False, highlight=False)
        sys.stderr.flush()


def _silent(what: str, done: int, total: int) -> None:
    """Progress that goes nowhere."""
