"""The command `stance` and what becomes of its errors."""

import importlib.metadata
import sys
from typing import Annotated

import typer

from toolkit.cli import (
    adjudication,
    aggregation,
    agreement,
    auditing,
    baselines,
    campaigns,
    corpus,
    labels,
    servers,
    withdrawal,
)
from toolkit.cli.common import leave_quietly
from toolkit.errors import ToolkitError, UsageError

app = typer.Typer(
    name="stance",
    help="From news articles to a stance and sentiment dataset, and baselines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


_INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        print(importlib.metadata.version("stance-toolkit"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """From news articles to a stance and sentiment dataset, and baselines."""


for _verbs in (corpus, campaigns, agreement, labels, aggregation, adjudication, auditing, withdrawal, baselines):
    _verbs.register(app)
app.add_typer(servers.app, name="studio")


def main() -> None:
    """Run the command line: exit 0 done, 1 something to put right, 2 wrong usage, 130 interrupted."""
    try:
        app()
    except UsageError as error:
        _complain(error)
        sys.exit(2)
    except ToolkitError as error:
        _complain(error)
        sys.exit(1)
    except SystemExit as left:
        if left.code == _INTERRUPTED:  # the framework ends without a word
            print("stance: interrupted; run the same command again to go on", file=sys.stderr)
        _flush()
        raise
    except BrokenPipeError:
        leave_quietly()


def _flush() -> None:
    """Write what is still held, while somebody can still say what went wrong with it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        leave_quietly()


def _complain(error: ToolkitError) -> None:
    print(f"stance: {error}", file=sys.stderr)
