"""The verb that measures agreement."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from msgspec import structs

from toolkit.cli.common import AsJson, Quiet, Seed, Source, campaign_at, emit, example, is_campaign, listed
from toolkit.codebook import Level
from toolkit.errors import UsageError
from toolkit.steps import agreement as agreeing
from toolkit.steps.agreement import Asked
from toolkit.steps.common import Outcome
from toolkit.steps.mappings import read_mapping
from toolkit.steps.vote_tables import Columns, Rules

Several = list[str] | None
Item = Annotated[str, typer.Option("--item", help="The column with the item.")]
Annotator = Annotated[str, typer.Option("--annotator", help="The column with the annotator.")]
LabelColumn = Annotated[str, typer.Option("--label", help="The column with the label.")]
Wide = Annotated[Several, typer.Option("--wide", help="Columns that are an annotator each; then a row is an item.")]
Cluster = Annotated[
    str | None, typer.Option("--cluster", help="The column of what intervals resample; default: the item.")
]
Weight = Annotated[str | None, typer.Option("--weight", help="The column with the weight of the item.")]
Time = Annotated[str | None, typer.Option("--time", help="The column that says which repeated vote is the latest.")]
LevelOption = Annotated[
    Level | None, typer.Option("--level", help="How labels compare; default: nominal, with --order ordinal.")
]
Order = Annotated[Several, typer.Option("--order", help="The labels from low to high.")]
Allowed = Annotated[Several, typer.Option("--labels", help="The labels that are allowed; others are an error.")]
Repeats = Annotated[
    Literal["latest", "keep"],
    typer.Option("--repeats", help="Of several votes of one person on an item the latest counts, or keep all."),
]
Map = Annotated[Several, typer.Option("--map", help="Labels that are meant otherwise: old=new,… or a table old,new.")]
NoAnswer = Annotated[Several, typer.Option("--no-answer", help="Labels that are no answer: missing, and counted.")]
By = Annotated[Several, typer.Option("--by", help="Columns to slice by; of a campaign: outlet, month, role, …")]
All = Annotated[bool, typer.Option("--all", help="All coefficients, each annotator, each pair, each slice.")]
AllVotes = Annotated[
    bool, typer.Option("--all-votes", help="Count tie-break votes of a campaign too, which biases agreement.")
]


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command("agreement", epilog=example("stance agreement votes.csv --label stance"))(_agreement)


def _agreement(
    source: Source,
    item: Item = "item",
    annotator: Annotator = "annotator",
    label: LabelColumn = "label",
    wide: Wide = None,
    cluster: Cluster = None,
    weight: Weight = None,
    time: Time = None,
    level: LevelOption = None,
    order: Order = None,
    labels: Allowed = None,
    repeats: Repeats = "latest",
    renamed: Map = None,
    no_answer: NoAnswer = None,
    by: By = None,
    everything: All = False,
    all_votes: AllVotes = False,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Krippendorff's alpha with its intervals, of a campaign or of a table of votes."""
    ordered, cuts = listed(order), listed(by)
    level = level or ("ordinal" if ordered else "nominal")
    asked = Asked(level=level, order=ordered, details=everything, by=cuts, all_votes=all_votes)
    if is_campaign(source):
        emit(_of_campaign(source, asked, by is None), as_json, quiet)
        return
    if all_votes:
        raise UsageError("--all-votes goes with a campaign; of a table all votes count")
    columns = Columns(
        item=item, annotator=annotator, label=label, cluster=cluster, weight=weight, time=time, wide=listed(wide),
        by=cuts,
    )  # fmt: skip
    rules = Rules(
        repeats=repeats, renamed=read_mapping(renamed or ()), labels=listed(labels), no_answers=listed(no_answer)
    )
    emit(agreeing.agreement_table(source, columns, rules, asked, seed), as_json, quiet)


def _of_campaign(source: Path, asked: Asked, slice_by_all: bool) -> Outcome:
    campaign = campaign_at(source)
    if asked.details and slice_by_all:
        asked = structs.replace(asked, by=agreeing.every_cut(campaign))
    return agreeing.agreement_campaign(campaign, asked)
