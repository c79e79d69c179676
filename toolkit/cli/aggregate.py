"""`stance aggregate`: votes into gold."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from toolkit.cli._options import (
    Allowed,
    Annotator,
    Common,
    Item,
    LabelColumn,
    Map,
    NoAnswer,
    Output,
    Sets,
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
from toolkit.cli._output import emit, emit_rows, note
from toolkit.errors import UsageError
from toolkit.labels.aggregation.methods import TableOptions
from toolkit.labels.vote_tables import Columns, VoteRules
from toolkit.runs import Result
from toolkit.steps import aggregate as aggregating
from toolkit.workspace import AggregateOptions

app = new_app()

Method = Annotated[
    Literal["majority", "dawid-skene", "mace", "glad"],
    typer.Option("--method", help="How votes become a label; mace and glad need the extra `crowd`."),
]

Threshold = Annotated[
    float | None, typer.Option("--threshold", min=0, max=1, help="The chance that a model's label needs; default .8.")
]

MinVotes = Annotated[
    int | None,
    typer.Option("--min-votes", min=1, help="Answers that a label needs; default 2, or 1 of one; of a model 3."),
]

MinShared = Annotated[
    int | None,
    typer.Option("--min-shared", min=0, help="Items that annotators share before a model believes them; default 30."),
]

Pooling = Annotated[
    Literal["partial", "none"],
    typer.Option("--pooling", help="Dawid-Skene: annotators with few votes borrow from the others, or not."),
]

Restarts = Annotated[
    int | None, typer.Option("--restarts", min=0, help="Dawid-Skene: starts by chance; default 4, without pooling 0.")
]

Repeats = Annotated[
    Literal["keep"] | None, typer.Option("--repeats", help="keep: each of a person's votes on an item counts.")
]

Order = Annotated[
    list[str] | None,
    typer.Option(
        "--order", metavar="L,L", help="Labels on a scale, low to high; the others say that it does not apply."
    ),
]


Sensitivity = Annotated[
    bool, typer.Option("--sensitivity", help="Only say which labels change between methods; write nothing.")
]

Scores = Annotated[
    list[str] | None,
    typer.Option("--scores", metavar="METHOD=FILE", help="With --sensitivity: a scores.json trained on its gold."),
]


@verb(app, "aggregate", example="stance aggregate schemas/demo.toml")
def _aggregate(
    source: Source,
    output: Output = None,
    item: Item = "item",
    annotator: Annotator = "annotator",
    label: LabelColumn = "label",
    wide: Wide = None,
    time: Time = None,
    method: Method = "majority",
    threshold: Threshold = None,
    min_votes: MinVotes = None,
    min_shared: MinShared = None,
    pooling: Pooling = "partial",
    restarts: Restarts = None,
    repeats: Repeats = None,
    labels: Allowed = None,
    renamed: Map = None,
    order: Order = None,
    no_answer: NoAnswer = None,
    sets: Sets = False,
    how_sensitive: Sensitivity = False,
    scores: Scores = None,
    *,
    common: Common,
) -> None:
    """Turn votes into gold labels; a tie stays unresolved.

    Soft labels are always written.

    A campaign names its method under [aggregate] in its file, so that running it again gives the same gold.
    """
    options = AggregateOptions(
        method=method, threshold=threshold, min_votes=min_votes, min_shared=min_shared, pooling=pooling,
        restarts=restarts,
    )  # fmt: skip
    table = TableOptions(method=options, order=values_of(order), no_answer=values_of(no_answer), seed=common.seed)
    allowed = (*values_of(labels), *values_of(no_answer)) if labels else ()
    rules = VoteRules(repeats=repeats or "latest", renamed=mapping_of(renamed), labels=allowed, sets=sets)
    columns = Columns(item=item, annotator=annotator, label=label, time=time, wide=values_of(wide))
    _refuse_of_campaigns(source, output, rules, table)
    if how_sensitive:
        emit(_sensitivity(source, columns, rules, table, scores or []), common)
    elif is_campaign(source):
        emit(aggregating.aggregate_campaign(campaign_at(source)), common)
    else:
        _emit_gold(*aggregating.aggregate_table(source, columns, rules, table, output), output, common)


def _refuse_of_campaigns(source: Path, output: Path | None, rules: VoteRules, table: TableOptions) -> None:
    if not is_campaign(source):
        return
    if output:
        raise UsageError("-o goes with a table of votes; a campaign writes gold.jsonl and agreement.json")
    if rules.renamed or rules.labels or rules.sets:
        raise UsageError("--map, --labels and --sets go with a table of votes; a campaign's codebook names its labels")
    if rules.repeats == "keep":
        raise UsageError("--repeats goes with a table of votes; in a campaign the latest vote of an annotator counts")
    if table.order or table.no_answer:
        raise UsageError("--order and --no-answer go with a table of votes; the codebook of a campaign has them")
    if table.method != AggregateOptions():
        raise UsageError(f"write the method of a campaign under [aggregate] in {source}, with the same names")


def _sensitivity(source: Path, columns: Columns, rules: VoteRules, table: TableOptions, scores: list[str]) -> Result:
    pairs = [score.partition("=") for score in scores]
    if any(not name or not path for name, _, path in pairs):
        raise UsageError("--scores takes METHOD=FILE, e.g. --scores majority=a/scores.json")
    files = {name: Path(path) for name, _, path in pairs}
    if is_campaign(source):
        return aggregating.sensitivity_campaign(campaign_at(source), files)
    return aggregating.sensitivity_table(source, columns, rules, table, files)


def _emit_gold(
    result: aggregating.AggregateResult, rows: list[dict[str, Any]], output: Path | None, common: Common
) -> None:
    if output is None and not common.as_json:
        emit_rows(rows)
        note(result, common)
        return
    emit(result, common)
