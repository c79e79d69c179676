"""`stance audit`: annotators, stance against sentiment, and labels that look wrong."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import (
    Annotator,
    CampaignPath,
    Cluster,
    Common,
    Item,
    LabelColumn,
    NoAnswer,
    Output,
    Sets,
    Several,
    Source,
    campaign_at,
    is_campaign,
    new_app,
    values_of,
    verb,
)
from toolkit.cli._output import emit
from toolkit.errors import UsageError
from toolkit.labels.audits.answers import AnnotatorAuditOptions
from toolkit.labels.audits.labels import SentimentColumns
from toolkit.labels.vote_tables import Columns
from toolkit.steps import audit as auditing

app = new_app(
    help="Audit annotators, stance against sentiment, and labels that look wrong.",
    no_args_is_help=True,
)

Order = Annotated[Several, typer.Option("--order", metavar="L,L", help="Labels on a scale, from low to high.")]
Seconds = Annotated[str | None, typer.Option("--seconds", help="The column with the seconds that an answer took.")]
Time = Annotated[str | None, typer.Option("--time", help="The column with the time of an answer.")]
Confidence = Annotated[str | None, typer.Option("--confidence", help="The column with the annotator's confidence.")]
Suggestion = Annotated[str | None, typer.Option("--suggestion", help="The column with a model's label.")]
Shown = Annotated[str | None, typer.Option("--shown", help="The column that says whether it was shown.")]
LeaningFile = Annotated[
    Path | None,
    typer.Option("--leaning", metavar="FILE", help="annotator, leaning, consent (yes): kept apart from the data."),
]
Question = Annotated[str | None, typer.Option("--question", help="A campaign's question; default: the first.")]

Stance = Annotated[str, typer.Option("--stance", help="The column, or the question, with the stance.")]
Sentiment = Annotated[str, typer.Option("--sentiment", help="The column, or the question, with the sentiment.")]
Separate = Annotated[str | None, typer.Option("--separate", help="The column with the sentiment of a separate pass.")]
Ident = Annotated[str | None, typer.Option("--id", help="The column with the id of a row; default: its number.")]
Text = Annotated[str, typer.Option("--text", help="The column with the text.")]
By = Annotated[Several, typer.Option("--by", metavar="COL,COL", help="Association by outlet, annotator, ...")]

Predictions = Annotated[
    Path | None, typer.Option("--predictions", metavar="FILE", help="Cross-fitted; default: those of `stance train`.")
]
Number = Annotated[int, typer.Option("--number", min=1, help="How many doubtful labels, and as many at random.")]
Review = Annotated[Path | None, typer.Option("--review", metavar="FILE", help="The sheet with the column filled in.")]


@verb(app, "annotators", example="stance audit annotators schemas/demo.toml --question stance")
def _annotators(
    source: Source, item: Item = "item", annotator: Annotator = "annotator", label: LabelColumn = "label",
    cluster: Cluster = None, order: Order = None, seconds: Seconds = None, time: Time = None,
    confidence: Confidence = None, suggestion: Suggestion = None, shown: Shown = None,
    leaning: LeaningFile = None, question: Question = None, no_answer: NoAnswer = None, sets: Sets = False,
    *, common: Common,
) -> None:  # fmt: skip
    """Measure each annotator: agreement with the others, drift, speed, copying, leaning.

    A flag says what was seen and on how many answers.
    """
    options = AnnotatorAuditOptions(
        columns=Columns(item=item, annotator=annotator, label=label, cluster=cluster), order=values_of(order),
        seconds=seconds, time=time, confidence=confidence, suggestion=suggestion, shown=shown, leaning=leaning,
        question=question, seed=common.seed, no_answers=values_of(no_answer), sets=sets,
    )  # fmt: skip
    if is_campaign(source):
        emit(auditing.audit_annotators_campaign(campaign_at(source), options), common)
    else:
        emit(auditing.audit_annotators_table(source, options), common)


@verb(app, "sentiment", example="stance audit sentiment table.csv --stance stance --sentiment sentiment")
def _sentiment(
    source: Source, stance: Stance = "stance", sentiment: Sentiment = "sentiment", separate: Separate = None,
    output: Output = None, ident: Ident = None, text: Text = "text", cluster: Cluster = None, by: By = None,
    *, common: Common,
) -> None:  # fmt: skip
    """Measure how far stance is only sentiment: their association and the rows where they differ.

    The rows where they differ go to -o.
    """
    options = SentimentColumns(
        stance=stance, sentiment=sentiment, separate=separate, id=ident, text=text, cluster=cluster,
        by=values_of(by),
    )  # fmt: skip
    if is_campaign(source):
        emit(auditing.audit_sentiment_campaign(campaign_at(source), options, output), common)
    else:
        emit(auditing.audit_sentiment_table(source, options, output, common.seed), common)


@verb(app, "labels", example="stance audit labels schemas/demo.toml -o look.csv")
def _labels(
    source: CampaignPath, predictions: Predictions = None, output: Output = None, number: Number = 50,
    review: Review = None, *, common: Common,
) -> None:  # fmt: skip
    """Write a sheet of labels that look wrong, or count the wrong ones in that sheet, reviewed.

    -o names the sheet; --review reads it once its column is filled in.
    """
    if review is not None:
        emit(auditing.review_labels(review), common)
        return
    if output is None:
        raise UsageError("-o FILE is needed: where the sheet goes")
    emit(auditing.audit_labels_campaign(campaign_at(source), predictions, output, number), common)
