"""`stance audit`: annotators and labels audited."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import (
    Annotator,
    Cluster,
    Common,
    Item,
    LabelColumn,
    Output,
    Source,
    campaign_at,
    is_campaign,
    new_app,
    values_of,
    verb,
)
from toolkit.cli._output import emit
from toolkit.errors import UsageError
from toolkit.steps import audit as auditing
from toolkit.steps import auditing_labels
from toolkit.steps.common import Outcome
from toolkit.steps.votes import Columns

app = new_app()

Stance = Annotated[str | None, typer.Option("--stance", help="The column, or the question, with the stance.")]

Sentiment = Annotated[str | None, typer.Option("--sentiment", help="The column, or the question, with the sentiment.")]

Separate = Annotated[str | None, typer.Option("--separate", help="The column with the sentiment of a separate pass.")]

Ident = Annotated[str | None, typer.Option("--id", help="The column with the id of a row; default: its number.")]

Text = Annotated[str, typer.Option("--text", help="The column with the text.")]

By = Annotated[list[str] | None, typer.Option("--by", metavar="COL,COL", help="Association by outlet, annotator, ...")]

Order = Annotated[list[str] | None, typer.Option("--order", metavar="L,L", help="Labels on a scale, from low to high.")]

Seconds = Annotated[str | None, typer.Option("--seconds", help="The column with the seconds that an answer took.")]

Time = Annotated[str | None, typer.Option("--time", help="The column with the time of an answer.")]

Confidence = Annotated[str | None, typer.Option("--confidence", help="The column with the annotator's confidence.")]

Suggestion = Annotated[str | None, typer.Option("--suggestion", help="The column with a model's label.")]

Shown = Annotated[str | None, typer.Option("--shown", help="The column that says whether it was shown.")]

LeaningFile = Annotated[
    Path | None,
    typer.Option("--leaning", metavar="FILE", help="annotator, leaning, consent (yes): kept apart from the data."),
]

Question = Annotated[str | None, typer.Option("--question", help="Of a campaign: which; default: the first.")]

Errors = Annotated[bool, typer.Option("--label-errors", help="A sheet (-o) of labels to look at again.")]

Predictions = Annotated[
    Path | None, typer.Option("--predictions", metavar="FILE", help="Cross-fitted; default: those of `stance train`.")
]

Number = Annotated[int, typer.Option("--number", min=1, help="How many doubtful labels, and as many at random.")]

Rechecked = Annotated[Path | None, typer.Option("--rechecked", metavar="FILE", help="That sheet, filled in.")]


@verb(app, "audit", example="stance audit schemas/demo.toml --question stance")
def _audit(
    source: Source, stance: Stance = None, sentiment: Sentiment = None, separate: Separate = None,
    output: Output = None, item: Item = "item", annotator: Annotator = "annotator",
    label: LabelColumn = "label", cluster: Cluster = None, ident: Ident = None, text: Text = "text",
    by: By = None, order: Order = None, seconds: Seconds = None, time: Time = None,
    confidence: Confidence = None, suggestion: Suggestion = None, shown: Shown = None,
    leaning: LeaningFile = None, question: Question = None, label_errors: Errors = False,
    predictions: Predictions = None, number: Number = 50, rechecked: Rechecked = None,
    *, common: Common,
) -> None:  # fmt: skip
    """Compare annotators with one another, and stance with sentiment.

    With --stance and --sentiment: whether stance is only sentiment.

    Flags say what was seen and on how many answers; nothing is removed and no vote is weighted.
    """
    columns = Columns(item=item, annotator=annotator, label=label, cluster=cluster)
    if rechecked is not None:
        outcome = auditing_labels.audit_rechecked(rechecked)
    elif label_errors:
        outcome = _label_errors(source, predictions, output, number)
    elif stance or sentiment:
        both = _needed(stance, "--stance"), _needed(sentiment, "--sentiment")
        tone = auditing_labels.ToneOptions(
            stance=both[0], sentiment=both[1], separate=separate, ident=ident, text=text, cluster=cluster,
            by=values_of(by), seed=common.seed,
        )  # fmt: skip
        outcome = _tone(source, tone, output)
    else:
        people = auditing.PeopleOptions(
            columns=columns, order=values_of(order), seconds=seconds, time=time, confidence=confidence,
            suggestion=suggestion, shown=shown, leaning=leaning, question=question, seed=common.seed,
        )  # fmt: skip
        outcome = _people(source, people)
    emit(outcome, common)


def _label_errors(source: Path, predictions: Path | None, output: Path | None, number: int) -> Outcome:
    if output is None:
        raise UsageError("-o FILE is needed: where the sheet goes")
    return auditing_labels.audit_labels_campaign(campaign_at(source), predictions, output, number)


def _tone(source: Path, options: auditing_labels.ToneOptions, output: Path | None) -> Outcome:
    if is_campaign(source):
        return auditing_labels.audit_tone_campaign(campaign_at(source), options, output)
    return auditing_labels.audit_tone_table(source, options, output)


def _people(source: Path, options: auditing.PeopleOptions) -> Outcome:
    if is_campaign(source):
        return auditing.audit_people_campaign(campaign_at(source), options)
    return auditing.audit_people_table(source, options)


def _needed(value: str | None, name: str) -> str:
    if value is None:
        raise UsageError(f"{name} is needed too: stance is compared with sentiment")
    return value
