"""`stance agreement`: Krippendorff's alpha with its intervals."""

from typing import Annotated, Literal

import typer
from msgspec import structs

from toolkit.cli._options import (
    Allowed,
    Annotator,
    Cluster,
    Common,
    Item,
    LabelColumn,
    Map,
    NoAnswer,
    Sets,
    Several,
    Source,
    Time,
    Wide,
    campaign_at,
    is_campaign,
    mapping_of,
    new_app,
    values_of,
    verb,
)
from toolkit.cli._output import emit
from toolkit.codebook import Level
from toolkit.errors import UsageError
from toolkit.labels.agreement.questions import AgreementOptions, possible_slices
from toolkit.labels.vote_tables import Columns, VoteRules
from toolkit.steps import agreement as agreeing

app = new_app()

Weight = Annotated[str | None, typer.Option("--weight", help="The column with the weight of the item.")]

LevelOption = Annotated[
    Level | None, typer.Option("--level", help="How labels compare; default: nominal, with --order ordinal.")
]

Order = Annotated[Several, typer.Option("--order", help="The labels from low to high.")]

Repeats = Annotated[
    Literal["latest", "keep"],
    typer.Option("--repeats", help="Of several votes of one person on an item the latest counts, or keep all."),
]


By = Annotated[Several, typer.Option("--by", help="Columns to slice by; of a campaign: outlet, month, role, …")]

All = Annotated[bool, typer.Option("--all", help="All coefficients, each annotator, each pair, each slice.")]

AllVotes = Annotated[
    bool, typer.Option("--all-votes", help="Count tie-break votes of a campaign too, which biases agreement.")
]


@verb(app, "agreement", example="stance agreement votes.csv --label stance")
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
    sets: Sets = False,
    by: By = None,
    everything: All = False,
    all_votes: AllVotes = False,
    *,
    common: Common,
) -> None:
    """Measure Krippendorff's alpha with its intervals, of a campaign or of a table of votes."""
    ordered, cuts = values_of(order), values_of(by)
    level = level or ("ordinal" if ordered else "nominal")
    options = AgreementOptions(level=level, order=ordered, details=everything, by=cuts, all_votes=all_votes)
    if is_campaign(source):
        campaign = campaign_at(source)
        if everything and by is None:
            options = structs.replace(options, by=possible_slices(campaign.codebook))
        emit(agreeing.agreement_campaign(campaign, options), common)
        return
    if all_votes:
        raise UsageError("--all-votes goes with a campaign; of a table all votes count")
    columns = Columns(
        item=item, annotator=annotator, label=label, cluster=cluster, weight=weight, time=time, wide=values_of(wide),
        by=cuts,
    )  # fmt: skip
    rules = _rules(repeats, renamed, labels, no_answer, sets=sets)
    emit(agreeing.agreement_table(source, columns, rules, options, common.seed), common)


def _rules(
    repeats: Literal["latest", "keep"], renamed: Several, labels: Several, no_answer: Several, *, sets: bool
) -> VoteRules:
    """How the cells of a table become votes, by the options of the command line."""
    return VoteRules(
        repeats=repeats,
        renamed=mapping_of(renamed),
        labels=values_of(labels),
        no_answers=values_of(no_answer),
        sets=sets,
    )
