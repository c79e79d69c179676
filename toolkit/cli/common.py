"""What all verbs share: their common options, progress on stderr, and the way an outcome is printed."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.errors import UsageError
from toolkit.steps.common import Outcome, Progress, silent
from toolkit.workspace import Campaign, read_campaign

CampaignPath = Annotated[Path, typer.Argument(metavar="CAMPAIGN", help="A campaign file, e.g. schemas/demo.toml.")]
Source = Annotated[Path, typer.Argument(metavar="SOURCE", help="A campaign file, or a table or text of your own.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object of facts on stdout, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")]
Seed = Annotated[int, typer.Option("--seed", help="Of every random choice.")]


def example(command: str) -> str:
    """The last line of a verb's help."""
    return f"Example: {command}"


def is_campaign(path: Path) -> bool:
    """Whether a source is a campaign file."""
    return path.suffix == ".toml"


def campaign_at(path: Path) -> Campaign:
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


def emit_rows(rows: list[dict[str, Any]]) -> None:
    """Print rows as JSON lines."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))


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
    """One line on the terminal that is drawn over."""

    def __call__(self, what: str, done: int, total: int) -> None:
        text = f"{what} {done}/{total}" if total else what
        end = "" if total and done < total else "\n"
        print(f"\r\x1b[2K{text}", end=end, file=sys.stderr, flush=True)
