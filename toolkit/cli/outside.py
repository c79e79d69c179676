"""What `push` and `pull` do with files, and with projects that the toolkit did not make."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from toolkit.cli.common import campaign_at, is_campaign, listed, shown_progress
from toolkit.errors import UsageError
from toolkit.exchange.exports import ColumnMap
from toolkit.steps import arrivals, outside, sheets
from toolkit.steps.common import Outcome
from toolkit.workspace import CampaignConfig

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
To = Annotated[
    Path | None,
    typer.Option("--to", metavar="DIR", help="No server: one spreadsheet (.xlsx) a person, in DIR; or one FILE.xlsx."),
]
Format = Annotated[
    sheets.SheetFormat,
    typer.Option("--format", help="With --to: spreadsheets, or plain tables with a text that lists the codes."),
]
Annotators = Annotated[
    list[str] | None, typer.Option("--annotators", metavar="A,B", help="With --to: for whom; pseudonyms.")
]


class PullOptions:
    """What `pull` was told about votes from outside a campaign."""

    def __init__(self, files: list[Path] | None, output: Path | None, **more: Any) -> None:  # noqa: ANN401
        self.files = files or []
        self.output = output
        self.wanted = outside.Wanted(
            columns=ColumnMap(
                item=more["item"],
                annotator=more["annotator"],
                label=more["label"],
                text=more["text"],
                wide=listed(more["wide"]),
            ),
            questions=listed(more["question"]),
            kind=more["kind"],
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing was said that only votes from outside need."""
        return not self.files and self.output is None and self.wanted == outside.Wanted()


def pull_outside(sources: list[str] | None, options: PullOptions, quiet: bool) -> Outcome | None:
    """Pull from files or from any project; None where a campaign is to be pulled from its server."""
    campaigns = [source for source in sources or () if is_campaign(Path(source))]
    others = [source for source in sources or () if source not in campaigns]
    outside.check_one_campaign(campaigns)
    if options.files:
        files = [*options.files, *map(Path, others)]  # a shell's `--from sheets/*.xlsx` leaves all but one here
        return _pull_files(campaigns, files, options)
    if others and not campaigns:
        if len(others) > 1 or not others[0].lower().startswith(("http://", "https://")):
            raise UsageError(
                f"{others[0]}: a campaign file (.toml) or the address of a project is needed here; files go with --from"
            )
        return outside.pull_project_step(others[0], options.wanted, _needed(options.output), shown_progress(quiet))
    if not campaigns:
        raise UsageError("a campaign file, the address of a project, or --from FILE is needed")
    if others or not options.is_plain:
        raise UsageError("a campaign is pulled as it is; columns, questions and -o go with --from or with an address")
    return None


def _pull_files(campaigns: list[str], files: list[Path], options: PullOptions) -> Outcome:
    if not campaigns:
        return outside.pull_files_step(files, options.wanted, _needed(options.output))
    if options.output is not None:
        raise UsageError("-o goes with files alone; with a campaign the votes go to its ledger")
    return arrivals.import_files_step(campaign_at(Path(campaigns[0])), files, options.wanted)


def _needed(output: Path | None) -> Path:
    if output is None:
        raise UsageError("-o FILE is needed: .jsonl, .csv, .tsv or .parquet")
    return output


def push_sheets(
    campaign: CampaignConfig, to: Path, annotators: list[str] | None, kind: sheets.SheetFormat, quiet: bool
) -> Outcome:
    """Write spreadsheets in place of pushing to a server."""
    return sheets.push_sheets_step(campaign, to, listed(annotators), kind, shown_progress(quiet))
