"""`stance aggregate`: votes into gold."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from toolkit.cli._options import (
    Allowed,
    Annotator,
    Common,
    Item,
    LabelColumn,
    Map,
    Output,
    Source,
    Time,
    Wide,
    campaign_at,
    is_campaign,
    new_app,
    values_of,
    verb,
)
from toolkit.cli._output import emit, emit_rows, note
from toolkit.errors import UsageError
from toolkit.labels.vote_tables import Columns, Rules
from toolkit.steps import aggregate as aggregating
from toolkit.steps import sensitivity
from toolkit.steps.common import Outcome
from toolkit.steps.mappings import read_mapping
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

NoAnswer = Annotated[list[str] | None, typer.Option("--no-answer", metavar="L,L", help="Labels that are no answer.")]

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
    cells = _cells(repeats, renamed, labels, no_answer)
    rules = aggregating.TableRules(
        options=options, cells=cells, order=values_of(order), no_answer=values_of(no_answer), seed=common.seed
    )
    columns = Columns(item=item, annotator=annotator, label=label, time=time, wide=values_of(wide))
    if is_campaign(source):
        _refuse_of_campaigns(source, output, rules)
    if how_sensitive:
        emit(_sensitivity(source, columns, rules, scores or []), common)
    else:
        _emit_gold(source, columns, rules, output, common)


def _cells(
    repeats: Literal["keep"] | None, renamed: list[str] | None, labels: list[str] | None, no_answer: list[str] | None
) -> Rules:
    allowed = (*values_of(labels), *values_of(no_answer)) if labels else ()
    return Rules(repeats=repeats or "latest", renamed=read_mapping(renamed or ()), labels=allowed)


def _refuse_of_campaigns(source: Path, output: Path | None, rules: aggregating.TableRules) -> None:
    if output:
        raise UsageError("-o goes with a table of votes; a campaign writes gold.jsonl and agreement.json")
    if rules.cells.renamed or rules.cells.labels:
        raise UsageError("--map and --labels go with a table of votes; the codebook of a campaign says it")
    if rules.cells.repeats == "keep":
        raise UsageError("--repeats goes with a table of votes; of a person's votes in a campaign the latest counts")
    if rules.order or rules.no_answer:
        raise UsageError("--order and --no-answer go with a table of votes; the codebook of a campaign says it")
    if rules.options != AggregateOptions():
        raise UsageError(f"write the method of a campaign under [aggregate] in {source}, with the same names")


def _sensitivity(source: Path, columns: Columns, rules: aggregating.TableRules, scores: list[str]) -> Outcome:
    pairs = [each.partition("=") for each in scores]
    if any(not name or not path for name, _, path in pairs):
        raise UsageError("--scores takes METHOD=FILE, e.g. --scores majority=a/scores.json")
    files = {name: Path(path) for name, _, path in pairs}
    if is_campaign(source):
        return sensitivity.sensitivity_campaign(campaign_at(source), files)
    return sensitivity.sensitivity_table(source, columns, files, rules)


def _emit_gold(
    source: Path, columns: Columns, rules: aggregating.TableRules, output: Path | None, common: Common
) -> None:
    if is_campaign(source):
        emit(aggregating.aggregate_step(campaign_at(source)), common)
        return
    outcome, rows = aggregating.aggregate_table(source, columns, output, rules)
    if output is None and not common.as_json:
        emit_rows(rows)
        note(outcome, common)
        return
    emit(outcome, common)
