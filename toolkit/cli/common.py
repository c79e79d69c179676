"""What all verbs share: their common options, progress on stderr, and the way an outcome is printed."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from toolkit.errors import UsageError
from toolkit.files import written_table
from toolkit.steps.common import Outcome, Progress, silent
from toolkit.workspace import CampaignConfig, read_campaign

CampaignPath = Annotated[Path, typer.Argument(metavar="CAMPAIGN", help="A campaign file, e.g. schemas/demo.toml.")]
Source = Annotated[Path, typer.Argument(metavar="SOURCE", help="A campaign file, or a table or text of your own.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object of facts on stdout, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")]
Seed = Annotated[int, typer.Option("--seed", help="Of every random choice.")]

Put = Callable[[Mapping[str, Any]], None]  # takes one row


def example(command: str) -> str:
    """The last line of a verb's help."""
    return f"Example: {command}"


def is_campaign(path: Path) -> bool:
    """Whether a source is a campaign file."""
    return path.suffix == ".toml"


def listed(given: Sequence[str] | None) -> tuple[str, ...]:
    """The values of an option that is repeated or holds several, parted by commas."""
    return tuple(part.strip() for each in given or () for part in each.split(",") if part.strip())


def campaign_at(path: Path) -> CampaignConfig:
    """The campaign in a file."""
    if not is_campaign(path):
        raise UsageError(f"{path}: a campaign file (.toml) is needed here")
    return read_campaign(path)


def emit(outcome: Outcome, as_json: bool, quiet: bool) -> None:
    """Print what a step has to say."""
    if as_json:
        print(json.dumps(outcome.facts, ensure_ascii=False))
    elif not quiet:
        print(outcome.line)


def note(outcome: Outcome, quiet: bool) -> None:
    """Say on stderr what a step has to say, where stdout holds its rows."""
    if not quiet:
        print(outcome.line, file=sys.stderr)


@contextlib.contextmanager
def rows_out(output: Path | None, as_json: bool, columns: Mapping[str, type]) -> Iterator[Put]:
    """Hand out what takes a verb's rows: into a file, or as JSON lines on stdout unless that holds the facts alone."""
    if output is not None:
        with written_table(output, columns) as put:
            yield put
        return
    try:
        yield _keep_silent if as_json else _print_row
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


def bar_beside_rows(output: Path | None, quiet: bool) -> Progress:
    """Progress of a verb that streams rows: a bar where a person sees it and no rows, nothing elsewhere."""
    free = output is not None or not sys.stdout.isatty()
    return _Bar() if sys.stderr.isatty() and free and not quiet else silent


def shown_progress(quiet: bool) -> Progress:
    """Progress for a person at a terminal; plain lines elsewhere, nothing where quiet is asked for."""
    return silent if quiet else _Bar() if sys.stderr.isatty() else _Lines()


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
