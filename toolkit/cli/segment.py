"""`stance segment`: articles into paragraphs."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.articles.reading.reader import ArticleStream
from toolkit.cli._options import Common, Output, Source, campaign_at, is_campaign, new_app, verb
from toolkit.cli._output import bar_beside_rows, emit, note, rows_out, shown_progress
from toolkit.errors import UsageError
from toolkit.runs import Result
from toolkit.segmentation.lengths import Limits
from toolkit.segmentation.revisions import REVISION_COLUMNS, FileComparison
from toolkit.segmentation.segmenter import EXPLAINED_COLUMNS, PARAGRAPH_COLUMNS
from toolkit.steps.segment import compare_files, explain_file, segment_campaign, segment_file

app = new_app()


@verb(app, "segment", example="stance segment schemas/demo.toml")
def _segment(
    source: Source,
    output: Output = None,
    text: Annotated[str | None, typer.Option("--text", help="The table's column with the text.")] = None,
    ident: Annotated[str | None, typer.Option("--id", help="The table's column with the id of the article.")] = None,
    readable: Annotated[
        bool, typer.Option("--readable", help="Divide long and join tiny paragraphs, by limits for each language.")
    ] = False,
    longest: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Divide longer paragraphs between sentences; in characters.")
    ] = None,
    shortest: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Join shorter sentences with the paragraph below.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The earlier articles or paragraphs: show how each paragraph changed."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the rule behind each role.")] = False,
    *,
    common: Common,
) -> None:
    """Cut articles into paragraphs with exact offsets and roles.

    A file of your own gives JSON lines on stdout.

    A campaign file sets the limits of length under [paragraphs]. After an edit of the articles, `segment` counts the
    paragraphs that are the same, moved, changed, new or gone, and the labels that follow. For a file of your own,
    --previous lists them.
    """
    limits = Limits(readable=readable, longest=longest, shortest=shortest)
    columns = {field: name for field, name in (("text", text), ("id", ident)) if name}
    if is_campaign(source):
        if output or explain or previous or columns or limits != Limits():
            raise UsageError(
                "with a campaign only --json and --quiet are allowed; "
                f"set the limits of length in {source}, under [paragraphs]"
            )
        emit(segment_campaign(campaign_at(source), shown_progress(common)), common)
        return
    if limits.contradiction:
        raise UsageError(f"--shortest and --longest: {limits.contradiction}")
    if previous and explain:
        raise UsageError("--explain shows the rule behind a role, and --previous shows no roles; leave one of them out")
    _segment_files(source, columns, limits, previous, explain, output, common)


def _segment_files(
    source: Path,
    columns: dict[str, str],
    limits: Limits,
    previous: Path | None,
    explain: bool,
    output: Path | None,
    common: Common,
) -> None:
    progress = bar_beside_rows(output, common)
    stream = ArticleStream(source, columns, progress)
    result: Result
    if previous:
        comparison = FileComparison(stream, ArticleStream(previous, columns, progress), limits)
        with rows_out(output, common.as_json, REVISION_COLUMNS) as put:
            result = compare_files(comparison, put)
    elif explain:
        with rows_out(output, common.as_json, EXPLAINED_COLUMNS) as put:
            result = explain_file(stream, limits, put)
    else:
        with rows_out(output, common.as_json, PARAGRAPH_COLUMNS) as put:
            result = segment_file(stream, limits, put)
    _emit(result, output, common)


def _emit(result: Result, output: Path | None, common: Common) -> None:
    if common.as_json:
        emit(result, common)
    elif output is None:
        note(result, common)
    elif not common.quiet:
        print(f"{result.line()}: {output}")
