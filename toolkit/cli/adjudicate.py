"""`stance adjudicate`: one person decides the unresolved items, on Label Studio or in a file."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import CampaignPath, Common, Several, campaign_at, new_app, values_of, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.labels.adjudication import AdjudicationOptions
from toolkit.steps import adjudicate as adjudicating

app = new_app(
    help="Have one person decide the unresolved items, in a file or on Label Studio.",
    no_args_is_help=True,
)

By = Annotated[str, typer.Option("--by", metavar="NAME", help="The adjudicator's pseudonym.")]
Questions = Annotated[Several, typer.Option("--question", metavar="NAME,NAME", help="Only these questions.")]
MaxConfidence = Annotated[
    float | None,
    typer.Option("--max-confidence", min=0, max=1, help="Resolved labels too, of a confidence below this."),
]
ShowVotes = Annotated[bool, typer.Option("--show-votes", help="Show the votes; by default the adjudicator is blind.")]


@verb(app, "push", example="stance adjudicate push schemas/demo.toml --by judge-1")
def _push(
    source: CampaignPath,
    by: By,
    questions: Questions = None,
    max_confidence: MaxConfidence = None,
    show_votes: ShowVotes = False,
    *,
    common: Common,
) -> None:
    """Put the unresolved items into a Label Studio project of the adjudicator's own."""
    options = _options(by, questions, max_confidence, show_votes)
    emit(adjudicating.push_adjudications(campaign_at(source), options, shown_progress(common)), common)


@verb(app, "pull", example="stance adjudicate pull schemas/demo.toml")
def _pull(source: CampaignPath, *, common: Common) -> None:
    """Append the decisions made on Label Studio to adjudications.jsonl."""
    emit(adjudicating.pull_adjudications(campaign_at(source), shown_progress(common)), common)


@verb(app, "export", example="stance adjudicate export schemas/demo.toml -o open.xlsx --by judge-1")
def _export(
    source: CampaignPath,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A .xlsx, .csv, .tsv or .jsonl file.")],
    by: By,
    questions: Questions = None,
    max_confidence: MaxConfidence = None,
    show_votes: ShowVotes = False,
    *,
    common: Common,
) -> None:
    """Write the unresolved items to a file in which the adjudicator decides."""
    options = _options(by, questions, max_confidence, show_votes)
    emit(adjudicating.export_adjudications(campaign_at(source), output, options), common)


@verb(app, "import", example="stance adjudicate import schemas/demo.toml --from open.xlsx")
def _import(
    source: CampaignPath,
    file: Annotated[Path, typer.Option("--from", metavar="FILE", help="The file with the decisions.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who decided; a spreadsheet of ours names that itself.")
    ] = None,
    *,
    common: Common,
) -> None:
    """Append the decisions in a file to adjudications.jsonl."""
    emit(adjudicating.import_adjudications(campaign_at(source), file, by), common)


def _options(
    by: str, questions: list[str] | None, max_confidence: float | None, show_votes: bool
) -> AdjudicationOptions:
    return AdjudicationOptions(
        adjudicator=by, questions=values_of(questions), max_confidence=max_confidence, show_votes=show_votes
    )
