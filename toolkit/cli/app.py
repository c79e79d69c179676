"""The command `stance`: its verbs, each loaded when it is called, and what an error does."""

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
import typer.main
from typer.core import TyperCommand

from toolkit.cli._options import VerbGroup, Version
from toolkit.cli._output import leave_quietly
from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.files import file_errors

_INTERRUPTED = 130

# The first sentence of each verb's help, so that the list of verbs loads none of them; a test compares the two.
GROUPS: dict[str, dict[str, str]] = {
    "Start here": {
        "init": "Write a new workspace: codebooks, targets, a campaign of your own, and the sample.",
        "check": "List all that is wrong with a campaign, its codebook, targets and outlets.",
        "run": "Run the steps that are not up to date, in order; stop where people have to work.",
        "status": "Show how far the annotation is, by the ledger as it was last pulled.",
    },
    "Articles": {
        "ingest": "Read texts, pages, crawls, JSON lines, tables and datasets on disk into one file of articles.",
        "segment": "Cut articles into paragraphs with exact offsets and roles.",
        "duplicates": "Find exact and near-duplicates, and articles that contain one another.",
        "plan": "Sample paragraphs, pair them with their targets, and fix the test set.",
    },
    "People": {
        "studio": "A local Label Studio for those who have none.",
        "push": "Bring the items to Label Studio, each once, or into spreadsheets with --to.",
        "pull": "Append the annotators' answers to the ledger.",
        "simulate": "Let simulated annotators answer, for a dry run; all that is made from it says so.",
        "forget": "Erase a person's answers, comments and key for good.",
    },
    "Labels": {
        "agreement": "Measure Krippendorff's alpha with its intervals, of a campaign or of a table of votes.",
        "aggregate": "Turn votes into gold labels; a tie stays unresolved.",
        "disagreements": "Write a sheet for the meeting: the items where annotators differ, the most divided first.",
        "adjudicate": "Have one person decide the unresolved items, in a file or on Label Studio.",
        "audit": "Audit annotators, stance against sentiment, and labels that look wrong.",
    },
    "Dataset": {
        "build": "Write the dataset from gold and votes; `datasets.load_dataset` opens it offline.",
        "card": "Write the dataset card again, with the scores of the baselines.",
        "report": "Write one offline page about a campaign.",
    },
    "Models": {
        "train": "Train baselines on a campaign or a table of labelled texts, and score them.",
        "evaluate": "Score predicted labels against gold labels, with intervals.",
        "predict": "Predict the labels of new texts: an article paragraph by paragraph, a table row by row.",
    },
}
VERBS = {name: sentence for verbs in GROUPS.values() for name, sentence in verbs.items()}


class _Stance(VerbGroup):
    """All verbs; the module of a verb is imported when the verb is called."""

    _names_only = False  # while the shell completes the name of a verb

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002
        """The names of the verbs, in the order of the work."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        """A verb by its name, or None."""
        if self._names_only:
            return TyperCommand(name=cmd_name, help=VERBS[cmd_name])
        return load_verb(cmd_name) if cmd_name in VERBS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002
        """Write the verbs by group, with the first sentence of each."""
        width = max(map(len, VERBS))
        for group, verbs in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(width), sentence) for name, sentence in verbs.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401
        """The verbs and options that begin so; no verb is loaded for it."""
        self._names_only = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._names_only = False


def load_verb(name: str) -> Any:  # noqa: ANN401
    """The command of a verb, from the module of its name."""
    command = typer.main.get_command(importlib.import_module(f"toolkit.cli.{name}").app)
    command.name = name
    return command


app = typer.Typer(
    name="stance",
    cls=_Stance,
    help="From news articles to a stance and sentiment dataset, and baselines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _root(version: Version = False) -> None:
    """From news articles to a stance and sentiment dataset, and baselines."""


def main() -> None:
    """Run the command line: exit 0 done, 1 something to put right, 2 wrong usage, 130 interrupted."""
    try:
        app(prog_name="stance")
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
    except Exception as error:  # the net: no traceback reaches a user, and no error passes in silence
        _complain(_explained(error))
        if {"-v", "--verbose"}.intersection(sys.argv):
            traceback.print_exc()
        sys.exit(1)


def _explained(error: Exception) -> ToolkitError:
    """An error that no room has explained, as one that says where, what and what to do."""
    if isinstance(error, OSError) and error.filename is not None:
        try:
            with file_errors(Path(os.fsdecode(error.filename))):
                raise error
        except ToolkitError as explained:
            return explained
    if isinstance(error, OSError):  # of standard output: its disk is full, say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DataError(f"standard output: {error.strerror or error}; make room, or send it elsewhere")
    if isinstance(error, RecursionError):
        return DataError("the input is nested too deeply to be read; flatten it")
    if isinstance(error, MemoryError):
        return DataError("the memory of this machine does not suffice; give the command fewer rows at once")
    place = traceback.extract_tb(error.__traceback__)[-1]
    return DataError(
        f"{type(error).__name__} ({error}), raised at {Path(place.filename).name}:{place.lineno}. This is a fault of "
        "the toolkit; please report the command, with what --verbose adds"
    )


def _flush() -> None:
    """Write what is still held, while somebody can still say what went wrong with it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        leave_quietly()


def _complain(error: ToolkitError) -> None:
    print(f"stance: {printable(str(error))}", file=sys.stderr)


def printable(text: str) -> str:
    """A message without control characters, which could move the cursor of a terminal or hide what was printed."""
    return "".join(char if char in "\n\t" or char.isprintable() else f"\\x{ord(char):02x}" for char in text)
