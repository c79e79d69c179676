"""`stance segment`: articles into paragraphs."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, Output, Source, campaign_at, is_campaign, new_app, verb
from toolkit.cli._output import Put, bar_beside_rows, emit, note, rows_out, shown_progress
from toolkit.errors import UsageError
from toolkit.segmentation.lengths import Limits
from toolkit.steps import segmenting
from toolkit.steps.common import Outcome, Progress
from toolkit.steps.segment import segment_step

app = new_app()


@verb(app, "segment", example="stance segment schemas/demo.toml")
def _segment(
    source: Source,
    output: Output = None,
    text: Annotated[str | None, typer.Option("--text", help="The table's column with the text.")] = None,
    ident: Annotated[str | None, typer.Option("--id", help="The table's column with the id of the article.")] = None,
    readable: Annotated[
        bool, typer.Option("--readable", help="Divide long and join tiny paragraphs, by the limits of each language.")
    ] = False,
    longest: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Divide what is longer, in characters, between sentences.")
    ] = None,
    shortest: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Put a shorter sentence to the paragraph below it.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The articles as they were, or their paragraphs: say what became of each."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Name the rule behind each role.")] = False,
    *,
    common: Common,
) -> None:
    """Cut articles into paragraphs with exact offsets and roles.

    A file of your own gives JSON lines on stdout.

    A campaign names its limits in its file, under [paragraphs]; segmented again after an edit, it says which paragraphs
    are the same, moved, changed, new or gone, and which labels follow. A file of your own does so with --previous.
    """
    limits = Limits(readable=readable, longest=longest, shortest=shortest)
    columns = {field: name for field, name in (("text", text), ("id", ident)) if name}
    if is_campaign(source):
        if output or explain or previous or columns or limits != Limits():
            raise UsageError(
                "options other than --json and --quiet go with a file of your own, not with a campaign; "
                f"limits of length stand in {source}, under [paragraphs]"
            )
        emit(segment_step(campaign_at(source), shown_progress(common)), common)
        return
    if limits.contradiction:
        raise UsageError(f"--shortest and --longest: {limits.contradiction}")
    if previous and explain:
        raise UsageError("--explain names the rule behind a role, and --previous shows no roles; leave one of them out")
    work, table = _work(source, previous, explain)
    with rows_out(output, common.as_json, table) as put:
        outcome = work(segmenting.Cutting(columns=columns, limits=limits), put, bar_beside_rows(output, common))
    _tell(outcome, output, common)


def _work(
    source: Path, previous: Path | None, explain: bool
) -> tuple[Callable[[segmenting.Cutting, Put, Progress], Outcome], Mapping[str, type]]:
    """What is done with a file of one's own, and the columns of what comes of it."""
    if previous:
        return partial(segmenting.compare_sources, source, previous), segmenting.REVISION_COLUMNS
    if explain:
        return partial(segmenting.explain_source, source), segmenting.EXPLAINED_COLUMNS
    return partial(segmenting.segment_source, source), segmenting.PARAGRAPH_COLUMNS


def _tell(outcome: Outcome, output: Path | None, common: Common) -> None:
    if output is None and not common.as_json:
        note(outcome, common)
    else:
        emit(Outcome(line=f"{outcome.line}: {output}", facts=outcome.facts), common)
