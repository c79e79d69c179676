"""`stance pull`: answers from Label Studio or from files."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from toolkit.cli._options import Common, Output, campaign_at, is_campaign, new_app, values_of, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.errors import UsageError
from toolkit.exchange.task_data import ColumnMap
from toolkit.exchange.vote_files import ImportOptions
from toolkit.runs import Result
from toolkit.steps import pull as pulling

app = new_app()

Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE", help="A campaign file, or the address of any project: http://.../projects/12."),
]

Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Read files or directories, no server: exports (JSON, JSON_MIN, CSV, TSV), tables, spreadsheets.",
    ),
]

Item = Annotated[str | None, typer.Option("--item", help="The column with the item; default: the task, or `item`.")]

Annotator = Annotated[str | None, typer.Option("--annotator", help="A table's column with the annotator.")]

LabelColumn = Annotated[str | None, typer.Option("--label", help="A table's column with the label.")]

Text = Annotated[str | None, typer.Option("--text", help="The column with the text; default: what is asked about.")]

Wide = Annotated[
    list[str] | None, typer.Option("--wide", metavar="COL,COL", help="A wide table's columns, one an annotator.")
]

Question = Annotated[list[str] | None, typer.Option("--question", help="Which question, where there are several.")]

KindOfVotes = Annotated[
    Literal["human", "model", "rule", "simulated"] | None,
    typer.Option("--kind", help="Who gave the votes in the files; a model's or a rule's never count as a person's."),
]


@verb(app, "pull", example="stance pull schemas/demo.toml")
def _pull(
    sources: Sources = None,
    files: Files = None,
    output: Output = None,
    question: Question = None,
    text: Text = None,
    item: Item = None,
    annotator: Annotator = None,
    label: LabelColumn = None,
    wide: Wide = None,
    kind: KindOfVotes = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what was changed.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until Ctrl-C; then read everything once more.")
    ] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=1, metavar="SECONDS", help="How often --follow looks.")
    ] = 30,
    *,
    common: Common,
) -> None:
    """Append the annotators' answers to the ledger.

    Where the counts of the server differ, everything is read again.

    With --from from files; with the address of any project, or --from alone, into a table of votes (-o).
    """
    options = PullOptions(
        files, output, question=question, text=text, item=item, annotator=annotator, label=label, wide=wide, kind=kind
    )
    outcome = pull_outside(sources, options, common)
    if outcome is None:
        campaign, progress = campaign_at(Path((sources or [""])[0])), shown_progress(common)
        if follow:
            outcome = pulling.follow_campaign(campaign, interval, progress, _nothing if common.quiet else _say)
        else:
            outcome = (pulling.pull_campaign_in_full if full else pulling.pull_campaign)(campaign, progress)
    emit(outcome, common)


class PullOptions:
    """What `pull` was told about votes from outside a campaign."""

    def __init__(self, files: list[Path] | None, output: Path | None, **more: Any) -> None:  # noqa: ANN401
        self.files = files or []
        self.output = output
        self.options = ImportOptions(
            columns=ColumnMap(
                item=more["item"],
                annotator=more["annotator"],
                label=more["label"],
                text=more["text"],
                wide=values_of(more["wide"]),
            ),
            questions=values_of(more["question"]),
            kind=more["kind"],
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing was said that only votes from outside need."""
        return not self.files and self.output is None and self.options == ImportOptions()


def pull_outside(sources: list[str] | None, options: PullOptions, common: Common) -> Result | None:
    """Pull from files or from any project; None where a campaign is to be pulled from its server."""
    campaigns = [source for source in sources or () if is_campaign(Path(source))]
    others = [source for source in sources or () if source not in campaigns]
    if len(campaigns) > 1:
        raise UsageError(f"one campaign at a time, not {', '.join(campaigns)}")
    if options.files:
        files = [*options.files, *map(Path, others)]  # a shell's `--from sheets/*.xlsx` leaves all but one here
        return _pull_files(campaigns, files, options)
    if others and not campaigns:
        if len(others) > 1 or not others[0].lower().startswith(("http://", "https://")):
            raise UsageError(
                f"{others[0]}: a campaign file (.toml) or the address of a project is needed here; files go with --from"
            )
        return pulling.pull_project(others[0], options.options, _needed(options.output), shown_progress(common))
    if not campaigns:
        raise UsageError("a campaign file, the address of a project, or --from FILE is needed")
    if others or not options.is_plain:
        raise UsageError("a campaign is pulled as it is; columns, questions and -o go with --from or with an address")
    return None


def _pull_files(campaigns: list[str], files: list[Path], options: PullOptions) -> Result:
    if not campaigns:
        return pulling.pull_files(files, options.options, _needed(options.output))
    if options.output is not None:
        raise UsageError("-o goes with files alone; with a campaign the votes go to its ledger")
    return pulling.import_votes(campaign_at(Path(campaigns[0])), files, options.options)


def _needed(output: Path | None) -> Path:
    if output is None:
        raise UsageError("-o FILE is needed: .jsonl, .csv, .tsv or .parquet")
    return output


def _say(line: str) -> None:
    """Say on stderr, at once, what happens while a command goes on."""
    print(line, file=sys.stderr, flush=True)


def _nothing(line: str) -> None:
    """Where the lines of the steps go when nobody wants them."""
